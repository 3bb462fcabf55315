//! Whether an order of erasure is to be obeyed (PROTOCOL 2.12).

use std::collections::BTreeSet;

use super::signature::is_signed_by;
use super::trust::{is_in_time, is_stolen};
use crate::protocol::erasure::ErasureOrder;
use crate::protocol::ids::{CaseId, Id, OfficeId};
use crate::protocol::profile::{Profile, TWO_PERSONS_ERASE};
use crate::protocol::record::ThreadName;

/// The persons who signed an order with a key that is trusted on the order's day.
pub fn signers(order: &ErasureOrder, office: OfficeId, case: CaseId, profile: &Profile) -> BTreeSet<Id> {
    if !order.is_well_formed() {
        return BTreeSet::new();
    }
    let bytes = order.signed_bytes(office, case);
    let counts = |signature: &&crate::protocol::person::PersonSignature| {
        profile.key(&signature.key_id()).is_some_and(|key| {
            !is_stolen(key)
                && is_in_time(key, &[order.day])
                && is_signed_by(&key.signer(), &signature.signature, &bytes)
        })
    };
    order.signatures.iter().filter(counts).map(|signature| signature.sender.clone()).collect()
}

/// What a reader knows of the case that an order is for.
#[derive(Debug, Clone, Copy)]
pub struct ErasureContext<'a> {
    pub profile: &'a Profile,
    pub case: CaseId,
    pub left_out: &'a BTreeSet<Id>,
    /// At the end of the case; nothing where this reader does not know them, as the reporter does not.
    pub readers: Option<&'a BTreeSet<Id>>,
    /// Whether the mailbox lists a reply.
    pub is_replied: bool,
}

/// Whether enough persons signed who may.
pub fn is_valid(order: &ErasureOrder, context: ErasureContext<'_>) -> bool {
    let ErasureContext { profile, case, left_out, readers, is_replied } = context;
    let may = |person: &&Id| {
        let reads = readers.is_none_or(|readers| readers.contains(*person));
        !left_out.contains(*person) && (order.thread == ThreadName::Mailbox || reads)
    };
    let two = !is_replied || profile.asks_two_persons(TWO_PERSONS_ERASE, order.day);
    signers(order, profile.office, case, profile).iter().filter(may).count() >= if two { 2 } else { 1 }
}
