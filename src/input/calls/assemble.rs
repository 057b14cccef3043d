//! A call from its rows: what it is called, who spoke when, what its attributes are.

use super::order::{Placed, TimeLine, drop_duplicates, in_order};
use super::{Grouping, Tally};
use crate::input::contacts;
use crate::input::labels::TurnText;
use crate::input::row::{Attributes, Body, Row};
use crate::sentiment::Millionths;
use crate::transcript::{Call, Role, Text, Turn};

/// Makes a call of its rows; `None` if they hold no turn.
pub(super) fn assemble(mut rows: Vec<Row<'_>>, grouping: &Grouping, tally: &mut Tally) -> Option<Call> {
    let contact = rows.iter().find(|row| row.place.0 == contacts::PLACE).map(|row| row.attributes);
    rows.retain(|row| row.place.0 != contacts::PLACE);
    if rows.iter().all(|row| row.body == Body::Nothing) {
        tally.contacts_without_call += u64::from(contact.is_some());
        return None;
    }
    tally.calls_without_contact += u64::from(grouping.has_contacts && contact.is_none());
    let contact = contact.unwrap_or_default();
    // Rows of one record keep their order.
    rows.sort_by_key(|row| row.place);
    keep_newest(&mut rows, grouping);
    drop_twins(&mut rows, tally);
    let stated = rows.iter().filter_map(|row| row.attributes.call_started_ms).min();
    let met = || rows.iter().filter_map(|row| row.start?.on_the_calendar()).min();
    let started_at_ms = stated.or_else(met).or(contact.call_started_ms);
    let line = TimeLine { zero: started_at_ms.unwrap_or(0) };
    forget_party_numbers(&mut rows, grouping, contact, started_at_ms);
    let mut rows = in_order(rows, line);
    let all = rows.len();
    drop_duplicates(&mut rows, line);
    tally.duplicates += (all - rows.len()) as u64;

    let mut turns = Vec::with_capacity(rows.len());
    for placed in &rows {
        push_turns(&mut turns, &placed.row, line);
    }
    from_first_moment(&mut turns);
    name_agent(&mut turns, &rows);
    name_contact_agent(&mut turns, contact.agent_id);
    tally.calls += 1;
    tally.turns += turns.len() as u64;

    // What the transcript states goes first.
    let attributes = || rows.iter().map(|placed| placed.row.attributes).chain([contact]);
    let of_rows = rows.iter().map(|placed| placed.row.place.0);
    let date = grouping.date(attributes(), started_at_ms, of_rows);
    let language = attributes().find_map(|row| named(row.language));
    let mut files: Vec<u32> = rows.iter().map(|placed| placed.row.place.0).collect();
    files.sort_unstable();
    files.dedup();
    Some(Call {
        id: rows.first().map_or("", |placed| placed.row.call_id).into(),
        turns,
        queue: attributes().find_map(|row| named(row.queue)),
        channel: attributes().find_map(|row| named(row.channel)),
        language: language.or_else(|| grouping.language.clone()),
        date: date.map(|date| date.to_string().into()),
        started_at_ms,
        rating: contact.rating.map(Millionths),
        files: files.into(),
    })
}

/// Keeps the rows of the file that counts for a call, if only one does.
fn keep_newest(rows: &mut Vec<Row<'_>>, grouping: &Grouping) {
    let speaking = rows.iter().filter(|row| row.body != Body::Nothing).map(|row| row.place.0);
    if let Some(newest) = grouping.delivery.newest(speaking) {
        rows.retain(|row| row.place.0 == newest);
    }
}

