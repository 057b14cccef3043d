//! Jobs in a build that has them: the way to service and bucket, the plan, the choice between both ways.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

use super::Jobs as Made;
use crate::cache::{self, Access, Scorer};
use crate::chunk::{Estimate, InJobs, JobRoom};
use crate::commands::plan::{JobLine, seconds};
use crate::commands::session::{self, Session};
use crate::commands::{notice, options};
use crate::engine::price::Bill;
use crate::engine::registry::{Definition, OpenWays};
use crate::engine::{Price, Profile};
use crate::exit::{ExitCode, Failure};
use crate::input::{self, InputError};
use crate::interrupt;
use crate::jobs::service::{JobService, Packed, Terms};
use crate::jobs::{self, Jobs, JobsError, Journal, Options, Run, Shared, Via};
use crate::pipeline::{self, FromJobs, Plan, PrepareOptions};
use crate::places::{self, Bucket, Encryption, Location, PlaceError};
use crate::sentiment::{Granularity, Limits};
use crate::settings::{Cost, Settings};
use crate::transcript::Call;

/// Jobs that are ready to be run.
pub(crate) struct ByJob {
    service: Arc<dyn JobService>,
    bucket: Bucket,
    folder: Location,
    root: PathBuf,
    /// Most documents of a job, as the settings have it.
    part: u64,
}

impl ByJob {
    /// Finds the way to the service and to the bucket, which must be in one region.
    ///
    /// # Errors
    /// [`ExitCode::Settings`] for what is missing or does not fit.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failure> {
        let engine = settings.engine();
        let Some(way) = &engine.jobs else {
            let message = format!("the engine {} has no jobs", engine.name);
            let hint = "choose --engine comprehend, comprehend-custom, sagemaker or bedrock, or leave out --via jobs";
            return Err(Failure::new(ExitCode::Settings, message).with_hint(Some(hint.into())));
        };
        let jobs: &Jobs = settings.section();
        let folder = jobs.folder()?;
        let root = session::cache_root(settings)?.ok_or_else(switched_off)?;
        let service = (way.connect)(settings).await?;
        let encryption = jobs.kms_key.clone().map_or(Encryption::Store, Encryption::Key);
        let bucket = Bucket::connect_encrypted(&folder.bucket, &encryption).map_err(JobsError::from)?;
        if bucket.region() != service.region() {
            let message = format!(
                "the service is asked in {}, and the bucket in {}: jobs need both in one region",
                service.region(),
                bucket.region()
            );
            let hint = format!("set AWS_REGION={} where the bucket is there, or leave out --region", service.region());
            return Err(Failure::new(ExitCode::Settings, message).with_hint(Some(hint)));
        }
        // Whether it is there, and may be listed.
        bucket.find(&folder.child(".undertone").key).map_err(JobsError::from)?;
        Ok(Self { service, bucket, folder, root, part: jobs.part })
    }

    /// The texts that no job could score so far.
    ///
    /// # Errors
    /// Where the journal can't be read.
    pub(crate) fn known(&self, settings: &Settings) -> Result<FromJobs, Failure> {
        let failures = match Journal::read(&self.root)? {
            Some(journal) => journal.failures(first_day(settings))?,
            None => FxHashMap::default(),
        };
        Ok(FromJobs { failures, ..FromJobs::default() })
    }

    /// The most that a plan can be charged for, with what jobs send besides.
    pub(crate) fn at_most(&self, session: &Session, plan: &Plan) -> Bill {
        let Profile { price, limits, .. } = session.service.engine.profile();
        let terms = self.service.terms();
        let little = plan.estimate.in_jobs(&room(terms, self.part, limits, true), price.billing()).little;
        let bill = price.at_most_by_jobs(&plan.estimate, &little, limits);
        if self.service.has_requests() || plan.estimate.documents == 0 {
            return bill;
        }
        let besides = jobs::besides(session.service.engine.profile(), session.store.as_deref(), terms);
        bill.and(price.at_most(&besides, limits))
    }

    /// What runs the jobs of a session's engine.
    ///
    /// # Errors
    /// [`ExitCode::TryLater`] while another run has jobs under way.
    pub(crate) fn run(self, settings: &Settings, session: &Session) -> Result<Run, Failure> {
        let jobs: &Jobs = settings.section();
        let profile = session.service.engine.profile();
        let store = session.store.clone().ok_or_else(switched_off)?;
        let today = cache::today();
        let journal = Mutex::new(Journal::open(&self.root, today)?);
        let told = settings.clone();
        let object_lines = match self.service.terms().packed {
            Packed::TarGz | Packed::Plain => u64::MAX,
            Packed::Objects(most) => most,
        };
        let group = self.service.terms().group(&profile.limits);
        let max_cost = settings.section::<Cost>().max;
        let longest = match &profile.price {
            Price::PerTime(terms) => max_cost.zip(terms.dollars).map(|(most, dollars)| most / dollars),
            _ => None,
        };
        Ok(Run::new(Shared {
            service: self.service,
            journal,
            bucket: self.bucket,
            folder: self.folder,
            store,
            scorer: Scorer::of(profile),
            price: profile.price.clone(),
            group,
            options: Options {
                part: jobs.part,
                poll: jobs.poll,
                max_wait: jobs.max_wait,
                wait: jobs.wait,
                keep_objects: jobs.keep_objects,
            },
            halt: session.service.halt.clone(),
            meter: Arc::clone(&session.service.meter),
            object_lines: AtomicU64::new(object_lines),
            longest,
            today,
            notice: Box::new(move |line| notice(&told, line)),
        }))
    }

    /// Stores the scores of all new texts among the calls that `calls` gives each time.
    pub(crate) async fn fill<C>(
        self,
        settings: &Settings,
        session: &Session,
        prepare: &mut PrepareOptions,
        calls: impl Fn() -> C,
    ) -> Result<Made, Failure>
    where
        C: Iterator<Item = Result<Vec<Call>, InputError>> + Send + 'static,
    {
        interrupt::stop_on_signals(session.service.halt.clone())
            .map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
        let run = self.run(settings, session)?;
        let filled = run.fill(calls, prepare, first_day(settings)).await?;
        prepare.from_jobs = filled.from_jobs;
        Ok(Made { is_way: true, records: filled.jobs, units: filled.units })
    }
}

