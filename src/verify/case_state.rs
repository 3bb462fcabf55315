//! What the messages of a case amount to: where it stands, how it ended, who reads it and who is left out
//! of it. No server knows any of this; whoever opened the same messages comes to the same (PROTOCOL 2.8).
//! The folds that come to it stand in `mailbox_fold` and `office_fold`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::effect::NoEffect;
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Digest, Id};
use crate::protocol::message::{Outcome, Reporter, Status};
use crate::protocol::person::KeyId;
use crate::protocol::profile::Profile;
use crate::protocol::record::{Access, Channel, HandedMessage, Priority, Verdict};

/// A case after all its messages that count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseState {
    pub mailbox: MailboxState,
    /// Empty for the reporter, who sees no record.
    pub office: OfficeState,
    /// The newest profile by which an authentic reply, record or own message was sealed; 0 where there is
    /// none. Whoever holds an older one seals nothing.
    pub profile_floor: u64,
    /// An authentic reply or record was sealed by another text of the profile's version than the one at hand:
    /// nothing is sealed.
    pub profile_differs: bool,
}

/// What follows from the messages that the reporter and the readers both see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailboxState {
    /// That of the last reply which has one and takes effect.
    pub standing: Register<Standing>,
    /// Positions of replies whose outcome waits for a second person, behind the last that took effect.
    pub waiting: Vec<u64>,
    /// What the report fixes for the whole case; nothing before it was read.
    pub report: Option<ReportState>,
    /// Who is left out, and behind how many messages of the mailbox she is: 0 for whom the report leaves out.
    pub left_out: BTreeMap<Id, u64>,
    /// Of whom the reporter has been told: the report's readers and everybody whom an authentic reply names.
    pub told: BTreeSet<Id>,
    /// What her own messages say, for the reporter alone.
    pub own: OwnState,
}

/// Where a case stands and, when it is closed, how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub status: Status,
    pub outcome: Option<Outcome>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportState {
    /// Version of the profile by which it was sealed.
    pub profile: u64,
    pub readers: Vec<Id>,
    /// The keys to answer to and the secret that lets write; nothing for the reporter, who knows them from
    /// her code.
    pub reporter: Option<Reporter>,
}

/// What a reporter who comes back with nothing but her code knows from her memos.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnState {
    /// The readers of her last message who are still listed and not left out: her next one goes to them.
    pub next_readers: Vec<Id>,
    /// Whom replies name beyond them since; each joins only when she agrees.
    pub offered: Vec<Id>,
    /// Only then she is asked again whom to leave out.
    pub ask_again: Option<AskAgain>,
}

/// Why a reporter's program cannot know for whom she wrote last, and whom she left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AskAgain {
    /// A memo is missing, or that of her last message is not hers.
    Server,
    /// Her last message was erased, by an order that holds.
    Erased,
}

