//! Tokens a minute: a request's input and the most that it may answer are set apart when it begins, and replaced by what it
//! used when it ends. In no minute may there be more than the quota.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_mins(1);

/// What was used of a quota in the last minute.
#[derive(Debug, Default)]
pub(super) struct Minute {
    /// Number, beginning and tokens of each request.
    requests: VecDeque<(u64, Instant, u64)>,
    next: u64,
    /// All that was counted, ever.
    pub(super) counted: u64,
    pub(super) most: u64,
}

impl Minute {
    fn used(&mut self, now: Instant) -> u64 {
        while self.requests.front().is_some_and(|(_, began, _)| now.saturating_duration_since(*began) >= MINUTE) {
            self.requests.pop_front();
        }
        self.requests.iter().map(|(_, _, tokens)| tokens).sum()
    }

    /// Sets tokens apart; `None` if they pass `quota`.
    pub(super) fn reserve(&mut self, tokens: u64, quota: Option<u64>, now: Instant) -> Option<u64> {
        let used = self.used(now) + tokens;
        if quota.is_some_and(|quota| used > quota) {
            return None;
        }
        self.most = self.most.max(used);
        self.next += 1;
        self.requests.push_back((self.next, now, tokens));
        self.counted += tokens;
        Some(self.next)
    }

    /// What a request used in the end.
    pub(super) fn settle(&mut self, number: u64, tokens: u64) {
        if let Some((_, _, reserved)) = self.requests.iter_mut().find(|(known, _, _)| *known == number) {
            self.counted = self.counted + tokens - *reserved;
            *reserved = tokens;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_apart_counts_until_the_request_ends_and_a_minute_after_it_began() {
        let now = Instant::now();
        let mut minute = Minute::default();
        let first = minute.reserve(600, Some(1_000), now).expect("there is room");
        assert_eq!(minute.reserve(500, Some(1_000), now), None);
        minute.settle(first, 450);
        assert!(minute.reserve(500, Some(1_000), now).is_some());
        assert_eq!(minute.reserve(600, Some(1_000), now + MINUTE / 2), None);
        assert!(minute.reserve(600, Some(1_000), now + MINUTE).is_some());
        assert_eq!((minute.counted, minute.most), (1_550, 950));
    }
}
