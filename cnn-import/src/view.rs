//! How a value of an ONNX graph lies in one of a net.
//!
//! A value of a net is a stack of maps, C x H x W, or a vector. ONNX's values have any number of dimensions, and `Reshape`,
//! `Transpose`, `Flatten`, `Squeeze` and `Unsqueeze` compute nothing: they only redefine which number is where. So a [`View`] is a
//! value of the net, and for each dimension of ONNX's the parts of C, H and W that it runs through. Only when a layer needs the
//! numbers in another order is there a layer for that, and what it is follows from the parts:
//!
//! ```text
//! x                                    [1] [C]    [H]   [W]
//! Reshape(1, 2, 58, 28, 28)            [1] [C: 2] [C: 58] [H] [W]
//! Transpose(0, 2, 1, 3, 4)             [1] [C: 58] [C: 2] [H] [W]
//! Reshape(1, 116, 28, 28)              [1] [C: 58, C: 2] [H] [W]        channel_shuffle(2)
//! ```

use cnn_net::graph::Value;
use cnn_net::op::Shape;

/// A direction of a value of a net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Axis {
    C,
    H,
    W,
}

/// Some of the numbers along an axis: `size` of them, `stride` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) axis: Axis,
    pub(crate) size: usize,
    pub(crate) stride: usize,
}

/// A value of an ONNX graph, in terms of a value of the net.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    /// The value of the net.
    pub(crate) value: Value,
    pub(crate) shape: Shape,
    /// For each dimension, the parts that it runs through, the last one fastest; none if its size is 1.
    pub(crate) dims: Vec<Vec<Part>>,
    /// Whether nothing else reads the value of the net.
    pub(crate) is_only: bool,
    /// The node that defined where the numbers are.
    pub(crate) moved_by: Option<usize>,
}

impl View {
    /// A value as ONNX has it: a batch, then vectors, sequences or maps.
    pub(crate) fn natural(value: Value, shape: Shape, rank: usize) -> Self {
        let whole = |axis| whole(shape, axis).into_iter().collect::<Vec<_>>();
        let mut dims = vec![Vec::new(), whole(Axis::C)];
        if rank > 3 {
            dims.push(whole(Axis::H));
        }
        if rank > 2 {
            dims.push(whole(Axis::W));
        }
        Self::of(value, shape, dims)
    }

    /// A view of another value that lies in this way.
    pub(crate) fn of(value: Value, shape: Shape, dims: Vec<Vec<Part>>) -> Self {
        Self { value, shape, dims, is_only: true, moved_by: None }
    }

