//! Cutting a call into the documents that an engine scores.
//!
//! A [`Segment`] holds consecutive turns of one role, joined with one line feed; turns of the other role between
//! them do not end it. [`segments`] cuts a call into them so that every document keeps within the engine's byte
//! limit and the number of characters aimed at, no character is lost, and the call's billed units are least.
//!
//! Its parts: `atoms` finds the places where a turn may be cut, `pack` chooses among them exactly, and
//! [`Estimate`] adds up what the result would cost. All of it is pure: no I/O, clock or randomness, and the same
//! call and options give the same segments. It never scores, never drops a text because it looks empty of words,
//! and never reads a turn of [`Role::Other`].

use std::ops::Range;

use crate::engine::{Billing, Granularity};
use crate::transcript::{Call, Role, Timeline};

mod atoms;
mod estimate;
mod pack;
#[cfg(test)]
mod properties;

use atoms::{Atom, Limit, atoms_of, narrow, whole_turns};
pub use estimate::{Estimate, PriceError, PriceTier, PriceTiers};
use pack::{Objective, pack};

/// Characters (Unicode scalar values) that a document aims at.
///
/// The service may read no further than this, and documents of 300 to 500 characters cost no more than their text.
pub const TARGET_CHARS: usize = 500;

/// Bytes of the longest UTF-8 character: a document limit below this could not hold every text.
const LONGEST_CHAR_BYTES: usize = 4;

/// Whose words are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Speakers {
    /// Customers and agents.
    #[default]
    Both,
    /// Customers alone: the agents' own words leave nothing behind.
    Customer,
    /// Agents alone.
    Agent,
}

impl Speakers {
    /// All of them, for a list of accepted values.
    pub const ALL: [Self; 3] = [Self::Both, Self::Customer, Self::Agent];

    /// Whether turns of `role` are scored. Never true for [`Role::Other`].
    #[must_use]
    pub const fn include(self, role: Role) -> bool {
        matches!((self, role), (Self::Both | Self::Customer, Role::Customer) | (Self::Both | Self::Agent, Role::Agent))
    }

    /// The name used in flags and files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Customer => "customer",
            Self::Agent => "agent",
        }
    }
}

/// Why options can't be met by any text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// A segment aimed at no characters would hold nothing.
    #[error("segments of 0 characters hold no text")]
    NoTarget,
    /// One character can take four bytes of UTF-8.
    #[error("documents of at most {max_bytes} bytes can't hold every character")]
    BytesTooFew {
        /// The limit asked for.
        max_bytes: usize,
    },
}

impl ChunkError {
    /// What to change.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoTarget => format!("aim at {TARGET_CHARS} characters, the default"),
            Self::BytesTooFew { .. } => format!("allow at least {LONGEST_CHAR_BYTES} bytes a document"),
        })
    }
}

/// How calls are cut. Made by [`ChunkOptions::new`], which checks that every text can be cut to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkOptions {
    /// Turn by turn, packed, or as much as fits.
    pub granularity: Granularity,
    /// Most characters (Unicode scalar values) of a segment, for [`Granularity::Turn`] and [`Granularity::Segment`].
    pub target_chars: usize,
    /// Most bytes of UTF-8 of a segment: the engine's document limit.
    pub max_bytes: usize,
    /// What the engine charges by; without it the number of segments is kept least instead of billed units.
    pub billing: Option<Billing>,
    /// Whose words are scored.
    pub speakers: Speakers,
}

impl ChunkOptions {
    /// Options under which every text can be cut.
    ///
    /// # Errors
    /// [`ChunkError`] when `target_chars` is 0 or `max_bytes` can't hold the longest character.
    pub fn new(
        granularity: Granularity,
        target_chars: usize,
        max_bytes: usize,
        billing: Option<Billing>,
        speakers: Speakers,
    ) -> Result<Self, ChunkError> {
        if target_chars == 0 {
            return Err(ChunkError::NoTarget);
        }
        if max_bytes < LONGEST_CHAR_BYTES {
            return Err(ChunkError::BytesTooFew { max_bytes });
        }
        Ok(Self { granularity, target_chars, max_bytes, billing, speakers })
    }

    /// The most that a segment may hold.
    fn limit(&self) -> Limit {
        let chars = if self.granularity == Granularity::Call { usize::MAX } else { self.target_chars };
        Limit { chars, bytes: self.max_bytes }
    }

    /// Whether a turn that fits may still be cut between sentences to save units.
    ///
    /// With cuts at turn bounds alone, documents of the usual lengths end well short of a full unit, which costs
    /// 3 to 8 % more on transcripts with turns of 100 characters and more.
    fn cuts_sentences(&self) -> bool {
        self.granularity == Granularity::Segment && self.billing.is_some()
    }

    fn objective(&self) -> Objective {
        Objective {
            limit: self.limit(),
            billing: self.billing,
            fewest_segments: self.billing.is_none() || self.granularity == Granularity::Call,
        }
    }
}

/// A part of one turn, usually all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Index of the turn in [`Call::turns`].
    pub turn: u32,
    /// Bytes of the turn's text, on character bounds, and on grapheme bounds unless a single grapheme passes the limit.
    pub bytes: Range<u32>,
    /// Words (UAX 29) of the turn that begin in this piece; over a turn's pieces they sum to its words.
    pub words: u32,
}

