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

/// Scripts that a tag may name, as ISO 15924 does.
const SCRIPTS: [&str; 11] = ["latn", "cyrl", "hans", "hant", "arab", "deva", "grek", "guru", "hebr", "jpan", "kore"];

/// Regions that a tag may name, as ISO 3166 does; `uk` and `xk`, which it leaves free, are written too.
const REGIONS: &str = "\
    ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw by \
    bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et fi fj fk \
    fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir \
    is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk \
    ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm \
    pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st sv sx sy sz tc td tf \
    tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk um us uy uz va vc ve vg vi vn vu wf ws xk ye yt za zm zw";

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
    let value = value.trim();
    let folded = fold(value);
    if UNKNOWN.contains(&&*folded) {
        return Ok(None);
    }
    if let Some(code) = CODES.get(&*folded) {
        return Ok(Some(code));
    }
    // A POSIX locale's encoding and what stands in brackets do not name the language, with one exception.
    let (tag, more) = value.split_at(value.find(['.', '@', '(']).unwrap_or(value.len()));
    let Tag { code, is_name, script, region } = Tag::read(tag).ok_or(NoLanguage)?;
    let more = more.to_lowercase().replace('_', " ");
    let begins = |places: &[&str]| places.iter().any(|place| more.starts_with(place));
    let is_traditional = begins(&["(taiwan", "(hong kong", "(traditional"]);
    let fits = match more.strip_prefix('(') {
        // After a code, unlike a name, brackets may hold anybody's words.
        Some(inside) => {
            let inside = inside.trim_end_matches(')');
            let is_chinese = code == "zh" && (is_traditional || begins(&["(simplified"]));
            is_name || is_chinese || is_region(inside) || CODES.get(inside) == Some(&code)
        }
        None => more.is_empty() || !region.is_empty() && !more.contains(' '),
    };
    if !fits {
        return Err(NoLanguage);
    }
    let is_traditional = is_traditional || script == "hant" || matches!(&*region, "tw" | "hk" | "mo");
    Ok(Some(if code == "zh" && is_traditional && script != "hans" { "zh-TW" } else { code }))
}

/// What a tag says: `zh-Hant-HK`, `de_AT`, `English US`.
struct Tag {
    code: Code,
    /// Whether the language is written as a name, not as a code.
    is_name: bool,
    /// Empty if there is none, as is the region.
    script: String,
    region: String,
}

impl Tag {
    /// At most a script and then a region follow the language. `None` for anything else: `It is my card`.
    fn read(tag: &str) -> Option<Self> {
        const SEPARATORS: [char; 3] = ['-', '_', ' '];
        let tag = tag.trim_end_matches(SEPARATORS);
        let is_whole = CODES.contains_key(&*fold(tag));
        let (primary, rest) = if is_whole { (tag, "") } else { tag.split_at(tag.find(SEPARATORS)?) };
        let code = CODES.get(&*fold(primary))?;
        let is_name = primary.len() > 3;
        // A space goes before a region in capitals only, and after a name only: `Polish it` and `It IS` are words.
        if rest.contains(' ') && !(is_name && rest.rfind(' ') == Some(0) && rest == rest.to_uppercase()) {
            return None;
        }
        let rest = rest.to_lowercase();
        let mut parts = rest.split(SEPARATORS).skip(1).peekable();
        let script = parts.next_if(|part| SCRIPTS.contains(part)).unwrap_or_default().to_owned();
        let region = parts.next_if(|part| is_region(part)).unwrap_or_default().to_owned();
        parts.next().is_none().then_some(Self { code, is_name, script, region })
    }
}

fn fold(name: &str) -> String {
    name.to_lowercase().replace(['_', ' '], "-")
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
        // Where no row has one, it would be compared a million times.
        if value.is_empty() {
            return None;
        }
        if value != self.latest.0 {
            self.latest = (value.to_owned(), stated(value));
        }
        self.strange += u64::from(self.latest.1.is_err());
        self.latest.1.unwrap_or_default()
    }
}

/// Whether `part`, in small letters, is a region: `us`, `419`.
fn is_region(part: &str) -> bool {
    let is_number = part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    is_number || REGIONS.split(' ').any(|region| region == part)
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
    fn a_short_sentence_is_no_language() {
        for value in [
            "It is my card",
            "It is",
            "Hi Mary",
            "My bill",
            "So do we",
            "Hi-Mary",
            "So-do-we",
            "Polish it",
            "No. I do",
            "No.I do",
            "no.thanks",
            "Hi (Mary)",
            "hi@example.com",
            "en-US-Latn",
            "en-US-GB",
        ] {
            assert_eq!(stated(value), Err(NoLanguage), "{value}");
        }
        for (value, code) in
            [("en-UK", "en"), ("en (US)", "en"), ("de (Deutsch)", "de"), ("pa-Guru-IN", "pa"), ("zh (Taiwan)", "zh-TW")]
        {
            assert_eq!(stated(value), Ok(Some(code)), "{value}");
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
