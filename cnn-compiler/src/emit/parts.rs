//! What the parts of a net's code share: the plan, the description, names, and where in memory things are.

use cnn_net::graph::Graph;
use proc_macro2::TokenStream;
use quote::quote;

use super::embed::Embedded;
use super::names::Names;
use super::values::number;
use crate::ast::Net;
use crate::plan::{Plan, Range, round_up};

/// Workspaces up to this many bytes are a field of the net, which then needs no allocator; larger ones could overflow
/// a stack.
const INLINE_BYTES: usize = 128 << 10;

/// What the parts of a net's code need to know.
pub(super) struct Parts<'a> {
    pub(super) net: &'a Net,
    pub(super) plan: &'a Plan,
    pub(super) graph: &'a Graph<'a>,
    pub(super) embedded: Option<&'a Embedded>,
    pub(super) memory: Memory,
    pub(super) names: Names,
}

/// Where in the memory of a net its images, outputs and taps are.
pub(super) struct Memory {
    /// Images of one pass.
    pub(super) images: usize,
    /// Floats from the workspace of one to that of the next.
    pub(super) distance: usize,
    /// All floats.
    pub(super) floats: usize,
    /// Of the first image's output.
    pub(super) output: Range,
    /// Of the first image's taps.
    pub(super) taps: Vec<Range>,
}

impl Memory {
    /// A single image's outputs are read in its workspace; those of several are gathered after all workspaces.
    pub(super) fn new(plan: &Plan, images: usize) -> Self {
        let distance = plan.distance;
        if images == 1 {
            let (output, taps) = (plan.output, plan.taps.clone());
            return Self { images, distance, floats: plan.workspace_len, output, taps };
        }
        // The last image has all of its workspace.
        let mut floats = (images - 1) * distance + round_up(plan.workspace_len).max(distance);
        let mut place = |range: &Range| {
            let place = Range { offset: floats, len: range.len };
            floats += round_up(images * range.len);
            place
        };
        let (output, taps) = (place(&plan.output), plan.taps.iter().map(place).collect());
        Self { images, distance, floats, output, taps }
    }
}

impl Parts<'_> {
    /// Bytes of the workspace.
    pub(super) fn workspace_bytes(&self) -> usize {
        self.memory.floats * size_of::<f32>()
    }

    /// Whether the workspace is a field of the net.
    pub(super) fn is_inline(&self) -> bool {
        self.workspace_bytes() <= INLINE_BYTES
    }

    /// The types of input and output.
    pub(super) fn array_types(&self) -> [TokenStream; 2] {
        [self.graph.input, self.graph.output].map(|shape| self.array_type(shape.elements()))
    }

    /// `[f32; 10]`, or `[[f32; 10]; 8]` of a batch.
    pub(super) fn array_type(&self, len: usize) -> TokenStream {
        let (len, images) = (number(len), number(self.memory.images));
        if self.memory.images == 1 { quote!([rt::f32; #len]) } else { quote!([[rt::f32; #len]; #images]) }
    }

    /// The expression that reads a range of each image.
    pub(super) fn array(&self, range: Range) -> TokenStream {
        let [offset, len, images] = [range.offset, range.len, self.memory.images].map(number);
        if self.memory.images == 1 {
            quote!(self.workspace.array::<#offset, #len>())
        } else {
            quote!(self.workspace.arrays::<#offset, #len, #images>())
        }
    }
}
