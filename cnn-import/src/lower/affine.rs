//! Factors and shifts of channels, which go into the layer before them where they can.
//!
//! ```text
//! before   Conv(x, weight) → Add(·, b)               BatchNormalization → Mul(·, m) → Add(·, a)      Add(·, a)
//! after    conv(…, bias = true)                      batch_norm, with other weights                  batch_norm(eps = 0)
//! ```
//!
//! The last is how the language says that something is added to channels: a normalisation by a mean of 0 and a variance of 1.

use std::rc::Rc;

use cnn_net::op::{self, BatchNorm, Norm, Op, Role};

use super::arrange::lies;
use super::{Draft, Lowering, Stop, Weight, fault, plain};
use crate::constant::Constant;
use crate::graph::Node;
use crate::names::is_given;
use crate::report::Fault;
use crate::view::{Axis, View};

/// PyTorch's default, where a file doesn't state it.
const MOMENTUM: f32 = 0.1;
/// An attribute in files by `cnn_export`. ONNX's `momentum` is 1 minus this, and only for training.
const SHARE: &str = "share_of_new";

/// Up to this many elements for each number of a constant, it is cheaper to repeat the numbers than to put those of the value in another
/// order and back.
const MOST_REPEATS: usize = 16;

/// A constant next to a value.
enum Factor {
    /// The same number everywhere.
    One(f64),
    /// One number for each channel.
    Each(Vec<f32>),
    /// Numbers of several dimensions, or of one that is not that of channels.
    Several,
}

