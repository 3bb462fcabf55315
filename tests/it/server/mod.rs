//! The server over its socket.

mod hostile;
mod inspector;
mod mailbox;
mod one_way;
mod openapi;
mod pages;
mod tus;
