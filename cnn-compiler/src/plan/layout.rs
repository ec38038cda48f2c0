//! Which values share a buffer, and what lies around them.
//!
//! - The branches of a concat are slices of its result: they are written where they belong, and nothing is copied.
//! - So are the results of `channels`: they are read where they are.
//! - An element-wise step, and a convolution that adds a residual, write over an input that nothing reads any more.
//! - Scratch memory of an algorithm, or of a user-defined layer, is a buffer that lives for a step.
//! - A buffer that a padded convolution reads has a halo of zeros, as wide as its readers need.

use cnn_net::memory::Holds;
use cnn_net::op::{Padding, Size};
use cnn_runtime::kernels::conv_transpose::ConvTranspose2d;
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::SLACK;

use super::arena::{Buffer, round_up};
use crate::optimise::Optimised;
use crate::step::{Step, StepKind, ValueId};

/// The buffers of a net and where each value lies in them.
#[derive(Clone)]
pub(super) struct Layout {
    pub(super) buffers: Vec<Buffer>,
    /// Of each value.
    slots: Vec<Slot>,
    /// Size and channels of each value.
    dims: Vec<(Size, usize)>,
    /// The buffer of scratch memory of each step that needs some.
    scratch: Vec<Option<usize>>,
}

/// A value's place.
#[derive(Clone, Copy, Debug)]
struct Slot {
    buffer: usize,
    /// Its first channel in the buffer.
    channel: usize,
}

/// Whose memory a value shares.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Host {
    /// Nothing: it has its own buffer.
    Own,
    /// The channels from `first` of another value: a concat's result, or what `channels` takes some of.
    Slice { whole: ValueId, first: usize },
    /// A value that is dead when this one is written.
    Over(ValueId),
}

impl Layout {
    /// The map of a value.
    pub(super) fn map(&self, value: ValueId) -> Map {
        let Slot { buffer, channel } = self.slots[value];
        let buffer = &self.buffers[buffer];
        let (size, channels) = self.dims[value];
        let map = buffer.map();
        Map { offset: map.offset + channel, height: size.height, width: size.width, channels, ..map }
    }

    /// The buffer that a value lies in.
    pub(super) fn buffer(&self, value: ValueId) -> usize {
        self.slots[value].buffer
    }

    /// The buffer of scratch memory of a step, by its index.
    pub(super) fn scratch(&self, step: usize) -> Option<usize> {
        self.scratch[step]
    }

    /// Keeps a value in its place until some time.
    pub(super) fn keep(&mut self, value: ValueId, until: usize) {
        let buffer = &mut self.buffers[self.slots[value].buffer];
        buffer.last = buffer.last.max(until);
    }

    /// Whether a value's elements are next to each other, in every order.
    pub(super) fn is_vector(&self, value: ValueId) -> bool {
        self.dims[value].0.area() == 1
    }
}

/// Lays out the values of a net. Buffers have no offsets yet.
pub(super) fn layout(net: &Optimised) -> Layout {
    let hosts = hosts(net);
    let dims: Vec<(Size, usize)> = net.values.iter().map(|shape| (shape.size(), shape.channels())).collect();
    let mut buffers: Vec<Buffer> = Vec::new();
    let mut slots: Vec<Option<Slot>> = vec![None; net.values.len()];
    // Values between fused steps have no place.
    for value in (0..net.inputs()).chain(net.steps.iter().map(|step| step.output)) {
        slot_of(value, &hosts, &dims, &mut slots, &mut buffers);
    }
    let slots = slots.into_iter().map(|slot| slot.unwrap_or(Slot { buffer: 0, channel: 0 })).collect();
    let mut layout = Layout { buffers, slots, dims, scratch: Vec::new() };
    live(net, &mut layout);
    for step in &net.steps {
        let halo = halo(net, step);
        let buffer = &mut layout.buffers[layout.slots[step.inputs[0]].buffer];
        buffer.halo = widest(buffer.halo, halo);
    }
    for buffer in &mut layout.buffers {
        // A kernel may load a vector at the last element, and no other value may be written there meanwhile.
        buffer.len = round_up(buffer.floats() + SLACK - 1);
    }
    for (index, step) in net.steps.iter().enumerate() {
        let inputs = step.inputs.iter().map(|input| net.values[*input].elements()).sum();
        let scratch = step.kind.scratch(inputs, net.values[step.output]).map(|floats| {
            layout.buffers.push(Buffer::vector(Holds::Scratch, floats, index + 1, index + 1));
            layout.buffers.len() - 1
        });
        layout.scratch.push(scratch);
    }
    layout
}

