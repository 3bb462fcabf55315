//! The mailbox half of a case's state (PROTOCOL 2.8). It depends on no record.

use std::collections::BTreeSet;

use super::authenticity::Warning;
use super::case_state::{MailboxState, Noted, ReportState, Standing};
use super::message::Unverified;
use super::steps::{Passed, Word};
use super::trust::seconds;
use crate::protocol::ids::Id;
use crate::protocol::memo::Memo;
use crate::protocol::message::{Content, Outcome, Sender};
use crate::protocol::profile::Profile;

/// What steps 8 and 9 say of a message, beside its warnings.
pub(super) enum Judgement {
    Counts(Counted),
    NotFromAReader,
    NewerVersion,
}

#[derive(Default)]
pub(super) struct Counted {
    pub(super) warnings: Vec<Warning>,
    /// The persons besides the sender who signed it.
    pub(super) seconds: BTreeSet<Id>,
}

pub(super) struct MailboxFold<'a> {
    profile: &'a Profile,
    state: MailboxState,
    /// Positions of authentic replies, and whom they name.
    named: Vec<(u64, Vec<Id>)>,
    last_memo: Option<Memo>,
}

impl<'a> MailboxFold<'a> {
    pub(super) fn new(profile: &'a Profile) -> Self {
        Self { profile, state: MailboxState::default(), named: Vec::new(), last_memo: None }
    }

    /// Takes in the next message that passed steps 1 to 7.
    pub(super) fn apply(&mut self, passed: &Passed<'_>) -> Judgement {
        match &passed.word {
            Word::Memo(memo) => {
                self.apply_own(passed.position, memo.profile, &memo.readers, memo.thread.length);
                self.last_memo = Some((*memo).clone());
                Judgement::Counts(Counted::default())
            }
            Word::Text(text, _) => {
                let message = &text.message;
                let newer = text.is_of_newer_version();
                match (&message.content, &message.sender) {
                    (Content::Report { .. } | Content::FollowUp { .. }, _) => {
                        // Whom she leaves out, and her keys, hold whatever else a newer program would read
                        // in it.
                        self.apply_own(
                            passed.position,
                            message.profile.version,
                            &message.readers,
                            message.threads.mailbox.length,
                        );
                        if let (Content::Report { reporter, .. }, Some(report)) =
                            (&message.content, &mut self.state.report)
                        {
                            report.reporter = Some(reporter.clone());
                        }
                        if newer { Judgement::NewerVersion } else { Judgement::Counts(Counted::default()) }
                    }
                    (_, Sender::Inspector(key))
                        if self.state.is_left_out_at(&key.person, passed.position) =>
                    {
                        Judgement::NotFromAReader
                    }
                    _ if newer => Judgement::NewerVersion,
                    _ => Judgement::Counts(self.apply_reply(passed, text)),
                }
            }
        }
    }

    pub(super) fn finish(mut self) -> MailboxState {
        let listed =
            |person: &Id| self.profile.inspector(person).is_some() && !self.state.is_left_out(person);
        if let Some(memo) = &self.last_memo {
            let next_readers: Vec<Id> =
                memo.readers.iter().filter(|reader| listed(reader)).cloned().collect();
            let since = self.named.iter().filter(|(position, _)| *position >= memo.thread.length);
            let mut offered: Vec<Id> = since
                .flat_map(|(_, readers)| readers)
                .filter(|person| listed(person) && !memo.readers.contains(person))
                .cloned()
                .collect();
            offered.sort();
            offered.dedup();
            self.state.own.next_readers = next_readers;
            self.state.own.offered = offered;
        }
        self.state
    }

    /// A report fixes who is left out; a follow-up leaves out more, of whom its writer had been told.
    fn apply_own(&mut self, position: u64, profile: u64, readers: &[Id], length: u64) {
        if position == 0 {
            let left_out = self.profile.persons().filter(|person| {
                self.profile.joined(person).is_some_and(|joined| joined <= profile)
                    && !readers.contains(person)
            });
            self.state.left_out = left_out.map(|person| (person.clone(), 0)).collect();
            self.state.told.extend(readers.iter().cloned());
            self.state.report = Some(ReportState { profile, readers: readers.to_vec(), reporter: None });
            return;
        }
        let report = self.state.report.iter().flat_map(|report| &report.readers);
        let seen = self.named.iter().filter(|(named, _)| *named < length.min(position));
        let told = report.chain(seen.flat_map(|(_, readers)| readers));
        for person in told.filter(|person| !readers.contains(person)) {
            self.state.left_out.entry(person.clone()).or_insert(position + 1);
        }
    }

    fn apply_reply(&mut self, passed: &Passed<'_>, text: &Unverified) -> Counted {
        let message = &text.message;
        self.state.told.extend(message.readers.iter().cloned());
        self.named.push((passed.position, message.readers.clone()));
        let is_left_out = |person: &Id| self.state.is_left_out_at(person, passed.position);
        let seconds = seconds(text, passed.listed_day, self.profile, is_left_out);
        let counted = Counted { warnings: Vec::new(), seconds };
        let (Content::Reply { status: Some(status), outcome, .. }, Sender::Inspector(key)) =
            (&message.content, &message.sender)
        else {
            return counted;
        };
        let asks = |outcome: &Outcome| self.profile.asks_two_persons(outcome.id.as_str(), passed.listed_day);
        if outcome.as_ref().is_some_and(asks) && counted.seconds.is_empty() {
            self.state.waiting.push(passed.position);
            return Counted { warnings: vec![Warning::SecondMissing], ..counted };
        }
        let standing = Noted {
            position: passed.position,
            by: key.clone(),
            day: message.day,
            value: Standing { status: *status, outcome: outcome.clone() },
        };
        self.state.standing.set(standing, message.threads.mailbox.length);
        self.state.waiting.clear();
        counted
    }
}
