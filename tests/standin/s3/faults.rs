//! What goes wrong: rules, each for requests of one kind.

use std::time::Duration;

use super::request::Action;

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An error of the service's own; nothing is done.
    Refuse(u16, &'static str),
    /// The connection is reset before anything is done.
    Reset,
    /// It is done, and the connection is reset before the answer.
    LoseAnswer,
    /// The connection closes in the middle of the body.
    Cut,
    /// Answered after so much more time.
    Slow(Duration),
    /// Status 200, and an error in the body; nothing is done.
    ErrorIn200(&'static str),
    /// Status 200 and a page of some other server.
    Garbage,
    /// The object is changed first, as if by somebody else.
    ChangeFirst,
}

/// Which requests go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Requests of this kind; `None` for all.
    pub(crate) action: Option<Action>,
    /// Only those whose key ends so.
    pub(crate) key: &'static str,
    /// How many of them go well before.
    pub(crate) after: u64,
    /// How many of them go wrong then.
    pub(crate) times: u64,
    /// What happens to them.
    pub(crate) fault: Fault,
}

impl Rule {
    /// The first `times` requests of a kind.
    pub(crate) const fn first(times: u64, action: Action, fault: Fault) -> Self {
        Self { action: Some(action), key: "", after: 0, times, fault }
    }

    /// Every request of a kind.
    pub(crate) const fn always(action: Action, fault: Fault) -> Self {
        Self::first(u64::MAX, action, fault)
    }

    /// The fault of a request, which is counted.
    pub(crate) fn meets(&mut self, action: Action, key: &str) -> Option<Fault> {
        if self.action.is_some_and(|own| own != action) || !key.ends_with(self.key) || self.times == 0 {
            return None;
        }
        if self.after > 0 {
            self.after -= 1;
            return None;
        }
        self.times -= 1;
        Some(self.fault.clone())
    }
}
