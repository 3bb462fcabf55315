//! What sending needs beyond tus: the memo, and a way around what lets no PATCH pass (PROTOCOL 4.2).

use crate::support::server::*;

/// The request that brings the last byte of what a reporter sends brings its memo, or nothing comes of it.
#[test]
fn without_its_memo_a_reporters_message_is_not_whole() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(4 * TEXT));
    let whole = || server.creation("report", &token, &case, blob.len()).without("Upload-Memo");
    whole().content(&blob).send().problem(400, "malformed");
    let encoded = memo();
    for bad in [
        String::new(),
        "AAAA".into(),
        encoded.replace('B', "!"),
        encoded.clone() + "AAAA",
        format!("{encoded}="),
    ] {
        whole().header("Upload-Memo", &bad).content(&blob).send().problem(400, "malformed");
    }
    whole().header("Upload-Memo", &encoded).header("Upload-Memo", &encoded).content(&blob).send().expect(400);
    assert!(server.mailbox(&token)["case"].is_null());

    let location = begin(&server, &token, &case, blob.len());
    let patch = |from: usize, to: usize| server.patch(&location, &token, from, &blob[from..to]);
    patch(0, 100_000).without("Upload-Memo").send().expect(204);
    patch(100_000, blob.len()).without("Upload-Memo").send().problem(400, "malformed");
    assert_eq!(server.head(&location, &token).expect(200).offset(), 100_000, "it stands where it stood");
    // The same when the server learns only at its end that a body is the last one.
    let chunked = format!("{:x}\r\n", blob.len() - 100_000).into_bytes();
    let chunked = [&chunked[..], &blob[100_000..], b"\r\n0\r\n\r\n"].concat();
    let request = patch(100_000, 100_000).without("Upload-Memo").without("Content-Length");
    let request = request.header("Transfer-Encoding", "chunked").raw_body(&chunked);
    request.send().problem(400, "malformed");
    assert!(server.mailbox(&token)["case"].is_null());
    let at = server.head(&location, &token).expect(200).offset();
    patch(at, blob.len()).send().expect(204);
    let listed = server.mailbox(&token);
    assert_eq!((&listed["case"], &listed["messages"][0]["memo"]), (&case.into(), &memo().into()));
    let case = listed["case"].as_str().unwrap();
    let follow_up = server.creation("follow-up", &token, case, TEXT).without("Upload-Memo");
    follow_up.content(&sealed(TEXT)).send().problem(400, "malformed");
    // What an inspector sends has none, and one that comes along is not kept.
    let reply = server.creation("reply", &server.session(0), case, TEXT).header("Upload-Memo", &memo());
    reply.content(&sealed(TEXT)).send().expect(201);
    let listed = server.mailbox(&token);
    assert_eq!(listed["messages"].as_array().unwrap().len(), 2);
    assert!(listed["messages"][1].get("memo").is_none());
}

#[test]
fn a_repeat_leaves_the_first_memo() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(TEXT));
    server.send("report", &token, &case, &blob).expect(201);
    let other = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [8; 640]);
    let again = server.creation("report", &token, &case, TEXT).without("Upload-Memo");
    again.header("Upload-Memo", &other).content(&blob).send().expect(201);
    let listed = server.mailbox(&token);
    assert_eq!(listed["messages"].as_array().unwrap().len(), 1);
    assert_eq!(listed["messages"][0]["memo"], memo());
}

/// Where something on the way lets neither PATCH nor DELETE pass.
#[test]
fn a_post_may_stand_for_patch_and_delete() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(TEXT));
    let location = begin(&server, &token, &case, TEXT);
    let post = |method: &str, offset: usize, body: &[u8]| {
        let request = server.request("POST", &location).tus().bearer(&token);
        let request = request.header("X-HTTP-Method-Override", method).header("Upload-Memo", &memo());
        request.header("Upload-Offset", &offset.to_string()).content(body).send()
    };
    assert_eq!(post("PATCH", 0, &blob[..100]).expect(204).offset(), 100);
    post("PATCH", 0, &blob[..100]).problem(409, "offset-mismatch");
    for other in ["HEAD", "GET", "patch", "PUT", "PATCH, DELETE", ""] {
        post(other, 100, &blob[100..]).problem(405, "method-not-allowed");
    }
    server.request("POST", &location).tus().bearer(&token).content(&blob[100..]).send().expect(405);
    assert_eq!(server.head(&location, &token).expect(200).offset(), 100);
    assert_eq!(post("PATCH", 100, &blob[100..]).expect(204).offset(), TEXT);
    post("DELETE", 0, b"").problem(409, "finished");
    let location = begin(&server, &self::token(), &self::case(), TEXT);
    let delete = server.request("POST", &location).tus().bearer(&token);
    delete.header("X-HTTP-Method-Override", "DELETE").body(b"").send().problem(404, "not-found");
    // Nowhere else does the header change anything.
    let listed =
        server.get("/api/v1/mailbox").bearer(&token).header("X-HTTP-Method-Override", "DELETE").send();
    listed.expect(200);
    let creation =
        server.creation("follow-up", &token, &case, TEXT).header("X-HTTP-Method-Override", "DELETE");
    creation.content(&sealed(TEXT)).send().expect(201);
}

fn begin(server: &Server, token: &str, case: &str, length: usize) -> String {
    let answer = server.creation("report", token, case, length).body(b"").send().expect(201);
    answer.header("location").to_owned()
}
