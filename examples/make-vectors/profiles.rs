//! `profile/`: signed notes, and everything that must be refused of them.

use mohr::protocol::ids::{Digest, OfficeId};
use mohr::protocol::note::encode_note;
use mohr::protocol::profile::{Profile, Root, TwoPersons, WhyFormer, versions};
use mohr::seal::signing::SigningKey;
use mohr::verify::digest::office_id;
use mohr::verify::profile::{Expectation, key_hash, verify};
use serde_json::{Value, json};

use super::Vectors;
use super::script::{
    day, departed, id, inspector, note, profile, replaced, root_key, roots, seed, texts, verified,
};

const TODAY: &str = "2026-11-21";

pub fn write(vectors: &Vectors) {
    good(vectors);
    signatures(vectors);
    expectations(vectors);
    documents(vectors);
    persons(vectors);
}

/// Everything that a profile may have.
fn full() -> Profile {
    let mut profile = profile();
    profile.version = 7;
    profile.inspectors[0] = inspector("sara", 1, 3);
    profile.former.push(replaced("sara", 1, "2026-10-01", WhyFormer::Replaced));
    profile.former.push(replaced("sara", 2, "2026-11-01", WhyFormer::Stolen));
    profile.former.push(departed("nina", 2, "2026-10-15"));
    profile.two_persons = vec![
        TwoPersons { id: id("erase"), since: day("2026-10-01") },
        TwoPersons { id: id("knowingly-false"), since: day("2026-10-01") },
    ];
    profile.holidays = vec![day("2026-12-25"), day("2027-01-01")];
    profile.addresses =
        vec!["https://report.example.org".parse().unwrap(), "http://127.0.0.1:8080".parse().unwrap()];
    profile.extensions = serde_json::from_value(json!({"log": "x"})).unwrap();
    profile
}

fn with_roots(count: usize) -> Profile {
    let version = *versions(count).start() + 6;
    Profile { roots: roots()[..count].to_vec(), version, ..full() }
}

/// Signed by the true root, whatever it is.
fn signed(office: OfficeId, text: &str, root: &SigningKey) -> String {
    encode_note(text, &office.to_string(), key_hash(office, &root.signer()), root.sign(text.as_bytes()))
}

fn vector(note: &str) -> Value {
    json!({"note": note, "office": profile().office, "version": 0, "digest": null, "today": TODAY})
}

fn good(vectors: &Vectors) {
    let write = |name: &str, comment: &str, profile: &Profile, change: &dyn Fn(&mut Value)| {
        let stamp = verified(profile).stamp();
        let mut vector = vector(&note(profile));
        vector["stamp"] = json!(stamp);
        change(&mut vector);
        vectors.write("profile", name, comment, vector);
    };
    write("signed", "verifies for this office on this day, and has this stamp", &full(), &|_| {});
    write("first-visit", "verifies for who does not know the office yet", &full(), &|vector| {
        vector["office"] = Value::Null;
    });
    write("last-day", "valid up to and with its last day", &full(), &|vector| {
        vector["today"] = json!("2027-03-20");
    });
    write("seen-before", "the same text once more", &full(), &|vector| {
        vector["version"] = json!(7);
        vector["digest"] = vector["stamp"]["digest"].clone();
    });
    write("newer", "a later version, whatever the digest of the earlier one was", &full(), &|vector| {
        vector["version"] = json!(6);
        vector["digest"] = json!(Digest::from_bytes([1; 32]));
    });
    write("roots-two", "signed by the second root, which the first commits to", &with_roots(2), &|_| {});
    write("roots-four", "signed by the fourth", &with_roots(4), &|_| {});
    for roots in 1..=4 {
        let profile = Profile { version: *versions(roots).end(), ..with_roots(roots) };
        let comment = format!("the last version that root {roots} signs");
        write(&format!("version-last-{roots}"), &comment, &profile, &|_| {});
    }
    write(
        "next-root",
        "the first version of the second root, behind the highest that a thief of the first could sign",
        &Profile { version: 10_001, ..with_roots(2) },
        &|vector| {
            vector["version"] = json!(10_000);
            vector["digest"] = json!(Digest::from_bytes([1; 32]));
        },
    );
    let mut extended = vector(&{
        let note = note(&full());
        format!("{note}\u{2014} example.org/log AAAAAGxvbmdlciB0aGFuIGFueSBzaWduYXR1cmU=\n")
    });
    extended["stamp"] = json!(verified(&full()).stamp());
    vectors.write("profile", "more-signatures", "signature lines of others are passed over", extended);
}

