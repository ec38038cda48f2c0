//! Outputs of the net.
//!
//! ```text
//! before   Squeeze(x, [1]) of [1, 1, 16, 16]     Reshape(x, [1, 3, 7, 8, 8]) of [1, 21, 8, 8]     Squeeze(x) of [1, 1]
//! after    the maps, 1x16x16                     the maps, 21x8x8                                 a vector of 1
//! ```

use cnn_net::graph::Value;
use cnn_net::op::{Activation, Op, Shape, Size};

use super::{Lowering, Stop, Term, fault};
use crate::graph::Output;
use crate::report::Fault;
use crate::view::View;

impl Lowering<'_, '_> {
    /// An output of the net, as a vector or as maps.
    pub(super) fn output(&mut self, output: &Output<'_>) -> Option<Value> {
        let found = match self.terms[output.id].clone() {
            Some(Term::View(view)) => {
                self.at = self.graph.nodes.len().saturating_sub(1);
                self.given(&view)
            }
            Some(Term::Repeated(view, sizes)) => {
                self.at = self.graph.nodes.len().saturating_sub(1);
                self.repeated(&view, &sizes).and_then(|view| self.given(&view))
            }
            Some(Term::Broken) => Err(Stop::Broken),
            Some(Term::Constant(_)) | None => fault("it doesn't depend on an input"),
        };
        match found {
            // A net has at least one layer, even if it does nothing.
            Ok(view) if matches!(view.value, Value::Input(_)) && !self.graph.nodes.is_empty() => {
                Some(self.emit_on(&view, Op::Activation(Activation::Identity), Vec::new()).value)
            }
            Ok(view) if matches!(view.value, Value::Node(_)) => Some(view.value),
            Ok(_) => {
                self.problems.push(Fault::new("it is an input").of("output", output.name));
                None
            }
            Err(Stop::Fault(fault)) => {
                self.problems.push(fault.of("output", output.name));
                None
            }
            Err(Stop::Broken) => None,
        }
    }

    /// A value as an output: a vector or maps, which dimensions of 1 don't matter for; of more dimensions, the numbers as they are.
    fn given(&mut self, view: &View) -> Result<View, Stop> {
        let sizes = view.sizes();
        let several = |sizes: &[usize]| sizes.iter().copied().filter(|size| *size > 1).collect::<Vec<_>>();
        let Size { height, width } = view.shape.size();
        let is_alike = several(&sizes) == several(&[view.shape.channels(), height, width]);
        let is_squeezed =
            sizes.len() == 3 && is_alike || sizes.len() > 4 || sizes.first().is_some_and(|batch| *batch != 1);
        match view.reshaped(&[1, sizes.iter().product()]) {
            _ if is_squeezed && view.is_in_order() && matches!(view.shape, Shape::Map { .. }) => Ok(view.clone()),
            Some(flat) if is_squeezed && sizes.len() != 3 || sizes.len() < 2 => self.natural(&flat),
            Some(_) | None => self.natural(view),
        }
    }
}
