//! The inspector's side: signing in, reading cases, answering and exporting. Keys never leave the machine; nothing
//! the server sends is run or believed.

pub mod export;
pub mod memory;

use crate::client::{Bearer, Client, Kind, Listed, ListedCase};
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Id};
use crate::protocol::message::{Content, Direction, File, Message, Outcome, Sender, Status, Thread};
use crate::protocol::profile::Profile;
use crate::seal::case::{OpenedMessage, open_next};
use crate::seal::key_file::InspectorKeys;
use crate::seal::message::{SealError, recipients, seal};
use crate::verify::profile::{self, Expectation};
use crate::verify::signature::session_bytes;
use crate::verify::thread::{Authenticity, ThreadReader};

use memory::Memory;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Client(#[from] crate::client::Error),
    #[error(transparent)]
    Profile(#[from] profile::Error),
    #[error("the office profile does not list inspector {id} with these keys")]
    NotListed { id: Id },
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("the report of this case does not open with this identity, so there is nobody to answer")]
    NoReport,
    #[error("the server has no case {0}")]
    NoSuchCase(String),
    #[error("{0} begins the id of more than one case")]
    Ambiguous(String),
    #[error(transparent)]
    Memory(#[from] memory::Error),
}

/// An inspector at work: signed in, the profile verified against what was seen before.
pub struct Desk<'a> {
    client: &'a Client,
    session: Bearer,
    keys: &'a InspectorKeys,
    pub profile: Profile,
    pub memory: Memory,
    today: Day,
}

/// A line of the inbox.
#[derive(Debug)]
pub struct InboxEntry {
    pub case: CaseId,
    /// Day on which the server took the report.
    pub received: Day,
    pub status: Status,
    /// Messages from the reporter that this inspector has not opened yet.
    pub unread: usize,
    pub messages: usize,
    /// False when the report is not sealed to this inspector, or is no report at all.
    pub readable: bool,
    /// Came through the form without scripts: there is nobody to answer.
    pub one_way: bool,
    pub warnings: Vec<CaseWarning>,
}

/// A case read from end to end.
pub struct OpenedCase {
    pub case: CaseId,
    pub status: Status,
    pub outcome: Option<Outcome>,
    pub messages: Vec<CaseMessage>,
    pub warnings: Vec<CaseWarning>,
    pub thread: Thread,
}

pub struct CaseMessage {
    pub listed: Listed,
    /// The sealed original, as the server keeps it.
    pub blob: Vec<u8>,
    pub opened: OpenedMessage,
}

/// Something is wrong with a case as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseWarning {
    /// This desk has seen messages of the case that the server no longer shows, or others in their place.
    HistoryChanged,
}

/// What an inspector says.
pub struct Answer {
    pub text: String,
    pub language: String,
    pub status: Option<Status>,
    pub outcome: Option<Outcome>,
    pub files: Vec<(File, Vec<u8>)>,
}

impl<'a> Desk<'a> {
    /// Verifies the profile, checks that it lists these keys, and signs in.
    pub fn sign_in(
        client: &'a Client,
        keys: &'a InspectorKeys,
        mut memory: Memory,
        today: Day,
    ) -> Result<Self, Error> {
        let expectation = Expectation { office: memory.office, version: memory.profile_version, today };
        let profile = profile::verify(&client.profile()?, expectation)?;
        let listed = profile.inspector(&keys.id).is_some_and(|inspector| {
            inspector.signer == keys.signing.signer()
                && inspector.recipient == keys.identity.to_recipient().to_string()
        });
        if !listed {
            return Err(Error::NotListed { id: keys.id.clone() });
        }
        let session = client.open_session(&keys.id, |challenge| {
            keys.signing.sign(&session_bytes(&profile.office, &keys.id, challenge))
        })?;
        memory.office = Some(profile.office);
        memory.profile_version = profile.version;
        memory.save()?;
        Ok(Self { client, session, keys, profile, memory, today })
    }

    pub fn inbox(&self) -> Result<Vec<InboxEntry>, Error> {
        self.client.cases(&self.session)?.iter().map(|listed| self.inbox_entry(listed)).collect()
    }

    /// The one case whose id begins with `prefix`.
    pub fn find(&self, prefix: &str) -> Result<CaseId, Error> {
        if let Ok(case) = prefix.parse() {
            return Ok(case);
        }
        let cases = self.client.cases(&self.session)?;
        let mut found =
            cases.iter().map(|listed| listed.case).filter(|case| case.to_string().starts_with(prefix));
        match (found.next(), found.next()) {
            (Some(case), None) => Ok(case),
            (None, _) => Err(Error::NoSuchCase(prefix.to_owned())),
            (Some(_), Some(_)) => Err(Error::Ambiguous(prefix.to_owned())),
        }
    }

