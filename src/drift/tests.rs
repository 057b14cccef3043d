//! Verdicts over made-up days.

#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sums of made-up calls")]

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;

fn on(at: usize) -> Date {
    date(2026, 1, 5).saturating_add(i64::try_from(at).unwrap().days())
}

/// Calls of a day with this mean and a standard deviation of .4.
fn day(at: usize, calls: u64, mean: f64) -> Day {
    let mut day = Day::new(on(at), "a");
    let count = calls as f64;
    day.sums = DaySums {
        calls,
        scored: calls,
        score_sum: (count * mean * 1e4).round() as i64,
        score_squares: ((count * (mean * mean + 0.16)) * 1e8) as u64,
        bins: [calls / 10; BINS],
        negative: calls / 5,
        escalated: calls / 20,
        with_shift: calls,
        without_agent: calls / 50,
        turns: 20 * calls,
        turn_squares: 450 * calls,
        words: 200 * calls,
        word_squares: 45_000 * calls,
        word_turns: 4_400 * calls,
        ..DaySums::default()
    };
    day.sums.languages.0.insert(1, calls);
    day
}

/// A level with weekdays and scatter, the same each time.
fn usual(at: usize) -> f64 {
    0.1 + 0.03 * (at as f64 % 7.0).sin() + 0.012 * (((at * 37) % 19) as f64 / 9.0 - 1.0)
}

fn stable(days: usize) -> Vec<Day> {
    (0..days).map(|at| day(at, 1000, usual(at))).collect()
}

fn kinds(judged: &Judged) -> Vec<AlarmKind> {
    judged.alarms.iter().map(|alarm| alarm.kind).collect()
}

fn last(days: &[Day]) -> Judged {
    judge(days, &Options::default()).pop().unwrap()
}

#[test]
fn a_stable_site_has_no_alarm_once_it_is_warm() {
    let judged = judge(&stable(120), &Options::default());
    assert_eq!(judged[0].baseline_start, Some(BaselineStart::First));
    assert!(judged[..28].iter().all(|day| day.warming_up && day.mood.is_none() && day.alarms.is_empty()));
    for day in &judged[28..] {
        assert!(!day.warming_up && day.mood.is_some() && day.baseline_start.is_none());
        assert_eq!(day.alarms, []);
        assert_eq!(day.shares.len(), 3);
        let mood = day.mood.unwrap();
        assert!(mood.low < mood.expected && mood.expected < mood.high);
        assert!(mood.low <= mood.value && mood.value <= mood.high);
    }
}

#[test]
fn a_day_far_off_is_named_in_words_with_its_figures() {
    let mut days = stable(80);
    days.push(day(80, 1000, -0.08));
    let judged = last(&days);
    assert_eq!(kinds(&judged), [AlarmKind::Mood]);
    let mood = judged.mood.unwrap();
    assert!(mood.z < -4.0);
    assert_eq!(
        judged.alarms[0].words,
        "Customers' mood on 2026-03-26 was −0.08, below the expected +0.10 (+0.06 to +0.14)."
    );
    days[80] = day(80, 1000, 0.3);
    assert!(last(&days).alarms[0].words.contains("was +0.30, above the expected +0.10"));
}

#[test]
fn days_that_are_a_little_off_are_an_alarm_together() {
    let mut days = stable(80);
    days.extend((80..87).map(|at| day(at, 1000, usual(at) - 0.035)));
    let judged = judge(&days, &Options::default());
    assert!(judged[80].alarms.is_empty(), "{:?}", judged[80].alarms);
    let found = judged[80..].iter().find(|day| kinds(day).contains(&AlarmKind::MoodLately)).expect("within a week");
    assert!(found.ewma < -found.ewma_limit && (found.ewma_limit - 0.953).abs() < 1e-3);
    let words = &found.alarms.last().unwrap().words;
    assert!(
        words.contains("below expectation, by 1.15 standard deviations on average, of which chance explains 0.95"),
        "{words}"
    );
}

