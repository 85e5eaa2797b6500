#![no_main]

use waybilld::virtual_printer::Language;

libfuzzer_sys::fuzz_target!(|input: &[u8]| waybilld_fuzz::printer::live(Language::Zpl, input));
