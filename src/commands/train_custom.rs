//! `undertone train LABELS.csv --for comprehend-custom --out DIR`: what Amazon Comprehend trains a classifier on, and the
//! commands to run. Nothing is sent or created: training and endpoints are charged for.
//!
//! The rules are those of the service: `label,text` in UTF-8 without a header, one line a document, quoted by RFC 4180, at
//! least 50 documents a class. A tenth of each class is held out for the service's own test, chosen by hash.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;

use indicatif::HumanCount;

use super::print;
use crate::cli;
use crate::exit::{ExitCode, Failure};
use crate::input::label_files::LabelFile;
use crate::output::write_whole;
use crate::sentiment::Label;
use crate::settings::Settings;

/// Languages that a classifier can be trained in.
const LANGUAGES: [&str; 6] = ["en", "es", "de", "it", "fr", "pt"];
/// Fewest documents of a class that the service trains on.
const LEAST: usize = 50;
/// Documents of which one is held out.
const HELD_OUT: u64 = 10;
/// Most bytes of a document (Comprehend developer guide, "Guidelines and quotas").
const MOST_BYTES: usize = 10_000;

/// Writes the files and prints counts and commands.
///
/// # Errors
/// [`Failure`] for labels that can't be used, and what can't be written.
pub(super) fn run(settings: &Settings, args: &cli::Train) -> Result<ExitCode, Failure> {
    if args.labels.is_empty() {
        let hint = "name a CSV file with the columns text and label";
        return Err(
            Failure::new(ExitCode::Usage, "a classifier is trained on labelled texts").with_hint(Some(hint.into()))
        );
    }
    let language = settings.language.code().unwrap_or("en");
    if !LANGUAGES.contains(&language) {
        let hint = format!("--language is one of {}", LANGUAGES.join(", "));
        return Err(
            Failure::new(ExitCode::Usage, format!("no classifier can be trained in {language}")).with_hint(Some(hint))
        );
    }
    let files = args.labels.iter().map(|path| LabelFile::read(path)).collect::<Result<Vec<_>, _>>()?;
    let texts: Vec<(String, Label)> =
        files.iter().flat_map(|file| file.source().texts).map(|text| (one_line(text.text), text.label)).collect();
    let set = Set::of(&texts, args.seed);
    set.check()?;
    std::fs::create_dir_all(&args.out).map_err(|error| Failure::write(&args.out, error))?;
    for (name, rows) in [("train.csv", &set.train), ("test.csv", &set.test)] {
        let path = args.out.join(name);
        let bytes = csv_of(rows).map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
        write_whole(&path, &bytes).map_err(|error| Failure::write(&path, error))?;
    }
    print(&set.render(&args.out, language, &args.name))?;
    Ok(ExitCode::Done)
}

