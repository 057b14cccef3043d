//! `undertone analyze`: read, chunk, score, roll up, write.

use std::time::Instant;

use super::ending::Ending;
use super::record::{Made, record};
use super::session::Session;
use super::stages::{Counts, Read, Stages};
use super::{by_job, options};
use crate::engine::Halt;
use crate::exit::{ExitCode, Failure};
use crate::input::{self, Calls, Source};
use crate::jobs::Via;
use crate::lock::{Holder, RunLock};
use crate::output::{OutputDirectory, PART_FILE, Tables};
use crate::pipeline::{Fold, Pipelined};
use crate::rating::RatingModel;
use crate::settings::Settings;
use crate::shards::{self, OfShard, PartSums, Shard};

/// Analyzes `inputs`: files, directories, globs, or `-` for stdin; of a shard only its calls, into a part. Prints a summary,
/// as JSON if `json`.
///
/// # Errors
/// [`Failure`] with the exit code that tells what stopped the run.
pub fn run(settings: &Settings, inputs: &[String], shard: Option<Shard>, json: bool) -> Result<ExitCode, Failure> {
    let sources = input::discover(inputs, &settings.out)?;
    let settings = match shard {
        Some(shard) if settings.via() == Via::Jobs => return Err(no_jobs(shard)),
        // A shard asks for what it needs itself.
        Some(shard) => shard.share_of(settings.clone().with_via(Via::Requests)),
        None => by_job::decided(settings, inputs)?,
    };
    super::runtime()?.block_on(Box::pin(Run::new(&settings, shard, json).carry_out(&sources, inputs)))
}

/// Jobs run on the service's own machines, however large the run is: to start them from several machines gains nothing.
fn no_jobs(shard: Shard) -> Failure {
    let hint = format!("leave --shard {shard} out: one machine starts all jobs, and collects them");
    Failure::new(ExitCode::Usage, "a shard can't be scored by jobs").with_hint(Some(hint))
}

/// One run.
struct Run<'a> {
    stages: Stages<'a>,
    settings: &'a Settings,
    /// Which calls are scored, if not all.
    shard: Option<Shard>,
    /// Whether the summary is for a program.
    json: bool,
    /// What expects ratings of calls.
    call_model: Option<RatingModel>,
}

impl Counts for Fold {
    fn turns(&self) -> u64 {
        self.turns
    }

    fn calls(&self) -> u64 {
        self.overview.calls
    }
}

impl<'a> Run<'a> {
    fn new(settings: &'a Settings, shard: Option<Shard>, json: bool) -> Self {
        Self { stages: Stages::begin(settings), settings, shard, json, call_model: None }
    }

    async fn carry_out(mut self, sources: &[Source], inputs: &[String]) -> Result<ExitCode, Failure> {
        let lock = RunLock::take(&self.settings.out, &Holder::current())?;
        let directory = OutputDirectory::open(&self.settings.out)?;
        let session = Session::open(self.settings, &Halt::new()).await?;
        let by_job = by_job::open(self.settings, inputs).await?;
        self.call_model = options::call_model(self.settings, session.service.engine.profile())?;
        let (conversations, read) = self.stages.read(sources, &options::input(self.settings)?)?;
        let mut prepare = self.stages.preparation(conversations.languages(), &session)?;
        by_job::note_known(by_job.as_ref(), self.settings, &mut prepare)?;
        let planned = OfShard { calls: conversations.calls(), shard: self.shard };
        self.stages
            .hold_to_budget(planned, &session, &prepare, |plan| by_job::at_most(by_job.as_ref(), &session, plan))?;
        let jobs = by_job::fill(by_job, self.settings, &session, &mut prepare, || conversations.calls()).await?;
        let rows = conversations.rows() - conversations.rejected();
        let fold = Fold::new(self.stages.folding(&session, self.call_model.as_ref()));
        let calls = OfShard { calls: conversations.into_calls(), shard: self.shard };
        let pipelined = self.stages.score(calls, rows, &session, prepare, fold).await?;
        self.write((directory, &lock), &session, pipelined, (&read, jobs))
    }

    fn write(
        mut self,
        (mut directory, lock): (OutputDirectory, &RunLock),
        session: &Session,
        pipelined: Pipelined<Fold, OfShard<Calls>>,
        (read, jobs): (&Read, by_job::Jobs),
    ) -> Result<ExitCode, Failure> {
        let begun = Instant::now();
        if !pipelined.fold.counts.reconcile() {
            return Err(Failure::new(ExitCode::Unexpected, "the segments do not add up: nothing was written"));
        }
        let settings = self.settings;
        let format = options::format(settings);
        let mut fold = pipelined.fold;
        let tally = pipelined.calls.calls.tally();
        let made = Made { jobs, ..Made::of(&fold, pipelined.scoring, tally) };
        let book = std::mem::take(&mut fold.agents);
        let kept = self.shard.map(|_| book.clone());
        let agents = book.finish();
        let record = record(settings, session, read, &made, &agents, self.stages.started_at, self.call_model.as_ref());
        let profile = session.service.engine.profile();
        let overview = std::mem::take(&mut fold.overview);
        let mut ending = Ending { record, overview, agents: &agents, profile, json: self.json };
        ending.set_exit_code();
        let segments = settings.detail.then_some(fold.segments);
        if let Some((shard, book)) = self.shard.zip(kept) {
            ending.record.shard = Some(shard.to_string());
            (ending.record.counts.calls, ending.record.counts.turns) = (ending.overview.calls, fold.turns);
            let sums = PartSums {
                whole: tally.into(),
                rejects: read.rejects.clone(),
                book,
                overview: ending.overview.clone(),
            };
            directory
                .write(PART_FILE, |out| shards::write([fold.calls, fold.failures], segments, &sums, format, out))?;
        } else {
            let tables = Tables {
                sample: None,
                calls: fold.calls.into(),
                segments: segments.map(Into::into),
                failures: fold.failures.into(),
                agents: &agents,
                rejects: &read.rejects,
            };
            ending.put_tables(&mut directory, tables, format)?;
        }
        ending.conclude(&mut self.stages, (directory, lock), begun)
    }
}
