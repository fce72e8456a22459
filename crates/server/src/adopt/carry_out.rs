//! Writing our metadata log, and the two renames.

use std::path::Path;
use std::sync::Arc;

use stream_log::disk::Disk;
use stream_log::log_dir::{self, MetaProperties};
use stream_metadata::{MetadataImage, MetadataRecord, encode_entry};
use stream_quorum::{Effects, Leadership, Node, NodeConfig};
use stream_types::{Now, Uuid};

use super::error::{AdoptError, io_error};
use super::survey::{KafkaDir, Survey};
use super::{ADOPTED_DIR, ADOPTING_DIR, KAFKA_METADATA_DIR, METADATA_DIR};
use crate::clock;

/// Records of one entry: far below the largest entry that the quorum takes.
const ENTRY_RECORDS: usize = 1_000;

/// Adopts what the survey found. `seed` is the quorum's.
pub(crate) fn carry_out(disk: &Arc<dyn Disk>, survey: &Survey, seed: u64) -> Result<(), AdoptError> {
    assert!(survey.adoption.refused.is_empty(), "what is refused is not carried out");
    let directory_id = identify(&**disk, survey)?;
    let dir = survey.metadata_dir();
    let kafka = dir.join(KAFKA_METADATA_DIR);
    let adopting = kafka.join(ADOPTING_DIR);
    if disk.list(&adopting).is_ok() {
        disk.remove_dir_all(&adopting).map_err(io_error("remove", &adopting))?;
    }
    let node = NodeConfig {
        node_id: survey.node_id,
        directory_id,
        cluster_id: Some(survey.cluster_id.clone()),
        new_cluster_id: survey.cluster_id.clone(),
        voters: vec![survey.node_id],
    };
    write(disk, &adopting, node.clone(), &survey.adoption.records, seed)?;
    disk.sync_dir(&adopting).map_err(io_error("sync", &adopting))?;
    let wanted = survey
        .adoption
        .image(&survey.cluster_id)
        .map_err(|source| AdoptError::Contradiction { dir: dir.to_owned(), source })?;
    if read_back(disk, &adopting, node, seed)? != wanted {
        return Err(AdoptError::Proposal("what was written reads back differently".to_owned()));
    }
    let ours = dir.join(METADATA_DIR);
    disk.rename(&adopting, &ours).map_err(io_error("rename", &adopting))?;
    disk.sync_dir(dir).map_err(io_error("sync", dir))?;
    finish(&**disk, dir)
}

/// The last step: Kafka's metadata log is put aside. Nothing happens where that was done; what a Kafka that was started
/// on the adopted directory, and refused it, has left there is nothing to us.
pub(crate) fn finish(disk: &dyn Disk, dir: &Path) -> Result<(), AdoptError> {
    let (kafka, aside) = (dir.join(KAFKA_METADATA_DIR), dir.join(ADOPTED_DIR));
    if disk.list(&kafka).is_err() || disk.list(&aside).is_ok() {
        return Ok(());
    }
    disk.rename(&kafka, &aside).map_err(io_error("rename", &kafka))?;
    disk.sync_dir(dir).map_err(io_error("sync", dir))
}

/// Gives an id to directories that have none, as Kafka does when it is upgraded to 3.7; the id of the first.
fn identify(disk: &dyn Disk, survey: &Survey) -> Result<Uuid, AdoptError> {
    let mut first = None;
    for KafkaDir { path, id, .. } in &survey.dirs {
        let id = match id {
            Some(id) => *id,
            None => {
                let id = Uuid::from_random(clock::random_16());
                let cluster_id = survey.cluster_id.clone();
                let meta = MetaProperties { cluster_id, node_id: survey.node_id, directory_id: Some(id) };
                log_dir::write_meta_properties(disk, path, &meta)?;
                id
            }
        };
        first.get_or_insert(id);
    }
    Ok(first.unwrap_or_default())
}

/// Founds a quorum of this node alone, with these records as its first entries.
fn write(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    config: NodeConfig,
    records: &[MetadataRecord],
    seed: u64,
) -> Result<(), AdoptError> {
    let proposal = |reason: &dyn std::fmt::Display| AdoptError::Proposal(reason.to_string());
    let mut node = Node::open(Arc::clone(disk), dir, config, seed)?;
    settle(&mut node, |_| Ok(()))?;
    if !matches!(node.leadership(), Leadership::Leading { .. }) {
        return Err(proposal(&"its only voter does not lead"));
    }
    for entry in records.chunks(ENTRY_RECORDS) {
        let entry = encode_entry(entry).map_err(|error| proposal(&error))?;
        node.propose(entry).map_err(|error| proposal(&error))?;
        settle(&mut node, |_| Ok(()))?;
    }
    Ok(())
}

/// What a start would read.
pub(super) fn read_back(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    config: NodeConfig,
    seed: u64,
) -> Result<MetadataImage, AdoptError> {
    let mut image = MetadataImage::empty(&config.new_cluster_id);
    let contradiction = |source| AdoptError::Contradiction { dir: dir.to_owned(), source };
    let mut node = Node::open(Arc::clone(disk), dir, config, seed)?;
    settle(&mut node, |effects| {
        for entry in effects.committed.into_iter().filter(|entry| !entry.data.is_empty()) {
            image.replay_entry(entry.data).map_err(contradiction)?;
        }
        Ok(())
    })?;
    Ok(image)
}

fn settle(node: &mut Node, mut take: impl FnMut(Effects) -> Result<(), AdoptError>) -> Result<(), AdoptError> {
    loop {
        let effects = node.advance(Now::default())?;
        if effects == Effects::default() {
            return Ok(());
        }
        take(effects)?;
    }
}
