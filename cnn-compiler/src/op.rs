//! The layers of the language: their names, their arguments, and the [`Op`] that a call stands for.

mod bind;
mod habits;
mod read;

use cnn_net::op::{Activation, BatchNorm, Conv, Linear, Lrn, LrnWindow, Op, Padding, Pool, PreluPer, Store};

use crate::report::message;

pub(crate) use bind::{Bound, bind, twice};
pub(crate) use habits::meant;

/// A layer's name and arguments.
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [Param],
    build: fn(&Bound) -> Op,
}

/// An argument of a layer.
pub(crate) struct Param {
    pub(crate) name: &'static str,
    kind: Kind,
    default: Default,
    /// Whether it may be given by its place.
    positional: bool,
}

/// What an argument may be.
#[derive(Clone, Copy)]
enum Kind {
    /// A whole number from 1.
    Count,
    /// `n` or `HxW`, each from 1.
    Size,
    /// `n`, `HxW`, `(top, left, bottom, right)`, `same` or `same_lower`.
    Pad,
    /// `true` or `false`.
    Flag,
    /// A number between two bounds, both included.
    Real { from: f32, to: f32 },
    /// One of some words.
    Word(&'static [&'static str]),
}

/// What an argument is where it is not given.
#[derive(Clone, Copy)]
enum Default {
    /// It must be given.
    Required,
    /// 1, or 1x1.
    One,
    /// No padding.
    NoPad,
    Flag(bool),
    Count(usize),
    Real(f32),
    /// The value of an argument before it.
    Like(&'static str),
    /// The first of the words.
    FirstWord,
}

/// How a layer is padded; `same` needs the input's size, which the shapes stage knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PadMode {
    /// As the [`Op`] has it.
    Explicit,
    /// So that the output is as large as the input over the stride; the odd row or column goes to the end, or (`lower`)
    /// to the beginning.
    Same { lower: bool },
}

const fn positional(name: &'static str, kind: Kind, default: Default) -> Param {
    Param { name, kind, default, positional: true }
}

const fn named(name: &'static str, kind: Kind, default: Default) -> Param {
    Param { name, kind, default, positional: false }
}

const ANY: Kind = Kind::Real { from: f32::MIN, to: f32::MAX };
const NOT_NEGATIVE: Kind = Kind::Real { from: 0.0, to: f32::MAX };
const SHARE: Kind = Kind::Real { from: 0.0, to: 1.0 };

const CONV: &[Param] = &[
    positional("filters", Kind::Count, Default::Required),
    positional("size", Kind::Size, Default::Required),
    named("stride", Kind::Size, Default::One),
    named("pad", Kind::Pad, Default::NoPad),
    named("dilation", Kind::Size, Default::One),
    named("groups", Kind::Count, Default::One),
    named("bias", Kind::Flag, Default::Flag(true)),
];
const LINEAR: &[Param] = &[
    positional("features", Kind::Count, Default::Required),
    named("bias", Kind::Flag, Default::Flag(true)),
    named("store", Kind::Word(&[Store::F32.name(), Store::F16.name()]), Default::FirstWord),
];
const AVG_POOL: &[Param] = &[
    positional("size", Kind::Size, Default::Required),
    named("stride", Kind::Size, Default::Like("size")),
    named("pad", Kind::Pad, Default::NoPad),
    named("dilation", Kind::Size, Default::One),
    named("ceil", Kind::Flag, Default::Flag(false)),
    named("count_include_pad", Kind::Flag, Default::Flag(true)),
];
const MAX_POOL: &[Param] = AVG_POOL.split_at(5).0;
const LRN_WINDOWS: &[&str] = &[LrnWindow::Paper.name(), LrnWindow::Torch.name(), LrnWindow::Onnx.name()];
const LRN: &[Param] = &[
    named("size", Kind::Count, Default::Count(5)),
    named("alpha", NOT_NEGATIVE, Default::Real(1e-4)),
    named("beta", NOT_NEGATIVE, Default::Real(0.75)),
    named("k", NOT_NEGATIVE, Default::Real(2.0)),
    named("window", Kind::Word(LRN_WINDOWS), Default::FirstWord),
];
const BATCH_NORM: &[Param] =
    &[named("eps", NOT_NEGATIVE, Default::Real(1e-5)), named("momentum", SHARE, Default::Real(0.1))];
