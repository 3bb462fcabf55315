//! The protocol's HTTP side as the command line, the desk and load tests speak it (PROTOCOL 4). Blocking; a
//! server's answers are hostile: bounded, and nothing in them is believed before `verify` has seen it.

mod address;
mod session;
mod upload;

use std::io::Read as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::protocol::api::{CasesPage, IssuedChallenge, IssuedSession, SessionRequest, decode_problem_urn};
use crate::protocol::ids::{CaseId, Id, Signature};
use crate::protocol::limits::{PROFILE_BYTES_MAX, SEALED_BYTES_MAX};
use crate::verify::digest::sha256;

pub use crate::protocol::api::{ListedCase, ListedMailbox, ListedMessage};
pub use crate::protocol::upload::MessageKind;
pub use address::{ProxyAddress, ProxyAddressError, ServerAddress, ServerAddressError};
pub use session::{Credentials, InspectorSession};
pub use upload::{UploadState, UploadWatch};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);
/// How long one read or write may stand still: Tor and bad lines take their time.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
const JSON_BYTES_MAX: u64 = 32 * 1024 * 1024;
const CASES_PER_PAGE: usize = 200;
/// Of a message whose age header is looked at.
const HEAD_BYTES: u64 = 64 * 1024;
const CASES_MAX: usize = 100_000;

/// One server, perhaps through a SOCKS5 proxy.
pub struct Client {
    agent: ureq::Agent,
    base: String,
    watch: UploadWatch,
}

/// The bearer secret of a request: a mailbox's token or an inspector's session, in hex.
pub type Bearer = Zeroizing<String>;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Address(#[from] ServerAddressError),
    #[error(transparent)]
    Proxy(#[from] ProxyAddressError),
    #[error("the server cannot be reached ({0})")]
    Unreachable(String),
    #[error("the server refuses: {word} (HTTP {status})")]
    Problem { word: String, status: u16 },
    /// Not the server's word, but somebody's who stands before it, such as a proxy that takes no large messages.
    #[error("something before the server refuses (HTTP {status})")]
    RefusedBefore { status: u16 },
    #[error("the server's answer is not of this protocol ({0})")]
    UnexpectedAnswer(&'static str),
}

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
        let base = format!("{}/api/v1", server.origin());
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
        Ok(Self { agent: config.new_agent(), base, watch: UploadWatch::default() })
    }

    /// The signed note; not verified.
    pub fn profile(&self) -> Result<Vec<u8>, Error> {
        let answer = self.get("/profile", None)?;
        read_body(answer, PROFILE_BYTES_MAX as u64)
    }

    pub fn mailbox(&self, token: &Bearer) -> Result<ListedMailbox, Error> {
        let mailbox: ListedMailbox = self.get_json("/mailbox", token)?;
        check_positions(&mailbox.messages)?;
        Ok(mailbox)
    }

    pub fn mailbox_message(&self, token: &Bearer, listed: &ListedMessage) -> Result<Vec<u8>, Error> {
        self.blob(&format!("/mailbox/messages/{}", listed.position), token, listed)
    }

    /// Signs in as an inspector. `sign` gets the challenge in hex and gives the signature over
    /// `verify::signature::session_bytes`.
    pub fn open_session(
        &self,
        inspector: &Id,
        sign: impl FnOnce(&str) -> Signature,
    ) -> Result<Bearer, Error> {
        let IssuedChallenge { challenge } = self.post_json("/inspector/challenge", &serde_json::json!({}))?;
        let signature = sign(&challenge.to_string());
        let session: IssuedSession = self.post_json(
            "/inspector/session",
            &SessionRequest { inspector: inspector.clone(), challenge, signature },
        )?;
        Ok(session.session)
    }

    /// All cases, in the order of their ids.
    pub fn cases(&self, session: &dyn Credentials) -> Result<Vec<ListedCase>, Error> {
        let mut cases: Vec<ListedCase> = Vec::new();
        let mut path = format!("/cases?limit={CASES_PER_PAGE}");
        loop {
            let page: CasesPage = self.get_json(&path, session)?;
            for case in &page.cases {
                check_positions(&case.messages)?;
                // Strictly rising ids end the walk whatever the server says.
                if cases.last().is_some_and(|last| last.case >= case.case) {
                    return Err(Error::UnexpectedAnswer("cases out of order"));
                }
                cases.push(case.clone());
            }
            if cases.len() > CASES_MAX {
                return Err(Error::UnexpectedAnswer("more cases than any office has"));
            }
            match page.next {
                Some(next) if !page.cases.is_empty() => {
                    path = format!("/cases?after={next}&limit={CASES_PER_PAGE}")
                }
                _ => return Ok(cases),
            }
        }
    }

    pub fn case(&self, session: &dyn Credentials, case: CaseId) -> Result<ListedCase, Error> {
        let listed: ListedCase = self.get_json(&format!("/cases/{case}"), session)?;
        check_positions(&listed.messages)?;
        if listed.case == case { Ok(listed) } else { Err(Error::UnexpectedAnswer("another case")) }
    }

    pub fn case_message(
        &self,
        session: &dyn Credentials,
        case: CaseId,
        listed: &ListedMessage,
    ) -> Result<Vec<u8>, Error> {
        self.blob(&format!("/cases/{case}/messages/{}", listed.position), session, listed)
    }

    /// The first bytes of a case's message, enough for its age header. Not checked against any digest.
    pub fn case_message_head(
        &self,
        session: &dyn Credentials,
        case: CaseId,
        position: u64,
    ) -> Result<Vec<u8>, Error> {
        let path = format!("{}/cases/{case}/messages/{position}", self.base);
        let answer = self.authorized(session, |bearer| {
            let request = self.agent.get(&path).header("authorization", authorization(bearer).as_str());
            accepted(request.header("range", format!("bytes=0-{}", HEAD_BYTES - 1)).call())
        })?;
        read_body(answer, HEAD_BYTES)
    }

    /// A blob with the digest that was listed.
    fn blob(
        &self,
        path: &str,
        credentials: &dyn Credentials,
        listed: &ListedMessage,
    ) -> Result<Vec<u8>, Error> {
        if listed.size_bytes > SEALED_BYTES_MAX {
            return Err(Error::UnexpectedAnswer("a message larger than any"));
        }
        let blob = read_body(self.get(path, Some(credentials))?, listed.size_bytes)?;
        if sha256(&blob) == listed.sha256 {
            Ok(blob)
        } else {
            Err(Error::UnexpectedAnswer("a message with another digest"))
        }
    }

    fn get_json<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        credentials: &dyn Credentials,
    ) -> Result<T, Error> {
        decode_json(self.get(path, Some(credentials))?)
    }

    fn get(&self, path: &str, credentials: Option<&dyn Credentials>) -> Result<HttpResponse, Error> {
        let url = format!("{}{path}", self.base);
        let Some(credentials) = credentials else { return accepted(self.agent.get(url).call()) };
        self.authorized(credentials, |bearer| {
            accepted(self.agent.get(&url).header("authorization", authorization(bearer).as_str()).call())
        })
    }

    fn post_json<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let body = serde_json::to_vec(body).expect("plain structures serialize");
        let request =
            self.agent.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        decode_json(accepted(request.send(&body[..]))?)
    }
}

