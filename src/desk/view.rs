//! A case as data, for whoever shows it: a terminal, a page, a program. Nothing here is made safe to show: it
//! is what a sender wrote.

use std::collections::BTreeSet;

use serde::Serialize;

use super::opened::{CaseWarning, OpenedCase};
use crate::protocol::api::ListedMessage;
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Digest, Id};
use crate::protocol::message::{Answer, Content, Door, Outcome, Sender, Status};
use crate::protocol::profile::{Profile, WhyFormer};
use crate::protocol::record::{Act, Channel, ThreadName, Verdict};
use crate::protocol::secret::{CaseSecret, HandedKey};
use crate::seal::opening::OneWayFile;
use crate::verify::case::{Authenticity, CaseReading, MessageReading, Warning};
use crate::verify::case_state::{CaseState, Noted, Register};
use crate::verify::profile::VerifiedProfile;

/// A whole case, as `open` prints it.
#[derive(Serialize)]
pub struct ShownCase {
    pub case: CaseId,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Where the case stands by those who had not seen the last reply, nor its
    /// sender theirs: to be confirmed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub concurrent_statuses: Vec<ShownValue<Status>>,
    /// Positions of replies whose outcome waits for a second person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub awaiting_second: Vec<u64>,
    /// Nothing where this desk could not open what says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readers: Option<Vec<ShownPerson>>,
    /// Those whom the profile lists and who do not read the case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_readers: Vec<ShownPerson>,
    pub office: ShownOfficeState,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<CaseWarning>,
    pub messages: Vec<ShownMessage>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<ShownMessage>,
}

/// Somebody of the office, by what she is called in its own language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownPerson {
    pub id: Id,
    pub role: String,
    /// Why she does not read the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<WhyNotReader>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyNotReader {
    /// By the reporter, for ever.
    LeftOut,
    /// By herself.
    Recused,
    /// She joined later, or nobody has handed the case over to her.
    NotHandedOver,
}

/// What the office's own records amount to.
#[derive(Default, Serialize)]
pub struct ShownOfficeState {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<ShownValue<Option<Id>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub concurrent_owners: Vec<ShownValue<Option<Id>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deadlines: Vec<ShownDeadline>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intake: Option<Channel>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<ShownOrder>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub joined: BTreeSet<CaseId>,
    /// Somebody handed the case over to a person whom the reporter had left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breaches: Vec<ShownValue<Id>>,
}

/// A value, and who set it when.
#[derive(Serialize)]
pub struct ShownValue<T> {
    pub value: T,
    pub by: Id,
    /// The sender's day.
    pub day: Day,
    pub position: u64,
}

#[derive(Serialize)]
pub struct ShownDeadline {
    pub which: Id,
    pub day: Day,
    pub reason: String,
    /// Other days that were set without knowledge of this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub concurrent: Vec<Day>,
}

#[derive(Serialize)]
pub struct ShownOrder {
    pub order: Id,
    pub unit: Id,
    pub text: String,
    pub due: Day,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
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
    /// Why the key that signed is no longer in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_key: Option<WhyFormer>,
    /// Second persons whose signatures count, by what they are called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seconds: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub door: Option<Door>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    /// The case that this report says it goes back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<CaseId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Without the secrets that some of them hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<Act>,
    pub files: Vec<ShownFile>,
    /// Its files have not been fetched: whether they are whole, saving them tells.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub files_unread: bool,
    /// Why it, or its files, could not be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
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
    pub fn new(profile: &VerifiedProfile, opened: &OpenedCase) -> Self {
        let reading = opened.read(profile);
        let shown = |thread, readings: &[MessageReading<'_>]| -> Vec<ShownMessage> {
            let messages = readings.iter().zip(opened.listed(thread)).enumerate();
            messages
                .map(|(at, (message, listed))| {
                    let one_way =
                        opened.one_way.as_ref().filter(|_| (thread, at) == (ThreadName::Mailbox, 0));
                    let mut shown = ShownMessage::new(profile, listed, message, one_way);
                    shown.failure = opened.failure((thread, at)).map(str::to_owned);
                    shown
                })
                .collect()
        };
        let (messages, records) =
            (shown(ThreadName::Mailbox, &reading.mailbox), shown(ThreadName::Office, &reading.office));
        let CaseReading { state, .. } = reading;
        let standing = &state.mailbox.standing;
        let (readers, not_readers) = shown_persons(profile, &state);
        Self {
            case: opened.case,
            status: state.mailbox.status(),
            outcome: state.mailbox.outcome().cloned(),
            concurrent_statuses: shown_values(standing.concurrent(), |standing| standing.status),
            awaiting_second: state.mailbox.waiting.clone(),
            readers,
            not_readers,
            office: ShownOfficeState::new(&state),
            warnings: opened.warnings.clone(),
            messages,
            records,
        }
    }
}

impl ShownPerson {
    pub fn new(profile: &Profile, id: &Id, why_not: Option<WhyNotReader>) -> Self {
        Self { id: id.clone(), role: role(profile, id), why_not }
    }
}

/// What somebody of the office is called in its own language; her id where the profile no longer knows her.
pub fn role(profile: &Profile, id: &Id) -> String {
    profile.role(id).map_or_else(|| id.to_string(), |role| profile.text(role, "").to_owned())
}

