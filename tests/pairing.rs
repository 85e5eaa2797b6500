//! Pairing, told from in front of the printer: what it is asked, what it says, and that nothing comes out.

use proptest::prelude::*;
use std::time::Duration;
use waybilld::config::Config;
use waybilld::language::Language;
use waybilld::pairing::{Findings, Hints, Known, Paired, Probe, Question};
use waybilld::virtual_printer::{
    self as vp, Answers, Cause, EscPosSettings, Event, Faults, Out, Queries, Settings, TsplSettings, VirtualPrinter,
};

/// A probe and a printer on one line, with one clock.
struct Bench {
    printer: VirtualPrinter,
    now: Duration,
    /// What came out, and what was taken for something to print.
    out: Vec<Event>,
}

impl Bench {
    fn of(settings: Settings) -> Bench {
        Bench { printer: VirtualPrinter::new(settings), now: Duration::ZERO, out: Vec::new() }
    }

    fn speaking(language: vp::Language) -> Settings {
        Settings { language, ..Settings::default() }
    }

    fn escpos(escpos: EscPosSettings) -> Bench {
        Bench::of(Settings { escpos, ..Bench::speaking(vp::Language::EscPos) })
    }

    fn tspl(tspl: TsplSettings) -> Bench {
        Bench::of(Settings { tspl, ..Bench::speaking(vp::Language::Tspl) })
    }

    fn probe(&mut self, hints: Hints) -> Findings {
        let mut probe = Probe::new(hints, self.now);
        while !probe.is_done() {
            if let Some(bytes) = probe.poll_write().map(<[u8]>::to_vec) {
                let taken = self.printer.handle_bytes(&bytes, self.now);
                probe.wrote(taken, self.now);
            }
            while let Some(event) = self.printer.poll_event() {
                self.out.push(event);
            }
            if let Some(piece) = self.printer.poll_write() {
                probe.handle_bytes(&piece, self.now);
                continue;
            }
            let due = [self.printer.poll_timeout(), probe.poll_timeout()].into_iter().flatten().min();
            self.now = self.now.max(due.expect("a probe that is not done waits for something"));
            assert!(self.now < Duration::from_secs(60), "a probe ends: {probe:?}");
            self.printer.handle_timeout(self.now);
            probe.handle_timeout(self.now);
        }
        probe.findings()
    }

    /// Nothing came out, and nothing is left in it that the next line would print.
    fn expect_nothing_printed(&mut self) {
        let end: &[u8] = match self.printer.settings().language {
            vp::Language::Zpl => b"^XA^XZ",
            vp::Language::Tspl => b"\r\n",
            // Ends the line it has gathered, and cuts.
            vp::Language::EscPos => b"\n\x1dV\x42\0",
        };
        self.printer.handle_bytes(end, self.now);
        self.printer.handle_timeout(self.now + Duration::from_secs(60));
        while let Some(event) = self.printer.poll_event() {
            self.out.push(event);
        }
        for event in &self.out {
            if let Event::Ejected(piece) = event {
                assert_eq!(piece.label.fields(), [""; 0], "text on the media");
            }
        }
    }
}

fn told(language: Language) -> Hints {
    Hints { told: Some(language), ..Hints::default() }
}

fn said(device_id: &str) -> Hints {
    Hints { said: device_id.to_owned(), ..Hints::default() }
}

fn ours(language: vp::Language) -> Language {
    Language::named(&language.to_string()).expect("the same three")
}

#[test]
fn with_no_hint_at_all_every_printer_is_known_by_its_answers_and_prints_nothing() {
    for language in vp::Language::ALL {
        let mut bench = Bench::of(Bench::speaking(language));
        let findings = bench.probe(Hints::default());
        assert_eq!(findings.language, Some((ours(language), Known::Answered)), "{findings:?}");
        assert_eq!(findings.trouble(), None);
        bench.expect_nothing_printed();
    }
}

