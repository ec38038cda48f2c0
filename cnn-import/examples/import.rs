//! Imports an ONNX file, and compares the net with outputs that another program computed:
//!
//!     cargo run --release -p cnn-import --example import -- MODEL.onnx [NET.rs WEIGHTS.safetensors [INPUT LOGITS]]
//!
//! INPUT has numbers in single precision, LOGITS in double precision. The net runs layer by layer in double precision, and the
//! largest difference is printed, relative to the largest number.

use std::error::Error;
use std::{env, fs};

use cnn_compiler::parse::parse;
use cnn_compiler::report::Report;
use cnn_import::{File, Options};
use cnn_runtime::reference;
use cnn_runtime::weights::{self, Source};

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
    let [input, logits] = rest else { return Ok(()) };
    let input: Vec<f32> = fs::read(input)?.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let logits: Vec<f64> = fs::read(logits)?.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    let bytes = fs::read(weights)?;
    let difference = net.with(|graph| -> Result<f64, Box<dyn Error>> {
        let params = weights::read(graph, &Source::new(&bytes))?;
        let outputs = reference::run(graph, &params, &input)?;
        let found = &outputs.result().data;
        if found.len() != logits.len() {
            return Err(format!("{} outputs, not {}", found.len(), logits.len()).into());
        }
        let largest = logits.iter().fold(0.0_f64, |largest, logit| largest.max(logit.abs()));
        Ok(found.iter().zip(&logits).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs())) / largest)
    })?;
    println!("{difference:e}");
    Ok(())
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
