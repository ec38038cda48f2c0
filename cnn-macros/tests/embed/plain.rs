//! rustc without cargo, what only checks, and files that are not as they should be.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::scratch::{LARGE, Scratch, fails, succeeds};

/// A program of one file, for rustc.
fn program(name: &'static str) -> Scratch {
    let scratch = Scratch::new(name);
    scratch.write("src/main.rs", &scratch.main());
    scratch.weights("w/net.safetensors", LARGE, 1.0);
    scratch
}

/// Without cargo, paths are relative to the folder that rustc runs in.
#[test]
fn ways_to_call_rustc() {
    let scratch = program("Plain");
    let strange = "a \"b\" 'c'\\ü$";
    fs::create_dir_all(scratch.path("out")).expect("the folder can be made");
    fs::create_dir_all(scratch.path(strange)).expect("the folder can be made");
    fs::create_dir_all(scratch.path("tmp")).expect("the folder can be made");
    let (attached, strange_out) = (format!("-o{}", scratch.path("out/c").display()), format!("--out-dir={strange}"));
    scratch.write("arguments", "-o\nout/e\nsrc/main.rs");
    let calls: [(&[&str], &str); 8] = [
        (&["-o", "a", "src/main.rs"], "a"),
        (&["src/main.rs", "-o", "out/b"], "out/b"),
        (&[&attached, "-C", "codegen-units=1", "src/main.rs"], "out/c"),
        (&["--out-dir=out", "src/main.rs"], "out/main"),
        (&["--out-dir", "out", "--crate-name", "d", "-O", "src/main.rs"], "out/d"),
        (&["@arguments"], "out/e"),
        (&[&strange_out, "src/main.rs"], &format!("{strange}/main")),
        (&["--emit=dep-info,link=out/f", "src/main.rs"], "out/f"),
    ];
    for (value, expected) in [(1.0, "1000"), (2.0, "2000")] {
        scratch.weights("w/net.safetensors", LARGE, value);
        for (call, program) in &calls {
            let mut rustc = scratch.rustc();
            succeeds(rustc.args(*call).env_remove("CARGO_MANIFEST_DIR").env("TMPDIR", scratch.path("tmp")));
            assert_eq!(succeeds(&mut Command::new(scratch.path(program))), expected, "{call:?}");
        }
    }
    // One for each, next to the program.
    assert_eq!(scratch.packed().len(), calls.len());
    assert!(fs::read_dir(scratch.path("tmp")).expect("the folder is there").next().is_none());
}

#[test]
fn checks_leave_nothing_behind() {
    let scratch = Scratch::new("Checked");
    scratch.workspace(&["a"]);
    scratch.program("a", 1.0);
    for folder in ["tmp", "a/out"] {
        fs::create_dir_all(scratch.path(folder)).expect("the folder can be made");
    }
    for command in ["check --all-targets", "doc --no-deps"] {
        succeeds(scratch.cargo(command).env("TMPDIR", scratch.path("tmp")));
    }
    let mut rustc = scratch.rustc();
    let metadata = ["--emit=metadata,dep-info", "--out-dir", "a/out", "a/src/main.rs"];
    succeeds(rustc.args(metadata).env("CARGO_MANIFEST_DIR", scratch.path("a")).env("TMPDIR", scratch.path("tmp")));
    assert_eq!(scratch.packed(), Vec::<PathBuf>::new());
    assert!(fs::read_dir(scratch.path("tmp")).expect("the folder is there").next().is_none());
    // They say what is wrong all the same.
    scratch.weights("a/w/net.safetensors", (1000, 301), 1.0);
    let error = fails(&mut scratch.cargo("check"));
    assert!(error.contains("w/net.safetensors") && error.contains("found [301, 1000]"), "{error}");
}

