//! message.json: what is said (PROTOCOL 2.2). One encoding for each message; a decoder refuses every other.

use serde::{Deserialize, Serialize};

use super::FORMAT;
use super::day::Day;
use super::extensions::Extensions;
use super::ids::{CaseId, Digest, Id, OfficeId, Signature, Signer};
use super::limits::{
    ACTS_MAX, ANSWERS_MAX, FILE_NAME_BYTES_MAX, FILES_MAX, INTEGER_MAX, MEDIA_TYPE_BYTES_MAX,
    MESSAGE_JSON_BYTES_MAX, SECONDS_MAX,
};
use super::person::{KeyId, PersonSignature, are_readers, is_epoch};
use super::record::{Act, ThreadName};
use super::secret::CaseSecret;

pub use super::upload::MessageKind;

const RECIPIENT_PREFIX: &str = "age1pq1";
/// Bech32 of 1,216 bytes and a checksum behind the prefix.
const RECIPIENT_BYTES: usize = RECIPIENT_PREFIX.len() + 1946 + 6;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub office: OfficeId,
    pub case: CaseId,
    pub sender: Sender,
    pub threads: Threads,
    pub day: Day,
    /// Language of the sender's page, such as `fa`.
    pub language: String,
    /// The profile by which it is sealed.
    pub profile: ProfileStamp,
    /// The persons for whom it is sealed: ascending, none twice.
    pub readers: Vec<Id>,
    pub text: String,
    pub content: Content,
    pub files: Vec<File>,
    pub extensions: Extensions,
}

/// What each kind of message has of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Report { door: Door, answers: Vec<Answer>, reporter: Reporter, earlier: Option<EarlierCase> },
    FollowUp { answers: Vec<Answer> },
    Reply { status: Option<Status>, outcome: Option<Outcome>, seconds: Vec<PersonSignature> },
    Record { acts: Vec<Act>, seconds: Vec<PersonSignature> },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sender {
    Reporter,
    Inspector(KeyId),
}

/// A thread as a sender saw it: how many messages, and the digest over them (PROTOCOL 2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreadPoint {
    pub length: u64,
    pub digest: Digest,
}

/// The threads as a sender saw them. A record states the office's, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threads {
    pub mailbox: ThreadPoint,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<ThreadPoint>,
}

impl Threads {
    pub fn of(&self, thread: ThreadName) -> Option<ThreadPoint> {
        match thread {
            ThreadName::Mailbox => Some(self.mailbox),
            ThreadName::Office => self.office,
        }
    }
}

/// One version of the office profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileStamp {
    pub version: u64,
    /// SHA-256 of the note's text.
    pub digest: Digest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Door {
    Report,
    Complaint,
    Suggestion,
    InformationRequest,
    Consultation,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub question: Id,
    pub answer: String,
}

/// The public halves of the keys that a receipt code gives, and the secret that reporter and readers share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reporter {
    pub recipient: String,
    pub signer: Signer,
    pub secret: CaseSecret,
}

/// The case that a report goes back to, signed by that case's reporter key (PROTOCOL 2.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierCase {
    pub case: CaseId,
    pub signature: Signature,
}

impl EarlierCase {
    /// What the earlier case's reporter key signs.
    pub fn signed_bytes(office: OfficeId, new: CaseId, earlier: CaseId) -> Vec<u8> {
        format!("mohr/v1 earlier\n{office}\n{new}\n{earlier}\n").into_bytes()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    pub id: OutcomeId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Any characters: hostile. Whoever saves the file chooses a safe name.
    pub name: String,
    #[serde(rename = "type")]
    pub media_type: String,
    pub size_bytes: u64,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $(#[serde(rename = $word)] $variant),+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

words!(
    /// Where a case stands (PROTOCOL 2.6).
    Status {
        Received = "received",
        InitialAssessment = "initial-assessment",
        AwaitingYourReply = "awaiting-your-reply",
        UnderInvestigation = "under-investigation",
        Referred = "referred",
        AwaitingCorrectiveAction = "awaiting-corrective-action",
        Closed = "closed",
        Reopened = "reopened",
    }
);

words!(
    /// How a closed case ended (PROTOCOL 2.6).
    OutcomeId {
        Substantiated = "substantiated",
        PartlySubstantiated = "partly-substantiated",
        NotSubstantiated = "not-substantiated",
        InsufficientInformation = "insufficient-information",
        NoViolation = "no-violation",
        ServiceFixed = "service-fixed",
        ProcessCorrected = "process-corrected",
        Referred = "referred",
        OutOfScope = "out-of-scope",
        Duplicate = "duplicate",
        Withdrawn = "withdrawn",
        KnowinglyFalse = "knowingly-false",
    }
);

/// Why bytes are no message. Says nothing of what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("message.json is too long")]
    TooLong,
    #[error("message.json is not a message of this format")]
    Malformed,
    #[error("message.json breaks a rule of the format: {0}")]
    Rule(&'static str),
    #[error("message.json is not in canonical form")]
    NotCanonical,
}

impl Message {
    /// The one encoding of this message; an error when it breaks a rule.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        self.check()?;
        let bytes = serde_json::to_vec(&Wire::from(self.clone())).map_err(|_| Error::Malformed)?;
        if bytes.len() > MESSAGE_JSON_BYTES_MAX { Err(Error::TooLong) } else { Ok(bytes) }
    }

    /// The message that encodes to exactly these bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MESSAGE_JSON_BYTES_MAX {
            return Err(Error::TooLong);
        }
        let wire: Wire = serde_json::from_slice(bytes).map_err(|_| Error::Malformed)?;
        let message = Self::try_from(wire)?;
        if message.encode()? != bytes {
            return Err(Error::NotCanonical);
        }
        Ok(message)
    }

