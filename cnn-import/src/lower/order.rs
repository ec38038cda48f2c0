//! Numbers in any order, and the dimension that a layer works along.
//!
//! ```text
//! before   Transpose(0, 2, 3, 1)                           Softmax(x, axis = 2) of [1, 640, 3]
//! after    reshape(CHWx1x1) -> channel_shuffle(C) -> …     …, softmax of 3x1x640
//! ```
//!
//! A shuffle makes `[b, a, rest]` of numbers that lie as `[a, b, rest]`: channels are `a x b`, and the rest is a row. So the last
//! dimension of any order comes to its place by one shuffle, then the one before it, and so on.

use std::cmp::Reverse;

use cnn_net::graph::Value;
use cnn_net::op::{Op, Rearrange, Shape};

use super::arrange::lies;
use super::{Lowering, Stop, fault};
use crate::view::{Axis, View, size};

impl<'a> Lowering<'_, 'a> {
    /// Shuffles that put the numbers of a view in its order, and a value of this shape.
    pub(super) fn in_turn(&mut self, view: &View, shape: Shape) -> Result<Value, Stop> {
        let wanted = view.parts();
        let mut now = wanted.clone();
        now.sort_by_key(|part| (part.axis, Reverse(part.stride)));
        if size(&now) != shape.elements() || view.shape.elements() != shape.elements() {
            return fault("it reads some of the numbers of a value several times, or not at all");
        }
        let (mut value, mut current) = (view.value, view.shape);
        for end in (1..=now.len()).rev() {
            let Some(place) = now[..end].iter().position(|part| *part == wanted[end - 1]) else {
                return fault("it reads a number of a value twice");
            };
            if place + 1 == end {
                continue;
            }
            let (first, rest) = (size(&now[..=place]), size(&now[end..]));
            let channels = first * size(&now[place + 1..end]);
            if current.channels() != channels || !matches!(current, Shape::Map { .. }) {
                value = self.reshaped(value, &mut current, Shape::map(channels, 1, rest));
            }
            value = self.shuffle(value, current, first);
            now[..end].rotate_left(place + 1);
        }
        Ok(self.reshaped(value, &mut current, shape))
    }

    /// A value in another shape, unless it already has it.
    fn reshaped(&mut self, value: Value, from: &mut Shape, to: Shape) -> Value {
        if *from == to {
            return value;
        }
        *from = to;
        let op = if let Shape::Vector(_) = to { Op::Flatten } else { Op::Rearrange(Rearrange::Reshape(to)) };
        self.emit(op, vec![value], to, Vec::new())
    }

    /// A value whose channels are a dimension, and all other dimensions its pixels.
    pub(super) fn led_by(&mut self, view: &View, at: usize) -> Result<View, Stop> {
        if view.is_whole(at, Axis::C) {
            return Ok(view.clone());
        }
        if lies(view).is_some_and(|natural| natural.is_whole(at, Axis::C)) {
            return self.natural(view);
        }
        let sizes = view.sizes();
        let others: Vec<usize> = (0..sizes.len()).filter(|axis| *axis != at).collect();
        let order: Vec<usize> = [at].into_iter().chain(others.iter().copied()).collect();
        let pixels = others.iter().map(|axis| sizes[*axis]).product();
        let first = view.transposed(&order);
        let Some(maps) = first.reshaped(&[1, sizes[at], pixels]) else {
            return fault(format!("no layer works along the axis {at} of {sizes:?}"));
        };
        let maps = self.natural(&maps)?;
        let split: Vec<usize> = order.iter().map(|axis| sizes[*axis]).collect();
        let mut back = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, axis)| back[*axis] = place);
        match maps.reshaped(&split) {
            Some(split) => Ok(split.transposed(&back)),
            None => fault(format!("no layer works along the axis {at} of {sizes:?}")),
        }
    }

    /// Numbers at some places of a dimension, in their order: neighbours are taken together.
    pub(super) fn picked(&mut self, view: &View, at: usize, places: &[usize]) -> Result<View, Stop> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for place in places {
            match runs.last_mut() {
                Some((first, count)) if *first + *count == *place => *count += 1,
                Some(_) | None => runs.push((*place, 1)),
            }
        }
        if runs.len() > MOST_RUNS {
            let (all, count) = (view.sizes()[at], places.len());
            return fault(format!(
                "it takes {count} numbers of {all}, in {} parts that are not neighbours",
                runs.len()
            ));
        }
        let view = if runs.len() > 1 { View { is_only: false, ..view.clone() } } else { view.clone() };
        let parts = runs.iter().map(|(first, count)| self.part(&view, at, *first, *count)).collect::<Result<_, _>>()?;
        self.join(parts, at as i64)
    }
}

/// A value is assembled from at most this many parts.
const MOST_RUNS: usize = 64;
