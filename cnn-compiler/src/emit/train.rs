//! The training step of a net: `NameParams`, `NameTrainer`, `NameTrainerMemory`, and the two passes over a minibatch.

use std::collections::HashSet;

use cnn_net::graph::Graph;
use cnn_net::literal::{Literal, Rust};
use cnn_runtime::train::Criterion;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::embed::Embedded;
use super::kernels::unique;
use super::names::Names;
use super::ports::field;
use super::targets::{image_types, struct_of_targets};
use super::values::{number, tokens, value};
use crate::ast::Net;
use crate::train::{Call, Kernel, LossOf, Spec, StepPlan, TrunkPack, criteria};

/// A net's training step.
pub(crate) struct Training {
    pub(crate) spec: Spec,
    pub(crate) plan: StepPlan,
    /// The weights that a trainer can begin with.
    pub(crate) embedded: Option<Embedded>,
}

/// The types of a net that trains.
pub(super) fn types(net: &Net, graph: &Graph<'_>, criteria: &[Criterion], runtime: &TokenStream) -> TokenStream {
    let Names { name, .. } = Names::new(&net.name);
    let [params, trainer, memory] =
        ["Params", "Trainer", "TrainerMemory"].map(|suffix| format_ident!("{name}{suffix}"));
    let (visibility, attributes) = (&net.visibility, &net.attributes);
    let params_doc = format!(" The tensors of [`{name}`] in training: parameters, and running statistics.");
    let trainer_doc = format!(" [`{name}`] in training.");
    let targets = struct_of_targets(net, graph, criteria, runtime);
    let memory_doc = format!(" All memory of a [`{trainer}`], for one that needs no allocator.");
    quote! {
        #runtime::if_alloc! {
            #[doc = #params_doc]
            #(#attributes)*
            #visibility type #params = #runtime::Params<#name<'static>>;
        }

        #[doc = #trainer_doc]
        #(#attributes)*
        #visibility type #trainer<O = #runtime::Sgd, S = #runtime::OwnMemory<#name<'static>, O>> =
            #runtime::Trainer<#name<'static>, O, S>;

        #[doc = #memory_doc]
        #(#attributes)*
        #visibility type #memory<O = #runtime::Sgd> = #runtime::TrainerMemory<#name<'static>, O>;

        #targets
    }
}

