//! Steps to kernel calls.

use cnn_net::memory::Holds;
use cnn_net::op::{Activation, Linear, Op, PreluPer, Store};
use cnn_runtime::kernels::activation::{Activate, PreluMap};
use cnn_runtime::kernels::conv::Conv2d;
use cnn_runtime::kernels::dense::Dense;
use cnn_runtime::kernels::norm::{LrnMap, ScaleShift};
use cnn_runtime::kernels::pool::Pool2d;
use cnn_runtime::kernels::strips::{Columns2d, Planar2d};
use cnn_runtime::kernels::winograd::Winograd2d;
use cnn_runtime::place::map::Map;
use cnn_runtime::weights::Pack;

use super::algorithm::Algorithm;
use super::arena::{self, Buffer, Placed};
use super::batch::Batch;
use super::layout::Layout;
use super::{Call, Chosen, Kernel, Plan, Range};
use crate::optimise::{Fused, Optimised, Step, StepKind, ValueId};

/// Where a value that leaves the net is read.
struct Export {
    value: ValueId,
    /// The buffer it is brought into C, H, W order in; none if it lies in that order already.
    buffer: Option<usize>,
}

/// Gives the buffers their offsets and the steps their kernels.
pub(super) fn calls(chosen: Chosen, mut layout: Layout, batch: Batch, recipe: Vec<Pack>, packed_len: usize) -> Plan {
    let Chosen { net, algorithms } = chosen;
    let outputs: Vec<ValueId> = net.taps.iter().copied().chain([net.result]).collect();
    let exports: Vec<Export> = outputs.into_iter().map(|value| export(&net, &mut layout, value)).collect();
    let Placed { total, front } = arena::place(&mut layout.buffers, batch);
    let lower_bound = arena::lower_bound(&layout.buffers);
    let mut writer = Writer {
        net: &net,
        algorithms: &algorithms,
        layout: &layout,
        recipe: &recipe,
        shared: false,
        calls: Vec::new(),
    };
    writer.input();
    writer.exports_of(0, &exports);
    for (index, step) in net.steps.iter().enumerate() {
        writer.shared = index >= batch.shared_from;
        writer.clear_halo(index + 1, step);
        writer.step(index, step);
        writer.exports_of(step.output, &exports);
    }
    let calls = writer.calls;
    let mut ranges: Vec<Range> = exports.iter().map(|export| range(&net, &layout, export)).collect();
    let output = ranges.pop().unwrap_or(Range { offset: 0, len: 0 });
    Plan {
        calls,
        recipe,
        packed_len,
        workspace_len: total,
        distance: front,
        lower_bound,
        buffers: layout.buffers,
        output,
        taps: ranges,
        net,
    }
}

/// Decides where an output is read.
fn export(net: &Optimised, layout: &mut Layout, value: ValueId) -> Export {
    if layout.is_vector(value) {
        return Export { value, buffer: None };
    }
    let time = net.steps.iter().position(|step| step.output == value).map_or(0, |index| index + 1);
    layout.buffers.push(Buffer::vector(Holds::Output, net.values[value].elements(), time, net.steps.len() + 1));
    Export { value, buffer: Some(layout.buffers.len() - 1) }
}

fn range(net: &Optimised, layout: &Layout, export: &Export) -> Range {
    let offset = match export.buffer {
        Some(buffer) => layout.buffers[buffer].offset,
        None => layout.map(export.value).offset,
    };
    Range { offset, len: net.values[export.value].elements() }
}

struct Writer<'a> {
    net: &'a Optimised,
    algorithms: &'a [Algorithm],
    layout: &'a Layout,
    recipe: &'a [Pack],
    /// Whether kernels may take all images.
    shared: bool,
    calls: Vec<Call>,
}

