//! A case read from its first message to its last: who said what, and whether anything was dropped, swapped,
//! replayed or reordered on the way (PROTOCOL 2.5 to 2.7).

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::protocol::ids::{CaseId, Digest, OfficeId, Signer};
use crate::protocol::message::{Content, Direction, Sender, Thread};
use crate::protocol::profile::Profile;

use super::case_state::CaseState;
use super::digest::{case_id, labelled};
use super::message::Unverified;

/// Whose word a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authenticity {
    /// Signed by the sender it names, for this place.
    Authentic,
    /// Opened and well formed, but not signed by the sender it names, or for another place.
    NotAuthentic,
    /// A follow-up in a case whose report this reader cannot open: the key to check it with is unknown.
    Unverifiable,
    /// The same message once more.
    Replayed,
    /// It does not open or does not decode; nothing is known of it.
    Unreadable,
    /// A one-way report: bytes that somebody sealed with other tools. Nobody signed them.
    OneWay,
}

/// Something is wrong around an authentic message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// The sender saw other messages before this one than we do.
    ThreadDiffers,
    /// A message of this sender is missing or out of order.
    SequenceGap,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub authenticity: Authenticity,
    pub warnings: Vec<Warning>,
}

/// Reads the messages of one case in their order. Give it every message that the server lists.
pub struct ThreadReader<'a> {
    office: OfficeId,
    case: CaseId,
    profile: &'a Profile,
    /// The key that signs for the reporter: known from the receipt code, or from the report.
    reporter: Option<Signer>,
    /// T₀ … Tₙ: one more than messages read.
    digests: Vec<Digest>,
    message_digests: HashSet<Digest>,
    authentic: HashMap<Sender, u64>,
    state: CaseState,
}

impl<'a> ThreadReader<'a> {
    /// For an inspector, who learns the reporter's key from the report.
    pub fn new(profile: &'a Profile, case: CaseId) -> Self {
        Self {
            office: profile.office,
            case,
            profile,
            reporter: None,
            digests: vec![initial_digest(profile.office, case)],
            message_digests: HashSet::new(),
            authentic: HashMap::new(),
            state: CaseState::default(),
        }
    }

    /// For the reporter, whose own messages cannot be read back.
    pub fn for_reporter(profile: &'a Profile, reporter: Signer) -> Self {
        Self { reporter: Some(reporter), ..Self::new(profile, case_id(&reporter)) }
    }

    /// The next message, opened and decoded. Its word counts only if the reading says `Authentic`.
    pub fn read(&mut self, blob_digest: Digest, listed: Direction, opened: &Unverified<'_>) -> Reading {
        let position = self.position();
        let authenticity = self.authenticity(position, listed, opened);
        let mut warnings = Vec::new();
        if authenticity == Authenticity::Authentic {
            let message = &opened.message;
            if self.digest_at(message.thread.length) != Some(message.thread.digest) {
                warnings.push(Warning::ThreadDiffers);
            }
            let earlier = self.authentic.entry(message.sender.clone()).or_default();
            if *earlier != message.sequence {
                warnings.push(Warning::SequenceGap);
            }
            *earlier += 1;
            self.message_digests.insert(opened.digest);
            if let Content::Report { reporter, .. } = &message.content {
                self.reporter = Some(reporter.signer);
            }
            self.state.apply(message);
        }
        self.append(blob_digest);
        Reading { authenticity, warnings }
    }

    /// The next message, which this reader has not opened: the reporter's own, or one that does not open. For the
    /// reporter's own the server's word must do; an inspector, who opens them, notices if it lied.
    pub fn skip(&mut self, blob_digest: Digest, own: bool) {
        if own {
            *self.authentic.entry(Sender::Reporter).or_default() += 1;
        }
        self.append(blob_digest);
    }

    /// The thread so far, as the next message states it.
    pub fn thread(&self) -> Thread {
        Thread { length: self.position(), digest: self.digests[self.digests.len() - 1] }
    }

    /// The thread after its first `length` messages, to hold against one remembered.
    pub fn digest_at(&self, length: u64) -> Option<Digest> {
        usize::try_from(length).ok().and_then(|length| self.digests.get(length)).copied()
    }

    /// How many messages of this sender were found authentic: the sequence of its next one.
    pub fn sequence(&self, sender: &Sender) -> u64 {
        self.authentic.get(sender).copied().unwrap_or(0)
    }

    /// What the authentic messages so far amount to.
    pub fn state(&self) -> &CaseState {
        &self.state
    }

    fn position(&self) -> u64 {
        self.digests.len() as u64 - 1
    }

    fn append(&mut self, blob_digest: Digest) {
        let last = &self.digests[self.digests.len() - 1];
        self.digests.push(labelled("thread", &[last.as_bytes(), blob_digest.as_bytes()]));
    }

    fn authenticity(&self, position: u64, listed: Direction, opened: &Unverified<'_>) -> Authenticity {
        let message = &opened.message;
        let is_report = matches!(message.content, Content::Report { .. });
        let in_place = message.office == self.office
            && message.case == self.case
            && message.direction() == listed
            && is_report == (position == 0);
        let signer = match (&message.content, &message.sender) {
            (Content::Report { reporter, .. }, _) => {
                Some(reporter.signer).filter(|signer| case_id(signer) == self.case)
            }
            (Content::FollowUp, _) => self.reporter,
            (Content::Reply { .. }, Sender::Inspector(id)) => {
                self.profile.inspector(id).map(|inspector| inspector.signer)
            }
            (Content::Reply { .. }, Sender::Reporter) => None,
        };
        if in_place && signer.is_none() && matches!(message.content, Content::FollowUp) {
            return Authenticity::Unverifiable;
        }
        if !in_place || !signer.is_some_and(|signer| opened.is_signed_by(&signer)) {
            Authenticity::NotAuthentic
        } else if self.message_digests.contains(&opened.digest) {
            Authenticity::Replayed
        } else {
            Authenticity::Authentic
        }
    }
}

/// T₀ of a case.
pub fn initial_digest(office: OfficeId, case: CaseId) -> Digest {
    labelled("thread", &[office.as_bytes(), case.as_bytes()])
}
