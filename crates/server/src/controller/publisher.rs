//! Committed images become what this broker works with: partitions open, then the image is
//! visible, then replies leave.

use std::sync::Arc;

use stream_metadata::MetadataImage;

use super::driver::ParkedReply;

/// A committed image and the replies that waited for it.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) image: Arc<MetadataImage>,
    /// Raft index of the newest entry in the image.
    pub(crate) offset: i64,
    pub(crate) replies: Vec<ParkedReply>,
}

impl Published {
    /// Answers everybody who waited for this image.
    pub(crate) fn release(self) {
        for reply in self.replies {
            reply.release();
        }
    }
}
