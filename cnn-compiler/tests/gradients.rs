//! Gradients of layers against PyTorch: the cases that `tools/torch_gradients.py` writes.

mod planned;

use std::collections::BTreeMap;

use cnn_net::graph::{Graph, Value};
use cnn_runtime::reference::Tensor;
use cnn_runtime::reference::training::{Mode, Parameters, forward};

/// Both sides compute in double precision.
const EXACT: f64 = 1e-12;

/// A net with its tensors, a minibatch, the gradient of its output, and PyTorch's numbers.
#[derive(Default)]
struct Case {
    net: String,
    images: usize,
    frozen: bool,
    /// `input`, `upstream`, `output`, and the tensors by their names.
    numbers: BTreeMap<String, Vec<f64>>,
    /// Of the input, and of the tensors by their names.
    gradients: BTreeMap<String, Vec<f64>>,
    /// Running statistics after the minibatch.
    after: Parameters,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in include_str!("torch/gradients.txt").lines() {
        let (name, rest) = line.split_once(' ').expect("a name and what it names");
        if name == "net" {
            cases.push(Case { net: rest.to_owned(), ..Case::default() });
            continue;
        }
        let case = cases.last_mut().expect("a net comes first");
        let numbers = |text: &str| text.split(' ').map(|number| number.parse().expect("a number")).collect();
        let named = || rest.split_once(' ').map(|(name, text)| (name.to_owned(), numbers(text))).expect("a name");
        match name {
            "images" => case.images = rest.parse().expect("a number"),
            "frozen" => case.frozen = rest == "true",
            "d" => case.gradients.extend([named()]),
            "after" => case.after.extend([named()]),
            _ => drop(case.numbers.insert(name.to_owned(), numbers(rest))),
        }
    }
    cases
}

#[track_caller]
fn close(what: &str, expected: &[f64], found: &[f64]) {
    assert_eq!(expected.len(), found.len(), "{what}");
    let scale = expected.iter().fold(1e-30_f64, |scale, x| scale.max(x.abs()));
    for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
        let near = (expected - found).abs() <= EXACT * scale;
        assert!(near, "{what}\n[{index}]: {found}, expected {expected} (largest {scale})");
    }
}

fn joined(batch: &[Tensor]) -> Vec<f64> {
    batch.iter().flat_map(|tensor| tensor.data.iter().copied()).collect()
}

impl Case {
    fn check(&self, graph: &Graph<'_>) {
        let net = &self.net;
        let input: Vec<f32> = self.numbers["input"].iter().map(|x| *x as f32).collect();
        let batch: Vec<&[f32]> = input.chunks_exact(input.len() / self.images).collect();
        let mode = Mode { seed: 1, step: 1, frozen: &|_| self.frozen };
        let pass = forward(graph, &self.numbers, &batch, mode).unwrap_or_else(|error| panic!("{net}\n{error}"));
        close(&format!("{net}\noutput"), &self.numbers["output"], &joined(pass.value(graph.outputs[0].value)));

        let upstream = self.numbers["upstream"].chunks_exact(graph.output().elements());
        let upstream = upstream.map(|data| Tensor { shape: graph.output(), data: data.to_vec() }).collect();
        let backward =
            pass.backward(&[(graph.outputs[0].value, upstream)]).unwrap_or_else(|error| panic!("{net}\n{error}"));
        let of_input = backward.value(Value::Input(0)).expect("the output depends on the input");
        close(&format!("{net}\ninput"), &self.gradients["input"], &joined(of_input));
        if !self.frozen {
            assert_eq!(self.gradients.len(), 1 + backward.parameters.len(), "{net}");
        }
        for (name, found) in &backward.parameters {
            close(&format!("{net}\n{name}"), &self.gradients[name], found);
        }

        let running = pass.running();
        assert_eq!(running.len(), self.after.len(), "{net}");
        for (name, found) in running {
            close(&format!("{net}\n{name} after it"), &self.after[name], found);
        }
    }
}

#[test]
fn gradients_agree_with_pytorch() {
    let cases = cases();
    assert!(cases.len() > 140, "{} cases", cases.len());
    for case in cases {
        let plan = planned::plan(&case.net).unwrap_or_else(|error| panic!("{}\n{error}", case.net));
        plan.describe("Net", "", |graph| case.check(graph));
    }
}

/// Every layer that can be trained is in a case, and so is every activation.
#[test]
fn no_layer_is_left_out() {
    let nets: String = cases().iter().map(|case| format!("{} ", case.net)).collect();
    let words: Vec<_> = nets.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    // Layers by the user are compared with those of the language, in `tests/train_user.rs`.
    let trained = cnn_net::op::Op::layers()
        .filter(|layer| layer.differentiable().is_ok() && !matches!(layer, cnn_net::op::Op::Custom(_)));
    // `upsample` is `resize` with another size.
    let missing: Vec<_> =
        trained.map(|layer| layer.name()).filter(|name| *name != "upsample" && !words.contains(name)).collect();
    assert_eq!(missing, [""; 0]);
}
