//! The one way to standard output and standard error. A pipe that nobody reads any more and a disk that is
//! full end the command; they never end it in the middle of a line of ours that says where something is.

use std::fmt::Display;
use std::io::{Error, ErrorKind, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use super::Failure;

/// Data, on standard output; when this returns, it has left this program.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).map_err(|error| not_printed(&error))
}

pub fn print_line(line: impl Display) -> Result<(), Failure> {
    print(&format!("{line}\n"))
}

/// A line of progress stands on the terminal and has no end yet.
static UNFINISHED: AtomicBool = AtomicBool::new(false);

/// A word beside the data, on standard error. Nobody can be told when it does not get through.
pub fn note(line: impl Display) {
    let mut output = std::io::stderr().lock();
    let end = if UNFINISHED.swap(false, Ordering::Relaxed) { "\n" } else { "" };
    let _ = writeln!(output, "{end}{line}");
}

/// Says on a terminal how far a large upload has come, in one line.
pub fn progress() -> impl FnMut(u64) {
    const SHOWN_FROM_BYTES: u64 = 1024 * 1024;
    let shown = std::io::stderr().is_terminal();
    move |sent_bytes| {
        if shown && sent_bytes >= SHOWN_FROM_BYTES {
            UNFINISHED.store(true, Ordering::Relaxed);
            let _ = write!(std::io::stderr().lock(), "\r{} KiB so far", sent_bytes / 1024);
        }
    }
}

/// Whoever closed the pipe has all that he wanted and needs no word of it; a full disk does.
fn not_printed(error: &Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure::quiet(),
        _ => Failure::new(format!("standard output takes nothing more: {error}")),
    }
}
