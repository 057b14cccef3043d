//! Overviews of different calls taken together: the same as one overview of all of them.

use super::{MOST_QUEUES, MOST_REASONS, NAMED_ESCALATED, NAMED_RECOVERED, NamedCall, Overview, insert};

impl Overview {
    /// Adds everything that `other`, an overview of other calls, holds.
    pub fn merge(&mut self, other: Self) {
        self.calls += other.calls;
        self.low_coverage += other.low_coverage;
        self.scores += &other.scores;
        self.exact_sum += other.exact_sum;
        self.bars.iter_mut().zip(other.bars).for_each(|(own, more)| *own += more);
        self.labels.positive += other.labels.positive;
        self.labels.neutral += other.labels.neutral;
        self.labels.mixed += other.labels.mixed;
        self.labels.negative += other.labels.negative;
        let quarters = self.customer_quarters.iter_mut().chain(&mut self.agent_quarters);
        let more = other.customer_quarters.iter().chain(&other.agent_quarters);
        quarters.zip(more).for_each(|(own, more)| *own += more);
        self.merge_courses(&other);
        self.customer_words += other.customer_words;
        self.agent_words += other.agent_words;
        for (day, group) in other.days {
            *self.days.entry(day).or_default() += group;
        }
        self.undated += other.undated;
        self.queues.merge(MOST_QUEUES, other.queues);
        self.without_queue += other.without_queue;
        named(&mut self.listen_escalated, NAMED_ESCALATED, other.listen_escalated);
        named(&mut self.listen_low, NAMED_ESCALATED, other.listen_low);
        named(&mut self.listen_recovered, NAMED_RECOVERED, other.listen_recovered);
        self.failures.merge(MOST_REASONS, other.failures);
        self.rejects.merge(MOST_REASONS, other.rejects);
    }

    fn merge_courses(&mut self, other: &Self) {
        self.with_shift += other.with_shift;
        self.better += other.better;
        self.worse += other.worse;
        self.escalated += other.escalated;
        self.recovered += other.recovered;
        self.began_badly += other.began_badly;
        let courses = self.courses.iter_mut().flatten();
        courses.zip(other.courses.iter().flatten()).for_each(|(own, more)| *own += more);
    }
}

fn named(list: &mut Vec<NamedCall>, most: usize, more: Vec<NamedCall>) {
    for call in more {
        insert(list, most, call);
    }
}

/// Dates as year, month and day.
pub(super) mod days {
    use std::collections::BTreeMap;

    use jiff::civil::Date;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::overview::Group;

    pub(in crate::overview) fn serialize<S: Serializer>(
        days: &BTreeMap<Date, Group>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(days.iter().map(|(day, group)| ((day.year(), day.month(), day.day()), group)))
    }

    pub(in crate::overview) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Date, Group>, D::Error> {
        let days = Vec::<((i16, i8, i8), Group)>::deserialize(deserializer)?;
        let day = |((year, month, day), group)| Ok((Date::new(year, month, day).map_err(D::Error::custom)?, group));
        days.into_iter().map(day).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;
    use crate::overview::CallFigures;
    use crate::sentiment::{Label, Millionths};

    /// Calls of all kinds, more of each than a list names.
    fn calls() -> impl Strategy<Value = Vec<CallFigures<'static>>> {
        let score = || proptest::option::of((-10_000..10_001_i64).prop_map(|parts| Millionths(parts * 100)));
        let flag = || any::<Option<bool>>();
        let call = (0..99_999_u32, score(), score(), score(), flag(), flag(), 0..4_u8, 0..3_u8);
        proptest::collection::vec(call, 0..80).prop_map(|calls| {
            let call = |(id, score, start, end, escalated, recovered, queue, day): (u32, _, _, _, _, _, u8, u8)| {
                let queue = (queue > 0).then(|| Cow::Owned(format!("q{queue}")));
                let day = (day > 0).then(|| Cow::Owned(format!("2026-11-0{day}")));
                CallFigures {
                    call_id: Cow::Owned(id.to_string()),
                    call_date: day,
                    queue,
                    customer_score: score,
                    customer_label: score.map(|_| Label::Negative),
                    customer_q1: start,
                    agent_q4: end,
                    customer_start: start,
                    customer_end: end,
                    customer_shift: start.zip(end).map(|(start, end)| Millionths(end.0 - start.0)),
                    customer_words: 9,
                    agent_words_scored: 2,
                    escalated,
                    recovered,
                    low_coverage: recovered,
                    ..CallFigures::default()
                }
            };
            calls.into_iter().map(call).collect()
        })
    }

    fn of(calls: &[CallFigures<'_>]) -> Overview {
        let mut overview = Overview::default();
        for call in calls {
            overview.add(call);
        }
        for call in calls.iter().filter(|call| call.customer_score.is_none()) {
            overview.add_failure("failed", &call.call_id);
            overview.add_reject(&call.call_id);
        }
        overview
    }

    proptest! {
        #![proptest_config(crate::cases::usually(64))]

        #[test]
        fn two_overviews_merge_to_the_overview_of_all(calls in calls(), cut in 0..81_usize) {
            let (one, other) = calls.split_at(cut.min(calls.len()));
            let mut merged = of(one);
            merged.merge(of(other));
            prop_assert_eq!(merged, of(&calls));
        }

        #[test]
        fn an_overview_comes_back_as_it_was(calls in calls()) {
            let overview = of(&calls);
            let bytes = postcard::to_allocvec(&overview).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Overview>(&bytes).unwrap(), overview);
        }
    }
}
