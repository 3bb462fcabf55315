//! An upload in the course of one request: what its body brings, piece by piece into the storage.

use crate::http::body::Incoming;
use crate::http::problem::Problem;
use crate::protocol::age_header::VERSION_LINE;
use crate::protocol::api::ProblemWord;
use crate::protocol::ids::Digest;
use crate::protocol::memo::SealedMemo;
use crate::server::app::App;
use crate::server::office::ServedOffice;
use crate::storage::{self, NewUpload, Owner, Piece, UploadId};
use crate::verify::digest::Sha256;

/// Bytes read back at a time to hash what earlier requests brought.
const READ_BYTES: usize = 256 * 1024;

/// Begins an upload with what the body of the request that creates it brings, and tells how much of it is
/// durable.
pub async fn create_with_upload(
    app: &App,
    office: &ServedOffice,
    new: NewUpload,
    memo: Option<SealedMemo>,
    incoming: &mut Incoming,
) -> Result<(UploadId, u64), Problem> {
    let mut hash = RunningHash::from(0);
    let data = incoming.next_piece(0, new.length_bytes).await?;
    if !is_sealed_so_far(0, &data) {
        return Err(ProblemWord::NotSealed.into());
    }
    hash.update(&data);
    let digest = (data.len() as u64 == new.length_bytes).then(|| hash.finish()).flatten();
    let piece = Piece { offset: 0, data, digest, memo: memo.clone() };
    let (id, progress) = office.storage.create_upload(new, Some(piece)).await?;
    let (length_bytes, offset) = (new.length_bytes, progress.offset);
    let mut receiver = Receiver { id, owner: new.owner, length_bytes, offset, memo, hash };
    match receiver.receive(app, office, incoming).await {
        Ok(()) => Ok((id, receiver.offset)),
        Err(problem) => {
            // The client is told of the problem and not of the upload: nobody could ever continue it.
            let _ = office.storage.remove_upload(id, new.owner).await;
            Err(problem)
        }
    }
}

/// An upload that is being received.
pub struct Receiver {
    id: UploadId,
    owner: Owner,
    length_bytes: u64,
    /// What is durable.
    offset: u64,
    /// For the last piece.
    memo: Option<SealedMemo>,
    hash: RunningHash,
}

impl Receiver {
    /// Goes on with an upload at `offset`, where it stands.
    pub fn new(id: UploadId, owner: Owner, length_bytes: u64, offset: u64, memo: Option<SealedMemo>) -> Self {
        Self { id, owner, length_bytes, offset, memo, hash: RunningHash::from(offset) }
    }

    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Stores what the body brings, piece by piece, until it is over.
    pub async fn receive(
        &mut self,
        app: &App,
        office: &ServedOffice,
        incoming: &mut Incoming,
    ) -> Result<(), Problem> {
        while self.offset < self.length_bytes && !incoming.is_over() {
            let data = incoming.next_piece(self.offset, self.length_bytes).await?;
            if data.is_empty() {
                break;
            }
            if !is_sealed_so_far(self.offset, &data) {
                office.storage.remove_upload(self.id, self.owner).await?;
                return Err(ProblemWord::NotSealed.into());
            }
            self.hash.update(&data);
            let last = self.offset + data.len() as u64 == self.length_bytes;
            let digest = if last { Some(self.digest(office, &data).await?) } else { None };
            let memo = self.memo.clone().filter(|_| last);
            let piece = Piece { offset: self.offset, data, digest, memo };
            self.offset = office.storage.append(self.id, self.owner, piece, app.today()).await?.offset;
        }
        Ok(())
    }

    /// SHA-256 of the whole, outside the writer. What earlier requests brought is read back: it cannot have
    /// changed.
    async fn digest(&mut self, office: &ServedOffice, last: &[u8]) -> Result<Digest, Problem> {
        if let Some(digest) = self.hash.finish() {
            return Ok(digest);
        }
        let mut hash = Sha256::new();
        let mut at = 0;
        while at < self.offset {
            let bytes = office.storage.upload_bytes(self.id, self.owner, at, READ_BYTES).await?;
            if bytes.is_empty() {
                return Err(storage::Error::OffsetMismatch.into());
            }
            hash.update(&bytes);
            at += bytes.len() as u64;
        }
        hash.update(last);
        Ok(hash.finish())
    }
}

/// The hash of a blob whose first byte came with this request; nothing of others.
struct RunningHash(Option<Sha256>);

impl RunningHash {
    fn from(offset: u64) -> Self {
        Self((offset == 0).then(Sha256::new))
    }

    fn update(&mut self, data: &[u8]) {
        if let Some(hash) = &mut self.0 {
            hash.update(data);
        }
    }

    fn finish(&mut self) -> Option<Digest> {
        self.0.take().map(Sha256::finish)
    }
}

/// Whether bytes at `offset` are those of an age file, as far as they tell.
fn is_sealed_so_far(offset: u64, data: &[u8]) -> bool {
    let wanted = VERSION_LINE.get(offset as usize..).unwrap_or(&[]);
    wanted.iter().zip(data).all(|(wanted, byte)| wanted == byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_blob_is_known_by_its_beginning_however_it_is_cut() {
        let blob = b"age-encryption.org/v1\n-> mlkem768x25519 \xff\x00";
        for cut in 0..blob.len() {
            assert!(is_sealed_so_far(0, &blob[..cut]) && is_sealed_so_far(cut as u64, &blob[cut..]));
        }
        for at in 0..VERSION_LINE.len() {
            let mut other = *blob;
            other[at] ^= 1;
            assert!(!is_sealed_so_far(0, &other) && !is_sealed_so_far(at as u64, &other[at..]));
            assert!(is_sealed_so_far(0, &other[..at]));
        }
        assert!(is_sealed_so_far(1 << 40, b"anything"));
    }
}
