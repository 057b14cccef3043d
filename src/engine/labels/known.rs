//! Labels of a model that states their names in its order: what each is by the settings, else by its name.
//!
//! A name is read only where it leaves no doubt (`POSITIVE`, `neg`, `5 stars`); `LABEL_2` means something else in each
//! model. Refuses to guess by a label's place.

use super::Labels;
use crate::sentiment::Label;

/// Most labels that a message lists.
const MOST_LISTED: usize = 8;

/// Why the labels of a model are of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unclear {
    /// Nothing shows which class these are.
    #[error("nothing shows which class {} is: positive, negative, neutral or mixed", listed(.0))]
    NoClass(Vec<String>),
    /// The settings have as many classes as they have, and the model another number of labels.
    #[error("the settings have {settings} classes, and the model {model} labels")]
    OtherNumber {
        /// Classes in the settings.
        settings: usize,
        /// Labels of the model.
        model: usize,
    },
    /// All are the same class.
    #[error("all its labels are one class, {}: {}", .0.as_str(), listed(.1))]
    OneClass(Label, Vec<String>),
}

impl Labels {
    /// The labels of a model with these names in its order. `self` is what the settings have: classes by name or by place,
    /// or nothing.
    ///
    /// # Errors
    /// [`Unclear`] where a label has no class, or all have the same.
    pub(crate) fn of_model(&self, names: &[String]) -> Result<Self, Unclear> {
        let by_place = self.is_ordered && self.entries.iter().all(|(name, _)| name.is_empty());
        if by_place && !self.is_empty() && self.entries.len() != names.len() {
            return Err(Unclear::OtherNumber { settings: self.entries.len(), model: names.len() });
        }
        let class = |(place, name): (usize, &String)| {
            let set = if by_place { self.entries.get(place).map(|(_, label)| *label) } else { self.named(name) };
            set.or_else(|| by_name(name))
        };
        let classes: Vec<Option<Label>> = names.iter().enumerate().map(class).collect();
        let unknown = names.iter().zip(&classes).filter(|(_, class)| class.is_none()).map(|(name, _)| name.clone());
        let unknown: Vec<String> = unknown.collect();
        if !unknown.is_empty() {
            return Err(Unclear::NoClass(unknown));
        }
        let entries: Vec<(String, Label)> = names.iter().cloned().zip(classes.into_iter().flatten()).collect();
        match entries.first() {
            Some((_, first)) if entries.iter().any(|(_, label)| label != first) => {
                Ok(Self { entries, is_ordered: true })
            }
            first => {
                let label = first.map_or(Label::Neutral, |(_, label)| *label);
                Err(Unclear::OneClass(label, names.to_vec()))
            }
        }
    }

    fn named(&self, name: &str) -> Option<Label> {
        self.entries.iter().find(|(known, _)| known == name).map(|(_, label)| *label)
    }
}

/// A line of the settings file that gives each of these labels a class: the one that its name shows, else one to be
/// looked up.
pub(crate) fn example(names: &[String]) -> String {
    let last = names.len().saturating_sub(1);
    let entry = |(place, name): (usize, &String)| {
        let guess = match place {
            0 => Label::Negative,
            place if place == last => Label::Positive,
            _ => Label::Neutral,
        };
        let class = by_name(name).unwrap_or(guess).as_str();
        format!("{} = \"{class}\"", toml::Value::from(name.as_str()))
    };
    let entries: Vec<String> = names.iter().take(MOST_LISTED).enumerate().map(entry).collect();
    let more = if names.len() > MOST_LISTED { ", …" } else { "" };
    format!("local.labels = {{ {}{more} }}", entries.join(", "))
}

/// The class that a name shows without doubt.
fn by_name(name: &str) -> Option<Label> {
    const DEGREES: [&str; 7] = ["very ", "extremely ", "strongly ", "mostly ", "somewhat ", "slightly ", "weakly "];
    let name = name.trim().to_lowercase().replace(['_', '-'], " ");
    let name = DEGREES.iter().find_map(|degree| name.strip_prefix(degree)).unwrap_or(&name);
    match name {
        "positive" | "pos" | "positiv" | "positif" | "positivo" | "4 stars" | "5 stars" => Some(Label::Positive),
        "negative" | "neg" | "negativ" | "négatif" | "negativo" | "1 star" | "2 stars" => Some(Label::Negative),
        "neutral" | "neu" | "neutre" | "neutro" | "3 stars" => Some(Label::Neutral),
        "mixed" => Some(Label::Mixed),
        _ => None,
    }
}

fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MOST_LISTED).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(MOST_LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Value as _;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn classes(set: &str, of: &[&str]) -> Result<Vec<Label>, Unclear> {
        let set = if set.is_empty() { Labels::default() } else { Labels::parse(set).unwrap() };
        set.of_model(&names(of)).map(|labels| labels.entries.iter().map(|(_, label)| *label).collect())
    }

    #[test]
    fn names_that_leave_no_doubt_are_read() {
        use Label::{Mixed, Negative, Neutral, Positive};
        assert_eq!(classes("", &["POS", "NEG", "NEU"]), Ok(vec![Positive, Negative, Neutral]));
        let stars = ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"];
        assert_eq!(classes("", &stars), Ok(vec![Negative, Negative, Neutral, Positive, Positive]));
        assert_eq!(classes("", &["Very Negative", "mixed", "very_positive"]), Ok(vec![Negative, Mixed, Positive]));
        for doubtful in ["LABEL_0", "5", "6 stars", "joy", "not positive", "very", ""] {
            assert_eq!(classes("", &["positive", doubtful]), Err(Unclear::NoClass(names(&[doubtful]))), "{doubtful}");
        }
    }

    #[test]
    fn settings_go_before_names_by_name_or_by_place() {
        use Label::{Negative, Neutral, Positive};
        let three = ["LABEL_0", "LABEL_1", "LABEL_2"];
        assert_eq!(classes("negative,neutral,positive", &three), Ok(vec![Negative, Neutral, Positive]));
        let by_name = "LABEL_2=negative,LABEL_0=positive,LABEL_1=neutral";
        assert_eq!(classes(by_name, &three), Ok(vec![Positive, Neutral, Negative]));
        assert_eq!(classes("joy=positive", &["joy", "negative"]), Ok(vec![Positive, Negative]));
        assert_eq!(classes("positive=negative", &["positive", "pos"]), Ok(vec![Negative, Positive]));
        assert_eq!(classes("LABEL_0=negative", &three), Err(Unclear::NoClass(names(&["LABEL_1", "LABEL_2"]))));
        assert_eq!(classes("negative,positive", &three), Err(Unclear::OtherNumber { settings: 2, model: 3 }));
    }

    #[test]
    fn labels_of_one_class_are_refused() {
        assert!(matches!(classes("", &["4 stars", "5 stars"]), Err(Unclear::OneClass(Label::Positive, _))));
        assert!(matches!(classes("", &[]), Err(Unclear::OneClass(..))));
    }

    #[test]
    fn the_example_is_a_line_that_settles_it() {
        let unknown = names(&["LABEL_0", "a \"b\"", "pos", "LABEL_3"]);
        let line: toml::Table = toml::from_str(&example(&unknown)).unwrap();
        let set = Labels::from_toml(&line["local"]["labels"]).unwrap();
        let read = set.of_model(&unknown).unwrap();
        assert_eq!(read.entries[2].1, Label::Positive);
        let many = names(&["x"; 20]);
        assert!(example(&many).ends_with(", … }"));
        assert!(listed(&many).ends_with(" and 12 more"));
    }
}
