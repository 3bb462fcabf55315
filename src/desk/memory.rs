//! What a desk remembers between runs: the office and profile version it has seen, how far each case had
//! come, and which messages were opened. Digests and ids alone; nothing that anybody wrote. With it a server
//! cannot go back to an old profile, or drop a message that was seen once, unnoticed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::{self, beside, lock_private, replace_private};
use crate::protocol::ids::{CaseId, Digest, OfficeId};
use crate::protocol::message::{ThreadPoint, Threads};

#[derive(Debug)]
pub struct Memory {
    path: PathBuf,
    pub office: Option<OfficeId>,
    pub profile: Option<SeenProfile>,
    cases: BTreeMap<CaseId, Threads>,
    read: BTreeSet<Digest>,
}

/// The newest profile that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenProfile {
    pub version: u64,
    /// SHA-256 of the note's text.
    pub digest: Digest,
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
    profile: Option<SeenProfile>,
    /// How far each case had come, by its id.
    cases: BTreeMap<String, Threads>,
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
                    profile: None,
                    cases: BTreeMap::new(),
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
        let cases = stored.cases.into_iter().map(|(case, threads)| Ok((case.parse()?, threads)));
        let cases: Result<_, crate::protocol::ids::Malformed> = cases.collect();
        Ok(Self {
            path: path.to_owned(),
            office: stored.office,
            profile: stored.profile,
            cases: cases.map_err(|_| malformed())?,
            read: stored.read,
        })
    }

    /// Takes in what another run of this desk has learned meanwhile and writes the file anew: a crash leaves
    /// the old one or the new one, whole.
    pub fn save(&mut self) -> Result<(), Error> {
        let _held = lock_private(&beside(&self.path, ".lock"))?;
        let others = Self::load(&self.path)?;
        self.office = self.office.or(others.office);
        if let Some(seen) = others.profile {
            self.remember_profile(seen);
        }
        self.read.extend(others.read);
        for (case, threads) in others.cases {
            self.remember_case(case, threads);
        }
        let stored = StoredMemory {
            format: STORED_FORMAT.to_owned(),
            office: self.office,
            profile: self.profile,
            cases: self.cases.iter().map(|(case, threads)| (case.to_string(), *threads)).collect(),
            read: self.read.clone(),
        };
        let bytes = serde_json::to_vec_pretty(&stored).expect("plain structures serialize");
        Ok(replace_private(&self.path, &bytes)?)
    }

    /// Takes the newer one. Of two texts of one version the one that was seen first
    /// stays, and the next visit warns.
    pub fn remember_profile(&mut self, seen: SeenProfile) {
        if self.profile.is_none_or(|known| known.version < seen.version) {
            self.profile = Some(seen);
        }
    }

    /// How far the case had come when it was last opened.
    pub fn case(&self, case: CaseId) -> Option<Threads> {
        self.cases.get(&case).copied()
    }

    /// Every case this desk has opened.
    pub fn cases(&self) -> impl Iterator<Item = CaseId> {
        self.cases.keys().copied()
    }

    /// Takes the longer of each thread: it knows more. Of two that differ in content the next visit warns.
    pub fn remember_case(&mut self, case: CaseId, threads: Threads) {
        let known = self.cases.entry(case).or_insert(threads);
        let longer =
            |known: ThreadPoint, seen: ThreadPoint| if seen.length > known.length { seen } else { known };
        known.mailbox = longer(known.mailbox, threads.mailbox);
        known.office = match (known.office, threads.office) {
            (Some(known), Some(seen)) => Some(longer(known, seen)),
            (known, seen) => known.or(seen),
        };
    }

    pub fn is_read(&self, blob: Digest) -> bool {
        self.read.contains(&blob)
    }

    pub fn remember_read(&mut self, blob: Digest) {
        self.read.insert(blob);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(length: u64) -> ThreadPoint {
        ThreadPoint { length, digest: Digest::from_bytes([length as u8; 32]) }
    }

    #[test]
    fn two_runs_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("desk.json");
        let case = CaseId::from_bytes([1; 16]);
        let (mut one, mut other) = (Memory::load(&path).unwrap(), Memory::load(&path).unwrap());
        let seen = |version| SeenProfile { version, digest: Digest::from_bytes([9; 32]) };
        one.remember_profile(seen(3));
        one.remember_case(case, Threads { mailbox: point(2), office: Some(point(5)) });
        one.remember_read(Digest::from_bytes([1; 32]));
        one.save().unwrap();
        other.remember_profile(seen(2));
        other.remember_case(case, Threads { mailbox: point(4), office: None });
        other.save().unwrap();
        let both = Memory::load(&path).unwrap();
        assert_eq!(both.profile, Some(seen(3)));
        assert_eq!(both.case(case), Some(Threads { mailbox: point(4), office: Some(point(5)) }));
        assert!(both.is_read(Digest::from_bytes([1; 32])));
    }
}
