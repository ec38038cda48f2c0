//! Ctrl-C, which stops training after the current step.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the user asked to stop. Asking twice ends the program immediately.
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Watches from now on. Where the system has no signals, or does not allow handling them, Ctrl-C ends the program, and
    /// the last checkpoint remains.
    pub(crate) fn watch() -> Self {
        let asked = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            use signal_hook::flag::{register, register_conditional_default};
            // In this order: the first one only sees what an earlier signal left.
            let _ = register_conditional_default(signal, Arc::clone(&asked));
            let _ = register(signal, Arc::clone(&asked));
        }
        Self(asked)
    }

    pub(crate) fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
