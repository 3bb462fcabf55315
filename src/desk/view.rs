//! A case as data, for whoever shows it: a terminal, a page, a program. Nothing here is made safe to show: it
//! is what a sender wrote.

use serde::Serialize;

use super::{CaseWarning, OpenedCase};
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Digest};
use crate::protocol::message::{Answer, Content, Door, Outcome, Sender, Status};
use crate::protocol::profile::Profile;
use crate::seal::case::OpenedMessage;
use crate::verify::thread::{Authenticity, Warning};

/// A whole case, as `open` prints it.
#[derive(Serialize)]
pub struct ShownCase {
    pub case: CaseId,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<CaseWarning>,
    pub messages: Vec<ShownMessage>,
}

/// What the content of a one-way report is called: its sender named nothing.
pub const ONE_WAY_NAME: &str = "one-way-report";

/// One message, as `open` and `status` print it.
#[derive(Serialize)]
pub struct ShownMessage {
    pub position: u64,
    /// `reporter`, the inspector's role in the office's own language, or `unknown` where nobody's signature
    /// holds.
    pub from: String,
    pub verified: bool,
    pub authenticity: Authenticity,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    pub text: String,
    /// The day its sender signed; the server's where nobody did.
    pub day: Day,
    /// The day on which the server took it: from here the deadlines run, and a sender's clock may be wrong.
    pub received: Day,
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

impl ShownCase {
    pub fn new(profile: &Profile, opened: &OpenedCase) -> Self {
        let messages = opened.messages.iter().map(|message| {
            ShownMessage::new(profile, message.listed.position, message.listed.day, &message.opened)
        });
        Self {
            case: opened.case,
            status: opened.state.status,
            outcome: opened.state.outcome.clone(),
            warnings: opened.warnings.clone(),
            messages: messages.collect(),
        }
    }
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
            received,
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
}
