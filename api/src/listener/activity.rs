//! What goes on on one connection, and whether it is the client who keeps it waiting.
//!
//! hyper's own time-out for heads is one number for a head that is being sent and for a connection that rests, and
//! does not run while it finds out which version of HTTP is spoken. So bytes, requests and responses are noted here,
//! and [`Activity::verdict`] judges them.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use http_body::{Body, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use super::Limits;

/// A moment that may not have come: milliseconds since the connection began, and one more.
#[derive(Default)]
struct Since(AtomicU64);

/// What goes on on one connection.
pub(super) struct Activity {
    born: Instant,
    /// Requests whose response has not ended.
    running: AtomicUsize,
    is_http2: AtomicBool,
    /// A head has begun and not ended.
    head: Since,
    /// Something cannot be written.
    blocked: Since,
    /// HTTP/2: parts of responses that nobody takes, since the client does not open its window (RFC 9113 §5.2), and
    /// when one was taken or came last. The connection itself is never blocked by that.
    untaken: AtomicUsize,
    taken: AtomicU64,
    /// The last response ended.
    rest: Since,
}

/// What is to be done with a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    GoOn,
    /// Nobody uses it.
    Idle,
    /// The client keeps us waiting.
    Slow(&'static str),
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        let activity = Self {
            born: Instant::now(),
            running: AtomicUsize::new(0),
            is_http2: AtomicBool::new(false),
            head: Since::default(),
            blocked: Since::default(),
            untaken: AtomicUsize::new(0),
            taken: AtomicU64::new(0),
            rest: Since::default(),
        };
        // Who connects has something to ask.
        activity.head.begin(activity.born);
        Arc::new(activity)
    }

    pub(super) fn verdict(&self, limits: &Limits, now: Instant) -> Verdict {
        let lasts = |since: &Since, limit: Duration| {
            since.milliseconds(self.born, now).is_some_and(|past| u128::from(past) >= limit.as_millis())
        };
        let past = milliseconds(now.saturating_duration_since(self.born));
        let is_untaken = self.untaken.load(Ordering::Acquire) > 0
            && u128::from(past.saturating_sub(self.taken.load(Ordering::Relaxed)))
                >= limits.write.as_millis();
        if is_untaken || lasts(&self.blocked, limits.write) {
            return Verdict::Slow("it takes nothing of its response");
        }
        if self.running.load(Ordering::Acquire) > 0 {
            return Verdict::GoOn;
        }
        if lasts(&self.head, limits.head) {
            return Verdict::Slow("it does not finish its request's head");
        }
        if lasts(&self.rest, limits.idle) { Verdict::Idle } else { Verdict::GoOn }
    }

    /// A request is there; it runs until what is returned is dropped.
    pub(super) fn request(self: &Arc<Self>, version: poem::http::Version) -> Running {
        self.head.end();
        self.rest.end();
        if version == poem::http::Version::HTTP_2 {
            self.is_http2.store(true, Ordering::Relaxed);
        }
        self.running.fetch_add(1, Ordering::AcqRel);
        Running(Arc::clone(self))
    }

    fn bytes_came(&self) {
        // On HTTP/2 they may be no head at all; and those that come while a request runs are the next one's turn.
        if !self.is_http2.load(Ordering::Relaxed) && self.running.load(Ordering::Acquire) == 0 {
            self.head.begin(self.born);
        }
    }

    /// A part of a response on HTTP/2 is there for the client to take, or was taken.
    fn has_untaken(&self, is_there: bool) {
        self.taken.store(milliseconds(self.born.elapsed()), Ordering::Relaxed);
        if is_there {
            self.untaken.fetch_add(1, Ordering::AcqRel);
        } else {
            self.untaken.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn wrote(&self, is_blocked: bool) {
        if is_blocked { self.blocked.begin(self.born) } else { self.blocked.end() }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX - 1)
}

impl Since {
    fn begin(&self, born: Instant) {
        if self.0.load(Ordering::Relaxed) == 0 {
            self.0.store(milliseconds(born.elapsed()) + 1, Ordering::Relaxed);
        }
    }

    fn end(&self) {
        if self.0.load(Ordering::Relaxed) != 0 {
            self.0.store(0, Ordering::Relaxed);
        }
    }

    fn milliseconds(&self, born: Instant, now: Instant) -> Option<u64> {
        let began = self.0.load(Ordering::Relaxed).checked_sub(1)?;
        Some(milliseconds(now.saturating_duration_since(born)).saturating_sub(began))
    }
}

/// A request that runs.
pub(super) struct Running(Arc<Activity>);

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.rest.begin(self.0.born);
        }
    }
}

/// A response's body, which is a part of its request's run.
pub(super) struct RunningBody<B> {
    body: B,
    running: Running,
    is_http2: bool,
    /// Whether there is something for the client to take; while the body itself has nothing yet, there is not.
    is_untaken: bool,
}

impl<B> RunningBody<B> {
    pub(super) fn new(body: B, running: Running, version: poem::http::Version) -> Self {
        let is_http2 = version == poem::http::Version::HTTP_2;
        let mut body = Self { body, running, is_http2, is_untaken: false };
        body.has_untaken(true);
        body
    }

