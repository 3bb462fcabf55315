//! What the documents name must be there: every test of a claim, every path of a map.

use std::path::Path;

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
