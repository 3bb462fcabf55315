//! What needs no secret and decides what is believed: digests, signatures, the profile, a message, a case
//! and its state, orders of erasure. Imports `protocol` alone.

pub mod case;
pub mod case_state;
pub mod digest;
pub mod effect;
pub mod erasure;
pub mod journal;
pub mod message;
pub mod profile;
pub mod signature;
pub mod trust;

mod authenticity;
mod listing;
mod mailbox_fold;
mod office_fold;
mod steps;

/// libsodium must be initialized once before any of it is called; every function here that calls it goes
/// through this. Calling it again costs nothing.
pub fn ensure_init() {
    // It fails only where the system has no random generator, and then nothing here may run.
    libsodium_rs::ensure_init().expect("libsodium initializes");
}
