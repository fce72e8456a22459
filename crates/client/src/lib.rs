//! The async Kafka client behind the command line, replication and forwarding.
