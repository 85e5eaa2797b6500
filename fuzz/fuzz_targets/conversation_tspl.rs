#![no_main]

use waybilld::language::Language;

libfuzzer_sys::fuzz_target!(|input: &[u8]| waybilld_fuzz::talk::hold(Language::Tspl, input));
