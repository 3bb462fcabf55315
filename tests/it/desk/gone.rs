//! What a desk makes of a message that the server says is gone: erased only under an
//! order that holds, and missing else.

use crate::support::bad_line::{BadLine, retell};
use crate::support::office::{key_of, today};
use crate::support::running::{RunningOffice, draft};
use mohr::desk::ReplyDraft;
use mohr::protocol::erasure::{ErasedMessage, ErasureOrder};
use mohr::protocol::ids::{CaseId, Digest};
use mohr::protocol::profile::TwoPersons;
use mohr::protocol::receipt::ReceiptCode;
use mohr::protocol::record::ThreadName;
use mohr::reporter::{FollowUpForm, Office};
use mohr::seal::message::erasure_signature;
use serde_json::{Value, json};

const ERASED: &str = "erased, by an order of the office";
const MISSING: &str = "MISSING: the server does not give it, and no order says why";

/// A case whose second message the server says is gone.
struct Erased {
    running: RunningOffice,
    code: ReceiptCode,
    case: CaseId,
    sha256: Digest,
}

impl Erased {
    /// `answered`: by inspector 1. Inspector 3 is left out.
    fn new(running: RunningOffice, answered: bool) -> Self {
        let (code, case) = running.report("گزارش", &["inspector-3"], &[]);
        let client = running.client();
        let office = Office::visit(&client, None, today()).unwrap();
        let mailbox = office.open_mailbox(&code).unwrap();
        mailbox.follow_up(&draft("ادامه", &[], &[]), &FollowUpForm::default(), |_| ()).unwrap();
        let (desk, opened) = running.open(1, case);
        if answered {
            let reply = ReplyDraft {
                text: "پاسخ".to_owned(),
                language: "fa".to_owned(),
                status: None,
                outcome: None,
                files: Vec::new(),
            };
            desk.reply(&opened, &reply, |_| ()).unwrap();
        }
        let sha256 = opened.listing.mailbox[1].sha256;
        Self { running, code, case, sha256 }
    }

    /// An order for the message, signed by the inspectors with these numbers.
    fn order(&self, sha256: Digest, persons: &[usize]) -> ErasureOrder {
        let messages = vec![ErasedMessage { position: 1, sha256 }];
        let mut order =
            ErasureOrder { thread: ThreadName::Mailbox, day: today(), messages, signatures: Vec::new() };
        for number in persons {
            let signing = &self.running.office.inspectors[number - 1].signing;
            let office = self.running.office.profile.office;
            order.signatures.push(erasure_signature(&order, office, self.case, &key_of(*number), signing));
        }
        order
    }

    /// A server that lists the message as gone, and these orders for it.
    fn behind(&self, orders: &[ErasureOrder]) -> BadLine {
        let orders = json!(orders);
        let tell = move |case: &mut Value, messages: &str| {
            let entry = case[messages][1].as_object_mut().unwrap();
            entry.retain(|name, _| ["position", "kind", "sha256", "day"].contains(&name.as_str()));
            entry.insert("gone".to_owned(), json!(true));
            case["orders"] = orders.clone();
        };
        BadLine::lying(&self.running.url, move |request, body| {
            if request.starts_with("POST /api/v1/cases/read") {
                retell(body, |answer| {
                    for case in answer["cases"].as_array_mut().unwrap() {
                        // An answer to whoever knows all of it already has no entries.
                        if case["mailbox"].as_array().unwrap().len() > 1 {
                            tell(case, "mailbox");
                        }
                    }
                });
            } else if request.starts_with("GET /api/v1/mailbox?") {
                retell(body, |answer| tell(answer, "messages"));
            }
        })
    }

