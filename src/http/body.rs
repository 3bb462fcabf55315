//! Request bodies, piece by piece.

use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use http_body_util::BodyExt as _;

use crate::protocol::api::ProblemWord;

use super::connection::Stopping;
use super::problem::Problem;

/// A piece goes to the storage when it reaches the next multiple of this in its blob. It bounds the memory
/// that a request may take, and what a crash makes a client send again.
const PIECE_BYTES: u64 = 128 * 1024;

/// A body may take as long as it likes while bytes flow: people send photographs over Tor. But after half an
/// hour it must have come at this rate on average, so that nobody holds a connection for ever with a byte a
/// minute.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
const SLOWEST_BYTES_PER_SECOND: u64 = 256;

/// A small body, such as JSON, has no reason to take longer.
const SMALL_BODY_TIME: Duration = Duration::from_secs(60);

/// A body that is being received.
pub struct Incoming {
    body: Body,
    /// What came with the last frame and belongs to the next piece.
    rest: Bytes,
    stopping: Stopping,
    begun: Instant,
    received_bytes: u64,
    ended: bool,
}

impl Incoming {
    pub fn new(body: Body, stopping: Stopping) -> Self {
        Self { body, rest: Bytes::new(), stopping, begun: Instant::now(), received_bytes: 0, ended: false }
    }

    /// The bytes that stand at `offset` of a blob of `length_bytes`, up to the end of a piece. Less when the
    /// body ends there, is cut short, or the server stops: then nothing follows. More than the blob can hold
    /// is an error; to know that, the last piece comes only after the body has ended.
    pub async fn next_piece(&mut self, offset: u64, length_bytes: u64) -> Result<Vec<u8>, Problem> {
        let end = ((offset / PIECE_BYTES + 1) * PIECE_BYTES).min(length_bytes);
        let wanted = end.saturating_sub(offset) as usize;
        let mut piece = Vec::new();
        loop {
            let take = self.rest.len().min(wanted - piece.len());
            piece.extend_from_slice(&self.rest.split_to(take));
            if piece.len() == wanted && (end < length_bytes || !self.rest.is_empty() || self.ended) {
                break;
            }
            if self.ended {
                break;
            }
            self.receive().await;
        }
        if end == length_bytes && !self.rest.is_empty() {
            Err(ProblemWord::TooLarge.into())
        } else {
            Ok(piece)
        }
    }

    /// Nothing more will come.
    pub fn is_over(&self) -> bool {
        self.ended && self.rest.is_empty()
    }

    /// Waits for the next frame. A connection cut short, and a stop of the server, end the body like its end:
    /// what has arrived is good, and the client asks where the upload stands.
    async fn receive(&mut self) {
        let frame = tokio::select! {
            frame = self.body.frame() => frame,
            () = self.stopping.wait() => None,
        };
        match frame {
            Some(Ok(frame)) => {
                // Trailers carry nothing for us.
                self.rest = frame.into_data().unwrap_or_default();
                self.received_bytes += self.rest.len() as u64;
                let waited = self.begun.elapsed();
                if waited > PATIENCE && self.received_bytes < waited.as_secs() * SLOWEST_BYTES_PER_SECOND {
                    self.ended = true;
                }
            }
            Some(Err(_)) | None => self.ended = true,
        }
    }
}

/// A whole body of at most `bytes_max`.
pub async fn small(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let limited = http_body_util::Limited::new(body, bytes_max);
    match tokio::time::timeout(SMALL_BODY_TIME, limited.collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(ProblemWord::TooLarge.into()),
        Ok(Err(_)) | Err(_) => Err(ProblemWord::Malformed.into()),
    }
}
