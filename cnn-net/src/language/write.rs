//! Layers as a declaration calls them.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::op::{Argument, Field, Op, Padding, Size, Slot};

/// The arguments of a layer, without those that have their default: `6, 5x5, stride = 2`. Empty if none is left.
#[must_use]
pub fn arguments(op: &Op) -> String {
    written(op, false)
}

/// The call of a layer: `conv(6, 5x5)`, `relu`.
#[must_use]
pub fn call(op: &Op) -> String {
    call_of(op, &arguments(op))
}

/// The call of a layer with all arguments, so that calls of the same layer differ in values alone.
pub(super) fn call_in_full(op: &Op) -> String {
    call_of(op, &written(op, true))
}

fn call_of(op: &Op, arguments: &str) -> String {
    if arguments.is_empty() { op.name().to_owned() } else { format!("{}({arguments})", op.name()) }
}

fn written(op: &Op, in_full: bool) -> String {
    let mut written = Written { arguments: Vec::new(), in_full };
    op.clone().arguments(&mut written);
    written.arguments.join(", ")
}

struct Written {
    arguments: Vec<String>,
    /// Whether defaults are written too, and sizes and paddings in their longest form.
    in_full: bool,
}

impl Argument for Written {
    fn argument(&mut self, name: &'static str, positional: bool, slot: Slot<'_>) {
        let full = self.in_full;
        let value = match slot {
            Slot::Count(field) => changed(field, full, |count| count.to_string()),
            // Where a size needs no name, it is always one of a window.
            Slot::Size(field) | Slot::SizeLike(field, _) if positional || full => {
                changed(field, full, |size| size.to_string())
            }
            Slot::Size(field) | Slot::SizeLike(field, _) => changed(field, full, size),
            Slot::Pad(field) => changed(field, full, |pad| padding(pad, full)),
            Slot::Flag(field) => changed(field, full, |flag| flag.to_string()),
            Slot::Real(field, _) => changed(field, full, real),
            Slot::Word(word, default) => {
                (full || default != Some(word.index())).then(|| word.words()[word.index()].to_owned())
            }
        };
        if let Some(value) = value {
            self.arguments.push(if positional { value } else { format!("{name} = {value}") });
        }
    }
}

/// The text of a value that is not its default.
fn changed<T: Copy + PartialEq>(field: Field<'_, T>, always: bool, text: impl Fn(T) -> String) -> Option<String> {
    (always || field.default != Some(*field.value)).then(|| text(*field.value))
}

/// `2`, or `2x3`.
pub(super) fn size(size: Size) -> String {
    if size.height == size.width { size.height.to_string() } else { size.to_string() }
}

/// Small numbers with an exponent, which is easier to read than zeros to count.
pub(super) fn real(value: f32) -> String {
    if value != 0.0 && value.abs() < 1e-3 { format!("{value:e}") } else { value.to_string() }
}

/// A size with a zero is written in parentheses, since `0x3` is a hexadecimal number.
fn padding(pad: Padding, in_full: bool) -> String {
    let Padding { top, left, bottom, right } = pad;
    match (top == bottom && left == right, top == left) {
        _ if in_full => format!("({top}, {left}, {bottom}, {right})"),
        (true, true) => format!("{top}"),
        (true, false) if top == 0 || left == 0 => format!("({top}, {left})"),
        (true, false) => format!("{top}x{left}"),
        (false, _) => format!("({top}, {left}, {bottom}, {right})"),
    }
}
