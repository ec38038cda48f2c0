//! Layers as they are spelt in a declaration.
//!
//! [`arguments`] and [`call`] write them, and [`params`] lists the arguments that a call can have; all go through [`Op::arguments`],
//! as the compiler does when it parses. [`declaration`] writes a whole net, and [`arranged`] gives a net from elsewhere the order and
//! the names that this requires.

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
mod scope;
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
#[doc(hidden)]
pub use scope::Scope;
pub use user::is_tensor_name;
pub use words::{KEYWORDS, is_field, step_number};
pub use write::{arguments, call};
