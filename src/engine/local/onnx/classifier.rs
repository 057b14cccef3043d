//! A classifier out of a folder: a text's windows, their numbers, its four probabilities.

use std::path::Path;

use super::config::Config;
use super::folder::{CONFIG, EXPORT, Folder, GRAPH, TOKENIZER, TOKENIZER_CONFIG, Unfit};
use super::graph::Graph;
use super::tokens::{Tokens, Window};
use crate::engine::DocumentError;
use crate::engine::labels::{Labels, Numbers, Unclear, example};
use crate::engine::watched::PROBE;
use crate::sentiment::Scores;

/// Changes when a text is scored otherwise by the same files.
const RULES: &str = "undertone onnx 1";

/// A model that is ready to score.
pub(super) struct Classifier {
    tokens: Tokens,
    graph: Graph,
    labels: Labels,
    numbers: Numbers,
}

/// The name of the model in a folder: the folder's, and a hash of all that decides scores. `set` is what the settings have
/// for its labels.
///
/// # Errors
/// [`Unfit`] where a file is missing or the labels are not known.
pub(super) fn identity(path: &Path, set: &Labels) -> Result<String, Unfit> {
    let folder = Folder::open(path)?;
    let labels = labels(&Config::read(&folder.read(CONFIG)?)?, set)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(RULES.as_bytes());
    hasher.update(folder.hash()?.as_bytes());
    hasher.update(labels.canonical().as_bytes());
    let hash = hasher.finalize().to_hex();
    Ok(format!("{}-{}", folder.name, hash.get(..16).unwrap_or_default()))
}

fn labels(config: &Config, set: &Labels) -> Result<Labels, Unfit> {
    let names = config.labels()?;
    set.of_model(&names).map_err(|unclear| {
        let hint = match &unclear {
            Unclear::OneClass(..) => {
                "name a model of sentiment, or state in local.labels what its labels mean".to_owned()
            }
            _ => format!(
                "state in undertone.toml what each label means, as the model's own description has it; such as: {}",
                example(&names)
            ),
        };
        Unfit::new(format!("{CONFIG}: {unclear}"), hint)
    })
}

impl Classifier {
    /// The model in a folder, tried on texts that are no customer's.
    ///
    /// # Errors
    /// [`Unfit`] naming the file that is missing or wrong.
    pub(super) fn open(path: &Path, set: &Labels) -> Result<Self, Unfit> {
        let folder = Folder::open(path)?;
        let config = Config::read(&folder.read(CONFIG)?)?;
        let labels = labels(&config, set)?;
        let graph = Graph::load(&folder, config.padding())?;
        let most = config.most_tokens(folder.read_if_there(TOKENIZER_CONFIG)?.as_deref())?;
        let most = graph.length().map_or(most, |length| length.min(most));
        let tokens = Tokens::load(&folder.read(TOKENIZER)?, most, &config)?;
        Self { tokens, graph, labels, numbers: Numbers::Logits }.tried()
    }

    /// The same, after a look at what it gives for a glad, a cross and a plain text.
    fn tried(mut self) -> Result<Self, Unfit> {
        let mut rows = Vec::new();
        for text in PROBE {
            let windows = self.tokens.windows(text).unwrap_or_default();
            let Some(window) = windows.first() else {
                let what = format!("{TOKENIZER} finds nothing in a text of fourteen English words");
                return Err(Unfit::new(what, "copy tokenizer.json from the model that was exported"));
            };
            let row = self.graph.run(window).map_err(|why| {
                let what = format!("{GRAPH} can't score a text: {why}");
                Unfit::new(what, "name a model that tokenizer.json and config.json belong to, in 32-bit floats")
            })?;
            rows.push(row);
        }
        if let Some(row) = rows.iter().find(|row| row.len() != self.labels.len()) {
            let what =
                format!("{GRAPH} gives {} numbers for a text, and config.json {} labels", row.len(), self.labels.len());
            return Err(Unfit::new(what, "copy config.json from the model that was exported"));
        }
        if rows.iter().flatten().any(|number| !number.is_finite()) {
            return Err(Unfit::new(format!("{GRAPH} gives no numbers for a text (NaN)"), EXPORT));
        }
        if rows.windows(2).all(|pair| pair[0] == pair[1]) {
            let what =
                format!("{GRAPH} scores a glad, a cross and a plain text alike: it does not read what it is given");
            return Err(Unfit::new(what, "copy tokenizer.json from the model that was exported"));
        }
        if rows.iter().all(|row| is_distribution(row)) {
            self.numbers = Numbers::Probabilities;
        }
        Ok(self)
    }

    /// The windows of a text; none for a text without a word.
    ///
    /// # Errors
    /// [`DocumentError`] where the tokenizer fails on it.
    pub(super) fn windows(&self, text: &str) -> Result<Vec<Window>, DocumentError> {
        self.tokens.windows(text).map_err(|_| failed("tokenizer_failed"))
    }

    /// The four probabilities of a window.
    ///
    /// # Errors
    /// [`DocumentError`] where the graph fails on it.
    pub(super) fn score(&self, window: &Window) -> Result<Scores, DocumentError> {
        let numbers = self.graph.run(window).map_err(|_| failed("model_failed"))?;
        let numbers: Vec<f64> = numbers.into_iter().map(f64::from).collect();
        self.labels.scores_of_numbers(&numbers, self.numbers).map_err(|oddity| failed(oddity.code()))
    }
}

fn failed(code: &'static str) -> DocumentError {
    DocumentError { code: code.into(), retriable: false }
}

/// Whether the graph gives probabilities itself: what three texts of logits are by no accident.
fn is_distribution(row: &[f32]) -> bool {
    let sum: f64 = row.iter().map(|number| f64::from(*number)).sum();
    row.iter().all(|number| (0.0..=1.0).contains(number)) && (sum - 1.0).abs() < 1e-4
}

/// The mean of windows' probabilities, each weighing by its tokens; neutral for a text without any.
pub(super) fn mean(parts: &[(usize, Scores)]) -> Scores {
    let tokens: usize = parts.iter().map(|(tokens, _)| tokens).sum();
    let of = |probability: fn(&Scores) -> f32| {
        let sum: f64 = parts.iter().map(|(tokens, scores)| *tokens as f64 * f64::from(probability(scores))).sum();
        (sum / tokens as f64).clamp(0.0, 1.0)
    };
    match parts {
        [(_, only)] => *only,
        _ => Scores::new(of(|s| s.positive), of(|s| s.negative), of(|s| s.neutral), of(|s| s.mixed))
            .unwrap_or(Scores { positive: 0.0, negative: 0.0, neutral: 1.0, mixed: 0.0 }),
    }
}
