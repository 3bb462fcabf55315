//! Opening a case: each message's text is fetched and opened, its files are not (PROTOCOL 2.7,
//! "the text before the files"). What a case holds in files is never in memory. A message that
//! cannot be had costs that message alone.

use std::collections::HashSet;
use std::io::Cursor;

use super::error::Error;
use super::opened::{CaseWarning, FoundMessage, OpenedCase};
use super::workbench::Desk;
use crate::client::{self, CaseListing, RemoteBlob};
use crate::protocol::api::{CaseRequest, ListedMessage, ListedReport};
use crate::protocol::ids::CaseId;
use crate::protocol::message::Content;
use crate::protocol::record::HandedMessage;
use crate::protocol::secret::{CaseSecret, WriteToken};
use crate::seal::blob_key::BlobKey;
use crate::seal::derive::write_token;
use crate::seal::opening::{OpenError, OpenedBlob, open_blob};
use crate::verify::case::Found;
use crate::verify::digest::{journal_id, sha256};

/// A blob up to this size is fetched whole: two requests for its parts would bring as much.
const WHOLE_BYTES_MAX: u64 = 128 * 1024;

impl Desk {
    /// The one case whose id begins with `prefix`.
    pub fn find(&self, prefix: &str) -> Result<ListedReport, Error> {
        let prefix = prefix.to_ascii_lowercase();
        let none = || Error::NoSuchCase(prefix.clone());
        if let Ok(case) = prefix.parse() {
            return self.client.case_report(&self.session, case)?.ok_or_else(none);
        }
        let cases = self.client.cases(&self.session)?;
        let mut found = cases.into_iter().filter(|listed| listed.case.to_string().starts_with(&prefix));
        match (found.next(), found.next()) {
            (Some(listed), None) => Ok(listed),
            (None, _) => Err(none()),
            (Some(_), Some(_)) => Err(Error::Ambiguous(prefix)),
        }
    }

    /// Opens every message of a case. Remembers how far it has come; what was read is remembered by
    /// [`Desk::mark_read`].
    pub fn open(&mut self, report: &ListedReport) -> Result<OpenedCase, Error> {
        let mut opened = self.open_listed(report)?;
        let reading = opened.read(&self.profile);
        let (floor, is_recused) =
            (reading.state.profile_floor, reading.state.office.recused.contains(&self.keys.id));
        drop(reading);
        if is_recused {
            return Err(Error::Recused(self.keys.id.clone()));
        }
        self.refresh_profile(floor)?;
        self.compare_with_memory(&mut opened)?;
        Ok(opened)
    }

    /// The office's own thread without a case.
    pub fn open_journal(&self) -> Result<OpenedCase, Error> {
        let journal = journal_id(self.profile.office);
        let mut opened = OpenedCase::new(journal, None);
        let listing = self.list(journal, None)?;
        self.append(&mut opened, listing)?;
        self.open_with_handed_keys(&mut opened)?;
        Ok(opened)
    }

    /// Remembers that this inspector has seen these messages.
    pub fn mark_read(&mut self, case: &OpenedCase) -> Result<(), Error> {
        for message in case.listing.mailbox.iter().chain(&case.listing.office) {
            self.memory.remember_read(message.sha256);
        }
        Ok(self.memory.save()?)
    }

    pub(super) fn open_listed(&self, report: &ListedReport) -> Result<OpenedCase, Error> {
        let first = self.find_message(report.case, None, &report.report)?;
        let secret = report_secret(&first.found);
        let invited = match &first.found {
            Found::OneWay => Vec::new(),
            _ if secret.is_none() => self.invitations(report.case)?,
            _ => Vec::new(),
        };
        let mut listing = None;
        let mut known = None;
        for secret in secret.into_iter().chain(invited) {
            let found = self.list(report.case, Some(&write_token(&secret)))?;
            if !found.mailbox.is_empty() {
                (listing, known) = (Some(found), Some(secret));
                break;
            }
        }
        // A one-way case is listed without a secret, also for somebody to whom it was not sealed.
        if listing.is_none() && may_be_one_way(&first.found) {
            listing = Some(self.list(report.case, None)?);
        }
        self.open_found(report, first, known, listing.filter(|listing| !listing.mailbox.is_empty()))
    }

