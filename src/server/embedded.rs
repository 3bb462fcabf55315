//! The files that were built into the program: `web/dist`, the same bytes for every office.

use std::collections::HashMap;
use std::sync::OnceLock;

use rust_embed::RustEmbed;

use crate::http::static_file::StaticFile;

/// `allow_missing`: the program compiles, and serves its API, before the pages are built.
#[derive(RustEmbed)]
#[folder = "web/dist/reporter"]
#[allow_missing = true]
struct Dist;

/// Names of assets carry a hash of their bytes, so they never change.
const ASSETS: &str = "/assets/";

pub(super) struct EmbeddedFiles {
    /// By the path of their address: `/fa/`, `/fa/report`, `/assets/main-1a2b.js`.
    files: HashMap<String, StaticFile>,
}

impl EmbeddedFiles {
    /// The pages, once for the life of the program.
    pub(super) fn pages() -> &'static Self {
        static PAGES: OnceLock<EmbeddedFiles> = OnceLock::new();
        PAGES.get_or_init(Self::load::<Dist>)
    }

    /// All that is embedded in a folder.
    fn load<Folder: RustEmbed>() -> Self {
        let files = Folder::iter().filter_map(|name| {
            let (path, file) = (path_of(&name), StaticFile::new(&name, Folder::get(&name)?.data));
            let file = if path.starts_with(ASSETS) { file.immutable() } else { file };
            Some((path, file))
        });
        Self { files: files.collect() }
    }

    /// The file at an address.
    pub(super) fn file(&self, path: &str) -> Option<&StaticFile> {
        self.files.get(path)
    }

    /// Compresses everything; takes a second or so. A request that comes meanwhile waits for its own file
    /// alone.
    pub(super) fn compress(&self) {
        self.files.values().for_each(StaticFile::compress);
    }
}

/// `fa/index.html` is `/fa/`, `fa/report.html` is `/fa/report`, all else is what it is.
fn path_of(name: &str) -> String {
    let path = format!("/{name}");
    match path.strip_suffix(".html") {
        Some(page) => {
            page.strip_suffix("/index").map(|folder| format!("{folder}/")).unwrap_or(page.to_owned())
        }
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_files() {
        for (name, path) in [
            ("fa/index.html", "/fa/"),
            ("fa/report.html", "/fa/report"),
            ("assets/main-1a2b.js", "/assets/main-1a2b.js"),
            ("robots.txt", "/robots.txt"),
        ] {
            assert_eq!(path_of(name), path);
        }
    }
}
