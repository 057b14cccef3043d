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
use crate::jobs::Via;
use crate::metrics::{self, Metrics};
use crate::nights::{
    CallDate, DateRecord, Identity, Lake, Publication, Published, Reason, STATE, State, UNFINISHED, all_of, judged,
    newest,
};
use crate::output::{RunRecord, TEMPORARY_HINT, write_whole};
use crate::rating::RatingModel;
use crate::settings::{Nightly, Redelivery, Settings};

use super::session::Session;
use super::stages::Stages;
use super::{by_job, notice, options};
use arrivals::Arrivals;
use inventory::Inventory;

/// The dates from which figures are known to be others than before, with the reasons.
const ACCEPTED: &str = "sums/accepted.json";

/// Takes in what is new among the inputs, and publishes the dates that it touches.
///
/// # Errors
/// [`Failure`] with the exit code that tells what stopped the night; what was published before stays whole.
pub fn run(settings: &Settings, arguments: &Arguments) -> Result<ExitCode, Failure> {
    if settings.via() == Via::Auto {
        let hint = "choose --via requests or --via jobs: scores of one and the other are not compared night by night";
        return Err(Failure::new(ExitCode::Settings, "nights go one way, and via is auto").with_hint(Some(hint.into())));
    }
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
    /// The folder, or its working copy.
    root: PathBuf,
    stages: Stages<'a>,
}

/// What a night works with, once the folder is its own.
struct Store {
    lake: Lake,
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

    /// Puts everything that was staged in place.
    fn commit(&mut self) -> Result<(), Failure> {
        let changed = self.publication.commit()?;
        Ok(self.lake.push(&changed)?)
    }

    /// Makes what was seen last.
    fn keep(&mut self) -> Result<(), Failure> {
        self.state.keep()?;
        if self.state.has_changed() {
            self.lake.push(&[STATE.to_owned()])?;
        }
        Ok(())
    }

    /// Fetches the partitions of a date.
    fn fetch(&self, record: &DateRecord) -> Result<(), Failure> {
        Ok(self.lake.fetch(record.files.iter().map(|file| file.name.clone()))?)
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
        let inventory = Inventory::discover(self.settings, &self.arguments.inputs, &self.root)?;
        let lake = Lake::open(&self.root)?;
        self.root = lake.root().to_owned();
        let copy = WorkingCopy { root: self.root.clone(), place: lake.place().to_owned() };
        let done = Box::pin(self.work(lake, inventory)).await;
        done.map_err(|failure| copy.shown(failure))
    }

    /// The night, once the folder is its own.
    async fn work(mut self, lake: Lake, inventory: Inventory) -> Result<ExitCode, Failure> {
        let mut store = self.open(lake, inventory)?;
        self.check_dating(&store.published)?;
        self.accept(&store)?;
        let contacts = arrivals::contacts(self.settings, &store.state)?;
        let arrivals = Arrivals::of(&store, self.nights, contacts.as_deref())?;
        let again = self.again(&store)?;
        let forced = self.forced(&store)?;
        if arrivals.fresh.is_empty() && again.is_empty() && forced.is_empty() && self.arguments.accept.is_empty() {
            store.keep()?;
            self.write_metrics(&store, &store.published, None)?;
            return show::nothing_new(&self, arrivals.known, derived::waiting(&store)?);
        }
        let scorer = self.scorer(contacts).await?;
        let by_job = by_job::open(self.settings, &self.arguments.inputs).await?;
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
        self.begun(&store)?;
        let done = self.publish(&mut store, &read, &plan, &scorer, by_job).await?;
        publish::remember(&store, &read, &plan, &done)?;
        self.derive(&mut store, &read, &plan, &done, &night, &scorer)
    }

    /// Leaves a mark that what is published is not remembered yet.
    fn begun(&self, store: &Store) -> Result<(), Failure> {
        let path = self.root.join(UNFINISHED);
        write_whole(&path, b"").map_err(|error| Failure::write(&path, error))?;
        Ok(store.lake.push(&[UNFINISHED.to_owned()])?)
    }

    /// Takes the mark away.
    fn ended(&self, store: &Store) -> Result<(), Failure> {
        let path = self.root.join(UNFINISHED);
        std::fs::remove_file(&path).map_err(|error| Failure::write(&path, error))?;
        Ok(store.lake.push(&[UNFINISHED.to_owned()])?)
    }

    /// Opens what earlier nights left, and says what was wrong with it.
    fn open(&self, lake: Lake, inventory: Inventory) -> Result<Store, Failure> {
        let publication = Publication::open(&self.root)?;
        let state = State::open(&self.root)?;
        let published = Published::read(&self.root)?;
        if publication.resumed || lake.resumed {
            notice(self.settings, "a night that was cut short while it published was completed");
        }
        if state.damaged {
            tracing::warn!("state.sqlite is damaged and was moved aside: all inputs are read again, at no cost");
        } else if state.is_new && !published.dates.is_empty() {
            tracing::warn!("state.sqlite is gone: all inputs are read again, at no cost");
        }
        for (date, path) in &published.damaged {
            let path = lake.shown(path);
            tracing::warn!("{} is damaged: {date} is published anew from its inputs", path.display());
        }
        let was_cut_short = self.root.join(UNFINISHED).exists();
        Ok(Store { lake, publication, state, published, inventory, was_cut_short })
    }

    /// Keeps the reason for which figures are others from a date on.
    fn accept(&self, store: &Store) -> Result<(), Failure> {
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
            .map_err(|error| Failure::write(&path, error))?;
        Ok(store.lake.push(&[ACCEPTED.to_owned()])?)
    }

    /// Dates that are tried again.
    fn again(&self, store: &Store) -> Result<BTreeSet<CallDate>, Failure> {
        let night = crate::nights::Night {
            lookback: i64::from(self.nights.lookback),
            newest: newest(&store.published.dates),
            ..crate::nights::Night::default()
        };
        let failed = store.state.again()?.into_iter().filter(|date| !night.is_final(*date));
        let blocked = reading::unblocked(store)?;
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
        let hint = format!("everything in {} is published: only the metrics are missing", store.lake.place().display());
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

/// A folder's working copy, if it is not the folder itself.
struct WorkingCopy {
    root: PathBuf,
    place: PathBuf,
}

impl WorkingCopy {
    /// A failure with the folder's own place in its messages.
    fn shown(&self, failure: Failure) -> Failure {
        if self.root == self.place {
            return failure;
        }
        let root = self.root.display().to_string();
        // What can't be written here is the working copy itself.
        let is_here = failure.code() == ExitCode::CantCreate
            && failure.chain().first().is_some_and(|message| message.contains(&root));
        if is_here {
            return failure.with_hint(Some(format!("nights of an object store are made there: {TEMPORARY_HINT}")));
        }
        failure.naming(&root, &self.place.display().to_string())
    }
}

/// The dates from which figures are known to be others than before, with the reasons.
fn accepted(root: &Path) -> BTreeMap<String, String> {
    let bytes = std::fs::read(root.join(ACCEPTED)).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}
