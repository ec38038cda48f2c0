//! Functions and layers that users write in Rust.
//!
//! A declaration names them by their paths, which only rustc can resolve. So the description in emitted code's static memory
//! has their code, while one made from text does not.

use core::fmt;

use super::argument::Arguments;
use super::{Dims, Role, Shape};
#[cfg(feature = "alloc")]
use crate::literal::{Literal, Rust};

/// Applies a function to each number of a slice.
pub type EachFn = fn(&mut [f32]);

/// Computes a layer. The arguments are its inputs, concatenated, each in the order C, H, W; its tensors, concatenated;
/// scratch memory; and its output, in the order C, H, W.
pub type LayerFn = fn(&[f32], &[f32], &mut [f32], &mut [f32]);

/// Computes the gradients of a layer. The arguments are its inputs and its tensors, as for [`LayerFn`]; the gradient of its output;
/// scratch memory; and the gradients of all inputs and then of all tensors, concatenated.
pub type BackwardFn = fn(&[f32], &[f32], &[f32], &mut [f32], &mut [f32]);

/// A user-defined element-wise function, `fn(f32) -> f32`.
#[derive(Clone, Copy)]
pub struct UserFunction {
    /// Its path in the declaration.
    pub path: &'static str,
    /// The path of its derivative, also a `fn(f32) -> f32`; empty if there is none.
    pub derivative: &'static str,
    /// Its code, if it is available.
    pub code: Option<EachFn>,
    /// The code of its derivative, in a net that trains.
    pub slope: Option<EachFn>,
}

/// A user-defined layer.
#[derive(Clone, Copy)]
pub struct UserLayer {
    /// The path of its type in the declaration.
    pub path: &'static str,
    /// How many values it reads.
    pub inputs: usize,
    /// The shape of its output.
    pub output: Shape,
    /// Floats of scratch memory.
    pub scratch: usize,
    /// Its tensors, in the order in which it receives them.
    pub tensors: &'static [UserTensor],
    /// Its code, if it is available.
    pub code: Option<LayerFn>,
    /// The code of its gradients, in a net that trains.
    pub backward: Option<BackwardFn>,
}

/// A tensor of a user-defined layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserTensor {
    pub(super) role: Role,
    pub(super) dims: Dims,
}

impl UserFunction {
    /// A function without code.
    #[must_use]
    pub const fn new(path: &'static str) -> Self {
        Self { path, derivative: "", code: None, slope: None }
    }

    /// The same with the path of its derivative.
    #[must_use]
    pub const fn derivative(self, derivative: &'static str) -> Self {
        Self { derivative, ..self }
    }

    /// The same with its code.
    #[must_use]
    pub const fn code(self, code: EachFn) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The same with the code of its derivative.
    #[must_use]
    pub const fn slope(self, slope: EachFn) -> Self {
        Self { slope: Some(slope), ..self }
    }

    pub(super) const fn differentiable(&self) -> Result<(), &'static str> {
        if self.derivative.is_empty() { Err("the derivative of this function is not declared") } else { Ok(()) }
    }

    pub(super) fn arguments(&mut self, to: &mut Arguments<'_>) {
        to.positional().path("function", &mut self.path, None);
        to.path("derivative", &mut self.derivative, Some(""));
    }
}

impl UserLayer {
    /// A layer of one input, without scratch memory, tensors and code.
    #[must_use]
    pub const fn new(path: &'static str, output: Shape) -> Self {
        Self { path, inputs: 1, output, scratch: 0, tensors: &[], code: None, backward: None }
    }

    /// The same with this many inputs.
    #[must_use]
    pub const fn inputs(self, inputs: usize) -> Self {
        Self { inputs, ..self }
    }

    /// The same with this many floats of scratch memory.
    #[must_use]
    pub const fn scratch(self, scratch: usize) -> Self {
        Self { scratch, ..self }
    }

    /// The same with these tensors.
    #[must_use]
    pub const fn tensors(self, tensors: &'static [UserTensor]) -> Self {
        Self { tensors, ..self }
    }

    /// The same with its code.
    #[must_use]
    pub const fn code(self, code: LayerFn) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The same with the code of its gradients.
    #[must_use]
    pub const fn backward(self, backward: BackwardFn) -> Self {
        Self { backward: Some(backward), ..self }
    }

    /// How many numbers its tensors have in total.
    #[must_use]
    pub const fn weights(&self) -> usize {
        let (mut weights, mut i) = (0, 0);
        while i < self.tensors.len() {
            weights += self.tensors[i].elements();
            i += 1;
        }
        weights
    }

