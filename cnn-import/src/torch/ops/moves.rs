//! Operators that only redefine where numbers are, and padding.

use super::super::call::Call;
use super::super::{Stop, fault};
use super::unless;
use crate::graph::{Id, axis};
use crate::proto::Value as Attribute;
use cnn_net::text::count;

fn reshaped(call: &mut Call<'_, '_>, from: Id) {
    let to = call.result_shape();
    let sizes = call.sizes_of(&to);
    call.gives("Reshape", vec![Some(from), sizes], Vec::new());
}

pub(super) fn reshape(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let from = call.input()?;
    unless(call.node.op != "aten.view.dtype", "it takes the bits of numbers for others")?;
    reshaped(call, from);
    Ok(())
}

/// The same numbers, perhaps of another type.
pub(super) fn same(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let from = call.input()?;
    if call.has("dtype") {
        let kind = call.text("dtype")?;
        let is_real = ["float32", "float64", "float16", "bfloat16"].contains(&kind);
        unless(is_real, "it makes other numbers than real ones of its input")?;
    }
    call.gives("Identity", vec![Some(from)], Vec::new());
    Ok(())
}

pub(super) fn transpose(call: &mut Call<'_, '_>, name: &str) -> Result<(), Stop> {
    let from = call.input()?;
    let rank = call.shape(from).len();
    let at = |at: i64| axis(at, rank);
    let mut order: Vec<usize> = (0..rank).collect();
    match name {
        "permute" => order = call.ints("dims")?.into_iter().map(at).collect::<Result<_, _>>()?,
        "t" | "numpy_T" => order.reverse(),
        "movedim" => {
            let (&[source], &[to]) = (&*call.ints("source")?, &*call.ints("destination")?) else {
                return fault("it moves several dimensions");
            };
            let moved = order.remove(at(source)?);
            order.insert(at(to)?, moved);
        }
        _ => {
            let names = if call.has("axis0") { ["axis0", "axis1"] } else { ["dim0", "dim1"] };
            order.swap(call.axis(names[0], from)?, call.axis(names[1], from)?);
        }
    }
    let order = order.into_iter().map(|at| at as i64).collect();
    call.gives("Transpose", vec![Some(from)], vec![("perm", Attribute::Ints(order))]);
    Ok(())
}

pub(super) fn expand(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let from = call.input()?;
    let to = call.result_shape();
    let sizes = call.sizes_of(&to);
    call.gives("Expand", vec![Some(from), sizes], Vec::new());
    Ok(())
}

pub(super) fn repeat(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let (from, repeats) = (call.input()?, call.ints("repeats")?);
    if repeats.len() != call.shape(from).len() {
        return expand(call);
    }
    let repeats = call.listed(repeats);
    call.gives("Tile", vec![Some(from), repeats], Vec::new());
    Ok(())
}

/// Reshaped, with the dimensions in another order, and reshaped again.
fn shuffled(call: &mut Call<'_, '_>, from: Id, split: &[usize], order: &[usize]) {
    let sizes = call.sizes_of(split);
    let parts = call.first("Reshape", vec![Some(from), sizes], Vec::new(), split.to_vec());
    let moved = order.iter().filter_map(|at| split.get(*at).copied()).collect();
    let perm = Attribute::Ints(order.iter().map(|at| *at as i64).collect());
    let moved = call.first("Transpose", vec![Some(parts)], vec![("perm", perm)], moved);
    reshaped(call, moved);
}

/// The four sizes of maps.
fn maps(call: &Call<'_, '_>, id: Id) -> Result<[usize; 4], Stop> {
    match call.shape(id).try_into() {
        Ok(sizes) => Ok(sizes),
        Err(_) => fault(format!("it reads a value of the shape {:?}, and not maps", call.shape(id))),
    }
}

/// A number that divides each of some sizes.
fn divisor(call: &Call<'_, '_>, name: &str, of: &[usize]) -> Result<usize, Stop> {
    let number = usize::try_from(call.int(name)?).ok().filter(|number| *number > 0);
    match number {
        Some(number) if of.iter().all(|size| size.is_multiple_of(number)) => Ok(number),
        _ => fault(format!("its `{name}` doesn't divide {of:?}")),
    }
}

pub(super) fn pixel_shuffle(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let from = call.input()?;
    let [batch, channels, height, width] = maps(call, from)?;
    let factor = divisor(call, "upscale_factor", &[channels])?;
    let fewer = channels / factor / factor;
    unless(fewer * factor * factor == channels, "its channels are not those of so many pixels")?;
    shuffled(call, from, &[batch, fewer, factor, factor, height, width], &[0, 1, 4, 2, 5, 3]);
    Ok(())
}

pub(super) fn pixel_unshuffle(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let from = call.input()?;
    let [batch, channels, height, width] = maps(call, from)?;
    let factor = divisor(call, "downscale_factor", &[height, width])?;
    let split = [batch, channels, height / factor, factor, width / factor, factor];
    shuffled(call, from, &split, &[0, 1, 3, 5, 2, 4]);
    Ok(())
}

pub(super) fn channel_shuffle(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let from = call.input()?;
    let [batch, channels, height, width] = maps(call, from)?;
    let groups = divisor(call, "groups", &[channels])?;
    shuffled(call, from, &[batch, groups, channels / groups, height, width], &[0, 2, 1, 3, 4]);
    Ok(())
}

/// PyTorch lists the last dimension first, both ends of each next to each other; ONNX all beginnings, then all ends.
pub(super) fn pad(call: &mut Call<'_, '_>, name: &str) -> Result<(), Stop> {
    let from = call.input()?;
    let rank = call.shape(from).len();
    let list = call.ints(if call.has("pad") { "pad" } else { "padding" })?;
    if list.len() % 2 != 0 || list.len() > 2 * rank {
        return fault(format!("it pads by {list:?}, and its input has {rank}", rank = count(rank as u64, "dimension")));
    }
    let mut pads = vec![0; 2 * rank];
    for (index, ends) in list.chunks_exact(2).enumerate() {
        let at = rank - 1 - index;
        (pads[at], pads[at + rank]) = (ends[0], ends[1]);
    }
    let mode = match name {
        "reflection_pad1d" | "reflection_pad2d" => "reflect",
        "replication_pad1d" | "replication_pad2d" => "replicate",
        "pad" if call.has("mode") => call.text("mode")?,
        _ => "constant",
    };
    let mode = match mode {
        "replicate" => "edge",
        "circular" => "wrap",
        mode => mode,
    };
    let pads = call.listed(pads);
    let value = call.number(call.float_or("value", 0.0)?);
    call.gives("Pad", vec![Some(from), pads, value], vec![("mode", Attribute::Text(mode))]);
    Ok(())
}
