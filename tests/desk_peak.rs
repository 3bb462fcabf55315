//! How much memory a desk needs for a case with large files. A process of its own: the
//! peak of a process is one number.
//!
//! `PEAK_FILES=20 PEAK_MIB=200 cargo test --release --test desk_peak -- --nocapture` measures twenty files of
//! 200 MiB; it needs 13 GB of disk and some minutes.

#[path = "it/support"]
mod support {
    #![allow(dead_code, reason = "shared with the other tests, of which this one uses a part")]

    pub mod demo;
    pub mod office;
    pub mod running;
}

use mohr::desk::ReplyDraft;
use mohr::desk::view::ShownCase;
use mohr::protocol::ids::CaseId;
use mohr::protocol::message::{Message, ThreadPoint, Threads};
use mohr::protocol::record::ThreadName;
use mohr::verify::digest::{next_thread_digest, sha256};
use support::office::Case;
use support::running::{RunningOffice, file, post};

const MIB: usize = 1024 * 1024;
/// Whatever the case holds: a program, a text, a few blocks; and less than one of the files beside them.
const PEAK_BYTES_MAX: u64 = 50_000_000;

/// One message with one file for each. What was needed to make them does not count.
fn post_large_case(running: &RunningOffice, files: usize, file_bytes: usize) -> CaseId {
    let client = running.client();
    let case = Case::new(&running.office);
    let mut thread = case.point(ThreadName::Mailbox);
    for number in 0..files {
        let message = if number == 0 {
            case.report_message("گزارش")
        } else {
            case.follow_up_message("باز هم")
        };
        let message = Message {
            files: vec![file("a.bin", &vec![7; file_bytes])],
            threads: Threads { mailbox: thread, office: None },
            ..message
        };
        let posted = case.posted(&message, &case.keys.signing);
        post(&client, &case.keys, &posted);
        let digest = next_thread_digest(thread.digest, posted.kind, sha256(&posted.blob));
        thread = ThreadPoint { length: thread.length + 1, digest };
    }
    case.id()
}

/// Runs the work and says how much memory this process held at most while it ran.
fn peak_bytes(what: &str, work: impl FnOnce()) -> u64 {
    // Linux then counts anew from what is held now.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    work();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    println!("{what}: {} MB at most", kib * 1024 / 1_000_000);
    kib * 1024
}

fn measure(files: usize, file_bytes: usize) {
    let running = RunningOffice::start(2);
    let case = post_large_case(&running, files, file_bytes);
    let peaks = [
        peak_bytes("inbox", || running.desk(1).inbox(|entry| assert!(entry.readable)).unwrap()),
        peak_bytes("open", || {
            let (desk, opened) = running.open(1, case);
            assert_eq!(ShownCase::new(&desk.profile, &opened).messages.len(), files);
        }),
        peak_bytes("open --files", || {
            let (desk, opened) = running.open(1, case);
            let mut shown = ShownCase::new(&desk.profile, &opened);
            desk.save_files(&opened, &mut shown, &running.path("files")).unwrap();
            assert!(shown.messages.iter().all(|message| message.files[0].saved.is_some()));
        }),
        peak_bytes("export", || {
            std::fs::remove_dir_all(running.path("files")).unwrap();
            let (desk, opened) = running.open(1, case);
            assert!(desk.export(&opened, &running.path("export")).unwrap().failures.is_empty());
        }),
        peak_bytes("reply", || {
            let (desk, opened) = running.open(1, case);
            let draft = ReplyDraft {
                text: "پاسخ".to_owned(),
                language: "fa".to_owned(),
                status: None,
                outcome: None,
                files: Vec::new(),
            };
            desk.reply(&opened, &draft, |_| ()).unwrap();
        }),
    ];
    assert!(peaks.iter().all(|peak| *peak < PEAK_BYTES_MAX), "{peaks:?}");
}

/// What is asked for by hand, or what always runs.
#[expect(clippy::disallowed_methods, reason = "for whoever runs the tests, not for the program")]
fn asked(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |number| number.parse().unwrap())
}

#[test]
fn a_case_with_large_files_needs_no_more_memory_than_a_small_one() {
    // Together more than the bound: whoever kept one of them whole beside another would be found.
    measure(asked("PEAK_FILES", 4), asked("PEAK_MIB", 40) * MIB);
}
