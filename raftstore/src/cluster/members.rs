//! Changes of the members: checked and done by the leader, by etcd's rules and with its words.
//!
//! A member that is added as a voter begins as one of raft's learners, and the leader gives it its vote once it has caught up
//! (see `caretaker`): the call returns at once, as etcd's does, and the quorum never waits for a member that nobody started.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use openraft::{
    ChangeMembers,
    async_runtime::watch::WatchReceiver,
    errors::{ChangeMembershipError, ClientWriteError, RaftError},
};
use tokio::time::Instant;

use super::{Cluster, Failed, failed};
use crate::{
    Clock, Error,
    membership::{Node, id::member_id, urls},
    raft::{StoredMembership, transport::wire::proto},
    rpc::{Member, MemberAddResponse, MembersResponse},
};

/// How long a connection must have lived to count in the checks before a change, as in etcd.
const HEALTHY_AFTER: Duration = Duration::from_secs(5);
/// Of the leader's entries, how many of a hundred a learner must have to be promoted, as in etcd.
const READY_PERCENT: u64 = 90;

/// A change of the members.
pub type Change = proto::change_members_request::Change;

/// What a change did.
#[derive(Clone, Copy, Debug)]
pub struct Changed {
    /// The member that was added; 0 otherwise.
    pub added: u64,
    /// The entry from which on it is in effect.
    pub index: u64,
}

impl Cluster {
    /// The members there are. Linearizable if so asked.
    pub async fn list_members(
        self: &Arc<Self>,
        linearizable: bool,
    ) -> Result<MembersResponse, Error> {
        self.check_running()?;
        if linearizable {
            self.linearize().await?;
        }
        Ok(self.members_response())
    }

    /// Adds a member.
    pub async fn member_add(
        self: &Arc<Self>,
        peer_urls: Vec<String>,
        is_learner: bool,
    ) -> Result<MemberAddResponse, Error> {
        urls::check(&peer_urls)?;
        let add = proto::change_members_request::Add {
            peer_urls,
            is_learner,
        };
        let added = self.change(Change::Add(add)).await?.added;
        let response = self.members_response();
        let member = response.members.iter().find(|member| member.id == added);
        Ok(MemberAddResponse {
            header: response.header,
            // It can be gone again by now, if somebody removed it meanwhile.
            member: member.cloned().unwrap_or(Member {
                id: added,
                ..Default::default()
            }),
            members: response.members,
        })
    }

    /// Changes the members in another way than by adding one.
    pub async fn member_change(self: &Arc<Self>, change: Change) -> Result<MembersResponse, Error> {
        if let Change::Update(update) = &change {
            urls::check(&update.peer_urls)?;
        }
        self.change(change).await?;
        Ok(self.members_response())
    }

    fn members_response(&self) -> MembersResponse {
        MembersResponse {
            header: self.core.header(self.core.revision()),
            members: self.core.members(),
        }
    }

    /// Lets the leader do a change. Returns when it is in effect here.
    async fn change(self: &Arc<Self>, change: Change) -> Result<Changed, Error> {
        self.check_running()?;
        let started = Instant::now();
        let deadline = started + self.config.request_timeout;
        let changed = loop {
            match self.try_change(&change, deadline).await {
                Ok(changed) => break changed,
                Err(Failed::Refused(error)) => return Err(error),
                Err(Failed::NotDone) if Instant::now() < deadline => {
                    self.wait_for_leader().await?;
                }
                Err(_) => return Err(self.timed_out(started)),
            }
        };
        tokio::select! {
            () = self.core.wait_applied(changed.index) => Ok(changed),
            () = tokio::time::sleep_until(deadline) => Err(Error::TimeoutWaitAppliedIndex),
        }
    }

    async fn try_change(&self, change: &Change, deadline: Instant) -> Result<Changed, Failed> {
        let leader = self.leader().ok_or(Failed::NotDone)?;
        if leader == self.id {
            return self.change_here(change.clone(), deadline).await;
        }
        let link = self.peers.get(leader).ok_or(Failed::NotDone)?;
        let left = deadline.saturating_duration_since(Instant::now());
        let message = proto::ChangeMembersRequest {
            change: Some(change.clone()),
        };
        let request = link.request_within(message, left);
        match link.rest().change_members(request).await {
            Ok(response) => {
                let response = response.into_inner();
                Ok(Changed {
                    added: response.added,
                    index: response.index,
                })
            }
            Err(status) => {
                link.note(&status);
                Err(failed(&status))
            }
        }
    }

