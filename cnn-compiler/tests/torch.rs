//! Layers against PyTorch: the cases of `torch`, which `tools/torch_….py` write.

mod planned;
#[path = "planned/run.rs"]
mod run;
mod written;

use std::fmt::Write as _;

use cnn_net::graph::{Graph, Value};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::reference::{self, Params};
use cnn_runtime::trace::Trace;
use cnn_runtime::weights::{self, Source};
use run::run;

/// Of the reference, in double precision.
const EXACT: f64 = 1e-12;
/// Of kernels, in single precision.
const TOLERANCE: f64 = 1e-5;

const CASES: [&str; 3] =
    [include_str!("torch/norms.txt"), include_str!("torch/moves.txt"), include_str!("torch/decoders.txt")];

/// A net with its tensors, an input, and PyTorch's output.
#[derive(Default)]
struct Case {
    net: String,
    params: Params,
    input: Vec<f32>,
    output: Vec<f64>,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in CASES.iter().flat_map(|cases| cases.lines()) {
        let (name, rest) = line.split_once(' ').expect("a name and what it names");
        let numbers = || rest.split(' ').map(|number| number.parse::<f64>().expect("a number"));
        if name == "net" {
            cases.push(Case { net: rest.to_owned(), ..Case::default() });
            continue;
        }
        let case = cases.last_mut().expect("a net comes first");
        let floats = || numbers().map(|number| number as f32).collect::<Vec<f32>>();
        match name {
            "input" => case.input = floats(),
            "output" => case.output = numbers().collect(),
            _ => drop(case.params.insert(name.to_owned(), floats())),
        }
    }
    assert!(cases.len() > 200, "{} cases", cases.len());
    cases
}

/// The tensors as a safetensors file.
fn file(graph: &Graph<'_>, params: &Params) -> Vec<u8> {
    let (mut header, mut data) = (String::from("{"), Vec::new());
    for tensor in graph.nodes.iter().flat_map(|node| node.tensors) {
        let start = data.len();
        data.extend(params[tensor.name].iter().flat_map(|value| value.to_le_bytes()));
        let comma = if start > 0 { "," } else { "" };
        let (name, shape, end) = (tensor.name, tensor.shape, data.len());
        let _ = write!(header, r#"{comma}"{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{start},{end}]}}"#);
    }
    header.push('}');
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

#[track_caller]
fn close(what: &str, expected: &[f64], found: impl ExactSizeIterator<Item = f64>, tolerance: f64) {
    assert_eq!(expected.len(), found.len(), "{what}");
    let scale = expected.iter().fold(1e-30_f64, |scale, x| scale.max(x.abs()));
    for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
        let near = (expected - found).abs() <= tolerance * scale;
        assert!(near, "{what}\n[{index}]: {found}, expected {expected} (largest {scale})");
    }
}

fn floats(values: &[f32]) -> impl ExactSizeIterator<Item = f64> {
    values.iter().map(|value| f64::from(*value))
}

#[test]
fn the_reference_agrees_with_pytorch() {
    for Case { net, params, input, output } in cases() {
        let plan = planned::plan(&net).unwrap_or_else(|error| panic!("{net}\n{error}"));
        plan.describe("Net", "", |graph| {
            let found = reference::run(graph, &params, &input).unwrap_or_else(|error| panic!("{net}\n{error}"));
            close(&net, &output, found.result().data.iter().copied(), EXACT);
        });
    }
}

#[test]
fn traces_agree_with_pytorch() {
    for Case { net, params, input, output } in cases() {
        let plan = planned::plan(&net).unwrap_or_else(|error| panic!("{net}\n{error}"));
        plan.describe("Net", "", |graph| {
            for isa in Isa::all() {
                let traced = Trace::new(graph, &params).on(isa).run(&input, |value, found| {
                    if value == graph.outputs[0].value && value != Value::Input(0) {
                        close(&net, &output, floats(found), TOLERANCE);
                    }
                });
                traced.unwrap_or_else(|error| panic!("{net}\n{error}"));
            }
        });
    }
}

#[test]
fn plans_agree_with_pytorch() {
    for Case { net, params, input, output } in cases() {
        let plan = planned::plan(&net).unwrap_or_else(|error| panic!("{net}\n{error}"));
        let mut packed = vec![0.0; plan.packed_len];
        plan.describe("Net", "", |graph| {
            let file = file(graph, &params);
            let loaded = weights::load(graph, &plan.recipe(), &Source::new(&file), &mut packed);
            loaded.unwrap_or_else(|error| panic!("{net}\n{error}"));
        });
        for isa in Isa::all() {
            let mut workspace = vec![f32::NAN; plan.workspace_len];
            run(&plan, isa.into(), &packed, &input, &mut workspace);
            close(&net, &output, floats(&workspace[plan.output.offset..][..plan.output.len]), TOLERANCE);
        }
    }
}

#[test]
fn nets_are_written_and_read_again() {
    for Case { net, .. } in cases() {
        written::check(&planned::plan(&net).unwrap_or_else(|error| panic!("{net}\n{error}")));
    }
}
