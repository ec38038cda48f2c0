//! The rules of layers that move numbers or resize maps.

use cnn_net::op::{
    Crop, CropTo, Edge, Interpolation, Interval, Op, Pad, Rearrange, Rearrangement, Resize, Shape, Size,
};

use super::{list, listed_divisors};
use crate::shapes::argument::Argument;
use crate::shapes::{Fault, Inferred};

type Found = Result<Inferred, Box<Fault>>;

/// The output of a layer that moves numbers.
pub(super) fn rearrange(op: Rearrange, input: Shape) -> Found {
    match op.closed() {
        Rearrangement::PixelShuffle { factor } => pixel_shuffle(factor, input),
        Rearrangement::PixelUnshuffle { factor } => pixel_unshuffle(factor, input),
        Rearrangement::ChannelShuffle { groups } => channel_shuffle(groups, input),
        Rearrangement::Channels(range) => channels(range, input),
        Rearrangement::Reshape(shape) => reshape(shape, input),
        Rearrangement::Crop(op) => crop(op, input),
        Rearrangement::Pad(op) => pad(&op, input),
    }
}

/// The output of a resizing.
pub(super) fn resize(layer: &str, op: &Resize, input: Shape) -> Found {
    if op.align_corners && op.mode == Interpolation::Nearest {
        let wrong = format!("{layer}: `align_corners` means nothing with `mode = nearest`");
        let help = "leave it out: it is for bilinear and bicubic interpolation";
        return Err(Fault::new(wrong).at("align_corners").help(help).into());
    }
    let size = op.output(input.size());
    Ok(Shape::map(input.channels(), size.height, size.width).into())
}

fn pixel_shuffle(factor: usize, input: Shape) -> Found {
    let (channels, Size { height, width }) = (input.channels(), input.size());
    let area = factor.saturating_mul(factor);
    if channels.is_multiple_of(area) {
        return Ok(Shape::map(channels / area, height.saturating_mul(factor), width.saturating_mul(factor)).into());
    }
    let (times, rest) = (channels / area, channels % area);
    let wrong = format!(
        "pixel_shuffle: factor = {factor} makes one channel of {factor} * {factor} = {area}, which does not divide \
         the {channels} input channels: {channels} = {times} * {area} + {rest}"
    );
    let factors: Vec<usize> =
        (1..=channels).take_while(|f| f * f <= channels).filter(|f| channels.is_multiple_of(f * f)).collect();
    let help = match &factors[..] {
        [_] => format!("a multiple of {area} channels before it"),
        several => format!("{channels} channels allow a factor of {}", list(several)),
    };
    Err(Fault::new(wrong).at("factor").help(help).into())
}

fn pixel_unshuffle(factor: usize, input: Shape) -> Found {
    let (channels, Size { height, width }) = (input.channels(), input.size());
    let (rows, columns) = (height % factor, width % factor);
    if rows == 0 && columns == 0 {
        let channels = channels.saturating_mul(factor).saturating_mul(factor);
        return Ok(Shape::map(channels, height / factor, width / factor).into());
    }
    let (name, size) = if rows > 0 { ("height", height) } else { ("width", width) };
    let (times, rest) = (size / factor, size % factor);
    let wrong = format!(
        "pixel_unshuffle: factor = {factor} does not divide the {name} of {size}: {size} = {times} * {factor} + {rest}"
    );
    let help = format!("{height} and {width} are both divisible by {}", listed_divisors(height, width));
    Err(Fault::new(wrong).at("factor").help(help).into())
}

fn channel_shuffle(groups: usize, input: Shape) -> Found {
    let channels = input.channels();
    if channels.is_multiple_of(groups) {
        return Ok(input.into());
    }
    let (times, rest) = (channels / groups, channels % groups);
    let wrong = format!(
        "channel_shuffle: groups = {groups} does not divide the {channels} channels: \
         {channels} = {times} * {groups} + {rest}"
    );
    let help = format!("{channels} is divisible by {}", listed_divisors(channels, channels));
    Err(Fault { output: Some(input), ..Fault::new(wrong).at("groups").help(help) }.into())
}

