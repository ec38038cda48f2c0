//! How accurate plans are, compared with the reference executor in double precision.
//!
//! Normalisations with the statistics of a picture amplify rounding errors, as they amplify everything small. There a plan is
//! compared with that of the direct algorithm, elsewhere with a bound.

mod planned;
#[path = "planned/run.rs"]
mod run;

use std::collections::BTreeMap;

use cnn_compiler::plan::Plan;
use cnn_net::graph::{Graph, Node, Role, Value};
use cnn_net::op::Op;
use cnn_runtime::exec::run::Run;
use cnn_runtime::reference::{self, Params, Statistics, Tensor};
use cnn_runtime::weights::{self, Source};
use models::seeded;

/// Relative to the largest output.
const BOUND: f64 = 5e-6;

/// torchvision's `resnext50_32x4d`, with this many groups of 4 channels, for pictures of this size.
fn resnext50(groups: usize, side: usize) -> String {
    let [a, b, c, d] = [1, 2, 4, 8].map(|times| 4 * groups * times);
    format!(
        "block unit(mid, out = 2 * mid) {{
            add {{
                conv1: conv(mid, 1x1, bias = false) -> bn1: batch_norm -> relu
                    -> conv2: conv(mid, 3x3, pad = 1, groups = {groups}, bias = false) -> bn2: batch_norm -> relu
                    -> conv3: conv(out, 1x1, bias = false) -> bn3: batch_norm;
                skip;
            }} -> relu;
        }}
        block first(mid, stride, out = 2 * mid) {{
            add {{
                conv1: conv(mid, 1x1, bias = false) -> bn1: batch_norm -> relu
                    -> conv2: conv(mid, 3x3, stride = stride, pad = 1, groups = {groups}, bias = false) -> bn2: batch_norm -> relu
                    -> conv3: conv(out, 1x1, bias = false) -> bn3: batch_norm;
                downsample: {{ conv(out, 1x1, stride = stride, bias = false) -> batch_norm; }};
            }} -> relu;
        }}
        Net: 3x{side}x{side} -> 1000 {{
            conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu;
            max_pool(3x3, stride = 2, pad = 1);
            layer1: {{ first({a}, stride = 1); [unit({a}); 2]; }};
            layer2: {{ first({b}, stride = 2); [unit({b}); 3]; }};
            layer3: {{ first({c}, stride = 2); [unit({c}); 5]; }};
            layer4: {{ first({d}, stride = 2); [unit({d}); 2]; }};
            global_avg_pool -> fc: linear(1000);
        }}"
    )
}

/// A deep net with normalisations, whose first layer has a large window over few channels.
const NORMALISED: &str = "block unit(channels) {
        add {
            a: conv(channels, 3x3, pad = 1, bias = false) -> n1: batch_norm -> relu
                -> b: conv(channels, 3x3, pad = 1, groups = 4, bias = false) -> n2: batch_norm;
            skip;
        } -> relu;
    }
    Net: 3x48x48 -> 10 {
        conv1: conv(32, 7x7, stride = 2, pad = 3, bias = false) -> n1: batch_norm -> relu -> max_pool(2x2);
        units: [unit(32); 10];
        global_avg_pool -> fc: linear(10);
    }";

/// Nets without normalisations.
const PLAIN: [&str; 4] = [
    "Net: 3x24x24 -> 10 { c0: conv(8, 3x3, pad = 1) -> relu; c: [{ conv(8, 3x3, pad = 1) -> relu; }; 100];
        global_avg_pool -> fc: linear(10); }",
    "Net: 3x24x24 -> 10 { c0: conv(8, 5x5, pad = 2) -> relu;
        c: [{ conv(8, 3x3, pad = 1, groups = 4) -> relu; conv(8, 1x1) -> relu; }; 30]; global_avg_pool -> fc: linear(10); }",
    "Net: 3x64x64 -> 10 { a: [{ conv(64, 3x3, pad = 1) -> relu; }; 2]; max_pool(2x2);
        b: [{ conv(128, 3x3, pad = 1) -> relu; }; 2]; max_pool(2x2); c: [{ conv(128, 3x3, pad = 1) -> relu; }; 4]; max_pool(2x2);
        f1: linear(512) -> relu -> f2: linear(10); }",
    "Net: 3x96x96 -> 10 { c1: conv(32, 7x7, stride = 2, pad = 3) -> relu; c2: conv(64, 5x5, pad = 2) -> tanh;
        c3: conv(64, 5x5, pad = 2) -> max_pool(3x3, stride = 2) -> lrn; f1: linear(300) -> relu -> f2: linear(10); }",
];

