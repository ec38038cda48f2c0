//! `cnn figures`

use std::fs;
use std::path::Path;

use roxmltree::Document;

use super::support::{Folder, run};

const NAMES: [&str; 11] = [
    "activations",
    "batch-norm",
    "batch-norm-learning",
    "convolution",
    "deep-gradients",
    "deep-learning",
    "lrn",
    "mlp",
    "perceptron",
    "perceptron-learning",
    "pooling",
];

fn figures(folder: &Path, more: &[&str]) -> super::support::Ran {
    let arguments = ["figures".as_ref(), folder.as_os_str()].into_iter().chain(more.iter().map(|more| more.as_ref()));
    run(arguments)
}

#[test]
fn every_figure_is_a_file_and_on_the_page() {
    let folder = Folder::new("figures-svg");
    let inner = folder.path("a/b");
    assert_eq!(figures(&inner, &[]).ok(), "");
    let page = fs::read_to_string(inner.join("index.html")).unwrap();
    let documented = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cnn-diagram/figures");
    for name in NAMES {
        let file = fs::read_to_string(inner.join(format!("{name}.svg"))).unwrap();
        Document::parse(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(page.contains(&file), "{name}");
        assert_eq!(file, fs::read_to_string(documented.join(format!("{name}.svg"))).unwrap(), "{name}");
    }
    assert_eq!(fs::read_dir(&inner).unwrap().count(), NAMES.len() + 1);
    // Links lead to parts of the page, or to the figures in its folder.
    for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(link.starts_with('#') || link == "data:," || inner.join(link).exists(), "{link}");
    }
    // Once more, over existing files.
    assert_eq!(figures(&inner, &[]).ok(), "");
    assert_eq!(page, fs::read_to_string(inner.join("index.html")).unwrap());
}

#[test]
fn themes_and_pixels_are_chosen() {
    let folder = Folder::new("figures-png");
    figures(&folder.path("dark"), &["--theme", "dark"]).ok();
    let dark = fs::read_to_string(folder.path("dark/lrn.svg")).unwrap();
    assert!(dark.contains("#15181c") && !dark.contains("<style"));
    assert!(fs::read_to_string(folder.path("dark/index.html")).unwrap().contains("data-theme=\"dark\">"));
    figures(&folder.path("png"), &["--format", "png"]).ok();
    let page = fs::read_to_string(folder.path("png/index.html")).unwrap();
    for name in NAMES {
        assert!(fs::read(folder.path(&format!("png/{name}.png"))).unwrap().starts_with(b"\x89PNG"), "{name}");
        assert!(page.contains(&format!("href=\"{name}.png\"")), "{name}");
    }
    assert_eq!(fs::read_dir(folder.path("png")).unwrap().count(), NAMES.len() + 1);
}

#[test]
fn an_impossible_folder_is_reported() {
    let folder = Folder::new("figures-errors");
    let file = folder.file("note.txt", "mine");
    let message = figures(&file, &[]).error();
    assert!(message.ends_with("note.txt is a file, not a folder: name another one"), "{message}");
    let message = figures(&file.join("figures"), &[]).error();
    assert!(message.ends_with("note.txt is a file, not a folder: name another one"), "{message}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");

    // If there is a folder in place of a figure, nothing is written.
    fs::create_dir_all(folder.path("taken/lrn.svg")).unwrap();
    let message = figures(&folder.path("taken"), &[]).error();
    let [cause, fix] = ["cannot be written: ", ": move this folder away, or name another file or folder"];
    assert!(message.contains("lrn.svg") && message.contains(cause) && message.ends_with(fix), "{message}");
    assert_eq!(fs::read_dir(folder.path("taken")).unwrap().count(), 1);
    assert_eq!(run(["figures"]).code, Some(2));
}
