//! Sending a sealed blob by tus 1.0 (PROTOCOL 4.2): a small one in a single request, a large one in pieces
//! that a broken connection does not undo.

use zeroize::Zeroizing;

use super::error::Error;
use super::patience::Patience;
use super::session::Credentials;
use super::transport::{Bearer, Client, HttpResponse, authorization, header};
use super::watch::{UploadState, UploadWatch};
use crate::protocol::api::ProblemWord;
use crate::protocol::memo::SealedMemo;
use crate::protocol::secret::WriteToken;
use crate::protocol::upload::UploadMetadata;

const PIECE_BYTES: usize = 4 * 1024 * 1024;
/// Requests in a row that were answered well and brought nothing.
const STANDING_MAX: u32 = 12;

/// A sealed message and what travels beside it.
#[derive(Clone, Copy)]
pub struct OutgoingMessage<'a> {
    pub metadata: UploadMetadata,
    /// With a report and a follow-up.
    pub memo: Option<&'a SealedMemo>,
    /// With a reply and a record, but for those of one-way cases and of the journal.
    pub write: Option<&'a WriteToken>,
    pub blob: &'a [u8],
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
        message: &OutgoingMessage<'_>,
        mut progress: impl FnMut(u64),
    ) -> Result<(), Error> {
        let mut patience = Patience::default();
        let (mut standing, mut sent, mut in_doubt) = (0, 0, false);
        let mut upload: Option<PendingUpload> = None;
        loop {
            let ends = sends_the_end(upload.as_ref(), message.blob.len());
            self.watch.set_in_doubt(in_doubt || ends);
            let step = self.step(credentials, message, upload.as_ref());
            in_doubt = match &step {
                // It has just said how much it has; only when it knows of no upload the doubt stays.
                Ok(Some(_)) => false,
                Ok(None) => in_doubt,
                Err(error) => in_doubt || (ends && !is_refusal(error)),
            };
            let stored = matches!(&step, Ok(Some(upload)) if upload.offset == message.blob.len());
            if !stored {
                self.watch.set_in_doubt(in_doubt);
            }
            match step {
                Ok(next) => {
                    // A server that lost the upload, or never had it, makes us begin again.
                    let reached = next.as_ref().map_or(0, |upload| upload.offset);
                    // Only progress makes up for failures: neither a line that breaks at every piece nor a
                    // server that takes nothing may keep this loop going.
                    if reached > sent {
                        (sent, standing) = (reached, 0);
                        patience.renew();
                        progress(sent as u64);
                    } else {
                        standing += 1;
                        if standing > STANDING_MAX {
                            return Err(Error::UnexpectedAnswer("an upload that stands still"));
                        }
                    }
                    if reached == message.blob.len() {
                        self.watch.set(UploadState::Stored);
                        return Ok(());
                    }
                    upload = next;
                }
                Err(error) => {
                    // Somebody else's piece arrived first, perhaps our own that was thought lost.
                    if error.is_problem(ProblemWord::OffsetMismatch) {
                        standing += 1;
                        if standing > STANDING_MAX {
                            return Err(error);
                        }
                    } else {
                        patience.bear(error, self.has_answered())?;
                    }
                    upload = upload.map(|upload| PendingUpload { in_doubt: true, ..upload });
                }
            }
        }
    }

    /// One request: begins the upload, asks how far it has come, or sends the next piece.
    fn step(
        &self,
        credentials: &dyn Credentials,
        message: &OutgoingMessage<'_>,
        upload: Option<&PendingUpload>,
    ) -> Result<Option<PendingUpload>, Error> {
        let Some(PendingUpload { path, offset, in_doubt }) = upload else {
            let create = |bearer: &Bearer| self.create(bearer, message);
            return self.authorized(credentials, create).map(Some);
        };
        // An upload answers to its owner alone: who comes with a session that is over is a stranger to it.
        let over = [401, 404];
        if !in_doubt {
            let append = |bearer: &Bearer| self.append(bearer, path, message, *offset);
            return self.authorized_unless(credentials, &over, append).map(Some);
        }
        let ask = |bearer: &Bearer| self.offset(bearer, path, message.blob.len());
        match self.authorized_unless(credentials, &over, ask) {
            Err(Error::RefusedBefore { status: 404 }) => Ok(None),
            asked => asked.map(Some),
        }
    }

    fn create(&self, bearer: &Bearer, message: &OutgoingMessage<'_>) -> Result<PendingUpload, Error> {
        let blob = message.blob;
        let piece = &blob[..blob.len().min(PIECE_BYTES)];
        let (length, metadata) = (blob.len().to_string(), message.metadata.encode());
        let write = message.write.map(WriteToken::encode);
        let mut fields = vec![("upload-length", length.as_str()), ("upload-metadata", metadata.as_str())];
        fields.extend(write.iter().map(|write| ("case-write", write.as_str())));
        let answer = self.send_piece(bearer, message, fields, piece, |headers, piece| {
            self.post("/uploads", headers, piece)
        })?;
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
        message: &OutgoingMessage<'_>,
        offset: usize,
    ) -> Result<PendingUpload, Error> {
        let blob = message.blob;
        let piece = &blob[offset..blob.len().min(offset + PIECE_BYTES)];
        let at = offset.to_string();
        let answer = self.send_piece(
            bearer,
            message,
            vec![("upload-offset", at.as_str())],
            piece,
            |headers, piece| self.patch(path, headers, piece),
        )?;
        let offset = decode_offset(&answer, blob.len())?;
        Ok(PendingUpload { path: path.to_owned(), offset, in_doubt: false })
    }

    /// A piece with the headers that each of them has. The memo goes with every one: whichever
    /// brings the last byte must bring it.
    fn send_piece(
        &self,
        bearer: &Bearer,
        message: &OutgoingMessage<'_>,
        fields: Vec<(&'static str, &str)>,
        piece: &[u8],
        send: impl FnOnce(&[(&'static str, &str)], &[u8]) -> Result<HttpResponse, Error>,
    ) -> Result<HttpResponse, Error> {
        let authorization = authorization(bearer);
        let memo = message.memo.map(|memo| Zeroizing::new(memo.encode()));
        let mut headers = fields;
        headers.extend([
            ("tus-resumable", "1.0.0"),
            ("authorization", authorization.as_str()),
            ("content-type", "application/offset+octet-stream"),
        ]);
        headers.extend(memo.iter().map(|memo| ("upload-memo", memo.as_str())));
        send(&headers, piece)
    }

    /// The upload as the server knows it.
    fn offset(&self, bearer: &Bearer, path: &str, length: usize) -> Result<PendingUpload, Error> {
        let authorization = authorization(bearer);
        let headers = [("tus-resumable", "1.0.0"), ("authorization", authorization.as_str())];
        let answer = self.head(path, &headers)?;
        let offset = decode_offset(&answer, length)?;
        Ok(PendingUpload { path: path.to_owned(), offset, in_doubt: false })
    }
}

/// Whether the next request carries the last byte.
fn sends_the_end(upload: Option<&PendingUpload>, length: usize) -> bool {
    match upload {
        None => length <= PIECE_BYTES,
        Some(upload) => !upload.in_doubt && length - upload.offset <= PIECE_BYTES,
    }
}

/// The server answered, and its answer is that it did not take what was sent. That it failed is no such
/// answer, nor that the upload is complete.
fn is_refusal(error: &Error) -> bool {
    match error {
        Error::Problem { word, status } => {
            (400..500).contains(status) && word != ProblemWord::Finished.as_str()
                || *word == *ProblemWord::Busy.as_str()
                || *word == *ProblemWord::StorageFull.as_str()
        }
        // Of a proxy: what it refuses it has not handed on.
        Error::RefusedBefore { status } => (400..500).contains(status),
        Error::Address(_)
        | Error::Proxy(_)
        | Error::AddressNotListed { .. }
        | Error::Unreachable(_)
        | Error::Unavailable { .. }
        | Error::UnexpectedAnswer(_) => false,
    }
}

fn decode_offset(answer: &HttpResponse, length: usize) -> Result<usize, Error> {
    let offset = header(answer, "upload-offset")?
        .parse()
        .map_err(|_| Error::UnexpectedAnswer("an offset that is no number"))?;
    if offset <= length { Ok(offset) } else { Err(Error::UnexpectedAnswer("an offset beyond the end")) }
}

fn is_upload_path(path: &str) -> bool {
    path.strip_prefix("/uploads/")
        .is_some_and(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
