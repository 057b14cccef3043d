//! What a language column holds: codes and names of languages, as exports write them.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// A language code as engines write it: `en`, `zh-TW`.
pub type Code = &'static str;

/// One language a line: its code, its ISO 639-2 and 639-3 codes, its names in English and in the language itself.
const NAMES: &str = include_str!("names.txt");

static CODES: LazyLock<FxHashMap<&str, Code>> = LazyLock::new(|| {
    let names = |line: &'static str| {
        let code = line.split(' ').next().unwrap_or_default();
        line.split(' ').map(move |name| (name, code))
    };
    NAMES.lines().flat_map(names).collect()
});

/// What says that the language is not known, or that there is not one.
const UNKNOWN: [&str; 5] = ["", "und", "mis", "mul", "zxx"];

/// A value of a language column that names no language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoLanguage;

/// The language that a column's value or a setting names: `en`, `eng`, `en-US`, `en_GB.UTF-8`, `English`,
/// `English (US)`, `Deutsch`. Chinese in Taiwan, Hong Kong, Macao or in traditional script is `zh-TW`. `None` where
/// the value says that the language is not known.
///
/// # Errors
/// [`NoLanguage`] for anything else.
pub fn stated(value: &str) -> Result<Option<Code>, NoLanguage> {
    let folded = value.trim().to_lowercase().replace(['_', ' '], "-");
    if UNKNOWN.contains(&&*folded) {
        return Ok(None);
    }
    if let Some(code) = CODES.get(&*folded) {
        return Ok(Some(code));
    }
    // A POSIX locale's encoding and what stands in brackets do not name the language, with one exception.
    let (tag, more) = folded.split_once(['.', '@', '(']).unwrap_or((&folded, ""));
    let mut parts = tag.trim_end_matches('-').split('-');
    let code = parts.next().and_then(|primary| CODES.get(primary)).ok_or(NoLanguage)?;
    let mut is_traditional = ["taiwan", "hong-kong", "traditional"].iter().any(|place| more.starts_with(place));
    for part in parts {
        if !is_subtag(part) {
            return Err(NoLanguage);
        }
        is_traditional |= matches!(part, "tw" | "hk" | "mo" | "hant");
    }
    let is_simplified = tag.ends_with("-hans") || tag.contains("-hans-");
    Ok(Some(if *code == "zh" && is_traditional && !is_simplified { "zh-TW" } else { code }))
}

/// One file's column of languages, read from its first row to its last.
#[derive(Debug)]
pub struct Column {
    /// The latest value and what it means: mostly the next one's too.
    latest: (String, Result<Option<Code>, NoLanguage>),
    /// How many values name no language.
    pub strange: u64,
}

impl Default for Column {
    fn default() -> Self {
        Self { latest: (String::new(), Ok(None)), strange: 0 }
    }
}

impl Column {
    /// The language that the next row's value names.
    pub fn language(&mut self, value: &str) -> Option<Code> {
        if value != self.latest.0 {
            self.latest = (value.to_owned(), stated(value));
        }
        self.strange += u64::from(self.latest.1.is_err());
        self.latest.1.unwrap_or_default()
    }
}

/// Whether `part` is a region or a script: `us`, `419`, `hant`. A word of a sentence is mostly longer.
fn is_subtag(part: &str) -> bool {
    let letters = part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let digits = part.bytes().all(|byte| byte.is_ascii_digit());
    matches!((part.len(), letters, digits), (2 | 4, true, _) | (3, _, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_become_codes() {
        for (value, code) in [
            ("en", "en"),
            ("EN", "en"),
            ("en-US", "en"),
            ("eng", "en"),
            ("English", "en"),
            (" ENGLISH ", "en"),
            ("English (United States)", "en"),
            ("English US", "en"),
            ("us_english", "en"),
            (" de_AT ", "de"),
            ("ger", "de"),
            ("deu", "de"),
            ("German", "de"),
            ("Deutsch", "de"),
            ("Français", "fr"),
            ("fre", "fr"),
            ("Español", "es"),
            ("es-419", "es"),
            ("Italiano", "it"),
            ("pt_BR.UTF-8", "pt"),
            ("Português", "pt"),
            ("sr-Latn-RS", "sr"),
            ("العربية", "ar"),
            ("हिन्दी", "hi"),
            ("日本語", "ja"),
            ("한국어", "ko"),
            ("ca_ES@valencia", "ca"),
            ("fil", "fil"),
            ("zh", "zh"),
            ("zh-CN", "zh"),
            ("zh-Hans-HK", "zh"),
            ("Chinese", "zh"),
            ("Chinese (Simplified)", "zh"),
            ("简体中文", "zh"),
            ("cmn", "zh"),
            ("zh-TW", "zh-TW"),
            ("zh_Hant_HK", "zh-TW"),
            ("Chinese (Traditional)", "zh-TW"),
            ("Chinese (Taiwan)", "zh-TW"),
            ("Traditional Chinese", "zh-TW"),
            ("繁體中文", "zh-TW"),
        ] {
            assert_eq!(stated(value), Ok(Some(code)), "{value}");
        }
    }

    #[test]
    fn an_unknown_language_is_none_and_anything_else_is_no_language() {
        for value in ["", "  ", "und", "UND", "mul", "zxx"] {
            assert_eq!(stated(value), Ok(None), "{value}");
        }
        let sentence = "English is not my first language";
        for value in
            ["N/A", "na", "-", "?", "unknown", "xx", "12", "no thanks", sentence, "My PIN is 1234", "en-US-of-A"]
        {
            assert_eq!(stated(value), Err(NoLanguage), "{value}");
        }
    }

    #[test]
    fn a_column_counts_what_is_no_language() {
        let mut column = Column::default();
        let values = ["", "English", "English", "N/A", "N/A", "de", "und"];
        let languages = values.map(|value| column.language(value));
        assert_eq!(languages, [None, Some("en"), Some("en"), None, None, Some("de"), None]);
        assert_eq!(column.strange, 2);
    }

    #[test]
    fn no_name_stands_for_two_languages() {
        let names: Vec<&str> = NAMES.split_whitespace().collect();
        assert_eq!(CODES.len(), names.len());
        assert!(names.iter().all(|name| *name == "zh-TW" || name.to_lowercase() == *name));
    }
}
