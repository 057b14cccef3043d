//! What an engine charges, and what that comes to.

use std::time::Duration;

use serde::Deserialize as _;

use super::Requests;
use crate::chunk::Estimate;
use crate::sentiment::{Billing, Limits};
use crate::settings::{Value, Wrong};

/// What an engine charges. Every engine that charges has a currency; what one unit of it costs may be unset, and is then not
/// known, never nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Price {
    /// Nothing.
    Free,
    /// For each document, by its characters.
    PerUnit(UnitTerms),
    /// For what is read and written, in tokens.
    PerTokens(TokenTerms),
    /// For the time that something runs, whatever it is asked.
    PerTime(TimeTerms),
}

/// How many units documents have, and what a unit costs.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitTerms {
    /// How many units a document has.
    pub billing: Billing,
    /// Dollars a unit; `None` where the settings state none.
    pub dollars: Option<Tiers>,
    /// The settings that state them.
    pub settings: &'static str,
    /// Whether calls are cut so that they have the fewest units. Not where requests are charged otherwise: both ways must cut alike.
    pub packs: bool,
}

/// What tokens cost, and how many of them requests take besides their texts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TokenTerms {
    /// Dollars; `None` where the settings state none.
    pub dollars: Option<TokenDollars>,
    /// The settings that state them.
    pub settings: &'static str,
    /// Bytes of a request without its documents, at most: prompt and schema.
    pub request: u64,
    /// Bytes of a document besides its text, at most.
    pub document: u64,
    /// Tokens answered for a document, at most.
    pub answer: u64,
    /// What a token of a job costs, as a share of what it costs in a request.
    pub share_of_jobs: f64,
    /// The quota of tokens a minute, and how many of it one answered token takes; `None` where none is known.
    pub quota: Option<TokenQuota>,
}

/// How many tokens may be used in a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenQuota {
    /// Tokens a minute.
    pub per_minute: f64,
    /// Tokens of the quota for each one that is answered.
    pub answered: f64,
}

/// US dollars a million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenDollars {
    /// For tokens that are sent.
    pub input: f64,
    /// For tokens that are answered.
    pub output: f64,
}

/// Tokens of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    /// Sent.
    pub input: u64,
    /// Answered.
    pub output: u64,
}

/// What time costs, and which time counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeTerms {
    /// US dollars a second; `None` where the settings state none.
    pub dollars: Option<f64>,
    /// The settings that state them.
    pub settings: &'static str,
    /// Which seconds.
    pub counts: Counts,
    /// What is done in a second, if that is known before.
    pub pace: Option<TextPace>,
}

/// Which seconds are charged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// All from the first request on: something stands ready, asked or not.
    Standing,
    /// Those that requests take, each counted by itself.
    Working,
}

/// How many documents and characters are scored in a second; the slower of the two holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextPace {
    /// Documents a second.
    pub documents: f64,
    /// Characters a second.
    pub chars: f64,
}

/// An amount in an engine's currency, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bill {
    /// Units, of an engine that charges by them.
    pub units: u64,
    /// Tokens, of an engine that charges by them.
    pub tokens: Tokens,
    /// Seconds, of an engine that charges by them; `None` where they are not known.
    pub seconds: Option<f64>,
    /// US dollars; `None` where they are not known.
    pub dollars: Option<f64>,
}

/// A token is at least one byte of text: the upper bound. The lower one takes the longest tokens that a text of words has on
/// average.
const BYTES_PER_TOKEN: (u64, u64) = (1, 8);
/// What English texts have.
const USUAL_BYTES_PER_TOKEN: u64 = 4;

impl Price {
    /// How many units a document has; `None` for an engine that does not charge by units.
    pub const fn billing(&self) -> Option<Billing> {
        match self {
            Self::PerUnit(terms) => Some(terms.billing),
            Self::Free | Self::PerTokens(_) | Self::PerTime(_) => None,
        }
    }

    /// The units by which calls are cut, if they are.
    pub const fn packing(&self) -> Option<Billing> {
        match self {
            Self::PerUnit(UnitTerms { billing, packs: true, .. }) => Some(*billing),
            _ => None,
        }
    }

