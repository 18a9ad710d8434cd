//! InterPodAffinity: pods that want to be near others, or away from them, in a domain that a node label names.
//!
//! Anti-affinity is kept both ways: a pod on a node may also refuse the newcomer.

use std::collections::{BTreeMap, HashMap};

use hydrofoil_api::selector::Selector;
use k8s_openapi::api::core::v1::{PodAffinityTerm, WeightedPodAffinityTerm};

use super::{Candidate, Cycle, Reason};
use crate::cluster::Cluster;
use crate::model::{NodeInfo, PodInfo};

/// The weight of a required affinity of pods already placed, when scoring (upstream: `hardPodAffinityWeight`).
const HARD_AFFINITY_WEIGHT: i64 = 1;

/// A domain: the label's key and a node's value of it.
type Domain = (String, String);

/// What affinity terms say of the cluster as it is, worked out once for all nodes. Empty for a pod without affinity in a cluster
/// without any.
#[derive(Default)]
pub struct Prepared {
    affinity: Vec<Term>,
    anti_affinity: Vec<Term>,
    /// Whether the pod matches all its own affinity terms: the first of a group may then go anywhere.
    matches_itself: bool,
    /// Domains that pods already placed refuse to share with this one.
    refused: HashMap<Domain, i64>,
    /// What being in a domain is worth.
    worth: HashMap<Domain, i64>,
}

struct Term {
    key: String,
    /// How many matching pods are in each domain.
    domains: HashMap<String, i64>,
}

struct Matcher {
    key: String,
    selector: Selector,
    namespaces: Namespaces,
}

enum Namespaces {
    All,
    These(Vec<String>),
    Chosen { names: Vec<String>, by: Selector },
}

impl Matcher {
    /// The term of a pod, with the pod's own values of `matchLabelKeys` and `mismatchLabelKeys` (KEP-3633).
    fn new(owner: &PodInfo, term: &PodAffinityTerm) -> Self {
        let selector = match &term.label_selector {
            None => Selector::nothing(),
            Some(labels) => {
                let mut labels = labels.clone();
                let own = |keys: &Option<Vec<String>>| -> BTreeMap<String, String> {
                    let keys = keys.iter().flatten();
                    keys.filter_map(|k| owner.labels.get(k).map(|v| (k.clone(), v.clone())))
                        .collect()
                };
                labels
                    .match_labels
                    .get_or_insert_default()
                    .extend(own(&term.match_label_keys));
                let expressions = labels.match_expressions.get_or_insert_default();
                for (key, value) in own(&term.mismatch_label_keys) {
                    expressions.push(
                        k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement {
                            key,
                            operator: "NotIn".into(),
                            values: Some(vec![value]),
                        },
                    );
                }
                parse(&labels)
            }
        };
        let names = term.namespaces.clone().unwrap_or_default();
        let namespaces = match &term.namespace_selector {
            Some(chosen) => match parse(chosen) {
                by if by.is_everything() => Namespaces::All,
                by => Namespaces::Chosen { names, by },
            },
            None if names.is_empty() => Namespaces::These(vec![owner.key.namespace.clone()]),
            None => Namespaces::These(names),
        };
        Self {
            key: term.topology_key.clone(),
            selector,
            namespaces,
        }
    }

    fn matches(&self, cluster: &Cluster, pod: &PodInfo) -> bool {
        let namespace = &pod.key.namespace;
        let in_namespace = match &self.namespaces {
            Namespaces::All => true,
            Namespaces::These(names) => names.contains(namespace),
            Namespaces::Chosen { names, by } => {
                names.contains(namespace)
                    || cluster
                        .namespace(namespace)
                        .is_some_and(|labels| by.matches(labels))
            }
        };
        in_namespace && self.selector.matches(&pod.labels)
    }
}

fn parse(labels: &k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector) -> Selector {
    let value = serde_json::to_value(labels).unwrap_or_default();
    Selector::from_label_selector(&value).unwrap_or_else(|_| Selector::nothing())
}

/// The four lists of terms that a pod may carry.
struct Terms<'a> {
    affinity: &'a [PodAffinityTerm],
    anti_affinity: &'a [PodAffinityTerm],
    preferred: &'a [WeightedPodAffinityTerm],
    preferred_anti: &'a [WeightedPodAffinityTerm],
}

impl<'a> Terms<'a> {
    fn of(pod: &'a PodInfo) -> Self {
        let affinity = pod.spec.affinity.as_ref();
        let near = affinity.and_then(|a| a.pod_affinity.as_ref());
        let away = affinity.and_then(|a| a.pod_anti_affinity.as_ref());
        Self {
            affinity: near
                .and_then(|a| {
                    a.required_during_scheduling_ignored_during_execution
                        .as_deref()
                })
                .unwrap_or_default(),
            anti_affinity: away
                .and_then(|a| {
                    a.required_during_scheduling_ignored_during_execution
                        .as_deref()
                })
                .unwrap_or_default(),
            preferred: near
                .and_then(|a| {
                    a.preferred_during_scheduling_ignored_during_execution
                        .as_deref()
                })
                .unwrap_or_default(),
            preferred_anti: away
                .and_then(|a| {
                    a.preferred_during_scheduling_ignored_during_execution
                        .as_deref()
                })
                .unwrap_or_default(),
        }
    }
}

