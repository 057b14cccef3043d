//! The records of a JSON file, one at a time, whatever the file's size: lines, values one after the other, the items of
//! a list, or the items of a list within an object.
//!
//! Records are found by brackets and quotes alone. What is wrong inside one is left to whoever reads it, so that a broken
//! record costs only itself; in lines, a record that was cut off too.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memchr2};
use serde::de::IgnoredAny;

/// A longer record is skipped: one call must fit in memory.
const MAX_RECORD_BYTES: usize = 64 << 20;
/// How much is read at a time.
const CHUNK_BYTES: usize = 1 << 18;
/// A longer key is not the name of a list.
const MAX_KEY_BYTES: usize = 256;
/// How many of the first lines may show that each line is a record.
const LINES: usize = 20;

/// Where a file's records stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layout {
    /// One a line.
    Lines,
    /// One after the other, or the items of a list.
    Values,
    /// The items of the list at this path of the object that the file is: a key, or two with a point between them.
    List(String),
}

impl Layout {
    /// The layout of a file that begins with `sample`, and whose records are in a list under a key if one is given.
    pub(super) fn of(sample: &[u8], list: Option<&str>) -> Self {
        if let Some(key) = list {
            return Self::List(key.to_owned());
        }
        let lines = sample.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
        let is_record = |line: &[u8]| line.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(line).is_ok();
        // An object that is written over several lines may have a small one in a line of its own.
        let first: Vec<bool> = lines.take(LINES).map(is_record).collect();
        let records = first.iter().filter(|is_record| **is_record).count();
        let is_lines = records * 2 >= first.len() || first[0] && records > 1;
        let is_lines = is_lines && first.len() > 1 && sample.trim_ascii_start().starts_with(b"{");
        if is_lines { Self::Lines } else { Self::Values }
    }
}

/// What stands next in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'b> {
    /// A record, and the line on which it begins.
    Record(&'b [u8], u64),
    /// A record that is too long, which begins on this line.
    TooLong(u64),
    /// Nothing.
    End,
}

/// Reads records out of a file.
pub(super) struct Records<R> {
    reader: R,
    layout: Layout,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are done with.
    at: usize,
    /// The line of `at`, from 1.
    line: u64,
    is_at_end: bool,
    /// Whether the list of [`Layout::List`], or of a file that is a list, is open.
    in_list: bool,
    /// How many keys of the path of [`Layout::List`] are passed.
    keys: usize,
    max_record: usize,
}

impl<R: Read> Records<R> {
    pub(super) fn new(reader: R, layout: Layout) -> Self {
        Self {
            reader,
            layout,
            buffer: Vec::new(),
            at: 0,
            line: 1,
            is_at_end: false,
            in_list: false,
            keys: 0,
            max_record: MAX_RECORD_BYTES,
        }
    }

