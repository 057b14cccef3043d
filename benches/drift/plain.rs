//! What the program's verdicts are held against: yesterday, and Laney's p′ chart.

use undertone::drift::Day;

/// Beyond which the difference from yesterday would be an alarm.
const NOTICEABLE: f64 = 1.96;

/// Days that Laney's chart is made of, and those that it takes at least.
const WINDOW: usize = 56;
const LEAST: usize = 28;

/// Whether the mood differs from yesterday's by more than chance explains, as it is often compared.
pub(crate) fn differs_from_yesterday(yesterday: &Day, today: &Day) -> bool {
    let figures = |day: &Day| Some((day.sums.mean()?, day.sums.standard_error()?));
    let Some(((before, error_before), (now, error))) = figures(yesterday).zip(figures(today)) else { return false };
    (now - before).abs() > NOTICEABLE * error.hypot(error_before)
}

/// Whether the share of negative calls is beyond the limits of a p′ chart of the 56 days before (Laney 2002): p̄ ± 3sc with
/// s = √(p̄(1−p̄)/n) and c the mean moving range of the days' z over 1.128.
pub(crate) fn is_beyond_laney(before: &[Day], today: &Day) -> bool {
    let before = &before[before.len().saturating_sub(WINDOW)..];
    if before.len() < LEAST {
        return false;
    }
    let sum = |of: fn(&Day) -> u64| before.iter().map(of).sum::<u64>() as f64;
    let share = sum(|day| day.sums.negative) / sum(|day| day.sums.scored);
    let z = |day: &Day| {
        let scored = day.sums.scored as f64;
        (day.sums.negative as f64 / scored - share) / (share * (1.0 - share) / scored).sqrt()
    };
    let moves: f64 = before.windows(2).map(|days| (z(&days[1]) - z(&days[0])).abs()).sum();
    z(today).abs() > 3.0 * moves / (before.len() as f64 - 1.0) / 1.128
}
