//! What a person hands to `submit` and `render`: a job, or JSON lines, one label a line; through a field map, the
//! records or the table of a foreign export.
//!
//! A path goes in; labels in our JSON shape come out, not yet checked, with what the map left out. What is found wrong
//! later with a label of a table is told by row and column ([`Input::told`]). Numbers keep the text they were written in.
//! Knows no label's fields and checks nothing: `intake` does.

use super::failure::Failure;
use crate::fault::{Code, Fault};
use crate::import::ends::{Answer, Answers};
use crate::import::field_map::LeftOut;
use crate::import::preview::{End, Line};
use crate::import::sheet::Kind;
use crate::import::{self, Import, Map, Options, Origins};
use crate::intake::maps::{self, NoMap};
use crate::waybill::json::{self, Node};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Five hundred labels with documents in them stay well below.
const BYTES_MAX: u64 = 256 << 20;
/// Files with rows to mend beside one export.
const MENDS_MAX: usize = 99;

/// Where the labels are.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Source {
    /// A job (`{"labels": […]}`), JSON lines, one label a line, or an export as CSV or XLSX; `-` reads standard input.
    #[arg(value_name = "INPUT")]
    pub input: PathBuf,
    /// Reads INPUT as a foreign export: a field map's file, or a shipped one by name (tiktok-shop, tiktok-shop-export,
    /// generic). For a table it is found out by the headers.
    #[arg(long, value_name = "FILE|NAME")]
    pub map: Option<String>,
    /// The encoding of a text file, such as big5 or euc-kr, where it is not found out.
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// The sheet of a workbook; otherwise the one that is open, if it holds orders.
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Says yes to a kind of question, in every row or in one: `--yes postcode_zero,amount@7`.
    #[arg(long, value_name = "KIND[@ROW]", value_delimiter = ',')]
    pub yes: Vec<Answer>,
    /// Takes the rows of a table that are neither refused nor asked about. The others are told, and written to
    /// INPUT.mend.csv to be mended.
    #[arg(long)]
    pub only_good: bool,
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
    /// What each label of a table will say.
    preview: Vec<Line>,
    /// The rows of a table that are not taken, as a file to mend.
    to_mend: Option<String>,
    /// What else a person wants to know.
    notes: Vec<String>,
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
        let told = |faults: &[Fault]| -> Vec<String> {
            let lines = faults.iter().map(|fault| match is_table {
                true => format!("{name}: {}", fault.message),
                false => format!("{name}: {fault}"),
            });
            lines.collect()
        };
        let encoding = self.encoding.as_deref().map(|name| {
            let known = encoding_rs::Encoding::for_label(name.as_bytes());
            known.ok_or_else(|| {
                Failure::refused(format!(
                    "--encoding {name}: there is no such encoding. Known are those of the web, such as big5, euc-kr, windows-874."
                ))
            })
        });
        let options = Options { map, encoding: encoding.transpose()?, sheet: self.sheet.clone(), now: jiff::Timestamp::now() };
        let answers: Answers = self.yes.iter().copied().collect();
        let mut input = parse_with(&bytes, options, &answers, self.only_good).map_err(|(faults, import)| {
            let Some(import) = import else { return Failure::refused_for(told(&faults)) };
            let of_file = import.open(&answers).map(|ask| format!("{name}: {ask} [{}]", ask.kind));
            let lines = of_file.chain(import.preview(&answers).into_iter().map(|line| line.to_string()));
            Failure::refused_for(lines.chain(ways_out(&import, &answers)).collect::<Vec<_>>())
        })?;
        if let Some(text) = &input.to_mend
            && self.input.to_str() != Some("-")
        {
            input.notes.push(match write_beside(&self.input, text) {
                Ok(path) => format!("{name}: the rows that are not taken are in {}.", path.display()),
                Err(error) => format!("{name}: the rows that are not taken cannot be written beside it: {error}."),
            });
        }
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

    /// What each label of a table will say, and what does not go straight to the printer, by order number.
    pub fn remarks(&self) -> Vec<String> {
        let lines = self.preview.iter().map(ToString::to_string);
        let left_out = self.left_out.iter().filter(|_| self.preview.is_empty()).map(|left_out| format!("{left_out}."));
        let held = self.labels.iter().filter_map(|label| {
            let text = |field: &str| label.get(field).and_then(Node::as_text);
            let asked = || matches!(label.get("cancel_requested"), Some(Node::Boolean(true))).then_some("buyer asked to cancel");
            Some(format!("held: order {} ({}).", text("order").or(text("id"))?, text("hold").or_else(asked)?))
        });
        let read_as = self.read_as.iter().map(|how| format!("{}: {how}", self.name));
        read_as.chain(lines).chain(left_out).chain(held).chain(self.notes.iter().cloned()).collect()
    }

    /// Whether the labels come from a table.
    pub fn is_table(&self) -> bool {
        self.origins.is_some()
    }

    /// Leaves those labels out, by their ids.
    pub fn leave_out(&mut self, ids: &HashSet<String>) {
        let is_out = |label: &Node| label.get("id").and_then(Node::as_text).is_some_and(|id| ids.contains(id.trim()));
        if let Some(origins) = &mut self.origins {
            let mut labels = self.labels.iter();
            origins.retain(|| labels.next().is_none_or(|label| !is_out(label)));
        }
        self.labels.retain(|label| !is_out(label));
    }
}

