//! Values in and out of the workspace, copies and halos.

use cnn_net::op::Padding;
use cnn_runtime::kernels::layout::{CopyMap, Halo, StoreChw, clear_halo, copy, load_chw, store_chw};
use cnn_runtime::place::map::Map;

use crate::elementwise::{each_case, in_and_out};
use crate::support::{Arena, Expected, check, isas};

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

#[test]
fn small_layouts() {
    for isa in isas() {
        for (name, map, image, expected) in [
            ("one pixel of one channel", Map::dense(0, 1, 1, 1), &[1.0_f32][..], &[1.0_f32][..]),
            ("one pixel of two channels", Map::dense(0, 1, 1, 2), &[1.0, 2.0], &[1.0, 2.0]),
            ("two pixels of two channels", Map::dense(0, 1, 2, 2), &[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0]),
            ("two rows of two channels", Map::dense(0, 2, 1, 2), &[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0]),
            (
                "a slice of a wider map",
                Map { pixel: 2, row: 4, ..Map::dense(0, 1, 2, 1) },
                &[1.0, 2.0],
                &[1.0, 9.0, 2.0],
            ),
        ] {
            let mut ws = vec![9.0; 128];
            load_chw(isa.into(), image, &map.check(), &mut ws);
            assert_eq!(&ws[..expected.len()], expected, "{} {name}", isa.name());
            store_chw(isa.into(), &StoreChw { map, offset: 64 }.check(), &mut ws);
            assert_eq!(&ws[64..][..image.len()], image, "{} {name}, and back", isa.name());
        }
    }
}
