//! Transposed convolutions: each phase (`pack/phases.rs`) of the output is a convolution, by the micro-kernel of
//! [`gemm`](crate::kernels::gemm), into every `stride`-th row and column of the output.

use crate::exec::divide::{div, div_ceil};
use crate::exec::run::{Partition, Run, nanos_of_floats, nanos_of_macs};
use crate::kernels::activation::Elementwise;
use crate::kernels::conv2d::Conv2d;
use crate::kernels::gemm::{F32, Gemm};
use crate::pack::phases::{PhaseAxis, Taps};
use crate::pack::{HALF_PANEL, Layout, TransposedPanels};
use crate::place::bounds::{Checked, Reach, Region, Windows, assert_product, assert_steps, weights_at};
use crate::place::map::Map;
use crate::place::workspace::Batch;
use crate::simd::{Kernel, Simd};
use cnn_net::op::{Activation, ConvTranspose, Padding, Size};
use cnn_net::record;

/// A transposed convolution of a map with its zero halo, with everything that is fused into it:
/// `output = activation(conv_transpose(input) + bias + residual)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvTranspose2d {
    /// What it reads. What [`halo`](Self::halo) says around it are zeros in the workspace.
    pub input: Map,
    /// What it writes.
    pub output: Map,
    /// Extent of a filter.
    pub kernel: Size,
    /// Distance between the filters of neighbours.
    pub stride: Size,
    /// Rows that are cut off above the output.
    pub pad_top: usize,
    /// Columns that are cut off left of the output.
    pub pad_left: usize,
    /// Distance between the taps of a filter.
    pub dilation: Size,
    /// Independent parts of the channels.
    pub groups: usize,
    /// Where the packed weights begin.
    pub weights: usize,
    /// Added before the activation; of the output's shape. It may be the output itself.
    pub residual: Option<Map>,
    /// Applied last.
    pub activation: Elementwise,
}

record! {
    ConvTranspose2d(#read input: Map, output: Map, kernel: Size) {
        stride: Size = Size::square(1),
        pad_top: usize = 0,
        pad_left: usize = 0,
        dilation: Size = Size::square(1),
        groups: usize = 1,
        weights: usize = 0,
        #read residual: Option<Map> = None,
        activation: Elementwise as Activation = Activation::Identity,
    }
}
kernel_call! { ConvTranspose2d = conv_transpose2d, output: output, weights: weights }

/// The inputs that a direction reads: those from `before` before the first one, or from `after` it, to `last`.
#[derive(Clone, Copy)]
struct Reads {
    before: usize,
    last: usize,
}

impl PhaseAxis {
    /// What `outputs` read.
    const fn reads(self, outputs: usize) -> Reads {
        let Self { kernel, stride, dilation, pad } = self;
        Reads {
            before: div((dilation * (kernel - 1)).saturating_sub(pad), stride),
            last: div(outputs - 1 + pad, stride),
        }
    }

    /// A phase: its taps, how many of `outputs` it has, how far before or after the first input its first window begins, and the
    /// distance between taps in the input.
    const fn phase(self, phase: usize, outputs: usize) -> Phase {
        let Self { stride, dilation, pad, .. } = self;
        let taps = self.taps(phase);
        let (from, to) = (phase + pad, taps.last * dilation);
        let (before, after) = (div(to.saturating_sub(from), stride), div(from.saturating_sub(to), stride));
        // At least 1, as for any convolution.
        let dilation = div(taps.step * dilation, stride);
        Phase { taps, outputs: div_ceil(outputs - phase, stride), before, after, dilation }
    }
}

/// One direction of a phase.
#[derive(Clone, Copy)]
struct Phase {
    taps: Taps,
    outputs: usize,
    before: usize,
    after: usize,
    dilation: usize,
}

