//! Ed25519 secret keys (RFC 8032), through libsodium.

use std::fmt;

use age_core::primitives::{bech32_decode, bech32_encode};
use bech32::Hrp;
use libsodium_rs::crypto_sign;
use zeroize::Zeroizing;

use super::Seed;
use crate::protocol::ids::{Signature, Signer};

/// The key of a reporter, an inspector or an office root.
#[derive(Clone)]
pub struct SigningKey {
    seed: Seed,
}

/// Which key a text holds: the prefixes differ, so that a root key is never taken for an inspector's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Inspector,
    Root,
}

impl Role {
    const fn hrp(self) -> Hrp {
        match self {
            Self::Inspector => Hrp::parse_unchecked("MOHR-SIGNING-KEY-"),
            Self::Root => Hrp::parse_unchecked("MOHR-ROOT-KEY-"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a signing key of this kind")]
pub struct SigningKeyError;

impl SigningKey {
    pub fn from_seed(seed: Seed) -> Self {
        Self { seed }
    }

    pub fn generate() -> Self {
        Self::from_seed(super::random_seed())
    }

    pub fn signer(&self) -> Signer {
        Signer::from_bytes(self.key_pair().public_key.into())
    }

    pub fn sign(&self, bytes: &[u8]) -> Signature {
        let signature = crypto_sign::sign_detached(bytes, &self.key_pair().secret_key);
        Signature::from_bytes(signature.expect("Ed25519 signs any bytes"))
    }

    pub fn encode(&self, role: Role) -> Zeroizing<String> {
        let lowercase = Zeroizing::new(bech32_encode(role.hrp(), &*self.seed));
        Zeroizing::new(lowercase.to_ascii_uppercase())
    }

    pub fn decode(text: &str, role: Role) -> Result<Self, SigningKeyError> {
        bech32_decode(
            text,
            |_| SigningKeyError,
            |hrp| if hrp == role.hrp() { Ok(()) } else { Err(SigningKeyError) },
            |_, bytes| {
                let bytes = Zeroizing::new(bytes.collect::<Vec<u8>>());
                let seed = bytes.as_slice().try_into().map_err(|_| SigningKeyError)?;
                Ok(Self::from_seed(Zeroizing::new(seed)))
            },
        )
    }

    fn key_pair(&self) -> crypto_sign::KeyPair {
        crate::verify::ensure_init();
        crypto_sign::KeyPair::from_seed(&*self.seed).expect("a seed of 32 bytes")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}
