//! From a note that a server sent to a profile that its office signed (PROTOCOL 3).

use std::ops::Deref;

use super::digest::{self, office_id, root_commitment};
use super::signature::is_signed_by;
use crate::protocol::day::Day;
use crate::protocol::ids::{Digest, OfficeId, Signer};
use crate::protocol::limits::PROFILE_BYTES_MAX;
use crate::protocol::message::ProfileStamp;
use crate::protocol::note::{self, Note};
use crate::protocol::profile::{Profile, Root};

/// What a reader knows before it sees the profile.
#[derive(Debug, Clone, Copy)]
pub struct Expectation {
    /// From a poster's fragment, `--office`, or an earlier visit; nothing for who comes for the first time.
    pub office: Option<OfficeId>,
    /// The highest version seen; 0 when none.
    pub version: u64,
    /// Of that version's text, where it was seen.
    pub digest: Option<Digest>,
    pub today: Day,
}

impl Expectation {
    /// Of a reader that has seen nothing yet.
    pub fn of_first_visit(office: Option<OfficeId>, today: Day) -> Self {
        Self { office, version: 0, digest: None, today }
    }

    /// After this profile: nothing older and no other text of its version will do.
    pub fn after(seen: &VerifiedProfile, today: Day) -> Self {
        Self { office: Some(seen.office), version: seen.version, digest: Some(seen.stamp.digest), today }
    }
}

/// A profile that its office signed. Only this module makes one, so whoever is given one need not ask again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedProfile {
    profile: Profile,
    stamp: ProfileStamp,
}

impl VerifiedProfile {
    /// As messages that are sealed by it state it.
    pub fn stamp(&self) -> ProfileStamp {
        self.stamp
    }

    /// What was answered under it stays readable; nothing is sealed under it any more.
    pub fn is_expired(&self, today: Day) -> bool {
        self.profile.expires < today
    }
}

impl Deref for VerifiedProfile {
    type Target = Profile;

    fn deref(&self) -> &Profile {
        &self.profile
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the office profile is not a signed note")]
    Note,
    #[error(transparent)]
    Document(#[from] crate::protocol::profile::Error),
    #[error("the office profile names a root key that the one before it does not commit to")]
    RootChain,
    #[error("the office profile is not signed by the root key it names")]
    Signature,
    #[error("this is the profile of another office ({found})")]
    Foreign { found: OfficeId },
    #[error("the office profile expired on {expires}")]
    Expired { expires: Day },
    #[error("the server offers version {offered} of the office profile, but version {seen} was seen before")]
    Older { offered: u64, seen: u64 },
    #[error("the server offers another text of version {version} of the office profile than was seen before")]
    OtherText { version: u64 },
}

/// The profile, signed by the last of the roots that its office id stands for, of the office expected,
/// neither expired nor older than one seen before. By this one messages are sealed.
pub fn verify(bytes: &[u8], expected: Expectation) -> Result<VerifiedProfile, Error> {
    let profile = verify_for_reading(bytes, expected)?;
    if profile.is_expired(expected.today) {
        return Err(Error::Expired { expires: profile.expires });
    }
    Ok(profile)
}

/// The same, also when it has expired: what was answered before stays readable. Nothing may be sealed by it
/// before [`VerifiedProfile::is_expired`] was asked.
pub fn verify_for_reading(bytes: &[u8], expected: Expectation) -> Result<VerifiedProfile, Error> {
    let profile = verify_signature(bytes)?;
    let version = profile.version;
    if let Some(office) = expected.office
        && office != profile.office
    {
        return Err(Error::Foreign { found: profile.office });
    }
    // Whoever has seen more roots has seen a higher version, too: those of a root
    // are all below those of the next.
    if version < expected.version {
        return Err(Error::Older { offered: version, seen: expected.version });
    }
    if version == expected.version && expected.digest.is_some_and(|seen| seen != profile.stamp.digest) {
        return Err(Error::OtherText { version });
    }
    Ok(profile)
}

/// The profile, signed by the last of the roots that its office id stands for; whether it is in force is
/// another question.
pub fn verify_signature(bytes: &[u8]) -> Result<VerifiedProfile, Error> {
    if bytes.len() > PROFILE_BYTES_MAX {
        return Err(Error::Note);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Error::Note)?;
    let note = Note::decode(text).map_err(|_| Error::Note)?;
    let profile = Profile::decode(note.text)?;
    let signer = last_root(&profile)?.key;
    let signature = note.signature(&profile.office.to_string(), key_hash(profile.office, &signer));
    if !signature.is_some_and(|signature| is_signed_by(&signer, &signature, note.text.as_bytes())) {
        return Err(Error::Signature);
    }
    let stamp = ProfileStamp { version: profile.version, digest: digest::sha256(note.text.as_bytes()) };
    Ok(VerifiedProfile { profile, stamp })
}

/// The first four bytes that tell a note's keys apart (signed-note.md).
pub fn key_hash(office: OfficeId, root: &Signer) -> [u8; 4] {
    let input = note::key_hash_input(office, *root);
    *digest::sha256(&input).as_bytes().first_chunk().expect("32 bytes hold 4")
}

/// The end of a chain that begins at the office id, each root committed to by the one before it.
fn last_root(profile: &Profile) -> Result<&Root, Error> {
    let (first, later) = profile.roots.split_first().ok_or(Error::RootChain)?;
    if office_id(first) != profile.office {
        return Err(Error::Signature);
    }
    let mut last = first;
    for root in later {
        if root_commitment(root) != last.next {
            return Err(Error::RootChain);
        }
        last = root;
    }
    Ok(last)
}
