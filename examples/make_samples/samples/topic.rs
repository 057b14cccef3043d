//! The form of what a call is about, and the way from its parts to a conversation.
//!
//! In every line, `[a|b]` stands for one of its parts and `{name}` for something that belongs to the call.

use super::manner;
use super::schedule::{Ending, Mood, Plan};

/// What a call is about: who says what, for each mood and ending.
pub(crate) struct Topic {
    pub(crate) queue: &'static str,
    /// How a calm customer opens.
    pub(crate) calm: &'static [&'static str],
    /// How an angry one does.
    pub(crate) angry: &'static [&'static str],
    /// A complaint of more than 500 characters, or empty.
    pub(crate) long: &'static str,
    /// Questions and answers on the way.
    pub(crate) steps: &'static [Step],
    /// What the agent says who solves it.
    pub(crate) fix: &'static [&'static str],
    /// What the agent says who does not.
    pub(crate) refuse: &'static [&'static str],
    /// Answers to the fix.
    pub(crate) relief: &'static [&'static str],
    /// Answers to the refusal.
    pub(crate) bitter: &'static [&'static str],
    /// An answer to the fix with two feelings in it.
    pub(crate) mixed: &'static str,
}

/// A question and its answer, by mood.
pub(crate) struct Step {
    pub(crate) agent: &'static str,
    pub(crate) calm: &'static str,
    pub(crate) angry: &'static str,
}

/// Who speaks a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaker {
    Agent,
    Customer,
    System,
}

/// One turn before it has times.
pub(crate) struct Line {
    pub(crate) speaker: Speaker,
    /// Who is on the line for the company, if anybody.
    pub(crate) agent: Option<&'static str>,
    pub(crate) text: String,
}

