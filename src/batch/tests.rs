//! The loop against a scripted engine, in virtual time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures_util::stream;
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::cache::{CacheOptions, Scorer};
use crate::engine::script::{Script, Step, scores};
use crate::engine::{DocumentError, Service, ServiceOptions};

/// What becomes of a text, sent so many times.
type Act = Box<dyn Fn(&str, u32) -> Answer + Send + Sync>;

/// Answers after a latency; what it does with a document goes by a function of its text and how often it was sent.
struct Stage {
    inner: Script,
    latency: Duration,
    act: Act,
    sent: Mutex<Vec<(String, Vec<String>)>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl Stage {
    fn new(act: impl Fn(&str, u32) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            inner: Script::new([Step::Answer]),
            latency: Duration::from_millis(180),
            act: Box::new(act),
            sent: Mutex::default(),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        })
    }

    fn calm() -> Arc<Self> {
        Self::new(|_, _| Ok(scores()))
    }

    fn batch_sizes(&self) -> Vec<usize> {
        self.sent.lock().unwrap().iter().map(|(_, texts)| texts.len()).collect()
    }

    fn times_sent(&self, text: &str) -> u32 {
        let sent = self.sent.lock().unwrap();
        sent.iter().flat_map(|(_, texts)| texts).map(|other| u32::from(other == text)).sum()
    }
}

#[async_trait]
impl Engine for Stage {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        let texts = batch.documents.iter().map(|document| document.text.to_string()).collect();
        self.sent.lock().unwrap().push((batch.language.to_string(), texts));
        tokio::time::sleep(self.latency).await;
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        Ok(batch.documents.iter().map(|document| (self.act)(&document.text, self.times_sent(&document.text))).collect())
    }
}

fn options() -> BatchOptions {
    BatchOptions::for_engine(Script::new([Step::Answer]).profile(), Halt::new())
}

fn scorer() -> Scorer {
    Scorer { engine: "script".into(), model: "1".into() }
}

fn in_language(tag: usize, language: &str, text: impl Into<String>) -> Work<usize> {
    let text = text.into();
    let id = Some(scorer().key(language, &text));
    Work { tag, id, language: language.into(), content: Content::Text(text.into()) }
}

fn item(tag: usize, text: impl Into<String>) -> Work<usize> {
    in_language(tag, "en", text)
}

fn numbered(count: usize) -> impl Stream<Item = Work<usize>> {
    stream::iter((0..count).map(|key| item(key, format!("text {key}"))))
}

fn failed(reason: &str, attempts: u32) -> Outcome {
    Outcome::Failed { reason: reason.into(), attempts }
}

fn internal_error() -> Answer {
    Err(DocumentError { code: "InternalServerException".into(), retriable: true })
}

type Scored = (Result<BatchSummary, EngineError>, Vec<(usize, Outcome)>);

/// The summary but for its units.
fn counts(summary: Result<BatchSummary, EngineError>) -> BatchSummary {
    BatchSummary { units: 0, ..summary.unwrap() }
}

async fn score(engine: Arc<dyn Engine>, items: impl Stream<Item = Work<usize>>, options: &BatchOptions) -> Scored {
    let mut all = Vec::new();
    let result = score_in_batches(engine, items, options, |tag, outcome| all.push((tag, outcome))).await;
    (result, all)
}

#[tokio::test(start_paused = true)]
async fn batches_are_full_for_each_language_but_the_last() {
    let stage = Stage::calm();
    let mixed = stream::iter((0..110).map(|key| {
        let language = if key % 2 == 0 { "en" } else { "es" };
        in_language(key, language, format!("text {key}"))
    }));
    let (summary, all) = score(Arc::clone(&stage) as _, mixed, &options()).await;
    assert_eq!(counts(summary), BatchSummary { taken: 110, scored: 110, ..BatchSummary::default() });
    assert_eq!(all.len(), 110);
    let mut sizes = stage.batch_sizes();
    sizes.sort_unstable();
    assert_eq!(sizes, [5, 5, 25, 25, 25, 25]);
}

#[tokio::test(start_paused = true)]
async fn failed_documents_travel_in_later_full_batches() {
    // Every 25th document fails once: nearly every batch holds one.
    let stage = Stage::new(|text, times| {
        let number: usize = text.trim_start_matches("text ").parse().unwrap();
        if number % 25 == 7 && times == 1 { internal_error() } else { Ok(scores()) }
    });
    let (summary, _) = score(Arc::clone(&stage) as _, numbered(5_000), &options()).await;
    assert_eq!(summary.unwrap().scored, 5_000);
    let sizes = stage.batch_sizes();
    assert!(sizes.len() <= 5_200 / 25 + 3, "{} requests for 5,200 documents", sizes.len());
}

