//! Imports a model, and compares the net with outputs that another program computed:
//!
//!     cargo run --release -p cnn-import --example import -- MODEL [NET.rs WEIGHTS.safetensors [INPUT LOGITS | RECORDED.safetensors]]
//!
//! INPUT has numbers in single precision, LOGITS in double precision; RECORDED is a file by `cnn_export`. The net runs layer by layer
//! in double precision, and the largest difference is printed, relative to the largest number of its output.

use std::error::Error;
use std::{env, fs};

use cnn_compiler::parse::parse;
use cnn_compiler::report::Report;
use cnn_import::{File, Options};
use cnn_runtime::reference;
use cnn_runtime::weights::{self, Source};
use safetensors::SafeTensors;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (model, rest) = arguments.split_first().ok_or("which file?")?;
    let file = File::open(model)?;
    let net = file.import(&Options::default())?;
    let [declaration, weights, rest @ ..] = rest else {
        print!("{}", net.declaration());
        return Ok(());
    };
    fs::write(declaration, net.declaration())?;
    net.write_weights(&mut std::io::BufWriter::new(fs::File::create(weights)?))?;
    net.with(|graph| read_again(net.declaration(), graph))?;
    if rest.is_empty() {
        return Ok(());
    }
    let bytes = fs::read(weights)?;
    let difference = net.with(|graph| -> Result<f64, Box<dyn Error>> {
        let params = weights::read(graph, &Source::new(&bytes))?;
        match rest {
            [input, logits] => {
                let input = floats(&fs::read(input)?);
                let logits: Vec<f64> =
                    fs::read(logits)?.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
                let outputs = reference::run(graph, &params, &input)?;
                difference(&outputs.result().data, &logits)
            }
            [recorded] => {
                let file = fs::read(recorded)?;
                let file = SafeTensors::deserialize(&file)?;
                let tensor = |kind: &str, name: &str| {
                    let name = if name.is_empty() { kind } else { name };
                    file.tensor(&format!("{kind}.{name}")).map(|tensor| floats(tensor.data()))
                };
                let inputs: Vec<Vec<f32>> =
                    graph.inputs.iter().map(|input| tensor("input", input.name)).collect::<Result<_, _>>()?;
                let found = reference::run(graph, &params, &inputs.concat())?;
                let mut worst = 0.0_f64;
                for output in graph.outputs {
                    let expected: Vec<f64> = tensor("output", output.name)?.into_iter().map(f64::from).collect();
                    let found = if graph.outputs.len() == 1 { Some(found.result()) } else { found.output(output.name) };
                    worst = worst.max(difference(&found.ok_or("an output is missing")?.data, &expected)?);
                }
                Ok(worst)
            }
            _ => Err("an input and logits, or what was recorded".into()),
        }
    })?;
    println!("{difference:e}");
    Ok(())
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// The largest difference, relative to the largest number that is expected.
fn difference(found: &[f64], expected: &[f64]) -> Result<f64, Box<dyn Error>> {
    if found.len() != expected.len() {
        return Err(format!("{} outputs, not {}", found.len(), expected.len()).into());
    }
    if found.iter().any(|number| number.is_nan()) {
        return Err("an output is not a number".into());
    }
    let largest = expected.iter().fold(1e-30_f64, |largest, number| largest.max(number.abs()));
    Ok(found.iter().zip(expected).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs())) / largest)
}

/// Whether the compiler reads the declaration as what was written.
fn read_again(text: &str, graph: &cnn_net::graph::Graph<'_>) -> Result<(), Box<dyn Error>> {
    let mut report = Report::default();
    let ast = parse(text.parse()?, &mut report);
    let net = ast.nets.first().ok_or("the declaration has no net")?;
    let plan = cnn_compiler::plan_net(net, &ast, &mut report);
    if let Some(errors) = report.into_error() {
        return Err(errors.into_iter().map(|error| error.to_string()).collect::<Vec<_>>().join("\n").into());
    }
    let plan = plan.ok_or("the declaration has no plan")?;
    if plan.describe(graph.name, graph.doc, |again| again == graph) {
        Ok(())
    } else {
        Err("the declaration is read as another net".into())
    }
}
