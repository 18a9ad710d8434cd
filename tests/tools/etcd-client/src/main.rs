//! The calls that the examples of the crate `etcd-client` make, against the server that STORE_ENDPOINT names, with what each must
//! answer. Users are added last, because they stay.
//!
//! Left out is `cluster.rs`, which adds a member that does not exist: members are changed in the scenarios with etcdctl.

use std::time::Duration;

use etcd_client::*;

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome {
    let endpoint = std::env::var("STORE_ENDPOINT")?;
    let mut client = Client::connect([&endpoint], None).await?;
    kv(&mut client).await?;
    namespace(&client).await?;
    watch(&mut client).await?;
    lease(&mut client).await?;
    lock(&mut client).await?;
    election(&mut client).await?;
    maintenance(&mut client).await?;
    leader_required(&endpoint).await?;
    users(&mut client, &endpoint).await
}

async fn kv(client: &mut Client) -> Outcome {
    let put = client.put("Alice", "15", None).await?;
    let revision = put.header().ok_or("no header")?.revision();
    client.put("Bob", "20", None).await?;
    client.put("Chris", "16", None).await?;
    let all = client
        .get("", Some(GetOptions::new().with_all_keys()))
        .await?;
    let keys: Vec<&str> = all.kvs().iter().flat_map(|kv| kv.key_str()).collect();
    assert_eq!(keys, ["Alice", "Bob", "Chris"]);
    let options = DeleteOptions::new().with_prev_key();
    let deleted = client.delete("Chris", Some(options)).await?;
    assert_eq!(deleted.prev_kvs()[0].value_str()?, "16");

    let put = TxnOp::put("Alice", "18", Some(PutOptions::new().with_ignore_lease()));
    let txn = Txn::new()
        .when([Compare::value("Alice", CompareOp::Equal, "15")])
        .and_then([put]);
    let done = client.txn(txn).await?;
    assert!(done.succeeded());
    assert_eq!(done.op_responses().len(), 1);
    assert_eq!(client.get("Alice", None).await?.kvs()[0].value_str()?, "18");
    client
        .compact(revision, Some(CompactionOptions::new().with_physical()))
        .await?;
    Ok(())
}

async fn namespace(client: &Client) -> Outcome {
    let mut plain = client.kv_client();
    let mut prefixed = KvClientPrefix::new(plain.clone(), "person/".into());
    prefixed.put("Alice", "15", None).await?;
    let kvs = plain.get("person/Alice", None).await?;
    assert_eq!(kvs.kvs()[0].value_str()?, "15");
    let kvs = prefixed.get("Alice", None).await?;
    assert_eq!(kvs.kvs()[0].key_str()?, "Alice");
    let options = DeleteOptions::new().with_prev_key();
    assert_eq!(prefixed.delete("Alice", Some(options)).await?.deleted(), 1);
    Ok(())
}

async fn watch(client: &mut Client) -> Outcome {
    client.put("foo", "bar", None).await?;
    client.put("foo1", "bar1", None).await?;
    let options = WatchOptions::new().with_watch_id(1);
    let mut stream = client.watch("foo", Some(options)).await?;
    let created = stream.message().await?.ok_or("the stream ended")?;
    assert!(created.created() && !created.canceled() && created.watch_id() == 1);
    client.put("foo", "bar2", None).await?;
    client.delete("foo", None).await?;
    let options = WatchOptions::new().with_watch_id(2).with_prev_key();
    stream.watch("foo1", Some(options)).await?;
    let (mut first, mut second) = (Vec::new(), Vec::new());
    while first.len() < 2 || second.len() < 2 {
        let response = stream.message().await?.ok_or("the stream ended")?;
        if response.created() {
            assert_eq!(response.watch_id(), 2);
            client.put("foo1", "bar2", None).await?;
            client.delete("foo1", None).await?;
        }
        let seen = if response.watch_id() == 1 {
            &mut first
        } else {
            &mut second
        };
        seen.extend(response.events().iter().cloned());
    }
    let kinds = |events: &[Event]| -> Vec<EventType> {
        events.iter().map(|event| event.event_type()).collect()
    };
    assert_eq!(kinds(&first), [EventType::Put, EventType::Delete]);
    assert_eq!(kinds(&second), [EventType::Put, EventType::Delete]);
    let before = second[1].prev_kv().ok_or("no version before")?;
    assert_eq!(before.value_str()?, "bar2");
    stream.request_progress().await?;
    let progress = stream.message().await?.ok_or("the stream ended")?;
    assert!(progress.events().is_empty() && progress.watch_id() == -1);
    stream.cancel(1).await?;
    let canceled = stream.message().await?.ok_or("the stream ended")?;
    assert!(canceled.canceled() && canceled.watch_id() == 1);
    Ok(())
}

async fn lease(client: &mut Client) -> Outcome {
    let granted = client.lease_grant(60, None).await?;
    assert_eq!(granted.ttl(), 60);
    let id = granted.id();
    let options = PutOptions::new().with_lease(id);
    client.put("leased", "v", Some(options)).await?;
    let options = LeaseTimeToLiveOptions::new().with_keys();
    let told = client.lease_time_to_live(id, Some(options)).await?;
    assert_eq!(
        (told.granted_ttl(), told.keys()),
        (60, &[b"leased".to_vec()][..])
    );
    let all = client.leases().await?;
    assert!(all.leases().iter().any(|lease| lease.id() == id));
    let (mut keeper, mut answers) = client.lease_keep_alive(id).await?;
    keeper.keep_alive().await?;
    let renewed = answers.message().await?.ok_or("the stream ended")?;
    assert_eq!((renewed.id(), renewed.ttl()), (id, 60));
    client.lease_revoke(id).await?;
    assert_eq!(client.get("leased", None).await?.count(), 0);
    Ok(())
}

