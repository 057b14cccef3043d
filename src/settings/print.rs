//! The settings as text: the commented file that `config init` writes, and the lines of `config show`.
//!
//! Both are TOML that reads back to the same settings.

use serde::Deserialize as _;

use super::Settings;
use super::engines::Named;
use super::key::{Key, Keys};

/// Comment lines are wrapped at this many characters.
const WIDTH: usize = 100;

const HEADER: &str = "\
# Settings of undertone. Every setting stands here at its default; delete what you do not change.
# A setting without a default is commented out, with an example.
#
# Flags beat environment variables, which beat this file, which beats the defaults. This file is found
# as ./undertone.toml, or through UNDERTONE_CONFIG or --config. Paths are taken from the working directory.
# `undertone config check` tells whether a file is right, `undertone config show` what came from where.
";

/// What the file says of engines under names of one's own.
const NAMED: &str = "
# Engines under names of one's own, so that two of a kind can be compared: `--engine ours`. A section has a kind,
# one of the engines, and any settings of that kind; the others are as above. [UNDERTONE_ENGINES_OURS_…]
#
# [engines.ours]
# kind = \"local\"
";

/// A file with every setting at its default, each with its meaning, flag and variable.
pub(crate) fn commented_file(keys: &Keys) -> String {
    let defaults = Settings::default();
    let mut lines: Vec<String> = HEADER.lines().map(str::to_owned).collect();
    let mut section = "";
    for key in keys.iter() {
        let (own, name) = key.name.rsplit_once('.').unwrap_or(("", key.name));
        if own != section {
            lines.extend([String::new(), format!("[{own}]")]);
            section = own;
        }
        lines.push(String::new());
        lines.extend(wrap(&about(key)).iter().map(|line| format!("# {line}")));
        lines.push(format!("# [{}]", ways(key)));
        lines.push(assignment(key, name, &defaults));
    }
    lines.join("\n") + "\n" + if keys.kinds().is_empty() { "" } else { NAMED }
}

impl Settings {
    /// Every setting with its value and where it came from, one a line, as TOML with comments.
    pub(crate) fn listing(&self, keys: &Keys) -> String {
        let plain = self.without_named();
        let lines = keys.iter().map(|key| (assignment_on_one_line(key, &plain), plain.origin_text(key.name)));
        let lines: Vec<(String, String)> = lines.chain(self.named_listing()).collect();
        let column = lines.iter().map(|(line, _)| line.chars().count()).filter(|width| *width <= 60).max().unwrap_or(0);
        let listed: Vec<String> = lines.iter().map(|(line, origin)| format!("{line:column$}  # {origin}\n")).collect();
        listed.concat()
    }

    /// Every setting with its value and origin as JSON: `{"engine": {"value": "local", "origin": "default"}, …}`.
    pub(crate) fn listing_as_json(&self, keys: &Keys) -> serde_json::Value {
        let plain = self.without_named();
        let entry = |key: &Key| {
            let value = (key.get)(&plain).map_or(serde_json::Value::Null, json);
            (key.name.to_owned(), serde_json::json!({ "value": value, "origin": plain.origin_text(key.name) }))
        };
        let named = self.named_listing().filter_map(|(line, origin)| {
            let (name, value) = line.split_once(" = ")?;
            let value = toml::Value::deserialize(toml::de::ValueDeserializer::parse(value).ok()?).ok()?;
            Some((name.to_owned(), serde_json::json!({ "value": json(value), "origin": origin })))
        });
        serde_json::Value::Object(keys.iter().map(entry).chain(named).collect())
    }

    /// The same settings with no engine of a name of one's own laid over them.
    fn without_named(&self) -> Self {
        let mut plain = self.clone();
        plain.lay_over(None);
        plain
    }

    /// The settings of engines under names of one's own: lines with their origins.
    fn named_listing(&self) -> impl Iterator<Item = (String, String)> {
        self.named.iter().flat_map(Named::listing)
    }

    fn origin_text(&self, key: &str) -> String {
        match self.origins(key) {
            [] => "default".to_owned(),
            origins => origins.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        }
    }
}

fn json(value: toml::Value) -> serde_json::Value {
    serde_json::to_value(value).expect("settings hold no value that JSON lacks")
}

/// What a setting means and can be.
fn about(key: &Key) -> String {
    let choices = (key.choices)();
    let choices = if choices.is_empty() { String::new() } else { format!(" One of {}.", choices.join(", ")) };
    format!("{}{choices}", key.meaning())
}

/// How else a setting can be given.
fn ways(key: &Key) -> String {
    key.typed_flag().into_iter().chain([key.variable()]).collect::<Vec<_>>().join(", ")
}

/// `name = value`, or an example in a comment where there is no default; lists take a line an entry.
fn assignment(key: &Key, name: &str, settings: &Settings) -> String {
    match (key.get)(settings) {
        Some(toml::Value::Array(entries)) => {
            let entries: Vec<String> = entries.iter().map(|entry| format!("  {entry},\n")).collect();
            format!("{name} = [\n{}]", entries.concat())
        }
        Some(value) => format!("{name} = {value}"),
        None => format!("# {name} = {}", key.example.unwrap_or("\"\"")),
    }
}

fn assignment_on_one_line(key: &Key, settings: &Settings) -> String {
    (key.get)(settings).map_or_else(|| format!("# {} is not set", key.name), |value| format!("{} = {value}", key.name))
}

/// Breaks `text` into lines of at most [`WIDTH`] characters, at spaces.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= WIDTH {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
