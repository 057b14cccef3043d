//! Which engine to stay with at a volume, up to which volume, and until how many more labels.
//!
//! A [`Decision`] puts beside each engine's figures what a month of it would cost, how long that takes, and what else a
//! team must know before it starts there. Costs are estimates: what the labelled items take on average, times the
//! volume. A cost that is not known is empty, never 0.

use indicatif::HumanCount;
use serde::Serialize;

use super::advice::Advice;
use super::classes::share;
use super::compare::lead;
use super::month::{Cheaper, Month, MonthCost, stretches};
use super::{EngineFigures, Evaluation, Interval, Measure};
use crate::chunk::Estimate;
use crate::engine::price::{Counts, TimeTerms, TokenTerms};
use crate::engine::{Languages, Price, Profile, Requests};
use crate::sentiment::Label;

/// Seconds of a month of 730 hours, as prices by the hour are published.
const MONTH_SECONDS: f64 = 730.0 * 3600.0;

/// Why the time that a document takes is not known.
const UNTIMED: &str = "nothing was sent, as its scores are stored: evaluate once more with --cache off to time it";

/// What one engine takes, as far as the labelled items show it.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What the engine states of itself.
    pub profile: Profile,
    /// What sending all items takes, each text once and nothing stored.
    pub estimate: Estimate,
    /// Documents whose text another one has.
    pub repeated: u64,
    /// Documents with words that were not sent: a language that the engine lacks.
    pub skipped: u64,
    /// Documents that were sent and not scored.
    pub failed: u64,
    /// What was sent in this evaluation.
    pub spent: Requests,
    /// How fast it is.
    pub pace: Option<Pace>,
}

/// How many documents are scored in a second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pace {
    /// Documents a second.
    pub documents_per_second: f64,
    /// Documents of this evaluation that it was measured on, on this machine; few of them make it look slower than it is.
    /// Empty where it is full requests at the rate that is set.
    pub measured_on: Option<u64>,
}

/// A row of the table: one engine. A figure is empty where it is not known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionRow {
    /// The engine as it was asked for.
    pub engine: String,
    /// Of labelled texts macro F1, of rated calls the AUC of `customer_score`.
    pub figure: Option<Interval>,
    /// F1 of each label, in the order of [`Label::ALL`]; empty of rated calls.
    pub f1_by_label: [Option<f64>; 4],
    /// By how much the figure is better than that of the cheapest engine, item by item; empty for that one.
    pub ahead_of_cheapest: Option<Interval>,
    /// The share of the texts that it called neutral.
    pub called_neutral: Option<f64>,
    /// The share of the texts that it called mixed.
    pub called_mixed: Option<f64>,
    /// How far `customer_score` follows the ratings of calls (Spearman).
    pub rank_correlation: Option<Interval>,
    /// How far being sure and being right lie apart.
    pub calibration_error: Option<Interval>,
    /// The month's cost at the volume.
    pub cost: Option<MonthCost>,
    /// Whether that is the most that it can be: tokens that nobody has counted yet.
    pub cost_at_most: bool,
    /// Why the cost is not known, and what to set.
    pub cost_unknown: Option<String>,
    /// How fast it is.
    pub pace: Option<Pace>,
    /// Seconds that a month's documents take.
    pub seconds: Option<f64>,
    /// Seconds until the first score, however few documents there are.
    pub start_up_seconds: f64,
    /// Codes of the languages that it scores; empty for every one.
    pub languages: Option<Vec<&'static str>>,
    /// The share of documents that were not sent.
    pub skipped: Option<f64>,
    /// The share of documents that were sent and not scored.
    pub failed: Option<f64>,
    /// Where texts go.
    pub texts_go: String,
    /// Who can change the model.
    pub model_changed_by: String,
}

/// Two engines, and which of them costs less at which volume.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BreakEven {
    /// One engine.
    pub first: String,
    /// The other.
    pub second: String,
    /// From one document a month on; empty where a cost is not known.
    pub stretches: Vec<CheaperFrom>,
    /// The same in words.
    pub words: String,
}

