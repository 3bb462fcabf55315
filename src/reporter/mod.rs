//! A reporter without a browser: the same protocol as the page, for the command line, tests and load.

mod draft;
mod error;
mod mailbox;
mod office;

pub use draft::{Attachment, Draft, FollowUpForm, ReportForm};
pub use error::Error;
pub use mailbox::{FetchError, Mailbox};
pub use office::{EarlierReport, Office, SealedMessage};
