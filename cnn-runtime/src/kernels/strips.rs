//! Convolutions of few channels, in strips of the output, perhaps with a 2x2 pooling of their results: the first layers of nets
//! for digits.
//!
//! Where channels are few, Winograd's algorithm in both directions takes more time for its transforms than it saves in
//! products, and a map that is pooled at once need not be stored. So filters 5 high are transformed along their columns alone,
//! and the results of a strip go through scratch memory that stays in L1:
//!
//! ```text
//! strips of rows of the output
//!   chunks of their pixels
//!     tiles of rows
//!       transform the rows of the input               V [n][chunk + kernel - 1][inputs]
//!       n products with the rows of filters           M [n], or directly, beyond the limit of `range`
//!       transform back, add the bias                  into the results
//!     the rest of the activation, in place
//!     the mean or the largest of each 2x2, if they are pooled
//! ```
//!
//! The transform does not mix pixels, so a row of the input is transformed as it lies, whatever its pixels and channels are,
//! and a window is as contiguous in V as it is in the input: products sum over the filter's columns too.
//!
//! That is one kernel (`Strips`), generic over what a vector holds (`Lanes`). With a single input channel and up to eight filters
//! a vector of channels would be mostly padding, and each float that is read would serve a single FMA: so vectors hold pixels
//! (`pixels`), and results are transposed when they are stored. Otherwise they hold channels (`channels`), and products are those
//! of the micro-kernel. Each has a descriptor, [`Planar2d`] and [`Columns2d`]. Only the products, the direct computation in
//! their place, and the loads and stores of pooling exist twice.

mod channels;
mod pixels;
mod tile;

pub use self::channels::{Columns2d, columns2d};
pub use self::pixels::{Planar2d, planar2d};
pub use crate::kernels::epilogue::Pooling;

use core::mem::MaybeUninit;

use crate::exec::divide::div_ceil;
use crate::exec::run::Partition;
use crate::kernels::conv2d::Conv2d;
use crate::kernels::epilogue::Epilogue;
use crate::kernels::transform::range::Limit;
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};
use cnn_net::op::Size;

/// What is computed for an output: its size, or twice that if it is pooled.
const fn computed(output: &Map, pool: Option<Pooling>) -> Size {
    let Map { height, width, .. } = *output;
    if pool.is_some() { Size::new(2 * height, 2 * width) } else { Size::new(height, width) }
}

/// What a vector holds: pixels or channels.
trait Lanes: Copy {
    /// Scratch memory that is on the stack.
    type Stack<S: Simd>;

    /// Pixels of a chunk.
    fn chunk<S: Simd>(width: usize) -> usize;

    /// The scratch memory of a partition.
    ///
    /// # Safety
    ///
    /// `stack` must be writable, and remain so.
    unsafe fn scratch<S: Simd>(&self, s: S, layer: &StripLayer<'_>, part: usize, stack: *mut Self::Stack<S>)
    -> Scratch;

    /// Where the results of a chunk go before they are pooled or transposed: a map whose channels are lanes.
    fn results(&self, chunk: &Chunk<'_>) -> (*mut f32, Map);

    /// The results of a tile of a chunk, from `row` on. They are by Winograd's algorithm where there is a limit.
    ///
    /// # Safety
    ///
    /// The chunk must be one of a [layer](StripLayer::new) and a scratch memory that it has; so for all methods.
    unsafe fn tile<S: Simd>(&self, s: S, chunk: &Chunk<'_>, row: usize, limit: Option<Limit>);

    /// Stores results, or the pooling of each 2x2 of them, that are not in the output.
    ///
    /// # Safety
    ///
    /// As for [`tile`](Self::tile).
    unsafe fn store<S: Simd>(&self, s: S, chunk: &Chunk<'_>);
}

/// A layer with its weights and its workspace.
#[derive(Clone, Copy)]
struct StripLayer<'a> {
    conv: &'a Conv2d,
    epilogue: Epilogue,
    /// Rows of a tile, and of a strip: of whole tiles, and of whole pairs if they are pooled.
    rows: [usize; 2],
    /// Whether filters were transformed.
    transformed: bool,
    /// In how many parts scratch memory lets it be divided.
    parts: usize,
    weights: *const f32,
    ws: *mut f32,
}

/// Where a tile's values are.
struct Scratch {
    /// V, and the distance of two points in it.
    v: (*mut f32, usize),
    /// M, and the distance of two points in it.
    m: (*mut f32, usize),
    /// Results.
    y: *mut f32,
}

/// Pixels next to each other, of all rows of a strip.
struct Chunk<'a> {
    layer: &'a StripLayer<'a>,
    scratch: &'a Scratch,
    top: usize,
    left: usize,
    /// How many rows are inside of the output.
    rows: usize,
    /// Pixels of a row.
    len: usize,
}

/// A partition of a convolution.
struct Strips<'a, L> {
    layer: StripLayer<'a>,
    lanes: L,
    partition: Partition,
}

impl<'a, L> Strips<'a, L> {
    /// # Safety
    ///
    /// The layer's descriptor was checked, the workspace has as many floats as it needs, and the weights are as many as it reads.
    /// Other threads have other partitions.
    unsafe fn new(layer: StripLayer<'a>, lanes: L, partition: Partition) -> Self {
        Self { layer, lanes, partition }
    }
}

impl<L: Lanes> Kernel for Strips<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { layer, lanes, partition } = self;
        let StripLayer { conv, epilogue, rows: [tile, strip], .. } = layer;
        let Some(partition) = partition.at_most(layer.parts) else { return };
        let Size { height, width } = computed(&conv.output, epilogue.pool());
        let len = L::chunk::<S>(width);
        let mut stack = MaybeUninit::uninit();
        // SAFETY: the stack outlives the scratch memory on it; whoever made this has checked the input.
        let (scratch, limit) = unsafe {
            let scratch = lanes.scratch::<S>(s, &layer, partition.index, stack.as_mut_ptr());
            (scratch, layer.transformed.then(|| Limit::of(&conv.input, layer.ws)))
        };
        for top in partition.of(div_ceil(height, strip)).map(|index| index * strip) {
            for left in (0..width).step_by(len.max(1)) {
                // The last chunk overlaps the one before.
                let (left, rows) = (left.min(width - len), strip.min(height - top));
                let chunk = Chunk { layer: &layer, scratch: &scratch, top, left, rows, len };
                let (to, results) = lanes.results(&chunk);
                // SAFETY: whoever made this has checked the input, the output, the weights and the scratch memory.
                unsafe {
                    for row in (0..rows).step_by(tile.max(1)) {
                        lanes.tile(s, &chunk, row, limit);
                    }
                    epilogue.pass_pixels(s, to, &results, [0, 0], results.pixels(), 0..results.channels);
                    lanes.store(s, &chunk);
                }
            }
        }
    }
}

impl Chunk<'_> {
    /// The first window of a row.
    #[inline(always)]
    fn input(&self, row: usize) -> *const f32 {
        let StripLayer { conv: conv @ Conv2d { input, stride, .. }, ws, .. } = self.layer;
        let at = conv.first() + (self.top + row) * stride.height * input.row + self.left * input.pixel;
        ws.wrapping_add(at).cast_const()
    }

    /// Where the results of a pixel go in the output.
    #[inline(always)]
    fn output(&self, y: usize, x: usize) -> *mut f32 {
        self.layer.ws.wrapping_add(self.layer.conv.output.at(y, x))
    }
}