    /// The settings that would state what the engine's currency costs, where they do not; `None` where they do.
    pub const fn unset(&self) -> Option<&'static str> {
        match self {
            Self::PerTokens(TokenTerms { dollars: None, settings, .. })
            | Self::PerTime(TimeTerms { dollars: None, settings, .. })
            | Self::PerUnit(UnitTerms { dollars: None, settings, .. }) => Some(settings),
            Self::Free | Self::PerUnit(_) | Self::PerTokens(_) | Self::PerTime(_) => None,
        }
    }

    /// The quota of tokens a minute, if there is one.
    pub fn tokens_per_minute(&self) -> Option<f64> {
        if let Self::PerTokens(TokenTerms { quota: Some(quota), .. }) = self { Some(quota.per_minute) } else { None }
    }

    /// How long a quota of tokens takes for these documents; `None` without one.
    pub fn seconds(&self, estimate: &Estimate, limits: &Limits) -> Option<f64> {
        let Self::PerTokens(terms) = self else { return None };
        let TokenQuota { per_minute, answered } = terms.quota?;
        let Tokens { input, output } = terms.of(estimate, limits, USUAL_BYTES_PER_TOKEN, terms.answer / 2).tokens;
        Some((input as f64 + output as f64 * answered) / per_minute * 60.0)
    }

    /// US dollars that `units` cost as the first ones of a month; `None` where that is not known, 0 for an engine that does not
    /// charge by units.
    pub fn cost(&self, units: u64) -> Option<f64> {
        match self {
            Self::PerUnit(terms) => Some(terms.dollars.as_ref()?.cost(units)),
            Self::Free | Self::PerTokens(_) | Self::PerTime(_) => Some(0.0),
        }
    }

    /// The most that these documents can be charged for, each sent once.
    pub fn at_most(&self, estimate: &Estimate, limits: &Limits) -> Bill {
        match self {
            Self::Free => Bill { dollars: Some(0.0), ..Bill::default() },
            Self::PerUnit(_) => self.of_units(estimate.units_upper),
            Self::PerTokens(terms) => terms.of(estimate, limits, BYTES_PER_TOKEN.0, terms.answer),
            Self::PerTime(terms) => terms.of(estimate),
        }
    }

    /// The most that these documents can be charged for by jobs, of which `little` goes in requests.
    #[cfg(feature = "jobs")]
    pub fn at_most_by_jobs(&self, estimate: &Estimate, little: &Estimate, limits: &Limits) -> Bill {
        self.by_jobs(self.at_most(estimate, limits), self.at_most(little, limits))
    }

    /// The least.
    #[cfg(feature = "jobs")]
    pub fn at_least_by_jobs(&self, estimate: &Estimate, little: &Estimate, limits: &Limits) -> Bill {
        self.by_jobs(self.at_least(estimate, limits), self.at_least(little, limits))
    }

    /// The bill for all, of which jobs do not do `little`.
    #[cfg(feature = "jobs")]
    fn by_jobs(&self, all: Bill, little: Bill) -> Bill {
        let Self::PerTokens(TokenTerms { share_of_jobs: share, .. }) = self else { return all };
        let dollars = all.dollars.zip(little.dollars).map(|(all, little)| (all - little) * share + little);
        Bill { dollars, ..all }
    }

    /// The least.
    pub fn at_least(&self, estimate: &Estimate, limits: &Limits) -> Bill {
        match self {
            Self::PerUnit(terms) => self.of_units(estimate.units_lower(terms.billing, limits)),
            Self::PerTokens(terms) => terms.of(estimate, limits, BYTES_PER_TOKEN.1, 1),
            Self::Free | Self::PerTime(_) => self.at_most(estimate, limits),
        }
    }

    /// The most that what was sent so far can be charged for: requests whose answer was lost count too.
    pub fn so_far(&self, requests: &Requests) -> Bill {
        match self {
            Self::PerTokens(terms) => {
                let dollars = terms.dollars.map(|_| requests.dollars_reserved());
                Bill { tokens: requests.tokens, dollars, ..Bill::default() }
            }
            Self::PerUnit(_) => self.of_units(requests.units_reserved),
            Self::Free | Self::PerTime(_) => self.so_far_at_least(requests),
        }
    }

    /// The least: what was answered.
    pub fn so_far_at_least(&self, requests: &Requests) -> Bill {
        match self {
            Self::Free => Bill { dollars: Some(0.0), ..Bill::default() },
            Self::PerUnit(_) => self.of_units(requests.units_least),
            Self::PerTokens(terms) => terms.bill_so_far(requests),
            Self::PerTime(terms) => terms.bill(match terms.counts {
                Counts::Standing => requests.standing,
                Counts::Working => requests.working,
            }),
        }
    }

    fn of_units(&self, units: u64) -> Bill {
        Bill { units, dollars: self.cost(units), ..Bill::default() }
    }
}

impl Bill {
    /// Both together.
    pub fn and(self, other: Self) -> Self {
        let sum = |one: Option<f64>, other: Option<f64>| one.zip(other).map(|(one, other)| one + other);
        let tokens =
            Tokens { input: self.tokens.input + other.tokens.input, output: self.tokens.output + other.tokens.output };
        Self {
            units: self.units + other.units,
            tokens,
            seconds: sum(self.seconds, other.seconds),
            dollars: sum(self.dollars, other.dollars),
        }
    }
}

