//! What is scored: labelled texts as calls of one turn, or the rated calls among transcripts.
//!
//! Both go the way of `analyze`, so that what is judged is what a run would write: the same chunking, the same
//! word weights, the same roll-up.

use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::cli;
use crate::commands::options;
use crate::evaluate::{RatingsSubject, Subject, TrueLabel, Truth};
use crate::exit::{ExitCode, Failure};
use crate::input::{
    self, Conversations,
    label_files::{self, Better, LabelFile, RatingFile, RatingOptions},
};
use crate::language::{Collector, Evidence};
use crate::sentiment::Label;
use crate::settings::Settings;
use crate::train::{self, LabelledText, Source};
use crate::transcript::{Call, Role, Text, Turn};

/// Calls handed to the pipeline at once.
const GROUP: usize = 256;

/// Where rated calls are, and how their ratings are read.
#[derive(Clone, Copy)]
pub(in crate::commands) struct RatedFiles<'a> {
    /// The file of ratings; without one, the contact records have them.
    pub(in crate::commands) labels: Option<&'a Path>,
    /// The transcripts.
    pub(in crate::commands) input: &'a [String],
    /// The column, if it is named.
    pub(in crate::commands) rating: Option<&'a str>,
    /// `high` or `low`, if it is named.
    pub(in crate::commands) better: Option<&'a str>,
}

/// The items of an evaluation, with what people said of them.
pub(super) struct Items {
    /// What was evaluated.
    pub(super) subject: Subject,
    /// What people said, in the order of `calls`.
    pub(super) truth: Truth,
    /// The items.
    calls: Vec<Call>,
    /// The languages of the texts around the items.
    pub(super) languages: Arc<Evidence>,
    /// Whether the shipped model learned from this very file.
    pub(super) shipped_model_learned_from: bool,
}

impl Items {
    /// What the command line names: the labelled texts of a file, or the calls that it rates.
    ///
    /// # Errors
    /// [`ExitCode::Data`] or [`ExitCode::NoInput`] when labels or transcripts can't be used, or share no call;
    /// [`ExitCode::Usage`] for ratings without transcripts.
    pub(super) fn read(args: &cli::Evaluate, settings: &Settings) -> Result<Self, Failure> {
        if let Some(labels) = &args.labels
            && !label_files::holds_ratings(labels)?
        {
            return Self::of_texts(labels, settings, args.spoken);
        }
        let files = RatedFiles {
            labels: args.labels.as_deref(),
            input: &args.input,
            rating: args.rating.as_deref(),
            better: args.better.as_deref(),
        };
        Self::of_calls(&files, args.unhappy, args.spoken, settings)
    }

    fn of_texts(path: &Path, settings: &Settings, spoken: bool) -> Result<Self, Failure> {
        let file = LabelFile::read(path)?;
        let source = file.source();
        if source.texts.is_empty() {
            return Err(Failure::new(ExitCode::Data, format!("{}: no text with a label", path.display())));
        }
        let language = settings.language.code().map_or_else(|| language_of(&source), |code| code.to_owned().into());
        let calls = (0_usize..).zip(&source.texts).map(|(number, labelled)| {
            let text = if spoken { train::as_spoken(labelled.text).into() } else { Text::from(labelled.text) };
            call_of(number.to_string(), vec![customer(text)], language.clone())
        });
        let calls: Vec<Call> = calls.collect();
        let labels: Vec<TrueLabel> =
            source.texts.iter().map(|text| TrueLabel::weighted(text.label, text.weight)).collect();
        let by_label = Label::ALL.map(|label| labels.iter().filter(|other| other.label == label).count());
        let subject = Subject {
            labels: file.name,
            items: "texts",
            count: labels.len(),
            texts_by_label: Some(by_label),
            ratings: None,
        };
        let shipped_model_learned_from = crate::model::shipped_learned_from(file.sha256.as_slice());
        Ok(Self { subject, truth: Truth::Texts(labels), calls, languages: Arc::default(), shipped_model_learned_from })
    }

