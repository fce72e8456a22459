//! Putting new segments in the place of old ones.

use std::sync::Arc;

use stream_types::Offset;

use super::run::{Group, Replacement};
use crate::error::{Context, LogError};
use crate::log::Log;
use crate::name;
use crate::open::{remove_if_there, remove_segment};
use crate::segment::Segment;

/// What a compaction has done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Compacted {
    /// What was not compacted begins here: for cleaner-offset-checkpoint.
    pub first_dirty: Offset,
    /// Bytes of the segments that were read.
    pub bytes_before: u64,
    /// Bytes of those that took their place.
    pub bytes_after: u64,
    /// Segments that were read.
    pub segments_before: usize,
    /// Segments that took their place.
    pub segments_after: usize,
}

impl Log {
    /// Puts the segments of a finished compaction in place. `None` if the old ones are no longer there, because
    /// retention or a truncation was faster: then all stays as it is.
    pub fn apply_compaction(&mut self, replacement: Replacement) -> Result<Option<Compacted>, LogError> {
        self.check_online()?;
        self.is_compacting = false;
        let Replacement { groups, first_dirty, bytes_before, bytes_after } = replacement;
        if !groups.iter().all(|group| self.has_segments(group)) {
            for group in &groups {
                group.files.remove(&**self.disk())?;
            }
            self.dirty.name_changed();
            return Ok(None);
        }
        let compacted = Compacted {
            first_dirty,
            bytes_before,
            bytes_after,
            segments_before: groups.iter().map(|group| group.old.len()).sum(),
            segments_after: groups.len(),
        };
        self.publish_groups(&groups);
        let swapped = self.swap_files(&groups);
        if let Err(error) = swapped {
            // Half done: opening the log again will finish it.
            match error.is_no_space() {
                true => self.set_alone_offline(&error.to_string()),
                false => self.set_offline(&error.to_string()),
            }
            return Err(error);
        }
        self.is_changed = true;
        self.dirty.name_changed();
        Ok(Some(compacted))
    }

    fn has_segments(&self, group: &Group) -> bool {
        let view = self.reader.view.read();
        group.old.iter().all(|old| view.segments.iter().any(|segment| Arc::ptr_eq(segment, old)))
    }

    /// Lets readers see the new segments, whose files are open, before any name changes.
    fn publish_groups(&self, groups: &[Group]) {
        let mut view = self.reader.view.write();
        for group in groups {
            let Some(first) = group.old.first() else { continue };
            let index = view.segment_index(first.base_offset);
            let new = Arc::new(Segment::swapped_in(self.disk(), self.dir(), &group.files));
            view.segments.splice(index..index + group.old.len(), [new]);
        }
        view.forget_places();
        drop(view);
        groups.iter().flat_map(|group| &group.old).for_each(|segment| segment.retire());
        self.reader.forget_hints();
    }

    fn swap_files(&self, groups: &[Group]) -> Result<(), LogError> {
        let (disk, dir) = (&**self.disk(), self.dir());
        for group in groups {
            for old in &group.old {
                remove_segment(disk, dir, old.base_offset)?;
                if old.base_offset != group.files.base_offset {
                    remove_if_there(disk, &name::path(dir, old.base_offset, name::SNAPSHOT))?;
                }
            }
        }
        disk.sync_dir(dir).context("sync", dir)?;
        for group in groups {
            group.files.rename_to_final(disk)?;
        }
        Ok(())
    }
}
