//! A case as a desk has opened it: every text, and no file. What it amounts to is asked of it with a profile.

use std::collections::HashMap;

use crate::client::CaseListing;
use crate::protocol::api::ListedMessage;
use crate::protocol::ids::{CaseId, Digest, OfficeId};
use crate::protocol::message::{ThreadPoint, Threads};
use crate::protocol::record::ThreadName;
use crate::protocol::secret::{CaseSecret, HandedKey, WriteToken};
use crate::seal::derive::write_token;
use crate::seal::opening::OneWayFile;
use crate::verify::case::{CaseContext, CaseReading, Found, Perspective, ThreadEntry, read_case};
use crate::verify::digest::{initial_thread_digest, next_thread_digest};
use crate::verify::profile::VerifiedProfile;

/// Where a message stands in a case.
pub type MessagePlace = (ThreadName, usize);

/// Something is wrong with a case as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseWarning {
    /// This desk has seen messages of the case that the server no longer shows, or others in their place.
    HistoryChanged,
    /// The report does not open, and nobody has invited this inspector: the server shows its entry alone.
    NotShown,
    /// The server says that the report is gone, and what lets this desk list the rest went with it.
    ReportGone,
}

/// No `Debug`: it holds the case's secret and what was opened.
pub struct OpenedCase {
    pub case: CaseId,
    pub warnings: Vec<CaseWarning>,
    /// As the server lists it.
    pub listing: CaseListing,
    /// What a one-way report holds.
    pub one_way: Option<OneWayFile>,
    pub(super) mailbox: Vec<ThreadEntry>,
    pub(super) office: Vec<ThreadEntry>,
    pub(super) secret: Option<CaseSecret>,
    /// The key of every blob that opened.
    pub(super) file_keys: HashMap<MessagePlace, HandedKey>,
    /// Why a message could not be fetched.
    failures: HashMap<MessagePlace, String>,
}

/// What one blob turned out to be.
pub(super) struct FoundMessage {
    pub(super) found: Found,
    pub(super) file_key: Option<HandedKey>,
    pub(super) one_way: Option<OneWayFile>,
    pub(super) failure: Option<String>,
}

impl FoundMessage {
    pub(super) fn without_text(found: Found) -> Self {
        Self { found, file_key: None, one_way: None, failure: None }
    }
}

impl OpenedCase {
    pub(super) fn new(case: CaseId, secret: Option<CaseSecret>) -> Self {
        Self {
            case,
            warnings: Vec::new(),
            listing: CaseListing { case, mailbox: Vec::new(), office: Vec::new(), orders: Vec::new() },
            one_way: None,
            mailbox: Vec::new(),
            office: Vec::new(),
            secret,
            file_keys: HashMap::new(),
            failures: HashMap::new(),
        }
    }

    /// Whose word each message is, and what the case amounts to by this profile.
    pub fn read<'a>(&'a self, profile: &'a VerifiedProfile) -> CaseReading<'a> {
        let context = CaseContext { profile, case: self.case, perspective: Perspective::Inspector };
        read_case(context, &self.mailbox, &self.office, &self.listing.orders)
    }

    /// Whether the server shows nothing but the report's entry.
    pub(super) fn is_not_shown(&self) -> bool {
        self.warnings.iter().any(|warning| matches!(warning, CaseWarning::NotShown | CaseWarning::ReportGone))
    }

    pub fn is_one_way(&self) -> bool {
        self.mailbox.first().is_some_and(|entry| matches!(entry.found, Found::OneWay))
    }

    pub fn listed(&self, thread: ThreadName) -> &[ListedMessage] {
        match thread {
            ThreadName::Mailbox => &self.listing.mailbox,
            ThreadName::Office => &self.listing.office,
        }
    }

    /// Why the message at this place could not be fetched.
    pub fn failure(&self, place: MessagePlace) -> Option<&str> {
        self.failures.get(&place).map(String::as_str)
    }

    pub(super) fn write(&self) -> Option<WriteToken> {
        self.secret.as_ref().map(write_token)
    }

    /// Appends what the server lists next in a thread.
    pub(super) fn push(&mut self, listed: ListedMessage, message: FoundMessage) {
        let thread = listed.kind.thread();
        let entry = ThreadEntry::new(&listed, message.found);
        let (entries, list) = match thread {
            ThreadName::Mailbox => (&mut self.mailbox, &mut self.listing.mailbox),
            ThreadName::Office => (&mut self.office, &mut self.listing.office),
        };
        let place = (thread, entries.len());
        entries.push(entry);
        list.push(listed);
        self.note(place, message.file_key, message.one_way, message.failure);
    }

    /// Puts what was found with another key in the place of what had not opened.
    pub(super) fn replace(&mut self, place: MessagePlace, message: FoundMessage) {
        let entries = match place.0 {
            ThreadName::Mailbox => &mut self.mailbox,
            ThreadName::Office => &mut self.office,
        };
        if let Some(entry) = entries.get_mut(place.1) {
            entry.found = message.found;
            self.note(place, message.file_key, message.one_way, message.failure);
        }
    }

    fn note(
        &mut self,
        place: MessagePlace,
        file_key: Option<HandedKey>,
        one_way: Option<OneWayFile>,
        failure: Option<String>,
    ) {
        if let Some(file_key) = file_key {
            self.file_keys.insert(place, file_key);
        }
        if let Some(failure) = failure {
            self.failures.insert(place, failure);
        }
        if one_way.is_some() && place == (ThreadName::Mailbox, 0) {
            self.one_way = one_way;
        }
    }

    pub(super) fn is_unopened(&self, place: MessagePlace) -> bool {
        let entries = match place.0 {
            ThreadName::Mailbox => &self.mailbox,
            ThreadName::Office => &self.office,
        };
        entries.get(place.1).is_some_and(|entry| matches!(entry.found, Found::Unreadable))
    }

    /// Both threads as they are listed.
    pub(super) fn threads(&self, office: OfficeId) -> Threads {
        let end = |thread| ThreadPoint {
            length: self.listed(thread).len() as u64,
            digest: thread_digest(office, self.case, thread, self.listed(thread)),
        };
        Threads { mailbox: end(ThreadName::Mailbox), office: Some(end(ThreadName::Office)) }
    }

    /// Whether the server still shows all that was seen of the case.
    pub(super) fn holds(&self, office: OfficeId, seen: &Threads) -> bool {
        ThreadName::ALL.into_iter().all(|thread| {
            let Some(point) = seen.of(thread) else { return true };
            let beginning =
                usize::try_from(point.length).ok().and_then(|length| self.listed(thread).get(..length));
            beginning.is_some_and(|listed| thread_digest(office, self.case, thread, listed) == point.digest)
        })
    }
}

fn thread_digest(office: OfficeId, case: CaseId, thread: ThreadName, listed: &[ListedMessage]) -> Digest {
    listed.iter().fold(initial_thread_digest(office, case, thread), |digest, message| {
        next_thread_digest(digest, message.kind, message.sha256)
    })
}
