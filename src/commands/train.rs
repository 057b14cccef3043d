//! `undertone train LABELS.csv… --out MODEL`: a model of one's own.
//!
//! Each file is a source: three or more are held out in turn, one or two are split into parts (see
//! [`crate::train`]). The model is written beside its place and renamed, so that there is never half of one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::cli;
use crate::evaluate::{Interval, TextFigures};
use crate::exit::{ExitCode, Stops};
use crate::input::label_files::{LabelFile, LabelsError};
use crate::model::{Model, ModelError};
use crate::output::write_whole;
use crate::train::{self, Options, Report, Source, TrainError};

/// What a model begins at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// The model that ships with the program, so that a few hundred labels help.
    Shipped,
    /// Nothing: everything is learned from the labels.
    Nothing,
    /// A model of one's own.
    File(PathBuf),
}

impl From<&str> for Base {
    /// What `--from` was given: `shipped`, `none` or a file.
    fn from(given: &str) -> Self {
        match given {
            "shipped" => Self::Shipped,
            "none" => Self::Nothing,
            path => Self::File(path.into()),
        }
    }
}

/// What `train` is told.
#[derive(Debug, Clone)]
pub struct TrainOptions {
    /// The label files, one source each.
    pub labels: Vec<PathBuf>,
    /// Where the model is written.
    pub out: PathBuf,
    /// What it begins at.
    pub from: Base,
    /// How it is trained.
    pub training: Options,
}

impl From<cli::Train> for TrainOptions {
    fn from(args: cli::Train) -> Self {
        let priors = if args.priors == "even" { train::Priors::Even } else { train::Priors::Labels };
        let training = Options { name: args.name, seed: args.seed, bits: args.bits, priors, ..Options::default() };
        Self { labels: args.labels, out: args.out, from: Base::from(&*args.from), training }
    }
}

/// What `train` did.
#[derive(Debug, Clone)]
pub struct TrainSummary {
    /// Name and hash of the model written.
    pub version: String,
    /// Its size.
    pub bytes: usize,
    /// How many labelled texts it was trained on.
    pub texts: usize,
    /// The version of the model it began at, if it did.
    pub base: Option<String>,
    /// How good it is on texts that it had not seen.
    pub report: Report,
}

