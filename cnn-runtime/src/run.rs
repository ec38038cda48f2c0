//! How a pass runs: what every kernel is handed first.
//!
//! The same kernels serve `forward` and those who measure it: a [`Run`] may have someone who watches, and hears of the end
//! of every kernel. Without one that costs a branch for each kernel.

use core::fmt;

use crate::isa::Isa;
use crate::simd::Kernel;

/// An instruction set, and perhaps someone who watches.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    isa: Isa,
    watch: Option<&'a dyn Fn()>,
}

impl<'a> Run<'a> {
    /// On this instruction set.
    pub const fn new(isa: Isa) -> Self {
        Self { isa, watch: None }
    }

    /// On the fastest instruction set, as [`Isa::best`] says.
    #[cfg(feature = "kernels")]
    pub fn best() -> Self {
        Self::new(Isa::best())
    }

    /// Calls `watch` at the end of each kernel.
    pub fn watched(self, watch: &'a dyn Fn()) -> Self {
        Self { watch: Some(watch), ..self }
    }

    /// Runs the whole of a kernel.
    #[inline(always)]
    pub(crate) fn alone(self, kernel: impl Kernel<Output = ()>) {
        self.isa.run(kernel);
        self.done();
    }

    /// Tells who watches that a kernel is done.
    #[inline(always)]
    pub(crate) fn done(self) {
        if let Some(watch) = self.watch {
            watch();
        }
    }
}

impl From<Isa> for Run<'_> {
    fn from(isa: Isa) -> Self {
        Self::new(isa)
    }
}

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("isa", &self.isa).field("watched", &self.watch.is_some()).finish()
    }
}
