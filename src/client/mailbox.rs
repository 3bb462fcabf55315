//! A reporter's mailbox, page by page (PROTOCOL 4.3).

use super::error::Error;
use super::listing::{MESSAGES_MAX, check_entries};
use super::transport::{Bearer, Client, authorization, decode_json};
use crate::protocol::api::{ListedMessage, MailboxPage};
use crate::protocol::erasure::ErasureOrder;
use crate::protocol::ids::CaseId;
use crate::protocol::record::ThreadName;

/// All that a mailbox lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedMailbox {
    /// Nothing when the token names no mailbox.
    pub case: Option<CaseId>,
    /// The operator has dropped the case.
    pub dropped: bool,
    pub messages: Vec<ListedMessage>,
    pub orders: Vec<ErasureOrder>,
}

impl Client {
    /// Every message of the mailbox that this token names.
    pub fn mailbox(&self, token: &Bearer) -> Result<ListedMailbox, Error> {
        let MailboxPage { case, dropped, messages, orders, mut next } = self.mailbox_page(token, 0)?;
        let mut mailbox = ListedMailbox { case, dropped, messages, orders };
        while let Some(from) = next {
            // What rises has an end, whatever the server says.
            let behind = mailbox.messages.len() as u64;
            if from != behind || behind >= MESSAGES_MAX {
                return Err(Error::UnexpectedAnswer("a page that does not follow"));
            }
            let page = self.mailbox_page(token, from)?;
            if page.case != mailbox.case || page.messages.is_empty() {
                return Err(Error::UnexpectedAnswer("a page that does not follow"));
            }
            mailbox.dropped |= page.dropped;
            mailbox.messages.extend(page.messages);
            for order in page.orders {
                if !mailbox.orders.contains(&order) {
                    mailbox.orders.push(order);
                }
            }
            next = page.next;
        }
        Ok(mailbox)
    }

    fn mailbox_page(&self, token: &Bearer, from: u64) -> Result<MailboxPage, Error> {
        let path = format!("/mailbox?from={from}");
        let authorization = authorization(token);
        let page: MailboxPage =
            self.patiently(|| decode_json(self.get(&path, &[("authorization", authorization.as_str())])?))?;
        check_entries(&page.messages, ThreadName::Mailbox, from)?;
        Ok(page)
    }
}