/// The values of a net of a few kinds of layers; each normalisation first takes the mean and variance of its own input as its
/// statistics.
fn calibrate(graph: &Graph<'_>, params: &mut Params, input: &[f32]) {
    let input = Tensor::new(graph.input(), input);
    let mut values: Vec<Tensor> = Vec::new();
    for node in graph.nodes {
        let inputs: Vec<&Tensor> = node
            .inputs
            .iter()
            .map(|value| match value {
                Value::Input(_) => &input,
                Value::Node(index) => &values[*index],
            })
            .collect();
        let name = |role| node.tensors.iter().find(|tensor| tensor.role == role).map(|tensor| tensor.name.to_owned());
        if let Op::BatchNorm(_) = node.op {
            let [mean, var] = statistics(inputs[0]);
            params.extend(name(Role::RunningMean).map(|name| (name, mean)));
            params.extend(name(Role::RunningVar).map(|name| (name, var)));
        }
        let value = layer(node, &inputs, &|role| name(role).map_or(&[], |name| &params[&name]));
        values.push(value);
    }
}

/// Mean and variance of each channel.
fn statistics(input: &Tensor) -> [Vec<f32>; 2] {
    let area = input.shape.size().area();
    let channels = input.data.chunks_exact(area);
    let moments = channels.map(|values| {
        let mean = values.iter().sum::<f64>() / area as f64;
        (mean as f32, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / area as f64) as f32)
    });
    let (mean, var) = moments.unzip();
    [mean, var]
}

fn layer<'p>(node: &Node<'_>, inputs: &[&Tensor], tensor: &impl Fn(Role) -> &'p [f32]) -> Tensor {
    let input = inputs[0];
    match &node.op {
        Op::Conv(op) => reference::conv(op, input, tensor(Role::Weight), None),
        Op::Linear(op) => reference::linear(op, input, tensor(Role::Weight), Some(tensor(Role::Bias))),
        Op::MaxPool(op) => reference::max_pool(op, input),
        Op::GlobalAvgPool => reference::global_avg_pool(input),
        Op::BatchNorm(op) => {
            let [weight, bias] = [Role::Weight, Role::Bias].map(|role| Some(tensor(role)));
            let [mean, var] = [Role::RunningMean, Role::RunningVar].map(tensor);
            reference::batch_norm(op, input, &Statistics { weight, bias, mean, var })
        }
        Op::Activation(op) => {
            Tensor { shape: input.shape, data: input.data.iter().map(|x| reference::activate(*op, *x)).collect() }
        }
        Op::Add => reference::add(inputs),
        other => unreachable!("no {other:?} in these nets"),
    }
}

/// A safetensors file.
fn file(graph: &Graph<'_>, params: &Params) -> Vec<u8> {
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for tensor in graph.nodes.iter().flat_map(|node| node.tensors) {
        let begin = data.len();
        data.extend(params[tensor.name].iter().flat_map(|x| x.to_le_bytes()));
        let (name, shape, end) = (tensor.name, tensor.shape, data.len());
        entries.push(format!(r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{begin},{end}]}}"#));
    }
    let header = format!("{{{}}}", entries.join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend(data);
    file
}

