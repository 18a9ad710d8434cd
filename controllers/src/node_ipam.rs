//! Gives every node its pod ranges out of the cluster's. Off unless ranges are configured.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use hydrofoil_client::events::Recorder;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use parking_lot::Mutex;
use serde_json::json;

use crate::action::{Action, Event, execute};
use crate::config::Config;
use crate::context::{Context, Work};
use crate::error::Error;
use crate::objects::{Key, Meta, NODE, Node};
use crate::worker::{self, Next};

/// A cluster range holds at most so many node ranges, as a power of 2 (upstream: `clusterSubnetMaxDiff`).
const MAX_BITS: u8 = 16;

/// One cluster range and which parts of it are taken.
#[derive(Debug)]
struct Range {
    cluster: IpNet,
    node_prefix: u8,
    taken: BTreeSet<u32>,
    next: u32,
}

impl Range {
    fn new(cluster: IpNet, node_prefix: u8) -> Result<Self, Error> {
        let bits = node_prefix.checked_sub(cluster.prefix_len());
        if bits.is_none_or(|b| b > MAX_BITS) || node_prefix > cluster.max_prefix_len() {
            return Err(Error::Object(format!(
                "node ranges of /{node_prefix} do not fit the cluster range {cluster}: the prefix must be up to {MAX_BITS} bits longer"
            )));
        }
        Ok(Self {
            cluster: cluster.trunc(),
            node_prefix,
            taken: BTreeSet::new(),
            next: 0,
        })
    }

    fn size(&self) -> u32 {
        1 << (self.node_prefix - self.cluster.prefix_len())
    }

    /// The `index`-th node range.
    fn part(&self, index: u32) -> Option<IpNet> {
        match self.cluster {
            IpNet::V4(net) => {
                let offset = u64::from(index) << (32 - self.node_prefix);
                let base = u32::from(net.network()).checked_add(u32::try_from(offset).ok()?)?;
                Ipv4Net::new(Ipv4Addr::from(base), self.node_prefix)
                    .ok()
                    .map(IpNet::V4)
            }
            IpNet::V6(net) => {
                let offset = u128::from(index).checked_shl(128 - u32::from(self.node_prefix))?;
                let base = u128::from(net.network()).checked_add(offset)?;
                Ipv6Net::new(Ipv6Addr::from(base), self.node_prefix)
                    .ok()
                    .map(IpNet::V6)
            }
        }
    }

    /// Which node ranges a range covers, if it lies in this one.
    fn covered(&self, range: &IpNet) -> Option<std::ops::RangeInclusive<u32>> {
        if !self.cluster.contains(range) {
            return None;
        }
        let index = |address: IpAddr| -> Option<u32> {
            match (self.cluster, address) {
                (IpNet::V4(net), IpAddr::V4(a)) => {
                    let offset = u32::from(a) - u32::from(net.network());
                    Some(u64::from(offset).checked_shr(32 - u32::from(self.node_prefix))? as u32)
                }
                (IpNet::V6(net), IpAddr::V6(a)) => {
                    let offset = u128::from(a) - u128::from(net.network());
                    u32::try_from(offset.checked_shr(128 - u32::from(self.node_prefix))?).ok()
                }
                _ => None,
            }
        };
        Some(index(range.network())?..=index(range.broadcast())?)
    }

    fn take(&mut self) -> Option<IpNet> {
        let size = self.size();
        let free = (0..size)
            .map(|i| (self.next + i) % size)
            .find(|i| !self.taken.contains(i))?;
        self.taken.insert(free);
        self.next = (free + 1) % size;
        self.part(free)
    }
}

/// All cluster ranges.
#[derive(Debug, Default)]
struct Allocator {
    ranges: Vec<Range>,
}

impl Allocator {
    fn new(config: &Config) -> Result<Self, Error> {
        let mut ranges = Vec::new();
        for text in &config.cluster_cidrs {
            let cluster: IpNet = text
                .parse()
                .map_err(|e| Error::Object(format!("cluster range {text:?}: {e}")))?;
            let prefix = match cluster {
                IpNet::V4(_) => config.node_cidr_mask_size_ipv4,
                IpNet::V6(_) => config.node_cidr_mask_size_ipv6,
            };
            ranges.push(Range::new(cluster, prefix)?);
        }
        Ok(Self { ranges })
    }

    /// Marks a node's ranges as taken or free.
    fn mark(&mut self, node: &Node, taken: bool) {
        for text in node_ranges(node) {
            let Ok(range) = text.parse::<IpNet>() else {
                continue;
            };
            for own in &mut self.ranges {
                for index in own.covered(&range).into_iter().flatten() {
                    if taken {
                        own.taken.insert(index);
                    } else {
                        own.taken.remove(&index);
                    }
                }
            }
        }
    }

    /// One range out of each cluster range, or nothing at all.
    fn allocate(&mut self) -> Option<Vec<IpNet>> {
        let mut taken = Vec::new();
        for range in &mut self.ranges {
            match range.take() {
                Some(part) => taken.push(part),
                None => {
                    self.give_back(&taken);
                    return None;
                }
            }
        }
        Some(taken)
    }

