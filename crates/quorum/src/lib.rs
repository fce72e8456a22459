//! Raft for the metadata log: messages in and out are values.
