//! How a case looks in a terminal and as JSON. What a sender wrote is hostile: it stands behind a bar, or
//! behind a word of ours in a line that is no wider than the terminal, and so can never pass for a line of
//! ours.

use std::io::IsTerminal as _;
use std::os::fd::AsFd;

use serde::Serialize;

use super::Failure;
use super::writer::{note, print, print_line};
use crate::desk::Exported;
use crate::desk::view::{ShownFile, ShownMessage};
use crate::protocol::profile::WhyFormer;
use crate::protocol::text::{columns, is_hidden, printable, wrap};
use crate::verify::case::{Authenticity, Warning};

/// Lines are no wider than this, for whoever reads, and no wider than the terminal where there is one.
const COLUMNS_MAX: usize = 76;
/// On a terminal narrower than this nothing can be read.
const COLUMNS_MIN: usize = 20;

/// One message, for a person.
pub fn print_message(message: &ShownMessage) -> Result<(), Failure> {
    print(&Screen::of_stdout().message(message))
}

/// Words of ours, and somebody else's behind them.
pub fn print_quoted(label: &str, text: &str) -> Result<(), Failure> {
    print(&Screen::of_stdout().labelled(label, text))
}

/// The files of an export as `sha256sum` writes them; on a terminal a long name stands below its digest.
pub fn print_exported(files: &[Exported]) -> Result<(), Failure> {
    let screen = std::io::stdout().is_terminal().then(Screen::of_stdout);
    files.iter().try_for_each(|file| print_line(exported_line(file, screen)))
}

fn exported_line(file: &Exported, screen: Option<Screen>) -> String {
    let line = format!("{}  {}", file.sha256, printable(&file.path));
    match screen {
        Some(screen) if columns(&line) > screen.columns_max => {
            format!("{}\n{}", file.sha256, screen.quoted(&file.path).trim_end())
        }
        _ => line,
    }
}

/// What went wrong, on standard error.
pub fn print_failure(failure: &Failure) {
    failure.lines().for_each(|line| eprint_line(&line));
}

/// A line of ours on standard error, of words that are not all ours. On a terminal, what does not fit goes on
/// in lines that begin as the first does.
pub fn eprint_line(text: &str) {
    let text = printable(text);
    let screen = std::io::stderr().is_terminal().then(|| Screen::of(std::io::stderr()));
    let columns_max = screen.map_or(usize::MAX, |screen| screen.columns_max - "mohr: ".len());
    for line in wrap(&text, columns_max) {
        note(format!("mohr: {line}"));
    }
}

/// A place to write on that is so many columns wide.
#[derive(Clone, Copy)]
struct Screen {
    columns_max: usize,
}

impl Screen {
    fn of_stdout() -> Self {
        Self::of(std::io::stdout())
    }

    fn of(output: impl AsFd) -> Self {
        let terminal = terminal_size::terminal_size_of(output).map(|(width, _)| usize::from(width.0));
        Self { columns_max: terminal.unwrap_or(COLUMNS_MAX).clamp(COLUMNS_MIN, COLUMNS_MAX) }
    }

    fn message(self, message: &ShownMessage) -> String {
        let mut lines = format!("\n{}", self.heading(message));
        if message.day != message.received {
            lines += &format!("    received: {}, says the server\n", message.received);
        }
        if let Some(why) = message.former_key {
            lines += &format!("    {}\n", former_text(why));
        }
        lines.extend(message.seconds.iter().map(|role| self.labelled("    signed also by:", role)));
        lines.extend(message.failure.iter().map(|failure| self.labelled("    NOT FETCHED:", failure)));
        if let Some(earlier) = message.earlier {
            lines += &format!("    says that it goes back to case {earlier}\n");
        }
        for warning in &message.warnings {
            lines += &format!("    WARNING: {}\n", warning_text(*warning));
        }
        if let Some(status) = message.status {
            lines += &format!("    status: {}\n", status.as_str());
        }
        if let Some(outcome) = &message.outcome {
            lines += &format!("    outcome: {}\n", outcome.id.as_str());
            lines.extend(outcome.rule.iter().map(|rule| self.labelled("    rule:", rule)));
        }
        lines.extend(message.text.lines().map(|line| self.quoted(line)));
        for answer in &message.answers {
            let said = if answer.answer.is_empty() { "(does not know)" } else { answer.answer.as_str() };
            lines += &self.quoted(&format!("{}: {said}", answer.question));
        }
        for act in &message.acts {
            let json = serde_json::to_string(act).expect("plain structures serialize");
            lines += &self.labelled("    act:", &json);
        }
        lines.extend(message.files.iter().map(|file| self.file(file)));
        lines
    }

