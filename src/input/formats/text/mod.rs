//! Plain text with speakers' labels at the beginning of lines. A file is a call.
//!
//! A label counts as one if its role is known. One of unknown role counts if it recurs, unless labels of both customer
//! and agents are there already: then it is words, as it is in a table's texts. Lines without a label belong to the turn
//! before them, lines before the first label are a title, and a line in brackets is a stage direction.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::foreign;
use super::whole::{self, WholeCall, only_party};
use super::{Description, Format, Found, Likeness, Sample};
use crate::input::InputOptions;
use crate::input::decode::Opened;
use crate::input::error::InputError;
use crate::input::field::{Field, fold};
use crate::input::labels::{self, Label, Split};
use crate::input::part::{Speaker, SpokenTurn};
use crate::input::quote::{is_capitalised, is_diarised};
use crate::input::rejects::Reason;
use crate::input::roles::Roles;
use crate::input::sink::Sink;
use crate::input::times::{Clock, Moment, TimeColumn};
use crate::transcript::Role;

/// How much of a file is looked at to recognise it.
const SAMPLE_BYTES: usize = 1 << 16;
/// Stage directions in capitals; other words in brackets and capitals are masks of redaction.
const DIRECTIONS: [&str; 10] =
    ["PAUSE", "SILENCE", "MUSIC", "HOLD", "LAUGHTER", "CROSSTALK", "INAUDIBLE", "NOISE", "APPLAUSE", "BLANK_AUDIO"];

/// Plain text with labels.
pub(super) struct Text;

impl Format for Text {
    fn description(&self) -> Description {
        Description {
            name: "text",
            title: "plain text with speakers' labels; a file is a call",
            fields: &[
                (Field::CallId, "the file's name"),
                (Field::Speaker, "`Agent:` or the like at the beginning of a line"),
                (Field::Text, "what follows, up to the next label"),
                (Field::Started, "`[00:12]` or the like before the label"),
            ],
        }
    }

    fn likeness(&self, sample: &Sample<'_>, options: &InputOptions) -> Option<Likeness> {
        if foreign::is_no_table(sample.text).is_some() {
            return None;
        }
        let text = String::from_utf8_lossy(sample.text.get(..SAMPLE_BYTES).unwrap_or(sample.text));
        let mut roles = Roles::new(&options.roles);
        let lines = Lines::of(&text, &mut roles);
        if lines.are_cells {
            return None;
        }
        let is_party = only_party(options).is_some() && foreign::looks_like(sample.text) == Some("plain text");
        match lines.labels() {
            0 if is_party => Some(Likeness::Possible),
            0 => None,
            labels => lines.is_transcript(labels).then_some(Likeness::Certain),
        }
    }

    fn read(&self, file: Opened, sink: &mut Sink<'_, '_>) -> Result<Found, InputError> {
        let (text, about) = whole::text(file)?;
        let path = about.path.clone();
        let party = only_party(sink.options());
        let mut call = WholeCall::new(sink, about);
        if let Some(role) = party {
            paragraphs(&text, role, &mut call)?;
            return Ok(call.found(self.description()));
        }
        let lines = Lines::of(&text, call.roles());
        if lines.labels() < 2 && within_lines(&text, &mut call)? {
            return Ok(call.found(self.description()));
        }
        if lines.labels() == 0 && !lines.lines.is_empty() {
            return Err(InputError::NoSpeakers { path, what: "lines of text" });
        }
        lines.turns(&mut call)?;
        Ok(call.found(self.description()))
    }
}

/// What one party said: a turn for each paragraph.
fn paragraphs(text: &str, role: Role, call: &mut WholeCall<'_, '_, '_>) -> Result<(), InputError> {
    let mut paragraph: Vec<&str> = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim).chain([""])) {
        if line.is_empty() {
            let first = number - paragraph.len() as u64;
            call.turn(first, SpokenTurn::new(Speaker::Role(role), paragraph.join("\n")))?;
            paragraph.clear();
        } else {
            paragraph.push(line);
        }
    }
    Ok(())
}

/// Reads a text whose labels stand within lines; `false` if they do not.
fn within_lines(text: &str, call: &mut WholeCall<'_, '_, '_>) -> Result<bool, InputError> {
    let mut turns = Vec::new();
    match labels::split(text, call.roles(), &mut turns, &mut Vec::new()) {
        Split::Turns if turns.len() > 1 => {}
        Split::WithinLine => {
            call.reject(1, Reason::LabelWithinLine);
            return Ok(true);
        }
        Split::Turns | Split::NoLabel => return Ok(false),
    }
    for turn in turns {
        call.turn(1, SpokenTurn::new(Speaker::Role(turn.role), turn.text))?;
    }
    Ok(true)
}

