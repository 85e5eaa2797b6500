//! The tables, and how a ledger of an older version becomes one of this.
//!
//! `PRAGMA user_version` counts the migrations a ledger has been through; opening runs the missing ones, each
//! in one transaction. A migration that stands is never changed: the next change is a new one below it.

use super::error::OpenError;
use rusqlite::Connection;
use std::path::Path;

/// Runs the migrations this ledger has not seen.
pub(super) fn migrate(db: &mut Connection, dir: &Path) -> Result<(), OpenError> {
    let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(OpenError::Newer { dir: dir.to_owned(), found, known });
    }
    for (version, sql) in (1..).zip(MIGRATIONS).skip(found as usize) {
        let change = db.transaction()?;
        change.execute_batch(sql)?;
        change.pragma_update(None, "user_version", version)?;
        change.commit()?;
    }
    Ok(())
}

const MIGRATIONS: [&str; 7] = [FIRST, GROUPS, STATIONS, CLOSED_SETS, CLOCK, REFERENCE, FATES];

const FIRST: &str = "
CREATE TABLE jobs (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    content BLOB NOT NULL,
    printer TEXT NOT NULL,
    sort TEXT NOT NULL,              -- a JSON array of words
    taken_at INTEGER NOT NULL
) STRICT;

CREATE TABLE runs (
    printer TEXT NOT NULL,
    number INTEGER NOT NULL,
    job INTEGER NOT NULL,
    labels INTEGER NOT NULL,
    PRIMARY KEY (printer, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_of_job ON runs (job);

-- One row a label, kept narrow: what is printed on it stands in contents, so moving a label rewrites little.
CREATE TABLE labels (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    job INTEGER NOT NULL,
    printer TEXT NOT NULL,
    run INTEGER NOT NULL,
    position INTEGER NOT NULL,
    urgent INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    moved_by TEXT,
    moved_at INTEGER NOT NULL,
    taken_at INTEGER NOT NULL,
    order_no TEXT,
    order_key TEXT,
    tracking TEXT,
    tracking_key TEXT,
    ship_by INTEGER,
    template BLOB NOT NULL,
    digest BLOB,                     -- of the dots of the first print
    attempts INTEGER NOT NULL,
    copies INTEGER NOT NULL,
    reprint_reason TEXT,             -- of a reprint that has not been sent yet
    reprint_by TEXT
) STRICT;
-- The next label of a printer: holds the waiting ones only, so history costs nothing.
CREATE INDEX labels_next ON labels (printer, urgent DESC, run, position) WHERE state = 'waiting';
CREATE INDEX labels_of_state ON labels (state);
CREATE INDEX labels_of_job ON labels (job);
CREATE INDEX labels_of_order ON labels (order_key) WHERE order_key IS NOT NULL;
CREATE INDEX labels_of_tracking ON labels (tracking_key) WHERE tracking_key IS NOT NULL;
CREATE INDEX labels_taken ON labels (taken_at);

CREATE TABLE contents (
    label INTEGER PRIMARY KEY,
    waybill TEXT NOT NULL
) STRICT;

-- One row a physical attempt.
CREATE TABLE prints (
    label INTEGER NOT NULL,
    number INTEGER NOT NULL,
    printer TEXT NOT NULL,
    run INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    evidence TEXT,
    settled_by TEXT,
    reprint_reason TEXT,
    reprint_by TEXT,
    digest BLOB NOT NULL,
    sending_at INTEGER NOT NULL,
    settled_at INTEGER,
    PRIMARY KEY (label, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE templates (
    hash BLOB PRIMARY KEY,
    text TEXT NOT NULL,
    kept_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE printers (
    name TEXT PRIMARY KEY,
    facts TEXT NOT NULL,             -- a JSON object: what we learnt of it
    learnt_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    job TEXT,
    label TEXT,
    printer TEXT,
    data TEXT NOT NULL               -- a small JSON object, never personal data
) STRICT;

-- Counted as labels move, so that asking does not count a million rows.
CREATE TABLE counts (
    printer TEXT NOT NULL,
    state TEXT NOT NULL,
    labels INTEGER NOT NULL,
    PRIMARY KEY (printer, state)
) STRICT, WITHOUT ROWID;
";

/// Jobs for a group of printers, and which labels went from one printer to another.
const GROUPS: &str = "
ALTER TABLE labels ADD COLUMN printer_group TEXT;   -- of a job that named one
ALTER TABLE labels ADD COLUMN unsent INTEGER NOT NULL DEFAULT 0;   -- attempts of which nothing that prints had left
ALTER TABLE runs ADD COLUMN printer_group TEXT;

-- A waiting label given to another printer of its group.
CREATE TABLE moves (
    label INTEGER NOT NULL,
    number INTEGER NOT NULL,
    from_printer TEXT NOT NULL,
    to_printer TEXT NOT NULL,
    why TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (label, number)
) STRICT, WITHOUT ROWID;
";

/// What a pack station does with labels, and who is told of events.
const STATIONS: &str = "
ALTER TABLE labels ADD COLUMN carrier TEXT;
ALTER TABLE labels ADD COLUMN weight_g INTEGER;
ALTER TABLE labels ADD COLUMN expires INTEGER;      -- must not be used from then on
ALTER TABLE labels ADD COLUMN paper TEXT;           -- which paper of a wave it is; NULL: a waybill
ALTER TABLE labels ADD COLUMN on_scan INTEGER NOT NULL DEFAULT 0;   -- born held; a scan lets it print
ALTER TABLE labels ADD COLUMN replaced_by TEXT;     -- the id of the label to use instead
ALTER TABLE labels ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;  -- how often its content was replaced while it waited
ALTER TABLE labels ADD COLUMN cancel_wish TEXT;     -- 'hold': the buyer asked to cancel; 'void': canceled while on its way
ALTER TABLE labels ADD COLUMN cancel_by TEXT;
ALTER TABLE labels ADD COLUMN shipped_at INTEGER;   -- scanned as handed over
ALTER TABLE labels ADD COLUMN shipped_by TEXT;
ALTER TABLE labels ADD COLUMN shipped_station TEXT;
ALTER TABLE labels ADD COLUMN manifest TEXT;        -- the id of the manifest label it stands on
ALTER TABLE labels ADD COLUMN reprint_station TEXT; -- of a reprint that has not been sent yet
ALTER TABLE prints ADD COLUMN reprint_station TEXT;
CREATE INDEX labels_shipped ON labels (shipped_at) WHERE shipped_at IS NOT NULL;
CREATE INDEX labels_of_manifest ON labels (manifest) WHERE manifest IS NOT NULL;

-- The goods of labels that wait for a scan, for a scan of the goods.
CREATE TABLE goods (
    sku_key TEXT NOT NULL,
    label INTEGER NOT NULL,
    single INTEGER NOT NULL,         -- nothing else is in the parcel
    PRIMARY KEY (sku_key, label)
) STRICT, WITHOUT ROWID;
CREATE INDEX goods_of_label ON goods (label);

-- What was scanned where and what came of it; never the text itself, which may be anything.
CREATE TABLE scans (
    key INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    station TEXT NOT NULL,
    scanned_by TEXT,
    label INTEGER,
    answer TEXT NOT NULL
) STRICT;
CREATE INDEX scans_of_label ON scans (label) WHERE label IS NOT NULL;

-- How far each target of events has been told.
CREATE TABLE webhooks (
    name TEXT PRIMARY KEY,
    told INTEGER NOT NULL            -- the newest event it has taken
) STRICT, WITHOUT ROWID;
";

/// Causes and kinds as words of closed sets; until now sentences and words with hyphens stood for them.
const CLOSED_SETS: &str = "
ALTER TABLE labels ADD COLUMN hold TEXT;            -- why it is held, while it is; reason says it for people
ALTER TABLE labels RENAME COLUMN cancel_wish TO pending_cancel;
UPDATE labels SET hold = CASE
    WHEN reason = 'prints when it is scanned' AND (on_scan = 1 OR paper IS NOT NULL) THEN 'on_scan'
    WHEN reason = 'waited through a long outage' THEN 'long_outage'
    WHEN reason LIKE 'buyer asked to cancel%' OR reason LIKE 'the buyer asked to cancel%' THEN 'buyer_asked'
    WHEN reason = 'it has expired: it must not be used any more.' THEN 'expired'
    ELSE 'asked' END
    WHERE state = 'held';
UPDATE events SET kind = replace(kind, '-', '_') WHERE kind LIKE '%-%';
UPDATE scans SET answer = replace(answer, '-', '_') WHERE answer LIKE '%-%';
";

/// Jumps of the wall clock, and a row to see whether the ledger can be written.
const CLOCK: &str = "
CREATE TABLE clock_jumps (
    key INTEGER PRIMARY KEY,
    label INTEGER NOT NULL,          -- the newest label before it
    seq INTEGER NOT NULL,            -- the newest event before it
    gap_ms INTEGER NOT NULL,         -- ahead; less than 0: back
    at INTEGER NOT NULL              -- by the clock after it
) STRICT;
CREATE TABLE pulse (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at INTEGER NOT NULL
) STRICT;
";

/// The shop's own words for a label, read out of its content so that they are erased with it.
const REFERENCE: &str = "
ALTER TABLE contents ADD COLUMN reference TEXT
    AS (CASE WHEN json_valid(waybill) THEN json_extract(waybill, '$.reference') END) VIRTUAL;
CREATE INDEX contents_of_reference ON contents (reference) WHERE reference IS NOT NULL;
";

/// Evidence and doubts by their words, where they stood as sentences, and the papers spelt as every set is.
const FATES: &str = "
ALTER TABLE labels ADD COLUMN doubt TEXT;           -- why it is in doubt; NULL: it is not
UPDATE labels SET doubt = CASE
    WHEN reason LIKE 'the line broke (%' THEN 'line_broke'
    WHEN reason LIKE 'the printer fell silent, and now its buffers are empty%' THEN 'out_of_sight'
    WHEN reason LIKE 'the printer counted fewer labels than it got%' THEN 'some_came_out'
    WHEN reason LIKE 'the printer stopped in the middle of it%' THEN 'stopped_in_it'
    WHEN reason = 'the daemon restarted while it was being sent' THEN 'restarted'
    ELSE 'no_evidence' END
    WHERE state = 'in_doubt';
UPDATE prints SET evidence = CASE evidence
    WHEN 'the printer''s label counter' THEN 'counter'
    WHEN 'the printer''s empty buffers' THEN 'buffers'
    WHEN 'the printer''s word after printing it' THEN 'echo'
    WHEN 'the printer''s word that it has it, and that it rests since' THEN 'rest' END
    WHERE evidence IS NOT NULL;
UPDATE labels SET paper = replace(paper, '-', '_') WHERE paper LIKE '%-%';
";
