//! What is kept back of calls that the project wrote, and what is not.

use super::*;
use crate::transcript::{Role, Turn};

/// A call of lines, `A:` for the agent's and `C:` for the customer's.
fn call(lines: &str) -> Call {
    let turn = |line: &str| {
        let (role, text) = line.trim().split_once(": ").expect("a speaker");
        let role = if role == "A" { Role::Agent } else { Role::Customer };
        Turn { role, text: text.into(), agent_id: None, start_ms: None, end_ms: None }
    };
    Call { turns: lines.trim().lines().map(turn).collect(), ..Call::default() }
}

/// Its turns as they are sent.
fn sent(language: &str, lines: &str) -> String {
    let mut call = call(lines);
    Redactor::new(Kinds::ALL, Terms::default()).redact(&mut call, language);
    let texts: Vec<&str> = call.turns.iter().map(|turn| &*turn.text).collect();
    texts.join(" / ")
}

fn check(cases: &[(&str, &str)]) {
    for (lines, wanted) in cases {
        assert_eq!(sent("en", lines), *wanted, "{lines}");
    }
}

#[test]
fn numbers_that_prove_themselves_need_no_context() {
    check(&[
        ("C: you charged 4111-1111-1111-1111 twice", "you charged [CARD] twice"),
        ("C: it's GB29 NWBK 6016 1331 9268 19, please", "it's [IBAN], please"),
        ("C: 078-05-1120", "[SSN]"),
        ("C: the car is 1M8GDM9AXKP042788.", "the car is [ID]."),
        ("C: from 192.168.10.20", "from [ID]"),
        ("C: on (415) 555-0134 or +44 20 7946 0958", "on [PHONE] or [PHONE]"),
    ]);
}

#[test]
fn an_apostrophe_of_any_kind_may_stand_alone_and_before_a_word() {
    for apostrophe in ["'", "’", "ʼ"] {
        let sent = |words: &str| sent("en", &words.replace('\'', apostrophe)).replace(apostrophe, "'");
        assert_eq!(sent("C: rock ' roll, 'John' and John's '"), "rock ' roll, '[NAME]' and [NAME]'s '");
    }
}

#[test]
fn spoken_numbers_are_found_in_every_way_of_saying_them() {
    check(&[
        (
            "A: The card number?\nC: uh four one one one, double one one one, eleven eleven, one one one one",
            "The card number? / uh [CARD]",
        ),
        ("C: IT'S SEVEN OH THREE TWO TRIPLE NINE", "IT'S [ID]"),
        ("A: your policy number?\nC: B F one two dash three", "your policy number? / [ID]"),
        ("A: What's your PIN?\nC: forty one eleven", "What's your PIN? / [PASSWORD]"),
        ("A: the last four of your social?\nC: it's 1 1 2 0", "the last four of your social? / it's [SSN]"),
    ]);
}

#[test]
fn a_number_said_over_several_turns_is_one() {
    check(&[
        (
            "A: Read me the long number.\nC: four one one one\nA: mm-hmm\nC: one one one one\nA: go on\nC: one one one one",
            "Read me the long number. / [CARD] / mm-hmm / [CARD] / go on / [CARD]",
        ),
        ("C: two one two\nA: okay\nC: five five five", "[ID] / okay / [ID]"),
    ]);
}

#[test]
fn what_counts_something_stays() {
    for text in [
        "I paid $1,234,567 and 250000 dollars",
        "version 10.0.19041 of it",
        "about two hundred and fifty thousand people",
        "twenty four seven",
        "a look at life in U.S. offices",
        "from 10:30 to 11:45 on 12/05/2024",
        "it is 100000 miles away, 98.6% of it",
        "Windows 11 and an iPhone 15 with 256GB",
        "I waited forty five minutes on May 5th",
        "error KB5012345, call 1-800-555-0199",
        "one of the three, two or four",
        "see https://support.example.com/answer/1851119",
    ] {
        assert_eq!(sent("en", &format!("C: {text}")), text);
        assert_eq!(
            sent("en", &format!("A: What is your account number?\nC: no idea\nC: {text}")),
            format!("What is your account number? / no idea / {text}")
        );
    }
}