    fn give_back(&mut self, ranges: &[IpNet]) {
        for range in ranges {
            for own in &mut self.ranges {
                for index in own.covered(range).into_iter().flatten() {
                    own.taken.remove(&index);
                }
            }
        }
    }
}

fn node_ranges(node: &Node) -> Vec<&str> {
    if node.spec.pod_cidrs.is_empty() {
        Some(node.spec.pod_cidr.as_str())
            .filter(|c| !c.is_empty())
            .into_iter()
            .collect()
    } else {
        node.spec.pod_cidrs.iter().map(String::as_str).collect()
    }
}

/// Registers the controller's interest in changes and returns its work, if it has any.
pub fn start(context: &Arc<Context>) -> Option<Work> {
    if context.config.cluster_cidrs.is_empty() {
        return None;
    }
    let allocator = match Allocator::new(&context.config) {
        Ok(allocator) => Arc::new(Mutex::new(allocator)),
        Err(error) => {
            tracing::error!(%error, "nodes get no pod ranges");
            return None;
        }
    };
    let queue = context.queue::<Key>("node_ipam");
    let recorder = context.recorder("cidrAllocator");
    let (q, a) = (queue.clone(), allocator.clone());
    context
        .informers
        .nodes
        .on_change(move |change| match (change.old, change.new) {
            (_, Some(node)) if node_ranges(node).is_empty() => q.add(Key::of(&node.metadata)),
            (_, Some(node)) => a.lock().mark(node, true),
            (Some(node), None) => a.lock().mark(node, false),
            (None, None) => {}
        });
    let shutdown = context.shutdown.clone();
    let context = context.clone();
    Some(Box::pin(worker::work(
        "node-ipam",
        queue,
        1,
        shutdown,
        move |key| {
            let (context, allocator, recorder) =
                (context.clone(), allocator.clone(), recorder.clone());
            async move { sync(&context, &allocator, &recorder, &key).await }
        },
    )))
}

async fn sync(
    context: &Context,
    allocator: &Mutex<Allocator>,
    recorder: &Recorder,
    key: &Key,
) -> Result<Next, Error> {
    let Some(node) = context
        .informers
        .nodes
        .get(key)
        .filter(|n| node_ranges(n).is_empty())
    else {
        return Ok(Next::default());
    };
    let ranges = allocator.lock().allocate();
    let Some(ranges) = ranges else {
        let message = format!("Node {} status is now: CIDRNotAvailable", key.name);
        Event::normal(&NODE, &node.metadata, "CIDRNotAvailable", message).record(recorder);
        return Err(Error::Object(format!(
            "no pod range is left for node {}",
            key.name
        )));
    };
    let texts: Vec<String> = ranges.iter().map(IpNet::to_string).collect();
    // With the version, so that a range somebody else set meanwhile is not overwritten.
    let patch = json!({
        "metadata": {"resourceVersion": node.metadata.version()},
        "spec": {"podCIDR": texts.first(), "podCIDRs": texts},
    });
    match execute(
        &context.writer,
        recorder,
        Action::merge(&NODE, &node.metadata, patch),
    )
    .await
    {
        Ok(_) => Ok(Next::default()),
        Err(error) => {
            allocator.lock().give_back(&ranges);
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allocator(cidrs: &[&str], v4: u8) -> Result<Allocator, Error> {
        Allocator::new(&Config {
            cluster_cidrs: cidrs.iter().map(ToString::to_string).collect(),
            node_cidr_mask_size_ipv4: v4,
            ..Default::default()
        })
    }

    fn node(ranges: &str) -> Node {
        serde_yaml::from_str(&format!("{{spec: {{podCIDRs: [{ranges}]}}}}")).unwrap()
    }

    fn texts(ranges: Option<Vec<IpNet>>) -> Vec<String> {
        ranges
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn ranges_are_handed_out_once_and_come_back() {
        let mut a = allocator(&["127.64.0.0/22", "fd00::/48"], 24).unwrap();
        a.mark(&node("127.64.0.0/24, 'fd00::/64'"), true);
        assert_eq!(texts(a.allocate()), ["127.64.1.0/24", "fd00:0:0:1::/64"]);
        assert_eq!(texts(a.allocate())[0], "127.64.2.0/24");
        assert_eq!(texts(a.allocate())[0], "127.64.3.0/24");
        assert_eq!(a.allocate(), None, "the first family is used up");
        assert_eq!(
            a.ranges[1].taken.len(),
            4,
            "and nothing of the second is lost by that"
        );
        a.mark(&node("127.64.1.0/24"), false);
        assert_eq!(texts(a.allocate())[0], "127.64.1.0/24");
        // A larger range takes all that it covers.
        a.mark(&node("127.64.0.0/23"), false);
        assert_eq!(a.ranges[0].taken, BTreeSet::from([2, 3]));
    }

    #[test]
    fn ranges_that_cannot_be_are_refused() {
        assert!(allocator(&["10.0.0.0/24"], 16).is_err());
        assert!(allocator(&["10.0.0.0/8"], 28).is_err());
        assert!(allocator(&["ten"], 24).is_err());
    }
}
