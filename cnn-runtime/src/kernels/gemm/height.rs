//! Tiles of any height and width: the one that is compiled for it.

use crate::pack::{HALF_PANEL, PANEL};
use crate::simd::Simd;

/// Work on tiles that is compiled for each height and width.
pub(super) trait Tall: Sized {
    /// Does it with tiles `MR` pixels high and `NV` vectors wide. Implementations are `#[inline(always)]`.
    ///
    /// # Safety
    ///
    /// What the type's description lists holds for tiles of this size.
    unsafe fn run<S: Simd, const MR: usize, const NV: usize>(self, s: S);
}

/// What tiles are as wide as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    Half,
    One,
    /// Two panels side by side, where a vector is as long as a panel: two vectors for each pixel that is read.
    Two,
}

impl Width {
    /// For a panel that begins where `rest` channels remain.
    pub(crate) const fn of<S: Simd>(rest: usize) -> Self {
        match rest {
            // The second panel has to be a whole one.
            _ if S::PANELS == 2 && rest > PANEL + HALF_PANEL => Self::Two,
            _ if rest > HALF_PANEL => Self::One,
            _ => Self::Half,
        }
    }

    /// Channels, padding included.
    pub(crate) const fn channels(self) -> usize {
        match self {
            Self::Half => HALF_PANEL,
            Self::One => PANEL,
            Self::Two => 2 * PANEL,
        }
    }

    /// Panels, a half one counting as one.
    pub(crate) const fn panels(self) -> usize {
        match self {
            Self::Half | Self::One => 1,
            Self::Two => 2,
        }
    }

    /// The highest tile.
    pub(super) const fn most<S: Simd>(self) -> usize {
        match self {
            Self::Half => S::MR_HALF,
            Self::One | Self::Two => S::MR,
        }
    }
}

/// Does it with tiles `mr` pixels high.
///
/// # Safety
///
/// What the description of the work lists holds for tiles of this width and height.
#[inline(always)]
pub(super) unsafe fn dispatch<S: Simd>(s: S, work: impl Tall, width: Width, mr: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if width == Width::Half {
            return match const { HALF_PANEL / S::Half::LANES } {
                1 => height::<S::Half, 1>(s.half(), work, mr),
                _ => height::<S::Half, 2>(s.half(), work, mr),
            };
        }
        match const { PANEL / S::LANES } {
            1 if width == Width::Two => height::<S, 2>(s, work, mr),
            1 => height::<S, 1>(s, work, mr),
            2 => height::<S, 2>(s, work, mr),
            _ => height::<S, 4>(s, work, mr),
        }
    }
}

/// Whether tiles of `NV` vectors can be `mr` pixels high: those that can't are not compiled.
const fn fits<S: Simd>(nv: usize, mr: usize) -> bool {
    mr <= if nv * S::LANES >= PANEL { S::MR } else { S::MR_HALF }
}

/// # Safety
///
/// As for [`dispatch`].
#[inline(always)]
unsafe fn height<S: Simd, const NV: usize>(s: S, work: impl Tall, mr: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match mr {
            12 if const { fits::<S>(NV, 12) } => work.run::<S, 12, NV>(s),
            11 if const { fits::<S>(NV, 11) } => work.run::<S, 11, NV>(s),
            10 if const { fits::<S>(NV, 10) } => work.run::<S, 10, NV>(s),
            9 if const { fits::<S>(NV, 9) } => work.run::<S, 9, NV>(s),
            8 if const { fits::<S>(NV, 8) } => work.run::<S, 8, NV>(s),
            7 if const { fits::<S>(NV, 7) } => work.run::<S, 7, NV>(s),
            6 if const { fits::<S>(NV, 6) } => work.run::<S, 6, NV>(s),
            5 if const { fits::<S>(NV, 5) } => work.run::<S, 5, NV>(s),
            4 if const { fits::<S>(NV, 4) } => work.run::<S, 4, NV>(s),
            3 if const { fits::<S>(NV, 3) } => work.run::<S, 3, NV>(s),
            2 if const { fits::<S>(NV, 2) } => work.run::<S, 2, NV>(s),
            _ => work.run::<S, 1, NV>(s),
        }
    }
}
