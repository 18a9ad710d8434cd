//! The requests of etcd's KV, Watch, Lease and Maintenance services, with their callers.
//!
//! A write says who asked for it and is checked when it is applied. A read is checked under the same lock under which it
//! reads, so that users and roles are those of the revision that it sees.

use std::sync::Arc;

use super::Inner;
use crate::{
    Error, Watcher,
    alarm::{self, AlarmAction, AlarmKind, AlarmMember, AlarmRequest, AlarmResponse},
    auth::Caller,
    backend::LazyReader,
    blocking, check,
    command::{Command, Refusal, Reply},
    lease::MAX_TTL_SECONDS,
    mvcc::{range, txn},
    rpc::*,
    world,
};

pub(super) fn mismatch() -> Error {
    Error::Internal("an answer of another kind than the request".into())
}

impl Inner {
    pub(super) async fn range(
        &self,
        caller: &Caller,
        request: RangeRequest,
    ) -> Result<RangeResponse, Error> {
        check::range(&request)?;
        if request.serializable {
            self.cluster.check_running()?;
        } else {
            self.linearize().await?;
        }
        self.core.metrics.range.inc();
        let (found, header, reader) = {
            let space = self.core.space.read();
            {
                let auth = self.core.auth.read();
                auth.may_read(caller, &request.key, &request.range_end)?;
                auth.is_current(caller)?;
            }
            let found = range::find(&space, &request, space.revision)?;
            let reader = found
                .needs_disk()
                .then(|| self.core.reader(&space))
                .transpose()?;
            (found, self.core.header(space.revision), reader)
        };
        let Some(reader) = reader else {
            return found.finish(header, &LazyReader::new(&self.core.backend), |_| {});
        };
        let core = Arc::clone(&self.core);
        blocking::run(move || {
            let mut fetched = Vec::new();
            let answer = found.finish(header, &reader, |kv| fetched.push(Arc::clone(kv)))?;
            core.space.write().warm(&fetched);
            Ok(answer)
        })
        .await?
    }

    pub(super) async fn put(
        &self,
        caller: &Caller,
        request: PutRequest,
    ) -> Result<PutResponse, Error> {
        match self.one(caller, RequestOp::Put(request)).await? {
            (header, Some(ResponseOp::Put(response))) => Ok(PutResponse { header, ..response }),
            _ => Err(mismatch()),
        }
    }

    pub(super) async fn delete_range(
        &self,
        caller: &Caller,
        request: DeleteRangeRequest,
    ) -> Result<DeleteRangeResponse, Error> {
        match self.one(caller, RequestOp::DeleteRange(request)).await? {
            (header, Some(ResponseOp::DeleteRange(response))) => {
                Ok(DeleteRangeResponse { header, ..response })
            }
            _ => Err(mismatch()),
        }
    }

    async fn one(
        &self,
        caller: &Caller,
        op: RequestOp,
    ) -> Result<(ResponseHeader, Option<ResponseOp>), Error> {
        let request = TxnRequest {
            success: vec![op],
            ..Default::default()
        };
        let mut response = self.txn(caller, request).await?;
        Ok((response.header, response.responses.pop()))
    }

    pub(super) async fn txn(
        &self,
        caller: &Caller,
        request: TxnRequest,
    ) -> Result<TxnResponse, Error> {
        let bytes = check::txn(&request, self.config.max_txn_ops)?;
        if bytes > self.config.max_request_bytes {
            return Err(Error::RequestTooLarge);
        }
        if txn::only_reads(&request) {
            return self.read_txn(caller, &request).await;
        }
        self.check_quota(alarm::txn_cost(&request)).await?;
        let command = Command::Txn(request).on_behalf_of(caller);
        match self.propose_sized(command, bytes).await? {
            Reply::Txn(Ok(response)) => Ok(response),
            Reply::Txn(Err(refusal)) => Err(self.if_no_space(refusal).await),
            _ => Err(mismatch()),
        }
    }

