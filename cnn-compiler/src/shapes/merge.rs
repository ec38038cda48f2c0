//! The shape rules of merges, and which branch is at fault if shapes differ.

use cnn_net::op::{Shape, Size};

use super::{Fault, Inferred};
use crate::report::listed;

/// Channels one after another.
pub(super) fn concat(inputs: &[Shape]) -> Result<Inferred, Box<Fault>> {
    let channels = inputs.iter().map(Shape::channels).sum();
    let agree = |a: &Shape, b: &Shape| is_map(a) == is_map(b) && a.size() == b.size();
    let most = commonest(inputs, agree, |_| true);
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

/// Element by element, where a branch of `Cx1x1` is broadcast over whole maps and one of `1xHxW` over all channels.
pub(super) fn broadcast(merge: &str, inputs: &[Shape]) -> Result<Inferred, Box<Fault>> {
    let most = commonest(inputs, |a, b| together(*a, *b).is_some(), is_whole);
    let mut whole = inputs[most];
    for (branch, shape) in inputs.iter().enumerate() {
        let Some(joined) = together(whole, *shape) else {
            // What the whole has of other branches need not be of that one.
            let parted = |other: usize| together(inputs[other], *shape).is_none();
            let other =
                if parted(most) { most } else { (0..inputs.len()).find(|other| parted(*other)).unwrap_or(most) };
            let help = as_a_pixel(inputs[branch], inputs[other]).unwrap_or_else(|| repeated(whole));
            return Err(differ(merge, inputs, branch, other, whole).help(help).into());
        };
        whole = joined;
    }
    Ok(whole.into())
}

/// The shape of two values element by element, if they are compatible.
fn together(a: Shape, b: Shape) -> Option<Shape> {
    let (Shape::Map { channels, .. }, Shape::Map { channels: others, .. }) = (a, b) else {
        return (a == b).then_some(a);
    };
    let (size, other, one) = (a.size(), b.size(), Size::square(1));
    let channels = match (channels, others) {
        (1, channels) | (channels, 1) => channels,
        (channels, others) if channels == others => channels,
        _ => return None,
    };
    let size = match (size, other) {
        (size, other) if size == other || other == one => size,
        (size, other) if size == one => other,
        _ => return None,
    };
    Some(Shape::map(channels, size.height, size.width))
}

/// How a vector becomes compatible with maps of as many channels.
fn as_a_pixel(a: Shape, b: Shape) -> Option<String> {
    let (Shape::Vector(features), Shape::Map { channels, .. }) = (if is_map(&a) { (b, a) } else { (a, b) }) else {
        return None;
    };
    let help = "a vector goes with maps as a single pixel: end its branch with a layer such as";
    (features == channels).then(|| format!("{help} `reshape({features}x1x1)`"))
}

/// What is compatible with a value.
fn repeated(whole: Shape) -> String {
    let Shape::Map { channels, height, width } = whole else {
        return "all branches must have the same shape".to_owned();
    };
    let mut repeated = vec![whole.to_string()];
    if height * width > 1 && channels > 1 {
        repeated.push(format!("{channels}x1x1"));
        repeated.push(format!("1x{height}x{width}"));
    }
    match &repeated[..] {
        [_] => "all branches must have the same shape: check filters, stride and pad".to_owned(),
        _ => format!(
            "each branch must be {}, of which the last two are repeated: check filters, stride and pad",
            listed(&repeated, "or")
        ),
    }
}

fn is_map(shape: &Shape) -> bool {
    matches!(shape, Shape::Map { .. })
}

/// Whether it is not broadcast over maps.
fn is_whole(shape: &Shape) -> bool {
    !is_map(shape) || shape.size() != Size::square(1)
}

/// The branch that most others agree with; of those, the first that is preferred.
fn commonest(inputs: &[Shape], agree: impl Fn(&Shape, &Shape) -> bool, preferred: impl Fn(&Shape) -> bool) -> usize {
    let votes = |index: &usize| inputs.iter().filter(|shape| agree(shape, &inputs[*index])).count();
    // `max_by_key` takes the last of equal ones.
    (0..inputs.len()).rev().max_by_key(|index| (votes(index), preferred(&inputs[*index]))).unwrap_or(0)
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
