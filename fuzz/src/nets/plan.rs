//! Running the plan of a net.

use cnn_compiler::plan::Plan;
use cnn_compiler::report::Report;
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::{Run, Threads};
use cnn_runtime::weights::{Source, load};

use crate::kernels::POOLS;
use crate::models::seeded;

#[path = "../../../cnn-compiler/tests/planned/run.rs"]
mod run;

/// Larger nets are not run, because they only take time.
const MOST_FLOATS: usize = 1 << 16;
const MOST_MACS: u64 = 1 << 22;

/// Runs the first net of a source without mistakes: in memory full of NaN, and then in the same memory, on several threads.
///
/// # Panics
///
/// If the results differ, or a kernel refuses.
pub(super) fn run(source: &str) {
    let mut report = Report::default();
    let ast = cnn_compiler::parse::parse(source.parse().expect("tokens"), &mut report);
    // Images that share work have another plan than a single one.
    let Some(net) = ast.nets.first().filter(|net| net.batch == 1) else { return };
    let plan = cnn_compiler::plan_net(net, &ast, &mut report).expect("a net without mistakes");
    let macs: u64 = plan.describe("Net", "", |graph| graph.nodes.iter().map(|node| node.macs()).sum());
    if plan.packed_len.max(plan.workspace_len) > MOST_FLOATS || macs > MOST_MACS {
        return;
    }
    let (input, weights) = inputs(&plan);
    for isa in Isa::all() {
        let mut ws = vec![f32::NAN; plan.workspace_len];
        let mut outputs = |on: Run<'_>| {
            run::run(&plan, on, &weights, &input, &mut ws);
            let all = plan.taps.iter().chain([&plan.output]);
            let bits = |number: &f32| if number.is_nan() { f32::NAN.to_bits() } else { number.to_bits() };
            all.flat_map(|range| &ws[range.offset..][..range.len]).map(bits).collect::<Vec<u32>>()
        };
        let first = outputs(Run::new(isa));
        for pool in &*POOLS {
            assert!(first == outputs(Run::new(isa).on(Threads::of(pool))), "other bits on {pool:?} in\n{source}");
        }
    }
}

/// An input, and packed weights.
fn inputs(plan: &Plan) -> (Vec<f32>, Vec<f32>) {
    plan.describe("Net", "", |graph| {
        let mut weights = vec![0.0; plan.packed_len];
        let file = seeded::weights(graph, "");
        load(graph, &plan.recipe(), &Source::new(&file), &mut weights).expect("a file for the net");
        (seeded::uniform("input", graph.input().elements()), weights)
    })
}
