//! Constants rearranged: slices, other shapes, parts of several.

use super::elements::{broadcast, steps};
use crate::constant::{Constant, Data, dims, positions, strides};
use crate::graph::{Node, axis};
use crate::report::Fault;
use cnn_net::text::count;

/// A result may have this many numbers more than what it is made of.
const MOST_MORE: usize = 1 << 20;

type Inputs<'c, 'a> = [Option<&'c Constant<'a>>];

/// The result of an operator that computes nothing.
pub(super) fn moved<'a>(node: &Node<'a>, inputs: &Inputs<'_, 'a>) -> Result<Constant<'a>, Fault> {
    let needs = |index: usize| {
        inputs.get(index).copied().flatten().ok_or_else(|| Fault::new(format!("its input {} is missing", index + 1)))
    };
    let first = needs(0)?;
    match node.op {
        "Reshape" => {
            let to = needs(1)?.to_ints()?;
            let dims = reshaped(&first.dims, &to, node.flag("allowzero", false)?)?;
            Ok(first.with_dims(dims))
        }
        "Flatten" => {
            let at = node.int("axis", 1)?;
            let at = if at == first.dims.len() as i64 { first.dims.len() } else { axis(at, first.dims.len())? };
            let (before, after) = first.dims.split_at(at);
            Ok(first.with_dims(vec![before.iter().product(), after.iter().product()]))
        }
        "Squeeze" => {
            let axes = listed(node, inputs)?;
            Ok(first.with_dims(squeezed(&first.dims, axes.as_deref())?))
        }
        "Unsqueeze" => {
            let axes = listed(node, inputs)?.ok_or_else(|| Fault::new("its axes are missing"))?;
            Ok(first.with_dims(unsqueezed(&first.dims, &axes)?))
        }
        "Transpose" => first.transposed(&order(node, first.dims.len())?),
        "Concat" => concat(node, &inputs.iter().copied().flatten().collect::<Vec<_>>()),
        "Slice" => sliced(first, &slices(node, inputs, &first.dims)?),
        "Gather" => gathered(node, first, needs(1)?),
        "Expand" => {
            let dims = broadcast(&first.dims, &dims(&needs(1)?.to_ints()?)?)?;
            picked(first, dims.clone(), &steps(&first.dims, &dims), 0)
        }
        "Tile" => tiled(first, &needs(1)?.to_ints()?),
        _ => range(first, needs(1)?, needs(2)?),
    }
}

/// The axes of an operator, which are an attribute before version 13, and an input from then on.
fn listed(node: &Node<'_>, inputs: &Inputs<'_, '_>) -> Result<Option<Vec<i64>>, Fault> {
    match inputs.get(1).copied().flatten() {
        Some(axes) => axes.to_ints().map(Some),
        None => Ok(node.ints("axes")?.map(<[i64]>::to_vec)),
    }
}

/// The shape that a `Reshape` asks for: 0 is a dimension of the input, -1 is what remains.
pub(crate) fn reshaped(from: &[usize], to: &[i64], allows_zero: bool) -> Result<Vec<usize>, Fault> {
    let wrong = || {
        let fault = Fault::new(format!("a value of the shape {from:?} can't have the shape {to:?}"));
        // The batch is 1, whatever the file says of inputs.
        let is_batch = from.first() == Some(&1) && to.first().is_some_and(|size| *size > 1);
        if is_batch { fault.help("export the model with a batch of 1") } else { fault }
    };
    let mut sizes = Vec::with_capacity(to.len());
    for (index, size) in to.iter().enumerate() {
        sizes.push(match size {
            0 if !allows_zero => Some(*from.get(index).ok_or_else(wrong)?),
            -1 => None,
            size => Some(usize::try_from(*size).map_err(|_| wrong())?),
        });
    }
    let all: usize = from.iter().product();
    let known = sizes.iter().flatten().try_fold(1_usize, |all, size| all.checked_mul(*size)).ok_or_else(wrong)?;
    let rest = all.checked_div(known).filter(|rest| rest.checked_mul(known) == Some(all));
    let unknown = sizes.iter().filter(|size| size.is_none()).count();
    match (unknown, rest) {
        (0, Some(1)) => {}
        (0, None) if all == known => {}
        (1, Some(_)) => {}
        _ => return Err(wrong()),
    }
    Ok(sizes.into_iter().map(|size| size.or(rest).unwrap_or(0)).collect())
}

