//! What a scrape asks of the broker apart from its counters, computed at that moment from what is in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use stream_log::LogReader;
use stream_log::disk::file::without_waiting;
use stream_metadata::MetadataImage;
use stream_metadata::config_def;
use stream_quorum::QuorumStatus;
use stream_types::{NodeId, Offset};

use super::scrape::{ClusterState, GroupLag, LogDirState, PartitionState, QuorumState};
use super::unread::{Unread, UnreadTimes};
use crate::broker::Broker;
use crate::coordinator::{Census, Progress};

/// What the broker knows now. Waits for the coordinators to count, and for no disk.
pub(super) fn take(broker: &Broker, times: &Arc<UnreadTimes>) -> ClusterState {
    let image = broker.image();
    let status = broker.controller.status();
    let mut state = ClusterState {
        flush_policy: broker.config.flush_policy.name(),
        active_controller: status.leader == Some(broker.node_id()),
        brokers: image.unfenced_brokers().count(),
        topics: image.topics().iter().map(|topic| ((&*topic.name).into(), topic.partitions.len())).collect(),
        refused_connections: broker.admission.refused().collect(),
        audit: broker.audit.count(),
        request_bytes_held: broker.request_memory.used(),
        offline_log_dirs: broker.log_dirs.offline().len(),
        log_dirs: log_dirs(broker),
        disk_reserve_bytes: broker.config.disk_reserve_bytes,
        quorum: quorum(&status, broker.node_id()),
        certificate_ends: broker
            .certificates
            .iter()
            .map(|tls| (tls.listener().into(), tls.not_after_seconds()))
            .collect(),
        ..ClusterState::default()
    };
    add_partitions(&mut state, broker, &image);
    let mut census = broker.groups.census();
    state.groups = std::mem::take(&mut census.states).into_iter().collect();
    state.waiting = waiting(broker, &census);
    state.group_lags = lags(broker, &image, census.progress(&image, &broker.partitions), times);
    state
}

fn quorum(status: &QuorumStatus, node_id: NodeId) -> QuorumState {
    let replicas = status.voters.iter().chain(&status.observers);
    // Only the leader knows of the others.
    let leads = status.leader == Some(node_id);
    let known = replicas.filter(|replica| leads && replica.log_end_offset >= Offset::ZERO);
    let lag = |end: Offset| u64::try_from(status.log_end_offset.get() - end.get()).unwrap_or(0);
    QuorumState {
        leader_id: status.leader.map_or(-1, NodeId::get),
        epoch: status.leader_epoch.get(),
        high_watermark: status.high_watermark.get(),
        log_end_offset: status.log_end_offset.get(),
        voters: status.voters.len(),
        observers: status.observers.len(),
        replica_lags: known.map(|known| (known.replica.node.get(), lag(known.log_end_offset))).collect(),
    }
}

fn log_dirs(broker: &Broker) -> Vec<LogDirState> {
    let known = broker.disk_space.known().filter(|(_, space, _)| space.total_bytes > 0);
    let state = known.map(|(path, space, is_full)| LogDirState {
        path: path.to_string_lossy().as_ref().into(),
        total_bytes: space.total_bytes,
        free_bytes: space.free_bytes,
        is_full,
    });
    state.collect()
}

/// Who waits for what, in Kafka's names of what is delayed.
fn waiting(broker: &Broker, census: &Census) -> Vec<(&'static str, usize)> {
    let appends = broker.partitions.all().iter().map(|partition| partition.waiting_appends()).sum();
    let fetches = broker.metrics.waiting_fetches.load(std::sync::atomic::Ordering::Relaxed);
    vec![("Fetch", fetches), ("JoinGroup", census.joining), ("Produce", appends), ("SyncGroup", census.syncing)]
}

fn add_partitions(state: &mut ClusterState, broker: &Broker, image: &MetadataImage) {
    let node_id = broker.node_id();
    for partition in image.topics().iter().flat_map(|topic| topic.partitions.values()) {
        state.offline_partitions += usize::from(partition.leader.is_none());
        let under_replicated = partition.leader == Some(node_id) && partition.isr.len() < partition.replicas.len();
        state.under_replicated_partitions += usize::from(under_replicated);
    }
    for partition in broker.partitions.all() {
        let Some(reader) = partition.reader() else { continue };
        let index = partition.id.partition;
        let known = image.topic(&partition.id.topic).and_then(|topic| topic.partition(index));
        let leader = known.and_then(|known| known.leader);
        // Those without a leader are counted already.
        state.offline_partitions += usize::from(leader.is_some() && reader.offline().is_some());
        let size = reader.size();
        state.partitions.push(PartitionState {
            topic: partition.id.topic.as_str().into(),
            partition: Some(index.get()),
            leads: leader == Some(node_id),
            size_bytes: size.bytes,
            segment_count: size.segment_count,
            log_start: reader.log_start().get(),
            high_watermark: reader.high_watermark().get(),
        });
    }
    state.partitions.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
}

/// What retention keeps of a topic; `None` for all.
#[derive(Clone, Copy, Debug)]
struct Retention {
    millis: Option<i64>,
    bytes: Option<u64>,
}

