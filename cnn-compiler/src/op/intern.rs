//! Texts and lists that live as long as the process.
//!
//! An [`Op`](cnn_net::op::Op) is `Copy`, and in emitted code its texts are literals. So the paths in a declaration, and
//! the tensors of user-defined layers, are kept until the process ends, each once, as rustc does with every word of a
//! program. Nothing depends on what is already here.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use cnn_net::op::UserTensor;

static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
static TENSORS: Mutex<Vec<&'static [UserTensor]>> = Mutex::new(Vec::new());

/// The text that is kept.
pub(super) fn text(of: &str) -> &'static str {
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = texts.get(of) {
        return kept;
    }
    let kept: &'static str = Box::leak(of.into());
    texts.insert(kept);
    kept
}

/// The list that is kept.
pub(super) fn tensors(of: &[UserTensor]) -> &'static [UserTensor] {
    let mut lists = TENSORS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = lists.iter().find(|kept| **kept == of) {
        return kept;
    }
    let kept: &'static [UserTensor] = Box::leak(of.into());
    lists.push(kept);
    kept
}
