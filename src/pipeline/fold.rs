//! The one owner of everything that calls add up to.
//!
//! A finished call becomes a row of calls.csv, rows of segments.csv and failures.csv, a part of its agents'
//! roll-ups and of the overview, and is gone. Nothing here depends on the order in which calls finish.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::prepare::Prepared;
use crate::chunk::Piece;
use crate::output::{
    CallRow, FAILURES, RowEncoder, SEGMENTS, SegmentRow, SortedRows, call_columns, part_key, read_back,
};
use crate::overview::{CallFigures, Moment, Overview};
use crate::rating::{Columns, RatingModel};
use crate::redact::{Kind, Mask};
use crate::rollup::{
    AgentBook, AgentOptions, CallInput, CallRollup, ScoredRoles, TurnScore, TurnWeights, roll_up, turn_scores,
};
use crate::sentiment::{FixedScores, Millionths, Outcome, SegmentCounts};

/// Where a pipeline's finished calls go.
pub trait TakeCalls {
    /// Takes in a call whose segments all have an outcome; `outcomes` stand in the order of the segments.
    ///
    /// # Errors
    /// When what is made of it can't be put aside.
    fn finish_call(&mut self, prepared: &Prepared, outcomes: Vec<Outcome>) -> io::Result<()>;
}

/// What decides the rows.
#[derive(Debug, Clone)]
pub struct FoldOptions {
    /// The engine's name.
    pub engine: &'static str,
    /// Which roles were to be scored.
    pub scored_roles: ScoredRoles,
    /// The least share of the customer's words that makes a call count for its agents.
    pub min_coverage: Millionths,
    /// Whether rows of segments.csv are kept.
    pub detail: bool,
    /// Whether text cells are guarded against spreadsheets.
    pub guard: bool,
    /// What expects ratings of calls.
    pub call_model: Option<RatingModel>,
    /// About how many bytes of rows of each table are held in memory.
    pub row_bytes: usize,
}

/// What was kept back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RedactedCounts {
    /// Masks by kind, in turns of roles that are scored.
    pub masks: BTreeMap<Kind, u64>,
    /// Segments with a mask in them.
    pub segments: u64,
}

impl RedactedCounts {
    /// Adds what was kept back of other calls.
    pub fn merge(&mut self, other: Self) {
        for (kind, count) in other.masks {
            *self.masks.entry(kind).or_default() += count;
        }
        self.segments += other.segments;
    }

    fn add(&mut self, prepared: &Prepared) {
        if prepared.masks.is_empty() {
            return;
        }
        let is_sent = |mask: &&Mask| {
            let piece = |piece: &Piece| piece.turn == mask.turn && piece.bytes.contains(&mask.at);
            prepared.segments.iter().any(|segment| segment.pieces.iter().any(piece))
        };
        for mask in prepared.masks.iter().filter(is_sent) {
            *self.masks.entry(mask.kind).or_default() += 1;
        }
        let changed = prepared.segments.iter().filter(|segment| prepared.masks_in(segment) > 0);
        self.segments += changed.count() as u64;
    }
}

/// All that a run's calls come to.
pub struct Fold {
    options: FoldOptions,
    call_encoder: RowEncoder<CallRow>,
    segment_encoder: RowEncoder<SegmentRow>,
    failure_encoder: RowEncoder<SegmentRow>,
    /// Rows of calls.csv.
    pub calls: SortedRows,
    /// Rows of segments.csv, when asked for.
    pub segments: SortedRows,
    /// Rows of failures.csv.
    pub failures: SortedRows,
    /// The agents.
    pub agents: AgentBook,
    /// The run at a glance.
    pub overview: Overview,
    /// What became of the segments.
    pub counts: SegmentCounts,
    /// Turns of finished calls.
    pub turns: u64,
    /// Calls whose own words are too few to know their language by.
    pub language_assumed: u64,
    /// Calls with times that contradict each other.
    pub times_contradict: u64,
    /// What was kept back of what was sent.
    pub redacted: RedactedCounts,
}

impl Fold {
    /// Nothing yet.
    pub fn new(options: FoldOptions) -> Self {
        Self {
            call_encoder: RowEncoder::new(call_columns(), options.guard),
            segment_encoder: RowEncoder::new(&SEGMENTS, options.guard),
            failure_encoder: RowEncoder::new(&FAILURES, options.guard),
            calls: SortedRows::with_memory(options.row_bytes),
            segments: SortedRows::with_memory(options.row_bytes),
            failures: SortedRows::with_memory(options.row_bytes),
            agents: AgentBook::new(AgentOptions { min_coverage: options.min_coverage }),
            options,
            overview: Overview::default(),
            counts: SegmentCounts::default(),
            turns: 0,
            language_assumed: 0,
            times_contradict: 0,
            redacted: RedactedCounts::default(),
        }
    }

