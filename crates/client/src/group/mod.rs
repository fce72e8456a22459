//! A member of a classic group: joins, reads what it is given, heartbeats between batches, commits, rejoins.
//!
//! Everything happens inside [`GroupConsumer::next`]: whoever stops calling it for longer than the session timeout
//! leaves the group.

mod assignor;
mod join;

use std::collections::BTreeMap;
use std::time::Duration;

use stream_types::ErrorCode;
use stream_wire::heartbeat::{HeartbeatRequest, HeartbeatResponse};
use stream_wire::leave_group::{LeaveGroupRequest, LeaveGroupResponse, MemberIdentity};
use tokio::time::{Instant, sleep_until};

use crate::admin::find_coordinator::group_name;
use crate::admin::offset_commit::Committer;
use crate::client::Client;
use crate::consumer::{Consumer, ConsumerOptions, FetchedBatch, StartAt};
use crate::error::ClientError;

/// How a member takes part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupOptions {
    /// The group's id.
    pub group: String,
    /// What it reads.
    pub topics: Vec<String>,
    /// Where to start where nothing is committed.
    pub start: StartAt,
    /// How long the coordinator waits for a sign of life.
    pub session_timeout: Duration,
    /// How long members have to come to a rebalance.
    pub rebalance_timeout: Duration,
    /// How often a sign of life is given.
    pub heartbeat_interval: Duration,
    /// How often what was read is committed; never without it, not before a rebalance either.
    pub commit_interval: Option<Duration>,
    /// How records are fetched.
    pub consumer: ConsumerOptions,
}

impl GroupOptions {
    /// Reads `topics` as a member of `group`.
    pub fn new(group: impl Into<String>, topics: Vec<String>, start: StartAt) -> GroupOptions {
        GroupOptions {
            group: group.into(),
            topics,
            start,
            session_timeout: Duration::from_secs(10),
            rebalance_timeout: Duration::from_secs(20),
            heartbeat_interval: Duration::from_secs(3),
            commit_interval: Some(Duration::from_secs(5)),
            consumer: ConsumerOptions { reset: Some(start), ..ConsumerOptions::default() },
        }
    }
}

/// What happened in a group.
#[derive(Clone, Debug)]
pub enum GroupEvent {
    /// The member was given these partitions.
    Assigned(Vec<(String, i32)>),
    /// Records were read.
    Batch(Box<FetchedBatch>),
}

/// A member of a group.
#[derive(Debug)]
pub struct GroupConsumer {
    client: Client,
    options: GroupOptions,
    consumer: Consumer,
    member_id: String,
    generation: i32,
    is_joined: bool,
    next_heartbeat: Instant,
    next_commit: Option<Instant>,
    committed: BTreeMap<(String, i32), i64>,
}

impl GroupConsumer {
    /// A member that joins with the first [`GroupConsumer::next`].
    pub fn new(client: Client, options: GroupOptions) -> GroupConsumer {
        let consumer = Consumer::new(client.clone(), options.consumer.clone());
        let now = Instant::now();
        GroupConsumer {
            client,
            options,
            consumer,
            member_id: String::new(),
            generation: -1,
            is_joined: false,
            next_heartbeat: now,
            next_commit: None,
            committed: BTreeMap::new(),
        }
    }

    /// What happens next. What was returned before counts as done, and may be committed.
    ///
    /// # Errors
    /// When the group refuses the member, or brokers cannot be reached for the operation's time.
    pub async fn next(&mut self) -> Result<GroupEvent, ClientError> {
        loop {
            if !self.is_joined {
                let assigned = self.join().await?;
                self.is_joined = true;
                let now = Instant::now();
                self.next_heartbeat = now + self.options.heartbeat_interval;
                self.next_commit = self.options.commit_interval.map(|interval| now + interval);
                return Ok(GroupEvent::Assigned(assigned));
            }
            tokio::select! {
                biased;
                () = sleep_until(self.next_commit.map_or(self.next_heartbeat, |at| at.min(self.next_heartbeat))) => {}
                batch = self.consumer.next() => return Ok(GroupEvent::Batch(Box::new(batch?))),
            }
            self.keep_up().await?;
        }
    }

