//! Calls written as in other frameworks, and their equivalents here.
//!
//! The proposal is the call that was meant, if that is clear; otherwise the message only says why the call is wrong.

mod listed;
mod vocabulary;

use cnn_net::language::{Kind, Param};

use self::vocabulary::{READ, alias, nth, renamed, unneeded_value, why_unneeded};

pub(super) use self::listed::listed;
pub(super) use self::vocabulary::word;

use super::Layer;
use crate::ast::{Arg, Call, Expr, ExprKind};
use crate::env::Env;
use crate::report::{Edit, Message, Place, message};

/// A larger number counts channels and is not the size of a window.
const LARGEST_WINDOW: i64 = 11;

/// An argument as written: its name, if it has one, and its value.
type Written = (Option<String>, String);

/// A layer's call as written.
fn text(layer: &Layer, args: &[Written]) -> String {
    if args.is_empty() {
        return layer.name.to_owned();
    }
    let args: Vec<String> = args
        .iter()
        .map(|(name, value)| name.as_ref().map_or_else(|| value.clone(), |name| format!("{name} = {value}")))
        .collect();
    format!("{}({})", layer.name, args.join(", "))
}

/// The call of a layer that is meant by a call in another vocabulary, if that is clear: every argument has a place in it, or
/// is not needed.
pub(crate) fn meant(layer: &'static Layer, call: &Call, env: &Env) -> Option<String> {
    let first = usize::from(inputs_in_front(layer, call, env).is_some());
    if first == 0 && is_unclear(layer, call) {
        return None;
    }
    let (mut args, mut next_step, mut place) = (Vec::new(), String::new(), 0);
    for (index, arg) in call.args.iter().enumerate().skip(first) {
        if is_channels(layer, call, index, env) {
            continue;
        }
        if let Some(next) = function(layer, arg, env) {
            next_step = format!(" -> {next}");
        } else if why_unneeded(layer, arg).is_none() {
            let (name, value) = ours(layer, place, arg, env)?;
            // All arguments after a named one are named.
            let needs_name = args.iter().any(|(name, _): &Written| name.is_some());
            let of_place = || nth(layer, place).filter(|_| needs_name).map(|param| param.name.to_owned());
            args.push((name.or_else(of_place), value));
            place += usize::from(arg.name.is_none());
        }
    }
    let is_double =
        |(index, (name, _)): (usize, &Written)| name.is_some() && args[..index].iter().any(|a| a.0 == *name);
    let taken = args.iter().take_while(|(name, _)| name.is_none()).count();
    let is_taken = |(name, _): &Written| layer.params[..taken].iter().any(|p| Some(p.name) == name.as_deref());
    if args.iter().enumerate().any(is_double) || args.iter().any(is_taken) {
        return None;
    }
    (args.len() >= layer.needs()).then(|| text(layer, &args) + &next_step)
}

/// A mistake in an argument that should be left out; the fix is the call that is meant, if that is clear.
fn without(wrong: &str, layer: &'static Layer, call: &Call, why: &str, env: &Env) -> Message {
    let Some(becomes) = meant(layer, call, env) else {
        let usage = format!("usage: {}", layer.usage());
        let help = if why.is_empty() { usage } else { format!("leave it out: {why}") };
        return message(wrong, &help);
    };
    let help = if why.is_empty() { format!("write `{becomes}`") } else { format!("write `{becomes}`: {why}") };
    message(wrong, &help).fix([Edit::instead(call.place, becomes)])
}

/// What a first argument counts if it is the number of inputs, as in PyTorch: `linear(3072, 10)`.
fn inputs_in_front(layer: &Layer, call: &Call, env: &Env) -> Option<&'static str> {
    let unnamed = call.args.iter().take_while(|arg| arg.name.is_none()).count();
    match layer.name {
        "conv" | "conv_transpose" if is_conv_with_inputs(call, unnamed) => Some("number of input channels"),
        "linear" if unnamed > 1 && is_count(&call.args[1].value, env) => Some("number of inputs"),
        "batch_norm" | "layer_norm" | "instance_norm" | "rms_norm" | "grn" | "prelu"
            if unnamed > 0 && is_count(&call.args[0].value, env) =>
        {
            Some("number of channels")
        }
        _ => None,
    }
}

