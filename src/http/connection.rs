//! Connections: how many, how long, and how they end.
//!
//! Not `axum::serve`: it traces remote addresses and bounds nothing. Here nobody asks who connects.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{CONNECTION, TRANSFER_ENCODING};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::framing::FramingWatch;

/// What a connection is given. Tests are less stream than [`Bounds::DEFAULT`].
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// More wait in the kernel's queue until one is free. Stays below the usual limit of 1,024 open files,
    /// and with `body::PIECE_BYTES` bounds the memory of all uploads.
    connections: usize,
    /// For the head of a request, and between two requests.
    head_time: Duration,
    /// A connection on which nothing moves for so long is gone; a circuit of Tor may well pause for a minute.
    idle_time: Duration,
    /// Nobody stays longer than this, whatever they do. An upload is continued on the next connection.
    connection_time: Duration,
    /// How long running requests may take to end when the server stops.
    stop_time: Duration,
    /// A refusal may come while the client still sends. Closing at once would make its system throw the
    /// answer away, so what still comes is read and forgotten, for so long and no more than [`LINGER_BYTES`].
    linger_time: Duration,
}

impl Bounds {
    pub const DEFAULT: Self = Self {
        connections: 768,
        head_time: Duration::from_secs(60),
        idle_time: Duration::from_secs(120),
        connection_time: Duration::from_secs(12 * 60 * 60),
        stop_time: Duration::from_secs(5),
        linger_time: Duration::from_secs(10),
    };
}

const LINGER_BYTES: usize = 16 * 1024 * 1024;
/// Bounds the head of a request, and what hyper holds of a body.
const BUFFER_BYTES: usize = 32 * 1024;
const HEADERS_MAX: usize = 64;
/// After a failed accept (no file handle left, for instance): time for some connection to end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The end that tells everybody else that the server stops; [`serve`] pulls it.
pub struct Stop(watch::Sender<bool>);

/// The end that waits for it.
#[derive(Clone)]
pub struct Stopping(watch::Receiver<bool>);

impl Stop {
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub fn stopping(&self) -> Stopping {
        Stopping(self.0.subscribe())
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

impl Stopping {
    /// Resolves when the server is to stop.
    pub async fn wait(&self) {
        // An error means that the other end is gone, which comes to the same.
        let _ = self.0.clone().wait_for(|stop| *stop).await;
    }
}

/// Accepts until `shutdown` resolves, tells `stop`, and gives what is running a few seconds.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
    stop: Stop,
    bounds: Bounds,
) {
    let router = router.layer(from_fn(end_after_chunks));
    let mut shutdown = pin!(shutdown);
    let places = Arc::new(Semaphore::new(bounds.connections));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                let connection = connection(stream, router.clone(), stop.stopping(), bounds);
                connections.spawn(async move {
                    let _ = timeout(bounds.connection_time, connection).await;
                    drop(place);
                });
            }
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    stop.0.send_replace(true);
    let _ = timeout(bounds.stop_time, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
}

/// Only what has a length is followed to its end by [`FramingWatch`].
async fn end_after_chunks(request: Request, next: Next) -> Response {
    let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
    let mut response = next.run(request).await;
    if is_chunked {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
    // The address is dropped here and goes nowhere.
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

async fn connection(stream: TcpStream, router: Router, stopping: Stopping, bounds: Bounds) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_time)
        .max_buf_size(BUFFER_BYTES)
        .max_headers(HEADERS_MAX)
        .half_close(true)
        .serve_connection(
            TokioIo::new(IdleTimeoutStream::new(stream, bounds)),
            TowerToHyperService::new(router),
        );
    let mut connection = pin!(connection);
    // How a connection ends is nobody's business: errors here are of the network or of what was sent.
    tokio::select! {
        _ = &mut connection => return,
        () = stopping.wait() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// A stream that gives up when nothing has moved for a while, that lingers when it is closed, and
/// that looks at the heads of requests.
struct IdleTimeoutStream {
    stream: TcpStream,
    framing: FramingWatch,
    bounds: Bounds,
    gives_up: Pin<Box<Sleep>>,
    /// Once the sending half is closed: how much may still come.
    lingers_for: Option<usize>,
}

impl IdleTimeoutStream {
    fn new(stream: TcpStream, bounds: Bounds) -> Self {
        Self {
            stream,
            framing: FramingWatch::new(),
            bounds,
            gives_up: Box::pin(sleep(bounds.idle_time)),
            lingers_for: None,
        }
    }

    /// Passes on what is ready and begins to wait anew; or fails when it has waited too long.
    fn moved<T>(&mut self, context: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            let until = Instant::now() + self.bounds.idle_time;
            self.gives_up.as_mut().reset(until);
            return result;
        }
        ready!(self.gives_up.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for IdleTimeoutStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Some(new) = buffer.filled_mut().get_mut(before..) {
            self.framing.look(new);
        }
        self.moved(context, result)
    }
}

impl AsyncWrite for IdleTimeoutStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.moved(context, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.moved(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.lingers_for.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
            this.lingers_for = Some(LINGER_BYTES);
            this.gives_up.as_mut().reset(Instant::now() + this.bounds.linger_time);
        }
        let mut bytes = [0; 8 * 1024];
        while this.lingers_for > Some(0) && this.gives_up.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut bytes);
            match ready!(Pin::new(&mut this.stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {
                    let left = this.lingers_for.unwrap_or(0);
                    this.lingers_for = Some(left.saturating_sub(buffer.filled().len()));
                }
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use axum::http::StatusCode;
    use axum::routing::{get, post};
    use std::io::{Read, Write};
    use std::net::SocketAddr;

    const QUICK: Bounds = Bounds {
        connections: 3,
        head_time: Duration::from_millis(600),
        idle_time: Duration::from_millis(900),
        connection_time: Duration::from_secs(4),
        stop_time: Duration::from_millis(500),
        linger_time: Duration::from_millis(500),
    };

    struct ServerUnderTest {
        address: SocketAddr,
        shutdown: Option<tokio::sync::oneshot::Sender<()>>,
        thread: Option<std::thread::JoinHandle<()>>,
    }

    impl ServerUnderTest {
        fn start() -> Self {
            let router = Router::new()
                .route("/", get(|| async { "home" }))
                .route(
                    "/length",
                    post(|body: Result<Bytes, _>| async {
                        body.map_or(0, |body: Bytes| body.len()).to_string()
                    }),
                )
                .route("/refuse", post(|| async { StatusCode::FORBIDDEN }));
            let (shutdown, down) = tokio::sync::oneshot::channel();
            let (ready, listening) = std::sync::mpsc::channel();
            let thread = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                    ready.send(listener.local_addr().unwrap()).unwrap();
                    let shutdown = async { down.await.unwrap_or(()) };
                    serve(listener, router, shutdown, Stop::new(), QUICK).await;
                });
            });
            Self { address: listening.recv().unwrap(), shutdown: Some(shutdown), thread: Some(thread) }
        }

        fn connect(&self) -> std::net::TcpStream {
            let stream = std::net::TcpStream::connect(self.address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            stream
        }
    }

    impl Drop for ServerUnderTest {
        fn drop(&mut self) {
            drop(self.shutdown.take());
            self.thread.take().unwrap().join().unwrap();
        }
    }

    /// What comes until the other end closes, and how long that took.
    fn rest(mut stream: std::net::TcpStream) -> (String, Duration) {
        let begun = std::time::Instant::now();
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text);
        (String::from_utf8_lossy(&text).into_owned(), begun.elapsed())
    }

