//! Layers as a declaration calls them.
#![cfg(feature = "alloc")]

use cnn_net::language::{arguments, params, usage};
use cnn_net::op::{
    Activation, BatchNorm, Conv, Factor, Linear, Lrn, LrnWindow, Norm, Op, Over, Padding, Pool, PreluPer, Size, Store,
};

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
    assert_eq!(arguments(&Op::BatchNorm(BatchNorm::new(1e-5, 0.1))), "");
    assert_eq!(arguments(&Op::Dropout { p: 0.5 }), "");
    let selu = Activation::Selu { alpha: Activation::SELU_ALPHA, gamma: Activation::SELU_GAMMA };
    assert_eq!(arguments(&Op::Activation(selu)), "");
    assert_eq!(arguments(&Op::Activation(Activation::HardSigmoid { alpha: 1.0 / 6.0, beta: 0.5 })), "");
    assert_eq!(arguments(&Op::Activation(Activation::Gelu)), "");
    assert_eq!(arguments(&Op::Softmax), "");
    assert_eq!(arguments(&Op::Norm(Norm::Instance { eps: 1e-5, affine: false })), "");
    assert_eq!(arguments(&Op::Scale { factor: Factor::Channel }), "");
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
    assert_eq!(arguments(&Op::BatchNorm(BatchNorm::new(0.001, 0.01))), "eps = 0.001, momentum = 0.01");
    assert_eq!(arguments(&Op::BatchNorm(BatchNorm::new(1e-5, 0.1).affine(false))), "affine = false");
    assert_eq!(arguments(&Op::Activation(Activation::LeakyRelu { slope: 0.2 })), "0.2");
    let selu = Activation::Selu { alpha: 2.0, gamma: Activation::SELU_GAMMA };
    assert_eq!(arguments(&Op::Activation(selu)), "alpha = 2");
    let hard = Activation::HardSigmoid { alpha: 0.2, beta: 0.6 };
    assert_eq!(arguments(&Op::Activation(hard)), "alpha = 0.2, beta = 0.6");
    assert_eq!(arguments(&Op::Activation(Activation::GeluTanh)), "approximate = tanh");
    assert_eq!(arguments(&Op::Prelu(PreluPer::Element)), "per = element");
    assert_eq!(arguments(&Op::Prelu(PreluPer::Tensor)), "per = tensor");
    assert_eq!(arguments(&Op::Scale { factor: Factor::Tensor }), "per = tensor");
    let norm = Norm::Layer { over: Over::All, eps: 1e-6, affine: false };
    assert_eq!(arguments(&Op::Norm(norm)), "eps = 1e-6, over = all, affine = false");
    assert_eq!(arguments(&Op::Norm(Norm::Group { groups: 4, eps: 1e-5, affine: true })), "4");
    assert_eq!(arguments(&Op::Scale { factor: Factor::Fixed(-0.1) }), "-0.1");
    let hard = Activation::HardTanh { min: -1.0, max: 2.0 };
    assert_eq!(arguments(&Op::Activation(hard)), "max = 2");
    assert_eq!(arguments(&Op::Activation(Activation::Threshold { threshold: 0.1, value: 20.0 })), "0.1, 20");
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

#[test]
fn usage_names_every_argument() {
    let text = |op: Op| usage(op.name(), &params(op));
    assert_eq!(
        text(Op::Conv(CONV)),
        "`conv(filters, size, stride = 1, pad = 0, dilation = 1, groups = 1, bias = true)`"
    );
    assert_eq!(
        text(Op::AvgPool(POOL)),
        "`avg_pool(size, stride = size, pad = 0, dilation = 1, ceil = false, count_include_pad = true)`"
    );
    assert_eq!(text(Op::Flatten), "`flatten`, without arguments");
    assert_eq!(text(Op::Scale { factor: Factor::Channel }), "`scale(factor = learnt, per = channel)`");
    let norm = Norm::Rms { over: Over::Channels, eps: 1e-6, affine: true };
    assert_eq!(text(Op::Norm(norm)), "`rms_norm(eps = 1e-6, over = channels, affine = true)`");
}

#[test]
fn layers_have_names_of_their_own_and_their_defaults() {
    let all: Vec<Op> = Op::layers().collect();
    for (index, op) in all.iter().enumerate() {
        assert!(all[..index].iter().all(|other| other.name() != op.name()), "{} is there twice", op.name());
        for param in params(*op).iter().filter(|param| param.default.is_some() && param.like.is_none()) {
            assert!(!arguments(op).contains(param.name), "{} is not the default of {}", param.name, op.name());
        }
    }
}
