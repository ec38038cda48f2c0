//! Maps of known numbers: coordinates, position embeddings, the grids of detectors.
//!
//! ```text
//! before   Add(x, [1, 2, 20, 20])                              Concat(x, [1, 1, 20, 20])
//! after    flatten -> batch_norm(eps = 0) -> reshape(2x20x20)   concat { x; flatten -> batch_norm(eps = 0) -> … }
//! ```
//!
//! The language has factors and shifts of channels, and every number of a vector is a channel. A constant alone is a
//! shift of numbers that are multiplied by 0.

use std::rc::Rc;

use super::affine::zeroed;
use super::{Lowering, Stop, fault};
use crate::constant::{Constant, positions};
use crate::fold::{broadcast, steps};
use crate::report::Fault;
use crate::view::View;

/// What a constant does to a value.
pub(super) type Apply<'g, 'l, 'a> = fn(&mut Lowering<'g, 'a>, &View, &Rc<Constant<'a>>) -> Result<View, Stop>;

impl<'g, 'a> Lowering<'g, 'a> {
    /// Applies a constant that has a number for each element, or numbers of several dimensions.
    pub(super) fn by_elements(
        &mut self,
        view: &View,
        constant: &Constant<'a>,
        apply: Apply<'g, '_, 'a>,
    ) -> Result<View, Stop> {
        let own = view.sizes();
        let refused = || {
            let why = format!("a constant of the shape {:?} does not go with a value of {own:?}", constant.dims);
            Stop::from(Fault::new(why))
        };
        let sizes = broadcast(&own, &constant.dims).map_err(|_| refused())?;
        let mut view = if sizes == own { view.clone() } else { self.repeated(view, &sizes)? };
        let all = view.shape.elements();
        if sizes.iter().product::<usize>() != all {
            view = self.natural(&view)?;
        }
        // The constant's numbers go to where those of the value are, and not the other way round.
        let mut numbers = vec![0.0; all];
        let (floats, indices) = (constant.to_f32()?, positions(&sizes, &steps(&constant.dims, &sizes)));
        for (place, index) in view.places(&view.dims).into_iter().zip(indices) {
            numbers[place] = floats[index];
        }
        let numbers = Constant { name: constant.name, ..Constant::floats(vec![1, all], numbers) };
        let maps = View { dims: View::natural(view.value, view.shape, 4).dims, ..view.clone() };
        let flat = maps.reshaped(&[1, all]).ok_or_else(refused)?;
        let flat = self.natural(&flat)?;
        let applied = apply(self, &flat, &Rc::new(numbers))?;
        Ok(self.moved(View { dims: view.flattened(), ..applied }))
    }

    /// A constant as a value next to another one, from whose numbers it is made.
    pub(super) fn known_value(&mut self, constant: &Constant<'a>, of: &View) -> Result<View, Stop> {
        let (count, all) = (constant.len(), of.sizes().iter().product());
        let of = View { is_only: false, ..of.clone() };
        let Some(flat) = of.reshaped(&[1, all]) else { return fault("it joins a constant with a part of a value") };
        let flat = self.natural(&flat)?;
        let times = count.div_ceil(all);
        if times > MOST_TIMES {
            return fault(format!("it joins {count} numbers that are known with a value of {all}"));
        }
        let enough = self.join(vec![View { is_only: false, ..flat }; times], 1)?;
        let some = self.part(&enough, 1, 0, count)?;
        let known = zeroed(self, &some, constant)?;
        known
            .reshaped(&constant.dims)
            .map(|view| self.moved(view))
            .ok_or_else(|| Fault::new("it has no numbers").into())
    }
}

/// A value is joined to itself at most this often to have as many numbers as a constant.
const MOST_TIMES: usize = 64;
