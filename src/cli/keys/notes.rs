//! What the office signed before: the notes that were named, and those that lie beside what is worked on.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::super::Failure;
use super::super::files::read_file;
use super::change::Past;
use crate::protocol::ids::OfficeId;
use crate::protocol::limits::PROFILE_BYTES_MAX;
use crate::verify::profile::{VerifiedProfile, verify_signature};

/// How a note's name ends, for one that nobody names to be found.
const ENDING: &str = "note";
/// Files of one folder that are looked at; what people keep beside a profile is fewer.
const NOTES_MAX: usize = 1000;

/// A signed profile and where it lies.
pub struct EarlierNote {
    pub path: PathBuf,
    pub profile: VerifiedProfile,
}

/// All that were found of one office, by rising version.
pub struct EarlierNotes(Vec<EarlierNote>);

/// A note that somebody named: it must be one.
pub fn read_note(path: &Path) -> Result<EarlierNote, Failure> {
    let bytes = read_file(path)?;
    let profile = verify_signature(&bytes).map_err(|error| {
        Failure::with_hint(
            format!("{}: {error}", path.display()),
            "a signed profile is what mohr keys profile sign writes and what the server hands out",
        )
    })?;
    Ok(EarlierNote { path: path.to_owned(), profile })
}

impl EarlierNotes {
    /// The named ones, and every note of the office in the folders of these files. What else lies there is
    /// passed over.
    pub fn gather(office: OfficeId, named: &[PathBuf], beside: &[&Path]) -> Result<Self, Failure> {
        let mut notes = named.iter().map(|path| read_note(path)).collect::<Result<Vec<_>, _>>()?;
        if let Some(foreign) = notes.iter().find(|note| note.profile.office != office) {
            return Err(Failure::with_hint(
                format!("{} is of another office ({})", foreign.path.display(), foreign.profile.office),
                format!("this office is {office}"),
            ));
        }
        let folders: BTreeSet<_> = beside.iter().map(|path| folder_of(path)).collect();
        notes.extend(folders.iter().flat_map(|folder| notes_in(folder, office)));
        notes.sort_by_key(|note| note.profile.version);
        let forked = notes.windows(2).find(|pair| {
            let [a, b] = [&pair[0].profile, &pair[1].profile].map(|profile| profile.stamp());
            a.version == b.version && a.digest != b.digest
        });
        match forked {
            None => Ok(Self(notes)),
            Some(pair) => Err(Failure::with_hint(
                format!(
                    "{} and {} are two texts of version {}",
                    pair[0].path.display(),
                    pair[1].path.display(),
                    pair[0].profile.version
                ),
                "only one of them can be the office's: put the one that no server ever had elsewhere",
            )),
        }
    }

    /// The newest one below this version.
    pub fn before(&self, version: u64) -> Option<&EarlierNote> {
        self.0.iter().rev().find(|note| note.profile.version < version)
    }

    pub fn of_version(&self, version: u64) -> impl Iterator<Item = &EarlierNote> {
        self.0.iter().filter(move |note| note.profile.version == version)
    }

    pub fn newest(&self) -> Option<&EarlierNote> {
        self.0.last()
    }

    /// What the rules of a change need to know of the time before this version.
    pub fn past(&self, version: u64) -> Option<Past<'_>> {
        let last = &self.before(version)?.profile;
        let all = self.0.iter().map(|note| &*note.profile);
        Some(Past { last, older: all.filter(|note| note.version < last.version).collect() })
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_owned()
}

fn notes_in(folder: &Path, office: OfficeId) -> Vec<EarlierNote> {
    let here = if folder == Path::new("") { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(here) else { return Vec::new() };
    let paths = entries.filter_map(Result::ok).map(|entry| folder.join(entry.file_name()));
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == ENDING))
        .take(NOTES_MAX)
        .filter_map(|path| {
            let bytes = read_bounded(&path)?;
            let profile = verify_signature(&bytes).ok().filter(|profile| profile.office == office)?;
            Some(EarlierNote { path, profile })
        })
        .collect()
}

fn read_bounded(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    // A pipe with that name would be waited for.
    let file = path.metadata().ok()?.is_file().then(|| std::fs::File::open(path))?.ok()?;
    file.take(PROFILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
