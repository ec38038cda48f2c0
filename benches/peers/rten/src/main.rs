//! rten, with weights packed when they are loaded. It has no local response normalisation: nets with that layer come from
//! `NET.rten.onnx`, which expresses it by pooling over channels.

use std::error::Error;
use std::sync::Arc;

use harness::{Engine, Job};
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

struct Rten {
    model: Model,
    input: NdTensor<f32, 4>,
    ids: (NodeId, NodeId),
    options: RunOptions,
    logits: NdTensor<f32, 2>,
}

impl Engine for Rten {
    fn run(&mut self) {
        let (input, output) = self.ids;
        let [logits] = self
            .model
            .run_n(vec![(input, self.input.view().into())], [output], Some(self.options.clone()))
            .expect("the net runs");
        self.logits = logits.try_into().expect("a batch of logits");
    }

    fn logits(&mut self) -> Vec<f32> {
        self.logits.to_vec()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let job = Job::from_args()?;
    let plain = job.file("onnx");
    let written_out = job.file("rten.onnx");
    let file = if written_out.exists() { written_out } else { plain };
    // Packing pays from the second run on.
    let model = ModelOptions::with_all_ops().prepack_weights(!job.once()).load_file(file)?;
    let ids = (model.input_ids()[0], model.output_ids()[0]);
    let pool = Arc::new(ThreadPool::with_num_threads(job.threads));
    let mut engine = Rten {
        model,
        input: NdTensor::from_data(job.shape(), job.input()?),
        ids,
        options: RunOptions::default().with_thread_pool(Some(pool)),
        logits: NdTensor::zeros([0, 0]),
    };
    job.serve(&mut engine)
}
