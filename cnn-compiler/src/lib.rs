//! The compiler behind `cnn::network!`.
//!
//! | stage | type | does |
//! | --- | --- | --- |
//! | [`parse`] | [`Ast`] | syntax only; continues after a mistake |
//! | `import` | [`Ast`] | the layers and weights of nets in files |
//! | [`graph`] | [`Graph`](graph::Graph) | expands blocks and repeats, names everything |
//! | [`shapes`] | [`Shaped`](shapes::Shaped) | the shape of every value, or an error at the faulty argument |
//! | [`optimise`] | [`Optimised`](optimise::Optimised) | folds and fuses layers into steps |
//! | [`plan`] | [`Plan`] | kernels with all their numbers, one workspace, packed weights |
//! | [`train`] | [`StepPlan`] | for nets that train: the forward and backward passes over a minibatch |
//! | `emit` | `TokenStream` | Rust |
//!
//! It is a separate library, so that tests and tools can call every stage; `cnn-macros` only passes tokens through.
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `onnx` | no | nets from ONNX and TFLite files |
//! | `train` | no | training steps |

#![forbid(unsafe_code)]

pub mod ast;
mod describe;
mod emit;
mod env;
mod eval;
pub mod file;
mod files;
pub mod graph;
mod import;
mod op;
pub mod optimise;
pub mod parse;
mod path;
pub mod plan;
pub mod report;
pub mod shapes;
mod step;
pub mod train;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;

use cnn_net::graph::Graph;

use crate::ast::{Algorithms, Ast, Model, Net, Train};
use crate::emit::{Content, Embedded, Part, Training};
use crate::plan::{Options, Plan};
use crate::report::{Report, detailed, message};
use crate::train::{Fault, Spec, StepPlan};

/// Compiles one invocation of `network!`: code for the nets that are correct, and an error for every mistake.
#[must_use]
pub fn network(tokens: TokenStream) -> TokenStream {
    let mut report = Report::default();
    let ast = read(tokens, &mut report);
    let compiled: Vec<Result<Code, Reported>> = ast.nets.iter().map(|net| compile(net, &ast, &mut report)).collect();
    let is_faulty =
        |net: &Net| ast.nets.iter().zip(&compiled).any(|(other, code)| other.name == net.name && code.is_err());
    let largest_of = |net: &Net| {
        let mut named = ast.nets.iter().zip(&compiled).filter(|(other, _)| other.name == net.name);
        named.find_map(|(_, code)| code.as_ref().ok()).map(|code| code.largest)
    };
    let nets = ast.nets.iter().zip(&compiled).enumerate().filter(|(index, _)| !graph::is_double(*index, &ast));
    let nets = nets.map(|(_, (net, code))| match code {
        // The weights of a faulty net are those of no other.
        Ok(code) if !ast.shares_weights(net).is_some_and(is_faulty) => {
            let shared = ast.shares_weights(net).and_then(largest_of);
            match [Some(code.largest), shared].into_iter().flatten().find(|part| !part.is_small()) {
                None => code.tokens.clone(),
                Some(part) => part.guarded(net, &ast.runtime(), &code.tokens, &emit::stub(net, &ast)),
            }
        }
        Ok(_) | Err(Reported) => emit::stub(net, &ast),
    });
    let models: Vec<TokenStream> = ast.models.iter().map(|model| tracked(model, &ast, &mut report)).collect();
    let errors = report.into_error().map(|error| error.into_compile_error());
    quote! {
        #errors
        #(#models)*
        #(#nets)*
    }
}

/// The errors in one invocation of `network!`, with the fixes that messages propose. Weight files are not read.
#[must_use]
pub fn check(tokens: TokenStream) -> Report {
    let mut report = Report::default();
    let ast = read(tokens, &mut report);
    check_nets(&ast, &mut report);
    report
}

/// The mistakes in the layers of all nets.
fn check_nets(ast: &Ast, report: &mut Report) {
    for net in &ast.nets {
        let graph = ast.around(net).and_then(|ast| graph::graph(net, ast, report));
        if let Some(graph) = graph {
            shapes::shapes(graph, report);
        }
    }
}

/// The declaration, with the layers of imported models, and with all names checked.
fn read(tokens: TokenStream, report: &mut Report) -> Ast {
    let mut ast = parse::parse(tokens, report);
    import::import(&mut ast, report);
    graph::check(&ast, report);
    ast
}

/// Plans one net if it has no mistakes: the stages in order.
pub fn plan_net(net: &Net, ast: &Ast, report: &mut Report) -> Option<Plan> {
    plan_with(net, ast, net.options(), report)
}

