//! Which files are read, in which order.
//!
//! An input is a file, a directory (searched through, sorted by name), a glob, or `-` for standard input. Each
//! file is read once however often it is named.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::error::InputError;

/// Endings of files that are read out of a directory, before an optional `.gz` or `.zst`.
const ENDINGS: [&str; 3] = ["csv", "tsv", "txt"];

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File {
        /// Where it is.
        path: PathBuf,
        /// Its size in bytes as stored; 0 for a pipe.
        bytes: u64,
    },
    /// Standard input.
    Stdin,
}

impl Source {
    /// The path as shown and written: `-` for standard input.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Stdin => "-".to_owned(),
        }
    }

    /// The size in bytes as stored, if it is known.
    #[must_use]
    pub const fn bytes(&self) -> Option<u64> {
        match self {
            Self::File { bytes, .. } => Some(*bytes),
            Self::Stdin => None,
        }
    }
}

/// Finds the files that `inputs` name, in the order named; within a directory or a glob sorted by path.
///
/// A directory is searched through for `.csv`, `.tsv` and `.txt` files, plain, `.gz` or `.zst`, without hidden
/// ones. A file that is named itself may have any ending. A path that exists is never taken for a glob.
///
/// # Errors
/// [`InputError::Nothing`], [`InputError::Missing`], [`InputError::NoMatch`], [`InputError::NoTranscripts`] or
/// [`InputError::Unreadable`].
pub fn discover(inputs: &[String]) -> Result<Vec<Source>, InputError> {
    let mut found = Found::default();
    for input in inputs {
        let path = Path::new(input);
        if input == "-" {
            found.add_stdin();
        } else if path.exists() {
            found.add(path, input)?;
        } else if input.contains(['*', '?', '[']) {
            found.add_glob(input)?;
        } else {
            return Err(InputError::Missing { path: input.clone() });
        }
    }
    if found.sources.is_empty() { Err(InputError::Nothing) } else { Ok(found.sources) }
}

/// What was found so far, each once.
#[derive(Default)]
struct Found {
    sources: Vec<Source>,
    seen: HashSet<PathBuf>,
}

impl Found {
    fn add_stdin(&mut self) {
        if !self.sources.contains(&Source::Stdin) {
            self.sources.push(Source::Stdin);
        }
    }

    fn add_glob(&mut self, pattern: &str) -> Result<(), InputError> {
        let no_match = || InputError::NoMatch { pattern: pattern.to_owned() };
        let mut any = false;
        for path in glob::glob(pattern).map_err(|_| no_match())? {
            let path = path.map_err(|error| unreadable(error.path(), error.error()))?;
            // As in a shell: a leading dot, which hides a file, is matched by a dot only.
            if hidden(&path) > hidden(Path::new(pattern)) {
                continue;
            }
            self.add(&path, &path.display().to_string())?;
            any = true;
        }
        if any { Ok(()) } else { Err(no_match()) }
    }

    /// Adds a path that exists and was named as `typed`.
    fn add(&mut self, path: &Path, typed: &str) -> Result<(), InputError> {
        if !path.is_dir() {
            return self.add_file(path);
        }
        let mut files = Vec::new();
        walk(path, &mut files, &mut HashSet::new())?;
        if files.is_empty() {
            return Err(InputError::NoTranscripts { path: typed.to_owned() });
        }
        files.sort_unstable();
        files.iter().try_for_each(|file| self.add_file(file))
    }

    fn add_file(&mut self, path: &Path) -> Result<(), InputError> {
        // A pipe such as /dev/fd/63 has no canonical path: it stands for itself.
        let identity = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if self.seen.insert(identity) {
            let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
            self.sources.push(Source::File { path: path.to_owned(), bytes: metadata.len() });
        }
        Ok(())
    }
}

/// How many parts of `path` begin with a dot, which hides them.
fn hidden(path: &Path) -> usize {
    let is_hidden =
        |part: &Component<'_>| matches!(part, Component::Normal(name) if name.as_encoded_bytes().starts_with(b"."));
    path.components().filter(is_hidden).count()
}

