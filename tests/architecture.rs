//! Who may import whom. A new arrow is a decision: add it here and say why in the commit.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each room and the rooms it may import.
const ROOMS: &[(&str, &[&str])] = &[
    // What every closed set can do.
    ("closed_set", &[]),
    ("fault", &[]),
    ("toml_file", &["fault"]),
    ("dots", &[]),
    ("symbology", &["dots"]),
    ("text", &["dots"]),
    // Addresses are values: the configuration reads them, and needs nothing that opens a device.
    ("uri", &[]),
    // What is known of carriers: how their numbers are built and wrapped.
    ("carrier", &[]),
    // A number is searched in the form its carrier writes it.
    ("waybill", &["carrier", "fault"]),
    // Checks what a map made, so that the faults of map and label are told together.
    ("import", &["carrier", "closed_set", "fault", "toml_file", "waybill"]),
    // What is printed beside waybills, made of them.
    ("papers", &["closed_set", "waybill"]),
    // What a label says, whichever kind it is: kept by the spool as text, drawn by layout.
    ("content", &["papers", "waybill"]),
    ("label", &["dots", "symbology"]),
    // Labels about a printer, drawn without a template.
    ("service_label", &["label", "symbology", "text", "dots"]),
    // The wire as text: written by traces, read by tests.
    ("capture", &[]),
    // Expressions are tried on a sample of the paper they are for.
    ("template", &["closed_set", "fault", "toml_file", "label", "papers", "symbology", "dots", "waybill"]),
    ("layout", &["carrier", "content", "fault", "template", "papers", "waybill", "label", "text", "symbology", "dots"]),
    ("language", &["label", "symbology", "dots"]),
    ("conversation", &["closed_set", "language"]),
    // What is known of a printer before it is asked; its facts are words of the language.
    ("models", &["fault", "toml_file", "language", "dots"]),
    // What a printer answers, before there is a configuration of it.
    ("pairing", &["language", "models", "dots"]),
    ("virtual_printer", &["dots"]),
    // A virtual printer in real time.
    ("emulator", &["virtual_printer"]),
    // What the kernel says of what is plugged in.
    ("device", &["uri"]),
    // How a USB device differs from the printer class is a fact of its id.
    ("transport", &["device", "models", "uri", "virtual_printer"]),
    // Scans as text; a scanner on a serial port is a line as a printer's is.
    ("scanner", &["device", "transport", "uri"]),
    // Its closed sets.
    ("spool", &["closed_set"]),
    // The designs and their compositors: shared by the server, which checks, and the printers, which print.
    ("designs", &["fault", "template", "layout", "papers", "waybill", "label", "text", "dots"]),
    // A printer's `model` stands for what the file does not say.
    // Which events a webhook may ask for, and the modes of a station, are closed sets of the ledger.
    ("config", &["closed_set", "spool", "fault", "toml_file", "dots", "language", "models", "uri", "waybill"]),
    (
        "printer",
        &[
            "capture",
            "closed_set",
            "config",
            "content",
            "conversation",
            "designs",
            "dots",
            "fault",
            "label",
            "language",
            "layout",
            // Who is there is asked before the first byte of a label.
            "models",
            "pairing",
            "papers",
            "service_label",
            "spool",
            "template",
            "text",
            "transport",
            "uri",
            "waybill",
        ],
    ),
    // What a packer scans becomes questions and orders to the ledger and the printer; its words are `config`'s.
    (
        "station",
        &["carrier", "closed_set", "config", "designs", "printer", "scanner", "service_label", "spool", "text", "uri", "waybill"],
    ),
    // The one way in: every door hands over a job and is told whether it was kept.
    (
        "intake",
        &[
            "carrier",
            "closed_set",
            "config",
            "content",
            "designs",
            "dots",
            "fault",
            "import",
            "label",
            "language",
            "papers",
            "printer",
            "spool",
            "template",
            "waybill",
        ],
    ),
    // What goes over the wire.
    ("api", &["closed_set", "fault", "import", "language", "papers", "printer", "spool", "waybill"]),
    // What is told of the ledger's events, in the shapes of the wire.
    ("notify", &["api", "config", "spool", "uri"]),
    (
        "server",
        &[
            "api",
            "closed_set",
            "config",
            "content",
            "designs",
            "dots",
            "fault",
            "intake",
            "language",
            "notify",
            "papers",
            "printer",
            "spool",
            "station",
            "waybill",
        ],
    ),
    (
        "daemon",
        &[
            "config",
            "designs",
            "dots",
            "emulator",
            "fault",
            "language",
            "notify",
            "printer",
            "server",
            "spool",
            "station",
            "text",
            "transport",
            "uri",
            "virtual_printer",
        ],
    ),
    ("cli", &["*"]),
    ("main", &["*"]),
    ("lib", &["*"]),
];