    /// The rest of a case whose report was opened, by what is listed of it; nothing
    /// where the server shows nothing.
    pub(super) fn open_found(
        &self,
        report: &ListedReport,
        first: FoundMessage,
        secret: Option<CaseSecret>,
        listing: Option<CaseListing>,
    ) -> Result<OpenedCase, Error> {
        let mut opened = OpenedCase::new(report.case, secret);
        let Some(mut listing) = listing else {
            let is_gone = matches!(first.found, Found::Gone);
            opened.push(report.report.clone(), first);
            opened.warnings.push(if is_gone { CaseWarning::ReportGone } else { CaseWarning::NotShown });
            return Ok(opened);
        };
        // Asked for twice, listed the same: else the server has changed its mind, and what it says now
        // counts.
        if listing.mailbox.first().is_some_and(|listed| listed.sha256 == report.report.sha256) {
            opened.push(listing.mailbox.remove(0), first);
        }
        self.append(&mut opened, listing)?;
        self.open_with_handed_keys(&mut opened)?;
        Ok(opened)
    }

    /// Takes in what was listed behind what the case holds already.
    pub(super) fn append(&self, opened: &mut OpenedCase, listing: CaseListing) -> Result<(), Error> {
        let write = opened.write();
        for listed in listing.mailbox.into_iter().chain(listing.office) {
            let found = self.find_message(opened.case, write.as_ref(), &listed)?;
            opened.push(listed, found);
        }
        opened.listing.orders.extend(listing.orders);
        Ok(())
    }

    /// Takes in what has been written meanwhile.
    pub(super) fn catch_up(&self, opened: &mut OpenedCase) -> Result<(), Error> {
        let request = CaseRequest {
            case: opened.case,
            write: opened.write(),
            mailbox: opened.listing.mailbox.len() as u64,
            office: opened.listing.office.len() as u64,
        };
        let listing = self.client.read_case(&self.session, request)?;
        self.append(opened, listing)?;
        self.open_with_handed_keys(opened)
    }

    /// A handover gives keys, and what they open may give more.
    fn open_with_handed_keys(&self, opened: &mut OpenedCase) -> Result<(), Error> {
        let mut tried = HashSet::new();
        loop {
            let handed: Vec<HandedMessage> = opened.read(&self.profile).handed_messages().cloned().collect();
            let mut has_opened_one = false;
            for HandedMessage { thread, position, sha256, key } in handed {
                let Ok(at) = usize::try_from(position) else { continue };
                let place = (thread, at);
                if !opened.is_unopened(place) || !tried.insert((place, *key.as_bytes())) {
                    continue;
                }
                let Some(listed) = opened.listed(thread).get(at).filter(|listed| listed.sha256 == sha256)
                else {
                    continue;
                };
                let found =
                    self.find_with_key(opened.case, opened.write().as_ref(), listed, BlobKey::Handed(&key))?;
                if !matches!(found.found, Found::Unreadable) {
                    has_opened_one = true;
                    opened.replace(place, found);
                }
            }
            if !has_opened_one {
                return Ok(());
            }
        }
    }

    /// What stands at a place of a case, opened with this inspector's identity.
    pub(super) fn find_message(
        &self,
        case: CaseId,
        write: Option<&WriteToken>,
        listed: &ListedMessage,
    ) -> Result<FoundMessage, Error> {
        self.find_with_key(case, write, listed, BlobKey::Identity(&self.keys.identity))
    }

