//! Normalisations by statistics of the input itself, and slopes.
//!
//! ```text
//! before   Reshape(1, groups, -1) → InstanceNormalization → Reshape → Mul(·, weight) → Add(·, bias)
//! after    group_norm(groups)
//! ```

use cnn_net::text::count;
use std::rc::Rc;

use cnn_net::op::{Lrn, LrnWindow, Norm, Op, Over, PreluPer, Role, Shape};

use super::{Lowering, Stop, Weight, fault, plain};
use crate::constant::Constant;
use crate::graph::{Node, axis};
use crate::view::{Axis, Part, View, size};

impl<'a> Lowering<'_, 'a> {
    pub(super) fn instance_norm(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let (channels, eps) = (view.shape.channels(), plain(node.float("epsilon", 1e-5)?));
        let Some(dim) = view.dims.get(1) else { return fault("it reads a value without channels") };
        // The statistics are over all numbers after the second dimension.
        let groups = match &**dim {
            [] => 1,
            [Part { axis: Axis::C, size, stride }] if size * stride == channels => *size,
            _ => return fault(format!("its second dimension is not that of channels: {:?}", view.sizes())),
        };
        let tensors = match (self.graph.is_exact, node.input(1)) {
            (true, None) => Vec::new(),
            (is_exact, _) => {
                let (scale, shift) = (self.needs(node, 1)?, self.needs(node, 2)?);
                let matters = is_exact || scale.common() != Some(1.0) || shift.common() != Some(0.0);
                if matters { by_channels([&scale, &shift], groups, channels)? } else { Vec::new() }
            }
        };
        let affine = !tensors.is_empty();
        let norm = if groups == channels && matches!(view.shape, Shape::Map { .. }) {
            Norm::Instance { eps, affine }
        } else {
            Norm::Group { groups, eps, affine }
        };
        Ok(self.emit_on(&view, Op::Norm(norm), tensors))
    }

    pub(super) fn group_norm(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let view = self.by_channels(view)?;
        let channels = view.shape.channels();
        let groups = match usize::try_from(node.int("num_groups", 0)?) {
            Ok(groups @ 1..) if channels.is_multiple_of(groups) => groups,
            _ => {
                return fault(format!(
                    "its groups don't divide {channels}",
                    channels = count(channels as u64, "channel")
                ));
            }
        };
        let tensors = if self.graph.is_exact && node.input(1).is_none() {
            Vec::new()
        } else {
            let (scale, shift) = (self.needs(node, 1)?, self.needs(node, 2)?);
            // Until version 21, there was a number for each group.
            let of = if scale.len() == channels { channels } else { groups };
            by_channels([&scale, &shift], of, channels)?
        };
        let norm = Norm::Group { groups, eps: plain(node.float("epsilon", 1e-5)?), affine: !tensors.is_empty() };
        Ok(self.emit_on(&view, Op::Norm(norm), tensors))
    }

    /// Over the last dimensions: the channels of each pixel, or all numbers.
    pub(super) fn layer_norm(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let mut view = self.view(node, 0)?;
        let rank = view.dims.len();
        let axes: Vec<usize> = match node.ints("axes")? {
            // Of one that was assembled from its steps.
            Some(axes) => axes.iter().map(|at| axis(*at, rank)).collect::<Result<_, _>>()?,
            None => (axis(node.int("axis", -1)?, rank)?..rank).collect(),
        };
        let is_rms = node.op == "RMSNormalization";
        let eps = plain(node.float("epsilon", 1e-5)?);
        let dims: Vec<Vec<Part>> = axes.iter().map(|at| view.dims[*at].clone()).collect();
        if dims.concat().into_iter().eq([Axis::H, Axis::W].into_iter().filter_map(|axis| view.whole(axis)))
            && !is_rms
            && node.input(1).is_none()
        {
            return Ok(self.emit_on(&view, Op::Norm(Norm::Instance { eps, affine: false }), Vec::new()));
        }
        let over = match &*axes {
            _ if dims.concat().into_iter().eq(view.whole(Axis::C)) => Over::Channels,
            _ if size(&dims.concat()) == view.shape.elements() => Over::All,
            [at] => {
                view = self.led_by(&view, *at)?;
                Over::Channels
            }
            _ => return fault(format!("it is over a part of the dimensions of {:?}", view.sizes())),
        };
        let many = if over == Over::All { view.shape.elements() } else { view.shape.channels() };
        let places = (over == Over::All && !view.is_in_order()).then(|| view.places(&dims));
        let tensor = |constant: &Rc<Constant<'a>>, role: Role| -> Result<Weight<'a>, Stop> {
            if constant.len() != many {
                return fault(format!("it has {} numbers for {many}", constant.len()));
            }
            let Some(places) = &places else { return Ok(Weight::new(role, constant)) };
            let mut moved = vec![0.0; many];
            for (number, place) in constant.to_f32()?.iter().zip(places) {
                moved[*place] = *number;
            }
            Ok(Weight::computed(role, moved, constant.name))
        };
        let weight = self.constant(node, 1)?;
        let bias = if is_rms { None } else { self.constant(node, 2)? };
        let affine = weight.is_some() || bias.is_some();
        let mut tensors = Vec::new();
        if affine {
            let filled = |number: f32| Rc::new(Constant::floats(vec![many], vec![number; many]));
            tensors.push(tensor(&weight.unwrap_or_else(|| filled(1.0)), Role::Weight)?);
            if !is_rms {
                tensors.push(tensor(&bias.unwrap_or_else(|| filled(0.0)), Role::Bias)?);
            }
        }
        let norm = if is_rms { Norm::Rms { over, eps, affine } } else { Norm::Layer { over, eps, affine } };
        Ok(self.emit_on(&view, Op::Norm(norm), tensors))
    }

    /// Division by a length.
    pub(super) fn lp_norm(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let at = axis(node.int("axis", -1)?, view.dims.len())?;
        if node.int("p", 2)? != 2 {
            return fault("it divides by another length than the Euclidean one");
        }
        let over = if !view.is_whole(at, Axis::C) && size(&view.dims[at]) == view.shape.elements() {
            Over::All
        } else {
            Over::Channels
        };
        let view = if over == Over::All { view } else { self.led_by(&view, at)? };
        let eps = plain(node.float("epsilon", 0.0)?);
        Ok(self.emit_on(&view, Op::Norm(Norm::L2 { over, eps }), Vec::new()))
    }

    /// Over rows and columns, then over channels, wherever these are.
    pub(super) fn grn(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let rank = view.dims.len();
        let at = axis(node.int("axis", 1)?, rank)?;
        let pixels: Vec<usize> =
            node.ints("axes")?.unwrap_or_default().iter().map(|at| axis(*at, rank)).collect::<Result<_, _>>()?;
        let view = self.led_by(&view, at)?;
        let (channels, sizes) = (view.shape.channels(), view.sizes());
        let is_rest =
            |dim: usize| if dim == at { !pixels.contains(&dim) } else { pixels.contains(&dim) || sizes[dim] == 1 };
        if !matches!(view.shape, Shape::Map { .. }) || !(0..rank).all(is_rest) {
            return fault(format!("it compares the lengths of other parts of {sizes:?} than maps"));
        }
        let mut tensors = Vec::with_capacity(2);
        for (index, role, otherwise) in [(1, Role::Weight, 1.0), (2, Role::Bias, 0.0)] {
            tensors.push(match self.constant(node, index)? {
                None => Weight::computed(role, vec![otherwise; channels], ""),
                Some(constant) => of_channels(&constant, role, channels, rank - at)?,
            });
        }
        Ok(self.emit_on(&view, Op::Grn { eps: plain(node.float("epsilon", 1e-6)?) }, tensors))
    }

    /// ONNX divides alpha by the size, and the language doesn't.
    pub(super) fn lrn(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let view = self.maps(&view)?;
        let size = match usize::try_from(node.int("size", 0)?) {
            Ok(size @ 1..) => size,
            Ok(0) | Err(_) => return fault("its size is not a number from 1"),
        };
        // PyTorch's is an average over an axis of the maps in this shape: [N, 1, C, …].
        let channels = view.shape.channels() as i64;
        if let Some(sizes) = self.constant(node, 1)?
            && sizes.to_ints()?.get(1..3) != Some(&[1, channels])
        {
            return fault("it normalises over numbers that are not those of neighbouring channels");
        }
        let alpha = f64::from(node.float("alpha", 1e-4)?) / size as f64;
        let window = match node.text("window", "onnx")? {
            _ if !size.is_multiple_of(2) => LrnWindow::Paper,
            "torch" => LrnWindow::Torch,
            _ => LrnWindow::Onnx,
        };
        let lrn =
            Lrn::new(size, plain(alpha as f32), node.float("beta", 0.75)?, node.float("bias", 1.0)?).window(window);
        Ok(self.emit_on(&view, Op::Lrn(lrn), Vec::new()))
    }

    pub(super) fn prelu(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let view = self.by_channels(view)?;
        let slope = self.needs(node, 1)?;
        let (channels, sizes) = (view.shape.channels(), view.sizes());
        let offset = sizes.len().checked_sub(slope.dims.len());
        let own: Vec<usize> = (0..slope.dims.len()).filter(|at| slope.dims[*at] != 1).collect();
        let name = slope.name;
        let (per, weight) = match (&*own, offset) {
            ([], _) => (PreluPer::Tensor, Weight::new(Role::Weight, &Rc::new(slope.with_dims(vec![1])))),
            ([at], Some(offset)) if slope.dims[*at] == channels && view.is_whole(at + offset, Axis::C) => (
                PreluPer::Channel,
                Weight { name, ..Weight::new(Role::Weight, &Rc::new(slope.with_dims(vec![channels]))) },
            ),
            // Before version 7, a list was one of channels; with any other meaning, it would not fit.
            ([0], Some(1..)) if slope.dims == [channels] && sizes.last() != Some(&channels) => {
                (PreluPer::Channel, Weight::new(Role::Weight, &slope))
            }
            (_, Some(_)) if slope.len() == view.shape.elements() && view.is_in_order() => {
                (PreluPer::Element, Weight::new(Role::Weight, &slope))
            }
            _ => return fault(format!("its slopes of the shape {:?} are not those of channels or pixels", slope.dims)),
        };
        Ok(self.emit_on(&view, Op::Prelu(per), vec![weight]))
    }
}

