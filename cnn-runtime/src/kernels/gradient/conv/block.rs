//! What some pixels add to the gradients of weights.

use core::ops::Range;

use crate::exec::divide::{div, div_rem};
use crate::exec::run::Partition;
use crate::kernels::gemm::evenly;
use crate::kernels::gradient::ONE;
use crate::kernels::gradient::outer::{Outer, Places, Target};
use crate::place::map::Map;
use crate::simd::{Simd, Sound};

use super::ConvWeightGradient;
use super::packed::Buffers;

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

/// The most that a block has: lines of an image, or whole images.
#[derive(Clone, Copy)]
pub(super) struct Shares {
    pub(super) images: usize,
    pub(super) lines: usize,
}

impl Shares {
    /// Of a map that is not packed.
    pub(super) fn of(map: &Map) -> Self {
        let (images, lines) = (div(BLOCK, map.pixels()).max(1), div(BLOCK, map.width));
        Self { images, lines: lines.clamp(1, map.height.max(1)) }
    }
}

impl Pixels {
    /// All pixels of a minibatch; without images, a block of none, so that gradients are 0.
    #[inline(always)]
    pub(super) fn of(map: &Map, images: usize, most: Shares) -> impl Iterator<Item = Self> {
        let height = map.height;
        let lines = move |(image, images): (usize, usize)| {
            evenly(height, most.lines).map(move |(y, lines)| Self { image, images, y, lines })
        };
        let none = (images == 0).then_some((0, 0));
        evenly(images, most.images).chain(none).flat_map(lines)
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
    /// Where inputs are packed, if they are.
    pub(super) packs: Option<*mut Buffers>,
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
        if layer.is_depthwise() {
            // SAFETY: the caller's promise.
            return unsafe { self.depthwise(s, partition.of(layer.groups)) };
        }
        let over_outputs = self.packs.is_none() && layer.is_over_outputs(S::LANES);
        let outputs = partition.of(layer.upstream.channels);
        for group in 0..layer.groups {
            let first = group * of_group;
            let start = outputs.start.clamp(first, first + of_group);
            let own = start..outputs.end.clamp(start, first + of_group);
            // SAFETY: the caller's promise.
            unsafe {
                if over_outputs {
                    self.over_outputs(s, group, first..first + of_group, partition.of(layer.filter()));
                } else if own.is_empty() {
                } else if let Some(buffers) = self.packs {
                    self.over_packed(s, group, &own, buffers);
                } else {
                    self.over_inputs(s, group, own);
                }
            }
        }
    }

    /// Where the inputs of a group begin that the first window of the block covers, and the distances between those of windows.
    pub(super) fn inputs(&self, group: usize) -> (*const f32, [usize; 3]) {
        let ConvWeightGradient { input, stride, .. } = self.layer;
        let line = stride.height * input.row;
        let first = self.layer.conv().first() + self.pixels.y * line + group * self.layer.inputs();
        (self.ws.wrapping_add(first), [self.floats, line, stride.width * input.pixel])
    }

    /// Where the gradients of the outputs from one on begin, and their distances.
    pub(super) fn upstream(&self, output: usize) -> (*const f32, [usize; 3]) {
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
        let places = Places::Runs {
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
                    a: (upstream, Places::Every(1), of_upstream),
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
        let (first, [image_distance, line_distance, distance]) = self.upstream(outputs.start);
        let Pixels { images, lines, .. } = self.pixels;
        // Gradients of a map's pixels may all be the same, and rounding errors of a long sum of these too: so lines are added up first.
        for index in 0..(images * lines).max(1) {
            let (image, line) = div_rem(index, lines);
            let product = Outer {
                rows: [0, 1],
                depth: [images.min(1), 1, self.layer.upstream.width],
                columns: outputs.len(),
                a: (&raw const ONE, Places::Every(0), [0; 3]),
                b: (first.wrapping_add(image * image_distance + line * line_distance), [0, 0, distance]),
                c: Target::Rows(to.wrapping_add(outputs.start), 0),
                adds: self.adds || index > 0,
            };
            // SAFETY: the caller's promise; the constant is read again and again.
            s.run(unsafe { Sound::new(product) });
        }
    }
}