    pub fn kind(&self) -> MessageKind {
        match self.content {
            Content::Report { .. } => MessageKind::Report,
            Content::FollowUp { .. } => MessageKind::FollowUp,
            Content::Reply { .. } => MessageKind::Reply,
            Content::Record { .. } => MessageKind::Record,
        }
    }

    /// Signatures of further persons; none under what a reporter sends.
    pub fn seconds(&self) -> &[PersonSignature] {
        match &self.content {
            Content::Report { .. } | Content::FollowUp { .. } => &[],
            Content::Reply { seconds, .. } | Content::Record { seconds, .. } => seconds,
        }
    }

    /// The same message as a second person signs it.
    pub fn without_seconds(&self) -> Self {
        let mut message = self.clone();
        if let Content::Reply { seconds, .. } | Content::Record { seconds, .. } = &mut message.content {
            seconds.clear();
        }
        message
    }

    fn check(&self) -> Result<(), Error> {
        rule((1..=INTEGER_MAX).contains(&self.profile.version), "the profile's version counts from 1")?;
        rule(
            ThreadName::ALL
                .iter()
                .filter_map(|name| self.threads.of(*name))
                .all(|point| point.length <= INTEGER_MAX),
            "an integer is too large",
        )?;
        rule(
            matches!(self.language.len(), 2..=3)
                && self.language.bytes().all(|byte| byte.is_ascii_lowercase()),
            "language",
        )?;
        rule(are_readers(&self.readers), "1 to 12 readers, ascending, none twice")?;
        rule(
            self.readers.iter().all(|reader| reader.as_str() != Sender::REPORTER),
            "the reporter is no reader",
        )?;
        self.check_files()?;
        self.check_sender()?;
        self.check_content()
    }

    fn check_files(&self) -> Result<(), Error> {
        rule(self.files.len() <= FILES_MAX, "too many files")?;
        for file in &self.files {
            rule((1..=FILE_NAME_BYTES_MAX).contains(&file.name.len()), "a file's name")?;
            rule(is_media_type(&file.media_type), "a file's type")?;
            rule(file.size_bytes <= INTEGER_MAX, "an integer is too large")?;
        }
        Ok(())
    }

    fn check_sender(&self) -> Result<(), Error> {
        let kind = self.kind();
        match &self.sender {
            Sender::Reporter => rule(kind.is_from_reporter(), "a reply and a record come from an inspector")?,
            Sender::Inspector(key) => {
                rule(!kind.is_from_reporter(), "a report and a follow-up come from the reporter")?;
                rule(is_epoch(key.epoch), "an epoch counts from 1")?;
            }
        }
        rule(self.threads.office.is_some() == (kind == MessageKind::Record), "a record states both threads")?;
        rule(self.seconds().len() <= SECONDS_MAX, "too many seconds")?;
        rule(self.seconds().iter().all(|second| is_epoch(second.epoch)), "an epoch counts from 1")
    }

    fn check_content(&self) -> Result<(), Error> {
        match &self.content {
            Content::Report { answers, reporter, .. } => {
                rule(self.threads.mailbox.length == 0, "a report comes first")?;
                rule(answers.len() <= ANSWERS_MAX, "too many answers")?;
                rule(is_recipient(&reporter.recipient), "the reporter's recipient")
            }
            Content::FollowUp { answers } => rule(answers.len() <= ANSWERS_MAX, "too many answers"),
            Content::Reply { status, outcome, .. } => {
                let Some(outcome) = outcome else { return Ok(()) };
                rule(*status == Some(Status::Closed), "only a closed case has an outcome")?;
                let rule_given = outcome.rule.as_ref().is_some_and(|text| !text.is_empty());
                rule(outcome.id != OutcomeId::NoViolation || rule_given, "\"no violation\" names the rule")
            }
            Content::Record { acts, .. } => {
                rule(acts.len() <= ACTS_MAX, "too many acts")?;
                rule(acts.iter().all(Act::is_within_bounds), "an act is out of bounds")
            }
        }
    }
}

