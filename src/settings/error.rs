//! Where a setting came from, and what can be wrong with it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use strsim::levenshtein;

use super::value::Wrong;
use crate::exit::{ExitCode, Stops};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The settings file, and the line in it.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The environment variable of this name.
    Environment(String),
    /// The flag as it is written, with its hyphens.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "file {}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// One thing that is wrong with the settings.
#[derive(Debug)]
pub(super) struct Problem {
    /// What is wrong, and where.
    pub(super) message: String,
    /// What to do about it, where there is something.
    pub(super) hint: Option<String>,
    /// Why the settings file can't be read.
    source: Option<io::Error>,
    /// Whether it was typed.
    typed: bool,
}

impl Problem {
    pub(super) fn new(message: String) -> Self {
        Self { message, hint: None, source: None, typed: false }
    }

    /// One with what to do about it.
    pub(super) fn with_hint(message: String, hint: String) -> Self {
        Self { hint: Some(hint), ..Self::new(message) }
    }

    /// A settings file that can't be read.
    pub(super) fn unreadable(path: &Path, source: io::Error) -> Self {
        let is_missing = source.kind() == io::ErrorKind::NotFound;
        Self {
            message: format!("can't read the settings file {}", path.display()),
            hint: is_missing.then(|| format!("`undertone config init {}` writes one", path.display())),
            source: Some(source),
            typed: false,
        }
    }

    /// A name of no engine.
    pub(super) fn no_engine(key: &str, name: &str, wrong: &Wrong, origin: &Origin) -> Self {
        let found = match origin {
            Origin::File { .. } => toml::Value::from(name).to_string(),
            Origin::Environment(_) | Origin::Flag(_) => name.to_owned(),
        };
        let hint = format!("an engine of this name of one's own is a section [engines.{name}] of the settings file");
        Self {
            typed: matches!(origin, Origin::Flag(_)),
            hint: Some(hint),
            ..Self::new(format!("{key}: {wrong}, found `{found}` ({origin})"))
        }
    }

    /// A name that is none of `known`.
    pub(super) fn unknown(message: String, name: &str, known: impl Iterator<Item = String>) -> Self {
        let hint = nearest(name, known).map_or_else(
            || "`undertone config init -` lists every setting".to_owned(),
            |nearest| format!("did you mean `{nearest}`?"),
        );
        Self { hint: Some(hint), ..Self::new(message) }
    }

    /// A value of `key` that needs a feature which was left out when the program was built.
    pub(super) fn not_built(key: &str, feature: &str, origin: &Origin) -> Self {
        let hint = format!("build with `cargo build --release --features {feature}`");
        Self { hint: Some(hint), ..Self::new(format!("{key}: this build has no {feature} ({origin})")) }
    }
}

/// Everything that is wrong with the settings, at once. Never empty.
#[derive(Debug)]
pub struct SettingsError {
    pub(super) problems: Vec<Problem>,
}

impl SettingsError {
    /// `Err` with `problems`, if there are any.
    pub(super) fn unless_empty(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }
}

impl Stops for SettingsError {
    fn code(&self) -> ExitCode {
        if self.problems.iter().all(|problem| problem.typed) { ExitCode::Usage } else { ExitCode::Settings }
    }

    fn hint(&self) -> Option<String> {
        match self.problems.as_slice() {
            [problem] => problem.hint.clone(),
            _ => None,
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [problem] = self.problems.as_slice() {
            return f.write_str(&problem.message);
        }
        write!(f, "{} settings can't be used", self.problems.len())?;
        for problem in &self.problems {
            write!(f, "\n  {}", problem.message)?;
            if let Some(hint) = &problem.hint {
                write!(f, "; {hint}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.problems.as_slice() {
            [Problem { source: Some(source), .. }] => Some(source),
            _ => None,
        }
    }
}

/// The candidate most like `name`, if one is like it enough to be what was meant.
///
/// A candidate is as near as its whole or the part after its section, so that a key without its section finds
/// the one with it.
fn nearest(name: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    let folded = |name: &str| name.to_lowercase().replace('_', "-");
    let plain = folded(name);
    let distance = |candidate: &str| {
        let last = candidate.rsplit('.').next().unwrap_or_default();
        levenshtein(&plain, &folded(candidate)).min(levenshtein(&plain, &folded(last)))
    };
    // Of several that are as near, the first of the list.
    let (edits, found) =
        candidates.map(|candidate| (distance(&candidate), candidate)).min_by_key(|(edits, _)| *edits)?;
    // A third of the letters wrong is still a slip; more is another word.
    (edits <= plain.chars().count().div_ceil(3).min(4)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_key_and_another_word_none() {
        let keys = || {
            ["engine", "comprehend.region", "comprehend.requests-per-second", "cost.max"].map(str::to_owned).into_iter()
        };
        assert_eq!(nearest("engin", keys()).as_deref(), Some("engine"));
        assert_eq!(nearest("requests_per_second", keys()).as_deref(), Some("comprehend.requests-per-second"));
        assert_eq!(nearest("comprehend.regoin", keys()).as_deref(), Some("comprehend.region"));
        assert_eq!(nearest("sentiment", keys()), None);
    }
}
