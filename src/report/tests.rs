//! The page as a reader gets it.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::date;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::testing::Sample;
use super::{Expected, Figures, Trend, TrendDay, draw};
use crate::exit::Stops as _;

/// Names that break careless pages and terminals.
const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\u{202e}evil \u{5e9}\u{5dc}\u{5d5}\u{5dd}",
    "\"><img src=x onerror=alert(1)>",
    "</script><!--<b>&amp;",
    "javascript:alert(1)//' onclick='x",
];

/// The page from the files, which is the one that the run itself draws.
fn page(sample: &Sample) -> String {
    page_of(sample, false)
}

fn page_of(sample: &Sample, detail: bool) -> String {
    let page = draw(sample.write(detail)).unwrap();
    assert!(page == sample.page(detail), "drawn again it is another one");
    page
}

/// Calls of agents whose customers differ: one of them sounds far worse.
fn centre(agents: usize, calls: usize) -> Sample {
    let mut sample = Sample::new();
    for agent in 0..agents {
        for call in 0..calls {
            let level = if agent == 0 { -0.7 } else { 0.1 };
            let wobble = f64::from(u32::try_from((agent * 7 + call * 13) % 11).unwrap()) / 40.0;
            let queue = if call % 2 == 0 { "billing" } else { "sales" };
            let date = format!("2026-03-{:02}", 1 + call % 28);
            let scores = [Some(level + wobble), Some(level), Some(level - wobble), Some(level + wobble)];
            let id = format!("call-{agent:04}-{call:02}");
            sample.call_in(&id, &format!("agent-{agent:04}"), Some(queue), Some(&date), &scores);
        }
    }
    sample
}

/// The text of the elements of this class, tags taken out.
fn texts(page: &str, class: &str) -> Vec<String> {
    let begin = format!("class=\"{class}\">");
    let parts = page.split(begin.as_str()).skip(1);
    parts.map(|rest| rest.split('<').next().unwrap_or_default().trim().to_owned()).collect()
}

