//! One list of spans out of all that was found: in order, none over another, none over a mask.

use super::kind::Kind;
use super::span::Span;

/// How sure a kind is of what it found, where spans of one length compete.
const fn rank(span: &Span) -> u8 {
    match (span.kind, span.rule.as_bytes()) {
        (_, b"terms") => 12,
        (Kind::Card, b"card.luhn") | (Kind::Iban | Kind::Email, _) => 11,
        (Kind::Url, _) => 10,
        (Kind::Ssn, _) => 9,
        (Kind::Birth, _) => 8,
        (Kind::Address, _) => 7,
        (Kind::Phone, _) => 6,
        (Kind::Card | Kind::Bank, _) => 5,
        (Kind::Password, _) => 4,
        (Kind::Id, _) => 3,
        (Kind::Name, _) => 2,
    }
}

/// Puts spans in order. Where two share bytes, both become one of the kind of the longer, or of the surer where they
/// are equally long: nothing that either kept back is sent.
pub(super) fn resolve(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|span| span.bytes.start < span.bytes.end);
    spans.sort_by_key(|span| (span.turn, span.bytes.start, std::cmp::Reverse(span.bytes.end)));
    let mut resolved: Vec<Span> = Vec::with_capacity(spans.len());
    // The length of the span that gave the last one its kind.
    let mut longest = 0;
    for span in spans {
        let length = span.bytes.end - span.bytes.start;
        match resolved.last_mut() {
            Some(last) if last.turn == span.turn && span.bytes.start < last.bytes.end => {
                last.bytes.end = last.bytes.end.max(span.bytes.end);
                if (length, rank(&span)) > (longest, rank(last)) {
                    (last.kind, last.rule) = (span.kind, span.rule);
                    longest = length;
                }
            }
            _ => {
                longest = length;
                resolved.push(span);
            }
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(turn: u32, bytes: std::ops::Range<u32>, kind: Kind) -> Span {
        Span { turn, bytes, kind, rule: "rule" }
    }

    #[test]
    fn spans_that_share_bytes_become_one_of_the_longer_kind() {
        let found = vec![
            span(1, 0..4, Kind::Name),
            span(0, 9..12, Kind::Phone),
            span(0, 0..10, Kind::Card),
            span(0, 20..24, Kind::Id),
            span(0, 20..24, Kind::Ssn),
            span(0, 30..30, Kind::Name),
        ];
        let wanted = [span(0, 0..12, Kind::Card), span(0, 20..24, Kind::Ssn), span(1, 0..4, Kind::Name)];
        assert_eq!(resolve(found), wanted);
    }
}
