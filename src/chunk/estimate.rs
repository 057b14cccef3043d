//! What segments would cost, before anything is sent.
//!
//! An [`Estimate`] adds up documents, characters and units, in any order to the same numbers. It sends nothing and
//! knows no prices: those are settings. Where the service's terms are open it gives both ends of what may be billed.

use std::collections::BTreeMap;

use super::Segment;
use crate::sentiment::{Billing, Limits};

/// What goes to the engine in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Share {
    documents: u64,
    chars: u64,
    bytes: u64,
    /// Bytes of the longest document.
    longest: u64,
}

/// What a job takes.
#[cfg(feature = "jobs")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobRoom {
    /// Most documents.
    pub most_documents: u64,
    /// Least documents: fewer go in requests.
    pub least_documents: u64,
    /// Least bytes: fewer go in requests.
    pub least_bytes: u64,
}

/// What goes out in jobs, of one language each.
#[cfg(feature = "jobs")]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InJobs {
    /// Jobs.
    pub jobs: u64,
    /// Documents in them.
    pub documents: u64,
    /// What is too little for a job and goes in requests: documents, characters and bytes, at most.
    pub little: Estimate,
    /// Units if the minimum and the rounding hold for each job, and for each document that goes in a request: the least.
    pub units_lower: u64,
}

/// Sums over segments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Estimate {
    /// Segments, sent or not.
    pub segments: u64,
    /// Turns that the segments hold a part of; a turn cut across segments counts once for each.
    pub turns: u64,
    /// Words (UAX 29) of all segments.
    pub words: u64,
    /// Segments that are sent: the others repeat a text, are already known, or can't be scored.
    pub documents: u64,
    /// Characters (Unicode scalar values) sent.
    pub chars: u64,
    /// Bytes of UTF-8 sent.
    pub bytes: u64,
    /// Billed units if the minimum and the rounding hold for each document: the upper bound.
    pub units_upper: u64,
    /// Billed units if no document had a minimum: the rest of the upper bound is the minimum charge.
    pub units_of_text: u64,
    /// Requests hold one language each, so the languages are kept apart.
    languages: BTreeMap<Box<str>, Share>,
}

impl Estimate {
    /// Counts a segment, sent or not.
    pub fn add_segment(&mut self, segment: &Segment) {
        self.segments += 1;
        self.turns += segment.pieces.len() as u64;
        self.words += u64::from(segment.words);
    }

    /// Counts a document of so many characters and bytes that is sent in `language`.
    pub fn add_document(&mut self, chars: u32, bytes: u32, language: &str, billing: Option<Billing>) {
        self.documents += 1;
        self.chars += u64::from(chars);
        self.bytes += u64::from(bytes);
        self.units_upper += billing.map_or(0, |billing| billing.units(chars as usize));
        self.units_of_text += billing.map_or(0, |billing| billing.units_without_minimum(chars as usize));
        if !self.languages.contains_key(language) {
            self.languages.insert(language.into(), Share::default());
        }
        if let Some(share) = self.languages.get_mut(language) {
            share.documents += 1;
            share.chars += u64::from(chars);
            share.bytes += u64::from(bytes);
            share.longest = share.longest.max(bytes.into());
        }
    }

    /// Adds what another one counts.
    pub fn merge(&mut self, other: &Self) {
        self.segments += other.segments;
        self.turns += other.turns;
        self.words += other.words;
        self.documents += other.documents;
        self.chars += other.chars;
        self.bytes += other.bytes;
        self.units_upper += other.units_upper;
        self.units_of_text += other.units_of_text;
        for (language, share) in &other.languages {
            let sum = self.languages.entry(language.clone()).or_default();
            sum.documents += share.documents;
            sum.chars += share.chars;
            sum.bytes += share.bytes;
            sum.longest = sum.longest.max(share.longest);
        }
    }

    /// Requests when every one but the last of each language is full.
    pub fn requests(&self, limits: &Limits) -> u64 {
        self.languages.values().map(|share| share.requests(limits)).sum()
    }

    /// Billed units if the minimum and the rounding hold for each request: the lower bound.
    ///
    /// For each language the larger of the minimum over its requests and its characters rounded up to a unit
    /// once. However documents fall into that many requests, at least this is charged, and less than one unit a
    /// request more for rounding, except where a request is shorter than the minimum.
    pub fn units_lower(&self, billing: Billing, limits: &Limits) -> u64 {
        let share_units = |share: &Share| {
            let text = share.chars.div_ceil((billing.unit_chars as u64).max(1));
            text.max(billing.minimum_units.saturating_mul(share.requests(limits)))
        };
        self.languages.values().map(share_units).sum()
    }

    /// What goes out in jobs with this room; a language with less than they take goes in requests, and so does what is left of
    /// its documents when all jobs but the last are full.
    #[cfg(feature = "jobs")]
    pub fn in_jobs(&self, room: &JobRoom, billing: Option<Billing>) -> InJobs {
        let mut sums = InJobs::default();
        for (language, share) in &self.languages {
            let text = billing.map_or(0, |billing| share.chars.div_ceil((billing.unit_chars as u64).max(1)));
            let least = billing.map_or(0, |billing| billing.minimum_units);
            // A line has an end.
            let is_little = share.bytes + share.documents < room.least_bytes || share.documents < room.least_documents;
            let left = share.documents % room.most_documents.max(1);
            let little = match (is_little, left < room.least_documents) {
                (true, _) => *share,
                (false, true) => share.at_most(left),
                (false, false) => Share::default(),
            };
            let jobs = (share.documents - little.documents).div_ceil(room.most_documents.max(1));
            sums.jobs += jobs;
            sums.documents += share.documents - little.documents;
            sums.units_lower += text.max(least.saturating_mul(jobs.max(1)));
            sums.little.add_share(language, little);
        }
        sums
    }

