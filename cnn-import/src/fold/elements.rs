//! Functions of numbers, element by element, and sums of them.

use crate::constant::{Constant, Data, positions, strides};
use crate::graph::{Node, axis};
use crate::report::Fault;

/// Not more numbers than this are computed: constants of nets are smaller.
const MOST: usize = 1 << 26;

/// The result of a function, if it is one of numbers.
pub(super) fn computed<'a>(node: &Node<'a>, inputs: &[Option<&Constant<'a>>]) -> Result<Option<Constant<'a>>, Fault> {
    let all: Vec<&Constant<'a>> = inputs.iter().copied().flatten().collect();
    let [first, rest @ ..] = &*all else { return Ok(None) };
    if let Some(function) = unary(node.op) {
        let numbers = first.to_f64()?.into_iter().map(function).collect();
        return Ok(Some(made(first.dims.clone(), numbers, first.is_whole())));
    }
    if let Some(function) = binary(node.op) {
        let mut result = (*first).clone();
        for other in rest {
            result = paired(&result, other, function)?;
        }
        let is_truth = ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or"].contains(&node.op);
        let is_whole = is_truth || all.iter().all(|constant| constant.is_whole());
        let numbers = result.to_f64()?;
        // Dividing whole numbers gives a whole one.
        let numbers = if is_whole { numbers.into_iter().map(f64::trunc).collect() } else { numbers };
        return Ok(Some(made(result.dims, numbers, is_whole)));
    }
    match (node.op, &*all) {
        ("Where", [choice, yes, no]) => {
            let picked = paired(choice, yes, |choice, yes| if choice == 0.0 { f64::NAN } else { yes })?;
            let either = paired(&picked, no, |picked, no| if picked.is_nan() { no } else { picked })?;
            let is_whole = yes.is_whole() && no.is_whole();
            Ok(Some(made(either.dims.clone(), either.to_f64()?, is_whole)))
        }
        ("Clip", [constant, ..]) => {
            let limit = |index: usize, name: &str, default: f32| match inputs.get(index).copied().flatten() {
                Some(limit) => limit.scalar().ok_or_else(|| Fault::new("its limits are not numbers")),
                None => Ok(f64::from(node.float(name, default)?)),
            };
            let (min, max) = (limit(1, "min", f32::MIN)?, limit(2, "max", f32::MAX)?);
            let numbers = constant.to_f64()?.into_iter().map(|number| number.max(min).min(max)).collect();
            Ok(Some(made(constant.dims.clone(), numbers, constant.is_whole())))
        }
        (
            "ReduceProd" | "ReduceSum" | "ReduceMax" | "ReduceMin" | "ReduceMean" | "ReduceL1" | "ReduceL2"
            | "ReduceSumSquare",
            [constant, ..],
        ) => reduced(node, constant, inputs.get(1).copied().flatten()).map(Some),
        ("Softmax", [constant]) => softmax(node, constant).map(Some),
        _ => Ok(None),
    }
}

fn made<'a>(dims: Vec<usize>, numbers: Vec<f64>, is_whole: bool) -> Constant<'a> {
    let data = if is_whole {
        Data::Ints(numbers.into_iter().map(|number| number as i64).collect())
    } else {
        Data::Floats(numbers.into_iter().map(|number| number as f32).collect())
    };
    Constant { name: "", dims, data }
}

fn unary(op: &str) -> Option<fn(f64) -> f64> {
    Some(match op {
        "Neg" => |x| -x,
        "Abs" => f64::abs,
        "Floor" => f64::floor,
        "Ceil" => f64::ceil,
        "Round" => f64::round_ties_even,
        "Sqrt" => f64::sqrt,
        "Exp" => f64::exp,
        "Log" => f64::ln,
        "Reciprocal" => |x| 1.0 / x,
        "Not" => |x| f64::from(u8::from(x == 0.0)),
        "Relu" => |x| x.max(0.0),
        "Sigmoid" => |x| 1.0 / (1.0 + (-x).exp()),
        "Tanh" => f64::tanh,
        "Softplus" => |x| x.max(0.0) + (-x.abs()).exp().ln_1p(),
        _ => return None,
    })
}

fn binary(op: &str) -> Option<fn(f64, f64) -> f64> {
    Some(match op {
        "Add" | "Sum" => |a, b| a + b,
        "Sub" => |a, b| a - b,
        "Mul" => |a, b| a * b,
        "Div" => |a, b| a / b,
        "Mod" => f64::rem_euclid,
        "Pow" => f64::powf,
        "Min" => f64::min,
        "Max" => f64::max,
        "Equal" => |a, b| f64::from(u8::from(a == b)),
        "Less" => |a, b| f64::from(u8::from(a < b)),
        "Greater" => |a, b| f64::from(u8::from(a > b)),
        "LessOrEqual" => |a, b| f64::from(u8::from(a <= b)),
        "GreaterOrEqual" => |a, b| f64::from(u8::from(a >= b)),
        "And" => |a, b| f64::from(u8::from(a != 0.0 && b != 0.0)),
        "Or" => |a, b| f64::from(u8::from(a != 0.0 || b != 0.0)),
        _ => return None,
    })
}

/// Two constants as ONNX broadcasts them; the numbers stay in double precision.
fn paired<'a>(a: &Constant<'_>, b: &Constant<'_>, function: impl Fn(f64, f64) -> f64) -> Result<Constant<'a>, Fault> {
    let dims = broadcast(&a.dims, &b.dims)?;
    let (left, right) = (a.to_f64()?, b.to_f64()?);
    let indices = positions(&dims, &steps(&a.dims, &dims)).zip(positions(&dims, &steps(&b.dims, &dims)));
    let numbers: Vec<f64> = indices.map(|(a, b)| function(left[a], right[b])).collect();
    Ok(Constant { name: "", data: Data::Floats(numbers.iter().map(|number| *number as f32).collect()), dims }
        .exact(&numbers))
}

impl Constant<'_> {
    /// As whole numbers, if single precision would lose some.
    fn exact(self, numbers: &[f64]) -> Self {
        let is_whole = numbers.iter().all(|number| number.fract() == 0.0 && number.abs() < 9e15);
        if !is_whole {
            return self;
        }
        Self { data: Data::Ints(numbers.iter().map(|number| *number as i64).collect()), ..self }
    }
}

