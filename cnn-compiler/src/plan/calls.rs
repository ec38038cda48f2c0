//! Steps to kernel calls.

use cnn_net::memory::Holds;
use cnn_net::op::Store;
use cnn_runtime::kernels::call::KernelCall;
use cnn_runtime::kernels::conv::Conv2d;
use cnn_runtime::kernels::conv_transpose::ConvTranspose2d;
use cnn_runtime::kernels::dense::{Dense, DenseCall};
use cnn_runtime::kernels::layout::{Halo, StoreChw};
use cnn_runtime::kernels::plain::{Own, plain};
use cnn_runtime::pack::Pack;
use cnn_runtime::place::map::Map;

use super::arena::{self, Buffer, Placed, round_up};
use super::batch::Batch;
use super::layout::Layout;
use super::{Call, Complete, Plan, Purpose, Range, Uses};
use crate::graph::Output;
use crate::optimise::Optimised;
use crate::step::{Fused, Step, StepKind, ValueId};

/// Where a value that leaves the net is read.
struct Export {
    name: String,
    value: ValueId,
    /// The buffer for a copy in C, H, W order, and the place in it; `None` if the value already is in that order.
    buffer: Option<(usize, usize)>,
    /// The calls after which it can be read.
    complete: usize,
}

/// Gives the buffers their offsets and the steps their kernels.
pub(super) fn calls(net: Optimised, mut layout: Layout, batch: Batch) -> Plan {
    let mut exports: Vec<Export> = outputs(&net, &mut layout, batch);
    let written = exports.len();
    exports.extend(taps(&net, &mut layout, batch));
    let Placed { total, front } = arena::place(&mut layout.buffers, batch);
    let lower_bound = arena::lower_bound(&layout.buffers);
    let mut writer = Writer { net: &net, layout: &layout, shared: false, calls: Vec::new(), packed_len: 0 };
    writer.inputs();
    (0..net.inputs()).for_each(|input| writer.exports_of(input, &mut exports));
    for (index, step) in net.steps.iter().enumerate() {
        writer.shared = batch.shares(index);
        writer.clear_halo(index + 1, step);
        writer.step(index, step);
        writer.exports_of(step.output, &mut exports);
    }
    let Writer { calls, packed_len, .. } = writer;
    let mut complete: Vec<usize> = exports.iter().map(|export| export.complete).collect();
    let taps_complete = complete.split_off(written);
    let mut ranges: Vec<Range> = exports.iter().map(|export| range(&net, &layout, export)).collect();
    let taps = ranges.split_off(written);
    // They are contiguous.
    let first = ranges.first().map_or(0, |first| first.offset);
    let output = Range { offset: first, len: ranges.iter().map(|range| range.len).sum() };
    let complete = Complete { output: complete.into_iter().max().unwrap_or(0), taps: taps_complete };
    Plan {
        calls,
        images: batch.images,
        packed_len,
        workspace_len: total,
        distance: front,
        lower_bound,
        buffers: layout.buffers,
        output,
        taps,
        complete,
        net,
    }
}

/// Decides where the outputs are read. Several share a buffer, in which they are contiguous.
fn outputs(net: &Optimised, layout: &mut Layout, batch: Batch) -> Vec<Export> {
    let outputs = &net.shaped.graph.outputs;
    if let ([value], [output]) = (&net.results[..], &outputs[..]) {
        let name = if output.name.is_empty() { "output" } else { &output.name };
        return vec![export(net, layout, batch, name, *value)];
    }
    let elements = |value: &ValueId| net.values[*value].elements();
    let times = || net.results.iter().map(|value| written(net, *value));
    let (first, last) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
    let read = batch.read(last, net.steps.len() + 1);
    let buffer = push(layout, net.results.iter().map(elements).sum(), first, read);
    let mut at = 0;
    let place = |(output, value): (&Output, &ValueId)| {
        let export = Export { name: output.name.clone(), value: *value, buffer: Some((buffer, at)), complete: 0 };
        at += elements(value);
        export
    };
    outputs.iter().zip(&net.results).map(place).collect()
}

