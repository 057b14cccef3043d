//! `undertone sample`: draws texts that are worth a person's label, with what each stands for.
//!
//! Two passes: the local engine scores all documents, cut as the engine of the settings would get them, and what is kept of each
//! is numbers and a hash; then the drawn ones are read again for their words. This is the one command that writes words of
//! transcripts, because that is what it is asked for: what is personal is kept back unless that is switched off by name.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::options;
use super::session::{self, Session};
use super::stages::{Counts, Stages};
use crate::cache::{Access, Key, ScoreStore, Scorer};
use crate::cli;
use crate::engine::{Halt, local};
use crate::exit::{ExitCode, Failure};
use crate::input::{self, Conversations};
use crate::output::{MEMORY_BYTES, SampledText, SortedRows, sampled_texts, write_private};
use crate::pipeline::{Measured, PipelineError, PrepareOptions, Prepared, TakeCalls};
use crate::sample::{Draw, Drawn, Kind, Totals, unsureness};
use crate::sentiment::Outcome;
use crate::settings::Settings;
use crate::words::counted;

/// Draws texts of the inputs and writes them.
///
/// # Errors
/// [`ExitCode::CantCreate`] where the file is there already; [`ExitCode::Data`] where there is no text; else those of reading.
pub fn run(settings: &Settings, args: &cli::Sample) -> Result<ExitCode, Failure> {
    if args.out.exists() {
        return Err(in_the_way(&args.out));
    }
    let sources = input::discover(&args.inputs, &settings.out)?;
    let conversations = input::read(&sources, &options::input(settings)?, &mut |_| {})?;
    let everything = settings.clone().with_engine(&local::DEFINITION);
    let (prepare, asked) = preparation(settings, &conversations)?;
    let scored = super::runtime()?.block_on(Box::pin(scored(&everything, &conversations, prepare.clone(), asked)))?;
    let (drawn, totals) = scored.draw(args.count, args.seed)?;
    if drawn.is_empty() {
        let hint = "see with `undertone plan` how many documents are skipped, and why";
        return Err(
            Failure::new(ExitCode::Data, "no text that the local engine can score").with_hint(Some(hint.into()))
        );
    }
    let rows = read_again(&conversations, &prepare, &drawn)?;
    let file = sampled_texts(&rows).map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
    write_private(&args.out, &file).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => in_the_way(&args.out),
        _ => Failure::new(ExitCode::CantCreate, format!("can't write {}: {error}", args.out.display())),
    })?;
    let personal = match &prepare.redactor {
        Some(_) => "what is personal is kept back, as far as it was found",
        None => "with all that is personal in it",
    };
    super::print(&format!(
        "{} of {}, in random order: the first ones of them are a sample too\nwritten  {}: holds words of transcripts, {personal}\n",
        counted(rows.len() as u64, "text"),
        counted(totals.documents(), "document"),
        args.out.display()
    ))?;
    Ok(if conversations.rejected() > 0 { ExitCode::Partial } else { ExitCode::Done })
}

/// Labels that somebody has made are nothing to write over.
fn in_the_way(path: &Path) -> Failure {
    let hint = "name another file, or remove it: its labels would be lost";
    Failure::new(ExitCode::CantCreate, format!("{} is there already", path.display())).with_hint(Some(hint.into()))
}

/// Whose stored scores are asked for.
type Asked = Option<(Scorer, Arc<ScoreStore>)>;

/// How calls are cut and redacted: as for the engine of the settings, whose stored scores are looked up if it keeps any.
fn preparation(settings: &Settings, conversations: &Conversations) -> Result<(PrepareOptions, Asked), Failure> {
    let profile = session::as_last_met((settings.engine().profile)(settings), settings)?;
    let here = (local::DEFINITION.profile)(&settings.clone().with_engine(&local::DEFINITION));
    let granularity = settings.granularity.or(profile.granularity);
    let chunk = options::chunk(settings, &profile, granularity)?;
    let redactor = options::redactor_if_any(settings)?;
    let mut prepare = PrepareOptions::new(chunk, &profile, Arc::clone(conversations.languages()), None, redactor);
    let asked = match (prepare.scorer.take(), profile.is_stored) {
        (Some(scorer), true) => session::open_store(settings, &profile, Access::Read)?.map(|store| (scorer, store)),
        _ => None,
    };
    prepare.languages = here.languages;
    Ok((prepare, asked))
}

async fn scored(
    everything: &Settings,
    conversations: &Conversations,
    prepare: PrepareOptions,
    asked: Asked,
) -> Result<Scored, Failure> {
    let session = Session::open(everything, &Halt::new()).await?;
    let mut stages = Stages::begin(everything);
    let scorer = Scorer { engine: "sample".into(), model: "1".into() };
    let fold =
        Scored { scorer, asked, totals: Totals::default(), rows: SortedRows::with_memory(MEMORY_BYTES), calls: 0 };
    let rows = conversations.rows() - conversations.rejected();
    Ok(stages.score(conversations.calls(), rows, &session, prepare, fold).await?.fold)
}