#[test]
fn the_wrong_language_prints_nothing_and_the_operator_is_told() {
    for language in vp::Language::ALL {
        for wrong in Language::ALL.into_iter().filter(|wrong| *wrong != ours(language)) {
            let mut bench = Bench::of(Bench::speaking(language));
            let findings = bench.probe(told(wrong));
            bench.expect_nothing_printed();
            let refused = Paired::new("a", "tcp://10.0.0.7:9100", &findings).expect_err("refused").to_string();
            let expected = format!("it answers as a printer that speaks {language}, not {}: leave --language out.", wrong.name());
            assert_eq!(refused, expected);
            // A device id that is wrong is not believed either.
            let mut bench = Bench::of(Bench::speaking(language));
            let findings = bench.probe(said(&format!("CMD:{};", wrong.name())));
            assert_eq!(findings.language, Some((ours(language), Known::Answered)));
            bench.expect_nothing_printed();
        }
    }
}

#[test]
fn a_silent_printer_prints_nothing_and_is_paired_only_when_its_language_is_known() {
    for language in vp::Language::ALL {
        let silent = || Settings {
            answers: Answers::Nothing,
            escpos: EscPosSettings { status: false, process_id: false, ..EscPosSettings::default() },
            ..Bench::speaking(language)
        };
        let mut bench = Bench::of(silent());
        let findings = bench.probe(Hints::default());
        assert!(bench.now < Duration::from_secs(10), "{:?}", bench.now);
        let refused = Paired::new("a", "serial:/dev/ttyS0", &findings).expect_err("refused").to_string();
        assert!(refused.starts_with("it answered nothing (DLE EOT 1, <ESC>!S, <ESC>!?, ~HI, ~HS), so its language"), "{refused}");
        assert!(refused.ends_with("as in ?baud=19200?"), "{refused}");
        bench.expect_nothing_printed();

        for wrong in Language::ALL {
            let mut bench = Bench::of(silent());
            bench.probe(said("nothing anybody knows"));
            let findings = bench.probe(told(wrong));
            // Only TSPL has no way to ask without the end of a line.
            if wrong != Language::Tspl || language == vp::Language::Tspl {
                bench.expect_nothing_printed();
            }
            let paired = Paired::new("a", "serial:/dev/ttyS0", &findings).expect("told");
            assert!(paired.verdict().starts_with("never answers"), "{}", paired.verdict());
            assert!(paired.table().contains("status = \"none\" "), "{}", paired.table());
        }
    }
}

#[test]
fn what_a_zpl_printer_answers_is_what_its_table_says() {
    let mut bench = Bench::of(Settings { model: "GK420d-200dpi".into(), odometer: 1234, ..Settings::default() });
    let findings = bench.probe(Hints { usb: Some((0x0a5f, 0x0080)), ..Hints::default() });
    let paired = Paired::new("pack-1", "usb://0a5f:0080?serial=28J1", &findings).expect("all is known");
    assert_eq!(
        paired.table(),
        r#"[printers.pack-1]
device = "usb://0a5f:0080?serial=28J1"
model = "zebra-gk420d"                   # Zebra GK420d: it says that it is "GK420d-200dpi"
language = "zpl"                         # it answers ~HI
dpi = 203                                # it says so to ~HI
media = { width = 100, height = 150 }    # mm; the usual waybill: give --media if another is loaded
confirm = "counter"                      # it told its label counter: 1234
"#
    );
    assert_eq!(paired.verdict(), "confirms every label (label counter).");

    let old = Settings { answers: Answers::HostStatusOnly, ..Settings::default() };
    let findings = Bench::of(old.clone()).probe(told(Language::Zpl));
    let paired = Paired::new("pack-1", "tcp://10.0.0.7:9100", &findings).expect("all is known");
    assert!(
        paired.table().contains("confirm = \"buffers\"                      # asked its label counter: no answer"),
        "{}",
        paired.table()
    );
    assert_eq!(paired.verdict(), "confirms labels by its empty buffers, as long as it answers.");

    // Without labels such a printer answers ~HI only: that is no reason never to ask it again.
    let mut bench = Bench::of(old);
    bench.printer.load_media(0, bench.now);
    let findings = bench.probe(Hints::default());
    let paired = Paired::new("pack-1", "tcp://10.0.0.7:9100", &findings).expect("all is known");
    assert!(!paired.table().contains("status"), "{}", paired.table());
    assert!(paired.verdict().contains("make it ready and pair it again"), "{}", paired.verdict());
}

