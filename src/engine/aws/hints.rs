//! What the person who runs the program can do about an error of a service, by its code.

use super::{OperationName, ServiceName};
use crate::engine::{CREDENTIALS_UNAVAILABLE, UNREACHABLE};

/// The hint for an error before any request.
pub(super) fn of_connection(code: &str) -> Option<&'static str> {
    match code {
        "no_region" => {
            Some("name a region with --region, AWS_REGION or `region` in the profile, such as --region eu-west-1")
        }
        "no_credentials" => Some(
            "sign in (`aws sso login`, `aws configure`) or choose a profile with --profile or AWS_PROFILE; \
             --engine local needs no account",
        ),
        _ => None,
    }
}

/// The hint for `code`, where there is one, by the beginning of the code: services add `Exception` or leave it out.
pub(super) fn hint(code: &str, service: &ServiceName, operation: &OperationName) -> Option<String> {
    let title = service.title;
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| code.starts_with(beginning));
    let hint = if let Some(hint) = of_connection(code) {
        hint.to_owned()
    } else if begins(&[UNREACHABLE]) {
        format!("check the region's spelling and that it has {title}, the network, proxy and any AWS_ENDPOINT_URL")
    } else if begins(&[CREDENTIALS_UNAVAILABLE]) {
        "see that the profile, role or credential process gives credentials again (`aws sts get-caller-identity`), and \
         run the same command again"
            .to_owned()
    } else if begins(&["AccessDenied"]) {
        format!("allow the action {} on {} for this user or role", operation.right, operation.on)
    } else if begins(&["ExpiredToken"]) {
        "the session has expired: sign in again and run the same command".to_owned()
    } else if begins(&["OptInRequired", "SubscriptionRequired"]) {
        format!("this account has no access to {title} in this region: opt in, or choose another --region")
    } else if begins(&["UnrecognizedClient", "InvalidClientTokenId", "InvalidSignature", "SignatureDoesNotMatch"]) {
        "the credentials are not valid for this region: check the keys, --profile and the machine's clock".to_owned()
    } else if begins(&["IncompleteSignature", "MissingAuthenticationToken"]) {
        "something between here and the service drops the signature: check the proxy and any AWS_ENDPOINT_URL"
            .to_owned()
    } else if begins(&["UnknownOperation", "http_404"]) {
        format!("the endpoint is not {title}: check --region and any AWS_ENDPOINT_URL")
    } else {
        return None;
    };
    Some(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::aws::COMPREHEND;

    #[test]
    fn a_hint_names_the_service_and_the_action() {
        let operation = OperationName { name: "Converse", right: "bedrock:InvokeModel", on: "the model" };
        let hint = |code| hint(code, &COMPREHEND, &operation);
        let allow = "allow the action bedrock:InvokeModel on the model for this user or role";
        assert_eq!(hint("AccessDeniedException").as_deref(), Some(allow));
        assert!(hint("SubscriptionRequiredException").unwrap().contains("no access to Amazon Comprehend"));
        assert!(hint("no_region").unwrap().contains("--region"));
        assert_eq!(hint("ModelError"), None);
    }
}
