//! The list of cases: where each stands and what is new in it. No file is fetched for it, and one
//! bad case costs that case alone.

use super::case::{may_be_one_way, report_secret};
use super::error::Error;
use super::opened::{CaseWarning, FoundMessage, OpenedCase};
use super::workbench::Desk;
use crate::client::{self, CaseListing};
use crate::protocol::api::{CaseRequest, ListedReport};
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Id};
use crate::protocol::message::Status;
use crate::protocol::secret::CaseSecret;
use crate::seal::derive::write_token;
use crate::verify::case::Found;

/// Cases whose lists are asked for together, and whose reports are in memory until they come.
const CASES_AT_ONCE: usize = 100;

/// A line of the inbox.
#[derive(Debug, serde::Serialize)]
pub struct InboxEntry {
    pub case: CaseId,
    /// Day on which the server took the report; nothing when the server no longer shows the case.
    pub received: Option<Day>,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Id>,
    /// Messages from the reporter that this inspector has not opened yet.
    pub unread: usize,
    pub messages: usize,
    /// False when the report does not open with this identity. Whether it is authentic, opening it tells.
    pub readable: bool,
    /// Came through the form without scripts: there is nobody to answer.
    pub one_way: bool,
    /// An outcome waits for a second person.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub awaits_second: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<CaseWarning>,
    /// Why this case could not be asked for: what else stands here is not known then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A case whose report is open, before the rest of it is listed.
struct PendingEntry {
    report: ListedReport,
    first: FoundMessage,
    secret: Option<CaseSecret>,
}

impl Desk {
    /// Hands on every case of the server, one after another, and those that this desk has seen and the server
    /// no longer shows. Cases in which this inspector has declared an interest are passed over.
    pub fn inbox(&mut self, mut each: impl FnMut(InboxEntry)) -> Result<(), Error> {
        let cases = self.client.cases(&self.session)?;
        let mut invitations = None;
        let mut floor = 0;
        for batch in cases.chunks(CASES_AT_ONCE) {
            let mut pending = Vec::new();
            for report in batch {
                match self.pending(report, &mut invitations)? {
                    Ok(entry) => pending.push(entry),
                    Err(failure) => each(InboxEntry::failed(report, failure)),
                }
            }
            let listings = self.listings(&pending)?;
            for (entry, listing) in pending.into_iter().zip(listings) {
                let (entry, entry_floor) = self.entry(entry, listing)?;
                entry.into_iter().for_each(&mut each);
                floor = floor.max(entry_floor);
            }
        }
        let shown = |case: &CaseId| cases.binary_search_by_key(case, |listed| listed.case).is_ok();
        self.memory.cases().filter(|case| !shown(case)).map(InboxEntry::vanished).for_each(&mut each);
        // For the next command: what was listed above was read by the profile that the desk had.
        self.refresh_profile(floor)
    }

    /// Opens the report, and finds the secret that lets list the rest: in it, or in the journal.
    fn pending(
        &self,
        report: &ListedReport,
        invitations: &mut Option<Vec<(CaseId, CaseSecret)>>,
    ) -> Result<Result<PendingEntry, String>, Error> {
        let mut first = self.find_message(report.case, None, &report.report)?;
        if let Some(failure) = first.failure.take() {
            return Ok(Err(failure));
        }
        let mut secret = report_secret(&first.found);
        if secret.is_none() && matches!(first.found, Found::Unreadable | Found::Gone) {
            let known = match invitations {
                Some(known) => known,
                None => invitations.insert(self.all_invitations()?),
            };
            secret =
                known.iter().rev().find(|(case, _)| *case == report.case).map(|(_, secret)| secret.clone());
        }
        Ok(Ok(PendingEntry { report: report.clone(), first, secret }))
    }

    fn all_invitations(&self) -> Result<Vec<(CaseId, CaseSecret)>, Error> {
        let journal = self.open_journal()?;
        let invitations =
            journal.read(&self.profile).journal.invitations.into_iter().map(|noted| noted.value);
        let hers = invitations.filter(|invitation| invitation.person == self.keys.id);
        Ok(hers.map(|invitation| (invitation.case, invitation.secret)).collect())
    }

    /// What is listed of each; nothing of those that nobody may list without a secret.
    fn listings(
        &self,
        pending: &[PendingEntry],
    ) -> Result<Vec<Result<Option<CaseListing>, client::Error>>, Error> {
        let may_list = |entry: &&PendingEntry| entry.secret.is_some() || may_be_one_way(&entry.first.found);
        let requests = pending.iter().filter(may_list).map(|entry| CaseRequest {
            case: entry.report.case,
            write: entry.secret.as_ref().map(write_token),
            mailbox: 0,
            office: 0,
        });
        let mut found = std::collections::HashMap::new();
        self.client.read_cases(&self.session, requests.collect(), |case, listing| {
            found.insert(case, listing);
        })?;
        let listing = |entry: &PendingEntry| match found.remove(&entry.report.case) {
            Some(Ok(listing)) if !listing.mailbox.is_empty() => Ok(Some(listing)),
            Some(Err(error)) => Err(error),
            _ => Ok(None),
        };
        Ok(pending.iter().map(listing).collect())
    }

    /// The line, or none for a case that is hidden from this inspector; and the
    /// profile that the case asks for.
    fn entry(
        &self,
        entry: PendingEntry,
        listing: Result<Option<CaseListing>, client::Error>,
    ) -> Result<(Option<InboxEntry>, u64), Error> {
        let PendingEntry { report, first, secret } = entry;
        let listing = match listing {
            Ok(listing) => listing,
            Err(error) => return Ok((Some(InboxEntry::failed(&report, error.to_string())), 0)),
        };
        let mut opened = self.open_found(&report, first, secret, listing)?;
        if !opened.is_not_shown()
            && self.memory.case(report.case).is_some_and(|seen| !opened.holds(self.profile.office, &seen))
        {
            opened.warnings.push(CaseWarning::HistoryChanged);
        }
        let reading = opened.read(&self.profile);
        if reading.state.office.recused.contains(&self.keys.id) {
            return Ok((None, 0));
        }
        let unread = opened
            .listing
            .mailbox
            .iter()
            .filter(|message| message.kind.is_from_reporter() && !self.memory.is_read(message.sha256));
        let mailbox = &reading.state.mailbox;
        let line = InboxEntry {
            case: report.case,
            received: Some(report.report.day),
            status: mailbox.status(),
            owner: reading.state.office.owner.last().and_then(|owner| owner.value.clone()),
            unread: unread.count(),
            messages: opened.listing.mailbox.len(),
            readable: is_readable(&opened),
            one_way: opened.is_one_way(),
            awaits_second: !mailbox.waiting.is_empty(),
            warnings: opened.warnings.clone(),
            failure: None,
        };
        Ok((Some(line), reading.state.profile_floor))
    }
}

impl InboxEntry {
    fn vanished(case: CaseId) -> Self {
        Self {
            case,
            received: None,
            status: Status::Received,
            owner: None,
            unread: 0,
            messages: 0,
            readable: false,
            one_way: false,
            awaits_second: false,
            warnings: vec![CaseWarning::HistoryChanged],
            failure: None,
        }
    }

    fn failed(report: &ListedReport, failure: String) -> Self {
        Self {
            received: Some(report.report.day),
            warnings: Vec::new(),
            failure: Some(failure),
            ..Self::vanished(report.case)
        }
    }
}

fn is_readable(opened: &OpenedCase) -> bool {
    opened.mailbox.first().is_some_and(|entry| matches!(entry.found, Found::Opened(_) | Found::OneWay))
}