    /// The next record.
    ///
    /// # Errors
    /// What reading fails with.
    pub(super) fn next(&mut self) -> io::Result<Next<'_>> {
        if !self.find_begin()? {
            return Ok(Next::End);
        }
        let mut end = if self.layout == Layout::Lines { RecordEnd::Line } else { RecordEnd::Value(Value::default()) };
        let line = self.line;
        let (mut length, mut is_too_long) = (0, false);
        loop {
            let fresh = &self.buffer[self.at + length..];
            if let Some(more) = end.find(fresh) {
                length += more;
                is_too_long |= length > self.max_record;
                break;
            }
            length += fresh.len();
            if length > self.max_record {
                is_too_long = true;
                self.skip(length);
                length = 0;
            }
            if !self.fill()? {
                break;
            }
        }
        let begin = self.at;
        self.skip(length);
        if is_too_long {
            return Ok(Next::TooLong(line));
        }
        Ok(Next::Record(self.buffer[begin..begin + length].trim_ascii(), line))
    }

    /// Passes what stands before the next record; `false` if there is none.
    fn find_begin(&mut self) -> io::Result<bool> {
        loop {
            let Some(byte) = self.peek()? else { return Ok(false) };
            let is_lines = self.layout == Layout::Lines;
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.skip(1),
                b',' if !is_lines => self.skip(1),
                b'[' if self.layout == Layout::Values && !self.in_list => {
                    self.in_list = true;
                    self.skip(1);
                }
                b']' | b'}' if !is_lines => {
                    // Behind the list, the object that holds it ends too.
                    self.keys = if self.in_list { self.keys } else { self.keys.saturating_sub(1) };
                    self.in_list = false;
                    self.skip(1);
                }
                b'{' if self.is_outside_list() => self.skip(1),
                b'"' if self.is_outside_list() => self.open_list_or_pass()?,
                _ if self.is_outside_list() => drop(self.pass_value()?),
                _ => return Ok(true),
            }
        }
    }

    /// Whether this is within the object that holds the list, and not within the list.
    const fn is_outside_list(&self) -> bool {
        matches!(self.layout, Layout::List(_)) && !self.in_list
    }

    /// At a key: enters the list if it is the one with the records, else passes key and value.
    fn open_list_or_pass(&mut self) -> io::Result<()> {
        let key: Option<String> = serde_json::from_slice(&self.pass_value()?).ok();
        while let Some(b' ' | b'\t' | b'\r' | b'\n' | b':') = self.peek()? {
            self.skip(1);
        }
        let Layout::List(path) = &self.layout else { return self.pass_value().map(drop) };
        let mut wanted = path.split('.').skip(self.keys);
        let is_it = wanted.next() == key.as_deref();
        let is_last = wanted.next().is_none();
        match self.peek()? {
            Some(b'[') if is_it && is_last => self.in_list = true,
            Some(b'{') if is_it && !is_last => self.keys += 1,
            _ => return self.pass_value().map(drop),
        }
        self.skip(1);
        Ok(())
    }

    /// Passes one value, of any length, and returns its first bytes: all of a key.
    fn pass_value(&mut self) -> io::Result<Vec<u8>> {
        let (mut value, mut begin) = (Value::default(), Vec::new());
        loop {
            let fresh = &self.buffer[self.at..];
            let (length, is_end) = value.find_end(fresh).map_or((fresh.len(), false), |length| (length, true));
            begin.extend(fresh[..length].iter().take(MAX_KEY_BYTES.saturating_sub(begin.len())));
            // A byte that can begin no value is passed too, or reading would stand still.
            self.skip(length.max(usize::from(is_end && value.is_bare())));
            if is_end || !self.fill()? {
                return Ok(begin);
            }
        }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        while self.at == self.buffer.len() {
            if !self.fill()? {
                return Ok(None);
            }
        }
        Ok(Some(self.buffer[self.at]))
    }

    /// Counts `length` bytes as done with.
    fn skip(&mut self, length: usize) {
        let to = (self.at + length).min(self.buffer.len());
        self.line += memchr_iter(b'\n', &self.buffer[self.at..to]).count() as u64;
        self.at = to;
    }

    /// Reads more behind what is left; `false` at the end of the file.
    fn fill(&mut self) -> io::Result<bool> {
        if self.is_at_end {
            return Ok(false);
        }
        // Moving what is left costs less than it saves once it is the smaller part.
        if self.at >= self.buffer.len() / 2 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        let before = self.buffer.len();
        let limit = CHUNK_BYTES.max(before - self.at) as u64;
        let count = self.reader.by_ref().take(limit).read_to_end(&mut self.buffer)?;
        self.is_at_end = count == 0;
        Ok(count > 0)
    }
}

/// How the end of a record is found.
enum RecordEnd {
    Line,
    Value(Value),
}

impl RecordEnd {
    fn find(&mut self, fresh: &[u8]) -> Option<usize> {
        match self {
            Self::Line => memchr(b'\n', fresh),
            Self::Value(value) => value.find_end(fresh),
        }
    }
}

/// How far into a value its bytes have come.
#[derive(Debug, Default)]
struct Value {
    depth: usize,
    in_text: bool,
    is_escaped: bool,
    /// Whether anything of it was met.
    has_begun: bool,
}

