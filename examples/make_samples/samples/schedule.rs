//! Which calls there are: who takes them, what about, how they begin and how they end.
//!
//! Written by hand and not drawn, so that the few calls show what the program is to find: Amara and Grace turn angry
//! callers round, Boris and Liam lose calm ones, Keiko has too few calls to say anything about.

use super::topic::Topic;
use super::{billing, technical};

/// How a customer begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Calm,
    Angry,
}

/// How the call ends for the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Good,
    Bad,
    Mixed,
    Plain,
}

/// One call to be written.
pub(crate) struct Plan {
    /// The agent who takes the call.
    pub(crate) agent: &'static str,
    /// The agent who ends it, if it is transferred.
    pub(crate) transferred_to: Option<&'static str>,
    pub(crate) topic: &'static Topic,
    pub(crate) mood: Mood,
    pub(crate) ending: Ending,
    /// Has a complaint of more than 500 characters.
    pub(crate) long: bool,
    /// Written as a speech recogniser does, lower case without punctuation.
    pub(crate) recognised: bool,
    /// Begins with the machine that answers.
    pub(crate) menu: bool,
}

impl Plan {
    const fn to(mut self, second: &'static str) -> Self {
        self.transferred_to = Some(second);
        self
    }

    const fn long(mut self) -> Self {
        self.long = true;
        self
    }

    const fn recognised(mut self) -> Self {
        self.recognised = true;
        self
    }

    const fn menu(mut self) -> Self {
        self.menu = true;
        self
    }
}

const fn call(agent: &'static str, topic: &'static Topic, mood: Mood, ending: Ending) -> Plan {
    Plan { agent, transferred_to: None, topic, mood, ending, long: false, recognised: false, menu: false }
}

/// The calls of each day, in the order in which they begin.
pub(crate) fn days() -> [(&'static str, Vec<Plan>); 3] {
    [("2026-11-02", monday()), ("2026-11-03", tuesday()), ("2026-11-04", wednesday())]
}

use Ending::{Bad, Good, Mixed, Plain};
use Mood::{Angry, Calm};
use billing::{DOUBLE_CHARGE, INVOICE_COPY, LATE_FEE, MISSING_REFUND, PAYMENT_DATE, PRICE_RISE};
use technical::{MISSED_VISIT, NEW_SIM, NO_CONNECTION, ROUTER_SETUP, SLOW_WIFI, TV_BOX};

fn monday() -> Vec<Plan> {
    vec![
        call("amara", &DOUBLE_CHARGE, Angry, Good).menu(),
        call("grace", &NO_CONNECTION, Angry, Good).long(),
        call("boris", &PRICE_RISE, Calm, Bad),
        call("chloe", &INVOICE_COPY, Calm, Plain),
        call("hugo", &SLOW_WIFI, Calm, Good).recognised(),
        call("keiko", &TV_BOX, Calm, Good),
        call("deniz", &LATE_FEE, Calm, Good),
        call("boris", &MISSING_REFUND, Angry, Good).to("amara").long(),
        call("elena", &PAYMENT_DATE, Calm, Plain).menu(),
        call("jonas", &TV_BOX, Calm, Mixed),
        call("amara", &PRICE_RISE, Angry, Good),
        call("grace", &NEW_SIM, Calm, Plain).recognised(),
        call("farid", &DOUBLE_CHARGE, Calm, Good),
        call("liam", &NO_CONNECTION, Calm, Bad).recognised(),
        call("boris", &LATE_FEE, Calm, Bad),
        call("liam", &MISSED_VISIT, Angry, Bad).long(),
        call("chloe", &MISSING_REFUND, Calm, Mixed),
        call("hugo", &NO_CONNECTION, Angry, Mixed),
    ]
}

fn tuesday() -> Vec<Plan> {
    vec![
        call("boris", &DOUBLE_CHARGE, Angry, Bad).long(),
        call("grace", &SLOW_WIFI, Calm, Good),
        call("amara", &PAYMENT_DATE, Calm, Good),
        call("liam", &SLOW_WIFI, Calm, Bad),
        call("ines", &NO_CONNECTION, Angry, Good).to("grace").menu(),
        call("chloe", &PRICE_RISE, Calm, Good).recognised(),
        call("farid", &LATE_FEE, Angry, Mixed),
        call("boris", &PAYMENT_DATE, Calm, Plain),
        call("hugo", &TV_BOX, Calm, Good),
        call("amara", &MISSING_REFUND, Angry, Good).recognised(),
        call("grace", &MISSED_VISIT, Angry, Good),
        call("elena", &DOUBLE_CHARGE, Calm, Mixed),
        call("liam", &TV_BOX, Angry, Bad),
        call("ines", &NEW_SIM, Angry, Good),
        call("boris", &MISSING_REFUND, Calm, Bad).recognised(),
        call("farid", &ROUTER_SETUP, Calm, Plain).menu(),
        call("deniz", &PRICE_RISE, Angry, Bad).to("elena").long(),
    ]
}

fn wednesday() -> Vec<Plan> {
    vec![
        call("amara", &LATE_FEE, Angry, Good),
        call("liam", &ROUTER_SETUP, Calm, Good).to("hugo"),
        call("boris", &PRICE_RISE, Angry, Bad).menu(),
        call("elena", &MISSING_REFUND, Angry, Mixed),
        call("jonas", &SLOW_WIFI, Angry, Mixed).to("ines"),
        call("chloe", &DOUBLE_CHARGE, Angry, Good),
        call("ines", &TV_BOX, Calm, Plain).recognised(),
        call("deniz", &PAYMENT_DATE, Angry, Mixed),
        call("keiko", &NO_CONNECTION, Calm, Bad),
        call("boris", &INVOICE_COPY, Angry, Bad),
        call("grace", &MISSED_VISIT, Angry, Good).long(),
        call("farid", &PRICE_RISE, Calm, Good).recognised(),
        call("liam", &NEW_SIM, Angry, Bad),
        call("hugo", &MISSED_VISIT, Calm, Good),
        call("amara", &DOUBLE_CHARGE, Calm, Good),
    ]
}
