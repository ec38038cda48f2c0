#![no_main]

libfuzzer_sys::fuzz_target!(
    init: cnn_fuzz::kernels::expect_refusals(),
    |data: &[u8]| cnn_fuzz::kernels::run(data)
);
