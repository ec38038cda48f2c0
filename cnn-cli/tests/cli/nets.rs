//! Nets of files, in the place of a name.

use std::fs;
use std::path::{Path, PathBuf};

use models::seeded;
use serde_json::Value;

use super::support::{Folder, file_of_all, json, run, run_in, run_with, tensors};

/// A file of a user, which could not be built here: a net inside of a module and of a function, and other items.
const FILE: &str = r#"//! Nets of a user.
use crate::missing::Thing;

mod small {
    cnn::network! {
        const WIDTH = 4;
        block both(filters) { conv(filters, 3x3, pad = 1) -> relu; }

        /// Two inputs, two outputs.
        pub Small: { left: 2x8x6, right: 3x8x6 } -> { scores: 3, map: 4x8x6 } {
            concat { from left; from right; };
            both(WIDTH);
            output map;
            tap mid;
            global_avg_pool -> fc: linear(3);
            output scores;
        }
    }
}

fn digits(thing: Thing) {
    network! {
        #[weights("weights/tiny.safetensors", rename("old.*" => "*"))]
        Tiny: 1x6x6 -> 3 { conv1: conv(4, 3x3) -> relu -> max_pool(2x2); fc: linear(3) -> softmax; }
        #[batch(4)] pub Many = Tiny;
        Code: 1x6x6 -> 3 { conv(4, 3x3) -> map(crate::square); fc: linear(3); }
    }
}
"#;

/// A folder with that file, `net.rs`.
fn folder(test: &str) -> Folder {
    let folder = Folder::new(test);
    folder.file("net.rs", FILE);
    folder
}

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cnn-import/tests/cases").join(name)
}

/// Seeded weights of a net of the file, as a safetensors file; `prefix` before each name.
fn weights(prefix: &str) -> Vec<u8> {
    let tensor = |name: &str, shape: &[usize]| {
        let count = shape.iter().product();
        (format!("{prefix}{name}"), shape.to_vec(), seeded::uniform(name, count))
    };
    file_of_all(&[
        tensor("conv1.weight", &[4, 1, 3, 3]),
        tensor("conv1.bias", &[4]),
        tensor("fc.weight", &[3, 16]),
        tensor("fc.bias", &[3]),
    ])
}

#[test]
fn a_net_of_a_rust_file_is_summarised_drawn_and_planned() {
    let folder = folder("nets_shown");
    let summary = run_in(&folder, &["summary", "net.rs::Small"]).ok();
    assert!(summary.starts_with("Small: { left: 2x8x6, right: 3x8x6 } -> { scores: 3, map: 4x8x6 }\n"), "{summary}");
    assert!(summary.contains("1 both\n"), "{summary}");
    let svg = run_in(&folder, &["diagram", "net.rs::Code"]).ok();
    assert!(svg.starts_with("<svg"), "{svg}");
    let memory = run_in(&folder, &["diagram", "net.rs::Many", "--memory"]).ok();
    assert!(memory.starts_with("<svg"), "{memory}");
    // From elsewhere, and through standard input.
    assert_eq!(run(["summary", &format!("{}::Small", folder.path("net.rs").display())]).ok(), summary);
    assert_eq!(run_with(["summary", "--", "-::Small"], FILE.as_bytes()).ok(), summary);
    let several = run_with(["summary", "-"], FILE.as_bytes()).error();
    assert!(several.contains("`-- -::Small`"), "{several}");
}

#[test]
fn the_attributes_of_a_net_count() {
    let folder = folder("nets_attributes");
    let bytes = |net: &str| json(&run_in(&folder, &["summary", net, "--json"]))["workspace_bytes"].as_u64().unwrap();
    assert!(bytes("net.rs::Many") > 2 * bytes("net.rs::Tiny"));
    assert_eq!(json(&run_in(&folder, &["plan", "net.rs::Many", "--json"]))["images"], 4);
}

