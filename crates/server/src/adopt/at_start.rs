//! `server` on the data directory of an Apache Kafka node adopts it, if nothing is lost by that.

use std::sync::Arc;

use stream_log::disk::Disk;

use super::error::AdoptError;
use super::survey::{self, Survey};
use super::{KAFKA_METADATA_DIR, METADATA_DIR, carry_out, finish, report};
use crate::clock;
use crate::config::ServerConfig;
use crate::unsecured;

/// Adopts what is in `log.dirs`, or finishes an adoption that was begun; nothing happens where there is no Kafka's.
///
/// # Errors
/// When there is, and it is not to be adopted without being asked; nothing was changed then.
pub(crate) fn adopt_at_start(disk: &Arc<dyn Disk>, config: &ServerConfig) -> Result<(), AdoptError> {
    let has = |name: &'static str| move |dir: &&std::path::PathBuf| disk.list(&dir.join(name)).is_ok();
    let Some(dir) = config.log_dirs.iter().find(has(KAFKA_METADATA_DIR)) else { return Ok(()) };
    if config.log_dirs.iter().any(|dir| has(METADATA_DIR)(&dir)) {
        let _lock = survey::lock(&**disk, dir)?;
        return finish(&**disk, dir);
    }
    let survey = Survey::of(&**disk, &config.log_dirs)?;
    let refuse = |reason: String| Err(AdoptError::Refused { dir: dir.clone(), reason });
    if survey.node_id != config.node_id {
        return refuse(format!("it is of node {}; set node.id={}", survey.node_id, survey.node_id));
    }
    if dir != config.first_log_dir() {
        return refuse(format!("Kafka's metadata log is in it; make {} the first of log.dirs", dir.display()));
    }
    if let Some(wanted) = config.cluster_id.as_ref().filter(|wanted| **wanted != survey.cluster_id) {
        return refuse(format!("it is of cluster {}, not of {wanted}", survey.cluster_id));
    }
    let unclean = survey.dirs.iter().find(|dir| !dir.clean).map(|_| "Kafka did not stop cleanly".to_owned());
    let adoption = &survey.adoption;
    let lost = adoption.refused.iter().chain(&adoption.not_carried).cloned().chain(unclean).next();
    if let Some(lost) = lost {
        return refuse(format!(
            "{lost}; 'hanzo-stream adopt {} --dry-run' says all that is found, and without --dry-run it adopts what can be",
            dir.display(),
        ));
    }
    if let Some(reason) = unsecured::refusal(config, survey.read.metadata.image()) {
        return refuse(reason);
    }
    report::table(&survey).lines().filter(|line| !line.is_empty()).for_each(|line| tracing::info!("{line}"));
    carry_out::carry_out(disk, &survey, clock::random_u64())?;
    tracing::info!("adopted the data directory of an Apache Kafka node");
    Ok(())
}
