//! A crate that `cnn new` makes builds, and its test passes, or fails where weights or results are others. Since that takes a
//! build of `cnn`, the test runs only by name, as in `.ci/run`.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Every kind of attribute, several inputs and outputs, a batch, blocks, and names that are keywords of the crate's own code.
const NET: &str = "cnn::network! {
    block residual(filters) { add { conv(filters, 3x3, pad = 1) -> batch_norm -> relu; skip; } -> relu; }

    /// A net of a test.
    #[batch(2)]
    #[store(f16)]
    pub Error: { left: 2x7x5, right: 1x7x5 } -> { map: 3x7x5, scores: 4 } {
        concat { from left; from right; };
        residual(3);
        output map;
        global_avg_pool -> fc: linear(4) -> softmax;
        output scores;
    }
}";

/// A folder for this file's crates and what is built of them.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-built").join(name)
}

/// Runs the program.
fn cnn(arguments: &[impl AsRef<OsStr>]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_cnn")).args(arguments).output();
    output.expect("the program starts")
}

/// Runs cargo in a crate. All share a folder, so that `cnn` is built once.
fn cargo(krate: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(krate).env("CARGO_TARGET_DIR", folder("target"));
    command.output().expect("cargo starts")
}

#[track_caller]
fn text(output: &Output, ok: bool) -> String {
    let [printed, said] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    let text = format!("{said}\n{printed}");
    assert_eq!(output.status.success(), ok, "{text}");
    text
}

/// A crate with a net.
fn made(name: &str, net: &str) -> PathBuf {
    let krate = folder(name);
    let _ = fs::remove_dir_all(&krate);
    fs::create_dir_all(krate.parent().expect("a folder")).expect("it can be made");
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let arguments =
        [OsStr::new("new"), krate.as_os_str(), "--net".as_ref(), net.as_ref(), "--path".as_ref(), checkout.as_os_str()];
    text(&cnn(&arguments), true);
    krate
}

#[test]
fn crates_build_and_prove_their_nets() {
    fs::create_dir_all(folder("")).expect("it can be made");
    let net = folder("net.rs");
    fs::write(&net, NET).expect("it can be written");
    let krate = made("named", net.to_str().expect("the path is Unicode"));
    assert!(text(&cargo(&krate, &["test"]), true).contains("1 passed"));
    let printed = text(&cargo(&krate, &["run", "--", "recorded.safetensors"]), true);
    assert_eq!(["\nmap: [", "\nscores: ["].map(|output| printed.matches(output).count()), [2; 2], "{printed}");
    assert!(!printed.contains("warning"), "{printed}");

    let krate = made("lenet5", "LeNet-5");
    assert!(text(&cargo(&krate, &["test"]), true).contains("1 passed"));
    // Other weights than those of the recorded results.
    let weights = krate.join("weights.safetensors");
    let mut bytes = fs::read(&weights).expect("it was written");
    let end = bytes.len() - 4;
    bytes[end..].copy_from_slice(&9.0_f32.to_le_bytes());
    fs::write(&weights, bytes).expect("it can be written");
    assert!(text(&cargo(&krate, &["test"]), false).contains("outputs_are_those_recorded"));
}
