//! `undertone nightly`: takes in what is new, and publishes the dates that it touches.
//!
//! - `inventory`: where inputs lie tonight; `arrivals`: which of them are new or changed; `reading`: which dates that makes dirty, and what was read for them;
//! - `publish`: the dirty dates scored and put in place; `derived`: what is made of all dates;
//! - `show`: what a person sees of it.
//!
//! Nothing is remembered before it is published: a night that ends early is made good by the next one, and what was
//! published by then costs nothing again.

mod arrivals;
mod derived;
mod inventory;
mod publish;
mod reading;
mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::cli::Nightly as Arguments;
use crate::drift::{self, Judged};
use crate::engine::Halt;
use crate::exit::{ExitCode, Failure};
use crate::lock::{Holder, RunLock};
use crate::metrics::{self, Metrics};
use crate::nights::{CallDate, Identity, Publication, Published, Reason, State, all_of, judged, newest};
use crate::output::{RunRecord, write_whole};
use crate::places;
use crate::rating::RatingModel;
use crate::settings::{Nightly, Redelivery, Settings};

use super::session::Session;
use super::stages::Stages;
use super::{notice, options};
use arrivals::Arrivals;
use inventory::Inventory;

/// The dates from which figures are known to be others than before, with the reasons.
const ACCEPTED: &str = "sums/accepted.json";

/// There from before a night publishes until what it published is remembered.
const UNFINISHED: &str = ".undertone-unfinished";

/// Takes in what is new among the inputs, and publishes the dates that it touches.
///
/// # Errors
/// [`Failure`] with the exit code that tells what stopped the night; what was published before stays whole.
pub fn run(settings: &Settings, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let night = Night::new(settings, arguments);
    let done = super::runtime()?.block_on(Box::pin(night.carry_out()));
    // The places where outputs are written know analyze's flag.
    done.map_err(|failure| {
        let hint = failure.hint().map(|hint| hint.replace("--out DIR", "--into DIR"));
        failure.with_hint(hint)
    })
}

/// One night.
struct Night<'a> {
    settings: &'a Settings,
    nights: &'a Nightly,
    arguments: &'a Arguments,
    root: PathBuf,
    stages: Stages<'a>,
}

/// What a night works with, once the folder is its own.
struct Store {
    publication: Publication,
    state: State,
    published: Published,
    inventory: Inventory,
    /// Whether the last night ended before what it published was remembered.
    was_cut_short: bool,
}

impl Store {
    fn root(&self) -> &Path {
        self.publication.root()
    }
}

/// What scores tonight.
struct Scorer {
    session: Session,
    call_model: Option<RatingModel>,
    identity: Identity,
    /// BLAKE3 of the contact records, if there are any.
    contacts: Option<String>,
}

impl<'a> Night<'a> {
    fn new(settings: &'a Settings, arguments: &'a Arguments) -> Self {
        let nights: &Nightly = settings.section();
        Self { settings, nights, arguments, root: nights.into.clone(), stages: Stages::begin(settings) }
    }

    async fn carry_out(mut self) -> Result<ExitCode, Failure> {
        places::refuse(&self.root)?;
        let inventory = Inventory::discover(self.settings, &self.arguments.inputs, &self.root)?;
        let _lock = RunLock::take(&self.root, &Holder::current())?;
        let mut store = self.open(inventory)?;
        self.check_dating(&store.published)?;
        self.accept()?;
        let contacts = arrivals::contacts(self.settings, &store.state)?;
        let arrivals = Arrivals::of(&store, self.nights, contacts.as_deref())?;
        let again = self.again(&store)?;
        let forced = self.forced(&store)?;
        if arrivals.fresh.is_empty() && again.is_empty() && forced.is_empty() && self.arguments.accept.is_empty() {
            store.state.keep()?;
            self.write_metrics(&store, &store.published, None)?;
            return show::nothing_new(&self, arrivals.known, derived::waiting(&store)?);
        }
        let scorer = self.scorer(contacts).await?;
        let night = crate::nights::Night {
            lookback: i64::from(self.nights.lookback),
            newest: newest(&store.published.dates),
            published: store.published.dates.keys().copied().collect(),
            forced,
            rescore: self.arguments.rescore,
            again,
        };
        let read = self.read(&mut store, arrivals, &night)?;
        let plan = self.plan(&store, &read, &night, &scorer)?;
        self.begun()?;
        let done = self.publish(&mut store, &read, &plan, &scorer).await?;
        publish::remember(&store, &read, &plan, &done)?;
        self.derive(&mut store, &read, &plan, &done, &night, &scorer)
    }

    /// Leaves a mark that what is published is not remembered yet.
    fn begun(&self) -> Result<(), Failure> {
        let path = self.root.join(UNFINISHED);
        write_whole(&path, b"").map_err(|error| Failure::write(&path, error))
    }

    /// Takes the mark away.
    fn ended(&self) -> Result<(), Failure> {
        let path = self.root.join(UNFINISHED);
        std::fs::remove_file(&path).map_err(|error| Failure::write(&path, error))
    }

    /// Opens what earlier nights left, and says what was wrong with it.
    fn open(&self, inventory: Inventory) -> Result<Store, Failure> {
        let publication = Publication::open(&self.root)?;
        let state = State::open(&self.root)?;
        let published = Published::read(&self.root)?;
        if publication.resumed {
            notice(self.settings, "a night that was cut short while it published was completed");
        }
        if state.damaged {
            tracing::warn!("state.sqlite is damaged and was moved aside: all inputs are read again, at no cost");
        } else if state.is_new && !published.dates.is_empty() {
            tracing::warn!("state.sqlite is gone: all inputs are read again, at no cost");
        }
        for (date, path) in &published.damaged {
            tracing::warn!("{} is damaged: {date} is published anew from its inputs", path.display());
        }
        let was_cut_short = self.root.join(UNFINISHED).exists();
        Ok(Store { publication, state, published, inventory, was_cut_short })
    }

