//! A cue's text without markup: tags, entities, and the voices that WebVTT's `<v Name>` names.

use std::borrow::Cow;

/// A longer tag is none.
const MAX_TAG_BYTES: usize = 200;
/// The entities that captions have; those by number are read too.
const ENTITIES: [(&str, &str); 9] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("lrm", ""),
    ("rlm", ""),
    ("hellip", "\u{2026}"),
];

/// A stretch of a cue's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// Who says it, if a tag names them.
    pub(super) voice: Option<Cow<'a, str>>,
    /// The words, without markup.
    pub(super) text: String,
}

/// The pieces of a cue's line, a new one at each tag that names a voice. `voice` is who speaks where it begins, and is
/// left to be who speaks at its end.
pub(super) fn pieces<'a>(line: &'a str, voice: &mut Option<Cow<'a, str>>) -> Vec<Piece<'a>> {
    let mut pieces = vec![Piece { voice: voice.clone(), text: String::new() }];
    let mut rest = line;
    while let Some(at) = rest.find(['<', '&', '{']) {
        let (before, markup) = rest.split_at_checked(at).unwrap_or_default();
        add(&mut pieces, before);
        if let Some((tag, after)) = tag(markup) {
            if let Some(name) = voice_of(tag) {
                *voice = (!name.is_empty()).then_some(name);
                pieces.push(Piece { voice: voice.clone(), text: String::new() });
            } else if tag == "/v" {
                *voice = None;
                pieces.push(Piece { voice: None, text: String::new() });
            }
            rest = after;
        } else if let Some((text, after)) = entity(markup) {
            add(&mut pieces, &text);
            rest = after;
        } else {
            let (sign, after) = markup.split_at_checked(1).unwrap_or_default();
            add(&mut pieces, sign);
            rest = after;
        }
    }
    add(&mut pieces, rest);
    pieces.retain(|piece| !piece.text.trim().is_empty());
    pieces
}

fn add(pieces: &mut [Piece<'_>], text: &str) {
    if let Some(piece) = pieces.last_mut() {
        piece.text += text;
    }
}

/// Whether `text` has a tag that names a voice.
pub(super) fn has_voice(text: &str) -> bool {
    text.match_indices("<v").any(|(at, _)| {
        text.get(at..).and_then(tag).and_then(|(tag, _)| voice_of(tag)).is_some_and(|name| !name.is_empty())
    })
}

/// The inside of the tag that `text` begins with, and what follows it: `<i>`, `</v>`, `<00:01.000>`, `{\an8}`.
fn tag(text: &str) -> Option<(&str, &str)> {
    let (inner, close) = match text.strip_prefix('<') {
        Some(inner) if inner.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/') => (inner, '>'),
        Some(_) => return None,
        None => (text.strip_prefix('{').filter(|inner| inner.starts_with('\\'))?, '}'),
    };
    let (tag, after) = inner.split_once(close)?;
    (tag.len() <= MAX_TAG_BYTES && !tag.contains('<')).then_some((tag, after))
}

/// The name in `v Name` or `v.class Name`.
fn voice_of(tag: &str) -> Option<Cow<'_, str>> {
    let rest = tag.strip_prefix('v').filter(|rest| rest.starts_with(['.', ' ', '\t']) || rest.is_empty())?;
    let name = rest.split_once(char::is_whitespace).map_or("", |(_, name)| name).trim();
    if !name.contains('&') {
        return Some(name.into());
    }
    Some(pieces(name, &mut None).into_iter().map(|piece| piece.text).collect::<String>().into())
}

/// The text of the entity that `text` begins with, and what follows it.
fn entity(text: &str) -> Option<(Cow<'static, str>, &str)> {
    let (name, after) = text.strip_prefix('&')?.split_once(';')?;
    if let Some((_, text)) = ENTITIES.iter().find(|(known, _)| *known == name) {
        return Some(((*text).into(), after));
    }
    let number = name.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    Some((char::from_u32(code)?.to_string().into(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Vec<(Option<String>, String)> {
        let pieces = pieces(line, &mut None).into_iter();
        pieces.map(|piece| (piece.voice.map(Cow::into_owned), piece.text)).collect()
    }

    #[test]
    fn voices_begin_pieces_and_other_tags_go() {
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(said("<v Jane Roe>Hi <i>there</i>"), [(name("Jane Roe"), "Hi there".into())]);
        assert_eq!(
            said("<v.loud A&amp;B>Hi</v> so <v C>yes"),
            [(name("A&B"), "Hi".into()), (None, " so ".into()), (name("C"), "yes".into())]
        );
        assert_eq!(said("{\\an8}<c.x><00:01.000>a &lt;b&gt; &#39;c&#x27;&nbsp;d"), [(None, "a <b> 'c' d".into())]);
        for words in ["I <3 you & me; x", "a < b > c", "<unclosed", "&nothing; &#xffffffff;", "{not a tag}"] {
            assert_eq!(said(words), [(None, words.to_owned())], "{words}");
        }
        assert!(has_voice("a <v Jane>b") && !has_voice("<v>a <video x> <var y>"));
    }
}
