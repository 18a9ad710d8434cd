//! NodeAffinity: `nodeSelector`, required and preferred node affinity.

use k8s_openapi::api::core::v1::{NodeSelectorRequirement, NodeSelectorTerm};

use super::{Candidate, Cycle, Reason};
use crate::model::{NodeInfo, PodInfo};

/// What a pod requires of nodes, apart from the rest of it.
pub struct Prepared {
    selector: Vec<(String, String)>,
    required: Option<Vec<NodeSelectorTerm>>,
    preferred: Vec<(i64, NodeSelectorTerm)>,
}

impl Prepared {
    /// Takes out of the pod what it says about nodes.
    pub fn new(pod: &PodInfo) -> Self {
        let affinity = pod
            .spec
            .affinity
            .as_ref()
            .and_then(|a| a.node_affinity.as_ref());
        let required = affinity.and_then(|a| {
            a.required_during_scheduling_ignored_during_execution
                .as_ref()
        });
        let preferred = affinity.and_then(|a| {
            a.preferred_during_scheduling_ignored_during_execution
                .as_ref()
        });
        Self {
            selector: pod
                .spec
                .node_selector
                .iter()
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
            required: required.map(|r| r.node_selector_terms.clone()),
            preferred: preferred
                .into_iter()
                .flatten()
                .map(|p| (i64::from(p.weight), p.preference.clone()))
                .collect(),
        }
    }

    /// Whether the pod may run on this node.
    pub fn allows(&self, node: &NodeInfo) -> bool {
        self.selector
            .iter()
            .all(|(key, value)| node.labels.get(key) == Some(value))
            && self
                .required
                .as_ref()
                .is_none_or(|terms| terms.iter().any(|t| term_matches(t, node)))
    }
}

/// Objects to a node that the pod's selector or required affinity does not match.
pub fn filter(cycle: &Cycle<'_>, candidate: Candidate<'_>, reasons: &mut Vec<Reason>) {
    if !cycle.node_affinity.allows(candidate.node) {
        reasons.push(Reason::lasting(
            "node(s) didn't match Pod's node affinity/selector",
        ));
    }
}

/// Adds up the weights of the preferred terms that match.
pub fn score(cycle: &Cycle<'_>, candidate: Candidate<'_>) -> i64 {
    let preferred = cycle.node_affinity.preferred.iter();
    preferred
        .filter(|(_, term)| term_matches(term, candidate.node))
        .map(|(weight, _)| weight)
        .sum()
}

/// A term with no requirement matches nothing; otherwise every requirement must hold.
fn term_matches(term: &NodeSelectorTerm, node: &NodeInfo) -> bool {
    let expressions = term.match_expressions.as_deref().unwrap_or_default();
    let fields = term.match_fields.as_deref().unwrap_or_default();
    if expressions.is_empty() && fields.is_empty() {
        return false;
    }
    expressions
        .iter()
        .all(|r| holds(r, node.labels.get(&r.key).map(String::as_str)))
        && fields
            .iter()
            .all(|r| r.key == "metadata.name" && holds(r, Some(&node.name)))
}

fn holds(requirement: &NodeSelectorRequirement, has: Option<&str>) -> bool {
    let values = requirement.values.as_deref().unwrap_or_default();
    let among = || has.is_some_and(|h| values.iter().any(|v| v == h));
    let order = || {
        let has: i64 = has?.parse().ok()?;
        let limit: i64 = values.first()?.parse().ok()?;
        Some(has.cmp(&limit))
    };
    match requirement.operator.as_str() {
        "In" => among(),
        "NotIn" => !among(),
        "Exists" => has.is_some(),
        "DoesNotExist" => has.is_none(),
        "Gt" => order().is_some_and(|o| o.is_gt()),
        "Lt" => order().is_some_and(|o| o.is_lt()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use serde_json::json;

    #[test]
    fn every_operator() {
        let requirement = |operator: &str, values: &[&str]| NodeSelectorRequirement {
            key: "k".into(),
            operator: operator.into(),
            values: Some(values.iter().map(|v| (*v).to_owned()).collect()),
        };
        assert!(holds(&requirement("In", &["a", "b"]), Some("b")));
        assert!(!holds(&requirement("In", &["a"]), None));
        assert!(holds(&requirement("NotIn", &["a"]), None));
        assert!(holds(&requirement("Exists", &[]), Some("")));
        assert!(holds(&requirement("DoesNotExist", &[]), None));
        assert!(holds(&requirement("Gt", &["3"]), Some("4")));
        assert!(!holds(&requirement("Lt", &["3"]), Some("x")));
    }

    #[test]
    fn terms_are_alternatives_and_an_empty_term_matches_nothing() {
        let c = cluster(json!([{"metadata":{"name":"a","labels":{"zone":"z1"}}}]));
        let with = |terms: serde_json::Value| {
            pod(
                json!({"spec":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":terms}}}}}),
            )
        };
        let zone =
            |z: &str| json!({"matchExpressions":[{"key":"zone","operator":"In","values":[z]}]});
        assert!(reasons(filter, &c, &with(json!([zone("z2"), zone("z1")])), "a").is_empty());
        assert_eq!(reasons(filter, &c, &with(json!([{}])), "a").len(), 1);
        let by_name =
            json!([{"matchFields":[{"key":"metadata.name","operator":"In","values":["a"]}]}]);
        assert!(reasons(filter, &c, &with(by_name), "a").is_empty());
    }

    #[test]
    fn preferences_add_up() {
        let c = cluster(json!([{"metadata":{"name":"a","labels":{"disk":"ssd","zone":"z"}}}]));
        let prefer = |weight: i64, key: &str| json!({"weight":weight,"preference":{"matchExpressions":[{"key":key,"operator":"Exists"}]}});
        let p = pod(
            json!({"spec":{"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":
            [prefer(10, "disk"), prefer(5, "zone"), prefer(50, "gpu")]}}}}),
        );
        assert_eq!(raw(score, &c, &p, "a"), 15);
    }
}
