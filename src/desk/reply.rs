//! Answering a case: sealed to the reporter and to those who read the case. A reply that needs a second
//! person is drafted first, signed by her on her own machine, and then sent as it was drafted.

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::opened::OpenedCase;
use super::workbench::Desk;
use crate::client::OutgoingMessage;
use crate::protocol::ids::Id;
use crate::protocol::message::{Content, File, Message, MessageKind, Outcome, Sender, Status, Threads};
use crate::protocol::person::{KeyId, PersonSignature};
use crate::protocol::profile::Profile;
use crate::protocol::upload::UploadMetadata;
use crate::seal::hybrid::Recipient;
use crate::seal::key_file::InspectorKeys;
use crate::seal::message::{SealError, recipients, seal, second_signature};

/// What an inspector says.
pub struct ReplyDraft {
    pub text: String,
    pub language: String,
    pub status: Option<Status>,
    pub outcome: Option<Outcome>,
    pub files: Vec<(File, Vec<u8>)>,
}

/// A reply that is not sent yet, for a second person to sign: all of it but its files.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftedReply {
    /// message.json, without seconds.
    message: String,
}

impl Desk {
    /// Seals an answer to the reporter and to the readers of the case, and sends it.
    pub fn reply(
        &self,
        opened: &OpenedCase,
        draft: &ReplyDraft,
        progress: impl FnMut(u64),
    ) -> Result<(), Error> {
        let message = self.reply_message(opened, draft)?;
        let files: Vec<&[u8]> = draft.files.iter().map(|(_, bytes)| &bytes[..]).collect();
        self.send_reply(opened, &message, &files, progress)
    }

    /// The same, to be signed by a second person before it is sent.
    pub fn draft_reply(&self, opened: &OpenedCase, draft: &ReplyDraft) -> Result<DraftedReply, Error> {
        DraftedReply::new(&self.reply_message(opened, draft)?)
    }

    /// Sends what was drafted, with the signatures of further persons. `files` are those of the draft.
    pub fn reply_drafted(
        &self,
        opened: &OpenedCase,
        drafted: &DraftedReply,
        signatures: Vec<PersonSignature>,
        files: &[&[u8]],
        progress: impl FnMut(u64),
    ) -> Result<(), Error> {
        let mut message = drafted.message()?;
        let is_own = message.sender == Sender::Inspector(self.key_id());
        let Content::Reply { seconds, .. } = &mut message.content else { return Err(Error::OtherDraft) };
        *seconds = signatures;
        if message.case != opened.case || message.office != self.profile.office || !is_own {
            return Err(Error::OtherDraft);
        }
        let (readers, _) = self.reply_recipients(opened)?;
        let threads = opened.read(&self.profile).threads;
        if message.threads.mailbox != threads.mailbox
            || message.readers != readers
            || message.profile != self.profile.stamp()
        {
            return Err(Error::DraftOutOfDate);
        }
        self.send_reply(opened, &message, files, progress)
    }

    fn reply_message(&self, opened: &OpenedCase, draft: &ReplyDraft) -> Result<Message, Error> {
        check_file_sizes(&self.profile, &draft.files)?;
        let (readers, _) = self.reply_recipients(opened)?;
        Ok(Message {
            office: self.profile.office,
            case: opened.case,
            sender: Sender::Inspector(self.key_id()),
            threads: Threads { mailbox: opened.read(&self.profile).threads.mailbox, office: None },
            day: self.today,
            language: draft.language.clone(),
            profile: self.profile.stamp(),
            readers,
            text: draft.text.clone(),
            content: Content::Reply {
                status: draft.status,
                outcome: draft.outcome.clone(),
                seconds: Vec::new(),
            },
            files: draft.files.iter().map(|(file, _)| file.clone()).collect(),
            extensions: Default::default(),
        })
    }

    /// For whom an answer is: the readers of the case who are still listed, and the reporter.
    fn reply_recipients(&self, opened: &OpenedCase) -> Result<(Vec<Id>, Recipient), Error> {
        if opened.is_one_way() {
            return Err(Error::OneWay);
        }
        let reading = opened.read(&self.profile);
        self.check_sealing(Some(&reading))?;
        let reporter = reading.state.mailbox.report.as_ref().and_then(|report| report.reporter.as_ref());
        let recipient = reporter.ok_or(Error::NoReport)?.recipient.parse().map_err(|_| Error::NoReport)?;
        let readers = reading.state.listed_readers(&self.profile);
        if !readers.contains(&self.keys.id) {
            return Err(Error::NotAReader(self.keys.id.clone()));
        }
        Ok((readers, recipient))
    }

    fn send_reply(
        &self,
        opened: &OpenedCase,
        message: &Message,
        files: &[&[u8]],
        progress: impl FnMut(u64),
    ) -> Result<(), Error> {
        let (_, recipient) = self.reply_recipients(opened)?;
        let recipients = recipients(&self.profile, &message.readers, Some(recipient))?;
        let blob = seal(message, files, &self.keys.signing, &recipients)?;
        self.send(MessageKind::Reply, opened, &blob, progress)
    }

    pub(super) fn send(
        &self,
        kind: MessageKind,
        opened: &OpenedCase,
        blob: &[u8],
        progress: impl FnMut(u64),
    ) -> Result<(), Error> {
        let write = opened.write();
        let metadata = UploadMetadata { kind, case: opened.case, write_hash: None };
        let outgoing = OutgoingMessage { metadata, memo: None, write: write.as_ref(), blob };
        Ok(self.client.upload(&self.session, &outgoing, progress)?)
    }
}

/// Refuses more than the office takes, in words, before anything is sealed.
pub(super) fn check_file_sizes(profile: &Profile, files: &[(File, Vec<u8>)]) -> Result<(), Error> {
    let max_bytes = profile.limits.files_bytes;
    let bytes: u64 = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    if bytes > max_bytes { Err(Error::FilesTooLarge { max_bytes }) } else { Ok(()) }
}

impl DraftedReply {
    fn new(message: &Message) -> Result<Self, Error> {
        let json = message.encode().map_err(SealError::from)?;
        Ok(Self { message: String::from_utf8(json).expect("message.json is UTF-8") })
    }

    /// What is to be signed; nobody has signed anything of it yet.
    pub fn message(&self) -> Result<Message, Error> {
        let message = Message::decode(self.message.as_bytes()).map_err(SealError::from)?;
        match &message.content {
            Content::Reply { seconds, .. } if seconds.is_empty() => Ok(message),
            _ => Err(Error::OtherDraft),
        }
    }

    /// A second person's signature under the draft and its files. She reads both before.
    pub fn sign(&self, keys: &InspectorKeys, files: &[&[u8]]) -> Result<PersonSignature, Error> {
        let message = self.message()?;
        let sizes = files.iter().map(|bytes| bytes.len() as u64);
        if !sizes.eq(message.files.iter().map(|file| file.size_bytes)) {
            return Err(Error::OtherDraft);
        }
        let key = KeyId { person: keys.id.clone(), epoch: keys.epoch };
        Ok(second_signature(&message, files, &key, &keys.signing)?)
    }
}
