//! Who a speaker value names. Never a guess: a value whose role nobody stated stops the run, with all others like it.
//!
//! Two kinds are collected while files are read. [`UnknownRoles`] are values of a speaker column: each stops the run.
//! [`UnknownLabels`] are names before a colon in a conversation's text, most of which are words (`Total: 45 EUR`): only
//! those that head lines in most conversations stop it.

use std::hash::BuildHasher as _;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::error::InputError;
use super::field::fold;
use super::quote::{is_capitalised, is_diarised, is_named_speaker, looks_like_a_name, recurs, shell_word};
use super::store::Stored;
use super::{calls, rejects::Spot};
use crate::transcript::Role;

/// Values known without being told, folded as [`fold`] does.
const KNOWN: [(&str, Role); 27] = [
    ("customer", Role::Customer),
    ("caller", Role::Customer),
    ("client", Role::Customer),
    ("user", Role::Customer),
    ("enduser", Role::Customer),
    ("external", Role::Customer),
    ("visitor", Role::Customer),
    ("guest", Role::Customer),
    ("contact", Role::Customer),
    ("agent", Role::Agent),
    ("representative", Role::Agent),
    ("rep", Role::Agent),
    ("csr", Role::Agent),
    ("operator", Role::Agent),
    ("advisor", Role::Agent),
    ("assistant", Role::Agent),
    ("internal", Role::Agent),
    ("employee", Role::Agent),
    ("humanagent", Role::Agent),
    ("system", Role::Other),
    ("bot", Role::Other),
    ("chatbot", Role::Other),
    ("virtualagent", Role::Other),
    ("automatedagent", Role::Other),
    ("ivr", Role::Other),
    ("supervisor", Role::Other),
    ("queue", Role::Other),
];

/// Spellings remembered as they stand in the files, so that most rows need no folding.
const REMEMBERED: usize = 32;
/// More distinct unknown values than this are no speakers' roles: reading ends.
const MAX_VALUES: usize = 1000;
/// Longer unknown values are counted as one.
const MAX_VALUE_BYTES: usize = 200;
/// More values than this are counted, not named.
const MAX_NAMED: usize = 20;
/// How many conversations are remembered, so that one that is there twice is no evidence twice.
const MAX_REMEMBERED: usize = 1 << 16;
/// How many labels are counted at a time: one that heads lines in most conversations is never among those given up.
const MAX_LABELS: usize = 1000;

/// The role table: what is known without being told, and what the user stated, which goes first.
#[derive(Debug)]
pub(super) struct Roles {
    /// `None` for a label that the user calls words.
    table: FxHashMap<String, Option<Role>>,
    remembered: Vec<(Box<str>, Role)>,
}

impl Roles {
    /// `stated` holds values with their roles, or without one: then a line that begins with it has no label.
    pub(super) fn new(stated: &[(String, Option<Role>)]) -> Self {
        let known = KNOWN.iter().map(|&(value, role)| (value.to_owned(), Some(role)));
        let stated = stated.iter().map(|(value, role)| (fold(value), *role));
        Self { table: known.chain(stated).collect(), remembered: Vec::new() }
    }

    /// The role of a trimmed speaker value, if it is known.
    pub(super) fn role(&mut self, value: &str) -> Option<Role> {
        if let Some((_, role)) = self.remembered.iter().find(|(spelling, _)| &**spelling == value) {
            return Some(*role);
        }
        let role = self.table.get(&fold(value)).copied().flatten()?;
        if self.remembered.len() < REMEMBERED {
            self.remembered.push((value.into(), role));
        }
        Some(role)
    }

    /// Whether the user said that this label is words.
    pub(super) fn is_words(&self, value: &str) -> bool {
        self.table.get(&fold(value)) == Some(&None)
    }

    /// Whether `value` is known to be a speaker without being told.
    pub(super) fn is_known(folded: &str) -> bool {
        KNOWN.iter().any(|(known, _)| *known == folded)
    }
}

