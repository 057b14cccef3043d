//! Which languages the texts of each file and of the whole run are in: what a text too short to name its own
//! language goes by.
//!
//! Of each file a sample is looked at: the distinct texts with the smallest hashes, [`SAMPLE_TEXTS`] of them. So the
//! sample is the same whatever the order of the rows, a sentence that every call begins with counts once, and a file
//! of a million rows costs no more detections than one of a thousand. The run's sample is drawn in the same way from
//! those of its files. No text is kept beyond its file.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;

use super::detect::{self, Certainty, Guess, HAN};
use super::names::{self, Code};
use crate::transcript::{Call, Role, Text};

/// How many texts a sample holds: a language of a tenth of the texts is then found at 10 % ± 3.
const SAMPLE_TEXTS: usize = 128;
/// How much of a text of a sample is looked at, so that none counts much more than another.
const SAMPLED_BYTES: usize = 120;
/// More of a call than this is not looked at: it makes the answer no surer.
const CALL_BYTES: usize = 600;
/// A sample of fewer letters than this is no evidence, and shows no language to be at home in it.
const ENOUGH_LETTERS: usize = 100;
/// A language is at home in a file that has at least one of so many letters in it.
const AT_HOME: usize = 10;

/// The texts with the smallest hashes among those added, each once, with what is known of them.
#[derive(Debug)]
struct Sample<T>(BTreeSet<(u32, T)>);

impl<T> Default for Sample<T> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<T: Ord> Sample<T> {
    /// Adds a text, if its hash is among the smallest so far.
    fn add(&mut self, hash: u32, text: impl FnOnce() -> T) {
        let is_full = self.0.len() >= SAMPLE_TEXTS;
        if is_full && self.0.last().is_some_and(|(last, _)| hash > *last) {
            return;
        }
        self.0.insert((hash, text()));
        if self.0.len() > SAMPLE_TEXTS {
            self.0.pop_last();
        }
    }
}

/// What a text of a sample counts: its letters, for its language.
pub type Vote = (Code, usize);

/// Letters by language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Shares(Vec<Vote>);

impl Shares {
    fn add(&mut self, (language, letters): Vote) {
        match self.0.iter_mut().find(|(code, _)| *code == language) {
            Some((_, sum)) => *sum += letters,
            None => self.0.push((language, letters)),
        }
    }

    fn all(&self) -> usize {
        self.0.iter().map(|(_, letters)| letters).sum()
    }

    fn holds(&self, language: Code) -> bool {
        let least = ENOUGH_LETTERS.max(self.all().div_ceil(AT_HOME));
        self.0.iter().any(|&(code, letters)| code == language && letters >= least)
    }

    /// The language of most letters among some.
    fn most(&self, among: impl Fn(Code) -> bool) -> Option<Code> {
        let candidates = self.0.iter().filter(|(code, _)| among(code));
        candidates.max_by_key(|&&(code, letters)| (letters, code)).map(|&(code, _)| code)
    }
}

/// What two texts differ in, if they do.
pub type Id = [u8; blake3::OUT_LEN];

/// A text of a file's sample, without its words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sampled {
    /// The sample is of the texts with the smallest.
    pub hash: u32,
    /// Another one for each text.
    pub id: Id,
    /// The language that its row states.
    pub stated: Option<Code>,
    /// What it counts, if it shows a language.
    pub vote: Option<Vote>,
}

/// What stands for no language in the text of a [`Sampled`].
const NONE: &str = "-";

/// One line, which reads back.
impl fmt::Display for Sampled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (language, letters) = self.vote.unwrap_or((NONE, 0));
        let (id, stated) = (blake3::Hash::from_bytes(self.id), self.stated.unwrap_or(NONE));
        write!(f, "{} {id} {stated} {language} {letters}", self.hash)
    }
}

impl FromStr for Sampled {
    type Err = NoSample;

    fn from_str(line: &str) -> Result<Self, NoSample> {
        let code = |text: &str| {
            if text == NONE { Ok(None) } else { names::stated(text).ok().flatten().map(Some).ok_or(NoSample) }
        };
        let [hash, id, stated, language, letters] =
            line.split(' ').collect::<Vec<_>>().try_into().map_err(|_| NoSample)?;
        let letters = letters.parse().map_err(|_| NoSample)?;
        Ok(Self {
            hash: hash.parse().map_err(|_| NoSample)?,
            id: blake3::Hash::from_hex(id).map_err(|_| NoSample)?.into(),
            stated: code(stated)?,
            vote: code(language)?.map(|language| (language, letters)),
        })
    }
}

/// A line is no [`Sampled`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no line of a sample of languages")]
pub struct NoSample;

