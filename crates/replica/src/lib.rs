//! Leader and follower behaviour of one partition, and who waits for what.
