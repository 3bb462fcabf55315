//! A session that the server ends in the middle of an inspector's work: she notices nothing, and an upload
//! goes on where it was.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::office::{Office, key_of, today};
use crate::support::running::{RunningOffice, copy, file};
use crate::support::scripted::{Answered, ScriptedServer};
use mohr::client::{self, Client, Credentials as _, InspectorSession};
use mohr::desk::memory::Memory;
use mohr::desk::{Desk, Error, ReplyDraft, Visit};
use mohr::protocol::address::Address;
use mohr::protocol::message::Status;
use mohr::reporter;
use mohr::seal::key_file::InspectorKeys;
use mohr::verify::signature::session_bytes;

/// The server ends an inspector's oldest session when there is one more than this.
const SESSIONS_PER_INSPECTOR: usize = 16;

fn sign_in(running: &RunningOffice) -> InspectorSession {
    let keys = copy(&running.office.inspectors[0]);
    let (office, key) = (running.office.profile.office, key_of(1));
    let (address, signed) = (running.office.profile.addresses[0].clone(), key.clone());
    let dialled = address.clone();
    let sign = move |challenge| keys.signing.sign(&session_bytes(office, &signed, &dialled, challenge));
    InspectorSession::sign_in(&running.client(), key, address, sign).unwrap()
}

/// Ends every session that the inspector has but for those made here.
fn end_sessions(running: &RunningOffice) {
    for _ in 0..SESSIONS_PER_INSPECTOR {
        sign_in(running);
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
    let running = RunningOffice::start(2);
    let evidence = vec![3; 2 * 1024 * 1024];
    let (code, case) = running.report("گزارش", &[], &[("a.bin", &evidence)]);
    let (line, begun) = counting_line(running.url.trim_start_matches("http://").to_owned());

    let mut desk = running.desk_at(1, &line, today());
    end_sessions(&running);
    let mut entries = 0;
    desk.inbox(|_| entries += 1).unwrap();
    assert_eq!(entries, 1);
    end_sessions(&running);
    let listed = desk.find(&case.to_string()).unwrap();
    end_sessions(&running);
    let opened = desk.open(&listed).unwrap();
    end_sessions(&running);
    let folder = running.path("export");
    assert!(desk.export(&opened, &folder).unwrap().failures.is_empty());
    assert!(std::fs::read(folder.join("00/a.bin")).unwrap() == evidence);

    // Four pieces; the session ends after the first and once more after the second.
    let bytes = vec![0xd8; 13 * 1024 * 1024];
    let draft = ReplyDraft {
        text: "پاسخ".to_owned(),
        language: "fa".to_owned(),
        status: Some(Status::UnderInvestigation),
        outcome: None,
        files: vec![(file("a", &bytes), bytes)],
    };
    let mut reached = Vec::new();
    desk.reply(&opened, &draft, |sent_bytes| {
        reached.push(sent_bytes);
        if reached.len() <= 2 {
            end_sessions(&running);
        }
    })
    .unwrap();
    assert!(reached.len() >= 4 && reached.is_sorted(), "{reached:?}");
    assert_eq!(begun.load(Ordering::SeqCst), 1, "what was sent is not sent again");
    let client = running.client();
    let office = reporter::Office::visit(&client, None, today()).unwrap();
    let mailbox = office.open_mailbox(&code).unwrap();
    let reading = mailbox.read();
    assert_eq!(reading.state.mailbox.status(), Status::UnderInvestigation);
    assert_eq!(reading.mailbox[1].authentic().unwrap().message.files[0].size_bytes, 13 * 1024 * 1024);
}

#[test]
fn what_a_new_session_is_refused_is_refused() {
    let running = RunningOffice::start(2);
    let client = running.client();
    let session = sign_in(&running);
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
    let foreign = InspectorKeys::generate(running.office.inspectors[0].id.clone());
    let memory = Memory::load(&running.path("foreign.json")).unwrap();
    let visit = Visit { office: None, address: None, today: today() };
    let refused = Desk::sign_in(client, foreign, &visit, memory);
    assert!(matches!(refused, Err(Error::NotListed { .. })));
}

#[test]
fn nothing_is_signed_for_an_address_that_is_not_the_offices() {
    let mut office = Office::with_inspectors(1);
    let far: Address = "https://report.example.org".parse().unwrap();
    office.profile.addresses = vec![far.clone()];
    let note = office.note();
    // A relay gives the office's true profile, and would hand on whatever is signed.
    let relay = ScriptedServer::start(move |_, asked| match asked.path.ends_with("/profile") {
        true => Answered::with_status(200, note.as_bytes()),
        false => Answered::problem(401, "unauthorized"),
    });
    let folder = tempfile::tempdir().unwrap();
    let sign_in = |address| {
        let memory = Memory::load(&folder.path().join("desk.json")).unwrap();
        let client = Client::new(&relay.url, None).unwrap();
        let visit = Visit { office: None, address, today: today() };
        Desk::sign_in(client, copy(&office.inspectors[0]), &visit, memory).err().unwrap()
    };
    let refused = sign_in(None);
    assert!(matches!(&refused, Error::Client(client::Error::AddressNotListed { .. })), "{refused}");
    assert_eq!(relay.paths(), ["/api/v1/profile"], "not even a challenge is asked for");
    // Through a tunnel she names the office's own address, and is asked to sign for that alone.
    let refused = sign_in(Some(far));
    assert!(matches!(&refused, Error::Client(client::Error::Problem { status: 401, .. })), "{refused}");
    assert_eq!(relay.paths().last().unwrap(), "/api/v1/inspector/challenge");
}
