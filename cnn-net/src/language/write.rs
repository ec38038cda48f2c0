//! Writes layers as they are spelt in a declaration.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use super::params::NO_PATH;
use super::tree::{Arg, Number, Value};
use crate::op::{Argument, Crop, Field, Interval, Op, Padding, Shape, Size, Slot, UserTensor};

/// The arguments of a layer that differ from their defaults: `6, 5x5, stride = 2`. Empty if there are none.
#[must_use]
pub fn arguments(op: &Op) -> String {
    listed(&args(op), &[])
}

/// The call of a layer: `conv(6, 5x5)`, `relu`.
#[must_use]
pub fn call(op: &Op) -> String {
    call_of(op.name(), &args(op), &[])
}

/// The call of a layer in a block with these parameters.
pub(super) fn call_of(name: &str, args: &[Arg], params: &[String]) -> String {
    let arguments = listed(args, params);
    if arguments.is_empty() { name.to_owned() } else { format!("{name}({arguments})") }
}

fn listed(args: &[Arg], params: &[String]) -> String {
    let written = args.iter().filter(|arg| arg.default.as_ref() != Some(&arg.value));
    let text = |arg: &Arg| {
        // A size that needs no name is always a window's.
        let value = value(&arg.value, arg.positional, params);
        if arg.positional { value } else { format!("{} = {value}", arg.name) }
    };
    written.map(text).collect::<Vec<_>>().join(", ")
}

/// All arguments of a layer.
pub(super) fn args(op: &Op) -> Vec<Arg> {
    let mut args = Args(Vec::new());
    op.clone().arguments(&mut args);
    args.0
}

struct Args(Vec<Arg>);

impl Argument for Args {
    fn argument(&mut self, name: &'static str, positional: bool, slot: Slot<'_>) {
        let word = |words: &[&str], index: usize| Value::Word(words.get(index).copied().unwrap_or_default().to_owned());
        let (value, default) = match slot {
            Slot::Count(field) => both(field, |count| Value::Count(Number::of(count))),
            Slot::Size(field) | Slot::SizeLike(field, _) => both(field, Value::from),
            Slot::Pad(field) | Slot::Sides(field) => both(field, Value::from),
            Slot::Crop(field) => both(field, Value::from),
            Slot::Range(field) => both(field, Value::from),
            Slot::Shape(field) => both(field, Value::from),
            // As padding is: `0x1` would be a number.
            Slot::SizeOrZero(field) => {
                both(field, |size: Size| Value::from(Padding::symmetric(size.height, size.width)))
            }
            Slot::Amount(amount) => {
                let count = |amount| Value::Count(Number::of(amount));
                (count(*amount), Some(count(0)))
            }
            Slot::Path(field) => both(field, path_value),
            Slot::Tensors(tensors) => return self.0.extend(tensors.iter().map(tensor)),
            Slot::Flag(field) => both(field, |flag| Value::Word(flag.to_string())),
            Slot::Real(field, _) => both(field, Value::Real),
            Slot::Perhaps(number, _, none) => {
                let none = Value::Word(none.to_owned());
                (number.map_or_else(|| none.clone(), Value::Real), Some(none))
            }
            Slot::Word(chosen, default) => {
                (word(chosen.words(), chosen.index()), default.map(|index| word(chosen.words(), index)))
            }
        };
        self.0.push(Arg { name, positional, value, default });
    }
}

/// A path, with the numbers in its angle brackets taken out.
fn path_value(path: &str) -> Value {
    if path.is_empty() {
        return Value::Word(NO_PATH.to_owned());
    }
    let (mut texts, mut numbers) = (vec![String::new()], Vec::new());
    let parts = path.split_inclusive(['<', ',', ' ', '>']);
    for part in parts {
        let (word, end) = part.split_at(part.trim_end_matches(['<', ',', ' ', '>']).len());
        let number = word.parse().ok().filter(|number: &i64| number.to_string() == word);
        let Some(text) = texts.last_mut() else { continue };
        match number {
            Some(number) => {
                numbers.push(Number::Is(number));
                texts.push(end.to_owned());
            }
            None => text.push_str(part),
        }
    }
    Value::Path { texts, numbers }
}

/// A tensor of a user-defined layer, as the argument that declares it.
fn tensor(tensor: &UserTensor) -> Arg {
    let (role, dims) = (tensor.role(), tensor.dims().iter().copied().map(Number::of).collect());
    let value = Value::Tensor { dims, trained: role.is_parameter() };
    Arg { name: role.name(), positional: false, value, default: None }
}

fn both<T: Copy>(field: Field<'_, T>, of: impl Fn(T) -> Value) -> (Value, Option<Value>) {
    (of(*field.value), field.default.map(of))
}

