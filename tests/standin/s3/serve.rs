//! The loop: connections, requests, and for each request one path through signature, rights, faults and the bucket.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tokio::net::{TcpListener, TcpStream};

use super::super::http::{self, Request, Response};
use super::super::service::ServiceError;
use super::super::signature::{self, Signed, hex};
use super::bucket::{If, Objects, Page, Refused, Stored};
use super::faults::Fault;
use super::request::{Action, Asked, ENCRYPTION, ENCRYPTION_KEY};
use super::{Config, Seen};

/// A part of 8 MiB, and room to spare.
const MOST_BODY: usize = 16 << 20;

/// Everything that requests share.
pub(crate) struct State {
    pub(super) config: Config,
    pub(super) objects: Objects,
    pub(super) seen: Vec<Seen>,
    /// What was asked and is not known.
    pub(super) unknown: Vec<String>,
}

impl State {
    pub(super) fn new(config: Config) -> Self {
        Self { config, objects: Objects::default(), seen: Vec::new(), unknown: Vec::new() }
    }

    /// The answer to a request, and what happens to it on its way.
    fn answer(&mut self, request: &Request) -> (Response, Option<Fault>) {
        let asked = match Asked::read(request) {
            Ok(asked) => asked,
            Err(unknown) => {
                self.unknown.push(unknown);
                return (error(Refused(501, "NotImplemented"), None), None);
            }
        };
        let (fault, done) = match self.admit(request, &asked) {
            Ok(fault) => {
                let done = self.carry_out(request, &asked, fault.as_ref());
                (fault, done)
            }
            Err(response) => (None, Err(response)),
        };
        let mut response = done.unwrap_or_else(|refusal| refusal);
        let now = Timestamp::now() + SignedDuration::from_secs(self.config.clock_ahead_s);
        response.headers.push(("date", http_date(now)));
        response.headers.push(("x-amz-request-id", format!("{:016X}", self.seen.len())));
        let range = request.header("range").map(str::to_owned);
        self.seen.push(Seen { action: asked.action, key: asked.key, status: response.status, range });
        (response, fault)
    }

    /// Everything that can stop a request before anything is done: region, signature, bucket, rights, faults.
    fn admit(&mut self, request: &Request, asked: &Asked) -> Result<Option<Fault>, Response> {
        let Config { region, credentials, .. } = &self.config;
        if signature::region(request).is_some_and(|signed| signed != *region) {
            let refused = if self.config.redirects {
                Refused(301, "PermanentRedirect")
            } else {
                Refused(400, "AuthorizationHeaderMalformed")
            };
            return Err(error(refused, Some(region)));
        }
        let signed = Signed { service: "s3", region, credentials, clock_ahead_s: 0 };
        signature::verify(request, signed, Timestamp::now()).map_err(|fault| error(signature_fault(&fault), None))?;
        let stated = request.header("x-amz-content-sha256");
        if stated != Some("UNSIGNED-PAYLOAD") && stated != Some(&hex(&Sha256::digest(&request.body))) {
            return Err(error(Refused(400, "XAmzContentSHA256Mismatch"), None));
        }
        if asked.bucket != self.config.bucket {
            return Err(error(Refused(404, "NoSuchBucket"), None));
        }
        if self.config.denied.contains(&asked.action) {
            return Err(error(Refused(403, "AccessDenied"), None));
        }
        if let Some(key) = self.config.encryption
            && matches!(asked.action, Action::Put | Action::CreateUpload)
        {
            let stated = (request.header(ENCRYPTION), request.header(ENCRYPTION_KEY));
            let is_as_required = match key {
                "AES256" => stated == (Some("AES256"), None),
                key => stated == (Some("aws:kms"), Some(key)),
            };
            if !is_as_required {
                return Err(error(Refused(403, "AccessDenied"), None));
            }
        }
        let fault = self.config.rules.iter_mut().find_map(|rule| rule.meets(asked.action, &asked.key));
        match fault {
            Some(Fault::Refuse(status, code)) => Err(error(Refused(status, code), None)),
            Some(Fault::ErrorIn200(code)) => Err(error(Refused(200, code), None)),
            Some(Fault::Garbage) => {
                let body = b"<!doctype html><p>please sign in".to_vec();
                Err(Response { status: 200, headers: vec![("content-type", "text/html".to_owned())], body })
            }
            // Not done: the connection is reset.
            Some(Fault::Reset) => Ok(fault),
            Some(Fault::ChangeFirst) => {
                self.objects.put(&asked.key, b"somebody else's".to_vec(), "text/plain".to_owned());
                Ok(None)
            }
            fault => Ok(fault),
        }
    }

    fn carry_out(&mut self, request: &Request, asked: &Asked, fault: Option<&Fault>) -> Result<Response, Response> {
        if fault == Some(&Fault::Reset) {
            return Err(error(Refused(500, "InternalError"), None));
        }
        self.perform(request, asked).map_err(|refused| error(refused, None))
    }

