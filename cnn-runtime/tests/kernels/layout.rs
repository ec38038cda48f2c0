//! Values in and out of the workspace, copies and halos.

use cnn_net::op::Padding;
use cnn_runtime::kernels::layout::{CopyMap, Halo, StoreChw, clear_halo, copy, load_chw, store_chw};
use cnn_runtime::place::map::Map;

use crate::elementwise::{each_case, in_and_out};
use crate::support::{Arena, Expected, check};

#[test]
fn copies_and_layouts() {
    each_case(16, 200, |isa, rng| {
        let mut arena = Arena::default();
        let (input, output) = in_and_out(rng, &mut arena);
        let flat = arena.map(rng, [1, 1, input.elements()], Padding::NONE);
        arena.close();
        let what = format!("{} {input:?} {output:?}", isa.name());
        let exact = |value: f64| Expected { value, tolerance: 0.0 };
        check(
            isa,
            &what,
            &arena,
            &output,
            |run, ws| copy(run, &CopyMap { input, output }.check(), ws),
            |y, x, c| exact(arena.get(&input, y, x, c)),
        );
        check(
            isa,
            &what,
            &arena,
            &flat,
            |run, ws| store_chw(run, &StoreChw { map: input, offset: flat.offset }.check(), ws),
            |_, _, at| {
                let (c, pixel) = (at / input.pixels(), at % input.pixels());
                exact(arena.get(&input, pixel / input.width, pixel % input.width, c))
            },
        );
        let image = rng.floats(input.elements());
        check(
            isa,
            &what,
            &arena,
            &input,
            |run, ws| load_chw(run, &image, &input.check(), ws),
            |y, x, c| exact(image[(c * input.height + y) * input.width + x].into()),
        );
    });
}

#[test]
fn images_become_maps() {
    each_case(18, 200, |isa, rng| {
        let mut arena = Arena::default();
        let shape = [rng.below(4) + 1, rng.pick(&[1, 8, 15, 16, 17, 33, 48]), rng.below(10) + 1];
        let halo = rng.padding(2);
        let map = arena.map(rng, shape, halo);
        arena.close();
        let image = rng.floats(map.elements());
        check(
            isa,
            &format!("{} {map:?}", isa.name()),
            &arena,
            &map,
            |run, ws| load_chw(run, &image, &map.check(), ws),
            |y, x, c| Expected { value: image[(c * map.height + y) * map.width + x].into(), tolerance: 0.0 },
        );
    });
}

#[test]
fn halos_are_cleared() {
    each_case(17, 100, |isa, rng| {
        let mut arena = Arena::default();
        let shape = [rng.below(4) + 1, rng.below(4) + 1, rng.pick(&[1, 3, 8])];
        let halo = rng.padding(2);
        let map = arena.map(rng, shape, halo);
        arena.close();
        let whole = Map {
            offset: map.offset - halo.top * map.row - halo.left * map.pixel,
            height: halo.top + map.height + halo.bottom,
            width: halo.left + map.width + halo.right,
            ..map
        };
        arena.fill(&whole, || 1.0);
        check(
            isa,
            isa.name(),
            &arena,
            &whole,
            |run, ws| clear_halo(run, &Halo { map, zeros: halo }.check(), ws),
            |y, x, _| {
                let rows = halo.top..halo.top + map.height;
                let inside = rows.contains(&y) && (halo.left..halo.left + map.width).contains(&x);
                Expected { value: f64::from(u8::from(inside)), tolerance: 0.0 }
            },
        );
    });
}
