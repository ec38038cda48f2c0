//! Everything that is wrong with a file, reported at once.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use cnn_net::graph::Graph;

use super::advice::{Reparametrisation, as_f32, undone, write_rules};
use super::shown::{Dimensions, Name};
use super::unreadable::Unreadable;

/// How many tensors that a net does not know are listed one by one. A file can have any number of them.
const MOST_UNEXPECTED: usize = 100;
/// How many prefixes are listed, of tensors that exist more than once.
const MOST_PREFIXES: usize = 4;

/// All mismatches between a file and a net: one error, so that a file can be fixed in one go.
///
/// [`Display`](fmt::Display) gives a summary and a line for each problem, but only for the first 100 tensors that the net does
/// not know. What comes from a file is truncated and escaped there: names and shapes can be of any length.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct WeightsError {
    /// Name of the net.
    pub net: String,
    /// The problems, in the order of the net's layers; tensors that it does not know come last.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong with a file. Shapes are in the order of the file: `[filters, channels, height, width]`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Problem {
    /// The file could not be read, so nothing else is known.
    Unreadable(Unreadable),
    /// A renaming rule has a mistake.
    Rule {
        /// The rule's pattern.
        from: String,
        /// The rule's replacement.
        to: String,
        /// The mistake.
        why: &'static str,
    },
    /// Two tensors have the same name, in two files or after renaming.
    Twice {
        /// The name.
        name: String,
    },
    /// All names begin with a prefix that the net's names do not have. Further problems are reported without it.
    Prefixed {
        /// The prefix, including the last dot.
        prefix: String,
    },
    /// Names contain something that the net's names do not. Further problems are reported without it.
    Wrapped {
        /// The renaming rules that remove it.
        rules: Vec<(String, String)>,
    },
    /// The net's tensors exist more than once, each time under another prefix.
    Several {
        /// The prefixes, including the last dot.
        prefixes: Vec<String>,
    },
    /// A tensor is missing, but others that it is computed from exist.
    Reparametrised {
        /// Its name.
        name: String,
        /// How it is computed.
        by: Reparametrisation,
    },
    /// A tensor is missing.
    Missing {
        /// Its name.
        name: String,
        /// The shape it should have.
        shape: Vec<usize>,
    },
    /// A tensor is missing, but one of the same shape has nearly the same name.
    Misnamed {
        /// The name it should have.
        name: String,
        /// The name of that one.
        found: String,
        /// The shape of both.
        shape: Vec<usize>,
    },
    /// A tensor has the wrong shape.
    Misshapen {
        /// Its name.
        name: String,
        /// The shape it should have.
        expected: Vec<usize>,
        /// The shape it has.
        found: Vec<usize>,
        /// What probably happened.
        cause: Option<Cause>,
    },
    /// A tensor has a type that is not accepted.
    Mistyped {
        /// Its name.
        name: String,
        /// The type, as safetensors calls it: `I64`.
        dtype: String,
    },
    /// A tensor has values that are infinite or not a number.
    NotFinite {
        /// Its name.
        name: String,
        /// How many.
        count: usize,
        /// Position of the first, counted through the whole tensor.
        first: usize,
    },
    /// Variances of a batch normalisation that have no square root to divide by, even with `eps` added.
    NegativeVariance {
        /// Name of the tensor.
        name: String,
        /// How many.
        count: usize,
        /// Position of the first.
        first: usize,
    },
    /// A tensor that the net does not know.
    Unexpected {
        /// Its name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Whether it would be the bias of a layer that is declared without one.
        unused_bias: bool,
    },
    /// A tensor has values that are too large for half precision, with which its layer is declared.
    BeyondF16 {
        /// Its name.
        name: String,
        /// How many.
        count: usize,
        /// Position of the first, counted through the whole tensor.
        first: usize,
    },
    /// All values are finite, but some become too large for `f32` when the batch normalisation after the layer is folded in.
    Overflow {
        /// Name of the layer.
        layer: String,
    },
}