#[test]
fn tspl_printers_differ_in_what_they_answer_and_say_so() {
    for (queries, out, confirm, verdict) in [
        (Queries::All, Out::WhenPrinted, "echo", "confirms every label (it says our word back when it comes to it)."),
        (Queries::QuestionMark, Out::WhenProcessed, "echo", "confirms every label (it says our word back when it comes to it)."),
        (
            Queries::QuestionMark,
            Out::Never,
            "none",
            "says when it stops, but cannot confirm a label: labels will be called sent.",
        ),
        (Queries::None, Out::WhenPrinted, "echo", "confirms every label (it says our word back when it comes to it)."),
    ] {
        let mut bench = Bench::tspl(TsplSettings { queries, out, ..TsplSettings::default() });
        let findings = bench.probe(said("MFG:Xprinter;CMD:TSPL;MDL:XP-999;"));
        let paired = Paired::new("a", "tcp://10.0.0.7:9100", &findings).expect("answers");
        assert_eq!(paired.verdict(), verdict, "{queries:?} {out:?}");
        assert!(paired.table().contains(&format!("confirm = \"{confirm}\"")), "{}", paired.table());
        bench.expect_nothing_printed();
    }
}

#[test]
fn an_escpos_printer_is_asked_for_a_word_back_only_when_its_model_is_known_for_it() {
    for (model, asked, verdict) in [
        ("TM-T20III", true, "confirms every label (it says our word back when it comes to it)."),
        ("TM-T88III", false, "says when it stops, but cannot confirm a label: labels will be called sent."),
        ("POS-80", false, "says when it stops, but cannot confirm a label: labels will be called sent."),
    ] {
        let mut bench = Bench::of(Settings { model: model.into(), ..Bench::speaking(vp::Language::EscPos) });
        let findings = bench.probe(Hints::default());
        assert_eq!(findings.asked.contains(&Question::ProcessId), asked, "{model}: {findings:?}");
        assert_eq!(findings.answered.len(), findings.asked.len(), "{model}: {findings:?}");
        assert_eq!(Paired::new("a", "tcp://10.0.0.7:9100", &findings).expect("answers").verdict(), verdict);
        bench.expect_nothing_printed();
    }
    let mut clone = Bench::escpos(EscPosSettings { process_id: false, ..EscPosSettings::default() });
    clone.probe(Hints::default());
    clone.expect_nothing_printed();
}

#[test]
fn a_printer_that_stands_still_says_why_and_its_table_does_not_hold_that_against_it() {
    for language in vp::Language::ALL {
        let mut bench = Bench::of(Bench::speaking(language));
        bench.printer.stop(Cause::CoverOpen, bench.now);
        let findings = bench.probe(Hints::default());
        assert_eq!(findings.trouble().as_deref(), Some("cover-open"), "{language}: {findings:?}");
        let table = Paired::new("a", "tcp://10.0.0.7:9100", &findings).expect("answers").table();
        assert!(!table.contains("\"none\""), "{table}");
    }
}

#[test]
fn answers_that_come_late_and_in_pieces_are_heard() {
    for language in vp::Language::ALL {
        let mut known = 0;
        for seed in 0..100 {
            let faults = Faults { seed, split: 60, delay: 60, delay_max: Duration::from_millis(700), ..Faults::default() };
            let mut bench = Bench::of(Settings { faults, ..Bench::speaking(language) });
            let findings = bench.probe(Hints::default());
            bench.expect_nothing_printed();
            assert_eq!(findings.language, Some((ours(language), Known::Answered)), "{language}, seed {seed}: {findings:?}");
            known += 1;
        }
        assert_eq!(known, 100);
    }
}