impl<'a> Lowering<'_, 'a> {
    /// A constant as numbers of channels.
    fn factor(&self, view: &View, constant: &Constant<'_>) -> Result<Factor, Stop> {
        if let Some(number) = constant.common()
            && constant.dims.iter().rev().zip(view.sizes().iter().rev()).all(|(size, own)| [1, *own].contains(size))
            && constant.dims.iter().rev().skip(view.dims.len()).all(|size| *size == 1)
        {
            return Ok(Factor::One(number));
        }
        let (dims, sizes) = (&constant.dims, view.sizes());
        let offset = sizes.len().checked_sub(dims.len());
        let own = dims.iter().enumerate().filter(|(_, size)| **size != 1);
        let own: Vec<usize> = own.map(|(axis, _)| axis).collect();
        if let (Some(offset), &[axis]) = (offset, &*own)
            && dims[axis] == sizes[axis + offset]
            && view.is_whole(axis + offset, Axis::C)
        {
            return Ok(Factor::Each(constant.to_f32()?.into_owned()));
        }
        Ok(Factor::Several)
    }

    /// A value as wide as a constant next to it.
    fn widened(view: &View, constant: &Constant<'_>) -> View {
        let more = constant.dims.len().saturating_sub(view.dims.len());
        let dims = vec![Vec::new(); more].into_iter().chain(view.dims.iter().cloned()).collect();
        View { dims, ..view.clone() }
    }

    /// A value that lies so that a constant next to it has numbers of channels.
    fn beside(&mut self, view: &View, constant: &Constant<'_>) -> Result<(View, Factor), Stop> {
        let view = Self::widened(view, constant);
        let constant = &constant.narrowed()?;
        let factor = self.factor(&view, constant)?;
        let mut several = constant.dims.iter().enumerate().filter(|(_, size)| **size != 1);
        let (Factor::Several, Some((axis, size)), None) = (&factor, several.next(), several.next()) else {
            return Ok((view, factor));
        };
        let at = axis + view.dims.len() - constant.dims.len();
        let is_along = lies(&view).is_some_and(|natural| natural.is_whole(at, Axis::C));
        if !is_along && view.shape.elements() <= MOST_REPEATS * size {
            return Ok((view, factor));
        }
        // Numbers of a dimension, which then comes first.
        match self.led_by(&view, at) {
            Ok(led) if view.sizes()[at] == *size => {
                let factor = self.factor(&led, constant)?;
                Ok((led, factor))
            }
            Ok(_) | Err(_) => Ok((view, factor)),
        }
    }

    /// A value whose second dimension is that of channels.
    pub(super) fn by_channels(&mut self, view: View) -> Result<View, Stop> {
        let view = if view.dims.len() > 1 && view.is_whole(1, Axis::C) { view } else { self.natural(&view)? };
        if view.is_whole(1, Axis::C) {
            return Ok(view);
        }
        fault(format!("its second dimension is not that of channels: {:?}", view.sizes()))
    }

    /// A value plus a constant.
    pub(super) fn shifted(&mut self, view: &View, constant: &Rc<Constant<'a>>) -> Result<View, Stop> {
        let (view, factor) = self.beside(view, constant)?;
        let channels = view.shape.channels();
        let shift = match factor {
            Factor::One(0.0) => return Ok(view),
            Factor::One(number) => vec![number as f32; channels],
            Factor::Each(numbers) => numbers,
            Factor::Several => return self.by_elements(&view, constant, Self::shifted),
        };
        let name = constant.name;
        if let Some(draft) = self.sole(&view)
            && add_to(draft, &shift, name)?
        {
            return Ok(view);
        }
        let tensors = normalising(vec![1.0; channels], shift, name);
        Ok(self.emit_on(&view, Op::BatchNorm(BatchNorm::new(0.0, MOMENTUM)), tensors))
    }

    /// A value times a constant.
    pub(super) fn scaled(&mut self, view: &View, constant: &Rc<Constant<'a>>) -> Result<View, Stop> {
        let (view, factor) = self.beside(view, constant)?;
        if constant.len() == 1 && is_parameter(constant.name) {
            let weight = Weight::new(Role::Weight, &Rc::new(constant.with_dims(vec![1])));
            return Ok(self.emit_on(&view, Op::Scale { factor: op::Factor::Tensor }, vec![weight]));
        }
        match factor {
            Factor::One(1.0) => return Ok(view),
            Factor::Several => return self.by_elements(&view, constant, Self::scaled),
            Factor::One(_) | Factor::Each(_) => {}
        }
        if let Some(draft) = self.sole(&view)
            && multiply(draft, &factor, constant.name)?
        {
            return Ok(view);
        }
        Ok(match factor {
            Factor::One(number) => {
                self.emit_on(&view, Op::Scale { factor: op::Factor::Fixed(number as f32) }, Vec::new())
            }
            Factor::Each(_) | Factor::Several => {
                let flat = constant.narrowed()?.with_dims(vec![view.shape.channels()]);
                let weight = Weight::new(Role::Weight, &Rc::new(flat));
                self.emit_on(&view, Op::Scale { factor: op::Factor::Channel }, vec![weight])
            }
        })
    }

    /// Whether a batch normalisation has factors and summands. Where PyTorch's has none, its exporters write ones and zeros
    /// without names.
    fn is_affine(&self, node: &Node<'a>) -> Result<bool, Stop> {
        let [weight, bias] = [self.constant(node, 1)?, self.constant(node, 2)?];
        let is = |constant: Option<Rc<Constant<'a>>>, number| constant.is_none_or(|of| of.common() == Some(number));
        // They store equal tensors once.
        let has_name = node.input(2) != node.input(3) && bias.as_ref().is_some_and(|bias| is_parameter(bias.name));
        Ok(has_name || !is(weight, 1.0) || !is(bias, 0.0))
    }

    pub(super) fn batch_norm(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        if node.flag("training_mode", false)? {
            return fault("it is in training mode; nets run inference");
        }
        if !node.flag("spatial", true)? {
            return fault("it normalises each pixel by numbers of its own");
        }
        let view = self.view(node, 0)?;
        let view = self.by_channels(view)?;
        let affine = self.is_affine(node)?;
        let mut tensors = Vec::with_capacity(4);
        for (index, role) in [Role::Weight, Role::Bias, Role::RunningMean, Role::RunningVar].into_iter().enumerate() {
            if role.is_parameter() && !affine {
                continue;
            }
            let constant = self.needs(node, index + 1)?;
            if constant.len() != view.shape.channels() {
                return fault(format!("it has {} numbers for {} channels", constant.len(), view.shape.channels()));
            }
            tensors.push(Weight::new(role, &constant));
        }
        let norm = BatchNorm::new(plain(node.float("epsilon", 1e-5)?), node.float(SHARE, MOMENTUM)?).affine(affine);
        Ok(self.emit_on(&view, Op::BatchNorm(norm), tensors))
    }
}

/// A constant as numbers of channels, in the place of another value's.
pub(super) fn zeroed<'a>(lowering: &mut Lowering<'_, 'a>, view: &View, constant: &Constant<'a>) -> Result<View, Stop> {
    let numbers = constant.to_f32()?.into_owned();
    let tensors = normalising(vec![0.0; numbers.len()], numbers, constant.name);
    Ok(lowering.emit_on(view, Op::BatchNorm(BatchNorm::new(0.0, MOMENTUM)), tensors))
}

/// Whether a constant of this name is a parameter of a module, and not a number in its code.
fn is_parameter(name: &str) -> bool {
    is_given(name) && !name.contains(['/', ':'])
}

