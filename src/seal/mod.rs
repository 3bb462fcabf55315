//! All that needs a secret: the receipt's keys, age's hybrid recipient, signing, sealing and opening. Imports
//! `protocol` and `verify`; the server never imports it.

pub mod blob_key;
pub mod derive;
pub mod hybrid;
pub mod key_file;
pub mod memo;
pub mod message;
pub mod opening;
pub mod own_header;
pub mod profile;
pub mod signing;

mod blob_source;

use zeroize::Zeroizing;

/// 32 secret bytes, wiped when dropped. Has no `Debug`, no `PartialEq` and no way to print itself.
pub type Seed = Zeroizing<[u8; 32]>;

/// Fills the buffer from the system's generator, through libsodium.
pub fn fill_random(buffer: &mut [u8]) {
    crate::verify::ensure_init();
    libsodium_rs::random::fill_bytes(buffer);
}

/// A fresh secret.
pub fn random_seed() -> Seed {
    let mut seed = Zeroizing::new([0; 32]);
    fill_random(&mut *seed);
    seed
}
