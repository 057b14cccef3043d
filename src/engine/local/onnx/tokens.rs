//! Texts as the numbers that a graph reads: tokenizer.json, and windows where a text is longer than the model reads.
//!
//! A long text is cut into windows of as many tokens as the model takes, each of which repeats the last quarter of the one
//! before, so that no word is without what stands before it. Nothing of a text is left out.

use tokenizers::{Encoding, PostProcessor as _, Tokenizer, TruncationDirection};

use super::config::Config;
use super::folder::{EXPORT, TOKENIZER, Unfit};
use super::guard::guarded;

/// Fewest tokens of a text that a window must hold: of less a model makes nothing.
const FEWEST_TOKENS: usize = 8;
/// The share of a window that repeats the one before it.
const REPEATED: usize = 4;

/// What makes numbers of texts.
pub(super) struct Tokens {
    tokenizer: Tokenizer,
    /// Most tokens of a text in a window, besides the signs at its ends.
    own: usize,
}

/// As much of a text as the graph reads at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) ids: Vec<i32>,
    pub(super) kinds: Vec<i32>,
    /// Tokens of the text itself, at least 1.
    pub(super) tokens: usize,
}

/// A text could not be made into numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

impl Tokens {
    /// The tokenizer in `bytes`, for windows of `most` tokens at most.
    ///
    /// # Errors
    /// [`Unfit`] where it is none that is known, is another model's than `config`, or where too few tokens are left.
    pub(super) fn load(bytes: &[u8], most: usize, config: &Config) -> Result<Self, Unfit> {
        let read = guarded(|| Tokenizer::from_bytes(bytes));
        let read = read.map_err(|panic| panic.to_string()).and_then(|read| read.map_err(|error| error.to_string()));
        let mut tokenizer = read.map_err(|why| {
            let hint = "write it with transformers.AutoTokenizer.from_pretrained(NAME).save_pretrained(FOLDER)";
            Unfit::new(format!("{TOKENIZER} holds no tokenizer that is known here: {why}"), hint)
        })?;
        if let Some(id) = tokenizer.get_vocab(true).into_values().max().filter(|id| !config.knows(*id)) {
            let what =
                format!("{TOKENIZER} is another model's: config.json's vocab_size does not reach its token {id}");
            return Err(Unfit::new(what, "copy tokenizer.json and config.json from one model"));
        }
        let stated = tokenizer.get_truncation().map(|stated| stated.max_length).filter(|most| *most > 0);
        let most = stated.map_or(most, |stated| stated.min(most));
        let signs = tokenizer.get_post_processor().map_or(0, |processor| processor.added_tokens(false));
        let own = most.saturating_sub(signs);
        if own < FEWEST_TOKENS {
            let what = format!("the model reads {most} tokens at once, {signs} of which are signs: too few for a text");
            return Err(Unfit::new(
                what,
                "look at max_position_embeddings in config.json, and truncation in tokenizer.json",
            ));
        }
        let whole = tokenizer.with_padding(None).with_truncation(None).map(drop);
        whole.map_err(|error| Unfit::new(format!("{TOKENIZER} can't be used: {error}"), EXPORT))?;
        Ok(Self { tokenizer, own })
    }

    /// The windows of a text; none for a text in which the tokenizer finds nothing.
    ///
    /// # Errors
    /// [`Unreadable`] where the tokenizer fails on it.
    pub(super) fn windows(&self, text: &str) -> Result<Vec<Window>, Unreadable> {
        guarded(|| self.cut(text)).map_err(|_| Unreadable)?.map_err(|_| Unreadable)
    }

    /// The library cuts before it adds the signs at the ends, which it adds to the first window alone.
    fn cut(&self, text: &str) -> tokenizers::Result<Vec<Window>> {
        let mut first = self.tokenizer.encode_fast(text, false)?;
        first.truncate(self.own, self.own / REPEATED, TruncationDirection::Right);
        let others = first.take_overflowing();
        let parts = std::iter::once(first).chain(others).filter(|part| !part.is_empty());
        parts.map(|part| self.with_signs(part)).collect()
    }

    fn with_signs(&self, part: Encoding) -> tokenizers::Result<Window> {
        let tokens = part.len();
        let whole = self.tokenizer.post_process(part, None, true)?;
        let numbers = |all: &[u32]| all.iter().map(|&one| i32::try_from(one)).collect::<Result<_, _>>();
        Ok(Window { ids: numbers(whole.get_ids())?, kinds: numbers(whole.get_type_ids())?, tokens })
    }
}
