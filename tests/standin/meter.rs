//! What is recorded: requests, refusals, documents, characters and the units that the service would bill.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::faults::Fate;
use super::scorer::READ_CHARS;
use super::service::{Accepted, Operation, ServiceError};

/// Characters in one unit.
const UNIT_CHARS: usize = 100;
/// Units charged at least.
const MINIMUM_UNITS: u64 = 3;

/// What a stand-in has seen. A document is *billed* when it was scored, even if the answer then got lost, and
/// *answered* when its scores
/// were sent in full.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Statistics {
    /// Connections accepted.
    pub(crate) connections: u64,
    /// Requests read in full, whatever became of them; `GET /stats` is none.
    pub(crate) requests: u64,
    /// Requests for `BatchDetectSentiment`.
    pub(crate) batch_requests: u64,
    /// Requests for `DetectSentiment`.
    pub(crate) single_requests: u64,
    /// Requests answered with status 200 and an intact body.
    pub(crate) answered: u64,
    /// Requests refused because of their rate, by the quota or by a fault.
    pub(crate) throttled: u64,
    /// Error answers by code, throttling included.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Faults that were not error answers, by name.
    pub(crate) faults: BTreeMap<&'static str, u64>,
    /// Documents in valid requests, throttled ones included, each time they came.
    pub(crate) documents_sent: u64,
    /// Texts among them that differ, by language.
    pub(crate) documents_distinct: u64,
    /// Documents sent after they had been sent before.
    pub(crate) sent_again: u64,
    /// Documents billed.
    pub(crate) documents_billed: u64,
    /// Documents billed after they had been billed before.
    pub(crate) billed_again: u64,
    /// Documents answered.
    pub(crate) documents_answered: u64,
    /// Documents answered after they had been answered before.
    pub(crate) answered_again: u64,
    /// Documents of answered requests that were put into `ErrorList`, or into neither list.
    pub(crate) documents_failed: u64,
    /// Characters of billed documents.
    pub(crate) chars: u64,
    /// Units, the minimum held by each document: the upper bound of the bill.
    pub(crate) units: u64,
    /// Units, the minimum held by each request over the sum of its documents' characters: the lower bound.
    pub(crate) units_by_request: u64,
    /// Units of the documents' characters, without any minimum.
    pub(crate) units_without_minimum: u64,
    /// Characters of the longest document sent.
    pub(crate) longest_chars: u64,
    /// Bytes of the longest document sent.
    pub(crate) longest_bytes: u64,
    /// Characters past the first 500 of billed documents, which nobody read.
    pub(crate) chars_unread: u64,
    /// Documents in the fullest request.
    pub(crate) largest_batch: u64,
    /// Requests read and not yet answered, now.
    pub(crate) in_flight: u64,
    /// The most there have been at once.
    pub(crate) most_in_flight: u64,
    /// When the first request had been read, in milliseconds since the Unix epoch.
    pub(crate) first_request_ms: Option<u64>,
    /// When the last request had been read, in milliseconds since the Unix epoch.
    pub(crate) last_request_ms: Option<u64>,
    /// Seconds from the first request to the last, of any outcome.
    pub(crate) span_s: f64,
    /// Requests let through per second of `span_s`, the first not counted; 0 without a span.
    pub(crate) admitted_per_s: f64,
    /// `admitted_per_s` as a share of the batch quota; empty without a quota.
    pub(crate) quota_used: Option<f64>,
    /// Requests let through by the quota and by faults that throttle.
    pub(crate) admitted: u64,
    /// For each second since the first request: requests let through, and requests throttled.
    pub(crate) seconds: Vec<(u32, u32)>,
}

/// How often one text has come.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    sent: u32,
    billed: u32,
    answered: u32,
}

