//! The inspector's workbench: signing in, reading cases, answering, noting, handing over and exporting, a
//! file for each. Keys never leave the machine; nothing the server sends is run or believed.

mod attachments;
mod case;
mod error;
mod export;
mod handover;
mod inbox;
pub mod memory;
mod opened;
mod records;
mod reply;
mod saving;
pub mod view;
mod workbench;

pub use error::Error;
pub use export::{ExportSummary, Exported};
pub use handover::HandoverSummary;
pub use inbox::InboxEntry;
pub use opened::{CaseWarning, OpenedCase};
pub use records::RecordDraft;
pub use reply::{DraftedReply, ReplyDraft};
pub use workbench::{Desk, Visit};
