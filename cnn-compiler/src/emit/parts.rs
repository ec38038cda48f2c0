//! What the parts of a net's code share: the plan, the description, names, and where in memory things are.

use cnn_net::graph::Graph;
use proc_macro2::TokenStream;
use quote::quote;

use super::embed::Embedded;
use super::names::Names;
use super::ports::Ports;
use super::train::Training;
use super::values::number;
use crate::ast::Net;
use crate::plan::{Pass, Plan, Range};

/// Workspaces up to this many bytes are a field of the net, which then needs no allocator; larger ones could overflow
/// a stack.
const INLINE_BYTES: usize = 128 << 10;

/// What the parts of a net's code need to know.
pub(super) struct Parts<'a> {
    pub(super) net: &'a Net,
    /// The other net whose weights it reads.
    pub(super) shares: Option<&'a Net>,
    pub(super) plan: &'a Plan,
    pub(super) graph: &'a Graph<'a>,
    pub(super) embedded: Option<&'a Embedded>,
    pub(super) training: Option<&'a Training>,
    pub(super) memory: Pass,
    pub(super) names: Names,
}

impl Parts<'_> {
    /// Bytes of the workspace.
    pub(super) fn workspace_bytes(&self) -> usize {
        self.plan.bytes()
    }

    /// Whether the workspace is a field of the net.
    pub(super) fn is_inline(&self) -> bool {
        self.workspace_bytes() <= INLINE_BYTES
    }

    /// What it reads and writes.
    pub(super) fn ports(&self) -> Ports<'_> {
        Ports { net: self.net, names: &self.names, graph: self.graph, images: self.memory.images }
    }

    /// The expression that reads a range of each image in a workspace.
    pub(super) fn array(&self, workspace: TokenStream, range: Range) -> TokenStream {
        let [offset, len, images] = [range.offset, range.len, self.memory.images].map(number);
        if self.memory.images == 1 {
            quote!(#workspace.array::<#offset, #len>())
        } else {
            quote!(#workspace.arrays::<#offset, #len, #images>())
        }
    }
}
