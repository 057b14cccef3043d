//! Which numbers are kept back: those that prove themselves, those that were asked for or named, those that are long.

use super::counted::{count, is_amount, is_answer, is_counted, is_loose, is_only_numbers, is_toll_free};
use super::kind::Kind;
use super::pack::{Cue, IS};
use super::proof;
use super::runs::{Part, Run, Shape};
use super::span::{Finder, Span, Turn};
use super::tokens::Form;
use super::windows::Found;

/// Digits from which on a number is kept back wherever it stands.
const LONG: usize = 6;
/// Digits from which on it is if it was asked for or named.
const SHORT: usize = 3;
/// Tokens between a phrase and the number that it names.
const REACH: usize = 14;
/// Tokens between a number and the phrase after it that names it.
const REACH_BACK: usize = 5;

/// Turns between two parts of one number.
const PARTS_APART: usize = 3;

/// A number's kind, and the rule that gave it.
type Named = (Kind, &'static str);

impl Finder<'_> {
    /// Finds the numbers of a turn. The phrases of the turn have not opened their windows yet.
    pub(super) fn numbers(&mut self, turn: &Turn<'_>) {
        if turn.runs.is_empty() {
            return;
        }
        let only_numbers = is_only_numbers(turn);
        let before = self.spans.len();
        for run in turn.runs {
            self.run(turn, run, only_numbers);
        }
        if only_numbers {
            self.join_turns(turn, self.spans.len() > before);
        }
    }

    /// Turns of few digits and nothing else are the parts of one number if they follow each other. `kept`: those of
    /// this turn are kept back already.
    fn join_turns(&mut self, turn: &Turn<'_>, kept: bool) {
        const FEW: usize = 2;
        let digits: usize = turn.runs.iter().map(Run::digits).sum();
        let counted = |run: &Run| is_counted(turn, run, (0, run.parts.len() - 1), Kind::Id);
        let follows = self.held_back.as_ref().is_some_and(|(last, _)| turn.index - last <= PARTS_APART);
        let least = if follows { FEW } else { SHORT };
        if !kept && (digits < least || turn.runs.iter().any(counted)) {
            return;
        }
        let mut spans: Vec<Span> = Vec::new();
        if follows && let Some((_, held)) = self.held_back.take() {
            spans = held;
        }
        if !kept {
            spans.extend(turn.runs.iter().map(|run| span_of(turn, run)));
        }
        if kept || follows {
            self.spans.append(&mut spans);
        }
        self.held_back = Some((turn.index, spans));
    }

    /// Finds the IBANs of a turn that are written in groups, of which some have letters only.
    pub(super) fn ibans(&mut self, turn: &Turn<'_>) {
        let mut free = 0;
        for at in 0..turn.tokens.len() {
            let token = &turn.tokens[at];
            let begins = token.is_word()
                && token.chars == 2
                && turn
                    .tokens
                    .get(at + 1)
                    .is_some_and(|next| next.form == Form::Digits && !next.spaced && next.chars >= 2);
            if at >= free
                && begins
                && let Some(last) = iban(turn, at)
            {
                self.add(turn, at, last, Kind::Iban, "iban.mod97");
                free = last + 1;
            }
        }
    }

    fn run(&mut self, turn: &Turn<'_>, run: &Run, only_numbers: bool) {
        let last = run.parts.len().saturating_sub(1);
        // What proves itself needs nothing else, and may stand among other numbers.
        if let Some((from, to, named)) = self.proven(run) {
            if from > 0 {
                self.piece(turn, run, (0, from - 1), only_numbers);
            }
            self.mask(turn, run, (from, to), named);
            if to < last {
                self.piece(turn, run, (to + 1, last), only_numbers);
            }
            return;
        }
        self.piece(turn, run, (0, last), only_numbers);
    }

    /// Parts of a run that nothing proves.
    fn piece(&mut self, turn: &Turn<'_>, run: &Run, (from, to): (usize, usize), only_numbers: bool) {
        let (Some(first), Some(end)) = (run.parts.get(from), run.parts.get(to)) else { return };
        let characters = run.slice(from, to);
        let digits = count(characters);
        if let Some(named) = self.named(turn, (first.first, end.last), (digits, characters.len()), only_numbers)
            && self.is_enough(run, (from, to), named.0, digits, only_numbers)
            && !is_counted(turn, run, (from, to), named.0)
        {
            return self.mask(turn, run, (from, to), named);
        }
        // Without a name, numbers that are merely listed side by side are not one.
        let mut begin = from;
        let is_amount =
            |at: usize| run.parts.get(at).is_some_and(|part| matches!(part.shape, Shape::Counted | Shape::Date));
        for at in from..=to {
            let ends = at == to || is_loose(run, at + 1) && !only_numbers || is_amount(at) != is_amount(at + 1);
            if ends {
                self.unnamed(turn, run, (begin, at));
                begin = at + 1;
            }
        }
    }

    fn unnamed(&mut self, turn: &Turn<'_>, run: &Run, (from, to): (usize, usize)) {
        let characters = run.slice(from, to);
        let digits = count(characters);
        if digits < LONG || is_counted(turn, run, (from, to), Kind::Id) || is_amount(run, (from, to)) {
            return;
        }
        let rule = if run.parts[from].spoken { "digits.spoken" } else { "digits.long" };
        let letters = characters.len() - digits;
        if is_toll_free(characters) || !run.parts[from].spoken && letters > 0 && !has_long_group(characters) {
            return;
        }
        let kind = match digits {
            13..=19 if letters == 0 => Kind::Card,
            10..=12 if letters == 0 => Kind::Phone,
            7 if run.parts.len() == 1 && run.parts[from].shape == Shape::Plain => Kind::Id,
            _ => Kind::Id,
        };
        self.mask(turn, run, (from, to), (kind, rule));
    }

    /// A stretch of parts that proves what it is.
    fn proven(&self, run: &Run) -> Option<(usize, usize, Named)> {
        let parts = run.parts.len();
        if let [part] = &run.parts[..]
            && let Some(named) = shaped(part.shape, &run.characters)
        {
            return Some((0, 0, named));
        }
        if let Some(rule) = proof::national(&values(&run.characters), self.language)
            && run.digits() == run.characters.len()
        {
            return Some((0, parts - 1, (Kind::Id, rule)));
        }
        for from in 0..parts {
            for to in (from..parts).rev() {
                if let Some(named) = self.proof(run.slice(from, to), &run.parts[from..=to]) {
                    return Some((from, to, named));
                }
            }
            // Runs of hundreds of numbers hold no more than one reads to anybody.
            if from > 24 {
                break;
            }
        }
        None
    }

    fn proof(&self, characters: &[char], parts: &[Part]) -> Option<Named> {
        if characters.len() < 8
            || characters.len() > 34
            || parts.iter().any(|part| matches!(part.shape, Shape::Counted | Shape::Date))
        {
            return None;
        }
        let digits = values(characters);
        if digits.len() == characters.len() {
            let groups: Vec<usize> =
                parts.iter().filter(|part| !part.spoken).map(|part| part.last - part.first).collect();
            if groups == [0, 0, 0] && proof::is_ssn(&digits) && groups_are(parts, characters.len(), [3, 2, 4]) {
                return Some((Kind::Ssn, "ssn.shape"));
            }
            if proof::is_card(&digits) {
                return Some((Kind::Card, "card.luhn"));
            }
            return None;
        }
        if proof::is_iban(characters) {
            return Some((Kind::Iban, "iban.mod97"));
        }
        if proof::is_vin(characters) {
            return Some((Kind::Id, "id.vin"));
        }
        match self.language.split('-').next() {
            Some("es") if proof::is_dni(characters) => Some((Kind::Id, "id.es.dni")),
            Some("it") if proof::is_codice_fiscale(characters) => Some((Kind::Id, "id.it.fiscal")),
            _ => None,
        }
    }

    /// The kind that a phrase of the turn, or a window, gives a number at these tokens.
    fn named(
        &self,
        turn: &Turn<'_>,
        (first, last): (usize, usize),
        (digits, size): (usize, usize),
        only_numbers: bool,
    ) -> Option<Named> {
        if turn.phrases.iter().any(|phrase| phrase.cue == Cue::Nothing && phrase.first <= first && phrase.end > last) {
            return None;
        }
        let named = |phrase: &Found| match phrase.cue {
            Cue::Number(Kind::Birth | Kind::Email) => None,
            Cue::Number(Kind::Address) if !(4..=10).contains(&digits) => None,
            Cue::Number(kind) => Some((kind, phrase.rule)),
            Cue::Secret => Some((Kind::Password, "digits.context.password")),
            Cue::Ending => self.windows.kind(digits).or(Some((Kind::Card, phrase.rule))),
            Cue::Nothing => Some((Kind::Url, "none")),
            _ => None,
        };
        // A word of many meanings names a number that follows at once: `order #1201`, `account 23072`.
        let joins = |at: usize| {
            turn.tokens
                .get(at)
                .is_some_and(|token| token.is(IS) || matches!(token.form, Form::Sign('#' | ':' | '.' | '-')))
        };
        let at_once = |phrase: &Found| (phrase.end..first).all(joins) && first - phrase.end <= 2;
        let reaches = |phrase: &&Found| {
            phrase.end <= first && if phrase.weak { at_once(phrase) } else { first - phrase.end <= REACH }
        };
        let mut before = turn.phrases.iter().rev().filter(reaches);
        let mut after = turn
            .phrases
            .iter()
            .filter(|phrase| !phrase.weak && phrase.first > last && phrase.first - last <= REACH_BACK);
        let near = before.find_map(named).or_else(|| after.find_map(named));
        match near {
            Some((Kind::Url, "none")) => return None,
            Some(named) => return Some(named),
            None => {}
        }
        let goes_on = only_numbers && digits > 1 && self.windows.is_begun(Kind::Id);
        let named = self.windows.kind(digits).filter(|(kind, _)| *kind != Kind::Id || size > SHORT || goes_on)?;
        (digits >= LONG || only_numbers || is_answer(turn.tokens, first)).then_some(named)
    }

    /// Whether so few digits are enough for a kind.
    fn is_enough(&self, run: &Run, (from, to): (usize, usize), kind: Kind, digits: usize, only_numbers: bool) -> bool {
        let characters = run.slice(from, to).len();
        let least = match kind {
            Kind::Phone if only_numbers => SHORT,
            Kind::Phone => LONG,
            Kind::Birth | Kind::Url | Kind::Email | Kind::Name => return false,
            Kind::Address => 4,
            _ => SHORT,
        };
        let long_kind = matches!(kind, Kind::Card | Kind::Iban | Kind::Bank | Kind::Ssn | Kind::Phone);
        if only_numbers
            && digits > 0
            && ((long_kind || digits > 1) && self.windows.is_begun(kind)
                || characters > 1 && !matches!(kind, Kind::Address | Kind::Phone | Kind::Id))
        {
            true
        } else {
            digits >= least || digits >= 2 && characters >= 5
        }
    }

    /// Keeps parts of a run back, with the currency sign or brackets around them left as they are.
    fn mask(&mut self, turn: &Turn<'_>, run: &Run, (from, to): (usize, usize), (kind, rule): Named) {
        let (Some(first), Some(last)) = (run.parts.get(from), run.parts.get(to)) else { return };
        let digits: String = run.slice(from, to).iter().filter(|c| c.is_ascii_digit()).collect();
        let mut start = first.first;
        // The sign of an international number, or the bracket of an area code.
        while start > 0 && matches!(turn.tokens[start - 1].form, Form::Sign('+' | '(')) && !turn.tokens[start].spaced {
            start -= 1;
        }
        self.windows.said(kind, turn.index, digits.len());
        self.remember_number(&digits);
        self.add(turn, start, last.last, kind, rule);
    }
}

