//! TFLite files that are broken, made to do harm, or can't be declared: an error in words, never a panic, never much memory.

use std::fs;
use std::path::Path;

use cnn_import::{Error, File, Options};
use cnn_net::op::Shape;

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tflite").join(name);
    fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn import(bytes: Vec<u8>) -> Result<String, Error> {
    File::new(bytes).import(&Options::default()).map(|net| net.declaration().to_owned())
}

/// The error of a file, in words, which has all of these.
#[track_caller]
fn assert_error(bytes: Vec<u8>, words: &[&str]) {
    let error = import(bytes).expect_err("an error").to_string();
    for words in words {
        assert!(error.contains(words), "{words:?} is not in: {error}");
    }
}

#[test]
fn what_is_no_tflite_file_is_refused() {
    assert_error(b"\0\0\0\0TFL3".to_vec(), &["it is no TFLite file: a part of it refers to itself"]);
    assert_error(b"\x10\0\0\0TFL3".to_vec(), &["it is no TFLite file: it ends before what it refers to"]);
    assert_error([b"\x10\0\0\0TFL3", &[0; 64][..]].concat(), &["it is no TFLite file"]);
    assert!(cnn_import::is_tflite(&file("vectors.tflite")));
    assert!(!cnn_import::is_tflite(b"TFL3"));
}

#[test]
fn cut_files_are_errors() {
    for name in ["vectors.tflite", "depth_and_space.tflite", "conv_transpose_valid.tflite"] {
        let whole = file(name);
        for len in 8..whole.len() {
            assert!(import(whole[..len].to_vec()).is_err(), "{name}: {len} of {}", whole.len());
        }
    }
}

#[test]
fn changed_numbers_never_panic() {
    for name in ["parts.tflite", "open_batch.tflite", "resizes.tflite", "conv_between_batches.tflite"] {
        let whole = file(name);
        for at in 8..whole.len().min(1600) {
            let mut changed = whole.clone();
            changed[at] = [0, 0x7F, 0xFF][at % 3];
            let _ = import(changed);
        }
    }
}

/// Lengths, distances, sizes and numbers of tensors are four bytes each.
#[test]
fn claimed_sizes_cost_nothing() {
    for name in [
        "conv_transpose_same.tflite",
        "channel_shuffle.tflite",
        "pads.tflite",
        "sequence.tflite",
        "dilated_sequence.tflite",
    ] {
        let whole = file(name);
        for at in (8..whole.len() - 4).step_by(4) {
            // In turn: there is a fuzz target, too.
            let value = [0, 0xFFFF, 0x7FFF_FFFF, u32::MAX, (whole.len() - at) as u32][at / 4 % 5];
            let mut changed = whole.clone();
            changed[at..at + 4].copy_from_slice(&value.to_le_bytes());
            let _ = import(changed);
        }
    }
}

#[test]
fn random_bytes_never_panic() {
    let (whole, mut state) = (file("vectors.tflite"), 1_u64);
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    for _ in 0..5000 {
        let mut changed = whole.clone();
        for _ in 0..random() % 20 {
            let at = 8 + random() % (changed.len() - 8);
            changed[at] = random() as u8;
        }
        let _ = import(changed);
        let noise: Vec<u8> = (0..random() % 300).map(|_| random() as u8).collect();
        let _ = import([b"\x10\0\0\0TFL3", &noise[..]].concat());
    }
}

#[test]
fn quantised_files_are_refused_in_one_problem() {
    let help = "help: convert the model without quantisation: leave out `converter.optimizations`";
    for name in ["whole", "whole_with_real_input", "whole_weights"] {
        let words = ["a part of the model can't be declared", "its numbers are quantised to int8", help];
        assert_error(file(&format!("refused/{name}.tflite")), &words);
    }
}

#[test]
fn operators_that_no_layer_computes_are_refused() {
    let custom = [
        "it is a custom operator, which the file doesn't describe",
        "(`TFLITE_BUILTINS`)",
        "4 parts",
        "FlexErf `",
        "SIN `",
        "LESS `",
    ];
    assert_error(file("refused/custom.tflite"), &custom);
    assert_error(file("refused/loop.tflite"), &["WHILE `", "it calls another graph of the file"]);
    assert_error(file("refused/no_layers.tflite"), &["2 parts", "SIN `", "TOPK_V2 `", "no layer computes it"]);
    assert_error(file("refused/corners.tflite"), &["RESIZE_BILINEAR `", "`half_pixel_centers` or `align_corners`"]);
}

#[test]
fn batches_of_smaller_maps_are_dilated_convolutions_or_refused() {
    let help = "help: a dilated convolution is one operator in the file if the batch is fixed before the model is converted: \
                `keras.Input(shape, batch_size=1)`";
    let words = [
        "BATCH_TO_SPACE_ND `",
        "MAX_POOL_2D is between it and a SPACE_TO_BATCH_ND, not one convolution",
        "no convolution is between it and a BATCH_TO_SPACE_ND",
        "CONV_2D `",
        "it is dilated by [2, 2] and has the stride [2, 2]",
        "more of its result is cut off than was added around what it reads",
        "SPACE_TO_DEPTH reads its result too, and is no part of a dilated convolution",
        "5 parts",
        help,
    ];
    assert_error(file("refused/batches.tflite"), &words);
}

#[test]
fn an_open_size_is_given() {
    let open = File::new(file("refused/open_size.tflite"));
    let import = |input| open.import(&Options { input, ..Options::default() }).map(|net| net.declaration().to_owned());
    let error = import(None).expect_err("an open size").to_string();
    assert!(error.contains("`--input 3x224x224`, or `tflite(\"…\", input = 3x224x224)`"), "{error}");
    let text = import(Some(Shape::map(2, 7, 9))).expect("a net");
    assert!(text.contains(": 2x7x9 -> 4x4x5 {"), "{text}");
    let error = import(Some(Shape::map(3, 7, 9))).expect_err("three channels").to_string();
    assert!(error.contains("which is fixed in the file"), "{error}");
}
