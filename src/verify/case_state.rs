//! What the authentic messages of a case amount to: where it stands, how it ended, who is left out of it. No
//! server knows any of this; whoever reads the messages in their order comes to the same (PROTOCOL 2.6).

use crate::protocol::ids::Id;
use crate::protocol::message::{Content, Message, Outcome, Reporter, Status};

/// A case after its first messages: a fold over those that are authentic, in the order of the thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseState {
    /// That of the last reply which has one.
    pub status: Status,
    /// Of the same reply: a case that is opened again has no outcome.
    pub outcome: Option<Outcome>,
    /// What the report fixes for the whole case; nothing before it was read, as for the reporter herself, who
    /// cannot.
    pub report: Option<ReportState>,
    /// Whom the replies leave out; nothing before the first of them, and then a reader without the report
    /// does not know. All of them together, so that one inspector cannot bring a colleague back whom
    /// another's reply leaves out.
    pub left_out_of_replies: Option<Vec<Id>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportState {
    /// The keys to answer to and to check follow-ups with.
    pub reporter: Reporter,
    /// Whom every later message leaves out.
    pub left_out: Vec<Id>,
}

impl CaseState {
    /// Takes in the next authentic message. Only [`super::thread::ThreadReader`], which finds out whether one
    /// is, may call it: what nobody signed must not move a case.
    pub(super) fn apply(&mut self, message: &Message) {
        match &message.content {
            Content::Report { reporter, .. } => {
                self.report =
                    Some(ReportState { reporter: reporter.clone(), left_out: message.left_out.clone() });
            }
            Content::FollowUp => {}
            Content::Reply { status, outcome } => {
                if let Some(status) = status {
                    self.status = *status;
                    self.outcome.clone_from(outcome);
                }
                let left_out = self.left_out_of_replies.get_or_insert_default();
                for inspector in &message.left_out {
                    if !left_out.contains(inspector) {
                        left_out.push(inspector.clone());
                    }
                }
            }
        }
    }
}

impl Default for CaseState {
    /// A case of which nothing has been read.
    fn default() -> Self {
        Self { status: Status::Received, outcome: None, report: None, left_out_of_replies: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ids::{CaseId, Digest, OfficeId, Signer};
    use crate::protocol::message::{Door, OutcomeId, Sender, Thread};

    fn message(sender: Sender, content: Content, left_out: &[&str]) -> Message {
        Message {
            office: OfficeId::from_bytes([1; 16]),
            case: CaseId::from_bytes([2; 16]),
            sender,
            sequence: 0,
            thread: Thread { length: 0, digest: Digest::from_bytes([3; 32]) },
            day: "2026-11-21".parse().unwrap(),
            language: "fa".to_owned(),
            text: String::new(),
            left_out: left_out.iter().map(|id| id.parse().unwrap()).collect(),
            content,
            files: Vec::new(),
        }
    }

    fn reply(status: Option<Status>, outcome: Option<Outcome>, left_out: &[&str]) -> Message {
        let sender = Sender::Inspector("sara".parse().unwrap());
        message(sender, Content::Reply { status, outcome }, left_out)
    }

    #[test]
    fn a_case_stands_where_its_last_status_says() {
        let mut state = CaseState::default();
        assert_eq!((state.status, state.left_out_of_replies.clone()), (Status::Received, None));
        let reporter = Reporter { recipient: "r".to_owned(), signer: Signer::from_bytes([4; 32]) };
        let content = Content::Report { door: Door::Report, answers: Vec::new(), reporter: reporter.clone() };
        state.apply(&message(Sender::Reporter, content, &["reza"]));
        assert_eq!(state.report, Some(ReportState { reporter, left_out: vec!["reza".parse().unwrap()] }));
        assert_eq!(state.left_out_of_replies, None, "no reply has said it yet");

        let outcome = Some(Outcome { id: OutcomeId::Substantiated, rule: None });
        state.apply(&reply(Some(Status::Closed), outcome.clone(), &["reza"]));
        state.apply(&reply(None, None, &[]));
        state.apply(&message(Sender::Reporter, Content::FollowUp, &["mina"]));
        assert_eq!((state.status, &state.outcome), (Status::Closed, &outcome), "only a status moves a case");
        state.apply(&reply(Some(Status::Reopened), None, &["mina", "reza"]));
        assert_eq!((state.status, &state.outcome), (Status::Reopened, &None));
        let left_out = state.left_out_of_replies.unwrap();
        assert_eq!(left_out.iter().map(Id::as_str).collect::<Vec<_>>(), ["reza", "mina"]);
    }
}
