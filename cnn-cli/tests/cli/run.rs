//! `cnn run`, when all goes well.

use std::fs;
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use image::{Rgb, RgbImage};
use models::{Classifier, LeNet5, seeded};
use safetensors::Dtype;

use super::support::{Folder, Ran, digits_folder, file_of, file_of_all, input_file, run, run_in, tensors};

/// The numbers of one input of LeNet-5.
const LENGTH: usize = 32 * 32;

fn run_lenet5(weights: Option<&Path>, input: &Path, output: &Path) -> Ran {
    let weights = weights.map(|path| [Path::new("--weights"), path]);
    let files = [Path::new("--input"), input, Path::new("--output"), output];
    run([Path::new("run"), Path::new("lenet5")].into_iter().chain(weights.into_iter().flatten()).chain(files))
}

#[test]
fn one_input_gives_the_output_and_the_taps() {
    let folder = Folder::new("one_input");
    let input = seeded::uniform("one", LENGTH);
    let x = folder.file("x.safetensors", input_file(&[1, 32, 32], &input));
    let y = folder.path("y.safetensors");
    assert_eq!(run_lenet5(None, &x, &y).ok(), "");
    let mut net = LeNet5::embedded();
    let output = net.forward(&input.try_into().unwrap()).to_vec();
    let logits = net.tap_logits().to_vec();
    let written = tensors(&y);
    assert_eq!(written.keys().collect::<Vec<_>>(), ["logits", "output"]);
    assert_eq!(written["output"], (vec![10], output));
    assert_eq!(written["logits"], (vec![10], logits));
    assert_eq!(folder.names(), ["x.safetensors", "y.safetensors"]);
}

#[test]
fn pictures_become_inputs() {
    let folder = Folder::new("run_pictures");
    let y = folder.path("y.safetensors");
    let digits = ["2-test-digit.png", "7-night-mode.png"].map(|name| digits_folder().join("samples").join(name));
    let image = |path: &PathBuf| ["--image".to_owned(), path.display().to_string()];
    let run_on = |images: &[PathBuf]| {
        let images: Vec<String> = images.iter().flat_map(image).collect();
        let all = ["run", "lenet5", "--output"].map(str::to_owned).into_iter().chain([y.display().to_string()]);
        assert_eq!(run(all.chain(images)).ok(), "");
        tensors(&y).remove("output").unwrap()
    };
    let mut net = LeNet5::embedded();
    let mut expected = |path| {
        let input = LeNet5::PREPROCESS.apply(&image::open(path).unwrap());
        net.forward(&input.try_into().unwrap()).to_vec()
    };
    assert_eq!(run_on(&digits[..1]), (vec![10], expected(&digits[0])));
    assert_eq!(run_on(&digits), (vec![2, 10], digits.iter().flat_map(expected).collect()));
    let both = run(["run", "lenet5", "--image", "a.png", "--input", "x", "--output", "y"]).errors();
    assert!(both.contains("cannot be used with"), "{both}");
    let none = run(["run", "lenet5", "--output", "y"]).errors();
    assert!(none.contains("--input"), "{none}");
    // What is said of pictures is not ignored where there are none.
    for of_pictures in [["--preprocess", "lenet5"], ["--resize", "cover"], ["--mean", "0.5"], ["--std", "0.5"]] {
        let numbers = ["run", "lenet5", "--input", "x", "--output", "y"].into_iter().chain(of_pictures);
        let error = run(numbers).errors();
        assert!(error.contains("cannot be used with") && error.contains(of_pictures[0]), "{error}");
    }
}

#[test]
fn pictures_for_nets_of_any_size_need_a_preprocessing() {
    let folder = Folder::new("run_pictures_of_any_size");
    folder.file("net.rs", "cnn::network! { Bright: 3x24x40 -> 3x2x4 { avg_pool(12x10); } }");
    folder.file("w", file_of_all(&[]));
    RgbImage::from_pixel(30, 36, Rgb([255, 51, 0])).save(folder.path("a.png")).unwrap();
    let arguments = ["run", "net.rs", "--weights", "w", "--image", "a.png", "--output", "y", "--preprocess"];
    let output = |how: &[&str]| {
        assert_eq!(run_in(&folder, &[&arguments[..], how].concat()).ok(), "");
        tensors(&folder.path("y")).remove("output").unwrap()
    };
    let near = |(shape, found): (Vec<usize>, Vec<f32>), expected: [[f32; 4]; 3]| {
        let expected = expected.iter().flat_map(|row| row.repeat(2));
        assert_eq!(shape, [3, 2, 4]);
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?}");
    };
    near(output(&["train"]), [[1.0; 4], [0.2; 4], [0.0; 4]]);
    // 20x24 in 40x24.
    let border = 114.0 / 255.0;
    let framed = |level| [border, level, level, border];
    near(output(&["yolov5"]), [1.0, 0.2, 0.0].map(framed));
    near(
        output(&["torchvision", "--resize=exact", "--mean=0.2", "--std=0.1,0.2,0.4"]),
        [[8.0; 4], [0.0; 4], [-0.5; 4]],
    );
    let error = run_in(&folder, &["run", "net.rs", "--weights", "w", "--image", "a.png", "--output", "z"]).error();
    assert_eq!(
        error,
        "Bright reads 3x24x40, and its preprocessing is not declared; use --preprocess train or yolov5, or another one with --resize"
    );
    assert_eq!(folder.names(), ["a.png", "net.rs", "w", "y"]);
}