/// How a plan by jobs is made.
pub(crate) struct Planned {
    pub(crate) profile: Profile,
    terms: &'static Terms,
    room: JobRoom,
    /// What is sent besides the documents.
    besides: Estimate,
}

/// How a plan by jobs is made; nothing for an engine that has none.
///
/// # Errors
/// Those of [`session::as_last_met`].
pub(crate) fn planned(engine: &Definition, settings: &Settings) -> Result<Option<Planned>, Failure> {
    let Some(way) = &engine.jobs else { return Ok(None) };
    let profile = session::as_last_met((engine.profile)(&settings.clone().with_via(Via::Jobs)), settings)?;
    let jobs: &Jobs = settings.section();
    let has_requests = (way.open)(settings).requests;
    let besides = if has_requests {
        Estimate::default()
    } else {
        jobs::besides(&profile, session::open_store(settings, &profile, Access::Read)?.as_deref(), way.terms)
    };
    let room = room(way.terms, jobs.part, &profile.limits, has_requests);
    Ok(Some(Planned { profile, terms: way.terms, room, besides }))
}

/// What a job takes; whatever is small is filled up where there are no requests.
fn room(terms: &Terms, part: u64, limits: &Limits, has_requests: bool) -> JobRoom {
    let group = terms.group(limits);
    JobRoom {
        most_documents: terms.most_documents(part, group),
        least_documents: terms.least_documents(group),
        least_bytes: if has_requests { terms.least_bytes } else { 0 },
    }
}

impl Planned {
    pub(crate) fn line(&self, granularity: Granularity, plan: &Plan) -> JobLine {
        let (estimate, price, limits) = (&plan.estimate, &self.profile.price, &self.profile.limits);
        let InJobs { jobs, documents, little, units_lower } = estimate.in_jobs(&self.room, price.billing());
        let mut most = estimate.clone();
        if estimate.documents > 0 {
            most.merge(&self.besides);
        }
        let (upper, lower) =
            (price.at_most_by_jobs(&most, &little, limits), price.at_least_by_jobs(estimate, &little, limits));
        let tokens =
            |bill: &Bill| matches!(price, Price::PerTokens(_)).then_some((bill.tokens.input, bill.tokens.output));
        JobLine {
            granularity: granularity.as_str(),
            stored: plan.stored,
            documents,
            by_request: little.documents,
            jobs,
            units_upper: most.units_upper,
            units_lower,
            tokens_upper: tokens(&upper),
            tokens_lower: tokens(&lower),
            cost_usd_upper: upper.dollars,
            cost_usd_lower: price.billing().map_or(lower.dollars, |_| price.cost(units_lower)),
            seconds_least: (jobs.div_ceil(self.terms.at_once as u64) * self.terms.takes.as_secs()) as f64,
            minutes: self.terms.takes.as_secs() / 60,
            at_once: self.terms.at_once,
            unset_price: price.unset(),
        }
    }
}

