//! Headers that stand on every answer, each where it acts, and headers read from requests.

use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use zeroize::Zeroizing;

use crate::protocol::api::ProblemWord;
use crate::protocol::ids::decode_hex;
use crate::protocol::limits::INTEGER_MAX;

use super::problem::Problem;

/// One header, as WEBCAT wants it: scripts, styles, fonts and pictures from here alone, nothing inline,
/// nothing assigned to a markup sink. `blob:` is for thumbnails of what the reporter chose. The policy
/// `worker` lets one address through, that of the script that seals beside the page.
const CONTENT_SECURITY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; \
    img-src 'self' blob:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types worker";

/// Off is what could tell of the person, of her device or of what stands around it, but for writing to the
/// clipboard: the receipt code is copied by a button. What can only be seen or heard on the page has no line
/// here, because each costs a slow line as much as it is long, with every page.
const PERMISSIONS: &str = "accelerometer=(), bluetooth=(), browsing-topics=(), camera=(), clipboard-read=(), \
    clipboard-write=(self), display-capture=(), geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), \
    idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), \
    publickey-credentials-get=(), serial=(), storage-access=(), usb=(), web-share=(), window-management=(), \
    xr-spatial-tracking=()";

/// A script may be run as a worker, and a worker is bound by the policy of its script's own answer and by no
/// page's. It is handed what it works on: it fetches nothing, loads nothing and makes no code of words.
const SCRIPT_SECURITY: &str = "default-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// A picture or an answer that somebody opens by its address does nothing and is framed by nobody.
const INERT_SECURITY: &str = "default-src 'none'; frame-ancestors 'none'";

const CSP: &str = "content-security-policy";
const REFERRER: (&str, &str) = ("referrer-policy", "no-referrer");
const COEP: (&str, &str) = ("cross-origin-embedder-policy", "require-corp");

/// On everything: no other site takes it in, and it is of no other type than it says.
const ALWAYS: [(&str, &str); 2] =
    [("x-content-type-options", "nosniff"), ("cross-origin-resource-policy", "same-origin")];

/// What a browser could show as a page: everything of which nothing else is known.
const DOCUMENT: &[(&str, &str)] = &[
    (CSP, CONTENT_SECURITY),
    REFERRER,
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    COEP,
    ("permissions-policy", PERMISSIONS),
];

const SCRIPT: &[(&str, &str)] = &[(CSP, SCRIPT_SECURITY), REFERRER, COEP];

/// It names the font, which is fetched under its own referrer policy.
const STYLE: &[(&str, &str)] = &[REFERRER];

const INERT: &[(&str, &str)] = &[(CSP, INERT_SECURITY)];

/// Puts on whatever the rest of the program answers the headers that act on it. On a slow line they
/// weigh more than many a body: a policy of a document stands on documents. Only a handler that
/// knows better says how to cache.
pub async fn secure(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS.iter().chain(policies(headers, is_api)) {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// By what a browser does with an answer of this type. A type that is not known
/// here gets all that a page gets.
fn policies(headers: &HeaderMap, is_api: bool) -> &'static [(&'static str, &'static str)] {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    match content_type.split(';').next().unwrap_or("").trim() {
        "text/html" => DOCUMENT,
        _ if is_api => INERT,
        "text/javascript" => SCRIPT,
        "text/css" => STYLE,
        "font/woff2" => &[],
        "image/svg+xml" | "image/png" | "image/webp" => INERT,
        _ => DOCUMENT,
    }
}

/// The secret behind `Authorization: Bearer`, of 64 hex digits.
pub fn bearer(headers: &HeaderMap) -> Result<Zeroizing<[u8; 32]>, Problem> {
    let value = single(headers, &AUTHORIZATION)?.ok_or(ProblemWord::Unauthorized)?;
    let (scheme, secret) = value.split_once(' ').ok_or(ProblemWord::Unauthorized)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(ProblemWord::Unauthorized.into());
    }
    decode_hex(secret).map(Zeroizing::new).ok_or(ProblemWord::Unauthorized.into())
}

/// The value of a header that stands there at most once and is ASCII.
pub fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| ProblemWord::Malformed.into()),
        (Some(_), Some(_)) => Err(ProblemWord::Malformed.into()),
    }
}

/// A header that is a decimal number; up to 2⁵³ − 1, as every integer here.
pub fn integer(headers: &HeaderMap, name: &HeaderName) -> Result<Option<u64>, Problem> {
    let Some(text) = single(headers, name)? else { return Ok(None) };
    if text.len() > 16 || !is_digits(text) {
        return Err(ProblemWord::Malformed.into());
    }
    let number: u64 = text.parse().map_err(|_| ProblemWord::Malformed)?;
    if number <= INTEGER_MAX { Ok(Some(number)) } else { Err(ProblemWord::Malformed.into()) }
}

/// ASCII digits, at least one, and nothing else.
pub fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the body is said to be of this type, whatever its parameters.
pub fn is_content_type(headers: &HeaderMap, wanted: &str) -> Result<bool, Problem> {
    let value = single(headers, &CONTENT_TYPE)?.unwrap_or("");
    let essence = value.split(';').next().unwrap_or("").trim();
    Ok(essence.eq_ignore_ascii_case(wanted))
}
