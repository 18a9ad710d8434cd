//! What a Job's policies make of its pods: when a failure counts, when one pod's failure ends the Job, and when enough is done.

use k8s_openapi::api::batch::v1::{
    PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyRule, SuccessPolicy,
};

use super::indexes::Indexes;
use crate::objects::{Job, Meta, Pod};

/// What a failure means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It counts as failures do.
    Counts,
    /// It does not count.
    Ignored,
    /// It ends its index.
    FailsIndex,
    /// It ends the Job, with this message.
    FailsJob(String),
}

/// What a pod's failure means under its Job's `podFailurePolicy`.
pub fn verdict(job: &Job, pod: &Pod) -> Verdict {
    let rules = job.spec.pod_failure_policy.iter().flat_map(|p| &p.rules);
    for (index, rule) in rules.enumerate() {
        let Some(message) = matching(rule, pod, index) else {
            continue;
        };
        return match rule.action.as_str() {
            "Ignore" => Verdict::Ignored,
            "FailIndex" => Verdict::FailsIndex,
            "FailJob" => Verdict::FailsJob(message),
            _ => Verdict::Counts,
        };
    }
    Verdict::Counts
}

/// Why a rule matches a pod, if it does.
fn matching(rule: &PodFailurePolicyRule, pod: &Pod, index: usize) -> Option<String> {
    let (namespace, name) = (pod.metadata.namespace(), pod.metadata.name());
    if let Some(codes) = &rule.on_exit_codes {
        let (container, code) = exit_code(codes, pod)?;
        return Some(format!(
            "Container {container} for pod {namespace}/{name} failed with exit code {code} matching {} rule at index {index}",
            rule.action
        ));
    }
    let patterns = rule.on_pod_conditions.as_ref()?;
    let condition = pod.status.conditions.iter().find(|c| {
        patterns
            .iter()
            .any(|p| p.type_ == c.kind && p.status.as_deref().unwrap_or("True") == c.status)
    })?;
    Some(format!(
        "Pod {namespace}/{name} has condition {} matching {} rule at index {index}",
        condition.kind, rule.action
    ))
}

/// The first container that ended with an exit code that the rule names.
fn exit_code<'a>(
    rule: &PodFailurePolicyOnExitCodesRequirement,
    pod: &'a Pod,
) -> Option<(&'a str, i32)> {
    let statuses = pod
        .status
        .container_statuses
        .iter()
        .chain(&pod.status.init_container_statuses);
    statuses
        .filter(|s| {
            rule.container_name
                .as_ref()
                .is_none_or(|name| *name == s.name)
        })
        .filter_map(|s| Some((s.name.as_str(), s.state.terminated.as_ref()?.exit_code)))
        .find(|(_, code)| {
            let listed = rule.values.contains(code);
            *code != 0
                && if rule.operator == "In" {
                    listed
                } else {
                    listed != (rule.operator == "NotIn")
                }
        })
}

/// Why enough is done, if it is.
pub fn success(
    policy: Option<&SuccessPolicy>,
    completions: i32,
    succeeded: &Indexes,
) -> Option<String> {
    let rules = policy.iter().flat_map(|p| &p.rules);
    for (index, rule) in rules.enumerate() {
        let met = match (&rule.succeeded_indexes, rule.succeeded_count) {
            (Some(text), count) => {
                let wanted = Indexes::parse(text, completions);
                succeeded.common(&wanted) >= count.unwrap_or_else(|| wanted.total())
            }
            (None, Some(count)) => succeeded.total() >= count,
            (None, None) => false,
        };
        if met {
            return Some(format!("Matched rules at index {index}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(rules: &str) -> Job {
        serde_yaml::from_str(&format!(
            "{{spec: {{podFailurePolicy: {{rules: [{rules}]}}}}}}"
        ))
        .unwrap()
    }

    fn failed(code: i32, conditions: &str) -> Pod {
        serde_yaml::from_str(&format!(
            "{{metadata: {{name: p, namespace: n}}, status: {{phase: Failed, conditions: [{conditions}], \
               containerStatuses: [{{name: side, state: {{terminated: {{exitCode: 0}}}}}}, {{name: main, state: {{terminated: {{exitCode: {code}}}}}}}]}}}}"
        ))
        .unwrap()
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let j = job(
            "{action: Ignore, onPodConditions: [{type: DisruptionTarget, status: 'True'}]}, \
             {action: FailJob, onExitCodes: {containerName: main, operator: In, values: [42]}}, \
             {action: FailIndex, onExitCodes: {operator: NotIn, values: [1, 2]}}",
        );
        assert_eq!(
            verdict(&j, &failed(42, "")),
            Verdict::FailsJob("Container main for pod n/p failed with exit code 42 matching FailJob rule at index 1".into())
        );
        assert_eq!(
            verdict(&j, &failed(42, "{type: DisruptionTarget, status: 'True'}")),
            Verdict::Ignored
        );
        assert_eq!(verdict(&j, &failed(7, "")), Verdict::FailsIndex);
        assert_eq!(verdict(&j, &failed(1, "")), Verdict::Counts);
        assert_eq!(verdict(&Job::default(), &failed(1, "")), Verdict::Counts);
        let j = job("{action: FailJob, onPodConditions: [{type: Lost, status: 'False'}]}");
        assert_eq!(
            verdict(&j, &failed(1, "{type: Lost, status: 'False'}")),
            Verdict::FailsJob("Pod n/p has condition Lost matching FailJob rule at index 0".into())
        );
    }

    #[test]
    fn success_rules_count_the_indexes_they_name() {
        let policy = |rules: &str| {
            serde_yaml::from_str::<SuccessPolicy>(&format!("{{rules: [{rules}]}}")).unwrap()
        };
        let done = Indexes::parse("0-3", 10);
        let met = |rules: &str| success(Some(&policy(rules)), 10, &done);
        assert_eq!(
            met("{succeededCount: 5}, {succeededIndexes: '1,2'}"),
            Some("Matched rules at index 1".into())
        );
        assert_eq!(
            met("{succeededIndexes: '2-6', succeededCount: 2}"),
            Some("Matched rules at index 0".into())
        );
        assert_eq!(met("{succeededIndexes: '2-6', succeededCount: 3}"), None);
        assert_eq!(success(None, 10, &done), None);
    }
}
