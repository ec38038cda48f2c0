//! The declaration as written: names, numbers and their places, with nothing looked up yet.

mod attributes;
mod expr;
mod model;
mod name;
mod walk;

use std::fmt;

use cnn_net::op::Store;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{Attribute, Visibility};

use crate::report::Place;

pub use self::attributes::{Algorithms, Budget, Embed, Losses, Train};
pub use self::expr::{Arg, Call, Expr, ExprKind, Operator};
pub use self::model::{Content, Model};
pub use self::name::Name;
pub(crate) use self::walk::Part;

/// One invocation of `network!`.
#[derive(Default)]
pub struct Ast {
    /// The nets, in order.
    pub nets: Vec<Net>,
    /// The blocks, in order.
    pub blocks: Vec<Block>,
    /// The constants, in order.
    pub constants: Vec<Constant>,
    /// The files of nets that are not written here, in order.
    pub models: Vec<Model>,
    /// `#![crate = "path::to::cnn"]`: where emitted code finds the crate.
    pub path: Option<TokenStream>,
}

impl Ast {
    /// The net whose packed weights a variant also reads: the first with the same layers that differs from it only in
    /// its batch size. A variant that embeds a file has its own weights. So does one whose workspace is limited, since
    /// all images count against the limit, and more of them may need other algorithms; and one that would depend on a
    /// net that may not exist, or may be less visible than the variant.
    #[must_use]
    pub fn shares_weights(&self, variant: &Net) -> Option<&Net> {
        let of = variant.of.as_ref()?;
        let visibility = |net: &Net| net.visibility.to_token_stream().to_string();
        let alike = |net: &&Net| {
            let unlimited = net.budget == Budget::Any && variant.budget == Budget::Any;
            // The variant embeds the weights of the model, and the net those of another file.
            let has_others = variant.model.is_some() && net.weights.is_some();
            unlimited
                && !has_others
                && (net.algorithms, net.store) == (variant.algorithms, variant.store)
                && visibility(net) == visibility(variant)
        };
        let base = self.nets.iter().filter(|net| net.of.is_none() && net.name == *of);
        let variants = self.nets.iter().filter(|net| net.of.as_ref() == Some(of));
        let first = base.chain(variants).find(|net| alike(net) && !net.has_cfg())?;
        (variant.weights.is_none() && first.name != variant.name).then_some(first)
    }