/// What is sent as one document: consecutive turns of one role, joined with one line feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Who spoke: never [`Role::Other`].
    pub role: Role,
    /// Parts of turns in order, at least one, none of them empty; two of them are never of the same turn.
    pub pieces: Vec<Piece>,
    /// Characters (Unicode scalar values) of the text, line feeds included.
    pub chars: u32,
    /// Bytes of UTF-8 of the text, line feeds included.
    pub bytes: u32,
    /// Words (UAX 29). May be 0, for text such as `…`: the caller decides whether it is worth sending.
    pub words: u32,
    /// Where the first piece begins, in millionths of the call.
    pub start: u32,
    /// Where the last piece ends, in millionths of the call; not before `start`.
    pub end: u32,
}

impl Segment {
    /// The document's text.
    ///
    /// # Panics
    /// When `call` is not the call that the segment was cut from.
    #[must_use]
    pub fn text(&self, call: &Call) -> String {
        let mut text = String::with_capacity(self.bytes as usize);
        for piece in &self.pieces {
            if !text.is_empty() {
                text.push('\n');
            }
            let bytes = piece.bytes.start as usize..piece.bytes.end as usize;
            let words = call.turns.get(piece.turn as usize).and_then(|turn| turn.text.get(bytes));
            text.push_str(words.expect("a piece lies within the turn that it was cut from"));
        }
        text
    }

    /// Index of the first turn that it holds a part of.
    #[must_use]
    pub fn first_turn(&self) -> u32 {
        self.pieces.first().map_or(0, |piece| piece.turn)
    }

    /// Index of the last turn that it holds a part of.
    #[must_use]
    pub fn last_turn(&self) -> u32 {
        self.pieces.last().map_or(0, |piece| piece.turn)
    }

    /// Its middle, in millionths of the call.
    #[must_use]
    pub fn position(&self) -> u32 {
        self.start + (self.end - self.start) / 2
    }

    /// Joins neighbouring atoms of one role; `atoms` is not empty.
    fn of(role: Role, atoms: &[Atom]) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        let (mut chars, mut bytes) = (0, 0);
        for atom in atoms {
            chars += atom.chars as usize;
            bytes += atom.bytes.len();
            match pieces.last_mut() {
                Some(piece) if piece.turn == atom.turn => {
                    piece.bytes.end = atom.bytes.end;
                    piece.words += atom.words;
                }
                _ => pieces.push(Piece { turn: atom.turn, bytes: atom.bytes.clone(), words: atom.words }),
            }
        }
        let line_feeds = pieces.len().saturating_sub(1);
        let start = atoms.first().map_or(0, |atom| atom.start);
        Self {
            role,
            chars: narrow(chars + line_feeds),
            bytes: narrow(bytes + line_feeds),
            words: pieces.iter().map(|piece| piece.words).sum(),
            start,
            end: atoms.last().map_or(start, |atom| atom.end.max(start)),
            pieces,
        }
    }
}

/// Cuts `call` into segments, in the order of their first turns.
///
/// Each role is packed by itself: an empty turn gives no piece, and the pieces of a turn put together are its
/// text. A turn that fits is whole in one segment, but for [`Granularity::Segment`] under billing, where it may
/// be cut between sentences if that saves units. A longer turn is cut between sentences, a longer sentence
/// between words, a longer word between graphemes, and a grapheme that passes the limit alone between characters.
///
/// Among all such packings the one taken is least in, first things first: billed units (the number of segments
/// for [`Granularity::Call`] and for engines that do not charge), cuts inside turns, distance of the quarters of
/// the call from the nearest cut, and the sum of squared lengths. [`Granularity::Turn`] does so turn by turn.
///
/// `timeline` must be the call's own.
///
/// # Panics
/// When a segment's text passes 4 GiB, or a call 4 billion turns.
#[must_use]
pub fn segments(call: &Call, timeline: &Timeline, options: &ChunkOptions) -> Vec<Segment> {
    let mut all = Vec::new();
    for role in Role::SCORED {
        if options.speakers.include(role) {
            role_segments(call, timeline, role, options, &mut all);
        }
    }
    all.sort_by_key(|segment| segment.pieces.first().map(|piece| (piece.turn, piece.bytes.start)));
    all
}

/// Adds the segments of one role.
fn role_segments(call: &Call, timeline: &Timeline, role: Role, options: &ChunkOptions, all: &mut Vec<Segment>) {
    let objective = options.objective();
    let turns: Vec<Atom> = whole_turns(call, timeline, role).collect();
    if options.granularity == Granularity::Turn {
        for turn in &turns {
            let atoms = atoms_of(call, timeline, std::slice::from_ref(turn), &options.limit(), false);
            all.extend(cut(role, &atoms, &objective));
        }
    } else if objective.one_is_best(&turns) {
        all.push(Segment::of(role, &turns));
    } else {
        let atoms = atoms_of(call, timeline, &turns, &options.limit(), options.cuts_sentences());
        all.extend(cut(role, &atoms, &objective));
    }
}

/// Packs one role's atoms.
fn cut<'a>(role: Role, atoms: &'a [Atom], objective: &Objective) -> impl Iterator<Item = Segment> + use<'a> {
    let ends = pack(atoms, objective);
    let mut start = 0;
    ends.into_iter().map(move |end| {
        let segment = Segment::of(role, &atoms[start..end]);
        start = end;
        segment
    })
}