    /// The rated calls; `unhappy` is the rating from which they are that, and `spoken` takes the words as speech
    /// recognition writes them.
    ///
    /// # Errors
    /// As [`Items::read`].
    pub(super) fn of_calls(
        files: &RatedFiles<'_>,
        unhappy: Option<f64>,
        spoken: bool,
        settings: &Settings,
    ) -> Result<Self, Failure> {
        let Some(path) = files.labels.or(settings.metadata.as_deref()) else {
            let hint =
                "name a CSV file with labels or ratings, or contact records that have ratings with --metadata FILE";
            return Err(Failure::new(ExitCode::Usage, "no labels were given").with_hint(Some(hint.into())));
        };
        if files.input.is_empty() {
            let hint = "name the transcripts of the rated calls with --input FILE";
            let message = format!("{} rates calls, and no transcript was given", path.display());
            return Err(Failure::new(ExitCode::Usage, message).with_hint(Some(hint.into())));
        }
        let better = files.better.map(|end| if end == "low" { Better::Low } else { Better::High });
        let options = RatingOptions { column: files.rating.map(str::to_owned), better };
        let Rated { file, mut calls, languages, rated } = match files.labels {
            Some(path) => Rated::by_file(RatingFile::read(path, &options)?, files.input, settings)?,
            None => Rated::by_records(path, &options, files.input, settings)?,
        };
        if calls.is_empty() {
            let message = format!("none of the {rated} rated calls is in {}", files.input.join(", "));
            let hint = "call ids are compared letter by letter: see that both files have the same";
            return Err(Failure::new(ExitCode::Data, message).with_hint(Some(hint.into())));
        }
        if spoken {
            for turn in calls.iter_mut().flat_map(|call| &mut call.turns) {
                turn.text = train::as_spoken(&turn.text).into();
            }
        }
        let scale = Scale::of(&file, unhappy);
        let truth: Vec<(f64, bool)> = calls.iter().map(|call| scale.read(file.ratings[&call.id])).collect();
        let subject = Subject {
            labels: file.name.clone(),
            items: "calls",
            count: calls.len(),
            texts_by_label: None,
            ratings: Some(RatingsSubject {
                column: file.column.clone(),
                high_is_better: file.better == Better::High,
                unhappy_when: scale.to_string(),
                unhappy: truth.iter().filter(|(_, unhappy)| *unhappy).count(),
                without_transcript: rated - calls.len(),
            }),
        };
        Ok(Self { subject, truth: Truth::Calls(truth), calls, languages, shipped_model_learned_from: false })
    }

    /// The items' places by their ids.
    pub(super) fn places(&self) -> FxHashMap<Box<str>, usize> {
        self.calls.iter().enumerate().map(|(place, call)| (call.id.clone(), place)).collect()
    }

    /// How many turns all items have.
    pub(super) fn turns(&self) -> u64 {
        self.calls.iter().map(|call| call.turns.len() as u64).sum()
    }

    /// The items in groups, as a pipeline takes them.
    pub(super) fn groups(&self) -> impl Iterator<Item = Vec<Call>> + Send + 'static {
        let mut calls = self.calls.clone().into_iter();
        std::iter::from_fn(move || {
            let group: Vec<Call> = calls.by_ref().take(GROUP).collect();
            (!group.is_empty()).then_some(group)
        })
    }

    /// The items as labelled texts to learn from; `None` for rated calls.
    pub(super) fn labelled(&self) -> Option<Source<'_>> {
        let Truth::Texts(labels) = &self.truth else { return None };
        let texts = self.calls.iter().zip(labels).map(|(call, label)| LabelledText {
            text: call.turns.first().map_or("", |turn| turn.text.as_str()),
            label: label.label,
            scores: None,
            weight: 1.0,
        });
        Some(Source { name: self.subject.labels.clone(), texts: texts.collect() })
    }
}

/// The ratings, and the rated calls of the transcripts, in an order that depends on their ids alone.
struct Rated {
    file: RatingFile,
    calls: Vec<Call>,
    /// The languages of all that was read.
    languages: Arc<Evidence>,
    /// How many calls have a rating, with a transcript or without.
    rated: usize,
}

impl Rated {
    /// By a file of ratings.
    fn by_file(file: RatingFile, inputs: &[String], settings: &Settings) -> Result<Self, Failure> {
        let conversations = conversations(inputs, settings, None)?;
        let languages = Arc::clone(conversations.languages());
        let calls = calls_of(conversations, |call| file.ratings.contains_key(&call.id))?;
        Ok(Self { rated: file.ratings.len(), file, calls, languages })
    }

    /// By the contact records at `path`.
    fn by_records(
        path: &Path,
        options: &RatingOptions,
        inputs: &[String],
        settings: &Settings,
    ) -> Result<Self, Failure> {
        let conversations = conversations(inputs, settings, options.column.clone())?;
        let languages = Arc::clone(conversations.languages());
        let records = conversations.contacts().cloned().unwrap_or_default();
        let (Some(column), 1..) = (&records.rating, records.rated) else {
            let message = format!("{}: no contact record has a rating", path.display());
            let hint = "name the column that holds numbers with --rating COLUMN";
            return Err(Failure::new(ExitCode::Data, message).with_hint(Some(hint.into())));
        };
        let calls = calls_of(conversations, |call| call.rating.is_some())?;
        let ratings = calls.iter().filter_map(|call| Some((call.id.clone(), call.rating?.value()))).collect();
        let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let file = RatingFile::of(name, column, options.better, ratings);
        Ok(Self { file, calls, languages, rated: usize::try_from(records.rated).unwrap_or(usize::MAX) })
    }
}

