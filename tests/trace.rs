//! Nets layer by layer: every value against the reference executor, and the meaning of PyTorch's module names.

#[path = "support/close.rs"]
mod close;
#[path = "support/nets.rs"]
mod nets;
#[path = "support/stored.rs"]
mod stored;

use allocation_counter::measure;
use close::close;
use cnn::graph::{Graph, Value};
use cnn::reference::{RunError, run_with_aux};
use cnn::trace::{Trace, module, names, resolve};
use cnn::weights::{self, Source};
use cnn::{Network, network};
use cnn_runtime::exec::isa::Isa;
use models::seeded;
use nets::*;
use stored::stored;

/// Compares all values of two inputs in one run, on every instruction set, with the reference.
fn check<N: Network>() {
    let graph = N::GRAPH;
    let params = stored(graph, &seeded::weights(graph, ""));
    let inputs = seeded::uniform("inputs", 2 * graph.input().elements());
    let mut expected = inputs
        .chunks(graph.input().elements())
        .map(|input| run_with_aux(graph, &params, input).unwrap_or_else(|error| panic!("{error}")));
    let expected: [_; 2] = std::array::from_fn(|_| expected.next().expect("there are two"));
    for isa in Isa::all() {
        let mut seen = Vec::new();
        let traced = Trace::new(graph, &params).with_aux().on(isa).run(&inputs, |value, found| {
            for (expected, found) in expected.iter().zip(found.chunks(graph.shape(value).elements())) {
                let expected = expected.value(value).unwrap_or_else(|| panic!("no {value:?}"));
                close(&format!("{value:?} on {}", isa.name()), expected, found);
            }
            seen.push(value);
        });
        assert_eq!(traced, Ok(()));
        let inputs = (0..graph.inputs.len()).map(Value::Input);
        let all: Vec<Value> = inputs.chain((0..graph.nodes.len()).map(Value::Node)).collect();
        assert_eq!(seen, all);
    }
}

/// A test for each net.
macro_rules! tests {
    ($($test:ident: $net:ident;)*) => {
        $(
            #[test]
            fn $test() {
                check::<$net<'static>>();
            }
        )*
    };
}

for_each_net!(tests);

/// The values that a trace of a net hands out, with seeded weights except those in `without`.
fn seen(graph: &Graph<'_>, without: &str, aux: bool) -> Result<Vec<Value>, RunError> {
    let mut params =
        weights::read(graph, &Source::new(&seeded::weights(graph, ""))).unwrap_or_else(|error| panic!("{error}"));
    params.retain(|name, _| name != without);
    let trace = Trace::new(graph, &params);
    let trace = if aux { trace.with_aux() } else { trace };
    let mut seen = Vec::new();
    trace.run(&vec![0.5; graph.input().elements()], |value, _| seen.push(value)).map(|()| seen)
}

#[test]
fn auxiliary_classifiers_run_if_they_are_asked_for_and_have_their_tensors() {
    let graph = Auxiliary::GRAPH;
    let trunk: Vec<Value> = [Value::Input(0)]
        .into_iter()
        .chain((0..graph.nodes.len()).filter(|index| graph.nodes[*index].aux.is_none()).map(Value::Node))
        .collect();
    assert_eq!(seen(graph, "", false).as_ref(), Ok(&trunk));
    assert_eq!(seen(graph, "aux1.fc.bias", true).as_ref(), Ok(&trunk));
    assert_eq!(seen(graph, "", true).map(|seen| seen.len()), Ok(1 + graph.nodes.len()));
}

#[test]
fn what_cannot_be_run_is_an_error() {
    let name = "conv2.bias".to_owned();
    assert_eq!(seen(Auxiliary::GRAPH, &name, false), Err(RunError::Tensor { name, expected: 8, found: None }));
    let params = weights::read(LeNet5::GRAPH, &Source::new(&seeded::weights(LeNet5::GRAPH, ""))).unwrap();
    let trace = Trace::new(LeNet5::GRAPH, &params);
    assert_eq!(trace.run(&[0.0; 1025], |_, _| {}), Err(RunError::Input { expected: 1024, found: 1025 }));
    let mut lengths = Vec::new();
    assert_eq!(trace.run(&[], |_, found| lengths.push(found.len())), Ok(()));
    assert!(lengths.iter().all(|length| *length == 0));
}

network! {
    Long: 16x32x32 -> 16x32x32 { [conv(16, 1x1); 30]; }
}

#[test]
fn values_that_nothing_reads_any_more_are_freed() {
    let params = weights::read(Long::GRAPH, &Source::new(&seeded::weights(Long::GRAPH, ""))).unwrap();
    let input = vec![0.5; Long::GRAPH.input().elements()];
    let info = measure(|| Trace::new(Long::GRAPH, &params).run(&input, |_, _| {}).unwrap());
    // The input and the output of one convolution, a workspace with both and a second copy of the output, and a little more.
    let value = 4 * Long::GRAPH.input().elements() as u64;
    assert!(info.bytes_max < 6 * value, "{} bytes, a value has {value}", info.bytes_max);
}

