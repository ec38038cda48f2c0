//! Sums, products and maxima of values.

use cnn_net::text::count;
use std::rc::Rc;

use cnn_net::op::{Activation, Op, Rearrange, Shape, Size};

use super::arrange::ELSEWHERE;
use super::{Lowering, Stop, fault};
use crate::constant::Constant;
use crate::graph::Node;
use crate::report::Fault;
use crate::view::{Part, View};

/// A batch, channels, rows and columns.
const MOST_DIMS: usize = 4;

impl<'a> Lowering<'_, 'a> {
    /// An operator on any number of values, of which some may be constants.
    pub(super) fn arithmetic(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let (mut views, mut constants) = (Vec::new(), Vec::new());
        let repeats = self.repeats_anyway(node);
        for (index, id) in node.inputs.iter().enumerate() {
            match id.and_then(|id| self.constant_of(id)) {
                Some(constant) => constants.push(constant),
                None if repeats => views.push(self.unrepeated(node, index)?),
                None => views.push(self.view(node, index)?),
            }
        }
        match (node.op, &*views, &*constants) {
            ("Add" | "Sum", [_, ..], _) => {
                let sum = self.merged(Op::Add, &views)?;
                constants.iter().try_fold(sum, |sum, constant| self.shifted(&sum, constant))
            }
            ("Mul", [_, ..], _) => {
                let product = self.merged(Op::Mul, &views)?;
                constants.iter().try_fold(product, |product, constant| self.scaled(&product, constant))
            }
            ("Mean", [_, ..], []) => {
                let sum = self.merged(Op::Add, &views)?;
                self.scaled(&sum, &Rc::new(Constant::floats(Vec::new(), vec![1.0 / views.len() as f32])))
            }
            ("Sub", [_, _], []) => self.merged(Op::Sub, &views),
            ("Sub", [view], [constant]) => {
                let negative = Rc::new(changed(constant, |number| -number)?);
                if node.input(0).is_some_and(|id| self.constant_of(id).is_none()) {
                    return self.shifted(view, &negative);
                }
                let opposite = self.opposite(view)?;
                self.shifted(&opposite, constant)
            }
            ("Div", [view], [constant]) if node.input(0).is_some_and(|id| self.constant_of(id).is_none()) => {
                let inverse = Rc::new(changed(constant, |number| 1.0 / number)?);
                self.scaled(view, &inverse)
            }
            ("Max", [_, _, ..], []) => self.merged(Op::Max, &views),
            ("Min", [_, _, ..], []) => {
                let views = views.iter().map(|view| self.opposite(view)).collect::<Result<Vec<_>, _>>()?;
                let most = self.merged(Op::Max, &views)?;
                self.opposite(&most)
            }
            ("Max" | "Min", [view], [constant]) => self.limited(node, view, constant),
            _ => Err(Fault::new("no layer computes it of such values")
                .help("of the operators with two values there are Add, Sub, Mul and Max")
                .into()),
        }
    }

    /// A power, as a product.
    pub(super) fn power(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        match self.needs(node, 1)?.common() {
            Some(1.0) => Ok(view),
            Some(2.0) => self.merged(Op::Mul, &vec![view; 2]),
            Some(3.0) => self.merged(Op::Mul, &vec![view; 3]),
            _ => Err(Fault::new("it is a power other than 1, 2 or 3").help(ELSEWHERE).into()),
        }
    }

    /// A value without its sign: it, or its opposite.
    pub(super) fn magnitude(&mut self, view: View) -> Result<View, Stop> {
        let view = View { is_only: false, ..view };
        let opposite = self.opposite(&view)?;
        self.merged(Op::Max, &[view, opposite])
    }

    /// The opposite of a value.
    pub(super) fn opposite(&mut self, view: &View) -> Result<View, Stop> {
        self.scaled(view, &Rc::new(Constant::floats(Vec::new(), vec![-1.0])))
    }

    /// A value that is limited by a number.
    fn limited(&mut self, node: &Node<'a>, view: &View, constant: &Constant<'a>) -> Result<View, Stop> {
        let Some(limit) = constant.common().map(|limit| limit as f32) else {
            return fault("it limits each channel by another number");
        };
        let activation = match node.op {
            "Max" if limit == 0.0 => Activation::Relu,
            "Max" => Activation::Threshold { threshold: limit, value: limit },
            _ => Activation::HardTanh { min: f32::MIN, max: limit },
        };
        Ok(self.emit_on(view, Op::Activation(activation), Vec::new()))
    }

    /// Values element by element.
    fn merged(&mut self, op: Op, views: &[View]) -> Result<View, Stop> {
        let [first, ..] = views else { return fault("it has no inputs") };
        if views.len() == 1 {
            return Ok(first.clone());
        }
        let rank = views.iter().map(|view| view.dims.len()).max().unwrap_or(0);
        let wide = |view: &View| {
            let more = vec![Vec::new(); rank - view.dims.len()];
            View { dims: more.into_iter().chain(view.dims.iter().cloned()).collect(), ..view.clone() }
        };
        let mut views: Vec<View> = views.iter().map(wide).collect();
        if together(&views).is_none() && rank > MOST_DIMS {
            return self.merged_as_maps(op, &views, rank);
        }
        if together(&views).is_none() {
            views = views.iter().map(|view| self.natural(view)).collect::<Result<_, _>>()?;
        }
        // Vectors of one number go with others as maps of one pixel do.
        let is_mixed = views.windows(2).any(|pair| pair[0].shape != pair[1].shape);
        if is_mixed || views.iter().any(|view| matches!(view.shape, Shape::Map { .. })) {
            views = views.into_iter().map(|view| self.as_maps(view)).collect();
        }
        if broadcast(&views).is_none()
            && let Some(sizes) = repeated_sizes(&views)
        {
            // Rows or columns alone, which the language doesn't repeat by itself.
            let wide = |this: &mut Self, view: &View| {
                let own = view.shape.size();
                let is_wide = own == Size::square(1) || view.sizes()[2..] == sizes[2..];
                if is_wide {
                    Ok(view.clone())
                } else {
                    this.repeated(view, &[&view.sizes()[..2], &sizes[2..]].concat())
                }
            };
            views = views.iter().map(|view| wide(self, view)).collect::<Result<_, _>>()?;
        }
        let (Some(dims), Some(shape)) = (together(&views), broadcast(&views)) else {
            let sizes: Vec<Vec<usize>> = views.iter().map(View::sizes).collect();
            return fault(format!("values of the shapes {sizes:?} don't go together as the language has it"));
        };
        if op == Op::Mul {
            // As a person would write it: the value, then what it is multiplied with.
            views.sort_by_key(|view| std::cmp::Reverse(view.shape.elements()));
        }
        let value = self.emit(op, views.iter().map(|view| view.value).collect(), shape, Vec::new());
        Ok(View::of(value, shape, dims))
    }

    /// Values of more dimensions, of which all but the last two are channels here.
    fn merged_as_maps(&mut self, op: Op, views: &[View], rank: usize) -> Result<View, Stop> {
        let sizes: Vec<usize> =
            (0..rank).map(|at| views.iter().map(|view| view.sizes()[at]).max().unwrap_or(1)).collect();
        let channels = 1..rank - 2;
        let as_maps = |view: &View| {
            let own = view.sizes();
            let outer = &own[channels.clone()];
            let is_alike = *outer == sizes[channels.clone()] || outer.iter().all(|size| *size == 1);
            let to = [own[0], outer.iter().product(), own[rank - 2], own[rank - 1]];
            view.reshaped(&to).filter(|_| is_alike)
        };
        let refused = || {
            Fault::new(format!(
                "values of {rank}, {sizes:?}, don't go together as maps do",
                rank = count(rank as u64, "dimension")
            ))
            .help(ELSEWHERE)
        };
        let maps: Vec<View> = views.iter().map(as_maps).collect::<Option<_>>().ok_or_else(refused)?;
        let merged = self.merged(op, &maps)?;
        Ok(self.moved(merged.reshaped(&sizes).ok_or_else(refused)?))
    }

    /// A vector as maps of one pixel, which go with larger ones.
    pub(super) fn as_maps(&mut self, view: View) -> View {
        let Shape::Vector(channels) = view.shape else { return view };
        let shape = Shape::map(channels, 1, 1);
        let value = self.emit(Op::Rearrange(Rearrange::Reshape(shape)), vec![view.value], shape, Vec::new());
        View { value, shape, ..view }
    }
}

