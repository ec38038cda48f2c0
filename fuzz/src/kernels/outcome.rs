//! The outcome of a call.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

thread_local! {
    /// Whether a panic would be a refusal.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
    /// The location of the last panic.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The outcome of a call.
pub(super) enum Outcome {
    Ran,
    /// It panicked with this message.
    Refused(String),
}

/// Texts of panics that do not come from checks. This build has the compiler's overflow checks enabled.
const FAULTS: &[&str] =
    &["out of range", "out of bounds", "`Option::unwrap()`", "`Result::unwrap()`", "unreachable", "attempt to "];

/// Lets refusals pass; otherwise the fuzzer would stop at each panic.
pub fn expect_refusals() {
    let hook = take_hook();
    set_hook(Box::new(move |info| match info.location() {
        Some(location) if EXPECTED.get() => PLACE.set(location.to_string()),
        _ => hook(info),
    }));
}

/// Calls a kernel.
pub(super) fn outcome(call: impl FnOnce()) -> Outcome {
    EXPECTED.set(true);
    let ended = catch_unwind(AssertUnwindSafe(call));
    EXPECTED.set(false);
    let Err(panic) = ended else { return Outcome::Ran };
    let why = message(&*panic);
    let fault = why.is_empty() || FAULTS.iter().any(|fault| why.contains(fault));
    assert!(!fault, "not refused, but failed at {}: {why}", PLACE.take());
    Outcome::Refused(why)
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
