//! What a desk remembers between runs: the office and profile version it has seen, how far each case had come, and
//! which messages were opened. Digests and ids alone; nothing that anybody wrote. With it a server cannot go back to
//! an old profile, or drop a message that was seen once, unnoticed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::{self, beside, lock_private, replace_private};
use crate::protocol::ids::{CaseId, Digest, OfficeId};
use crate::protocol::message::Thread;

#[derive(Debug)]
pub struct Memory {
    path: PathBuf,
    pub office: Option<OfficeId>,
    pub profile_version: u64,
    threads: BTreeMap<CaseId, Thread>,
    read: BTreeSet<Digest>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "{path} is not a desk's memory: move it away to begin anew, and then a server could show old things as new"
    )]
    Malformed { path: PathBuf },
    #[error("{path}: {error}")]
    Read { path: PathBuf, error: std::io::Error },
    #[error(transparent)]
    Write(#[from] files::Error),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredMemory {
    format: String,
    office: Option<OfficeId>,
    profile_version: u64,
    threads: BTreeMap<String, Thread>,
    read: BTreeSet<Digest>,
}

const STORED_FORMAT: &str = "mohr-desk/v1";

impl Memory {
    /// The memory at this path; an empty one when nothing is there.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self {
                    path: path.to_owned(),
                    office: None,
                    profile_version: 0,
                    threads: BTreeMap::new(),
                    read: BTreeSet::new(),
                });
            }
            Err(error) => return Err(Error::Read { path: path.to_owned(), error }),
        };
        let malformed = || Error::Malformed { path: path.to_owned() };
        let stored: StoredMemory = serde_json::from_slice(&bytes).map_err(|_| malformed())?;
        if stored.format != STORED_FORMAT {
            return Err(malformed());
        }
        let threads = stored.threads.into_iter().map(|(case, thread)| Ok((case.parse()?, thread)));
        let threads: Result<_, crate::protocol::ids::Malformed> = threads.collect();
        Ok(Self {
            path: path.to_owned(),
            office: stored.office,
            profile_version: stored.profile_version,
            threads: threads.map_err(|_| malformed())?,
            read: stored.read,
        })
    }

    /// Takes in what another run of this desk has learned meanwhile and writes the file anew: a crash leaves
    /// the old one or the new one, whole.
    pub fn save(&mut self) -> Result<(), Error> {
        let _held = lock_private(&beside(&self.path, ".lock"))?;
        let others = Self::load(&self.path)?;
        self.office = self.office.or(others.office);
        self.profile_version = self.profile_version.max(others.profile_version);
        self.read.extend(others.read);
        for (case, thread) in others.threads {
            // The longer one knows more; of two that differ in content the next visit warns.
            let mine = self.threads.entry(case).or_insert(thread);
            if thread.length > mine.length {
                *mine = thread;
            }
        }
        let stored = StoredMemory {
            format: STORED_FORMAT.to_owned(),
            office: self.office,
            profile_version: self.profile_version,
            threads: self.threads.iter().map(|(case, thread)| (case.to_string(), *thread)).collect(),
            read: self.read.clone(),
        };
        let bytes = serde_json::to_vec_pretty(&stored).expect("plain structures serialize");
        Ok(replace_private(&self.path, &bytes)?)
    }

    /// How far the case had come when it was last opened.
    pub fn thread(&self, case: CaseId) -> Option<Thread> {
        self.threads.get(&case).copied()
    }

    /// Every case this desk has opened.
    pub fn cases(&self) -> impl Iterator<Item = CaseId> {
        self.threads.keys().copied()
    }

    pub fn remember_thread(&mut self, case: CaseId, thread: Thread) {
        self.threads.insert(case, thread);
    }

    pub fn is_read(&self, blob: Digest) -> bool {
        self.read.contains(&blob)
    }

    pub fn remember_read(&mut self, blob: Digest) {
        self.read.insert(blob);
    }
}
