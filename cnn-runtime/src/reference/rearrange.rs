//! Numbers in other places.

use cnn_net::op::{Crop, Edge, Pad, PadMode, Padding, Rearrange, Rearrangement, Shape, Size};

use super::Tensor;

/// The numbers of a layer that moves them.
///
/// # Panics
///
/// If the input has not as many channels, rows, columns or numbers as the layer needs.
#[must_use]
pub fn rearrange(op: Rearrange, input: &Tensor) -> Tensor {
    let Size { height, width } = input.shape.size();
    let channels = input.shape.channels();
    match op.closed() {
        Rearrangement::PixelShuffle { factor: r } => {
            assert!(channels.is_multiple_of(r * r), "channels for each pixel");
            Tensor::from_fn(Shape::map(channels / (r * r), height * r, width * r), |c, y, x| {
                input.at(c * r * r + (y % r) * r + x % r, y / r, x / r)
            })
        }
        Rearrangement::PixelUnshuffle { factor: r } => {
            assert!(height.is_multiple_of(r) && width.is_multiple_of(r), "whole squares of pixels");
            Tensor::from_fn(Shape::map(channels * r * r, height / r, width / r), |c, y, x| {
                input.at(c / (r * r), y * r + c / r % r, x * r + c % r)
            })
        }
        Rearrangement::ChannelShuffle { groups } => {
            assert!(channels.is_multiple_of(groups), "groups of equal size");
            let in_each = channels / groups;
            Tensor::from_fn(input.shape, |c, y, x| input.at(c % groups * in_each + c / groups, y, x))
        }
        Rearrangement::Channels(range) => {
            assert!(range.first < range.end && range.end <= channels, "channels that are there");
            let shape = match input.shape {
                Shape::Map { .. } => Shape::map(range.count(), height, width),
                Shape::Vector(_) => Shape::Vector(range.count()),
            };
            Tensor::from_fn(shape, |c, y, x| input.at(range.first + c, y, x))
        }
        Rearrangement::Reshape(shape) => {
            assert_eq!(shape.elements(), input.data.len(), "as many numbers");
            Tensor { shape, data: input.data.clone() }
        }
        Rearrangement::Crop(op) => crop(op, input),
        Rearrangement::Pad(op) => pad(&op, input),
    }
}

fn crop(op: Crop, input: &Tensor) -> Tensor {
    let Size { height, width } = input.shape.size();
    let Some(Padding { top, left, bottom, right }) = op.margins(input.shape.size()) else {
        panic!("a part of the maps")
    };
    let shape = Shape::map(input.shape.channels(), height - top - bottom, width - left - right);
    Tensor::from_fn(shape, |c, y, x| input.at(c, top + y, left + x))
}

fn pad(op: &Pad, input: &Tensor) -> Tensor {
    let size = input.shape.size();
    let Size { height, width } = op.output(size);
    Tensor::from_fn(Shape::map(input.shape.channels(), height, width), |c, y, x| {
        let row = padded(op.mode, y as i64 - op.sides.top as i64, size.height as i64);
        let column = padded(op.mode, x as i64 - op.sides.left as i64, size.width as i64);
        match (row, column) {
            (Some(row), Some(column)) => input.at(c, row, column),
            _ => f64::from(op.value),
        }
    })
}

/// The row or column in the place of another, which may lie outside; none where there is a constant.
fn padded(mode: Edge, at: i64, size: i64) -> Option<usize> {
    let inside = |at: i64| (0..size).contains(&at).then_some(at as usize);
    let last = size - 1;
    match mode.closed() {
        PadMode::Zero => inside(at),
        PadMode::Replicate => inside(at.clamp(0, last)),
        PadMode::Reflect => {
            let mirrored = if at > last { 2 * last - at } else { at.abs() };
            assert!(inside(mirrored).is_some(), "a reflection that is smaller than the maps");
            inside(mirrored)
        }
    }
}
