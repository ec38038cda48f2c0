//! What some pixels add to the gradients of weights.

use core::ops::Range;

use crate::exec::divide::{div, div_ceil};
use crate::exec::run::Partition;
use crate::kernels::gradient::ONE;
use crate::kernels::gradient::outer::{Outer, Places, Target};
use crate::place::map::Map;
use crate::simd::{Simd, Sound};

use super::ConvWeightGradient;

/// Pixels that a tile of gradients stays in registers for: many, since it is then added to memory, and few enough for a vector or two of
/// each to stay in L1.
const BLOCK: usize = 128;

/// Pixels of the output: some lines of an image, or several images.
#[derive(Clone, Copy)]
pub(super) struct Pixels {
    /// The first image.
    pub(super) image: usize,
    pub(super) images: usize,
    /// The first line.
    pub(super) y: usize,
    pub(super) lines: usize,
}

impl Pixels {
    /// All pixels of a minibatch; without images, a block of none, so that gradients are 0.
    #[inline(always)]
    pub(super) fn of(map: &Map, images: usize) -> impl Iterator<Item = Self> {
        let (height, together) = (map.height, div(BLOCK, map.pixels()).max(1));
        let lines = div(BLOCK, map.width).clamp(1, height.max(1));
        let parts = move |image: usize| {
            let images = together.min(images - image);
            (0..height).step_by(lines).map(move |y| Self { image, images, y, lines: lines.min(height - y) })
        };
        (0..images.max(1)).step_by(together).flat_map(parts)
    }
}

/// Some pixels, and where the gradients are.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) layer: &'a ConvWeightGradient,
    /// The workspace of the first image, and the distance to the next one.
    pub(super) ws: *const f32,
    pub(super) floats: usize,
    pub(super) pixels: Pixels,
    pub(super) to: *mut f32,
    /// Whether products are added to what is there.
    pub(super) adds: bool,
}

impl Block<'_> {
    /// The gradients of the weights of a partition: outputs, or, if vectors are over these, taps.
    ///
    /// # Safety
    ///
    /// The layer was checked, the workspaces are as large as it needs, and the gradients of the partition can be written.
    #[inline(always)]
    pub(super) unsafe fn weights<S: Simd>(self, s: S, partition: Partition) {
        let layer = self.layer;
        let of_group = div(layer.upstream.channels, layer.groups);
        if layer.groups > 1 && layer.inputs() == 1 && of_group == 1 {
            // SAFETY: the caller's promise.
            return unsafe { self.depthwise(s, partition.of(layer.groups)) };
        }
        let over_outputs = self.is_over_outputs(S::LANES, of_group);
        let outputs = partition.of(layer.upstream.channels);
        for group in 0..layer.groups {
            let first = group * of_group;
            let start = outputs.start.clamp(first, first + of_group);
            let own = start..outputs.end.clamp(start, first + of_group);
            // SAFETY: the caller's promise.
            unsafe {
                if over_outputs {
                    self.over_outputs(s, group, first..first + of_group, partition.of(layer.filter()));
                } else if !own.is_empty() {
                    self.over_inputs(s, group, own);
                }
            }
        }
    }

    /// Whether vectors over outputs are fewer than those over inputs.
    const fn is_over_outputs(&self, lanes: usize, of_group: usize) -> bool {
        let layer = self.layer;
        let columns = layer.taps_together() * layer.inputs();
        let lines = div(layer.filter(), columns);
        // Products of fewer rows take no less time.
        let rows = if of_group > 4 { of_group } else { 4 };
        div_ceil(of_group, lanes) * layer.filter() < div_ceil(columns, lanes) * lines * rows
    }

    /// Where the inputs of a group begin that the first window of the block covers, and the distances between those of windows.
    fn inputs(&self, group: usize) -> (*const f32, [usize; 3]) {
        let ConvWeightGradient { input, stride, .. } = self.layer;
        let line = stride.height * input.row;
        let first = self.layer.conv().first() + self.pixels.y * line + group * self.layer.inputs();
        (self.ws.wrapping_add(first), [self.floats, line, stride.width * input.pixel])
    }

    /// Where the gradients of the outputs from one on begin, and their distances.
    fn upstream(&self, output: usize) -> (*const f32, [usize; 3]) {
        let upstream = &self.layer.upstream;
        let first = upstream.at(self.pixels.y, 0) + output;
        (self.ws.wrapping_add(first), [self.floats, upstream.row, upstream.pixel])
    }

    fn depth(&self) -> [usize; 3] {
        [self.pixels.images, self.pixels.lines, self.layer.upstream.width]
    }

    /// # Safety
    ///
    /// As for [`weights`](Self::weights); the outputs are those of the group.
    #[inline(always)]
    unsafe fn over_outputs<S: Simd>(&self, s: S, group: usize, outputs: Range<usize>, taps: Range<usize>) {
        let ConvWeightGradient { input, kernel, dilation, .. } = self.layer;
        let (first, distances) = self.inputs(group);
        let together = self.layer.taps_together();
        let places = Places {
            len: together * self.layer.inputs(),
            count: div(kernel.width, together),
            distances: [dilation.width * input.pixel, dilation.height * input.row],
        };
        let product = Outer {
            rows: [taps.start, taps.end],
            depth: self.depth(),
            columns: outputs.len(),
            a: (first, places, distances),
            b: self.upstream(outputs.start),
            c: Target::Columns(self.to.wrapping_add(outputs.start * self.layer.filter()), self.layer.filter()),
            adds: self.adds,
        };
        // SAFETY: the caller's promise; a tap of each window of the block is read.
        s.run(unsafe { Sound::new(product) });
    }

    /// # Safety
    ///
    /// As for [`weights`](Self::weights); the outputs are some of the group.
    #[inline(always)]
    unsafe fn over_inputs<S: Simd>(&self, s: S, group: usize, outputs: Range<usize>) {
        let ConvWeightGradient { input, kernel, dilation, .. } = self.layer;
        let (first, distances) = self.inputs(group);
        let (inputs, together, filter) = (self.layer.inputs(), self.layer.taps_together(), self.layer.filter());
        let (upstream, of_upstream) = self.upstream(outputs.start);
        for ky in 0..kernel.height {
            for kx in (0..kernel.width).step_by(together.max(1)) {
                let tap = ky * dilation.height * input.row + kx * dilation.width * input.pixel;
                let place = outputs.start * filter + (ky * kernel.width + kx) * inputs;
                let product = Outer {
                    rows: [0, outputs.len()],
                    depth: self.depth(),
                    columns: together * inputs,
                    a: (upstream, Places::every(1), of_upstream),
                    b: (first.wrapping_add(tap), distances),
                    c: Target::Rows(self.to.wrapping_add(place), filter),
                    adds: self.adds,
                };
                // SAFETY: the caller's promise; a tap of each window of the block is read.
                s.run(unsafe { Sound::new(product) });
            }
        }
    }

    /// The gradients of biases.
    ///
    /// # Safety
    ///
    /// As for [`weights`](Self::weights), of these outputs.
    #[inline(always)]
    pub(super) unsafe fn bias<S: Simd>(&self, s: S, outputs: Range<usize>, to: *mut f32) {
        let product = Outer {
            rows: [0, 1],
            depth: self.depth(),
            columns: outputs.len(),
            a: (&raw const ONE, Places::every(0), [0; 3]),
            b: self.upstream(outputs.start),
            c: Target::Rows(to.wrapping_add(outputs.start), 0),
            adds: self.adds,
        };
        // SAFETY: the caller's promise; the constant is read again and again.
        s.run(unsafe { Sound::new(product) });
    }
}
