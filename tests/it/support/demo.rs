//! A demo office, run as a person runs it: the binary, a folder, a port.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub struct Demo {
    pub folder: tempfile::TempDir,
    pub index: Value,
    server: Child,
}

const START_TIMEOUT: Duration = Duration::from_secs(120);

pub fn mohr() -> Command {
    Command::new(env!("CARGO_BIN_EXE_mohr"))
}

impl Demo {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = mohr()
            .args(["demo", "--listen", "127.0.0.1:0", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log.txt")).unwrap())
            .spawn()
            .unwrap();
        let index = folder.path().join("demo.json");
        let started = Instant::now();
        while !index.exists() {
            assert!(started.elapsed() < START_TIMEOUT, "the demo does not start");
            assert!(server.try_wait().unwrap().is_none(), "the demo ended");
            std::thread::sleep(Duration::from_millis(50));
        }
        let index = serde_json::from_slice(&std::fs::read(index).unwrap()).unwrap();
        Self { folder, index, server }
    }

    pub fn server_url(&self) -> String {
        self.index["reporter_url"].as_str().unwrap().trim_end_matches("/fa/").to_owned()
    }

    pub fn path(&self, member: &str) -> PathBuf {
        PathBuf::from(self.index[member].as_str().unwrap())
    }

    pub fn identity(&self, number: usize) -> PathBuf {
        PathBuf::from(self.index["identities"][number - 1].as_str().unwrap())
    }

    /// A reporter's command.
    pub fn reporter(&self, command: &str) -> Command {
        let mut reporter = mohr();
        reporter.args([command, "--json", "--server", &self.server_url()]);
        reporter
    }

    /// An inspector's command; `case` for those that take one.
    pub fn inspector(&self, number: usize, command: &str, case: Option<&str>) -> Command {
        let mut inspector = mohr();
        inspector.arg(command).args(case).args(["--json", "--server", &self.server_url()]);
        inspector.arg("--identity").arg(self.identity(number));
        inspector.arg("--passphrase-file").arg(self.path("passphrase_file"));
        inspector
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Ends the server as a person does, and says how it ended.
    pub fn stop(mut self) -> (std::process::ExitStatus, tempfile::TempDir) {
        let status = terminate(&mut self.server);
        // Dropping a Demo kills what still runs; this one has ended.
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        (status, folder)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

pub fn terminate(server: &mut Child) -> std::process::ExitStatus {
    let id = server.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    server.wait().unwrap()
}

/// What a command printed, if it ended well.
pub fn json(command: &mut Command) -> Value {
    let output = command.stdin(Stdio::null()).output().unwrap();
    decode(&output)
}

/// The same with something on standard input.
pub fn json_with_input(command: &mut Command, input: &str) -> Value {
    decode(&output_with_input(command, input))
}

pub fn output_with_input(command: &mut Command, input: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses before it reads has closed its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// What a command that must fail said on standard error; it prints no data.
pub fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn read_tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                files.push((entry.path(), std::fs::read(entry.path()).unwrap()));
            }
        }
    }
    files
}

fn decode(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
