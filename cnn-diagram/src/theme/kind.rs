//! The kinds of layers that drawings distinguish, each with its words, its fill and its mark.

/// [`Kind`], from a row for each kind in the order of legends: its key, its name, its fill in the light theme and in the dark one, and
/// its mark.
macro_rules! kinds {
    ($($(#[$doc:meta])* $Kind:ident($key:literal, $name:literal, $fill:expr, $mark:literal);)*) => {
        /// A kind of layer, as drawings distinguish them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $Kind,)*
        }

        impl Kind {
            /// All of them, in the order of legends.
            pub const ALL: [Self; [$(Self::$Kind),*].len()] = [$(Self::$Kind),*];

            /// Its name in identifiers and style sheets.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$Kind => $key,)*
                }
            }

            /// Its name in legends.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$Kind => $name,)*
                }
            }

            /// Its fill, in the light theme and in the dark one.
            pub(super) const fn fill(self) -> [&'static str; 2] {
                match self {
                    $(Self::$Kind => $fill,)*
                }
            }

            /// Its mark: a path of lines in a square of 10 by 10.
            #[must_use]
            pub const fn mark(self) -> &'static str {
                match self {
                    $(Self::$Kind => $mark,)*
                }
            }
        }
    };
}

kinds! {
    /// Convolution.
    // A window on a map.
    Convolution("conv", "convolution", ["#8ab4ff", "#0d5f98"], "M0.5 0.5H9.5V9.5H0.5ZM0.5 0.5H5.5V5.5H0.5Z");
    /// Maximum over a window.
    // A peak.
    MaxPool("max-pool", "max pooling", ["#dd8259", "#8d2700"], "M0.5 9.5L5 1L9.5 9.5Z");
    /// Mean over a window.
    // The middle of what lies above and below.
    AvgPool("avg-pool", "average pooling", ["#ffd95c", "#6b611b"], "M0.5 5H9.5M2 5V1M5 5V9M8 5V2");
    /// Mean or maximum over a whole map.
    // A point for everything around it.
    GlobalPool("global-pool", "global pooling", ["#cbb08a", "#2b2022"],
        "M0.5 5A4.5 4.5 0 1 0 9.5 5A4.5 4.5 0 1 0 0.5 5ZM4 5H6M5 4V6");
    /// Fully connected layer.
    // Everything with everything.
    FullyConnected("fc", "fully connected", ["#93f2ad", "#065033"],
        "M0.5 0.5L9.5 0.5L0.5 9.5L9.5 9.5L0.5 0.5M9.5 0.5L0.5 9.5");
    /// Local response normalisation.
    // Neighbours that suppress each other.
    Lrn("lrn", "local response normalisation", ["#ffe3fb", "#a03470"], "M0.5 9.5C4 9.5 3.5 1 5 1C6.5 1 6 9.5 9.5 9.5");
    /// Batch normalisation.
    // The middle and the deviation.
    BatchNorm("batch-norm", "batch normalisation", ["#b4c3dd", "#4634c0"], "M5 0.5V9.5M0.5 5H9.5M0.5 3V7M9.5 3V7");
    /// Normalisation by the statistics of the input itself.
    // The same for what is inside a frame.
    Norm("norm", "normalisation", ["#cdb9f0", "#5a2a8c"], "M0.5 0.5H9.5V9.5H0.5ZM5 2.5V7.5M2.5 5H7.5");
    /// Factors of channels.
    // What becomes larger.
    Scale("scale", "scaling", ["#f2ecd0", "#4a4420"], "M0.5 9.5L9.5 0.5M5.5 0.5H9.5V4.5");
    /// An element-wise function.
    // The hinge of ReLU.
    Activation("activation", "activation", ["#ffffff", "#24292f"], "M0.5 8.5H5L9.5 1");
    /// Softmax and its logarithm.
    // Scores become shares.
    Softmax("softmax", "softmax", ["#d5efe6", "#123b31"], "M1.5 9.5V7M5 9.5V0.5M8.5 9.5V5");
    /// Dropout.
    // Missing connections.
    Dropout("dropout", "dropout", ["#efefef", "#33383e"], "M0.5 5A4.5 4.5 0 1 0 9.5 5A4.5 4.5 0 1 0 0.5 5ZM2 8L8 2");
    /// Maps to a vector.
    // Rows become one.
    Flatten("flatten", "flatten", ["#e3e7eb", "#2c3238"], "M0.5 1H4M0.5 5H9.5M0.5 9H4");
    /// Numbers in other places.
    // Two change places.
    Rearrangement("rearrange", "rearrangement", ["#d9d2ea", "#37304a"], "M0.5 2H3L7 8H9.5M0.5 8H3L7 2H9.5");
    /// Maps of another size.
    // A small map in a large one.
    Resampling("resample", "resampling", ["#c4ecf4", "#124652"],
        "M0.5 6.5H3.5V9.5H0.5ZM0.5 4V0.5H9.5V9.5H6M4 6L8 2M5 2H8V5");
    /// Concatenation of channels.
    // Lines that meet.
    Concat("concat", "concatenation", ["#a3a9b0", "#3f4a55"], "M0.5 1H6M0.5 5H6M0.5 9H6M8 0.5V9.5");
    /// Sum.
    Add("add", "addition", ["#fff7d6", "#3d3811"], "M5 0.5V9.5M0.5 5H9.5");
    /// Difference.
    Sub("sub", "subtraction", ["#fff7d6", "#3d3811"], "M0.5 5H9.5");
    /// Product.
    Mul("mul", "multiplication", ["#fff7d6", "#3d3811"], "M1.5 1.5L8.5 8.5M8.5 1.5L1.5 8.5");
    /// The largest.
    // The upper of two.
    Max("max", "maximum of branches", ["#fff7d6", "#3d3811"], "M0.5 2H9.5M0.5 8H3M6 8H9.5");
    /// A user-defined layer.
    // Brackets of a program.
    Custom("custom", "layer by the user", ["#f6c9a8", "#5c3216"], "M3.5 1.5L0.5 5L3.5 8.5M6.5 1.5L9.5 5L6.5 8.5");
    /// A block that is drawn once, elsewhere.
    // A pile.
    Block("block", "block, drawn below", ["#efe6d8", "#463a2a"], "M0.5 3.5H6.5V9.5H0.5ZM3.5 3.5V0.5H9.5V6.5H6.5");
    /// An auxiliary classifier.
    Auxiliary("aux", "auxiliary classifier, training only", ["#f7f7f7", "#1e2226"],
        "M0.5 0.5H3M5 0.5H7.5M9.5 0.5V3M9.5 5V7.5M9.5 9.5H7M5 9.5H2.5M0.5 9.5V7M0.5 5V2.5");
    /// Memory of a net's input and outputs.
    // Through a wall.
    Port("port", "input or output", ["#e6ecf2", "#2a3642"], "M0.5 5H9.5M6 2L9.5 5L6 8M0.5 0.5V9.5");
    /// Memory that a kernel needs in addition to its result.
    // For a moment.
    Scratch("scratch", "scratch memory", ["#f4f4ec", "#34342b"], "M0.5 9L3 1L5.5 9L8 1");
    /// Memory of gradients in training.
    // Nabla.
    Gradient("gradient", "gradient", ["#f9c6c2", "#6b1f2b"], "M0.5 1H9.5L5 9.5Z");
}
