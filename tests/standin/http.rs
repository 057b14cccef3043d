//! Bytes to requests and answers to bytes, HTTP/1.1 as far as an SDK speaks it on a plain connection: a head, then
//! a body of stated length. Written by hand so that answers can also be broken at the level of bytes.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Accepts connections until dropped, which drops them all. A client that breaks off is an ordinary event.
pub(crate) async fn accept<C>(listener: TcpListener, converse: impl Fn(TcpStream) -> C)
where
    C: Future<Output = io::Result<()>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(converse(stream));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Largest head, as most servers have it.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Largest body of Comprehend's: 25 documents of 5,000 bytes, escaped six for one, and room to spare.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// One request, fully read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// The method, such as `POST`.
    pub(crate) method: String,
    /// Path and query, as sent.
    pub(crate) target: String,
    /// Names in lower case, values trimmed.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The first value of a header; `name` in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether the client will not use the connection again.
    pub(crate) fn closes(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// Reads the next request of a connection, with a body of `most` bytes; `pending` holds bytes read but not used. `None` when
/// the client left.
///
/// # Errors
/// A broken connection, or bytes that are not a request within the limits above.
pub(crate) async fn read_request(
    stream: &mut TcpStream,
    pending: &mut Vec<u8>,
    most: usize,
) -> io::Result<Option<Request>> {
    let (mut request, head_bytes) = loop {
        if let Some(head) = parse_head(pending)? {
            break head;
        }
        if pending.len() > MAX_HEAD_BYTES {
            return Err(io::Error::other("the head of a request is too long"));
        }
        if stream.read_buf(pending).await? == 0 {
            return Ok(None);
        }
    };
    let length = request.header("content-length").map_or(Ok(0), str::parse::<usize>).map_err(io::Error::other)?;
    if length > most {
        return Err(io::Error::other("the body of a request is too long"));
    }
    while pending.len() < head_bytes + length {
        if stream.read_buf(pending).await? == 0 {
            return Ok(None);
        }
    }
    let rest = pending.split_off(head_bytes + length);
    request.body = pending.split_off(head_bytes);
    *pending = rest;
    Ok(Some(request))
}

/// The head of a request and its length in bytes, once it is there in full.
fn parse_head(bytes: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = parsed.parse(bytes).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let text = |value: &[u8]| String::from_utf8_lossy(value).trim().to_owned();
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        headers: parsed.headers.iter().map(|h| (h.name.to_ascii_lowercase(), text(h.value))).collect(),
        body: Vec::new(),
    };
    Ok(Some((request, length)))
}

/// The parameters of a query, decoded; a plus is a space there.
pub(crate) fn parameters(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
    });
    pairs.collect()
}

/// Percent-encoding taken off.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let encoded = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let byte = encoded.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        at += if byte.is_some() { 3 } else { 1 };
        plain.push(byte.unwrap_or(bytes[at - 1]));
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// One answer, not yet in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    /// The status code.
    pub(crate) status: u16,
    /// Headers other than the framing's.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The answer in bytes, its body in chunks or with a length.
    pub(crate) fn encode(&self, chunked: bool) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if chunked {
            bytes.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
            for chunk in self.body.chunks(700) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        } else {
            bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", self.body.len()).as_bytes());
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

/// Writes bytes and flushes.
///
/// # Errors
/// A broken connection.
pub(crate) async fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

/// Waits until the client closes or breaks the connection, whatever it still sends.
pub(crate) async fn until_closed(stream: &mut TcpStream) {
    let mut sink = [0; 1024];
    while let Ok(1..) = stream.read(&mut sink).await {}
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        412 => "Precondition Failed",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
