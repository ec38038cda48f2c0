//! Mistakes that can be seen without expanding anything: names that nothing has, names that two things have, blocks
//! that call themselves.

use std::collections::{HashMap, HashSet};

use proc_macro2::Ident;

use crate::ast::{Ast, Block, Body, Call, Pipeline, Statement, Step, StepKind};
use crate::eval::check_default;
use crate::op::{LAYERS, Layer};
use crate::report::{Place, Report, message, nearest};

/// Checks all names of an invocation.
pub(crate) fn check(ast: &Ast, report: &mut Report) {
    let mut nets: HashMap<String, Place> = HashMap::new();
    for net in ast.nets.iter().filter(|net| !net.has_cfg()) {
        declare(&mut nets, &net.name, "net", report);
    }
    let mut blocks: HashMap<String, Place> = HashMap::new();
    for block in &ast.blocks {
        declare(&mut blocks, &block.name, "block", report);
        block_name(block, report);
        parameters(block, report);
    }
    for body in ast.nets.iter().map(|net| &net.body).chain(ast.blocks.iter().map(|block| &block.body)) {
        each_call(body, &mut |call| called(call, ast, report));
    }
    for index in 0..ast.blocks.len() {
        recursion(index, ast, report);
    }
}

/// Whether a net has the name of an earlier one, which was reported: its code would be in the way of the other's.
pub(crate) fn is_double(index: usize, ast: &Ast) -> bool {
    let net = &ast.nets[index];
    !net.has_cfg() && ast.nets[..index].iter().any(|earlier| earlier.name == net.name && !earlier.has_cfg())
}

fn declare(known: &mut HashMap<String, Place>, name: &Ident, what: &str, report: &mut Report) {
    let place = Place::from(name.span());
    if let Some(first) = known.get(&name.to_string()) {
        let wrong = format!("the name `{name}` is given to two {what}s; the first is on line {}", first.line());
        report.error(place, message(&wrong, &[], &format!("give the {what} another name")));
    } else {
        known.insert(name.to_string(), place);
    }
}

fn parameters(block: &Block, report: &mut Report) {
    let mut known = HashMap::new();
    let names: Vec<String> = block.params.iter().map(|param| param.name.to_string()).collect();
    for (index, param) in block.params.iter().enumerate() {
        declare(&mut known, &param.name, "parameter", report);
        if let Some(default) = &param.default {
            check_default(default, &names[..index], &names[index..], report);
        }
    }
}

fn block_name(block: &Block, report: &mut Report) {
    let name = block.name.to_string();
    let keyword = ["concat", "add", "mul", "skip", "tap", "aux", "block"].contains(&name.as_str());
    if keyword || Layer::named(&name).is_some() {
        let what = if keyword { "word of the language" } else { "layer" };
        report.error(block.name.span(), format!("`{name}` is a {what}\nhelp: give the block another name"));
    }
}

/// A call's name must be a layer or a block.
fn called(call: &Call, ast: &Ast, report: &mut Report) {
    let name = call.name.to_string();
    if Layer::named(&name).is_some() || ast.blocks.iter().any(|block| block.name == name) {
        return;
    }
    let blocks: Vec<String> = ast.blocks.iter().map(|block| block.name.to_string()).collect();
    let known = LAYERS.iter().map(|layer| layer.name).chain(blocks.iter().map(String::as_str));
    let near = alias(&name).or_else(|| nearest(&name, known.chain(["concat", "add", "mul", "skip"])));
    let help = match (name.as_str(), near) {
        ("tap", _) => "`tap name;` keeps the value at this point as a further output".to_owned(),
        ("aux", _) => "`aux name(weight = 0.3) { … };` is an auxiliary classifier".to_owned(),
        (_, Some(near)) => format!("did you mean `{near}`?"),
        (_, None) if blocks.is_empty() => format!("the layers are\n  {}", all_layers()),
        (_, None) => format!("known are {} and\n  {}", blocks.join(", "), all_layers()),
    };
    report.error(call.name.span(), message(&format!("there is no layer or block `{name}`"), &[], &help));
}

