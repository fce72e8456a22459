//! The power goes at every operation of an adoption: the directory is Kafka's or ours, and the next attempt ends it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stream_codec::batch::BatchBuilder;
use stream_codec::stored::metadata::{PartitionRecord, TopicRecord};
use stream_log::disk::Disk;
use stream_log::disk::memory::{Fault, Loss, MemoryDisk};
use stream_metadata::MetadataRecord;
use stream_types::{Offset, Uuid};

use super::*;

const DATA: &str = "/data";
const ORDERS: Uuid = Uuid([7; 16]);

fn write(disk: &MemoryDisk, path: &str, content: &[u8]) {
    let path = Path::new(DATA).join(path);
    let dir = path.parent().unwrap();
    disk.create_dir(dir).unwrap();
    disk.sync_dir(dir.parent().unwrap()).unwrap();
    disk.replace(&path, content).unwrap();
}

fn metadata_log() -> Vec<u8> {
    let partition = PartitionRecord {
        partition_id: 0,
        topic_id: ORDERS,
        replicas: vec![3],
        isr: vec![3],
        leader_epoch: 5,
        partition_epoch: 6,
        ..PartitionRecord::default()
    };
    let records: [MetadataRecord; 2] =
        [TopicRecord { name: "orders".into(), topic_id: ORDERS }.into(), partition.into()];
    let mut batch = BatchBuilder::new().base_offset(Offset::ZERO);
    for record in records {
        batch.push(0, None, Some(&record.encode().unwrap()), &[]);
    }
    batch.build().unwrap().to_vec()
}

/// A node with one partition, as Kafka leaves it when it stops.
fn fill(disk: &MemoryDisk, directory_id: &str) {
    write(disk, "meta.properties", format!("version=1\ncluster.id=abc\nnode.id=3\n{directory_id}").as_bytes());
    write(disk, ".kafka_cleanshutdown", b"");
    write(disk, "orders-0/partition.metadata", format!("version: 0\ntopic_id: {ORDERS}").as_bytes());
    write(disk, "orders-0/00000000000000000000.log", b"");
    write(disk, "__cluster_metadata-0/00000000000000000000.log", &metadata_log());
}

fn adopt_on(disk: &Arc<dyn Disk>) -> Result<(), AdoptError> {
    let dirs = [PathBuf::from(DATA)];
    if survey::adopted_before(&**disk, &dirs)?.is_some() {
        return finish(&**disk, Path::new(DATA));
    }
    carry_out::carry_out(disk, &Survey::of(&**disk, &dirs)?, 7)
}

fn has(disk: &MemoryDisk, name: &str) -> bool {
    disk.list(&Path::new(DATA).join(name)).is_ok()
}

#[test]
fn a_directory_is_kafkas_or_ours_whenever_the_power_goes() {
    for directory_id in ["directory.id=5L6g3nShT-eMCtK--X86sw\n", ""] {
        for loss in [Loss::Everything, Loss::Nothing, Loss::Random] {
            let mut operation = 0;
            let mut seen = (false, false);
            while interrupted_at(operation, directory_id, loss, &mut seen) {
                operation += 1;
            }
            assert!(operation > 20, "{operation} operations");
            assert_eq!(seen, (true, true), "one crash came before, and one after the directory became ours");
        }
    }
}

/// Whether the adoption came to the operation at all. `seen`: a crash left Kafka's directory, or ours.
fn interrupted_at(operation: u64, directory_id: &str, loss: Loss, seen: &mut (bool, bool)) -> bool {
    let memory = MemoryDisk::new(operation);
    let disk: Arc<dyn Disk> = Arc::new(memory.clone());
    fill(&memory, directory_id);
    memory.inject(memory.operations() + operation, Fault::PowerLoss);
    if adopt_on(&disk).is_ok() {
        return false;
    }
    memory.crash(loss);
    let ours = has(&memory, METADATA_DIR);
    if ours {
        seen.1 = true;
    } else {
        seen.0 = true;
        let log = Path::new(DATA).join(KAFKA_METADATA_DIR).join("00000000000000000000.log");
        assert_eq!(memory.read(&log, 1 << 20).unwrap(), metadata_log(), "operation {operation}");
    }
    adopt_on(&disk).unwrap_or_else(|error| panic!("operation {operation}: {error}"));
    let names = [METADATA_DIR, ADOPTED_DIR, KAFKA_METADATA_DIR].map(|name| has(&memory, name));
    assert_eq!(names, [true, true, false], "operation {operation}");
    let meta = stream_log::log_dir::read_meta_properties(&memory, Path::new(DATA)).unwrap().unwrap();
    let config = stream_quorum::NodeConfig {
        node_id: meta.node_id,
        directory_id: meta.directory_id.unwrap(),
        cluster_id: Some(meta.cluster_id.clone()),
        new_cluster_id: meta.cluster_id,
        voters: vec![meta.node_id],
    };
    let image = carry_out::read_back(&disk, &Path::new(DATA).join(METADATA_DIR), config, 7).unwrap();
    assert_eq!(image.topics().by_id(ORDERS).map(|topic| topic.partition_count()), Some(1), "operation {operation}");
    true
}
