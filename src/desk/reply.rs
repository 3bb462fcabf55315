//! Answering a case: sealed to the reporter and to the inspectors who may read it. Of the case itself nothing
//! is kept but whom to answer, whom to leave out, and the thread as it stands.

use super::{Desk, Error};
use crate::client::MessageKind;
use crate::protocol::ids::CaseId;
use crate::protocol::message::{Content, File, Message, Outcome, Sender, Status};
use crate::seal::message::{recipients, seal};
use crate::verify::profile;

/// What an inspector says.
pub struct ReplyDraft {
    pub text: String,
    pub language: String,
    pub status: Option<Status>,
    pub outcome: Option<Outcome>,
    pub files: Vec<(File, Vec<u8>)>,
}

impl Desk {
    /// Seals an answer to the reporter and to those inspectors who may read the case, and sends it.
    pub fn reply(&mut self, case: CaseId, draft: ReplyDraft, progress: impl FnMut(u64)) -> Result<(), Error> {
        if self.expired {
            return Err(profile::Error::Expired { expires: self.profile.expires }.into());
        }
        let read = self.read_whole(case, drop)?;
        let report = read.state.report.ok_or(Error::NoReport)?;
        let recipient = report.reporter.recipient.parse().map_err(|_| Error::NoReport)?;
        let message = Message {
            office: self.profile.office,
            case,
            sequence: read.sent,
            sender: Sender::Inspector(self.keys.id.clone()),
            thread: read.thread,
            day: self.today,
            language: draft.language,
            text: draft.text,
            content: Content::Reply { status: draft.status, outcome: draft.outcome },
            files: draft.files.iter().map(|(file, _)| file.clone()).collect(),
            left_out: report.left_out,
        };
        let files: Vec<&[u8]> = draft.files.iter().map(|(_, bytes)| &bytes[..]).collect();
        let recipients = recipients(&self.profile, &message.left_out, Some(recipient))?;
        let blob = seal(&message, &files, &self.keys.signing, &recipients)?;
        self.client.upload(&self.session, MessageKind::Reply, case, &blob, progress)?;
        Ok(())
    }
}