async fn lock(client: &mut Client) -> Outcome {
    let held = client.lock("lock-test", None).await?;
    assert!(held.key().starts_with(b"lock-test/"));
    client.unlock(held.key()).await?;
    let lease = client.lease_grant(60, None).await?.id();
    let options = LockOptions::new().with_lease(lease);
    let held = client.lock("lock-test2", Some(options)).await?;
    let mut other = client.clone();
    let waiting = tokio::spawn(async move { other.lock("lock-test2", None).await });
    let early = tokio::time::timeout(Duration::from_millis(200), async {
        while !waiting.is_finished() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(early.await.is_err(), "a lock is held twice");
    client.unlock(held.key()).await?;
    let next = waiting.await??;
    client.unlock(next.key()).await?;
    Ok(())
}

async fn election(client: &mut Client) -> Outcome {
    let lease = client.lease_grant(10, None).await?.id();
    let won = client.campaign("myElection", "123", lease).await?;
    let leader = won.leader().ok_or("no leader")?.clone();
    assert_eq!((leader.name_str()?, leader.lease()), ("myElection", lease));
    let options = ProclaimOptions::new().with_leader(leader.clone());
    client.proclaim("456", Some(options)).await?;
    let mut observed = client.observe(leader.name()).await?;
    let seen = observed.message().await?.ok_or("the stream ended")?;
    assert_eq!(seen.kv().ok_or("no key")?.value_str()?, "456");
    let now = client.leader("myElection").await?;
    assert_eq!(now.kv().ok_or("no key")?.value_str()?, "456");
    let options = ResignOptions::new().with_leader(leader);
    client.resign(Some(options)).await?;
    let none = client.leader("myElection").await.unwrap_err();
    assert!(none.to_string().contains("election: no leader"), "{none}");
    Ok(())
}

async fn maintenance(client: &mut Client) -> Outcome {
    let options = AlarmOptions::new();
    let alarms = client
        .alarm(AlarmAction::Get, AlarmType::None, Some(options))
        .await?;
    assert!(alarms.alarms().is_empty());
    let status = client.status().await?;
    assert!(status.version().starts_with("3.5.") && status.db_size() > 0);
    client.defragment().await?;
    client.hash().await?;
    assert!(client.hash_kv(0).await?.compact_version() > 0);
    let mut snapshot = client.snapshot().await?;
    let mut database = 0;
    loop {
        let part = snapshot
            .message()
            .await?
            .ok_or("the snapshot ended early")?;
        database += part.blob().len();
        if part.remaining_bytes() == 0 {
            break;
        }
    }
    assert_eq!(database % 512, 0);
    let hash = snapshot.message().await?.ok_or("no hash")?;
    assert_eq!(hash.blob().len(), 32);
    let members = client.member_list().await?;
    assert_eq!(members.members().len(), 1);
    let own = members.members()[0].id();
    assert_eq!(status.leader(), own);
    // Alone, the leader hands the leadership to itself.
    client.move_leader(own).await?;
    Ok(())
}

async fn leader_required(endpoint: &str) -> Outcome {
    let options = ConnectOptions::new().with_require_leader(true);
    let mut client = Client::connect([endpoint], Some(options)).await?;
    client.put("foo", "bar", None).await?;
    let mut stream = client.watch("foo", None).await?;
    let created = stream.message().await?.ok_or("the stream ended")?;
    assert!(created.created() && !created.canceled());
    Ok(())
}

async fn users(client: &mut Client, endpoint: &str) -> Outcome {
    client.role_add("reader").await?;
    client
        .role_grant_permission("reader", Permission::read("foo").with_prefix())
        .await?;
    let role = client.role_get("reader").await?;
    assert_eq!(role.permissions().len(), 1);
    client.user_add("ann", "pw", None).await?;
    client.user_grant_role("ann", "reader").await?;
    assert_eq!(client.user_get("ann").await?.roles(), ["reader"]);
    client.user_change_password("ann", "new").await?;
    client.role_add("root").await?;
    client.user_add("root", "rootpwd", None).await?;
    client.user_grant_role("root", "root").await?;
    client.auth_enable().await?;

    let login = |name: &str, password: &str| {
        let options = ConnectOptions::new().with_user(name, password);
        Client::connect([endpoint.to_owned()], Some(options))
    };
    assert!(login("ann", "pw").await.is_err(), "an old password");
    let mut ann = login("ann", "new").await?;
    assert_eq!(ann.get("foo", None).await?.count(), 1);
    let refused = ann.put("foo", "x", None).await.unwrap_err();
    assert!(
        refused.to_string().contains("permission denied"),
        "{refused}"
    );
    let nobody = client.get("foo", None).await.unwrap_err();
    assert!(
        nobody.to_string().contains("user name is empty"),
        "{nobody}"
    );
    let mut root = login("root", "rootpwd").await?;
    root.auth_disable().await?;
    root.user_revoke_role("ann", "reader").await?;
    root.role_revoke_permission(
        "reader",
        "foo",
        Some(RoleRevokePermissionOptions::new().with_prefix()),
    )
    .await?;
    root.user_delete("ann").await?;
    root.role_delete("reader").await?;
    assert_eq!(root.user_list().await?.users(), ["root"]);
    assert_eq!(root.role_list().await?.roles(), ["root"]);
    Ok(())
}
