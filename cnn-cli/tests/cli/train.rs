//! `cnn train`: what it prints, writes and refuses. `cnn-train` tests what is learnt.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::support::{Folder, Ran, cnn, digits_folder, run, tensors};

/// Trains in a folder with these arguments after `train`.
fn train(folder: &Folder, arguments: &[&str]) -> Ran {
    cnn().current_dir(folder.path("")).arg("train").args(arguments).output().unwrap().into()
}

#[test]
fn a_net_of_this_program_is_trained_at_once() {
    let folder = Folder::new("trains_mlp");
    let arguments =
        ["mlp", "--data", "digits", "--epochs", "3", "--lr", "0.1", "-o", "w.safetensors", "--curve", "a.svg"];
    let printed = train(&folder, &arguments).ok();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 4, "{printed}");
    assert_eq!(lines[0], "Mlp: 101,770 parameters, 900 images, judged by 100, minibatches of 64");
    assert!(
        lines[3].starts_with("epoch 3/3: training loss ") && lines[3].contains(" %; validation loss "),
        "{printed}"
    );
    assert_eq!(folder.names(), ["a.svg", "w.checkpoint.safetensors", "w.safetensors"]);
    let report = run(["check-weights".as_ref(), "mlp".as_ref(), folder.path("w.safetensors").as_os_str()]);
    assert_eq!(report.code, Some(0), "{report:?}");
    // The seed decides.
    let first = tensors(&folder.path("w.safetensors"));
    train(&folder, &[&arguments[..8], &["2.safetensors", "--threads", "2"]].concat()).ok();
    assert_eq!(tensors(&folder.path("2.safetensors")), first);
    train(&folder, &[&arguments[..8], &["3.safetensors", "--seed", "1"]].concat()).ok();
    assert_ne!(tensors(&folder.path("3.safetensors")), first);
}

#[test]
fn what_can_not_train_is_refused_before_anything_is_built() {
    let folder = Folder::new("train_refuses");
    let error = |net: &str, data: &str| train(&folder, &[net, "--data", data, "-o", "w.safetensors"]).error();
    fs::write(folder.path("model.rs"), "cnn::network! { pub Net = onnx(\"a.onnx\"); }").unwrap();
    let help = "write the model as a declaration first, `cnn import MODEL -o net.rs";
    assert!(error("a.ONNX", "digits").starts_with(&format!("a.ONNX is no declaration: {help}")));
    assert!(error("model.rs", "digits").starts_with(&format!("model.rs names a file for `Net`: {help}")));
    let two = "cnn::network! { #[train(batch = 2)] Two: 1x28x28 -> { a: 10, b: 10 } {\nx: linear(10); output a; y: linear(10); output b; } }";
    fs::write(folder.path("two.rs"), two).unwrap();
    let expected = "Two has 2 outputs, and data sets have one target for an image: train it in a program of yours, with TwoTrainer";
    assert_eq!(error("two.rs", "digits"), expected);
    fs::write(folder.path("wrong.rs"), two.replace("linear(10); output a", "linear(9); output a")).unwrap();
    let text =
        cnn().current_dir(folder.path("")).args(["train", "wrong.rs", "--data", "digits", "-o", "w"]).output().unwrap();
    let text = String::from_utf8(text.stderr).unwrap();
    assert!(text.contains("1 | cnn::network! {") && text.contains("`a` is 9, but 10 is declared"), "{text}");
    assert!(error("mlp", "nowhere").starts_with("nowhere "), "{}", error("mlp", "nowhere"));
    // Commands that build nothing have no model either.
    for command in ["summary", "plan"] {
        let text = cnn().current_dir(folder.path("")).args([command, "model.rs"]).output().unwrap();
        let text = String::from_utf8(text.stderr).unwrap();
        assert!(text.contains("`Net` is a model in a file, which is read only where its crate is built"), "{text}");
        assert!(text.contains("give a.onnx itself in the place of this file"), "{text}");
    }
    assert_eq!(folder.names(), ["model.rs", "two.rs", "wrong.rs"]);
}

#[test]
fn every_epoch_is_a_line_of_json() {
    let folder = Folder::new("trains_with_json");
    let data = digits_folder();
    let arguments = ["lenet5", "--epochs", "1", "--json", "--lr", "0.02", "-o", "w.safetensors", "--data"];
    let printed = train(&folder, &[&arguments[..], &[data.to_str().unwrap()]].concat()).ok();
    let lines: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["images"], &lines[0]["validation_images"]), (&9000.into(), &1000.into()));
    assert_eq!((&lines[0]["steps_per_epoch"], &lines[1]["epoch"]), (&140.into(), &1.into()));
    let right = lines[1]["validation"]["accuracy"].as_f64().unwrap();
    assert!(right > 0.8, "{printed}");
}

