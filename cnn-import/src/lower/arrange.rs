//! Numbers in the order that a layer needs.
//!
//! ```text
//! before   a view whose numbers are in another order than those of its value
//! after    channel_shuffle, pixel_shuffle, pixel_unshuffle, reshape or flatten, as its parts say
//! ```

use cnn_net::graph::Value;
use cnn_net::op::{Op, Rearrange, Shape};

use super::{Lowering, Stop, fault};
use crate::graph::{Graph, Input};
use crate::report::Fault;
use crate::view::{Axis, Part, View, size};

/// The shape of an input of the net: maps that the graph has in the order H, W, C are C x H x W here.
pub(super) fn input(graph: &Graph<'_>, input: &Input<'_>) -> Shape {
    match &*input.dims {
        [_, features] => Shape::Vector(*features),
        [_, channels, width] => Shape::map(*channels, 1, *width),
        [_, a, b, c] if is_channels_last(graph, input) => Shape::map(*c, *a, *b),
        [_, a, b, c] => Shape::map(*a, *b, *c),
        // Other inputs were refused.
        dims => Shape::Vector(dims.iter().product()),
    }
}

pub(super) fn input_view(graph: &Graph<'_>, index: usize, shape: Shape) -> View {
    let input = &graph.inputs[index];
    let view = View::natural(Value::Input(index), shape, input.dims.len());
    if is_channels_last(graph, input) { view.transposed(&[0, 2, 3, 1]) } else { view }
}

/// Whether all that reads an input transposes it from H, W, C to C, H, W first, as exports from TensorFlow do.
fn is_channels_last(graph: &Graph<'_>, input: &Input<'_>) -> bool {
    let mut readers = graph.nodes.iter().filter(|node| node.inputs.contains(&Some(input.id))).peekable();
    input.dims.len() == 4
        && readers.peek().is_some()
        && readers.all(|node| node.op == "Transpose" && matches!(node.ints("perm"), Ok(Some([0, 3, 1, 2]))))
}

const ORDER: &str = "its numbers would have to be in an order that no layer makes";

/// What to do about a part that only moves numbers, or that is the end of a model.
pub(super) const ELSEWHERE: &str =
    "let the model return what it has before this, as one or several outputs, and do the rest in the program";

fn disordered<T>() -> Result<T, Stop> {
    Err(Fault::new(ORDER).help(ELSEWHERE).into())
}

