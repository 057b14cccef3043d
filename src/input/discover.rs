//! Which inputs there are: what was named, and what is found in directories and by globs, each once and in order.
//!
//! What this program wrote is no input: a directory or glob leaves out files named as its own in the output directory
//! and in every folder that holds a run's record.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::error::InputError;
use super::source::{Source, is_transcript, unreadable};
use crate::nights;
use crate::output::FILES;
use crate::places;

/// How many folders up from a published file that of its nights lies: `calls/call_date=2026-11-02/part-0.csv`.
pub(super) const NIGHTS_DEPTH: usize = 3;

/// Finds the files that `inputs` name, in the order named; within a directory or a glob sorted by path.
///
/// A directory is searched through for files with an ending of transcripts, plain, `.gz` or `.zst`, without hidden ones
/// and without those that a run wrote to `out` or elsewhere. A file that is named itself may have any ending and
/// lie anywhere. A path that exists is never taken for a glob.
///
/// # Errors
/// [`InputError::Nothing`], [`InputError::Missing`], [`InputError::NoMatch`], [`InputError::NoTranscripts`],
/// [`InputError::Unreadable`] or [`InputError::Place`].
pub fn discover(inputs: &[String], out: &Path) -> Result<Vec<Source>, InputError> {
    let mut found = Found {
        out: fs::canonicalize(out).ok(),
        #[cfg(feature = "object-stores")]
        out_on_store: places::location(out)?.map(places::Location::folder),
        ..Found::default()
    };
    for input in inputs {
        let path = Path::new(input);
        if input == "-" {
            found.add_stdin();
        } else if path.exists() {
            found.add(path, input, true)?;
        } else if let Some(place) = places::location(path)? {
            #[cfg(feature = "object-stores")]
            found.add_objects(&place, input)?;
            // A build without the feature has refused it.
            #[cfg(not(feature = "object-stores"))]
            drop(place);
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
pub(super) struct Found {
    pub(super) sources: Vec<Source>,
    /// Files by their canonical path, objects by their address.
    pub(super) seen: HashSet<PathBuf>,
    /// The output directory, if it is there.
    out: Option<PathBuf>,
    /// The output folder, if it is on an object store.
    #[cfg(feature = "object-stores")]
    pub(super) out_on_store: Option<places::Location>,
    /// Objects found so far, by bucket.
    #[cfg(feature = "object-stores")]
    pub(super) queues: HashMap<String, std::sync::Arc<places::Queue>>,
    /// Folders looked at, and whether they hold outputs of this program.
    outputs: HashMap<PathBuf, bool>,
    /// Folders looked at, and whether nights publish in them.
    nights: HashMap<PathBuf, bool>,
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
            if hidden(&path) > hidden(Path::new(pattern)) || self.is_own(&path) {
                continue;
            }
            match self.add(&path, &path.display().to_string(), false) {
                Err(InputError::NoTranscripts { own: true, .. }) => {}
                added => {
                    added?;
                    any = true;
                }
            }
        }
        if any { Ok(()) } else { Err(no_match()) }
    }

    /// Adds a path that exists and was named as `typed`.
    fn add(&mut self, path: &Path, typed: &str, is_named: bool) -> Result<(), InputError> {
        if !path.is_dir() {
            return self.add_file(path, is_named);
        }
        let mut walk = Walk { found: self, files: Vec::new(), above: HashSet::new(), own: false };
        walk.directory(path)?;
        let Walk { mut files, own, .. } = walk;
        if files.is_empty() {
            return Err(InputError::NoTranscripts { path: typed.to_owned(), own });
        }
        files.sort_unstable();
        files.iter().try_for_each(|file| self.add_file(file, false))
    }

    fn add_file(&mut self, path: &Path, is_named: bool) -> Result<(), InputError> {
        // A pipe such as /dev/fd/63 has no canonical path: it stands for itself.
        let identity = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if self.seen.insert(identity) {
            let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
            self.sources.push(Source::File { path: path.to_owned(), bytes: metadata.len(), is_named });
        }
        Ok(())
    }

    /// Whether this program wrote the file at `path`: it is named so and lies among a run's outputs, or lies in a folder of
    /// nights.
    fn is_own(&mut self, path: &Path) -> bool {
        let is_named_so = path.file_name().is_some_and(|name| FILES.iter().any(|own| name == *own));
        !path.is_dir()
            && (is_named_so && path.parent().is_some_and(|folder| self.holds_outputs(folder))
                || path.ancestors().skip(1).take(NIGHTS_DEPTH).any(|folder| self.holds_nights(folder)))
    }

    /// Whether `folder` is one that nights publish in.
    fn holds_nights(&mut self, folder: &Path) -> bool {
        if let Some(&holds) = self.nights.get(folder) {
            return holds;
        }
        let holds = folder.join(nights::WINDOWS_LIST).is_file();
        self.nights.insert(folder.to_owned(), holds);
        holds
    }

    /// Whether `folder` is the output directory, or has a run's record.
    fn holds_outputs(&mut self, folder: &Path) -> bool {
        if let Some(&holds) = self.outputs.get(folder) {
            return holds;
        }
        // The parent of a bare name is empty.
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let is_out = || fs::canonicalize(here).is_ok_and(|folder| self.out.as_deref() == Some(&folder));
        let record = fs::read(folder.join("run.json"));
        let holds =
            record.is_ok_and(|record| memchr::memmem::find(&record, b"\"undertone_version\"").is_some()) || is_out();
        self.outputs.insert(folder.to_owned(), holds);
        holds
    }
}

/// How many parts of `path` begin with a dot, which hides them.
pub(super) fn hidden(path: &Path) -> usize {
    let is_hidden =
        |part: &Component<'_>| matches!(part, Component::Normal(name) if name.as_encoded_bytes().starts_with(b"."));
    path.components().filter(is_hidden).count()
}

/// A walk through a directory.
struct Walk<'a> {
    found: &'a mut Found,
    files: Vec<PathBuf>,
    /// The directories being walked, so that a link that leads back to one of them is not followed for ever.
    above: HashSet<PathBuf>,
    /// Whether outputs of a run were left out.
    own: bool,
}

