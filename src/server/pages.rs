//! The pages, as they were built into the program: `web/dist/reporter`, the same bytes for every office.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use super::app::App;
use super::error::Problem;
use super::one_way;

/// `allow_missing`: the program compiles, and serves its API, before the pages are built.
#[derive(RustEmbed)]
#[folder = "web/dist/reporter"]
#[allow_missing = true]
struct Dist;

/// Names of assets carry a hash of their bytes, so they never change. `private`: kept by the browser alone.
const CACHE_ASSET: &str = "private, max-age=86400, immutable";
const ASSETS: &str = "/assets/";

/// A body that compression does not make smaller by a tenth is sent as it is.
const WORTHWHILE: f64 = 0.9;

pub(super) struct Pages {
    /// By the path of their address: `/fa/`, `/fa/report`, `/assets/main-1a2b.js`.
    files: HashMap<String, File>,
}

pub(super) struct File {
    content_type: &'static str,
    plain: Bytes,
    compresses: bool,
    compressed: OnceLock<Compressed>,
}

/// Each where it is worth while.
#[derive(Default)]
struct Compressed {
    gzip: Option<Bytes>,
    brotli: Option<Bytes>,
}

impl Pages {
    /// All that is embedded, once for the life of the program.
    pub(super) fn embedded() -> &'static Self {
        static PAGES: OnceLock<Pages> = OnceLock::new();
        PAGES.get_or_init(|| {
            let files = Dist::iter()
                .filter_map(|name| Some((path_of(&name), File::new(&name, Dist::get(&name)?.data))));
            Pages { files: files.collect() }
        })
    }

    /// The file at an address.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    /// Compresses everything; takes a second or so. A request that comes meanwhile waits for its own file alone.
    pub(super) fn compress(&self) {
        self.files.values().for_each(|file| {
            file.compressed();
        });
    }
}

impl File {
    pub(super) fn new(name: &str, data: Cow<'static, [u8]>) -> Self {
        let (content_type, compresses) = content_type(name);
        Self { content_type, plain: Bytes::from(data.into_owned()), compresses, compressed: OnceLock::new() }
    }

    /// An HTML page of ours with something of the office put in. Whoever calls this knows that `value` is no markup.
    pub(super) fn with(&self, mark: &str, value: &str) -> Self {
        let page = String::from_utf8_lossy(&self.plain).replace(mark, value);
        Self { plain: page.into(), compressed: OnceLock::new(), ..*self }
    }

    fn compressed(&self) -> &Compressed {
        let smaller = |bytes: Option<Vec<u8>>| {
            bytes.filter(|bytes| (bytes.len() as f64) < self.plain.len() as f64 * WORTHWHILE).map(Bytes::from)
        };
        self.compressed.get_or_init(|| match self.compresses {
            true => Compressed { gzip: smaller(gzip(&self.plain)), brotli: smaller(brotli(&self.plain)) },
            false => Compressed::default(),
        })
    }