    /// Keeps the reason for which figures are others from a date on.
    fn accept(&self) -> Result<(), Failure> {
        let [date, reason] = self.arguments.accept.as_slice() else { return Ok(()) };
        let date: CallDate = date.parse().ok().filter(|date: &CallDate| date.0.is_some()).ok_or_else(|| {
            Failure::new(ExitCode::Usage, "--accept takes a date such as 2026-11-02, then the reason")
        })?;
        let mut accepted = accepted(&self.root);
        accepted.insert(date.to_string(), reason.clone());
        let path = self.root.join(ACCEPTED);
        let bytes = serde_json::to_vec_pretty(&accepted).map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
        std::fs::create_dir_all(self.root.join("sums"))
            .and_then(|()| write_whole(&path, &bytes))
            .map_err(|error| Failure::write(&path, error))
    }

    /// Dates that are tried again.
    fn again(&self, store: &Store) -> Result<BTreeSet<CallDate>, Failure> {
        let night = crate::nights::Night {
            lookback: i64::from(self.nights.lookback),
            newest: newest(&store.published.dates),
            ..crate::nights::Night::default()
        };
        let failed = store.state.again()?.into_iter().filter(|date| !night.is_final(*date));
        let blocked = reading::unblocked(store, &self.root)?;
        let damaged = store.published.damaged.iter().map(|(date, _)| *date);
        Ok(failed.chain(blocked).chain(damaged).collect())
    }

    /// The published days with their verdicts.
    fn judged(&self, published: &Published) -> BTreeMap<CallDate, Judged> {
        let options = drift::Options { canary_tolerance: self.nights.canary_tolerance.value() };
        judged(&published.dates, &accepted(&self.root), options)
    }

    /// Writes the file of metrics, if one is asked for; of the record of a night that had something to do.
    fn write_metrics(&self, store: &Store, published: &Published, run: Option<&RunRecord>) -> Result<(), Failure> {
        let Some(file) = &self.settings.metrics else { return Ok(()) };
        let (finished, seconds) = (self.stages.finished_at(), self.stages.passed());
        let metrics = match run {
            None => Metrics::of_nothing(finished, seconds),
            Some(run) => {
                let dates = run.night.iter().flat_map(|night| night.published.keys());
                let dates: Vec<CallDate> = dates.filter_map(|date| date.parse().ok()).collect();
                let overview = all_of(&self.root, &dates)?.overview;
                Metrics::of_run(run, &overview, None, finished, seconds)
            }
        };
        let judged = self.judged(published);
        let newest = newest(&published.dates);
        let late = store.state.pending()?.into_iter().filter(|pending| pending.reason == Reason::Late);
        let today = finished.to_zoned(self.settings.timezone.clone()).date();
        let night = metrics::Night {
            judged: newest.and_then(|newest| judged.get(&newest)),
            late_inputs: late.map(|pending| pending.input).collect::<BTreeSet<_>>().len() as u64,
            newest: newest.and_then(|newest| newest.0).map(|newest| (newest, today)),
        };
        let hint = format!("everything in {} is published: only the metrics are missing", self.root.display());
        metrics.with_night(&night).write(file).map_err(|failure| failure.with_hint(Some(hint)))
    }

    /// The dates that the command line names: all that were published, or only those for which calls wait.
    fn forced(&self, store: &Store) -> Result<BTreeSet<CallDate>, Failure> {
        let Some((from, to)) = self.arguments.from.zip(self.arguments.to) else { return Ok(BTreeSet::new()) };
        let is_named = |date: &CallDate| date.0.is_some_and(|date| from <= date && date <= to);
        let waiting = store.state.pending()?.into_iter().map(|pending| pending.date);
        let published = store.published.dates.keys().copied().filter(|_| self.arguments.rescore);
        Ok(waiting.chain(published).filter(is_named).collect())
    }

    async fn scorer(&self, contacts: Option<String>) -> Result<Scorer, Failure> {
        let session = Session::open(self.settings, &Halt::new()).await?;
        let profile = session.service.engine.profile();
        let call_model = options::call_model(self.settings, profile)?;
        let identity = options::identity(self.settings, profile, call_model.as_ref())?;
        Ok(Scorer { session, call_model, identity, contacts })
    }

    /// What decides of which date a call is, besides the inputs.
    fn dating(&self) -> String {
        let zone = self.settings.timezone.iana_name().unwrap_or("unnamed");
        match self.nights.redelivery {
            Redelivery::Unite => format!("{zone}, unite"),
            Redelivery::Replace => format!("{zone}, replace"),
        }
    }

    /// Refuses to mix dates of one time zone with those of another: a call could stand in two of them, or in none.
    fn check_dating(&self, published: &Published) -> Result<(), Failure> {
        let dating = self.dating();
        let Some((date, record)) = published.dates.iter().find(|(_, record)| record.dating != dating) else {
            return Ok(());
        };
        let message = format!(
            "{} was published with another time zone or meaning of re-deliveries ({}, now {dating}): a call could stand \
             in two dates",
            date, record.dating
        );
        let (zone, redelivery) = record.dating.split_once(", ").unwrap_or((&record.dating, "unite"));
        let hint = format!(
            "go on with --timezone {zone} --redelivery {redelivery}, or publish all inputs in another folder with --into DIR"
        );
        Err(Failure::new(ExitCode::Settings, message).with_hint(Some(hint)))
    }
}

/// The dates from which figures are known to be others than before, with the reasons.
fn accepted(root: &Path) -> BTreeMap<String, String> {
    let bytes = std::fs::read(root.join(ACCEPTED)).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}
