//! How fast to send, judged by what comes back throttled. Pure: is given the time, never waits.
//!
//! Outcomes are judged in windows of a second or more. After a window without throttling the rate grows by a fifth; after
//! one with throttling it falls to a floor: somewhat more than the most requests a second that the service let through in
//! the last windows. Every fourth window with throttling is a probe, sent half as fast again:
//!
//! - **A quota** lets no more through. The rate then stays at the mean of what got through, grows by little, and is
//!   probed half as often, down to every sixteenth window.
//! - **Ambient throttling**, a share of requests whatever the rate (a service under stress of its own, or somebody
//!   else's load), lets more through, which raises the floor; what got through before must not be followed down. Taken
//!   for a quota by chance, it shows itself by a share that stays throttled at the lower rate.
//!
//! Additive increase and multiplicative decrease without such a floor was tried in the simulation beside this file:
//! with 20 % of the requests throttled whatever the rate, a run took 2 to 7 times a calm one's time, unless the rate
//! grew so fast that nearly half of all requests were throttled at a quarter of the rate that was set. A floor of 1.15
//! times the most, whatever a probe shows, throttled up to 30 % there; judged so it is 16 to 19 %.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Share of the rate that was set that is aimed at. At 20 requests/s the 21st then starts 15 ms after the second is
/// over, which is what arrivals may jitter by before a service that counts exactly throttles one.
const HEADROOM: f64 = 0.985;
/// After a window without throttling the rate grows by this factor.
const GROWTH: f64 = 1.2;
/// The same at the quota.
const GROWTH_AT_QUOTA: f64 = 1.03;
/// The floor, as a multiple of the most that got through lately.
const FLOOR: f64 = 1.15;
/// The same in a probe. Ambient throttling of up to 1 - 1 / 1.5 of all requests does not lower the rate.
const PROBE: f64 = 1.5;
/// A probe that lets through more than this multiple of the mean before it shows no quota. It would let through 1.5 / 1.15
/// times as much if nothing held it back, and somewhat more than before in a window that begins with a second's quota.
const MORE: f64 = 1.25;
/// Windows from one probe to the next, the least and the most: each that finds the quota again doubles them.
const PROBE_EVERY: (usize, usize) = (4, 16);
/// Windows that are "lately".
const WINDOWS: usize = 8;
/// At the quota a larger share throttled shows that it is none: what is throttled does not depend on the rate.
const AMBIENT: f64 = 0.14;
/// With a larger share throttled, a window shows nothing of a quota, and what got through before counts for less long.
const TROUBLE: f64 = 0.55;
/// The rate never falls below this many requests a second, or the rate that was set where that is lower.
const LEAST_RATE: f64 = 0.5;

/// The rate of one stream of requests.
#[derive(Debug)]
pub(super) struct Rate {
    /// The rate that was set less the headroom, in requests a second.
    limit: f64,
    now: f64,
    /// Requests a second that got through, in each of the last windows.
    through: VecDeque<f64>,
    /// What came back since the last judgement; `None` until the next outcome.
    window: Option<Window>,
    /// Windows until the next probe. The first one comes early, for the first floor rests on a single window.
    until_probe: usize,
    /// Windows from the last probe to the next.
    probe_every: usize,
    /// What got through in a second before the probe that is under way.
    before_probe: Option<f64>,
    /// Whether the last probe let no more through.
    at_quota: bool,
}

/// Outcomes since an earlier one, which is not counted: before it nothing may have been sent for long.
#[derive(Debug)]
struct Window {
    began: Instant,
    outcomes: u32,
    throttled: u32,
}

impl Window {
    /// Whether it holds enough to judge by.
    fn is_full(&self, lasted: Duration) -> bool {
        (self.outcomes >= 30 && lasted >= Duration::from_secs(1))
            || (self.outcomes >= 3 && lasted >= Duration::from_secs(5))
    }
}

impl Rate {
    /// Starts at `set` requests a second, which is also the most.
    pub(super) fn new(set: f64) -> Self {
        let limit = set * HEADROOM;
        let through = VecDeque::new();
        let (until_probe, probe_every) = (2, PROBE_EVERY.0);
        Self { limit, now: limit, through, window: None, until_probe, probe_every, before_probe: None, at_quota: false }
    }

