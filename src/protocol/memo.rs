//! What travels beside each message of the reporter, so that whoever comes back with nothing but the code
//! knows what she has sent (PROTOCOL 2.10). Here its two lengths and its plaintext; `seal::memo` seals it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::day::Day;
use super::ids::{CaseId, Digest, Id, OfficeId};
use super::limits::INTEGER_MAX;
use super::message::ThreadPoint;
use super::person::are_readers;

pub const MEMO_PLAINTEXT_BYTES: usize = 612;
pub const MEMO_NONCE_BYTES: usize = 12;
pub const MEMO_TAG_BYTES: usize = 16;
pub const MEMO_SEALED_BYTES: usize = MEMO_NONCE_BYTES + MEMO_PLAINTEXT_BYTES + MEMO_TAG_BYTES;

/// What a memo says of the message beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memo {
    pub day: Day,
    /// Version of the profile by which the message was sealed.
    pub profile: u64,
    pub readers: Vec<Id>,
    /// The mailbox thread that the message states.
    pub thread: ThreadPoint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a memo is not of this format")]
pub struct Error;

impl Memo {
    /// Canonical JSON, filled with spaces. Twelve of the longest ids fit.
    pub fn encode(&self) -> Result<[u8; MEMO_PLAINTEXT_BYTES], Error> {
        if !self.is_within_bounds() {
            return Err(Error);
        }
        let json = serde_json::to_vec(self).map_err(|_| Error)?;
        let mut plaintext = [b' '; MEMO_PLAINTEXT_BYTES];
        plaintext.get_mut(..json.len()).ok_or(Error)?.copy_from_slice(&json);
        Ok(plaintext)
    }

    /// The memo that encodes to exactly these bytes.
    pub fn decode(plaintext: &[u8; MEMO_PLAINTEXT_BYTES]) -> Result<Self, Error> {
        let memo: Self = serde_json::from_slice(plaintext).map_err(|_| Error)?;
        if memo.encode()? == *plaintext { Ok(memo) } else { Err(Error) }
    }

    fn is_within_bounds(&self) -> bool {
        (1..=INTEGER_MAX).contains(&self.profile)
            && self.thread.length <= INTEGER_MAX
            && are_readers(&self.readers)
    }
}

/// What a memo is bound to.
pub fn associated_data(office: OfficeId, case: CaseId, blob: Digest) -> Vec<u8> {
    format!("mohr/v1 memo\n{office}\n{case}\n{blob}\n").into_bytes()
}

/// A memo as it travels and is stored: nonce, ciphertext and tag. To everybody without the code it is noise.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedMemo(Box<[u8; MEMO_SEALED_BYTES]>);

impl SealedMemo {
    pub fn from_bytes(bytes: [u8; MEMO_SEALED_BYTES]) -> Self {
        Self(Box::new(bytes))
    }

    pub fn as_bytes(&self) -> &[u8; MEMO_SEALED_BYTES] {
        &self.0
    }

    /// Base64 of exactly its length, or nothing.
    pub fn decode(text: &str) -> Option<Self> {
        // Asked first: whatever stands in a header is not decoded without bound.
        if text.len() != MEMO_SEALED_BYTES.div_ceil(3) * 4 {
            return None;
        }
        let bytes = STANDARD.decode(text).ok()?;
        Some(Self::from_bytes(bytes.try_into().ok()?))
    }

    pub fn encode(&self) -> String {
        STANDARD.encode(&self.0[..])
    }
}

impl std::fmt::Debug for SealedMemo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedMemo(…)")
    }
}

impl Serialize for SealedMemo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encode())
    }
}

impl<'de> Deserialize<'de> for SealedMemo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::decode(&text).ok_or_else(|| D::Error::custom("not a memo of 640 bytes in base64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest() -> Memo {
        let reader = |n: u8| format!("{}{}", char::from(b'a' + n), "z".repeat(31)).parse().unwrap();
        Memo {
            day: "9999-12-31".parse().unwrap(),
            profile: INTEGER_MAX,
            readers: (0..12).map(reader).collect(),
            thread: ThreadPoint { length: INTEGER_MAX, digest: Digest::from_bytes([0xff; 32]) },
        }
    }

    #[test]
    fn the_longest_memo_fits_and_gives_itself_back() {
        let plaintext = longest().encode().unwrap();
        assert_eq!(Memo::decode(&plaintext), Ok(longest()));
        assert_eq!(MEMO_SEALED_BYTES, 640);
    }

    #[test]
    fn every_other_encoding_is_refused() {
        let plaintext = longest().encode().unwrap();
        let mut moved = plaintext;
        moved.rotate_right(1);
        let mut newline = plaintext;
        *newline.last_mut().unwrap() = b'\n';
        for bad in [moved, newline, [b' '; MEMO_PLAINTEXT_BYTES], [0; MEMO_PLAINTEXT_BYTES]] {
            assert_eq!(Memo::decode(&bad), Err(Error));
        }
        let mut unsorted = longest();
        unsorted.readers.reverse();
        assert_eq!(unsorted.encode(), Err(Error));
    }

    #[test]
    fn a_sealed_memo_has_one_length() {
        let memo = SealedMemo::from_bytes([7; MEMO_SEALED_BYTES]);
        assert_eq!(memo.encode().len(), 856);
        assert_eq!(SealedMemo::decode(&memo.encode()), Some(memo.clone()));
        assert_eq!(SealedMemo::decode(memo.encode().get(4..).unwrap()), None);
        assert_eq!(SealedMemo::decode(""), None);
    }
}
