//! Pools: over windows, over maps, over channels.
//!
//! ```text
//! before   ReduceMean(axes = [2, 3])     ReduceMean(axes = [1])     Pad(x, 0) → AveragePool
//! after    global_avg_pool               channel_mean               avg_pool(…, pad = …)
//! ```

use std::rc::Rc;

use cnn_net::op::{Op, Padding, Pool, Shape, Size, Window};

use super::arrange::lies;
use super::{Lowering, Stop, fault, window};
use crate::constant::Constant;
use crate::graph::{Node, axis};
use crate::report::Fault;
use crate::view::{Axis, View};

impl<'a> Lowering<'_, 'a> {
    pub(super) fn pool(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let rank = view.dims.len();
        let mut view = self.maps(&view)?;
        let Some(kernel) = node.ints("kernel_shape")?.and_then(|list| window::sized(list, rank)) else {
            return fault("its `kernel_shape` is missing, or none of maps");
        };
        if node.int("storage_order", 0)? != 0 {
            return fault("it stores maps by columns");
        }
        let (stride, dilation) = (window::size(node, "strides", rank)?, window::size(node, "dilations", rank)?);
        let ceil = node.flag("ceil_mode", false)?;
        let window = Window { kernel, stride, dilation, pad: Padding::NONE, ceil };
        let mut window = window::padded(node, window, view.shape.size(), rank)?;
        let is_mean = node.op == "AveragePool";
        let mut counts = is_mean && node.flag("count_include_pad", false)? && !window.pad.is_none();
        // A mean counts zeros that were put around its input, like padding; a maximum never takes the least number. No window may lie
        // in the padding as a whole.
        let is_right = |number: f32, pad: Padding| {
            let axes = Window { pad, ..window }.axes(view.shape.size());
            let fits = axes.iter().all(|axis| axis.before.max(axis.after) < axis.extent());
            fits && if is_mean { number == 0.0 } else { number <= f32::MIN }
        };
        if window.pad.is_none()
            && !ceil
            && let Some((before, pad)) = self.before_padding(&view, is_right)
        {
            (view, counts) = (before, is_mean);
            window.pad = pad;
        }
        let Size { height, width } = window::output(&window, view.shape.size())?;
        let shape = Shape::map(view.shape.channels(), height, width);
        // Where nothing is padded, it makes no difference, and is left out.
        let counts = counts || window.pad.is_none();
        let pool = Pool { kernel, stride, dilation, pad: window.pad, ceil: window.ceil, count_include_pad: counts };
        let pool = Pool { ceil: pool.ceil && rounds_up(&window, view.shape.size()), ..pool };
        let op = if is_mean { Op::AvgPool(pool) } else { Op::MaxPool(Pool { count_include_pad: true, ..pool }) };
        let value = self.emit(op, vec![view.value], shape, Vec::new());
        Ok(View::natural(value, shape, rank))
    }

    pub(super) fn global_pool(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let rank = view.dims.len();
        let view = self.maps(&view)?;
        let op = if node.op == "GlobalMaxPool" { Op::GlobalMaxPool } else { Op::GlobalAvgPool };
        let shape = Shape::map(view.shape.channels(), 1, 1);
        let value = self.emit(op, vec![view.value], shape, Vec::new());
        Ok(View::natural(value, shape, rank))
    }

    /// Over as many parts of a map as the output has pixels.
    pub(super) fn adaptive_pool(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let rank = view.dims.len();
        let view = self.maps(&view)?;
        let size = window::size(node, "output_size", rank)?;
        let op = if node.op == "AdaptiveMaxPool" { Op::AdaptiveMaxPool(size) } else { Op::AdaptiveAvgPool(size) };
        let shape = Shape::map(view.shape.channels(), size.height, size.width);
        let value = self.emit(op, vec![view.value], shape, Vec::new());
        Ok(View::natural(value, shape, rank))
    }

    /// A mean, a sum, a maximum or a minimum over some dimensions.
    pub(super) fn reduce(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        match node.op {
            "ReduceMin" => {
                let opposite = self.opposite(&view)?;
                let most = self.reduced(node, opposite)?;
                self.opposite(&most)
            }
            "ReduceSum" => {
                let count = view.shape.elements() as f64;
                let mean = self.reduced(node, view)?;
                let count = (count / mean.sizes().iter().product::<usize>() as f64) as f32;
                self.scaled(&mean, &Rc::new(Constant::floats(Vec::new(), vec![count])))
            }
            _ => self.reduced(node, view),
        }
    }

    /// A mean or a maximum over some dimensions.
    fn reduced(&mut self, node: &Node<'a>, view: View) -> Result<View, Stop> {
        let rank = view.dims.len();
        let listed = match self.constant(node, 1)? {
            Some(axes) => Some(axes.to_ints()?),
            None => node.ints("axes")?.map(<[i64]>::to_vec),
        };
        let listed = match listed {
            Some(axes) if axes.is_empty() && node.flag("noop_with_empty_axes", false)? => return Ok(view),
            Some(axes) if !axes.is_empty() => axes,
            Some(_) | None => (0..rank as i64).collect(),
        };
        let axes: Vec<usize> = listed.into_iter().map(|at| axis(at, rank)).collect::<Result<_, Fault>>()?;
        let is_mean = ["ReduceMean", "ReduceSum"].contains(&node.op);
        let (view, found) = self.over(view, &axes, is_mean)?;
        let keeps = node.flag("keepdims", true)?;
        let kept = |at: &usize| keeps || !axes.contains(at);
        let dim = |at: usize| if axes.contains(&at) { Vec::new() } else { view.dims[at].clone() };
        let dims = (0..rank).filter(kept).map(dim).collect();
        let Some((op, shape)) = found else { return Ok(View { dims, ..view }) };
        let value = self.emit(op, vec![view.value], shape, Vec::new());
        Ok(View::of(value, shape, dims))
    }

    /// The layer that computes a mean or a maximum over some dimensions, and the value as it reads that; none for dimensions of 1.
    fn over(&mut self, view: View, axes: &[usize], is_mean: bool) -> Result<(View, Option<(Op, Shape)>), Stop> {
        if axes.iter().all(|at| view.dims[*at].is_empty()) {
            return Ok((view, None));
        }
        if let Some(found) = pooled(&view, axes, is_mean) {
            return Ok((view, Some(found)));
        }
        let sizes = view.sizes();
        if let Some(found) = lies(&view).and_then(|natural| pooled(&natural, axes, is_mean)) {
            return Ok((self.natural(&view)?, Some(found)));
        }
        // Of each map first, then of the channels.
        let channels: Vec<usize> = axes.iter().copied().filter(|at| view.is_whole(*at, Axis::C)).collect();
        let pixels: Vec<usize> =
            axes.iter().copied().filter(|at| !view.dims[*at].is_empty() && !channels.contains(at)).collect();
        if let ([_], Some((op, shape))) = (&*channels, pooled(&view, &pixels, is_mean)) {
            let value = self.emit(op, vec![view.value], shape, Vec::new());
            let dim = |at: usize| if pixels.contains(&at) { Vec::new() } else { view.dims[at].clone() };
            let first = View::of(value, shape, (0..sizes.len()).map(dim).collect());
            let found = pooled(&first, &channels, is_mean);
            return Ok((first, found));
        }
        // Those of one dimension alone.
        let several: Vec<usize> = axes.iter().copied().filter(|at| sizes[*at] > 1).collect();
        let why = format!("it is over the axes {axes:?} of {sizes:?}, which are neither maps nor channels");
        let &[at] = &*several else { return fault(why) };
        let led = self.led_by(&view, at)?;
        let led = if let Shape::Vector(_) = led.shape { self.as_maps(led) } else { led };
        match pooled(&led, axes, is_mean) {
            Some(found) => Ok((led, Some(found))),
            None => fault(why),
        }
    }
}

