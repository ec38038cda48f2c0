//! How a pass runs: the first argument of every kernel.
//!
//! The same kernels serve one thread and several, `forward` and measurements of it: a [`Run`] may have threads, and a watcher
//! that is called at the end of every kernel. Without these it costs one branch per kernel.
//!
//! # Partitions
//!
//! A kernel that can be split gets a partition, and computes that part of its outputs: rows of a map, pixels, panels of
//! channels. Each output is computed by the same operations in the same order whichever partition it falls into, so results
//! have the same bits for any number of threads; a test holds every kernel to that.
//!
//! Partitions write different elements, and no partition loads what another one writes, not even in lanes that it drops:
//! `bounds.rs` says how that is kept.

use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;

use crate::exec::divide::div_rem;
use crate::exec::isa::Isa;
#[cfg(feature = "std")]
use crate::exec::shared::Shared;
#[cfg(feature = "std")]
use crate::exec::threads::Pool;
use crate::simd::Kernel;

/// An instruction set, perhaps threads, and perhaps a watcher.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    isa: Isa,
    threads: Threads<'a>,
    watch: Option<&'a dyn Fn()>,
}

impl<'a> Run<'a> {
    /// On this instruction set.
    #[must_use]
    pub const fn new(isa: Isa) -> Self {
        Self { isa, threads: Threads::ALONE, watch: None }
    }

    /// On the fastest instruction set, as [`Isa::best`] says.
    #[cfg(feature = "kernels")]
    #[must_use]
    pub fn best() -> Self {
        Self::new(Isa::best())
    }

    /// On these threads.
    #[must_use]
    pub const fn on(self, threads: Threads<'a>) -> Self {
        Self { threads, ..self }
    }

    /// How many threads there are.
    #[cfg(all(feature = "kernels", feature = "train"))]
    pub(crate) fn threads(self) -> usize {
        #[cfg(feature = "std")]
        if let Some(pool) = self.threads.pool {
            return pool.threads();
        }
        1
    }

    /// Without other threads.
    #[inline(always)]
    pub(crate) const fn on_one_thread(self) -> Self {
        self.on(Threads::ALONE)
    }

    /// Calls `watch`, if there is one, at the end of each kernel.
    #[must_use]
    pub const fn watched(self, watch: Option<&'a dyn Fn()>) -> Self {
        Self { watch, ..self }
    }

    /// Runs the whole of a kernel.
    #[inline(always)]
    pub(crate) fn alone(self, kernel: impl Kernel<Output = ()>) {
        self.isa.run(kernel);
        self.done();
    }

    /// Runs a part of a kernel, so that whoever watches hears nothing yet.
    #[inline(always)]
    pub(crate) fn part(self, kernel: impl Kernel<Output = ()>) {
        self.isa.run(kernel);
    }

    /// Runs a kernel in as many partitions as are worth it for so much [work](nanos_of_macs).
    ///
    /// # Safety
    ///
    /// All partitions must be free to run at the same time.
    #[inline(always)]
    pub(crate) unsafe fn split<K: Kernel<Output = ()>>(self, work: usize, kernel: impl Fn(Partition) -> K) {
        // SAFETY: the caller's promise.
        unsafe { self.each_partition(work, |partition| self.isa.run(kernel(partition))) };
        self.done();
    }

    /// Calls `part` with as many partitions as are worth it for so much work: [`split`](Self::split) for what is not a kernel,
    /// or only a part of one, so that whoever watches hears nothing yet.
    ///
    /// # Safety
    ///
    /// All partitions must be free to run at the same time.
    #[inline(always)]
    pub(crate) unsafe fn each_partition(self, work: usize, part: impl Fn(Partition)) {
        #[cfg(feature = "std")]
        if let Some(pool) = self.threads.pool {
            return run_on(pool, work, &part);
        }
        let _ = work;
        part(Partition::WHOLE);
    }

    /// Tells the watcher that a kernel is done.
    #[inline(always)]
    pub(crate) fn done(self) {
        if let Some(watch) = self.watch {
            watch();
        }
    }
}

/// Calls `part` with the partitions that `work` is worth, on the threads of a pool if they are free.
#[cfg(feature = "std")]
fn run_on(pool: &Pool, work: usize, part: &impl Fn(Partition)) {
    /// A function that several threads may call, as the caller of `each_partition` promises.
    struct Together<'a, F>(&'a F);

    // SAFETY: as stated in its description.
    unsafe impl<F> Sync for Together<'_, F> {}

    impl<F: Fn(Partition)> Together<'_, F> {
        fn call(&self, partition: Partition) {
            self.0(partition);
        }
    }

    let parts = pool.parts(work);
    let team = if parts > 1 { pool.team() } else { None };
    match team {
        Some(team) => {
            let together = Together(part);
            team.run(parts, &|index| together.call(Partition { index, parts }));
        }
        None => part(Partition::WHOLE),
    }
}