/// The tensors of a normalisation that only scales and shifts.
fn normalising<'a>(weight: Vec<f32>, bias: Vec<f32>, name: &'a str) -> Vec<Weight<'a>> {
    let channels = bias.len();
    vec![
        Weight::computed(Role::Weight, weight, name),
        Weight::computed(Role::Bias, bias, name),
        Weight::computed(Role::RunningMean, vec![0.0; channels], name),
        Weight::computed(Role::RunningVar, vec![1.0; channels], name),
    ]
}

/// Gives a batch normalisation without them the factors and the summands that change nothing.
fn give_affine(draft: &mut Draft<'_>) {
    if let Op::BatchNorm(norm @ BatchNorm { affine: false, .. }) = &mut draft.op {
        norm.affine = true;
        let channels = draft.tensors.first().map_or(0, |mean| mean.constant.len());
        let [ones, zeros] = [1.0, 0.0].map(|number| vec![number; channels]);
        draft.tensors.push(Weight::computed(Role::Weight, ones, ""));
        draft.tensors.push(Weight::computed(Role::Bias, zeros, ""));
    }
}

/// Adds to the bias of a layer, if it has one or can have one.
fn add_to<'a>(draft: &mut Draft<'a>, shift: &[f32], name: &'a str) -> Result<bool, Fault> {
    give_affine(draft);
    match &mut draft.op {
        Op::Conv(conv) => conv.bias = true,
        Op::ConvTranspose(conv) => conv.bias = true,
        Op::Linear(linear) => linear.bias = true,
        Op::BatchNorm(_) | Op::Grn { .. } => {}
        Op::Norm(norm) if has_bias(norm) && !norm.is_per_element() => {}
        Op::Scale { factor: op::Factor::Channel } => {
            draft.op = Op::BatchNorm(BatchNorm::new(0.0, MOMENTUM));
            let Some(scale) = draft.tensors.first() else { return Ok(false) };
            let (weight, of) = (scale.constant.to_f32()?.into_owned(), scale.name);
            draft.tensors = normalising(weight, shift.to_vec(), of);
            return Ok(true);
        }
        _ => return Ok(false),
    }
    match draft.tensors.iter_mut().find(|weight| weight.role == Role::Bias) {
        Some(bias) => {
            let sum = bias.constant.to_f32()?.iter().zip(shift).map(|(a, b)| a + b).collect();
            let of = if bias.name.is_empty() { name } else { bias.name };
            *bias = Weight::computed(Role::Bias, sum, of);
        }
        None => draft.tensors.push(Weight::computed(Role::Bias, shift.to_vec(), name)),
    }
    Ok(true)
}

fn has_bias(norm: &Norm) -> bool {
    matches!(
        norm,
        Norm::Layer { affine: true, .. } | Norm::Group { affine: true, .. } | Norm::Instance { affine: true, .. }
    )
}

/// Multiplies what a normalisation gives.
fn multiply<'a>(draft: &mut Draft<'a>, factor: &Factor, name: &'a str) -> Result<bool, Fault> {
    give_affine(draft);
    match (&mut draft.op, factor) {
        (Op::BatchNorm(_), _) => {
            for weight in draft.tensors.iter_mut().filter(|weight| weight.role.is_parameter()) {
                let numbers = weight.constant.to_f32()?;
                let product = numbers.iter().enumerate().map(|(index, number)| number * at(factor, index)).collect();
                *weight = Weight::computed(weight.role, product, weight.name);
            }
            Ok(true)
        }
        (
            Op::Norm(Norm::Layer { affine, .. } | Norm::Group { affine, .. } | Norm::Instance { affine, .. }),
            Factor::Each(numbers),
        ) if !*affine => {
            *affine = true;
            draft.tensors = vec![
                Weight::computed(Role::Weight, numbers.clone(), name),
                Weight::computed(Role::Bias, vec![0.0; numbers.len()], name),
            ];
            Ok(true)
        }
        (Op::Norm(Norm::Rms { affine, .. }), Factor::Each(numbers)) if !*affine => {
            *affine = true;
            draft.tensors = vec![Weight::computed(Role::Weight, numbers.clone(), name)];
            Ok(true)
        }
        _ => Ok(false),
    }
}

fn at(factor: &Factor, index: usize) -> f32 {
    match factor {
        Factor::One(number) => *number as f32,
        Factor::Each(numbers) => numbers.get(index).copied().unwrap_or(1.0),
        Factor::Several => 1.0,
    }
}
