//! Constant folding: operators on known numbers.
//!
//! ```text
//! before   Shape(x) → Gather(0) → Unsqueeze → Concat(·, [-1]) → Reshape(x, ·)
//! after    Reshape(x, [1, -1])
//! ```
//!
//! Exporters compute shapes in the graph, where a batch might have any size. Once it is 1, all of that is known. Numbers are
//! computed in double precision.

mod elements;
mod moves;
mod norm;

pub(crate) use self::elements::{broadcast, steps};
pub(crate) use self::moves::{Piece, order, parts, reshaped, slices, squeezed, unsqueezed};

use std::rc::Rc;

use crate::constant::{Constant, Data};
use crate::external::Files;
use crate::graph::{Graph, Node};
use crate::load::fill;
use crate::report::Fault;

/// Folds what depends on constants alone. What also depends on shapes is folded when layers are made.
pub(crate) fn fold(graph: &mut Graph<'_>, files: &Files) {
    let nodes = std::mem::take(&mut graph.nodes);
    for node in nodes {
        let inputs: Option<Vec<Option<Rc<Constant<'_>>>>> = node
            .inputs
            .iter()
            .map(|id| id.map_or(Some(None), |id| graph.constants.get(&id).cloned().map(Some)))
            .collect();
        // What is wrong with a node is reported later, if its result is used.
        let results = inputs.and_then(|inputs| evaluate(&node, &inputs, files).ok().flatten());
        match results {
            Some(results) => {
                for (id, constant) in node.outputs.iter().zip(results) {
                    id.map(|id| graph.constants.insert(id, Rc::new(constant)));
                }
            }
            None => graph.nodes.push(node),
        }
    }
}

/// Operators that no layer computes, but that are folded where they are about shapes.
pub(crate) fn is_folded(op: &str) -> bool {
    const OPS: [&str; 25] = [
        "Shape",
        "Size",
        "ConstantOfShape",
        "Range",
        "Equal",
        "Less",
        "Greater",
        "And",
        "Or",
        "Not",
        "Where",
        "Floor",
        "Ceil",
        "Round",
        "Sqrt",
        "Exp",
        "Log",
        "Reciprocal",
        "Mod",
        "ReduceProd",
        "GreaterOrEqual",
        "LessOrEqual",
        "ReduceL1",
        "ReduceL2",
        "ReduceSumSquare",
    ];
    OPS.contains(&op)
}

/// The results of an operator on constants, if it is one that is folded.
pub(crate) fn evaluate<'a>(
    node: &Node<'a>,
    inputs: &[Option<Rc<Constant<'a>>>],
    files: &Files,
) -> Result<Option<Vec<Constant<'a>>>, Fault> {
    if !node.domain.is_empty() || node.outputs.is_empty() {
        return Ok(None);
    }
    let given = |index: usize| inputs.get(index).and_then(Option::as_deref);
    let needs = |index: usize| given(index).ok_or_else(|| Fault::new(format!("its input {} is missing", index + 1)));
    let one = |constant: Constant<'a>| Ok(Some(vec![constant]));
    match node.op {
        "Identity" | "Dropout" => one(needs(0)?.clone()),
        "Cast" | "CastLike" => one(cast(node, needs(0)?)?),
        "Shape" => one(shape(node, &needs(0)?.dims)?),
        "Size" => one(Constant::ints(Vec::new(), vec![needs(0)?.len() as i64])),
        "ConstantOfShape" => {
            let dims = crate::constant::dims(&needs(0)?.to_ints()?)?;
            let (number, is_whole) = fill(node, files)?;
            one(Constant { name: node.result, dims, data: Data::Splat(number, is_whole) })
        }
        "Split" => moves::split(node, needs(0)?, given(1)).map(Some),
        "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Transpose" | "Concat" | "Slice" | "Gather" | "Expand"
        | "Tile" | "Range" => {
            let all: Vec<Option<&Constant<'a>>> = (0..inputs.len()).map(given).collect();
            moves::moved(node, &all).map(|constant| Some(vec![constant]))
        }
        "BatchNormalization" => {
            let all: Vec<Option<&Constant<'a>>> = (0..inputs.len()).map(given).collect();
            norm::batch_norm(node, &all).map(|constant| constant.map(|constant| vec![constant]))
        }
        _ => {
            let all: Vec<Option<&Constant<'a>>> = (0..inputs.len()).map(given).collect();
            elements::computed(node, &all).map(|constant| constant.map(|constant| vec![constant]))
        }
    }
}

/// The dimensions of a value, or some of them.
pub(crate) fn shape<'a>(node: &Node<'_>, dims: &[usize]) -> Result<Constant<'a>, Fault> {
    let end = |name: &str, default: usize| -> Result<usize, Fault> {
        let at = node.int(name, default as i64)?;
        let from_end = if at < 0 { at.saturating_add(dims.len() as i64) } else { at };
        Ok(usize::try_from(from_end).unwrap_or(0).min(dims.len()))
    };
    let (start, end) = (end("start", 0)?, end("end", dims.len())?);
    let dims: Vec<i64> = dims.get(start..end).unwrap_or_default().iter().map(|dim| *dim as i64).collect();
    Ok(Constant::ints(vec![dims.len()], dims))
}

/// To whole numbers or real ones.
fn cast<'a>(node: &Node<'a>, constant: &Constant<'a>) -> Result<Constant<'a>, Fault> {
    let to = node.int("to", crate::constant::FLOAT)?;
    if crate::constant::is_float(to) {
        if !constant.is_whole() {
            return Ok(constant.clone());
        }
        return Ok(Constant { data: Data::Floats(constant.to_f32()?.into_owned()), ..constant.clone() });
    }
    if constant.is_whole() {
        return Ok(constant.clone());
    }
    Ok(Constant { data: Data::Ints(constant.to_ints()?), ..constant.clone() })
}