    fn list_segments(&mut self, prepared: &Prepared, outcomes: Vec<Outcome>) -> io::Result<()> {
        let weights = self
            .options
            .detail
            .then(|| TurnWeights::of(&prepared.call, &prepared.timeline, &scored_turns(prepared, &outcomes)));
        if self.options.detail {
            let moments = prepared.segments.iter().zip(&outcomes).map(|(segment, outcome)| {
                let score = outcome.scores().map(|scores| FixedScores::from(scores).score());
                Moment::new(segment.role, Millionths(segment.position().into()), score)
            });
            self.overview.set_course(&read_back(&prepared.call.id, self.options.guard), moments.collect());
        }
        let mut call_id: Option<Arc<str>> = None;
        for (number, (segment, outcome)) in (1..).zip(prepared.segments.iter().zip(outcomes)) {
            self.counts.add(&outcome);
            let failed = outcome.scores().is_none();
            if !failed && !self.options.detail {
                continue;
            }
            let call_id = Arc::clone(call_id.get_or_insert_with(|| Arc::from(&*prepared.call.id)));
            let row = SegmentRow {
                call_id,
                segment: number,
                role: segment.role,
                first_turn: segment.first_turn() + 1,
                last_turn: segment.last_turn() + 1,
                position: segment.position(),
                chars: segment.chars,
                weight: weights.as_ref().filter(|_| !failed).and_then(|weights| {
                    weights.share(segment.role, segment.pieces.iter().map(|piece| (piece.turn as usize, piece.words)))
                }),
                outcome,
                redactions: prepared.masks_in(segment),
            };
            let key = part_key(&row.call_id, number);
            if failed {
                self.overview.add_failure(row.outcome.as_str(), &read_back(row.outcome.reason(), self.options.guard));
                let encoder = &mut self.failure_encoder;
                self.failures.push(&key, |line| encoder.encode(&row, line))?;
            }
            if self.options.detail {
                let encoder = &mut self.segment_encoder;
                self.segments.push(&key, |line| encoder.encode(&row, line))?;
            }
        }
        Ok(())
    }
}

impl TakeCalls for Fold {
    /// Fails when rows can't be put aside.
    fn finish_call(&mut self, prepared: &Prepared, outcomes: Vec<Outcome>) -> io::Result<()> {
        self.take(prepared, outcomes).map(drop)
    }
}

impl Fold {
    /// Takes in a call, and gives back what it came to.
    ///
    /// # Errors
    /// When rows can't be put aside.
    pub fn take(&mut self, prepared: &Prepared, outcomes: Vec<Outcome>) -> io::Result<CallRollup> {
        let rollup = roll_up_call(prepared, &outcomes, self.options.scored_roles);
        let low_coverage = rollup.low_coverage(self.options.min_coverage);
        self.turns += prepared.call.turns.len() as u64;
        self.agents.add(&rollup);
        self.language_assumed += u64::from(prepared.language_assumed);
        self.times_contradict += u64::from(prepared.timeline.times_contradict);
        let model = self.options.call_model.as_ref().filter(|_| !low_coverage);
        let expected = model.and_then(|model| Some(model.expected(&Columns::of(&rollup.customer)?)));
        let rating = prepared.call.rating;
        let row = CallRow { rollup, engine: self.options.engine, low_coverage, expected, rating };
        self.redacted.add(prepared);
        self.overview.add(&CallFigures::of(&row, self.options.guard));
        let encoder = &mut self.call_encoder;
        self.calls.push(row.rollup.id.as_bytes(), |line| encoder.encode(&row, line))?;
        self.list_segments(prepared, outcomes)?;
        Ok(row.rollup)
    }
}

/// The scores of a call's turns; `outcomes` stand in the order of its segments.
fn scored_turns(prepared: &Prepared, outcomes: &[Outcome]) -> Vec<Option<TurnScore>> {
    let pieces = prepared.segments.iter().zip(outcomes).flat_map(|(segment, outcome)| {
        segment.pieces.iter().map(|piece| (piece.turn as usize, piece.words, outcome.scores()))
    });
    turn_scores(prepared.call.turns.len(), pieces)
}

/// What a call's segments come to; `outcomes` stand in their order.
pub fn roll_up_call(prepared: &Prepared, outcomes: &[Outcome], scored_roles: ScoredRoles) -> CallRollup {
    let failed = outcomes.iter().filter(|outcome| outcome.scores().is_none()).count();
    roll_up(&CallInput {
        call: &prepared.call,
        timeline: &prepared.timeline,
        turns: &scored_turns(prepared, outcomes),
        scored_roles,
        segments: u32::try_from(prepared.segments.len()).unwrap_or(u32::MAX),
        segments_failed: u32::try_from(failed).unwrap_or(u32::MAX),
    })
}
