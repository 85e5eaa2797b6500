//! A virtual printer in real time: the machine that keeps its clock, the tray its labels fall into, and the pseudo terminal
//! it may stand behind.

mod machine;
mod pty;
mod tray;

pub use machine::Machine;
pub use pty::Pty;
pub use tray::{Tray, Voice};
