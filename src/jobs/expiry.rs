//! Whether the bucket itself removes what a run leaves there, in words for `config check`.

use super::{Jobs, JobsError};
use crate::exit::Stops as _;
use crate::places::{Bucket, Lifecycle, Location, StoreError};

/// Days that files of jobs may need: a run waits for its jobs for hours.
const DAYS: u32 = 7;

/// What the rules of the bucket of `jobs` do, a line each; `None` if no bucket is set. A bucket that can't be asked is a
/// line too: the settings may be right all the same.
///
/// # Errors
/// [`JobsError::Settings`] if the bucket's address is none.
pub(crate) fn in_words(jobs: &Jobs) -> Result<Option<String>, JobsError> {
    if jobs.bucket.is_none() {
        return Ok(None);
    }
    let folder = jobs.folder()?;
    let asked = Bucket::connect(&folder.bucket).and_then(|bucket| bucket.lifecycle(&folder.prefix()));
    Ok(Some(asked.map_or_else(|error| not_asked(&error), |rules| said(&folder, rules))))
}

fn not_asked(error: &StoreError) -> String {
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("jobs.bucket: not checked for rules that remove what a run leaves there: {error}{hint}\n")
}

fn said(folder: &Location, rules: Lifecycle) -> String {
    let kinds = [("objects", rules.objects, DAYS), ("unfinished uploads", rules.uploads, 1)];
    let line = |(what, after, advised): (&str, Option<u32>, u32)| match after {
        Some(days) => format!("jobs.bucket: {what} in {folder} are removed after {}\n", in_days(days)),
        None => format!(
            "jobs.bucket: no rule removes {what} in {folder}, and a run that is killed may leave some with text: add a \
             lifecycle rule that removes them after {}\n",
            in_days(advised)
        ),
    };
    kinds.map(line).concat()
}

fn in_days(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}
