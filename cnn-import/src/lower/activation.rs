//! Functions of single numbers, and softmax.

use cnn_net::op::{Activation, Op, Shape};

use super::arrange::ELSEWHERE;
use super::{Lowering, Stop, fault, plain};
use crate::fold;
use crate::graph::{Node, axis};
use crate::report::Fault;
use crate::view::{Axis, View};

impl<'a> Lowering<'_, 'a> {
    /// An element-wise function, or an unknown operator.
    pub(super) fn activation(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let Some(activation) = self.function(node)? else {
            // Such as `Shape`, which is folded if what it reads is known.
            if fold::is_folded(node.op) && self.is_broken(node) {
                return Err(Stop::Broken);
            }
            return Err(Fault::new("no layer computes it").help(instead_of(node.op)).into());
        };
        let view = self.view(node, 0)?;
        if let Activation::Identity = activation {
            return Ok(view);
        }
        Ok(self.emit_on(&view, Op::Activation(activation), Vec::new()))
    }

    /// Nothing at inference, but what training needs to know, if the file says how much is dropped.
    pub(super) fn dropout(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let given = match self.constant(node, 1)? {
            Some(constant) => constant.scalar().map(|ratio| ratio as f32),
            None if node.attribute("ratio").is_some() => Some(node.float("ratio", 0.5)?),
            None => None,
        };
        match given.map(plain) {
            Some(p) if (0.0..=1.0).contains(&p) => Ok(self.emit_on(&view, Op::Dropout { p }, Vec::new())),
            Some(_) | None => Ok(view),
        }
    }

    fn function(&self, node: &Node<'a>) -> Result<Option<Activation>, Stop> {
        let alpha = |default: f32| node.float("alpha", default);
        Ok(Some(match node.op {
            "Relu" => Activation::Relu,
            "Sigmoid" => Activation::Sigmoid,
            "Tanh" => Activation::Tanh,
            "Softplus" => {
                Activation::Softplus { beta: node.float("beta", 1.0)?, threshold: node.float("threshold", 20.0)? }
            }
            "Shrink" => match (node.float("lambd", 0.5)?, node.float("bias", 0.0)?) {
                (lambda @ 0.0.., 0.0) => Activation::HardShrink { lambda },
                (lambda @ 0.0.., bias) if lambda == bias => Activation::SoftShrink { lambda },
                (lambda, bias) => {
                    let why = format!("its `bias` of {bias} is neither 0 nor its `lambd` of {lambda}");
                    return Err(Fault::new(why)
                        .help("`hard_shrink` and `soft_shrink` are the two kinds that nets have")
                        .into());
                }
            },
            "Softsign" => Activation::Softsign,
            "Mish" => Activation::Mish,
            "LogSigmoid" => Activation::LogSigmoid,
            "HardSwish" => Activation::HardSwish,
            "Swish" | "Silu" if alpha(1.0)? == 1.0 => Activation::Silu,
            "LeakyRelu" => Activation::LeakyRelu { slope: alpha(0.01)? },
            "Elu" => Activation::Elu { alpha: alpha(1.0)? },
            "Celu" => Activation::Celu { alpha: alpha(1.0)? },
            "Selu" => Activation::Selu {
                alpha: alpha(Activation::SELU_ALPHA)?,
                gamma: node.float("gamma", Activation::SELU_GAMMA)?,
            },
            "HardSigmoid" => Activation::HardSigmoid { alpha: sixth(alpha(0.2)?), beta: node.float("beta", 0.5)? },
            "Threshold" => Activation::Threshold { threshold: alpha(0.0)?, value: node.float("value", 0.0)? },
            "ThresholdedRelu" => Activation::Threshold { threshold: alpha(1.0)?, value: 0.0 },
            "Gelu" => match node.text("approximate", "none")? {
                "tanh" => Activation::GeluTanh,
                _ => Activation::Gelu,
            },
            "Clip" => {
                let limit = |index: usize, name: &str, default: f32| -> Result<f32, Stop> {
                    match self.constant(node, index)? {
                        Some(constant) => match constant.scalar() {
                            Some(number) => Ok(number as f32),
                            None => fault("its limits are not numbers"),
                        },
                        None => Ok(node.float(name, default)?),
                    }
                };
                match (limit(1, "min", f32::MIN)?, limit(2, "max", f32::MAX)?) {
                    (0.0, 6.0) => Activation::Relu6,
                    (0.0, f32::MAX..) => Activation::Relu,
                    (..=f32::MIN, f32::MAX..) => Activation::Identity,
                    (min, f32::MAX..) => Activation::Threshold { threshold: min, value: min },
                    (min, max) if min <= max => Activation::HardTanh { min: min.max(f32::MIN), max: max.min(f32::MAX) },
                    (min, max) => return fault(format!("it limits numbers to {min} to {max}")),
                }
            }
            _ => return Ok(None),
        }))
    }

    /// The first half of the channels, times the sigmoid of the second.
    pub(super) fn glu(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let view = self.natural(&view)?;
        let at = axis(node.int("axis", -1)?, view.dims.len())?;
        let channels = view.shape.channels();
        if !view.is_whole(at, Axis::C) || channels % 2 != 0 {
            return fault(format!("it halves the axis {at} of {:?}, which is not that of channels", view.sizes()));
        }
        let shape = match view.shape {
            Shape::Map { height, width, .. } => Shape::map(channels / 2, height, width),
            Shape::Vector(_) => Shape::Vector(channels / 2),
        };
        let value = self.emit(Op::Glu, vec![view.value], shape, Vec::new());
        Ok(View::natural(value, shape, view.dims.len()))
    }

    pub(super) fn softmax(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let op = if node.op == "Softmax" { Op::Softmax } else { Op::LogSoftmax };
        let view = self.view(node, 0)?;
        let rank = view.dims.len();
        let is_old = self.graph.opset < 13;
        let at = axis(node.int("axis", if is_old { 1 } else { -1 })?, rank)?;
        // Until version 13 it was over all dimensions from the axis on.
        let view = if is_old && view.dims[at + 1..].iter().any(|dim| !dim.is_empty()) {
            let all: usize = view.sizes()[at..].iter().product();
            let flat = view.reshaped(&[&view.sizes()[..at], &[all][..]].concat());
            let Some(flat) = flat else { return fault("it flattens a value in an order that no layer makes") };
            self.natural(&flat)?
        } else {
            view
        };
        let whole = self.led_by(&view, at)?;
        let view = self.emit_on(&whole, op, Vec::new());
        if is_old && view.dims.len() != rank {
            return fault("it flattens a value that is maps afterwards");
        }
        debug_assert!(!matches!(view.shape, Shape::Vector(0)), "values are not empty");
        Ok(view)
    }
}