/// The trait, for a net with mistakes.
pub(super) fn stub(net: &Net, names: &Names, graph: &Graph<'_>) -> Option<TokenStream> {
    let train = net.train.as_ref()?;
    let Names { name, weights, .. } = names;
    let image_types = image_types(names, graph, &criteria(train, graph));
    let types = trait_types(names, train.images, graph.outputs.len(), &image_types, [0; 3]);
    let [image, target, _] = image_types;
    let [images, heads] = [train.images, graph.outputs.len()].map(number);
    let embedded = net.weights.is_some().then(|| {
        quote! {
            impl rt::TrainEmbedded for #name<'static> {
                fn embedded() -> &'static [rt::f32] {
                    &[]
                }
            }
        }
    });
    Some(quote! {
        impl rt::Train for #name<'static> {
            #types
            const GRAPH: &'static rt::Graph<'static> = &GRAPH;
            const NO_SCORES: Self::Scores = [rt::Score { loss: 0.0, hits: 0 }; #heads];
            const STEP: rt::StepLayout<'static> = rt::StepLayout::new(#images, 0, 0);

            fn forward(
                _: rt::Pass<'_>,
                _: &[#image],
                _: &[#target],
                _: &[rt::f32],
                _: &mut [rt::f32],
                _: &mut [rt::f32],
            ) {
            }

            fn output(_: rt::Run<'_>, _: &mut [rt::f32]) {}

            fn backward(_: rt::Pass<'_>, _: &mut [rt::f32], _: &mut [rt::f32]) {}

            rt::if_alloc! {
                const RECIPE: &'static [rt::Pack] = &[];

                fn pack_trunk(_: rt::Run<'_>, _: &mut [rt::f32]) {}

                fn weights(_: impl ::core::ops::FnOnce(&mut [rt::f32])) -> #weights {
                    ::core::unreachable!()
                }
            }
        }
        #embedded
    })
}

impl Training {
    /// The constants of the kernels, and the trait, for a net of this name in its block.
    pub(super) fn code(&self, names: &Names, graph: &Graph<'_>, user: impl Fn(&mut Rust)) -> TokenStream {
        let name = &names.name;
        let mut emitted = Emitted::new(graph, &user);
        let (forward, backward) = self.plan.calls.split_at(self.plan.forward);
        let [forward, backward] = [forward, backward].map(|calls| emitted.pass(calls));
        let output: Vec<TokenStream> = self.plan.output.iter().map(|call| emitted.statement(call)).collect();
        let packs: Vec<TokenStream> = self.plan.trunk.iter().map(|pack| emitted.pack(pack)).collect();
        let constants = tokens(&emitted.constants.text);
        let (image_types, layout) = (image_types(names, graph, &self.spec.criteria), self.plan.layout());
        let memory = [layout.floats(), layout.trained(), layout.trunk_tensors + layout.trunk];
        let types = trait_types(names, self.spec.images, layout.heads.len(), &image_types, memory);
        let [image, target, _] = image_types;
        let [images, workspace, heads] = [self.spec.images, layout.workspace, layout.heads.len()].map(number);
        let step = value(&layout);
        let trunk = used(quote!(trunk), &packs);
        let [run, workspace_of_one] = [quote!(run), quote!(workspace)].map(|name| used(name, &output));
        let only_alloc = only_alloc(names, &packs);
        let embedded = self.embedded.as_ref().map(|embedded| embedded.trained(name, &layout));
        quote! {
            const _: () = {
                /// Images of a minibatch, and the floats from the workspace of one to that of the next.
                const BATCH: rt::Batch = rt::Batch { images: #images, floats: #workspace };
                #constants

                impl rt::Train for #name<'static> {
                    #types
                    const GRAPH: &'static rt::Graph<'static> = &GRAPH;
                    const NO_SCORES: Self::Scores = [rt::Score { loss: 0.0, hits: 0 }; #heads];
                    const STEP: rt::StepLayout<'static> = #step;

                    fn forward(
                        pass: rt::Pass<'_>,
                        images: &[#image],
                        targets: &[#target],
                        #trunk: &[rt::f32],
                        shared: &mut [rt::f32],
                        workspaces: &mut [rt::f32],
                    ) {
                        let rt::Pass { run, mode } = pass;
                        let batch = BATCH.at_most(images.len());
                        #forward
                    }

                    fn output(#run: rt::Run<'_>, #workspace_of_one: &mut [rt::f32]) {
                        #(#output)*
                    }

                    fn backward(pass: rt::Pass<'_>, shared: &mut [rt::f32], workspaces: &mut [rt::f32]) {
                        let rt::Pass { run, mode } = pass;
                        let batch = BATCH;
                        #backward
                    }

                    #only_alloc
                }
                #embedded
            };
        }
    }
}

/// The types of the trait, and its memory by three numbers: floats, trained parameters, and floats of the trunk.
fn trait_types(
    names: &Names,
    images: usize,
    heads: usize,
    types: &[TokenStream; 3],
    memory: [usize; 3],
) -> TokenStream {
    let (weights, [image, target, output]) = (&names.weights, types);
    let ([images, heads], [floats, trained, trunk]) = ([images, heads].map(number), memory.map(number));
    quote! {
        type Image = #image;
        type Target = #target;
        type Output = #output;
        type Scores = [rt::Score; #heads];
        type Images = [#image; #images];
        type Targets = [#target; #images];
        type Weights = #weights;
        type Memory<O: rt::Optimiser> = rt::StepMemory<#floats, O::States<#trained>>;
        type Trunk = rt::Workspace<#trunk>;
    }
}

/// What the trait has with an allocator.
fn only_alloc(Names { weights, .. }: &Names, packs: &[TokenStream]) -> TokenStream {
    let [run, trunk] = [quote!(run), quote!(trunk)].map(|name| used(name, packs));
    quote! {
        rt::if_alloc! {
            const RECIPE: &'static [rt::Pack] = RECIPE;

            fn pack_trunk(#run: rt::Run<'_>, #trunk: &mut [rt::f32]) {
                #(#packs)*
            }

            fn weights(fill: impl ::core::ops::FnOnce(&mut [rt::f32])) -> #weights {
                #weights { packed: rt::Packed::filled(fill) }
            }
        }
    }
}

/// The name of a parameter, if there are statements, which use it.
fn used(name: TokenStream, statements: &[TokenStream]) -> TokenStream {
    if statements.is_empty() { quote!(_) } else { name }
}

/// What was emitted so far.
struct Emitted<'a> {
    graph: &'a Graph<'a>,
    constants: Rust,
    taken: HashSet<String>,
}

impl<'a> Emitted<'a> {
    fn new(graph: &'a Graph<'a>, user: impl Fn(&mut Rust)) -> Self {
        let mut constants = Rust::default();
        user(&mut constants);
        Self { graph, constants, taken: HashSet::from(["BATCH", "GRAPH", "RECIPE", "_"].map(str::to_owned)) }
    }

    /// The calls of a pass: a loop over the images around those that take one.
    fn pass(&mut self, calls: &[Call]) -> TokenStream {
        let runs = calls.chunk_by(|a, b| a.kernel.is_of_image() && b.kernel.is_of_image()).map(|run| {
            let statements: Vec<TokenStream> = run.iter().map(|call| self.statement(call)).collect();
            if !run[0].kernel.is_of_image() {
                return quote!(#(#statements)*);
            }
            let reads = |kernel: &Kernel| matches!(kernel, Kernel::Load(..) | Kernel::Dropout(_) | Kernel::Loss(..));
            let image = if run.iter().any(|call| reads(&call.kernel)) { quote!(image) } else { quote!(_) };
            let shares =
                |call: &Call| matches!(&call.kernel, Kernel::Image(kernel) if !call.trunk && reads_shared(&**kernel));
            let shared = run.iter().any(shares).then(|| quote!(let shared = &*shared;));
            quote! {
                {
                    #shared
                    rt::minibatch(run, batch, workspaces, |run, #image, workspace| {
                        #(#statements)*
                    });
                }
            }
        });
        let runs: Vec<TokenStream> = runs.collect();
        quote!(#(#runs)*)
    }

    /// A constant with a kernel's numbers.
    fn constant(&mut self, name: &str, (kind, layer): (&str, &dyn Literal)) -> Ident {
        let plain: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
        let plain = if plain.starts_with(|c: char| c.is_ascii_digit()) { format!("L{plain}") } else { plain };
        let name = unique(plain, &mut self.taken);
        self.constants.push(&format!("const {name}: rt::Checked<rt::{kind}> = "));
        layer.write(&mut self.constants);
        self.constants.push(".check();");
        format_ident!("{name}")
    }

    /// Packs weights of the trunk.
    fn pack(&mut self, TrunkPack { name, step }: &TrunkPack) -> TokenStream {
        let name = self.constant(name, ("PackStep", step));
        quote!(rt::pack_step(run, &#name, trunk);)
    }

    fn statement(&mut self, call: &Call) -> TokenStream {
        let weights = if call.trunk { quote!(trunk) } else { quote!(shared) };
        match &call.kernel {
            Kernel::Load(input, kernel) => {
                let (name, function) = (self.constant(&call.name, kernel.descriptor()), ident(kernel.function()));
                let image = self.input(*input);
                quote!(rt::#function(run, #image, &#name, workspace);)
            }
            Kernel::Image(kernel) => {
                let (name, function) = (self.constant(&call.name, kernel.descriptor()), ident(kernel.function()));
                let weights = reads_shared(&**kernel).then(|| quote!(#weights,));
                quote!(rt::#function(run, &#name, #weights workspace);)
            }
            Kernel::Images(kernel) => {
                let (name, function) = (self.constant(&call.name, kernel.descriptor()), ident(kernel.function()));
                let function = format_ident!("{function}_batch");
                quote!(rt::#function(run, &#name, batch, #weights, workspaces);)
            }
            Kernel::Batch(kernel) => {
                let (name, function) = (self.constant(&call.name, kernel.descriptor()), ident(kernel.function()));
                let images = kernel.has_images().then(|| quote!(batch, workspaces,));
                quote!(rt::#function(run, &#name, #images shared);)
            }
            Kernel::Norm(training, running) => {
                let name = self.constant(&call.name, ("BatchNormStatistics", &**training));
                let other = self.constant(&format!("{}.running", call.name), ("BatchNormRunning", running));
                quote! {
                    if mode.trains {
                        rt::batch_norm_statistics(run, &#name, batch, workspaces, shared);
                    } else {
                        rt::batch_norm_running(run, &#other, shared);
                    }
                }
            }
            Kernel::Dropout(layer) => {
                let name = self.constant(&call.name, ("DropoutMap", layer));
                let copy = (layer.input != layer.output).then(|| {
                    let copy = cnn_runtime::kernels::layout::CopyMap { input: layer.input, output: layer.output };
                    let name = self.constant(&format!("{}.copy", call.name), ("CopyMap", &copy));
                    quote!(else { rt::copy(run, &#name, workspace); })
                });
                quote!(if mode.trains { rt::dropout(run, &#name, mode.mask(image), workspace); } #copy)
            }
            Kernel::Loss(output, loss) => self.loss(call, *output, loss),
        }
    }

    fn loss(&mut self, call: &Call, output: usize, loss: &LossOf) -> TokenStream {
        let (kind, layer): (_, &dyn Literal) = match loss {
            LossOf::CrossEntropy(layer) => ("CrossEntropy", layer),
            LossOf::MeanSquared(layer) | LossOf::BinaryCrossEntropy(layer) => ("NumbersLoss", layer),
        };
        let (name, function) = (self.constant(&call.name, (kind, layer)), ident(loss.function()));
        let output = self.graph.outputs[output];
        let is_class = matches!(loss, LossOf::CrossEntropy(_)) && self.graph.shape(output.value).size().area() == 1;
        let target = if self.graph.outputs.len() == 1 {
            quote!(target)
        } else {
            let field = field(output.name);
            quote!(&target.#field)
        };
        let target = if is_class { quote!(::core::slice::from_ref(#target)) } else { target };
        quote! {
            if let rt::Some(target) = targets.get(image) {
                rt::#function(run, &#name, #target, workspace);
            }
        }
    }

    /// The part of an image that is an input.
    fn input(&self, input: usize) -> TokenStream {
        let sizes: Vec<usize> = self.graph.inputs.iter().map(|input| input.shape.elements()).collect();
        if sizes.len() == 1 {
            return quote!(&images[image]);
        }
        let first: usize = sizes[..input].iter().sum();
        let [first, end] = [first, first + sizes[input]].map(number);
        quote!(&images[image][#first..#end])
    }
}

/// Whether a kernel reads what all images share.
fn reads_shared(kernel: &dyn cnn_runtime::kernels::call::KernelCall) -> bool {
    kernel.weights().is_some() || kernel.shared().is_some()
}

fn ident(name: &str) -> Ident {
    format_ident!("{name}")
}
