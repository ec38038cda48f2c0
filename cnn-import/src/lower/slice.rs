//! Parts of values: channels, and rows and columns.
//!
//! ```text
//! before   Split(x, axis = 1)                   Slice(x, axes = [2, 3])   Slice(x, …, steps = [2, 2])   Gather(x, [2, 1, 0], axis = 1)
//! after    channels(0..n), channels(n..2 * n)   crop((t, l, b, r))        max_pool(1x1, stride = 2)     concat { channels(2..3); …; }
//! ```

use std::rc::Rc;

use cnn_net::op::{Crop, Interval, Op, Padding, Pool, Rearrange, Shape, Size};

use super::arrange::lies;
use super::{Lowering, Stop, fault};
use crate::constant::Constant;
use crate::fold::{Piece, parts, slices};
use crate::graph::{Node, axis};
use crate::report::Fault;
use crate::view::{Axis, Part, View};

impl<'a> Lowering<'_, 'a> {
    pub(super) fn split(&mut self, node: &Node<'a>) -> Result<Vec<View>, Stop> {
        let view = self.view(node, 0)?;
        let at = axis(node.int("axis", 0)?, view.dims.len())?;
        let sizes = parts(node, self.constant(node, 1)?.as_deref(), view.sizes()[at])?;
        let view = View { is_only: false, ..self.along(&view, at)? };
        let mut first = 0;
        let mut split = Vec::with_capacity(sizes.len());
        for (count, id) in sizes.into_iter().zip(&node.outputs) {
            // What nothing reads is no layer.
            let is_read = id.is_some_and(|id| self.uses[id] > 0);
            split.push(if is_read { self.part(&view, at, first, count)? } else { view.clone() });
            first += count;
        }
        Ok(split)
    }

    pub(super) fn slice(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let mut view = self.view(node, 0)?;
        let mut inputs = vec![None];
        for index in 1..node.inputs.len().max(1) {
            inputs.push(self.constant(node, index)?);
        }
        let inputs: Vec<_> = inputs.iter().map(Option::as_deref).collect();
        let sizes = view.sizes();
        let mut stride = Size::square(1);
        for (at, piece) in slices(node, &inputs, &sizes)?.into_iter().enumerate() {
            let is_all = piece.count == sizes[at] && (piece.step == 1 || sizes[at] == 1);
            if !is_all {
                view = self.along(&view, at)?;
                view = self.piece(&view, at, piece, &mut stride)?;
            }
        }
        if stride == Size::square(1) { Ok(view) } else { self.strided(&view, stride) }
    }

    /// A piece of a dimension; what a stride is left to do is added to it.
    fn piece(&mut self, view: &View, at: usize, piece: Piece, stride: &mut Size) -> Result<View, Stop> {
        let Piece { first, count, step } = piece;
        let reach = |step: usize| count.saturating_sub(1).saturating_mul(step);
        let is_pixels = |axis| view.dims.len() > 2 && view.is_whole(at, axis);
        match usize::try_from(step) {
            Ok(1) => self.part(view, at, first, count),
            Ok(step) if count > 1 && (is_pixels(Axis::H) || is_pixels(Axis::W)) => {
                let along = if is_pixels(Axis::H) { &mut stride.height } else { &mut stride.width };
                *along = step;
                self.part(view, at, first, reach(step) + 1)
            }
            Ok(step) => self.picked(view, at, &(0..count).map(|index| first + index * step).collect::<Vec<_>>()),
            Err(_) if is_pixels(Axis::H) || is_pixels(Axis::W) => {
                let why = "it takes rows or columns in reverse, or mirrors maps; no layer does";
                Err(Fault::new(why).help("mirror pictures in the program").into())
            }
            Err(_) => {
                let step = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
                if reach(step) > first {
                    return fault(format!(
                        "it takes {count} in reverse from {first} on",
                        count = cnn_net::text::count(count as u64, "number")
                    ));
                }
                self.picked(view, at, &(0..count).map(|index| first - index * step).collect::<Vec<_>>())
            }
        }
    }

    /// Rows and columns at a stride, as the maxima of single pixels.
    fn strided(&mut self, view: &View, stride: Size) -> Result<View, Stop> {
        let Shape::Map { channels, height, width } = view.shape else { return fault("it takes pixels of a vector") };
        let shape = Shape::map(channels, height.div_ceil(stride.height), width.div_ceil(stride.width));
        let value = self.emit(Op::MaxPool(Pool::new(Size::square(1), stride)), vec![view.value], shape, Vec::new());
        let strided = View::of(value, shape, Vec::new());
        let dim = |dim: &Vec<Part>| match **dim {
            [Part { axis: axis @ (Axis::H | Axis::W), .. }] => strided.whole(axis).into_iter().collect(),
            _ => dim.clone(),
        };
        Ok(View { dims: view.dims.iter().map(dim).collect(), ..strided })
    }

    /// One of a dimension, which then is gone, or some in any order.
    pub(super) fn gather(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let at = axis(node.int("axis", 0)?, view.dims.len())?;
        let mut indices = self.needs(node, 1)?;
        if node.op == "GatherND" {
            // Each index is a list of one number.
            let Some((1, dims)) = indices.dims.split_last().filter(|_| node.int("batch_dims", 0) == Ok(0)) else {
                return Err(Fault::new("it takes numbers by places in several dimensions").help(BY_PLACES).into());
            };
            indices = Rc::new(indices.with_dims(dims.to_vec()));
        }
        if let Some(same) = in_place(&view, &indices)? {
            return Ok(self.moved(same));
        }
        let size = view.sizes()[at];
        let index = |index: i64| {
            let from_end = if index < 0 { index.saturating_add(size as i64) } else { index };
            usize::try_from(from_end).ok().filter(|index| *index < size)
        };
        let places: Option<Vec<usize>> = indices.to_ints()?.into_iter().map(index).collect();
        let Some(places) = places else { return fault(format!("its indices are none of {size}")) };
        if places.is_empty() {
            return fault("it takes nothing");
        }
        if indices.dims.len() > 1 {
            let why = format!("it takes numbers by places in a table of the shape {:?}", indices.dims);
            return Err(Fault::new(why).help(BY_PLACES).into());
        }
        let view = self.along(&view, at)?;
        let mut part = self.picked(&view, at, &places)?;
        if indices.dims.is_empty() {
            part.dims.remove(at);
        }
        Ok(part)
    }

    /// A view of which a dimension is the outer part of an axis.
    pub(super) fn along(&mut self, view: &View, at: usize) -> Result<View, Stop> {
        if outer(view, at).is_some() || view.dims[at].is_empty() {
            return Ok(view.clone());
        }
        if lies(view).is_some() { self.natural(view) } else { self.led_by(view, at) }
    }

    /// Some neighbours of a dimension.
    pub(super) fn part(&mut self, view: &View, at: usize, first: usize, count: usize) -> Result<View, Stop> {
        let size = view.sizes()[at];
        if count == 0 || first + count > size {
            return fault(format!("it takes {count} of {size} from {first} on"));
        }
        if count == size {
            return Ok(view.clone());
        }
        let Some(Part { axis, stride, .. }) = outer(view, at) else {
            return fault(format!("it takes a part of the axis {at} of {:?}, which is none of maps", view.sizes()));
        };
        let (begin, end) = (first * stride, (first + count) * stride);
        let Size { height, width } = view.shape.size();
        let margins = |top, left, bottom, right| {
            Op::Rearrange(Rearrange::Crop(Crop::Margins(Padding { top, left, bottom, right })))
        };
        let channels = view.shape.channels();
        if axis != Axis::C
            && let Some(draft) = self.sole(view)
            && let Op::Rearrange(Rearrange::Crop(Crop::Margins(margins))) = &mut draft.op
        {
            // Both directions at once.
            match axis {
                Axis::H => (margins.top, margins.bottom) = (margins.top + begin, margins.bottom + height - end),
                _ => (margins.left, margins.right) = (margins.left + begin, margins.right + width - end),
            }
            let (height, width) = if axis == Axis::H { (end - begin, width) } else { (height, end - begin) };
            draft.shape = Shape::map(channels, height, width);
            let cropped = View { shape: draft.shape, ..view.clone() };
            return Ok(with_dim(cropped, at, Part { axis, size: count, stride }));
        }
        let (op, shape) = match (axis, view.shape) {
            (Axis::C, Shape::Vector(_)) => {
                (Op::Rearrange(Rearrange::Channels(Interval::new(begin, end))), Shape::Vector(end - begin))
            }
            (Axis::C, Shape::Map { .. }) => {
                let op = Op::Rearrange(Rearrange::Channels(Interval::new(begin, end)));
                (op, Shape::map(end - begin, height, width))
            }
            (Axis::H, _) => (margins(begin, 0, height - end, 0), Shape::map(channels, end - begin, width)),
            (Axis::W, _) => (margins(0, begin, 0, width - end), Shape::map(channels, height, end - begin)),
        };
        let value = self.emit(op, vec![view.value], shape, Vec::new());
        Ok(with_dim(View::of(value, shape, view.dims.clone()), at, Part { axis, size: count, stride }))
    }
}

