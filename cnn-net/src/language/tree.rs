//! A declaration as a tree, between the graph that it describes and its text.
//!
//! At first a tree has a body for each block call, with only numbers in it; then each block gets one body for all of its
//! calls, in which the numbers that differ become parameters.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// A statement, which ends in `;`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Statement {
    /// A step, whose result the next one takes.
    Step(Step),
    /// `tap name`
    Tap(String),
    /// `keep name`
    Keep(String),
    /// `output name`
    Output(String),
    /// `aux name(weight = 0.3) { … }`
    Aux(Aux),
}

/// An auxiliary classifier.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Aux {
    pub(super) name: String,
    pub(super) weight: Value,
    pub(super) body: Vec<Statement>,
}

/// `name: kind`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) name: Option<String>,
    pub(super) kind: Kind,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Layer(Layer),
    Call(Call),
    Merge(Merge),
    /// `{ … }`
    Group(Vec<Statement>),
    Repeat(Repeat),
    /// `skip`
    Skip,
    /// `from name`
    From(String),
    /// `again name`
    Again(String),
}

/// `conv(6, 5x5)`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layer {
    /// Its index; 0 once bodies are unified.
    pub(super) node: usize,
    pub(super) name: &'static str,
    pub(super) args: Vec<Arg>,
    /// Whether a person would begin a line with it.
    pub(super) begins: bool,
}

/// `residual(16)`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    /// The index of the call; 0 once bodies are unified.
    pub(super) site: usize,
    pub(super) block: String,
    /// The values of the block's parameters, once bodies are unified.
    pub(super) args: Option<Vec<Number>>,
    /// The names of these.
    pub(super) params: Vec<String>,
}

/// `add { …; …; }`, `custom(Attention, 64) { …; …; }`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Merge {
    /// Its index; 0 once bodies are unified.
    pub(super) node: usize,
    pub(super) name: &'static str,
    pub(super) args: Vec<Arg>,
    pub(super) branches: Vec<Vec<Step>>,
}

/// `[step; n]`, or `[name1..: step; n]`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Repeat {
    /// The first name, if the copies have names.
    pub(super) counter: Option<String>,
    /// What is repeated, without a name.
    pub(super) step: Box<Step>,
    pub(super) count: Number,
}

/// An argument of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arg {
    pub(super) name: &'static str,
    pub(super) positional: bool,
    pub(super) value: Value,
    /// Its value if it is left out.
    pub(super) default: Option<Value>,
}

/// The value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Count(Number),
    /// Height and width.
    Size([Number; 2]),
    /// Top, left, bottom and right.
    Pad([Number; 4]),
    /// The same, all four of them written.
    Margins([Number; 4]),
    /// The first and the end.
    Range([Number; 2]),
    /// Channels, height and width.
    Shape([Number; 3]),
    Real(f32),
    /// A number over a power of ten, by its exponent: how a real number depends on a parameter.
    Decimal(Number, u32),
    /// `true`, `f16`
    Word(String),
    /// `layers::Coordinates<3>`: a text before each of some numbers, and one after the last.
    Path {
        texts: Vec<String>,
        numbers: Vec<Number>,
    },
    /// `16x3`, or `buffer(16x3)` of one that is not trained.
    Tensor {
        dims: Vec<Number>,
        trained: bool,
    },
}

/// A whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Is(i64),
    /// `4 * filters`, `filters / 4`; one of the two factors is 1.
    Param {
        index: usize,
        times: i64,
        over: i64,
    },
}

impl Number {
    pub(super) fn of(number: usize) -> Self {
        Self::Is(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl Step {
    pub(super) fn unnamed(kind: Kind) -> Self {
        Self { name: None, kind }
    }

    /// A step that passes its input on, and has a number.
    pub(super) fn nothing() -> Self {
        Self::unnamed(Kind::Group(Vec::new()))
    }
}

/// A call of a block.
pub(super) struct Site {
    pub(super) block: String,
    /// The block around it, or nothing.
    pub(super) outer: String,
    /// The body that was called, at first with only numbers in it.
    pub(super) body: Vec<Statement>,
    /// The values of the block's parameters.
    pub(super) args: Vec<Number>,
}

/// `block name(parameters) { … }`
pub(super) struct Block {
    pub(super) name: String,
    pub(super) params: Vec<String>,
    pub(super) body: Vec<Statement>,
}
