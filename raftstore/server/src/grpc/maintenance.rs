//! The Maintenance service. Snapshots, defragmenting, hashes and moving the leadership take the role `root` while auth is enabled.

use std::pin::Pin;

use futures::{Stream, stream};
use hydrofoil_etcd_wire::etcdserverpb::{maintenance_server::Maintenance, *};
use hydrofoil_raftstore::{self as store, Store};
use tonic::{Code, Request, Response, Status, async_trait};

use super::{
    caller::{admin, admin_in_auths_words, known, session},
    convert,
    errors::{self, status},
};
use crate::version;

/// The Maintenance service of one store.
#[derive(Clone, Debug)]
pub struct MaintenanceService {
    store: Store,
}

impl MaintenanceService {
    /// The service of a store.
    pub fn new(store: Store) -> Self {
        MaintenanceService { store }
    }
}

/// How Go prints an alarm: what etcd's status has in its errors.
fn printed(alarm: &store::AlarmMember) -> String {
    format!("memberID:{} alarm:{} ", alarm.member_id, alarm.alarm.name())
}

fn alarm_request(request: &AlarmRequest) -> Result<store::AlarmRequest, Status> {
    use alarm_request::AlarmAction;
    let unknown =
        |field: &str| Status::new(Code::InvalidArgument, format!("unknown alarm {field}"));
    let action = match AlarmAction::try_from(request.action).map_err(|_| unknown("action"))? {
        AlarmAction::Get => store::AlarmAction::Get,
        AlarmAction::Activate => store::AlarmAction::Activate,
        AlarmAction::Deactivate => store::AlarmAction::Deactivate,
    };
    let alarm = match AlarmType::try_from(request.alarm).map_err(|_| unknown("type"))? {
        AlarmType::None => None,
        AlarmType::Nospace => Some(store::AlarmKind::NoSpace),
        AlarmType::Corrupt => Some(store::AlarmKind::Corrupt),
    };
    Ok(store::AlarmRequest {
        action,
        member_id: request.member_id,
        alarm,
    })
}

#[async_trait]
impl Maintenance for MaintenanceService {
    async fn alarm(
        &self,
        request: Request<AlarmRequest>,
    ) -> Result<Response<AlarmResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let request = alarm_request(request.get_ref())?;
        let response = session.alarm(request).await.map_err(|e| status(&e))?;
        Ok(Response::new(AlarmResponse {
            header: convert::header(response.header),
            alarms: response
                .alarms
                .iter()
                .map(|alarm| AlarmMember {
                    member_id: alarm.member_id,
                    alarm: alarm.alarm.number().into(),
                })
                .collect(),
        }))
    }

    async fn status(
        &self,
        request: Request<StatusRequest>,
    ) -> Result<Response<StatusResponse>, Status> {
        known(&self.store, &request).await?;
        let now = self.store.status();
        let mut errors: Vec<String> = now.alarms.iter().map(printed).collect();
        if now.leader == 0 {
            errors.insert(0, errors::NO_LEADER.into());
        }
        Ok(Response::new(StatusResponse {
            header: convert::header(now.header),
            version: version::SERVER.into(),
            db_size: now.db_size,
            leader: now.leader,
            raft_index: now.raft_index,
            raft_term: now.raft_term,
            raft_applied_index: now.raft_applied_index,
            errors,
            db_size_in_use: now.db_size_in_use,
            is_learner: self.store.is_learner(),
            ..Default::default()
        }))
    }

    async fn defragment(
        &self,
        request: Request<DefragmentRequest>,
    ) -> Result<Response<DefragmentResponse>, Status> {
        admin_in_auths_words(&self.store, &request).await?;
        self.store.defragment().await.map_err(|e| status(&e))?;
        // etcd sends no header here.
        Ok(Response::new(DefragmentResponse { header: None }))
    }

    async fn hash(&self, request: Request<HashRequest>) -> Result<Response<HashResponse>, Status> {
        admin_in_auths_words(&self.store, &request).await?;
        let response = self.store.hash().await.map_err(|e| status(&e))?;
        Ok(Response::new(HashResponse {
            header: convert::header(response.header),
            hash: response.hash,
        }))
    }

    async fn hash_kv(
        &self,
        request: Request<HashKvRequest>,
    ) -> Result<Response<HashKvResponse>, Status> {
        admin_in_auths_words(&self.store, &request).await?;
        let revision = request.get_ref().revision;
        let response = self.store.hash_kv(revision).await;
        let response = response.map_err(|e| status(&e))?;
        // 3.6's `hash_revision` is left out: this is a server of 3.5.
        Ok(Response::new(HashKvResponse {
            header: convert::header(response.header),
            hash: response.hash,
            compact_revision: response.compact_revision,
            ..Default::default()
        }))
    }

    type SnapshotStream = Pin<Box<dyn Stream<Item = Result<SnapshotResponse, Status>> + Send>>;

    async fn snapshot(
        &self,
        request: Request<SnapshotRequest>,
    ) -> Result<Response<Self::SnapshotStream>, Status> {
        admin_in_auths_words(&self.store, &request).await?;
        let snapshot = self.store.snapshot().await.map_err(|e| status(&e))?;
        // As in etcd the chunks have no header. 3.6's `version` is left out: this is a server of 3.5.
        let chunks = stream::unfold(snapshot, |mut snapshot| async {
            let chunk = snapshot.next().await?;
            let response = chunk.map_err(|e| status(&e)).map(|chunk| SnapshotResponse {
                remaining_bytes: chunk.remaining_bytes,
                blob: chunk.blob,
                ..Default::default()
            });
            Some((response, snapshot))
        });
        Ok(Response::new(Box::pin(chunks)))
    }

    async fn move_leader(
        &self,
        request: Request<MoveLeaderRequest>,
    ) -> Result<Response<MoveLeaderResponse>, Status> {
        admin(&self.store, &request).await?;
        let target = request.get_ref().target_id;
        let moved = self.store.move_leader(target).await;
        moved.map_err(|e| status(&e))?;
        // etcd sends no header here.
        Ok(Response::new(MoveLeaderResponse { header: None }))
    }

    /// A downgrade is checked as etcd 3.5 checks it, and then refused: what this store writes, no earlier version reads.
    async fn downgrade(
        &self,
        request: Request<DowngradeRequest>,
    ) -> Result<Response<DowngradeResponse>, Status> {
        use downgrade_request::DowngradeAction;
        admin(&self.store, &request).await?;
        let DowngradeRequest { action, version } = request.into_inner();
        let words = match DowngradeAction::try_from(action) {
            Ok(DowngradeAction::Validate | DowngradeAction::Enable) => {
                let mut numbers = version.split('.').map(str::parse::<u64>);
                let parts = version.split('.').count();
                if !(2..=3).contains(&parts) || numbers.any(|number| number.is_err()) {
                    errors::WRONG_DOWNGRADE_FORMAT
                } else {
                    errors::INVALID_DOWNGRADE_TARGET
                }
            }
            Ok(DowngradeAction::Cancel) => errors::NO_DOWNGRADE,
            Err(_) => "etcdserver: unknown method",
        };
        Err(errors::of(words))
    }
}
