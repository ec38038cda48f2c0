//! The runtime's values as the literals that make them.

use cnn_net::graph::{Role, Value};
use cnn_net::op::{Activation, LrnWindow, Op, Padding, Pool, PreluPer, Shape, Size, Store};
use cnn_runtime::kernels::strips::Pooling;
use cnn_runtime::place::map::Map;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// `6`, not `6usize`.
pub(super) fn number(value: usize) -> Literal {
    Literal::usize_unsuffixed(value)
}

pub(super) fn real(value: f32) -> Literal {
    Literal::f32_unsuffixed(value)
}

/// An optional value.
pub(super) fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(rt::Some(#value)),
        None => quote!(rt::None),
    }
}

pub(super) fn map(map: &Map) -> TokenStream {
    let Map { offset, height, width, channels, row, pixel } = *map;
    let [o, h, w, c, r, p] = [offset, height, width, channels, row, pixel].map(number);
    if *map == Map::vector(offset, channels) {
        return quote!(rt::Map::vector(#o, #c));
    }
    if *map == Map::dense(offset, height, width, channels) {
        return quote!(rt::Map::dense(#o, #h, #w, #c));
    }
    quote!(rt::Map::dense(#o, #h, #w, #c).with_strides(#r, #p))
}

pub(super) fn size(size: Size) -> TokenStream {
    let (height, width) = (number(size.height), number(size.width));
    quote!(rt::Size::new(#height, #width))
}

pub(super) fn padding(padding: Padding) -> TokenStream {
    if padding.is_none() {
        return quote!(rt::Padding::NONE);
    }
    let [top, left, bottom, right] = [padding.top, padding.left, padding.bottom, padding.right].map(number);
    if padding == Padding::symmetric(padding.top, padding.left) {
        return quote!(rt::Padding::symmetric(#top, #left));
    }
    quote!(rt::Padding { top: #top, left: #left, bottom: #bottom, right: #right })
}

pub(super) fn shape(shape: Shape) -> TokenStream {
    match shape {
        Shape::Map { channels, height, width } => {
            let [channels, height, width] = [channels, height, width].map(number);
            quote!(rt::Shape::map(#channels, #height, #width))
        }
        Shape::Vector(features) => {
            let features = number(features);
            quote!(rt::Shape::Vector(#features))
        }
    }
}

pub(super) fn value(value: Value) -> TokenStream {
    match value {
        Value::Input => quote!(rt::Value::Input),
        Value::Node(index) => {
            let index = number(index);
            quote!(rt::Value::Node(#index))
        }
    }
}

pub(super) fn role(role: Role) -> TokenStream {
    match role {
        Role::Weight => quote!(rt::Role::Weight),
        Role::Bias => quote!(rt::Role::Bias),
        Role::RunningMean => quote!(rt::Role::RunningMean),
        Role::RunningVar => quote!(rt::Role::RunningVar),
    }
}

pub(super) fn activation(activation: Activation) -> TokenStream {
    match activation {
        Activation::Identity => quote!(rt::Activation::Identity),
        Activation::Step => quote!(rt::Activation::Step),
        Activation::Sigmoid => quote!(rt::Activation::Sigmoid),
        Activation::Tanh => quote!(rt::Activation::Tanh),
        Activation::Relu => quote!(rt::Activation::Relu),
        Activation::Relu6 => quote!(rt::Activation::Relu6),
        Activation::LeakyRelu { slope } => {
            let slope = real(slope);
            quote!(rt::Activation::LeakyRelu { slope: #slope })
        }
        Activation::Elu { alpha } => {
            let alpha = real(alpha);
            quote!(rt::Activation::Elu { alpha: #alpha })
        }
        Activation::Selu { alpha, gamma } => {
            let (alpha, gamma) = (real(alpha), real(gamma));
            quote!(rt::Activation::Selu { alpha: #alpha, gamma: #gamma })
        }
        Activation::Softplus => quote!(rt::Activation::Softplus),
        Activation::Softsign => quote!(rt::Activation::Softsign),
        Activation::Gelu => quote!(rt::Activation::Gelu),
        Activation::GeluTanh => quote!(rt::Activation::GeluTanh),
        Activation::Silu => quote!(rt::Activation::Silu),
        Activation::Mish => quote!(rt::Activation::Mish),
        Activation::HardSigmoid { alpha, beta } => {
            let (alpha, beta) = (real(alpha), real(beta));
            quote!(rt::Activation::HardSigmoid { alpha: #alpha, beta: #beta })
        }
        Activation::HardSwish => quote!(rt::Activation::HardSwish),
    }
}

fn store(store: Store) -> TokenStream {
    match store {
        Store::F32 => quote!(rt::Store::F32),
        Store::F16 => quote!(rt::Store::F16),
    }
}

pub(super) fn prelu_per(per: PreluPer) -> TokenStream {
    match per {
        PreluPer::Channel => quote!(rt::PreluPer::Channel),
        PreluPer::Element => quote!(rt::PreluPer::Element),
    }
}

/// How 2x2 results become one.
pub(super) fn pooling(pooling: Pooling) -> TokenStream {
    match pooling {
        Pooling::Max => quote!(rt::Pooling::Max),
        Pooling::Average => quote!(rt::Pooling::Average),
    }
}

/// The fields of an LRN.
pub(super) fn lrn(lrn: &cnn_net::op::Lrn) -> TokenStream {
    let (n, alpha, beta, k) = (number(lrn.size), real(lrn.alpha), real(lrn.beta), real(lrn.k));
    let window = match lrn.window {
        LrnWindow::Paper => quote!(rt::LrnWindow::Paper),
        LrnWindow::Torch => quote!(rt::LrnWindow::Torch),
        LrnWindow::Onnx => quote!(rt::LrnWindow::Onnx),
    };
    quote!(rt::Lrn { size: #n, window: #window, alpha: #alpha, beta: #beta, k: #k })
}

pub(super) fn op(op: &Op) -> TokenStream {
    match op {
        Op::Conv(conv) => {
            let (filters, groups, bias) = (number(conv.filters), number(conv.groups), conv.bias);
            let [kernel, stride, dilation] = [conv.kernel, conv.stride, conv.dilation].map(size);
            let pad = padding(conv.pad);
            quote!(rt::Op::Conv(rt::Conv {
                filters: #filters, kernel: #kernel, stride: #stride, pad: #pad,
                dilation: #dilation, groups: #groups, bias: #bias,
            }))
        }
        Op::Linear(linear) => {
            let (features, bias, store) = (number(linear.features), linear.bias, store(linear.store));
            quote!(rt::Op::Linear(rt::Linear { features: #features, bias: #bias, store: #store }))
        }
        Op::MaxPool(pool) => {
            let pool = self::pool(pool);
            quote!(rt::Op::MaxPool(#pool))
        }
        Op::AvgPool(pool) => {
            let pool = self::pool(pool);
            quote!(rt::Op::AvgPool(#pool))
        }
        Op::GlobalAvgPool => quote!(rt::Op::GlobalAvgPool),
        Op::GlobalMaxPool => quote!(rt::Op::GlobalMaxPool),
        Op::Flatten => quote!(rt::Op::Flatten),
        Op::Dropout { p } => {
            let p = real(*p);
            quote!(rt::Op::Dropout { p: #p })
        }
        Op::Lrn(lrn) => {
            let lrn = self::lrn(lrn);
            quote!(rt::Op::Lrn(#lrn))
        }
        Op::BatchNorm(norm) => {
            let (eps, momentum) = (real(norm.eps), real(norm.momentum));
            quote!(rt::Op::BatchNorm(rt::BatchNorm { eps: #eps, momentum: #momentum }))
        }
        Op::Prelu(per) => {
            let per = prelu_per(*per);
            quote!(rt::Op::Prelu(#per))
        }
        Op::Activation(function) => {
            let function = activation(*function);
            quote!(rt::Op::Activation(#function))
        }
        Op::Softmax => quote!(rt::Op::Softmax),
        Op::LogSoftmax => quote!(rt::Op::LogSoftmax),
        Op::Concat => quote!(rt::Op::Concat),
        Op::Add => quote!(rt::Op::Add),
        Op::Mul => quote!(rt::Op::Mul),
    }
}

fn pool(pool: &Pool) -> TokenStream {
    let [kernel, stride, dilation] = [pool.kernel, pool.stride, pool.dilation].map(size);
    let (pad, ceil, count_include_pad) = (padding(pool.pad), pool.ceil, pool.count_include_pad);
    quote!(rt::Pool {
        kernel: #kernel, stride: #stride, pad: #pad,
        dilation: #dilation, ceil: #ceil, count_include_pad: #count_include_pad,
    })
}