/// Where a speaker value stands, as messages name it: it decides which values they may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpeakerPlace<'a> {
    /// A column of a table, which may hold something else: a value is shown if most conversations have it.
    Column(&'a str),
    /// A label before what was said, which may be words: likewise.
    Label(&'a str),
    /// A place that holds nothing but names of speakers, by the format's own rules: values that look like names are
    /// shown.
    Name(&'a str),
}

impl<'a> SpeakerPlace<'a> {
    const fn name(self) -> &'a str {
        let (Self::Column(name) | Self::Label(name) | Self::Name(name)) = self;
        name
    }
}

/// Values of speaker columns without a role, met so far.
#[derive(Debug, Default)]
pub(super) struct UnknownRoles {
    values: Vec<UnknownValue>,
    numbers: FxHashMap<Box<str>, u32>,
}

#[derive(Debug)]
struct UnknownValue {
    value: Box<str>,
    turns: u64,
    first: Spot,
    /// The column or other place as messages name it.
    place: Box<str>,
    is_column: bool,
    /// The format's own rules show that it names a speaker.
    is_name: bool,
}

impl UnknownValue {
    /// Whether a message may show it: `calls` of `all` calls have it.
    fn is_shown(&self, calls: u64, all: u64) -> bool {
        if self.is_name {
            // Who spoke once may be a sentence in the wrong place.
            return is_named_speaker(&self.value) && (self.turns > 1 || is_capitalised(&self.value));
        }
        looks_like_a_name(&self.value) && (is_diarised(&self.value) || recurs(calls, all))
    }
}

impl UnknownRoles {
    /// Notes a turn of an unknown `value`; its number stands for the role in the stored row.
    pub(super) fn note(&mut self, value: &str, spot: &Spot, place: SpeakerPlace<'_>) -> u32 {
        // A long one is somebody's words: one stands for all of them.
        let value = if value.len() > MAX_VALUE_BYTES { "" } else { value };
        if let Some(&number) = self.numbers.get(value) {
            let known = &mut self.values[number as usize];
            known.turns += 1;
            known.is_name |= matches!(place, SpeakerPlace::Name(_));
            return number;
        }
        let number = u32::try_from(self.values.len()).expect("reading ends at far fewer values");
        self.numbers.insert(value.into(), number);
        self.values.push(UnknownValue {
            value: value.into(),
            turns: 1,
            first: spot.clone(),
            place: place.name().into(),
            is_column: matches!(place, SpeakerPlace::Column(_)),
            is_name: matches!(place, SpeakerPlace::Name(_)),
        });
        number
    }

    /// Whether no value was noted.
    pub(super) const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether there are so many values that reading on is of no use.
    pub(super) fn are_too_many(&self) -> bool {
        self.values.len() > MAX_VALUES
    }

    /// # Errors
    /// [`InputError::UnknownRoles`] if any value was noted; `stored` holds the rows read.
    pub(super) fn into_result(self, stored: &Stored) -> Result<(), InputError> {
        let Some(first) = self.values.iter().min_by(|one, other| one.first.cmp(&other.first)) else { return Ok(()) };
        let (all, by_value) = calls::recurrence(stored, self.values.len())?;
        let (mut shown, mut hidden): (Vec<_>, Vec<_>) =
            self.values.iter().zip(by_value).partition(|(unknown, calls)| unknown.is_shown(*calls, all));
        // A column that mostly holds other things holds no speakers, but words, some of which recur: `Thank you`.
        let turns = |values: &[(&UnknownValue, u64)]| values.iter().map(|(unknown, _)| unknown.turns).sum::<u64>();
        let (rare, mostly) = if first.is_column {
            ("since not met in most conversations", "since most turns have one not met in most conversations")
        } else {
            ("since not surely names", "since most turns have one that is not surely a name")
        };
        let mut reason = rare;
        if !shown.is_empty() && turns(&hidden) > turns(&shown) {
            hidden.extend(shown.extract_if(.., |(unknown, _)| !is_diarised(&unknown.value)));
            reason = mostly;
        }
        shown.sort_by(|(one, _), (other, _)| other.turns.cmp(&one.turns).then_with(|| one.value.cmp(&other.value)));
        let others = shown.split_off(shown.len().min(MAX_NAMED));
        let mut parts = Vec::new();
        if !shown.is_empty() {
            let named: Vec<_> = shown
                .iter()
                .map(|(unknown, _)| format!("{:?} ({})", unknown.value, counted(unknown.turns, "turn")))
                .collect();
            parts.push(format!("the role of {} is not known", named.join(", ")));
        }
        if !others.is_empty() {
            let names = counted(others.len() as u64, "more name");
            parts.push(format!("nor that of {names} in {}", counted(turns(&others), "turn")));
        }
        if let Some((at, _)) = hidden.iter().min_by(|(one, _), (other, _)| one.first.cmp(&other.first)) {
            let values = counted(hidden.len() as u64, if shown.is_empty() { "value" } else { "more value" });
            parts.push(format!(
                "{values} of unknown role in {}, first on line {}, not shown here {reason}",
                counted(turns(&hidden), "turn"),
                at.first.line
            ));
        }
        let names: Vec<&str> = shown.iter().map(|(unknown, _)| &*unknown.value).collect();
        Err(InputError::UnknownRoles {
            path: first.first.file.to_string(),
            values: format!("{}: {}", first.place, parts.join("; ")),
            hint: roles_hint(&names, !hidden.is_empty(), first.is_column.then_some(&*first.place)),
        })
    }
}

/// What to do about unknown values, of a `column` if they stand in one, of which `names` may be shown. Flags to be copied
/// stand last.
fn roles_hint(names: &[&str], some_hidden: bool, column: Option<&str>) -> String {
    let mut parts = Vec::new();
    match column {
        Some(column) if column.to_lowercase().ends_with("\"channel\"") => {
            parts.push("if that column is the medium and not the speaker: --map channel=channel".to_owned());
        }
        Some(_) => parts.push(
            "if another column says who spoke: --map speaker=COLUMN; if labels in the text do: --map speaker="
                .to_owned(),
        ),
        None => {}
    }
    if some_hidden {
        let which = if names.is_empty() { "each value's role" } else { "the role of those not shown too," };
        parts.push(format!("state {which} with --role VALUE=ROLE"));
    }
    if !names.is_empty() {
        parts.push(format!(
            "state each one's role, with customer or agent for other where that is right: {}",
            role_flags(names, "other")
        ));
    }
    parts.join("; ")
}

/// `--role` flags that give each of `names` the same role.
fn role_flags(names: &[&str], role: &str) -> String {
    let flags: Vec<String> =
        names.iter().map(|name| format!("--role {}", shell_word(&format!("{name}={role}")))).collect();
    flags.join(" ")
}

fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Names before a colon at the beginning of lines, with how many conversations each was met in.
///
/// The counts of a label are exact unless more than [`MAX_LABELS`] are met: then the rarest are given up, as Misra and
/// Gries do (1982), and what heads lines in most conversations is still found.
#[derive(Debug, Default)]
pub(super) struct UnknownLabels {
    conversations: u64,
    /// Conversations with a name that heads several lines.
    with_a_name: u64,
    labels: FxHashMap<String, UnknownLabel>,
    /// Hashes of conversations.
    seen: FxHashSet<u64>,
}

#[derive(Debug)]
struct UnknownLabel {
    name: Box<str>,
    /// Conversations in which it heads a line.
    conversations: u64,
    lines: u64,
    /// The last conversation counted.
    last: u64,
    /// Conversations less those that pushed rarer labels out.
    weight: u64,
    first: Spot,
}

impl UnknownLabels {
    /// Whether the conversation `text` is met for the first time, as far as is remembered.
    pub(super) fn is_new(&mut self, text: &str) -> bool {
        self.seen.len() >= MAX_REMEMBERED || self.seen.insert(FxBuildHasher.hash_one(text))
    }

    /// Notes one conversation, the lines of which begin with these unknown names.
    pub(super) fn note(&mut self, names: &[&str], spot: impl Fn() -> Spot) {
        self.conversations += 1;
        let different: FxHashSet<&str> = names.iter().copied().collect();
        self.with_a_name += u64::from(different.len() < names.len());
        for name in names {
            let label = self.labels.entry(fold(name)).or_insert_with(|| UnknownLabel {
                name: (*name).into(),
                conversations: 0,
                lines: 0,
                last: 0,
                weight: 0,
                first: spot(),
            });
            label.lines += 1;
            if label.last != self.conversations {
                label.last = self.conversations;
                label.conversations += 1;
                label.weight += 1;
            }
        }
        while self.labels.len() > MAX_LABELS {
            self.labels.retain(|_, label| {
                label.weight -= 1;
                label.weight > 0
            });
        }
    }

    /// # Errors
    /// [`InputError::UnknownRoles`] if a label heads lines in most conversations, or several lines of the only one.
    pub(super) fn into_result(self) -> Result<(), InputError> {
        let all = self.conversations;
        let mut asked: Vec<UnknownLabel> = self
            .labels
            .into_values()
            .filter(|label| if all == 1 { label.lines > 1 } else { recurs(label.conversations, all) })
            .collect();
        asked.sort_by(|one, other| other.conversations.cmp(&one.conversations).then_with(|| one.name.cmp(&other.name)));
        let Some(first) = asked.iter().map(|label| &label.first).min() else {
            if recurs(self.with_a_name, all) {
                tracing::warn!(
                    "in {} of {all} conversations, several lines begin with the same name of no known role, another one in each: \
                     those lines were taken for words of the turn before; state who each is with --role NAME=ROLE",
                    self.with_a_name
                );
            }
            return Ok(());
        };
        let path = first.file.to_string();
        let (values, hint) = if all == 1 {
            let lines = asked.iter().map(|label| label.lines).sum();
            let labels = counted(asked.len() as u64, "label");
            (
                format!("{labels} of unknown role in {} of the text in line {}", counted(lines, "line"), first.line),
                "state each one's role with --role LABEL=ROLE: customer, agent, other, or text if it is no speaker"
                    .to_owned(),
            )
        } else {
            let named: Vec<_> =
                asked.iter().map(|label| format!("{:?} ({})", label.name, label.conversations)).collect();
            let names: Vec<&str> = asked.iter().map(|label| &*label.name).collect();
            let flags = role_flags(&names, "text");
            (
                format!("lines begin with {} in most of {all} conversations, of unknown role", named.join(", ")),
                format!("state each one's role, with customer, agent or other for text where it is a speaker: {flags}"),
            )
        };
        Err(InputError::UnknownRoles { path, values, hint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Stops as _;

    #[test]
    fn known_values_fold_and_stated_ones_go_first() {
        let stated = [("Tier 2", Some(Role::Agent)), ("contact", Some(Role::Agent)), ("Guest", None)];
        let mut roles = Roles::new(&stated.map(|(value, role)| (value.to_owned(), role)));
        assert_eq!(roles.role("END_USER"), Some(Role::Customer));
        assert_eq!(roles.role("End user"), Some(Role::Customer));
        assert_eq!(roles.role("IVR"), Some(Role::Other));
        assert_eq!(roles.role("tier-2"), Some(Role::Agent));
        assert_eq!(roles.role("Contact"), Some(Role::Agent));
        assert_eq!(roles.role("Contact"), Some(Role::Agent));
        assert_eq!(roles.role("Ben"), None);
        assert_eq!((roles.role("guest"), roles.is_words("guest"), roles.is_words("user")), (None, true, false));
        assert_eq!(roles.role(""), None);
    }

    fn of_fields(turns: &[(&str, u64)]) -> InputError {
        let mut unknown = UnknownRoles::default();
        for (value, count) in turns {
            for _ in 0..*count {
                unknown.note(value, &Spot { file: "a.json".into(), line: 2 }, SpeakerPlace::Name("\"speaker\""));
            }
        }
        unknown.into_result(&crate::input::store::Store::new(0).finish().unwrap()).unwrap_err()
    }

    #[test]
    fn all_names_of_a_formats_field_are_asked_about_in_one_line_of_flags() {
        let error = of_fields(&[("spk_1", 3), ("0", 1), ("Jane Roe", 7)]);
        let expected =
            "a.json: \"speaker\": the role of \"Jane Roe\" (7 turns), \"spk_1\" (3 turns), \"0\" (1 turn) is not known";
        assert_eq!(error.to_string(), expected);
        assert!(error.hint().unwrap().ends_with(": --role 'Jane Roe=other' --role spk_1=other --role 0=other"));
        let names: Vec<String> = (0..50).map(|number| format!("Voice {number}")).collect();
        let error = of_fields(&names.iter().map(|name| (name.as_str(), 2)).collect::<Vec<_>>());
        assert!(error.to_string().ends_with("is not known; nor that of 30 more names in 60 turns"), "{error}");
    }

    #[test]
    fn sentences_in_the_place_of_names_are_counted() {
        let words = ["I lost my card", "it was stolen yesterday in town", "please help me, thanks", "yes"];
        let error = of_fields(&words.map(|words| (words, 1)));
        let shown = format!("{error} {:?}", error.hint());
        assert!(error.to_string().contains("4 values of unknown role in 4 turns"), "{error}");
        assert!(!words.iter().any(|words| shown.contains(words)), "{shown}");
    }

    fn labels(conversations: &[&[&str]]) -> Result<(), InputError> {
        let mut labels = UnknownLabels::default();
        for names in conversations {
            labels.note(names, || Spot { file: "a.csv".into(), line: 2 });
        }
        labels.into_result()
    }

    #[test]
    fn labels_are_asked_about_when_most_conversations_have_them() {
        let error = labels(&[&["Klant", "Total"], &["Klant"], &["Klant", "Ben"], &["Total"]]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.csv: lines begin with \"Klant\" (3) in most of 4 conversations, of unknown role"
        );
        assert!(error.hint().unwrap().ends_with("--role Klant=text"));
        assert!(labels(&[&["Ben"], &["Total"], &["Ada", "Ada"]]).is_ok());
        assert!(labels(&[&["Total"]]).is_ok());
        let error = labels(&[&["Ben", "Ben", "Total"]]).unwrap_err();
        assert!(!format!("{error}{:?}", error.hint()).contains("Ben"), "{error}");
    }

    #[test]
    fn a_label_of_most_conversations_is_found_among_any_number_of_others() {
        let names: Vec<String> = (0..30_000).map(|number| format!("Word {number}")).collect();
        let mut labels = UnknownLabels::default();
        for pair in names.chunks(10) {
            let names: Vec<&str> = pair.iter().map(String::as_str).chain(["Klant"]).collect();
            labels.note(&names, || Spot { file: "a.csv".into(), line: 2 });
            assert!(labels.labels.len() <= MAX_LABELS);
        }
        assert!(labels.into_result().unwrap_err().to_string().contains("\"Klant\" (3000)"));
    }
}
