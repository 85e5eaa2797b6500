//! Delivers events to other programs: what goes into a delivery and when it is tried again ([`courier`]), and posting it
//! ([`http`]).

pub mod courier;
pub mod http;