/// Decides where the taps are read.
fn taps(net: &Optimised, layout: &mut Layout, batch: Batch) -> Vec<Export> {
    let taps = net.shaped.graph.taps.iter().zip(&net.taps);
    taps.map(|(tap, value)| export(net, layout, batch, &tap.name, *value)).collect()
}

/// Decides where a value is read that leaves the net alone.
fn export(net: &Optimised, layout: &mut Layout, batch: Batch, name: &str, value: ValueId) -> Export {
    let written = written(net, value);
    let read = batch.read(written, net.steps.len() + 1);
    let buffer = if layout.is_vector(value) {
        layout.keep(value, read);
        None
    } else {
        Some((push(layout, net.values[value].elements(), written, read), 0))
    };
    Export { name: name.to_owned(), value, buffer, complete: 0 }
}

/// When a value is computed.
fn written(net: &Optimised, value: ValueId) -> usize {
    net.steps.iter().position(|step| step.output == value).map_or(0, |index| index + 1)
}

/// A buffer for what leaves the net, which is written from one time on and read at another.
fn push(layout: &mut Layout, floats: usize, first: usize, read: usize) -> usize {
    layout.buffers.push(Buffer::vector(Holds::Output, floats, first, read));
    layout.buffers.len() - 1
}

fn range(net: &Optimised, layout: &Layout, export: &Export) -> Range {
    let offset = match export.buffer {
        Some((buffer, at)) => layout.buffers[buffer].offset + at,
        None => layout.map(export.value).offset,
    };
    Range { offset, len: net.values[export.value].elements() }
}

struct Writer<'a> {
    net: &'a Optimised,
    layout: &'a Layout,
    /// Whether kernels may take all images.
    shared: bool,
    calls: Vec<Call>,
    /// Floats of the weights so far.
    packed_len: usize,
}

