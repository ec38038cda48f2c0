//! Layers against PyTorch, in double precision: `tools/torch_layers.py` wrote the cases.

mod planned;
#[path = "planned/run.rs"]
mod run;

use cnn_compiler::plan::Range;
use cnn_net::graph::{Graph, Value};
use cnn_runtime::exec::run::Run;
use cnn_runtime::reference;
use cnn_runtime::trace::Trace;
use cnn_runtime::weights::{self, Source};

const CASES: &str = include_str!("data/layers.txt");

/// Of the reference, relative to the largest number: both have roundings of their own.
const EXACT: f64 = 1e-12;
/// Of single precision.
const SINGLE: f64 = 1e-5;

struct Case<'a> {
    /// `layer_norm(eps = 0.1)`
    call: &'a str,
    /// `4x3x2 -> 4x3x2`
    shapes: &'a str,
    input: Vec<f32>,
    /// Role, shape and numbers.
    tensors: Vec<(&'a str, &'a str, Vec<f32>)>,
    output: Vec<f64>,
}

fn numbers<T: std::str::FromStr>(text: &str) -> Vec<T> {
    text.split(' ').map(|number| number.parse().unwrap_or_else(|_| panic!("a number, not {number}"))).collect()
}

impl<'a> Case<'a> {
    fn read(text: &'a str) -> Self {
        let mut lines = text.lines();
        let (call, shapes) = (lines.next().expect("a call"), lines.next().expect("shapes"));
        let mut case = Self { call, shapes, input: Vec::new(), tensors: Vec::new(), output: Vec::new() };
        for line in lines {
            let (role, rest) = line.split_once(' ').expect("a role and numbers");
            match role {
                "input" => case.input = numbers(rest),
                "output" => case.output = numbers(rest),
                role => {
                    let (shape, rest) = rest.split_once(' ').expect("a shape and numbers");
                    case.tensors.push((role, shape, numbers(rest)));
                }
            }
        }
        case
    }

    /// Its tensors as a file.
    fn file(&self) -> Vec<u8> {
        let (mut header, mut data) = (Vec::new(), Vec::new());
        for (role, shape, numbers) in &self.tensors {
            let begin = data.len();
            data.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
            let (shape, end) = (shape.replace('x', ","), data.len());
            header
                .push(format!(r#""layer.{role}":{{"dtype":"F32","shape":[{shape}],"data_offsets":[{begin},{end}]}}"#));
        }
        let header = format!("{{{}}}", header.join(","));
        let header = format!("{header:<width$}", width = header.len().next_multiple_of(8));
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
    }

    #[track_caller]
    fn check(&self, what: &str, found: impl Iterator<Item = f64>, tolerance: f64) {
        let scale = self.output.iter().fold(0.0_f64, |scale, x| scale.max(x.abs()));
        let found: Vec<f64> = found.collect();
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance * scale;
        let all = found.len() == self.output.len() && found.iter().zip(&self.output).all(near);
        assert!(all, "{} of {}, {what}: {found:?}, not {:?}", self.call, self.shapes, self.output);
    }

    /// The reference, a trace, and the compiled net.
    fn run(&self) {
        let source = format!("Net: {} {{ layer: {}; }}", self.shapes, self.call);
        let plan = planned::plan(&source).unwrap_or_else(|error| panic!("{source}\n{error}"));
        let mut packed = vec![0.0; plan.packed_len];
        plan.describe("Net", "", |graph: &Graph<'_>| {
            let file = self.file();
            let file = Source::new(&file);
            let params = weights::read(graph, &file).unwrap_or_else(|error| panic!("{source}\n{error}"));
            let outputs = reference::run(graph, &params, &self.input).expect("inputs of the net");
            self.check("the reference", outputs.result().data.iter().copied(), EXACT);
            let mut traced = Vec::new();
            let each = |value, numbers: &[f32]| {
                if let Value::Node(_) = value {
                    traced = numbers.to_vec();
                }
            };
            Trace::new(graph, &params).run(&self.input, each).expect("inputs of the net");
            self.check("a trace", traced.iter().map(|x| f64::from(*x)), SINGLE);
            weights::load(graph, &plan.recipe(), &file, &mut packed)
                .unwrap_or_else(|error| panic!("{source}\n{error}"));
        });
        let mut workspace = vec![f32::NAN; plan.workspace_len];
        run::run(&plan, Run::best(), &packed, &self.input, &mut workspace);
        let Range { offset, len } = plan.output;
        self.check("the compiled net", workspace[offset..][..len].iter().map(|x| f64::from(*x)), SINGLE);
    }
}

#[test]
fn layers_are_pytorchs() {
    let cases: Vec<Case<'_>> = CASES.split("\n\n").map(Case::read).collect();
    cases.iter().for_each(Case::run);
    assert!(cases.len() > 40, "{} cases", cases.len());
}