#[test]
fn noise_never_makes_a_printer_speak_another_language_than_the_operator_says() {
    for language in vp::Language::ALL {
        for seed in 0..100 {
            let faults = Faults { seed, garble: 50, drop: 30, split: 30, delay: 30, delay_max: Duration::from_secs(2) };
            let mut bench = Bench::of(Settings { faults, ..Bench::speaking(language) });
            let findings = bench.probe(told(ours(language)));
            bench.expect_nothing_printed();
            assert!(findings.language.is_some_and(|(found, _)| found == ours(language)), "{language}, seed {seed}: {findings:?}");
        }
    }
}

#[test]
fn a_printer_that_takes_no_data_is_given_up() {
    let mut probe = Probe::new(Hints::default(), Duration::ZERO);
    while let Some(due) = probe.poll_timeout() {
        assert!(due < Duration::from_secs(10));
        probe.handle_timeout(due);
    }
    let findings = probe.findings();
    let refused = Paired::new("a", "tcp://10.0.0.7:9100", &findings).expect_err("refused").to_string();
    assert!(refused.starts_with("it takes no data. Is it out of labels"), "{refused}");
}

#[test]
fn a_printer_that_answers_one_of_two_equal_questions_is_known_all_the_same() {
    for (hints, asked, byte, language) in [
        (Hints::default(), b"\x10\x04\x01", 0x16, Language::EscPos),
        (said("CMD:ESC/POS;"), b"\x10\x04\x01", 0x12, Language::EscPos),
        (said("CMD:TSPL;"), b"\x1b!?", 0x00, Language::Tspl),
    ] {
        let mut probe = Probe::new(hints, Duration::ZERO);
        let mut now = Duration::ZERO;
        while let Some(due) = probe.poll_timeout() {
            match probe.poll_write().map(<[u8]>::to_vec) {
                Some(bytes) => {
                    probe.wrote(bytes.len(), now);
                    if bytes.starts_with(asked) {
                        probe.handle_bytes(&[byte], now);
                    }
                }
                None => {
                    now = due;
                    probe.handle_timeout(now);
                }
            }
        }
        assert_eq!(probe.findings().language, Some((language, Known::Answered)));
    }
}

#[test]
fn a_line_that_says_everything_back_is_no_printer() {
    for hints in [Hints::default(), told(Language::Zpl), told(Language::Tspl), told(Language::EscPos), said("MDL:TM-L90;")] {
        let mut probe = Probe::new(hints.clone(), Duration::ZERO);
        let mut now = Duration::ZERO;
        while let Some(due) = probe.poll_timeout() {
            match probe.poll_write().map(<[u8]>::to_vec) {
                Some(bytes) => {
                    probe.wrote(bytes.len(), now);
                    probe.handle_bytes(&bytes, now);
                }
                None => {
                    now = due;
                    probe.handle_timeout(now);
                }
            }
        }
        assert_eq!(probe.findings().answered, [], "{hints:?}");
    }
}

proptest! {
    #[test]
    fn whatever_a_line_says_and_whenever_the_probe_ends(
        language in prop::option::of(prop::sample::select(Language::ALL.to_vec())),
        said in prop::collection::vec((0u64..3000, prop::collection::vec(any::<u8>(), 0..40), 0usize..9), 0..60),
    ) {
        let mut probe = Probe::new(Hints { told: language, ..Hints::default() }, Duration::ZERO);
        let (mut now, mut written) = (Duration::ZERO, 0);
        let mut said = said.into_iter();
        while let Some(due) = probe.poll_timeout() {
            prop_assert!(due >= now || due + Duration::from_secs(5) > now);
            match said.next() {
                Some((pause, bytes, taken)) => {
                    now += Duration::from_millis(pause);
                    let taken = taken.min(probe.poll_write().map_or(0, <[u8]>::len));
                    probe.wrote(taken, now);
                    written += taken;
                    probe.handle_bytes(&bytes, now);
                }
                None => now = now.max(due),
            }
            probe.handle_timeout(now);
            prop_assert!(now < Duration::from_secs(300) && written < 1000);
        }
        probe.findings();
    }
}

