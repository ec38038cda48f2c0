//! What the language allows, and the names that result: everything here compiles, and the description of each net shows how
//! it was understood.

use cnn::Network;
use cnn::graph::Graph;
use cnn::op::{Activation, Op, Padding, Size, Store};

/// The names of the layers that have tensors.
fn names<N: Network>() -> Vec<&'static str> {
    let graph: &'static Graph<'static> = N::GRAPH;
    graph.nodes.iter().filter(|node| !node.tensors.is_empty()).map(|node| node.name).collect()
}

/// Window, stride and padding of all convolutions and pools.
fn windows<N: Network>() -> Vec<(Size, Size, Padding)> {
    N::GRAPH
        .nodes
        .iter()
        .filter_map(|node| match node.op {
            Op::Conv(conv) => Some((conv.kernel, conv.stride, conv.pad)),
            Op::MaxPool(pool) | Op::AvgPool(pool) => Some((pool.kernel, pool.stride, pool.pad)),
            _ => None,
        })
        .collect()
}

fn filters<N: Network>() -> Vec<usize> {
    let conv = |op| if let Op::Conv(conv) = op { Some(conv.filters) } else { None };
    N::GRAPH.nodes.iter().filter_map(|node| conv(node.op)).collect()
}

#[test]
fn sizes_can_be_written_in_several_ways() {
    cnn::network! {
        Sizes: 2x16x16 -> 2x12x16 {
            conv(2, 2x2) -> conv(2, 2 x 2) -> conv(2, (2, 2)) -> conv(2, 2) -> conv(2, 2x 2) -> conv(2, 2 x2);
            conv(2, 1x3, pad = (0, 3)) -> conv(2, 3x1, pad = (1, 2, 3, 0));
            max_pool(1 x 1, stride = 1,);
        }
    }
    let two = Size::square(2);
    let (ones, none) = (Size::square(1), Padding::NONE);
    let mut expected = vec![(two, ones, none); 6];
    expected.push((Size::new(1, 3), ones, Padding::symmetric(0, 3)));
    expected.push((Size::new(3, 1), ones, Padding { top: 1, left: 2, bottom: 3, right: 0 }));
    expected.push((ones, ones, none));
    assert_eq!(windows::<Sizes<'_>>(), expected);
}

#[test]
fn one_block_makes_a_family() {
    cnn::network! {
        const WIDTH = 8;
        block body(first, second) {
            stem: conv(WIDTH, 3x3, pad = 1) -> relu;
            layer1: [{ conv1: conv(WIDTH, 3x3, pad = 1); }; first];
            layer2: [{ conv1: conv(2 * WIDTH, 3x3, pad = 1); }; second];
        }
        Small: 3x8x8 -> 16x8x8 { ..body(1, 1); }
        Large: 3x8x8 -> 10 { ..body(2, 1) -> fc: linear(10); }
    }
    assert_eq!(names::<Small<'_>>(), ["stem", "layer1.0.conv1", "layer2.0.conv1"]);
    assert_eq!(names::<Large<'_>>(), ["stem", "layer1.0.conv1", "layer1.1.conv1", "layer2.0.conv1", "fc"]);
    assert!(Small::GRAPH.nodes.iter().all(|node| node.calls.is_empty()));
}

#[test]
fn names_need_not_be_words() {
    cnn::network! {
        Named: 4x3x3 -> 2 {
            "block1-0": conv(4, 1x1) -> relu -> 5: conv(4, 1x1) -> conv(4, 1x1) -> "é.b c": conv(4, 1x1);
            "block1_0": { linear(2); };
        }
    }
    assert_eq!(names::<Named<'_>>(), ["block1-0", "5", "6", "é.b c", "block1_0.0"]);
}

#[test]
fn kept_values_can_be_read_anywhere_inside() {
    use cnn::graph::Value;

    cnn::network! {
        block up(other) { concat { skip; from other; } -> conv(4, 1x1); }
        Kept: 4x3x3 -> 4x3x3 {
            keep image;
            a: conv(4, 1x1);
            tap a;
            { add { skip; { b: conv(4, 1x1) -> keep_is_a_name: relu; keep b; add { from b; from image; }; }; }; };
            c: up(image) -> d: up(a);
        }
    }
    let inputs = |name: &str| Kept::GRAPH.nodes.iter().find(|node| node.name == name).map(|node| node.inputs);
    assert_eq!(inputs("c.0"), Some(&[Value::Node(4), Value::Input(0)][..]));
    assert_eq!(inputs("d.0"), Some(&[Value::Node(6), Value::Node(0)][..]));
}

#[test]
fn comments_and_trailing_commas_mean_nothing() {
    cnn::network! {
        // Before a block.
        block wide(
            width, // a parameter
            times = 2,
        ) {
            /* A step. */ conv(times * width, 1x1,) -> relu;
        }

        Commented: 1x4x4 -> 6x4x4 {
            wide(3,); // After a step.
        }
    }
    assert_eq!(filters::<Commented<'_>>(), [6]);
}

#[test]
fn arithmetic_is_that_of_whole_numbers() {
    cnn::network! {
        block many(a, b = a + 1, c = 2 * b - a) {
            conv(a + b * c, 1) -> conv((a + b) * c, 1) -> conv(17 / 5 % 2, 1) -> conv(10 - 3 - 2, 1) -> conv(-1 + c, 1);
        }

        Arithmetic: 1x1x1 -> 3x1x1 { many(2); many(c = 5, a = 1, b = 1); many(4, c = 4, b = 0); }
    }
    let (a, b, c) = (2, 3, 4);
    let first = [a + b * c, (a + b) * c, 1, 5, c - 1];
    assert_eq!(filters::<Arithmetic<'_>>(), [first, [6, 10, 1, 5, 4], [4, 16, 1, 5, 3]].concat());
}

#[test]
fn arithmetic_of_arguments_that_may_be_any_number_is_that_of_decimals() {
    cnn::network! {
        block drop(parts) { dropout(1 / parts) -> dropout((parts - 1.5) / 4) -> dropout(7 % 2 * -0.5 + 0.75); }

        Decimals: 3 -> 3 { drop(4) -> dropout(0.1) -> dropout(1); }
    }
    let p = |op| if let Op::Dropout { p } = op { Some(p) } else { None };
    let found: Vec<f32> = Decimals::GRAPH.nodes.iter().filter_map(|node| p(node.op)).collect();
    assert_eq!(found, [0.25, 0.625, 0.25, 0.1, 1.0]);
}

#[test]
fn activations_have_the_arguments_of_their_papers_or_given_ones() {
    cnn::network! {
        Arguments: 3 -> 3 {
            selu -> selu(gamma = 3, alpha = 2);
            gelu -> gelu(approximate = none) -> gelu(approximate = tanh);
            hard_sigmoid -> hard_sigmoid(alpha = 1 / 6, beta = 1 / 2) -> hard_sigmoid(beta = 0.6);
            hard_tanh(max = 1 / 2) -> celu -> threshold(-0.5, value = 2) -> softplus -> softplus(threshold = 5, beta = 2);
            hard_shrink -> soft_shrink(0.1);
        }
    }
    let function = |op| if let Op::Activation(function) = op { Some(function) } else { None };
    let found: Vec<Activation> = Arguments::GRAPH.nodes.iter().filter_map(|node| function(node.op)).collect();
    let hard = Activation::HardSigmoid { alpha: 1.0 / 6.0, beta: 0.5 };
    let expected = [
        Activation::Selu { alpha: 1.673_263_2, gamma: 1.050_701 },
        Activation::Selu { alpha: 2.0, gamma: 3.0 },
        Activation::Gelu,
        Activation::Gelu,
        Activation::GeluTanh,
        hard,
        hard,
        Activation::HardSigmoid { alpha: 1.0 / 6.0, beta: 0.6 },
        Activation::HardTanh { min: -1.0, max: 0.5 },
        Activation::Celu { alpha: 1.0 },
        Activation::Threshold { threshold: -0.5, value: 2.0 },
        Activation::SOFTPLUS,
        Activation::Softplus { beta: 2.0, threshold: 5.0 },
        Activation::HardShrink { lambda: 0.5 },
        Activation::SoftShrink { lambda: 0.1 },
    ];
    assert_eq!(found, expected);
}

#[test]
fn normalisations_and_scales_have_tensors_as_in_pytorch() {
    cnn::network! {
        Tensors: 4x3x2 -> 4x3x2 {
            a: layer_norm -> b: layer_norm(over = all) -> c: layer_norm(affine = false) -> d: group_norm(2) -> e: instance_norm;
            f: instance_norm(affine = true) -> g: rms_norm -> h: rms_norm(over = all) -> i: l2_norm -> j: scale -> k: scale(2);
            l: scale(factor = learnt) -> m: grn;
        }
    }
    let tensors = Tensors::GRAPH.nodes.iter().flat_map(|node| node.tensors);
    let found: Vec<String> = tensors.map(|tensor| format!("{} {:?}", tensor.name, tensor.shape)).collect();
    let expected = [
        "a.weight [4]",
        "a.bias [4]",
        "b.weight [4, 3, 2]",
        "b.bias [4, 3, 2]",
        "d.weight [4]",
        "d.bias [4]",
        "f.weight [4]",
        "f.bias [4]",
        "g.weight [4]",
        "h.weight [4, 3, 2]",
        "j [4]",
        "l [4]",
        "m.weight [4]",
        "m.bias [4]",
    ];
    assert_eq!(found, expected);
}

#[test]
fn weights_are_stored_as_the_layer_says_or_else_the_net() {
    cnn::network! {
        block layers() { a: linear(2); b: linear(2, store = f16); c: linear(2, store = f32); }

        Plain: 3 -> 2 { layers(); }

        #[store(f32)]
        Said: 3 -> 2 { layers(); }

        #[store(f16)]
        Half: 3 -> 2 { layers(); aux head(weight = 0.5) { linear(4); }; }
    }
    fn stores<N: Network>() -> Vec<Store> {
        let store = |op| if let Op::Linear(linear) = op { Some(linear.store) } else { None };
        N::GRAPH.nodes.iter().filter_map(|node| store(node.op)).collect()
    }
    assert_eq!(stores::<Plain<'_>>(), [Store::F32, Store::F16, Store::F32]);
    assert_eq!(stores::<Said<'_>>(), [Store::F32, Store::F16, Store::F32]);
    assert_eq!(stores::<Half<'_>>(), [Store::F16, Store::F16, Store::F32, Store::F16]);
}

#[test]
fn names_may_be_words_of_rust_and_of_the_language() {
    cnn::network! {
        block keywords(fn, same) { type: conv(fn, 1, pad = same) -> r#match: conv(same, 1); }

        Keywords: 1x3x3 -> 2x7x7 {
            conv: conv(1, 1) -> tap: relu -> aux: batch_norm;
            tap r#struct;
            self: { keywords(3, 2); };
            add: add { skip: conv(2, 1); mul: conv(2, 1); };
        }
    }
    let expected = ["conv", "aux", "self.0.type", "self.0.match", "skip", "mul"];
    assert_eq!(names::<Keywords<'_>>(), expected);
    assert_eq!(Keywords::GRAPH.taps[0].name, "struct");
}

#[test]
fn steps_without_a_name_are_numbered_with_those_that_have_one() {
    cnn::network! {
        Numbered: 1x8x8 -> 1x8x8 {
            conv(1, 1) -> relu -> conv(1, 1);
            named: conv(1, 1);
            conv(1, 1);
            { conv(1, 1) -> { identity; conv(1, 1); }; };
            group: { relu; conv(1, 1); };
            tap between;
            conv(1, 1);
        }
    }
    let expected = ["0", "2", "named", "4", "5.0", "5.1.1", "group.1", "7"];
    assert_eq!(names::<Numbered<'_>>(), expected);
}

#[test]
fn a_repeated_step_counts_as_often_as_it_is_there() {
    cnn::network! {
        block b() { conv(1, 1); }

        Repeated: 1x8x8 -> 1x8x8 {
            [b; 2];
            conv(1, 1);
            name: [b; 2];
            [{ [conv(1, 1); 2]; relu; }; 2];
            last: [conv(1, 1); 1];
            [b(); 3 - 3];
            conv(1, 1);
        }
    }
    let expected = ["0.0", "1.0", "2", "name.0.0", "name.1.0", "4.0", "4.1", "5.0", "5.1", "last.0", "7"];
    assert_eq!(names::<Repeated<'_>>(), expected);
}

#[test]
fn names_of_repeated_steps_can_count() {
    cnn::network! {
        block b() { conv(1, 1); }

        Counted: 1x8x8 -> 1x8x8 {
            [b1..: b; 2];
            conv(1, 1);
            name: [x0..: conv(1, 1); 2];
            [conv1_09..: conv(1, 1); 2];
            [group1..: [conv(1, 1); 2]; 2];
            branches: add { [left1..: conv(1, 1); 2]; right1: conv(1, 1); };
            in_quotes: { ["block2-9"..: conv(1, 1); 2]; ["0"..: b; 2]; conv(1, 1); };
        }
    }
    let expected = [
        "b1.0",
        "b2.0",
        "2",
        "name.x0",
        "name.x1",
        "conv1_09",
        "conv1_10",
        "group1.0",
        "group1.1",
        "group2.0",
        "group2.1",
        "left1",
        "left2",
        "right1",
        "in_quotes.block2-9",
        "in_quotes.block2-10",
        "in_quotes.0.0",
        "in_quotes.1.0",
        "in_quotes.2",
    ];
    assert_eq!(names::<Counted<'_>>(), expected);
}

#[test]
fn several_steps_can_be_repeated_and_the_first_can_have_names_that_count() {
    cnn::network! {
        block b() { conv(1, 1) -> relu; }
        block counted(n) { [c1..: conv(1, 1) -> relu -> conv(1, 1); n]; }

        Several: 1x8x8 -> 1x8x8 {
            [conv(1, 1) -> relu; 2];
            conv(1, 1);
            name: [conv(1, 1) -> relu; 2];
            [..b -> conv(1, 1); 2];
            add { [left1..: conv(1, 1) -> relu; 2]; [skip_is_first: b -> conv(1, 1); 1]; };
            ..counted(2);
            [[conv(1, 1); 2] -> relu; 2];
        }
    }
    let expected = [
        "0",
        "2",
        "4",
        "name.0",
        "name.2",
        "6",
        "8",
        "9",
        "11",
        "left1",
        "left2",
        "skip_is_first.0",
        "5",
        "c1",
        "15",
        "c2",
        "18",
        "19",
        "20",
        "22",
        "23",
    ];
    assert_eq!(names::<Several<'_>>(), expected);
}

#[test]
fn merges_add_no_level_to_names() {
    cnn::network! {
        Merged: 2x8x8 -> 2x8x8 {
            named: add { a: conv(2, 1); conv(2, 1) -> conv(2, 1); { conv(2, 1); }; skip; };
            group: { concat { conv(1, 1); b: conv(1, 1); } -> mul { skip; {}; skip -> sigmoid; }; };
        }
    }
    let expected = ["a", "1", "2", "3.0", "group.0", "group.b"];
    assert_eq!(names::<Merged<'_>>(), expected);
}

#[test]
fn an_empty_group_and_identity_leave_a_value_as_it_is() {
    cnn::network! {
        Nothing: 2x3x3 -> 2x3x3 { add { {}; { identity; }; skip; } -> {} -> identity; }
    }
    let weights = NothingWeights::from_safetensors(b"\x02\0\0\0\0\0\0\0{}").expect("a net without tensors");
    let mut net = Nothing::new(&weights);
    let input = std::array::from_fn(|index| index as f32);
    assert_eq!(net.forward(&input), &input.map(|value| 3.0 * value));
}

#[test]
fn nets_that_are_switched_by_cfg_may_have_one_name() {
    cnn::network! {
        #[cfg(any())]
        Switched: 1x1x1 -> 1 { linear(1); }

        #[cfg(all())]
        Switched: 2x1x1 -> 2 { linear(2); }
    }
    assert_eq!(Switched::PARAMETERS, 6);
}