/// Reads the transcripts; `rating` is the column of ratings in contact records.
fn conversations(inputs: &[String], settings: &Settings, rating: Option<String>) -> Result<Conversations, Failure> {
    let mut options = options::input(settings)?;
    options.rating = rating.or(options.rating);
    Ok(input::read(&input::discover(inputs, &settings.out)?, &options, &mut |_| {})?)
}

fn calls_of(conversations: Conversations, is_rated: impl Fn(&Call) -> bool) -> Result<Vec<Call>, Failure> {
    let mut calls = Vec::new();
    for group in conversations.into_calls() {
        calls.extend(group?.into_iter().filter(&is_rated));
    }
    Ok(calls)
}

/// The language of most of a file's texts.
fn language_of(source: &Source<'_>) -> Box<str> {
    let mut languages = Collector::default();
    source.texts.iter().for_each(|labelled| languages.add(labelled.text, ""));
    languages.end_file();
    languages.finish().main().unwrap_or("en").into()
}

fn customer(text: Text) -> Turn {
    Turn { role: Role::Customer, text, agent_id: None, start_ms: None, end_ms: None }
}

fn call_of(id: String, turns: Vec<Turn>, language: Box<str>) -> Call {
    Call { id: id.into(), turns, language: Some(language), ..Call::default() }
}

/// How a rating is read.
struct Scale {
    better: Better,
    /// The rating at which unhappiness begins.
    from: f64,
    /// Whether a rating of exactly that is unhappy.
    included: bool,
}

impl Scale {
    fn of(file: &RatingFile, unhappy: Option<f64>) -> Self {
        let ratings = file.ratings.values().copied();
        let lowest = ratings.clone().fold(f64::INFINITY, f64::min);
        let highest = ratings.fold(f64::NEG_INFINITY, f64::max);
        let middle = f64::midpoint(lowest, highest);
        Self { better: file.better, from: unhappy.unwrap_or(middle), included: unhappy.is_some() }
    }

    /// The rating turned so that more is better, and whether it is unhappy.
    fn read(&self, rating: f64) -> (f64, bool) {
        let turned = |value: f64| if self.better == Better::High { value } else { -value };
        let (rating, from) = (turned(rating), turned(self.from));
        (rating, rating < from || (self.included && rating <= from))
    }
}

impl std::fmt::Display for Scale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.better, self.included) {
            (Better::High, true) => write!(f, "{} or less", self.from),
            (Better::High, false) => write!(f, "below {}", self.from),
            (Better::Low, true) => write!(f, "{} or more", self.from),
            (Better::Low, false) => write!(f, "above {}", self.from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(better: Better, ratings: &[f64]) -> RatingFile {
        let ratings = ratings.iter().enumerate().map(|(at, rating)| (at.to_string().into(), *rating)).collect();
        RatingFile { name: "f".into(), column: "rating".into(), better, ratings }
    }

    #[test]
    fn the_worse_half_of_the_scale_is_unhappy() {
        let stars = Scale::of(&file(Better::High, &[1.0, 2.0, 5.0]), None);
        assert_eq!([2.0, 3.0, 4.0].map(|stars_given| stars.read(stars_given).1), [true, false, false]);
        assert_eq!(stars.to_string(), "below 3");
        let annoyed = Scale::of(&file(Better::Low, &[0.0, 1.0]), None);
        assert_eq!([annoyed.read(0.0), annoyed.read(1.0)], [(-0.0, false), (-1.0, true)]);
        assert_eq!(annoyed.to_string(), "above 0.5");
    }

    #[test]
    fn a_bound_that_was_named_is_unhappy_itself() {
        let promoters = Scale::of(&file(Better::High, &[0.0, 10.0]), Some(6.0));
        assert_eq!([6.0, 7.0].map(|rating| promoters.read(rating).1), [true, false]);
        assert_eq!(promoters.to_string(), "6 or less");
        let effort = Scale::of(&file(Better::Low, &[1.0, 7.0]), Some(5.0));
        assert_eq!([4.0, 5.0].map(|rating| effort.read(rating).1), [false, true]);
    }
}
