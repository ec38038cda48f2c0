//! A constant with the numbers of each kernel, the call that uses it, and its description.
//!
//! A kernel's input is written as the output of the one that made it, `CONV1.output`, so that the constants can be read
//! as the net.

use std::collections::HashSet;

use cnn_net::graph::Graph;
use cnn_net::op::Store;
use cnn_runtime::kernels::activation::{Activate, PreluMap};
use cnn_runtime::kernels::conv::Conv2d;
use cnn_runtime::kernels::dense::Dense;
use cnn_runtime::kernels::norm::{LrnMap, ScaleShift};
use cnn_runtime::kernels::pool::Pool2d;
use cnn_runtime::kernels::strips::{Columns2d, Planar2d};
use cnn_runtime::kernels::winograd::Winograd2d;
use cnn_runtime::place::map::Map;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

use super::values::{self, activation, lrn, map, number, option, padding, pooling, prelu_per, size};
use crate::plan::{Call, Kernel};

/// A kernel as Rust.
pub(super) struct Emitted {
    /// Its numbers.
    pub(super) constant: TokenStream,
    /// The statement that runs it, on one image.
    pub(super) call: TokenStream,
    /// The statement that runs it on all images of a batch, where that reads weights once for all.
    pub(super) batched: Option<TokenStream>,
    /// Its line in `STEPS`.
    pub(super) step: TokenStream,
}

/// What is no name of a kernel's constant: what else the block has constants for, and what is no name at all.
const TAKEN: &[&str] = &["BATCH", "EMBEDDED", "FLOATS", "GRAPH", "MEMORY", "RECIPE", "STEPS", "_"];

