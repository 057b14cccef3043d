//! How fast to send, judged by what comes back throttled. Pure: told the time, does no waiting.
//!
//! Outcomes are judged in windows of a few dozen. Three cases must be told apart:
//!
//! - **Clean**: below the last known ceiling the rate climbs quickly, near it slowly, past it in steps that double
//!   (after CUBIC, RFC 9438: concave towards the last ceiling, convex beyond).
//! - **Overload**: throttling because of the rate. What got through *is* the quota, so the rate is cut to just
//!   below it, which ends the throttling, and the ceiling is remembered.
//! - **Ambient throttling**: a share of requests is throttled whatever the rate (a service under stress of its
//!   own, or somebody else's load). Cutting again and again would strangle the run for nothing. So a cut is an
//!   experiment: if throttling goes on although the rate fell below what got through, the rate is halved, which ends
//!   any overload; if the share stays even then, the old rate comes back and that share is tolerated for a while.
//!   (Rate control by comparing what two rates brought: Dong et al., "PCC: Re-architecting Congestion Control for
//!   Consistent High Performance", NSDI 2015.)
//!
//! Outcomes of requests that were sent before the last cut are not counted: they say what is known already.

use std::time::Duration;

use tokio::time::Instant;

/// Share of the told rate that is aimed at. At 20 requests/s the 21st then starts 15 ms after the second is over,
/// which is what arrivals may jitter by before a service that counts exactly throttles one.
const HEADROOM: f64 = 0.985;
/// After an overload, the rate is this share of what got through.
const BELOW_THROUGH: f64 = 0.95;
/// At first it is only cut to this share of the last rate that was clean, should that be more.
const BELOW_CLEAN: f64 = 0.97;
/// Below the ceiling the rate grows by this factor a window.
const CLIMB: f64 = 1.2;
/// The first step past a known ceiling, as a share of the rate; each clean window doubles it.
const FIRST_PROBE: f64 = 0.01;
/// No step past the ceiling is larger than this.
const LARGEST_PROBE: f64 = 0.16;
/// A larger share of throttled requests is never taken for ambient: the service is in trouble, and is left alone.
const MOST_AMBIENT: f64 = 0.5;
/// Short of that, the rate is never cut below this share of the most that got through lately: a quota does not
/// shrink from one moment to the next, while a chain of unlucky windows would halve the rate again and again.
const LEAST_OF_THROUGH: f64 = 0.8;
/// Throttling at less than this share of what got through lately has nothing to do with the rate.
const FAR_BELOW: f64 = 0.7;
/// What of the throttled share must stay at half the rate for it to be ambient. Under overload none would; of an
/// ambient one so much stays in all but a few of a hundred tests.
const STAYS: f64 = 0.35;
/// Weight of one more window in the tolerated share.
const AMBIENT_LEARNS: f64 = 0.2;
/// Throttled requests that a test waits for, if cutting did not help.
const EXPECTED_IN_TEST: f64 = 7.0;
/// How long a tolerated share of throttling, or the most that got through, is believed in.
const BELIEVED: Duration = Duration::from_mins(2);
/// The rate never falls below this many requests a second, or the told rate where that is lower.
const LEAST_RATE: f64 = 0.5;

/// Decides the rate of one stream of requests.
#[derive(Debug)]
pub(super) struct Governor {
    /// The told rate less the headroom, in requests a second.
    limit: f64,
    rate: f64,
    /// The highest rate that is known, or hoped, to be allowed.
    ceiling: f64,
    /// The last rate at which nothing was throttled, until it was used for a cut.
    clean: Option<f64>,
    /// Share of requests that is throttled whatever the rate, and since when that is believed.
    ambient: Option<(f64, Instant)>,
    /// The most requests a second that got through, and when.
    most_through: Option<(f64, Instant)>,
    phase: Phase,
    probe: f64,
    cuts: u64,
    window: Window,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Nothing is in doubt.
    Steady,
    /// The rate was cut; whether that helped is being seen.
    Testing {
        /// The rate before the first cut.
        before: f64,
        /// What was throttled from the window that made the first cut on.
        seen: Tally,
        /// How many windows the rate has been half of that, because the first cut did not help; none at first.
        halved: u32,
    },
}

/// Outcomes, and how many of them were throttled.
#[derive(Debug, Clone, Copy)]
struct Tally {
    outcomes: u32,
    throttled: u32,
}

