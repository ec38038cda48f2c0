//! What is written on a block: kind, words, letters, and the text shown on hover.

use cnn_net::graph::{Graph, Node};
use cnn_net::language::arguments;
use cnn_net::op::{self, Conv, ConvTranspose, DependsOn, Op, Padding, Pool, Shape, Size};

use crate::Detail;
use crate::text::{count, times};
use crate::theme::Kind;

/// A function or a normalisation that is written on the block before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Letter {
    pub(crate) kind: Kind,
    /// What is written on the block: `R`.
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
    let facts = op.facts();
    let kind = match facts.kind.closed() {
        op::LayerKind::BatchNormalisation => Kind::BatchNorm,
        op::LayerKind::Normalisation => Kind::Norm,
        op::LayerKind::Scaling => Kind::Scale,
        op::LayerKind::Softmax => Kind::Softmax,
        op::LayerKind::Activation | op::LayerKind::Gating => Kind::Activation,
        op::LayerKind::Convolution
        | op::LayerKind::FullyConnected
        | op::LayerKind::MaxPooling
        | op::LayerKind::AveragePooling
        | op::LayerKind::Reordering
        | op::LayerKind::Rearrangement
        | op::LayerKind::Resampling
        | op::LayerKind::Regularisation
        | op::LayerKind::ResponseNormalisation
        | op::LayerKind::Concatenation
        | op::LayerKind::Addition
        | op::LayerKind::Multiplication
        | op::LayerKind::Maximum
        | op::LayerKind::Custom => return None,
    };
    Some(Letter { kind, short: facts.short, long: facts.long })
}

/// The layers that a level of detail leaves out: nothing happens there at inference, or to the order of the numbers.
pub(super) fn is_left_out(op: &Op, detail: Detail) -> bool {
    detail == Detail::Article && (op.is_identity() || *op == Op::Flatten)
}

/// What a layer is drawn as, if it has its own block. The shape is that of its input.
pub(super) fn label(op: &Op, input: Shape, detail: Detail) -> Label {
    let full = detail == Detail::Full;
    match op {
        Op::Conv(conv) => conv_label(conv, input.channels(), full),
        Op::ConvTranspose(conv) => transposed_label(conv, full),
        Op::MaxPool(pool) => pool_label(Kind::MaxPool, "max", pool, full),
        Op::AvgPool(pool) => pool_label(Kind::AvgPool, "avg", pool, full),
        op => {
            let (kind, head) = kind_and_head(op);
            Label { kind, head, lines: lines(op, full) }
        }
    }
}

/// What legends call a layer.
pub(crate) fn kind_of(op: &Op) -> Kind {
    kind_and_head(op).0
}

/// What legends call a layer, and what is written on its block.
fn kind_and_head(op: &Op) -> (Kind, String) {
    let facts = op.facts();
    let is_global = facts.depends_on == DependsOn::Map;
    let (kind, head) = match facts.kind.closed() {
        op::LayerKind::Convolution => (Kind::Convolution, facts.name),
        op::LayerKind::FullyConnected => (Kind::FullyConnected, "fc"),
        op::LayerKind::MaxPooling => (if is_global { Kind::GlobalPool } else { Kind::MaxPool }, "max"),
        op::LayerKind::AveragePooling => (if is_global { Kind::GlobalPool } else { Kind::AvgPool }, "avg"),
        op::LayerKind::Reordering => (Kind::Flatten, facts.name),
        op::LayerKind::Rearrangement => return (Kind::Rearrangement, facts.name.replace('_', " ")),
        op::LayerKind::Resampling => (Kind::Resampling, facts.name),
        op::LayerKind::Regularisation => (Kind::Dropout, facts.name),
        op::LayerKind::ResponseNormalisation => (Kind::Lrn, facts.short),
        op::LayerKind::BatchNormalisation => (Kind::BatchNorm, facts.short),
        op::LayerKind::Normalisation => (Kind::Norm, facts.short),
        op::LayerKind::Scaling => (Kind::Scale, facts.name),
        op::LayerKind::Gating => (Kind::Activation, facts.short),
        op::LayerKind::Activation => (Kind::Activation, facts.long),
        op::LayerKind::Softmax => return (Kind::Softmax, facts.name.replace('_', " ")),
        op::LayerKind::Concatenation => (Kind::Concat, facts.name),
        op::LayerKind::Addition => (if *op == Op::Sub { Kind::Sub } else { Kind::Add }, facts.name),
        op::LayerKind::Multiplication => (Kind::Mul, facts.name),
        op::LayerKind::Maximum => (Kind::Max, facts.name),
        op::LayerKind::Custom => (Kind::Custom, facts.long),
    };
    (kind, head.to_owned())
}

/// The lines below the first.
fn lines(op: &Op, full: bool) -> Vec<String> {
    if let Op::Dropout { p } = op {
        vec![format!("p {p}")]
    } else if kind_of(op) == Kind::GlobalPool {
        vec!["global".to_owned()]
    } else if matches!(op, Op::Rearrange(_) | Op::Resize(_)) {
        said(op, full)
    } else if let Op::AdaptiveAvgPool(size) | Op::AdaptiveMaxPool(size) = op {
        vec![format!("to {}", times(*size))]
    } else if matches!(op, Op::ChannelMean | Op::ChannelMax) {
        vec!["channels".to_owned()]
    } else if !full {
        Vec::new()
    } else if let Op::Linear(linear) = op {
        vec![count(linear.features as u64, "feature")]
    } else if let Op::Lrn(lrn) = op {
        vec![format!("n {}, k {}", lrn.size, lrn.k), format!("α {}", lrn.alpha), format!("β {}", lrn.beta)]
    } else {
        Vec::new()
    }
}

/// The arguments as declared: the first one, or all of them.
fn said(op: &Op, full: bool) -> Vec<String> {
    // A comma in parentheses does not separate arguments.
    let mut depth = 0;
    let text = arguments(op);
    let all = text.split(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    let all = all.map(|argument| argument.trim().replace(" = ", " ").replace('x', "×"));
    if full { all.collect() } else { all.take(1).collect() }
}

/// A kernel's size goes below the word where there is no more to say, and after it where there is.
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

fn transposed_label(conv: &ConvTranspose, full: bool) -> Label {
    let lines = [
        Some(count(conv.filters as u64, "filter")),
        window("stride", conv.stride),
        padding(conv.pad),
        window("dilation", conv.dilation),
        (conv.groups > 1).then(|| count(conv.groups as u64, "group")),
    ];
    with_kernel(Kind::Convolution, "up conv", conv.kernel, full, lines.into_iter().flatten().collect())
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

/// The text shown when a reader points at a layer.
pub(super) fn title(graph: &Graph<'_>, node: &Node<'_>) -> String {
    let shapes: Vec<String> = node.inputs.iter().map(|input| times(graph.shape(*input))).collect();
    let name = if node.again.is_some() { format!("{} again", node.name) } else { node.name.to_owned() };
    let mut title = match arguments(&node.op) {
        arguments if arguments.is_empty() => format!("{name}: {}", node.op.name()),
        arguments => format!("{name}: {}({arguments})", node.op.name()),
    };
    title.push_str(&format!("\n  {} → {}", shapes.join(", "), times(node.output)));
    if !node.own_tensors().is_empty() {
        title.push_str(&format!("\n  {}", count(node.parameters(), "parameter")));
    }
    if node.macs() > 0 {
        title.push_str(&format!(", {}", count(node.macs(), "MAC")));
    }
    title
}
