//! Mistakes that can be found without expanding anything: names that don't exist, names that are declared twice, blocks
//! that call themselves.

use std::collections::HashMap;

use cnn_net::language::KEYWORDS;
use proc_macro2::{Ident, Span};
use syn::ext::IdentExt as _;

use super::constants::constants;
use super::kinds::{Kind, Kinds};
use super::unknown::called;
use crate::ast::{Ast, Block, Call, Expr, ExprKind, Net, names};
use crate::env::{Env, Named};
use crate::eval::check_default;
use crate::op::Layer;
use crate::report::{Place, Report, message, shortened};

/// Checks all names of an invocation.
pub(crate) fn check(ast: &Ast, report: &mut Report) {
    let mut nets: HashMap<String, Place> = HashMap::new();
    for net in ast.nets.iter().filter(|net| !net.has_cfg()) {
        declare(&mut nets, &net.name, "net", report);
        emitted_name(net, ast, report);
    }
    let mut blocks: HashMap<String, Place> = HashMap::new();
    for block in &ast.blocks {
        declare(&mut blocks, &block.name, "block", report);
        block_name(block, report);
    }
    let (constants, kinds) = (constants(ast, report), Kinds::of(ast, report));
    for block in &ast.blocks {
        parameters(block, &kinds, &constants, report);
    }
    for net in ast.nets.iter().filter(|net| net.model.is_none()) {
        net.body.each_call(&mut |call| called(call, &constants, ast, report));
    }
    for block in &ast.blocks {
        let mut env = constants.clone();
        for param in &block.params {
            env.insert(param.name.to_string(), example(kinds.of_param(block, param)));
        }
        block.body.each_call(&mut |call| called(call, &env, ast, report));
    }
    recursion(ast, report);
}

/// Whether a net has the name of an earlier one, or of a type that another net generates. This was already reported; the code
/// of both would collide.
pub(crate) fn is_double(index: usize, ast: &Ast) -> bool {
    let net = &ast.nets[index];
    let is_same = |earlier: &Net| earlier.name.unraw() == net.name.unraw() && !earlier.has_cfg();
    !net.has_cfg() && (ast.nets[..index].iter().any(is_same) || origin(net, ast).is_some())
}

/// The net of which a generated type would have the name of this one, and what that type is.
fn origin<'a>(net: &Net, ast: &'a Ast) -> Option<(&'a Net, &'static str)> {
    let name = net.name.unraw().to_string();
    let others = ast.nets.iter().filter(|other| !other.has_cfg() && !net.has_cfg());
    let mut types = others.flat_map(|other| generated(other).map(move |(suffix, what)| (other, suffix, what)));
    types
        .find(|(other, suffix, _)| name.strip_suffix(suffix).is_some_and(|stem| other.name.unraw() == stem))
        .map(|(other, _, what)| (other, what))
}

/// The types that a net generates: what their names end in, and what they are.
fn generated(net: &Net) -> impl Iterator<Item = (&'static str, &'static str)> {
    let always = [("Weights", "weights"), ("Workspace", "workspace")];
    let inputs = names(&net.inputs).then_some(("Inputs", "inputs"));
    let outputs = names(&net.outputs).then_some(("Outputs", "outputs"));
    let trains = net.train.is_some();
    let target = net.has_struct_of_targets().then_some(("Target", "target"));
    let training = [("Params", "parameters"), ("Trainer", "trainer"), ("TrainerMemory", "memory of the trainer")];
    let training = training.into_iter().chain(target);
    always.into_iter().chain(inputs).chain(outputs).chain(training.filter(move |_| trains))
}

/// Reports a net that has the name of a type that another net generates.
fn emitted_name(net: &Net, ast: &Ast, report: &mut Report) {
    if let Some((of, what)) = origin(net, ast) {
        let wrong = format!("`{}` is the type of the {what} of `{}`", net.name, of.name);
        report.error(net.name.span(), message(&wrong, "give the net another name"));
    }
}

fn declare(known: &mut HashMap<String, Place>, name: &Ident, what: &str, report: &mut Report) {
    let place = Place::from(name.span());
    if let Some(first) = known.get(&name.unraw().to_string()) {
        let wrong = format!("two {what}s are named `{name}`; the first is on line {}", first.line());
        report.error(place, message(&wrong, &format!("give the {what} another name")));
    } else {
        known.insert(name.unraw().to_string(), place);
    }
}

