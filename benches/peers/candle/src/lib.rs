//! What running nets and training them with candle have in common.

pub mod layers;
pub mod lenet5;

use std::env;

use rayon::ThreadPoolBuildError;

/// candle reads from the environment how to split each matrix multiplication, and runs it and convolutions in rayon's global
/// pool. The main thread belongs to the pool, so with one thread nothing is handed over.
///
/// # Errors
///
/// If the pool cannot be made.
///
/// # Safety
///
/// There must be no other thread.
pub unsafe fn set_threads(threads: usize) -> Result<(), ThreadPoolBuildError> {
    // SAFETY: as this function requires.
    unsafe { env::set_var("RAYON_NUM_THREADS", threads.to_string()) };
    rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build_global()
}