/// What to do about numbers at irregular places.
const BY_PLACES: &str =
    "of pooling to a size that doesn't divide the map, PyTorch's exporter makes this; `cnn_export` keeps the layer";

fn with_dim(mut view: View, at: usize, part: Part) -> View {
    view.dims[at] = Some(part).filter(|part| part.size > 1).into_iter().collect();
    view
}

/// What PyTorch's exporter makes of a tensor with other strides: all numbers in a row, and where each of a natural view is in it.
fn in_place(view: &View, indices: &Constant<'_>) -> Result<Option<View>, Stop> {
    let rank = indices.dims.len();
    if view.dims.len() != 1 || !(2..=4).contains(&rank) || indices.len() != view.shape.elements() {
        return Ok(None);
    }
    let places = view.places(&view.dims);
    let place = |index: &i64| usize::try_from(*index).ok().and_then(|index| places.get(index).copied());
    let is_natural = indices.to_ints()?.iter().enumerate().all(|(at, index)| place(index) == Some(at));
    let natural = View { is_only: view.is_only, ..View::natural(view.value, view.shape, rank) };
    Ok(Some(natural).filter(|natural| is_natural && natural.sizes() == indices.dims))
}

/// The only part of a dimension, if it is the outer one of its axis.
fn outer(view: &View, at: usize) -> Option<Part> {
    let &[part] = &*view.dims[at] else { return None };
    let whole = view.whole(part.axis)?.size;
    (part.size * part.stride == whole).then_some(part)
}
