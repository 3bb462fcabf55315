//! The server over its socket.

mod damage;
mod hostile;
mod inspector;
mod mailbox;
mod offices;
mod one_way;
mod openapi;
mod pages;
mod rights;
mod sending;
mod start;
mod tus;