    fn lifecycle(&self) -> Result<Response, Refused> {
        let rules = self.config.lifecycle.ok_or(Refused(404, "NoSuchLifecycleConfiguration"))?;
        let body = format!(
            "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{rules}</LifecycleConfiguration>"
        );
        Ok(Response {
            status: 200,
            headers: vec![("content-type", "application/xml".to_owned())],
            body: body.into_bytes(),
        })
    }

    fn perform(&mut self, request: &Request, asked: &Asked) -> Result<Response, Refused> {
        let none_match = request.header("if-none-match");
        if none_match.is_some_and(|value| value != "*") {
            return Err(Refused(501, "NotImplemented"));
        }
        let condition = If { matches: request.header("if-match"), is_absent: none_match.is_some() };
        let content_type = || request.header("content-type").unwrap_or("binary/octet-stream").to_owned();
        let id = asked.parameter("uploadId").unwrap_or_default();
        let tagged = |e_tag| Response { status: 200, headers: vec![("etag", e_tag)], body: Vec::new() };
        match asked.action {
            Action::List => self.list(asked),
            Action::ListUploads => self.list_uploads(asked),
            Action::Lifecycle => self.lifecycle(),
            Action::Get | Action::Head => {
                let (stored, range) = self.objects.read(&asked.key, condition, request.header("range"))?;
                Ok(object(stored, range))
            }
            Action::Put => {
                self.objects.check_write(&asked.key, condition)?;
                Ok(tagged(self.objects.put(&asked.key, request.body.clone(), content_type())))
            }
            Action::Delete => {
                self.objects.delete(&asked.key);
                Ok(Response { status: 204, headers: Vec::new(), body: Vec::new() })
            }
            Action::CreateUpload => {
                let id = self.objects.begin(&asked.key, content_type());
                Ok(xml(
                    200,
                    &format!(
                        "<InitiateMultipartUploadResult><Bucket>{}</Bucket><Key>{}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>",
                        asked.bucket,
                        escaped(&asked.key)
                    ),
                ))
            }
            Action::PutPart => {
                let number = asked.parameter("partNumber").unwrap_or_default();
                self.objects.put_part(id, &asked.key, number, request.body.clone()).map(tagged)
            }
            Action::CompleteUpload => {
                let e_tag = self.objects.complete(id, &asked.key, &parts(&request.body)?)?;
                Ok(xml(
                    200,
                    &format!(
                        "<CompleteMultipartUploadResult><Key>{}</Key><ETag>{}</ETag></CompleteMultipartUploadResult>",
                        escaped(&asked.key),
                        escaped(&e_tag)
                    ),
                ))
            }
            Action::AbortUpload => {
                self.objects.abort(id, &asked.key)?;
                Ok(Response { status: 204, headers: Vec::new(), body: Vec::new() })
            }
        }
    }

    fn list_uploads(&self, asked: &Asked) -> Result<Response, Refused> {
        let prefix = asked.parameter("prefix").unwrap_or_default();
        let uploads: Vec<_> = self.objects.uploads().filter(|(key, _)| key.starts_with(prefix)).collect();
        if uploads.len() > 1000 {
            return Err(Refused(501, "NotImplemented"));
        }
        Ok(xml(200, &uploads_xml(prefix, &uploads)))
    }

    fn list(&self, asked: &Asked) -> Result<Response, Refused> {
        if asked.parameter("list-type") != Some("2") {
            return Err(Refused(501, "NotImplemented"));
        }
        let most = asked
            .parameter("max-keys")
            .map_or(Ok(1000), str::parse::<usize>)
            .map_err(|_| Refused(400, "InvalidArgument"))?;
        let token = asked
            .parameter("continuation-token")
            .map(|token| token.strip_prefix("after:").map(str::to_owned).ok_or(Refused(400, "InvalidArgument")));
        let after =
            token.transpose()?.or_else(|| asked.parameter("start-after").map(str::to_owned)).unwrap_or_default();
        let prefix = asked.parameter("prefix").unwrap_or_default();
        let page = self.objects.list(prefix, asked.parameter("delimiter"), &after, most.min(self.config.page));
        Ok(xml(200, &page_xml(&page)))
    }
}

/// Uploads that are not finished, with what else S3 says of each.
fn uploads_xml(prefix: &str, uploads: &[(&str, &str)]) -> String {
    let upload = |(key, id): &(&str, &str)| {
        format!(
            "<Upload><Key>{}</Key><UploadId>{id}</UploadId><Initiator><ID>1</ID></Initiator><StorageClass>STANDARD</StorageClass></Upload>",
            escaped(key)
        )
    };
    format!(
        "<ListMultipartUploadsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Prefix>{}</Prefix><KeyMarker/>\
         <MaxUploads>1000</MaxUploads><IsTruncated>false</IsTruncated>{}</ListMultipartUploadsResult>",
        escaped(prefix),
        uploads.iter().map(upload).collect::<String>()
    )
}

