//! The receipt code: 30 random digits and two that catch a slip (PROTOCOL 1).

use std::fmt;

use zeroize::Zeroizing;

pub const DIGITS: usize = 32;
const RANDOM_DIGITS: usize = 30;
const INPUT_BYTES_MAX: usize = 1024;

/// A receipt code whose check digits are right: the reporter's only way back. It never prints itself
/// by accident: [`ReceiptCode::group`] is the one way to its digits for people,
/// [`ReceiptCode::digits`] for the derivation.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiptCode(Zeroizing<[u8; DIGITS]>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("a receipt code has only digits, spaces and hyphens")]
    Character,
    #[error("a receipt code has 32 digits")]
    Length,
    #[error("the check digits do not match: a digit is wrong or two are swapped")]
    Check,
}

impl ReceiptCode {
    /// A fresh code. `fill` fills a buffer from the system's generator; an
    /// argument so that vectors are exact.
    pub fn generate(mut fill: impl FnMut(&mut [u8])) -> Self {
        let mut digits = Zeroizing::new([0; DIGITS]);
        let mut random = Zeroizing::new([0; 64]);
        let mut taken = 0;
        while taken < RANDOM_DIGITS {
            fill(&mut *random);
            // 250 is the largest multiple of ten in a byte: what is above would favour the digits 0 to 5.
            for byte in random.iter().filter(|byte| **byte < 250) {
                if taken < RANDOM_DIGITS {
                    digits[taken] = b'0' + byte % 10;
                    taken += 1;
                }
            }
        }
        let check = 98 - remainder(&digits[..RANDOM_DIGITS]) * 100 % 97;
        digits[RANDOM_DIGITS] = b'0' + (check / 10) as u8;
        digits[RANDOM_DIGITS + 1] = b'0' + (check % 10) as u8;
        Self(digits)
    }

    /// What a person typed or pasted, in any of three digit scripts.
    pub fn decode(input: &str) -> Result<Self, Error> {
        if input.len() > INPUT_BYTES_MAX {
            return Err(Error::Length);
        }
        let mut digits = Zeroizing::new([0; DIGITS]);
        let mut count = 0;
        for character in input.chars().filter(|character| !is_skipped(*character)) {
            let digit = digit_value(character).ok_or(Error::Character)?;
            if count < DIGITS {
                digits[count] = b'0' + digit;
            }
            count += 1;
        }
        if count != DIGITS {
            return Err(Error::Length);
        }
        if remainder(&*digits) != 1 {
            return Err(Error::Check);
        }
        Ok(Self(digits))
    }

    /// The 32 ASCII digits, as the derivation takes them.
    pub fn digits(&self) -> &[u8; DIGITS] {
        &self.0
    }

    /// Eight groups of four, for a person.
    pub fn group(&self) -> Zeroizing<String> {
        let mut grouped = Zeroizing::new(String::with_capacity(DIGITS + 7));
        for (i, digit) in self.0.iter().enumerate() {
            if i > 0 && i % 4 == 0 {
                grouped.push(' ');
            }
            grouped.push(char::from(*digit));
        }
        grouped
    }
}

impl fmt::Debug for ReceiptCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiptCode(…)")
    }
}

/// The number these ASCII digits spell, mod 97 (ISO 7064 MOD 97-10).
fn remainder(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |sum, digit| (sum * 10 + u32::from(digit - b'0')) % 97)
}

fn digit_value(character: char) -> Option<u8> {
    let zero = match character {
        '0'..='9' => '0',
        '۰'..='۹' => '۰',
        '٠'..='٩' => '٠',
        _ => return None,
    };
    u8::try_from(u32::from(character) - u32::from(zero)).ok()
}

fn is_skipped(character: char) -> bool {
    matches!(
        character,
        '\t' | '\n' | '\r' | ' ' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' // white space
            | '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' // hyphens and dashes
            | '\u{200c}' | '\u{200d}' | '\u{feff}' // joiners
            | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // bidi marks
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> impl FnMut(&mut [u8]) {
        let mut next = 0u8;
        move |buffer| {
            for byte in buffer {
                *byte = next;
                next = next.wrapping_add(37);
            }
        }
    }

    #[test]
    fn every_slip_and_every_swap_of_neighbours_is_caught() {
        let code = ReceiptCode::generate(counting());
        let digits = String::from_utf8(code.digits().to_vec()).unwrap();
        assert_eq!(ReceiptCode::decode(&digits).unwrap(), code);
        for at in 0..DIGITS {
            for wrong in b'0'..=b'9' {
                let mut slipped = digits.clone().into_bytes();
                if slipped[at] != wrong {
                    slipped[at] = wrong;
                    assert_eq!(ReceiptCode::decode(&String::from_utf8(slipped).unwrap()), Err(Error::Check));
                }
            }
            let mut swapped = digits.clone().into_bytes();
            if at + 1 < DIGITS && swapped[at] != swapped[at + 1] {
                swapped.swap(at, at + 1);
                assert_eq!(ReceiptCode::decode(&String::from_utf8(swapped).unwrap()), Err(Error::Check));
            }
        }
    }

    #[test]
    fn digits_are_uniform() {
        // Every byte value once: 250 of them are taken, each digit 25 times.
        let mut counts = [0; 10];
        for first in 0..=255u8 {
            let mut value = first;
            let code = ReceiptCode::generate(|buffer| {
                buffer.fill(value);
                value = 0;
            });
            if first < 250 {
                counts[usize::from(code.digits()[0] - b'0')] += 1;
            }
        }
        assert_eq!(counts, [25; 10]);
    }

    #[test]
    fn a_code_does_not_print_itself() {
        assert_eq!(format!("{:?}", ReceiptCode::generate(counting())), "ReceiptCode(…)");
    }
}
