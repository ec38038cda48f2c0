//! A call of something that is neither a layer nor a block: what was probably meant.

use super::elsewhere::help_with;
use crate::ast::{Ast, Block, Call, Net, Part};
use crate::env::Env;
use crate::op::{LAYERS, Layer, bind, meant};
use crate::report::{Edit, Message, Place, Report, message, nearest};

/// A call's name must be a layer or a block.
pub(super) fn called(call: &Call, env: &Env, ast: &Ast, report: &mut Report) {
    let name = call.name.to_string();
    if Layer::named(&name).is_some() || ast.blocks.iter().any(|block| block.name == name) || env.get(&name).is_some() {
        return;
    }
    let wrong = format!("there is no layer or block `{name}`");
    let says = |help: &str| message(&wrong, help);
    let message = if let Some(help) = help_with(&plain(&name)) {
        says(help)
    } else if let Some(layer) = other_name(&name, call) {
        did_you_mean(&wrong, call, layer.to_owned(), env)
    } else if let Some(message) = value(&wrong, call, ast) {
        message
    } else if let Some(near) = near(&name, call, ast) {
        did_you_mean(&wrong, call, near, env)
    } else {
        let blocks: Vec<String> = ast.blocks.iter().map(|block| block.name.to_string()).collect();
        says(&match blocks.is_empty() {
            true => format!("the layers are\n  {}", all_layers()),
            false => format!("the blocks and layers are\n  {},\n  {}", blocks.join(", "), all_layers()),
        })
    };
    report.error(call.name.span(), message);
}

fn did_you_mean(wrong: &str, call: &Call, name: String, env: &Env) -> Message {
    let (place, becomes) = in_our_words(call, name, env);
    let help = format!("did you mean `{becomes}`?");
    message(wrong, &help).fix([Edit::instead(place, becomes)])
}

/// The message about a word that is the name of a step, or of a value.
fn value(wrong: &str, call: &Call, ast: &Ast) -> Option<Message> {
    let name = call.name.to_string();
    if !call.args.is_empty() {
        return None;
    }
    let is_input = |net: &Net| net.inputs.iter().any(|port| port.name.as_ref().is_some_and(|input| *input == name));
    let (mut is_value, mut is_step) = (ast.nets.iter().any(is_input), false);
    ast.bodies().for_each(|body| {
        body.each(&mut |part| match part {
            Part::Body(body) => is_value |= body.keeps(&name),
            Part::Step(step) => is_step |= step.name.as_ref().is_some_and(|step| step.to_string() == name),
        });
    });
    if is_value {
        let text = message(&format!("{wrong}: it is a value"), &format!("write `from {name}`"));
        return Some(text.fix([Edit::instead(call.name.span(), format!("from {name}"))]));
    }
    let wrong = format!("{wrong}: it is the name of a step, whose result goes to the next step only");
    let help = format!("to use it again later, write `keep {name};` after that step, and `from {name}` here");
    is_step.then(|| message(&wrong, &help))
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

/// The layer that has this name elsewhere, or is spelt like it.
fn other_name(name: &str, call: &Call) -> Option<&'static str> {
    let spelt = || LAYERS.iter().map(|layer| layer.name).find(|layer| plain(layer) == plain(name));
    adaptive(name, call).or_else(|| alias(name)).or_else(spelt)
}

/// The layer or block with the nearest name.
fn near(name: &str, call: &Call, ast: &Ast) -> Option<String> {
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

/// An adaptive pooling; to a single pixel, it is a global one.
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
        "convtranspose2d" | "conv2dtranspose" | "upconv" | "deconv" | "deconv2d" | "deconvolution"
        | "transposedconv" => "conv_transpose",
        "dense" | "fc" | "gemm" | "fullyconnected" => "linear",
        "bn" | "batchnorm2d" | "batchnormalization" | "batchnorm1d" => "batch_norm",
        "maxpool2d" | "maxpooling2d" => "max_pool",
        "avgpool2d" | "averagepool" | "averagepooling2d" => "avg_pool",
        "gap" | "globalaveragepool" | "globalaveragepooling2d" => "global_avg_pool",
        "globalmaxpooling2d" => "global_max_pool",
        "localresponsenorm" => "lrn",
        "globalresponsenorm" | "globalresponsenormalization" => "grn",
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
        "zeropad" | "zeropad2d" | "zeropadding2d" | "constantpad2d" => "pad",
        "centercrop" | "cropping2d" => "crop",
        _ => return None,
    })
}
