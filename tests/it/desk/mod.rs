//! The inspector's side.

mod bad_line;
mod gone;
mod hostile;
mod line;
mod memory;
mod office_life;
mod session;