/// Why a tensor probably has the wrong shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Cause {
    /// Filters in TensorFlow's order: height, width, inputs, outputs.
    Hwio,
    /// Depthwise filters in TensorFlow's order: height, width, channels, multiplier.
    DepthwiseHwio,
    /// Filters with inputs last: outputs, height, width, inputs.
    Ohwi,
    /// A matrix in the order inputs, outputs.
    Transposed,
    /// A convolution with another number of groups.
    Groups,
    /// The same number of values in other dimensions.
    Reshaped,
}

impl WeightsError {
    /// Weights of a net that could not be read at all.
    #[must_use]
    pub fn unreadable(graph: &Graph<'_>, why: Unreadable) -> Self {
        Self::new(graph, alloc::vec![Problem::Unreadable(why)])
    }

    pub(super) fn new(graph: &Graph<'_>, problems: Vec<Problem>) -> Self {
        Self { net: graph.name.to_string(), problems }
    }

    /// One line for a log: `weights do not fit Small: 1 missing, 2 unexpected`.
    #[must_use]
    pub fn summary(&self) -> String {
        let net = &self.net;
        match self.problems.as_slice() {
            [why @ (Problem::Unreadable(_) | Problem::Rule { .. } | Problem::Twice { .. })] => {
                alloc::format!("the weights of {net} cannot be read: {why}")
            }
            _ => alloc::format!("weights do not fit {net}: {}", self.counts()),
        }
    }

    /// `1 missing, 2 unexpected`: how many problems there are of each kind.
    fn counts(&self) -> String {
        let kinds = [
            "missing",
            "under another name",
            "in another form",
            "unexpected",
            "with the wrong shape",
            "with the wrong type",
            "not finite",
            "with a negative variance",
            "too large for f16",
            "too large when folded",
        ];
        let count = |kind: &&str| self.problems.iter().filter(|problem| problem.kind() == Some(kind)).count();
        let counts = kinds.iter().map(|kind| (count(kind), kind)).filter(|(count, _)| *count > 0);
        let prefixed = self.problems.iter().any(|problem| matches!(problem, Problem::Prefixed { .. }));
        let parts = counts.map(|(count, kind)| alloc::format!("{count} {kind}"));
        let wrapped = self.problems.iter().any(|problem| matches!(problem, Problem::Wrapped { .. }));
        let several = self.problems.iter().any(|problem| matches!(problem, Problem::Several { .. }));
        let whole =
            [(prefixed, "all have a prefix"), (wrapped, "names of wrappers"), (several, "more than one of each")];
        let whole = whole.into_iter().filter(|(is, _)| *is).map(|(_, words)| words.to_string());
        whole.chain(parts).collect::<Vec<_>>().join(", ")
    }
}

impl Problem {
    /// What it counts as in the summary; `None` for what concerns the whole file.
    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Unreadable(_)
            | Self::Rule { .. }
            | Self::Twice { .. }
            | Self::Prefixed { .. }
            | Self::Wrapped { .. }
            | Self::Several { .. } => None,
            Self::Reparametrised { .. } => Some("in another form"),
            Self::Missing { .. } => Some("missing"),
            Self::Misnamed { .. } => Some("under another name"),
            Self::Unexpected { .. } => Some("unexpected"),
            Self::Misshapen { .. } => Some("with the wrong shape"),
            Self::Mistyped { .. } => Some("with the wrong type"),
            Self::NotFinite { .. } => Some("not finite"),
            Self::NegativeVariance { .. } => Some("with a negative variance"),
            Self::BeyondF16 { .. } => Some("too large for f16"),
            Self::Overflow { .. } => Some("too large when folded"),
        }
    }
}

/// The source is the system's error, if a file could not be opened or read.
impl Error for WeightsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.problems.iter().find_map(|problem| match problem {
            Problem::Unreadable(why) => why.source(),
            _ => None,
        })
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreadable(why) => why.source(),
            _ => None,
        }
    }
}

