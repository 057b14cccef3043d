//! Whole runs against simulated services, in virtual time: how much of a quota is used and how much is throttled.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::Paced;
use crate::engine::breaker::{Advice, Breaker, Health, Patience};
use crate::engine::requests::Metered;
use crate::engine::retry::{RetryPolicy, Retrying};
use crate::engine::script::{batch, scores};
use crate::engine::{
    Answer, Batch, Engine, EngineError, ErrorKind, Halt, Languages, Location, Meter, Price, Profile, Requests,
};
use crate::sentiment::{Granularity, Limits};

/// How a simulated service counts requests against its quota.
#[derive(Debug, Clone, Copy)]
enum Counting {
    /// So many tokens at most, refilled evenly.
    Bucket { burst: f64 },
    /// No more than a second's quota in any second.
    Sliding,
    /// No more than a second's quota in each second of the service's clock.
    Fixed,
}

struct Service {
    quota: f64,
    counting: Counting,
    /// Share of requests throttled, and failed, whatever the rate.
    ambient: f64,
    faults: f64,
    begun: Instant,
    state: Mutex<State>,
    profile: Profile,
}

struct State {
    random: fastrand::Rng,
    tokens: f64,
    refilled: Instant,
    accepted: VecDeque<Instant>,
    second: u64,
    in_second: f64,
}

impl Service {
    fn new(quota: f64, counting: Counting, seed: u64) -> Self {
        let begun = Instant::now();
        let tokens = if let Counting::Bucket { burst } = counting { burst } else { 0.0 };
        let random = fastrand::Rng::with_seed(seed);
        let state = State { random, tokens, refilled: begun, accepted: VecDeque::new(), second: 0, in_second: 0.0 };
        let profile = Profile {
            name: "simulated",
            kind: "simulated",
            model: String::new(),
            place: None,
            location: Location::Remote,
            is_stored: true,
            one_line: false,
            languages: Languages::Listed(vec!["en"]),
            limits: Limits { document_bytes: 5000, batch_documents: 25 },
            granularity: Granularity::Segment,
            price: Price::Free,
            concurrency: 32,
            requests_per_second: None,
            monthly: 0.0,
            start_up: Duration::ZERO,
            texts_go: "nowhere".into(),
            model_changed_by: "nobody".into(),
        };
        Self { quota, counting, ambient: 0.0, faults: 0.0, begun, state: Mutex::new(state), profile }
    }

    fn latency(&self, share: f64) -> Duration {
        let jitter = self.state.lock().unwrap().random.f64();
        Duration::from_secs_f64(0.180 * share * (0.85 + 0.3 * jitter))
    }

    fn admits(&self) -> bool {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap();
        if state.random.f64() < self.ambient {
            return false;
        }
        match self.counting {
            Counting::Bucket { burst } => {
                let refill = now.duration_since(state.refilled).as_secs_f64() * self.quota;
                state.tokens = (state.tokens + refill).min(burst);
                state.refilled = now;
                let admitted = state.tokens >= 1.0;
                state.tokens -= if admitted { 1.0 } else { 0.0 };
                admitted
            }
            Counting::Sliding => {
                while state.accepted.front().is_some_and(|at| now.duration_since(*at) >= Duration::from_secs(1)) {
                    state.accepted.pop_front();
                }
                let admitted = (state.accepted.len() as f64) < self.quota;
                if admitted {
                    state.accepted.push_back(now);
                }
                admitted
            }
            Counting::Fixed => {
                // The service's seconds do not begin with ours.
                let second = (now.duration_since(self.begun) + Duration::from_millis(370)).as_secs();
                if second != state.second {
                    state.second = second;
                    state.in_second = 0.0;
                }
                let admitted = state.in_second < self.quota;
                state.in_second += if admitted { 1.0 } else { 0.0 };
                admitted
            }
        }
    }
}

#[async_trait]
impl Engine for Service {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        tokio::time::sleep(self.latency(0.3)).await;
        let admitted = self.admits();
        tokio::time::sleep(self.latency(0.7)).await;
        if !admitted {
            return Err(EngineError::new(ErrorKind::Throttled, "simulated"));
        }
        if self.state.lock().unwrap().random.f64() < self.faults {
            return Err(EngineError::new(ErrorKind::Transient, "simulated"));
        }
        Ok(batch.documents.iter().map(|_| Ok(scores())).collect())
    }
}

