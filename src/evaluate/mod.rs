//! How good scores are: figures that compare an engine's scores with people's labels and ratings.
//!
//! Pure arithmetic over labels and numbers; it reads no file, runs no engine and draws no table.
//! Every figure that is shown has an interval beside it, from the [bootstrap](interval), seeded, so that the same
//! input gives the same interval. [`texts`](TextFigures) judges labelled texts and [`calls`](MeasureFigures) rated calls,
//! with [`classes`](Confusion), [`ranking`](auc) and [`reliability()`] below them; [`compare`](Comparison) and
//! [`curve`](Curve) hold engines against each other and put into words what follows; an [`Evaluation`] is all of it, and
//! a [`Decision`] adds what a month of each engine costs. A [`CalibrationTable`] is what an engine's labels stand for.

mod advice;
mod bootstrap;
mod calibration;
mod calls;
mod classes;
mod compare;
mod curve;
mod decision;
mod evaluation;
mod month;
mod ranking;
mod redaction;
mod reliability;
mod texts;

pub use bootstrap::{Interval, interval, paired_difference};
pub use calibration::CalibrationTable;
pub use calls::{Closest, MEASURES, Measure, MeasureFigures, RatedCall, unhappy_auc};
pub use classes::{Agreement, ClassFigures, Confusion, agreement};
pub use compare::{Comparison, Figure, Standing, Verdict, verdict};
pub use curve::{Curve, CurveTexts};
pub use decision::{BreakEven, Decision, DecisionRow, Pace, Terms};
pub use evaluation::{Answers, Effort, EngineFigures, Evaluation, ItemScores, RatingsSubject, Subject, Truth, judged};
pub use ranking::{auc, spearman};
pub use redaction::{RedactedCall, RedactionFigures};
pub use reliability::{Bin, calibration_error, reliability};
pub use texts::{Judged, TextFigures, TrueLabel, accuracy, macro_f1};
