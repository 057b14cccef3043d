//! The adapter against raw HTTP bodies, served on the loopback within each test.

use std::time::Duration;

use aws_config::credential_process::CredentialProcessProvider;
use aws_config::identity::IdentityCache;
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::client::Comprehend;
use super::terms::{list_price, profile};
use crate::engine::aws::{AwsOptions, Connection};
use crate::engine::script::batch_of;
use crate::engine::{Engine, EngineError, ErrorKind};
use crate::exit::Stops as _;

/// What the server does with one connection.
enum Reply {
    /// This status, error type header (empty for none) and body.
    Http(u16, &'static str, &'static str),
    /// More bytes announced than sent.
    Truncated,
    /// Bytes that are no HTTP.
    Garbage,
    /// Nothing: the connection is closed.
    Close,
}

/// Replies in order, one connection each; returns the bodies of the requests.
async fn serve(replies: Vec<Reply>) -> (Comprehend, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let mut bodies = Vec::new();
        for reply in replies {
            let (mut stream, _) = listener.accept().await.unwrap();
            bodies.push(read_request(&mut stream).await);
            stream.write_all(&wire(&reply)).await.unwrap();
            stream.shutdown().await.ok();
        }
        bodies
    });
    (engine(config(&format!("http://{address}"))), server)
}

fn config(endpoint: &str) -> aws_types::sdk_config::Builder {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    SdkConfig::builder()
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
}

fn engine(config: aws_types::sdk_config::Builder) -> Comprehend {
    Comprehend::by(&Connection::with_config(config.build()), profile(list_price()))
}

/// Reads one request: head and body by its length. Returns both.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap();
        bytes.extend(chunk.iter().take(read));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
        });
        if body.len() >= length.unwrap_or(0) {
            return text;
        }
    }
}

fn wire(reply: &Reply) -> Vec<u8> {
    match reply {
        Reply::Http(status, kind, body) => {
            let kind = if kind.is_empty() { String::new() } else { format!("x-amzn-ErrorType: {kind}\r\n") };
            format!(
                "HTTP/1.1 {status} Any\r\ncontent-type: application/x-amz-json-1.1\r\nconnection: close\r\n\
                 {kind}content-length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes()
        }
        Reply::Truncated => b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"ResultList\":[{\"Ind".to_vec(),
        Reply::Garbage => b"\x15\x03\x01 no HTTP at all\r\n\r\n".to_vec(),
        Reply::Close => Vec::new(),
    }
}

async fn one_error(reply: Reply) -> EngineError {
    let (engine, server) = serve(vec![reply]).await;
    let error = engine.score(&batch_of(&["my card number is 4111"])).await.unwrap_err();
    server.await.unwrap();
    assert!(!format!("{error:?} {error} {:?}", error.hint()).contains("4111"), "an error must not hold text: {error}");
    error
}

const OUT_OF_ORDER: &str = r#"{
  "ResultList": [
    {"Index": 2, "Sentiment": "NEGATIVE", "SentimentScore": {"Positive": 0.1, "Negative": 0.8, "Neutral": 0.05, "Mixed": 0.05}},
    {"Index": 0, "Sentiment": "POSITIVE", "SentimentScore": {"Positive": 0.9, "Negative": 0.02, "Neutral": 0.05, "Mixed": 0.03}},
    {"Index": 7, "Sentiment": "POSITIVE", "SentimentScore": {"Positive": 1, "Negative": 0, "Neutral": 0, "Mixed": 0}}
  ],
  "ErrorList": [{"Index": 1, "ErrorCode": "InternalServerException", "ErrorMessage": "my card number is 4111"}]
}"#;