impl ConvTranspose2d {
    /// A transposed convolution of one map into another, with its weights at the beginning and nothing fused into it.
    #[must_use]
    pub const fn of(conv: &ConvTranspose, input: Map, output: Map) -> Self {
        Self::new(input, output, conv.kernel)
            .stride(conv.stride)
            .pad_top(conv.pad.top)
            .pad_left(conv.pad.left)
            .dilation(conv.dilation)
            .groups(conv.groups)
    }

    /// Both directions.
    const fn axes(&self) -> [PhaseAxis; 2] {
        let Self { kernel, stride, dilation, pad_top, pad_left, .. } = *self;
        [
            PhaseAxis { kernel: kernel.height, stride: stride.height, dilation: dilation.height, pad: pad_top },
            PhaseAxis { kernel: kernel.width, stride: stride.width, dilation: dilation.width, pad: pad_left },
        ]
    }

    /// How its weights are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        let Self { input, output, kernel, stride, dilation, groups, .. } = *self;
        let (outputs, inputs) = (div(output.channels, groups), div(input.channels, groups));
        let pad = Size::new(self.pad_top, self.pad_left);
        Layout::Transposed(TransposedPanels { groups, outputs, inputs, kernel, stride, dilation, pad })
    }

    /// The zeros that are read around an input of this size, for an output of that.
    #[must_use]
    pub const fn halo(conv: &ConvTranspose, input: Size, output: Size) -> Padding {
        let nothing = Map::dense(0, 1, 1, 1);
        let [vertical, horizontal] = Self::of(conv, nothing, nothing).axes();
        let (rows, columns) = (vertical.reads(output.height), horizontal.reads(output.width));
        Padding {
            top: rows.before,
            left: columns.before,
            bottom: (rows.last + 1).saturating_sub(input.height),
            right: (columns.last + 1).saturating_sub(input.width),
        }
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the groups don't divide the channels; if filters or taps don't move, or what is read begins before the workspace; if the
    /// output has no elements, or overlaps what is read, but for a residual that is the output; if the residual has another size.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, output, kernel, stride, dilation, groups, pad_top, pad_left, .. } = &self;
        let divides = *groups > 0 && input.channels.is_multiple_of(*groups) && output.channels.is_multiple_of(*groups);
        assert!(divides, "the groups don't divide the channels");
        let moves = stride.height > 0 && stride.width > 0 && dilation.height > 0 && dilation.width > 0;
        assert!(
            moves && kernel.height > 0 && kernel.width > 0,
            "filters or taps that don't move, or a filter without taps"
        );
        assert_product(&[kernel.height, kernel.width, input.channels]);
        // All that is computed of phases and taps.
        assert_product(&[kernel.height, dilation.height, 8]);
        assert_product(&[kernel.width, dilation.width, 8]);
        assert_product(&[stride.height, stride.width, 8]);
        assert_product(&[stride.height, dilation.height, 8]);
        assert_product(&[stride.width, dilation.width, 8]);
        assert_product(&[*pad_top, 8]);
        assert_product(&[*pad_left, 8]);
        assert_product(&[output.height, 8]);
        assert_product(&[output.width, 8]);
        assert_steps(output, [stride.height, stride.width]);
        if let Some(residual) = &self.residual {
            assert_steps(residual, [stride.height, stride.width]);
        }
        assert_steps(input, [dilation.height, dilation.width]);
        // First: an output without elements reads nothing.
        let reach = Reach::to(output);
        let [vertical, horizontal] = self.axes();
        let (rows, columns) = (vertical.reads(output.height), horizontal.reads(output.width));
        let read = Region::windows(input, rows.windows(), columns.windows());
        Checked::new(self, reach.reads(read).reads_residual(&self.residual, output))
    }

    /// Input channels of a group.
    const fn depth(&self) -> usize {
        div(self.input.channels, self.groups)
    }

    /// The packed weights: rows of taps and biases, and the floats of a row in all groups.
    const fn panels(&self) -> Size {
        let outputs = div(self.output.channels, self.groups).next_multiple_of(HALF_PANEL);
        Size::new(self.kernel.area() * self.depth() + self.stride.area(), self.groups * outputs)
    }

    /// A phase as a convolution; none beyond the output.
    fn phase(&self, [y, x]: [usize; 2]) -> Option<Conv2d> {
        let Self { input, output, stride, groups, residual, activation, .. } = *self;
        if y >= output.height || x >= output.width {
            return None;
        }
        let [vertical, horizontal] = self.axes();
        let (rows, columns) = (vertical.phase(y, output.height), horizontal.phase(x, output.width));
        let every = |map: Map| Map {
            offset: map.at(y, x),
            height: rows.outputs,
            width: columns.outputs,
            row: stride.height * map.row,
            pixel: stride.width * map.pixel,
            ..map
        };
        Some(Conv2d {
            input: Map { offset: input.at(rows.after, columns.after), ..input },
            output: every(output),
            kernel: Size::new(rows.taps.count, columns.taps.count),
            stride: Size::square(1),
            pad_top: rows.before,
            pad_left: columns.before,
            dilation: Size::new(rows.dilation, columns.dilation),
            groups,
            weights: 0,
            residual: residual.map(every),
            activation,
        })
    }
}

