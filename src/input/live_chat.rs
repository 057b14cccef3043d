//! Bodies of Salesforce live chats, as rows of `LiveChatTranscript` hold them: HTML in which a paragraph names each agent
//! and a line begins with the time since the chat's start, `( 1m 5s ) Jane R: Hello`.
//!
//! Whoever is named in no paragraph is the customer, since only those who took the chat are. A body without such a
//! paragraph keeps its names: whose they are, the user states.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::html;

/// What stands before an agent's name.
const AGENT: &str = "Agent ";

/// The text of a conversation: that of HTML without its tags, and of a live chat with roles for labels.
pub(super) fn text(body: &str) -> Cow<'_, str> {
    let is_html = body.trim_start().starts_with('<') && (body.contains("</p>") || body.contains("<br"));
    if !is_html {
        return body.into();
    }
    let text = html::text(body);
    labelled(&text).map_or(text, Cow::Owned)
}

/// The lines of a live chat with a label of known role each; `None` if it is none.
fn labelled(text: &str) -> Option<String> {
    let agents: Vec<&str> = text.lines().filter(|line| entry(line).is_none()).filter_map(agent).collect();
    let mut labelled = String::with_capacity(text.len());
    for line in text.lines() {
        match entry(line) {
            Some((seconds, name, words)) => {
                let label = match agents.is_empty() {
                    true => name,
                    false if agents.contains(&name) => "Agent",
                    false => "Customer",
                };
                // Writing to a string can't fail.
                let _ = writeln!(labelled, "[{:02}:{:02}] {label}: {words}", seconds / 60, seconds % 60);
            }
            // Heads are nobody's words, and lines below an entry belong to it.
            None if labelled.is_empty() || agent(line).is_some() => {}
            None => labelled = labelled + line + "\n",
        }
    }
    (!labelled.is_empty()).then_some(labelled)
}

/// The agent whom a paragraph names.
fn agent(line: &str) -> Option<&str> {
    line.strip_prefix(AGENT).map(str::trim).filter(|name| !name.is_empty() && !name.contains(':'))
}

/// The seconds since the chat's start, the name and the words of a line.
fn entry(line: &str) -> Option<(u64, &str, &str)> {
    let (time, rest) = line.strip_prefix('(')?.split_once(')')?;
    let seconds = time.split_whitespace().take(3).map(part).sum::<Option<u64>>().filter(|_| !time.trim().is_empty())?;
    let (name, words) = rest.split_once(':')?;
    Some((seconds, name.trim(), words.trim()))
}

/// The seconds of `2h`, `5m` or `7s`.
fn part(part: &str) -> Option<u64> {
    let (number, unit) = part.split_at_checked(part.len().checked_sub(1)?)?;
    let seconds = match unit {
        "h" => 3600,
        "m" => 60,
        "s" => 1,
        _ => return None,
    };
    Some(u64::from(number.parse::<u32>().ok()?) * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_took_the_chat_is_the_agent() {
        let body = "<p align=\"center\">Chat Started: Monday, May 13, 2024, 10:00:00 (+0000)</p>\
            <p align=\"center\">Agent Jane R</p>( 2s ) Jane R: Hello<br>( 1m 7s ) Bo: It broke &amp; now<br>nothing<br>\
            <p align=\"center\">Agent Tom K</p>( 1h 1s ) Tom K: I see: done<br>";
        let expected = "[00:02] Agent: Hello\n[01:07] Customer: It broke & now\nnothing\n[60:01] Agent: I see: done\n";
        assert_eq!(text(body), expected);
    }

    #[test]
    fn names_stay_where_no_paragraph_names_an_agent() {
        assert_eq!(text("<p>Chat Started: x</p>( 2s ) Jane R: Hello<br>"), "[00:02] Jane R: Hello\n");
        assert_eq!(text("<p>Agent: Hello</p><p>Customer: Hi</p>"), "Agent: Hello\nCustomer: Hi");
        for words in ["( 2s ) Jane: Hello", "a < b", "<3 you", ""] {
            assert_eq!(text(words), words);
        }
        for line in ["( ) a: b", "(2x) a: b", "(2s) a", "( 99999999999999999999h ) a: b"] {
            assert_eq!(entry(line), None, "{line}");
        }
    }
}