#[test]
fn whatever_is_found_out_is_a_table_the_configuration_takes() {
    for language in vp::Language::ALL {
        for model in ["GK420d", "TM-L90", "say \"no\"\\\u{7}\n[printers.b]\r\ndevice = 1", "TTP-245C"] {
            for hints in [Hints::default(), told(ours(language)), said("MFG:\"\n;MDL:TM-T20III;CMD:ESC/POS;")] {
                let mut bench = Bench::of(Settings { model: model.into(), ..Bench::speaking(language) });
                let findings = bench.probe(hints);
                let Ok(paired) = Paired::new("a", "serial:/dev/ttyS0", &findings) else { continue };
                let config = Config::parse("c.toml", &paired.table());
                let config = config.unwrap_or_else(|faults| panic!("{faults:?}\n{}", paired.table()));
                assert_eq!((config.printers.len(), config.printers["a"].language), (1, ours(language)));
            }
        }
    }
}

/// The real program beside a virtual printer, in a folder of its own.
mod real {
    use std::io::{BufRead, BufReader};
    use std::path::PathBuf;
    use std::process::{Child, Command, Output, Stdio};
    use tempfile::TempDir;

    struct Printer(Child);

    impl Drop for Printer {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    struct Desk {
        folder: TempDir,
        running: Vec<Printer>,
    }

    fn program() -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_waybilld"));
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        program
    }

    impl Desk {
        fn new() -> Desk {
            Desk { folder: tempfile::tempdir().unwrap(), running: Vec::new() }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn config(&self) -> String {
            std::fs::read_to_string(self.path("waybilld.toml")).unwrap_or_default()
        }

        /// Starts it, and answers its first line.
        fn start(&mut self, args: &[&str]) -> String {
            let mut child = program().args(args).current_dir(self.folder.path()).stderr(Stdio::null()).spawn().unwrap();
            let mut line = String::new();
            let mut said = BufReader::new(child.stdout.take().unwrap());
            said.read_line(&mut line).unwrap();
            // A program nobody listens to stands still when its pipe is full.
            std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
            self.running.push(Printer(child));
            line.trim_end().to_owned()
        }

        /// A virtual printer on TCP; its device URI.
        fn printer(&mut self, language: &str, more: &[&str]) -> String {
            let tray = self.path(language).display().to_string();
            let args = ["virtual", "--listen", "127.0.0.1:0", "--no-pictures", "--language", language, "--out", &tray];
            let said = self.start(&[&args, more].concat());
            format!("tcp://{}", said.strip_prefix("listening on ").unwrap_or_else(|| panic!("{said}")))
        }

        fn run(&self, args: &[&str]) -> Output {
            let output = program().args(args).current_dir(self.folder.path()).output().unwrap();
            assert!(output.status.code().is_some_and(|code| code <= 2), "{output:?}");
            output
        }

        fn pair(&self, args: &[&str]) -> Output {
            self.run(&[&["pair"], args, &["--config", "waybilld.toml", "--socket", "socket"]].concat())
        }

        /// The pieces of media that came out of the printer of that language.
        fn pieces(&self, language: &str) -> usize {
            let ledger = std::fs::read_to_string(self.path(language).join("ledger.jsonl")).unwrap_or_default();
            ledger.lines().filter(|line| line.contains("\"piece\"")).count()
        }
    }

    fn told(output: &Output) -> String {
        String::from_utf8(output.stdout.clone()).unwrap()
    }

    fn complaint(output: &Output) -> String {
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stderr.clone()).unwrap()
    }

