//! Keeps the module edges of docs/ARCHITECTURE.md. Above all: the server can open nothing, because it cannot
//! even name what opens. Inside the modules, files import each other in one direction, and a type's name
//! means one thing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A module and the modules of ours that it may import.
const EDGES: [(&str, &[&str]); 11] = [
    ("protocol", &[]),
    ("verify", &["protocol"]),
    ("seal", &["protocol", "verify"]),
    ("http", &["protocol"]),
    ("storage", &["protocol"]),
    ("server", &["http", "storage", "protocol", "verify"]),
    ("client", &["protocol", "verify"]),
    ("reporter", &["client", "seal", "verify", "protocol"]),
    ("files", &["protocol"]),
    ("desk", &["client", "seal", "verify", "protocol", "files"]),
    (
        "cli",
        &["server", "http", "storage", "client", "reporter", "desk", "seal", "verify", "protocol", "files"],
    ),
];

/// A crate and the only modules, folders or files that may name it.
const CRATES: [(&str, &[&str]); 18] = [
    ("rusqlite", &["storage/sqlite"]),
    ("age", &["seal", "cli"]),
    ("age_core", &["seal"]),
    ("libsodium_rs", &["seal", "verify"]),
    ("axum", &["http", "server/routes", "server/router.rs"]),
    ("hyper", &["http"]),
    ("hyper_util", &["http"]),
    ("tower_http", &["server/router.rs"]),
    ("rust_embed", &["server/embedded.rs"]),
    ("tracing_subscriber", &["http/log.rs"]),
    ("ureq", &["client"]),
    ("clap", &["cli"]),
    ("libc", &["files"]),
    ("terminal_size", &["cli"]),
    ("maud", &["cli/poster", "server/forms.rs"]),
    ("idna", &["client"]),
    ("unicode_normalization", &["protocol"]),
    ("unicode_width", &["protocol"]),
];

