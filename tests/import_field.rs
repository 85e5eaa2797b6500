//! Order files that went wrong in other tools: each ends as the list beside them says. Without the folder the tests say so.

use super::import::Desk;
use std::path::{Path, PathBuf};
use waybilld::import::ends::Answers;
use waybilld::import::{self, Import, Options};
use waybilld::waybill::json::Node;

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/field/orders");
    if !folder.is_dir() {
        println!("the order files from the field are not here: nothing to read.");
        return None;
    }
    Some(folder)
}

fn read(file: &str) -> Option<Import> {
    let bytes = std::fs::read(folder()?.join(file)).expect("a file");
    let options = Options { now: "2026-12-01T12:00:00Z".parse().expect("a time"), ..Options::default() };
    Some(import::read(&bytes, options).unwrap_or_else(|faults| panic!("{file}: {faults:?}")))
}

/// What is asked, as `kind@row`; what is refused, as its row; the labels that are taken without an answer.
fn ends(import: &Import) -> (Vec<String>, Vec<usize>, Vec<Node>) {
    let asks = import.asks.iter().chain(import.entries.iter().flat_map(|entry| &entry.asks));
    let asks = asks.map(|ask| format!("{}@{}", ask.kind, ask.row())).collect();
    let refused = import.entries.iter().filter(|entry| !entry.refused.is_empty()).map(|entry| entry.rows[0]).collect();
    let taken = import.settle(&Answers::default(), true).map(|settled| settled.labels).unwrap_or_default();
    (asks, refused, taken)
}

fn text(label: &Node, path: &str) -> String {
    let node = path.split('.').try_fold(label, |node, step| match node {
        Node::List(items) => items.get(step.parse::<usize>().ok()?),
        node => node.get(step),
    });
    match node {
        Some(Node::Text(text) | Node::Number(text)) => text.clone(),
        _ => String::new(),
    }
}

/// Every label is taken, and the fields say that.
fn takes(file: &str, said: &[(usize, &str, &str)]) {
    let Some(import) = read(file) else { return };
    let (asks, refused, taken) = ends(&import);
    assert_eq!((asks, refused), (Vec::<String>::new(), Vec::new()), "{file}");
    for (at, path, wanted) in said {
        assert_eq!(text(&taken[*at], path), *wanted, "{file}: {path} of label {at}");
    }
}

fn asks(file: &str, wanted: &[&str]) {
    let Some(import) = read(file) else { return };
    let (asks, refused, _) = ends(&import);
    assert_eq!((asks.iter().map(String::as_str).collect::<Vec<_>>(), refused), (wanted.to_vec(), Vec::new()), "{file}");
}

fn refuses(file: &str, wanted: &[usize]) {
    let Some(import) = read(file) else { return };
    let (_, refused, _) = ends(&import);
    assert_eq!(refused, wanted, "{file}");
}

#[test]
fn what_lost_digits_letters_or_results_is_refused_or_asked() {
    refuses("01-tracking-scientific.csv", &[2, 3]);
    asks("02-postcode-zero-lost.csv", &["postcode_zero@2", "postcode_zero@3", "postcode_zero@4", "postcode_zero@5"]);
    refuses("08-formula-no-value.xlsx", &[2]);
    refuses("16b-row-longer-than-header.csv", &[2, 3, 4]);
    let Some(import) = read("05-question-marks.csv") else { return };
    let (asked, _, taken) = ends(&import);
    assert!(asked.iter().all(|ask| ask.starts_with("letters_lost")) && taken.is_empty(), "{asked:?}");
}

#[test]
fn guards_and_entities_are_read_for_what_they_mean() {
    takes(
        "03-apostrophe-guard.csv",
        &[
            (0, "recipient.postcode", "07743"),
            (0, "recipient.phone", "+4915155501010"),
            (0, "items.0.sku", "0043"),
            (1, "tracking", "612205820123"),
            (1, "recipient.phone", "+31612345678"),
            (1, "recipient.lines.0", "'t Haantje 1"),
            (1, "recipient.city", "'s-Gravenhage"),
            (1, "recipient.postcode", "2511AB"),
        ],
    );
    takes(
        "04-html-entities.csv",
        &[
            (0, "recipient.name", "Seán O'Connell"),
            (0, "note", "Don’t ring\nleave at door"),
            (1, "recipient.name", "Müller & Söhne"),
            (1, "recipient.city", "Köln"),
            (1, "recipient.lines.0", "Hauptstr. 5\nHinterhaus"),
        ],
    );
}