/// The mistake in giving a number of inputs.
pub(super) fn inputs_given(layer: &'static Layer, call: &Call, env: &Env) -> Option<(Place, Message)> {
    let what = inputs_in_front(layer, call, env)?;
    let first = &call.args[0].value;
    let wrong = format!("{}: `{first}` would be the {what}, which is inferred and not given", layer.name);
    Some((first.place, without(&wrong, layer, call, "", env)))
}

/// Whether the first number is the channels of the input: `conv(3, 64, 3)`.
fn is_conv_with_inputs(call: &Call, unnamed: usize) -> bool {
    let value = |index: usize| call.args.get(index).map(|arg| &arg.value.kind);
    let names_size = |arg: &Arg| arg.name.as_ref().is_some_and(|name| alias(&name.to_string()).contains(&"size"));
    match (value(0), value(1), value(2)) {
        (Some(_), Some(ExprKind::Size(_) | ExprKind::Tuple(_)), _) => false,
        (Some(_), Some(_), Some(_)) if unnamed == 2 => call.args[2..].iter().any(names_size),
        (Some(_), Some(_), Some(ExprKind::Size(_) | ExprKind::Tuple(_))) => unnamed > 2,
        (Some(inputs), Some(filters), Some(ExprKind::Int(size))) if unnamed > 2 && *size <= LARGEST_WINDOW => {
            let is_image = matches!(inputs, ExprKind::Int(1 | 3));
            match filters {
                // Windows of even sizes are as rare as strides of 3.
                ExprKind::Int(filters) => is_image || *filters > LARGEST_WINDOW || *size > 2 && filters % 2 == 0,
                _ => *size > 2,
            }
        }
        _ => false,
    }
}

/// Whether a value can only be a number of channels, inputs or outputs.
fn is_count(value: &Expr, env: &Env) -> bool {
    match &value.kind {
        ExprKind::Int(_) => true,
        ExprKind::Name(name) => env.has_number(name),
        ExprKind::Binary(_, left, right) => is_count(left, env) && is_count(right, env),
        _ => false,
    }
}

/// Whether an argument is the number of channels, which PyTorch expects after that of groups: `group_norm(4, 64)`.
fn is_channels(layer: &Layer, call: &Call, index: usize, env: &Env) -> bool {
    let arg = &call.args[index];
    layer.name == "group_norm" && index == 1 && arg.name.is_none() && is_count(&arg.value, env)
}

/// An argument of a call in PyTorch's order, as it is written here. `None` if that is not known.
fn ours(layer: &'static Layer, index: usize, arg: &Arg, env: &Env) -> Option<Written> {
    let param = match &arg.name {
        Some(name) => renamed(layer, &name.to_string()).filter(|param| accepts(param, &arg.value, env))?,
        None => nth(layer, index).filter(|param| accepts(param, &arg.value, env))?,
    };
    let name = (arg.name.is_some() || !param.positional).then(|| param.name.to_owned());
    let value = arg.value.to_string();
    // `True` and `False` are Python's.
    Some((name, if matches!(param.kind, Kind::Flag) { value.to_lowercase() } else { value }))
}