/// The layer for a mean or a maximum over these dimensions of a value as it lies, and the shape of what it gives.
fn pooled(view: &View, axes: &[usize], is_mean: bool) -> Option<(Op, Shape)> {
    let is_whole = |wanted: &[Axis]| {
        let mut found: Vec<_> = axes.iter().flat_map(|at| &view.dims[*at]).copied().collect();
        found.sort_by_key(|part| part.axis);
        found.into_iter().eq(wanted.iter().filter_map(|axis| view.whole(*axis)))
    };
    let (channels, Size { height, width }) = (view.shape.channels(), view.shape.size());
    let window = |kernel: Size| {
        let pool = Pool::new(kernel, kernel);
        if is_mean { Op::AvgPool(pool) } else { Op::MaxPool(pool) }
    };
    let Shape::Map { .. } = view.shape else { return None };
    if is_whole(&[Axis::H, Axis::W]) {
        let op = if is_mean { Op::GlobalAvgPool } else { Op::GlobalMaxPool };
        Some((op, Shape::map(channels, 1, 1)))
    } else if is_whole(&[Axis::W]) {
        Some((window(Size { height: 1, width }), Shape::map(channels, height, 1)))
    } else if is_whole(&[Axis::H]) {
        Some((window(Size { height, width: 1 }), Shape::map(channels, 1, width)))
    } else if is_whole(&[Axis::C]) {
        let op = if is_mean { Op::ChannelMean } else { Op::ChannelMax };
        Some((op, Shape::map(1, height, width)))
    } else {
        None
    }
}

/// Whether rounding up makes a difference for this input; files often ask for it where it doesn't.
fn rounds_up(window: &Window, input: Size) -> bool {
    let down = Window { ceil: false, ..*window };
    window.axes(input).map(|axis| axis.output()) != down.axes(input).map(|axis| axis.output())
}