#[test]
fn several_inputs_and_outputs_run_as_planned_and_layer_by_layer() {
    let folder = folder("nets_run");
    let inputs = [("left", [2, 2, 8, 6]), ("right", [2, 3, 8, 6])];
    let inputs = inputs
        .map(|(name, shape)| (format!("input.{name}"), shape.to_vec(), seeded::uniform(name, shape.iter().product())));
    folder.file("x", file_of_all(&inputs));
    folder.file(
        "w",
        file_of_all(&[
            ("1.0.weight".to_owned(), vec![4, 5, 3, 3], seeded::uniform("a", 180)),
            ("1.0.bias".to_owned(), vec![4], seeded::uniform("b", 4)),
            ("fc.weight".to_owned(), vec![3, 4], seeded::uniform("c", 12)),
            ("fc.bias".to_owned(), vec![3], seeded::uniform("d", 3)),
        ]),
    );
    for command in ["run", "trace"] {
        let arguments = [command, "net.rs::Small", "--weights=w", "--input=x", &format!("--output={command}")];
        assert_eq!(run_in(&folder, &arguments).ok(), "");
    }
    let [ran, traced] = ["run", "trace"].map(|file| tensors(&folder.path(file)));
    assert_eq!(ran.keys().collect::<Vec<_>>(), ["map", "mid", "scores"]);
    for (name, (shape, values)) in &ran {
        assert_eq!(*shape, traced[name].0, "{name}");
        assert!(values.iter().zip(&traced[name].1).all(|(a, b)| (a - b).abs() < 1e-5), "{name}");
    }
    // What was recorded agrees, and with another number it does not.
    let mut recorded = inputs.to_vec();
    for name in ["scores", "map"] {
        let (shape, values) = ran[name].clone();
        recorded.push((format!("output.{name}"), shape, values));
    }
    folder.file("r", file_of_all(&recorded));
    let compare = ["compare", "net.rs::Small", "--weights=w", "--recorded=r"];
    let report = run_in(&folder, &compare).ok();
    assert!(report.contains("output.map") && report.contains("forward") && report.contains("all agree"), "{report}");
    recorded[2].2[1] += 0.5;
    folder.file("r", file_of_all(&recorded));
    let differs = run_in(&folder, &compare);
    assert_eq!(differs.code, Some(1), "{differs:?}");
    // Flat, and with a batch of 1.
    let one = |name: &str, shape: &[usize]| {
        let (name, _, values) = recorded.iter().find(|(other, ..)| other == name).unwrap();
        (name.clone(), shape.to_vec(), values[..shape.iter().product()].to_vec())
    };
    folder.file(
        "r",
        file_of_all(&[one("input.left", &[96]), one("input.right", &[144]), one("output.map", &[1, 4, 8, 6])]),
    );
    assert!(run_in(&folder, &compare).ok().contains("all agree"));
}

#[test]
fn weights_in_an_attribute_are_relative_to_the_crate() {
    let folder = folder("nets_weights");
    folder.file("Cargo.toml", "[package]\n");
    for inside in ["src", "weights"] {
        fs::create_dir_all(folder.path(inside)).unwrap();
    }
    fs::rename(folder.path("net.rs"), folder.path("src/net.rs")).unwrap();
    folder.file("x", super::support::input_file(&[1, 6, 6], &[0.25; 36]));
    let arguments = ["run", "src/net.rs::Tiny", "--input=x", "--output=y"];
    let error = run_in(&folder, &arguments).error();
    assert!(error.contains("weights/tiny.safetensors cannot be read"), "{error}");
    folder.file("weights/tiny.safetensors", weights("old."));
    assert_eq!(run_in(&folder, &arguments).ok(), "");
    assert_eq!(tensors(&folder.path("y"))["output"].0, [3]);
    // The one that is named is read instead.
    folder.file("w", weights(""));
    assert_eq!(run_in(&folder, &["run", "src/net.rs::Many", "--weights=w", "--input=x", "--output=z"]).ok(), "");
    assert_eq!(tensors(&folder.path("z")), tensors(&folder.path("y")));
    let error = run_in(&folder, &["run", "src/net.rs::Many", "--input=x", "--output=z"]).error();
    assert!(error.contains("there are no weights for Many in src/net.rs"), "{error}");
    let found = run_in(&folder, &["check-weights", "src/net.rs::Tiny", "w"]).ok();
    assert!(found.contains("the file fits Tiny"), "{found}");
}

#[test]
fn code_of_the_user_cannot_be_run() {
    let folder = folder("nets_code");
    folder.file("x", super::support::input_file(&[1, 6, 6], &[0.25; 36]));
    folder.file("w", weights(""));
    for command in [
        &["run", "net.rs::Code", "--weights=w", "--input=x", "--output=y"][..],
        &["trace", "net.rs::Code", "--weights=w", "--input=x", "--output=y"],
        &["compare", "net.rs::Code", "--weights=w", "--input=x", "--expected=x"],
        &["bench", "net.rs::Code"],
        &["new", "crate", "--net=net.rs::Code"],
    ] {
        let error = run_in(&folder, command).error();
        assert!(error.contains("calls `crate::square`, which is code of your crate"), "{command:?}: {error}");
    }
    assert!(run_in(&folder, &["summary", "net.rs::Code"]).ok().contains("map"));
    assert!(run_in(&folder, &["plan", "net.rs::Code"]).ok().contains("WORKSPACE_BYTES"));
    assert_eq!(folder.names(), ["net.rs", "w", "x"]);
}