    #[test]
    fn three_printers_are_paired_one_after_the_other_and_the_old_text_stays() {
        let mut desk = Desk::new();
        let head = "# ours\nsocket = \"socket\"   # here\nstate = \"state\"\n";
        std::fs::write(desk.path("waybilld.toml"), head).unwrap();
        for (name, language, verdict) in [
            ("pack-1", "zpl", "pack-1 confirms every label (label counter)."),
            ("pack-2", "tspl", "pack-2 confirms every label (it says our word back when it comes to it)."),
            ("pack-3", "escpos", "pack-3 says when it stops, but cannot confirm a label: labels will be called sent."),
        ] {
            let device = desk.printer(language, &[]);
            let before = desk.config();
            let dry = desk.pair(&[name, &device, "--dry-run"]);
            assert_eq!((dry.status.code(), desk.config()), (Some(0), before.clone()), "{dry:?}");
            let done = desk.pair(&[name, &device]);
            assert_eq!(done.status.code(), Some(0), "{done:?}");
            assert_eq!(desk.config(), format!("{before}\n{}", told(&dry)), "the same, and behind the old text");
            assert!(told(&done).contains(&format!("\n{verdict}\n")), "{}", told(&done));
            assert!(told(&done).ends_with(&format!("then `waybilld identify {name}`.\n")), "{}", told(&done));
            assert_eq!(desk.pieces(language), 0, "nothing was printed");

            let again = desk.pair(&[name, &device]);
            assert_eq!(complaint(&again), format!("there is a printer {name} already: choose another name.\n"));
            let twice = desk.pair(&["other", &device]);
            assert_eq!(complaint(&twice), format!("{device} is the printer {name} already.\n"));
        }
        assert!(desk.config().starts_with(head));

        // A daemon takes what pairing wrote, and prints.
        desk.start(&["serve", "--config", "waybilld.toml"]);
        for (name, language) in [("pack-2", "tspl"), ("pack-3", "escpos")] {
            let identified = desk.run(&["identify", name, "--socket", "socket"]);
            assert_eq!(identified.status.code(), Some(0), "{identified:?}");
            // On a roll without a cutter it stays where it is.
            assert_eq!(desk.pieces(language), usize::from(language == "tspl"), "{name}");
        }
        let device =
            desk.config().lines().find_map(|line| Some(line.strip_prefix("device = \"")?.trim_end_matches('"').to_owned()));
        let device = device.unwrap();
        let held = desk.run(&["pair", "other", &device, "--dry-run", "--socket", "socket"]);
        assert_eq!(complaint(&held), format!("{device} is the printer pack-1 of the running daemon already.\n"));
        let printers = told(&desk.run(&["printers", "--socket", "socket"]));
        assert!(printers.contains("pack-3: ") && printers.contains("plugged in"), "{printers}");
    }

    #[test]
    fn a_printer_behind_a_serial_line_is_paired() {
        let mut desk = Desk::new();
        let pty = desk.path("port").display().to_string();
        let tray = desk.path("tspl").display().to_string();
        desk.start(&["virtual", "--no-pictures", "--language", "tspl", "--out", &tray, "--pty", &pty]);
        let device = format!("serial:{pty}");
        let done = desk.pair(&["pack-1", &device, "--media", "100x150", "--dpi", "300"]);
        assert_eq!(done.status.code(), Some(0), "{done:?}");
        let config = desk.config();
        for line in [
            "language = \"tspl\"                        # it answers <ESC>!S that it is \"VP100-203dpi\"",
            "dpi = 300                                # as given with --dpi",
            "confirm = \"echo\"                         # it said a word back to OUT",
        ] {
            assert!(config.contains(line), "{line}\n{config}");
        }
        assert_eq!(desk.pieces("tspl"), 0);
    }

