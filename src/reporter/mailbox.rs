//! What a receipt code opens: the office's answers, and the way to write on. Her own messages nobody can open
//! with it; what she has to know of them stands in their memos.

use std::collections::HashMap;
use std::io::{self, Cursor, Read, Seek, Write};

use super::draft::{Draft, FollowUpForm};
use super::error::Error;
use super::office::{EarlierReport, Office, PlacedContent};
use crate::client::{self, Bearer, ListedMailbox};
use crate::protocol::api::ListedMessage;
use crate::protocol::ids::{CaseId, Id};
use crate::protocol::message::{Content, ThreadPoint};
use crate::protocol::receipt::ReceiptCode;
use crate::protocol::record::ThreadName;
use crate::seal::blob_key::BlobKey;
use crate::seal::derive::ReporterKeys;
use crate::seal::message::SealError;
use crate::seal::opening::{OpenError, OpenedBlob, open_blob};
use crate::verify::case::{
    CaseContext, CaseReading, Found, MessageReading, OwnMemo, Perspective, ThreadEntry, read_case,
};
use crate::verify::digest::{initial_thread_digest, next_thread_digest, sha256};
use crate::verify::profile::VerifiedProfile;

/// An answer up to this size is fetched whole: two requests for its parts would bring as much.
const WHOLE_BYTES_MAX: u64 = 128 * 1024;

/// What a receipt code opens.
pub struct Mailbox<'a> {
    office: &'a Office<'a>,
    keys: ReporterKeys,
    token: Bearer,
    pub case: CaseId,
    pub listing: ListedMailbox,
    entries: Vec<ThreadEntry>,
    /// Why an answer could not be fetched, by its position.
    failures: HashMap<usize, String>,
}

