//! The way back to the host: replies in order, harmed as the seed says.
//!
//! Whole replies go in, pieces come out when they are due. The same seed and the same replies give the same
//! pieces at the same times. Knows no printer language.

use std::collections::VecDeque;
use std::time::Duration;

/// Bytes of replies a printer keeps for a host that does not read; what comes on top is dropped.
pub const UNREAD_BYTES_MAX: usize = 16 * 1024;

/// What happens to replies on their way, each figure in percent of replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    pub seed: u64,
    /// Cut into up to four pieces that arrive apart.
    pub split: u8,
    /// Late, by up to `delay_max`; later replies queue behind.
    pub delay: u8,
    pub delay_max: Duration,
    /// Never sent.
    pub drop: u8,
    /// One byte changed.
    pub garble: u8,
}

/// Replies on their way.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    faults: Faults,
    random: Random,
    pieces: VecDeque<(Duration, Vec<u8>)>,
    bytes: usize,
}

impl Wire {
    pub fn new(faults: Faults) -> Wire {
        Wire { faults, random: Random(faults.seed), pieces: VecDeque::new(), bytes: 0 }
    }

    /// Sends a reply; `false` when nobody has read for so long that it was dropped.
    pub fn send(&mut self, mut reply: Vec<u8>, now: Duration) -> bool {
        if self.bytes + reply.len() > UNREAD_BYTES_MAX {
            return false;
        }
        if reply.is_empty() || self.random.chance(self.faults.drop) {
            return true;
        }
        if self.random.chance(self.faults.garble) {
            let at = self.random.below(reply.len());
            reply[at] ^= 1 + self.random.below(255) as u8;
        }
        let mut due = self.pieces.back().map_or(now, |(due, _)| now.max(*due));
        let late = self.faults.delay_max.as_millis().min(u128::from(u32::MAX)) as usize;
        if self.random.chance(self.faults.delay) {
            due += Duration::from_millis(self.random.below(late + 1) as u64);
        }
        self.bytes += reply.len();
        if self.random.chance(self.faults.split) {
            for _ in 0..3 {
                let rest = reply.split_off(self.random.below(reply.len() + 1));
                if !reply.is_empty() {
                    self.pieces.push_back((due, reply));
                }
                reply = rest;
                // 20 ms apart at most, as over a slow adapter.
                due += Duration::from_millis(1 + self.random.below(20) as u64);
            }
        }
        if !reply.is_empty() {
            self.pieces.push_back((due, reply));
        }
        true
    }

    /// The next piece that has arrived by now.
    pub fn receive(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.due().filter(|due| *due <= now)?;
        let (_, piece) = self.pieces.pop_front()?;
        self.bytes -= piece.len();
        Some(piece)
    }

    /// When the next piece arrives.
    pub fn due(&self) -> Option<Duration> {
        self.pieces.front().map(|(due, _)| *due)
    }

    /// The line is gone, and what was on it.
    pub fn clear(&mut self) {
        self.pieces.clear();
        self.bytes = 0;
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn chance(&mut self, percent: u8) -> bool {
        percent > 0 && self.below(100) < usize::from(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(faults: Faults) -> Vec<(Duration, Vec<u8>)> {
        let mut wire = Wire::new(faults);
        for i in 0..200u32 {
            assert!(wire.send(format!("reply {i:08} of many").into_bytes(), Duration::from_millis(u64::from(i))));
        }
        wire.pieces.into()
    }

    #[test]
    fn without_faults_replies_arrive_whole_and_at_once() {
        let pieces = all(Faults::default());
        assert_eq!(pieces.len(), 200);
        assert_eq!(pieces[7], (Duration::from_millis(7), b"reply 00000007 of many".to_vec()));
    }

    #[test]
    fn one_seed_always_harms_replies_the_same_way_and_keeps_their_order() {
        let faults = Faults { seed: 7, split: 50, delay: 20, delay_max: Duration::from_secs(1), drop: 10, garble: 10 };
        let pieces = all(faults);
        assert_eq!(pieces, all(faults));
        assert_ne!(pieces, all(Faults { seed: 8, ..faults }));
        assert!(pieces.len() > 250, "split: {}", pieces.len());
        assert!(pieces.is_sorted_by_key(|(due, _)| *due));
    }

    #[test]
    fn a_host_that_never_reads_loses_replies_but_costs_no_memory() {
        let mut wire = Wire::new(Faults::default());
        let taken = (0..1_000_000).filter(|_| wire.send(vec![b'x'; 100], Duration::ZERO)).count();
        assert_eq!(taken, UNREAD_BYTES_MAX / 100);
    }
}