struct Run {
    seconds: f64,
    requests: Requests,
}

impl Run {
    fn used(&self, quota: f64) -> f64 {
        self.requests.answered as f64 / self.seconds / quota
    }

    fn throttled(&self) -> f64 {
        self.requests.throttles as f64 / self.requests.requests as f64
    }
}

async fn run(service: Service, set: f64, requests: usize) -> Run {
    let (meter, halt) = (Meter::new(), Halt::new());
    let seed = service.state.lock().unwrap().random.u64(..);
    let random = Mutex::new(fastrand::Rng::with_seed(seed));
    let paced = Paced::new(Metered::new(service, Arc::clone(&meter)), set, halt.clone());
    let health = Health::new(Patience::default());
    let watched = Breaker::new(paced, Arc::clone(&health), halt.clone(), Advice::default());
    let engine = Retrying::new(watched, RetryPolicy::default(), health, Arc::clone(&meter), halt)
        .with_jitter(Box::new(move || random.lock().unwrap().f64()));
    let one = batch(1);
    let begun = Instant::now();
    let answered =
        futures_util::stream::iter(0..requests).map(|_| engine.score(&one)).buffer_unordered(32).collect::<Vec<_>>();
    assert!(answered.await.iter().all(Result::is_ok));
    Run { seconds: begun.elapsed().as_secs_f64(), requests: meter.read() }
}

const WAYS: [Counting; 4] =
    [Counting::Bucket { burst: 2.0 }, Counting::Bucket { burst: 20.0 }, Counting::Sliding, Counting::Fixed];

#[tokio::test(start_paused = true)]
async fn set_to_the_quota_it_uses_the_quota_and_is_not_throttled() {
    for counting in WAYS {
        for seed in 0..6 {
            let run = run(Service::new(20.0, counting, seed), 20.0, 300).await;
            let (used, throttled) = (run.used(20.0), run.throttled());
            assert!(used >= 0.97 && throttled <= 0.01, "{counting:?} {seed}: used {used:.3}, throttled {throttled:.3}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn set_to_four_times_the_quota_it_finds_the_quota() {
    for counting in WAYS {
        for seed in 0..6 {
            let run = run(Service::new(10.0, counting, seed), 40.0, 300).await;
            let (used, throttled) = (run.used(10.0), run.throttled());
            assert!(used >= 0.85 && throttled <= 0.2, "{counting:?} {seed}: used {used:.3}, throttled {throttled:.3}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_that_no_slowing_down_mends_does_not_strangle_the_run() {
    for ambient in [0.02, 0.2, 0.3] {
        let mut sent = 0.0;
        for seed in 0..6 {
            let service = Service { ambient, ..Service::new(1000.0, Counting::Sliding, seed) };
            let run = run(service, 10.0, 600).await;
            let rate = run.requests.requests as f64 / run.seconds;
            assert!(rate >= 6.0, "{ambient} {seed}: sent {rate:.1} requests/s of 10");
            sent += rate / 6.0;
        }
        assert!(sent >= 8.0, "{ambient}: sent {sent:.1} requests/s of 10");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_through_a_storm_takes_less_than_twice_the_time_of_a_calm_one() {
    for (rate, requests) in [(10.0, 600), (20.0, 570)] {
        let mut ratios = Vec::new();
        for seed in 0..15 {
            let counting = if seed % 2 == 0 { Counting::Sliding } else { Counting::Bucket { burst: rate / 4.0 } };
            let calm = run(Service::new(rate, counting, seed), rate, requests).await;
            // As benches/storm.py: 20 % throttled; 8 % failed, 4 % reset and 2 % garbage are all transient. The least
            // that can be is 1.52 times.
            let stormy = Service { ambient: 0.2, faults: 0.14, ..Service::new(rate, counting, seed) };
            ratios.push(run(stormy, rate, requests).await.seconds / calm.seconds);
        }
        ratios.sort_by(f64::total_cmp);
        assert!(ratios[7] <= 1.65 && ratios[14] <= 2.0, "{rate}: times the calm run's time: {ratios:.2?}");
    }
}