/// A document as it is kept: where it is, and what its chance goes by.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Document {
    key: [u8; 16],
    call_id: Box<str>,
    segment: u32,
    kind: Kind,
    unsure: u64,
}

/// All documents that the local engine scores.
struct Scored {
    /// Makes the hashes that equal texts share.
    scorer: Scorer,
    asked: Asked,
    totals: Totals,
    /// Documents in the order of their hashes.
    rows: SortedRows,
    calls: u64,
}

impl TakeCalls for Scored {
    fn finish_call(&mut self, prepared: &Prepared, outcomes: Vec<Outcome>) -> io::Result<()> {
        self.calls += 1;
        let (call, language) = (&prepared.call, prepared.language());
        let texts: Vec<String> = prepared.segments.iter().map(|segment| segment.text(call)).collect();
        let others = match &self.asked {
            Some((scorer, store)) => {
                let keys: Vec<Key> = texts.iter().map(|text| scorer.key(language, text)).collect();
                store.lookup(&keys)
            }
            None => vec![None; texts.len()],
        };
        for (number, (((segment, outcome), text), other)) in
            (0..).zip(prepared.segments.iter().zip(&outcomes).zip(&texts).zip(&others))
        {
            let Some(scores) = outcome.scores() else { continue };
            let document = Document {
                key: *self.scorer.key(language, text).as_bytes(),
                call_id: call.id.clone(),
                segment: number,
                kind: Kind::of(call.queue.as_deref(), segment.role.as_str(), segment.words),
                unsure: unsureness(scores, other.as_ref()),
            };
            self.totals.add(&document.kind, document.unsure);
            let row = postcard::to_allocvec(&document).map_err(io::Error::other)?;
            let order = [&document.key[..], call.id.as_bytes(), &number.to_be_bytes()].concat();
            self.rows.push(&order, |line| line.extend_from_slice(&row))?;
        }
        Ok(())
    }
}

impl Counts for Scored {
    fn turns(&self) -> u64 {
        self.totals.documents()
    }

    fn calls(&self) -> u64 {
        self.calls
    }
}

impl Scored {
    /// Draws so many texts. Of documents with the same text the first one, by its call's id, stands for all.
    fn draw(self, count: usize, seed: u64) -> Result<(Vec<Drawn<Document>>, Totals), Failure> {
        let sizes = self.totals.sizes();
        let mut draw = Draw::new(count, seed);
        let mut open: Option<(Document, f64, u64)> = None;
        let drained = self.rows.drain(|row| {
            let document: Document = postcard::from_bytes(row).map_err(io::Error::other)?;
            let size = sizes.of(&document.kind, document.unsure);
            open = Some(match open.take() {
                Some((first, sum, count)) if first.key == document.key => (first, sum + size, count + 1),
                other => {
                    if let Some((first, sum, count)) = other {
                        draw.offer(first.key, sum, count, first);
                    }
                    (document, size, 1)
                }
            });
            Ok(())
        });
        drained.map_err(PipelineError::Temporary)?;
        if let Some((first, sum, count)) = open {
            draw.offer(first.key, sum, count, first);
        }
        Ok((draw.finish(), self.totals))
    }
}

/// The words of the drawn documents, in the order in which they were drawn.
fn read_again(
    conversations: &Conversations,
    prepare: &PrepareOptions,
    drawn: &[Drawn<Document>],
) -> Result<Vec<SampledText>, Failure> {
    let mut wanted: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, text) in drawn.iter().enumerate() {
        wanted.entry(&text.item.call_id).or_default().push(place);
    }
    let mean = drawn.iter().map(|text| text.weight).sum::<f64>() / drawn.len() as f64;
    let mut found: BTreeMap<usize, SampledText> = BTreeMap::new();
    for group in conversations.calls() {
        let calls = group?.into_iter().filter(|call| wanted.contains_key(&*call.id));
        for prepared in Prepared::all(calls.map(|call| Measured::of(call, prepare)), prepare) {
            for &place in wanted.get(&*prepared.call.id).into_iter().flatten() {
                let text = &drawn[place];
                let segment = usize::try_from(text.item.segment).ok().and_then(|at| prepared.segments.get(at));
                let Some(segment) = segment else { continue };
                #[expect(clippy::cast_possible_truncation, reason = "some thousandths of a mean")]
                let weight = (1000.0 * text.weight / mean).round().max(1.0) as i64;
                found.insert(
                    place,
                    SampledText {
                        text: segment.text(&prepared.call),
                        weight,
                        role: segment.role.as_str().into(),
                        queue: prepared.call.queue.clone(),
                        language: prepared.language().into(),
                        call_id: prepared.call.id.clone(),
                        segment: text.item.segment + 1,
                    },
                );
            }
        }
    }
    Ok(found.into_values().collect())
}
