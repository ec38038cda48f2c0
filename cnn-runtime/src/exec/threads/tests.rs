//! A pool's promises under load: tests run on more threads than most machines have cores.

use super::*;

/// How often a test repeats what may rarely go wrong.
const TIMES: usize = 20_000;

/// A counter for each part.
fn counters(parts: usize) -> Vec<AtomicUsize> {
    (0..parts).map(|_| AtomicUsize::new(0)).collect()
}

fn counts(counters: &[AtomicUsize]) -> Vec<usize> {
    counters.iter().map(|counter| counter.load(Ordering::Relaxed)).collect()
}

#[test]
fn every_part_is_done_once() {
    for threads in [1, 2, 3, 8] {
        let pool = Pool::new(threads);
        let team = pool.team().expect("nobody else has it");
        for parts in 1..=threads {
            let done = counters(parts);
            for region in 1..=TIMES / 8 {
                team.run(parts, &|part| {
                    done[part].fetch_add(1, Ordering::Relaxed);
                });
                assert_eq!(counts(&done), vec![region; parts]);
            }
        }
    }
}

#[test]
fn what_parts_write_is_seen_after_the_region() {
    let pool = Pool::new(3);
    let team = pool.team().expect("nobody else has it");
    let mut numbers = [[0; 100]; 3];
    for region in 1..=TIMES {
        let parts = numbers.each_mut().map(Mutex::new);
        team.run(3, &|part| lock(&parts[part]).fill(region));
        assert!(numbers.as_flattened().iter().all(|number| *number == region));
    }
}

#[test]
fn threads_that_sleep_are_woken() {
    let pool = Pool::new(3);
    let done = counters(3);
    for region in 1..=50 {
        thread::sleep(4 * SPIN);
        let team = pool.team().expect("nobody else has it");
        team.run(3, &|part| {
            done[part].fetch_add(1, Ordering::Relaxed);
            // Longer than a caller spins.
            thread::sleep(3 * SPIN);
        });
        assert_eq!(counts(&done), [region; 3]);
    }
}

#[test]
fn parts_run_at_the_same_time() {
    let pool = Pool::new(2);
    let team = pool.team().expect("nobody else has it");
    // Neither part ends before the other has begun.
    let begun = AtomicUsize::new(0);
    team.run(2, &|_| {
        begun.fetch_add(1, Ordering::SeqCst);
        while begun.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
    });
    assert_eq!(begun.into_inner(), 2);
}

#[test]
fn a_pool_that_is_busy_is_nobody_elses() {
    let pool = Pool::new(2);
    let team = pool.team();
    assert!(team.is_some());
    for _ in 0..3 {
        assert!(pool.team().is_none());
    }
    drop(team);
    assert!(pool.team().is_some());
}

#[test]
fn callers_that_compete_do_not_mix_their_parts() {
    let pool = Pool::new(3);
    let (shared, alone) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let done = counters(3);
                for region in 1..=TIMES {
                    let job = |part: usize| {
                        done[part].fetch_add(1, Ordering::Relaxed);
                    };
                    match pool.team() {
                        Some(team) => {
                            team.run(3, &job);
                            shared.fetch_add(1, Ordering::Relaxed);
                        }
                        None => {
                            (0..3).for_each(job);
                            alone.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    assert_eq!(counts(&done), [region; 3]);
                }
            });
        }
    });
    assert_eq!(shared.into_inner() + alone.into_inner(), 3 * TIMES);
}

#[test]
fn a_panic_in_a_part_reaches_the_caller_and_the_pool_goes_on() {
    let pool = Pool::new(3);
    for culprit in (0..3).cycle().take(30) {
        let done = counters(3);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let team = pool.team().expect("nobody else has it");
            team.run(3, &|part| {
                // Without the hook, which would print a message.
                if part == culprit {
                    resume_unwind(Box::new(part));
                }
                done[part].fetch_add(1, Ordering::Relaxed);
            });
        }));
        let panic = caught.expect_err("a part panicked");
        assert_eq!(panic.downcast_ref(), Some(&culprit));
        let expected: Vec<usize> = (0..3).map(|part| usize::from(part != culprit)).collect();
        assert_eq!(counts(&done), expected);
    }
}

#[test]
fn pools_end_whatever_their_threads_do() {
    for delay in [Duration::ZERO, SPIN / 2, 4 * SPIN] {
        for region in [false, true] {
            for _ in 0..20 {
                let pool = Pool::new(4);
                if region {
                    pool.team().expect("nobody else has it").run(4, &|_| {});
                }
                thread::sleep(delay);
                drop(pool);
            }
        }
    }
}

#[test]
fn the_number_of_threads_has_limits() {
    assert_eq!([0, 1, 2].map(|threads| Pool::new(threads).threads()), [1, 1, 2]);
    let most = Pool::new(1000);
    assert_eq!(most.threads(), Pool::MOST);
    let done = counters(Pool::MOST);
    most.team().expect("nobody else has it").run(Pool::MOST, &|part| {
        done[part].fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(counts(&done), vec![1; Pool::MOST]);
}

#[test]
fn little_work_is_not_split() {
    let pool = Pool::new(3).with_least_work(10);
    assert_eq!([0, 9, 19, 20, 29, 30, 1000].map(|work| pool.parts(work)), [1, 1, 1, 2, 2, 3, 3]);
}

#[test]
fn a_pool_has_the_threads_that_the_system_gives() {
    for given in 0..3 {
        let pool = Pool::spawned(8, |worker, shared| {
            if worker == given {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            thread::Builder::new().spawn(move || shared.work(worker))
        });
        assert_eq!(pool.threads(), given + 1);
        let done = counters(given + 1);
        pool.team().expect("nobody else has it").run(given + 1, &|part| {
            done[part].fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(counts(&done), vec![1; given + 1]);
    }
}