#[test]
fn electronic_addresses_are_found_written_and_spelled() {
    check(&[
        ("C: ann.lee+shop@mail.example.co.uk works", "[EMAIL] works"),
        ("C: it's a n n dot lee underscore four two at gmail dot com thanks", "it's [EMAIL] thanks"),
        ("A: Your email?\nC: A-N-N dash lee at my company dot co dot uk", "Your email? / [EMAIL]"),
        ("C: look at the dot, we met at noon. It is", "look at the dot, we met at noon. It is"),
    ]);
}

#[test]
fn dates_are_kept_back_where_somebody_was_born() {
    check(&[
        ("A: Your date of birth?\nC: March fifth nineteen eighty five", "Your date of birth? / [BIRTH]"),
        ("A: And your birthday?\nC: oh three oh five eighty five", "And your birthday? / [BIRTH]"),
        ("C: I was born on the 5th of March, 1985 in town", "I was born on the [BIRTH] in town"),
        ("C: it came on March 5th, 2024", "it came on March 5th, 2024"),
    ]);
}

#[test]
fn addresses_are_found_with_what_belongs_to_them() {
    check(&[
        ("C: to 123 Oak Ridge Road, Apt 4B, Springfield, IL 62704 please", "to [ADDRESS] please"),
        ("A: Where do you live?\nC: forty two maple street apartment five b", "Where do you live? / [ADDRESS]"),
        ("C: Hauptstraße 12, or 12 rue de la Paix, or SW1A 2AA", "[ADDRESS], or [ADDRESS], or [ADDRESS]"),
        ("C: PO Box 123", "PO [ADDRESS]"),
        ("C: two blocks down the road, one way or the other", "two blocks down the road, one way or the other"),
    ]);
}

#[test]
fn names_are_found_where_people_say_them() {
    check(&[
        ("C: Hi, my name is Okonjo Iwu, I'm calling about a bill", "Hi, my name is [NAME], I'm calling about a bill"),
        ("C: this is priyanka calling about my bill", "this is [NAME] calling about my bill"),
        ("A: Thank you, Mr. Tanaka-Jones.", "Thank you, Mr. [NAME]."),
        ("A: Who am I speaking with?\nC: uh, wilhelmina ortega", "Who am I speaking with? / uh, [NAME]"),
        ("A: How do you spell that?\nC: O-R-T-E-G-A", "How do you spell that? / [NAME]"),
        ("A: Absolutely, Juan! Let me see.", "Absolutely, [NAME]! Let me see."),
        ("C: may I hope that you will mark it", "may I hope that you will mark it"),
    ]);
}

#[test]
fn a_name_found_once_is_one_in_every_turn() {
    check(&[(
        "C: my name is Zsofia Varga\nA: I see\nA: so Varga, with a v, will do, zsofia",
        "my name is [NAME] / I see / so [NAME], with a v, will do, [NAME]",
    )]);
    let mut call = call("C: did Sundar not call\nA: sundar is at lunch");
    call.turns[1].agent_id = Some("Sundar K".into());
    Redactor::new(Kinds::ALL, Terms::default()).redact(&mut call, "en");
    assert_eq!(&*call.turns[0].text, "did [NAME] not call");
    assert_eq!(&*call.turns[1].text, "[NAME] is at lunch");
}

#[test]
fn passwords_and_links_that_name_a_person_are_kept_back() {
    check(&[
        ("C: my password is Tr0ub4dor&3, right", "my password is [PASSWORD], right"),
        ("C: my password is not working", "my password is not working"),
        ("C: see https://facebook.com/ann.lee!", "see [URL]!"),
    ]);
}

#[test]
fn masks_that_are_there_stay() {
    let text = "my name is [PERSON_NAME] [NAME], card [CREDIT_DEBIT_NUMBER] ****";
    assert_eq!(sent("en", &format!("C: {text}")), text);
}

