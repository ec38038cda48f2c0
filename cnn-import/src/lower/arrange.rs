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

/// Whether a net has an input in another order than the graph.
pub(crate) fn has_channels_last(graph: &Graph<'_>) -> bool {
    graph.inputs.iter().any(|input| is_channels_last(graph, input))
}

/// Whether all that reads an input transposes it from H, W, C to C, H, W first, as exports from TensorFlow do.
fn is_channels_last(graph: &Graph<'_>, input: &Input<'_>) -> bool {
    let mut readers = graph.nodes.iter().filter(|node| node.inputs.contains(&Some(input.id))).peekable();
    input.dims.len() == 4
        && readers.peek().is_some()
        && readers.all(|node| node.op == "Transpose" && matches!(node.ints("perm"), Ok(Some([0, 3, 1, 2]))))
}

/// What to do about a part that only moves numbers, or that is the end of a model.
pub(crate) const ELSEWHERE: &str =
    "let the model return what it has before this, as one or several outputs, and do the rest in the program";

impl<'a> Lowering<'_, 'a> {
    /// A view of which the value has the shape that the dimensions say: a vector, a sequence, or maps.
    pub(super) fn natural(&mut self, view: &View) -> Result<View, Stop> {
        let (sizes, shape) = (view.sizes(), natural_shape(&view.sizes())?);
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

    /// Layers that move numbers as a view says: one that is made for it, or shuffles in turn.
    fn shuffled(&mut self, view: &View, shape: Shape) -> Result<Value, Stop> {
        if let (Shape::Map { .. }, Shape::Map { .. }, [_, channels, rest @ .., columns]) =
            (view.shape, shape, &*view.dims)
        {
            let none = Vec::new();
            let rows = rest.first().unwrap_or(&none);
            let is_whole = |parts: &[Part], axis| parts.iter().copied().eq(view.whole(axis));
            if is_whole(rows, Axis::H)
                && is_whole(columns, Axis::W)
                && let [inner, outer] = **channels
                && is_swapped(view, inner, outer)
            {
                return Ok(self.shuffle(view.value, view.shape, outer.size));
            }
            let factor = shape.size().height.max(1) / view.shape.size().height.max(1);
            let made = if factor > 1 {
                self.pixel_shuffle(view, shape, [channels, rows, columns], factor)
            } else {
                self.pixel_unshuffle(view, shape, channels)
            };
            if let Some(value) = made {
                return Ok(value);
            }
        }
        self.in_turn(view, shape)
    }

    /// Channels `[g, k]` as `[k, g]`.
    pub(super) fn shuffle(&mut self, value: Value, shape: Shape, groups: usize) -> Value {
        self.emit(Op::Rearrange(Rearrange::ChannelShuffle { groups }), vec![value], shape, Vec::new())
    }

    /// `[c, r, r]` to `[c] [h, r] [w, r]`; or from `[r, r, c]`, for which the channels are shuffled first.
    fn pixel_shuffle(&mut self, view: &View, shape: Shape, dims: [&[Part]; 3], factor: usize) -> Option<Value> {
        let (area, channels) = (factor * factor, shape.channels());
        let all = view.shape.channels();
        if all != area * channels || shape.size().width != view.shape.size().width * factor {
            return None;
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
                return None;
            }
            value = self.shuffle(value, view.shape, area);
        }
        Some(self.emit(Op::Rearrange(Rearrange::PixelShuffle { factor }), vec![value], shape, Vec::new()))
    }

    /// `[h, r] [w, r]` to `[c, r, r] [h] [w]`; or to `[r, r, c]`, for which the channels are shuffled afterwards.
    fn pixel_unshuffle(&mut self, view: &View, shape: Shape, channels: &[Part]) -> Option<Value> {
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
            return None;
        }
        let whole: Vec<Part> = view.whole(Axis::C).into_iter().collect();
        let emit = |this: &mut Self| {
            this.emit(Op::Rearrange(Rearrange::PixelUnshuffle { factor }), vec![view.value], shape, Vec::new())
        };
        if channels == [&whole[..], &inner].concat() {
            return Some(emit(self));
        }
        if channels == [&inner[..], &whole].concat() {
            let value = emit(self);
            return Some(self.shuffle(value, shape, size(&whole)));
        }
        None
    }
}

/// The shape that the dimensions of a value say.
fn natural_shape(sizes: &[usize]) -> Result<Shape, Fault> {
    let (batch, shape) = match sizes {
        [batch, features] => (*batch, Shape::Vector(*features)),
        [batch, channels, width] => (*batch, Shape::map(*channels, 1, *width)),
        [batch, channels, height, width] => (*batch, Shape::map(*channels, *height, *width)),
        _ => {
            let why = format!("a value of {} dimensions is neither a vector nor maps", sizes.len());
            return Err(Fault::new(why).help(ELSEWHERE));
        }
    };
    if batch != 1 {
        let why = format!("it has the shape {sizes:?}: its first dimension is not a batch of 1");
        return Err(Fault::new(why).help(ELSEWHERE));
    }
    Ok(shape)
}

/// How the natural view of a value would lie, of which there is no layer yet.
pub(super) fn lies(view: &View) -> Option<View> {
    let sizes = view.sizes();
    natural_shape(&sizes).ok().map(|shape| View::natural(view.value, shape, sizes.len()))
}

/// Whether two parts are all channels, the outer ones last.
fn is_swapped(view: &View, inner: Part, outer: Part) -> bool {
    let is_channels = inner.axis == Axis::C && outer.axis == Axis::C;
    is_channels && inner.stride == 1 && outer.stride == inner.size && inner.size * outer.size == view.shape.channels()
}