/// Without dimensions of 1.
pub(crate) fn squeezed(from: &[usize], axes: Option<&[i64]>) -> Result<Vec<usize>, Fault> {
    let axes: Vec<usize> = match axes {
        Some(axes) => axes.iter().map(|at| axis(*at, from.len())).collect::<Result<_, _>>()?,
        None => (0..from.len()).filter(|axis| from[*axis] == 1).collect(),
    };
    match axes.iter().find(|axis| from[**axis] != 1) {
        Some(axis) => Err(Fault::new(format!("its axis {axis} of {from:?} is not 1"))),
        None => Ok((0..from.len()).filter(|axis| !axes.contains(axis)).map(|axis| from[axis]).collect()),
    }
}

/// With more dimensions of 1.
pub(crate) fn unsqueezed(from: &[usize], axes: &[i64]) -> Result<Vec<usize>, Fault> {
    let rank = from.len() + axes.len();
    let axes: Vec<usize> = axes.iter().map(|at| axis(*at, rank)).collect::<Result<_, _>>()?;
    let mut rest = from.iter();
    let dims = (0..rank).map(|at| if axes.contains(&at) { Some(1) } else { rest.next().copied() });
    dims.collect::<Option<_>>().ok_or_else(|| Fault::new("it names an axis twice"))
}

/// The order of dimensions that a `Transpose` asks for.
pub(crate) fn order(node: &Node<'_>, rank: usize) -> Result<Vec<usize>, Fault> {
    let Some(order) = node.ints("perm")? else { return Ok((0..rank).rev().collect()) };
    let order: Vec<usize> = order.iter().map(|at| axis(*at, rank)).collect::<Result<_, _>>()?;
    let is_order = order.len() == rank && (0..rank).all(|axis| order.contains(&axis));
    if is_order {
        Ok(order)
    } else {
        Err(Fault::new(format!("{order:?} is no order of {rank}", rank = count(rank as u64, "dimension"))))
    }
}

/// A part of a dimension, perhaps not every one of its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) first: usize,
    pub(crate) count: usize,
    pub(crate) step: i64,
}

/// What a `Slice` takes of each dimension.
pub(crate) fn slices(node: &Node<'_>, inputs: &Inputs<'_, '_>, from: &[usize]) -> Result<Vec<Piece>, Fault> {
    let list = |index: usize, name: &str| -> Result<Option<Vec<i64>>, Fault> {
        match inputs.get(index).copied().flatten() {
            Some(list) => list.to_ints().map(Some),
            None => Ok(node.ints(name)?.map(<[i64]>::to_vec)),
        }
    };
    let (Some(starts), Some(ends)) = (list(1, "starts")?, list(2, "ends")?) else {
        return Err(Fault::new("where it starts or ends is missing"));
    };
    let axes = list(3, "axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = list(4, "steps")?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()].iter().any(|len| *len != starts.len()) {
        return Err(Fault::new("its starts, ends, axes and steps are not as many"));
    }
    let mut parts: Vec<Piece> = from.iter().map(|size| Piece { first: 0, count: *size, step: 1 }).collect();
    for (((start, end), at), step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
        let at = axis(*at, from.len())?;
        let size = from[at] as i64;
        let from_end = |place: i64| if place < 0 { place.saturating_add(size) } else { place };
        parts[at] = match step {
            1.. => {
                let (start, end) = (from_end(*start).clamp(0, size), from_end(*end).clamp(0, size));
                let count = (end - start).max(0).unsigned_abs().div_ceil(step.unsigned_abs());
                Piece { first: start as usize, count: count as usize, step: *step }
            }
            0 => return Err(Fault::new("its step is 0")),
            _ => {
                let (start, end) = (from_end(*start).clamp(-1, size - 1), from_end(*end).clamp(-1, size - 1));
                let count = (start - end).max(0).unsigned_abs().div_ceil(step.unsigned_abs());
                Piece { first: start.max(0) as usize, count: count as usize, step: *step }
            }
        };
    }
    Ok(parts)
}