impl Tally {
    fn and(self, window: Window) -> Self {
        Self { outcomes: self.outcomes + window.outcomes, throttled: self.throttled + window.throttled }
    }

    fn share(self) -> f64 {
        f64::from(self.throttled) / f64::from(self.outcomes.max(1))
    }
}

#[derive(Debug, Clone, Copy)]
struct Window {
    /// When the first outcome came in.
    began: Instant,
    outcomes: u32,
    throttled: u32,
    /// Outcomes a second, which are fewer than the rate where the requests in flight are what limits it.
    arrived: f64,
}

impl Window {
    fn at(began: Instant) -> Self {
        Self { began, outcomes: 0, throttled: 0, arrived: f64::INFINITY }
    }

    fn share(&self) -> f64 {
        Tally { outcomes: self.outcomes, throttled: self.throttled }.share()
    }
}

impl Governor {
    pub(super) fn new(told: f64, now: Instant) -> Self {
        let limit = told * HEADROOM;
        Self {
            limit,
            rate: limit,
            ceiling: limit,
            clean: None,
            ambient: None,
            most_through: None,
            phase: Phase::Steady,
            probe: FIRST_PROBE,
            cuts: 0,
            window: Window::at(now),
        }
    }

    /// Requests a second.
    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    /// How often the rate was cut or put back: a request belongs to the count it was sent under.
    pub(super) fn cuts(&self) -> u64 {
        self.cuts
    }

    /// Takes in what became of a request that was sent under `cut`.
    pub(super) fn record(&mut self, cut: u64, throttled: bool, now: Instant) {
        if cut != self.cuts {
            return;
        }
        if self.window.outcomes == 0 {
            self.window = Window::at(now);
        }
        let lasted = now.saturating_duration_since(self.window.began).as_secs_f64();
        self.window.arrived = f64::from(self.window.outcomes) / lasted;
        self.window.outcomes += 1;
        self.window.throttled += u32::from(throttled);
        if self.is_telling(now) {
            self.judge(now);
        }
    }

    /// Whether the window holds enough to judge by.
    fn is_telling(&self, now: Instant) -> bool {
        let Window { began, outcomes, throttled, .. } = self.window;
        let lasted = now.saturating_duration_since(began);
        let enough = match self.phase {
            Phase::Testing { seen, .. } if throttled == 0 => (EXPECTED_IN_TEST / 2.0 / seen.share()).clamp(20.0, 60.0),
            Phase::Testing { seen, .. } => (EXPECTED_IN_TEST / seen.share()).clamp(20.0, 120.0),
            Phase::Steady if self.rate < self.ceiling * BELOW_THROUGH => 10.0,
            // A stray one may be the first of several: look on for longer.
            Phase::Steady if throttled == 1 => 60.0,
            Phase::Steady => 20.0,
        };
        (f64::from(outcomes) >= enough && lasted >= Duration::from_secs(1))
            || (outcomes >= 20 && throttled * 2 > outcomes && lasted >= Duration::from_millis(500))
            || (outcomes >= 3 && throttled == 0 && lasted >= Duration::from_secs(5))
    }

    fn judge(&mut self, now: Instant) {
        let window = std::mem::replace(&mut self.window, Window::at(now));
        let is_fresh = |(_, since): &(f64, Instant)| now.saturating_duration_since(*since) < BELIEVED;
        self.ambient = self.ambient.filter(is_fresh);
        self.most_through = self.most_through.filter(is_fresh);
        self.note_through(window, now);
        let excess = f64::from(window.throttled) > self.tolerated(window.outcomes);
        match self.phase {
            Phase::Steady if excess => match self.allowed_lately() {
                // So much more got through a moment ago that this is no overload.
                Some(through) => self.tolerate(window.share(), through / (1.0 - window.share()), now),
                None => self.test(window),
            },
            Phase::Steady => self.grow(window),
            Phase::Testing { .. } if window.share() > MOST_AMBIENT => {
                self.clean = None;
                self.test(window);
            }
            Phase::Testing { .. } if !excess => {
                self.phase = Phase::Steady;
                self.grow(window);
            }
            Phase::Testing { before, seen, halved: 0 } => self.test_deeply(before, seen, window),
            Phase::Testing { before, seen, .. } if window.share() >= STAYS * seen.share() => {
                self.tolerate(seen.and(window).share(), before, now);
            }
            // Neither the one nor the other: once more.
            Phase::Testing { before, seen, halved: 1 } => self.phase = Phase::Testing { before, seen, halved: 2 },
            Phase::Testing { .. } => {
                // Overload, and even half the rate was too much: what got through before no longer counts.
                self.clean = None;
                self.most_through = Some((self.through(window), now));
                self.test(window);
            }
        }
    }