fn rule(holds: bool, text: &'static str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Rule(text)) }
}

/// Whether this looks like a hybrid recipient; whether it is one, the age code says.
pub fn is_recipient(text: &str) -> bool {
    text.len() == RECIPIENT_BYTES
        && text.starts_with(RECIPIENT_PREFIX)
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
}

/// `type/subtype` of lowercase letters, digits, `.`, `+` and `-`.
pub fn is_media_type(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'+' | b'-'))
    };
    text.len() <= MEDIA_TYPE_BYTES_MAX
        && text.split_once('/').is_some_and(|(kind, subtype)| part(kind) && part(subtype))
}

/// message.json member by member: the order here is the order of the bytes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    office: OfficeId,
    case: CaseId,
    kind: MessageKind,
    sender: Id,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<u64>,
    threads: Threads,
    day: Day,
    language: String,
    profile: ProfileStamp,
    readers: Vec<Id>,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    door: Option<Door>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answers: Option<Vec<Answer>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reporter: Option<Reporter>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    earlier: Option<EarlierCase>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acts: Option<Vec<Act>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seconds: Option<Vec<PersonSignature>>,
    files: Vec<File>,
    extensions: Extensions,
}

impl From<Message> for Wire {
    fn from(message: Message) -> Self {
        let kind = message.kind();
        let (sender, epoch) = match message.sender {
            Sender::Reporter => (Sender::REPORTER.parse().expect("a literal id"), None),
            Sender::Inspector(key) => (key.person, Some(key.epoch)),
        };
        let mut wire = Self {
            format: FORMAT.to_owned(),
            office: message.office,
            case: message.case,
            kind,
            sender,
            epoch,
            threads: message.threads,
            day: message.day,
            language: message.language,
            profile: message.profile,
            readers: message.readers,
            text: message.text,
            door: None,
            answers: None,
            reporter: None,
            earlier: None,
            status: None,
            outcome: None,
            acts: None,
            seconds: None,
            files: message.files,
            extensions: message.extensions,
        };
        match message.content {
            Content::Report { door, answers, reporter, earlier } => {
                (wire.door, wire.answers, wire.reporter) = (Some(door), Some(answers), Some(reporter));
                wire.earlier = earlier;
            }
            Content::FollowUp { answers } => wire.answers = Some(answers),
            Content::Reply { status, outcome, seconds } => {
                (wire.status, wire.outcome, wire.seconds) = (status, outcome, Some(seconds));
            }
            Content::Record { acts, seconds } => (wire.acts, wire.seconds) = (Some(acts), Some(seconds)),
        }
        wire
    }
}

impl TryFrom<Wire> for Message {
    type Error = Error;

    /// Members that this kind does not have are dropped here; the canonical comparison then notices them.
    fn try_from(wire: Wire) -> Result<Self, Error> {
        rule(wire.format == FORMAT, "another format")?;
        let missing = Error::Rule("a member is missing");
        let content = match wire.kind {
            MessageKind::Report => Content::Report {
                door: wire.door.ok_or(missing)?,
                answers: wire.answers.ok_or(missing)?,
                reporter: wire.reporter.ok_or(missing)?,
                earlier: wire.earlier,
            },
            MessageKind::FollowUp => Content::FollowUp { answers: wire.answers.ok_or(missing)? },
            MessageKind::Reply => Content::Reply {
                status: wire.status,
                outcome: wire.outcome,
                seconds: wire.seconds.ok_or(missing)?,
            },
            MessageKind::Record => {
                Content::Record { acts: wire.acts.ok_or(missing)?, seconds: wire.seconds.ok_or(missing)? }
            }
        };
        let sender = if wire.sender.as_str() == Sender::REPORTER {
            Sender::Reporter
        } else {
            Sender::Inspector(KeyId { person: wire.sender, epoch: wire.epoch.ok_or(missing)? })
        };
        Ok(Self {
            office: wire.office,
            case: wire.case,
            sender,
            threads: wire.threads,
            day: wire.day,
            language: wire.language,
            profile: wire.profile,
            readers: wire.readers,
            text: wire.text,
            content,
            files: wire.files,
            extensions: wire.extensions,
        })
    }
}

impl Sender {
    pub const REPORTER: &str = "reporter";

    /// The person, where it is one.
    pub fn person(&self) -> Option<&Id> {
        match self {
            Self::Reporter => None,
            Self::Inspector(key) => Some(&key.person),
        }
    }
}