/// A tensor with a number for each channel, which are the dimension so far from the end; or one for all.
fn of_channels<'a>(
    constant: &Rc<Constant<'a>>,
    role: Role,
    channels: usize,
    from_end: usize,
) -> Result<Weight<'a>, Stop> {
    let along = constant.dims.len().checked_sub(from_end).map(|at| constant.dims[at]);
    match (constant.common(), constant.len()) {
        (_, len) if len == channels && along == Some(channels) => {
            let flat = Rc::new(constant.with_dims(vec![channels]));
            Ok(Weight { name: constant.name, ..Weight::new(role, &flat) })
        }
        (Some(number), 1) => Ok(Weight::computed(role, vec![number as f32; channels], constant.name)),
        _ => fault(format!(
            "it has numbers of the shape {:?} for {channels}",
            constant.dims,
            channels = count(channels as u64, "channel")
        )),
    }
}

/// A weight and a bias with a number for each of some parts, as numbers of channels.
fn by_channels<'a>(
    [scale, shift]: [&Rc<Constant<'a>>; 2],
    parts: usize,
    channels: usize,
) -> Result<Vec<Weight<'a>>, Stop> {
    let tensor = |role: Role, constant: &Rc<Constant<'a>>| {
        if constant.len() != parts || parts == 0 {
            return fault(format!(
                "it has {} numbers for {parts}",
                constant.len(),
                parts = count(parts as u64, "part")
            ));
        }
        if parts == channels {
            return Ok(Weight { name: scale.name, ..Weight::new(role, constant) });
        }
        let numbers = constant.to_f32()?;
        let each = numbers.iter().flat_map(|number| std::iter::repeat_n(*number, channels / parts));
        Ok(Weight::computed(role, each.collect(), scale.name))
    };
    Ok(vec![tensor(Role::Weight, scale)?, tensor(Role::Bias, shift)?])
}
