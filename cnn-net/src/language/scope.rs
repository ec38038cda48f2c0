//! How the steps of a body are named: by the compiler, and by the writers of declarations.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString as _};

use super::groups::join;
use super::words::step_number;

/// The names of one body.
pub struct Scope {
    /// What they begin with.
    pub prefix: String,
    /// The number of the next step.
    next: usize,
}

impl Scope {
    /// A body of this name.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), next: 0 }
    }

    /// The full name of something in the body.
    #[must_use]
    pub fn join(&self, name: &str) -> String {
        join(&self.prefix, name)
    }

    /// The full name of the next step: the given one, or else its number among its siblings.
    pub fn step(&mut self, given: Option<&str>) -> String {
        let number = given.and_then(step_number).unwrap_or(self.next);
        self.next = number.saturating_add(1);
        given.map_or_else(|| self.join(&number.to_string()), |given| self.join(given))
    }
}
