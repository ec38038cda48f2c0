//! The kinds of a block's parameters, which follow from what the block does with them.

use std::collections::HashMap;

use cnn_net::language;

use crate::ast::{self, Arg, Ast, Block, Body, Call, Expr, ExprKind, Merge, Pipeline, Statement, Step, StepKind};
use crate::env::Named;
use crate::op::Layer;
use crate::parse::generic;
use crate::report::{Place, Report, listed, message};

/// What a parameter must be.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// A whole number.
    Number,
    /// A number, or height and width.
    Size,
    /// A size, four numbers, or a word.
    Pad,
    /// A size, or four numbers.
    Sides,
    /// `0..16`
    Range,
    /// A number, or channels, height and width.
    Shape,
    /// A number that need not be whole.
    Real,
    Flag,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A path of Rust.
    Path,
    /// A layer or a block, with arguments.
    Layer,
    /// A value that was kept.
    Kept,
}

/// The kinds of the parameters of all blocks; those of parameters that a block does not use are unknown.
pub(super) struct Kinds(HashMap<String, Vec<Param>>);

/// A parameter.
struct Param {
    name: String,
    kind: Option<Kind>,
}

impl Kind {
    /// What two uses both allow.
    fn and(self, other: Self) -> Option<Self> {
        use Kind::{Number, Pad, Real, Shape, Sides, Size};
        match (self, other) {
            (a, b) if a == b => Some(a),
            (Size, Pad | Sides) | (Pad | Sides, Size) => Some(Size),
            (Pad, Sides) | (Sides, Pad) => Some(Sides),
            (Number | Size | Pad | Sides | Shape | Real, Number | Size | Pad | Sides | Shape | Real) => Some(Number),
            _ => None,
        }
    }

    /// Whether an argument is of this kind.
    pub(super) fn fits(self, argument: &Named) -> bool {
        let literal = match argument {
            Named::Number(_) => {
                return !matches!(
                    self,
                    Self::Range | Self::Flag | Self::Word(_) | Self::Path | Self::Layer | Self::Kept
                );
            }
            Named::Layer(_) => return self == Self::Layer,
            Named::Kept(_) => return self == Self::Kept,
            Named::Literal(literal) => literal,
        };
        match (self, &literal.kind) {
            (Self::Size, ExprKind::Size(parts) | ExprKind::Tuple(parts)) => parts.len() == 2,
            (Self::Pad | Self::Sides, ExprKind::Size(parts) | ExprKind::Tuple(parts)) => [2, 4].contains(&parts.len()),
            (Self::Shape, ExprKind::Size(parts) | ExprKind::Tuple(parts)) => parts.len() == 3,
            (Self::Range, ExprKind::Range(_)) => true,
            (Self::Pad, ExprKind::Name(word)) => ["same", "same_lower"].contains(&word.as_str()),
            (Self::Real, ExprKind::Real(_)) | (Self::Flag, ExprKind::Bool(_)) => true,
            (Self::Path, ExprKind::Path(_)) => true,
            (Self::Word(words), ExprKind::Name(word)) => words.contains(&word.as_str()),
            _ => false,
        }
    }

    /// What it must be, in words.
    pub(super) fn expected(self) -> String {
        match self {
            Self::Number => "one whole number".to_owned(),
            Self::Size => "a size, `3x3` or `3`".to_owned(),
            Self::Pad => "a number, a size or `same`".to_owned(),
            Self::Sides => "a number, a size or four numbers".to_owned(),
            Self::Range => "a range, `0..16`".to_owned(),
            Self::Shape => "a number, or `CxHxW`".to_owned(),
            Self::Real => "a number".to_owned(),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Word(words) => listed(&words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>(), "or"),
            Self::Path => "the path of a function or a type".to_owned(),
            Self::Layer => "a layer, such as `relu`".to_owned(),
            Self::Kept => "the name of a value that was kept".to_owned(),
        }
    }