/// Why no model was written.
#[derive(Debug, thiserror::Error)]
pub enum TrainCommandError {
    /// A label file can't be used.
    #[error(transparent)]
    Labels(#[from] LabelsError),
    /// The labels can't be learned from.
    #[error(transparent)]
    Training(#[from] TrainError),
    /// The model to begin at can't be used.
    #[error("{}", path.display())]
    Base {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        source: ReadModelError,
    },
    /// The model can't be written.
    #[error("can't write {}", path.display())]
    Unwritable {
        /// Where it was to be.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Stops for TrainCommandError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Labels(error) => error.code(),
            Self::Training(error) => error.code(),
            Self::Base { .. } => ExitCode::Settings,
            Self::Unwritable { .. } => ExitCode::CantCreate,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Labels(error) => error.hint(),
            Self::Training(error) => error.hint(),
            Self::Base { source: ReadModelError::Model(error), .. } => error.hint(),
            Self::Base { .. } => Some("--from takes a model file, `shipped` or `none`".to_owned()),
            Self::Unwritable { .. } => None,
        }
    }
}

/// Why a model file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadModelError {
    /// It can't be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It is not a model.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// Reads a model file, as `--model` and `--from` name one.
///
/// # Errors
/// [`ReadModelError`] when it can't be read or is not a model.
pub fn read_model(path: &Path) -> Result<Model, ReadModelError> {
    Ok(Model::from_bytes(std::fs::read(path)?)?)
}

/// Trains a model and writes it.
///
/// # Errors
/// [`TrainCommandError`]; then nothing was written.
pub fn run(options: &TrainOptions) -> Result<TrainSummary, TrainCommandError> {
    let files = options.labels.iter().map(|path| LabelFile::read(path)).collect::<Result<Vec<_>, _>>()?;
    let sources: Vec<Source<'_>> = files.iter().map(LabelFile::source).collect();
    let base = base_of(&options.from)?;
    let trained = train::train(&sources, base.as_ref(), &options.training)?;
    written(&options.out, &trained.bytes)?;
    let bytes = trained.bytes.len();
    Ok(TrainSummary {
        version: trained.version,
        bytes,
        texts: files.iter().map(LabelFile::len).sum(),
        base: base.map(|base| base.version().to_owned()),
        report: trained.report,
    })
}

/// The model to begin at, if there is one.
pub(super) fn base_of(from: &Base) -> Result<Option<Model>, TrainCommandError> {
    match from {
        Base::Nothing => Ok(None),
        Base::Shipped => Ok(Some(Model::shipped())),
        Base::File(path) => {
            read_model(path).map(Some).map_err(|source| TrainCommandError::Base { path: path.clone(), source })
        }
    }
}

/// Writes a model, whole or not at all.
pub(super) fn written(out: &Path, bytes: &[u8]) -> Result<(), TrainCommandError> {
    write_whole(out, bytes).map_err(|source| TrainCommandError::Unwritable { path: out.to_owned(), source })
}

impl TrainSummary {
    /// The summary as lines for a terminal.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::new();
        let from = self.base.as_deref().map_or_else(|| "from nothing".to_owned(), |base| format!("from {base}"));
        let how = if self.report.by_source { "each file held out in turn" } else { "five parts held out in turn" };
        // Writing to a string can't fail.
        let _ = writeln!(out, "model {}, {} bytes, trained {from} on {} texts\n", self.version, self.bytes, self.texts);
        let _ = writeln!(out, "On texts that it had not seen ({how}; 95 % intervals):\n");
        let width = self.report.sources.iter().map(|source| source.name.chars().count()).max().unwrap_or(0).max(9);
        let head = ["texts", "accuracy", "macro F1", "macro recall", "cal. error", "mixed AUC"];
        let [texts, accuracy, f1, recall, error, mixed] = head;
        let _ = writeln!(
            out,
            "{:width$}  {texts:>6}  {accuracy:<22}  {f1:<22}  {recall:<22}  {error:<10}  {mixed}",
            "source"
        );
        for source in &self.report.sources {
            let name = &source.name;
            let mut line = |name: &str, texts: &str, figures: &TextFigures| {
                let _ = writeln!(
                    out,
                    "{name:width$}  {texts:>6}  {:<22}  {:<22}  {:<22}  {:<10}  {}",
                    range(figures.accuracy),
                    range(figures.macro_f1),
                    range(figures.macro_recall),
                    number(figures.calibration_error.map(|error| error.value)),
                    number(figures.mixed_auc),
                );
            };
            line(name, &source.texts.to_string(), &source.figures);
            line("  as ASR", "", &source.stripped);
            if let Some(base) = &source.base {
                line("  before", "", base);
            }
            for (figure, rise) in [("accuracy", source.accuracy_rise), ("macro F1", source.rise)] {
                let Some(rise) = rise else { continue };
                let sure = if rise.excludes_zero() { "more than chance" } else { "may be chance" };
                let _ = writeln!(out, "  {figure} {rise:+}: {sure}");
            }
        }
        out
    }
}

/// A figure with its interval.
fn range(interval: Option<Interval>) -> String {
    interval.map_or_else(String::new, |interval| interval.to_string())
}

/// A figure without one.
fn number(figure: Option<f64>) -> String {
    figure.map_or_else(String::new, |figure| format!("{figure:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(folder: &Path) -> PathBuf {
        let path = folder.join("calls.csv");
        let rows: String = (0..40)
            .flat_map(|i| {
                [
                    format!("the zorp number {i} is lovely,positive\n"),
                    format!("the grumf number {i} is broken,negative\n"),
                    format!("the parcel number {i} is here,neutral\n"),
                ]
            })
            .collect();
        std::fs::write(&path, format!("text,label\n{rows}")).expect("writable");
        path
    }

    fn options(folder: &Path, from: Base) -> TrainOptions {
        let training = Options { bits: 12, ..Options::default() };
        TrainOptions { labels: vec![labels(folder)], out: folder.join("own.model"), from, training }
    }

    #[test]
    fn a_model_is_written_and_the_summary_says_what_it_is_worth() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = options(folder.path(), Base::Nothing);
        let summary = run(&options).expect("enough labels");
        let model = read_model(&options.out).expect("a model was written");
        assert_eq!(model.version(), summary.version);
        assert!(model.score("the zorp is lovely").positive > 0.5);
        let shown = summary.render();
        assert!(shown.contains("120 texts") && shown.contains("calls") && shown.contains("as ASR"), "{shown}");
    }

    #[test]
    fn errors_leave_nothing_behind_and_have_hints() {
        let folder = tempfile::tempdir().expect("a folder");
        let broken = folder.path().join("not-a.model");
        std::fs::write(&broken, "text").expect("writable");
        let error = run(&options(folder.path(), Base::File(broken))).expect_err("not a model");
        assert!(matches!(error, TrainCommandError::Base { .. }) && error.hint().is_some());
        let unwritable =
            TrainOptions { out: folder.path().join("no/such/folder"), ..options(folder.path(), Base::Nothing) };
        assert!(matches!(run(&unwritable), Err(TrainCommandError::Unwritable { .. })));
        assert!(!folder.path().join("own.model").exists());
    }
}
