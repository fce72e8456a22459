//! Reading: as a member of a group, or all partitions by oneself.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Duration;

use regex::Regex;
use stream_client::{
    Client, Consumer, ConsumerOptions, FetchedBatch, GroupConsumer, GroupEvent, GroupOptions, StartAt, Topic,
};
use stream_types::limits::DECOMPRESSED_BATCH_BYTES_MAX;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep_until};

use super::ToolError;
use super::formatter::Formatter;

/// How often new topics and partitions are looked for; sooner while there are none.
const LOOK_EVERY: Duration = Duration::from_secs(10);
const LOOK_SOON: Duration = Duration::from_millis(200);
/// Longer than anybody waits.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

type Partitions = BTreeSet<(String, i32)>;

/// What is read.
#[derive(Debug)]
pub(super) enum Source {
    /// A topic, or one partition of it.
    Topic(String, Option<i32>),
    /// Every topic whose whole name matches.
    Matching(Regex),
}

impl Source {
    pub(super) fn matching(pattern: &str) -> Result<Source, ToolError> {
        let whole = Regex::new(&format!("^(?:{pattern})$"));
        whole.map(Source::Matching).map_err(|error| ToolError::usage(format!("--include {pattern}: {error}")))
    }

    /// What there is of it. A topic that is asked for by name may be made by that.
    async fn topics(&self, client: &Client) -> Result<Vec<Topic>, ToolError> {
        Ok(match self {
            Source::Topic(name, _) => {
                let mut topics = client.topics_made_by_asking(&[name]).await?;
                topics.retain(|topic| topic.error_code == 0);
                topics
            }
            Source::Matching(pattern) => {
                let mut topics = client.all_topics().await?;
                topics.retain(|topic| topic.error_code == 0 && !topic.is_internal && pattern.is_match(&topic.name));
                topics
            }
        })
    }

    async fn partitions(&self, client: &Client) -> Result<Partitions, ToolError> {
        let mut partitions = Partitions::new();
        for topic in self.topics(client).await? {
            partitions.extend(topic.partitions.iter().map(|partition| (topic.name.clone(), partition.index)));
        }
        if let Source::Topic(_, Some(wanted)) = self {
            partitions.retain(|(_, index)| index == wanted);
        }
        Ok(partitions)
    }
}

/// How records are read and shown, and how many were.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) client: Client,
    pub(super) source: Source,
    /// Where to begin where nothing is committed.
    pub(super) start: StartAt,
    pub(super) group: Option<String>,
    pub(super) commits: bool,
    pub(super) read_committed: bool,
    pub(super) max_messages: Option<u64>,
    /// How long to wait for a record (milliseconds).
    pub(super) timeout: Option<u64>,
    pub(super) skips_errors: bool,
    pub(super) formatter: Formatter,
    pub(super) count: u64,
}

