//! The windows of convolutions and pools.

use cnn_net::op::{Padding, Size, Window};

use super::{Stop, fault};
use crate::graph::Node;
use crate::report::Fault;

/// Windows never have larger numbers.
const LARGEST: i64 = 1 << 24;

/// Two numbers of a list, or a single one for a sequence, whose height is 1.
pub(super) fn size(node: &Node<'_>, name: &str, rank: usize) -> Result<Size, Fault> {
    match node.ints(name)? {
        None => Ok(Size::square(1)),
        Some(list) => sized(list, rank).ok_or_else(|| Fault::new(format!("its `{name}` is {list:?}"))),
    }
}

/// A list of sizes, for sequences or maps.
pub(super) fn sized(list: &[i64], rank: usize) -> Option<Size> {
    let count = |size: i64| (1..=LARGEST).contains(&size).then_some(size as usize);
    match (list, rank) {
        ([width], 3) => Some(Size { height: 1, width: count(*width)? }),
        ([height, width], 4) => Some(Size { height: count(*height)?, width: count(*width)? }),
        _ => None,
    }
}

/// A window's padding, explicit or by name, over an input of a size.
pub(super) fn padded(node: &Node<'_>, window: Window, input: Size, rank: usize) -> Result<Window, Stop> {
    match node.text("auto_pad", "NOTSET")? {
        "" | "NOTSET" => Ok(Window { pad: pads(node, rank)?, ..window }),
        "VALID" => Ok(window),
        "SAME_UPPER" => Ok(Window { ceil: false, ..window.padded_same(false, input) }),
        "SAME_LOWER" => Ok(Window { ceil: false, ..window.padded_same(true, input) }),
        other => fault(format!("its `auto_pad` is `{}`", crate::report::text(other))),
    }
}

/// The numbers of rows and columns at the edges.
pub(super) fn pads(node: &Node<'_>, rank: usize) -> Result<Padding, Stop> {
    let Some(list) = node.ints("pads")? else { return Ok(Padding::NONE) };
    match edges(list, rank) {
        Some(padding) => Ok(padding),
        None => fault(format!("its `pads` are {list:?}")),
    }
}

/// `[top, left, bottom, right]`, or `[left, right]` of a sequence.
pub(super) fn edges(list: &[i64], rank: usize) -> Option<Padding> {
    let count = |size: i64| (0..=LARGEST).contains(&size).then_some(size as usize);
    match (list, rank) {
        ([left, right], 3) => Some(Padding { left: count(*left)?, right: count(*right)?, top: 0, bottom: 0 }),
        ([top, left, bottom, right], 4) => {
            Some(Padding { top: count(*top)?, left: count(*left)?, bottom: count(*bottom)?, right: count(*right)? })
        }
        _ => None,
    }
}

/// The size of a window's output.
pub(super) fn output(window: &Window, input: Size) -> Result<Size, Stop> {
    match window.axes(input).map(|axis| axis.output()) {
        [Some(height), Some(width)] if height > 0 && width > 0 => Ok(Size { height, width }),
        _ => fault(format!("its window of {} does not fit an input of {input}", window.kernel)),
    }
}