#[test]
fn commands_that_need_a_compiled_net_say_so() {
    let folder = folder("nets_compiled");
    let error = run_in(&folder, &["bench", "net.rs::Many", "--batch=4"]).error();
    assert!(error.contains("one image per pass") && error.contains("`cnn new`"), "{error}");
    let error = run_in(&folder, &["classify", "net.rs::Tiny", "a.png"]).error();
    assert!(error.contains("--preprocess"), "{error}");
}

#[test]
fn mistakes_are_shown_as_rustc_shows_them() {
    let folder = Folder::new("nets_mistakes");
    let text = "mod a {
    cnn::network! {
        block twice(n) { conv(n, 3x3) -> relu -> conv(n, 3x3); }
        Net: 1x4x4 -> 3 { twice(8); fc: linear(3); cnov(4, 3x3); }
    }
}
";
    folder.file("net.rs", text);
    let ran = run_in(&folder, &["summary", "net.rs"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    for part in [
        "error: there is no layer or block `cnov`\n --> net.rs:4:52\n  |\n4 |         Net: 1x4x4 -> 3 { twice(8); fc: linear(3); cnov(4, 3x3); }\n",
        "^^^^",
        "= help: ",
    ] {
        assert!(ran.stderr.contains(part), "{part:?} is not in\n{}", ran.stderr);
    }
    // Inside of a block, with the call that led there.
    folder.file("net.rs", text.replace(" cnov(4, 3x3);", "").replace("4x4 -> 3", "4x3 -> 3"));
    let ran = run_in(&folder, &["plan", "net.rs"]);
    assert!(ran.stderr.contains(" --> net.rs:3:") && ran.stderr.contains("twice"), "{}", ran.stderr);
    // Two mistakes, in the order of the file; and a file that is no Rust.
    folder.file("net.rs", "network! { A: 1x4x4 -> 3 { conv(0, 3x3); fc: linear(0); } }");
    assert!(run_in(&folder, &["summary", "net.rs"]).stderr.matches("\nerror: ").count() >= 1);
    folder.file("net.rs", "fn main() { \"");
    let ran = run_in(&folder, &["summary", "net.rs"]);
    assert!(ran.stderr.contains("this can't be read as Rust") && ran.stderr.contains("net.rs:1:"), "{}", ran.stderr);
}

#[test]
fn wrong_files_are_explained() {
    let folder = folder("nets_wrong");
    folder.file("empty.rs", "");
    folder.file("empty.onnx", "");
    folder.file("main.rs", "fn main() {}");
    folder.file("notes.txt", "network! {}");
    folder.file("latin.rs", b"// \xfc\n");
    folder.file("cut.onnx", &fs::read(case("resnet_dynamo.onnx")).unwrap()[..300]);
    fs::create_dir_all(folder.path("folder.rs")).unwrap();
    for (net, words) in [
        ("net.rs", "has 4 nets: say which, `net.rs::Code`, `net.rs::Many`, `net.rs::Small`, `net.rs::Tiny`"),
        ("net.rs::Tyni", "has no net `Tyni`, but "),
        ("net.rs::", "has no net ``, but "),
        ("empty.rs", "has no net"),
        ("main.rs", "has no net"),
        ("empty.onnx", "cannot be imported"),
        ("cut.onnx", "cannot be imported: it is no ONNX file"),
        ("cut.onnx::Net", "has one net"),
        ("notes.txt", "is a file of another kind"),
        ("./", "is a folder: "),
        ("folder.rs", "cannot be read"),
        ("latin.rs", "is no text in UTF-8"),
        ("gone.rs", "cannot be read"),
        ("gone.onnx", "it can't be read"),
        ("gone/net.rs::Net", "cannot be read"),
    ] {
        let error = run_in(&folder, &["summary", net]).error();
        assert!(error.contains(words), "{net}: {error}");
    }
    let error = run_with(["summary", "-"], b"").error();
    assert!(error.contains("standard input has no net"), "{error}");
}

#[test]
fn a_net_that_cfg_declares_twice_is_no_choice() {
    let folder = Folder::new("nets_cfg");
    let one = "pub Net: 1x4x4 -> 3 { fc: linear(3); }";
    folder.file("net.rs", format!("network! {{ #[cfg(unix)] {one} }} network! {{ #[cfg(not(unix))] {one} }}"));
    let error = run_in(&folder, &["summary", "net.rs"]).error();
    assert!(error.contains("declares `Net` several times"), "{error}");
}

#[test]
fn an_onnx_file_comes_with_its_weights() {
    let folder = Folder::new("nets_onnx");
    let model = case("resnet_dynamo.onnx");
    fs::copy(&model, folder.path("small.onnx")).unwrap();
    let values = seeded::uniform("x", 3 * 24 * 24);
    folder.file("x", super::support::input_file(&[1, 3, 24, 24], &values));
    assert_eq!(run_in(&folder, &["run", "small.onnx", "--input=x", "--output=y"]).ok(), "");
    assert_eq!(run_in(&folder, &["trace", "small.onnx", "--input=x", "--output=t"]).ok(), "");
    let report = run_in(&folder, &["compare", "small.onnx", "--input=x", "--expected=t"]).ok();
    assert!(report.contains("all agree"), "{report}");
    // The same net, through the files that `cnn import` writes.
    assert_eq!(run_in(&folder, &["import", "small.onnx", "-o", "small.rs", "-w", "w"]).ok(), "");
    assert_eq!(run_in(&folder, &["run", "small.rs", "--weights=w", "--input=x", "--output=z"]).ok(), "");
    assert_eq!(tensors(&folder.path("y")), tensors(&folder.path("z")));
    assert_eq!(run_in(&folder, &["summary", "small.onnx"]).ok(), run_in(&folder, &["summary", "small.rs"]).ok());
    let bench: Value = json(&run_in(&folder, &["bench", "small.onnx", "--seconds=0.01", "--json"]));
    assert_eq!(bench["net"], "Small");
    // Both kinds of files through standard input.
    let piped = run_with(["summary", "-"], &fs::read(&model).unwrap()).ok();
    assert!(piped.starts_with("Net: 3x24x24 -> 3\n"), "{piped}");
    let written = run_with(["import", "-"], &fs::read(&model).unwrap()).ok();
    assert_eq!(run_with(["summary", "-"], written.as_bytes()).ok(), piped);
}

/// Under any name on the command line; the file says what it is.
#[test]
fn a_tflite_file_comes_with_its_weights() {
    let folder = Folder::new("nets_tflite");
    let model = case("../tflite/unet.tflite");
    fs::copy(&model, folder.path("masks.tflite")).unwrap();
    fs::copy(&model, folder.path("misnamed.onnx")).unwrap();
    let values = seeded::uniform("x", 2 * 16 * 12);
    folder.file("x", super::support::input_file(&[1, 2, 16, 12], &values));
    assert_eq!(run_in(&folder, &["run", "masks.tflite", "--input=x", "--output=y"]).ok(), "");
    assert_eq!(run_in(&folder, &["trace", "masks.tflite", "--input=x", "--output=t"]).ok(), "");
    let report = run_in(&folder, &["compare", "masks.tflite", "--input=x", "--expected=t"]).ok();
    assert!(report.contains("all agree"), "{report}");
    assert_eq!(run_in(&folder, &["import", "masks.tflite", "-o", "masks.rs", "-w", "w"]).ok(), "");
    assert_eq!(run_in(&folder, &["run", "masks.rs", "--weights=w", "--input=x", "--output=z"]).ok(), "");
    assert_eq!(tensors(&folder.path("y")), tensors(&folder.path("z")));
    let summary = run_in(&folder, &["summary", "masks.tflite"]).ok();
    assert_eq!(summary, run_in(&folder, &["summary", "masks.rs"]).ok());
    assert_eq!(run_in(&folder, &["summary", "misnamed.onnx"]).ok().lines().nth(1), summary.lines().nth(1));
    let piped = run_with(["summary", "-"], &fs::read(&model).unwrap()).ok();
    assert!(piped.starts_with("Net: 2x16x12 -> 1x16x12\n"), "{piped}");
    let error = run_in(&folder, &["summary", "masks.tflite::Net"]).error();
    assert!(error.contains("has one net"), "{error}");
}

#[test]
fn a_net_of_a_file_gives_the_bits_of_the_compiled_net() {
    let folder = Folder::new("nets_bits");
    let net = "network! { LeNet5: 1x32x32 -> 10 {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2); conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh; fc2: linear(84) -> tanh; fc3: linear(10); tap logits; softmax;
    } }";
    folder.file("lenet5.rs", net);
    folder.file("w", seeded::weights(<models::LeNet5<'_> as cnn::Network>::GRAPH, ""));
    folder.file("x", super::support::input_file(&[3, 1, 32, 32], &seeded::uniform("x", 3 * 1024)));
    for (net, output) in [("lenet5.rs", "a"), ("lenet5", "b")] {
        let output = format!("--output={output}");
        assert_eq!(run_in(&folder, &["run", net, "--weights=w", "--input=x", &output]).ok(), "");
    }
    assert!(fs::read(folder.path("a")).unwrap() == fs::read(folder.path("b")).unwrap());
    // Its own weights come with it, for commands that need them as they are, too.
    assert_eq!(run_in(&folder, &["trace", "lenet5", "--input=x", "--output=t"]).ok(), "");
    assert_eq!(tensors(&folder.path("t"))["act.conv1"].0, [3, 6, 28, 28]);
}