    /// How a block uses such a parameter.
    fn used(self) -> &'static str {
        match self {
            Self::Number => "a whole number",
            Self::Size => "a size",
            Self::Pad => "a padding",
            Self::Sides => "the number of rows and columns",
            Self::Range => "a range",
            Self::Shape => "a shape",
            Self::Real => "a number",
            Self::Flag => "a flag",
            Self::Word(_) => "a word",
            Self::Path => "a path",
            Self::Layer => "a layer",
            Self::Kept => "a kept value",
        }
    }
}

impl Kinds {
    /// Those of all blocks. A parameter that is used as two kinds is reported.
    pub(super) fn of(ast: &Ast, report: &mut Report) -> Self {
        let params = |block: &Block| {
            let params = block.params.iter().map(|param| Param { name: param.name.to_string(), kind: None });
            (block.name.to_string(), params.collect())
        };
        let mut kinds = Self(ast.blocks.iter().map(params).collect());
        // Blocks pass parameters on to others. No chain of calls is longer than the list of blocks.
        for _ in &ast.blocks {
            let mut changed = false;
            for block in &ast.blocks {
                let found = kinds.uses(block, &mut Report::default());
                changed |= kinds.set(block, &found);
            }
            if !changed {
                break;
            }
        }
        for block in &ast.blocks {
            kinds.uses(block, report);
        }
        kinds
    }

    pub(super) fn get(&self, block: &str, param: &str) -> Option<Kind> {
        self.0.get(block)?.iter().find(|known| known.name == param)?.kind
    }

    /// The kind of a block's parameter, if it is known.
    pub(super) fn of_param(&self, block: &Block, param: &ast::Param) -> Option<Kind> {
        self.get(&block.name.to_string(), &param.name.to_string())
    }

    fn set(&mut self, block: &Block, found: &[Option<Kind>]) -> bool {
        let Some(params) = self.0.get_mut(&block.name.to_string()) else { return false };
        let mut changed = false;
        for (param, kind) in params.iter_mut().zip(found) {
            changed |= param.kind != *kind;
            param.kind = *kind;
        }
        changed
    }

    /// The kinds of a block's parameters by its uses of them.
    fn uses(&self, block: &Block, report: &mut Report) -> Vec<Option<Kind>> {
        let names = block.params.iter().map(|param| param.name.to_string()).collect();
        let mut uses = Uses { kinds: self, names, found: vec![None; block.params.len()], report };
        uses.body(&block.body);
        for param in &block.params {
            if let Some(default) = &param.default {
                uses.expr(default, self.of_param(block, param));
            }
        }
        uses.found
    }
}

/// The uses of a block's parameters.
struct Uses<'a> {
    kinds: &'a Kinds,
    names: Vec<String>,
    found: Vec<Option<Kind>>,
    report: &'a mut Report,
}

