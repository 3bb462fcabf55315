//! What a request proves itself with, and signing in again when an inspector's session has ended: in the
//! middle of a long list, a download or an upload, whose pieces belong to the inspector and not to the
//! session.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Bearer, Client, Error};
use crate::protocol::ids::{Id, Signature};
use crate::verify::digest::constant_time_eq;

/// Where the bearer secret of a request comes from.
pub trait Credentials {
    fn bearer(&self) -> Bearer;

    /// Another secret in the place of one that the server has just refused; nothing where there is none.
    fn renew(&self, client: &Client, refused: &Bearer) -> Result<Option<Bearer>, Error>;
}

/// A reporter's token: the receipt code gives this one and no other.
impl Credentials for Bearer {
    fn bearer(&self) -> Bearer {
        self.clone()
    }

    fn renew(&self, _: &Client, _: &Bearer) -> Result<Option<Bearer>, Error> {
        Ok(None)
    }
}

type Sign = Box<dyn Fn(&str) -> Signature + Send + Sync>;

/// An inspector who is signed in, and signs in again by herself. Several threads may use it at once.
pub struct InspectorSession {
    inspector: Id,
    sign: Sign,
    bearer: Mutex<Bearer>,
}

impl InspectorSession {
    /// `sign` gets a challenge in hex and gives the signature over `verify::signature::session_bytes`.
    pub fn sign_in(
        client: &Client,
        inspector: Id,
        sign: impl Fn(&str) -> Signature + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let bearer = client.open_session(&inspector, &sign)?;
        Ok(Self { inspector, sign: Box::new(sign), bearer: Mutex::new(bearer) })
    }

    fn lock(&self) -> MutexGuard<'_, Bearer> {
        self.bearer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Credentials for InspectorSession {
    fn bearer(&self) -> Bearer {
        self.lock().clone()
    }

    fn renew(&self, client: &Client, refused: &Bearer) -> Result<Option<Bearer>, Error> {
        // Held while signing in: whoever was refused at the same time waits and takes the same new session.
        let mut bearer = self.lock();
        if constant_time_eq(bearer.as_bytes(), refused.as_bytes()) {
            *bearer = client.open_session(&self.inspector, &self.sign)?;
        }
        Ok(Some(bearer.clone()))
    }
}

impl Client {
    /// Does a request; once more with another secret where the server says that this one is over. What it
    /// refuses then is refused: a server that refuses everything costs one signature a request.
    pub(super) fn authorized<T>(
        &self,
        credentials: &dyn Credentials,
        request: impl Fn(&Bearer) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.authorized_unless(credentials, &[401], request)
    }

    /// The same, for requests which show in these statuses that the secret may be over.
    pub(super) fn authorized_unless<T>(
        &self,
        credentials: &dyn Credentials,
        over: &[u16],
        request: impl Fn(&Bearer) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let bearer = credentials.bearer();
        match request(&bearer) {
            Err(Error::Problem { word, status }) if over.contains(&status) => {
                match credentials.renew(self, &bearer)? {
                    Some(renewed) => request(&renewed),
                    None => Err(Error::Problem { word, status }),
                }
            }
            answer => answer,
        }
    }
}
