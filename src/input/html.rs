//! The words of a body that is written in HTML: what a person would read of it, line by line.

use std::borrow::Cow;

use html_escape::decode_html_entities;

/// Elements that stand on lines of their own.
const BLOCKS: [&str; 13] = ["br", "p", "div", "li", "ul", "ol", "tr", "table", "blockquote", "h1", "h2", "h3", "pre"];
/// Elements whose content nobody reads.
const UNREAD: [&str; 3] = ["script", "style", "head"];

/// The text of `body`: tags are left out, entities decoded, white space at both ends of a line and lines of nothing
/// else dropped.
pub(super) fn text(body: &str) -> Cow<'_, str> {
    if !body.contains(['<', '&', '\n']) {
        return body.trim().into();
    }
    let mut words = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((before, tag, after)) = next_tag(rest) {
        words.push_str(before);
        let name = tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        if BLOCKS.contains(&name.as_str()) {
            words.push('\n');
        }
        rest = if UNREAD.contains(&name.as_str()) && !tag.starts_with('/') { behind(after, &name) } else { after };
    }
    words.push_str(rest);
    // Entities are decoded last: `&lt;b&gt;` is no tag.
    let lines: Vec<Cow<'_, str>> = words.lines().map(decode_html_entities).collect();
    let lines = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n").into()
}

/// What stands before the next tag, the tag without its angles, and what follows it. A comment is a tag without a name.
fn next_tag(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find('<')?;
        let inner = text.get(at + 1..)?;
        if let Some(comment) = inner.strip_prefix("!--") {
            return Some((text.get(..at)?, "", comment.split_once("-->").map_or("", |(_, after)| after)));
        }
        // `a < b` and `<3` are words.
        if inner.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!')) {
            let (tag, after) = inner.split_once('>')?;
            return Some((text.get(..at)?, tag, after));
        }
        from = at + 1;
    }
}

/// What follows the end of the element `name`.
fn behind<'t>(text: &'t str, name: &str) -> &'t str {
    let is_it = |end: &str| end.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    let ends = text.match_indices("</").filter_map(|(at, _)| text.get(at + 2..));
    ends.filter(|end| is_it(end)).find_map(|end| Some(end.split_once('>')?.1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_a_person_reads_is_left() {
        for (body, expected) in [
            ("<p>Hi, <b>Ann</b></p><p>my box &amp; lid<br/>broke&nbsp;</p>", "Hi, Ann\nmy box & lid\nbroke"),
            ("plain words", "plain words"),
            ("5 < 6 and <3 &lt;b&gt; &#39;q&#x27;", "5 < 6 and <3 <b> 'q'"),
            ("<STYLE>p { x: 1 }</STYLE>a<script>if (a<b) {}</script >b<!-- <p>c -->d", "abd"),
            ("<div class=\"x>\">", "\">"),
            ("<p><br></p><img src='a'>&nbsp;", ""),
            ("a<b", "a<b"),
            ("<!-- never closed", ""),
            ("one\n  two\n\n", "one\ntwo"),
        ] {
            assert_eq!(text(body), expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn words_between_tags_are_kept(words in prop::collection::vec("[a-zé ]{1,6}", 1..6), tag in "[a-z]{1,9}") {
            let body = format!("<{tag} a=1>{}</{tag}>", words.join(&format!("</{tag}><{tag} a=1>")));
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assume!(!UNREAD.contains(&tag.as_str()));
            prop_assert_eq!(letters(&text(&body)), letters(&words.concat()));
        }

        #[test]
        fn any_text_comes_to_an_end(body in "[<>!/&;a-c\\-\n é]{0,60}") {
            text(&body);
        }
    }
}