impl Prepared {
    /// Counts what each term is about.
    pub fn new(cluster: &Cluster, pod: &PodInfo) -> Self {
        let mut prepared = Self::default();
        if pod.has_pod_affinity() {
            prepared.count_own(cluster, pod);
        }
        if cluster.pods_with_affinity() > 0 {
            prepared.count_others(cluster, pod);
        }
        prepared
    }

    fn count_own(&mut self, cluster: &Cluster, pod: &PodInfo) {
        let terms = Terms::of(pod);
        let near: Vec<Matcher> = terms
            .affinity
            .iter()
            .map(|t| Matcher::new(pod, t))
            .collect();
        // A pod counts for affinity only where it matches every term.
        self.affinity = near
            .iter()
            .map(|m| {
                count(cluster, &m.key, |p| {
                    near.iter().all(|n| n.matches(cluster, p))
                })
            })
            .collect();
        self.matches_itself = near.iter().all(|m| m.matches(cluster, pod));
        let away = terms.anti_affinity.iter().map(|t| Matcher::new(pod, t));
        self.anti_affinity = away
            .map(|m| count(cluster, &m.key, |p| m.matches(cluster, p)))
            .collect();
        for (terms, sign) in [(terms.preferred, 1), (terms.preferred_anti, -1)] {
            for weighted in terms {
                let matcher = Matcher::new(pod, &weighted.pod_affinity_term);
                let counted = count(cluster, &matcher.key, |p| matcher.matches(cluster, p));
                for (domain, pods) in counted.domains {
                    let worth = self.worth.entry((matcher.key.clone(), domain)).or_default();
                    *worth += sign * i64::from(weighted.weight) * pods;
                }
            }
        }
    }

    fn count_others(&mut self, cluster: &Cluster, pod: &PodInfo) {
        for (node, state) in cluster.nodes() {
            for other in state.with_affinity.values() {
                let terms = Terms::of(other);
                for term in terms.anti_affinity {
                    self.note(cluster, pod, node, other, term, None);
                }
                for term in terms.affinity {
                    self.note(cluster, pod, node, other, term, Some(HARD_AFFINITY_WEIGHT));
                }
                for weighted in terms.preferred {
                    self.note(
                        cluster,
                        pod,
                        node,
                        other,
                        &weighted.pod_affinity_term,
                        Some(i64::from(weighted.weight)),
                    );
                }
                for weighted in terms.preferred_anti {
                    self.note(
                        cluster,
                        pod,
                        node,
                        other,
                        &weighted.pod_affinity_term,
                        Some(-i64::from(weighted.weight)),
                    );
                }
            }
        }
    }

    /// Notes what a term of `other`, on `node`, says of `pod`: a worth, or (`None`) a refusal.
    fn note(
        &mut self,
        cluster: &Cluster,
        pod: &PodInfo,
        node: &NodeInfo,
        other: &PodInfo,
        term: &PodAffinityTerm,
        worth: Option<i64>,
    ) {
        let Some(domain) = node.labels.get(&term.topology_key) else {
            return;
        };
        if !Matcher::new(other, term).matches(cluster, pod) {
            return;
        }
        let domain = (term.topology_key.clone(), domain.clone());
        match worth {
            Some(worth) => *self.worth.entry(domain).or_default() += worth,
            None => *self.refused.entry(domain).or_default() += 1,
        }
    }
}

fn count(cluster: &Cluster, key: &str, matches: impl Fn(&PodInfo) -> bool) -> Term {
    let mut domains: HashMap<String, i64> = HashMap::new();
    for (node, state) in cluster.nodes() {
        if let Some(domain) = node.labels.get(key) {
            let pods = state.pods.values().filter(|p| matches(p)).count();
            if pods > 0 {
                *domains.entry(domain.clone()).or_default() +=
                    i64::try_from(pods).unwrap_or(i64::MAX);
            }
        }
    }
    Term {
        key: key.to_owned(),
        domains,
    }
}

/// Objects to a node in a domain without those the pod must be near, or with those it must be away from, either way.
pub fn filter(cycle: &Cycle<'_>, candidate: Candidate<'_>, reasons: &mut Vec<Reason>) {
    let prepared = &cycle.affinity;
    let labels = &candidate.node.labels;
    let has = |term: &Term| {
        labels
            .get(&term.key)
            .is_some_and(|domain| term.domains.contains_key(domain))
    };
    if !prepared.affinity.iter().all(has) {
        // The first pod of a group that wants to be near itself starts it, in any domain.
        let none_anywhere = prepared.affinity.iter().all(|t| t.domains.is_empty());
        let in_domains = prepared
            .affinity
            .iter()
            .all(|t| labels.contains_key(&t.key));
        if !(none_anywhere && prepared.matches_itself && in_domains) {
            reasons.push(Reason::lasting("node(s) didn't match pod affinity rules"));
            return;
        }
    }
    if prepared.anti_affinity.iter().any(has) {
        reasons.push(Reason::resolvable(
            "node(s) didn't match pod anti-affinity rules",
        ));
        return;
    }
    let refused = |(key, value): (&String, &String)| {
        prepared.refused.contains_key(&(key.clone(), value.clone()))
    };
    if !prepared.refused.is_empty() && labels.iter().any(refused) {
        reasons.push(Reason::resolvable(
            "node(s) didn't satisfy existing pods anti-affinity rules",
        ));
    }
}

