//! Every bound of the format in one place, and the sizes of what is stored: size classes, Padmé and how an
//! archive is filled so that the sealed blob ends on its class (PROTOCOL 2.4). A number that only one decoder
//! can understand, such as the width of a tar field, stands beside that decoder.

/// What a message without files always is, sealed.
pub const TEXT_SEALED_BYTES: u64 = 32 * 1024;

/// Sizes of a stored blob up to 2 MiB; above, Padmé.
pub const FIXED_CLASSES: [u64; 4] = [TEXT_SEALED_BYTES, 128 * 1024, 512 * 1024, 2 * 1024 * 1024];

/// The largest blob there is. Itself a size class.
pub const SEALED_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The most that the files of one message may hold together: what is left of the largest blob, with room to
/// spare.
pub const FILES_BYTES_MAX: u64 = 240 * 1024 * 1024;

/// The largest age file that the form for one-way reports takes.
pub const AGE_FILE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The textual header of an age file: more than 12 inspectors, a reporter and any GREASE need.
pub const AGE_HEADER_BYTES_MAX: usize = 64 * 1024;

/// The largest integer in any JSON and any header: one more, and JavaScript would round it.
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

pub const MESSAGE_JSON_BYTES_MAX: usize = 1024 * 1024;
pub const SEAL_JSON_BYTES_MAX: usize = 64 * 1024;
pub const FILES_MAX: usize = 99;
pub const FILE_NAME_BYTES_MAX: usize = 255;
pub const MEDIA_TYPE_BYTES_MAX: usize = 127;
pub const ANSWERS_MAX: usize = 64;
/// Acts of one record.
pub const ACTS_MAX: usize = 64;
/// Any text of an act.
pub const ACT_TEXT_BYTES_MAX: usize = 16 * 1024;
/// Messages of one handover and of one order of erasure.
pub const ACT_LIST_MAX: usize = 256;
/// Signatures of further persons under one message, and of all under one order of erasure.
pub const SECONDS_MAX: usize = 4;
pub const EXTENSIONS_MAX: usize = 16;
pub const EXTENSION_BYTES_MAX: usize = 8192;

pub const PROFILE_BYTES_MAX: usize = 256 * 1024;
pub const INSPECTORS_MAX: usize = 12;
pub const LANGUAGES_MAX: usize = 8;
pub const CHOICES_MAX: usize = 200;
pub const ROOTS_MAX: usize = 4;
/// Each root signs versions of its own, above all of the root before it: so it outranks whatever a thief of
/// that one can sign, wherever two versions are compared.
pub const VERSIONS_PER_ROOT: u64 = 10_000;
pub const FORMER_KEYS_MAX: usize = 64;
pub const ADDRESSES_MAX: usize = 8;
pub const ADDRESS_BYTES_MAX: usize = 255;
pub const HOLIDAYS_MAX: usize = 400;
pub const TWO_PERSONS_MAX: usize = 16;
/// How long a profile may be in force: as long can a server keep a stolen key in use for a new reporter.
pub const PROFILE_DAYS_MAX: i32 = 190;
pub const RETENTION_DAYS_MAX: u64 = 36_500;
/// Signature lines of a note that are looked at.
pub const NOTE_SIGNATURES_MAX: usize = 16;
/// Any text of a profile, in one language.
pub const PROFILE_TEXT_BYTES_MAX: usize = 4096;

/// The most cases that one page of their list holds.
pub const CASES_PER_PAGE_MAX: u16 = 1000;
/// Entries of one thread in one answer about a case.
pub const ENTRIES_PER_ANSWER_MAX: usize = 1000;
/// What every answer of a mailbox has, so that its length tells nothing.
pub const MAILBOX_ANSWER_BYTES: usize = 32 * 1024;

/// age's STREAM (C2SP age.md): a 16-byte nonce, then chunks of 64 KiB, each with a 16-byte tag.
const NONCE_BYTES: u64 = 16;
const CHUNK_BYTES: u64 = 64 * 1024;
const TAG_BYTES: u64 = 16;

/// How long an archive is made and what size the sealed blob then has, both in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub archive_bytes: u64,
    pub sealed_bytes: u64,
}