    /// The path to the items that emitted code calls.
    pub(crate) fn runtime(&self) -> TokenStream {
        self.path.as_ref().map_or_else(|| quote!(::cnn::__rt), |path| quote!(#path::__rt))
    }
}

/// `pub LeNet5: 1x32x32 -> 10 { … }`
pub struct Net {
    /// `///` lines.
    pub docs: Vec<Attribute>,
    /// `cfg`, `allow` and the like, which go on every item.
    pub attributes: Vec<Attribute>,
    /// `#[weights("…")]`
    pub weights: Option<Embed>,
    /// `#[batch(8)]`: images per pass.
    pub batch: usize,
    /// `#[algorithm(exact)]` or `#[algorithm(folded)]`
    pub algorithms: Algorithms,
    /// `#[store(f16)]`: how the weights of fully connected layers are kept, unless a layer says otherwise.
    pub store: Store,
    /// `#[memory(small)]` or `#[workspace(max = 32_768)]`: how large the workspace may be.
    pub budget: Budget,
    /// The limit of the workspace in the source.
    pub budget_place: Option<Place>,
    /// `#[train(batch = 64)]`
    pub train: Option<Train>,
    /// Before the name.
    pub visibility: Visibility,
    /// Name of the net's type.
    pub name: Ident,
    /// Which of the [models](Ast::models) has the layers, for a net that is not written here, and its variants.
    pub model: Option<usize>,
    /// For a variant, `pub AlexNetF16 = AlexNet;`: the net whose layers these are.
    pub of: Option<Ident>,
    /// Before the arrow.
    pub inputs: Vec<Port>,
    /// After the arrow.
    pub outputs: Vec<Port>,
    /// Between the braces.
    pub body: Body,
}

impl Net {
    /// Whether a `cfg` switches the net: of several such nets, only one may exist.
    pub(crate) fn has_cfg(&self) -> bool {
        self.attributes.iter().any(|attribute| attribute.path().is_ident("cfg"))
    }

    /// Whether the targets of its training are a struct.
    pub(crate) fn has_struct_of_targets(&self) -> bool {
        self.train.is_some() && self.outputs.len() > 1
    }
}

/// Whether inputs or outputs have names.
pub(crate) fn names(ports: &[Port]) -> bool {
    ports.iter().any(|port| port.name.is_some())
}

/// An input or an output: the only one, `1x32x32`, or one of those in braces, `{ left: 1x16x16, right: 2x8x8 }`.
#[derive(Clone)]
pub struct Port {
    /// Before the colon; the only one needs none.
    pub name: Option<Ident>,
    /// Its shape.
    pub shape: Expr,
}

/// `const WIDTH = 32;`
pub struct Constant {
    /// Name.
    pub name: Ident,
    /// After `=`.
    pub value: Expr,
}

/// `block fire(squeeze, expand = 4 * squeeze) { … }`
pub struct Block {
    /// Name.
    pub name: Ident,
    /// Parameters.
    pub params: Vec<Param>,
    /// Between the braces.
    pub body: Body,
}

/// A block's parameter.
#[derive(Clone)]
pub struct Param {
    /// Name.
    pub name: Ident,
    /// After `=`.
    pub default: Option<Expr>,
}

/// Statements between braces.
#[derive(Clone)]
pub struct Body {
    /// The statements, in order.
    pub statements: Vec<Statement>,
    /// The opening brace.
    pub span: Span,
    /// The closing brace.
    pub end: Span,
}

/// Something that ends in `;`.
#[derive(Clone)]
pub enum Statement {
    /// Steps, whose result the next statement takes.
    Pipeline(Pipeline),
    /// `aux name(weight = 0.3) { … }`
    Aux(Aux),
    /// `tap name`
    Tap(Ident),
    /// `keep name`
    Keep(Ident),
    /// `output name`, `output name { … }`
    Output(Output),
    /// Something with a mistake that was already reported.
    Broken,
}

/// `step -> step -> step`
#[derive(Clone)]
pub struct Pipeline {
    /// The steps, at least one.
    pub steps: Vec<Step>,
}

/// `name: kind`
#[derive(Clone)]
pub struct Step {
    /// Before the colon.
    pub name: Option<Name>,
    /// After it.
    pub kind: StepKind,
}

/// One step.
#[derive(Clone)]
pub enum StepKind {
    /// A layer or a call of a block, depending on the name.
    Call(Call),
    /// `concat { … }`, `add { … }`, `custom(Attention, 64) { … }`
    Merge(Merge),
    /// `{ … }`
    Group(Body),
    /// `[step -> step; n]`, `[name1..: step; n]`
    Repeat(Repeat),
    /// `skip`
    Skip(Span),
    /// `from name`
    From(Kept),
    /// `..body(2, 3)`: the block's steps, without a level of names.
    Splice(Call),
    /// `again name`: the layers of an earlier step, with its weights.
    Again(Again),
}

/// `from name`
#[derive(Clone)]
pub struct Kept {
    /// What was kept.
    pub name: Ident,
    /// Both words.
    pub place: Place,
}

/// `again name`
#[derive(Clone)]
pub struct Again {
    /// The step.
    pub name: Name,
    /// Both words.
    pub place: Place,
}

/// How branches are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum MergeKind {
    /// Channels one after another.
    Concat,
    /// Sum.
    Add,
    /// The first minus the others.
    Sub,
    /// Product.
    Mul,
    /// The largest.
    Max,
    /// Whatever a user-defined layer computes from them.
    Custom,
}

/// A merge and its branches.
#[derive(Clone)]
pub struct Merge {
    /// How branches are joined.
    pub kind: MergeKind,
    /// The keyword.
    pub span: Span,
    /// With the arguments, if it is a user-defined layer.
    pub call: Option<Call>,
    /// The branches; a broken one is missing.
    pub branches: Vec<Pipeline>,
    /// Whether a branch had a mistake that was already reported.
    pub broken: bool,
    /// The closing brace.
    pub end: Span,
}

/// `[step -> step; n]`, `[name1..: step; n]`
#[derive(Clone)]
pub struct Repeat {
    /// The counting name of the first step, if it has one; the step itself then has no name.
    pub counter: Option<Counter>,
    /// What is repeated.
    pub steps: Pipeline,
    /// How many times.
    pub count: Expr,
    /// The brackets.
    pub place: Place,
}

/// `name1..`, `"name-1"..`
#[derive(Clone)]
pub struct Counter {
    /// Everything but the dots.
    pub name: Name,
    /// The beginning of all names: `name`.
    pub stem: String,
    /// The number of the first one.
    pub first: u64,
    /// The minimum number of digits: two for `name01..`.
    pub digits: usize,
}

/// `aux name(weight = 0.3) { … }`
#[derive(Clone)]
pub struct Aux {
    /// Name.
    pub name: Ident,
    /// Weight of its loss: a number of at least 0.
    pub weight: Expr,
    /// Between the braces.
    pub body: Body,
}

/// `output name`, `output name { … }`
#[derive(Clone)]
pub struct Output {
    /// Name.
    pub name: Ident,
    /// Between the braces.
    pub body: Option<Body>,
}

impl Counter {
    /// The name of a step, counted from 0.
    pub(crate) fn name_of(&self, index: u64) -> Name {
        let Self { stem, first, digits, .. } = self;
        Name::new(format!("{stem}{:0digits$}", first + index), self.name.span())
    }
}

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "again {}", self.name.written())
    }
}

impl Pipeline {
    /// The token to point at: that of the first step.
    pub(crate) fn span(&self) -> Span {
        self.steps.first().map_or_else(Span::call_site, Step::span)
    }
}

impl Step {
    /// The token to point at.
    #[must_use]
    pub fn span(&self) -> Span {
        match &self.kind {
            StepKind::Call(call) => call.name.span(),
            StepKind::Merge(merge) => merge.span,
            StepKind::Group(body) => body.span,
            StepKind::Repeat(repeat) => repeat.steps.span(),
            StepKind::Skip(span) => *span,
            StepKind::From(from) => from.name.span(),
            StepKind::Splice(call) => call.name.span(),
            StepKind::Again(again) => again.name.span(),
        }
    }
}

impl Step {
    /// Everything but the name.
    pub(crate) fn place(&self) -> Place {
        match &self.kind {
            StepKind::Call(call) => call.place,
            StepKind::Merge(merge) => Place::from(merge.span).to(merge.end),
            StepKind::Group(body) => Place::from(body.span).to(body.end),
            StepKind::Repeat(repeat) => repeat.place,
            StepKind::Skip(span) => (*span).into(),
            StepKind::From(from) => from.place,
            StepKind::Splice(call) => call.place,
            StepKind::Again(again) => again.place,
        }
    }
}

impl MergeKind {
    /// Those that are only a keyword.
    pub const ALL: [Self; 5] = [Self::Concat, Self::Add, Self::Sub, Self::Mul, Self::Max];

    /// The keyword.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Concat => "concat",
            Self::Add => "add",
            Self::Sub => "sub",
            Self::Mul => "mul",
            Self::Max => "max",
            Self::Custom => "custom",
        }
    }
}
