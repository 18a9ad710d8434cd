//! What a client sees that is connected to a follower while the leader dies, and what a learner answers: in the codes and words of a
//! real etcd, which goes through the same beside us.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use hydrofoil_etcd_wire::etcdserverpb::{
    LeaseGrantRequest, LeaseKeepAliveRequest, MemberAddRequest, PutRequest, RangeRequest,
    StatusRequest, TxnRequest, WatchCreateRequest, WatchRequest, cluster_client::ClusterClient,
    kv_client::KvClient, lease_client::LeaseClient, maintenance_client::MaintenanceClient,
    watch_client::WatchClient, watch_request::RequestUnion,
};
use hydrofoil_store_tests::cluster::{Cluster, Member, Ports};
use hydrofoil_store_tests::stage;
use hydrofoil_store_tests::tools::{self, Server};
use hydrofoil_store_tests::wait::PATIENCE;
use rustix::process::Signal;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

fn folder() -> anyhow::Result<tempfile::TempDir> {
    Ok(tempfile::Builder::new()
        .prefix("leaders-")
        .tempdir_in(stage::memory())?)
}

async fn connect(member: &Member) -> anyhow::Result<Channel> {
    let endpoint = Endpoint::new(format!("http://{}", member.endpoint()))?;
    Ok(endpoint.timeout(PATIENCE).connect().await?)
}

/// A request that wants a leader to be there.
fn with_leader<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let yes = tonic::metadata::MetadataValue::from_static("true");
    request.metadata_mut().insert("hasleader", yes);
    request
}

fn get(key: &str, serializable: bool) -> RangeRequest {
    RangeRequest {
        key: key.to_owned().into(),
        serializable,
        ..Default::default()
    }
}

fn put() -> PutRequest {
    PutRequest {
        key: "a".into(),
        value: "1".into(),
        ..Default::default()
    }
}

/// An answer as it is compared.
fn said<T>(answer: Result<T, Status>) -> String {
    match answer {
        Ok(_) => "done".to_owned(),
        Err(status) => format!("{:?}: {}", status.code(), status.message()),
    }
}

/// How a watch that wants a leader ends.
async fn end_of_watch(channel: Channel) -> anyhow::Result<String> {
    let create = WatchCreateRequest {
        key: "a".into(),
        ..Default::default()
    };
    let create = WatchRequest {
        request_union: Some(RequestUnion::CreateRequest(create)),
    };
    let requests = futures_of(create);
    let mut client = WatchClient::new(channel);
    let mut stream = client.watch(with_leader(requests)).await?.into_inner();
    let created = stream.message().await?.context("no first answer")?;
    ensure!(created.created, "{created:?}");
    loop {
        match stream.message().await {
            // What it still has to say.
            Ok(Some(_)) => {}
            Ok(None) => return Ok("ended".to_owned()),
            Err(status) => return Ok(said::<()>(Err(status))),
        }
    }
}

/// A stream of one message that stays open.
fn futures_of<T: Send + 'static>(message: T) -> impl tokio_stream::Stream<Item = T> {
    use tokio_stream::StreamExt as _;
    tokio_stream::once(message).chain(tokio_stream::pending())
}

async fn keep_alive(channel: Channel, id: i64) -> String {
    let requests = futures_of(LeaseKeepAliveRequest { id });
    let mut client = LeaseClient::new(channel);
    match client.lease_keep_alive(requests).await {
        Ok(stream) => match stream.into_inner().message().await {
            Ok(Some(_)) => "done".to_owned(),
            Ok(None) => "ended".to_owned(),
            Err(status) => said::<()>(Err(status)),
        },
        Err(status) => said::<()>(Err(status)),
    }
}

/// What is seen at a follower whose cluster has lost its quorum.
fn without_a_leader(server: &Server) -> anyhow::Result<Vec<(&'static str, String)>> {
    let folder = folder()?;
    let mut cluster = Cluster::start(server, &Ports::free(3)?, &[], folder.path())?;
    let leader = cluster.leader()?;
    let (follower, other) = ((leader + 1) % 3, (leader + 2) % 3);
    let runtime = tokio::runtime::Runtime::new()?;
    let channel = runtime.block_on(connect(&cluster.members[follower]))?;
    let mut kv = KvClient::new(channel.clone());
    let lease = runtime.block_on(async {
        kv.put(put()).await?;
        let grant = LeaseGrantRequest { ttl: 100, id: 7 };
        let lease = LeaseClient::new(channel.clone()).lease_grant(grant).await?;
        anyhow::Ok(lease.into_inner().id)
    })?;
    let watch = runtime.spawn(end_of_watch(channel.clone()));
    cluster.members[other].stop(Signal::KILL)?;
    cluster.members[leader].stop(Signal::KILL)?;
    runtime.block_on(async {
        let watch = tokio::time::timeout(PATIENCE, watch).await???;
        // From here on nobody is believed to lead.
        let (mut reader, mut writer) = (kv.clone(), kv.clone());
        let (read, written, kept, granted) = tokio::join!(
            reader.range(get("a", false)),
            writer.put(put()),
            keep_alive(channel.clone(), lease),
            async {
                let mut client = LeaseClient::new(channel.clone());
                client
                    .lease_grant(LeaseGrantRequest { ttl: 1, id: 8 })
                    .await
            },
        );
        let status = MaintenanceClient::new(channel.clone())
            .status(StatusRequest {})
            .await?;
        let mut errors = status.into_inner().errors;
        errors.sort();
        Ok(vec![
            ("a watch that wants a leader", watch),
            ("a linearizable read", said(read)),
            ("a put", said(written)),
            ("a lease's renewal", kept),
            ("a new lease", said(granted)),
            ("a serializable read", said(kv.range(get("a", true)).await)),
            (
                "a serializable read that wants a leader",
                said(kv.range(with_leader(get("a", true))).await),
            ),
            (
                "a put that wants a leader",
                said(kv.put(with_leader(put())).await),
            ),
            ("status", errors.join(", ")),
        ])
    })
}

