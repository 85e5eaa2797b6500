-- A ledger as the first version wrote it (schema 1): a job of two labels that wait.
BEGIN TRANSACTION;
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
INSERT INTO jobs VALUES (1, 'wave', X'ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB', 'pack-1', '[]', 1796000000000);
INSERT INTO runs VALUES ('pack-1', 1, 1, 2);
INSERT INTO labels VALUES (1, 'wave-1', 1, 'pack-1', 1, 1, 0, 'waiting', '', NULL, 1796000000000, 1796000000000, 'order 1', 'ORDER1', 'TR001', 'TR001', NULL, X'ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB', NULL, 0, 0, NULL, NULL);
INSERT INTO contents VALUES (1, '{"id":"wave-1","order":"order 1","tracking":"TR001","sender":{"name":"Little Lamp Shop","lines":["8 Quay Street"],"city":"Bristol","postcode":"BS1 4DJ","country":"GB"},"recipient":{"name":"Zoë Example","lines":["Musterweg 5"],"city":"Jena","postcode":"07743","country":"DE"}}');
INSERT INTO labels VALUES (2, 'wave-2', 1, 'pack-1', 1, 2, 0, 'waiting', '', NULL, 1796000000000, 1796000000000, 'order 2', 'ORDER2', 'TR002', 'TR002', NULL, X'ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB', NULL, 0, 0, NULL, NULL);
INSERT INTO contents VALUES (2, '{"id":"wave-2","order":"order 2","tracking":"TR002","sender":{"name":"Little Lamp Shop","lines":["8 Quay Street"],"city":"Bristol","postcode":"BS1 4DJ","country":"GB"},"recipient":{"name":"Zoë Example","lines":["Musterweg 5"],"city":"Jena","postcode":"07743","country":"DE"}}');
INSERT INTO counts VALUES ('pack-1', 'waiting', 2);
INSERT INTO templates VALUES (X'ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB', 'a design', 1796000000000);
INSERT INTO events VALUES (1, 1796000000000, 'taken', 'wave', NULL, 'pack-1', '{"labels":2,"runs":1,"held":0}');
PRAGMA user_version = 1;
COMMIT;