/// A file's lines, and which of them have a label.
struct Lines<'a> {
    /// Those that are not blank, with their numbers; a label is `Some` if it may be one.
    lines: Vec<Line<'a>>,
    /// Names before a colon that were taken for words.
    words: Vec<&'a str>,
    /// Whether a line opens a quoted cell of a table.
    are_cells: bool,
}

struct Line<'a> {
    number: u64,
    text: &'a str,
    label: Option<Label<'a>>,
    /// A blank line is above it.
    begins_paragraph: bool,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str, roles: &mut Roles) -> Self {
        let mut lines = Vec::new();
        let mut begins_paragraph = true;
        let mut stamp_above = None;
        for (number, text) in (1..).zip(text.lines().map(str::trim)) {
            if text.is_empty() {
                begins_paragraph = true;
                continue;
            }
            let mut label = Label::of(text, roles).or_else(|| Label::alone(text, roles));
            if let (Some(label), Some(stamp)) = (&mut label, stamp_above.take()) {
                label.stamp = if label.stamp.is_empty() { stamp } else { label.stamp };
            }
            stamp_above = Label::only_stamp(text);
            lines.push(Line { number, text, label, begins_paragraph });
            begins_paragraph = false;
        }
        let are_cells = lines.iter().any(|line| opens_cell(line.text));
        let mut lines = Self { lines, words: Vec::new(), are_cells };
        lines.drop_words();
        lines.drop_head();
        lines
    }

    /// Takes the labels away that are words.
    fn drop_words(&mut self) {
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        let labels = || self.lines.iter().filter_map(|line| line.label);
        for label in labels().filter(|label| label.role.is_none()) {
            *names.entry(fold(label.name)).or_default() += 1;
        }
        let has = |role| labels().any(|label| label.role == Some(role));
        let has_both = has(Role::Customer) && has(Role::Agent);
        for line in &mut self.lines {
            let Some(label) = line.label else { continue };
            let recurs = !has_both && names.get(&fold(label.name)).is_some_and(|lines| *lines > 1);
            if label.role.is_none() && !is_diarised(label.name) && !recurs {
                self.words.push(label.name);
                line.label = None;
            }
        }
    }

    /// Takes labels away that stand in the file's head: those above the first stamp where most labels have one, and those
    /// of a first paragraph like `Date: …`, `Agent: Jane Roe`, `Duration: …`.
    fn drop_head(&mut self) {
        let is_stamped = |line: &Line<'_>| line.label.is_some_and(|label| !label.stamp.is_empty());
        let (labels, stamped) = (self.labels(), self.lines.iter().filter(|line| is_stamped(line)).count());
        let first_stamp = self.lines.iter().position(is_stamped).filter(|_| stamped > 1 && stamped * 2 > labels);
        let paragraph = 1 + self.lines.iter().skip(1).take_while(|line| !line.begins_paragraph).count();
        let head = self.lines.get(..paragraph).unwrap_or_default();
        // A title may stand above the entries.
        let entries = match head.split_first() {
            Some((title, below)) if !title.text.contains(':') => below,
            _ => head,
        };
        let labelled = entries.iter().filter(|line| line.label.is_some()).count();
        let is_head = entries.iter().all(is_entry) && labelled * 2 <= entries.len() && labelled < labels;
        let end = first_stamp.unwrap_or(0).max(if is_head { paragraph } else { 0 });
        for line in self.lines.iter_mut().take(end) {
            line.label = None;
        }
    }

    fn labels(&self) -> usize {
        self.lines.iter().filter(|line| line.label.is_some()).count()
    }

    /// Whether so many labels make a transcript: most lines have one, or they are of a known role and no rare thing.
    fn is_transcript(&self, labels: usize) -> bool {
        let known = self.lines.iter().filter(|line| line.label.is_some_and(|label| label.role.is_some())).count();
        let all = self.lines.iter().filter(|line| !is_no_speech(line.text)).count();
        labels * 2 >= all || (known > 1 && known * 20 >= all)
    }

    /// Whether the labels are surely names: nearly all lines have one, and the few that there are recur.
    fn are_names(&self) -> bool {
        const FEW: usize = 6;
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        let labels = || self.lines.iter().filter_map(|line| line.label);
        labels().for_each(|label| *lines.entry(fold(label.name)).or_default() += 1);
        let spoken = self.lines.iter().filter(|line| !is_no_speech(line.text)).count();
        self.labels() * 10 >= spoken * 9
            && lines.len() <= FEW
            && lines.values().all(|lines| *lines > 1)
            && labels().all(|label| is_capitalised(label.name))
    }

    /// Puts the turns into `call`.
    fn turns(&self, call: &mut WholeCall<'_, '_, '_>) -> Result<(), InputError> {
        let are_names = self.are_names();
        call.note_words(&self.words);
        let mut turn: Option<(u64, SpokenTurn<'a>)> = None;
        for line in &self.lines {
            if let Some(label) = line.label {
                if let Some((number, turn)) = turn.take() {
                    call.turn(number, unquoted(turn))?;
                }
                let words = line.text.get(label.length..).unwrap_or_default().trim();
                // A quotation mark before the label closes behind the words.
                let words = if line.text.starts_with('"') { words.trim_end_matches('"') } else { words };
                let start = moment(&label, call.clock());
                let said = SpokenTurn::new(speaker(&label, are_names), without_direction(words)).at(start, None);
                turn = Some((line.number, said));
            } else if is_no_speech(line.text) {
                call.left_out += 1;
            } else if let Some((_, turn)) = &mut turn {
                let words = turn.text.to_mut();
                if !words.is_empty() {
                    words.push('\n');
                }
                words.push_str(line.text);
            } else {
                // A title.
                call.left_out += 1;
            }
        }
        if let Some((number, turn)) = turn {
            call.turn(number, unquoted(turn))?;
        }
        Ok(())
    }
}

