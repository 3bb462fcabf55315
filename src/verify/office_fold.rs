//! The office half of a case's state (PROTOCOL 2.8): records, each behind as many messages of the mailbox
//! as it states or as one before it does. The server has no say in it.

use std::collections::BTreeSet;
use std::collections::btree_map::Entry;

use super::case_state::{
    Accessed, CaseState, ClassificationState, CorrectiveOrder, ErasureReason, Handover, MailboxState, Noted,
    OfficeState, OrderText, Proposal, SetDeadline, SetPriority,
};
use super::effect::{IneffectiveAct, NoEffect};
use super::mailbox_fold::{Counted, Judgement};
use super::message::Unverified;
use super::steps::{Passed, Word};
use super::trust::seconds;
use crate::protocol::day::Day;
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
    pub(super) position: u64,
    /// Of the office thread, as the record states it.
    pub(super) length: u64,
    pub(super) by: &'a KeyId,
    pub(super) day: Day,
}

impl ActContext<'_> {
    pub(super) fn note<T>(&self, value: T) -> Noted<T> {
        Noted { position: self.position, by: self.by.clone(), day: self.day, value }
    }
}

/// A record that passed steps 1 to 7.
pub(super) struct PassedRecord<'a> {
    pub(super) context: ActContext<'a>,
    pub(super) text: &'a Unverified,
    pub(super) acts: &'a [Act],
}

impl<'a> PassedRecord<'a> {
    /// Nothing for what is no record.
    pub(super) fn of(passed: &Passed<'a>) -> Option<Self> {
        let Word::Text(text, _) = passed.word else { return None };
        let message = &text.message;
        let (Sender::Inspector(by), Content::Record { acts, .. }) = (&message.sender, &message.content)
        else {
            return None;
        };
        let length = message.threads.office.map_or(0, |point| point.length);
        let context = ActContext { position: passed.position, length, by, day: message.day };
        Some(Self { context, text, acts })
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
        let Some(record) = PassedRecord::of(passed) else { return Judgement::NotFromAReader };
        let message = &record.text.message;
        let place = message.threads.mailbox.length.min(self.mailbox_length).max(self.place);
        let readers = self.readers_at(place, message);
        if readers.as_ref().is_some_and(|readers| !readers.contains(&record.context.by.person)) {
            return Judgement::NotFromAReader;
        }
        // Only a record that counts moves those behind it.
        (self.place, self.state.readers) = (place, readers);
        if record.text.is_of_newer_version() {
            return Judgement::NewerVersion;
        }
        self.apply_acts(record.acts, &record.context);
        let is_left_out = |person: &Id| self.mailbox.is_left_out_at(person, place);
        let seconds = seconds(record.text, passed.listed_day, self.profile, is_left_out);
        Judgement::Counts(Counted { warnings: Vec::new(), seconds })
    }

    /// Behind all that a case holds, as a reader of these finds it.
    pub(super) fn resumed(
        profile: &'a Profile,
        case: &'a CaseState,
        mailbox_length: u64,
        readers: &[Id],
    ) -> Self {
        let mut state = case.office.clone();
        state.readers.get_or_insert_with(|| readers.iter().cloned().collect());
        let (mailbox, first_readers) = (&case.mailbox, FirstReaders::Unknown);
        Self { profile, mailbox, mailbox_length, first_readers, state, place: mailbox_length }
    }

