//! A case as files: the sealed originals beside what was opened.

use std::path::Path;

use super::OpenedCase;
use crate::files::{self, SafeNames, create_private_folder, write_new_private};
use crate::protocol::ids::Digest;
use crate::verify::digest::sha256;

/// One file that an export wrote.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    pub path: String,
    pub size_bytes: u64,
    pub sha256: Digest,
}

/// Writes the sealed originals as `NN.age`, and of what opened `NN.json` (message.json, as signed) and the files in
/// `NN/`; a `SHA256SUMS` that `sha256sum -c` checks comes last, so that its presence means the export is whole.
pub fn export(case: &OpenedCase, folder: &Path) -> Result<Vec<Exported>, files::Error> {
    create_private_folder(folder)?;
    let mut written = Vec::new();
    let mut write = |name: String, bytes: &[u8]| {
        write_new_private(&folder.join(&name), bytes)?;
        written.push(Exported { path: name, size_bytes: bytes.len() as u64, sha256: sha256(bytes) });
        Ok(())
    };
    for message in &case.messages {
        let number = format!("{:02}", message.listed.position);
        write(format!("{number}.age"), &message.blob)?;
        if let Some(one_way) = &message.opened.one_way {
            write(format!("{number}.one-way"), &one_way.bytes)?;
        }
        let Some(content) = &message.opened.content else { continue };
        // What opened but is nobody's word is kept as well, under a name that says so.
        let mark = if message.opened.authentic().is_some() { "" } else { ".not-authentic" };
        let json = content.message.encode().expect("a message that was decoded encodes");
        write(format!("{number}{mark}.json"), &json)?;
        let mut names = SafeNames::default();
        for file in &content.files {
            create_private_folder(&folder.join(format!("{number}{mark}")))?;
            write(format!("{number}{mark}/{}", names.give(&file.file.name)), &file.bytes)?;
        }
    }
    let sums: String = written.iter().map(|file| format!("{}  {}\n", file.sha256, file.path)).collect();
    write_new_private(&folder.join("SHA256SUMS"), sums.as_bytes())?;
    Ok(written)
}
