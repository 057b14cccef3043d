//! Big CSV files of plausible turns, for measuring: `cargo run --release --example make_turns -- --turns 1000000`.
//!
//! One row a turn, with the columns of the sample data. What a turn says depends on the seed, its call and its place
//! only, so that the same calls can be written in another order or over several files and stay the same. Nothing is
//! held: a file may be as large as the disk.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use jiff::{SignedDuration, Timestamp};

mod words;

use words::Tone;

const HEADER: [&str; 8] = ["call_id", "turn_index", "speaker", "agent_id", "queue", "start_time", "end_time", "text"];
const QUEUES: [&str; 4] = ["billing", "technical support", "sales", "retention"];
/// 2026-10-01T00:00:00Z.
const FIRST_CALL_S: i64 = 1_790_812_800;
/// A call begins every seven seconds.
const BETWEEN_CALLS_S: i64 = 7;
/// Turns of a call, both included.
const CALL_TURNS: std::ops::RangeInclusive<u64> = 8..=30;

/// Writes plausible turns as CSV.
#[derive(Parser)]
struct Arguments {
    /// Rows.
    #[arg(long, default_value_t = 1_000_000)]
    turns: u64,
    /// The order of rows.
    #[arg(long, value_enum, default_value_t = Order::Grouped)]
    order: Order,
    /// The same as `--order interleaved`.
    #[arg(long)]
    interleaved: bool,
    /// Agents.
    #[arg(long, default_value_t = 200)]
    agents: u64,
    /// Words in a turn, on average.
    #[arg(long, default_value_t = 15)]
    words: usize,
    /// Seed of everything.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Files to deal the rows out to, as OUT with `-0`, `-1`… before its extension.
    #[arg(long, default_value_t = 1)]
    files: usize,
    /// Where to write; stdout if not given.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Order {
    /// Call after call.
    Grouped,
    /// The first turn of every call, then the second of every call: no call ends before all have begun.
    Interleaved,
    /// From the last row to the first.
    Reversed,
}

fn main() -> anyhow::Result<()> {
    let mut arguments = Arguments::parse();
    if arguments.interleaved {
        arguments.order = Order::Interleaved;
    }
    let mut sinks = sinks(&arguments)?;
    for sink in &mut sinks {
        sink.write_record(HEADER)?;
    }
    let calls = Calls::new(&arguments);
    let mut row = Row::default();
    let mut written = 0_usize;
    let mut write = |call: u64, turn: u64| {
        row.fill(&arguments, call, turn);
        let sink = written % sinks.len();
        written += 1;
        sinks[sink].write_record(row.fields())
    };
    match arguments.order {
        Order::Grouped => calls.each(|call, turns| (0..turns).try_for_each(|turn| write(call, turn)))?,
        Order::Interleaved => (0..*CALL_TURNS.end()).try_for_each(|turn| {
            calls.each_shuffled(|call, turns| if turn < turns { write(call, turn) } else { Ok(()) })
        })?,
        Order::Reversed => {
            calls.each_backwards(|call, turns| (0..turns).rev().try_for_each(|turn| write(call, turn)))?;
        }
    }
    for sink in &mut sinks {
        sink.flush()?;
    }
    Ok(())
}

type Sink = csv::Writer<Box<dyn Write>>;

fn sinks(arguments: &Arguments) -> anyhow::Result<Vec<Sink>> {
    let Some(out) = &arguments.out else {
        return Ok(vec![csv::Writer::from_writer(Box::new(std::io::stdout()))]);
    };
    let stem = out.file_stem().context("--out names a file")?.to_string_lossy().into_owned();
    let extension = out.extension().map_or("csv".into(), |extension| extension.to_string_lossy());
    (0..arguments.files.max(1))
        .map(|file| {
            let several = out.with_file_name(format!("{stem}-{file}.{extension}"));
            let path = if arguments.files > 1 { several } else { out.clone() };
            let file = std::fs::File::create(&path).with_context(|| path.display().to_string())?;
            Ok(csv::WriterBuilder::new().buffer_capacity(1 << 18).from_writer(Box::new(file) as Box<dyn Write>))
        })
        .collect()
}

/// How many calls there are, and how many turns each has.
struct Calls {
    seed: u64,
    count: u64,
    /// Turns of the last call, which is cut where the rows are used up.
    last: u64,
}

