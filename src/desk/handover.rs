//! Giving a case to persons who could not read it: the case's secret by an invitation in the journal,
//! then the key of every message by handovers in the case (PROTOCOL 2.8 and 2.9). Run again after a
//! crash, it adds what is missing.

use std::collections::BTreeSet;

use super::error::Error;
use super::opened::OpenedCase;
use super::records::RecordDraft;
use super::workbench::Desk;
use crate::protocol::ids::{Digest, Id};
use crate::protocol::limits::ACT_LIST_MAX;
use crate::protocol::message::Message;
use crate::protocol::record::{Act, HandedMessage, ThreadName};
use crate::seal::message::SealError;
use crate::verify::case::CaseReading;

/// What a handover wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct HandoverSummary {
    pub invitations: usize,
    pub records: usize,
    /// Messages whose keys were handed over now.
    pub messages: usize,
}

impl Desk {
    /// Makes these persons readers of the case and gives them the keys of all
    /// messages that this desk can open.
    pub fn hand_over(
        &self,
        opened: &mut OpenedCase,
        persons: &[Id],
        language: &str,
    ) -> Result<HandoverSummary, Error> {
        let persons: BTreeSet<Id> = persons.iter().cloned().collect();
        let readers = self.check_handover(opened, &persons)?;
        let invitations = self.invite(opened, &persons, language)?;
        let mut summary = HandoverSummary { invitations, ..Default::default() };
        let lacking = self.lacking(opened, &persons, &readers);
        let mut rest = &lacking[..];
        let mut at_once = ACT_LIST_MAX;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(at_once));
            let act = Act::Handover { persons: persons.iter().cloned().collect(), messages: now.to_vec() };
            let all = readers.union(&persons).cloned().collect();
            match self.write_record_for(opened, &RecordDraft::of_acts(language, vec![act]), all, |_| ()) {
                // As many as a record of text alone holds; the number of inspectors decides.
                Err(Error::Seal(SealError::TextTooLong { .. })) if now.len() > 1 => at_once = now.len() / 2,
                Err(error) => return Err(error),
                Ok(()) => {
                    summary.records += 1;
                    summary.messages += now.len();
                    rest = later;
                    // The next record states the thread with this one in it.
                    self.catch_up(opened)?;
                }
            }
        }
        Ok(summary)
    }

    /// The readers of the case, if it may be handed over to these persons.
    fn check_handover(&self, opened: &OpenedCase, persons: &BTreeSet<Id>) -> Result<BTreeSet<Id>, Error> {
        let reading = opened.read(&self.profile);
        self.check_sealing(Some(&reading))?;
        for person in persons {
            if self.profile.inspector(person).is_none() {
                return Err(Error::NoSuchPerson(person.clone()));
            }
            if reading.state.mailbox.is_left_out(person) {
                return Err(Error::LeftOut(person.clone()));
            }
        }
        Ok(self.record_readers(opened, &reading)?.into_iter().collect())
    }

    /// Gives each person the secret of the case, unless this desk sees that she has it. Nobody can list a
    /// case of which she does not have it.
    fn invite(&self, opened: &OpenedCase, persons: &BTreeSet<Id>, language: &str) -> Result<usize, Error> {
        let Some(secret) = &opened.secret else { return Ok(0) };
        let case = opened.read(&self.profile);
        let lacks_it = |person: &&Id| {
            **person != self.keys.id && !self.is_sealed_to(&case, ThreadName::Mailbox, 0, person)
        };
        let mut journal = self.open_journal()?;
        let mut written = 0;
        for person in persons.iter().filter(lacks_it) {
            let reading = journal.read(&self.profile);
            let is_invited = reading.journal.invitations.iter().any(|noted| {
                noted.value.person == *person
                    && noted.value.case == opened.case
                    && self.reaches(&reading, noted.position, person)
            });
            drop(reading);
            if is_invited {
                continue;
            }
            let act = Act::Invitation { person: person.clone(), case: opened.case, secret: secret.clone() };
            let both = BTreeSet::from([person.clone(), self.keys.id.clone()]).into_iter().collect();
            self.write_record_for(&journal, &RecordDraft::of_acts(language, vec![act]), both, |_| ())?;
            written += 1;
            self.catch_up(&mut journal)?;
        }
        Ok(written)
    }

    /// The keys of all messages that not each of these persons has been given; one of them at least where a
    /// person is no reader yet, since it is the handover that makes her one.
    fn lacking(
        &self,
        opened: &OpenedCase,
        persons: &BTreeSet<Id>,
        readers: &BTreeSet<Id>,
    ) -> Vec<HandedMessage> {
        let reading = opened.read(&self.profile);
        let mut all: Vec<HandedMessage> = Vec::new();
        for thread in ThreadName::ALL {
            for (position, listed) in opened.listed(thread).iter().enumerate() {
                if let Some(key) = opened.file_keys.get(&(thread, position)) {
                    let (position, key) = (position as u64, key.clone());
                    all.push(HandedMessage { thread, position, sha256: listed.sha256, key });
                }
            }
        }
        let mut lacking: Vec<HandedMessage> = all
            .iter()
            .filter(|message| {
                let has = |person: &Id| {
                    self.is_handed(&reading, person, message.sha256)
                        || self.is_sealed_to(&reading, message.thread, message.position, person)
                };
                !persons.iter().all(has)
            })
            .cloned()
            .collect();
        if lacking.is_empty() && !persons.is_subset(readers) {
            lacking.extend(all.into_iter().next());
        }
        lacking
    }

    fn is_handed(&self, reading: &CaseReading<'_>, person: &Id, sha256: Digest) -> bool {
        reading.state.office.handovers.iter().any(|noted| {
            noted.value.persons.contains(person)
                && noted.value.messages.iter().any(|message| message.sha256 == sha256)
                && self.reaches(reading, noted.position, person)
        })
    }

    /// Whether she opens the message at this place herself: its sender sealed it to
    /// her, and she has the same keys.
    fn is_sealed_to(
        &self,
        reading: &CaseReading<'_>,
        thread: ThreadName,
        position: u64,
        person: &Id,
    ) -> bool {
        let readings = match thread {
            ThreadName::Mailbox => &reading.mailbox,
            ThreadName::Office => &reading.office,
        };
        let found = usize::try_from(position).ok().and_then(|position| readings.get(position));
        found.and_then(|reading| reading.authentic()).is_some_and(|text| {
            text.message.readers.contains(person) && self.is_to_present_keys(&text.message, person)
        })
    }

    /// The same of a record.
    fn reaches(&self, reading: &CaseReading<'_>, position: u64, person: &Id) -> bool {
        self.is_sealed_to(reading, ThreadName::Office, position, person)
    }

    /// Whether what was sealed to a person opens with the keys that she has now: those she had before are
    /// lost. By the present profile it was sealed to them, on whichever day.
    fn is_to_present_keys(&self, message: &Message, person: &Id) -> bool {
        let mut former = self.profile.former.iter().filter(|key| key.id == *person);
        message.profile == self.profile.stamp() || former.all(|key| message.day > key.until)
    }
}
