//! The words whose meaning is given, not learned, as the table that a model carries.

use crate::model::hash;
use crate::model::lexicon::{Meaning, build};

/// VADER's lexicon, term and valence (MIT, see `models/NOTICES`), emoji with the valence of their descriptions.
static VALENCES: &str = include_str!("../../models/lexicon.tsv");

/// Words of trouble and of good service that VADER does not know, with valences of our own: nothing was fitted.
static SERVICE: &str = include_str!("../../models/service.tsv");

/// VADER's negators, and a few of their kin. Without apostrophes, as the model reads words.
const NEGATORS: &str = "aint arent cannot cant couldnt darent didnt doesnt dont hadnt hasnt havent isnt mightnt \
    mustnt neither neednt never none nope nor not nothing nowhere oughtnt shant shouldnt wasnt werent without wont \
    wouldnt rarely seldom despite no nobody hardly barely lack lacks lacking lacked";

/// VADER's intensifiers.
const BOOSTERS: &str = "absolutely amazingly awfully completely considerably decidedly deeply effing enormously \
    entirely especially exceptionally extremely fabulously flipping flippin fracking fricking frickin frigging \
    friggin fully fuckin fucking greatly hella highly hugely incredibly intensely majorly more most particularly \
    purely quite really remarkably so substantially thoroughly total totally tremendously uber unbelievably \
    unusually utter utterly very too such";

/// VADER's dampeners.
const DAMPENERS: &str = "almost kinda kindof less little marginally occasionally partly scarcely slight slightly \
    somewhat sorta sortof";

/// Sounds without meaning that speech recognition writes down.
const FILLERS: &str = "um umm uh uhh uhm erm er mhm hm";

/// The table of all of them. A word with a mark keeps it and loses its valence.
pub(crate) fn table() -> Vec<u8> {
    let marks = [
        (NEGATORS, Meaning::NEGATOR),
        (BOOSTERS, Meaning::BOOSTER),
        (DAMPENERS, Meaning::DAMPENER),
        (FILLERS, Meaning::FILLER),
    ];
    let marked = marks
        .iter()
        .flat_map(|(words, meaning)| words.split_whitespace().map(|word| (hash::of(word.as_bytes()), *meaning)));
    build(marked.chain(VALENCES.lines().chain(SERVICE.lines()).filter_map(valence)))
}

/// A line of the lexicon: a term as the model reads it, and its valence in tenths.
fn valence(line: &str) -> Option<(u64, Meaning)> {
    let (term, valence) = line.split_once('\t')?;
    let valence: f32 = valence.parse().ok()?;
    let is_word = term.bytes().any(|byte| byte.is_ascii_alphabetic())
        && term.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'\'');
    let letters = if is_word { term.replace('\'', "") } else { term.to_owned() };
    #[expect(clippy::cast_possible_truncation, reason = "valences lie within -4 and 4")]
    let meaning = Meaning((valence * 10.0).round() as i8);
    Some((hash::of(letters.as_bytes()), meaning))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lexicon::Lexicon;

    #[test]
    fn known_words_are_found_and_others_are_not() {
        let table = table();
        let lexicon = Lexicon::new(&table).expect("a table");
        let meaning = |word: &str| lexicon.meaning(hash::of(word.as_bytes()));
        assert_eq!(meaning("great").valence(), Some(3.1));
        assert_eq!(meaning("cant"), Meaning::NEGATOR);
        assert_eq!(meaning("very"), Meaning::BOOSTER);
        assert_eq!(meaning("um"), Meaning::FILLER);
        assert!(meaning(":(").valence().is_some_and(|valence| valence < 0.0));
        assert_eq!(meaning("table"), Meaning::NONE);
    }

    #[test]
    fn every_line_is_in_the_table() {
        let table = table();
        let lexicon = Lexicon::new(&table).expect("a table");
        for line in VALENCES.lines().chain(SERVICE.lines()) {
            let (hash, meaning) = valence(line).expect("a term and a valence");
            assert!(meaning == Meaning::NONE || lexicon.meaning(hash) != Meaning::NONE, "{line}");
        }
    }

    #[test]
    fn no_word_of_ours_stands_in_the_other_list() {
        let others: std::collections::HashSet<&str> =
            VALENCES.lines().filter_map(|line| line.split('\t').next()).collect();
        let ours: Vec<&str> = SERVICE.lines().filter_map(|line| line.split('\t').next()).collect();
        assert!(ours.len() > 100 && ours.is_sorted() && ours.iter().all(|word| !others.contains(word)));
    }
}
