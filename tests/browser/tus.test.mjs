// A tus client that we did not write uploads to our server, and is interrupted.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { DetailedError, Upload } from "tus-js-client";

import { sealReport } from "./harness/client.mjs";
import { inspector, savedFile, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { profileOf, sha256 } from "./harness/protocol.mjs";
import { startProxy } from "./harness/proxy.mjs";

test("tus-js-client sends a report in parts, stops, resumes, and an inspector opens it", async (t) => {
  const demo = await startDemo(t);
  const { report, recording } = await reportWithFile(demo, 900_000);

  const first = startUpload(demo.url, report, { chunkSize: 100_000 });
  const stopped = await first.untilSent(250_000);
  assert.ok(stopped.url.startsWith(`${demo.url}/api/v1/uploads/`), stopped.url);
  assert.deepEqual(await inspector(demo).inbox(), [], "half a report is no report");

  const offset = await offsetOf(stopped.url, report);
  assert.ok(offset >= 200_000 && offset < report.blob.length, `offset ${offset}`);
  const rest = startUpload(demo.url, report, { chunkSize: 100_000, uploadUrl: stopped.url });
  await rest.finished;
  assert.equal(rest.sentFrom, offset, "the second client goes on where the first stopped");

  await assertArrived(t, demo, report, recording);
});

test("tus-js-client goes on by itself when the line breaks in the middle of a part", async (t) => {
  const demo = await startDemo(t);
  const proxy = await startProxy(t, demo.url);
  const { report, recording } = await reportWithFile(demo, 900_000);
  let breaks = 2;
  proxy.cutRequest = (request) => (request.method === "PATCH" && breaks-- > 0 ? 123_457 : null);

  const upload = startUpload(proxy.url, report, { chunkSize: 400_000, retryDelays: [300, 300, 300] });
  await upload.finished;

  assert.ok(breaks < 0, "the line did break");
  const offsets = proxy.seen.filter((request) => request.method === "PATCH").map((request) => Number(request.headers["upload-offset"]));
  assert.ok(offsets.includes(123_457), `what arrived before the break is kept: ${offsets}`);
  await assertArrived(t, demo, report, recording);
});

test("tus-js-client sends everything with the creation, in one request", async (t) => {
  const demo = await startDemo(t);
  const proxy = await startProxy(t, demo.url);
  const { report, recording } = await reportWithFile(demo, 20_000);
  await startUpload(proxy.url, report, { uploadDataDuringCreation: true }).finished;
  assert.deepEqual(
    proxy.seen.map((request) => request.method),
    ["POST"],
  );
  await assertArrived(t, demo, report, recording);
});

test("tus-js-client takes an unfinished upload back", async (t) => {
  const demo = await startDemo(t);
  const { report } = await reportWithFile(demo, 900_000);
  const stopped = await startUpload(demo.url, report, { chunkSize: 100_000 }).untilSent(150_000);
  await Upload.terminate(stopped.url, { headers: authorization(report) });
  assert.equal((await fetch(stopped.url, { method: "HEAD", headers: { ...authorization(report), "tus-resumable": "1.0.0" } })).status, 404);
  assert.deepEqual(await inspector(demo).inbox(), []);
});

test("what is no sealed message is refused, and tus-js-client hears it", async (t) => {
  const demo = await startDemo(t);
  const { report } = await reportWithFile(demo, 20_000);
  const refusal = async (blob, status, word) => {
    const error = await startUpload(demo.url, { ...report, blob }, {}).finished.then(
      () => null,
      (error) => error,
    );
    assert.ok(error instanceof DetailedError, `${word}: ${error}`);
    assert.equal(error.originalResponse.getStatus(), status);
    assert.equal(JSON.parse(error.originalResponse.getBody()).type, `urn:mohr:problem:${word}`);
  };
  await refusal(report.blob.subarray(0, -1), 422, "not-a-size-class");
  await refusal(Buffer.concat([Buffer.from("Age"), report.blob.subarray(3)]), 422, "not-sealed");
  assert.deepEqual(await inspector(demo).inbox(), []);
});

async function reportWithFile(demo, size) {
  const profile = profileOf(await readFile(demo.profile, "utf8"));
  const recording = randomBytes(size);
  const report = await sealReport(profile, {
    text: "از یک برنامهٔ دیگر",
    files: [{ name: "ضبط.ogg", type: "audio/ogg", bytes: recording }],
  });
  return { report, recording };
}

const authorization = (report) => ({ authorization: `Bearer ${report.keys.token.toString("hex")}` });

async function offsetOf(url, report) {
  const response = await fetch(url, { method: "HEAD", headers: { ...authorization(report), "tus-resumable": "1.0.0" } });
  assert.equal(response.status, 200);
  return Number(response.headers.get("upload-offset"));
}

/// `finished` settles with the upload; `untilSent(n)` stops it once n bytes are acknowledged, and gives its url.
function startUpload(server, report, options) {
  const state = { sentFrom: null };
  let onAccepted = () => {};
  state.finished = new Promise((resolve, reject) => {
    state.upload = new Upload(report.blob, {
      endpoint: `${server}/api/v1/uploads`,
      headers: authorization(report),
      metadata: { kind: "report", case: report.caseId },
      retryDelays: null,
      storeFingerprintForResuming: false,
      ...options,
      onBeforeRequest(request) {
        if (request.getMethod() === "PATCH") state.sentFrom ??= Number(request.getHeader("Upload-Offset"));
      },
      onChunkComplete: (_size, accepted) => onAccepted(accepted),
      onSuccess: resolve,
      onError: reject,
    });
  });
  state.finished.catch(() => {});
  state.untilSent = (bytes) =>
    new Promise((resolve, reject) => {
      state.finished.then(() => reject(new Error("the upload was not stopped in time")), reject);
      onAccepted = (accepted) => {
        if (accepted < bytes) return;
        state.upload.abort().then(() => resolve({ url: state.upload.url }), reject);
      };
    });
  state.upload.start();
  return state;
}

async function assertArrived(t, demo, report, recording) {
  const inbox = await inspector(demo).inbox();
  assert.deepEqual(
    inbox.map((entry) => entry.case),
    [report.caseId],
  );
  const folder = await temporaryFolder(t, "opened");
  const opened = await inspector(demo).open(report.caseId, { files: folder });
  assert.equal(opened.messages.length, 1);
  const [message] = opened.messages;
  assert.equal(message.from, "reporter");
  assert.equal(message.verified, true);
  assert.equal(message.text, "از یک برنامهٔ دیگر");
  assert.equal(message.files[0].sha256, sha256(recording).toString("hex"));
  assert.deepEqual(await savedFile(folder, message.files[0]), recording);
}
