//! The errors of files that do not fit.

use cnn_net::graph::{Graph, Node, Tensor};
use cnn_net::op::{BatchNorm, Op};
use cnn_runtime::pack::Layout;
use cnn_runtime::weights::{Cause, Format, Problem, Source, Unreadable, WeightsError, load, read};

use crate::net::{Entry, FC_PANELS, GRAPH, PACKED, RECIPE, entries, entries_with, entry, file, of_values, with_header};

/// The error of a file, after checking that nothing was packed.
fn error(bytes: &[u8]) -> WeightsError {
    let mut packed = vec![7.0; PACKED];
    let error = load(&GRAPH, &RECIPE, &Source::new(bytes), &mut packed).expect_err("the file does not fit");
    assert!(packed.iter().all(|value| *value == 7.0), "nothing is packed");
    assert_eq!(error.net, "Tiny");
    error
}

/// The one problem of a file.
fn problem(entries: &[Entry]) -> Problem {
    let mut problems = error(&file(entries)).problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

/// Why a file cannot be read.
fn unreadable(bytes: &[u8]) -> Unreadable {
    match error(bytes).problems.as_slice() {
        [Problem::Unreadable(why)] => why.clone(),
        problems => panic!("{problems:?}"),
    }
}

fn without(name: &str) -> Vec<Entry> {
    entries().into_iter().filter(|entry| entry.name != name).collect()
}

fn renamed(rename: impl Fn(&str) -> String) -> Vec<Entry> {
    entries().into_iter().map(|entry| Entry { name: rename(&entry.name), ..entry }).collect()
}

#[test]
fn everything_is_reported_at_once() {
    let mut given = without("act.weight");
    for entry in &mut given {
        match entry.name.as_str() {
            "conv1.weight" => entry.name = "conv_1.weight".to_string(),
            "bn1.weight" => *entry = of_values("bn1.weight", &[2], &[f32::NAN, f32::INFINITY]),
            "bn1.bias" => (entry.dtype, entry.bytes) = ("F64", vec![0; 16]),
            "bn1.running_var" => *entry = of_values("bn1.running_var", &[2], &[1.0, -0.5]),
            "fc.weight" => entry.shape = vec![8, 3],
            _ => {}
        }
    }
    given.push(entry("fc2.weight", &[4, 4]));
    let expected = "\
weights do not fit Tiny: 1 missing, 1 under another name, 1 unexpected, 1 with the wrong shape, 1 with the wrong type, \
1 not finite, 1 with a negative variance
  conv1.weight: missing, [2, 1, 3, 2]; the file has `conv_1.weight` of this shape: did you mean that?
  bn1.weight: 2 infinite or NaN, the first at 0
  bn1.bias: expected F32, F16 or BF16, found F64 (`.float()` gives F32)
  bn1.running_var: 1 not above -eps, the first at 1; a variance is never negative
  act.weight: missing, [2]
  fc.weight: expected [3, 8], found [8, 3]; transposed: `.t()`
  fc2.weight: unexpected, [4, 4]";
    assert_eq!(error(&file(&given)).to_string(), expected);
}

#[test]
fn a_tensor_is_missing() {
    let (name, shape) = ("conv1.bias".to_string(), vec![2]);
    assert_eq!(problem(&without("conv1.bias")), Problem::Missing { name, shape });
}

#[test]
fn a_tensor_is_unexpected() {
    let given = [entries(), vec![entry("fc2.weight", &[3, 3])]].concat();
    let (name, shape) = ("fc2.weight".to_string(), vec![3, 3]);
    assert_eq!(problem(&given), Problem::Unexpected { name, shape, unused_bias: false });
}

#[test]
fn a_bias_is_not_declared() {
    let given = [entries(), vec![entry("head.fc.bias", &[3])]].concat();
    assert_eq!(
        error(&file(&given)).to_string(),
        "weights do not fit Tiny: 1 unexpected\n  \
         head.fc.bias: unexpected, [3]; the layer is declared with `bias = false`"
    );
}

#[test]
fn names_differ_by_a_slip_or_by_framework() {
    let slips = [
        ("conv1.weight", "Conv1.weight"),
        ("conv1.weight", "conv1.kernel"),
        ("bn1.weight", "bn1.gamma"),
        ("bn1.running_var", "bn1.moving_variance"),
        ("fc.weight", "fc1.weight"),
        ("fc.weight", "fc.wieght"),
    ];
    for (name, found) in slips {
        let given = renamed(|other| if other == name { found } else { other }.to_string());
        let Problem::Misnamed { name: expected, found: suggested, .. } = problem(&given) else { panic!("{found}") };
        assert_eq!((expected.as_str(), suggested.as_str()), (name, found));
    }
}

#[test]
fn names_that_only_look_alike_are_not_suggested() {
    for (name, found) in [("conv1.weight", "stem.weight"), ("bn1.weight", "bn1.beta"), ("bn1.running_mean", "bn1.var")]
    {
        let given = renamed(|other| if other == name { found } else { other }.to_string());
        let problems = error(&file(&given)).problems;
        assert!(matches!(problems[..], [Problem::Missing { .. }, Problem::Unexpected { .. }]), "{problems:?}");
    }
}

#[test]
fn the_most_similar_name_is_suggested() {
    let given = renamed(|name| if name.starts_with("bn1") { name.replace("bn1", "bn_1") } else { name.to_string() });
    let given = [given, vec![entry("bn_2.weight", &[2]), entry("bn_0.bias", &[2])]].concat();
    let problems = error(&file(&given)).problems;
    let pairs = problems.iter().filter_map(|problem| match problem {
        Problem::Misnamed { name, found, .. } => Some((name.replace("bn1", "bn_1"), found.clone())),
        _ => None,
    });
    assert_eq!(pairs.filter(|(expected, found)| expected == found).count(), 4, "{problems:?}");
    assert_eq!(problems.len(), 6, "{problems:?}");
}

#[test]
fn all_names_have_a_prefix() {
    let given = renamed(|name| format!("module.{name}"));
    assert_eq!(problem(&given), Problem::Prefixed { prefix: "module.".to_string() });
    assert_eq!(
        error(&file(&given)).to_string(),
        "weights do not fit Tiny: all have a prefix\n  \
         the names begin with `module.`, as `DataParallel` writes them: rename with the rule \"module.*\" => \"*\""
    );
}

#[test]
fn other_problems_are_reported_without_the_prefix() {
    let prefixed = |name: &str| format!("net.{name}");
    let mut given = renamed(prefixed);
    given[0].shape = vec![12];
    given[1].name = prefixed("conv_1.bias");
    given.push(entry("net.head.fc.weight", &[3, 8]));
    given.push(Entry { dtype: "I64", bytes: vec![0; 8], ..entry("net.bn1.num_batches_tracked", &[]) });
    let said = error(&file(&given)).to_string();
    let lines: Vec<_> = said.lines().skip(2).collect();
    assert_eq!(
        lines,
        [
            "  conv1.weight: expected [2, 1, 3, 2], found [12]; the same number of values, so `.reshape(..)` may do",
            "  conv1.bias: missing, [2]; the file has `conv_1.bias` of this shape: did you mean that?",
        ]
    );
}

#[test]
fn a_shape_tells_what_happened() {
    let causes: [(&[usize], &[usize], _); 10] = [
        (&[8, 3, 5, 4], &[5, 4, 3, 8], Some(Cause::Hwio)),
        (&[8, 1, 5, 4], &[5, 4, 8, 1], Some(Cause::DepthwiseHwio)),
        (&[8, 3, 5, 4], &[8, 5, 4, 3], Some(Cause::Ohwi)),
        (&[8, 3], &[3, 8], Some(Cause::Transposed)),
        (&[8, 2, 5, 5], &[8, 4, 5, 5], Some(Cause::Groups)),
        (&[8, 2, 5, 5], &[8, 1, 5, 5], Some(Cause::Groups)),
        (&[8, 18], &[8, 2, 3, 3], Some(Cause::Reshaped)),
        (&[8, 1, 3, 3], &[7, 1, 3, 3], None),
        (&[8], &[], None),
        (&[8], &[0, 1 << 40, 1 << 40], None),
    ];
    for (expected, found, cause) in causes {
        let graph = one_tensor(Op::Flatten, "a.weight", expected);
        let graph = Graph { nodes: &[Node { tensors: &[Tensor { shape: expected, ..graph.1 }], ..graph.0 }], ..GRAPH };
        let error = read(&graph, &Source::new(&file(&[entry("a.weight", found)]))).unwrap_err();
        let Problem::Misshapen { cause: guessed, .. } = &error.problems[0] else { panic!("{error}") };
        assert_eq!(*guessed, cause, "{error}");
    }
}

#[test]
fn dimensions_of_one_may_be_missing_or_more() {
    let shapes: [(&[usize], &[usize], bool); 8] = [
        (&[8, 18], &[8, 18, 1, 1], true),
        (&[8, 2, 1, 3], &[8, 2, 3], true),
        (&[5], &[1, 5, 1], true),
        (&[1], &[], true),
        (&[5], &[5, 1, 5], false),
        (&[8, 18], &[18, 8, 1, 1], false),
        // Another order of as many dimensions is another order of the numbers.
        (&[3, 1, 3, 3], &[3, 3, 1, 3], false),
        (&[3, 1, 3, 3], &[3, 3, 3, 1], false),
    ];
    for (expected, found, fits) in shapes {
        let graph = one_tensor(Op::Flatten, "a.weight", expected);
        let graph = Graph { nodes: &[Node { tensors: &[Tensor { shape: expected, ..graph.1 }], ..graph.0 }], ..GRAPH };
        let read = read(&graph, &Source::new(&file(&[entry("a.weight", found)])));
        assert_eq!(read.is_ok(), fits, "{expected:?} {found:?}");
    }
}

/// A node with one tensor, and the tensor.
fn one_tensor<'a>(op: Op, name: &'a str, shape: &'a [usize]) -> (Node<'a>, Tensor<'a>) {
    let node = GRAPH.nodes[2];
    (Node { op, ..node }, Tensor { name, shape, ..node.tensors[0] })
}

