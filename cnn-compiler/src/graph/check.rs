//! Mistakes that can be found without expanding anything: names that don't exist, names that are declared twice, blocks
//! that call themselves.

use std::collections::HashMap;

use cnn_net::language::KEYWORDS;
use proc_macro2::{Ident, Span};
use syn::ext::IdentExt as _;

use super::constants::constants;
use super::kinds::{Kind, Kinds};
use crate::ast::{Ast, Block, Body, Call, Expr, ExprKind, Net, Statement, Step, StepKind, names};
use crate::env::{Env, Named};
use crate::eval::check_default;
use crate::op::{LAYERS, Layer, bind, meant};
use crate::report::{Edit, Message, Place, Report, message, nearest, shortened};

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
        each_call(&net.body, &mut |call| called(call, &constants, ast, report));
    }
    for block in &ast.blocks {
        let mut env = constants.clone();
        for param in &block.params {
            env.insert(param.name.to_string(), example(kinds.of_param(block, param)));
        }
        each_call(&block.body, &mut |call| called(call, &env, ast, report));
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
    let training = [("Params", "parameters"), ("Trainer", "trainer"), ("TrainerMemory", "memory of the trainer")];
    always.into_iter().chain(inputs).chain(outputs).chain(training.into_iter().filter(move |_| trains))
}

/// Reports a net that has the name of a type that another net generates.
fn emitted_name(net: &Net, ast: &Ast, report: &mut Report) {
    if let Some((of, what)) = origin(net, ast) {
        let wrong = format!("`{}` is the type of the {what} of `{}`", net.name, of.name);
        report.error(net.name.span(), message(&wrong, &[], "give the net another name"));
    }
}