fn refuse(vectors: &Vectors, name: &str, comment: &str, note: &str, error: &str) {
    let expected = Expectation::of_first_visit(Some(profile().office), day(TODAY));
    assert!(verify(note.as_bytes(), expected).is_err(), "{name}");
    let mut vector = vector(note);
    vector["error"] = json!(error);
    vectors.write("profile", name, comment, vector);
}

fn signatures(vectors: &Vectors) {
    let office = profile().office;
    let good = note(&full());
    let (text, line) = good.rsplit_once("\n\n").unwrap();
    let text = format!("{text}\n");
    let foreign = SigningKey::from_seed(seed("foreign root"));
    let foreign_root = Root { key: foreign.signer(), next: Digest::from_bytes([0; 32]) };
    let foreign_office = office_id(&foreign_root);
    let foreign_profile = Profile { roots: vec![foreign_root], office: foreign_office, ..full() };
    let foreign_note = signed(foreign_office, &foreign_profile.encode().unwrap(), &foreign);
    let claimed = Profile { roots: vec![foreign_root], ..full() };
    let claimed_note = signed(office, &claimed.encode().unwrap(), &foreign);
    let two = with_roots(2).encode().unwrap();
    let by_first = signed(office, &two, &root_key(1));
    let skipped = Profile { roots: vec![roots()[0], roots()[2]], ..with_roots(2) };
    let uncommitted = Profile { roots: vec![roots()[0], foreign_root], ..with_roots(2) };
    let reordered = Profile { roots: vec![roots()[1], roots()[0]], ..with_roots(2) };
    let many: String = (0..16).map(|n| format!("\u{2014} other-{n} AAAAAGE=\n")).collect();
    for (name, comment, note, error) in [
        ("error-foreign", "another office, for who knows this one", foreign_note, "foreign"),
        (
            "error-altered",
            "a letter of the text is another",
            good.replacen("sara (en)", "sarah (en)", 1),
            "signature",
        ),
        ("error-claimed-office", "a foreign root under our office id", claimed_note, "signature"),
        ("error-former-root", "signed by the first root, though there is a second", by_first, "signature"),
        (
            "error-roots-skipped",
            "the third root behind the first",
            signed(office, &skipped.encode().unwrap(), &root_key(3)),
            "roots",
        ),
        (
            "error-roots-uncommitted",
            "a root that the first does not commit to",
            signed(office, &uncommitted.encode().unwrap(), &foreign),
            "roots",
        ),
        (
            "error-roots-reordered",
            "the office id follows from the first root",
            signed(office, &reordered.encode().unwrap(), &root_key(1)),
            "signature",
        ),
        ("error-no-signature", "no signature line", format!("{text}\n"), "note"),
        ("error-not-a-note", "JSON without a signature", "{}\n".to_owned(), "note"),
        ("error-many-signatures", "17 signature lines", format!("{good}{many}"), "note"),
        (
            "error-other-name",
            "the signature of another key name",
            format!("{text}\n{}", line.replacen(&office.to_string(), "example.org", 1)),
            "signature",
        ),
    ] {
        refuse(vectors, name, comment, &note, error);
    }
}