impl<'a> Office<'a> {
    /// Opens the mailbox that this code names: every text of the office, and no file.
    pub fn open_mailbox(&'a self, code: &ReceiptCode) -> Result<Mailbox<'a>, Error> {
        let keys = ReporterKeys::derive(code, self.profile.office);
        let token: Bearer = keys.token.encode();
        let listing = self.client.mailbox(&token)?;
        let case = keys.case();
        match listing.case {
            None => return Err(Error::UnknownCode),
            Some(found) if found != case => return Err(Error::OtherCase),
            Some(_) => {}
        }
        let mut mailbox = Mailbox {
            office: self,
            keys,
            token,
            case,
            entries: Vec::with_capacity(listing.messages.len()),
            listing,
            failures: HashMap::new(),
        };
        for (position, listed) in mailbox.listing.messages.clone().iter().enumerate() {
            let found = if listed.kind.is_from_reporter() {
                // Sealed to the office alone: not even its writer can be forced to open it.
                mailbox.keys.memo.find(listed, self.profile.office, case)
            } else {
                mailbox.find_answer(position, listed)?
            };
            mailbox.entries.push(ThreadEntry::new(listed, found));
        }
        Ok(mailbox)
    }
}

impl Mailbox<'_> {
    /// Whose word each message is, and where the case stands.
    pub fn read(&self) -> CaseReading<'_> {
        self.read_by(&self.office.profile)
    }

    fn read_by<'p>(&'p self, profile: &'p VerifiedProfile) -> CaseReading<'p> {
        let context = CaseContext { profile, case: self.case, perspective: Perspective::Reporter };
        read_case(context, &self.entries, &[], &self.listing.orders)
    }

    /// How many messages, from the first, she has surely read: what her last message said that she had, and
    /// her own behind it, up to the next answer.
    pub fn surely_seen(&self) -> usize {
        let memos = self.entries.iter().map(|entry| match &entry.found {
            Found::Own(OwnMemo::Hers(memo)) => Some(memo),
            _ => None,
        });
        let said = memos.clone().flatten().next_back().map_or(0, |memo| memo.thread.length);
        let said = usize::try_from(said).unwrap_or(usize::MAX).min(self.entries.len());
        said + memos.skip(said).take_while(Option::is_some).count()
    }

    /// Why the answer at this position could not be fetched.
    pub fn failure(&self, position: usize) -> Option<&str> {
        self.failures.get(&position).map(String::as_str)
    }

    /// Writes on: to those who read her last message and are still listed, to whom she adds those of the form
    /// and of whom she takes away those of the draft.
    pub fn follow_up(
        &self,
        draft: &Draft,
        form: &FollowUpForm,
        progress: impl FnMut(u64),
    ) -> Result<(), Error> {
        let profile = self.office.newest_profile(self.read().state.profile_floor)?;
        let reading = self.read_by(&profile);
        self.office.check_sealing(&profile, &reading)?;
        let thread = self.thread_at(form.seen.unwrap_or(self.entries.len()))?;
        let (own, state) = (&reading.state.mailbox.own, &reading.state.mailbox);
        if let Some(why) = own.ask_again.filter(|_| !form.has_said_whom) {
            return Err(Error::AskAgain(why));
        }
        if let Some(stranger) = form.also.iter().find(|id| !own.offered.contains(id)) {
            return Err(Error::NotOffered(stranger.clone()));
        }
        // Whoever is asked again says it of everybody: an earlier message does not
        // know whom she left out since.
        let everybody = profile.inspectors.iter().map(|listed| &listed.id);
        let everybody = everybody.filter(|_| own.ask_again.is_some());
        let mut readers: Vec<Id> =
            own.next_readers.iter().chain(everybody).chain(&form.also).cloned().collect();
        readers.retain(|id| {
            profile.inspector(id).is_some() && !state.is_left_out(id) && !draft.left_out.contains(id)
        });
        readers.sort();
        readers.dedup();
        if readers.is_empty() {
            return Err(SealError::Nobody.into());
        }
        let content = Content::FollowUp { answers: Vec::new() };
        let placed = PlacedContent { content, readers, thread };
        let sealed = self.office.seal(&profile, &self.keys, placed, draft)?;
        self.office.send(&sealed, progress)
    }

    /// The thread with its first `length` messages, as it was opened: nobody states what she has not seen.
    fn thread_at(&self, length: usize) -> Result<ThreadPoint, Error> {
        let shown = self.entries.len();
        let seen = self.entries.get(..length).ok_or(Error::FewerMessages { shown, seen: length })?;
        let first = initial_thread_digest(self.office.profile.office, self.case, ThreadName::Mailbox);
        let add = |digest, entry: &ThreadEntry| next_thread_digest(digest, entry.kind, entry.sha256);
        Ok(ThreadPoint { length: length as u64, digest: seen.iter().fold(first, add) })
    }

    /// For a report that goes back to this case: its key, and who was left out of it.
    pub fn into_earlier(self) -> Result<EarlierReport, Error> {
        let reading = self.read();
        if let Some(why) = reading.state.mailbox.own.ask_again {
            return Err(Error::AskAgain(why));
        }
        let left_out = reading.state.mailbox.left_out.keys().cloned().collect();
        drop(reading);
        Ok(EarlierReport { keys: self.keys, left_out })
    }

    /// Writes the sealed original of an answer, piece by piece. Whether it is the one
    /// that was listed, opening it tells.
    pub fn fetch_sealed(&self, position: usize, sealed: &mut impl Write) -> Result<(), FetchError> {
        let listed = self.listing.messages.get(position).ok_or(FetchError::NoSuchAnswer)?;
        let mut stream = self.office.client.mailbox_blob(&self.token, listed)?.stream();
        let copied = io::copy(&mut stream, sealed);
        match (copied, stream.failure()) {
            (Ok(_), _) => Ok(()),
            (Err(_), Some(failure)) => Err(failure.clone().into()),
            (Err(error), None) => Err(FetchError::Write(error)),
        }
    }

    /// Opens the files of an answer, of which the sealed original was fetched. Nothing that was written to
    /// `sink` may be shown or kept before this has returned.
    pub fn open_files<R: Read + Seek, W: Write>(
        &self,
        position: usize,
        message: &MessageReading<'_>,
        sealed: R,
        sink: impl FnMut(usize) -> io::Result<Option<W>>,
    ) -> Result<(), FetchError> {
        let (Some(listed), Some(text)) = (self.listing.messages.get(position), message.authentic()) else {
            return Err(FetchError::NoSuchAnswer);
        };
        match open_blob(sealed, BlobKey::Identity(&self.keys.identity))? {
            OpenedBlob::Message(mut blob) => Ok(blob.read_files(text, listed.sha256, sink)?),
            OpenedBlob::OneWay(_) => Err(FetchError::NoSuchAnswer),
        }
    }

    /// An answer that cannot be had or does not open costs itself alone.
    fn find_answer(&mut self, position: usize, listed: &ListedMessage) -> Result<Found, Error> {
        if listed.gone {
            return Ok(Found::Gone);
        }
        let failed = match self.find_text(listed) {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        if failed.is_passing() {
            self.office.client.answers()?;
        }
        self.failures.insert(position, failed.to_string());
        Ok(Found::Missing)
    }

    fn find_text(&self, listed: &ListedMessage) -> Result<Found, client::Error> {
        let blob = self.office.client.mailbox_blob(&self.token, listed)?;
        let key = BlobKey::Identity(&self.keys.identity);
        if blob.size_bytes() > WHOLE_BYTES_MAX {
            return found(open_text(blob.reader(), key));
        }
        let bytes = blob.read_whole()?;
        if sha256(&bytes) == listed.sha256 {
            found(open_text(Cursor::new(bytes), key))
        } else {
            Ok(Found::Unreadable)
        }
    }
}

/// Why the files of an answer could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(transparent)]
    Client(#[from] client::Error),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("writing failed: {0}")]
    Write(io::Error),
    #[error("there is no answer of the office at this place")]
    NoSuchAnswer,
}

fn found(opened: Result<Found, OpenError>) -> Result<Found, client::Error> {
    match opened {
        Ok(found) => Ok(found),
        Err(error) if error.is_unreadable() => Ok(Found::Unreadable),
        Err(error) => Err(client::Error::Unreachable(error.to_string())),
    }
}

fn open_text<R: Read + Seek>(source: R, key: BlobKey<'_>) -> Result<Found, OpenError> {
    match open_blob(source, key)? {
        OpenedBlob::OneWay(_) => Ok(Found::OneWay),
        OpenedBlob::Message(mut blob) => Ok(Found::Opened(Box::new(blob.text()?))),
    }
}
