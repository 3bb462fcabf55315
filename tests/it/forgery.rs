//! Playing the server: everything that whoever holds the blobs can do to a thread, and what each reader makes of it.

use crate::support::office::{Case, Office, public_entry, today};
use mohr::protocol::limits::{TEXT_SEALED_BYTES, is_size_class};
use mohr::protocol::message::{Content, Direction, Message, Reporter, Sender, Status};
use mohr::seal::case::{OpenedMessage, open_next};
use mohr::seal::derive::ReporterKeys;
use mohr::seal::hybrid::Identity;
use mohr::seal::key_file::InspectorKeys;
use mohr::seal::message::{OpenError, SealError, open, recipients, seal};
use mohr::seal::signing::SigningKey;
use mohr::verify::digest::sha256;
use mohr::verify::profile::{self, Expectation, verify};
use mohr::verify::thread::{Authenticity, ThreadReader, Warning};

/// What an inspector sees of these blobs.
fn inspect(case: &Case<'_>, inspector: usize, blobs: &[(Direction, Vec<u8>)]) -> Vec<OpenedMessage> {
    let mut thread = ThreadReader::new(&case.office.profile, case.id());
    let identity = &case.office.inspectors[inspector].identity;
    blobs.iter().map(|(direction, blob)| open_next(&mut thread, identity, *direction, blob)).collect()
}

/// What the reporter sees of them: the office's side alone.
fn come_back(case: &Case<'_>, blobs: &[(Direction, Vec<u8>)]) -> (Vec<OpenedMessage>, Status) {
    let mut thread = ThreadReader::for_reporter(&case.office.profile, case.keys.signing.signer());
    let mut replies = Vec::new();
    for (direction, blob) in blobs {
        match direction {
            Direction::ToOffice => thread.skip(sha256(blob), true),
            Direction::ToReporter => {
                replies.push(open_next(&mut thread, &case.keys.identity, *direction, blob))
            }
        }
    }
    (replies, thread.state().status)
}

fn verdicts(messages: &[OpenedMessage]) -> Vec<Authenticity> {
    messages.iter().map(|message| message.authenticity).collect()
}

fn text(message: &OpenedMessage) -> &str {
    &message.authentic().expect("an authentic message").message.text
}

#[test]
fn an_honest_thread_is_authentic_to_both_sides() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("یک").reply("دو").follow_up("سه").reply("چهار");
    for inspector in 0..2 {
        let seen = inspect(&case, inspector, &case.blobs);
        assert_eq!(verdicts(&seen), [Authenticity::Authentic; 4]);
        assert!(seen.iter().all(|message| message.warnings.is_empty()));
        assert_eq!(text(&seen[2]), "سه");
    }
    let (replies, status) = come_back(&case, &case.blobs);
    assert_eq!((text(&replies[0]), text(&replies[1]), status), ("دو", "چهار", Status::UnderInvestigation));
    assert!(replies.iter().all(|reply| reply.warnings.is_empty()));
}

#[test]
fn a_forged_reply_is_not_shown() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("گزارش");
    let honest = case.blobs.clone();
    let stranger = SigningKey::generate();
    let mut asking = case.reply_message("لطفاً شماره تلفن خود را بفرستید");
    // Even a server that knew the reporter's recipient, which it never sees, has no inspector's key.
    let mut forgeries = vec![case.seal(&asking, &stranger), case.seal(&asking, &case.keys.signing.clone())];
    // A real inspector's reply to another case, moved here.
    let mut other = Case::new(&office);
    other.report("x").reply("y");
    asking.case = other.id();
    forgeries.push(case.seal(&asking, &office.inspectors[0].signing));
    // Another inspector's name over one's own signature.
    let as_other =
        Message { sender: Sender::Inspector("inspector-2".parse().unwrap()), ..case.reply_message("z") };
    forgeries.push(case.seal(&as_other, &office.inspectors[0].signing));
    let unlisted =
        Message { sender: Sender::Inspector("nobody".parse().unwrap()), ..case.reply_message("z") };
    forgeries.push(case.seal(&unlisted, &office.inspectors[0].signing));
    for forged in forgeries {
        let mut blobs = honest.clone();
        blobs.push((Direction::ToReporter, forged));
        let (replies, status) = come_back(&case, &blobs);
        assert_eq!(verdicts(&replies), [Authenticity::NotAuthentic]);
        assert!(replies[0].authentic().is_none());
        assert_eq!(status, Status::Received);
    }
}