/// Enough zeros for two readers.
pub(crate) fn widest(a: Padding, b: Padding) -> Padding {
    Padding {
        top: a.top.max(b.top),
        left: a.left.max(b.left),
        bottom: a.bottom.max(b.bottom),
        right: a.right.max(b.right),
    }
}

/// The place of a value, after that of its host.
fn slot_of(
    value: ValueId,
    hosts: &[Host],
    dims: &[(Size, usize)],
    slots: &mut [Option<Slot>],
    buffers: &mut Vec<Buffer>,
) -> Slot {
    if let Some(slot) = slots[value] {
        return slot;
    }
    let slot = match hosts[value] {
        Host::Own => {
            let (size, channels) = dims[value];
            buffers.push(Buffer { value: Some(value), ..Buffer::new(size, channels) });
            Slot { buffer: buffers.len() - 1, channel: 0 }
        }
        Host::Over(dead) => slot_of(dead, hosts, dims, slots, buffers),
        Host::Slice { whole, first } => {
            let slot = slot_of(whole, hosts, dims, slots, buffers);
            Slot { channel: slot.channel + first, ..slot }
        }
    };
    slots[value] = Some(slot);
    slot
}

/// Whose memory each value shares.
fn hosts(net: &Optimised) -> Vec<Host> {
    let mut hosts = vec![Host::Own; net.values.len()];
    let mut joined = vec![false; net.values.len()];
    for step in net.steps.iter().filter(|step| step.is_concat()) {
        let mut first = 0;
        for input in &step.inputs {
            // A value that is in two concats, or twice in one, is copied into the others.
            if hosts[*input] == Host::Own {
                hosts[*input] = Host::Slice { whole: step.output, first };
                joined[*input] = true;
                joined[step.output] = true;
            }
            first += net.values[*input].channels();
        }
    }
    for step in &net.steps {
        let (input, output) = (step.inputs[0], step.output);
        if let (Some(range), Host::Own) = (step.channels(), hosts[output]) {
            hosts[output] = Host::Slice { whole: input, first: range.first };
            joined[input] = true;
            joined[output] = true;
        }
    }
    for (time, step) in net.steps.iter().enumerate() {
        if let Some(dead) = overwritable(net, time, step)
            && !joined[dead]
            && !joined[step.output]
        {
            hosts[step.output] = Host::Over(dead);
        }
    }
    hosts
}

/// An input of the step that its kernel can write over, and that nothing reads afterwards.
fn overwritable(net: &Optimised, time: usize, step: &Step) -> Option<ValueId> {
    let dead = |value: ValueId| {
        let kept = net.leaving().any(|leaving| leaving == value);
        let read_later = net.steps[time + 1..].iter().any(|later| later.inputs.contains(&value));
        let read_twice = step.inputs.iter().filter(|input| **input == value).count() > 1;
        !kept && !read_later && !read_twice && net.values[value].elements() == net.values[step.output].elements()
    };
    step.overwritable().iter().copied().find(|value| dead(*value))
}

/// When each buffer is written first and read last by steps.
fn live(net: &Optimised, layout: &mut Layout) {
    let slots = &layout.slots;
    let mut touch = |value: ValueId, time: usize| {
        let buffer = &mut layout.buffers[slots[value].buffer];
        buffer.first = buffer.first.min(time);
        buffer.last = buffer.last.max(time);
    };
    (0..net.inputs()).for_each(|input| touch(input, 0));
    for (index, step) in net.steps.iter().enumerate() {
        touch(step.output, index + 1);
        step.inputs.iter().for_each(|input| touch(*input, index + 1));
    }
}

/// The zeros that a step needs around its input.
fn halo(net: &Optimised, step: &Step) -> Padding {
    let (input, output) = (net.values[step.inputs[0]].size(), net.values[step.output].size());
    match &step.kind {
        StepKind::Conv { conv, algorithm, .. } => algorithm.halo(conv, input, algorithm.computed(output)),
        StepKind::ConvTranspose { conv, .. } => ConvTranspose2d::halo(conv, input, output),
        StepKind::Linear { .. } | StepKind::Plain { .. } => Padding::NONE,
    }
}
