//! A plan, kernel by kernel.

use cnn_compiler::plan::Plan;
use cnn_runtime::exec::run::Run;

/// Runs a plan the way the emitted code does.
pub(crate) fn run(plan: &Plan, run: Run<'_>, weights: &[f32], input: &[f32], ws: &mut [f32]) {
    for call in &plan.calls {
        call.kernel.run(run, input, weights, ws);
    }
}