/// Whether an argument can have this value, as far as its form shows.
fn accepts(param: &Param, value: &Expr, env: &Env) -> bool {
    let is_size = |value: &Expr| match &value.kind {
        ExprKind::Size(parts) | ExprKind::Tuple(parts) => parts.len() == 2,
        _ => is_count(value, env),
    };
    match (param.kind, &value.kind) {
        (Kind::Count | Kind::Amount, _) => is_count(value, env),
        (Kind::Path, kind) => matches!(kind, ExprKind::Path(_)),
        (Kind::Tensors, _) => false,
        (Kind::Pad, ExprKind::Name(word)) if word == "same" => true,
        (Kind::Size | Kind::SizeOrZero | Kind::Pad | Kind::Sides | Kind::Crop, _) => is_size(value),
        (Kind::Range, kind) => matches!(kind, ExprKind::Range(_)),
        (Kind::Shape, ExprKind::Size(parts)) => parts.len() == 3,
        (Kind::Shape, _) => is_count(value, env),
        (Kind::Flag, ExprKind::Name(word)) => ["True", "False"].contains(&word.as_str()),
        (Kind::Flag, kind) => matches!(kind, ExprKind::Bool(_)),
        (Kind::Real([from, to]) | Kind::Perhaps([from, to], _), ExprKind::Real(value)) => {
            (f64::from(from)..=f64::from(to)).contains(value)
        }
        (Kind::Perhaps(_, none), ExprKind::Name(word)) if word == none => true,
        (Kind::Real([from, _]) | Kind::Perhaps([from, _], _), ExprKind::Negative(positive)) => {
            from < 0.0 && accepts(param, positive, env)
        }
        (Kind::Real(_) | Kind::Perhaps(..), _) => is_count(value, env),
        (Kind::Word(words), ExprKind::Name(word)) => words.contains(&word.as_str()),
        (Kind::Word(_), _) => false,
    }
}

/// The message about an argument whose name the layer does not have.
pub(super) fn unknown_name(layer: &'static Layer, call: &Call, index: usize, env: &Env) -> Message {
    let arg = &call.args[index];
    let Some(given) = &arg.name else { return Message::from(layer.usage()) };
    let name = given.to_string();
    let wrong = format!("{}: unknown argument `{name}`", layer.name);
    if let Some(why) = why_unneeded(layer, arg) {
        return without(&wrong, layer, call, why, env);
    }
    if function(layer, arg, env).is_some() {
        return without(&wrong, layer, call, "", env);
    }
    let usage = || message(&wrong, &format!("usage: {}", layer.usage()));
    let Some(param) = renamed(layer, &name) else { return usage() };
    let is_given = |(other, arg): (usize, &Arg)| match &arg.name {
        Some(name) => name == param.name,
        None => param.positional && layer.params.get(other).is_some_and(|other| other.name == param.name),
    };
    if call.args.iter().enumerate().any(is_given) {
        return usage();
    }
    let help = format!("did you mean `{}`?", param.name);
    message(&wrong, &help).fix([Edit::instead(given.span(), param.name)])
}

/// The activation that an argument names: in this language, a step after the layer.
fn function(layer: &Layer, arg: &Arg, env: &Env) -> Option<&'static str> {
    let ExprKind::Name(word) = &arg.value.kind else { return None };
    let is_argument = arg.name.as_ref().is_none_or(|name| name == "activation");
    let has_weights = matches!(layer.name, "conv" | "conv_transpose" | "linear");
    if !is_argument || !has_weights || env.has_number(word) {
        return None;
    }
    Layer::named(&word.to_lowercase()).filter(|next| next.params.is_empty()).map(|next| next.name)
}

