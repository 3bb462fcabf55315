//! The office half of a case's state (PROTOCOL 2.8): records, each behind as many messages of the mailbox
//! as it states or as one before it does. The server has no say in it.

use std::collections::BTreeSet;

use super::case_state::{
    Accessed, ClassificationState, CorrectiveOrder, ErasureReason, Handover, MailboxState, Noted,
    OfficeState, OrderText, Proposal, SetDeadline, SetPriority,
};
use super::mailbox_fold::{Counted, Judgement};
use super::message::Unverified;
use super::steps::{Passed, Word};
use super::trust::seconds;
use crate::protocol::ids::Id;
use crate::protocol::message::{Content, Message, Sender};
use crate::protocol::person::KeyId;
use crate::protocol::profile::Profile;
use crate::protocol::record::{Act, Classification, HandedMessage};

/// Who reads a case before any record says more.
pub(super) enum FirstReaders {
    /// Those of the report.
    Report,
    /// Those of the first record: a one-way report has none.
    FirstRecord,
    /// Nobody knows: the report could not be opened.
    Unknown,
}

pub(super) struct OfficeFold<'a> {
    profile: &'a Profile,
    mailbox: &'a MailboxState,
    mailbox_length: u64,
    first_readers: FirstReaders,
    state: OfficeState,
    /// Behind how many messages of the mailbox the last record stands.
    place: u64,
}

/// What an act is part of.
pub(super) struct ActContext<'a> {
    position: u64,
    /// Of the office thread, as the record states it.
    length: u64,
    by: &'a KeyId,
    text: &'a Unverified,
    pub(super) acts: &'a [Act],
}

impl<'a> ActContext<'a> {
    /// Nothing for what is no record.
    pub(super) fn of(passed: &Passed<'a>) -> Option<Self> {
        let Word::Text(text, _) = passed.word else { return None };
        let message = &text.message;
        let (Sender::Inspector(by), Content::Record { acts, .. }) = (&message.sender, &message.content)
        else {
            return None;
        };
        let length = message.threads.office.map_or(0, |point| point.length);
        Some(Self { position: passed.position, length, by, text, acts })
    }

    pub(super) fn is_of_newer_version(&self) -> bool {
        self.text.is_of_newer_version()
    }

    pub(super) fn note<T>(&self, value: T) -> Noted<T> {
        Noted { position: self.position, by: self.by.clone(), day: self.text.message.day, value }
    }
}

impl<'a> OfficeFold<'a> {
    pub(super) fn new(
        profile: &'a Profile,
        mailbox: &'a MailboxState,
        mailbox_length: u64,
        first_readers: FirstReaders,
    ) -> Self {
        Self { profile, mailbox, mailbox_length, first_readers, state: OfficeState::default(), place: 0 }
    }

    /// Takes in the next record that passed steps 1 to 7.
    pub(super) fn apply(&mut self, passed: &Passed<'_>) -> Judgement {
        let Some(context) = ActContext::of(passed) else { return Judgement::NotFromAReader };
        let message = &context.text.message;
        let place = message.threads.mailbox.length.min(self.mailbox_length).max(self.place);
        let readers = self.readers_at(place, message);
        if readers.as_ref().is_some_and(|readers| !readers.contains(&context.by.person)) {
            return Judgement::NotFromAReader;
        }
        // Only a record that counts moves those behind it.
        (self.place, self.state.readers) = (place, readers);
        if context.is_of_newer_version() {
            return Judgement::NewerVersion;
        }
        for act in context.acts {
            self.apply_act(act, &context);
        }
        let is_left_out = |person: &Id| self.mailbox.is_left_out_at(person, place);
        let seconds = seconds(context.text, passed.listed_day, self.profile, is_left_out);
        Judgement::Counts(Counted { warnings: Vec::new(), seconds })
    }

    pub(super) fn finish(mut self) -> OfficeState {
        self.state.readers = match self.first_readers {
            FirstReaders::Report => self.known_readers_at(self.mailbox_length),
            FirstReaders::FirstRecord | FirstReaders::Unknown => self.state.readers,
        };
        self.state
    }

    /// Who reads at this place; `record` is what stands there.
    fn readers_at(&self, place: u64, record: &Message) -> Option<BTreeSet<Id>> {
        match self.first_readers {
            FirstReaders::Unknown => None,
            FirstReaders::FirstRecord => {
                let first = || record.readers.iter().cloned().collect();
                Some(self.state.readers.clone().unwrap_or_else(first))
            }
            FirstReaders::Report => self.known_readers_at(place),
        }
    }

