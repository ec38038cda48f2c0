use super::*;

fn map(offset: usize, channels: usize) -> Map {
    Map { offset, height: 3, width: 4, channels, row: 5 * 32, pixel: 32 }
}

fn panics<T>(make: impl FnOnce() -> T) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(make)).is_err()
}

#[test]
fn slices_of_a_map_are_apart() {
    let alone = |input: Map, output: Map| Reach::to(&output).reads(Region::of(&input).spilling()).alone;
    assert!(!alone(map(0, 8), map(1000, 8)), "different places");
    assert!(!alone(map(0, 8), map(24, 8)), "slices with room between them");
    assert!(!alone(map(40, 8), map(0, 8)), "a row of the one is before that of the other");
    assert!(alone(map(0, 8), map(8, 8)), "slices next to each other");
    assert!(alone(map(16, 16), map(0, 16)), "the vector that follows a pixel's last is the next pixel");
    assert!(panics(|| alone(map(0, 9), map(8, 8))));
    assert!(panics(|| alone(map(0, 8), map(28, 8))), "the output wraps into the next pixel's input");
    assert!(panics(|| alone(map(0, 8), map(0, 8))), "the same");
    assert!(panics(|| alone(map(0, 8), Map { pixel: 31, ..map(8, 8) })), "another grid");
}

#[test]
fn maps_have_elements_of_their_own() {
    let refused = |map: Map| panics(|| Region::of(&map));
    assert!(!refused(map(0, 32)));
    assert!(refused(map(0, 33)), "pixels overlap");
    assert!(refused(Map { row: 100, ..map(0, 8) }), "rows overlap");
    assert!(refused(Map { row: 0, ..map(0, 8) }) && refused(Map { pixel: 0, ..map(0, 8) }));
    assert!(!refused(Map { row: 0, height: 1, ..map(0, 8) }), "one row");
    assert!(refused(Map { row: usize::MAX - 1, height: 1, ..map(0, 8) }), "its step would overflow");
    assert!(refused(Map { pixel: usize::MAX - 1, width: 1, ..map(0, 8) }), "its step would overflow");
    for huge in [usize::MAX, usize::MAX / 2, 1 << (usize::BITS - 2), MOST] {
        assert!(refused(map(huge, 8)) && refused(map(0, huge)));
        assert!(refused(Map { row: huge, ..map(0, 8) }) && refused(Map { pixel: huge, ..map(0, 8) }));
        assert!(refused(Map { height: huge, ..map(0, 8) }) && refused(Map { width: huge, ..map(0, 8) }));
    }
}

#[test]
fn windows_move_and_fit() {
    let windows = |count, stride, taps, dilation, before| Windows { count, stride, taps, dilation, before };
    let one = windows(1, 1, 1, 1, 0);
    let region = |vertical| Region::windows(&map(500, 8), vertical, one);
    let three = region(windows(2, 1, 2, 1, 1));
    assert_eq!((three.start, three.end), (500 - 160, 500 + 2 * 160 + 3 * 32 + 8), "the map");
    let seven = region(windows(4, 1, 2, 1, 1));
    assert_eq!((seven.start, seven.end), (500 - 160, 500 - 160 + 4 * 160 + 8), "more rows than it has");
    for refused in [
        windows(2, 0, 1, 1, 0),
        windows(1, 1, 2, 0, 0),
        windows(0, 1, 1, 1, 0),
        windows(1, 1, 0, 1, 0),
        windows(1, 1, 1, 1, 4),
        windows(3, usize::MAX / 2, 1, 1, 0),
        windows(1, 1, 9, 1 << (usize::BITS - 3), 0),
        windows(1, usize::MAX / 2, 1, 1, 0),
        windows(1, 1, 1, usize::MAX / 2, 0),
    ] {
        assert!(panics(|| region(refused)));
    }
}
