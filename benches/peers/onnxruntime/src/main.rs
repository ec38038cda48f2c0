//! ONNX Runtime through its C API: the library of the Python package, without Python. All graph optimisations are on; input and
//! output are bound, so a run neither allocates nor copies them.

use std::error::Error;

use harness::{Engine, Job};
use ort::memory::Allocator;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{IoBinding, Session};
use ort::value::Tensor;

struct Ort {
    session: Session,
    binding: IoBinding,
    logits: Vec<f32>,
}

impl Engine for Ort {
    fn run(&mut self) {
        let outputs = self.session.run_binding(&self.binding).expect("the net runs");
        let (_, logits) = outputs["output"].try_extract_tensor::<f32>().expect("floats");
        self.logits.clear();
        self.logits.extend_from_slice(logits);
    }

    fn logits(&mut self) -> Vec<f32> {
        self.logits.clone()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let job = Job::from_args()?;
    // The library that ORT_DYLIB_PATH names.
    let environment = ort::init().build()?;
    let session = Session::builder(&environment)?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(job.threads)?
        .with_inter_threads(1)?
        .commit_from_file(job.file("onnx"))?;
    let mut binding = session.create_binding()?;
    binding.bind_input("input", &Tensor::from_array((job.shape(), job.input()?))?)?;
    let classes: usize = if job.net == "lenet5" { 10 } else { 1000 };
    binding.bind_output("output", Tensor::<f32>::new(&Allocator::default(), [1, classes])?)?;
    job.serve(&mut Ort { session, binding, logits: Vec::new() })
}
