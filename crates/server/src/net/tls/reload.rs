//! Takes over new certificates while the broker runs. Every few seconds one task looks at the files of all listeners; a
//! file that has changed and then stays as it is for one interval is opened, checked, and swapped in as a whole. One
//! that cannot be used changes nothing, and is one line; so is one for somebody else: unless `ssl.allow.dn.changes` and
//! `ssl.allow.san.changes` say otherwise, a new certificate has the name of the one before and at least its alternative names
//! (KIP-978).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use stream_security::CertificateFacts;

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
        let built = build::build(&self.tls.settings).map_err(|error| error.to_string());
        let built = built.and_then(|built| match other_names(&self.tls, &built.facts) {
            None => Ok(built),
            Some(problem) => Err(problem),
        });
        match built {
            Ok(built) => {
                tracing::info!(listener, "new certificates are taken: {}", built.facts.subject);
                self.tls.current.store(built.config);
                self.tls.facts.store(Arc::new(built.facts));
            }
            Err(error) => tracing::error!(listener, "new certificates are not taken, the old ones stay: {error}"),
        }
    }
}

/// How the names of a new certificate differ from those of the one that is shown, if they may not.
fn other_names(tls: &ListenerTls, new: &CertificateFacts) -> Option<String> {
    let old = tls.facts.load();
    if !tls.settings.may_change_name && new.subject != old.subject {
        let (old, new) = (&old.subject, &new.subject);
        return Some(format!("the name is {new:?} and was {old:?}; set ssl.allow.dn.changes=true if that is meant"));
    }
    let lost: Vec<&str> = old.alternative_names.difference(&new.alternative_names).map(String::as_str).collect();
    if !tls.settings.may_lose_names && !lost.is_empty() {
        let lost = lost.join(", ");
        return Some(format!(
            "these alternative names are gone: {lost}; set ssl.allow.san.changes=true if that is meant"
        ));
    }
    None
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
