//! The office as a reporter meets it: its profile verified, a report sealed to its inspectors and sent.

use super::{Attachment, Draft, Error};
use crate::client::{Bearer, Client, MessageKind};
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, OfficeId};
use crate::protocol::message::{Answer, Content, Door, Message, Reporter, Sender, Thread};
use crate::protocol::profile::Profile;
use crate::protocol::receipt::ReceiptCode;
use crate::seal::derive::ReporterKeys;
use crate::seal::message::{recipients, seal};
use crate::verify::profile::{self, Expectation};
use crate::verify::thread::initial_digest;

/// The office, its signed profile verified.
pub struct Office<'a> {
    pub(super) client: &'a Client,
    pub profile: Profile,
    today: Day,
    /// The profile's last day is over: answers are read, nothing is sealed.
    pub expired: bool,
}

/// A report, follow-up or reply, sealed and on its way to nobody yet.
pub struct SealedMessage {
    kind: MessageKind,
    case: CaseId,
    token: Bearer,
    blob: Vec<u8>,
}

impl<'a> Office<'a> {
    /// Fetches and verifies the profile. `expected` is the office's id where the reporter has it from a
    /// poster or a link.
    pub fn visit(client: &'a Client, expected: Option<OfficeId>, today: Day) -> Result<Self, Error> {
        let expectation = Expectation { office: expected, version: 0, today };
        let note = client.profile()?;
        // What was answered stays readable when the office is late in signing anew.
        let (profile, expired) = match profile::verify(&note, expectation) {
            Err(profile::Error::Expired { expires }) => {
                (profile::verify(&note, Expectation { today: expires, ..expectation })?, true)
            }
            verified => (verified?, false),
        };
        Ok(Self { client, profile, today, expired })
    }

    /// Whether anything may be sealed under this profile.
    pub fn check_in_force(&self) -> Result<(), Error> {
        match self.expired {
            true => Err(profile::Error::Expired { expires: self.profile.expires }.into()),
            false => Ok(()),
        }
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
        self.send(&self.seal_report(code, door, answers, draft)?, progress)
    }

    /// Seals a report and sends nothing: its code can reach its owner before anybody else hears of it.
    pub fn seal_report(
        &self,
        code: &ReceiptCode,
        door: Door,
        answers: Vec<Answer>,
        draft: &Draft,
    ) -> Result<SealedMessage, Error> {
        let keys = ReporterKeys::derive(code, self.profile.office);
        let reporter =
            Reporter { recipient: keys.identity.to_recipient().to_string(), signer: keys.signing.signer() };
        let thread = Thread { length: 0, digest: initial_digest(self.profile.office, keys.case()) };
        let content = Content::Report { door, answers, reporter };
        self.seal(&keys, MessageKind::Report, content, 0, thread, draft)
    }

    /// Sends what was sealed. When this returns, it is durable.
    pub fn send(&self, sealed: &SealedMessage, progress: impl FnMut(u64)) -> Result<(), Error> {
        Ok(self.client.upload(&sealed.token, sealed.kind, sealed.case, &sealed.blob, progress)?)
    }

    pub(super) fn seal(
        &self,
        keys: &ReporterKeys,
        kind: MessageKind,
        content: Content,
        sequence: u64,
        thread: Thread,
        draft: &Draft,
    ) -> Result<SealedMessage, Error> {
        self.check_in_force()?;
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
        Ok(SealedMessage { kind, case: message.case, token: keys.token.encode(), blob })
    }
}
