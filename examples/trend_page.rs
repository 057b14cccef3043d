//! Draws the page of a run with a made-up trend before it, on stdout: `trend_page DIR DAYS`. For looking at the page only.

use std::io::Write as _;
use std::path::Path;

use jiff::ToSpan as _;
use jiff::civil::date;
use undertone::report::{Expected, Figures, Part, Trend, TrendDay, draw_with};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("which run?")?;
    let days: i64 = arguments.next().ok_or("how many days?")?.parse()?;
    let trend = Trend {
        days: (0..days).map(|number| day(number, days)).collect(),
        previous: Some(previous()),
        agents: Vec::new(),
    };
    std::io::stdout().write_all(draw_with(Path::new(&directory), Some(&trend))?.as_bytes())?;
    Ok(())
}

/// A noise from −1 to 1 that is always the same.
fn noise(number: i64) -> f64 {
    let mixed = (number * 2_654_435_761).rem_euclid(10_007);
    mixed as f64 / 5003.5 - 1.0
}

fn day(number: i64, days: i64) -> TrendDay {
    let changed = number >= days / 2;
    let level = if changed { 0.18 } else { 0.1 };
    let fell = number == days / 3 || number == days - 1;
    let mean = level + 0.04 * noise(number) - if fell { 0.16 } else { 0.0 };
    let calls = if number % 7 > 4 { 180 } else { 520 };
    let (warming_up, low_n) = (number < 28, number % 37 == 35);
    let judged = !warming_up && !low_n;
    let words = format!(
        "Customers’ mood was {mean:.2} against an expected {level:.2} (±0.07): lower than on 999 of 1,000 such days."
    );
    let mut alarms = if fell && judged { vec![words] } else { Vec::new() };
    if number == days - 1 {
        alarms.push("Of the calls 9 % have no score, where 1 % was expected (0 to 3 %).".into());
    }
    TrendDay {
        date: date(2025, 10, 1).checked_add(number.days()).unwrap_or_default(),
        calls,
        scored: if low_n { 21 } else { calls - 20 },
        mean: (number != days / 4).then_some(mean),
        interval: Some((mean - 0.03, mean + 0.03)),
        expected: judged.then_some(Expected { mean: level, low: level - 0.07, high: level + 0.07 }),
        alarms,
        low_n,
        warming_up,
        baseline: (number == days / 2)
            .then(|| "The engine’s model changed from comprehend-2026-01 to comprehend-2026-04.".into()),
    }
}

fn previous() -> (String, Figures) {
    let figures = Figures {
        calls: 5900,
        scored: 5890,
        mean: Some(0.161),
        interval: Some((0.150, 0.172)),
        negative: Part { count: 930, of: 5890 },
        escalated: Part { count: 700, of: 5890 },
        recovered: Part { count: 321, of: 800 },
        words: Part { count: 239_000, of: 240_000 },
    };
    ("the days up to 2026-01-01".into(), figures)
}
