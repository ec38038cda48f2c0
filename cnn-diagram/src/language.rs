//! Layers' arguments as `cnn::network!` writes them.

use cnn_net::op::{Activation, Conv, Linear, Lrn, LrnWindow, Op, Padding, Pool, PreluPer, Size, Store};

/// The arguments of a layer, without those that have their default: `6, 5x5, stride = 2`. Empty if none is left.
pub fn arguments(op: &Op) -> String {
    let arguments = match op {
        Op::Conv(conv) => conv_arguments(conv),
        Op::Linear(linear) => linear_arguments(linear),
        Op::MaxPool(pool) | Op::AvgPool(pool) => {
            // To a maximum, padding is nothing that could be counted.
            let counts = matches!(op, Op::AvgPool(_)) && !pool.count_include_pad;
            pool_arguments(pool, counts)
        }
        Op::Lrn(lrn) => lrn_arguments(lrn),
        Op::BatchNorm(norm) => {
            vec![named_real("eps", norm.eps, 1e-5), named_real("momentum", norm.momentum, 0.1)]
        }
        Op::Dropout { p } => vec![positional_real(*p, 0.5)],
        Op::Prelu(PreluPer::Element) => vec![Some("per = element".to_owned())],
        Op::Activation(activation) => activation_arguments(activation),
        Op::Prelu(PreluPer::Channel)
        | Op::GlobalAvgPool
        | Op::GlobalMaxPool
        | Op::Flatten
        | Op::Softmax
        | Op::LogSoftmax
        | Op::Concat
        | Op::Add
        | Op::Mul => Vec::new(),
    };
    arguments.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// An argument; nothing if it has its default.
type Argument = Option<String>;

fn conv_arguments(conv: &Conv) -> Vec<Argument> {
    vec![
        Some(conv.filters.to_string()),
        Some(conv.kernel.to_string()),
        named_size("stride", conv.stride, Size::square(1)),
        padding(conv.pad),
        named_size("dilation", conv.dilation, Size::square(1)),
        named("groups", conv.groups, 1),
        named("bias", conv.bias, true),
    ]
}

fn linear_arguments(linear: &Linear) -> Vec<Argument> {
    let store = (linear.store != Store::F32).then(|| format!("store = {}", linear.store.name()));
    vec![Some(linear.features.to_string()), named("bias", linear.bias, true), store]
}

fn pool_arguments(pool: &Pool, leaves_padding_out: bool) -> Vec<Argument> {
    vec![
        Some(pool.kernel.to_string()),
        named_size("stride", pool.stride, pool.kernel),
        padding(pool.pad),
        named_size("dilation", pool.dilation, Size::square(1)),
        named("ceil", pool.ceil, false),
        named("count_include_pad", !leaves_padding_out, true),
    ]
}

/// Which channels an even size means, which must be said.
fn lrn_window(lrn: &Lrn) -> Argument {
    let said = lrn.size.is_multiple_of(2) || lrn.window != LrnWindow::Paper;
    said.then(|| format!("window = {}", lrn.window.name()))
}

fn lrn_arguments(lrn: &Lrn) -> Vec<Argument> {
    vec![
        named("size", lrn.size, 5),
        lrn_window(lrn),
        named_real("alpha", lrn.alpha, 1e-4),
        named_real("beta", lrn.beta, 0.75),
        named_real("k", lrn.k, 2.0),
    ]
}

fn activation_arguments(activation: &Activation) -> Vec<Argument> {
    match *activation {
        Activation::LeakyRelu { slope } => vec![positional_real(slope, 0.01)],
        Activation::Elu { alpha } => vec![positional_real(alpha, 1.0)],
        Activation::Selu { alpha, gamma } => {
            vec![named_real("alpha", alpha, Activation::SELU_ALPHA), named_real("gamma", gamma, Activation::SELU_GAMMA)]
        }
        Activation::HardSigmoid { alpha, beta } => vec![
            named_real("alpha", alpha, Activation::HARD_SIGMOID_ALPHA),
            named_real("beta", beta, Activation::HARD_SIGMOID_BETA),
        ],
        Activation::GeluTanh => vec![Some("approximate = tanh".to_owned())],
        Activation::Identity
        | Activation::Step
        | Activation::Sigmoid
        | Activation::Tanh
        | Activation::Relu
        | Activation::Relu6
        | Activation::Softplus
        | Activation::Softsign
        | Activation::Gelu
        | Activation::Silu
        | Activation::Mish
        | Activation::HardSwish => Vec::new(),
    }
}

fn named<T: ToString + PartialEq>(name: &str, value: T, default: T) -> Argument {
    (value != default).then(|| format!("{name} = {}", value.to_string()))
}

fn named_size(name: &str, size: Size, default: Size) -> Argument {
    let square = size.height == size.width;
    (size != default).then(|| if square { format!("{name} = {}", size.height) } else { format!("{name} = {size}") })
}

fn named_real(name: &str, value: f32, default: f32) -> Argument {
    (value != default).then(|| format!("{name} = {}", real(value)))
}

fn positional_real(value: f32, default: f32) -> Argument {
    (value != default).then(|| real(value))
}

/// Small numbers with an exponent, which is easier to read than zeros to count.
fn real(value: f32) -> String {
    if value != 0.0 && value.abs() < 1e-3 { format!("{value:e}") } else { value.to_string() }
}

/// A size with a zero stands in parentheses, since `0x3` is a hexadecimal number.
fn padding(pad: Padding) -> Argument {
    let Padding { top, left, bottom, right } = pad;
    if pad.is_none() {
        return None;
    }
    Some(match (top == bottom && left == right, top == left) {
        (true, true) => format!("pad = {top}"),
        (true, false) if top == 0 || left == 0 => format!("pad = ({top}, {left})"),
        (true, false) => format!("pad = {top}x{left}"),
        (false, _) => format!("pad = ({top}, {left}, {bottom}, {right})"),
    })
}

#[cfg(test)]
mod tests {
    use cnn_net::op::BatchNorm;

    use super::*;

    const CONV: Conv = Conv {
        filters: 6,
        kernel: Size::square(5),
        stride: Size::square(1),
        pad: Padding::NONE,
        dilation: Size::square(1),
        groups: 1,
        bias: true,
    };

    const POOL: Pool = Pool {
        kernel: Size::new(2, 3),
        stride: Size::new(2, 3),
        pad: Padding::NONE,
        dilation: Size::square(1),
        ceil: false,
        count_include_pad: true,
    };

    #[test]
    fn defaults_are_left_out() {
        assert_eq!(arguments(&Op::Conv(CONV)), "6, 5x5");
        assert_eq!(arguments(&Op::Linear(Linear { features: 10, bias: true, store: Store::F32 })), "10");
        assert_eq!(arguments(&Op::AvgPool(POOL)), "2x3");
        assert_eq!(arguments(&Op::Lrn(Lrn { size: 5, window: LrnWindow::Paper, alpha: 1e-4, beta: 0.75, k: 2.0 })), "");
        assert_eq!(arguments(&Op::BatchNorm(BatchNorm { eps: 1e-5, momentum: 0.1 })), "");
        assert_eq!(arguments(&Op::Dropout { p: 0.5 }), "");
        let selu = Activation::Selu { alpha: Activation::SELU_ALPHA, gamma: Activation::SELU_GAMMA };
        assert_eq!(arguments(&Op::Activation(selu)), "");
        assert_eq!(arguments(&Op::Activation(Activation::HardSigmoid { alpha: 1.0 / 6.0, beta: 0.5 })), "");
        assert_eq!(arguments(&Op::Activation(Activation::Gelu)), "");
        assert_eq!(arguments(&Op::Softmax), "");
    }

    #[test]
    fn everything_else_is_named() {
        let conv = Conv { stride: Size::square(2), dilation: Size::new(1, 2), groups: 2, bias: false, ..CONV };
        assert_eq!(arguments(&Op::Conv(conv)), "6, 5x5, stride = 2, dilation = 1x2, groups = 2, bias = false");
        let pool = Pool { stride: Size::square(1), ceil: true, count_include_pad: false, ..POOL };
        assert_eq!(arguments(&Op::AvgPool(pool)), "2x3, stride = 1, ceil = true, count_include_pad = false");
        assert_eq!(arguments(&Op::MaxPool(pool)), "2x3, stride = 1, ceil = true");
        assert_eq!(
            arguments(&Op::Lrn(Lrn { size: 4, window: LrnWindow::Paper, alpha: 1e-4, beta: 0.75, k: 2.0 })),
            "size = 4, window = paper"
        );
        assert_eq!(
            arguments(&Op::Lrn(Lrn { size: 3, window: LrnWindow::Paper, alpha: 2e-5, beta: 0.5, k: 1.0 })),
            "size = 3, alpha = 2e-5, beta = 0.5, k = 1"
        );
        assert_eq!(arguments(&Op::BatchNorm(BatchNorm { eps: 0.001, momentum: 0.01 })), "eps = 0.001, momentum = 0.01");
        assert_eq!(arguments(&Op::Activation(Activation::LeakyRelu { slope: 0.2 })), "0.2");
        let selu = Activation::Selu { alpha: 2.0, gamma: Activation::SELU_GAMMA };
        assert_eq!(arguments(&Op::Activation(selu)), "alpha = 2");
        let hard = Activation::HardSigmoid { alpha: 0.2, beta: 0.6 };
        assert_eq!(arguments(&Op::Activation(hard)), "alpha = 0.2, beta = 0.6");
        assert_eq!(arguments(&Op::Activation(Activation::GeluTanh)), "approximate = tanh");
        assert_eq!(arguments(&Op::Prelu(PreluPer::Element)), "per = element");
        let linear = Linear { features: 10, bias: false, store: Store::F16 };
        assert_eq!(arguments(&Op::Linear(linear)), "10, bias = false, store = f16");
    }

    #[test]
    fn padding_has_four_forms() {
        let pad = |pad| arguments(&Op::Conv(Conv { pad, ..CONV }));
        assert_eq!(pad(Padding::symmetric(2, 2)), "6, 5x5, pad = 2");
        assert_eq!(pad(Padding::symmetric(1, 3)), "6, 5x5, pad = 1x3");
        assert_eq!(pad(Padding::symmetric(0, 3)), "6, 5x5, pad = (0, 3)");
        assert_eq!(pad(Padding { bottom: 1, ..Padding::NONE }), "6, 5x5, pad = (0, 0, 1, 0)");
    }
}