/// Takes in the texts of all files, one file after the other.
#[derive(Debug, Default)]
pub struct Collector {
    /// Beginnings of texts, and the languages that their rows state.
    file: Sample<(Id, Option<Code>, Text)>,
    run: Sample<Vote>,
    files: Vec<Shares>,
    /// That of the file that ended last.
    sample: Vec<Sampled>,
}

impl Collector {
    /// Takes in a text that customer or agent said, with the language that its row states; empty if it states none.
    pub fn add(&mut self, text: &str, stated: &str) {
        let text = beginning(text, SAMPLED_BYTES);
        if !text.contains(char::is_alphabetic) {
            return;
        }
        self.file.add(crc32fast::hash(text.as_bytes()), || {
            (blake3::hash(text.as_bytes()).into(), names::stated(stated).unwrap_or_default(), text.into())
        });
    }

    /// Ends the file. Files are numbered in the order in which they end.
    pub fn end_file(&mut self) {
        let sampled = |(hash, (id, stated, text)): (u32, (Id, Option<Code>, Text))| {
            let vote = detect::seeming(&text).map(|(seeming, letters)| (stated.unwrap_or(seeming), letters));
            Sampled { hash, id, stated, vote }
        };
        self.sample = std::mem::take(&mut self.file).0.into_iter().map(sampled).collect();
        let mut shares = Shares::default();
        for (hash, vote) in self.sample.iter().filter_map(|text| Some((text.hash, text.vote?))) {
            shares.add(vote);
            self.run.add(hash, || vote);
        }
        self.files.push(shares);
    }

    /// What was collected.
    #[must_use]
    pub fn finish(self) -> Evidence {
        let mut run = Shares::default();
        self.run.0.into_iter().for_each(|(_, vote)| run.add(vote));
        Evidence { run, files: self.files, dates: None, sample: self.sample }
    }
}

/// The languages of the files and of the run.
#[derive(Debug, Default)]
pub struct Evidence {
    files: Vec<Shares>,
    run: Shares,
    /// The languages of the files that hold calls of a date, where they take the run's place.
    dates: Option<HashMap<Box<str>, Shares>>,
    /// That of the last file.
    sample: Vec<Sampled>,
}

/// A call's language, and where it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The language.
    pub code: Code,
    /// The call's own words are too few, and look like another language than this one: it is that of its file, of
    /// the run, or the first of the engine.
    pub assumed: bool,
}

impl Evidence {
    /// The evidence of one file, by the samples of its parts.
    #[must_use]
    pub fn of_parts(samples: impl IntoIterator<Item = Sampled>) -> Self {
        let mut sample: BTreeSet<Sampled> = BTreeSet::new();
        for text in samples {
            sample.insert(text);
            if sample.len() > SAMPLE_TEXTS {
                sample.pop_last();
            }
        }
        Self::of_votes(sample.iter().filter_map(|text| text.vote))
    }

    /// The evidence of one file, by its languages.
    #[must_use]
    pub fn of_votes(votes: impl IntoIterator<Item = Vote>) -> Self {
        let mut shares = Shares::default();
        votes.into_iter().for_each(|vote| shares.add(vote));
        Self { files: vec![shares], ..Self::default() }
    }

    /// The languages of the first file, each with its letters.
    #[must_use]
    pub fn votes(&self) -> &[Vote] {
        self.files.first().map(|shares| &*shares.0).unwrap_or_default()
    }

    /// The sample of the last file.
    #[must_use]
    pub fn sample(&self) -> &[Sampled] {
        &self.sample
    }

    /// Finds the language of what customer and agent say at the beginning of `call`, for an engine that
    /// takes a text of unknown language for `default`.
    #[must_use]
    pub fn language(&self, call: &Call, default: Option<Code>) -> Found {
        let guess = Guess::of(&sample_of(call));
        let around = self.around(call);
        let main = || around.most(|_| true).or(default);
        let found = |code: Code| Found { code, assumed: false };
        match guess {
            None => found(main().unwrap_or_default()),
            Some(Guess { code, certainty: Certainty::Certain }) => found(code),
            Some(Guess { code, certainty: Certainty::Han }) => {
                found(around.most(|other| HAN.contains(&other)).unwrap_or(code))
            }
            Some(Guess { code, .. }) if around.holds(code) => found(code),
            Some(Guess { code, .. }) => {
                let main = main().unwrap_or(code);
                Found { code: main, assumed: main != code }
            }
        }
    }

    /// The language of most of what was collected; `None` if it is too little to say.
    #[must_use]
    pub fn main(&self) -> Option<Code> {
        self.run.most(|_| true)
    }

