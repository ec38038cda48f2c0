//! Dropout with the masks of `train`.

use cnn_runtime::kernels::dropout::{DropoutMap, MaskOf, dropout};
use cnn_runtime::train::Dropout;

use crate::elementwise::{each_case, in_and_out};
use crate::support::{Arena, Expected, check};

#[test]
fn masks() {
    each_case(120, 150, |isa, rng| {
        let mut arena = Arena::default();
        let (input, output) = in_and_out(rng, &mut arena);
        arena.close();
        let layer = DropoutMap::new(input, output, rng.pick(&[0.0, 0.25, 0.5, 0.9, 1.0]), rng.below(300));
        let of = MaskOf { seed: rng.next(), step: rng.below(1 << 20) as u64, image: rng.below(64) };
        let mask = Dropout::new(layer.p, of.seed, of.step, layer.layer as u32);
        let what = format!("{} {layer:?} {of:?}", isa.name());
        check(
            isa,
            &what,
            &arena,
            &output,
            |run, ws| dropout(run, &layer.check(), of, ws),
            |y, x, c| {
                let element = (y * input.width + x) * input.channels + c;
                let keeps = mask.keeps(of.image as u32, element as u32);
                let value = if keeps { arena.get(&input, y, x, c) * mask.scale() } else { 0.0 };
                Expected { value, tolerance: 2e-7 * value.abs() }
            },
        );
    });
}
