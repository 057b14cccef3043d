//! Who a speaker value names. Never a guess: a value that nobody stated is collected and stops the run.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::columns::fold;
use super::error::InputError;
use crate::transcript::Role;

/// Values known without being told, folded as [`fold`] does.
const KNOWN: [(&str, Role); 22] = [
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
    ("operator", Role::Agent),
    ("advisor", Role::Agent),
    ("assistant", Role::Agent),
    ("internal", Role::Agent),
    ("employee", Role::Agent),
    ("system", Role::Other),
    ("bot", Role::Other),
    ("ivr", Role::Other),
    ("supervisor", Role::Other),
    ("queue", Role::Other),
];

/// Spellings remembered as they stand in the files, so that most rows need no folding.
const REMEMBERED: usize = 32;
/// A longer speaker value is not a label but probably somebody's words, and is never shown.
pub(super) const MAX_LABEL_CHARS: usize = 40;
/// More distinct unknown values than this do not look like speakers' roles.
const MAX_STRANGERS: usize = 20;
/// How many unknown values an error names.
const SHOWN: usize = 5;

/// The role table: what is known without being told, and what the user stated, which goes first.
#[derive(Debug)]
pub(super) struct Roles {
    table: FxHashMap<String, Role>,
    remembered: Vec<(Box<str>, Role)>,
}

impl Roles {
    pub(super) fn new(stated: &[(String, Role)]) -> Self {
        let known = KNOWN.iter().map(|&(value, role)| (value.to_owned(), role));
        let stated = stated.iter().map(|(value, role)| (fold(value), *role));
        Self { table: known.chain(stated).collect(), remembered: Vec::new() }
    }

    /// The role of a trimmed speaker value, if it is known.
    pub(super) fn role(&mut self, value: &str) -> Option<Role> {
        if let Some((_, role)) = self.remembered.iter().find(|(spelling, _)| &**spelling == value) {
            return Some(*role);
        }
        let role = self.table.get(&fold(value)).copied()?;
        if self.remembered.len() < REMEMBERED {
            self.remembered.push((value.into(), role));
        }
        Some(role)
    }
}

/// Where unknown speakers were met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Where {
    /// A column of this name.
    Column(String),
    /// Labels at the beginnings of lines within the text.
    Labels,
}

/// Speaker values without a role, met so far.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    values: BTreeSet<Box<str>>,
    first: Option<(String, Where)>,
    too_long: bool,
}

impl Strangers {
    /// Notes an unknown `value`, met in file `path`.
    pub(super) fn note(&mut self, value: &str, path: &str, place: &Where) {
        if self.first.is_none() {
            self.first = Some((path.to_owned(), place.clone()));
        }
        if value.chars().count() > MAX_LABEL_CHARS {
            self.too_long = true;
        } else if self.values.len() <= MAX_STRANGERS && !self.values.contains(value) {
            self.values.insert(value.into());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Whether reading on would not change the message any more.
    pub(super) fn is_settled(&self) -> bool {
        self.too_long || self.values.len() > MAX_STRANGERS
    }

    /// # Errors
    /// [`InputError::UnknownRoles`] if any value was noted.
    pub(super) fn into_result(self) -> Result<(), InputError> {
        let settled = self.is_settled();
        let Some((path, place)) = self.first else { return Ok(()) };
        let here = match &place {
            Where::Column(column) => format!("column {column:?}"),
            Where::Labels => "the labels in the text".to_owned(),
        };
        if settled {
            let values = format!("{here} does not look like it says who spoke: too many or too long values");
            let hint = "name the right column with --map speaker=COLUMN".to_owned();
            return Err(InputError::UnknownRoles { path, values, hint });
        }
        let shown: Vec<String> = self.values.iter().take(SHOWN).map(|value| format!("{value:?}")).collect();
        let more = match self.values.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let values = format!("{here}: the role of {}{more} is not known", shown.join(", "));
        Err(InputError::UnknownRoles {
            path,
            values,
            hint: hint(self.values.first().map_or("VALUE", |value| value), &place),
        })
    }
}

fn hint(example: &str, place: &Where) -> String {
    let flag = format!("--role {example:?}=customer");
    let state = format!("state each one's role, such as {flag} (or agent, or other)");
    match place {
        Where::Column(column) if fold(column) == "channel" => {
            format!("{state}; if that column is the medium and not the speaker: --map channel={column:?}")
        }
        Where::Column(_) => format!(
            "{state}; if another column says who spoke: --map speaker=COLUMN, if labels in the text do: --map speaker="
        ),
        Where::Labels => state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_fold_and_stated_ones_go_first() {
        let mut roles = Roles::new(&[("Tier 2".to_owned(), Role::Agent), ("contact".to_owned(), Role::Agent)]);
        assert_eq!(roles.role("END_USER"), Some(Role::Customer));
        assert_eq!(roles.role("End user"), Some(Role::Customer));
        assert_eq!(roles.role("IVR"), Some(Role::Other));
        assert_eq!(roles.role("tier-2"), Some(Role::Agent));
        assert_eq!(roles.role("Contact"), Some(Role::Agent));
        assert_eq!(roles.role("Contact"), Some(Role::Agent));
        assert_eq!(roles.role("Ben"), None);
        assert_eq!(roles.role(""), None);
    }

    #[test]
    fn strangers_are_named_with_the_flag() {
        let mut strangers = Strangers::default();
        strangers.note("Zed", "a.csv", &Where::Column("who".to_owned()));
        strangers.note("Ben", "b.csv", &Where::Column("who".to_owned()));
        let error = strangers.into_result().unwrap_err();
        assert_eq!(error.to_string(), "a.csv: column \"who\": the role of \"Ben\", \"Zed\" is not known");
        assert!(error.hint().unwrap().contains("--role \"Ben\"=customer"));
    }

    #[test]
    fn long_or_many_values_are_never_shown() {
        let mut long = Strangers::default();
        long.note(&"secret ".repeat(7), "a.csv", &Where::Column("body".to_owned()));
        let message = long.into_result().unwrap_err().to_string();
        assert!(!message.contains("secret"), "{message}");

        let mut many = Strangers::default();
        for number in 0..30 {
            many.note(&format!("secret {number}"), "a.csv", &Where::Labels);
        }
        let error = many.into_result().unwrap_err();
        assert!(!error.to_string().contains("secret"));
        assert!(error.hint().unwrap().contains("--map speaker=COLUMN"));
    }
}