    #[test]
    fn who_says_nothing_is_let_go() {
        let server = ServerUnderTest::start();
        let mut half = server.connect();
        half.write_all(b"GET / HTTP/1.1\r\nHo").unwrap();
        let mut body = server.connect();
        body.write_all(b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc").unwrap();
        for (what, stream) in [("nothing", server.connect()), ("half a head", half), ("half a body", body)] {
            let (_, time) = rest(stream);
            assert!(time < Duration::from_secs(4), "{what}: {time:?}");
        }
    }

    #[test]
    fn who_is_slow_is_waited_for() {
        let server = ServerUnderTest::start();
        let mut stream = server.connect();
        stream
            .write_all(b"POST /length HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 12\r\n\r\n")
            .unwrap();
        for _ in 0..12 {
            std::thread::sleep(Duration::from_millis(150));
            stream.write_all(b"x").unwrap();
        }
        assert!(
            rest(stream).0.ends_with("12"),
            "longer than the idle time in all, but never silent for so long"
        );
    }

    #[test]
    fn nobody_stays_for_ever() {
        let server = ServerUnderTest::start();
        let mut stream = server.connect();
        let begun = std::time::Instant::now();
        while stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
            assert!(begun.elapsed() < Duration::from_secs(10));
        }
        assert!(begun.elapsed() > Duration::from_secs(3), "{:?}", begun.elapsed());
    }

    #[test]
    fn one_too_many_waits_for_its_turn() {
        let server = ServerUnderTest::start();
        let begun = std::time::Instant::now();
        let others: Vec<_> = (0..QUICK.connections).map(|_| server.connect()).collect();
        std::thread::sleep(Duration::from_millis(100));
        let mut late = server.connect();
        late.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        assert!(rest(late).0.ends_with("home"));
        // The others said nothing, and lost their places for it.
        assert!(begun.elapsed() >= Duration::from_millis(400), "{:?}", begun.elapsed());
        drop(others);
    }

    #[test]
    fn a_refusal_is_heard_by_who_still_sends() {
        let server = ServerUnderTest::start();
        for _ in 0..10 {
            let mut stream = server.connect();
            stream.write_all(b"POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n").unwrap();
            for _ in 0..80 {
                stream.write_all(&[0; 100_000]).unwrap();
            }
            assert!(rest(stream).0.starts_with("HTTP/1.1 403"));
        }
    }

    #[test]
    fn stopping_does_not_wait_for_the_idle() {
        let server = ServerUnderTest::start();
        let mut idle = server.connect();
        idle.write_all(b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc").unwrap();
        std::thread::sleep(Duration::from_millis(100));
        let begun = std::time::Instant::now();
        drop(server);
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    }
}