/// The largest errors of several plans of one net, relative to the largest output: for each plan the worst of some pictures.
fn errors(plans: &[&Plan], seed: &str, calibrated: bool) -> Vec<f64> {
    let mut worst = vec![0.0; plans.len()];
    plans[0].describe("Net", "", |graph| {
        let seeded = seeded::weights(graph, seed);
        let mut params: BTreeMap<_, _> = weights::read(graph, &Source::new(&seeded)).expect("weights of the net");
        let elements = graph.input().elements();
        if calibrated {
            calibrate(graph, &mut params, &seeded::uniform(&format!("{seed} statistics"), elements));
        }
        let file = file(graph, &params);
        for picture in 0..2 {
            let input = seeded::uniform(&format!("{seed} {picture}"), elements);
            let outputs = reference::run(graph, &params, &input).expect("input and weights of the net");
            let expected = &outputs.result().data;
            let largest = expected.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
            for (plan, worst) in plans.iter().zip(&mut worst) {
                let (mut packed, mut ws) = (vec![0.0; plan.packed_len], vec![0.0; plan.workspace_len]);
                weights::load(graph, &plan.recipe(), &Source::new(&file), &mut packed).expect("weights of the net");
                run::run(plan, Run::best(), &packed, &input, &mut ws);
                let found = &ws[plan.output.offset..][..plan.output.len];
                let errors = expected.iter().zip(found).map(|(expected, found)| (expected - f64::from(*found)).abs());
                *worst = errors.fold(*worst, |worst: f64, error| worst.max(error / largest));
            }
        }
    });
    worst
}

fn plan(source: &str) -> Plan {
    planned::plan(source).unwrap_or_else(|error| panic!("{source}\n{error}"))
}

fn exact(source: &str) -> Plan {
    plan(&source.replace("Net:", "#[algorithm(exact)] Net:"))
}

#[test]
fn nets_without_normalisations_keep_the_bound() {
    for source in PLAIN {
        let error = errors(&[&plan(source)], "plain", false)[0];
        println!("{error:.1e} {source}");
        assert!(error <= BOUND, "{error:e}: {source}");
    }
}

#[test]
fn normalised_nets_are_about_as_exact_as_the_direct_algorithm() {
    for source in [NORMALISED, &resnext50(8, 64)] {
        let (plan, exact) = (plan(source), exact(source));
        let [error, least] = errors(&[&plan, &exact], "normalised", true)[..] else { unreachable!("two plans") };
        println!("{error:.1e}, exact {least:.1e}");
        assert!(error <= (1.5 * least).max(BOUND), "{error:e}, exact {least:e}: {source}");
        let seeded = errors(&[&plan], "seeded", false)[0];
        assert!(seeded <= BOUND, "{seeded:e}: {source}");
    }
}

/// The same with the statistics of the input itself.
#[test]
fn nets_that_normalise_their_inputs_are_about_as_exact_as_the_direct_algorithm() {
    for norm in ["layer_norm", "layer_norm(over = all)", "group_norm(4)", "instance_norm", "rms_norm", "scale"] {
        let source = NORMALISED.replace("batch_norm", norm);
        let (plan, exact) = (plan(&source), exact(&source));
        let [error, least] = errors(&[&plan, &exact], "seeded", false)[..] else { unreachable!("two plans") };
        println!("{error:.1e}, exact {least:.1e}: {norm}");
        assert!(error <= (1.75 * least).max(BOUND), "{error:e}, exact {least:e}: {source}");
    }
}

/// A net whose normalisations are folded into weights has the algorithms of the net with them, if an attribute says so.
#[test]
fn folded_normalisations_count_if_an_attribute_says_so() {
    let algorithms = |source: &str| -> Vec<_> {
        plan(source).calls.iter().map(|call| (call.name.clone(), call.kernel.algorithm().to_string())).collect()
    };
    let source = resnext50(32, 224);
    let folded = source.replace(", bias = false)", ")").replace("batch_norm", "dropout");
    assert_ne!(algorithms(&folded), algorithms(&source));
    assert_eq!(algorithms(&folded.replace("Net:", "#[algorithm(folded)] Net:")), algorithms(&source));
}

/// The first layer of a ResNeXt is computed directly; the other layers keep Winograd's algorithm.
#[test]
fn a_resnext_computes_its_first_layer_as_it_is() {
    let plan = plan(&resnext50(32, 224));
    let first = plan.calls.iter().find(|call| call.name == "conv1");
    assert_eq!(first.map(|call| call.kernel.function()), Some("conv2d"));
    let tiles = plan.calls.iter().filter(|call| call.kernel.function() == "winograd2d").count();
    assert!(tiles >= 8, "{tiles}");
}