/// Rooms that never open, read, sleep, spawn or look at a clock.
const PURE: &[&str] = &[
    "closed_set",
    "fault",
    "toml_file",
    "dots",
    "symbology",
    "text",
    "uri",
    "waybill",
    "carrier",
    "papers",
    "content",
    "import",
    "label",
    "capture",
    "service_label",
    "template",
    "layout",
    "language",
    "conversation",
    "models",
    "pairing",
    "virtual_printer",
];

/// Files of other rooms that are as pure: state machines to which their room hands events and time.
const PURE_FILES: &[&str] = &["notify/courier.rs", "spool/ledger.rs"];

/// Arrows to a room of a later group of `src/lib.rs`, each with its reason.
const AGAINST_THE_ORDER: &[(&str, &str, &str)] = &[];

/// What a pure room must not name.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "Instant::now",
    "SystemTime",
    "tokio::",
    "rand::",
    "Timestamp::now",
    "Zoned::now",
];

/// Every source file of a room, with its text up to its unit tests.
fn sources() -> Vec<(String, PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    let root = folders[0].clone();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the sources are here") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
                && !path.parent().is_some_and(|folder| folder.ends_with("tests"))
            {
                let text = std::fs::read_to_string(&path).expect("a source is text");
                let product = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
                found.push((room(&root, &path), path, product));
            }
        }
    }
    found
}

fn room(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).expect("a path under src");
    let first = inside.iter().next().expect("a path with a part").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// Lines that are code, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.split("//").next().unwrap_or_default())
}

#[test]
fn every_arrow_between_rooms_is_in_the_table() {
    let table: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let mut strangers = BTreeSet::new();
    for (room, path, text) in sources() {
        let allowed = table.get(room.as_str()).unwrap_or_else(|| panic!("{}: room `{room}` is not in the table", path.display()));
        for line in code(&text) {
            for part in line.split("crate::").skip(1) {
                let names = part.trim_start_matches('{').split(|c: char| !(c.is_alphanumeric() || c == '_')).next();
                let name = names.unwrap_or_default();
                if name != room && table.contains_key(name) && !allowed.contains(&"*") && !allowed.contains(&name) {
                    strangers.insert(format!("{room} → {name} ({})", path.display()));
                }
            }
        }
    }
    assert!(strangers.is_empty(), "arrows that are not in the table:\n{strangers:#?}");
}

/// The rooms of `src/lib.rs`, group by group; an empty line and a comment begin a group.
fn groups() -> Vec<Vec<String>> {
    let lib = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).expect("the sources are here");
    let rooms = |group: &str| -> Vec<String> {
        let names = group.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
        names.map(str::to_owned).collect()
    };
    lib.split("\n\n").filter(|group| group.starts_with("// ")).map(rooms).collect()
}

#[test]
fn rooms_import_only_from_their_own_group_or_earlier_ones() {
    let groups = groups();
    let of = |room: &str| groups.iter().position(|group| group.iter().any(|one| one == room));
    let mut backwards = Vec::new();
    for (room, allowed) in ROOMS.iter().filter(|(room, _)| !["main", "lib"].contains(room)) {
        let own = of(room).unwrap_or_else(|| panic!("src/lib.rs has no room `{room}` in a group with a comment"));
        for other in allowed.iter().filter(|other| **other != "*") {
            let later = of(other).is_none_or(|group| group > own);
            if later && !AGAINST_THE_ORDER.iter().any(|(from, to, _)| from == room && to == other) {
                backwards.push(format!("{room} → {other}"));
            }
        }
    }
    assert!(backwards.is_empty(), "arrows to a later group of src/lib.rs:\n{backwards:#?}");
    for room in groups.iter().flatten() {
        assert!(ROOMS.iter().any(|(known, _)| known == room), "room `{room}` of src/lib.rs is not in the table");
    }
}

#[test]
fn pure_rooms_touch_nothing_outside() {
    let mut touches = Vec::new();
    let is_pure = |room: &str, path: &Path| PURE.contains(&room) || PURE_FILES.iter().any(|file| path.ends_with(file));
    let pure: Vec<_> = sources().into_iter().filter(|(room, path, _)| is_pure(room, path)).collect();
    for file in PURE_FILES {
        assert!(pure.iter().any(|(_, path, _)| path.ends_with(file)), "{file} is not there");
    }
    for (room, path, text) in pure {
        for (number, line) in code(&text).enumerate() {
            for word in IMPURE.iter().filter(|word| line.contains(**word)) {
                touches.push(format!("{room}: {word} ({}:{})", path.display(), number + 1));
            }
        }
    }
    assert!(touches.is_empty(), "{touches:#?}");
}

#[test]
fn only_the_spool_speaks_sql_and_only_the_server_serves() {
    for (room, path, text) in sources() {
        for (word, rooms) in [("rusqlite", &["spool"][..]), ("axum", &["server"]), ("labelize", &["virtual_printer"])] {
            let named = code(&text).any(|line| line.contains(&format!("{word}::")));
            assert!(!named || rooms.contains(&room.as_str()), "{} names {word}", path.display());
        }
    }
}

