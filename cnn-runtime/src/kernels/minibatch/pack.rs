//! Weights of a step: from the order of their tensors into that of kernels.
//!
//! [`Layout::pack`](crate::pack::Layout) does this for weights that are loaded, once. Here, panels are copied by threads and without
//! arithmetic, unless a normalisation is folded into them, which is only done for weights that don't change.

use core::ops::Range;

use crate::exec::divide::{div_ceil, div_rem};
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::pack::points::MOST_TAPS;
use crate::pack::{
    Affine, ColumnPanels, ConvPanels, DenseRows, DepthwiseTaps, HALF_PANEL, Layout, Normalisation, PANEL,
    TransposedPanels, WinogradPanels,
};
use crate::place::bounds::{Checked, Reach, Region, assert_product, bounded_product};
use crate::place::spans::{Span, assert_apart, enter_shared};
use crate::simd::Sound;
use cnn_net::record;

use super::batch_norm::NormTensors;
use copy::Panels;
use scaled::Scaled;
use tiles::Tiles;

mod copy;
mod scaled;
mod tiles;

/// Packs the weights of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PackStep {
    /// How they are packed.
    pub layout: Layout,
    /// Where they are written.
    pub to: usize,
    /// Where the tensor of weights begins. Gains are 1 without one; of scales and shifts, it is the factors.
    pub weight: Option<usize>,
    /// Whether that tensor is a single number, which stands for all: a factor or a slope.
    pub spread: bool,
    /// Where the biases begin, if there are any.
    pub bias: Option<usize>,
    /// A batch normalisation with its running statistics: one that is folded into the weights, or, of scales and shifts, the layer
    /// itself.
    pub norm: Option<PackNorm>,
    /// Whether they are the filters of the convolution that computes the gradient of this one's input: turned by half a turn, with inputs
    /// as outputs. The layout is that convolution's, in tiles and with a stride of 1. It has no bias.
    pub turned: bool,
}

/// A batch normalisation that is packed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PackNorm {
    /// Its tensors.
    pub tensors: NormTensors,
    /// Added to the variance.
    pub eps: f32,
}

record! { PackNorm(tensors: NormTensors, eps: f32) }
record! {
    PackStep(layout: Layout, to: usize) {
        weight: Option<usize> = None,
        spread: bool = false,
        bias: Option<usize> = None,
        norm: Option<PackNorm> = None,
        turned: bool = false,
    }
}
batch_call! { PackStep = pack_step, shared }

impl PackStep {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If there is nothing to pack, or what is read overlaps what is written; if filters can't be turned.
    pub const fn check(self) -> Checked<Self> {
        assert_layout(&self.layout);
        let plain = self.weight.is_some() && self.bias.is_none() && self.norm.is_none();
        let is_elementwise = matches!(self.layout, Layout::ScaleShift { .. } | Layout::Slopes { .. });
        assert!(!self.spread || is_elementwise, "only a factor or a slope is spread");
        let turns = plain && matches!(self.layout, Layout::Winograd(WinogradPanels { stride: 1, .. }));
        assert!(!self.turned || turns, "only filters of tiles are turned, and they have no bias");
        assert!(!self.layout.is_empty() && self.layout.tensor_len() > 0, "nothing to pack");
        let (read, written) = self.spans();
        assert_apart(&[written], &read);
        Checked::new(self, Reach::of(Region::span(0, 0)))
    }

    /// Packs tensors that are in an array of their own, as [`pack_step`] does, up to the rounding of what is multiplied. It needs no
    /// kernels.
    ///
    /// # Panics
    ///
    /// If there are fewer tensors than it reads, or `packed` is not as long as the layout.
    pub fn pack(&self, tensors: &[f32], packed: &mut [f32]) {
        let Self { layout, bias, norm, .. } = *self;
        let number =
            |first: Option<usize>, index: usize, other: f32| first.map_or(other, |first| tensors[first + index]);
        let weight = |index: usize| number(self.weight, if self.spread { 0 } else { index }, 1.0);
        let is_factor = matches!(layout, Layout::ScaleShift { .. });
        let affine = |output: usize| {
            let shift = f64::from(number(bias, output, 0.0));
            let scale = if is_factor { f64::from(weight(output)) } else { 1.0 };
            let own = Affine { scale, shift };
            norm.map_or(own, |PackNorm { tensors: of, eps }| {
                let [mean, var] = [of.mean, of.var].map(|first| tensors[first + output]);
                let (weight, bias) = (number(of.weight, output, 1.0), number(of.bias, output, 0.0));
                own.normalised(&Normalisation { weight, bias, mean, var, eps })
            })
        };
        // Whether they are finite is for the training loop to find out.
        let _ = layout.pack(weight, affine, packed);
    }

