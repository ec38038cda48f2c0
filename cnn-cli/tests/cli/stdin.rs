//! `-`: standard input wherever a file is read, and standard output where a single one is written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use models::{LeNet5, seeded};
use safetensors::SafeTensors;

use super::support::{Folder, Ran, cnn, digits_folder, input_file, run, run_with};

/// A folder with weights `w`, an input `x`, expected results `e`, and labels `l`.
struct Case {
    folder: Folder,
    sample: PathBuf,
}

impl Case {
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        folder.file("w", seeded::weights(LeNet5::GRAPH, ""));
        folder.file("x", input_file(&[1, 32, 32], &seeded::uniform("x", 1024)));
        folder.file("l", (0..10).map(|digit| format!("no. {digit}\n")).collect::<String>());
        let case = Self { folder, sample: digits_folder().join("samples/2-test-digit.png") };
        case.run("trace lenet5 --weights w --input x --output e", None).ok();
        case
    }

    /// Runs a command in the folder, with a file on standard input.
    fn run(&self, command: &str, input: Option<&Path>) -> Ran {
        let bytes = input.map(|input| fs::read(self.folder.path("").join(input)).unwrap()).unwrap_or_default();
        let words = command.split(' ').map(|word| match word {
            "w" | "x" | "e" | "l" | "y" => self.folder.path(word).into_os_string(),
            "sample" => self.sample.clone().into_os_string(),
            word => word.into(),
        });
        run_with(words, &bytes)
    }
}

#[test]
fn every_file_that_is_read_may_be_standard_input() {
    let case = Case::new("standard_input");
    let sample = case.sample.clone();
    for (files, command, input) in [
        ("digits sample", "digits -", sample.as_path()),
        ("classify lenet5 sample", "classify lenet5 -", &sample),
        ("classify lenet5 sample --labels l", "classify lenet5 sample --labels -", Path::new("l")),
        ("classify lenet5 sample --weights w", "classify lenet5 sample --weights -", Path::new("w")),
        ("check-weights lenet5 w", "check-weights lenet5 -", Path::new("w")),
        (
            "compare lenet5 --weights w --input x --expected e",
            "compare lenet5 --weights - --input x --expected e",
            Path::new("w"),
        ),
        (
            "compare lenet5 --weights w --input x --expected e",
            "compare lenet5 --weights w --input - --expected e",
            Path::new("x"),
        ),
        (
            "compare lenet5 --weights w --input x --expected e",
            "compare lenet5 --weights w --input x --expected -",
            Path::new("e"),
        ),
    ] {
        let expected = case.run(files, None).ok().replace(&sample.display().to_string(), "standard input");
        assert_eq!(case.run(command, Some(input)).ok(), expected, "{command}");
    }
    case.run("run lenet5 --weights w --input x --output y", None).ok();
    let expected = fs::read(case.folder.path("y")).unwrap();
    for (command, input) in
        [("run lenet5 --weights - --input x --output y", "w"), ("run lenet5 --weights w --input - --output y", "x")]
    {
        fs::remove_file(case.folder.path("y")).unwrap();
        assert_eq!(case.run(command, Some(Path::new(input))).ok(), "");
        assert_eq!(fs::read(case.folder.path("y")).unwrap(), expected, "{command}");
    }
    let bench = case.run("bench lenet5 --seconds 0 --json --weights -", Some(Path::new("w")));
    assert_eq!(bench.code, Some(0), "{bench:?}");
}

#[test]
fn standard_input_may_also_be_a_file() {
    let case = Case::new("redirected");
    let digits = |file: &Path| -> Ran {
        let file = fs::File::open(file).unwrap();
        cnn().args(["digits", "-"]).stdin(Stdio::from(file)).output().unwrap().into()
    };
    assert!(digits(&case.sample).ok().starts_with("2  "));
    let mut command = cnn();
    command.args(["check-weights", "lenet5", "-"]);
    let weights = fs::File::open(case.folder.path("w")).unwrap();
    let ran: Ran = command.stdin(Stdio::from(weights)).output().unwrap().into();
    assert!(ran.ok().ends_with("all 10 tensors are there\n"));
}

#[test]
fn it_can_be_read_only_once() {
    let case = Case::new("standard_input_twice");
    let again = "standard input cannot be read: it was already read: `-` can be given only once";
    let ran = case.run("digits - -", Some(&case.sample));
    assert_eq!((ran.code, ran.stderr), (Some(2), format!("error: {again}\n")));
    assert!(ran.stdout.starts_with("2  "), "{}", ran.stdout);
    let ran = case.run("run lenet5 --weights - --input - --output y", Some(Path::new("w")));
    assert_eq!(ran.error(), again);
    assert!(!case.folder.path("y").exists());
}

#[test]
fn what_comes_from_it_is_checked_like_a_file() {
    let case = Case::new("bad_standard_input");
    let label = Path::new("l");
    assert_eq!(case.run("digits -", Some(label)).error(), "standard input is neither a PNG nor a JPEG picture");
    let empty = case.run("check-weights lenet5 -", None).error();
    assert_eq!(empty, "standard input: the weights of LeNet5 cannot be read: the file is empty");
    case.folder.file("index", r#"{"weight_map": {"a": "w"}}"#);
    let error = case.run("check-weights lenet5 -", Some(Path::new("index"))).error();
    assert_eq!(error, "standard input is JSON: an index names files next to it, so give its path instead of `-`");
    let error = case.run("run lenet5 --weights w --input - --output y", Some(label)).errors();
    assert!(error.starts_with("standard input cannot be read: "), "{error}");
    let error = case.run("classify lenet5 sample --labels -", Some(Path::new("w"))).errors();
    assert!(error.starts_with("standard input "), "{error}");
}

#[test]
fn a_file_of_this_name_can_be_named() {
    let case = Case::new("a_file_called_dash");
    fs::copy(&case.sample, case.folder.path("-")).unwrap();
    let mut command = cnn();
    let ran: Ran = command.args(["digits", "./-"]).current_dir(case.folder.path("")).output().unwrap().into();
    assert!(ran.ok().ends_with("  ./-\n"));
}

#[test]
fn results_may_go_to_standard_output() {
    let case = Case::new("standard_output");
    for command in ["run", "trace"] {
        let arguments = |output: PathBuf| -> Vec<std::ffi::OsString> {
            let [w, x] = ["w", "x"].map(|file| case.folder.path(file).into_os_string());
            let output = output.into_os_string();
            vec![command.into(), "lenet5".into(), "--weights".into(), w, "--input".into(), x, "--output".into(), output]
        };
        run(arguments(case.folder.path("y"))).ok();
        let output = cnn().args(arguments("-".into())).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
        assert_eq!(output.stdout, fs::read(case.folder.path("y")).unwrap(), "{command}");
        assert!(SafeTensors::deserialize(&output.stdout).is_ok());
        let both = run([arguments("-".into()), vec!["--json".into()]].concat()).error();
        assert_eq!(both, "--json prints to standard output, so `--output -` cannot: name a file");
    }
    assert_eq!(run(["diagram", "lenet5", "-o", "-"]).ok(), run(["diagram", "lenet5"]).ok());
    for arguments in [["figures", "-"], ["diagram", "--all=-"], ["man", "-"]] {
        let error = run(arguments).error();
        assert!(error.starts_with("several files cannot go to standard output: "), "{error}");
    }
    assert!(!Path::new("-").exists());
}
