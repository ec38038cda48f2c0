//! `cnn classify`

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use models::{LeNet5, seeded};

use super::support::{Folder, Ran, digits_folder, run};

/// Runs `cnn classify lenet5 PICTURES ARGUMENTS`.
fn classify<P: AsRef<Path>>(pictures: &[P], arguments: &[&str]) -> Ran {
    let pictures = pictures.iter().map(|path| path.as_ref().as_os_str().to_owned());
    run(["classify", "lenet5"].map(OsString::from).into_iter().chain(pictures).chain(arguments.iter().map(Into::into)))
}

/// A digit as in MNIST: a 2.
fn two() -> PathBuf {
    digits_folder().join("samples/2-test-digit.png")
}

/// The percentages and the names of all lines.
fn answers(printed: &str) -> Vec<(f32, String)> {
    printed
        .lines()
        .map(|line| {
            let (percent, name) = line.split_once(" %  ").unwrap_or_else(|| panic!("{line}"));
            assert_eq!(percent.chars().count(), 5, "{line}");
            (percent.trim().parse().unwrap(), name.to_owned())
        })
        .collect()
}

#[test]
fn the_five_most_probable_classes_are_printed_the_best_first() {
    let answers = answers(&classify(&[two()], &[]).ok());
    assert_eq!(answers.len(), 5);
    assert_eq!(answers[0].1, "2");
    assert!(answers[0].0 > 90.0, "{answers:?}");
    assert!(answers.is_sorted_by(|(a, _), (b, _)| a >= b), "{answers:?}");
    assert!(answers.iter().all(|(_, name)| name.len() == 1), "{answers:?}");
}

#[test]
fn digits_on_plain_paper_are_read_whatever_their_colours_size_and_place() {
    let plain = [
        "1-thin-pen.png",
        "2-chalk.jpg",
        "2-test-digit.png",
        "4-thick-pen.png",
        "5-small-in-a-page.png",
        "5-test-digit-large.jpg",
        "6-transparent.png",
        "7-night-mode.png",
        "7-thick-pen.png",
        "8-fax.png",
    ];
    for name in plain {
        let path = digits_folder().join("samples").join(name);
        let answers = answers(&classify(&[&path], &["--top=1"]).ok());
        assert_eq!(answers[0].1, name[..1], "{name}: {answers:?}");
        let read = run([Path::new("digits"), &path]).ok();
        assert!(read.starts_with(&name[..1]), "{read}");
    }
}

#[test]
fn as_many_classes_are_printed_as_requested() {
    assert_eq!(answers(&classify(&[two()], &["--top", "1"]).ok()).len(), 1);
    let all = answers(&classify(&[two()], &["--top", "100"]).ok());
    assert_eq!(all.len(), 10);
    let sum: f32 = all.iter().map(|(percent, _)| percent).sum();
    assert!((sum - 100.0).abs() < 0.5, "{all:?}");
    assert!(classify(&[two()], &["--top", "0"]).errors().contains("--top <N>"));
}

#[test]
fn each_of_several_pictures_has_its_name_above() {
    let seven = digits_folder().join("samples/7-night-mode.png");
    let printed = classify(&[&two(), &seven], &["--top=2"]).ok();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 7, "{printed}");
    assert_eq!((lines[0], lines[3], lines[4]), (two().to_str().unwrap(), "", seven.to_str().unwrap()));
    assert!(lines[1].ends_with(" %  2"), "{printed}");
}

#[test]
fn labels_may_come_from_a_file() {
    let folder = Folder::new("labels_may_come_from_a_file");
    let names = "zero\r\none\r\ntwo, or a swan\r\nthree\r\nfour\r\nfive\r\nsix\r\nseven\r\neight\r\nnine\r\n\r\n";
    let labels = folder.file("labels.txt", names);
    let printed = classify(&[two()], &["--labels", labels.to_str().unwrap()]).ok();
    assert_eq!(answers(&printed)[0].1, "two, or a swan");
}

#[test]
fn labels_that_do_not_fit_are_reported() {
    let folder = Folder::new("labels_that_do_not_fit_are_reported");
    let labels = folder.file("labels.txt", "cat\n\ndog\n");
    let error = classify(&[two()], &["--labels", labels.to_str().unwrap()]).error();
    let expected = "has 2 labels, one on each nonempty line, but lenet5 has 10 classes";
    assert_eq!(error, format!("{} {expected}", labels.display()));
    let error = classify(&[two()], &["--labels", two().to_str().unwrap()]).error();
    assert!(error.contains("is not UTF-8 text"), "{error}");
    let gone = folder.path("gone.txt");
    let error = classify(&[two()], &["--labels", gone.to_str().unwrap()]).error();
    assert!(error.starts_with(&format!("{} cannot be read: ", gone.display())), "{error}");
}

#[test]
fn weights_may_come_from_a_file() {
    let folder = Folder::new("weights_of_classify_may_come_from_a_file");
    let seeded = folder.file("w", seeded::weights(LeNet5::GRAPH, ""));
    let own = classify(&[two()], &["--weights", seeded.to_str().unwrap()]).ok();
    assert_ne!(own, classify(&[two()], &[]).ok());
    let broken = folder.file("broken", "no weights");
    let error = classify(&[two()], &["--weights", broken.to_str().unwrap()]).error();
    assert!(error.starts_with(&format!("{}: ", broken.display())), "{error}");
}

#[test]
fn unsuitable_preprocessing_is_reported_with_one_that_fits() {
    assert_eq!(
        classify(&[two()], &["--preprocess", "torchvision"]).error(),
        "--preprocess torchvision gives 3x224x224, but lenet5 reads 1x32x32; use --preprocess lenet5"
    );
    assert_eq!(classify(&[two()], &["--preprocess", "lenet5"]).ok(), classify(&[two()], &[]).ok());
    let unknown = classify(&[two()], &["--preprocess", "tensorflow"]).errors();
    assert!(unknown.contains("caffe-vgg"), "{unknown}");
}

#[test]
fn unreadable_pictures_do_not_stop_the_others() {
    let folder = Folder::new("unreadable_pictures_do_not_stop_the_others");
    let text = folder.file("text.png", "no picture");
    let whole = fs::read(digits_folder().join("samples/3-photo.jpg")).unwrap();
    let cut = folder.file("cut.jpg", &whole[..whole.len() / 2]);
    let gone = folder.path("gone.png");
    let ran = classify(&[&text, &two(), &cut, &gone], &["--top", "1"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.stdout, format!("{}\n100.0 %  2\n", two().display()));
    let errors: Vec<&str> = ran.stderr.lines().collect();
    let expected = [(&text, "is neither a PNG nor a JPEG picture"), (&cut, "is damaged"), (&gone, "cannot be read: ")];
    assert_eq!(errors.len(), expected.len(), "{errors:?}");
    for (error, (path, problem)) in errors.iter().zip(expected) {
        assert!(error.starts_with(&format!("error: {} {problem}", path.display())), "{error}");
    }
}

#[test]
fn an_unknown_net_is_reported_before_pictures_are_read() {
    let error = run(["classify", "lenet6", "no/such/picture.png"]).error();
    assert_eq!(error, "there is no net `lenet6`; did you mean `lenet5`? `cnn list` shows all");
}
