//! Turns from word banks: each is drawn anew from its own number, so that millions of them hardly repeat and no
//! order of writing changes any of them.

/// What a turn is made of: fixed words and banks to draw from.
type Pattern = &'static [&'static [&'static str]];

const I_AM: &[&str] = &["I am", "I'm", "honestly I am", "we are", "my wife is", "my husband is", "to be frank I am"];
const VERY: &[&str] = &["really", "so", "very", "extremely", "quite", "absolutely", "just", "more than a bit"];
const UPSET: &[&str] = &[
    "angry",
    "upset",
    "disappointed",
    "frustrated",
    "annoyed",
    "furious",
    "unhappy",
    "worried",
    "fed up",
    "disgusted",
    "tired",
    "shocked",
];
const PLEASED: &[&str] = &[
    "happy",
    "pleased",
    "grateful",
    "relieved",
    "delighted",
    "impressed",
    "satisfied",
    "glad",
    "thankful",
    "thrilled",
];
const ABOUT: &[&str] = &["about", "with", "because of", "after all this with", "when I look at", "since you changed"];
const THING: &[&str] = &[
    "the bill",
    "the router",
    "the contract",
    "the refund",
    "the engineer",
    "the new plan",
    "the delivery",
    "the connection",
    "the payment",
    "the app",
    "the invoice",
    "the late fee",
    "the phone line",
    "the appointment",
    "the password reset",
    "the replacement",
    "the roaming charge",
    "the direct debit",
    "the television box",
    "the upgrade",
    "the order",
    "the warranty",
    "the cancellation",
    "the discount",
    "the account",
    "the booking",
    "the parcel",
    "the statement",
];
const FAILED: &[&str] = &[
    "is broken again",
    "never arrived",
    "was wrong again",
    "keeps failing",
    "stopped working",
    "was charged twice",
    "got lost somewhere",
    "has been a disaster",
    "is worse than before",
    "made no sense at all",
    "was cancelled by mistake",
    "is far too slow",
    "went up without a warning",
    "cost me a day off work",
];
const WORKED: &[&str] = &[
    "works perfectly now",
    "arrived on time",
    "was sorted quickly",
    "is much better now",
    "came back yesterday",
    "is finally correct",
    "was easier than I thought",
    "looks great",
    "has been excellent",
    "was explained very well",
];
const STATED: &[&str] = &[
    "is on the account",
    "was sent by post",
    "has a number on it",
    "was changed",
    "starts at the end of the month",
    "is in my name",
    "should be listed there",
    "is the one from the website",
    "was the standard one",
];
const WHEN: &[&str] = &[
    "this morning",
    "last week",
    "on Monday",
    "on Tuesday",
    "since Friday",
    "two days ago",
    "a month ago",
    "yesterday",
    "last night",
    "in September",
    "in October",
    "after the update",
    "before the weekend",
    "at nine o'clock",
    "today",
    "for the third time",
    "over the holidays",
    "since we moved",
    "around lunch time",
    "the other day",
];
const BLAME: &[&str] = &[
    "nobody called me back",
    "nobody seems to care",
    "I was on hold for an hour",
    "they told me something else",
    "I had to explain it four times",
    "your website shows an error",
    "I want to speak to a manager",
    "this is unacceptable",
    "I am going to cancel",
    "that is a waste of my time",
    "the last person was rude",
    "I want my money back",
];
const PRAISE: &[&str] = &[
    "thank you so much",
    "you have been very helpful",
    "that was quick",
    "I appreciate your help",
    "you are a star",
    "that is brilliant news",
    "I will recommend you",
    "thanks for your patience",
    "that is exactly what I needed",
    "I love the service",
    "it was a pleasure",
];
const PLAIN: &[&str] = &[
    "I just wanted to check",
    "could you tell me",
    "let me look for it",
    "I have it here in front of me",
    "one moment please",
    "that would be fine",
    "I think so",
    "I am not sure",
    "as far as I know",
    "let me write that down",
    "okay",
    "can you repeat that",
    "I would like to know",
];
const AND: &[&str] =
    &["and", "and then", "so", "because", "and now", "well", "but", "which means", "after that", "also"];
const ASK: &[&str] = &[
    "could you confirm",
    "can you read me",
    "may I have a look at",
    "let me check",
    "I am going to open",
    "I can see",
    "I have updated",
    "I will send you",
    "I have made a note about",
    "let me transfer you to somebody for",
    "I need to verify",
    "I have just corrected",
    "we can change",
    "I have credited",
];
const FOR: &[&str] = &[
    "for you",
    "on our side",
    "in the system",
    "right now",
    "before we go on",
    "with your permission",
    "by the end of the day",
    "while you are on the line",
    "with the other team",
    "as soon as I can",
];
const SORRY: &[&str] = &[
    "I am sorry to hear that",
    "I understand",
    "I apologise for the trouble",
    "thank you for waiting",
    "of course",
    "I can help you with that",
    "that should not have happened",
    "no problem",
    "let me see what I can do",
    "bear with me",
    "you are right",
];
const NUMBER: &[&str] = &["my number is #", "the reference is #", "it says # here", "order #", "the code is #"];

const NEGATIVE: &[Pattern] =
    &[&[I_AM, VERY, UPSET, ABOUT, THING], &[THING, FAILED, WHEN], &[BLAME, WHEN], &[THING, FAILED, AND, BLAME]];
const POSITIVE: &[Pattern] =
    &[&[I_AM, VERY, PLEASED, ABOUT, THING], &[THING, WORKED], &[PRAISE], &[THING, WORKED, AND, PRAISE]];
const NEUTRAL: &[Pattern] = &[&[THING, STATED, WHEN], &[PLAIN], &[NUMBER], &[PLAIN, AND, THING, STATED]];
const AGENT: &[Pattern] = &[&[SORRY], &[ASK, THING, FOR], &[THING, STATED, WHEN], &[SORRY, AND, ASK, THING]];

/// What a turn sounds like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Negative,
    Positive,
    Neutral,
    Agent,
}

/// Writes a turn of about `words` words into `text`.
pub(crate) fn write(text: &mut String, tone: Tone, words: usize, random: &mut fastrand::Rng) {
    text.clear();
    let patterns = match tone {
        Tone::Negative => NEGATIVE,
        Tone::Positive => POSITIVE,
        Tone::Neutral => NEUTRAL,
        Tone::Agent => AGENT,
    };
    let (mut written, mut begins) = (0, true);
    while written < words {
        if !text.is_empty() {
            begins = random.bool();
            text.push_str(if begins { ". " } else { ", " });
        }
        for (place, bank) in patterns[random.usize(0..patterns.len())].iter().enumerate() {
            if place > 0 {
                text.push(' ');
            }
            let words = bank[random.usize(0..bank.len())];
            push(text, words, begins && place == 0, random);
            written += words.bytes().filter(|&byte| byte == b' ').count() + 1;
        }
    }
    text.push('.');
}

/// Appends `words`, with a capital letter where a sentence begins and six digits for `#`.
fn push(text: &mut String, words: &str, begins: bool, random: &mut fastrand::Rng) {
    for (place, letter) in words.chars().enumerate() {
        match letter {
            '#' => text.extend((0..6).map(|_| random.digit(10))),
            letter if begins && place == 0 => text.push(letter.to_ascii_uppercase()),
            letter => text.push(letter),
        }
    }
}
