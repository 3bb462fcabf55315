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
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep, timeout};

/// More wait in the kernel's queue until one is free. Stays below the usual limit of 1,024 open files, and with
/// `body::PIECE_BYTES` bounds the memory of all uploads.
const CONNECTIONS_MAX: usize = 768;
/// For the head of a request, and between two requests.
const HEAD_TIME: Duration = Duration::from_secs(60);
/// A connection on which nothing moves for so long is gone; a circuit of Tor may well pause for a minute.
const IDLE_TIME: Duration = Duration::from_secs(120);
/// Nobody stays longer than this, whatever they do. An upload is continued on the next connection.
const CONNECTION_TIME: Duration = Duration::from_secs(12 * 60 * 60);
/// How long running requests may take to end when the server stops.
const STOP_TIME: Duration = Duration::from_secs(5);
/// A refusal may come while the client still sends. Closing at once would make its system throw the answer away, so
/// what still comes is read and forgotten, within these bounds.
const LINGER_TIME: Duration = Duration::from_secs(10);
const LINGER_BYTES: usize = 16 * 1024 * 1024;
/// Bounds the head of a request, and what hyper holds of a body.
const BUFFER_BYTES: usize = 32 * 1024;
const HEADERS_MAX: usize = 64;
/// After a failed accept (no file handle left, for instance): time for some connection to end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts until `shutdown` resolves, tells `stop`, and gives what is running a few seconds.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
    stop: watch::Sender<bool>,
) {
    let mut shutdown = pin!(shutdown);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                let connection = connection(stream, router.clone(), stop.subscribe());
                connections.spawn(async move {
                    let _ = timeout(CONNECTION_TIME, connection).await;
                    drop(place);
                });
            }
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    stop.send_replace(true);
    let _ = timeout(STOP_TIME, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
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

async fn connection(stream: TcpStream, router: Router, mut stop: watch::Receiver<bool>) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(BUFFER_BYTES)
        .max_headers(HEADERS_MAX)
        .half_close(true)
        .serve_connection(TokioIo::new(Patient::new(stream)), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    // How a connection ends is nobody's business: errors here are of the network or of what was sent.
    tokio::select! {
        _ = &mut connection => return,
        _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// A stream that gives up when nothing has moved for [`IDLE_TIME`], and that lingers when it is closed.
struct Patient {
    stream: TcpStream,
    gives_up: Pin<Box<Sleep>>,
    /// Once the sending half is closed: how much may still come.
    lingers_for: Option<usize>,
}

impl Patient {
    fn new(stream: TcpStream) -> Self {
        Self { stream, gives_up: Box::pin(sleep(IDLE_TIME)), lingers_for: None }
    }

    /// Passes on what is ready and begins to wait anew; or fails when it has waited too long.
    fn moved<T>(&mut self, context: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.gives_up.as_mut().reset(Instant::now() + IDLE_TIME);
            return result;
        }
        ready!(self.gives_up.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.moved(context, result)
    }
}

impl AsyncWrite for Patient {
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
        let patient = &mut *self;
        if patient.lingers_for.is_none() {
            ready!(Pin::new(&mut patient.stream).poll_shutdown(context))?;
            patient.lingers_for = Some(LINGER_BYTES);
            patient.gives_up.as_mut().reset(Instant::now() + LINGER_TIME);
        }
        let mut bytes = [0; 8 * 1024];
        while patient.lingers_for > Some(0) && patient.gives_up.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut bytes);
            match ready!(Pin::new(&mut patient.stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {
                    let left = patient.lingers_for.unwrap_or(0);
                    patient.lingers_for = Some(left.saturating_sub(buffer.filled().len()));
                }
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}
