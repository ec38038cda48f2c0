//! Maps of another size.

use super::super::call::Call;
use crate::graph::Id;
use crate::proto::Value as Attribute;
use crate::report::Fault;

/// Its second input is the number of rows and of columns.
pub(super) fn resize(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let rank = call.maps(0)?;
    let is_linear = call.op == "RESIZE_BILINEAR";
    // Before these, old files have the sizes.
    let fields = if is_linear { [2, 3] } else { [0, 1] };
    let coordinates = match (call.flag(fields[0])?, call.flag(fields[1])?) {
        (false, false) => "asymmetric",
        (true, false) => "align_corners",
        (false, true) => "half_pixel",
        (true, true) => return Err(Fault::new("it aligns both corners and the middles of pixels")),
    };
    if is_linear && coordinates == "asymmetric" {
        let why = "it aligns the first pixels of both maps, and no others, by a rule that is not one of the language's";
        return Err(Fault::new(why).help("resize with `half_pixel_centers` or `align_corners` in the model"));
    }
    let (mode, nearest) = match (is_linear, coordinates) {
        (true, _) => ("linear", "floor"),
        (false, "asymmetric") => ("nearest", "floor"),
        (false, _) => ("nearest", "round_prefer_ceil"),
    };
    let (x, sizes) = (call.input(0)?, call.input(1)?);
    let x = call.first(x, rank);
    let others = call.node("Shape", &[x], vec![("end", Attribute::Int(2))]);
    let sizes = call.node("Concat", &[others, sizes], vec![("axis", Attribute::Int(0))]);
    let attributes = vec![
        ("mode", Attribute::Text(mode)),
        ("coordinate_transformation_mode", Attribute::Text(coordinates)),
        ("nearest_mode", Attribute::Text(nearest)),
    ];
    let inputs = vec![Some(x), None, None, Some(sizes)];
    let result = call.nodes("Resize", inputs, attributes, 1).swap_remove(0);
    Ok(call.last(result, rank))
}