#[test]
fn a_forged_follow_up_is_not_from_the_reporter() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("گزارش").reply("پاسخ");
    let mut follow_up = Message {
        sequence: 1,
        thread: case.thread(),
        content: Content::FollowUp,
        ..case.report_message("پس می‌گیرم")
    };
    for signer in [SigningKey::generate(), office.inspectors[1].signing.clone()] {
        let mut blobs = case.blobs.clone();
        blobs.push((Direction::ToOffice, case.seal(&follow_up, &signer)));
        assert_eq!(verdicts(&inspect(&case, 0, &blobs))[2], Authenticity::NotAuthentic);
    }
    // A true reply served as if the reporter had said it, and a second report in the same case.
    let mut blobs = case.blobs.clone();
    blobs.push((Direction::ToOffice, case.blobs[1].1.clone()));
    assert_eq!(verdicts(&inspect(&case, 0, &blobs))[2], Authenticity::NotAuthentic);
    let mut blobs = case.blobs.clone();
    blobs.push((Direction::ToOffice, case.seal(&case.report_message("دوباره"), &case.keys.signing.clone())));
    assert_eq!(verdicts(&inspect(&case, 0, &blobs))[2], Authenticity::NotAuthentic);
    // The same key in another case of the same reporter's making would be another case id.
    follow_up.office = Office::new().profile.office;
    let mut blobs = case.blobs.clone();
    blobs.push((Direction::ToOffice, case.seal(&follow_up, &case.keys.signing.clone())));
    assert_eq!(verdicts(&inspect(&case, 0, &blobs))[2], Authenticity::NotAuthentic);
}

#[test]
fn another_report_cannot_take_the_place_of_a_case() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("راست");
    let impostor = Case::new(&office);
    let mut message = case.report_message("دروغ");
    message.content = Content::Report {
        door: mohr::protocol::message::Door::Report,
        answers: Vec::new(),
        reporter: Reporter {
            recipient: impostor.keys.identity.to_recipient().to_string(),
            signer: impostor.keys.signing.signer(),
        },
    };
    let blobs = vec![(Direction::ToOffice, case.seal(&message, &impostor.keys.signing))];
    assert_eq!(verdicts(&inspect(&case, 0, &blobs)), [Authenticity::NotAuthentic]);
}

#[test]
fn replay_reorder_drop_and_swap_are_noticed() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("۰").follow_up("۱").follow_up("۲").reply("۳").reply("۴");
    let blobs = &case.blobs;

    let mut replayed = blobs.clone();
    replayed.push(blobs[1].clone());
    assert_eq!(verdicts(&inspect(&case, 0, &replayed))[5], Authenticity::Replayed);
    // The same message in a new envelope, which an inspector could make.
    let plaintext = open(&blobs[3].1, &office.inspectors[0].identity).unwrap();
    let mut resealed = Vec::new();
    let recipient = case.keys.identity.to_recipient();
    let encryptor =
        age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).unwrap();
    let mut writer = encryptor.wrap_output(&mut resealed).unwrap();
    std::io::Write::write_all(&mut writer, &plaintext).unwrap();
    writer.finish().unwrap();
    let mut again = blobs.clone();
    again.push((Direction::ToReporter, resealed));
    assert_eq!(
        verdicts(&come_back(&case, &again).0),
        [Authenticity::Authentic, Authenticity::Authentic, Authenticity::Replayed]
    );

    let mut swapped = blobs.clone();
    swapped.swap(1, 2);
    let seen = inspect(&case, 0, &swapped);
    assert!(
        seen[1].warnings.contains(&Warning::SequenceGap)
            && seen[1].warnings.contains(&Warning::ThreadDiffers)
    );
    assert!(seen[3].warnings.contains(&Warning::ThreadDiffers));

    let mut dropped = blobs.clone();
    dropped.remove(1);
    let seen = inspect(&case, 0, &dropped);
    assert!(seen[1].warnings.contains(&Warning::SequenceGap));
    assert!(seen[2].warnings.contains(&Warning::ThreadDiffers));

    // To the reporter, whose own messages are not opened: the inspector's word about them does not fit.
    let (replies, _) = come_back(&case, &dropped);
    assert_eq!(replies[0].warnings, [Warning::ThreadDiffers]);
    let mut without_first_reply = blobs.clone();
    without_first_reply.remove(3);
    let (replies, _) = come_back(&case, &without_first_reply);
    assert_eq!(replies[0].warnings, [Warning::ThreadDiffers, Warning::SequenceGap]);
}

#[test]
fn two_who_write_at_once_are_no_fault() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("۰");
    let reply = case.seal(&case.reply_message("پاسخ"), &office.inspectors[0].signing);
    case.follow_up("هم‌زمان");
    case.blobs.push((Direction::ToReporter, reply));
    let seen = inspect(&case, 1, &case.blobs);
    assert_eq!(verdicts(&seen), [Authenticity::Authentic; 3]);
    assert!(seen.iter().all(|message| message.warnings.is_empty()));
}

#[test]
fn whoever_is_left_out_cannot_open_and_the_envelope_does_not_tell() {
    let office = Office::with_inspectors(5);
    let left_out = vec!["inspector-2".parse().unwrap()];
    let mut all = Case::new(&office);
    let mut some = Case::new(&office);
    all.report("x");
    some.push_report("x", &left_out);
    assert_eq!(verdicts(&inspect(&some, 1, &some.blobs)), [Authenticity::Unreadable]);
    for inspector in [0, 2, 3, 4] {
        assert_eq!(verdicts(&inspect(&some, inspector, &some.blobs)), [Authenticity::Authentic]);
    }
    let stanzas = |case: &Case<'_>| {
        mohr::protocol::age_header::AgeHeader::decode(&case.blobs[0].1).unwrap().hybrid_stanzas
    };
    assert_eq!((stanzas(&all), stanzas(&some)), (5, 5));
    let everybody: Vec<_> = office.profile.inspectors.iter().map(|inspector| inspector.id.clone()).collect();
    assert!(matches!(recipients(&office.profile, &everybody, None), Err(SealError::Nobody)));
}

