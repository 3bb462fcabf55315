//! Headers that stand on every answer, and headers read from requests.

use axum::extract::Request;
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use zeroize::Zeroizing;

use crate::protocol::api::ProblemWord;
use crate::protocol::ids::decode_hex;
use crate::protocol::limits::INTEGER_MAX;

use super::problem::Problem;

/// One header, as WEBCAT wants it: scripts, styles, fonts and pictures from here alone, nothing inline,
/// nothing assigned to a markup sink. `blob:` is for thumbnails of what the reporter chose. The policy `worker` lets
/// one address through, that of the script that seals beside the page. That script is bound by the header of its own
/// answer, so it must stand there too.
const CONTENT_SECURITY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; \
    img-src 'self' blob:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types worker";

/// All off but writing to the clipboard: the receipt code is copied by a button.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), bluetooth=(), browsing-topics=(), camera=(), \
    clipboard-read=(), clipboard-write=(self), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), \
    geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), local-fonts=(), \
    magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), \
    screen-wake-lock=(), serial=(), storage-access=(), sync-xhr=(), usb=(), web-share=(), window-management=(), \
    xr-spatial-tracking=()";

const ALWAYS: [(HeaderName, &str); 8] = [
    (CONTENT_SECURITY_POLICY, CONTENT_SECURITY),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
];

/// Puts them on whatever the rest of the program answers. Only a handler that knows better says how to cache.
pub async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
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