const DROPOUT: &[Param] = &[positional("p", SHARE, Default::Real(0.5))];
const LEAKY_RELU: &[Param] = &[positional("slope", ANY, Default::Real(0.01))];
const PRELU: &[Param] = &[named("per", Kind::Word(&["channel", "element"]), Default::FirstWord)];
const ELU: &[Param] = &[positional("alpha", ANY, Default::Real(1.0))];
const SELU: &[Param] = &[
    named("alpha", ANY, Default::Real(Activation::SELU_ALPHA)),
    named("gamma", ANY, Default::Real(Activation::SELU_GAMMA)),
];
const GELU: &[Param] = &[named("approximate", Kind::Word(&["none", "tanh"]), Default::FirstWord)];
const HARD_SIGMOID: &[Param] = &[
    named("alpha", ANY, Default::Real(Activation::HARD_SIGMOID_ALPHA)),
    named("beta", ANY, Default::Real(Activation::HARD_SIGMOID_BETA)),
];

const fn layer(name: &'static str, params: &'static [Param], build: fn(&Bound) -> Op) -> Layer {
    Layer { name, params, build }
}

/// All layers, in the order in which the documentation lists them.
pub(crate) const LAYERS: &[Layer] = &[
    layer("conv", CONV, |bound| {
        Op::Conv(Conv {
            filters: bound.count("filters"),
            kernel: bound.size("size"),
            stride: bound.size("stride"),
            pad: bound.pad("pad"),
            dilation: bound.size("dilation"),
            groups: bound.count("groups"),
            bias: bound.flag("bias"),
        })
    }),
    layer("linear", LINEAR, |bound| {
        let store = if bound.word("store") == Store::F16.name() { Store::F16 } else { Store::F32 };
        Op::Linear(Linear { features: bound.count("features"), bias: bound.flag("bias"), store })
    }),
    layer("max_pool", MAX_POOL, |bound| Op::MaxPool(pool(bound, true))),
    layer("avg_pool", AVG_POOL, |bound| Op::AvgPool(pool(bound, bound.flag("count_include_pad")))),
    layer("global_avg_pool", &[], |_| Op::GlobalAvgPool),
    layer("global_max_pool", &[], |_| Op::GlobalMaxPool),
    layer("flatten", &[], |_| Op::Flatten),
    layer("dropout", DROPOUT, |bound| Op::Dropout { p: bound.real("p") }),
    layer("lrn", LRN, |bound| {
        Op::Lrn(Lrn {
            size: bound.count("size"),
            window: lrn_window(bound.word("window")),
            alpha: bound.real("alpha"),
            beta: bound.real("beta"),
            k: bound.real("k"),
        })
    }),
    layer("batch_norm", BATCH_NORM, |bound| {
        Op::BatchNorm(BatchNorm { eps: bound.real("eps"), momentum: bound.real("momentum") })
    }),
    layer("step", &[], |_| Op::Activation(Activation::Step)),
    layer("sigmoid", &[], |_| Op::Activation(Activation::Sigmoid)),
    layer("tanh", &[], |_| Op::Activation(Activation::Tanh)),
    layer("relu", &[], |_| Op::Activation(Activation::Relu)),
    layer("relu6", &[], |_| Op::Activation(Activation::Relu6)),
    layer("leaky_relu", LEAKY_RELU, |bound| Op::Activation(Activation::LeakyRelu { slope: bound.real("slope") })),
    layer("prelu", PRELU, |bound| {
        Op::Prelu(if bound.word("per") == "element" { PreluPer::Element } else { PreluPer::Channel })
    }),
    layer("elu", ELU, |bound| Op::Activation(Activation::Elu { alpha: bound.real("alpha") })),
    layer("selu", SELU, |bound| {
        Op::Activation(Activation::Selu { alpha: bound.real("alpha"), gamma: bound.real("gamma") })
    }),
    layer("softplus", &[], |_| Op::Activation(Activation::Softplus)),
    layer("softsign", &[], |_| Op::Activation(Activation::Softsign)),
    layer("gelu", GELU, |bound| {
        Op::Activation(if bound.word("approximate") == "tanh" { Activation::GeluTanh } else { Activation::Gelu })
    }),
    layer("silu", &[], |_| Op::Activation(Activation::Silu)),
    layer("mish", &[], |_| Op::Activation(Activation::Mish)),
    layer("hard_sigmoid", HARD_SIGMOID, |bound| {
        Op::Activation(Activation::HardSigmoid { alpha: bound.real("alpha"), beta: bound.real("beta") })
    }),
    layer("hard_swish", &[], |_| Op::Activation(Activation::HardSwish)),
    layer("softmax", &[], |_| Op::Softmax),
    layer("log_softmax", &[], |_| Op::LogSoftmax),
    layer("identity", &[], |_| Op::Activation(Activation::Identity)),
];