const fn speaker<'a>(label: &Label<'a>, is_name: bool) -> Speaker<'a> {
    const PLACE: &str = "the labels before the words";
    match label.role {
        Some(role) => Speaker::Role(role),
        None if is_name => Speaker::Value(Cow::Borrowed(label.name), PLACE),
        None => Speaker::Label(Cow::Borrowed(label.name), PLACE),
    }
}

/// Whether a line is a name and a value: no sentence and, where the name is a speaker's, of a few words.
fn is_entry(line: &Line<'_>) -> bool {
    const WORDS: usize = 4;
    let is_short = |text: &str| (1..=WORDS).contains(&text.split_whitespace().count());
    line.text.split_once(':').is_some_and(|(name, value)| {
        is_short(name) && !value.ends_with(['.', '?', '!', '"']) && (line.label.is_none() || is_short(value))
    })
}

/// When a label says that its turn began.
fn moment(label: &Label<'_>, clock: &mut Clock) -> Option<Moment> {
    label.offset_ms().map(Moment::Offset).or_else(|| {
        let is_date = label.stamp.len() > 10;
        is_date.then(|| clock.moment(label.stamp, TimeColumn::default())).flatten()
    })
}

/// Whether a line is a rule, a heading of Markdown, a stage direction or the stamp of the label below.
fn is_no_speech(line: &str) -> bool {
    let is_heading = line.starts_with('#') && line.trim_start_matches('#').starts_with(' ');
    let is_rule = line.chars().all(|c| "-=_~`+|>".contains(c));
    is_heading || is_rule || is_direction(line) || Label::only_stamp(line).is_some()
}

/// Whether a line is `[Pause]` or `(hangs up)`; `[NAME]` is a mask and stands for words.
fn is_direction(line: &str) -> bool {
    let inner =
        [('[', ']'), ('(', ')')].into_iter().find_map(|(open, close)| line.strip_prefix(open)?.strip_suffix(close));
    inner.is_some_and(|inner| {
        !inner.contains(['[', ']', '(', ')']) && (inner.contains(char::is_lowercase) || DIRECTIONS.contains(&inner))
    })
}

/// The words of a turn, unless they are a stage direction.
fn without_direction(words: &str) -> &str {
    if is_direction(words) { "" } else { words }
}

/// A turn without the quotation marks around all of it.
fn unquoted(turn: SpokenTurn<'_>) -> SpokenTurn<'_> {
    let text = turn.text.trim();
    let inner = [('"', '"'), ('\u{201c}', '\u{201d}')].into_iter().find_map(|(open, close)| {
        text.strip_prefix(open)?.strip_suffix(close).filter(|inner| !inner.contains([open, close]))
    });
    match inner.map(str::to_owned) {
        Some(inner) => SpokenTurn { text: inner.into(), ..turn },
        None => turn,
    }
}

/// Whether a line opens a quoted cell that holds a line break: a delimiter, then a quote that does not close.
fn opens_cell(line: &str) -> bool {
    let opens = [",\"", ";\"", "\t\"", "|\""].iter().any(|begin| line.contains(begin));
    opens && line.bytes().filter(|byte| *byte == b'"').count() % 2 == 1
}

#[cfg(test)]
mod tests;
