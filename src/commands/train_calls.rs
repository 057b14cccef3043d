//! `undertone train RATINGS.csv --for calls --input CALLS --out MODEL`: a model of the ratings of one's own calls.
//!
//! The calls are scored as `analyze` would score them; what is fitted to their columns is settled in [`crate::rating`].

use std::fmt::Write as _;
use std::path::PathBuf;

use indicatif::HumanCount;

use super::evaluate::{self, RatedColumns, RatedFiles};
use super::{options, print};
use crate::cli;
use crate::evaluate::{Interval, Measure};
use crate::exit::{ExitCode, Failure};
use crate::output::write_whole;
use crate::rating::{self, Columns, HeldOut, Rated, RatingModel};
use crate::settings::Settings;

/// Trains a model of ratings, writes it and prints how good it is.
///
/// # Errors
/// [`Failure`]; then nothing was written.
pub(super) fn run(settings: &Settings, args: &cli::Train) -> Result<ExitCode, Failure> {
    if args.labels.len() > 1 {
        let hint = "join the files into one, with each call once";
        return Err(Failure::new(ExitCode::Usage, "a call model is trained on one file of ratings")
            .with_hint(Some(hint.to_owned())));
    }
    let files = RatedFiles {
        labels: args.labels.first().map(PathBuf::as_path),
        input: &args.input,
        rating: args.rating.as_deref(),
        better: args.better.as_deref(),
    };
    let RatedColumns { subject, calls: scored, failed } = evaluate::rated_columns(&files, settings)?;
    let ratings = subject.ratings.as_ref();
    let (column, high_is_better) = ratings.map_or(("rating", true), |found| (&found.column, found.high_is_better));
    let sign = if high_is_better { 1.0 } else { -1.0 };
    let calls: Vec<Rated> = scored
        .iter()
        .filter_map(|(rating, values)| {
            let value = |measure: Measure| values[measure as usize];
            let columns = Columns::new(
                value(Measure::CustomerScore),
                value(Measure::CustomerEnd),
                value(Measure::CustomerLow),
                value(Measure::CustomerStart),
                value(Measure::CustomerNegativeShare),
            )?;
            Some(Rated { columns, rating: sign * rating })
        })
        .collect();
    let profile = (settings.engine().profile)(settings);
    let scoring = options::scoring(settings, &profile);
    let (model, held_out) = rating::train(&calls, column, high_is_better, scoring, args.seed)?;
    let text = model.to_toml();
    write_whole(&args.out, text.as_bytes()).map_err(|error| Failure::write(&args.out, error))?;
    let left_out = (scored.len() - calls.len(), ratings.map_or(0, |found| found.without_transcript));
    print(&shown(&model, &held_out, left_out))?;
    Ok(if failed > 0 { ExitCode::Partial } else { ExitCode::Done })
}

/// Refuses flags that say nothing to a model that scores texts, and a line without labels.
///
/// # Errors
/// [`ExitCode::Usage`] if there are any.
pub(super) fn refuse_flags(args: &cli::Train) -> Result<(), Failure> {
    let unused = !args.input.is_empty() || args.rating.is_some() || args.better.is_some() || !args.settings.is_empty();
    if !unused && args.labels.is_empty() {
        let hint = "name a CSV file with the columns text and label";
        return Err(Failure::new(ExitCode::Usage, "no labels were given").with_hint(Some(hint.to_owned())));
    }
    if !unused {
        return Ok(());
    }
    let message = "--input, --rating, --better and the settings of a run belong to --for calls";
    Err(Failure::new(ExitCode::Usage, message).with_hint(Some("add --for calls, or leave them out".to_owned())))
}

/// The model and its figures as lines for a terminal; `left_out` counts rated calls without score and without transcript.
fn shown(model: &RatingModel, held_out: &HeldOut, left_out: (usize, usize)) -> String {
    let mut out = String::new();
    // Writing to a string can't fail.
    let calls = HumanCount(model.calls as u64);
    let _ = writeln!(
        out,
        "call model of {}, {} to {}, trained on {calls} calls",
        model.rating, model.lowest, model.highest
    );
    for (count, why) in [(left_out.0, "too little of the customer was scored"), (left_out.1, "no transcript was given")]
    {
        if count > 0 {
            let _ = writeln!(out, "{} rated calls were left out: {why}", HumanCount(count as u64));
        }
    }
    let _ = writeln!(out, "\nOn calls that it had not seen (five parts held out in turn; 95 % intervals):\n");
    let mut row = |name: &str, figure: Option<Interval>| {
        let _ = writeln!(out, "{name:<44}  {}", figure.map_or_else(|| "–".to_owned(), |figure| figure.to_string()));
    };
    row("rank correlation with the rating", held_out.rank_correlation);
    row("that of customer_score", held_out.score);
    row("mean distance from the rating", held_out.distance);
    row("that of the mean rating", held_out.distance_of_mean);
    let words = match held_out.ahead {
        Some(ahead) if ahead.low > 0.0 => {
            format!("It is ahead of customer_score by {ahead:+}, more than chance explains.")
        }
        Some(ahead) if ahead.high < 0.0 => {
            format!(
                "customer_score orders calls better, by more than chance explains ({ahead:+}): take the model for its scale."
            )
        }
        Some(ahead) => {
            format!("Its lead over customer_score, {ahead:+}, may be chance: customer_score orders calls as well.")
        }
        None => "Nothing can be said of its order.".to_owned(),
    };
    out + "\n" + &words + "\n"
}
