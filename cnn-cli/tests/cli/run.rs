//! `cnn run`, when all goes well.

use std::fs;
use std::path::Path;

use half::{bf16, f16};
use models::{LeNet5, seeded};
use safetensors::Dtype;

use super::support::{Folder, Ran, file_of, input_file, run, tensors};

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
