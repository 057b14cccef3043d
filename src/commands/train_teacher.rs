//! `undertone train --teacher ENGINE --input CALLS`: a model of one's own from scores that were paid for.
//!
//! The store holds hashes and scores, never texts: those come from the transcripts again, cut and redacted as they were sent. Nothing
//! is sent, nothing is charged.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::options;
use super::session::{self, cache_options};
use super::train::{TrainOptions, base_of, written};
use crate::cache::{self, Access, ScoreStore, Scorer};
use crate::cli;
use crate::engine::Profile;
use crate::exit::{ExitCode, Failure};
use crate::input;
use crate::pipeline::{Measured, PrepareOptions, Prepared, Step};
use crate::settings::Settings;
use crate::train::{Lesson, Student, TaughtText, learn};
use crate::words::{Count, counted};

/// Trains a model on the stored scores of the engine that `args` names, and writes it.
///
/// # Errors
/// [`ExitCode::Usage`] for an engine that is none to learn from, or a store with two models of it; [`ExitCode::Data`] where too few
/// texts have scores; else those of reading.
pub fn run(settings: &Settings, args: cli::Train) -> Result<ExitCode, Failure> {
    if args.purpose != "texts" {
        let what = format!("a teacher's scores make a model of texts, not of {}", args.purpose);
        return Err(Failure::new(ExitCode::Usage, what).with_hint(Some("leave --for or --teacher out".into())));
    }
    let teacher = args.teacher.clone().unwrap_or_default();
    let Some(engine) = settings.engine_named(&teacher) else {
        let hint = "name an engine whose scores are stored: --teacher comprehend";
        return Err(Failure::new(ExitCode::Usage, format!("no engine is named {teacher}")).with_hint(Some(hint.into())));
    };
    let settings = &settings.clone().with_selected(engine);
    let profile = session::as_last_met((settings.engine().profile)(settings), settings)?;
    let Some(root) = session::cache_root(settings)?.filter(|_| profile.is_stored) else {
        let what = format!("no scores of {} are stored", profile.name);
        let hint = "name a service, and the folder of its scores with --cache DIR";
        return Err(Failure::new(ExitCode::Usage, what).with_hint(Some(hint.into())));
    };
    let scorer = scorer(&profile, &root, args.teacher_model.as_deref())?;
    let store = ScoreStore::open_at(&root, &scorer, cache_options(settings, Access::Read), None)?;
    let (texts, documents) = taught(settings, &args.input, &profile, (scorer.clone(), store))?;
    let options = TrainOptions::from(args);
    let base = base_of(&options.from)?;
    let student =
        learn(&texts, base.as_ref(), &options.training).map_err(|error| too_few(error, &profile, documents))?;
    written(&options.out, &student.trained.bytes)?;
    super::print(&shown(&student, &scorer, texts.len(), documents))?;
    Ok(ExitCode::Done)
}

