//! The formats that containers read: their names, and which take one text at a time. What they are sent stands in
//! `payload`.

use crate::settings::{Value, Wrong};

/// What a container reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// The Hugging Face inference toolkit: `{"inputs": […], "parameters": …}`.
    HuggingFace,
    /// Text Embeddings Inference: `{"inputs": [[…], …]}`, for a list of two texts would be one pair.
    Tei,
    /// BlazingText and fastText: `{"instances": […], "configuration": …}`.
    BlazingText,
    /// TensorFlow Serving: `{"instances": […]}`.
    Instances,
    /// Triton's inference protocol: a tensor of bytes.
    Triton,
    /// One text as it is, as JumpStart's TensorFlow models read it.
    Text,
    /// JSON by a template of the settings.
    Template,
}

/// All formats with their names, those that `auto` tries first.
pub(super) const FORMATS: [(Format, &str); 7] = [
    (Format::HuggingFace, "huggingface"),
    (Format::Tei, "tei"),
    (Format::BlazingText, "blazingtext"),
    (Format::Instances, "instances"),
    (Format::Text, "text"),
    (Format::Triton, "triton"),
    (Format::Template, "template"),
];

/// What stands in a template for one text, and for a list of them.
pub(super) const HOLES: [&str; 2] = ["{{text}}", "{{texts}}"];

impl Format {
    /// Its name in settings.
    pub(super) fn name(self) -> &'static str {
        FORMATS.iter().find(|(format, _)| *format == self).map_or("", |(_, name)| name)
    }

    /// Whether a request holds one text.
    pub(super) fn takes_one(self, template: Option<&str>) -> bool {
        match self {
            Self::Text => true,
            Self::Template => template.is_some_and(|template| !template.contains(HOLES[1])),
            _ => false,
        }
    }
}

impl Value for Format {
    fn choices() -> Vec<&'static str> {
        FORMATS.iter().map(|(_, name)| *name).collect()
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        let found = FORMATS.iter().find(|(_, name)| *name == text);
        found.map(|(format, _)| *format).ok_or_else(|| Wrong::expected_one_of(&Self::choices()))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(self.name().into())
    }
}
