//! `mohr keys` end to end, for what a transcript does not show: files and their modes, passphrases, the whole
//! chain of roots, days that are over, and drafts that were not made by `mohr`.

use std::path::{Path, PathBuf};

use crate::support::demo::{mohr, refusal};
use crate::support::office::{Office, public_entry, today};
use mohr::protocol::day::Day;
use mohr::protocol::ids::OfficeId;
use mohr::protocol::profile::{FormerKey, Profile, WhyFormer};
use mohr::seal::key_file::{InspectorKeys, RootKeys};
use mohr::seal::profile::sign;
use mohr::seal::signing::SigningKey;
use mohr::verify::profile::verify_signature;
use serde_json::Value;

const PASSPHRASE: &str = "a long enough passphrase";

/// A folder in which an office keeps what it works with.
struct Safe {
    folder: tempfile::TempDir,
}

impl Safe {
    fn new() -> Self {
        let safe = Self { folder: tempfile::tempdir().unwrap() };
        safe.write("pass", format!("{PASSPHRASE}\n"));
        safe
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.at(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.at(name)).unwrap()
    }

    /// `mohr keys …`, words apart by spaces.
    fn output(&self, words: &str) -> std::process::Output {
        mohr().current_dir(self.folder.path()).arg("keys").args(words.split(' ')).output().unwrap()
    }

