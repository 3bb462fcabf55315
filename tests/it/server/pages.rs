//! Pages, and the headers that stand on everything.

use crate::support::server::*;

/// On everything.
const ALWAYS: [(&str, &str); 2] =
    [("x-content-type-options", "nosniff"), ("cross-origin-resource-policy", "same-origin")];

const DOCUMENT: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' blob:; \
         font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types worker",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("permissions-policy", ""),
];

const SCRIPT: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-embedder-policy", "require-corp"),
];
const STYLE: &[(&str, &str)] = &[("referrer-policy", "no-referrer")];
const INERT: &[(&str, &str)] = &[("content-security-policy", "default-src 'none'; frame-ancestors 'none'")];

/// Exactly those policies stand on an answer that act on it.
fn assert_policies(path: &str, answer: &Response, wanted: &[(&str, &str)]) {
    for (name, value) in ALWAYS.iter().chain(wanted) {
        let found = answer.header(name);
        assert!(!found.is_empty() && (value.is_empty() || found == *value), "{path}: {name}: {found}");
    }
    for (name, _) in DOCUMENT {
        let is_wanted = wanted.iter().any(|(other, _)| other == name);
        assert_eq!(answer.headers.contains_key(*name), is_wanted, "{path}: {name}");
    }
}

#[test]
fn the_headers_that_act_on_an_answer_stand_on_every_one() {
    let server = Server::start();
    let mut answers = Vec::new();
    for routes in mohr::server::ROUTES {
        for (method, path) in routes {
            let path = format!("/api/v1{path}").replace("{case}", &case()).replace("{position}", "0");
            let path =
                path.replace("{upload}", &case()).replace("{thread}", "office").replace("{version}", "1");
            for secret in [token(), "bad".into()] {
                answers.push((
                    path.clone(),
                    server.request(&method.to_uppercase(), &path).tus().bearer(&secret).body(b"").send(),
                ));
            }
        }
    }
    for path in [
        "/",
        "/fa",
        "/fa/",
        "/fa/report",
        "/en/",
        "/xx/",
        "/nothing",
        "/assets/nothing.js",
        "/a/b/c/d",
        "/api",
        "/api/v1",
    ] {
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            answers.push((path.into(), server.request(method, path).body(b"").send()));
        }
    }
    answers.push(("another host".into(), server.get("/").host("other.test").send()));
    answers.push(("no host".into(), server.get("/").without("Host").send()));
    for (path, answer) in answers {
        assert_policies(&path, &answer, if path.starts_with("/api/") { INERT } else { DOCUMENT });
        for absent in
            ["server", "set-cookie", "etag", "last-modified", "x-powered-by", "access-control-allow-origin"]
        {
            assert!(!answer.headers.contains_key(absent), "{path}: {absent}");
        }
        assert!(answer.status < 500, "{path}: {}", answer.status);
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
}

#[test]
fn home_leads_to_the_first_language() {
    let server = Server::start();
    let answer = server.get("/").send().expect(307);
    assert_eq!(answer.header("location"), "/fa/");
}

#[test]
fn people_get_a_page_and_programs_a_document() {
    let server = Server::start();
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = server.get("/nothing").header("Accept", browser).send().expect(404);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let text = String::from_utf8(page.body).unwrap();
    assert!(
        text.contains("پیدا نشد")
            && text.contains("not found")
            && !text.contains("<script")
            && !text.contains("style=")
    );
    let refused = server.request("POST", "/").header("Accept", browser).body(b"").send().expect(405);
    assert_eq!(refused.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(refused.header("allow"), "GET,HEAD");
    server.get("/nothing").send().problem(404, "not-found");
    server.request("POST", "/").body(b"").send().problem(405, "method-not-allowed");
    for path in ["/api/v1/nothing", "/api/nothing", "/api"] {
        server.get(path).header("Accept", browser).send().problem(404, "not-found");
    }
}

#[test]
fn no_path_leads_out_of_the_pages() {
    let server = Server::start();
    for path in [
        "/../Cargo.toml",
        "/assets/../../Cargo.toml",
        "/assets/..%2f..%2fCargo.toml",
        "/%2e%2e/Cargo.toml",
        "/fa/..%5c..%5cCargo.toml",
        "//etc/passwd",
        "/assets//etc/passwd",
        "/fa/index.html%00.js",
    ] {
        let answer = server.get(path).send();
        assert_eq!(answer.status, 404, "{path}");
    }
}

/// Over whatever is built: each page and asset in each encoding is the file itself.
#[test]
fn pages_and_assets_are_the_files_that_were_built() {
    let server = Server::start();
    let dist = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("web/dist/reporter");
    let mut folders = vec![dist.clone()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&dist).unwrap().to_str().unwrap();
            // What the server fills in, or gives only as an answer: tests/it/server/one_way.rs.
            if name.contains("/sealed") {
                continue;
            }
            let url = format!(
                "/{}",
                name.strip_suffix("index.html").or(name.strip_suffix(".html")).unwrap_or(name)
            );
            let bytes = std::fs::read(&path).unwrap();
            for encoding in ["", "gzip", "br"] {
                let answer = server.get(&url).header("Accept-Encoding", encoding).send().expect(200);
                assert_eq!(answer.header("vary"), "Accept-Encoding");
                let body = match answer.header("content-encoding") {
                    "" => answer.body.clone(),
                    "br" => {
                        assert_eq!(encoding, "br");
                        let mut plain = Vec::new();
                        brotli::BrotliDecompress(&mut &answer.body[..], &mut plain).unwrap();
                        plain
                    }
                    "gzip" => {
                        assert_eq!(encoding, "gzip");
                        let mut plain = Vec::new();
                        std::io::copy(&mut flate2::read::GzDecoder::new(&answer.body[..]), &mut plain)
                            .unwrap();
                        plain
                    }
                    other => panic!("{other}"),
                };
                assert_eq!(body, bytes, "{url} {encoding}");
                let cache = if url.starts_with("/assets/") {
                    "private, max-age=86400, immutable"
                } else {
                    "no-store"
                };
                assert_eq!(answer.header("cache-control"), cache, "{url}");
                let wanted = match url.rsplit('.').next().unwrap() {
                    "js" => SCRIPT,
                    "css" => STYLE,
                    "woff2" => &[],
                    "svg" => INERT,
                    _ => DOCUMENT,
                };
                assert_policies(&url, &answer, wanted);
                if url.ends_with(".js") || url.ends_with(".css") || name.ends_with(".html") {
                    assert!(
                        encoding.is_empty()
                            || bytes.len() < 1000
                            || answer.header("content-encoding") == encoding
                    );
                }
            }
        }
    }
}
