//! How comments and documents are set: no wider than whoever reads them beside something else
//! has room for, and one thing a sentence. `UPDATE=1 cargo test --test it prose` wraps the
//! paragraphs that have become too wide.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const COMMENT_COLUMNS: usize = 110;
const DOCUMENT_COLUMNS: usize = 100;
/// A last line shorter than this part of the others looks lost.
const LAST_LINE_PERCENT: usize = 30;
/// A code span up to this long stays in one line.
const SPAN_CHARACTERS: usize = 60;
/// Of the prose of one document.
const SEMICOLONS_PER_THOUSAND_WORDS: usize = 6;

#[test]
fn comments_have_room_beside_something_else() {
    let files = files_below(&["src", "tests", "benches", "examples"], "rs");
    assert!(files.len() > 200, "the files are found");
    check_width(&files, COMMENT_COLUMNS, comment_paragraphs);
}

#[test]
fn documents_have_room_beside_something_else() {
    let files = documents();
    assert!(files.len() > 12, "the documents are found");
    check_width(&files, DOCUMENT_COLUMNS, document_paragraphs);
}

#[test]
fn a_sentence_of_a_document_says_one_thing() {
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        let (mut words, mut semicolons) = (0, 0);
        for paragraph in document_paragraphs(&text) {
            let bare: String = paragraph.text.split('`').step_by(2).collect::<Vec<_>>().join("x");
            words += bare.split_whitespace().count();
            semicolons += bare.matches([';', '؛']).count();
        }
        let allowed = (words * SEMICOLONS_PER_THOUSAND_WORDS).div_ceil(1000);
        assert!(semicolons <= allowed, "{}: {semicolons} semicolons in {words} words", path.display());
    }
}

#[test]
fn wrapping_keeps_every_word_and_every_block() {
    let text = "# A heading wider than twenty columns\n\naaaa bbbb cccc dddd e\n- a list of `some code` and words\n  \
        that go on\n\n| a | table wider than all |\n\n```sh\na fence wider than all of it\n```\n\n    code wider than all of it\n";
    let expected = "# A heading wider than twenty columns\n\naaaa bbbb cccc\ndddd e\n- a list of\n  `some code` and\n  \
        words that go on\n\n| a | table wider than all |\n\n```sh\na fence wider than all of it\n```\n\n    code wider than \
        all of it\n";
    assert_eq!(wrapped(text, 20, document_paragraphs), expected);
    let code =
        "fn f() {\n    /// One two three four\n    /// - five six seven eight\n    // nine\n    g();\n}\n";
    let expected = "fn f() {\n    /// One two three\n    /// four\n    /// - five six\n    ///   seven eight\n    // nine\n    \
        g();\n}\n";
    assert_eq!(wrapped(code, 21, comment_paragraphs), expected);
}

/// Lines of a text that may be set anew together.
struct Paragraph {
    lines: std::ops::Range<usize>,
    /// Before the first line, and before each other one.
    first: String,
    rest: String,
    text: String,
}

#[expect(clippy::disallowed_methods, reason = "for whoever runs the tests, not for the program")]
fn check_width(files: &[PathBuf], columns: usize, paragraphs: fn(&str) -> Vec<Paragraph>) {
    let mut wide = String::new();
    for path in files {
        let text = std::fs::read_to_string(path).unwrap();
        let set = wrapped(&text, columns, paragraphs);
        if set == text {
            continue;
        }
        if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
            std::fs::write(path, &set).unwrap();
            continue;
        }
        let is_wide = |(_, line): &(usize, &str)| line.chars().count() > columns;
        let numbers = text.lines().enumerate().filter(is_wide).map(|(number, _)| (number + 1).to_string());
        writeln!(wide, "{}: lines {}", path.display(), numbers.collect::<Vec<_>>().join(", ")).unwrap();
    }
    assert!(wide.is_empty(), "wider than {columns} columns (UPDATE=1 wraps them):\n{wide}");
}

/// The text with each paragraph that has a wide line set anew.
fn wrapped(text: &str, columns: usize, paragraphs: fn(&str) -> Vec<Paragraph>) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let (mut set, mut at) = (Vec::<String>::new(), 0);
    for paragraph in paragraphs(text) {
        if lines[paragraph.lines.clone()].iter().all(|line| line.chars().count() <= columns) {
            continue;
        }
        set.extend(lines[at..paragraph.lines.start].iter().map(ToString::to_string));
        set.extend(paragraph.wrap(columns));
        at = paragraph.lines.end;
    }
    set.extend(lines[at..].iter().map(ToString::to_string));
    set.join("\n")
}