    /// What a command that must end well printed, and what it said.
    fn run(&self, words: &str) -> (String, String) {
        let output = self.output(words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{words}: {said}");
        (String::from_utf8(output.stdout).unwrap(), said)
    }

    fn refused(&self, words: &str) -> String {
        refusal(&self.output(words))
    }

    /// Root keys, two inspectors and a signed first profile, `profile.note`.
    fn office() -> Self {
        let safe = Self::new();
        safe.run("root new --passphrase-file pass");
        safe.run("profile create --address https://report.example --out draft.json");
        for number in [1, 2] {
            safe.run(&format!(
                "inspector new --id inspector-{number} --role fa=x --role en=x --draft draft.json --out \
                 inspector-{number}.age --passphrase-file pass"
            ));
        }
        safe.run(
            "profile sign --draft draft.json --root-key root.age --out profile.note --passphrase-file pass",
        );
        safe
    }

    /// The newest profile of a root once more, as another version.
    fn sign_as(&self, note: &str, root: &str, version: u64) {
        let passphrase = age::secrecy::SecretString::from(PASSPHRASE);
        let root = RootKeys::open(&std::fs::read(self.at(root)).unwrap(), &passphrase).unwrap();
        let newest = if root.number == 1 {
            "profile.note".to_owned()
        } else {
            format!("profile-{}.note", root.number)
        };
        let profile = Profile { version, ..self.profile(&newest) };
        self.write(note, sign(profile, &root.key).unwrap());
    }

    fn profile(&self, note: &str) -> Profile {
        (*verify_signature(&std::fs::read(self.at(note)).unwrap()).unwrap()).clone()
    }
}

fn office_with_an_address() -> Office {
    let mut office = Office::new();
    office.profile.addresses = vec!["https://report.example".parse().unwrap()];
    office
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn private_keys_are_sealed_and_for_their_owner_alone() {
    let safe = Safe::office();
    for private in ["root.age", "next-root.age", "inspector-1.age"] {
        let sealed = std::fs::read(safe.at(private)).unwrap();
        assert!(sealed.starts_with(b"age-encryption.org/v1\n-> scrypt "), "{private}");
        assert_eq!(mode(&safe.at(private)), 0o600, "{private}");
    }
    // The server that hands out the profile runs as another user.
    for public in ["profile.note", "root.pub"] {
        assert_eq!(mode(&safe.at(public)), 0o644, "{public}");
    }
    let office: OfficeId = safe.read("root.pub").split('+').next().unwrap().parse().unwrap();
    assert_eq!(safe.profile("profile.note").office, office);
    let passphrase = age::secrecy::SecretString::from(PASSPHRASE);
    let keys = InspectorKeys::open(&std::fs::read(safe.at("inspector-1.age")).unwrap(), &passphrase).unwrap();
    assert_eq!((keys.id.as_str(), keys.epoch), ("inspector-1", 1));
    assert_eq!(safe.profile("profile.note").inspectors[0].signer, keys.signing.signer());
}

/// Whoever can write to the folder puts a link where a file is about to be.
#[test]
fn no_command_writes_through_a_link_or_over_a_file() {
    let safe = Safe::office();
    safe.write("victim", "untouched");
    for name in ["r.age", "next-r.age", "i.age", "d.json", "s.note"] {
        std::os::unix::fs::symlink(safe.at("victim"), safe.at(name)).unwrap();
    }
    std::os::unix::fs::symlink(safe.at("nowhere"), safe.at("q.pub")).unwrap();
    for words in [
        "root new --out r.age --next-out other.age --passphrase-file pass",
        "root new --out q.age --passphrase-file pass",
        "root next --from next-root.age --out r.age --passphrase-file pass",
        "root next --from next-root.age --out other.age --next-out next-r.age --passphrase-file pass",
        "inspector new --id x --role fa=x --role en=x --out i.age --passphrase-file pass",
        "inspector replace --id inspector-1 --profile profile.note --out i.age --passphrase-file pass",
        "profile create --out d.json",
        "profile new-version profile.note --out d.json",
        "profile sign --draft draft.json --root-key root.age --out s.note --passphrase-file pass",
    ] {
        assert!(safe.refused(words).contains("nothing is overwritten"), "{words}");
    }
    assert_eq!(safe.read("victim"), "untouched");
    assert!(!safe.at("nowhere").exists() && !safe.at("q.age").exists() && !safe.at("other.age").exists());
}

#[test]
fn a_passphrase_opens_whichever_keyboard_composed_it() {
    let safe = Safe::new();
    safe.write("composed", "\u{feff}caf\u{e9} caf\u{e9} caf\u{e9}\r\n");
    safe.write("decomposed", "cafe\u{301} cafe\u{301} cafe\u{301}\n");
    safe.run("root new --passphrase-file decomposed --next-passphrase-file pass");
    safe.run(
        "root next --from next-root.age --out root-2.age --passphrase-file pass \
         --new-passphrase-file composed",
    );
    let decomposed = age::secrecy::SecretString::from("cafe\u{301} cafe\u{301} cafe\u{301}");
    let open = |name: &str| RootKeys::open(&std::fs::read(safe.at(name)).unwrap(), &decomposed).unwrap();
    assert_eq!(open("root-2.age").office, open("root.age").office);
    // Eleven letters are eleven, however many bytes and marks they are typed with.
    safe.write("short", "e\u{301}".repeat(11));
    assert!(safe.refused("root new --out r.age --passphrase-file short").contains("less than 12 characters"));
    safe.write("enough", "پ".repeat(12));
    safe.run("root new --out r.age --passphrase-file enough");
}

#[test]
fn four_roots_follow_each_other_and_then_none() {
    let safe = Safe::office();
    let office = safe.profile("profile.note").office;
    let (mut note, mut next) = ("profile.note".to_owned(), "next-root.age".to_owned());
    for number in 2..=4 {
        safe.run(&format!("profile new-version {note} --out draft-{number}.json"));
        let words = format!("root next --from {next} --out root-{number}.age --passphrase-file pass");
        let (printed, said) = safe.run(&words);
        assert_eq!(printed.trim(), office.to_string());
        assert_eq!(said.contains("the last root"), number == 4, "{said}");
        note = format!("profile-{number}.note");
        // The draft says nothing of the root yet: signing adds the one that follows.
        let (_, said) = safe.run(&format!(
            "profile sign --draft draft-{number}.json --root-key root-{number}.age --out {note} \
             --passphrase-file pass"
        ));
        assert!(said.contains(&format!("root {number} signs from this version on")), "{said}");
        next = format!("next-root-{number}.age");
        assert_eq!(safe.at(&next).exists(), number < 4);
    }
    let profile = safe.profile(&note);
    assert_eq!((profile.office, profile.roots.len(), profile.version), (office, 4, 30_001));
    assert_eq!(profile.roots[3].next.as_bytes(), &[0; 32]);
    safe.sign_as("last.note", "root-4.age", 40_000);
    let (told, _) = safe.run("profile verify last.note");
    assert!(told.contains("4 signs versions 30001 to 40000, none can follow"), "{told}");
    let said = safe.refused("profile new-version last.note --out none.json");
    assert!(said.contains("version 40000 is the last that root 4 signs, and no root can follow"), "{said}");
    for (from, said) in [("root-3.age", "no committed successor"), ("root.age", "no committed successor")] {
        let words = format!("root next --from {from} --out root-5.age --passphrase-file pass");
        assert!(safe.refused(&words).contains(said), "{from}");
    }
    // A root that was skipped does not sign, and neither does one of another office.
    safe.run("profile new-version profile.note --out again.json");
    let sign = |key: &str| {
        safe.refused(&format!(
            "profile sign --draft again.json --root-key {key} --out x.note --passphrase-file pass"
        ))
    };
    assert!(sign("root-3.age").contains("not the draft's last root"));
    safe.run("root new --out foreign.age --passphrase-file pass");
    assert!(sign("foreign.age").contains("not the draft's last root"));
    assert!(sign("next-root.age").contains("committed successor"));
}

#[test]
fn behind_the_last_version_of_a_root_only_the_next_one_signs() {
    let safe = Safe::office();
    safe.sign_as("last.note", "root.age", 10_000);
    let (_, said) = safe.run("profile new-version last.note --out d.json");
    assert!(said.contains("version 10000 was the last that root 1 signs"), "{said}");
    assert!(said.contains("mohr keys root next --from next-root.age --draft d.json"), "{said}");
    let sign = "profile sign --draft d.json --out next.note --passphrase-file pass --root-key";
    for words in ["profile check --draft d.json", &format!("{sign} root.age")] {
        let said = safe.refused(words);
        assert!(said.contains("version 10001 is none of root 1, which signs 1 to 10000"), "{words}: {said}");
        assert!(said.contains("mohr keys root next --from next-root.age --draft d.json"), "{words}: {said}");
    }
    // Whether the root comes into the draft before it signs or when it does.
    safe.run("root next --from next-root.age --out root-2.age --passphrase-file pass");
    let (_, said) = safe.run(&format!("{sign} root-2.age"));
    assert!(said.contains("root 2 signs from this version on, 10001"), "{said}");
    safe.write("by-hand.json", safe.read("d.json").replace("\"version\": 10001", "\"version\": 30000"));
    assert!(
        safe.refused("profile check --draft by-hand.json").contains("write a \"version\" from 1 to 10000")
    );

    safe.run("profile new-version next.note --out e.json");
    safe.write("f.json", safe.read("e.json").replace("\"version\": 10002", "\"version\": 20000"));
    let (told, _) = safe.run("profile check --draft f.json");
    assert!(told.contains("This is the last version that root 2 signs; the next version needs"), "{told}");
}

/// As people do who edit by hand: the text of the note, a version more, the printed entry at its end.
#[test]
fn a_draft_made_by_hand_is_judged_by_the_note_beside_the_root_key() {
    let safe = Safe::office();
    let away = tempfile::tempdir().unwrap();
    let at = |name: &str| away.path().join(name);
    let (entry, _) =
        safe.run("inspector --id inspector-9 --role fa=x --role en=x --out i.age --passphrase-file pass");
    let mut draft = serde_json::to_value(safe.profile("profile.note")).unwrap();
    draft["version"] = 2.into();
    draft["inspectors"].as_array_mut().unwrap().push(serde_json::from_str(&entry).unwrap());
    let sign = |draft: &Value, out: &str| {
        std::fs::write(at("draft"), draft.to_string()).unwrap();
        let (draft, out) = (at("draft"), at(out));
        safe.output(&format!(
            "profile sign --profile {} --root-key root.age --passphrase-file pass --out {}",
            draft.display(),
            out.display()
        ))
    };
    let mut without = draft.clone();
    without["inspectors"].as_array_mut().unwrap().remove(0);
    assert!(refusal(&sign(&without, "p.note")).contains("inspector-1 is gone without a trace"));
    assert!(!at("p.note").exists());
    let output = sign(&draft, "p.note");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let signed = verify_signature(&std::fs::read(at("p.note")).unwrap()).unwrap();
    assert_eq!(
        signed.inspector(&"inspector-9".parse().unwrap()).unwrap().joined,
        2,
        "no other number is true"
    );
    assert_eq!((signed.issued, signed.expires), (today(), today().plus_days(180)));
    // The same text once more is no second one; another is.
    assert!(sign(&draft, "same.note").status.success());
    assert_eq!(std::fs::read(at("same.note")).unwrap(), std::fs::read(at("p.note")).unwrap());
    draft["contacts"]["phone"] = "1".into();
    assert!(refusal(&sign(&draft, "other.note")).contains("already, with another text"));
}

#[test]
fn a_profile_that_expires_soon_is_said_to_and_one_that_has_is_followed() {
    let safe = Safe::new();
    let (root, _) = RootKeys::generate();
    let mut office = office_with_an_address();
    office.root = root.key.clone();
    office.profile.roots = vec![root.root()];
    office.profile.office = root.office;
    let in_force = |office: &mut Office, issued: Day, expires: Day| {
        (office.profile.issued, office.profile.expires) = (issued, expires);
        safe.write("profile.note", office.note());
    };
    in_force(&mut office, today(), today().plus_days(30));
    assert!(!safe.run("profile verify profile.note").1.contains("WARNING"));
    in_force(&mut office, today(), today().plus_days(29));
    let expires = today().plus_days(29);
    assert!(safe.run("profile verify profile.note").1.contains(&format!("expires on {expires}")));
    in_force(&mut office, today().plus_days(-180), today().plus_days(-1));
    assert!(safe.refused("profile verify profile.note").contains("expired"));
    safe.run("profile new-version profile.note --out draft.json");
    let passphrase = age::secrecy::SecretString::from(PASSPHRASE);
    safe.write("root.age", root.seal(&passphrase).unwrap());
    safe.run("profile sign --draft draft.json --root-key root.age --out next.note --passphrase-file pass");
    assert_eq!(safe.profile("next.note").expires, today().plus_days(180));
}

#[test]
fn former_keys_go_when_no_case_needs_them() {
    let safe = Safe::new();
    let mut office = office_with_an_address();
    office.profile.version = 5;
    office.profile.retention.closed_days = 100;
    let former = |id: &str, days: i32| FormerKey {
        id: id.parse().unwrap(),
        epoch: 1,
        signer: SigningKey::generate().signer(),
        until: today().plus_days(-days),
        why: WhyFormer::Left,
        joined: Some(1),
        role: Some(office.profile.inspectors[0].role.clone()),
        extensions: Default::default(),
    };
    office.profile.former = vec![former("needed", 100), former("old", 101)];
    safe.write("profile.note", office.note());
    let (_, said) = safe.run("profile new-version profile.note --out all.json");
    assert!(said.contains("1 former keys are needed no more"), "{said}");
    safe.run("profile new-version profile.note --prune --out pruned.json");
    let ids = |name: &str| -> Vec<String> {
        let draft: Profile = serde_json::from_str(&safe.read(name)).unwrap();
        draft.former.iter().map(|key| key.id.to_string()).collect()
    };
    assert_eq!(
        (ids("all.json"), ids("pruned.json")),
        (vec!["needed".into(), "old".into()], vec!["needed".into()])
    );
    safe.run("profile check --draft pruned.json --previous profile.note");
}

#[test]
fn two_texts_of_one_version_stop_every_signature() {
    let safe = Safe::office();
    safe.run("profile new-version profile.note --out draft-2.json");
    let (root, pass) = ("--root-key root.age", "--passphrase-file pass");
    safe.run(&format!("profile sign --draft draft-2.json {root} {pass} --out second.note"));
    let elsewhere = safe.at("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    for name in ["profile.note", "root.age"] {
        std::fs::copy(safe.at(name), elsewhere.join(name)).unwrap();
    }
    safe.write("elsewhere/draft-2.json", safe.read("draft-2.json").replace("\"110\"", "\"115\""));
    let words = "--root-key elsewhere/root.age --out elsewhere/other.note";
    safe.run(&format!("profile sign --draft elsewhere/draft-2.json {words} {pass}"));
    std::fs::rename(elsewhere.join("other.note"), safe.at("other.note")).unwrap();
    safe.run("profile new-version second.note --out draft-3.json");
    for words in [
        format!("profile sign --draft draft-3.json {root} {pass} --out third.note"),
        "profile check --draft draft-3.json".to_owned(),
    ] {
        let said = safe.refused(&words);
        assert!(said.contains("are two texts of version 2"), "{said}");
    }
}

#[test]
fn notes_of_other_offices_beside_are_passed_over_and_named_ones_refused() {
    let safe = Safe::office();
    safe.write("foreign.note", Office::new().note());
    safe.write("broken.note", "no note");
    std::fs::create_dir(safe.at("folder.note")).unwrap();
    safe.run("profile new-version profile.note --out draft-2.json");
    safe.run("profile check --draft draft-2.json");
    assert!(
        safe.refused("profile check --draft draft-2.json --previous foreign.note").contains("another office")
    );
    assert!(
        safe.refused("profile check --draft draft-2.json --previous broken.note").contains("broken.note")
    );
}

#[test]
fn an_entry_that_is_none_or_of_somebody_else_changes_nothing() {
    let safe = Safe::office();
    safe.run("profile new-version profile.note --out draft-2.json");
    let draft = safe.read("draft-2.json");
    let mut entry = public_entry(&InspectorKeys::generate("inspector-3".parse().unwrap()));
    entry.recipient = format!("age1pq1{}", "q".repeat(entry.recipient.len() - 7));
    safe.write("weak.json", serde_json::to_string(&entry).unwrap());
    assert!(
        safe.refused("profile add --draft draft-2.json weak.json")
            .contains("not a post-quantum age recipient")
    );
    let other = public_entry(&InspectorKeys::generate_epoch("inspector-2".parse().unwrap(), 2));
    safe.write("other.json", serde_json::to_string(&other).unwrap());
    let replace =
        |entry: &str| format!("inspector replace --draft draft-2.json --id inspector-1 --entry {entry}");
    assert!(safe.refused(&replace("other.json")).contains("is of inspector-2, not of inspector-1"));
    let old = public_entry(&InspectorKeys::generate("inspector-1".parse().unwrap()));
    safe.write("old.json", serde_json::to_string(&old).unwrap());
    assert!(safe.refused(&replace("old.json")).contains("is of epoch 1"));
    assert!(
        safe.refused("inspector replace --draft draft-2.json --id inspector-1")
            .contains("new keys are needed")
    );
    assert!(
        safe.refused("inspector leave --draft draft-2.json --id nobody").contains("inspector-1, inspector-2")
    );
    let far = today().plus_days(32);
    let leave = format!("inspector leave --draft draft-2.json --id inspector-1 --until {far}");
    assert!(safe.refused(&leave).contains("more than 31 days ahead"));
    let tomorrow = today().plus_days(1);
    let stolen =
        format!("inspector stolen --draft draft-2.json --id inspector-1 --until {tomorrow} --no-new-key");
    assert!(safe.refused(&stolen).contains("has not come yet"));
    assert_eq!(safe.read("draft-2.json"), draft);
    safe.run("inspector leave --draft draft-2.json --id inspector-1");
    assert!(
        safe.refused("inspector leave --draft draft-2.json --id inspector-2").contains("the only inspector")
    );
}