/// A run as it is kept back among the turns of one number.
fn span_of(turn: &Turn<'_>, run: &Run) -> Span {
    let start = turn.tokens.get(run.first()).map_or(0, |token| token.start);
    let end = turn.tokens.get(run.last()).map_or(start, |token| token.end);
    let index = u32::try_from(turn.index).unwrap_or(u32::MAX);
    Span { turn: index, bytes: start..end, kind: Kind::Id, rule: "digits.turns" }
}

/// The last token of the IBAN that begins at a token.
fn iban(turn: &Turn<'_>, at: usize) -> Option<usize> {
    let mut characters: Vec<char> = Vec::with_capacity(34);
    let mut length = 34;
    for (index, token) in turn.tokens.iter().enumerate().skip(at) {
        match token.form {
            Form::Word | Form::Digits => {
                characters.extend(token.text(turn.text).chars().map(|c| c.to_ascii_uppercase()));
            }
            Form::Sign('-') => continue,
            _ => return None,
        }
        if let [first, second, ..] = characters[..] {
            length = proof::iban_length([first, second])?;
        }
        if characters.len() >= length {
            return proof::is_iban(&characters).then_some(index);
        }
    }
    None
}

/// What the writing of a number proves by itself.
fn shaped(shape: Shape, characters: &[char]) -> Option<Named> {
    match shape {
        Shape::Ip => Some((Kind::Id, "id.ip")),
        Shape::Phone if !is_toll_free(characters) => Some((Kind::Phone, "phone.shape")),
        Shape::Ssn if proof::is_ssn(&values(characters)) => Some((Kind::Ssn, "ssn.shape")),
        _ => None,
    }
}

/// Whether the parts of a number are of these lengths.
fn groups_are(parts: &[Part], characters: usize, lengths: [usize; 3]) -> bool {
    let start = parts.first().map_or(0, |part| part.from);
    let ends = parts.iter().skip(1).map(|part| part.from - start).chain([characters]);
    let mut from = 0;
    ends.zip(lengths).all(|(end, length)| {
        let fits = end - from == length;
        from = end;
        fits
    })
}

/// The values of digits.
fn values(characters: &[char]) -> Vec<u8> {
    characters.iter().filter_map(|c| c.to_digit(10)).filter_map(|digit| u8::try_from(digit).ok()).collect()
}

/// Whether so many digits stand side by side in a code that it is no model's.
fn has_long_group(characters: &[char]) -> bool {
    characters
        .chunk_by(|one, other| one.is_alphabetic() == other.is_alphabetic())
        .any(|part| part.len() >= LONG && part[0].is_ascii_digit())
}
