//! What a desk remembers between runs: the office and profile version it has seen, how far each case had come, and
//! which messages were opened. Digests and ids alone; nothing that anybody wrote. With it a server cannot go back to
//! an old profile, or drop a message that was seen once, unnoticed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

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
    Io { path: PathBuf, error: std::io::Error },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
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
            Err(error) => return Err(Error::Io { path: path.to_owned(), error }),
        };
        let malformed = || Error::Malformed { path: path.to_owned() };
        let stored: Stored = serde_json::from_slice(&bytes).map_err(|_| malformed())?;
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

    /// Takes in what another run of this desk has learned meanwhile, writes a new file beside the old one and renames
    /// it: a crash leaves one or the other, whole.
    pub fn save(&mut self) -> Result<(), Error> {
        let failed = |error| Error::Io { path: self.path.clone(), error };
        // Held until the end of this function; the operating system lets go of it when the process dies.
        let lock = private_file(&beside(&self.path, ".lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
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
        let stored = Stored {
            format: STORED_FORMAT.to_owned(),
            office: self.office,
            profile_version: self.profile_version,
            threads: self.threads.iter().map(|(case, thread)| (case.to_string(), *thread)).collect(),
            read: self.read.clone(),
        };
        let bytes = serde_json::to_vec_pretty(&stored).expect("plain structures serialize");
        write_private(&self.path, &bytes).map_err(|error| Error::Io { path: self.path.clone(), error })
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

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = beside(path, ".new");
    let mut file = private_file(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}
