//! A reporter without a browser: the same protocol as the page, for the command line, tests and load.

use crate::client::{Bearer, Client, ListedMessage, MessageKind};
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Id, OfficeId};
use crate::protocol::message::{
    Answer, Content, Direction, Door, File, Message, Outcome, Reporter, Sender, Status, Thread,
};
use crate::protocol::profile::Profile;
use crate::protocol::receipt::ReceiptCode;
use crate::seal::case::{OpenedMessage, open_next};
use crate::seal::derive::ReporterKeys;
use crate::seal::message::{SealError, recipients, seal};
use crate::verify::profile::{self, Expectation};
use crate::verify::thread::{ThreadReader, initial_digest};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Client(#[from] crate::client::Error),
    #[error(transparent)]
    Profile(#[from] profile::Error),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("the office takes files of {max_bytes} bytes in all at most")]
    FilesTooLarge { max_bytes: u64 },
    #[error("this code opens no mailbox here")]
    UnknownCode,
    #[error("the server's mailbox is another case's")]
    OtherCase,
}

/// What a reporter says.
pub struct Draft {
    pub text: String,
    pub language: String,
    pub left_out: Vec<Id>,
    pub files: Vec<Attachment>,
}

pub struct Attachment {
    pub name: String,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// The office, its signed profile verified.
pub struct Office<'a> {
    client: &'a Client,
    pub profile: Profile,
    today: Day,
}

/// What a receipt code opens.
pub struct Mailbox<'a> {
    office: &'a Office<'a>,
    keys: ReporterKeys,
    pub case: CaseId,
    pub status: Status,
    /// Of the last authentic reply that has one, while the case is closed.
    pub outcome: Option<Outcome>,
    pub replies: Vec<Reply>,
    /// Whom the report left out, as the office's replies repeat it; nothing before the first authentic one, and then
    /// only the reporter knows.
    pub left_out: Option<Vec<Id>>,
    thread: Thread,
    sent: u64,
}

/// A message from the office, or what claims to be one: see its authenticity.
pub struct Reply {
    pub listed: ListedMessage,
    pub opened: OpenedMessage,
}

impl<'a> Office<'a> {
    /// Fetches and verifies the profile. `expected` is the office's id where the reporter has it from a poster or a link.
    pub fn visit(client: &'a Client, expected: Option<OfficeId>, today: Day) -> Result<Self, Error> {
        let expectation = Expectation { office: expected, version: 0, today };
        let profile = profile::verify(&client.profile()?, expectation)?;
        Ok(Self { client, profile, today })
    }

    /// Seals and sends a report. When this returns, it is durable and the code opens its mailbox.
    pub fn report(
        &self,
        code: &ReceiptCode,
        door: Door,
        answers: Vec<Answer>,
        draft: &Draft,
        progress: impl FnMut(u64),
    ) -> Result<(), Error> {
        let keys = ReporterKeys::derive(code, self.profile.office);
        let reporter =
            Reporter { recipient: keys.identity.to_recipient().to_string(), signer: keys.signing.signer() };
        let thread = Thread { length: 0, digest: initial_digest(self.profile.office, keys.case()) };
        let content = Content::Report { door, answers, reporter };
        self.send(&keys, MessageKind::Report, content, 0, thread, draft, progress)
    }

    /// Opens the mailbox that this code names.
    pub fn open_mailbox(&'a self, code: &ReceiptCode) -> Result<Mailbox<'a>, Error> {
        let keys = ReporterKeys::derive(code, self.profile.office);
        let token: Bearer = keys.token.encode();
        let listed = self.client.mailbox(&token)?;
        let case = keys.case();
        match listed.case {
            None => return Err(Error::UnknownCode),
            Some(found) if found != case => return Err(Error::OtherCase),
            Some(_) => {}
        }
        let mut thread = ThreadReader::for_reporter(&self.profile, keys.signing.signer());
        let mut replies = Vec::new();
        for message in listed.messages {
            match message.direction {
                // Sealed to the office alone: not even its writer can be forced to open it.
                Direction::ToOffice => thread.skip(message.sha256, true),
                Direction::ToReporter => {
                    let blob = self.client.mailbox_message(&token, &message)?;
                    let opened = open_next(&mut thread, &keys.identity, message.direction, &blob);
                    replies.push(Reply { listed: message, opened });
                }
            }
        }
        let said = || replies.iter().rev().filter_map(|reply| reply.opened.authentic());
        // Of all of them, so that one inspector cannot bring a colleague back whom another's reply leaves out.
        let mut left_out: Option<Vec<Id>> = None;
        for content in said() {
            let known = left_out.get_or_insert_default();
            for inspector in &content.message.left_out {
                if !known.contains(inspector) {
                    known.push(inspector.clone());
                }
            }
        }
        let outcome = said().find_map(|content| match &content.message.content {
            Content::Reply { status: Some(_), outcome } => Some(outcome.clone()),
            _ => None,
        });
        Ok(Mailbox {
            office: self,
            case,
            status: thread.status(),
            outcome: outcome.flatten(),
            left_out,
            thread: thread.thread(),
            sent: thread.sequence(&Sender::Reporter),
            replies,
            keys,
        })
    }

    #[expect(clippy::too_many_arguments, reason = "one place where a message is put together and sent")]
    fn send(
        &self,
        keys: &ReporterKeys,
        kind: MessageKind,
        content: Content,
        sequence: u64,
        thread: Thread,
        draft: &Draft,
        progress: impl FnMut(u64),
    ) -> Result<(), Error> {
        let max_bytes = self.profile.limits.files_bytes;
        if draft.files.iter().map(|file| file.bytes.len() as u64).sum::<u64>() > max_bytes {
            return Err(Error::FilesTooLarge { max_bytes });
        }
        let message = Message {
            office: self.profile.office,
            case: keys.case(),
            sender: Sender::Reporter,
            sequence,
            thread,
            day: self.today,
            language: draft.language.clone(),
            text: draft.text.clone(),
            left_out: draft.left_out.clone(),
            content,
            files: draft.files.iter().map(Attachment::describe).collect(),
        };
        let files: Vec<&[u8]> = draft.files.iter().map(|file| &file.bytes[..]).collect();
        let recipients = recipients(&self.profile, &draft.left_out, None)?;
        let blob = seal(&message, &files, &keys.signing, &recipients)?;
        self.client.upload(&keys.token.encode(), kind, message.case, &blob, progress)?;
        Ok(())
    }
}

impl Mailbox<'_> {
    /// Writes on. Whom the office's replies leave out stays left out, besides those of the draft.
    pub fn follow_up(&self, mut draft: Draft, progress: impl FnMut(u64)) -> Result<(), Error> {
        for inspector in self.left_out.iter().flatten() {
            if !draft.left_out.contains(inspector) {
                draft.left_out.push(inspector.clone());
            }
        }
        self.office.send(
            &self.keys,
            MessageKind::FollowUp,
            Content::FollowUp,
            self.sent,
            self.thread,
            &draft,
            progress,
        )
    }
}

impl Attachment {
    /// As message.json lists it.
    pub fn describe(&self) -> File {
        File {
            name: self.name.clone(),
            media_type: self.media_type.clone(),
            size_bytes: self.bytes.len() as u64,
        }
    }
}
