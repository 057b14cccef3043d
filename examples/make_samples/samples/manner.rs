//! What is said in any call, whatever it is about, and how a speech recogniser writes it down.

pub(crate) const MENU: &str =
    "Welcome to Larkfield. This call may be recorded. For billing, say billing. For technical support, say support.";
pub(crate) const CONNECTING: &str = "Please hold while we connect you.";

pub(crate) const GREETINGS: &[&str] = &[
    "[Hello|Hi there], you're through to Larkfield, this is {agent}. How can I help?",
    "Thank you for calling Larkfield, my name is {agent}. What can I do for you?",
    "Hi, this is {agent} at Larkfield. How can I help you today?",
];

pub(crate) const GO_ON: &[&str] = &["What happened?", "Could you tell me what happened, from the start?", "Go on."];

pub(crate) const WILLING: &[&str] = &[
    "[Of course|Sure], I can [have a look at that|help you with that].",
    "Thanks for calling about it. [Let's have a look.|Let me see what I can do.]",
    "I understand. [Let me check that for you.|We'll get to the bottom of it.]",
];

pub(crate) const SORRY: &[&str] = &[
    "I'm really sorry to hear that. [I'd be upset too.|That shouldn't have happened.] Let me see what I can do.",
    "I completely understand, and I apologise. I'll stay with you until this is sorted.",
    "Oh no, I'm so sorry. [Let's put that right.|Let me take care of it.]",
];

pub(crate) const CURT: &[&str] = &["Okay.", "Right.", "Mhm. I'll need some details first.", "I see."];

pub(crate) const ASK_ACCOUNT: &[&str] = &[
    "[Can|Could] I take your account number, please?",
    "What's the account number?",
    "Do you have your customer number there?",
];

pub(crate) const ACCOUNT: &[&str] =
    &["[Yes, it's|Sure,|It's] {digits}.", "{digits}.", "[Hang on.|One moment.] It's {digits}."];

pub(crate) const ASK_NAME: &[&str] = &["And your full name?", "And your name, please?"];
pub(crate) const NAME: &[&str] = &["{name}.", "It's {name}.", "My name's {name}."];

pub(crate) const THANKS_FOUND: &[&str] =
    &["[Thank you|Thanks], I've [found|got] it.", "Got it, thanks.", "Perfect, I can see your account."];

pub(crate) const NODS: &[&str] = &["Okay.", "Yes.", "Right.", "Mhm.", "Okay, thanks.", "Sure.", "Yeah, okay."];

pub(crate) const SOOTHE: &[&str] = &[
    "You're right, and I'm sorry. [Nobody should have to call twice for that.|I can see the notes and it's our fault.]",
    "I hear you. Give me two minutes and I'll do everything I can.",
];

pub(crate) const SOOTHED: &[&str] =
    &["Okay. [Thank you.|I know it's not your fault.]", "All right.", "Well, we'll see."];

pub(crate) const HOLD: &[&str] =
    &["Can I put you on hold for [a minute|a moment]?", "I need to check something, can you hold?"];
pub(crate) const HOLD_AGAIN: &[&str] = &["Again? Fine.", "I've been on hold for half an hour already.", "If you must."];
pub(crate) const BACK: &[&str] = &["Thanks for holding.", "Hello, are you still there? Thanks for waiting."];

pub(crate) const TRANSFER: &[&str] = &[
    "I'm going to put you through to a colleague who can [change that|see more than I can].",
    "That's another team. I'll transfer you.",
];

pub(crate) const TRANSFERRED_AGAIN: &[&str] =
    &["Not again. I've been passed around all day.", "Oh, come on. So I have to explain it all over again?"];

pub(crate) const TAKE_OVER: &[&str] = &[
    "Hello, this is {agent}. I've read the notes, so you don't need to repeat anything.",
    "Hi, {agent} speaking. My colleague has told me [what it's about|the story].",
];

pub(crate) const REPEAT: &[&str] =
    &["Good, because I'm tired of explaining it.", "I hope that you can do more than the last one."];
pub(crate) const HELLO_AGAIN: &[&str] = &["Hi.", "Hello. Okay, good."];

pub(crate) const ANYTHING_ELSE: &[&str] =
    &["Is there anything else?", "Is there anything else that I can help you with?", "Anything else today?"];

