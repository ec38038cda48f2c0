//! Layers as a declaration calls them.
//!
//! [`arguments`] and [`call`] write them, [`params`] lists what a call may say; both go through [`Op::arguments`], as the
//! compiler does when it reads. [`declaration`] writes a whole net, and [`arranged`] gives one from elsewhere the order and the names
//! that this takes.

mod arrange;
mod blocks;
mod build;
mod check;
mod declaration;
mod groups;
mod nesting;
mod params;
mod parts;
mod repeat;
mod text;
mod tree;
mod unify;
mod user;
mod walk;
mod words;
mod write;

#[cfg(doc)]
use crate::op::Op;

pub use arrange::{Arranged, arranged};
pub use declaration::{Unsayable, declaration, inputs, outputs};
pub use params::{Kind, Param, params, usage};
pub use user::is_tensor_name;
pub use words::{KEYWORDS, is_field, step_number};
pub use write::{arguments, call};