type HttpResponse = ureq::http::Response<ureq::Body>;

fn authorization(bearer: &Bearer) -> Zeroizing<String> {
    Zeroizing::new(format!("Bearer {}", **bearer))
}

/// A good answer, or the error that a bad one or none stands for.
fn accepted(answer: Result<HttpResponse, ureq::Error>) -> Result<HttpResponse, Error> {
    let answer = answer.map_err(unreachable)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    // Whatever else the document holds is not looked at.
    #[derive(Deserialize)]
    struct ProblemType {
        r#type: String,
    }
    let body = read_body(answer, 4096).unwrap_or_default();
    let document = serde_json::from_slice::<ProblemType>(&body).ok();
    let word = document.as_ref().and_then(|document| decode_problem_urn(&document.r#type));
    match word {
        Some(word) => Err(Error::Problem { word: word.to_owned(), status: status.as_u16() }),
        None if status.is_client_error() => Err(Error::RefusedBefore { status: status.as_u16() }),
        None => Err(Error::UnexpectedAnswer("an error that is no problem document")),
    }
}

fn unreachable(error: ureq::Error) -> Error {
    Error::Unreachable(match error {
        ureq::Error::Io(error) => error.kind().to_string(),
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "no such host".to_owned(),
        ureq::Error::ConnectionFailed => "no connection".to_owned(),
        ureq::Error::Tls(_) => "no secure connection".to_owned(),
        _ => "the connection broke".to_owned(),
    })
}

fn read_body(answer: HttpResponse, bytes_max: u64) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    let mut reader = answer.into_body().into_reader().take(bytes_max + 1);
    reader.read_to_end(&mut body).map_err(|error| Error::Unreachable(error.kind().to_string()))?;
    if body.len() as u64 > bytes_max {
        Err(Error::UnexpectedAnswer("more bytes than announced"))
    } else {
        Ok(body)
    }
}

fn decode_json<T: serde::de::DeserializeOwned>(answer: HttpResponse) -> Result<T, Error> {
    let body = Zeroizing::new(read_body(answer, JSON_BYTES_MAX)?);
    serde_json::from_slice(&body).map_err(|_| Error::UnexpectedAnswer("JSON of another shape"))
}

/// Positions count from 0 without a gap; the thread's digests rest on that.
fn check_positions(messages: &[ListedMessage]) -> Result<(), Error> {
    let in_order = messages.iter().zip(0u64..).all(|(message, position)| message.position == position);
    if in_order { Ok(()) } else { Err(Error::UnexpectedAnswer("messages out of order")) }
}