pub(crate) const HAPPY_GOODBYE: &[&str] = &[
    "No, that's everything. You've been really helpful, thank you.",
    "No, that's great. Thanks so much for your help, have a lovely day.",
    "No, all good. I'm happy with that, thank you {agent}.",
];

pub(crate) const PLAIN_GOODBYE: &[&str] =
    &["No, that's all. [Bye.|Bye bye.]", "No, thanks. Bye.", "That's it. Goodbye."];

pub(crate) const MIXED_GOODBYE: &[&str] = &["All right. Bye.", "Okay, bye then.", "Yeah. Bye."];

pub(crate) const BITTER_GOODBYE: &[&str] = &[
    "This is the worst service that I've ever had. Goodbye.",
    "You've been no help at all. I'm cancelling.",
    "Forget it. I'll write a complaint.",
    "I'm very disappointed. I really expected better.",
];

pub(crate) const POLICY: &[&str] = &[
    "I understand, but that's our policy.",
    "There's nothing more that I can do.",
    "I'm only telling you what it says here.",
];

pub(crate) const PASS_ON: &[&str] =
    &["That's fair, and I'll pass it on.", "I understand, and thank you for being patient with us."];
pub(crate) const GOODBYE: &[&str] = &[
    "[Thank you for calling|Thanks for calling] Larkfield. Have a good day.",
    "You're welcome. Bye bye.",
    "My pleasure. Take care.",
];
pub(crate) const CURT_GOODBYE: &[&str] = &["Okay. Bye.", "Goodbye."];

const NAMES: &[&str] = &[
    "Maria Okafor",
    "Peter Lindqvist",
    "Joan Whitaker",
    "Samir Haddad",
    "Tess Moran",
    "Victor Almeida",
    "Ruth Feldman",
    "Owen Pritchard",
    "Yuki Arai",
    "Carla Benedetti",
    "Dylan Marsh",
    "Nora Petersen",
    "Abel Mensah",
    "Lucy Tran",
];
const MONTHS: &[&str] = &["August", "September", "October"];
const AMOUNTS: &[&str] = &["forty one", "thirty eight fifty", "sixty four", "fifty two", "eighty nine", "forty six"];
const DAYS: &[&str] = &["third", "ninth", "twelfth", "fifteenth", "eighteenth", "twenty first", "twenty fourth"];
const SPEEDS: &[&str] = &["eleven", "twenty", "thirty five", "eight"];
const DIGITS: &[&str] = &["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/// What stays the same throughout one call.
pub(crate) fn slots(random: &mut fastrand::Rng) -> Vec<(&'static str, String)> {
    let mut one = |list: &[&str]| list[random.usize(0..list.len())].to_owned();
    let mut slots = vec![
        ("name", one(NAMES)),
        ("month", one(MONTHS)),
        ("amount", one(AMOUNTS)),
        ("day", one(DAYS)),
        ("speed", one(SPEEDS)),
    ];
    let mut spoken = |count: usize| (0..count).map(|_| one(DIGITS)).collect::<Vec<_>>().join(" ");
    slots.push(("digits", spoken(6)));
    slots.push(("card", spoken(6)));
    slots.push(("code", spoken(4)));
    slots
}

/// `amara` as it is said: `Amara`.
pub(crate) fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The text with a capital letter at the beginning of each sentence.
pub(crate) fn sentence_case(text: &str) -> String {
    let mut begins = true;
    let cased = text.chars().map(|letter| {
        let upper = begins && letter.is_alphabetic();
        begins = matches!(letter, '.' | '?' | '!') || (begins && !letter.is_alphanumeric());
        if upper { letter.to_ascii_uppercase() } else { letter }
    });
    cased.collect()
}

/// The text as a speech recogniser without punctuation writes it, now and then with a customer's filler in front.
pub(crate) fn as_recognised(text: &str, customer: bool, random: &mut fastrand::Rng) -> String {
    let kept = text.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace() || *c == '\'');
    let spoken: String = kept.flat_map(char::to_lowercase).collect();
    match random.u8(0..8) {
        0 if customer => format!("um {spoken}"),
        1 if customer => format!("uh {spoken}"),
        2 if customer => format!("yeah so {spoken}"),
        _ => spoken,
    }
}
