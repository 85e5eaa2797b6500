//! What a person hands to `submit` and `render`: a job, or JSON lines, one label a line; through a field map, the
//! records or the table of a foreign export.
//!
//! A path goes in; labels in our JSON shape come out, not yet checked, with what the map left out. What is found wrong
//! later with a label of a table is told by row and column ([`Input::told`]). Numbers keep the text they were written in.
//! Knows no label's fields and checks nothing: `intake` does.

use super::failure::Failure;
use crate::fault::{Code, Fault};
use crate::import::field_map::LeftOut;
use crate::import::sheet::Kind;
use crate::import::{self, Map, Origins};
use crate::intake::maps::{self, NoMap};
use crate::waybill::json::{self, Node};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};

/// Five hundred labels with documents in them stay well below.
const BYTES_MAX: u64 = 256 << 20;

/// Where the labels are.
#[derive(Debug, Clone, clap::Args)]
pub struct Source {
    /// A job (`{"labels": […]}`), JSON lines, one label a line, or an export as CSV or XLSX; `-` reads standard input.
    #[arg(value_name = "INPUT")]
    pub input: std::path::PathBuf,
    /// Reads INPUT as a foreign export: a field map's file, or a shipped one by name (tiktok-shop, tiktok-shop-export,
    /// generic). For a table it is found out by the headers.
    #[arg(long, value_name = "FILE|NAME")]
    pub map: Option<String>,
    /// The configured sender of labels that name none; may be left out where there is only one.
    #[arg(long, value_name = "NAME")]
    pub sender: Option<String>,
}

/// Labels as they were handed in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Input {
    /// What a job says beside its labels: `id`, `printer`, `sort`.
    pub job: Vec<(String, Node)>,
    pub labels: Vec<Node>,
    /// Records the map makes no labels of.
    pub left_out: Vec<LeftOut>,
    /// What messages call the file by.
    name: String,
    /// How a table was read, in a sentence.
    read_as: Option<String>,
    /// Where the labels of a table come from.
    origins: Option<Origins>,
}

impl Source {
    /// Reads everything at once; all that cannot be understood is told.
    pub fn read(&self) -> Result<Input, Failure> {
        let map = self.map.as_deref().map(read_map).transpose()?;
        let (name, bytes) = match self.input.to_str() {
            Some("-") => ("standard input".to_owned(), read_bytes("standard input", io::stdin())?),
            _ => {
                let name = self.input.display().to_string();
                let file = File::open(&self.input).map_err(|error| unreadable(&name, &error))?;
                let bytes = read_bytes(&name, file)?;
                (name, bytes)
            }
        };
        let is_table = Kind::of(&bytes) != Kind::Json;
        let mut input = parse(&bytes, map).map_err(|faults| {
            let lines = faults.iter().map(|fault| match is_table {
                true => format!("{name}: {}", fault.message),
                false => format!("{name}: {fault}"),
            });
            Failure::refused_for(lines)
        })?;
        input.name.clone_from(&name);
        if let Some(sender) = &self.sender {
            input.job.retain(|(field, _)| field != "sender");
            input.job.push(("sender".to_owned(), Node::text(sender)));
        }
        if input.labels.is_empty() && input.left_out.is_empty() {
            return Err(Failure::refused(format!("{name}: there is no label in it.")));
        }
        Ok(input)
    }
}

impl Input {
    /// The same faults in lines for a person. `first` is where the job's labels begin among those of the input.
    pub fn told(&self, faults: Vec<Fault>, first: usize) -> Vec<String> {
        let Some(origins) = &self.origins else {
            return faults.iter().map(ToString::to_string).collect();
        };
        origins.told(faults, first).iter().map(|fault| format!("{}: {}", self.name, fault.message)).collect()
    }

