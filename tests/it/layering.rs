//! Keeps the module edges of docs/ARCHITECTURE.md. Above all: the server can open nothing, because it cannot even
//! name what opens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A module and the modules of ours that it may import.
const EDGES: [(&str, &[&str]); 9] = [
    ("protocol", &[]),
    ("verify", &["protocol"]),
    ("seal", &["protocol", "verify"]),
    ("storage", &["protocol"]),
    ("server", &["storage", "protocol", "verify"]),
    ("client", &["protocol", "verify"]),
    ("reporter", &["client", "seal", "verify", "protocol"]),
    ("desk", &["client", "seal", "verify", "protocol"]),
    ("cli", &["server", "storage", "client", "reporter", "desk", "seal", "verify", "protocol"]),
];

/// A crate and the only modules that may name it.
const CRATES: [(&str, &[&str]); 7] = [
    ("rusqlite", &["storage"]),
    ("age", &["seal", "cli"]),
    ("age_core", &["seal"]),
    ("libsodium_rs", &["seal", "verify"]),
    ("axum", &["server"]),
    ("ureq", &["client"]),
    ("clap", &["cli"]),
];

#[test]
fn modules_import_only_what_the_architecture_lets_them() {
    let mut wrong = Vec::new();
    for (module, source) in sources() {
        let allowed = EDGES.iter().find(|(name, _)| *name == module).map(|(_, allowed)| *allowed);
        let allowed = allowed.unwrap_or_else(|| panic!("a new module, {module}: decide what it may import"));
        for (path, text) in source {
            for imported in names_behind(&text, "crate::") {
                if imported != module && !allowed.contains(&imported.as_str()) {
                    wrong.push(format!("{}: {module} imports {imported}", path.display()));
                }
            }
            for (name, users) in CRATES {
                if names_crate(&text, name) && !users.contains(&module.as_str()) {
                    wrong.push(format!("{}: {module} names {name}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The check itself must be able to fail.
#[test]
fn the_reader_of_imports_sees_what_is_written() {
    let text = "use crate::{seal::hybrid, protocol};\nfn f() { crate::desk::x(); }\nuse crate::verify;\n// crate::cli\n";
    let found: Vec<_> = names_behind(text, "crate::").into_iter().collect();
    assert_eq!(found, ["desk", "protocol", "seal", "verify"]);
    assert!(names_crate("use age::Recipient;", "age") && names_crate("let x = ::age::y", "age"));
    assert!(
        !names_crate("use crate::storage::x; // message::age::", "age") && !names_crate("page::x", "age")
    );
}

fn sources() -> BTreeMap<String, Vec<(PathBuf, String)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::<String, Vec<_>>::new();
    let mut folders = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(&folder).unwrap();
            let module = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
            let module = module.trim_end_matches(".rs").to_owned();
            if module != "lib" && module != "main" {
                let text = std::fs::read_to_string(&path).unwrap();
                found.entry(module).or_default().push((path, text));
            }
        }
    }
    found
}

/// The first names behind `prefix`, braces opened, comments left out.
fn names_behind(text: &str, prefix: &str) -> BTreeSet<String> {
    let code: String = code_of(text);
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = 0;
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    names.insert(name(&group[start..at]));
                    start = at + 1;
                    if character == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    names.remove("");
    names
}

fn names_crate(text: &str, name: &str) -> bool {
    let code = code_of(text);
    code.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let inside_a_path = code[..at].ends_with("::") && !code[..at].ends_with(" ::");
        !inside_a_path && !before.is_some_and(|character| character.is_alphanumeric() || character == '_')
    })
}

fn code_of(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}