impl From<Isa> for Run<'_> {
    fn from(isa: Isa) -> Self {
        Self::new(isa)
    }
}

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { isa, threads, watch } = self;
        let watched = watch.is_some();
        f.debug_struct("Run").field("isa", isa).field("threads", threads).field("watched", &watched).finish()
    }
}

/// The threads of a pass: those of a pool, or only the calling one. Without the feature `std` there are no others.
#[derive(Clone, Copy, Debug)]
pub struct Threads<'a> {
    #[cfg(feature = "std")]
    pool: Option<&'a Pool>,
    lifetime: PhantomData<&'a ()>,
}

impl<'a> Threads<'a> {
    /// Only the calling thread.
    pub const ALONE: Self = Self {
        #[cfg(feature = "std")]
        pool: None,
        lifetime: PhantomData,
    };

    /// Those of a pool.
    #[cfg(feature = "std")]
    #[must_use]
    pub const fn of(pool: &'a Pool) -> Self {
        Self { pool: Some(pool), lifetime: PhantomData }
    }
}

/// The pool of a net, if it has one: borrowed, or shared with other owners. Without the feature `std` there is none.
#[derive(Clone, Debug)]
pub struct PoolOf<'a> {
    #[cfg(feature = "std")]
    pool: Option<Shared<'a, Pool>>,
    lifetime: PhantomData<&'a ()>,
}

impl<'a> PoolOf<'a> {
    /// No pool: a net on the calling thread.
    pub const NONE: Self = Self {
        #[cfg(feature = "std")]
        pool: None,
        lifetime: PhantomData,
    };

    /// This pool.
    #[cfg(feature = "std")]
    pub fn of(pool: impl Into<Shared<'a, Pool>>) -> Self {
        Self { pool: Some(pool.into()), lifetime: PhantomData }
    }

    /// Its threads.
    #[must_use]
    pub fn threads(&self) -> Threads<'_> {
        #[cfg(feature = "std")]
        if let Some(pool) = &self.pool {
            return Threads::of(pool);
        }
        Threads::ALONE
    }
}

/// A part of a kernel's work: one of several that together are all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) index: usize,
    /// How many there are.
    pub(crate) parts: usize,
}

impl Partition {
    /// All of it.
    pub(crate) const WHOLE: Self = Self { index: 0, parts: 1 };

    /// The same partition where there can be at most `parts`; none for those beyond.
    pub(crate) fn at_most(self, parts: usize) -> Option<Self> {
        let parts = self.parts.min(parts);
        (self.index < parts).then_some(Self { parts, ..self })
    }

    /// Its part of things that are counted from 0 to `total`: contiguous, of nearly the same length for each partition.
    #[inline(always)]
    pub(crate) const fn of(self, total: usize) -> Range<usize> {
        if self.parts == 1 {
            return 0..total;
        }
        let (len, longer) = div_rem(total, self.parts);
        let first = self.index * len + if self.index < longer { self.index } else { longer };
        first..first + len + (self.index < longer) as usize
    }
}

/// The time of a product of numbers of multiplications with a weight, in nanoseconds on a core with AVX2: that is the unit in
/// which work is counted, since what it must be compared with is the time that it takes to involve other threads.
pub(crate) const fn nanos_of_macs<const N: usize>(factors: [usize; N]) -> usize {
    saturating_product(&factors) / 40
}

/// The time to read and write a product of numbers of floats, in nanoseconds.
pub(crate) const fn nanos_of_floats<const N: usize>(factors: [usize; N]) -> usize {
    saturating_product(&factors) / 8
}

/// Work that overflows is a lot in any case.
const fn saturating_product(factors: &[usize]) -> usize {
    let mut product = 1_usize;
    let mut i = 0;
    while i < factors.len() {
        product = product.saturating_mul(factors[i]);
        i += 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_everything_once() {
        for total in [0, 1, 5, 6, 1000, 1001] {
            for parts in 1..7 {
                let mut next = 0;
                for index in 0..parts {
                    let range = Partition { index, parts }.of(total);
                    assert_eq!(range.start, next);
                    assert!(range.len() - total / parts <= 1);
                    next = range.end;
                }
                assert_eq!(next, total);
            }
        }
    }
}
