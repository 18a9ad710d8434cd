//! The Maintenance service.

use hydrofoil_etcd_wire::etcdserverpb::*;
use hydrofoil_raftstore::Store;
use tonic::{Request, Response, Status};

use super::{
    caller::{admin, known},
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

    pub(super) async fn status(
        &self,
        request: Request<StatusRequest>,
    ) -> Result<Response<StatusResponse>, Status> {
        known(&self.store, &request).await?;
        let now = self.store.status();
        let mut response = StatusResponse {
            header: convert::header(now.header),
            version: version::SERVER.into(),
            db_size: now.db_size,
            leader: now.leader,
            raft_index: now.raft_index,
            raft_term: now.raft_term,
            raft_applied_index: now.raft_applied_index,
            is_learner: self.store.is_learner(),
            ..Default::default()
        };
        if now.leader == 0 {
            response.errors.push(errors::NO_LEADER.into());
        }
        Ok(Response::new(response))
    }

    pub(super) async fn move_leader(
        &self,
        request: Request<MoveLeaderRequest>,
    ) -> Result<Response<MoveLeaderResponse>, Status> {
        admin(&self.store, &request).await?;
        let target = request.get_ref().target_id;
        self.store
            .move_leader(target)
            .await
            .map_err(|e| status(&e))?;
        // etcd sends no header here.
        Ok(Response::new(MoveLeaderResponse { header: None }))
    }

    /// A downgrade is checked as etcd 3.5 checks it, and then refused: what this store writes, no earlier version reads.
    pub(super) async fn downgrade(
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
