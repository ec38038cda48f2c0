//! Pools over windows and over dimensions.

use super::super::call::Call;
use super::super::{Stop, fault};
use super::unless;
use crate::graph::Id;
use crate::proto::Value as Attribute;
use cnn_net::text::count;

type Attributes<'a> = Vec<(&'static str, Attribute<'a>)>;

/// What both kinds of windows have.
fn window<'a>(call: &Call<'_, 'a>, input: Id) -> Result<(usize, Attributes<'a>), Stop> {
    let directions = match call.shape(input).len() {
        rank @ (3 | 4) => rank - 2,
        rank => {
            return fault(format!(
                "it reads a value of {rank}, and not of a batch with its channels",
                rank = count(rank as u64, "dimension")
            ));
        }
    };
    let kernel = call.sizes("kernel_size", directions, 1)?;
    // Without a stride, it is the size of the window.
    let given = call.ints_or("stride", &[])?;
    let strides = if given.is_empty() { kernel.clone() } else { call.sizes("stride", directions, 1)? };
    let pads = call.sizes("padding", directions, 0)?;
    let attributes = vec![
        ("kernel_shape", Attribute::Ints(kernel)),
        ("strides", Attribute::Ints(strides)),
        ("pads", Attribute::Ints([&pads[..], &pads].concat())),
        ("ceil_mode", Attribute::Int(call.flag("ceil_mode")?.into())),
    ];
    Ok((directions, attributes))
}

pub(super) fn max_pool(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let input = call.input()?;
    let (directions, mut attributes) = window(call, input)?;
    attributes.push(("dilations", Attribute::Ints(call.sizes("dilation", directions, 1)?)));
    call.gives("MaxPool", vec![Some(input)], attributes);
    Ok(())
}

pub(super) fn avg_pool(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let input = call.input()?;
    let (directions, mut attributes) = window(call, input)?;
    let divides = call.has("divisor_override");
    let counts = divides || !call.has("count_include_pad") || call.flag("count_include_pad")?;
    attributes.push(("count_include_pad", Attribute::Int(counts.into())));
    if !divides {
        call.gives("AveragePool", vec![Some(input)], attributes);
        return Ok(());
    }
    let is_cut = call.has("ceil_mode") && call.flag("ceil_mode")?;
    unless(!is_cut, "it divides windows that reach over the edge, by `ceil_mode`, by another number")?;
    // The sum of each window, with padding, over that number.
    let area: i64 = call.sizes("kernel_size", directions, 1)?.iter().product();
    let factor = call.number(area as f64 / call.int("divisor_override")? as f64);
    let shape = call.result_shape();
    let means = call.first("AveragePool", vec![Some(input)], attributes, shape);
    call.gives("Mul", vec![Some(means), factor], Vec::new());
    Ok(())
}

/// Over as many parts of a map as the result has pixels.
pub(super) fn adaptive(call: &mut Call<'_, '_>, op: &'static str) -> Result<(), Stop> {
    let input = call.input()?;
    let (before, after) = (call.shape(input).to_vec(), call.result_shape());
    let (Some(from), Some(to)) = (before.get(2..), after.get(2..)) else {
        return fault(format!("it reads a value of the shape {before:?}"));
    };
    if from == to {
        call.gives("Identity", vec![Some(input)], Vec::new());
    } else if to.iter().all(|size| *size == 1) {
        let op = if op == "AdaptiveMaxPool" { "GlobalMaxPool" } else { "GlobalAveragePool" };
        call.gives(op, vec![Some(input)], Vec::new());
    } else {
        let sizes = to.iter().map(|size| *size as i64).collect();
        call.gives(op, vec![Some(input)], vec![("output_size", Attribute::Ints(sizes))]);
    }
    Ok(())
}

/// A mean, a sum or a maximum over some dimensions, or all of them.
pub(super) fn reduced(call: &mut Call<'_, '_>, op: &'static str) -> Result<(), Stop> {
    let input = call.input()?;
    let (axes, keeps) = (call.ints_or("dim", &[])?, call.flag("keepdim")?);
    let attributes = vec![("axes", Attribute::Ints(axes)), ("keepdims", Attribute::Int(keeps.into()))];
    call.gives(op, vec![Some(input)], attributes);
    Ok(())
}

/// A mean over three dimensions, of which no layer is made; but it is a part of PyTorch's local response normalisation.
pub(super) fn over_channels(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let input = call.input()?;
    let kernel = call.sizes("kernel_size", 3, 1)?;
    let is_plain = call.ints_or("stride", &[])? == [1; 3] && call.sizes("padding", 3, 0)? == [0; 3];
    if !is_plain || call.has("divisor_override") {
        return fault("no layer computes it");
    }
    call.gives("AveragePool3d", vec![Some(input)], vec![("kernel_shape", Attribute::Ints(kernel))]);
    Ok(())
}
