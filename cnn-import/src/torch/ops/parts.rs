//! Parts of values, and values of parts.

use super::super::call::Call;
use super::super::{Stop, fault};
use crate::constant::Constant;
use crate::graph::{Id, axis};
use crate::proto::Value as Attribute;

fn along(at: usize) -> Vec<(&'static str, Attribute<'static>)> {
    vec![("axis", Attribute::Int(at as i64))]
}

/// The dimension that a call is along, the first by default.
fn dim(call: &Call<'_, '_>, of: Id) -> Result<usize, Stop> {
    Ok(axis(call.int_or("dim", 0)?, call.shape(of).len())?)
}

pub(super) fn concat(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let all = call.values("tensors")?;
    let &[first, ..] = &*all else { return fault("it joins nothing") };
    let at = dim(call, first)?;
    call.gives("Concat", all.into_iter().map(Some).collect(), along(at));
    Ok(())
}

/// Joined along a new dimension.
pub(super) fn stack(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let all = call.values("tensors")?;
    let result = call.result_shape();
    let at = axis(call.int_or("dim", 0)?, result.len())?;
    let mut one = result;
    one[at] = 1;
    let mut inputs = Vec::with_capacity(all.len());
    for value in all {
        let sizes = call.sizes_of(&one);
        inputs.push(Some(call.first("Reshape", vec![Some(value), sizes], Vec::new(), one.clone())));
    }
    call.gives("Concat", inputs, along(at));
    Ok(())
}

/// Whatever says how it is split, the sizes of the parts are known.
pub(super) fn split(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let from = call.input()?;
    let at = dim(call, from)?;
    let sizes: Vec<i64> =
        call.outputs.iter().map(|id| call.shape(*id).get(at).map_or(0, |size| *size as i64)).collect();
    let sizes = call.listed(sizes);
    call.gives("Split", vec![Some(from), sizes], along(at));
    Ok(())
}

/// Each of a dimension, which is gone.
pub(super) fn unbind(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let from = call.input()?;
    let at = dim(call, from)?;
    for (index, id) in call.outputs.iter().enumerate() {
        let index = call.loader.constant(Constant::ints(Vec::new(), vec![index as i64]));
        call.loader.push(call.node, "Gather", vec![Some(from), Some(index)], along(at), vec![Some(*id)]);
    }
    Ok(())
}

pub(super) fn select(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let from = call.input()?;
    let at = dim(call, from)?;
    let index = call.int("index")?;
    let index = call.loader.constant(Constant::ints(Vec::new(), vec![index]));
    call.gives("Gather", vec![Some(from), Some(index)], along(at));
    Ok(())
}

pub(super) fn slice(call: &mut Call<'_, '_>, name: &str) -> Result<(), Stop> {
    let from = call.input()?;
    let at = dim(call, from)?;
    let start = call.int_or("start", 0)?;
    let end = match name {
        "narrow" => start.saturating_add(call.int("length")?),
        _ => call.int_or("end", i64::MAX)?,
    };
    let bounds = [start, end, at as i64, call.int_or("step", 1)?].map(|number| call.listed(vec![number]));
    call.gives("Slice", [Some(from)].into_iter().chain(bounds).collect(), Vec::new());
    Ok(())
}

/// Numbers at places along one dimension: `x[:, [2, 1, 0]]`.
pub(super) fn index(call: &mut Call<'_, '_>, name: &str) -> Result<(), Stop> {
    let from = call.input()?;
    let (at, places) = match name {
        "index_select" => (dim(call, from)?, call.value("index")?),
        _ => match &*call.optionals("indices")? {
            [before @ .., Some(places)] if before.iter().all(Option::is_none) => (before.len(), *places),
            _ => return fault("it takes numbers by places in several dimensions"),
        },
    };
    call.gives("Gather", vec![Some(from), Some(places)], along(at));
    Ok(())
}

/// Some dimensions in reverse.
pub(super) fn flip(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let from = call.input()?;
    let dims = call.ints("dims")?;
    let bounds = [vec![-1; dims.len()], vec![i64::MIN; dims.len()], dims.clone(), vec![-1; dims.len()]];
    let bounds = bounds.map(|list| call.listed(list));
    call.gives("Slice", [Some(from)].into_iter().chain(bounds).collect(), Vec::new());
    Ok(())
}

/// Dimensions whose last numbers come first.
pub(super) fn roll(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let mut from = call.input()?;
    let (shifts, dims) = (call.ints("shifts")?, call.ints_or("dims", &[])?);
    if dims.is_empty() || shifts.len() != dims.len() {
        return fault("it rolls all numbers as one row");
    }
    let shape = call.result_shape();
    for (shift, at) in shifts.into_iter().zip(dims) {
        let at = axis(at, shape.len())?;
        let size = shape[at] as i64;
        let first = (size - shift.rem_euclid(size.max(1))) % size.max(1);
        let mut part = |start: i64, end: i64| {
            let bounds = [start, end, at as i64].map(|number| call.listed(vec![number]));
            let mut shape = shape.clone();
            shape[at] = usize::try_from(end - start).unwrap_or(0);
            call.first("Slice", [Some(from)].into_iter().chain(bounds).collect(), Vec::new(), shape)
        };
        if first != 0 {
            let halves = vec![Some(part(first, size)), Some(part(0, first))];
            from = call.first("Concat", halves, along(at), shape.clone());
        }
    }
    call.gives("Identity", vec![Some(from)], Vec::new());
    Ok(())
}
