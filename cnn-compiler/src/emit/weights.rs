//! The packing recipe.

use cnn_runtime::pack::{ConvPanels, DenseRows};
use cnn_runtime::weights::{Layout, Pack};
use proc_macro2::TokenStream;
use quote::quote;

use super::values::{number, option, size};

/// The literal of the recipe.
pub(super) fn recipe(recipe: &[Pack]) -> TokenStream {
    let steps = recipe.iter().map(|pack| {
        let (node, offset, norm) = (number(pack.node), number(pack.offset), option(pack.norm.map(number)));
        let layout = layout(&pack.layout);
        quote!(rt::Pack { node: #node, norm: #norm, offset: #offset, layout: #layout })
    });
    quote!(&[#(#steps),*])
}

fn layout(layout: &Layout) -> TokenStream {
    match layout {
        Layout::Conv(panels) => {
            let panels = conv_panels(panels);
            quote!(rt::Layout::Conv(#panels))
        }
        Layout::F16(panels) => {
            let panels = conv_panels(panels);
            quote!(rt::Layout::F16(#panels))
        }
        Layout::Rows(rows) => {
            let rows = dense_rows(rows);
            quote!(rt::Layout::Rows(#rows))
        }
        Layout::RowsF16(rows) => {
            let rows = dense_rows(rows);
            quote!(rt::Layout::RowsF16(#rows))
        }
        Layout::Winograd(panels) => {
            let [groups, outputs, inputs] = [panels.groups, panels.outputs, panels.inputs].map(number);
            let [kernel, stride, tile] = [panels.kernel, panels.stride, panels.tile].map(number);
            quote!(rt::Layout::Winograd(rt::WinogradPanels {
                groups: #groups, outputs: #outputs, inputs: #inputs, kernel: #kernel, stride: #stride, tile: #tile,
            }))
        }
        Layout::Columns(panels) => {
            let [outputs, inputs, tile] = [panels.outputs, panels.inputs, panels.tile].map(number);
            let kernel = size(panels.kernel);
            quote!(rt::Layout::Columns(rt::ColumnPanels {
                outputs: #outputs, inputs: #inputs, kernel: #kernel, tile: #tile,
            }))
        }
        Layout::Depthwise(taps) => {
            let (channels, kernel) = (number(taps.channels), size(taps.kernel));
            quote!(rt::Layout::Depthwise(rt::DepthwiseTaps { channels: #channels, kernel: #kernel }))
        }
        Layout::ScaleShift { channels } => {
            let channels = number(*channels);
            quote!(rt::Layout::ScaleShift { channels: #channels })
        }
        Layout::Slopes { channels, pixels } => {
            let [channels, pixels] = [*channels, *pixels].map(number);
            quote!(rt::Layout::Slopes { channels: #channels, pixels: #pixels })
        }
    }
}

fn conv_panels(panels: &ConvPanels) -> TokenStream {
    let [groups, outputs, inputs] = [panels.groups, panels.outputs, panels.inputs].map(number);
    let kernel = size(panels.kernel);
    quote!(rt::ConvPanels { groups: #groups, outputs: #outputs, inputs: #inputs, kernel: #kernel })
}

fn dense_rows(rows: &DenseRows) -> TokenStream {
    let [outputs, inputs, pixels] = [rows.outputs, rows.inputs, rows.pixels].map(number);
    quote!(rt::DenseRows { outputs: #outputs, inputs: #inputs, pixels: #pixels })
}
