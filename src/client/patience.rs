//! How often something is tried, and how long is waited between.

use std::time::Duration;

use super::error::Error;

/// Tries in a row without progress. The pauses between them come to a quarter of a minute: as long as a
/// server takes to start again, and a line over Tor to be built anew.
const TRIES: u32 = 6;
/// The same while this server has never answered: an address with a slip of the pen is said soon.
const TRIES_UNHEARD: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Failures since something was last reached.
#[derive(Default)]
pub(super) struct Patience {
    failures: u32,
}

impl Patience {
    /// Waits before the next try, twice as long as before the last one; gives the error back where it does
    /// not pass, or where this was the last try. `heard` says whether the server has ever answered.
    pub(super) fn bear(&mut self, error: Error, heard: bool) -> Result<(), Error> {
        let tries = if heard { TRIES } else { TRIES_UNHEARD };
        if !error.is_passing() || self.failures + 1 >= tries {
            return Err(error);
        }
        std::thread::sleep(FIRST_PAUSE * 2u32.pow(self.failures));
        self.failures += 1;
        Ok(())
    }

    /// Something was reached: only that makes up for failures.
    pub(super) fn renew(&mut self) {
        self.failures = 0;
    }
}
