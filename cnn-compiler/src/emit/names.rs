//! The names of what a net becomes, and the block that its code is in.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::ast::Net;

/// Types and modules that the block itself needs.
const TAKEN: [&str; 3] = ["rt", "Weights", "assembly"];

/// The types of a net.
pub(super) struct Names {
    /// `LeNet5`
    pub(super) name: Ident,
    /// `LeNet5Weights`
    pub(super) weights: Ident,
    /// `LeNet5Workspace`
    pub(super) workspace: Ident,
    /// The type parameter: where the workspace is.
    pub(super) space: Ident,
}

impl Names {
    pub(super) fn new(name: &Ident) -> Self {
        let (weights, workspace) = (format_ident!("{name}Weights"), format_ident!("{name}Workspace"));
        let space = format_ident!("{}", if name == "S" { "T" } else { "S" });
        Self { name: name.clone(), weights, workspace, space }
    }
}

/// The content of a block that nothing outside sees: `code`, for which `rt` is the runtime. A net whose name means
/// something else there gets another one inside. `space` is where its workspace is by default.
pub(super) fn block(
    net: &Net,
    runtime: &TokenStream,
    space: &TokenStream,
    code: impl FnOnce(Names) -> TokenStream,
) -> TokenStream {
    let names = Names::new(&net.name);
    if !TAKEN.iter().any(|taken| names.name == taken) {
        let code = code(names);
        return quote! {
            use #runtime as rt;
            #code
        };
    }
    let Names { name, weights, workspace, .. } = &names;
    let inner = Names::new(&format_ident!("Net"));
    let Names { name: net, weights: its_weights, workspace: its_workspace, .. } = &inner;
    let aliases = quote! {
        type #net<'w, S = #space> = #name<'w, S>;
        type #its_weights = #weights;
        type #its_workspace = #workspace;
    };
    let code = code(inner);
    quote! {
        #aliases
        const _: () = {
            use #runtime as rt;
            #code
        };
    }
}
