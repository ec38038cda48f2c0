//! Parts of values: channels, and rows and columns.
//!
//! ```text
//! before   Split(x, axis = 1)                           Slice(x, axes = [2, 3])     Gather(x, 0, axis = 1)
//! after    channels(0..n), channels(n..2 * n)           crop((t, l, b, r))          channels(0..1)
//! ```

use cnn_net::op::{Crop, Interval, Op, Padding, Rearrange, Shape, Size};

use super::{Lowering, Stop, fault};
use crate::constant::Constant;
use crate::fold::{Piece, parts, slices};
use crate::graph::{Node, axis};
use crate::report::Fault;
use crate::view::{Axis, Part, View};

/// What to write in a model for rows and columns with gaps between them.
const STRIDED: &str = "for all pixels of a block as channels, `pixel_unshuffle` is a layer; for one of them, give the convolution or the \
                       pool before it that stride";

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
        for (at, Piece { first, count, step }) in slices(node, &inputs, &sizes)?.into_iter().enumerate() {
            if first == 0 && count == sizes[at] && step == 1 {
                continue;
            }
            match step {
                1 => {}
                ..=0 => return fault("it takes numbers in reverse; only neighbours in order can be taken"),
                2.. => {
                    let why = format!("it takes one number in {step}; only neighbours can be taken");
                    return Err(Fault::new(why).help(STRIDED).into());
                }
            }
            view = self.along(&view, at)?;
            view = self.part(&view, at, first, count)?;
        }
        Ok(view)
    }

    /// One of a dimension, which then is gone, or some neighbours.
    pub(super) fn gather(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let at = axis(node.int("axis", 0)?, view.dims.len())?;
        let indices = self.needs(node, 1)?;
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
        let &[first, ..] = &*places else { return fault("it takes nothing") };
        if !places.iter().copied().eq(first..first + places.len()) || indices.dims.len() > 1 {
            return fault(format!("it takes {} numbers of {size} in another order", places.len()));
        }
        let view = self.along(&view, at)?;
        let mut part = self.part(&view, at, first, places.len())?;
        if indices.dims.is_empty() {
            part.dims.remove(at);
        }
        Ok(part)
    }

    /// A view of which a dimension is the outer part of an axis.
    fn along(&mut self, view: &View, at: usize) -> Result<View, Stop> {
        if outer(view, at).is_some() || view.dims[at].is_empty() { Ok(view.clone()) } else { self.natural(view) }
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
        let mut dims = view.dims.clone();
        dims[at] = (count > 1).then_some(Part { axis, size: count, stride }).into_iter().collect();
        Ok(View::of(value, shape, dims))
    }
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
