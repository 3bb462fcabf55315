//! age's native post-quantum recipient `mlkem768x25519` (C2SP age.md), which the age crate does not have:
//! HPKE (RFC 9180, base mode, one shot) over X-Wing. X-Wing, HKDF and ChaCha20-Poly1305 are libraries'; what
//! stands here is the key schedule and the strictness. `tests/it/cctv.rs` runs C2SP's vectors over it.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use age::{DecryptError, EncryptError};
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::primitives::{bech32_decode, bech32_encode};
use age_core::secrecy::ExposeSecret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bech32::Hrp;
use hkdf::Hkdf;
use libsodium_rs::crypto_aead::chacha20poly1305_ietf as chacha;
use libsodium_rs::crypto_kem::xwing;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Seed;

pub const STANZA_TAG: &str = "mlkem768x25519";
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";
const LABEL: &str = "postquantum";
const RECIPIENT_HRP: Hrp = Hrp::parse_unchecked("age1pq");
const IDENTITY_HRP: Hrp = Hrp::parse_unchecked("AGE-SECRET-KEY-PQ-");
const ENCRYPTED_FILE_KEY_BYTES: usize = FILE_KEY_BYTES + chacha::ABYTES;

/// The public half: whoever has it can seal.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(xwing::PublicKey);

/// The secret half: whoever has it can open.
#[derive(Clone)]
pub struct Identity {
    seed: Seed,
}

/// Not a recipient or identity of this type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HybridKeyError {
    #[error("not a post-quantum age recipient (age1pq1…)")]
    Recipient,
    #[error("not a post-quantum age identity (AGE-SECRET-KEY-PQ-1…)")]
    Identity,
}

impl Identity {
    pub fn from_seed(seed: Seed) -> Self {
        Self { seed }
    }

    pub fn generate() -> Self {
        Self::from_seed(super::random_seed())
    }

    pub fn to_recipient(&self) -> Recipient {
        Recipient(self.key_pair().public_key)
    }

    /// `AGE-SECRET-KEY-PQ-1…`, as stock age reads it.
    pub fn encode(&self) -> Zeroizing<String> {
        let lowercase = Zeroizing::new(bech32_encode(IDENTITY_HRP, &*self.seed));
        Zeroizing::new(lowercase.to_ascii_uppercase())
    }

    fn key_pair(&self) -> xwing::KeyPair {
        crate::verify::ensure_init();
        xwing::KeyPair::from_seed(&*self.seed).expect("a seed of 32 bytes")
    }
}

impl FromStr for Identity {
    type Err = HybridKeyError;

    fn from_str(text: &str) -> Result<Self, HybridKeyError> {
        let malformed = HybridKeyError::Identity;
        bech32_decode(
            text,
            |_| malformed,
            |hrp| if hrp == IDENTITY_HRP { Ok(()) } else { Err(malformed) },
            |_, bytes| {
                let bytes = Zeroizing::new(bytes.collect::<Vec<u8>>());
                let seed = bytes.as_slice().try_into().map_err(|_| malformed)?;
                Ok(Self::from_seed(Zeroizing::new(seed)))
            },
        )
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hybrid::Identity(…)")
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bech32_encode(RECIPIENT_HRP, self.0.as_bytes()))
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hybrid::Recipient({self})")
    }
}

impl FromStr for Recipient {
    type Err = HybridKeyError;

    fn from_str(text: &str) -> Result<Self, HybridKeyError> {
        let malformed = HybridKeyError::Recipient;
        bech32_decode(
            text,
            |_| malformed,
            |hrp| if hrp == RECIPIENT_HRP && !text.starts_with('A') { Ok(()) } else { Err(malformed) },
            |_, bytes| {
                let key = xwing::PublicKey::from_bytes(&bytes.collect::<Vec<u8>>()).map_err(|_| malformed)?;
                let recipient = Self(key);
                // The one certain way to know that libsodium takes this key is to use it once.
                recipient.encapsulate().map(|_| recipient).map_err(|_| malformed)
            },
        )
    }
}

impl Recipient {
    fn encapsulate(&self) -> Result<(xwing::Ciphertext, xwing::SharedSecret), libsodium_rs::SodiumError> {
        crate::verify::ensure_init();
        xwing::encapsulate(&self.0)
    }
}

