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

use strum::{EnumString, IntoStaticStr, VariantNames};

use crate::exit::{ExitCode, Stops};
use crate::sentiment::{Billing, Granularity};
use crate::transcript::{Call, Role, Timeline};

mod atoms;
mod estimate;
mod pack;
#[cfg(test)]
mod properties;

use atoms::{Atom, Limit, atoms_of, narrow, whole_turns};
pub use estimate::Estimate;
#[cfg(feature = "jobs")]
pub use estimate::{InJobs, JobRoom};
use pack::{Objective, pack};

/// Characters (Unicode scalar values) that a document aims at.
///
/// The service may read no further than this, and documents of 300 to 500 characters cost no more than their text.
pub const TARGET_CHARS: usize = 500;

/// Bytes of the longest UTF-8 character: a document limit below this could not hold every text.
const LONGEST_CHAR_BYTES: usize = 4;

/// Whose words are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
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
    /// Whether turns of `role` are scored. Never true for [`Role::Other`].
    pub const fn include(self, role: Role) -> bool {
        matches!((self, role), (Self::Both | Self::Customer, Role::Customer) | (Self::Both | Self::Agent, Role::Agent))
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

impl Stops for ChunkError {
    fn code(&self) -> ExitCode {
        ExitCode::Settings
    }

    fn hint(&self) -> Option<String> {
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
    /// 3 to 7 % more on transcripts with turns of 100 characters and more.
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
    pub fn first_turn(&self) -> u32 {
        self.pieces.first().map_or(0, |piece| piece.turn)
    }

    /// Index of the last turn that it holds a part of.
    pub fn last_turn(&self) -> u32 {
        self.pieces.last().map_or(0, |piece| piece.turn)
    }

    /// Its middle, in millionths of the call.
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
/// Among all such packings the one taken is least in, first things first: the number of segments (for
/// [`Granularity::Call`] and for engines that do not charge), billed units, cuts inside turns, the distance of the
/// call's quarter points from the ends of the segments around them, and the sum of squared lengths.
/// [`Granularity::Turn`] does so turn by turn. This is the exact optimum over the places tried: within a turn,
/// places that leave less than 1/125 of the limit between them count as one.
///
/// `timeline` must be the call's own.
///
/// # Panics
/// When a segment's text passes 4 GiB, or a call 4 billion turns.
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
            let alone = std::slice::from_ref(turn);
            if objective.limit.holds(turn.chars as usize, turn.bytes.len()) {
                all.push(Segment::of(role, alone));
            } else {
                let atoms = atoms_of(call, timeline, alone, &objective.limit, false);
                all.extend(cut(role, &atoms, &objective));
            }
        }
    } else if objective.one_is_best(&turns) {
        all.push(Segment::of(role, &turns));
    } else {
        let atoms = atoms_of(call, timeline, &turns, &objective.limit, options.cuts_sentences());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::{Text, Turn};

    const COMPREHEND: Billing = Billing { unit_chars: 100, minimum_units: 3 };

    fn call(turns: impl IntoIterator<Item = (Role, String)>) -> Call {
        let turn = |(role, text)| Turn { role, text: Text::from(text), agent_id: None, start_ms: None, end_ms: None };
        Call { id: "call".into(), turns: turns.into_iter().map(turn).collect(), ..Call::default() }
    }

    /// A text of `chars` characters in words of four letters.
    fn text(chars: usize) -> String {
        "word ".chars().cycle().take(chars).collect()
    }

    fn options(granularity: Granularity, billing: Option<Billing>) -> ChunkOptions {
        ChunkOptions::new(granularity, TARGET_CHARS, 5_000, billing, Speakers::Both).expect("within the bounds")
    }

    fn cut(call: &Call, options: &ChunkOptions) -> Vec<Segment> {
        segments(call, &Timeline::of(call), options)
    }

    fn chars(segments: &[Segment]) -> Vec<u32> {
        segments.iter().map(|segment| segment.chars).collect()
    }

    #[test]
    fn options_that_no_text_could_meet_are_refused() {
        let new = |target, bytes| ChunkOptions::new(Granularity::Segment, target, bytes, None, Speakers::Both);
        assert_eq!(new(0, 5_000), Err(ChunkError::NoTarget));
        assert_eq!(new(500, 3), Err(ChunkError::BytesTooFew { max_bytes: 3 }));
        assert!(new(1, 4).is_ok());
    }

    #[test]
    fn the_other_roles_turns_do_not_end_a_segment() {
        let turns = [Role::Agent, Role::Customer, Role::Other, Role::Agent, Role::Customer];
        let call = call(turns.map(|role| (role, role.as_str().to_owned())));
        let segments = cut(&call, &options(Granularity::Segment, Some(COMPREHEND)));
        let texts: Vec<String> = segments.iter().map(|segment| segment.text(&call)).collect();
        assert_eq!(texts, ["agent\nagent", "customer\ncustomer"]);
        assert_eq!(segments.iter().map(Segment::last_turn).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn only_the_chosen_speakers_are_cut() {
        let call = call([(Role::Agent, text(20)), (Role::Customer, text(20))]);
        let only = |speakers| ChunkOptions { speakers, ..options(Granularity::Turn, None) };
        let roles = |options| cut(&call, &options).iter().map(|segment| segment.role).collect::<Vec<_>>();
        assert_eq!(roles(only(Speakers::Both)), [Role::Agent, Role::Customer]);
        assert_eq!(roles(only(Speakers::Customer)), [Role::Customer]);
        assert_eq!(roles(only(Speakers::Agent)), [Role::Agent]);
    }

    #[test]
    fn no_short_tail_pays_the_minimum() {
        // Filled from the front, 4 + 2 turns of 110 characters are charged 5 + 3 units, as are 3 + 3: 4 + 4.
        // 5 of 110 and one of 60: front filling leaves 170 characters behind and pays 5 + 3; 3 + 3 pays 4 + 3.
        let lengths = [110, 110, 110, 110, 110, 60];
        let call = call(lengths.map(|chars| (Role::Customer, text(chars))));
        let segments = cut(&call, &options(Granularity::Segment, Some(COMPREHEND)));
        assert_eq!(segments.iter().map(|segment| COMPREHEND.units(segment.chars as usize)).sum::<u64>(), 7);
        assert_eq!(chars(&segments), [332, 282]);
    }

    #[test]
    fn a_cut_between_sentences_is_made_only_to_save_units() {
        let sentence = |chars: usize| format!("{}end. ", "A".repeat(chars - 5));
        let of_sentences = |texts: [&[usize]; 2]| {
            let turn = |chars: &[usize]| chars.iter().map(|&chars| sentence(chars)).collect::<String>();
            call(texts.map(|chars| (Role::Customer, turn(chars))))
        };
        let options = options(Granularity::Segment, Some(COMPREHEND));
        // 350 and 250 characters: 4 + 3 units at the turn's bound, 3 + 3 with 50 of the first moved to the second.
        let saved = cut(&of_sentences([&[300, 49], &[250]]), &options);
        assert_eq!(chars(&saved), [300, 300]);
        assert_eq!((saved[0].last_turn(), saved[1].first_turn()), (0, 0));
        let kept = cut(&of_sentences([&[200, 100], &[250]]), &options);
        assert_eq!(chars(&kept), [300, 250]);
    }

    #[test]
    fn of_equal_charges_the_cuts_lie_near_the_quarters_then_evenly() {
        // 12 turns of 42 characters pay 3 + 3 units with 5, 6 or 7 of them in the first segment. A monologue of the
        // agent after the fifth spans all quarter points.
        let customer = |turns: usize| (0..turns).map(|_| (Role::Customer, text(42)));
        let options = options(Granularity::Segment, Some(COMPREHEND));
        let monologue = [(Role::Agent, text(5_000))];
        assert_eq!(chars(&cut(&call(customer(12)), &options)), [257, 257]);
        let interrupted = call(customer(5).chain(monologue).chain(customer(7)));
        let segments = cut(&interrupted, &ChunkOptions { speakers: Speakers::Customer, ..options });
        assert_eq!(chars(&segments), [214, 300]);
    }

    #[test]
    fn a_whole_call_is_cut_only_at_the_byte_limit() {
        let call = call((0..60).map(|_| (Role::Customer, text(100))));
        for billing in [None, Some(COMPREHEND)] {
            let segments = cut(&call, &options(Granularity::Call, billing));
            assert_eq!(segments.len(), 2);
            assert!(segments.iter().all(|segment| segment.bytes <= 5_000));
        }
        let options = ChunkOptions { max_bytes: usize::MAX, ..options(Granularity::Call, Some(COMPREHEND)) };
        assert_eq!(chars(&cut(&call, &options)), [60 * 101 - 1]);
    }

    #[test]
    fn a_text_without_words_or_of_nothing_is_the_callers_matter() {
        let call = call([(Role::Customer, "…".to_owned()), (Role::Customer, String::new())]);
        let segments = cut(&call, &options(Granularity::Turn, None));
        assert_eq!(segments.len(), 1);
        assert_eq!((segments[0].words, segments[0].chars, segments[0].bytes), (0, 1, 3));
        assert!(cut(&self::call([]), &options(Granularity::Segment, None)).is_empty());
    }

    #[test]
    fn a_long_turn_keeps_to_its_stretch_of_the_call() {
        let call = call([(Role::Agent, text(500)), (Role::Customer, text(1_500))]);
        let segments = cut(&call, &options(Granularity::Turn, Some(COMPREHEND)));
        let stretches: Vec<(u32, u32)> = segments.iter().skip(1).map(|segment| (segment.start, segment.end)).collect();
        assert_eq!(stretches, [(250_000, 500_000), (500_000, 750_000), (750_000, 1_000_000)]);
    }

    #[test]
    fn very_many_turns_and_a_very_long_one_pay_for_their_characters_alone() {
        let short = call((0..10_000).map(|_| (Role::Customer, "yes".to_owned())));
        let long = call([(Role::Customer, text(100_000))]);
        for (call, own_units) in [(short, 400), (long, 1_000)] {
            let segments = cut(&call, &options(Granularity::Segment, Some(COMPREHEND)));
            assert_eq!(segments.iter().map(|segment| COMPREHEND.units(segment.chars as usize)).sum::<u64>(), own_units);
        }
    }
}
