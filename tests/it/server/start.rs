//! When a server does not start, and how it says what to do.

use std::sync::Arc;

use mohr::protocol::ids::Digest;
use mohr::protocol::note::encode_note;
use mohr::protocol::profile::{Profile, Root};
use mohr::seal::signing::SigningKey;
use mohr::server::{self, Config, Error};
use mohr::storage::DatabaseError;
use mohr::verify::digest::{office_id, root_commitment};
use mohr::verify::profile::key_hash;

use crate::support::server::*;

/// Starts a server that is told to stop at once.
fn start(config: Config) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let today = || FIRST_DAY.parse().unwrap();
        server::serve_with_clock(config, listener, async {}, today).await
    })
}

/// What the operator is told.
#[track_caller]
fn refusal(config: Config) -> String {
    start(config).unwrap_err().to_string()
}

fn one_office() -> (Site, Vec<Arc<Office>>) {
    let offices = vec![Arc::new(Office::at(&["https://report.example.org", "http://abc.onion"]))];
    (Site::new(&offices), offices)
}

#[test]
fn the_hosts_are_exactly_those_of_the_profile() {
    let (site, offices) = one_office();
    start(site.config(&offices)).unwrap();
    let with_hosts = |hosts: &[&str]| {
        let mut config = site.config(&offices);
        config.offices[0].hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        config
    };
    start(with_hosts(&["abc.onion", "report.example.org"])).unwrap();
    for hosts in [
        &["report.example.org"][..],
        &["report.example.org", "abc.onion", "more.example"],
        &["other.example"],
    ] {
        let said = refusal(with_hosts(hosts));
        assert!(said.contains("profile.note"), "{said}");
        assert!(said.contains("write hosts = [\"abc.onion\", \"report.example.org\"]"), "{said}");
    }
}