#[tokio::test(start_paused = true)]
async fn a_document_is_given_up_after_its_attempts_and_a_final_code_at_once() {
    let stage = Stage::new(|text, _| match text {
        "text 3" => internal_error(),
        "text 4" => Err(DocumentError { code: "TextSizeLimitExceededException".into(), retriable: false }),
        _ => Ok(scores()),
    });
    let (summary, all) = score(Arc::clone(&stage) as _, numbered(30), &options()).await;
    assert_eq!(counts(summary), BatchSummary { taken: 30, scored: 28, failed: 2, ..BatchSummary::default() });
    let of = |wanted| all.iter().find(|(tag, _)| *tag == wanted).unwrap().1.clone();
    assert_eq!(of(3), failed("InternalServerException", 5));
    assert_eq!(of(4), failed("TextSizeLimitExceededException", 1));
    assert_eq!((stage.times_sent("text 3"), stage.times_sent("text 4")), (5, 1));
}

#[tokio::test(start_paused = true)]
async fn the_same_text_is_sent_once_whether_on_its_way_or_known() {
    let stage = Stage::new(|text, _| {
        if text == "bad" { Err(DocumentError { code: "x".into(), retriable: false }) } else { Ok(scores()) }
    });
    let early = stream::iter((0..50).map(|key| item(key, if key % 10 == 9 { "bad" } else { "yes" })));
    let late = stream::once(async {
        tokio::time::sleep(Duration::from_mins(1)).await;
        item(50, "yes")
    });
    let other = stream::iter([in_language(51, "es", "yes"), item(52, "bad")]);
    let (summary, _) = score(Arc::clone(&stage) as _, early.chain(late).chain(other), &options()).await;
    assert_eq!(
        counts(summary),
        BatchSummary { taken: 53, scored: 2, duplicates: 45, failed: 6, ..BatchSummary::default() }
    );
    assert_eq!((stage.times_sent("yes"), stage.times_sent("bad")), (2, 1), "once in each language");
}

