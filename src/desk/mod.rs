//! The inspector's side: signing in, reading cases, answering and exporting. Keys never leave the machine; nothing
//! the server sends is run or believed.

pub mod export;
pub mod memory;

use crate::client::{Bearer, Client, ListedCase, ListedMessage, MessageKind};
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Id, OfficeId};
use crate::protocol::message::{Content, Direction, File, Message, Outcome, Sender, Status, Thread};
use crate::protocol::one_way;
use crate::protocol::profile::Profile;
use crate::seal::case::{OpenedMessage, open_next};
use crate::seal::key_file::InspectorKeys;
use crate::seal::message::{SealError, is_sealed_to, recipients, seal};
use crate::verify::profile::{self, Expectation};
use crate::verify::signature::session_bytes;
use crate::verify::thread::ThreadReader;

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
    /// The profile's last day is over: cases open, answers are refused.
    pub expired: bool,
    /// Nobody said which office this is, and the desk had not been here before: compare the office's id.
    pub first_visit: bool,
}

/// A line of the inbox.
#[derive(Debug)]
pub struct InboxEntry {
    pub case: CaseId,
    /// Day on which the server took the report; nothing when the server no longer shows the case.
    pub received: Option<Day>,
    pub status: Status,
    /// Messages from the reporter that this inspector has not opened yet.
    pub unread: usize,
    pub messages: usize,
    /// False when the report is not sealed to this inspector. Whether it is authentic, opening it tells.
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
    pub listed: ListedMessage,
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
    /// Verifies the profile, checks that it lists these keys, and signs in. `office` is the office's id where the
    /// inspector gives it; else the one this desk remembers; else whatever the server says, see [`Desk::first_visit`].
    pub fn sign_in(
        client: &'a Client,
        keys: &'a InspectorKeys,
        office: Option<OfficeId>,
        mut memory: Memory,
        today: Day,
    ) -> Result<Self, Error> {
        let note = client.profile()?;
        let first_visit = memory.office.is_none() && office.is_none();
        let expectation =
            Expectation { office: office.or(memory.office), version: memory.profile_version, today };
        // Cases stay readable when the office is late in signing anew; nothing is sealed by an expired profile.
        let (profile, expired) = match profile::verify(&note, expectation) {
            Err(profile::Error::Expired { expires }) => {
                (profile::verify(&note, Expectation { today: expires, ..expectation })?, true)
            }
            verified => (verified?, false),
        };
        if memory.office.is_some_and(|remembered| remembered != profile.office) {
            return Err(profile::Error::Foreign { found: profile.office }.into());
        }
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
        Ok(Self { client, session, keys, profile, memory, today, expired, first_visit })
    }

    /// Every case of the server, and those that this desk has seen and the server no longer shows.
    pub fn inbox(&self) -> Result<Vec<InboxEntry>, Error> {
        let listed = self.client.cases(&self.session)?;
        let mut entries =
            listed.iter().map(|listed| self.inbox_entry(listed)).collect::<Result<Vec<_>, _>>()?;
        let gone = self.memory.cases().filter(|case| listed.iter().all(|listed| listed.case != *case));
        entries.extend(gone.map(|case| InboxEntry {
            case,
            received: None,
            status: Status::Received,
            unread: 0,
            messages: 0,
            readable: false,
            one_way: false,
            warnings: vec![CaseWarning::HistoryChanged],
        }));
        Ok(entries)
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
        self.client.upload(&self.session, MessageKind::Reply, case, &blob, progress)?;
        Ok(())
    }

    fn inbox_entry(&self, listed: &ListedCase) -> Result<InboxEntry, Error> {
        // The status needs the replies alone. Of what strangers send only the first bytes are fetched: else one large
        // report would keep everybody waiting for the list.
        let opened = self.read(listed, |message| message.direction == Direction::ToReporter)?;
        let first = listed.messages.first();
        let (readable, one_way) = match first {
            Some(message) => self.look_at(listed.case, message)?,
            None => (false, false),
        };
        let unread = listed.messages.iter().filter(|message| {
            message.direction == Direction::ToOffice && !self.memory.is_read(message.sha256)
        });
        Ok(InboxEntry {
            case: listed.case,
            received: first.map(|message| message.day),
            status: opened.status,
            unread: unread.count(),
            messages: listed.messages.len(),
            readable,
            one_way,
            warnings: opened.warnings,
        })
    }

    /// Whether a report is sealed to this inspector, and whether it is a one-way report.
    fn look_at(&self, case: CaseId, message: &ListedMessage) -> Result<(bool, bool), Error> {
        let head = self.client.case_message_head(&self.session, case, message.position)?;
        let one_way = one_way::is_one_way(&head);
        let age_file = if one_way { one_way::head(&head) } else { &head };
        Ok((is_sealed_to(age_file, &self.keys.identity), one_way))
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
    fn read(
        &self,
        listed: &ListedCase,
        wanted: impl Fn(&ListedMessage) -> bool,
    ) -> Result<OpenedCase, Error> {
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