/// What ends the reading beside records.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn new() -> Result<Stop, ToolError> {
        let listen = |kind| signal(kind).map_err(|error| ToolError::failed(format!("listening for signals: {error}")));
        Ok(Stop { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn come(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

impl Reading {
    pub(super) async fn run(&mut self) -> Result<(), ToolError> {
        if self.is_done() {
            return Ok(());
        }
        let mut stop = Stop::new()?;
        match self.group.clone() {
            Some(group) => self.as_member(&group, &mut stop).await,
            None => self.alone(&mut stop).await,
        }
    }

    async fn alone(&mut self, stop: &mut Stop) -> Result<(), ToolError> {
        let options = ConsumerOptions {
            read_committed: self.read_committed,
            reset: Some(if self.start == StartAt::Earliest { StartAt::Earliest } else { StartAt::Latest }),
            ..ConsumerOptions::default()
        };
        let mut consumer = Consumer::new(self.client.clone(), options);
        let mut known = Partitions::new();
        let mut look_at = Instant::now();
        let mut deadline = self.deadline();
        while !self.is_done() {
            tokio::select! {
                biased;
                () = stop.come() => return Ok(()),
                () = sleep_until(deadline) => return tell_timeout(),
                () = sleep_until(look_at) => {
                    self.look(&mut consumer, &mut known).await?;
                    look_at = Instant::now() + if known.is_empty() { LOOK_SOON } else { LOOK_EVERY };
                }
                batch = consumer.next(), if !known.is_empty() => {
                    self.show(&batch?, &mut BTreeMap::new())?;
                    deadline = self.deadline();
                }
            }
        }
        Ok(())
    }

    /// Begins to read what is new.
    async fn look(&self, consumer: &mut Consumer, known: &mut Partitions) -> Result<(), ToolError> {
        let found = self.source.partitions(&self.client).await?;
        if found == *known {
            return Ok(());
        }
        let positions = consumer.positions();
        let start = |partition: &(String, i32)| {
            let at = positions.get(partition).map_or(self.start, |offset| StartAt::Offset(*offset));
            (partition.0.clone(), partition.1, at)
        };
        consumer.assign(&found.iter().map(start).collect::<Vec<_>>()).await?;
        *known = found;
        Ok(())
    }

    async fn as_member(&mut self, group: &str, stop: &mut Stop) -> Result<(), ToolError> {
        let mut deadline = self.deadline();
        let mut topics = Vec::new();
        while topics.is_empty() {
            let found = self.source.topics(&self.client).await?;
            topics = found.into_iter().map(|topic| topic.name).collect();
            if topics.is_empty() {
                tokio::select! {
                    () = stop.come() => return Ok(()),
                    () = sleep_until(deadline) => return tell_timeout(),
                    () = tokio::time::sleep(LOOK_SOON) => {}
                }
            }
        }
        let mut options = GroupOptions::new(group, topics, self.start);
        options.session_timeout = Duration::from_secs(45);
        options.rebalance_timeout = Duration::from_secs(300);
        options.consumer.read_committed = self.read_committed;
        if !self.commits {
            options.commit_interval = None;
        }
        let mut member = GroupConsumer::new(self.client.clone(), options);
        let mut next = BTreeMap::new();
        let mut result = Ok(());
        while !self.is_done() && result.is_ok() {
            tokio::select! {
                biased;
                () = stop.come() => break,
                () = sleep_until(deadline) => {
                    tell_timeout()?;
                    break;
                }
                event = member.next() => match event? {
                    GroupEvent::Batch(batch) => {
                        result = self.show(&batch, &mut next);
                        deadline = self.deadline();
                    }
                    // What others were given is theirs to commit.
                    GroupEvent::Assigned(assigned) => next.retain(|partition, _| assigned.contains(partition)),
                },
            }
        }
        // Exactly what was shown is committed, also where that ends inside of a batch.
        if self.commits {
            member.commit_at(&next).await?;
        }
        member.leave().await?;
        result
    }

    fn is_done(&self) -> bool {
        self.max_messages.is_some_and(|max| self.count >= max)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.timeout.map_or(NEVER, |millis| Duration::from_millis(millis).min(NEVER))
    }

    /// Shows what is wanted of a batch, and notes which record comes next.
    fn show(&mut self, fetched: &FetchedBatch, next: &mut BTreeMap<(String, i32), i64>) -> Result<(), ToolError> {
        let partition = (fetched.topic.clone(), fetched.partition);
        let unreadable = |error: stream_codec::batch::BatchError| {
            ToolError::failed(format!("partition {}-{}: {error}", fetched.topic, fetched.partition))
        };
        let mut shown = Vec::new();
        let mut result = Ok(());
        for record in fetched.batch.records(DECOMPRESSED_BATCH_BYTES_MAX).map_err(unreadable)? {
            let record = record.map_err(unreadable)?;
            let offset = fetched.batch.offset_of(&record).0;
            if offset < fetched.from_offset || self.is_done() {
                continue;
            }
            self.count += 1;
            match self.formatter.write(fetched, &record, &mut shown) {
                Err(error) if !self.skips_errors => {
                    result = Err(error);
                    break;
                }
                Err(error) => eprintln!("ERROR Error processing message, skipping this message: {error}"),
                Ok(()) => {}
            }
            next.insert(partition.clone(), offset + 1);
        }
        if !self.is_done() && result.is_ok() {
            next.insert(partition, fetched.batch.header().next_offset().0);
        }
        let mut out = std::io::stdout().lock();
        if out.write_all(&shown).and_then(|()| out.flush()).is_err() {
            eprintln!("Unable to write to standard out, closing consumer.");
            // Whoever read has had enough: that is the end, and no failure.
            self.max_messages = Some(self.count);
        }
        result
    }
}

fn tell_timeout() -> Result<(), ToolError> {
    eprintln!("ERROR Error processing message, terminating consumer process:");
    eprintln!("org.apache.kafka.common.errors.TimeoutException");
    Ok(())
}
