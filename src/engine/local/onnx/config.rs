//! What config.json states of a model: labels, limits, the id of padding.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::folder::{CONFIG, EXPORT, TOKENIZER_CONFIG, Unfit};

/// Most tokens that are read at once, whatever the model takes: memory and time grow with their square.
const MOST_TOKENS: usize = 512;

/// Types of models whose first position is not 0, but one behind the id of padding, as in `RoBERTa`.
const OFFSET_TYPES: [&str; 10] = [
    "camembert",
    "data2vec-text",
    "ibert",
    "longformer",
    "mpnet",
    "roberta",
    "roberta-prelayernorm",
    "xlm-roberta",
    "xlm-roberta-xl",
    "xmod",
];

/// The fields of config.json that are used, as Hugging Face's transformers writes them.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    id2label: BTreeMap<String, String>,
    num_labels: Option<usize>,
    problem_type: Option<String>,
    model_type: Option<String>,
    pad_token_id: Option<i64>,
    max_position_embeddings: Option<i64>,
    vocab_size: Option<u64>,
}

/// The field of `tokenizer_config.json` that is used. Where there is no limit it is a number with thirty digits.
#[derive(Debug, Default, Deserialize)]
struct TokenizerConfig {
    model_max_length: Option<f64>,
}

impl Config {
    /// Reads config.json.
    ///
    /// # Errors
    /// [`Unfit`] where it is no such file, or of a model that does not give one of several labels.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Unfit> {
        let config: Self = parse(CONFIG, bytes)?;
        let refuse = |what: &str| {
            let what = format!("{CONFIG}: the model {what}");
            Err(Unfit::new(
                what,
                "name a model that gives one of several labels to a text, such as positive and negative",
            ))
        };
        match config.problem_type.as_deref() {
            Some("multi_label_classification") => refuse("gives labels that do not exclude each other (problem_type)"),
            Some("regression") => refuse("gives a number, not labels (problem_type)"),
            _ if config.id2label.len() == 1 || config.num_labels == Some(1) => refuse("gives one number, not labels"),
            _ => Ok(config),
        }
    }

    /// The labels' names in the model's order; for a model without names those that transformers gives.
    ///
    /// # Errors
    /// [`Unfit`] where numbers are left out, or there is no label.
    pub(super) fn labels(&self) -> Result<Vec<String>, Unfit> {
        let count = if self.id2label.is_empty() { self.num_labels.unwrap_or(0) } else { self.id2label.len() };
        if count == 0 {
            let hint =
                "copy config.json from the model that was exported: transformers writes id2label for a classifier";
            return Err(Unfit::new(format!("{CONFIG} states no labels (id2label)"), hint));
        }
        let name = |id: usize| match self.id2label.get(&id.to_string()) {
            Some(name) => Ok(name.clone()),
            None if self.id2label.is_empty() => Ok(format!("LABEL_{id}")),
            None => Err(Unfit::new(format!("{CONFIG}: id2label has {count} labels, and none is number {id}"), EXPORT)),
        };
        (0..count).map(name).collect()
    }

    /// Most tokens of one text with the signs at its ends: by the positions that the model learned, and by
    /// `tokenizer_config.json`, if it is there.
    ///
    /// # Errors
    /// [`Unfit`] where `tokenizer_config.json` can't be read.
    pub(super) fn most_tokens(&self, tokenizer_config: Option<&[u8]>) -> Result<usize, Unfit> {
        let stated: TokenizerConfig = match tokenizer_config {
            Some(bytes) => parse(TOKENIZER_CONFIG, bytes)?,
            None => TokenizerConfig::default(),
        };
        let is_offset = self.model_type.as_deref().is_some_and(|kind| OFFSET_TYPES.contains(&kind));
        let offset = if is_offset { self.padding() + 1 } else { 0 };
        let positions = self.max_position_embeddings.filter(|positions| *positions > 0);
        let positions = positions.map(|positions| usize::try_from(positions - i64::from(offset)).unwrap_or(0));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to a hundred thousand")]
        let stated = stated.model_max_length.filter(|most| (1.0..1e5).contains(most)).map(|most| most as usize);
        Ok([positions, stated].into_iter().flatten().fold(MOST_TOKENS, usize::min))
    }

    /// The id of padding.
    pub(super) fn padding(&self) -> i32 {
        self.pad_token_id.and_then(|id| i32::try_from(id).ok()).filter(|id| *id >= 0).unwrap_or(0)
    }

    /// Whether the model knows the token of this number.
    pub(super) fn knows(&self, id: u32) -> bool {
        self.vocab_size.is_none_or(|size| u64::from(id) < size)
    }
}

