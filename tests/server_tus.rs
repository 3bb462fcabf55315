//! Every row of the tus table (PROTOCOL 4.2), against a real server.

mod server_support;

use server_support::*;

#[test]
fn options_tells_what_is_spoken() {
    let server = Server::start();
    let answer = server.request("OPTIONS", "/api/v1/uploads").send().expect(204);
    assert_eq!(answer.header("tus-version"), "1.0.0");
    assert_eq!(answer.header("tus-resumable"), "1.0.0");
    assert_eq!(answer.header("tus-extension"), "creation,creation-with-upload,termination");
    assert_eq!(answer.header("tus-max-size"), "268435456");
    assert!(answer.body.is_empty());
}

#[test]
fn a_text_report_is_one_request() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(TEXT));
    let answer = server.send("report", &token, &case, &blob).expect(201);
    assert_eq!(answer.offset(), TEXT);
    let location = answer.header("location").to_owned();
    let id = location.strip_prefix("/api/v1/uploads/").unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));

    let listed = server.mailbox(&token);
    assert_eq!(listed["case"], case);
    let message = &listed["messages"][0];
    assert_eq!(message["position"], 0);
    assert_eq!(message["direction"], "to-office");
    assert_eq!(message["size_bytes"], TEXT);
    assert_eq!(message["day"], FIRST_DAY);
    assert_eq!(message["sha256"], mohr::verify::digest::sha256(&blob).to_string());
    let download = server.get("/api/v1/mailbox/messages/0").bearer(&token).send().expect(200);
    assert_eq!(download.body, blob);
}
