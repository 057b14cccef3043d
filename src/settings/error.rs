//! Where a setting came from, and what can be wrong with it.

use std::fmt;
use std::io;
use std::path::PathBuf;

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
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A value that its setting can't have.
    #[error("{key}: expected {expected}, found {found} ({origin})")]
    Value {
        /// The setting.
        key: &'static str,
        /// What it can be.
        expected: String,
        /// What was written.
        found: String,
        /// Where.
        origin: Origin,
    },
    /// A key in the file that is no setting.
    #[error("{}:{line}: there is no setting `{key}`", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key with its sections.
        key: String,
        /// The setting most like it.
        nearest: Option<String>,
    },
    /// A variable with the program's prefix that stands for no setting.
    #[error("there is no setting behind the variable {name}")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// The variable most like it.
        nearest: Option<String>,
    },
    /// A variable whose value is not UTF-8.
    #[error("the variable {name} is not valid UTF-8")]
    NotUnicode {
        /// The variable.
        name: String,
    },
    /// A file that is not TOML.
    #[error("{}:{line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// A file that was asked for and can't be read.
    #[error("can't read the settings file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// An engine that was left out when the program was built.
    #[error("engine: this build has no {engine} ({origin})")]
    EngineNotBuilt {
        /// The engine.
        engine: &'static str,
        /// Where it was asked for.
        origin: Origin,
    },
    /// Parquet files from a program that was built without them.
    #[error("format: this build has no Parquet ({origin})")]
    ParquetNotBuilt {
        /// Where they were asked for.
        origin: Origin,
    },
}

impl Problem {
    /// What to do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKey { nearest: Some(nearest), .. } | Self::UnknownVariable { nearest: Some(nearest), .. } => {
                Some(format!("did you mean `{nearest}`?"))
            }
            Self::UnknownKey { .. } | Self::UnknownVariable { .. } => {
                Some("`undertone config init -` lists every setting".to_owned())
            }
            Self::Unreadable { path, source } if source.kind() == io::ErrorKind::NotFound => {
                Some(format!("`undertone config init {}` writes one", path.display()))
            }
            Self::EngineNotBuilt { engine, .. } => Some(format!("build with `--features {engine}`")),
            Self::ParquetNotBuilt { .. } => Some("build with `cargo build --release --features parquet`".to_owned()),
            Self::Value { .. } | Self::NotUnicode { .. } | Self::Syntax { .. } | Self::Unreadable { .. } => None,
        }
    }
}

/// Everything that is wrong with the settings, so that it can be mended in one go. Never empty.
#[derive(Debug)]
pub struct SettingsError {
    problems: Vec<Problem>,
}

impl SettingsError {
    /// `Err` with `problems`, if there are any.
    pub(crate) fn unless_empty(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }

    /// What is wrong, in the order of the layers.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What to do about it, if one thing is wrong; several carry their hints in the message.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self.problems.as_slice() {
            [problem] => problem.hint(),
            _ => None,
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [problem] = self.problems.as_slice() {
            return problem.fmt(f);
        }
        write!(f, "{} settings can't be used", self.problems.len())?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
            if let Some(hint) = problem.hint() {
                write!(f, "; {hint}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.problems.as_slice() {
            [problem] => problem.source(),
            _ => None,
        }
    }
}

/// The candidate most like `name`, if one is like it enough to be what was meant.
///
/// A candidate is as near as its whole or the part after its section, so that a key without its section finds
/// the one with it.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = name.to_lowercase().replace('_', "-");
    let distance = |candidate: &str| {
        let candidate = candidate.to_lowercase().replace('_', "-");
        let last = candidate.rsplit('.').next().unwrap_or_default();
        edits(&plain, &candidate).min(edits(&plain, last))
    };
    let (edits, found) = candidates.map(|candidate| (distance(candidate), candidate)).min()?;
    // A third of the letters wrong is still a slip; more is another word.
    (edits <= plain.chars().count().div_ceil(3).min(4)).then_some(found)
}

/// Letters to insert, delete or replace to make one word the other (Levenshtein).
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (column, &other_letter) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != other_letter);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (one, other, count) in [("", "", 0), ("abc", "abc", 0), ("", "abc", 3), ("kitten", "sitting", 3)] {
            assert_eq!((edits(one, other), edits(other, one)), (count, count), "{one} {other}");
        }
    }

    #[test]
    fn a_slip_finds_its_key_and_another_word_none() {
        let keys = || ["engine", "comprehend.region", "comprehend.requests-per-second", "cost.max"].into_iter();
        assert_eq!(nearest("engin", keys()), Some("engine"));
        assert_eq!(nearest("requests_per_second", keys()), Some("comprehend.requests-per-second"));
        assert_eq!(nearest("comprehend.regoin", keys()), Some("comprehend.region"));
        assert_eq!(nearest("sentiment", keys()), None);
    }
}
