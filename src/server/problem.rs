//! What the storage cannot do, as the problem that a client is told.

use crate::http::problem::Problem;
use crate::protocol::api::ProblemWord;
use crate::storage;

impl From<storage::Error> for Problem {
    fn from(error: storage::Error) -> Self {
        word_of(error).into()
    }
}

/// The word for a failure; one of the machine is logged here, once.
pub(super) fn word_of(error: storage::Error) -> ProblemWord {
    match error {
        storage::Error::NotFound => ProblemWord::NotFound,
        storage::Error::UnknownMailbox => ProblemWord::UnknownMailbox,
        storage::Error::CaseExists => ProblemWord::CaseExists,
        storage::Error::OffsetMismatch => ProblemWord::OffsetMismatch,
        storage::Error::TooLong => ProblemWord::TooLarge,
        storage::Error::Finished => ProblemWord::Finished,
        storage::Error::OneWay => ProblemWord::OneWay,
        storage::Error::MemoMissing => ProblemWord::Malformed,
        storage::Error::Busy | storage::Error::Locked | storage::Error::Closed => ProblemWord::Busy,
        storage::Error::StorageFull => ProblemWord::StorageFull,
        storage::Error::Failed(_) | storage::Error::FileReplaced | storage::Error::Damaged => {
            tracing::error!(%error, "a request failed in the storage");
            ProblemWord::Internal
        }
    }
}
