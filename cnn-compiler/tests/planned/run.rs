//! A plan, kernel by kernel.

use cnn_compiler::plan::{Kernel, Plan};
use cnn_net::op::Store;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::activation::{activate, prelu};
use cnn_runtime::kernels::conv::{conv2d, depthwise2d};
use cnn_runtime::kernels::dense::{dense, dense_f16, dense_nonzero, dense_nonzero_f16};
use cnn_runtime::kernels::layout::{CopyMap, Halo, StoreChw, clear_halo, copy, load_chw, store_chw};
use cnn_runtime::kernels::merge::{Merge, add, mul};
use cnn_runtime::kernels::norm::{lrn, scale_shift};
use cnn_runtime::kernels::pool::{GlobalPool, avg_pool, global_avg_pool, global_max_pool, max_pool};
use cnn_runtime::kernels::softmax::{SoftmaxMap, log_softmax, softmax};
use cnn_runtime::kernels::strips::{columns2d, planar2d};
use cnn_runtime::kernels::winograd::winograd2d;

/// Runs a plan as the emitted code does.
pub(crate) fn run(plan: &Plan, run: Run<'_>, weights: &[f32], input: &[f32], ws: &mut [f32]) {
    for call in &plan.calls {
        match &call.kernel {
            Kernel::LoadChw(to) => load_chw(run, input, &to.check(), ws),
            Kernel::ClearHalo(map, halo) => clear_halo(run, &Halo { map: *map, zeros: *halo }.check(), ws),
            Kernel::StoreChw(from, to) => store_chw(run, &StoreChw { map: *from, offset: *to }.check(), ws),
            Kernel::Copy(from, to) => copy(run, &CopyMap { input: *from, output: *to }.check(), ws),
            Kernel::Conv2d(conv) => conv2d(run, &conv.check(), weights, ws),
            Kernel::Planar2d(conv) => planar2d(run, &conv.check(), weights, ws),
            Kernel::Winograd2d(conv) => winograd2d(run, &conv.check(), weights, ws),
            Kernel::Columns2d(conv) => columns2d(run, &conv.check(), weights, ws),
            Kernel::Depthwise2d(conv) => depthwise2d(run, &conv.check(), weights, ws),
            Kernel::Dense { layer, store, nonzero } => {
                let dense = match (store, nonzero) {
                    (Store::F32, false) => dense,
                    (Store::F16, false) => dense_f16,
                    (Store::F32, true) => dense_nonzero,
                    (Store::F16, true) => dense_nonzero_f16,
                };
                dense(run, &layer.check(), weights, ws);
            }
            Kernel::MaxPool(pool) => max_pool(run, &pool.check(), ws),
            Kernel::AvgPool(pool) => avg_pool(run, &pool.check(), ws),
            Kernel::GlobalMaxPool(from, to) => {
                global_max_pool(run, &GlobalPool { input: *from, output: *to }.check(), ws)
            }
            Kernel::GlobalAvgPool(from, to) => {
                global_avg_pool(run, &GlobalPool { input: *from, output: *to }.check(), ws)
            }
            Kernel::Lrn(norm) => lrn(run, &norm.check(), ws),
            Kernel::ScaleShift(norm) => scale_shift(run, &norm.check(), weights, ws),
            Kernel::Prelu(slopes) => prelu(run, &slopes.check(), weights, ws),
            Kernel::Activate(step) => activate(run, &step.check(), ws),
            Kernel::Softmax(from, to) => softmax(run, &SoftmaxMap { input: *from, output: *to }.check(), ws),
            Kernel::LogSoftmax(from, to) => log_softmax(run, &SoftmaxMap { input: *from, output: *to }.check(), ws),
            Kernel::Add(inputs, to, activation) => {
                add(run, &Merge { inputs, output: *to, activation: *activation }.check(), ws)
            }
            Kernel::Mul(inputs, to, activation) => {
                mul(run, &Merge { inputs, output: *to, activation: *activation }.check(), ws)
            }
        }
    }
}