/// What follows from the office's own records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfficeState {
    /// Who reads the case; nothing where this reader could not open what says it.
    pub readers: Option<BTreeSet<Id>>,
    /// Who declared an interest and reads no more.
    pub recused: BTreeSet<Id>,
    pub owner: Register<Option<Id>>,
    pub deadlines: BTreeMap<Id, Register<SetDeadline>>,
    pub classification: ClassificationState,
    pub joined: BTreeSet<CaseId>,
    pub proposals: Vec<Noted<Proposal>>,
    pub orders: BTreeMap<Id, CorrectiveOrder>,
    pub intake: Option<Noted<Channel>>,
    pub accesses: Vec<Noted<Accessed>>,
    pub erased: Vec<Noted<ErasureReason>>,
    pub handovers: Vec<Noted<Handover>>,
    /// Persons left out of the case to whom somebody handed it over all the same.
    pub breaches: Vec<Noted<Id>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassificationState {
    pub kind: Register<Id>,
    pub district: Register<Id>,
    pub unit: Register<Id>,
    pub service: Register<Id>,
    pub root_cause: Register<Id>,
    pub priority: Register<SetPriority>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetDeadline {
    pub day: Day,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPriority {
    pub priority: Priority,
    pub reasons: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub what: Id,
    pub draft: String,
}

/// A corrective order to a unit, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectiveOrder {
    pub ordered: Noted<OrderText>,
    pub answers: Vec<Noted<String>>,
    pub verdict: Register<Verdict>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderText {
    pub unit: Id,
    pub text: String,
    pub due: Day,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accessed {
    pub how: Access,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureReason {
    /// SHA-256 of the order's text.
    pub order: Digest,
    pub reason: String,
}

/// Who got which messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// Without those who are left out.
    pub persons: Vec<Id>,
    pub messages: Vec<HandedMessage>,
}

/// Something said in a message, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted<T> {
    /// Of the message, in its thread.
    pub position: u64,
    pub by: KeyId,
    /// The sender's day.
    pub day: Day,
    pub value: T,
}

/// A value that several messages may set: the last one, and those that its sender had not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register<T> {
    /// By rising position, each once.
    set: Vec<Noted<T>>,
    /// How many of them the last one's sender had seen.
    seen: usize,
}

impl<T> Register<T> {
    pub fn last(&self) -> Option<&Noted<T>> {
        self.set.last()
    }

    /// What others set without knowledge of the last, nor it of them: shown beside it, to be confirmed by
    /// the next desk.
    pub fn concurrent(&self) -> &[Noted<T>] {
        let before = self.set.split_last().map_or(&self.set[..], |(_, before)| before);
        before.get(self.seen..).unwrap_or_default()
    }

    /// Takes in what a message says that knew the first `length` messages of its thread.
    pub(super) fn set(&mut self, noted: Noted<T>, length: u64) {
        // One message that sets a value twice means its last word.
        if self.set.last().is_some_and(|last| last.position == noted.position) {
            self.set.pop();
        }
        self.seen = self.set.iter().filter(|earlier| earlier.position < length).count();
        self.set.push(noted);
    }

    /// The same of a value that an act gives. One that everybody agrees on already
    /// is noted again, and that is all.
    pub(super) fn decide(&mut self, noted: Noted<T>, length: u64) -> Result<(), NoEffect>
    where
        T: PartialEq,
    {
        let is_settled =
            self.last().is_some_and(|last| last.value == noted.value) && self.concurrent().is_empty();
        self.set(noted, length);
        if is_settled { Err(NoEffect::Unchanged) } else { Ok(()) }
    }
}

impl<T> Default for Register<T> {
    fn default() -> Self {
        Self { set: Vec::new(), seen: 0 }
    }
}

impl MailboxState {
    pub fn status(&self) -> Status {
        self.standing.last().map_or(Status::Received, |standing| standing.value.status)
    }

    pub fn outcome(&self) -> Option<&Outcome> {
        self.standing.last().and_then(|standing| standing.value.outcome.as_ref())
    }

    /// Whether a person is left out behind the first `place` messages of the mailbox.
    pub fn is_left_out_at(&self, person: &Id, place: u64) -> bool {
        self.left_out.get(person).is_some_and(|since| *since <= place)
    }

    pub fn is_left_out(&self, person: &Id) -> bool {
        self.left_out.contains_key(person)
    }
}

impl CaseState {
    /// For whom the office seals next: the readers whom the profile still lists, ascending.
    pub fn listed_readers(&self, profile: &Profile) -> Vec<Id> {
        let listed = |person: &&Id| profile.inspector(person).is_some();
        self.office.readers.iter().flatten().filter(listed).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(position: u64, value: &'static str) -> Noted<&'static str> {
        let by = KeyId { person: "sara".parse().unwrap(), epoch: 1 };
        Noted { position, by, day: "2026-11-21".parse().unwrap(), value }
    }

    #[test]
    fn what_the_last_had_not_seen_stands_beside_it() {
        let mut register = Register::default();
        assert_eq!((register.last(), register.concurrent()), (None, &[][..]));
        register.set(noted(1, "a"), 1);
        register.set(noted(3, "b"), 1);
        assert_eq!((register.last().unwrap().value, register.concurrent()), ("b", &[noted(1, "a")][..]));
        register.set(noted(3, "c"), 1);
        assert_eq!((register.last().unwrap().value, register.concurrent().len()), ("c", 1));
        register.set(noted(4, "d"), 3);
        assert_eq!(register.concurrent(), &[noted(3, "c")]);
        register.set(noted(6, "e"), 6);
        assert_eq!((register.last().unwrap().value, register.concurrent()), ("e", &[][..]));
    }
}
