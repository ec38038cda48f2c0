//! What shells and `man` read: `cnn completions`, `cnn man`.

use std::fs;
use std::process::Command;

use super::support::{Folder, run};

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(["completions", shell]).ok();
        for word in ["check-weights", "tolerance", "completions"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    for shell in ["bash", "zsh"] {
        assert!(run(["completions", shell]).ok().contains("torchvision-densenet121"), "{shell}");
    }
    let zsh = run(["completions", "zsh"]).ok();
    assert!(
        zsh.contains("\n_cnn_nets() {\n    _alternative 'nets:net:(perceptron ") && zsh.contains(":_cnn_nets' \\\n")
    );
    let error = run(["completions", "tcsh"]).errors();
    assert!(error.contains("[possible values: bash, elvish, fish, powershell, zsh]"), "{error}");
}

/// What bash proposes for the last of some words.
#[cfg(unix)]
fn proposed(words: &[&str]) -> Vec<String> {
    let folder = Folder::new(&format!("completions_{}", words.join("_").replace('-', "")));
    let script = folder.file("script", run(["completions", "bash"]).ok());
    let ask = r#"source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cnn cnn "${@: -1}" "${@: -2:1}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let output = Command::new("bash").args(["-c", ask, "bash"]).arg(script).args(words).output().unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_options_and_nets() {
    assert_eq!(proposed(&["cnn", "summ"]), ["summary"]);
    assert_eq!(proposed(&["cnn", "summary", "resnet1"]), ["resnet18", "resnet101", "resnet152"]);
    assert_eq!(proposed(&["cnn", "bench", "lenet5", "--th"]), ["--threads"]);
    assert_eq!(proposed(&["cnn", "diagram", "lenet5", "--detail", "f"]), ["full"]);
    // Where no net fits, bash proposes files.
    assert_eq!(proposed(&["cnn", "plan", "./src"]), [""]);
    assert!(run(["completions", "bash"]).ok().contains("-o bashdefault -o default cnn"));
}

#[test]
fn the_manual_page_has_all_commands() {
    let page = run(["man"]).ok();
    assert!(page.contains(".TH cnn 1") && page.contains("\n.SH EXAMPLES\n"), "{page}");
    for command in ["digits", "classify", "list", "summary", r"check\-weights", "compare", "completions", "man"] {
        assert!(page.contains(&format!("\ncnn\\-{command}(1)\n")), "{command}: {page}");
    }
    assert!(!page.contains("help(1)"), "{page}");
}

#[test]
fn a_folder_gets_a_page_for_every_command() {
    let folder = Folder::new("manual_pages");
    let man = folder.path("man1");
    assert_eq!(run(["man".as_ref(), man.as_os_str()]).ok(), "");
    let mut names: Vec<String> =
        fs::read_dir(&man).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names.len(), 18, "{names:?}");
    assert!(names.contains(&"cnn.1".to_owned()) && names.contains(&"cnn-check-weights.1".to_owned()), "{names:?}");
    assert_eq!(fs::read_to_string(man.join("cnn.1")).unwrap(), run(["man"]).ok());
    let summary = fs::read_to_string(man.join("cnn-summary.1")).unwrap();
    assert!(summary.contains("distill.pub") && summary.contains("resnet152"), "{summary}");
    let error = run(["man", "-"]).error();
    assert_eq!(error, "several files cannot go to standard output: name a folder, or `./-` for one of that name");
}
