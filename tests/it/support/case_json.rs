//! A reading of a case as the vectors in `tests/vectors/case` state it; their README explains the members.

use std::collections::BTreeMap;

use mohr::protocol::ids::{CaseId, Id};
use mohr::protocol::person::KeyId;
use mohr::verify::case::{CaseReading, MessageReading, Perspective};
use mohr::verify::case_state::{CaseState, Noted, OfficeState, Register, Standing};
use serde_json::{Value, json};

/// What one side must come to.
pub fn reading_json(reading: &CaseReading<'_>, perspective: Perspective) -> Value {
    let state = &reading.state;
    let mailbox = messages_json(&reading.mailbox);
    let threads = &reading.threads;
    match perspective {
        Perspective::Reporter => json!({
            "mailbox": mailbox,
            "threads": {"mailbox": threads.mailbox},
            "state": mailbox_json(state, true),
        }),
        Perspective::Inspector => json!({
            "mailbox": mailbox,
            "office": messages_json(&reading.office),
            "threads": threads,
            "state": mailbox_json(state, false),
            "office_state": office_json(&state.office),
            "journal": {
                "templates": reading.journal.templates.keys().collect::<Vec<_>>(),
                "invitations": reading.journal.invitations.iter().map(|noted| &noted.value.person).collect::<Vec<_>>(),
                "minutes": reading.journal.minutes.len(),
            },
        }),
    }
}

fn messages_json(readings: &[MessageReading<'_>]) -> Vec<Value> {
    let message = |reading: &MessageReading<'_>| {
        json!({
            "authenticity": reading.authenticity,
            "warnings": reading.warnings,
            "former": reading.former,
            "seconds": reading.seconds,
        })
    };
    readings.iter().map(message).collect()
}

fn mailbox_json(case: &CaseState, own: bool) -> Value {
    let state = &case.mailbox;
    let standing = |standing: &Noted<Standing>| json!({"position": standing.position, "status": standing.value.status, "outcome": standing.value.outcome});
    let mut json = json!({
        "status": state.status(),
        "outcome": state.outcome(),
        "concurrent": state.standing.concurrent().iter().map(standing).collect::<Vec<_>>(),
        "waiting": state.waiting,
        "left_out": state.left_out.keys().collect::<Vec<_>>(),
        "told": state.told,
        "profile_floor": case.profile_floor,
        "profile_differs": case.profile_differs,
    });
    if own {
        json["next_readers"] = json!(state.own.next_readers);
        json["offered"] = json!(state.own.offered);
        json["ask_again"] = json!(state.own.ask_again);
    }
    json
}

fn office_json(state: &OfficeState) -> Value {
    let register = |register: &Register<Id>| value_json(register, |value| json!(value));
    let orders: BTreeMap<&Id, Value> = state
        .orders
        .iter()
        .map(|(order, found)| {
            let verdict = value_json(&found.verdict, |verdict| json!(verdict));
            (order, json!({"answers": found.answers.len(), "verdict": verdict}))
        })
        .collect();
    let deadlines: BTreeMap<&Id, Value> = state
        .deadlines
        .iter()
        .map(|(which, found)| (which, value_json(found, |deadline| json!(deadline.day))))
        .collect();
    let by = |noted: &KeyId| noted.person.clone();
    json!({
        "readers": state.readers,
        "recused": state.recused,
        "owner": value_json(&state.owner, |owner| json!(owner)),
        "deadlines": deadlines,
        "kind": register(&state.classification.kind),
        "unit": register(&state.classification.unit),
        "priority": value_json(&state.classification.priority, |set| json!(set.priority)),
        "joined": state.joined.iter().map(CaseId::to_string).collect::<Vec<_>>(),
        "proposals": state.proposals.iter().map(|noted| &noted.value.what).collect::<Vec<_>>(),
        "orders": orders,
        "intake": state.intake.as_ref().map(|noted| noted.value),
        "accesses": state.accesses.iter().map(|noted| noted.value.how).collect::<Vec<_>>(),
        "erased": state.erased.iter().map(|noted| by(&noted.by)).collect::<Vec<_>>(),
        "handovers": state.handovers.iter().map(|noted| json!({
            "persons": noted.value.persons,
            "messages": noted.value.messages.iter().map(|message| json!([message.thread, message.position])).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "breaches": state.breaches.iter().map(|noted| &noted.value).collect::<Vec<_>>(),
    })
}

fn value_json<T>(register: &Register<T>, json: impl Fn(&T) -> Value) -> Value {
    let concurrent: Vec<Value> = register.concurrent().iter().map(|noted| json(&noted.value)).collect();
    json!({"value": register.last().map(|noted| json(&noted.value)), "concurrent": concurrent})
}
