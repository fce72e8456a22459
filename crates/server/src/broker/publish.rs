//! Committed images become what this broker works with.
//!
//! For each image in order: partitions that it assigns here are opened, those it took away are
//! removed, changed configurations reach their logs; then handlers see the image; then the replies
//! that waited for it leave. So nobody is told of a topic that this broker cannot serve yet.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use stream_log::LogError;
use stream_metadata::{MetadataImage, TopicImage};
use stream_types::{LeaderEpoch, TopicPartition, Uuid};
use tokio::sync::{mpsc, oneshot};

use super::Broker;
use crate::config::ConnectionLimits;
use crate::controller::Published;
use crate::partitions::{
    LOGS_WORTH_A_VOLUME_SYNC, OpenPlan, Partition, TopicPartitions, TopicSettings, Unsynced, WorkerEvent,
};

type Opening = (Arc<Partition>, oneshot::Receiver<Result<Option<Unsynced>, LogError>>);

/// The task that applies committed images.
#[derive(Debug)]
pub(super) struct Publisher {
    broker: Arc<Broker>,
    next_worker: usize,
}

impl Publisher {
    /// A publisher over the log directories of this broker.
    pub(super) fn new(broker: Arc<Broker>) -> Publisher {
        Publisher { broker, next_worker: 0 }
    }

    /// Applies images until the broker stops; gives itself back for the last step of stopping.
    pub(super) async fn run(mut self, mut images: mpsc::Receiver<Published>) -> Publisher {
        let broker = Arc::clone(&self.broker);
        loop {
            let published = tokio::select! {
                published = images.recv() => published,
                () = broker.stopping() => None,
            };
            let Some(published) = published else { return self };
            // Only the newest image counts; every reply waits for an image that holds its change.
            let mut gathered = vec![published];
            while let Ok(published) = images.try_recv() {
                gathered.push(published);
            }
            if let Some(newest) = gathered.last() {
                self.apply(newest).await;
            }
            gathered.into_iter().for_each(Published::release);
        }
    }

    /// Closes every log cleanly and writes the checkpoints.
    ///
    /// # Errors
    /// When the disk refuses; the next start then recovers.
    pub(super) fn close_logs(self) -> Result<(), LogError> {
        self.broker.log_dirs.close(&self.broker.partitions, self.broker.broker_epoch())
    }

    async fn apply(&mut self, published: &Published) {
        let image = &published.image;
        let before = self.broker.image();
        if !before.shares_topics_with(image) {
            self.remove_gone(image).await;
            let opening = self.change_partitions(image);
            let strays = self.opened(opening, true).await;
            let opening = self.replace_strays(image, strays).await;
            self.opened(opening, false).await;
        }
        if !before.shares_configs_with(image) {
            self.change_configs(&before, image);
            let (config, listeners) = (&self.broker.static_config, &self.broker.config.listeners);
            self.broker.admission.limit(ConnectionLimits::effective(config, image, listeners));
        }
        self.broker.authorization.follow(&before, image);
        if !before.shares_security_with(image) {
            self.broker.quotas.follow(&before, image);
            self.broker.admission.follow(&before, image);
        }
        self.broker.image.store(Arc::clone(image));
        self.broker.groups.follow(self.broker.node_id(), &self.broker.partitions, &before, image);
        self.broker.image_offset.store(published.offset, Ordering::Relaxed);
    }