/// The shape of both together, unless it has more numbers than are computed.
pub(crate) fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, Fault> {
    let rank = a.len().max(b.len());
    let at = |dims: &[usize], axis: usize| (axis + dims.len()).checked_sub(rank).map_or(1, |axis| dims[axis]);
    let dims = (0..rank).map(|axis| match (at(a, axis), at(b, axis)) {
        (1, size) | (size, 1) => Some(size),
        (a, b) => (a == b).then_some(a),
    });
    let dims: Option<Vec<usize>> = dims.collect();
    let elements = |dims: &Vec<usize>| dims.iter().try_fold(1_usize, |all, size| all.checked_mul(*size));
    dims.filter(|dims| elements(dims).is_some_and(|elements| elements <= MOST))
        .ok_or_else(|| Fault::new(format!("constants of the shapes {a:?} and {b:?} don't go together")))
}

/// How far apart the neighbours of a broadcast constant are.
pub(crate) fn steps(of: &[usize], whole: &[usize]) -> Vec<usize> {
    let own = strides(of);
    let axis = |axis: usize| (axis + of.len()).checked_sub(whole.len());
    (0..whole.len()).map(|at| axis(at).filter(|axis| of[*axis] != 1).map_or(0, |axis| own[axis])).collect()
}

fn reduced<'a>(node: &Node<'a>, constant: &Constant<'a>, axes: Option<&Constant<'a>>) -> Result<Constant<'a>, Fault> {
    let rank = constant.dims.len();
    let axes = match (axes, node.ints("axes")?) {
        (Some(axes), _) => axes.to_ints()?,
        (None, Some(axes)) => axes.to_vec(),
        (None, None) => (0..rank as i64).collect(),
    };
    let axes: Vec<usize> = axes.into_iter().map(|at| axis(at, rank)).collect::<Result<_, _>>()?;
    let keeps = node.flag("keepdims", true)?;
    let kept: Vec<usize> = (0..rank).map(|axis| if axes.contains(&axis) { 1 } else { constant.dims[axis] }).collect();
    let own = strides(&kept);
    let to: Vec<usize> = (0..rank).map(|axis| if axes.contains(&axis) { 0 } else { own[axis] }).collect();
    let mut sums: Vec<Option<f64>> = vec![None; kept.iter().product()];
    let part = |number: f64| match node.op {
        "ReduceL1" => number.abs(),
        "ReduceL2" | "ReduceSumSquare" => number * number,
        _ => number,
    };
    for (index, number) in positions(&constant.dims, &to).zip(constant.to_f64()?.into_iter().map(part)) {
        let sum = &mut sums[index];
        *sum = Some(sum.map_or(number, |sum| match node.op {
            "ReduceProd" => sum * number,
            "ReduceMax" => sum.max(number),
            "ReduceMin" => sum.min(number),
            _ => sum + number,
        }));
    }
    let many = axes.iter().map(|axis| constant.dims[*axis]).product::<usize>() as f64;
    let whole = |sum: f64| match node.op {
        "ReduceMean" => sum / many,
        "ReduceL2" => sum.sqrt(),
        _ => sum,
    };
    let numbers = sums.into_iter().map(|sum| whole(sum.unwrap_or(0.0))).collect();
    let dims =
        if keeps { kept } else { (0..rank).filter(|axis| !axes.contains(axis)).map(|axis| kept[axis]).collect() };
    Ok(made(dims, numbers, constant.is_whole()))
}

/// Over one axis, as from version 13 on; before that it was over all from the axis on, which is the same for the last.
fn softmax<'a>(node: &Node<'a>, constant: &Constant<'a>) -> Result<Constant<'a>, Fault> {
    let rank = constant.dims.len();
    let at = axis(node.int("axis", -1)?, rank)?;
    if at + 1 != rank {
        return Err(Fault::new("it is a softmax of numbers over another axis than the last"));
    }
    let mut numbers = constant.to_f64()?;
    for row in numbers.chunks_mut(constant.dims[at].max(1)) {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter_mut().for_each(|number| *number = (*number - largest).exp());
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|number| *number /= sum);
    }
    Ok(made(constant.dims.clone(), numbers, false))
}