/// Circles of files that still stand; each is to go. A file and those of its own folder are one subject: what a file
/// asks of the ones above it in its folder is no arrow.
const CIRCLES: &[&[&str]] = &[&["conversation/zpl/asking", "conversation/zpl/labels"]];

#[test]
fn no_two_files_import_each_other_in_a_circle() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let name = |path: &Path| path.strip_prefix(&root).unwrap().with_extension("").to_string_lossy().into_owned();
    let files: BTreeMap<String, String> =
        sources().iter().map(|(_, path, text)| (name(path), code(text).collect::<Vec<_>>().join("\n"))).collect();
    let arrows: BTreeMap<&str, BTreeSet<&str>> =
        files.iter().map(|(file, text)| (file.as_str(), imports(file, text, &files))).collect();
    let mut circles = BTreeSet::new();
    for file in arrows.keys() {
        let there = reached(file, &arrows);
        let circle: Vec<&str> = there.iter().copied().filter(|other| reached(other, &arrows).contains(file)).collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    let known: BTreeSet<Vec<&str>> = CIRCLES.iter().map(|circle| circle.to_vec()).collect();
    assert_eq!(circles, known, "left: what stands, right: what may still stand");
}

/// Every file that can be come to from there by arrows.
fn reached<'a>(from: &str, arrows: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&str> = arrows[from].iter().copied().collect();
    while let Some(file) = next.pop() {
        if found.insert(file) {
            next.extend(&arrows[file]);
        }
    }
    found
}

/// The files that a file names, in `use` and in paths; not those above it, nor what it only re-exports of its own folder.
fn imports<'a>(file: &str, text: &str, files: &'a BTreeMap<String, String>) -> BTreeSet<&'a str> {
    let children = |of: &str| -> Vec<&'a str> {
        let folder = format!("{of}/");
        files.keys().filter_map(|file| file.strip_prefix(&folder)).filter(|child| !child.contains('/')).collect()
    };
    let own = children(file);
    let mut paths: Vec<Vec<String>> = Vec::new();
    let mut rest = String::new();
    let mut statements = text.split_inclusive(';');
    for statement in &mut statements {
        let lines = statement.trim_end_matches(';');
        let start = lines.rfind("\nuse ").or_else(|| lines.rfind("\npub use ")).or_else(|| lines.rfind("\npub(super) use "));
        let at = start.map(|at| at + 1).or_else(|| (lines.starts_with("use ") || lines.starts_with("pub use ")).then_some(0));
        match at.filter(|at| !lines[*at..].contains("fn ")) {
            Some(at) => {
                rest.push_str(&lines[..at]);
                let (public, tree) = lines[at..].split_once("use ").expect("it was found by that");
                let used = expand(tree).into_iter().map(|path| path.split("::").map(|part| part.trim().to_owned()).collect());
                paths.extend(used.filter(|path: &Vec<String>| public.is_empty() || !own.contains(&path[0].as_str())));
            }
            None => rest.push_str(statement),
        }
    }
    let words = rest.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).filter(|word| word.contains("::"));
    paths.extend(words.map(|word| word.split("::").map(str::to_owned).collect()));

    let here: Vec<&str> = if matches!(file, "lib" | "main") { Vec::new() } else { file.split('/').collect() };
    let mut found = BTreeSet::new();
    for path in paths {
        let supers = path.iter().take_while(|part| *part == "super").count();
        let mut whole: Vec<&str> = match path[0].as_str() {
            "crate" => Vec::new(),
            "super" => here[..here.len().saturating_sub(supers)].to_vec(),
            "self" => here.clone(),
            first if own.contains(&first) => here.clone(),
            _ => continue,
        };
        whole.extend(path.iter().map(String::as_str).filter(|part| !matches!(*part, "crate" | "super" | "self")));
        let target = (1..=whole.len()).rev().find_map(|parts| files.get_key_value(&whole[..parts].join("/")));
        if let Some((target, _)) = target
            && target != file
            && !file.starts_with(&format!("{target}/"))
        {
            found.insert(target.as_str());
        }
    }
    found
}

/// Every path of a tree of imports.
fn expand(tree: &str) -> Vec<String> {
    let Some((before, inside)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let inside = inside.rsplit_once('}').map_or(inside, |(inside, _)| inside);
    let mut depth = 0;
    let parts = inside.split(|c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.into_iter().flat_map(expand).map(|path| format!("{}{path}", before.trim())).collect()
}

#[test]
fn a_tree_of_imports_is_read_whole() {
    assert_eq!(
        expand("super::records::{A, b::{C, D as E}}"),
        ["super::records::A", "super::records::b::C", "super::records::b::D as E"]
    );
}