impl<'a> Lowering<'_, 'a> {
    /// A view of which the value has the shape that the dimensions say: a vector, a sequence, or maps.
    pub(super) fn natural(&mut self, view: &View) -> Result<View, Stop> {
        let sizes = view.sizes();
        let (batch, shape) = match &*sizes {
            [batch, features] => (*batch, Shape::Vector(*features)),
            [batch, channels, width] => (*batch, Shape::map(*channels, 1, *width)),
            [batch, channels, height, width] => (*batch, Shape::map(*channels, *height, *width)),
            _ => {
                let why = format!("a value of {} dimensions is neither a vector nor maps", sizes.len());
                return Err(Fault::new(why).help(ELSEWHERE).into());
            }
        };
        if batch != 1 {
            let why = format!("it has the shape {sizes:?}: its first dimension is not a batch of 1");
            return Err(Fault::new(why).help(ELSEWHERE).into());
        }
        if view.shape == shape && view.is_in_order() {
            return Ok(View { dims: View::natural(view.value, shape, sizes.len()).dims, ..view.clone() });
        }
        let known = self.arranged.iter().find(|(known, _)| known.value == view.value && known.dims == view.dims);
        if let Some((_, arranged)) = known {
            return Ok(View { is_only: false, ..arranged.clone() });
        }
        // It belongs to the node that moved the numbers, and not to the one that reads them.
        let at = self.at;
        self.at = view.moved_by.unwrap_or(at);
        let value = if !view.is_in_order() {
            self.shuffled(view, shape)
        } else if let Shape::Vector(_) = shape {
            Ok(self.emit(Op::Flatten, vec![view.value], shape, Vec::new()))
        } else {
            Ok(self.emit(Op::Rearrange(Rearrange::Reshape(shape)), vec![view.value], shape, Vec::new()))
        };
        self.at = at;
        let arranged = View { is_only: view.is_only, ..View::natural(value?, shape, sizes.len()) };
        self.arranged.push((view.clone(), arranged.clone()));
        Ok(arranged)
    }

    /// A natural view of maps, which convolutions and pools need.
    pub(super) fn maps(&mut self, view: &View) -> Result<View, Stop> {
        match self.natural(view)? {
            view if matches!(view.shape, Shape::Map { .. }) => Ok(view),
            view => fault(format!("it reads maps, and gets a value of the shape {:?}", view.sizes())),
        }
    }

    /// A layer that moves numbers as a view says.
    fn shuffled(&mut self, view: &View, shape: Shape) -> Result<Value, Stop> {
        if let Some(groups) = vector_groups(view, shape) {
            return Ok(self.by_column(view, shape, groups));
        }
        let (Shape::Map { .. }, Shape::Map { .. }, [_, channels, .., columns]) = (view.shape, shape, &*view.dims)
        else {
            return disordered();
        };
        let none = Vec::new();
        let rows = if view.dims.len() == 4 { &view.dims[2] } else { &none };
        let is_whole = |parts: &[Part], axis| parts.iter().copied().eq(view.whole(axis));
        if is_whole(rows, Axis::H) && is_whole(columns, Axis::W) {
            return match &**channels {
                [inner, outer] if is_swapped(view, *inner, *outer) => {
                    Ok(self.shuffle(view.value, view.shape, outer.size))
                }
                _ => disordered(),
            };
        }
        let factor = shape.size().height.max(1) / view.shape.size().height.max(1);
        if factor > 1 {
            return self.pixel_shuffle(view, shape, [channels, rows, columns], factor);
        }
        self.pixel_unshuffle(view, shape, channels)
    }

    /// Between a vector of pixels with their channels, and maps: as maps of one pixel, whose channels are shuffled.
    fn by_column(&mut self, view: &View, shape: Shape, groups: usize) -> Value {
        let column = Shape::map(shape.elements(), 1, 1);
        let reshape = |shape| Op::Rearrange(Rearrange::Reshape(shape));
        let value = self.emit(reshape(column), vec![view.value], column, Vec::new());
        let value = self.shuffle(value, column, groups);
        let op = if let Shape::Vector(_) = shape { Op::Flatten } else { reshape(shape) };
        self.emit(op, vec![value], shape, Vec::new())
    }

    /// Channels `[g, k]` as `[k, g]`.
    fn shuffle(&mut self, value: Value, shape: Shape, groups: usize) -> Value {
        self.emit(Op::Rearrange(Rearrange::ChannelShuffle { groups }), vec![value], shape, Vec::new())
    }

    /// `[c, r, r]` to `[c] [h, r] [w, r]`; or from `[r, r, c]`, for which the channels are shuffled first.
    fn pixel_shuffle(&mut self, view: &View, shape: Shape, dims: [&[Part]; 3], factor: usize) -> Result<Value, Stop> {
        let (area, channels) = (factor * factor, shape.channels());
        let all = view.shape.channels();
        if all != area * channels || shape.size().width != view.shape.size().width * factor {
            return disordered();
        }
        let part = |size, stride| Part { axis: Axis::C, size, stride };
        let expected = |channel: usize, pixel: usize| {
            let dim = |whole: Option<Part>, last: Part| whole.into_iter().chain([last]).collect::<Vec<_>>();
            let channels: Vec<Part> = (channels > 1).then_some(part(channels, channel)).into_iter().collect();
            let rows = dim(view.whole(Axis::H), part(factor, pixel * factor));
            [channels, rows, dim(view.whole(Axis::W), part(factor, pixel))]
        };
        let mut value = view.value;
        if !expected(area, 1).iter().map(Vec::as_slice).eq(dims) {
            if !expected(1, channels).iter().map(Vec::as_slice).eq(dims) {
                return disordered();
            }
            value = self.shuffle(value, view.shape, area);
        }
        Ok(self.emit(Op::Rearrange(Rearrange::PixelShuffle { factor }), vec![value], shape, Vec::new()))
    }

    /// `[h, r] [w, r]` to `[c, r, r] [h] [w]`; or to `[r, r, c]`, for which the channels are shuffled afterwards.
    fn pixel_unshuffle(&mut self, view: &View, shape: Shape, channels: &[Part]) -> Result<Value, Stop> {
        let (size_before, size_after) = (view.shape.size(), shape.size());
        let factor = size_before.height / size_after.height.max(1);
        let is_even =
            size_before.height == size_after.height * factor && size_before.width == size_after.width * factor;
        let part = |axis, size| Part { axis, size, stride: 1 };
        let inner = [part(Axis::H, factor), part(Axis::W, factor)];
        let outer =
            |axis, size| (size > 1).then_some(Part { axis, size, stride: factor }).into_iter().collect::<Vec<_>>();
        let rest = [outer(Axis::H, size_after.height), outer(Axis::W, size_after.width)];
        if factor < 2 || !is_even || view.dims[2..] != rest {
            return disordered();
        }
        let whole: Vec<Part> = view.whole(Axis::C).into_iter().collect();
        let emit = |this: &mut Self| {
            this.emit(Op::Rearrange(Rearrange::PixelUnshuffle { factor }), vec![view.value], shape, Vec::new())
        };
        if channels == [&whole[..], &inner].concat() {
            return Ok(emit(self));
        }
        if channels == [&inner[..], &whole].concat() {
            let value = emit(self);
            return Ok(self.shuffle(value, shape, size(&whole)));
        }
        disordered()
    }
}

/// The channels of maps that become a vector pixel by pixel, or the pixels of such a vector that becomes maps.
fn vector_groups(view: &View, shape: Shape) -> Option<usize> {
    let parts = view.parts();
    match (view.shape, shape, &*parts) {
        (Shape::Vector(_), Shape::Map { .. }, [inner, outer]) if is_swapped(view, *inner, *outer) => Some(outer.size),
        (Shape::Map { channels, .. }, Shape::Vector(_), _) => {
            let last = [Axis::H, Axis::W, Axis::C].into_iter().filter_map(|axis| view.whole(axis));
            parts.iter().copied().eq(last).then_some(channels)
        }
        _ => None,
    }
}

/// Whether two parts are all channels, the outer ones last.
fn is_swapped(view: &View, inner: Part, outer: Part) -> bool {
    let is_channels = inner.axis == Axis::C && outer.axis == Axis::C;
    is_channels && inner.stride == 1 && outer.stride == inner.size && inner.size * outer.size == view.shape.channels()
}
