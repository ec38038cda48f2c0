//! A small pool of threads, for nets that may use more than one.
//!
//! A pass is some tens of kernels, one after the other, of a few microseconds to a few milliseconds. Each of them becomes a
//! *region*: the calling thread publishes a job of as many parts as there are threads, does the first part itself, and waits
//! for the others. The cost of a region, a few tenths of a microsecond here, decides how small a kernel can be and still gain.
//!
//! ```text
//! caller    write the job . open its parts . claim them, the first first, and do them . wait until none is pending
//! worker    spin, then sleep, until a part is open . claim it, its own first . do it . one less is pending
//! ```
//!
//! - Nothing is allocated. A job is a reference to a closure on the caller's stack, which outlives the region, since the region
//!   ends when no part is pending.
//! - The split is static, and each thread begins with the part of its own number: what a thread wrote in one kernel is in its
//!   cache in the next. But a part belongs to no thread: if one is late, because it slept or the system gave its core away,
//!   another does its part. So on a busy machine a pass costs about as much as on one thread; a scheduler's time slice of a few
//!   milliseconds is waited for only if a thread loses its core in the middle of a part.
//! - Waiting threads spin for `SPIN`, which is longer than the time between the kernels of a pass, and then sleep.
//! - One region at a time: a caller that finds the pool busy does all the work itself.
//!
//! # Why not a crate
//!
//! rayon steals work: what runs where is decided at run time, an idle worker sleeps after a few rounds and must be woken in
//! most regions, and `scope`, `spawn` and `broadcast` allocate. chili shares work at timer ticks, which are far longer than
//! most regions. paralight distributes work through locks and condition variables, and needs the pool exclusively (`&mut`).
//! forkunion has the kind of regions needed here, but it is a C++ library that a build script compiles, its threads keep their
//! cores while they wait, and it too is exclusive.

use std::any::Any;
use std::cell::UnsafeCell;
use std::fmt;
use std::hint;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a thread spins before it sleeps: a pass leaves no longer gap between two kernels that are split, and waking a
/// thread takes about as long.
const SPIN: Duration = Duration::from_micros(50);

/// The least work of a part, counted as in [`Pool::parts`]. A region by itself costs 200, but what one core wrote must reach
/// the other: where two cores are near each other, LeNet-5 in parts of 1,000 gains 14 %; where they are far apart, which one
/// cannot choose, it takes twice the time.
const LEAST: usize = 4_000;

/// How many turns of the spinning loop take about as long as a look at the clock.
const TURNS: usize = 32;

/// Threads that nets can share. Dropping it ends them.
///
/// A process that is forked from the pool's has none of its threads: there, the calling thread does all the work.
///
/// ```
/// # use cnn_runtime::exec::threads::Pool;
/// let pool = Pool::new(2); // the calling thread and one more
/// assert_eq!(pool.threads(), 2);
/// ```
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// The process that owns the workers.
    process: u32,
    /// The least work of a part, in the units of [`Pool::parts`].
    least: usize,
}

/// The shared state of a pool's threads. Fields that different threads write are in different cache lines.
struct Shared {
    current: Current,
    pending: Pending,
    /// Whether a region is in progress.
    busy: Line<AtomicBool>,
    /// Whether each worker sleeps, or is about to.
    asleep: Box<[Line<AtomicBool>]>,
    /// The payload of a part's panic, if one has panicked.
    panicked: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// The caller sleeps on this.
    lock: Mutex<()>,
    done: Condvar,
}

/// Written by the caller, at the beginning of a region.
#[repr(align(128))]
struct Current {
    /// A bit for each unclaimed part, and [`CLOSED`].
    open: AtomicU64,
    /// The job. The caller writes it while no part is pending; threads read it while they hold a part.
    job: UnsafeCell<Option<Job>>,
}

/// Written by workers, at the end of their parts.
#[repr(align(128))]
struct Pending {
    /// Parts that are not done.
    parts: AtomicUsize,
    /// Whether the caller sleeps, or is about to.
    caller_sleeps: AtomicBool,
}

/// Alone in its cache line and in the one that the CPU prefetches with it.
#[repr(align(128))]
struct Line<T>(T);