/// # Errors
/// [`Unfit`] naming the file, and the place in it where it is none.
fn parse<T: for<'a> Deserialize<'a>>(file: &str, bytes: &[u8]) -> Result<T, Unfit> {
    serde_json::from_slice(bytes)
        .map_err(|error| Unfit::new(format!("{file} is not what transformers writes: {error}"), EXPORT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> Result<Config, Unfit> {
        Config::read(json.as_bytes())
    }

    fn most(json: &str, tokenizer_config: Option<&str>) -> usize {
        config(json).unwrap().most_tokens(tokenizer_config.map(str::as_bytes)).unwrap()
    }

    #[test]
    fn labels_stand_in_the_models_order() {
        let many: Vec<String> = (0..11).map(|id| format!("\"{id}\": \"l{id}\"")).collect();
        let labels = config(&format!("{{\"id2label\": {{{}}}}}", many.join(","))).unwrap().labels().unwrap();
        assert_eq!(labels[10], "l10");
        assert_eq!(labels[2], "l2");
        assert_eq!(config("{\"num_labels\": 2}").unwrap().labels().unwrap(), ["LABEL_0", "LABEL_1"]);
        assert!(config("{}").unwrap().labels().unwrap_err().to_string().contains("states no labels"));
        let gap = config("{\"id2label\": {\"0\": \"a\", \"2\": \"b\"}}").unwrap().labels().unwrap_err();
        assert_eq!(gap.to_string(), "config.json: id2label has 2 labels, and none is number 1");
    }

    #[test]
    fn models_that_give_no_label_are_refused() {
        for (json, words) in [
            ("{\"problem_type\": \"multi_label_classification\"}", "do not exclude each other"),
            ("{\"problem_type\": \"regression\", \"id2label\": {\"0\": \"LABEL_0\"}}", "gives a number"),
            ("{\"id2label\": {\"0\": \"LABEL_0\"}}", "gives one number"),
            ("{\"num_labels\": 1}", "gives one number"),
            ("[1]", "is not what transformers writes"),
            ("{\"id2label\": {\"0\": 5}}", "is not what transformers writes"),
        ] {
            let error = config(json).unwrap_err().to_string();
            assert!(error.starts_with("config.json") && error.contains(words), "{json}: {error}");
        }
    }

    #[test]
    fn the_least_limit_holds() {
        assert_eq!(most("{\"max_position_embeddings\": 256}", None), 256);
        assert_eq!(most("{\"max_position_embeddings\": 8192}", None), 512);
        assert_eq!(most("{\"max_position_embeddings\": -1}", None), 512);
        let roberta = "{\"model_type\": \"xlm-roberta\", \"pad_token_id\": 1, \"max_position_embeddings\": 130}";
        assert_eq!(most(roberta, None), 128);
        assert_eq!(most(roberta, Some("{\"model_max_length\": 64}")), 64);
        assert_eq!(most(roberta, Some("{\"model_max_length\": 1000000000000000019884624838656}")), 128);
        let none_left = "{\"model_type\": \"roberta\", \"pad_token_id\": 1, \"max_position_embeddings\": 1}";
        assert_eq!(most(none_left, None), 0);
        let wrong = Config::default().most_tokens(Some(b"{")).unwrap_err().to_string();
        assert!(wrong.starts_with("tokenizer_config.json"), "{wrong}");
    }

    #[test]
    fn padding_and_vocabulary_have_their_defaults() {
        let stated = config("{\"pad_token_id\": 3, \"vocab_size\": 10}").unwrap();
        assert_eq!((stated.padding(), stated.knows(9), stated.knows(10)), (3, true, false));
        let silent = config("{\"pad_token_id\": null}").unwrap();
        assert_eq!((silent.padding(), silent.knows(u32::MAX)), (0, true));
        assert_eq!(config("{\"pad_token_id\": -1}").unwrap().padding(), 0);
    }
}
