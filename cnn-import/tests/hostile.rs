//! Files that are broken, or made to do harm: an error in words, never a panic, never much memory.

mod onnx;

use cnn_import::{Error, File, Options};
use onnx::{Model, bytes, field, float_tensor, node, varint};

fn import(bytes: Vec<u8>) -> Result<String, Error> {
    File::new(bytes).import(&Options::default()).map(|net| net.declaration().to_owned())
}

/// The error of a file, in words.
#[track_caller]
fn error(bytes: Vec<u8>) -> String {
    import(bytes).expect_err("an error").to_string()
}

#[track_caller]
fn assert_error(bytes: Vec<u8>, words: &str) {
    let error = error(bytes);
    assert!(error.contains(words), "{words:?} is not in: {error}");
}

#[test]
fn what_is_no_model_is_refused() {
    assert_error(Vec::new(), "it has no graph");
    assert_error(b"\x89PNG\r\n\x1a\n".to_vec(), "no ONNX file");
    assert_error(b"{\"weights\": 1}".to_vec(), "it is no model by `cnn_export`");
}

#[test]
fn cut_files_are_errors() {
    let whole = Model::conv().encode();
    assert!(import(whole.clone()).is_ok());
    for len in 0..whole.len() {
        let _ = import(whole[..len].to_vec());
    }
    assert!((1..whole.len()).filter(|len| import(whole[..*len].to_vec()).is_ok()).count() < 20, "most cuts are errors");
}

#[test]
fn changed_bytes_never_panic() {
    let whole = Model::conv().encode();
    for at in 0..whole.len() {
        for value in [0, 1, 0x7F, 0x80, 0xFF] {
            let mut changed = whole.clone();
            changed[at] = value;
            let _ = import(changed);
        }
    }
}

#[test]
fn huge_sizes_cost_nothing() {
    // A tensor that claims to have 2^60 numbers, and one whose product overflows.
    for dims in [&[1_u64 << 60][..], &[1 << 40, 1 << 40], &[u64::MAX], &[0, 1 << 62, 1 << 62]] {
        let mut model = Model::conv();
        model.initializers[0] = float_tensor("w", dims, &[1.0; 18]);
        assert_error(model.encode(), "tensor `w`");
    }
    // A constant that is filled by a node, and then computed with.
    let mut model = Model::conv();
    model.initializers.remove(0);
    model.initializers.push(onnx::int_tensor("dims", &[4], &[1 << 12, 2, 1 << 12, 1 << 12]));
    model.nodes.insert(0, node("ConstantOfShape", &["dims"], &["filled"], &[]));
    model.nodes.insert(1, node("Neg", &["filled"], &["w"], &[]));
    assert!(import(model.encode()).is_err());
    let mut model = Model::conv();
    model.nodes[0] = node("Conv", &["x", "w"], &["y"], &[("pads", onnx::ints(&[1 << 40; 4]))]);
    assert_error(model.encode(), "`pads`");
}

#[test]
fn graphs_that_cant_be_computed_are_refused() {
    let mut model = Model::conv();
    model.nodes = vec![
        node("Add", &["x", "b"], &["a"], &[]),
        node("Relu", &["a"], &["b"], &[]),
        node("Relu", &["b"], &["y"], &[]),
    ];
    assert_error(model.encode(), "depends on its own result");
    let mut model = Model::conv();
    model.nodes.push(node("Relu", &["nowhere"], &["z"], &[]));
    assert_error(model.encode(), "reads `nowhere`");
    let mut model = Model::conv();
    model.nodes.push(node("Relu", &["x"], &["y"], &[]));
    assert_error(model.encode(), "`y`: it is defined twice");
    let mut model = Model::conv();
    model.output = "other";
    assert_error(model.encode(), "output `other`: nothing computes it");
}

#[test]
fn numbers_with_gaps_are_taken_and_maps_are_not_mirrored() {
    let sliced = |first: i64, end: i64, step: i64| {
        let mut model = Model::conv();
        for (name, number) in [("first", first), ("end", end), ("at", 2), ("step", step)] {
            model.initializers.push(onnx::int_tensor(name, &[1], &[number]));
        }
        model.nodes.push(node("Slice", &["y", "first", "end", "at", "step"], &["z"], &[]));
        model.output = "z";
        model.encode()
    };
    let text = import(sliced(1, 100, 3)).expect("a net");
    assert!(text.contains("crop((1, 0, 0, 0)) -> max_pool(1x1, stride = 3x1)"), "{text}");
    assert_error(sliced(-1, -100, -1), "mirrors maps; no layer does\n    help: mirror pictures in the program");
    assert!(import(sliced(0, 100, i64::MIN)).is_err() && import(sliced(3, 100, i64::MAX)).is_ok());
}