#[tokio::test]
async fn a_valid_answer_is_joined_by_index() {
    let (engine, server) = serve(vec![Reply::Http(200, "", OUT_OF_ORDER)]).await;
    let answers = engine.score(&batch_of(&["glad", "odd", "cross", "left out"])).await.unwrap();
    assert!(answers[0].as_ref().unwrap().positive > 0.89);
    assert_eq!(&*answers[1].as_ref().unwrap_err().code, "InternalServerException");
    assert!(answers[2].as_ref().unwrap().negative > 0.79);
    assert_eq!(&*answers[3].as_ref().unwrap_err().code, "missing_from_answer");
    assert!(answers[1].as_ref().is_err_and(|error| error.retriable) && answers[3].is_err());
    let request = server.await.unwrap().remove(0);
    assert!(request.contains("Comprehend_20171127.BatchDetectSentiment"), "{request}");
    assert!(request.contains("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{request}");
    assert!(request.contains(r#""LanguageCode":"en""#) && request.contains(r#"["glad","odd","cross","left out"]"#));
}

#[tokio::test]
async fn an_answer_without_scores_fails_its_documents_and_not_the_request() {
    let body = r#"{"ResultList": [{"Index": 0, "Sentiment": "POSITIVE"}, {"Sentiment": "POSITIVE"}], "ErrorList": []}"#;
    let (engine, server) = serve(vec![Reply::Http(200, "", body)]).await;
    let answers = engine.score(&batch_of(&["a", "b"])).await.unwrap();
    server.await.unwrap();
    let codes: Vec<&str> = answers.iter().map(|answer| &*answer.as_ref().unwrap_err().code).collect();
    assert_eq!(codes, ["invalid_scores", "missing_from_answer"]);
}

#[tokio::test]
async fn faults_are_told_apart_by_code_status_and_place() {
    use ErrorKind::{Refused, Rejected, Throttled, Transient};
    let echo = r#"{"__type": "com.amazonaws.comprehend#InvalidRequestException", "Message": "my card number is 4111"}"#;
    let cases = [
        (
            Reply::Http(400, "", r#"{"__type": "ThrottlingException", "message": "Rate exceeded"}"#),
            Throttled,
            "ThrottlingException",
        ),
        (Reply::Http(400, "TooManyRequestsException:http://internal/", "{}"), Throttled, "TooManyRequestsException"),
        (
            Reply::Http(400, "", r#"{"__type": "ThrottlingException", "message": "a", "Message": "b", "code": 7}"#),
            Throttled,
            "ThrottlingException",
        ),
        (Reply::Http(500, "", r#"{"__type": "InternalServerException"}"#), Transient, "InternalServerException"),
        (Reply::Http(503, "", "<html>busy</html>"), Transient, "http_503"),
        (
            Reply::Http(400, "", r#"{"__type": "AccessDeniedException", "Message": "no"}"#),
            Refused,
            "AccessDeniedException",
        ),
        (Reply::Http(400, "", r#"{"__type": "UnrecognizedClientException"}"#), Refused, "UnrecognizedClientException"),
        (Reply::Http(403, "", "<html>proxy</html>"), Refused, "http_403"),
        (Reply::Http(400, "", echo), Rejected, "InvalidRequestException"),
        (
            Reply::Http(400, "", r#"{"__type": "TextSizeLimitExceededException"}"#),
            Rejected,
            "TextSizeLimitExceededException",
        ),
        (Reply::Http(200, "", "my card number is 4111"), Transient, "unreadable_answer"),
        (Reply::Truncated, Transient, "unreadable_answer"),
        (Reply::Garbage, Transient, "connection_lost"),
        (Reply::Close, Transient, "connection_lost"),
    ];
    for (reply, kind, code) in cases {
        let error = one_error(reply).await;
        assert_eq!((error.kind, error.reason(), error.attempts), (kind, code, 1), "{error:?}");
    }
}

#[tokio::test]
async fn an_empty_answer_leaves_every_document_missing() {
    for body in ["{}", r#"{"ResultList": null, "ErrorList": null}"#] {
        let (engine, server) = serve(vec![Reply::Http(200, "", body)]).await;
        let answers = engine.score(&batch_of(&["a", "b"])).await.unwrap();
        server.await.unwrap();
        assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|error| &*error.code == "missing_from_answer")));
    }
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let (engine, server) = serve(vec![]).await;
    server.await.unwrap();
    let error = engine.score(&batch_of(&["a"])).await.unwrap_err();
    assert_eq!((error.kind, error.reason()), (ErrorKind::Transient, "unreachable"));
    assert!(error.hint().unwrap().contains("AWS_ENDPOINT_URL"));
}

#[tokio::test]
async fn a_server_without_tls_is_unreachable_over_https() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(&wire(&Reply::Garbage)).await.unwrap();
    });
    let error = engine(config(&format!("https://{address}"))).score(&batch_of(&["a"])).await.unwrap_err();
    assert_eq!((error.kind, error.reason()), (ErrorKind::Transient, "unreachable"));
}

#[tokio::test]
async fn a_source_of_credentials_that_fails_or_hangs_is_no_fault_of_the_service() {
    for (process, patience) in [("exit 3", Duration::from_mins(1)), ("sleep 3", Duration::from_millis(50))] {
        let config = config("http://127.0.0.1:9")
            .credentials_provider(SharedCredentialsProvider::new(CredentialProcessProvider::new(process.to_owned())))
            .identity_cache(IdentityCache::lazy().load_timeout(patience).build());
        let error = engine(config).score(&batch_of(&["a"])).await.unwrap_err();
        assert_eq!((error.kind, error.reason()), (ErrorKind::Transient, "credentials_unavailable"));
        assert!(error.hint().unwrap().contains("credential process"));
    }
}

#[tokio::test]
async fn expired_credentials_are_remedied_once_and_then_refused() {
    let expired = || Reply::Http(400, "", r#"{"__type": "ExpiredTokenException"}"#);
    let fine = || Reply::Http(200, "", r#"{"ResultList": [], "ErrorList": []}"#);
    let (engine, server) = serve(vec![expired(), fine(), expired(), expired()]).await;
    let batch = batch_of(&["a"]);
    assert_eq!(engine.score(&batch).await.unwrap_err().kind, ErrorKind::Transient, "loaded again: worth another try");
    assert!(engine.score(&batch).await.is_ok());
    assert_eq!(engine.score(&batch).await.unwrap_err().kind, ErrorKind::Transient, "expired again after an answer");
    let error = engine.score(&batch).await.unwrap_err();
    assert_eq!((error.kind, error.reason()), (ErrorKind::Refused, "ExpiredTokenException"));
    assert!(error.hint().unwrap().contains("sign in again"));
    server.await.unwrap();
}

#[tokio::test]
async fn a_region_that_is_no_name_of_one_never_becomes_part_of_a_host() {
    for region in ["eu west 1", "x.example.com/", "eu-west-1/"] {
        let options = AwsOptions { region: Some(region.to_owned()), ..AwsOptions::default() };
        let error = Comprehend::connect(&options, profile(list_price())).await.unwrap_err();
        assert_eq!((error.kind, error.reason()), (ErrorKind::Refused, "no_region"), "{region}");
    }
}

#[tokio::test]
async fn the_profile_states_what_the_service_takes() {
    let (engine, server) = serve(vec![]).await;
    server.await.unwrap();
    let profile = engine.profile();
    assert_eq!((profile.name, &*profile.model, engine.region()), ("comprehend", "2017-11-27", "eu-west-1"));
    assert_eq!((profile.limits.document_bytes, profile.limits.batch_documents), (5_000, 25));
    assert_eq!(profile.price.billing().map(|billing| billing.units(20)), Some(3));
}
