//! Values of expressions: numbers, which in a block may depend on its parameters.

mod unknown;

use std::fmt;

use cnn_net::op::Shape;
use proc_macro2::{Literal, Punct, Spacing};
use quote::quote_spanned;
use syn::spanned::Spanned as _;

use self::unknown::unknown_name;
use crate::ast::{Arg, Call, Expr, ExprKind, Operator};
use crate::env::{Env, Named};
use crate::parse::generic;
use crate::path::RustPath;
use crate::report::{Edit, Message, Report};

/// The largest value of a size, a count or a number in a shape. It keeps products of two far from overflow.
pub(crate) const LARGEST: i64 = 1 << 24;

/// The whole number that an expression evaluates to; a mistake is reported.
pub(crate) fn whole(expr: &Expr, env: &Env, report: &mut Report) -> Option<i64> {
    match &expr.kind {
        ExprKind::Int(value) => Some(*value),
        ExprKind::Negative(inner) => whole(inner, env, report)?.checked_neg(),
        ExprKind::Name(name) => {
            match env.get(name) {
                Some(Named::Number(value)) => return Some(*value),
                // That was reported where the name is declared.
                Some(Named::Literal(Expr { kind: ExprKind::Broken, .. })) => {}
                Some(_) | None => report.error_once(expr.place, UNKNOWN, unknown_name(expr.place, name, env)),
            }
            None
        }
        ExprKind::Binary(operator, left, right) => {
            let (left, right) = (whole(left, env, report), whole(right, env, report));
            let (left, right) = (left?, right?);
            let value = apply(*operator, left, right);
            if value.is_none() {
                let cause = match operator {
                    Operator::Div | Operator::Rem if right == 0 => DIVIDES_BY_ZERO,
                    _ => "does not fit in 64 bits",
                };
                report.error(expr.place, format!("`{expr}` {cause}{}", arithmetic(expr, *operator, left, right)));
            }
            value
        }
        ExprKind::Real(_)
        | ExprKind::Bool(_)
        | ExprKind::Size(_)
        | ExprKind::Tuple(_)
        | ExprKind::Call(_)
        | ExprKind::Path(_)
        | ExprKind::Range(_) => {
            report.error(expr.place, format!("expected a whole number, found `{expr}`"));
            None
        }
        ExprKind::Broken => None,
    }
}

/// What an expression stands for, with the values of the names in it; a mistake is reported.
pub(crate) fn named(expr: &Expr, env: &Env, report: &mut Report) -> Option<Named> {
    let literal = |kind| Some(Named::Literal(Expr { kind, place: expr.place }));
    match &expr.kind {
        ExprKind::Name(name) => match env.get(name) {
            Some(named) => Some(named.clone()),
            None => literal(expr.kind.clone()),
        },
        ExprKind::Real(_) | ExprKind::Bool(_) => literal(expr.kind.clone()),
        ExprKind::Path(found) => literal(ExprKind::Path(path(found, env))),
        ExprKind::Size(parts) => literal(ExprKind::Size(numbers(parts, env, report)?)),
        ExprKind::Tuple(parts) => literal(ExprKind::Tuple(numbers(parts, env, report)?)),
        ExprKind::Range(ends) => {
            let ends: Result<[Expr; 2], _> = numbers(&**ends, env, report)?.try_into();
            literal(ExprKind::Range(Box::new(ends.ok()?)))
        }
        ExprKind::Call(call) => {
            let mut call = call.clone();
            for arg in &mut call.args {
                arg.value = match named(&arg.value, env, report)? {
                    Named::Number(number) => Expr { kind: ExprKind::Int(number), place: arg.value.place },
                    Named::Literal(literal) => Expr { place: arg.value.place, ..literal },
                    Named::Layer(call) => Expr { kind: ExprKind::Call(Box::new(call)), place: arg.value.place },
                    Named::Kept(_) => arg.value.clone(),
                };
            }
            Some(Named::Layer(*call))
        }
        ExprKind::Binary(..) | ExprKind::Negative(_) if has_real(expr, env) => {
            literal(ExprKind::Real(real(expr, env, report)?))
        }
        ExprKind::Int(_) | ExprKind::Binary(..) | ExprKind::Negative(_) | ExprKind::Broken => {
            whole(expr, env, report).map(Named::Number)
        }
    }
}