/// Does a part. It lives while a part is pending, whatever the type says.
type Job = *const (dyn Fn(usize) + Sync + 'static);

/// The bit of [`Current::open`] that tells workers to end.
const CLOSED: u64 = 1 << 63;

// SAFETY: `job` is the only field that is not `Sync`. It is written by the thread that made `busy` true, while no part is
// pending, and read by threads that hold a part; `Shared::claim` explains why they see the write.
unsafe impl Sync for Shared {}
// SAFETY: what the job points to may be used by any thread.
unsafe impl Send for Shared {}

impl Pool {
    /// The maximum number of threads of a pool: each has a bit in a word.
    pub const MOST: usize = 63;

    /// A pool of this many threads, including the calling one; at least 1, at most [`MOST`](Self::MOST). If the system refuses
    /// a thread, there are fewer: [`threads`](Self::threads) says how many.
    ///
    /// More threads than the machine has cores make nets slower.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self::spawned(threads, |worker, shared| {
            let thread = thread::Builder::new().name(format!("cnn-{worker}"));
            thread.spawn(move || shared.work(worker))
        })
    }

    /// A pool whose workers are spawned by `spawn`, until that fails.
    fn spawned(threads: usize, spawn: impl Fn(usize, Arc<Shared>) -> io::Result<JoinHandle<()>>) -> Self {
        let workers = threads.clamp(1, Self::MOST) - 1;
        let shared = Arc::new(Shared::new(workers));
        let workers = (0..workers).map_while(|worker| spawn(worker, Arc::clone(&shared)).ok()).collect();
        Self { workers, process: this_process(), shared, least: LEAST }
    }

    /// How many threads work on a kernel, including the calling one.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// The same pool with this least work of a part: tests split even the smallest kernels.
    #[doc(hidden)]
    #[must_use]
    pub fn with_least_work(mut self, least: usize) -> Self {
        self.least = least.max(1);
        self
    }

    /// Into how many parts to split this much work, in units of what a core does in about a nanosecond.
    pub(crate) fn parts(&self, work: usize) -> usize {
        (work / self.least).clamp(1, self.threads())
    }

    /// The threads, unless another caller has them.
    pub(crate) fn team(&self) -> Option<Team<'_>> {
        // Acquire: the previous region, above all its use of `job`, comes before this one.
        let busy = self.shared.busy.0.swap(true, Ordering::Acquire);
        // Not `then_some`: a team that is made and dropped would release the threads of another.
        (!busy).then(|| Team(self))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if this_process() != self.process {
            // A forked process has no such threads: waiting for them would fail, or never end.
            self.workers.drain(..).for_each(mem::forget);
            return;
        }
        // No region is in progress, since that would borrow the pool.
        self.shared.current.open.store(CLOSED, Ordering::SeqCst);
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // Workers catch the panics of their parts.
            let _ = worker.join();
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads()).finish_non_exhaustive()
    }
}

/// Exclusive use of a pool's threads.
pub(crate) struct Team<'a>(&'a Pool);

impl Team<'_> {
    /// Does a job of this many parts, at most one per thread. If a part panics, so does this, after all parts have ended.
    pub(crate) fn run(&self, parts: usize, job: &(dyn Fn(usize) + Sync)) {
        assert!(parts <= self.0.threads(), "more parts than threads");
        let Shared { current, pending, asleep, .. } = &*self.0.shared;
        // SAFETY: the same pointer, to something that lives until this function ends: no part is pending then.
        let job = unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), Job>(job) };
        // SAFETY: no part is pending, so no thread reads it, and no other caller has the team.
        unsafe { *current.job.get() = Some(job) };
        pending.parts.store(parts, Ordering::Relaxed);
        // Release, for threads that claim a part: the job, and `pending`. Sequentially consistent, for threads that go to
        // sleep: either they see the parts, or the loop below sees that they sleep.
        current.open.store((1 << parts) - 1, Ordering::SeqCst);
        for (worker, asleep) in self.0.workers.iter().zip(asleep).take(parts - 1) {
            if asleep.0.load(Ordering::SeqCst) {
                worker.thread().unpark();
            }
        }
        self.0.shared.do_parts(0);
        self.0.shared.wait();
    }
}

impl Drop for Team<'_> {
    fn drop(&mut self) {
        // Release: see `Pool::team`.
        self.0.shared.busy.0.store(false, Ordering::Release);
    }
}

