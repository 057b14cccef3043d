//! Engines under a name of one's own: a section `[engines.NAME]` with a kind and keys of that kind, laid over the settings
//! of the kind where that engine is chosen.
//!
//! `[engines.ours]` with `kind = "local"` and `model = "our.model"` is the engine `local` with another model, called `ours`.
//! What it does not state is as in the kind's own sections. A variable is `UNDERTONE_ENGINES_OURS_MODEL`. Refuses a name
//! that is a kind's and a kind that is a name, so that there are no cycles.

use std::collections::BTreeMap;

use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::error::{Origin, Problem};
use super::key::{Key, Keys};
use super::layers::Assignment;
use super::value::{Raw, Wrong};
use super::{PREFIX, Settings};

/// The section that holds them.
pub(super) const SECTION: &str = "engines";
/// The key that every one has.
const KIND: &str = "kind";
/// Longest name.
const NAME_CHARS: usize = 32;

/// What a kind of engine has: the settings room knows no more of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// Its name.
    pub(crate) name: &'static str,
    /// The lists of its settings.
    pub(crate) settings: &'static [&'static [Key]],
    /// Whether they enter the hash of settings whichever engine scores.
    pub(crate) always_hashed: bool,
}

/// An engine under a name of one's own.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    /// Its name, which lives as long as the program.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) kind: Kind,
    /// Where it is defined.
    origin: Origin,
    assignments: Vec<Assignment>,
}

/// Whether a text can name an engine: small letters, digits and hyphens, a letter first.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= NAME_CHARS
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

impl Kind {
    /// Its settings.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static Key> + Clone {
        self.settings.iter().copied().flatten()
    }

    /// What a setting of the kind is called in a section of its own: without the kind's name.
    fn own_name(&self, key: &Key) -> String {
        let rest = |name: &str, prefix: &str| name.strip_prefix(prefix)?.strip_prefix('.').map(str::to_owned);
        rest(key.name, self.name)
            .or_else(|| rest(key.name, &format!("price.{}", self.name)).map(|rest| format!("price.{rest}")))
            .unwrap_or_else(|| key.name.to_owned())
    }

    fn find(&self, own_name: &str) -> Option<&'static Key> {
        self.keys().find(|key| self.own_name(key) == own_name)
    }
}

impl Named {
    fn new(name: &str, kind: Kind, origin: Origin) -> Self {
        Self { name: name.to_owned().leak(), kind, origin, assignments: Vec::new() }
    }

    /// The name of a setting of its own in messages.
    fn full_name(&self, key: &Key) -> String {
        format!("{SECTION}.{}.{}", self.name, self.kind.own_name(key))
    }

    /// Lays its settings over those of its kind; returns what is wrong with them.
    pub(super) fn apply(&self, settings: &mut Settings) -> Vec<Problem> {
        let put = |Assignment { key, raw, origin }: &Assignment| match (key.put)(settings, raw) {
            Ok(()) => None,
            Err(wrong) => Some(Problem::new(format!("{}: {wrong}, found {raw} ({origin})", self.full_name(key)))),
        };
        self.assignments.iter().filter_map(put).collect()
    }

    /// Its settings as lines of a file with their origins.
    pub(super) fn listing(&self) -> Vec<(String, String)> {
        let kind = (format!("{SECTION}.{}.{KIND} = \"{}\"", self.name, self.kind.name), self.origin.to_string());
        let own = self.assignments.iter().map(|Assignment { key, raw, origin }| {
            let value = match raw {
                Raw::Toml(value) => value.to_string(),
                Raw::Argument(text) | Raw::Variable(text) => toml::Value::from(text.as_str()).to_string(),
            };
            (format!("{} = {value}", self.full_name(key)), origin.to_string())
        });
        std::iter::once(kind).chain(own).collect()
    }
}

/// The name of an engine, if it can be one.
fn checked_name(name: &str, kinds: &[Kind], origin: &Origin) -> Result<(), Problem> {
    if kinds.iter().any(|kind| kind.name == name) {
        let message = format!("{SECTION}.{name}: `{name}` is an engine already ({origin})");
        let hint = format!("its settings stand under [{name}]; call this one otherwise");
        return Err(Problem::with_hint(message, hint));
    }
    if is_name(name) {
        return Ok(());
    }
    let message =
        format!("{SECTION}: the name of an engine is small letters, digits and hyphens, a letter first ({origin})");
    Err(Problem::new(message))
}

/// The kind of this name.
fn checked_kind(engine: &str, given: &str, keys: &Keys, origin: &Origin) -> Result<Kind, Problem> {
    keys.kinds().iter().find(|kind| kind.name == given).copied().ok_or_else(|| {
        let names: Vec<&str> = keys.kinds().iter().map(|kind| kind.name).collect();
        let wrong = Wrong::expected_one_of(&names);
        Problem::new(format!("{SECTION}.{engine}.{KIND}: {wrong}, found `{given}` ({origin})"))
    })
}

/// Reads the section of a file. `line` gives the line of an offset, `origin` the place of a line.
pub(super) fn of_file(
    section: DeTable<'_>,
    keys: &Keys,
    at: &impl Fn(usize) -> Origin,
    problems: &mut Vec<Problem>,
) -> Vec<Named> {
    let mut found = Vec::new();
    for (name, value) in section {
        let origin = at(name.span().start);
        let name = name.into_inner().into_owned();
        match engine_of_file(&name, value, keys, origin, at, problems) {
            Ok(engine) => found.push(engine),
            Err(problem) => problems.push(problem),
        }
    }
    found.sort_by_key(|engine| engine.name);
    found
}

