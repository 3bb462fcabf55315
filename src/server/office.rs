//! One office as a value, and all of them.

use std::collections::HashMap;
use std::sync::Arc;

use tracing::Span;

use crate::http::static_file::StaticFile;
use crate::storage::{OfficeIds, Storage};
use crate::verify::profile::{self, VerifiedProfile};

use super::embedded::EmbeddedFiles;
use super::forms::Forms;
use super::sessions::Sessions;

/// Whatever belongs to one office and to no other: nothing of it may answer a request for another.
pub(super) struct ServedOffice {
    pub(super) ids: OfficeIds,
    pub(super) profile: VerifiedProfile,
    /// The present profile's note. Public, so it may be compressed; recipients shrink by half.
    pub(super) note: StaticFile,
    pub(super) storage: Storage,
    pub(super) sessions: Sessions,
    pub(super) forms: Forms,
    /// Around whatever is done for it: a line of the log then says for which office.
    pub(super) span: Span,
}

impl ServedOffice {
    pub(super) fn new(
        signed: SignedProfile,
        ids: OfficeIds,
        storage: Storage,
        files: &EmbeddedFiles,
    ) -> Self {
        let SignedProfile { profile, note } = signed;
        let forms = Forms::new(files, &profile);
        let note = StaticFile::new("profile.txt", note.into());
        Self { ids, profile, note, storage, sessions: Sessions::new(), forms, span: ids.log_span() }
    }
}

/// The office profile and the note it came in.
pub(super) struct SignedProfile {
    pub(super) profile: VerifiedProfile,
    pub(super) note: Vec<u8>,
}

impl SignedProfile {
    /// Checks that the last of the roots which the office id stands for signed it. Whether it has expired is
    /// left to the readers: inspectors must get at their cases all the same.
    pub(super) fn verify(note: Vec<u8>) -> Result<Self, profile::Error> {
        Ok(Self { profile: profile::verify_signature(&note)?, note })
    }
}

/// The offices of this server, by their hosts.
#[derive(Default)]
pub(super) struct Offices {
    by_host: HashMap<String, Arc<ServedOffice>>,
    all: Vec<Arc<ServedOffice>>,
}

impl Offices {
    /// The caller has checked that no other office has one of these hosts.
    pub(super) fn add(&mut self, hosts: &[String], office: ServedOffice) {
        let office = Arc::new(office);
        self.by_host.extend(hosts.iter().map(|host| (host.clone(), office.clone())));
        self.all.push(office);
    }

    /// The office that answers requests for a host.
    pub(super) fn at(&self, host: &str) -> Option<&Arc<ServedOffice>> {
        self.by_host.get(host)
    }

    /// Every one, for what is done to all of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<ServedOffice>> {
        self.all.iter()
    }
}
