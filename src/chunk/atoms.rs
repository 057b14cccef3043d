//! Where a turn may be cut: its atoms, the parts that are never divided further.
//!
//! A turn that fits is one atom, or one a sentence where that is asked for. A turn that does not is divided
//! between sentences, a sentence that does not fit between words, a word between graphemes, a grapheme between
//! characters: each only as far as needed. White space and closing punctuation stay with what they follow, so a
//! cut never strands them, and atoms put together are the turn's text.
//!
//! Nothing here chooses among the places: `pack` does.

use std::ops::Range;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use crate::transcript::{Call, Place, Role, Timeline, count_words};

/// The finest atom of a divided turn is this share of the limit.
///
/// It bounds the atoms that one segment can hold, and with them the time of packing a turn of a million
/// characters. For the usual 500 characters it is 4 characters, which divides a unit of 100 evenly.
const FINEST_SHARE: usize = 125;

/// The most that one segment may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    /// Characters (Unicode scalar values).
    pub(super) chars: usize,
    /// Bytes of UTF-8.
    pub(super) bytes: usize,
}

impl Limit {
    pub(super) fn holds(&self, chars: usize, bytes: usize) -> bool {
        chars <= self.chars && bytes <= self.bytes
    }

    /// Whether a part is large enough to be an atom of its own.
    fn is_coarse(&self, chars: usize, bytes: usize) -> bool {
        chars >= self.chars / FINEST_SHARE || bytes >= self.bytes / FINEST_SHARE
    }
}

/// What lies at the place before an atom, from the best place for a cut to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bound {
    Turn,
    Sentence,
    Word,
    Grapheme,
    Char,
}

impl Bound {
    /// The next finer kind of place.
    const fn finer(self) -> Self {
        match self {
            Self::Turn => Self::Sentence,
            Self::Sentence => Self::Word,
            Self::Word => Self::Grapheme,
            Self::Grapheme | Self::Char => Self::Char,
        }
    }
}

/// A part of a turn that is never divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Atom {
    /// Index of the turn in the call.
    pub(super) turn: u32,
    /// Bytes of the turn's text.
    pub(super) bytes: Range<u32>,
    /// Characters (Unicode scalar values).
    pub(super) chars: u32,
    /// Words of the turn that begin in it.
    pub(super) words: u32,
    /// Where it begins, in millionths of the call.
    pub(super) start: u32,
    /// Where it ends, in millionths of the call.
    pub(super) end: u32,
    /// What a cut before it would cut at.
    pub(super) bound: Bound,
}

/// Lengths and offsets within one segment or turn, and the index of a turn.
pub(super) fn narrow(count: usize) -> u32 {
    u32::try_from(count).expect("a call has less than 4 GiB of text")
}

/// The turns of `role` that hold any text, each as one atom, whether or not it fits.
pub(super) fn whole_turns<'a>(
    call: &'a Call,
    timeline: &'a Timeline,
    role: Role,
) -> impl Iterator<Item = Atom> + use<'a> {
    let placed = call.turns.iter().zip(&timeline.places).enumerate();
    placed.filter(move |(_, (turn, _))| turn.role == role && !turn.text.is_empty()).map(|(index, (turn, place))| Atom {
        turn: narrow(index),
        bytes: 0..narrow(turn.text.len()),
        chars: narrow(turn.text.chars().count()),
        words: place.words,
        start: place.start,
        end: place.end,
        bound: Bound::Turn,
    })
}

/// Divides whole turns where they do not fit, and with `sentences` between sentences where they do.
pub(super) fn atoms_of(call: &Call, timeline: &Timeline, turns: &[Atom], limit: &Limit, sentences: bool) -> Vec<Atom> {
    let mut atoms = Vec::with_capacity(turns.len());
    for turn in turns {
        if limit.holds(turn.chars as usize, turn.bytes.len()) && !sentences {
            atoms.push(turn.clone());
            continue;
        }
        let index = turn.turn as usize;
        let (text, place) = (&*call.turns[index].text, &timeline.places[index]);
        let mut cutter = Cutter { limit, parts: Vec::new() };
        cutter.divide(text, 0, Bound::Turn, Bound::Turn);
        place_parts(turn.turn, text, place, &cutter.parts, &mut atoms);
    }
    atoms
}

/// A part of a turn's text.
struct Part {
    bytes: Range<usize>,
    chars: usize,
    bound: Bound,
}

/// Divides one turn's text.
struct Cutter<'a> {
    limit: &'a Limit,
    parts: Vec<Part>,
}