impl TokenDollars {
    /// What tokens cost.
    pub fn cost(&self, tokens: Tokens) -> f64 {
        (tokens.input as f64 * self.input + tokens.output as f64 * self.output) / 1e6
    }
}

impl TokenTerms {
    fn of(&self, estimate: &Estimate, limits: &Limits, bytes_per_token: u64, answer: u64) -> Bill {
        let bytes = estimate.bytes + estimate.documents * self.document + estimate.requests(limits) * self.request;
        let input = bytes.div_ceil(bytes_per_token);
        self.bill(Tokens { input, output: estimate.documents * answer })
    }

    fn bill_so_far(&self, requests: &Requests) -> Bill {
        let (all, jobs) = (requests.tokens, requests.tokens_of_jobs);
        let in_requests = Tokens { input: all.input - jobs.input, output: all.output - jobs.output };
        let cost = |dollars: TokenDollars| dollars.cost(in_requests) + dollars.cost(jobs) * self.share_of_jobs;
        Bill { tokens: all, dollars: self.dollars.map(cost), ..Bill::default() }
    }

    fn bill(&self, tokens: Tokens) -> Bill {
        Bill { tokens, dollars: self.dollars.map(|dollars| dollars.cost(tokens)), ..Bill::default() }
    }
}

impl TimeTerms {
    fn of(&self, estimate: &Estimate) -> Bill {
        let seconds = self.pace.map(|pace| pace.seconds(estimate.documents, estimate.chars));
        seconds.map_or(Bill::default(), |seconds| self.bill_seconds(seconds))
    }

    fn bill(&self, time: Duration) -> Bill {
        self.bill_seconds(time.as_secs_f64())
    }

    fn bill_seconds(&self, seconds: f64) -> Bill {
        Bill { seconds: Some(seconds), dollars: self.dollars.map(|dollars| dollars * seconds), ..Bill::default() }
    }
}

impl TextPace {
    /// How long so many documents of so many characters in all take.
    pub fn seconds(&self, documents: u64, chars: u64) -> f64 {
        (documents as f64 / self.documents).max(chars as f64 / self.chars)
    }
}

/// One step of a price list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tier {
    /// The last unit of the month at this price; nothing for all that follow.
    pub up_to: Option<u64>,
    /// Dollars a unit.
    pub per_unit: f64,
}

/// What units cost in a month, step by step. The last step has no end.
///
/// Replaced as a whole by a higher layer, because half of a price list means nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Tiers(Vec<Tier>);

impl Tiers {
    /// The list price of sentiment analysis, in US dollars a unit of 100 characters.
    pub fn list_price() -> Self {
        let tier = |up_to, per_unit| Tier { up_to, per_unit };
        Self(vec![tier(Some(10_000_000), 0.0001), tier(Some(50_000_000), 0.000_05), tier(None, 0.000_025)])
    }

    /// One price for every unit.
    pub fn one(dollars: f64) -> Self {
        Self(vec![Tier { up_to: None, per_unit: dollars }])
    }

    /// US dollars, to a billionth, that `units` cost as the first ones of a month.
    pub fn cost(&self, units: u64) -> f64 {
        let mut paid = 0;
        let mut dollars = 0.0;
        for tier in &self.0 {
            let here = tier.up_to.unwrap_or(u64::MAX).min(units).saturating_sub(paid);
            dollars += here as f64 * tier.per_unit;
            paid += here;
        }
        (dollars * 1e9).round() / 1e9
    }

    /// The steps: the last unit of the month at a price, nothing for all that follow, and the dollars a unit.
    pub fn steps(&self) -> impl Iterator<Item = (Option<u64>, f64)> {
        self.0.iter().map(|tier| (tier.up_to, tier.per_unit))
    }

    fn read(value: &toml::Value) -> Option<Self> {
        let tiers = value.as_array()?.iter().map(Self::read_tier).collect::<Option<Vec<_>>>()?;
        let (last, stepped) = tiers.split_last()?;
        let ends = stepped.iter().map(|tier| tier.up_to).collect::<Option<Vec<_>>>()?;
        let ascending = ends.is_sorted_by(|one, next| one < next);
        (ascending && last.up_to.is_none()).then_some(Self(tiers))
    }

    fn read_tier(value: &toml::Value) -> Option<Tier> {
        let table = value.as_table()?;
        let known = table.keys().all(|key| matches!(key.as_str(), "up-to" | "per-unit"));
        let up_to = match table.get("up-to") {
            Some(end) => Some(u64::try_from(end.as_integer()?).ok()?),
            None => None,
        };
        let per_unit = f64::from_toml(table.get("per-unit")?).ok()?;
        known.then_some(Tier { up_to, per_unit })
    }
}

