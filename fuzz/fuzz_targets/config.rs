#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| waybilld_fuzz::files::config(input));
