//! Files that are served as they are, compressed when that is worth while and welcome.

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::OnceLock;

use axum::body::Bytes;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

/// For a file whose name carries a hash of its bytes, so that it never changes. `private`: kept by the
/// browser alone.
const CACHE_IMMUTABLE: &str = "private, max-age=86400, immutable";

/// A body that compression does not make smaller by a tenth is sent as it is.
const WORTHWHILE: f64 = 0.9;

pub struct StaticFile {
    content_type: &'static str,
    plain: Bytes,
    compresses: bool,
    immutable: bool,
    compressed: OnceLock<Compressed>,
}

/// Each where it is worth while.
#[derive(Default)]
struct Compressed {
    gzip: Option<Bytes>,
    brotli: Option<Bytes>,
}

impl StaticFile {
    /// The end of its name says of what type it is.
    pub fn new(name: &str, data: Cow<'static, [u8]>) -> Self {
        let (content_type, compresses) = content_type(name);
        let plain = Bytes::from(data.into_owned());
        Self { content_type, plain, compresses, immutable: false, compressed: OnceLock::new() }
    }

    /// It never changes under its name, and browsers may keep it.
    pub fn immutable(self) -> Self {
        Self { immutable: true, ..self }
    }

    /// A page of ours, to make another of it.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.plain)
    }

    /// The same kind of file with another text.
    pub fn with_text(&self, text: String) -> Self {
        Self { plain: text.into(), compressed: OnceLock::new(), ..*self }
    }

    pub fn answer(&self, headers: &HeaderMap) -> Response {
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
        if self.immutable {
            answer.insert(CACHE_CONTROL, HeaderValue::from_static(CACHE_IMMUTABLE));
        }
        response
    }

    /// Compresses it, unless somebody has done so before. That takes a while.
    pub fn compress(&self) {
        self.compressed();
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
    fn encodings_are_negotiated() {
        let text = "مُهر ".repeat(500).into_bytes();
        let file = StaticFile::new("fa/index.html", text.clone().into());
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
            let answer = file.answer(&headers);
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
        let file = StaticFile::new("x.txt", noise.into());
        assert!(file.compressed().gzip.is_none() && file.compressed().brotli.is_none());
    }
}
