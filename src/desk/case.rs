//! One case, read from its first message to its last. Each message is fetched, opened, handed on and let go
//! before the next: what a case holds in all is never in memory unless somebody keeps it.

use super::{Desk, Error};
use crate::client::{ListedCase, ListedMessage};
use crate::protocol::ids::CaseId;
use crate::protocol::message::{Direction, Sender, Thread};
use crate::seal::case::{OpenedMessage, open_next};
use crate::verify::case_state::CaseState;
use crate::verify::thread::ThreadReader;

/// A case read from end to end.
pub struct OpenedCase {
    pub case: CaseId,
    pub state: CaseState,
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

/// What is known of a case once its messages have been read and let go.
pub(super) struct ReadCase {
    pub(super) state: CaseState,
    pub(super) warnings: Vec<CaseWarning>,
    pub(super) thread: Thread,
    /// How many authentic messages this inspector has sent in it.
    pub(super) sent: u64,
}

impl Desk {
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

    /// Opens every message of a case. Remembers the thread; what was read is remembered by
    /// [`Desk::mark_read`].
    pub fn open(&mut self, case: CaseId) -> Result<OpenedCase, Error> {
        let mut messages = Vec::new();
        let ReadCase { state, thread, warnings, .. } =
            self.read_whole(case, |message| messages.push(message))?;
        Ok(OpenedCase { case, state, messages, warnings, thread })
    }

    /// Remembers that this inspector has seen these messages.
    pub fn mark_read(&mut self, case: &OpenedCase) -> Result<(), Error> {
        for message in &case.messages {
            self.memory.remember_read(message.listed.sha256);
        }
        Ok(self.memory.save()?)
    }

    /// Reads every message of a case, hands each on, and remembers the thread.
    pub(super) fn read_whole(
        &mut self,
        case: CaseId,
        each: impl FnMut(CaseMessage),
    ) -> Result<ReadCase, Error> {
        let listed = self.listed_case(case)?;
        let read = self.read(&listed, |_| true, each)?;
        if read.warnings.is_empty() {
            self.memory.remember_thread(case, read.thread);
            self.memory.save()?;
        }
        Ok(read)
    }

    /// Reads the thread, fetching and opening the messages that `wanted` names, one after another. The others
    /// are passed over: what they say is not in the answer, and the thread's digest takes the server's word
    /// for them.
    pub(super) fn read(
        &self,
        listed: &ListedCase,
        wanted: impl Fn(&ListedMessage) -> bool,
        mut each: impl FnMut(CaseMessage),
    ) -> Result<ReadCase, Error> {
        let mut thread = ThreadReader::new(&self.profile, listed.case);
        for message in &listed.messages {
            if !wanted(message) {
                thread.skip(message.sha256, message.direction == Direction::ToOffice);
                continue;
            }
            let blob = self.client.case_message(&self.session, listed.case, message)?;
            let opened = open_next(&mut thread, &self.keys.identity, message.direction, &blob);
            each(CaseMessage { listed: *message, blob, opened });
        }
        let seen = self.memory.thread(listed.case);
        let changed = seen.is_some_and(|seen| thread.digest_at(seen.length) != Some(seen.digest));
        Ok(ReadCase {
            state: thread.state().clone(),
            warnings: if changed { vec![CaseWarning::HistoryChanged] } else { Vec::new() },
            thread: thread.thread(),
            sent: thread.sequence(&Sender::Inspector(self.keys.id.clone())),
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
}
