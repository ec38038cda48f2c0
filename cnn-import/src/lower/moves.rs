//! Operators that only redefine where numbers are.
//!
//! ```text
//! before   Reshape → Transpose → Reshape, Flatten, Squeeze, Unsqueeze, DepthToSpace
//! after    nothing, until a layer reads the numbers: see `View`
//! ```

use cnn_net::op::{Op, Rearrange, Shape};

use super::{Lowering, Stop, fault};
use crate::fold::{order, reshaped, squeezed, unsqueezed};
use crate::graph::{Node, axis};
use crate::report::Fault;
use crate::view::View;

impl<'a> Lowering<'_, 'a> {
    /// A value in another shape or order.
    pub(super) fn reordered(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let sizes = view.sizes();
        let to = match node.op {
            "Transpose" => return Ok(self.moved(view.transposed(&order(node, sizes.len())?))),
            "Reshape" => {
                let to = match self.constant(node, 1)? {
                    Some(shape) => shape.to_ints()?,
                    None => node.ints("shape")?.unwrap_or_default().to_vec(),
                };
                reshaped(&sizes, &to, node.flag("allowzero", false)?)?
            }
            "Flatten" => {
                let at = node.int("axis", 1)?;
                let at = if at == sizes.len() as i64 { sizes.len() } else { axis(at, sizes.len())? };
                vec![sizes[..at].iter().product(), sizes[at..].iter().product()]
            }
            "Squeeze" => {
                let mut axes = self.axes(node)?;
                if node.flag("if_one", false)? {
                    let is_one = |at: &i64| axis(*at, sizes.len()).is_ok_and(|at| sizes[at] == 1);
                    axes.iter_mut().for_each(|axes| axes.retain(is_one));
                }
                squeezed(&sizes, axes.as_deref())?
            }
            "Unsqueeze" => match self.axes(node)? {
                Some(axes) => unsqueezed(&sizes, &axes)?,
                None => return fault("its axes are missing"),
            },
            "Cast" | "CastLike" => {
                let to = node.int("to", crate::constant::FLOAT)?;
                if !crate::constant::is_float(to) {
                    return fault(format!("it makes numbers of the type {}", crate::constant::type_name(to)));
                }
                return Ok(view);
            }
            // `Identity` does nothing.
            _ => return Ok(view),
        };
        match view.reshaped(&to) {
            Some(view) => Ok(self.moved(view)),
            None if view.is_in_order() => self.cut_anew(&view, &to),
            None => fault(format!("it makes {to:?} of a value of the shape {sizes:?} in another order than C, H, W")),
        }
    }

    /// A view that the node at hand made.
    pub(super) fn moved(&self, view: View) -> View {
        View { moved_by: Some(self.at), ..view }
    }

    /// Maps whose rows and columns are not those of the value before.
    fn cut_anew(&mut self, view: &View, to: &[usize]) -> Result<View, Stop> {
        let shape = match to {
            [1, features] => Shape::Vector(*features),
            [1, channels, width] => Shape::map(*channels, 1, *width),
            [1, channels, height, width] => Shape::map(*channels, *height, *width),
            _ => return fault(format!("{to:?} is the shape of neither a vector nor maps")),
        };
        let value = self.emit(Op::Rearrange(Rearrange::Reshape(shape)), vec![view.value], shape, Vec::new());
        Ok(View::natural(value, shape, to.len()))
    }

    /// Axes, which are an attribute before version 13, and an input from then on.
    fn axes(&self, node: &Node<'a>) -> Result<Option<Vec<i64>>, Stop> {
        match self.constant(node, 1)? {
            Some(axes) => Ok(Some(axes.to_ints()?)),
            None => Ok(node.ints("axes")?.map(<[i64]>::to_vec)),
        }
    }

    /// Channels to pixels, and back: shapes and orders, as ONNX defines them.
    pub(super) fn depth_to_space(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        let (&[batch, channels, height, width], Ok(block @ 1..)) =
            (&*view.sizes(), usize::try_from(node.int("blocksize", 0)?))
        else {
            return fault("its `blocksize` is not a number from 1, or it doesn't read maps");
        };
        let area = block.saturating_mul(block);
        let wrong = || Fault::new(format!("its `blocksize` {block} doesn't divide {channels} x {height} x {width}"));
        if node.op == "SpaceToDepth" {
            let (rows, columns) = (height / block, width / block);
            let split = view.reshaped(&[batch, channels, rows, block, columns, block]).ok_or_else(wrong)?;
            let moved = split.transposed(&[0, 3, 5, 1, 2, 4]);
            let moved = moved.reshaped(&[batch, channels.saturating_mul(area), rows, columns]).ok_or_else(wrong)?;
            let moved = self.moved(moved);
            return match node.ints("blocks")? {
                Some(blocks) if !blocks.is_sorted() => self.blocks_of(&moved, blocks, channels),
                Some(_) | None => Ok(moved),
            };
        }
        let fewer = channels / area;
        let (rows, columns) = (height.saturating_mul(block), width.saturating_mul(block));
        let (sizes, order) = if node.text("mode", "DCR")? == "CRD" {
            ([batch, fewer, block, block, height, width], [0, 1, 4, 2, 5, 3])
        } else {
            ([batch, block, block, fewer, height, width], [0, 3, 4, 1, 5, 2])
        };
        let moved = view.reshaped(&sizes).ok_or_else(wrong)?.transposed(&order);
        Ok(self.moved(moved.reshaped(&[batch, fewer, rows, columns]).ok_or_else(wrong)?))
    }

    /// Blocks of this many channels in another order.
    fn blocks_of(&mut self, view: &View, blocks: &[i64], size: usize) -> Result<View, Stop> {
        let view = View { is_only: false, ..self.natural(view)? };
        let block = |this: &mut Self, at: &i64| this.part(&view, 1, *at as usize * size, size);
        let parts = blocks.iter().map(|at| block(self, at)).collect::<Result<_, _>>()?;
        self.join(parts, 1)
    }
}