    /// Removes what the image no longer has, files and notes included: a topic of the same name may come next.
    async fn remove_gone(&self, image: &MetadataImage) {
        let broker = &self.broker;
        let mut gone: Vec<Arc<Partition>> = Vec::new();
        broker.partitions.update(|table| {
            let ids: Vec<Uuid> = table.keys().copied().filter(|id| image.topics().by_id(*id).is_none()).collect();
            let removed = ids.iter().filter_map(|id| table.remove(id));
            gone.extend(removed.flat_map(|partitions| partitions.iter().flatten().cloned().collect::<Vec<_>>()));
        });
        if gone.is_empty() {
            return;
        }
        let mut deleting = Vec::new();
        for partition in gone {
            broker.metrics.forget_topic(&partition.id.topic);
            broker.log_dirs.forget(&partition.id);
            let (reply, deleted) = oneshot::channel();
            let worker = partition.worker.clone();
            // A stopping worker leaves the files; the next start finds the topic gone and removes them.
            let _ = worker.send(WorkerEvent::Delete { partition, reply });
            deleting.push(deleted);
        }
        for deleted in deleting {
            // The worker has said what went wrong, if something did.
            let _ = deleted.await;
        }
        let broker = Arc::clone(broker);
        let noted = tokio::task::spawn_blocking(move || broker.log_dirs.write_checkpoints(&broker.partitions)).await;
        match noted {
            // A directory that has failed is examined at the next start anyway.
            Ok(Ok(()) | Err(LogError::Offline { .. })) | Err(_) => {}
            Ok(Err(error)) => tracing::error!("cannot note that topics are deleted: {error}"),
        }
    }

    /// Brings the table in line with the image; what is being opened must be waited for.
    fn change_partitions(&mut self, image: &MetadataImage) -> Vec<Opening> {
        let mut opening = Vec::new();
        let broker = Arc::clone(&self.broker);
        broker.partitions.update(|table| {
            let missing = image.topics().iter().map(|topic| {
                topic.partition_count().saturating_sub(table.get(&topic.id).map_or(0, |partitions| partitions.len()))
            });
            let are_many = missing.sum::<usize>() >= LOGS_WORTH_A_VOLUME_SYNC;
            for topic in image.topics().iter() {
                let known = table.get(&topic.id).map_or(0, |partitions| partitions.len());
                self.follow_epochs(topic);
                if known < topic.partition_count() {
                    let partitions = self.open_missing(image, topic, table, are_many, &mut opening);
                    table.insert(topic.id, partitions);
                }
            }
        });
        opening
    }

    /// Puts directories aside that belong to deleted topics of the same name, and opens empty logs in their place.
    async fn replace_strays(&self, image: &MetadataImage, strays: Vec<(Arc<Partition>, Uuid)>) -> Vec<Opening> {
        let mut opening = Vec::new();
        for (partition, found) in strays {
            let (broker, id) = (Arc::clone(&self.broker), partition.id.clone());
            let set_aside = move || {
                let aside = broker.log_dirs.set_aside(&id, found).map_err(|error| error.to_string())?;
                broker.log_dirs.write_checkpoints(&broker.partitions).map_err(|error| error.to_string())?;
                Ok::<_, String>(aside)
            };
            match tokio::task::spawn_blocking(set_aside).await {
                Ok(Ok(aside)) => {
                    let aside = aside.display();
                    tracing::warn!(partition = %partition.id, "its directory was that of a deleted topic, which is {aside} now");
                    if let Some(topic) = image.topics().by_id(partition.topic_id) {
                        opening.push(self.open(image, topic, partition, false));
                    }
                }
                Ok(Err(error)) => {
                    tracing::error!(partition = %partition.id, "cannot put a deleted topic's directory aside: {error}");
                }
                Err(error) => {
                    tracing::error!(partition = %partition.id, "putting a directory aside ended early: {error}")
                }
            }
        }
        opening
    }

    fn open(&self, image: &MetadataImage, topic: &TopicImage, partition: Arc<Partition>, with_many: bool) -> Opening {
        let place = self.broker.log_dirs.place(&partition.id);
        let assigned = topic.partition(partition.id.partition);
        let plan = OpenPlan {
            dir: place.dir,
            exists: place.exists,
            settings: self.settings(image, topic),
            leader_epoch: assigned.map_or(LeaderEpoch::NONE, |assigned| assigned.leader_epoch),
            clean: place.clean,
            recovery_point: place.recovery_point,
            log_start: place.log_start,
            health: place.health,
            with_many,
        };
        let (reply, opened) = oneshot::channel();
        let event = WorkerEvent::Open { partition: Arc::clone(&partition), plan: Box::new(plan), reply };
        // A refused event drops its reply, which the waiting side reports.
        let _ = partition.worker.send(event);
        (partition, opened)
    }

