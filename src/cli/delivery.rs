//! Sending, so that whoever sends knows at its end what has become of it: stored, not stored, or not known.
//! It ends with exactly one word of that, also when the line breaks, the server refuses, or a signal comes.
//!
//! A report's receipt code stands on standard output before anything is sent: whatever happens then, it
//! is not lost. With `--json` the output is one document in two lines, of which the first is written
//! before: `{"receipt":"…",` and `"sent":true}`, or `false` (not stored), or `null` (not known). A
//! document that lacks its end says: not known.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Failure;
use super::writer::{note, print, print_line};
use crate::client::{UploadState, UploadWatch};
use crate::protocol::ids::CaseId;
use crate::protocol::receipt::ReceiptCode;

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parcel {
    Report,
    FollowUp,
    Reply(CaseId),
    Record(CaseId),
}

pub struct Delivery {
    parcel: Parcel,
    json: bool,
    watch: UploadWatch,
    /// Whether the last word has been said. Held while it is said.
    ended: Mutex<bool>,
}

impl Delivery {
    pub fn new(parcel: Parcel, json: bool, watch: UploadWatch) -> Self {
        Self { parcel, json, watch, ended: Mutex::new(false) }
    }

    /// A report is about to be sent: its code is handed over, or nothing is sent.
    pub fn of_report(code: &ReceiptCode, json: bool, watch: UploadWatch) -> Result<Self, Failure> {
        let grouped = code.group();
        let text = if json {
            let digits = Zeroizing::new(grouped.replace(' ', ""));
            Zeroizing::new(format!("{{\"receipt\":\"{}\",\n", *digits))
        } else {
            Zeroizing::new(format!("{}\n", *grouped))
        };
        print(&text).map_err(|_| {
            Failure::with_hint(
                "the receipt code could not be printed, so nothing was sent",
                "let standard output lead to where the code is kept",
            )
        })?;
        if !json {
            note("Write this code down now: it is the only way back to your report.");
            note("Keep it only if this ends with: sent");
        }
        Ok(Self::new(Parcel::Report, json, watch))
    }

    /// Says how it ended.
    pub fn end(&self, result: Result<(), Failure>) -> Result<(), Failure> {
        self.tell(self.ended.lock().unwrap_or_else(PoisonError::into_inner), result)
    }

    /// A signal came: says what is known now. Where the last word is just being said, it stands.
    pub fn interrupt(&self, interruption: Failure) -> Result<(), Failure> {
        let state = self.watch.state();
        match self.ended.try_lock() {
            Ok(ended) if state == UploadState::Stored => self.tell(ended, Ok(())),
            Ok(ended) => self.tell(ended, Err(interruption)),
            Err(_) => Err(interruption.with_fate(self.fate(state))),
        }
    }

    fn tell(&self, mut ended: MutexGuard<'_, bool>, result: Result<(), Failure>) -> Result<(), Failure> {
        if std::mem::replace(&mut *ended, true) {
            return result.map_err(|failure| failure.with_fate(self.fate(self.watch.state())));
        }
        match result {
            Ok(()) => self.print_end(json!(true)).map_err(|failure| failure.with_fate(self.stored())),
            Err(failure) => {
                let state = self.watch.state();
                // Before anything was sent there is nothing to end, but for the code that was printed.
                if state != UploadState::NotBegun || self.parcel == Parcel::Report {
                    let sent = if state == UploadState::InDoubt { Value::Null } else { json!(false) };
                    let _ = self.json.then(|| self.print_end(sent));
                }
                Err(failure.with_fate(self.fate(state)))
            }
        }
    }

    fn print_end(&self, sent: Value) -> Result<(), Failure> {
        match (self.json, self.parcel) {
            (true, Parcel::Report) => print_line(format!("\"sent\":{sent}}}")),
            (true, Parcel::FollowUp) => print_line(json!({ "sent": sent })),
            (true, Parcel::Reply(case) | Parcel::Record(case)) => {
                print_line(json!({ "case": case, "sent": sent }))
            }
            (false, Parcel::Report) => {
                note("sent");
                Ok(())
            }
            (false, Parcel::FollowUp) => {
                note("sealed and sent");
                Ok(())
            }
            (false, Parcel::Reply(case)) => {
                note(format!("sealed and sent to case {case}"));
                Ok(())
            }
            (false, Parcel::Record(case)) => {
                note(format!("sealed and noted in {case}"));
                Ok(())
            }
        }
    }

    fn stored(&self) -> String {
        match self.parcel {
            Parcel::Report => "the report is stored, and its code is the right one".to_owned(),
            Parcel::FollowUp => "what you wrote is stored".to_owned(),
            Parcel::Reply(case) => format!("the answer is stored in case {case}"),
            Parcel::Record(case) => format!("the record is stored in {case}"),
        }
    }

    fn fate(&self, state: UploadState) -> String {
        match (state, self.parcel) {
            (UploadState::Stored, _) => self.stored(),
            (UploadState::InDoubt, Parcel::Report) => "it is not known whether the report was stored: keep the code, \
                and ask with it: mohr status. If it opens no mailbox, nothing was stored: throw it away and report again"
                .to_owned(),
            (UploadState::InDoubt, Parcel::FollowUp) => "it is not known whether what you wrote was stored: mohr \
                status shows what the office has from you; look before you send it again"
                .to_owned(),
            (UploadState::InDoubt, Parcel::Reply(case)) => format!(
                "it is not known whether the answer was stored: mohr open {case} shows whether it is there; look \
                 before you send it again"
            ),
            (UploadState::InDoubt, Parcel::Record(case)) => format!(
                "it is not known whether the record was stored: mohr open {case} shows whether it is there; look \
                 before you write it again"
            ),
            (UploadState::NotBegun | UploadState::NotStored, Parcel::Record(_)) => {
                "the record was not stored".to_owned()
            }
            (UploadState::NotBegun | UploadState::NotStored, Parcel::Report) => {
                "the report was not stored: throw the code away".to_owned()
            }
            (UploadState::NotBegun | UploadState::NotStored, Parcel::FollowUp) => {
                "what you wrote was not stored".to_owned()
            }
            (UploadState::NotBegun | UploadState::NotStored, Parcel::Reply(_)) => {
                "the answer was not stored".to_owned()
            }
        }
    }
}
