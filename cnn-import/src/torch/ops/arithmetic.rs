//! Sums, products and the like, of values and of numbers.

use super::super::Stop;
use super::super::call::Call;
use super::unless;
use crate::graph::Id;

pub(super) fn arithmetic(call: &mut Call<'_, '_>, name: &str) -> Result<(), Stop> {
    let first = call.value("self")?;
    match name {
        "neg" => call.gives("Neg", vec![Some(first)], Vec::new()),
        "square" => call.gives("Mul", vec![Some(first); 2], Vec::new()),
        "gt" | "ge" | "lt" | "le" => {
            let second = call.value("other")?;
            let op = match name {
                "gt" => "Greater",
                "ge" => "GreaterOrEqual",
                "lt" => "Less",
                _ => "LessOrEqual",
            };
            call.gives(op, vec![Some(first), Some(second)], Vec::new());
        }
        "reciprocal" => call.gives("Reciprocal", vec![Some(first)], Vec::new()),
        "rsqrt" => {
            let shape = call.result_shape();
            let root = call.first("Sqrt", vec![Some(first)], Vec::new(), shape);
            call.gives("Reciprocal", vec![Some(root)], Vec::new());
        }
        "pow" => {
            let exponent = call.value("exponent")?;
            call.gives("Pow", vec![Some(first), Some(exponent)], Vec::new());
        }
        _ => {
            let second = call.value("other")?;
            pair(call, name, first, second)?;
        }
    }
    Ok(())
}

fn pair(call: &mut Call<'_, '_>, name: &str, first: Id, second: Id) -> Result<(), Stop> {
    unless(!call.has("rounding_mode"), "it rounds its quotient")?;
    // `add(a, b, alpha)` is `a + alpha * b`, and `rsub(a, b, alpha)` is `b - alpha * a`.
    let factor = call.float_or("alpha", 1.0)?;
    let (first, second) = if name == "rsub" { (second, first) } else { (first, second) };
    let second = if factor == 1.0 {
        second
    } else {
        let (factor, shape) = (call.number(factor), call.shape(second).to_vec());
        call.first("Mul", vec![Some(second), factor], Vec::new(), shape)
    };
    let op = match name {
        "add" => "Add",
        "sub" | "rsub" => "Sub",
        "mul" => "Mul",
        "div" => "Div",
        "maximum" | "max" => "Max",
        _ => "Min",
    };
    call.gives(op, vec![Some(first), Some(second)], Vec::new());
    Ok(())
}

/// A value plus a number times the product or the quotient of two others.
pub(super) fn of_three(call: &mut Call<'_, '_>, name: &str) -> Result<(), Stop> {
    let [first, second, third] = [call.value("self")?, call.value("tensor1")?, call.value("tensor2")?];
    let op = if name == "addcmul" { "Mul" } else { "Div" };
    let (factor, shape) = (call.float_or("value", 1.0)?, call.result_shape());
    let mut summand = call.first(op, vec![Some(second), Some(third)], Vec::new(), shape.clone());
    if factor != 1.0 {
        let factor = call.number(factor);
        summand = call.first("Mul", vec![Some(summand), factor], Vec::new(), shape);
    }
    call.gives("Add", vec![Some(first), Some(summand)], Vec::new());
    Ok(())
}

/// One of two values, element by element.
pub(super) fn choice(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let inputs = ["condition", "self", "other"].map(|name| call.value(name).map(Some));
    let inputs = inputs.into_iter().collect::<Result<_, _>>()?;
    call.gives("Where", inputs, Vec::new());
    Ok(())
}