fn sliced<'a>(constant: &Constant<'a>, parts: &[Piece]) -> Result<Constant<'a>, Fault> {
    if let Data::Splat(..) = constant.data {
        return Ok(Constant { name: "", ..constant.with_dims(parts.iter().map(|part| part.count).collect()) });
    }
    let own = strides(&constant.dims);
    let (mut at, mut dims) = (0, Vec::with_capacity(parts.len()));
    let mut indices = vec![0_usize];
    for (part, stride) in parts.iter().zip(own) {
        at += part.first * stride;
        dims.push(part.count);
        let steps = (0..part.count).map(|index| (index as i64).saturating_mul(part.step).saturating_mul(stride as i64));
        let steps: Vec<i64> = steps.collect();
        indices = indices.iter().flat_map(|from| steps.iter().map(|step| from.wrapping_add(*step as usize))).collect();
    }
    let indices = indices.into_iter().map(|index| index.wrapping_add(at));
    taken(constant, dims, indices)
}

/// Numbers of a constant by their places.
fn taken<'a>(
    constant: &Constant<'a>,
    dims: Vec<usize>,
    indices: impl Iterator<Item = usize>,
) -> Result<Constant<'a>, Fault> {
    let beyond = || Fault::new("it reads beyond the end of a constant");
    let data = match &constant.data {
        Data::Splat(..) => constant.data.clone(),
        Data::Ints(ints) => {
            Data::Ints(indices.map(|index| ints.get(index).copied()).collect::<Option<_>>().ok_or_else(beyond)?)
        }
        Data::Floats(_) | Data::Encoded(..) => {
            let floats = constant.to_f32()?;
            Data::Floats(indices.map(|index| floats.get(index).copied()).collect::<Option<_>>().ok_or_else(beyond)?)
        }
    };
    Ok(Constant { name: "", dims, data })
}

/// A constant in which neighbours are other numbers of another one.
fn picked<'a>(constant: &Constant<'a>, dims: Vec<usize>, steps: &[usize], first: usize) -> Result<Constant<'a>, Fault> {
    let len = dims.iter().try_fold(1_usize, |all, size| all.checked_mul(*size)).unwrap_or(usize::MAX);
    if len > constant.len().saturating_add(MOST_MORE) {
        return Err(Fault::new("it repeats a constant too often"));
    }
    let indices = positions(&dims, steps).map(|index| first + index);
    taken(constant, dims.clone(), indices)
}

fn concat<'a>(node: &Node<'a>, all: &[&Constant<'a>]) -> Result<Constant<'a>, Fault> {
    let [first, ..] = all else { return Err(Fault::new("it has no inputs")) };
    let at = axis(node.int("axis", 0)?, first.dims.len())?;
    let fits = |other: &&Constant<'a>| {
        let is_same = |axis: usize| axis == at || other.dims[axis] == first.dims[axis];
        other.dims.len() == first.dims.len() && (0..first.dims.len()).all(is_same)
    };
    if !all.iter().all(fits) {
        return Err(Fault::new("the shapes of its constants don't go together"));
    }
    let mut dims = first.dims.clone();
    dims[at] = all.iter().map(|constant| constant.dims[at]).sum();
    let blocks: usize = dims[..at].iter().product();
    let sizes: Vec<usize> = all.iter().map(|constant| constant.dims[at..].iter().product()).collect();
    if all.iter().all(|constant| constant.is_whole()) {
        let ints = all.iter().map(|constant| constant.to_ints()).collect::<Result<Vec<_>, _>>()?;
        let joined = (0..blocks)
            .flat_map(|block| ints.iter().zip(&sizes).flat_map(move |(it, size)| &it[block * size..][..*size]));
        return Ok(Constant::ints(dims, joined.copied().collect()));
    }
    let floats = all.iter().map(|constant| constant.to_f32()).collect::<Result<Vec<_>, _>>()?;
    let joined = (0..blocks)
        .flat_map(|block| floats.iter().zip(&sizes).flat_map(move |(it, size)| &it[block * size..][..*size]));
    Ok(Constant::floats(dims, joined.copied().collect()))
}

