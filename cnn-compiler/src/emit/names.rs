//! The names of what a net becomes, and the block that its code is in.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::ast::{self, Net};

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
    /// `LeNet5Inputs`, if they have names
    pub(super) inputs: Ident,
    /// `LeNet5Outputs`, if they have names
    pub(super) outputs: Ident,
    /// `LeNet5Target`, if it trains and has several outputs
    pub(super) target: Ident,
    /// The type parameter: where the workspace is.
    pub(super) space: Ident,
}

impl Names {
    pub(super) fn new(name: &Ident) -> Self {
        let [weights, workspace, inputs, outputs, target] =
            ["Weights", "Workspace", "Inputs", "Outputs", "Target"].map(|suffix| format_ident!("{name}{suffix}"));
        let space = format_ident!("{}", if name == "S" { "T" } else { "S" });
        Self { name: name.clone(), weights, workspace, inputs, outputs, target, space }
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
    let Names { name, weights, workspace, inputs, outputs, target, .. } = &names;
    let inner = Names::new(&format_ident!("Net"));
    let Names { name: its_name, weights: its_weights, workspace: its_workspace, .. } = &inner;
    let (its_inputs, its_outputs, its_target) = (&inner.inputs, &inner.outputs, &inner.target);
    let inputs = ast::names(&net.inputs).then(|| quote!(type #its_inputs<'a> = #inputs<'a>;));
    let outputs = ast::names(&net.outputs).then(|| quote!(type #its_outputs<'a> = #outputs<'a>;));
    let target = net.has_struct_of_targets().then(|| quote!(type #its_target = #target;));
    let aliases = quote! {
        type #its_name<'w, S = #space> = #name<'w, S>;
        type #its_weights = #weights;
        type #its_workspace = #workspace;
        #inputs
        #outputs
        #target
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
