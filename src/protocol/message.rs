//! message.json: what is said (PROTOCOL 2.2). One encoding for each message; a decoder refuses every other.

use serde::{Deserialize, Serialize};

use super::FORMAT;
use super::day::Day;
use super::ids::{CaseId, Digest, Id, OfficeId, Signer};
use super::limits::{
    ANSWERS_MAX, FILE_NAME_BYTES_MAX, FILES_MAX, INSPECTORS_MAX, INTEGER_MAX, MEDIA_TYPE_BYTES_MAX,
    MESSAGE_JSON_BYTES_MAX,
};

pub use super::upload::{Direction, MessageKind};

const RECIPIENT_PREFIX: &str = "age1pq1";
/// Bech32 of 1,216 bytes and a checksum behind the prefix.
const RECIPIENT_BYTES: usize = RECIPIENT_PREFIX.len() + 1946 + 6;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub office: OfficeId,
    pub case: CaseId,
    pub sender: Sender,
    /// How many messages this sender had sent in this case before, as the sender knew it.
    pub sequence: u64,
    pub thread: Thread,
    pub day: Day,
    /// Language of the sender's page, such as `fa`.
    pub language: String,
    pub text: String,
    pub left_out: Vec<Id>,
    pub content: Content,
    pub files: Vec<File>,
}

/// What each kind of message has of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Report { door: Door, answers: Vec<Answer>, reporter: Reporter },
    FollowUp,
    Reply { status: Option<Status>, outcome: Option<Outcome> },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sender {
    Reporter,
    Inspector(Id),
}

/// The thread as a sender saw it: how many messages, and the digest over them (PROTOCOL 2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thread {
    pub length: u64,
    pub digest: Digest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Door {
    Report,
    Complaint,
    Suggestion,
    InformationRequest,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub question: Id,
    pub answer: String,
}

/// The public halves of the keys that a receipt code gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reporter {
    pub recipient: String,
    pub signer: Signer,
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
            Content::FollowUp => MessageKind::FollowUp,
            Content::Reply { .. } => MessageKind::Reply,
        }
    }

    pub fn direction(&self) -> Direction {
        self.kind().direction()
    }

    fn check(&self) -> Result<(), Error> {
        let rule = |holds: bool, text| if holds { Ok(()) } else { Err(Error::Rule(text)) };
        rule(self.sequence <= INTEGER_MAX && self.thread.length <= INTEGER_MAX, "an integer is too large")?;
        rule(
            matches!(self.language.len(), 2..=3)
                && self.language.bytes().all(|byte| byte.is_ascii_lowercase()),
            "language",
        )?;
        rule(self.left_out.len() <= INSPECTORS_MAX, "too many are left out")?;
        rule(self.files.len() <= FILES_MAX, "too many files")?;
        for file in &self.files {
            rule((1..=FILE_NAME_BYTES_MAX).contains(&file.name.len()), "a file's name")?;
            rule(is_media_type(&file.media_type), "a file's type")?;
            rule(file.size_bytes <= INTEGER_MAX, "an integer is too large")?;
        }
        match &self.content {
            Content::Report { answers, reporter, .. } => {
                rule(self.sender == Sender::Reporter, "a report comes from the reporter")?;
                rule(self.sequence == 0 && self.thread.length == 0, "a report comes first")?;
                rule(answers.len() <= ANSWERS_MAX, "too many answers")?;
                rule(is_recipient(&reporter.recipient), "the reporter's recipient")
            }
            Content::FollowUp => rule(self.sender == Sender::Reporter, "a follow-up comes from the reporter"),
            Content::Reply { status, outcome } => {
                rule(matches!(self.sender, Sender::Inspector(_)), "a reply comes from an inspector")?;
                let Some(outcome) = outcome else { return Ok(()) };
                rule(*status == Some(Status::Closed), "only a closed case has an outcome")?;
                let rule_given = outcome.rule.as_ref().is_some_and(|text| !text.is_empty());
                rule(outcome.id != OutcomeId::NoViolation || rule_given, "\"no violation\" names the rule")
            }
        }
    }
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
    direction: Direction,
    kind: MessageKind,
    sender: Id,
    sequence: u64,
    thread: Thread,
    day: Day,
    language: String,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    door: Option<Door>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answers: Option<Vec<Answer>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reporter: Option<Reporter>,
    left_out: Vec<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    files: Vec<File>,
}

impl From<Message> for Wire {
    fn from(message: Message) -> Self {
        let kind = message.kind();
        let (mut door, mut answers, mut reporter, mut status, mut outcome) = (None, None, None, None, None);
        match message.content {
            Content::Report { door: entered, answers: given, reporter: keys } => {
                (door, answers, reporter) = (Some(entered), Some(given), Some(keys));
            }
            Content::FollowUp => {}
            Content::Reply { status: set, outcome: decided } => (status, outcome) = (set, decided),
        }
        Self {
            format: FORMAT.to_owned(),
            office: message.office,
            case: message.case,
            direction: kind.direction(),
            kind,
            sender: message.sender.id(),
            sequence: message.sequence,
            thread: message.thread,
            day: message.day,
            language: message.language,
            text: message.text,
            door,
            answers,
            reporter,
            left_out: message.left_out,
            status,
            outcome,
            files: message.files,
        }
    }
}

impl TryFrom<Wire> for Message {
    type Error = Error;

    /// Members that this kind does not have are dropped here; the canonical comparison then notices them.
    fn try_from(wire: Wire) -> Result<Self, Error> {
        if wire.format != FORMAT {
            return Err(Error::Rule("another format"));
        }
        let missing = Error::Rule("a member is missing");
        let content = match wire.kind {
            MessageKind::Report => Content::Report {
                door: wire.door.ok_or(missing)?,
                answers: wire.answers.ok_or(missing)?,
                reporter: wire.reporter.ok_or(missing)?,
            },
            MessageKind::FollowUp => Content::FollowUp,
            MessageKind::Reply => Content::Reply { status: wire.status, outcome: wire.outcome },
        };
        Ok(Self {
            office: wire.office,
            case: wire.case,
            sender: Sender::from_id(wire.sender),
            sequence: wire.sequence,
            thread: wire.thread,
            day: wire.day,
            language: wire.language,
            text: wire.text,
            left_out: wire.left_out,
            content,
            files: wire.files,
        })
    }
}

impl Sender {
    pub const REPORTER: &str = "reporter";

    pub fn id(&self) -> Id {
        match self {
            Self::Reporter => Self::REPORTER.parse().expect("a literal id"),
            Self::Inspector(id) => id.clone(),
        }
    }

    fn from_id(id: Id) -> Self {
        if id.as_str() == Self::REPORTER { Self::Reporter } else { Self::Inspector(id) }
    }
}
