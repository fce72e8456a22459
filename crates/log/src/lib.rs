//! One partition's segmented log over a small Disk trait.
