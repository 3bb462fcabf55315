//! Signing an office profile with a root key (PROTOCOL 3).

use super::signing::SigningKey;
use crate::protocol::note::encode_note;
use crate::protocol::profile::Profile;
use crate::verify::profile::{key_hash, verify_signature};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Document(#[from] crate::protocol::profile::Error),
    #[error("the key that is to sign is not the profile's last root")]
    NotTheLastRoot,
    #[error(transparent)]
    Unverifiable(#[from] crate::verify::profile::Error),
}

/// The signed note of this profile. Nothing is signed that a reader would not take.
pub fn sign(profile: Profile, root: &SigningKey) -> Result<String, Error> {
    let signer = root.signer();
    if profile.last_root().is_none_or(|last| last.key != signer) {
        return Err(Error::NotTheLastRoot);
    }
    let text = profile.encode()?;
    let key_name = profile.office.to_string();
    let hash = key_hash(profile.office, &signer);
    let note = encode_note(&text, &key_name, hash, root.sign(text.as_bytes()));
    verify_signature(note.as_bytes())?;
    Ok(note)
}
