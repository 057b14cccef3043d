//! Writes the output directory of an invented contact centre, to look at the page and to try dashboards on.
//!
//! ```console
//! $ cargo run --release --example sample -- DIR --calls 100000 --agents 500
//! ```
//!
//! Calls, agents and moods are drawn at random from a seed; the roll-up, the tables and the page are the program's
//! own. `--plain` leaves out dates and queues, `--hostile` gives ids and queues that would break a careless page.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Parser;
use fastrand::Rng;
use undertone::output::datapackage::describe;
use undertone::output::{
    CallRow, CountsRecord, EngineRecord, FAILURES, FormatFacts, InputRecord, OutputDirectory, REJECTS, RejectRow,
    RowEncoder, RunRecord, SCHEMA_VERSION, SEGMENTS, SecondsRecord, SegmentRow, ServiceRecord, agent_columns,
    call_columns, resources,
};
use undertone::report;
use undertone::rollup::{
    AgentBook, AgentOptions, AgentsReport, CallInput, CallRollup, Population, SCORING_VERSION, ScoredRoles, roll_up,
    turn_scores,
};
use undertone::sentiment::{Outcome, Scores, SegmentCounts};
use undertone::transcript::{Call, Role, Timeline, Turn};

/// The command line.
#[derive(Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
struct Arguments {
    /// Where to write.
    directory: PathBuf,
    /// How many calls.
    #[arg(long, default_value_t = 2000)]
    calls: u32,
    /// How many agents.
    #[arg(long, default_value_t = 40)]
    agents: u32,
    /// Neither dates nor queues.
    #[arg(long)]
    plain: bool,
    /// Ids and queues with markup, formulas, right-to-left and 500 characters.
    #[arg(long)]
    hostile: bool,
    /// Every call fails.
    #[arg(long)]
    failed: bool,
    /// Only draw the page again of what is there, and say how long that takes.
    #[arg(long)]
    redraw: bool,
    /// Where chance begins.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

/// Names that break careless pages.
const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\u{202e}evil\u{202c} \u{5e9}\u{5dc}\u{5d5}\u{5dd}",
    "\"><img src=x onerror=alert(1)>",
    "</script><!--<b>&amp;",
    "@SUM(1+1)*cmd, \"quoted\"",
];

const QUEUES: [(&str, f64); 4] = [("billing", -0.12), ("sales", 0.15), ("support", 0.0), ("cancellations", -0.3)];

/// The invented centre.
struct Centre {
    arguments: Arguments,
    rng: Rng,
    /// Each agent's own part in how customers feel.
    gifts: Vec<f64>,
}

impl Centre {
    fn new(arguments: Arguments) -> Self {
        let mut rng = Rng::with_seed(arguments.seed);
        let gifts = (0..arguments.agents).map(|_| 0.05 * normal(&mut rng) + if rng.f64() < 0.02 { -0.3 } else { 0.0 });
        let gifts = gifts.collect();
        Self { arguments, rng, gifts }
    }

    fn name(&self, kind: &str, number: u32) -> String {
        if !self.arguments.hostile {
            return format!("{kind}-{number:05}");
        }
        let index = number as usize % (HOSTILE.len() + 1);
        HOSTILE.get(index).map_or_else(|| "x".repeat(500), |name| (*name).to_owned()) + &format!(" {number}")
    }

