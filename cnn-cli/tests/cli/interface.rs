//! What all commands share: help, usage errors, a closed output; and `cnn list`.

use std::fs::File;
use std::process::Stdio;

use super::support::{cnn, run};

const COMMANDS: [&str; 14] = [
    "digits",
    "classify",
    "list",
    "summary",
    "run",
    "trace",
    "compare",
    "check-weights",
    "bench",
    "diagram",
    "figures",
    "import",
    "completions",
    "man",
];

#[test]
fn every_command_has_help_with_an_example() {
    let overview = run(["--help"]).ok();
    for command in COMMANDS {
        assert!(overview.contains(&format!("\n  {command} ")), "{overview}");
        let help = run([command, "--help"]).ok();
        assert!(help.contains("Example") && help.contains(&format!("cnn {command}")), "{help}");
        for line in overview.lines().chain(help.lines()).chain(run([command, "-h"]).ok().lines()) {
            assert!(line.chars().count() <= 80, "{command}: {line}");
        }
    }
}

#[test]
fn usage_errors_exit_with_2() {
    let files = ["compare", "lenet5", "--weights=w", "--input=x", "--expected=e"];
    for arguments in [
        &["lists"][..],
        &["list", "lenet5"],
        &["summary"],
        &["run", "lenet5"],
        &["classify", "lenet5"],
        &["trace", "lenet5"],
        &["summary", "--format=xml", "lenet5"],
        &[&files[..], &["--tolerance=1 %"]].concat(),
        &[&files[..], &["--tolerance=-1"]].concat(),
        &[&files[..], &["--tolerance=nan"]].concat(),
    ] {
        assert!(!run(arguments).errors().is_empty());
    }
    assert_eq!(run([""; 0]).code, Some(2));
}

#[test]
fn nets_are_listed_one_per_line() {
    let printed = run(["list"]).ok();
    let line = printed.lines().find(|line| line.starts_with("lenet5 ")).unwrap();
    let lenet5 = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
    assert_eq!(lenet5.collect::<Vec<_>>(), ["lenet5", "1x32x32 -> 10", "61,706", "417 k"]);
    let mut lines = printed.lines();
    let head = lines.next().unwrap().split("  ").map(str::trim).filter(|cell| !cell.is_empty());
    assert_eq!(head.collect::<Vec<_>>(), ["net", "input -> output", "parameters", "MACs"]);
    assert!(lines.next().unwrap().starts_with("----"), "{printed}");
    assert!(lines.by_ref().take_while(|line| !line.is_empty()).all(|line| line.contains(" -> ")), "{printed}");
    assert_eq!(lines.collect::<Vec<_>>(), ["The weights of lenet5 are in this program."]);
    assert!(printed.lines().all(|line| line.chars().count() <= 80), "{printed}");
}

#[test]
fn an_unknown_net_is_reported_with_a_guess() {
    let expected = "there is no net `lenet-6`; did you mean `lenet5`? `cnn list` shows all";
    assert_eq!(run(["summary", "lenet-6"]).error(), expected);
    assert_eq!(run(["run", "lenet-6", "--input", "x", "--output", "y"]).error(), expected);
    let ambiguous = "`googlenet` may be `inception-v1` or `torchvision-googlenet`: say which";
    assert_eq!(run(["diagram", "googlenet"]).error(), ambiguous);
    assert_eq!(run(["summary", "lstm"]).error(), "there is no net `lstm`; `cnn list` shows all");
}

#[test]
fn nets_have_any_usual_spelling() {
    let summary = run(["summary", "resnet50"]).ok();
    for spelling in ["ResNet-50", "resnet_50", "RESNET50", "Res Net 50"] {
        assert_eq!(run(["summary", spelling]).ok(), summary, "{spelling}");
    }
    assert_eq!(run(["summary", "Inception v1"]).ok(), run(["summary", "inception-v1"]).ok());
    let torchvision = run(["summary", "torchvision-resnet50"]).ok();
    assert_eq!(run(["summary", "torchvision/resnet50"]).ok(), torchvision);
    assert_ne!(torchvision, summary);
}

#[test]
fn a_reader_that_goes_away_is_not_an_error() {
    for arguments in [
        &["list"][..],
        &["summary", "lenet5"],
        &["summary", "lenet5", "--json"],
        &["man"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let mut child = cnn().args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{arguments:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_reported() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = cnn().arg("list").stdout(full).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("error: the output cannot be written: "), "{error}");
    assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1));
}
