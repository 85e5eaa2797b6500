//! The daemon's log: lines go through a bounded queue to a thread of their own, which writes them to standard error.
//!
//! The rest of the daemon never waits for the sink and never sees its errors: a full disk, a closed pipe or a reader that
//! hangs costs log lines, never labels. Lost lines are counted, and the count is logged as soon as the sink takes lines
//! again. (`tracing-appender` has such a queue too, but says nothing of lines that the sink refused.)

use jiff::Timestamp;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};
use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait for the sink: some seconds of a busy daemon.
const LINES_MAX: usize = 4096;
/// A longer line is cut there, so that the queue is bounded in bytes too.
const LINE_BYTES_MAX: usize = 8 * 1024;
/// How long the end of the program waits for the sink.
const FLUSH_MAX: Duration = Duration::from_millis(500);
/// Pause before a sink that is full for the moment (`O_NONBLOCK`) is tried again.
const SINK_PAUSE: Duration = Duration::from_millis(10);

/// The log; what still waits when it is dropped is written then, within half a second.
pub struct Log {
    writer: Writer,
}

/// A way into the log for each thread; writing to it neither waits nor fails.
#[derive(Clone)]
pub struct Writer {
    queue: SyncSender<Item>,
    lost: Arc<AtomicU64>,
}

enum Item {
    Line(Vec<u8>),
    /// Everything before it has been tried: answer there.
    Flush(SyncSender<()>),
}

impl Log {
    /// Begins the thread that writes to standard error, on a descriptor of its own: a write that hangs there holds no lock
    /// of [`std::io::stderr`].
    pub fn to_stderr() -> io::Result<Log> {
        let sink = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        Log::to(sink)
    }

    fn to(sink: impl Write + Send + 'static) -> io::Result<Log> {
        let (queue, items) = sync_channel(LINES_MAX);
        let lost = Arc::new(AtomicU64::new(0));
        let sink = Sink { sink, lost: lost.clone(), is_torn: false };
        thread::Builder::new().name("log".to_owned()).spawn(move || sink.write_all_of(&items))?;
        Ok(Log { writer: Writer { queue, lost } })
    }

    pub fn writer(&self) -> Writer {
        self.writer.clone()
    }

    /// Logs what ends the program: each line of it as it stands.
    pub fn say(&self, text: &str) {
        text.lines().for_each(|line| self.writer.put(format!("{line}\n").as_bytes()));
    }

