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
  sealMessage,
  sha256,
  stanzaTypes,
  today,
} from "./protocol.mjs";
import { startProxy } from "./proxy.mjs";

export async function startHostileOffice(t) {
  const demo = await startDemo(t);
  const proxy = await startProxy(t, demo.url);
  const profile = profileOf(await readFile(demo.profile, "utf8"));
  const inspectors = await Promise.all(demo.identities.map((path) => readIdentityFile(path, demo.passphraseFile)));
  const { receipt: code } = await reporter(demo).report({ text: "گزارش" });
  const keys = await keysOfCode(code.replace(/[^0-9]/g, ""), profile.office);
  const caseId = caseIdOf(keys.signer.publicKey);
  const headers = { authorization: `Bearer ${keys.token.toString("hex")}` };
  const report = Buffer.from(await (await fetch(`${demo.url}/api/v1/mailbox/messages/0`, { headers })).arrayBuffer());
  const reportMessage = messageOf(await openBlob(report, inspectors[0].identity));
  const toInspectors = profile.inspectors.map((inspector) => inspector.recipient);
  const toReporter = [reportMessage.reporter.recipient, ...toInspectors];

  const isToOffice = (blob) => stanzaTypes(blob).filter((type) => !type.endsWith("-grease")).length === profile.inspectors.length;
  const listing = (blobs) => {
    const messages = blobs.map((blob, position) => ({
      position,
      direction: position === 0 || isToOffice(blob) ? "to-office" : "to-reporter",
      size_bytes: blob.length,
      sha256: sha256(blob).toString("hex"),
      day: today(),
    }));
    const body = JSON.stringify({ case: caseId, messages });
    return Buffer.from(body.padEnd(Math.ceil(body.length / 4096) * 4096));
  };

  /// Answers `path` and the blobs below it as if `blobs` were all that is there. `delivered` are other blobs than
  /// those that are listed.
  const serve = (path, blobs, { delivered = blobs } = {}) => {
    proxy.alter = (request, response) => {
      if (request.path === path) {
        Object.assign(response, { status: 200, body: listing(blobs) });
      } else if (request.path.startsWith(`${path}/messages/`)) {
        const blob = delivered[Number(request.path.slice(path.length + "/messages/".length))];
        Object.assign(response, {
          status: 200,
          headers: { "content-type": "application/octet-stream", "cache-control": "no-store" },
          body: blob,
        });
      }
    };
  };

  /// message.json of a reply that is right in everything but what the options say.
  const reply = ({ sender = inspectors[0].id, after = [], ...options }) =>
    replyMessage(profile, reportMessage, [report, ...after], { sender, ...options });
  const followUp = (options) => followUpMessage(profile, reportMessage, [report], { sequence: 1, ...options });

  const bytesOf = ({ files = [] }) => files.map((file) => file.bytes);

  return {
    ...{ demo, proxy, profile, inspectors, code, keys, caseId, report, reportMessage, toInspectors, toReporter, reply, followUp },
    sealReply: ({ signer = inspectors[0].signer, recipients = toReporter, ...options }) =>
      sealMessage({ message: reply(options), files: bytesOf(options), signer, recipients }),
    sealFollowUp: ({ signer = keys.signer, ...options }) => sealMessage({ message: followUp(options), signer, recipients: toInspectors }),
    serveMailbox: (blobs, options) => serve("/api/v1/mailbox", blobs, options),
    serveCase: (blobs) => serve(`/api/v1/cases/${caseId}`, blobs),
  };
}