impl Uses<'_> {
    fn add(&mut self, name: &str, kind: Kind, place: impl Into<Place>) {
        let Some(index) = self.names.iter().position(|param| param == name) else { return };
        let before = self.found[index].unwrap_or(kind);
        if let Some(both) = before.and(kind) {
            self.found[index] = Some(both);
            return;
        }
        let wrong = format!("`{name}` is used as {} here, and as {} before", kind.used(), before.used());
        self.report.error(place, message(&wrong, "two parameters can have two kinds"));
    }

    fn body(&mut self, body: &Body) {
        for statement in &body.statements {
            match statement {
                Statement::Pipeline(pipeline) => self.pipeline(pipeline),
                Statement::Aux(aux) => {
                    self.expr(&aux.weight, Some(Kind::Real));
                    self.body(&aux.body);
                }
                Statement::Output(output) => output.body.iter().for_each(|body| self.body(body)),
                Statement::Tap(_) | Statement::Keep(_) | Statement::Broken => {}
            }
        }
    }

    fn pipeline(&mut self, Pipeline { steps }: &Pipeline) {
        steps.iter().for_each(|step| self.step(step));
    }

    fn step(&mut self, step: &Step) {
        match &step.kind {
            StepKind::Call(call) | StepKind::Splice(call) => self.call(call),
            StepKind::Merge(Merge { call, branches, .. }) => {
                call.iter().for_each(|call| self.call(call));
                branches.iter().for_each(|branch| self.pipeline(branch));
            }
            StepKind::Group(body) => self.body(body),
            StepKind::Repeat(repeat) => {
                self.expr(&repeat.count, Some(Kind::Number));
                self.pipeline(&repeat.steps);
            }
            StepKind::From(from) => self.add(&from.name.to_string(), Kind::Kept, from.name.span()),
            StepKind::Skip(_) | StepKind::Again(_) => {}
        }
    }

    fn call(&mut self, call: &Call) {
        let name = call.name.to_string();
        let layer = Layer::named(&name);
        if layer.is_none() && !self.kinds.0.contains_key(&name) {
            self.add(&name, Kind::Layer, call.name.span());
        }
        for (index, arg) in call.args.iter().enumerate() {
            let kind = match layer {
                Some(layer) => layer_kind(layer, index, arg),
                None => self.block_kind(&name, index, arg),
            };
            self.expr(&arg.value, kind);
        }
    }

    fn block_kind(&self, block: &str, index: usize, arg: &Arg) -> Option<Kind> {
        let params = self.kinds.0.get(block)?;
        let param = match &arg.name {
            Some(name) => params.iter().find(|param| *name == param.name),
            None => params.get(index),
        };
        param?.kind
    }

    /// An expression, where a value of some kind is expected.
    fn expr(&mut self, expr: &Expr, kind: Option<Kind>) {
        match &expr.kind {
            ExprKind::Name(name) => {
                if let Some(kind) = kind {
                    self.add(name, kind, expr.place);
                }
            }
            ExprKind::Binary(_, left, right) => {
                let kind = kind.filter(|kind| *kind == Kind::Real).or(Some(Kind::Number));
                self.expr(left, kind);
                self.expr(right, kind);
            }
            ExprKind::Negative(inner) => {
                self.expr(inner, kind.filter(|kind| *kind == Kind::Real).or(Some(Kind::Number)))
            }
            ExprKind::Size(parts) | ExprKind::Tuple(parts) => {
                parts.iter().for_each(|part| self.expr(part, Some(Kind::Number)));
            }
            ExprKind::Range(ends) => ends.iter().for_each(|end| self.expr(end, Some(Kind::Number))),
            ExprKind::Call(call) => self.call(call),
            ExprKind::Path(path) => path.visit(&mut |argument| {
                if let Some(number) = generic(argument) {
                    self.expr(&number, Some(Kind::Number));
                }
            }),
            ExprKind::Int(_) | ExprKind::Real(_) | ExprKind::Bool(_) | ExprKind::Broken => {}
        }
    }
}

/// The kind of a layer's argument.
fn layer_kind(layer: &Layer, index: usize, arg: &Arg) -> Option<Kind> {
    let param = match &arg.name {
        Some(name) => layer.param(&name.to_string()),
        None => layer.params.get(index),
    };
    Some(match param?.kind {
        language::Kind::Count | language::Kind::Amount | language::Kind::Tensors => Kind::Number,
        language::Kind::Path => Kind::Path,
        language::Kind::Size | language::Kind::SizeOrZero => Kind::Size,
        language::Kind::Pad => Kind::Pad,
        language::Kind::Sides | language::Kind::Crop => Kind::Sides,
        language::Kind::Range => Kind::Range,
        language::Kind::Shape => Kind::Shape,
        language::Kind::Flag => Kind::Flag,
        language::Kind::Real(_) | language::Kind::Perhaps(..) => Kind::Real,
        language::Kind::Word(words) => Kind::Word(words),
    })
}