    fn find_with_key(
        &self,
        case: CaseId,
        write: Option<&WriteToken>,
        listed: &ListedMessage,
        key: BlobKey<'_>,
    ) -> Result<FoundMessage, Error> {
        if listed.gone {
            return Ok(FoundMessage::without_text(Found::Gone));
        }
        let thread = listed.kind.thread();
        let blob = self.client.case_blob(&self.session, case, thread, write, listed);
        let failed = match blob.and_then(|blob| find_text(&blob, listed, key)) {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        // One blob that the server cannot give is one message; a server that answers
        // nothing any more is all of them.
        if failed.is_passing() {
            self.client.answers()?;
        }
        Ok(FoundMessage { failure: Some(failed.to_string()), ..FoundMessage::without_text(Found::Missing) })
    }

    pub(super) fn list(&self, case: CaseId, write: Option<&WriteToken>) -> Result<CaseListing, Error> {
        let request = CaseRequest { case, write: write.cloned(), mailbox: 0, office: 0 };
        Ok(self.client.read_case(&self.session, request)?)
    }

    /// The secrets of this case that the journal holds for this inspector.
    pub(super) fn invitations(&self, case: CaseId) -> Result<Vec<CaseSecret>, Error> {
        let journal = self.open_journal()?;
        let invitations = journal.read(&self.profile).journal.invitations;
        let hers = invitations
            .into_iter()
            .map(|noted| noted.value)
            .filter(|invitation| invitation.case == case && invitation.person == self.keys.id);
        Ok(hers.map(|invitation| invitation.secret).collect())
    }

    fn compare_with_memory(&mut self, opened: &mut OpenedCase) -> Result<(), Error> {
        let office = self.profile.office;
        if opened.is_not_shown() {
            return Ok(());
        }
        if self.memory.case(opened.case).is_some_and(|seen| !opened.holds(office, &seen)) {
            opened.warnings.push(CaseWarning::HistoryChanged);
            return Ok(());
        }
        self.memory.remember_case(opened.case, opened.threads(office));
        Ok(self.memory.save()?)
    }
}

/// Whether this may be a one-way report: one that does not open does not say.
pub(super) fn may_be_one_way(found: &Found) -> bool {
    matches!(found, Found::OneWay | Found::Unreadable)
}

/// The secret in a report. Whether the report is authentic does not matter: with a
/// wrong one the server shows nothing.
pub(super) fn report_secret(found: &Found) -> Option<CaseSecret> {
    match found {
        Found::Opened(text) => match &text.message.content {
            Content::Report { reporter, .. } => Some(reporter.secret.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// An error is one of the line or the server; what the blob holds gives a finding, whatever it is.
fn find_text(
    blob: &RemoteBlob<'_>,
    listed: &ListedMessage,
    key: BlobKey<'_>,
) -> Result<FoundMessage, client::Error> {
    if blob.size_bytes() <= WHOLE_BYTES_MAX {
        let bytes = blob.read_whole()?;
        if sha256(&bytes) != listed.sha256 {
            return Ok(FoundMessage::without_text(Found::Unreadable));
        }
        return found(open_text(Cursor::new(bytes), key));
    }
    found(open_text(blob.reader(), key))
}

fn found(opened: Result<FoundMessage, OpenError>) -> Result<FoundMessage, client::Error> {
    match opened {
        Ok(found) => Ok(found),
        Err(error) if error.is_unreadable() => Ok(FoundMessage::without_text(Found::Unreadable)),
        Err(error) => Err(client::Error::Unreachable(error.to_string())),
    }
}

fn open_text<R: std::io::Read + std::io::Seek>(
    source: R,
    key: BlobKey<'_>,
) -> Result<FoundMessage, OpenError> {
    Ok(match open_blob(source, key)? {
        OpenedBlob::OneWay(file) => FoundMessage {
            found: Found::OneWay,
            file_key: Some(file.file_key().clone()),
            one_way: Some(file),
            failure: None,
        },
        OpenedBlob::Message(mut blob) => FoundMessage {
            found: Found::Opened(Box::new(blob.text()?)),
            file_key: Some(blob.file_key().clone()),
            one_way: None,
            failure: None,
        },
    })
}
