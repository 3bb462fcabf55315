//! Text that somebody else wrote: the characters in it that hide or turn what stands beside them, how it is
//! shown on a terminal and how wide it is there, and one spelling for searching.

use unicode_normalization::UnicodeNormalization as _;
use unicode_width::UnicodeWidthChar as _;

/// Marks that may stand on one letter. Every script's words do with fewer; a tower of them draws over other
/// lines.
const MARKS_MAX: usize = 8;

/// Whether a character cannot be seen, or changes what stands beside it: controls, marks of writing
/// direction, ends of lines, zero-width spaces and fillers, tags. Not among them are the joiners, which
/// Persian is written with, and the selectors that choose a character's form.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text in one line for a terminal: nothing in it can move the cursor, colour the screen, end the line,
/// hide, or turn the direction of what stands beside it.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut marks = 0;
    for character in text.chars() {
        marks = if columns_of(character) == 0 { marks + 1 } else { 0 };
        match character {
            '\t' => shown.push(' '),
            character if character.is_control() => shown.push('\u{fffd}'),
            character if is_hidden(character) || marks > MARKS_MAX => {
                shown.push_str(&format!("<U+{:04X}>", u32::from(character)));
            }
            character => shown.push(character),
        }
    }
    shown
}

/// How many columns of a terminal this takes, at most.
pub fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// Cuts what [`printable`] gave into lines of at most so many columns, behind a space where there is one;
/// nothing gives one empty line. A mark stays with its letter.
pub fn wrap(text: &str, columns_max: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut start, mut used) = (0, 0);
    // Behind the last space of the line, and the columns up to there.
    let mut gap = None;
    for (at, character) in text.char_indices() {
        let wide = columns_of(character);
        while wide > 0 && used + wide > columns_max && at > start {
            let (end, before) = gap.take().unwrap_or((at, used));
            lines.extend(text.get(start..end));
            (start, used) = (end, used - before);
        }
        used += wide;
        if character == ' ' {
            gap = Some((at + 1, used));
        }
    }
    lines.extend(text.get(start..));
    lines
}

/// The most columns that any terminal gives a character. They differ: letters that are wide in East Asian
/// fonts, forms that a selector makes wide, and Korean syllables, which some put together and some do not.
fn columns_of(character: char) -> usize {
    match character {
        '\u{fe0e}' | '\u{fe0f}' => 1,
        '\u{1160}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7ff}' => 2,
        character => character.width_cjk().unwrap_or(0),
    }
}

/// A text in one spelling, for searching and comparing. It is never shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    pub text: String,
    /// For each byte of `text`, and for its end, where in the original its character begins.
    origin: Vec<usize>,
}

impl Folded {
    /// Where in the original the character begins that this byte of the folded text comes from, to mark what
    /// was found; the original's end for the folded text's end. Panics beyond it.
    pub fn origin(&self, at: usize) -> usize {
        self.origin[at]
    }
}

/// Folds letters, digits, case and spaces; a run of spaces becomes one, every end of a line stays. Persian is
/// typed with Arabic or Persian letters, three kinds of digits, and spaces that may be zero-width, ordinary
/// or missing.
pub fn fold(original: &str) -> Folded {
    let mut text = String::with_capacity(original.len());
    let mut origin = Vec::with_capacity(original.len() + 1);
    let mut was_space = false;
    for (at, character) in original.char_indices() {
        let Some(folded) = fold_character(character) else { continue };
        if folded == ' ' && was_space {
            continue;
        }
        was_space = folded == ' ';
        text.push(folded);
        origin.resize(text.len(), at);
    }
    origin.push(original.len());
    Folded { text, origin }
}

/// The same letters in one form (Unicode NFC), whichever keyboard composed them.
pub fn compose(typed: &str) -> String {
    // Of a passphrase nothing may be left behind by growing; NFC makes a text at most three times as long.
    let mut composed = String::with_capacity(typed.len() * 3);
    composed.extend(typed.nfc());
    composed
}

/// A word of ASCII as a person types or pastes it, in one spelling: other scripts' digits, wide letters,
/// capitals, dashes of all kinds, and marks that nobody sees around it.
pub fn fold_typed(typed: &str) -> String {
    let composed: String = typed.nfkc().collect();
    fold(&composed).text.trim().to_owned()
}