    /// One call with a score for each of its turns, or none where it failed.
    fn call(&mut self, number: u32) -> (Call, Vec<Option<Scores>>) {
        // Few agents take many calls: the product of two uniform numbers makes the numbers of calls differ.
        let share = self.rng.f64() * self.rng.f64();
        let agent = first_below(share * f64::from(self.arguments.agents));
        let gift = self.gifts[agent as usize];
        let (queue, level) = QUEUES[self.rng.usize(..QUEUES.len())];
        let turns = self.rng.u32(4..14);
        let mood = level + gift + 0.25 * normal(&mut self.rng);
        let course = 0.15 + 0.3 * normal(&mut self.rng);
        let agent_name = self.name("agent", agent);
        let failed = self.arguments.failed || self.rng.f64() < 0.02;
        let mut scores = Vec::new();
        let turns = (0..turns).map(|turn| {
            let role = if turn % 2 == 0 { Role::Customer } else { Role::Agent };
            let place = f64::from(turn) / f64::from(turns) - 0.5;
            let score = match role {
                Role::Customer => mood + course * place + 0.15 * normal(&mut self.rng),
                _ => 0.2 + 0.1 * normal(&mut self.rng),
            };
            scores.push((!failed && self.rng.f64() > 0.01).then(|| scores_of(score)));
            Turn {
                role,
                text: vec!["word"; self.rng.usize(3..40)].join(" ").into(),
                agent_id: (role == Role::Agent).then(|| agent_name.as_str().into()),
                start_ms: Some(i64::from(turn) * 15_000),
                end_ms: Some(i64::from(turn) * 15_000 + 12_000),
            }
        });
        let turns = turns.collect();
        let day = self.rng.i64(0..45);
        let started_at_ms = 1_772_323_200_000 + day * 86_400_000 + self.rng.i64(28_800_000..64_800_000);
        let date = jiff::Timestamp::from_millisecond(started_at_ms)
            .ok()
            .map(|moment| moment.to_zoned(jiff::tz::TimeZone::UTC).date().to_string().into());
        let plain = self.arguments.plain;
        let queue = if self.arguments.hostile { self.name("queue", number % 9) } else { queue.to_owned() };
        let call = Call {
            id: self.name("call", number).into(),
            turns,
            queue: (!plain).then(|| queue.into()),
            channel: Some("voice".into()),
            language: Some("en".into()),
            date: if plain { None } else { date },
            started_at_ms: (!plain).then_some(started_at_ms),
            ..Call::default()
        };
        (call, scores)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place among the agents")]
fn first_below(place: f64) -> u32 {
    place as u32
}

/// A standard normal number (Box-Muller).
fn normal(rng: &mut Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (std::f64::consts::TAU * rng.f64()).cos()
}

fn scores_of(score: f64) -> Scores {
    let score = score.clamp(-0.98, 0.98);
    let (positive, negative) = (score.max(0.0), (-score).max(0.0));
    Scores::new(positive, negative, 1.0 - positive - negative, 0.0).expect("parts of one whole")
}

/// What the tables are made of.
#[derive(Default)]
struct Tables {
    calls: Vec<(Box<str>, Vec<u8>)>,
    segments: Vec<(Box<str>, Vec<u8>)>,
    failures: Vec<(Box<str>, Vec<u8>)>,
    counts: SegmentCounts,
    turns: u64,
    scored: u64,
    low_coverage: u64,
}

fn rolled(call: &Call, scores: &[Option<Scores>]) -> CallRollup {
    let words = |turn: usize| u32::try_from(call.turns[turn].text.split(' ').count()).unwrap_or(1);
    let turns =
        turn_scores(scores.len(), scores.iter().enumerate().map(|(turn, scores)| (turn, words(turn), scores.as_ref())));
    let missing = scores.iter().filter(|scores| scores.is_none()).count();
    roll_up(&CallInput {
        call,
        timeline: &Timeline::of(call),
        turns: &turns,
        scored_roles: ScoredRoles::BOTH,
        segments: u32::try_from(scores.len()).unwrap_or(0),
        segments_failed: u32::try_from(missing).unwrap_or(0),
    })
}

impl Tables {
    fn add(&mut self, call: &Call, scores: Vec<Option<Scores>>, book: &mut AgentBook) {
        let rollup = rolled(call, &scores);
        let low_coverage = rollup.low_coverage(AgentOptions::default().min_coverage);
        book.add(&rollup);
        self.turns += call.turns.len() as u64;
        self.scored += u64::from(rollup.customer.score.is_some());
        self.low_coverage += u64::from(low_coverage);
        let mut line = Vec::new();
        RowEncoder::new(call_columns(), true)
            .encode(&CallRow { rollup, engine: "local", low_coverage, expected: None, rating: None }, &mut line);
        self.calls.push((call.id.clone(), line));
        self.add_segments(call, scores);
    }

    fn add_segments(&mut self, call: &Call, scores: Vec<Option<Scores>>) {
        let all = scores.len();
        for (number, scores) in (1_u32..).zip(scores) {
            self.counts.segments += 1;
            let outcome = match scores {
                Some(scores) => Outcome::Scored(scores),
                None => Outcome::Failed { reason: "InternalServerException".into(), attempts: 4 },
            };
            let failed = outcome.scores().is_none();
            self.counts.scored += u64::from(!failed);
            self.counts.failed += u64::from(failed);
            let row = SegmentRow {
                call_id: (&*call.id).into(),
                segment: number,
                role: call.turns[number as usize - 1].role,
                first_turn: number,
                last_turn: number,
                position: (2 * number - 1) * 1_000_000 / (2 * u32::try_from(all).unwrap_or(1)),
                chars: 100,
                outcome,
                weight: None,
                redactions: 0,
            };
            // Detail for a sample: a million calls of it would be gigabytes.
            if self.calls.len() <= 5000 {
                let mut line = Vec::new();
                RowEncoder::new(&SEGMENTS, true).encode(&row, &mut line);
                self.segments.push((call.id.clone(), line));
            }
            if failed {
                let mut line = Vec::new();
                RowEncoder::new(&FAILURES, true).encode(&row, &mut line);
                self.failures.push((call.id.clone(), line));
            }
        }
    }
}

fn write_table(
    out: &mut OutputDirectory,
    name: &'static str,
    header: &[u8],
    lines: &mut [(Box<str>, Vec<u8>)],
) -> Result<()> {
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    out.write(name, |file| {
        file.write_all(header)?;
        lines.iter().try_for_each(|(_, line)| file.write_all(line))?;
        Ok(Some(lines.len() as u64))
    })?;
    Ok(())
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.redraw {
        return draw(&arguments.directory);
    }
    let mut centre = Centre::new(arguments);
    let mut book = AgentBook::new(AgentOptions::default());
    let mut tables = Tables::default();
    for number in 0..centre.arguments.calls {
        let (call, scores) = centre.call(number);
        tables.add(&call, scores, &mut book);
    }
    let agents = book.finish();
    let mut out = OutputDirectory::open(&centre.arguments.directory)?;
    write_table(&mut out, "calls.csv", &RowEncoder::new(call_columns(), true).header(), &mut tables.calls)?;
    let mut encoder = RowEncoder::new(agent_columns(), true);
    let mut lines: Vec<(Box<str>, Vec<u8>)> = Vec::new();
    for agent in &agents.agents {
        let mut line = Vec::new();
        encoder.encode(agent, &mut line);
        lines.push((agent.id.clone(), line));
    }
    write_table(&mut out, "agents.csv", &encoder.header(), &mut lines)?;
    write_table(&mut out, "segments.csv", &RowEncoder::new(&SEGMENTS, true).header(), &mut tables.segments)?;
    write_table(&mut out, "failures.csv", &RowEncoder::new(&FAILURES, true).header(), &mut tables.failures)?;
    let mut encoder = RowEncoder::new(&REJECTS, true);
    let mut line = Vec::new();
    encoder.encode(&RejectRow { file: "calls.csv".into(), line: 17, reason: "no call id".into() }, &mut line);
    write_table(&mut out, "rejects.csv", &encoder.header(), &mut [("calls.csv".into(), line)])?;
    out.write("datapackage.json", |file| {
        writeln!(file, "{:#}", describe(&resources(true), SCHEMA_VERSION, false)).map(|()| None)
    })?;
    let record = record(&tables, &agents);
    out.write("run.json", |file| {
        serde_json::to_writer_pretty(&mut *file, &record)?;
        file.write_all(b"\n").map(|()| None)
    })?;
    let directory = out.commit()?;
    #[cfg(feature = "parquet")]
    for (name, fields) in
        [("calls", undertone::output::fields(call_columns())), ("agents", undertone::output::fields(agent_columns()))]
    {
        let mut file = std::fs::File::create(directory.join(format!("{name}.parquet")))?;
        undertone::output::parquet::write(&directory.join(format!("{name}.csv")), &fields, true, &mut file)?;
    }
    draw(&directory)
}

fn draw(directory: &Path) -> Result<()> {
    let begun = Instant::now();
    let page = report::draw(directory).context("can't draw the page")?;
    let bytes = page.len();
    std::fs::write(directory.join("report.html"), page)?;
    anstream::println!("drawn in {:.2} s, {bytes} bytes", begun.elapsed().as_secs_f64());
    Ok(())
}

fn record(tables: &Tables, agents: &AgentsReport) -> RunRecord {
    RunRecord {
        schema_version: SCHEMA_VERSION.into(),
        undertone_version: env!("CARGO_PKG_VERSION").into(),
        scoring_version: SCORING_VERSION.into(),
        settings_hash: "0".repeat(64),
        engine: EngineRecord { name: "local".into(), model: "sample".into(), granularity: "turn".into() },
        call_model: None,
        started_at: "2026-03-01T00:00:00Z".into(),
        finished_at: "2026-03-01T00:01:00Z".into(),
        inputs: vec![InputRecord {
            path: "calls.csv".into(),
            bytes: 0,
            blake3: "0".repeat(64),
            rows: tables.turns + 1,
            format: "turns".into(),
            encoding: "UTF-8".into(),
            compression: None,
            facts: FormatFacts::default(),
        }],
        outputs: Vec::new(),
        counts: CountsRecord {
            rows: tables.turns + 1,
            duplicate_rows: 0,
            rejected_rows: 1,
            turns: tables.turns,
            calls: tables.calls.len() as u64,
            calls_scored: tables.scored,
            calls_low_coverage: tables.low_coverage,
            calls_without_agent: agents.calls_without_agent,
            calls_language_assumed: 0,
            calls_times_contradict: 0,
            redacted_twins: 0,
            agents: agents.agents.len() as u64,
            files_passed_over: 0,
            contact_records: None,
            segments: tables.counts,
            documents: tables.counts.segments,
        },
        agents: agents.population.as_ref().map(Population::rounded),
        redaction: None,
        run_id: String::new(),
        night: None,
        via: None,
        jobs: Vec::new(),
        shard: None,
        share: None,
        service: ServiceRecord::default(),
        seconds: SecondsRecord::default(),
        exit_code: 3,
    }
}
