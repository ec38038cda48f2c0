//! The gradients of a layer's tensors: from the order of kernels into that of the tensors, and sums of several.

use cnn_net::graph::Role;
use cnn_net::op::{Conv, ConvTranspose, Factor, Op, Padding, Size, UserLayer};
use cnn_runtime::kernels::call::BatchCall;
use cnn_runtime::kernels::gradient::batch_norm::BatchNormGradient;
use cnn_runtime::kernels::gradient::bias::BiasGradient;
use cnn_runtime::kernels::gradient::conv::ConvWeightGradient;
use cnn_runtime::kernels::gradient::dense::DenseWeightGradient;
use cnn_runtime::kernels::gradient::gains::NormaliseWeightGradient;
use cnn_runtime::kernels::gradient::grn::GrnWeightGradient;
use cnn_runtime::kernels::gradient::parameters::{PreluWeightGradient, ScaleWeightGradient};
use cnn_runtime::kernels::minibatch::order::{Accumulate, Reorder};
use cnn_runtime::pack::padded;
use cnn_runtime::place::map::Map;

use super::calls::Calls;
use super::program::Task;
use super::shared::Once;

/// Where a kernel writes gradients, and where they belong.
#[derive(Clone, Copy)]
pub(super) struct Destination {
    /// Where the kernel writes.
    from: usize,
    /// Where they belong; the same, if nothing is left to do.
    to: usize,
    len: usize,
    /// Matrices of pixels and channels that are to be transposed.
    order: Option<Matrices>,
    /// Whether gradients already exist.
    adds: bool,
}

/// Matrices of pixels and channels, one after another.
#[derive(Clone, Copy)]
struct Matrices {
    rows: usize,
    pixels: usize,
    channels: usize,
}

impl Matrices {
    /// Those that transposing would change.
    fn new(rows: usize, pixels: usize, channels: usize) -> Option<Self> {
        (pixels > 1 && channels > 1).then_some(Self { rows, pixels, channels })
    }
}

impl Calls<'_> {
    /// Where the gradients of a tensor go, if it is trained.
    fn destination(&mut self, time: usize, node: usize, role: Role, order: Option<Matrices>) -> Option<Destination> {
        let place = self.shared.tensor(self.graph, node, role)?;
        let (to, len, what) = (place.gradient?, place.len, Once::Gradient(place.tensor));
        let adds = !self.written.insert(to);
        let from = if adds || order.is_some() { self.shared.once(node, what, len, time) } else { to };
        Some(Destination { from, to, len, order, adds })
    }

    /// Brings gradients to where they belong.
    fn finish(&mut self, time: usize, task: &Task, destination: Destination) {
        let Destination { from, to, len, order, adds } = destination;
        if from == to {
            return;
        }
        let kernel: Box<dyn BatchCall> = match order {
            Some(Matrices { rows, pixels, channels }) => Box::new(Reorder { from, to, rows, pixels, channels, adds }),
            None => Box::new(Accumulate { from, to, len }),
        };
        self.batch(time, self.name(task, "order"), kernel);
    }

    /// The gradients of the tensors of any layer but a batch normalisation.
    pub(super) fn tensors(&mut self, time: usize, task: &Task, node: usize) {
        let op = self.graph.nodes[node].op;
        if let Op::Custom(layer) = op {
            return self.user_tensors(time, task, node, &layer);
        }
        let (input, upstream) = (self.map(task.reads[0]), self.map(task.reads[1]));
        let order = match op {
            Op::Conv(Conv { kernel, groups, .. }) => {
                Matrices::new(upstream.channels, kernel.area(), input.channels / groups)
            }
            Op::ConvTranspose(ConvTranspose { kernel, groups, .. }) => {
                Matrices::new(input.channels, kernel.area(), upstream.channels / groups)
            }
            Op::Linear(_) => Matrices::new(upstream.channels, input.pixels(), input.channels),
            _ => None,
        };
        let weight = self.destination(time, node, Role::Weight, order);
        let bias = self.destination(time, node, Role::Bias, None);
        let name = self.name(task, "tensors");
        let of = Maps { input, upstream, scratch: self.places.scratch[time] };
        for kernel in of.kernels(&op, weight.map(|to| to.from), bias.map(|to| to.from)) {
            self.batch(time, name.clone(), kernel);
        }
        for to in [weight, bias].into_iter().flatten() {
            self.finish(time, task, to);
        }
    }

    /// The gradients of the tensors of a user-defined layer: sums over the images of what it computed.
    fn user_tensors(&mut self, time: usize, task: &Task, node: usize, layer: &UserLayer) {
        let (all, scratch) = (self.map(task.reads[0]), self.places.scratch[time]);
        let mut part = Map { offset: all.offset + all.channels - layer.weights(), ..all };
        for tensor in layer.tensors {
            part.channels = tensor.elements();
            if let Some(to) = self.destination(time, node, tensor.role(), None) {
                let sum = BiasGradient { upstream: part, bias: to.from, scratch };
                self.batch(time, self.name(task, "tensors"), Box::new(sum));
                self.finish(time, task, to);
            }
            part.offset += part.channels;
        }
    }

    /// The gradients of a batch normalisation's tensors, and the coefficients of that of its input.
    pub(super) fn norm_tensors(&mut self, time: usize, task: &Task, node: usize) {
        let (input, upstream) = (self.map(task.reads[0]), self.map(task.reads[1]));
        let relu = task.reads.get(2).map(|value| self.map(*value));
        let weight = self.tensor(node, Role::Weight);
        let row = padded(input.channels);
        let statistics = self.shared.once(node, Once::Statistics, 2 * row, time);
        let to = self.shared.once(node, Once::Coefficients, 3 * row, time);
        let [weight_gradient, bias_gradient] =
            [Role::Weight, Role::Bias].map(|role| self.destination(time, node, role, None));
        let scratch = self.places.scratch[time];
        let kernel = BatchNormGradient {
            input,
            upstream,
            relu,
            weight,
            statistics,
            to,
            weight_gradient: weight_gradient.map(|to| to.from),
            bias_gradient: bias_gradient.map(|to| to.from),
            scratch,
        };
        self.batch(time, self.name(task, "tensors"), Box::new(kernel));
        for to in [weight_gradient, bias_gradient].into_iter().flatten() {
            self.finish(time, task, to);
        }
    }
}