/// Keeps [`Statistics`].
#[derive(Debug, Default)]
pub(crate) struct Meter {
    statistics: Statistics,
    seen: HashMap<u64, Seen>,
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Meter {
    /// What has been recorded so far; `rate` is the batch quota in requests a second.
    pub(crate) fn statistics(&self, rate: Option<f64>) -> Statistics {
        let mut statistics = self.statistics.clone();
        if let (Some(first), Some(last)) = (self.first, self.last) {
            statistics.span_s = (last - first).as_secs_f64();
        }
        if statistics.span_s > 0.0 {
            statistics.admitted_per_s = statistics.admitted.saturating_sub(1) as f64 / statistics.span_s;
            statistics.quota_used = rate.map(|rate| statistics.admitted_per_s / rate);
        }
        statistics
    }

    /// Forgets everything but what is still in flight.
    pub(crate) fn forget(&mut self) {
        let in_flight = self.statistics.in_flight;
        *self = Self::default();
        self.statistics.in_flight = in_flight;
    }

    /// A client connected.
    pub(crate) fn connected(&mut self) {
        self.statistics.connections += 1;
    }

    /// A request has been read.
    pub(crate) fn arrived(&mut self, now: Instant) {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ms = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
        let statistics = &mut self.statistics;
        statistics.requests += 1;
        statistics.first_request_ms.get_or_insert(now_ms);
        statistics.last_request_ms = Some(now_ms);
        statistics.in_flight += 1;
        statistics.most_in_flight = statistics.most_in_flight.max(statistics.in_flight);
        self.first.get_or_insert(now);
        self.last = Some(now);
    }

    /// An arrived request is over, whatever became of it.
    pub(crate) fn departed(&mut self) {
        self.statistics.in_flight = self.statistics.in_flight.saturating_sub(1);
    }

    /// A request was let through, or throttled.
    pub(crate) fn metered(&mut self, now: Instant, admitted: bool) {
        let first = self.first.unwrap_or(now);
        let second = usize::try_from(now.saturating_duration_since(first).as_secs()).unwrap_or(0);
        let seconds = &mut self.statistics.seconds;
        seconds.resize(seconds.len().max(second + 1), (0, 0));
        let (through, throttled) = &mut seconds[second];
        *(if admitted { through } else { throttled }) += 1;
        *(if admitted { &mut self.statistics.admitted } else { &mut self.statistics.throttled }) += 1;
    }

    /// An error answer.
    pub(crate) fn refused(&mut self, error: &ServiceError) {
        let code = if error.code.is_empty() { format!("status {}", error.status) } else { error.code.clone() };
        *self.statistics.refused.entry(code).or_default() += 1;
    }

    /// Any other fault.
    pub(crate) fn fault(&mut self, name: &'static str) {
        *self.statistics.faults.entry(name).or_default() += 1;
    }

    /// A valid request, before its rate is looked at.
    pub(crate) fn sent(&mut self, request: &Accepted) {
        let statistics = &mut self.statistics;
        match request.operation {
            Operation::Batch => statistics.batch_requests += 1,
            Operation::Single => statistics.single_requests += 1,
        }
        statistics.largest_batch = statistics.largest_batch.max(request.documents.len() as u64);
        for text in &request.documents {
            statistics.documents_sent += 1;
            statistics.longest_chars = statistics.longest_chars.max(text.chars().count() as u64);
            statistics.longest_bytes = statistics.longest_bytes.max(text.len() as u64);
            let seen = self.seen.entry(key(&request.language, text)).or_default();
            seen.sent += 1;
            statistics.sent_again += u64::from(seen.sent > 1);
        }
        statistics.documents_distinct = self.seen.len() as u64;
    }

    /// A request whose documents with [`Fate::Scored`] have been scored.
    pub(crate) fn billed(&mut self, request: &Accepted, fates: &[Fate]) {
        let statistics = &mut self.statistics;
        let mut request_chars = 0;
        for text in scored(request, fates) {
            let chars = text.chars().count();
            request_chars += chars;
            statistics.documents_billed += 1;
            statistics.chars += chars as u64;
            statistics.chars_unread += chars.saturating_sub(READ_CHARS) as u64;
            statistics.units += units(chars).max(MINIMUM_UNITS);
            statistics.units_without_minimum += units(chars);
            let seen = self.seen.entry(key(&request.language, text)).or_default();
            seen.billed += 1;
            statistics.billed_again += u64::from(seen.billed > 1);
        }
        if request_chars > 0 {
            statistics.units_by_request += units(request_chars).max(MINIMUM_UNITS);
        }
    }

    /// A request whose answer is being sent in full.
    pub(crate) fn answered(&mut self, request: &Accepted, fates: &[Fate]) {
        let statistics = &mut self.statistics;
        statistics.answered += 1;
        statistics.documents_failed += fates.iter().filter(|&&fate| fate != Fate::Scored).count() as u64;
        for text in scored(request, fates) {
            statistics.documents_answered += 1;
            let seen = self.seen.entry(key(&request.language, text)).or_default();
            seen.answered += 1;
            statistics.answered_again += u64::from(seen.answered > 1);
        }
    }
}

fn scored<'a>(request: &'a Accepted, fates: &'a [Fate]) -> impl Iterator<Item = &'a String> {
    request.documents.iter().zip(fates).filter(|(_, fate)| **fate == Fate::Scored).map(|(text, _)| text)
}

fn units(chars: usize) -> u64 {
    chars.div_ceil(UNIT_CHARS) as u64
}

fn key(language: &str, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (language, text).hash(&mut hasher);
    hasher.finish()
}
