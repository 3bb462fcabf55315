//! `Range` requests for a single range of bytes (RFC 9110, section 14).

use std::ops::Range;

use axum::http::HeaderMap;
use axum::http::header::RANGE;

use super::headers::single;
use super::problem::Problem;

/// The range that a request asks for of so many bytes; nothing when it asks for none, or in another unit,
/// which is to be ignored. Several ranges are refused.
pub fn requested(headers: &HeaderMap, size_bytes: u64) -> Result<Option<Range<u64>>, Problem> {
    match single(headers, &RANGE)? {
        Some(text) => decode(text, size_bytes),
        None => Ok(None),
    }
}

fn decode(text: &str, size_bytes: u64) -> Result<Option<Range<u64>>, Problem> {
    let Some((unit, set)) = text.split_once('=') else { return Ok(None) };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Ok(None);
    }
    let range = single_range(set.trim(), size_bytes).filter(|range| range.start < range.end);
    range.map(Some).ok_or_else(|| Problem::range(size_bytes))
}

fn single_range(spec: &str, size_bytes: u64) -> Option<Range<u64>> {
    let number = |digits: &str| {
        let plain = (1..=19).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if plain { digits.parse::<u64>().ok() } else { None }
    };
    match spec.split_once('-')? {
        ("", suffix) => Some(size_bytes.saturating_sub(number(suffix)?)..size_bytes),
        (first, "") => Some(number(first)?..size_bytes),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if first <= last { Some(first..last.saturating_add(1).min(size_bytes)) } else { None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (text, wanted) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-99", 0..100),
            ("bytes=0-100000", 0..100),
            ("bytes=99-", 99..100),
            ("bytes=-1", 99..100),
            ("bytes=-1000", 0..100),
            ("BYTES= 10-19", 10..20),
            ("bytes=5-18446744073709551615", 5..100),
        ] {
            let got = decode(text, 100);
            if text.len() > 26 { assert!(got.is_err()) } else { assert_eq!(got, Ok(Some(wanted)), "{text}") }
        }
        for bad in
            ["bytes=", "bytes=-", "bytes=100-", "bytes=100-200", "bytes=-0", "bytes=5-4", "bytes=0-1,3-4"]
        {
            assert_eq!(decode(bad, 100), Err(Problem::range(100)), "{bad}");
        }
        for bad in ["bytes=a-b", "bytes=+1-2", "bytes=0x1-2", "bytes=1 - 2", "bytes=--1"] {
            assert!(decode(bad, 100).is_err(), "{bad}");
        }
        for ignored in ["", "items=0-1", "0-1"] {
            assert_eq!(decode(ignored, 100), Ok(None), "{ignored}");
        }
    }
}