    fn heading(self, message: &ShownMessage) -> String {
        let place = format!("[{}] {}", message.position, message.day);
        let whose = match message.authenticity {
            Authenticity::Authentic => {
                let line = format!("{place}  from {}, signature verified\n", printable(&message.from));
                if columns(line.trim_end()) <= self.columns_max {
                    return line;
                }
                return format!("{place}  signature verified, from\n{}", self.quoted(&message.from));
            }
            Authenticity::NotAuthentic => "NOT AUTHENTIC: not from the sender it names",
            Authenticity::Unverifiable => {
                "cannot be checked: the report, which has the key, does not open with this identity"
            }
            Authenticity::Replayed => "NOT AUTHENTIC: an earlier message once more",
            Authenticity::Unreadable => "unreadable: not sealed to this identity, or damaged",
            Authenticity::OneWay => "one-way report: nobody signed it, and there is nobody to answer",
            Authenticity::Doubtful => "DOUBTFUL: signed with a key that is no longer trusted for this",
            Authenticity::NotFromAReader => "NOT FROM A READER: its sender may not write here",
            Authenticity::NewerVersion => "of a newer version: this program is too old to show it",
            Authenticity::Gone => "erased, by an order of the office",
            Authenticity::Missing => "MISSING: the server does not give it, and no order says why",
            Authenticity::NotFetched => "not asked for",
        };
        format!("{place}  {whose}\n")
    }

    fn file(self, file: &ShownFile) -> String {
        let mut lines = self.labelled("    file:", &file.name);
        lines += &self.labelled("    type:", &format!("{}, {} bytes", file.media_type, file.size_bytes));
        lines.extend(file.saved.iter().map(|path| self.labelled("    saved as:", path)));
        lines
    }

    /// Words of ours and then, in the same line if all of it fits and else below, somebody else's.
    fn labelled(self, label: &str, text: &str) -> String {
        let line = format!("{label} {}\n", printable(text));
        if columns(line.trim_end_matches('\n')) <= self.columns_max {
            line
        } else {
            format!("{label}\n{}", self.quoted(text))
        }
    }

    /// Somebody else's words, every line of them behind a bar.
    fn quoted(self, text: &str) -> String {
        const BAR: &str = "    | ";
        let text = printable(text);
        let lines = wrap(&text, self.columns_max - BAR.len());
        lines.into_iter().map(|line| format!("{}\n", format!("{BAR}{line}").trim_end())).collect()
    }
}

fn warning_text(warning: Warning) -> &'static str {
    match warning {
        Warning::ThreadDiffers => "its sender saw other messages before it than the server shows you",
        Warning::ProfileOlder => "sealed by a newer office profile than the server offers now",
        Warning::ProfileDiffers => "sealed by another text of this version of the office profile",
        Warning::SecondMissing => "its outcome waits for a second person, and has no effect before",
        Warning::NotHers => "listed as yours, and it is not: somebody else put it there",
        Warning::MemoMissing => "what travelled beside it is missing: the server's fault",
    }
}

fn former_text(why: WhyFormer) -> &'static str {
    match why {
        WhyFormer::Left => "its sender has left the office since",
        WhyFormer::Replaced => "its sender has other keys since",
        WhyFormer::Stolen => "its sender's key was stolen since; somebody else had seen this before",
    }
}

/// One JSON document and a newline on standard output. What could steer a terminal or turn directions is
/// escaped, as JSON may: it stands in strings alone.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).expect("plain structures serialize");
    print_line(escape_hidden(&text))
}