fn changed<'a>(constant: &Constant<'a>, function: impl Fn(f64) -> f64) -> Result<Constant<'a>, Fault> {
    let floats = constant.to_f64()?.into_iter().map(|number| function(number) as f32).collect();
    Ok(Constant { name: constant.name, ..Constant::floats(constant.dims.clone(), floats) })
}

/// The dimensions of values element by element, if they lie alike.
fn together(views: &[View]) -> Option<Vec<Vec<Part>>> {
    let rank = views.first()?.dims.len();
    let dim = |at: usize| {
        let mut parts = views.iter().map(|view| &view.dims[at]).filter(|parts| !parts.is_empty());
        let first = parts.next().cloned().unwrap_or_default();
        parts.all(|parts| *parts == first).then_some(first)
    };
    (0..rank).map(dim).collect()
}

/// The sizes that maps have together if their rows and columns are repeated.
fn repeated_sizes(views: &[View]) -> Option<Vec<usize>> {
    let rank = views.first()?.dims.len();
    let are_natural = views.iter().all(|view| matches!(view.shape, Shape::Map { .. }) && view.is_in_order());
    let all: Vec<Vec<usize>> = views.iter().map(View::sizes).collect();
    let size = |at: usize| {
        let most = all.iter().map(|sizes| sizes[at]).max().unwrap_or(1);
        all.iter().all(|sizes| [1, most].contains(&sizes[at])).then_some(most)
    };
    if !(3..=4).contains(&rank) || !are_natural { None } else { (0..rank).map(size).collect() }
}

/// The shape of values element by element, if the language lets them go together.
fn broadcast(views: &[View]) -> Option<Shape> {
    let pair = |a: Shape, b: Shape| {
        let (Shape::Map { channels, .. }, Shape::Map { channels: others, .. }) = (a, b) else {
            return (a == b).then_some(a);
        };
        let (size, other, one) = (a.size(), b.size(), Size::square(1));
        let channels = if channels == 1 || channels == others { others } else { channels };
        let fits = (others == 1 || channels == others) && (size == other || size == one || other == one);
        let size = if size == one { other } else { size };
        fits.then(|| Shape::map(channels, size.height, size.width))
    };
    let mut shapes = views.iter().map(|view| view.shape);
    let first = shapes.next()?;
    shapes.try_fold(first, pair)
}