/// The same for hex digits, which are printed and read out in groups.
pub fn fold_typed_hex(typed: &str) -> String {
    fold_typed(typed).chars().filter(|character| !matches!(character, ' ' | '\n' | '-' | ':' | '.')).collect()
}

/// One character, or none for what nobody sees in a word.
fn fold_character(character: char) -> Option<char> {
    Some(match character {
        'ي' | 'ى' | 'ئ' => 'ی',
        'ك' => 'ک',
        'ة' | 'ۀ' => 'ه',
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ؤ' => 'و',
        '–' | '—' | '‐' | '‑' | '−' => '-',
        '＠' => '@',
        '：' => ':',
        '／' | '⁄' => '/',
        '’' => '\'',
        'A'..='Z' => character.to_ascii_lowercase(),
        '۰'..='۹' => ascii_digit(character, '۰'),
        '٠'..='٩' => ascii_digit(character, '٠'),
        // The zero-width non-joiner stands where others put a space.
        '\t'
        | ' '
        | '\u{a0}'
        | '\u{2000}'..='\u{200a}'
        | '\u{200c}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}' => ' ',
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        // Vowel signs, the letter that only stretches others, marks of writing direction and soft hyphens.
        '\u{ad}'
        | '\u{610}'..='\u{61a}'
        | '\u{61c}'
        | '\u{640}'
        | '\u{64b}'..='\u{65f}'
        | '\u{670}'
        | '\u{6d6}'..='\u{6ed}'
        | '\u{200b}'
        | '\u{200d}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' => return None,
        character => character,
    })
}

fn ascii_digit(digit: char, zero: char) -> char {
    char::from_digit(u32::from(digit) - u32::from(zero), 10).expect("ten digits stand in a row")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_takes_no_orders() {
        assert_eq!(
            printable("a\x1b[2Jb\u{9b}c\u{202e}d\ne\tf"),
            "a\u{fffd}[2Jb\u{fffd}c<U+202E>d\u{fffd}e f"
        );
        assert_eq!(
            printable("a\u{200b}b\u{2028}c\u{2062}d\u{e0041}e"),
            "a<U+200B>b<U+2028>c<U+2062>d<U+E0041>e"
        );
        assert_eq!(printable("می‌شود مَردُم ❤\u{fe0f}"), "می‌شود مَردُم ❤\u{fe0f}");
        let tower = printable(&format!("a{}b", "\u{301}".repeat(9)));
        assert_eq!(tower, format!("a{}<U+0301>b", "\u{301}".repeat(8)));
    }

    #[test]
    fn what_is_typed_has_one_spelling() {
        assert_eq!(fold_typed(" Inspector–۱\u{200f}\n"), "inspector-1");
        assert_eq!(fold_typed("ＩＮＳＰＥＣＴＯＲ－１"), "inspector-1");
        assert_eq!(fold_typed("inspector-١"), "inspector-1");
        assert_eq!(fold_typed_hex("071E 9BF1\u{a0}e1a5–۲۱۱۶:97\n"), "071e9bf1e1a5211697");
        assert_eq!(
            fold_typed_hex("\u{200e}०"),
            "०",
            "what is no digit of ours stays for the one who refuses it"
        );
    }

    #[test]
    fn no_line_is_wider_than_it_may_be() {
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("abcdef", 3), ["abc", "def"]);
        assert_eq!(wrap("ab cd efghij k", 5), ["ab ", "cd ", "efghi", "j k"]);
        assert_eq!(wrap("ab  。。", 4), ["ab  ", "。。"]);
        assert_eq!(wrap("。。。。", 5), ["。。", "。。"]);
        assert_eq!(wrap("گَگَگَ", 2), ["گَگَ", "گَ"], "a mark stays with its letter");
        assert_eq!(wrap("❤\u{fe0f}❤\u{fe0f}", 2), ["❤\u{fe0f}", "❤\u{fe0f}"]);
        assert_eq!(wrap("\u{1161}\u{1161}", 3), ["\u{1161}", "\u{1161}"]);
        assert_eq!(wrap("。\u{301}a", 1), ["。\u{301}", "a"], "what is wider than a line has one of its own");
    }
}