impl age::Recipient for Recipient {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let (enc, shared_secret) = self
            .encapsulate()
            .map_err(|_| EncryptError::Io(std::io::Error::other("encapsulation failed")))?;
        let (key, nonce) = key_schedule(&shared_secret);
        let body = chacha::encrypt(file_key.expose_secret(), None, &nonce, &key)
            .map_err(|_| EncryptError::Io(std::io::Error::other("encryption failed")))?;
        let stanza =
            Stanza { tag: STANZA_TAG.to_owned(), args: vec![STANDARD_NO_PAD.encode(enc.as_bytes())], body };
        Ok((vec![stanza], HashSet::from([LABEL.to_owned()])))
    }
}

impl age::Identity for Identity {
    /// Errors are for stanzas that no honest sender writes; a stanza for somebody else is `None`.
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        if stanza.tag != STANZA_TAG {
            return None;
        }
        let malformed = Some(Err(DecryptError::InvalidHeader));
        let [argument] = &stanza.args[..] else { return malformed };
        let Ok(enc) = STANDARD_NO_PAD.decode(argument) else { return malformed };
        let Ok(enc) = xwing::Ciphertext::from_bytes(&enc) else { return malformed };
        // Checked before decryption, lest the length of what decrypts tell which key it was (age.md).
        if stanza.body.len() != ENCRYPTED_FILE_KEY_BYTES {
            return malformed;
        }
        // libsodium fails here when X25519 gives all zeros, as the specification demands.
        let Ok(shared_secret) = xwing::decapsulate(&enc, &self.key_pair().secret_key) else {
            return malformed;
        };
        let (key, nonce) = key_schedule(&shared_secret);
        let file_key = Zeroizing::new(chacha::decrypt(&stanza.body, None, &nonce, &key).ok()?);
        Some(Ok(FileKey::init_with_mut(|bytes| bytes.copy_from_slice(&file_key))))
    }
}

/// RFC 9180, section 5.1, `KeySchedule` in base mode with an empty psk; then the
/// key and nonce of the one message.
fn key_schedule(shared_secret: &xwing::SharedSecret) -> (chacha::Key, chacha::Nonce) {
    let (_, psk_id_hash) = labeled_extract(&[], b"psk_id_hash", b"");
    let (_, info_hash) = labeled_extract(&[], b"info_hash", INFO);
    let context = [&[MODE_BASE][..], &*psk_id_hash, &*info_hash].concat();
    let (secret, _) = labeled_extract(shared_secret.as_bytes(), b"secret", b"");
    let mut key = Zeroizing::new([0; chacha::KEYBYTES]);
    let mut nonce = [0; chacha::NPUBBYTES];
    labeled_expand(&secret, b"key", &context, &mut *key);
    labeled_expand(&secret, b"base_nonce", &context, &mut nonce);
    (chacha::Key::from_bytes(&*key).expect("a key of 32 bytes"), chacha::Nonce::from_bytes(nonce))
}

const MODE_BASE: u8 = 0;
const VERSION: &[u8] = b"HPKE-v1";
/// "HPKE" ‖ KEM MLKEM768-X25519 0x647a ‖ KDF HKDF-SHA256 0x0001 ‖ AEAD ChaCha20Poly1305 0x0003
const SUITE_ID: &[u8] = b"HPKE\x64\x7a\x00\x01\x00\x03";

fn labeled_extract(salt: &[u8], label: &[u8], ikm: &[u8]) -> (Hkdf<Sha256>, Zeroizing<[u8; 32]>) {
    let labeled_ikm = Zeroizing::new([VERSION, SUITE_ID, label, ikm].concat());
    let (prk, hkdf) = Hkdf::extract(Some(salt), &labeled_ikm);
    (hkdf, Zeroizing::new(prk.into()))
}

fn labeled_expand(prk: &Hkdf<Sha256>, label: &[u8], info: &[u8], output: &mut [u8]) {
    let length = u16::try_from(output.len()).expect("a short output").to_be_bytes();
    prk.expand_multi_info(&[&length, VERSION, SUITE_ID, label, info], output).expect("a short output");
}