    /// Takes in the acts of a record, and says which of them change nothing. What
    /// is not mentioned has an effect.
    pub(super) fn apply_acts(&mut self, acts: &[Act], context: &ActContext<'_>) -> Vec<IneffectiveAct> {
        let apply = |(at, act): (usize, &Act)| {
            let why = self.apply_act(act, context).err()?;
            Some(IneffectiveAct { at, word: act.word(), why })
        };
        acts.iter().enumerate().filter_map(apply).collect()
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

    fn apply_act(&mut self, act: &Act, context: &ActContext<'_>) -> Result<(), NoEffect> {
        let state = &mut self.state;
        match act {
            Act::Assign { owner } => state.owner.decide(context.note(owner.clone()), context.length),
            Act::Deadline { which, day, reason } => {
                let deadline = SetDeadline { day: *day, reason: reason.clone() };
                let register = state.deadlines.entry(which.clone()).or_default();
                register.decide(context.note(deadline), context.length)
            }
            Act::Recuse { .. } => recuse(state, &context.by.person),
            Act::Classify(values) => classify(&mut state.classification, values, context),
            Act::Join { case } => state.joined.insert(*case).then_some(()).ok_or(NoEffect::Unchanged),
            Act::Split { case } => state.joined.remove(case).then_some(()).ok_or(NoEffect::NotJoined(*case)),
            Act::Propose { what, draft } => {
                let proposal = Proposal { what: what.clone(), draft: draft.clone() };
                state.proposals.push(context.note(proposal));
                Ok(())
            }
            Act::Order { .. } | Act::OrderAnswer { .. } | Act::OrderVerdict { .. } => {
                apply_to_order(state, act, context)
            }
            Act::Intake { channel } => {
                if context.position > 0 {
                    return Err(NoEffect::NotFirst);
                }
                state.intake = Some(context.note(*channel));
                Ok(())
            }
            Act::Accessed { how, reason } => {
                state.accesses.push(context.note(Accessed { how: *how, reason: reason.clone() }));
                Ok(())
            }
            Act::Handover { persons, messages } => self.hand_over(persons, messages, context),
            Act::Erased { order, reason } => {
                state.erased.push(context.note(ErasureReason { order: *order, reason: reason.clone() }));
                Ok(())
            }
            Act::Invitation { .. }
            | Act::Template { .. }
            | Act::ExplainedLaw { .. }
            | Act::Minutes { .. }
            | Act::Publication { .. } => Err(NoEffect::NotInCase),
        }
    }

    /// Has no effect for whoever is left out, whatever it does for others.
    fn hand_over(
        &mut self,
        persons: &[Id],
        messages: &[HandedMessage],
        context: &ActContext<'_>,
    ) -> Result<(), NoEffect> {
        let (left_out, persons): (Vec<Id>, Vec<Id>) =
            persons.iter().cloned().partition(|person| self.mailbox.is_left_out_at(person, self.place));
        let outcome = left_out.first().map_or(Ok(()), |person| Err(NoEffect::LeftOut(person.clone())));
        for person in left_out {
            self.state.breaches.push(context.note(person));
        }
        if persons.is_empty() {
            return outcome;
        }
        for person in &persons {
            self.state.recused.remove(person);
        }
        if let Some(readers) = &mut self.state.readers {
            readers.extend(persons.iter().cloned());
        }
        self.state.handovers.push(context.note(Handover { persons, messages: messages.to_vec() }));
        outcome
    }
}

/// The last reader stays: a case that nobody may open is dead.
fn recuse(state: &mut OfficeState, person: &Id) -> Result<(), NoEffect> {
    if let Some(readers) = &mut state.readers {
        if readers.len() == 1 {
            return Err(NoEffect::LastReader);
        }
        readers.remove(person);
    }
    state.recused.insert(person.clone());
    Ok(())
}

/// Unchanged where it gives each value that it names as it was.
fn classify(
    state: &mut ClassificationState,
    values: &Classification,
    context: &ActContext<'_>,
) -> Result<(), NoEffect> {
    let mut outcome = Err(NoEffect::Unchanged);
    let Classification { kind, district, unit, service, root_cause, priority, reasons } = values;
    for (register, value) in [
        (&mut state.kind, kind),
        (&mut state.district, district),
        (&mut state.unit, unit),
        (&mut state.service, service),
        (&mut state.root_cause, root_cause),
    ] {
        if let Some(value) = value {
            outcome = register.decide(context.note(value.clone()), context.length).or(outcome);
        }
    }
    if let (Some(priority), Some(reasons)) = (priority, reasons) {
        let priority = SetPriority { priority: *priority, reasons: reasons.clone() };
        outcome = state.priority.decide(context.note(priority), context.length).or(outcome);
    }
    outcome
}

fn apply_to_order(state: &mut OfficeState, act: &Act, context: &ActContext<'_>) -> Result<(), NoEffect> {
    let no_such_order = |id: &Id| NoEffect::NoSuchOrder(id.clone());
    match act {
        Act::Order { order: id, unit, text, due } => {
            let Entry::Vacant(place) = state.orders.entry(id.clone()) else {
                return Err(NoEffect::OrderGiven(id.clone()));
            };
            let ordered = context.note(OrderText { unit: unit.clone(), text: text.clone(), due: *due });
            place.insert(CorrectiveOrder { ordered, answers: Vec::new(), verdict: Default::default() });
        }
        Act::OrderAnswer { order: id, text } => {
            let order = state.orders.get_mut(id).ok_or_else(|| no_such_order(id))?;
            order.answers.push(context.note(text.clone()));
        }
        Act::OrderVerdict { order: id, verdict } => {
            let order = state.orders.get_mut(id).ok_or_else(|| no_such_order(id))?;
            if order.ordered.by.person == context.by.person {
                return Err(NoEffect::OwnOrder(id.clone()));
            }
            order.verdict.decide(context.note(*verdict), context.length)?;
        }
        _ => {}
    }
    Ok(())
}