#[test]
fn one_slope_is_enough_but_two_of_three_are_not() {
    let given = entries_with(entry("act.weight", &[3]));
    assert!(matches!(problem(&given), Problem::Misshapen { .. }));
}

#[test]
fn types_that_are_not_accepted() {
    for (dtype, size) in [("F64", 8), ("I64", 8), ("I8", 1), ("U8", 1), ("BOOL", 1), ("F8_E4M3", 1)] {
        let given = entries_with(Entry { dtype, bytes: vec![0; 2 * size], ..entry("conv1.bias", &[2]) });
        let (name, dtype) = ("conv1.bias".to_string(), dtype.to_string());
        assert_eq!(problem(&given), Problem::Mistyped { name, dtype });
    }
}

#[test]
fn values_that_are_not_finite() {
    let given = entries_with(of_values("fc.bias", &[3], &[1.0, f32::NEG_INFINITY, f32::NAN]));
    assert_eq!(problem(&given), Problem::NotFinite { name: "fc.bias".to_string(), count: 2, first: 1 });
    let infinite = 0x7c00_u16.to_le_bytes();
    let bytes = [[0, 0], [0, 0], infinite].concat();
    let given = entries_with(Entry { dtype: "F16", bytes, ..entry("fc.bias", &[3]) });
    assert_eq!(problem(&given), Problem::NotFinite { name: "fc.bias".to_string(), count: 1, first: 2 });
}

