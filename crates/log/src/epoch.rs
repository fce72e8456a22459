//! Which offsets each leader epoch wrote (KIP-101), and the file that remembers it.

use std::fmt::Write as _;
use std::path::Path;

use stream_types::{LeaderEpoch, Offset};

use crate::disk::Disk;
use crate::error::{Context, LogError};
use crate::name;

/// An epoch and the first offset that its leader wrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EpochStart {
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// Its first offset.
    pub start_offset: Offset,
}

/// Epochs of a log, oldest first; epochs and start offsets only grow.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Epochs(Vec<EpochStart>);

/// Largest leader-epoch-checkpoint that is read (bytes).
const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

impl Epochs {
    /// Reads a directory's leader-epoch-checkpoint; no file means no epochs.
    pub(crate) fn load(disk: &dyn Disk, dir: &Path) -> Result<Epochs, LogError> {
        let path = dir.join(name::EPOCH_CHECKPOINT);
        let bytes = match disk.read(&path, FILE_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Epochs::default()),
            Err(error) => return Err(error).context("read", &path)?,
        };
        let malformed = |reason: &str| LogError::Malformed { path: path.clone(), reason: reason.to_owned() };
        let text = String::from_utf8(bytes).map_err(|_| malformed("not text"))?;
        let mut lines = text.lines();
        if lines.next() != Some("0") {
            return Err(malformed("version is not 0"));
        }
        let count: usize =
            lines.next().and_then(|line| line.parse().ok()).ok_or_else(|| malformed("no entry count"))?;
        let mut epochs = Epochs::default();
        for line in lines.filter(|line| !line.is_empty()) {
            let entry = line.split_once(' ').and_then(|(epoch, start)| {
                Some((LeaderEpoch(epoch.parse().ok()?), Offset(start.trim().parse().ok()?)))
            });
            let (epoch, start) = entry.ok_or_else(|| malformed("an entry is not two numbers"))?;
            epochs.assign(epoch, start);
        }
        if epochs.0.len() > count {
            return Err(malformed("more entries than announced"));
        }
        Ok(epochs)
    }

    /// The file's content.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("0\n{}\n", self.0.len());
        for entry in &self.0 {
            let _ = writeln!(text, "{} {}", entry.epoch, entry.start_offset);
        }
        text
    }

    /// Notes that `epoch` wrote at `offset`; whether that was news. Entries that a new epoch
    /// contradicts are dropped, as after an unclean election.
    pub(crate) fn assign(&mut self, epoch: LeaderEpoch, offset: Offset) -> bool {
        if epoch.0 < 0 || self.latest().is_some_and(|latest| epoch <= latest) {
            return false;
        }
        while self.0.last().is_some_and(|last| last.start_offset >= offset) {
            self.0.pop();
        }
        self.0.push(EpochStart { epoch, start_offset: offset });
        true
    }

    pub(crate) fn latest(&self) -> Option<LeaderEpoch> {
        self.0.last().map(|last| last.epoch)
    }

    /// The epoch that wrote `offset`.
    pub(crate) fn epoch_of(&self, offset: Offset) -> Option<LeaderEpoch> {
        let count = self.0.partition_point(|entry| entry.start_offset <= offset);
        count.checked_sub(1).and_then(|last| self.0.get(last)).map(|entry| entry.epoch)
    }

    /// The largest epoch that is at most `epoch`, and the offset after its last record. An epoch
    /// older than all that are known ends where the first of those begins. `None` for an epoch
    /// newer than all, and for none.
    pub(crate) fn end_of(&self, epoch: LeaderEpoch, log_end: Offset) -> Option<(LeaderEpoch, Offset)> {
        let latest = self.latest()?;
        if epoch.0 < 0 || epoch > latest {
            return None;
        }
        let count = self.0.partition_point(|entry| entry.epoch <= epoch);
        let floor = count.checked_sub(1).and_then(|last| self.0.get(last));
        let end = self.0.get(count).map_or(log_end, |next| next.start_offset);
        Some((floor.map_or(epoch, |floor| floor.epoch), end))
    }

    /// Forgets epochs that begin at or after `end`; whether there were any.
    pub(crate) fn truncate_end(&mut self, end: Offset) -> bool {
        let before = self.0.len();
        self.0.retain(|entry| entry.start_offset < end);
        self.0.len() < before
    }

    /// Forgets epochs that ended before `start`; the one that holds it begins there.
    pub(crate) fn truncate_start(&mut self, start: Offset) -> bool {
        let count = self.0.partition_point(|entry| entry.start_offset <= start);
        let Some(last) = count.checked_sub(1) else { return false };
        let Some(entry) = self.0.get_mut(last) else { return false };
        let changed = last > 0 || entry.start_offset != start;
        entry.start_offset = start;
        self.0.drain(..last);
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::file::FileDisk;
    use crate::scratch::Scratch;

    fn sample() -> Epochs {
        let mut epochs = Epochs::default();
        for (epoch, start) in [(0, 0), (2, 10), (5, 25)] {
            assert!(epochs.assign(LeaderEpoch(epoch), Offset(start)));
        }
        epochs
    }

    #[test]
    fn ends_of_epochs() {
        let epochs = sample();
        let end = |epoch| epochs.end_of(LeaderEpoch(epoch), Offset(40)).map(|(e, o)| (e.0, o.0));
        assert_eq!(end(-1), None);
        assert_eq!(end(0), Some((0, 10)));
        assert_eq!(end(1), Some((0, 10)));
        assert_eq!(end(2), Some((2, 25)));
        assert_eq!(end(4), Some((2, 25)));
        assert_eq!(end(5), Some((5, 40)));
        assert_eq!(end(6), None);
        assert_eq!(epochs.epoch_of(Offset(24)), Some(LeaderEpoch(2)));
        let mut cut = sample();
        cut.truncate_start(Offset(12));
        assert_eq!(cut.end_of(LeaderEpoch(0), Offset(40)), Some((LeaderEpoch(0), Offset(12))));
        assert_eq!(Epochs::default().end_of(LeaderEpoch(0), Offset(0)), None);
    }

    #[test]
    fn both_ends_can_be_cut() {
        let mut epochs = sample();
        assert!(!epochs.assign(LeaderEpoch(4), Offset(30)));
        assert!(epochs.truncate_end(Offset(25)));
        assert_eq!(epochs.latest(), Some(LeaderEpoch(2)));
        assert!(epochs.truncate_start(Offset(12)));
        assert_eq!(epochs.to_text(), "0\n1\n2 12\n");
        assert!(epochs.assign(LeaderEpoch(9), Offset(12)));
        assert_eq!(epochs.to_text(), "0\n1\n9 12\n");
    }

    #[test]
    fn the_file_is_read_back() {
        let scratch = Scratch::new();
        let dir = scratch.path();
        assert_eq!(Epochs::load(&FileDisk, dir).expect("no file"), Epochs::default());
        let epochs = sample();
        FileDisk.replace(&dir.join(name::EPOCH_CHECKPOINT), epochs.to_text().as_bytes()).expect("writes");
        assert_eq!(Epochs::load(&FileDisk, dir).expect("reads"), epochs);
        std::fs::write(dir.join(name::EPOCH_CHECKPOINT), "0\n1\nx 1\n").expect("writes");
        assert!(matches!(Epochs::load(&FileDisk, dir), Err(LogError::Malformed { .. })));
    }
}
