//! From a note that a server sent to a profile that its office signed (PROTOCOL 3).

use crate::protocol::day::Day;
use crate::protocol::ids::{OfficeId, Signer};
use crate::protocol::limits::PROFILE_BYTES_MAX;
use crate::protocol::note::{self, Note};
use crate::protocol::profile::Profile;

use super::digest;
use super::signature::is_signed_by;

/// What a reader knows before it sees the profile.
#[derive(Debug, Clone, Copy)]
pub struct Expectation {
    /// From a poster's fragment, `--office`, or an earlier visit; nothing for who comes for the first time.
    pub office: Option<OfficeId>,
    /// The highest version seen; 0 when none.
    pub version: u64,
    pub today: Day,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the office profile is not a signed note")]
    Note,
    #[error(transparent)]
    Document(#[from] crate::protocol::profile::Error),
    #[error("the office profile is not signed by the root key it names")]
    Signature,
    #[error("this is the profile of another office ({found})")]
    Foreign { found: OfficeId },
    #[error("the office profile expired on {expires}")]
    Expired { expires: Day },
    #[error("the server offers version {offered} of the office profile, but version {seen} was seen before")]
    Older { offered: u64, seen: u64 },
}

/// The profile, signed by the root key that its office id stands for, of the office expected, neither expired nor
/// older than one seen before.
pub fn verify(bytes: &[u8], expected: Expectation) -> Result<Profile, Error> {
    let profile = verify_signature(bytes)?;
    if let Some(office) = expected.office
        && office != profile.office
    {
        return Err(Error::Foreign { found: profile.office });
    }
    if profile.expires < expected.today {
        return Err(Error::Expired { expires: profile.expires });
    }
    if profile.version < expected.version {
        return Err(Error::Older { offered: profile.version, seen: expected.version });
    }
    Ok(profile)
}

/// The profile, signed by the root key that its office id stands for; whether it is in force is another question.
pub fn verify_signature(bytes: &[u8]) -> Result<Profile, Error> {
    if bytes.len() > PROFILE_BYTES_MAX {
        return Err(Error::Note);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Error::Note)?;
    let note = Note::decode(text).map_err(|_| Error::Note)?;
    let profile = Profile::decode(note.text)?;
    let signed = digest::office_id(&profile.root) == profile.office
        && note.key_name == profile.office.to_string()
        && note.key_hash == key_hash(&profile.root)
        && is_signed_by(&profile.root, &note.signature, note.text.as_bytes());
    if signed { Ok(profile) } else { Err(Error::Signature) }
}

/// The first four bytes that tell a note's keys apart (signed-note.md).
pub fn key_hash(root: &Signer) -> [u8; 4] {
    let input = note::key_hash_input(digest::office_id(root), *root);
    *digest::sha256(&input).as_bytes().first_chunk().expect("32 bytes hold 4")
}