    /// Lets the files that hold calls of a date, an empty one for none, take the place of the run for its calls: what
    /// else was read with them changes nothing then.
    pub fn go_by_dates(&mut self, files_of: &BTreeMap<Box<str>, Vec<u32>>) {
        let shares = files_of.iter().map(|(date, files)| (date.clone(), self.of_files(files)));
        self.dates = Some(shares.collect());
    }

    /// The shares of the files that a call's rows are from, if they are enough, else the run's or its date's, if those
    /// are; else none.
    fn around(&self, call: &Call) -> Cow<'_, Shares> {
        let own = match &*call.files {
            [file] => self.files.get(*file as usize).map(Cow::Borrowed).unwrap_or_default(),
            files => Cow::Owned(self.of_files(files)),
        };
        let wider = match &self.dates {
            None => Cow::Borrowed(&self.run),
            Some(dates) => dates.get(call.date.as_deref().unwrap_or_default()).map(Cow::Borrowed).unwrap_or_default(),
        };
        [own, wider].into_iter().find(|shares| shares.all() >= ENOUGH_LETTERS).unwrap_or_default()
    }

    fn of_files(&self, files: &[u32]) -> Shares {
        let mut all = Shares::default();
        let shares = files.iter().filter_map(|file| self.files.get(*file as usize));
        shares.flat_map(|shares| &shares.0).for_each(|&vote| all.add(vote));
        all
    }
}

/// What customer and agent say at the beginning of a call.
fn sample_of(call: &Call) -> String {
    let mut sample = String::with_capacity(CALL_BYTES + 1);
    for turn in call.turns.iter().filter(|turn| turn.role != Role::Other) {
        let room = CALL_BYTES.saturating_sub(sample.len());
        if room == 0 {
            break;
        }
        sample.push_str(beginning(&turn.text, room));
        sample.push('\n');
    }
    sample
}

