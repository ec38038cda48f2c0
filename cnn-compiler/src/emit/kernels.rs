//! A constant with the numbers of each kernel, and the call that uses it.

use std::collections::HashSet;

use cnn_runtime::map::Map;
use cnn_runtime::op::Activation;
use cnn_runtime::pool::Pool2d;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::values::{activation, lrn, map, number, option, padding, prelu_per, size};
use crate::plan::{Call, Kernel};

/// The constants of all calls, and the calls.
pub(super) fn kernels(calls: &[Call]) -> (Vec<TokenStream>, Vec<TokenStream>) {
    let mut names = HashSet::new();
    calls
        .iter()
        .map(|call| {
            let name = constant(call, &mut names);
            let (kind, value, statement) = kernel(&call.kernel, &name);
            let doc = format!(" `{}`: {}", call.name, call.doc);
            (quote!(#[doc = #doc] const #name: #kind = #value;), statement)
        })
        .unzip()
}

/// `LAYER1_0_CONV1`; with the layer's kind in front where the name begins with a number.
fn constant(call: &Call, taken: &mut HashSet<String>) -> Ident {
    let last = call.name.rsplit('.').next().unwrap_or_default();
    let mut name: String =
        call.name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if last.starts_with(|c: char| c.is_ascii_digit()) || name.starts_with(|c: char| c.is_ascii_digit()) {
        name = format!("{}_{name}", call.kernel.name().to_ascii_uppercase());
    }
    let plain = name.clone();
    let mut count = 1;
    while !taken.insert(name.clone()) {
        count += 1;
        name = format!("{plain}_{count}");
    }
    Ident::new(&name, Span::mixed_site())
}

impl Kernel {
    /// The function in the runtime.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::LoadChw(..) => "load_chw",
            Self::ClearHalo(..) => "clear_halo",
            Self::StoreChw(..) => "store_chw",
            Self::Copy(..) => "copy",
            Self::Conv2d(_) => "conv2d",
            Self::Depthwise2d(_) => "depthwise2d",
            Self::Dense(_) => "dense",
            Self::MaxPool(_) => "max_pool",
            Self::AvgPool(_) => "avg_pool",
            Self::GlobalMaxPool(..) => "global_max_pool",
            Self::GlobalAvgPool(..) => "global_avg_pool",
            Self::Lrn(_) => "lrn",
            Self::ScaleShift(_) => "scale_shift",
            Self::Prelu(_) => "prelu",
            Self::Activate(_) => "activate",
            Self::Softmax(..) => "softmax",
            Self::LogSoftmax(..) => "log_softmax",
            Self::Add(..) => "add",
            Self::Mul(..) => "mul",
        }
    }
}

