//! What a net needs in addition to its layers to classify pictures: preprocessing and class names.

use crate::Preprocess;

/// A net that classifies pictures.
///
/// With the feature `image`:
///
/// ```
/// # #[cfg(feature = "image")] {
/// use cnn::Network;
/// use models::{Classifier, LeNet5};
///
/// let picture = image::RgbImage::new(28, 28); // or `image::open("seven.png")?.to_rgb8()`
/// let input = LeNet5::PREPROCESS.apply(&picture);
/// let mut net = LeNet5::embedded();
/// let probabilities = net.run(&input).expect("the net's preprocessing gives its input");
/// let best = (0..10).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b])).unwrap();
/// println!("{}", LeNet5::LABELS[best]);
/// # }
/// ```
pub trait Classifier {
    /// How a picture becomes its input.
    const PREPROCESS: Preprocess;
    /// The names of its classes, in the order of its outputs.
    const LABELS: &'static [&'static str];
}

/// Makes nets classifiers: `classifier!(AlexNet: CAFFE, IMAGENET);`, with a constant of [`Preprocess`] and one of
/// [`labels`](crate::labels). Nets of one family share a line: `classifier!(Vgg16, Vgg19: CAFFE_VGG, IMAGENET);`
macro_rules! classifier {
    ($($net:ident),+: $preprocess:ident, $labels:ident) => {
        $(
            impl $crate::Classifier for $net<'_> {
                const PREPROCESS: $crate::Preprocess = $crate::Preprocess::$preprocess;
                const LABELS: &'static [&'static str] = &$crate::labels::$labels;
            }
        )+
    };
}
