//! Colours and marks: one of each for every kind of layer, the same in all drawings.
//!
//! Colours of frequent kinds are as far apart as possible for every kind of colour vision (a test simulates them), as tints in
//! the light theme and as shades in the dark one, with a contrast of 4.5:1 or more for the text on them. Where colours fail, in
//! print or for some eyes, the [marks](Kind::mark) and the words on the blocks remain.

use std::fmt::Write as _;

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

/// A kind of layer, as drawings distinguish them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Convolution.
    Convolution,
    /// Maximum over a window.
    MaxPool,
    /// Mean over a window.
    AvgPool,
    /// Mean or maximum over a whole map.
    GlobalPool,
    /// Fully connected layer.
    FullyConnected,
    /// Local response normalisation.
    Lrn,
    /// Batch normalisation.
    BatchNorm,
    /// Normalisation by the statistics of the input itself.
    Norm,
    /// Factors of channels.
    Scale,
    /// An element-wise function.
    Activation,
    /// Softmax and its logarithm.
    Softmax,
    /// Dropout.
    Dropout,
    /// Maps to a vector.
    Flatten,
    /// Numbers in other places.
    Rearrangement,
    /// Maps of another size.
    Resampling,
    /// Concatenation of channels.
    Concat,
    /// Sum.
    Add,
    /// Difference.
    Sub,
    /// Product.
    Mul,
    /// The largest.
    Max,
    /// A layer by the user.
    Custom,
    /// A block that is drawn once, elsewhere.
    Block,
    /// An auxiliary classifier.
    Auxiliary,
    /// Memory of a net's input and outputs.
    Port,
    /// Memory that a kernel needs in addition to its result.
    Scratch,
    /// Memory of gradients in training.
    Gradient,
}

impl Kind {
    /// All of them, in the order of legends.
    pub const ALL: [Self; 26] = [
        Self::Convolution,
        Self::MaxPool,
        Self::AvgPool,
        Self::GlobalPool,
        Self::FullyConnected,
        Self::Lrn,
        Self::BatchNorm,
        Self::Norm,
        Self::Scale,
        Self::Activation,
        Self::Softmax,
        Self::Dropout,
        Self::Flatten,
        Self::Rearrangement,
        Self::Resampling,
        Self::Concat,
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Max,
        Self::Custom,
        Self::Block,
        Self::Auxiliary,
        Self::Port,
        Self::Scratch,
        Self::Gradient,
    ];

