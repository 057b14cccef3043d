//! What the labels of a model of one's own mean: which of the four classes each of them is.

#[cfg(feature = "onnx")]
mod known;
#[cfg(feature = "onnx")]
pub(crate) use known::{Unclear, example};
#[cfg(any(feature = "aws", feature = "onnx"))]
mod scored;
#[cfg(feature = "aws")]
pub(crate) use scored::Oddity;

use crate::sentiment::Label;
use crate::settings::{Value, Wrong};

/// The labels of a model with their classes, in the model's order where a list gives it. Several may be one class.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Labels {
    /// A name is empty where only the place in the list counts.
    entries: Vec<(String, Label)>,
    /// Whether the order is the model's.
    is_ordered: bool,
}

/// Which numbers a model answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// Probabilities.
    Probabilities,
    /// What becomes probabilities by softmax.
    Logits,
}

impl Labels {
    /// Whether there are any.
    pub(crate) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Labels {
    /// An entry of a list: `NAME=class`, or a class alone. The last sign divides: a name may hold others.
    fn entry(text: &str) -> Option<(String, Label)> {
        let (name, class) = text.rsplit_once('=').unwrap_or(("", text));
        Some((name.trim().to_owned(), class.trim().parse().ok()?))
    }

    fn checked(entries: Option<Vec<(String, Label)>>, is_ordered: bool) -> Result<Self, Wrong> {
        let wrong = || {
            Wrong::expected(
                "labels with their classes (positive, negative, neutral, mixed), such as { LABEL_0 = \"negative\", LABEL_1 = \
                 \"positive\" }, or a list in the model's order, such as [\"negative\", \"positive\"]",
            )
        };
        let entries = entries.filter(|entries| !entries.is_empty()).ok_or_else(wrong)?;
        let mut names: Vec<&str> =
            entries.iter().map(|(name, _)| name.as_str()).filter(|name| !name.is_empty()).collect();
        names.sort_unstable();
        let is_repeated = names.windows(2).any(|pair| pair[0] == pair[1]);
        if is_repeated { Err(Wrong::expected("each label once")) } else { Ok(Self { entries, is_ordered }) }
    }
}

impl Value for Labels {
    fn parse(text: &str) -> Result<Self, Wrong> {
        Self::checked(text.split(',').map(Self::entry).collect(), true)
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        match value {
            toml::Value::Array(list) => {
                Self::checked(list.iter().map(|entry| Self::entry(entry.as_str()?)).collect(), true)
            }
            toml::Value::Table(table) => {
                let entry =
                    |(name, class): (&String, &toml::Value)| Some((name.clone(), class.as_str()?.parse().ok()?));
                Self::checked(table.iter().map(entry).collect(), false)
            }
            _ => Self::parse(value.as_str().unwrap_or_default()),
        }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        if self.is_empty() {
            return None;
        }
        let class = |label: Label| toml::Value::from(label.as_str());
        Some(if self.is_ordered {
            let entry = |(name, label): &(String, Label)| match name.as_str() {
                "" => class(*label),
                name => format!("{name}={}", label.as_str()).into(),
            };
            toml::Value::Array(self.entries.iter().map(entry).collect())
        } else {
            toml::Value::Table(self.entries.iter().map(|(name, label)| (name.clone(), class(*label))).collect())
        })
    }
}

impl Value for Numbers {
    fn choices() -> Vec<&'static str> {
        vec!["probabilities", "logits"]
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        match text {
            "probabilities" => Ok(Self::Probabilities),
            "logits" => Ok(Self::Logits),
            _ => Err(Wrong::expected_one_of(&Self::choices())),
        }
    }

    fn to_toml(&self) -> Option<toml::Value> {
        Some(Self::choices()[*self as usize].into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Labels {
        Labels::from_toml(&toml::from_str::<toml::Table>(&format!("labels = {text}")).unwrap()["labels"]).unwrap()
    }

    #[test]
    fn labels_are_written_back_as_they_were_read() {
        for text in ["['negative', 'positive']", "['A=negative', 'B=mixed']", "{ A = 'negative', B = 'mixed' }"] {
            let read = labels(text);
            assert_eq!(Labels::from_toml(&read.to_toml().unwrap()), Ok(read));
        }
        for wrong in ["[]", "{}", "['great']", "{ A = 3 }", "['A=positive', 'A=negative']", "3"] {
            let value = toml::from_str::<toml::Table>(&format!("labels = {wrong}")).unwrap();
            assert!(Labels::from_toml(&value["labels"]).is_err(), "{wrong}");
        }
    }
}