#[test]
fn old_encodings_are_found_or_asked() {
    for (file, name) in [("06-euc-kr.csv", "김민수"), ("06b-big5.csv", "陳小明"), ("06d-shift-jis.csv", "山田太郎")] {
        let Some(import) = read(file) else { return };
        let (asked, _, taken) = ends(&import);
        let is_asked = asked.iter().any(|ask| ask == "encoding@0");
        assert!(
            is_asked || taken.first().is_some_and(|label| text(label, "recipient.name") == name),
            "{file} {} {asked:?}",
            import.written
        );
    }
}

#[test]
fn workbooks_and_pages_are_read_as_they_are_seen() {
    let Some(import) = read("07-hidden-rows.xlsx") else { return };
    assert_eq!((import.entries.len(), import.left_out.len()), (1, 2));
    for (file, order) in [
        ("13-sharedstrings-capital.xlsx", "X-5"),
        ("13b-backslash-names.xlsx", "X-5"),
        ("19-wrong-dimension.xlsx", "X-5"),
        ("20-title-above-header.xlsx", "X-6"),
        ("21-html-table.xls", "X-7"),
    ] {
        takes(file, &[(0, "order", order), (0, "recipient.postcode", "07743")]);
    }
}

#[test]
fn sums_parcels_and_dates_are_as_the_platform_means_them() {
    takes("09-cod-decimal-comma.csv", &[(0, "cod.amount", "185.50"), (0, "cod.currency", "EUR")]);
    takes(
        "10-combined-package.csv",
        &[(0, "order", "576462377512830101 + 576462377512830104"), (0, "items.0.sku", "CASE"), (0, "items.1.sku", "CABLE")],
    );
    takes(
        "12-vietnam-no-zipcode.csv",
        &[(0, "recipient.country", "VN"), (0, "cod.amount", "185000"), (0, "cod.currency", "VND")],
    );
    takes("17-tracking-with-spaces.csv", &[(0, "tracking", "RB123456785GB"), (1, "tracking", "(00)340123450000000017")]);
    takes("26-us-dates.csv", &[(0, "ship_by", "2026-12-04T18:00:00+08:00"), (1, "ship_by", "2026-12-05T18:00:00+08:00")]);
    refuses("11-one-masked-of-twenty.csv", &[9]);
    let Some(import) = read("11-one-masked-of-twenty.csv") else { return };
    assert_eq!(ends(&import).2.len(), 19);
}

#[test]
fn words_of_any_market_are_known_and_none_prints_unasked() {
    let Some(import) = read("29-canceled-in-other-words.csv") else { return };
    assert!(ends(&import).2.is_empty(), "{:?}", import.entries);
    for at in 0..5 {
        takes("30-cod-in-other-words.csv", &[(at, "cod.amount", "185.00")]);
    }
    takes(
        "31-shopify-header.csv",
        &[(0, "order", "#1001"), (0, "recipient.postcode", "07743"), (0, "items.1.name", "LED bulb E27")],
    );
}

/// How many rows of a file end how: taken, asked, refused, left out.
const ENDS: [(&str, [usize; 4]); 26] = [
    ("01-tracking-scientific.csv", [0, 0, 2, 0]),
    ("02-postcode-zero-lost.csv", [0, 4, 0, 0]),
    ("03-apostrophe-guard.csv", [2, 0, 0, 0]),
    ("04-html-entities.csv", [2, 0, 0, 0]),
    ("05-question-marks.csv", [0, 2, 0, 0]),
    ("06-euc-kr.csv", [1, 0, 0, 0]),
    ("06b-big5.csv", [1, 0, 0, 0]),
    ("06d-shift-jis.csv", [1, 0, 0, 0]),
    ("07-hidden-rows.xlsx", [1, 0, 0, 2]),
    ("08-formula-no-value.xlsx", [0, 0, 1, 0]),
    ("09-cod-decimal-comma.csv", [1, 0, 0, 0]),
    ("10-combined-package.csv", [1, 0, 0, 0]),
    ("11-one-masked-of-twenty.csv", [19, 0, 1, 0]),
    ("12-vietnam-no-zipcode.csv", [1, 0, 0, 0]),
    ("13-sharedstrings-capital.xlsx", [1, 0, 0, 0]),
    ("13b-backslash-names.xlsx", [1, 0, 0, 0]),
    ("16b-row-longer-than-header.csv", [0, 0, 3, 0]),
    ("17-tracking-with-spaces.csv", [2, 0, 0, 0]),
    ("19-wrong-dimension.xlsx", [1, 0, 0, 0]),
    ("20-title-above-header.xlsx", [1, 0, 0, 0]),
    ("21-html-table.xls", [1, 0, 0, 0]),
    ("29-canceled-in-other-words.csv", [0, 0, 0, 10]),
    ("30-cod-in-other-words.csv", [5, 0, 0, 0]),
    ("31-shopify-header.csv", [1, 0, 0, 0]),
    ("32-morning-export.csv", [2, 0, 0, 0]),
    ("32b-afternoon-export.csv", [3, 0, 0, 0]),
];