/// Collects the transcripts under `directory`; `above` holds the directories being walked, so that a link that
/// leads back to one of them is not followed for ever.
fn walk(directory: &Path, files: &mut Vec<PathBuf>, above: &mut HashSet<PathBuf>) -> Result<(), InputError> {
    let unreadable_here = |error: io::Error| unreadable(directory, &error);
    let identity = fs::canonicalize(directory).map_err(unreadable_here)?;
    if !above.insert(identity.clone()) {
        return Ok(());
    }
    for entry in fs::read_dir(directory).map_err(unreadable_here)? {
        let entry = entry.map_err(unreadable_here)?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            walk(&path, files, above)?;
        } else if is_transcript(&path) {
            files.push(path);
        }
    }
    above.remove(&identity);
    Ok(())
}

fn is_transcript(path: &Path) -> bool {
    let has_ending = |path: &Path, endings: &[&str]| {
        path.extension().is_some_and(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
    };
    if has_ending(path, &["gz", "zst"]) {
        path.file_stem().is_some_and(|stem| has_ending(Path::new(stem), &ENDINGS))
    } else {
        has_ending(path, &ENDINGS)
    }
}

fn unreadable(path: &Path, error: &io::Error) -> InputError {
    // The error is borrowed from an iterator's item: what it says is kept.
    let source = io::Error::new(error.kind(), error.to_string());
    InputError::Unreadable { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::InputErrorKind;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "call_id,text\n").unwrap();
        }
        root
    }

    fn names(root: &Path, inputs: &[&str]) -> Vec<String> {
        let inputs: Vec<String> = inputs.iter().map(|input| root.join(input).display().to_string()).collect();
        let prefix = format!("{}/", root.display());
        discover(&inputs).unwrap().iter().map(|source| source.name().replace(&prefix, "")).collect()
    }

    #[test]
    fn directories_are_searched_and_sorted() {
        let root = tree(&["b.csv", "a/z.TSV.gz", "a/y.txt.zst", "c.json", ".hidden.csv", "d.gz", "a/.git/x.csv"]);
        assert_eq!(
            names(root.path(), &[""]),
            ["a/y.txt.zst", "a/z.TSV.gz", "b.csv"]
                .map(|name| format!("/{name}"))
                .map(|name| name.trim_start_matches('/').to_owned())
        );
    }

    #[test]
    fn each_path_is_read_once_in_the_order_named() {
        let root = tree(&["a.csv", "b.csv", "odd.dat"]);
        assert_eq!(names(root.path(), &["b.csv", "*.csv", "odd.dat", "./a.csv"]), ["b.csv", "a.csv", "odd.dat"]);
    }

    #[test]
    fn a_glob_matches_hidden_files_only_by_a_dot() {
        let root = tree(&["._a.csv", "a.csv", ".old/b.csv", "new/c.csv"]);
        assert_eq!(names(root.path(), &["*.csv"]), ["a.csv"]);
        assert_eq!(names(root.path(), &["**/*.csv"]), ["a.csv", "new/c.csv"]);
        assert_eq!(names(root.path(), &[".*.csv"]), ["._a.csv"]);
    }

    #[test]
    fn a_file_whose_name_looks_like_a_glob_is_a_file() {
        let root = tree(&["[1].csv", "1.csv"]);
        assert_eq!(names(root.path(), &["[1].csv"]), ["[1].csv"]);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let root = tree(&["notes/readme.md"]);
        let input = |name: &str| vec![root.path().join(name).display().to_string()];
        assert!(matches!(discover(&[]), Err(InputError::Nothing)));
        assert!(matches!(discover(&input("x.csv")), Err(InputError::Missing { .. })));
        assert!(matches!(discover(&input("*.csv")), Err(InputError::NoMatch { .. })));
        let error = discover(&input("notes")).unwrap_err();
        assert!(matches!(error, InputError::NoTranscripts { .. }));
        assert_eq!(error.kind(), InputErrorKind::Missing);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_back_end() {
        let root = tree(&["a/x.csv"]);
        std::os::unix::fs::symlink(root.path(), root.path().join("a/back")).unwrap();
        assert_eq!(names(root.path(), &["a"]), ["a/x.csv"]);
    }
}
