//! Files made to do harm, or damaged by a disk: an error, never a panic.

use cnn_runtime::weights::{Problem, Source, Unreadable, load};

use crate::net::{GRAPH, PACKED, RECIPE, entries, file, with_header};

/// Whether a file is accepted.
fn accepts(bytes: &[u8]) -> bool {
    match load(&GRAPH, &RECIPE, &Source::new(bytes), &mut [0.0; PACKED]) {
        Ok(()) => true,
        Err(error) => {
            assert!(!error.problems.is_empty());
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let bytes = file(&entries());
    assert!(accepts(&bytes));
    for end in 0..bytes.len() {
        assert!(!accepts(&bytes[..end]), "cut at {end}");
    }
}

/// A generator of random numbers (xorshift, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn random_bytes_do_not_panic() {
    let bytes = file(&entries());
    let header = 8 + u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..6000 {
        let mut bytes = bytes.clone();
        // Half of the rounds leave the values alone, since most of what can go wrong is in the header.
        let reach = if round % 2 == 0 { header } else { bytes.len() };
        for _ in 0..=random.below(4) {
            bytes[random.below(reach)] = match random.below(3) {
                0 => random.below(256) as u8,
                1 => b'0' + random.below(10) as u8,
                _ => b"[]{},:\"\\ -.e"[random.below(12)],
            };
        }
        accepts(&bytes);
    }
}

#[test]
fn hostile_headers_are_errors() {
    let max = u64::MAX;
    let eighth = max / 8;
    // Eight tensors whose sizes add up to 2^64 - 8, and the length of the header on top.
    let overflowing: Vec<_> = (0..8)
        .map(|i| {
            let [begin, end] = [i, i + 1].map(|i: u64| i * eighth);
            format!(r#""t{i}":{{"dtype":"U8","shape":[{eighth}],"data_offsets":[{begin},{end}]}}"#)
        })
        .collect();
    let headers = [
        String::new(),
        "{".to_string(),
        "null".to_string(),
        "[".repeat(100_000),
        r#"{"a":"#.repeat(10_000),
        format!("{{{}}}", overflowing.join(",")),
        format!(r#"{{"a":{{"dtype":"F32","shape":[{max},{max}],"data_offsets":[0,4]}}}}"#),
        format!(r#"{{"a":{{"dtype":"F32","shape":[0,{max}],"data_offsets":[0,0]}}}}"#),
        format!(r#"{{"a":{{"dtype":"F32","shape":[1],"data_offsets":[{max},3]}}}}"#),
        format!(r#"{{"a":{{"dtype":"F32","shape":[1],"data_offsets":[{max}0,3]}}}}"#),
        r#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#.to_string(),
        r#"{"a":{"dtype":"F32","shape":[1e9],"data_offsets":[0,4]}}"#.to_string(),
        r#"{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}"#.to_string(),
        r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#
            .to_string(),
    ];
    for header in headers {
        let bytes = [with_header(&header), vec![0; 4]].concat();
        let error = load(&GRAPH, &RECIPE, &Source::new(&bytes), &mut [0.0; PACKED]).unwrap_err();
        assert!(matches!(error.problems[..], [Problem::Unreadable(Unreadable::Damaged(_))]), "{error}");
    }
}

#[test]
fn a_header_is_not_longer_than_the_file() {
    for length in [9, 1 << 20, 1 << 40, u64::MAX - 7, u64::MAX] {
        let bytes = [&length.to_le_bytes()[..], b"{}      "].concat();
        let error = load(&GRAPH, &RECIPE, &Source::new(&bytes), &mut [0.0; PACKED]).unwrap_err();
        let why = Unreadable::Truncated { header: length, file: 16 };
        assert_eq!(error.problems, [Problem::Unreadable(why)]);
    }
}

#[test]
fn long_numbers_in_metadata_are_harmless() {
    let bytes = file(&entries());
    let (header, values) = bytes[8..].split_at(u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize);
    let header =
        str::from_utf8(header).unwrap().replacen('{', r#"{"__metadata__":{"hash \" \\":"18446744073709551616"},"#, 1);
    assert!(accepts(&[&with_header(&header), values].concat()));
}

#[test]
fn scalars_and_empty_tensors_are_only_unexpected() {
    let header = r#"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]}}"#;
    let error = load(&GRAPH, &RECIPE, &Source::new(&[with_header(header), vec![0; 4]].concat()), &mut [0.0; PACKED])
        .unwrap_err();
    let unexpected = error.problems.iter().filter(|problem| matches!(problem, Problem::Unexpected { .. }));
    assert_eq!(unexpected.count(), 2, "{error}");
}
