-- A ledger as the version before closed sets wrote it (schema 3): a label that is out, one that waits, and labels held for
-- every cause there was. Made by that daemon; the last events, the label of the long outage and
-- the scan were added by hand.
BEGIN TRANSACTION;
CREATE TABLE contents (
    label INTEGER PRIMARY KEY,
    waybill TEXT NOT NULL
) STRICT;
INSERT INTO "contents" VALUES(1,'{"id":"pkg-1","order":"57646001","tracking":"TR001","sender":{"name":"Little Lamp Shop","lines":["8 Quay Street"],"city":"Bristol","postcode":"BS1 4DJ","country":"GB"},"recipient":{"name":"Zoë Example","lines":["Musterweg 5"],"city":"Jena","postcode":"07743","country":"DE"}}');
INSERT INTO "contents" VALUES(2,'{"id":"pkg-7","order":"57646007","tracking":"TR007","sender":{"name":"Little Lamp Shop","lines":["8 Quay Street"],"city":"Bristol","postcode":"BS1 4DJ","country":"GB"},"recipient":{"name":"Zoë Example","lines":["Musterweg 5"],"city":"Jena","postcode":"07743","country":"DE"},"expires":"2020-01-01T00:00:00+00:00"}');
INSERT INTO "contents" VALUES(3,'{"id":"pkg-2","order":"57646002","tracking":"TR002","sender":{"name":"Little Lamp Shop","lines":["8 Quay Street"],"city":"Bristol","postcode":"BS1 4DJ","country":"GB"},"recipient":{"name":"Zoë Example","lines":["Musterweg 5"],"city":"Jena","postcode":"07743","country":"DE"}}');
INSERT INTO "contents" VALUES(4,'{"id":"pkg-3","order":"57646003","tracking":"TR003","sender":{"name":"Little Lamp Shop","lines":["8 Quay Street"],"city":"Bristol","postcode":"BS1 4DJ","country":"GB"},"recipient":{"name":"Zoë Example","lines":["Musterweg 5"],"city":"Jena","postcode":"07743","country":"DE"}}');
INSERT INTO "contents" VALUES(5,'{"id":"pkg-4","order":"57646004","tracking":"TR004","sender":{"name":"Little Lamp Shop","lines":["8 Quay Street"],"city":"Bristol","postcode":"BS1 4DJ","country":"GB"},"recipient":{"name":"Zoë Example","lines":["Musterweg 5"],"city":"Jena","postcode":"07743","country":"DE"}}');
INSERT INTO "contents" VALUES(6,'{"id":"pkg-5","order":"57646005","tracking":"TR005","sender":{"name":"Little Lamp Shop","lines":["8 Quay Street"],"city":"Bristol","postcode":"BS1 4DJ","country":"GB"},"recipient":{"name":"Zoë Example","lines":["Musterweg 5"],"city":"Jena","postcode":"07743","country":"DE"}}');
INSERT INTO "contents" VALUES(7,'{"id":"pkg-8","order":"57646008","tracking":"TR008","sender":{"name":"Little Lamp Shop","lines":["8 Quay Street"],"city":"Bristol","postcode":"BS1 4DJ","country":"GB"},"recipient":{"name":"Zoë Example","lines":["Musterweg 5"],"city":"Jena","postcode":"07743","country":"DE"}}');
INSERT INTO "contents" VALUES(8,'{"id":"pkg-9","order":"57646009","tracking":"TR009","sender":{"name":"Little Lamp Shop","lines":["8 Quay Street"],"city":"Bristol","postcode":"BS1 4DJ","country":"GB"},"recipient":{"name":"Zoë Example","lines":["Musterweg 5"],"city":"Jena","postcode":"07743","country":"DE"},"hold":"buyer asked to cancel"}');
INSERT INTO "contents" VALUES(9,'{"id":"pkg-6","order":"57646006","tracking":"TR006","sender":{"name":"Little Lamp Shop","lines":["8 Quay Street"],"city":"Bristol","postcode":"BS1 4DJ","country":"GB"},"recipient":{"name":"Zoë Example","lines":["Musterweg 5"],"city":"Jena","postcode":"07743","country":"DE"},"items":[{"sku":"LAMP-2","name":"Desk lamp","quantity":1}]}');
CREATE TABLE counts (
    printer TEXT NOT NULL,
    state TEXT NOT NULL,
    labels INTEGER NOT NULL,
    PRIMARY KEY (printer, state)
) STRICT, WITHOUT ROWID;
INSERT INTO "counts" VALUES('pack-1','held',7);
INSERT INTO "counts" VALUES('pack-1','printed',1);
INSERT INTO "counts" VALUES('pack-1','sending',0);
INSERT INTO "counts" VALUES('pack-1','waiting',1);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    job TEXT,
    label TEXT,
    printer TEXT,
    data TEXT NOT NULL               -- a small JSON object, never personal data
) STRICT;
INSERT INTO "events" VALUES(1,1796138346264,'taken','first',NULL,'pack-1','{"held":0,"labels":1,"runs":1}');
INSERT INTO "events" VALUES(2,1796138346286,'printing',NULL,NULL,'pack-1','{"printer":"pack-1","sentence":"printing."}');
INSERT INTO "events" VALUES(3,1796138346291,'printing',NULL,NULL,'pack-1','{"printer":"pack-1","sentence":"printing."}');
INSERT INTO "events" VALUES(4,1796138346291,'sending','first','pkg-1','pack-1','{"position":1,"run":1}');
INSERT INTO "events" VALUES(5,1796138354294,'taken','late',NULL,'pack-1','{"held":0,"labels":1,"runs":1}');
INSERT INTO "events" VALUES(6,1796138354301,'held','late','pkg-7','pack-1','{"position":1,"reason":"it has expired: it must not be used any more.","run":2}');
INSERT INTO "events" VALUES(7,1796138357301,'paused',NULL,NULL,'pack-1','{"printer":"pack-1","sentence":"paused by an operator"}');
INSERT INTO "events" VALUES(8,1796138357396,'taken','wave',NULL,'pack-1','{"held":1,"labels":6,"runs":1}');
INSERT INTO "events" VALUES(9,1796138357540,'taken','scan',NULL,'pack-1','{"held":1,"labels":1,"runs":1}');
INSERT INTO "events" VALUES(10,1796138357549,'held','wave','pkg-2','pack-1','{"position":1,"reason":"the buyer asked to cancel","run":3}');
INSERT INTO "events" VALUES(11,1796138357553,'cancel-requested','wave','pkg-3','pack-1','{"position":2,"run":3,"state":"waiting"}');
INSERT INTO "events" VALUES(12,1796138357553,'held','wave','pkg-3','pack-1','{"position":2,"reason":"buyer asked to cancel","run":3}');
INSERT INTO "events" VALUES(13,1796138357556,'held','wave','pkg-4','pack-1','{"position":3,"reason":"the address is in question","run":3}');
INSERT INTO "events" VALUES(14,1796138357562,'cancel-requested','first','pkg-1','pack-1','{"position":1,"run":1,"state":"sending"}');
INSERT INTO "events" VALUES(15,1764600000000,'held','wave','pkg-8','pack-1','{"run": 3, "position": 5, "reason": "waited through a long outage"}');
INSERT INTO "events" VALUES(16,1764600000000,'backlog-held',NULL,NULL,'pack-1','{"printer": "pack-1", "labels": 1, "sentence": "1 labels that waited through a long outage are held."}');
INSERT INTO "events" VALUES(17,1764600000000,'media-empty',NULL,NULL,'pack-1','{"printer": "pack-1", "sentence": "out of labels: load a roll; printing goes on by itself."}');
INSERT INTO "events" VALUES(18,1796138363734,'printed','first','pkg-1','pack-1','{"position":1,"run":1}');
INSERT INTO "events" VALUES(19,1796138363734,'idle',NULL,NULL,'pack-1','{"printer":"pack-1","sentence":"nothing to print."}');
CREATE TABLE goods (
    sku_key TEXT NOT NULL,
    label INTEGER NOT NULL,
    single INTEGER NOT NULL,         -- nothing else is in the parcel
    PRIMARY KEY (sku_key, label)
) STRICT, WITHOUT ROWID;
INSERT INTO "goods" VALUES('LAMP-2',9,1);
CREATE TABLE jobs (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    content BLOB NOT NULL,
    printer TEXT NOT NULL,
    sort TEXT NOT NULL,              -- a JSON array of words
    taken_at INTEGER NOT NULL
) STRICT;
INSERT INTO "jobs" VALUES(1,'first',X'F3997AB143ACFA5EA014CC6E7973220F7C644B00F19EAC6D77E0294F7BEC6179','pack-1','[]',1796138346264);
INSERT INTO "jobs" VALUES(2,'late',X'3BEC5F9676BEBE87F9433FD06B64321CAA92A95D4294EEC259F6D620FEFEC2B3','pack-1','[]',1796138354294);
INSERT INTO "jobs" VALUES(3,'wave',X'632CEB8DDE4EDC0F70FC1627CDA06756CFF811FD12D65DBC9F0D37F31284CDC5','pack-1','[]',1796138357396);
INSERT INTO "jobs" VALUES(4,'scan',X'F9F4C867944C6C108D868A7A1E05283190EF7FB79A0CE22EFB26DCB5AD854026','pack-1','[]',1796138357540);
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
, printer_group TEXT, unsent INTEGER NOT NULL DEFAULT 0, carrier TEXT, weight_g INTEGER, expires INTEGER, paper TEXT, on_scan INTEGER NOT NULL DEFAULT 0, replaced_by TEXT, revision INTEGER NOT NULL DEFAULT 0, cancel_wish TEXT, cancel_by TEXT, shipped_at INTEGER, shipped_by TEXT, shipped_station TEXT, manifest TEXT, reprint_station TEXT) STRICT;
INSERT INTO "labels" VALUES(1,'pkg-1',1,'pack-1',1,1,0,'printed','',NULL,1796138363734,1796138346264,'57646001','57646001','TR001','TR001',NULL,X'221F0668B4DA296AC4F157CC236DC180E609ECEECEB395060426EECBA4F696F9',X'AB5237C68F3D5E5663A498B28162FA41CAEB911DA65718B8A06A019B9BEA7427',1,1,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,0,NULL,0,'hold',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "labels" VALUES(2,'pkg-7',2,'pack-1',2,1,0,'held','it has expired: it must not be used any more.',NULL,1796138354301,1796138354294,'57646007','57646007','TR007','TR007',NULL,X'221F0668B4DA296AC4F157CC236DC180E609ECEECEB395060426EECBA4F696F9',NULL,0,0,NULL,NULL,NULL,0,NULL,NULL,1577836800000,NULL,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "labels" VALUES(3,'pkg-2',3,'pack-1',3,1,0,'held','the buyer asked to cancel',NULL,1796138357549,1796138357396,'57646002','57646002','TR002','TR002',NULL,X'221F0668B4DA296AC4F157CC236DC180E609ECEECEB395060426EECBA4F696F9',NULL,0,0,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "labels" VALUES(4,'pkg-3',3,'pack-1',3,2,0,'held','buyer asked to cancel: ordered twice',NULL,1796138357553,1796138357396,'57646003','57646003','TR003','TR003',NULL,X'221F0668B4DA296AC4F157CC236DC180E609ECEECEB395060426EECBA4F696F9',NULL,0,0,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,0,NULL,0,'hold',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "labels" VALUES(5,'pkg-4',3,'pack-1',3,3,0,'held','the address is in question',NULL,1796138357556,1796138357396,'57646004','57646004','TR004','TR004',NULL,X'221F0668B4DA296AC4F157CC236DC180E609ECEECEB395060426EECBA4F696F9',NULL,0,0,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "labels" VALUES(6,'pkg-5',3,'pack-1',3,4,0,'waiting','',NULL,1796138357396,1796138357396,'57646005','57646005','TR005','TR005',NULL,X'221F0668B4DA296AC4F157CC236DC180E609ECEECEB395060426EECBA4F696F9',NULL,0,0,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "labels" VALUES(7,'pkg-8',3,'pack-1',3,5,0,'held','waited through a long outage',NULL,1796138357396,1796138357396,'57646008','57646008','TR008','TR008',NULL,X'221F0668B4DA296AC4F157CC236DC180E609ECEECEB395060426EECBA4F696F9',NULL,0,0,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "labels" VALUES(8,'pkg-9',3,'pack-1',3,6,0,'held','buyer asked to cancel',NULL,1796138357396,1796138357396,'57646009','57646009','TR009','TR009',NULL,X'221F0668B4DA296AC4F157CC236DC180E609ECEECEB395060426EECBA4F696F9',NULL,0,0,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "labels" VALUES(9,'pkg-6',4,'pack-1',4,1,0,'held','prints when it is scanned',NULL,1796138357540,1796138357540,'57646006','57646006','TR006','TR006',NULL,X'221F0668B4DA296AC4F157CC236DC180E609ECEECEB395060426EECBA4F696F9',NULL,0,0,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,1,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE moves (
    label INTEGER NOT NULL,
    number INTEGER NOT NULL,
    from_printer TEXT NOT NULL,
    to_printer TEXT NOT NULL,
    why TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (label, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE printers (
    name TEXT PRIMARY KEY,
    facts TEXT NOT NULL,             -- a JSON object: what we learnt of it
    learnt_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "printers" VALUES('pack-1','{"paused":true,"status":"yes","counter":"yes","errors":true,"echo":"unknown"}',1796138357301);
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
    settled_at INTEGER, reprint_station TEXT,
    PRIMARY KEY (label, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "prints" VALUES(1,1,'pack-1',1,'printed','','the printer''s empty buffers',NULL,NULL,NULL,X'AB5237C68F3D5E5663A498B28162FA41CAEB911DA65718B8A06A019B9BEA7427',1796138346291,1796138363734,NULL);
CREATE TABLE runs (
    printer TEXT NOT NULL,
    number INTEGER NOT NULL,
    job INTEGER NOT NULL,
    labels INTEGER NOT NULL, printer_group TEXT,
    PRIMARY KEY (printer, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "runs" VALUES('pack-1',1,1,1,NULL);
INSERT INTO "runs" VALUES('pack-1',2,2,1,NULL);
INSERT INTO "runs" VALUES('pack-1',3,3,6,NULL);
INSERT INTO "runs" VALUES('pack-1',4,4,1,NULL);
CREATE TABLE scans (
    key INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    station TEXT NOT NULL,
    scanned_by TEXT,
    label INTEGER,
    answer TEXT NOT NULL
) STRICT;
INSERT INTO "scans" VALUES(1,1764600000000,'bench-1',NULL,NULL,'refused-held');
CREATE TABLE templates (
    hash BLOB PRIMARY KEY,
    text TEXT NOT NULL,
    kept_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "templates" VALUES(X'221F0668B4DA296AC4F157CC236DC180E609ECEECEB395060426EECBA4F696F9','# The house waybill: 100 × 150 mm, one parcel.
#
# Lengths are millimetres from the top left corner. Strings are minijinja expressions over the waybill
# (`{{ recipient.name }}`); `when` is an expression too. `size` is the em a text starts with, `least` the em it
# may shrink to before the label is refused. `under` starts a block where another one ended.
# `waybilld check` names every mistake here by line.

media = { width = 100, height = 150 }

# ── carrier strip ────────────────────────────────────────────────────────────────────────────────────────────

[[text]]
name = "carrier"
x = 3
y = 2.5
width = 58
height = 8.5
text = "{{ carrier }}"
size = 6.5
least = 3
lines = 2
bold = true

[[text]]
name = "service"
x = 62
y = 2.5
width = 35
height = 8.5
text = "{{ service }}"
size = 4.5
least = 2.75
lines = 2
align = "end"

[[rule]]
x = 3
y = 11.5
width = 94
height = 0.5

# ── tracking number ──────────────────────────────────────────────────────────────────────────────────────────

[[barcode]]
name = "tracking"
x = 3
y = 12.75
width = 94
height = 16
symbology = "code128"
data = "{{ tracking }}"
x_dimension = [0.25, 0.4]

[[text]]
name = "tracking number"
x = 3
y = 29
width = 94
height = 5.25
text = "{{ tracking_spaced }}"
size = 4.25
least = 2.5
lines = 1
bold = true
align = "center"

[[rule]]
x = 3
y = 34.5
width = 94
height = 0.25

# ── sort code, deadline, order as QR ─────────────────────────────────────────────────────────────────────────

[[text]]
name = "routing"
x = 3
y = 35.25
width = 46
height = 16.5
text = "{{ routing or recipient.country }}"
size = 13
least = 4
lines = 2
bold = true

[[rule]]
x = 50
y = 34.5
width = 0.25
height = 17.75

[[text]]
name = "ship-by caption"
x = 51.5
y = 35.5
width = 26
height = 3.75
text = "SHIP BY 发货截止"
size = 3
least = 2.25
lines = 1

[[text]]
name = "ship-by"
when = "ship_by"
x = 51.5
y = 39.5
width = 26
height = 12.25
text = "{{ ship_by.date }}\n{{ ship_by.time }}"
size = 5
least = 3
lines = 2
bold = true

[[text]]
name = "no ship-by"
when = "not ship_by"
x = 51.5
y = 39.5
width = 26
height = 12.25
text = "–"
size = 5
least = 3
lines = 1

[[rule]]
x = 79
y = 34.5
width = 0.25
height = 17.75

[[code2d]]
name = "order code"
x = 79.75
y = 35
width = 17.25
height = 17
symbology = "qr"
level = "M"
data = "{{ order }}"
x_dimension = [0.375, 0.6]

[[rule]]
x = 3
y = 52.25
width = 94
height = 0.5

# ── recipient ────────────────────────────────────────────────────────────────────────────────────────────────

[[text]]
name = "to caption"
x = 3
y = 53
width = 14
height = 3.75
text = "TO 收件"
size = 3
least = 2.25
lines = 1

[[text]]
name = "recipient phone"
x = 40
y = 53
width = 57
height = 5
text = "{{ recipient.phone }}"
size = 4
least = 2.75
lines = 1
align = "end"

[[text]]
name = "recipient name"
x = 3
y = 58
width = 94
height = 12
text = "{{ recipient.name }}"
size = 6
least = 3
lines = 2
bold = true

[[text]]
name = "recipient company"
under = "recipient name"
x = 3
y = 58
width = 94
height = 21
text = "{{ recipient.company }}"
size = 4
least = 2.75
lines = 2

[[address]]
name = "recipient address"
under = "recipient company"
x = 3
y = 58
width = 94
height = 27.75
of = "recipient"
size = 5
least = 2.5
lines = 9

[[rule]]
x = 3
y = 86.25
width = 94
height = 0.5

# ── sender, order, money ─────────────────────────────────────────────────────────────────────────────────────

[[text]]
name = "from caption"
x = 3
y = 87
width = 20
height = 3.75
text = "FROM 寄件"
size = 3
least = 2.25
lines = 1

[[text]]
name = "sender name"
x = 3
y = 90.75
width = 58
height = 7
text = "{{ sender.name }}"
size = 3
least = 2.25
lines = 2
bold = true

[[address]]
name = "sender address"
under = "sender name"
x = 3
y = 90.75
width = 58
height = 20
of = "sender"
size = 2.75
least = 2
lines = 7

[[rule]]
x = 62
y = 86.25
width = 0.25
height = 25

[[text]]
name = "order caption"
x = 63.5
y = 87
width = 33.5
height = 3.75
text = "ORDER 订单"
size = 3
least = 2.25
lines = 1

[[text]]
name = "order"
x = 63.5
y = 90.75
width = 33.5
height = 9
text = "{{ order }}"
size = 3.5
least = 2
lines = 2
bold = true

[[box]]
when = "cod"
x = 63
y = 101
width = 34
height = 9.75
thickness = 0.5

[[text]]
name = "cod caption"
when = "cod"
x = 64.25
y = 102
width = 9.5
height = 7.75
text = "COD\n{{ cod.currency }}"
size = 3
least = 2.5
lines = 2
bold = true

[[text]]
name = "cod amount"
when = "cod"
x = 74
y = 101.75
width = 22
height = 8.25
text = "{{ cod.amount }}"
size = 6
least = 2.75
lines = 1
bold = true
align = "end"

[[text]]
name = "parcel"
when = "not cod"
x = 63.5
y = 101.5
width = 33.5
height = 8.75
text = "{{ parcel.weight }}{% if parcel.of > 1 %}\n{{ parcel.number }} / {{ parcel.of }}{% endif %}"
size = 3.5
least = 2.5
lines = 2

[[rule]]
x = 3
y = 111.25
width = 94
height = 0.5

# ── buyer''s note and what is inside ──────────────────────────────────────────────────────────────────────────

[[text]]
name = "note"
x = 3
y = 112.25
width = 94
height = 16
text = "{% if note %}✎ {{ note }}{% endif %}"
size = 3.25
least = 2
lines = 7
bold = true
missing = "replace"

[[table]]
name = "items"
under = "note"
x = 3
y = 112.25
width = 94
height = 21
rows = "items"
size = 3
least = 2.25
columns = [
  { text = "{{ item.quantity }} ×", width = 8, align = "end", bold = true },
  { text = "{{ item.sku }}", width = 23 },
  { text = "{{ item.name }}{% if item.variant %} · {{ item.variant }}{% endif %}", width = 49 },
  { text = "{{ item.location }}", width = 14 },
]
more = "… and {{ rows }} more lines, {{ quantity }} pieces: see the packing slip"

[[rule]]
x = 3
y = 133.5
width = 94
height = 0.25

# ── tracking number again, for the second scan ───────────────────────────────────────────────────────────────

[[barcode]]
name = "tracking again"
x = 3
y = 134.25
width = 94
height = 9.5
symbology = "code128"
data = "{{ tracking }}"
x_dimension = [0.25, 0.4]

[[text]]
name = "tracking number again"
x = 3
y = 144
width = 94
height = 4
text = "{{ tracking_spaced }}"
size = 3
least = 2
lines = 1
align = "center"
',1796138341888);
CREATE TABLE webhooks (
    name TEXT PRIMARY KEY,
    told INTEGER NOT NULL            -- the newest event it has taken
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_of_job ON runs (job);
CREATE INDEX labels_next ON labels (printer, urgent DESC, run, position) WHERE state = 'waiting';
CREATE INDEX labels_of_state ON labels (state);
CREATE INDEX labels_of_job ON labels (job);
CREATE INDEX labels_of_order ON labels (order_key) WHERE order_key IS NOT NULL;
CREATE INDEX labels_of_tracking ON labels (tracking_key) WHERE tracking_key IS NOT NULL;
CREATE INDEX labels_taken ON labels (taken_at);
CREATE INDEX labels_shipped ON labels (shipped_at) WHERE shipped_at IS NOT NULL;
CREATE INDEX labels_of_manifest ON labels (manifest) WHERE manifest IS NOT NULL;
CREATE INDEX goods_of_label ON goods (label);
CREATE INDEX scans_of_label ON scans (label) WHERE label IS NOT NULL;
PRAGMA user_version = 3;
COMMIT;
