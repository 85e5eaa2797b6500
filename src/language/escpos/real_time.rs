//! Real-time commands: a printer obeys them wherever they stand, be it inside the bytes of a picture.
//!
//! "If a command such as graphics data or defined data has a code string that is the same as a code string in a
//! parameter, the printer processes and then continues with the bit-image" (p. 300).

/// DLE, with which they all begin.
const DLE: u8 = 0x10;

/// Where the first real-time command begins in these bytes.
pub fn position(bytes: &[u8]) -> Option<usize> {
    bytes.windows(3).position(|window| matches!(*window, [DLE, command, n] if is_obeyed(command, n)))
}

/// Whether DLE and these two are one.
fn is_obeyed(command: u8, n: u8) -> bool {
    match command {
        // DLE EOT: send a status.
        0x04 => matches!(n, 1..=8 | 18),
        // DLE ENQ: the feed button, recover, recover and clear.
        0x05 => n <= 2,
        // DLE DC4: drawer, power off, buzzer, status, clear the buffers.
        0x14 => matches!(n, 1..=8),
        _ => false,
    }
}