    async fn read_txn(&self, caller: &Caller, request: &TxnRequest) -> Result<TxnResponse, Error> {
        if txn::is_serializable(request) {
            self.cluster.check_running()?;
        } else {
            self.linearize().await?;
        }
        let core = &self.core;
        let space = core.space.read();
        {
            let auth = core.auth.read();
            auth.may_txn(caller, request, &space.leases)?;
            auth.is_current(caller)?;
        }
        let response = txn::read_only(
            &space,
            request,
            &LazyReader::new(&core.backend),
            core.header(0),
        )?;
        core.count_operations(&response);
        Ok(response)
    }

    pub(super) async fn compact_as(
        &self,
        caller: &Caller,
        revision: i64,
    ) -> Result<CompactionResponse, Error> {
        let command = Command::Compact { revision }.on_behalf_of(caller);
        let revision = self.propose(command).await?;
        Ok(CompactionResponse {
            header: self.core.header(revision),
        })
    }

    pub(super) async fn compact_physical(
        &self,
        caller: &Caller,
        revision: i64,
    ) -> Result<CompactionResponse, Error> {
        let response = self.compact_as(caller, revision).await?;
        // Applied, it was handed to the thread that writes behind, which compacts before it commits.
        self.core.pending.flush().await?;
        self.core.compactions.settle().await;
        Ok(response)
    }

    pub(crate) async fn compact(&self, revision: i64) -> Result<i64, Error> {
        self.propose(Command::Compact { revision }).await
    }

    pub(super) fn watch(&self, caller: &Caller, request: WatchRequest) -> Result<Watcher, Error> {
        if request.key.is_empty() {
            return Err(Error::EmptyKey);
        }
        self.core
            .auth
            .read()
            .may_read(caller, &request.key, &request.range_end)?;
        let interval = self.config.watch_progress_interval;
        Watcher::new(Arc::clone(&self.core), request, interval)
    }

    fn min_lease_ttl(&self) -> i64 {
        // etcd's rule: one and a half election timeouts, in whole seconds.
        let seconds = (self.config.election_timeout.as_secs_f64() * 1.5).ceil();
        seconds.max(1.0) as i64
    }

