//! Erases names and addresses past their days, by a clock that is distrusted.
//!
//! A clock that jumped erases nothing: the jump is left out of the age of all that was written before it, and is said in
//! the log. A jump is seen when the ledger is opened (against its newest entry) and while the daemon runs (the kernel
//! tells when the clock is set).

use crate::spool::{Spool, SpoolError};
use rustix::fd::{AsFd, OwnedFd};
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime, timerfd_create,
    timerfd_settime,
};
use std::future::pending;
use std::path::Path;
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;
use tracing::{info, warn};

/// Between two sweeps of the ledger for personal data past its days.
const ERASE_EVERY: Duration = Duration::from_secs(24 * 3600);
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// A PC that was off for longer may as well have a clock that jumped ahead. Being wrong costs only that data is kept for
/// as much longer.
const OFF_MAX_MS: i64 = 7 * DAY_MS;
/// A clock that went back by less was only corrected.
const BACK_MAX_MS: i64 = HOUR_MS;
/// Where systemd-timesyncd leaves a mark once the clock was set by NTP.
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";

/// Erases what is older than that, once a day, until it is stopped.
pub async fn erase_old_data(spool: Spool, keep_days: u32, mut stopped: watch::Receiver<bool>) {
    if let Some(gap) = jumped_while_closed(spool.clock_gap()) {
        distrust(&spool, gap).await;
    }
    let mut clock = WallClock::watch();
    loop {
        match erase(&spool, keep_days).await {
            Ok(0) => {}
            Ok(labels) => info!(labels, "erased personal data after {keep_days} days"),
            Err(error) => warn!("{error}"),
        }
        let next = tokio::time::sleep(ERASE_EVERY);
        tokio::pin!(next);
        loop {
            tokio::select! {
                () = &mut next => break,
                gap = clock.jumped() => distrust(&spool, gap).await,
                _ = stopped.changed() => return,
            }
        }
    }
}

async fn erase(spool: &Spool, keep_days: u32) -> Result<usize, SpoolError> {
    spool.erase(spool.now() - i64::from(keep_days) * DAY_MS).await
}

/// The gap between the ledger's newest entry and now, when no PC that was merely off explains it.
fn jumped_while_closed(gap_ms: i64) -> Option<i64> {
    (!(-BACK_MAX_MS..=OFF_MAX_MS).contains(&gap_ms)).then_some(gap_ms)
}

async fn distrust(spool: &Spool, gap_ms: i64) {
    let way = if gap_ms > 0 { "ahead of" } else { "behind" };
    let (days, hours) = (gap_ms.abs() / DAY_MS, gap_ms.abs() % DAY_MS / HOUR_MS);
    let ntp = match Path::new(SYNCHRONIZED).exists() {
        true => "It is synchronized by NTP now.",
        false => "Nothing says that it is synchronized by NTP: check it.",
    };
    warn!(
        "the clock is {days} days and {hours} hours {way} the newest entry of the ledger: no personal data is erased by that. {ntp}"
    );
    if let Err(error) = spool.record_clock_jump(gap_ms).await {
        warn!("{error}");
    }
}

/// The wall clock, held against one that nobody sets.
struct WallClock {
    /// By how much it is ahead of the time since the system started.
    ahead_ms: i64,
    timer: Option<AsyncFd<OwnedFd>>,
}

impl WallClock {
    fn watch() -> WallClock {
        let timer = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC).ok();
        // SAFETY: an `OwnedFd` is open, and stays the same, until the `AsyncFd` drops it.
        let timer = timer.and_then(|timer| unsafe { AsyncFd::register_with_interest(timer, Interest::READABLE) }.ok());
        if timer.is_none() {
            warn!("the kernel does not tell when the clock is set");
        }
        WallClock { ahead_ms: ahead_ms(), timer }
    }

    /// Waits until the clock was set by more than an hour; by how much.
    async fn jumped(&mut self) -> i64 {
        loop {
            let Some(timer) = &self.timer else { return pending().await };
            // Far away: it is readable only because the clock was set.
            let far = Timespec { tv_sec: clock_gettime(ClockId::Realtime).tv_sec + 100 * 365 * 86_400, tv_nsec: 0 };
            let never = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: far };
            let armed = timerfd_settime(timer.as_fd(), TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET, &never);
            if armed.is_err() {
                return pending().await;
            }
            let Ok(mut ready) = timer.readable().await else { return pending().await };
            let mut count = [0; 8];
            // It says that it was canceled, which is what was waited for.
            let _ = rustix::io::read(timer.as_fd(), &mut count);
            ready.clear_ready();
            let gap = ahead_ms() - self.ahead_ms;
            if gap.abs() > HOUR_MS {
                self.ahead_ms += gap;
                return gap;
            }
        }
    }
}

fn ahead_ms() -> i64 {
    let ms = |time: Timespec| time.tv_sec * 1000 + time.tv_nsec / 1_000_000;
    ms(clock_gettime(ClockId::Realtime)) - ms(clock_gettime(ClockId::Boottime))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weekend_is_no_jump_and_forty_days_are_one_either_way() {
        assert_eq!(jumped_while_closed(3 * DAY_MS), None);
        assert_eq!(jumped_while_closed(-60_000), None);
        assert_eq!(jumped_while_closed(40 * DAY_MS), Some(40 * DAY_MS));
        assert_eq!(jumped_while_closed(-40 * DAY_MS), Some(-40 * DAY_MS));
    }
}