    /// The report's readers at first, then what records made of them, without whom the mailbox leaves out
    /// by then.
    fn known_readers_at(&self, place: u64) -> Option<BTreeSet<Id>> {
        let reported = self.mailbox.report.as_ref().filter(|_| place > 0);
        let first = || reported.into_iter().flat_map(|report| report.readers.iter().cloned()).collect();
        let mut readers: BTreeSet<Id> = self.state.readers.clone().unwrap_or_else(first);
        readers.retain(|reader| !self.mailbox.is_left_out_at(reader, place));
        Some(readers)
    }

    fn apply_act(&mut self, act: &Act, context: &ActContext<'_>) {
        let state = &mut self.state;
        match act {
            Act::Assign { owner } => state.owner.set(context.note(owner.clone()), context.length),
            Act::Deadline { which, day, reason } => {
                let deadline = SetDeadline { day: *day, reason: reason.clone() };
                state.deadlines.entry(which.clone()).or_default().set(context.note(deadline), context.length);
            }
            Act::Recuse { .. } => recuse(state, &context.by.person),
            Act::Classify(values) => classify(&mut state.classification, values, context),
            Act::Join { case } => {
                state.joined.insert(*case);
            }
            Act::Split { case } => {
                state.joined.remove(case);
            }
            Act::Propose { what, draft } => {
                let proposal = Proposal { what: what.clone(), draft: draft.clone() };
                state.proposals.push(context.note(proposal));
            }
            Act::Order { .. } | Act::OrderAnswer { .. } | Act::OrderVerdict { .. } => {
                apply_to_order(state, act, context);
            }
            Act::Intake { channel } => {
                if context.position == 0 {
                    state.intake = Some(context.note(*channel));
                }
            }
            Act::Accessed { how, reason } => {
                state.accesses.push(context.note(Accessed { how: *how, reason: reason.clone() }));
            }
            Act::Handover { persons, messages } => self.hand_over(persons, messages, context),
            Act::Erased { order, reason } => {
                state.erased.push(context.note(ErasureReason { order: *order, reason: reason.clone() }));
            }
            // The journal's own have no effect here.
            Act::Invitation { .. }
            | Act::Template { .. }
            | Act::ExplainedLaw { .. }
            | Act::Minutes { .. }
            | Act::Publication { .. } => {}
        }
    }

    fn hand_over(&mut self, persons: &[Id], messages: &[HandedMessage], context: &ActContext<'_>) {
        let (left_out, persons): (Vec<Id>, Vec<Id>) =
            persons.iter().cloned().partition(|person| self.mailbox.is_left_out_at(person, self.place));
        for person in left_out {
            self.state.breaches.push(context.note(person));
        }
        if persons.is_empty() {
            return;
        }
        for person in &persons {
            self.state.recused.remove(person);
        }
        if let Some(readers) = &mut self.state.readers {
            readers.extend(persons.iter().cloned());
        }
        self.state.handovers.push(context.note(Handover { persons, messages: messages.to_vec() }));
    }
}

/// The last reader stays: a case that nobody may open is dead.
fn recuse(state: &mut OfficeState, person: &Id) {
    if let Some(readers) = &mut state.readers {
        if readers.len() == 1 {
            return;
        }
        readers.remove(person);
    }
    state.recused.insert(person.clone());
}

fn classify(state: &mut ClassificationState, values: &Classification, context: &ActContext<'_>) {
    let Classification { kind, district, unit, service, root_cause, priority, reasons } = values;
    for (register, value) in [
        (&mut state.kind, kind),
        (&mut state.district, district),
        (&mut state.unit, unit),
        (&mut state.service, service),
        (&mut state.root_cause, root_cause),
    ] {
        if let Some(value) = value {
            register.set(context.note(value.clone()), context.length);
        }
    }
    if let (Some(priority), Some(reasons)) = (priority, reasons) {
        let priority = SetPriority { priority: *priority, reasons: reasons.clone() };
        state.priority.set(context.note(priority), context.length);
    }
}

fn apply_to_order(state: &mut OfficeState, act: &Act, context: &ActContext<'_>) {
    match act {
        Act::Order { order, unit, text, due } => {
            let ordered = context.note(OrderText { unit: unit.clone(), text: text.clone(), due: *due });
            state.orders.entry(order.clone()).or_insert_with(|| CorrectiveOrder {
                ordered,
                answers: Vec::new(),
                verdict: Default::default(),
            });
        }
        Act::OrderAnswer { order, text } => {
            if let Some(order) = state.orders.get_mut(order) {
                order.answers.push(context.note(text.clone()));
            }
        }
        Act::OrderVerdict { order, verdict } => {
            if let Some(order) = state.orders.get_mut(order)
                && order.ordered.by.person != context.by.person
            {
                order.verdict.set(context.note(*verdict), context.length);
            }
        }
        _ => {}
    }
}
