//! An office of a test's own making, served by the binary as an operator serves it. Its keys are in memory
//! and its profile can be changed and signed anew, as the office does it between one day and the next.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::demo::{mohr, terminate};
use super::office::{Case, Office, Posted, key_of, today};
use mohr::client::{Client, InspectorSession, OutgoingMessage};
use mohr::desk::memory::Memory;
use mohr::desk::{Desk, OpenedCase, Visit};
use mohr::protocol::day::Day;
use mohr::protocol::ids::{CaseId, Id};
use mohr::protocol::message::{Door, File, MessageKind};
use mohr::protocol::profile::Profile;
use mohr::protocol::receipt::ReceiptCode;
use mohr::protocol::secret::WriteToken;
use mohr::protocol::upload::UploadMetadata;
use mohr::reporter::{self, Attachment, Draft, ReportForm};
use mohr::seal::derive::{ReporterKeys, write_token};
use mohr::seal::hybrid::Recipient;
use mohr::seal::key_file::InspectorKeys;
use mohr::verify::digest::write_hash;
use mohr::verify::signature::session_bytes;

const START_TIMEOUT: Duration = Duration::from_secs(60);

pub struct RunningOffice {
    pub office: Office,
    pub folder: tempfile::TempDir,
    pub url: String,
    server: Option<Child>,
}

impl RunningOffice {
    pub fn start(inspectors: usize) -> Self {
        Self::with_addresses(inspectors, &[])
    }

