//! A session that the server ends in the middle of an inspector's work: she notices nothing, and an upload
//! goes on where it was.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::demo::{Demo, json, json_with_input};
use crate::support::office::today;
use age::secrecy::SecretString;
use mohr::client::{self, Client, Credentials as _, InspectorSession};
use mohr::desk::memory::Memory;
use mohr::desk::{Desk, Error, ReplyDraft};
use mohr::protocol::ids::OfficeId;
use mohr::protocol::message::{File, Status};
use mohr::seal::key_file::InspectorKeys;
use mohr::verify::signature::session_bytes;
use serde_json::json as value;

/// The server ends an inspector's oldest session when there is one more than this.
const SESSIONS_PER_INSPECTOR: usize = 16;

fn keys(demo: &Demo) -> InspectorKeys {
    let passphrase = std::fs::read_to_string(demo.path("passphrase_file")).unwrap();
    let sealed = std::fs::read(demo.identity(1)).unwrap();
    InspectorKeys::open(&sealed, &SecretString::from(passphrase.trim())).unwrap()
}

fn sign_in(demo: &Demo, client: &Client, keys: &InspectorKeys) -> InspectorSession {
    let office: OfficeId = demo.index["office"].as_str().unwrap().parse().unwrap();
    let (id, signing) = (keys.id.clone(), keys.signing.clone());
    let sign = move |challenge: &str| signing.sign(&session_bytes(&office, &id, challenge));
    InspectorSession::sign_in(client, keys.id.clone(), sign).unwrap()
}

/// Ends every session that the inspector has but for those made here.
fn end_sessions(demo: &Demo, keys: &InspectorKeys) {
    let client = Client::new(&demo.server_url(), None).unwrap();
    for _ in 0..SESSIONS_PER_INSPECTOR {
        sign_in(demo, &client, keys);
    }
}

/// A line to the server on which uploads that begin are counted.
fn counting_line(server: String) -> (String, Arc<AtomicUsize>) {
    const BEGINS: &[u8] = b"POST /api/v1/uploads ";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let begun = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&begun);
    std::thread::spawn(move || {
        for from in listener.incoming() {
            let (mut from, mut to) = (from.unwrap(), TcpStream::connect(&server).unwrap());
            let (mut back_from, mut back_to) = (to.try_clone().unwrap(), from.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut back_from, &mut back_to);
                let _ = back_to.shutdown(Shutdown::Write);
            });
            let counted = Arc::clone(&counted);
            std::thread::spawn(move || {
                let mut piece = vec![0; 64 * 1024];
                while let Ok(read @ 1..) = from.read(&mut piece) {
                    // A request's head comes in one piece from this client.
                    let found = piece[..read].windows(BEGINS.len()).filter(|bytes| *bytes == BEGINS);
                    counted.fetch_add(found.count(), Ordering::SeqCst);
                    if to.write_all(&piece[..read]).is_err() {
                        break;
                    }
                }
                let _ = to.shutdown(Shutdown::Write);
            });
        }
    });
    (address, begun)
}

#[test]
fn an_ended_session_stops_neither_reading_nor_an_upload() {
    let demo = Demo::start();
    let text = demo.write("text.txt", "گزارش".as_bytes());
    let sent = json(demo.reporter("report").arg("--text-file").arg(&text));
    let receipt = sent["receipt"].as_str().unwrap();
    let server = demo.server_url().trim_start_matches("http://").to_owned();
    let (line, begun) = counting_line(server);

    let memory = Memory::load(&demo.folder.path().join("desk.json")).unwrap();
    let client = Client::new(&line, None).unwrap();
    let mut desk = Desk::sign_in(client, keys(&demo), None, memory, today()).unwrap();
    let keys = keys(&demo);
    end_sessions(&demo, &keys);
    let inbox = desk.inbox().unwrap();
    assert_eq!(inbox.len(), 1);
    let case = inbox[0].case;
    end_sessions(&demo, &keys);
    assert_eq!(desk.open(case).unwrap().messages.len(), 1);

    // Four pieces; the session ends after the first and once more after the second.
    let bytes = vec![0xd8; 13 * 1024 * 1024];
    let file =
        File { name: "a".to_owned(), media_type: "image/png".to_owned(), size_bytes: bytes.len() as u64 };
    let draft = ReplyDraft {
        text: "پاسخ".to_owned(),
        language: "fa".to_owned(),
        status: Some(Status::UnderInvestigation),
        outcome: None,
        files: vec![(file, bytes)],
    };
    let mut reached = Vec::new();
    desk.reply(case, draft, |sent_bytes| {
        reached.push(sent_bytes);
        if reached.len() <= 2 {
            end_sessions(&demo, &keys);
        }
    })
    .unwrap();
    assert!(reached.len() >= 4 && reached.is_sorted(), "{reached:?}");
    assert_eq!(begun.load(Ordering::SeqCst), 1, "what was sent is not sent again");
    let status = json_with_input(&mut demo.reporter("status"), receipt);
    assert_eq!(status["status"], value!("under-investigation"));
    assert_eq!(status["messages"][0]["files"][0]["size_bytes"], value!(13 * 1024 * 1024));
}

#[test]
fn what_a_new_session_is_refused_is_refused() {
    let demo = Demo::start();
    let client = Client::new(&demo.server_url(), None).unwrap();
    let keys = keys(&demo);
    let session = sign_in(&demo, &client, &keys);
    let refused = session.bearer();
    let renewed = session.renew(&client, &refused).unwrap().unwrap();
    assert_ne!(*renewed, *refused);
    // Another thread that was refused with the same one takes the one that is there.
    assert_eq!(*session.renew(&client, &refused).unwrap().unwrap(), *renewed);

    // A reporter's token cannot be had anew: the first refusal stands.
    let stranger = zeroize::Zeroizing::new("0".repeat(64));
    let error = client.cases(&stranger).unwrap_err();
    assert!(matches!(error, client::Error::Problem { status: 401, .. }), "{error}");

    // Keys that the profile does not list: no session, and the desk says why.
    let foreign = InspectorKeys::generate(keys.id.clone());
    let memory = Memory::load(&demo.folder.path().join("foreign.json")).unwrap();
    let refused = Desk::sign_in(client, foreign, None, memory, today());
    assert!(matches!(refused, Err(Error::NotListed { .. })));
}