    async fn keep_up(&mut self) -> Result<(), ClientError> {
        if self.next_commit.is_some_and(|at| Instant::now() >= at) {
            match self.commit().await {
                Err(error) if !rejoins(&error) => return Err(error),
                Err(_) => self.is_joined = false,
                Ok(()) => self.next_commit = self.options.commit_interval.map(|interval| Instant::now() + interval),
            }
        }
        if Instant::now() >= self.next_heartbeat {
            self.next_heartbeat = Instant::now() + self.options.heartbeat_interval;
            match self.heartbeat().await {
                Err(error) if rejoins(&error) => {
                    // Members have to come to the rebalance whether or not their offsets could be committed.
                    if error.code() != Some(ErrorCode::RebalanceInProgress) {
                        self.member_id.clear();
                    } else if self.options.commit_interval.is_some() {
                        self.commit().await.or_else(|error| if rejoins(&error) { Ok(()) } else { Err(error) })?;
                    }
                    self.is_joined = false;
                }
                result => result?,
            }
        }
        Ok(())
    }

    /// Commits the offsets of everything that was handed over.
    ///
    /// # Errors
    /// When the coordinator refuses or cannot be reached.
    pub async fn commit(&mut self) -> Result<(), ClientError> {
        let mut offsets = self.consumer.positions();
        offsets.retain(|partition, offset| self.committed.get(partition) != Some(offset));
        if self.generation < 0 || offsets.is_empty() {
            return Ok(());
        }
        let committer = Committer {
            group: self.options.group.clone(),
            generation: self.generation,
            member_id: self.member_id.clone(),
            instance_id: None,
        };
        self.client.commit_offsets(&committer, &offsets).await?;
        self.committed.extend(offsets);
        Ok(())
    }

    /// Commits these offsets and no others: of records that were only partly handled.
    ///
    /// # Errors
    /// As [`GroupConsumer::commit`].
    pub async fn commit_at(&mut self, offsets: &BTreeMap<(String, i32), i64>) -> Result<(), ClientError> {
        let committer = Committer {
            group: self.options.group.clone(),
            generation: self.generation,
            member_id: self.member_id.clone(),
            instance_id: None,
        };
        self.client.commit_offsets(&committer, offsets).await
    }

    async fn heartbeat(&self) -> Result<(), ClientError> {
        let request = |_| HeartbeatRequest {
            group_id: self.options.group.as_str().into(),
            generation_id: self.generation,
            member_id: self.member_id.as_str().into(),
            group_instance_id: None,
        };
        let check = |response: &HeartbeatResponse| {
            ClientError::check(group_name(&self.options.group), response.error_code, None)
        };
        self.client.call_coordinator(&self.options.group, i16::MAX, request, check).await.map(|_| ())
    }

    /// Leaves the group, so that others need not wait for the session to end.
    ///
    /// # Errors
    /// When the coordinator refuses or cannot be reached.
    pub async fn leave(self) -> Result<(), ClientError> {
        if self.member_id.is_empty() {
            return Ok(());
        }
        let request = |version: i16| {
            let mut request =
                LeaveGroupRequest { group_id: self.options.group.as_str().into(), ..LeaveGroupRequest::default() };
            if version >= 3 {
                let member_id = self.member_id.as_str().into();
                request.members = vec![MemberIdentity { member_id, ..MemberIdentity::default() }];
            } else {
                request.member_id = self.member_id.as_str().into();
            }
            request
        };
        let check = |response: &LeaveGroupResponse| {
            ClientError::check(group_name(&self.options.group), response.error_code, None)
        };
        self.client.call_coordinator(&self.options.group, i16::MAX, request, check).await.map(|_| ())
    }
}

/// Whether joining again is the answer to an error.
fn rejoins(error: &ClientError) -> bool {
    matches!(
        error.code(),
        Some(ErrorCode::RebalanceInProgress | ErrorCode::IllegalGeneration | ErrorCode::UnknownMemberId)
    )
}