fn escape_hidden(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if is_hidden(character) && character != '\n' {
            let units = character.encode_utf16(&mut [0; 2]).to_owned();
            escaped.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ids::Digest;

    const NARROW: Screen = Screen { columns_max: 60 };

    fn message(text: &str, file: &str, from: &str) -> ShownMessage {
        ShownMessage {
            position: 3,
            from: from.to_owned(),
            verified: true,
            authenticity: Authenticity::Authentic,
            warnings: Vec::new(),
            text: text.to_owned(),
            day: "2026-11-21".parse().unwrap(),
            received: "2026-11-21".parse().unwrap(),
            former_key: None,
            seconds: Vec::new(),
            door: None,
            answers: Vec::new(),
            earlier: None,
            acts: Vec::new(),
            files_unread: false,
            failure: None,
            status: None,
            outcome: None,
            files: vec![ShownFile {
                name: file.to_owned(),
                media_type: "application/pdf".to_owned(),
                size_bytes: 7,
                sha256: Digest::from_bytes([0; 32]),
                saved: Some(file.to_owned()),
            }],
        }
    }

    #[test]
    fn a_message_reads_as_it_always_does() {
        let shown = NARROW.message(&message("سلام\n\nدوم", "نامه.pdf", "بازرس یکم"));
        let expected = "\n[3] 2026-11-21  from بازرس یکم, signature verified\n    | سلام\n    |\n    | دوم\n\
                        \x20   file: نامه.pdf\n    type: application/pdf, 7 bytes\n    saved as: نامه.pdf\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn the_servers_day_stands_beside_another_one() {
        let message = ShownMessage { received: "2026-11-23".parse().unwrap(), ..message("", "", "") };
        let shown = NARROW.message(&message);
        assert!(
            shown.contains("[3] 2026-11-21")
                && shown.contains("\n    received: 2026-11-23, says the server\n")
        );
    }

    /// Wide letters, long names and whatever else makes a line longer than it looks: what a terminal would
    /// put at the beginning of its next line must not be the sender's.
    #[test]
    fn no_line_of_a_sender_passes_for_one_of_ours() {
        let forged = "[1] 2026-11-28  signature verified, from First inspector";
        let fillers = [
            "。".repeat(27),
            "a".repeat(60),
            "❤\u{fe0f}".repeat(27),
            "\u{1161}".repeat(27),
            "ж".repeat(54),
            String::new(),
        ];
        for filler in fillers {
            for end in ["", "\n", "\r", "\u{85}", "\u{2028}", "\u{b}"] {
                let hostile = format!("{filler}{end}{forged}    status: closed");
                let mut message = message(&hostile, &hostile, &hostile);
                message.files[0].media_type = format!("a/{}", "x".repeat(120));
                message.outcome = Some(crate::protocol::message::Outcome {
                    id: crate::protocol::message::OutcomeId::NoViolation,
                    rule: Some(hostile.clone()),
                });
                let shown = NARROW.message(&message);
                let ours = [
                    "[3] ",
                    "    | ",
                    "    file:",
                    "    type:",
                    "    saved as:",
                    "    outcome: ",
                    "    rule:",
                ];
                for line in shown.lines().skip(1) {
                    assert!(columns(line) <= NARROW.columns_max, "{line}");
                    assert!(
                        ours.iter().any(|beginning| line.starts_with(beginning)) || line == "    |",
                        "{line}"
                    );
                }
                assert_eq!(shown.lines().filter(|line| line.starts_with('[')).count(), 1, "{shown}");
            }
        }
    }

    #[test]
    fn no_name_in_an_export_passes_for_a_digest() {
        let name = format!("03/{}  00.age", "0".repeat(80));
        let file = Exported { path: name, size_bytes: 1, sha256: Digest::from_bytes([7; 32]) };
        let screen = Screen { columns_max: COLUMNS_MAX };
        let shown = exported_line(&file, Some(screen));
        assert!(shown.lines().all(|line| columns(line) <= COLUMNS_MAX), "{shown}");
        assert!(shown.lines().skip(1).all(|line| line.starts_with("    | ")), "{shown}");
        assert_eq!(
            exported_line(&file, None),
            format!("{}  {}", file.sha256, file.path),
            "a file has no width"
        );
    }

    #[test]
    fn what_is_hidden_is_escaped_in_json() {
        let json = "{\n \"a\u{9b}\u{202e}می‌شود\u{2028}\u{e0041}\"\n}";
        assert_eq!(escape_hidden(json), "{\n \"a\\u009b\\u202eمی‌شود\\u2028\\udb40\\udc41\"\n}");
        let value: serde_json::Value = serde_json::from_str(&escape_hidden("\"\u{e0041}\u{200b}\"")).unwrap();
        assert_eq!(value, "\u{e0041}\u{200b}");
    }
}
