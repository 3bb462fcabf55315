// An office with one report, and a server in front of it that lies. It has more than a hostile server could have,
// the inspectors' keys and the reporter's code, so that each lie can be tried with everything else being right.

import { readFile } from "node:fs/promises";

import { followUpMessage, replyMessage } from "./client.mjs";
import { reporter, startDemo } from "./mohr.mjs";
import {
  caseIdOf,
  keysOfCode,
  messageOf,
  openBlob,
  profileOf,
  readIdentityFile,
  readRootKeyFile,
  sealMemo,
  sealMessage,
  sha256,
  signProfile,
  stampOf,
  today,
} from "./protocol.mjs";
import { startProxy } from "./proxy.mjs";

const PAGE_BYTES = 32_768;

/// `leaveOut` are ids of inspectors whom the report leaves out.
export async function startHostileOffice(t, { leaveOut = [] } = {}) {
  const demo = await startDemo(t);
  const proxy = await startProxy(t, demo.url);
  const note = await readFile(demo.profile, "utf8");
  const profile = profileOf(note);
  const root = await readRootKeyFile(demo.rootKey, demo.passphraseFile);
  const inspectors = await Promise.all(demo.identities.map((path) => readIdentityFile(path, demo.passphraseFile)));
  const { receipt: code } = await reporter(demo).report({ text: "گزارش", leaveOut });
  const keys = await keysOfCode(code.replace(/[^0-9]/g, ""), profile.office);
  const caseId = caseIdOf(keys.signer.publicKey);
  const headers = { authorization: `Bearer ${keys.token.toString("hex")}` };
  const get = (path) => fetch(`${demo.url}/api/v1/mailbox${path}`, { headers });
  const blob = Buffer.from(await (await get("/0")).arrayBuffer());
  const [{ memo }] = (await (await get("?from=0")).json()).messages;
  const reader = inspectors.find(({ id }) => !leaveOut.includes(id));
  const reportMessage = messageOf(await openBlob(blob, reader.identity));
  /// The report as the server lists it.
  const report = { kind: "report", blob, memo };
  const toInspectors = profile.inspectors.map((inspector) => inspector.recipient);
  const toReporter = [reportMessage.reporter.recipient, ...toInspectors];

  const entryOf = ({ kind, blob, memo, day = today(), gone = false, listed = {} }, position) => ({
    position,
    kind,
    ...(gone ? { gone } : { size_bytes: blob.length }),
    sha256: sha256(blob).toString("hex"),
    day,
    ...(memo !== undefined && { memo }),
    ...listed,
  });

  /// Answers as if `messages` (each `{kind, blob, memo}`, and `listed` for members that lie) were all that the mailbox holds.
  /// `delivered` are other blobs than those that are listed.
  const serveMailbox = (messages, { delivered = messages.map(({ blob }) => blob), orders = [], dropped = false, note: served } = {}) => {
    proxy.alter = (request, response) => {
      const path = request.path.replace(/^\/api\/v1/, "");
      if (path === "/profile" && served !== undefined) response.body = Buffer.from(served);
      if (path.startsWith("/mailbox?from=")) {
        const page = { case: caseId, dropped, messages: messages.map(entryOf), orders, next: null };
        Object.assign(response, { status: 200, body: Buffer.from(JSON.stringify(page).padEnd(PAGE_BYTES)) });
      } else if (/^\/mailbox\/[0-9]+$/.test(path)) {
        Object.assign(response, blobAnswer(delivered[Number(path.slice("/mailbox/".length))]));
      }
    };
  };

  /// The same for what an inspector asks of the case.
  const serveCase = (messages) => {
    proxy.alter = (request, response) => {
      const path = request.path.replace(/^\/api\/v1/, "");
      if (path.startsWith("/cases/read")) {
        const answer = JSON.parse(response.body);
        for (const asked of answer.cases) {
          if (asked.case !== caseId) continue;
          const known = JSON.parse(request.body).cases.find((wanted) => wanted.case === caseId).mailbox;
          asked.mailbox = messages.map(({ kind, blob }, position) => entryOf({ kind, blob }, position)).slice(known);
        }
        response.body = Buffer.from(JSON.stringify(answer));
      } else if (path.startsWith("/cases?")) {
        const answer = JSON.parse(response.body);
        for (const listed of answer.cases)
          if (listed.case === caseId) listed.report = entryOf({ kind: "report", blob: messages[0].blob }, 0);
        response.body = Buffer.from(JSON.stringify(answer));
      } else if (path.startsWith(`/cases/${caseId}/mailbox/`)) {
        Object.assign(response, blobAnswer(messages[Number(path.split("/").at(-1))].blob));
      }
    };
  };

  /// message.json of a reply that is right in everything but what the options say.
  const reply = ({ sender = reader.id, after = [], ...options }) => replyMessage(reportMessage, [report, ...after], { sender, ...options });
  const followUp = ({ after = [], ...options }) => followUpMessage(reportMessage, [report, ...after], options);

  const bytesOf = ({ files = [] }) => files.map((file) => file.bytes);

  return {
    ...{ demo, proxy, note, profile, root, inspectors, code, keys, caseId, report, reportMessage, toInspectors, toReporter },
    ...{ reply, followUp, serveMailbox, serveCase },
    /// A reply as the server lists it.
    async sealReply({ signer = reader.signer, recipients = toReporter, ...options }) {
      const message = reply(options);
      return { kind: "reply", blob: await sealMessage({ message, files: bytesOf(options), signer, recipients }) };
    },
    /// A follow-up of the reporter with its memo.
    async sealFollowUp({ signer = keys.signer, ...options }) {
      const message = followUp(options);
      const sealed = await sealMessage({ message, signer, recipients: toInspectors });
      return { kind: "follow-up", blob: sealed, memo: sealMemo(keys, message, sealed) };
    },
    /// The office's profile, altered and signed as the office would, one version on.
    nextProfile(change) {
      const document = structuredClone(profile);
      document.version += 1;
      change(document);
      const next = signProfile(document, root, { keepOffice: true });
      return { note: next, profile: document, stamp: stampOf(next) };
    },
  };
}

function blobAnswer(blob) {
  if (blob === undefined)
    return {
      status: 404,
      headers: { "content-type": "application/problem+json" },
      body: Buffer.from('{"type":"urn:mohr:problem:not-found"}'),
    };
  return { status: 200, headers: { "content-type": "application/octet-stream", "cache-control": "no-store" }, body: blob };
}
