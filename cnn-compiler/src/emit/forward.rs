//! `forward` and the taps. Both `forward` and those who measure it call `pass`: a straight line of kernel calls; with a
//! batch, a loop over the images around those calls that have no weights to share.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::kernels::Statement;
use super::names::Names;
use super::parts::Parts;
use super::values::{number, tokens};

impl Parts<'_> {
    /// `forward` and the taps.
    pub(super) fn forward(&self, calls: &[Statement]) -> TokenStream {
        let Parts { names: Names { name, .. }, graph, plan, .. } = self;
        let [input, output] = self.array_types();
        let each =
            if self.memory.images == 1 { String::new() } else { format!(" for each of {} images", self.memory.images) };
        let doc = format!(
            " Runs the net{each}: `{}` in, `{}` out, both in the order channels, rows, columns. Allocates nothing.",
            graph.input, graph.output
        );
        let reads_weights = plan.calls.iter().any(|call| call.pack.is_some());
        let weights = reads_weights.then(|| quote!(let weights = &*self.weights.packed;));
        let taps = self.taps();
        let (constant, calls) = if self.memory.images == 1 {
            (None, vec![statements(calls)])
        } else {
            (Some(self.batch()), self.batched(calls))
        };
        let result = self.array(self.memory.output);
        quote! {
            #constant

            impl #name<'_> {
                #[doc = #doc]
                pub fn forward(&mut self, input: &#input) -> &#output {
                    self.pass(rt::Run::best().on(self.threads), input)
                }

                /// The kernels, in order.
                fn pass(&mut self, run: rt::Run<'_>, input: &#input) -> &#output {
                    #weights
                    let workspace = self.workspace.floats();
                    #(#calls)*
                    #result
                }

                #(#taps)*
            }
        }
    }

    fn batch(&self) -> TokenStream {
        let [images, floats] = [self.memory.images, self.memory.distance].map(number);
        quote! {
            /// Images per pass, and the floats from the workspace of one to that of the next.
            const BATCH: rt::Batch = rt::Batch { images: #images, floats: #floats };
        }
    }

    /// The calls of a batch: some kernels with weights take all images; those before and between them run image by image.
    fn batched(&self, calls: &[Statement]) -> Vec<TokenStream> {
        let shares = |call: &Statement| matches!(call, Statement::Batch(_));
        let mut all: Vec<TokenStream> = calls
            .chunk_by(|a, b| !shares(a) && !shares(b))
            .enumerate()
            .map(|(index, run)| {
                let calls = statements(run);
                if run.iter().any(shares) {
                    calls
                } else if index == 0 {
                    // The first run loads the images, and has most of the work.
                    quote!(for (image, input) in ::core::iter::Iterator::enumerate(input.iter()) {
                        let workspace = BATCH.from_image(image, workspace);
                        #calls
                    })
                } else {
                    quote!(for workspace in BATCH.split(workspace) { #calls })
                }
            })
            .collect();
        let ranges = self.plan.taps.iter().zip(&self.memory.taps).chain([(&self.plan.output, &self.memory.output)]);
        all.extend(ranges.map(|(from, to)| {
            let [from, len, to] = [from.offset, from.len, to.offset].map(number);
            quote!(BATCH.gather(#from, #len, #to, workspace);)
        }));
        all
    }

    /// A method for each tap.
    fn taps(&self) -> impl Iterator<Item = TokenStream> {
        self.graph.taps.iter().zip(&self.memory.taps).map(|(tap, range)| {
            let method = format_ident!("tap_{}", tap.name.replace('.', "_"));
            let (array, value) = (self.array_type(range.len), self.array(*range));
            let doc = format!(
                " What the last pass left at `{}`: {}, in the order channels, rows, columns.",
                tap.name,
                self.graph.shape(tap.value)
            );
            quote! {
                #[doc = #doc]
                pub fn #method(&self) -> &#array {
                    #value
                }
            }
        })
    }

    /// `Network::tap`, of a net that has some.
    pub(super) fn tap(&self) -> Option<TokenStream> {
        if self.graph.taps.is_empty() {
            return None;
        }
        let flat = (self.memory.images > 1).then(|| quote!(.as_flattened()));
        let taps = self.graph.taps.iter().map(|tap| {
            let (name, method) = (tap.name, format_ident!("tap_{}", tap.name.replace('.', "_")));
            quote!(#name => rt::Some(self.#method()#flat),)
        });
        Some(quote! {
            fn tap(&self, name: &rt::str) -> rt::Option<&[rt::f32]> {
                match name {
                    #(#taps)*
                    _ => rt::None,
                }
            }
        })
    }
}

/// Statements as tokens.
fn statements(calls: &[Statement]) -> TokenStream {
    let lines = calls.iter().map(|(Statement::Image(line) | Statement::Batch(line))| line.as_str());
    tokens(&lines.collect::<String>())
}
