//! A reporter's mailbox (PROTOCOL 4.3).

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::http::headers::bearer;
use crate::http::problem::Problem;
use crate::protocol::api::{ListedMessage, MailboxPage, ProblemWord};
use crate::protocol::ids::CaseId;
use crate::protocol::limits::{INTEGER_MAX, MAILBOX_ANSWER_BYTES};
use crate::protocol::memo::SealedMemo;
use crate::storage;
use crate::verify::digest::mailbox_id;

use super::blob;
use super::extract::{AtOffice, PathParam};

/// More than fit into one answer.
const ENTRIES_READ: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailboxQuery {
    from: Option<u64>,
}

/// A message as every list shows it; with its memo in the reporter's own list alone.
pub fn listed(message: storage::MessageSummary, memo: Option<SealedMemo>) -> ListedMessage {
    let storage::MessageSummary { position, kind, size_bytes, sha256, day } = message;
    let (position, size_bytes) = (position.into(), Some(size_bytes));
    ListedMessage { position, kind, size_bytes, gone: false, sha256, day, memo }
}

/// `GET /mailbox`. An unknown token gets an answer of the same shape and length.
pub async fn list(
    AtOffice(office): AtOffice,
    query: Result<Query<MailboxQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = bearer(&headers)?;
    let Query(MailboxQuery { from }) = query.map_err(|_| ProblemWord::Malformed)?;
    let from = from.unwrap_or(0);
    if from > INTEGER_MAX {
        return Err(ProblemWord::Malformed.into());
    }
    let body = match office.storage.mailbox(mailbox_id(&token), from, ENTRIES_READ).await? {
        Some(found) => {
            let entries = found.entries.into_iter().map(|(message, memo)| listed(message, memo)).collect();
            fill(Some(found.case), entries, found.more)
        }
        None => fill(None, Vec::new(), false),
    };
    // A proxy that compressed it would give away how much of it is spaces.
    let headers = [(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, "identity")];
    Ok((headers, body.ok_or(ProblemWord::Internal)?).into_response())
}

/// `GET /mailbox/<position>`.
pub async fn message(
    AtOffice(office): AtOffice,
    position: PathParam<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = bearer(&headers)?;
    let position = position.ok().and_then(|Path(text)| blob::position(&text));
    // A token that names no mailbox is told so, whatever it asks for.
    let found = office.storage.mailbox_message(mailbox_id(&token), position.unwrap_or(u32::MAX)).await?;
    position.ok_or(ProblemWord::NotFound)?;
    blob::answer(&office, found, &headers).await
}

/// The answer of exactly [`MAILBOX_ANSWER_BYTES`], with as many of the entries as fit. `more` says that
/// there are others behind them all.
fn fill(case: Option<CaseId>, mut entries: Vec<ListedMessage>, more: bool) -> Option<Vec<u8>> {
    let page = |messages, next| MailboxPage { case, dropped: false, messages, orders: Vec::new(), next };
    // Room for the longest `next`.
    let mut length = serde_json::to_vec(&page(Vec::new(), Some(INTEGER_MAX))).ok()?.len();
    let mut fitting = 0;
    for entry in &entries {
        length += serde_json::to_vec(entry).ok()?.len() + ",".len();
        if length > MAILBOX_ANSWER_BYTES {
            break;
        }
        fitting += 1;
    }
    let more = more || fitting < entries.len();
    entries.truncate(fitting);
    let next = entries.last().filter(|_| more).map(|last| last.position + 1);
    let mut body = serde_json::to_vec(&page(entries, next)).ok()?;
    if body.len() > MAILBOX_ANSWER_BYTES {
        return None;
    }
    body.resize(MAILBOX_ANSWER_BYTES, b' ');
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ids::Digest;
    use crate::protocol::memo::MEMO_SEALED_BYTES;
    use crate::protocol::upload::MessageKind;

    /// The longest entries there are.
    fn entries(count: u32, from: u32) -> Vec<ListedMessage> {
        let entry = |position| {
            let summary = storage::MessageSummary {
                position,
                kind: MessageKind::FollowUp,
                size_bytes: 268_435_456,
                sha256: Digest::from_bytes([0xff; 32]),
                day: "2026-11-21".parse().unwrap(),
            };
            listed(summary, Some(SealedMemo::from_bytes([0xff; MEMO_SEALED_BYTES])))
        };
        (from..from + count).map(entry).collect()
    }

    #[test]
    fn every_answer_has_one_length() {
        let case = Some(CaseId::from_bytes([0xff; 16]));
        let decode = |body: Vec<u8>| serde_json::from_slice::<MailboxPage>(&body).unwrap();
        for count in 0..100 {
            for from in [0, u32::MAX - 100] {
                for more in [false, true] {
                    let body = fill(case, entries(count, from), more).unwrap();
                    assert_eq!(body.len(), MAILBOX_ANSWER_BYTES);
                    let page = decode(body);
                    let shown = page.messages.len() as u32;
                    assert!(shown == count || shown >= 28, "{shown} of {count}");
                    let rest = more && count > 0 || shown < count;
                    assert_eq!(page.next, rest.then(|| u64::from(from + shown)));
                }
            }
        }
        assert_eq!(fill(None, Vec::new(), false).unwrap().len(), MAILBOX_ANSWER_BYTES);
    }
}
