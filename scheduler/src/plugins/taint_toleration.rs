//! TaintToleration: a node's taints keep pods away that do not tolerate them.

use hydrofoil_api::quantity::Quantity;
use k8s_openapi::api::core::v1::{Taint, Toleration};

use super::{Candidate, Cycle, Reason};

/// Objects to a node with a `NoSchedule` or `NoExecute` taint that the pod does not tolerate.
pub fn filter(cycle: &Cycle<'_>, candidate: Candidate<'_>, reasons: &mut Vec<Reason>) {
    let keeps_away = |t: &&Taint| t.effect == "NoSchedule" || t.effect == "NoExecute";
    let tolerations = &cycle.pod.spec.tolerations;
    if candidate
        .node
        .taints
        .iter()
        .filter(keeps_away)
        .any(|t| !tolerated(tolerations, t))
    {
        reasons.push(Reason::lasting("node(s) had untolerated taint(s)"));
    }
}

/// Counts the `PreferNoSchedule` taints that the pod does not tolerate: fewer is better.
pub fn score(cycle: &Cycle<'_>, candidate: Candidate<'_>) -> i64 {
    let applies = |t: &Toleration| {
        t.effect
            .as_deref()
            .is_none_or(|e| e.is_empty() || e == "PreferNoSchedule")
    };
    let tolerations: Vec<Toleration> = cycle
        .pod
        .spec
        .tolerations
        .iter()
        .filter(|t| applies(t))
        .cloned()
        .collect();
    let avoid = candidate
        .node
        .taints
        .iter()
        .filter(|t| t.effect == "PreferNoSchedule");
    i64::try_from(avoid.filter(|t| !tolerated(&tolerations, t)).count()).unwrap_or(i64::MAX)
}

/// Whether any toleration covers the taint.
pub fn tolerated(tolerations: &[Toleration], taint: &Taint) -> bool {
    tolerations.iter().any(|t| covers(t, taint))
}

fn covers(toleration: &Toleration, taint: &Taint) -> bool {
    let text = |o: &Option<String>| o.clone().unwrap_or_default();
    let effect = text(&toleration.effect);
    if !effect.is_empty() && effect != taint.effect {
        return false;
    }
    let key = text(&toleration.key);
    if !key.is_empty() && key != taint.key {
        return false;
    }
    let (wanted, has) = (text(&toleration.value), text(&taint.value));
    match text(&toleration.operator).as_str() {
        "" | "Equal" => wanted == has,
        "Exists" => true,
        "Gt" => compare(&has, &wanted).is_some_and(|o| o.is_gt()),
        "Lt" => compare(&has, &wanted).is_some_and(|o| o.is_lt()),
        _ => false,
    }
}

/// Compares integers, for the numeric operators (KEP-5471).
fn compare(has: &str, wanted: &str) -> Option<std::cmp::Ordering> {
    Some(
        Quantity::parse(has)
            .ok()?
            .cmp(&Quantity::parse(wanted).ok()?),
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use serde_json::json;

    #[test]
    fn every_operator_and_effect() {
        let taint = |effect: &str| Taint {
            key: "k".into(),
            value: Some("v".into()),
            effect: effect.into(),
            time_added: None,
        };
        let covers = |toleration: serde_json::Value, effect: &str| {
            let toleration: Toleration = serde_json::from_value(toleration).expect("a toleration");
            tolerated(&[toleration], &taint(effect))
        };
        assert!(covers(json!({"key":"k","value":"v"}), "NoSchedule"));
        assert!(!covers(json!({"key":"k","value":"w"}), "NoSchedule"));
        assert!(covers(json!({"key":"k","operator":"Exists"}), "NoExecute"));
        assert!(!covers(
            json!({"key":"k","operator":"Exists","effect":"NoSchedule"}),
            "NoExecute"
        ));
        assert!(covers(json!({"operator":"Exists"}), "NoExecute"));
        assert!(!covers(
            json!({"key":"other","operator":"Exists"}),
            "NoExecute"
        ));
    }

    #[test]
    fn prefer_no_schedule_does_not_keep_away_but_counts() {
        let c = cluster(
            json!([{"metadata":{"name":"a"},"spec":{"taints":[{"key":"k","effect":"PreferNoSchedule"}]}}]),
        );
        assert!(reasons(filter, &c, &pod(json!({})), "a").is_empty());
        assert_eq!(raw(score, &c, &pod(json!({})), "a"), 1);
    }

    #[test]
    fn an_untolerated_taint_keeps_away() {
        let c = cluster(
            json!([{"metadata":{"name":"a"},"spec":{"taints":[{"key":"k","effect":"NoSchedule"}]}}]),
        );
        assert_eq!(
            reasons(filter, &c, &pod(json!({})), "a"),
            ["node(s) had untolerated taint(s)"]
        );
    }
}
