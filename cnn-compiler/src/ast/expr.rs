//! What arguments are: numbers, sizes, words, arithmetic, calls.

use proc_macro2::Ident;

use crate::path::RustPath;
use crate::report::Place;

/// `conv(6, 5x5, stride = 2)`
#[derive(Clone, Debug)]
pub struct Call {
    /// The layer's or the block's name.
    pub name: Ident,
    /// The name and the arguments.
    pub place: Place,
    /// Between the parentheses.
    pub args: Vec<Arg>,
}

/// `5x5`, or `stride = 2`
#[derive(Clone, Debug)]
pub struct Arg {
    /// Before `=`.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

impl Arg {
    /// Its name if it has one, else its value.
    pub(crate) fn place(&self) -> Place {
        self.name.as_ref().map_or(self.value.place, |name| name.span().into())
    }
}

impl Expr {
    /// A placeholder for an expression that could not be read.
    pub(crate) fn broken(place: impl Into<Place>) -> Self {
        Self { kind: ExprKind::Broken, place: place.into() }
    }
}

/// A number, a size, a word, or arithmetic.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// All of its tokens.
    pub place: Place,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `120`
    Int(i64),
    /// `1e-5`, with the sign
    Real(f64),
    /// `true`, `false`
    Bool(bool),
    /// A parameter of the block, or a word such as `same`.
    Name(String),
    /// `4 * mid`
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `-1`
    Negative(Box<Expr>),
    /// `3x3`, `3 x k`, `1x32x32`
    Size(Vec<Expr>),
    /// `(0, 3)`
    Tuple(Vec<Expr>),
    /// `leaky_relu(0.1)`
    Call(Box<Call>),
    /// `layers::Coordinates<3>`: of Rust. One that is a single word is a [`Name`](Self::Name).
    Path(RustPath),
    /// `0..16`
    Range(Box<[Expr; 2]>),
    /// Something with a mistake that was already reported.
    Broken,
}

/// An operator between whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`, rounded towards zero
    Div,
    /// `%`
    Rem,
}
