//! What a path may lead to, what a file may hold, and what an interrupted run leaves.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use models::{LeNet5, seeded};

use super::support::{Folder, Ran, cnn, digits_folder, input_file, run, tensors};

/// Longer than any message about a file.
const LONG: usize = 20_000;

/// The arguments of a command that reads this path as `what`.
fn reading<'a>(what: &'a str, path: &'a str, good: &'a [&'a str; 3]) -> Vec<&'a str> {
    let [weights, input, picture] = *good;
    match what {
        "weights" => vec!["trace", "lenet5", "--weights", path, "--input", input, "--output", "/dev/null"],
        "input" => vec!["run", "lenet5", "--weights", weights, "--input", path, "--output", "/dev/null"],
        "expected" => {
            vec!["compare", "lenet5", "--weights", weights, "--input", input, "--expected", path]
        }
        "checked" => vec!["check-weights", "lenet5", path],
        "labels" => vec!["classify", "lenet5", picture, "--labels", path],
        "picture" => vec!["classify", "lenet5", path],
        "digit" => vec!["digits", path],
        other => panic!("{other}"),
    }
}

const ALL: [&str; 7] = ["weights", "input", "expected", "checked", "labels", "picture", "digit"];

/// Runs every command that reads a path on this one; each must end with a short message.
#[track_caller]
fn each_refuses(test: &str, path: &Path) {
    let folder = Folder::new(test);
    let weights = folder.file("w", seeded::weights(LeNet5::GRAPH, ""));
    let input = folder.file("x", input_file(&[1, 32, 32], &[0.5; 1024]));
    let picture = digits_folder().join("samples/2-test-digit.png");
    let good = [&weights, &input, &picture].map(|path| path.to_str().expect("the path is UTF-8"));
    for what in ALL {
        let ran = run(reading(what, path.to_str().expect("the path is UTF-8"), &good));
        assert_eq!(ran.code, Some(2), "{what}: {ran:?}");
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.len() < LONG, "{what}: {}", ran.stderr);
        // Reports on tensors that are not weights do not name the file.
        let is_named = ran.stderr.contains(path.to_str().expect("the path is UTF-8"));
        assert!(is_named || ran.stderr.starts_with("error: weights do not fit"), "{what}: {}", ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn endless_files_are_refused() {
    each_refuses("without_end", Path::new("/dev/zero"));
    each_refuses("nothing", Path::new("/dev/null"));
}

#[test]
fn folders_are_refused() {
    let folder = Folder::new("folders_are_refused");
    each_refuses("a_folder", &folder.path(""));
}

#[test]
fn a_terabyte_of_nothing_is_refused() {
    let folder = Folder::new("a_terabyte");
    let path = folder.path("sparse");
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    each_refuses("a_terabyte_is_refused", &path);
}

#[test]
fn many_unknown_tensors_and_long_names_are_cut_short() {
    let folder = Folder::new("many_strangers");
    let long = "n".repeat(1 << 20);
    let mut header = String::from("{");
    for i in 0..200_000 {
        header.push_str(&format!(r#""t{i}.\u001b[2J":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}},"#));
    }
    let ones = vec!["1"; 100_000].join(",");
    header.push_str(&format!(r#""{long}":{{"dtype":"F32","shape":[{ones},0],"data_offsets":[0,0]}},"#));
    header.push_str(&format!(r#""input":{{"dtype":"F32","shape":[{ones},0],"data_offsets":[0,0]}}}}"#));
    let file = folder.file("strangers", [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat());
    each_refuses("many_strangers_are_refused", &file);
    let ran = run(["check-weights".as_ref(), "lenet5".as_ref(), file.as_os_str()]);
    assert!(ran.stdout.len() < LONG && !ran.stdout.contains('\u{1b}'), "{}", ran.stdout.len());
    assert!(ran.stdout.ends_with("more unexpected\n"), "{}", ran.stdout);
}

#[cfg(unix)]
#[test]
fn weights_and_inputs_may_come_through_pipes() {
    let folder = Folder::new("through_pipes");
    let w = folder.file("w", seeded::weights(LeNet5::GRAPH, ""));
    let x = folder.file("x", input_file(&[1, 32, 32], &seeded::uniform("x", 1024)));
    let (y, z) = (folder.path("y"), folder.path("z"));
    let arguments = |w: &Path, x: &Path, y: &Path| {
        [
            "run".into(),
            "lenet5".into(),
            "--weights".into(),
            w.into(),
            "--input".into(),
            x.into(),
            "--output".into(),
            y.into(),
        ]
        .map(|argument: std::ffi::OsString| argument)
    };
    run(arguments(&w, &x, &y)).ok();
    for (piped, [from_w, from_x]) in [(&w, [Path::new("/dev/stdin"), &x]), (&x, [&w, Path::new("/dev/stdin")])] {
        let mut child = cnn().args(arguments(from_w, from_x, &z)).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&fs::read(piped).unwrap()).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(tensors(&y), tensors(&z));
        fs::remove_file(&z).unwrap();
    }
}

#[test]
fn a_missing_instruction_set_is_reported_at_once() {
    let with =
        |isa: &str, arguments: &[&str]| -> Ran { cnn().env("CNN_ISA", isa).args(arguments).output().unwrap().into() };
    let sample = digits_folder().join("samples/2-test-digit.png");
    for arguments in [&["list"][..], &["digits", sample.to_str().unwrap()], &["bench", "mlp", "--seconds=0"]] {
        let error = with("foo", arguments).error();
        assert!(error.starts_with("CNN_ISA=foo: this CPU has no such instruction set; it has scalar"), "{error}");
        with("", arguments).ok();
        with("scalar", arguments).ok();
    }
}

#[test]
fn more_threads_than_there_can_be_are_refused() {
    for threads in ["64", "1000000", "99999999999999999999999"] {
        let error = run(["bench", "mlp", "--seconds=0", "--threads", threads]).errors();
        assert!(error.contains("expected a number of threads, from 1 to 63"), "{error}");
    }
}

/// Child processes inherit which signals are ignored, as in a shell's background jobs. Here none is, and these signals still
/// end the tests.
#[cfg(unix)]
fn ignore_nothing() {
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        signal_hook::flag::register_conditional_default(signal, std::sync::Arc::new(true.into())).unwrap();
    }
}

/// Stops `cnn diagram --all` when nearly all drawings are written and none has its name yet; the folder with what is left.
#[cfg(unix)]
fn stopped_by(signal: &str) -> Folder {
    let folder = Folder::new(&format!("stopped_by_{signal}"));
    // The last file is a pipe that nobody reads, so the program waits there.
    let waits = folder.path("index.html");
    assert!(std::process::Command::new("mkfifo").arg(&waits).status().unwrap().success());
    let mut child = cnn().args(["diagram", "--all"]).arg(folder.path("")).spawn().unwrap();
    while folder.names().len() < 20 {
        assert!(child.try_wait().unwrap().is_none(), "it ended too soon");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let kill = std::process::Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    assert!(!child.wait().unwrap().success());
    fs::remove_file(waits).unwrap();
    folder
}

#[cfg(unix)]
#[test]
fn unfinished_files_are_removed_with_the_program() {
    use std::os::unix::process::ExitStatusExt;

    ignore_nothing();
    for signal in ["INT", "TERM", "HUP"] {
        assert_eq!(stopped_by(signal).names(), Vec::<String>::new(), "{signal}");
    }
    // The program cannot prevent this; the next run is not affected.
    let folder = stopped_by("KILL");
    assert!(!folder.names().is_empty());
    run(["diagram".as_ref(), "--all".as_ref(), folder.path("").as_os_str()]).ok();
    // The program dies of the signal, as if there were nothing to remove.
    let folder = Folder::new("dies_of_the_signal");
    assert!(std::process::Command::new("mkfifo").arg(folder.path("index.html")).status().unwrap().success());
    let mut child = cnn().args(["diagram", "--all"]).arg(folder.path("")).spawn().unwrap();
    while folder.names().len() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}

#[cfg(target_os = "linux")]
#[test]
fn ignored_signals_stay_ignored() {
    let folder = Folder::new("a_signal_that_is_to_be_ignored");
    let fifo = folder.path("index.html");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut command = std::process::Command::new("sh");
    command.args(["-c", r#"trap "" HUP; exec "$0" diagram --all "$1""#, env!("CARGO_BIN_EXE_cnn")]);
    let mut child = command.arg(folder.path("")).spawn().unwrap();
    while folder.names().len() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(std::process::Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap().success());
    let page = fs::read_to_string(&fifo).unwrap();
    assert!(page.starts_with("<!"), "{page}");
    assert!(child.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn new_files_have_the_usual_permissions() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("permissions_of_any");
    let any = folder.file("any", "");
    run(["diagram".as_ref(), "mlp".as_ref(), "-o".as_ref(), folder.path("mlp.svg").as_os_str()]).ok();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&folder.path("mlp.svg")), mode(&any));
}
