//! What opens a blob: an identity that it is sealed to, or the blob's own file key, which a handover gives
//! (PROTOCOL 2.8).

use std::cell::RefCell;

use age::DecryptError;
use age_core::format::{FileKey, Stanza};
use age_core::secrecy::ExposeSecret;

use super::hybrid::Identity;
use crate::protocol::secret::HandedKey;

/// What a reader opens a blob with.
#[derive(Debug, Clone, Copy)]
pub enum BlobKey<'a> {
    Identity(&'a Identity),
    Handed(&'a HandedKey),
}

/// Opens as the key does, and keeps the file key that came out.
pub(super) struct Unwrapping<'a> {
    key: BlobKey<'a>,
    found: RefCell<Option<HandedKey>>,
}

impl<'a> Unwrapping<'a> {
    pub(super) fn new(key: BlobKey<'a>) -> Self {
        Self { key, found: RefCell::new(None) }
    }

    /// The file key of the blob that was opened. It is the right one only if the header's MAC held.
    pub(super) fn into_found(self) -> Option<HandedKey> {
        self.found.into_inner()
    }
}

impl age::Identity for Unwrapping<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        let file_key = match self.key {
            BlobKey::Identity(identity) => match age::Identity::unwrap_stanza(identity, stanza)? {
                Ok(file_key) => file_key,
                Err(error) => return Some(Err(error)),
            },
            // Whether it fits this file, the MAC over the header says.
            BlobKey::Handed(key) => FileKey::init_with_mut(|bytes| bytes.copy_from_slice(key.as_bytes())),
        };
        *self.found.borrow_mut() = Some(HandedKey::from_bytes(*file_key.expose_secret()));
        Some(Ok(file_key))
    }
}
