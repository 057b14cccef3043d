//! AWS Signature Version 4: checked in full, and made, for tests that send requests of their own.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::config::{Config, Credential};
use super::http::{self, Request};
use super::service::ServiceError;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far the clocks may be apart.
const MAX_SKEW_S: i64 = 15 * 60;

/// Whom and what a service takes signatures for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'c> {
    /// The service's name in signatures.
    pub(crate) service: &'static str,
    /// The only region.
    pub(crate) region: &'c str,
    /// Who may sign.
    pub(crate) credentials: &'c [Credential],
    /// Seconds by which the service's clock is ahead of this machine's.
    pub(crate) clock_ahead_s: i64,
}

impl<'c> Signed<'c> {
    /// For Comprehend.
    pub(crate) fn comprehend(config: &'c Config) -> Self {
        let Config { region, credentials, clock_ahead_s, .. } = config;
        Self { service: "comprehend", region, credentials, clock_ahead_s: *clock_ahead_s }
    }
}

/// Checks who signed a request, that nothing signed was changed, and when. Answers with the credential's place in
/// the configuration.
///
/// # Errors
/// What the service would answer.
pub(crate) fn verify(request: &Request, config: Signed<'_>, now: Timestamp) -> Result<usize, ServiceError> {
    let missing = || ServiceError::new(400, "MissingAuthenticationTokenException", "Missing Authentication Token");
    let authorization = Authorization::parse(request.header("authorization").ok_or_else(missing)?)?;
    let place = config.credentials.iter().position(|c| c.access_key == authorization.access_key);
    let place = place.ok_or_else(ServiceError::unrecognized_client)?;
    let credential = &config.credentials[place];
    if request.header("x-amz-security-token") != credential.session_token.as_deref() {
        return Err(ServiceError::unrecognized_client());
    }
    let time = request.header("x-amz-date").ok_or_else(|| incomplete("'X-Amz-Date' is missing"))?;
    check_time(time, config.clock_ahead_s, now)?;
    authorization.check_scope(time, config)?;
    authorization.check_signed_headers(request)?;
    // All services but S3 sign a path that is encoded once more.
    let path = |path: &str| if config.service == "s3" { path.to_owned() } else { encoded_path(path) };
    let canonical = canonical_request(request, &authorization.signed_headers, path)
        .ok_or_else(|| invalid("A signed header is not in the request."))?;
    let expected = signature(credential, config.service, config.region, time, &canonical);
    if expected == authorization.signature {
        return Ok(place);
    }
    Err(invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
    ))
}

fn incomplete(what: &str) -> ServiceError {
    ServiceError::new(400, "IncompleteSignatureException", &format!("Authorization header: {what}"))
}

fn invalid(message: &str) -> ServiceError {
    ServiceError::new(400, "InvalidSignatureException", message)
}

fn check_time(time: &str, clock_ahead_s: i64, now: Timestamp) -> Result<(), ServiceError> {
    let parsed = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", time)
        .and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC))
        .map_err(|_| incomplete("'X-Amz-Date' is not in ISO 8601 basic format"))?;
    let age = now.as_second() + clock_ahead_s - parsed.timestamp().as_second();
    if age < -MAX_SKEW_S {
        return Err(invalid(&format!("Signature not yet current: {time} is still later than the server's time")));
    }
    if age > MAX_SKEW_S {
        return Err(invalid(&format!(
            "Signature expired: {time} is now earlier than the server's time less 15 minutes"
        )));
    }
    Ok(())
}

