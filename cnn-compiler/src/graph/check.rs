//! Mistakes that can be seen without expanding anything: names that nothing has, names that two things have, blocks
//! that call themselves.

use std::collections::HashMap;

use proc_macro2::Ident;

use crate::ast::{Ast, Block, Body, Call, Pipeline, Statement, Step, StepKind};
use crate::op::{LAYERS, Layer};
use crate::report::{Place, Report, message, nearest};

/// Checks all names of an invocation.
pub(crate) fn check(ast: &Ast, report: &mut Report) {
    let mut nets: HashMap<String, Place> = HashMap::new();
    for net in &ast.nets {
        declare(&mut nets, &net.name, "net", report);
    }
    let mut blocks: HashMap<String, Place> = HashMap::new();
    for block in &ast.blocks {
        declare(&mut blocks, &block.name, "block", report);
        block_name(block, report);
        let mut params = HashMap::new();
        for param in &block.params {
            declare(&mut params, &param.name, "parameter", report);
        }
    }
    for body in ast.nets.iter().map(|net| &net.body).chain(ast.blocks.iter().map(|block| &block.body)) {
        each_call(body, &mut |call| called(call, ast, report));
    }
    for block in &ast.blocks {
        recursion(block, ast, report);
    }
}

fn declare(known: &mut HashMap<String, Place>, name: &Ident, what: &str, report: &mut Report) {
    let place = Place::from(name.span());
    if let Some(first) = known.get(&name.to_string()) {
        let wrong = format!("two {what}s are called `{name}`; the first is on line {}", first.line());
        report.error(place, wrong);
    } else {
        known.insert(name.to_string(), place);
    }
}

fn block_name(block: &Block, report: &mut Report) {
    let name = block.name.to_string();
    let keyword = ["concat", "add", "mul", "skip"].contains(&name.as_str());
    if keyword || Layer::named(&name).is_some() {
        let what = if keyword { "word of the language" } else { "layer" };
        report.error(block.name.span(), format!("`{name}` is a {what} already\nhelp: give the block another name"));
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
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the layers are {}", LAYERS.iter().map(|layer| layer.name).collect::<Vec<_>>().join(", ")),
    };
    report.error(call.name.span(), message(&format!("there is no layer or block `{name}`"), &[], &help));
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

/// A block that calls itself, through however many others, could not be expanded.
fn recursion(block: &Block, ast: &Ast, report: &mut Report) {
    let mut path = vec![block.name.to_string()];
    if let Some(call) = find_cycle(block, ast, &mut path) {
        let wrong = format!("block `{}` calls itself: {}", block.name, path.join(" -> "));
        report.error(call, format!("{wrong}\nhelp: `[step; n]` repeats a step"));
    }
}

/// The place in `path[0]`'s body where a chain of calls back to it begins; the chain is left in `path`.
fn find_cycle(block: &Block, ast: &Ast, path: &mut Vec<String>) -> Option<Place> {
    let mut found = None;
    each_call(&block.body, &mut |call| {
        if found.is_some() {
            return;
        }
        let name = call.name.to_string();
        if name == path[0] {
            path.push(name);
            found = Some(Place::from(call.name.span()));
        } else if !path.contains(&name)
            && let Some(next) = ast.blocks.iter().find(|block| block.name == name)
        {
            path.push(name);
            match find_cycle(next, ast, path) {
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
