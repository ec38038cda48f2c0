//! `forward` and the taps. Both `forward` and those who measure it call `pass`: a straight line of kernel calls; with a
//! batch, a loop over the images around those calls that have no weights to share.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::kernels::Statement;
use super::names::Names;
use super::net::Parts;
use super::values::{number, tokens};
use crate::plan::{Plan, Range, round_up};

/// Where in the memory of a net its images, outputs and taps are.
pub(super) struct Memory {
    /// Images of one pass.
    pub(super) images: usize,
    /// Floats from the workspace of one to that of the next.
    distance: usize,
    /// All floats.
    pub(super) floats: usize,
    /// Of the first image's output.
    output: Range,
    /// Of the first image's taps.
    taps: Vec<Range>,
}

impl Memory {
    /// A single image's outputs are read in its workspace, those of several are gathered behind all workspaces.
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
    /// The types of input and output.
    pub(super) fn array_types(&self) -> [TokenStream; 2] {
        [self.graph.input, self.graph.output].map(|shape| self.array_type(shape.elements()))
    }

    /// `[f32; 10]`, or `[[f32; 10]; 8]` of a batch.
    fn array_type(&self, len: usize) -> TokenStream {
        let (len, images) = (number(len), number(self.memory.images));
        if self.memory.images == 1 { quote!([rt::f32; #len]) } else { quote!([[rt::f32; #len]; #images]) }
    }

    /// The expression that reads a range of each image.
    fn array(&self, range: Range) -> TokenStream {
        let [offset, len, images] = [range.offset, range.len, self.memory.images].map(number);
        if self.memory.images == 1 {
            quote!(self.workspace.array::<#offset, #len>())
        } else {
            quote!(self.workspace.arrays::<#offset, #len, #images>())
        }
    }

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
        let weights = plan.recipe.iter().map(|_| quote!(let weights = &*self.weights.packed;)).take(1);
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
                    #(#weights)*
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
            /// The images of one pass, and the floats from the workspace of one to that of the next.
            const BATCH: rt::Batch = rt::Batch { images: #images, floats: #floats };
        }
    }

    /// The calls of a batch: some kernels with weights take all images, what is before and between them goes image by image.
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