/// A volume from which on an engine costs less than the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheaperFrom {
    /// The first volume at which it does, in documents a month.
    pub documents: u64,
    /// The engine; empty where both cost the same.
    pub engine: Option<String>,
}

/// The engines at one volume, and what follows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// Documents a month.
    pub volume: u64,
    /// The engine whose documents they are: the first one that charges for them, else the first.
    pub documents_of: String,
    /// How many documents of that engine an item is, on average.
    pub documents_an_item: f64,
    /// The engine that costs least at the volume.
    pub cheapest: Option<String>,
    /// The share of the texts that people called neutral.
    pub people_called_neutral: Option<f64>,
    /// The share of the texts that people called mixed.
    pub people_called_mixed: Option<f64>,
    /// The engines, in the order asked for.
    pub engines: Vec<DecisionRow>,
    /// Each pair of them.
    pub break_even: Vec<BreakEven>,
    /// What to do.
    pub advice: Advice,
}

/// The documents in which volumes are counted.
pub(super) struct Unit<'a> {
    name: &'a str,
    documents: f64,
}

/// An engine and its month, or why that is not known.
pub(super) type Priced<'a> = (&'a str, Result<Month, String>);

impl Evaluation {
    /// Decides at so many documents a month; `terms` are those of the engines, in their order. The verdict goes by costs
    /// at this volume from then on. Nothing is decided where no engine was sent a document.
    pub fn decide(&mut self, volume: u64, terms: &[Terms]) {
        let Some(unit) = unit(&self.engines, terms) else { return };
        let priced: Vec<Priced<'_>> =
            self.engines.iter().zip(terms).map(|(engine, terms)| (engine.name.as_str(), terms.month(&unit))).collect();
        let costs: Vec<Option<MonthCost>> =
            priced.iter().map(|(_, month)| month.as_ref().ok().map(|month| month.at(volume as f64))).collect();
        let an_item = unit.documents / self.subject.count as f64;
        let of_1000_items = an_item * 1000.0 / volume as f64;
        let verdict =
            self.verdict_at(&costs.iter().map(|cost| Some(cost.as_ref()?.total * of_1000_items)).collect::<Vec<_>>());
        let cheapest = cheapest(&self.engines, &costs);
        let row =
            |((figures, terms), ((_, month), cost)): ((&EngineFigures, &Terms), (&Priced<'_>, &Option<MonthCost>))| {
                let other = cheapest.filter(|cheapest| *cheapest != figures.name);
                DecisionRow {
                    ahead_of_cheapest: other.and_then(|cheapest| lead(&self.comparisons, &figures.name, cheapest)),
                    cost: *cost,
                    cost_unknown: month.as_ref().err().cloned(),
                    ..terms.row(figures, volume as f64 / unit.documents)
                }
            };
        let people =
            |label: Label| Some(self.subject.texts_by_label?[label.index()] as f64 / self.subject.count as f64);
        let decision = Decision {
            volume,
            documents_of: unit.name.to_owned(),
            documents_an_item: an_item,
            cheapest: cheapest.map(str::to_owned),
            people_called_neutral: people(Label::Neutral),
            people_called_mixed: people(Label::Mixed),
            engines: self.engines.iter().zip(terms).zip(priced.iter().zip(&costs)).map(row).collect(),
            break_even: break_evens(&priced),
            advice: Advice::of(self, &verdict, volume, &priced),
        };
        self.verdict = verdict;
        self.decision = Some(decision);
    }
}

/// The documents of the first engine that charges and was sent any, else of the first that was.
fn unit<'a>(engines: &'a [EngineFigures], terms: &[Terms]) -> Option<Unit<'a>> {
    let sent = || engines.iter().zip(terms).filter(|(_, terms)| terms.estimate.documents > 0);
    let (engine, terms) = sent().find(|(_, terms)| terms.profile.is_charged()).or_else(|| sent().next())?;
    Some(Unit { name: &engine.name, documents: terms.documents() as f64 })
}

