// The server's database as anybody finds it who copies the disk: with the sqlite3 of the distribution.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

export async function query(database, sql) {
  const { stdout } = await run("sqlite3", ["-readonly", "-json", database, sql], { maxBuffer: 2 ** 30 });
  return stdout.trim() === "" ? [] : JSON.parse(stdout);
}

/// The sealed blobs, in their cases' order: `{caseId, thread, position, kind, declaredBytes, memo, blob}`; `memo` in hex.
export async function storedBlobs(database) {
  const messages = await query(
    database,
    "SELECT lower(hex(case_id)) AS caseId, thread, position, kind, size_bytes AS declaredBytes, iif(memo IS NULL, NULL, hex(memo)) AS memo, hex(blob_id) AS blobId FROM messages ORDER BY case_id, thread, position",
  );
  for (const message of messages) {
    const pieces = await query(
      database,
      `SELECT hex(data) AS data FROM parts JOIN blocks USING (slot) WHERE substr(parts.part, 1, 16) = x'${message.blobId}' ORDER BY parts.part`,
    );
    message.blob = Buffer.concat(pieces.map(({ data }) => Buffer.from(data, "hex")));
  }
  return messages;
}