    /// Ids and tracking numbers that two labels have, as a job of its own for some of them would not show.
    pub fn twins(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let reuse = self.job.iter().any(|(field, node)| field == "reuse_tracking" && *node == Node::Boolean(true));
        for field in ["id", "tracking"].into_iter().filter(|field| *field == "id" || !reuse) {
            let mut seen = HashSet::new();
            for label in &self.labels {
                let text = |field: &str| label.get(field).and_then(Node::as_text).map(str::trim);
                if text(field).is_some_and(|text| !text.is_empty() && !seen.insert(text.to_owned())) {
                    let fault = Fault::new(Code::Conflict, field, "is given to two labels: give each its own.");
                    faults.push(fault.of_label(text("id").unwrap_or_default()));
                }
            }
        }
        self.told(faults, 0)
    }

    /// What does not go straight to the printer, by order number.
    pub fn remarks(&self) -> Vec<String> {
        let left_out = self.left_out.iter().map(|left_out| format!("{left_out}."));
        let held = self.labels.iter().filter_map(|label| {
            let text = |field: &str| label.get(field).and_then(Node::as_text);
            let asked = || matches!(label.get("cancel_requested"), Some(Node::Boolean(true))).then_some("buyer asked to cancel");
            Some(format!("held: order {} ({}).", text("order").or(text("id"))?, text("hold").or_else(asked)?))
        });
        self.read_as.iter().map(|how| format!("{}: {how}", self.name)).chain(left_out).chain(held).collect()
    }
}

/// A job, labels or, with a map or in a table, foreign orders.
pub fn parse(bytes: &[u8], map: Option<Map>) -> Result<Input, Vec<Fault>> {
    if map.is_some() || Kind::of(bytes) != Kind::Json {
        let guessed = map.is_none();
        let import = import::read(bytes, map)?;
        let used = import.map.unwrap_or_default();
        let read_as = guessed.then(|| format!("read as {} with the map {used}, by its columns.", import.written));
        let (labels, left_out, origins) = (import.labels, import.left_out, import.origins);
        return Ok(Input { labels, left_out, read_as, origins, ..Input::default() });
    }
    let mut input = Input::default();
    let nodes = json::parse_lines(bytes)?;
    match nodes.as_slice() {
        [(_, Node::Object(fields))] if fields.iter().any(|(field, _)| field == "labels") => {
            for (field, node) in fields {
                match node {
                    Node::List(labels) if field == "labels" => input.labels.clone_from(labels),
                    node => input.job.push((field.clone(), node.clone())),
                }
            }
        }
        _ => input.labels = nodes.into_iter().map(|(_, label)| label).collect(),
    }
    Ok(input)
}

/// These labels as one job, as a caller of the daemon writes it. What is no list goes over as it is: the reader says so.
pub fn to_job(mut fields: Vec<(String, Node)>, labels: &[Node]) -> Node {
    if !fields.iter().any(|(name, _)| name == "labels") {
        fields.push(("labels".to_owned(), Node::List(labels.to_vec())));
    }
    Node::Object(fields)
}

/// A map by its file, or a shipped one by its name.
fn read_map(map: &str) -> Result<Map, Failure> {
    maps::shipped_or_file(map).map_err(|why| match why {
        NoMap::Unknown { hint } => Failure::refused(format!("{map}: no such file, and no shipped map.{hint}")),
        NoMap::Wrong(faults) => Failure::refused_for(faults),
        NoMap::NotText => Failure::refused(format!("{map}: is not UTF-8 text, so it is not a field map.")),
        NoMap::TooLarge => Failure::refused(format!("{map}: is too large for a field map.")),
        NoMap::Unread(error) => unreadable(map, &error),
    })
}