    /// Opens every message of a case. Remembers the thread; what was read is remembered by [`Desk::mark_read`].
    pub fn open(&mut self, case: CaseId) -> Result<OpenedCase, Error> {
        let listed = self.listed_case(case)?;
        let opened = self.read(&listed, |_| true)?;
        if opened.warnings.is_empty() {
            self.memory.remember_thread(case, opened.thread);
            self.memory.save()?;
        }
        Ok(opened)
    }

    /// Remembers that this inspector has seen these messages.
    pub fn mark_read(&mut self, case: &OpenedCase) -> Result<(), Error> {
        for message in &case.messages {
            self.memory.remember_read(message.listed.sha256);
        }
        Ok(self.memory.save()?)
    }

    /// Seals an answer to the reporter and to those inspectors who may read the case, and sends it.
    pub fn reply(&mut self, case: CaseId, answer: Answer, progress: impl FnMut(u64)) -> Result<(), Error> {
        let opened = self.open(case)?;
        let report =
            opened.messages.first().and_then(|message| message.opened.authentic()).ok_or(Error::NoReport)?;
        let Content::Report { reporter, .. } = &report.message.content else { return Err(Error::NoReport) };
        let recipient = reporter.recipient.parse().map_err(|_| Error::NoReport)?;
        let left_out = report.message.left_out.clone();
        let sender = Sender::Inspector(self.keys.id.clone());
        let sequence = opened.messages.iter().filter_map(|message| message.opened.authentic());
        let message = Message {
            office: self.profile.office,
            case,
            sequence: sequence.filter(|content| content.message.sender == sender).count() as u64,
            sender,
            thread: opened.thread,
            day: self.today,
            language: answer.language,
            text: answer.text,
            content: Content::Reply { status: answer.status, outcome: answer.outcome },
            files: answer.files.iter().map(|(file, _)| file.clone()).collect(),
            left_out,
        };
        let files: Vec<&[u8]> = answer.files.iter().map(|(_, bytes)| &bytes[..]).collect();
        let recipients = recipients(&self.profile, &message.left_out, Some(recipient))?;
        let blob = seal(&message, &files, &self.keys.signing, &recipients)?;
        self.client.upload(&self.session, Kind::Reply, case, &blob, progress)?;
        Ok(())
    }

    fn inbox_entry(&self, listed: &ListedCase) -> Result<InboxEntry, Error> {
        // The status needs the replies alone, and who they are from; a reporter's files can wait.
        let opened =
            self.read(listed, |message| message.direction == Direction::ToReporter || message.position == 0)?;
        let unread = listed.messages.iter().filter(|message| {
            message.direction == Direction::ToOffice && !self.memory.is_read(message.sha256)
        });
        let first = opened.messages.first();
        Ok(InboxEntry {
            case: listed.case,
            received: first.map_or(self.today, |message| message.listed.day),
            status: opened.status,
            unread: unread.count(),
            messages: listed.messages.len(),
            readable: first.is_some_and(|message| {
                matches!(message.opened.authenticity, Authenticity::Authentic | Authenticity::OneWay)
            }),
            one_way: first.is_some_and(|message| message.opened.authenticity == Authenticity::OneWay),
            warnings: opened.warnings,
        })
    }

    fn listed_case(&self, case: CaseId) -> Result<ListedCase, Error> {
        self.client.case(&self.session, case).map_err(|error| match error {
            crate::client::Error::Problem { word, .. } if word == "not-found" => {
                Error::NoSuchCase(case.to_string())
            }
            error => error.into(),
        })
    }

    /// Reads the thread, fetching and opening the messages that `wanted` names. The others are passed over: what
    /// they say is not in the answer, and the thread's digest takes the server's word for them.
    fn read(&self, listed: &ListedCase, wanted: impl Fn(&Listed) -> bool) -> Result<OpenedCase, Error> {
        let mut thread = ThreadReader::new(&self.profile, listed.case);
        let mut messages = Vec::new();
        let mut outcome = None;
        for message in &listed.messages {
            if !wanted(message) {
                thread.skip(message.sha256, message.direction == Direction::ToOffice);
                continue;
            }
            let blob = self.client.case_message(&self.session, listed.case, message)?;
            let opened = open_next(&mut thread, &self.keys.identity, message.direction, &blob);
            if let Some(Content::Reply { status: Some(_), outcome: decided }) =
                opened.authentic().map(|content| &content.message.content)
            {
                outcome = decided.clone();
            }
            messages.push(CaseMessage { listed: *message, blob, opened });
        }
        let seen = self.memory.thread(listed.case);
        let changed = seen.is_some_and(|seen| thread.digest_at(seen.length) != Some(seen.digest));
        let warnings = if changed { vec![CaseWarning::HistoryChanged] } else { Vec::new() };
        Ok(OpenedCase {
            case: listed.case,
            status: thread.status(),
            outcome,
            messages,
            warnings,
            thread: thread.thread(),
        })
    }
}