/// The message about an unnamed argument in a position that takes none.
pub(super) fn unexpected(layer: &'static Layer, call: &Call, index: usize, env: &Env) -> Message {
    let (name, value) = (layer.name, &call.args[index].value);
    let wrong = match layer.params.get(index) {
        Some(_) => format!("{name}: `{value}` needs a name"),
        None => format!("{name}: unexpected argument `{value}`"),
    };
    let word = match &value.kind {
        ExprKind::Name(word) if !env.has_number(word) => Some(word.as_str()),
        _ => None,
    };
    if let Some(param) = layer.params.iter().find(|param| Some(param.name) == word) {
        return needs_value(layer, param, value.place);
    }
    if is_channels(layer, call, index, env) {
        return without(&wrong, layer, call, READ, env);
    }
    if let (Some(over), [_], ExprKind::Tuple(_) | ExprKind::Size(_)) =
        (layer.params.iter().find(|param| param.name == "over"), &call.args[..], &value.kind)
    {
        let wrong = format!("{name}: `{value}` would be the input's shape, which is inferred and not given");
        let becomes = format!("{name}({} = all)", over.name);
        let help = format!("write `{becomes}`, which normalises all of it together");
        return message(&wrong, &help).fix([Edit::instead(call.place, becomes)]);
    }
    let candidates: Vec<&Param> = match name {
        // Neither of the two comes first in any framework.
        "batch_norm" => layer.params.iter().filter(|param| accepts(param, value, env)).collect(),
        _ => nth(layer, index).filter(|param| accepts(param, value, env)).into_iter().collect(),
    };
    if !candidates.is_empty() {
        return needs_name(layer, call, index, &candidates, env);
    }
    if function(layer, &call.args[index], env).is_some() {
        return without(&wrong, layer, call, "", env);
    }
    if let Some(why) = unneeded_value(layer, value) {
        return without(&wrong, layer, call, why, env);
    }
    if name == "relu" && matches!(value.kind, ExprKind::Int(6)) {
        let message = message(&wrong, "did you mean `relu6`?");
        return message.fix([Edit::instead(call.place, "relu6")]);
    }
    message(&wrong, &format!("usage: {}", layer.usage()))
}

/// The message about an argument's name without a value.
fn needs_value(layer: &Layer, param: &Param, place: Place) -> Message {
    let wrong = format!("{}: `{}` needs a value", layer.name, param.name);
    match param.kind {
        Kind::Flag => {
            let flag = format!("{} = true", param.name);
            message(&wrong, &format!("`{flag}`")).fix([Edit::instead(place, flag)])
        }
        _ => message(&wrong, &format!("`{} = …`", param.name)),
    }
}

/// The message about a value without the name of its argument.
fn needs_name(layer: &'static Layer, call: &Call, index: usize, candidates: &[&Param], env: &Env) -> Message {
    let value = &call.args[index].value;
    let wrong = format!("{}: `{value}` needs a name", layer.name);
    if is_unclear(layer, call) {
        let help = "`stride = …`, if it is the stride; the number of input channels is inferred and not given";
        return message(&wrong, help);
    }
    let note = match layer.name {
        "lrn" => "; the defaults are the paper's, and alpha is not divided by the size, unlike in PyTorch",
        "conv" | "conv_transpose" if index == 2 => "; the number of input channels is inferred and not given",
        _ => "",
    };
    // Naming only this one would leave the next value without a name.
    let places = layer.params.iter().filter(|param| param.positional).count();
    let unnamed = call.args.iter().filter(|arg| arg.name.is_none()).count();
    if unnamed > places + 1
        && let Some(becomes) = meant(layer, call, env)
    {
        let help = format!("write `{becomes}`{note}");
        return message(&wrong, &help).fix([Edit::instead(call.place, becomes)]);
    }
    let forms: Vec<String> = candidates.iter().map(|param| format!("{} = {value}", param.name)).collect();
    let help = format!("write `{}`{note}", forms.join("` or `"));
    let fixes = forms.into_iter().map(|form| vec![Edit::instead(value.place, form)]);
    message(&wrong, &help).fixes(fixes)
}

/// Whether it is unclear which of a convolution's values is the size: `conv(a, b, 2)`.
fn is_unclear(layer: &Layer, call: &Call) -> bool {
    let is_unnamed = |arg: &&Arg| arg.name.is_none();
    let unnamed = call.args.iter().take_while(is_unnamed).count();
    matches!(layer.name, "conv" | "conv_transpose")
        && unnamed > 2
        && matches!(call.args[1].value.kind, ExprKind::Name(_) | ExprKind::Binary(..))
}
