//! The shape rules of merges, and which branch is at fault if shapes differ.

use cnn_net::op::{Shape, Size};

use super::{Fault, Inferred};

/// Channels one after another.
pub(super) fn concat(inputs: &[Shape]) -> Result<Inferred, Box<Fault>> {
    let channels = inputs.iter().map(Shape::channels).sum();
    let agree = |a: &Shape, b: &Shape| is_map(a) == is_map(b) && a.size() == b.size();
    let most = commonest(inputs, agree);
    let joined = match inputs[most] {
        Shape::Map { height, width, .. } => Shape::map(channels, height, width),
        Shape::Vector(_) => Shape::Vector(channels),
    };
    let Some(branch) = inputs.iter().position(|shape| !agree(shape, &inputs[most])) else { return Ok(joined.into()) };
    let help = if is_map(&inputs[branch]) == is_map(&inputs[most]) {
        "all branches must have the same height and width"
    } else {
        "all branches must give maps, or all must give vectors"
    };
    Err(differ("concat", inputs, branch, most, joined).help(help).into())
}

/// Sum.
pub(super) fn add(inputs: &[Shape]) -> Result<Inferred, Box<Fault>> {
    let most = commonest(inputs, Shape::eq);
    let Some(branch) = inputs.iter().position(|shape| *shape != inputs[most]) else { return Ok(inputs[most].into()) };
    let is_pixel = |shape: &&Shape| is_map(shape) && shape.size() == Size::square(1);
    let help = match [&inputs[branch], &inputs[most]].into_iter().find(is_pixel) {
        Some(scale) => {
            format!("all branches must have the same shape; to scale maps, use `mul` with a branch of {scale}")
        }
        None => "all branches must have the same shape: check filters, stride and pad".to_owned(),
    };
    Err(differ("add", inputs, branch, most, inputs[most]).help(help).into())
}

/// Product, in which a branch of `Cx1x1` scales whole maps.
pub(super) fn mul(inputs: &[Shape]) -> Result<Inferred, Box<Fault>> {
    let scales = |shape: &Shape, whole: &Shape| {
        is_map(shape) && is_map(whole) && shape.channels() == whole.channels() && shape.size() == Size::square(1)
    };
    // The branch with whole maps is the one that is not 1 x 1, if there is one.
    let whole = inputs.iter().position(|shape| shape.size() != Size::square(1)).unwrap_or(0);
    let agrees = |shape: &Shape| *shape == inputs[whole] || scales(shape, &inputs[whole]);
    let Some(branch) = inputs.iter().position(|shape| !agrees(shape)) else { return Ok(inputs[whole].into()) };
    let help = match inputs[whole] {
        Shape::Map { channels, .. } => {
            format!("each branch must be {}, or {channels}x1x1, which scales whole maps", inputs[whole])
        }
        Shape::Vector(_) => "all branches must have the same shape".to_owned(),
    };
    Err(differ("mul", inputs, branch, whole, inputs[whole]).help(help).into())
}

fn is_map(shape: &Shape) -> bool {
    matches!(shape, Shape::Map { .. })
}

/// The branch that most others agree with; the first of those.
fn commonest(inputs: &[Shape], agree: impl Fn(&Shape, &Shape) -> bool) -> usize {
    let votes = |index: &usize| inputs.iter().filter(|shape| agree(shape, &inputs[*index])).count();
    // `max_by_key` takes the last of equal ones.
    (0..inputs.len()).rev().max_by_key(votes).unwrap_or(0)
}

/// Branch `branch` differs from branch `other`.
fn differ(merge: &str, inputs: &[Shape], branch: usize, other: usize, output: Shape) -> Fault {
    let (here, there) = (inputs[branch], inputs[other]);
    let wrong = format!("{merge}: branch {} gives {here}, but branch {} gives {there}", branch + 1, other + 1);
    let all = inputs.iter().enumerate().map(|(index, shape)| format!("branch {} gives {shape}", index + 1));
    let details = if inputs.len() > 2 { all.collect() } else { Vec::new() };
    Fault { branch: Some(branch), details, output: Some(output), ..Fault::new(wrong) }
}

/// A layer that turns a value into another shape.
pub(super) struct Projection {
    pub(super) layer: String,
    pub(super) has_tensors: bool,
}

/// The layer that turns a value into another shape, if a usual one does: a stride of more than 2 is not usual.
pub(super) fn projection(from: Shape, to: Shape) -> Option<Projection> {
    let (channels, height, width) = match (from, to) {
        (Shape::Map { .. }, Shape::Map { channels, height, width }) => (channels, height, width),
        (Shape::Map { .. }, Shape::Vector(features)) if from.elements() == features => {
            return Some(Projection { layer: "flatten".to_owned(), has_tensors: false });
        }
        (_, Shape::Vector(features)) => {
            return Some(Projection { layer: format!("linear({features})"), has_tensors: true });
        }
        (Shape::Vector(_), Shape::Map { .. }) => return None,
    };
    let (from, to) = (from.size(), Size::new(height, width));
    let halved = Size::new(from.height.div_ceil(2), from.width.div_ceil(2));
    let stride = match () {
        () if from == to => "",
        () if halved == to && to != Size::square(1) => ", stride = 2",
        () => return None,
    };
    Some(Projection { layer: format!("conv({channels}, 1x1{stride})"), has_tensors: true })
}
