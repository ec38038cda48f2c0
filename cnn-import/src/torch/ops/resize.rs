//! Maps of another size.

use super::super::call::Call;
use super::super::{Stop, fault};
use crate::constant::Constant;
use crate::proto::Value as Attribute;
use cnn_net::text::count;

/// `F.interpolate`: the size of the result is known; where a factor is given, PyTorch goes by it, and it must be the same.
pub(super) fn resize(call: &mut Call<'_, '_>, mode: &'static str, coordinates: &'static str) -> Result<(), Stop> {
    let input = call.input()?;
    let (from, to) = (call.shape(input).to_vec(), call.result_shape());
    let directions = from.len().saturating_sub(2);
    let mut scales = Vec::new();
    if call.has("scale_factors") {
        scales = call.floats("scale_factors")?;
    } else {
        for name in ["scales", "scales_h", "scales_w"].into_iter().filter(|name| call.has(name)) {
            scales.push(call.float(name)?);
        }
    }
    if !scales.is_empty() && scales.len() != directions {
        return fault(format!(
            "it has the factors {scales:?} for {directions}",
            directions = count(directions as u64, "direction")
        ));
    }
    let factors = (!scales.is_empty()).then(|| {
        let floats: Vec<f32> = [1.0, 1.0].into_iter().chain(scales).map(|scale| scale as f32).collect();
        call.loader.constant(Constant::floats(vec![floats.len()], floats))
    });
    let is_aligned = call.flag("align_corners")?;
    let coordinates = if is_aligned { "align_corners" } else { coordinates };
    let nearest = if coordinates == "half_pixel" { "round_prefer_ceil" } else { "floor" };
    let sizes = call.sizes_of(&to);
    let texts = [("mode", mode), ("coordinate_transformation_mode", coordinates), ("nearest_mode", nearest)];
    let attributes = texts.map(|(name, text)| (name, Attribute::Text(text)));
    call.gives("Resize", vec![Some(input), None, factors, sizes], attributes.into());
    Ok(())
}
