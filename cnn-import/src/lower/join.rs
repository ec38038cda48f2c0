//! Values one after another.
//!
//! ```text
//! before   Concat(a, b), …, Concat(a, b, c)                     Concat(a, b, axis = 2)
//! after    concat { a; b; }, …, concat { concat { a; b; }; c; }  add { a -> pad((0, 0, n, 0)); b -> pad((m, 0, 0, 0)); }
//! ```
//!
//! Densely connected nets join all values again in each layer. Joined to what is joined already, they read as a chain. The language
//! joins channels; rows and columns are zeros where the others have theirs, and added up.

use std::rc::Rc;

use cnn_net::graph::Value;
use cnn_net::op::{Op, Pad, Padding, Rearrange, Shape, Size};

use super::arrange::{ELSEWHERE, lies};
use super::{Lowering, Stop, fault};
use crate::constant::Constant;
use crate::graph::{Node, axis};
use crate::report::Fault;
use crate::view::{Axis, Part, View};

impl<'a> Lowering<'_, 'a> {
    pub(super) fn concat(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let constants: Vec<_> = node.inputs.iter().map(|id| self.constant_of((*id)?)).collect();
        let Some(first) = constants.iter().position(Option::is_none) else { return fault("it joins constants") };
        let beside = self.view(node, first)?;
        let view = |(index, constant): (usize, &Option<Rc<Constant<'a>>>)| match constant {
            Some(constant) => self.known_value(constant, &beside),
            None => self.view(node, index),
        };
        let views = constants.iter().enumerate().map(view).collect::<Result<_, _>>()?;
        self.join(views, node.int("axis", 1)?)
    }

    /// Values one after another along an axis.
    pub(super) fn join(&mut self, mut views: Vec<View>, along: i64) -> Result<View, Stop> {
        let Some(rank) = views.first().map(|view| view.dims.len()) else { return fault("it has no inputs") };
        let at = axis(along, rank)?;
        if views.len() == 1 {
            return Ok(views.swap_remove(0));
        }
        if are_channels(&views, at) {
            return Ok(self.channels_joined(&views, at));
        }
        let rest = |view: &View| {
            let sizes = view.sizes();
            [&sizes[..at], sizes.get(at + 1..).unwrap_or_default()].concat()
        };
        if views.iter().any(|view| view.dims.len() != rank)
            || views.windows(2).any(|pair| rest(&pair[0]) != rest(&pair[1]))
        {
            let sizes: Vec<Vec<usize>> = views.iter().map(View::sizes).collect();
            return fault(format!("it joins values of the shapes {sizes:?} along the axis {at}"));
        }
        let natural: Option<Vec<View>> = views.iter().map(lies).collect();
        if let Some(natural) = natural {
            let are_maps = natural.iter().all(|view| matches!(view.shape, Shape::Map { .. }));
            let is_of_channels = are_channels(&natural, at);
            if is_of_channels || at > 1 && are_maps {
                views = views.iter().map(|view| self.natural(view)).collect::<Result<_, _>>()?;
            }
            if is_of_channels {
                return Ok(self.channels_joined(&views, at));
            }
            if at > 1 && are_maps {
                return self.pixels_joined(&views, if at == 2 && rank == 4 { Axis::H } else { Axis::W });
            }
        }
        self.numbers_joined(&views, at)
    }

    /// Values one after another along that of channels.
    fn channels_joined(&mut self, views: &[View], at: usize) -> View {
        let channels = views.iter().map(|view| view.shape.channels()).sum();
        let shape = match views[0].shape {
            Shape::Map { height, width, .. } => Shape::map(channels, height, width),
            Shape::Vector(_) => Shape::Vector(channels),
        };
        let all: Vec<_> = views.iter().map(|view| view.value).collect();
        let known = (2..all.len()).rev().find_map(|count| Some((count, *self.joined.get(&all[..count])?)));
        let inputs = known.map_or_else(|| all.clone(), |(count, value)| [&[value], &all[count..]].concat());
        let is_link = known.is_some_and(|(count, _)| count + 1 == all.len());
        if let Some((2, Value::Node(first))) = known {
            // The beginning of the chain.
            self.drafts[first].is_link = true;
        }
        let value = self.emit(Op::Concat, inputs, shape, Vec::new());
        if let Some(draft) = self.drafts.last_mut() {
            draft.is_link = is_link;
        }
        self.joined.insert(all, value);
        let mut dims = views[0].dims.clone();
        let joined = View::of(value, shape, Vec::new());
        dims[at] = joined.whole(Axis::C).into_iter().collect();
        View { dims, ..joined }
    }

    /// Maps next to each other, or one above the other.
    pub(super) fn pixels_joined(&mut self, views: &[View], along: Axis) -> Result<View, Stop> {
        let length = |view: &View| {
            let Size { height, width } = view.shape.size();
            if along == Axis::H { height } else { width }
        };
        let all: usize = views.iter().map(length).sum();
        let Shape::Map { channels, height, width } = views[0].shape else { return fault("it joins pixels of vectors") };
        let shape = if along == Axis::H { Shape::map(channels, all, width) } else { Shape::map(channels, height, all) };
        let mut before = 0;
        let mut parts = Vec::with_capacity(views.len());
        for view in views {
            let after = all - before - length(view);
            let sides = match along {
                Axis::H => Padding { top: before, bottom: after, ..Padding::NONE },
                _ => Padding { left: before, right: after, ..Padding::NONE },
            };
            parts.push(self.emit(Op::Rearrange(Rearrange::Pad(Pad::new(sides))), vec![view.value], shape, Vec::new()));
            before += length(view);
        }
        let value = self.emit(Op::Add, parts, shape, Vec::new());
        Ok(View::natural(value, shape, views[0].dims.len()))
    }

    /// Values of which the numbers are one after another if no dimension before the axis has several, and of any dimensions otherwise.
    fn numbers_joined(&mut self, views: &[View], at: usize) -> Result<View, Stop> {
        let sizes: Vec<Vec<usize>> = views.iter().map(View::sizes).collect();
        let refused = || {
            let why = format!("it joins values of the shapes {sizes:?} along the axis {at}");
            Stop::from(Fault::new(why).help(ELSEWHERE))
        };
        if sizes.iter().any(|sizes| sizes[..at].iter().any(|size| *size != 1)) {
            // The axis then comes first.
            let led: Vec<View> = views.iter().map(|view| self.led_by(view, at)).collect::<Result<_, _>>()?;
            return if are_channels(&led, at) { Ok(self.channels_joined(&led, at)) } else { Err(refused()) };
        }
        let flat = |this: &mut Self, view: &View| {
            let all = view.sizes().iter().product();
            view.reshaped(&[1, all]).ok_or_else(refused).and_then(|view| this.natural(&view))
        };
        let flat: Vec<View> = views.iter().map(|view| flat(self, view)).collect::<Result<_, _>>()?;
        let joined = self.channels_joined(&flat, 1);
        let mut to = sizes[0].clone();
        to[at] = sizes.iter().map(|sizes| sizes[at]).sum();
        joined.reshaped(&to).map(|view| self.moved(view)).ok_or_else(refused)
    }
}

/// Whether values have their channels along an axis, and are alike otherwise.
fn are_channels(views: &[View], at: usize) -> bool {
    let rest = |view: &View| -> Vec<Vec<Part>> { [&view.dims[..at], &view.dims[at + 1..]].concat() };
    let vectors = views.iter().filter(|view| matches!(view.shape, Shape::Vector(_))).count();
    let is_along = |view: &View| view.dims.len() == views[0].dims.len() && view.is_whole(at, Axis::C);
    views.iter().all(is_along)
        && views.windows(2).all(|pair| rest(&pair[0]) == rest(&pair[1]))
        && (vectors == 0 || vectors == views.len())
}
