//! How a case looks in a terminal and as JSON.

use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;

use crate::protocol::day::Day;
use crate::protocol::ids::Digest;
use crate::protocol::message::{Answer, Content, Door, Outcome, Sender, Status};
use crate::protocol::profile::Profile;
use crate::seal::case::OpenedMessage;
use crate::verify::thread::{Authenticity, Warning};

/// What the content of a one-way report is called: its sender named nothing.
pub const ONE_WAY_NAME: &str = "one-way-report";

/// One message, as `open` and `status` print it.
#[derive(Serialize)]
pub struct ShownMessage {
    pub position: u64,
    /// `reporter`, the inspector's role in the office's own language, or `unknown` where nobody's signature holds.
    pub from: String,
    pub verified: bool,
    pub authenticity: Authenticity,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    pub text: String,
    /// The day its sender signed; the server's where nobody did.
    pub day: Day,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub door: Option<Door>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    pub files: Vec<ShownFile>,
}

#[derive(Serialize)]
pub struct ShownFile {
    pub name: String,
    #[serde(rename = "type")]
    pub media_type: String,
    pub size_bytes: u64,
    pub sha256: Digest,
    /// Where it was saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saved: Option<String>,
}

impl ShownMessage {
    pub fn new(profile: &Profile, position: u64, received: Day, opened: &OpenedMessage) -> Self {
        let verified = opened.authenticity == Authenticity::Authentic;
        let mut shown = Self {
            position,
            from: "unknown".to_owned(),
            verified,
            authenticity: opened.authenticity,
            warnings: opened.warnings.clone(),
            text: String::new(),
            day: received,
            door: None,
            answers: Vec::new(),
            status: None,
            outcome: None,
            files: Vec::new(),
        };
        if let Some(one_way) = &opened.one_way {
            // Text is shown as text; what else it may be, the inspector finds out with care.
            shown.text = std::str::from_utf8(&one_way.bytes).unwrap_or_default().to_owned();
            shown.files.push(ShownFile {
                name: ONE_WAY_NAME.to_owned(),
                media_type: "application/octet-stream".to_owned(),
                size_bytes: one_way.bytes.len() as u64,
                sha256: one_way.sha256,
                saved: None,
            });
        }
        let Some(content) = &opened.content else { return shown };
        let message = &content.message;
        shown.text.clone_from(&message.text);
        shown.files = content
            .files
            .iter()
            .map(|file| ShownFile {
                name: file.file.name.clone(),
                media_type: file.file.media_type.clone(),
                size_bytes: file.file.size_bytes,
                sha256: file.sha256,
                saved: None,
            })
            .collect();
        if verified {
            shown.day = message.day;
            shown.from = match &message.sender {
                Sender::Reporter => Sender::REPORTER.to_owned(),
                Sender::Inspector(id) => profile
                    .inspector(id)
                    .map_or_else(|| id.to_string(), |inspector| profile.text(&inspector.role, "").to_owned()),
            };
        }
        match &message.content {
            Content::Report { door, answers, .. } => {
                (shown.door, shown.answers) = (Some(*door), answers.clone());
            }
            Content::FollowUp => {}
            Content::Reply { status, outcome } => (shown.status, shown.outcome) = (*status, outcome.clone()),
        }
        shown
    }

    pub fn print(&self) {
        let whose = match self.authenticity {
            Authenticity::Authentic => format!("from {}, signature verified", self.from),
            Authenticity::NotAuthentic => "NOT AUTHENTIC: not from the sender it names".to_owned(),
            Authenticity::Unverifiable => {
                "cannot be checked: the report, which has the key, does not open with this identity"
                    .to_owned()
            }
            Authenticity::Replayed => "NOT AUTHENTIC: an earlier message once more".to_owned(),
            Authenticity::Unreadable => "unreadable: not sealed to this identity, or damaged".to_owned(),
            Authenticity::OneWay => {
                "one-way report: nobody signed it, and there is nobody to answer".to_owned()
            }
        };
        println!("\n[{}] {}  {}", self.position, self.day, printable(&whose));
        for warning in &self.warnings {
            println!("    WARNING: {}", warning_text(*warning));
        }
        if let Some(status) = self.status {
            println!("    status: {}", status.as_str());
        }
        if let Some(outcome) = &self.outcome {
            println!("    outcome: {}", outcome.id.as_str());
            if let Some(rule) = &outcome.rule {
                println!("    rule: {}", printable(rule));
            }
        }
        for line in self.text.lines() {
            print_wrapped(&printable(line));
        }
        for answer in &self.answers {
            let said = if answer.answer.is_empty() { "(does not know)" } else { answer.answer.as_str() };
            print_wrapped(&format!("{}: {}", answer.question, printable(said)));
        }
        for file in &self.files {
            let saved =
                file.saved.as_ref().map(|path| format!("  saved as {}", printable(path))).unwrap_or_default();
            println!(
                "    file: {} ({}, {} bytes){saved}",
                printable(&file.name),
                file.media_type,
                file.size_bytes
            );
        }
    }
}

fn warning_text(warning: Warning) -> &'static str {
    match warning {
        Warning::ThreadDiffers => "its sender saw other messages before it than the server shows you",
        Warning::SequenceGap => "a message of the same sender before it is missing, or the order was changed",
    }
}

/// What somebody else wrote, for a terminal: nothing in it can move the cursor, colour the screen or turn the
/// direction of what stands beside it.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => shown.push(' '),
            '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => {
                shown.push_str(&format!("<U+{:04X}>", u32::from(character)));
            }
            character if character.is_control() => shown.push('\u{fffd}'),
            character => shown.push(character),
        }
    }
    shown
}

/// Somebody else's words, every line of them behind a bar: none can pass for a line of ours, however wide it is.
fn print_wrapped(text: &str) {
    const WIDTH: usize = 70;
    let characters: Vec<char> = text.chars().collect();
    for line in characters.chunks(WIDTH) {
        println!("    | {}", line.iter().collect::<String>());
    }
    if characters.is_empty() {
        println!("    |");
    }
}

/// One JSON document and a newline on standard output. What could steer a terminal or turn directions is escaped, as
/// JSON may: it stands in strings alone.
pub fn print_json(value: &impl Serialize) {
    let text = serde_json::to_string_pretty(value).expect("plain structures serialize");
    println!("{}", escape_hidden(&text));
}

fn escape_hidden(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if is_bidi(character) || matches!(character, '\u{7f}'..='\u{9f}') {
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

fn is_bidi(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Says on a terminal how far a large upload has come.
pub fn progress() -> impl FnMut(u64) {
    let shown = std::io::stderr().is_terminal();
    move |sent_bytes| {
        if shown {
            eprint!("\r{} KiB sent", sent_bytes / 1024);
            let _ = std::io::stderr().flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn a_terminal_takes_no_orders() {
        assert_eq!(printable("a\x1b[2Jb\u{9b}c\u{202e}d\ne"), "a\u{fffd}[2Jb\u{fffd}c<U+202E>d\u{fffd}e");
        assert_eq!(printable("می‌شود"), "می‌شود");
        assert_eq!(super::escape_hidden("\"a\u{9b}\u{202e}‌\""), "\"a\\u009b\\u202e‌\"");
    }
}
