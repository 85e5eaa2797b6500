use super::*;
use encoding_rs::GB18030;
use proptest::prelude::*;

fn sheet(bytes: &[u8]) -> Sheet {
    Sheet::read(bytes, &Wanted::default()).expect("a table")
}

fn refusal(bytes: &[u8]) -> String {
    Sheet::read(bytes, &Wanted::default()).expect_err("no table").to_string()
}

fn texts(sheet: &Sheet) -> Vec<Vec<&str>> {
    sheet.rows.iter().map(|row| (0..row.cells.len()).map(|at| row.text(at)).collect()).collect()
}

#[test]
fn the_delimiter_is_found_out() {
    for text in ["order,name\n1,Ann", "order;name\r\n1;Ann\r\n", "order\tname\n1\tAnn", "sep=;\norder;name\n1;Ann"] {
        let sheet = sheet(text.as_bytes());
        assert_eq!(texts(&sheet), [["order", "name"], ["1", "Ann"]], "{text}");
        assert_eq!(sheet.rows[1].number, 2);
    }
    assert_eq!(texts(&sheet("name;where\n\"a,b\";\"x, y\"".as_bytes()))[1], ["a,b", "x, y"]);
}

#[test]
fn what_excel_calls_unicode_and_what_a_chinese_erp_writes_is_read() {
    let text = "订单号\t收件人\n1\t劉冠廷\n";
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let (gb18030, ..) = GB18030.encode("订单号,收件人,地址\n1,张伟,广东省深圳市南山区科技园一号楼\n");
    assert_eq!(texts(&sheet(&utf16)), [["订单号", "收件人"], ["1", "劉冠廷"]]);
    assert_eq!(texts(&sheet(&gb18030))[1], ["1", "张伟", "广东省深圳市南山区科技园一号楼"]);
    assert_eq!((sheet(&utf16).written.as_str(), sheet(&gb18030).written.as_str()), ("UTF-16LE", "gb18030"));
    assert_eq!(texts(&sheet("\u{feff}order,name".as_bytes())), [["order", "name"]]);
}

#[test]
fn german_and_thai_in_an_old_encoding_are_not_taken_for_chinese() {
    let (german, ..) = encoding_rs::WINDOWS_1252.encode("order,city\n1,Köln\n2,Gießen\n3,Düsseldorf\n");
    let (thai, ..) = encoding_rs::WINDOWS_874.encode("order,address\n1,99/1 ถนนสุขุมวิท แขวงคลองเตย กรุงเทพมหานคร\n");
    for bytes in [&german, &thai] {
        let read = sheet(bytes);
        assert!(read.written.starts_with("windows-") || read.doubt.is_some(), "{}", read.written);
    }
    let wanted = Wanted { encoding: Some(encoding_rs::WINDOWS_874), ..Wanted::default() };
    let told = Sheet::read(&thai, &wanted).expect("a table");
    assert_eq!(told.rows[1].text(1), "99/1 ถนนสุขุมวิท แขวงคลองเตย กรุงเทพมหานคร");
}

#[test]
fn rows_are_numbered_as_the_spreadsheet_numbers_them() {
    let sheet = sheet("a,b\n\n\"two\nlines\",\"says \"\"hi\"\"\"\n,\n\t 4 \t,5\u{a0}\n".as_bytes());
    let rows: Vec<_> = sheet.rows.iter().map(|row| (row.number, row.text(0), row.text(1))).collect();
    assert_eq!(rows, [(1, "a", "b"), (3, "two\nlines", "says \"hi\""), (5, "4", "5")]);
}

#[test]
fn a_number_that_a_spreadsheet_rounded_is_no_number() {
    let sheet = sheet(b"order\n5.76462E+17\n\"=\"\"576462377512830001\"\"\"\n12E+3\n=HYPERLINK(1)\n");
    let cells: Vec<&Cell> = sheet.rows.iter().skip(1).map(|row| &row.cells[0]).collect();
    let text = |text: &str| Cell::Text(text.to_owned());
    assert_eq!(cells, [&Cell::Rounded, &text("576462377512830001"), &Cell::Rounded, &text("=HYPERLINK(1)")]);
}

