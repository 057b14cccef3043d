//! Language packs: what the words of a language mean to the rules, read from data files that stand in the program.
//!
//! A pack is a file in `packs`, with lists of common words and of names beside it. A language without a pack has no
//! spoken forms: only what proves itself is found, and what stands beside digits.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::kind::Kind;

macro_rules! classes {
    ($($(#[$about:meta])* $name:ident = $bit:literal;)+) => {
        $($(#[$about])* pub(super) const $name: u64 = 1 << $bit;)+
    };
}

classes! {
    /// A digit.
    DIGIT = 0;
    /// Ten to nineteen.
    TEEN = 1;
    /// Twenty to ninety.
    TENS = 2;
    /// Hundred, thousand, million: the value is how many noughts.
    SCALE = 3;
    /// Double, triple.
    REPEAT = 4;
    HESITATION = 5;
    /// What joins the parts of one number.
    JOIN = 6;
    /// A word for a letter.
    LETTER = 7;
    MONTH = 8;
    ORDINAL = 9;
    /// A word for a sign.
    SYMBOL = 10;
    /// A given name.
    GIVEN = 11;
    SURNAME = 12;
    /// A word that is common, and so no name by itself.
    COMMON = 13;
    FILLER = 14;
    ACK = 15;
    /// What a number before it counts.
    UNIT = 16;
    /// What a number after it counts.
    BEFORE_COUNT = 17;
    TITLE = 18;
    /// A title that is a word too.
    WEAK_TITLE = 19;
    DIRECTION = 20;
    STREET = 21;
    /// A street word that is a word too.
    WEAK_STREET = 22;
    ADDRESS_UNIT = 23;
    REGION = 24;
    PROVIDER = 25;
    TOP_DOMAIN = 26;
    GREETING = 27;
    VOCATIVE_LEAD = 28;
    REQUEST = 29;
    IS = 30;
    NOT_A_NAME = 31;
    /// A street word that stands before the street's name.
    STREET_FRONT = 32;
    /// What is said while a number is looked for, between its parts.
    PAUSE = 33;
    /// How something is written, which is no part of it: `all one word`.
    REMARK = 34;
    /// What joins tens and ones: `treinta y uno`.
    TENS_JOIN = 35;
}

/// Words that are part of a spoken number.
pub(super) const NUMBER: u64 = DIGIT | TEEN | TENS | SCALE | REPEAT;

/// What a phrase does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    /// Numbers near it are of a kind.
    Number(Kind),
    /// Digits near it are the end or the beginning of a number that is spoken of.
    Ending,
    /// A secret word follows.
    Secret,
    /// A name follows.
    Name,
    /// A name follows if it looks like one.
    MaybeName,
    /// A person follows, or a company.
    Person,
    /// A name was asked for.
    AskName,
    /// A name stands before it.
    AfterName,
    /// Nothing: the words in it are not what they look like.
    Nothing,
}

/// A phrase: what follows its first word, and what it does.
#[derive(Debug)]
pub(super) struct Phrase {
    pub(super) rest: Box<[u64]>,
    pub(super) cue: Cue,
    pub(super) rule: &'static str,
    /// Whether it is a word of many meanings: it counts in a question, or right before a number.
    pub(super) weak: bool,
}

/// What a pack knows of a word.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Word {
    pub(super) class: u64,
    pub(super) value: u8,
    pub(super) phrases: u16,
}

/// A language's words and phrases.
#[derive(Debug, Default)]
pub(super) struct Pack {
    words: FxHashMap<u64, Word>,
    /// Phrases by the number that their first word holds; the longest first.
    phrases: Vec<Vec<Phrase>>,
}

/// A pack as its file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackFile {
    #[serde(default)]
    digits: BTreeMap<u8, String>,
    #[serde(default)]
    teens: BTreeMap<u8, String>,
    #[serde(default)]
    tens: BTreeMap<u8, String>,
    #[serde(default)]
    repeats: BTreeMap<u8, String>,
    #[serde(default)]
    scales: BTreeMap<u8, String>,
    #[serde(default)]
    months: BTreeMap<u8, String>,
    #[serde(default)]
    ordinals: BTreeMap<u8, String>,
    #[serde(default)]
    letters: BTreeMap<char, String>,
    #[serde(default)]
    symbols: BTreeMap<char, String>,
    #[serde(default)]
    words: BTreeMap<String, String>,
    #[serde(default)]
    cue: Vec<CueFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CueFile {
    opens: String,
    rule: String,
    #[serde(default)]
    weak: bool,
    phrases: String,
}

/// The lists that stand under `words`.
const LISTS: [(&str, u64); 27] = [
    ("hesitations", HESITATION),
    ("joins", JOIN),
    ("pauses", PAUSE),
    ("remarks", REMARK),
    ("tens_joins", TENS_JOIN),
    ("fillers", FILLER),
    ("acks", ACK),
    ("units", UNIT),
    ("before_counts", BEFORE_COUNT),
    ("titles", TITLE),
    ("weak_titles", WEAK_TITLE),
    ("directions", DIRECTION),
    ("streets", STREET),
    ("weak_streets", WEAK_STREET),
    ("street_fronts", STREET_FRONT),
    ("address_units", ADDRESS_UNIT),
    ("regions", REGION),
    ("providers", PROVIDER),
    ("top_domains", TOP_DOMAIN),
    ("greetings", GREETING),
    ("vocative_leads", VOCATIVE_LEAD),
    ("requests", REQUEST),
    ("is", IS),
    ("not_a_name", NOT_A_NAME),
    ("common", COMMON),
    ("given", GIVEN),
    ("surnames", SURNAME),
];

/// The languages that have a pack.
const FILES: [(&str, &str, &[&str]); 2] = [
    ("en", include_str!("packs/en.toml"), &[include_str!("packs/en.words.txt")]),
    ("es", include_str!("packs/es.toml"), &[include_str!("packs/es.words.txt")]),
];

/// Names, which are much the same in all languages that are written in Latin letters.
const NAMES: &str = include_str!("packs/en.names.txt");

/// The hash of no letters.
pub(super) const fn start_of_hash() -> u64 {
    0xcbf2_9ce4_8422_2325
}

/// The hash of letters and one more (FNV-1a over characters).
pub(super) const fn step_of_hash(hash: u64, c: char) -> u64 {
    (hash ^ c as u64).wrapping_mul(0x0000_0100_0000_01b3)
}

/// The hash of letters and one more, without its case and accent.
#[inline]
pub(super) fn fold(c: char, hash: u64) -> u64 {
    if c.is_ascii() {
        return step_of_hash(hash, c.to_ascii_lowercase());
    }
    let small = c.to_lowercase().next().unwrap_or(c);
    let plain = match small {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ì'..='ï' | 'ī' | 'ı' => 'i',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ś' | 'š' | 'ş' => 's',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'ł' => 'l',
        '\u{300}'..='\u{36f}' => return hash,
        other => other,
    };
    step_of_hash(hash, plain)
}

/// The hash of a word as it is written.
pub(super) fn hash_of(word: &str) -> u64 {
    word.chars().fold(start_of_hash(), |hash, c| match c {
        '’' => step_of_hash(hash, '\''),
        '\'' => step_of_hash(hash, c),
        c => fold(c, hash),
    })
}

impl Pack {
    /// The pack of a language; an empty one, which knows no word, if there is none.
    pub(super) fn of(language: &str) -> &'static Self {
        static PACKS: LazyLock<Vec<(&str, Pack)>> =
            LazyLock::new(|| FILES.iter().map(|(code, file, words)| (*code, Pack::read(file, words))).collect());
        static NONE: LazyLock<Pack> = LazyLock::new(Pack::default);
        let primary = language.split('-').next().unwrap_or_default();
        PACKS.iter().find(|(code, _)| *code == primary).map_or(&*NONE, |(_, pack)| pack)
    }

    pub(super) fn word(&self, hash: u64) -> Option<&Word> {
        self.words.get(&hash)
    }

    /// Phrases whose first word has this number.
    pub(super) fn phrases(&self, number: u16) -> &[Phrase] {
        self.phrases.get(usize::from(number)).map_or(&[], Vec::as_slice)
    }

    /// # Panics
    /// When a file that stands in the program can't be read: a test reads them all.
    fn read(file: &'static str, common: &[&'static str]) -> Self {
        let file: PackFile = toml::from_str(file).expect("a pack that stands in the program can be read");
        let mut pack = Self { phrases: vec![Vec::new()], ..Self::default() };
        let valued = [
            (&file.digits, DIGIT),
            (&file.teens, TEEN),
            (&file.tens, TENS),
            (&file.repeats, REPEAT),
            (&file.scales, SCALE),
            (&file.months, MONTH),
            (&file.ordinals, ORDINAL),
        ];
        for (list, class) in valued {
            for (value, words) in list {
                pack.add(words, class, *value);
            }
        }
        for (list, class) in [(&file.letters, LETTER), (&file.symbols, SYMBOL)] {
            for (letter, words) in list {
                pack.add(words, class, u8::try_from(*letter).unwrap_or_default());
            }
        }
        for (name, words) in &file.words {
            let class = LISTS.iter().find(|(list, _)| list == name).map(|(_, class)| *class);
            pack.add(words, class.expect("a pack has known lists only"), 0);
        }
        for words in common {
            pack.add(words, COMMON, 0);
        }
        pack.add_names();
        for cue in &file.cue {
            pack.add_cue(cue);
        }
        for phrases in &mut pack.phrases {
            phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.rest.len()));
        }
        pack
    }

    fn add(&mut self, words: &str, class: u64, value: u8) {
        for word in words.split_whitespace() {
            let known = self.words.entry(hash_of(word)).or_default();
            known.class |= class;
            if value != 0 && known.value == 0 {
                known.value = value;
            }
        }
    }

    /// The given names and surnames, after the headings of their list.
    fn add_names(&mut self) {
        let mut class = GIVEN;
        for line in NAMES.lines() {
            match line {
                "also words" => class = GIVEN | COMMON,
                "surnames" => class = SURNAME,
                "surnames also words" => class = SURNAME | COMMON,
                comment if comment.starts_with('#') => {}
                names => self.add(names, class, 0),
            }
        }
    }

    fn add_cue(&mut self, file: &CueFile) {
        let cue = match (file.opens.as_str(), file.rule.as_str()) {
            ("none", _) => Cue::Nothing,
            ("ending", _) => Cue::Ending,
            ("secret", _) => Cue::Secret,
            ("name", "weak") => Cue::MaybeName,
            ("name", "person") => Cue::Person,
            ("name", _) => Cue::Name,
            ("ask_name", _) => Cue::AskName,
            ("after_name", _) => Cue::AfterName,
            (kind, _) => Cue::Number(kind.parse().expect("a pack's cues open windows of known kinds")),
        };
        for phrase in file.phrases.lines().filter(|line| !line.trim().is_empty()) {
            let mut words = phrase_words(phrase);
            let first = words.remove(0);
            let known = self.words.entry(first).or_default();
            if known.phrases == 0 {
                self.phrases.push(Vec::new());
                known.phrases = u16::try_from(self.phrases.len() - 1).expect("few phrases");
            }
            let number = usize::from(known.phrases);
            self.phrases[number].push(Phrase { rest: words.into(), cue, rule: rule_name(cue), weak: file.weak });
        }
    }
}

