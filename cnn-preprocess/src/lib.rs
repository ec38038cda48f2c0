//! Turns pictures into inputs of nets: resized, cropped, normalised, in the order channels, rows, columns.
//!
//! A net works only on pictures prepared like those it was trained on. A [`Preprocess`] defines how, as constants; those of
//! widely used weights are included. It reads any [`Picture`]: bytes in memory ([`Pixels`]), the types of the crate `image`,
//! arrays of the crate `ndarray`, or your own type.
//!
//! ```
//! use cnn_preprocess::{Pixels, Preprocess};
//!
//! # #[cfg(feature = "resize")] {
//! // A frame of 640x480 pixels, row by row, three bytes each.
//! let frame = vec![128; 640 * 480 * 3];
//! let picture = Pixels::new(&frame, 640, 480, 3)?;
//! let input: Vec<f32> = Preprocess::TORCHVISION.apply(&picture); // 3x224x224
//! # assert_eq!(input.len(), 3 * 224 * 224);
//! # }
//! # Ok::<(), cnn_preprocess::PreprocessError>(())
//! ```
//!
//! | method | picture | result | needs |
//! | --- | --- | --- | --- |
//! | [`apply`](Preprocess::apply) | of any size | a `Vec<f32>` | the feature `resize` |
//! | [`apply_into`](Preprocess::apply_into) | of any size | a `&mut [f32]` of yours | the feature `resize` |
//! | [`normalise`](Preprocess::normalise) | already resized | a `&mut [f32]` of yours | nothing: `no_std`, no allocation |
//!
//! # Sizes
//!
//! A net's input can have any height and width, [`Preprocess::crop`]. There are four ways to bring a picture to that size
//! ([`Resize`]):
//!
//! | resize | proportions | what is lost | usual for |
//! | --- | --- | --- | --- |
//! | [`ShortSide`](Resize::ShortSide) | kept | the edges | classifiers with square inputs, such as torchvision's |
//! | [`Exactly`](Resize::Exactly) | distorted | nothing, or the edges | small nets, and Caffe's |
//! | [`Cover`](Resize::Cover) | kept | as little of the edges as possible | classifiers with inputs that are not square |
//! | [`Letterbox`](Resize::Letterbox) | kept | nothing; a border is added | detectors, such as YOLOv5 |
//!
//! ```
//! use cnn_preprocess::{Preprocess, Resize, Size};
//!
//! /// ImageNet's colours, for a net of 3x240x320.
//! const WIDE: Preprocess =
//!     Preprocess { resize: Resize::Cover, crop: Size::new(240, 320), ..Preprocess::TORCHVISION };
//! assert_eq!(WIDE.shape().to_string(), "3x240x320");
//! ```
//!
//! [`Preprocess::yolov5`] is preprocessing for detectors. They find objects in the coordinates of the input; [`Placement`] maps these
//! back to the picture.
//!
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `resize` | yes | [`apply`](Preprocess::apply) and [`apply_into`](Preprocess::apply_into), by `fast_image_resize`; needs `std` |
//! | `image` | no | [`Picture`] for `RgbImage`, `DynamicImage` and other types of `image` 0.25; needs `std` |
//! | `ndarray` | no | `PixelArray`, for arrays of `ndarray` 0.17; needs `alloc` |
//!
//! Without features, the crate is `no_std` and depends only on `cnn-net`, which has no dependencies.
//!
//! # Without an allocator
//!
//! A camera may deliver pictures of the right size, which then only need to be normalised:
//!
//! ```
//! use cnn_preprocess::{Channels, Filter, Pixels, Preprocess, Resize, Size};
//!
//! /// What the net was trained on: 96x96, grey, from -1 to 1.
//! const PREPROCESS: Preprocess = Preprocess {
//!     resize: Resize::Exactly(Size::square(96)), // `Size::new(96, 128)` is a height and a width
//!     filter: Filter::Bilinear,
//!     crop: Size::square(96),
//!     white: 1.0,
//!     channels: Channels::Grey { mean: 0.5, std: 0.5 },
//! };
//!
//! let frame = [255; 96 * 100]; // rows of 96 pixels, 100 bytes apart
//! let mut input = [0.0; 96 * 96];
//! PREPROCESS.normalise(&Pixels::with_row_stride(&frame, 96, 96, 1, 100)?, &mut input)?;
//! assert_eq!(input, [1.0; 96 * 96]);
//! # Ok::<(), cnn_preprocess::PreprocessError>(())
//! ```
//!
//! # From `ndarray`
//!
//! Arrays have the axes rows, columns, channels, in any layout in memory:
//!
//! ```
//! # #[cfg(all(feature = "ndarray", feature = "resize"))] {
//! use cnn_preprocess::{PixelArray, Preprocess};
//! use ndarray::{Array3, s};
//!
//! let frame = Array3::<u8>::zeros((480, 640, 3));
//! let left_half_mirrored = frame.slice(s![.., ..320; -1, ..]);
//! let picture = PixelArray::new(left_half_mirrored)?;
//! let mut input = [0.0; 3 * 224 * 224];
//! Preprocess::TORCHVISION.apply_into(&picture, &mut input)?;
//! # }
//! # Ok::<(), cnn_preprocess::PreprocessError>(())
//! ```
//!
//! An array of `f32` that is already normalised needs only the right order, which is channels, rows, columns (CHW):
//!
//! ```
//! # #[cfg(feature = "ndarray")] {
//! # let array = ndarray::Array3::<f32>::zeros((224, 224, 3));
//! let array = array.permuted_axes([2, 0, 1]); // if its axes are rows, columns, channels
//! let array = array.as_standard_layout(); // copied if it is not in this order in memory
//! let input: Option<&[f32]> = array.as_slice(); // for `net.run(…)`
//! # assert_eq!((array.shape(), input.unwrap().len()), (&[3, 224, 224][..], 3 * 224 * 224));
//! # }
//! ```
//!
//! # Colours and transparency
//!
//! Pixels have 1, 3 or 4 channels: grey, RGB or RGBA. For a net that reads colours, a grey picture has equal red, green and
//! blue; for a net that reads grey, a colour picture is converted to grey. Alpha is dropped, as by `to_rgb8` of `image` and
//! Pillow's `convert("RGB")`. If transparent pixels matter, put the picture on a background first.

#![cfg_attr(not(feature = "resize"), no_std)]
#![cfg_attr(not(feature = "resize"), allow(rustdoc::broken_intra_doc_links, reason = "links to what the feature adds"))]
#![forbid(unsafe_code)]

mod declaration;
mod error;
#[cfg(feature = "image")]
mod from_image;
#[cfg(feature = "ndarray")]
mod from_ndarray;
mod geometry;
mod ink;
mod normalise;
mod picture;
#[cfg(feature = "resize")]
mod resize;

pub use cnn_net::op::{Shape, Size};
pub use declaration::{Channels, Filter, Preprocess, Resize};
pub use error::PreprocessError;
#[cfg(feature = "ndarray")]
pub use from_ndarray::PixelArray;
pub use geometry::Placement;
pub use picture::{Picture, Pixels};