    pub(super) async fn lease_grant(
        &self,
        caller: &Caller,
        ttl: i64,
        id: i64,
    ) -> Result<LeaseGrantResponse, Error> {
        self.core.auth.read().is_known(caller)?;
        if ttl > MAX_TTL_SECONDS {
            return Err(Error::LeaseTtlTooLarge);
        }
        let ttl = ttl.max(self.min_lease_ttl());
        loop {
            let chosen = if id == 0 {
                (world::random() >> 1).max(1) as i64
            } else {
                id
            };
            let command = Command::LeaseGrant { id: chosen, ttl };
            self.check_quota(alarm::cost(&command)).await?;
            match self.propose(command.on_behalf_of(caller)).await {
                Ok(revision) => {
                    return Ok(LeaseGrantResponse {
                        header: self.core.header(revision),
                        id: chosen,
                        ttl,
                    });
                }
                Err(Error::LeaseExist) if id == 0 => {}
                Err(Error::NoSpace) => return Err(self.if_no_space(Refusal::NoSpace).await),
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) async fn lease_revoke(
        &self,
        caller: &Caller,
        id: i64,
    ) -> Result<LeaseRevokeResponse, Error> {
        self.core.auth.read().is_known(caller)?;
        let command = Command::LeaseRevoke { id }.on_behalf_of(caller);
        let revision = self.propose(command).await?;
        Ok(LeaseRevokeResponse {
            header: self.core.header(revision),
        })
    }

    /// Linearizes what only the leader can answer: in etcd's words, if there is none.
    async fn linearize_lease(&self) -> Result<(), Error> {
        match self.linearize().await {
            Err(Error::Timeout) if self.cluster.leader_in_sight().is_none() => Err(Error::NoLeader),
            done => done,
        }
    }

    pub(super) async fn lease_keep_alive(
        &self,
        caller: &Caller,
        id: i64,
    ) -> Result<LeaseKeepAliveResponse, Error> {
        self.linearize_lease().await?;
        let core = &self.core;
        {
            let space = core.space.read();
            let auth = core.auth.read();
            auth.is_known(caller)?;
            auth.may_write_lease(caller, id, &space.leases)?;
        }
        let ttl = self.cluster.lease_renew(id).await?;
        Ok(LeaseKeepAliveResponse {
            header: core.header(core.revision()),
            id,
            ttl,
        })
    }

    pub(super) async fn lease_time_to_live(
        &self,
        caller: &Caller,
        id: i64,
        keys: bool,
    ) -> Result<LeaseTimeToLiveResponse, Error> {
        self.linearize_lease().await?;
        {
            let core = &self.core;
            let space = core.space.read();
            let auth = core.auth.read();
            auth.is_known(caller)?;
            if keys {
                auth.may_read_lease(caller, id, &space.leases)?;
            }
        }
        self.cluster.lease_time_to_live(id, keys).await
    }

    pub(super) async fn leases(&self, caller: &Caller) -> Result<LeaseLeasesResponse, Error> {
        self.linearize().await?;
        let core = &self.core;
        let space = core.space.read();
        {
            let auth = core.auth.read();
            auth.is_known(caller)?;
            for id in space.leases.keys() {
                auth.may_read_lease(caller, *id, &space.leases)?;
            }
        }
        Ok(LeaseLeasesResponse {
            header: core.header(space.revision),
            leases: space.leases.keys().copied().collect(),
        })
    }

    pub(super) async fn alarm(
        &self,
        caller: &Caller,
        request: AlarmRequest,
    ) -> Result<AlarmResponse, Error> {
        match request.action {
            AlarmAction::Get => self.check_known(caller)?,
            AlarmAction::Activate | AlarmAction::Deactivate => self.check_admin(caller)?,
        }
        let alarms = match (request.action, request.alarm) {
            (AlarmAction::Get, kind) => {
                self.linearize().await?;
                self.core.alarms.read().list(kind)
            }
            (_, None) => Vec::new(),
            (action, Some(alarm)) => {
                let raise = action == AlarmAction::Activate;
                let member_id = request.member_id;
                self.propose_alarm(caller, raise, AlarmMember { member_id, alarm })
                    .await?
            }
        };
        Ok(AlarmResponse {
            header: self.core.header(self.core.revision()),
            alarms,
        })
    }

    async fn propose_alarm(
        &self,
        caller: &Caller,
        raise: bool,
        alarm: AlarmMember,
    ) -> Result<Vec<AlarmMember>, Error> {
        let command = Command::Alarm {
            raise,
            member_id: alarm.member_id,
            alarm: alarm.alarm,
        };
        match self.propose_sized(command.on_behalf_of(caller), 0).await? {
            Reply::Alarm(changed) => Ok(changed),
            Reply::Done(Err(refusal)) => Err(refusal.into()),
            _ => Err(mismatch()),
        }
    }

    /// Whether something that takes `cost` bytes still fits into the quota. If not, this member's alarm is raised.
    async fn check_quota(&self, cost: u64) -> Result<(), Error> {
        if self.core.has_room(cost) {
            return Ok(());
        }
        self.raise_no_space().await?;
        Err(Error::NoSpace)
    }

    /// Raises this member's alarm before a client learns that what it asked for found no room when it was applied, unless an
    /// alarm was why.
    async fn if_no_space(&self, refusal: Refusal) -> Error {
        if refusal == Refusal::NoSpace && !self.core.alarms.read().any(AlarmKind::NoSpace) {
            // The client's answer is the same; whoever applies the next entry tries again.
            if let Err(error) = self.raise_no_space().await {
                tracing::warn!(%error, "the quota is used up, and the alarm could not be raised");
            }
        }
        refusal.into()
    }

    /// Raises the NOSPACE alarm of this member, if it is not raised.
    pub(crate) async fn raise_no_space(&self) -> Result<(), Error> {
        let alarm = AlarmMember {
            member_id: self.core.member_id,
            alarm: AlarmKind::NoSpace,
        };
        if !self.core.alarms.read().contains(alarm) {
            self.propose_alarm(&Caller::Internal, true, alarm).await?;
        }
        Ok(())
    }

    /// Whether the caller may do what only an administrator may: snapshots, defragmenting, hashes, members, the leadership.
    pub(super) fn check_admin(&self, caller: &Caller) -> Result<(), Error> {
        Ok(self.core.auth.read().is_admin(caller)?)
    }

    /// Whether it is known who the caller is.
    pub(super) fn check_known(&self, caller: &Caller) -> Result<(), Error> {
        Ok(self.core.auth.read().is_known(caller)?)
    }
}