/// What a match that a cue led to is called.
const fn rule_name(cue: Cue) -> &'static str {
    match cue {
        Cue::Number(kind) => match kind {
            Kind::Card => "digits.context.card",
            Kind::Iban | Kind::Bank => "digits.context.account",
            Kind::Ssn => "digits.context.ssn",
            Kind::Id => "digits.context.reference",
            Kind::Phone => "digits.context.phone",
            Kind::Password => "digits.context.pin",
            Kind::Birth => "birth.context",
            Kind::Address => "address.context",
            Kind::Email => "email.context",
            Kind::Name | Kind::Url => "context",
        },
        Cue::Ending => "digits.context.ending",
        Cue::Secret => "password.stated",
        Cue::Name => "name.introduced",
        Cue::MaybeName => "name.weak",
        Cue::Person => "name.person",
        Cue::AskName => "name.asked",
        Cue::AfterName => "name.speaking",
        Cue::Nothing => "none",
    }
}

/// The words of a phrase as the tokens of a turn have them: a hyphen divides, and so does a dot.
fn phrase_words(phrase: &str) -> Vec<u64> {
    phrase.split([' ', '-', '.']).filter(|word| !word.is_empty()).map(hash_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pack_can_be_read_and_knows_its_words() {
        let pack = Pack::of("en-GB");
        let seven = pack.word(hash_of("Seven")).expect("a word");
        assert_eq!((seven.class & NUMBER, seven.value), (DIGIT, 7));
        assert!(pack.word(hash_of("may")).expect("a word").class & (MONTH | COMMON | GIVEN) == MONTH | COMMON | GIVEN);
        assert_eq!(Pack::of("tlh").words.len(), 0);
    }
}
