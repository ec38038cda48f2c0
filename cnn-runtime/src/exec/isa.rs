//! The instruction sets, and which one runs.
//!
//! Every instruction set is listed here and nowhere else. To add one, write its vector under `simd/` and extend [`Isa`]; the
//! kernels stay the same.
//!
//! Without the feature `kernels` there is none, so that no kernel can be called or compiled: the compiler needs this crate's
//! vocabulary on the build machine, and would otherwise build all kernels a second time for it.

use cfg_if::cfg_if;

use crate::simd::Kernel;
#[cfg(feature = "kernels")]
use crate::simd::Simd as _;

/// Makes [`Isa`] from the names of these tokens, slowest first.
macro_rules! instruction_sets {
    ($($module:ident::$Name:ident),*) => {
        /// An instruction set that this CPU has: the values inside can only be made if it does.
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        pub enum Isa {
            $(
                #[doc = concat!("The one of [`", stringify!($Name), "`](crate::simd::", stringify!($module), "::", stringify!($Name), ").")]
                $Name(crate::simd::$module::$Name),
            )*
        }

        impl Isa {
            /// The instruction sets of this CPU, slowest first. Without the feature `std`, only the fastest that every CPU of the
            /// target has, so that code for no other one is linked.
            #[cfg(feature = "kernels")]
            pub fn all() -> impl Iterator<Item = Self> {
                [$(crate::simd::$module::$Name::detect().map(Self::$Name)),*].into_iter().flatten()
            }

            /// Its name: `scalar`, `avx2`, `avx512`, `neon`, `simd128`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$Name(_) => stringify!($module),)*
                }
            }

            /// Runs a kernel compiled for this instruction set.
            #[cfg_attr(not(feature = "kernels"), expect(unused_variables, reason = "there is nothing to run it on"))]
            #[inline(always)]
            pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
                match self {
                    $(Self::$Name(simd) => simd.run(kernel),)*
                }
            }
        }
    };
}

cfg_if! {
    if #[cfg(not(feature = "kernels"))] {
        instruction_sets! {}
    } else if #[cfg(all(feature = "std", target_arch = "x86_64"))] {
        instruction_sets! { scalar::Scalar, avx2::Avx2, avx512::Avx512 }
    } else if #[cfg(all(feature = "std", target_arch = "aarch64", target_feature = "neon"))] {
        instruction_sets! { scalar::Scalar, neon::Neon }
    } else if #[cfg(all(feature = "std", target_arch = "wasm32", target_feature = "simd128"))] {
        instruction_sets! { scalar::Scalar, simd128::Simd128 }
    }
    // From here on there is no way to ask which instructions the CPU has, or to choose others.
    else if #[cfg(all(
        target_arch = "x86_64", target_feature = "avx512f", target_feature = "avx512vl", target_feature = "avx512dq"
    ))] {
        instruction_sets! { avx512::Avx512 }
    } else if #[cfg(all(
        target_arch = "x86_64", target_feature = "avx2", target_feature = "fma", target_feature = "f16c"
    ))] {
        instruction_sets! { avx2::Avx2 }
    } else if #[cfg(all(target_arch = "aarch64", target_feature = "neon"))] {
        instruction_sets! { neon::Neon }
    } else if #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))] {
        instruction_sets! { simd128::Simd128 }
    } else {
        instruction_sets! { scalar::Scalar }
    }
}

#[cfg(feature = "kernels")]
impl Isa {
    /// The instruction set with this name, if the CPU has it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|isa| isa.name() == name)
    }

    /// The fastest one, chosen once per process. With the feature `std`, the environment variable `CNN_ISA` can name another,
    /// so that tests can cover all; reading it allocates once, if it is set.
    ///
    /// A name of one that this CPU lacks is ignored here: a net runs whatever its user's environment says.
    /// [`from_env`](Self::from_env) reports it.
    pub fn best() -> Self {
        #[cfg(feature = "std")]
        {
            static BEST: std::sync::OnceLock<Isa> = std::sync::OnceLock::new();
            *BEST.get_or_init(|| Self::from_env().unwrap_or_else(|_| Self::fastest()))
        }
        #[cfg(not(feature = "std"))]
        Self::fastest()
    }

    /// What `CNN_ISA` asks for; the fastest one if it is not set, or empty.
    ///
    /// Programs for measuring and testing call it when they start: whoever asks for an instruction set must not get the
    /// numbers of another.
    ///
    /// # Errors
    ///
    /// If there is no such instruction set, or this CPU lacks it.
    #[cfg(feature = "std")]
    pub fn from_env() -> Result<Self, MissingIsa> {
        match std::env::var_os("CNN_ISA").filter(|name| !name.is_empty()) {
            None => Ok(Self::fastest()),
            Some(name) => {
                let isa = name.to_str().and_then(Self::named);
                isa.ok_or_else(|| MissingIsa { asked: name.to_string_lossy().into_owned() })
            }
        }
    }

    /// The last of [`all`](Self::all).
    fn fastest() -> Self {
        Self::all().last().expect("one that every CPU of the target has")
    }
}

/// `CNN_ISA` asks for an instruction set that this CPU lacks.
#[cfg(all(feature = "kernels", feature = "std"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingIsa {
    /// What it asks for.
    pub asked: std::string::String,
}

#[cfg(all(feature = "kernels", feature = "std"))]
impl core::error::Error for MissingIsa {}

#[cfg(all(feature = "kernels", feature = "std"))]
impl core::fmt::Display for MissingIsa {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (asked, cut) = match self.asked.char_indices().nth(40) {
            Some((end, _)) => (&self.asked[..end], "…"),
            None => (self.asked.as_str(), ""),
        };
        write!(f, "CNN_ISA={}{cut}: this CPU has no such instruction set; it has", asked.escape_debug())?;
        Isa::all().enumerate().try_for_each(|(index, isa)| {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma} {}", isa.name())
        })
    }
}