fn expectations(vectors: &Vectors) {
    let write = |name: &str, comment: &str, profile: &Profile, error: &str, change: &dyn Fn(&mut Value)| {
        let mut vector = vector(&note(profile));
        vector["error"] = json!(error);
        change(&mut vector);
        vectors.write("profile", name, comment, vector);
    };
    write("error-expired", "the day after its last", &full(), "expired", &|vector| {
        vector["today"] = json!("2027-03-21");
    });
    write("error-older", "a higher version was seen before", &full(), "older", &|vector| {
        vector["version"] = json!(8);
    });
    write(
        "error-other-text",
        "another text of this version was seen before",
        &full(),
        "other-text",
        &|vector| {
            vector["version"] = json!(7);
            vector["digest"] = json!(Digest::from_bytes([1; 32]));
        },
    );
    let highest = Profile { version: 10_000, ..full() };
    write(
        "error-fewer-roots",
        "the highest version of the first root, though one of the second was seen before",
        &highest,
        "older",
        &|vector| vector["version"] = json!(10_001),
    );
}

/// Signed by the true root, and yet not a profile.
fn documents(vectors: &Vectors) {
    let office = profile().office;
    let text = full().encode().unwrap();
    let one = |old: &str, new: &str| {
        assert!(text.contains(old), "{old}");
        signed(office, &text.replacen(old, new, 1), &root_key(1))
    };
    for (name, comment, note, error) in [
        (
            "error-unknown-member",
            "a member that nobody knows",
            one("\"version\"", "\"extra\": 1,\n  \"version\""),
            "document",
        ),
        (
            "error-double-member",
            "a member twice",
            one("\"version\": 7", "\"version\": 7,\n  \"version\": 7"),
            "document",
        ),
        (
            "error-double-language",
            "a language twice",
            one("\"fa\": \"sara (fa)\"", "\"fa\": \"sara (fa)\", \"fa\": \"x\""),
            "document",
        ),
        (
            "error-missing-text",
            "a role without one of the languages",
            one(",\n        \"fa\": \"sara (fa)\"", ""),
            "document",
        ),
        (
            "error-classic-recipient",
            "a recipient that is not post-quantum",
            one("age1pq1", "age1qq1"),
            "document",
        ),
        (
            "error-neutral-page",
            "a quick exit to a script",
            one("\"neutral_page\": \"https://", "\"neutral_page\": \"javascript://"),
            "document",
        ),
        (
            "error-address-path",
            "an address with a path",
            one("https://report.example.org\"", "https://report.example.org/\""),
            "document",
        ),
        (
            "error-address-port",
            "an address with its scheme's own port",
            one("https://report.example.org\"", "https://report.example.org:443\""),
            "document",
        ),
        (
            "error-address-case",
            "an address in capitals",
            one("https://report.example.org\"", "https://Report.example.org\""),
            "document",
        ),
        (
            "error-address-twice",
            "an address twice",
            one("http://127.0.0.1:8080", "https://report.example.org"),
            "document",
        ),
        (
            "error-expires",
            "191 days after it was issued",
            one("\"expires\": \"2027-03-20\"", "\"expires\": \"2027-04-10\""),
            "document",
        ),
        (
            "error-expires-first",
            "expires before it was issued",
            one("\"expires\": \"2027-03-20\"", "\"expires\": \"2026-09-30\""),
            "document",
        ),
        (
            "error-holidays",
            "holidays that do not ascend",
            one("\"2027-01-01\"", "\"2026-12-24\""),
            "document",
        ),
        (
            "error-retention",
            "kept for no day",
            one("\"closed_days\": ", "\"closed_days\": 0, \"x\": "),
            "document",
        ),
        (
            "error-two-persons",
            "asks two persons for nothing that there is",
            one("\"knowingly-false\"", "\"kindness\""),
            "document",
        ),
        (
            "error-files-bytes",
            "files larger than the largest blob",
            one("\"files_bytes\": ", "\"files_bytes\": 2"),
            "document",
        ),
        ("error-no-roots", "no root", one(&roots_text(&text), "\"roots\": [],"), "document"),
        ("error-must-extension", "of a newer version of the format", one("\"log\"", "\"must-log\""), "newer"),
        (
            "error-must-extension-inspector",
            "an inspector of a newer version",
            one("\"extensions\": {}", "\"extensions\": {\"must-x\": \"\"}"),
            "newer",
        ),
        ("error-version", "versions count from 1", one("\"version\": 7", "\"version\": 0"), "document"),
    ] {
        refuse(vectors, name, comment, &note, error);
    }
    for (name, comment, roots, version) in [
        ("error-version-of-next-root", "a version that the second root signs, with one root", 1, 10_001),
        ("error-version-of-earlier-root", "a version that the first root signs, with two", 2, 10_000),
        ("error-version-of-no-root", "a version above all that four roots sign", 4, 40_001),
    ] {
        let profile = Profile { version, ..with_roots(roots) };
        let text = serde_json::to_string_pretty(&profile).unwrap() + "\n";
        refuse(vectors, name, comment, &signed(office, &text, &root_key(roots)), "document");
    }
}

