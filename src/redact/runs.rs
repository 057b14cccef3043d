//! Numbers as they are said and written: one or more parts that are joined by signs, hesitations and joining words.
//!
//! A run is only where a number is and how long; whether it is kept back, `numbers` decides.

use super::pack::{
    BEFORE_COUNT, DIGIT, HESITATION, JOIN, LETTER, NUMBER, PAUSE, REPEAT, SCALE, SYMBOL, TEEN, TENS, TENS_JOIN, UNIT,
};
use super::tokens::{Case, Form, Token, digit};

/// What the writing of a number shows it to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing.
    Plain,
    /// An amount, a time, a version, a share: not of a person.
    Counted,
    /// A day.
    Date,
    /// Four numbers below 256 with dots.
    Ip,
    /// The groups of a phone number of North America.
    Phone,
    /// The groups of a social security number.
    Ssn,
}

/// A part of a run: digits written together, or a number word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// Its first token.
    pub(super) first: usize,
    /// Its last token.
    pub(super) last: usize,
    /// Where its characters begin in those of the run.
    pub(super) from: usize,
    /// Whether it is words.
    pub(super) spoken: bool,
    /// Whether a comma, a full stop or a joining word stands before it, and either neighbour is more than a digit.
    pub(super) loose: bool,
    pub(super) scale: bool,
    pub(super) shape: Shape,
}

/// A number, or several side by side.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) parts: Vec<Part>,
    /// Its digits, and its letters in capitals.
    pub(super) characters: Vec<char>,
}

impl Run {
    pub(super) fn first(&self) -> usize {
        self.parts.first().map_or(0, |part| part.first)
    }

    pub(super) fn last(&self) -> usize {
        self.parts.last().map_or(0, |part| part.last)
    }

    pub(super) fn digits(&self) -> usize {
        self.characters.iter().filter(|c| c.is_ascii_digit()).count()
    }

    /// The characters of the parts from one to another, both included.
    pub(super) fn slice(&self, from: usize, to: usize) -> &[char] {
        let end = self.parts.get(to + 1).map_or(self.characters.len(), |part| part.from);
        let start = self.parts.get(from).map_or(end, |part| part.from);
        self.characters.get(start..end).unwrap_or_default()
    }

    fn push(&mut self, part: Part, characters: impl IntoIterator<Item = char>) {
        self.parts.push(Part { from: self.characters.len(), ..part });
        self.characters.extend(characters);
    }
}

/// The digits and letters of a token.
fn characters<'a>(token: &Token, text: &'a str) -> impl Iterator<Item = char> + use<'a> {
    token.text(text).chars().filter_map(|c| match digit(c) {
        Some(value) => char::from_digit(value.into(), 10),
        None => c.is_alphanumeric().then(|| c.to_ascii_uppercase()),
    })
}

/// All runs of a turn, in order. A run has at least one part with a digit.
pub(super) fn runs(tokens: &[Token], text: &str) -> Vec<Run> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let begins = match tokens[at].form {
            Form::Digits => true,
            Form::Word => tokens[at].is(NUMBER | LETTER) || tokens[at].is_letter() || begins_cluster(tokens, at),
            _ => false,
        };
        if !begins {
            at += 1;
            continue;
        }
        let (run, next) = Walk { tokens, text, run: Run::default() }.run(at);
        if run.digits() > 0 {
            found.push(run);
        }
        at = next.max(at + 1);
    }
    found
}

/// Whether a word and the digits glued to it are written together: `AB123`, `PL-2044`.
fn begins_cluster(tokens: &[Token], at: usize) -> bool {
    const LONGEST_PREFIX: u8 = 5;
    let glued = |at: usize| tokens.get(at).is_some_and(|token| !token.spaced);
    let digits = |at: usize| tokens.get(at).is_some_and(|token| token.form == Form::Digits);
    tokens[at].chars <= LONGEST_PREFIX
        && glued(at + 1)
        && (digits(at + 1)
            || tokens[at + 1].is_sign('-') && tokens[at].case == Case::Upper && glued(at + 2) && digits(at + 2))
}

/// Most tokens between two parts of one run.
const WIDEST_GAP: usize = 7;

