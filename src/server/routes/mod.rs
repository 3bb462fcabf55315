//! The handlers, a file a noun. [`super::router`] says which address leads to which.

pub mod blob;
pub mod cases;
pub mod extract;
pub mod mailbox;
pub mod pages;
pub mod profile;
pub mod receiving;
pub mod sealed_form;
pub mod sign_in;
pub mod tus;
pub mod uploads;