    #[cfg(feature = "jobs")]
    fn add_share(&mut self, language: &str, share: Share) {
        if share.documents > 0 {
            self.documents += share.documents;
            self.chars += share.chars;
            self.bytes += share.bytes;
            self.languages.insert(language.into(), share);
        }
    }

    /// Seconds that the requests take at `requests_per_second`; infinite at a rate that is not positive.
    pub fn seconds(&self, limits: &Limits, requests_per_second: f64) -> f64 {
        let requests = self.requests(limits);
        match requests {
            0 => 0.0,
            _ if requests_per_second > 0.0 => requests as f64 / requests_per_second,
            _ => f64::INFINITY,
        }
    }
}

impl Share {
    /// So many of the documents, which may be the longest.
    #[cfg(feature = "jobs")]
    fn at_most(self, documents: u64) -> Self {
        let bytes = self.bytes.min(documents.saturating_mul(self.longest));
        Self { documents, chars: self.chars.min(bytes), bytes, ..self }
    }

    fn requests(&self, limits: &Limits) -> u64 {
        self.documents.div_ceil((limits.batch_documents as u64).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Role;

    const BILLING: Billing = Billing { unit_chars: 100, minimum_units: 3 };
    const LIMITS: Limits = Limits { document_bytes: 5_000, batch_documents: 25 };

    fn segment(chars: u32) -> Segment {
        Segment { role: Role::Customer, pieces: Vec::new(), chars, bytes: chars, words: 1, start: 0, end: 0 }
    }

    #[cfg(feature = "jobs")]
    #[test]
    fn a_language_of_little_text_goes_in_requests_and_the_minimum_holds_for_a_job() {
        let documents: Vec<(u32, &str)> = std::iter::repeat_n((20, "en"), 45).chain([(20, "es"), (30, "es")]).collect();
        let room = JobRoom { most_documents: 20, least_documents: 1, least_bytes: 500 };
        let found = estimate(&documents).in_jobs(&room, Some(BILLING));
        assert_eq!((found.jobs, found.documents, found.little.documents, found.units_lower), (3, 45, 2, 9 + 3));
        assert_eq!(found.little.bytes, 50);
        let long = estimate(&[(5_000, "en"), (5_000, "en")]).in_jobs(&room, Some(BILLING));
        assert_eq!((long.jobs, long.units_lower), (1, 100));
        assert_eq!(estimate(&[]).in_jobs(&room, None), InJobs::default());
    }

    #[cfg(feature = "jobs")]
    #[test]
    fn what_is_left_over_by_full_jobs_goes_in_requests_where_it_is_too_little_for_one_more() {
        let room = |least_documents| JobRoom { most_documents: 20, least_documents, least_bytes: 0 };
        let sums = |documents: usize, least| {
            let found = estimate(&vec![(20, "en"); documents]).in_jobs(&room(least), None);
            (found.jobs, found.documents, found.little.documents, found.little.requests(&LIMITS))
        };
        assert_eq!(sums(45, 5), (3, 45, 0, 0));
        assert_eq!(sums(45, 6), (2, 40, 5, 1));
        assert_eq!(sums(40, 6), (2, 40, 0, 0));
        assert_eq!(sums(5, 6), (0, 0, 5, 1));
        let room = JobRoom { most_documents: 2, ..room(2) };
        let mixed = estimate(&[(20, "en"), (20, "en"), (5_000, "en")]).in_jobs(&room, None);
        assert_eq!((mixed.little.documents, mixed.little.bytes), (1, 5_000), "the longest may be left");
    }

    fn estimate(documents: &[(u32, &str)]) -> Estimate {
        let mut estimate = Estimate::default();
        for &(chars, language) in documents {
            estimate.add_document(chars, chars, language, Some(BILLING));
        }
        estimate
    }

    #[test]
    fn each_document_pays_the_minimum_at_most_and_each_request_at_least() {
        let chats = estimate(&[(20, "en"); 30]);
        assert_eq!((chats.units_upper, chats.units_of_text, chats.requests(&LIMITS)), (90, 30, 2));
        assert_eq!(chats.units_lower(BILLING, &LIMITS), 6);
        let calls = estimate(&[(430, "en"); 30]);
        assert_eq!((calls.units_upper, calls.units_lower(BILLING, &LIMITS)), (150, 129));
    }

    #[test]
    fn two_estimates_merge_to_that_of_all_documents() {
        let mut sum = estimate(&[(20, "en"), (700, "de")]);
        sum.merge(&estimate(&[(430, "en"), (5, "es")]));
        assert_eq!(sum, estimate(&[(20, "en"), (700, "de"), (430, "en"), (5, "es")]));
    }

    #[test]
    fn languages_do_not_share_a_request() {
        let estimate = estimate(&[(20, "en"), (20, "de")]);
        assert_eq!((estimate.requests(&LIMITS), estimate.units_lower(BILLING, &LIMITS)), (2, 6));
    }

    #[test]
    fn what_is_not_sent_costs_nothing() {
        let mut estimate = Estimate::default();
        estimate.add_segment(&segment(400));
        assert_eq!((estimate.segments, estimate.words, estimate.documents, estimate.units_upper), (1, 1, 0, 0));
        assert_eq!(estimate.units_lower(BILLING, &LIMITS), 0);
        assert!(estimate.seconds(&LIMITS, 0.0).abs() < f64::EPSILON);
    }

    #[test]
    fn time_is_requests_at_the_quota() {
        let estimate = estimate(&[(20, "en"); 51]);
        assert!((estimate.seconds(&LIMITS, 10.0) - 0.3).abs() < 1e-12);
        assert!(estimate.seconds(&LIMITS, 0.0).is_infinite());
    }
}
