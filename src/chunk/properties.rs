//! What holds for every call and all options.

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::atoms::{Atom, Limit, atoms_of, whole_turns};
use super::pack::{Cost, Objective, pack};
use super::*;
use crate::sentiment::Limits;
use crate::transcript::{Text, Turn};

/// Texts of many scripts, from nothing to several sentences, some with graphemes of many characters.
fn texts() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        4 => prop::sample::select(vec![
            "Hello. ", "ok", "ok ", "I can't wait. ", "Why? ", "3.14 ", "a/b", "word ", "longer-word ", "…", "! ", " ",
        ]),
        2 => prop::sample::select(vec![
            "👩‍👩‍👧‍👦", "🇩🇪🇫🇷", "e\u{301}\u{302}", "क्षि", "你好,世界。", "カタカナ", "שלום ", "مرحبا. ", "สวัสดี", "\r\n", "\u{111c2}a",
            "z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}",
        ]),
    ];
    prop_oneof![
        8 => prop::collection::vec(parts, 0..12).prop_map(|parts| parts.concat()),
        1 => "\\PC{0,30}",
        1 => any::<String>(),
    ]
}

fn roles() -> impl Strategy<Value = Role> {
    prop_oneof![4 => Just(Role::Customer), 3 => Just(Role::Agent), 1 => Just(Role::Other)]
}

fn calls(turns: std::ops::Range<usize>) -> impl Strategy<Value = Call> {
    let turn = (roles(), texts(), prop::option::weighted(0.9, -5i64..5_000));
    (prop::collection::vec(turn, turns)).prop_map(|turns| Call {
        id: "call".into(),
        turns: turns
            .into_iter()
            .map(|(role, text, start_ms)| Turn { role, text: Text::from(text), agent_id: None, start_ms, end_ms: None })
            .collect(),
        ..Call::default()
    })
}

fn billings() -> impl Strategy<Value = Option<Billing>> {
    prop::option::weighted(
        0.8,
        (1usize..14, 0u64..5).prop_map(|(unit_chars, minimum_units)| Billing { unit_chars, minimum_units }),
    )
}

fn options() -> impl Strategy<Value = ChunkOptions> {
    let granularity = prop::sample::select(Granularity::ALL.to_vec());
    let speakers = prop::sample::select(vec![Speakers::Both, Speakers::Customer, Speakers::Agent]);
    (granularity, 1usize..80, 4usize..160, billings(), speakers).prop_map(
        |(granularity, target_chars, max_bytes, billing, speakers)| {
            ChunkOptions::new(granularity, target_chars, max_bytes, billing, speakers).expect("within the bounds")
        },
    )
}

/// The pieces of turn `index` over all segments, in order.
fn pieces_of(segments: &[Segment], index: usize) -> Vec<&Piece> {
    segments.iter().flat_map(|segment| &segment.pieces).filter(|piece| piece.turn as usize == index).collect()
}

/// The least cost over all packings, each tried, and the cost of the packing with these ends.
fn tried_and_chosen(atoms: &[Atom], objective: &Objective) -> (Cost, Cost) {
    let cost_of = |ends: &[usize]| {
        let mut start = 0;
        let mut total = Cost::default();
        for &end in ends {
            let inner = &atoms[start..end];
            let feeds = inner.iter().skip(1).filter(|atom| atom.bound == super::atoms::Bound::Turn).count();
            let chars = inner.iter().map(|atom| atom.chars as usize).sum::<usize>() + feeds;
            let bytes = inner.iter().map(|atom| atom.bytes.len()).sum::<usize>() + feeds;
            if chars > objective.limit.chars || bytes > objective.limit.bytes {
                return None;
            }
            total = total.plus(objective.cost(&inner[0], &inner[inner.len() - 1], chars));
            start = end;
        }
        Some(total)
    };
    let count = atoms.len();
    let packings = (0u32..1 << (count - 1))
        .map(|cuts| (1..count).filter(|place| cuts >> (place - 1) & 1 == 1).chain([count]).collect::<Vec<_>>());
    let least = packings.filter_map(|ends| cost_of(&ends)).min().expect("every atom alone is a packing");
    (least, cost_of(&pack(atoms, objective)).expect("the chosen packing keeps the limits"))
}

