//! Loading weights: what is packed, and the errors of files that do not fit.

#![cfg(feature = "alloc")]

#[cfg(all(feature = "std", unix))]
#[path = "weights/changing.rs"]
mod changing;
#[path = "weights/errors.rs"]
mod errors;
#[path = "weights/hints.rs"]
mod hints;
#[path = "weights/hostile.rs"]
mod hostile;
#[path = "weights/net.rs"]
mod net;
#[path = "weights/packing.rs"]
mod packing;
#[cfg(feature = "std")]
#[path = "weights/sources.rs"]
mod sources;
#[cfg(feature = "std")]
#[path = "weights/windows.rs"]
mod windows;
