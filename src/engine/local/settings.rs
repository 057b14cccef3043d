//! What can be chosen of the local engine.

use std::path::PathBuf;

use crate::settings::{Flag, Heading, section};

section! {
    /// What the local engine scores with.
    pub LocalSettings {
        /// A model trained on one's own labels. Without it, the built-in one.
        model: Option<PathBuf> {
            key: "local.model",
            default: None,
            example: "\"our-calls.model\"",
            results: false,
            flag: Flag::new(Heading::Scoring, "model", "FILE"),
        }
        /// Terms with weights that add to the lexicon or change it.
        lexicon: Option<PathBuf> {
            key: "local.lexicon",
            default: None,
            example: "\"our-terms.csv\"",
            results: false,
            flag: Flag::new(Heading::Scoring, "lexicon", "FILE"),
        }
    }
}
