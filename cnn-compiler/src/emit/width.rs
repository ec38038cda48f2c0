//! Nets with more memory than a 32-bit target can address. Each of their constants would be an error there.

use cnn_net::text::thousands;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

use super::train::Training;
use crate::ast::Net;
use crate::plan::Plan;
use crate::report::{Place, message};

/// Bytes of the largest value on a target with pointers of 32 bits.
const MOST: usize = i32::MAX as usize;

/// A part of a net's memory, and its bytes.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    what: &'static str,
    bytes: usize,
}

impl Part {
    /// The largest part of a net's memory.
    pub(crate) fn largest(plan: &Plan, training: Option<&Training>) -> Self {
        let floats = |what, floats: usize| Self { what, bytes: floats.saturating_mul(size_of::<f32>()) };
        let [workspace, weights] = [floats("workspace", plan.pass().floats), floats("weights", plan.packed_len)];
        let step = floats("training step", training.map_or(0, |training| training.plan.layout().floats()));
        // The first of several.
        [weights, step].into_iter().fold(workspace, |most, part| if part.bytes > most.bytes { part } else { most })
    }

    /// Whether every target can address it.
    pub(crate) fn is_small(self) -> bool {
        self.bytes <= MOST
    }

    /// The code of a net with this part: elsewhere than on 64-bit targets, an error and the stub.
    pub(crate) fn guarded(
        self,
        net: &Net,
        runtime: &TokenStream,
        code: &TokenStream,
        stub: &TokenStream,
    ) -> TokenStream {
        let Self { what, bytes } = self;
        let [bytes, most] = [bytes, MOST].map(|bytes| thousands(bytes as u64));
        let wrong =
            format!("`{}` needs a 64-bit target: its {what} has {bytes} bytes, and others address {most}", net.name);
        let error = Place::from(net.name.span())
            .mistake(&message(&wrong, "declare smaller inputs or fewer images per pass").to_string());
        let error = error.into_compile_error();
        let conditions: Vec<&Attribute> =
            net.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
        quote! {
            #runtime::if_64_bits! {
                { #code }
                { #(#conditions)* #error #stub }
            }
        }
    }
}