#[test]
fn unknown_versions_and_domains_are_refused() {
    for version in [1, 6, 1000] {
        let model = Model { opset: version, ..Model::conv() };
        assert_error(model.encode(), &format!("version {version} of ONNX's operators"));
    }
    let mut model = Model::conv();
    model.nodes[0].extend(field(7, b"com.microsoft"));
    assert_error(model.encode(), "domain `com.microsoft`");
}

#[test]
fn subgraphs_are_refused_in_words() {
    for op in ["If", "Loop", "Scan"] {
        let mut model = Model::conv();
        let graph = [field(1, b"body"), field(6, &field(1, &[])), varint(20, 5)].concat();
        model.nodes.push([node(op, &["y"], &["z"], &[]), field(5, &graph)].concat());
        model.output = "z";
        assert_error(model.encode(), "at run time");
    }
}

/// An `If` as PyTorch writes it for `x.squeeze(3)`; its condition asks for the size along an axis.
#[test]
fn a_choice_by_a_size_is_one_for_that_axis_alone() {
    let graph = |name: &[u8], result: &[u8], nodes: &[Vec<u8>]| {
        let nodes: Vec<u8> = nodes.iter().flat_map(|node| field(1, node)).collect();
        let graph = [nodes, field(12, &field(1, result))].concat();
        field(5, &[field(1, name), field(6, &graph), varint(20, 5)].concat())
    };
    let import_by = |size: i64, or: &str| {
        let mut model = Model::conv();
        model.nodes.push(node("GlobalAveragePool", &["y"], &["p"], &[]));
        for (name, number) in [("at", size), ("one", 1)] {
            model.initializers.push(onnx::int_tensor(name, &[1], &[number]));
        }
        model.nodes.push(node("Shape", &["p"], &["s"], &[]));
        model.nodes.push(node("Gather", &["s", "at"], &["n"], &[]));
        model.nodes.push(node("Equal", &["n", "one"], &["c"], &[]));
        let tensor = field(5, &onnx::int_tensor("", &[1], &[3]));
        let axes = [node("Constant", &[], &["a"], &[]), field(5, &[field(1, b"value"), tensor].concat())].concat();
        let then = graph(b"then_branch", b"t", &[axes, node("Squeeze", &["p", "a"], &["t"], &[])]);
        let or = graph(b"else_branch", b"e", &[node(or, &["p"], &["e"], &[])]);
        model.nodes.push([node("If", &["c"], &["z"], &[]), then, or].concat());
        model.output = "z";
        import(model.encode())
    };
    assert!(import_by(3, "Identity").expect("a net").contains("global_avg_pool"));
    for (size, or) in [(2, "Identity"), (1, "Identity"), (3, "Relu")] {
        assert!(import_by(size, or).expect_err("a choice").to_string().contains("at run time"), "{size} {or}");
    }
}

