//! Which instruction set runs. It is chosen once in a process, so each choice needs one of its own.

use std::ffi::OsStr;
use std::process::{Command, Output};

use cnn_runtime::exec::isa::{Isa, MissingIsa};

/// Runs a test of this file, and nothing else, with `CNN_ISA`.
fn with(isa: impl AsRef<OsStr>, test: &str) -> Output {
    let this = std::env::current_exe().expect("a test is a program");
    let mut command = Command::new(this);
    command.args([test, "--exact", "--nocapture"]).env("CNN_ISA", isa);
    command.output().expect("it runs already")
}

/// For [`with`]: tells what was chosen.
#[test]
fn choice() {
    println!("chosen: {}.", Isa::best().name());
}

/// For [`with`], as every test program that `CNN_ISA` is meant for has it.
#[test]
fn the_instruction_set_that_was_asked_for_is_there() {
    Isa::from_env().unwrap_or_else(|why| panic!("{why}"));
}

fn fastest() -> &'static str {
    Isa::all().last().expect("there is always the portable one").name()
}

#[track_caller]
fn assert_chosen(asked: impl AsRef<OsStr>, chosen: &str) {
    let output = with(asked, "choice");
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains(&format!("chosen: {chosen}.")), "{output:?}");
}

#[test]
fn each_can_be_forced() {
    for isa in Isa::all() {
        assert_chosen(isa.name(), isa.name());
        assert!(with(isa.name(), "the_instruction_set_that_was_asked_for_is_there").status.success());
    }
}

#[test]
fn a_missing_one_is_an_error_where_it_is_asked_for_and_ignored_by_nets() {
    for missing in ["mmx", "AVX2", "avx2 ", "\u{1b}[31m"] {
        assert_chosen(missing, fastest());
        let output = with(missing, "the_instruction_set_that_was_asked_for_is_there");
        assert!(!output.status.success());
        let message =
            format!("CNN_ISA={}: this CPU has no such instruction set; it has scalar", missing.escape_debug());
        assert!(String::from_utf8_lossy(&output.stderr).contains(&message), "{output:?}");
    }
}

#[test]
fn an_empty_one_is_none() {
    assert_chosen("", fastest());
    assert!(with("", "the_instruction_set_that_was_asked_for_is_there").status.success());
}

#[cfg(unix)]
#[test]
fn what_is_no_text_is_missing_too() {
    use std::os::unix::ffi::OsStrExt;

    assert_chosen(OsStr::from_bytes(b"\xff"), fastest());
    assert!(!with(OsStr::from_bytes(b"\xff"), "the_instruction_set_that_was_asked_for_is_there").status.success());
}

#[test]
fn the_message_is_short() {
    let long = MissingIsa { asked: "x".repeat(1 << 20) }.to_string();
    assert!(long.starts_with("CNN_ISA=xxxx") && long.contains("xx…: this CPU") && long.len() < 200, "{long}");
}