#[test]
fn shares_and_the_spread_of_scores_have_alarms_of_their_own() {
    let mut days = stable(80);
    days[79].sums.negative = 300;
    days[79].sums.escalated = 90;
    days[79].sums.scored = 960;
    days[79].sums.bins = [10, 0, 0, 0, 0, 0, 0, 0, 450, 500];
    let judged = last(&days);
    let share = |measure| AlarmKind::Share(measure);
    let wanted =
        [share(Measure::Negative), share(Measure::Escalated), share(Measure::Unscored), AlarmKind::Distribution];
    assert_eq!(kinds(&judged), wanted);
    let words: Vec<&str> = judged.alarms.iter().map(|alarm| alarm.words.as_str()).collect();
    assert!(words[0].starts_with("The share of negative calls on 2026-03-25 was 31.2 %, above the expected 20.0 % ("));
    assert!(
        words[3].contains("are not spread as on the same weekdays before: a stability index of 5."),
        "{}",
        words[3]
    );
    assert!(judged.has_alarm_about_customers());
    let unscored = judged.shares[2];
    assert!((unscored.value - 0.04).abs() < 1e-9 && unscored.low >= 0.0 && unscored.high < 0.02, "{unscored:?}");
}

#[test]
fn changed_transcripts_are_no_alarm_about_customers() {
    let mut days = stable(80);
    days[79].sums.words /= 2;
    days[79].sums.word_turns /= 2;
    days[79].sums.word_squares /= 4;
    days[79].sums.languages.0.insert(7, 300);
    let judged = last(&days);
    assert_eq!(kinds(&judged), [AlarmKind::Input(Measure::WordsPerTurn), AlarmKind::Languages]);
    assert!(!judged.has_alarm_about_customers());
    assert!(
        judged.alarms[0].words.starts_with("The number of words a turn on 2026-03-25 was 5.0, below the expected 10.0")
    );
    days[79] = day(79, 420, usual(79));
    assert_eq!(kinds(&last(&days)), [AlarmKind::Input(Measure::Calls)], "half a day");
    let blank = |day: &mut Day| (day.rejects, day.redactions) = (Some(0), Some(400));
    days.iter_mut().for_each(blank);
    days[79] = day(79, 1000, usual(79));
    (days[79].rejects, days[79].redactions) = (Some(60), Some(900));
    let wanted = [Measure::Rejects, Measure::Redactions].map(AlarmKind::Input);
    assert_eq!(kinds(&last(&days)), wanted);
}

#[test]
fn a_day_of_few_calls_is_not_judged_and_expects_nothing() {
    let mut days = stable(80);
    days[79] = day(79, 29, -0.9);
    let judged = last(&days);
    assert!(judged.low_n && !judged.warming_up && judged.mood.is_none() && judged.distribution.is_none());
    assert!(!judged.has_alarm_about_customers(), "{:?}", judged.alarms);
    days.push(day(86, 1000, usual(86)));
    let with = last(&days);
    days.remove(79);
    assert_eq!(with.mood, last(&days).mood);
}

#[test]
fn an_accepted_change_starts_a_baseline() {
    let mut days = stable(80);
    days.extend((80..140).map(|at| day(at, 1000, usual(at) + 0.2)));
    days[80].accepted = Some("new queue".into());
    let judged = judge(&days, &Options::default());
    assert_eq!(judged[80].baseline_start, Some(BaselineStart::Accepted("new queue".into())));
    assert!(judged[80..108].iter().all(|day| day.warming_up && day.alarms.is_empty() && day.ewma.abs() < 1e-12));
    assert!(judged[108..].iter().all(|day| !day.warming_up && day.alarms.is_empty()));
}

