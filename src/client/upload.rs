//! Sending a sealed blob by tus 1.0 (PROTOCOL 4.2): a small one in a single request, a large one in pieces that a
//! broken connection does not undo.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use super::{Bearer, Client, Credentials, Error, HttpResponse, accepted, authorization, unreachable};
use crate::protocol::ids::CaseId;
use crate::protocol::upload::{MessageKind, encode_metadata};

const PIECE_BYTES: usize = 4 * 1024 * 1024;
/// Tries in a row without a byte of progress, and the pause after the first of them; each next one is twice as long.
const TRIES: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// What is known of a message that is being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum UploadState {
    /// Nothing has been sent.
    NotBegun,
    /// Its end has not been sent, or the server answered that it does not take it.
    NotStored,
    /// Its end is on its way, or was and no answer came.
    InDoubt,
    Stored,
}

/// What is known of the latest upload of one client, for another thread to ask at any time: when this one is
/// stopped in the middle, somebody has to say whether the message arrived.
#[derive(Clone, Default)]
pub struct UploadWatch(Arc<AtomicU8>);

impl UploadWatch {
    pub fn state(&self) -> UploadState {
        use UploadState::{InDoubt, NotBegun, NotStored, Stored};
        let number = self.0.load(Ordering::SeqCst);
        let known = [NotBegun, NotStored, InDoubt, Stored];
        known.into_iter().find(|state| *state as u8 == number).unwrap_or(InDoubt)
    }

    fn set(&self, state: UploadState) {
        self.0.store(state as u8, Ordering::SeqCst);
    }

    fn set_in_doubt(&self, in_doubt: bool) {
        self.set(if in_doubt { UploadState::InDoubt } else { UploadState::NotStored });
    }
}

/// An upload that the server knows.
struct PendingUpload {
    path: String,
    offset: usize,
    /// The last request broke: only the server knows how much of it arrived.
    in_doubt: bool,
}

impl Client {
    /// For another thread: what is known of the upload that is going on, and of the last one.
    pub fn upload_watch(&self) -> UploadWatch {
        self.watch.clone()
    }

