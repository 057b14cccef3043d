//! `undertone explain`: how one call's numbers came about.

use std::io::Write as _;
use std::path::Path;

use crate::exit::{ExitCode, Failure};
use crate::explain::{Drawing, Explanation, RedactedDrawing};
use crate::places;
use crate::redact::Redactor;
use crate::transcript::Call;

/// Explains the call from the tables in `directory`, on stdout; with its words, if `words` is that call.
///
/// # Errors
/// [`Failure`] if the directory holds no run or no such call, or stdout takes no more.
pub fn run(call_id: &str, directory: &Path, words: Option<&Call>) -> Result<ExitCode, Failure> {
    places::refuse(directory)?;
    let explanation = Explanation::read(directory, call_id)?;
    let drawing = Drawing { explanation: &explanation, words };
    let mut stdout = anstream::stdout().lock();
    write!(stdout, "{drawing}").and_then(|()| stdout.flush()).map_err(Failure::stdout)?;
    Ok(ExitCode::Done)
}

/// Shows a call as it would be sent with what `redactor` keeps back, and the rule behind each mask, on stdout. It needs
/// no run, so it can come before the first one.
///
/// # Errors
/// [`Failure`] if stdout takes no more.
pub fn show_redacted(call: Call, redactor: &Redactor, language: &str) -> Result<ExitCode, Failure> {
    let mut call = call;
    let masks = redactor.redact(&mut call, language);
    let mut stdout = anstream::stdout().lock();
    let drawing = RedactedDrawing { call: &call, masks: &masks };
    write!(stdout, "{drawing}").and_then(|()| stdout.flush()).map_err(Failure::stdout)?;
    Ok(ExitCode::Done)
}

/// The call of this id among all that were read; `None` if it is not there.
///
/// # Errors
/// The first error of `groups`.
pub fn find<E>(groups: impl IntoIterator<Item = Result<Vec<Call>, E>>, call_id: &str) -> Result<Option<Call>, E> {
    for group in groups {
        if let Some(call) = group?.into_iter().find(|call| &*call.id == call_id) {
            return Ok(Some(call));
        }
    }
    Ok(None)
}
