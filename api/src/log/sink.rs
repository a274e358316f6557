//! Where lines go: into a buffer that is written ten times a second, because a system call for each line costs a
//! request that reads memory as much as all its other work.
//!
//! What a reader would get wrong: no line is dropped. When the buffer is full, whoever logs writes it out and waits for
//! that; a warning or an error writes it out at once, with what came before it. Only a process that does not end by
//! itself loses the last tenth of a second.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait.
const WAIT: Duration = Duration::from_millis(100);
/// How long an output that takes nothing at the moment is waited for, and how long between two tries.
const FULL_FOR: Duration = Duration::from_secs(1);
const FULL_PAUSE: Duration = Duration::from_millis(5);
/// How many bytes may wait: some 200 lines.
const MOST: usize = 64 * 1024;

/// The buffer before an output. Clones share it.
pub(crate) struct Sink<W> {
    inner: Arc<Inner<W>>,
}

struct Inner<W> {
    waiting: Mutex<Waiting>,
    /// Told when something waits again.
    filled: Condvar,
    /// Taken before `waiting` where both are, so that what came first is written first.
    output: Mutex<Output<W>>,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    /// The writer has nothing to do.
    writer_rests: bool,
    /// Nobody writes the lines later any more, so each is written at once.
    is_over: bool,
}

struct Output<W> {
    to: W,
    /// The other buffer, empty.
    spare: Vec<u8>,
}

impl<W: Write + Send + 'static> Sink<W> {
    /// Before `to`, with a thread that writes what waits.
    pub(crate) fn start(to: W) -> io::Result<Self> {
        let sink = Self::new(to);
        let writer = sink.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.write_now_and_then())?;
        Ok(sink)
    }

    fn new(to: W) -> Self {
        let (waiting, filled) = (Mutex::default(), Condvar::new());
        Self {
            inner: Arc::new(Inner { waiting, filled, output: Mutex::new(Output { to, spare: Vec::new() }) }),
        }
    }

    fn write_now_and_then(&self) {
        loop {
            let mut waiting = self.waiting();
            while waiting.lines.is_empty() && !waiting.is_over {
                waiting.writer_rests = true;
                waiting = self.inner.filled.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            waiting.writer_rests = false;
            if waiting.is_over {
                return;
            }
            drop(waiting);
            thread::sleep(WAIT);
            self.write_out();
        }
    }
}

impl<W: Write> Sink<W> {
    /// Writes what waits. An output that takes nothing is no reason to stop serving.
    pub(crate) fn write_out(&self) {
        let mut output = self.inner.output.lock().unwrap_or_else(PoisonError::into_inner);
        let spare = std::mem::take(&mut output.spare);
        let mut lines = std::mem::replace(&mut self.waiting().lines, spare);
        let _ = write_whole(&mut output.to, &lines);
        lines.clear();
        // What one line of unusual length took is given back.
        lines.shrink_to(MOST);
        output.spare = lines;
    }

    /// Writes what waits, and from now on every line at once.
    pub(crate) fn end(&self) {
        self.waiting().is_over = true;
        self.inner.filled.notify_one();
        self.write_out();
    }

    fn add(&self, line: &[u8], is_urgent: bool) {
        loop {
            let mut waiting = self.waiting();
            if waiting.lines.is_empty() || waiting.lines.len() + line.len() <= MOST {
                waiting.lines.extend_from_slice(line);
                let is_urgent = is_urgent || waiting.is_over;
                if std::mem::take(&mut waiting.writer_rests) {
                    self.inner.filled.notify_one();
                }
                drop(waiting);
                if is_urgent {
                    self.write_out();
                }
                return;
            }
            drop(waiting);
            self.write_out();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes all of it, also into a pipe that does not block and is full for a moment.
fn write_whole(to: &mut impl Write, mut lines: &[u8]) -> io::Result<()> {
    let mut patience = FULL_FOR.as_millis() / FULL_PAUSE.as_millis();
    while !lines.is_empty() {
        match to.write(lines) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => lines = lines.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && patience > 0 => {
                patience -= 1;
                thread::sleep(FULL_PAUSE);
            }
            Err(error) => return Err(error),
        }
    }
    to.flush()
}

impl<W> Clone for Sink<W> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<'a, W: Write + 'a> MakeWriter<'a> for Sink<W> {
    type Writer = Line<'a, W>;

    fn make_writer(&'a self) -> Line<'a, W> {
        Line { sink: self, is_urgent: true }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line<'a, W> {
        Line { sink: self, is_urgent: *metadata.level() <= Level::WARN }
    }
}

/// Takes one line, as a whole.
pub(crate) struct Line<'a, W> {
    sink: &'a Sink<W>,
    is_urgent: bool,
}

impl<W: Write> Write for Line<'_, W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.sink.add(line, self.is_urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.write_out();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

