//! The packing recipe, and weights in the binary.

use std::io::ErrorKind;
use std::path::Path;

use cnn_runtime::graph::Graph;
use cnn_runtime::weights::{Layout, Pack, load};
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::LitStr;

use super::values::{number, option, size};
use crate::plan::Plan;
use crate::report::Report;

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
            let [groups, outputs, inputs] = [panels.groups, panels.outputs, panels.inputs].map(number);
            let kernel = size(panels.kernel);
            quote!(rt::Layout::Conv(rt::ConvPanels {
                groups: #groups, outputs: #outputs, inputs: #inputs, kernel: #kernel,
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

/// The packed weights of a net as a byte string.
pub(crate) struct Embedded {
    /// Little-endian floats.
    bytes: Literal,
    /// Makes the compiler look at the file, so that a changed one rebuilds the crate.
    file: TokenStream,
}

impl Embedded {
    pub(super) fn tokens(&self, packed_len: usize) -> TokenStream {
        let (bytes, file, len) = (&self.bytes, &self.file, number(packed_len));
        quote! {
            /// Rebuilds the crate when the file changes.
            const _: &[u8] = ::core::include_bytes!(#file);
            static FLOATS: rt::Aligned<#len> = rt::Aligned::from_le_bytes(#bytes);
            static EMBEDDED: Weights = Weights { packed: rt::Packed::Embedded(&FLOATS) };
        }
    }
}

/// Reads and packs the file of a `#[weights("…")]`, whose path is counted from the crate's root.
pub(crate) fn embed(path: &LitStr, graph: &Graph<'_>, plan: &Plan, report: &mut Report) -> Option<Embedded> {
    let relative = path.value();
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let full = Path::new(&root).join(&relative);
    let file = match std::fs::read(&full) {
        Ok(file) => file,
        Err(error) => {
            let cause = match error.kind() {
                // The system's own words differ from one to the next.
                ErrorKind::NotFound => "there is no such file".to_owned(),
                _ => error.to_string(),
            };
            let wrong = format!("can't read the weights `{relative}`: {cause}");
            report.error(
                path.span(),
                format!("{wrong}\nhelp: the path is counted from the crate's root, where Cargo.toml is"),
            );
            return None;
        }
    };
    let mut packed = vec![0.0; plan.packed_len];
    if let Err(error) = load(graph, &plan.recipe, &file, &mut packed) {
        report.error(path.span(), format!("`{relative}`: {error}"));
        return None;
    }
    let bytes: Vec<u8> = packed.iter().flat_map(|float| float.to_le_bytes()).collect();
    let file = if Path::new(&relative).is_absolute() {
        quote!(#relative)
    } else {
        let behind = format!("/{relative}");
        quote!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #behind))
    };
    Some(Embedded { bytes: Literal::byte_string(&bytes), file })
}
