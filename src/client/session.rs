//! What a request proves itself with, and signing in again when an inspector's session has ended: in the
//! middle of a long list, a download or an upload, whose pieces belong to the inspector and not to the
//! session.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::Error;
use super::transport::{Bearer, Client};
use crate::protocol::address::Address;
use crate::protocol::api::{IssuedChallenge, IssuedSession, SessionRequest};
use crate::protocol::ids::{Digest, Signature};
use crate::protocol::person::KeyId;
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

/// The signature over `verify::signature::session_bytes` with this challenge.
type Sign = Box<dyn Fn(Digest) -> Signature + Send + Sync>;

/// An inspector who is signed in, and signs in again by herself. Several threads may use it at once.
pub struct InspectorSession {
    key: KeyId,
    address: Address,
    sign: Sign,
    bearer: Mutex<Bearer>,
}

impl InspectorSession {
    /// `address` is what [`session_address`] gave. `sign` gets a challenge and gives the signature over
    /// `verify::signature::session_bytes` of the same key and address.
    pub fn sign_in(
        client: &Client,
        key: KeyId,
        address: Address,
        sign: impl Fn(Digest) -> Signature + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let bearer = client.open_session(&key, &address, &sign)?;
        Ok(Self { key, address, sign: Box::new(sign), bearer: Mutex::new(bearer) })
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
            *bearer = client.open_session(&self.key, &self.address, &self.sign)?;
        }
        Ok(Some(bearer.clone()))
    }
}

/// The address for which a session is signed: the one dialled, or the one that the inspector names because
/// she comes through a tunnel. It must be the office's, lest a relay at another address get a session. All
/// ports of one machine are one machine, so whoever dials her own may sign for another of its ports.
pub fn session_address(listed: &[Address], dialled: &str, named: Option<&Address>) -> Result<Address, Error> {
    let wanted = named.map_or(dialled, Address::as_str);
    let exact = listed.iter().find(|address| address.as_str() == wanted);
    let is_own_machine =
        || named.is_none() && dialled.parse().is_ok_and(|dialled: Address| dialled.is_loopback());
    let beside = || listed.iter().find(|address| address.is_loopback() && is_own_machine());
    exact.or_else(beside).cloned().ok_or_else(|| Error::AddressNotListed {
        dialled: wanted.to_owned(),
        listed: listed.iter().map(Address::as_str).collect::<Vec<_>>().join(", "),
    })
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
            Err(error @ (Error::Problem { status, .. } | Error::RefusedBefore { status }))
                if over.contains(&status) =>
            {
                match credentials.renew(self, &bearer)? {
                    Some(renewed) => request(&renewed),
                    None => Err(error),
                }
            }
            answer => answer,
        }
    }

    /// Challenge and session together: a challenge serves once, so a try after a lost answer needs another.
    fn open_session(
        &self,
        key: &KeyId,
        address: &Address,
        sign: impl Fn(Digest) -> Signature,
    ) -> Result<Bearer, Error> {
        self.patiently(|| {
            let IssuedChallenge { challenge } =
                self.post_json("/inspector/challenge", &[], &serde_json::json!({}))?;
            let request = SessionRequest {
                inspector: key.person.clone(),
                epoch: key.epoch,
                address: address.clone(),
                challenge,
                signature: sign(challenge),
            };
            let session: IssuedSession = self.post_json("/inspector/session", &[], &request)?;
            Ok(session.session)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_signed_for_an_address_of_the_office_alone() {
        let address = |text: &str| text.parse::<Address>().unwrap();
        let listed = ["https://office.example", "http://abc.onion", "http://127.0.0.1:8080"].map(address);
        let choose = |dialled: &str, named: Option<&str>| {
            session_address(&listed, dialled, named.map(address).as_ref()).map(|address| address.to_string())
        };
        assert_eq!(choose("http://abc.onion", None).unwrap(), "http://abc.onion");
        assert_eq!(choose("http://127.0.0.1:9999", None).unwrap(), "http://127.0.0.1:8080");
        assert_eq!(choose("http://[::1]:1", None).unwrap(), "http://127.0.0.1:8080");
        let tunnel = choose("http://10.0.0.7:9999", Some("https://office.example"));
        assert_eq!(tunnel.unwrap(), "https://office.example");
        for (dialled, named) in [
            ("http://office.example", None),
            ("https://office.example:8443", None),
            ("https://relay.example", None),
            ("http://127.0.0.1:9999", Some("http://127.0.0.1:9999")),
            ("https://office.example", Some("https://relay.example")),
        ] {
            assert!(choose(dialled, named).is_err(), "{dialled} {named:?}");
        }
        let far = [address("https://office.example")];
        assert!(session_address(&far, "http://127.0.0.1:8080", None).is_err());
    }
}
