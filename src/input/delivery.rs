//! What is known of files besides what they hold: which came last, which date a scheduler gave them.
//!
//! A single run knows nothing of the kind; a run that remembers earlier ones does.

use jiff::civil::Date;
use rustc_hash::FxHashSet;

/// What is known of the sources, which are numbered as they are read.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    /// Names without endings that several files have, though only one of them may be read now.
    pub shared_stems: FxHashSet<String>,
    /// The date of a source's calls that state none.
    pub dates: Vec<Option<Date>>,
    /// Where set, only the source of the highest rank counts for a call that several hold; else their rows are united.
    pub ranks: Option<Vec<u32>>,
    /// Whether files without a row are no error.
    pub may_be_empty: bool,
    /// Whether the rows are a part of a whole: what holds for all rows together, such as how many may be rejected, is up to
    /// whoever has the whole.
    pub is_part: bool,
}

impl Delivery {
    /// The date of a call that states none, by the sources that it is from.
    pub(super) fn date_of(&self, files: impl Iterator<Item = u32>) -> Option<Date> {
        files.filter_map(|file| self.dates.get(file as usize).copied().flatten()).min()
    }

    /// The source that counts for a call that these hold; `None` where all do.
    pub(super) fn newest(&self, files: impl Iterator<Item = u32>) -> Option<u32> {
        let ranks = self.ranks.as_ref()?;
        files.max_by_key(|&file| (ranks.get(file as usize).copied(), file))
    }
}
