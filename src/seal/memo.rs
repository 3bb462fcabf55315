//! Sealing and opening what a reporter without memory would have to remember (PROTOCOL 2.10). One key seals
//! all memos of a code, each under a nonce of its own, and each is bound to the one blob it travels beside.

use std::fmt;

use libsodium_rs::crypto_aead::chacha20poly1305_ietf as chacha;
use zeroize::Zeroizing;

use super::Seed;
use crate::protocol::api::ListedMessage;
use crate::protocol::ids::{CaseId, Digest, OfficeId};
use crate::protocol::memo::{
    Error, MEMO_NONCE_BYTES, MEMO_PLAINTEXT_BYTES, MEMO_SEALED_BYTES, Memo, SealedMemo, associated_data,
};
use crate::verify::case::{Found, OwnMemo};

/// Comes of the receipt code alone.
#[derive(Clone)]
pub struct MemoKey(Seed);

/// The message that a memo is bound to.
#[derive(Debug, Clone, Copy)]
pub struct MemoPlace {
    pub office: OfficeId,
    pub case: CaseId,
    /// SHA-256 of the sealed blob.
    pub blob: Digest,
}

impl MemoKey {
    pub fn from_seed(seed: Seed) -> Self {
        Self(seed)
    }

    /// An error when the memo breaks a rule of the format.
    pub fn seal(&self, memo: &Memo, place: MemoPlace) -> Result<SealedMemo, Error> {
        let mut nonce = [0; MEMO_NONCE_BYTES];
        super::fill_random(&mut nonce);
        self.seal_with_nonce(memo, place, nonce)
    }

    /// For vectors: a nonce that serves twice under one key gives both memos away.
    #[doc(hidden)]
    pub fn seal_with_nonce(
        &self,
        memo: &Memo,
        place: MemoPlace,
        nonce: [u8; MEMO_NONCE_BYTES],
    ) -> Result<SealedMemo, Error> {
        let plaintext = Zeroizing::new(memo.encode()?);
        let sealed = chacha::encrypt(
            &*plaintext,
            Some(&place.associated_data()),
            &chacha::Nonce::from_bytes(nonce),
            &self.key(),
        )
        .map_err(|_| Error)?;
        let bytes: [u8; MEMO_SEALED_BYTES] = [&nonce[..], &sealed].concat().try_into().map_err(|_| Error)?;
        Ok(SealedMemo::from_bytes(bytes))
    }

    /// The memo of the message at this place, or nothing.
    pub fn open(&self, sealed: &SealedMemo, place: MemoPlace) -> Option<Memo> {
        let (nonce, ciphertext) = sealed.as_bytes().split_first_chunk::<MEMO_NONCE_BYTES>()?;
        let nonce = chacha::Nonce::from_bytes(*nonce);
        let plaintext =
            chacha::decrypt(ciphertext, Some(&place.associated_data()), &nonce, &self.key()).ok()?;
        let plaintext: Zeroizing<Vec<u8>> = Zeroizing::new(plaintext);
        let plaintext: &[u8; MEMO_PLAINTEXT_BYTES] = plaintext.as_slice().try_into().ok()?;
        Memo::decode(plaintext).ok()
    }

    /// What a reporter finds beside a message that is listed as her own.
    pub fn find(&self, listed: &ListedMessage, office: OfficeId, case: CaseId) -> Found {
        let place = MemoPlace { office, case, blob: listed.sha256 };
        Found::Own(match &listed.memo {
            None => OwnMemo::None,
            Some(memo) => self.open(memo, place).map_or(OwnMemo::NotHers, OwnMemo::Hers),
        })
    }

    fn key(&self) -> chacha::Key {
        crate::verify::ensure_init();
        chacha::Key::from_bytes(&*self.0).expect("a key of 32 bytes")
    }
}

impl MemoPlace {
    fn associated_data(&self) -> Vec<u8> {
        associated_data(self.office, self.case, self.blob)
    }
}

impl fmt::Debug for MemoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoKey(…)")
    }
}
