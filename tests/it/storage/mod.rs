//! The storage behind its contract, with a real database.

use mohr::protocol::ids::{CaseId, OfficeId, WriteHash};
use mohr::protocol::memo::{MEMO_SEALED_BYTES, SealedMemo};
use mohr::protocol::upload::MessageKind;
use mohr::storage::{MessageSummary, OfficeIds, Storage, StoredThreads, ThreadsQuery};

mod model;
mod open;
mod order;
mod threads;
mod uploads;

const OFFICE: OfficeIds =
    OfficeIds { office: OfficeId::from_bytes([0xf0; 16]), journal: CaseId::from_bytes([0xfe; 16]) };
/// Of every case here.
const WRITE: WriteHash = WriteHash::from_bytes([0x77; 32]);

fn memo(seed: u8) -> SealedMemo {
    SealedMemo::from_bytes([seed; MEMO_SEALED_BYTES])
}

/// What an upload of this kind brings to be admitted.
fn write_of(kind: MessageKind) -> Option<WriteHash> {
    (kind != MessageKind::FollowUp).then_some(WRITE)
}

/// Both threads of a case, whole.
async fn threads_of(storage: &Storage, case: CaseId) -> StoredThreads {
    let query = ThreadsQuery { case, write_hash: Some(WRITE), mailbox: 0, office: 0 };
    storage.threads(vec![query], usize::MAX, usize::MAX).await.unwrap().remove(0)
}

async fn mailbox_of(storage: &Storage, case: CaseId) -> Vec<MessageSummary> {
    threads_of(storage, case).await.mailbox
}