impl From<Size> for Value {
    fn from(Size { height, width }: Size) -> Self {
        Self::Size([height, width].map(Number::of))
    }
}

impl From<Padding> for Value {
    fn from(Padding { top, left, bottom, right }: Padding) -> Self {
        Self::Pad([top, left, bottom, right].map(Number::of))
    }
}

impl From<Crop> for Value {
    fn from(crop: Crop) -> Self {
        match crop {
            Crop::To(size) => size.into(),
            Crop::Margins(Padding { top, left, bottom, right }) => {
                Self::Margins([top, left, bottom, right].map(Number::of))
            }
        }
    }
}

impl From<Interval> for Value {
    fn from(Interval { first, end }: Interval) -> Self {
        Self::Range([first, end].map(Number::of))
    }
}

impl From<Shape> for Value {
    fn from(shape: Shape) -> Self {
        match shape {
            Shape::Map { channels, height, width } => Self::Shape([channels, height, width].map(Number::of)),
            Shape::Vector(features) => Self::Count(Number::of(features)),
        }
    }
}

/// A value as it is written in a block with these parameters; in its long form, a size is always two numbers.
pub(super) fn value(value: &Value, long: bool, params: &[String]) -> String {
    let text = |part: &Number| number(*part, params);
    match value {
        Value::Count(count) => text(count),
        Value::Size([height, width]) if height == width && !long => text(height),
        Value::Size(sizes) => times(sizes, params),
        Value::Pad(sides) => padding(sides, params),
        Value::Margins(sides) => format!("({})", sides.map(|side| text(&side)).join(", ")),
        Value::Range([first, end]) => format!("{}..{}", text(first), text(end)),
        Value::Shape(sizes) => times(sizes, params),
        Value::Real(number) => real(*number),
        Value::Decimal(number, 0) => text(number),
        Value::Decimal(number, digits) => format!("{} / 1{}", text(number), "0".repeat(*digits as usize)),
        Value::Word(word) => word.clone(),
        Value::Path { texts, numbers } => {
            let number = |number: &Number| match number {
                Number::Param { times, over, .. } if (*times, *over) != (1, 1) => format!("{{ {} }}", text(number)),
                _ => text(number),
            };
            let numbers = numbers.iter().map(number).chain([String::new()]);
            texts.iter().zip(numbers).flat_map(|(text, number)| [text.clone(), number]).collect()
        }
        Value::Tensor { dims, trained: true } => times(dims, params),
        Value::Tensor { dims, trained: false } => format!("buffer({})", times(dims, params)),
    }
}

/// A number as it is written in a block with these parameters.
pub(super) fn number(number: Number, params: &[String]) -> String {
    match number {
        Number::Is(number) => number.to_string(),
        Number::Param { index, times, over } => {
            let name = params.get(index).map_or("", String::as_str);
            match (times, over) {
                (1, 1) => name.to_owned(),
                (_, 1) => format!("{times} * {name}"),
                (_, _) => format!("{name} / {over}"),
            }
        }
    }
}

/// `3x3`, or `3 x k`: without spaces, Rust would read the name as a part of the number.
fn times(sizes: &[Number], params: &[String]) -> String {
    let between = if sizes.iter().all(|size| matches!(size, Number::Is(_))) { "x" } else { " x " };
    sizes.iter().map(|size| number(*size, params)).collect::<Vec<_>>().join(between)
}

/// `2`, or `2x3`.
pub(super) fn size(size: Size) -> String {
    value(&size.into(), false, &[])
}

/// Small and large numbers with an exponent, which is easier to read than zeros to count. It is read in double
/// precision first, and is still the same number.
pub(super) fn real(value: f32) -> String {
    let has_exponent = value != 0.0 && !(1e-3..1e9).contains(&value.abs());
    let text = if has_exponent { format!("{value:e}") } else { value.to_string() };
    // The largest number has a shorter form that is larger.
    let is_bounded = |read: f64| read.abs() <= f64::from(f32::MAX) || value.is_infinite();
    let is_same = text.parse::<f64>().is_ok_and(|read| read as f32 == value && is_bounded(read));
    if is_same { text } else { format!("{:e}", f64::from(value)) }
}

/// A size with a zero is written in parentheses, since `0x3` is a hexadecimal number.
fn padding(sides: &[Number; 4], params: &[String]) -> String {
    let [top, left, bottom, right] = *sides;
    match (top == bottom && left == right, top == left) {
        (true, true) => number(top, params),
        (true, false) if [top, left].contains(&Number::Is(0)) => {
            format!("({}, {})", number(top, params), number(left, params))
        }
        (true, false) => times(&[top, left], params),
        (false, _) => format!("({})", sides.map(|side| number(side, params)).join(", ")),
    }
}
