//! What a net is known for.

/// A net of a paper.
///
/// ```
/// use models::{About, LeNet5};
///
/// assert_eq!(LeNet5::YEAR, 1998);
/// ```
pub trait About {
    /// The year of its paper.
    const YEAR: u16;
    /// What was new in the paper.
    const NEW: &'static str;
}

/// States what nets are known for: `about!(AlexNet: 2012, "…");`. Nets of one paper share a line.
macro_rules! about {
    ($($net:ident),+: $year:literal, $new:literal) => {
        $(
            impl $crate::About for $net<'_> {
                const YEAR: u16 = $year;
                const NEW: &'static str = $new;
            }
        )+
    };
}