fn channels(range: Interval, input: Shape) -> Found {
    let Interval { first, end } = range;
    let all = input.channels();
    if end <= all {
        return Ok(match input {
            Shape::Map { height, width, .. } => Shape::map(range.count(), height, width).into(),
            Shape::Vector(_) => Shape::Vector(range.count()).into(),
        });
    }
    let what = if matches!(input, Shape::Vector(_)) { "features" } else { "channels" };
    let wrong = format!("channels: the range {first}..{end} ends at {end}, and the input {input} has {all} {what}");
    let (range, help) = match first {
        _ if first < all => (Interval::new(first, all), format!("`{first}..{all}` goes up to the last of them")),
        _ => (Interval::new(0, all), format!("they are counted from 0: `0..{all}` is all of them")),
    };
    let arguments = vec![Argument::Only("range", Op::Rearrange(Rearrange::Channels(range)))];
    Err(Fault { arguments, ..Fault::new(wrong).at("range").help(help) }.into())
}

fn reshape(shape: Shape, input: Shape) -> Found {
    let (has, wants) = (input.elements(), shape.elements());
    if has == wants {
        return Ok(shape.into());
    }
    let wrong = format!("reshape: {shape} has {wants} numbers, and the input {input} has {has}");
    let area = shape.size().area();
    let fitting = match shape {
        Shape::Map { height, width, .. } if has.is_multiple_of(area) => Shape::map(has / area, height, width),
        Shape::Map { .. } | Shape::Vector(_) => Shape::Vector(has),
    };
    let arguments = vec![Argument::Only("shape", Op::Rearrange(Rearrange::Reshape(fitting)))];
    Err(Fault { arguments, ..Fault::new(wrong).at("shape").help(format!("`{fitting}` has as many")) }.into())
}

fn crop(op: Crop, input: Shape) -> Found {
    let size = input.size();
    if let Some(margins) = op.margins(size) {
        let (height, width) = (size.height - margins.top - margins.bottom, size.width - margins.left - margins.right);
        return Ok(Shape::map(input.channels(), height, width).into());
    }
    let fault = match op.closed() {
        CropTo::To(part) => Fault::new(format!("crop: {part} is no part of an input of {size}"))
            .help("a crop keeps a part of each map; padding and resizing make maps larger"),
        CropTo::Margins(_) => Fault::new(format!("crop: these margins leave nothing of an input of {size}"))
            .help("they are rows and columns to leave out at each edge: top, left, bottom, right"),
    };
    Err(fault.at("size").into())
}

fn pad(op: &Pad, input: Shape) -> Found {
    let size = input.size();
    let output = op.output(size);
    let sides = [
        ("top", op.sides.top, size.height, "row"),
        ("left", op.sides.left, size.width, "column"),
        ("bottom", op.sides.bottom, size.height, "row"),
        ("right", op.sides.right, size.width, "column"),
    ];
    let output = Shape::map(input.channels(), output.height, output.width);
    if op.mode != Edge::Zero && op.value != 0.0 {
        let wrong = format!("pad: `value` means nothing with `mode = {}`", op.mode.name());
        let fault = Fault::new(wrong).at("value").help("leave it out: the numbers come from the map");
        return Err(Fault { output: Some(output), ..fault }.into());
    }
    for (side, count, of, what) in sides {
        if op.mode == Edge::Reflect && count >= of {
            let s = if count == 1 { "" } else { "s" };
            let wrong = format!("pad: {count} {what}{s} at the {side} can't be reflected: the input has {of}");
            let help = "a reflection does not repeat the edge, so it is smaller than the input; replication is not";
            let fault = Fault::new(wrong).at("sides").help(help);
            return Err(Fault { output: Some(output), ..fault }.into());
        }
    }
    Ok(output.into())
}