    fn follow_epochs(&self, topic: &TopicImage) {
        for (index, assigned) in &topic.partitions {
            if let Some(partition) = self.broker.partitions.get(topic.id, *index) {
                partition.lead_in(assigned.leader_epoch);
            }
        }
    }

    fn open_missing(
        &mut self,
        image: &MetadataImage,
        topic: &TopicImage,
        table: &HashMap<Uuid, TopicPartitions>,
        are_many: bool,
        opening: &mut Vec<Opening>,
    ) -> TopicPartitions {
        let known: &[Option<Arc<Partition>>] = table.get(&topic.id).map_or(&[], |partitions| partitions);
        let settings = self.settings(image, topic);
        let traffic = self.broker.metrics.topic(&topic.name);
        let mut partitions = known.to_vec();
        for (index, assigned) in topic.partitions.iter().skip(known.len()) {
            if !assigned.replicas.contains(&self.broker.node_id()) {
                partitions.push(None);
                continue;
            }
            let id = TopicPartition::new(&*topic.name, *index);
            let worker = self.broker.workers.handle(self.next_worker);
            self.next_worker += 1;
            let partition = Arc::new(Partition::new(id, topic.id, worker, &settings, Arc::clone(&traffic)));
            opening.push(self.open(image, topic, Arc::clone(&partition), are_many));
            partitions.push(Some(partition));
        }
        partitions.into()
    }

    fn settings(&self, image: &MetadataImage, topic: &TopicImage) -> TopicSettings {
        TopicSettings::of(&self.broker.config, &self.broker.static_config, image, &topic.name)
    }

    fn change_configs(&self, before: &MetadataImage, image: &MetadataImage) {
        for topic in image.topics().iter() {
            let settings = self.settings(image, topic);
            if settings == self.settings(before, topic) {
                continue;
            }
            for index in topic.partitions.keys() {
                if let Some(partition) = self.broker.partitions.get(topic.id, *index) {
                    let worker = partition.worker.clone();
                    let event = WorkerEvent::Configure { partition, settings: Box::new(settings.clone()) };
                    // A stopping worker needs no new configuration.
                    let _ = worker.send(event);
                }
            }
        }
    }

    /// Waits for logs to be open and reports those that are not; with `may_be_stray` gives back the partitions whose directory
    /// belongs to another topic, and that topic's id.
    async fn opened(&self, opening: Vec<Opening>, may_be_stray: bool) -> Vec<(Arc<Partition>, Uuid)> {
        let mut strays = Vec::new();
        let mut unsynced = Vec::new();
        for (partition, opened) in opening {
            match opened.await {
                Ok(Ok(None)) => {}
                Ok(Ok(Some(work))) => unsynced.push((partition, work)),
                Ok(Err(LogError::TopicIdMismatch { found, .. })) if may_be_stray => strays.push((partition, found)),
                // That its directory has failed was said once.
                Ok(Err(LogError::Offline { .. })) => {}
                Ok(Err(error)) => {
                    tracing::error!(partition = %partition.id, "cannot open the log, its partition is offline: {error}");
                }
                Err(_) => tracing::error!(partition = %partition.id, "the log's writer ended before it was opened"),
            }
        }
        if !unsynced.is_empty() {
            let broker = Arc::clone(&self.broker);
            // It ends early only with the runtime.
            let _ = tokio::task::spawn_blocking(move || broker.log_dirs.sync_opened(unsynced)).await;
        }
        strays
    }
}