impl Cutter<'_> {
    /// Keeps `text` as one part if it fits, else divides it.
    fn cut(&mut self, text: &str, offset: usize, bound: Bound, level: Bound) {
        let chars = text.chars().count();
        if self.limit.holds(chars, text.len()) || level == Bound::Char {
            self.parts.push(Part { bytes: offset..offset + text.len(), chars, bound });
        } else {
            self.divide(text, offset, bound, level);
        }
    }

    /// Divides `text`, itself a whole `level`, at the next finer places; the first part keeps the bound before it.
    fn divide(&mut self, text: &str, offset: usize, bound: Bound, level: Bound) {
        let finer = level.finer();
        let mut start = 0;
        for end in coarsen(text, &places(text, finer), self.limit) {
            let part = text.get(start..end).expect("places lie on character bounds in order");
            self.cut(part, offset + start, if start == 0 { bound } else { finer }, finer);
            start = end;
        }
    }
}

/// Where the parts of `text` end, the last at its end.
fn places(text: &str, bound: Bound) -> Vec<usize> {
    match bound {
        Bound::Turn => vec![text.len()],
        Bound::Sentence if is_one_sentence(text) => vec![text.len()],
        Bound::Sentence => {
            let ends = text.split_sentence_bound_indices().map(|(offset, part)| offset + part.len());
            ends.filter(|&end| is_grapheme_bound(text, end)).collect()
        }
        Bound::Word => word_places(text),
        Bound::Grapheme => text.grapheme_indices(true).map(|(offset, part)| offset + part.len()).collect(),
        Bound::Char => text.char_indices().map(|(offset, char)| offset + char.len_utf8()).collect(),
    }
}

/// Whether nothing in `text` can end a sentence before its own end. True of most turns; no character is looked up.
fn is_one_sentence(text: &str) -> bool {
    let ends_sentence = ['.', '!', '?'];
    text.is_ascii() && !text.trim_end_matches(ends_sentence).contains(ends_sentence) && !text.contains(['\n', '\r'])
}

/// Places between words: after white space, and between words that nothing divides, as in Chinese.
fn word_places(text: &str) -> Vec<usize> {
    let mut places = Vec::new();
    let mut before = "";
    for (offset, part) in text.split_word_bound_indices() {
        let after_space = before.ends_with(char::is_whitespace) && !part.starts_with(char::is_whitespace);
        if (after_space || is_word(before) && is_word(part)) && is_grapheme_bound(text, offset) {
            places.push(offset);
        }
        before = part;
    }
    places.push(text.len());
    places
}

/// Whether a part between word bounds is a word (UAX 29).
fn is_word(part: &str) -> bool {
    part.contains(char::is_alphanumeric)
}

/// Sentence and word bounds of UAX 29 may, in rare scripts, divide a grapheme.
fn is_grapheme_bound(text: &str, offset: usize) -> bool {
    GraphemeCursor::new(offset, text.len(), true).is_boundary(text, 0).unwrap_or(true)
}

/// Leaves out places that would make parts too fine to matter, without making a part that no longer fits.
fn coarsen(text: &str, ends: &[usize], limit: &Limit) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::with_capacity(ends.len());
    let (mut start, mut last) = (0, 0);
    let mut chars = 0;
    for &end in ends {
        let added = text.get(last..end).map_or(0, |part| part.chars().count());
        let joins = last > start && !limit.is_coarse(chars, last - start) && limit.holds(chars + added, end - start);
        if last > start && !joins {
            kept.push(last);
            start = last;
            chars = 0;
        }
        chars += added;
        last = end;
    }
    kept.push(text.len());
    kept
}

/// Gives the parts of one turn their words and their places on the time line.
fn place_parts(turn: u32, text: &str, place: &Place, parts: &[Part], atoms: &mut Vec<Atom>) {
    let atom = |part: &Part, words: u32, start: u32, end: u32| Atom {
        turn,
        bytes: narrow(part.bytes.start)..narrow(part.bytes.end),
        chars: narrow(part.chars),
        words,
        start,
        end,
        bound: part.bound,
    };
    // Nearly every turn is whole: its words were counted when its call was measured.
    if let ([whole], 1..) = (parts, place.words) {
        atoms.push(atom(whole, place.words, place.start, place.end));
        return;
    }
    let mut starts = text.unicode_word_indices().map(|(offset, _)| offset).peekable();
    // A turn from which something was kept back has other words than were said: each part has its share of those.
    let written = u64::from(count_words(text));
    let said = |passed: u64| u32::try_from(u64::from(place.words) * passed / written.max(1)).unwrap_or(u32::MAX);
    let (mut words_before, mut passed) = (0, 0);
    for part in parts {
        while starts.next_if(|&offset| offset < part.bytes.end).is_some() {
            passed += 1;
        }
        let words = said(passed) - words_before;
        // By words where there are any, because words are what a line without times is measured in.
        let at = |words: u32, bytes: usize| match place.words {
            0 => between(place, bytes, text.len()),
            all => between(place, words as usize, all as usize),
        };
        let (start, end) = (at(words_before, part.bytes.start), at(words_before + words, part.bytes.end));
        atoms.push(atom(part, words, start, end));
        words_before += words;
    }
}

