//! What goes into one delivery of events, how it is signed, and when a failed one is tried again.
//!
//! Events go in as the ledger has them, oldest first; a [`Batch`] comes out, and the outcome of its delivery goes back
//! in. A target that does not take a batch gets the same events again, later and later, and the newer ones behind them:
//! each at least once, in order. Knows no socket, no clock and no ledger; time is handed in.

use crate::spool::events::{Gap, Happened};
use crate::spool::{Event, EventKind};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write;
use std::time::Duration;

/// Events in one delivery.
pub const EVENTS_MAX: usize = 100;
/// Pauses between two tries of one delivery, the first and the longest.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(600);

/// What proves to the target that a delivery is ours and how old it is: `v1=` and the HMAC-SHA-256 of timestamp, a full
/// stop and the body, in hex.
pub fn sign(secret: &[u8], timestamp: u64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(format!("{timestamp}.").as_bytes());
    mac.update(body);
    let mut signature = "v1=".to_owned();
    for byte in mac.finalize().into_bytes() {
        write!(signature, "{byte:02x}").expect("a String takes every byte");
    }
    signature
}

/// The last event that one target took, and when to go on.
#[derive(Debug, Clone)]
pub struct Courier {
    /// The kinds it wants; none: all.
    wanted: Vec<EventKind>,
    told: i64,
    failures: u32,
    not_before: Duration,
}

/// What to do for a target now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing is new.
    Rest,
    /// The last delivery failed: not before then.
    WaitUntil(Duration),
    /// Read events after that one.
    ReadAfter(i64),
}

/// Events of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Those the target wants, oldest first; none when it wants none of those that were read.
    pub events: Vec<Event>,
    /// When it has these, it has everything up to here.
    pub up_to: i64,
}

impl Courier {
    pub fn new(told: i64, wanted: Vec<EventKind>) -> Courier {
        Courier { wanted, told, failures: 0, not_before: Duration::ZERO }
    }

    /// The newest event the target has, or does not want.
    pub fn told(&self) -> i64 {
        self.told
    }

    /// How often in a row it did not take a delivery.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// What to do now, when `latest` is the newest event there is.
    pub fn poll(&self, latest: i64, now: Duration) -> Next {
        match latest > self.told {
            false => Next::Rest,
            true if now < self.not_before => Next::WaitUntil(self.not_before),
            true => Next::ReadAfter(self.told),
        }
    }

    /// Makes a delivery of the events that were read after [`Courier::told`]. Events that were erased before they
    /// were delivered are delivered as one `gap`.
    pub fn pack(&self, read: Vec<Event>) -> Batch {
        let up_to = read.last().map_or(self.told, |event| event.seq);
        let gap = read.first().filter(|first| first.seq > self.told + 1).map(|first| Event {
            seq: first.seq - 1,
            at: first.at,
            kind: EventKind::Gap,
            job: None,
            label: None,
            printer: None,
            data: Happened::Gap(Gap { from: self.told + 1, to: first.seq - 1 }).data(),
        });
        let wanted = read.into_iter().filter(|event| self.wanted.is_empty() || self.wanted.contains(&event.kind));
        Batch { events: gap.into_iter().chain(wanted).collect(), up_to }
    }

    /// The target has everything up to that event.
    pub fn handle_taken(&mut self, up_to: i64) {
        self.told = self.told.max(up_to);
        self.failures = 0;
        self.not_before = Duration::ZERO;
    }

    /// It did not take the delivery. `chance`, from 0 to 1, keeps many from trying again at the same moment.
    pub fn handle_failed(&mut self, now: Duration, chance: f64) {
        let longest = PAUSE_MIN.saturating_mul(1 << self.failures.min(16)).min(PAUSE_MAX);
        self.failures = self.failures.saturating_add(1);
        self.not_before = now + longest.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: i64, kind: EventKind) -> Event {
        Event { seq, at: 1_000, kind, job: None, label: None, printer: None, data: "{}".to_owned() }
    }

    #[test]
    fn a_signature_is_the_one_that_other_tools_make() {
        // printf '1700000000.{"events":[]}' | openssl dgst -sha256 -hmac 'a secret of ours'
        let signature = sign(b"a secret of ours", 1_700_000_000, br#"{"events":[]}"#);
        assert_eq!(signature, "v1=33efba164eaed04d93b01622114cecf9789e82e182407730b19428751c1982cb");
    }

    #[test]
    fn a_target_that_fails_is_tried_later_and_later_and_at_once_after_it_took_something() {
        let mut courier = Courier::new(5, Vec::new());
        assert_eq!(courier.poll(5, Duration::ZERO), Next::Rest);
        assert_eq!(courier.poll(6, Duration::ZERO), Next::ReadAfter(5));
        let mut now = Duration::ZERO;
        let mut pauses = Vec::new();
        for _ in 0..12 {
            courier.handle_failed(now, 1.0);
            let Next::WaitUntil(until) = courier.poll(6, now) else { panic!("it waits") };
            pauses.push((until - now).as_secs());
            now = until;
            assert_eq!(courier.poll(6, now), Next::ReadAfter(5), "nothing is skipped");
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
        courier.handle_taken(6);
        assert_eq!((courier.told(), courier.failures(), courier.poll(7, now)), (6, 0, Next::ReadAfter(6)));
        courier.handle_failed(now, 0.0);
        assert_eq!(courier.poll(7, now), Next::WaitUntil(now + Duration::from_millis(500)));
    }

    #[test]
    fn only_what_a_target_wants_goes_out_and_the_rest_counts_as_told() {
        let courier = Courier::new(1, vec![EventKind::Printed]);
        let batch = courier.pack(vec![event(2, EventKind::Sending), event(3, EventKind::Printed), event(4, EventKind::Sending)]);
        assert_eq!((batch.events, batch.up_to), (vec![event(3, EventKind::Printed)], 4));
        assert!(courier.pack(vec![event(2, EventKind::Sending)]).events.is_empty());
    }

    #[test]
    fn what_was_erased_before_it_was_told_is_told_as_a_gap() {
        let courier = Courier::new(10, vec![EventKind::Printed]);
        let batch = courier.pack(vec![event(51, EventKind::Sending), event(52, EventKind::Printed)]);
        let told: Vec<(i64, EventKind, &str)> = batch.events.iter().map(|e| (e.seq, e.kind, e.data.as_str())).collect();
        assert_eq!(told, [(50, EventKind::Gap, r#"{"from":11,"to":50}"#), (52, EventKind::Printed, "{}")]);
        assert_eq!(courier.pack(vec![event(11, EventKind::Printed)]).events.len(), 1, "nothing is missing");
    }
}