#[test]
fn a_batch_gives_the_same_as_its_inputs_one_by_one() {
    let folder = Folder::new("a_batch");
    let weights = folder.file("w.safetensors", seeded::weights(LeNet5::GRAPH, ""));
    let inputs = seeded::uniform("batch", 3 * LENGTH);
    let x = folder.file("x.safetensors", input_file(&[3, 1, 32, 32], &inputs));
    let y = folder.path("y.safetensors");
    run_lenet5(Some(&weights), &x, &y).ok();
    let together = tensors(&y);
    let names = ["logits", "output"];
    assert!(names.iter().all(|name| together[*name].0 == [3, 10]));
    for (i, input) in inputs.chunks(LENGTH).enumerate() {
        let x = folder.file("x.safetensors", input_file(&[1, 32, 32], input));
        run_lenet5(Some(&weights), &x, &y).ok();
        let alone = tensors(&y);
        for name in names {
            assert_eq!(alone[name].1, together[name].1[10 * i..][..10], "{name} of input {i}");
        }
    }
}

#[test]
fn batches_of_one_and_of_none_keep_their_dimension() {
    let folder = Folder::new("small_batches");
    let y = folder.path("y.safetensors");
    for count in [1, 0] {
        let x = folder.file("x.safetensors", input_file(&[count, 1, 32, 32], &vec![0.5; count * LENGTH]));
        run_lenet5(None, &x, &y).ok();
        assert!(tensors(&y).values().all(|(shape, values)| *shape == [count, 10] && values.len() == count * 10));
    }
}

#[test]
fn given_weights_are_used() {
    let folder = Folder::new("given_weights");
    let weights = folder.file("w.safetensors", seeded::weights(LeNet5::GRAPH, "other "));
    let x = folder.file("x.safetensors", input_file(&[1, 32, 32], &seeded::uniform("x", LENGTH)));
    let [with, without] = ["with.safetensors", "without.safetensors"].map(|name| folder.path(name));
    run_lenet5(Some(&weights), &x, &with).ok();
    run_lenet5(None, &x, &without).ok();
    assert_ne!(tensors(&with)["output"], tensors(&without)["output"]);
}

#[test]
fn half_precision_is_read() {
    let folder = Folder::new("half_precision");
    // With few enough bits for all three types.
    let values: Vec<f32> = (0..LENGTH).map(|i| (i % 17) as f32 / 16.0).collect();
    let f16s: Vec<u8> = values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect();
    let bf16s: Vec<u8> = values.iter().flat_map(|value| bf16::from_f32(*value).to_le_bytes()).collect();
    let shape = [1, 32, 32];
    let files = [
        input_file(&shape, &values),
        file_of("input", Dtype::F16, &shape, &f16s),
        file_of("input", Dtype::BF16, &shape, &bf16s),
    ];
    let outputs = files.map(|file| {
        let x = folder.file("x.safetensors", file);
        let y = folder.path("y.safetensors");
        run_lenet5(None, &x, &y).ok();
        tensors(&y)
    });
    assert_eq!(outputs[0], outputs[1]);
    assert_eq!(outputs[0], outputs[2]);
}

#[test]
#[cfg(unix)]
fn an_older_output_is_replaced_where_a_link_leads_and_keeps_its_permissions() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let folder = Folder::new("an_older_output");
    let x = folder.file("x.safetensors", input_file(&[1, 32, 32], &[0.0; LENGTH]));
    let old = folder.file("old.safetensors", "old");
    fs::set_permissions(&old, fs::Permissions::from_mode(0o640)).unwrap();
    let link = folder.path("link.safetensors");
    symlink("old.safetensors", &link).unwrap();
    run_lenet5(None, &x, &link).ok();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&old).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(tensors(&old)["output"].0, [10]);
    assert_eq!(folder.names().len(), 3);
}

#[test]
#[cfg(unix)]
fn a_device_is_written_and_not_replaced() {
    let folder = Folder::new("a_device");
    let x = folder.file("x.safetensors", input_file(&[1, 32, 32], &[0.0; LENGTH]));
    run_lenet5(None, &x, Path::new("/dev/null")).ok();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}