/// As `/tmp` is, where everybody can lay files and links.
#[test]
fn folders_that_all_users_share() {
    let scratch = program("Shared");
    let shared = scratch.path("shared");
    fs::create_dir_all(&shared).expect("the folder can be made");
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).expect("the folder can be opened to all");
    for (value, expected) in [(1.0, "1000"), (2.0, "2000")] {
        scratch.weights("w/net.safetensors", LARGE, value);
        succeeds(scratch.rustc().args(["-o", "shared/program", "src/main.rs"]).env("TMPDIR", &shared));
        assert_eq!(succeeds(&mut Command::new(shared.join("program"))), expected);
        assert_eq!(fs::read_dir(&shared).expect("the folder is there").count(), 1);
    }
}

/// Whatever has the name of a file of packed weights: what counts is what is in it.
#[test]
fn files_that_were_damaged() {
    let scratch = program("Damaged");
    fs::create_dir_all(scratch.path("out")).expect("the folder can be made");
    let build = || {
        let mut rustc = scratch.rustc();
        rustc.args(["-o", "out/program", "src/main.rs"]);
        rustc
    };
    let rebuilds = |damage: &dyn Fn(&Path)| {
        succeeds(&mut build());
        let [file] = &scratch.packed()[..] else { panic!("one file: {:?}", scratch.packed()) };
        damage(file);
        succeeds(&mut build());
        assert_eq!(succeeds(&mut Command::new(scratch.path("out/program"))), "1000");
        assert!(fs::symlink_metadata(file).is_ok_and(|found| found.is_file()));
        assert_eq!(scratch.packed(), std::slice::from_ref(file));
    };
    let other = scratch.path("other");
    let write = |path: &Path, bytes: &[u8]| fs::write(path, bytes).expect("the file can be written");
    rebuilds(&|file| write(file, b"half"));
    rebuilds(&|file| {
        let len = fs::read(file).expect("the file can be read").len();
        write(file, &vec![0; len]);
    });
    rebuilds(&|file| {
        let bytes = fs::read(file).expect("the file can be read");
        write(file, &[&bytes[..], b"more"].concat());
    });
    rebuilds(&|file| {
        write(&other, b"somebody's");
        fs::remove_file(file).expect("the file can be removed");
        symlink(&other, file).expect("the link can be made");
    });
    assert_eq!(fs::read(&other).expect("the file can be read"), b"somebody's");
    // What was interrupted.
    rebuilds(&|file| {
        let new = file.with_extension("0123456789abcdef.tmp");
        fs::rename(file, new).expect("the file can be renamed");
    });
    let file = scratch.packed().remove(0);
    fs::remove_file(&file).expect("the file can be removed");
    fs::create_dir_all(file.join("folder")).expect("the folder can be made");
    let error = fails(&mut build());
    assert!(error.contains("can't write the packed weights") && error.contains("src/main.rs:1:"), "{error}");
}

#[test]
fn a_file_that_is_missing() {
    let scratch = program("Missing");
    fs::remove_file(scratch.path("w/net.safetensors")).expect("the file can be removed");
    let mut rustc = scratch.rustc();
    let error = fails(rustc.args(["-o", "program", "src/main.rs"]).env_remove("CARGO_MANIFEST_DIR"));
    assert!(error.contains("can't read the weights `w/net.safetensors`: there is no such file"), "{error}");
    assert!(error.contains("relative to the folder that rustc runs in"), "{error}");
}

#[test]
fn training_without_the_feature() {
    let scratch = Scratch::new("Untrained");
    scratch.workspace(&["a"]);
    scratch.program("a", 1.0);
    let main = scratch.main().replace("pub Untrained", "#[train(batch = 8)] pub Untrained");
    scratch.write("a/src/main.rs", &main);
    let error = fails(&mut scratch.cargo("check"));
    assert!(error.contains("a net that trains needs the feature `train` of the crate `cnn`, which is off"), "{error}");
    assert!(error.contains("cargo add cnn --features train") && error.contains("src/main.rs:1:"), "{error}");
    // Running the net adds none.
    assert_eq!(error.matches("\nerror").count() + usize::from(error.starts_with("error")), 2, "{error}");
}
