//! Figures that are honest: every text is judged by weights and a calibration that did not see it.

use super::calibrate::{self, Observation};
use super::corpus::Corpus;
use super::{Options, Priors, Start, optimise};
use crate::evaluate::{Interval, Judged, TextFigures, accuracy, macro_f1, paired_difference};
use crate::model::calibration::Calibration;
use crate::parallel::in_parallel;
use crate::random::Random;
use crate::sentiment::Label;

/// Parts into which fewer than three sources are split.
const PARTS: usize = 5;
/// Sources from which on each is held out as a whole.
const SOURCES_TO_HOLD_OUT: usize = 3;

/// How good the model is on texts that it had not seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Source by source, in the order given.
    pub sources: Vec<SourceReport>,
    /// Whether sources were held out whole (else: parts of the texts).
    pub by_source: bool,
}

/// The held-out figures of one source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceReport {
    /// The source's name.
    pub name: String,
    /// Texts judged.
    pub texts: usize,
    /// The texts as they are.
    pub figures: TextFigures,
    /// The same in small letters without punctuation, as speech recognition writes.
    pub stripped: TextFigures,
    /// The model that training began at, on the same texts.
    pub base: Option<TextFigures>,
    /// By how much macro F1 rose over the base, paired text by text.
    pub rise: Option<Interval>,
    /// By how much accuracy rose over the base, paired text by text. The two part where training moved the priors:
    /// to be right more often on common classes costs some of the rare ones.
    pub accuracy_rise: Option<Interval>,
}

/// The rows' logits under weights that did not see them.
pub(super) struct CrossFit {
    /// By row, in the order of the corpus.
    observations: Vec<Observation>,
    /// By row: the part in which it was held out.
    parts: Vec<usize>,
    /// By row: its source.
    sources: Vec<usize>,
    /// By row: whether it is a stripped copy.
    stripped: Vec<bool>,
    by_source: bool,
}

/// Fits weights without each part in turn, and keeps the logits that they give its rows.
pub(super) fn cross_fit(corpus: &Corpus, sources: usize, start: &Start, options: &Options) -> CrossFit {
    let by_source = sources >= SOURCES_TO_HOLD_OUT;
    let count = if by_source { sources } else { PARTS };
    let part_of_key = |key: u64| usize::try_from(Random::new(key ^ options.seed).bits() % PARTS as u64).unwrap_or(0);
    let parts: Vec<usize> =
        corpus.rows.iter().map(|row| if by_source { row.source } else { part_of_key(row.key) }).collect();
    let seen = in_parallel(options.threads, count, |part| {
        let held: std::collections::HashSet<u64> =
            corpus.rows.iter().zip(&parts).filter(|(_, of)| **of == part).map(|(row, _)| row.key).collect();
        let rest: Vec<usize> =
            (0..parts.len()).filter(|at| parts[*at] != part && !held.contains(&corpus.rows[*at].key)).collect();
        // One thread: the parts already keep all of them busy.
        let floats = optimise::fit(start.lesson(corpus, &rest, sources), options.seed, 1);
        let held = (0..parts.len()).filter(|at| parts[*at] == part);
        held.map(|at| (at, observe(corpus, at, &floats))).collect::<Vec<_>>()
    });
    let mut observations: Vec<(usize, Observation)> = seen.into_iter().flatten().collect();
    observations.sort_by_key(|(at, _)| *at);
    CrossFit {
        observations: observations.into_iter().map(|(_, observation)| observation).collect(),
        parts,
        sources: corpus.rows.iter().map(|row| row.source).collect(),
        stripped: corpus.rows.iter().map(|row| row.stripped).collect(),
        by_source,
    }
}

/// The logits of a row.
fn observe(corpus: &Corpus, at: usize, floats: &optimise::Floats) -> Observation {
    let row = &corpus.rows[at];
    Observation {
        whole: floats.logits(corpus.whole(row)),
        clauses: corpus.clauses(row).map(|clause| floats.logits(clause)).collect(),
        label: row.label,
        aim: row.aim.map(f64::from),
        weight: f64::from(row.weight),
    }
}

