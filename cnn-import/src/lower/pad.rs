//! Padding of rows, columns and channels; negative padding crops.
//!
//! ```text
//! before   Pad(x, 1, mode = "reflect")     Pad(x, [0, 4, 0, 0, 0, 4, 0, 0])          Pad(x, 1, mode = "wrap")
//! after    pad(1, mode = reflect)          concat { channels(0..4) -> scale(0); …; }   add { crop(…) -> pad(…); …; }
//! ```

use cnn_net::text::count;
use std::rc::Rc;

use cnn_net::op::{Edge, Op, Pad, Rearrange, Shape, Size};

use super::{Lowering, Stop, fault, window};
use crate::constant::Constant;
use crate::graph::{Node, axis};
use crate::report::{Fault, text};
use crate::view::{Axis, View};

impl<'a> Lowering<'_, 'a> {
    pub(super) fn pad(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let mut ends = self.ends(node, view.dims.len())?;
        let mut view = self.cut(&view, &mut ends)?;
        if ends.iter().flatten().all(|end| *end == 0) {
            return Ok(view);
        }
        let mode = match node.text("mode", "constant")? {
            "constant" => Edge::Zero,
            "reflect" => Edge::Reflect,
            "edge" => Edge::Replicate,
            "wrap" => return self.wrapped(&view, &ends),
            other => return fault(format!("its `mode` is `{}`", text(other))),
        };
        let value = match self.constant(node, 2)? {
            Some(value) => value.scalar().unwrap_or(0.0) as f32,
            None => node.float("value", 0.0)?,
        };
        let value = if mode == Edge::Zero { value } else { 0.0 };
        if ends.len() > 1 && ends[1] != [0; 2] && mode == Edge::Zero {
            view = self.more_channels(&view, ends[1], value)?;
            ends[1] = [0; 2];
        }
        if ends.iter().take(2).flatten().any(|end| *end != 0) {
            return fault(format!(
                "it pads by {ends:?}; only rows, columns and channels can be added, and these with a number"
            ));
        }
        if ends.iter().flatten().all(|end| *end == 0) {
            return Ok(view);
        }
        let rank = view.dims.len();
        let view = self.maps(&view)?;
        let edges: Vec<i64> = ends[2..].iter().map(|end| end[0]).chain(ends[2..].iter().map(|end| end[1])).collect();
        let Some(sides) = window::edges(&edges, rank) else { return fault(format!("it pads by {ends:?}")) };
        let pad = Pad::new(sides).mode(mode).value(value);
        let Size { height, width } = pad.output(view.shape.size());
        let shape = Shape::map(view.shape.channels(), height, width);
        let result = self.emit(Op::Rearrange(Rearrange::Pad(pad)), vec![view.value], shape, Vec::new());
        Ok(View::natural(result, shape, rank))
    }

    /// How much is added at both ends of each dimension.
    fn ends(&self, node: &Node<'a>, rank: usize) -> Result<Vec<[i64; 2]>, Stop> {
        let list = match self.constant(node, 1)? {
            Some(pads) => pads.to_ints()?,
            None => node.ints("pads")?.unwrap_or_default().to_vec(),
        };
        // For some of the axes alone, or else for all of them.
        let mut ends = vec![[0_i64; 2]; rank];
        let axes: Vec<usize> = match self.constant(node, 3)? {
            Some(axes) => axes.to_ints()?.into_iter().map(|at| axis(at, rank)).collect::<Result<_, _>>()?,
            None => (0..rank).collect(),
        };
        if list.len() != 2 * axes.len() {
            return fault(format!("its `pads` are {list:?} for {rank}", rank = count(rank as u64, "dimension")));
        }
        for (index, at) in axes.iter().enumerate() {
            ends[*at] = [list[index], list[index + axes.len()]];
        }
        Ok(ends)
    }

    /// Crops where the padding is negative.
    fn cut(&mut self, view: &View, ends: &mut [[i64; 2]]) -> Result<View, Stop> {
        let mut view = view.clone();
        for (at, ends) in ends.iter_mut().enumerate() {
            let cut = ends.map(|end| usize::try_from(end.saturating_neg()).unwrap_or(0));
            if cut != [0; 2] {
                let size = view.sizes()[at];
                let Some(count) = size.checked_sub(cut[0]).and_then(|rest| rest.checked_sub(cut[1])) else {
                    return fault(format!("it cuts {cut:?} off the {size} of its axis {at}"));
                };
                view = self.along(&view, at)?;
                view = self.part(&view, at, cut[0], count)?;
                *ends = ends.map(|end| end.max(0));
            }
        }
        Ok(view)
    }

    /// With channels before and after that are a number everywhere: others that are multiplied by 0.
    fn more_channels(&mut self, view: &View, ends: [i64; 2], value: f32) -> Result<View, Stop> {
        let view = View { is_only: false, ..self.along(view, 1)? };
        let own = view.sizes()[1];
        let mut parts = vec![view.clone()];
        for (end, more) in ends.into_iter().enumerate() {
            let mut more = usize::try_from(more).unwrap_or(0);
            if more > own.saturating_mul(MOST_TIMES) {
                return fault(format!("it adds {more} to {own}", more = count(more as u64, "channel")));
            }
            while more > 0 {
                let count = more.min(own);
                let some = View { is_only: false, ..self.part(&view, 1, 0, count)? };
                let zeros = self.scaled(&some, &Rc::new(Constant::floats(Vec::new(), vec![0.0])))?;
                let filled = self.shifted(&zeros, &Rc::new(Constant::floats(Vec::new(), vec![value])))?;
                parts.insert(if end == 0 { 0 } else { parts.len() }, filled);
                more -= count;
            }
        }
        self.join(parts, 1)
    }

    /// Maps with their last rows and columns before the first, and their first after the last.
    fn wrapped(&mut self, view: &View, ends: &[[i64; 2]]) -> Result<View, Stop> {
        let rank = view.dims.len();
        let mut view = self.maps(view)?;
        if ends[..2].iter().flatten().any(|end| *end != 0) {
            return fault(format!("it repeats channels, by {ends:?}"));
        }
        for (at, ends) in ends.iter().enumerate().skip(2) {
            let [before, after] = ends.map(|end| usize::try_from(end).unwrap_or(0));
            let size = view.sizes()[at];
            if before.max(after) > size {
                return Err(
                    Fault::new(format!("it repeats {} of the {size} of its axis {at}", before.max(after))).into()
                );
            }
            let whole = View { is_only: false, ..view.clone() };
            let mut parts = vec![whole.clone()];
            if before > 0 {
                parts.insert(0, self.part(&whole, at, size - before, before)?);
            }
            if after > 0 {
                parts.push(self.part(&whole, at, 0, after)?);
            }
            if parts.len() > 1 {
                view = self.pixels_joined(&parts, if at == 2 && rank == 4 { Axis::H } else { Axis::W })?;
            }
        }
        Ok(view)
    }
}

/// At most this many times as many channels are added.
const MOST_TIMES: usize = 16;