/// Writes the rows to mend into a file of their own: what somebody may have mended already stays.
fn write_beside(input: &Path, text: &str) -> io::Result<PathBuf> {
    let names = (1..=MENDS_MAX).map(|number| match number {
        1 => input.with_extension("mend.csv"),
        number => input.with_extension(format!("mend-{number}.csv")),
    });
    for path in names {
        match File::create_new(&path) {
            Ok(mut file) => return file.write_all(text.as_bytes()).map(|()| path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// What a person can do about rows that are not taken as they are.
fn ways_out(import: &Import, answers: &Answers) -> Vec<String> {
    let lines = import.preview(answers);
    let mut kinds: Vec<&str> = Vec::new();
    let questions = import.questions(answers).into_iter().chain(lines.iter().flat_map(|line| line.asks.clone()));
    for question in questions.filter(|question| !question.answered) {
        let word: &str = question.kind.into();
        if !kinds.contains(&word) {
            kinds.push(word);
        }
    }
    let good = lines.iter().filter(|line| line.end == End::Takes).count();
    let mut ways = Vec::new();
    if !kinds.is_empty() {
        ways.push(format!("To take what is asked as it would print, say --yes {}.", kinds.join(",")));
    }
    if good > 0 && import.open(answers).next().is_none() {
        ways.push(format!("To take the {good} that are good and mend the others later, say --only-good."));
    }
    ways
}

/// A job, labels or, with a map or in a table, foreign orders.
pub fn parse(bytes: &[u8], map: Option<Map>) -> Result<Input, Vec<Fault>> {
    let options = Options { map, now: jiff::Timestamp::now(), ..Options::default() };
    parse_with(bytes, options, &Answers::default(), false).map_err(|(faults, _)| faults)
}

/// What is wrong, and the file as far as it was read.
type Unread = (Vec<Fault>, Option<Box<Import>>);

fn parse_with(bytes: &[u8], options: Options, answers: &Answers, only_good: bool) -> Result<Input, Unread> {
    if options.map.is_some() || Kind::of(bytes) != Kind::Json {
        let guessed = options.map.is_none();
        let is_table = Kind::of(bytes) != Kind::Json;
        let import = import::read(bytes, options).map_err(|faults| (faults, None))?;
        let used = import.map.clone().unwrap_or_default();
        let sheet = import.sheet.as_ref().map(|sheet| format!(", sheet \"{sheet}\",")).unwrap_or_default();
        let read_as = guessed.then(|| format!("read as {}{sheet} with the map {used}, by its columns.", import.written));
        let settled = match import.settle(answers, only_good) {
            Ok(settled) => settled,
            Err(faults) => return Err((faults, is_table.then(|| Box::new(import)))),
        };
        let to_mend = import.to_mend(&settled, answers);
        let preview = if is_table { import.preview(answers) } else { Vec::new() };
        let mut job = Vec::new();
        if settled.reuse_tracking {
            job.push(("reuse_tracking".to_owned(), Node::Boolean(true)));
        }
        let notes = match (is_table, settled.kept_back.len()) {
            (false, 1..) => import.faults(answers).iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        let import::Settled { labels, origins, .. } = settled;
        let left_out = import.left_out;
        return Ok(Input { job, labels, left_out, read_as, preview, to_mend, origins, notes, ..Input::default() });
    }
    parse_json(bytes).map_err(|faults| (faults, None))
}

fn parse_json(bytes: &[u8]) -> Result<Input, Vec<Fault>> {
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

    fn labels(text: &str) -> Vec<String> {
        parse(text.as_bytes(), None).expect("input").labels.iter().map(Node::to_json).collect()
    }

    fn source(input: &Path, map: Option<&str>) -> Source {
        Source { input: input.to_owned(), map: map.map(str::to_owned), ..Source::default() }
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