    /// Reached under these addresses, too.
    pub fn with_addresses(inspectors: usize, addresses: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Free a moment ago; nobody else takes it before the server does.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let mut office = Office::with_inspectors(inspectors);
        let all = std::iter::once(url.as_str()).chain(addresses.iter().copied());
        office.profile.addresses = all.map(|address| address.parse().unwrap()).collect();
        let hosts: Vec<_> =
            office.profile.addresses.iter().map(|address| format!("{:?}", address.host())).collect();
        let hosts = hosts.join(", ");
        let config = format!(
            "listen = \"127.0.0.1:{port}\"\n[[office]]\nhosts = [{hosts}]\nprofile = \"profile.note\"\n\
             database = \"mohr.sqlite3\"\n"
        );
        std::fs::write(folder.path().join("server.toml"), config).unwrap();
        std::fs::write(folder.path().join("profile.note"), office.note()).unwrap();
        mohr::storage::create(&folder.path().join("mohr.sqlite3"), office.profile.office).unwrap();
        let mut running = Self { office, folder, url, server: None };
        running.serve();
        running
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Changes the profile, signs it as the next version and starts the server with it.
    pub fn change(&mut self, change: impl FnOnce(&mut Profile)) {
        self.stop();
        change(&mut self.office.profile);
        self.office.profile.version += 1;
        std::fs::write(self.path("profile.note"), self.office.note()).unwrap();
        self.serve();
    }

    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            assert!(terminate(&mut server).success());
        }
    }

    pub fn serve(&mut self) {
        let log = std::fs::File::create(self.path("log.txt")).unwrap();
        let mut command = mohr();
        command.arg("serve").arg("--config").arg(self.path("server.toml"));
        let mut server = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let started = Instant::now();
        while std::net::TcpStream::connect(self.url.trim_start_matches("http://")).is_err() {
            assert!(started.elapsed() < START_TIMEOUT, "the server does not start");
            let ended = server.try_wait().unwrap();
            assert!(ended.is_none(), "{}", std::fs::read_to_string(self.path("log.txt")).unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
        self.server = Some(server);
    }

    /// The desk of the inspector with this number, from 1, with a memory of her own.
    pub fn desk(&self, number: usize) -> Desk {
        self.desk_at(number, &self.url, today())
    }

    pub fn desk_at(&self, number: usize, url: &str, today: Day) -> Desk {
        let memory = Memory::load(&self.path(&format!("desk-{number}.json"))).unwrap();
        let visit = Visit { office: Some(self.office.profile.office), address: None, today };
        let client = Client::new(url, None).unwrap();
        Desk::sign_in(client, copy(&self.office.inspectors[number - 1]), &visit, memory).unwrap()
    }

    /// Opens the case at this inspector's desk.
    pub fn open(&self, number: usize, case: CaseId) -> (Desk, OpenedCase) {
        let mut desk = self.desk(number);
        let listed = desk.find(&case.to_string()).unwrap();
        let opened = desk.open(&listed).unwrap();
        (desk, opened)
    }

    pub fn client(&self) -> Client {
        Client::new(&self.url, None).unwrap()
    }

    /// Sends a report, and says its code and its case.
    pub fn report(&self, text: &str, left_out: &[&str], files: &[(&str, &[u8])]) -> (ReceiptCode, CaseId) {
        let (client, code) = (self.client(), ReceiptCode::generate(mohr::seal::fill_random));
        let office = reporter::Office::visit(&client, None, today()).unwrap();
        let form = ReportForm { door: Door::Report, answers: Vec::new() };
        office.report(&code, form, &draft(text, left_out, files), |_| ()).unwrap();
        let case = office.open_mailbox(&code).unwrap().case;
        (code, case)
    }

    /// A session of this inspector's, without a desk.
    pub fn session(&self, number: usize) -> InspectorSession {
        let signing = self.office.inspectors[number - 1].signing.clone();
        let (office, key) = (self.office.profile.office, key_of(number));
        let address = self.office.profile.addresses[0].clone();
        let signed = (key.clone(), address.clone());
        let sign = move |challenge| signing.sign(&session_bytes(office, &signed.0, &signed.1, challenge));
        InspectorSession::sign_in(&self.client(), key, address, sign).unwrap()
    }

    /// Puts a blob into a case as whoever has a session, and perhaps the right to write, can.
    pub fn put_reply(
        &self,
        number: usize,
        case: CaseId,
        write: Option<&WriteToken>,
        blob: &[u8],
    ) -> Result<(), mohr::client::Error> {
        let metadata = UploadMetadata { kind: MessageKind::Reply, case, write_hash: None };
        let outgoing = OutgoingMessage { metadata, memo: None, write, blob };
        self.client().upload(&self.session(number), &outgoing, |_| ())
    }

    /// What somebody sends without scripts: sealed to every inspector by age, through the form.
    pub fn send_one_way(&self, plaintext: &[u8]) {
        let recipients: Vec<Recipient> =
            self.office.profile.inspectors.iter().map(|listed| listed.recipient.parse().unwrap()).collect();
        let recipients = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let mut sealed = Vec::new();
        let mut writer =
            age::Encryptor::with_recipients(recipients).unwrap().wrap_output(&mut sealed).unwrap();
        writer.write_all(plaintext).unwrap();
        writer.finish().unwrap();
        let part = "--x\r\nContent-Disposition: form-data; name=\"sealed\"; filename=\"a.age\"\r\n\r\n";
        let body = [part.as_bytes(), &sealed, b"\r\n--x--\r\n"].concat();
        let host = self.url.trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(host).unwrap();
        let head = format!(
            "POST /fa/sealed HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\
             Content-Type: multipart/form-data; boundary=x\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }

    /// An inspector's command, by her identity file.
    pub fn inspector(&self, number: usize, url: &str, words: &[&str]) -> Command {
        let (identity, pass) = (self.path(&format!("inspector-{number}.age")), self.path("pass"));
        let passphrase = "a long enough passphrase";
        if !identity.exists() {
            let keys = &self.office.inspectors[number - 1];
            std::fs::write(&identity, keys.seal(&passphrase.into()).unwrap()).unwrap();
            std::fs::write(&pass, passphrase).unwrap();
        }
        let mut command = mohr();
        command.args(words).args(["--server", url, "--office", &self.office.profile.office.to_string()]);
        command.arg("--identity").arg(identity).arg("--passphrase-file").arg(pass);
        command
    }

    /// A case with so many follow-ups, sent without asking what the mailbox holds between them.
    pub fn post_case(&self, follow_ups: usize) -> CaseId {
        let mut case = Case::new(&self.office);
        case.report("گزارش");
        for number in 0..follow_ups {
            case.follow_up(&number.to_string());
        }
        let client = self.client();
        for posted in &case.mailbox {
            post(&client, &case.keys, posted);
        }
        case.id()
    }
}

/// Sends what a reporter posts.
pub fn post(client: &Client, keys: &ReporterKeys, posted: &Posted) {
    let write_hash = (posted.kind == MessageKind::Report).then(|| write_hash(&write_token(&keys.secret)));
    let metadata = UploadMetadata { kind: posted.kind, case: keys.case(), write_hash };
    let outgoing = OutgoingMessage { metadata, memo: posted.memo.as_ref(), write: None, blob: &posted.blob };
    client.upload(&keys.token.encode(), &outgoing, |_| ()).unwrap();
}

impl Drop for RunningOffice {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

pub fn copy(keys: &InspectorKeys) -> InspectorKeys {
    InspectorKeys {
        id: keys.id.clone(),
        epoch: keys.epoch,
        identity: keys.identity.clone(),
        signing: keys.signing.clone(),
    }
}

pub fn id(text: &str) -> Id {
    text.parse().unwrap()
}

/// What a reporter says.
pub fn draft(text: &str, left_out: &[&str], files: &[(&str, &[u8])]) -> Draft {
    let attachment = |(name, bytes): &(&str, &[u8])| Attachment {
        name: (*name).to_owned(),
        media_type: "application/octet-stream".to_owned(),
        bytes: bytes.to_vec(),
    };
    Draft {
        text: text.to_owned(),
        language: "fa".to_owned(),
        left_out: left_out.iter().copied().map(id).collect(),
        files: files.iter().map(attachment).collect(),
    }
}

/// As message.json lists it.
pub fn file(name: &str, bytes: &[u8]) -> File {
    File { name: name.to_owned(), media_type: "application/pdf".to_owned(), size_bytes: bytes.len() as u64 }
}
