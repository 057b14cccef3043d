//! Who took part in calls, where one file has that and another one the words, as Gong and Twilio answer.
//!
//! 8 bytes of a hash of call and speaker value stand for both, with the role and the agent's id: some 50 bytes a party.

use rustc_hash::FxHashMap;

use crate::transcript::Role;

/// The parties of all calls.
#[derive(Debug, Default)]
pub(super) struct Parties {
    known: FxHashMap<[u8; 8], (Role, Box<str>)>,
    /// Whether there are some that were not known when reading began.
    are_new: bool,
}

impl Parties {
    /// The same parties, known beforehand.
    pub(super) fn known_beforehand(self) -> Self {
        Self { are_new: false, ..self }
    }

    /// Whether reading again could find roles that were not known in time.
    pub(super) const fn are_new(&self) -> bool {
        self.are_new
    }

    /// Notes whom a speaker value of a call stands for; what was noted first holds.
    pub(super) fn note(&mut self, call_id: &str, speaker: &str, role: Role, agent_id: &str) {
        self.known.entry(key(call_id, speaker)).or_insert_with(|| {
            self.are_new = true;
            (role, agent_id.into())
        });
    }

    /// Whom a speaker value of a call stands for, with the agent's id.
    pub(super) fn find(&self, call_id: &str, speaker: &str) -> Option<(Role, Box<str>)> {
        if self.known.is_empty() { None } else { self.known.get(&key(call_id, speaker)).cloned() }
    }
}

fn key(call_id: &str, speaker: &str) -> [u8; 8] {
    let mut hash = blake3::Hasher::new();
    hash.update(&(call_id.len() as u64).to_le_bytes()).update(call_id.as_bytes()).update(speaker.as_bytes());
    *hash.finalize().as_bytes().first_chunk().expect("a hash has 32 bytes")
}
