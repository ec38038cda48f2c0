//! Convolutions and products with matrices.
//!
//! ```text
//! weight of      in the file                        in ONNX
//! CONV_2D        filters, rows, columns, inputs     filters, inputs, rows, columns
//! DEPTHWISE_…    1, rows, columns, filters          filters, 1, rows, columns
//! TRANSPOSE_…    filters, rows, columns, inputs     inputs, filters, rows, columns
//! ```

use super::super::call::{Attributes, Call};
use super::super::dilated::Spread;
use crate::graph::Id;
use crate::proto::Value as Attribute;
use crate::report::Fault;
use cnn_net::text::count;

/// Where the options say steps, and distances between the taps.
struct Fields {
    padding: usize,
    stride: [usize; 2],
    dilation: Option<[usize; 2]>,
}

pub(super) fn conv(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let rank = call.maps(0)?;
    let (channels, of_filter) = (last(&call.shape(0)?), last(&call.shape(1)?));
    let groups = match (channels, of_filter) {
        (channels @ 1.., of_filter @ 1..) if channels % of_filter == 0 => channels / of_filter,
        (-1, 1..) => 1,
        _ => {
            return Err(Fault::new(format!(
                "its weight is for {of_filter}, and it reads {channels}",
                of_filter = count(of_filter as u64, "channel")
            )));
        }
    };
    let (x, weight) = (call.input(0)?, call.input(1)?);
    let kernel = kernel(call)?;
    let weight = call.transposed(weight, &[0, 3, 1, 2]);
    let fields = Fields { padding: 0, stride: [2, 1], dilation: Some([5, 4]) };
    let mut attributes = attributes(call, &fields, kernel)?;
    attributes.push(("group", Attribute::Int(groups)));
    let result = convolved(call, "Conv", [x, weight], None, attributes, rank)?;
    call.activated(result, 3)
}

pub(super) fn depthwise(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let rank = call.maps(0)?;
    let (mut channels, shape) = (last(&call.shape(0)?), call.shape(1)?);
    if channels == -1 {
        channels = last(&shape) / call.number(3)?.max(1);
    }
    if shape.len() != 4 || shape[0] != 1 || channels < 1 || last(&shape) % channels != 0 {
        return Err(Fault::new(format!(
            "its weight has the shape {shape:?}, and it reads {channels}",
            channels = count(channels as u64, "channel")
        )));
    }
    let (x, weight) = (call.input(0)?, call.input(1)?);
    let kernel = kernel(call)?;
    let weight = call.transposed(weight, &[3, 0, 1, 2]);
    let fields = Fields { padding: 0, stride: [2, 1], dilation: Some([6, 5]) };
    let mut attributes = attributes(call, &fields, kernel)?;
    attributes.push(("group", Attribute::Int(channels)));
    let result = convolved(call, "Conv", [x, weight], None, attributes, rank)?;
    call.activated(result, 4)
}

/// Its inputs are the sizes of the output, the weight, the value, and perhaps a bias.
pub(super) fn transposed(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let rank = call.maps(2)?;
    let (sizes, weight, x) = (call.input(0)?, call.input(1)?, call.input(2)?);
    let weight = call.transposed(weight, &[3, 0, 1, 2]);
    // Only rows and columns: its batch may be that of the input.
    let (start, end) = (call.listed(vec![1]), call.listed(vec![3]));
    let sizes = call.node("Slice", &[sizes, start, end], Vec::new());
    let fields = Fields { padding: 0, stride: [2, 1], dilation: None };
    let attributes = attributes(call, &fields, [0; 2])?;
    let result = convolved(call, "ConvTranspose", [x, weight], Some(sizes), attributes, rank)?;
    call.activated(result, 3)
}

fn last(shape: &[i64]) -> i64 {
    shape.last().copied().unwrap_or(0)
}

/// The rows and columns of its weight.
fn kernel(call: &Call<'_, '_, '_>) -> Result<[i64; 2], Fault> {
    match *call.shape(1)? {
        [_, rows, columns, _] => Ok([rows, columns]),
        ref shape => Err(Fault::new(format!("its weight has the shape {shape:?}"))),
    }
}

