use super::*;
use proptest::prelude::*;

/// Key and sureness of all that comes into question.
fn found(usb: Option<UsbId>, said: &str) -> Vec<(&'static str, bool)> {
    let found = Models::shipped().recognise(usb, said);
    found.into_iter().map(|one| (one.model.key.as_str(), one.sure)).collect()
}

/// Key and sureness of the likeliest.
fn first(usb: Option<UsbId>, said: &str) -> Option<(&'static str, bool)> {
    found(usb, said).first().copied()
}

fn faults(text: &str) -> Vec<String> {
    let faults = Models::read("models.toml", text).err().unwrap_or_default();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn the_shipped_file_has_no_fault_and_every_model_a_source() {
    assert_eq!(faults(include_str!("models.toml")), [""; 0]);
    let models = Models::shipped();
    assert!(models.iter().len() >= 25, "{} models", models.iter().len());
    for model in models.iter() {
        assert!(model.sources.iter().all(|source| source.len() > 5), "{}: {:?}", model.key, model.sources);
        assert!(!model.name.trim().is_empty(), "{}", model.key);
        assert_eq!(models.get(&model.key), Some(model), "one table, one key");
    }
    for language in Language::ALL {
        assert!(models.iter().any(|model| model.language == language), "none speaks {}", language.name());
    }
    assert!(models.iter().filter(|model| !model.usb.is_empty()).count() >= 25);
}

#[test]
fn every_shipped_model_is_recognised_by_what_it_is_listed_with() {
    let models = Models::shipped();
    for model in models.iter() {
        for word in &model.words {
            let sure = !model.shared_name;
            let said = format!("MFG:;CMD:;MDL:{word};CLS:PRINTER;");
            assert_eq!(first(None, &said), Some((model.key.as_str(), sure)), "{said}");
        }
        for &id in &model.usb {
            let by_id = found(Some(id), "");
            let this = by_id.iter().find(|(key, _)| *key == model.key);
            assert_eq!(this.map(|&(_, sure)| sure), Some(!models.usb(id).shared), "{}: {by_id:?}", model.key);
        }
    }
}

#[test]
fn what_real_printers_say_of_themselves_names_their_model() {
    for (said, key) in [
        ("MFG:Zebra Technologies ;CMD:ZPL;MDL:GK420d;", "zebra-gk420d"),
        ("MANUFACTURER:Zebra Technologies ;COMMAND SET:ZPL;MODEL:ZTC ZD220-203dpi ZPL;", "zebra-zd220"),
        ("Zebra Technologies ZTC ZD230-203dpi ZPL", "zebra-zd230"),
        ("ZD410-200dpi,V84.20.18Z,8,8192KB", "zebra-zd410"),
        ("ZP 500 (ZPL)-200dpi,ZSP-002281B,8,2104KB", "zebra-zp500"),
        ("CMD:ZPL;MODEL:RP425(ZPL 203DPI);", "rongta-rp425"),
        ("MFG:EPSON;CMD:ESC/POS;MDL:TM-T88V;CLS:PRINTER;DES:EPSON TM-T88V;CID:EpsonTM00000001;", "epson-tm-t88v"),
        ("MFG:Munbyn;CMD:TSPL;MDL:RW403B;CMT:Label Printer;", "munbyn-rw403b"),
        ("MFG: ;CMD:XPP,XL;MDL:PM-241-BT;CLS:PRINTER;DES:PM-241-BT;", "phomemo-pm-241-bt"),
        ("MFG:MARKLIFE ;CMD:XPP,XL;MDL:X4;CLS:PRINTER;DES:LABEL PRINTER;", "marklife-x4"),
        ("MFG:iDPRT;MDL:SP410;CMD:TSPL;", "idprt-sp410"),
    ] {
        assert_eq!(first(None, said), Some((key, true)), "{said}");
    }
    let silent = |key: &str| Models::shipped().get(key).is_some_and(|model| !model.facts.asked);
    assert!(silent("rongta-rp425") && silent("vretti-420b") && !silent("zebra-gk420d"));
}

#[test]
fn the_longer_name_wins_and_a_name_inside_another_word_does_not_count() {
    assert_eq!(first(None, "EPSON TM-T20II"), Some(("epson-tm-t20ii", true)));
    assert_eq!(first(None, "EPSON TM-T20"), Some(("epson-tm-t20", true)));
    assert_eq!(first(None, "epson tm_t88 vi"), Some(("epson-tm-t88vi", true)));
    assert_eq!(first(None, "TM-T88VIII"), None);
    assert_eq!(first(None, "TLP 2844-Z"), Some(("zebra-tlp2844-z", true)));
    assert_eq!(first(None, "LP 2844-Z"), Some(("zebra-lp2844-z", true)));
}

#[test]
fn an_id_that_anybody_may_carry_is_only_a_guess() {
    assert_eq!(first(Some((0x0483, 0x5743)), "MFG:NoName;MDL:Wonder 80;"), Some(("xprinter-xp-t58h", false)));
    assert_eq!(first(Some((0x20d1, 0x7008)), "").map(|(_, sure)| sure), Some(false));
    assert_eq!(first(Some((0x20d1, 0x7008)), "HPRT SK41"), Some(("hprt-sk41", true)));
    assert_eq!(found(Some((0x0483, 0x1234)), ""), []);
}

#[test]
fn an_id_of_its_own_makes_sure_of_a_printer_that_says_nothing_special() {
    assert_eq!(first(Some((0x0a5f, 0x0080)), ""), Some(("zebra-gk420d", true)));
    assert_eq!(found(None, "Printer Thermal Printer"), [("rollo-x1038", false)]);
    let vretti = found(Some((0x2d37, 0x62de)), "Zhuhai Poskey 420B");
    assert_eq!(vretti, [("vretti-420b", true)]);
    assert_eq!(first(None, "OTHER-420B"), Some(("vretti-420b", false)));
}

#[test]
fn what_a_printer_says_counts_more_than_its_id() {
    let found = found(Some((0x0a5f, 0x0080)), "ZTC GX420d");
    assert_eq!(found, [("zebra-gx420d", true), ("zebra-gk420d", false)]);
}

#[test]
fn the_language_is_told_by_the_model_then_the_command_set_then_the_vendor() {
    let models = Models::shipped();
    let command_set_is_wrong = "MFG:Zebra Technologies;CMD:EPL;MDL:ZTC GC420d (EPL);";
    assert_eq!(models.language(None, command_set_is_wrong), Some((Language::Zpl, true)));
    assert_eq!(models.language(Some((0x0483, 0x5743)), "MFG:X;CMD:TSPL;MDL:Y1;"), Some((Language::Tspl, true)));
    assert_eq!(models.language(Some((0x0483, 0x5743)), ""), Some((Language::EscPos, false)));
    assert_eq!(models.language(Some((0x0a5f, 0xffff)), "ZTC New"), Some((Language::Zpl, false)));
    assert_eq!(models.language(Some((0x1203, 0xffff)), ""), Some((Language::Tspl, false)));
    assert_eq!(models.language(None, "anything"), None);
    assert_eq!(language_of("MFG:A;CMD:XPP,XL;MDL:B;"), None);
}

#[test]
fn quirks_come_from_the_vendor_and_from_the_id() {
    let models = Models::shipped();
    assert!(models.usb((0x0a5f, 0xffff)).no_reattach);
    assert!(models.usb((0x04b8, 0x0202)).vendor_class && !models.usb((0x04b8, 0x0e03)).vendor_class);
    assert!(models.usb((0x1203, 0x0172)).same_serial);
    assert_eq!(models.usb((0x9999, 0x0001)), Usb::default());
}

#[test]
fn a_head_has_the_width_that_stands_at_its_place() {
    let text = "[models.a]\nname = \"A\"\nlanguage = \"zpl\"\ndpi = [203, 300]\nwidth_dots = [832, 1248]\n\
                device_id = [\"ABC\"]\nsources = [\"a manual\"]\n";
    let models = Models::read("models.toml", text).unwrap_or_default();
    let widths = models.get("a").map(|model| (model.width_at(300), model.width_at(600)));
    assert_eq!(widths, Some((Some(Dots(1248)), None)));
    assert_eq!(models.get("a").map(|model| model.facts), Some(Facts::default()));
}

#[test]
fn a_contribution_hears_of_all_its_faults() {
    let text = "[models.ACME]\nname = \"Acme\"\nlanguage = \"zpl\"\ndpi = [203]\nwidth_dots = [832, 1]\nusb = [\"0A5F:1\"]\n\
                device_id = [\"X\"]\nsources = []\ncut = true\n\n[models.bare]\nlanguage = \"epl\"\necho = true\n\n\
                [usb.12]\nname = \"x\"\nsources = [\"y\"]\n";
    assert_eq!(
        faults(text),
        [
            "models.toml:1: a model's table is named in lower-case letters, digits and -; \"ACME\" is not.",
            "models.toml:5: `width_dots` needs one width for each number in `dpi`.",
            "models.toml:5: `width_dots` is a list of whole numbers from 8 to 20000, one a head.",
            "models.toml:6: \"0A5F:1\" is no USB id: give one such as \"0a5f:0062\", as lsusb prints it.",
            "models.toml:7: \"X\" is too little to know a printer by: give 3 letters or digits, or more.",
            "models.toml:8: no source: say where another person can look this up.",
            "models.toml:9: no key `cut` here. Known: name, language, dpi, width_dots, usb, device_id, sources, shared_name, status, \
             counter.",
            "models.toml:11: `name` is missing.",
            "models.toml:11: `sources` is missing.",
            "models.toml:11: nothing to know it by: give `usb`, `device_id` or both.",
            "models.toml:12: `language` cannot be \"epl\". Known: zpl, tspl, escpos.",
            "models.toml:15: \"12\" is no USB id: give 4 lower-case hexadecimal digits, or 4, a colon and 4.",
        ]
    );
}

#[test]
fn two_models_with_one_id_or_one_name_say_so_or_are_refused() {
    let model = |key: &str, more: &str| {
        format!(
            "[models.{key}]\nname = \"{key}\"\nlanguage = \"tspl\"\nusb = [\"1a2b:0001\"]\ndevice_id = [\"AB-12\"]\n\
             sources = [\"a manual\"]\n{more}"
        )
    };
    let said = faults(&format!("{}{}", model("a", ""), model("b", "")));
    assert_eq!(
        said,
        [
            "models.toml:10: 1a2b:0001 is the id of a too: if both are right, say so in [usb.\"1a2b:0001\"] with `shared = true`.",
            "models.toml:11: a is known by \"AB-12\" too: if both are right, give both `shared_name = true`.",
        ]
    );
    let shared = "shared_name = true\n";
    let id = "[usb.1a2b]\nname = \"x\"\nshared = true\nsources = [\"a manual\"]\n";
    let text = format!("{}{}{id}", model("a", shared), model("b", shared));
    assert_eq!(faults(&text), [""; 0]);
    let models = Models::read("models.toml", &text).unwrap_or_default();
    assert!(models.recognise(Some((0x1a2b, 1)), "AB-12").iter().all(|one| !one.sure));
}

proptest! {
    #[test]
    fn whatever_a_device_says_is_survived_and_at_most_the_first_is_sure(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        usb in any::<Option<UsbId>>(),
    ) {
        let said = String::from_utf8_lossy(&bytes);
        let found = Models::shipped().recognise(usb, &said);
        prop_assert!(found.iter().skip(1).all(|one| !one.sure));
        Models::shipped().language(usb, &said);
    }

    #[test]
    fn a_model_among_other_words_is_found(before in "[ -~]{0,20}", after in "[ -~]{0,20}") {
        let said = format!("{before} TM-L90,{after}").replace([':', ';'], ".");
        prop_assert!(found(None, &said).iter().any(|(key, _)| *key == "epson-tm-l90"), "{}", said);
    }
}
