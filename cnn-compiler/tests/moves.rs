//! Layers against PyTorch's results in double precision, which scripts in `tools` store.

mod planned;

use cnn_net::graph::Graph;
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::reference::{Params, run};
use cnn_runtime::trace::Trace;
use planned::plan;

/// A case: a net of one layer, without its name, and what it makes of an input.
struct Case<'a> {
    shapes: &'a str,
    layer: &'a str,
    input: Vec<f32>,
    output: Vec<f64>,
}

/// The cases of a file: a line for the layer, one for its input and one for its output.
fn cases(text: &str) -> Vec<Case<'_>> {
    let lines: Vec<&str> = text.lines().collect();
    let (cases, rest) = lines.as_chunks();
    assert!(rest.is_empty(), "three lines a case");
    cases
        .iter()
        .map(|[head, input, output]| {
            let (shapes, layer) = head.split_once(": ").expect("shapes, and a layer");
            let input = input.split(' ').map(|number| number.parse().expect("a number")).collect();
            let output = output.split(' ').map(|number| number.parse().expect("a number")).collect();
            Case { shapes, layer, input, output }
        })
        .collect()
}

/// Asserts that numbers are those of PyTorch, relative to the largest of these.
fn assert_close(case: &Case<'_>, found: &[f64], tolerance: f64, what: &str) {
    let largest = case.output.iter().fold(0.0, |largest: f64, number| largest.max(number.abs()));
    assert_eq!(found.len(), case.output.len(), "{}", case.layer);
    for (at, (found, expected)) in found.iter().zip(&case.output).enumerate() {
        let close = (found - expected).abs() <= tolerance * largest;
        assert!(close, "{} -> {}, {what}: {found} at {at}, not {expected}", case.shapes, case.layer);
    }
}

/// The reference, and the kernels on every instruction set.
fn check(graph: &Graph<'_>, case: &Case<'_>) {
    let params = Params::new();
    let outputs = run(graph, &params, &case.input).expect("a net without weights");
    assert_close(case, &outputs.result().data, 1e-12, "in the reference");
    for isa in Isa::all() {
        let traced = Trace::new(graph, &params).on(isa).run(&case.input, |value, found| {
            if value == graph.result {
                let found: Vec<f64> = found.iter().map(|number| f64::from(*number)).collect();
                assert_close(case, &found, 1e-6, isa.name());
            }
        });
        assert_eq!(traced, Ok(()));
    }
}

#[test]
fn layers_that_move_numbers_or_resize_maps() {
    for case in cases(include_str!("torch/moves.txt")) {
        let source = format!("Net: {} {{ {}; }}", case.shapes, case.layer);
        let plan = plan(&source).unwrap_or_else(|error| panic!("{source}\n{error}"));
        plan.describe("Net", "", |graph| check(graph, &case));
    }
}