#[test]
fn a_variance_may_be_negative_by_less_than_eps() {
    let Op::BatchNorm(BatchNorm { eps, .. }) = GRAPH.nodes[1].op else { panic!("a batch normalisation") };
    let given = |var| entries_with(of_values("bn1.running_var", &[2], &[1.0, var]));
    let (name, count, first) = ("bn1.running_var".to_string(), 1, 1);
    assert_eq!(problem(&given(-eps)), Problem::NegativeVariance { name, count, first });
    assert!(read(&GRAPH, &Source::new(&file(&given(-0.5 * eps)))).is_ok());
}

#[test]
fn folding_may_overflow() {
    let given = entries_with(of_values("bn1.weight", &[2], &[f32::MAX, 1.0]));
    let given = given.into_iter().map(|entry| match entry.name.as_str() {
        "bn1.running_var" => of_values("bn1.running_var", &[2], &[0.0, 0.0]),
        _ => entry,
    });
    let error = load(&GRAPH, &RECIPE, &Source::new(&file(&given.collect::<Vec<_>>())), &mut [0.0; PACKED]).unwrap_err();
    assert_eq!(error.problems, [Problem::Overflow { layer: "conv1".to_string() }]);
}

#[test]
fn weights_may_be_too_large_for_half_precision() {
    let mut recipe = RECIPE;
    recipe[2].layout = Layout::F16(FC_PANELS);
    let load_with = |values: &[f32]| {
        let bytes = file(&entries_with(of_values("fc.weight", &[3, 8], values)));
        load(&GRAPH, &recipe, &Source::new(&bytes), &mut [0.0; PACKED])
    };
    let mut values = [0.5; 24];
    assert_eq!(load_with(&values), Ok(()));
    (values[9], values[20]) = (65519.0, -65504.0);
    assert_eq!(load_with(&values), Ok(()));
    (values[9], values[20]) = (65520.0, -1e9);
    let error = load_with(&values).unwrap_err();
    assert_eq!(error.problems, [Problem::BeyondF16 { name: "fc.weight".to_string(), count: 2, first: 9 }]);
    assert_eq!(
        error.to_string(),
        "weights do not fit Tiny: 1 too large for f16\n  \
         fc.weight: 2 beyond 65504, the limit of f16, the first at 9; declare the layer with `store = f32`"
    );
}

