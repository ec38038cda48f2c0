//! Values that are joined, and parts of values.

use super::super::call::Call;
use crate::constant::Constant;
use crate::graph::{Id, axis};
use crate::proto::Value as Attribute;
use crate::report::Fault;

pub(super) fn concatenation(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let (inputs, at) = (call.inputs()?, call.number(0)?);
    let result = call.node("Concat", &inputs, vec![("axis", Attribute::Int(at))]);
    call.activated(result, 1)
}

/// Values along a new dimension.
pub(super) fn pack(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let (inputs, at) = (call.inputs()?, call.number(1)?);
    let axes = call.listed(vec![at]);
    let wide: Vec<Id> = inputs.into_iter().map(|x| call.node("Unsqueeze", &[x, axes], Vec::new())).collect();
    Ok(call.node("Concat", &wide, vec![("axis", Attribute::Int(at))]))
}

pub(super) fn unpack(call: &mut Call<'_, '_, '_>) -> Result<Vec<Id>, Fault> {
    let (x, at, count) = (call.input(0)?, call.number(1)?, call.operator.outputs.len());
    let place = |index: usize| {
        let place = call.loader.constant(Constant::ints(Vec::new(), vec![index as i64]));
        call.node("Gather", &[x, place], vec![("axis", Attribute::Int(at))])
    };
    Ok((0..count).map(place).collect())
}

/// SPLIT has the axis before the value, SPLIT_V after it, and the sizes of the parts.
pub(super) fn split(call: &mut Call<'_, '_, '_>) -> Result<Vec<Id>, Fault> {
    let has_sizes = call.op == "SPLIT_V";
    let (place, of) = if has_sizes { (0, 2) } else { (1, 0) };
    let (x, at) = (call.input(place)?, call.axis(of, place)?);
    let count = call.operator.outputs.len();
    let mut inputs = vec![Some(x)];
    if has_sizes {
        let mut sizes = call.ints(1)?;
        let all = call.shape(place)?.get(at as usize).copied().unwrap_or(-1);
        let known: i64 = sizes.iter().filter(|size| **size > 0).fold(0, |sum, size| sum.saturating_add(*size));
        // One of them may be what the others leave.
        sizes.iter_mut().filter(|size| **size == -1).for_each(|size| *size = all.saturating_sub(known));
        inputs.push(Some(call.listed(sizes)));
    }
    Ok(call.nodes("Split", inputs, vec![("axis", Attribute::Int(at))], count))
}

/// From some places on, this many; -1 is all that follow.
pub(super) fn slice(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let (x, starts, counts) = (call.input(0)?, call.ints(1)?, call.ints(2)?);
    if starts.len() != counts.len() {
        return Err(Fault::new("its starts and its sizes are not as many"));
    }
    let end = |(start, count): (&i64, &i64)| if *count < 0 { i64::MAX } else { start.saturating_add(*count) };
    let ends = starts.iter().zip(&counts).map(end).collect();
    let (starts, ends) = (call.listed(starts), call.listed(ends));
    Ok(call.node("Slice", &[x, starts, ends], Vec::new()))
}

pub(super) fn gather(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    if call.number(1)? != 0 {
        return Err(Fault::new("it takes other places for each of a batch"));
    }
    let (inputs, at) = (call.inputs()?, call.number(0)?);
    Ok(call.node("Gather", &inputs, vec![("axis", Attribute::Int(at))]))
}

/// What `x[1:, ..., None, 0]` takes: a part of each dimension, of which some are gone afterwards, and some are new.
#[derive(Default)]
struct Taken {
    axes: Vec<i64>,
    starts: Vec<i64>,
    ends: Vec<i64>,
    steps: Vec<i64>,
    gone: Vec<i64>,
    new: Vec<i64>,
}

pub(super) fn strided_slice(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let taken = taken(call)?;
    let x = call.input(0)?;
    let Taken { axes, starts, ends, steps, gone, new } = taken;
    let [starts, ends, axes, steps] = [starts, ends, axes, steps].map(|list| call.listed(list));
    let mut result = call.node("Slice", &[x, starts, ends, axes, steps], Vec::new());
    for (op, axes) in [("Squeeze", gone), ("Unsqueeze", new)] {
        if !axes.is_empty() {
            let axes = call.listed(axes);
            result = call.node(op, &[result, axes], Vec::new());
        }
    }
    Ok(result)
}

fn taken(call: &mut Call<'_, '_, '_>) -> Result<Taken, Fault> {
    let (begins, ends, steps) = (call.ints(1)?, call.ints(2)?, call.ints(3)?);
    let (rank, count) = (call.rank(0)?, begins.len());
    if ends.len() != count || steps.len() != count || count > 31 {
        return Err(Fault::new("its starts, ends and steps are not as many"));
    }
    // A bit for each.
    let mut masks = [0; 5];
    for (field, mask) in masks.iter_mut().enumerate() {
        *mask = call.number(field)?;
    }
    let [from_start, to_end, rest, new, gone] = masks.map(|mask| move |index: usize| mask >> index & 1 == 1);
    let is_offset = call.flag(5)?;
    let news = (0..count).filter(|index| new(*index) && !rest(*index)).count();
    let (mut taken, mut at, mut place) = (Taken::default(), 0, 0);
    for index in 0..count {
        if rest(index) {
            let skipped = (rank + news + 1).saturating_sub(count);
            (at, place) = (at + skipped, place + skipped as i64);
            continue;
        }
        if new(index) {
            taken.new.push(place);
            place += 1;
            continue;
        }
        let (start, step) = (begins[index], steps[index]);
        let end = if is_offset { start.saturating_add(ends[index]) } else { ends[index] };
        let (first, last) = if step > 0 { (0, i64::MAX) } else { (i64::MAX, i64::MIN) };
        let (start, end, step) = match (gone(index), start) {
            (true, -1) => (-1, i64::MAX, 1),
            (true, _) => (start, start.saturating_add(1), 1),
            (false, _) => (if from_start(index) { first } else { start }, if to_end(index) { last } else { end }, step),
        };
        taken.axes.push(axis(at as i64, rank)? as i64);
        taken.starts.push(start);
        taken.ends.push(end);
        taken.steps.push(step);
        if gone(index) {
            taken.gone.push(at as i64);
        } else {
            place += 1;
        }
        at += 1;
    }
    Ok(taken)
}
