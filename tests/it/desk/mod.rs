//! What the inspector's side remembers.

mod memory;