/// Takes away the party's number in its call where it stands in an agent's place.
fn forget_party_numbers(
    rows: &mut [Row<'_>],
    grouping: &Grouping,
    contact: Attributes<'_>,
    started_at_ms: Option<i64>,
) {
    if !rows.iter().any(|row| row.attributes.is_party_number) {
        return;
    }
    let attributes = rows.iter().map(|row| row.attributes).chain([contact]);
    let date = grouping.date(attributes, started_at_ms, rows.iter().map(|row| row.place.0));
    let numbers = grouping.party_numbers(date);
    for Attributes { agent_id, is_party_number, .. } in rows.iter_mut().map(|row| &mut row.attributes) {
        if std::mem::take(is_party_number) && !numbers.is_id(agent_id) {
            *agent_id = "";
        }
    }
}

/// Keeps the redacted rows of a call of which turns were read from a redacted file and from another one.
fn drop_twins(rows: &mut Vec<Row<'_>>, tally: &mut Tally) {
    let speaks =
        |is_redacted| rows.iter().any(|row| row.attributes.is_redacted == is_redacted && row.body != Body::Nothing);
    if speaks(true) && speaks(false) {
        rows.retain(|row| row.attributes.is_redacted);
        tally.twins += 1;
    }
}

/// Gives the turns of agents that name none the agent of the call, if rows without a turn name just one.
fn name_agent(turns: &mut [Turn], rows: &[Placed<'_>]) {
    let stated = rows.iter().filter(|placed| placed.row.body == Body::Nothing);
    let mut ids = stated.map(|placed| placed.row.attributes.agent_id).filter(|id| !id.is_empty());
    let Some(id) = ids.next() else { return };
    if ids.any(|other| other != id) {
        return;
    }
    for turn in turns.iter_mut().filter(|turn| turn.role == Role::Agent && turn.agent_id.is_none()) {
        turn.agent_id = Some(id.into());
    }
}

/// Gives the turns of agents that name none the agent of the call's contact record; where no agent speaks, all turns.
fn name_contact_agent(turns: &mut [Turn], id: &str) {
    if id.is_empty() {
        return;
    }
    let has_agent = turns.iter().any(|turn| turn.role == Role::Agent);
    for turn in turns.iter_mut().filter(|turn| turn.agent_id.is_none() && (turn.role == Role::Agent || !has_agent)) {
        turn.agent_id = Some(id.into());
    }
}

/// A field's value, unless it is empty.
fn named(text: &str) -> Option<Box<str>> {
    (!text.is_empty()).then(|| text.into())
}

/// Appends a row's turns, with times in milliseconds since wherever `line` begins.
fn push_turns(turns: &mut Vec<Turn>, row: &Row<'_>, line: TimeLine) {
    let (start, end) = (line.ms(row.start), line.ms(row.end));
    let turn = |role: Role, text: &str, start_ms: Option<i64>, end_ms: Option<i64>| Turn {
        role,
        text: Text::from(text),
        agent_id: named(row.attributes.agent_id),
        start_ms,
        end_ms,
    };
    match &row.body {
        Body::Unknown(_) | Body::Nothing => {}
        Body::Turn(role, text) => turns.push(turn(*role, text, start, end)),
        Body::Conversation(several) | Body::Turns(several) => {
            let before = turns.len();
            for &TurnText { role, offset_ms, text } in several {
                let stamped = offset_ms.map(|ms| start.unwrap_or(line.zero) + ms);
                turns.push(turn(role, text, stamped, None));
            }
            if let Some(first) = turns.get_mut(before) {
                first.start_ms = first.start_ms.or(start);
            }
            if let Some(last) = turns.get_mut(before..).and_then(<[Turn]>::last_mut) {
                last.end_ms = end;
            }
        }
    }
}

/// Moves times so that the first known moment is 0.
fn from_first_moment(turns: &mut [Turn]) {
    let moments = turns.iter().flat_map(|turn| [turn.start_ms, turn.end_ms]);
    let Some(zero) = moments.flatten().min() else { return };
    for turn in turns {
        for moment in [&mut turn.start_ms, &mut turn.end_ms].into_iter().flatten() {
            *moment -= zero;
        }
    }
}