/// The first `bytes` of a text, or a few less: none of its characters is cut.
fn beginning(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::transcript::Turn;

    const ENGLISH: [&str; 4] = [
        "I would like to know where my order is, it should have been here last week.",
        "Could you please tell me your order number and the address that it was sent to?",
        "The number is 12345, and I am still waiting for an answer to my last two letters.",
        "Thank you for waiting, your parcel will be delivered tomorrow in the morning.",
    ];
    const SPANISH: [&str; 3] = [
        "Quisiera saber dónde está mi pedido, tendría que haber llegado la semana pasada.",
        "¿Me podría decir el número de pedido y la dirección a la que se envió, por favor?",
        "Gracias por esperar, su paquete se entregará mañana por la mañana sin falta.",
    ];

    fn turn(role: Role, text: &str) -> Turn {
        Turn { role, text: text.into(), agent_id: None, start_ms: None, end_ms: None }
    }

    fn call(text: &str, files: &[u32]) -> Call {
        Call { turns: vec![turn(Role::Customer, text)], files: files.into(), ..Call::default() }
    }

    fn evidence(files: &[&[&str]]) -> Evidence {
        let mut collector = Collector::default();
        for file in files {
            file.iter().for_each(|text| collector.add(text, ""));
            collector.end_file();
        }
        collector.finish()
    }

    fn language(evidence: &Evidence, text: &str, files: &[u32]) -> (Code, bool) {
        let Found { code, assumed } = evidence.language(&call(text, files), Some("en"));
        (code, assumed)
    }

    #[test]
    fn enough_words_need_no_file() {
        let english = evidence(&[&ENGLISH]);
        assert_eq!(language(&english, SPANISH[0], &[0]), ("es", false));
        assert_eq!(language(&english, "您好，我的订单在哪里？", &[0]), ("zh", false));
        assert_eq!(language(&Evidence::default(), SPANISH[0], &[]), ("es", false));
    }

    #[test]
    fn a_few_words_follow_the_files_of_their_date_where_dates_are_known() {
        let mut evidence = evidence(&[&SPANISH, &ENGLISH, &["hola"]]);
        let files_of = [("2026-11-01".into(), vec![0, 2]), ("".into(), vec![1, 2])];
        evidence.go_by_dates(&files_of.into());
        let of = |date: Option<&str>, default| {
            let call = Call { date: date.map(Into::into), ..call("refund", &[2]) };
            evidence.language(&call, default).code
        };
        assert_eq!(of(Some("2026-11-01"), Some("en")), "es");
        assert_eq!(of(None, Some("es")), "en");
        assert_eq!(of(Some("2026-11-02"), Some("fr")), "fr", "the run counts no more");
    }

    #[test]
    fn a_few_words_follow_file_then_run_then_engine() {
        let texts = ["order 12345", "refund"];
        let all = |evidence: &Evidence, files: &[u32]| texts.map(|text| language(evidence, text, files).0);
        let files = evidence(&[&SPANISH, &ENGLISH, &["hola"]]);
        assert_eq!(all(&files, &[0]), ["es"; 2]);
        assert_eq!(all(&files, &[1]), ["en"; 2]);
        assert_eq!(all(&files, &[2]), ["en"; 2], "the run has more English letters");
        assert_eq!(all(&files, &[7]), ["en"; 2], "a call of no file");
        assert_eq!(all(&Evidence::default(), &[]), ["en"; 2], "the first of the engine");
        assert_eq!(Evidence::default().language(&call("refund", &[]), Some("de")), Found { code: "de", assumed: true });
        assert_eq!(language(&files, "order 12345", &[0]), ("es", true));
        assert_eq!(language(&files, "12345", &[0]), ("es", false), "nothing in it can be taken for another language");
    }

    #[test]
    fn a_few_words_in_a_language_of_the_file_count_as_such() {
        let both: Vec<&str> = ENGLISH.into_iter().chain(SPANISH).collect();
        let both = evidence(&[&both]);
        assert_eq!(language(&both, "gracias", &[0]), ("es", false));
        assert_eq!(language(&both, "thank you", &[0]), ("en", false));
        assert_eq!(language(&both, "order 12345", &[0]), ("en", true));
    }

    #[test]
    fn characters_that_chinese_and_japanese_share_follow_the_file() {
        let files = evidence(&[
            &["ご注文の状況を確認いたしますので、少々お待ちください。", "荷物がまだ届いていません。いつ届きますか。"],
            &["您好，我想知道我的訂單在哪裡，上個星期就應該到了。", "請稍等，我們會馬上為您查詢這個訂單的狀態。"],
            &ENGLISH,
        ]);
        assert_eq!(language(&files, "電話番号", &[0]), ("ja", false));
        assert_eq!(language(&files, "不好意思", &[1]), ("zh-TW", false));
        assert_eq!(language(&files, "不好意思", &[2]), ("zh", false));
    }

    #[test]
    fn what_rows_state_counts_before_what_they_look_like() {
        let mut collector = Collector::default();
        for text in ENGLISH {
            collector.add(text, "pt");
        }
        collector.end_file();
        assert_eq!(language(&collector.finish(), "refund", &[0]).0, "pt");
    }

    #[test]
    fn systems_do_not_count_and_long_calls_are_sampled_at_a_character() {
        let german = "Ich hätte gern gewusst, wann das Päckchen ankommt. ".repeat(200);
        let system = "This call may be recorded for quality and training. ".repeat(40);
        let turns =
            vec![turn(Role::Other, &system), turn(Role::Customer, &format!("x{german}")), turn(Role::Agent, "ü")];
        let call = Call { turns, ..Call::default() };
        assert_eq!(Evidence::default().language(&call, Some("en")), Found { code: "de", assumed: false });
    }

    #[test]
    fn a_sentence_that_comes_again_and_again_counts_once() {
        let mut texts = ["Gracias por llamar a nuestro servicio de atención al cliente"; 500].to_vec();
        texts.extend(ENGLISH);
        assert_eq!(language(&evidence(&[&texts]), "refund", &[0]).0, "en");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn evidence_depends_neither_on_order_nor_on_repetition(
            numbers in prop::collection::vec(0_usize..400, 0..400),
            swaps in prop::collection::vec((0_usize..600, 0_usize..600), 0..400),
            cut in 0_usize..600,
        ) {
            let text = |number: &usize| match number % 3 {
                0 => format!("{} {number}", SPANISH[number % 2]),
                1 => format!("order {number}"),
                _ => format!("{} {number}", ENGLISH[number % 4]),
            };
            let texts: Vec<String> = numbers.iter().map(text).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let mut shuffled = texts.clone();
            for (one, other) in swaps {
                if one < shuffled.len() && other < shuffled.len() {
                    shuffled.swap(one, other);
                }
            }
            shuffled.extend_from_within(..shuffled.len() / 2);
            let (whole, other) = (evidence(&[&texts]), evidence(&[&shuffled]));
            prop_assert_eq!(sorted(&whole.run), sorted(&other.run));
            prop_assert_eq!(sorted(&whole.files[0]), sorted(&other.files[0]));
            let (one, two) = shuffled.split_at(cut.min(shuffled.len()));
            prop_assert_eq!(sorted(&whole.run), sorted(&evidence(&[one, two]).run), "however it is split into files");
            let [straight, reversed] = [evidence(&[one, two]), evidence(&[two, one])];
            prop_assert_eq!(language(&straight, "refund", &[0, 1]), language(&reversed, "refund", &[0, 1]));
        }
    }

    fn sorted(shares: &Shares) -> Vec<Vote> {
        let mut shares = shares.0.clone();
        shares.sort_unstable();
        shares
    }
}