#[test]
fn every_blob_is_of_a_size_class_and_a_text_always_of_the_smallest() {
    for count in [1, 2, 5, 12] {
        let office = Office::with_inspectors(count);
        let case = Case::new(&office);
        let room = 32_768 - 1557 * count - 700 - 8_000;
        for letters in [0, 1, 400, room / 4, room / 2] {
            let blob = case.seal(&case.report_message(&"ب".repeat(letters)), &case.keys.signing);
            assert_eq!(blob.len() as u64, TEXT_SEALED_BYTES, "{count} inspectors, {letters} letters");
        }
        for size_bytes in [0, 1, 20_000, 65_536, 100_000, 131_072, 600_000, 5 * 1024 * 1024] {
            let mut message = case.report_message("x");
            message.files.push(mohr::protocol::message::File {
                name: "a".into(),
                media_type: "image/jpeg".into(),
                size_bytes,
            });
            let blob = case.seal(&message, &case.keys.signing);
            assert!(is_size_class(blob.len() as u64), "{} for {size_bytes}", blob.len());
        }
        let too_long = case.report_message(&"ب".repeat(16_000));
        let recipients = recipients(&office.profile, &[], None).unwrap();
        assert!(matches!(
            seal(&too_long, &[], &case.keys.signing, &recipients),
            Err(SealError::TextTooLong { .. })
        ));
    }
}

#[test]
fn a_cut_or_altered_blob_is_unreadable_and_never_a_panic() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("گزارش");
    let blob = &case.blobs[0].1;
    let identity = &office.inspectors[0].identity;
    for length in (0..blob.len()).step_by(97).chain([blob.len() - 1]) {
        assert!(open(&blob[..length], identity).is_err(), "{length}");
    }
    for at in (0..blob.len()).step_by(61) {
        let mut altered = blob.clone();
        altered[at] ^= 0x20;
        let seen = inspect(&case, 0, &[(Direction::ToOffice, altered)]);
        // A bit in another inspector's stanza breaks the header's MAC as well.
        assert_eq!(verdicts(&seen), [Authenticity::Unreadable], "{at}");
    }
    assert!(matches!(open(blob, &Identity::generate()), Err(OpenError::NotForUs)));
}

#[test]
fn a_swapped_profile_is_refused() {
    let office = Office::new();
    let foreign = Office::new();
    let known = Expectation { office: Some(office.profile.office), version: 1, today: today() };
    assert!(verify(office.note().as_bytes(), known).is_ok());
    assert!(matches!(verify(foreign.note().as_bytes(), known), Err(profile::Error::Foreign { .. })));
    // A foreign inspector slipped into the true profile, signed by whoever could sign.
    let mut altered = office.profile.clone();
    altered.inspectors.push(public_entry(&InspectorKeys::generate("inspector-9".parse().unwrap())));
    let resigned = mohr::seal::profile::sign(altered.clone(), &foreign.root).unwrap();
    assert!(matches!(verify(resigned.as_bytes(), known), Err(profile::Error::Foreign { .. })));
    let signature = office.note().rsplit_once("\n\n").unwrap().1.to_owned();
    let spliced = format!("{}\n{signature}", altered.encode().unwrap());
    assert_eq!(verify(spliced.as_bytes(), known), Err(profile::Error::Signature));
    let older = Expectation { version: 2, ..known };
    assert!(matches!(
        verify(office.note().as_bytes(), older),
        Err(profile::Error::Older { offered: 1, seen: 2 })
    ));
    let late = Expectation { today: today().plus_days(31), ..known };
    assert!(matches!(verify(office.note().as_bytes(), late), Err(profile::Error::Expired { .. })));
}

#[test]
fn a_code_opens_nothing_under_a_foreign_office() {
    let code = mohr::protocol::receipt::ReceiptCode::generate(mohr::seal::fill_random);
    let (ours, foreign) = (Office::new().profile.office, Office::new().profile.office);
    let (here, there) = (ReporterKeys::derive(&code, ours), ReporterKeys::derive(&code, foreign));
    assert_ne!(*here.token.encode(), *there.token.encode());
    assert_ne!(here.case(), there.case());
}

#[test]
fn secrets_do_not_print_themselves() {
    let office = Office::new();
    let case = Case::new(&office);
    let printed = format!("{:?} {:?} {:?}", case.keys, office.root, office.inspectors[0]);
    for secret in [
        case.keys.token.encode().to_string(),
        case.keys.identity.encode().to_string(),
        office.inspectors[0].identity.encode().to_string(),
    ] {
        assert!(!printed.contains(&secret) && !printed.to_lowercase().contains(&secret.to_lowercase()));
    }
    assert!(printed.contains("Token(…)") && printed.contains("SigningKey(…)"));
}
