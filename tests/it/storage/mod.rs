//! The storage behind its contract, with a real database.

mod model;
mod open;
mod order;
mod uploads;