struct Walk<'a> {
    tokens: &'a [Token],
    text: &'a str,
    run: Run,
}

impl Walk<'_> {
    /// The run that begins at a token, and the token after it.
    fn run(mut self, start: usize) -> (Run, usize) {
        let mut at = start;
        let mut loose = false;
        let mut next = start;
        while let Some(after) = self.part(at, loose) {
            next = after;
            let Some((gap_end, gap_loose)) = self.gap(after) else { break };
            at = gap_end;
            loose = gap_loose;
        }
        self.trim_letters();
        let next = self.run.parts.last().map_or(next, |part| part.last + 1);
        (self.run, next)
    }

    /// Letters at the ends that belong to no code: `I 5`, `5 a`.
    fn trim_letters(&mut self) {
        let is_word = |walk: &Self, part: &Part| {
            let token = &walk.tokens[part.first];
            part.first == part.last
                && token.is_letter()
                && (token.case == Case::Lower || token.text(walk.text) == "I" || token.text(walk.text) == "A")
                && token.spaced
        };
        while self.run.parts.last().is_some_and(|part| is_word(self, part)) {
            if let Some(part) = self.run.parts.pop() {
                self.run.characters.truncate(part.from);
            }
        }
        while self.run.parts.first().is_some_and(|part| is_word(self, part)) {
            let dropped = self.run.parts.get(1).map_or(self.run.characters.len(), |part| part.from);
            self.run.parts.remove(0);
            self.run.characters.drain(..dropped);
            self.run.parts.iter_mut().for_each(|part| part.from -= dropped);
        }
    }

    /// Takes in the part at a token; returns the token after it.
    fn part(&mut self, at: usize, loose: bool) -> Option<usize> {
        let token = self.tokens.get(at)?;
        let blank = Part { first: at, last: at, from: 0, spoken: true, loose, scale: false, shape: Shape::Plain };
        match token.form {
            Form::Digits => Some(self.cluster(at, loose)),
            Form::Word if begins_cluster(self.tokens, at) => Some(self.cluster(at, loose)),
            Form::Word if token.is(NUMBER) => self.number_words(at, blank),
            Form::Word if token.is_letter() => {
                self.run.push(blank, characters(token, self.text));
                Some(self.after_example(at + 1))
            }
            Form::Word if token.is(LETTER) && token.value.is_ascii_alphabetic() => {
                self.run.push(blank, [char::from(token.value.to_ascii_uppercase())]);
                Some(at + 1)
            }
            _ => None,
        }
    }

    /// Passes over `as in Bravo`, `for Bravo` after a letter.
    fn after_example(&self, at: usize) -> usize {
        let word =
            |at: usize| self.tokens.get(at).filter(|token| token.is_word()).map_or("", |token| token.text(self.text));
        let is = |at: usize, wanted: &str| word(at).eq_ignore_ascii_case(wanted);
        let same_letter = |letter: usize, word_at: usize| {
            let first = |at: usize| word(at).chars().next().map(|c| c.to_ascii_lowercase());
            first(letter).is_some() && first(letter) == first(word_at)
        };
        let letter = at - 1;
        if is(at, "as") && is(at + 1, "in") && same_letter(letter, at + 2) {
            at + 3
        } else if (is(at, "for") || is(at, "like") || is(at, "as")) && same_letter(letter, at + 1) {
            at + 2
        } else {
            at
        }
    }

    /// Number words that make one part: `seven`, `forty one`, `double five`, `three hundred`.
    fn number_words(&mut self, at: usize, blank: Part) -> Option<usize> {
        let token = self.tokens[at];
        let next = self.tokens.get(at + 1);
        let glued_or_spaced = |token: &&Token| token.is_word();
        let digit_of = |token: &Token| char::from_digit(u32::from(token.value) % 10, 10).unwrap_or('0');
        if token.is(REPEAT) {
            let repeated = next.filter(glued_or_spaced).filter(|next| next.is(DIGIT) || next.is_letter())?;
            let c = if repeated.is(DIGIT) { digit_of(repeated) } else { characters(repeated, self.text).next()? };
            self.run.push(Part { last: at + 1, ..blank }, std::iter::repeat_n(c, token.value.into()));
            return Some(at + 2);
        }
        if token.is(SCALE) {
            // By itself it is no number: `hundreds`, `a million`.
            self.run.parts.last()?;
            self.run.push(Part { scale: true, ..blank }, std::iter::repeat_n('0', token.value.into()));
            return Some(at + 1);
        }
        if token.is(TENS) {
            // `twenty-one` has a hyphen between, `treinta y uno` a word, and `veintiuno` has its ones in it.
            let hyphen = usize::from(next.is_some_and(|next| next.is_sign('-') || next.is(TENS_JOIN)));
            let unit = self
                .tokens
                .get(at + 1 + hyphen)
                .filter(glued_or_spaced)
                .filter(|unit| unit.is(DIGIT) && unit.value > 0 && token.value.is_multiple_of(10));
            let tens = char::from_digit(u32::from(token.value) / 10, 10).unwrap_or('0');
            let last = if unit.is_some() { at + 1 + hyphen } else { at };
            self.run.push(Part { last, ..blank }, [tens, unit.map_or_else(|| digit_of(&token), digit_of)]);
            return Some(last + 1);
        }
        if token.is(TEEN) {
            self.run.push(blank, ['1', digit_of(&token)]);
        } else {
            self.run.push(blank, [digit_of(&token)]);
        }
        Some(at + 1)
    }

    /// Digits with all that is written together with them: letters, hyphens, dots, slashes, colons.
    fn cluster(&mut self, at: usize, loose: bool) -> usize {
        let mut last = at;
        let mut signs = Vec::new();
        while let Some(next) = self.tokens.get(last + 1).filter(|next| !next.spaced) {
            let after = self.tokens.get(last + 2).filter(|after| !after.spaced);
            last += match next.form {
                Form::Digits => 1,
                Form::Word if next.chars <= 8 => 1,
                Form::Sign(sign @ ('-' | '–' | '.' | '/' | ':' | ',' | '_' | '·'))
                    if after.is_some_and(|after| {
                        after.form == Form::Digits || after.is_word() && sign != '.' && sign != ',' && after.chars <= 4
                    }) =>
                {
                    signs.push(sign);
                    2
                }
                _ => break,
            };
        }
        let tokens = &self.tokens[at..=last];
        let shape = shape(tokens, &signs, self.text);
        let blank = Part { first: at, last, from: 0, spoken: false, loose, scale: false, shape };
        let text = self.text;
        self.run.push(
            blank,
            tokens
                .iter()
                .filter(|token| !matches!(token.form, Form::Sign(_)))
                .flat_map(|token| characters(token, text)),
        );
        last + 1
    }

    /// Where the next part begins if only joins lie between, and whether they join loosely.
    fn gap(&self, from: usize) -> Option<(usize, bool)> {
        let mut loose = false;
        let is_spoken = self.run.parts.last().is_some_and(|part| part.spoken);
        for at in from..from + WIDEST_GAP {
            let token = self.tokens.get(at)?;
            let part_begins = match token.form {
                Form::Digits => true,
                Form::Word => {
                    token.is(NUMBER) && !token.is(HESITATION)
                        || token.is_letter() && !is_small_word(token, self.text)
                        || token.is(LETTER) && token.value.is_ascii_alphabetic()
                        || begins_cluster(self.tokens, at)
                }
                _ => false,
            };
            if part_begins {
                return Some((at, loose));
            }
            match token.form {
                Form::Sign('-' | '–' | '—' | '(' | ')' | '…' | '/' | '_' | '·') => {}
                Form::Sign('+') if from == at => return None,
                Form::Sign(',' | '.' | ';' | ':') => loose = true,
                Form::Word if token.is(HESITATION) || is_spoken && token.is(PAUSE) => {}
                Form::Word if token.is(JOIN) => loose = true,
                Form::Word if token.is(SYMBOL) && matches!(token.value, b'-' | b'.') => {}
                _ => return None,
            }
        }
        None
    }
}

