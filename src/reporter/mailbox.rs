//! What a receipt code opens: the office's answers, and the way to write on.

use super::{Draft, Error, Office};
use crate::client::{Bearer, ListedMessage, MessageKind};
use crate::protocol::ids::{CaseId, Id};
use crate::protocol::message::{Content, Direction, Outcome, Sender, Status, Thread};
use crate::protocol::receipt::ReceiptCode;
use crate::seal::case::{OpenedMessage, open_next};
use crate::seal::derive::ReporterKeys;
use crate::verify::thread::ThreadReader;

/// What a receipt code opens.
pub struct Mailbox<'a> {
    office: &'a Office<'a>,
    keys: ReporterKeys,
    pub case: CaseId,
    pub status: Status,
    /// Of the last authentic reply that has one, while the case is closed.
    pub outcome: Option<Outcome>,
    pub replies: Vec<Reply>,
    /// What the server holds of the reporter herself; sealed to the office alone, so that nobody can make her
    /// open it.
    pub own: Vec<ListedMessage>,
    /// Whom the report left out, as the office's replies repeat it; nothing before the first authentic one,
    /// and then only the reporter knows.
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
        let (mut replies, mut own) = (Vec::new(), Vec::new());
        for message in listed.messages {
            match message.direction {
                Direction::ToOffice => {
                    thread.skip(message.sha256, true);
                    own.push(message);
                }
                Direction::ToReporter => {
                    let blob = self.client.mailbox_message(&token, &message)?;
                    let opened = open_next(&mut thread, &keys.identity, message.direction, &blob);
                    replies.push(Reply { listed: message, opened });
                }
            }
        }
        let state = thread.state().clone();
        Ok(Mailbox {
            office: self,
            case,
            status: state.status,
            outcome: state.outcome,
            left_out: state.left_out_of_replies,
            thread: thread.thread(),
            sent: thread.sequence(&Sender::Reporter),
            replies,
            own,
            keys,
        })
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
        let content = Content::FollowUp;
        let sealed =
            self.office.seal(&self.keys, MessageKind::FollowUp, content, self.sent, self.thread, &draft)?;
        self.office.send(&sealed, progress)
    }
}
