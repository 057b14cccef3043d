//! What goes wrong, and when: a list of faults for the next requests, then shares drawn from the seed, both only
//! while the storm lasts.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use super::service::ServiceError;

/// What becomes of one request that the quota let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing: it is answered.
    None,
    /// An error instead of an answer; nothing is billed.
    Refuse(ServiceError),
    /// The connection is reset before anything is scored.
    Reset,
    /// Scored and billed, then the connection is reset before the answer.
    ResetAfterScoring,
    /// No answer, for as long as the client keeps the connection open; nothing is billed.
    Hang,
    /// Answered after so much more time.
    Slow(Duration),
    /// Scored and billed, but the connection closes in the middle of the body.
    Truncate,
    /// Scored and billed, but status 200 brings a body that is not JSON.
    Garbage,
    /// Scored and billed, but status 200 brings JSON of another shape.
    WrongShape,
    /// Answered with `ResultList` in another order.
    Shuffle,
}

impl Fault {
    /// The name under which it is counted.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Refuse(_) => "refuse",
            Self::Reset => "reset",
            Self::ResetAfterScoring => "reset_after_scoring",
            Self::Hang => "hang",
            Self::Slow(_) => "slow",
            Self::Truncate => "truncate",
            Self::Garbage => "garbage",
            Self::WrongShape => "wrong_shape",
            Self::Shuffle => "shuffle",
        }
    }
}

/// What goes wrong, as shares of 1. Shares of requests are drawn together: their sum is the share that goes wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Faults {
    /// Faults for the next requests, one each, before any share is drawn.
    pub(crate) script: VecDeque<Fault>,
    /// Requests answered with `ThrottlingException` though the quota let them through.
    pub(crate) throttled: f64,
    /// Requests answered with status 500.
    pub(crate) failed: f64,
    /// Requests answered with status 503 and no body that an AWS service would send.
    pub(crate) unavailable: f64,
    /// Connections reset, every second of them after scoring.
    pub(crate) reset: f64,
    /// Requests never answered.
    pub(crate) hung: f64,
    /// Requests answered late, by `slowness`.
    pub(crate) slow: f64,
    /// How late a slow answer is.
    pub(crate) slowness: Duration,
    /// Answers cut off in the middle.
    pub(crate) truncated: f64,
    /// Answers that can't be read, every second of them JSON of another shape.
    pub(crate) garbage: f64,
    /// Answers in another order.
    pub(crate) shuffled: f64,
    /// Documents that fail alone with `InternalServerException` in `ErrorList`.
    pub(crate) documents_failed: f64,
    /// Documents that appear in neither list.
    pub(crate) documents_missing: f64,
    /// A document that contains this fails alone, every time, storm or not.
    pub(crate) poison: Option<String>,
    /// Every request gets this error while the storm lasts.
    pub(crate) refusal: Option<ServiceError>,
    /// When all of the above but `poison` holds.
    pub(crate) storm: Storm,
}

/// When faults happen; the default is always. Both limits hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Storm {
    /// Requests, counted from 0 since the start or the last change of faults; `None` for all.
    pub(crate) requests: Option<Range<u64>>,
    /// Time since the first request after the start or the last change of faults; `None` for all.
    pub(crate) time: Option<Range<Duration>>,
}

impl Storm {
    /// The first `requests` requests.
    pub(crate) const fn first(requests: u64) -> Self {
        Self { requests: Some(0..requests), time: None }
    }

    /// From the first request on for `time`.
    pub(crate) const fn lasting(time: Duration) -> Self {
        Self { requests: None, time: Some(Duration::ZERO..time) }
    }

    fn rages(&self, request: u64, elapsed: Duration) -> bool {
        self.requests.as_ref().is_none_or(|range| range.contains(&request))
            && self.time.as_ref().is_none_or(|range| range.contains(&elapsed))
    }
}

/// What becomes of one document of an answered request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is in `ResultList`.
    Scored,
    /// It is in `ErrorList` with `InternalServerException`.
    Failed,
    /// It is in `ErrorList` with `TextSizeLimitExceededException`.
    TooLarge,
    /// It is in neither.
    Missing,
}

impl Faults {
    /// The fault of the `request`th request, `elapsed` after the first. Takes one entry off the script.
    pub(crate) fn next(&mut self, request: u64, elapsed: Duration, random: &mut fastrand::Rng) -> Fault {
        if !self.storm.rages(request, elapsed) {
            return Fault::None;
        }
        if let Some(fault) = self.script.pop_front() {
            return fault;
        }
        if let Some(refusal) = &self.refusal {
            return Fault::Refuse(refusal.clone());
        }
        self.draw(random)
    }

    fn draw(&self, random: &mut fastrand::Rng) -> Fault {
        let shares = [
            (self.throttled, Fault::Refuse(ServiceError::throttling())),
            (self.failed, Fault::Refuse(ServiceError::internal())),
            (self.unavailable, Fault::Refuse(ServiceError::unavailable())),
            (self.reset / 2.0, Fault::Reset),
            (self.reset / 2.0, Fault::ResetAfterScoring),
            (self.hung, Fault::Hang),
            (self.slow, Fault::Slow(self.slowness)),
            (self.truncated, Fault::Truncate),
            (self.garbage / 2.0, Fault::Garbage),
            (self.garbage / 2.0, Fault::WrongShape),
            (self.shuffled, Fault::Shuffle),
        ];
        let mut point = random.f64();
        for (share, fault) in shares {
            if point < share {
                return fault;
            }
            point -= share;
        }
        Fault::None
    }

    /// What becomes of a document of the `request`th request.
    pub(crate) fn fate(&self, text: &str, request: u64, elapsed: Duration, random: &mut fastrand::Rng) -> Fate {
        if self.poison.as_ref().is_some_and(|poison| text.contains(poison.as_str())) {
            return Fate::Failed;
        }
        if self.documents_failed + self.documents_missing == 0.0 || !self.storm.rages(request, elapsed) {
            return Fate::Scored;
        }
        let point = random.f64();
        if point < self.documents_failed {
            Fate::Failed
        } else if point < self.documents_failed + self.documents_missing {
            Fate::Missing
        } else {
            Fate::Scored
        }
    }
}