/// The point that lies `done` of `all` of the way through `place`.
fn between(place: &Place, done: usize, all: usize) -> u32 {
    let length = u64::from(place.end.saturating_sub(place.start));
    let passed = u128::from(length) * done as u128 / (all.max(1) as u128);
    place.start + u32::try_from(passed).unwrap_or(u32::MAX).min(place.end.saturating_sub(place.start))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::transcript::{Text, Turn};

    /// The parts of a turn with this text, and what lies before each.
    fn parts(text: &str, chars: usize, bytes: usize, sentences: bool) -> Vec<(String, Bound)> {
        let turn = Turn { role: Role::Customer, text: Text::from(text), agent_id: None, start_ms: None, end_ms: None };
        let (id, turns) = ("call".into(), vec![turn]);
        let call = Call { id, turns, ..Call::default() };
        let timeline = Timeline::of(&call);
        let turns: Vec<Atom> = whole_turns(&call, &timeline, Role::Customer).collect();
        let part = |atom: Atom| {
            let part = text.get(atom.bytes.start as usize..atom.bytes.end as usize);
            (part.expect("on character bounds").to_owned(), atom.bound)
        };
        let atoms = atoms_of(&call, &timeline, &turns, &Limit { chars, bytes }, sentences);
        atoms.into_iter().map(part).collect()
    }

    fn check(found: &[(String, Bound)], wanted: &[(&str, Bound)]) {
        let found: Vec<(&str, Bound)> = found.iter().map(|(part, bound)| (&**part, *bound)).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn each_part_is_divided_only_as_far_as_needed() {
        use Bound::{Sentence, Turn, Word};
        let text = "So it goes. It never ends here. No.";
        check(&parts(text, 40, 40, false), &[(text, Turn)]);
        check(
            &parts(text, 40, 40, true),
            &[("So it goes. ", Turn), ("It never ends here. ", Sentence), ("No.", Sentence)],
        );
        check(
            &parts(text, 12, 40, false),
            &[
                ("So it goes. ", Turn),
                ("It ", Sentence),
                ("never ", Word),
                ("ends ", Word),
                ("here. ", Word),
                ("No.", Sentence),
            ],
        );
    }

    #[test]
    fn a_long_word_is_cut_between_graphemes_and_a_long_grapheme_between_characters() {
        use Bound::{Char, Grapheme, Turn, Word};
        check(
            &parts("abc de", 2, 9, false),
            &[("a", Turn), ("b", Grapheme), ("c", Grapheme), (" ", Grapheme), ("de", Word)],
        );
        check(&parts("🇩🇪🇫🇷", 2, 9, false), &[("🇩🇪", Turn), ("🇫🇷", Grapheme)]);
        check(&parts("👩\u{200d}👧", 9, 7, false), &[("👩", Turn), ("\u{200d}", Char), ("👧", Char)]);
    }

    #[test]
    fn words_that_nothing_divides_may_be_cut_apart() {
        use Bound::{Turn, Word};
        check(&parts("你好吗", 2, 99, false), &[("你", Turn), ("好", Word), ("吗", Word)]);
    }

    #[test]
    fn parts_too_fine_to_matter_stay_together() {
        let found = parts(&"a b ".repeat(300), 500, 5_000, false);
        assert!(found.iter().all(|(part, _)| part.len() == 4));
    }

    proptest! {
        #[test]
        fn what_looks_like_one_sentence_is_one(text in r#"[a-zA-Z0-9 ,;:'"()\-\n\r\t.!?]{1,30}"#) {
            let sentences = text.split_sentence_bound_indices().count();
            prop_assert!(!is_one_sentence(&text) || sentences == 1, "{sentences} sentences");
            if !text.contains(['.', '!', '?', '\n', '\r']) {
                prop_assert!(is_one_sentence(&text));
            }
        }
    }
}