impl Shared {
    fn new(workers: usize) -> Self {
        Self {
            current: Current { open: AtomicU64::new(0), job: UnsafeCell::new(None) },
            pending: Pending { parts: AtomicUsize::new(0), caller_sleeps: AtomicBool::new(false) },
            busy: Line(AtomicBool::new(false)),
            asleep: (0..workers).map(|_| Line(AtomicBool::new(false))).collect(),
            panicked: AtomicBool::new(false),
            panic: Mutex::new(None),
            lock: Mutex::new(()),
            done: Condvar::new(),
        }
    }

    /// The main loop of a worker.
    fn work(&self, worker: usize) {
        loop {
            self.do_parts(worker + 1);
            let is_open = || self.current.open.load(Ordering::Relaxed) != 0;
            if !spin(is_open) {
                self.sleep(worker);
            }
            if self.current.open.load(Ordering::Relaxed) == CLOSED {
                return;
            }
        }
    }

    /// Sleeps until woken. By then the parts may be gone, but more are likely to follow, so the worker spins again before it
    /// sleeps again.
    fn sleep(&self, worker: usize) {
        let asleep = &self.asleep[worker].0;
        // Sequentially consistent, both: see `Team::run`.
        asleep.store(true, Ordering::SeqCst);
        if self.current.open.load(Ordering::SeqCst) == 0 {
            thread::park();
        }
        asleep.store(false, Ordering::Relaxed);
    }

    /// Does unclaimed parts as long as there are any: part `own` first, if it is among them.
    fn do_parts(&self, own: usize) {
        while let Some(part) = self.claim(own) {
            // SAFETY: it was written before the part that this thread holds was opened, and is not written again before
            // that is done; until then it lives.
            let job = unsafe { (*self.current.job.get()).map(|job| &*job) };
            let work = || job.into_iter().for_each(|job| job(part));
            if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
                *lock(&self.panic) = Some(panic);
                self.panicked.store(true, Ordering::Relaxed);
            }
            // Release: what the part has written comes before what the caller does next, as does the record of a panic.
            // Sequentially consistent: either the caller sees that nothing is pending, or this thread sees that it sleeps.
            let last = self.pending.parts.fetch_sub(1, Ordering::SeqCst) == 1;
            if last && self.pending.caller_sleeps.load(Ordering::SeqCst) {
                // The caller holds the lock from its last look at `parts` until it is asleep.
                drop(lock(&self.lock));
                self.done.notify_one();
            }
        }
    }

    /// Claims a part for this thread, if there is an unclaimed one.
    fn claim(&self, own: usize) -> Option<usize> {
        loop {
            let open = self.current.open.load(Ordering::Relaxed) & !CLOSED;
            if open == 0 {
                return None;
            }
            let own = 1 << own;
            let bit = if open & own != 0 { own } else { open & open.wrapping_neg() };
            // Acquire: the store in `Team::run` that opened the part, and what was written before it. Other claims in
            // between do not break that chain. The load above may be stale: only this one decides, and whatever region
            // the part belongs to, the job is that region's.
            if self.current.open.fetch_and(!bit, Ordering::Acquire) & bit != 0 {
                return Some(bit.trailing_zeros() as usize);
            }
        }
    }

    /// Waits until no part is pending.
    fn wait(&self) {
        // Acquire: see `do_parts`.
        if !spin(|| self.pending.parts.load(Ordering::Acquire) == 0) {
            let mut guard = lock(&self.lock);
            self.pending.caller_sleeps.store(true, Ordering::SeqCst);
            while self.pending.parts.load(Ordering::SeqCst) != 0 {
                guard = self.done.wait(guard).unwrap_or_else(PoisonError::into_inner);
            }
            self.pending.caller_sleeps.store(false, Ordering::Relaxed);
        }
        if self.panicked.swap(false, Ordering::Relaxed)
            && let Some(panic) = lock(&self.panic).take()
        {
            resume_unwind(panic);
        }
    }
}

/// Distinguishes this process from those forked from it; always the same on systems that cannot fork.
fn this_process() -> u32 {
    if cfg!(unix) { std::process::id() } else { 0 }
}

/// The data of a lock, which no panic leaves half-written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Spins until the condition is true, but not for longer than [`SPIN`]; returns whether it became true.
fn spin(until: impl Fn() -> bool) -> bool {
    let mut start = None;
    loop {
        for _ in 0..TURNS {
            if until() {
                return true;
            }
            hint::spin_loop();
        }
        if start.get_or_insert_with(Instant::now).elapsed() > SPIN {
            return false;
        }
    }
}

#[cfg(test)]
mod tests;
