//! The layers above the defaults: a file, the environment, the flags.
//!
//! Each layer is a list of assignments: a key, what was written, and where. A key nobody knows is a problem,
//! in the file and in the environment alike, because a misspelt limit must not be no limit.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::error::{Origin, Problem, nearest};
use super::key::Key;
use super::table::KEYS;
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

/// A layer, with what could not be made out.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) assignments: Vec<Assignment>,
    pub(super) problems: Vec<Problem>,
}

/// The key of this name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// Reads the environment: the variables with the program's prefix. An empty one counts as not set.
pub(super) fn environment(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Layer {
    let mut layer = Layer::default();
    let mut own: Vec<(String, OsString)> = variables
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, value)| name.starts_with(PREFIX) && name != CONFIG_VARIABLE && !value.is_empty())
        .collect();
    // The system's order of variables is arbitrary; messages should not be.
    own.sort();
    for (name, value) in own {
        match (KEYS.iter().find(|key| key.variable() == name), value.into_string()) {
            (Some(key), Ok(text)) => {
                layer.assignments.push(Assignment { key, raw: Raw::Variable(text), origin: Origin::Environment(name) });
            }
            (Some(_), Err(_)) => layer.problems.push(Problem::NotUnicode { name }),
            (None, _) => {
                let variables: Vec<String> = KEYS.iter().map(Key::variable).collect();
                let nearest = nearest(&name, variables.iter().map(String::as_str)).map(str::to_owned);
                layer.problems.push(Problem::UnknownVariable { name, nearest });
            }
        }
    }
    layer
}

/// Reads the file at `path`.
pub(super) fn file(path: &Path) -> Layer {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(path, &text),
        Err(source) => {
            Layer { problems: vec![Problem::Unreadable { path: path.to_owned(), source }], ..Layer::default() }
        }
    }
}

/// Reads a file's `text`; `path` is for messages.
pub(super) fn parse(path: &Path, text: &str) -> Layer {
    let mut reader = Reader { path, text, layer: Layer::default() };
    match DeTable::parse(text) {
        Ok(table) => reader.table("", table.into_inner()),
        Err(error) => reader.layer.problems.push(Problem::Syntax {
            path: path.to_owned(),
            line: reader.line(error.span().map_or(0, |span| span.start)),
            message: error.message().replace('\n', ", "),
        }),
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
            match find(&name) {
                Some(key) => self.assign(key, value, line),
                None => self.descend(name, value, line),
            }
        }
    }

    fn assign(&mut self, key: &'static Key, value: Spanned<DeValue<'_>>, line: usize) {
        let origin = Origin::File { path: self.path.to_owned(), line };
        match toml::Value::deserialize(ValueDeserializer::from(value)) {
            Ok(value) => self.layer.assignments.push(Assignment { key, raw: Raw::Toml(value), origin }),
            Err(error) => {
                let message = format!("{}: {}", key.name, error.message());
                self.layer.problems.push(Problem::Syntax { path: self.path.to_owned(), line, message });
            }
        }
    }

    /// Goes into a section, or complains of a key that is none.
    fn descend(&mut self, name: String, value: Spanned<DeValue<'_>>, line: usize) {
        let is_section =
            KEYS.iter().any(|key| key.name.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.')));
        match value.into_inner() {
            DeValue::Table(table) if is_section => self.table(&name, table),
            _ => {
                let nearest = nearest(&name, KEYS.iter().map(|key| key.name)).map(str::to_owned);
                self.layer.problems.push(Problem::UnknownKey { path: self.path.to_owned(), line, key: name, nearest });
            }
        }
    }

    fn line(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }
}

/// Where the settings file is: the one that was named, else `undertone.toml` in `directory` if there is one.
pub(super) fn locate(named: Option<&Path>, variable: Option<&Path>, directory: &Path) -> Option<PathBuf> {
    let usual = directory.join(super::FILE_NAME);
    named.or(variable).map(Path::to_owned).or_else(|| usual.is_file().then_some(usual))
}