impl Retention {
    fn of(broker: &Broker, image: &MetadataImage, topic: &str) -> Retention {
        let topic = config_def::effective_topic_config(image, &broker.static_config, topic);
        if !topic.cleanup_policy.delete {
            return Retention { millis: None, bytes: None };
        }
        let millis = (topic.retention_ms >= 0).then_some(topic.retention_ms);
        Retention { millis, bytes: u64::try_from(topic.retention_bytes).ok() }
    }

    /// Seconds, and bytes that may be appended, until the record at `offset` may go.
    fn margin(self, reader: &LogReader, offset: Offset, now: i64) -> (Option<f64>, Option<i64>) {
        if self.millis.is_none() && self.bytes.is_none() {
            return (None, None);
        }
        let Ok(kept) = without_waiting(|| reader.kept(offset)) else { return (None, None) };
        let due = self.millis.zip(kept.timestamp).map(|(millis, timestamp)| timestamp.saturating_add(millis));
        let bytes = self.bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        let after = i64::try_from(kept.bytes_after).unwrap_or(i64::MAX);
        (due.map(|due| due.saturating_sub(now) as f64 / 1e3), bytes.map(|bytes| bytes.saturating_sub(after)))
    }
}

/// The largest lags first, so that they are told where not all are.
fn lags(broker: &Broker, image: &MetadataImage, progress: Vec<Progress>, times: &Arc<UnreadTimes>) -> Vec<GroupLag> {
    let now = broker.clock.wall().0;
    let mut retentions: HashMap<Box<str>, Retention> = HashMap::new();
    let mut lags: Vec<(GroupLag, Option<Unread>)> = Vec::with_capacity(progress.len());
    for Progress { group, partition, offset } in progress {
        let Some(reader) = partition.reader().cloned() else { continue };
        let (log_start, end) = (reader.log_start(), reader.high_watermark());
        let between = |from: Offset, to: Offset| u64::try_from(to.get().saturating_sub(from.get())).unwrap_or(0);
        let topic: Box<str> = partition.id.topic.as_str().into();
        let mut lag = GroupLag {
            group,
            topic: topic.clone(),
            partition: Some(partition.id.partition.get()),
            lag: between(offset, end),
            lost: between(offset, log_start.min(end)),
            age_seconds: Some(0.0),
            margin_seconds: None,
            margin_bytes: None,
        };
        let oldest = offset.max(log_start);
        let unread = (oldest < end).then(|| {
            let retention = *retentions.entry(topic).or_insert_with_key(|topic| Retention::of(broker, image, topic));
            (lag.margin_seconds, lag.margin_bytes) = retention.margin(&reader, oldest, now);
            Unread { partition, reader, offset: oldest }
        });
        lags.push((lag, unread));
    }
    lags.sort_by(|(a, _), (b, _)| {
        b.lag.cmp(&a.lag).then_with(|| (&a.group, &a.topic, a.partition).cmp(&(&b.group, &b.topic, b.partition)))
    });
    let (mut lags, wanted): (Vec<GroupLag>, Vec<Option<Unread>>) = lags.into_iter().unzip();
    let behind: Vec<usize> = (0..lags.len()).filter(|index| wanted[*index].is_some()).collect();
    let found = times.look_up(wanted.into_iter().flatten().collect());
    for (index, timestamp) in behind.into_iter().zip(found) {
        lags[index].age_seconds = timestamp.map(|timestamp| now.saturating_sub(timestamp).max(0) as f64 / 1e3);
    }
    lags
}

/// The same without partitions: lags and losses of a topic added up, its oldest record, its smallest margins.
pub(super) fn lags_by_topic(lags: &[GroupLag]) -> Vec<GroupLag> {
    let mut topics: BTreeMap<(&str, &str), GroupLag> = BTreeMap::new();
    for lag in lags {
        let whole = topics.entry((&lag.group, &lag.topic)).or_insert_with(|| GroupLag {
            partition: None,
            lag: 0,
            lost: 0,
            ..lag.clone()
        });
        whole.lag += lag.lag;
        whole.lost += lag.lost;
        let seconds = [whole.age_seconds, lag.age_seconds].into_iter().flatten();
        whole.age_seconds = seconds.reduce(f64::max);
        let seconds = [whole.margin_seconds, lag.margin_seconds].into_iter().flatten();
        whole.margin_seconds = seconds.reduce(f64::min);
        let bytes = [whole.margin_bytes, lag.margin_bytes].into_iter().flatten();
        whole.margin_bytes = bytes.min();
    }
    let mut topics: Vec<GroupLag> = topics.into_values().collect();
    topics.sort_by_key(|lag| std::cmp::Reverse(lag.lag));
    topics
}

/// The same without partitions: sizes and offsets of a topic added up.
pub(super) fn partitions_by_topic(partitions: &[PartitionState]) -> Vec<PartitionState> {
    let mut topics: BTreeMap<&str, PartitionState> = BTreeMap::new();
    for partition in partitions {
        let Some(whole) = topics.get_mut(&*partition.topic) else {
            topics.insert(&partition.topic, PartitionState { partition: None, ..partition.clone() });
            continue;
        };
        whole.size_bytes += partition.size_bytes;
        whole.segment_count += partition.segment_count;
        whole.log_start += partition.log_start;
        whole.high_watermark += partition.high_watermark;
    }
    topics.into_values().collect()
}
