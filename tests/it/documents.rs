//! What the documents name must be there: every test of a claim, every path of a map; and what they show to
//! be copied must be understood by what it is copied for.

use std::path::Path;

use clap::Parser as _;
use mohr::cli::Cli;
use mohr::protocol::profile::Profile;
use mohr::server::Config;

use crate::support::office::Office;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn is_path(word: &str) -> bool {
    word.contains('/') && !word.contains(' ') && !word.contains("://") && !word.starts_with('/')
}

#[test]
fn every_claim_names_a_test_that_exists() {
    let security = read("SECURITY.md");
    let mut claims = 0;
    for row in security.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        let Some((_, tests)) = row.trim_end_matches(" |").rsplit_once(" | ") else { continue };
        let mut words = quoted(tests).peekable();
        while let Some(word) = words.next() {
            if !is_path(word) {
                continue;
            }
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(word);
            assert!(path.exists(), "SECURITY.md names {word}, which is not there");
            claims += 1;
            if let Some(name) = words.next_if(|next| !is_path(next) && !next.contains(' ')) {
                let name = name.trim_end_matches('…');
                assert!(std::fs::read_to_string(&path).unwrap().contains(name), "{word} has no {name}");
            }
        }
    }
    assert!(claims > 30, "only {claims} claims were found: has the table another form now?");
}

#[test]
fn every_path_of_a_map_exists() {
    for document in
        ["README.md", "README.fa.md", "docs/ARCHITECTURE.md", "docs/OPERATING.md", "keys/README.md"]
    {
        let text = read(document);
        let rows = text.lines().filter(|line| line.starts_with("| `"));
        for word in rows
            .flat_map(|row| quoted(row.split(" | ").next().unwrap_or_default()))
            .filter(|word| is_path(word))
        {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(word);
            assert!(path.exists(), "{document} names {word}, which is not there");
        }
    }
}

/// A code block of a document: its language and its lines.
struct Sample {
    document: &'static str,
    language: String,
    text: String,
}

/// Those whose samples people copy. What they show is read here by what will read it there.
const WITH_SAMPLES: [&str; 5] =
    ["README.md", "README.fa.md", "CONTRIBUTING.md", "docs/OPERATING.md", "keys/README.md"];

#[test]
fn every_sample_is_understood_by_what_reads_it() {
    let mut count = 0;
    for document in WITH_SAMPLES {
        for sample in samples(document) {
            match &*sample.language {
                "sh" => sample.commands().iter().for_each(|command| check_command(document, command)),
                "toml" => check_configuration(&sample),
                // Of programs that are not ours, or not for a program at all.
                "text" => continue,
                other => panic!("{document}: nobody reads a sample of {other} here"),
            }
            count += 1;
        }
    }
    assert!(count >= 16, "only {count} samples were found: are they written otherwise now?");
}

#[test]
fn the_example_of_a_profile_lacks_only_what_signing_and_inspectors_bring() {
    let document = read("keys/profile.example.json");
    let mut profile: Profile = serde_json::from_str(&document).unwrap();
    assert!(profile.inspectors.is_empty() && profile.encode().is_err());
    profile.inspectors = Office::new().profile.inspectors;
    let encoded = profile.encode().unwrap();
    assert_eq!(Profile::decode(&encoded).unwrap().encode().unwrap(), encoded);
}

#[test]
fn the_reader_of_samples_sees_what_is_written() {
    let sample = Sample {
        document: "here",
        language: "sh".to_owned(),
        text: "mohr a --b c=\"d e\" \\\n    --f > out   # why\n\n# nothing\nmake test".to_owned(),
    };
    assert_eq!(sample.commands(), [vec!["mohr", "a", "--b", "c=d e", "--f"], vec!["make", "test"]]);
}

fn samples(document: &'static str) -> Vec<Sample> {
    let mut samples = Vec::new();
    let text = read(document);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        assert!(!line.starts_with("    "), "{document}: a sample without a fence is read by nobody: {line}");
        let Some(language) = line.strip_prefix("```") else { continue };
        let inside: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        samples.push(Sample { document, language: language.to_owned(), text: inside.join("\n") });
    }
    samples
}

impl Sample {
    /// Words of each command, as far as a pipe or a file that its output goes to; comments left out.
    fn commands(&self) -> Vec<Vec<String>> {
        let joined = self.text.replace("\\\n", " ");
        joined.lines().map(words).filter(|words| !words.is_empty()).collect()
    }
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            '#' | '>' | '|' if !quoted && word.is_none() => break,
            character => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

fn check_command(document: &str, command: &[String]) {
    let run = command.iter().position(|word| word == "--").map_or(&[][..], |at| &command[at + 1..]);
    let ours = match &*command[0] {
        "mohr" => &command[1..],
        "cargo" if command.get(1).is_some_and(|word| word == "run") => run,
        "make" => {
            let target = format!("\n{}:", command[1]);
            return assert!(read("Makefile").contains(&target), "{document}: no target: {command:?}");
        }
        "cargo" | "npm" | "node" | "git" | "cd" => return,
        script if script.starts_with("tools/") => {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
            return assert!(path.is_file(), "{document} names {script}, which is not there");
        }
        _ => panic!("{document}: nobody checks {command:?}"),
    };
    let called = std::iter::once("mohr").chain(ours.iter().map(String::as_str));
    if let Err(error) = Cli::try_parse_from(called) {
        panic!("{document}: {command:?} is not understood: {error}");
    }
}

fn check_configuration(sample: &Sample) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.toml");
    std::fs::write(&path, &sample.text).unwrap();
    if let Err(error) = Config::load(&path) {
        panic!("{}: {error}", sample.document);
    }
}
