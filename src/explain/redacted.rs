//! A call as it is sent once personal data is out of it, with what found each piece.

use std::fmt::{self, Display};

use super::drawing::write_words;
use crate::redact::Mask;
use crate::transcript::Call;
use crate::words::{FAINT, Name, STRONG};

/// The turns of a redacted call, each with its masks and their rules.
#[derive(Debug, Clone, Copy)]
pub struct RedactedDrawing<'a> {
    /// The call, already redacted.
    pub call: &'a Call,
    /// What stands in it for what was kept back, in order.
    pub masks: &'a [Mask],
}

impl Display for RedactedDrawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{STRONG}{}{STRONG:#}", Name::new(&self.call.id))?;
        let turns = self.call.turns.len();
        writeln!(f, "{FAINT}{turns} turns, {} pieces of personal data replaced{FAINT:#}\n", self.masks.len())?;
        for (number, turn) in (0_u32..).zip(&self.call.turns) {
            writeln!(f, "{FAINT}{:>5}  {}{FAINT:#}", number + 1, turn.role.as_str())?;
            write_words(f, turn, false)?;
            for mask in self.masks.iter().filter(|mask| mask.turn == number) {
                writeln!(f, "        {FAINT}{} by {}{FAINT:#}", mask.kind.token(), mask.rule)?;
            }
        }
        Ok(())
    }
}
