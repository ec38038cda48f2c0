//! Values whose numbers are repeated.
//!
//! ```text
//! before   Mul(x, Expand(y, [1, 16, 22, 22]))     Concat(x, Expand(y, [1, 16, 22, 22]))     Expand(grey, [1, 3, 32, 32])
//! after    mul { x; y; }                          concat { x; y -> upsample(22); }          concat { skip; skip; skip; }
//! ```
//!
//! Sums and products repeat maps of one pixel anyway. For other layers they are enlarged maps, or joined to themselves.

use cnn_net::op::{Extent, Interpolation, Op, Resize, Shape, Size};

use super::resize::LARGEST_FACTOR;
use super::{Lowering, Stop, Term, fault};
use crate::graph::{Id, Node};
use crate::report::Fault;
use crate::view::{Axis, Part, View};

impl<'a> Lowering<'_, 'a> {
    /// A value as large as a shape asks for.
    pub(super) fn expand(&mut self, node: &Node<'a>) -> Result<Term<'a>, Stop> {
        let (view, to) = (self.view(node, 0)?, self.needs(node, 1)?.to_ints()?);
        let (own, rank) = (view.sizes(), view.dims.len().max(to.len()));
        let mut sizes = vec![1; rank - own.len()];
        sizes.extend(&own);
        for (size, to) in sizes[rank - to.len()..].iter_mut().zip(&to) {
            match usize::try_from(*to) {
                Ok(1) => {}
                Ok(to @ 1..) if *size == 1 || *size == to => *size = to,
                _ => return fault(format!("it repeats a value of the shape {own:?} to {to:?}")),
            }
        }
        Ok(to_sizes(&view, sizes))
    }

    /// A value, this many times along each dimension.
    pub(super) fn tile(&mut self, node: &Node<'a>) -> Result<Term<'a>, Stop> {
        let (view, repeats) = (self.view(node, 0)?, self.needs(node, 1)?.to_ints()?);
        let own = view.sizes();
        let times = |(size, count): (&usize, &i64)| {
            usize::try_from(*count)
                .ok()
                .filter(|count| *count == 1 || *size == 1 && *count > 1)
                .map(|count| size * count)
        };
        let sizes: Option<Vec<usize>> = own.iter().zip(&repeats).map(times).collect();
        match sizes.filter(|_| repeats.len() == own.len()) {
            // Of more dimensions, a part of rows or columns is repeated.
            Some(sizes) if own.len() <= 4 || sizes == own => Ok(to_sizes(&view, sizes)),
            None if repeats.len() == own.len()
                && view.dims.len() > 1
                && view.is_whole(1, Axis::C)
                && is_of_channels(&repeats) =>
            {
                let count = usize::try_from(repeats[1]).unwrap_or(0);
                Ok(Term::View(self.times(&view, 1, count)?))
            }
            Some(_) | None => Ok(Term::View(self.next_to_themselves(&view, &repeats)?)),
        }
    }

    /// A value that is joined to itself.
    fn times(&mut self, view: &View, at: usize, count: usize) -> Result<View, Stop> {
        if !(1..=MOST_TIMES).contains(&count) {
            return fault(format!("it repeats channels {count} times"));
        }
        let view = View { is_only: false, ..view.clone() };
        self.join(vec![view; count], at as i64)
    }

    /// Numbers that are repeated next to themselves, as Keras enlarges maps:
    ///
    /// ```text
    /// before   Reshape(Tile(Unsqueeze(x, 2), [1, 1, 2, 1, 1]))    of rows, with channels last
    /// after    upsample(2x1)
    /// ```
    fn next_to_themselves(&mut self, view: &View, repeats: &[i64]) -> Result<View, Stop> {
        let mut repeated = repeats.iter().enumerate().filter(|(_, count)| **count != 1);
        let refused = || Err(Fault::new("it repeats numbers, but not each row or each column of a map").into());
        let (place, count) = match (repeated.next(), repeated.next()) {
            (Some((place, count)), None) if repeats.len() == view.dims.len() => (place, *count),
            _ => return refused(),
        };
        let Shape::Map { channels, height, width } = view.shape else { return refused() };
        let axis = [Axis::H, Axis::W].into_iter().find(|axis| {
            let outer = place.checked_sub(1).filter(|outer| view.is_whole(*outer, *axis));
            outer.is_some() && view.whole(*axis).is_some() && view.dims[place].is_empty()
        });
        let (Some(axis), Ok(count @ 1..=LARGEST_FACTOR)) = (axis, usize::try_from(count)) else { return refused() };
        let factor = if axis == Axis::H { Size::new(count, 1) } else { Size::new(1, count) };
        let shape = Shape::map(channels, height * factor.height, width * factor.width);
        let op = Resize { to: Extent::Times(factor), mode: Interpolation::Nearest, align_corners: false };
        let value = self.emit(Op::Resize(op), vec![view.value], shape, Vec::new());
        let mut dims = view.dims.clone();
        let part = |size, stride| Part { axis, size, stride };
        dims[place - 1] = vec![part(if axis == Axis::H { height } else { width }, count)];
        dims[place] = vec![part(count, 1)];
        Ok(self.moved(View::of(value, shape, dims)))
    }

    /// Maps of which each row or column is repeated, if it is the only one.
    pub(super) fn repeated(&mut self, view: &View, sizes: &[usize]) -> Result<View, Stop> {
        let own = view.sizes();
        let refused = || {
            let why = format!("it reads a value of the shape {own:?} that is repeated to {sizes:?}");
            Err(Fault::new(why).help("rows and columns can be repeated, and anything in sums and products").into())
        };
        let (&[batch, channels, ref inner @ ..], &[to_batch, to_channels, ref to_inner @ ..]) = (&*own, sizes) else {
            return refused();
        };
        if batch != to_batch || own.len() > 4 {
            return refused();
        }
        let view = &if channels == to_channels { view.clone() } else { self.times(view, 1, to_channels / channels)? };
        if inner == to_inner {
            return Ok(view.clone());
        }
        let maps = self.maps(view)?;
        let to = match *to_inner {
            [width] => Size::new(1, width),
            [height, width] => Size::new(height, width),
            _ => return refused(),
        };
        let factor = Size::new(to.height / maps.shape.size().height, to.width / maps.shape.size().width);
        if factor.height > LARGEST_FACTOR || factor.width > LARGEST_FACTOR {
            return refused();
        }
        let shape = Shape::map(maps.shape.channels(), to.height, to.width);
        let op = Resize { to: Extent::Times(factor), mode: Interpolation::Nearest, align_corners: false };
        let value = self.emit(Op::Resize(op), vec![maps.value], shape, Vec::new());
        Ok(View::natural(value, shape, sizes.len()))
    }

    /// Whether an element-wise operator repeats what it reads to the same sizes if nothing does so before.
    pub(super) fn repeats_anyway(&self, node: &Node<'a>) -> bool {
        let sizes = |id: &Id| match (self.constant_of(*id), &self.terms[*id]) {
            (Some(constant), _) => Some((constant.dims.clone(), constant.dims.clone())),
            (None, Some(Term::Repeated(view, sizes))) => Some((view.sizes(), sizes.clone())),
            (None, Some(Term::View(view))) => Some((view.sizes(), view.sizes())),
            (None, Some(Term::Constant(_) | Term::Broken) | None) => None,
        };
        let all: Option<(Vec<_>, Vec<_>)> = node.inputs.iter().flatten().map(sizes).collect();
        all.is_some_and(|(before, after)| together(&before) == together(&after))
    }

    /// An input of such an operator, as it was before it was repeated.
    pub(super) fn unrepeated(&mut self, node: &Node<'a>, index: usize) -> Result<View, Stop> {
        match node.input(index).map(|id| (id, &self.terms[id])) {
            Some((id, Some(Term::Repeated(view, _)))) => {
                Ok(View { is_only: view.is_only && self.uses[id] == 1, ..view.clone() })
            }
            _ => self.view(node, index),
        }
    }
}

/// Channels are repeated at most this often.
const MOST_TIMES: usize = 64;

/// Whether channels alone are repeated.
fn is_of_channels(repeats: &[i64]) -> bool {
    repeats.iter().enumerate().all(|(at, count)| at == 1 || *count == 1)
}

/// A value whose numbers are repeated to these sizes, or the same with more dimensions.
fn to_sizes<'a>(view: &View, sizes: Vec<usize>) -> Term<'a> {
    let more = vec![Vec::new(); sizes.len() - view.dims.len()];
    let view = View { dims: more.into_iter().chain(view.dims.iter().cloned()).collect(), ..view.clone() };
    if view.sizes() == sizes { Term::View(view) } else { Term::Repeated(view, sizes) }
}

/// The sizes of values together, element by element.
fn together(all: &[Vec<usize>]) -> Vec<usize> {
    let rank = all.iter().map(Vec::len).max().unwrap_or(0);
    let size = |at: usize| {
        all.iter().filter_map(|sizes| Some(sizes[(at + sizes.len()).checked_sub(rank)?])).max().unwrap_or(1)
    };
    (0..rank).map(size).collect()
}
