//! How one call's numbers came about: its segments in order, drawn as a line down the terminal, and what was made of them.
//!
//! Everything comes from the tables of a run. The words are shown only to somebody who gives the transcript, and
//! only on the terminal. What was not scored stands there with the reason.

mod drawing;
mod read;
mod redacted;

use std::path::PathBuf;

pub use drawing::Drawing;
pub use read::Explanation;
pub use redacted::RedactedDrawing;

use crate::exit::{ExitCode, Stops};
use crate::output::ReadError;

/// The call can't be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// A table could not be read.
    #[error(transparent)]
    Table(#[from] ReadError),
    /// The run has no such call.
    #[error("{path} has no call {call_id}")]
    NoSuchCall {
        /// The table.
        path: PathBuf,
        /// The id that was looked for, safe to print.
        call_id: String,
    },
}

impl Stops for ExplainError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Table(error) => error.code(),
            Self::NoSuchCall { .. } => ExitCode::NoInput,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Table(error) => error.hint(),
            Self::NoSuchCall { .. } => Some("ids are compared letter by letter: copy one from calls.csv".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::Sample;
    use crate::transcript::{Call, Role, Turn};

    fn explained(sample: &Sample, call_id: &str, detail: bool, words: Option<&Call>) -> String {
        let explanation = Explanation::read(sample.write(detail), call_id).unwrap();
        let drawing = Drawing { explanation: &explanation, words }.to_string();
        anstream::adapter::strip_str(&drawing).to_string()
    }

    fn sample() -> (Sample, Call) {
        let mut sample = Sample::new();
        sample.call("before", "ann", &[Some(0.9)]);
        let scores = [Some(-0.75), None, Some(-0.5), Some(0.25)];
        let call = sample.call_in("=the \"call\"", "bob", Some("billing"), Some("2026-03-01"), &scores);
        (sample, call)
    }

    #[test]
    fn every_segment_has_its_line_and_what_failed_its_reason() {
        let (sample, _) = sample();
        let text = explained(&sample, "=the \"call\"", true, None);
        assert!(
            text.starts_with("=the \"call\"\n2026-03-01 · billing · en · bob · 8 turns\nscored by local"),
            "{text}"
        );
        let line =
            |starts: &str| text.lines().find(|line| line.starts_with(starts)).unwrap_or_else(|| panic!("{text}"));
        // Charges .75, .5 and .25 at the numbers 1, 3 and 4 of the customer's turns: .75 of 3.25.
        assert!(line(" 6 %  customer  1").ends_with("−0.75  23.1 %  negative"));
        assert_eq!(
            line("31 %  customer  3"),
            "31 %  customer  3       not scored: failed, InternalServerException, sent 4 times"
        );
        assert!(line("19 %  agent     2").contains('○') && line(" 6 %").contains('●'));
        assert!(
            line("customer").contains("−0.33") && line("customer").contains("  –"),
            "the second quarter is unknown"
        );
        assert_eq!(line("recovered"), "recovered  yes: start −0.75 (−0.30 or lower), end +0.25 (0 or higher?)");
        assert_eq!(line("missing"), "missing    1 of 8 segments have no score and count nowhere");
    }

    #[test]
    fn without_detail_it_says_how_to_get_it_and_why_segments_are_missing() {
        let (sample, _) = sample();
        let text = explained(&sample, "=the \"call\"", false, None);
        assert!(text.contains("run analyze with --detail"));
        assert!(text.contains("segment 3 (customer): failed, InternalServerException, sent 4 times"));
    }

    #[test]
    fn words_are_shown_once_and_only_when_they_are_given() {
        let (sample, mut call) = sample();
        assert!(!explained(&sample, &call.id.clone(), true, None).contains("seven"));
        call.turns.push(Turn {
            role: Role::Other,
            text: "please \u{1b}[2J hold".into(),
            agent_id: None,
            start_ms: None,
            end_ms: None,
        });
        for detail in [true, false] {
            let text = explained(&sample, &call.id.clone(), detail, Some(&call));
            assert_eq!(text.matches("one two three four").count(), 4);
            assert_eq!(text.matches("five six seven eight").count(), 4);
            assert!(text.contains("please \u{FFFD}[2J hold"), "{text}");
        }
    }

    #[test]
    fn a_call_that_is_not_there_is_said_to_be_so() {
        let (sample, _) = sample();
        let error = Explanation::read(sample.write(false), "nobody\u{1b}").unwrap_err();
        assert!(error.to_string().ends_with("has no call nobody\u{FFFD}") && error.hint().is_some());
    }
}
