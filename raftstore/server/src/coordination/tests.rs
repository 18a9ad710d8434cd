//! Candidates that wait for each other, through generated clients.

use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use hydrofoil_etcd_wire::{
    etcdserverpb::{LeaseGrantRequest, LeaseRevokeRequest, lease_client::LeaseClient},
    v3electionpb::{
        CampaignRequest, LeaderKey, LeaderRequest, ProclaimRequest, ResignRequest,
        election_client::ElectionClient,
    },
    v3lockpb::{LockRequest, UnlockRequest, lock_client::LockClient},
};
use hydrofoil_raftstore::{RangeRequest, Store};
use tokio::task::JoinHandle;
use tonic::{Code, Status};

use crate::services;

/// Longest wait of a test for what must come.
const LONG: Duration = Duration::from_secs(20);

struct Member {
    _folder: tempfile::TempDir,
    store: Store,
    grpc: Router,
}

impl Member {
    async fn start() -> Member {
        let (folder, store) = services::store_of_a_test().await;
        let grpc = services::over(&store, Default::default()).into_router();
        Member {
            _folder: folder,
            store,
            grpc,
        }
    }

    async fn lease(&self, id: i64) {
        let request = LeaseGrantRequest { ttl: 600, id };
        LeaseClient::new(self.grpc.clone())
            .lease_grant(request)
            .await
            .unwrap();
    }

    fn lock(&self, lease: i64) -> JoinHandle<Result<Bytes, Status>> {
        let mut client = LockClient::new(self.grpc.clone());
        tokio::spawn(async move {
            let request = LockRequest {
                name: "l".into(),
                lease,
            };
            Ok(client.lock(request).await?.into_inner().key)
        })
    }

    fn campaign(&self, lease: i64, value: &'static str) -> JoinHandle<Result<LeaderKey, Status>> {
        let mut client = ElectionClient::new(self.grpc.clone());
        tokio::spawn(async move {
            let request = CampaignRequest {
                name: "e".into(),
                lease,
                value: value.into(),
            };
            Ok(client.campaign(request).await?.into_inner().leader.unwrap())
        })
    }

    /// Waits until a prefix has so many keys.
    async fn wait_for_keys(&self, prefix: &'static str, count: i64) {
        let mut watch = self
            .store
            .watch(hydrofoil_raftstore::WatchRequest::prefix(prefix, 0))
            .unwrap();
        while self
            .store
            .range(RangeRequest::prefix(prefix))
            .await
            .unwrap()
            .count
            != count
        {
            tokio::time::timeout(LONG, watch.recv())
                .await
                .expect("keys that do not come");
        }
    }
}

async fn soon<T>(handle: JoinHandle<Result<T, Status>>) -> Result<T, Status> {
    tokio::time::timeout(LONG, handle)
        .await
        .expect("it waits without end")
        .unwrap()
}

#[tokio::test]
async fn locks_are_had_one_after_the_other_in_order() {
    let member = Member::start().await;
    for id in 1..=3 {
        member.lease(id).await;
    }
    assert_eq!(soon(member.lock(1)).await.unwrap(), "l/1");
    assert_eq!(
        soon(member.lock(1)).await.unwrap(),
        "l/1",
        "who has it has it"
    );
    let second = member.lock(2);
    member.wait_for_keys("l/", 2).await;
    let third = member.lock(3);
    member.wait_for_keys("l/", 3).await;
    assert!(!second.is_finished() && !third.is_finished());
    let mut client = LockClient::new(member.grpc.clone());
    client
        .unlock(UnlockRequest { key: "l/1".into() })
        .await
        .unwrap();
    assert_eq!(soon(second).await.unwrap(), "l/2");
    assert!(!third.is_finished());
    // A lease that ends gives the lock on as well.
    LeaseClient::new(member.grpc.clone())
        .lease_revoke(LeaseRevokeRequest { id: 2 })
        .await
        .unwrap();
    assert_eq!(soon(third).await.unwrap(), "l/3");
    member.store.shutdown().await;
}

#[tokio::test]
async fn who_goes_away_while_waiting_leaves_no_key() {
    let member = Member::start().await;
    for id in 1..=2 {
        member.lease(id).await;
    }
    soon(member.lock(1)).await.unwrap();
    let second = member.lock(2);
    member.wait_for_keys("l/", 2).await;
    second.abort();
    member.wait_for_keys("l/", 1).await;
    member.store.shutdown().await;
}

#[tokio::test]
async fn a_lock_whose_lease_ends_while_it_waits_is_not_had() {
    let member = Member::start().await;
    for id in 1..=2 {
        member.lease(id).await;
    }
    soon(member.lock(1)).await.unwrap();
    let second = member.lock(2);
    member.wait_for_keys("l/", 2).await;
    let mut leases = LeaseClient::new(member.grpc.clone());
    leases
        .lease_revoke(LeaseRevokeRequest { id: 2 })
        .await
        .unwrap();
    leases
        .lease_revoke(LeaseRevokeRequest { id: 1 })
        .await
        .unwrap();
    let error = soon(second).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Code::Unknown, "mutex: session is expired")
    );
    member.store.shutdown().await;
}

#[tokio::test]
async fn leaders_follow_each_other_and_observers_see_each() {
    let member = Member::start().await;
    for id in 1..=2 {
        member.lease(id).await;
    }
    let mut client = ElectionClient::new(member.grpc.clone());
    let observed = client
        .observe(LeaderRequest { name: "e".into() })
        .await
        .unwrap();
    let mut observed = observed.into_inner();
    let mut seen = async || {
        let told = tokio::time::timeout(LONG, observed.message())
            .await
            .expect("nothing is told");
        String::from_utf8(told.unwrap().unwrap().kv.unwrap().value.to_vec()).unwrap()
    };
    let first = soon(member.campaign(1, "one")).await.unwrap();
    assert_eq!((first.key.as_ref(), first.lease), (&b"e/1"[..], 1));
    assert_eq!(seen().await, "one");
    let proclaim = ProclaimRequest {
        leader: Some(first.clone()),
        value: "uno".into(),
    };
    client.proclaim(proclaim.clone()).await.unwrap();
    assert_eq!(seen().await, "uno");
    let second = member.campaign(2, "two");
    member.wait_for_keys("e/", 2).await;
    assert!(!second.is_finished());
    client
        .resign(ResignRequest {
            leader: Some(first),
        })
        .await
        .unwrap();
    assert_eq!(soon(second).await.unwrap().key, "e/2");
    assert_eq!(seen().await, "two");
    let error = client.proclaim(proclaim).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Code::Unknown, "election: not leader")
    );
    member.store.shutdown().await;
}
