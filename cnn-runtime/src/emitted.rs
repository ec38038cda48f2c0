//! What emitted code has only with a feature of this crate, or on some targets. It can't test another crate's features, so these macros
//! are defined differently with and without them.

/// Its content, if the feature `alloc` of this crate is on.
#[cfg(feature = "alloc")]
#[doc(hidden)]
#[macro_export]
macro_rules! if_alloc {
    ($($content:tt)*) => { $($content)* };
}

/// Its content, if the feature `alloc` of this crate is on.
#[cfg(not(feature = "alloc"))]
#[doc(hidden)]
#[macro_export]
macro_rules! if_alloc {
    ($($content:tt)*) => {};
}

/// Its content, if the feature `std` of this crate is on.
#[cfg(feature = "std")]
#[doc(hidden)]
#[macro_export]
macro_rules! if_std {
    ($($content:tt)*) => { $($content)* };
}

/// Its content, if the feature `std` of this crate is on.
#[cfg(not(feature = "std"))]
#[doc(hidden)]
#[macro_export]
macro_rules! if_std {
    ($($content:tt)*) => {};
}

/// The first content where pointers have 64 bits, the second elsewhere.
#[cfg(target_pointer_width = "64")]
#[doc(hidden)]
#[macro_export]
macro_rules! if_64_bits {
    ({ $($content:tt)* } { $($otherwise:tt)* }) => { $($content)* };
}

/// The first content where pointers have 64 bits, the second elsewhere.
#[cfg(not(target_pointer_width = "64"))]
#[doc(hidden)]
#[macro_export]
macro_rules! if_64_bits {
    ({ $($content:tt)* } { $($otherwise:tt)* }) => { $($otherwise)* };
}

/// The methods that read a net's weights from files, of the type `$weights`, which has a field `packed`.
#[doc(hidden)]
#[macro_export]
macro_rules! load_weights {
    ($weights:ident, $graph:ident, $recipe:expr) => {
        $crate::if_alloc! {
            impl $weights {
                /// Reads a safetensors file as PyTorch writes it (F32, F16 or BF16), folds and packs it once.
                ///
                /// # Errors
                ///
                /// All mismatches between the file and the net, at once.
                pub fn from_safetensors(
                    file: &[::core::primitive::u8],
                ) -> ::core::result::Result<Self, $crate::weights::WeightsError> {
                    Self::load(&$crate::weights::Source::new(file))
                }

                /// Reads a safetensors file whose tensors have other names: `("module.*", "*")` removes a prefix.
                ///
                /// # Errors
                ///
                /// All mismatches between the file and the net, at once, and mistakes in a rule.
                pub fn from_safetensors_with(
                    file: &[::core::primitive::u8],
                    rename: &[(&::core::primitive::str, &::core::primitive::str)],
                ) -> ::core::result::Result<Self, $crate::weights::WeightsError> {
                    Self::load(&$crate::weights::Source::new(file).rename(rename))
                }

                /// Reads one safetensors file or the shards of a model, with rules for names and progress reports.
                ///
                /// # Errors
                ///
                /// All mismatches between the files and the net, at once.
                pub fn load(
                    source: &$crate::weights::Source<'_>,
                ) -> ::core::result::Result<Self, $crate::weights::WeightsError> {
                    let packed = $crate::place::packed::Packed::load(&$graph, $recipe, source);
                    ::core::result::Result::map(packed, |packed| Self { packed })
                }
            }
        }
        $crate::if_std! {
            impl $weights {
                /// Reads a safetensors file, or the shards that an index (`….json`) names, a few rows at a time: it takes
                /// little more memory than the packed weights.
                ///
                /// # Errors
                ///
                /// If a file cannot be opened, or changes while it is read; all mismatches between the files and the net,
                /// at once.
                pub fn open(
                    path: impl ::core::convert::AsRef<$crate::weights::Path>,
                ) -> ::core::result::Result<Self, $crate::weights::WeightsError> {
                    match $crate::weights::Files::open(path) {
                        ::core::result::Result::Ok(files) => Self::load(&files.source()),
                        ::core::result::Result::Err(why) => {
                            ::core::result::Result::Err($crate::weights::WeightsError::unreadable(&$graph, why))
                        }
                    }
                }
            }
        }
    };
}

