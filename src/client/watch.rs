//! What is known of a message that is being sent, for another thread to ask at any time: when the one that
//! sends is stopped in the middle, somebody has to say whether the message arrived.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum UploadState {
    /// Nothing has been sent.
    NotBegun,
    /// Its end has not been sent, or the server answered that it does not take it.
    NotStored,
    /// Its end is on its way, or was and no answer came.
    InDoubt,
    Stored,
}

/// Of the latest upload of one client.
#[derive(Clone, Default)]
pub struct UploadWatch(Arc<AtomicU8>);

impl UploadWatch {
    pub fn state(&self) -> UploadState {
        use UploadState::{InDoubt, NotBegun, NotStored, Stored};
        let number = self.0.load(Ordering::SeqCst);
        let known = [NotBegun, NotStored, InDoubt, Stored];
        known.into_iter().find(|state| *state as u8 == number).unwrap_or(InDoubt)
    }

    pub(super) fn set(&self, state: UploadState) {
        self.0.store(state as u8, Ordering::SeqCst);
    }

    pub(super) fn set_in_doubt(&self, in_doubt: bool) {
        self.set(if in_doubt { UploadState::InDoubt } else { UploadState::NotStored });
    }
}
