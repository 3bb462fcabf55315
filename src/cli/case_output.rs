//! How a whole case looks in a terminal: where it stands, who reads it and who does not, then its
//! messages and the office's own records.

use super::Failure;
use super::output::{print_message, print_quoted};
use super::writer::print_line;
use crate::desk::view::{ShownCase, ShownPerson, WhyNotReader};

pub fn print_case(shown: &ShownCase) -> Result<(), Failure> {
    print_line(format!("case {}  {}", shown.case, shown.status.as_str()))?;
    for other in &shown.concurrent_statuses {
        print_line(format!(
            "    at the same time {} wrote {}: confirm which holds",
            other.by,
            other.value.as_str()
        ))?;
    }
    for position in &shown.awaiting_second {
        print_line(format!("    the outcome of message {position} waits for a second person"))?;
    }
    if let Some(readers) = &shown.readers {
        print_persons("    read by:", readers)?;
        print_persons("    not read by:", &shown.not_readers)?;
    }
    print_office(shown)?;
    shown.messages.iter().try_for_each(print_message)?;
    if !shown.records.is_empty() {
        print_line("\nrecords of the office")?;
        shown.records.iter().try_for_each(print_message)?;
    }
    Ok(())
}

fn print_persons(label: &str, persons: &[ShownPerson]) -> Result<(), Failure> {
    persons.iter().try_for_each(|person| {
        let why = match person.why_not {
            None => "",
            Some(WhyNotReader::LeftOut) => " (left out by the reporter)",
            Some(WhyNotReader::Recused) => " (declared an interest)",
            Some(WhyNotReader::NotHandedOver) => " (not handed over)",
        };
        print_quoted(label, &format!("{}{why}", person.role))
    })
}

fn print_office(shown: &ShownCase) -> Result<(), Failure> {
    let office = &shown.office;
    if let Some(owner) = &office.owner {
        let name = owner.value.as_ref().map_or("nobody", |id| id.as_str());
        print_line(format!("    owner: {name}"))?;
    }
    for other in &office.concurrent_owners {
        let name = other.value.as_ref().map_or("nobody", |id| id.as_str());
        print_line(format!("    at the same time {} named {name}: confirm which holds", other.by))?;
    }
    for deadline in &office.deadlines {
        print_line(format!("    deadline {}: {}", deadline.which, deadline.day))?;
        for other in &deadline.concurrent {
            print_line(format!("    at the same time set to {other}: confirm which holds"))?;
        }
    }
    for breach in &office.breaches {
        print_line(format!(
            "    BREACH: {} handed this case over to {}, whom the reporter had left out",
            breach.by, breach.value
        ))?;
    }
    Ok(())
}
