//! Which language a call is in: codes as engines write them, and finding one from the words.

use whichlang::Lang;

use crate::transcript::{Call, Role};

/// How many bytes of a call's words are looked at: more does not make the answer surer.
const SAMPLE_BYTES: usize = 600;

/// A language tag as engines write it: `en-US` is `en`; Chinese in Taiwan, Hong Kong, Macao or in traditional
/// script is `zh-TW`. `None` for an empty tag and for `und`, which says that the language is not known.
#[must_use]
pub fn normalise(tag: &str) -> Option<Box<str>> {
    let tag = tag.trim().to_ascii_lowercase().replace('_', "-");
    // A POSIX locale's encoding says nothing of the language.
    let tag = tag.split(['.', '@']).next().unwrap_or_default();
    let mut parts = tag.split('-');
    match parts.next()? {
        "" | "und" => None,
        "zh" if parts.any(|part| matches!(part, "tw" | "hk" | "mo" | "hant")) => Some("zh-TW".into()),
        primary => Some(primary.into()),
    }
}

/// Finds the language of what customer and agent say at the beginning of `call`.
///
/// Sixteen languages are told apart: ar, de, en, es, fr, hi, it, ja, ko, nl, pt, ru, sv, tr, vi, zh. A call without
/// letters counts as `en`.
#[must_use]
pub fn detect(call: &Call) -> Box<str> {
    let mut sample = String::with_capacity(SAMPLE_BYTES + 1);
    for turn in call.turns.iter().filter(|turn| turn.role != Role::Other) {
        let room = SAMPLE_BYTES.saturating_sub(sample.len());
        if room == 0 {
            break;
        }
        let end = turn.text.floor_char_boundary(room);
        sample.push_str(turn.text.get(..end).unwrap_or_default());
        sample.push('\n');
    }
    code(whichlang::detect_language(&sample)).into()
}

const fn code(language: Lang) -> &'static str {
    match language {
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
    use crate::transcript::Turn;

    fn call(turns: &[(Role, &str)]) -> Call {
        let turn = |&(role, text): &(Role, &str)| Turn {
            role,
            text: text.into(),
            agent_id: None,
            start_ms: None,
            end_ms: None,
        };
        Call {
            id: "c".into(),
            turns: turns.iter().map(turn).collect(),
            queue: None,
            channel: None,
            language: None,
            date: None,
            started_at_ms: None,
        }
    }

    #[test]
    fn tags_become_codes() {
        for (tag, code) in [
            ("en-US", "en"),
            ("EN", "en"),
            (" de_AT ", "de"),
            ("pt_BR.UTF-8", "pt"),
            ("zh", "zh"),
            ("zh-CN", "zh"),
            ("zh-TW", "zh-TW"),
            ("zh_Hant_HK", "zh-TW"),
            ("fil", "fil"),
        ] {
            assert_eq!(normalise(tag).as_deref(), Some(code), "{tag}");
        }
        assert_eq!(normalise(""), None);
        assert_eq!(normalise("und"), None);
    }

    #[test]
    fn languages_are_found() {
        for (text, code) in [
            ("Hello, I would like to know where my order is, please.", "en"),
            ("Guten Tag, ich möchte wissen, wo meine Bestellung bleibt.", "de"),
            ("Hola, quisiera saber dónde está mi pedido, por favor.", "es"),
            ("Bonjour, je voudrais savoir où est ma commande.", "fr"),
            ("您好，我想知道我的订单在哪里。", "zh"),
            ("こんにちは、注文の状況を知りたいです。", "ja"),
        ] {
            assert_eq!(&*detect(&call(&[(Role::Customer, text)])), code, "{text}");
        }
    }

    #[test]
    fn systems_do_not_count_and_long_calls_are_sampled_at_a_character() {
        let german = "Ich hätte gern gewusst, wann das Päckchen ankommt. ".repeat(200);
        let system = "This call may be recorded for quality and training. ".repeat(40);
        let call = call(&[(Role::Other, &system), (Role::Customer, &format!("x{german}")), (Role::Agent, "ü")]);
        assert_eq!(&*detect(&call), "de");
    }

    #[test]
    fn nothing_said_counts_as_english() {
        assert_eq!(&*detect(&call(&[])), "en");
    }
}
