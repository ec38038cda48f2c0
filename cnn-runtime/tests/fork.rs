//! Pools in forked processes.
//!
//! One test, alone in its process: after a fork from one of several threads, a lock that another of them held, of the C library
//! or of the standard library, is held forever. So a pool's own threads are the only others here.

#![cfg(unix)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cnn_net::op::UserFunction;
use cnn_runtime::exec::run::{Run, Threads};
use cnn_runtime::exec::threads::Pool;
use cnn_runtime::kernels::user::{MapEach, map_each};
use cnn_runtime::place::map::Map;

/// Longer than threads wait for work before they sleep.
const LONG: Duration = Duration::from_millis(2);

#[test]
fn pools_work_in_forked_processes() {
    for delay in [Duration::ZERO, LONG] {
        for works in [false, true] {
            a_child_does_the_work_itself_and_drops_the_pool(delay, works);
        }
    }
    a_child_of_a_region_runs_alone();
}

fn a_child_does_the_work_itself_and_drops_the_pool(delay: Duration, works: bool) {
    let parents = pool(4);
    regions_on(&parents);
    thread::sleep(delay);
    let mut copy = Some(parents);
    in_a_child(|| {
        let inherited = copy.take().expect("it was put there");
        if works {
            regions_on(&inherited);
        }
        drop(inherited);
        regions_on(&pool(3));
    });
    regions_on(copy.as_ref().expect("the parent's is still there"));
}

/// Forks within a function of the user, which runs in a region.
fn a_child_of_a_region_runs_alone() {
    static POOL: OnceLock<Pool> = OnceLock::new();
    static FORKED: AtomicBool = AtomicBool::new(false);
    let parents = POOL.get_or_init(|| pool(2));
    regions_on(parents);
    region(parents, |values| {
        if !FORKED.swap(true, Ordering::Relaxed) {
            in_a_child(|| regions_on(POOL.get().expect("it was made before")));
        }
        negate(values);
    });
    assert!(FORKED.load(Ordering::Relaxed));
}

/// A pool that splits whatever it is given.
fn pool(threads: usize) -> Pool {
    Pool::new(threads).with_least_work(1)
}

/// Many regions, with checked results.
fn regions_on(pool: &Pool) {
    for _ in 0..100 {
        region(pool, negate);
    }
}

/// Negates a map on all threads of a pool, or on this one if the pool is busy.
fn region(pool: &Pool, function: fn(&mut [f32])) {
    let (input, output) = (Map::dense(0, 8, 8, 16), Map::dense(1024, 8, 8, 16));
    let layer = MapEach { input, output, function: UserFunction::new("f").code(function) };
    let mut ws = vec![1.0; 2048 + 16];
    map_each(Run::best().on(Threads::of(pool)), &layer.check(), &mut ws);
    assert!(ws[1024..2048].iter().all(|&value| value == -1.0));
}

fn negate(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = -*value);
}

/// Does something in a forked process; fails if that panics, or does not come back.
#[track_caller]
fn in_a_child(work: impl FnOnce()) {
    // SAFETY: the child calls only what glibc and the other C libraries of this project's targets allow after a fork, including
    // allocation and new threads, and ends without running any code of the parent.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: neither has conditions.
        unsafe {
            libc::alarm(60);
            let done = catch_unwind(AssertUnwindSafe(work)).is_ok();
            libc::_exit(if done { 0 } else { 1 });
        }
    }
    assert!(child > 0, "the system refuses a process");
    let mut status = 0;
    // SAFETY: the status can be written to `status`.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child did not end normally");
}
