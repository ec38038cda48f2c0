//! `--json`: one document on standard output, with the documented keys, for every command that prints a result.

use std::fs;

use models::{LeNet5, seeded};
use serde_json::{Value, json};

use super::support::{Folder, digits_folder, input_file, json as parsed, keys, run};

fn sample(name: &str) -> String {
    digits_folder().join("samples").join(name).display().to_string()
}

/// The document of a command that succeeds.
#[track_caller]
fn document(arguments: &[&str]) -> Value {
    let ran = run(arguments);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    parsed(&ran)
}

#[test]
fn nets() {
    let list = document(&["list", "--json"]);
    let nets = list["nets"].as_array().unwrap();
    assert_eq!(nets.len(), run(["list"]).ok().lines().take_while(|line| !line.is_empty()).count() - 2);
    let lenet5 = nets.iter().find(|net| net["net"] == "lenet5").unwrap();
    let all = ["input", "macs", "net", "new", "output", "parameters", "weights_included", "year"];
    assert_eq!(keys(lenet5), all);
    assert_eq!([&lenet5["macs"], &lenet5["parameters"], &lenet5["year"]], [416_520, 61_706, 1998]);
    assert_eq!([&lenet5["input"], &lenet5["weights_included"]], [&json!([1, 32, 32]), &json!(true)]);
}

#[test]
fn digits_that_can_be_read_and_others() {
    let two = sample("2-test-digit.png");
    let ran = run(["digits", "--json", "gone.png", &two]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.starts_with("error: gone.png cannot be read: "), "{}", ran.stderr);
    let answers = parsed(&ran);
    let [gone, read] = [&answers["pictures"][0], &answers["pictures"][1]];
    for picture in [gone, read] {
        assert_eq!(keys(picture), ["digit", "error", "file", "probabilities", "probability"]);
    }
    assert_eq!(
        [&gone["file"], &gone["digit"], &gone["probabilities"]],
        [&json!("gone.png"), &Value::Null, &Value::Null]
    );
    assert!(gone["error"].as_str().unwrap().starts_with("cannot be read: "), "{gone}");
    assert_eq!([&read["file"], &read["digit"], &read["error"]], [&json!(two), &json!(2), &Value::Null]);
    assert_eq!(read["probabilities"][2], read["probability"]);
    assert_eq!(read["probabilities"].as_array().unwrap().len(), 10);
}

#[test]
fn test_digits() {
    let test = document(&["digits", "--test", "--json"]);
    assert_eq!(keys(&test), ["images", "right", "us_per_image"]);
    assert!(test["images"] == 1000 && test["right"].as_u64().unwrap() > 980, "{test}");
}

#[test]
fn classes_of_pictures() {
    let two = sample("2-test-digit.png");
    let ran = run(["classify", "lenet5", &two, "gone.png", "--json", "--top", "3"]);
    assert_eq!(ran.code, Some(2));
    let answers = parsed(&ran);
    assert_eq!(keys(&answers), ["net", "pictures"]);
    let [read, gone] = [&answers["pictures"][0], &answers["pictures"][1]];
    assert_eq!([keys(read), keys(gone)], [["classes", "error", "file"]; 2]);
    assert_eq!(read["classes"].as_array().unwrap().len(), 3);
    assert_eq!(keys(&read["classes"][0]), ["class", "label", "probability"]);
    assert_eq!([&read["classes"][0]["class"], &read["classes"][0]["label"]], [&json!(2), &json!("2")]);
    assert_eq!([&gone["classes"], &read["error"]], [&json!([]), &Value::Null]);
    assert!(gone["error"].is_string(), "{gone}");
}