fn attributes<'a>(call: &Call<'_, '_, 'a>, fields: &Fields, kernel: [i64; 2]) -> Result<Attributes<'a>, Fault> {
    let sizes = |[rows, columns]: [usize; 2]| Ok::<_, Fault>(vec![call.number(rows)?, call.number(columns)?]);
    let padding = match call.option(|table| table.byte(fields.padding))? {
        0 => "SAME_UPPER",
        1 => "VALID",
        other => return Err(Fault::new(format!("its padding has the number {other}, which is not known"))),
    };
    let strides = sizes(fields.stride)?;
    // Those that are left out are 1.
    let own = |taps: Vec<i64>| taps.into_iter().map(|size| if size == 0 { 1 } else { size }).collect::<Vec<_>>();
    let taps = fields.dilation.map(sizes).transpose()?.map(own);
    let mut attributes = match (&call.spread, &taps) {
        (Some(spread), Some(taps)) => return dilated(spread, padding, strides, taps, kernel),
        _ => vec![("auto_pad", Attribute::Text(padding)), ("strides", Attribute::Ints(strides))],
    };
    attributes.extend(taps.map(|taps| ("dilations", Attribute::Ints(taps))));
    Ok(attributes)
}

/// Those of a convolution of every n-th pixel: between these are n times as many, and its own padding is n times as much.
fn dilated<'a>(
    spread: &Spread,
    padding: &str,
    strides: Vec<i64>,
    taps: &[i64],
    kernel: [i64; 2],
) -> Result<Attributes<'a>, Fault> {
    if strides != [1, 1] {
        return Err(Fault::new(format!("it is dilated by {:?} and has the stride {strides:?}", spread.block)));
    }
    let mut pads = [[0; 2]; 2];
    for side in 0..2 {
        let reach = if padding == "VALID" { 0 } else { (kernel[side] - 1).saturating_mul(taps[side]) };
        for (end, own) in [reach / 2, reach - reach / 2].into_iter().enumerate() {
            pads[end][side] = spread.pads[side][end].saturating_add(own.saturating_mul(spread.block[side]));
        }
    }
    if pads.as_flattened().iter().any(|pad| *pad < 0) {
        return Err(Fault::new("more of its result is cut off than was added around what it reads"));
    }
    let taps = spread.block.iter().zip(taps).map(|(block, taps)| block.saturating_mul(*taps)).collect();
    Ok(vec![
        ("strides", Attribute::Ints(strides)),
        ("dilations", Attribute::Ints(taps)),
        ("pads", Attribute::Ints(pads.concat())),
    ])
}

/// The operator on maps with their channels first.
fn convolved<'a>(
    call: &mut Call<'_, '_, 'a>,
    op: &'static str,
    [x, weight]: [Id; 2],
    sizes: Option<Id>,
    attributes: Attributes<'a>,
    rank: usize,
) -> Result<Id, Fault> {
    let bias = call.optional(if sizes.is_some() { 3 } else { 2 })?;
    let x = call.first(x, rank);
    let inputs = [Some(x), Some(weight), bias].into_iter().chain(sizes.map(Some)).collect();
    let result = call.nodes(op, inputs, attributes, 1).swap_remove(0);
    Ok(call.last(result, rank))
}

/// A product with a matrix that has a row for each output; maps become a vector first, in the order of the file.
pub(super) fn fully_connected(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    if call.option(|table| table.byte(1))? != 0 {
        return Err(Fault::new("its weights are in an order for one kind of processor"));
    }
    let (rank, shape) = (call.rank(0)?, call.shape(1)?);
    let &[_, inputs] = &*shape else { return Err(Fault::new(format!("its weight has the shape {shape:?}"))) };
    let (x, weight, bias) = (call.input(0)?, call.input(1)?, call.optional(2)?);
    if rank > 2 && call.flag(2)? {
        let matrix = call.transposed(weight, &[1, 0]);
        let product = call.node("MatMul", &[x, matrix], Vec::new());
        let result = bias.map_or(product, |bias| call.node("Add", &[product, bias], Vec::new()));
        return call.activated(result, 0);
    }
    let flat = if rank == 2 { x } else { call.reshaped(x, vec![-1, inputs]) };
    let inputs = [Some(flat), Some(weight)].into_iter().chain(bias.map(Some)).collect();
    let result = call.nodes("Gemm", inputs, vec![("transB", Attribute::Int(1))], 1).swap_remove(0);
    call.activated(result, 0)
}

/// A product of the last two dimensions.
pub(super) fn product(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let mut values = call.inputs()?;
    for (at, value) in values.iter_mut().enumerate().take(2) {
        let rank = call.rank(at)?;
        if call.flag(at)? && rank > 1 {
            let order: Vec<i64> = (0..rank as i64 - 2).chain([rank as i64 - 1, rank as i64 - 2]).collect();
            *value = call.transposed(*value, &order);
        }
    }
    Ok(call.node("MatMul", &values, Vec::new()))
}