/// `a` and `I`, which are words as often as letters.
fn is_small_word(token: &Token, text: &str) -> bool {
    matches!(token.text(text), "a" | "i" | "A" | "I")
}

/// What signs, letters and lengths of groups show.
fn shape(tokens: &[Token], signs: &[char], text: &str) -> Shape {
    let groups: Vec<&Token> = tokens.iter().filter(|token| token.form == Form::Digits).collect();
    let lengths: Vec<u8> = groups.iter().map(|token| token.chars).collect();
    if tokens.iter().any(Token::is_word) {
        return shape_with_letters(tokens, signs, text);
    }
    let all = |sign: char| signs.iter().all(|other| *other == sign);
    let value = |at: usize| groups.get(at).and_then(|token| token.text(text).parse::<u16>().ok());
    let is_day = |at: usize| value(at).is_some_and(|value| (1..=31).contains(&value));
    match lengths[..] {
        _ if signs.is_empty() => Shape::Plain,
        [4, 1..=2, 1..=2] if all('-') || all('/') || all('.') => Shape::Date,
        [1..=2, 1..=2, 2 | 4] if (all('-') || all('/') || all('.')) && is_day(0) && is_day(1) => Shape::Date,
        [1..=3, 1..=3, 1..=3, 1..=3] if all('.') && (0..4).all(|at| value(at).is_some_and(|part| part < 256)) => {
            Shape::Ip
        }
        [3, 3, 4] if all('-') || all('.') => Shape::Phone,
        [3, 2, 4] if all('-') => Shape::Ssn,
        _ if all(':') => Shape::Counted,
        [1..=3, ref rest @ ..]
            if (all(',') || all('.') && rest.len() > 1) && rest.iter().all(|length| *length == 3) =>
        {
            Shape::Counted
        }
        [_, _] if all('.') || all(',') || all('/') => Shape::Counted,
        [4, 1..=2] if all('-') && value(0).is_some_and(|year| (1900..2100).contains(&year)) => Shape::Counted,
        [first, second] if all('-') && first == second && first <= 4 => Shape::Counted,
        _ if all('.') && lengths.len() > 2 && lengths[0] <= 2 => Shape::Counted,
        _ if signs.contains(&',') && signs.contains(&'.') => Shape::Counted,
        _ if signs.contains(&':') && signs.contains(&'-') => Shape::Counted,
        _ => Shape::Plain,
    }
}