    /// As the leader: checks a change and does it. One at a time.
    pub(super) async fn change_here(
        &self,
        change: Change,
        deadline: Instant,
    ) -> Result<Changed, Failed> {
        let _one = self.changing.lock().await;
        if !self.is_leader() {
            return Err(Failed::NotDone);
        }
        let members = self.effective();
        let mut added = 0;
        let promotes = matches!(change, Change::Promote(_));
        let change = match change {
            Change::Add(add) => {
                let node = Node {
                    peer_urls: add.peer_urls,
                    is_learner: add.is_learner,
                    ..Default::default()
                };
                added = member_id(&node.peer_urls, "", Some(Clock::start().wall_seconds()));
                self.may_add(added, &node, &members)
                    .map_err(Failed::Refused)?;
                ChangeMembers::AddNodes(BTreeMap::from([(added, node)]))
            }
            Change::Remove(id) => {
                self.may_remove(id, &members).map_err(Failed::Refused)?;
                if is_voter(&members, id) {
                    ChangeMembers::RemoveVoters(BTreeSet::from([id]))
                } else {
                    ChangeMembers::RemoveNodes(BTreeSet::from([id]))
                }
            }
            Change::Update(update) => {
                let node = self
                    .may_update(update.id, update.peer_urls, &members)
                    .map_err(Failed::Refused)?;
                ChangeMembers::SetNodes(BTreeMap::from([(update.id, node)]))
            }
            Change::Promote(id) => {
                self.may_promote(id, &members).map_err(Failed::Refused)?;
                ChangeMembers::AddVoterIds(BTreeSet::from([id]))
            }
        };
        let index = self.write_members(change, deadline).await?;
        if promotes {
            self.core.metrics.learner_promotions.inc();
        }
        Ok(Changed { added, index })
    }

    /// Writes a change of the members, through a joint configuration where raft needs one.
    pub(super) async fn write_members(
        &self,
        change: ChangeMembers<u64, Node>,
        deadline: Instant,
    ) -> Result<u64, Failed> {
        loop {
            let write = self.raft.change_membership(change.clone(), false);
            match tokio::time::timeout_at(deadline, write).await {
                Ok(Ok(response)) => return Ok(response.log_id.index),
                Ok(Err(RaftError::APIError(ClientWriteError::ForwardToLeader(_)))) => {
                    return Err(Failed::Unknown);
                }
                // The change before is not through yet.
                Ok(Err(RaftError::APIError(ClientWriteError::ChangeMembershipError(
                    ChangeMembershipError::InProgress(_),
                )))) => tokio::time::sleep(self.config.heartbeat_interval).await,
                Ok(Err(RaftError::APIError(error))) => {
                    return Err(Failed::Refused(Error::Internal(error.to_string())));
                }
                Ok(Err(RaftError::Fatal(fatal))) => {
                    return Err(Failed::Refused(self.fatal(&fatal)));
                }
                Err(_) => return Err(Failed::Unknown),
            }
        }
    }

    /// The members as the log has them, applied or not.
    pub(super) fn effective(&self) -> Arc<StoredMembership> {
        Arc::clone(&self.server.borrow_watched().membership_config)
    }

    fn listed(&self, members: &StoredMembership) -> Vec<Member> {
        self.core.roster.read().members(members)
    }

    fn may_add(&self, id: u64, node: &Node, members: &StoredMembership) -> Result<(), Error> {
        if self.config.strict_reconfig_check {
            let listed = self.listed(members);
            if !node.is_learner && !ready_to_add(&listed) {
                return Err(Error::MemberNotEnoughStarted);
            }
            let voters = voters(&listed);
            if voters.len() > 1 && self.connected(&voters) < quorum(voters.len() + 1) {
                return Err(Error::Unhealthy);
            }
        }
        if members.membership().get_node(&id).is_some() {
            return Err(Error::MemberExist);
        }
        if self.core.roster.read().removed.contains(&id) {
            return Err(Error::MemberNotFound);
        }
        if is_taken(&node.peer_urls, None, members) {
            return Err(Error::PeerUrlExist);
        }
        let learners = self.listed(members).iter().filter(|m| m.is_learner).count();
        if node.is_learner && learners >= self.config.max_learners {
            return Err(Error::TooManyLearners);
        }
        Ok(())
    }

