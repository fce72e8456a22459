//! What must be true of the cluster at every step, judged from outside.
//!
//! - One leader a term; a new leader has everything that was ever committed.
//! - An index has one entry, on every node and for ever.
//! - After the same index every node has the same image, and it is what the log replays to.
//! - A reply that left stands: its entry is in the committed log, where it said, and the image that the answer was
//!   given on is the image of that log.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use stream_metadata::{MetadataImage, decode_entry};
use stream_quorum::Leadership;
use stream_types::{LeaderEpoch, NodeId};

use super::driver::{CLUSTER, Driver, Parked, Turn};
use crate::violation::{Checked, promise};

#[derive(Debug)]
struct Entry {
    term: u64,
    data: Bytes,
    /// The image with this entry.
    image: Arc<MetadataImage>,
}

/// Sees everything.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    committed: BTreeMap<u64, Entry>,
    leaders: BTreeMap<LeaderEpoch, NodeId>,
    /// Replies that left before the oracle knew their entry, by its index.
    released: BTreeMap<u64, Vec<Parked>>,
}

impl Oracle {
    /// Index of the newest committed entry.
    pub(crate) fn last_index(&self) -> u64 {
        self.committed.keys().next_back().copied().unwrap_or(0)
    }

    /// Entries committed so far.
    pub(crate) fn committed_count(&self) -> usize {
        self.committed.len()
    }

    /// Looks at one turn of a node, which is already applied to `driver`. Indexes before the turn end at `before`.
    pub(crate) fn check_turn(&mut self, node: NodeId, before: u64, driver: &Driver, turn: &Turn) -> Checked {
        let mut reached = before;
        if let Some(snapshot) = &turn.installed {
            promise!(
                snapshot.index >= reached,
                "node {node} went back from entry {reached} to the snapshot of entry {}",
                snapshot.index
            );
            reached = snapshot.index;
        }
        for entry in &turn.committed {
            promise!(entry.index > reached, "node {node} was given entry {} after {reached}", entry.index);
            reached = entry.index;
            self.check_entry(node, entry.index, entry.term, &entry.data)?;
        }
        if !turn.committed.is_empty() || turn.installed.is_some() {
            let expected = self.image_at(driver.committed_index());
            promise!(
                *expected == **driver.committed(),
                "node {node} has another image after entry {} than the log replays to",
                driver.committed_index()
            );
            let known = self.committed.range(..=driver.committed_index()).count();
            promise!(known > 0 || driver.committed_index() == 0, "node {node} installed what nobody committed");
            if let Err(reason) = driver.committed().check() {
                promise!(false, "node {node}: the image is inconsistent: {reason}");
            }
        }
        if let Some(Leadership::Leading { epoch }) = turn.leadership {
            let leader = *self.leaders.entry(epoch).or_insert(node);
            promise!(leader == node, "two leaders in term {epoch}: {leader} and {node}");
            promise!(
                driver.committed_index() >= self.last_index(),
                "node {node} leads term {epoch} without entry {}, which was committed",
                self.last_index()
            );
        }
        Ok(())
    }

    fn check_entry(&mut self, node: NodeId, index: u64, term: u64, data: &Bytes) -> Checked {
        if let Some(known) = self.committed.get(&index) {
            promise!(
                known.term == term && known.data == *data,
                "node {node} applied another entry {index} (term {term}) than was committed (term {})",
                known.term
            );
            return Ok(());
        }
        let last = self.last_index();
        promise!(index > last, "node {node} applied entry {index}, which nobody had when entry {last} was committed");
        let mut image = MetadataImage::clone(&self.image_at(last));
        for record in decode_entry(data.clone()).expect("a committed entry can be read") {
            image.replay(&record).expect("a committed record replays");
        }
        self.committed.insert(index, Entry { term, data: data.clone(), image: Arc::new(image) });
        for parked in self.released.remove(&index).unwrap_or_default() {
            self.check_reply(node, &parked)?;
        }
        Ok(())
    }

    /// The image after the newest committed entry that is not behind `index`.
    fn image_at(&self, index: u64) -> Arc<MetadataImage> {
        match self.committed.range(..=index).next_back() {
            Some((_, entry)) => Arc::clone(&entry.image),
            None => Arc::new(MetadataImage::empty(CLUSTER)),
        }
    }

    /// A reply left node `node`.
    pub(crate) fn released(&mut self, node: NodeId, parked: Parked) -> Checked {
        if parked.index <= self.last_index() {
            return self.check_reply(node, &parked);
        }
        self.released.entry(parked.index).or_default().push(parked);
        Ok(())
    }

    fn check_reply(&self, node: NodeId, parked: &Parked) -> Checked {
        if let Some(entry) = &parked.entry {
            let kept = self
                .committed
                .get(&parked.index)
                .is_some_and(|found| found.data == *entry && found.term == parked.term.get() as u64);
            promise!(
                kept,
                "a reply of node {node} left, but entry {} that it promised became another: {:?}",
                parked.index,
                parked.reply
            );
        }
        promise!(
            *self.image_at(parked.index) == *parked.basis,
            "a reply of node {node} was decided on what entry {} did not make true: {:?}",
            parked.index,
            parked.reply
        );
        Ok(())
    }

    /// Everything is quiet and every node has everything: nothing may be owed any more.
    pub(crate) fn check_end(&self) -> Checked {
        if let Some((index, parked)) = self.released.iter().next() {
            promise!(
                false,
                "a reply left for entry {index}, which was never committed: {:?}",
                parked.first().map(|parked| &parked.reply)
            );
        }
        Ok(())
    }
}