proptest! {
    #[test]
    fn pieces_of_a_turn_rejoin_to_its_text_and_its_words(call in calls(0..9), options in options()) {
        let timeline = Timeline::of(&call);
        let segments = segments(&call, &timeline, &options);
        for (index, turn) in call.turns.iter().enumerate() {
            let pieces = pieces_of(&segments, index);
            if options.speakers.include(turn.role) {
                let parts = pieces.iter().map(|piece| &turn.text.as_bytes()[piece.bytes.start as usize..piece.bytes.end as usize]);
                prop_assert_eq!(parts.collect::<Vec<_>>().concat(), turn.text.as_bytes());
                prop_assert_eq!(pieces.iter().map(|piece| piece.words).sum::<u32>(), timeline.places[index].words);
                prop_assert!(pieces.iter().all(|piece| !piece.bytes.is_empty()));
            } else {
                prop_assert!(pieces.is_empty());
            }
        }
    }

    #[test]
    fn segments_are_as_long_as_they_say_and_within_the_limits(call in calls(0..9), options in options()) {
        for segment in segments(&call, &Timeline::of(&call), &options) {
            let text = segment.text(&call);
            prop_assert_eq!(segment.chars as usize, text.chars().count());
            prop_assert_eq!(segment.bytes as usize, text.len());
            prop_assert_eq!(segment.words, segment.pieces.iter().map(|piece| piece.words).sum::<u32>());
            prop_assert!(text.len() <= options.max_bytes);
            prop_assert!(options.granularity == Granularity::Call || text.chars().count() <= options.target_chars);
            prop_assert!(segment.start <= segment.position() && segment.position() <= segment.end);
        }
    }

    #[test]
    fn long_turns_keep_the_services_own_limits_and_lose_no_character(call in calls(1..4), times in 1usize..200) {
        let mut call = call;
        for turn in &mut call.turns {
            let repeated: String = turn.text.as_str().repeat(times).chars().take(12_000).collect();
            turn.text = Text::from(repeated);
        }
        let billing = Some(Billing { unit_chars: 100, minimum_units: 3 });
        let timeline = Timeline::of(&call);
        for (granularity, chars) in [(Granularity::Turn, 500), (Granularity::Segment, 500), (Granularity::Call, usize::MAX)] {
            let options = ChunkOptions::new(granularity, 500, 5_000, billing, Speakers::Both).expect("the defaults");
            let segments = segments(&call, &timeline, &options);
            let texts: Vec<String> = segments.iter().map(|segment| segment.text(&call)).collect();
            prop_assert!(texts.iter().all(|text| text.len() <= 5_000 && text.chars().count() <= chars));
            for (index, turn) in call.turns.iter().enumerate().filter(|(_, turn)| turn.role != Role::Other) {
                let pieces = pieces_of(&segments, index);
                let sent: usize = pieces.iter().map(|piece| (piece.bytes.end - piece.bytes.start) as usize).sum();
                prop_assert_eq!(sent, turn.text.len());
                prop_assert!(pieces.is_sorted_by(|before, after| before.bytes.end == after.bytes.start));
                prop_assert!(pieces.iter().all(|piece| turn.text.is_char_boundary(piece.bytes.start as usize)));
            }
        }
    }

    #[test]
    fn segments_hold_one_role_in_order(call in calls(0..9), options in options()) {
        let segments = segments(&call, &Timeline::of(&call), &options);
        for segment in &segments {
            prop_assert!(options.speakers.include(segment.role));
            prop_assert!(segment.pieces.iter().all(|piece| call.turns[piece.turn as usize].role == segment.role));
            prop_assert!(segment.pieces.is_sorted_by(|before, after| before.turn < after.turn));
            prop_assert!(options.granularity != Granularity::Turn || segment.pieces.len() == 1);
        }
        prop_assert!(segments.is_sorted_by_key(Segment::first_turn));
    }

    #[test]
    fn a_turn_that_fits_is_whole_unless_a_sentence_bound_saves_units(call in calls(0..9), options in options()) {
        let segments = segments(&call, &Timeline::of(&call), &options);
        for (index, turn) in call.turns.iter().enumerate() {
            let fits = options.limit().holds(turn.text.chars().count(), turn.text.len());
            let pieces = pieces_of(&segments, index);
            if fits && options.cuts_sentences() {
                let bounds: Vec<usize> = turn.text.split_sentence_bound_indices().map(|(offset, _)| offset).collect();
                prop_assert!(pieces.iter().all(|piece| bounds.contains(&(piece.bytes.start as usize))));
            } else if fits {
                prop_assert!(pieces.len() <= 1);
            }
        }
    }

    #[test]
    fn cuts_lie_between_graphemes_where_each_fits(call in calls(0..6), options in options()) {
        let segments = segments(&call, &Timeline::of(&call), &options);
        for (index, turn) in call.turns.iter().enumerate() {
            let limit = options.limit();
            let graphemes = || turn.text.grapheme_indices(true);
            if graphemes().all(|(_, grapheme)| limit.holds(grapheme.chars().count(), grapheme.len())) {
                let starts: Vec<usize> = graphemes().map(|(offset, _)| offset).collect();
                let pieces = pieces_of(&segments, index);
                prop_assert!(pieces.iter().all(|piece| starts.contains(&(piece.bytes.start as usize))));
            }
        }
    }

    #[test]
    fn no_packing_costs_less_than_the_one_chosen(
        call in calls(1..7),
        billing in billings(),
        chars in 1usize..60,
        bytes in 4usize..120,
        fewest_segments in any::<bool>(),
        sentences in any::<bool>(),
    ) {
        let timeline = Timeline::of(&call);
        let objective = Objective { limit: Limit { chars, bytes }, billing, fewest_segments };
        let turns: Vec<Atom> = whole_turns(&call, &timeline, Role::Customer).collect();
        let mut atoms = atoms_of(&call, &timeline, &turns, &objective.limit, sentences);
        atoms.truncate(11);
        prop_assume!(!atoms.is_empty());
        let (least, chosen) = tried_and_chosen(&atoms, &objective);
        prop_assert_eq!(chosen, least);
    }

    #[test]
    fn the_short_way_agrees_with_the_long_one(call in calls(1..7), options in options()) {
        let timeline = Timeline::of(&call);
        let objective = options.objective();
        let turns: Vec<Atom> = whole_turns(&call, &timeline, Role::Agent).collect();
        if objective.one_is_best(&turns) {
            let atoms = atoms_of(&call, &timeline, &turns, &objective.limit, options.cuts_sentences());
            prop_assert_eq!(pack(&atoms, &objective), vec![atoms.len()]);
        }
    }

    #[test]
    fn the_same_call_gives_the_same_segments(call in calls(0..9), options in options()) {
        let timeline = Timeline::of(&call);
        prop_assert_eq!(segments(&call, &timeline, &options), segments(&call.clone(), &timeline, &options));
    }

    #[test]
    fn estimates_hold_both_ends_in_any_order(call in calls(0..9), options in options()) {
        let billing = Billing { unit_chars: 100, minimum_units: 3 };
        let limits = Limits { document_bytes: 5_000, batch_documents: 3 };
        let segments = segments(&call, &Timeline::of(&call), &options);
        let mut estimates = [Estimate::default(), Estimate::default()];
        let [forward, backward] = &mut estimates;
        for (one, other) in segments.iter().zip(segments.iter().rev()) {
            for (estimate, segment) in [(&mut *forward, one), (&mut *backward, other)] {
                let language = if segment.words % 2 == 0 { "en" } else { "de" };
                estimate.add_segment(segment);
                estimate.add_document(segment.chars, segment.bytes, language, Some(billing));
            }
        }
        prop_assert_eq!(&*forward, &*backward);
        prop_assert!(forward.units_lower(billing, &limits) <= forward.units_upper);
    }
}