fn roots_text(text: &str) -> String {
    let from = text.find("\"roots\"").unwrap();
    let to = from + text[from..].find("],").unwrap() + 2;
    text[from..to].to_owned()
}

fn persons(vectors: &Vectors) {
    let changed = |change: &dyn Fn(&mut Profile)| {
        let mut profile = full();
        change(&mut profile);
        let text = serde_json::to_string_pretty(&profile).unwrap() + "\n";
        signed(profile.office, &text, &root_key(1))
    };
    type Change = fn(&mut Profile);
    let changes: [(&str, &str, Change); 18] = [
        ("error-same-id", "two inspectors of one id", |p| p.inspectors[1].id = id("sara")),
        ("error-signer-twice", "one signer for two inspectors", |p| {
            p.inspectors[1].signer = p.inspectors[0].signer
        }),
        ("error-signer-former", "a former key of another person", |p| {
            p.former[2].signer = p.inspectors[1].signer
        }),
        ("error-signer-root", "a root key that signs for a person", |p| {
            p.inspectors[1].signer = p.roots[0].key
        }),
        ("error-recipient-twice", "one recipient for two persons", |p| {
            p.inspectors[1].recipient = p.inspectors[0].recipient.clone()
        }),
        ("error-former-twice", "a person's epoch twice", |p| p.former[1].epoch = 1),
        ("error-former-epoch", "a former epoch that is not before the present", |p| p.former[1].epoch = 3),
        ("error-former-role", "a role of a person who is listed", |p| p.former[0].role = Some(texts("sara"))),
        ("error-former-no-role", "no role of a person who is not", |p| p.former[2].role = None),
        ("error-former-joined", "\"joined\" beside a person who is listed", |p| p.former[0].joined = Some(1)),
        ("error-former-no-joined", "no \"joined\" of a person who is not", |p| p.former[2].joined = None),
        ("error-former-joined-differs", "two of them", |p| {
            let mut second = p.former[2].clone();
            (second.epoch, second.joined) = (2, Some(3));
            second.signer = super::script::signing("nina", 2).signer();
            p.former.push(second);
        }),
        ("error-joined", "joined a version that is yet to come", |p| p.inspectors[1].joined = 8),
        ("error-joined-zero", "versions count from 1", |p| p.inspectors[1].joined = 0),
        ("error-epoch", "epochs count from 1", |p| p.inspectors[1].epoch = 0),
        ("error-reporter", "a person with the reporter's id", |p| p.inspectors[1].id = id("reporter")),
        ("error-nobody", "no inspectors", |p| {
            p.inspectors.clear();
            p.former.clear();
        }),
        ("error-format", "another version of the format", |p| p.format = "mohr/v2".to_owned()),
    ];
    for (name, comment, change) in changes {
        refuse(vectors, name, comment, &changed(&change), "document");
    }
}
