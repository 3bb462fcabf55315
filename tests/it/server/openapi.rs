//! `docs/openapi.yaml` describes every route and every problem, and no other.

use std::collections::BTreeSet;

use mohr::protocol::api::ProblemWord;

const OPENAPI: &str = include_str!("../../../docs/openapi.yaml");
const PROTOCOL: &str = include_str!("../../../docs/PROTOCOL.md");

/// The file keeps to two spaces a level, so its paths and methods can be read line by line.
fn described() -> BTreeSet<(String, String)> {
    let mut described = BTreeSet::new();
    let mut path = None;
    let lines = OPENAPI.lines().skip_while(|line| *line != "paths:").skip(1);
    for line in lines.take_while(|line| line.is_empty() || line.starts_with(' ')) {
        let name = line.trim().trim_end_matches(':').to_owned();
        match line.len() - line.trim_start().len() {
            2 => path = Some(name),
            4 if name != "parameters" && !name.is_empty() => {
                assert!(described.insert((name, path.clone().unwrap())), "{line} twice")
            }
            _ => {}
        }
    }
    described
}

#[test]
fn every_route_is_described_and_every_description_is_a_route() {
    let routed: BTreeSet<_> = mohr::server::ROUTES
        .iter()
        .flat_map(|routes| routes.iter())
        .map(|(method, path)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(routed.len(), 15);
    assert_eq!(described(), routed);
}

#[test]
fn the_problems_are_those_of_the_protocol() {
    let listed: BTreeSet<_> =
        OPENAPI.lines().filter_map(|line| line.trim().strip_prefix("- urn:mohr:problem:")).collect();
    let section = PROTOCOL.split(" Problems\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let words: BTreeSet<_> =
        section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(listed, words);
    let coded: BTreeSet<_> = ProblemWord::ALL.iter().map(|word| word.as_str()).collect();
    assert_eq!(coded, words);
    assert_eq!(coded.len(), ProblemWord::ALL.len(), "no word twice");
}

/// Each problem's status, as the protocol has it.
#[test]
fn the_statuses_are_those_of_the_protocol() {
    for line in PROTOCOL.split(" Problems\n").nth(1).unwrap().lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let word = cells.next().unwrap().trim_matches('`');
        let status = cells.next().unwrap();
        let coded = ProblemWord::ALL.iter().find(|coded| coded.as_str() == word).unwrap();
        assert_eq!(coded.status().to_string(), status, "{word}");
        assert_eq!(coded.urn(), format!("urn:mohr:problem:{word}"));
    }
}