impl Reads {
    /// As a window that covers all of them.
    const fn windows(self) -> Windows {
        Windows { count: 1, stride: 1, taps: self.before + self.last + 1, dilation: 1, before: self.before }
    }
}

/// Convolves a map, transposed; the weights are [`TransposedPanels`].
///
/// # Panics
///
/// If the workspace is too small, or the weights end early.
#[inline(always)]
pub fn conv_transpose2d(run: Run<'_>, layer: &Checked<ConvTranspose2d>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let Size { height, width } = layer.panels();
    let weights = weights_at(weights, layer.weights, [height, width]);
    // SAFETY: the layer was checked; the workspace and the weights are as large as it needs.
    unsafe { conv_transpose2d_in(run, &layer, weights, ws) }
}

/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `weights` as many as it reads.
unsafe fn conv_transpose2d_in(run: Run<'_>, layer: &ConvTranspose2d, weights: *const f32, ws: *mut f32) {
    let ConvTranspose2d { input, output, kernel, .. } = layer;
    let work = nanos_of_macs([input.pixels(), kernel.area(), layer.depth(), output.channels]);
    let work = work.saturating_add(nanos_of_floats([2, output.elements()]));
    // SAFETY: the caller's promise; partitions are pixels or channels of each phase of the output, which is not the input; of the
    // residual they read the same.
    unsafe { run.split(work, |partition| Phases::new(layer, weights, ws, partition)) };
}

/// A partition of each phase.
struct Phases<'a> {
    layer: &'a ConvTranspose2d,
    weights: *const f32,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> Phases<'a> {
    /// # Safety
    ///
    /// As for [`conv_transpose2d_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a ConvTranspose2d, weights: *const f32, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, weights, ws, partition }
    }
}

impl Kernel for Phases<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { layer, mut weights, ws, partition } = self;
        let ConvTranspose2d { output, kernel, stride, .. } = layer;
        let (columns, depth) = (layer.panels().width, layer.depth());
        let [vertical, _] = layer.axes();
        for y in 0..stride.height.min(output.height) {
            let mut first = weights;
            for x in 0..stride.width.min(output.width) {
                let Some(phase) = layer.phase([y, x]) else { continue };
                let image = Batch { images: 1, floats: 0 };
                // SAFETY: the layer was checked, so that what its phases read and write is in the workspace; all of their weights are
                // there; other threads have other partitions.
                s.run(unsafe { Gemm::<F32>::new(&phase, image, first, ws).part(partition) });
                first = first.wrapping_add(columns * (phase.kernel.area() * depth + 1));
            }
            let taps = vertical.taps(y).count * kernel.width;
            weights = weights.wrapping_add(columns * (taps * depth + stride.width));
        }
    }
}