    /// The most requests a second that got through lately, if this rate is far below.
    fn allowed_lately(&self) -> Option<f64> {
        self.most_through.map(|(most, _)| most).filter(|most| self.rate < most * FAR_BELOW)
    }

    /// Cuts the rate to below what got through, and waits to see whether that helps.
    fn test(&mut self, window: Window) {
        let seen = Tally { outcomes: window.outcomes, throttled: window.throttled };
        self.phase = Phase::Testing { before: self.rate, seen, halved: 0 };
        self.cut(window);
    }

    /// Halves the rate, where any overload would end.
    fn test_deeply(&mut self, before: f64, seen: Tally, window: Window) {
        self.phase = Phase::Testing { before, seen: seen.and(window), halved: 1 };
        self.clean = None;
        self.ceiling = self.through(window);
        self.rate = (before / 2.0).min(self.ceiling * BELOW_THROUGH).max(LEAST_RATE.min(self.limit));
        self.cuts += 1;
    }

    /// Throttled requests that a window may hold without meaning anything: a stray one, and the ambient share with
    /// three standard deviations of a binomial count. A run judges hundreds of windows, and each cut costs it seconds.
    fn tolerated(&self, outcomes: u32) -> f64 {
        let share = self.ambient.map_or(0.0, |(share, _)| share);
        let expected = f64::from(outcomes) * share;
        expected + 3.0 * (expected * (1.0 - share)).sqrt() + 1.0
    }

    /// Requests a second that got through in a window.
    fn through(&self, window: Window) -> f64 {
        self.rate.min(window.arrived) * (1.0 - window.share())
    }

    fn note_through(&mut self, window: Window, now: Instant) {
        if window.share() > MOST_AMBIENT {
            self.most_through = None;
        } else if now.saturating_duration_since(window.began) >= Duration::from_secs(1) {
            let through = self.through(window);
            if self.most_through.is_none_or(|(most, _)| through >= most) {
                self.most_through = Some((through, now));
            }
        }
    }

    fn cut(&mut self, window: Window) {
        let through = self.through(window);
        let lately = self.most_through.map_or(0.0, |(most, _)| most * LEAST_OF_THROUGH);
        let clean = self.clean.take().unwrap_or(0.0).min(self.rate);
        // Never to less than half at once: a window full of throttling says little of where the quota lies.
        let least = (self.rate / 2.0).max(lately.min(self.rate)).max(LEAST_RATE.min(self.limit));
        if through >= self.rate / 2.0 {
            self.ceiling = through.max(clean);
        }
        self.rate = (through * BELOW_THROUGH).max(clean * BELOW_CLEAN).max(least);
        // The more was throttled, the less is known of where the quota lies.
        self.probe = FIRST_PROBE.max(window.share() / 10.0);
        self.cuts += 1;
    }

    fn tolerate(&mut self, share: f64, rate: f64, now: Instant) {
        self.ambient = Some((share, now));
        self.phase = Phase::Steady;
        self.rate = rate.min(self.limit);
        // What was learned of a ceiling was learned from throttling that had nothing to do with it.
        self.ceiling = self.limit;
        self.cuts += 1;
    }

    fn grow(&mut self, window: Window) {
        if window.throttled > 0 && self.ambient.is_none() {
            // A stray one: no reason to slow down, nor to speed up.
            return;
        }
        if let Some((share, _)) = &mut self.ambient {
            *share += AMBIENT_LEARNS * (window.share() - *share);
        }
        self.clean = Some(self.rate);
        if self.rate < self.ceiling * BELOW_THROUGH {
            self.rate = (self.rate * CLIMB).min(self.ceiling * BELOW_THROUGH);
        } else {
            self.rate *= 1.0 + self.probe;
            self.probe = (self.probe * 2.0).min(LARGEST_PROBE);
        }
        self.rate = self.rate.min(self.limit);
        self.ceiling = self.ceiling.max(self.rate);
    }
}