#[test]
fn weights_that_fit_and_others() {
    let folder = Folder::new("json_weights");
    let path = folder.file("w", seeded::weights(LeNet5::GRAPH, ""));
    let file = path.to_str().unwrap();
    let fits = document(&["check-weights", "lenet5", file, "--json"]);
    assert_eq!(keys(&fits), ["file", "fits", "found", "ignored", "net", "problems"]);
    assert_eq!([&fits["fits"], &fits["problems"], &fits["file"]], [&json!(true), &json!([]), &json!(file)]);
    assert_eq!(fits["found"][0], json!({ "name": "conv1.weight", "shape": [6, 1, 5, 5], "dtype": "F32" }));
    let ran = run(["check-weights", "mlp", file, "--json"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.starts_with("error: weights do not fit Mlp: ") && ran.stderr.lines().count() == 1, "{ran:?}");
    let other = parsed(&ran);
    assert!(other["fits"] == false && !other["problems"].as_array().unwrap().is_empty(), "{other}");
}

#[test]
fn files_that_are_written() {
    let folder = Folder::new("json_files");
    let [w, x] = [
        folder.file("w", seeded::weights(LeNet5::GRAPH, "")),
        folder.file("x", input_file(&[2, 1, 32, 32], &seeded::uniform("x", 2048))),
    ];
    let [w, x, y] = [&w, &x, &folder.path("y")].map(|path| path.to_str().unwrap().to_owned());
    for (command, first, count) in [("run", "output", 2), ("trace", "act.conv1", 14)] {
        let arguments = [command, "lenet5", "--weights", &w, "--input", &x, "--output", &y, "--json"];
        let written = document(&arguments);
        assert_eq!(keys(&written), ["net", "output", "tensors"]);
        assert_eq!([&written["net"], &written["output"]], [&json!("lenet5"), &json!(y)]);
        let tensors = written["tensors"].as_array().unwrap();
        assert_eq!((tensors.len(), &tensors[0]["name"]), (count, &json!(first)), "{written}");
    }
    let drawing = folder.path("net.svg").display().to_string();
    let written = document(&["diagram", "lenet5", "-o", &drawing, "--json"]);
    let bytes = fs::metadata(&drawing).unwrap().len();
    assert_eq!(written, json!({ "files": [{ "path": drawing, "bytes": bytes }] }));
    let figures = folder.path("figures").display().to_string();
    let written = document(&["figures", &figures, "--json"]);
    let files = written["files"].as_array().unwrap();
    assert_eq!(files.len(), fs::read_dir(&figures).unwrap().count());
    let error = run(["diagram", "lenet5", "--json"]).error();
    assert!(error.starts_with("--json lists the files that are written, and there is none: "), "{error}");
}

#[test]
fn comparisons() {
    let folder = Folder::new("json_compare");
    let (w, v) =
        (folder.file("w", seeded::weights(LeNet5::GRAPH, "")), folder.file("v", seeded::weights(LeNet5::GRAPH, "v")));
    let x = folder.file("x", input_file(&[1, 32, 32], &seeded::uniform("x", 1024)));
    let [w, v, x, e] = [&w, &v, &x, &folder.path("e")].map(|path| path.to_str().unwrap().to_owned());
    run(["trace", "lenet5", "--weights", &w, "--input", &x, "--output", &e]).ok();
    let same = document(&["compare", "lenet5", "--weights", &w, "--input", &x, "--expected", &e, "--json"]);
    assert_eq!(keys(&same), ["agrees", "first_difference", "net", "problems", "tensors", "tolerance"]);
    assert_eq!(
        [&same["agrees"], &same["first_difference"], &same["problems"]],
        [&json!(true), &Value::Null, &json!([])]
    );
    let all = ["agrees", "largest", "layer", "max", "max_share", "name", "rms", "rms_share", "run", "shape"];
    assert_eq!(keys(&same["tensors"][0]), all);
    assert_eq!(same["tensors"][0]["shape"], json!([6, 28, 28]));
    let ran = run(["compare", "lenet5", "--weights", &v, "--input", &x, "--expected", &e, "--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    let other = parsed(&ran);
    let first = json!({ "name": "act.conv1", "run": "layers", "layer": "conv1", "kind": "conv(6, 5x5)" });
    assert_eq!([&other["agrees"], &other["first_difference"]], [&json!(false), &first]);
    let ran = run(["compare", "lenet5", "--weights", &w, "--input", &x, "--expected", &w, "--json"]);
    assert_eq!(ran.code, Some(2));
    let none = parsed(&ran);
    assert_eq!([&none["agrees"], &none["tensors"]], [&json!(false), &json!([])]);
    assert_eq!(none["problems"].as_array().unwrap().len(), 10);
}

#[test]
fn nothing_is_printed_if_there_is_no_result() {
    for arguments in [
        &["summary", "yolo", "--json"][..],
        &["check-weights", "lenet5", "gone", "--json"],
        &["run", "lenet5", "--input=gone", "--output=y", "--json"],
        &["bench", "lenet5", "--batch=3", "--json"],
    ] {
        assert_eq!(run(arguments).error().lines().count(), 1, "{arguments:?}");
    }
}