    pub(super) fn answer(&self, path: &str, headers: &HeaderMap) -> Response {
        let (encoding, bytes) = match (&self.compressed().brotli, &self.compressed().gzip) {
            (Some(brotli), _) if accepts(headers, "br") => (Some("br"), brotli),
            (_, Some(gzip)) if accepts(headers, "gzip") => (Some("gzip"), gzip),
            _ => (None, &self.plain),
        };
        let mut response = bytes.clone().into_response();
        let answer = response.headers_mut();
        answer.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        answer.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Some(encoding) = encoding {
            answer.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        if path.starts_with(ASSETS) {
            answer.insert(CACHE_CONTROL, HeaderValue::from_static(CACHE_ASSET));
        }
        response
    }
}

/// `GET /`: to the office's own language.
pub(super) async fn home(State(app): State<Arc<App>>) -> Response {
    let language = app.signed.profile.languages.first().map_or("", String::as_str);
    to(StatusCode::TEMPORARY_REDIRECT, &format!("/{language}/"))
}

/// A page or an asset.
pub(super) async fn read(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if let Some(file) = app.one_way.page(path) {
        return file.answer(path, &headers);
    }
    if let Some(file) = app.pages.files.get(path).filter(|_| !one_way::is_template(path)) {
        return file.answer(path, &headers);
    }
    let folder = format!("{path}/");
    if app.pages.files.contains_key(&folder) {
        return to(StatusCode::PERMANENT_REDIRECT, &folder);
    }
    missing(&uri, &headers, Problem::NotFound)
}

/// Everything that the router does not know.
pub(super) async fn not_found(uri: Uri, headers: HeaderMap) -> Response {
    missing(&uri, &headers, Problem::NotFound)
}

pub(super) async fn method_not_allowed(uri: Uri, headers: HeaderMap) -> Response {
    missing(&uri, &headers, Problem::MethodNotAllowed)
}

/// A page for people, a problem document for programs.
pub(super) fn missing(uri: &Uri, headers: &HeaderMap, problem: Problem) -> Response {
    let is_api = uri.path() == "/api" || uri.path().starts_with("/api/");
    let wants_html = headers
        .get_all(ACCEPT)
        .iter()
        .any(|value| value.as_bytes().windows(9).any(|part| part == b"text/html"));
    let mut response = problem.into_response();
    if wants_html && !is_api {
        let page = if problem == Problem::MethodNotAllowed { METHOD_PAGE } else { NOT_FOUND_PAGE };
        response = (response.status(), [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    }
    response
}

const NOT_FOUND_PAGE: &str = concat!(
    "<!doctype html><html lang=\"fa\" dir=\"rtl\"><meta charset=\"utf-8\">",
    "<meta name=\"viewport\" content=\"width=device-width\"><title>پیدا نشد · Not found</title>",
    "<main><h1>این صفحه پیدا نشد</h1><p><a href=\"/\">رفتن به صفحهٔ نخست</a></p>",
    "<div lang=\"en\" dir=\"ltr\"><h2>This page was not found</h2><p><a href=\"/\">Go to the home page</a></p></div></main></html>"
);

const METHOD_PAGE: &str = concat!(
    "<!doctype html><html lang=\"fa\" dir=\"rtl\"><meta charset=\"utf-8\">",
    "<meta name=\"viewport\" content=\"width=device-width\"><title>انجام نشد · Not possible</title>",
    "<main><h1>این کار در این صفحه ممکن نیست</h1><p><a href=\"/\">رفتن به صفحهٔ نخست</a></p>",
    "<div lang=\"en\" dir=\"ltr\"><h2>This page cannot do that</h2><p><a href=\"/\">Go to the home page</a></p></div></main></html>"
);

fn to(status: StatusCode, path: &str) -> Response {
    match HeaderValue::try_from(path) {
        Ok(location) => (status, [(LOCATION, location)]).into_response(),
        Err(_) => Problem::NotFound.into_response(),
    }
}

/// `fa/index.html` is `/fa/`, `fa/report.html` is `/fa/report`, all else is what it is.
fn path_of(name: &str) -> String {
    let path = format!("/{name}");
    match path.strip_suffix(".html") {
        Some(page) => {
            page.strip_suffix("/index").map(|folder| format!("{folder}/")).unwrap_or(page.to_owned())
        }
        None => path,
    }
}

/// The type of a file, and whether compression makes it smaller.
fn content_type(name: &str) -> (&'static str, bool) {
    match name.rsplit('.').next().unwrap_or("") {
        "html" => ("text/html; charset=utf-8", true),
        "css" => ("text/css; charset=utf-8", true),
        "js" | "mjs" => ("text/javascript; charset=utf-8", true),
        "json" => ("application/json", true),
        "txt" | "md" => ("text/plain; charset=utf-8", true),
        "svg" => ("image/svg+xml", true),
        "ico" => ("image/x-icon", true),
        "png" => ("image/png", false),
        "webp" => ("image/webp", false),
        "woff2" => ("font/woff2", false),
        _ => ("application/octet-stream", false),
    }
}

/// Whether an encoding is welcome (RFC 9110, section 12.5.3).
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|choice| {
        let mut parts = choice.split(';').map(str::trim);
        let named = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case(wanted));
        let refused = parts.any(|weight| {
            let weight = weight.to_ascii_lowercase().replace(' ', "");
            weight.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
        });
        named && !refused
    })
}

fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

fn brotli(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { size_hint: bytes.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters).ok()?;
    Some(compressed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_files() {
        for (name, path) in [
            ("fa/index.html", "/fa/"),
            ("fa/report.html", "/fa/report"),
            ("assets/main-1a2b.js", "/assets/main-1a2b.js"),
            ("robots.txt", "/robots.txt"),
        ] {
            assert_eq!(path_of(name), path);
        }
    }

    #[test]
    fn encodings_are_negotiated() {
        let text = "مُهر ".repeat(500).into_bytes();
        let file = File::new("fa/index.html", text.clone().into());
        for (accepted, wanted) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip, deflate", Some("gzip")),
            ("br;q=0, gzip;q=0.5", Some("gzip")),
            ("br; q=0.000, gzip;q=0", None),
            ("BR", Some("br")),
            ("identity", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            let answer = file.answer("/fa/", &headers);
            let encoding = answer.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap());
            assert_eq!(encoding, wanted, "{accepted}");
            assert_eq!(answer.headers()[VARY], "Accept-Encoding");
        }
        let mut plain = Vec::new();
        brotli::BrotliDecompress(&mut &file.compressed().brotli.as_ref().unwrap()[..], &mut plain).unwrap();
        assert_eq!(plain, text);
    }

    #[test]
    fn what_does_not_get_smaller_is_sent_as_it_is() {
        let noise: Vec<u8> = (0..2000).map(|_| rand::random()).collect();
        let file = File::new("x.txt", noise.into());
        assert!(file.compressed().gzip.is_none() && file.compressed().brotli.is_none());
    }
}
