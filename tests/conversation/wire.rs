//! The way back from a printer whose firmware is not the one of the manual, over a line that harms what it says.
//!
//! Whole replies go in; pieces come out when they are due, in order: altered as real firmware may alter them, then
//! split, late, lost, garbled or said twice.

use super::bench::Random;
use std::collections::VecDeque;
use std::time::Duration;

/// What a printer may do that the manual leaves open.
#[derive(Debug, Clone, Copy, Default)]
pub struct Firmware {
    /// ~HS does not count the label under the head.
    pub hides_printing: bool,
    /// Nor the one being drawn meanwhile.
    pub hides_next: bool,
    /// The counter counts torn labels.
    pub counts_torn: bool,
    /// The counter counts this many feeds when the printer is set going again.
    pub counts_feeds: u64,
}

/// What the line does to replies, in percent of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Harm {
    pub split: u64,
    pub late: u64,
    pub late_max: Duration,
    pub lost: u64,
    pub garbled: u64,
    pub twice: u64,
    /// Cut short.
    pub cut: u64,
}

pub struct Wire {
    pub firmware: Firmware,
    pub harm: Harm,
    pub random: Random,
    /// Torn labels and feeds that the counter holds on top.
    pub overcount: u64,
    pieces: VecDeque<(Duration, Vec<u8>)>,
}

impl Wire {
    pub fn new(firmware: Firmware, harm: Harm, random: Random) -> Wire {
        Wire { firmware, harm, random, overcount: 0, pieces: VecDeque::new() }
    }

    pub fn send(&mut self, reply: &[u8], now: Duration) {
        let mut reply = self.alter(reply);
        let mut chance = |percent| self.random.below(100) < percent;
        let (lost, garbled, late, twice, split) = (
            chance(self.harm.lost),
            chance(self.harm.garbled),
            chance(self.harm.late),
            chance(self.harm.twice),
            chance(self.harm.split),
        );
        if lost || reply.is_empty() {
            return;
        }
        if garbled {
            let at = self.random.below(reply.len() as u64) as usize;
            // Half of the time a digit becomes another: the worst that can happen to a count.
            let worst = reply[at].is_ascii_digit() && self.random.one_in(2);
            reply[at] = if worst { b'0' + self.random.below(10) as u8 } else { self.random.below(256) as u8 };
        }
        if self.harm.cut > 0 && self.random.below(100) < self.harm.cut {
            reply.truncate(self.random.below(reply.len() as u64) as usize);
        }
        let mut due = self.pieces.back().map_or(now, |(due, _)| now.max(*due));
        if late {
            due += self.random.ms(0, self.harm.late_max.as_millis() as u64);
        }
        for _ in 0..1 + u8::from(twice) {
            let mut rest = reply.clone();
            while split && rest.len() > 1 && !self.random.one_in(4) {
                let tail = rest.split_off(1 + self.random.below(rest.len() as u64 - 1) as usize);
                self.pieces.push_back((due, rest));
                due += self.random.ms(1, 20);
                rest = tail;
            }
            self.pieces.push_back((due, rest));
        }
    }

    /// Bytes that no printer said.
    pub fn rustle(&mut self, bytes: usize, now: Duration) {
        let noise = (0..bytes).map(|_| self.random.below(256) as u8).collect();
        self.pieces.push_back((self.due().map_or(now, |due| due.max(now)), noise));
    }

    pub fn receive(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.pieces.pop_front_if(|(due, _)| *due <= now).map(|(_, piece)| piece)
    }

    pub fn due(&self) -> Option<Duration> {
        self.pieces.front().map(|(due, _)| *due)
    }

    /// The line is gone, and what was on it.
    pub fn clear(&mut self) {
        self.pieces.clear();
    }

    fn alter(&self, reply: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(reply).into_owned();
        let fields: Vec<&str> = text.split(',').collect();
        if let Some(count) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')?.parse::<u64>().ok()) {
            return format!("\"{}\"", count + self.overcount).into_bytes();
        }
        if let Some(count) = text.strip_suffix("\r\n").and_then(|text| text.parse::<u64>().ok()) {
            return format!("{}\r\n", count + self.overcount).into_bytes();
        }
        // ~HS: eee is field 5 of the first string of 12, uuuuuuuu field 9 of the second, 11 + 8 commas on.
        if fields.len() == 23 {
            let fewer = |field: &str, hide: bool| match field.parse::<u32>() {
                Ok(count) if hide => format!("{:0width$}", count.saturating_sub(1), width = field.len()),
                _ => field.to_owned(),
            };
            let altered = fields.iter().enumerate().map(|(at, field)| match at {
                4 => fewer(field, self.firmware.hides_next),
                19 => fewer(field, self.firmware.hides_printing),
                _ => (*field).to_owned(),
            });
            return altered.collect::<Vec<_>>().join(",").into_bytes();
        }
        reply.to_vec()
    }
}