/// A parsed `Authorization` header.
struct Authorization<'a> {
    access_key: &'a str,
    /// Date, region, service, terminator.
    scope: Vec<&'a str>,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Result<Self, ServiceError> {
        let fields = header.strip_prefix(ALGORITHM).ok_or_else(|| incomplete("unsupported AWS 'algorithm'"))?;
        let field = |name: &str| {
            let found = fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
            found.ok_or_else(|| incomplete(&format!("'{name}' is missing")))
        };
        let mut scope: Vec<&str> = field("Credential")?.split('/').collect();
        let access_key = scope.remove(0);
        let signed_headers = field("SignedHeaders")?.split(';').collect();
        Ok(Self { access_key, scope, signed_headers, signature: field("Signature")? })
    }

    fn check_scope(&self, time: &str, Signed { service, region, .. }: Signed<'_>) -> Result<(), ServiceError> {
        let date = time.get(..8).unwrap_or_default();
        if self.scope == [date, region, service, "aws4_request"] {
            return Ok(());
        }
        let wanted = format!("Credential should be scoped to a valid region and service: '{region}', '{service}'.");
        Err(invalid(&wanted))
    }

    /// `host`, the content type and every `x-amz-` header must be signed, in order.
    fn check_signed_headers(&self, request: &Request) -> Result<(), ServiceError> {
        let must = |name: &str| name == "host" || name == "content-type" || name.starts_with("x-amz-");
        let unsigned =
            request.headers.iter().find(|(name, _)| must(name) && !self.signed_headers.contains(&name.as_str()));
        if let Some((name, _)) = unsigned {
            return Err(invalid(&format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")));
        }
        if !self.signed_headers.is_sorted() {
            return Err(invalid("'SignedHeaders' are not sorted."));
        }
        Ok(())
    }
}

/// The region that a request is signed for, if it is signed.
#[cfg(feature = "object-stores")]
pub(crate) fn region(request: &Request) -> Option<&str> {
    request.header("authorization")?.split_once("Credential=")?.1.split('/').nth(2)
}

/// The request in the form that is signed, its path as `path` makes it of what was sent; `None` when a signed header is
/// absent. The body's hash is what the request says it is, if it does.
pub(crate) fn canonical_request(
    request: &Request,
    signed_headers: &[&str],
    path: impl FnOnce(&str) -> String,
) -> Option<String> {
    let (sent, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let path = path(sent);
    let mut query: Vec<(String, String)> =
        http::parameters(query).into_iter().map(|(name, value)| (encoded(&name), encoded(&value))).collect();
    query.sort_unstable();
    let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut canonical = format!("{}\n{path}\n{}\n", request.method, query.join("&"));
    for name in signed_headers {
        let value: Vec<&str> = request.header(name)?.split_ascii_whitespace().collect();
        let _ = writeln!(canonical, "{name}:{}", value.join(" "));
    }
    let stated = request.header("x-amz-content-sha256").map(str::to_owned);
    let hash = stated.unwrap_or_else(|| hex(&Sha256::digest(&request.body)));
    let _ = write!(canonical, "\n{}\n{hash}", signed_headers.join(";"));
    Some(canonical)
}

/// A path, each of its parts percent-encoded.
fn encoded_path(path: &str) -> String {
    path.split('/').map(encoded).collect::<Vec<_>>().join("/")
}

/// Percent-encoded, but for unreserved characters.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// The signature, in hexadecimal, of a canonical request made at `time` (`YYYYMMDDTHHMMSSZ`).
fn signature(credential: &Credential, service: &str, region: &str, time: &str, canonical: &str) -> String {
    let date = time.get(..8).unwrap_or_default();
    let scope = format!("{date}/{region}/{service}/aws4_request");
    let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let secret = format!("AWS4{}", credential.secret_key).into_bytes();
    let key = [date, region, service, "aws4_request"].iter().fold(secret, |key, part| mac(&key, part));
    hex(&mac(&key, &to_sign))
}

/// The value of `Authorization` for a request to Comprehend whose other headers are all there.
#[cfg(test)]
pub(crate) fn authorize(request: &Request, credential: &Credential, region: &str, time: &str) -> String {
    const SERVICE: &str = "comprehend";
    let mut names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let canonical = canonical_request(request, &names, encoded_path).expect("the names are the request's own");
    let (key, signed) = (&credential.access_key, names.join(";"));
    let date = time.get(..8).expect("a time has a date");
    let signature = signature(credential, SERVICE, region, time, &canonical);
    format!(
        "{ALGORITHM} Credential={key}/{date}/{region}/{SERVICE}/aws4_request, SignedHeaders={signed}, Signature={signature}"
    )
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
