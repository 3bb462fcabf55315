//! The office as a reporter meets it: its profile verified, a report sealed to its inspectors and sent.

use super::{Attachment, Draft, Error};
use crate::client::{Client, MessageKind};
use crate::protocol::day::Day;
use crate::protocol::ids::OfficeId;
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
}

impl<'a> Office<'a> {
    /// Fetches and verifies the profile. `expected` is the office's id where the reporter has it from a
    /// poster or a link.
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

    #[expect(clippy::too_many_arguments, reason = "one place where a message is put together and sent")]
    pub(super) fn send(
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