fn read_bytes(name: &str, from: impl Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    from.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Failure::refused(format!("{name}: is larger than {} MB: split it.", BYTES_MAX >> 20)));
    }
    Ok(bytes)
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::refused(match error.kind() {
        io::ErrorKind::NotFound => format!("{name}: there is no such file."),
        io::ErrorKind::PermissionDenied => format!("{name}: you may not read it."),
        io::ErrorKind::IsADirectory => format!("{name}: is a folder, not a file."),
        _ => format!("{name}: {error}."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::MAPS;
    use crate::import::field_map::FieldMap;
    use std::path::Path;

    fn labels(text: &str) -> Vec<String> {
        parse(text.as_bytes(), None).expect("input").labels.iter().map(Node::to_json).collect()
    }

    fn source(input: &Path, map: Option<&str>) -> Source {
        Source { input: input.to_owned(), map: map.map(str::to_owned), sender: None }
    }

    #[test]
    fn a_job_keeps_what_it_says_beside_its_labels() {
        let input = parse(br#"{"id": "wave", "sort": ["ship_by"], "labels": [{"id": "a", "n": 1.50}, {"id": "b"}]}"#, None);
        let input = input.expect("a job");
        assert_eq!(input.labels.iter().map(Node::to_json).collect::<Vec<_>>(), [r#"{"id":"a","n":1.50}"#, r#"{"id":"b"}"#]);
        assert_eq!(input.job.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["id", "sort"]);
    }

    #[test]
    fn json_lines_and_a_single_label_over_many_lines_are_labels() {
        assert_eq!(labels("{\"id\":\"a\"}\n\n{\"id\":\"b\"}\n"), [r#"{"id":"a"}"#, r#"{"id":"b"}"#]);
        assert_eq!(labels("{\n  \"id\": \"a\"\n}\n"), [r#"{"id":"a"}"#]);
    }

    #[test]
    fn labels_that_are_no_list_go_to_the_daemon_which_says_so() {
        let input = parse(br#"{"labels": 7}"#, None).expect("JSON");
        assert_eq!(input.job, [("labels".to_owned(), Node::Number("7".into()))]);
    }

    #[test]
    fn every_line_that_is_no_json_is_told_with_the_files_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("wave.jsonl");
        std::fs::write(&path, "{}\n{]\n[\"a\"\n").expect("written");
        let failure = source(&path, None).read().expect_err("refused");
        let said: Vec<&str> = failure.sentence.lines().collect();
        assert_eq!((said.len(), failure.code()), (2, 2));
        assert!(said[0].ends_with("wave.jsonl: not JSON at line 2, column 2: key must be a string."), "{said:?}");
        assert!(said[1].contains("line 3"), "{said:?}");
    }

    #[test]
    fn an_empty_file_a_missing_file_and_a_folder_are_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let said = |path: &Path| source(path, None).read().expect_err("refused").sentence;
        let empty = folder.path().join("empty");
        std::fs::write(&empty, "\n \n").expect("written");
        assert!(said(&empty).ends_with("there is no label in it."));
        assert!(said(&folder.path().join("none")).ends_with("there is no such file."));
        assert!(said(folder.path()).ends_with("is a folder, not a file."));
    }

    #[test]
    fn a_map_that_is_not_there_names_those_that_are() {
        let failure = source(Path::new("-"), Some("tiktok-shpo")).read().expect_err("refused");
        assert_eq!(failure.sentence, "tiktok-shpo: no such file, and no shipped map. Did you mean \"tiktok-shop\"?");
    }

    #[test]
    fn a_map_tells_what_it_leaves_out_and_holds_by_order_number() {
        let map = FieldMap::parse(
            "record = \"nr\"\nleave_out = \"'cancelled' if gone else none\"\n[label]\nid = \"'p' ~ nr\"\norder = \"nr\"\n\
             tracking = \"nr\"\nhold = \"why | default(none)\"\n[label.recipient]\nname = \"nr\"\n",
            "map.toml",
        );
        let map = Map { name: "map.toml".to_owned(), map: map.expect("a sound map") };
        let records = br#"{"nr": "1", "gone": true}
            {"nr": "2", "gone": false}
            {"nr": "3", "gone": false, "why": "buyer asked to cancel"}"#;
        let input = parse(records, Some(map)).expect("records");
        assert_eq!(input.labels.len(), 2);
        assert_eq!(input.remarks(), ["left out: order 1 (cancelled).", "held: order 3 (buyer asked to cancel)."]);
    }

    #[test]
    fn every_shipped_map_is_sound() {
        MAPS.iter().for_each(|(name, _)| drop(read_map(name).expect("a sound map")));
    }
}
