//! Whether and when a request is sent again: the only rule of the room for it.

use std::time::Duration;

use super::fault::Fault;

/// How often a request is sent in all, where `AWS_MAX_ATTEMPTS` does not say.
const ATTEMPTS: u32 = 10;
/// The longest first wait. It doubles with each attempt.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Most times that a request is sent: what `AWS_MAX_ATTEMPTS` says, else half a minute's worth.
pub(super) fn attempts() -> u32 {
    let set = std::env::var("AWS_MAX_ATTEMPTS").ok().and_then(|number| number.trim().parse().ok());
    set.filter(|number| *number > 0).unwrap_or(ATTEMPTS)
}

/// How long to wait after `failures`, with `chance` from 0 to 1: between half of the longest wait and all of it, so that
/// many clients that failed together do not come back together.
pub(super) fn wait(failures: u32, chance: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let longest = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    longest.mul_f64(chance.mul_add(0.5, 0.5))
}

/// Waits after `failures` failures.
pub(super) async fn pause(failures: u32) {
    tokio::time::sleep(wait(failures, fastrand::f64())).await;
}

/// The tries of one request.
pub(super) struct Tries {
    most: u32,
    /// How many there were.
    pub(super) number: u32,
    has_renewed: bool,
}

/// What to do about a fault.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Forget the credentials, which have expired, and try again. This is done once.
    Renew,
    /// Wait and try again.
    Wait,
    /// Give up.
    Stop,
}

impl Tries {
    pub(super) const fn new(most: u32) -> Self {
        Self { most, number: 0, has_renewed: false }
    }

    /// What follows a try that ended with `fault`.
    pub(super) fn after(&mut self, fault: &Fault) -> Next {
        self.number += 1;
        if fault.is_expired() && !self.has_renewed {
            self.has_renewed = true;
            Next::Renew
        } else if fault.is_passing() && self.number < self.most {
            Next::Wait
        } else {
            Next::Stop
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What follows each of `faults`, of `most` tries.
    fn next(most: u32, faults: &[Fault]) -> Vec<Next> {
        let mut tries = Tries::new(most);
        faults.iter().map(|fault| tries.after(fault)).collect()
    }

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_not() {
        let busy = Fault::Busy("SlowDown".to_owned());
        assert_eq!(next(3, &[busy.clone(), Fault::Unreadable, busy]), [Next::Wait, Next::Wait, Next::Stop]);
        for lasting in [Fault::Missing, Fault::Changed, Fault::Denied("AccessDenied".to_owned()), Fault::NoBucket] {
            assert_eq!(next(3, &[lasting]), [Next::Stop]);
        }
    }

    #[test]
    fn expired_credentials_are_renewed_once() {
        let expired = || Fault::Keys("ExpiredToken".to_owned());
        assert_eq!(next(1, &[expired(), expired()]), [Next::Renew, Next::Stop]);
        assert_eq!(next(9, &[Fault::Keys("InvalidAccessKeyId".to_owned())]), [Next::Stop]);
    }

    #[test]
    fn waits_double_up_to_a_bound_and_are_spread() {
        let ms = |failures, chance| wait(failures, chance).as_millis();
        assert_eq!([ms(1, 0.0), ms(1, 1.0), ms(2, 0.0), ms(4, 1.0)], [50, 100, 100, 800]);
        assert_eq!([ms(9, 1.0), ms(u32::MAX, 1.0)], [20_000, 20_000]);
    }
}