fn engine_of_file(
    name: &str,
    value: Spanned<DeValue<'_>>,
    keys: &Keys,
    origin: Origin,
    at: &impl Fn(usize) -> Origin,
    problems: &mut Vec<Problem>,
) -> Result<Named, Problem> {
    checked_name(name, keys.kinds(), &origin)?;
    let DeValue::Table(mut table) = value.into_inner() else {
        return Err(Problem::new(format!("{SECTION}.{name}: expected a section with `{KIND}` in it ({origin})")));
    };
    let Some(kind) = table.remove(KIND) else {
        let hint = format!("such as `{KIND} = \"{}\"`", keys.kinds().last().map_or("", |kind| kind.name));
        let message = format!("{SECTION}.{name}: there is no `{KIND}` ({origin})");
        return Err(Problem::with_hint(message, hint));
    };
    let kind_origin = at(kind.span().start);
    let kind = checked_kind(name, kind.get_ref().as_str().unwrap_or_default(), keys, &kind_origin)?;
    let mut engine = Named::new(name, kind, origin);
    own_settings(&mut engine, "", table, at, problems);
    Ok(engine)
}

/// Takes the entries of an engine's section, or of a section within it.
fn own_settings(
    engine: &mut Named,
    section: &str,
    table: DeTable<'_>,
    at: &impl Fn(usize) -> Origin,
    problems: &mut Vec<Problem>,
) {
    for (name, value) in table {
        let origin = at(name.span().start);
        let name = format!("{section}{}", name.into_inner());
        match (engine.kind.find(&name), value) {
            (Some(key), value) => match toml::Value::deserialize(ValueDeserializer::from(value)) {
                Ok(value) => engine.assignments.push(Assignment { key, raw: Raw::Toml(value), origin }),
                Err(error) => {
                    problems.push(Problem::new(format!("{}: {} ({origin})", engine.full_name(key), error.message())));
                }
            },
            (None, value) => match value.into_inner() {
                DeValue::Table(table) if engine.has_section(&name) => {
                    own_settings(engine, &format!("{name}."), table, at, problems);
                }
                _ => problems.push(engine.unknown(&name, &origin)),
            },
        }
    }
}

impl Named {
    fn has_section(&self, name: &str) -> bool {
        let within = |key: &Key| self.kind.own_name(key).strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        self.kind.keys().any(within)
    }

    fn unknown(&self, name: &str, origin: &Origin) -> Problem {
        let kind = self.kind.name;
        let message = format!("there is no setting `{SECTION}.{}.{name}` of the kind {kind} ({origin})", self.name);
        Problem::unknown(message, name, self.kind.keys().map(|key| self.kind.own_name(key)))
    }
}

/// A name as variables spell it.
fn spelled(name: &str) -> String {
    name.replace(['.', '-'], "_").to_uppercase()
}

/// Whether a variable is about engines under names of one's own.
pub(super) fn is_variable(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|rest| rest.strip_prefix("ENGINES_").is_some())
}

/// Takes variables such as `UNDERTONE_ENGINES_OURS_MODEL` into the engines of the file; one with `_KIND` defines an engine.
pub(super) fn of_variables(
    variables: &BTreeMap<String, String>,
    keys: &Keys,
    engines: &mut Vec<Named>,
    problems: &mut Vec<Problem>,
) {
    let rest = |variable: &str| variable.strip_prefix(PREFIX)?.strip_prefix("ENGINES_").map(str::to_owned);
    for (variable, text) in variables {
        let origin = Origin::Environment(variable.clone());
        let Some(spelled_name) = rest(variable).and_then(|rest| rest.strip_suffix("_KIND").map(str::to_owned)) else {
            continue;
        };
        let name = spelled_name.to_lowercase().replace('_', "-");
        let made = checked_name(&name, keys.kinds(), &origin).and_then(|()| checked_kind(&name, text, keys, &origin));
        match made {
            Ok(kind) => {
                engines.retain(|engine| spelled(engine.name) != spelled_name);
                engines.push(Named::new(&name, kind, origin));
            }
            Err(problem) => problems.push(problem),
        }
    }
    for (variable, text) in variables.iter().filter(|(variable, _)| !variable.ends_with("_KIND")) {
        let origin = Origin::Environment(variable.clone());
        let Some(rest) = rest(variable) else { continue };
        let own = |engine: &Named| {
            let key = rest.strip_prefix(&spelled(engine.name))?.strip_prefix('_')?;
            engine.kind.keys().find(|known| spelled(&engine.kind.own_name(known)) == key)
        };
        if let Some((engine, key)) = engines.iter_mut().find_map(|engine| own(engine).map(|key| (engine, key))) {
            engine.assignments.push(Assignment { key, raw: Raw::Variable(text.clone()), origin });
        } else {
            let known = engines.iter().flat_map(|engine| {
                let start = format!("{PREFIX}ENGINES_{}", spelled(engine.name));
                engine.kind.keys().map(move |key| format!("{start}_{}", spelled(&engine.kind.own_name(key))))
            });
            let message = format!("there is no setting behind the variable {variable}");
            problems.push(Problem::unknown(message, variable, known.collect::<Vec<_>>().into_iter()));
        }
    }
}
