//! Asks again for texts that an answered request brought no label for: once together, then one by one.
//!
//! Stands around everything else, so that each request takes its turn and is tried again as any other. What has no label
//! even alone fails for good. Refuses to send a text again that the service rejected.

use async_trait::async_trait;

use crate::engine::{Answer, Batch, DocumentError, Engine, EngineError, ErrorKind, Profile};

/// Requests with a text alone before it fails: on a bad day, the first may go wrong by chance.
const TRIES_ALONE: usize = 3;

/// Completes the answers of an engine that leaves texts out.
#[derive(Debug)]
pub(super) struct Again<E> {
    inner: E,
}

impl<E: Engine> Again<E> {
    /// Completes the answers of `inner`.
    pub(super) fn new(inner: E) -> Self {
        Self { inner }
    }

    /// Asks for these texts of the batch once more. Whether the run may go on.
    async fn ask(&self, batch: &Batch, answers: &mut [Answer], places: &[usize]) -> bool {
        let documents = places.iter().filter_map(|place| batch.documents.get(*place).cloned()).collect();
        let again = Batch { language: batch.language.clone(), documents, is_suspect: true };
        let new = match self.inner.score(&again).await {
            Ok(new) => new,
            Err(error) if error.kind == ErrorKind::Refused => return false,
            Err(error) => vec![Err(DocumentError { code: error.reason().into(), retriable: false }); places.len()],
        };
        for (place, answer) in places.iter().zip(new) {
            if let Some(slot) = answers.get_mut(*place) {
                *slot = answer;
            }
        }
        true
    }

    /// Asks for all that has no label. Whether the run may go on: else what is left may be sent by the next run.
    async fn complete(&self, batch: &Batch, answers: &mut [Answer]) -> bool {
        let missing = open(answers);
        if !missing.is_empty() && !self.ask(batch, answers, &missing).await {
            return false;
        }
        for _ in 0..TRIES_ALONE {
            for place in open(answers) {
                if !self.ask(batch, answers, &[place]).await {
                    return false;
                }
            }
        }
        true
    }
}

/// The places of texts that may be asked for again.
fn open(answers: &[Answer]) -> Vec<usize> {
    let is_open = |answer: &Answer| answer.as_ref().is_err_and(|error| error.retriable);
    answers.iter().enumerate().filter(|(_, answer)| is_open(answer)).map(|(place, _)| place).collect()
}

#[async_trait]
impl<E: Engine> Engine for Again<E> {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        let mut answers = self.inner.score(batch).await?;
        if self.complete(batch, &mut answers).await {
            for error in answers.iter_mut().filter_map(|answer| answer.as_mut().err()) {
                error.retriable = false;
            }
        }
        Ok(answers)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use super::*;
    use crate::engine::script::{Script, Step, batch_of};
    use crate::sentiment::Scores;

    /// Answers by rounds: in each, the texts that get a label. Remembers what it was asked.
    struct Forgetful {
        rounds: Mutex<VecDeque<Result<&'static [&'static str], ErrorKind>>>,
        asked: Mutex<Vec<Vec<String>>>,
        profile: Profile,
    }

    impl Forgetful {
        fn new(rounds: impl IntoIterator<Item = Result<&'static [&'static str], ErrorKind>>) -> Again<Self> {
            let profile = Script::new([Step::Answer]).profile().clone();
            Again::new(Self { rounds: Mutex::new(rounds.into_iter().collect()), asked: Mutex::default(), profile })
        }
    }

    #[async_trait]
    impl Engine for Forgetful {
        fn profile(&self) -> &Profile {
            &self.profile
        }

        async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
            let texts: Vec<String> = batch.documents.iter().map(|one| one.text.as_str().to_owned()).collect();
            self.asked.lock().unwrap().push(texts.clone());
            let round = self.rounds.lock().unwrap().pop_front().expect("a round that was expected");
            let labelled = round.map_err(|kind| EngineError::new(kind, "no answer").with_code("any"))?;
            let answer = |text: &String| {
                let scores = Scores { positive: 1.0, negative: 0.0, neutral: 0.0, mixed: 0.0 };
                let missing = DocumentError { code: "missing_from_answer".into(), retriable: true };
                if labelled.contains(&text.as_str()) { Ok(scores) } else { Err(missing) }
            };
            Ok(texts.iter().map(answer).collect())
        }
    }

    async fn asked(engine: &Again<Forgetful>, texts: &[&str]) -> (Vec<Answer>, Vec<String>) {
        let answers = engine.score(&batch_of(texts)).await.unwrap();
        let asked = engine.inner.asked.lock().unwrap().iter().map(|texts| texts.join(" ")).collect();
        (answers, asked)
    }

    #[tokio::test]
    async fn only_what_is_missing_is_asked_for_once_more_and_then_one_by_one() {
        let engine = Forgetful::new([Ok(["a", "c"].as_slice()), Ok(&["d"]), Ok(&["b"]), Ok(&[]), Ok(&[]), Ok(&[])]);
        let (answers, asked) = asked(&engine, &["a", "b", "c", "d", "e"]).await;
        assert_eq!(asked, ["a b c d e", "b d e", "b", "e", "e", "e"]);
        assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, true, true, false]);
        assert_eq!(answers[4], Err(DocumentError { code: "missing_from_answer".into(), retriable: false }));
    }

    #[tokio::test]
    async fn a_bad_answer_by_chance_costs_one_request_and_two_cost_two() {
        let engine = Forgetful::new([Ok(["a"].as_slice()), Ok(&[]), Ok(&["b"])]);
        let (answers, asked) = asked(&engine, &["a", "b"]).await;
        assert_eq!((asked, answers[1].is_ok()), (["a b", "b", "b"].map(str::to_owned).to_vec(), true));
    }

    #[tokio::test]
    async fn whole_answers_cost_nothing_more_and_a_rejection_is_final() {
        let engine = Forgetful::new([Ok(["a", "b"].as_slice())]);
        assert_eq!(asked(&engine, &["a", "b"]).await.1, ["a b"]);
        let engine = Forgetful::new([Ok(["a"].as_slice()), Err(ErrorKind::Rejected)]);
        let (answers, _) = asked(&engine, &["a", "b"]).await;
        assert_eq!(answers[1], Err(DocumentError { code: "any".into(), retriable: false }));
    }

    #[tokio::test]
    async fn after_a_refusal_nothing_is_sent_and_what_was_answered_is_kept() {
        let engine = Forgetful::new([Ok(["a"].as_slice()), Err(ErrorKind::Refused)]);
        let (answers, asked) = asked(&engine, &["a", "b", "c"]).await;
        assert_eq!(asked, ["a b c", "b c"]);
        assert!(answers[0].is_ok() && answers[1].as_ref().is_err_and(|error| error.retriable));
    }
}
