//! Kafka's primitive encodings, message declarations, record batches, compression and stored schemas.
