//! Settings of drawings that callers choose.
//!
//! Every part of the crate reads them, so they depend on nothing but the theme.

use crate::theme::Theme;

/// How much a drawing shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Kinds and windows, as articles draw nets: filters, strides, padding and dropout are left out.
    #[default]
    Article,
    /// Filters, strides, padding, parameters, and shapes where they change.
    Full,
}

impl Detail {
    /// Its name in identifiers and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Full => "full",
        }
    }
}

/// How a drawing looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How much it shows.
    pub detail: Detail,
    /// Its width in pixels. What does not fit is drawn wider and scaled down.
    pub width: u32,
    /// Its colours.
    pub theme: Theme,
    /// Whether blocks that are called more than once are drawn at each call, instead of once.
    pub unfold: bool,
}

impl Default for Options {
    /// As articles draw nets: 760 pixels wide, for light and dark pages, each block drawn once.
    fn default() -> Self {
        Self { detail: Detail::default(), width: 760, theme: Theme::default(), unfold: false }
    }
}

/// No drawing is narrower, in pixels.
pub(crate) const NARROWEST: u32 = 320;
