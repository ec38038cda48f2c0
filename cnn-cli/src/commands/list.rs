//! `cnn list`

use std::io::Write;

use cnn_net::graph::Graph;
use cnn_net::op::Shape;
use cnn_net::text::thousands;
use models::{FAMILIES, Family};
use serde_json::json;

use crate::args::Json;
use crate::failure::Failure;
use crate::output::Output;
use crate::registry::{MODELS, Model};
use crate::table::{Align, Table, rounded};
use crate::tensors::dimensions;

/// Prints a line for each net.
pub(super) fn list(args: Json, out: &mut Output<impl Write>) -> Result<(), Failure> {
    if args.json {
        return out.json(&json!({ "nets": MODELS.iter().map(object).collect::<Vec<_>>() }));
    }
    let mut table = Table::new([Align::Left, Align::Left, Align::Right, Align::Right]);
    table.head(["net", "input -> output", "parameters", "MACs"]);
    for model in MODELS.iter() {
        let graph = model.graph;
        table.row([model.name.to_owned(), sides(graph), thousands(graph.parameters()), rounded(graph.macs())]);
    }
    table.write(out)?;
    let included: Vec<&str> = MODELS.iter().filter(|model| model.embedded.is_some()).map(|model| model.name).collect();
    writeln!(out, "\nThe weights of {} are in this program.", included.join(" and "))?;
    Ok(write!(out, "{}", missing(FAMILIES))?)
}

/// How to get the nets that are not in this program.
fn missing(families: &[Family]) -> String {
    let missing: Vec<&Family> = families.iter().filter(|family| !family.built).collect();
    if missing.is_empty() {
        return String::new();
    }
    let nets: usize = missing.iter().map(|family| family.nets.len()).sum();
    let mut lines = format!(
        "\n{nets} more nets are not in this program.\n`cargo install cnn-cli --features \
         all-nets` adds all, and these features some:\n"
    );
    for Family { feature, nets, .. } in missing {
        // Without what may be left out, so that a line fits a terminal.
        let nets: Vec<&str> = nets.iter().map(|net| net.trim_start_matches("torchvision-")).collect();
        lines += &format!("  {}: {}\n", feature.unwrap_or_default(), nets.join(", "));
    }
    lines
}

/// The shapes of input and output; of several, how many there are.
fn sides(graph: &Graph<'_>) -> String {
    let side = |count: usize, what: &str, shape: Shape| match count {
        1 => shape.to_string(),
        count => format!("{count} {what}"),
    };
    let input = side(graph.inputs.len(), "inputs", graph.input());
    format!("{input} -> {}", side(graph.outputs.len(), "outputs", graph.output()))
}

fn object(model: &Model) -> serde_json::Value {
    json!({
        "net": model.name,
        "input": dimensions(model.graph.input()),
        "output": dimensions(model.graph.output()),
        "parameters": model.graph.parameters(),
        "macs": model.graph.macs(),
        "weights_included": model.embedded.is_some(),
        "year": model.year,
        "new": model.new,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_listed_with_its_feature() {
        let there = Family { feature: Some("vgg"), built: true, nets: &["vgg11"] };
        let missing_ones =
            Family { feature: Some("mobilenet"), built: false, nets: &["torchvision-mobilenet_v2", "mobilenet_v3"] };
        let other = Family { feature: Some("unet"), nets: &["unet"], ..missing_ones };
        assert_eq!(missing(&[there]), "");
        let expected = "\n3 more nets are not in this program.\n\
                        `cargo install cnn-cli --features all-nets` adds all, and these features some:\n  \
                        mobilenet: mobilenet_v2, mobilenet_v3\n  unet: unet\n";
        assert_eq!(missing(&[there, missing_ones, other]), expected);
    }
}
