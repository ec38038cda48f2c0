//! Maps of another size.
//!
//! ```text
//! before   Resize(x, scales = [1, 1, 2, 2], mode = "nearest", coordinate_transformation_mode = "asymmetric")
//! after    upsample(2)
//! ```
//!
//! ONNX has many rules for which pixel is where. Those of PyTorch are the language's; the others are refused, unless they come to
//! the same for the sizes at hand.

use cnn_net::op::{Extent, Interpolation, Op, Resize, Shape, Size};

use super::{Lowering, Stop, fault};
use crate::graph::Node;
use crate::report::Fault;
use crate::view::View;

/// Maps are never enlarged by more than this.
pub(super) const LARGEST_FACTOR: usize = 1 << 12;

/// How a node says what is where.
struct Rule<'n> {
    coordinates: &'n str,
    nearest: &'n str,
}

impl<'a> Lowering<'_, 'a> {
    pub(super) fn resize(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let rank = view.dims.len();
        let view = self.maps(&view)?;
        let (from, scales) = (view.sizes(), self.scales(node)?);
        let sizes: Vec<usize> = match self.constant(node, 3)?.filter(|sizes| sizes.len() > 0) {
            Some(sizes) => sizes.to_ints()?.into_iter().map(|size| usize::try_from(size).unwrap_or(0)).collect(),
            None => match &scales {
                Some(scales) if scales.len() == rank => {
                    from.iter().zip(scales).map(|(size, scale)| (*size as f64 * scale).floor() as usize).collect()
                }
                _ => return fault("its scales are not as many as the dimensions of its input"),
            },
        };
        if node.attribute("axes").is_some() || sizes.len() != rank || sizes[..2] != from[..2] || sizes.contains(&0) {
            return fault(format!("it makes {sizes:?} of {from:?}; only height and width can be changed"));
        }
        if from.iter().zip(&sizes).any(|(from, to)| *to > from.saturating_mul(LARGEST_FACTOR)) {
            return fault(format!("it makes {sizes:?} of {from:?}, which is more than {LARGEST_FACTOR} times as much"));
        }
        if node.text("keep_aspect_ratio_policy", "stretch")? != "stretch" || node.flag("antialias", false)? {
            return fault("it keeps the ratio of the sides, or smooths what becomes smaller");
        }
        let at = |sizes: &[usize]| if rank == 4 { Size::new(sizes[2], sizes[3]) } else { Size::new(1, sizes[2]) };
        let (before, after) = (view.shape.size(), at(&sizes));
        if before == after {
            return Ok(view);
        }
        let factors = scales.filter(|scales| scales.len() == rank).map(|scales| {
            let along = |at: usize, size: usize, of: usize| {
                if is_exact(of, size, scales[at]) { size as f64 / of as f64 } else { scales[at] }
            };
            let columns = along(rank - 1, after.width, before.width);
            [if rank == 4 { along(2, after.height, before.height) } else { 1.0 }, columns]
        });
        let (mode, align_corners) = mode(node, before, after, factors)?;
        let (rows, columns) = (after.height / before.height, after.width / before.width);
        let is_whole = rows * before.height == after.height && columns * before.width == after.width;
        let to = if is_whole { Extent::Times(Size::new(rows, columns)) } else { Extent::To(after) };
        let shape = Shape::map(view.shape.channels(), after.height, after.width);
        let value = self.emit(Op::Resize(Resize { to, mode, align_corners }), vec![view.value], shape, Vec::new());
        Ok(View::natural(value, shape, rank))
    }

    /// The scales: the second input of an `Upsample` or of the first `Resize`, the third of later ones.
    fn scales(&self, node: &Node<'a>) -> Result<Option<Vec<f64>>, Stop> {
        let index = if node.op == "Upsample" || self.graph.opset < 11 { 1 } else { 2 };
        let scales = self.constant(node, index)?.filter(|scales| scales.len() > 0);
        match (scales, node.floats("scales")?) {
            (Some(scales), _) => Ok(Some(scales.to_f64()?)),
            (None, Some(scales)) => Ok(Some(scales.iter().map(|scale| f64::from(*scale)).collect())),
            (None, None) => Ok(None),
        }
    }
}

/// Whether a size is a factor times another one, and not rounded.
fn is_exact(before: usize, after: usize, factor: f64) -> bool {
    (before as f64 * factor - after as f64).abs() < 1e-3
}