#[tokio::test]
async fn the_daemon_tells_of_each_file_how_its_rows_end_and_takes_only_what_is_new() {
    let Some(folder) = folder() else { return };
    let desk = Desk::open().await;
    let bytes = |file: &str| std::fs::read(folder.join(file)).expect("a file");
    for (file, ends) in ENDS {
        let (status, dry) = desk.ask("POST", "/v1/import?dry=true", "application/octet-stream", bytes(file)).await;
        assert_eq!(status, 200, "{file}: {dry}");
        let rows = dry["rows"].as_array().expect("rows");
        let count = |end: &str| rows.iter().filter(|row| row["end"] == end).count();
        assert_eq!(["takes", "asks", "refuses", "leaves_out"].map(count), ends, "{file}: {dry:#}");
        assert_eq!((&dry["checked"], &dry["questions"]), (&ends[0].into(), &serde_json::json!([])), "{file}");
    }
    for (file, taken, left_out) in [("32-morning-export.csv", 2, 0), ("32b-afternoon-export.csv", 1, 2)] {
        let (status, job) = desk.ask("POST", "/v1/import", "text/csv", bytes(file)).await;
        assert_eq!((status, &job["checked"]), (201, &taken.into()), "{file}: {job}");
        assert_eq!(job["left_out"].as_array().map(Vec::len), Some(left_out), "{file}: {job}");
    }
}

#[test]
fn the_command_line_draws_what_is_taken_and_names_what_is_not() {
    let Some(folder) = folder() else { return };
    let place = tempfile::tempdir().expect("a folder");
    let run = |file: &str, words: &[&str]| {
        let (input, out) = (place.path().join(file), place.path().join("out"));
        std::fs::copy(folder.join(file), &input).expect("copied");
        drop(std::fs::remove_dir_all(&out));
        std::fs::create_dir(&out).expect("a folder");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_waybilld"));
        command.arg("render").arg(&input).args(words).arg("--config").arg(folder.join("house.toml")).arg("-o").arg(&out);
        let output = command.output().expect("it runs");
        let pictures = std::fs::read_dir(&out).expect("a folder").count();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), pictures, String::from_utf8_lossy(&said).into_owned())
    };
    for (file, [taken, asked, refused, _]) in ENDS {
        let (code, pictures, said) = run(file, &[]);
        let (ends, drawn) = if asked + refused == 0 { (Some(0), taken) } else { (Some(2), 0) };
        assert_eq!((code, pictures), (ends, drawn), "{file}: {said}");
        let told = said.lines().filter(|line| line.trim_start().starts_with(['?', '!'])).count();
        assert!(told >= asked + refused, "{file}: {said}");
    }
    let (code, pictures, said) = run("02-postcode-zero-lost.csv", &["--yes", "postcode_zero"]);
    assert_eq!((code, pictures), (Some(0), 4), "{said}");
    let (code, pictures, said) = run("11-one-masked-of-twenty.csv", &["--only-good"]);
    assert_eq!((code, pictures), (Some(0), 19), "{said}");
    let mend = std::fs::read_to_string(place.path().join("11-one-masked-of-twenty.mend.csv")).expect("the rows to mend");
    assert_eq!(mend.lines().count(), 2, "{mend}");
    assert!(mend.contains("is masked with stars"), "{mend}");
}
