//! How the grey levels of an image, from 0 to 1, change in place.

use libm::{expf, powf};

use super::Augment;
use crate::random::Draws;

/// Changes the planes of an image of this width and height.
pub(super) fn change(augment: &Augment, draws: &mut Draws, size: [usize; 2], image: &mut [f32]) {
    let thickness = (draws.signed() * augment.stroke) as f32;
    let blur = (draws.unit() * augment.blur) as f32;
    let gamma = expf((draws.signed() * augment.gamma) as f32);
    let brightness = (1.0 + draws.signed() * augment.brightness) as f32;
    let noise = (draws.unit() * augment.noise) as f32;
    for plane in image.chunks_exact_mut(size[0] * size[1]) {
        if thickness > 0.0 {
            mix(plane, &neighbours(plane, size, f32::max), thickness);
        } else if thickness < 0.0 {
            mix(plane, &neighbours(plane, size, f32::min), -thickness);
        }
        if blur > 0.0 {
            mix(plane, &means(plane, size), blur);
        }
    }
    for level in image {
        // 0 to any power is 0, and most of a digit is.
        if augment.gamma > 0.0 && *level > 0.0 {
            *level = powf(*level, gamma);
        }
        let noise = if noise > 0.0 { noise * draws.normal() } else { 0.0 };
        *level = (*level * brightness + noise).clamp(0.0, 1.0);
    }
}

/// Moves a plane towards another.
fn mix(plane: &mut [f32], other: &[f32], share: f32) {
    plane.iter_mut().zip(other).for_each(|(level, other)| *level += (other - *level) * share);
}

/// The places next to one of a side, and itself.
fn around(place: usize, side: usize) -> std::ops::Range<usize> {
    place.saturating_sub(1)..(place + 2).min(side)
}

/// For each pixel, what becomes of the 3x3 around it that are in the plane.
fn neighbours(plane: &[f32], [width, height]: [usize; 2], join: impl Fn(f32, f32) -> f32 + Copy) -> Vec<f32> {
    let mut rows = Vec::with_capacity(plane.len());
    for row in plane.chunks_exact(width) {
        rows.extend((0..width).map(|x| row[around(x, width)].iter().copied().reduce(join).unwrap_or_default()));
    }
    let mut all = Vec::with_capacity(plane.len());
    for y in 0..height {
        let near = around(y, height);
        all.extend_from_slice(&rows[near.start * width..][..width]);
        let whole = &mut all[y * width..];
        for other in rows[(near.start + 1) * width..near.end * width].chunks_exact(width) {
            whole.iter_mut().zip(other).for_each(|(level, other)| *level = join(*level, *other));
        }
    }
    all
}

/// For each pixel, the mean of the 3x3 around it that are in the plane.
fn means(plane: &[f32], size: [usize; 2]) -> Vec<f32> {
    let mut all = neighbours(plane, size, |a, b| a + b);
    for (index, sum) in all.iter_mut().enumerate() {
        let [x, y] = [around(index % size[0], size[0]), around(index / size[0], size[1])];
        *sum /= (x.len() * y.len()) as f32;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_those_in_the_plane() {
        let plane = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(neighbours(&plane, [3, 2], f32::max), [5.0, 6.0, 6.0, 5.0, 6.0, 6.0]);
        assert_eq!(neighbours(&plane, [3, 2], f32::min), [1.0, 1.0, 2.0, 1.0, 1.0, 2.0]);
        assert_eq!(neighbours(&plane, [2, 3], |a, b| a + b), [10.0, 10.0, 21.0, 21.0, 18.0, 18.0]);
        assert_eq!(neighbours(&[7.0], [1, 1], |a, b| a + b), [7.0]);
        assert_eq!(means(&plane, [2, 3]), [2.5, 2.5, 3.5, 3.5, 4.5, 4.5]);
    }
}
