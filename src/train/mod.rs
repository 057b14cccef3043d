//! How the local model learns: labelled texts in, a model's bytes and its held-out figures out.
//!
//! Pure and deterministic: the same texts, base and seed give the same bytes on any number of threads. The parts
//! are the [corpus](self) of hashed features, the optimiser, the calibration, and the cross-fitting that lets
//! every figure be of texts that the weights had not seen:
//!
//! - with three sources or more, each source is held out in turn (a new site is what a model meets in life);
//! - with fewer, five parts of the texts are, with texts of the same words in the same part.
//!
//! The calibration is fitted on those held-out logits, the weights that ship on everything.

mod calibrate;
mod corpus;
mod curve;
mod held_out;
mod lexicon;
mod optimise;
mod source_weights;
mod teacher;
mod weight;

use crate::exit::{ExitCode, Stops};
use crate::model::Model;
use crate::model::calibration::Calibration;
use crate::parallel;
use crate::sentiment::{Label, Scores};

pub use corpus::as_spoken;
pub use curve::learning_curve;
pub use held_out::Report;
pub use teacher::{Lesson, Student, TaughtText, learn};

use corpus::Corpus;
use optimise::{Floats, Lesson as Course, Rates};

/// A text with the label that a person gave.
#[derive(Clone, Copy)]
pub struct LabelledText<'t> {
    /// The words.
    pub text: &'t str,
    /// How they sound.
    pub label: Label,
    /// How sure that label and the others are, where a teacher gave probabilities: they are learned in its place.
    pub scores: Option<Scores>,
    /// How much it counts: 1, unless some labels are surer than others. Above 0.
    pub weight: f32,
}

impl std::fmt::Debug for LabelledText<'_> {
    /// Shows the length of the text, never the words.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LabelledText({} bytes, {})", self.text.len(), self.label)
    }
}

/// Labelled texts of one origin: one site, one set, one way of labelling.
#[derive(Debug, Clone)]
pub struct Source<'t> {
    /// Its name in the report.
    pub name: String,
    /// Its texts.
    pub texts: Vec<LabelledText<'t>>,
}

/// What probabilities take to be common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priors {
    /// As common as among the labels: for a model of one's own calls.
    Labels,
    /// Half way (in logarithms) from there to all classes alike: for a model that is to serve sites not seen.
    Even,
}

/// How to train.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the model calls itself, at most 32 bytes.
    pub name: String,
    /// Decides the order of texts, the parts and the intervals.
    pub seed: u64,
    /// The number of buckets as a power of two, 10 to 20; a base's own number goes before it.
    pub bits: u32,
    /// What probabilities take to be common.
    pub priors: Priors,
    /// Most threads to use. Changes the time, never the result.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { name: "own".to_owned(), seed: 1, bits: 20, priors: Priors::Labels, threads: parallel::cores() }
    }
}

/// A trained model.
#[derive(Debug, Clone)]
pub struct Trained {
    /// What [`Model::from_bytes`] reads.
    pub bytes: Vec<u8>,
    /// Its [`Model::version`].
    pub version: String,
    /// How good it is on texts that it had not seen.
    pub report: Report,
}

/// Why no model came of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// Too little to learn from.
    #[error("{texts} texts with a label, at least {LEAST_TEXTS} are needed")]
    TooFew {
        /// How many there were.
        texts: usize,
    },
    /// Too few texts with scores of a teacher.
    #[error("{texts} texts have stored scores, at least {least} are needed")]
    TooFewTaught {
        /// How many have.
        texts: usize,
        /// How many it takes.
        least: usize,
    },
    /// All texts have one label.
    #[error("all texts are labelled {label}")]
    OneClass {
        /// The label.
        label: Label,
    },
}

