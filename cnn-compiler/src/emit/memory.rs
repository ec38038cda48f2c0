//! `MEMORY`.

use cnn_net::memory::Holds;
use proc_macro2::TokenStream;
use quote::quote;

use super::values::number;
use crate::plan::Plan;

/// The literal of a workspace over time.
pub(super) fn memory(plan: &Plan) -> TokenStream {
    let nodes = &plan.net.shaped.graph.nodes;
    let layers = plan.net.steps.iter().map(|step| nodes[step.node].name.as_str());
    let times: Vec<&str> = ["input"].into_iter().chain(layers).chain(["output"]).collect();
    let mut sorted: Vec<_> = plan.buffers.iter().collect();
    sorted.sort_by_key(|buffer| (buffer.first, buffer.offset));
    let buffers = sorted.into_iter().map(|buffer| {
        // A concat's branches write into its buffer before it runs.
        let owner = plan.net.steps.iter().position(|step| Some(step.output) == buffer.value);
        let name = owner.map_or(times[buffer.first], |step| times[step + 1]);
        let holds = match buffer.holds {
            Holds::Values => quote!(Values),
            Holds::Scratch => quote!(Scratch),
            Holds::Output => quote!(Output),
        };
        let [offset, len, first, last] = [buffer.offset, buffer.len, buffer.first, buffer.last].map(number);
        quote! {
            rt::Buffer {
                name: #name, holds: rt::Holds::#holds, offset: #offset, len: #len, first: #first, last: #last,
            }
        }
    });
    let [floats, lower_bound] = [plan.workspace_len, plan.lower_bound].map(number);
    quote! {
        rt::Memory {
            floats: #floats, lower_bound: #lower_bound,
            times: &[#(#times),*],
            buffers: &[#(#buffers),*],
        }
    }
}
