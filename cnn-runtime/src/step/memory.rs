//! Where a trainer keeps its numbers.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;

use super::Train;
#[cfg(feature = "alloc")]
use crate::exec::run::Run;
use crate::place::floats::{Floats, Zero};
#[cfg(feature = "alloc")]
use crate::place::heap::{Heap, zeroed_box};
use crate::place::workspace::Workspace;
use crate::train::Optimiser;

/// All memory of a trainer: the memory in which a step of the net `N` computes, and the optimiser's state. Initially
/// zeros.
///
/// A `static` of this type takes no space in the executable, since it is all zeros.
#[repr(transparent)]
pub struct TrainerMemory<N: Train, O: Optimiser>(N::Memory<O>);

impl<N: Train, O: Optimiser> TrainerMemory<N, O> {
    /// All zeros; can initialise a `static`.
    #[expect(clippy::new_without_default, reason = "a default on the stack would invite overflows of large nets")]
    pub const fn new() -> Self {
        Self(N::Memory::ZEROS)
    }

    /// Zeros on the heap that were never on the stack.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn boxed() -> Box<Self> {
        zeroed_box()
    }

    /// The floats of a step.
    pub(super) fn step(&self) -> &[f32] {
        self.0.step()
    }

    /// The optimiser's state.
    pub(super) fn states(&self) -> &[f32] {
        self.0.states()
    }

    /// Both, to change them.
    pub(super) fn parts(&mut self) -> [&mut [f32]; 2] {
        self.0.parts()
    }
}

// SAFETY: it is a value of which that is true, and nothing else.
unsafe impl<N: Train, O: Optimiser> Zero for TrainerMemory<N, O> {}

impl<N: Train, O: Optimiser> fmt::Debug for TrainerMemory<N, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrainerMemory({}, {} bytes)", N::GRAPH.name, size_of::<Self>())
    }
}

/// The memory of a trainer, whatever the net is.
#[doc(hidden)]
pub trait Memory: Zero {
    /// All zeros.
    const ZEROS: Self;

    /// The floats of a step.
    fn step(&self) -> &[f32];

    /// The optimiser's state.
    fn states(&self) -> &[f32];

    /// Both, to change them.
    fn parts(&mut self) -> [&mut [f32]; 2];
}

/// `FLOATS` floats of a step, and the optimiser's state, `[[f32; TRAINED]; STATES]`.
#[doc(hidden)]
#[repr(C)]
pub struct StepMemory<const FLOATS: usize, S> {
    step: Workspace<FLOATS>,
    states: S,
}

// SAFETY: both are floats, of which zero bytes are a value; padding is never read.
unsafe impl<const FLOATS: usize, S: Zero> Zero for StepMemory<FLOATS, S> {}

impl<const FLOATS: usize, S: Floats> Memory for StepMemory<FLOATS, S> {
    const ZEROS: Self = Self { step: Workspace::new(), states: S::ZEROS };

    fn step(&self) -> &[f32] {
        self.step.as_slice()
    }

    fn states(&self) -> &[f32] {
        self.states.floats()
    }

    fn parts(&mut self) -> [&mut [f32]; 2] {
        [self.step.floats_mut(), self.states.floats_mut()]
    }
}

/// How a trainer can hold its memory: by value, or behind a pointer.
#[doc(hidden)]
pub trait Holds<M> {
    /// The memory.
    fn memory(&self) -> &M;

    /// The memory, mutably.
    fn memory_mut(&mut self) -> &mut M;
}

impl<M> Holds<M> for M {
    fn memory(&self) -> &M {
        self
    }

    fn memory_mut(&mut self) -> &mut M {
        self
    }
}

impl<M> Holds<M> for &mut M {
    fn memory(&self) -> &M {
        self
    }

    fn memory_mut(&mut self) -> &mut M {
        self
    }
}

#[cfg(feature = "alloc")]
impl<M> Holds<M> for Box<M> {
    fn memory(&self) -> &M {
        self
    }

    fn memory_mut(&mut self) -> &mut M {
        self
    }
}

#[cfg(feature = "alloc")]
impl<M> Holds<M> for Heap<M> {
    fn memory(&self) -> &M {
        self
    }

    fn memory_mut(&mut self) -> &mut M {
        self
    }
}

/// Where a trainer's memory is by default: on the heap.
#[cfg(feature = "alloc")]
pub type OwnMemory<N, O> = Heap<TrainerMemory<N, O>>;

/// Where the memory of a trainer is without an allocator: in a `static`.
#[cfg(not(feature = "alloc"))]
pub type OwnMemory<N, O> = &'static mut TrainerMemory<N, O>;

/// The weights of the trunk: the frozen layers that precede all trained ones.
pub(super) struct Trunk<N: Train> {
    /// Packed, in the binary.
    embedded: &'static [f32],
    /// The tensors, followed by the packed weights: for a trainer whose tensors are not embedded.
    #[cfg(feature = "alloc")]
    own: Option<Heap<N::Trunk>>,
    net: PhantomData<fn() -> N>,
}

impl<N: Train> Trunk<N> {
    /// Packed weights in the binary.
    pub(super) const fn embedded(embedded: &'static [f32]) -> Self {
        Self {
            embedded,
            #[cfg(feature = "alloc")]
            own: None,
            net: PhantomData,
        }
    }

    /// Packs the trunk's tensors, which come last in `all`. `all` is dropped before packing, since both together may be
    /// large.
    #[cfg(feature = "alloc")]
    pub(super) fn of(all: Box<[f32]>) -> Self {
        let mut own = Heap::<N::Trunk>::zeroed();
        own.floats_mut()[..N::STEP.trunk_tensors].copy_from_slice(&all[N::STEP.tensors_len..]);
        drop(all);
        N::pack_trunk(Run::best(), own.floats_mut());
        Self { own: Some(own), ..Self::embedded(&[]) }
    }

    /// The trunk's tensors, if they are not embedded.
    pub(super) fn tensors(&self) -> &[f32] {
        #[cfg(feature = "alloc")]
        if let Some(own) = &self.own {
            return &own.floats()[..N::STEP.trunk_tensors];
        }
        &[]
    }

    /// Packed weights, as kernels read them.
    pub(super) fn packed(&self) -> &[f32] {
        #[cfg(feature = "alloc")]
        if let Some(own) = &self.own {
            return &own.floats()[N::STEP.trunk_tensors..];
        }
        self.embedded
    }
}
