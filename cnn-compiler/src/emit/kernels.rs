//! A constant with the numbers of each kernel, the call that uses it, how its weights are packed, and its description.
//!
//! A kernel's input is written as the output of the one that made it, `CONV1.get().output`, so that the constants can be read
//! as the net.

use std::collections::HashSet;

use cnn_net::graph::Graph;
use cnn_net::literal::{Literal as _, Rust};
use cnn_runtime::pack::Pack;

use super::ports::read;
use super::user::UserCode;
use crate::plan::{Call, Plan, Purpose};

/// The kernels of a net, as Rust source.
pub(super) struct Kernels {
    /// A constant for each.
    pub(super) constants: String,
    /// The statements that run them.
    pub(super) calls: Vec<Statement>,
    /// The elements of `STEPS`.
    pub(super) steps: String,
    /// The elements of `RECIPE`.
    pub(super) recipe: String,
}

/// The statement that runs a kernel.
pub(super) enum Statement {
    /// On one image.
    Image(String),
    /// On all images of a batch, which reads weights once for all of them.
    Batch(String),
}

/// Names that a kernel's constant can't have: those of the block's other constants, and what is not a name.
const TAKEN: &[&str] = &["BATCH", "DESCRIPTION", "EMBEDDED", "FLOATS", "GRAPH", "MEMORY", "RECIPE", "STEPS", "_"];

/// The names that no constant of a kernel or of the user's code can have.
pub(super) fn taken() -> HashSet<String> {
    TAKEN.iter().map(|name| (*name).to_owned()).collect()
}

/// All kernels; their constants have none of the names that are taken.
pub(super) fn kernels(plan: &Plan, graph: &Graph<'_>, user: &UserCode<'_>, mut taken: HashSet<String>) -> Kernels {
    let (mut constants, mut steps, mut recipe) = (Rust::default(), Rust::default(), Rust::default());
    user.name(&mut constants);
    let mut calls = Vec::new();
    for call in &plan.calls {
        let name = constant(call, &mut taken);
        write_constant(call, &name, graph, &mut constants);
        calls.push(statement(call, &name, graph));
        call.describe(|step| step.write(&mut steps));
        steps.push(", ");
        if let (Some(weights), Some(pack)) = (call.kernel.weights(), &call.pack) {
            write_pack(pack, &format!("{name}.get().{}()", weights.method), &mut recipe);
        }
    }
    Kernels { constants: constants.text, calls, steps: steps.text, recipe: recipe.text }
}

/// The constant of a kernel, whose output has a name from then on.
fn write_constant(call: &Call, name: &str, graph: &Graph<'_>, to: &mut Rust) {
    let (kind, layer) = call.kernel.descriptor();
    let doc = format!(" `{}`: {}", call.name, call.doc(graph));
    to.push(&format!("#[doc = {doc:?}] const {name}: rt::Checked<rt::{kind}> = "));
    layer.write(to);
    to.push(".check();");
    if let Some((map, path)) = call.kernel.output() {
        to.call(&map, format!("{name}.get(){path}"));
    }
}

/// A line of the recipe, whose layout follows from a kernel's numbers.
fn write_pack(pack: &Pack, layout: &str, to: &mut Rust) {
    to.push(&format!("rt::Pack::new({}, {}, {layout})", pack.node, pack.offset));
    if let Some(norm) = pack.norm {
        to.push(&format!(".norm({norm})"));
    }
    to.push(", ");
}

/// The statement that runs a kernel.
fn statement(call: &Call, name: &str, graph: &Graph<'_>) -> Statement {
    let (function, kernel) = (call.kernel.function(), &call.kernel);
    let image = match call.purpose {
        Purpose::Reads(input) => format!("{}, ", read(graph, input)),
        Purpose::Computes(_) | Purpose::Moves(_) => String::new(),
    };
    let weights = if kernel.weights().is_some() { "weights, " } else { "" };
    if call.shared {
        return Statement::Batch(format!("rt::{function}_batch(run, &{name}, batch, {weights}workspace);"));
    }
    Statement::Image(format!("rt::{function}(run, {image}&{name}, {weights}workspace);"))
}

/// `LAYER1_0_CONV1`; with the layer's kind in front where the name begins with a number.
fn constant(call: &Call, taken: &mut HashSet<String>) -> String {
    let last = call.name.rsplit('.').next().unwrap_or_default();
    let mut name: String =
        call.name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if last.starts_with(|c: char| c.is_ascii_digit()) || name.starts_with(|c: char| c.is_ascii_digit()) {
        name = format!("{}_{name}", call.kernel.function().to_ascii_uppercase());
    }
    unique(name, taken)
}

/// A name, with a number if it is taken; from then on it is.
pub(super) fn unique(plain: String, taken: &mut HashSet<String>) -> String {
    let mut name = plain.clone();
    let mut count = 1;
    while !taken.insert(name.clone()) {
        count += 1;
        name = format!("{plain}_{count}");
    }
    name
}