impl fmt::Display for WeightsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())?;
        if let [Problem::Unreadable(_) | Problem::Rule { .. } | Problem::Twice { .. }] = self.problems.as_slice() {
            return Ok(());
        }
        let mut unexpected = 0;
        for problem in &self.problems {
            unexpected += usize::from(matches!(problem, Problem::Unexpected { .. }));
            if unexpected <= MOST_UNEXPECTED || !matches!(problem, Problem::Unexpected { .. }) {
                write!(f, "\n  {problem}")?;
            }
        }
        if unexpected > MOST_UNEXPECTED {
            write!(f, "\n  and {} more unexpected", unexpected - MOST_UNEXPECTED)?;
        }
        Ok(())
    }
}

/// One line, of bounded length. Names come from a file, so anything that would upset a terminal is escaped.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "{why}"),
            Self::Rule { from, to, why } => write!(f, "the rule {from:?} => {to:?}: {why}"),
            Self::Twice { name } => {
                write!(f, "two tensors are called `{}`, in two files or after renaming", Name(name))
            }
            Self::Prefixed { prefix } => {
                let (shown, origin) = (Name(prefix), prefix_origin(prefix));
                write!(f, "the names begin with `{shown}`{origin}: rename with the rule \"{shown}*\" => \"*\"")
            }
            Self::Wrapped { rules } => write_rules(f, rules),
            Self::Several { prefixes } => {
                let prefixes: Vec<String> =
                    prefixes.iter().take(MOST_PREFIXES).map(|p| alloc::format!("`{}`", Name(p))).collect();
                let all = prefixes.join(" and ");
                write!(f, "each tensor exists under {all}: save the file with only one of them")
            }
            Self::Reparametrised { name, by } => {
                write!(f, "{name}: stored in parts by {by}; before saving, {}", undone(*by, name))
            }
            Self::Missing { name, shape } => write!(f, "{name}: missing, {shape:?}"),
            Self::Misnamed { name, found, shape } => {
                write!(
                    f,
                    "{name}: missing, {shape:?}; the file has `{}` of this shape: did you mean that?",
                    Name(found)
                )
            }
            Self::Misshapen { name, expected, found, cause } => {
                write!(f, "{name}: expected {expected:?}, found {}", Dimensions(found))?;
                cause.map_or(Ok(()), |cause| write!(f, "; {cause}"))
            }
            Self::Mistyped { name, dtype } => {
                write!(f, "{name}: expected F32, F16 or BF16, found {dtype}{}", as_f32(dtype))
            }
            Self::NotFinite { name, count, first } => {
                write!(f, "{name}: {count} infinite or NaN, the first at {first}")
            }
            Self::NegativeVariance { name, count, first } => {
                write!(f, "{name}: {count} not above -eps, the first at {first}; a variance is never negative")
            }
            Self::Unexpected { name, shape, unused_bias } => {
                let advice = if *unused_bias { "; the layer is declared with `bias = false`" } else { "" };
                write!(f, "{}: unexpected, {}{advice}", Name(name), Dimensions(shape))
            }
            Self::BeyondF16 { name, count, first } => {
                write!(f, "{name}: {count} beyond 65504, the limit of f16, the first at {first}; ")?;
                f.write_str("declare the layer with `store = f32`")
            }
            Self::Overflow { layer } => {
                write!(f, "{layer}: too large for f32 when the batch normalisation after it is folded into it")
            }
        }
    }
}

/// Where well-known prefixes come from.
pub(super) fn prefix_origin(prefix: &str) -> &'static str {
    match prefix {
        "module." => ", as `DataParallel` writes them",
        "_orig_mod." => ", as `torch.compile` writes them",
        "_forward_module." => ", as Lightning's strategies write them",
        "state_dict." | "model." => ", as checkpoints of training write them",
        _ => "",
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hwio => "HWIO, as in TensorFlow, instead of OIHW: `.permute(3, 2, 0, 1)`",
            Self::DepthwiseHwio => "height and width first, as in TensorFlow: `.permute(2, 3, 0, 1)`",
            Self::Ohwi => "OHWI instead of OIHW: `.permute(0, 3, 1, 2)`",
            Self::Transposed => "transposed: `.t()`",
            Self::Groups => "from a convolution with another number of groups",
            Self::Reshaped => "the same number of values, so `.reshape(..)` may do",
        })
    }
}
