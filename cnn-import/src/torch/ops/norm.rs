//! Normalisations and dropout.

use super::super::call::Call;
use super::super::{Stop, fault};
use super::unless;
use crate::constant::{Constant, Data};
use crate::graph::Id;
use crate::proto::Value as Attribute;
use crate::report::Fault;

fn epsilon<'a>(call: &Call<'_, 'a>, default: f64) -> Result<(&'static str, Attribute<'a>), Fault> {
    Ok(("epsilon", Attribute::Float(call.float_or("eps", default)? as f32)))
}

/// A tensor with a number for each channel, or its substitute where a module has none.
fn filled(call: &mut Call<'_, '_>, name: &str, channels: usize, number: f64) -> Result<Option<Id>, Stop> {
    if let Some(id) = call.optional(name)? {
        return Ok(Some(id));
    }
    let constant = Constant { name: "", dims: vec![channels], data: Data::Splat(number, false) };
    Ok(Some(call.loader.constant(constant)))
}

pub(super) fn batch_norm(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    unless(
        !call.flag("training")?,
        "it normalises by statistics of the batch: it is in training mode, or tracks none",
    )?;
    by_running_statistics(call)
}

/// By statistics that are tensors of the model.
fn by_running_statistics(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let input = call.input()?;
    let channels = call.shape(input).get(1).copied().unwrap_or(0);
    let mut inputs = vec![Some(input)];
    // ONNX's has both. Without any, it is one that learns nothing.
    if call.has("weight") || call.has("bias") {
        inputs.push(filled(call, "weight", channels, 1.0)?);
        inputs.push(filled(call, "bias", channels, 0.0)?);
    } else {
        inputs.extend([None, None]);
    }
    inputs.push(Some(call.value("running_mean")?));
    inputs.push(Some(call.value("running_var")?));
    // Without one, PyTorch takes the mean of all batches, which a module says by 0 here.
    let momentum = call.float_or("momentum", 0.1)?;
    let momentum = if momentum > 0.0 { momentum } else { 0.1 };
    let attributes = vec![epsilon(call, 1e-5)?, ("share_of_new", Attribute::Float(momentum as f32))];
    call.gives("BatchNormalization", inputs, attributes);
    Ok(())
}

pub(super) fn instance_norm(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    if call.has("use_input_stats") && !call.flag("use_input_stats")? {
        return by_running_statistics(call);
    }
    let input = call.input()?;
    affine(call, "InstanceNormalization", input, Vec::new())
}

pub(super) fn group_norm(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let input = call.input()?;
    let groups = call.int("num_groups")?;
    affine(call, "GroupNormalization", input, vec![("num_groups", Attribute::Int(groups))])
}

/// With both tensors, or without any.
fn affine<'a>(
    call: &mut Call<'_, 'a>,
    op: &'static str,
    input: Id,
    mut attributes: Vec<(&'static str, Attribute<'a>)>,
) -> Result<(), Stop> {
    let channels = call.shape(input).get(1).copied().unwrap_or(0);
    let mut inputs = vec![Some(input)];
    if call.has("weight") || call.has("bias") {
        inputs.push(filled(call, "weight", channels, 1.0)?);
        inputs.push(filled(call, "bias", channels, 0.0)?);
    }
    attributes.push(epsilon(call, 1e-5)?);
    call.gives(op, inputs, attributes);
    Ok(())
}

pub(super) fn layer_norm(call: &mut Call<'_, '_>, name: &str) -> Result<(), Stop> {
    let input = call.input()?;
    let last = call.ints("normalized_shape")?.len() as i64;
    let inputs = vec![Some(input), call.optional("weight")?, call.optional("bias")?];
    let is_rms = name == "rms_norm";
    // Without one, it is the least step between numbers about 1.
    let eps = epsilon(call, if is_rms { f64::from(f32::EPSILON) } else { 1e-5 })?;
    let op = if is_rms { "RMSNormalization" } else { "LayerNormalization" };
    call.gives(op, inputs, vec![("axis", Attribute::Int(-last)), eps]);
    Ok(())
}

/// Dropout stays, for training. The language has none of whole maps; at inference, it does nothing either.
pub(super) fn dropout(call: &mut Call<'_, '_>, name: &str) -> Result<(), Stop> {
    if call.flag("train")? {
        let why = "it drops values at inference too";
        return Err(Fault::new(why).help("pass `training=self.training` to `F.dropout`, or use `nn.Dropout`").into());
    }
    let input = call.input()?;
    let p = call.float("p")?;
    if name == "dropout" && 0.0 < p && p < 1.0 {
        call.gives("Dropout", vec![Some(input)], vec![("ratio", Attribute::Float(p as f32))]);
    } else {
        call.gives("Identity", vec![Some(input)], Vec::new());
    }
    Ok(())
}

/// A length along one dimension, as `F.normalize` divides by it.
pub(super) fn length(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let input = call.input()?;
    let order = if call.has("ord") { call.float("ord")? } else { call.float_or("p", 2.0)? };
    unless(order == 2.0, "it is another length than the Euclidean one")?;
    let axes = call.ints_or("dim", &[])?;
    if axes.is_empty() {
        return fault("it is the length of a batch");
    }
    let keeps = call.flag("keepdim")?;
    call.gives(
        "ReduceL2",
        vec![Some(input)],
        vec![("axes", Attribute::Ints(axes)), ("keepdims", Attribute::Int(keeps.into()))],
    );
    Ok(())
}