    use super::*;

    /// Tells of each write; waits until somebody has heard of it where the channel is bounded.
    struct Told(SyncSender<Vec<u8>>);

    impl Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !bytes.is_empty() {
                self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn sink(room: usize) -> (Sink<Told>, Receiver<Vec<u8>>) {
        let (told, heard) = sync_channel(room);
        (Sink::new(Told(told)), heard)
    }

    #[test]
    fn lines_wait_for_each_other_and_a_warning_brings_all_of_them() {
        let (sink, heard) = sink(10);
        sink.add(b"a\n", false);
        sink.add(b"b\n", false);
        assert!(heard.try_recv().is_err());
        sink.add(b"warning\n", true);
        assert_eq!(heard.try_recv().unwrap(), b"a\nb\nwarning\n");
        sink.add(b"c\n", false);
        sink.end();
        assert_eq!(heard.try_recv().unwrap(), b"c\n");
        sink.add(b"d\n", false);
        assert_eq!(heard.try_recv().unwrap(), b"d\n", "nobody would write it later");
    }

    #[test]
    fn an_output_that_is_full_for_a_moment_gets_every_byte() {
        /// Takes three bytes at a time, and nothing each other time.
        struct Narrow(Vec<u8>, bool);

        impl Write for Narrow {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                let some = bytes.len().min(3);
                self.0.extend_from_slice(&bytes[..some]);
                Ok(some)
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        let mut narrow = Narrow(Vec::new(), false);
        write_whole(&mut narrow, b"one line\nand another\n").unwrap();
        assert_eq!(narrow.0, b"one line\nand another\n");
    }

    #[test]
    fn levels_say_what_is_urgent() {
        let (sink, heard) = sink(10);
        let subscriber = tracing_subscriber::fmt().with_writer(sink).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("calm");
            assert!(heard.try_recv().is_err());
            tracing::error!("urgent");
        });
        let text = String::from_utf8(heard.try_recv().unwrap()).unwrap();
        assert!(text.lines().count() == 2 && text.contains("calm") && text.contains("urgent"), "{text}");
    }

    #[test]
    fn the_thread_writes_what_waits() {
        let (told, heard) = sync_channel(10);
        let sink = Sink::start(Told(told)).unwrap();
        for line in ["a\n", "b\n"] {
            sink.add(line.as_bytes(), false);
            assert_eq!(heard.recv_timeout(Duration::from_mins(1)).unwrap(), line.as_bytes());
        }
        sink.end();
    }

    #[test]
    fn nothing_is_lost_or_out_of_turn_when_the_output_is_slow_and_memory_stays_bounded() {
        const LINES: usize = 1_000;
        let (sink, heard) = sink(0);
        let (ended, end): (Sender<()>, _) = channel();
        let threads: Vec<_> = (0..3)
            .map(|name| {
                let (sink, ended) = (sink.clone(), ended.clone());
                thread::spawn(move || {
                    for number in 0..LINES {
                        let line = format!("{name} {number} {}\n", "x".repeat(300));
                        sink.add(line.as_bytes(), number % 400 == 399);
                        assert!(sink.waiting().lines.len() <= MOST);
                    }
                    drop(ended);
                })
            })
            .collect();
        drop(ended);
        let ending = thread::spawn(move || {
            assert!(end.recv().is_err(), "all have ended");
            sink.end();
        });
        let written: Vec<u8> = heard.iter().flatten().collect();
        for thread in threads {
            thread.join().unwrap();
        }
        ending.join().unwrap();
        let text = String::from_utf8(written).unwrap();
        for name in 0..3 {
            let of_thread = text.lines().filter_map(|line| line.strip_prefix(&format!("{name} ")));
            let numbers: Vec<usize> =
                of_thread.map(|rest| rest.split(' ').next().unwrap().parse().unwrap()).collect();
            assert_eq!(numbers, (0..LINES).collect::<Vec<_>>());
        }
    }
}
