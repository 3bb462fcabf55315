//! What inspectors note and decide among themselves: records in a case's office thread, or in the journal.

use super::error::Error;
use super::opened::OpenedCase;
use super::reply::check_file_sizes;
use super::workbench::Desk;
use crate::protocol::ids::Id;
use crate::protocol::message::{Content, File, Message, MessageKind, Sender};
use crate::protocol::record::Act;
use crate::seal::message::{recipients, seal};
use crate::verify::case::{CaseContext, CaseReading, Perspective};
use crate::verify::digest::journal_id;

/// What a record is to say.
pub struct RecordDraft {
    pub text: String,
    pub language: String,
    pub acts: Vec<Act>,
    pub files: Vec<(File, Vec<u8>)>,
}

impl RecordDraft {
    /// Acts alone.
    pub fn of_acts(language: &str, acts: Vec<Act>) -> Self {
        Self { text: String::new(), language: language.to_owned(), acts, files: Vec::new() }
    }
}

impl Desk {
    /// Writes a record for the readers of the case, or in the journal for everybody whom the
    /// profile lists. Nothing is written where one of its acts would change nothing: whoever
    /// reads it would take it for done.
    pub fn write_record(
        &self,
        opened: &OpenedCase,
        draft: &RecordDraft,
        progress: impl FnMut(u64),
    ) -> Result<(), Error> {
        let reading = opened.read(&self.profile);
        self.check_sealing(Some(&reading))?;
        let readers = self.record_readers(opened, &reading)?;
        let (profile, case) = (&self.profile, opened.case);
        let context = CaseContext { profile, case, perspective: Perspective::Inspector };
        let key = self.key_id();
        let ineffective = reading.ineffective_acts(context, (&key, self.today), &readers, &draft.acts);
        if !ineffective.is_empty() {
            return Err(Error::NoEffect(ineffective));
        }
        drop(reading);
        self.write_record_for(opened, draft, readers, progress)
    }

    /// The same for these persons: a handover goes to those whom it makes readers, too.
    pub(super) fn write_record_for(
        &self,
        opened: &OpenedCase,
        draft: &RecordDraft,
        readers: Vec<Id>,
        progress: impl FnMut(u64),
    ) -> Result<(), Error> {
        let reading = opened.read(&self.profile);
        self.check_sealing(Some(&reading))?;
        check_file_sizes(&self.profile, &draft.files)?;
        let message = Message {
            office: self.profile.office,
            case: opened.case,
            sender: Sender::Inspector(self.key_id()),
            threads: reading.threads,
            day: self.today,
            language: draft.language.clone(),
            profile: self.profile.stamp(),
            readers,
            text: draft.text.clone(),
            content: Content::Record { acts: draft.acts.clone(), seconds: Vec::new() },
            files: draft.files.iter().map(|(file, _)| file.clone()).collect(),
            extensions: Default::default(),
        };
        let recipients = recipients(&self.profile, &message.readers, None)?;
        let files: Vec<&[u8]> = draft.files.iter().map(|(_, bytes)| &bytes[..]).collect();
        let blob = seal(&message, &files, &self.keys.signing, &recipients)?;
        self.send(MessageKind::Record, opened, &blob, progress)
    }

    /// Who reads what is written here next. Everybody whom the profile lists reads the journal, and, before a
    /// record says otherwise, a one-way report, which was sealed to them all.
    pub(super) fn record_readers(
        &self,
        opened: &OpenedCase,
        reading: &CaseReading<'_>,
    ) -> Result<Vec<Id>, Error> {
        let is_journal = opened.case == journal_id(self.profile.office);
        let all = || {
            let mut all: Vec<Id> = self.profile.inspectors.iter().map(|listed| listed.id.clone()).collect();
            all.sort();
            all
        };
        if is_journal || opened.is_one_way() && reading.state.office.readers.is_none() {
            return Ok(all());
        }
        let readers = reading.state.listed_readers(&self.profile);
        if readers.contains(&self.keys.id) {
            Ok(readers)
        } else {
            Err(Error::NotAReader(self.keys.id.clone()))
        }
    }
}