impl CrossFit {
    /// The calibration that fits the rows of the parts that `keep` keeps. Sources count alike, and classes within
    /// a source as the priors say.
    pub(super) fn calibration(&self, start: &Start, priors: Priors, keep: impl Fn(usize) -> bool) -> Calibration {
        let kept: Vec<usize> = (0..self.parts.len()).filter(|at| keep(self.parts[*at])).collect();
        let weighted = self.weighted(&kept, priors);
        calibrate::fit(&weighted, start.calibration)
    }

    /// The observations at these rows with the weights under which a calibration is fitted. They sum to the number
    /// of observations.
    fn weighted(&self, rows: &[usize], priors: Priors) -> Vec<Observation> {
        let sources = self.sources.iter().max().map_or(0, |last| last + 1);
        let mut sums = vec![[0.0_f64; 4]; sources];
        for at in rows {
            let seen = &self.observations[*at];
            sums[self.sources[*at]][seen.label.index()] += seen.weight;
        }
        let present = sums.iter().filter(|classes| classes.iter().sum::<f64>() > 0.0).count() as f64;
        let all = rows.len() as f64;
        rows.iter()
            .map(|at| {
                let seen = &self.observations[*at];
                let classes = sums[self.sources[*at]];
                let total: f64 = classes.iter().sum();
                let evened = match priors {
                    Priors::Labels => 1.0,
                    // Mixed stays as rare as it is: its own two numbers are fitted on all texts.
                    Priors::Even if seen.label == Label::Mixed => 1.0,
                    Priors::Even => (total / 3.0 / classes[seen.label.index()]).sqrt(),
                };
                Observation { weight: seen.weight * evened * all / (present * total), ..seen.clone() }
            })
            .collect()
    }

    /// The figures of every source.
    pub(super) fn report(&self, corpus: &Corpus, names: &[&str], start: &Start, options: &Options) -> Report {
        let parts = self.parts.iter().max().map_or(0, |last| last + 1);
        let calibrations =
            in_parallel(options.threads, parts, |part| self.calibration(start, options.priors, |other| other != part));
        let sources = in_parallel(options.threads, names.len(), |source| {
            self.source_report(corpus, source, names[source], &calibrations, start, options.seed)
        });
        Report { sources, by_source: self.by_source }
    }

    fn source_report(
        &self,
        corpus: &Corpus,
        source: usize,
        name: &str,
        calibrations: &[Calibration],
        start: &Start,
        seed: u64,
    ) -> SourceReport {
        let rows = |stripped: bool| {
            (0..self.parts.len()).filter(move |at| self.sources[*at] == source && self.stripped[*at] == stripped)
        };
        let judge = |at: usize| judged(&calibrations[self.parts[at]], &self.observations[at]);
        let plain: Vec<Judged> = rows(false).map(judge).collect();
        let stripped: Vec<Judged> = rows(true).map(judge).collect();
        let base: Option<Vec<Judged>> = start
            .adapts
            .then(|| rows(false).map(|at| judged(&start.calibration, &observe(corpus, at, &start.floats))).collect());
        SourceReport {
            name: name.to_owned(),
            texts: plain.len(),
            accuracy_rise: base.as_ref().and_then(|base| paired_difference(base, &plain, seed, accuracy)),
            rise: base.as_ref().and_then(|base| paired_difference(base, &plain, seed, macro_f1)),
            base: base.map(|base| TextFigures::of(&base, seed)),
            figures: TextFigures::of(&plain, seed),
            stripped: TextFigures::of(&stripped, seed),
        }
    }
}

/// A row as its calibrated scores judge it.
fn judged(calibration: &Calibration, seen: &Observation) -> Judged {
    Judged::new(seen.label, calibration.scores(seen.whole, &seen.clauses))
}
