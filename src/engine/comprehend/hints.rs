//! What the person who runs the program can do about an error of the service, by its code.

use crate::engine::{CREDENTIALS_UNAVAILABLE, UNREACHABLE};

/// Hints by the beginning of a code: services add `Exception` or leave it out.
const HINTS: [(&str, &str); 16] = [
    ("no_region", "name a region with --region, AWS_REGION or `region` in the profile, such as --region eu-west-1"),
    (
        "no_credentials",
        "sign in (`aws sso login`, `aws configure`) or choose a profile with --profile or AWS_PROFILE; --engine local \
         needs no account",
    ),
    (
        UNREACHABLE,
        "check the region's spelling and that it has Amazon Comprehend, the network, proxy and any AWS_ENDPOINT_URL",
    ),
    (
        CREDENTIALS_UNAVAILABLE,
        "see that the profile, role or credential process gives credentials again (`aws sts get-caller-identity`), and \
         run the same command again",
    ),
    ("AccessDenied", "allow the action comprehend:BatchDetectSentiment on resource \"*\" for this user or role"),
    ("ExpiredToken", "the session has expired: sign in again and run the same command"),
    ("OptInRequired", NO_ACCESS),
    ("SubscriptionRequired", NO_ACCESS),
    ("UnrecognizedClient", NOT_VALID),
    ("InvalidClientTokenId", NOT_VALID),
    ("InvalidSignature", NOT_VALID),
    ("SignatureDoesNotMatch", NOT_VALID),
    ("IncompleteSignature", DROPPED),
    ("MissingAuthenticationToken", DROPPED),
    ("UnknownOperation", ELSEWHERE),
    ("http_404", ELSEWHERE),
];

const NO_ACCESS: &str =
    "this account has no access to Amazon Comprehend in this region: opt in, or choose another --region";
const NOT_VALID: &str =
    "the credentials are not valid for this region: check the keys, --profile and the machine's clock";
const DROPPED: &str =
    "something between here and the service drops the signature: check the proxy and any AWS_ENDPOINT_URL";
const ELSEWHERE: &str = "the endpoint is not Amazon Comprehend: check --region and any AWS_ENDPOINT_URL";

/// The hint for `code`, where there is one.
pub(super) fn hint(code: &str) -> Option<&'static str> {
    HINTS.iter().find(|(beginning, _)| code.starts_with(beginning)).map(|(_, hint)| *hint)
}