/// The model of the teacher whose scores are stored.
fn scorer(profile: &Profile, root: &std::path::Path, model: Option<&str>) -> Result<Scorer, Failure> {
    let all = cache::stats(root)?.scorers;
    let of_teacher = all.into_iter().filter(|stats| stats.entries > 0 && &*stats.scorer.engine == profile.kind);
    let mut stored: Vec<_> = of_teacher.collect();
    let names = |stored: &[cache::ScorerStats]| {
        let name = |stats: &cache::ScorerStats| format!("{} ({} scores)", stats.scorer.model, Count(stats.entries));
        stored.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    if let Some(model) = model {
        let listed = names(&stored);
        stored.retain(|stats| &*stats.scorer.model == model);
        if stored.is_empty() && !listed.is_empty() {
            let what = format!("no scores of that model of {} are stored", profile.name);
            return Err(Failure::new(ExitCode::Usage, what).with_hint(Some(format!("there are {listed}"))));
        }
    }
    match stored.as_slice() {
        [one] => Ok(one.scorer.clone()),
        [] => {
            let what = format!("no scores of {} are stored in {}", profile.name, root.display());
            let hint = format!(
                "run `undertone analyze --engine {}` first, or name the folder of its scores with --cache DIR",
                profile.name
            );
            Err(Failure::new(ExitCode::Data, what).with_hint(Some(hint)))
        }
        several => {
            let what = format!("scores of {} models of {} are stored: {}", several.len(), profile.name, names(several));
            let hint = "a student has one teacher: name its model with --teacher-model";
            Err(Failure::new(ExitCode::Usage, what).with_hint(Some(hint.into())))
        }
    }
}

/// Each text of the inputs that has a stored score, once, in the order of the hashes; and how many documents there are.
fn taught(
    settings: &Settings,
    inputs: &[String],
    profile: &Profile,
    (scorer, store): (Scorer, ScoreStore),
) -> Result<(Vec<TaughtText>, u64), Failure> {
    let sources = input::discover(inputs, &settings.out)?;
    let conversations = input::read(&sources, &options::input(settings)?, &mut |_| {})?;
    let chunk = options::chunk(settings, profile, settings.granularity.or(profile.granularity))?;
    let redactor = options::redactor(settings, profile)?;
    let evidence = Arc::clone(conversations.languages());
    let prepare = PrepareOptions::new(chunk, profile, evidence, Some(Arc::new(store)), redactor);
    let prepare = PrepareOptions { scorer: Some(scorer), ..prepare };
    let mut texts = BTreeMap::new();
    let mut documents = 0;
    for group in conversations.into_calls() {
        let measured = group?.into_iter().map(|call| Measured::of(call, &prepare));
        for prepared in Prepared::all(measured, &prepare) {
            for (segment, step) in prepared.segments.iter().zip(&prepared.steps) {
                documents += u64::from(!matches!(step, Step::Skip(_)));
                let Step::Reuse { id, scores, .. } = step else { continue };
                let text = || TaughtText { text: segment.text(&prepared.call), scores: *scores };
                texts.entry(*id.as_bytes()).or_insert_with(text);
            }
        }
    }
    Ok((texts.into_values().collect(), documents))
}

/// Too few texts may be others than those that were paid for.
fn too_few(error: crate::train::TrainError, profile: &Profile, documents: u64) -> Failure {
    let failure = Failure::from(error);
    if documents == 0 {
        return failure;
    }
    let hint = format!(
        "have {} score more of these calls, and name them with the --granularity and --redact that they were scored with",
        profile.name
    );
    failure.with_hint(Some(hint))
}

fn shown(student: &Student, scorer: &Scorer, texts: usize, documents: u64) -> String {
    let mut out = String::new();
    let version = &student.trained.version;
    // Writing to a string can't fail.
    let _ = writeln!(
        out,
        "model {version}, {} bytes, taught by {} ({}) on {} of {}\n",
        student.trained.bytes.len(),
        scorer.engine,
        scorer.model,
        counted(texts as u64, "text"),
        counted(documents, "document"),
    );
    let _ = writeln!(
        out,
        "Agreement with the teacher on {} that the student had not seen (95 % intervals):\n",
        counted(student.held_out as u64, "text")
    );
    let _ = writeln!(out, "{:>10}  {:<22}  same label", "paid texts", "weighted kappa");
    for Lesson { texts, kappa, same } in &student.lessons {
        let figure =
            |figure: &Option<crate::evaluate::Interval>| figure.map_or_else(String::new, |figure| figure.to_string());
        let _ = writeln!(out, "{:>10}  {:<22}  {}", Count(*texts as u64).to_string(), figure(kappa), figure(same));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::CacheOptions;
    use crate::engine::comprehend;
    use crate::sentiment::Scores;

    /// Stores a score of this model.
    fn store(root: &std::path::Path, model: &str) {
        let scorer = Scorer { engine: "comprehend".into(), model: model.into() };
        let store = ScoreStore::open_at(root, &scorer, CacheOptions::new(), None).unwrap();
        store.record(scorer.key("en", "hello"), Scores::new(0.5, 0.2, 0.3, 0.0).unwrap());
        store.close().unwrap();
    }

    #[test]
    fn a_student_has_one_teacher_and_two_models_of_it_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let settings = crate::settings::Sources::default().resolve(crate::engine::registry::keys()).unwrap();
        let profile = (comprehend::DEFINITION.profile)(&settings);
        let none = scorer(&profile, root, None).unwrap_err();
        assert!(none.hint().unwrap().contains("undertone analyze --engine comprehend"), "{none:?}");
        store(root, "first");
        assert_eq!(&*scorer(&profile, root, None).unwrap().model, "first");
        store(root, "second");
        let several = scorer(&profile, root, None).unwrap_err();
        let said = several.to_string();
        assert!(said.contains("first (1 scores)") && said.contains("second (1 scores)"), "{said}");
        assert!(several.hint().unwrap().contains("--teacher-model"));
        assert_eq!(&*scorer(&profile, root, Some("second")).unwrap().model, "second");
        let other = scorer(&profile, root, Some("third")).unwrap_err();
        assert!(other.hint().unwrap().contains("first (1 scores)"), "{other:?}");
    }
}