/// The engine that costs least, of those that a team could start at; of several, the one with the best figure.
fn cheapest<'a>(engines: &'a [EngineFigures], costs: &[Option<MonthCost>]) -> Option<&'a str> {
    let value = |engine: &EngineFigures| engine.main().map_or(f64::NEG_INFINITY, |figure| figure.value);
    let known = engines.iter().zip(costs).filter_map(|(engine, cost)| Some((engine, cost.as_ref()?.total)));
    let eligible = known.filter(|(engine, _)| engine.eligible);
    let least = eligible.min_by(|(one, a), (other, b)| a.total_cmp(b).then(value(other).total_cmp(&value(one))));
    least.map(|(engine, _)| engine.name.as_str())
}

impl Terms {
    /// Documents with words that have no scores.
    pub fn missing(&self) -> u64 {
        self.skipped + self.failed
    }

    /// Documents that the items were cut into, but for those that were skipped.
    const fn documents(&self) -> u64 {
        self.estimate.documents + self.repeated
    }

    /// The month by the documents of `unit`.
    ///
    /// # Errors
    /// Why it is not known, and what to do, in words.
    fn month(&self, unit: &Unit<'_>) -> Result<Month, String> {
        if self.estimate.documents == 0 {
            return Err("it was sent no document".to_owned());
        }
        let set = |settings: &str| format!("set {settings}");
        // Documents of this engine for one of the unit's.
        let documents = self.documents() as f64 / unit.documents;
        let mean = |sum: u64| sum as f64 / self.estimate.documents as f64 * documents;
        let month = match &self.profile.price {
            Price::Free => Month::free(),
            Price::PerUnit(terms) => {
                let tiers = terms.dollars.as_ref().ok_or_else(|| set(terms.settings))?;
                Month::by_unit(tiers.steps(), mean(self.estimate.units_upper), mean(self.estimate.units_of_text))
            }
            Price::PerTokens(terms) => {
                Month::by_document(self.tokens_cost(terms).ok_or_else(|| set(terms.settings))? * documents)
            }
            Price::PerTime(terms) => {
                let dollars = terms.dollars.ok_or_else(|| set(terms.settings))?;
                let seconds = self.seconds(terms).map(|seconds| seconds * documents);
                match terms.counts {
                    Counts::Standing => Month::running(dollars * MONTH_SECONDS, seconds.map(|one| MONTH_SECONDS / one)),
                    Counts::Working => Month::by_document(dollars * seconds.ok_or(UNTIMED)?),
                }
            }
        };
        Ok(month.with_fee(self.profile.monthly))
    }

    /// Dollars for the tokens of a document: as those of this evaluation were counted, else at most.
    fn tokens_cost(&self, terms: &TokenTerms) -> Option<f64> {
        if self.spent.documents_scored > 0 {
            return Some(terms.dollars?.cost(self.spent.tokens) / self.spent.documents_scored as f64);
        }
        let most = self.profile.price.at_most(&self.estimate, &self.profile.limits);
        Some(most.dollars? / self.estimate.documents as f64)
    }

    /// Charged seconds of a document: at the engine's own pace, else as those of this evaluation were measured.
    fn seconds(&self, terms: &TimeTerms) -> Option<f64> {
        if let Some(pace) = terms.pace {
            return Some(pace.seconds(self.estimate.documents, self.estimate.chars) / self.estimate.documents as f64);
        }
        match terms.counts {
            Counts::Standing => self.pace.map(|pace| 1.0 / pace.documents_per_second),
            Counts::Working => {
                let scored = self.spent.documents_scored;
                (scored > 0).then(|| self.spent.working.as_secs_f64() / scored as f64)
            }
        }
    }