    /// Its name in legends.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Convolution => "convolution",
            Self::MaxPool => "max pooling",
            Self::AvgPool => "average pooling",
            Self::GlobalPool => "global pooling",
            Self::FullyConnected => "fully connected",
            Self::Lrn => "local response normalisation",
            Self::BatchNorm => "batch normalisation",
            Self::Norm => "normalisation",
            Self::Scale => "scaling",
            Self::Activation => "activation",
            Self::Softmax => "softmax",
            Self::Dropout => "dropout",
            Self::Flatten => "flatten",
            Self::Rearrangement => "rearrangement",
            Self::Resampling => "resampling",
            Self::Concat => "concatenation",
            Self::Add => "addition",
            Self::Sub => "subtraction",
            Self::Mul => "multiplication",
            Self::Max => "maximum of branches",
            Self::Custom => "layer by the user",
            Self::Block => "block, drawn below",
            Self::Auxiliary => "auxiliary classifier, training only",
            Self::Port => "input or output",
            Self::Scratch => "scratch memory",
            Self::Gradient => "gradient",
        }
    }

    /// Its name in identifiers and style sheets.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Convolution => "conv",
            Self::MaxPool => "max-pool",
            Self::AvgPool => "avg-pool",
            Self::GlobalPool => "global-pool",
            Self::FullyConnected => "fc",
            Self::Lrn => "lrn",
            Self::BatchNorm => "batch-norm",
            Self::Norm => "norm",
            Self::Scale => "scale",
            Self::Activation => "activation",
            Self::Softmax => "softmax",
            Self::Dropout => "dropout",
            Self::Flatten => "flatten",
            Self::Rearrangement => "rearrange",
            Self::Resampling => "resample",
            Self::Concat => "concat",
            Self::Add => "add",
            Self::Sub => "sub",
            Self::Mul => "mul",
            Self::Max => "max",
            Self::Custom => "custom",
            Self::Block => "block",
            Self::Auxiliary => "aux",
            Self::Port => "port",
            Self::Scratch => "scratch",
            Self::Gradient => "gradient",
        }
    }

    /// Its mark: a path of lines in a square of 10 by 10.
    #[must_use]
    pub const fn mark(self) -> &'static str {
        match self {
            // A window on a map.
            Self::Convolution => "M0.5 0.5H9.5V9.5H0.5ZM0.5 0.5H5.5V5.5H0.5Z",
            // A peak.
            Self::MaxPool => "M0.5 9.5L5 1L9.5 9.5Z",
            // The middle of what lies above and below.
            Self::AvgPool => "M0.5 5H9.5M2 5V1M5 5V9M8 5V2",
            // A point for everything around it.
            Self::GlobalPool => "M0.5 5A4.5 4.5 0 1 0 9.5 5A4.5 4.5 0 1 0 0.5 5ZM4 5H6M5 4V6",
            // Everything with everything.
            Self::FullyConnected => "M0.5 0.5L9.5 0.5L0.5 9.5L9.5 9.5L0.5 0.5M9.5 0.5L0.5 9.5",
            // Neighbours that suppress each other.
            Self::Lrn => "M0.5 9.5C4 9.5 3.5 1 5 1C6.5 1 6 9.5 9.5 9.5",
            // The middle and the deviation.
            Self::BatchNorm => "M5 0.5V9.5M0.5 5H9.5M0.5 3V7M9.5 3V7",
            // The same for what is inside a frame.
            Self::Norm => "M0.5 0.5H9.5V9.5H0.5ZM5 2.5V7.5M2.5 5H7.5",
            // What becomes larger.
            Self::Scale => "M0.5 9.5L9.5 0.5M5.5 0.5H9.5V4.5",
            // The hinge of ReLU.
            Self::Activation => "M0.5 8.5H5L9.5 1",
            // Scores become shares.
            Self::Softmax => "M1.5 9.5V7M5 9.5V0.5M8.5 9.5V5",
            // Missing connections.
            Self::Dropout => "M0.5 5A4.5 4.5 0 1 0 9.5 5A4.5 4.5 0 1 0 0.5 5ZM2 8L8 2",
            // Rows become one.
            Self::Flatten => "M0.5 1H4M0.5 5H9.5M0.5 9H4",
            // Two change places.
            Self::Rearrangement => "M0.5 2H3L7 8H9.5M0.5 8H3L7 2H9.5",
            // A small map in a large one.
            Self::Resampling => "M0.5 6.5H3.5V9.5H0.5ZM0.5 4V0.5H9.5V9.5H6M4 6L8 2M5 2H8V5",
            // Lines that meet.
            Self::Concat => "M0.5 1H6M0.5 5H6M0.5 9H6M8 0.5V9.5",
            Self::Add => "M5 0.5V9.5M0.5 5H9.5",
            Self::Sub => "M0.5 5H9.5",
            // The upper of two.
            Self::Max => "M0.5 2H9.5M0.5 8H3M6 8H9.5",
            Self::Mul => "M1.5 1.5L8.5 8.5M8.5 1.5L1.5 8.5",
            // Brackets of a program.
            Self::Custom => "M3.5 1.5L0.5 5L3.5 8.5M6.5 1.5L9.5 5L6.5 8.5",
            // A pile.
            Self::Block => "M0.5 3.5H6.5V9.5H0.5ZM3.5 3.5V0.5H9.5V6.5H6.5",
            // Through a wall.
            Self::Port => "M0.5 5H9.5M6 2L9.5 5L6 8M0.5 0.5V9.5",
            // For a moment.
            Self::Scratch => "M0.5 9L3 1L5.5 9L8 1",
            // Nabla.
            Self::Gradient => "M0.5 1H9.5L5 9.5Z",
            Self::Auxiliary => "M0.5 0.5H3M5 0.5H7.5M9.5 0.5V3M9.5 5V7.5M9.5 9.5H7M5 9.5H2.5M0.5 9.5V7M0.5 5V2.5",
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
            Self::Kind(kind) => fill(kind),
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

/// The fill of a kind, in the light theme and in the dark one.
const fn fill(kind: Kind) -> [&'static str; 2] {
    match kind {
        Kind::Convolution => ["#8ab4ff", "#0d5f98"],
        Kind::MaxPool => ["#dd8259", "#8d2700"],
        Kind::AvgPool => ["#ffd95c", "#6b611b"],
        Kind::GlobalPool => ["#cbb08a", "#2b2022"],
        Kind::FullyConnected => ["#93f2ad", "#065033"],
        Kind::Lrn => ["#ffe3fb", "#a03470"],
        Kind::BatchNorm => ["#b4c3dd", "#4634c0"],
        Kind::Norm => ["#cdb9f0", "#5a2a8c"],
        Kind::Scale => ["#f2ecd0", "#4a4420"],
        Kind::Activation => ["#ffffff", "#24292f"],
        Kind::Softmax => ["#d5efe6", "#123b31"],
        Kind::Dropout => ["#efefef", "#33383e"],
        Kind::Flatten => ["#e3e7eb", "#2c3238"],
        Kind::Rearrangement => ["#d9d2ea", "#37304a"],
        Kind::Resampling => ["#c4ecf4", "#124652"],
        Kind::Concat => ["#a3a9b0", "#3f4a55"],
        Kind::Add | Kind::Sub | Kind::Mul | Kind::Max => ["#fff7d6", "#3d3811"],
        Kind::Custom => ["#f6c9a8", "#5c3216"],
        Kind::Block => ["#efe6d8", "#463a2a"],
        Kind::Auxiliary => ["#f7f7f7", "#1e2226"],
        Kind::Port => ["#e6ecf2", "#2a3642"],
        Kind::Scratch => ["#f4f4ec", "#34342b"],
        Kind::Gradient => ["#f9c6c2", "#6b1f2b"],
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
