//! What stands on a block: kind, words, letters, and the text behind it.

use cnn_net::graph::{Graph, Node};
use cnn_net::op::{Activation, Conv, Op, Padding, Pool, Shape, Size};

use crate::Detail;
use crate::language::arguments;
use crate::text::{count, times};
use crate::theme::Kind;

/// A function or a normalisation that is written on the block before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Letter {
    pub(crate) kind: Kind,
    /// What stands on the block: `R`.
    pub(crate) short: &'static str,
    /// What the legend says: `ReLU`.
    pub(crate) long: &'static str,
}

/// What a layer is drawn as.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Label {
    pub(crate) kind: Kind,
    /// The first line.
    pub(crate) head: String,
    /// Further lines.
    pub(crate) lines: Vec<String>,
}

/// The letter of a layer that has one.
pub(crate) fn letter(op: &Op) -> Option<Letter> {
    let (kind, short, long) = match op {
        Op::BatchNorm(_) => (Kind::BatchNorm, "BN", "batch normalisation"),
        Op::Softmax => (Kind::Softmax, "S", "softmax"),
        Op::LogSoftmax => (Kind::Softmax, "LS", "logarithm of softmax"),
        Op::Prelu(_) => (Kind::Activation, "PR", "PReLU"),
        Op::Activation(activation) => {
            let [short, long] = activation_names(activation);
            (Kind::Activation, short, long)
        }
        Op::Conv(_)
        | Op::Linear(_)
        | Op::MaxPool(_)
        | Op::AvgPool(_)
        | Op::GlobalAvgPool
        | Op::GlobalMaxPool
        | Op::Flatten
        | Op::Dropout { .. }
        | Op::Lrn(_)
        | Op::Concat
        | Op::Add
        | Op::Mul => return None,
    };
    Some(Letter { kind, short, long })
}

/// A letter or two, and the usual name.
const fn activation_names(activation: &Activation) -> [&'static str; 2] {
    match activation {
        Activation::Identity => ["I", "identity"],
        Activation::Step => ["St", "step"],
        Activation::Sigmoid => ["σ", "sigmoid"],
        Activation::Tanh => ["T", "tanh"],
        Activation::Relu => ["R", "ReLU"],
        Activation::Relu6 => ["R6", "ReLU6"],
        Activation::LeakyRelu { .. } => ["LR", "leaky ReLU"],
        Activation::Elu { .. } => ["E", "ELU"],
        Activation::Selu { .. } => ["SE", "SELU"],
        Activation::Softplus => ["S+", "softplus"],
        Activation::Softsign => ["SS", "softsign"],
        Activation::Gelu | Activation::GeluTanh => ["G", "GELU"],
        Activation::Silu => ["SL", "SiLU"],
        Activation::Mish => ["M", "Mish"],
        Activation::HardSigmoid { .. } => ["Hσ", "hard sigmoid"],
        Activation::HardSwish => ["HS", "hard swish"],
    }
}

/// The layers that a level of detail leaves out.
pub(super) fn is_left_out(op: &Op, detail: Detail) -> bool {
    match op {
        // Nothing happens there at inference, or to the order of the numbers.
        Op::Dropout { .. } | Op::Flatten | Op::Activation(Activation::Identity) => detail == Detail::Article,
        Op::Conv(_)
        | Op::Linear(_)
        | Op::MaxPool(_)
        | Op::AvgPool(_)
        | Op::GlobalAvgPool
        | Op::GlobalMaxPool
        | Op::Lrn(_)
        | Op::BatchNorm(_)
        | Op::Prelu(_)
        | Op::Activation(_)
        | Op::Softmax
        | Op::LogSoftmax
        | Op::Concat
        | Op::Add
        | Op::Mul => false,
    }
}