/// Local response normalisation is over channels, and not over rows.
#[test]
fn responses_of_rows_are_refused() {
    let import_by = |sizes: &[i64]| {
        let mut model = Model::conv();
        let lists = [("sizes", sizes), ("pads", &[0, 0, 1, 0, 0, 0, 0, 0, 0, 0]), ("back", &[1, 2, 5, 4])];
        for (name, list) in lists {
            model.initializers.push(onnx::int_tensor(name, &[list.len() as u64], list));
        }
        model.initializers.push(float_tensor("half", &[], &[0.5]));
        let kernel = [("kernel_shape", onnx::ints(&[2, 1, 1])), ("strides", onnx::ints(&[1; 3]))];
        model.nodes.extend([
            node("Mul", &["y", "y"], &["square"], &[]),
            node("Reshape", &["square", "sizes"], &["open"], &[]),
            node("Pad", &["open", "pads"], &["padded"], &[]),
            node("AveragePool", &["padded"], &["mean"], &kernel),
            node("Reshape", &["mean", "back"], &["closed"], &[]),
            node("Mul", &["closed", "half"], &["scaled"], &[]),
            node("Add", &["scaled", "half"], &["sum"], &[]),
            node("Pow", &["sum", "half"], &["power"], &[]),
            node("Div", &["y", "power"], &["z"], &[]),
        ]);
        model.output = "z";
        import(model.encode())
    };
    assert!(import_by(&[1, 1, 2, 5, 4]).expect("a net").contains("lrn(size = 2"));
    for sizes in [[1, 2, 5, 4, 1], [1, 1, 10, 4, 1]] {
        let error = import_by(&sizes).expect_err("rows").to_string();
        assert!(error.contains("not those of neighbouring channels"), "{error}");
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let mut model = Model::conv();
    model.nodes.push(node("NonMaxSuppression", &["y"], &["a"], &[]));
    model.nodes.push(node("Foo", &["x"], &["b"], &[]));
    model.nodes.push(node("Add", &["a", "b"], &["c"], &[]));
    model.nodes.push(node("QuantizeLinear", &["c"], &["d"], &[]));
    model.output = "d";
    let error = error(model.encode());
    for part in ["3 parts", "NonMaxSuppression `a`", "Foo `b`", "QuantizeLinear `d`", "help: "] {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
}

#[test]
fn inputs_and_outputs_must_be_there() {
    let mut model = Model::conv();
    model.more_outputs.push("nothing");
    assert_error(model.encode(), "output `nothing`: nothing computes it");
    let mut model = Model::conv();
    model.more_outputs.push("w");
    assert_error(model.encode(), "output `w`: it doesn't depend on an input");
    let mut model = Model::conv();
    model.inputs.push(onnx::input("second", &[1, 0, 4]));
    assert_error(model.encode(), "input `second`: its shape [1, any, 4] is not fixed");
    model.inputs.clear();
    assert_error(model.encode(), "it has no inputs");
}

#[test]
fn texts_of_files_are_cut_and_escaped() {
    let mut model = Model::conv();
    let name = format!("\u{1b}[31m{}", "long ".repeat(1000));
    model.nodes.push(node("Foo\n", &["y"], &[&name], &[]));
    let name: &'static str = name.leak();
    model.output = name;
    let error = error(model.encode());
    assert!(error.len() < 600 && !error.contains('\u{1b}'), "{error}");
}

#[test]
fn other_files_are_read_only_in_the_folder() {
    let folder = std::env::temp_dir().join(format!("cnn-import-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("model")).expect("a folder");
    std::fs::write(folder.join("outside.bin"), [0; 72]).expect("a file");
    std::fs::write(folder.join("model/inside.bin"), bytes(&[0.5; 18])).expect("a file");
    let outside = folder.join("outside.bin").to_string_lossy().into_owned();
    let cases = [
        ("inside.bin", "0", "72", None),
        ("./inside.bin", "0", "72", None),
        ("inside.bin", "4", "72", Some("ends before its numbers do")),
        ("inside.bin", "0", "40", Some("18 numbers")),
        ("inside.bin", "18446744073709551615", "72", Some("ends before its numbers do")),
        ("inside.bin", "-1", "72", Some("not a number")),
        ("missing.bin", "0", "72", Some("can't be read")),
        ("../outside.bin", "0", "72", Some("outside of the model's folder")),
        (&*outside, "0", "72", Some("outside of the model's folder")),
        (".", "0", "72", Some("no file in the model's folder")),
    ];
    for (location, offset, length, expected) in cases {
        let mut model = Model::conv();
        model.initializers[0] = onnx::external("w", &[2, 1, 3, 3], location, offset, length);
        let path = folder.join("model/model.onnx");
        std::fs::write(&path, model.encode()).expect("a file");
        let file = File::open(&path).expect("a file");
        match (file.import(&Options::default()), expected) {
            (Ok(net), None) => assert_eq!(net.params().expect("numbers")["w.weight"], [0.5; 18], "{location}"),
            (Err(error), Some(words)) => assert!(error.to_string().contains(words), "{words:?} is not in: {error}"),
            (Ok(_), Some(words)) => panic!("{location}, {offset}, {length}: expected {words:?}"),
            (Err(error), None) => panic!("{location}: {error}"),
        }
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.join("outside.bin"), folder.join("model/link.bin")).expect("a link");
        let mut model = Model::conv();
        model.initializers[0] = onnx::external("w", &[2, 1, 3, 3], "link.bin", "0", "72");
        let path = folder.join("model/model.onnx");
        std::fs::write(&path, model.encode()).expect("a file");
        let error = File::open(&path).expect("a file").import(&Options::default()).err().expect("an error");
        assert!(error.to_string().contains("no file in the model's folder"), "{error}");
    }
    let mut model = Model::conv();
    model.initializers[0] = onnx::external("w", &[2, 1, 3, 3], "inside.bin", "0", "72");
    assert_error(model.encode(), "read the model from a file");
    std::fs::remove_dir_all(folder).expect("a folder");
}
