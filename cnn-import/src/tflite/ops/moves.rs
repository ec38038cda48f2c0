//! Operators that only redefine where numbers are, and padding.

use super::super::call::Call;
use super::super::{FIRST, order};
use crate::graph::Id;
use crate::proto::Value as Attribute;
use crate::report::Fault;
use cnn_net::text::count;

/// The shape is an input, or else an option.
pub(super) fn reshape(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let x = call.input(0)?;
    match call.optional(1)? {
        Some(sizes) if call.is_whole(sizes) => {
            let sizes = call.ints(1)?;
            let sizes = unbatched(call, sizes)?;
            Ok(call.reshaped(x, sizes))
        }
        Some(sizes) => Ok(call.node("Reshape", &[x, sizes], vec![("allowzero", Attribute::Int(1))])),
        None => {
            let sizes = call.option(|table| table.ints(0))?.to_vec();
            let sizes = unbatched(call, sizes.into_iter().map(i64::from).collect())?;
            Ok(call.reshaped(x, sizes))
        }
    }
}

/// A shape for one of the batch that the file is for. One with a size that follows from the others is for any.
fn unbatched(call: &Call<'_, '_, '_>, mut sizes: Vec<i64>) -> Result<Vec<i64>, Fault> {
    // Constants and sizes have no batch.
    let batch = if call.is_batched(0)? { call.loader.batch } else { 1 };
    match sizes.first_mut().filter(|_| batch > 1) {
        Some(first) if *first > 0 && *first % batch == 0 => *first /= batch,
        Some(first) if *first > 0 => {
            let why = format!("it takes the {batch} of the batch apart, or makes them one: {sizes:?}");
            return Err(Fault::new(why).help("convert the model with a batch of 1"));
        }
        Some(_) | None => {}
    }
    Ok(sizes)
}

pub(super) fn squeeze(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let x = call.input(0)?;
    let axes: Vec<i64> = call.option(|table| table.ints(0))?.to_vec().into_iter().map(i64::from).collect();
    if axes.is_empty() {
        return Ok(call.node("Squeeze", &[x], Vec::new()));
    }
    let axes = call.listed(axes);
    Ok(call.node("Squeeze", &[x, axes], Vec::new()))
}

pub(super) fn expand_dims(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let at = call.int(1)?;
    of_one(call, "Unsqueeze", at)
}

/// A dimension of 1 more or less.
pub(super) fn of_one<'a>(call: &mut Call<'_, '_, 'a>, op: &'a str, axis: i64) -> Result<Id, Fault> {
    let x = call.input(0)?;
    let axes = call.listed(vec![axis]);
    Ok(call.node(op, &[x, axes], Vec::new()))
}

pub(super) fn transpose(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let (x, order) = (call.input(0)?, call.ints(1)?);
    Ok(call.node("Transpose", &[x], vec![("perm", Attribute::Ints(order))]))
}

/// Its second input has two numbers for each dimension: how many are added before, and after.
pub(super) fn pad(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let (x, rank, pads) = (call.input(0)?, call.rank(0)?, call.ints(1)?);
    if pads.len() != 2 * rank {
        return Err(Fault::new(format!(
            "it has {} numbers for {rank}",
            pads.len(),
            rank = count(rank as u64, "dimension")
        )));
    }
    let mode = match (call.op, call.option(|table| table.byte(0))?) {
        ("MIRROR_PAD", 0) => "reflect",
        // Of a single row or column, the mirror image with the edge is the edge.
        ("MIRROR_PAD", _) if pads.iter().all(|count| *count <= 1) => "edge",
        ("MIRROR_PAD", _) => {
            let why = "it repeats rows and columns in reverse, with those at the edge";
            return Err(Fault::new(why).help("pad by REFLECT, or by a single row and column"));
        }
        _ => "constant",
    };
    let ends: Vec<i64> = pads.iter().step_by(2).chain(pads.iter().skip(1).step_by(2)).copied().collect();
    let pads = call.listed(ends);
    let value = if call.op == "PADV2" { call.optional(2)? } else { None };
    // Each dimension of the file is an axis of the maps.
    let axes = order(super::super::LAST, rank).map(<[i64]>::to_vec);
    let axes = call.listed(axes.unwrap_or_else(|| (0..rank as i64).collect()));
    let x = if order(FIRST, rank).is_some() { call.first(x, rank) } else { x };
    let inputs = vec![Some(x), Some(pads), value, Some(axes)];
    let result = call.nodes("Pad", inputs, vec![("mode", Attribute::Text(mode))], 1).swap_remove(0);
    Ok(call.last(result, rank))
}

pub(super) fn depth_to_space(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let rank = call.maps(0)?;
    let op = if call.op == "DEPTH_TO_SPACE" { "DepthToSpace" } else { "SpaceToDepth" };
    let size = call.number(0)?;
    let x = call.input(0)?;
    let x = call.first(x, rank);
    let result = call.node(op, &[x], vec![("blocksize", Attribute::Int(size))]);
    Ok(call.last(result, rank))
}
