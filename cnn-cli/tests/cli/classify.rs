//! `cnn classify`

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};
use models::{LeNet5, seeded};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};

use super::support::{Folder, Ran, digits_folder, run, run_in};

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
        "--preprocess torchvision gives 3x224x224, but lenet5 reads 1x32x32; use --preprocess lenet5 or train, or another one \
         with --resize"
    );
    assert_eq!(classify(&[two()], &["--preprocess", "lenet5"]).ok(), classify(&[two()], &[]).ok());
    let unknown = classify(&[two()], &["--preprocess", "tensorflow"]).errors();
    assert!(unknown.contains("caffe-vgg"), "{unknown}");
}

/// Its classes tell which third of a wide picture is bright.
const THIRDS: &str =
    "cnn::network! { Thirds: 3x24x33 -> 3 { avg_pool(24x11, stride = 24x11) -> flatten -> fc: linear(3); } }";

/// Weights by which a class has the sum of a third's channels.
fn thirds() -> Vec<u8> {
    let weight: Vec<u8> = (0..3)
        .flat_map(|class| (0..9).map(move |input| if input % 3 == class { 9.0_f32 } else { 0.0 }))
        .flat_map(f32::to_le_bytes)
        .collect();
    let bias = [0; 12];
    let tensor = |shape: Vec<usize>, bytes| TensorView::new(Dtype::F32, shape, bytes).unwrap();
    serialize([("fc.weight", tensor(vec![3, 9], &weight)), ("fc.bias", tensor(vec![3], &bias))], None).unwrap()
}

#[test]
fn nets_of_files_classify_pictures_of_any_size() {
    let folder = Folder::new("nets_of_files_classify_pictures_of_any_size");
    folder.file("net.rs", THIRDS);
    folder.file("w", thirds());
    let picture = |name: &str, width: u32, height: u32, bright: std::ops::Range<u32>| {
        let level = |x: u32| if bright.contains(&x) { 255 } else { 0 };
        RgbImage::from_fn(width, height, |x, _| Rgb([level(x); 3])).save(folder.path(name)).unwrap();
    };
    picture("left.png", 99, 72, 0..33);
    picture("right.png", 330, 240, 220..330);
    // Upright: what is bright here is the right of it, but the middle of a letterbox.
    picture("upright.png", 72, 480, 40..72);
    let best = |arguments: &[&str]| {
        let all = ["classify", "net.rs", "--weights", "w", "--top", "1"].into_iter().chain(arguments.iter().copied());
        answers(&run_in(&folder, &all.collect::<Vec<_>>()).ok())[0].1.clone()
    };
    for way in [
        &["--preprocess", "train"][..],
        &["--preprocess", "train", "--mean", "0.5", "--std", "0.5,0.25,0.5"],
        &["--preprocess", "yolov5"],
        &["--preprocess", "torchvision", "--resize", "short=24"],
        &["--preprocess", "caffe", "--resize", "exact"],
        &["--preprocess", "torchvision-v2", "--resize", "cover"],
        &["--preprocess", "torchvision", "--resize", "letterbox"],
    ] {
        for (file, class) in [("left.png", "class 0"), ("right.png", "class 2")] {
            assert_eq!(best(&[&[file], way].concat()), class, "{way:?}");
        }
    }
    assert_eq!(best(&["upright.png", "--preprocess", "train"]), "class 2");
    assert_eq!(best(&["upright.png", "--preprocess", "train", "--resize", "exact"]), "class 2");
    let letterbox =
        ["upright.png", "--preprocess", "torchvision", "--mean", "0", "--std", "1", "--resize", "letterbox"];
    assert_eq!(best(&letterbox), "class 0");
    let error = run_in(&folder, &["classify", "net.rs", "--weights", "w", "left.png", "--preprocess", "caffe"]).error();
    assert_eq!(
        error,
        "--preprocess caffe gives 3x224x224, but Thirds reads 3x24x33; use --preprocess train or yolov5, or another one with \
         --resize"
    );
    let error = run_in(&folder, &["classify", "net.rs", "left.png", "--resize", "short=0"]).errors();
    assert!(error.contains("expected exact, cover, letterbox, or a shorter side such as short=256"), "{error}");
}

#[test]
fn nets_without_classes_do_not_classify() {
    let folder = Folder::new("nets_without_classes_do_not_classify");
    folder.file("net.rs", "cnn::network! { Map: 3x8x9 -> 2x8x9 { conv(2, 1x1); } }");
    let error = run_in(&folder, &["classify", "net.rs", "a.png", "--preprocess", "train"]).error();
    let advice = "`cnn run --image` writes the numbers that it makes of a picture";
    assert_eq!(error, format!("Map gives 2x8x9, and not a number for each class; {advice}"));
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