/// The smallest size class that holds an archive of at least `archive_bytes` behind a header of
/// `header_bytes`, or nothing when even the largest blob is too small.
pub fn plan(header_bytes: u64, archive_bytes: u64) -> Option<Plan> {
    let mut class = size_class(sealed_bytes(header_bytes, archive_bytes)?)?;
    loop {
        if let Some(filled) = archive_bytes_for(header_bytes, class) {
            return Some(Plan { archive_bytes: filled, sealed_bytes: class });
        }
        class = size_class(class + 1)?;
    }
}

/// Whether a stored blob may have this length.
pub fn is_size_class(bytes: u64) -> bool {
    size_class(bytes) == Some(bytes)
}

/// The smallest size class not below `bytes`.
pub fn size_class(bytes: u64) -> Option<u64> {
    let class = match FIXED_CLASSES.iter().find(|class| **class >= bytes) {
        Some(class) => *class,
        None => padme(bytes)?,
    };
    (class <= SEALED_BYTES_MAX).then_some(class)
}

/// Padmé: round up so that only the leading bits of a length vary, at most 12 % and shrinking with size.
/// Nikitin, Barman, Lueks, Underwood, Hubaux, Ford: "Reducing Metadata Leakage from Encrypted Files and
/// Communication with PURBs", PETS 2019, algorithm 1.
fn padme(bytes: u64) -> Option<u64> {
    let exponent = bytes.checked_ilog2()?;
    let significant = exponent.checked_ilog2()? + 1;
    let mask = (1u64 << exponent.saturating_sub(significant)) - 1;
    Some(bytes.checked_add(mask)? & !mask)
}

/// Length of an age file with this header and payload.
fn sealed_bytes(header_bytes: u64, payload_bytes: u64) -> Option<u64> {
    let tags = TAG_BYTES.checked_mul(payload_bytes.div_ceil(CHUNK_BYTES).max(1))?;
    header_bytes.checked_add(NONCE_BYTES)?.checked_add(payload_bytes)?.checked_add(tags)
}

/// The payload whose age file has exactly this length, if there is one: STREAM has no empty last chunk, so
/// some lengths are never reached.
fn archive_bytes_for(header_bytes: u64, sealed: u64) -> Option<u64> {
    let stream = sealed.checked_sub(header_bytes)?.checked_sub(NONCE_BYTES)?;
    let (full, rest) = (stream / (CHUNK_BYTES + TAG_BYTES), stream % (CHUNK_BYTES + TAG_BYTES));
    match rest {
        0 if full > 0 => Some(full * CHUNK_BYTES),
        0..=TAG_BYTES => None,
        _ => Some(full * CHUNK_BYTES + rest - TAG_BYTES),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_blob_is_a_class_and_holds_all_files() {
        assert!(is_size_class(SEALED_BYTES_MAX));
        let header_bytes = 70 + 1557 * (INSPECTORS_MAX as u64 + 1);
        let archive_bytes =
            FILES_BYTES_MAX + 200 * 512 + (MESSAGE_JSON_BYTES_MAX + SEAL_JSON_BYTES_MAX) as u64;
        assert!(plan(header_bytes, archive_bytes).is_some());
    }

    #[test]
    fn a_plan_is_exact_for_every_header_and_length() {
        let borders = FIXED_CLASSES.into_iter().chain([65_536, 3_000_000, 4_194_304, 50_000_000]);
        for border in borders {
            for header_bytes in (70..=22_000).step_by(173).chain([1_627, 3_184, 7_855]) {
                for archive_bytes in
                    [border.saturating_sub(40_000), border - 17, border, border + 16].map(|n| n.max(1))
                {
                    let plan = plan(header_bytes, archive_bytes).unwrap();
                    assert!(plan.archive_bytes >= archive_bytes);
                    assert!(is_size_class(plan.sealed_bytes));
                    assert_eq!(sealed_bytes(header_bytes, plan.archive_bytes), Some(plan.sealed_bytes));
                }
            }
        }
    }

    #[test]
    fn absurd_lengths_are_refused() {
        for bytes in [SEALED_BYTES_MAX + 1, u64::MAX, u64::MAX / 2] {
            assert_eq!(size_class(bytes), None);
            assert_eq!(plan(100, bytes), None);
            assert_eq!(plan(bytes, 100), None);
        }
    }

    #[test]
    fn padme_costs_at_most_twelve_percent() {
        for bytes in (2_097_153..SEALED_BYTES_MAX).step_by(1_234_567) {
            let padded = padme(bytes).unwrap();
            assert!(padded >= bytes && (padded - bytes) * 100 <= bytes * 12);
        }
    }
}
