// A foreign client: whole reports and replies, made with protocol.mjs and without any code of the project.

import { caseIdOf, keysOfCode, newCode, profileOf, sealMemo, sealMessage, stampOf, threadOf, today } from "./protocol.mjs";

/// Everybody whom a profile lists, as a message names them.
export const everybody = (profile) => profile.inspectors.map(({ id }) => id).sort();

/// A report that a page could have sealed, to the office of this note: `{code, caseId, keys, message, blob, memo}`.
export async function sealReport(note, { text, files = [], answers = [] }) {
  const profile = profileOf(note);
  const code = newCode();
  const keys = await keysOfCode(code, profile.office);
  const caseId = caseIdOf(keys.signer.publicKey);
  const message = {
    ...commonOf(profile.office, caseId, stampOf(note), threadOf(profile.office, caseId, [])),
    kind: "report",
    sender: "reporter",
    readers: everybody(profile),
    text,
    door: "report",
    answers,
    reporter: { recipient: keys.recipient, signer: keys.signer.publicKey, secret: keys.secret },
    files: describe(files),
  };
  const blob = await sealMessage({
    message,
    files: files.map((file) => file.bytes),
    signer: keys.signer,
    recipients: profile.inspectors.map((inspector) => inspector.recipient),
  });
  return { code, caseId, keys, message, blob, memo: sealMemo(keys, message, blob) };
}

/// message.json of a reply to the report whose message.json is `report`, as the inspector `sender` would write it
/// after the messages `before` (each `{kind, blob}`). `change` alters members.
export function replyMessage(report, before, { sender, epoch = 1, text, files = [], change = {} }) {
  return {
    ...commonOf(report.office, report.case, report.profile, threadOf(report.office, report.case, before)),
    kind: "reply",
    sender,
    epoch,
    readers: report.readers,
    text,
    seconds: [],
    files: describe(files),
    ...change,
  };
}

/// message.json of a follow-up of the reporter.
export function followUpMessage(report, before, { text, change = {} }) {
  return {
    ...commonOf(report.office, report.case, report.profile, threadOf(report.office, report.case, before)),
    kind: "follow-up",
    sender: "reporter",
    readers: report.readers,
    text,
    answers: [],
    files: [],
    ...change,
  };
}

function commonOf(office, caseId, profile, mailbox) {
  const threads = { mailbox };
  return { format: "mohr/v1", office, case: caseId, threads, day: today(), language: "fa", profile, extensions: {} };
}

const describe = (files) => files.map(({ name, type, bytes }) => ({ name, type, size_bytes: bytes.length }));
