//! How a layer exposes its arguments and their defaults to readers and writers of calls.

use super::{Crop, Interval, Padding, Shape, Size, UserTensor};

/// A range of numbers, both ends included.
pub type Bounds = [f32; 2];

/// Any number.
pub(super) const ANY: Bounds = [f32::MIN, f32::MAX];
pub(super) const NOT_NEGATIVE: Bounds = [0.0, f32::MAX];
/// Above 0, with a finite inverse.
pub(super) const POSITIVE: Bounds = [f32::MIN_POSITIVE, f32::MAX];
pub(super) const SHARE: Bounds = [0.0, 1.0];

/// A visitor of the arguments of a layer, in order.
pub trait Argument {
    /// An argument: its name, whether it can be given by position, and its value.
    fn argument(&mut self, name: &'static str, positional: bool, slot: Slot<'_>);
}

/// The value of an argument.
pub enum Slot<'a> {
    /// A whole number from 1.
    Count(Field<'a, usize>),
    /// Height and width, each from 1.
    Size(Field<'a, Size>),
    /// Height and width; by default those of an earlier argument.
    SizeLike(Field<'a, Size>, &'static str),
    /// Height and width, each from 0; by default 0.
    SizeOrZero(Field<'a, Size>),
    /// Padding.
    Pad(Field<'a, Padding>),
    /// A number of rows and columns at each edge.
    Sides(Field<'a, Padding>),
    /// A height and width, or a number of rows and columns at each edge.
    Crop(Field<'a, Crop>),
    /// Whole numbers from one to another.
    Range(Field<'a, Interval>),
    /// Channels, height and width, or features, each from 1.
    Shape(Field<'a, Shape>),
    /// A whole number from 0, which is the default.
    Amount(&'a mut usize),
    /// The path of a function or a type in Rust; the default can be `none`, an empty path.
    Path(Field<'a, &'static str>),
    /// Any number of tensors, each an argument under its own name.
    Tensors(&'a mut &'static [UserTensor]),
    /// `true` or `false`.
    Flag(Field<'a, bool>),
    /// A number.
    Real(Field<'a, f32>, Bounds),
    /// A number, or by default none, written as this word.
    Perhaps(&'a mut Option<f32>, Bounds, &'static str),
    /// One of some words; the default is an index.
    Word(&'a mut dyn Word, Option<usize>),
}

/// A value and its default. Without a default, it is required.
pub struct Field<'a, T> {
    /// The value.
    pub value: &'a mut T,
    /// Its default.
    pub default: Option<T>,
}

/// A choice between words.
pub trait Word {
    /// The words.
    fn words(&self) -> &'static [&'static str];
    /// The one that is chosen.
    fn index(&self) -> usize;
    /// Chooses one.
    fn set(&mut self, index: usize);
}

/// `impl Word` for enums whose variants are words.
macro_rules! words {
    ($($type:ident { $($variant:ident),* })*) => {
        $(
            impl Word for $type {
                fn words(&self) -> &'static [&'static str] {
                    const { &[$($type::$variant.name()),*] }
                }

                fn index(&self) -> usize {
                    *self as usize
                }

                fn set(&mut self, index: usize) {
                    *self = [$(Self::$variant),*][index];
                }
            }
        )*
    };
}

pub(super) use words;

/// Collects the arguments that a layer names, in the order of a call.
pub(super) struct Arguments<'a> {
    to: &'a mut dyn Argument,
    positional: bool,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(to: &'a mut dyn Argument) -> Self {
        Self { to, positional: false }
    }

    /// The next argument can be given by position.
    pub(super) fn positional(&mut self) -> &mut Self {
        self.positional = true;
        self
    }

    pub(super) fn argument(&mut self, name: &'static str, slot: Slot<'_>) {
        self.to.argument(name, core::mem::take(&mut self.positional), slot);
    }

    pub(super) fn count(&mut self, name: &'static str, value: &mut usize, default: Option<usize>) {
        self.argument(name, Slot::Count(Field { value, default }));
    }

    pub(super) fn size(&mut self, name: &'static str, value: &mut Size, default: Option<Size>) {
        self.argument(name, Slot::Size(Field { value, default }));
    }

    pub(super) fn size_or_zero(&mut self, name: &'static str, value: &mut Size) {
        self.argument(name, Slot::SizeOrZero(Field { value, default: Some(Size::new(0, 0)) }));
    }

    pub(super) fn pad(&mut self, value: &mut Padding) {
        self.argument("pad", Slot::Pad(Field { value, default: Some(Padding::NONE) }));
    }

    pub(super) fn sides(&mut self, name: &'static str, value: &mut Padding) {
        self.argument(name, Slot::Sides(Field { value, default: None }));
    }

    pub(super) fn crop(&mut self, name: &'static str, value: &mut Crop) {
        self.argument(name, Slot::Crop(Field { value, default: None }));
    }

    pub(super) fn range(&mut self, name: &'static str, value: &mut Interval) {
        self.argument(name, Slot::Range(Field { value, default: None }));
    }

    pub(super) fn shape(&mut self, name: &'static str, value: &mut Shape) {
        self.argument(name, Slot::Shape(Field { value, default: None }));
    }

    pub(super) fn amount(&mut self, name: &'static str, value: &mut usize) {
        self.argument(name, Slot::Amount(value));
    }

    pub(super) fn path(&mut self, name: &'static str, value: &mut &'static str, default: Option<&'static str>) {
        self.argument(name, Slot::Path(Field { value, default }));
    }

    pub(super) fn tensors(&mut self, value: &mut &'static [UserTensor]) {
        self.argument("tensors", Slot::Tensors(value));
    }

    pub(super) fn flag(&mut self, name: &'static str, value: &mut bool, default: bool) {
        self.argument(name, Slot::Flag(Field { value, default: Some(default) }));
    }

    pub(super) fn real(&mut self, name: &'static str, value: &mut f32, bounds: Bounds, default: Option<f32>) {
        self.argument(name, Slot::Real(Field { value, default }, bounds));
    }

    pub(super) fn word(&mut self, name: &'static str, word: &mut dyn Word, default: Option<usize>) {
        self.argument(name, Slot::Word(word, default));
    }
}

impl<T> Field<'_, T> {
    /// Sets the value, if there is one.
    pub fn set(self, value: Option<T>) -> Option<()> {
        value.map(|value| *self.value = value)
    }

    /// Sets the default, if there is one.
    pub fn reset(self) -> Option<()> {
        self.default.map(|default| *self.value = default)
    }
}
