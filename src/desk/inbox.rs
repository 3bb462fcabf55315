//! The list of cases: where each stands and what is new in it, without fetching what strangers sent.

use super::{CaseWarning, Desk, Error};
use crate::client::{ListedCase, ListedMessage};
use crate::protocol::day::Day;
use crate::protocol::ids::CaseId;
use crate::protocol::message::{Direction, Status};
use crate::protocol::one_way;
use crate::seal::message::is_sealed_to;

/// A line of the inbox.
#[derive(Debug, serde::Serialize)]
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<CaseWarning>,
}

impl Desk {
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

    fn inbox_entry(&self, listed: &ListedCase) -> Result<InboxEntry, Error> {
        // The status needs the replies alone. Of what strangers send only the first bytes are fetched: else
        // one large report would keep everybody waiting for the list.
        let read = self.read(listed, |message| message.direction == Direction::ToReporter, |_| ())?;
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
            status: read.state.status,
            unread: unread.count(),
            messages: listed.messages.len(),
            readable,
            one_way,
            warnings: read.warnings,
        })
    }

    /// Whether a report is sealed to this inspector, and whether it is a one-way report.
    fn look_at(&self, case: CaseId, message: &ListedMessage) -> Result<(bool, bool), Error> {
        let head = self.client.case_message_head(&self.session, case, message.position)?;
        let one_way = one_way::is_one_way(&head);
        let age_file = if one_way { one_way::head(&head) } else { &head };
        Ok((is_sealed_to(age_file, &self.keys.identity), one_way))
    }
}
