//! Fully connected layers.

use cnn_net::op::Size;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::dense::{
    Dense, dense as dense_f32, dense_batch, dense_f16, dense_f16_batch, dense_nonzero, dense_nonzero_f16,
};
use cnn_runtime::pack::{ConvPanels, DenseRows};
use cnn_runtime::place::workspace::Batch;

use super::maker::{Maker, of_map};
use super::{Case, Writes};

/// How weights are stored and read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Panels,
    PanelsF16,
    Rows,
    RowsF16,
}

#[derive(Debug)]
struct Layer {
    kind: Kind,
    dense: Dense,
}

pub(super) fn dense(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let kind = maker.choices.pick(&[Kind::Panels, Kind::PanelsF16, Kind::Rows, Kind::RowsF16]);
    let (size, inputs, outputs) = (maker.size(5), maker.channels(), maker.channels());
    let (input, output) = (maker.plain(size, inputs), maker.plain(Size::square(1), outputs));
    let panels = ConvPanels { groups: 1, outputs, inputs, kernel: size };
    let rows = DenseRows { outputs, inputs, pixels: size.area() };
    let floats = match kind {
        Kind::Panels => panels.len(),
        Kind::PanelsF16 => panels.f16_len(),
        Kind::Rows => rows.len(),
        Kind::RowsF16 => rows.f16_len(),
    };
    let (residual, activation) = (maker.residual(output), maker.activation());
    Box::new(Layer {
        kind,
        dense: Dense { input, output, weights: maker.weights(floats), residual, activation: activation.into() },
    })
}

impl Case for Layer {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let Dense { input, output, weights, residual, .. } = &mut self.dense;
        let maps = of_map(input).into_iter().chain(of_map(output)).chain(residual.iter_mut().flat_map(of_map));
        maps.chain([weights]).collect()
    }

    fn run(&self, run: Run<'_>, batch: Batch, weights: &[f32], ws: &mut [f32]) {
        let (layer, alone) = (&self.dense.check(), batch == Batch::one(ws));
        match self.kind {
            Kind::Panels if alone => dense_f32(run, layer, weights, ws),
            Kind::PanelsF16 if alone => dense_f16(run, layer, weights, ws),
            Kind::Panels => dense_batch(run, layer, batch, weights, ws),
            Kind::PanelsF16 => dense_f16_batch(run, layer, batch, weights, ws),
            Kind::Rows => dense_nonzero(run, layer, weights, ws),
            Kind::RowsF16 => dense_nonzero_f16(run, layer, weights, ws),
        }
    }

    fn writes(&self) -> Writes {
        self.dense.output.into()
    }

    fn takes_batch(&self) -> bool {
        matches!(self.kind, Kind::Panels | Kind::PanelsF16)
    }
}