/// What to do about an operator that no layer computes.
fn instead_of(op: &str) -> &'static str {
    match op {
        "ArgMax" | "ArgMin" | "TopK" | "NonMaxSuppression" | "NonZero" | "RoiAlign" | "GridSample" | "Sign"
        | "OneHot" => ELSEWHERE,
        "LSTM" | "GRU" | "RNN" => "there are no recurrent layers",
        "Einsum" | "Attention" => ATTENTION,
        "Exp" | "Log" | "Sqrt" | "Erf" | "Reciprocal" | "Sin" | "Cos" | "Floor" | "Ceil" | "Round" => OWN_FUNCTION,
        _ => "replace it in the model, or leave out the part that it is in",
    }
}

/// What to do about a product of values.
pub(super) const ATTENTION: &str = "layers multiply values by weights, or number by number; there is no attention";

/// What to do about a function of single numbers.
const OWN_FUNCTION: &str =
    "replace it in the model, or leave out the part that it is in; what is declared by hand can have it as `map(f)`";

/// A sixth that was rounded on its way into a file.
fn sixth(alpha: f32) -> f32 {
    if (alpha - Activation::HARD_SIGMOID_ALPHA).abs() < 1e-7 { Activation::HARD_SIGMOID_ALPHA } else { alpha }
}
