//! Convolutions and products with matrices.

use super::super::call::Call;
use super::super::{Stop, fault};
use crate::proto::Value as Attribute;
use crate::report::Fault;
use cnn_net::text::count;

/// How many directions maps have: `conv2d` is over values of a batch, channels and two more dimensions.
fn directions(call: &Call<'_, '_>, input: usize) -> Result<usize, Stop> {
    match call.shape(input).len() {
        rank @ (3 | 4) => Ok(rank - 2),
        rank => fault(format!(
            "it reads a value of {rank}, and not of a batch with its channels",
            rank = count(rank as u64, "dimension")
        )),
    }
}

pub(super) fn conv(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let (input, weight) = (call.input()?, call.value("weight")?);
    let bias = call.optional("bias")?;
    let directions = directions(call, input)?;
    let (strides, dilations) = (call.sizes("stride", directions, 1)?, call.sizes("dilation", directions, 1)?);
    let pads = match call.node.op.ends_with(".padding") {
        false => {
            let pads = call.sizes("padding", directions, 0)?;
            [&pads[..], &pads].concat()
        }
        true => match call.text("padding")? {
            "valid" => vec![0; 2 * directions],
            "same" => same(call.shape(weight), &dilations)?,
            _ => return fault("its padding is neither `same` nor `valid`"),
        },
    };
    call.gives(
        "Conv",
        [Some(input), Some(weight)].into_iter().chain(bias.map(Some)).collect(),
        vec![
            ("strides", Attribute::Ints(strides)),
            ("dilations", Attribute::Ints(dilations)),
            ("pads", Attribute::Ints(pads)),
            ("group", Attribute::Int(call.int_or("groups", 1)?)),
        ],
    );
    Ok(())
}

/// `padding = "same"`: an odd zero is at the end.
fn same(weight: &[usize], dilations: &[i64]) -> Result<Vec<i64>, Stop> {
    let Some(kernel) = weight.get(2..).filter(|kernel| kernel.len() == dilations.len()) else {
        return fault(format!("its weight has the shape {weight:?}"));
    };
    let all = kernel.iter().zip(dilations).map(|(size, dilation)| {
        let taps = i64::try_from(*size).unwrap_or(i64::MAX).saturating_sub(1);
        dilation.saturating_mul(taps)
    });
    let all: Vec<i64> = all.collect();
    Ok(all.iter().map(|all| all / 2).chain(all.iter().map(|all| all - all / 2)).collect())
}

pub(super) fn conv_transpose(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let (input, weight) = (call.input()?, call.value("weight")?);
    let bias = call.optional("bias")?;
    let directions = directions(call, input)?;
    let pads = call.sizes("padding", directions, 0)?;
    call.gives(
        "ConvTranspose",
        [Some(input), Some(weight)].into_iter().chain(bias.map(Some)).collect(),
        vec![
            ("strides", Attribute::Ints(call.sizes("stride", directions, 1)?)),
            ("dilations", Attribute::Ints(call.sizes("dilation", directions, 1)?)),
            ("pads", Attribute::Ints([&pads[..], &pads].concat())),
            ("output_padding", Attribute::Ints(call.sizes("output_padding", directions, 0)?)),
            ("group", Attribute::Int(call.int_or("groups", 1)?)),
        ],
    );
    Ok(())
}

/// `linear(input, weight, bias)`, whose weight is that of a `Gemm` with its sides changed; products with matrices as they are.
pub(super) fn product(call: &mut Call<'_, '_>, name: &str) -> Result<(), Stop> {
    match name {
        "linear" => {
            let inputs = [Some(call.input()?), Some(call.value("weight")?)];
            let bias = call.optional("bias")?.map(Some);
            let inputs = inputs.into_iter().chain(bias).collect();
            call.gives("Gemm", inputs, vec![("transB", Attribute::Int(1))]);
        }
        "addmm" => {
            let inputs = [call.value("mat1")?, call.value("mat2")?, call.value("self")?].map(Some).to_vec();
            let factors = ["alpha", "beta"].map(|name| Ok((name, Attribute::Float(call.float_or(name, 1.0)? as f32))));
            let factors = factors.into_iter().collect::<Result<_, Fault>>()?;
            call.gives("Gemm", inputs, factors);
        }
        _ => {
            let (first, second) = (call.value("self")?, call.value(if name == "mm" { "mat2" } else { "other" })?);
            call.gives("MatMul", vec![Some(first), Some(second)], Vec::new());
        }
    }
    Ok(())
}
