//! Every operation of every back end, against plain Rust on the lanes.

use cnn_runtime::exec::isa::Isa;
use cnn_runtime::simd::{Kernel, Simd};
use half::f16;

use crate::support::{Rng, isas};

/// What memory holds that must not be touched.
const CANARY: f32 = 12_345.0;

/// Numbers that operations treat in special ways, and some that they don't. No NaN.
fn numbers(rng: &mut Rng) -> Vec<f32> {
    let mut all = vec![0.0, -0.0, 1.0, -1.0, 1e-40, -1e-40, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY];
    all.resize_with(64, || 100.0 * rng.float());
    all
}

/// The lanes of a vector.
fn lanes<S: Simd>(s: S, x: S::Vec) -> Vec<f32> {
    let mut lanes = vec![CANARY; S::LANES];
    // SAFETY: there is a float for each lane.
    unsafe { s.store(lanes.as_mut_ptr(), x) };
    lanes
}

/// A vector of the first floats of a slice.
fn vector<S: Simd>(s: S, lanes: &[f32]) -> S::Vec {
    assert!(lanes.len() >= S::LANES);
    // SAFETY: there are as many floats.
    unsafe { s.load(lanes.as_ptr()) }
}

/// Equal, or both NaN. Zeros of both signs are equal.
#[track_caller]
fn assert_lanes(what: &str, found: &[f32], expected: impl IntoIterator<Item = f32>) {
    let expected: Vec<f32> = expected.into_iter().collect();
    let same = |(a, b): (&f32, &f32)| a == b || a.is_nan() && b.is_nan();
    let all = found.len() == expected.len() && found.iter().zip(&expected).all(same);
    assert!(all, "{what}: {found:?}, not {expected:?}");
}

/// Runs a test on every instruction set, and on its vectors for half a panel.
fn on_all(test: impl Kernel<Output = ()> + Copy) {
    struct Both<K>(K);
    impl<K: Kernel<Output = ()> + Copy> Kernel for Both<K> {
        type Output = ();

        #[inline(always)]
        fn run<S: Simd>(self, s: S) {
            self.0.run(s);
            s.half().run(self.0);
        }
    }
    isas().into_iter().for_each(|isa: Isa| isa.run(Both(test)));
}

#[derive(Clone, Copy)]
struct Arithmetic;

impl Kernel for Arithmetic {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let mut rng = Rng(11);
        let numbers = numbers(&mut rng);
        for _ in 0..300 {
            let [a, b, c] = [0; 3].map(|_| (0..S::LANES).map(|_| rng.pick(&numbers)).collect::<Vec<f32>>());
            let [x, y, z] = [&a, &b, &c].map(|lanes| vector(s, lanes));
            let pairs = || a.iter().copied().zip(b.iter().copied());
            assert_lanes("splat", &lanes(s, s.splat(a[0])), vec![a[0]; S::LANES]);
            assert_lanes("add", &lanes(s, s.add(x, y)), pairs().map(|(a, b)| a + b));
            assert_lanes("sub", &lanes(s, s.sub(x, y)), pairs().map(|(a, b)| a - b));
            assert_lanes("mul", &lanes(s, s.mul(x, y)), pairs().map(|(a, b)| a * b));
            assert_lanes("div", &lanes(s, s.div(x, y)), pairs().map(|(a, b)| a / b));
            assert_lanes("sqrt", &lanes(s, s.sqrt(x)), a.iter().map(|a| a.sqrt()));
            assert_lanes("abs", &lanes(s, s.abs(x)), a.iter().map(|a| a.abs()));
            assert_lanes("min", &lanes(s, s.min(x, y)), pairs().map(|(a, b)| a.min(b)));
            assert_lanes("max", &lanes(s, s.max(x, y)), pairs().map(|(a, b)| a.max(b)));
            assert_lanes("map", &lanes(s, s.map(x, libm::floorf)), a.iter().map(|a| a.floor()));
            let fused = |sign: f32| {
                let c = &c;
                pairs().zip(c).map(move |((a, b), c)| [(sign * a).mul_add(b, *c), sign * a * b + c])
            };
            assert_either("mul_add", &lanes(s, s.mul_add(x, y, z)), fused(1.0));
            assert_either("neg_mul_add", &lanes(s, s.neg_mul_add(x, y, z)), fused(-1.0));
            let largest = a.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_lanes("reduce_max", &[s.reduce_max(x)], [largest]);
        }
    }
}