fn gathered<'a>(node: &Node<'a>, constant: &Constant<'a>, indices: &Constant<'a>) -> Result<Constant<'a>, Fault> {
    let at = axis(node.int("axis", 0)?, constant.dims.len())?;
    let size = constant.dims[at];
    let index = |index: i64| {
        let from_end = if index < 0 { index.saturating_add(size as i64) } else { index };
        usize::try_from(from_end).ok().filter(|index| *index < size)
    };
    let places = indices.to_ints()?.into_iter().map(index).collect::<Option<Vec<usize>>>();
    let places = places.ok_or_else(|| Fault::new("it reads beyond the end of a constant"))?;
    let (before, after) = (&constant.dims[..at], &constant.dims[at + 1..]);
    let (blocks, inner): (usize, usize) = (before.iter().product(), after.iter().product());
    if blocks.saturating_mul(places.len()).saturating_mul(inner) > constant.len().saturating_add(MOST_MORE) {
        return Err(Fault::new("it repeats a constant too often"));
    }
    let places = &places;
    let indices_of = (0..blocks).flat_map(|block| {
        places.iter().flat_map(move |place| (0..inner).map(move |k| (block * size + place) * inner + k))
    });
    let dims = [before, &indices.dims, after].concat();
    taken(constant, dims, indices_of)
}

fn tiled<'a>(constant: &Constant<'a>, repeats: &[i64]) -> Result<Constant<'a>, Fault> {
    let wrong = || Fault::new("it repeats a constant in a way that is not supported");
    if repeats.len() != constant.dims.len() {
        return Err(wrong());
    }
    // Each dimension as two: the copies, and what is copied.
    let own = strides(&constant.dims);
    let (mut dims, mut steps, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for ((size, stride), repeat) in constant.dims.iter().zip(own).zip(repeats) {
        let repeat = usize::try_from(*repeat).map_err(|_| wrong())?;
        dims.extend([repeat, *size]);
        steps.extend([0, stride]);
        whole.push(repeat.checked_mul(*size).ok_or_else(wrong)?);
    }
    Ok(picked(constant, dims, &steps, 0)?.with_dims(whole))
}

fn range<'a>(start: &Constant<'a>, limit: &Constant<'a>, delta: &Constant<'a>) -> Result<Constant<'a>, Fault> {
    let number = |constant: &Constant<'_>| constant.scalar().ok_or_else(|| Fault::new("its ends are not numbers"));
    let (first, end, step) = (number(start)?, number(limit)?, number(delta)?);
    let count = ((end - first) / step).ceil();
    if !(0.0..=MOST_MORE as f64).contains(&count) {
        return Err(Fault::new("its range is too long"));
    }
    let numbers = (0..count as usize).map(|index| first + index as f64 * step);
    if start.is_whole() && delta.is_whole() {
        return Ok(Constant::ints(vec![count as usize], numbers.map(|number| number as i64).collect()));
    }
    Ok(Constant::floats(vec![count as usize], numbers.map(|number| number as f32).collect()))
}

/// Parts of a constant along an axis.
pub(super) fn split<'a>(
    node: &Node<'a>,
    constant: &Constant<'a>,
    sizes: Option<&Constant<'a>>,
) -> Result<Vec<Constant<'a>>, Fault> {
    let at = axis(node.int("axis", 0)?, constant.dims.len())?;
    let sizes = parts(node, sizes, constant.dims[at])?;
    let whole = |axis: usize| Piece { first: 0, count: constant.dims[axis], step: 1 };
    let mut first = 0;
    let mut split = Vec::with_capacity(sizes.len());
    for count in sizes {
        let mut all: Vec<Piece> = (0..constant.dims.len()).map(whole).collect();
        all[at] = Piece { first, count, step: 1 };
        first += count;
        split.push(sliced(constant, &all)?);
    }
    Ok(split)
}

/// The sizes of the parts of a `Split`, as many as it has results.
pub(crate) fn parts(node: &Node<'_>, sizes: Option<&Constant<'_>>, of: usize) -> Result<Vec<usize>, Fault> {
    let listed = match sizes {
        Some(sizes) => Some(sizes.to_ints()?),
        None => node.ints("split")?.map(<[i64]>::to_vec),
    };
    let count = node.outputs.len().max(1);
    let sizes: Vec<usize> = match listed {
        Some(sizes) => sizes.into_iter().map(|size| usize::try_from(size).unwrap_or(usize::MAX)).collect(),
        None => {
            let each = of.div_ceil(count);
            (0..count).map(|index| each.min(of.saturating_sub(index * each))).collect()
        }
    };
    let sum = sizes.iter().try_fold(0_usize, |sum, size| sum.checked_add(*size));
    if sum == Some(of) && sizes.len() == count {
        return Ok(sizes);
    }
    Err(Fault::new(format!(
        "its parts {sizes:?} are not those of {of}, for {count}",
        count = cnn_net::text::count(count as u64, "result")
    )))
}