/// What is written.
#[derive(Debug, Default)]
struct Set<'a> {
    train: Vec<(Label, &'a str)>,
    test: Vec<(Label, &'a str)>,
    repeated: usize,
    cut: usize,
}

impl<'a> Set<'a> {
    /// Divides texts, each once: of texts that are the same the first counts.
    fn of(texts: &'a [(String, Label)], seed: u64) -> Self {
        let mut set = Self::default();
        let mut seen = HashSet::new();
        let mut ranked: BTreeMap<Label, Vec<(blake3::Hash, &str)>> = BTreeMap::new();
        for (text, label) in texts {
            if !seen.insert(text.as_str()) {
                set.repeated += 1;
                continue;
            }
            let within = within(text, MOST_BYTES);
            set.cut += usize::from(within.len() < text.len());
            let hash = blake3::hash(format!("{seed} {text}").as_bytes());
            ranked.entry(*label).or_default().push((hash, within));
        }
        for (label, mut texts) in ranked {
            texts.sort_by(|one, other| one.0.as_bytes().cmp(other.0.as_bytes()));
            let held_out = texts.len() / usize::try_from(HELD_OUT).unwrap_or(usize::MAX);
            let (test, train) = texts.split_at(held_out);
            set.test.extend(test.iter().map(|(_, text)| (label, *text)));
            set.train.extend(train.iter().map(|(_, text)| (label, *text)));
        }
        set
    }

    fn counts(rows: &[(Label, &str)]) -> BTreeMap<Label, usize> {
        let mut counts = BTreeMap::new();
        for (label, _) in rows {
            *counts.entry(*label).or_default() += 1;
        }
        counts
    }

    /// Whether the service would train on it.
    fn check(&self) -> Result<(), Failure> {
        let counts = Self::counts(&self.train);
        let refuse =
            |message: String, hint: &str| Err(Failure::new(ExitCode::Data, message).with_hint(Some(hint.to_owned())));
        if counts.len() < 2 {
            return refuse("a classifier has two classes at least".to_owned(), "label texts of other classes too");
        }
        let few: Vec<String> = counts
            .iter()
            .filter(|(_, count)| **count < LEAST)
            .map(|(label, count)| format!("{} has {count}", label.as_str()))
            .collect();
        if few.is_empty() {
            return Ok(());
        }
        let message =
            format!("Amazon Comprehend trains on {LEAST} documents of each class at least: {}", few.join(", "));
        refuse(message, "label more texts of that class, or leave it out; a tenth of each is held out as a test")
    }

    fn render(&self, folder: &Path, language: &str, name: &str) -> String {
        let mut out = String::new();
        let (train, test) = (Self::counts(&self.train), Self::counts(&self.test));
        // Writing to a string can't fail.
        let _ = writeln!(out, "{:<10}{:>9}{:>9}", "class", "train", "test");
        for (label, count) in &train {
            let held_out = test.get(label).copied().unwrap_or(0);
            let _ = writeln!(out, "{:<10}{:>9}{:>9}", label.as_str(), HumanCount(*count as u64).to_string(), held_out);
        }
        if self.repeated > 0 {
            let _ = writeln!(out, "{} texts repeat another one and are left out", HumanCount(self.repeated as u64));
        }
        if self.cut > 0 {
            let _ = writeln!(out, "{} texts are cut to {MOST_BYTES} bytes", HumanCount(self.cut as u64));
        }
        let folder = folder.display();
        let _ = write!(
            out,
            "
Nothing was sent. Training costs $3 an hour, a model $0.50 a month, an endpoint $0.0005 a second and inference unit until
it is deleted. With a bucket of yours and a role that Comprehend may take on to read it:

aws s3 cp {folder}/train.csv s3://BUCKET/undertone/train.csv
aws s3 cp {folder}/test.csv s3://BUCKET/undertone/test.csv
aws comprehend create-document-classifier --document-classifier-name {name} --language-code {language} \\
  --mode MULTI_CLASS --data-access-role-arn ROLE_ARN --input-data-config \\
  S3Uri=s3://BUCKET/undertone/train.csv,TestS3Uri=s3://BUCKET/undertone/test.csv
aws comprehend describe-document-classifier --document-classifier-arn CLASSIFIER_ARN
aws comprehend create-endpoint --endpoint-name {name} --model-arn CLASSIFIER_ARN --desired-inference-units 1

undertone.toml:

engine = \"comprehend-custom\"
[comprehend-custom]
endpoint-arn = \"ENDPOINT_ARN\"
labels = {{ {labels} }}

and when it has done its work:

aws comprehend delete-endpoint --endpoint-arn ENDPOINT_ARN
",
            labels = train.keys().map(|label| format!("{0} = \"{0}\"", label.as_str())).collect::<Vec<_>>().join(", "),
        );
        out
    }
}

/// A text on one line, without blanks at its ends.
fn one_line(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
    text.replace(is_break, " ").trim().to_owned()
}

/// The beginning of a text that has no more than so many bytes.
fn within(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}

fn csv_of(rows: &[(Label, &str)]) -> csv::Result<Vec<u8>> {
    let mut writer =
        csv::WriterBuilder::new().has_headers(false).terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    for (label, text) in rows {
        writer.write_record([label.as_str(), text])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(counts: &[(Label, usize)]) -> Vec<(String, Label)> {
        counts.iter().flat_map(|(label, count)| (0..*count).map(move |i| (format!("{label} {i}"), *label))).collect()
    }

    #[test]
    fn a_tenth_of_each_class_is_held_out_and_the_rest_trained_on() {
        let texts = texts(&[(Label::Positive, 100), (Label::Negative, 60)]);
        let set = Set::of(&texts, 1);
        assert_eq!(Set::counts(&set.train), [(Label::Positive, 90), (Label::Negative, 54)].into());
        assert_eq!(Set::counts(&set.test), [(Label::Positive, 10), (Label::Negative, 6)].into());
        set.check().unwrap();
        let held_out: HashSet<&str> = set.test.iter().map(|(_, text)| *text).collect();
        assert!(set.train.iter().all(|(_, text)| !held_out.contains(text)));
        assert_ne!(Set::of(&texts, 2).test, set.test);
    }

    #[test]
    fn too_few_of_a_class_are_refused_with_their_number() {
        let few = texts(&[(Label::Positive, 100), (Label::Mixed, 54), (Label::Negative, 56)]);
        let failure = Set::of(&few, 1).check().unwrap_err();
        assert_eq!(failure.code(), ExitCode::Data);
        assert!(failure.to_string().ends_with("at least: mixed has 49"), "{failure}");
        assert!(Set::of(&texts(&[(Label::Positive, 100)]), 1).check().is_err());
    }

    #[test]
    fn a_document_is_one_line_of_the_services_csv() {
        let said = one_line(" so \"good\",\r\nsaid\u{2028}she\t ");
        let bytes = csv_of(&[(Label::Positive, &said), (Label::Neutral, "plain")]).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "positive,\"so \"\"good\"\",  said she\"\nneutral,plain\n");
        assert_eq!(within(&"é".repeat(6_000), MOST_BYTES).len(), 10_000);
    }
}
