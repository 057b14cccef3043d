//! The window that ends with the newest date, for tools that read no partitions.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write};
use std::path::Path;

use super::CallDate;
use super::sums::DateRecord;
use crate::output::{Column, Format, put_rows, skip_header};

/// Days without calls after which what follows may be a mistake in a date.
const GAP_DAYS: i64 = 31;
/// Such dates count if they have at least one in so many of the calls that a date before them has.
const LEAST_SHARE: u64 = 20;

/// The newest published date. A few calls with a date far behind all others, such as those of a wrong clock, do not make
/// it: all others would be old then.
pub(crate) fn newest(published: &BTreeMap<CallDate, DateRecord>) -> Option<CallDate> {
    let dates: Vec<(CallDate, u64)> =
        published.iter().filter(|(date, _)| date.0.is_some()).map(|(date, record)| (*date, record.calls)).collect();
    let mut groups: Vec<&[(CallDate, u64)]> =
        dates.chunk_by(|(one, _), (next, _)| one.days_until(*next).is_some_and(|days| days <= GAP_DAYS)).collect();
    let a_date = |groups: &[&[(CallDate, u64)]]| {
        let dates = groups.iter().map(|group| group.len() as u64).sum::<u64>();
        groups.iter().copied().flatten().map(|(_, calls)| calls).sum::<u64>() / dates.max(1)
    };
    while let Some((last, before)) = groups.split_last() {
        if before.is_empty() || a_date(&[*last]) * LEAST_SHARE >= a_date(before) {
            return last.last().map(|(date, _)| *date);
        }
        groups.pop();
    }
    published.keys().next().copied()
}

/// Writes the rows of a table's partitions of `dates`, one after the other; how many there are. A partition that lacks the
/// last columns, because it was written by an earlier version, gets empty ones.
///
/// # Errors
/// The system's; [`io::ErrorKind::InvalidData`] with the file that is no such table.
pub(crate) fn copy_window<R>(
    root: &Path,
    table: &str,
    dates: &[CallDate],
    columns: &'static [Column<R>],
    format: Format,
    out: &mut dyn Write,
) -> io::Result<Option<u64>> {
    put_rows(out, columns, &[], format)?;
    let mut rows = 0;
    for date in dates {
        let path = root.join(table).join(date.folder()).join("part-0.csv");
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        let mut part = BufReader::with_capacity(1 << 18, file);
        let missing = skip_header(&mut part, columns)?.ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{} is no such table", path.display()))
        })?;
        rows += copy_rows(&mut part, missing, out)?;
    }
    Ok(Some(rows))
}

/// Copies lines, each a row, with so many empty cells at its end.
fn copy_rows(part: &mut BufReader<File>, missing: usize, out: &mut dyn Write) -> io::Result<u64> {
    let mut rows = 0;
    if missing == 0 {
        loop {
            let bytes = part.fill_buf()?;
            if bytes.is_empty() {
                return Ok(rows);
            }
            rows += memchr::memchr_iter(b'\n', bytes).count() as u64;
            out.write_all(bytes)?;
            let length = bytes.len();
            part.consume(length);
        }
    }
    let mut line = Vec::new();
    while part.read_until(b'\n', &mut line)? > 0 {
        line.pop();
        line.extend(std::iter::repeat_n(b',', missing));
        line.push(b'\n');
        out.write_all(&line)?;
        line.clear();
        rows += 1;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nights::sums::tests::record;
    use crate::output::{FAILURES, RowEncoder, call_columns};

    fn header() -> Vec<u8> {
        RowEncoder::new(&FAILURES, false).header()
    }

    fn of(dates: &[(&str, u64)]) -> Option<String> {
        let published = dates.iter().map(|(date, calls)| (date.parse().unwrap(), record(*calls))).collect();
        newest(&published).map(|date| date.to_string())
    }

    #[test]
    fn a_few_calls_with_a_wrong_date_are_not_the_newest() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("unknown", 9)]).as_deref(), Some("unknown"));
        assert_eq!(of(&[("unknown", 9), ("2026-11-01", 1)]).as_deref(), Some("2026-11-01"));
        assert_eq!(of(&[("2026-11-01", 1000), ("2099-01-01", 3)]).as_deref(), Some("2026-11-01"));
        assert_eq!(of(&[("1970-01-01", 3), ("2026-11-01", 1000)]).as_deref(), Some("2026-11-01"));
        assert_eq!(of(&[("2026-09-01", 1000), ("2026-11-01", 900)]).as_deref(), Some("2026-11-01"), "after a break");
        assert_eq!(of(&[("2026-11-01", 1000), ("2026-11-02", 3)]).as_deref(), Some("2026-11-02"), "a holiday");
    }

    #[test]
    fn rows_of_an_earlier_version_get_empty_cells_and_other_tables_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let put = |date: &str, text: &[u8]| {
            let folder = home.path().join("failures").join(format!("call_date={date}"));
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("part-0.csv"), text).unwrap();
        };
        let whole = [header(), b"c2,1,agent,failed,x,3\n".to_vec()].concat();
        put("2026-11-01", b"call_id,segment,role,outcome\nc1,1,agent,failed\n");
        put("2026-11-02", &[b"\xef\xbb\xbf", &*whole].concat());
        let dates = ["2026-11-01", "2026-11-02", "2026-11-03"].map(|date| date.parse().unwrap());
        let format = Format { bom: false, guard: true, parquet: false };
        let mut out = Vec::new();
        let rows = copy_window(home.path(), "failures", &dates, &FAILURES, format, &mut out).unwrap();
        let expected = [&*header(), b"c1,1,agent,failed,,\nc2,1,agent,failed,x,3\n"].concat();
        assert_eq!((rows, out), (Some(2), expected));
        let error = copy_window(home.path(), "failures", &dates, call_columns(), format, &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