impl Value {
    /// How many of `bytes` belong to the value, if it ends in them.
    fn find_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_text {
                at = self.text_end(bytes, at)?;
                if self.depth == 0 {
                    return Some(at);
                }
                continue;
            }
            if self.depth > 0 {
                // Within a value, nothing else can end it.
                at += bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))?;
            }
            match bytes[at] {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                // What ends a number that stands by itself.
                b'}' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => return Some(at),
                b'}' | b']' if self.depth == 1 => return Some(at + 1),
                b'}' | b']' => self.depth -= 1,
                _ => {}
            }
            self.has_begun = true;
            at += 1;
        }
        None
    }

    /// Where `bytes` go on behind the text that `at` is in.
    fn text_end(&mut self, bytes: &[u8], mut at: usize) -> Option<usize> {
        loop {
            if std::mem::take(&mut self.is_escaped) {
                at += 1;
            }
            at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
            if bytes[at] == b'"' {
                self.in_text = false;
                return Some(at + 1);
            }
            self.is_escaped = true;
            at += 1;
            if at == bytes.len() {
                return None;
            }
        }
    }

    /// Whether nothing of a value was met.
    const fn is_bare(&self) -> bool {
        !self.has_begun
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives out a few bytes at a time.
    struct Slow<'t>(&'t [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(out.len()).min(self.0.len());
            out[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn read(text: &[u8], layout: Layout, max_record: usize) -> Vec<Result<(String, u64), u64>> {
        let mut records = Records::new(Slow(text, 3), layout);
        records.max_record = max_record;
        let mut found = Vec::new();
        loop {
            match records.next().unwrap() {
                Next::Record(bytes, line) => found.push(Ok((String::from_utf8_lossy(bytes).into_owned(), line))),
                Next::TooLong(line) => found.push(Err(line)),
                Next::End => return found,
            }
        }
    }

    fn found(text: &str, list: Option<&str>) -> Vec<(String, u64)> {
        let layout = Layout::of(text.as_bytes(), list);
        read(text.as_bytes(), layout, 100).into_iter().map(Result::unwrap).collect()
    }

    fn owned(records: &[(&str, u64)]) -> Vec<(String, u64)> {
        records.iter().map(|&(text, line)| (text.to_owned(), line)).collect()
    }

    #[test]
    fn records_of_every_layout_are_found() {
        let (one, two) = (r#"{"a":"]} \\\" ,","b":[[1]]}"#, r#"{"c":{}}"#);
        for (text, lines) in [
            (format!("{one}\n{two}\n"), (1, 2)),
            (format!("\n{one}\r\n\n{two}"), (2, 4)),
            (format!("[{one},\n {two}]\n"), (1, 2)),
            (format!("[\n{one}\n,\n{two}\n"), (2, 4)),
            (format!("{one}{two}"), (1, 1)),
        ] {
            assert_eq!(found(&text, None), owned(&[(one, lines.0), (two, lines.1)]), "{text}");
        }
        let wrapped = format!(r#"{{"n":[{one}],"x":"data","y":3 ,"data" : [{two} , {one}], "z":[{two}]}}"#);
        assert_eq!(found(&wrapped, Some("data")), owned(&[(two, 1), (one, 1)]));
        let nested = format!(
            r#"{{"data":[{two}],"page":{{"data":[{two}]}},"result":{{"n":{{"data":[{two}]}},"data" : [{one},{two}],"x":1}},"z":[{two}]}}"#
        );
        assert_eq!(found(&nested, Some("result.data")), owned(&[(one, 1), (two, 1)]));
        let pretty = "{\n \"turns\": [\n  {\"a\":1}\n ]\n}\n";
        assert_eq!(found(pretty, None), owned(&[(pretty.trim_end(), 1)]));
    }

    #[test]
    fn a_line_that_was_cut_off_costs_only_itself() {
        let records = found("{\"a\":\"x\n{\"b\":1}\n{\"c\":[\n{\"d\":1}\n", None);
        assert_eq!(records, owned(&[("{\"a\":\"x", 1), ("{\"b\":1}", 2), ("{\"c\":[", 3), ("{\"d\":1}", 4)]));
    }

    #[test]
    fn a_record_that_is_too_long_is_passed() {
        let long = "x".repeat(500);
        for layout in [Layout::Lines, Layout::Values] {
            let text = format!("{{\"a\":1}}\n{{\"b\":\"{long}\"}}\n{{\"c\":1}}\n");
            let records = read(text.as_bytes(), layout, 100);
            assert_eq!(records, [Ok(("{\"a\":1}".into(), 1)), Err(2), Ok(("{\"c\":1}".into(), 3))]);
        }
    }

    proptest! {
        #[test]
        fn every_value_of_a_list_comes_out_as_it_went_in(
            values in prop::collection::vec("[ a\\\\\"{}\\[\\]:,\n]{0,12}", 0..6),
            step in 1_usize..9,
        ) {
            let items: Vec<String> = values.iter().map(|value| serde_json::json!({"k": [value]}).to_string()).collect();
            for (text, list) in [
                (format!("[{}]", items.join(" , ")), None),
                (format!("{{\"x\":[{{}}],\"list\":[{}],\"y\":1}}", items.join(",")), Some("list")),
            ] {
                let mut records = Records::new(Slow(text.as_bytes(), step), Layout::of(text.as_bytes(), list));
                for item in &items {
                    prop_assert_eq!(records.next().unwrap(), Next::Record(item.as_bytes(), 1));
                }
                prop_assert_eq!(records.next().unwrap(), Next::End);
            }
        }

        #[test]
        fn any_bytes_come_to_an_end(text in "[\\PC\n\\[\\]{}:,\"\\\\]{0,60}", step in 1_usize..9) {
            for layout in [Layout::Lines, Layout::Values, Layout::List("a".into())] {
                let mut records = Records::new(Slow(text.as_bytes(), step), layout);
                let mut count = 0;
                while records.next().unwrap() != Next::End {
                    count += 1;
                    prop_assert!(count <= text.len());
                }
            }
        }
    }
}
