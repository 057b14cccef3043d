//! Keeps as many requests on their way as a service takes at once, where it throttles by their number.
//!
//! The number doubles until a request is throttled; then it is what was on its way without that one. From there it grows by
//! one after a while without throttling: a while that doubles each time the growth is throttled, for the service has as many
//! slots as before. A request that runs into its time limit halves the number, because it goes on running in the
//! service, and each of those that started before the halving halves it no further.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::engine::{
    Answer, Batch, Engine, EngineError, ErrorKind, Halt, MODEL_NOT_READY, MODEL_TIMEOUT, Profile, TIMEOUT,
};

/// Answered requests before the number grows by one, for each that may be on its way: the least, and the most.
const ROUNDS: (usize, usize) = (4, 256);
/// The same in all at least, once the service has throttled: a throttled one of 150 is less than one in a hundred.
const LEAST_ANSWERED: usize = 150;
/// Requests on their way at the beginning.
const FIRST: usize = 2;

/// Governs the requests of an engine.
#[derive(Debug)]
pub(super) struct InFlight<E> {
    inner: E,
    window: Mutex<Window>,
    freed: Notify,
    halt: Halt,
}

/// How many requests may be on their way. Pure: is given the time, never waits.
#[derive(Debug)]
struct Window {
    most: usize,
    limit: usize,
    in_flight: usize,
    /// Answered since the limit changed.
    answered: usize,
    rounds: usize,
    /// Whether the service has not throttled yet.
    is_doubling: bool,
    /// Whether the limit was just raised by one.
    is_trying: bool,
    halved_at: Option<Instant>,
}

/// What became of a request, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    Answered,
    Throttled,
    TimedOut,
    Other,
}

impl Came {
    fn of(result: &Result<Vec<Answer>, EngineError>) -> Self {
        let Err(error) = result else { return Self::Answered };
        match (error.kind, error.code.as_deref()) {
            // It is loading: fewer requests would not make it faster.
            (_, Some(MODEL_NOT_READY)) => Self::Other,
            (ErrorKind::Throttled, _) => Self::Throttled,
            (_, Some(TIMEOUT | MODEL_TIMEOUT)) => Self::TimedOut,
            _ => Self::Other,
        }
    }
}

impl Window {
    fn new(most: usize) -> Self {
        let most = most.max(1);
        Self {
            most,
            limit: FIRST.min(most),
            in_flight: 0,
            answered: 0,
            rounds: ROUNDS.0,
            is_doubling: true,
            is_trying: false,
            halved_at: None,
        }
    }

    fn take(&mut self) -> bool {
        let has_room = self.in_flight < self.limit;
        self.in_flight += usize::from(has_room);
        has_room
    }

    fn ended(&mut self, came: Came, began: Instant, now: Instant) {
        let was_full = self.in_flight >= self.limit;
        self.in_flight -= 1;
        match came {
            Came::Answered if was_full => self.grow(),
            Came::Throttled => self.cut(),
            Came::TimedOut if self.halved_at.is_none_or(|at| began > at) => {
                self.halved_at = Some(now);
                self.is_doubling = false;
                self.set(self.limit / 2);
            }
            Came::Answered | Came::TimedOut | Came::Other => {}
        }
    }

    fn grow(&mut self) {
        self.answered += 1;
        let enough = if self.is_doubling { 1 } else { (self.limit * self.rounds).max(LEAST_ANSWERED) };
        if self.answered >= enough && self.limit < self.most {
            if self.is_trying {
                // The last one stood: the service takes more than it did.
                self.rounds = ROUNDS.0;
            }
            self.is_trying = !self.is_doubling;
            self.set(self.limit + 1);
        }
    }

    fn cut(&mut self) {
        if self.is_trying {
            self.is_trying = false;
            self.rounds = (self.rounds * 2).min(ROUNDS.1);
        }
        self.is_doubling = false;
        self.set(self.limit.min(self.in_flight));
    }

    fn set(&mut self, limit: usize) {
        self.limit = limit.clamp(1, self.most);
        self.answered = 0;
    }
}

impl<E: Engine> InFlight<E> {
    /// Lets at most `most` requests to `inner` be on their way. Waiting ends when `halt` is thrown.
    pub(super) fn new(inner: E, most: usize, halt: Halt) -> Self {
        Self { inner, window: Mutex::new(Window::new(most)), freed: Notify::new(), halt }
    }

    async fn take(&self) -> Slot<'_, E> {
        loop {
            let freed = self.freed.notified();
            if self.window().take() {
                return Slot { governor: self, began: Instant::now(), came: Came::Other };
            }
            freed.await;
        }
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        // Plain numbers, whole after every call: a panic elsewhere can't have broken them.
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request's place among those on their way, given back when it is dropped.
struct Slot<'a, E: Engine> {
    governor: &'a InFlight<E>,
    began: Instant,
    came: Came,
}

impl<E: Engine> Drop for Slot<'_, E> {
    fn drop(&mut self) {
        self.governor.window().ended(self.came, self.began, Instant::now());
        self.governor.freed.notify_waiters();
    }
}

