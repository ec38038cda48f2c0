//! `cnn digits`

use std::fs;
use std::path::PathBuf;

use super::support::{Folder, cnn, digits_folder, run};

/// The sample pictures, sorted by name.
fn samples() -> Vec<PathBuf> {
    let entries = fs::read_dir(digits_folder().join("samples")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "png" || extension == "jpg"));
    paths.sort();
    paths
}

/// A line without the path: `7  99.8 %`.
fn answer(line: &str, path: &str) -> (char, f32) {
    let (answer, _) = line.split_once(&format!(" %  {path}")).unwrap_or_else(|| panic!("{line}"));
    let (digit, percent) = answer.split_once("  ").unwrap();
    (digit.parse().unwrap(), percent.trim().parse().unwrap())
}

#[test]
fn all_samples_are_read_right() {
    let samples = samples();
    assert!(samples.len() >= 15, "{samples:?}");
    let printed = run([PathBuf::from("digits")].iter().chain(&samples)).ok();
    assert_eq!(printed.lines().count(), samples.len());
    for (line, path) in printed.lines().zip(&samples) {
        let (digit, percent) = answer(line, path.to_str().unwrap());
        assert!(path.file_name().unwrap().to_str().unwrap().starts_with(digit), "{line}");
        assert!((10.0..=100.0).contains(&percent), "{line}");
    }
}

#[test]
fn one_picture_is_one_line() {
    let printed = cnn().current_dir(digits_folder()).args(["digits", "samples/7-thick-pen.png"]).output().unwrap();
    let line = String::from_utf8(printed.stdout).unwrap();
    let (digit, percent) = answer(line.strip_suffix('\n').unwrap(), "samples/7-thick-pen.png");
    assert_eq!(digit, '7');
    assert!(line.starts_with(&format!("7  {percent:.1} %  samples")), "{line}");
}

#[test]
fn the_columns_of_several_pictures_are_aligned() {
    let printed = run([PathBuf::from("digits")].iter().chain(&samples())).ok();
    assert!(printed.lines().all(|line| line.find(" %  ") == Some(8)), "{printed}");
    let guesses: Vec<usize> = printed.lines().filter_map(|line| line.find("  or ")).collect();
    assert!(guesses.windows(2).all(|pair| pair[0] == pair[1]), "{printed}");
}

#[test]
fn the_test_digits_are_in_the_program() {
    let folder = Folder::new("the_test_digits_are_in_the_program");
    let ran = cnn().current_dir(folder.path("")).args(["digits", "--test"]).output().unwrap();
    let line = String::from_utf8(ran.stdout).unwrap();
    let (right, time) = line.split_once(" of 1000 right, ").unwrap_or_else(|| panic!("{line}"));
    let micros = time.strip_suffix(" us per image\n").unwrap_or_else(|| panic!("{line}"));
    assert!((970..=1000).contains(&right.parse::<usize>().unwrap()), "{line}");
    assert!(micros.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 1), "{line}");
    assert!(micros.parse::<f64>().unwrap() > 0.0, "{line}");
    assert_eq!((ran.status.code(), ran.stderr), (Some(0), Vec::new()));
}

#[test]
fn unreadable_files_do_not_stop_the_others() {
    let folder = Folder::new("unreadable_files_do_not_stop_the_others");
    let text = folder.file("text.png", "no picture");
    let blank = folder.file("empty.jpg", "");
    let gone = folder.path("gone.png");
    let sample = digits_folder().join("samples/4-thick-pen.png");
    let ran = run([&PathBuf::from("digits"), &text, &sample, &gone, &blank]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.stdout.lines().count(), 1);
    assert!(ran.stdout.starts_with('4'), "{}", ran.stdout);
    let errors: Vec<&str> = ran.stderr.lines().collect();
    let expected =
        [(&text, "is neither a PNG nor a JPEG picture"), (&gone, "cannot be read: "), (&blank, "is neither")];
    assert_eq!(errors.len(), expected.len(), "{errors:?}");
    for (error, (path, problem)) in errors.iter().zip(expected) {
        assert!(error.starts_with(&format!("error: {} {problem}", path.display())), "{error}");
    }
}

#[test]
fn a_single_unreadable_file_is_reported() {
    let folder = Folder::new("a_single_unreadable_file_is_reported");
    let whole = fs::read(digits_folder().join("samples/4-thick-pen.png")).unwrap();
    let cut = folder.file("cut.png", &whole[..whole.len() / 2]);
    let error = run([&PathBuf::from("digits"), &cut]).error();
    assert!(error.starts_with(&format!("{} is damaged", cut.display())), "{error}");
    let error = run([&PathBuf::from("digits"), &folder.path("")]).error();
    assert!(error.contains("cannot be read: "), "{error}");
}

#[test]
fn something_to_read_must_be_given_and_only_one_thing() {
    assert!(run(["digits"]).errors().contains("<FILE>..."));
    assert!(run(["digits", "--test", "a.png"]).errors().contains("cannot be used with"));
}
