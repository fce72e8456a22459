//! Takes over new certificates while the broker runs. Every few seconds one task looks at the files of all listeners; a
//! file that has changed and then stays as it is for one interval is opened, checked, and swapped in as a whole. One
//! that cannot be used changes nothing, and is one line.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{ListenerTls, build, files};
use crate::broker::Broker;

const INTERVAL: Duration = Duration::from_secs(2);

/// What tells one state of a file from another; none if it cannot be looked at.
pub(super) type Print = Vec<Option<(u64, u64, i64, i64)>>;

struct Watched {
    tls: Arc<ListenerTls>,
    files: Vec<PathBuf>,
    /// What was last opened, well or not.
    taken: Print,
    /// What was seen at the last look.
    seen: Print,
    /// Whether the end of the certificate's validity has been said.
    said_expired: bool,
}

impl Watched {
    fn new(tls: Arc<ListenerTls>) -> Watched {
        let files = files(&tls.settings);
        let taken = tls.opened.clone();
        Watched { seen: taken.clone(), taken, tls, files, said_expired: false }
    }

    /// One look at the files, at `now_seconds` since 1970.
    fn look(&mut self, now_seconds: i64) {
        let print = print(&self.files);
        let is_settled = print == self.seen;
        self.seen = print;
        if is_settled && self.seen != self.taken {
            self.taken = self.seen.clone();
            self.reload();
        }
        let is_expired = self.tls.not_after_seconds() < now_seconds;
        if is_expired && !self.said_expired {
            let listener = self.tls.listener();
            tracing::warn!(listener, "the certificate has expired; clients that check it do not connect");
        }
        self.said_expired = is_expired;
    }

    fn reload(&self) {
        let listener = self.tls.listener();
        match build::build(&self.tls.settings) {
            Ok(built) => {
                self.tls.current.store(built.config);
                self.tls.not_after_seconds.store(built.facts.not_after_seconds, Ordering::Relaxed);
                tracing::info!(listener, "new certificates are taken: {}", built.facts.subject);
            }
            Err(error) => tracing::error!(listener, "new certificates are not taken, the old ones stay: {error}"),
        }
    }
}

pub(super) fn print(files: &[PathBuf]) -> Print {
    let of = |path: &PathBuf| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
    };
    files.iter().map(of).collect()
}

/// Looks after the certificates of all listeners until the broker stops.
pub(crate) fn watch(broker: &Arc<Broker>) {
    if !broker.certificates.is_empty() {
        tokio::spawn(watch_all(Arc::clone(broker)));
    }
}

async fn watch_all(broker: Arc<Broker>) {
    let mut watched: Vec<Watched> = broker.certificates.iter().cloned().map(Watched::new).collect();
    loop {
        let now_seconds = broker.clock.wall().0 / 1000;
        // A file system that hangs must not take a connection's thread with it.
        let looked = tokio::task::spawn_blocking(move || {
            watched.iter_mut().for_each(|watched| watched.look(now_seconds));
            watched
        });
        let Ok(looked) = looked.await else { return };
        watched = looked;
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = broker.stopping() => return,
        }
    }
}