impl Writer<'_> {
    fn push(&mut self, node: Option<usize>, name: &str, doc: String, kernel: Kernel) {
        self.calls.push(Call { name: name.to_owned(), node, doc, kernel, shared: self.shared });
    }

    /// The net's input.
    fn input(&mut self) {
        let buffer = self.layout.buffer(0);
        self.clear_halo_of(buffer, None, "input");
        self.push(None, "input", format!("the image, {}", self.net.values[0]), Kernel::LoadChw(self.layout.map(0)));
    }

    /// Zeros around a buffer that this step is the first to write into: something else was there before.
    fn clear_halo(&mut self, time: usize, step: &Step) {
        let buffer = self.layout.buffer(step.output);
        if self.layout.buffers[buffer].first == time {
            self.clear_halo_of(buffer, Some(step.node), &self.net.shaped.graph.nodes[step.node].name);
        }
    }

    fn clear_halo_of(&mut self, buffer: usize, node: Option<usize>, name: &str) {
        let Buffer { halo, .. } = self.layout.buffers[buffer];
        if !halo.is_none() {
            let map = self.layout.buffers[buffer].map();
            self.push(
                node,
                &format!("{name}.halo"),
                format!("zeros around {}x{}", map.height, map.width),
                Kernel::ClearHalo(map, halo),
            );
        }
    }

    /// Brings a value into C, H, W order for those outputs that need it.
    fn exports_of(&mut self, value: ValueId, exports: &[Export]) {
        for (index, export) in exports.iter().enumerate().filter(|(_, export)| export.value == value) {
            if let Some(buffer) = export.buffer {
                let name = self.net.shaped.graph.taps.get(index).map_or("output", |tap| &tap.name).to_owned();
                let offset = self.layout.buffers[buffer].offset;
                let doc = format!("{} in the order C, H, W", self.net.values[value]);
                let node = self.net.steps.iter().find(|step| step.output == value).map(|step| step.node);
                self.push(node, &format!("{name}.chw"), doc, Kernel::StoreChw(self.layout.map(value), offset));
            }
        }
    }

    fn step(&mut self, index: usize, step: &Step) {
        let input = self.layout.map(step.inputs[0]);
        let output = self.layout.map(step.output);
        let kernel = match step.kind {
            StepKind::Conv(fused) => self.conv(index, step, fused),
            StepKind::Linear(fused) => self.linear(index, step, fused),
            StepKind::MaxPool => Kernel::MaxPool(self.pool(step)),
            StepKind::AvgPool => Kernel::AvgPool(self.pool(step)),
            StepKind::GlobalAvgPool => Kernel::GlobalAvgPool(input, output),
            StepKind::GlobalMaxPool => Kernel::GlobalMaxPool(input, output),
            StepKind::Flatten => Kernel::StoreChw(input, output.offset),
            StepKind::Lrn => match self.op(step) {
                Op::Lrn(lrn) => Kernel::Lrn(LrnMap { input, output, lrn: *lrn }),
                other => unreachable!("lrn lowered from {other:?}"),
            },
            StepKind::ScaleShift { activation } => {
                Kernel::ScaleShift(ScaleShift { input, output, weights: self.weights(step), activation })
            }
            StepKind::Prelu => {
                let per = if let Op::Prelu(per) = self.op(step) { *per } else { PreluPer::Channel };
                Kernel::Prelu(PreluMap { input, output, weights: self.weights(step), per })
            }
            StepKind::Activate { activation } => Kernel::Activate(Activate { input, output, activation }),
            StepKind::Softmax => Kernel::Softmax(input, output),
            StepKind::LogSoftmax => Kernel::LogSoftmax(input, output),
            StepKind::Concat => return self.concat(step),
            StepKind::Add { activation } => Kernel::Add(self.inputs(step), output, activation),
            StepKind::Mul { activation } => Kernel::Mul(self.inputs(step), output, activation),
        };
        let doc = self.doc(index, step, &kernel);
        self.push(Some(step.node), &self.net.shaped.graph.nodes[step.node].name, doc, kernel);
    }

    /// `6x14x14 -> 16x10x10: conv 5x5, tanh`, or `conv 5x5 by F(4, 5)` where Winograd's algorithm is used.
    fn doc(&self, index: usize, step: &Step, kernel: &Kernel) -> String {
        let op = self.op(step);
        let extent = match op {
            Op::Conv(conv) => format!(" {}", conv.kernel),
            Op::MaxPool(pool) | Op::AvgPool(pool) => format!(" {}", pool.kernel),
            Op::Linear(Linear { store, .. }) => {
                let nonzero = matches!(self.algorithms[index], Algorithm::Nonzero(_));
                let f16 = *store == Store::F16;
                [if nonzero { " of nonzero inputs" } else { "" }, if f16 { ", weights in f16" } else { "" }].concat()
            }
            _ => String::new(),
        };
        let mut doc =
            format!("{} -> {}: {}{extent}", self.net.values[step.inputs[0]], self.net.values[step.output], op.name());
        if let Some(algorithm) = kernel.winograd() {
            doc.push_str(&format!(" by {algorithm}"));
        }
        let (fused, activation) = match step.kind {
            StepKind::Conv(fused) | StepKind::Linear(fused) => (Some(fused), fused.activation),
            StepKind::ScaleShift { activation } | StepKind::Add { activation } | StepKind::Mul { activation } => {
                (None, activation)
            }
            _ => (None, Activation::Identity),
        };
        if fused.is_some_and(|fused| fused.norm.is_some()) {
            doc.push_str(", batch_norm");
        }
        if fused.is_some_and(|fused| fused.residual) {
            doc.push_str(", add");
        }
        if activation != Activation::Identity {
            doc.push_str(&format!(", {}", activation.name()));
        }
        if let Some(pool) = self.algorithms[index].pool() {
            doc.push_str(&format!(", {} 2x2", self.net.shaped.graph.nodes[pool].op.name()));
        }
        doc
    }

    fn op(&self, step: &Step) -> &Op {
        &self.net.shaped.graph.nodes[step.node].op
    }

    fn inputs(&self, step: &Step) -> Vec<Map> {
        step.inputs.iter().map(|input| self.layout.map(*input)).collect()
    }

    /// Where the step's packed weights begin.
    fn weights(&self, step: &Step) -> usize {
        self.recipe.iter().find(|pack| pack.node == step.node).map_or(0, |pack| pack.offset)
    }

    fn residual(&self, step: &Step, fused: Fused) -> Option<Map> {
        fused.residual.then(|| self.layout.map(step.inputs[1]))
    }

    fn conv(&self, index: usize, step: &Step, fused: Fused) -> Kernel {
        let Op::Conv(conv) = self.op(step) else { unreachable!("conv lowered from {:?}", self.op(step)) };
        let (input, output) = (self.layout.map(step.inputs[0]), self.layout.map(step.output));
        let conv2d = Conv2d {
            weights: self.weights(step),
            residual: self.residual(step, fused),
            activation: fused.activation,
            ..Conv2d::new(conv, input, output)
        };
        match self.algorithms[index] {
            Algorithm::Winograd { panels, block, pool } => {
                let scratch = self.layout.scratch(index).map_or(0, |buffer| self.layout.buffers[buffer].offset);
                Kernel::Winograd2d(Winograd2d { conv: conv2d, tile: panels.tile, pool: pool.is_some(), block, scratch })
            }
            Algorithm::Planar { panels, pool } => {
                Kernel::Planar2d(Planar2d { conv: conv2d, tile: panels.tile, pool: pool.map(|(_, pooling)| pooling) })
            }
            Algorithm::Columns { pool, .. } => {
                let scratch = self.layout.scratch(index).map_or(0, |buffer| self.layout.buffers[buffer].offset);
                Kernel::Columns2d(Columns2d { conv: conv2d, pool: pool.map(|(_, pooling)| pooling), scratch })
            }
            Algorithm::Direct if conv.is_depthwise(input.channels) => Kernel::Depthwise2d(conv2d),
            Algorithm::Direct | Algorithm::Nonzero(_) => Kernel::Conv2d(conv2d),
        }
    }

    fn linear(&self, index: usize, step: &Step, fused: Fused) -> Kernel {
        let Op::Linear(linear) = self.op(step) else { unreachable!("linear lowered from {:?}", self.op(step)) };
        let layer = Dense {
            input: self.layout.map(step.inputs[0]),
            output: self.layout.map(step.output),
            weights: self.weights(step),
            residual: self.residual(step, fused),
            activation: fused.activation,
        };
        let nonzero = matches!(self.algorithms[index], Algorithm::Nonzero(_));
        Kernel::Dense { layer, store: linear.store, nonzero }
    }

    fn pool(&self, step: &Step) -> Pool2d {
        let (Op::MaxPool(pool) | Op::AvgPool(pool)) = self.op(step) else {
            unreachable!("pool lowered from {:?}", self.op(step))
        };
        Pool2d::new(pool, self.layout.map(step.inputs[0]), self.layout.map(step.output))
    }

    /// Copies those branches that could not be written in place.
    fn concat(&mut self, step: &Step) {
        let whole = self.layout.map(step.output);
        let mut first = 0;
        for input in &step.inputs {
            let from = self.layout.map(*input);
            let to = Map { offset: whole.offset + first, channels: from.channels, ..whole };
            first += from.channels;
            if from != to {
                let node = &self.net.shaped.graph.nodes[step.node];
                self.push(
                    Some(step.node),
                    &node.name,
                    format!("{} into the channels of the concat", self.net.values[*input]),
                    Kernel::Copy(from, to),
                );
            }
        }
    }
}
