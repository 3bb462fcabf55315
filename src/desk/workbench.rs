//! An inspector at her desk: signed in, the profile verified against what was seen before.

use std::sync::Arc;

use super::error::Error;
use super::memory::{Memory, SeenProfile};
use crate::client::{Client, InspectorSession, UploadWatch, session_address};
use crate::protocol::address::Address;
use crate::protocol::day::Day;
use crate::protocol::ids::OfficeId;
use crate::protocol::person::KeyId;
use crate::seal::key_file::InspectorKeys;
use crate::verify::case::CaseReading;
use crate::verify::profile::{self, Expectation, VerifiedProfile};
use crate::verify::signature::session_bytes;

/// When the server ends the session, the desk signs in again by itself and nothing is lost.
pub struct Desk {
    pub(super) client: Client,
    pub(super) session: InspectorSession,
    pub(super) keys: Arc<InspectorKeys>,
    pub profile: VerifiedProfile,
    pub memory: Memory,
    pub(super) today: Day,
    /// Nobody said which office this is, and the desk had not been here before: compare the office's id.
    pub first_visit: bool,
}

/// What an inspector says when she signs in.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The office's id where she gives it; else the one that her desk remembers; else whatever the server
    /// says, see [`Desk::first_visit`].
    pub office: Option<OfficeId>,
    /// The address of the office's server, where she comes through a tunnel and dials another.
    pub address: Option<Address>,
    pub today: Day,
}

impl Desk {
    /// Verifies the profile, checks that it lists these keys, and signs in.
    pub fn sign_in(
        client: Client,
        keys: InspectorKeys,
        visit: &Visit,
        mut memory: Memory,
    ) -> Result<Self, Error> {
        let first_visit = memory.office.is_none() && visit.office.is_none();
        let expectation = Expectation {
            office: visit.office.or(memory.office),
            version: memory.profile.map_or(0, |seen| seen.version),
            digest: memory.profile.map(|seen| seen.digest),
            today: visit.today,
        };
        // Cases stay readable when the office is late in signing anew; nothing is
        // sealed by an expired profile.
        let profile = profile::verify_for_reading(&client.profile()?, expectation)?;
        if memory.office.is_some_and(|remembered| remembered != profile.office) {
            return Err(profile::Error::Foreign { found: profile.office }.into());
        }
        let listed = profile.inspector(&keys.id).is_some_and(|inspector| {
            inspector.epoch == keys.epoch
                && inspector.signer == keys.signing.signer()
                && inspector.recipient == keys.identity.to_recipient().to_string()
        });
        if !listed {
            return Err(Error::NotListed { id: keys.id.clone() });
        }
        let address = session_address(&profile.addresses, client.dialled(), visit.address.as_ref())?;
        let key = KeyId { person: keys.id.clone(), epoch: keys.epoch };
        let keys = Arc::new(keys);
        let (signer, office, signed) = (Arc::clone(&keys), profile.office, (key.clone(), address.clone()));
        let sign =
            move |challenge| signer.signing.sign(&session_bytes(office, &signed.0, &signed.1, challenge));
        let session = InspectorSession::sign_in(&client, key, address, sign)?;
        memory.office = Some(profile.office);
        memory.remember_profile(seen(&profile));
        memory.save()?;
        Ok(Self { client, session, keys, profile, memory, today: visit.today, first_visit })
    }

    /// What is known of the answer that is being sent.
    pub fn upload_watch(&self) -> UploadWatch {
        self.client.upload_watch()
    }

    /// The profile's last day is over: cases open, nothing is sealed.
    pub fn is_expired(&self) -> bool {
        self.profile.is_expired(self.today)
    }

    pub(super) fn key_id(&self) -> KeyId {
        KeyId { person: self.keys.id.clone(), epoch: self.keys.epoch }
    }

    /// Fetches the profile again where a message was sealed by a newer one than this desk has.
    pub(super) fn refresh_profile(&mut self, floor: u64) -> Result<(), Error> {
        if floor <= self.profile.version {
            return Ok(());
        }
        let expectation = Expectation::after(&self.profile, self.today);
        self.profile = profile::verify_for_reading(&self.client.profile()?, expectation)?;
        self.memory.remember_profile(seen(&self.profile));
        Ok(self.memory.save()?)
    }

    /// Whether anything may be sealed now: not under an expired profile, nor under one older than a
    /// message states or with another text.
    pub(super) fn check_sealing(&self, reading: Option<&CaseReading<'_>>) -> Result<(), Error> {
        if self.is_expired() {
            return Err(profile::Error::Expired { expires: self.profile.expires }.into());
        }
        match reading {
            Some(reading) if reading.is_profile_older(&self.profile) => {
                Err(Error::ProfileOlder { offered: self.profile.version, floor: reading.state.profile_floor })
            }
            Some(reading) if reading.state.profile_differs => {
                Err(Error::ProfileDiffers { version: self.profile.version })
            }
            _ => Ok(()),
        }
    }
}

fn seen(profile: &VerifiedProfile) -> SeenProfile {
    let stamp = profile.stamp();
    SeenProfile { version: stamp.version, digest: stamp.digest }
}
