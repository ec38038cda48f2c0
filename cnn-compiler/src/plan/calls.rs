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
use super::{Call, Plan, Purpose, Range};
use crate::optimise::Optimised;
use crate::step::{Fused, Step, StepKind, ValueId};

/// Where a value that leaves the net is read.
struct Export {
    value: ValueId,
    /// The buffer for a copy in C, H, W order; none if it already lies in that order.
    buffer: Option<usize>,
}

/// Gives the buffers their offsets and the steps their kernels.
pub(super) fn calls(net: Optimised, mut layout: Layout, batch: Batch) -> Plan {
    let outputs: Vec<ValueId> = net.taps.iter().copied().chain([net.result]).collect();
    let exports: Vec<Export> = outputs.into_iter().map(|value| export(&net, &mut layout, value)).collect();
    let Placed { total, front } = arena::place(&mut layout.buffers, batch);
    let lower_bound = arena::lower_bound(&layout.buffers);
    let mut writer = Writer { net: &net, layout: &layout, shared: false, calls: Vec::new(), packed_len: 0 };
    writer.input();
    writer.exports_of(0, &exports);
    for (index, step) in net.steps.iter().enumerate() {
        writer.shared = batch.images > 1 && index >= batch.shared_from;
        writer.clear_halo(index + 1, step);
        writer.step(index, step);
        writer.exports_of(step.output, &exports);
    }
    let Writer { calls, packed_len, .. } = writer;
    let mut ranges: Vec<Range> = exports.iter().map(|export| range(&net, &layout, export)).collect();
    let output = ranges.pop().unwrap_or(Range { offset: 0, len: 0 });
    Plan {
        calls,
        images: batch.images,
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
    layout: &'a Layout,
    /// Whether kernels may take all images.
    shared: bool,
    calls: Vec<Call>,
    /// Floats of the weights so far.
    packed_len: usize,
}

impl Writer<'_> {
    fn push(&mut self, name: &str, purpose: Purpose, kernel: Box<dyn KernelCall>, pack: Option<Pack>) {
        let shared = self.shared && kernel.has_batch();
        self.calls.push(Call { name: name.to_owned(), purpose, kernel, pack, shared });
    }

    /// The net's input.
    fn input(&mut self) {
        let buffer = self.layout.buffer(0);
        self.clear_halo_of(buffer, None, "input");
        self.push("input", Purpose::Moves(None), Box::new(self.layout.map(0)), None);
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
            self.push(&format!("{name}.halo"), Purpose::Moves(node), Box::new(halo), None);
        }
    }

    /// Brings a value into C, H, W order for those outputs that need it.
    fn exports_of(&mut self, value: ValueId, exports: &[Export]) {
        for (index, export) in exports.iter().enumerate().filter(|(_, export)| export.value == value) {
            if let Some(buffer) = export.buffer {
                let name = self.net.shaped.graph.taps.get(index).map_or("output", |tap| &tap.name).to_owned();
                let offset = self.layout.buffers[buffer].offset;
                let producer = self.net.steps.iter().find(|step| step.output == value);
                let serves = Purpose::Moves(producer.map(|step| step.nodes[step.nodes.len() - 1]));
                let store = StoreChw { map: self.layout.map(value), offset };
                self.push(&format!("{name}.chw"), serves, Box::new(store), None);
            }
        }
    }

    fn step(&mut self, index: usize, step: &Step) {
        let input = self.layout.map(step.inputs[0]);
        let output = self.layout.map(step.output);
        // The next weights begin here.
        let weights = self.packed_len;
        let kernels = match &step.kind {
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
        let name = self.name(step.node()).to_owned();
        for kernel in kernels {
            let pack = self.pack(step, &*kernel);
            let purpose = if step.is_concat() || step.channels().is_some() {
                Purpose::Moves(Some(step.node()))
            } else {
                Purpose::Computes(step.nodes.clone())
            };
            self.push(&name, purpose, kernel, pack);
        }
    }

    /// Where the scratch memory of a step begins, if it has some.
    fn scratch(&self, index: usize) -> usize {
        self.layout.scratch(index).map_or(0, |buffer| self.layout.buffers[buffer].offset)
    }

    /// How a kernel's weights are packed, after which the next ones begin.
    fn pack(&mut self, step: &Step, kernel: &dyn KernelCall) -> Option<Pack> {
        let weights = kernel.weights()?;
        let norm = match &step.kind {
            StepKind::Conv { fused, .. } | StepKind::ConvTranspose { fused, .. } | StepKind::Linear { fused, .. } => {
                fused.norm
            }
            StepKind::Plain { .. } => None,
        };
        self.packed_len += round_up(weights.layout.len());
        Some(Pack { norm, ..Pack::new(step.node(), weights.offset, weights.layout) })
    }

    fn residual(&self, step: &Step, fused: &Fused) -> Option<Map> {
        fused.residual.then(|| self.layout.map(step.inputs[1]))
    }
}
