//! What is known of carriers, as data: how their numbers are built ([`number`]) and what their codes put around a number
//! ([`wrapped`]). Text goes in and comes out; knows no label and no ledger.

pub mod number;
pub mod wrapped;
