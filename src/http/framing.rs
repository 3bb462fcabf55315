//! Where a request's body ends must not be said twice. A proxy in front could take the one word, we the
//! other, and what the one holds for a body is a request to the other. hyper passes over
//! `Content-Length` when `Transfer-Encoding` is there and shows handlers the latter alone; so the bytes
//! are looked at before hyper has them.

use super::headers::is_digits;

/// What is kept of a line: the two names, and a length, are shorter.
const LINE_BYTES: usize = 64;

/// Follows a connection from head to head, over bodies of a known length. Behind a chunked body it sees
/// nothing more: [`super::connection`] ends the connection there.
pub(super) struct FramingWatch {
    stretch: Stretch,
    line: [u8; LINE_BYTES],
    /// How much of `line` is there.
    line_bytes: usize,
    head: Head,
}

#[derive(Clone, Copy)]
enum Stretch {
    Head,
    Body { left: u64 },
    Over,
}

#[derive(Clone, Copy, Default)]
struct Head {
    /// Its first line was seen.
    begun: bool,
    length: Option<Length>,
    has_encoding: bool,
}

#[derive(Clone, Copy)]
enum Length {
    Known(u64),
    /// Not digits, or far too many.
    Nonsense,
}

impl FramingWatch {
    pub(super) fn new() -> Self {
        Self { stretch: Stretch::Head, line: [0; LINE_BYTES], line_bytes: 0, head: Head::default() }
    }

    /// Looks at bytes on their way to hyper. The last byte of a head that says its body's length twice is
    /// made one that no head may hold: hyper answers it as whatever is no HTTP, with 400, and closes.
    pub(super) fn look(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while let Some(byte) = bytes.get_mut(at) {
            match self.stretch {
                Stretch::Over => return,
                Stretch::Body { left } => {
                    let passed = left.min((bytes.len() - at) as u64);
                    self.stretch =
                        if passed == left { Stretch::Head } else { Stretch::Body { left: left - passed } };
                    at += passed as usize;
                }
                Stretch::Head => {
                    if *byte != b'\n' {
                        self.keep(*byte);
                    } else if !self.end_line() {
                        *byte = 0;
                        self.stretch = Stretch::Over;
                    }
                    at += 1;
                }
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        if let Some(place) = self.line.get_mut(self.line_bytes) {
            *place = byte;
            self.line_bytes += 1;
        }
    }

    /// Whether all is well.
    fn end_line(&mut self) -> bool {
        let line_bytes = std::mem::take(&mut self.line_bytes);
        let (line, is_cut) = (self.line.get(..line_bytes).unwrap_or_default(), line_bytes == LINE_BYTES);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.is_empty() {
            self.head = if self.head.begun {
                self.head.with(line, is_cut)
            } else {
                Head { begun: true, ..self.head }
            };
            return true;
        }
        // Before the first line empty ones are passed over, as hyper does.
        if !self.head.begun {
            return true;
        }
        let head = std::mem::take(&mut self.head);
        self.stretch = match (head.length, head.has_encoding) {
            (Some(_), true) | (Some(Length::Nonsense), _) => return false,
            (None, true) => Stretch::Over,
            (None | Some(Length::Known(0)), false) => Stretch::Head,
            (Some(Length::Known(left)), false) => Stretch::Body { left },
        };
        true
    }
}

impl Head {
    fn with(self, line: &[u8], is_cut: bool) -> Self {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if name.eq_ignore_ascii_case(b"content-length") {
            let digits = std::str::from_utf8(value.trim_ascii()).unwrap_or_default();
            let length = if is_digits(digits) && !is_cut { digits.parse().ok() } else { None };
            Self { length: Some(length.map_or(Length::Nonsense, Length::Known)), ..self }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            Self { has_encoding: true, ..self }
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether hyper is given these bytes as they are, however they are cut.
    fn passes(text: &str) -> bool {
        let whole = |step: usize| {
            let (mut watch, mut bytes) = (FramingWatch::new(), text.as_bytes().to_vec());
            bytes.chunks_mut(step).for_each(|chunk| watch.look(chunk));
            bytes == text.as_bytes()
        };
        let passed = whole(text.len());
        assert!((1..20).all(|step| whole(step) == passed), "{text}");
        passed
    }

    #[test]
    fn a_length_is_said_once() {
        let (length, chunked) = ("Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n");
        let body = "GET /";
        let good = format!("POST / HTTP/1.1\r\nHost: x\r\n{length}\r\n{body}");
        assert!(passes(&good) && passes(&good.repeat(3)));
        assert!(passes(&format!("\r\n\r\nPOST / HTTP/1.1\r\n{chunked}\r\n5\r\nhello\r\n0\r\n\r\n")));
        // A body is none of our business, whatever it looks like.
        let like_a_head = format!("POST / HTTP/1.1\r\n{length}{chunked}\r\n");
        assert!(passes(&format!(
            "POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{like_a_head}",
            like_a_head.len()
        )));
        for bad in [
            format!("{length}{chunked}"),
            format!("{chunked}{length}"),
            format!("A: {}\r\n{chunked}B: c\r\n{length}", "x".repeat(1000)),
            "content-length:5\ntransfer-encoding:gzip, chunked\n".to_owned(),
            "Content-Length: 5, 5\r\n".to_owned(),
            "Content-Length: +5\r\n".to_owned(),
            "Content-Length:\r\n".to_owned(),
            format!("Content-Length: {}5\r\n", "0".repeat(80)),
        ] {
            assert!(!passes(&format!("POST / HTTP/1.1\r\n{bad}\r\n")), "{bad}");
            assert!(!passes(&format!("{good}{good}POST / HTTP/1.1\r\n{bad}\r\n")), "behind others: {bad}");
        }
    }
}