network! {
    /// torchvision's `Bottleneck`, without the bottle's neck.
    block basic(channels) {
        add {
            conv1: conv(channels, 3x3, pad = 1, bias = false) -> bn1: batch_norm -> relu
                -> conv2: conv(channels, 3x3, pad = 1, bias = false) -> bn2: batch_norm;
            downsample: { conv(channels, 1x1, bias = false) -> batch_norm; };
        } -> relu;
    }

    block inception(channels) {
        concat {
            conv1x1: conv(channels, 1x1) -> relu;
            reduce3x3: conv(channels, 1x1) -> relu -> conv3x3: conv(channels, 3x3, pad = 1) -> relu;
        };
    }

    Named: 3x8x8 -> 5 {
        features: { conv(4, 3x3, pad = 1) -> relu -> max_pool(2x2); };
        layer1: { basic(4); [basic(4); 2]; };
        inception3a: inception(3);
        aux aux1(weight = 0.3) { global_avg_pool -> fc: linear(5); };
        stage: {
            relu6;
            aux inside(weight = 0.3) { global_avg_pool -> fc: linear(5); };
        };
        tap features;
        avgpool: global_avg_pool;
        fc: linear(5);
        tap logits;
        softmax;
    }
}

/// The kind of the layer whose output a value is, and its place among all layers.
fn found(name: &str, resolve: impl Fn(&Graph<'_>, &str) -> Option<Value>) -> Option<(&'static str, usize)> {
    let Value::Node(index) = resolve(Named::GRAPH, name)? else { return Some(("input", 0)) };
    Some((Named::GRAPH.nodes[index].op.name(), index))
}

/// The same for a layer with exactly this name.
fn node(name: &str) -> Option<(&'static str, usize)> {
    let index = Named::GRAPH.nodes.iter().rposition(|node| node.name == name)?;
    Some((Named::GRAPH.nodes[index].op.name(), index))
}

#[test]
fn a_module_is_a_layer_or_the_last_of_the_layers_in_it() {
    let module = |name| found(name, module);
    assert_eq!(module("layer1.0.conv1"), node("layer1.0.conv1"));
    assert_eq!(module("layer1.0.downsample.1"), node("layer1.0.downsample.1"));
    assert_eq!(module("layer1.0.downsample"), node("layer1.0.downsample.1"));
    assert_eq!(module("features.1").map(|(kind, _)| kind), Some("relu"));
    assert_eq!(module("features").map(|(kind, _)| kind), Some("max_pool"));
    // A block's last ReLU is part of it, and that of the last block is also that of all blocks.
    assert_eq!(module("layer1.1").map(|(kind, _)| kind), Some("relu"));
    assert!(module("layer1.0") < module("layer1.1") && module("layer1.1") < module("layer1.2"));
    assert_eq!(module("layer1"), module("layer1.2"));
    assert_eq!(module("inception3a").map(|(kind, _)| kind), Some("concat"));
    assert_eq!(module("avgpool"), node("avgpool"));
    assert_eq!(module("aux1"), node("aux1.fc"));
    // A classifier inside a group is not the group's output.
    assert_eq!(module("stage").map(|(kind, _)| kind), Some("relu6"));
    assert_eq!(module("stage.inside"), node("stage.inside.fc"));
    for unknown in ["layer", "layer1.", "layer1.3", "", "logits", "output"] {
        assert_eq!(module(unknown), None, "{unknown}");
    }
}

#[test]
fn the_net_s_own_names_come_before_modules() {
    let resolve = |name| found(name, resolve);
    assert_eq!(resolve("input"), Some(("input", 0)));
    assert_eq!(resolve("output").map(|(kind, _)| kind), Some("softmax"));
    assert_eq!(resolve("logits"), node("fc"));
    assert_eq!(resolve("aux1"), node("aux1.fc"));
    assert_eq!(resolve("features").map(|(kind, _)| kind), Some("relu6"), "the tap, not the group");
    assert_eq!(resolve("layer1.2.bn2"), node("layer1.2.bn2"));
    assert_eq!(resolve("fc2"), None);
}

network! {
    /// The branch's `relu` has the number 1, like the group, and its `tanh` 2, like `relu6`.
    Doubles: 2x4x4 -> 3x4x4 {
        concat { a: conv(2, 1x1) -> relu -> tanh; skip; } -> { conv(3, 1x1) -> relu; };
        relu6;
    }
}

#[test]
fn a_name_that_several_have_means_what_has_tensors_or_the_last() {
    let kind = |name| match module(Doubles::GRAPH, name) {
        Some(Value::Node(index)) => Doubles::GRAPH.nodes[index].op.name(),
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!([kind("1"), kind("1.0"), kind("2"), kind("a")], ["relu", "conv", "relu6", "conv"]);
    let Some(Value::Node(index)) = module(Doubles::GRAPH, "1") else { panic!("there is a module 1") };
    assert_eq!(Doubles::GRAPH.nodes[index].name, "1.1");
}

#[test]
fn every_name_is_listed_once_and_is_known() {
    let all = names(Named::GRAPH);
    assert!(all.iter().all(|name| resolve(Named::GRAPH, name).is_some()));
    assert!((1..all.len()).all(|i| !all[..i].contains(&all[i])), "{all:?}");
    for name in ["input", "output", "logits", "aux1", "features", "layer1", "layer1.0.downsample", "stage.inside.fc"] {
        assert!(all.contains(&name), "{name}");
    }
}

#[test]
fn the_instruction_set_that_was_asked_for_is_there() {
    Isa::from_env().unwrap_or_else(|why| panic!("{why}"));
}
