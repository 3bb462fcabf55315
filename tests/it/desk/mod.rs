//! The inspector's side.

mod hostile;
mod memory;
mod session;
