//! What inspectors note and decide among themselves: the acts of a record (PROTOCOL 2.8). What an act does
//! to the state of a case, `verify::case_state` says.

use serde::{Deserialize, Serialize};

use super::day::Day;
use super::ids::{CaseId, Digest, Id};
use super::limits::{ACT_LIST_MAX, ACT_TEXT_BYTES_MAX, INTEGER_MAX};
use super::person::are_readers;
use super::secret::{CaseSecret, HandedKey};

/// One act. The members of each variant stand in the order of the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    Assign {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<Id>,
    },
    Deadline {
        which: Id,
        day: Day,
        reason: String,
    },
    /// For oneself alone, so it names nobody.
    Recuse {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    Classify(Classification),
    Join {
        case: CaseId,
    },
    Split {
        case: CaseId,
    },
    Propose {
        what: Id,
        draft: String,
    },
    Order {
        order: Id,
        unit: Id,
        text: String,
        due: Day,
    },
    OrderAnswer {
        order: Id,
        text: String,
    },
    OrderVerdict {
        order: Id,
        verdict: Verdict,
    },
    Intake {
        channel: Channel,
    },
    Accessed {
        how: Access,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    Handover {
        persons: Vec<Id>,
        messages: Vec<HandedMessage>,
    },
    Erased {
        /// SHA-256 of the order's text.
        order: Digest,
        reason: String,
    },
    Invitation {
        person: Id,
        case: CaseId,
        secret: CaseSecret,
    },
    Template {
        template: Id,
        title: String,
        text: String,
    },
    ExplainedLaw {
        law: Id,
        question: String,
        answer: String,
        rule: String,
    },
    Minutes {
        day: Day,
        text: String,
    },
    Publication {
        publication: Id,
        digest: Digest,
    },
}

/// What kind of case it is; each member that stands here replaces the value before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classification {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// With a priority, and only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasons: Option<String>,
}

/// A message whose blob somebody else may open from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandedMessage {
    pub thread: ThreadName,
    pub position: u64,
    pub sha256: Digest,
    pub key: HandedKey,
}

macro_rules! act_words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($variant),+ }
    };
}

act_words!(
    /// The two threads of a case (PROTOCOL 2.5).
    ThreadName { Mailbox, Office }
);
act_words!(Priority { Low, Normal, High, Urgent });
act_words!(
    /// What became of a corrective order.
    Verdict { Kept, NotKept, Late }
);
act_words!(
    /// How a report reached the office.
    Channel { Web, Phone, Paper, Box, InPerson }
);
act_words!(
    /// What was done with what was read.
    Access { Saved, Printed, Exported }
);

impl ThreadName {
    pub const ALL: [Self; 2] = [Self::Mailbox, Self::Office];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mailbox => "mailbox",
            Self::Office => "office",
        }
    }

    /// What stands for the thread in its first digest.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Mailbox => 0,
            Self::Office => 1,
        }
    }
}

