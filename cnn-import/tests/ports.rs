//! Models with several inputs and outputs.

mod again;
mod onnx;

use cnn_import::{File, Options};
use cnn_net::op::Shape;
use cnn_runtime::reference;
use onnx::{Model, input, node};

/// A convolution of `image`, to which numbers are added, one for each channel; both are outputs.
fn model(outputs: [&'static str; 2]) -> Model {
    let conv = Model::conv();
    Model {
        nodes: vec![
            node("Conv", &["image", "w"], &[outputs[1]], &[("pads", onnx::ints(&[1; 4]))]),
            node("Add", &[outputs[1], "per.channel"], &[outputs[0]], &[]),
        ],
        inputs: vec![input("image", &[1, 1, 5, 4]), input("per.channel", &[1, 2, 1, 1])],
        output: outputs[0],
        more_outputs: vec![outputs[1]],
        ..conv
    }
}

#[test]
fn they_have_the_names_of_the_file() {
    let file = File::new(model(["sum", "maps"]).encode());
    let net = file.import(&Options { name: Some("Net".to_owned()), ..Options::default() }).expect("a net");
    let text = net.declaration();
    assert!(text.contains("Net: { image: 1x5x4, per_channel: 2x1x1 } -> { sum: 2x5x4, maps: 2x5x4 } {"), "{text}");
    net.with(|graph| {
        again::read(text, graph).expect("the same net");
        let numbers: Vec<f32> = (0..22).map(|index| index as f32 / 8.0 - 1.0).collect();
        let outputs = reference::run(graph, &net.params().expect("numbers"), &numbers).expect("inputs of this length");
        let [sum, maps] = ["sum", "maps"].map(|name| outputs.output(name).expect("an output"));
        for (index, (sum, map)) in sum.data.iter().zip(&maps.data).enumerate() {
            assert_eq!(*sum, map + f64::from(numbers[20 + index / 20]));
        }
        assert_eq!(outputs.result().data, [&sum.data[..], &maps.data].concat());
    });
}

#[test]
fn names_that_are_no_fields_become_some() {
    for (outputs, names) in [
        (["52", "53"], ["output", "output_2"]),
        (["a.b", "A/b"], ["a_b", "a_b_2"]),
        (["self", "type"], ["output", "type"]),
        (["/head/out_0", "out-1"], ["head_out_0", "out_1"]),
    ] {
        let file = File::new(model(outputs).encode());
        let net = file.import(&Options::default()).expect("a net");
        net.with(|graph| {
            assert_eq!(graph.outputs.iter().map(|output| output.name).collect::<Vec<_>>(), names);
            again::read(net.declaration(), graph).unwrap_or_else(|why| panic!("{why}"));
        });
    }
}

#[test]
fn a_shape_is_given_for_a_single_input() {
    let file = File::new(model(["sum", "maps"]).encode());
    let options = Options { input: Some(Shape::map(1, 5, 4)), ..Options::default() };
    let error = file.import(&options).err().expect("an error").to_string();
    assert!(error.contains("it has 2 inputs, and a shape can be given for a single one"), "{error}");
}