impl Stops for TrainError {
    fn code(&self) -> ExitCode {
        ExitCode::Data
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::TooFew { .. } => "label some hundred turns of your own calls; 500 are a good start".to_owned(),
            Self::TooFewTaught { .. } => "name all calls that the teacher has scored with --input".to_owned(),
            Self::OneClass { .. } => "label turns of several kinds, neutral ones among them".to_owned(),
        })
    }
}

/// Fewer labels than this can't be split into parts large enough to judge by.
const LEAST_TEXTS: usize = 50;

/// Trains a model on `sources`, beginning at `base` if there is one.
///
/// # Errors
/// [`TrainError`] when the labels can't be learned from.
pub fn train(sources: &[Source<'_>], base: Option<&Model>, options: &Options) -> Result<Trained, TrainError> {
    check(sources)?;
    let mut start = Start::new(base, options);
    if sources.iter().flat_map(|source| &source.texts).any(|text| text.scores.is_some()) {
        start.rates = start.rates.of_probabilities();
    }
    let texts: Vec<&[LabelledText<'_>]> = sources.iter().map(|source| source.texts.as_slice()).collect();
    let corpus = Corpus::read(&texts, &start.table, start.bits, options.threads);
    let crossed = held_out::cross_fit(&corpus, sources.len(), &start, options);
    let calibration = crossed.calibration(&start, options.priors, |_| true);
    let everything: Vec<usize> = (0..corpus.rows.len()).collect();
    let lesson = start.lesson(&corpus, &everything, sources.len());
    let floats = optimise::fit(lesson, options.seed, options.threads);
    let bytes = start.encode(&floats, calibration, &options.name);
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    let report = crossed.report(&corpus, &names, &start, options);
    Ok(Trained { version: crate::model::version(&options.name, &bytes), bytes, report })
}

fn check(sources: &[Source<'_>]) -> Result<(), TrainError> {
    let mut labels = sources.iter().flat_map(|source| &source.texts).map(|text| text.label);
    let texts = labels.clone().count();
    if texts < LEAST_TEXTS {
        return Err(TrainError::TooFew { texts });
    }
    let label = labels.next().unwrap_or(Label::Neutral);
    if labels.all(|other| other == label) { Err(TrainError::OneClass { label }) } else { Ok(()) }
}

/// Where learning begins.
struct Start {
    floats: Floats,
    calibration: Calibration,
    table: Vec<u8>,
    bits: u32,
    rates: Rates,
    /// Whether there is a model to be better than.
    adapts: bool,
}

impl Start {
    fn new(base: Option<&Model>, options: &Options) -> Self {
        let Some(weights) = base.map(Model::weights) else {
            return Self {
                floats: Floats::zero(options.bits),
                calibration: Calibration::START,
                table: lexicon::table(),
                bits: options.bits,
                rates: Rates::SCRATCH,
                adapts: false,
            };
        };
        let head = &weights.head;
        let side = |byte: u8| f32::from(byte.cast_signed()) * head.scale;
        let buckets = weights.buckets().iter().map(|pair| pair.map(side)).collect();
        Self {
            floats: Floats { buckets, numbers: head.numbers },
            calibration: head.calibration,
            table: weights.table().to_vec(),
            bits: head.bits,
            rates: Rates::ADAPT,
            adapts: true,
        }
    }

    /// What is to be learned from the given rows.
    fn lesson<'l>(&'l self, corpus: &'l Corpus, rows: &'l [usize], sources: usize) -> Course<'l> {
        Course { corpus, rows, sources, base: &self.floats, rates: self.rates }
    }

    /// The bytes of a model.
    fn encode(&self, floats: &Floats, calibration: Calibration, name: &str) -> Vec<u8> {
        let (buckets, scale) = optimise::quantise(&floats.buckets);
        let head = crate::model::weights::Head {
            name: name.to_owned(),
            bits: self.bits,
            scale,
            numbers: floats.numbers,
            calibration,
        };
        head.write(&self.table, &buckets)
    }
}

#[cfg(test)]
mod tests;
