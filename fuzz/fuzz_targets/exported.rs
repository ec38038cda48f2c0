#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cnn_fuzz::import::exported(data));