/// A path with numbers in place of the names of the language that are in its angle brackets, and of arithmetic over these. What is
/// not known here is Rust's.
pub(crate) fn path(of: &RustPath, env: &Env) -> RustPath {
    of.replaced(&mut |argument| {
        let number = whole(&generic(argument)?, env, &mut Report::default())?;
        let literal = Literal::u64_unsuffixed(number.unsigned_abs());
        let minus = (number < 0).then(|| Punct::new('-', Spacing::Alone));
        syn::parse2(quote_spanned!(argument.span()=> #minus #literal)).ok()
    })
}

fn numbers(parts: &[Expr], env: &Env, report: &mut Report) -> Option<Vec<Expr>> {
    let number = |part: &Expr, report: &mut Report| {
        whole(part, env, report).map(|number| Expr { kind: ExprKind::Int(number), place: part.place })
    };
    parts.iter().map(|part| number(part, report)).collect()
}

/// Whether there is a decimal in an arithmetic expression.
fn has_real(expr: &Expr, env: &Env) -> bool {
    match &env.literal(expr).kind {
        ExprKind::Real(_) => true,
        ExprKind::Binary(_, left, right) => has_real(left, env) || has_real(right, env),
        ExprKind::Negative(inner) => has_real(inner, env),
        _ => false,
    }
}

const DIVIDES_BY_ZERO: &str = "divides by zero";

/// The number that an expression evaluates to where it need not be whole: `1 / 6` is a sixth. A mistake is reported.
pub(crate) fn real(expr: &Expr, env: &Env, report: &mut Report) -> Option<f64> {
    match &expr.kind {
        ExprKind::Real(value) => Some(*value),
        ExprKind::Negative(inner) => Some(-real(inner, env, report)?),
        ExprKind::Binary(operator, left, right) => {
            let (left, right) = (real(left, env, report), real(right, env, report));
            let (left, right) = (left?, right?);
            Some(match operator {
                Operator::Add => left + right,
                Operator::Sub => left - right,
                Operator::Mul => left * right,
                Operator::Div | Operator::Rem if right == 0.0 => {
                    let numbers = arithmetic(expr, *operator, left, right);
                    report.error(expr.place, format!("`{expr}` {DIVIDES_BY_ZERO}{numbers}"));
                    return None;
                }
                Operator::Div => left / right,
                Operator::Rem => left % right,
            })
        }
        ExprKind::Name(name) if matches!(env.get(name), Some(Named::Literal(_))) => match &env.literal(expr).kind {
            ExprKind::Real(value) => Some(*value),
            _ => whole(expr, env, report).map(|value| value as f64),
        },
        ExprKind::Int(_)
        | ExprKind::Name(_)
        | ExprKind::Bool(_)
        | ExprKind::Size(_)
        | ExprKind::Tuple(_)
        | ExprKind::Call(_)
        | ExprKind::Path(_)
        | ExprKind::Range(_)
        | ExprKind::Broken => whole(expr, env, report).map(|value| value as f64),
    }
}

/// `: 8 / 0`, unless the expression itself shows these numbers.
fn arithmetic(expr: &Expr, operator: Operator, left: impl fmt::Display, right: impl fmt::Display) -> String {
    let numbers = format!("{left} {} {right}", operator.symbol());
    if numbers == expr.to_string() { String::new() } else { format!(": {numbers}") }
}

fn apply(operator: Operator, left: i64, right: i64) -> Option<i64> {
    match operator {
        Operator::Add => left.checked_add(right),
        Operator::Sub => left.checked_sub(right),
        Operator::Mul => left.checked_mul(right),
        Operator::Div => left.checked_div(right),
        Operator::Rem => left.checked_rem(right),
    }
}

/// An unknown name is reported once, whichever check finds it.
const UNKNOWN: &str = "unknown name";

/// Checks the names in the default of a block's parameter against those that are known at it.
pub(crate) fn check_default(default: &Expr, known: &Env, after: &[String], report: &mut Report) {
    match &default.kind {
        ExprKind::Name(name) if after.contains(name) => {
            let help = "a default can only use the parameters before it";
            report.error_once(default.place, UNKNOWN, format!("`{name}` is not declared yet\nhelp: {help}"));
        }
        ExprKind::Name(name) if known.get(name).is_none() => {
            report.error_once(default.place, UNKNOWN, unknown_name(default.place, name, known));
        }
        ExprKind::Negative(inner) => check_default(inner, known, after, report),
        ExprKind::Binary(_, left, right) => {
            check_default(left, known, after, report);
            check_default(right, known, after, report);
        }
        ExprKind::Int(_)
        | ExprKind::Real(_)
        | ExprKind::Bool(_)
        | ExprKind::Name(_)
        | ExprKind::Size(_)
        | ExprKind::Tuple(_)
        | ExprKind::Call(_)
        | ExprKind::Path(_)
        | ExprKind::Range(_)
        | ExprKind::Broken => {}
    }
}

/// What a shape belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Input,
    Output,
}

/// The shape that an expression describes: `CxHxW`, or one number for a vector; a mistake is reported.
pub(crate) fn shape(expr: &Expr, of: Of, env: &Env, report: &mut Report) -> Option<Shape> {
    let expr = &*env.literal(expr);
    let parts = match &expr.kind {
        ExprKind::Size(parts) | ExprKind::Tuple(parts) => parts.as_slice(),
        _ => std::slice::from_ref(expr),
    };
    let mut numbers = Vec::new();
    for part in parts {
        let value = whole(part, env, report);
        match value {
            Some(value) if (1..=LARGEST).contains(&value) => numbers.push(value as usize),
            Some(value) => {
                let expected = if value < 1 { "at least 1".to_owned() } else { format!("at most {LARGEST}") };
                report.error(part.place, format!("the shape `{expr}` has a size of {value}, expected {expected}"));
            }
            None => {}
        }
    }
    if numbers.len() < parts.len() {
        return None;
    }
    let shape = match numbers[..] {
        [features] => Shape::Vector(features),
        [channels, height, width] => Shape::map(channels, height, width),
        _ => {
            report.error(expr.place, not_a_shape(expr, of, &numbers));
            return None;
        }
    };
    if let Some(many) = too_many(shape) {
        report.error(expr.place, format!("`{expr}` is too large: {many}"));
        return None;
    }
    Some(shape)
}

/// Reports a shape whose number of sizes is not one or three.
fn not_a_shape(expr: &Expr, of: Of, numbers: &[usize]) -> Message {
    const FORMS: &str = "maps are channels x height x width, and a vector is one number";
    let is_tuple = matches!(expr.kind, ExprKind::Tuple(_));
    let (help, shape) = match (numbers, of) {
        (_, Of::Output) if is_tuple => ("a net has one output; `tap name;` keeps a value as an extra one".into(), None),
        ([height, width], Of::Input) => {
            let shape = format!("1x{height}x{width}");
            (format!("maps are channels x height x width: `{shape}` for one channel"), Some(shape))
        }
        ([1, features], Of::Output) => (format!("leave out the batch: `{features}`"), Some(features.to_string())),
        ([_, sizes @ ..], _) if sizes.len() == 3 => {
            let [channels, height, width] = channels_first([sizes[0], sizes[1], sizes[2]]);
            let shape = format!("{channels}x{height}x{width}");
            (format!("leave out the batch: `{shape}`"), Some(shape))
        }
        _ => (FORMS.to_owned(), None),
    };
    let found = numbers.len();
    let message = format!("`{expr}` is not a shape: expected 1 or 3 numbers, found {found}\nhelp: {help}");
    Message::from(message).fixes(shape.map(|shape| vec![Edit::instead(expr.place, shape)]))
}

/// Whether these are the sizes of an image with its channels last: `224x224x3`.
pub(crate) fn is_channels_last([first, second, third]: [usize; 3]) -> bool {
    [1, 3, 4].contains(&third) && first.min(second) > 4
}

/// The sizes of an image with its channels first.
fn channels_first(sizes: [usize; 3]) -> [usize; 3] {
    let [first, second, third] = sizes;
    if is_channels_last(sizes) { [third, first, second] } else { sizes }
}

/// The most elements that one value may have (8 GiB of floats).
pub(crate) const MOST_ELEMENTS: usize = 1 << 31;

/// Why a shape has too many elements, if it does.
pub(crate) fn too_many(shape: Shape) -> Option<String> {
    let size = shape.size();
    product(&[shape.channels(), size.height, size.width], MOST_ELEMENTS, "elements")
}

/// `2 * 3 = 6 elements, expected at most 5`, if the product is more than `most`.
pub(crate) fn product(factors: &[usize], most: usize, what: &str) -> Option<String> {
    let total = factors.iter().try_fold(1u128, |total, factor| total.checked_mul(*factor as u128));
    if total.is_some_and(|total| total <= most as u128) {
        return None;
    }
    let factors: Vec<String> = factors.iter().filter(|factor| **factor > 1).map(usize::to_string).collect();
    let total = total.map_or(String::new(), |total| format!(" = {total}"));
    Some(format!("{}{total} {what}, expected at most {most}", factors.join(" * ")))
}

impl Operator {
    /// As it is written.
    pub(crate) fn symbol(self) -> char {
        match self {
            Self::Add => '+',
            Self::Sub => '-',
            Self::Mul => '*',
            Self::Div => '/',
            Self::Rem => '%',
        }
    }
}

/// As it could have been written.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Int(value) => write!(f, "{value}"),
            ExprKind::Real(value) if *value != 0.0 && !(1e-3..1e6).contains(&value.abs()) => write!(f, "{value:e}"),
            ExprKind::Real(value) => write!(f, "{value:?}"),
            ExprKind::Bool(value) => write!(f, "{value}"),
            ExprKind::Name(name) => write!(f, "{name}"),
            ExprKind::Path(path) => write!(f, "{path}"),
            ExprKind::Negative(inner) => write!(f, "-{inner}"),
            ExprKind::Binary(operator, left, right) => {
                let nested = |side: &Expr| match side.kind {
                    ExprKind::Binary(..) => format!("({side})"),
                    _ => side.to_string(),
                };
                write!(f, "{} {} {}", nested(left), operator.symbol(), nested(right))
            }
            ExprKind::Size(parts) => {
                let plain = parts.iter().all(|part| matches!(part.kind, ExprKind::Int(_)));
                list(f, parts, if plain { "x" } else { " x " })
            }
            ExprKind::Call(call) => write!(f, "{call}"),
            ExprKind::Broken => f.write_str("…"),
            ExprKind::Range(ends) => write!(f, "{}..{}", ends[0], ends[1]),
            ExprKind::Tuple(parts) => {
                f.write_str("(")?;
                list(f, parts, ", ")?;
                f.write_str(")")
            }
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        for (index, Arg { name, value }) in self.args.iter().enumerate() {
            f.write_str(if index == 0 { "(" } else { ", " })?;
            name.iter().try_for_each(|name| write!(f, "{name} = "))?;
            write!(f, "{value}")?;
        }
        f.write_str(if self.args.is_empty() { "" } else { ")" })
    }
}

fn list(f: &mut fmt::Formatter<'_>, parts: &[Expr], between: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        write!(f, "{part}")?;
    }
    Ok(())
}