#[test]
fn a_database_is_of_one_office() {
    let (site, offices) = one_office();
    let stranger = Arc::new(Office::at(&["https://report.example.org", "http://abc.onion"]));
    std::fs::write(site.profile(0), &stranger.note).unwrap();
    let said = refusal(site.config(&offices));
    for word in [
        "mohr.db",
        &offices[0].profile.office.to_string(),
        &stranger.profile.office.to_string(),
        "create-database",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    std::fs::write(site.profile(0), &offices[0].note).unwrap();
    start(site.config(&offices)).unwrap();
    std::fs::remove_file(site.database(0)).unwrap();
    assert!(matches!(start(site.config(&offices)), Err(Error::Database(DatabaseError::Missing(_)))));
}

#[test]
fn a_profile_is_never_older_than_one_that_was_served() {
    let (site, offices) = one_office();
    start(site.config(&offices)).unwrap();
    let newer = offices[0].sign(|profile| profile.version = 5);
    std::fs::write(site.profile(0), &newer).unwrap();
    start(site.config(&offices)).unwrap();
    start(site.config(&offices)).unwrap();
    std::fs::write(site.profile(0), &offices[0].note).unwrap();
    let said = refusal(site.config(&offices));
    assert!(said.contains("version 3") && said.contains("version 5") && said.contains("newest"), "{said}");
    std::fs::write(site.profile(0), &newer).unwrap();
    start(site.config(&offices)).unwrap();
}

/// Whoever stole the first root has everything that the first root can sign, and
/// the server has seen the second.
#[test]
fn a_stolen_root_is_outranked_by_the_next_one() {
    let (site, offices) = one_office();
    let second = SigningKey::generate();
    let next = Root { key: second.signer(), next: Digest::from_bytes([0; 32]) };
    let first = Root { key: offices[0].root.signer(), next: root_commitment(&next) };
    let of = |roots: &[Root], version: u64| {
        let mut profile = offices[0].profile.clone();
        (profile.office, profile.roots, profile.version) = (office_id(&first), roots.to_vec(), version);
        profile
    };
    let signed = |profile: &Profile, root: &SigningKey| {
        let text = serde_json::to_string_pretty(profile).unwrap() + "\n";
        let hash = key_hash(profile.office, &root.signer());
        encode_note(&text, &profile.office.to_string(), hash, root.sign(text.as_bytes()))
    };
    std::fs::remove_file(site.database(0)).unwrap();
    mohr::storage::create(&site.database(0), office_id(&first)).unwrap();
    let serve = |note: &str| {
        std::fs::write(site.profile(0), note).unwrap();
        start(site.config(&offices))
    };
    let stolen = &offices[0].root;
    // Before the succession the thief had the highest version served that there is.
    serve(&signed(&of(&[first], 10_000), stolen)).unwrap();
    serve(&signed(&of(&[first, next], 10_001), &second)).unwrap();
    let said = serve(&signed(&of(&[first], 10_000), stolen)).unwrap_err().to_string();
    assert!(said.contains("version 10000") && said.contains("version 10001"), "{said}");
    let said = serve(&signed(&of(&[first], 10_002), stolen)).unwrap_err().to_string();
    assert!(said.contains("version 10002 is none of root 1"), "{said}");
    let said = serve(&signed(&of(&[first, next], 10_002), stolen)).unwrap_err().to_string();
    assert!(said.contains("not signed by the root key"), "{said}");
    serve(&signed(&of(&[first, next], 10_002), &second)).unwrap();
}

#[test]
fn a_version_has_one_text() {
    let (site, offices) = one_office();
    start(site.config(&offices)).unwrap();
    let other = offices[0].sign(|profile| profile.contacts.phone = "+98 21 1234".to_owned());
    std::fs::write(site.profile(0), other).unwrap();
    let said = refusal(site.config(&offices));
    assert!(
        said.contains("another text") && said.contains("version 3") && said.contains("as version 4"),
        "{said}"
    );
    // The same text with a further signature is the same text.
    let cosigned = format!("{}\u{2014} example.org/witness AAAAAAAA\n", offices[0].note);
    std::fs::write(site.profile(0), cosigned).unwrap();
    start(site.config(&offices)).unwrap();
}

/// A disk that is full, a backup that holds the lock: what was served before is served again.
#[test]
fn a_start_with_a_known_profile_writes_nothing() {
    let (site, offices) = one_office();
    start(site.config(&offices)).unwrap();
    let db = rusqlite::Connection::open(site.database(0)).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    start(site.config(&offices)).unwrap();
    let newer = offices[0].sign(|profile| profile.version = 4);
    std::fs::write(site.profile(0), newer).unwrap();
    let said = refusal(site.config(&offices));
    assert!(said.contains("profile.note") && said.contains("another process holds the database"), "{said}");
    db.execute_batch("ROLLBACK").unwrap();
    start(site.config(&offices)).unwrap();
}

#[test]
fn a_profile_that_nobody_signed_is_refused() {
    let (site, offices) = one_office();
    let altered = offices[0].note.replace("report.example.org", "report.example.com");
    std::fs::write(site.profile(0), altered).unwrap();
    assert!(matches!(start(site.config(&offices)), Err(Error::Profile { .. })));
    std::fs::remove_file(site.profile(0)).unwrap();
    assert!(matches!(start(site.config(&offices)), Err(Error::ReadProfile { .. })));
}

#[test]
fn two_offices_share_nothing() {
    let offices = vec![Arc::new(Office::at(&["http://a.test"])), Arc::new(Office::at(&["http://b.test"]))];
    let site = Site::new(&offices);
    start(site.config(&offices)).unwrap();
    // By another name it is still one file.
    let link = site.folder.path().join("link.db");
    std::os::unix::fs::symlink(site.database(0), &link).unwrap();
    let mut config = site.config(&offices);
    config.offices[1].database = link;
    let said = refusal(config);
    assert!(said.contains("mohr.db") && said.contains("link.db") && said.contains("one file"), "{said}");
    // One office in two sections: two profiles of it with an address each.
    let moved = offices[0].sign(|profile| {
        profile.version = 4;
        profile.addresses = vec!["http://b.test".parse().unwrap()];
    });
    std::fs::write(site.profile(1), moved).unwrap();
    let said = refusal(site.config(&offices));
    assert!(
        said.contains("profile.note") && said.contains("profile-1.note") && said.contains("one office"),
        "{said}"
    );
}

/// When one office cannot be served, the others' files are closed in order, and the
/// next start finds them whole.
#[test]
fn a_refused_start_leaves_every_database_closed() {
    let offices = vec![Arc::new(Office::at(&["http://a.test"])), Arc::new(Office::at(&["http://b.test"]))];
    let site = Site::new(&offices);
    std::fs::rename(site.database(1), site.folder.path().join("away")).unwrap();
    start(site.config(&offices)).unwrap_err();
    let wal = site.folder.path().join("mohr.db-wal");
    assert_eq!(std::fs::metadata(wal).map_or(0, |wal| wal.len()), 0);
    std::fs::rename(site.folder.path().join("away"), site.database(1)).unwrap();
    start(site.config(&offices)).unwrap();
}