/// Each lane is one of two.
#[track_caller]
fn assert_either(what: &str, found: &[f32], expected: impl Iterator<Item = [f32; 2]>) {
    for (found, choices) in found.iter().zip(expected) {
        let either = choices.iter().any(|choice| found == choice || found.is_nan() && choice.is_nan());
        assert!(either, "{what}: {found}, not one of {choices:?}");
    }
}

#[test]
fn arithmetic_is_that_of_ieee_754() {
    on_all(Arithmetic);
}

/// The larger of the two; NaN if one of them is.
fn larger(a: f32, b: f32) -> f32 {
    if a > b || a.is_nan() { a } else { b }
}

#[derive(Clone, Copy)]
struct Comparisons;

impl Kernel for Comparisons {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let mut rng = Rng(12);
        let mut numbers = numbers(&mut rng);
        numbers.extend([f32::NAN; 8]);
        let (yes, no) = (s.splat(1.0), s.splat(0.0));
        for _ in 0..300 {
            let [a, b] = [0; 2].map(|_| (0..S::LANES).map(|_| rng.pick(&numbers)).collect::<Vec<f32>>());
            let (x, y) = (vector(s, &a), vector(s, &b));
            let pairs = || a.iter().zip(&b);
            let less = lanes(s, s.select(s.less(x, y), yes, no));
            assert_lanes("less", &less, pairs().map(|(a, b)| f32::from(a < b)));
            let less_or_equal = lanes(s, s.select(s.less_or_equal(x, y), yes, no));
            assert_lanes("less_or_equal", &less_or_equal, pairs().map(|(a, b)| f32::from(a <= b)));
            // A NaN comes through from the second operand.
            for (result, b) in lanes(s, s.min(x, y)).iter().chain(&lanes(s, s.max(x, y))).zip(b.iter().chain(&b)) {
                assert!(!b.is_nan() || result.is_nan(), "min or max lost a NaN");
            }
            let c = (0..S::LANES).map(|_| rng.pick(&numbers)).collect::<Vec<f32>>();
            let largest = lanes(s, s.max_or_nan(x, y));
            assert_lanes("max_or_nan", &largest, pairs().map(|(a, b)| larger(*a, *b)));
            let largest = lanes(s, s.max3_or_nan(x, y, vector(s, &c)));
            assert_lanes("max3_or_nan", &largest, pairs().zip(&c).map(|((a, b), c)| larger(larger(*a, *b), *c)));
            assert_eq!(s.any(s.less(x, y)), pairs().any(|(a, b)| a < b));
        }
        for lane in 0..S::LANES {
            let one: Vec<f32> = (0..S::LANES).map(|i| f32::from(i == lane)).collect();
            assert!(s.any(s.less(no, vector(s, &one))) && !s.any(s.less(yes, vector(s, &one))));
        }
        for count in 0..S::LANES + 3 {
            let first = lanes(s, s.select(s.first_lanes(count), yes, no));
            assert_lanes("first_lanes", &first, (0..S::LANES).map(|lane| f32::from(lane < count)));
        }
    }
}

#[test]
fn comparisons_are_false_where_a_number_is_missing() {
    on_all(Comparisons);
}

#[derive(Clone, Copy)]
struct Reductions;

impl Kernel for Reductions {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for lane in 0..S::LANES {
            // Powers of two: a lane that is missing or counted twice shows.
            let powers: Vec<f32> = (0..S::LANES).map(|i| (1 << ((i + lane) % S::LANES)) as f32).collect();
            assert_eq!(s.reduce_sum(vector(s, &powers)), ((1 << S::LANES) - 1) as f32);
            assert_eq!(s.reduce_max(vector(s, &powers)), (1 << (S::LANES - 1)) as f32);
        }
        let whole: Vec<f32> = (0..S::LANES).map(|i| f32::from_bits(i as u32 + 120)).collect();
        let exponents = lanes(s, s.shift_to_exponent(vector(s, &whole)));
        assert_lanes("shift_to_exponent", &exponents, (0..S::LANES).map(|i| 2_f32.powi(i as i32 - 7)));
    }
}

#[test]
fn reductions_take_every_lane_once() {
    on_all(Reductions);
}

#[derive(Clone, Copy)]
struct Parts;