    #[test]
    fn what_cannot_be_paired_is_refused_and_nothing_is_written() {
        let mut desk = Desk::new();
        let silent = desk.printer("zpl", &["--answers", "nothing"]);
        let said = complaint(&desk.pair(&["pack-1", &silent]));
        assert!(said.contains("so its language is not known: give --language zpl, tspl or escpos."), "{said}");
        let said = complaint(&desk.pair(&["pack-1", "tcp://127.0.0.1:1"]));
        assert!(said.contains("refuses port 1."), "{said}");
        let said = complaint(&desk.pair(&["pack 1", &silent]));
        assert_eq!(said, "a printer's name is letters, digits, - and _; \"pack 1\" is not.\n");
        let said = complaint(&desk.pair(&["pack-1", &silent, "--language", "zpl", "--media", "60x40"]));
        assert!(said.contains("60 mm × 40 mm") && !said.contains("asking"), "{said}");
        assert!(!desk.path("waybilld.toml").exists());
        std::fs::write(desk.path("waybilld.toml"), "sokcet = \"x\"\n").unwrap();
        let said = complaint(&desk.pair(&["pack-1", &silent, "--language", "zpl"]));
        assert!(said.starts_with("waybilld.toml:1: no key `sokcet` here.") && !said.contains("asking"), "{said}");
        assert_eq!(desk.config(), "sokcet = \"x\"\n");
    }

    #[test]
    fn without_a_daemon_what_is_plugged_in_is_listed_all_the_same() {
        let desk = Desk::new();
        let listed = desk.run(&["printers", "--socket", "socket"]);
        assert_eq!(listed.status.code(), Some(0));
        assert!(told(&listed).starts_with("no daemon listens at socket: start `waybilld serve`."), "{}", told(&listed));
        let json = told(&desk.run(&["printers", "--json", "--socket", "socket"]));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(
            json["plugged_in"].is_array() && json["error"].is_string() && json["printers"] == serde_json::json!([]),
            "{json}"
        );
    }
}

/// A printer that answers as the closure says; what it was asked, and what was found.
fn probe_by(hints: Hints, greeting: &[u8], mut answer: impl FnMut(&[u8]) -> Vec<u8>) -> (Vec<u8>, Findings) {
    let mut now = Duration::ZERO;
    let mut probe = Probe::new(hints, now);
    probe.handle_bytes(greeting, now);
    let mut asked = Vec::new();
    while !probe.is_done() {
        if let Some(bytes) = probe.poll_write().map(<[u8]>::to_vec) {
            probe.wrote(bytes.len(), now);
            asked.extend(&bytes);
            let said = answer(&bytes);
            if !said.is_empty() {
                probe.handle_bytes(&said, now);
            }
            continue;
        }
        now = now.max(probe.poll_timeout().expect("a probe that is not done waits for something"));
        probe.handle_timeout(now);
    }
    (asked, probe.findings())
}

#[test]
fn a_zebra_set_to_line_print_is_told_and_hears_nothing_that_it_would_print() {
    let languages = b"! U1 getvar \"device.languages\"\r\n";
    for mode in ["line_print", "cpcl"] {
        let hints = Hints { name: "zebra".to_owned(), ..Hints::default() };
        let (asked, findings) = probe_by(hints, b"", |question| match question == languages {
            true => format!("\"{mode}\"").into_bytes(),
            false => Vec::new(),
        });
        assert_eq!(String::from_utf8_lossy(&asked), String::from_utf8_lossy(languages));
        let refused = Paired::new("zebra", "tcp://10.0.0.7", &findings).expect_err("refused").to_string();
        assert!(refused.starts_with(&format!("it is set to {mode}, not to ZPL: pair it again with --set-zpl")), "{refused}");
    }
}

#[test]
fn a_greeting_telnet_options_and_an_echo_do_not_hide_a_printer() {
    let greeting = b"\xff\xfd\x01\xff\xfb\x03Welcome to NPort 5110\r\n";
    for language in vp::Language::ALL {
        let mut bench = Bench::of(Bench::speaking(language));
        let now = Duration::ZERO;
        let (_, findings) = probe_by(Hints::default(), greeting, |question| {
            bench.printer.handle_bytes(question, now);
            let mut said = question.to_vec();
            while let Some(piece) = bench.printer.poll_write() {
                said.extend(&piece);
            }
            said
        });
        assert_eq!(findings.language, Some((ours(language), Known::Answered)), "{findings:?}");
    }
}
