//! A client as plain as can be, for the stand-in's own tests: one signed request on one blocking connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use super::Standin;
use super::config::Credential;
use super::http::Request;
use super::service::CONTENT_TYPE;
use super::signature;

/// Longer than any answer that will come takes, shorter than a person waits for a hanging test.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    pub(crate) fn code(&self) -> String {
        self.json()["__type"].as_str().unwrap_or_default().to_owned()
    }
}

/// A request before it is signed; tests break what they want broken, then [`Draft::send`] it.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) address: SocketAddr,
    pub(crate) request: Request,
    pub(crate) credential: Credential,
    pub(crate) region: String,
    pub(crate) time: String,
}

impl Draft {
    /// A valid request for `operation` with any body.
    pub(crate) fn new(standin: &Standin, operation: &str, body: &Value) -> Self {
        let headers = [
            ("host", standin.running.address.to_string()),
            ("content-type", CONTENT_TYPE.to_owned()),
            ("x-amz-target", format!("Comprehend_20171127.{operation}")),
        ];
        let request = Request {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
            body: body.to_string().into_bytes(),
        };
        let now = jiff::Timestamp::now();
        Self {
            address: standin.running.address,
            request,
            credential: Credential::default(),
            region: "us-east-1".to_owned(),
            time: now.strftime("%Y%m%dT%H%M%SZ").to_string(),
        }
    }

    /// A batch of English documents.
    pub(crate) fn batch(standin: &Standin, documents: &[&str]) -> Self {
        Self::new(standin, "BatchDetectSentiment", &json!({"TextList": documents, "LanguageCode": "en"}))
    }

    /// Signs what there is.
    pub(crate) fn signed(&self) -> Request {
        let mut request = self.request.clone();
        request.headers.push(("x-amz-date".to_owned(), self.time.clone()));
        if let Some(token) = &self.credential.session_token {
            request.headers.push(("x-amz-security-token".to_owned(), token.clone()));
        }
        let authorization = signature::authorize(&request, &self.credential, &self.region, &self.time);
        request.headers.push(("authorization".to_owned(), authorization));
        request
    }

    /// Signs, sends, reads the answer.
    pub(crate) fn send(&self) -> io::Result<Reply> {
        let mut stream = connect(self.address)?;
        exchange(&mut stream, &self.signed())
    }
}

/// A blocking connection that does not hang for ever.
pub(crate) fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends a request as it is and reads the answer.
pub(crate) fn exchange(stream: &mut TcpStream, request: &Request) -> io::Result<Reply> {
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method, request.target).into_bytes();
    for (name, value) in &request.headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", request.body.len()).as_bytes());
    bytes.extend_from_slice(&request.body);
    stream.write_all(&bytes)?;
    read_reply(stream)
}

fn read_reply(stream: &mut TcpStream) -> io::Result<Reply> {
    let mut bytes = Vec::new();
    let head = read_until(stream, &mut bytes, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&head).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    let body = match length {
        Some(length) => read_exactly(stream, &mut bytes, length)?,
        None => read_chunks(stream, &mut bytes)?,
    };
    Ok(Reply { status, head, body })
}

fn read_chunks(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_until(stream, bytes, b"\r\n")?;
        let size = String::from_utf8_lossy(&line).trim().to_owned();
        let size = usize::from_str_radix(&size, 16).map_err(io::Error::other)?;
        let chunk = read_exactly(stream, bytes, size + 2)?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

fn read_until(stream: &mut TcpStream, bytes: &mut Vec<u8>, end: &[u8]) -> io::Result<Vec<u8>> {
    loop {
        if let Some(at) = bytes.windows(end.len()).position(|window| window == end) {
            return Ok(bytes.drain(..at + end.len()).collect());
        }
        fill(stream, bytes)?;
    }
}

fn read_exactly(stream: &mut TcpStream, bytes: &mut Vec<u8>, length: usize) -> io::Result<Vec<u8>> {
    while bytes.len() < length {
        fill(stream, bytes)?;
    }
    Ok(bytes.drain(..length).collect())
}

fn fill(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 4096];
    match stream.read(&mut buffer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        read => {
            bytes.extend_from_slice(&buffer[..read]);
            Ok(())
        }
    }
}
