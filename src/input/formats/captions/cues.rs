//! Cues out of captions: blocks of lines with a time line, as WebVTT and SubRip have them.
//!
//! A block without a time line continues the cue before it, since captions with an empty line within are common.

use crate::input::times::stamp;

/// What blocks of WebVTT begin with that are no cues.
const NO_CUES: [&str; 4] = ["WEBVTT", "NOTE", "STYLE", "REGION"];

/// One cue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cue<'a> {
    /// The line with its time, from 1.
    pub(super) line: u64,
    /// When it is shown, in milliseconds; `None` if the time line can't be read.
    pub(super) times: Option<(i64, i64)>,
    /// The lines below, without those that are blank.
    pub(super) lines: Vec<&'a str>,
}

/// Whether a line is a cue's time line: `00:00:01,000 --> 00:00:02,500` with whatever follows.
pub(super) fn is_time_line(line: &str) -> bool {
    times(line).is_some()
}

fn times(line: &str) -> Option<(i64, i64)> {
    let (start, rest) = line.split_once("-->")?;
    let start = time(start.trim())?;
    let end = time(rest.split_whitespace().next()?)?;
    Some((start, end.max(start)))
}

/// A cue's time, the parts of which some exports write without a leading zero: `0:0:1.5`.
fn time(text: &str) -> Option<i64> {
    let padded = |part: &str| {
        format!("{part:0>width$}", width = part.len() + usize::from(part.find(['.', ',']).unwrap_or(part.len()) == 1))
    };
    stamp(text).or_else(|| stamp(&text.split(':').map(padded).collect::<Vec<_>>().join(":")))
}

/// All cues of `text`, in the order of the file.
pub(super) fn cues(text: &str) -> Vec<Cue<'_>> {
    let mut cues: Vec<Cue<'_>> = Vec::new();
    let mut is_skipped = false;
    let mut is_block_start = true;
    let mut lines = (1_u64..).zip(text.lines().map(str::trim)).peekable();
    while let Some((number, line)) = lines.next() {
        if line.is_empty() {
            (is_skipped, is_block_start) = (false, true);
            continue;
        }
        let is_first = std::mem::replace(&mut is_block_start, false);
        if line.contains("-->") && !is_skipped {
            cues.push(Cue { line: number, times: times(line), lines: Vec::new() });
            continue;
        }
        is_skipped |= is_first && NO_CUES.iter().any(|word| is_headed(line, word));
        // A line above a time line is the cue's name.
        let is_name = lines.peek().is_some_and(|(_, next)| next.contains("-->")) && (is_first || is_number(line));
        if let Some(cue) = cues.last_mut().filter(|_| !is_skipped && !is_name) {
            cue.lines.push(line);
        }
    }
    cues
}

/// Whether `line` is `word`, or begins with it and white space.
fn is_headed(line: &str, word: &str) -> bool {
    line.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn is_number(line: &str) -> bool {
    line.bytes().all(|byte| byte.is_ascii_digit())
}

/// Takes away lines that a cue repeats of the one before it, if the captions roll up: where most cues of several lines
/// begin with the last line of the cue before.
pub(super) fn unroll(cues: &mut [Cue<'_>]) {
    let is_repeated = |pair: &[Cue<'_>]| pair[0].lines.last().is_some_and(|last| pair[1].lines.first() == Some(last));
    let several = cues.windows(2).filter(|pair| pair[1].lines.len() > 1).count();
    let rolling = cues.windows(2).filter(|pair| pair[1].lines.len() > 1 && is_repeated(pair)).count();
    if rolling < 2 || rolling * 2 < several {
        return;
    }
    let mut before: Vec<&str> = Vec::new();
    for cue in cues {
        let lines = std::mem::take(&mut cue.lines);
        let shared = |count: &usize| before.ends_with(&lines[..*count]);
        let repeated = (1..=lines.len().min(before.len())).rev().find(shared).unwrap_or(0);
        cue.lines = lines[repeated..].to_vec();
        before = lines;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cue's line, times and text.
    type Found = (u64, Option<(i64, i64)>, String);

    fn found(text: &str) -> Vec<Found> {
        cues(text).into_iter().map(|cue| (cue.line, cue.times, cue.lines.join("|"))).collect()
    }

    #[test]
    fn cues_are_told_from_everything_else() {
        let text = "WEBVTT - title\nKind: captions\n\nNOTE a\nb --> c\n\nSTYLE\n::cue {}\n\nREGION\nid:x\n\n\
            intro\n00:01.000 --> 01:00:02.500 align:start\nHello\n there \n\n2\n00:00:03,000 --> 00:00:04,000\nwell\n\nso it is\n\
            3\n00:00:05,000 --> 00:00:06,000\nNOTE that\n\n00:07.x --> 00:08.000\nlost\n";
        let expected = [
            (14, Some((1_000, 3_602_500)), "Hello|there"),
            (19, Some((3_000, 4_000)), "well|so it is"),
            (24, Some((5_000, 6_000)), "NOTE that"),
            (27, None, "lost"),
        ];
        let expected: Vec<_> = expected.iter().map(|(line, times, text)| (*line, *times, (*text).to_owned())).collect();
        assert_eq!(found(text), expected);
    }

    #[test]
    fn parts_of_a_time_need_no_leading_zero() {
        assert_eq!(times("0:0:1.5 --> 0:1:2.250"), Some((1_500, 62_250)));
        assert_eq!(times("0:0:x --> 0:1:2.250"), None);
        assert_eq!(times("0:0:75 --> 0:1:2"), None);
    }

    #[test]
    fn captions_that_roll_up_are_read_once() {
        let cue = |lines: &[&'static str]| Cue { line: 1, times: Some((0, 1)), lines: lines.to_vec() };
        let mut rolling = [cue(&["a b"]), cue(&["a b", "c d"]), cue(&["c d"]), cue(&["c d", "e"]), cue(&["e", "f"])];
        unroll(&mut rolling);
        assert_eq!(rolling.map(|cue| cue.lines.join("|")), ["a b", "c d", "", "e", "f"]);
        let mut said_twice = [cue(&["yes"]), cue(&["yes"]), cue(&["no", "yes"]), cue(&["yes", "please"])];
        let before = said_twice.clone();
        unroll(&mut said_twice);
        assert_eq!(said_twice, before);
    }
}
