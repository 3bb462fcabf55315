//! A server of a few lines that answers as a test says, and badly where it says so: what a hostile or sick
//! server and the proxies before it do to a client.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What a client asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// With its query.
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// What it is answered.
pub struct Answered {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// The line breaks behind so many bytes of the body.
    pub cut: Option<usize>,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// First and last of a single range of bytes.
    pub fn range(&self) -> Option<(usize, usize)> {
        let (first, last) = self.header("range").strip_prefix("bytes=")?.split_once('-')?;
        Some((first.parse().ok()?, last.parse().ok()?))
    }
}

impl Answered {
    pub fn with_status(status: u16, body: &[u8]) -> Self {
        Self { status, headers: Vec::new(), body: body.to_vec(), cut: None }
    }

    pub fn json(value: &serde_json::Value) -> Self {
        Self::with_status(200, value.to_string().as_bytes())
    }

    /// A problem document of this word.
    pub fn problem(status: u16, word: &str) -> Self {
        let document = serde_json::json!({
            "type": format!("urn:mohr:problem:{word}"), "title": "x", "status": status
        });
        Self::with_status(status, document.to_string().as_bytes())
    }

    /// The part of these bytes that was asked for, as a good server gives it.
    pub fn ranged(asked: &Asked, bytes: &[u8]) -> Self {
        let Some((first, last)) = asked.range() else { return Self::with_status(200, bytes) };
        let range = format!("bytes {first}-{last}/{}", bytes.len());
        Self { headers: vec![("Content-Range", range)], ..Self::with_status(206, &bytes[first..=last]) }
    }

    pub fn cut_behind(self, bytes: usize) -> Self {
        Self { cut: Some(bytes), ..self }
    }
}

/// Runs until the test's process ends.
pub struct ScriptedServer {
    pub url: String,
    pub asked: Arc<Mutex<Vec<Asked>>>,
}

impl ScriptedServer {
    /// `answer` gets the number of the request, from 0, and what was asked.
    pub fn start(answer: impl Fn(usize, &Asked) -> Answered + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // One after another: the number of a request is what a test counts by.
                let _ = serve(stream.unwrap(), &log, &answer);
            }
        });
        Self { url, asked }
    }

    pub fn paths(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|asked| asked.path.clone()).collect()
    }
}

fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Asked>>,
    answer: &impl Fn(usize, &Asked) -> Answered,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let asked = Asked { method, path, headers, body };
    let number = {
        let mut log = log.lock().unwrap();
        log.push(asked.clone());
        log.len() - 1
    };
    let answered = answer(number, &asked);
    let mut head = format!(
        "HTTP/1.1 {} x\r\nConnection: close\r\nContent-Length: {}\r\n",
        answered.status,
        answered.body.len()
    );
    for (name, value) in &answered.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    let sent = answered.cut.unwrap_or(answered.body.len());
    stream.write_all(&answered.body[..sent])
}
