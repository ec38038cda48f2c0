//! The text of the tests.

use crate::cases::{Case, Mode, Op};
use crate::nets;

/// A test for each case, and the list of those that are not nets.
pub(crate) fn write(cases: &[Case]) -> Result<String, String> {
    let tests: Result<Vec<String>, String> = cases.iter().map(test).collect();
    let training = cases.iter().filter_map(|case| Some((&case.name, training(case)?)));
    let listed: String = training.map(|(name, why)| format!("    (\"{name}\", \"{why}\"),\n")).collect();
    let list = format!(
        "/// The cases that are not run by a net, and why.\nconst NOT_NETS: &[(&str, &str)] = &[\n{listed}];\n"
    );
    Ok(format!("{list}\n{}", tests?.join("\n")))
}

/// Why a case is not a net, if it is not.
fn training(case: &Case) -> Option<&'static str> {
    match case.op {
        Op::BatchNormalization { training_mode: true, .. } => Some("training mode: a compiled net runs inference"),
        Op::Adam { .. } | Op::Momentum { .. } => Some("an optimiser"),
        Op::SoftmaxCrossEntropyLoss { .. } => Some("a loss"),
        _ => None,
    }
}

fn test(case: &Case) -> Result<String, String> {
    check_tensors(case)?;
    let Case { name, source, rtol, atol, .. } = case;
    let note = case.note.as_ref().map_or(String::new(), |note| format!("///\n/// Note: {note}.\n"));
    let read = format!("Case::read(\"{name}\", {rtol:?}, {atol:?})");
    let body = match case.op {
        Op::BatchNormalization { epsilon, momentum, training_mode: true } => {
            vec![format!("{read}.check_batch_norm_training({epsilon:?}, {momentum:?});")]
        }
        Op::Adam { alpha, beta, epsilon, norm_coefficient, norm_coefficient_post: 0.0 } => {
            vec![format!("{read}.check_adam([{alpha:?}, {beta:?}], {epsilon:?}, {norm_coefficient:?});")]
        }
        Op::Adam { .. } => return Err(format!("{name}: weight decay after the update is not known")),
        Op::Momentum { alpha, norm_coefficient, mode, .. } => {
            vec![format!("{read}.check_momentum({alpha:?}, {norm_coefficient:?}, {});", mode == Mode::Nesterov)]
        }
        Op::SoftmaxCrossEntropyLoss { reduction } => {
            vec![format!("{read}.check_cross_entropy(Reduction::{reduction:?});")]
        }
        _ => net(case, &read)?,
    };
    let body: String = body.iter().map(|line| format!("    {line}\n")).collect();
    Ok(format!("/// {source}.\n{note}#[test]\nfn {name}() {{\n{body}}}\n"))
}

/// The lines that declare a net and check it.
fn net(case: &Case, read: &str) -> Result<Vec<String>, String> {
    let nets::Net { shapes, body, same } = nets::net(case)?;
    let mut lines = vec!["cnn::network! {".to_owned()];
    match body.lines().count() {
        1 => lines.push(format!("    Net: {shapes} {{ {body} }}")),
        _ => {
            lines.push(format!("    Net: {shapes} {{"));
            lines.extend(body.lines().map(|line| format!("        {line}")));
            lines.push("    }".to_owned());
        }
    }
    lines.push("}".to_owned());
    let check = match case.op {
        Op::Add {} => "check_add::<Net<'static>>()".to_owned(),
        Op::Concat { axis } => format!("check_concat::<Net<'static>>({axis})"),
        _ => "check::<Net<'static>>()".to_owned(),
    };
    lines.push(format!("{read}.{check};"));
    if let Some(pads) = same {
        lines.push(format!("assert_pads::<Net<'static>>({pads:?});"));
    }
    Ok(lines)
}

/// For one tensor of parameters, or two.
const OF_OPTIMISERS: &[&str] = &[
    "rate",
    "step",
    "gradient",
    "gradient2",
    "v",
    "v2",
    "h",
    "h2",
    "output2",
    "output_v",
    "output_v2",
    "output_h",
    "output_h2",
];

/// A tensor that nothing reads would be an untested part of a case.
fn check_tensors(case: &Case) -> Result<(), String> {
    let known: &[&str] = match case.op {
        Op::Conv(_) | Op::Linear {} => &["weight", "bias"],
        Op::BatchNormalization { training_mode: false, .. } => &["scale", "bias", "mean", "var"],
        Op::BatchNormalization { training_mode: true, .. } => {
            &["scale", "bias", "mean", "var", "output_mean", "output_var"]
        }
        Op::PRelu { .. } => &["slope"],
        Op::Adam { .. } | Op::Momentum { .. } => OF_OPTIMISERS,
        Op::SoftmaxCrossEntropyLoss { .. } => &["labels", "log_prob"],
        _ => &[],
    };
    let inputs = case.inputs();
    let takes_several = matches!(case.op, Op::Add {} | Op::Adam { .. } | Op::Concat { .. } | Op::Momentum { .. });
    if inputs.len() != 1 && !takes_several {
        return Err(format!("{}: expected one input, found {inputs:?}", case.name));
    }
    let mut names = case.shapes.keys().map(String::as_str);
    match names.find(|name| *name != "output" && !inputs.contains(name) && !known.contains(name)) {
        Some(name) => Err(format!("{}: the tensor `{name}` is not known", case.name)),
        None => Ok(()),
    }
}