impl Kernel for Parts {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let source: Vec<f32> = (0..S::LANES).map(|i| i as f32 + 1.0).collect();
        for last in 0..=S::LANES {
            for first in 0..=last {
                // Only the lanes that are asked for exist.
                let some = source[first..last].to_vec();
                let from = some.as_ptr().wrapping_sub(first);
                // SAFETY: the lanes from `first` to `last` are the floats of `some`.
                let part = lanes(s, unsafe { s.load_lanes(from, first, last) });
                let inside = |lane: usize| if (first..last).contains(&lane) { source[lane] } else { 0.0 };
                assert_lanes("load_lanes", &part, (0..S::LANES).map(inside));
            }
        }
        let second: Vec<f32> = source.iter().map(|lane| 100.0 + lane).collect();
        let [even, odd] = s.even_and_odd(vector(s, &source), vector(s, &second));
        let every_second = |first| source.iter().chain(&second).skip(first).step_by(2).copied();
        assert_lanes("even_and_odd", &lanes(s, even), every_second(0));
        assert_lanes("even_and_odd", &lanes(s, odd), every_second(1));
        let [first, other] = s.alternating(even, odd);
        assert_lanes("alternating", &lanes(s, first), source.iter().copied());
        assert_lanes("alternating", &lanes(s, other), second.iter().copied());
        let (first, second) = source.split_at(S::LANES / 2);
        // SAFETY: both have half as many floats as a vector.
        let swapped = lanes(s, unsafe { s.load_halves(second.as_ptr(), first.as_ptr()) });
        assert_lanes("load_halves", &swapped, second.iter().chain(first).copied());
        for count in 0..S::LANES + 3 {
            let mut target = vec![CANARY; S::LANES + 3];
            // SAFETY: there are more than `LANES` floats.
            unsafe { s.store_first(target.as_mut_ptr(), vector(s, &source), count) };
            let expected = |lane: usize| if lane < count.min(S::LANES) { source[lane] } else { CANARY };
            assert_lanes("store_first", &target, (0..S::LANES + 3).map(expected));
        }
    }
}

#[test]
fn parts_of_vectors_leave_the_rest_alone() {
    on_all(Parts);
}

/// All finite numbers in half precision, and in single precision.
#[derive(Clone, Copy)]
struct Halves;

impl Kernel for Halves {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let all: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).filter(|half| half.is_finite()).collect();
        for halves in all.chunks_exact(S::LANES) {
            let pairs = halves.as_chunks::<2>().0.iter();
            let pairs = pairs.map(|[a, b]| f32::from_bits(u32::from(a.to_bits()) | u32::from(b.to_bits()) << 16));
            let pairs: Vec<f32> = pairs.collect();
            // SAFETY: there is a float for each two lanes.
            let found = lanes(s, unsafe { s.load_f16(pairs.as_ptr()) });
            let same = found.iter().zip(halves).all(|(found, half)| found.to_bits() == half.to_f32().to_bits());
            assert!(same, "load_f16: {found:?}, not {halves:?}");
        }
    }
}

#[test]
fn halves_are_widened_exactly() {
    on_all(Halves);
}

#[derive(Clone, Copy)]
struct Transposed;

impl Transposed {
    #[inline(always)]
    fn check<S: Simd, const F: usize>(s: S) {
        let row = |f: usize| (0..S::LANES).map(|i| (100 * f + i) as f32).collect::<Vec<f32>>();
        let rows: [S::Vec; F] = std::array::from_fn(|f| vector(s, &row(f)));
        for count in 1..=F {
            for distance in [count, count + 1, 8, 13] {
                for some in 1..=S::LANES {
                    let mut target = vec![CANARY; (some - 1) * distance + count];
                    let mut expected = target.clone();
                    for i in 0..some {
                        (0..count).for_each(|f| expected[i * distance + f] = (100 * f + i) as f32);
                    }
                    // SAFETY: `count` floats are there at each of these places.
                    unsafe { s.store_transposed(target.as_mut_ptr(), distance, rows, count, some) };
                    assert_lanes("store_transposed", &target, expected);
                }
            }
        }
    }
}

impl Kernel for Transposed {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        Self::check::<S, 1>(s);
        Self::check::<S, 2>(s);
        Self::check::<S, 4>(s);
        Self::check::<S, 6>(s);
        Self::check::<S, 8>(s);
    }
}

#[test]
fn transposed_stores_write_what_they_should() {
    on_all(Transposed);
}

/// What kernels rely on when they step through panels.
#[test]
fn vectors_divide_panels() {
    #[derive(Clone, Copy)]
    struct Divides;

    impl Kernel for Divides {
        type Output = ();

        #[inline(always)]
        fn run<S: Simd>(self, _: S) {
            assert_eq!(cnn_runtime::pack::PANEL % S::LANES, 0);
            assert_eq!(cnn_runtime::pack::HALF_PANEL % S::Half::LANES, 0);
            assert!(S::LANES >= S::Half::LANES);
        }
    }

    on_all(Divides);
}
