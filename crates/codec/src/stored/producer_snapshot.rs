//! The `.snapshot` file of a partition. The CRC-32C covers what follows it.

use crate::messages;

messages! {
    /// Every producer of a partition, as of the offset in the file's name.
    ProducerSnapshot, versions 1..=1 {
        crc: u32;
        producer_entries: Vec<ProducerEntry>;
    }
    ProducerEntry {
        producer_id: i64;
        epoch: i16;
        last_sequence: i32;
        last_offset: i64;
        offset_delta: i32;
        timestamp: i64;
        coordinator_epoch: i32;
        current_txn_first_offset: i64;
    }
}
