//! Ids and words as people type them: capitals, the digits of their own script, spaces and hyphens that were
//! printed to make them readable.

use super::Failure;
use crate::client::{ServerAddress, ServerAddressError};
use crate::protocol::address::Address;
use crate::protocol::ids::{Id, OfficeId};
use crate::protocol::message::{OutcomeId, Status};
use crate::protocol::text::{fold_typed, fold_typed_hex};

const CASE_ID_LEN: usize = 32;

pub fn parse_office(typed: &str) -> Result<OfficeId, String> {
    let id = fold_typed_hex(typed);
    id.parse().map_err(|_| match id.chars().find(|character| !character.is_ascii_hexdigit()) {
        Some(stranger) => format!("an office id has the digits 0-9 and a-f alone, not {stranger:?}"),
        None => {
            format!("an office id has 32 digits, and these are {}; a poster has it whole", id.chars().count())
        }
    })
}

/// An office's own address, as its profile lists it; a pasted page of it will do.
pub fn parse_address(typed: &str) -> Result<Address, String> {
    let server: ServerAddress = typed.parse().map_err(|error: ServerAddressError| error.to_string())?;
    server.origin().parse().map_err(|error: crate::protocol::ids::Malformed| error.to_string())
}

pub fn parse_id(typed: &str) -> Result<Id, String> {
    fold_typed(typed).parse().map_err(|error: crate::protocol::ids::Malformed| error.to_string())
}

/// A case's id or the beginning of one, in the spelling that ids have. Nothing at all is no beginning: a
/// variable that was not set must not name the only case there is.
pub fn case_prefix(typed: &str) -> Result<String, Failure> {
    let id = fold_typed_hex(typed);
    let stranger = id.chars().find(|character| !character.is_ascii_hexdigit());
    let wrong = match (stranger, id.chars().count()) {
        (Some(stranger), _) => format!("a case's id has the digits 0-9 and a-f alone, not {stranger:?}"),
        (None, 0) => "no case is named".to_owned(),
        (None, 1..=CASE_ID_LEN) => return Ok(id),
        (None, length) => format!("a case's id has 32 digits, and these are {length}"),
    };
    Err(Failure::with_hint(wrong, "mohr inbox lists the cases"))
}

pub fn parse_status(typed: &str) -> Result<Status, String> {
    parse_word(typed, Status::ALL, |status| status.as_str())
}

pub fn parse_outcome(typed: &str) -> Result<OutcomeId, String> {
    parse_word(typed, OutcomeId::ALL, |outcome| outcome.as_str())
}

fn parse_word<T: Copy>(typed: &str, all: &[T], spelling: impl Fn(T) -> &'static str) -> Result<T, String> {
    let word = fold_typed(typed).replace([' ', '_'], "-");
    let found = all.iter().copied().find(|known| spelling(*known) == word);
    found.ok_or_else(|| {
        format!("one of {}", all.iter().map(|known| spelling(*known)).collect::<Vec<_>>().join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_as_hands_write_them() {
        let office = "071e9bf1e1a521169979ea222adc0f4a";
        for typed in [office, "071E 9BF1 E1A5 2116 9979 EA22 2ADC 0F4A", "۰۷۱e9bf1e1a5۲۱۱۶۹۹۷۹ea222adc0f4a"]
        {
            assert_eq!(parse_office(typed).unwrap().to_string(), office);
        }
        assert!(parse_office("071e9bf1").unwrap_err().contains("these are 8"));
        assert!(parse_office(&format!("{office}g")).unwrap_err().contains("'g'"));
        assert!(parse_office("").unwrap_err().contains("these are 0"));
        assert_eq!(parse_id("Inspector-۱").unwrap().as_str(), "inspector-1");
        assert!(parse_id("بازرس").is_err());
        assert_eq!(case_prefix("2314C6-۰").unwrap(), "2314c60");
        for bad in ["", " ", "xyz", &"a".repeat(33), "०"] {
            assert!(case_prefix(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_status("Under Investigation"), Ok(Status::UnderInvestigation));
        assert_eq!(parse_outcome("NO_VIOLATION"), Ok(OutcomeId::NoViolation));
        assert!(parse_outcome("lost").unwrap_err().contains("no-violation"));
    }
}