    /// The engine's row but for what the others cost; a month has `times` as many documents as the items.
    fn row(&self, figures: &EngineFigures, times: f64) -> DecisionRow {
        let texts = figures.texts.as_ref();
        let called = |label: Label| {
            let texts = texts?;
            let given: u64 = texts.confusion.counts.iter().map(|row| row[label.index()]).sum();
            share(given, texts.confusion.total())
        };
        let all = self.documents() + self.skipped;
        let start_up = self.profile.start_up.as_secs_f64();
        let scoring = self.pace.map(|pace| self.documents() as f64 * times / pace.documents_per_second);
        DecisionRow {
            engine: figures.name.clone(),
            figure: figures.main(),
            f1_by_label: Label::ALL.map(|label| texts?.classes[label.index()].f1),
            ahead_of_cheapest: None,
            called_neutral: called(Label::Neutral),
            called_mixed: called(Label::Mixed),
            rank_correlation: figures
                .calls
                .as_ref()
                .and_then(|calls| calls[Measure::CustomerScore as usize].rank_correlation),
            calibration_error: texts.and_then(|texts| texts.calibration_error),
            cost: None,
            cost_at_most: matches!(self.profile.price, Price::PerTokens(_)) && self.spent.documents_scored == 0,
            cost_unknown: None,
            pace: self.pace,
            seconds: scoring.map(|seconds| seconds + start_up),
            start_up_seconds: start_up,
            languages: match &self.profile.languages {
                Languages::Any => None,
                Languages::Listed(codes) => Some(codes.clone()),
            },
            skipped: share(self.skipped, all),
            failed: share(self.failed, all),
            texts_go: self.profile.texts_go.to_string(),
            model_changed_by: self.profile.model_changed_by.to_string(),
        }
    }
}

