//! How good scores are: figures that compare what an engine said with what people said.
//!
//! Pure arithmetic over labels and numbers; reading files, running engines and drawing tables are others' work.
//! Every figure that is shown has an interval beside it, from the [bootstrap](interval), seeded, so that the same
//! input gives the same interval.

mod bootstrap;
mod classes;
mod ranking;
mod reliability;

pub use bootstrap::{Interval, RESAMPLES, interval, paired_difference};
pub use classes::{Agreement, ClassFigures, Confusion, agreement};
pub use ranking::{auc, spearman};
pub use reliability::{Bin, calibration_error, reliability};