/// What the node's domains are worth to the pod and to those around it.
pub fn score(cycle: &Cycle<'_>, candidate: Candidate<'_>) -> i64 {
    let worth = &cycle.affinity.worth;
    if worth.is_empty() {
        return 0;
    }
    let labels = candidate.node.labels.iter();
    labels
        .filter_map(|(key, value)| worth.get(&(key.clone(), value.clone())))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use serde_json::{Value, json};

    fn zones() -> Cluster {
        cluster(
            json!([{"metadata":{"name":"a","labels":{"zone":"1"}}},{"metadata":{"name":"b","labels":{"zone":"2"}}}]),
        )
    }

    fn term(app: &str) -> Value {
        json!({"topologyKey":"zone","labelSelector":{"matchLabels":{"app":app}}})
    }

    fn with(uid: &str, app: &str, kind: &str, list: &str, terms: Value) -> Value {
        json!({"metadata":{"uid":uid,"namespace":"d","labels":{"app":app}},"spec":{"affinity":{kind:{list:terms}}}})
    }

    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

    #[test]
    fn affinity_goes_where_its_friends_are() {
        let mut c = zones();
        place(
            &mut c,
            "a",
            json!({"metadata":{"uid":"1","namespace":"d","labels":{"app":"db"}}}),
        );
        let p = pod(with(
            "2",
            "web",
            "podAffinity",
            REQUIRED,
            json!([term("db")]),
        ));
        assert!(reasons(filter, &c, &p, "a").is_empty());
        assert_eq!(
            reasons(filter, &c, &p, "b"),
            ["node(s) didn't match pod affinity rules"]
        );
    }

    #[test]
    fn the_first_of_a_group_may_go_anywhere() {
        let p = pod(with(
            "1",
            "web",
            "podAffinity",
            REQUIRED,
            json!([term("web")]),
        ));
        assert!(reasons(filter, &zones(), &p, "b").is_empty());
    }

    #[test]
    fn anti_affinity_holds_both_ways() {
        let mut c = zones();
        place(
            &mut c,
            "a",
            with(
                "1",
                "web",
                "podAntiAffinity",
                REQUIRED,
                json!([term("web")]),
            ),
        );
        let same = pod(with(
            "2",
            "web",
            "podAntiAffinity",
            REQUIRED,
            json!([term("web")]),
        ));
        assert_eq!(
            reasons(filter, &c, &same, "a"),
            ["node(s) didn't match pod anti-affinity rules"]
        );
        assert!(reasons(filter, &c, &same, "b").is_empty());
        let plain = pod(json!({"metadata":{"uid":"3","namespace":"d","labels":{"app":"web"}}}));
        assert_eq!(
            reasons(filter, &c, &plain, "a"),
            ["node(s) didn't satisfy existing pods anti-affinity rules"]
        );
    }

    #[test]
    fn namespaces_bound_a_term() {
        let mut c = zones();
        c.set_namespace("other".into(), [("team".to_owned(), "x".to_owned())].into());
        place(
            &mut c,
            "a",
            json!({"metadata":{"uid":"1","namespace":"other","labels":{"app":"db"}}}),
        );
        let mut t = term("db");
        let p = |t: &Value| pod(with("2", "web", "podAffinity", REQUIRED, json!([t])));
        assert_eq!(reasons(filter, &c, &p(&t), "a").len(), 1);
        t["namespaceSelector"] = json!({"matchLabels":{"team":"x"}});
        assert!(reasons(filter, &c, &p(&t), "a").is_empty());
    }

    #[test]
    fn preferences_are_weighed() {
        let mut c = zones();
        place(
            &mut c,
            "a",
            json!({"metadata":{"uid":"1","namespace":"d","labels":{"app":"db"}}}),
        );
        let near = pod(with(
            "2",
            "web",
            "podAffinity",
            PREFERRED,
            json!([{"weight":10,"podAffinityTerm":term("db")}]),
        ));
        assert_eq!(
            (raw(score, &c, &near, "a"), raw(score, &c, &near, "b")),
            (10, 0)
        );
        let away = pod(with(
            "2",
            "web",
            "podAntiAffinity",
            PREFERRED,
            json!([{"weight":10,"podAffinityTerm":term("db")}]),
        ));
        assert_eq!(raw(score, &c, &away, "a"), -10);
    }
}
