//! Which language a text's own letters show, and whether they are enough to decide.
//!
//! A script that one language is written in decides from two letters on. Among languages in Latin letters `whichlang`
//! decides: its answer is certain from [`ENOUGH_LETTERS`] letters on, and from [`FEW_LETTERS`] on if both halves of
//! the text give it too. With ten letters it is often wrong.

use std::cmp::Ordering;

use whichlang::Lang;

use super::names::Code;

/// So many letters name their language: of 5,293 English sentences of support chats with as many, 2 were taken for
/// another one.
const ENOUGH_LETTERS: usize = 60;
/// So many do if both halves of the text agree: 7 of 14,164 such sentences, where without that it is 63. Of 7,547
/// sentences with fewer letters 1,190 were taken for another language.
const FEW_LETTERS: usize = 20;
/// One foreign letter in a text is a symbol or a slip.
const MIN_OF_A_SCRIPT: usize = 2;
/// How many Latin letters an ideograph or a syllable counts for.
const LETTERS_OF_AN_IDEOGRAPH: usize = 3;
/// Chinese texts use kana for decoration; Japanese ones have at least one in so many characters.
const CHARACTERS_OF_A_KANA: usize = 10;

/// Languages whose texts can consist of Han characters alone.
pub(super) const HAN: [Code; 3] = ["zh", "zh-TW", "ja"];

/// The language that a text seems to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Guess {
    pub(super) code: Code,
    pub(super) certainty: Certainty,
}

/// How far a guess can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    /// The text alone decides.
    Certain,
    /// One of [`HAN`].
    Han,
    /// Too few letters.
    Doubtful,
}

impl Guess {
    /// Reads the language off `text`; `None` if it has no letters.
    pub(super) fn of(text: &str) -> Option<Self> {
        let letters = Letters::of(text);
        if letters.all() == 0 {
            return None;
        }
        Some(letters.script(text).unwrap_or_else(|| {
            let code = detected(text);
            let agree = || halves(text).map(detected) == [code; 2];
            let is_certain = letters.latin >= ENOUGH_LETTERS || letters.latin >= FEW_LETTERS && agree();
            Self { code, certainty: if is_certain { Certainty::Certain } else { Certainty::Doubtful } }
        }))
    }
}

/// The language that a text seems to be in, however doubtful, and how many letters it has, an ideograph counting for
/// several. `None` without letters.
pub(super) fn seeming(text: &str) -> Option<(Code, usize)> {
    let letters = Letters::of(text);
    let code = || letters.script(text).map_or_else(|| detected(text), |guess| guess.code);
    (letters.all() > 0).then(|| (code(), letters.all()))
}

/// `text` in two, at the white space that is nearest to its middle.
fn halves(text: &str) -> [&str; 2] {
    let spaces = text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
    let middle = spaces.min_by_key(|at| at.abs_diff(text.len() / 2)).unwrap_or_default();
    text.split_at(middle).into()
}

/// How many letters of each script a text has.
#[derive(Default)]
struct Letters {
    latin: usize,
    /// Letters of other scripts by the language that each is written in.
    others: Vec<(Code, usize)>,
}

impl Letters {
    fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Self { latin: text.bytes().filter(u8::is_ascii_alphabetic).count(), others: Vec::new() };
        }
        let mut letters = Self::default();
        for letter in text.chars().filter(|c| c.is_alphabetic()) {
            match language_of_script(letter) {
                None => letters.latin += 1,
                Some(code) => match letters.others.iter_mut().find(|(known, _)| *known == code) {
                    Some((_, count)) => *count += 1,
                    None => letters.others.push((code, 1)),
                },
            }
        }
        letters
    }

    fn count(&self, language: Code) -> usize {
        self.others.iter().find(|(code, _)| *code == language).map_or(0, |(_, count)| *count)
    }

    /// Letters of all scripts.
    fn all(&self) -> usize {
        self.latin + self.others.iter().map(|&(code, count)| weight(code, count)).sum::<usize>()
    }

    /// The language that the script of most letters decides for, unless it is the Latin one.
    fn script(&self, text: &str) -> Option<Guess> {
        let (kana, han) = (self.count("ja"), self.count("zh"));
        // Chinese and Japanese share a script.
        let east_asian = ("zh", kana + han);
        let others = self.others.iter().copied().filter(|(code, _)| !HAN.contains(code)).chain([east_asian]);
        let (code, count) = others.max_by_key(|&(code, count)| (weight(code, count), code))?;
        if count < MIN_OF_A_SCRIPT || weight(code, count) < self.latin {
            return None;
        }
        Some(match code {
            "zh" if kana * CHARACTERS_OF_A_KANA >= kana + han => Guess { code: "ja", certainty: Certainty::Certain },
            "zh" => chinese(text),
            _ => Guess { code, certainty: Certainty::Certain },
        })
    }
}