#[test]
fn a_quotation_mark_that_is_never_closed_does_not_swallow_the_rest() {
    assert_eq!(refusal(b"a,b\n1,\"open\n2,x\n"), "row 2, column B: a quotation mark is opened and never closed.");
    let long = format!("a\n\"{}", "x".repeat(40_000));
    assert_eq!(refusal(long.as_bytes()), "row 2, column A: has more than 32767 characters. Is a quotation mark not closed?");
}

#[test]
fn what_is_too_large_is_refused_by_its_measure() {
    assert_eq!(refusal(&vec![b'x'; BYTES_MAX + 1]), "is larger than 64 MB: export fewer orders at once.");
    assert_eq!(
        refusal(&vec![b'x'; BYTES_MAX]),
        "row 1, column A: has more than 32767 characters. Is a quotation mark not closed?"
    );
    assert_eq!(refusal(",".repeat(1000).as_bytes()), "has more than 1000 columns: no order export has.");
    assert_eq!(refusal("x\n".repeat(20_001).as_bytes()), "has more than 20000 rows: export fewer orders at once.");
}

#[test]
fn columns_have_the_letters_of_a_spreadsheet() {
    for (column, name) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")] {
        assert_eq!(letters(column), name);
        assert_eq!(place(&format!("{name}9")), Some((column, 8)));
    }
    for nowhere in ["", "A", "9", "A0", "a1", "ZZZZZZZZZZZZZZZZZZZZ1", "A1B", "A-1"] {
        assert_eq!(place(nowhere), None, "{nowhere}");
    }
}

proptest! {
    #[test]
    fn no_bytes_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "[a-c,;\t\"\n\r =\u{feff}é0-9E+]{0,80}") {
        let _ = Sheet::read(&bytes, &Wanted::default());
        let _ = Sheet::read(text.as_bytes(), &Wanted::default());
    }

    #[test]
    fn a_table_comes_back_as_it_was_written(rows in prop::collection::vec(prop::collection::vec("[a-z,;\"\n日]{1,6}", 2), 1..8)) {
        let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
        let lines: Vec<String> = rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",")).collect();
        let read = sheet(format!("order,name\n{}\n", lines.join("\n")).as_bytes());
        let wanted: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(|text| trimmed(text)).collect()).collect();
        let wanted: Vec<_> = wanted.into_iter().filter(|row| row.iter().any(|text| !text.is_empty())).collect();
        prop_assert_eq!(&texts(&read)[1..], &wanted[..]);
    }
}

#[test]
fn an_error_of_a_formula_is_known_in_the_languages_of_spreadsheets() {
    for text in [
        "#REF!",
        "#BEZUG!",
        "#NV",
        "#N/A",
        "#DIV/0!",
        "#NOM?",
        "#¡VALOR!",
        "#¿NOMBRE?",
        "#ССЫЛКА!",
        "#ERROR!",
        "Err:502",
        "####",
        "#SPILL!",
        "#GETTING_DATA!",
    ] {
        assert_eq!(Cell::typed(text), Cell::Error, "{text}");
    }
    for text in ["#1001", "#", "#A", "# 5", "#12!", "Erratum", "#lampion", "Err:5021", "#LAMP-1"] {
        assert!(matches!(Cell::typed(text), Cell::Text(_)), "{text}");
    }
    assert_eq!(Cell::typed("\u{202a}+49 151 5550101\u{202c}"), Cell::Text("+49 151 5550101".to_owned()));
}

#[test]
fn a_delimiter_is_told_by_all_first_lines_and_not_by_a_title() {
    for text in [
        "Orders, exported today\n\na;b;c\n1;2,5;3\n4;\"5;6\";7\n",
        "a;b;c\n1, 2, 3, 4, 5;6;7\n8;9;10\n",
        "a|b|c\n1|2|3\n",
        "a;b;c\n1;2;3\n",
    ] {
        assert!(sheet(text.as_bytes()).rows.iter().any(|row| row.cells.len() == 3), "{text}");
    }
}