impl Calls {
    fn new(arguments: &Arguments) -> Self {
        let (mut count, mut left, mut last) = (0, arguments.turns, 0);
        while left > 0 {
            last = turns(arguments.seed, count).min(left);
            left -= last;
            count += 1;
        }
        Self { seed: arguments.seed, count, last }
    }

    fn turns(&self, call: u64) -> u64 {
        if call + 1 == self.count { self.last } else { turns(self.seed, call) }
    }

    fn each<E>(&self, mut visit: impl FnMut(u64, u64) -> Result<(), E>) -> Result<(), E> {
        (0..self.count).try_for_each(|call| visit(call, self.turns(call)))
    }

    fn each_backwards<E>(&self, mut visit: impl FnMut(u64, u64) -> Result<(), E>) -> Result<(), E> {
        (0..self.count).rev().try_for_each(|call| visit(call, self.turns(call)))
    }

    /// All calls in an order that looks like none: multiples of a prime, which no number of calls here divides.
    fn each_shuffled<E>(&self, mut visit: impl FnMut(u64, u64) -> Result<(), E>) -> Result<(), E> {
        const PRIME: u64 = 2_147_483_647;
        (0..self.count).map(|place| place * PRIME % self.count).try_for_each(|call| visit(call, self.turns(call)))
    }
}

fn turns(seed: u64, call: u64) -> u64 {
    draws(seed, call, u64::MAX).u64(CALL_TURNS)
}

/// The draws of one turn, or of a whole call.
fn draws(seed: u64, call: u64, turn: u64) -> fastrand::Rng {
    let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ call.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    fastrand::Rng::with_seed(mixed.wrapping_add(turn.wrapping_mul(0x94d0_49bb_1331_11eb)))
}

/// One row; kept so that its texts are allocated once.
#[derive(Default)]
struct Row {
    call_id: String,
    turn_index: String,
    speaker: &'static str,
    agent_id: String,
    queue: &'static str,
    start: String,
    end: String,
    text: String,
}

impl Row {
    fn fields(&self) -> [&str; 8] {
        let Self { call_id, turn_index, speaker, agent_id, queue, start, end, text } = self;
        [call_id, turn_index, speaker, agent_id, queue, start, end, text]
    }

    fn fill(&mut self, arguments: &Arguments, call: u64, turn: u64) {
        let mut of_call = draws(arguments.seed, call, u64::MAX - 1);
        let agent = of_call.u64(0..arguments.agents.max(1));
        let begins = of_call.f64();
        // Agents differ: with the last of them two thirds of the calls end badly, with the first one third.
        let ends = of_call.f64() + (agent as f64 / arguments.agents.max(1) as f64 - 0.5) / 3.0;
        let mut random = draws(arguments.seed, call, turn);
        let customer = turn % 2 == 1;
        let mood = begins + (ends - begins) * (turn as f64 / *CALL_TURNS.end() as f64);
        let tone = match (customer, random.f64() * 1.4 - 0.2) {
            (false, _) => Tone::Agent,
            (true, draw) if draw < mood - 0.3 => Tone::Negative,
            (true, draw) if draw > mood + 0.3 => Tone::Positive,
            (true, _) => Tone::Neutral,
        };
        // A turn ends with the sentence that reaches its number, about five words later.
        let words = random.usize(1..arguments.words.max(1) * 2).saturating_sub(5).max(1);
        words::write(&mut self.text, tone, words, &mut random);
        let start = FIRST_CALL_S * 1000 + (call.cast_signed() * BETWEEN_CALLS_S + turn.cast_signed() * 8) * 1000;
        let start = start + random.i64(0..2000);
        replace(&mut self.call_id, format_args!("c{call:08}"));
        replace(&mut self.turn_index, format_args!("{}", turn + 1));
        self.speaker = if customer { "customer" } else { "agent" };
        replace(&mut self.agent_id, format_args!("agent-{agent:03}"));
        self.queue = QUEUES[of_call.usize(0..QUEUES.len())];
        replace(&mut self.start, format_args!("{:.3}", time(start)));
        replace(&mut self.end, format_args!("{:.3}", time(start + random.i64(500..6000))));
    }
}

fn replace(text: &mut String, value: std::fmt::Arguments) {
    use std::fmt::Write as _;
    text.clear();
    text.write_fmt(value).expect("a string takes every character");
}

fn time(milliseconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_millis(milliseconds)
}