impl Walk<'_> {
    /// Collects the transcripts under `directory`.
    fn directory(&mut self, directory: &Path) -> Result<(), InputError> {
        let unreadable_here = |error: io::Error| unreadable(directory, &error);
        let identity = fs::canonicalize(directory).map_err(unreadable_here)?;
        if !self.above.insert(identity.clone()) {
            return Ok(());
        }
        for entry in fs::read_dir(directory).map_err(unreadable_here)? {
            let entry = entry.map_err(unreadable_here)?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let path = entry.path();
            if path.is_dir() {
                self.directory(&path)?;
            } else if self.found.is_own(&path) {
                self.own = true;
            } else if is_transcript(&path) {
                self.files.push(path);
            }
        }
        self.above.remove(&identity);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::{ExitCode, Stops as _};

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
        discover(&inputs, &root.join("out")).unwrap().iter().map(|source| source.name().replace(&prefix, "")).collect()
    }

    #[test]
    fn directories_are_searched_and_sorted() {
        let root =
            tree(&["b.csv", "a/z.TSV.gz", "a/y.txt.zst", "c.vtt", "d.doc", ".hidden.csv", "d.gz", "a/.git/x.csv"]);
        assert_eq!(
            names(root.path(), &[""]),
            ["a/y.txt.zst", "a/z.TSV.gz", "b.csv", "c.vtt"]
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
        let out = Path::new("undertone-out");
        assert!(matches!(discover(&[], out), Err(InputError::Nothing)));
        assert!(matches!(discover(&input("x.csv"), out), Err(InputError::Missing { .. })));
        assert!(matches!(discover(&input("*.csv"), out), Err(InputError::NoMatch { .. })));
        let error = discover(&input("notes"), out).unwrap_err();
        assert!(matches!(error, InputError::NoTranscripts { .. }));
        assert_eq!(error.code(), ExitCode::NoInput);
    }

    #[test]
    fn what_this_program_wrote_is_no_input() {
        let root = tree(&["a.csv", "out/calls.csv", "last week/calls.csv", "theirs/b.csv"]);
        fs::write(root.path().join("last week/run.json"), "{\n  \"undertone_version\": \"0.1.0\"").unwrap();
        fs::write(root.path().join("theirs/run.json"), "{}").unwrap();
        assert_eq!(names(root.path(), &["."]), ["./a.csv", "./theirs/b.csv", "./theirs/run.json"]);
        assert_eq!(names(root.path(), &["*.csv", "*/*.csv"]), ["a.csv", "theirs/b.csv"]);
        assert_eq!(names(root.path(), &["out/calls.csv"]), ["out/calls.csv"], "what is named itself is read");
        let input = [root.path().join("last week").display().to_string()];
        let error = discover(&input, Path::new("out")).unwrap_err();
        assert!(error.to_string().ends_with("but outputs of undertone"), "{error}");
    }

    #[test]
    fn what_nights_published_is_no_input_and_what_lies_beside_it_is() {
        let root =
            tree(&["a.csv", "lake/calls/call_date=2026-11-02/part-0.csv", "lake/days/days.csv", "lake/runs/x.json"]);
        let list = root.path().join("lake").join(nights::WINDOWS_LIST);
        fs::create_dir_all(list.parent().unwrap()).unwrap();
        fs::write(list, "{}").unwrap();
        assert_eq!(names(root.path(), &["."]), ["./a.csv"]);
        assert_eq!(names(root.path(), &["**/*.csv"]), ["a.csv"]);
        assert_eq!(names(root.path(), &["lake/days/days.csv"]), ["lake/days/days.csv"], "what is named itself is read");
    }

    #[test]
    fn transcripts_beside_and_below_outputs_are_read() {
        let own = ["out/calls.csv", "kept/calls.csv", "kept/rejects.csv"];
        let root =
            tree(&[&own[..], &["kept/march.csv", "kept/2024/calls.csv", "out/a.csv", "out/below/b.csv"]].concat());
        fs::write(root.path().join("kept/run.json"), "{\n  \"undertone_version\": \"0.1.0\"").unwrap();
        let expected = ["kept/2024/calls.csv", "kept/march.csv", "out/a.csv", "out/below/b.csv"];
        for inputs in [&["kept", "out"][..], &["**/*.csv"], &["*"]] {
            assert_eq!(names(root.path(), inputs), expected, "{inputs:?}");
        }
    }

    #[test]
    fn a_folder_of_outputs_that_a_glob_matches_is_passed_over() {
        let root = tree(&["a.csv", "out/calls.csv"]);
        assert_eq!(names(root.path(), &["*"]), ["a.csv"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_back_end() {
        let root = tree(&["a/x.csv"]);
        std::os::unix::fs::symlink(root.path(), root.path().join("a/back")).unwrap();
        assert_eq!(names(root.path(), &["a"]), ["a/x.csv"]);
    }
}
