//! Nets as Rust files, which the compiler reads again.

use std::collections::BTreeSet;

use cnn::graph::{Graph, Node, Tensor};
use cnn_compiler::file::{File, Found, Wrong};
use cnn_net::language::declaration;

use super::kept;
use crate::failure::Failure;
use crate::registry::Model;

/// A declaration as a Rust file: a comment, and `network!`, in which the net is public and has these attributes.
pub(crate) fn rust_file(comment: &str, declaration: &str, net: &str, attributes: &[String]) -> String {
    let mut text = format!("{comment}\nuse cnn::network;\n\nnetwork! {{\n");
    let begin = format!("{}:", type_name(declaration, net));
    for line in declaration.lines() {
        if line.starts_with(&begin) {
            // A net that others can use.
            text.extend(attributes.iter().map(|attribute| format!("    {attribute}\n")));
            text += &format!("    pub {line}\n");
        } else {
            text += &if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") };
        }
    }
    text + "}\n"
}

/// The type of a net, as its declaration has it: of a net with the name of a keyword, `r#type`.
pub(crate) fn type_name(declaration: &str, net: &str) -> String {
    let raw = format!("r#{net}");
    let is_raw = declaration.lines().any(|line| line.strip_prefix(&raw).is_some_and(|rest| rest.starts_with(':')));
    if is_raw { raw } else { net.to_owned() }
}

/// A declaration as a Rust file, for the compiler.
pub(super) fn invocation(declaration: &str) -> String {
    format!("network! {{\n{declaration}}}\n")
}

/// The net of a declaration that a program wrote; the error is its first mistake.
pub(super) fn compiled(text: &str, name: &str) -> Result<Found, String> {
    let file = File::parse(text).map_err(|wrong| wrong.text)?;
    let first = |wrongs: Vec<Wrong>| wrongs.into_iter().next().map_or_else(String::new, |wrong| wrong.text);
    file.compile(name).ok_or_else(|| format!("there is no `{name}`"))?.map_err(first)
}

/// A net with its plan. Those of this program are planned again, from their description: only constants are left of the plan
/// that they were compiled with. The names of the plan's steps are not always the net's.
pub(crate) fn planned(model: &Model) -> Result<Found, Failure> {
    let found = match &model.declared {
        Some(declared) => compiled(declared.text, model.graph.name),
        None => declared(model.graph).and_then(|(text, _)| compiled(&invocation(&text), model.graph.name)),
    };
    found.map_err(|why| Failure::Message(format!("{} cannot be planned: {why}", model.name)))
}

/// The declaration of a net, and what it declares: the net as it is, or without groups where there are no words for these.
pub(crate) fn declared(graph: &Graph<'static>) -> Result<(String, Graph<'static>), String> {
    let why = match declaration(graph) {
        Ok(text) => return Ok((text, *graph)),
        Err(why) => why.to_string(),
    };
    let flat = flat(graph);
    declaration(&flat).map(|text| (text, flat)).map_err(|_| why)
}

/// A net without blocks and groups: `layer1.0.conv1` is `layer1_0_conv1`. All names are given and differ.
fn flat(graph: &Graph<'static>) -> Graph<'static> {
    let mut names = BTreeSet::new();
    let mut all: Vec<String> = Vec::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        let plain: String = node.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let begins = plain.starts_with(|c: char| c.is_ascii_alphabetic());
        let plain = if begins { plain } else { format!("layer_{plain}") };
        let name = match node.again {
            Some(first) => all[first].clone(),
            None if names.insert(plain.clone()) => plain,
            None => format!("{plain}_{index}"),
        };
        names.insert(name.clone());
        all.push(name);
    }
    let node = |(node, name): (&Node<'static>, &String)| {
        let tensor = |it: &Tensor<'static>| Tensor { name: kept::text(&node.op.tensor_name(name, it.role)), ..*it };
        Node { name: kept::text(name), tensors: kept::all(node.tensors, tensor), calls: &[], ..*node }
    };
    let nodes: Vec<Node<'static>> = graph.nodes.iter().zip(&all).map(node).collect();
    Graph { nodes: nodes.leak(), ..*graph }
}

#[cfg(test)]
mod tests {
    use cnn::Step;
    use cnn::memory::Memory;

    use super::*;
    use crate::registry::MODELS;

    /// Larger nets take long.
    const MOST_LAYERS: usize = 80;

    #[test]
    fn nets_are_planned_as_they_were_compiled() {
        let small = MODELS.iter().filter(|model| model.graph.nodes.len() <= MOST_LAYERS);
        let mut count = 0;
        for model in small {
            let found = planned(model).unwrap_or_else(|why| panic!("{}: {why:?}", model.name));
            let steps: Vec<Step<'_>> = found.plan.calls.iter().map(|call| call.describe(kept::step)).collect();
            // Names may differ.
            let what = |steps: &[Step<'_>]| -> Vec<_> {
                steps
                    .iter()
                    .map(|it| format!("{:?}", (it.kernel, it.algorithm, it.nodes, it.serves, it.shared)))
                    .collect()
            };
            assert_eq!(what(&steps), what(model.steps), "{}", model.name);
            let places = |memory: &Memory<'_>| -> Vec<_> {
                memory.buffers.iter().map(|it| (it.holds, it.offset, it.len, it.first, it.last)).collect()
            };
            assert_eq!(found.plan.memory(places), places(model.memory), "{}", model.name);
            assert_eq!(found.plan.bytes(), model.workspace_bytes, "{}", model.name);
            count += 1;
        }
        assert!(count > 5, "{count}");
    }
}
