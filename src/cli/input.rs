//! What a person hands to `submit` and `render`: a job, or JSON lines, one label a line; through a field map, the
//! records of somebody else's export.
//!
//! A path goes in; labels in our JSON shape come out, not yet checked, with the records that the map left out.
//! Numbers keep the text they were written in. Knows no label's fields: the waybill room does.

use super::failure::Failure;
use crate::fault::hint;
use crate::field_map::{FieldMap, LeftOut, Mapped};
use crate::waybill::json::{self, Node};
use crate::waybill::{Senders, Waybill};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The maps that come with waybilld, for `--map` by name.
pub const MAPS: [(&str, &str); 1] = [("tiktok-shop", include_str!("../../templates/maps/tiktok-shop.toml"))];

/// Five hundred labels with documents in them stay well below.
const BYTES_MAX: u64 = 256 << 20;

/// Where the labels are.
#[derive(Debug, Clone, clap::Args)]
pub struct Source {
    /// A job (`{"labels": […]}`) or JSON lines, one label a line; `-` reads standard input.
    #[arg(value_name = "INPUT")]
    pub input: std::path::PathBuf,
    /// Reads INPUT as a foreign export: a field map's file, or a shipped one by name (tiktok-shop).
    #[arg(long, value_name = "FILE|NAME")]
    pub map: Option<String>,
}

/// Labels as they were handed in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Input {
    /// What a job says beside its labels: `id`, `printer`, `sort`.
    pub job: Vec<(String, Node)>,
    pub labels: Vec<Node>,
    /// Records the map makes no labels of.
    pub left_out: Vec<LeftOut>,
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
        let input = parse(&bytes, map.as_ref()).map_err(|faults| {
            let lines = faults.iter().map(|fault| format!("{name}: {fault}"));
            Failure::refused_for(lines)
        })?;
        if input.labels.is_empty() && input.left_out.is_empty() {
            return Err(Failure::refused(format!("{name}: there is no label in it.")));
        }
        Ok(input)
    }
}

impl Input {
    /// The labels checked, or everything that is wrong with them. A job's sender and template are those of labels that
    /// name none.
    pub fn waybills(&self, senders: &Senders) -> Result<Vec<Waybill>, Failure> {
        let usual = self.job.iter().filter(|(field, _)| field == "sender" || field == "template");
        let usual: Vec<&(String, Node)> = usual.collect();
        let mut waybills = Vec::new();
        let mut faults = Vec::new();
        for (at, label) in self.labels.iter().enumerate() {
            let mut label = label.clone();
            if let Node::Object(fields) = &mut label {
                for (field, node) in &usual {
                    if fields.iter().all(|(name, _)| name != field) {
                        fields.push((field.clone(), node.clone()));
                    }
                }
            }
            match Waybill::parse(&label, senders) {
                Ok(waybill) => waybills.push(waybill),
                Err(found) => faults.extend(found.into_iter().map(|fault| match fault.label {
                    Some(_) => fault.to_string(),
                    None => format!("label {} of them: {fault}", at + 1),
                })),
            }
        }
        if faults.is_empty() { Ok(waybills) } else { Err(Failure::refused_for(faults)) }
    }

    /// What does not go straight to the printer, by order number.
    pub fn remarks(&self) -> Vec<String> {
        let left_out = self.left_out.iter().map(|left_out| format!("{left_out}."));
        let held = self.labels.iter().filter_map(|label| {
            let text = |field: &str| label.get(field).and_then(Node::as_text);
            Some(format!("held: order {} ({}).", text("order").or(text("id"))?, text("hold")?))
        });
        left_out.chain(held).collect()
    }
}

/// A job, labels or, with a map, foreign records.
pub fn parse(bytes: &[u8], map: Option<&FieldMap>) -> Result<Input, Vec<crate::fault::Fault>> {
    let nodes = json::parse_lines(bytes)?;
    let mut input = Input::default();
    let Some(map) = map else {
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
        return Ok(input);
    };
    let mut faults = Vec::new();
    for (line, record) in &nodes {
        match map.apply(*line, record) {
            Ok(Mapped::Label(label)) => input.labels.push(label),
            Ok(Mapped::LeftOut(left_out)) => input.left_out.push(left_out),
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() { Ok(input) } else { Err(faults) }
}

/// A map by its file, or a shipped one by its name.
fn read_map(map: &str) -> Result<FieldMap, Failure> {
    let shipped = MAPS.iter().find(|(name, _)| *name == map).map(|(_, text)| (*text).to_owned());
    let text = match shipped {
        Some(text) => text,
        None if Path::new(map).exists() => {
            let file = File::open(map).map_err(|error| unreadable(map, &error))?;
            let text = String::from_utf8(read_bytes(map, file)?);
            text.map_err(|_| Failure::refused(format!("{map}: is not UTF-8 text, so it is no field map.")))?
        }
        None => {
            let names: Vec<&str> = MAPS.iter().map(|(name, _)| *name).collect();
            return Err(Failure::refused(format!("{map}: no such file, and no shipped map.{}", hint(map, &names))));
        }
    };
    FieldMap::parse(&text, map).map_err(Failure::refused_for)
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

    fn labels(text: &str) -> Vec<String> {
        parse(text.as_bytes(), None).expect("input").labels.iter().map(Node::to_json).collect()
    }

    fn source(input: &Path, map: Option<&str>) -> Source {
        Source { input: input.to_owned(), map: map.map(str::to_owned) }
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
        let map = map.expect("a sound map");
        let records = br#"{"nr": "1", "gone": true}
            {"nr": "2", "gone": false}
            {"nr": "3", "gone": false, "why": "buyer asked to cancel"}"#;
        let input = parse(records, Some(&map)).expect("records");
        assert_eq!(input.labels.len(), 2);
        assert_eq!(input.remarks(), ["left out: order 1 (cancelled).", "held: order 3 (buyer asked to cancel)."]);
    }

    #[test]
    fn every_shipped_map_is_sound() {
        MAPS.iter().for_each(|(name, _)| drop(read_map(name).expect("a sound map")));
    }

    #[test]
    fn the_sender_and_template_of_a_job_are_those_of_labels_that_name_none() {
        let text = r#"{"template": "plain", "sender": {"name": "Lamp Shop", "lines": ["8 Quay"], "country": "HK"}, "labels": [
            {"id": "a", "order": "1", "tracking": "T1", "recipient": {"name": "Ann Lee", "lines": ["1 Elm"], "country": "HK"}},
            {"id": "b", "order": "2", "tracking": "T2", "recipient": {"name": "Ann Lee", "lines": ["1 Elm"], "country": "HK"},
             "template": "large"}]}"#;
        let waybills = parse(text.as_bytes(), None).expect("a job").waybills(&Senders::default()).expect("sound labels");
        assert_eq!(
            waybills.iter().map(|waybill| waybill.template.as_deref()).collect::<Vec<_>>(),
            [Some("plain"), Some("large")]
        );
        assert!(waybills.iter().all(|waybill| waybill.sender.name == "Lamp Shop"));
    }

    #[test]
    fn a_label_without_an_id_is_told_by_its_place() {
        let said = parse(b"{}", None).expect("a label").waybills(&Senders::default()).expect_err("refused").sentence;
        assert!(said.starts_with("label 1 of them: id: is missing"), "{said}");
        assert!(said.contains("\nlabel 1 of them: order: is missing"), "{said}");
    }
}
