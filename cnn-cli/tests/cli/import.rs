//! `cnn import`

use std::fs;
use std::path::{Path, PathBuf};

use models::seeded;
use serde_json::Value;

use super::support::{Folder, Named, Ran, cnn, file_of_all, input_file, run, tensors};

/// A case of the importer's own tests.
fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cnn-import/tests/cases").join(name)
}

#[test]
fn a_model_becomes_a_file_and_its_weights() {
    let folder = Folder::new("import");
    let [net, weights] = ["net.rs", "w.safetensors"].map(|name| folder.path(name));
    let model = case("resnet_dynamo.onnx");
    let arguments = |last: &str| {
        let files = [Path::new("import"), &model, Path::new("-o"), &net, Path::new("-w"), &weights, Path::new(last)];
        run(files.map(Path::to_path_buf))
    };
    assert_eq!(arguments("--name=Small").ok(), "");
    let text = fs::read_to_string(&net).unwrap();
    for part in [
        "// Written by `cnn import` from resnet_dynamo.onnx, BLAKE3 ",
        "network! {\n",
        "    pub Small: 3x24x24 -> 3 {\n",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let written = tensors(&weights);
    assert_eq!(written["layer2.0.downsample.0.weight"].0, [4, 2, 1, 1]);
    assert_eq!(written["fc.weight"].0, [3, 6]);
    let json: Value = serde_json::from_str(&arguments("--json").ok()).unwrap();
    assert_eq!([&json["net"], &json["input"], &json["output"]], ["ResnetDynamo", "3x24x24", "3"]);
    assert_eq!(json["files"].as_array().unwrap().len(), 2);
    let printed = run([Path::new("import"), &model]).ok();
    assert!(printed.contains("pub ResnetDynamo: 3x24x24 -> 3 {"), "{printed}");
    assert_eq!(folder.names(), ["net.rs", "w.safetensors"]);
}

#[test]
fn nothing_is_written_if_anything_is_wrong() {
    let folder = Folder::new("import_errors");
    let [net, weights] = ["net.rs", "w.safetensors"].map(|name| folder.path(name));
    let broken = folder.file("broken.onnx", &fs::read(case("channel_shuffle.onnx")).unwrap()[..200]);
    let arguments = |model: &Path, weights: &Path| {
        run([Path::new("import"), model, Path::new("-o"), &net, Path::new("-w"), weights].map(Path::to_path_buf))
    };
    let error = arguments(&broken, &weights).error();
    assert!(error.contains("broken.onnx cannot be imported: it is no ONNX file"), "{error}");
    let error = arguments(Path::new("gone.onnx"), &weights).error();
    assert!(error.contains("gone.onnx cannot be imported: it can't be read"), "{error}");
    let error = arguments(&case("channel_shuffle.onnx"), &folder.path("no/such/folder")).error();
    assert!(error.contains("cannot be written"), "{error}");
    let error = arguments(&broken, &broken).error();
    assert!(error.contains("cannot be the output"), "{error}");
    assert_eq!(folder.names(), ["broken.onnx"]);
}

/// A model is in more files than the one that is named, and two files can be one by other paths.
#[test]
fn what_is_written_is_neither_read_nor_written_twice() {
    let folder = Folder::new("import_twice");
    for end in ["json", "state.safetensors"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../cnn-import/tests/exported/half.{end}"));
        fs::copy(file, folder.path(&format!("half.{end}"))).unwrap();
    }
    let state = fs::read(folder.path("half.state.safetensors")).unwrap();
    let import = |output: &str, weights: &str| {
        let mut command = cnn();
        command.current_dir(folder.path("")).args(["import", "half.json", "-o", output, "-w", weights]);
        Ran::from(command.output().expect("the program starts"))
    };
    let names = folder.names();
    for (output, weights) in [("net.rs", "half.state.safetensors"), ("half.state.safetensors", "w")] {
        let error = import(output, weights).error();
        assert!(error.contains("half.state.safetensors cannot be the output: it is also read"), "{error}");
    }
    let inside = folder.path("").file_name().unwrap().to_string_lossy().into_owned();
    for weights in ["net.rs", "./net.rs", &format!("../{inside}/net.rs")] {
        let error = import("net.rs", weights).error();
        assert!(error.contains("net.rs would be written twice: name another file"), "{error}");
        assert_eq!(folder.names(), names);
    }
    assert_eq!(fs::read(folder.path("half.state.safetensors")).unwrap(), state);
    assert_eq!(import("net.rs", "w").ok(), "");
    let error = import("net.rs", "net.rs").error();
    assert!(error.contains("would be written twice"), "{error}");
}

/// A folder with a model, and what it reads and gives: its own results, from this program.
fn recorded(test: &str) -> (Folder, Vec<Named>) {
    let folder = Folder::new(test);
    fs::copy(case("resnet_dynamo.onnx"), folder.path("m.onnx")).unwrap();
    let values = seeded::uniform("x", 3 * 24 * 24);
    let input = folder.file("x", input_file(&[3, 24, 24], &values));
    let [model, output] = ["m.onnx", "y"].map(|file| folder.path(file));
    let arguments = [Path::new("run"), &model, Path::new("--input"), &input, Path::new("--output"), &output];
    assert_eq!(run(arguments).ok(), "");
    let (_, output) = tensors(&output).remove("output").unwrap();
    let all =
        vec![("input.input".to_owned(), vec![1, 3, 24, 24], values), ("output.output".to_owned(), vec![1, 3], output)];
    (folder, all)
}

/// Imports the model, with proof.
fn verified(folder: &Folder, more: &[&str]) -> Ran {
    let mut command = cnn();
    command.current_dir(folder.path("")).args(["import", "m.onnx", "-o", "m.rs", "-w", "w"]).args(more);
    command.output().expect("the program starts").into()
}

#[test]
fn an_import_is_proven_by_recorded_results() {
    let (folder, mut all) = recorded("import_verified");
    folder.file("r", file_of_all(&all));
    let report = verified(&folder, &["--verify", "r"]).ok();
    assert!(report.contains("output.output") && report.ends_with("largest magnitude\n"), "{report}");
    // Next to the model.
    let error = verified(&folder, &["--verify"]).error();
    assert!(error.contains("m.recorded.safetensors") && error.contains("test_data_set_0"), "{error}");
    fs::rename(folder.path("r"), folder.path("m.recorded.safetensors")).unwrap();
    let json: Value = serde_json::from_str(&verified(&folder, &["--json", "--verify"]).ok()).unwrap();
    assert_eq!((&json["verified"]["agrees"], &json["net"]), (&true.into(), &"M".into()));
    // Other results: nothing is written, and what is there stays.
    for name in ["m.rs", "w"] {
        fs::remove_file(folder.path(name)).unwrap();
    }
    all[1].2[2] *= 1.01;
    folder.file("r", file_of_all(&all));
    let names = folder.names();
    let differs = verified(&folder, &["--verify", "r"]);
    assert_eq!(differs.code, Some(1), "{differs:?}");
    assert!(differs.stdout.contains("the first to differ is output.output"), "{differs:?}");
    assert_eq!(folder.names(), names);
    assert!(verified(&folder, &["--tolerance=0.1", "--verify", "r"]).ok().contains("all agree"));
}

#[test]
fn recorded_results_that_do_not_fit_are_explained() {
    let (folder, all) = recorded("import_unverified");
    let error = |tensors: &[Named]| {
        folder.file("r", file_of_all(tensors));
        let ran = verified(&folder, &["--verify", "r"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        ran.stderr
    };
    let renamed = |index: usize, name: &str| {
        let mut all = all.clone();
        all[index].0 = name.to_owned();
        all
    };
    assert!(error(&all[1..]).contains("has no tensor `input`"));
    assert!(error(&renamed(1, "output.scores")).contains("output.scores: M has nothing with this name"));
    let mut short = all.clone();
    (short[0].1, short[0].2) = (vec![3, 24, 23], vec![0.0; 3 * 24 * 23]);
    assert!(error(&short).contains("has `input.input` of shape [3, 24, 23]"));
    let error = run(["import", "m.onnx", "--verify"]).error();
    assert!(error.contains("--verify needs --output FILE"), "{error}");
    assert!(!folder.names().contains(&"m.rs".to_owned()));
}

/// A sequence is C x L in PyTorch, and C x 1 x L here: dimensions of 1 don't matter in what was recorded.
#[test]
fn sequences_that_pytorch_recorded_prove_an_import() {
    let folder = Folder::new("import_sequence");
    for end in ["json", "state.safetensors", "recorded.safetensors"] {
        let file = format!("sequence.{end}");
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cnn-import/tests/exported").join(&file);
        fs::copy(from, folder.path(&file)).unwrap();
    }
    let [model, net, weights, recorded, output] =
        ["sequence.json", "net.rs", "w.safetensors", "sequence.recorded.safetensors", "y"]
            .map(|file| folder.path(file));
    let pair = |flag: &str, path: &Path| [flag.to_owned(), path.display().to_string()];
    let ran = |command: &str, subject: &Path, more: &[[String; 2]]| {
        run([command.to_owned(), subject.display().to_string()].into_iter().chain(more.concat())).ok()
    };
    let report = ran("import", &model, &[pair("-o", &net), pair("-w", &weights), pair("--verify", &recorded)]);
    assert!(report.contains("output.output"), "{report}");
    let report = ran("compare", &net, &[pair("--weights", &weights), pair("--recorded", &recorded)]);
    assert!(report.contains("all agree"), "{report}");
    let run_on = |input: &Path| {
        ran("run", &net, &[pair("--weights", &weights), pair("--input", input), pair("--output", &output)]);
        tensors(&output).remove("output").unwrap()
    };
    assert_eq!(run_on(&recorded).0, [1, 2]);
    // One sequence without its batch, and two of them.
    let (_, one) = tensors(&recorded).remove("input.input").unwrap();
    let two = [&one[..], &one].concat();
    for (shape, numbers, outputs) in [(vec![3, 20], one, vec![2]), (vec![2, 3, 20], two, vec![2, 2])] {
        let input = folder.file("x", file_of_all(&[("input.input".to_owned(), shape, numbers)]));
        assert_eq!(run_on(&input).0, outputs);
    }
    let made = folder.path("made");
    ran("new", &made, &[pair("--net", &net), pair("--weights", &weights), pair("--recorded", &recorded)]);
    let kept = tensors(&made.join("recorded.safetensors"));
    assert_eq!([&kept["input.input"].0[..], &kept["output.output"].0], [&[1, 3, 1, 20][..], &[1, 2]]);
    // Rows and columns in another order.
    let turned = folder.file("x", file_of_all(&[("input.input".to_owned(), vec![1, 20, 3], vec![0.0; 60])]));
    let files = [pair("--weights", &weights), pair("--input", &turned), pair("--output", &output)].concat();
    let error = run(["run".to_owned(), net.display().to_string()].into_iter().chain(files)).error();
    assert!(error.contains("has `input.input` of shape [1, 20, 3]"), "{error}");
}

/// A tensor as ONNX's test data have it.
fn proto(dims: &[u8], numbers: &[f32]) -> Vec<u8> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    let mut length = bytes.len();
    let mut all: Vec<u8> = dims.iter().flat_map(|dim| [1 << 3, *dim]).collect();
    all.extend([2 << 3, 1, 9 << 3 | 2]);
    while length >= 0x80 {
        all.push(length as u8 | 0x80);
        length >>= 7;
    }
    all.push(length as u8);
    all.extend(bytes);
    all
}

#[test]
fn test_data_of_onnx_prove_an_import() {
    let (folder, all) = recorded("import_test_data");
    fs::create_dir(folder.path("test_data_set_0")).unwrap();
    folder.file("test_data_set_0/input_0.pb", proto(&[1, 3, 24, 24], &all[0].2));
    let error = verified(&folder, &["--verify"]).error();
    assert!(error.contains("output_0.pb cannot be read"), "{error}");
    folder.file("test_data_set_0/output_0.pb", proto(&[1, 3], &all[1].2));
    for arguments in [&["--verify"][..], &["--verify", "test_data_set_0"], &["--verify", "."]] {
        assert!(verified(&folder, arguments).ok().contains("all agree"), "{arguments:?}");
    }
    let [model, data] = ["m.onnx", "test_data_set_0"].map(|file| folder.path(file));
    let report = run([Path::new("compare"), &model, Path::new("--recorded"), &data]).ok();
    assert!(report.contains("all agree"), "{report}");
    folder.file("test_data_set_0/output_1.pb", proto(&[1, 3], &all[1].2));
    assert!(verified(&folder, &["--verify"]).error().contains("output_1.pb is one too many"));
    folder.file("test_data_set_0/output_0.pb", proto(&[1, 2], &all[1].2[..2]));
    assert!(verified(&folder, &["--verify"]).error().contains("has the shape [1, 2], but `output.output` is 3"));
    folder.file("test_data_set_0/output_0.pb", fs::read(folder.path("m.onnx")).unwrap());
    assert!(verified(&folder, &["--verify"]).error().contains("it is no tensor of ONNX"));
}

#[test]
fn wrong_arguments_are_explained() {
    let model = case("channel_shuffle.onnx");
    let model = model.to_str().unwrap();
    for (argument, words) in [
        ("--input=3x0x2", "expected a shape"),
        ("--input=a", "expected a shape"),
        ("--name=3d", "the name of a type"),
        ("--json", "--json needs --output"),
        ("--weights=-", "name a file"),
    ] {
        let error = run(["import", model, argument]).errors();
        assert!(error.contains(words), "{argument}: {error}");
    }
    let error = run(["import", model, "--input=3x8x8"]).errors();
    assert!(error.contains("input `x`") && error.contains("help: "), "{error}");
}
