//! `cnn train FILE.rs`: crates that cargo builds. Takes minutes, so it runs only by name.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const NET: &str = "//! A net.

use cnn::network;

network! {
    /// Reads digits.
    #[weights(\"nowhere.safetensors\")]
    Small: 1x28x28 -> 10 {
        conv(4, 5x5, stride = 3) -> relu;
        fc: linear(10);
    }
}

fn main() {
    missing::function();
}
";

fn folder() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("train_file");
    fs::create_dir_all(&path).expect("a folder can be made");
    path
}

fn train(folder: &Path, net: &str, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cnn"));
    command.current_dir(folder).env("XDG_CACHE_HOME", folder.join("cache")).args(["train", net, "--data", "digits"]);
    command
        .args(["-o", "w.safetensors", "--epochs", "2", "--path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    command.args(more).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn nets_of_files_are_built_and_trained() {
    let folder = folder();
    fs::write(folder.join("small.rs"), NET).expect("it can be written");
    let output = train(&folder, "small.rs", &["--batch", "50", "--lr", "0.05"]);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(
        printed.starts_with("Small: 2,674 parameters, 900 images, judged by 100, minibatches of 50\n"),
        "{printed}"
    );
    assert!(printed.lines().last().is_some_and(|line| line.starts_with("epoch 2/2: ")), "{printed}");
    assert!(folder.join("w.safetensors").exists());
    // Errors of the program are its own.
    let output = train(&folder, "small.rs::Small", &["--batch", "50", "--mean", "1,2"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()));
    assert!(text(&output.stderr).starts_with("error: --mean has 2 numbers"), "{output:?}");
    // Those of the declaration are the compiler's, with the lines of the file.
    fs::write(folder.join("small.rs"), NET.replace("linear(10)", "linear(11)")).expect("it can be written");
    let output = train(&folder, "small.rs", &[]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(error.contains("small.rs:8:") || error.contains("small.rs:10:"), "{error}");
    // Another batch, for a net of the program.
    let output = train(&folder, "mlp", &["--batch", "32"]);
    assert!(text(&output.stdout).contains("minibatches of 32\n"), "{output:?}");
}
