//! Who this member is, when it starts: from its data directory if that is of a member, otherwise from the configuration and
//! from what the peers say, by etcd's rules (`server/etcdserver/bootstrap.go`) and with its words.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    Node,
    id::{cluster_id, member_id},
    identity::{self, Identity},
    urls,
};
use crate::{
    Config, Error, InitialClusterState,
    config::InitialMember,
    raft::transport::{connect::Connector, link::ask_members},
    rpc::Member,
    wal::{disk::Disk, recover},
    world,
};

/// How long peers are asked whether this member was there before, in all.
const ASK_BOOTSTRAPPED: Duration = Duration::from_secs(1);
/// How long each peer is asked for the members of a running cluster.
const ASK_MEMBERS: Duration = Duration::from_secs(10);

/// Who this member is. If it is new, that is written down before this returns.
pub async fn identity(
    config: &Config,
    disk: &Arc<dyn Disk>,
    log_disk: &Arc<dyn Disk>,
    connector: &Arc<dyn Connector>,
) -> Result<Identity, Error> {
    if let Some(known) = identity::read(&**disk)? {
        return Ok(known);
    }
    let legacy = recover::peek(&**log_disk)?;
    let fresh = match legacy {
        // Of a time before the file was written: one member alone.
        Some((cluster, member)) => alone(cluster, member, config),
        None if config.initial_cluster.is_empty() => {
            alone(config.cluster_id, config.member_id, config)
        }
        None => match config.initial_cluster_state {
            InitialClusterState::New => begin(config, connector).await?,
            InitialClusterState::Existing => join(config, connector).await?,
        },
    };
    identity::write(disk, &fresh)?;
    Ok(fresh)
}

fn alone(cluster: u64, member: u64, config: &Config) -> Identity {
    let node = Node {
        name: config.name.clone(),
        ..Default::default()
    };
    Identity {
        cluster,
        member,
        disk: world::random_id(),
        seeds: vec![(member, node)],
    }
}

/// As one of the members that begin a cluster.
async fn begin(config: &Config, connector: &Arc<dyn Connector>) -> Result<Identity, Error> {
    check_configured(config)?;
    check_advertised(config)?;
    let seeds = configured(config)?;
    let (member, _) = own(config, &seeds)?;
    let others = other_urls(config);
    let asked = async {
        for url in &others {
            if let Ok(found) = ask_members(connector, url, ASK_BOOTSTRAPPED).await {
                let before = found.members.into_iter().find(|m| m.id == member);
                return before.is_some_and(|m| !m.client_urls.is_empty());
            }
        }
        false
    };
    if tokio::time::timeout(ASK_BOOTSTRAPPED, asked).await == Ok(true) {
        return Err(bootstrapped(member));
    }
    Ok(Identity {
        cluster: cluster_id(seeds.keys().copied()),
        member,
        disk: world::random_id(),
        seeds: seeds.into_iter().collect(),
    })
}

/// As a member that was added to a running cluster.
async fn join(config: &Config, connector: &Arc<dyn Connector>) -> Result<Identity, Error> {
    check_configured(config)?;
    let mut found = None;
    for url in other_urls(config) {
        match ask_members(connector, &url, ASK_MEMBERS).await {
            Ok(answer) if !answer.members.is_empty() => {
                found = Some(answer);
                break;
            }
            Ok(_) => {
                return Err(Error::Bootstrap("cannot fetch cluster info from peer urls: failed to get raft cluster member(s) from the given URLs".into()));
            }
            Err(status) => tracing::warn!(url, %status, "a peer did not say who the members are"),
        }
    }
    let found = found.ok_or_else(|| {
        Error::Bootstrap("cannot fetch cluster info from peer urls: could not retrieve cluster information from the given URLs".into())
    })?;
    let running: Vec<Member> = found.members.into_iter().map(Member::from).collect();
    let member = match_members(config, &running).map_err(|what| {
        Error::Bootstrap(format!(
            "error validating peerURLs {}: {what}",
            list(&running)
        ))
    })?;
    if !member.client_urls.is_empty() {
        return Err(bootstrapped(member.id));
    }
    Ok(Identity {
        cluster: found.cluster_id,
        member: member.id,
        disk: world::random_id(),
        seeds: Vec::new(),
    })
}

fn bootstrapped(member: u64) -> Error {
    Error::Bootstrap(format!("member {member:x} has already been bootstrapped"))
}