#[async_trait]
impl<E: Engine> Engine for InFlight<E> {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        let mut slot = tokio::select! {
            biased;
            reason = self.halt.halted() => return Err(reason.to_error()),
            slot = self.take() => slot,
        };
        let result = self.inner.score(batch).await;
        slot.came = Came::of(&result);
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::engine::script::{Script, Step, batch};

    /// A service of so many slots, each of which takes a while.
    struct Slots {
        script: Script,
        slots: AtomicUsize,
        busy: AtomicUsize,
        served: AtomicU64,
        throttled: AtomicU64,
    }

    const TAKES: Duration = Duration::from_millis(80);

    #[async_trait]
    impl Engine for Slots {
        fn profile(&self) -> &Profile {
            self.script.profile()
        }

        async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
            if self.busy.fetch_add(1, Ordering::Relaxed) >= self.slots.load(Ordering::Relaxed) {
                self.busy.fetch_sub(1, Ordering::Relaxed);
                self.throttled.fetch_add(1, Ordering::Relaxed);
                return Err(EngineError::new(ErrorKind::Throttled, "busy"));
            }
            tokio::time::sleep(TAKES).await;
            self.busy.fetch_sub(1, Ordering::Relaxed);
            self.served.fetch_add(1, Ordering::Relaxed);
            self.script.score(batch).await
        }
    }

    struct Bench {
        service: Arc<Slots>,
        counted: (u64, u64, Instant),
    }

    impl Bench {
        /// 200 clients, each of which asks again as soon as it is answered, and soon when it is throttled.
        fn begin(slots: usize, most: usize) -> Self {
            let service = Arc::new(Slots {
                script: Script::new([Step::Answer]),
                slots: AtomicUsize::new(slots),
                busy: AtomicUsize::new(0),
                served: AtomicU64::new(0),
                throttled: AtomicU64::new(0),
            });
            let governed = Arc::new(InFlight::new(Arc::clone(&service), most, Halt::new()));
            for _ in 0..200 {
                let governed = Arc::clone(&governed);
                tokio::spawn(async move {
                    loop {
                        if governed.score(&batch(1)).await.is_err() {
                            tokio::time::sleep(Duration::from_millis(100)).await;
                        }
                    }
                });
            }
            Self { service, counted: (0, 0, Instant::now()) }
        }

        /// Share of the slots that were used, and share of the requests that were throttled, in the next seconds.
        async fn next(&mut self, seconds: u64) -> (f64, f64) {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            let (served, throttled) = (read(&self.service.served), read(&self.service.throttled));
            let (before, throttled_before, since) = self.counted;
            self.counted = (served, throttled, Instant::now());
            let slots = self.service.slots.load(Ordering::Relaxed) as f64;
            let could = slots * since.elapsed().as_secs_f64() / TAKES.as_secs_f64();
            let (served, throttled) = ((served - before) as f64, (throttled - throttled_before) as f64);
            (served / could, throttled / (served + throttled))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn all_slots_are_used_and_few_requests_are_throttled() {
        for slots in [1, 2, 3, 8, 20, 64] {
            let mut bench = Bench::begin(slots, 128);
            bench.next(10).await;
            let (used, throttled) = bench.next(60).await;
            assert!(used >= 0.97 && throttled <= 0.01, "{slots} slots: {used:.3} used, {throttled:.4} throttled");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn slots_that_come_and_go_are_found() {
        let mut bench = Bench::begin(8, 128);
        bench.next(20).await;
        bench.service.slots.store(4, Ordering::Relaxed);
        bench.next(5).await;
        assert!(bench.next(20).await.0 >= 0.97);
        bench.service.slots.store(12, Ordering::Relaxed);
        bench.next(120).await;
        assert!(bench.next(20).await.0 >= 0.9, "{:?}", bench.next(20).await);
    }

    #[test]
    fn a_timeout_halves_the_number_once_for_all_that_began_before() {
        let mut window = Window { limit: 16, is_doubling: false, ..Window::new(64) };
        (0..16).for_each(|_| assert!(window.take()));
        let (began, now) = (Instant::now(), Instant::now() + Duration::from_secs(70));
        window.ended(Came::TimedOut, began, now);
        window.ended(Came::TimedOut, began, now);
        assert_eq!((window.limit, window.in_flight), (8, 14));
        assert!(!window.take());
        window.ended(Came::Other, began, now);
        window.ended(Came::TimedOut, now + Duration::from_secs(1), now + Duration::from_secs(80));
        assert_eq!(window.limit, 4);
    }

    #[test]
    fn a_model_that_loads_is_waited_for_without_a_cut() {
        let loading = EngineError::new(ErrorKind::Throttled, "").with_code(MODEL_NOT_READY);
        assert_eq!(Came::of(&Err(loading)), Came::Other);
        let busy = EngineError::new(ErrorKind::Throttled, "").with_code("ThrottlingException");
        assert_eq!(Came::of(&Err(busy)), Came::Throttled);
    }
}