    /// The sizes of the dimensions.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        self.dims.iter().map(|dim| size(dim)).collect()
    }

    /// All of an axis; nothing, if its size is 1.
    pub(crate) fn whole(&self, axis: Axis) -> Option<Part> {
        whole(self.shape, axis)
    }

    /// Whether a dimension runs through all of an axis, and nothing else.
    pub(crate) fn is_whole(&self, dim: usize, axis: Axis) -> bool {
        self.dims[dim].iter().copied().eq(self.whole(axis))
    }

    /// All parts, in the order of the dimensions.
    pub(crate) fn parts(&self) -> Vec<Part> {
        joined(self.dims.iter().flatten().copied())
    }

    /// Whether the numbers are in the order C, H, W.
    pub(crate) fn is_in_order(&self) -> bool {
        self.parts().into_iter().eq([Axis::C, Axis::H, Axis::W].into_iter().filter_map(|axis| self.whole(axis)))
    }

    /// With dimensions of other sizes, if these are made of whole parts.
    pub(crate) fn reshaped(&self, sizes: &[usize]) -> Option<Self> {
        let mut parts: Vec<Part> = self.dims.iter().flatten().rev().copied().collect();
        let mut dims = Vec::with_capacity(sizes.len());
        for size in sizes {
            let (mut dim, mut rest) = (Vec::new(), *size);
            while rest > 1 {
                let part = parts.pop()?;
                if rest.is_multiple_of(part.size) {
                    rest /= part.size;
                    dim.push(part);
                } else if part.size.is_multiple_of(rest) {
                    // The outer numbers of the part are in this dimension, and the inner ones are left.
                    let inner = part.size / rest;
                    dim.push(Part { size: rest, stride: part.stride * inner, ..part });
                    parts.push(Part { size: inner, ..part });
                    rest = 1;
                } else {
                    return None;
                }
            }
            dims.push(joined(dim));
        }
        parts.is_empty().then_some(Self { dims, ..self.clone() })
    }

    /// With its dimensions in another order.
    pub(crate) fn transposed(&self, order: &[usize]) -> Self {
        Self { dims: order.iter().map(|axis| self.dims[*axis].clone()).collect(), ..self.clone() }
    }

    /// Where the numbers of some dimensions, one after another, are in the order C, H, W of these.
    pub(crate) fn places(&self, dims: &[Vec<Part>]) -> Vec<usize> {
        let parts: Vec<&Part> = dims.iter().flatten().collect();
        let sizes: Vec<usize> = parts.iter().map(|part| part.size).collect();
        let steps: Vec<usize> = parts.iter().map(|part| self.step(part)).collect();
        crate::constant::positions(&sizes, &steps).collect()
    }

    /// The dimensions of the vector with the numbers of all maps, in the order C, H, W.
    pub(crate) fn flattened(&self) -> Vec<Vec<Part>> {
        let part = |part: &Part| Part { axis: Axis::C, size: part.size, stride: self.step(part) };
        self.dims.iter().map(|dim| joined(dim.iter().map(part))).collect()
    }

    /// How far apart the numbers of a part are in that order.
    fn step(&self, part: &Part) -> usize {
        match part.axis {
            Axis::C => part.stride * self.shape.size().area(),
            Axis::H => part.stride * self.shape.size().width,
            Axis::W => part.stride,
        }
    }
}

/// The size of a dimension.
pub(crate) fn size(dim: &[Part]) -> usize {
    dim.iter().map(|part| part.size).product()
}

fn whole(shape: Shape, axis: Axis) -> Option<Part> {
    let size = match axis {
        Axis::C => shape.channels(),
        Axis::H => shape.size().height,
        Axis::W => shape.size().width,
    };
    (size > 1).then_some(Part { axis, size, stride: 1 })
}

/// Parts with neighbours that are one part joined.
fn joined(parts: impl IntoIterator<Item = Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::new();
    for part in parts {
        match joined.last_mut() {
            Some(last) if last.axis == part.axis && last.stride == part.size * part.stride => {
                *last = Part { size: last.size * part.size, ..part };
            }
            Some(_) | None => joined.push(part),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maps() -> View {
        View::natural(Value::Input(0), Shape::map(6, 4, 5), 4)
    }

    fn part(axis: Axis, size: usize, stride: usize) -> Part {
        Part { axis, size, stride }
    }

    #[test]
    fn dimensions_are_split_and_joined() {
        let split = maps().reshaped(&[1, 2, 3, 4, 5]).expect("parts");
        assert_eq!(split.dims[1..3], [vec![part(Axis::C, 2, 3)], vec![part(Axis::C, 3, 1)]]);
        assert_eq!(split.reshaped(&[1, 6, 4, 5]), Some(maps()));
        let shuffled = split.transposed(&[0, 2, 1, 3, 4]).reshaped(&[1, 6, 4, 5]).expect("parts");
        assert_eq!(shuffled.dims[1], [part(Axis::C, 3, 1), part(Axis::C, 2, 3)]);
        assert!(!shuffled.is_in_order());
        assert_eq!(maps().reshaped(&[1, 4, 30]), None);
        let flat = maps().reshaped(&[1, 120]).expect("parts");
        assert!(flat.is_in_order());
        assert_eq!(flat.sizes(), [1, 120]);
    }

    #[test]
    fn the_places_of_another_order_are_known() {
        let view = View::natural(Value::Input(0), Shape::map(2, 1, 3), 4).transposed(&[0, 2, 3, 1]);
        assert_eq!(view.places(&view.dims), [0, 3, 1, 4, 2, 5]);
    }
}
