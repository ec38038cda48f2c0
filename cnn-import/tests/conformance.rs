//! The cases of the crate `conformance`, ONNX's own backend tests, as models of one node: imported, and computed in double precision.

mod onnx;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cnn_import::{File, Options};
use cnn_runtime::reference;
use onnx::{Model, float, float_tensor, input, int, ints, node, text};
use safetensors::SafeTensors;
use serde_json::Value;

type Tensors = BTreeMap<String, (Vec<u64>, Vec<f32>)>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance")
}

fn tensors(name: &str) -> Tensors {
    let file = fs::read(folder().join("cases").join(format!("{name}.safetensors"))).expect("a file");
    let file = SafeTensors::deserialize(&file).expect("tensors");
    let read = |(name, view): (&str, safetensors::tensor::TensorView<'_>)| {
        let numbers = view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        (name.to_owned(), (view.shape().iter().map(|size| *size as u64).collect(), numbers))
    };
    file.iter().map(read).collect()
}

/// An attribute as a file has it; nothing, if it is no attribute of ONNX's.
fn attribute(name: &str, value: &Value, all: &Value) -> Option<Vec<u8>> {
    let is_same = all["auto_pad"].as_str().is_some_and(|auto| auto != "NOTSET");
    match (name, value) {
        ("krizhevsky" | "slope", _) => None,
        // What follows from `auto_pad`.
        ("pads", _) if is_same => None,
        (_, Value::Array(list)) => {
            Some(ints(&list.iter().map(|it| it.as_i64().expect("a number")).collect::<Vec<_>>()))
        }
        (_, Value::String(word)) => Some(text(word)),
        (_, Value::Bool(flag)) => Some(int((*flag).into())),
        (_, Value::Number(number)) if number.is_i64() && name != "ratio" => number.as_i64().map(int),
        (_, Value::Number(number)) => Some(float(number.as_f64().expect("a number") as f32)),
        (_, other) => panic!("{other}"),
    }
}

/// The shape of a sample; functions of single numbers take vectors, too.
fn sample(op: &str, shape: &[u64]) -> Vec<u64> {
    match shape {
        [_, _, ..] if ["Softmax", "LogSoftmax"].contains(&op) || [2, 4].contains(&shape.len()) => {
            [&[1], &shape[1..]].concat()
        }
        // With slopes for all of its numbers.
        [_, _, _] if op == "PRelu" => [&[1], shape].concat(),
        _ => vec![1, shape.iter().product()],
    }
}

fn model(case: &Value, tensors: &Tensors) -> Model {
    let op = case["op"].as_str().expect("an operator");
    let attributes = case["attributes"].as_object().expect("attributes");
    let mut attributes: Vec<(&str, Vec<u8>)> = attributes
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), attribute(name, value, &case["attributes"])?)))
        .collect();
    if op == "Linear" {
        attributes.push(("transB", int(1)));
    }
    let weights =
        ["weight", "scale", "slope", "bias", "mean", "var"].into_iter().filter(|it| tensors.contains_key(*it));
    let names: Vec<&str> = ["x"].into_iter().chain(weights.clone()).collect();
    let initializers = weights.map(|name| {
        let (shape, numbers) = &tensors[name];
        float_tensor(name, shape, numbers)
    });
    Model {
        opset: case["opset"].as_u64().expect("a version").max(13),
        nodes: vec![node(if op == "Linear" { "Gemm" } else { op }, &names, &["y"], &attributes)],
        initializers: initializers.collect(),
        inputs: vec![input("x", &sample(op, &tensors["input"].0))],
        output: "y",
        more_outputs: Vec::new(),
    }
}

/// Whether each number of the output is the expected one, by ONNX's rule.
fn check(case: &Value) {
    let name = case["name"].as_str().expect("a name");
    let tensors = tensors(name);
    let model = model(case, &tensors);
    let samples =
        sample(case["op"].as_str().expect("an operator"), &tensors["input"].0).iter().product::<u64>() as usize;
    let file = File::new(model.encode());
    let net = file.import(&Options::default()).unwrap_or_else(|why| panic!("{name}: {why}"));
    let params = net.params().expect("numbers");
    let [rtol, atol] = ["rtol", "atol"].map(|it| case[it].as_f64().expect("a tolerance"));
    net.with(|graph| {
        let samples = tensors["input"].1.chunks(samples);
        let found = samples.flat_map(|sample| match reference::run(graph, &params, sample) {
            Ok(outputs) => outputs.result().data.clone(),
            Err(why) => panic!("{name}: {why}"),
        });
        let found: Vec<f64> = found.collect();
        let expected = &tensors["output"].1;
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, expected) in found.iter().zip(expected) {
            let expected = f64::from(*expected);
            let near = (found - expected).abs() <= atol + rtol * expected.abs();
            assert!(near, "{name}: {found}, expected {expected}:\n{}", net.declaration());
        }
    });
}

#[test]
fn onnx_agrees_with_what_its_operators_become() {
    let text = fs::read_to_string(folder().join("cases.json")).expect("cases");
    let cases: Value = serde_json::from_str(&text).expect("cases");
    let mut checked = 0;
    for case in cases["cases"].as_array().expect("a list") {
        match case["op"].as_str().expect("an operator") {
            // Their cases are of two inputs and more, which `model` doesn't make.
            "Add" | "Concat" => {}
            // Steps and losses of training, which are no layers.
            "Adam" | "Momentum" | "SoftmaxCrossEntropyLoss" => {
                let model = model(case, &tensors(case["name"].as_str().expect("a name")));
                let error = File::new(model.encode()).import(&Options::default()).err().expect("an error").to_string();
                assert!(error.contains("no layer computes it"), "{error}");
            }
            "BatchNormalization" if case["attributes"]["training_mode"] == true => {
                let model = model(case, &tensors(case["name"].as_str().expect("a name")));
                let error = File::new(model.encode()).import(&Options::default()).err().expect("an error").to_string();
                assert!(error.contains("training mode"), "{error}");
            }
            _ => {
                check(case);
                checked += 1;
            }
        }
    }
    assert!(checked > 60, "{checked} cases");
}