    /// Requests a second.
    pub(super) fn now(&self) -> f64 {
        self.now
    }

    /// Takes in what became of a request.
    pub(super) fn record(&mut self, throttled: bool, now: Instant) {
        let Some(window) = &mut self.window else {
            self.window = Some(Window { began: now, outcomes: 0, throttled: 0 });
            return;
        };
        window.outcomes += 1;
        window.throttled += u32::from(throttled);
        let lasted = now.saturating_duration_since(window.began);
        if window.is_full(lasted) {
            self.judge(lasted);
        }
    }

    fn judge(&mut self, lasted: Duration) {
        let Some(window) = self.window.take() else { return };
        let through = f64::from(window.outcomes - window.throttled) / lasted.as_secs_f64();
        let share = f64::from(window.throttled) / f64::from(window.outcomes);
        self.judge_quota(through, share);
        if share > TROUBLE && !self.through.is_empty() {
            self.through.pop_back();
        } else {
            self.through.truncate(WINDOWS - 1);
            self.through.push_front(through);
        }
        // A single one means nothing: arrivals jitter.
        let rate = if window.throttled > 1 {
            self.lowered()
        } else {
            self.now * if self.at_quota { GROWTH_AT_QUOTA } else { GROWTH }
        };
        self.now = rate.clamp(LEAST_RATE.min(self.limit), self.limit);
    }

    /// Whether what is throttled is what exceeds a quota, by the latest window.
    fn judge_quota(&mut self, through: f64, share: f64) {
        // The window after a probe still holds outcomes of what the probe sent.
        let is_settled = self.until_probe < self.probe_every;
        if let Some(before) = self.before_probe.take() {
            self.at_quota = through <= before * MORE;
            self.probe_every = if self.at_quota { (self.probe_every * 2).min(PROBE_EVERY.1) } else { PROBE_EVERY.0 };
            self.until_probe = self.probe_every;
        } else if self.at_quota && is_settled && share > AMBIENT {
            self.at_quota = false;
            self.probe_every = PROBE_EVERY.0;
            self.until_probe = self.until_probe.min(PROBE_EVERY.0);
        }
    }

    /// The rate after a window with throttling.
    fn lowered(&mut self) -> f64 {
        if self.through.is_empty() {
            return self.now / 2.0;
        }
        let most = self.through.iter().copied().fold(0.0, f64::max);
        let mean = self.through.iter().sum::<f64>() / self.through.len() as f64;
        self.until_probe = self.until_probe.saturating_sub(1);
        if self.until_probe == 0 {
            self.before_probe = Some(mean);
            PROBE * most
        } else if self.at_quota {
            mean
        } else {
            FLOOR * most
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records `outcomes` one after the other, so many a second, of which every `nth` is throttled; returns the time after.
    fn record(rate: &mut Rate, outcomes: u32, a_second: f64, nth: u32, mut now: Instant) -> Instant {
        for outcome in 1..=outcomes {
            now += Duration::from_secs_f64(1.0 / a_second);
            rate.record(outcome % nth == 0, now);
        }
        now
    }

    #[test]
    fn a_service_that_throttles_everything_is_left_nearly_alone_and_comes_back() {
        let mut rate = Rate::new(20.0);
        let now = record(&mut rate, 400, 20.0, 1, Instant::now());
        assert!((rate.now() - LEAST_RATE).abs() < 1e-9, "{}", rate.now());
        record(&mut rate, 1_000, 20.0, u32::MAX, now);
        assert!((rate.now() - 20.0 * HEADROOM).abs() < 1e-9, "{}", rate.now());
        assert!((Rate::new(0.2).now() - 0.2 * HEADROOM).abs() < 1e-9);
    }

    #[test]
    fn time_in_which_nothing_is_sent_is_not_taken_for_slowness() {
        let mut rate = Rate::new(20.0);
        let mut now = Instant::now();
        for _ in 0..20 {
            // One window: 31 outcomes, of which the first only begins it, and six are throttled.
            now = record(&mut rate, 31, 25.0, 5, now) + Duration::from_mins(5);
        }
        assert!(rate.now() > 15.0, "{}", rate.now());
    }
}
