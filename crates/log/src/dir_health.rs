//! Whether a log directory can still be trusted. All logs of a directory share one, because they share its disk: after a
//! sync of one has failed, nothing is known of what the others wrote since.

use std::fmt;
use std::sync::OnceLock;

/// The health of one log directory: good until the first failure, and never again after it.
pub struct DirHealth {
    failure: OnceLock<String>,
    on_failure: Box<dyn Fn() + Send + Sync>,
}

impl DirHealth {
    /// A healthy directory. `on_failure` is called once, by whoever sees the failure first, with locks held: it may wake
    /// somebody and nothing else.
    pub fn new(on_failure: impl Fn() + Send + Sync + 'static) -> DirHealth {
        DirHealth { failure: OnceLock::new(), on_failure: Box::new(on_failure) }
    }

    /// A sync failed, or a write for another reason than space. The first reason is kept.
    pub fn fail(&self, reason: &str) {
        if self.failure.set(reason.to_owned()).is_ok() {
            (self.on_failure)();
        }
    }

    /// What failed first, if something has.
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }
}

impl fmt::Debug for DirHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirHealth").field("failure", &self.failure.get()).finish_non_exhaustive()
    }
}
