//! Secrets that travel inside sealed messages and requests. They erase themselves, do not print themselves,
//! and are compared in time that does not depend on what they hold.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize as _, Zeroizing};

use super::ids::{decode_hex, encode_hex};

macro_rules! secret_bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Exactly this many bytes of lowercase hex, or nothing.
            pub fn decode(text: &str) -> Option<Self> {
                decode_hex(text).map(Self)
            }

            /// As it travels.
            pub fn encode(&self) -> Zeroizing<String> {
                Zeroizing::new(encode_hex(&self.0))
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.0.zeroize();
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.iter().zip(&other.0).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.encode())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Zeroizing::new(String::deserialize(deserializer)?);
                Self::decode(&text).ok_or_else(|| D::Error::custom(concat!("not ", $expected)))
            }
        }
    };
}

secret_bytes!(
    /// What the reporter and the readers of a case share (PROTOCOL 2.9).
    CaseSecret, 32, "a case secret of 64 lowercase hex digits"
);
secret_bytes!(
    /// Derived from the case secret; it lets an inspector write into the case and list it (PROTOCOL 2.9).
    WriteToken, 32, "a write token of 64 lowercase hex digits"
);
secret_bytes!(
    /// The file key of one age file, as a handover gives it (PROTOCOL 2.8).
    HandedKey, 16, "a file key of 32 lowercase hex digits"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself_and_compares_whole() {
        let secret = CaseSecret::from_bytes([7; 32]);
        assert_eq!(format!("{secret:?}"), "CaseSecret(…)");
        assert_eq!(CaseSecret::decode(&secret.encode()), Some(secret.clone()));
        for at in [0, 31] {
            let mut other = [7; 32];
            other[at] ^= 0x80;
            assert_ne!(CaseSecret::from_bytes(other), secret);
        }
        assert_eq!(HandedKey::decode("00"), None);
        assert!(serde_json::from_str::<HandedKey>("\"0A000000000000000000000000000000\"").is_err());
    }
}
