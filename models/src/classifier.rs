//! What a net needs in addition to its layers to classify pictures: preprocessing and class names.

use crate::Preprocess;

/// A net that classifies pictures.
///
/// ```
/// use cnn::Network;
/// use models::preprocess::Pixels;
/// use models::{Classifier, LeNet5};
///
/// let digit = [0; 28 * 28]; // a byte per pixel; `apply` takes pictures of any size, with the feature `image`
/// let mut input = [0.0; 32 * 32];
/// LeNet5::PREPROCESS.normalise(&Pixels::new(&digit, 28, 28, 1)?, &mut input)?;
/// let mut net = LeNet5::embedded();
/// let probabilities = net.forward(&input);
/// let best = (0..10).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b])).unwrap();
/// println!("{}", LeNet5::LABELS[best]);
/// # Ok::<(), models::preprocess::PreprocessError>(())
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
