//! Digits of MNIST, to test a net with: 1,000 that LeNet-5's weights in the crate `cnn-models` were not trained on, 100 of each
//! digit. [`idx`](crate::idx) reads the files once they are decompressed, with `flate2` for instance:
//!
//! ```
//! use cnn_digits::{idx, mnist};
//! use flate2::read::GzDecoder;
//!
//! let images = idx::images(GzDecoder::new(mnist::TEST_IMAGES))?;
//! let labels = idx::labels(GzDecoder::new(mnist::TEST_LABELS))?;
//! assert_eq!((images.len(), &labels[..4]), (1000, &[0, 1, 2, 3][..]));
//! # Ok::<(), idx::IdxError>(())
//! ```

/// Images of 28x28 pixels, a gzipped IDX file.
pub static TEST_IMAGES: &[u8] = include_bytes!("../test-images-idx3-ubyte.gz");

/// Their labels, 0 to 9, a gzipped IDX file.
pub static TEST_LABELS: &[u8] = include_bytes!("../test-labels-idx1-ubyte.gz");
