//! The arguments of a layer as a list, for messages and documentation that show how to call it.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::write::{real, size};
use crate::op::{Argument, Bounds, Op, Slot};

/// An argument of a layer.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// Whether it can be given by position.
    pub positional: bool,
    /// The kind of value that it takes.
    pub kind: Kind,
    /// Its default; `None` if it is required.
    pub default: Option<String>,
    /// The argument whose value is its default.
    pub like: Option<&'static str>,
}

/// The kinds of values that arguments take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A whole number from 1.
    Count,
    /// `n` or `HxW`, each from 1.
    Size,
    /// `n` or `(height, width)`, each from 0.
    SizeOrZero,
    /// `n`, `HxW`, `(top, left, bottom, right)`, `same` or `same_lower`.
    Pad,
    /// `n`, `HxW` or `(top, left, bottom, right)`.
    Sides,
    /// `n` or `HxW`, each from 1, or `(top, left, bottom, right)`.
    Crop,
    /// `first..end`.
    Range,
    /// `CxHxW`, or `n`.
    Shape,
    /// A whole number from 0.
    Amount,
    /// The path of a function or a type in Rust.
    Path,
    /// Any number of tensors, each under its own name: `weight = 16x3`.
    Tensors,
    /// `true` or `false`.
    Flag,
    /// A number between two bounds.
    Real(Bounds),
    /// The same, or a word for none.
    Perhaps(Bounds, &'static str),
    /// One of some words.
    Word(&'static [&'static str]),
}

impl Param {
    /// `stride = 1`
    #[must_use]
    pub fn usage(&self) -> String {
        match &self.default {
            _ if self.kind == Kind::Tensors => "tensor = 16x3, …".to_owned(),
            Some(default) => format!("{} = {default}", self.name),
            None => self.name.to_owned(),
        }
    }
}

/// The arguments of a layer, in the order of a call.
#[must_use]
pub fn params(mut op: Op) -> Vec<Param> {
    let mut list = List(Vec::new());
    op.arguments(&mut list);
    list.0
}

/// How a layer is called: `conv(filters, size, stride = 1, …)`.
#[must_use]
pub fn usage(name: &str, params: &[Param]) -> String {
    if params.is_empty() {
        return format!("`{name}`, without arguments");
    }
    let params: Vec<String> = params.iter().map(Param::usage).collect();
    format!("`{name}({})`", params.join(", "))
}

/// How a missing path is spelt.
pub(super) const NO_PATH: &str = "none";

struct List(Vec<Param>);

impl Argument for List {
    fn argument(&mut self, name: &'static str, positional: bool, slot: Slot<'_>) {
        let (kind, default) = match &slot {
            Slot::Count(field) => (Kind::Count, field.default.map(|count| format!("{count}"))),
            Slot::Size(field) => (Kind::Size, field.default.map(size)),
            Slot::SizeLike(_, other) => (Kind::Size, Some((*other).to_owned())),
            Slot::SizeOrZero(field) => (Kind::SizeOrZero, field.default.map(|_| "0".to_owned())),
            Slot::Pad(field) => (Kind::Pad, field.default.map(|_| "0".to_owned())),
            Slot::Sides(_) => (Kind::Sides, None),
            Slot::Crop(_) => (Kind::Crop, None),
            Slot::Range(_) => (Kind::Range, None),
            Slot::Shape(_) => (Kind::Shape, None),
            Slot::Amount(_) => (Kind::Amount, Some("0".to_owned())),
            Slot::Path(field) => (Kind::Path, field.default.map(|_| NO_PATH.to_owned())),
            Slot::Tensors(_) => (Kind::Tensors, Some(String::new())),
            Slot::Flag(field) => (Kind::Flag, field.default.map(|flag| format!("{flag}"))),
            Slot::Real(field, bounds) => (Kind::Real(*bounds), field.default.map(real)),
            Slot::Perhaps(_, bounds, none) => (Kind::Perhaps(*bounds, none), Some((*none).to_owned())),
            Slot::Word(word, default) => {
                (Kind::Word(word.words()), default.map(|index| word.words()[index].to_owned()))
            }
        };
        let like = if let Slot::SizeLike(_, other) = slot { Some(other) } else { None };
        self.0.push(Param { name, positional, kind, default, like });
    }
}
