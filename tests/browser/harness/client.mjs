// A foreign client: whole reports and replies, made with protocol.mjs and without any code of the project.

import { caseIdOf, keysOfCode, newCode, sealMessage, threadOf, today } from "./protocol.mjs";

/// A report that a page could have sealed: `{code, caseId, keys, message, blob}`.
export async function sealReport(profile, { text, files = [], answers = [] }) {
  const code = newCode();
  const keys = await keysOfCode(code, profile.office);
  const caseId = caseIdOf(keys.signer.publicKey);
  const message = {
    format: "mohr/v1",
    office: profile.office,
    case: caseId,
    direction: "to-office",
    kind: "report",
    sender: "reporter",
    sequence: 0,
    thread: threadOf(profile.office, caseId, []),
    day: today(),
    language: "fa",
    text,
    door: "report",
    answers,
    reporter: { recipient: keys.recipient, signer: keys.signer.publicKey },
    left_out: [],
    files: describe(files),
  };
  const blob = await sealMessage({
    message,
    files: files.map((file) => file.bytes),
    signer: keys.signer,
    recipients: profile.inspectors.map((inspector) => inspector.recipient),
  });
  return { code, caseId, keys, message, blob };
}

/// message.json of a reply to the report whose message.json is `report`, as the inspector `sender` would write it
/// after the blobs `thread`. `change` alters members.
export function replyMessage(profile, report, thread, { sender, text, files = [], sequence = 0, change = {} }) {
  return {
    format: "mohr/v1",
    office: profile.office,
    case: report.case,
    direction: "to-reporter",
    kind: "reply",
    sender,
    sequence,
    thread: threadOf(profile.office, report.case, thread),
    day: today(),
    language: "fa",
    text,
    left_out: report.left_out,
    files: describe(files),
    ...change,
  };
}

/// message.json of a follow-up of the reporter.
export function followUpMessage(profile, report, thread, { text, sequence, change = {} }) {
  return {
    format: "mohr/v1",
    office: profile.office,
    case: report.case,
    direction: "to-office",
    kind: "follow-up",
    sender: "reporter",
    sequence,
    thread: threadOf(profile.office, report.case, thread),
    day: today(),
    language: "fa",
    text,
    left_out: report.left_out,
    files: [],
    ...change,
  };
}

const describe = (files) => files.map(({ name, type, bytes }) => ({ name, type, size_bytes: bytes.length }));
