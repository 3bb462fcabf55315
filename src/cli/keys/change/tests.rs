use super::super::draft::{self, EXAMPLE_PROFILE};
use super::*;
use crate::protocol::ids::Digest;
use crate::protocol::profile::Root;

fn id(text: &str) -> Id {
    text.parse().unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Keys that no other number has.
fn inspector(person: &str, epoch: u64, number: u8, joined: u64) -> Inspector {
    Inspector {
        id: id(person),
        joined,
        epoch,
        role: [("fa", person), ("en", person)].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
        recipient: format!("recipient {number}"),
        signer: Signer::from_bytes([number; 32]),
        extensions: Default::default(),
    }
}

fn root(number: u8, next: Digest) -> Root {
    Root { key: Signer::from_bytes([number; 32]), next }
}

/// Version 3 of an office: sara and reza since its first, mina since its second; kian left, and lost a key
/// before.
fn last() -> Profile {
    let mut profile: Profile = serde_json::from_str(EXAMPLE_PROFILE).unwrap();
    profile.roots = vec![root(101, root_commitment(&second_root()))];
    profile.version = 3;
    profile.issued = day("2026-06-01");
    profile.expires = day("2026-11-28");
    profile.inspectors =
        vec![inspector("sara", 1, 1, 1), inspector("reza", 2, 2, 1), inspector("mina", 1, 3, 2)];
    profile.former = vec![former("kian", 1, 4, WhyFormer::Replaced), former("kian", 2, 5, WhyFormer::Left)];
    for key in &mut profile.former {
        key.role = Some(profile.inspectors[0].role.clone());
        key.joined = Some(2);
    }
    profile.former.push(former("reza", 1, 6, WhyFormer::Stolen));
    profile
}

fn second_root() -> Root {
    root(102, Digest::from_bytes([0; 32]))
}

fn former(person: &str, epoch: u64, number: u8, why: WhyFormer) -> FormerKey {
    FormerKey {
        id: id(person),
        epoch,
        signer: Signer::from_bytes([number; 32]),
        until: day("2026-05-01"),
        why,
        joined: None,
        role: None,
        extensions: Default::default(),
    }
}

/// The version after that, as `profile new-version` drafts it.
fn next() -> Profile {
    Profile { version: 4, issued: day("2026-10-01"), expires: day("2027-03-30"), ..last() }
}

fn refused(change: impl FnOnce(&mut Profile)) -> Vec<ChangeRefusal> {
    let (last, mut next) = (last(), next());
    change(&mut next);
    refusals(&Past { last: &last, older: Vec::new() }, &next)
}

#[test]
fn what_the_commands_do_to_a_draft_is_never_refused() {
    assert_eq!(refused(|_| {}), []);
    assert_eq!(refused(|next| draft::add(next, inspector("laleh", 1, 7, 99)).map_err(drop).unwrap()), []);
    let until = day("2026-10-10");
    for why in [WhyFormer::Replaced, WhyFormer::Left] {
        let change = |next: &mut Profile| draft::change_key(next, inspector("sara", 2, 7, 9), until, why);
        assert_eq!(refused(|next| change(next).map_err(drop).unwrap()), []);
        assert_eq!(refused(|next| draft::take_out(next, &id("reza"), until, why).map_err(drop).unwrap()), []);
    }
    assert_eq!(refused(|next| assert!(draft::add_root(next, second_root()))), []);
    let mut draft = next();
    assert!(!draft::add_root(&mut draft, root(9, Digest::from_bytes([0; 32]))));
}

#[test]
fn a_version_follows_the_last_one_of_its_office() {
    assert_eq!(refused(|next| next.version = 3), [ChangeRefusal::Version { last: 3, next: 3 }]);
    assert_eq!(refused(|next| next.issued = day("2026-05-31")).len(), 1);
    assert_eq!(
        refused(|next| next.office = crate::protocol::ids::OfficeId::from_bytes([9; 16])),
        [ChangeRefusal::Office]
    );
    assert_eq!(refused(|next| next.roots.clear()), [ChangeRefusal::Roots]);
    assert_eq!(
        refused(|next| next.roots[0].next = Digest::from_bytes([1; 32])),
        [ChangeRefusal::Roots],
        "what the first root commits to is in the office id"
    );
    let foreign = root(9, Digest::from_bytes([0; 32]));
    assert_eq!(refused(|next| next.roots.push(foreign)), [ChangeRefusal::Chain { number: 2 }]);
}

#[test]
fn nobody_and_no_key_goes_without_a_trace() {
    assert_eq!(
        refused(|next| drop(next.inspectors.remove(0))),
        [ChangeRefusal::GoneWithoutFormer { id: id("sara") }]
    );
    assert_eq!(
        refused(|next| next.inspectors[0] = inspector("sara", 2, 7, 1)),
        [ChangeRefusal::KeyWithoutFormer { id: id("sara"), epoch: 1 }]
    );
    assert_eq!(
        refused(|next| next.inspectors[0].signer = Signer::from_bytes([7; 32])),
        [ChangeRefusal::KeysOfOneEpoch { id: id("sara"), epoch: 1 }]
    );
    assert_eq!(
        refused(|next| next.inspectors[0].recipient.push('x')),
        [ChangeRefusal::KeysOfOneEpoch { id: id("sara"), epoch: 1 }]
    );
    assert_eq!(
        refused(|next| next.inspectors[1].epoch = 1),
        [ChangeRefusal::Epoch { id: id("reza"), last: 2, found: 1 }]
    );
}

#[test]
fn a_person_is_who_she_was_for_ever() {
    assert_eq!(
        refused(|next| next.inspectors[2].joined = 3),
        [ChangeRefusal::Joined { id: id("mina"), joined: 2, found: 3 }],
        "who left her out would no longer leave her out"
    );
    assert_eq!(
        refused(|next| next.inspectors.push(inspector("laleh", 1, 7, 1))),
        [ChangeRefusal::Joined { id: id("laleh"), joined: 4, found: 1 }]
    );
    // A new id for the same keys, with a date of joining to match.
    let renamed = refused(|next| next.inspectors[0] = inspector("simin", 1, 1, 4));
    assert_eq!(renamed, [ChangeRefusal::Renamed { from: id("sara"), to: id("simin") }]);
    let leaves_as_another = refused(|next| {
        draft::take_out(next, &id("sara"), day("2026-10-01"), WhyFormer::Left).map_err(drop).unwrap();
        next.former[3].joined = Some(4);
    });
    assert_eq!(leaves_as_another, [ChangeRefusal::Joined { id: id("sara"), joined: 1, found: 4 }]);
    let of_the_recipient_alone = refused(|next| {
        draft::take_out(next, &id("sara"), day("2026-10-01"), WhyFormer::Left).map_err(drop).unwrap();
        next.inspectors
            .push(Inspector { recipient: "recipient 1".to_owned(), ..inspector("simin", 1, 7, 4) });
    });
    assert_eq!(of_the_recipient_alone, [ChangeRefusal::Renamed { from: id("sara"), to: id("simin") }]);
    let of_a_former_key = refused(|next| next.inspectors.push(inspector("simin", 1, 5, 4)));
    assert_eq!(of_a_former_key, [ChangeRefusal::Renamed { from: id("kian"), to: id("simin") }]);
    assert_eq!(
        refused(|next| next.inspectors.push(inspector("kian", 3, 7, 4))),
        [ChangeRefusal::ReusedId { id: id("kian") }]
    );
}

#[test]
fn who_comes_back_is_who_she_was() {
    let back =
        |next: &mut Profile| draft::bring_back(next, inspector("kian", 3, 7, 99)).map_err(drop).unwrap();
    assert_eq!(refused(back), []);
    assert_eq!(
        refused(|next| {
            back(next);
            next.inspectors[3].joined = 4;
        }),
        [ChangeRefusal::ReusedId { id: id("kian") }]
    );
    assert_eq!(
        refused(|next| {
            back(next);
            next.inspectors[3].epoch = 2;
        }),
        [ChangeRefusal::Epoch { id: id("kian"), last: 2, found: 2 }]
    );
    assert!(draft::bring_back(&mut next(), inspector("nobody", 1, 7, 1)).is_err());
    assert!(draft::bring_back(&mut next(), inspector("sara", 2, 7, 1)).is_err());
}

/// Her entries in `former` go when no case needs them; her id does not become free.
#[test]
fn older_notes_remember_whose_an_id_is() {
    let older = Profile { version: 2, ..last() };
    let (mut last, mut next) = (last(), next());
    last.former.retain(|key| key.id != id("kian"));
    next.former.clone_from(&last.former);
    next.inspectors.push(inspector("kian", 1, 7, 4));
    let past = Past { last: &last, older: vec![&older] };
    assert_eq!(refusals(&past, &next), [ChangeRefusal::ReusedId { id: id("kian") }]);
    assert_eq!(refusals(&Past { older: Vec::new(), ..past }, &next), []);
}

#[test]
fn a_former_key_is_never_trusted_for_more() {
    let change = |at: usize, until: &str, why: WhyFormer| {
        refused(|next| {
            next.former[at].until = day(until);
            next.former[at].why = why;
        })
    };
    assert_eq!(change(0, "2026-04-01", WhyFormer::Stolen), [], "it was noticed later that it was stolen");
    assert_eq!(
        change(0, "2026-05-02", WhyFormer::Replaced),
        [ChangeRefusal::FormerTrustedMore { id: id("kian"), epoch: 1 }]
    );
    assert_eq!(
        change(2, "2026-05-01", WhyFormer::Replaced),
        [ChangeRefusal::FormerTrustedMore { id: id("reza"), epoch: 1 }]
    );
    assert_eq!(
        refused(|next| (next.former[0].joined, next.former[1].joined) = (Some(4), Some(4))).len(),
        2,
        "who left her out would no longer leave her out"
    );
    assert_eq!(
        refused(|next| next.former[0].signer = Signer::from_bytes([7; 32])),
        [ChangeRefusal::FormerChanged { id: id("kian"), epoch: 1 }]
    );
    assert_eq!(
        refused(|next| next.former.push(former("nobody", 1, 7, WhyFormer::Left))),
        [ChangeRefusal::UnknownFormer { id: id("nobody"), epoch: 1 }],
        "such a key would sign for a time that is over"
    );
    let ahead = |why, until: &str| {
        let entry = inspector("sara", 2, 7, 1);
        refused(|next| draft::change_key(next, entry, day(until), why).map_err(drop).unwrap())
    };
    assert_eq!(ahead(WhyFormer::Replaced, "2026-11-01"), []);
    for (why, until) in [(WhyFormer::Replaced, "2026-11-02"), (WhyFormer::Stolen, "2026-10-02")] {
        let refusal = ChangeRefusal::TrustedAhead { id: id("sara"), epoch: 1, until: day(until) };
        assert_eq!(ahead(why, until), [refusal]);
    }
}

#[test]
fn a_former_key_stays_as_long_as_cases_do() {
    let needed = last_day_needed(&last(), &last().former[0]);
    assert_eq!(needed, day("2026-05-01").plus_days(1095));
    let without = |issued: Day| {
        refused(|next| {
            next.issued = issued;
            next.former.remove(0);
        })
    };
    assert_eq!(without(needed), [ChangeRefusal::FormerTooEarly { id: id("kian"), epoch: 1, until: needed }]);
    assert_eq!(without(needed.plus_days(1)), []);
}

#[test]
fn every_refusal_is_found_at_once() {
    let found = refused(|next| {
        next.inspectors.remove(0);
        next.inspectors[0].joined = 4;
        next.former.remove(0);
    });
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn newcomers_get_this_version_and_nobody_else_does() {
    let (last, mut next) = (last(), next());
    next.inspectors.extend([inspector("laleh", 1, 7, 1), inspector("kian", 3, 8, 1)]);
    set_joined(Some(&Past { last: &last, older: Vec::new() }), &mut next);
    let joined: Vec<_> = next.inspectors.iter().map(|listed| listed.joined).collect();
    assert_eq!(joined, [1, 1, 2, 4, 1]);
}

#[test]
fn everybody_has_a_fate() {
    let (last, mut next) = (last(), next());
    let until = day("2026-10-01");
    draft::take_out(&mut next, &id("mina"), until, WhyFormer::Left).map_err(drop).unwrap();
    draft::change_key(&mut next, inspector("reza", 3, 7, 1), until, WhyFormer::Stolen).map_err(drop).unwrap();
    draft::add(&mut next, inspector("laleh", 1, 8, 1)).map_err(drop).unwrap();
    let past = Past { last: &last, older: Vec::new() };
    assert_eq!(refusals(&past, &next), []);
    let told: Vec<_> = fates(&past, &next)
        .into_iter()
        .map(|fate| match fate {
            Fate::Stays { now, .. } => format!("{} stays", now.id),
            Fate::NewKey { now, former } => format!("{} {}->{}", now.id, former.epoch, now.epoch),
            Fate::Joins(now) => format!("{} joins", now.id),
            Fate::Returns(now) => format!("{} returns", now.id),
            Fate::Leaves { before, former } => format!("{} leaves {}", before.id, former.epoch),
        })
        .collect();
    assert_eq!(told, ["sara stays", "reza 2->3", "laleh joins", "mina leaves 1"]);
}
