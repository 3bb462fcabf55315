//! Which key of which person: an inspector is a person with an id for ever and keys of an epoch (PROTOCOL 3).

use serde::{Deserialize, Serialize};

use super::ids::{Id, Signature};
use super::limits::{INSPECTORS_MAX, INTEGER_MAX};

/// One key of one person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId {
    pub person: Id,
    /// From 1.
    pub epoch: u64,
}

/// A signature and the key that is said to have made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonSignature {
    pub sender: Id,
    pub epoch: u64,
    pub signature: Signature,
}

impl PersonSignature {
    pub fn key_id(&self) -> KeyId {
        KeyId { person: self.sender.clone(), epoch: self.epoch }
    }
}

/// Whether an epoch counts from 1 and fits an integer.
pub fn is_epoch(epoch: u64) -> bool {
    (1..=INTEGER_MAX).contains(&epoch)
}

/// Whether these are 1 to 12 persons, ascending, none twice: the one order in which a message names them.
pub fn are_readers(persons: &[Id]) -> bool {
    (1..=INSPECTORS_MAX).contains(&persons.len()) && persons.windows(2).all(|pair| pair[0] < pair[1])
}
