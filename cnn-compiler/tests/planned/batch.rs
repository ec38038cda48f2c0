//! A plan for several images, part by part.

use cnn_compiler::plan::{Act, Part, Plan, Purpose};
use cnn_runtime::exec::run::Run;
use cnn_runtime::place::workspace::Batch;

/// Runs a plan the way the emitted code does, and returns the taps and the outputs of each image. All memory is garbage at first.
pub(crate) fn run_batch(plan: &Plan, weights: &[f32], images: &[Vec<f32>]) -> Vec<Vec<Vec<f32>>> {
    let run = Run::best();
    let mut memory = vec![f32::NAN; plan.bytes() / size_of::<f32>()];
    let batch = Batch { images: images.len(), floats: plan.distance };
    let sizes: Vec<usize> = plan.describe("", "", |graph| graph.inputs.iter().map(|it| it.shape.elements()).collect());
    let call = |index: usize, image: &[f32], ws: &mut [f32]| {
        let call = &plan.calls[index];
        let image = match call.purpose {
            Purpose::Reads(input) => &image[sizes[..input].iter().sum()..][..sizes[input]],
            Purpose::Computes(_) | Purpose::Moves(_) => &[],
        };
        call.kernel.run(run, image, weights, ws);
    };
    for part in plan.order() {
        match part {
            Part::Together(calls) => {
                plan.calls[calls].iter().for_each(|call| call.kernel.run_batch(run, batch, weights, &mut memory));
            }
            Part::Apart(calls) => {
                for own in batch.split(&mut memory) {
                    calls.clone().for_each(|index| call(index, &[], own));
                }
            }
            Part::InTurns { last_first, acts } => {
                for turn in 0..images.len() {
                    let image = if last_first { images.len() - 1 - turn } else { turn };
                    let ws = batch.from_image(image, &mut memory);
                    for act in &acts {
                        match *act {
                            Act::Call(index) => call(index, &images[image], ws),
                            Act::Gather(it) => batch.gather(image, it.from.offset, it.from.len, it.to, ws),
                        }
                    }
                }
            }
        }
    }
    let gathers = plan.gathers();
    let of_image = |image| {
        let read = |to: usize, len: usize| memory[to + image * len..][..len].to_vec();
        gathers.iter().map(|gather| read(gather.to, gather.from.len)).collect()
    };
    (0..images.len()).map(of_image).collect()
}
