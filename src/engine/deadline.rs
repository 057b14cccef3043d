//! A time limit on one attempt, around any engine.
//!
//! The innermost wrapper: what it cuts off is one request, and the time that the request waited for its turn does
//! not count. An attempt that runs out of time is a transient fault; whether the service did the work, and will
//! charge for it, can't be known.

use std::time::Duration;

use async_trait::async_trait;

use super::{Answer, Batch, Engine, EngineError, ErrorKind, Profile, TIMEOUT};

/// Gives up on an attempt after a time.
#[derive(Debug)]
pub struct Deadline<E> {
    inner: E,
    limit: Duration,
}

impl<E: Engine> Deadline<E> {
    /// Allows each attempt of `inner` to take `limit`.
    pub fn new(inner: E, limit: Duration) -> Self {
        Self { inner, limit }
    }
}

#[async_trait]
impl<E: Engine> Engine for Deadline<E> {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        match tokio::time::timeout(self.limit, self.inner.score(batch)).await {
            Ok(result) => result,
            Err(_elapsed) => {
                let message = format!("no answer within {:.1} s", self.limit.as_secs_f64());
                Err(EngineError::new(ErrorKind::Transient, message).with_code(TIMEOUT))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::engine::script::{Script, Step, batch};

    #[tokio::test(start_paused = true)]
    async fn a_hanging_attempt_is_cut_off_on_time_and_a_quick_one_is_not() {
        let engine = Deadline::new(
            Script::new([Step::Hang, Step::Answer.after(Duration::from_millis(900))]),
            Duration::from_secs(1),
        );
        let begun = Instant::now();
        let error = engine.score(&batch(2)).await.unwrap_err();
        assert_eq!((error.kind, error.reason()), (ErrorKind::Transient, "timeout"));
        assert_eq!(begun.elapsed(), Duration::from_secs(1));
        assert_eq!(engine.score(&batch(2)).await.unwrap().len(), 2);
    }
}
