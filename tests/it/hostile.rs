//! Names that break careless tables, pages and terminals stay names: in every output of the whole program.
//!
//! That each table is still what its description says is checked after every run, see [`crate::program`].

use std::collections::BTreeSet;

use crate::program::{Ended, Outputs, Place, write_csv};

/// What a queue, an agent, a call or a channel may be called by whoever wants harm.
fn hostile() -> Vec<String> {
    let names = [
        "<script>alert(1)</script>",
        "</script><!--<b>&amp;",
        "\"><img src=x onerror=alert(1)>",
        "' onclick='alert(1)",
        "]]></title></style><svg onload=alert(1)>",
        "=cmd|' /C calc'!A0",
        "'=cmd|' /C calc'!A0",
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "a,\"b\";c|d\te",
        "two\nlines",
        "\u{1b}[2J\u{1b}]0;title\u{7}",
        "\u{202e}evil \u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{645}\u{631}\u{62d}\u{628}\u{627}",
        "e\u{301}\u{301}\u{301}\u{301} \u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}",
        "NaN",
        "0.0000",
        "{{ call_id }}",
        "../../etc/passwd",
        "%s%n",
    ];
    names.map(str::to_owned).into_iter().chain(["x".repeat(500), "\u{5d0}".repeat(500)]).collect()
}

/// Calls of agents and queues of these names: each has two that escalate, two that recover, and one more.
fn transcripts(names: &[String]) -> Vec<u8> {
    const GOOD: &str = "that is great, wonderful, thank you so much, I love it, excellent";
    const BAD: &str = "this is terrible, awful, I hate it, the worst service, I am furious";
    let mut rows = vec![["call_id", "speaker", "agent_id", "queue", "channel", "text"].map(str::to_owned)];
    for name in names {
        for (call, said) in [[GOOD, BAD], [BAD, GOOD], [GOOD, GOOD], [BAD, GOOD], [GOOD, BAD]].iter().enumerate() {
            let id = if call == 0 { name.clone() } else { format!("{name} {call}") };
            for text in [said[0], said[0], "well", said[1], said[1]] {
                for speaker in ["customer", "agent"] {
                    rows.push([&id, speaker, name, name, name, text].map(str::to_owned));
                }
            }
        }
    }
    write_csv(rows)
}

fn looks_like_formula(name: &str) -> bool {
    name.trim_start_matches('\'').starts_with(['=', '+', '-', '@'])
}

fn analyzed(names: &[String]) -> (Place, Outputs, Ended) {
    let place = Place::new();
    place.write("in.csv", transcripts(names));
    let ended = place.run(&["analyze", "--detail", "--out", "out", "in.csv"]).expect(0);
    let outputs = place.outputs("out");
    (place, outputs, ended)
}

