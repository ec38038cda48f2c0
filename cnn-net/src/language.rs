//! Layers as a declaration calls them.
//!
//! [`arguments`] and [`call`] write them, [`params`] lists what a call may say; both go through [`Op::arguments`], as the
//! compiler does when it reads.

mod params;
mod write;

#[cfg(doc)]
use crate::op::Op;

pub use params::{Kind, Param, params, usage};
pub use write::{arguments, call};