#[test]
fn modules_import_only_what_the_architecture_lets_them() {
    let mut wrong = Vec::new();
    for source in sources() {
        let module = source.module.first().map_or("", String::as_str);
        if matches!(module, "" | "main") {
            continue;
        }
        let allowed = EDGES.iter().find(|(name, _)| *name == module).map(|(_, allowed)| *allowed);
        let allowed = allowed.unwrap_or_else(|| panic!("a new module, {module}: decide what it may import"));
        for imported in paths_behind(&source.code, "crate::").iter().filter_map(|path| path.first()) {
            if imported != module && !allowed.contains(&imported.as_str()) {
                wrong.push(format!("{}: {module} imports {imported}", source.path.display()));
            }
        }
        for (name, users) in CRATES {
            let may = users.iter().any(|user| source.path.starts_with(user) || module == *user);
            if names_crate(&source.code, name) && !may {
                wrong.push(format!("{} names {name}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Everything else in a page is escaped where a template puts it in.
#[test]
fn one_file_says_what_is_markup_already() {
    let sources = sources();
    let naming = sources.iter().filter(|source| trusts_markup(source.without_tests()));
    let named: Vec<_> = naming.map(|source| source.path.as_path()).collect();
    assert_eq!(named, [Path::new("cli/poster/verbatim.rs")]);
}

#[test]
fn files_import_each_other_in_one_direction() {
    let edges = file_edges(&sources());
    assert!(edges.len() > 100, "the files are found");
    let drawn = |circle: &Vec<Vec<String>>| -> String {
        circle.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" <-> ")
    };
    let drawn: Vec<_> = circles(&edges).iter().map(drawn).collect();
    assert!(drawn.is_empty(), "{}", drawn.join("\n"));
}

#[test]
fn a_type_has_a_name_of_its_own() {
    let mut places = BTreeMap::<String, Vec<String>>::new();
    for source in sources() {
        for name in types_in(&source.code) {
            places.entry(name).or_default().push(source.path.display().to_string());
        }
    }
    assert!(places.len() > 100, "the types are found");
    places.retain(|name, places| places.len() > 1 && name != "Error");
    assert!(places.is_empty(), "two types share a name: {places:#?}");
}

/// The checks themselves must be able to fail.
#[test]
fn the_reader_of_imports_sees_what_is_written() {
    let text = "use crate::{seal::hybrid, protocol};\nfn f() { crate::desk::x(); }\nuse crate::verify;\n// crate::cli\n";
    let firsts: BTreeSet<_> =
        paths_behind(&code_of(text), "crate::").into_iter().map(|path| path[0].clone()).collect();
    assert_eq!(firsts.into_iter().collect::<Vec<_>>(), ["desk", "protocol", "seal", "verify"]);
    let found = paths_behind("use super::{self, a::{B, c as d}, e::*};", "super::");
    let found: Vec<_> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["self", "a::B", "a::c", "e::*"]);
    assert!(names_crate("use age::Recipient;", "age") && names_crate("let x = ::age::y", "age"));
    assert!(!names_crate("use crate::storage::x;", "age") && !names_crate("page::x", "age"));
    assert!(!names_crate(&code_of("// message::age::"), "age"));
    assert!(trusts_markup("use maud::{PreEscaped, html};") && trusts_markup("impl maud::Render for X {"));
    assert!(!trusts_markup("use maud::{Markup, html};"));
}

#[test]
fn circles_are_found_and_re_exports_are_looked_through() {
    let file = |path: &str, text: &str| Source::new(PathBuf::from(path), text);
    let straight = [
        file("a/mod.rs", "mod b;\nmod c;\npub use b::B;\nfn f() { c::g(); }"),
        file(
            "a/b.rs",
            "pub struct B;\n#[cfg(test)]\nmod tests {\n    use super::*;\n    use crate::a::c::g;\n}\n",
        ),
        file("a/c.rs", "use super::B;\npub fn g() {}"),
    ];
    assert!(circles(&file_edges(&straight)).is_empty());
    let [mut first, second, third] = straight;
    first.code.push_str("pub struct Here;");
    let third = Source { code: format!("use super::Here;\n{}", third.code), ..third };
    let found = circles(&file_edges(&[first, second, third]));
    assert_eq!(found, [vec![vec!["a".to_owned()], vec!["a".to_owned(), "c".to_owned()]]]);
}

#[test]
fn types_are_found_where_they_are_made() {
    let text = "pub struct A;\n    pub(super) enum B {\ntype C = u8;\nimpl X for Y {\n    type D = u8;\n}\n\
        hex_bytes!(\n    /// Doc.\n    E, 16, \"x\"\n);\nwords!(\n    F {\n        G = \"g\",\n    }\n);\npub trait H<T> {}\n";
    assert_eq!(types_in(&code_of(text)), ["A", "B", "C", "E", "F", "H"]);
}

struct Source {
    /// Inside `src`.
    path: PathBuf,
    /// `["server", "routes", "pages"]`; a `mod.rs` is its folder, `lib.rs` is nothing.
    module: Vec<String>,
    /// Without comments.
    code: String,
}

impl Source {
    fn new(path: PathBuf, text: &str) -> Self {
        let mut module: Vec<String> =
            path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if module.last().is_some_and(|last| last == "mod" || last == "lib") {
            module.pop();
        }
        Self { path, module, code: code_of(text) }
    }

    /// Without the unit tests, which stand last in a file and may import what they like.
    fn without_tests(&self) -> &str {
        if self.module.last().is_some_and(|last| last == "tests") {
            return "";
        }
        self.code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
    }

    /// Every path of ours that is named here, from the root of the crate.
    fn paths(&self) -> Vec<Vec<String>> {
        let code = self.without_tests();
        let mut paths = paths_behind(code, "crate::");
        let parent = &self.module[..self.module.len().saturating_sub(1)];
        for path in paths_behind(code, "super::") {
            let up = path.iter().take_while(|part| *part == "super").count();
            let base = &parent[..parent.len().saturating_sub(up)];
            paths.push(base.iter().chain(&path[up..]).cloned().collect());
        }
        for child in self.children() {
            for path in paths_behind(code, &format!("{child}::")) {
                let inside = std::iter::once(child.clone()).chain(path);
                paths.push(self.module.iter().cloned().chain(inside).collect());
            }
        }
        paths
    }

    fn children(&self) -> Vec<String> {
        let declared = |line: &str| {
            let name = without_visibility(line.trim()).strip_prefix("mod ")?.strip_suffix(';')?;
            Some(name.to_owned())
        };
        self.without_tests().lines().filter_map(declared).collect()
    }

    fn defines(&self, item: &str) -> bool {
        ["struct ", "enum ", "trait ", "type ", "fn ", "const ", "static "].iter().any(|keyword| {
            let wanted = format!("{keyword}{item}");
            self.code.match_indices(&wanted).any(|(at, _)| !continues(&self.code[at + wanted.len()..]))
        })
    }
}

/// Which file imports which, by their modules.
fn file_edges(sources: &[Source]) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let by_module: BTreeMap<&[String], &Source> =
        sources.iter().map(|source| (source.module.as_slice(), source)).collect();
    let mut edges = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.module.is_empty()) {
        let targets = source.paths().into_iter().filter_map(|path| file_of(&by_module, &path));
        let others = targets.filter(|target| *target != source.module && !target.is_empty());
        edges.insert(source.module.clone(), others.collect());
    }
    edges
}

/// The module of the file in which the thing at a path is defined. What a file only re-exports is looked for
/// where it comes from.
fn file_of(by_module: &BTreeMap<&[String], &Source>, path: &[String]) -> Option<Vec<String>> {
    let depth = (0..=path.len()).rev().find(|depth| by_module.contains_key(&path[..*depth]))?;
    let module = &path[..depth];
    let Some(item) = path.get(depth).filter(|item| *item != "self" && *item != "*") else {
        return Some(module.to_vec());
    };
    let source = by_module[module];
    if !source.defines(item) {
        for child in source.children() {
            for exported in paths_behind(&source.code, &format!("pub use {child}::")) {
                let inside: Vec<_> = module.iter().cloned().chain([child.clone()]).collect();
                let from: Vec<_> = inside.iter().cloned().chain(exported.iter().cloned()).collect();
                let glob =
                    exported == ["*"] && by_module.get(&*inside).is_some_and(|file| file.defines(item));
                if glob || exported.last() == Some(item) {
                    return file_of(by_module, &from);
                }
            }
        }
    }
    Some(module.to_vec())
}

/// Files that reach each other, each group once.
fn circles(edges: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>) -> Vec<Vec<Vec<String>>> {
    let reached_from = |start: &Vec<String>| {
        let (mut reached, mut next) = (BTreeSet::new(), vec![start]);
        while let Some(file) = next.pop() {
            for target in edges.get(file).into_iter().flatten() {
                if reached.insert(target) {
                    next.push(target);
                }
            }
        }
        reached
    };
    let reached: BTreeMap<_, _> = edges.keys().map(|file| (file, reached_from(file))).collect();
    let circle_of = |file: &Vec<String>| -> Vec<Vec<String>> {
        let together = edges.keys().filter(|other| {
            reached[file].contains(other) && reached.get(other).is_some_and(|back| back.contains(file))
        });
        together.cloned().collect()
    };
    let found: BTreeSet<_> = edges.keys().map(circle_of).filter(|circle| circle.len() > 1).collect();
    found.into_iter().collect()
}

/// The names of the types that a file makes, also those that a macro makes of their first word. Associated
/// types are none of them.
fn types_in(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut in_macro = false;
    for line in code.lines() {
        let bare = without_visibility(line.trim_start());
        let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let is_call = !line.starts_with("macro_rules") && line.ends_with("!(");
        if is_call && line.starts_with(|c: char| c.is_ascii_lowercase()) {
            in_macro = true;
        } else if in_macro && !bare.is_empty() {
            in_macro = false;
            names.push(name(bare));
        } else if let Some(rest) =
            ["struct ", "enum ", "trait ", "union "].iter().find_map(|keyword| bare.strip_prefix(keyword))
        {
            names.push(name(rest));
        } else if let Some(rest) = bare.strip_prefix("type ").filter(|_| !line.starts_with(' ')) {
            names.push(name(rest));
        }
    }
    names.retain(|name: &String| name.starts_with(|c: char| c.is_ascii_uppercase()));
    names
}

fn without_visibility(line: &str) -> &str {
    let Some(rest) = line.strip_prefix("pub") else { return line };
    match rest.strip_prefix('(') {
        Some(rest) => rest.split_once(')').map_or(line, |(_, rest)| rest.trim_start()),
        None => rest.strip_prefix(' ').unwrap_or(line),
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(next) = folders.pop() {
        for path in std::fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push(Source::new(path.strip_prefix(&root).unwrap().to_owned(), &text));
            }
        }
    }
    found
}

/// The paths that stand behind `prefix`, braces opened.
fn paths_behind(code: &str, prefix: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let before = &code[..at];
        let inside = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        // `pub(in …)` imports nothing.
        if !inside && !before.ends_with("in ") {
            read_tree(&code[at + prefix.len()..], &mut Vec::new(), &mut paths);
        }
    }
    paths
}

