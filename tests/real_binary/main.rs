//! Stories of the program as its own process: sockets, signals, power cuts, and the clients that people write.

#[path = "../support/mod.rs"]
mod support;

mod contract;
mod kill_nine;
mod log;
mod real_lines;
mod shop_tool;