    /// From now on a panic is logged, and no longer written to standard error by the thread that panics. Its message may
    /// hold what a label says, so only a literal one is logged.
    pub fn log_panics() {
        std::panic::set_hook(Box::new(|panic: &PanicHookInfo| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let message = panic.payload().downcast_ref::<&str>().unwrap_or(&"(its message may hold personal data)");
            tracing::error!("a fault of waybilld at {place}: {message}");
        }));
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let deadline = Instant::now() + FLUSH_MAX;
        let (done, flushed) = sync_channel(1);
        let mut item = Item::Flush(done);
        // The queue may be full because the sink hangs.
        while let Err(TrySendError::Full(back)) = self.writer.queue.try_send(item) {
            if Instant::now() >= deadline {
                return;
            }
            item = back;
            thread::sleep(SINK_PAUSE);
        }
        let _ = flushed.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

impl Writer {
    fn put(&self, line: &[u8]) {
        let mut line = line.to_vec();
        if line.len() > LINE_BYTES_MAX {
            line.truncate(LINE_BYTES_MAX);
            line.push(b'\n');
        }
        if self.queue.try_send(Item::Line(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Write for Writer {
    /// Takes whole lines, as `tracing_subscriber` writes them.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Writer {
    type Writer = Writer;

    fn make_writer(&self) -> Writer {
        self.clone()
    }
}

/// The end that may hang and fail.
struct Sink<W> {
    sink: W,
    lost: Arc<AtomicU64>,
    /// The last line was written in part.
    is_torn: bool,
}

impl<W: Write> Sink<W> {
    fn write_all_of(mut self, items: &Receiver<Item>) {
        for item in items {
            match item {
                Item::Line(line) => {
                    if self.report_lost().and_then(|()| self.write(&line)).is_err() {
                        self.lost.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Item::Flush(done) => {
                    // The end of the program does not wait longer for a sink that fails.
                    let _ = self.report_lost();
                    let _ = done.send(());
                }
            }
        }
    }

    fn report_lost(&mut self) -> io::Result<()> {
        let lost = self.lost.load(Ordering::Relaxed);
        if lost == 0 {
            return Ok(());
        }
        let torn = if self.is_torn { "\n" } else { "" };
        let now = Timestamp::now();
        self.write(format!("{torn}{now}  WARN {lost} log lines were lost: standard error did not take them\n").as_bytes())?;
        self.lost.fetch_sub(lost, Ordering::Relaxed);
        Ok(())
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let mut rest = line;
        while !rest.is_empty() {
            match self.sink.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = &rest[written..];
                    self.is_torn = !rest.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(SINK_PAUSE),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A disk with room for so many bytes.
    #[derive(Clone)]
    struct Disk(Arc<Mutex<(Vec<u8>, usize)>>);

    impl Disk {
        fn of(room: usize) -> Disk {
            Disk(Arc::new(Mutex::new((Vec::new(), room))))
        }

        fn make_room(&self, room: usize) {
            self.0.lock().unwrap().1 = room;
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().0.clone()).unwrap()
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (written, room) = &mut *self.0.lock().unwrap();
            let fits = bytes.len().min(*room);
            if fits == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            written.extend(&bytes[..fits]);
            *room -= fits;
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A pipe whose reader reads one line at each word.
    struct Pipe(Receiver<()>, Disk);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(|_| ErrorKind::BrokenPipe)?;
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn flush(log: &Log) {
        let (done, flushed) = sync_channel(1);
        log.writer.queue.send(Item::Flush(done)).unwrap();
        flushed.recv().unwrap();
    }

    #[test]
    fn what_a_full_disk_did_not_take_is_counted_and_told_when_there_is_room_again() {
        let disk = Disk::of(10);
        let log = Log::to(disk.clone()).unwrap();
        log.say("one\ntwo\nthree\nfour");
        flush(&log);
        assert_eq!(disk.text(), "one\ntwo\nth");
        disk.make_room(1000);
        log.say("five");
        flush(&log);
        let text = disk.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines[2], lines[4], lines.len()), ("th", "five", 5), "{text}");
        assert!(lines[3].ends_with("  WARN 2 log lines were lost: standard error did not take them"), "{text}");
        log.say("six");
        drop(log);
        assert_eq!(disk.text().lines().last(), Some("six"), "and only once");
    }

    #[test]
    fn a_reader_that_hangs_holds_up_neither_a_line_nor_the_end_of_the_program() {
        let (read, reads) = sync_channel(2 * LINES_MAX);
        let disk = Disk::of(usize::MAX);
        let log = Log::to(Pipe(reads, disk.clone())).unwrap();
        let began = Instant::now();
        (0..LINES_MAX + 100).for_each(|number| log.say(&number.to_string()));
        assert!(began.elapsed() < Duration::from_secs(5), "no line waited");
        let writer = log.writer();
        drop(log);
        assert!(began.elapsed() < Duration::from_secs(10), "nor the end");
        let lost = writer.lost.load(Ordering::Relaxed);
        assert!((99..=100).contains(&lost), "{lost} lost: the thread holds one line, the queue the others");

        // The reader is back.
        (0..LINES_MAX + 10).for_each(|_| read.send(()).unwrap());
        while !disk.text().contains(&format!("{lost} log lines were lost")) {
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let disk = Disk::of(usize::MAX);
        let log = Log::to(disk.clone()).unwrap();
        log.say(&"x".repeat(3 * LINE_BYTES_MAX));
        drop(log);
        assert_eq!(disk.text().len(), LINE_BYTES_MAX + 1);
    }
}
