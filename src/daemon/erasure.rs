//! Erases names and addresses past their days, by a clock that is distrusted.
//!
//! A clock that jumped erases nothing: the jump is left out of the age of all that was written before it, and is said in
//! the log. Where it cannot be noted in the ledger, nothing is erased until it can. A jump is seen when the ledger is opened (against its newest entry) and while the daemon runs (the kernel
//! tells when the clock is set, and it is looked at before each sweep).

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
/// Before a jump that the ledger could not note is noted after all.
const NOTE_AGAIN: Duration = Duration::from_secs(60);
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// A PC that was off for longer may as well have a clock that jumped ahead. Being wrong costs only that data is kept for
/// as much longer.
const OFF_MAX_MS: i64 = 7 * DAY_MS;
/// A clock that went back by less was only corrected.
const BACK_MAX_MS: i64 = HOUR_MS;
/// Where systemd-timesyncd leaves a mark once the clock was set by NTP.
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";

/// Erases what is older than that, once a day and whenever the clock was set, until it is stopped.
pub async fn erase_old_data(spool: Spool, keep_days: u32, stopped: watch::Receiver<bool>) {
    keep_erasing(spool, keep_days, WallClock::watch(), stopped).await;
}

async fn keep_erasing(spool: Spool, keep_days: u32, mut clock: impl Settable, mut stopped: watch::Receiver<bool>) {
    // By how much it was ahead when the ledger last knew the time.
    let mut ahead_ms = clock.ahead_ms() - jumped_while_closed(spool.clock_gap()).unwrap_or(0);
    loop {
        let jump = clock.ahead_ms() - ahead_ms;
        let accounted = if jump.abs() > HOUR_MS { distrust(&spool, jump).await } else { Ok(()) };
        let pause = match accounted {
            Ok(()) => {
                if jump.abs() > HOUR_MS {
                    ahead_ms += jump;
                }
                match erase(&spool, keep_days).await {
                    Ok(0) => {}
                    Ok(labels) => info!(labels, "erased personal data after {keep_days} days"),
                    Err(error) => warn!("{error}"),
                }
                ERASE_EVERY
            }
            // By a clock that the ledger takes for right, too much would go.
            Err(error) => {
                warn!("no personal data is erased before the ledger has noted how far the clock jumped: {error}");
                NOTE_AGAIN
            }
        };
        tokio::select! {
            biased;
            _ = stopped.changed() => return,
            () = clock.set() => {}
            () = tokio::time::sleep(pause) => {}
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

async fn distrust(spool: &Spool, gap_ms: i64) -> Result<(), SpoolError> {
    let way = if gap_ms > 0 { "ahead of" } else { "behind" };
    let (days, hours) = (gap_ms.abs() / DAY_MS, gap_ms.abs() % DAY_MS / HOUR_MS);
    let ntp = match Path::new(SYNCHRONIZED).exists() {
        true => "It is synchronized by NTP now.",
        false => "Nothing says that it is synchronized by NTP: check it.",
    };
    warn!(
        "the clock is {days} days and {hours} hours {way} the newest entry of the ledger: no personal data is erased by that. {ntp}"
    );
    spool.record_clock_jump(gap_ms).await
}

/// A clock that is set now and then, held against one that nobody sets.
trait Settable {
    /// By how much it is ahead of that one.
    fn ahead_ms(&self) -> i64;

    /// Waits until it may have been set.
    fn set(&mut self) -> impl Future<Output = ()> + Send;
}

/// The wall clock; `None`: the kernel does not tell when it is set.
struct WallClock(Option<AsyncFd<OwnedFd>>);

impl WallClock {
    fn watch() -> WallClock {
        let timer = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC).ok();
        // SAFETY: an `OwnedFd` is open, and stays the same, until the `AsyncFd` drops it.
        let timer = timer.and_then(|timer| unsafe { AsyncFd::register_with_interest(timer, Interest::READABLE) }.ok());
        if timer.is_none() {
            warn!("the kernel does not tell when the clock is set");
        }
        WallClock(timer)
    }
}

impl Settable for WallClock {
    fn ahead_ms(&self) -> i64 {
        let ms = |time: Timespec| time.tv_sec * 1000 + time.tv_nsec / 1_000_000;
        ms(clock_gettime(ClockId::Realtime)) - ms(clock_gettime(ClockId::Boottime))
    }

    async fn set(&mut self) {
        let Some(timer) = &self.0 else { return pending().await };
        // Far away: it is readable only because the clock was set.
        let far = Timespec { tv_sec: clock_gettime(ClockId::Realtime).tv_sec + 100 * 365 * 86_400, tv_nsec: 0 };
        let never = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: far };
        match timerfd_settime(timer.as_fd(), TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET, &never) {
            Ok(_) => {}
            // It was set since it was last armed.
            Err(rustix::io::Errno::CANCELED) => return,
            Err(_) => return pending().await,
        }
        let Ok(mut ready) = timer.readable().await else { return pending().await };
        let mut count = [0; 8];
        // It says that it was canceled, which is what was waited for.
        let _ = rustix::io::read(timer.as_fd(), &mut count);
        ready.clear_ready();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::{Clock, NewJob, NewLabel, Outcome};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};
    use tokio::sync::Notify;

    /// A PC's clock, and how far it is ahead of the time since its start.
    struct Battery {
        now: Arc<AtomicI64>,
        up_since: i64,
        set: Arc<Notify>,
    }

    impl Settable for Battery {
        fn ahead_ms(&self) -> i64 {
            self.now.load(Ordering::Relaxed) - self.up_since
        }

        async fn set(&mut self) {
            self.set.notified().await;
        }
    }

    async fn print(spool: &Spool, id: &str) {
        let label = NewLabel::new(id, format!(r#"{{"id":"{id}"}}"#), blake3::hash(b"template"));
        spool.take(NewJob::new(id, blake3::hash(id.as_bytes()), "p", vec![label])).await.expect("it is new");
        let next = spool.upcoming("p", 1).await.expect("it waits").remove(0);
        spool.sending("p", vec![(next.key, blake3::hash(b"dots"))]).await.expect("it waits");
        spool.settle(next.key, next.attempt, Outcome::Sent).await.expect("it was sent");
    }

    #[tokio::test]
    async fn on_a_pc_without_a_battery_data_goes_when_the_clock_is_set_right_and_not_before() {
        let (dir, now) = (tempfile::tempdir().expect("a folder"), Arc::new(AtomicI64::new(0)));
        let spring = 56 * 365 * DAY_MS;
        let open = || {
            let now = now.clone();
            let clock: Clock = Arc::new(move || now.load(Ordering::Relaxed));
            Spool::open(dir.path(), clock).expect("a ledger")
        };
        let at = |time: i64| now.store(time, Ordering::Relaxed);
        {
            let spool = open();
            at(spring);
            print(&spool, "old").await;
            at(spring + 99 * DAY_MS);
            print(&spool, "young").await;
        }
        // The next morning its clock begins in 1970.
        at(60_000);
        let spool = open();
        let set = Arc::new(Notify::new());
        let battery = Battery { now: now.clone(), up_since: 60_000, set: set.clone() };
        let (stop, stopped) = watch::channel(false);
        let erasing = tokio::spawn(keep_erasing(spool.clone(), 90, battery, stopped));
        let kept = async |id: &str| spool.label(id).await.expect("its row stays").waybill.is_some();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(kept("old").await, "nothing goes by a clock of 1970");
        at(spring + 100 * DAY_MS);
        set.notify_one();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while kept("old").await {
            assert!(tokio::time::Instant::now() < deadline, "its days are over, and it is kept");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(kept("young").await);
        // Both jumps are remembered: the young one goes in its turn.
        at(spring + 192 * DAY_MS);
        assert_eq!(spool.erase(spring + 102 * DAY_MS).await, Ok(1));
        stop.send(true).expect("it erases still");
        erasing.await.expect("it ends");
    }

    #[test]
    fn a_weekend_is_no_jump_and_forty_days_are_one_either_way() {
        assert_eq!(jumped_while_closed(3 * DAY_MS), None);
        assert_eq!(jumped_while_closed(-60_000), None);
        assert_eq!(jumped_while_closed(40 * DAY_MS), Some(40 * DAY_MS));
        assert_eq!(jumped_while_closed(-40 * DAY_MS), Some(-40 * DAY_MS));
    }
}
