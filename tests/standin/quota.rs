//! Requests per second: the shapes that a rate limit can have. What the service's is, its manual does not say,
//! so a client is to be tried against all of them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// How many requests are let through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Quota {
    /// All.
    Unlimited,
    /// A bucket of `burst` requests, refilled at `rate` a second.
    TokenBucket {
        /// Requests a second.
        rate: f64,
        /// Requests that may come at once after a pause; at least 1.
        burst: u32,
    },
    /// At most so many in any second.
    SlidingWindow(u32),
    /// At most so many from one full second of the server's clock to the next.
    FixedSecond(u32),
}

impl Quota {
    /// A token bucket.
    pub(crate) const fn bucket(rate: f64, burst: u32) -> Self {
        Self::TokenBucket { rate, burst }
    }

    /// The same shape with twice the rate: what `DetectSentiment` has beside `BatchDetectSentiment`.
    pub(crate) fn doubled(self) -> Self {
        match self {
            Self::Unlimited => Self::Unlimited,
            Self::TokenBucket { rate, burst } => Self::bucket(rate * 2.0, burst),
            Self::SlidingWindow(limit) => Self::SlidingWindow(limit * 2),
            Self::FixedSecond(limit) => Self::FixedSecond(limit * 2),
        }
    }

    /// Requests a second in the long run, if there is a limit.
    pub(crate) fn rate(self) -> Option<f64> {
        match self {
            Self::Unlimited => None,
            Self::TokenBucket { rate, .. } => Some(rate),
            Self::SlidingWindow(limit) | Self::FixedSecond(limit) => Some(f64::from(limit)),
        }
    }
}

/// A quota and what has been used of it.
#[derive(Debug)]
pub(crate) struct Gate {
    quota: Quota,
    start: Instant,
    /// Token bucket: what is left at `last`.
    tokens: f64,
    last: Instant,
    /// Sliding window: when the requests of the last second were let through.
    recent: VecDeque<Instant>,
    /// Fixed second: which one, and how many it has let through.
    second: (u64, u32),
}

impl Gate {
    /// A quota of which nothing has been used at `now`.
    pub(crate) fn new(quota: Quota, now: Instant) -> Self {
        let tokens = if let Quota::TokenBucket { burst, .. } = quota { f64::from(burst.max(1)) } else { 0.0 };
        Self { quota, start: now, tokens, last: now, recent: VecDeque::new(), second: (0, 0) }
    }

    /// The quota it keeps.
    pub(crate) const fn quota(&self) -> Quota {
        self.quota
    }

    /// Whether one more request is let through at `now`. A refused request uses nothing up.
    pub(crate) fn admits(&mut self, now: Instant) -> bool {
        match self.quota {
            Quota::Unlimited => true,
            Quota::TokenBucket { rate, burst } => self.admits_token(now, rate, f64::from(burst.max(1))),
            Quota::SlidingWindow(limit) => {
                while self.recent.front().is_some_and(|&then| now.saturating_duration_since(then) >= SECOND) {
                    self.recent.pop_front();
                }
                let admitted = self.recent.len() < limit as usize;
                if admitted {
                    self.recent.push_back(now);
                }
                admitted
            }
            Quota::FixedSecond(limit) => {
                let second = now.saturating_duration_since(self.start).as_secs();
                let used = if self.second.0 == second { self.second.1 } else { 0 };
                self.second = (second, used + u32::from(used < limit));
                used < limit
            }
        }
    }

    fn admits_token(&mut self, now: Instant, rate: f64, burst: f64) -> bool {
        let refill = now.saturating_duration_since(self.last).as_secs_f64() * rate;
        self.tokens = (self.tokens + refill).min(burst);
        self.last = now;
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of `offered` requests a second, evenly spaced, get through in `seconds`.
    fn admitted(quota: Quota, offered: u32, seconds: u32) -> u32 {
        let start = Instant::now();
        let mut gate = Gate::new(quota, start);
        let admits = |i| u32::from(gate.admits(start + SECOND * i / offered));
        (0..offered * seconds).map(admits).sum()
    }

    #[test]
    fn every_shape_lets_its_rate_through_and_no_more() {
        assert_eq!(admitted(Quota::Unlimited, 40, 10), 400);
        assert_eq!(admitted(Quota::bucket(10.0, 10), 40, 10), 109, "10 at once, then 10 a second");
        assert_eq!(admitted(Quota::SlidingWindow(10), 40, 10), 100);
        assert_eq!(admitted(Quota::FixedSecond(10), 40, 10), 100);
        assert_eq!(admitted(Quota::SlidingWindow(10), 9, 10), 90);
        assert_eq!(admitted(Quota::FixedSecond(10).doubled(), 40, 10), 200);
    }

    #[test]
    fn a_bucket_never_holds_more_than_its_burst() {
        let start = Instant::now();
        let mut gate = Gate::new(Quota::bucket(10.0, 3), start);
        let later = start + SECOND * 60;
        assert_eq!((0..10).filter(|_| gate.admits(later)).count(), 3);
    }

    #[test]
    fn a_fixed_second_allows_twice_its_limit_around_the_turn() {
        let start = Instant::now();
        let mut gate = Gate::new(Quota::FixedSecond(5), start);
        let mut at = |ms: u64| gate.admits(start + Duration::from_millis(ms));
        assert_eq!((0..20).filter(|_| at(990)).count() + (0..20).filter(|_| at(1010)).count(), 10);
    }
}
