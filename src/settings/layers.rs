//! The layers above the defaults: a file, the environment, the flags.
//!
//! Each layer is a list of assignments: a key, what was written, and where. A key that is no setting is a problem,
//! in the file and in the environment alike, because a misspelt limit must not be no limit.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::engines::{self, Named};
use super::error::{Origin, Problem};
use super::key::{Key, Keys};
use super::value::Raw;
use super::{CONFIG_VARIABLE, PREFIX};

/// One value for one key, as it was written.
#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    /// What it is for.
    pub(crate) key: &'static Key,
    /// What was written.
    pub(crate) raw: Raw,
    /// Where.
    pub(crate) origin: Origin,
}

/// A layer, with what is wrong in it.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) assignments: Vec<Assignment>,
    /// Engines under names of one's own.
    pub(super) engines: Vec<Named>,
    /// Variables about them, which are understood once it is known which there are.
    pub(super) engine_variables: BTreeMap<String, String>,
    pub(super) problems: Vec<Problem>,
}

/// Reads the environment: the variables with the program's prefix. An empty one counts as not set.
pub(super) fn environment(variables: impl IntoIterator<Item = (OsString, OsString)>, keys: &Keys) -> Layer {
    let mut layer = Layer::default();
    let mut own: Vec<(String, OsString)> = variables
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, value)| name.starts_with(PREFIX) && name != CONFIG_VARIABLE && !value.is_empty())
        .collect();
    // The system's order of variables is arbitrary; messages should not be.
    own.sort();
    for (name, value) in own {
        match (keys.iter().find(|key| key.variable() == name), value.into_string()) {
            (Some(key), Ok(text)) => {
                layer.assignments.push(Assignment { key, raw: Raw::Variable(text), origin: Origin::Environment(name) });
            }
            (None, Ok(text)) if engines::is_variable(&name) => {
                layer.engine_variables.insert(name, text);
            }
            (Some(_), Err(_)) => {
                layer.problems.push(Problem::new(format!("the variable {name} is not valid UTF-8")));
            }
            (None, _) => {
                let message = format!("there is no setting behind the variable {name}");
                layer.problems.push(Problem::unknown(message, &name, keys.iter().map(Key::variable)));
            }
        }
    }
    layer
}

/// Reads the file at `path`.
pub(super) fn file(path: &Path, keys: &Keys) -> Layer {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(path, &text, keys),
        Err(source) => Layer { problems: vec![Problem::unreadable(path, source)], ..Layer::default() },
    }
}

/// Reads a file's `text`; `path` is for messages.
pub(super) fn parse(path: &Path, text: &str, keys: &Keys) -> Layer {
    let mut reader = Reader { path, text, keys, layer: Layer::default() };
    match DeTable::parse(text) {
        Ok(table) => reader.table("", table.into_inner()),
        Err(error) => {
            let line = reader.line(error.span().map_or(0, |span| span.start));
            let message = format!("{}:{line}: {}", path.display(), error.message().replace('\n', ", "));
            reader.layer.problems.push(Problem::new(message));
        }
    }
    reader.layer.assignments.sort_by_key(|assignment| line_of(&assignment.origin));
    reader.layer
}

fn line_of(origin: &Origin) -> usize {
    match origin {
        Origin::File { line, .. } => *line,
        Origin::Environment(_) | Origin::Flag(_) => 0,
    }
}

/// Walks a parsed file.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    keys: &'a Keys,
    layer: Layer,
}

impl Reader<'_> {
    /// Takes the entries of the table whose dotted name is `section`.
    fn table(&mut self, section: &str, table: DeTable<'_>) {
        for (name, value) in table {
            let line = self.line(name.span().start);
            let name = if section.is_empty() {
                name.into_inner().into_owned()
            } else {
                format!("{section}.{}", name.into_inner())
            };
            match (self.keys.find(&name), value) {
                (Some(key), value) => self.assign(key, value, line),
                (None, value) if name == engines::SECTION => self.engines(value, line),
                (None, value) => self.descend(&name, value, line),
            }
        }
    }

    fn assign(&mut self, key: &'static Key, value: Spanned<DeValue<'_>>, line: usize) {
        let origin = Origin::File { path: self.path.to_owned(), line };
        match toml::Value::deserialize(ValueDeserializer::from(value)) {
            Ok(value) => self.layer.assignments.push(Assignment { key, raw: Raw::Toml(value), origin }),
            Err(error) => {
                let message = format!("{}:{line}: {}: {}", self.path.display(), key.name, error.message());
                self.layer.problems.push(Problem::new(message));
            }
        }
    }

    /// Takes the engines under names of one's own.
    fn engines(&mut self, value: Spanned<DeValue<'_>>, line: usize) {
        if let DeValue::Table(table) = value.into_inner() {
            let (path, text) = (self.path, self.text);
            let at = |offset| Origin::File { path: path.to_owned(), line: line_at(text, offset) };
            self.layer.engines = engines::of_file(table, self.keys, &at, &mut self.layer.problems);
        } else {
            let message = format!("{}:{line}: expected a section such as [engines.ours]", self.path.display());
            self.layer.problems.push(Problem::new(message));
        }
    }

    /// Goes into a section, or reports a key that is none.
    fn descend(&mut self, name: &str, value: Spanned<DeValue<'_>>, line: usize) {
        let is_section =
            self.keys.iter().any(|key| key.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')));
        match value.into_inner() {
            DeValue::Table(table) if is_section => self.table(name, table),
            _ => {
                let message = format!("{}:{line}: there is no setting `{name}`", self.path.display());
                let known = self.keys.iter().map(|key| key.name.to_owned());
                self.layer.problems.push(Problem::unknown(message, name, known));
            }
        }
    }

    fn line(&self, offset: usize) -> usize {
        line_at(self.text, offset)
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Where the settings file is: the one that was named, else `undertone.toml` in `directory` if there is one.
pub(super) fn locate(named: Option<&Path>, variable: Option<&Path>, directory: &Path) -> Option<PathBuf> {
    let usual = directory.join(super::FILE_NAME);
    named.or(variable).map(Path::to_owned).or_else(|| usual.is_file().then_some(usual))
}
