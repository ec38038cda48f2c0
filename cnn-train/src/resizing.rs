//! How pictures get the size of a net's input.

use std::fmt;
use std::str::FromStr;

use cnn_preprocess::{Resize, Size};
use serde::{Deserialize, Serialize};

/// How pictures of any size get that of a net's input, as `--resize` of the command line has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resizing {
    /// To exactly this size, which distorts pictures of other proportions.
    Exact,
    /// In proportion, until the picture covers the input, of which it keeps the middle.
    Cover,
    /// In proportion, until the picture fits into the input, in a border of 114.
    Letterbox,
    /// In proportion, the shorter side to this length; the middle is kept.
    Short(u32),
}

impl Resizing {
    /// For an input of this size.
    #[must_use]
    pub fn resize(self, input: Size) -> Resize {
        match self {
            Self::Exact => Resize::Exactly(input),
            Self::Cover => Resize::Cover,
            Self::Letterbox => Resize::Letterbox { border: [114; 3] },
            Self::Short(side) => Resize::ShortSide(side),
        }
    }
}

/// `exact`, `cover`, `letterbox`, `short=256`
impl FromStr for Resizing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let side = |side: &str| side.parse().ok().filter(|side| *side > 0).map(Self::Short);
        match text {
            "exact" => Ok(Self::Exact),
            "cover" => Ok(Self::Cover),
            "letterbox" => Ok(Self::Letterbox),
            _ => text
                .strip_prefix("short=")
                .and_then(side)
                .ok_or_else(|| "expected exact, cover, letterbox, or a shorter side such as short=256".to_owned()),
        }
    }
}

impl fmt::Display for Resizing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::Cover => f.write_str("cover"),
            Self::Letterbox => f.write_str("letterbox"),
            Self::Short(side) => write!(f, "short={side}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_read_as_they_are_written() {
        for resizing in [Resizing::Exact, Resizing::Cover, Resizing::Letterbox, Resizing::Short(256)] {
            assert_eq!(resizing.to_string().parse(), Ok(resizing));
        }
        for wrong in ["", "short", "short=", "short=0", "short=-1", "stretch"] {
            assert!(wrong.parse::<Resizing>().is_err(), "{wrong}");
        }
    }
}
