//! What can be chosen of the local engine.

use std::path::PathBuf;

use crate::engine::Languages;
use crate::engine::labels::Labels;
use crate::language;
use crate::settings::{Flag, Heading, Value, Wrong, section};

section! {
    /// What the local engine scores with.
    pub LocalSettings {
        /// A model of one's own: a file that `undertone train` wrote, or a folder with a text classifier in ONNX. `accurate` is the folder of that name that comes with the program. Without it, the built-in model.
        model: Option<PathBuf> {
            key: "local.model",
            default: None,
            example: "\"our-calls.model\"",
            results: false,
            flag: Flag::new(Heading::Scoring, "model", "MODEL"),
        }
        /// Terms with weights that add to the lexicon or change it.
        lexicon: Option<PathBuf> {
            key: "local.lexicon",
            default: None,
            example: "\"our-terms.csv\"",
            results: false,
            flag: Flag::new(Heading::Scoring, "lexicon", "FILE"),
        }
        /// Languages that a model in a folder scores, the one that a text of unknown language is taken for first; or `any`. A model in a file scores English.
        languages: Languages {
            key: "local.languages",
            default: Languages::Listed(vec!["en"]),
            results: false,
        }
        /// The class of each label of a model in a folder, where its names do not show it. A table, or a list in the model's order; several labels may be one class.
        labels: Labels {
            key: "local.labels",
            default: Labels::default(),
            example: "{ LABEL_0 = \"negative\", LABEL_1 = \"neutral\", LABEL_2 = \"positive\" }",
            results: false,
        }
    }
}

impl Languages {
    /// `any`, or languages as [`language::stated`] reads them, each once.
    fn of<'a>(names: impl Iterator<Item = &'a str>) -> Result<Self, Wrong> {
        let wrong = || Wrong::expected("any, or a list of languages such as [\"en\", \"de\"]");
        let names: Vec<&str> = names.map(str::trim).collect();
        if names == ["any"] {
            return Ok(Self::Any);
        }
        let mut codes = Vec::new();
        for name in names {
            let code = language::stated(name).ok().flatten().ok_or_else(wrong)?;
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        if codes.is_empty() { Err(wrong()) } else { Ok(Self::Listed(codes)) }
    }
}

impl Value for Languages {
    fn parse(text: &str) -> Result<Self, Wrong> {
        Self::of(text.split(','))
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        match value.as_array() {
            Some(names) => Self::of(names.iter().map(|name| name.as_str().unwrap_or_default())),
            None => Self::parse(value.as_str().unwrap_or_default()),
        }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(match self {
            Self::Any => "any".into(),
            Self::Listed(codes) if codes.len() == 1 => codes[0].into(),
            Self::Listed(codes) => codes.iter().map(|&code| toml::Value::from(code)).collect::<Vec<_>>().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_any_or_a_list_of_codes() {
        let listed = Languages::Listed(vec!["en", "zh-TW"]);
        assert_eq!(Languages::parse("en, zh-Hant, English"), Ok(listed.clone()));
        assert_eq!(Languages::parse("any"), Ok(Languages::Any));
        for languages in [listed, Languages::Listed(vec!["de"]), Languages::Any] {
            assert_eq!(Languages::from_toml(&languages.to_toml().unwrap()), Ok(languages));
        }
        for wrong in ["", "en,", "klingonese", "en,any"] {
            assert!(Languages::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Languages::from_toml(&toml::Value::Array(Vec::new())).is_err());
    }
}
