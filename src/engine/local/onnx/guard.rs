//! Calls into the libraries that read tokenizers and run graphs: a panic of theirs becomes an error.
//!
//! Both are known to panic on files that nobody exported like that, and the message of a panic may hold a part of what
//! was worked on. So nothing of it is printed, and only the place in the library's source is handed on.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A library panicked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the library panicked{0}")]
pub(super) struct Panicked(String);

/// What `work` gives, on this thread.
///
/// # Errors
/// [`Panicked`] where it panics. What it was working on must not be used again, if it can have been left half changed.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    static HOOK: Once = Once::new();
    HOOK.call_once(hold_back);
    GUARDED.set(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    done.map_err(|_| Panicked(PLACE.take().map(|place| format!(" at {place}")).unwrap_or_default()))
}

/// Keeps panics of guarded threads to themselves.
fn hold_back() {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        if GUARDED.get() {
            PLACE.set(panic.location().map(|at| format!("{}:{}", short(at.file()), at.line())));
        } else {
            usual(panic);
        }
    }));
}

/// A source file from the name of its crate on: what is before it names the machine that built the program.
fn short(file: &str) -> &str {
    let name = file.rfind("/src/").and_then(|end| file.get(..end)?.rfind('/'));
    name.and_then(|slash| file.get(slash + 1..)).unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_that_names_its_place_alone() {
        assert_eq!(guarded(|| 3), Ok(3));
        let text = "words of a customer";
        let error = guarded(|| assert!(text.is_empty(), "can't read {text}")).unwrap_err().to_string();
        assert!(error.starts_with("the library panicked at ") && error.contains("guard.rs:"), "{error}");
        assert!(!error.contains("customer"));
    }

    #[test]
    fn a_place_begins_with_the_crate() {
        let file = "/home/x/.cargo/registry/src/index-1/rten-0.27.0/src/ops/gather.rs";
        assert_eq!(short(file), "rten-0.27.0/src/ops/gather.rs");
        assert_eq!(short("src/lib.rs"), "src/lib.rs");
    }
}