/// Writes the conversation that a plan asks for.
pub(crate) struct Writer<'a> {
    plan: &'a Plan,
    random: fastrand::Rng,
    slots: Vec<(&'static str, String)>,
    agent: Option<&'static str>,
    lines: Vec<Line>,
    /// The line before which there was music.
    held: Option<usize>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(plan: &'a Plan, mut random: fastrand::Rng) -> Self {
        let slots = manner::slots(&mut random);
        Self { plan, random, slots, agent: None, lines: Vec::new(), held: None }
    }

    /// All lines of the call, and the place of the one before which the customer was on hold.
    pub(crate) fn write(mut self) -> (Vec<Line>, Option<usize>) {
        self.open();
        self.verify();
        self.explore();
        if let Some(second) = self.plan.transferred_to {
            self.transfer(second);
        }
        match self.plan.ending {
            Ending::Good => self.end_well(),
            Ending::Bad => self.end_badly(),
            Ending::Mixed => self.end_mixed(),
            Ending::Plain => self.end_plainly(),
        }
        (self.lines, self.held)
    }

    fn open(&mut self) {
        if self.plan.menu {
            self.say(Speaker::System, manner::MENU);
        }
        self.agent = Some(self.plan.agent);
        self.any(Speaker::Agent, manner::GREETINGS);
        let topic = self.plan.topic;
        match self.plan.mood {
            Mood::Calm => self.any(Speaker::Customer, topic.calm),
            Mood::Angry if self.plan.long => {
                self.any(Speaker::Customer, topic.angry);
                self.any(Speaker::Agent, manner::GO_ON);
                self.say(Speaker::Customer, topic.long);
            }
            Mood::Angry => self.any(Speaker::Customer, topic.angry),
        }
        let (warm, curt) = match self.plan.mood {
            Mood::Calm => (manner::WILLING, manner::CURT),
            Mood::Angry => (manner::SORRY, manner::CURT),
        };
        self.any(Speaker::Agent, if self.ends_badly() { curt } else { warm });
    }

    fn verify(&mut self) {
        if self.random.u8(0..5) < 2 {
            return;
        }
        self.any(Speaker::Agent, manner::ASK_ACCOUNT);
        self.any(Speaker::Customer, manner::ACCOUNT);
        if self.random.bool() {
            self.any(Speaker::Agent, manner::ASK_NAME);
            self.any(Speaker::Customer, manner::NAME);
        }
        self.any(Speaker::Agent, manner::THANKS_FOUND);
    }

    fn explore(&mut self) {
        let topic = self.plan.topic;
        let most = topic.steps.len().min(3);
        let steps = self.random.usize(2..=most.max(2));
        for (place, step) in topic.steps.iter().take(steps).enumerate() {
            self.say(Speaker::Agent, step.agent);
            // Who calmed down speaks calmly; who is losing patience no longer does.
            let angry = match (self.plan.mood, self.plan.ending) {
                (Mood::Angry, Ending::Bad) => true,
                (Mood::Angry, _) => place * 2 < steps,
                (Mood::Calm, Ending::Bad) => place > 0 && place + 1 == steps,
                (Mood::Calm, _) => false,
            };
            self.say(Speaker::Customer, if angry { step.angry } else { step.calm });
            if angry && !self.ends_badly() && place == 0 {
                self.any(Speaker::Agent, manner::SOOTHE);
                self.any(Speaker::Customer, manner::SOOTHED);
            }
        }
        if self.random.u8(0..3) == 0 {
            self.any(Speaker::Agent, manner::HOLD);
            self.any(Speaker::Customer, if self.ends_badly() { manner::HOLD_AGAIN } else { manner::NODS });
            self.any(Speaker::Agent, manner::BACK);
            self.held = Some(self.lines.len() - 1);
        }
    }

    fn transfer(&mut self, second: &'static str) {
        self.any(Speaker::Agent, manner::TRANSFER);
        let cross = self.plan.mood == Mood::Angry || self.ends_badly();
        self.any(Speaker::Customer, if cross { manner::TRANSFERRED_AGAIN } else { manner::NODS });
        self.agent = None;
        self.say(Speaker::System, manner::CONNECTING);
        self.agent = Some(second);
        self.any(Speaker::Agent, manner::TAKE_OVER);
        self.any(Speaker::Customer, if cross { manner::REPEAT } else { manner::HELLO_AGAIN });
    }

    fn end_well(&mut self) {
        self.alternate(self.plan.topic.fix, self.plan.topic.relief);
        self.any(Speaker::Agent, manner::ANYTHING_ELSE);
        self.any(Speaker::Customer, manner::HAPPY_GOODBYE);
        self.any(Speaker::Agent, manner::GOODBYE);
    }

    fn end_badly(&mut self) {
        self.alternate(self.plan.topic.refuse, self.plan.topic.bitter);
        self.any(Speaker::Agent, manner::POLICY);
        self.any(Speaker::Customer, manner::BITTER_GOODBYE);
        if self.random.bool() {
            self.any(Speaker::Agent, manner::CURT_GOODBYE);
        }
    }

    fn end_mixed(&mut self) {
        let topic = self.plan.topic;
        for line in topic.fix {
            self.say(Speaker::Agent, line);
            self.any(Speaker::Customer, manner::NODS);
        }
        self.any(Speaker::Agent, manner::ANYTHING_ELSE);
        self.say(Speaker::Customer, topic.mixed);
        self.any(Speaker::Agent, manner::PASS_ON);
        self.any(Speaker::Customer, manner::MIXED_GOODBYE);
    }

    fn end_plainly(&mut self) {
        for line in self.plan.topic.fix {
            self.say(Speaker::Agent, line);
            self.any(Speaker::Customer, manner::NODS);
        }
        self.any(Speaker::Agent, manner::ANYTHING_ELSE);
        self.any(Speaker::Customer, manner::PLAIN_GOODBYE);
        self.any(Speaker::Agent, manner::GOODBYE);
    }

    /// Each of the agent's lines with the customer's answer to it.
    fn alternate(&mut self, agent: &[&str], customer: &[&str]) {
        for (line, answer) in agent.iter().zip(customer) {
            self.say(Speaker::Agent, line);
            self.say(Speaker::Customer, answer);
        }
    }

    fn ends_badly(&self) -> bool {
        self.plan.ending == Ending::Bad
    }

    fn any(&mut self, speaker: Speaker, lines: &[&str]) {
        let line = lines[self.random.usize(0..lines.len())];
        self.say(speaker, line);
    }

    fn say(&mut self, speaker: Speaker, line: &str) {
        let mut text = self.choose(line);
        for (name, value) in &self.slots {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text = text.replace("{agent}", &self.agent.map(manner::capitalised).unwrap_or_default());
        text = if self.plan.recognised && speaker != Speaker::System {
            manner::as_recognised(&text, speaker == Speaker::Customer, &mut self.random)
        } else {
            manner::sentence_case(&text)
        };
        match self.lines.last_mut() {
            // Who goes on speaking mostly stays in the same turn, as exports have it.
            Some(last) if (last.speaker, last.agent) == (speaker, self.agent) && self.random.u8(0..4) > 0 => {
                last.text = format!("{} {text}", last.text);
            }
            _ => self.lines.push(Line { speaker, agent: self.agent, text }),
        }
    }

    /// Replaces each `[a|b]` by one of its parts.
    fn choose(&mut self, line: &str) -> String {
        let mut chosen = String::new();
        let mut rest = line;
        while let Some((before, (choice, after))) =
            rest.split_once('[').and_then(|(before, tail)| Some((before, tail.split_once(']')?)))
        {
            let parts: Vec<&str> = choice.split('|').collect();
            chosen.push_str(before);
            chosen.push_str(parts[self.random.usize(0..parts.len())]);
            rest = after;
        }
        chosen + rest
    }
}