#[test]
fn tables_hold_every_name_apart_and_none_that_a_spreadsheet_runs() {
    let (names, (_, outputs, _)) = (hostile(), analyzed(&hostile()));
    let shown = |name: &String| {
        let guard = if looks_like_formula(name) { "'" } else { "" };
        format!("{guard}{}", name.replace('\n', " "))
    };
    let expected: BTreeSet<String> = names.iter().map(shown).collect();
    assert_eq!(expected.len(), names.len());
    let agents = outputs.table("agents.csv");
    assert_eq!(agents.column("agent_id").into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), expected);
    assert!(agents.column("calls").iter().all(|calls| *calls == "5"), "{agents:?}");
    let calls = outputs.table("calls.csv");
    assert_eq!(calls.rows.len(), 5 * names.len());
    for name in &expected {
        for column in ["agent_id", "queue", "channel"] {
            assert_eq!(calls.cell(name, column), name, "{column}");
        }
    }
    for (name, table) in outputs.tables() {
        let first = table.rows.iter().map(|row| &row[0]);
        assert_eq!(first.filter(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r'])).count(), 0, "{name}");
    }
}

#[test]
fn the_page_has_no_element_that_the_page_of_tame_names_lacks() {
    let tame: Vec<String> = (0..hostile().len()).map(|number| format!("agent {number}")).collect();
    let [tame, hostile] = [tame, hostile()].map(|names| {
        let (_, outputs, _) = analyzed(&names);
        elements(outputs.text("report.html")).unwrap_or_else(|problem| panic!("the page can't be read: {problem}"))
    });
    assert!(tame.len() > 30, "{tame:?}");
    let strange: Vec<_> = hostile.difference(&tame).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn the_terminal_is_shown_no_name_that_controls_it() {
    let (place, outputs, ended) = analyzed(&hostile());
    let mut shown = vec![ended.stdout, ended.stderr];
    for id in outputs.table("calls.csv").column("call_id") {
        let ended = place.run(&["explain", "--out", "out", "--", id]).expect(0);
        // Bare, as the transcript has it, it is the same call, unless that would be the guarded id of another one.
        if let Some(bare) = id.strip_prefix('\'').filter(|id| looks_like_formula(id) && !id.starts_with('\'')) {
            assert_eq!(place.run(&["explain", "--out", "out", "--", bare]).expect(0).stdout, ended.stdout);
        }
        shown.extend([ended.stdout, ended.stderr]);
    }
    for text in shown {
        let controls = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!text.contains(controls), "{text:?}");
    }
}

/// Elements without an end.
const VOID: [&str; 5] = ["meta", "br", "hr", "input", "wbr"];

/// Elements whose end may be left out.
const ENDS_BY_ITSELF: [&str; 9] = ["td", "th", "tr", "tbody", "thead", "li", "p", "dd", "dt"];

/// Every element of a page with the names of its attributes; `Err` for what a browser would have to guess at.
fn elements(page: &str) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page.trim_start().strip_prefix("<!doctype html>").ok_or("no doctype")?;
    while let Some((before, after)) = rest.split_once('<') {
        if before.contains('>') {
            return Err(format!("a stray > in {before:?}"));
        }
        if let Some(after) = after.strip_prefix('/') {
            let (name, after) = after.split_once('>').ok_or("an end without its end")?;
            while open.last().is_some_and(|opened| *opened != name && ENDS_BY_ITSELF.contains(opened)) {
                open.pop();
            }
            let opened = open.pop();
            if opened != Some(name) {
                return Err(format!("</{name}> closes {opened:?}"));
            }
            rest = after;
            continue;
        }
        let (element, name, closed, after) = start(after)?;
        found.insert(element);
        rest = after;
        if matches!(name, "script" | "style") {
            // Nothing in them is markup but their own end.
            rest = rest.split_once(&format!("</{name}>")).ok_or("a script or style without an end")?.1;
        } else if !closed && !VOID.contains(&name) {
            open.push(name);
        }
    }
    let whole = open.is_empty() && !rest.contains('>');
    if whole { Ok(found) } else { Err(format!("it ends in {rest:?} with {open:?} not closed")) }
}

/// Reads a start tag after its `<`: the element with its attributes' names, its name, whether it closes itself, and the rest.
fn start(tag: &str) -> Result<(String, &str, bool, &str), String> {
    let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).ok_or("a tag without an end")?;
    let (name, mut rest) = tag.split_at(end);
    if name.is_empty() {
        return Err(format!("a stray < before {:?}", tag.chars().take(40).collect::<String>()));
    }
    let mut attributes = BTreeSet::new();
    loop {
        rest = rest.trim_start();
        for (closing, closed) in [("/>", true), (">", false)] {
            if let Some(rest) = rest.strip_prefix(closing) {
                let attributes: Vec<&str> = attributes.into_iter().collect();
                return Ok((format!("{name} {}", attributes.join(" ")), name, closed, rest));
            }
        }
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).ok_or("a tag without an end")?;
        let (attribute, after) = rest.split_at(end);
        if attribute.is_empty() || !attributes.insert(attribute) {
            return Err(format!("<{name}> has an attribute {attribute:?} before {:?}", after.chars().next()));
        }
        rest = match after.strip_prefix("=\"") {
            Some(value) => value.split_once('"').ok_or("a value without an end")?.1,
            None if after.starts_with('=') => return Err(format!("<{name} {attribute}> has a bare value")),
            None => after,
        };
    }
}

#[test]
fn a_page_that_is_broken_is_not_taken_for_one() {
    let read = |body: &str| elements(&format!("<!doctype html>{body}"));
    let right = "<p class=\"a>b\" hidden>a<br>b<svg><g/></svg><script>if (a < b) {}</script>";
    assert_eq!(read(&format!("<div>{right}</div>")).map(|found| found.len()), Ok(6));
    for wrong in [
        "<div>",
        "<b></i>",
        "</b>",
        "<p><b></p>",
        "a < b",
        "a > b",
        "<p class=a></p>",
        "<p class='a'></p>",
        "<p a a></p>",
        "<p \"></p>",
        "<script>",
        "<!-- -->",
        "<p",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