fn weight(code: Code, count: usize) -> usize {
    if matches!(code, "zh" | "ja" | "ko") { count * LETTERS_OF_AN_IDEOGRAPH } else { count }
}

/// Simplified or traditional Chinese, by the characters that only one of them has.
fn chinese(text: &str) -> Guess {
    let count = |characters: &str| text.chars().filter(|&c| characters.contains(c)).count();
    let (code, certainty) = match count(SIMPLIFIED).cmp(&count(TRADITIONAL)) {
        Ordering::Greater => ("zh", Certainty::Certain),
        Ordering::Less => ("zh-TW", Certainty::Certain),
        Ordering::Equal => ("zh", Certainty::Han),
    };
    Guess { code, certainty }
}

/// Frequent characters of simplified Chinese that are written neither in traditional Chinese nor in Japanese.
const SIMPLIFIED: &str = "\
    专业东两个为么义乐书买亚产从们兰关兴军决别办务动华单历县发变吗听员团园图场坏处头妈实对将尔师带帮并应开径总战换无时权样气湾爱环现电\
    码紧线组细经结给统维罗职联见观觉计订认让议记讲论设识试话该语说请谁谢账费资车边达过运还这进选钱银镇长门问间队难题风饭马鱼鸡黄龙";

/// Frequent characters of traditional Chinese that are written neither in simplified Chinese nor in Japanese.
const TRADITIONAL: &str = "\
    亞來們傳兒內兩勞區參單嗎國圍圖團壞夠奧妳媽學實寫將專對屬帶幫徑從應戰戲戶搵擔數會條樂樓樣樹橋檢權歡歷氣沒溫滿濟灣燒營爭爲爾狀產\
    畢畫當發盡碼稱紀經縣總續羅聯聲聽與舉舊薩蘇蘭處號裝覺觀訊該說證變讓豬賣賽趕軍載轉辦這邊鄉醫錄錢錯鍾鎮鐵關雙雞驗體麼黃點齊龍";

/// The language that a letter beyond the Latin ones belongs to: the one with most speakers that is written so.
fn language_of_script(letter: char) -> Option<Code> {
    let after = SCRIPTS.partition_point(|(first, _, _)| *first <= letter);
    let (_, last, code) = SCRIPTS[after.checked_sub(1)?];
    (letter <= last).then_some(code)
}

/// First and last letter of each script beyond the Latin one.
const SCRIPTS: [(char, char, Code); 38] = [
    ('\u{370}', '\u{3ff}', "el"),
    ('\u{400}', '\u{52f}', "ru"),
    ('\u{530}', '\u{58f}', "hy"),
    ('\u{590}', '\u{5ff}', "he"),
    ('\u{600}', '\u{6ff}', "ar"),
    ('\u{750}', '\u{77f}', "ar"),
    ('\u{900}', '\u{97f}', "hi"),
    ('\u{980}', '\u{9ff}', "bn"),
    ('\u{a00}', '\u{a7f}', "pa"),
    ('\u{a80}', '\u{aff}', "gu"),
    ('\u{b00}', '\u{b7f}', "or"),
    ('\u{b80}', '\u{bff}', "ta"),
    ('\u{c00}', '\u{c7f}', "te"),
    ('\u{c80}', '\u{cff}', "kn"),
    ('\u{d00}', '\u{d7f}', "ml"),
    ('\u{d80}', '\u{dff}', "si"),
    ('\u{e00}', '\u{e7f}', "th"),
    ('\u{e80}', '\u{eff}', "lo"),
    ('\u{f00}', '\u{fff}', "bo"),
    ('\u{1000}', '\u{109f}', "my"),
    ('\u{10a0}', '\u{10ff}', "ka"),
    ('\u{1100}', '\u{11ff}', "ko"),
    ('\u{1200}', '\u{137f}', "am"),
    ('\u{1780}', '\u{17ff}', "km"),
    ('\u{1f00}', '\u{1fff}', "el"),
    ('\u{3005}', '\u{3007}', "zh"),
    ('\u{3041}', '\u{30ff}', "ja"),
    ('\u{3131}', '\u{318e}', "ko"),
    ('\u{31f0}', '\u{31ff}', "ja"),
    ('\u{3400}', '\u{4dbf}', "zh"),
    ('\u{4e00}', '\u{9fff}', "zh"),
    ('\u{ac00}', '\u{d7af}', "ko"),
    ('\u{f900}', '\u{faff}', "zh"),
    ('\u{fb1d}', '\u{fb4f}', "he"),
    ('\u{fb50}', '\u{fdff}', "ar"),
    ('\u{fe70}', '\u{fefc}', "ar"),
    ('\u{ff66}', '\u{ff9f}', "ja"),
    ('\u{20000}', '\u{3ffff}', "zh"),
];