/// The methods of [`Network`](crate::network::Network) that exist only with a feature.
#[doc(hidden)]
#[macro_export]
macro_rules! network_methods {
    ($weights:ident) => {
        $crate::if_alloc! {
            fn load(
                source: &$crate::weights::Source<'_>,
            ) -> ::core::result::Result<$weights, $crate::weights::WeightsError> {
                $weights::load(source)
            }

            fn new(
                weights: impl ::core::convert::Into<$crate::exec::shared::Shared<'static, Self::Weights>>,
            ) -> Self {
                let weights: $crate::exec::shared::Shared<'_, _> = ::core::convert::Into::into(weights);
                Self::new(weights)
            }

            fn set_weights(
                &mut self,
                weights: impl ::core::convert::Into<$crate::exec::shared::Shared<'static, Self::Weights>>,
            ) {
                let weights: $crate::exec::shared::Shared<'_, _> = ::core::convert::Into::into(weights);
                self.set_weights(weights);
            }
        }

        $crate::if_std! {
            fn with_pool(
                self,
                pool: impl ::core::convert::Into<
                    $crate::exec::shared::Shared<'static, $crate::exec::threads::Pool>,
                >,
            ) -> Self {
                let pool: $crate::exec::shared::Shared<'_, _> = ::core::convert::Into::into(pool);
                self.with_pool(pool)
            }
        }
    };
}

/// What every net has: its numbers, where it computes, and running it on slices. `$floats` is the length of its workspace.
#[doc(hidden)]
#[macro_export]
macro_rules! net_methods {
    ($net:ident, $weights:ident, $space:ident: $floats:literal) => {
        impl $net<'_> {
            /// Size of the workspace in bytes.
            pub const WORKSPACE_BYTES: ::core::primitive::usize = DESCRIPTION.workspace_bytes;
            /// Images per pass, at most.
            pub const BATCH: ::core::primitive::usize = DESCRIPTION.batch;
            /// The shape of an image that the net reads. That of several inputs is a vector: they are one after another.
            pub const INPUT: $crate::network::Shape = DESCRIPTION.graph.input();
            /// The shape of what the net writes for an image. That of several outputs is a vector: they are one after another.
            pub const OUTPUT: $crate::network::Shape = DESCRIPTION.graph.output();
            /// The numbers of an image that the net reads.
            pub const INPUT_LEN: ::core::primitive::usize = Self::INPUT.elements();
            /// The numbers that the net writes for an image.
            pub const OUTPUT_LEN: ::core::primitive::usize = Self::OUTPUT.elements();
            /// Trained parameters, without those of auxiliary classifiers.
            pub const PARAMETERS: ::core::primitive::u64 = DESCRIPTION.graph.parameters();
            /// Multiplications with a weight for one image.
            pub const MACS: ::core::primitive::u64 = DESCRIPTION.graph.macs();
            /// The net as declared: layers, shapes, tensors.
            pub const GRAPH: &'static $crate::network::Graph<'static> = DESCRIPTION.graph;
            /// The kernels of a pass, in order.
            pub const STEPS: &'static [$crate::network::steps::Step<'static>] = DESCRIPTION.steps;
            /// What the workspace of an image holds where, and when.
            pub const MEMORY: &'static $crate::network::Memory<'static> = DESCRIPTION.memory;
        }

        impl<'w, $space: $crate::place::workspace::Space<$floats>> $net<'w, $space> {
            /// A net in the caller's memory: `&mut workspace`, a `Box` of one, or a workspace by value, which is then part of
            /// the net. Takes `&weights`, or an `Arc` of them, of which the net is then an owner.
            pub fn with_workspace(
                weights: impl ::core::convert::Into<$crate::exec::shared::Shared<'w, $weights>>,
                workspace: $space,
            ) -> Self {
                let weights = ::core::convert::Into::into(weights);
                Self { weights, workspace, pool: $crate::exec::run::PoolOf::NONE }
            }

            /// Replaces the weights, from the next pass on.
            pub fn set_weights(
                &mut self,
                weights: impl ::core::convert::Into<$crate::exec::shared::Shared<'w, $weights>>,
            ) {
                self.weights = ::core::convert::Into::into(weights);
            }

            $crate::if_std! {
                /// The same net on the threads of a pool, which other nets can share. Results are bit for bit the same.
                pub fn with_pool(
                    self,
                    pool: impl ::core::convert::Into<
                        $crate::exec::shared::Shared<'w, $crate::exec::threads::Pool>,
                    >,
                ) -> Self {
                    Self { pool: $crate::exec::run::PoolOf::of(pool), ..self }
                }
            }

            /// Runs the net on a slice: an image, or up to [`BATCH`](Self::BATCH) images one after another, for which it
            /// returns as many outputs. Allocates nothing.
            ///
            /// # Errors
            ///
            /// If the slice has another length.
            pub fn run(
                &mut self,
                images: &[::core::primitive::f32],
            ) -> ::core::result::Result<&[::core::primitive::f32], $crate::network::WrongLength> {
                $crate::network::DynNetwork::run(self, images)
            }

            /// Runs the net on a slice, and writes the outputs into another.
            ///
            /// # Errors
            ///
            /// If a slice has another length. Then `output` is as it was.
            pub fn run_into(
                &mut self,
                images: &[::core::primitive::f32],
                output: &mut [::core::primitive::f32],
            ) -> ::core::result::Result<(), $crate::network::WrongLength> {
                $crate::network::DynNetwork::run_into(self, images, output)
            }
        }
    };
}
