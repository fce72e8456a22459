//! Commands and deadlines, each to its transition.

use std::sync::Arc;

use stream_codec::Str;
use stream_types::{LeaderEpoch, Monotonic, Now};

use super::timers::{TimerKey, Timers};
use super::*;
use crate::{GroupCommand, GroupConfig, Step};

impl<Token> GroupShard<Token> {
    /// A shard that knows nothing yet: [`replay`](Self::replay) every record of the log, then call
    /// [`loaded`](Self::loaded). `seed` makes the member ids.
    pub fn new(config: Arc<GroupConfig>, epoch: LeaderEpoch, seed: u64) -> Self {
        GroupShard {
            config,
            epoch,
            random: Random::new(seed),
            stored: BTreeMap::new(),
            offsets: Offsets::default(),
            foreign: BTreeSet::new(),
            groups: BTreeMap::new(),
            timers: Timers::default(),
            retention: Retention::default(),
            loaded: false,
        }
    }

    /// The epoch in which this broker leads the partition.
    pub fn epoch(&self) -> LeaderEpoch {
        self.epoch
    }

    /// Decides a command. Its reply is in this step or in a later one.
    pub fn handle(&mut self, now: Now, command: GroupCommand, token: Token) -> Step<Token> {
        assert!(self.loaded, "a shard is asked only after its log was replayed");
        let mut step = Step::new();
        match command {
            GroupCommand::Join(join) => self.join(now, join, token, &mut step),
            GroupCommand::Sync(sync) => self.sync(now, sync, token, &mut step),
            GroupCommand::Heartbeat(heartbeat) => self.heartbeat(now, heartbeat, token, &mut step),
            GroupCommand::Leave(leave) => self.leave(now, leave, token, &mut step),
            GroupCommand::CommitOffsets(commit) => self.commit_offsets(now, commit, token, &mut step),
            GroupCommand::FetchOffsets(fetch) => self.fetch_offsets(fetch, token, &mut step),
            GroupCommand::DeleteOffsets(delete) => self.delete_offsets(delete, token, &mut step),
            GroupCommand::Describe(describe) => self.describe_group(describe, token, &mut step),
            GroupCommand::List(list) => self.list_groups(&list, token, &mut step),
            GroupCommand::Delete(delete) => self.delete_group(delete, token, &mut step),
            GroupCommand::TopicsDeleted(deleted) => self.topics_deleted(&deleted, token, &mut step),
        }
        step
    }

    /// Does what is due. Call it at [`next_deadline`](Self::next_deadline).
    pub fn tick(&mut self, now: Now) -> Step<Token> {
        let mut step = Step::new();
        while let Some(key) = self.timers.take_due(now.monotonic) {
            match key {
                TimerKey::Session { group_id, member_id } => {
                    self.with_group(&group_id, now, &mut step, |group, context| {
                        group.session_expired(context, &member_id);
                    });
                }
                TimerKey::Rebalance { group_id } => {
                    self.with_group(&group_id, now, &mut step, |group, context| group.rebalance_due(context));
                }
                TimerKey::Sync { group_id } => {
                    self.with_group(&group_id, now, &mut step, |group, context| group.sync_expired(context));
                }
                TimerKey::Retention => self.expire_offsets(now, &mut step),
            }
        }
        step
    }

    /// When [`tick`](Self::tick) has something to do next.
    pub fn next_deadline(&self) -> Option<Monotonic> {
        self.timers.next()
    }

    /// Lets one group make a transition; `None` if it is not there.
    pub(super) fn with_group<R>(
        &mut self,
        group_id: &str,
        now: Now,
        step: &mut Step<Token>,
        transition: impl FnOnce(&mut Group<Token>, &mut Context<'_, Token>) -> R,
    ) -> Option<R> {
        let group = self.groups.get_mut(group_id)?;
        let mut context =
            Context { now, config: &self.config, random: &mut self.random, timers: &mut self.timers, step };
        Some(transition(group, &mut context))
    }

    /// The group, made if it is not there.
    pub(super) fn group_or_new(&mut self, now: Now, group_id: &Str) -> &mut Group<Token> {
        if !self.groups.contains_key(group_id) {
            let group_id = group_id.detached();
            self.groups.insert(group_id.clone(), Group::new(group_id.clone(), now.wall));
        }
        self.groups.get_mut(group_id).expect("it was just inserted")
    }

    /// Forgets an empty group's soft state.
    pub(super) fn remove_group(&mut self, group_id: &str) {
        let Some(group) = self.groups.remove(group_id) else { return };
        assert!(group.state == GroupState::Empty);
        for member_id in group.pending_members {
            self.timers.cancel(TimerKey::Session { group_id: group.id.clone(), member_id });
        }
    }
}
