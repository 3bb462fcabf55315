//! Signing an office profile with the root key (PROTOCOL 3).

use super::signing::SigningKey;
use crate::protocol::note::Note;
use crate::protocol::profile::{Error, Profile};
use crate::verify::{digest::office_id, profile::key_hash};

/// The signed note of this profile. The profile names the root key itself, so office and root are set here.
pub fn sign(mut profile: Profile, root: &SigningKey) -> Result<String, Error> {
    let signer = root.signer();
    profile.root = signer;
    profile.office = office_id(&signer);
    let text = profile.encode()?;
    let key_name = profile.office.to_string();
    let note = Note {
        text: &text,
        key_name: &key_name,
        key_hash: key_hash(&signer),
        signature: root.sign(text.as_bytes()),
    };
    Ok(note.encode())
}