    /// What is read, and what is written.
    const fn spans(&self) -> ([Span; 6], Span) {
        let Self { layout, to, weight, spread, bias, norm, .. } = *self;
        let affines = layout.affines();
        let none = Span::optional(None, &[]);
        let [gain, shift, mean, var] = match norm {
            Some(norm) => norm.tensors.spans(affines),
            None => [none; 4],
        };
        let weight = Span::optional(weight, &[if spread { 1 } else { layout.tensor_len() }]);
        ([weight, Span::optional(bias, &[affines]), gain, shift, mean, var], Span::new(to, &[layout.len()]))
    }

    /// What is done to an output.
    ///
    /// # Safety
    ///
    /// The step was checked, and `shared` has as many floats as it needs.
    unsafe fn affine(&self, shared: *const f32, output: usize) -> Affine {
        if output >= self.layout.affines() {
            return Affine::IDENTITY;
        }
        // SAFETY: the caller's promise; it is one of the outputs.
        let read = |offset: usize| unsafe { *shared.wrapping_add(offset + output) };
        let own = match (self.layout, self.weight) {
            (Layout::ScaleShift { .. }, Some(weight)) => {
                let index = if self.spread { 0 } else { output };
                // SAFETY: as above.
                let factor = unsafe { *shared.wrapping_add(weight + index) };
                Affine { scale: f64::from(factor), shift: 0.0 }
            }
            _ => Affine { shift: self.bias.map_or(0.0, |bias| f64::from(read(bias))), ..Affine::IDENTITY },
        };
        match self.norm {
            // SAFETY: as above.
            Some(norm) => own.normalised(&unsafe { norm.tensors.of(shared, output, norm.eps) }),
            None => own,
        }
    }

    /// Panels that are copies of weights, if there are any; those of convolutions may be scaled afterwards.
    const fn panels(&self) -> Option<Panels> {
        let scales = self.norm.is_some() && !matches!(self.layout, Layout::Conv(_));
        if scales || self.weight.is_none() { None } else { Panels::of(&self.layout) }
    }
}

/// Where a panel of packed weights is.
struct PanelPlace {
    group: usize,
    /// Its first output channel, counted through all groups, how many it has, and its width.
    channels: [usize; 3],
    /// The first float and the end.
    floats: Range<usize>,
}

impl PanelPlace {
    /// The panels of a partition, of groups with this many outputs, each of which has as many floats.
    fn each(partition: Partition, [groups, outputs, floats]: [usize; 3]) -> impl Iterator<Item = Self> {
        let of_group = div_ceil(outputs, PANEL);
        partition.of(groups * of_group).map(move |index| {
            let (group, panel) = div_rem(index, of_group);
            let rest = outputs - panel * PANEL;
            let width = if rest > HALF_PANEL { PANEL } else { HALF_PANEL };
            let start = (group * outputs.next_multiple_of(HALF_PANEL) + panel * PANEL) * floats;
            let channels = [group * outputs + panel * PANEL, rest.min(width), width];
            Self { group, channels, floats: start..start + width * floats }
        })
    }

    /// The panel, of weights that begin at `to`.
    ///
    /// # Safety
    ///
    /// They are there, and nothing else reads or writes this panel meanwhile.
    unsafe fn panel<'a>(&self, to: *mut f32) -> &'a mut [f32] {
        // SAFETY: the caller's promise.
        unsafe { core::slice::from_raw_parts_mut(to.wrapping_add(self.floats.start), self.floats.len()) }
    }
}

