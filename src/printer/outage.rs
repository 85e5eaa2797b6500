//! Times in which a printer could not print, so that the end of a long one is no flood.

use std::time::Duration;
use tokio::time::Instant;

/// Watches one printer for times in which it cannot print.
pub struct Outages {
    /// After an outage so long, labels that waited for longer are held; `None`: they print.
    hold_after: Option<Duration>,
    current: Option<Outage>,
}

/// A time in which the printer could not print.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    began: Instant,
    /// How long the daemon had not been there to see it when it began.
    before: Duration,
}

impl Outages {
    /// The daemon itself was away for `before`: that counts as an outage too.
    pub fn new(hold_after: Option<Duration>, before: Duration, now: Instant) -> Outages {
        Outages { hold_after, current: Some(Outage { began: now, before }) }
    }

    /// The printer cannot print.
    pub fn began(&mut self, now: Instant) {
        self.current.get_or_insert(Outage { began: now, before: Duration::ZERO });
    }

    /// The printer can print. Labels that waited for longer than this are to be held, if it could not for long enough;
    /// [`Outages::resume`] takes the outage back when they could not be held.
    pub fn ended(&mut self, now: Instant) -> Option<(Duration, Outage)> {
        let hold_after = self.hold_after?;
        let outage = self.current.take()?;
        (outage.before + now.saturating_duration_since(outage.began) >= hold_after).then_some((hold_after, outage))
    }

    /// The outage has not been dealt with.
    pub fn resume(&mut self, outage: Outage) {
        self.current = Some(outage);
    }

    /// An operator wants what waits to be printed.
    pub fn forget(&mut self) {
        self.current = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn only_an_outage_longer_than_agreed_holds_what_waited_through_it() {
        let start = Instant::now();
        let mut outages = Outages::new(Some(HOUR), Duration::ZERO, start);
        assert!(outages.ended(start).is_none(), "the daemon was away for a moment");
        outages.began(start);
        outages.began(start + HOUR / 2);
        let (longer_than, outage) = outages.ended(start + HOUR).expect("it began with the first of the two");
        assert_eq!(longer_than, HOUR);
        assert!(outages.ended(start + HOUR).is_none(), "an outage ends once");
        outages.resume(outage);
        assert!(outages.ended(start + HOUR).is_some(), "what could not be held is held later");
    }

    #[test]
    fn the_time_the_daemon_was_away_counts_and_an_operator_ends_it() {
        let now = Instant::now();
        assert!(Outages::new(Some(HOUR), HOUR * 2, now).ended(now).is_some());
        let mut outages = Outages::new(Some(HOUR), HOUR * 2, now);
        outages.forget();
        assert!(outages.ended(now).is_none());
        assert!(Outages::new(None, HOUR * 2, now).ended(now).is_none(), "nobody asked for it");
    }
}
