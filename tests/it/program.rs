//! Runs the program as a user does: a process of its own, in a folder of its own, with nothing else from this
//! machine but `PATH`; and reads what it left.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::package;

/// A folder in which a test keeps its inputs and runs the program. It is the working directory and holds home and
/// temporary files too; no settings file, no credentials, no cache. Whatever a run leaves in it must be what its own
/// description says: no test has to ask for that.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
    /// Hashes of the records of the runs whose outputs were checked.
    checked: RefCell<HashSet<blake3::Hash>>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["home", "tmp"] {
            fs::create_dir(folder.path().join(name)).expect("a folder in it");
        }
        let path_of = |name| folder.path().join(name).display().to_string();
        let fixed = [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", path_of("home")),
            ("TMPDIR", path_of("tmp")),
            // Without it, looking for credentials asks the network for a metadata service.
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("UNDERTONE_CACHE_PATH", "off".to_owned()),
        ];
        let variables = fixed.map(|(name, value)| (name.to_owned(), value)).into();
        Self { folder, variables, checked: RefCell::default() }
    }

    /// A folder with the sample transcripts in `data`.
    pub(crate) fn with_samples() -> Self {
        let place = Self::new();
        for (name, content) in samples() {
            place.write(&format!("data/{name}"), content);
        }
        place
    }

    /// Adds variables to the environment of every run from here on.
    pub(crate) fn set<N: Into<String>, V: Into<String>>(&mut self, variables: impl IntoIterator<Item = (N, V)>) {
        self.variables.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
    }

    /// Takes a variable out of the environment.
    #[cfg(feature = "comprehend")]
    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders");
        fs::write(path, content).expect("a file");
    }

    /// The program with these arguments, not yet started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_undertone"));
        command.args(arguments).env_clear().envs(&self.variables).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let output = self.command(arguments).output().expect("the program can be started");
        self.check_packages();
        Ended::of(output)
    }

    /// Runs a line that a shell reads, in which `undertone` is the program.
    #[cfg(unix)]
    pub(crate) fn shell(&self, line: &str) -> Ended {
        let line = format!("undertone() {{ '{}' \"$@\"; }}; {line}", env!("CARGO_BIN_EXE_undertone"));
        let mut command = Command::new("sh");
        command.args(["-c", &line]).env_clear().envs(&self.variables).current_dir(self.folder.path());
        let ended = Ended::of(command.output().expect("there is a shell"));
        self.check_packages();
        ended
    }

    /// Runs the program with `input` on its standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Ended {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().expect("the program can be started");
        let mut stdin = child.stdin.take().expect("it has a standard input");
        let output = std::thread::scope(|scope| {
            // The program may end without reading it all.
            scope.spawn(move || drop(stdin.write_all(input)));
            child.wait_with_output().expect("the program ends")
        });
        self.check_packages();
        Ended::of(output)
    }

    /// Insists that every output directory here that was not looked at yet is what its description says.
    fn check_packages(&self) {
        let entries = fs::read_dir(self.folder.path()).expect("the folder is there");
        let folders = entries.map(|entry| entry.expect("an entry").path());
        // run.json comes last and names the hash of everything else: where it is new, all is new.
        let fresh = folders.filter(|folder| {
            let record = fs::read(folder.join("run.json"));
            record.is_ok_and(|record| self.checked.borrow_mut().insert(blake3::hash(&record)))
        });
        // A part of a run has no tables of its own.
        for folder in fresh.filter(|folder| !folder.join("part.undertone").exists()) {
            let problems = package::problems(&folder);
            assert!(problems.is_empty(), "{} is not what it says: {problems:#?}", folder.display());
        }
    }

    /// `analyze` into `out`, which must end with `code`; then what it wrote.
    pub(crate) fn analyze(&self, arguments: &[&str], code: i32) -> Outputs {
        let checked = self.checked.borrow().len();
        self.run(&[&["analyze", "--out", "out"], arguments].concat()).expect(code);
        assert!(self.checked.borrow().len() > checked, "the outputs were not checked");
        self.outputs("out")
    }

    pub(crate) fn outputs(&self, folder: &str) -> Outputs {
        Outputs::read(&self.path(folder))
    }
}

/// Runs that a test started by itself have left something too.
impl Drop for Place {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.check_packages();
        }
    }
}

