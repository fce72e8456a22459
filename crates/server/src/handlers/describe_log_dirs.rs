//! DescribeLogDirs (key 35), versions 1–5.
//!
//! - Each log directory with the partitions that it holds and their sizes; null topics: all (KIP-113). A partition that
//!   is not here is left out.
//! - v4: size and free space of the directory's file system (KIP-827). v5: whether it takes new partitions (KIP-1066).
//! - A directory that is offline: KAFKA_STORAGE_ERROR, and nothing of what it holds.
//! - No partition moves between directories: there is no future log, and a leader lags behind nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use stream_security::acl::Operation;
use stream_types::ErrorCode;
use stream_wire::describe_log_dirs::{
    DescribableLogDirTopic, DescribeLogDirsPartition, DescribeLogDirsRequest, DescribeLogDirsResponse,
    DescribeLogDirsResult, DescribeLogDirsTopic,
};

use super::request::Request;
use crate::broker::Broker;
use crate::maintenance::Space;
use crate::net::{Answer, Pending};

/// Describes the log directories of this broker.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DescribeLogDirsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    if !broker.may_on_cluster(&request.session, Operation::Describe) {
        // Before v3 there is no place for the error: an answer without directories, as Kafka's.
        let error = if request.version() >= 3 { ErrorCode::ClusterAuthorizationFailed } else { ErrorCode::None };
        return request.ready(&DescribeLogDirsResponse { error_code: error.code(), ..Default::default() });
    }
    let broker = Arc::clone(broker);
    let responder = request.responder;
    Pending::later(async move {
        // Asking a file system for its free space may wait for it.
        let described = tokio::task::spawn_blocking(move || describe(&broker, body.topics.as_deref())).await;
        match described {
            Ok(results) => responder.respond(&DescribeLogDirsResponse { results, ..Default::default() }),
            Err(error) => Answer::Close(format!("the log directories were not described: {error}")),
        }
    })
}

fn describe(broker: &Broker, wanted: Option<&[DescribableLogDirTopic]>) -> Vec<DescribeLogDirsResult> {
    let mut dirs = held(broker, wanted);
    let offline = broker.log_dirs.offline();
    let log_dirs = broker.config.log_dirs.iter();
    log_dirs
        .map(|path| {
            let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            let log_dir = absolute.to_string_lossy().as_ref().into();
            let mut result = DescribeLogDirsResult { log_dir, ..Default::default() };
            if offline.iter().any(|failed| failed.path == *path) {
                result.error_code = ErrorCode::KafkaStorageError.code();
                return result;
            }
            match Space::of(path) {
                Ok(space) => {
                    result.total_bytes = i64::try_from(space.total_bytes).unwrap_or(i64::MAX);
                    result.usable_bytes = i64::try_from(space.free_bytes).unwrap_or(i64::MAX);
                }
                Err(error) => {
                    tracing::error!(dir = %path.display(), "cannot ask the file system for its space: {error}");
                    result.error_code = ErrorCode::KafkaStorageError.code();
                }
            }
            let topics = dirs.remove(path.as_path()).unwrap_or_default().into_iter();
            result.topics =
                topics.map(|(name, partitions)| DescribeLogDirsTopic { name: name.into(), partitions }).collect();
            result
        })
        .collect()
}

type Topics = BTreeMap<String, Vec<DescribeLogDirsPartition>>;

/// What each directory holds of what is asked for.
fn held<'a>(broker: &'a Broker, wanted: Option<&[DescribableLogDirTopic]>) -> BTreeMap<&'a Path, Topics> {
    let wanted: Option<BTreeSet<(&str, i32)>> = wanted.map(|topics| {
        let named = topics.iter().flat_map(|topic| topic.partitions.iter().map(|index| (&*topic.topic, *index)));
        named.collect()
    });
    let mut dirs: BTreeMap<&Path, Topics> = BTreeMap::new();
    for partition in broker.partitions.all() {
        let (topic, index) = (&partition.id.topic, partition.id.partition.get());
        if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&(topic.as_str(), index))) {
            continue;
        }
        let Some(reader) = partition.reader() else { continue };
        let Some(dir) = broker.config.log_dirs.iter().find(|dir| reader.dir().parent() == Some(dir.as_path())) else {
            continue;
        };
        dirs.entry(dir).or_default().entry(topic.clone()).or_default().push(DescribeLogDirsPartition {
            partition_index: index,
            partition_size: i64::try_from(reader.size().bytes).unwrap_or(i64::MAX),
            offset_lag: 0,
            is_future_key: false,
        });
    }
    for partitions in dirs.values_mut().flat_map(BTreeMap::values_mut) {
        partitions.sort_by_key(|partition| partition.partition_index);
    }
    dirs
}
