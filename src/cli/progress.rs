//! How far a job is, on standard error: a bar on a terminal, now and then a line elsewhere.
//!
//! A job goes in each time something happened to it. Knows no daemon.

use super::job::Job;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// A log that is not a terminal gets at most one line of counts in this time, and none twice.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The bar, or what was last said in its place.
pub struct Progress {
    bar: ProgressBar,
    counted: Instant,
    counts: String,
    trouble: Option<String>,
}

impl Progress {
    /// An empty bar for so many labels.
    pub fn new(total: usize) -> Progress {
        // It hides itself where there is no terminal.
        let bar = ProgressBar::new(total as u64);
        let style = ProgressStyle::with_template("{bar:32} {pos}/{len} {msg}").expect("the template is tested");
        bar.set_style(style);
        Progress { bar, counted: Instant::now(), counts: String::new(), trouble: None }
    }

    /// Shows where the job is, and why the printer does not print, when it does not.
    pub fn show(&mut self, job: &Job, trouble: Option<&str>) {
        if !self.bar.is_hidden() {
            self.bar.set_position(job.ended() as u64);
            self.bar.set_message(trouble.map_or_else(|| job.counts(), str::to_owned));
        } else if let Some(line) = self.line(job, trouble, Instant::now()) {
            eprintln!("{line}");
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&mut self, job: &Job, trouble: Option<&str>, now: Instant) -> Option<String> {
        if self.trouble.as_deref() != trouble {
            self.trouble = trouble.map(str::to_owned);
            return Some(trouble.map_or_else(|| format!("{}: goes on.", job.printer), str::to_owned));
        }
        let counts = job.counts();
        if now < self.counted + LINE_EVERY || counts == self.counts {
            return None;
        }
        self.counted = now;
        self.counts = counts;
        Some(format!("{} of {}: {}.", job.ended(), job.total(), self.counts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_hears_of_trouble_at_once_and_of_counts_every_five_seconds() {
        let job = super::super::job::tests::job(&["printed", "waiting"]);
        let mut progress = Progress::new(2);
        let start = progress.counted;
        let mut say = |trouble, seconds| progress.line(&job, trouble, start + Duration::from_secs(seconds));
        let out = "pack-1: out of labels: load a roll; printing goes on by itself.";
        assert_eq!(say(None, 1), None);
        assert_eq!(say(Some(out), 2).as_deref(), Some(out));
        assert_eq!(say(Some(out), 3), None);
        assert_eq!(say(None, 4).as_deref(), Some("pack-1: goes on."));
        assert_eq!(say(None, 6).as_deref(), Some("1 of 2: 1 printed, 1 waiting."));
        assert_eq!(say(None, 7), None);
        assert_eq!(say(None, 60), None);
    }
}
