//! Files of weights and rules for names, loaded for a small net that is packed in every possible way.
//!
//! An input consists of lines such as `module.* => *`, an empty line, and the file. If that begins with a brace, it is a JSON
//! header that ends with a zero, followed by the tensors, and the header's length is put before it. Otherwise it is a whole file.

use cnn_compiler::plan::Plan;
use cnn_compiler::report::Report;
use cnn_net::graph::Graph;
use cnn_net::op::{Op, Size};
use cnn_runtime::pack::{ColumnPanels, ConvPanels, DenseRows, Layout, Pack, WinogradPanels};
use cnn_runtime::weights::{self, Source, WeightsError};
use safetensors::SafeTensors;

use crate::models::seeded;

/// Layers with tensors of every role, and a head that may be missing.
const NET: &str = "Net: 2x6x6 -> 3 {
    conv: conv(4, 3x3, pad = 1, bias = false) -> bn: batch_norm -> act: prelu;
    dw: conv(4, 3x3, groups = 4);
    tall: conv(3, 5x1, pad = same) -> relu -> norm: batch_norm;
    aux head(weight = 0.3) { fc: linear(2); };
    each: prelu(per = element);
    fc1: linear(4) -> relu;
    fc: linear(3, store = f16);
}";

/// The longest text of an error.
const MOST_TEXT: usize = 1 << 16;

thread_local! {
    static PLAN: Plan = plan();
}

fn plan() -> Plan {
    let mut report = Report::default();
    let ast = cnn_compiler::parse::parse(NET.parse().expect("tokens"), &mut report);
    let plan = cnn_compiler::plan_net(&ast.nets[0], &ast, &mut report).expect("a net without mistakes");
    assert!(report.into_error().is_none());
    plan
}

/// Loads a file.
///
/// # Panics
///
/// If the loader does, or its answers are contradictory.
pub fn load(bytes: &[u8]) {
    let end = bytes.windows(2).position(|two| two == b"\n\n");
    let (rules, file) = bytes.split_at(end.map_or(0, |end| end + 2));
    let rules = String::from_utf8_lossy(rules);
    let rules: Vec<(&str, &str)> = rules.lines().filter_map(|rule| rule.split_once(" => ")).collect();
    let file = with_length(file);
    check(&Source::new(&file).rename(&rules));
}

/// A file; its length is put before a header.
fn with_length(file: &[u8]) -> Vec<u8> {
    if file.first() != Some(&b'{') {
        return file.to_vec();
    }
    let end = file.iter().position(|byte| *byte == 0).unwrap_or(file.len());
    let data = file.get(end + 1..).unwrap_or_default();
    [&(end as u64).to_le_bytes(), &file[..end], data].concat()
}

/// Loads in every way, and compares the answers.
pub(crate) fn check(source: &Source<'_>) {
    PLAN.with(|plan| {
        plan.describe("Net", "", |graph| {
            let read = weights::read(graph, source);
            let report = weights::report(graph, source);
            assert_eq!(read.is_ok(), report.problems.is_empty());
            let recipes = [plan.recipe(), other_layouts(graph, &plan.recipe())];
            for recipe in &recipes {
                let end = recipe.iter().map(|pack| pack.offset + pack.len()).max().unwrap_or_default();
                let mut packed = vec![f32::NAN; end];
                let loaded = weights::load(graph, recipe, source, &mut packed);
                assert!(read.is_ok() || loaded.is_err());
                match loaded {
                    Ok(()) => finite(recipe, &packed),
                    Err(error) => bounded(&error),
                }
            }
        });
    });
}

/// The same layers, with each layout replaced by another for the same tensor.
fn other_layouts(graph: &Graph<'_>, recipe: &[Pack]) -> Vec<Pack> {
    let mut offset = 0;
    let other = |pack: &Pack| {
        let layout = match (&graph.nodes[pack.node].op, pack.layout) {
            (Op::Linear(_), Layout::Conv(panels)) => Layout::Rows(rows(panels)),
            (Op::Linear(_), Layout::F16(panels)) => Layout::RowsF16(rows(panels)),
            (Op::Conv(_), Layout::Conv(p)) if p.kernel == Size::square(3) => Layout::Winograd(WinogradPanels {
                groups: p.groups,
                outputs: p.outputs,
                inputs: p.inputs,
                kernel: 3,
                stride: 1,
                tile: 2,
            }),
            (Op::Conv(_), Layout::Conv(p)) if p.kernel.height == 5 => {
                Layout::Columns(ColumnPanels { outputs: p.outputs, inputs: p.inputs, kernel: p.kernel, tile: 5 })
            }
            (_, layout) => layout,
        };
        let pack = Pack { offset, layout, ..*pack };
        offset += pack.len();
        pack
    };
    recipe.iter().map(other).collect()
}

fn rows(panels: ConvPanels) -> DenseRows {
    DenseRows { outputs: panels.outputs, inputs: panels.inputs, pixels: panels.kernel.area() }
}

/// Checks that packed weights are numbers, except for halves, two of which share the bits of one.
fn finite(recipe: &[Pack], packed: &[f32]) {
    for pack in recipe {
        let halves = matches!(pack.layout, Layout::F16(_) | Layout::RowsF16(_));
        let numbers = &packed[pack.offset..][..pack.len()];
        assert!(halves || numbers.iter().all(|number| number.is_finite()), "{pack:?}");
    }
}

fn bounded(error: &WeightsError) {
    let text = error.to_string();
    assert!(!error.problems.is_empty() && !text.is_empty() && text.len() <= MOST_TEXT, "{} bytes of text", text.len());
}

/// A file for the net.
pub fn file() -> Vec<u8> {
    PLAN.with(|plan| plan.describe("Net", "", |graph| seeded::weights(graph, "")))
}

/// The tensors of the net in two files.
pub fn shards() -> [Vec<u8>; 2] {
    let whole = file();
    let whole = SafeTensors::deserialize(&whole).expect("a file");
    let (first, second): (Vec<_>, Vec<_>) = whole.tensors().into_iter().partition(|(name, _)| name.contains("weight"));
    [first, second].map(|some| safetensors::serialize(some, None).expect("tensors of a file"))
}