/// Panics if the sizes of packed weights or of the tensor overflow.
const fn assert_layout(layout: &Layout) {
    match *layout {
        Layout::Conv(ConvPanels { groups, outputs, inputs, kernel })
        | Layout::F16(ConvPanels { groups, outputs, inputs, kernel }) => {
            assert_sizes(&[inputs, kernel.height, kernel.width], [groups, outputs]);
        }
        Layout::Winograd(WinogradPanels { groups, outputs, inputs, kernel, stride, tile }) => {
            let exist = stride > 0 && stride <= kernel && kernel <= PANEL && tile > 0 && tile <= PANEL;
            assert!(exist && div_ceil(kernel, stride) <= MOST_TAPS, "no such tiles");
            let side = tile + kernel;
            assert_sizes(&[stride, stride, inputs, side, side], [groups, outputs]);
        }
        Layout::Columns(ColumnPanels { outputs, inputs, kernel, tile }) => {
            assert!(kernel.height <= PANEL && tile > 0 && tile <= PANEL, "no such tiles");
            assert_sizes(&[inputs, tile + kernel.height, kernel.width], [1, outputs]);
        }
        Layout::Rows(DenseRows { outputs, inputs, pixels })
        | Layout::RowsF16(DenseRows { outputs, inputs, pixels }) => {
            assert_sizes(&[inputs, pixels], [1, outputs]);
        }
        Layout::Depthwise(DepthwiseTaps { channels, kernel }) => {
            assert_sizes(&[kernel.height, kernel.width], [1, channels]);
        }
        Layout::Transposed(TransposedPanels { groups, outputs, inputs, kernel, stride, dilation, pad }) => {
            assert!(stride.height > 0 && stride.width > 0, "phases that don't move");
            assert_sizes(&[inputs, kernel.height, kernel.width], [groups, outputs]);
            assert_sizes(&[stride.height, stride.width], [groups, outputs]);
            assert_product(&[dilation.height, kernel.height, stride.height]);
            assert_product(&[dilation.width, kernel.width, stride.width]);
            assert_product(&[pad.height, 2]);
            assert_product(&[pad.width, 2]);
        }
        Layout::ScaleShift { channels } => assert_sizes(&[2], [1, channels]),
        Layout::Gains { channels, pixels } | Layout::Slopes { channels, pixels } => {
            assert_sizes(&[2, pixels], [1, channels]);
        }
        Layout::Tensors { len } => assert_product(&[len]),
    }
}

/// Panics if there can't be this many weights of each of the outputs, which are padded, and have a bias.
const fn assert_sizes(weights: &[usize], [groups, outputs]: [usize; 2]) {
    let weights = bounded_product(weights);
    assert_product(&[groups, outputs.saturating_add(PANEL), weights.saturating_add(2)]);
}

/// Packs the weights of a layer.
///
/// # Panics
///
/// If `shared` ends early, or there is no algorithm for such tiles.
#[inline(always)]
pub fn pack_step(run: Run<'_>, layer: &Checked<PackStep>, shared: &mut [f32]) {
    let layer = layer.get();
    let (read, written) = layer.spans();
    let shared = enter_shared(shared, &[&read, &[written]]);
    // SAFETY: the step was checked; the shared floats are as many as it needs.
    unsafe { pack_in(run, &layer, shared) }
}

/// # Safety
///
/// The step was checked, and the shared floats are as many as it needs.
unsafe fn pack_in(run: Run<'_>, layer: &PackStep, shared: *mut f32) {
    match (layer.layout, layer.panels(), layer.weight) {
        (Layout::Winograd(panels), _, Some(weight)) => {
            let each = |partition: Partition| {
                // SAFETY: the caller's promise; each partition writes panels of its own.
                run.part(unsafe { Sound::new(Tiles { step: layer, panels, weight, shared, partition }) });
            };
            // SAFETY: as above.
            unsafe { run.each_partition(nanos_of_floats([8, layer.layout.len()]), each) };
        }
        (_, Some(panels), Some(weight)) => {
            let bias = layer.bias.map(|bias| shared.wrapping_add(bias).cast_const());
            let (from, to) = (shared.wrapping_add(weight), shared.wrapping_add(layer.to));
            // SAFETY: the caller's promise; each partition writes panels of its own.
            unsafe {
                let each = |partition: Partition| {
                    panels.copy(run, partition, from, bias, to);
                    if let (Layout::Conv(panels), Some(_)) = (layer.layout, layer.norm) {
                        run.part(Sound::new(Scaled { step: layer, panels, shared, partition }));
                    }
                };
                run.each_partition(nanos_of_floats([4, layer.layout.len()]), each);
            }
        }
        // SAFETY: the caller's promise.
        _ => unsafe { pack_whole(layer, shared) },
    }
    run.done();
}

/// # Safety
///
/// As for [`pack_in`].
unsafe fn pack_whole(layer: &PackStep, shared: *mut f32) {
    let PackStep { layout, to, weight, spread, .. } = *layer;
    let len = layout.tensor_len();
    let weight = |index: usize| match weight {
        // SAFETY: it is the only number of the tensor.
        Some(weight) if spread => unsafe { *shared.wrapping_add(weight) },
        // SAFETY: it is a number of the tensor.
        Some(weight) if index < len => unsafe { *shared.wrapping_add(weight + index) },
        Some(_) => 0.0,
        None => 1.0,
    };
    // SAFETY: what is written is apart from what is read.
    let packed = unsafe { core::slice::from_raw_parts_mut(shared.wrapping_add(to), layout.len()) };
    // SAFETY: the caller's promise.
    let affine = |output| unsafe { layer.affine(shared, output) };
    // Whether they are finite is for the training loop to find out.
    let _ = layout.pack(weight, affine, packed);
}
