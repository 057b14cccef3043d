//! Choosing the cuts: an exact optimum by dynamic programming.
//!
//! A packing of atoms `0..n` is a list of cuts. Its cost is a vector of whole numbers, each a sum over its
//! segments, and vectors are compared from the first number on. Adding the same vector to two others keeps their
//! order, so the best packing of `0..j` that ends in the segment `i..j` is the best packing of `0..i` and that
//! segment: trying every `i` for every `j` finds the optimum, not an approximation. Only an `i` whose own charge
//! leaves room for another segment is tried; the time is at most the number of atoms times the atoms that one
//! segment can hold.

use super::atoms::{Atom, Bound, Limit};
use crate::sentiment::Billing;
use crate::transcript::WHOLE;

/// Where the quarters of a call meet, in millionths: good places to cut, since scores are asked for by quarter.
const QUARTERS: [u32; 3] = [WHOLE / 4, WHOLE / 2, WHOLE / 4 * 3];

/// What is wanted of a packing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Objective {
    /// The most that one segment may hold.
    pub(super) limit: Limit,
    /// What the engine charges by, if it charges.
    pub(super) billing: Option<Billing>,
    /// Whether the number of segments comes before all else.
    pub(super) fewest_segments: bool,
}

/// What a packing costs, the weightiest first: `Ord` compares in the order of the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Cost {
    /// Segments, where they are to be fewest, else 0.
    pub(super) segments: u64,
    /// Billed units, where the engine charges, else 0.
    pub(super) units: u64,
    /// How badly cuts disturb: 0 at a turn's bound, 1 at a sentence's, 2 at a word's, 3 at a grapheme's, 4 at a character's.
    pub(super) cuts: u64,
    /// Over the quarter points strictly inside a segment, the distance to its nearest end, in millionths of the call.
    pub(super) quarters: u64,
    /// Squared characters: of packings alike in all else, the most even.
    pub(super) squares: u64,
}

impl Cost {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            segments: self.segments + other.segments,
            units: self.units.saturating_add(other.units),
            cuts: self.cuts + other.cuts,
            quarters: self.quarters + other.quarters,
            squares: self.squares.saturating_add(other.squares),
        }
    }

    /// The numbers that never fall as a packing grows: a shorter text has a packing that costs no more of them.
    const fn charge(self) -> (u64, u64) {
        (self.segments, self.units)
    }
}

impl Objective {
    /// Cost of one segment of `chars` characters from `first` to `last`.
    pub(super) fn cost(&self, first: &Atom, last: &Atom, chars: usize) -> Cost {
        let length = chars as u64;
        Cost {
            segments: u64::from(self.fewest_segments),
            units: self.billing.map_or(0, |billing| billing.units(chars)),
            cuts: match first.bound {
                Bound::Turn => 0,
                Bound::Sentence => 1,
                Bound::Word => 2,
                Bound::Grapheme => 3,
                Bound::Char => 4,
            },
            quarters: QUARTERS.iter().map(|&quarter| distance(quarter, first.start, last.end)).sum(),
            squares: length.saturating_mul(length),
        }
    }

    /// What any segment costs at least.
    fn least(&self) -> Cost {
        let units = self.billing.map_or(0, |billing| billing.units(1));
        Cost { segments: u64::from(self.fewest_segments), units, ..Cost::default() }
    }

    /// Whether all of `turns` in one segment fit, and any other packing is certain to cost more.
    ///
    /// Two segments or more are charged the minimum at least twice, and at least their characters without line feeds.
    pub(super) fn one_is_best(&self, turns: &[Atom]) -> bool {
        let line_feeds = turns.len().saturating_sub(1);
        let text: usize = turns.iter().map(|turn| turn.chars as usize).sum();
        let bytes: usize = turns.iter().map(|turn| turn.bytes.len()).sum();
        if turns.is_empty() || !self.limit.holds(text + line_feeds, bytes + line_feeds) {
            return false;
        }
        let cheaper = self.billing.is_some_and(|billing| {
            let several = billing.units_without_minimum(text).max(billing.minimum_units.saturating_mul(2));
            billing.units(text + line_feeds) < several
        });
        self.fewest_segments || cheaper
    }
}

/// How far `quarter` lies from the nearest end of a segment that it is strictly inside of, else 0.
fn distance(quarter: u32, start: u32, end: u32) -> u64 {
    if start < quarter && quarter < end { u64::from((quarter - start).min(end - quarter)) } else { 0 }
}

/// Sizes before each atom, line feeds counted with the atom that follows them.
struct Sizes {
    chars: Vec<usize>,
    bytes: Vec<usize>,
    /// 1 for an atom that begins a turn: a line feed that a segment beginning there does not hold.
    feed: Vec<usize>,
}

impl Sizes {
    fn of(atoms: &[Atom]) -> Self {
        let feed: Vec<usize> = atoms.iter().map(|atom| usize::from(atom.bound == Bound::Turn)).collect();
        let sums = |size: fn(&Atom) -> usize| {
            let mut before = 0;
            let mut sums = vec![0];
            sums.extend(atoms.iter().zip(&feed).map(|(atom, feed)| {
                before += size(atom) + feed;
                before
            }));
            sums
        };
        Self { chars: sums(|atom| atom.chars as usize), bytes: sums(|atom| atom.bytes.len()), feed }
    }

    /// Characters and bytes of a segment of the atoms `start..end`.
    fn of_segment(&self, start: usize, end: usize) -> (usize, usize) {
        let feed = self.feed[start];
        (self.chars[end] - self.chars[start] - feed, self.bytes[end] - self.bytes[start] - feed)
    }
}

/// The ends of the segments of the best packing, as indices into `atoms`; the last is their number.
///
/// An atom that passes the limit by itself, which dividing a turn never leaves, would stand alone. Of packings
/// equal in every cost, the one with the longest last segments is taken.
pub(super) fn pack(atoms: &[Atom], objective: &Objective) -> Vec<usize> {
    let sizes = Sizes::of(atoms);
    let fits = |start, end| {
        let (chars, bytes) = sizes.of_segment(start, end);
        objective.limit.holds(chars, bytes)
    };
    let mut best: Vec<Cost> = vec![Cost::default()];
    let mut begins: Vec<usize> = vec![0];
    let mut earliest = 0;
    for (index, last) in atoms.iter().enumerate() {
        let end = index + 1;
        while earliest < index && !fits(earliest, end) {
            earliest += 1;
        }
        let cost_from =
            |start: usize| best[start].plus(objective.cost(&atoms[start], last, sizes.of_segment(start, end).0));
        let (mut least, mut begin) = (cost_from(earliest), earliest);
        for (start, before) in best.iter().enumerate().skip(earliest + 1) {
            if before.plus(objective.least()).charge() > least.charge() {
                break;
            }
            let cost = cost_from(start);
            if cost < least {
                (least, begin) = (cost, start);
            }
        }
        best.push(least);
        begins.push(begin);
    }
    trace(&begins, atoms.len())
}

/// Follows the chosen beginnings back from the end.
fn trace(begins: &[usize], atoms: usize) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut end = atoms;
    while end > 0 {
        ends.push(end);
        end = begins[end];
    }
    ends.reverse();
    ends
}