/// Reads one path or a group of them, and returns what stands behind.
fn read_tree<'a>(code: &'a str, base: &mut Vec<String>, paths: &mut Vec<Vec<String>>) -> &'a str {
    let code = code.trim_start();
    if let Some(mut rest) = code.strip_prefix('{') {
        loop {
            rest = rest.trim_start();
            if let Some(behind) = rest.strip_prefix('}') {
                return behind;
            }
            let before = rest.len();
            rest = read_tree(rest, base, paths);
            rest = rest.find([',', '}']).map_or("", |end| rest[end..].trim_start_matches(','));
            if rest.is_empty() || rest.len() == before {
                return rest;
            }
        }
    }
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '*').unwrap_or(code.len());
    if end == 0 {
        return code;
    }
    base.push(code[..end].to_owned());
    let rest = match code[end..].strip_prefix("::") {
        Some(rest) if continues(rest) || rest.starts_with(['{', '*']) => read_tree(rest, base, paths),
        _ => {
            paths.push(base.clone());
            &code[end..]
        }
    };
    base.pop();
    rest
}

/// Whether a name goes on here.
fn continues(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let inside_a_path = code[..at].ends_with("::") && !code[..at].ends_with(" ::");
        !inside_a_path && !before.is_some_and(|character| character.is_alphanumeric() || character == '_')
    })
}

/// Whether text can become markup here without being escaped.
fn trusts_markup(code: &str) -> bool {
    let by_hand = ["render_to", "Render for", "Escaper"].iter().any(|word| code.contains(word));
    code.contains("PreEscaped") || names_crate(code, "maud") && by_hand
}

fn code_of(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}
