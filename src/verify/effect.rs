//! Why an act changes nothing. The folds say so of every act that they take in; whoever is about to write one
//! asks them before, so that there is no second table of what has an effect.

use crate::protocol::ids::{CaseId, Id};

/// What the fold has against an act in the state in which it finds a case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoEffect {
    #[error("it says so already")]
    Unchanged,
    #[error("this act belongs in a case, and this is the journal")]
    NotInJournal,
    #[error("this act belongs in the journal, and this is a case")]
    NotInCase,
    #[error("nobody else reads the case: without its last reader it is dead")]
    LastReader,
    #[error("there is an order {0} already, and an order is not given twice")]
    OrderGiven(Id),
    #[error("there is no order {0} in the case")]
    NoSuchOrder(Id),
    #[error("whoever gave order {0} does not say what became of it")]
    OwnOrder(Id),
    #[error("how a report came stands in the first record of a case and nowhere else")]
    NotFirst,
    #[error("the case is not joined with case {0}")]
    NotJoined(CaseId),
    #[error("the reporter left {0} out of this case for ever")]
    LeftOut(Id),
}

/// An act of a record that would change nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IneffectiveAct {
    /// Its place in the record, from 0.
    pub at: usize,
    pub word: &'static str,
    pub why: NoEffect,
}
