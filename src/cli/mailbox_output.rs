//! How a reporter's mailbox looks in a terminal and as JSON: the office's answers, what it has from her, and
//! what is not shown as a reply, each with the reason.

use serde::Serialize;

use super::Failure;
use super::output::{print_message, print_quoted};
use super::writer::{note, print_line};
use crate::desk::view::{ShownMessage, ShownPerson};
use crate::protocol::day::Day;
use crate::protocol::message::{Outcome, Status};
use crate::protocol::text::printable;
use crate::verify::case::{Authenticity, Warning};

#[derive(Serialize)]
pub struct ShownMailbox {
    pub case: String,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    pub messages: Vec<ShownMessage>,
    /// What the office has from the reporter. It is sealed to the office: that it
    /// arrived can be seen, and on which day.
    pub own: Vec<Own>,
    /// Whom the office's answers name beyond those who read the case: each joins
    /// only when the reporter says so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offered: Vec<ShownPerson>,
    /// The server's operator has dropped the case unread.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dropped: bool,
    /// What claims to be from the office and is not, by position: never shown as a reply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,
}

#[derive(Serialize)]
pub struct Own {
    pub position: u64,
    pub received: Day,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

#[derive(Serialize)]
pub struct Refused {
    pub position: u64,
    pub authenticity: Authenticity,
    /// Why it, or its files, could not be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A mailbox, for a person.
pub fn print_mailbox(shown: &ShownMailbox) -> Result<(), Failure> {
    print_line(format!("status: {}", shown.status.as_str()))?;
    if shown.dropped {
        note("WARNING: the server's operator has dropped this case unread: nobody will answer it here");
    }
    for own in &shown.own {
        print_line(format!("[{}] {}  {}", own.position, own.received, own_text(own)))?;
    }
    shown.messages.iter().try_for_each(print_message)?;
    for refused in &shown.refused {
        note(refused_text(refused));
    }
    for person in &shown.offered {
        print_quoted("the office wants to add a reader:", &format!("{} ({})", person.role, person.id))?;
        note(format!("if you agree, write on with --also {}", person.id));
    }
    Ok(())
}

fn own_text(own: &Own) -> &'static str {
    match own.warnings.first() {
        None => "from you, sealed to the office",
        Some(Warning::NotHers) => "WARNING: listed as yours, and it is not: somebody else put it there",
        Some(Warning::MemoMissing) => "from you? The server does not give back what travelled beside it",
        Some(_) => "from you; WARNING: before it you had seen other messages than the server shows now",
    }
}

fn refused_text(refused: &Refused) -> String {
    let why = match refused.authenticity {
        Authenticity::Gone => {
            return format!("message {} was erased by an order of the office", refused.position);
        }
        Authenticity::Missing => "cannot be had, and no order of the office says why",
        Authenticity::Doubtful => "is signed with a key that is no longer trusted for it",
        Authenticity::NotFromAReader => "is from somebody who may not answer you",
        Authenticity::NewerVersion => "is of a newer version: this program is too old to show it",
        Authenticity::Authentic => "has files that are not as they were signed",
        Authenticity::NotAuthentic
        | Authenticity::Unverifiable
        | Authenticity::Replayed
        | Authenticity::Unreadable
        | Authenticity::OneWay
        | Authenticity::NotFetched => "is not from the office, or was damaged; it is not shown",
    };
    let failure =
        refused.failure.as_ref().map_or_else(String::new, |failure| format!(" ({})", printable(failure)));
    format!("WARNING: message {} {why}{failure}", refused.position)
}
