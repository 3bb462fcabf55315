-- The whole current schema of a mohr database, version 1.
--
-- What must stay true of every table:
--   * Nothing is finer than a day. Not a column, not an order: keys are random or derived from random keys, tables
--     are WITHOUT ROWID (that of blocks has no other rowid than its slot), and what SQLite's pages would still tell of
--     the order of arrival is taken out by src/storage/sqlite/blocks.rs and src/storage/sqlite/order.rs.
--   * Nothing here opens anything: blobs are sealed, of a token there is only the hash.
--   * The CHECKs repeat what the code already guarantees, so that a bug is an error and not a wrong row.

PRAGMA application_id = 0x6d6f6872;  -- "mohr"
PRAGMA user_version = 1;

-- The one office of this file. Nothing of another is ever in it, and it is opened for no other.
CREATE TABLE office (
    office_id BLOB NOT NULL PRIMARY KEY CHECK (length(office_id) = 16)
) STRICT, WITHOUT ROWID;

-- Every version of the office's profile that was served, as it was signed. They are public.
CREATE TABLE profiles (
    version INTEGER NOT NULL PRIMARY KEY CHECK (version BETWEEN 1 AND 9007199254740991),
    digest  BLOB    NOT NULL CHECK (length(digest) = 32),
    note    BLOB    NOT NULL CHECK (length(note) BETWEEN 1 AND 262144)
) STRICT, WITHOUT ROWID;

-- A case begins with its report. The token whose hash is the mailbox id is the reporter's only key to it, and whoever
-- has the token behind the write hash may write and read on the office's side. A one-way case has neither. The office's
-- journal is a case, too, without a mailbox; it is there from its first record on.
CREATE TABLE cases (
    case_id    BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    mailbox_id BLOB UNIQUE               CHECK (length(mailbox_id) = 32),
    write_hash BLOB                      CHECK (length(write_hash) = 32),
    CHECK ((mailbox_id IS NULL) = (write_hash IS NULL))
) STRICT, WITHOUT ROWID;

-- The messages of a case, each thread in the order in which they were taken. A row is there only when the whole blob is.
CREATE TABLE messages (
    case_id    BLOB    NOT NULL REFERENCES cases,
    thread     INTEGER NOT NULL CHECK (thread IN (0, 1)),      -- 0 the mailbox, 1 the office's own
    position   INTEGER NOT NULL CHECK (position BETWEEN 0 AND 4294967295),
    kind       TEXT    NOT NULL CHECK (kind IN ('report', 'follow-up', 'reply', 'record')),
    size_bytes INTEGER NOT NULL CHECK (size_bytes BETWEEN 32768 AND 268435456 AND size_bytes % 32768 = 0),
    sha256     BLOB    NOT NULL CHECK (length(sha256) = 32),
    day        TEXT    NOT NULL CHECK (day GLOB '[2-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
    blob_id    BLOB    NOT NULL CHECK (length(blob_id) = 16),
    memo       BLOB             CHECK (length(memo) = 640),    -- beside what the reporter sent; a one-way report has none
    PRIMARY KEY (case_id, thread, position),
    UNIQUE (case_id, kind, sha256),                            -- a blob sent twice is one message
    CHECK ((thread = 1) = (kind = 'record')),
    CHECK ((thread = 0 AND position = 0) = (kind = 'report')),
    CHECK (CASE kind WHEN 'report' THEN 1 WHEN 'follow-up' THEN memo IS NOT NULL ELSE memo IS NULL END)
) STRICT, WITHOUT ROWID;

-- Uploads under way, and for some days the memory of finished ones, so that a client can ask whether its last
-- bytes arrived. blob_id is null in a finished one: from then on nothing joins an upload's public id to its blob. The
-- write hash waits here until the report is whole and its case begins.
CREATE TABLE uploads (
    upload_id    BLOB    NOT NULL PRIMARY KEY CHECK (length(upload_id) = 16),
    owner        BLOB    NOT NULL CHECK (length(owner) = 32),
    kind         TEXT    NOT NULL CHECK (kind IN ('report', 'follow-up', 'reply', 'record')),
    case_id      BLOB    NOT NULL CHECK (length(case_id) = 16),
    length_bytes INTEGER NOT NULL CHECK (length_bytes BETWEEN 32768 AND 268435456 AND length_bytes % 32768 = 0),
    offset_bytes INTEGER NOT NULL CHECK (offset_bytes BETWEEN 0 AND length_bytes),
    day          TEXT    NOT NULL CHECK (day GLOB '[2-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
    blob_id      BLOB             CHECK (length(blob_id) = 16),
    write_hash   BLOB             CHECK (length(write_hash) = 32),
    CHECK ((blob_id IS NULL) = (offset_bytes = length_bytes)),
    CHECK ((write_hash IS NOT NULL) = (kind = 'report' AND blob_id IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- Blobs that belong to nobody any more and whose blocks wait to be freed, some at a time.
CREATE TABLE dropped (
    blob_id BLOB NOT NULL PRIMARY KEY CHECK (length(blob_id) = 16)
) STRICT, WITHOUT ROWID;

-- Where the pieces of a blob lie: part = blob id ‖ index of the piece (4 bytes, big-endian).
CREATE TABLE parts (
    part BLOB    NOT NULL PRIMARY KEY CHECK (length(part) = 20),
    slot INTEGER NOT NULL CHECK (slot >= 0)
) STRICT, WITHOUT ROWID;

-- All blobs, cut into blocks of 32 KiB (every size class is a multiple), in slots 0, 1, 2, … without a gap and in
-- random order. Each row has the same length, so that SQLite overwrites it where it lies. The slot is the rowid: to find
-- one, SQLite then reads no other row's bytes, so one that a disk has spoiled is in nobody's way.
CREATE TABLE blocks (
    slot INTEGER NOT NULL PRIMARY KEY CHECK (slot >= 0),
    part BLOB    NOT NULL CHECK (length(part) = 20),
    data BLOB    NOT NULL CHECK (length(data) = 32768)
) STRICT;
