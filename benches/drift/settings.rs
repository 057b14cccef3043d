//! The settings: what a site is like, and the bounds that the figures must keep.

/// One kind of site.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) sites: u32,
    /// Calls a day, by their median.
    pub(crate) calls: f64,
    /// Standard deviation of what the calls of a day have in common.
    pub(crate) between: f64,
    /// That is normal, or Student's t with so many degrees of freedom.
    pub(crate) tails: Option<u32>,
    /// How much of it lasts until the next day.
    pub(crate) lasting: f64,
    /// Standard deviation of weekdays.
    pub(crate) weekdays: f64,
    /// Amplitude of a yearly wave that begins anywhere.
    pub(crate) season: f64,
    /// Change in a year.
    pub(crate) trend: f64,
    /// Calls on Saturdays and Sundays, as a share of those on other days.
    pub(crate) weekend: f64,
    /// Share of days without a record.
    pub(crate) missing: f64,
    /// Share of days of which half was delivered.
    pub(crate) half: f64,
    /// Share of days that are holidays: a third of the calls, .08 lower. They are no false alarms.
    pub(crate) holidays: f64,
    /// Whether calls are 55 % near 0, 28 % near .6 and 17 % near −.7, instead of normal with .4.
    pub(crate) mixture: bool,
    /// The most days of 100 stable ones with an alarm about customers.
    pub(crate) false_alarms: f64,
    /// The most days of 100 with a word about the inputs.
    pub(crate) notes: f64,
    /// The least share of shifts by −.04 that are found within seven days.
    pub(crate) found: f64,
    /// The least share of shifts by −.08 that are found on the first day.
    pub(crate) first: f64,
}

const USUAL: Setting = Setting {
    name: "1,000 calls a day, as usual",
    sites: 400,
    calls: 1000.0,
    between: 0.01,
    tails: None,
    lasting: 0.0,
    weekdays: 0.03,
    season: 0.0,
    trend: 0.0,
    weekend: 1.0,
    missing: 0.0,
    half: 0.0,
    holidays: 0.0,
    mixture: false,
    false_alarms: 2.0,
    notes: 1.5,
    found: 0.95,
    first: 0.94,
};

/// Another site, on half as many sites.
const OTHER: Setting = Setting { sites: 200, found: 0.0, first: 0.0, ..USUAL };

pub(crate) const SETTINGS: &[Setting] = &[
    USUAL,
    Setting { name: "days alike", between: 0.0, found: 0.95, first: 0.95, ..OTHER },
    Setting { name: "days sd .02", between: 0.02, ..OTHER },
    Setting { name: "300 calls", calls: 300.0, ..OTHER },
    Setting { name: "60 calls", calls: 60.0, ..OTHER },
    Setting { name: "5,000 calls", sites: 100, calls: 5000.0, found: 0.95, first: 0.95, ..OTHER },
    Setting { name: "no weekdays", weekdays: 0.0, found: 0.95, ..OTHER },
    Setting { name: "calls a mixture", mixture: true, ..OTHER },
    Setting { name: "days t3", tails: Some(3), found: 0.95, ..OTHER },
    Setting { name: "days last .3", lasting: 0.3, ..OTHER },
    Setting { name: "days last .5", lasting: 0.5, false_alarms: 4.0, ..OTHER },
    Setting { name: "season ±.03", season: 0.03, ..OTHER },
    Setting { name: "season ±.05", season: 0.05, false_alarms: 2.5, ..OTHER },
    Setting { name: "falls by .05 a year", trend: -0.05, found: 0.95, ..OTHER },
    Setting { name: "a fifth of the calls on weekends", weekend: 0.2, ..OTHER },
    Setting { name: "10 % of days missing", missing: 0.1, ..OTHER },
    Setting { name: "5 % of days half delivered", half: 0.05, notes: f64::INFINITY, ..OTHER },
    Setting { name: "3 % holidays", holidays: 0.03, notes: f64::INFINITY, ..OTHER },
];