/// All kernels.
pub(super) fn kernels(calls: &[Call], graph: &Graph<'_>) -> Vec<Emitted> {
    let mut names = TAKEN.iter().map(|name| (*name).to_owned()).collect();
    let mut made = Made::default();
    calls
        .iter()
        .map(|call| {
            let name = constant(call, &mut names);
            let (kind, value, statement) = kernel(&call.kernel, &name, &made);
            made.note(&call.kernel, &name);
            let doc = format!(" `{}`: {}", call.name, call.doc);
            let has_batched =
                matches!(call.kernel, Kernel::Conv2d(_) | Kernel::Winograd2d(_) | Kernel::Dense { nonzero: false, .. });
            let batched = (call.shared && has_batched).then(|| {
                let function = format_ident!("{}_batch", call.kernel.name());
                quote!(rt::#function(run, &#name, BATCH, weights, workspace);)
            });
            let step = step(call, graph, batched.is_some());
            let constant = quote!(#[doc = #doc] const #name: rt::Checked<#kind> = #value.check(););
            Emitted { constant, call: statement, batched, step }
        })
        .collect()
}

/// The description of a call.
fn step(call: &Call, graph: &Graph<'_>, shared: bool) -> TokenStream {
    let (name, kernel, doc) = (&call.name, call.kernel.name(), &call.doc);
    let macs = match call.kernel {
        Kernel::LoadChw(..) | Kernel::ClearHalo(..) | Kernel::StoreChw(..) | Kernel::Copy(..) => None,
        Kernel::Conv2d(_)
        | Kernel::Planar2d(_)
        | Kernel::Winograd2d(_)
        | Kernel::Columns2d(_)
        | Kernel::Depthwise2d(_)
        | Kernel::Dense { .. }
        | Kernel::MaxPool(_)
        | Kernel::AvgPool(_)
        | Kernel::GlobalMaxPool(..)
        | Kernel::GlobalAvgPool(..)
        | Kernel::Lrn(_)
        | Kernel::ScaleShift(_)
        | Kernel::Prelu(_)
        | Kernel::Activate(_)
        | Kernel::Softmax(..)
        | Kernel::LogSoftmax(..)
        | Kernel::Add(..)
        | Kernel::Mul(..) => call.node.map(|node| graph.nodes[node].macs),
    };
    let macs = Literal::u64_unsuffixed(macs.unwrap_or(0));
    let (algorithm, node) = (option(call.kernel.algorithm()), option(call.node.map(number)));
    quote!(rt::Step {
        name: #name, kernel: #kernel, doc: #doc, algorithm: #algorithm, node: #node, macs: #macs, shared: #shared
    })
}

/// The maps that kernels so far have written, and how each can be named.
#[derive(Default)]
struct Made {
    maps: Vec<(Map, TokenStream)>,
}

impl Made {
    /// A map by the constant of the kernel that wrote it last, or as a literal.
    fn read(&self, map: &Map) -> TokenStream {
        let made = self.maps.iter().rev().find(|(made, _)| made == map);
        made.map_or_else(|| values::map(map), |(_, name)| name.clone())
    }

    /// Notes what a kernel writes.
    fn note(&mut self, kernel: &Kernel, name: &Ident) {
        let (map, name) = match kernel {
            Kernel::LoadChw(to) => (*to, quote!(#name.get())),
            Kernel::Planar2d(Planar2d { conv: Conv2d { output, .. }, .. })
            | Kernel::Columns2d(Columns2d { conv: Conv2d { output, .. }, .. })
            | Kernel::Winograd2d(Winograd2d { conv: Conv2d { output, .. }, .. }) => {
                (*output, quote!(#name.get().conv.output))
            }
            Kernel::Copy(_, output)
            | Kernel::GlobalMaxPool(_, output)
            | Kernel::GlobalAvgPool(_, output)
            | Kernel::Softmax(_, output)
            | Kernel::LogSoftmax(_, output)
            | Kernel::Add(_, output, _)
            | Kernel::Mul(_, output, _)
            | Kernel::Conv2d(Conv2d { output, .. })
            | Kernel::Depthwise2d(Conv2d { output, .. })
            | Kernel::Dense { layer: Dense { output, .. }, .. }
            | Kernel::MaxPool(Pool2d { output, .. })
            | Kernel::AvgPool(Pool2d { output, .. })
            | Kernel::Lrn(LrnMap { output, .. })
            | Kernel::ScaleShift(ScaleShift { output, .. })
            | Kernel::Prelu(PreluMap { output, .. })
            | Kernel::Activate(Activate { output, .. }) => (*output, quote!(#name.get().output)),
            Kernel::ClearHalo(..) | Kernel::StoreChw(..) => return,
        };
        self.maps.push((map, name));
    }
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
            Self::Planar2d(_) => "planar2d",
            Self::Winograd2d(_) => "winograd2d",
            Self::Columns2d(_) => "columns2d",
            Self::Depthwise2d(_) => "depthwise2d",
            Self::Dense { store: Store::F32, nonzero: false, .. } => "dense",
            Self::Dense { store: Store::F16, nonzero: false, .. } => "dense_f16",
            Self::Dense { store: Store::F32, nonzero: true, .. } => "dense_nonzero",
            Self::Dense { store: Store::F16, nonzero: true, .. } => "dense_nonzero_f16",
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

    /// Which of Winograd's algorithms it uses, if any.
    pub(crate) fn winograd(&self) -> Option<String> {
        match self {
            Self::Planar2d(planar) if planar.tile > 1 => Some(format!("F({}x1, {})", planar.tile, planar.conv.kernel)),
            Self::Columns2d(columns) => Some(format!("F({}x1, {})", columns.panels().tile, columns.conv.kernel)),
            Self::Winograd2d(winograd) => Some(format!("F({}, {})", winograd.tile, winograd.panels().taps())),
            _ => None,
        }
    }

    /// How it computes what could be computed in several ways.
    fn algorithm(&self) -> Option<String> {
        match self {
            Self::Conv2d(_) | Self::Planar2d(_) | Self::Winograd2d(_) | Self::Columns2d(_) | Self::Depthwise2d(_) => {
                Some(self.winograd().unwrap_or_else(|| "direct".to_owned()))
            }
            Self::Dense { nonzero: false, .. } => Some("gemm".to_owned()),
            Self::Dense { nonzero: true, .. } => Some("nonzero".to_owned()),
            Self::LoadChw(..)
            | Self::ClearHalo(..)
            | Self::StoreChw(..)
            | Self::Copy(..)
            | Self::MaxPool(_)
            | Self::AvgPool(_)
            | Self::GlobalMaxPool(..)
            | Self::GlobalAvgPool(..)
            | Self::Lrn(_)
            | Self::ScaleShift(_)
            | Self::Prelu(_)
            | Self::Activate(_)
            | Self::Softmax(..)
            | Self::LogSoftmax(..)
            | Self::Add(..)
            | Self::Mul(..) => None,
        }
    }
}

/// The constant's type and value, and the call.
fn kernel(kernel: &Kernel, name: &Ident, made: &Made) -> (TokenStream, TokenStream, TokenStream) {
    let function = format_ident!("{}", kernel.name());
    let weighted = quote!(rt::#function(run, &#name, weights, workspace););
    let plain = quote!(rt::#function(run, &#name, workspace););
    let (kind, call) = match kernel {
        Kernel::LoadChw(_) => (quote!(rt::Map), quote!(rt::#function(run, input, &#name, workspace);)),
        Kernel::ClearHalo(..) => (quote!(rt::Halo), plain),
        Kernel::StoreChw(..) => (quote!(rt::StoreChw), plain),
        Kernel::Copy(..) => (quote!(rt::CopyMap), plain),
        Kernel::GlobalMaxPool(..) | Kernel::GlobalAvgPool(..) => (quote!(rt::GlobalPool), plain),
        Kernel::Softmax(..) | Kernel::LogSoftmax(..) => (quote!(rt::SoftmaxMap), plain),
        Kernel::Conv2d(_) | Kernel::Depthwise2d(_) => (quote!(rt::Conv2d), weighted),
        Kernel::Planar2d(_) => (quote!(rt::Planar2d), weighted),
        Kernel::Winograd2d(_) => (quote!(rt::Winograd2d), weighted),
        Kernel::Columns2d(_) => (quote!(rt::Columns2d), weighted),
        Kernel::Dense { .. } => (quote!(rt::Dense), weighted),
        Kernel::MaxPool(_) | Kernel::AvgPool(_) => (quote!(rt::Pool2d), plain),
        Kernel::Lrn(_) => (quote!(rt::LrnMap), plain),
        Kernel::ScaleShift(_) => (quote!(rt::ScaleShift), weighted),
        Kernel::Prelu(_) => (quote!(rt::PreluMap), weighted),
        Kernel::Activate(_) => (quote!(rt::Activate), plain),
        Kernel::Add(..) | Kernel::Mul(..) => (quote!(rt::Merge<'static>), plain),
    };
    (kind, value(kernel, made), call)
}

/// A kernel's numbers.
fn value(kernel: &Kernel, made: &Made) -> TokenStream {
    match kernel {
        Kernel::Conv2d(conv) | Kernel::Depthwise2d(conv) => conv2d(conv, made),
        Kernel::Planar2d(layer) => planar(layer, made),
        Kernel::Winograd2d(layer) => winograd(layer, made),
        Kernel::Columns2d(layer) => columns(layer, made),
        Kernel::Dense { layer, .. } => dense(layer, made),
        Kernel::MaxPool(pool) | Kernel::AvgPool(pool) => self::pool(pool, made),
        Kernel::Lrn(norm) => {
            let (input, output, lrn) = (made.read(&norm.input), map(&norm.output), lrn(&norm.lrn));
            quote!(rt::LrnMap { input: #input, output: #output, lrn: #lrn })
        }
        Kernel::ScaleShift(norm) => {
            let (input, output, weights) = (made.read(&norm.input), map(&norm.output), number(norm.weights));
            let function = activation(norm.activation);
            quote!(rt::ScaleShift { input: #input, output: #output, weights: #weights, activation: #function })
        }
        Kernel::Prelu(prelu) => {
            let (input, output, weights) = (made.read(&prelu.input), map(&prelu.output), number(prelu.weights));
            let per = prelu_per(prelu.per);
            quote!(rt::PreluMap { input: #input, output: #output, weights: #weights, per: #per })
        }
        Kernel::Activate(step) => {
            let (input, output, function) = (made.read(&step.input), map(&step.output), activation(step.activation));
            quote!(rt::Activate { input: #input, output: #output, activation: #function })
        }
        Kernel::LoadChw(to) => map(to),
        Kernel::ClearHalo(around, zeros) => {
            let (around, zeros) = (map(around), padding(*zeros));
            quote!(rt::Halo { map: #around, zeros: #zeros })
        }
        Kernel::StoreChw(from, to) => {
            let (from, to) = (made.read(from), number(*to));
            quote!(rt::StoreChw { map: #from, offset: #to })
        }
        Kernel::Copy(from, to) => one_to_one(&quote!(CopyMap), from, to, made),
        Kernel::GlobalMaxPool(from, to) | Kernel::GlobalAvgPool(from, to) => {
            one_to_one(&quote!(GlobalPool), from, to, made)
        }
        Kernel::Softmax(from, to) | Kernel::LogSoftmax(from, to) => one_to_one(&quote!(SoftmaxMap), from, to, made),
        Kernel::Add(inputs, output, of) | Kernel::Mul(inputs, output, of) => {
            let inputs = inputs.iter().map(|input| made.read(input));
            let (output, function) = (map(output), activation(*of));
            quote!(rt::Merge { inputs: &[#(#inputs),*], output: #output, activation: #function })
        }
    }
}

/// The literal of a kernel that has nothing but an input and an output.
fn one_to_one(kind: &TokenStream, from: &Map, to: &Map, made: &Made) -> TokenStream {
    let (from, to) = (made.read(from), map(to));
    quote!(rt::#kind { input: #from, output: #to })
}

fn conv2d(conv: &Conv2d, made: &Made) -> TokenStream {
    let (input, output) = (made.read(&conv.input), map(&conv.output));
    let [kernel, stride, dilation] = [conv.kernel, conv.stride, conv.dilation].map(size);
    let [top, left, groups, weights] = [conv.pad_top, conv.pad_left, conv.groups, conv.weights].map(number);
    let (residual, function) =
        (option(conv.residual.as_ref().map(|residual| made.read(residual))), activation(conv.activation));
    quote!(rt::Conv2d {
        input: #input, output: #output, kernel: #kernel, stride: #stride,
        pad_top: #top, pad_left: #left, dilation: #dilation, groups: #groups,
        weights: #weights, residual: #residual, activation: #function,
    })
}

fn planar(planar: &Planar2d, made: &Made) -> TokenStream {
    let (conv, tile, pool) = (conv2d(&planar.conv, made), number(planar.tile), option(planar.pool.map(pooling)));
    quote!(rt::Planar2d { conv: #conv, tile: #tile, pool: #pool })
}

fn winograd(winograd: &Winograd2d, made: &Made) -> TokenStream {
    let (conv, tile, pool) = (conv2d(&winograd.conv, made), number(winograd.tile), winograd.pool);
    let (block, scratch) = (number(winograd.block), number(winograd.scratch));
    quote!(rt::Winograd2d { conv: #conv, tile: #tile, pool: #pool, block: #block, scratch: #scratch })
}

fn columns(columns: &Columns2d, made: &Made) -> TokenStream {
    let (conv, pool, scratch) =
        (conv2d(&columns.conv, made), option(columns.pool.map(pooling)), number(columns.scratch));
    quote!(rt::Columns2d { conv: #conv, pool: #pool, scratch: #scratch })
}

fn dense(dense: &Dense, made: &Made) -> TokenStream {
    let (input, output, weights) = (made.read(&dense.input), map(&dense.output), number(dense.weights));
    let (residual, function) =
        (option(dense.residual.as_ref().map(|residual| made.read(residual))), activation(dense.activation));
    quote!(rt::Dense {
        input: #input, output: #output, weights: #weights, residual: #residual, activation: #function,
    })
}

fn pool(pool: &Pool2d, made: &Made) -> TokenStream {
    let (input, output) = (made.read(&pool.input), map(&pool.output));
    let [kernel, stride, dilation] = [pool.kernel, pool.stride, pool.dilation].map(size);
    let (pad, count_include_pad) = (padding(pool.pad), pool.count_include_pad);
    quote!(rt::Pool2d {
        input: #input, output: #output, kernel: #kernel, stride: #stride, pad: #pad,
        dilation: #dilation, count_include_pad: #count_include_pad,
    })
}
