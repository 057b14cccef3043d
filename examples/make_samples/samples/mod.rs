//! The sample data as text: the same bytes each time, from phrase banks, a schedule and a fixed seed.
//!
//! Used by the example that writes `data/` and by the test that compares `data/` with it.

mod billing;
mod manner;
mod schedule;
mod technical;
mod topic;

use jiff::{SignedDuration, Timestamp};
use topic::{Line, Speaker, Writer};

/// Every call draws from this and its own number, so that a change of one leaves the others as they are.
const SEED: u64 = 20_261_102;
const HEADER: [&str; 8] = ["call_id", "turn_index", "speaker", "agent_id", "queue", "start_time", "end_time", "text"];
/// The call with one row twice, as an export that was taken twice has it.
const REPEATING_CALL: usize = 27;

/// The files: name and content.
pub(crate) fn files() -> Vec<(String, Vec<u8>)> {
    let mut number = 0;
    schedule::days()
        .into_iter()
        .map(|(day, plans)| {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(HEADER).expect("a vector takes every byte");
            for (place, plan) in plans.iter().enumerate() {
                number += 1;
                for row in rows(number, day, place, plan) {
                    writer.write_record(row).expect("every row has as many fields as the header");
                }
            }
            (format!("{day}.csv"), writer.into_inner().expect("a vector takes every byte"))
        })
        .collect()
}

fn rows(number: usize, day: &str, place: usize, plan: &schedule::Plan) -> Vec<[String; 8]> {
    let mut random = fastrand::Rng::with_seed(SEED + number as u64);
    let opening: Timestamp = format!("{day}T08:00:00Z").parse().expect("a day of the schedule");
    let minutes = place as u64 * 30 + random.u64(0..20);
    let mut clock = opening + SignedDuration::from_millis_i128(i128::from(minutes * 60_000 + random.u64(0..60_000)));
    let (lines, held) = Writer::new(plan, random.fork()).write();
    let mut rows: Vec<[String; 8]> = lines
        .iter()
        .enumerate()
        .map(|(turn, line)| {
            clock += pause(held == Some(turn), &mut random);
            let start = clock;
            clock += speech(line, &mut random);
            [
                format!("call-{:04}", 1000 + number),
                (turn + 1).to_string(),
                speaker(line.speaker).to_owned(),
                line.agent.unwrap_or_default().to_owned(),
                plan.topic.queue.to_owned(),
                time(start),
                time(clock),
                line.text.clone(),
            ]
        })
        .collect();
    if number == REPEATING_CALL {
        let repeated = rows[3].clone();
        rows.insert(4, repeated);
    }
    rows
}

const fn speaker(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Agent => "agent",
        Speaker::Customer => "customer",
        Speaker::System => "system",
    }
}

/// Silence before a line: short, but on hold it is long.
fn pause(held: bool, random: &mut fastrand::Rng) -> SignedDuration {
    SignedDuration::from_millis(if held { random.i64(30_000..120_000) } else { random.i64(200..1_800) })
}

/// About 150 words a minute.
fn speech(line: &Line, random: &mut fastrand::Rng) -> SignedDuration {
    let words = line.text.split_whitespace().count() as u64;
    SignedDuration::from_millis_i128(i128::from(words * random.u64(330..470) + 300))
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