fn break_evens(priced: &[Priced<'_>]) -> Vec<BreakEven> {
    let pairs =
        priced.iter().enumerate().flat_map(|(at, first)| priced[at + 1..].iter().map(move |second| (first, second)));
    pairs.map(|(first, second)| break_even(first, second)).collect()
}

fn break_even((first, one): &Priced<'_>, (second, other): &Priced<'_>) -> BreakEven {
    let (stretches, words) = match (one, other) {
        (Ok(one), Ok(other)) => {
            let name = |cheaper| match cheaper {
                Cheaper::First => Some((*first).to_owned()),
                Cheaper::Second => Some((*second).to_owned()),
                Cheaper::Neither => None,
            };
            let found = stretches(one, other).into_iter();
            let found: Vec<CheaperFrom> =
                found.map(|stretch| CheaperFrom { documents: stretch.from, engine: name(stretch.cheaper) }).collect();
            let words = in_words(&found);
            (found, words)
        }
        (Err(_), _) => (Vec::new(), format!("not known: what {first} costs is not")),
        (_, Err(_)) => (Vec::new(), format!("not known: what {second} costs is not")),
    };
    BreakEven { first: (*first).to_owned(), second: (*second).to_owned(), stretches, words }
}

fn in_words(stretches: &[CheaperFrom]) -> String {
    let who = |stretch: &CheaperFrom| {
        stretch.engine.as_ref().map_or_else(|| "both cost the same".to_owned(), |name| format!("{name} costs less"))
    };
    match stretches {
        [] => "not known".to_owned(),
        [only] => format!("never: {} at every volume", who(only)),
        [first, rest @ ..] => {
            let mut words = who(first);
            for next in rest {
                words += &format!(
                    " up to {}, {} from {} on",
                    HumanCount(next.documents - 1),
                    who(next),
                    HumanCount(next.documents)
                );
            }
            words
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine as _;
    use crate::engine::comprehend::terms;
    use crate::engine::local::Local;
    use crate::engine::price::{TextPace, Tiers, TokenDollars, Tokens, UnitTerms};
    use crate::evaluate::{Answers, Effort, ItemScores, MEASURES, Subject, Truth};
    use crate::sentiment::{Billing, Scores};

    fn local() -> Profile {
        Local::shipped().profile().clone()
    }

    fn charged() -> Profile {
        terms::profile(terms::list_price())
    }

    fn estimate(documents: u64, profile: &Profile) -> Estimate {
        let mut estimate = Estimate::default();
        (0..documents).for_each(|_| estimate.add_document(90, 90, "en", profile.price.billing()));
        estimate
    }

    /// 400 texts that an engine has one document each of, of three units, of which the text has one.
    fn terms_of(profile: Profile) -> Terms {
        let pace = Some(Pace { documents_per_second: 250.0, measured_on: None });
        let (estimate, spent) = (estimate(400, &profile), Requests::default());
        Terms { profile, estimate, repeated: 0, skipped: 0, failed: 0, spent, pace }
    }

    /// Answers of 400 texts, of which one in `wrong` is labelled wrongly.
    fn answers(name: &str, wrong: usize) -> Answers {
        let item = |at: usize| {
            let positive = at.is_multiple_of(2) != at.is_multiple_of(wrong);
            let scores = if positive { Scores::new(0.8, 0.1, 0.1, 0.0) } else { Scores::new(0.1, 0.8, 0.1, 0.0) };
            ItemScores { scores: scores.ok(), values: [None; MEASURES] }
        };
        let (items, effort) = ((0..400).map(item).collect(), Effort::default());
        Answers { name: name.into(), model: "m".into(), eligible: true, trained_on_these: false, effort, items }
    }

    fn decided(engines: &[(Answers, Terms)], volume: u64) -> Evaluation {
        let label = |at| if at % 2 == 0 { Label::Positive } else { Label::Negative };
        let labels = (0..400).map(|at| label(at).into()).collect();
        let texts_by_label = Some([200, 200, 0, 0]);
        let subject = Subject { labels: "l".into(), items: "texts", count: 400, texts_by_label, ratings: None };
        let (answers, terms): (Vec<Answers>, Vec<Terms>) = engines.iter().cloned().unzip();
        let mut evaluation = Evaluation::of(subject, &Truth::Texts(labels), &answers, 1);
        evaluation.decide(volume, &terms);
        evaluation
    }

    fn decision(engines: &[(Answers, Terms)], volume: u64) -> Decision {
        decided(engines, volume).decision.expect("documents were sent")
    }

    #[test]
    fn a_month_costs_what_its_documents_take_on_average() {
        let found =
            decision(&[(answers("local", 9), terms_of(local())), (answers("paid", 5), terms_of(charged()))], 300_000);
        let [free, paid] = found.engines.as_slice() else { panic!("two rows") };
        let (free, paid) = (free.cost.expect("known"), paid.cost.expect("known"));
        assert!((paid.total - 90.0).abs() < 1e-9 && (paid.minimum_charge - 60.0).abs() < 1e-9, "{paid:?}");
        assert_eq!((free.total.to_string().as_str(), found.documents_of.as_str()), ("0", "paid"));
        assert_eq!((found.cheapest.as_deref(), found.engines[1].seconds), (Some("local"), Some(1200.0)));
        assert_eq!(found.engines[0].ahead_of_cheapest, None);
        assert!(found.engines[1].ahead_of_cheapest.is_some_and(|ahead| ahead.value < 0.0));
        assert_eq!(found.break_even[0].words, "never: local costs less at every volume");
        assert_eq!((found.people_called_neutral, found.engines[0].called_neutral), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn volumes_are_documents_of_the_engine_that_charges() {
        // The free engine cuts the texts twice as fine, and the paid one knows a quarter of its texts already.
        let fine = Terms { estimate: estimate(800, &local()), ..terms_of(local()) };
        let repeating = Terms { estimate: estimate(300, &charged()), repeated: 100, ..terms_of(charged()) };
        let found = decision(&[(answers("local", 9), fine), (answers("paid", 5), repeating)], 300_000);
        let [free, paid] = found.engines.as_slice() else { panic!("two rows") };
        assert!(paid.cost.is_some_and(|cost| (cost.total - 90.0).abs() < 1e-9), "{paid:?}");
        assert_eq!((free.seconds, paid.seconds), (Some(2400.0), Some(1200.0)));
    }

    #[test]
    fn one_that_is_as_good_is_stayed_with_as_long_as_it_costs_less() {
        let price = |dollars: &str| {
            let tiers = <Tiers as crate::settings::Value>::parse(&format!("[{{ per-unit = {dollars} }}]")).unwrap();
            let billing = Billing { unit_chars: 100, minimum_units: 3 };
            Price::PerUnit(UnitTerms { billing, dollars: Some(tiers), settings: "price.tiers", packs: true })
        };
        let by_document = terms_of(terms::profile(price("0.0001")));
        let by_month = terms_of(Profile { monthly: 60.0, ..terms::profile(price("0.00005")) });
        let engines = [(answers("paid", 7), by_document), (answers("ours", 8), by_month)];
        // 0.0003 v = 60 + 0.00015 v at 400,000.
        let found = decision(&engines, 300_000);
        assert_eq!((found.advice.stay_with.as_deref(), found.advice.up_to_documents), (Some("paid"), Some(400_000)));
        assert_eq!(found.break_even[0].words, "paid costs less up to 400,000, ours costs less from 400,001 on");
        let words = &found.advice.words;
        assert!(
            words.starts_with(
                "Stay with paid up to 400,000 documents a month, beyond which ours costs less, or until about"
            ),
            "{words}"
        );
        assert!(words.contains("more labels: these 400 texts do not tell ours from it"), "{words}");
        let found = decision(&engines, 500_000);
        assert_eq!((found.advice.stay_with.as_deref(), found.advice.from_documents), (Some("ours"), Some(400_001)));
        assert!(
            found.advice.words.starts_with("Stay with ours from 400,001 documents a month on"),
            "{}",
            found.advice.words
        );
    }

    #[test]
    fn one_that_is_better_by_more_than_chance_is_worth_its_money() {
        let evaluation =
            decided(&[(answers("local", 3), terms_of(local())), (answers("paid", 40), terms_of(charged()))], 300_000);
        let advice = &evaluation.decision.as_ref().expect("documents were sent").advice;
        assert_eq!((advice.stay_with.as_deref(), &advice.more_labels), (Some("paid"), &None));
        assert!(
            advice.words.starts_with("Stay with paid at any volume: it is ahead of local by +0.3"),
            "{}",
            advice.words
        );
        assert!(advice.words.ends_with("more than chance explains, for $90.00 a month more."), "{}", advice.words);
        assert!(evaluation.verdict.words.contains("It costs $0.30 for 1,000 texts."), "{}", evaluation.verdict.words);
    }

    #[test]
    fn a_cost_that_is_not_known_is_never_nothing() {
        let silent = Terms { estimate: Estimate::default(), skipped: 400, ..terms_of(charged()) };
        let found = decision(&[(answers("paid", 5), terms_of(charged())), (answers("silent", 9), silent)], 300_000);
        let row = &found.engines[1];
        assert_eq!((row.cost, row.cost_unknown.as_deref()), (None, Some("it was sent no document")));
        assert_eq!((row.skipped, found.cheapest.as_deref()), (Some(1.0), Some("paid")));
        assert_eq!(found.break_even[0].words, "not known: what silent costs is not");
        assert!(
            found.advice.words.contains("What silent costs is not known: it was sent no document."),
            "{}",
            found.advice.words
        );
    }

    fn by_time(dollars: Option<f64>, counts: Counts, pace: Option<TextPace>) -> Terms {
        let terms = TimeTerms { dollars, settings: "price.ours.hour", counts, pace };
        Terms { pace: None, ..terms_of(Profile { price: Price::PerTime(terms), ..charged() }) }
    }

    fn by_tokens(dollars: Option<TokenDollars>) -> Terms {
        let terms = TokenTerms {
            dollars,
            settings: "price.ours.in",
            request: 0,
            document: 10,
            answer: 16,
            share_of_jobs: 1.0,
            quota: None,
        };
        terms_of(Profile { price: Price::PerTokens(terms), ..charged() })
    }

    fn total(terms: &Terms, volume: u64) -> Result<MonthCost, String> {
        let found = decision(&[(answers("ours", 9), terms.clone())], volume);
        let row = found.engines.first().expect("one row");
        row.cost.ok_or_else(|| row.cost_unknown.clone().expect("a reason"))
    }

    #[test]
    fn what_is_charged_by_time_runs_all_month_or_works_by_the_document() {
        let close = |one: f64, other: f64| (one - other).abs() < 1e-9 * other;
        // Two documents a second, but 100 characters: documents of 90 characters take .9 seconds.
        let pace = TextPace { documents: 2.0, chars: 100.0 };
        let standing = total(&by_time(Some(0.0005), Counts::Standing, Some(pace)), 292_000).expect("known");
        assert!(close(standing.total, 1_314.0) && close(standing.variable, 131.4), "{standing:?}");
        assert!(close(standing.idle, 1_314.0 - 131.4), "{standing:?}");
        let working = total(&by_time(Some(0.0005), Counts::Working, Some(pace)), 1_000_000).expect("known");
        assert!(close(working.total, 450.0), "{working:?}");
        let spent =
            Requests { documents_scored: 100, working: std::time::Duration::from_secs(20), ..Requests::default() };
        let timed = Terms { spent, ..by_time(Some(0.0005), Counts::Working, None) };
        assert!(total(&timed, 1_000).is_ok_and(|cost| close(cost.total, 0.1)));
        let flat =
            total(&by_time(Some(0.0005), Counts::Standing, None), 1_000_000).expect("its month costs what it costs");
        assert!(close(flat.idle, 1_314.0) && close(flat.total, 1_314.0), "{flat:?}");
    }

    #[test]
    fn tokens_cost_as_they_were_counted_and_else_at_most() {
        let price = Some(TokenDollars { input: 1.0, output: 5.0 });
        // 90 bytes, 10 tokens around them and 16 answered.
        let most = total(&by_tokens(price), 1_000_000).expect("known");
        let bound = |terms: &Terms| decision(&[(answers("ours", 9), terms.clone())], 9).engines[0].cost_at_most;
        assert!(bound(&by_tokens(price)) && !bound(&terms_of(charged())));
        assert!((most.total - (100.0 + 80.0)).abs() < 1e-6, "{most:?}");
        let tokens = Tokens { input: 3_000, output: 600 };
        let counted =
            Terms { spent: Requests { documents_scored: 100, tokens, ..Requests::default() }, ..by_tokens(price) };
        assert!(!bound(&counted));
        let seen = total(&counted, 1_000_000).expect("known");
        assert!((seen.total - (30.0 + 30.0)).abs() < 1e-6, "{seen:?}");
    }

    #[test]
    fn what_must_be_set_to_know_a_cost_is_named() {
        assert_eq!(total(&by_time(None, Counts::Standing, None), 9), Err("set price.ours.hour".to_owned()));
        assert_eq!(total(&by_tokens(None), 9), Err("set price.ours.in".to_owned()));
        assert_eq!(total(&by_time(Some(1.0), Counts::Working, None), 9), Err(UNTIMED.to_owned()));
        let engines = [(answers("local", 9), terms_of(local())), (answers("ours", 9), by_tokens(None))];
        let words = decision(&engines, 300_000).advice.words;
        assert!(
            words.starts_with("Stay with local") && words.ends_with("What ours costs is not known: set price.ours.in."),
            "{words}"
        );
    }

    #[test]
    fn one_engine_is_no_choice_and_none_decides_nothing() {
        let found = decision(&[(answers("local", 9), terms_of(local()))], 1);
        assert!(
            found.advice.words.contains("a decision takes two") && found.break_even.is_empty(),
            "{}",
            found.advice.words
        );
        let nothing = Terms { estimate: Estimate::default(), ..terms_of(local()) };
        assert_eq!(decided(&[(answers("local", 9), nothing)], 1).decision, None);
    }
}
