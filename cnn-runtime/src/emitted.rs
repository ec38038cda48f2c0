//! What emitted code has only with a feature of this crate. It can't test another crate's features, so these macros are
//! defined differently with and without them.

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
    ($life:lifetime, $weights:ident) => {
        $crate::if_alloc! {
            fn load(
                source: &$crate::weights::Source<'_>,
            ) -> ::core::result::Result<$weights, $crate::weights::WeightsError> {
                $weights::load(source)
            }

            fn new(weights: &$life $weights) -> Self {
                Self::new(weights)
            }
        }

        $crate::if_std! {
            fn with_pool(self, pool: &$life $crate::exec::threads::Pool) -> Self {
                self.with_pool(pool)
            }
        }
    };
}
