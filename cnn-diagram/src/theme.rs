//! Colours and marks: one of each for every kind of layer, the same in all drawings.
//!
//! Colours of frequent kinds are as far apart as possible for every kind of colour vision (a test simulates them), as tints in
//! the light theme and as shades in the dark one, with a contrast of 4.5:1 or more for the text on them. Where colours fail, in
//! print or for some eyes, the [marks](Kind::mark) and the words on the blocks remain.

mod kind;

use std::fmt::Write as _;

pub use self::kind::Kind;

/// The colours of a drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Those that the reader prefers: dark through a style sheet, light where style sheets are ignored.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Its name on pages and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What something is painted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Paint {
    /// The page.
    Paper,
    /// Text and outlines.
    Ink,
    /// Secondary text.
    Muted,
    /// Lines between layers.
    Line,
    /// Frames of stages.
    Frame,
    /// Emphasis, of a bound in a chart.
    Accent,
    /// The fill of a kind of layer.
    Kind(Kind),
}

impl Paint {
    /// Its name in style sheets.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Ink => "ink",
            Self::Muted => "muted",
            Self::Line => "line",
            Self::Frame => "frame",
            Self::Accent => "accent",
            Self::Kind(kind) => kind.key(),
        }
    }

    /// The colour in the light theme and in the dark one.
    #[must_use]
    pub const fn colours(self) -> [&'static str; 2] {
        match self {
            Self::Paper => ["#ffffff", "#15181c"],
            Self::Ink => ["#15181c", "#f2f4f6"],
            Self::Muted => ["#4a525b", "#b4bcc5"],
            Self::Line => ["#59636e", "#9aa5b1"],
            Self::Frame => ["#98a2ad", "#66717d"],
            Self::Accent => ["#b0003a", "#ff8fab"],
            Self::Kind(kind) => kind.fill(),
        }
    }

    /// The colour where style sheets are ignored.
    #[must_use]
    pub const fn fallback(self, theme: Theme) -> &'static str {
        let [light, dark] = self.colours();
        match theme {
            Theme::Auto | Theme::Light => light,
            Theme::Dark => dark,
        }
    }
}

/// Which property of a shape a paint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// The inside.
    Fill,
    /// The outline.
    Stroke,
}

impl Property {
    /// Its name in SVG.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fill => "fill",
            Self::Stroke => "stroke",
        }
    }

    /// The class of shapes whose property has a paint.
    #[must_use]
    pub fn class(self, paint: Paint) -> String {
        match self {
            Self::Fill => format!("f-{}", paint.key()),
            Self::Stroke => format!("s-{}", paint.key()),
        }
    }
}

/// Rules of a style sheet for these paints, each prefixed with a selector such as `:root[data-theme=dark] `.
pub fn rules(selector: &str, dark: bool, paints: impl IntoIterator<Item = (Property, Paint)>) -> String {
    paints.into_iter().fold(String::new(), |mut rules, (property, paint)| {
        let [light, night] = paint.colours();
        let colour = if dark { night } else { light };
        // Writing to a string cannot fail.
        let _ = write!(rules, "{selector}.{}{{{}:{colour}}}", property.class(paint), property.name());
        rules
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, as WCAG 2 defines it.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let [a, b] = [luminance(a), luminance(b)].map(|luminance| luminance + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn text_has_contrast_on_everything_it_stands_on() {
        let ink = Kind::ALL.map(|kind| (Paint::Ink, Paint::Kind(kind)));
        let on_paper = [Paint::Ink, Paint::Muted, Paint::Accent].map(|text| (text, Paint::Paper));
        let in_frames = [(Paint::Muted, Paint::Kind(Kind::Auxiliary))];
        for theme in 0..2 {
            for (text, ground) in ink.into_iter().chain(on_paper).chain(in_frames) {
                let found = contrast(text.colours()[theme], ground.colours()[theme]);
                assert!(found >= 4.5, "{text:?} on {ground:?}: {found:.2}");
            }
            // Anything that is not text needs 3:1 (WCAG 2.1, 1.4.11).
            assert!(contrast(Paint::Line.colours()[theme], Paint::Paper.colours()[theme]) >= 3.0);
        }
    }

    /// A colour as seen without red, green or blue receptors (Machado, Oliveira & Fernandes 2009, severity 1).
    const LACKING: [[[f64; 3]; 3]; 3] = [
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ];

    fn seen(colour: &str, lacking: &[[f64; 3]; 3]) -> [f64; 3] {
        let light = [1, 3, 5].map(|at| f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()));
        lacking.map(|row| row.iter().zip(light).map(|(share, channel)| share * channel).sum())
    }

    #[test]
    fn colours_differ_for_every_kind_of_colour_vision() {
        let kinds = &Kind::ALL[..7];
        for (theme, lacking) in (0..2).flat_map(|theme| LACKING.iter().map(move |lacking| (theme, lacking))) {
            for (index, a) in kinds.iter().enumerate() {
                for b in &kinds[index + 1..] {
                    let [a_seen, b_seen] = [a, b].map(|kind| seen(Paint::Kind(*kind).colours()[theme], lacking));
                    let apart: f64 = a_seen.iter().zip(b_seen).map(|(a, b)| (a - b).abs()).sum();
                    assert!(apart >= 60.0, "{a:?} and {b:?} in theme {theme}: {apart:.0} of 765");
                }
            }
        }
    }

    #[test]
    fn every_kind_has_a_mark_a_name_and_a_key_of_its_own() {
        for (index, kind) in Kind::ALL.iter().enumerate() {
            for other in &Kind::ALL[index + 1..] {
                assert_ne!(kind.mark(), other.mark());
                assert_ne!(kind.name(), other.name());
                assert_ne!(kind.key(), other.key());
            }
        }
    }
}