    /// Sends the blob; when this returns, it is durable. Repeating it with the same blob adds nothing.
    /// `progress` is told how many bytes the server has.
    pub fn upload(
        &self,
        credentials: &dyn Credentials,
        kind: MessageKind,
        case: CaseId,
        blob: &[u8],
        mut progress: impl FnMut(u64),
    ) -> Result<(), Error> {
        let mut failures = 0;
        let mut sent = 0;
        let mut in_doubt = false;
        let mut upload: Option<PendingUpload> = None;
        loop {
            let ends = sends_the_end(upload.as_ref(), blob.len());
            self.watch.set_in_doubt(in_doubt || ends);
            let step = self.step(credentials, kind, case, blob, upload.as_ref());
            in_doubt = match &step {
                // It has just said how much it has; only when it knows of no upload the doubt stays.
                Ok(Some(_)) => false,
                Ok(None) => in_doubt,
                Err(error) => in_doubt || (ends && !is_refusal(error)),
            };
            let stored = matches!(&step, Ok(Some(upload)) if upload.offset == blob.len());
            if !stored {
                self.watch.set_in_doubt(in_doubt);
            }
            match step {
                Ok(next) => {
                    // A server that lost the upload, or never had it, makes us begin again.
                    let reached = next.as_ref().map_or(0, |upload| upload.offset);
                    // Only progress makes up for failures: neither a line that breaks at every piece nor a server that
                    // takes nothing may keep this loop going.
                    if reached > sent {
                        (sent, failures) = (reached, 0);
                        progress(sent as u64);
                    } else {
                        failures += 1;
                        if failures > 2 * TRIES {
                            return Err(Error::UnexpectedAnswer("an upload that stands still"));
                        }
                    }
                    if reached == blob.len() {
                        self.watch.set(UploadState::Stored);
                        return Ok(());
                    }
                    upload = next;
                }
                Err(error) if failures + 1 < TRIES && is_passing(&error) => {
                    std::thread::sleep(FIRST_PAUSE * 2u32.pow(failures));
                    failures += 1;
                    upload = upload.map(|upload| PendingUpload { in_doubt: true, ..upload });
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// One request: begins the upload, asks how far it has come, or sends the next piece.
    fn step(
        &self,
        credentials: &dyn Credentials,
        kind: MessageKind,
        case: CaseId,
        blob: &[u8],
        upload: Option<&PendingUpload>,
    ) -> Result<Option<PendingUpload>, Error> {
        let Some(PendingUpload { path, offset, in_doubt }) = upload else {
            let create = |bearer: &Bearer| self.create(bearer, kind, case, blob);
            return self.authorized(credentials, create).map(Some);
        };
        // An upload answers to its owner alone: who comes with a session that is over is a stranger to it.
        let over = [401, 404];
        if !in_doubt {
            let append = |bearer: &Bearer| self.append(bearer, path, blob, *offset);
            return self.authorized_unless(credentials, &over, append).map(Some);
        }
        let ask = |bearer: &Bearer| self.offset(bearer, path, blob.len());
        match self.authorized_unless(credentials, &over, ask) {
            Err(Error::Problem { status: 404, .. }) => Ok(None),
            asked => asked.map(Some),
        }
    }

    fn create(
        &self,
        bearer: &Bearer,
        kind: MessageKind,
        case: CaseId,
        blob: &[u8],
    ) -> Result<PendingUpload, Error> {
        let piece = &blob[..blob.len().min(PIECE_BYTES)];
        let request = self
            .agent
            .post(format!("{}/uploads", self.base))
            .header("tus-resumable", "1.0.0")
            .header("authorization", authorization(bearer).as_str())
            .header("upload-length", blob.len().to_string())
            .header("upload-metadata", encode_metadata(kind, case))
            .header("content-type", "application/offset+octet-stream");
        let answer = accepted(request.send(piece))?;
        let location = header(&answer, "location")?;
        let path = location.strip_prefix("/api/v1").filter(|path| is_upload_path(path));
        let path = path.ok_or(Error::UnexpectedAnswer("an upload elsewhere"))?.to_owned();
        let offset = decode_offset(&answer, blob.len())?;
        Ok(PendingUpload { path, offset, in_doubt: false })
    }

    fn append(
        &self,
        bearer: &Bearer,
        path: &str,
        blob: &[u8],
        offset: usize,
    ) -> Result<PendingUpload, Error> {
        let piece = &blob[offset..blob.len().min(offset + PIECE_BYTES)];
        let request = self
            .agent
            .patch(format!("{}{path}", self.base))
            .header("tus-resumable", "1.0.0")
            .header("authorization", authorization(bearer).as_str())
            .header("upload-offset", offset.to_string())
            .header("content-type", "application/offset+octet-stream");
        let offset = decode_offset(&accepted(request.send(piece))?, blob.len())?;
        Ok(PendingUpload { path: path.to_owned(), offset, in_doubt: false })
    }

    /// The upload as the server knows it.
    fn offset(&self, bearer: &Bearer, path: &str, length: usize) -> Result<PendingUpload, Error> {
        let request = self
            .agent
            .head(format!("{}{path}", self.base))
            .header("tus-resumable", "1.0.0")
            .header("authorization", authorization(bearer).as_str());
        let answer = request.call().map_err(unreachable)?;
        // An answer to HEAD has no body, so no problem document either: its status must do.
        let word = match answer.status().as_u16() {
            200 => {
                let offset = decode_offset(&answer, length)?;
                return Ok(PendingUpload { path: path.to_owned(), offset, in_doubt: false });
            }
            401 => "unauthorized",
            404 => "not-found",
            _ => "busy",
        };
        Err(Error::Problem { word: word.to_owned(), status: answer.status().as_u16() })
    }
}

/// Worth another try: the line broke, the server is busy, or somebody else's piece arrived first.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::Unreachable(_) => true,
        Error::Problem { word, .. } => matches!(word.as_str(), "busy" | "offset-mismatch"),
        Error::RefusedBefore { status } => matches!(status, 408 | 429),
        Error::Address(_) | Error::Proxy(_) | Error::UnexpectedAnswer(_) => false,
    }
}

/// Whether the next request carries the last byte.
fn sends_the_end(upload: Option<&PendingUpload>, length: usize) -> bool {
    match upload {
        None => length <= PIECE_BYTES,
        Some(upload) => !upload.in_doubt && length - upload.offset <= PIECE_BYTES,
    }
}

/// The server answered, and its answer is that it did not take what was sent. That it failed is no such answer, nor
/// that the upload is complete.
fn is_refusal(error: &Error) -> bool {
    match error {
        Error::Problem { word, status } => {
            (400..500).contains(status) && word != "finished"
                || matches!(word.as_str(), "busy" | "storage-full")
        }
        Error::RefusedBefore { .. } => true,
        Error::Address(_) | Error::Proxy(_) | Error::Unreachable(_) | Error::UnexpectedAnswer(_) => false,
    }
}

fn decode_offset(answer: &HttpResponse, length: usize) -> Result<usize, Error> {
    let offset = header(answer, "upload-offset")?
        .parse()
        .map_err(|_| Error::UnexpectedAnswer("an offset that is no number"))?;
    if offset <= length { Ok(offset) } else { Err(Error::UnexpectedAnswer("an offset beyond the end")) }
}

fn header<'a>(answer: &'a HttpResponse, name: &str) -> Result<&'a str, Error> {
    let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
    value.ok_or(Error::UnexpectedAnswer("a header is missing"))
}

fn is_upload_path(path: &str) -> bool {
    path.strip_prefix("/uploads/")
        .is_some_and(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
