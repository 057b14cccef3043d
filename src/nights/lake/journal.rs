//! What a night is about to push, as one object: it is there as a whole or not at all, and whoever finds it can complete
//! the push.
//!
//! ```text
//! undertone push 1 HASH           the format's version, BLAKE3 of the second line
//! [ … ]                           the changes in their order: name, and length unless the file goes
//! …                               the bytes of the files, one behind the other
//! ```

use std::fs::File;
use std::io::{self, BufRead, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Changes when what follows does.
const FIRST_WORDS: &str = "undertone push 1";

/// One change of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    /// The file's name in the folder, with `/` between its parts.
    pub(super) name: String,
    /// Its length; `None` where it is removed.
    pub(super) bytes: Option<u64>,
}

/// Writes `changes`, whose files lie in `root`.
///
/// # Errors
/// The system's.
pub(super) fn write(changes: &[Change], root: &Path, out: &mut impl Write) -> io::Result<()> {
    let list = serde_json::to_string(changes)?;
    writeln!(out, "{FIRST_WORDS} {}\n{list}", blake3::hash(list.as_bytes()))?;
    for change in changes.iter().filter(|change| change.bytes.is_some()) {
        io::copy(&mut File::open(root.join(&change.name))?, out)?;
    }
    Ok(())
}

/// The changes that a journal of so many bytes begins with; their files follow in `from`. `None` if it is none that a night
/// wrote.
///
/// # Errors
/// Those of `from`.
pub(super) fn read(bytes: u64, from: &mut impl BufRead) -> io::Result<Option<Vec<Change>>> {
    let mut lines = [Vec::new(), Vec::new()];
    for line in &mut lines {
        from.read_until(b'\n', line)?;
    }
    let begin: usize = lines.iter().map(Vec::len).sum();
    let [first, list] = lines;
    let list = list.trim_ascii_end();
    if first != format!("{FIRST_WORDS} {}\n", blake3::hash(list)).as_bytes() {
        return Ok(None);
    }
    let changes: Option<Vec<Change>> = serde_json::from_slice(list).ok();
    let all = |changes: &Vec<Change>| begin as u64 + changes.iter().filter_map(|change| change.bytes).sum::<u64>();
    Ok(changes.filter(|changes| all(changes) == bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_reads_back_and_one_that_is_cut_or_changed_is_none() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("a"), "first\n").unwrap();
        std::fs::write(home.path().join("b"), "").unwrap();
        let change = |name: &str, bytes| Change { name: name.to_owned(), bytes };
        let changes = [change("a", Some(6)), change("gone", None), change("b", Some(0))];
        let mut bytes = Vec::new();
        write(&changes, home.path(), &mut bytes).unwrap();
        let read = |bytes: &[u8]| {
            let mut rest = bytes;
            let changes = read(bytes.len() as u64, &mut rest).unwrap();
            changes.map(|changes| (changes, rest.to_vec()))
        };
        assert_eq!(read(&bytes), Some((changes.to_vec(), b"first\n".to_vec())));
        let begin = bytes.len() - 6;
        for place in 0..begin {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert_eq!(read(&changed), None, "{place}");
        }
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), None, "{length}");
        }
    }
}