/// The names of the layers, in lines.
fn all_layers() -> String {
    const LINE: usize = 11;
    let names: Vec<&str> = LAYERS.iter().map(|layer| layer.name).collect();
    let lines: Vec<String> = names.chunks(LINE).map(|names| names.join(", ")).collect();
    lines.join(",\n  ")
}

/// What other frameworks call our layers.
fn alias(name: &str) -> Option<&'static str> {
    let plain: String = name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect();
    Some(match plain.as_str() {
        "conv2d" | "convolution" => "conv",
        "dense" | "fc" | "gemm" | "fullyconnected" => "linear",
        "bn" | "batchnorm2d" | "batchnormalization" | "batchnorm1d" => "batch_norm",
        "maxpool2d" | "maxpooling2d" => "max_pool",
        "avgpool2d" | "averagepool" | "averagepooling2d" => "avg_pool",
        "gap" | "adaptiveavgpool2d" | "globalaveragepool" => "global_avg_pool",
        "localresponsenorm" => "lrn",
        "swish" => "silu",
        "cat" | "concatenate" => "concat",
        "shortcut" => "skip",
        _ => return None,
    })
}

/// A block that calls itself, through however many others, could not be expanded. A circle is reported at its block
/// that is declared first.
fn recursion(index: usize, ast: &Ast, report: &mut Report) {
    let block = &ast.blocks[index];
    let mut path = vec![block.name.to_string()];
    let Some(call) = find_circle(block, ast, &mut path, &mut HashSet::new()) else { return };
    if ast.blocks[..index].iter().any(|earlier| path.contains(&earlier.name.to_string())) {
        return;
    }
    let wrong = format!("the block `{}` calls itself: {}", block.name, path.join(" -> "));
    report.error(call, format!("{wrong}\nhelp: `[step; n]` repeats a step"));
}

/// The place in the block's body where a chain of calls back to `path[0]` begins; the chain is left in `path`.
fn find_circle(block: &Block, ast: &Ast, path: &mut Vec<String>, seen: &mut HashSet<String>) -> Option<Place> {
    let mut found = None;
    each_call(&block.body, &mut |call| {
        let name = call.name.to_string();
        if found.is_some() || Layer::named(&name).is_some() {
            return;
        }
        if name == path[0] {
            path.push(name);
            found = Some(Place::from(call.name.span()));
        } else if seen.insert(name.clone())
            && let Some(next) = ast.blocks.iter().find(|block| block.name == name)
        {
            path.push(name);
            match find_circle(next, ast, path, seen) {
                Some(_) => found = Some(Place::from(call.name.span())),
                None => drop(path.pop()),
            }
        }
    });
    found
}

/// Visits the calls of a body, those in groups, branches and repeats too.
fn each_call<'a>(body: &'a Body, visit: &mut dyn FnMut(&'a Call)) {
    for statement in &body.statements {
        match statement {
            Statement::Pipeline(pipeline) => calls_of_pipeline(pipeline, visit),
            Statement::Aux(aux) => each_call(&aux.body, visit),
            Statement::Tap(_) | Statement::Broken => {}
        }
    }
}

fn calls_of_pipeline<'a>(pipeline: &'a Pipeline, visit: &mut dyn FnMut(&'a Call)) {
    for step in &pipeline.steps {
        calls_of_step(step, visit);
    }
}

fn calls_of_step<'a>(step: &'a Step, visit: &mut dyn FnMut(&'a Call)) {
    match &step.kind {
        StepKind::Call(call) => visit(call),
        StepKind::Merge(merge) => merge.branches.iter().for_each(|branch| calls_of_pipeline(branch, visit)),
        StepKind::Group(body) => each_call(body, visit),
        StepKind::Repeat(repeat) => calls_of_step(&repeat.step, visit),
        StepKind::Skip(_) => {}
    }
}