impl Act {
    /// What it is called, in JSON and by people.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Assign { .. } => "assign",
            Self::Deadline { .. } => "deadline",
            Self::Recuse { .. } => "recuse",
            Self::Classify(_) => "classify",
            Self::Join { .. } => "join",
            Self::Split { .. } => "split",
            Self::Propose { .. } => "propose",
            Self::Order { .. } => "order",
            Self::OrderAnswer { .. } => "order-answer",
            Self::OrderVerdict { .. } => "order-verdict",
            Self::Intake { .. } => "intake",
            Self::Accessed { .. } => "accessed",
            Self::Handover { .. } => "handover",
            Self::Erased { .. } => "erased",
            Self::Invitation { .. } => "invitation",
            Self::Template { .. } => "template",
            Self::ExplainedLaw { .. } => "explained-law",
            Self::Minutes { .. } => "minutes",
            Self::Publication { .. } => "publication",
        }
    }

    /// Whether it stays within the bounds of the format.
    pub fn is_within_bounds(&self) -> bool {
        let text = |text: &String| text.len() <= ACT_TEXT_BYTES_MAX;
        let optional = |given: &Option<String>| given.as_ref().is_none_or(text);
        match self {
            Self::Assign { .. }
            | Self::Join { .. }
            | Self::Split { .. }
            | Self::OrderVerdict { .. }
            | Self::Intake { .. }
            | Self::Invitation { .. }
            | Self::Publication { .. } => true,
            Self::Deadline { reason, .. } | Self::Erased { reason, .. } => text(reason),
            Self::Recuse { reason } | Self::Accessed { reason, .. } => optional(reason),
            Self::Classify(values) => {
                *values != Classification::default()
                    && values.priority.is_some() == values.reasons.is_some()
                    && optional(&values.reasons)
            }
            Self::Propose { draft, .. } => text(draft),
            Self::Order { text: order, .. } | Self::OrderAnswer { text: order, .. } => text(order),
            Self::Handover { persons, messages } => {
                are_readers(persons)
                    && (1..=ACT_LIST_MAX).contains(&messages.len())
                    && messages.iter().all(|message| message.position <= INTEGER_MAX)
            }
            Self::Template { title, text: body, .. } => text(title) && text(body),
            Self::ExplainedLaw { question, answer, rule, .. } => text(question) && text(answer) && text(rule),
            Self::Minutes { text: minutes, .. } => text(minutes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(json: &str) -> Option<Act> {
        let act: Act = serde_json::from_str(json).ok()?;
        (act.is_within_bounds() && serde_json::to_string(&act).unwrap() == json).then_some(act)
    }

    #[test]
    fn every_act_has_one_encoding() {
        let hex16 = "ab".repeat(16);
        let hex32 = "ab".repeat(32);
        for good in [
            r#"{"act":"assign"}"#.to_owned(),
            r#"{"act":"assign","owner":"inspector-1"}"#.to_owned(),
            r#"{"act":"deadline","which":"progress","day":"2026-11-28","reason":""}"#.to_owned(),
            r#"{"act":"recuse"}"#.to_owned(),
            r#"{"act":"classify","unit":"permits"}"#.to_owned(),
            r#"{"act":"classify","priority":"urgent","reasons":"danger"}"#.to_owned(),
            format!(r#"{{"act":"join","case":"{hex16}"}}"#),
            format!(r#"{{"act":"split","case":"{hex16}"}}"#),
            r#"{"act":"propose","what":"close","draft":""}"#.to_owned(),
            r#"{"act":"order","order":"o-1","unit":"permits","text":"","due":"2026-11-28"}"#.to_owned(),
            r#"{"act":"order-answer","order":"o-1","text":""}"#.to_owned(),
            r#"{"act":"accessed","how":"saved"}"#.to_owned(),
            format!(r#"{{"act":"erased","order":"{hex32}","reason":""}}"#),
            r#"{"act":"template","template":"t","title":"","text":""}"#.to_owned(),
            r#"{"act":"explained-law","law":"l","question":"","answer":"","rule":""}"#.to_owned(),
            r#"{"act":"minutes","day":"2026-11-28","text":""}"#.to_owned(),
            format!(r#"{{"act":"publication","publication":"p","digest":"{hex32}"}}"#),
            r#"{"act":"order-verdict","order":"o-1","verdict":"not-kept"}"#.to_owned(),
            r#"{"act":"intake","channel":"in-person"}"#.to_owned(),
            format!(
                r#"{{"act":"handover","persons":["a","b"],"messages":[{{"thread":"office","position":0,"sha256":"{hex32}","key":"{hex16}"}}]}}"#
            ),
            format!(r#"{{"act":"invitation","person":"a","case":"{hex16}","secret":"{hex32}"}}"#),
        ] {
            let act = canonical(&good).expect(&good);
            assert!(good.starts_with(&format!(r#"{{"act":"{}""#, act.word())), "{good}");
        }
        for bad in [
            r#"{"act":"assign","owner":null}"#.to_owned(),
            r#"{"owner":"a","act":"assign"}"#.to_owned(),
            r#"{"act":"recuse","person":"a"}"#.to_owned(),
            r#"{"act":"classify"}"#.to_owned(),
            r#"{"act":"classify","priority":"urgent"}"#.to_owned(),
            r#"{"act":"classify","reasons":"none"}"#.to_owned(),
            r#"{"act":"handover","persons":["b","a"],"messages":[]}"#.to_owned(),
            r#"{"act":"pardon"}"#.to_owned(),
            format!(r#"{{"act":"recuse","reason":"{}"}}"#, "x".repeat(ACT_TEXT_BYTES_MAX + 1)),
        ] {
            assert!(canonical(&bad).is_none(), "{bad}");
        }
    }
}