#[test]
fn another_scorer_starts_a_baseline_and_one_that_comes_back_finds_its_own() {
    let mut days = stable(80);
    for day in &mut days[60..65] {
        day.scorer = "b".into();
    }
    let judged = judge(&days, &Options::default());
    let starts: Vec<usize> = (0..80).filter(|&at| judged[at].baseline_start == Some(BaselineStart::Scorer)).collect();
    assert_eq!(starts, [60, 65]);
    assert!(judged[60..65].iter().all(|day| day.warming_up));
    assert!(judged[65..].iter().all(|day| !day.warming_up && day.alarms.is_empty()));
}

fn canary(shift: impl Fn(usize) -> i16) -> CanaryResult {
    let score = |text: usize| {
        let own = i16::try_from(text * 397 % 18_000).unwrap() - 9_000;
        Some(CanaryScore(own + shift(text), own + shift(text) > 0))
    };
    CanaryResult { texts: "1".into(), languages: [("en".into(), (0..40).map(score).collect())].into() }
}

/// 80 days with their canary results, of which those from day 70 are moved.
fn with_canary(moved: impl Fn(usize) -> i16) -> Vec<Day> {
    let mut days = stable(80);
    for (at, day) in days.iter_mut().enumerate() {
        day.canary = Some(canary(|text| if at < 70 { i16::try_from(text % 3).unwrap() - 1 } else { moved(text) }));
    }
    days
}

#[test]
fn a_changed_scorer_is_flagged_the_same_night_and_holds_alarms_back() {
    for seed in 0..20_i16 {
        // Up, down, apart or together; by two hundredths at least.
        let moved = |text: usize| match seed % 3 {
            0 => 200 + 30 * seed,
            1 => -200 - 30 * seed,
            _ => {
                if text.is_multiple_of(2) {
                    220 + 20 * seed
                } else {
                    -220 - 20 * seed
                }
            }
        };
        let mut days = with_canary(moved);
        days[70] = Day { canary: days[70].canary.clone(), ..day(70, 1000, -0.3) };
        let judged = judge(&days, &Options::default());
        assert!(judged[..70].iter().all(|day| !day.held_back && day.alarms.is_empty()));
        for day in &judged[70..] {
            assert!(day.held_back && kinds(day) == [AlarmKind::Scorer], "{seed}: {:?}", day.alarms);
            assert!((day.ewma - judged[69].ewma).abs() < 1e-12, "it stands still");
        }
        let words = &judged[70].alarms[0].words;
        assert!(
            words.starts_with("The scorer changed by 2026-03-16: 40 texts that never change moved by 0.0"),
            "{words}"
        );
    }
}

#[test]
fn days_of_a_scorer_that_moved_are_no_part_of_an_expectation() {
    let mut days = with_canary(|_| 500);
    days[79].canary = Some(canary(|_| 0));
    let judged = last(&days);
    assert!(!judged.held_back && judged.scorer.unwrap().movement < 0.001);
    days.drain(70..79);
    assert_eq!(judged.mood, last(&days).mood);
}

#[test]
fn a_scorer_is_not_judged_by_texts_that_failed_or_others() {
    let mut days = with_canary(|_| 5_000);
    for day in &mut days[70..] {
        let result = day.canary.as_mut().unwrap();
        result.languages.values_mut().for_each(|scores| scores[9..].fill(None));
    }
    assert_eq!(last(&days).scorer, None, "nine texts say nothing");
    for day in &mut days[70..] {
        *day.canary.as_mut().unwrap() = CanaryResult { texts: "2".into(), ..canary(|_| 5_000) };
    }
    assert!(!last(&days).held_back, "other texts are compared with their own first scores");
    let mut days = with_canary(|_| 0);
    days[75].canary.as_mut().unwrap().languages.insert("fr".into(), vec![Some(CanaryScore(0, true)); 20]);
    days[79].canary.as_mut().unwrap().languages.insert("fr".into(), vec![Some(CanaryScore(900, true)); 20]);
    let change = last(&days).scorer.unwrap();
    assert!(change.moved && change.texts == 60 && (change.mean - 0.03).abs() < 0.001, "{change:?}");
}

