//! tract, optimised for the CPU; with its own pool for more than one thread.

use std::error::Error;
use std::sync::Arc;

use harness::{Engine, Job};
use tract_linalg::multithread::{Executor, set_default_executor};
use tract_onnx::prelude::*;

struct Tract {
    model: Arc<TypedRunnableModel>,
    input: TValue,
    logits: Option<TValue>,
}

impl Engine for Tract {
    fn run(&mut self) {
        let mut outputs = self.model.run(tvec!(self.input.clone())).expect("the net runs");
        self.logits = outputs.pop();
    }

    fn logits(&mut self) -> Vec<f32> {
        let logits = self.logits.as_ref().expect("the net has run");
        logits.to_plain_array_view::<f32>().expect("floats").iter().copied().collect()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let job = Job::from_args()?;
    if job.threads > 1 {
        set_default_executor(Executor::multithread(job.threads));
    }
    let model = tract_onnx::onnx().model_for_path(job.file("onnx"))?.into_optimized()?.into_runnable()?;
    let input = Tensor::from_shape(&job.shape(), &job.input()?)?.into();
    job.serve(&mut Tract { model, input, logits: None })
}
