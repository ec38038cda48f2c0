//! `cnn trace`

use std::path::Path;

use cnn::reference;
use cnn::weights::{self, Source};
use models::{LeNet5, seeded};

use super::support::{Folder, Ran, input_file, run, tensors};

fn trace_lenet5(weights: &Path, input: &Path, output: &Path) -> Ran {
    let [trace, net, w, x, y] = ["trace", "lenet5", "--weights", "--input", "--output"].map(Path::new);
    run([trace, net, w, weights, x, input, y, output])
}

#[test]
fn every_layer_is_written_as_declared() {
    let folder = Folder::new("trace_every_layer");
    let file = seeded::weights(LeNet5::GRAPH, "");
    let input = seeded::uniform("x", 1024);
    let w = folder.file("w", &file);
    let x = folder.file("x", input_file(&[1, 32, 32], &input));
    let t = folder.path("t");
    assert_eq!(trace_lenet5(&w, &x, &t).ok(), "");
    let params = weights::read(LeNet5::GRAPH, &Source::new(&file)).unwrap();
    let expected = reference::run(LeNet5::GRAPH, &params, &input).unwrap();
    let written = tensors(&t);
    let names = [
        "act.1",
        "act.11",
        "act.2",
        "act.4",
        "act.5",
        "act.7",
        "act.9",
        "act.conv1",
        "act.conv2",
        "act.fc1",
        "act.fc2",
        "act.fc3",
        "logits",
        "output",
    ];
    assert_eq!(written.keys().collect::<Vec<_>>(), names);
    for (name, shape, value) in [
        ("act.conv1", &[6, 28, 28][..], cnn::trace::module(LeNet5::GRAPH, "conv1")),
        ("act.5", &[16, 5, 5], cnn::trace::module(LeNet5::GRAPH, "5")),
        ("output", &[10], Some(LeNet5::GRAPH.outputs[0].value)),
    ] {
        let (found_shape, found) = &written[name];
        assert_eq!(found_shape, shape, "{name}");
        let expected = expected.value(value.unwrap()).unwrap().to_f32();
        assert!(found.iter().zip(&expected).all(|(found, expected)| (found - expected).abs() < 1e-5), "{name}");
    }
}

#[test]
fn a_batch_gives_the_same_as_its_inputs_one_by_one() {
    let folder = Folder::new("trace_a_batch");
    let w = folder.file("w", seeded::weights(LeNet5::GRAPH, ""));
    let inputs = seeded::uniform("batch", 2 * 1024);
    let t = folder.path("t");
    let x = folder.file("x", input_file(&[2, 1, 32, 32], &inputs));
    trace_lenet5(&w, &x, &t).ok();
    let together = tensors(&t);
    assert_eq!(together["act.conv1"].0, [2, 6, 28, 28]);
    for (i, input) in inputs.chunks(1024).enumerate() {
        let x = folder.file("x", input_file(&[1, 32, 32], input));
        trace_lenet5(&w, &x, &t).ok();
        for (name, (_, alone)) in tensors(&t) {
            assert_eq!(alone, together[&name].1[i * alone.len()..][..alone.len()], "{name} of input {i}");
        }
    }
}

#[test]
fn problems_of_a_file_are_reported() {
    let folder = Folder::new("trace_wrong_files");
    let w = folder.file("w", seeded::weights(LeNet5::GRAPH, ""));
    let x = folder.file("x", input_file(&[1, 32, 32], &[0.0; 1024]));
    let t = folder.path("t");
    let other = folder.file("other", input_file(&[1, 28, 28], &[0.0; 784]));
    let error = trace_lenet5(&w, &other, &t).error();
    assert!(
        error.ends_with(
            "has `input` of shape [1, 28, 28], but lenet5 reads [1, 32, 32], or N of them as [N, 1, 32, 32]"
        )
    );
    let error = trace_lenet5(&x, &x, &t).errors();
    assert!(error.starts_with(&format!("{}: weights do not fit LeNet5: ", x.display())), "{error}");
    assert!(!t.exists());
    for read in [&w, &x] {
        let expected = format!("{} cannot be the output: it is also read", read.display());
        assert_eq!(trace_lenet5(&w, &x, read).error(), expected);
    }
}
