//! Products with matrices.
//!
//! ```text
//! before   Flatten → Gemm(x, weight, bias), or MatMul(x, weight) → Add(·, bias)
//! after    linear(features)
//!
//! before   Transpose(0, 2, 3, 1) → MatMul(x, weight)
//! after    conv(features, 1x1, bias = false)
//! ```
//!
//! A row of a matrix goes with the numbers of a value in the order C, H, W, and is permuted if the graph has these in another.

use cnn_net::text::count;
use std::rc::Rc;

use cnn_net::op::{Linear, Op, Role, Shape};

use super::activation::ATTENTION;
use super::{Lowering, Stop, Weight, fault};
use crate::constant::Constant;
use crate::graph::Node;
use crate::report::Fault;
use crate::view::{Axis, View};

impl<'a> Lowering<'_, 'a> {
    pub(super) fn gemm(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        if node.flag("transA", false)? {
            return fault("it transposes its first input, which is a value of the net");
        }
        let weight = self.needs(node, 1)?;
        let scaled = |constant: Rc<Constant<'a>>, factor: f32| -> Result<Rc<Constant<'a>>, Stop> {
            if factor == 1.0 {
                return Ok(constant);
            }
            let floats = constant.to_f32()?.iter().map(|number| number * factor).collect();
            Ok(Rc::new(Constant { name: constant.name, ..Constant::floats(constant.dims.clone(), floats) }))
        };
        let weight = scaled(weight, node.float("alpha", 1.0)?)?;
        let view = self.view(node, 0)?;
        let result = self.product(&view, &weight, node.flag("transB", false)?)?;
        match self.constant(node, 2)? {
            None => Ok(result),
            Some(bias) => {
                let bias = scaled(bias, node.float("beta", 1.0)?)?;
                if self.graph.is_exact && self.biased(&result, &bias) {
                    Ok(result)
                } else {
                    self.shifted(&result, &bias)
                }
            }
        }
    }

    /// Gives the product that was just made its own bias as it is, whatever it is.
    fn biased(&mut self, result: &View, bias: &Rc<Constant<'a>>) -> bool {
        let Some(draft) = self.sole(result) else { return false };
        match &mut draft.op {
            Op::Linear(linear) if bias.dims == [linear.features] => linear.bias = true,
            Op::Conv(conv) if bias.dims == [conv.filters] => conv.bias = true,
            _ => return false,
        }
        draft.tensors.push(Weight::new(Role::Bias, bias));
        true
    }

    pub(super) fn mat_mul(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        let view = self.view(node, 0)?;
        if let Some(id) = node.input(1)
            && self.constant_of(id).is_none()
        {
            // Reports what is broken first.
            self.view(node, 1)?;
            let why = "it multiplies two values of the net with each other, as attention does";
            return Err(Fault::new(why).help(ATTENTION).into());
        }
        let weight = self.needs(node, 1)?;
        let &[inputs] = &*weight.dims else { return self.product(&view, &weight, false) };
        // A vector is a matrix of one column, of which the dimension is gone.
        let column = Rc::new(weight.with_dims(vec![inputs, 1]));
        let mut product = self.product(&view, &column, false)?;
        product.dims.pop();
        Ok(product)
    }

    /// The product of the last dimension with a matrix of `[inputs, outputs]`, or the other way around.
    fn product(&mut self, view: &View, weight: &Rc<Constant<'a>>, is_transposed: bool) -> Result<View, Stop> {
        let dims: Vec<usize> =
            weight.dims.iter().copied().skip_while(|size| *size == 1 && weight.dims.len() > 2).collect();
        let (&[rows, columns], Some((last, before))) = (&*dims, view.dims.split_last()) else {
            return fault(format!("its matrix has the shape {:?}", weight.dims));
        };
        let [outputs, inputs] = if is_transposed { [rows, columns] } else { [columns, rows] };
        let sizes = view.sizes();
        if sizes.last() != Some(&inputs) || outputs == 0 {
            return fault(format!(
                "its matrix is for {inputs}, and it reads a value of the shape {sizes:?}",
                inputs = count(inputs as u64, "input")
            ));
        }
        let weight_rows = |order: Option<Vec<usize>>| -> Result<Weight<'a>, Stop> {
            let constant = weight.with_dims(dims.clone());
            let constant = if is_transposed { constant } else { constant.transposed(&[1, 0])? };
            let constant = Constant { name: weight.name, ..permuted(constant, order)? };
            Ok(Weight::new(Role::Weight, &Rc::new(constant)))
        };
        let is_single = before.iter().all(Vec::is_empty);
        let last_dim = view.dims.len() - 1;
        if !is_single || (view.dims.len() > 2 && matches!(view.shape, Shape::Map { .. })) {
            // A matrix for each pixel.
            let led = self.led_by(view, last_dim)?;
            let led = if let Shape::Vector(_) = led.shape { self.as_maps(led) } else { led };
            let result = self.pixelwise(&led, weight_rows(None)?, outputs);
            let dims =
                led.dims[..last_dim].iter().cloned().chain([result.whole(Axis::C).into_iter().collect()]).collect();
            return Ok(View { dims, ..result });
        }
        if inputs != view.shape.elements() {
            return fault(format!("it reads a part of a value: {sizes:?}"));
        }
        let order = (!view.is_in_order()).then(|| view.places(std::slice::from_ref(last)));
        let weight = weight_rows(order)?;
        let shape = Shape::Vector(outputs);
        let linear = Linear::new(outputs).bias(false);
        let value = self.emit(Op::Linear(linear), vec![view.value], shape, vec![weight]);
        let mut dims = vec![Vec::new(); before.len()];
        dims.push(View::natural(value, shape, 2).dims.swap_remove(1));
        Ok(View::of(value, shape, dims))
    }
}

/// A matrix with its columns in the places that are given.
fn permuted<'a>(constant: Constant<'a>, places: Option<Vec<usize>>) -> Result<Constant<'a>, Stop> {
    let Some(places) = places else { return Ok(constant) };
    let floats = constant.to_f32()?;
    let mut moved = vec![0.0; floats.len()];
    for (from, to) in floats.chunks(places.len()).zip(moved.chunks_mut(places.len())) {
        for (number, place) in from.iter().zip(&places) {
            to[*place] = *number;
        }
    }
    Ok(Constant::floats(constant.dims.clone(), moved))
}