impl Writer<'_> {
    /// A call without weights, into part of the workspace.
    fn moves(&mut self, name: &str, purpose: Purpose, kernel: Box<dyn KernelCall>, into: impl Into<Range>) {
        self.push(name, purpose, kernel, None, into.into().into());
    }

    fn push(&mut self, name: &str, purpose: Purpose, kernel: Box<dyn KernelCall>, pack: Option<Pack>, uses: Uses) {
        let shared = self.shared && kernel.has_batch();
        self.calls.push(Call { name: name.to_owned(), purpose, kernel, pack, shared, uses });
    }

    /// The net's inputs: the first values.
    fn inputs(&mut self) {
        let net = self.net;
        for (value, input) in net.shaped.graph.inputs.iter().enumerate() {
            let name = if input.name.is_empty() { "input" } else { &input.name };
            self.clear_halo_of(self.layout.buffer(value), None, name);
            let map = self.layout.map(value);
            self.moves(name, Purpose::Reads(value), Box::new(map), map);
        }
    }

    fn name(&self, node: usize) -> &str {
        &self.net.shaped.graph.nodes[node].name
    }

    /// Zeros around a buffer that this step is the first to write into: something else was there before.
    fn clear_halo(&mut self, time: usize, step: &Step) {
        let buffer = self.layout.buffer(step.output);
        if self.layout.buffers[buffer].first == time {
            let name = self.name(step.node()).to_owned();
            self.clear_halo_of(buffer, Some(step.node()), &name);
        }
    }

    fn clear_halo_of(&mut self, buffer: usize, node: Option<usize>, name: &str) {
        let buffer = &self.layout.buffers[buffer];
        if !buffer.halo.is_none() {
            let halo = Halo { map: buffer.map(), zeros: buffer.halo };
            let all = Range { offset: buffer.offset, len: buffer.floats() };
            self.moves(&format!("{name}.halo"), Purpose::Moves(node), Box::new(halo), all);
        }
    }

    /// Brings a value into C, H, W order for those outputs that need it.
    fn exports_of(&mut self, value: ValueId, exports: &mut [Export]) {
        for Export { name, buffer, complete, .. } in exports.iter_mut().filter(|export| export.value == value) {
            if let Some((buffer, at)) = buffer {
                let offset = self.layout.buffers[*buffer].offset + *at;
                let producer = self.net.steps.iter().find(|step| step.output == value);
                let serves = Purpose::Moves(producer.map(|step| step.nodes[step.nodes.len() - 1]));
                let store = StoreChw { map: self.layout.map(value), offset };
                let into = Range { offset, len: self.net.values[value].elements() };
                self.moves(&format!("{name}.chw"), serves, Box::new(store), into);
            }
            *complete = self.calls.len();
        }
    }

    fn step(&mut self, index: usize, step: &Step) {
        let input = self.layout.map(step.inputs[0]);
        let output = self.layout.map(step.output);
        let kernels = |weights: usize| match &step.kind {
            StepKind::Conv { conv, fused, algorithm } => {
                let conv2d = Conv2d::of(conv, input, output)
                    .weights(weights)
                    .residual(self.residual(step, fused))
                    .activation(fused.activation);
                vec![algorithm.kernel(conv2d, self.scratch(index))]
            }
            StepKind::ConvTranspose { conv, fused } => {
                let layer = ConvTranspose2d::of(conv, input, output)
                    .weights(weights)
                    .residual(self.residual(step, fused))
                    .activation(fused.activation);
                vec![Box::new(layer) as _]
            }
            StepKind::Linear { linear, fused, nonzero } => {
                let layer = Dense::new(input, output)
                    .weights(weights)
                    .residual(self.residual(step, fused))
                    .activation(fused.activation);
                vec![Box::new(DenseCall { layer, f16: linear.store == Store::F16, nonzero: *nonzero }) as _]
            }
            StepKind::Plain { op, activation } => {
                let inputs: Vec<Map> = step.inputs.iter().map(|input| self.layout.map(*input)).collect();
                plain(op, *activation, &inputs, output, Own { weights, scratch: self.scratch(index) })
            }
        };
        // The next weights begin here, unless the same ones are there already.
        let mut made = kernels(self.packed_len);
        let known = made.iter().find_map(|kernel| self.packed(&self.pack(step, &**kernel)?));
        if let Some(offset) = known {
            made = kernels(offset);
        }
        let name = self.name(step.node()).to_owned();
        let scratch = self.layout.scratch(index).map(|buffer| &self.layout.buffers[buffer]);
        let scratch = scratch.map(|buffer| Range { offset: buffer.offset, len: buffer.len });
        for kernel in made {
            let pack = self.pack(step, &*kernel).filter(|_| known.is_none());
            if let Some(pack) = &pack {
                self.packed_len += round_up(pack.layout.len());
            }
            let purpose = if step.is_concat() || step.channels().is_some() {
                Purpose::Moves(Some(step.node()))
            } else {
                Purpose::Computes(step.nodes.clone())
            };
            let into = kernel.output().map_or(output, |(map, _)| map);
            self.push(&name, purpose, kernel, pack, Uses { output: into.into(), scratch });
        }
    }

    /// Where the scratch memory of a step begins, if it has some.
    fn scratch(&self, index: usize) -> usize {
        self.layout.scratch(index).map_or(0, |buffer| self.layout.buffers[buffer].offset)
    }

    /// How a kernel's weights are packed. A layer that is applied again uses those of the first.
    fn pack(&self, step: &Step, kernel: &dyn KernelCall) -> Option<Pack> {
        let weights = kernel.weights()?;
        let first = |node: usize| self.net.shaped.graph.nodes[node].again.unwrap_or(node);
        let norm = match &step.kind {
            StepKind::Conv { fused, .. } | StepKind::ConvTranspose { fused, .. } | StepKind::Linear { fused, .. } => {
                fused.norm
            }
            StepKind::Plain { .. } => None,
        };
        Some(Pack { norm: norm.map(first), ..Pack::new(first(step.node()), weights.offset, weights.layout) })
    }

    /// Where the same weights are, if they are packed already.
    fn packed(&self, pack: &Pack) -> Option<usize> {
        let mut packed = self.calls.iter().filter_map(|call| call.pack);
        packed.find(|known| Pack { offset: known.offset, ..*pack } == *known).map(|known| known.offset)
    }

    fn residual(&self, step: &Step, fused: &Fused) -> Option<Map> {
        fused.residual.then(|| self.layout.map(step.inputs[1]))
    }
}