/// Letters beside digits: an ordinal, a unit, a version, a moment, or a code.
fn shape_with_letters(tokens: &[Token], signs: &[char], text: &str) -> Shape {
    const ENDINGS: [&str; 14] = ["st", "nd", "rd", "th", "k", "g", "x", "p", "s", "am", "pm", "gb", "ish", "m"];
    let words: Vec<&Token> = tokens.iter().filter(|token| token.is_word()).collect();
    let is_ending = |token: &&Token| -> bool {
        token.is(UNIT) || ENDINGS.iter().any(|ending| token.text(text).eq_ignore_ascii_case(ending))
    };
    let begins_with_digits = tokens.first().is_some_and(|token| token.form == Form::Digits);
    if begins_with_digits && words.iter().all(is_ending) && tokens.last().is_some_and(|last| is_ending(&last)) {
        return Shape::Counted;
    }
    let short = tokens.len() == 2 && tokens[0].form == Form::Digits && tokens[0].chars <= 3 && tokens[1].chars == 1;
    if short {
        return Shape::Counted;
    }
    let is_moment = signs.contains(&':') && words.iter().all(|word| matches!(word.text(text), "T" | "Z"));
    let first = tokens.first().map_or("", |token| token.text(text));
    let is_version = matches!(first, "v" | "V") && signs.iter().all(|sign| *sign == '.');
    let is_hex = first == "0" && words.first().is_some_and(|word| word.text(text).starts_with(['x', 'X']));
    // `KB5012345`, `COVID19`: what a word before a number counts, or a word.
    let is_model = tokens.first().is_some_and(|token| token.is(BEFORE_COUNT) || token.is_word() && token.chars > 4);
    if is_moment || is_version || is_hex || is_model { Shape::Counted } else { Shape::Plain }
}

/// Whether a token is part of a number or of what is said between the parts of one.
pub(super) fn is_numeric(token: &Token) -> bool {
    token.form == Form::Digits || token.is(NUMBER | HESITATION) || token.is_letter()
}

/// Whether a token says a number with more than one digit.
pub(super) const fn is_many(token: &Token) -> bool {
    token.is(TEEN | TENS | SCALE)
}