fn plan_with(net: &Net, ast: &Ast, options: Options, report: &mut Report) -> Option<Plan> {
    let graph = graph::graph(net, ast.around(net)?, report)?;
    let shaped = shapes::shapes(graph, report)?;
    match plan::plan(optimise::optimise(shaped), options) {
        Ok(plan) => Some(plan),
        Err(over) => {
            report.error(net.budget_place.unwrap_or(net.name.span().into()), over.to_string());
            None
        }
    }
}

impl Net {
    /// The requirements that its attributes place on the plan.
    fn options(&self) -> Options {
        let Self { algorithms, batch: images, budget, .. } = *self;
        Options { algorithms, images, budget }
    }
}

/// The code of a net, and the largest part of its memory.
struct Code {
    tokens: TokenStream,
    largest: Part,
}

/// The code of one net, unless it has mistakes, which are then reported.
fn compile(net: &Net, ast: &Ast, report: &mut Report) -> Result<Code, Reported> {
    let plan = plan_net(net, ast, report).ok_or(Reported)?;
    let (name, doc) = (net.name.unraw().to_string(), parse::doc_text(&net.docs));
    let shares = ast.shares_weights(net);
    plan.describe(&name, &doc, |graph| {
        let embedded = match ast.embedded(net) {
            Some(_) if net.weights.is_none() && shares.is_some() => Some(Embedded::shared()),
            _ => embed(net, ast, graph, Content::Net(&plan), report)?,
        };
        let training = net.train.as_ref().map(|train| embedded_training((net, train), ast, &plan, graph, report));
        let training = training.transpose()?;
        let largest = Part::largest(&plan, training.as_ref());
        let tokens = emit::net(net, shares, &plan, graph, embedded.as_ref(), training.as_ref(), &ast.runtime());
        Ok(Code { tokens, largest })
    })
}

/// Makes cargo rebuild the crate when a model's file changes, or a file that holds its tensors.
fn tracked(model: &Model, ast: &Ast, report: &mut Report) -> TokenStream {
    let Some(content) = &model.content else { return TokenStream::new() };
    match files::tracked(&content.files) {
        Ok(files) => {
            let runtime = ast.runtime();
            quote!(#(const _: &[#runtime::u8] = ::core::include_bytes!(#files);)*)
        }
        Err(message) => {
            report.error(model.path.span(), message);
            TokenStream::new()
        }
    }
}

/// Something is wrong and has been reported.
struct Reported;

/// A net's embedded weights, if it has any.
fn embed(
    net: &Net,
    ast: &Ast,
    graph: &Graph<'_>,
    content: Content<'_>,
    report: &mut Report,
) -> Result<Option<Embedded>, Reported> {
    let embedded = match (&net.weights, ast.embedded(net)) {
        (None, None) => return Ok(None),
        (None, Some(model)) => emit::embed_model(model, graph, content, report),
        (Some(embed), _) => emit::embed(embed, graph, content, report),
    };
    embedded.map(Some).ok_or(Reported)
}

/// A net's training step, with the embedded weights that a trainer can start from.
fn embedded_training(
    (net, train): (&Net, &Train),
    ast: &Ast,
    plan: &Plan,
    graph: &Graph<'_>,
    report: &mut Report,
) -> Result<Training, Reported> {
    let (spec, plan) = training(train, net.algorithms, plan, graph, report)?;
    let embedded = embed(net, ast, graph, Content::Trainer(&plan), report)?;
    Ok(Training { spec, plan, embedded })
}

/// The training step of a net, if it can be trained.
fn training(
    train: &Train,
    algorithms: Algorithms,
    plan: &Plan,
    graph: &Graph<'_>,
    report: &mut Report,
) -> Result<(Spec, StepPlan), Reported> {
    let before = report.len();
    let spec = Spec::of(train, algorithms == Algorithms::Exact, graph, report);
    if report.len() > before {
        return Err(Reported);
    }
    match train::plan(graph, &spec) {
        Ok(plan) => Ok((spec, plan)),
        Err(faults) => {
            for Fault { node, wrong, help } in faults {
                let Some(node) = node.and_then(|node| plan.nodes().nth(node)) else {
                    report.error(train.place, message(&wrong, &help));
                    continue;
                };
                // A block that is called often is reported once.
                let key = if node.calls.is_empty() { "" } else { node.op.name() };
                report.error_once(node.place, key, detailed(&wrong, &plan.context(node), &help));
            }
            Err(Reported)
        }
    }
}