    pub(super) fn arguments(&mut self, to: &mut Arguments<'_>) {
        to.positional().path("type", &mut self.path, None);
        to.positional().shape("shape", &mut self.output);
        to.amount("scratch", &mut self.scratch);
        to.tensors(&mut self.tensors);
    }
}

/// The last name of a path, without what is in angle brackets: `Coordinates` of `layers::Coordinates<3>`.
#[must_use]
pub const fn last_name(path: &'static str) -> &'static str {
    let (bytes, mut first, mut end) = (path.as_bytes(), 0, 0);
    while end < bytes.len() && bytes[end] != b'<' {
        if bytes[end] == b':' {
            first = end + 1;
        }
        end += 1;
    }
    // Both are next to an ASCII character.
    path.split_at(end).0.split_at(first).1
}

impl UserTensor {
    /// A tensor that is trained, so that it counts as parameters.
    #[must_use]
    pub const fn new<const D: usize>(name: &'static str, dims: [usize; D]) -> Self {
        const { assert!(1 <= D && D <= Dims::MOST, "a tensor has one to four dimensions") };
        Self::of(name, &dims, true)
    }

    /// A tensor that is not trained: one that PyTorch calls a buffer.
    #[must_use]
    pub const fn buffer<const D: usize>(name: &'static str, dims: [usize; D]) -> Self {
        const { assert!(1 <= D && D <= Dims::MOST, "a tensor has one to four dimensions") };
        Self::of(name, &dims, false)
    }

    /// A tensor of one to four dimensions.
    ///
    /// # Panics
    ///
    /// If there are more.
    #[must_use]
    pub const fn of(name: &'static str, dims: &[usize], trained: bool) -> Self {
        Self { role: Role::named(name, trained), dims: Dims::of(dims) }
    }

    /// Its role; the last part of its name.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Its dimensions.
    #[must_use]
    pub const fn dims(&self) -> &[usize] {
        self.dims.as_slice()
    }

    /// How many numbers it has.
    #[must_use]
    pub const fn elements(&self) -> usize {
        self.dims.elements()
    }
}

/// Regardless of the code: a path means one function.
impl PartialEq for UserFunction {
    fn eq(&self, other: &Self) -> bool {
        (self.path, self.derivative) == (other.path, other.derivative)
    }
}

/// Regardless of the code: a path means one type.
impl PartialEq for UserLayer {
    fn eq(&self, other: &Self) -> bool {
        let Self { path, inputs, output, scratch, tensors, code: _, backward: _ } = *self;
        (path, inputs, output, scratch, tensors)
            == (other.path, other.inputs, other.output, other.scratch, other.tensors)
    }
}

/// Without the address of the code.
impl fmt::Debug for UserFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UserFunction").field(&self.path).field(&self.derivative).finish()
    }
}

/// Without the address of the code.
impl fmt::Debug for UserLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, inputs, output, scratch, tensors, code: _, backward: _ } = self;
        let mut shown = f.debug_struct("UserLayer");
        shown.field("path", path).field("inputs", inputs).field("output", output);
        shown.field("scratch", scratch).field("tensors", tensors).finish()
    }
}

/// Without code: the name of a constant that has some is written in place of it, if there is one.
#[cfg(feature = "alloc")]
impl Literal for UserFunction {
    fn write(&self, to: &mut Rust) {
        let mut plain = Rust::default();
        plain.tuple("UserFunction::new", &[&self.path]);
        if !self.derivative.is_empty() {
            plain.push(".derivative(");
            self.derivative.write(&mut plain);
            plain.push(")");
        }
        to.known(plain.text);
    }
}

/// Without code: the name of a constant that has some is written in place of it, if there is one.
#[cfg(feature = "alloc")]
impl Literal for UserLayer {
    fn write(&self, to: &mut Rust) {
        let mut plain = Rust::default();
        plain.tuple("UserLayer::new", &[&self.path, &self.output]);
        let mut method = |name: &str, value: &dyn Literal| {
            plain.push(name);
            value.write(&mut plain);
            plain.push(")");
        };
        if self.inputs != 1 {
            method(".inputs(", &self.inputs);
        }
        if self.scratch != 0 {
            method(".scratch(", &self.scratch);
        }
        if !self.tensors.is_empty() {
            method(".tensors(", &self.tensors);
        }
        to.known(plain.text);
    }
}

#[cfg(feature = "alloc")]
impl Literal for UserTensor {
    fn write(&self, to: &mut Rust) {
        to.path(if self.role.is_parameter() { "UserTensor::new(" } else { "UserTensor::buffer(" });
        self.role.name().write(to);
        to.push(", [");
        for (index, dimension) in self.dims().iter().enumerate() {
            to.push(if index == 0 { "" } else { ", " });
            dimension.write(to);
        }
        to.push("])");
    }
}