#[test]
fn labels_that_change_count_from_two_on() {
    let flipped = |labels: usize| {
        let mut days = with_canary(|text| i16::try_from(text % 3).unwrap() - 1);
        let result = days[79].canary.as_mut().unwrap();
        let scores = result.languages.get_mut("en").unwrap().iter_mut().flatten().filter(|score| score.1);
        scores.take(labels).for_each(|score| score.1 = false);
        last(&days).scorer.unwrap()
    };
    assert!(!flipped(1).moved && flipped(1).movement < 1e-12);
    assert!(flipped(2).moved && (flipped(2).agreement + 0.05).abs() < 1e-12);
}

#[test]
fn a_canary_result_has_a_mean_and_an_agreement() {
    let scores = vec![Some(CanaryScore(5_000, true)), None, Some(CanaryScore(-1_000, false))];
    let result = CanaryResult { texts: "1".into(), languages: [("en".into(), scores)].into() };
    assert_eq!((result.scored(), result.mean(), result.agreement()), (2, Some(0.2), Some(0.5)));
}

#[test]
fn a_day_is_read_back_and_one_of_before_has_blanks() {
    let mut whole = with_canary(|_| 0).remove(3);
    whole.accepted = Some("why".into());
    let json = serde_json::to_string(&whole).unwrap();
    assert!(json.starts_with(r#"{"date":"2026-01-08","scorer":"a","accepted":"why""#), "{json}");
    assert_eq!(serde_json::from_str::<Day>(&json).unwrap(), whole);
    let bare: Day = serde_json::from_str(r#"{"date":"2026-01-08","sums":{"calls":3}}"#).unwrap();
    assert_eq!(bare, Day { sums: DaySums { calls: 3, ..DaySums::default() }, ..Day::new(on(3), "") });
    let wrong = serde_json::from_str::<Day>(r#"{"date":"words of a call"}"#).unwrap_err().to_string();
    assert!(wrong.starts_with("a date, YYYY-MM-DD, was expected"), "{wrong}");
}

fn call(score: Option<f64>) -> crate::rollup::CallRollup {
    let mut call = crate::rollup::testing::row("c", score, &[("a", 1.0)]);
    call.turns = 3;
    call.language = Some("en".into());
    call
}

#[test]
fn calls_add_up_to_a_day() {
    let mut sums = DaySums::default();
    for score in [Some(-1.0), Some(1.0), Some(0.2), Some(0.199_99), None] {
        sums.add(&call(score));
    }
    sums.add(&crate::rollup::CallRollup { agents: Vec::new(), escalated: Some(true), ..call(Some(-0.200_1)) });
    assert_eq!((sums.calls, sums.scored, sums.score_sum), (6, 5, 4_000 - 2_001));
    assert_eq!(sums.bins, [1, 0, 0, 1, 0, 0, 2, 0, 0, 1], "a fifth each, the last with 1 itself");
    assert_eq!((sums.without_agent, sums.escalated, sums.turns), (1, 1, 18));
    assert_eq!(sums.languages.0.values().sum::<u64>(), 6);
    assert!(sums.queues.0.is_empty());
    assert!((sums.mean().unwrap() - 0.039_98).abs() < 1e-9);
    let scores = [-1.0, 1.0, 0.2, 0.2, -0.2001];
    let spread: f64 = scores.iter().map(|score: &f64| (score - 0.039_98).powi(2)).sum();
    assert!((sums.standard_error().unwrap() - (spread / 4.0 / 5.0).sqrt()).abs() < 1e-12);
    assert_eq!((DaySums::default().mean(), DaySums::default().standard_error()), (None, None));
}

fn week(at: usize, agent: &str, calls: u64, mean: f64) -> AgentWeek<'_> {
    let count = calls as f64;
    let sum = (count * mean * 1e4) as i64;
    let squares = (count * (mean * mean + 0.16) * 1e8) as u64;
    AgentWeek { agent, week: on(7 * at), calls, sum, squares }
}

/// Twenty agents over fifteen weeks; the first one's calls turn low in the last three.
fn agent_weeks(names: &[String]) -> Vec<AgentWeek<'_>> {
    let mean = |at: usize, agent: usize| {
        let shift = if agent == 0 && at >= 12 { -0.3 } else { 0.0 };
        0.02 * agent as f64 + 0.05 * (((at * 7 + agent * 3) % 11) as f64 / 5.0 - 1.0) + shift
    };
    (0..15)
        .flat_map(|at| names.iter().enumerate().map(move |(agent, name)| week(at, name, 40, mean(at, agent))))
        .collect()
}

#[test]
fn an_agent_who_changed_is_named_and_nobody_else() {
    let names: Vec<String> = (0..20).map(|agent| format!("a{agent:02}")).collect();
    let weeks = agent_weeks(&names);
    let judged = judge_agents(&weeks, |agent| Some(if agent == "a05" { 0.49 } else { 0.5 }));
    assert_eq!(judged.len(), 19, "who is not reliable is not judged");
    assert!(judged.is_sorted_by(|one, next| one.agent < next.agent));
    assert!(judged[0].alarm && judged[0].z < -3.0 && judged[0].value < judged[0].expected - 0.15, "{:?}", judged[0]);
    assert!(judged[1..].iter().all(|agent| !agent.alarm && agent.q_value > 0.05));
    let reversed: Vec<AgentWeek<'_>> = weeks.iter().rev().copied().collect();
    assert_eq!(judge_agents(&reversed, |_| Some(0.7)), judge_agents(&weeks, |_| Some(0.7)));
    assert_eq!(judge_agents(&weeks, |_| None), []);
    assert_eq!(
        judge_agents(&weeks[..8 * 20], |_| Some(0.7)),
        [],
        "eight weeks are needed before the one that is judged"
    );
    assert_eq!(judge_agents(&[], |_| Some(0.7)), []);
}

fn any_day() -> impl Strategy<Value = Day> {
    let counts = proptest::collection::vec(0_u64..2_000, 4);
    (0_usize..70, counts, -1.0_f64..1.0, any::<bool>(), 0_u8..3).prop_map(|(at, counts, mean, other, accepted)| {
        let mut day = day(at, counts[0], mean);
        day.sums.negative = counts[1].min(counts[0]);
        day.sums.turns = counts[2];
        day.sums.words = counts[3];
        day.rejects = Some(counts[1]);
        day.redactions = Some(counts[2]);
        day.accepted = (accepted == 0).then(|| "why".into());
        if other {
            day.scorer = "b".into();
        }
        day
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_days_are_like_verdicts_are_numbers_within_their_limits(days in proptest::collection::vec(any_day(), 0..90)) {
        let judged = judge(&days, &Options::default());
        prop_assert!(judged.is_sorted_by(|one, next| one.date < next.date));
        for day in &judged {
            prop_assert!(day.ewma.is_finite());
            for verdict in day.mood.iter().chain(&day.shares).chain(&day.inputs) {
                let numbers = [verdict.value, verdict.expected, verdict.low, verdict.high, verdict.z];
                prop_assert!(numbers.iter().all(|number| number.is_finite()), "{verdict:?}");
                prop_assert!(verdict.low <= verdict.expected && verdict.expected <= verdict.high, "{verdict:?}");
            }
        }
    }

    #[test]
    fn a_verdict_knows_no_later_day_and_no_order(until in 0_usize..80, seed in any::<u64>()) {
        let days = stable(80);
        let all = judge(&days, &Options::default());
        let mut earlier = days[..until].to_vec();
        crate::random::Random::new(seed).shuffle(&mut earlier);
        prop_assert_eq!(&judge(&earlier, &Options::default())[..], &all[..until]);
    }
}
