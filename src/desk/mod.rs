//! The inspector's workbench: signing in, reading cases, answering and exporting, a file for each. Keys never
//! leave the machine; nothing the server sends is run or believed.

mod case;
pub mod export;
mod inbox;
pub mod memory;
mod reply;
pub mod view;

use std::sync::Arc;

use crate::client::{Client, InspectorSession, UploadWatch};
use crate::protocol::day::Day;
use crate::protocol::ids::{Id, OfficeId};
use crate::protocol::profile::Profile;
use crate::seal::key_file::InspectorKeys;
use crate::seal::message::SealError;
use crate::verify::profile::{self, Expectation};
use crate::verify::signature::session_bytes;

use memory::Memory;

pub use case::{CaseMessage, CaseWarning, OpenedCase};
pub use inbox::InboxEntry;
pub use reply::ReplyDraft;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Client(#[from] crate::client::Error),
    #[error(transparent)]
    Profile(#[from] profile::Error),
    #[error("the office profile does not list inspector {id} with these keys")]
    NotListed { id: Id },
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("the report of this case does not open with this identity, so there is nobody to answer")]
    NoReport,
    #[error("the server has no case {0}")]
    NoSuchCase(String),
    #[error("{0} begins the id of more than one case")]
    Ambiguous(String),
    #[error(transparent)]
    Memory(#[from] memory::Error),
}

/// An inspector at work: signed in, the profile verified against what was seen before. When the server ends
/// the session, the desk signs in again by itself and nothing is lost.
pub struct Desk {
    client: Client,
    session: InspectorSession,
    keys: Arc<InspectorKeys>,
    pub profile: Profile,
    pub memory: Memory,
    today: Day,
    /// The profile's last day is over: cases open, answers are refused.
    pub expired: bool,
    /// Nobody said which office this is, and the desk had not been here before: compare the office's id.
    pub first_visit: bool,
}

impl Desk {
    /// What is known of the answer that is being sent.
    pub fn upload_watch(&self) -> UploadWatch {
        self.client.upload_watch()
    }

    /// Verifies the profile, checks that it lists these keys, and signs in. `office` is the office's id where the
    /// inspector gives it; else the one this desk remembers; else whatever the server says, see [`Desk::first_visit`].
    pub fn sign_in(
        client: Client,
        keys: InspectorKeys,
        office: Option<OfficeId>,
        mut memory: Memory,
        today: Day,
    ) -> Result<Self, Error> {
        let note = client.profile()?;
        let first_visit = memory.office.is_none() && office.is_none();
        let expectation =
            Expectation { office: office.or(memory.office), version: memory.profile_version, today };
        // Cases stay readable when the office is late in signing anew; nothing is sealed by an expired profile.
        let (profile, expired) = match profile::verify(&note, expectation) {
            Err(profile::Error::Expired { expires }) => {
                (profile::verify(&note, Expectation { today: expires, ..expectation })?, true)
            }
            verified => (verified?, false),
        };
        if memory.office.is_some_and(|remembered| remembered != profile.office) {
            return Err(profile::Error::Foreign { found: profile.office }.into());
        }
        let listed = profile.inspector(&keys.id).is_some_and(|inspector| {
            inspector.signer == keys.signing.signer()
                && inspector.recipient == keys.identity.to_recipient().to_string()
        });
        if !listed {
            return Err(Error::NotListed { id: keys.id.clone() });
        }
        let keys = Arc::new(keys);
        let (signer, signed_office) = (Arc::clone(&keys), profile.office);
        let sign =
            move |challenge: &str| signer.signing.sign(&session_bytes(&signed_office, &signer.id, challenge));
        let session = InspectorSession::sign_in(&client, keys.id.clone(), sign)?;
        memory.office = Some(profile.office);
        memory.profile_version = profile.version;
        memory.save()?;
        Ok(Self { client, session, keys, profile, memory, today, expired, first_visit })
    }
}