/// The language's interpolation, if it is that of the node.
///
/// PyTorch goes by the factors that it is given, even where sizes were rounded; the language goes by sizes.
fn mode(node: &Node<'_>, before: Size, after: Size, factors: Option<[f64; 2]>) -> Result<(Interpolation, bool), Stop> {
    let is_old =
        node.op == "Upsample" || node.attribute("coordinate_transformation_mode").is_none() && node.inputs.len() == 2;
    let coordinates = node.text("coordinate_transformation_mode", if is_old { "asymmetric" } else { "half_pixel" })?;
    let nearest = node.text("nearest_mode", if is_old { "floor" } else { "round_prefer_floor" })?;
    let rule = Rule { coordinates, nearest };
    let refused = |what: &str| {
        let why = format!("it interpolates by the rule `{what}`, which is not one of the language's");
        Err(Stop::from(Fault::new(why).help("export with the rules of PyTorch: `half_pixel` or `align_corners`")))
    };
    let [rows, columns] =
        factors.unwrap_or([after.height as f64 / before.height as f64, after.width as f64 / before.width as f64]);
    let by_size = is_exact(before.height, after.height, rows) && is_exact(before.width, after.width, columns)
        || coordinates == "align_corners";
    match (node.text("mode", "nearest")?, coordinates) {
        ("nearest", _) => {
            let is_same =
                rule.is_floor(before.height, after.height, rows) && rule.is_floor(before.width, after.width, columns);
            if is_same { Ok((Interpolation::Nearest, false)) } else { refused(&format!("{coordinates}, {nearest}")) }
        }
        ("linear" | "bilinear" | "cubic", _) if !by_size => {
            let why =
                format!("it goes by the factors {rows} and {columns}, and makes {after} of {before}, which is rounded");
            Err(Fault::new(why)
                .help("give the size in the place of the factor, or `recompute_scale_factor=True`")
                .into())
        }
        (mode @ ("linear" | "bilinear" | "cubic"), "half_pixel" | "pytorch_half_pixel" | "align_corners") => {
            let is_half = coordinates == "half_pixel";
            // They differ where one pixel is left.
            if coordinates == "pytorch_half_pixel"
                && (after.height == 1 && before.height > 1 || after.width == 1 && before.width > 1)
            {
                return refused(coordinates);
            }
            let mode = if mode == "cubic" { Interpolation::Bicubic } else { Interpolation::Bilinear };
            let is_torch = node.float("cubic_coeff_a", -0.75)? == -0.75 && !node.flag("exclude_outside", false)?;
            if mode == Interpolation::Bicubic && !is_torch {
                return refused("cubic_coeff_a, exclude_outside");
            }
            debug_assert!(is_half || coordinates != "half_pixel", "one of three rules");
            Ok((mode, coordinates == "align_corners"))
        }
        (_, coordinates) => refused(coordinates),
    }
}

impl Rule<'_> {
    /// Whether each pixel of the output is the one at `floor(i * input / output)`.
    fn is_floor(&self, before: usize, after: usize, factor: f64) -> bool {
        (0..after).all(|index| self.nearest(index, before, after, factor) == Some(index * before / after))
    }

    /// The pixel that is nearest to one of the output.
    fn nearest(&self, index: usize, before: usize, after: usize, scale: f64) -> Option<usize> {
        let x = index as f64;
        let at = match self.coordinates {
            "asymmetric" => x / scale,
            "half_pixel" => (x + 0.5) / scale - 0.5,
            "pytorch_half_pixel" if after > 1 => (x + 0.5) / scale - 0.5,
            "pytorch_half_pixel" => 0.0,
            "align_corners" if after > 1 => x * (before as f64 - 1.0) / (after as f64 - 1.0),
            "align_corners" => 0.0,
            _ => return None,
        };
        let rounded = match self.nearest {
            // A quotient of whole numbers that is one itself, but for rounding.
            "floor" => (at + 1e-9).floor(),
            "ceil" => (at - 1e-9).ceil(),
            "round_prefer_floor" => (at - 0.5).ceil(),
            "round_prefer_ceil" => (at + 0.5).floor(),
            _ => return None,
        };
        Some(rounded.clamp(0.0, before as f64 - 1.0) as usize)
    }
}