#[test]
fn a_multilayer_perceptron_learns_digits_and_a_perceptron_a_line() {
    let folder = Folder::new("trains_perceptrons");
    let data = digits_folder();
    let arguments = ["mlp", "--epochs", "4", "--json", "--lr", "0.2", "-o", "w.safetensors", "--data"];
    let printed = train(&folder, &[&arguments[..], &[data.to_str().unwrap()]].concat()).ok();
    let last: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert!(last["validation"]["accuracy"].as_f64().unwrap() > 0.9, "{printed}");
    // Points of a grid; those on the line are left out.
    let grid = (0..121).map(|index| [index % 11, index / 11].map(|place| f64::from(place) / 5.0 - 1.0));
    let side = |[x, y]: &[f64; 2]| y - 0.5 * x - 0.2;
    let points: Vec<[f64; 2]> = grid.filter(|point| side(point).abs() > 0.05).collect();
    let line = |point: &[f64; 2]| format!("{},{},{}\n", point[0], point[1], side(point).signum());
    folder.file("points.csv", points.iter().map(line).collect::<String>());
    let arguments = [
        "perceptron",
        "--data",
        "points.csv",
        "--epochs",
        "40",
        "--lr",
        "0.01",
        "--momentum",
        "0",
        "-o",
        "p.safetensors",
    ];
    train(&folder, &arguments).ok();
    let trained = &tensors(&folder.path("p.safetensors"));
    let [weights, bias] = ["fc.weight", "fc.bias"].map(|name| &trained[name].1);
    let answer = |[x, y]: &[f64; 2]| f64::from(weights[0]) * x + f64::from(weights[1]) * y + f64::from(bias[0]);
    let right = points.iter().filter(|point| (answer(point) >= 0.0) == (side(point) > 0.0)).count();
    assert!(right * 100 >= points.len() * 95, "{right} of {}", points.len());
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = Folder::new("train_does_not_fit");
    let error = train(&folder, &["lenet5", "--data", "gone", "-o", "w.safetensors"]).error();
    assert!(error.starts_with("gone cannot be read: "), "{error}");
    let error = train(&folder, &["lenet5", "--data", "digits", "-o", "no/w.safetensors"]).error();
    assert!(error.starts_with("no/w.safetensors cannot be written: there is no folder no"), "{error}");
    let error = train(&folder, &["lenet5", "--data", "digits", "-o", "w", "--resume"]).error();
    assert_eq!(
        error,
        "w.checkpoint.safetensors is not there: begin without --resume, or name the checkpoint with --checkpoint"
    );
    folder.file(
        "other.safetensors",
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/weights/lenet5.safetensors")).unwrap(),
    );
    let error = train(&folder, &["mlp", "--data", "digits", "-o", "w", "--from", "other.safetensors"]).errors();
    assert!(error.starts_with("other.safetensors: "), "{error}");
    let error =
        train(&folder, &["mlp", "--data", "digits", "-o", "other.safetensors", "--from", "other.safetensors"]).error();
    assert!(error.contains("it is also read"), "{error}");
    let error = train(&folder, &["mlp", "--data", "digits", "-o", "w", "--mean", "0.5,0.5"]).error();
    assert!(error.starts_with("--mean has 2 numbers, but the net's input has 1 channel:"), "{error}");
    let error = train(&folder, &["perceptron", "--data", "digits", "-o", "w"]).error();
    assert!(error.starts_with("the net reads a vector of 2 numbers, but an image has 28x28: "), "{error}");
    let error = train(&folder, &["mlp", "--data", "digits", "-o", "w", "--checkpoint", "./w"]).error();
    assert_eq!(error, "./w would be written twice: give each of the files a name of its own");
    let sample = digits_folder().join("samples/4-thick-pen.png");
    let error = train(&folder, &["mlp", "--data", sample.to_str().unwrap(), "-o", "w"]).error();
    assert!(
        error.ends_with("4-thick-pen.png is a picture: name the folder that has a folder of pictures for each class"),
        "{error}"
    );
    for (option, value, expected) in [
        ("--lr", "0", "a number above 0"),
        ("--validation", "1", "a share, from 0 to less than 1"),
        ("--optimiser", "rmsprop", "`sgd`, `adam` or `adamw`"),
        ("--schedule", "linear", "`cosine`"),
        ("--augment", "shift", "`shift=2`"),
        ("--curve", "a.png", ".svg or .csv"),
        ("--init", "zero", "`torch`, `he` or `xavier`"),
        ("--threads", "0", "from 1 to 63"),
    ] {
        let error = train(&folder, &["mlp", "--data", "digits", "-o", "w", option, value]).errors();
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(folder.names(), ["other.safetensors"]);
}

#[test]
fn files_without_the_net_are_refused_before_anything_is_built() {
    let folder = Folder::new("train_refuses_files");
    folder.file("none.rs", "fn main() {}");
    folder.file("two.rs", "network! { A: 4 -> 4 { relu; } B = A; }");
    let error = |net: &str| train(&folder, &[net, "--data", "digits", "-o", "w"]).error();
    assert!(error("gone.rs").starts_with("gone.rs cannot be read: "));
    assert!(error("none.rs").starts_with("none.rs declares no net: "));
    assert_eq!(error("two.rs"), "two.rs declares several nets, A, B: say which, as in FILE.rs::A");
    assert_eq!(error("two.rs::C"), "two.rs declares no net `C`, but A, B");
    assert!(error("lenet55").contains("did you mean"));
}

#[cfg(unix)]
#[test]
fn crates_that_cargo_does_not_find_can_come_from_a_checkout() {
    let folder = Folder::new("train_without_crates");
    folder.file("net.rs", "network! { A: 4 -> 2 { linear(2); } }");
    let mut command = cnn();
    // A cargo that ends without a lock file.
    command.env("CARGO", "false").env("XDG_CACHE_HOME", folder.path("cache")).current_dir(folder.path(""));
    let ran = Ran::from(command.args(["train", "net.rs", "--data", "digits", "-o", "w"]).output().unwrap());
    let expected = concat!("cargo found no crate `cnn` ", env!("CARGO_PKG_VERSION"), ", the version of this program: ");
    assert!(ran.error().starts_with(expected));
}

#[cfg(unix)]
#[test]
fn a_training_that_is_stopped_goes_on() {
    use std::process::{Command, Stdio};

    let folder = Folder::new("train_stops");
    let arguments = ["mlp", "--data", "digits", "--epochs", "20", "--augment", "shift=1,rotate=5", "-o"];
    let mut child = cnn()
        .current_dir(folder.path(""))
        .arg("train")
        .args(arguments)
        .arg("w.safetensors")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let checkpoint = folder.path("w.checkpoint.safetensors");
    while !checkpoint.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended too soon");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ended: Ran = child.wait_with_output().unwrap().into();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.stderr.starts_with("stopped after step ") && ended.stderr.contains("--resume goes on"), "{ended:?}");
    let printed = train(&folder, &[&arguments[..], &["w.safetensors", "--resume"]].concat()).ok();
    assert!(printed.lines().nth(1).unwrap().starts_with("goes on after step "), "{printed}");
    train(&folder, &[&arguments[..], &["whole.safetensors"]].concat()).ok();
    let read = |name: &str| fs::read(folder.path(name)).unwrap();
    assert_eq!(read("w.safetensors"), read("whole.safetensors"));
    assert_eq!(read("w.checkpoint.safetensors"), read("whole.checkpoint.safetensors"));
    let error = train(&folder, &[&arguments[..], &["w.safetensors", "--resume", "--seed", "3"]].concat()).error();
    // Other images are set aside.
    assert!(
        error.starts_with("w.checkpoint.safetensors is of another training (seed 0, here seed 3; 900 images"),
        "{error}"
    );
    assert!(error.ends_with("): give the same options and data"), "{error}");
    let error =
        train(&folder, &[&arguments[..], &["w.safetensors", "--resume", "--optimiser", "adam"]].concat()).error();
    assert!(error.contains("(optimiser sgd, momentum 0.9, here optimiser adam)"), "{error}");
    let resized = ["w.safetensors", "--resume", "--resize", "exact"];
    let error = train(&folder, &[&arguments[..], &resized].concat()).error();
    assert!(error.contains("resize"), "{error}");
    let printed = train(&folder, &[&arguments[..], &["w.safetensors", "--resume", "--lr", "0.1"]].concat()).ok();
    assert_eq!(printed.lines().nth(2), Some("changed: lr 0.01, here lr 0.1"), "{printed}");
    let json = train(&folder, &[&arguments[..], &["w.safetensors", "--resume", "--json"]].concat()).ok();
    assert!(json.lines().next().is_some_and(|line| line.contains("\"changed\":[\"lr 0.1, here lr 0.01\"]")), "{json}");
    let printed = train(&folder, &[&arguments[..], &["w.safetensors", "--resume"]].concat()).ok();
    assert_eq!(printed.lines().nth(1), Some("all 280 steps were done before: give more --epochs to go on"));
    assert_eq!(read("w.safetensors"), read("whole.safetensors"));
}
