//! Which instruction set runs. It is chosen once in a process, so each choice needs one of its own.

use std::process::{Command, Output};

use cnn_runtime::isa::Isa;

/// Runs the test `choice` of this file, and nothing else, with `CNN_ISA`.
fn choice_with(isa: &str) -> Output {
    let this = std::env::current_exe().expect("a test is a program");
    let mut command = Command::new(this);
    command.args(["choice", "--exact", "--nocapture"]).env("CNN_ISA", isa);
    command.output().expect("it runs already")
}

/// For [`choice_with`]: tells what was chosen.
#[test]
fn choice() {
    println!("chosen: {}.", Isa::best().name());
}

#[test]
fn each_can_be_forced() {
    for isa in Isa::all() {
        let output = choice_with(isa.name());
        assert!(output.status.success(), "{output:?}");
        let chosen = format!("chosen: {}.", isa.name());
        assert!(String::from_utf8_lossy(&output.stdout).contains(&chosen), "{output:?}");
    }
}

#[test]
fn a_missing_one_fails() {
    let output = choice_with("mmx");
    assert!(!output.status.success());
    let message = "CNN_ISA=mmx: this CPU has no such instruction set";
    assert!(String::from_utf8_lossy(&output.stderr).contains(message), "{output:?}");
}