/// What a layer is drawn as, if it has a block of its own. The shape is that of its input.
pub(super) fn label(op: &Op, input: Shape, detail: Detail) -> Label {
    let full = detail == Detail::Full;
    let only = |kind, head: &str| Label { kind, head: head.to_owned(), lines: Vec::new() };
    match op {
        Op::Conv(conv) => conv_label(conv, input.channels(), full),
        Op::Linear(linear) => Label {
            lines: if full { vec![count(linear.features as u64, "feature")] } else { Vec::new() },
            ..only(Kind::FullyConnected, "fc")
        },
        Op::MaxPool(pool) => pool_label(Kind::MaxPool, "max", pool, full),
        Op::AvgPool(pool) => pool_label(Kind::AvgPool, "avg", pool, full),
        Op::GlobalAvgPool => Label { lines: vec!["global".to_owned()], ..only(Kind::GlobalPool, "avg") },
        Op::GlobalMaxPool => Label { lines: vec!["global".to_owned()], ..only(Kind::GlobalPool, "max") },
        Op::Flatten => only(Kind::Flatten, "flatten"),
        Op::Dropout { p } => Label { lines: vec![format!("p {p}")], ..only(Kind::Dropout, "dropout") },
        Op::Lrn(lrn) => Label {
            lines: if full {
                vec![format!("n {}, k {}", lrn.size, lrn.k), format!("α {}", lrn.alpha), format!("β {}", lrn.beta)]
            } else {
                Vec::new()
            },
            ..only(Kind::Lrn, "LRN")
        },
        Op::BatchNorm(_) => only(Kind::BatchNorm, "BN"),
        Op::Prelu(_) => only(Kind::Activation, "PReLU"),
        Op::Activation(activation) => only(Kind::Activation, activation_names(activation)[1]),
        Op::Softmax => only(Kind::Softmax, "softmax"),
        Op::LogSoftmax => only(Kind::Softmax, "log softmax"),
        Op::Concat => only(Kind::Concat, "concat"),
        Op::Add => only(Kind::Add, "add"),
        Op::Mul => only(Kind::Mul, "mul"),
    }
}

/// What legends call a layer.
pub(crate) fn kind_of(op: &Op) -> Kind {
    // The shape only says whether a convolution is depthwise.
    label(op, Shape::Vector(0), Detail::Article).kind
}

/// A kernel stands below the word where there is no more to say, and behind it where there is.
fn with_kernel(kind: Kind, word: &str, kernel: Size, full: bool, lines: Vec<String>) -> Label {
    let kernel = times(kernel);
    if full {
        Label { kind, head: format!("{word} {kernel}"), lines }
    } else {
        Label { kind, head: word.to_owned(), lines: vec![kernel] }
    }
}

fn conv_label(conv: &Conv, channels: usize, full: bool) -> Label {
    let lines = [
        Some(count(conv.filters as u64, "filter")),
        window("stride", conv.stride),
        padding(conv.pad),
        window("dilation", conv.dilation),
        match conv.groups {
            1 => None,
            _ if conv.is_depthwise(channels) => Some("depthwise".to_owned()),
            groups => Some(count(groups as u64, "group")),
        },
    ];
    let word = if conv.is_depthwise(channels) && !full { "dw conv" } else { "conv" };
    with_kernel(Kind::Convolution, word, conv.kernel, full, lines.into_iter().flatten().collect())
}

fn pool_label(kind: Kind, word: &str, pool: &Pool, full: bool) -> Label {
    let lines = [
        // Always, since the usual one is not 1, but the size of the window.
        Some(each_way("stride", pool.stride)),
        padding(pool.pad),
        window("dilation", pool.dilation),
        pool.ceil.then(|| "rounds up".to_owned()),
    ];
    with_kernel(kind, word, pool.kernel, full, lines.into_iter().flatten().collect())
}

/// `stride 2`; nothing for a stride of 1.
fn window(what: &str, size: Size) -> Option<String> {
    (size != Size::square(1)).then(|| each_way(what, size))
}

/// `stride 2`; rows and columns where they differ.
fn each_way(what: &str, size: Size) -> String {
    if size.height == size.width { format!("{what} {}", size.height) } else { format!("{what} {}", times(size)) }
}

/// `pad 1`; rows and columns where they differ, and all edges where those do.
fn padding(pad: Padding) -> Option<String> {
    let Padding { top, left, bottom, right } = pad;
    match (top == bottom && left == right, top == left) {
        _ if pad.is_none() => None,
        (true, true) => Some(format!("pad {top}")),
        (true, false) => Some(format!("pad {top}×{left}")),
        (false, _) => Some(format!("pad {top}, {left}, {bottom}, {right}")),
    }
}

/// What is told of a layer to those who point at it.
pub(super) fn title(graph: &Graph<'_>, node: &Node<'_>) -> String {
    let shapes: Vec<String> = node.inputs.iter().map(|input| times(graph.shape(*input))).collect();
    let mut title = match arguments(&node.op) {
        arguments if arguments.is_empty() => format!("{}: {}", node.name, node.op.name()),
        arguments => format!("{}: {}({arguments})", node.name, node.op.name()),
    };
    title.push_str(&format!("\n  {} → {}", shapes.join(", "), times(node.output)));
    if !node.tensors.is_empty() {
        title.push_str(&format!("\n  {}", count(node.parameters(), "parameter")));
    }
    if node.macs > 0 {
        title.push_str(&format!(", {}", count(node.macs, "MAC")));
    }
    title
}