#[test]
fn own_terms_are_added_and_kept() {
    let mut terms = Terms::default();
    terms.add("id,/EMP-\\d+/").unwrap();
    terms.keep("Alexa\n555-123-4567").unwrap();
    let mut call = call("C: EMP-7 asked Alexa and Olga on 555-123-4567");
    let masks = Redactor::new([Kind::Name, Kind::Phone].into_iter().collect(), terms).redact(&mut call, "en");
    assert_eq!(&*call.turns[0].text, "[ID] asked Alexa and [NAME] on 555-123-4567");
    assert_eq!(masks.iter().map(|mask| mask.rule).collect::<Vec<_>>(), ["terms", "name.listed"]);
}

#[test]
fn a_language_without_a_pack_has_the_patterns() {
    assert_eq!(sent("tlh", "C: 4111 1111 1111 1111, ann@example.org"), "[CARD], [EMAIL]");
    assert_eq!(sent("pt", "C: o cpf 529.982.247-25"), "o cpf [ID]");
}

#[test]
fn what_is_said_while_a_number_is_looked_for_is_no_end_of_it() {
    check(&[
        (
            "C: it's four one one one hold on one one one one sorry one one one one let me see one one one one",
            "it's [CARD]",
        ),
        ("C: send it to anna lee all one word at gmail dot com", "send it to [EMAIL]"),
        ("C: I saw two on the shelf, hold on, and three more", "I saw two on the shelf, hold on, and three more"),
    ]);
}

#[test]
fn spoken_addresses_go_on_without_capitals() {
    check(&[
        ("C: it's going to eighty eight willowby road in portland oregon", "it's going to [ADDRESS]"),
        ("C: that'd be five nine three willowby terrace, springfield", "that'd be [ADDRESS]"),
        ("C: we're at twelve willowby lane zip code two two five zero three", "we're at [ADDRESS]"),
        ("C: to 7 St. James Ct., Springfield, IL 62704 please", "to [ADDRESS] please"),
        ("C: twenty two of them stood in a row", "twenty two of them stood in a row"),
    ]);
}

#[test]
fn who_is_addressed_may_have_two_names_and_no_comma() {
    check(&[
        ("A: I've pulled up your record, Odette Eriksen.", "I've pulled up your record, [NAME]."),
        ("A: Have a great day Katya Hoffmann.", "Have a great day [NAME]."),
        ("C: Hiya, Farouk here.", "Hiya, [NAME] here."),
        ("C: I'm ringing on behalf of Farouk Abernathy.", "I'm ringing on behalf of [NAME]."),
        ("A: Have a great day Monday.", "Have a great day Monday."),
    ]);
}

#[test]
fn spanish_has_spoken_forms_too() {
    for (lines, wanted) in [
        (
            "A: ¿Me lee la tarjeta?\nC: cuarenta y uno once, perdón, once once once once once once",
            "¿Me lee la tarjeta? / [CARD]",
        ),
        (
            "A: ¿Un teléfono?\nC: es el seis doce treinta y cuatro cincuenta y seis setenta y ocho",
            "¿Un teléfono? / es el [PHONE]",
        ),
        ("A: ¿Cuándo nació?\nC: el quince de marzo de mil novecientos ochenta y cinco", "¿Cuándo nació? / el [BIRTH]"),
        ("C: ana guión bajo lopez arroba gmail punto com", "[EMAIL]"),
        ("A: ¿Su dirección?\nC: calle mayor veinticinco", "¿Su dirección? / [ADDRESS]"),
        ("C: me llamo Lucía Ferrando\nA: Hola Lucía", "me llamo [NAME] / Hola [NAME]"),
        ("A: ¿Su nombre?\nC: espere un momento", "¿Su nombre? / espere un momento"),
        (
            "C: son doscientos cuarenta euros desde el quince de marzo",
            "son doscientos cuarenta euros desde el quince de marzo",
        ),
    ] {
        assert_eq!(sent("es", lines), wanted, "{lines}");
    }
}
