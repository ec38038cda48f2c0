//! When there are colours: never in files and pipes, unless they are asked for.

use super::support::{Ran, cnn};

/// Runs the program with an environment.
fn run_in(environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
    cnn().args(arguments).envs(environment.iter().copied()).output().expect("the program starts").into()
}

const FORCED: &[(&str, &str)] = &[("CLICOLOR_FORCE", "1")];

/// The text without escape sequences of styles.
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').expect("a style ends in `m`").1)
}

#[test]
fn a_pipe_has_no_colours_unless_they_are_forced() {
    for arguments in
        [&["summary", "lenet5"][..], &["list"], &["summary", "--help"], &["bench", "mlp", "--layers", "--seconds=0"]]
    {
        let piped = run_in(&[], arguments);
        assert!(!piped.stdout.contains('\u{1b}'), "{piped:?}");
        let forced = run_in(FORCED, arguments);
        assert!(forced.stdout.contains("\u{1b}[1m"), "{forced:?}");
        let refused = run_in(&[FORCED[0], ("NO_COLOR", "1")], arguments);
        assert!(!refused.stdout.contains('\u{1b}'), "{refused:?}");
        if arguments[0] != "bench" {
            assert_eq!(plain(&forced.stdout), piped.stdout);
        }
    }
}

#[test]
fn errors_have_a_coloured_beginning() {
    for arguments in [&["summary", "yolo"][..], &["summary"]] {
        let forced = run_in(FORCED, arguments);
        assert!(forced.stderr.starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m "), "{forced:?}");
        let piped = run_in(&[], arguments);
        assert!(piped.stderr.starts_with("error: ") && !piped.stderr.contains('\u{1b}'), "{piped:?}");
        assert_eq!(plain(&forced.stderr), piped.stderr);
    }
}

#[test]
fn other_formats_never_have_colours() {
    for arguments in [
        &["summary", "lenet5", "--json"][..],
        &["list", "--json"],
        &["diagram", "lenet5"],
        &["completions", "bash"],
        &["man"],
    ] {
        let forced = run_in(FORCED, arguments);
        assert_eq!(forced.code, Some(0), "{forced:?}");
        assert!(!forced.stdout.contains('\u{1b}'), "{arguments:?}");
    }
}

/// What the program prints on a terminal of 80 columns, to both of its outputs.
#[cfg(target_os = "linux")]
fn on_terminal(environment: &[(&str, &str)], arguments: &[&str]) -> String {
    use std::fs::File;
    use std::io::Read;
    use std::os::unix::ffi::OsStrExt;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{Winsize, tcsetwinsize};

    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there is a free terminal");
    grantpt(&terminal).and_then(|()| unlockpt(&terminal)).expect("it is ours");
    let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal, size).expect("it can have any size");
    let name = ptsname(&terminal, Vec::new()).expect("it has a name");
    let open = || File::options().read(true).write(true).open(std::ffi::OsStr::from_bytes(name.to_bytes())).unwrap();
    let mut command = cnn();
    command.args(arguments).env("TERM", "xterm").envs(environment.iter().copied());
    let mut child = command.stdin(open()).stdout(open()).stderr(open()).spawn().expect("the program starts");
    // It keeps the other ends open.
    drop(command);
    let mut bytes = Vec::new();
    // The end of a terminal that nobody writes to any more is an error.
    let _ = File::from(terminal).read_to_end(&mut bytes);
    child.wait().expect("the program ends");
    String::from_utf8(bytes).expect("only UTF-8 is printed")
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_has_colours() {
    assert!(on_terminal(&[], &["summary", "lenet5"]).starts_with("\u{1b}[1mLeNet5: 1x32x32 -> 10\u{1b}[0m"));
    for environment in [("NO_COLOR", "1"), ("TERM", "dumb"), ("CLICOLOR", "0")] {
        let plain = on_terminal(&[environment], &["summary", "lenet5"]);
        assert!(plain.starts_with("LeNet5: 1x32x32 -> 10") && !plain.contains('\u{1b}'), "{plain}");
    }
    let error = on_terminal(&[], &["summary", "yolo"]);
    assert!(error.starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m there is no net `yolo`"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_no_bytes_and_is_no_file() {
    for output in [&[][..], &["-o", "-"]] {
        let refused = on_terminal(&[], &[&["diagram", "lenet5", "--format", "png"], output].concat());
        assert!(refused.contains("a terminal cannot show a PNG: name a file, `-o net.png`"), "{refused}");
    }
    for arguments in [&["digits", "-"][..], &["check-weights", "lenet5", "-"]] {
        let asked = on_terminal(&[], arguments);
        assert!(asked.contains("standard input cannot be read: it is a terminal: pipe or redirect a file"), "{asked}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn tables_fit_a_terminal() {
    for net in ["lenet5", "resnet18"] {
        let arguments = ["bench", net, "--layers", "--seconds=0"];
        let printed = plain(&on_terminal(&[("CLICOLOR", "0")], &arguments).replace("\u{1b}[2K", ""));
        let lines: Vec<&str> =
            printed.lines().map(|line| line.rsplit('\r').find(|part| !part.is_empty()).unwrap_or_default()).collect();
        let table: Vec<&&str> =
            lines.iter().skip_while(|line| !line.starts_with("layer ")).take_while(|line| !line.is_empty()).collect();
        assert!(table.len() > 5 && table.iter().all(|line| line.chars().count() <= 80), "{printed}");
        assert!(table.iter().any(|line| line.contains("  conv ")), "{printed}");
    }
}

/// Only for those who watch: a bar on a terminal, and nothing in a file.
#[cfg(target_os = "linux")]
#[test]
fn long_tasks_show_their_progress_on_a_terminal() {
    let bench = ["bench", "mlp", "--seconds", "1.5"];
    let watched = on_terminal(&[], &bench);
    assert!(watched.contains("measuring passes") && watched.contains(" %"), "{watched}");
    let ran = run_in(&[], &bench);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}