    fn has_untaken(&mut self, is_there: bool) {
        if self.is_http2 && self.is_untaken != is_there {
            self.is_untaken = is_there;
            self.running.0.has_untaken(is_there);
        }
    }
}

impl<B> Drop for RunningBody<B> {
    fn drop(&mut self) {
        self.has_untaken(false);
    }
}

impl<B: Body + Unpin> Body for RunningBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        // hyper asks for the next part when there is room for it in the client's window.
        self.has_untaken(false);
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_ready() {
            self.has_untaken(true);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A head and a body that are no longer together are written as one piece: the copy costs less than what the system
/// does for two.
const SMALL: usize = 2048;

/// All slices as one, if they are small.
fn whole<'b>(slices: &[io::IoSlice<'_>], small: &'b mut [u8; SMALL]) -> Option<&'b [u8]> {
    let mut end = 0;
    for slice in slices {
        small.get_mut(end..end + slice.len())?.copy_from_slice(slice);
        end += slice.len();
    }
    small.get(..end)
}

/// A connection whose bytes are noted.
pub(super) struct Watched<T> {
    inner: T,
    activity: Arc<Activity>,
}

impl<T> Watched<T> {
    pub(super) fn new(inner: T, activity: Arc<Activity>) -> Self {
        Self { inner, activity }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.activity.bytes_came();
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.activity.wrote(written.is_pending());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut small = [0; SMALL];
        let written = match whole(slices, &mut small) {
            Some(bytes) => Pin::new(&mut self.inner).poll_write(cx, bytes),
            None => Pin::new(&mut self.inner).poll_write_vectored(cx, slices),
        };
        self.activity.wrote(written.is_pending());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use poem::http::Version;

    use super::*;

    /// The verdict when so many seconds have passed since the connection began.
    fn at(activity: &Activity, seconds: u64) -> Verdict {
        activity.verdict(&Limits::default(), activity.born + Duration::from_millis(seconds * 1000 + 500))
    }

    #[test]
    fn small_pieces_are_written_as_one_and_large_ones_as_they_are() {
        let mut small = [0; SMALL];
        let pieces = |lengths: &[usize]| lengths.iter().map(|length| vec![b'x'; *length]).collect::<Vec<_>>();
        for (lengths, is_small) in [
            (&[3, 0, 5][..], true),
            (&[SMALL - 1, 1], true),
            (&[SMALL, 1], false),
            (&[1, SMALL], false),
            (&[], true),
        ] {
            let pieces = pieces(lengths);
            let slices: Vec<_> = pieces.iter().map(|piece| io::IoSlice::new(piece)).collect();
            let expected = is_small.then(|| pieces.concat());
            assert_eq!(whole(&slices, &mut small).map(<[u8]>::to_vec), expected, "{lengths:?}");
        }
    }

    #[test]
    fn a_head_has_ten_seconds() {
        let activity = Activity::new();
        assert_eq!(at(&activity, 9), Verdict::GoOn);
        assert!(matches!(at(&activity, 10), Verdict::Slow(_)), "who connects has something to ask");
        let running = activity.request(Version::HTTP_11);
        assert_eq!(at(&activity, 1000), Verdict::GoOn, "a request has limits of its own");
        drop(running);
        activity.bytes_came();
        assert!(matches!(at(&activity, 10), Verdict::Slow(_)), "the next head");
    }

    #[test]
    fn a_rest_has_seventy_five_and_on_http2_bytes_need_not_be_a_head() {
        let activity = Activity::new();
        let running = activity.request(Version::HTTP_11);
        activity.bytes_came();
        drop(running);
        assert_eq!(at(&activity, 74), Verdict::GoOn, "what came during a request is not the next head");
        assert_eq!(at(&activity, 75), Verdict::Idle);
        drop(activity.request(Version::HTTP_2));
        activity.bytes_came();
        assert_eq!(at(&activity, 74), Verdict::GoOn);
        assert_eq!(at(&activity, 75), Verdict::Idle);
    }

    #[test]
    fn who_takes_nothing_of_a_response_is_slow() {
        let activity = Activity::new();
        let _running = activity.request(Version::HTTP_11);
        activity.wrote(true);
        assert_eq!(at(&activity, 29), Verdict::GoOn);
        assert!(matches!(at(&activity, 30), Verdict::Slow(_)));
        activity.wrote(false);
        assert_eq!(at(&activity, 30), Verdict::GoOn);
    }

    #[test]
    fn who_takes_nothing_of_one_of_several_responses_is_slow() {
        let activity = Activity::new();
        let body = || RunningBody::new((), activity.request(Version::HTTP_2), Version::HTTP_2);
        let (first, second) = (body(), body());
        assert_eq!(at(&activity, 29), Verdict::GoOn);
        assert!(matches!(at(&activity, 30), Verdict::Slow(_)));
        drop(second);
        assert!(matches!(at(&activity, 30), Verdict::Slow(_)), "the first is still there");
        drop(first);
        assert_eq!(at(&activity, 30), Verdict::GoOn);
    }
}