impl Paragraph {
    fn wrap(&self, columns: usize) -> Vec<String> {
        let widest = self.wrap_at(columns);
        let lost = (columns - self.rest.chars().count()) * LAST_LINE_PERCENT / 100;
        let last = |lines: &[String]| {
            lines.last().map_or(0, |line| line.chars().count().saturating_sub(self.rest.chars().count()))
        };
        let narrower = (columns * 3 / 4..columns).rev().map(|columns| self.wrap_at(columns));
        let as_many = narrower.take_while(|lines| lines.len() == widest.len());
        let candidates = std::iter::once(widest.clone()).chain(as_many);
        let mut good = candidates.filter(|lines| lines.len() == 1 || last(lines) >= lost);
        good.next().unwrap_or(widest)
    }

    fn wrap_at(&self, columns: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = self.first.clone();
        let mut width = line.chars().count();
        let mut begun = false;
        for word in unbroken(&self.text) {
            let length = word.chars().count();
            // What is a mark at the beginning of a line stays where it is none.
            let mark = matches!(word.as_str(), "-" | "*" | "+" | ">" | "|")
                || word.starts_with('#')
                || word
                    .strip_suffix(['.', ')'])
                    .is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()));
            if begun && !mark && width + 1 + length > columns {
                lines.push(std::mem::replace(&mut line, self.rest.clone()));
                width = self.rest.chars().count();
                begun = false;
            }
            if begun {
                line.push(' ');
                width += 1;
            }
            line.push_str(&word);
            width += length;
            begun = true;
        }
        lines.push(line);
        lines
    }
}

/// Words, a short code span being one.
fn unbroken(text: &str) -> Vec<String> {
    let mut words = Vec::<String>::new();
    let mut open = false;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let odd = word.matches('`').count() % 2 == 1;
        match words
            .last_mut()
            .filter(|span| open && span.chars().count() + word.chars().count() < SPAN_CHARACTERS)
        {
            Some(span) => {
                span.push(' ');
                span.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
        open ^= odd;
    }
    words
}

/// Paragraphs and items of lists; not tables, headings, blocks of code and HTML.
fn document_paragraphs(text: &str) -> Vec<Paragraph> {
    let lines: Vec<(usize, &str)> = text.split('\n').enumerate().collect();
    prose(&lines, "")
}

/// The same in the line comments of Rust.
fn comment_paragraphs(text: &str) -> Vec<Paragraph> {
    let (mut found, mut block, mut prefix) = (Vec::new(), Vec::new(), String::new());
    for (number, line) in text.split('\n').enumerate() {
        let bare = line.trim_start();
        let mark = ["//!", "///", "//"].into_iter().find(|mark| {
            bare.strip_prefix(mark).is_some_and(|behind| behind.is_empty() || behind.starts_with(' '))
        });
        let indent = &line[..line.len() - bare.len()];
        let this = mark.map_or_else(String::new, |mark| format!("{indent}{mark} "));
        if this != prefix {
            found.extend(prose(&std::mem::take(&mut block), &prefix));
            prefix = this;
        }
        if let Some(mark) = mark {
            block.push((number, bare[mark.len()..].strip_prefix(' ').unwrap_or_default()));
        }
    }
    found.extend(prose(&block, &prefix));
    found
}

fn prose(lines: &[(usize, &str)], prefix: &str) -> Vec<Paragraph> {
    let mut found = Vec::<Paragraph>::new();
    let mut fenced = false;
    let mut open = false;
    for (number, line) in lines {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        let is_fence = text.starts_with("```");
        fenced ^= is_fence;
        let goes_on = open && found.last().is_some_and(|last| last.rest.len() == prefix.len() + indent.len());
        let is_block = text.is_empty() || text.starts_with(['|', '#', '<', '>', '!']);
        if is_fence || fenced || is_block || (indent.len() >= 4 && !goes_on && mark_of(text) == 0) {
            open = false;
            continue;
        }
        let mark = mark_of(text);
        if goes_on && mark == 0 {
            if let Some(last) = found.last_mut() {
                last.text.push(' ');
                last.text.push_str(text);
                last.lines.end = number + 1;
            }
            continue;
        }
        open = true;
        let first = format!("{prefix}{indent}{}", &text[..mark]);
        let rest = format!("{prefix}{indent}{}", " ".repeat(text[..mark].chars().count()));
        found.push(Paragraph {
            lines: *number..number + 1,
            first,
            rest,
            text: text[mark..].trim_end().to_owned(),
        });
    }
    found
}

/// How long the mark of an item is, `- ` or `1. `; 0 where there is none.
fn mark_of(text: &str) -> usize {
    if text.starts_with("- ") || text.starts_with("* ") {
        return 2;
    }
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    if digits > 0 && text[digits..].starts_with(". ") { digits + 2 } else { 0 }
}

/// Those that people read from beginning to end, and not the list of changes.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = files_below(&["docs", "keys", "web/clean", "tests/cli"], "md");
    found.extend(["README.md", "README.fa.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root.join(name)));
    found
}

fn files_below(folders: &[&str], extension: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let hidden = path.file_name().is_some_and(|name| name == "node_modules");
            if path.is_dir() && !hidden {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