#[tokio::test(start_paused = true)]
async fn no_more_batches_than_allowed_are_on_their_way_and_no_more_is_taken_in_than_that_needs() {
    let stage = Stage::calm();
    let taken = Arc::new(AtomicUsize::new(0));
    let counting = numbered(2_000).inspect({
        let taken = Arc::clone(&taken);
        move |_| {
            taken.fetch_add(1, Ordering::SeqCst);
        }
    });
    let options = BatchOptions { concurrency: 4, ..options() };
    let mut answered = 0;
    let summary = score_in_batches(Arc::clone(&stage) as _, counting, &options, |_, _| {
        answered += 1;
        let unanswered = taken.load(Ordering::SeqCst) - answered;
        assert!(unanswered <= 6 * 25, "{unanswered} documents held");
    })
    .await;
    assert_eq!(summary.unwrap().scored, 2_000);
    assert_eq!(stage.most_at_once.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_text_of_a_rare_language_holds_a_bounded_number_of_documents() {
    let stage = Stage::calm();
    let taken = Arc::new(AtomicUsize::new(0));
    let half_repeated = (0..50_000).map(|tag| match tag % 2 {
        0 => item(tag, format!("text {tag}")),
        _ => in_language(tag, "es", "gracias"),
    });
    let counting = stream::iter(half_repeated).inspect({
        let taken = Arc::clone(&taken);
        move |_| {
            taken.fetch_add(1, Ordering::SeqCst);
        }
    });
    let options = BatchOptions { concurrency: 4, ..options() };
    let mut answered = 0;
    let summary = score_in_batches(Arc::clone(&stage) as _, counting, &options, |_, _| {
        let held = taken.load(Ordering::SeqCst) - answered;
        assert!(held <= MOST_REPEATS + 6 * 25, "{held} documents held");
        answered += 1;
    })
    .await;
    let summary = summary.unwrap();
    assert_eq!((summary.scored, summary.duplicates), (25_001, 24_999));
    let requests = stage.batch_sizes().len();
    assert!(requests <= 25_000 / 25 + 3, "{requests} requests");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_waits_for_outcomes_is_not_waited_for() {
    let stage = Stage::calm();
    let (answered, mut answers) = tokio::sync::mpsc::unbounded_channel();
    let one_at_a_time = stream::unfold((0, &mut answers), |(key, answers)| async move {
        if key > 0 {
            answers.recv().await?;
        }
        (key < 3).then(|| (item(key, format!("text {key}")), (key + 1, answers)))
    });
    let (begun, options) = (Instant::now(), options());
    let summary = score_in_batches(Arc::clone(&stage) as _, one_at_a_time, &options, |tag, _| {
        answered.send(tag).unwrap();
    });
    assert_eq!(summary.await.unwrap().scored, 3);
    assert_eq!(stage.batch_sizes(), [1, 1, 1]);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_language_that_the_engine_lacks_fails_its_documents_unsent() {
    let stage = Stage::calm();
    let items = stream::iter([in_language(0, "tlh", "nuqneH"), item(1, "hello")]);
    let (summary, all) = score(Arc::clone(&stage) as _, items, &options()).await;
    assert_eq!(counts(summary), BatchSummary { taken: 2, scored: 1, failed: 1, ..BatchSummary::default() });
    assert_eq!(all[0], (0, Outcome::Skipped { reason: UNSUPPORTED_LANGUAGE }));
    assert_eq!(stage.batch_sizes(), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_run_after_everything_answered_was_handed_over() {
    let slow = Step::Answer.after(Duration::from_secs(2));
    let script = Script::new([Step::Answer, slow, Step::Refuse.after(Duration::from_secs(1)), Step::Refuse]);
    let service = Service::around(script, &ServiceOptions::default());
    let options = BatchOptions { halt: service.halt.clone(), ..options() };
    let (result, all) = score(service.engine, numbered(1_000), &options).await;
    assert_eq!(result.unwrap_err().reason(), "AccessDeniedException");
    assert_eq!(all.len(), 50, "what was answered before the refusal and what was still on its way");
    assert!(service.meter.read().requests <= 15);
}

#[tokio::test(start_paused = true)]
async fn a_stop_takes_no_more_and_lets_what_is_on_its_way_finish() {
    let service =
        Service::around(Script::new([Step::Answer.after(Duration::from_millis(500))]), &ServiceOptions::default());
    let options = BatchOptions { halt: service.halt.clone(), ..options() };
    tokio::spawn({
        let halt = service.halt.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(1_050)).await;
            halt.stop();
        }
    });
    let begun = Instant::now();
    let (summary, all) = score(service.engine, numbered(100_000), &options).await;
    let summary = summary.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(1_600), "{:?}", begun.elapsed());
    // Eleven requests had started in 1.05 s at 9.9 a second.
    assert_eq!((summary.stopped, summary.scored, all.len()), (true, 275, 275));
    assert_eq!(summary.taken, summary.scored + summary.unfinished);
    assert_eq!(service.meter.read().requests, 11);
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_a_hanging_request_no_longer_than_the_grace() {
    let script = Script::new([Step::Hang]);
    let options = BatchOptions { grace: Duration::from_secs(3), ..options() };
    options.halt.stop();
    let stopped_at_once = score(Arc::new(script), numbered(10), &options).await.0.unwrap();
    assert_eq!((stopped_at_once.stopped, stopped_at_once.taken), (true, 0));
    let options = BatchOptions { halt: Halt::new(), ..options };
    let begun = Instant::now();
    let halt = options.halt.clone();
    let stop = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        halt.stop();
    };
    let ((summary, _), ()) = tokio::join!(score(Arc::new(Script::new([Step::Hang])), numbered(30), &options), stop);
    assert_eq!(begun.elapsed(), Duration::from_secs(4));
    assert_eq!(summary.unwrap().unfinished, 30);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_as_a_whole_fails_its_documents_with_its_code() {
    let script = Script::new([Step::Reject("UnsupportedLanguageException")]);
    let (summary, all) = score(Arc::new(script), numbered(3), &options()).await;
    assert_eq!(summary.unwrap().failed, 3);
    assert!(all.iter().all(|(_, outcome)| *outcome == failed("UnsupportedLanguageException", 1)));
}

#[tokio::test(start_paused = true)]
async fn after_a_storm_everything_is_scored() {
    let storm = (0..40).map(|number| match number % 5 {
        0 | 3 => Step::Throttle,
        1 => Step::Fault,
        2 => Step::DocumentFails(0),
        _ => Step::Hang,
    });
    let service = Service::around(Script::new(storm.chain([Step::Answer])), &ServiceOptions::default());
    let options = BatchOptions { halt: service.halt.clone(), ..options() };
    let (summary, _) = score(service.engine, numbered(2_500), &options).await;
    assert_eq!(counts(summary), BatchSummary { taken: 2_500, scored: 2_500, ..BatchSummary::default() });
}

#[tokio::test(start_paused = true)]
async fn what_was_paid_for_is_stored_and_failures_are_not() {
    let stage = Stage::new(move |text, _| {
        let refusal = DocumentError { code: "InvalidRequest".into(), retriable: false };
        if text == "text 3" { Err(refusal) } else { Ok(scores()) }
    });
    let root = tempfile::tempdir().unwrap();
    let store = Arc::new(ScoreStore::open(root.path(), &scorer(), CacheOptions::new()).unwrap());
    let options = BatchOptions { store: Some(Arc::clone(&store)), ..options() };
    let (summary, _) = score(Arc::clone(&stage) as _, numbered(10), &options).await;
    assert_eq!(counts(summary), BatchSummary { taken: 10, scored: 9, failed: 1, ..BatchSummary::default() });
    let keys: Vec<Key> = (0..10).filter_map(|number| item(number, format!("text {number}")).id).collect();
    store.flush().unwrap();
    let stored: Vec<bool> = store.lookup(&keys).iter().map(Option::is_some).collect();
    assert_eq!(stored, (0..10).map(|number| number != 3).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn stored_scores_are_used_unless_this_run_sent_the_text_itself() {
    let stage = Stage::calm();
    let known = |key: usize, text: &str| Work { content: Content::Stored(scores()), ..item(key, text) };
    let items = stream::iter([known(0, "old"), item(1, "new"), known(2, "old"), known(3, "new")]);
    let (summary, all) = score(Arc::clone(&stage) as _, items, &options()).await;
    assert_eq!(
        counts(summary),
        BatchSummary { taken: 4, scored: 1, duplicates: 1, stored: 2, ..BatchSummary::default() }
    );
    let (cached, scored) = (Outcome::Cached(scores()), Outcome::Scored(scores()));
    let mut all = all;
    all.sort_by_key(|(tag, _)| *tag);
    assert_eq!(all, [(0, cached.clone()), (1, scored.clone()), (2, cached), (3, scored)]);
    assert_eq!((stage.times_sent("old"), stage.times_sent("new")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn texts_that_jobs_have_scored_count_as_scored_once_and_are_not_sent() {
    let stage = Stage::calm();
    let by_job = |key: usize, text: &str| Work { content: Content::Fresh(scores()), ..item(key, text) };
    let items = [by_job(0, "a"), by_job(1, "b"), by_job(2, "a"), item(3, "c"), by_job(4, "c"), by_job(5, "a")];
    let (summary, all) = score(Arc::clone(&stage) as _, stream::iter(items), &options()).await;
    let expected = BatchSummary { taken: 6, scored: 3, duplicates: 3, ..BatchSummary::default() };
    assert_eq!(counts(summary), expected);
    assert!(all.iter().all(|(_, outcome)| *outcome == Outcome::Scored(scores())), "{all:?}");
    assert_eq!((stage.times_sent("a"), stage.times_sent("c")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn units_are_counted_once_for_each_text_however_often_it_is_sent() {
    let stage = Stage::new(|_, times| if times == 1 { internal_error() } else { Ok(scores()) });
    let long = "x".repeat(301);
    let items = stream::iter([item(0, "short"), item(1, long), item(2, "short")]);
    let (summary, _) = score(Arc::clone(&stage) as _, items, &options()).await;
    assert_eq!(summary.unwrap().units, 3 + 4);
}

proptest! {
    #![proptest_config(crate::cases::usually(64))]

    /// Whatever the texts, failures, sizes and languages: one outcome for each item, and nothing sent too often.
    #[test]
    fn every_item_has_exactly_one_outcome(
        texts in prop::collection::vec((0_u8..40, 0_u8..3), 0..300),
        concurrency in 1_usize..6,
        deduplicate: bool,
        stubborn in 0_u8..6,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let stage = Stage::new(move |text, times| {
                let number: u32 = text.parse().unwrap();
                if number % 6 < u32::from(stubborn) && times <= number { internal_error() } else { Ok(scores()) }
            });
            let items = texts.iter().enumerate().map(|(key, (text, language))| {
                let item = in_language(key, ["en", "es", "tlh"][usize::from(*language)], text.to_string());
                Work { id: item.id.filter(|_| deduplicate), ..item }
            });
            let options = BatchOptions { concurrency, ..options() };
            let (summary, all) = score(Arc::clone(&stage) as _, stream::iter(items), &options).await;
            let summary = summary.unwrap();
            let mut keys: Vec<usize> = all.iter().map(|(tag, _)| *tag).collect();
            keys.sort_unstable();
            assert_eq!(keys, (0..texts.len()).collect::<Vec<_>>());
            assert_eq!(summary.taken, summary.scored + summary.duplicates + summary.failed);
            assert_eq!(summary.unfinished, 0);
            assert!(stage.batch_sizes().iter().all(|size| (1..=25).contains(size)));
            assert!(stage.most_at_once.load(Ordering::SeqCst) <= concurrency);
        });
    }
}