/// What `whichlang` takes a text for. It tells sixteen languages apart and answers for every text.
fn detected(text: &str) -> Code {
    match whichlang::detect_language(text) {
        Lang::Ara => "ar",
        Lang::Cmn => "zh",
        Lang::Deu => "de",
        Lang::Eng => "en",
        Lang::Fra => "fr",
        Lang::Hin => "hi",
        Lang::Ita => "it",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Nld => "nl",
        Lang::Por => "pt",
        Lang::Rus => "ru",
        Lang::Spa => "es",
        Lang::Swe => "sv",
        Lang::Tur => "tr",
        Lang::Vie => "vi",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Code, Certainty) {
        Guess::of(text).map_or(("", Certainty::Doubtful), |guess| (guess.code, guess.certainty))
    }

    #[test]
    fn enough_words_decide() {
        for (text, code) in [
            ("Hello, I would like to know where my order is, please.", "en"),
            ("Guten Tag, ich möchte wissen, wo meine Bestellung bleibt.", "de"),
            ("Hola, quisiera saber dónde está mi pedido, por favor.", "es"),
            ("Bonjour, je voudrais savoir où est ma commande.", "fr"),
            ("Buongiorno, vorrei sapere dove si trova il mio ordine.", "it"),
            ("Bom dia, eu gostaria de saber onde está a minha encomenda.", "pt"),
        ] {
            assert_eq!(read(text), (code, Certainty::Certain), "{text}");
        }
    }

    #[test]
    fn a_few_words_do_not() {
        for text in ["order 12345", "refund", "terrible service", "hola", "ok danke", "X"] {
            assert_eq!(read(text).1, Certainty::Doubtful, "{text}");
        }
        for text in ["", "12345", "🙂 👍", "…"] {
            assert_eq!(Guess::of(text), None, "{text}");
        }
    }

    #[test]
    fn a_script_decides_from_two_letters_on() {
        for (text, code) in [
            ("مرحبا", "ar"),
            ("नमस्ते", "hi"),
            ("안녕하세요", "ko"),
            ("こんにちは", "ja"),
            ("注文の状況を知りたいです。", "ja"),
            ("スマホが壊れた", "ja"),
            ("ｶｰﾄﾞ", "ja"),
            ("Привет", "ru"),
            ("да", "ru"),
            ("Γειά σου", "el"),
            ("שלום", "he"),
            ("สวัสดี", "th"),
            ("வணக்கம்", "ta"),
            ("您好，我想知道我的订单在哪里。", "zh"),
            ("您好，我想知道我的訂單在哪裡。", "zh-TW"),
            ("我的iPhone坏了", "zh"),
            ("優の良品在這裡嗎，你們還沒說", "zh-TW"),
        ] {
            assert_eq!(read(text), (code, Certainty::Certain), "{text}");
        }
        let word =
            "My name is Дмитрий and I have been waiting for my parcel since the beginning of last week, please help me";
        assert_eq!(read(word), ("en", Certainty::Certain));
        assert_eq!(read("10 kΩ").1, Certainty::Doubtful);
    }

    #[test]
    fn han_characters_that_all_three_share_leave_it_open() {
        for text in ["不好意思", "電話番号", "你好"] {
            assert_eq!(read(text), ("zh", Certainty::Han), "{text}");
        }
    }

    #[test]
    fn characters_of_one_script_are_not_in_the_other() {
        assert!(SIMPLIFIED.chars().all(|c| !TRADITIONAL.contains(c)));
        let all = SIMPLIFIED.chars().chain(TRADITIONAL.chars());
        assert!(all.clone().all(|c| language_of_script(c) == Some("zh")));
        let distinct: std::collections::BTreeSet<char> = all.clone().collect();
        assert_eq!(distinct.len(), all.count());
    }

    #[test]
    fn scripts_stand_in_order() {
        assert!(SCRIPTS.windows(2).all(|pair| pair[0].1 < pair[1].0));
        assert!(SCRIPTS.iter().all(|(first, last, _)| first <= last));
        assert_eq!(language_of_script('z'), None);
        assert_eq!(language_of_script('é'), None);
    }
}