/// The constant's type and value, and the call.
fn kernel(kernel: &Kernel, name: &Ident) -> (TokenStream, TokenStream, TokenStream) {
    let function = format_ident!("{}", kernel.name());
    let weighted = quote!(rt::#function(isa, &#name, weights, workspace););
    let plain = quote!(rt::#function(isa, &#name, workspace););
    match kernel {
        Kernel::LoadChw(to) => (quote!(rt::Map), map(to), quote!(rt::#function(isa, input, &#name, workspace);)),
        Kernel::ClearHalo(around, zeros) => {
            let (around, zeros) = (map(around), padding(*zeros));
            (quote!((rt::Map, rt::Padding)), quote!((#around, #zeros)), quote!(rt::#function(isa, &#name.0, &#name.1, workspace);))
        }
        Kernel::StoreChw(from, to) => {
            let (from, to) = (map(from), number(*to));
            (quote!((rt::Map, usize)), quote!((#from, #to)), quote!(rt::#function(isa, &#name.0, #name.1, workspace);))
        }
        Kernel::Copy(from, to)
        | Kernel::GlobalMaxPool(from, to)
        | Kernel::GlobalAvgPool(from, to)
        | Kernel::Softmax(from, to)
        | Kernel::LogSoftmax(from, to) => {
            let (from, to) = (map(from), map(to));
            (quote!([rt::Map; 2]), quote!([#from, #to]), quote!(rt::#function(isa, &#name[0], &#name[1], workspace);))
        }
        Kernel::Conv2d(_) => (quote!(rt::Conv2d), value(kernel), weighted),
        Kernel::Depthwise2d(_) => (quote!(rt::Depthwise2d), value(kernel), weighted),
        Kernel::Dense(_) => (quote!(rt::Dense), value(kernel), weighted),
        Kernel::MaxPool(_) | Kernel::AvgPool(_) => (quote!(rt::Pool2d), value(kernel), plain),
        Kernel::Lrn(_) => (quote!(rt::LrnMap), value(kernel), plain),
        Kernel::ScaleShift(_) => (quote!(rt::ScaleShift), value(kernel), weighted),
        Kernel::Prelu(_) => (quote!(rt::PreluMap), value(kernel), weighted),
        Kernel::Activate(_) => (quote!(rt::Activate), value(kernel), plain),
        Kernel::Add(inputs, output, function_of) | Kernel::Mul(inputs, output, function_of) => {
            join(&function, name, inputs, output, *function_of)
        }
    }
}

/// A sum or a product: the constant holds the inputs and, last, the output.
fn join(
    function: &Ident,
    name: &Ident,
    inputs: &[Map],
    output: &Map,
    of: Activation,
) -> (TokenStream, TokenStream, TokenStream) {
    let (count, all) = (number(inputs.len()), number(inputs.len() + 1));
    let maps = inputs.iter().chain([output]).map(map);
    let of = activation(of);
    (
        quote!([rt::Map; #all]),
        quote!([#(#maps),*]),
        quote!(rt::#function(isa, &#name[..#count], &#name[#count], #of, workspace);),
    )
}

/// The literal of a kernel that has a struct for its numbers; nothing for the others.
fn value(kernel: &Kernel) -> TokenStream {
    match kernel {
        Kernel::Conv2d(conv) => {
            let (input, output) = (map(&conv.input), map(&conv.output));
            let [kernel, stride, dilation] = [conv.kernel, conv.stride, conv.dilation].map(size);
            let [top, left, groups, weights] = [conv.pad_top, conv.pad_left, conv.groups, conv.weights].map(number);
            let (residual, function) = (option(conv.residual.as_ref().map(map)), activation(conv.activation));
            quote!(rt::Conv2d {
                input: #input, output: #output, kernel: #kernel, stride: #stride,
                pad_top: #top, pad_left: #left, dilation: #dilation, groups: #groups,
                weights: #weights, residual: #residual, activation: #function,
            })
        }
        Kernel::Depthwise2d(conv) => {
            let (input, output) = (map(&conv.input), map(&conv.output));
            let [kernel, stride, dilation] = [conv.kernel, conv.stride, conv.dilation].map(size);
            let [top, left, weights] = [conv.pad_top, conv.pad_left, conv.weights].map(number);
            let (residual, function) = (option(conv.residual.as_ref().map(map)), activation(conv.activation));
            quote!(rt::Depthwise2d {
                input: #input, output: #output, kernel: #kernel, stride: #stride,
                pad_top: #top, pad_left: #left, dilation: #dilation,
                weights: #weights, residual: #residual, activation: #function,
            })
        }
        Kernel::Dense(dense) => {
            let (input, output, weights) = (map(&dense.input), map(&dense.output), number(dense.weights));
            let (residual, function) = (option(dense.residual.as_ref().map(map)), activation(dense.activation));
            quote!(rt::Dense {
                input: #input, output: #output, weights: #weights, residual: #residual, activation: #function,
            })
        }
        Kernel::MaxPool(pool) | Kernel::AvgPool(pool) => self::pool(pool),
        Kernel::Lrn(norm) => {
            let (input, output, lrn) = (map(&norm.input), map(&norm.output), lrn(&norm.lrn));
            quote!(rt::LrnMap { input: #input, output: #output, lrn: #lrn })
        }
        Kernel::ScaleShift(norm) => {
            let (input, output, weights) = (map(&norm.input), map(&norm.output), number(norm.weights));
            let function = activation(norm.activation);
            quote!(rt::ScaleShift { input: #input, output: #output, weights: #weights, activation: #function })
        }
        Kernel::Prelu(prelu) => {
            let (input, output, weights) = (map(&prelu.input), map(&prelu.output), number(prelu.weights));
            let per = prelu_per(prelu.per);
            quote!(rt::PreluMap { input: #input, output: #output, weights: #weights, per: #per })
        }
        Kernel::Activate(step) => {
            let (input, output, function) = (map(&step.input), map(&step.output), activation(step.activation));
            quote!(rt::Activate { input: #input, output: #output, activation: #function })
        }
        Kernel::LoadChw(..)
        | Kernel::ClearHalo(..)
        | Kernel::StoreChw(..)
        | Kernel::Copy(..)
        | Kernel::GlobalMaxPool(..)
        | Kernel::GlobalAvgPool(..)
        | Kernel::Softmax(..)
        | Kernel::LogSoftmax(..)
        | Kernel::Add(..)
        | Kernel::Mul(..) => TokenStream::new(),
    }
}

fn pool(pool: &Pool2d) -> TokenStream {
    let (input, output) = (map(&pool.input), map(&pool.output));
    let [kernel, stride, dilation] = [pool.kernel, pool.stride, pool.dilation].map(size);
    let (pad, count_include_pad) = (padding(pool.pad), pool.count_include_pad);
    quote!(rt::Pool2d {
        input: #input, output: #output, kernel: #kernel, stride: #stride, pad: #pad,
        dilation: #dilation, count_include_pad: #count_include_pad,
    })
}