/// Finds each running member among the configured ones by its URLs. Returns the one that this member is.
fn match_members(config: &Config, running: &[Member]) -> Result<Member, String> {
    if running.len() != config.initial_cluster.len() {
        return Err("member count is unequal".into());
    }
    let mut own = None;
    for member in running {
        let same = |(_, urls): &&InitialMember| sorted(urls) == sorted(&member.peer_urls);
        match config.initial_cluster.iter().find(same) {
            Some((name, _)) if *name == config.name => own = Some(member.clone()),
            Some(_) => {}
            None => {
                return Err(format!(
                    "PeerURLs: no match found for existing member ({:x}, [{}])",
                    member.id,
                    member.peer_urls.join(" ")
                ));
            }
        }
    }
    own.ok_or_else(|| "this member is none of them".into())
}

fn list(members: &[Member]) -> String {
    let members = members
        .iter()
        .map(|member| format!("{:x}={}", member.id, member.peer_urls.join(",")));
    members.collect::<Vec<_>>().join(",")
}

fn sorted(urls: &[String]) -> Vec<&str> {
    let mut urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    urls.sort_unstable();
    urls
}

/// The members of the configuration, by their ids.
fn configured(config: &Config) -> Result<BTreeMap<u64, Node>, Error> {
    let mut members = BTreeMap::new();
    for (name, peer_urls) in &config.initial_cluster {
        let id = member_id(peer_urls, &config.initial_cluster_token, None);
        let node = Node {
            name: name.clone(),
            peer_urls: peer_urls.clone(),
            is_learner: false,
        };
        if members.insert(id, node).is_some() {
            return Err(Error::Bootstrap(format!(
                "member exists with identical ID {id:x}"
            )));
        }
    }
    Ok(members)
}

fn own(config: &Config, members: &BTreeMap<u64, Node>) -> Result<(u64, Node), Error> {
    members
        .iter()
        .find(|(_, node)| node.name == config.name)
        .map(|(id, node)| (*id, node.clone()))
        .ok_or_else(|| no_local_name(config))
}

fn no_local_name(config: &Config) -> Error {
    Error::Bootstrap(format!(
        "couldn't find local name {:?} in the initial cluster configuration",
        config.name
    ))
}

fn other_urls(config: &Config) -> Vec<String> {
    let others = config.initial_cluster.iter();
    let others = others.filter(|(name, _)| *name != config.name);
    let mut urls: Vec<String> = others.flat_map(|(_, urls)| urls.clone()).collect();
    urls.sort_unstable();
    urls
}

fn check_configured(config: &Config) -> Result<(), Error> {
    let mut seen = std::collections::BTreeSet::new();
    for (name, peer_urls) in &config.initial_cluster {
        if urls::check(peer_urls).is_err() {
            return Err(Error::Bootstrap(format!(
                "the peer URLs of {name:?} in the initial cluster are invalid: {}",
                peer_urls.join(",")
            )));
        }
        if !peer_urls.iter().all(|url| seen.insert(url)) {
            let all = config.initial_cluster.iter();
            let all =
                all.flat_map(|(name, urls)| urls.iter().map(move |url| format!("{name}={url}")));
            return Err(Error::Bootstrap(format!(
                "initial cluster {} has duplicate url",
                all.collect::<Vec<_>>().join(",")
            )));
        }
    }
    if !config
        .initial_cluster
        .iter()
        .any(|(name, _)| *name == config.name)
    {
        return Err(no_local_name(config));
    }
    Ok(())
}

/// Whether the URLs that this member is advertised with are those that the initial cluster has for it.
fn check_advertised(config: &Config) -> Result<(), Error> {
    let advertised = &config.initial_advertise_peer_urls;
    let configured = config.initial_cluster.iter();
    let configured: Vec<&String> = configured
        .filter(|(name, _)| *name == config.name)
        .flat_map(|(_, urls)| urls)
        .collect();
    if advertised.is_empty() {
        return Ok(());
    }
    let named = |urls: Vec<&String>| {
        let named = urls.into_iter().map(|url| format!("{}={url}", config.name));
        named.collect::<Vec<_>>().join(",")
    };
    let missing: Vec<&String> = configured
        .iter()
        .filter(|url| !advertised.contains(url))
        .copied()
        .collect();
    if !missing.is_empty() {
        return Err(Error::Bootstrap(format!(
            "--initial-cluster has {} but missing from --initial-advertise-peer-urls={}",
            named(missing),
            advertised.join(",")
        )));
    }
    let missing: Vec<&str> = advertised
        .iter()
        .filter(|url| !configured.contains(url))
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        return Err(Error::Bootstrap(format!(
            "--initial-advertise-peer-urls has {} but missing from --initial-cluster={}",
            missing.join(","),
            named(configured)
        )));
    }
    Ok(())
}
