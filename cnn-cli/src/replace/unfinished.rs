//! Files that do not have their names yet, and their removal if the program ends.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{Builder, NamedTempFile};

/// All files that exist now.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A file that is removed unless it is renamed.
pub(super) struct Temporary {
    file: NamedTempFile,
    /// Dropped last: until the file is gone or has its name, a signal removes it.
    listed: Listed,
}

struct Listed(PathBuf);

impl Temporary {
    /// Creates one with the usual permissions of a new file.
    pub(super) fn in_folder(folder: &Path) -> io::Result<Self> {
        #[cfg(unix)]
        signals::watch();
        // Locked while the file is created, so a signal finds either no file or a listed one.
        let mut unfinished = unfinished();
        let file = Builder::new().prefix(".cnn-").suffix(".tmp").make_in(folder, |path| File::create_new(path))?;
        unfinished.insert(file.path().to_path_buf());
        let listed = Listed(file.path().to_path_buf());
        Ok(Self { file, listed })
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    pub(super) fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Gives it its name.
    pub(super) fn rename(self, target: &Path) -> io::Result<()> {
        let Self { file, listed } = self;
        let renamed = file.persist(target).map(drop).map_err(|error| error.error);
        drop(listed);
        renamed
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        unfinished().remove(&self.0);
    }
}

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
mod signals {
    //! Signals that end the program.

    use std::fs;
    use std::sync::Once;
    use std::thread;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    use super::unfinished;

    /// From now on, a signal that ends the program first removes unfinished files. If the system does not allow that, they stay
    /// and do no harm.
    pub(super) fn watch() {
        static WATCHED: Once = Once::new();
        WATCHED.call_once(|| {
            let ignored = ignored();
            let ends = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
            if let Ok(signals) = Signals::new(ends) {
                let _ = thread::Builder::new().name("signals".to_owned()).spawn(|| remove_at_end(signals));
            }
        });
    }

    fn remove_at_end(mut signals: Signals) {
        for signal in signals.forever() {
            // Locked until the end, so that no other file is created.
            let unfinished = unfinished();
            for path in &*unfinished {
                let _ = fs::remove_file(path);
            }
            let _ = emulate_default_handler(signal);
        }
    }

    /// A bit for each signal to ignore, as requested by `nohup`; 0 if the system does not say.
    fn ignored() -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
    }
}