fn declare(known: &mut HashMap<String, Place>, name: &Ident, what: &str, report: &mut Report) {
    let place = Place::from(name.span());
    if let Some(first) = known.get(&name.unraw().to_string()) {
        let wrong = format!("two {what}s are named `{name}`; the first is on line {}", first.line());
        report.error(place, message(&wrong, &[], &format!("give the {what} another name")));
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
            report.error(param.name.span(), message(&wrong, &[], "give the parameter another name"));
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

/// A call's name must be a layer or a block.
pub(super) fn called(call: &Call, env: &Env, ast: &Ast, report: &mut Report) {
    let name = call.name.to_string();
    if Layer::named(&name).is_some() || ast.blocks.iter().any(|block| block.name == name) || env.get(&name).is_some() {
        return;
    }
    let wrong = format!("there is no layer or block `{name}`");
    if names_a_step(&name, ast) {
        let wrong = format!("{wrong}: it is the name of a step, whose result goes to the next step only");
        let help = format!("to use it again later, write `keep {name};` after that step, and `from {name}` here");
        report.error(call.name.span(), message(&wrong, &[], &help));
        return;
    }
    if names_a_value(&name, ast) && call.args.is_empty() {
        let text = message(&format!("{wrong}: it is a value"), &[], &format!("write `from {name}`"));
        let fix = Edit::instead(call.name.span(), format!("from {name}"));
        report.error(call.name.span(), Message::from(text).fix([fix]));
        return;
    }
    let message = match (elsewhere(&name), near(&name, call, ast)) {
        (Some(help), _) => Message::from(message(&wrong, &[], help)),
        (None, Some(near)) => {
            let (place, becomes) = in_our_words(call, near, env);
            let help = format!("did you mean `{becomes}`?");
            Message::from(message(&wrong, &[], &help)).fix([Edit::instead(place, becomes)])
        }
        (None, None) => {
            let blocks: Vec<String> = ast.blocks.iter().map(|block| block.name.to_string()).collect();
            let help = match blocks.is_empty() {
                true => format!("the layers are\n  {}", all_layers()),
                false => format!("the blocks and layers are\n  {},\n  {}", blocks.join(", "), all_layers()),
            };
            Message::from(message(&wrong, &[], &help))
        }
    };
    report.error(call.name.span(), message);
}

/// Whether a net or a block has a step of this name.
fn names_a_step(name: &str, ast: &Ast) -> bool {
    let mut found = false;
    let bodies = ast.nets.iter().map(|net| &net.body).chain(ast.blocks.iter().map(|block| &block.body));
    bodies.for_each(|body| {
        each_step(body, &mut |step| found |= step.name.as_ref().is_some_and(|n| n.to_string() == name))
    });
    found
}

/// Whether a net has an input of this name, or a net or a block keeps a value under it.
fn names_a_value(name: &str, ast: &Ast) -> bool {
    let keeps = |body: &Body| {
        body.statements.iter().any(|statement| matches!(statement, Statement::Keep(kept) if kept == name))
    };
    let is_input = |net: &Net| net.inputs.iter().any(|port| port.name.as_ref().is_some_and(|input| input == name));
    let mut found = ast.nets.iter().any(is_input);
    let bodies = ast.nets.iter().map(|net| &net.body).chain(ast.blocks.iter().map(|block| &block.body));
    bodies.for_each(|body| {
        found |= keeps(body);
        each_step(body, &mut |step| found |= matches!(&step.kind, StepKind::Group(group) if keeps(group)));
    });
    found
}

/// The help for a word that has no equivalent here, or is not a layer.
fn elsewhere(name: &str) -> Option<&'static str> {
    let plain = plain(name);
    Some(match plain.as_str() {
        "tap" => "`tap name;` keeps the value at this point as an extra output",
        "keep" => "`keep name;` keeps the value at this point for `from name`",
        "output" => "`output name;` writes the value at this point to an output that the net declares",
        "from" => "`from name` begins a statement or a branch with a value that `keep name;` kept",
        "aux" => "`aux name(weight = 0.3) { … };` is an auxiliary classifier",
        "cat" | "concatenate" => "`concat { …; …; }` joins branches, each a statement that reads the same input",
        "subtract" | "minus" => "`sub { …; …; }` is the first branch minus the others",
        "maximum" => "`max { …; …; }` is the largest of the branches, element by element",
        "conv1d" | "maxpool1d" | "avgpool1d" => {
            "maps have two dimensions; a sequence is a map of height 1, with windows of 1xN"
        }
        "conv3d" | "maxpool3d" | "avgpool3d" | "convtranspose3d" | "batchnorm3d" => {
            "maps have two dimensions, rows and columns; there are no layers for volumes"
        }
        "reflectionpad2d" => "for example `pad(1, mode = reflect)` mirrors maps at their edges",
        "replicationpad2d" => "for example `pad(1, mode = replicate)` repeats the edges of maps",
        "upsamplingbilinear2d" => "for example `upsample(2, mode = bilinear, align_corners = true)`",
        "interpolate" => "for example `upsample(2, mode = bilinear)`, or `resize(64x64, mode = bilinear)` to any size",
        "clamp" | "clip" => "for example `hard_tanh(0, 6)` limits values to a range",
        // Words close to a layer's name that mean something else.
        "rrelu" | "crelu" | "softmin" | "hardshrink" | "softshrink" | "tanhshrink" => {
            "there is no such layer, and no other one computes the same"
        }
        _ => return None,
    })
}

/// A call with another name: the new name in place of the old one, or the whole call if its arguments are in the vocabulary
/// of another framework.
fn in_our_words(call: &Call, name: String, env: &Env) -> (Place, String) {
    let is_right = |layer: &'static Layer| bind(layer, call, env, &mut Report::default()).is_some();
    let meant = match Layer::named(&name) {
        Some(layer) if !is_right(layer) => meant(layer, call, env),
        _ => None,
    };
    meant.map_or_else(|| (call.name.span().into(), name), |call_meant| (call.place, call_meant))
}

/// The layer or block with the nearest name.
fn near(name: &str, call: &Call, ast: &Ast) -> Option<String> {
    if let Some(alias) = adaptive(name, call).or_else(|| alias(name)) {
        return Some(alias.to_owned());
    }
    if let Some(layer) = LAYERS.iter().find(|layer| plain(layer.name) == plain(name)) {
        return Some(layer.name.to_owned());
    }
    let layers = LAYERS.iter().filter(|layer| layer.takes(call.args.len())).map(|layer| layer.name);
    let takes = |block: &&Block| {
        let needed = block.params.iter().filter(|param| param.default.is_none()).count();
        (needed..=block.params.len()).contains(&call.args.len())
    };
    let blocks: Vec<String> = ast.blocks.iter().filter(takes).map(|block| block.name.to_string()).collect();
    let skip = call.args.is_empty().then_some("skip");
    nearest(name, layers.chain(blocks.iter().map(String::as_str)).chain(skip)).map(str::to_owned)
}

/// The names of the layers, in lines.
fn all_layers() -> String {
    const WIDTH: usize = 112;
    let mut lines = String::new();
    let mut width = 0;
    for layer in LAYERS.iter() {
        let separator = match width {
            0 => "",
            _ if width + layer.name.len() > WIDTH => ",\n  ",
            _ => ", ",
        };
        width = if separator == ", " { width + 2 + layer.name.len() } else { layer.name.len() };
        lines = lines + separator + layer.name;
    }
    lines
}

/// A word without its case and `_`.
fn plain(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

/// An adaptive pooling, which to a single pixel is the one of whole maps.
fn adaptive(name: &str, call: &Call) -> Option<&'static str> {
    let to_one = match &call.args[..] {
        [] => true,
        [arg] => ["1", "(1, 1)", "1x1"].contains(&arg.value.to_string().as_str()),
        _ => false,
    };
    Some(match (plain(name).as_str(), to_one) {
        ("adaptiveavgpool2d" | "adaptiveavgpool", true) => "global_avg_pool",
        ("adaptiveavgpool2d" | "adaptiveavgpool", false) => "adaptive_avg_pool",
        ("adaptivemaxpool2d" | "adaptivemaxpool", true) => "global_max_pool",
        ("adaptivemaxpool2d" | "adaptivemaxpool", false) => "adaptive_max_pool",
        _ => return None,
    })
}

/// The names of our layers in other frameworks.
fn alias(name: &str) -> Option<&'static str> {
    Some(match plain(name).as_str() {
        "conv2d" | "convolution" => "conv",
        "convtranspose2d" | "conv2dtranspose" | "deconv" | "deconv2d" | "deconvolution" | "transposedconv" => {
            "conv_transpose"
        }
        "dense" | "fc" | "gemm" | "fullyconnected" => "linear",
        "bn" | "batchnorm2d" | "batchnormalization" | "batchnorm1d" => "batch_norm",
        "maxpool2d" | "maxpooling2d" => "max_pool",
        "avgpool2d" | "averagepool" | "averagepooling2d" => "avg_pool",
        "gap" | "globalaveragepool" | "globalaveragepooling2d" => "global_avg_pool",
        "globalmaxpooling2d" => "global_max_pool",
        "localresponsenorm" => "lrn",
        "layernorm2d" | "layernormalization" => "layer_norm",
        "groupnormalization" => "group_norm",
        "instancenorm1d" | "instancenorm2d" | "instancenormalization" => "instance_norm",
        "rmsnormalization" => "rms_norm",
        "normalize" | "lpnormalization" | "unitnormalization" => "l2_norm",
        "layerscale" => "scale",
        "dropout2d" | "alphadropout" => "dropout",
        "swish" => "silu",
        "hardswish" => "hard_swish",
        "shortcut" => "skip",
        "view" | "unflatten" => "reshape",
        "upsampling2d" | "upsamplingnearest2d" => "upsample",
        "zeropad2d" | "zeropadding2d" => "pad",
        "centercrop" | "cropping2d" => "crop",
        _ => return None,
    })
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
        each_call(&block.body, &mut |call| callees.extend(index_of(call).map(|index| (index, call.name.span()))));
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
        report.error(place, message(&wrong, &[], "`[step; n]` repeats a step"));
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

/// Visits the calls in a body, including those in groups, branches and repeats.
fn each_call<'a>(body: &'a Body, visit: &mut dyn FnMut(&'a Call)) {
    each_step(body, &mut |step| match &step.kind {
        StepKind::Call(call) | StepKind::Splice(call) => visit(call),
        // The call of a merge is that of a layer.
        StepKind::Merge(_) | StepKind::Group(_) | StepKind::Repeat(_) => {}
        StepKind::Skip(_) | StepKind::From(_) | StepKind::Again(_) => {}
    });
}

/// Visits the steps in a body, including those in groups, branches and repeats.
fn each_step<'a>(body: &'a Body, visit: &mut dyn FnMut(&'a Step)) {
    for statement in &body.statements {
        match statement {
            Statement::Pipeline(pipeline) => steps_of(pipeline.steps.iter(), visit),
            Statement::Aux(aux) => each_step(&aux.body, visit),
            Statement::Output(output) => output.body.iter().for_each(|body| each_step(body, visit)),
            Statement::Tap(_) | Statement::Keep(_) | Statement::Broken => {}
        }
    }
}

fn steps_of<'a>(steps: impl Iterator<Item = &'a Step>, visit: &mut dyn FnMut(&'a Step)) {
    for step in steps {
        visit(step);
        match &step.kind {
            StepKind::Merge(merge) => merge.branches.iter().for_each(|branch| steps_of(branch.steps.iter(), visit)),
            StepKind::Group(body) => each_step(body, visit),
            StepKind::Repeat(repeat) => steps_of(repeat.steps.steps.iter(), visit),
            StepKind::Call(_) | StepKind::Splice(_) | StepKind::Skip(_) | StepKind::From(_) | StepKind::Again(_) => {}
        }
    }
}
