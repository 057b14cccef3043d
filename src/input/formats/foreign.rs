//! What a file is that no format reads, by the beginning of its text. Nothing of it is quoted.

/// How many of the first lines are looked at.
const LINES: usize = 60;
/// What lines of programs begin with.
const CODE_BEGINS: [&str; 16] = [
    "#!",
    "#include",
    "import ",
    "from ",
    "package ",
    "using ",
    "def ",
    "class ",
    "function ",
    "fn ",
    "pub ",
    "const ",
    "let ",
    "var ",
    "public ",
    "return",
];

/// What a file is that no table could be, whatever its first line holds.
pub(super) fn is_no_table(sample: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(sample);
    let begin = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let lower = begin.get(..begin.floor_char_boundary(64)).unwrap_or_default().to_ascii_lowercase();
    let after = |first: &str| begin.strip_prefix(first).map(|rest| rest.trim_start().chars().next());
    if matches!(after("{"), Some(None | Some('"' | '}')))
        || matches!(after("["), Some(None | Some('{' | '"' | '[' | ']')))
    {
        Some("JSON")
    } else if lower.starts_with("webvtt") {
        Some("captions (WebVTT)")
    } else if begin.lines().take(LINES).any(is_caption_time) {
        Some("captions (SubRip)")
    } else if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        Some("a web page (HTML)")
    } else if begin.starts_with('<') && begin.contains('>') {
        Some("XML")
    } else if lower.starts_with("{\\rtf") {
        Some("rich text (RTF)")
    } else {
        None
    }
}

/// What a file is that has no column of a known name.
pub(super) fn looks_like(sample: &[u8]) -> Option<&'static str> {
    if let Some(found) = is_no_table(sample) {
        return Some(found);
    }
    let controls = |bytes: &[u8]| bytes.iter().filter(|byte| **byte < 9 || (14..32).contains(*byte)).count();
    if controls(sample) * 50 > sample.len() {
        return Some("binary data");
    }
    let text = String::from_utf8_lossy(sample);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(LINES).collect();
    let share = |wanted: &dyn Fn(&&&str) -> bool| lines.iter().filter(wanted).count() * 3 >= lines.len();
    if lines.len() > 2
        && share(&|line| line.ends_with(['{', '}', ';']) || CODE_BEGINS.iter().any(|begin| line.starts_with(begin)))
    {
        return Some("source code");
    }
    (!share(&|line| line.contains([',', ';', '\t', '|']))).then_some("plain text")
}

/// `00:00:01,000 --> 00:00:02,500`
fn is_caption_time(line: &str) -> bool {
    let is_time = |time: &str| time.trim().starts_with(|c: char| c.is_ascii_digit()) && time.contains(':');
    line.split_once(" --> ").is_some_and(|(from, to)| is_time(from) && is_time(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_tables_are_called_what_they_are() {
        for (text, expected) in [
            ("{\"text\": \"my secret, here\"}", "JSON"),
            ("\u{feff}\n[ {\"a\":1},\n", "JSON"),
            ("WEBVTT\n\n00:01.000 --> 00:02.000\nAgent: hi, there", "captions (WebVTT)"),
            ("1\n00:00:01,000 --> 00:00:02,000\nhi, there\n", "captions (SubRip)"),
            ("<?xml version=\"1.0\"?>\n<call>secret, words</call>", "XML"),
            ("<!DOCTYPE html><p>a, b", "a web page (HTML)"),
            ("{\\rtf1 a, b}", "rich text (RTF)"),
        ] {
            assert_eq!(is_no_table(text.as_bytes()), Some(expected), "{text}");
        }
        for (text, expected) in [
            ("import os, sys\n\ndef main(a, b):\n    return a\n", "source code"),
            ("fn main() {\n    let a = 1;\n}\n", "source code"),
            ("Agent: hello there\nCustomer: my card is lost\nAgent: I see\n", "plain text"),
            ("\x01\x02\x03\0\0\x07abc", "binary data"),
        ] {
            assert_eq!(looks_like(text.as_bytes()), Some(expected), "{text}");
        }
        for table in ["call;who;what\n1;agent;hello\n", "[x],b\n1,2\n", "a,b;\n1,2;\n", "[00:01] a, b\nc, d"] {
            assert_eq!(looks_like(table.as_bytes()), None, "{table}");
        }
    }
}
