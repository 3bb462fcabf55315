//! Files that a command is told to read or to write.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::failure::{Failure, not_written, unreadable};
use crate::files;
use crate::protocol::message::File;

pub fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| unreadable(&path.display(), &error))
}

/// A text that a person wrote; `-` is standard input.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes)
            .map_err(|error| unreadable(&"standard input", &error))?;
        bytes
    } else {
        read_file(path)?
    };
    String::from_utf8(bytes).map_err(|_| {
        Failure::with_hint(
            format!("{}: not UTF-8 text", path.display()),
            "save it as UTF-8, or send it along as it is with --attach",
        )
    })
}

/// Name and type of a file to attach, and its bytes.
pub fn read_attachment(path: &Path) -> Result<(String, String, Vec<u8>), Failure> {
    let bytes = read_file(path)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let media_type = media_type(path).to_owned();
    Ok((name, media_type, bytes))
}

/// Files to send along, as message.json lists them.
pub fn read_attachments(paths: &[PathBuf]) -> Result<Vec<(File, Vec<u8>)>, Failure> {
    let read = |path: &PathBuf| {
        let (name, media_type, bytes) = read_attachment(path)?;
        Ok((File { name, media_type, size_bytes: bytes.len() as u64 }, bytes))
    };
    paths.iter().map(read).collect()
}

/// A file's type by the end of its name: a hint for the reader, nothing is decided by it.
fn media_type(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "heic" => "image/heic",
        "gif" => "image/gif",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        "pdf" => "application/pdf",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "txt" => "text/plain",
        "csv" => "text/csv",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    serde_json::from_slice(&read_file(path)?).map_err(|error| {
        Failure::with_hint(format!("{}: {error}", path.display()), "is it the right file, and whole?")
    })
}

/// What is said has words or a file.
pub fn check_not_empty(text: &str, files: usize) -> Result<(), Failure> {
    if text.trim().is_empty() && files == 0 {
        return Err(Failure::with_hint(
            "there is nothing to send: the text is empty and no file goes along",
            "was the text saved to the file that --text-file names?",
        ));
    }
    Ok(())
}

/// Writes a new file for one's own eyes; an existing one is never overwritten.
pub fn write_new_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    files::write_new_private(path, bytes).map_err(|error| not_written(path, error))
}

/// Writes a new file for everybody; an existing one is never overwritten.
pub fn write_new_public(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    files::write_new_public(path, bytes).map_err(|error| not_written(path, error))
}