/// Checks the names and the defaults of a block's parameters.
fn parameters(block: &Block, kinds: &Kinds, constants: &Env, report: &mut Report) {
    let (mut declared, mut known) = (HashMap::new(), constants.clone());
    let names: Vec<String> = block.params.iter().map(|param| param.name.to_string()).collect();
    for (index, param) in block.params.iter().enumerate() {
        if constants.get(&names[index]).is_some() {
            let wrong = format!("`{}` is a constant", param.name);
            report.error(param.name.span(), message(&wrong, "give the parameter another name"));
        }
        declare(&mut declared, &param.name, "parameter", report);
        let kind = kinds.of_param(block, param);
        // Words and layers are names that stand for nothing else.
        if let Some(default) = &param.default
            && !matches!(
                (kind, &default.kind),
                (Some(Kind::Pad | Kind::Word(_) | Kind::Path | Kind::Layer), ExprKind::Name(_))
            )
        {
            check_default(default, &known, &names[index..], report);
        }
        known.insert(names[index].clone(), example(kind));
    }
}

/// Something that a parameter of this kind could be.
fn example(kind: Option<Kind>) -> Named {
    let literal = |kind| Named::Literal(Expr { kind, place: Span::call_site().into() });
    match kind {
        Some(Kind::Flag) => literal(ExprKind::Bool(true)),
        Some(Kind::Word(words)) => literal(ExprKind::Name(words.first().copied().unwrap_or_default().to_owned())),
        Some(Kind::Kept) => Named::Kept(0),
        Some(_) | None => Named::Number(1),
    }
}

fn block_name(block: &Block, report: &mut Report) {
    let name = block.name.to_string();
    let keyword = KEYWORDS.contains(&name.as_str());
    if keyword || Layer::named(&name).is_some() {
        let what = if keyword { "keyword of the language" } else { "layer" };
        report.error(block.name.span(), format!("`{name}` is a {what}\nhelp: give the block another name"));
    }
}

/// A block that calls itself, through however many others, could not be expanded. A cycle is reported at the block in it
/// that is declared first.
fn recursion(ast: &Ast, report: &mut Report) {
    let index_of = |call: &Call| match Layer::named(&call.name.to_string()) {
        Some(_) => None,
        None => ast.blocks.iter().position(|block| block.name == call.name),
    };
    let callees = |block: &Block| {
        let mut callees = Vec::new();
        block.body.each_call(&mut |call| callees.extend(index_of(call).map(|index| (index, call.name.span()))));
        callees
    };
    let calls: Vec<Vec<(usize, Span)>> = ast.blocks.iter().map(callees).collect();
    for (index, block) in ast.blocks.iter().enumerate() {
        let Some((circle, place)) = circle(index, &calls) else { continue };
        if circle.iter().any(|earlier| *earlier < index) {
            continue;
        }
        let path = circle.iter().chain([&index]).map(|index| ast.blocks[*index].name.to_string()).collect();
        let wrong = format!("the block `{}` calls itself: {}", block.name, shortened(path).join(" -> "));
        report.error(place, message(&wrong, "`[step; n]` repeats a step"));
    }
}

/// A chain of calls from a block back to itself, and the place of the first of them. Without recursion, since a chain can
/// contain every block.
fn circle(start: usize, calls: &[Vec<(usize, Span)>]) -> Option<(Vec<usize>, Span)> {
    let mut seen = vec![false; calls.len()];
    // Blocks, each with the number of its calls that were followed.
    let mut path = vec![(start, 0)];
    while let Some((block, followed)) = path.last_mut() {
        let Some((callee, _)) = calls[*block].get(*followed) else {
            path.pop();
            continue;
        };
        *followed += 1;
        if *callee == start {
            let first = calls[start][path[0].1 - 1].1;
            return Some((path.into_iter().map(|(block, _)| block).collect(), first));
        }
        if !std::mem::replace(&mut seen[*callee], true) {
            path.push((*callee, 0));
        }
    }
    None
}