    fn may_remove(&self, id: u64, members: &StoredMembership) -> Result<(), Error> {
        let listed = self.listed(members);
        let member = listed.iter().find(|member| member.id == id);
        if self.config.strict_reconfig_check && !member.is_some_and(|member| member.is_learner) {
            let rest = voters_but(&listed, id);
            let started = rest.iter().filter(|member| is_started(member)).count();
            if started < quorum(rest.len()) {
                return Err(Error::MemberNotEnoughStarted);
            }
            let is_down = id != self.id
                && self
                    .peers
                    .get(id)
                    .is_none_or(|link| link.active_since().is_none());
            let all = voters(&listed);
            let left = self.connected(&all).saturating_sub(1);
            if !is_down && left < quorum(all.len().saturating_sub(1)) {
                return Err(Error::Unhealthy);
            }
        }
        if member.is_none() {
            return Err(Error::MemberNotFound);
        }
        Ok(())
    }

    fn may_update(
        &self,
        id: u64,
        peer_urls: Vec<String>,
        members: &StoredMembership,
    ) -> Result<Node, Error> {
        let node = members.membership().get_node(&id);
        let node = node.ok_or(Error::MemberNotFound)?;
        if is_taken(&peer_urls, Some(id), members) {
            return Err(Error::PeerUrlExist);
        }
        Ok(Node {
            peer_urls,
            ..node.clone()
        })
    }

    fn may_promote(&self, id: u64, members: &StoredMembership) -> Result<(), Error> {
        let listed = self.listed(members);
        let member = listed.iter().find(|member| member.id == id);
        let member = member.ok_or(Error::MemberNotFound)?;
        if !member.is_learner {
            return Err(Error::MemberNotLearner);
        }
        let (matched, last) = self.progress(id);
        if matched * 100 < last * READY_PERCENT {
            return Err(Error::LearnerNotReady);
        }
        if self.config.strict_reconfig_check {
            let voters = voters(&listed);
            let started = voters.iter().filter(|member| is_started(member)).count() + 1;
            if started < quorum(voters.len() + 1) {
                return Err(Error::MemberNotEnoughStarted);
            }
        }
        Ok(())
    }

    /// As the leader: the last entry that a member has, and the last that there is.
    pub(super) fn progress(&self, id: u64) -> (u64, u64) {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched();
        let matched = metrics.replication.as_ref().and_then(|all| all.get(&id));
        let matched = matched
            .and_then(|matched| *matched)
            .map_or(0, |id| id.index);
        (matched, metrics.last_log_index.unwrap_or(0))
    }

    /// How many of these members, this one included, have been connected for long enough.
    fn connected(&self, members: &[&Member]) -> usize {
        let is_connected = |id: u64| {
            self.peers
                .get(id)
                .and_then(|link| link.active_since())
                .is_some_and(|since| since.elapsed() >= HEALTHY_AFTER)
        };
        members
            .iter()
            .filter(|member| member.id == self.id || is_connected(member.id))
            .count()
    }
}

fn is_voter(members: &StoredMembership, id: u64) -> bool {
    members.membership().voter_ids().any(|voter| voter == id)
}

fn is_taken(peer_urls: &[String], by_other_than: Option<u64>, members: &StoredMembership) -> bool {
    members
        .nodes()
        .filter(|(id, _)| Some(**id) != by_other_than)
        .any(|(_, node)| node.peer_urls.iter().any(|url| peer_urls.contains(url)))
}

fn is_started(member: &Member) -> bool {
    !member.name.is_empty()
}

fn voters(members: &[Member]) -> Vec<&Member> {
    members.iter().filter(|member| !member.is_learner).collect()
}

fn voters_but(members: &[Member], id: u64) -> Vec<&Member> {
    let mut voters = voters(members);
    voters.retain(|member| member.id != id);
    voters
}

fn quorum(members: usize) -> usize {
    members / 2 + 1
}

/// etcd's rule: enough started voters for the quorum that will be, or one alone, which grows out of a backup that way.
fn ready_to_add(members: &[Member]) -> bool {
    let voters = voters(members);
    let started = voters.iter().filter(|member| is_started(member)).count();
    (started == 1 && voters.len() == 1) || started >= quorum(voters.len() + 1)
}
