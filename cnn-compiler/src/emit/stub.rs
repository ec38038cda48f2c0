//! The types of a net with mistakes: what is said about the net is enough, its uses need no errors of their own.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::values::number;
use crate::ast::Net;
use crate::eval;
use crate::report::Report;

/// The types of a net that does not compile.
pub(crate) fn stub(net: &Net) -> TokenStream {
    let name = &net.name;
    let weights = format_ident!("{name}Weights");
    let (visibility, attributes) = (&net.visibility, &net.attributes);
    // Mistakes in the shapes were reported; any length will do then.
    let mut reported = Report::default();
    let mut length = |expr| number(eval::shape(expr, &mut reported).map_or(0, |shape| shape.elements()));
    let (inputs, outputs) = (length(&net.input), length(&net.output));
    quote! {
        #(#attributes)*
        #[doc(hidden)]
        #[derive(::core::fmt::Debug)]
        #visibility struct #name<'w>(&'w #weights);

        #(#attributes)*
        #[doc(hidden)]
        #[derive(::core::fmt::Debug)]
        #visibility struct #weights(());

        #(#attributes)*
        #[doc(hidden)]
        #[allow(dead_code, unused_variables, missing_docs, reason = "the net has mistakes, this only stands for it")]
        impl<'w> #name<'w> {
            pub fn new(weights: &'w #weights) -> Self {
                Self(weights)
            }

            pub fn embedded() -> Self {
                ::core::unreachable!()
            }

            pub fn forward(&mut self, input: &[f32; #inputs]) -> &[f32; #outputs] {
                ::core::unreachable!()
            }
        }

        #(#attributes)*
        #[doc(hidden)]
        #[allow(dead_code, unused_variables, missing_docs, reason = "the net has mistakes, this only stands for it")]
        impl #weights {
            pub fn from_safetensors(file: &[u8]) -> ::core::result::Result<Self, ::core::convert::Infallible> {
                ::core::result::Result::Ok(Self(()))
            }
        }
    }
}