/// Takes jobs where they end earlier, or cost less at the upper bound, if a bucket and a role are set.
pub(crate) fn decide(settings: &Settings, inputs: &[String]) -> Result<Via, Failure> {
    let engine = settings.engine();
    let jobs: &Jobs = settings.section();
    let Some(OpenWays { requests, jobs: is_open }) = engine.jobs.as_ref().map(|way| (way.open)(settings)) else {
        return Ok(Via::Requests);
    };
    let is_set = is_open && jobs.bucket.is_some() && session::cache_root(settings)?.is_some();
    let Some(planned) = planned(engine, settings)?.filter(|_| is_set && inputs.iter().all(|input| input != "-")) else {
        return Ok(Via::Requests);
    };
    if !requests {
        return Ok(Via::Jobs);
    }
    let profile = session::as_last_met((engine.profile)(&settings.clone().with_via(Via::Requests)), settings)?;
    let conversations = input::read(&input::discover(inputs, &settings.out)?, &options::input(settings)?, &mut |_| {})?;
    let store = session::open_store(settings, &profile, Access::Read)?;
    let redactor = options::redactor(settings, &profile)?;
    let granularity = settings.granularity.or(profile.granularity);
    let way = |profile: &Profile| {
        let chunk = options::chunk(settings, profile, granularity)?;
        let languages = Arc::clone(conversations.languages());
        Ok::<_, Failure>(PrepareOptions::new(chunk, profile, languages, store.clone(), redactor.clone()))
    };
    let ways = [way(&profile)?, way(&planned.profile)?];
    let plans = pipeline::plan(conversations.calls(), &ways)?;
    let [requests, in_jobs] = plans.as_slice() else { return Ok(Via::Requests) };
    let line = planned.line(granularity, in_jobs);
    let bill = profile.price.at_most(&requests.estimate, &profile.limits);
    let seconds = seconds(&profile, &requests.estimate, &bill);
    let is_cheaper = line.cost_usd_upper.zip(bill.dollars).is_some_and(|(jobs, requests)| jobs < requests);
    let is_earlier = seconds.is_some_and(|seconds| line.seconds_least < seconds);
    let is_better = line.jobs > 0 && (is_earlier || is_cheaper);
    let via = if is_better { Via::Jobs } else { Via::Requests };
    notice(
        settings,
        &format!(
            "via {}: {} jobs would take {:.0} s or more, requests {}",
            <&str>::from(via),
            line.jobs,
            line.seconds_least,
            seconds.map_or_else(|| "a time that is not known".to_owned(), |seconds| format!("{seconds:.0} s"))
        ),
    );
    Ok(via)
}

/// From when on it counts that a job could not score a text: as long as a stored score.
fn first_day(settings: &Settings) -> u32 {
    cache::today().saturating_sub(session::max_age_days(settings))
}

fn switched_off() -> Failure {
    let hint = "name a folder with --cache DIR, or leave out --via jobs";
    Failure::new(ExitCode::Settings, "jobs fill the store of scores, and stored scores are switched off")
        .with_hint(Some(hint.into()))
}

impl Jobs {
    /// The folder for files of jobs.
    ///
    /// # Errors
    /// [`JobsError::Settings`] if it is not set, or is no address.
    pub(crate) fn folder(&self) -> Result<Location, JobsError> {
        let Some(address) = &self.bucket else {
            return Err(JobsError::Settings {
                message: "jobs need a bucket, and jobs.bucket is not set".to_owned(),
                hint: "set `bucket = \"s3://BUCKET/PREFIX\"` under [jobs] in the settings file, or UNDERTONE_JOBS_BUCKET; \
                       the bucket is in the service's region"
                    .to_owned(),
            });
        };
        let place = places::location(address.as_ref())?;
        Ok(place.ok_or_else(|| PlaceError::Form { place: address.clone() })?.folder())
    }

    /// The role by which `service` reads and writes there.
    ///
    /// # Errors
    /// [`JobsError::Settings`] if it is not set, or is no role.
    pub(crate) fn role(&self, service: &str) -> Result<String, JobsError> {
        let hint = || {
            format!(
                "set `role-arn = \"arn:aws:iam::ACCOUNT:role/NAME\"` under [jobs] in the settings file, or \
                 UNDERTONE_JOBS_ROLE_ARN: a role that {service} may assume"
            )
        };
        let Some(role) = &self.role_arn else {
            let message = "jobs need a role, and jobs.role-arn is not set".to_owned();
            return Err(JobsError::Settings { message, hint: hint() });
        };
        let parts: Vec<&str> = role.splitn(6, ':').collect();
        let is_role = matches!(parts.as_slice(), ["arn", partition, "iam", "", account, name]
            if partition.starts_with("aws") && account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())
                && name.strip_prefix("role/").is_some_and(|name| !name.is_empty()));
        if !is_role {
            let message = format!("jobs.role-arn: {role} is not the ARN of a role");
            return Err(JobsError::Settings { message, hint: hint() });
        }
        Ok(role.clone())
    }
}