impl Value for Tiers {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let value = toml::de::ValueDeserializer::parse(text).and_then(toml::Value::deserialize);
        Self::from_toml(&value.unwrap_or(toml::Value::Boolean(false)))
    }

    fn from_toml(value: &toml::Value) -> Result<Self, Wrong> {
        Self::read(value).ok_or(Wrong::expected(
            "a list such as [{ up-to = 10000000, per-unit = 0.0001 }, { per-unit = 0.00005 }], ascending, the last without up-to",
        ))
    }

    fn to_toml(&self) -> Option<toml::Value> {
        let tier = |tier: &Tier| {
            let end = tier.up_to.map(|end| ("up-to".to_owned(), i64::try_from(end).unwrap_or(i64::MAX).into()));
            let price = tier.per_unit.to_toml().map(|price| ("per-unit".to_owned(), price));
            toml::Value::Table(end.into_iter().chain(price).collect())
        };
        Some(toml::Value::Array(self.0.iter().map(tier).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_its_price() {
        let tiers = Tiers::list_price();
        for (units, dollars) in [
            (0, 0.0),
            (1, 0.0001),
            (3, 0.0003),
            (10_000_000, 1_000.0),
            (10_000_001, 1_000.000_05),
            (60_000_000, 3_250.0),
        ] {
            assert_eq!(tiers.cost(units).to_string(), f64::to_string(&dollars), "{units}");
        }
    }

    /// An estimate of documents of 100 characters each.
    fn estimate(documents: u64) -> Estimate {
        let mut estimate = Estimate::default();
        for _ in 0..documents {
            estimate.add_document(100, 120, "en", None);
        }
        estimate
    }

    const LIMITS: Limits = Limits { document_bytes: 5_000, batch_documents: 5 };

    #[test]
    fn tokens_are_counted_between_two_bounds_and_an_unset_price_is_not_nothing() {
        let dollars = Some(TokenDollars { input: 1.0, output: 5.0 });
        let terms = TokenTerms {
            dollars,
            settings: "price.any",
            request: 300,
            document: 10,
            answer: 16,
            share_of_jobs: 0.5,
            quota: None,
        };
        let most = Price::PerTokens(terms).at_most(&estimate(12), &LIMITS);
        assert_eq!(most.tokens, Tokens { input: 12 * 130 + 3 * 300, output: 12 * 16 });
        assert!((most.dollars.unwrap() - (2_460.0 + 5.0 * 192.0) / 1e6).abs() < 1e-12);
        let least = Price::PerTokens(terms).at_least(&estimate(12), &LIMITS);
        assert_eq!(least.tokens, Tokens { input: (12 * 130 + 900_u64).div_ceil(8), output: 12 });
        let quota = Some(TokenQuota { per_minute: 600.0, answered: 5.0 });
        let seconds = Price::PerTokens(TokenTerms { quota, ..terms }).seconds(&estimate(12), &LIMITS);
        assert_eq!(seconds, Some((615.0 + 5.0 * 96.0) / 10.0));
        let unset = Price::PerTokens(TokenTerms { dollars: None, ..terms });
        assert_eq!((unset.unset(), unset.at_most(&estimate(12), &LIMITS).dollars), (Some("price.any"), None));
    }

    #[test]
    fn time_goes_by_the_slower_of_documents_and_characters() {
        let pace = TextPace { documents: 2.0, chars: 100.0 };
        let terms = TimeTerms { dollars: Some(0.0005), settings: "", counts: Counts::Standing, pace: Some(pace) };
        let bill = Price::PerTime(terms).at_most(&estimate(12), &LIMITS);
        assert_eq!((bill.seconds, bill.dollars), (Some(12.0), Some(0.006)));
        let unknown = Price::PerTime(TimeTerms { pace: None, ..terms });
        let bill = unknown.at_most(&estimate(12), &LIMITS);
        assert_eq!((unknown.unset(), bill.seconds, bill.dollars), (None, None, None));
    }

    #[test]
    fn price_lists_ascend_and_do_not_end() {
        let text = "[{ up-to = 5, per-unit = 0.1 }, { per-unit = 0.05 }]";
        let tiers = Tiers::parse(text).unwrap();
        assert_eq!(tiers.cost(6).to_string(), "0.55");
        assert_eq!(Tiers::from_toml(&tiers.to_toml().unwrap()), Ok(tiers));
        for wrong in [
            "[]",
            "0.1",
            "[{ up-to = 5, per-unit = 0.1 }]",
            "[{ per-unit = 0.1 }, { per-unit = 0.1 }]",
            "[{ up-to = 5, per-unit = 0.1 }, { up-to = 5, per-unit = 0.1 }, { per-unit = 0.1 }]",
            "[{ per-unit = -1 }]",
            "[{ per-unit = 1, upto = 3 }]",
            "[",
        ] {
            assert!(Tiers::parse(wrong).is_err(), "{wrong}");
        }
    }
}
