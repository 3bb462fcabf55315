//! One server, and single requests to it: what is sent, what counts as a good answer, and how
//! much of it is read. A server's answers are hostile: bounded, and nothing in them is
//! believed before `verify` has seen it.

use std::io::Read as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::address::{ProxyAddress, ProxyAddressError, ServerAddress, ServerAddressError};
use super::error::Error;
use super::patience::Patience;
use super::watch::UploadWatch;
use crate::protocol::limits::PROFILE_BYTES_MAX;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);
/// How long one read or write may stand still: Tor and bad lines take their time.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
pub(super) const JSON_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Of an answer that refuses.
const PROBLEM_BYTES_MAX: u64 = 4096;
/// What [`read_body`] says of an answer that is longer than may be.
pub(super) const TOO_LONG: Error = Error::UnexpectedAnswer("more bytes than announced");

/// One server, perhaps through a SOCKS5 proxy.
pub struct Client {
    agent: ureq::Agent,
    base: String,
    dialled: String,
    /// Whether it has ever answered.
    heard: AtomicBool,
    pub(super) watch: UploadWatch,
}

/// The bearer secret of a request: a mailbox's token or an inspector's session, in hex.
pub type Bearer = Zeroizing<String>;

pub(super) type HttpResponse = ureq::http::Response<ureq::Body>;

/// Headers of a request. What is secret in them lives in the caller's memory, which wipes it.
pub(super) type Headers<'a> = &'a [(&'static str, &'a str)];

impl Client {
    /// `server` is the address of any page of the server; its path does not matter. `proxy` is
    /// `socks5://host:port`, and then names are resolved by the proxy alone. A name in .onion goes there or
    /// nowhere: to a resolver it would tell whom somebody is looking for.
    pub fn new(server: &str, proxy: Option<&str>) -> Result<Self, Error> {
        let server: ServerAddress = server.parse()?;
        let proxy = proxy.map(str::parse::<ProxyAddress>).transpose()?;
        if server.is_onion() && proxy.is_none() {
            return Err(ServerAddressError::OnionWithoutProxy.into());
        }
        let proxy = proxy.map(|proxy| ureq::Proxy::new(proxy.url())).transpose();
        let proxy = proxy.map_err(|_| ProxyAddressError::Host)?;
        // Whatever the environment says of proxies is not asked: a reporter's traffic goes where she said.
        let config = ureq::Agent::config_builder()
            .proxy(proxy)
            .user_agent("")
            .accept("")
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_per_read(Some(IDLE_TIMEOUT))
            .timeout_per_write(Some(IDLE_TIMEOUT))
            .build();
        Ok(Self {
            agent: config.new_agent(),
            base: format!("{}/api/v1", server.origin()),
            dialled: server.origin().to_owned(),
            heard: AtomicBool::new(false),
            watch: UploadWatch::default(),
        })
    }

    /// Where requests go: scheme, host and port.
    pub fn dialled(&self) -> &str {
        &self.dialled
    }

    /// The signed note of today; not verified.
    pub fn profile(&self) -> Result<Vec<u8>, Error> {
        self.patiently(|| read_body(self.get("/profile", &[])?, PROFILE_BYTES_MAX as u64))
    }

    /// The signed note of an earlier version; not verified.
    pub fn profile_version(&self, version: u64) -> Result<Vec<u8>, Error> {
        let path = format!("/profile/{version}");
        self.patiently(|| read_body(self.get(&path, &[])?, PROFILE_BYTES_MAX as u64))
    }

    /// Whether the server answers at all, in one try: what failed then was that thing alone.
    pub fn answers(&self) -> Result<(), Error> {
        read_body(self.get("/profile", &[])?, PROFILE_BYTES_MAX as u64).map(drop)
    }

    /// Tries a whole exchange again while what goes wrong is passing.
    pub(super) fn patiently<T>(&self, mut exchange: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
        let mut patience = Patience::default();
        loop {
            match exchange() {
                Ok(answer) => return Ok(answer),
                Err(error) => patience.bear(error, self.has_answered())?,
            }
        }
    }

    pub(super) fn has_answered(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }

    pub(super) fn get(&self, path: &str, headers: Headers<'_>) -> Result<HttpResponse, Error> {
        let request = self.agent.get(self.url(path));
        self.accepted(with_headers(request, headers).call())
    }

    pub(super) fn post(&self, path: &str, headers: Headers<'_>, body: &[u8]) -> Result<HttpResponse, Error> {
        let request = self.agent.post(self.url(path));
        self.accepted(with_headers(request, headers).send(body))
    }

    pub(super) fn patch(&self, path: &str, headers: Headers<'_>, body: &[u8]) -> Result<HttpResponse, Error> {
        let request = self.agent.patch(self.url(path));
        self.accepted(with_headers(request, headers).send(body))
    }

    /// An answer to HEAD has no body, so no problem document either: its status must do.
    pub(super) fn head(&self, path: &str, headers: Headers<'_>) -> Result<HttpResponse, Error> {
        let answer = with_headers(self.agent.head(self.url(path)), headers).call()?;
        self.heard.store(true, Ordering::Relaxed);
        match answer.status() {
            status if status.is_success() => Ok(answer),
            status => Err(Error::from_status(status.as_u16())),
        }
    }

    pub(super) fn post_json<T: DeserializeOwned>(
        &self,
        path: &str,
        headers: Headers<'_>,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let body = Zeroizing::new(serde_json::to_vec(body).expect("plain structures serialize"));
        let headers = [headers, &[("content-type", "application/json")]].concat();
        decode_json(self.post(path, &headers, &body)?)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A good answer, or the error that a bad one or none stands for.
    fn accepted(&self, answer: Result<HttpResponse, ureq::Error>) -> Result<HttpResponse, Error> {
        let answer = answer?;
        let status = answer.status();
        if status.is_success() {
            self.heard.store(true, Ordering::Relaxed);
            return Ok(answer);
        }
        let mut body = Vec::new();
        // Cut short or not: what was read tells, or it does not.
        let _ = answer.into_body().into_reader().take(PROBLEM_BYTES_MAX).read_to_end(&mut body);
        let error = Error::from_answer(status.as_u16(), &body);
        if matches!(error, Error::Problem { .. }) {
            self.heard.store(true, Ordering::Relaxed);
        }
        Err(error)
    }
}

pub(super) fn authorization(bearer: &Bearer) -> Zeroizing<String> {
    Zeroizing::new(format!("Bearer {}", **bearer))
}

pub(super) fn read_body(answer: HttpResponse, bytes_max: u64) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    let mut reader = answer.into_body().into_reader().take(bytes_max + 1);
    reader.read_to_end(&mut body).map_err(|error| Error::from_io(&error))?;
    if body.len() as u64 > bytes_max { Err(TOO_LONG) } else { Ok(body) }
}

pub(super) fn decode_json<T: DeserializeOwned>(answer: HttpResponse) -> Result<T, Error> {
    let body = Zeroizing::new(read_body(answer, JSON_BYTES_MAX)?);
    serde_json::from_slice(&body).map_err(|_| Error::UnexpectedAnswer("JSON of another shape"))
}

pub(super) fn header<'a>(answer: &'a HttpResponse, name: &str) -> Result<&'a str, Error> {
    let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
    value.ok_or(Error::UnexpectedAnswer("a header is missing"))
}

fn with_headers<B>(request: ureq::RequestBuilder<B>, headers: Headers<'_>) -> ureq::RequestBuilder<B> {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}