    /// What the command line says of the message.
    fn opened(&self, line: &BadLine) -> String {
        let case = self.case.to_string();
        let output = self.running.inspector(1, &line.url, &["open", &case]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        said
    }
}

#[test]
fn a_message_is_erased_only_by_an_order_that_holds() {
    let erased = Erased::new(RunningOffice::start(3), true);
    let other = Digest::from_bytes([1; 32]);
    for (what, orders, word) in [
        ("no order", vec![], MISSING),
        ("a reader's", vec![erased.order(erased.sha256, &[1])], ERASED),
        ("of whoever is left out", vec![erased.order(erased.sha256, &[3])], MISSING),
        ("for another message", vec![erased.order(other, &[1])], MISSING),
        (
            "one that holds among others",
            vec![erased.order(other, &[1]), erased.order(erased.sha256, &[2])],
            ERASED,
        ),
    ] {
        let line = erased.behind(&orders);
        let said = erased.opened(&line);
        assert!(said.contains(&format!("[1] {}  {word}", today())), "{what}: {said}");
        assert!(said.contains("گزارش") && said.contains("پاسخ") && !said.contains("ادامه"), "{what}: {said}");
        // The list goes on, and the case is no other than it was.
        let inbox = erased.running.inspector(1, &line.url, &["inbox", "--json"]).output().unwrap();
        let entries: Value = serde_json::from_slice(&inbox.stdout).unwrap();
        assert_eq!(
            (
                &entries[0]["messages"],
                &entries[0]["readable"],
                &entries[0]["unread"],
                &entries[0]["warnings"]
            ),
            (&json!(3), &json!(true), &json!(0), &Value::Null),
            "{what}"
        );
    }
}

#[test]
fn one_signature_is_not_enough_where_two_persons_are_asked() {
    let unanswered = Erased::new(RunningOffice::start(3), false);
    let mut running = RunningOffice::start(3);
    running.change(|profile| {
        let erase = mohr::protocol::profile::TWO_PERSONS_ERASE.parse().unwrap();
        profile.two_persons = vec![TwoPersons { id: erase, since: today() }];
    });
    for erased in [unanswered, Erased::new(running, true)] {
        for (persons, word) in
            [(&[1][..], MISSING), (&[1, 1], MISSING), (&[1, 3], MISSING), (&[1, 2], ERASED)]
        {
            let line = erased.behind(&[erased.order(erased.sha256, persons)]);
            let said = erased.opened(&line);
            assert!(said.contains(&format!("[1] {}  {word}", today())), "{persons:?}: {said}");
        }
    }
}

#[test]
fn the_reporter_reads_the_same_and_is_asked_again() {
    let erased = Erased::new(RunningOffice::start(3), true);
    let receipt = String::from_utf8(erased.code.digits().to_vec()).unwrap();
    for (orders, shown, asked) in [
        (
            vec![],
            "WARNING: message 1 cannot be had, and no order of the office says why",
            "does not give back",
        ),
        (
            vec![erased.order(erased.sha256, &[2])],
            "message 1 was erased by an order of the office",
            "has erased your last",
        ),
    ] {
        let line = erased.behind(&orders);
        let mut status = crate::support::demo::mohr();
        status.args(["status", "--server", &line.url]);
        let output = crate::support::demo::output_with_input(&mut status, &receipt);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(shown), "{said}");
        let text = erased.running.path("text.txt");
        std::fs::write(&text, "باز هم").unwrap();
        let follow_up = |more: &[&str]| {
            let mut follow_up = crate::support::demo::mohr();
            follow_up.args(["follow-up", "--server", &line.url, "--text-file"]).arg(&text).args(more);
            crate::support::demo::output_with_input(&mut follow_up, &receipt)
        };
        let said = crate::support::demo::refusal(&follow_up(&[]));
        assert!(said.contains(asked) && said.contains("--leave-out-nobody"), "{said}");
    }
}

#[test]
fn a_case_whose_report_is_gone_is_said_to_be() {
    let running = RunningOffice::start(2);
    let (_, case) = running.report("گزارش", &[], &[]);
    let line = BadLine::lying(&running.url, |request, body| {
        if request.starts_with("GET /api/v1/cases?") || request.ends_with("/api/v1/cases HTTP/1.1") {
            retell(body, |answer| {
                for case in answer["cases"].as_array_mut().unwrap() {
                    let entry = case["report"].as_object_mut().unwrap();
                    entry.retain(|name, _| ["position", "kind", "sha256", "day"].contains(&name.as_str()));
                    entry.insert("gone".to_owned(), json!(true));
                }
            });
        }
    });
    let inbox = running.inspector(1, &line.url, &["inbox"]).output().unwrap();
    let said = String::from_utf8(inbox.stdout).unwrap();
    assert!(said.contains("(its report is gone)") && !said.contains("not for this identity"), "{said}");
    let opened = running.inspector(1, &line.url, &["open", &case.to_string()]).output().unwrap();
    let said = String::from_utf8(opened.stderr).unwrap();
    assert!(opened.status.success() && said.contains("the server says that the report is gone"), "{said}");
}