/// What the gradients of a layer's tensors are computed from, and where sums of an image are.
struct Maps {
    input: Map,
    upstream: Map,
    scratch: usize,
}

impl Maps {
    /// The kernels for the gradients of a layer's weight and bias.
    fn kernels(&self, op: &Op, weight: Option<usize>, bias: Option<usize>) -> Vec<Box<dyn BatchCall>> {
        let Self { input, upstream, scratch } = *self;
        // Only normalisations have no weight.
        let first = weight.unwrap_or_default();
        match *op {
            Op::Conv(Conv { kernel, stride, pad, dilation, groups, .. }) => {
                let sizes = [kernel, stride, dilation];
                vec![Box::new(conv_gradient(input, upstream, sizes, pad, groups, first).bias(bias))]
            }
            Op::ConvTranspose(ConvTranspose { kernel, stride, pad, dilation, groups, .. }) => {
                // Of the convolution whose transpose it is, with input and output swapped.
                let sizes = [kernel, stride, dilation];
                let weights = Box::new(conv_gradient(upstream, input, sizes, pad, groups, first)) as Box<dyn BatchCall>;
                let bias = bias.map(|bias| Box::new(BiasGradient { upstream, bias, scratch }) as Box<dyn BatchCall>);
                [Some(weights), bias].into_iter().flatten().collect()
            }
            Op::Linear(_) => vec![Box::new(DenseWeightGradient { input, upstream, weight: first, bias })],
            Op::Norm(norm) => vec![Box::new(NormaliseWeightGradient { input, upstream, norm, weight, bias, scratch })],
            Op::Grn { eps } => vec![Box::new(GrnWeightGradient { input, upstream, eps, weight, bias, scratch })],
            Op::Scale { factor } => {
                let total = factor == Factor::Tensor;
                vec![Box::new(ScaleWeightGradient { input, upstream, weight: first, total, scratch })]
            }
            Op::Prelu(per) => vec![Box::new(PreluWeightGradient { input, upstream, per, weight: first, scratch })],
            _ => Vec::new(),
        }
    }
}

fn conv_gradient(
    input: Map,
    upstream: Map,
    [kernel, stride, dilation]: [Size; 3],
    pad: Padding,
    groups: usize,
    weight: usize,
) -> ConvWeightGradient {
    ConvWeightGradient::new(input, upstream, kernel)
        .stride(stride)
        .pad_top(pad.top)
        .pad_left(pad.left)
        .dilation(dilation)
        .groups(groups)
        .weight(weight)
}
