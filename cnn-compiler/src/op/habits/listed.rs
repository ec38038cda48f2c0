//! Numbers listed in a call where this language has a single value: `reshape(16, 4, 4)`.

use super::is_count;
use crate::ast::{Call, Expr, ExprKind};
use crate::env::Env;
use crate::op::Layer;
use crate::report::{Edit, Message, Place, message};

/// The mistake in a call whose arguments are the numbers of one value.
pub(in crate::op) fn listed(layer: &Layer, call: &Call, env: &Env) -> Option<(Place, Message)> {
    let numbers: Vec<&Expr> = call.args.iter().filter(|arg| arg.name.is_none()).map(|arg| &arg.value).collect();
    let is_number = |expr: &&Expr| is_count(expr, env) || matches!(expr.kind, ExprKind::Negative(_));
    if numbers.len() < 2 || numbers.len() != call.args.len() || !numbers.iter().all(is_number) {
        return None;
    }
    let place = numbers[0].place.to(numbers[numbers.len() - 1].place);
    let wrong = format!("{}: these numbers are written as one value", layer.name);
    if let ("pad", [a, b, c, d]) = (layer.name, &numbers[..]) {
        // PyTorch begins with the left and the right.
        let help = "`pad((top, left, bottom, right))`; PyTorch's order is left, right, top, bottom";
        let is_same = [b, c, d].iter().all(|other| other.to_string() == a.to_string());
        let message = match is_same {
            true => fixed(layer, call, &wrong, &a.to_string()),
            false => message(&wrong, help),
        };
        return Some((place, message));
    }
    one_value(layer.name, &numbers).map(|value| (place, fixed(layer, call, &wrong, &value)))
}

/// The single value that some numbers make up.
fn one_value(layer: &str, numbers: &[&Expr]) -> Option<String> {
    let sized = |numbers: &[&Expr]| {
        let is_plain = numbers.iter().all(|number| matches!(number.kind, ExprKind::Int(_)));
        let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        texts.join(if is_plain { "x" } else { " x " })
    };
    match (layer, numbers) {
        ("channels", [first, end]) => Some(format!("{first}..{end}")),
        ("crop" | "pad" | "upsample" | "resize", [_, _]) | ("reshape", [_, _, _]) => Some(sized(numbers)),
        ("crop", [top, left, bottom, right]) => Some(format!("({top}, {left}, {bottom}, {right})")),
        // The first number is the batch.
        ("reshape", [_, rest @ ..]) if rest.len() == 1 || rest.len() == 3 => Some(sized(rest)),
        _ => None,
    }
}

fn fixed(layer: &Layer, call: &Call, wrong: &str, value: &str) -> Message {
    let becomes = format!("{}({value})", layer.name);
    message(wrong, &format!("write `{becomes}`")).fix([Edit::instead(call.place, becomes)])
}