fn page_xml(page: &Page) -> String {
    let mut text = format!(
        "<ListBucketResult><KeyCount>{}</KeyCount><IsTruncated>{}</IsTruncated>",
        page.objects.len() + page.prefixes.len(),
        page.last.is_some()
    );
    if let Some(last) = &page.last {
        let _ = write!(text, "<NextContinuationToken>{}</NextContinuationToken>", escaped(&format!("after:{last}")));
    }
    for (key, stored) in &page.objects {
        let (written, e_tag, size) =
            (stored.written.strftime("%Y-%m-%dT%H:%M:%S.000Z"), escaped(&stored.e_tag), stored.bytes.len());
        let _ = write!(
            text,
            "<Contents><Key>{}</Key><LastModified>{written}</LastModified><ETag>{e_tag}</ETag><Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>",
            escaped(key)
        );
    }
    for prefix in &page.prefixes {
        let _ = write!(text, "<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", escaped(prefix));
    }
    text + "</ListBucketResult>"
}

/// An object, or a range of it, as an answer.
fn object(stored: &Stored, range: Option<std::ops::Range<usize>>) -> Response {
    let mut headers = vec![
        ("etag", stored.e_tag.clone()),
        ("content-type", stored.content_type.clone()),
        ("last-modified", http_date(stored.written)),
        ("accept-ranges", "bytes".to_owned()),
    ];
    let Some(range) = range else { return Response { status: 200, headers, body: stored.bytes.to_vec() } };
    headers.push(("content-range", format!("bytes {}-{}/{}", range.start, range.end - 1, stored.bytes.len())));
    Response { status: 206, headers, body: stored.bytes[range].to_vec() }
}

/// Numbers and tags of the parts that a request names.
fn parts(body: &[u8]) -> Result<Vec<(u32, String)>, Refused> {
    let text = std::str::from_utf8(body).map_err(|_| Refused(400, "MalformedXML"))?;
    let element = |part: &str, name: &str| {
        let (_, rest) = part.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0.replace("&quot;", "\""))
    };
    let read = |part: &str| Some((element(part, "PartNumber")?.parse().ok()?, element(part, "ETag")?));
    text.split("<Part>").skip(1).map(|part| read(part).ok_or(Refused(400, "MalformedXML"))).collect()
}

fn xml(status: u16, text: &str) -> Response {
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}").into_bytes();
    Response { status, headers: vec![("content-type", "application/xml".to_owned())], body }
}

/// An error as S3 words it. The message holds what no log should.
fn error(Refused(status, code): Refused, region: Option<&str>) -> Response {
    let named = region.map(|region| format!("<Region>{region}</Region>")).unwrap_or_default();
    let mut response = xml(status, &format!("<Error><Code>{code}</Code><Message>{SECRET}</Message>{named}</Error>"));
    if status == 301 {
        response.headers.extend(region.map(|region| ("x-amz-bucket-region", region.to_owned())));
    }
    response
}

/// What stands in every error's message: it must appear nowhere.
pub(crate) const SECRET: &str = "a-message-that-nobody-may-see";

fn signature_fault(fault: &ServiceError) -> Refused {
    match fault.code.as_str() {
        "UnrecognizedClientException" => Refused(403, "InvalidAccessKeyId"),
        "MissingAuthenticationTokenException" => Refused(403, "AccessDenied"),
        "InvalidSignatureException" if fault.message.contains("server's time") => Refused(403, "RequestTimeTooSkewed"),
        "InvalidSignatureException" => Refused(403, "SignatureDoesNotMatch"),
        _ => Refused(400, "AuthorizationHeaderMalformed"),
    }
}

fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Accepts connections until dropped, which drops them all.
pub(super) async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    http::accept(listener, |stream| {
        let state = Arc::clone(&state);
        async move { converse(stream, &state).await }
    })
    .await;
}

async fn converse(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut pending = Vec::new();
    while let Some(request) = http::read_request(&mut stream, &mut pending, MOST_BODY).await? {
        let (response, fault) = lock(state).answer(&request);
        let mut bytes = response.encode(false);
        if request.method == "HEAD" {
            bytes.truncate(bytes.len() - response.body.len());
        }
        match fault {
            Some(Fault::Reset | Fault::LoseAnswer) => return stream.set_zero_linger(),
            Some(Fault::Cut) => {
                let cut = bytes.len() - response.body.len().div_ceil(2);
                return http::write(&mut stream, &bytes[..cut]).await;
            }
            Some(Fault::Slow(time)) => tokio::time::sleep(time).await,
            _ => {}
        }
        http::write(&mut stream, &bytes).await?;
        if request.closes() {
            return Ok(());
        }
    }
    Ok(())
}