#[test]
fn a_follower_without_a_leader_answers_as_etcds() {
    let etcd = without_a_leader(&tools::etcd().unwrap()).unwrap();
    let ours = without_a_leader(&tools::ours().unwrap()).unwrap();
    assert_eq!(ours, etcd);
    assert!(etcd[0].1.contains("etcdserver: no leader"), "{etcd:?}");
}

/// What is seen at a follower, in calls that are under way while the leader stands still and another one is elected.
fn while_the_leader_changes(server: &Server) -> anyhow::Result<(String, String)> {
    let folder = folder()?;
    let cluster = Cluster::start(server, &Ports::free(3)?, &[], folder.path())?;
    let leader = cluster.leader()?;
    let follower = &cluster.members[(leader + 1) % 3];
    let runtime = tokio::runtime::Runtime::new()?;
    let seen = runtime.block_on(async {
        let channel = connect(follower).await?;
        let (mut reader, mut writer) = (KvClient::new(channel.clone()), KvClient::new(channel));
        writer.put(put()).await?;
        cluster.members[leader].signal(Signal::STOP)?;
        let (read, written) = tokio::join!(reader.range(get("a", false)), writer.put(put()));
        let seen = (said(read), said(written));
        // It goes on with the new leader.
        let again = tokio::time::timeout(PATIENCE, async {
            while reader.range(get("a", false)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        again.await.context("no read after the change")?;
        anyhow::Ok(seen)
    });
    cluster.members[leader].signal(Signal::CONT)?;
    seen
}

#[test]
fn calls_that_see_a_leader_change_end_in_an_answer_or_in_etcds_words() {
    let reads = ["done", "Unavailable: etcdserver: leader changed"];
    let writes = [
        "done",
        "Unavailable: etcdserver: request timed out, possibly due to previous leader failure",
        "Unavailable: etcdserver: request timed out",
    ];
    for server in [tools::etcd().unwrap(), tools::ours().unwrap()] {
        let (read, written) = while_the_leader_changes(&server).unwrap();
        let who = server.program.display();
        assert!(reads.contains(&read.as_str()), "{who}: {read}");
        assert!(writes.contains(&written.as_str()), "{who}: {written}");
    }
}

/// What a learner answers.
fn of_a_learner(server: &Server) -> anyhow::Result<Vec<(&'static str, String)>> {
    let folder = folder()?;
    let at = Ports::free(2)?;
    let cluster = Cluster::start(server, &at[..1], &[], folder.path())?;
    let first = &cluster.members[0];
    let runtime = tokio::runtime::Runtime::new()?;
    let peer = format!("http://127.0.0.1:{}", at[1].peer);
    runtime.block_on(async {
        let channel = connect(first).await?;
        KvClient::new(channel.clone()).put(put()).await?;
        let add = MemberAddRequest {
            peer_urls: vec![peer.clone()],
            is_learner: true,
        };
        anyhow::Ok(ClusterClient::new(channel).member_add(add).await?)
    })?;
    let everyone = format!("m1={},m2={peer}", first.peer_url());
    let mut learner = Member::new(
        server,
        "m2",
        at[1],
        &everyone,
        "existing",
        &[],
        folder.path(),
    );
    learner.start()?;
    learner.wait_ready()?;
    runtime.block_on(async {
        let channel = connect(&learner).await?;
        let mut kv = KvClient::new(channel.clone());
        let watch = tokio::time::timeout(PATIENCE, async {
            let requests = futures_of(WatchRequest {
                request_union: None,
            });
            let mut client = WatchClient::new(channel.clone());
            match client.watch(requests).await {
                Ok(stream) => said(stream.into_inner().message().await),
                Err(status) => said::<()>(Err(status)),
            }
        });
        let status = MaintenanceClient::new(channel.clone())
            .status(StatusRequest {})
            .await?;
        Ok(vec![
            ("a linearizable read", said(kv.range(get("a", false)).await)),
            ("a serializable read", said(kv.range(get("a", true)).await)),
            ("a put", said(kv.put(put()).await)),
            ("a transaction", said(kv.txn(TxnRequest::default()).await)),
            ("a watch", watch.await?),
            ("a lease's renewal", keep_alive(channel, 7).await),
            ("status", status.into_inner().is_learner.to_string()),
        ])
    })
}

#[test]
fn a_learner_answers_as_etcds() {
    let etcd = of_a_learner(&tools::etcd().unwrap()).unwrap();
    let ours = of_a_learner(&tools::ours().unwrap()).unwrap();
    assert_eq!(ours, etcd);
    let words = "Unavailable: etcdserver: rpc not supported for learner";
    assert_eq!(etcd[0].1, words);
}
