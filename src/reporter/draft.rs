//! What a reporter says.

use crate::protocol::ids::Id;
use crate::protocol::message::{Answer, Door, File};

pub struct Draft {
    pub text: String,
    pub language: String,
    /// Who must not read it: with a report from the beginning, with a follow-up from now on, for ever.
    pub left_out: Vec<Id>,
    pub files: Vec<Attachment>,
}

pub struct Attachment {
    pub name: String,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// What a report says beside its draft.
pub struct ReportForm {
    pub door: Door,
    pub answers: Vec<Answer>,
}

/// What a reporter who writes on decides about who reads it.
#[derive(Default)]
pub struct FollowUpForm {
    /// Persons whom the office's answers name and who may read from now on.
    pub also: Vec<Id>,
    /// She was asked whom to leave out, and the draft says it: needed only where her mailbox cannot tell.
    pub has_said_whom: bool,
    /// How many messages of the mailbox she has read; all that were opened where nothing is said. Whoever an
    /// answer among them names and she does not is left out for ever.
    pub seen: Option<usize>,
}

impl Attachment {
    /// As message.json lists it.
    pub fn describe(&self) -> File {
        File {
            name: self.name.clone(),
            media_type: self.media_type.clone(),
            size_bytes: self.bytes.len() as u64,
        }
    }
}