#[test]
fn names_from_a_file_cannot_upset_a_terminal() {
    let given = [entries(), vec![entry(r"\u001b[31m\n", &[1])]].concat();
    let said = error(&file(&given)).to_string();
    assert!(said.ends_with("\n  \\u{1b}[31m\\n: unexpected, [1]"), "{said}");
}

#[test]
fn messages_are_bounded_whatever_a_file_holds() {
    let strangers = (0..200_000).map(|i| Entry { bytes: Vec::new(), shape: vec![0], ..entry(&format!("t{i}"), &[0]) });
    let said = error(&file(&entries().into_iter().chain(strangers).collect::<Vec<_>>())).to_string();
    assert!(said.starts_with("weights do not fit Tiny: 200000 unexpected\n"), "{}", &said[..100]);
    assert!(said.ends_with("\n  and 199900 more unexpected"), "{}", &said[said.len() - 100..]);
    assert_eq!(said.lines().count(), 102);

    let mut deep = entry("fc.bias", &[3]);
    deep.shape = [vec![1; 100_000], vec![3]].concat();
    let said = error(&file(&entries_with(deep.clone()))).to_string();
    assert!(said.contains("fc.bias: expected [3], found [1, 1, 1, 1, 1, 1, 1, 1, and 99993 more]"), "{}", said.len());
    let said = error(&file(&[entries(), vec![Entry { name: "fc2.bias".to_string(), ..deep }]].concat())).to_string();
    assert!(said.len() < 300, "{}", said.len());

    let long = "n".repeat(1 << 20);
    for name in [long.clone(), format!("{long}.conv1.weight"), "\u{202e}".repeat(1 << 18)] {
        let said = error(&file(&[entries(), vec![entry(&name, &[1])]].concat())).to_string();
        assert!(said.len() < 2000 && !said.contains('\u{202e}'), "{}", said.len());
    }
    let said = error(&file(&renamed(|name| format!("{long}.{name}")))).to_string();
    assert!(said.starts_with("weights do not fit Tiny: all have a prefix") && said.len() < 1000, "{}", said.len());
    let said =
        error(&with_header(&format!(r#"{{"a":{{"dtype":"{long}","shape":[],"data_offsets":[0,0]}}}}"#))).to_string();
    assert!(said.len() < 3000, "{}", said.len());
}

#[test]
fn files_of_other_formats_are_recognised() {
    let formats: [(&[u8], _); 10] = [
        (b"PK\x03\x04\0\0\x08\x08\0\0archive/data.pkl", Format::Zip),
        (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", Format::Pickle),
        (b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08", Format::Hdf5),
        (b"\x93NUMPY\x01\0v\0{'descr'", Format::Npy),
        (b"GGUF\x03\0\0\0\0\0\0\0", Format::Gguf),
        (b"\x1c\0\0\0TFL3\x14\0\x20\0", Format::TfLite),
        (b"\x1f\x8b\x08\x08\0\0\0\0\0\x03", Format::Gzip),
        (b"{\"weight_map\": {\"fc.weight\"", Format::Json),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", Format::LfsPointer),
        (b"<!DOCTYPE html><title>404</title>", Format::Html),
    ];
    for (bytes, format) in formats {
        assert_eq!(unreadable(bytes), Unreadable::Other(format));
    }
    assert_eq!(
        error(formats[0].0).to_string(),
        "the weights of Tiny cannot be read: this looks like a zip archive, such as PyTorch's .pt and .pth; \
         export it with `safetensors.torch.save_file(model.state_dict(), path)`"
    );
}

#[test]
fn files_that_are_truncated() {
    let bytes = file(&entries());
    assert_eq!(unreadable(b""), Unreadable::Empty);
    assert_eq!(unreadable(&bytes[..5]), Unreadable::Truncated { header: 0, file: 5 });
    let header = u64::from_le_bytes(*bytes.first_chunk().unwrap());
    assert_eq!(unreadable(&bytes[..100]), Unreadable::Truncated { header, file: 100 });
    assert!(matches!(unreadable(&bytes[..bytes.len() - 1]), Unreadable::Damaged(_)));
}
