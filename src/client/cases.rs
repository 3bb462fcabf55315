//! The list of cases, and how far each has come (PROTOCOL 4.5). Neither has a ceiling: what is
//! large is asked for in smaller parts.

use std::collections::VecDeque;

use super::error::Error;
use super::listing::{MESSAGES_MAX, check_entries};
use super::session::Credentials;
use super::transport::{Client, TOO_LONG, authorization, decode_json};
use crate::protocol::api::{
    CaseRequest, CasesAnswer, CasesPage, CasesRequest, ListedCase, ListedMessage, ListedReport,
};
use crate::protocol::erasure::ErasureOrder;
use crate::protocol::ids::CaseId;
use crate::protocol::record::ThreadName;
use crate::protocol::upload::MessageKind;

const CASES_PER_PAGE: usize = 500;
/// Cases asked for in one request; fewer where their answer gets too long.
const CASES_PER_READ: usize = 200;

/// What stands in a case's two threads behind the lengths that were known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseListing {
    pub case: CaseId,
    pub mailbox: Vec<ListedMessage>,
    pub office: Vec<ListedMessage>,
    pub orders: Vec<ErasureOrder>,
}

impl Client {
    /// Every case with its report's entry, in the order of their ids.
    pub fn cases(&self, session: &dyn Credentials) -> Result<Vec<ListedReport>, Error> {
        let mut cases: Vec<ListedReport> = Vec::new();
        let mut path = format!("/cases?limit={CASES_PER_PAGE}");
        loop {
            let page = self.cases_page(session, &path)?;
            let was_empty = page.cases.is_empty();
            for listed in page.cases {
                // Strictly rising ids end the walk whatever the server says.
                if cases.last().is_some_and(|last| last.case >= listed.case) {
                    return Err(Error::UnexpectedAnswer("cases out of order"));
                }
                cases.push(listed);
            }
            match page.next {
                Some(next) if !was_empty => path = format!("/cases?after={next}&limit={CASES_PER_PAGE}"),
                _ => return Ok(cases),
            }
        }
    }

    /// The entry of one case's report, if there is such a case.
    pub fn case_report(
        &self,
        session: &dyn Credentials,
        case: CaseId,
    ) -> Result<Option<ListedReport>, Error> {
        // The page that begins behind the id before it.
        let before = u128::from_be_bytes(*case.as_bytes()).checked_sub(1);
        let after = before.map(|before| format!("after={}&", CaseId::from_bytes(before.to_be_bytes())));
        let page = self.cases_page(session, &format!("/cases?{}limit=1", after.unwrap_or_default()))?;
        Ok(page.cases.into_iter().find(|listed| listed.case == case))
    }

    fn cases_page(&self, session: &dyn Credentials, path: &str) -> Result<CasesPage, Error> {
        let page: CasesPage = self.patiently(|| {
            self.authorized(session, |bearer| {
                let authorization = authorization(bearer);
                decode_json(self.get(path, &[("authorization", authorization.as_str())])?)
            })
        })?;
        for listed in &page.cases {
            check_entries(std::slice::from_ref(&listed.report), ThreadName::Mailbox, 0)?;
        }
        Ok(page)
    }

    /// Asks for many cases and hands each on with what of it is new. A case that the server answers wrongly
    /// costs that case alone; an error of the whole is one of the line or the session.
    pub fn read_cases(
        &self,
        session: &dyn Credentials,
        requests: Vec<CaseRequest>,
        mut each: impl FnMut(CaseId, Result<CaseListing, Error>),
    ) -> Result<(), Error> {
        let mut waiting: VecDeque<PendingCase> = requests.into_iter().map(PendingCase::new).collect();
        let mut batch_max = CASES_PER_READ;
        while !waiting.is_empty() {
            let batch_length = waiting.len().min(batch_max);
            let request = CasesRequest {
                cases: waiting.iter().take(batch_length).map(|pending| pending.request.clone()).collect(),
            };
            let answer = match self.read_batch(session, &request) {
                Err(error) if batch_length > 1 && is_too_long(&error) => {
                    batch_max = batch_length.div_ceil(2);
                    continue;
                }
                answer => answer,
            };
            let batch: Vec<_> = waiting.drain(..batch_length).collect();
            let answer = match answer {
                // One case whose own answer is too long, or which is answered with nonsense.
                Err(error) if batch_length == 1 && !error.is_passing() => {
                    each(batch[0].request.case, Err(error));
                    continue;
                }
                answer => answer?,
            };
            if answer.cases.len() != batch.len() {
                return Err(Error::UnexpectedAnswer("other cases than were asked for"));
            }
            for (pending, listed) in batch.into_iter().zip(answer.cases) {
                let case = pending.request.case;
                match pending.take(listed) {
                    Ok(Taken::Whole(listing)) => each(case, Ok(listing)),
                    // The next part of a long case comes before other cases, so that
                    // one at a time is in memory.
                    Ok(Taken::More(pending)) => waiting.push_front(pending),
                    Err(error) => each(case, Err(error)),
                }
            }
        }
        Ok(())
    }

    /// The same for one case.
    pub fn read_case(&self, session: &dyn Credentials, request: CaseRequest) -> Result<CaseListing, Error> {
        let mut found = Err(Error::UnexpectedAnswer("other cases than were asked for"));
        self.read_cases(session, vec![request], |_, listing| found = listing)?;
        found
    }

    fn read_batch(&self, session: &dyn Credentials, request: &CasesRequest) -> Result<CasesAnswer, Error> {
        self.patiently(|| {
            self.authorized(session, |bearer| {
                let authorization = authorization(bearer);
                self.post_json("/cases/read", &[("authorization", authorization.as_str())], request)
            })
        })
    }
}

/// A case of which more is to be asked for, and what of it has come.
struct PendingCase {
    request: CaseRequest,
    listing: CaseListing,
}

enum Taken {
    Whole(CaseListing),
    More(PendingCase),
}

impl PendingCase {
    fn new(request: CaseRequest) -> Self {
        let case = request.case;
        let listing = CaseListing { case, mailbox: Vec::new(), office: Vec::new(), orders: Vec::new() };
        Self { request, listing }
    }

    fn take(mut self, listed: ListedCase) -> Result<Taken, Error> {
        if listed.case != self.request.case {
            return Err(Error::UnexpectedAnswer("another case"));
        }
        check_entries(&listed.mailbox, ThreadName::Mailbox, self.request.mailbox)?;
        check_entries(&listed.office, ThreadName::Office, self.request.office)?;
        if listed.mailbox.iter().any(|entry| (entry.kind == MessageKind::Report) != (entry.position == 0)) {
            return Err(Error::UnexpectedAnswer("a report that is not first"));
        }
        let nothing_came = listed.mailbox.is_empty() && listed.office.is_empty();
        self.request.mailbox += listed.mailbox.len() as u64;
        self.request.office += listed.office.len() as u64;
        self.listing.mailbox.extend(listed.mailbox);
        self.listing.office.extend(listed.office);
        for order in listed.orders {
            if !self.listing.orders.contains(&order) {
                self.listing.orders.push(order);
            }
        }
        if !listed.more {
            return Ok(Taken::Whole(self.listing));
        }
        if nothing_came || self.request.mailbox.max(self.request.office) > MESSAGES_MAX {
            return Err(Error::UnexpectedAnswer("a case without an end"));
        }
        Ok(Taken::More(self))
    }
}

/// Whether fewer cases at once would be answered.
fn is_too_long(error: &Error) -> bool {
    *error == TOO_LONG
        || matches!(error, Error::Problem { status: 413, .. } | Error::RefusedBefore { status: 413 })
}
