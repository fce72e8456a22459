//! Records in Kafka's `__consumer_offsets` format.
