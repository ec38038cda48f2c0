//! Convolutions.
//!
//! ```text
//! before   Conv(x, weight, bias), or Pad(x, 0) → Conv
//! after    conv(filters, size, …)
//! ```

use cnn_net::text::count;
use std::rc::Rc;

use cnn_net::graph::Value;
use cnn_net::op::{Conv, ConvTranspose, Edge, Op, Pad, Padding, Rearrange, Role, Shape, Size, Window};

use super::{Lowering, Stop, Weight, fault, window};
use crate::constant::Constant;
use crate::graph::Node;
use crate::view::View;

/// The weight of a convolution as that of one over maps, and its window.
struct Filters<'a> {
    weight: Weight<'a>,
    first: usize,
    second: usize,
    kernel: Size,
}

impl<'a> Lowering<'_, 'a> {
    fn filters(&mut self, node: &Node<'a>, rank: usize) -> Result<Filters<'a>, Stop> {
        let constant = self.needs(node, 1)?;
        let (first, second, kernel) = match (&*constant.dims, rank) {
            ([first, second, width], 3) => (*first, *second, Size { height: 1, width: *width }),
            ([first, second, height, width], 4) => (*first, *second, Size { height: *height, width: *width }),
            (dims, _) => {
                return fault(format!(
                    "its weight has the shape {dims:?}, and its input {rank}",
                    rank = count(rank as u64, "dimension")
                ));
            }
        };
        if [first, second, kernel.height, kernel.width].contains(&0) {
            return fault("its weight is empty");
        }
        let name = constant.name;
        let dims = vec![first, second, kernel.height, kernel.width];
        let weight = Weight { name, ..Weight::new(Role::Weight, &Rc::new(constant.with_dims(dims))) };
        if let Some(list) = node.ints("kernel_shape")?
            && window::sized(list, rank) != Some(kernel)
        {
            return fault(format!("its `kernel_shape` {list:?} is not that of its weight"));
        }
        Ok(Filters { weight, first, second, kernel })
    }

    fn bias(&mut self, node: &Node<'a>, filters: usize) -> Result<Option<Weight<'a>>, Stop> {
        let Some(bias) = self.constant(node, 2)? else { return Ok(None) };
        if bias.len() != filters {
            return fault(format!(
                "its bias has {} numbers for {filters}",
                bias.len(),
                filters = count(filters as u64, "filter")
            ));
        }
        // Exporters add zeros that a model doesn't have.
        Ok((self.graph.is_exact || bias.common() != Some(0.0)).then(|| Weight::new(Role::Bias, &bias)))
    }

    fn groups(node: &Node<'a>) -> Result<usize, Stop> {
        match usize::try_from(node.int("group", 1)?) {
            Ok(groups @ 1..) => Ok(groups),
            Ok(0) | Err(_) => fault("its `group` is not a number from 1"),
        }
    }

    pub(super) fn conv(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let mut view = self.view(node, 0)?;
        let rank = view.dims.len();
        view = self.maps(&view)?;
        let Filters { weight, first: filters, second, kernel } = self.filters(node, rank)?;
        let groups = Self::groups(node)?;
        if second.checked_mul(groups) != Some(view.shape.channels()) || !filters.is_multiple_of(groups) {
            let (channels, dims) = (view.shape.channels(), &weight.constant.dims);
            return fault(format!(
                "its weight {dims:?} in {groups} doesn't fit {channels}",
                groups = count(groups as u64, "group"),
                channels = count(channels as u64, "channel")
            ));
        }
        let bias = self.bias(node, filters)?;
        let (stride, dilation) = (window::size(node, "strides", rank)?, window::size(node, "dilations", rank)?);
        let window = Window { kernel, stride, dilation, pad: Padding::NONE, ceil: false };
        let mut window = window::padded(node, window, view.shape.size(), rank)?;
        if let Some((before, pad)) = self.before_padding(&view, |number, _| number == 0.0) {
            window.pad = sum(window.pad, pad);
            view = before;
        }
        let Size { height, width } = window::output(&window, view.shape.size())?;
        let conv = Conv { filters, kernel, stride, pad: window.pad, dilation, groups, bias: bias.is_some() };
        let tensors = [weight].into_iter().chain(bias).collect();
        let shape = Shape::map(filters, height, width);
        let value = self.emit(Op::Conv(conv), vec![view.value], shape, tensors);
        Ok(View::natural(value, shape, rank))
    }

    /// The value before padding for this node alone, and that, if it is of such a number and size.
    pub(super) fn before_padding(
        &mut self,
        view: &View,
        is_right: impl Fn(f32, Padding) -> bool,
    ) -> Option<(View, Padding)> {
        let rank = view.dims.len();
        let draft = self.sole(view)?;
        let Op::Rearrange(Rearrange::Pad(Pad { sides, mode: Edge::Zero, value })) = draft.op else { return None };
        if !is_right(value, sides) {
            return None;
        }
        draft.is_merged = true;
        let before = *draft.inputs.first()?;
        let shape = self.shape_of(before);
        // Others may read what is before it.
        Some((View { is_only: false, ..View::natural(before, shape, rank) }, sides))
    }

    pub(super) fn shape_of(&self, value: Value) -> Shape {
        match value {
            Value::Input(index) => self.inputs[index],
            Value::Node(index) => self.drafts[index].shape,
        }
    }

    pub(super) fn conv_transpose(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let rank = view.dims.len();
        let view = self.maps(&view)?;
        let Filters { weight, first, second, kernel } = self.filters(node, rank)?;
        let groups = Self::groups(node)?;
        if first != view.shape.channels() || !first.is_multiple_of(groups) {
            return fault(format!(
                "its weight is for {first} channels in {groups} groups, not {}",
                view.shape.channels()
            ));
        }
        let filters = second.saturating_mul(groups);
        let bias = self.bias(node, filters)?;
        let (stride, dilation) = (window::size(node, "strides", rank)?, window::size(node, "dilations", rank)?);
        let output_pad = added(node, rank)?;
        // A computed size is an input; ONNX has an attribute for it.
        let sizes = self.constant(node, 3)?.map(|sizes| sizes.to_ints()).transpose()?;
        let conv = ConvTranspose {
            filters,
            kernel,
            stride,
            pad: Padding::NONE,
            output_pad,
            dilation,
            groups,
            bias: bias.is_some(),
        };
        let size = view.shape.size();
        let conv = match sizes {
            Some(sizes) => of_size(node, conv, size, window::sized(&sizes, rank))?,
            None => ConvTranspose { pad: cut_off(node, &conv, size, rank)?, ..conv },
        };
        let [vertical, horizontal] = conv.axes();
        let (Some(height), Some(width)) = (vertical.output(size.height), horizontal.output(size.width)) else {
            return fault("all of its output is cut off");
        };
        let shape = Shape::map(filters, height, width);
        let tensors = [weight].into_iter().chain(bias).collect();
        let value = self.emit(Op::ConvTranspose(conv), vec![view.value], shape, tensors);
        Ok(View::natural(value, shape, rank))
    }

    /// A convolution of one pixel, by a matrix of one row for each filter.
    pub(super) fn pixelwise(&mut self, view: &View, weight: Weight<'a>, filters: usize) -> View {
        let Size { height, width } = view.shape.size();
        let shape = Shape::map(filters, height, width);
        let dims = vec![filters, view.shape.channels(), 1, 1];
        let weight = Weight { constant: Rc::new(Constant::with_dims(&weight.constant, dims)), ..weight };
        let conv = Conv::new(filters, Size::square(1)).bias(false);
        let value = self.emit(Op::Conv(conv), vec![view.value], shape, vec![weight]);
        View::of(value, shape, view.dims.clone())
    }
}

fn sum(a: Padding, b: Padding) -> Padding {
    Padding { top: a.top + b.top, left: a.left + b.left, bottom: a.bottom + b.bottom, right: a.right + b.right }
}

/// The rows and columns that are added to a transposed convolution's output.
fn added(node: &Node<'_>, rank: usize) -> Result<Size, Stop> {
    let Some(list) = node.ints("output_padding")? else { return Ok(Size { height: 0, width: 0 }) };
    let ends: Vec<i64> = vec![0; list.len()].into_iter().chain(list.iter().copied()).collect();
    match window::edges(&ends, rank) {
        Some(padding) => Ok(Size { height: padding.bottom, width: padding.right }),
        None => fault(format!("its `output_padding` is {list:?}")),
    }
}

/// A transposed convolution of which the output has this size, as TensorFlow has it: what windows don't reach is added at the end.
fn of_size(node: &Node<'_>, conv: ConvTranspose, input: Size, wanted: Option<Size>) -> Result<ConvTranspose, Stop> {
    let Some(wanted) = wanted else { return fault("the size of its output is none of maps") };
    let [vertical, horizontal] = conv.axes();
    let is_same = node.text("auto_pad", "NOTSET")? != "VALID";
    let ends = |whole: usize, wanted: usize, stride: usize| match wanted.checked_sub(whole) {
        Some(more) if more == 0 || more < stride => Ok((0, 0, more)),
        None if is_same => Ok(((whole - wanted) / 2, (whole - wanted).div_ceil(2), 0)),
        Some(_) | None => {
            fault(format!("it asks for an output of {wanted} along a side where there is one of {whole}"))
        }
    };
    let (top, bottom, rows) = ends(vertical.whole(input.height), wanted.height, conv.stride.height)?;
    let (left, right, columns) = ends(horizontal.whole(input.width), wanted.width, conv.stride.width)?;
    let output_pad = Size { height: rows, width: columns };
    Ok(ConvTranspose { pad: Padding { top, left, bottom, right }, output_pad, ..conv })
}

/// What is cut off a transposed convolution's output, so that it has the size that is asked for.
fn cut_off(node: &Node<'_>, conv: &ConvTranspose, input: Size, rank: usize) -> Result<Padding, Stop> {
    let auto = node.text("auto_pad", "NOTSET")?;
    let wanted = match (node.ints("output_shape")?, auto) {
        (Some(list), _) => {
            let last = &list[list.len().saturating_sub(rank.saturating_sub(2))..];
            match window::sized(last, rank) {
                Some(size) => Some(size),
                None => return fault(format!("its `output_shape` is {list:?}")),
            }
        }
        (None, "SAME_UPPER" | "SAME_LOWER") => {
            Some(Size { height: input.height * conv.stride.height, width: input.width * conv.stride.width })
        }
        (None, _) => None,
    };
    let Some(wanted) = wanted else { return window::pads(node, rank) };
    let [vertical, horizontal] = conv.axes();
    let rows = vertical.whole(input.height).checked_sub(wanted.height);
    let columns = horizontal.whole(input.width).checked_sub(wanted.width);
    let (Some(rows), Some(columns)) = (rows, columns) else {
        return fault(format!("it asks for an output of {wanted}, more than there is"));
    };
    // An odd row or column is cut off at the end, or else at the beginning.
    let parts = |all: usize| if auto == "SAME_UPPER" { (all / 2, all - all / 2) } else { (all - all / 2, all / 2) };
    let ((top, bottom), (left, right)) = (parts(rows), parts(columns));
    Ok(Padding { top, left, bottom, right })
}
