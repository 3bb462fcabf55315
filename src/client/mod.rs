//! The protocol's HTTP side as the command line, the desk and load tests speak it (PROTOCOL 4). Blocking.
//! What passes by itself is tried again here, with growing pauses and not for ever; what comes out is final.

mod address;
mod blob;
mod cases;
mod error;
mod listing;
mod mailbox;
mod patience;
mod session;
mod transport;
mod upload;
mod watch;

pub use address::{ProxyAddress, ProxyAddressError, ServerAddress, ServerAddressError};
pub use blob::{BlobReader, BlobStream, RemoteBlob};
pub use cases::CaseListing;
pub use error::Error;
pub use mailbox::ListedMailbox;
pub use session::{Credentials, InspectorSession, session_address};
pub use transport::{Bearer, Client};
pub use upload::OutgoingMessage;
pub use watch::{UploadState, UploadWatch};