/// The window of this name; the default's, if there is none.
fn lrn_window(name: &str) -> LrnWindow {
    LrnWindow::ALL.into_iter().find(|window| window.name() == name).unwrap_or_default()
}

/// What must be said of an LRN of an even size, which has no middle.
fn lrn_of_even_size(bound: &Bound) -> Option<String> {
    let size = bound.count("size");
    if bound.is_given("window") || !size.is_multiple_of(2) {
        return None;
    }
    let wrong = format!(
        "lrn: `size = {size}` has no channel in the middle, and frameworks differ in the channels that they sum"
    );
    let ways = LrnWindow::ALL.map(|window| {
        let lrn = Lrn { size, window, alpha: 0.0, beta: 0.0, k: 0.0 };
        let [before, behind] = lrn.reach();
        format!(
            "`window = {}`: {} channels, {before} before and {behind} after each",
            window.name(),
            before + 1 + behind
        )
    });
    Some(message(&wrong, &ways, "choose one; an odd size means the same everywhere"))
}

fn pool(bound: &Bound, count_include_pad: bool) -> Pool {
    Pool {
        kernel: bound.size("size"),
        stride: bound.size("stride"),
        pad: bound.pad("pad"),
        dilation: bound.size("dilation"),
        ceil: bound.flag("ceil"),
        count_include_pad,
    }
}

impl Layer {
    /// The argument that says too little, and what is said about it.
    fn ambiguous(&self, bound: &Bound) -> Option<(&'static str, String)> {
        if self.name == "lrn" { lrn_of_even_size(bound).map(|message| ("size", message)) } else { None }
    }

    /// The layer of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        LAYERS.iter().find(|layer| layer.name == name)
    }

    /// Whether it may have so many arguments.
    pub(crate) fn takes(&self, arguments: usize) -> bool {
        let needed = self.params.iter().filter(|param| matches!(param.default, Default::Required)).count();
        (needed..=self.params.len()).contains(&arguments)
    }

    /// The operation that bound arguments stand for.
    pub(crate) fn build(&self, bound: &Bound) -> Op {
        (self.build)(bound)
    }

    /// How it is called: `conv(filters, size, stride = 1, …)`.
    pub(crate) fn usage(&self) -> String {
        if self.params.is_empty() {
            return format!("`{}`, without arguments", self.name);
        }
        let params: Vec<String> = self.params.iter().map(Param::usage).collect();
        format!("`{}({})`", self.name, params.join(", "))
    }
}

impl Param {
    fn usage(&self) -> String {
        let value = match self.default {
            Default::Required => return self.name.to_owned(),
            Default::One => "1".to_owned(),
            Default::NoPad => "0".to_owned(),
            Default::Flag(flag) => flag.to_string(),
            Default::Count(count) => count.to_string(),
            Default::Real(real) if real != 0.0 && real.abs() < 1e-3 => format!("{real:e}"),
            Default::Real(real) => real.to_string(),
            Default::Like(other) => other.to_owned(),
            Default::FirstWord => match self.kind {
                Kind::Word(words) => words[0].to_owned(),
                Kind::Count | Kind::Size | Kind::Pad | Kind::Flag | Kind::Real { .. } => String::new(),
            },
        };
        format!("{} = {value}", self.name)
    }
}

/// The padding of an op, which `same` leaves to the shapes stage.
pub(crate) fn set_padding(op: &mut Op, padding: Padding) {
    match op {
        Op::Conv(conv) => conv.pad = padding,
        Op::MaxPool(pool) | Op::AvgPool(pool) => pool.pad = padding,
        Op::Linear(_)
        | Op::GlobalAvgPool
        | Op::GlobalMaxPool
        | Op::Flatten
        | Op::Dropout { .. }
        | Op::Lrn(_)
        | Op::BatchNorm(_)
        | Op::Prelu(_)
        | Op::Activation(_)
        | Op::Softmax
        | Op::LogSoftmax
        | Op::Concat
        | Op::Add
        | Op::Mul => {}
    }
}