#[test]
fn the_page_says_in_order_what_the_tables_say() {
    let page = page(&centre(12, 20));
    let headings = [
        "The answer",
        "What changed",
        "Day by day",
        "From start to end",
        "How calls are distributed",
        "Queue by queue",
        "Agents: who lies outside the usual spread?",
        "Calls worth listening to",
        "All agents",
        "What was run",
        "How every number is made",
    ];
    let places: Vec<Option<usize>> = headings.iter().map(|heading| page.find(&format!(">{heading}</h2>"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
    assert_eq!(texts(&page, "lead"), ["240 calls, 12 agents, 2026-03-01 to 2026-03-20"]);
    assert!(page.contains("1 agent lies outside the spread that agents here usually have."));
    assert!(page.contains("12 agents with 10 calls or more differ (p &#60; 0.001)."));
    assert!(page.contains("Agents are not ranked, because"));
    assert!(page.contains(">agent-0000</text>"), "the one outside is labelled");
    assert!(!page.contains(">agent-0001</text>"), "one inside is not");
    for figure in ["quarters", "distribution", "trend", "funnel"] {
        let labelled = format!("role=\"img\" aria-labelledby=\"{figure}-title {figure}-description\"");
        assert!(page.contains(&labelled) && page.contains(&format!("<desc id=\"{figure}-description\">")), "{figure}");
    }
    for table in ["The trend", "Quarters", "The distribution"] {
        assert!(page.contains(&format!("<summary>{table} in numbers</summary>")), "{table}");
    }
}

/// A trend whose last day has an alarm, one of whose days has no mean, and which starts anew once.
fn trend() -> Trend {
    let day = |number: i8| TrendDay {
        date: date(2026, 2, number),
        calls: 80,
        scored: 70,
        mean: (number != 4).then_some(0.1 - if number == 20 { 0.3 } else { 0.0 }),
        interval: Some((0.0, 0.2)),
        expected: (number > 8).then_some(Expected { mean: 0.1, low: 0.02, high: 0.18 }),
        alarms: if number == 20 { vec!["The mood <fell>.".into()] } else { Vec::new() },
        warming_up: number <= 8,
        low_n: number == 15,
        baseline: (number == 12).then(|| "Another <engine>.".into()),
    };
    Trend { days: (1..=20).map(day).collect(), previous: None, agents: Vec::new() }
}

/// Pages of every kind.
fn pages() -> Vec<String> {
    let (small, large, silent) = (Sample::new(), centre(8, 30), {
        let mut sample = Sample::new();
        sample.call("<silent>", "<b>", &[None, None]);
        sample
    });
    let before =
        Trend { previous: Some(("the days up to 2026-02-19".into(), Figures::of(&large.overview()))), ..trend() };
    let mut pages: Vec<String> = [&small, &large, &silent].map(|sample| sample.page(true)).into();
    pages.push(large.page(false));
    pages.push(large.page_with(true, Some(&before)));
    pages
}

/// What stands between each `open` and the `close` after it.
fn all_between<'p>(page: &'p str, open: &str, close: &str) -> Vec<&'p str> {
    page.split(open).skip(1).map(|rest| rest.split(close).next().unwrap_or_default()).collect()
}

#[test]
fn headings_are_in_order_and_every_part_is_named_once() {
    for page in pages() {
        let headings = page.split("<h").skip(1);
        let levels: Vec<u32> = headings.filter_map(|rest| rest.chars().next()?.to_digit(10)).collect();
        assert_eq!((levels[0], levels.iter().filter(|&&level| level == 1).count()), (1, 1));
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
        let ids = all_between(&page, " id=\"", "\"");
        let known: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(known.len(), ids.len(), "an id stands twice: {ids:?}");
        let named = all_between(&page, "aria-labelledby=\"", "\"");
        let links = all_between(&page, "href=\"#", "\"");
        for id in named.into_iter().flat_map(|ids| ids.split(' ')).chain(links) {
            assert!(known.contains(id), "nothing has the id {id}");
        }
        for landmark in ["<header>", "<nav class=\"parts\"", "<main>", "<footer>"] {
            assert_eq!(page.matches(landmark).count(), 1, "{landmark}");
        }
    }
}

#[test]
fn every_figure_has_a_title_and_a_description_and_every_table_a_caption() {
    for page in pages() {
        for figure in all_between(&page, "role=\"img\"", "</desc>") {
            assert!(figure.contains("-title\">") && figure.contains("-description\">"), "{figure:.300}");
            assert!(!figure.ends_with("-description\">"), "it is empty");
        }
        for svg in all_between(&page, "<svg", ">") {
            let within = svg.contains("preserveAspectRatio=\"none\"");
            assert!(within || svg.contains("role=\"img\"") || svg.contains("aria-hidden=\"true\""), "{svg}");
        }
        for table in all_between(&page, "<table", "<thead") {
            assert!(table.contains("<caption>"), "{table}");
        }
        assert_eq!(
            page.matches("<div class=\"wide\"").count(),
            page.matches("<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=").count()
        );
    }
}

#[test]
fn a_night_leads_with_its_day_and_what_is_unusual_about_it() {
    let sample = centre(8, 30);
    let page = sample.page_with(false, Some(&trend()));
    let (top, rest) = page.split_once("<dl class=\"tiles\">").unwrap();
    assert!(top.contains(">1 alarm on 2026-02-20.<") && top.contains("<li>The mood &#60;fell&#62;."), "{top}");
    assert!(rest.contains("<dt>A, 2026-02-12</dt><dd>Another &#60;engine&#62;.</dd>") && page.contains(">▼</text>"));
    assert!(rest.contains("On average, customers sounded"), "the window comes after the day");
    assert!(!page.contains("What changed"), "nothing is known of a run before");
    let previous = Some(("the days up to <19>".into(), Figures { calls: 9, mean: Some(-0.5), ..Figures::default() }));
    let beside = sample.page_with(false, Some(&Trend { previous, ..trend() }));
    assert!(beside.contains("<caption>This run beside the days up to &#60;19&#62;</caption>"));
    assert!(beside.contains("<dd>before: −0.50</dd>") && beside.contains("<dd>before: not scored</dd>"));
    let agents = vec![("<ann>".to_owned(), "felt worse".to_owned())];
    let moved = sample.page_with(false, Some(&Trend { agents, ..trend() }));
    assert!(moved.contains("<li><bdi>&#60;ann&#62;</bdi>: felt worse</li>") && !page.contains("own earlier weeks"));
    let mut calm = trend();
    calm.days.pop();
    assert!(
        sample
            .page_with(false, Some(&calm))
            .contains("Customers sounded on 2026-02-19 as was expected: +0.10 (+0.00 to +0.20).")
    );
    calm.days.truncate(15);
    assert!(sample.page_with(false, Some(&calm)).contains("2026-02-15 has too few calls to be judged."));
    calm.days.truncate(4);
    assert!(sample.page_with(false, Some(&calm)).contains("Nothing of 2026-02-04 was scored."));
    calm.days.truncate(3);
    assert!(sample.page_with(false, Some(&calm)).contains("2026-02-03 can’t be judged yet"));
}

#[test]
fn a_call_worth_listening_to_opens_its_course() {
    let mut sample = Sample::new();
    sample.call("fell", "ann", &[Some(0.5), Some(0.4), None, Some(-0.6), Some(-0.7)]);
    let (detailed, plain) = (sample.page(true), sample.page(false));
    let row = |score: &str| format!("<td>customer<td class=\"n\">{score}");
    for score in ["+0.50", "+0.40", "−0.60", "−0.70"] {
        assert!(detailed.contains(&row(score)), "{score}");
    }
    assert!(detailed.contains("<td>customer<td class=\"n missing\">not scored"));
    assert!(detailed.contains("1 segment of the call has no score."));
    assert!(detailed.contains("The customer’s score fell at 65 % of the call: +0.45 on average before, −0.65 after."));
    assert!(detailed.contains("Score by segment") && !detailed.contains("<code>--detail</code>"));
    assert!(plain.contains("Score by quarter") && plain.contains("<code>--detail</code>"));
}

#[test]
fn nothing_is_asked_of_the_network_and_only_the_page_s_own_style_and_script_may_run() {
    for page in pages() {
        is_offline(&page);
    }
}

fn is_offline(page: &str) {
    for outside in
        ["http:", "https:", "//www", "url(", "@import", "<link", "<img", "<iframe", " style=", " onclick", "src="]
    {
        assert!(!page.contains(outside), "{outside}");
    }
    let hashed = |open: &str, close: &str| {
        let body = page.split(open).nth(1).and_then(|rest| rest.split(close).next()).unwrap();
        format!("'sha256-{}'", base64(&Sha256::digest(body)))
    };
    let policy = format!(
        "content=\"default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'\"",
        hashed("<style>", "</style>"),
        hashed("<script>", "</script>"),
    );
    assert!(page.contains(&policy), "the hashes in src/report/page.rs are not those of the templates: {policy}");
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0, |group, &byte| group << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[test]
fn names_stay_names() {
    let mut sample = Sample::new();
    for (index, name) in HOSTILE.iter().enumerate() {
        for call in 0..8 {
            let level = if index == 0 { -0.8 } else { 0.2 };
            let scores = [Some(level + 0.01 * f64::from(call)), Some(level), Some(level)];
            sample.call_in(&format!("{name}{call}"), name, Some(name), None, &scores);
        }
    }
    sample.call("long", &"x".repeat(500), &[Some(0.2), Some(0.1)]);
    sample.reject("<b>file", "<i>reason");
    sample.inputs.push("<b>in</b>.csv".into());
    let page = page(&sample);
    assert_eq!(page.matches("<script>").count(), 1, "only the page's own");
    assert_eq!(page.matches("</script>").count(), 2, "the data and the script");
    for broken in ["<img", "<b>", "<i>reason", "onerror=alert(1)>", "\u{202e}", "'=cmd"] {
        assert!(!page.contains(broken), "{broken}");
    }
    let (markup, rest) = page.split_once("<script type=\"application/json\"").unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    assert!(!markup.contains("' onclick") && data.contains("' onclick"), "a quote is one in data alone");
    assert!(!data.contains('<'), "nothing in the data ends it");
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "escaped, not dropped");
    assert!(page.contains("=cmd|"), "shown without its guard");
    assert!(page.contains("&#60;b&#62;in&#60;/b&#62;.csv (7 rows)"));
    assert!(!page.contains(&"x".repeat(60)), "cut");
}

#[test]
fn what_was_not_scored_is_never_a_number() {
    let mut sample = Sample::new();
    for agent in ["a", "b", "c", "d", "e", "f"] {
        for call in 0..4 {
            sample.call(&format!("{agent}{call}"), agent, &[Some(0.1 * f64::from(call)), Some(0.0)]);
        }
    }
    for call in 0..3 {
        sample.call(&format!("silent{call}"), "silent", &[None, None]);
    }
    let page = page(&sample);
    assert!(page.contains("3 of 27 calls have no customer score. Not scored is not neutral"));
    assert!(page.contains("failed, InternalServerException: 6"));
    let row = page.split("<bdi>silent</bdi>").last().unwrap().split("<tr").next().unwrap();
    assert_eq!(row.matches("<td class=\"n missing\">not scored").count(), 5, "{row}");
    assert!(row.contains("<td>not scored") && !row.contains("0.00"), "{row}");
    assert!(page.contains("[\"silent\",3,0,null,null,null,null,null,null,5,0]"));
}

#[test]
fn a_run_that_scored_nothing_says_so() {
    let mut sample = Sample::new();
    for call in 0..5 {
        sample.call(&format!("c{call}"), &format!("agent {call}"), &[None, None]);
    }
    let page = page(&sample);
    assert!(page.contains("Nothing was scored."));
    assert!(page.contains("No call was scored."));
    assert!(!page.contains("NaN") && !page.contains("inf\"") && !page.contains("about neutral"));
}

#[test]
fn an_empty_run_has_a_page() {
    let page = page(&Sample::new());
    assert!(page.contains("0 calls, 0 agents") && page.contains("No call names an agent."));
}

#[test]
fn agents_who_differ_are_said_to_though_none_stands_apart() {
    let mut sample = Sample::new();
    for agent in 0..10 {
        for call in 0..30 {
            let level = if agent % 2 == 0 { 0.3 } else { -0.3 } + 0.05 * f64::from(call * 7 % 11 - 5);
            sample.call(&format!("{agent}-{call}"), &format!("agent {agent}"), &[Some(level), Some(level)]);
        }
    }
    let page = page(&sample);
    assert!(page.contains("10 agents with 10 calls or more differ (p &#60; 0.001)."));
    assert!(page.contains("No agent lies outside the spread that agents here usually have."));
    assert!(!page.contains("more than chance"), "the limits hold more than chance");
    assert!(page.contains("Of all agents’ intervals, 95 of 100 hold the true value."));
}

#[test]
fn an_agent_with_too_few_calls_has_no_verdict_on_the_page() {
    let mut sample = centre(6, 12);
    for call in 0..9 {
        sample.call(&format!("few{call}"), "few", &[Some(-0.9), Some(-0.9)]);
    }
    let page = page(&sample);
    assert!(page.contains("1 agent has fewer than 10 scored calls and no verdict."));
    let row = page.split("<bdi>few</bdi>").last().unwrap().split("<tr").next().unwrap();
    assert!(row.contains("<td>too few calls"), "{row}");
}

#[test]
fn few_agents_are_not_compared() {
    let page = page(&centre(3, 10));
    assert!(page.contains("Agents are not compared."));
    assert!(!page.contains("id=\"funnel-title\"") && !page.contains(">outside<"));
}

#[test]
fn a_run_of_an_earlier_version_has_its_page() {
    let sample = centre(6, 2);
    let path = sample.write(false).join("run.json");
    let mut record: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for later in ["calls_language_assumed", "calls_times_contradict"] {
        record["counts"].as_object_mut().unwrap().remove(later).unwrap();
    }
    record.as_object_mut().unwrap().remove("agents").unwrap();
    std::fs::write(path, record.to_string()).unwrap();
    assert!(draw(sample.home.path()).unwrap() == sample.page(false));
}

#[test]
fn a_file_that_is_missing_is_named() {
    let sample = Sample::new();
    for name in ["rejects.csv", "failures.csv", "agents.csv", "calls.csv", "run.json"] {
        std::fs::remove_file(sample.write(false).join(name)).unwrap();
        let error = draw(sample.home.path()).unwrap_err();
        assert!(error.to_string().ends_with(name) && error.hint().is_some(), "{error}");
    }
}

proptest! {
    #[test]
    fn calls_in_any_order_make_the_page_that_their_table_makes(
        calls in vec((0..4_usize, vec(option::of(-1.0..1.0), 0..7), any::<u64>()), 0..60)
    ) {
        let mut shuffled: Vec<_> = calls.iter().enumerate().collect();
        shuffled.sort_by_key(|(_, (.., order))| *order);
        let mut sample = Sample::new();
        for (number, (who, scores, _)) in shuffled {
            let (queue, date) = (["a", "'=b", "c\nd", ""][*who], ["2026-03-01", "2026-03-02", "2026-99-01", ""][*who]);
            let some = |text: &'static str| Some(text).filter(|text| !text.is_empty());
            sample.call_in(&format!("'+{number}\n"), ["ann", "@bob", "c\r", ""][*who], some(queue), some(date), scores);
        }
        page_of(&sample, calls.len() % 2 == 0);
    }
}

#[test]
fn ten_thousand_agents_fit_in_a_megabyte_whatever_they_are_called() {
    for name in ["agent", "\u{5e9}\u{5dc}\u{5d5}\u{5dd} <&> and quite a long name of more than 48 letters"] {
        let mut sample = Sample::new();
        for agent in 0..10_000 {
            let score = f64::from(agent * 7919 % 200 - 100) / 150.0;
            sample.call(&format!("c{agent}"), &format!("{agent:05} {name}"), &[Some(score), Some(score / 2.0)]);
        }
        let page = page(&sample);
        assert!(page.len() < 1_000_000, "{} bytes", page.len());
        assert_eq!(page.contains("agents are in this table"), name != "agent");
        assert!(page.contains("Here are the first 100 of 10,000 agents"));
    }
}

#[test]
fn the_largest_page_leaves_room_for_the_funnel_in_a_megabyte() {
    const LARGEST_FUNNEL: usize = 100_000;
    let long = "\u{5e9}\u{5dc}\u{5d5}\u{5dd} <&> and quite a long name of more than 48 letters";
    let mut sample = Sample::new();
    for agent in 0..10_000 {
        let (name, queue) = (format!("{agent:05} {long}"), format!("{:03} {long}", agent % 200));
        let course: Vec<Option<f64>> =
            (0..if agent < 30 { 150 } else { 2 }).map(|turn| Some(0.7 - 0.01 * f64::from(turn))).collect();
        sample.call_in(&format!("{agent} {long}"), &name, Some(&queue), Some("2026-02-20"), &course);
    }
    let words = "x".repeat(150);
    let day = |number: i64| TrendDay {
        date: date(2026, 1, 1).checked_add(number.days()).unwrap(),
        alarms: vec![words.clone(); 2],
        baseline: (number % 20 == 0).then(|| words.clone()),
        ..trend().days[15].clone()
    };
    let page = sample.page_with(true, Some(&Trend { days: (0..400).map(day).collect(), ..trend() }));
    assert!(page.contains("Score by segment") && page.contains("And 390 days before"));
    assert!(page.len() < 1_000_000 - LARGEST_FUNNEL, "{} bytes", page.len());
}
