//! Classification jobs: those of Comprehend that a classifier of one's own scores. They need no endpoint, and can't be stopped.
//!
//! A line has three classes at most, at four decimals. What is missing shares evenly what the others leave of 1.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use super::answer::Classified;
use super::client::Endpoint;
use super::connect::{HINT, Named, independent};
use super::settings::CustomSettings;
use crate::engine::aws::{self, COMPREHEND, Client, Connection};
use crate::engine::comprehend::job_client::{
    ComprehendJobs, Kind, Operations, SERVICE, TERMS, number, operation, starting,
};
use crate::engine::labels::{Labels, Oddity};
use crate::engine::registry::{ConnectedJobs, JobWay, OpenWays};
use crate::engine::watched::misconfigured;
use crate::engine::{DocumentError, EngineError};
use crate::jobs::Jobs;
use crate::jobs::service::{Line, Order, Terms, unfit};
use crate::settings::Settings;

/// The operations of classification jobs.
static OPERATIONS: Operations = Operations {
    terms: Terms {
        kind: "comprehend classification",
        can_stop: false,
        describe: "aws comprehend describe-document-classification-job --job-id",
        ..TERMS
    },
    start: starting("StartDocumentClassificationJob", "comprehend:StartDocumentClassificationJob"),
    describe: operation("DescribeDocumentClassificationJob", "comprehend:DescribeDocumentClassificationJob"),
    list: operation("ListDocumentClassificationJobs", "comprehend:ListDocumentClassificationJobs"),
    stop: None,
    properties: "DocumentClassificationJobProperties",
    listed: "DocumentClassificationJobPropertiesList",
};

/// The jobs as the registry lists them.
pub(super) const WAY: JobWay =
    JobWay { terms: &OPERATIONS.terms, open, connect: |settings| Box::pin(connect(settings)) };

fn open(settings: &Settings) -> OpenWays {
    let CustomSettings { endpoint_arn, classifier_arn, .. } = settings.section();
    let role = &settings.section::<Jobs>().role_arn;
    let jobs = role.is_some() && (endpoint_arn.is_some() || classifier_arn.is_some());
    OpenWays { requests: endpoint_arn.is_some(), jobs }
}

async fn connect(settings: &Settings) -> ConnectedJobs {
    let asked: &CustomSettings = settings.section();
    let jobs: &Jobs = settings.section();
    let role = jobs.role(SERVICE)?;
    let has_requests = asked.endpoint_arn.is_some();
    let named = if has_requests { Named::endpoint(settings)? } else { Named::classifier(settings)? };
    let options = named.options(settings);
    let classifier = if has_requests {
        let client = Client::new(&Connection::open(&options).await?, &COMPREHEND);
        let endpoint = Endpoint { client, arn: named.arn, chosen: String::new() };
        endpoint.described().await?.model_arn.unwrap_or_default()
    } else {
        named.arn
    };
    let labels = asked.labels.clone();
    let kind = Classification { classifier, labels, has_requests, unknown: Mutex::default() };
    Ok(Arc::new(ComprehendJobs::connect(kind, &options, role, jobs.kms_key.clone()).await?))
}

/// Classification jobs.
#[derive(Debug)]
struct Classification {
    classifier: String,
    labels: Labels,
    has_requests: bool,
    /// The first label that has no class.
    unknown: Mutex<Option<String>>,
}

impl Kind for Classification {
    const OPERATIONS: &'static Operations = &OPERATIONS;

    fn start(&self, _order: &Order) -> (&'static str, String) {
        ("DocumentClassifierArn", self.classifier.clone())
    }

    fn read(&self, line: &[u8]) -> Option<Line> {
        let written: Written = serde_json::from_slice(line).ok()?;
        if let Some(code) = written.error_code {
            let code = aws::printable_code(&code);
            let retriable = aws::document_may_pass(&code);
            let answer = Err(DocumentError { code: code.into(), retriable });
            return Some(Line { number: written.line, answer, is_shared: false });
        }
        let scores = written.classified.scores(&self.labels);
        if let Err(Oddity::UnknownLabel(label)) = &scores {
            self.unknown.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| label.clone());
        }
        let is_shared = scores.is_ok() && written.classified.missing(&self.labels) > 1;
        let failed =
            |oddity: Oddity| DocumentError { code: oddity.code().into(), retriable: oddity == Oddity::Unreadable };
        Some(Line { number: written.line, answer: scores.map_err(failed), is_shared })
    }

    fn has_requests(&self) -> bool {
        self.has_requests
    }

    fn explain(&self, code: &str) -> EngineError {
        // A label is the classifier's own word.
        match &*self.unknown.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(label) => {
                let label: String = label.chars().filter(|c| !c.is_control()).take(40).collect();
                misconfigured(format!("the classifier answers the label `{label}`, which has no class"), HINT)
            }
            None if code == Oddity::NoDistribution.code() => independent(),
            None if code == Oddity::UnknownLabel(String::new()).code() => {
                misconfigured("the classifier answers a label that has no class", HINT)
            }
            None => unfit(code),
        }
    }
}

/// A line of an output.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    #[serde(deserialize_with = "number")]
    line: u64,
    #[serde(default)]
    error_code: Option<String>,
    #[serde(flatten)]
    classified: Classified,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Answer;
    use crate::settings::Value as _;

    fn read(line: &str) -> Option<(u64, Answer, bool)> {
        let labels = Labels::parse("a=positive,b=negative,c=neutral,d=mixed,e=neutral").unwrap();
        let kind = Classification { classifier: String::new(), labels, has_requests: false, unknown: Mutex::default() };
        kind.read(line.as_bytes()).map(|line| (line.number, line.answer, line.is_shared))
    }

    #[test]
    fn two_classes_that_are_missing_share_the_rest_and_are_counted() {
        let three = r#"{"File":"f","Line":"7","Classes":[{"Name":"a","Score":0.7},{"Name":"b","Score":0.2},{"Name":"c","Score":0.06}]}"#;
        let (line, answer, is_shared) = read(three).unwrap();
        let scores = answer.unwrap();
        assert_eq!((line, is_shared, scores.positive.to_bits()), (7, true, 0.7_f32.to_bits()));
        assert!((scores.mixed - 0.02).abs() < 1e-6 && (scores.neutral - 0.08).abs() < 1e-6, "{scores:?}");
        let four = three.replace("]}", r#",{"Name":"d","Score":0.01}]}"#).replace("\"7\"", "7");
        let (line, answer, is_shared) = read(&four).unwrap();
        assert_eq!((line, is_shared), (7, false));
        assert!((answer.unwrap().neutral - 0.09).abs() < 1e-6);
    }

    #[test]
    fn what_gives_no_scores_has_its_code_and_no_number_is_no_line() {
        let code = |rest: &str| read(&format!(r#"{{"Line":"0",{rest}}}"#)).unwrap().1.unwrap_err();
        assert_eq!(&*code(r#""Labels":[{"Name":"a","Score":0.7}]"#).code, "no_distribution");
        assert_eq!(&*code(r#""Classes":[{"Name":"x","Score":1.0}]"#).code, "unknown_label");
        let failed = code(r#""ErrorCode":"DOCUMENT_SIZE_EXCEEDED","ErrorMessage":"my card is 4111""#);
        assert_eq!((&*failed.code, failed.retriable), ("DOCUMENT_SIZE_EXCEEDED", false));
        assert!(code(r#""ErrorCode":"INTERNAL_ERROR""#).retriable && code(r#""Classes":[]"#).retriable);
        for none in [r#"{"Line":"x","Classes":[]}"#, r#"{"Classes":[]}"#, "{", ""] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
