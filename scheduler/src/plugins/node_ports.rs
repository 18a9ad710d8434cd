//! NodePorts: two pods that want the same port of the node's cannot share it.

use super::{Candidate, Cycle, Reason};

/// Objects to a node where a port that the pod wants is taken.
pub fn filter(cycle: &Cycle<'_>, candidate: Candidate<'_>, reasons: &mut Vec<Reason>) {
    let wanted = &cycle.pod.host_ports;
    if wanted.is_empty() || candidate.state.with_ports == 0 {
        return;
    }
    let mut taken = candidate.state.pods.values().flat_map(|p| &p.host_ports);
    if taken.any(|t| wanted.iter().any(|w| w.conflicts(t))) {
        reasons.push(Reason::resolvable(
            "node(s) didn't have free ports for the requested pod ports",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::filter;
    use serde_json::json;

    #[test]
    fn a_taken_port_keeps_away() {
        let mut c = cluster(json!([{"metadata":{"name":"a"}}]));
        let wants = |port: i32, uid: &str| json!({"metadata":{"uid":uid},"spec":{"containers":[{"ports":[{"hostPort":port}]}]}});
        place(&mut c, "a", wants(80, "1"));
        assert_eq!(reasons(filter, &c, &pod(wants(80, "2")), "a").len(), 1);
        assert!(reasons(filter, &c, &pod(wants(81, "3")), "a").is_empty());
    }
}
