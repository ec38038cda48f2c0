//! What a net needs in addition to its layers to read pictures: preprocessing, and the names of classes.

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

/// A net that finds objects in pictures.
///
/// ```
/// # #[cfg(all(feature = "yolo", feature = "image"))] {
/// use models::preprocess::Pixels;
/// use models::{Detector, YoloV5n};
///
/// let frame = vec![0; 640 * 360 * 3];
/// let picture = Pixels::new(&frame, 640, 360, 3)?;
/// let input = YoloV5n::PREPROCESS.apply(&picture); // in a border of grey
/// // … and for the boxes that are found, by their corners:
/// let placement = YoloV5n::PREPROCESS.placement(&picture).expect("a picture with pixels");
/// assert_eq!(placement.to_picture([160.0, 160.0]), [320.0, 180.0]);
/// # }
/// # Ok::<(), models::preprocess::PreprocessError>(())
/// ```
pub trait Detector {
    /// How a picture becomes its input.
    const PREPROCESS: Preprocess;
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