/// What became of a run.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: std::process::Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        // A signal has no code, and no test expects one.
        Self { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Insists on the exit code.
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Insists on one `error:` line, and returns it without the word.
    pub(crate) fn error(&self) -> &str {
        let errors: Vec<&str> = self.stderr.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
        assert_eq!(errors.len(), 1, "{}", self.stderr);
        errors[0]
    }

    /// Insists on one `hint:` line, and returns it without the word.
    pub(crate) fn hint(&self) -> &str {
        let hints: Vec<&str> = self.stderr.lines().filter_map(|line| line.strip_prefix("hint: ")).collect();
        assert_eq!(hints.len(), 1, "{}", self.stderr);
        hints[0]
    }
}

/// The files of an output directory, by name. Empty if it is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outputs(pub(crate) BTreeMap<String, Vec<u8>>);

/// What the program keeps for itself in an output directory begins so: the lock, and what a killed run left.
const OWN: &str = ".undertone";

/// The tables whose bytes a run's input and settings decide.
pub(crate) const TABLES: [&str; 4] = ["calls.csv", "agents.csv", "segments.csv", "failures.csv"];

impl Outputs {
    fn read(folder: &Path) -> Self {
        let Ok(entries) = fs::read_dir(folder) else { return Self(BTreeMap::new()) };
        let read = |entry: std::io::Result<fs::DirEntry>| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("a plain name");
            (!name.starts_with(OWN)).then(|| (name, fs::read(entry.path()).expect("outputs are files")))
        };
        Self(entries.filter_map(read).collect())
    }

    pub(crate) fn bytes(&self, name: &str) -> &[u8] {
        self.0.get(name).map_or_else(|| panic!("{name} was not written"), Vec::as_slice)
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        std::str::from_utf8(self.bytes(name)).expect("outputs are UTF-8")
    }

    pub(crate) fn table(&self, name: &str) -> Table {
        Table::read(self.bytes(name))
    }

    /// Every CSV file.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (&str, Table)> {
        let is_csv = |name: &str| Path::new(name).extension().is_some_and(|ending| ending == "csv");
        self.0.iter().filter(move |(name, _)| is_csv(name)).map(|(name, bytes)| (name.as_str(), Table::read(bytes)))
    }

    pub(crate) fn record(&self) -> Value {
        serde_json::from_slice(self.bytes("run.json")).expect("run.json is JSON")
    }

    /// Insists that the tables are the same to the byte.
    pub(crate) fn expect_same_tables(&self, other: &Self) {
        for name in TABLES {
            assert_same(name, self.bytes(name), other.bytes(name));
        }
    }
}

/// Insists on the same bytes; shows the first line that differs.
pub(crate) fn assert_same(name: &str, expected: &[u8], found: &[u8]) {
    if expected == found {
        return;
    }
    let [expected, found] = [expected, found].map(String::from_utf8_lossy);
    let differing = expected.lines().zip(found.lines()).find(|(one, other)| one != other);
    let lengths = (expected.lines().count(), found.lines().count());
    panic!("{name} differs, {lengths:?} lines, first: {differing:#?}");
}

/// A CSV file, by column names.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut reader = csv::Reader::from_reader(bytes);
        let strings = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
        let header = strings(reader.headers().expect("a header"));
        let rows = reader.records().map(|record| strings(&record.expect("a row"))).collect();
        Self { header, rows }
    }

    fn index(&self, column: &str) -> usize {
        let found = self.header.iter().position(|name| name == column);
        found.unwrap_or_else(|| panic!("no column {column} in {:?}", self.header))
    }

    /// All cells of a column.
    pub(crate) fn column(&self, column: &str) -> Vec<&str> {
        let index = self.index(column);
        self.rows.iter().map(|row| row[index].as_str()).collect()
    }

    /// The cell of the one row that begins with `key`.
    pub(crate) fn cell(&self, key: &str, column: &str) -> &str {
        let index = self.index(column);
        let mut rows = self.rows.iter().filter(|row| row[0] == key);
        let row = rows.next().unwrap_or_else(|| panic!("no row {key}"));
        assert!(rows.next().is_none(), "several rows {key}");
        &row[index]
    }
}

/// The sample transcripts, by file name.
pub(crate) fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let mut files: Vec<(String, Vec<u8>)> = Outputs::read(&folder).0.into_iter().collect();
    files.retain(|(name, _)| Path::new(name).extension().is_some_and(|ending| ending == "csv"));
    files
}

/// A transcript file of one row a turn: call, speaker, agent and text.
pub(crate) fn turns(rows: &[[&str; 4]]) -> Vec<u8> {
    let header = [["call_id", "speaker", "agent_id", "text"]];
    write_csv(header.iter().chain(rows))
}

/// Rows as CSV.
pub(crate) fn write_csv<R: AsRef<[F]>, F: AsRef<[u8]>>(rows: impl IntoIterator<Item = R>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.as_ref()).expect("memory takes all");
    }
    writer.into_inner().expect("memory takes all")
}