/// Who reads the case, and who of those whom the profile lists does not; nothing where this
/// desk could not open what says it.
pub fn shown_persons(profile: &Profile, state: &CaseState) -> (Option<Vec<ShownPerson>>, Vec<ShownPerson>) {
    let Some(readers) = &state.office.readers else { return (None, Vec::new()) };
    let others = profile.inspectors.iter().map(|listed| &listed.id).filter(|id| !readers.contains(*id));
    let others = others.map(|id| {
        let why = if state.mailbox.is_left_out(id) {
            WhyNotReader::LeftOut
        } else if state.office.recused.contains(id) {
            WhyNotReader::Recused
        } else {
            WhyNotReader::NotHandedOver
        };
        ShownPerson::new(profile, id, Some(why))
    });
    let readers = readers.iter().map(|id| ShownPerson::new(profile, id, None));
    (Some(readers.collect()), others.collect())
}

impl ShownOfficeState {
    fn new(state: &CaseState) -> Self {
        let office = &state.office;
        let deadline = |(which, register): (&Id, &Register<crate::verify::case_state::SetDeadline>)| {
            let last = register.last()?;
            Some(ShownDeadline {
                which: which.clone(),
                day: last.value.day,
                reason: last.value.reason.clone(),
                concurrent: register.concurrent().iter().map(|noted| noted.value.day).collect(),
            })
        };
        let orders = office.orders.iter().map(|(id, order)| ShownOrder {
            order: id.clone(),
            unit: order.ordered.value.unit.clone(),
            text: order.ordered.value.text.clone(),
            due: order.ordered.value.due,
            answers: order.answers.iter().map(|answer| answer.value.clone()).collect(),
            verdict: order.verdict.last().map(|verdict| verdict.value),
        });
        Self {
            owner: office.owner.last().map(|noted| ShownValue::new(noted, Clone::clone)),
            concurrent_owners: shown_values(office.owner.concurrent(), Clone::clone),
            deadlines: office.deadlines.iter().filter_map(deadline).collect(),
            intake: office.intake.as_ref().map(|intake| intake.value),
            orders: orders.collect(),
            joined: office.joined.clone(),
            breaches: shown_values(&office.breaches, Clone::clone),
        }
    }
}

impl<T> ShownValue<T> {
    fn new<U>(noted: &Noted<U>, value: impl FnOnce(&U) -> T) -> Self {
        Self {
            value: value(&noted.value),
            by: noted.by.person.clone(),
            day: noted.day,
            position: noted.position,
        }
    }
}

fn shown_values<T, U>(noted: &[Noted<U>], value: impl Fn(&U) -> T) -> Vec<ShownValue<T>> {
    noted.iter().map(|noted| ShownValue::new(noted, &value)).collect()
}

impl ShownMessage {
    pub fn new(
        profile: &Profile,
        listed: &ListedMessage,
        reading: &MessageReading<'_>,
        one_way: Option<&OneWayFile>,
    ) -> Self {
        let verified = reading.authenticity == Authenticity::Authentic;
        let mut shown = Self {
            position: listed.position,
            from: "unknown".to_owned(),
            verified,
            authenticity: reading.authenticity,
            warnings: reading.warnings.clone(),
            text: String::new(),
            day: listed.day,
            received: listed.day,
            former_key: reading.former,
            seconds: reading.seconds.iter().map(|id| role(profile, id)).collect(),
            door: None,
            answers: Vec::new(),
            earlier: None,
            status: None,
            outcome: None,
            acts: Vec::new(),
            files: Vec::new(),
            files_unread: false,
            failure: None,
        };
        if let Some(one_way) = one_way {
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
        // What this program is too old to judge is not shown; that it is there, is.
        if reading.authenticity != Authenticity::NewerVersion {
            shown.fill(profile, reading);
        }
        shown
    }

    fn fill(&mut self, profile: &Profile, reading: &MessageReading<'_>) {
        let Some(text) = reading.unverified() else { return };
        let message = &text.message;
        self.text.clone_from(&message.text);
        let files = message.files.iter().zip(text.seal().entries.iter().skip(1));
        self.files = files
            .map(|(file, entry)| ShownFile {
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                size_bytes: file.size_bytes,
                sha256: entry.sha256,
                saved: None,
            })
            .collect();
        self.files_unread = !self.files.is_empty();
        if self.verified {
            self.day = message.day;
            self.from = match &message.sender {
                Sender::Reporter => Sender::REPORTER.to_owned(),
                Sender::Inspector(key) => role(profile, &key.person),
            };
        }
        match &message.content {
            Content::Report { door, answers, earlier, .. } => {
                (self.door, self.answers) = (Some(*door), answers.clone());
                self.earlier = earlier.map(|earlier| earlier.case);
            }
            Content::FollowUp { answers } => self.answers = answers.clone(),
            Content::Reply { status, outcome, .. } => {
                (self.status, self.outcome) = (*status, outcome.clone());
            }
            Content::Record { acts, .. } => self.acts = acts.iter().map(without_secrets).collect(),
        }
    }
}

/// An act to show: whoever looks over a shoulder gets no key.
fn without_secrets(act: &Act) -> Act {
    let mut act = act.clone();
    match &mut act {
        Act::Invitation { secret, .. } => *secret = CaseSecret::from_bytes([0; CaseSecret::LEN]),
        Act::Handover { messages, .. } => {
            for message in messages {
                message.key = HandedKey::from_bytes([0; HandedKey::LEN]);
            }
        }
        _ => {}
    }
    act
}
