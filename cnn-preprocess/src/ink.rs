//! Which side of the paper's brightness the ink is on, for nets that read white digits on black.

use crate::Picture;
use crate::picture::grey;

/// Ink differs from the paper by at least this many levels.
const LEAST: u8 = 24;

/// Ink on paper of one level of brightness.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ink {
    /// The median of the picture's border.
    pub(crate) paper: u8,
    /// Whether the ink is darker than the paper.
    pub(crate) is_dark: bool,
}

impl Ink {
    /// The ink of a picture; `None` if no ink stands out, or if there are no pixels.
    pub(crate) fn of(picture: &impl Picture) -> Option<Self> {
        let (width, height) = picture.size();
        let (mut darkest, mut brightest) = (u8::MAX, u8::MIN);
        let mut border = [0_usize; 256];
        for y in 0..height {
            for x in 0..width {
                let level = grey(picture.rgb(x, y));
                darkest = darkest.min(level);
                brightest = brightest.max(level);
                if x == 0 || y == 0 || x == width - 1 || y == height - 1 {
                    border[usize::from(level)] += 1;
                }
            }
        }
        let paper = median(&border)?;
        let (darker, lighter) = (paper.saturating_sub(darkest), brightest.saturating_sub(paper));
        (darker.max(lighter) >= LEAST).then_some(Self { paper, is_dark: darker > lighter })
    }
}

/// The median of levels, given how often each occurs; the upper one of two.
fn median(counts: &[usize; 256]) -> Option<u8> {
    let middle = counts.iter().sum::<usize>() / 2;
    let mut below = 0;
    (0..=u8::MAX).find(|&level| {
        below += counts[usize::from(level)];
        below > middle
    })
}

/// A grey picture, inverted.
pub(crate) struct Negative<'a, P>(pub(crate) &'a P);

impl<P: Picture> Picture for Negative<'_, P> {
    fn size(&self) -> (u32, u32) {
        self.0.size()
    }

    #[inline]
    fn rgb(&self, x: u32, y: u32) -> [u8; 3] {
        [u8::MAX - grey(self.0.rgb(x, y)); 3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_level_or_the_upper_one_of_two() {
        let of = |levels: &[u8]| {
            let mut counts = [0; 256];
            levels.iter().for_each(|&level| counts[usize::from(level)] += 1);
            median(&counts)
        };
        assert_eq!([of(&[]), of(&[7]), of(&[3, 9]), of(&[255, 0, 0])], [None, Some(7), Some(9), Some(0)]);
        assert_eq!([of(&[4, 4, 200, 200]), of(&[0, 1, 2, 3, 255])], [Some(200), Some(2)]);
    }
}
