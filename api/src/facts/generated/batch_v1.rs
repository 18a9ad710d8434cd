//! The types of `k8s.io/api/batch/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static CRON_JOB: Type = Type { name: "io.k8s.api.batch.v1.CronJob", go: "v1.CronJob", gvk: Some(("batch", "v1", "CronJob")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&batch_v1::CRON_JOB_SPEC), go: "v1.CronJobSpec", required: true, ..F },
    Field { json: "status", number: 3, ty: T::Message(&batch_v1::CRON_JOB_STATUS), go: "v1.CronJobStatus", ..F },
] };

pub static CRON_JOB_LIST: Type = Type { name: "io.k8s.api.batch.v1.CronJobList", go: "v1.CronJobList", gvk: Some(("batch", "v1", "CronJobList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&batch_v1::CRON_JOB)), go: "[]v1.CronJob", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static CRON_JOB_SPEC: Type = Type { name: "io.k8s.api.batch.v1.CronJobSpec", go: "v1.CronJobSpec", gvk: None, atomic: false, fields: &[
    Field { json: "concurrencyPolicy", number: 3, ty: T::String, go: "v1.ConcurrencyPolicy", enum_values: &["Allow", "Forbid", "Replace"], ..F },
    Field { json: "failedJobsHistoryLimit", number: 7, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "jobTemplate", number: 5, ty: T::Message(&batch_v1::JOB_TEMPLATE_SPEC), go: "v1.JobTemplateSpec", required: true, omit: O::Never, ..F },
    Field { json: "schedule", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "startingDeadlineSeconds", number: 2, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "successfulJobsHistoryLimit", number: 6, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "suspend", number: 4, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "timeZone", number: 8, ty: T::String, go: "string", pointer: true, ..F },
] };

pub static CRON_JOB_STATUS: Type = Type { name: "io.k8s.api.batch.v1.CronJobStatus", go: "v1.CronJobStatus", gvk: None, atomic: false, fields: &[
    Field { json: "active", number: 1, ty: T::List(&T::Message(&core_v1::OBJECT_REFERENCE)), go: "[]v1.ObjectReference", list: L::Atomic, ..F },
    Field { json: "lastScheduleTime", number: 4, ty: T::Time, go: "v1.Time", pointer: true, ..F },
    Field { json: "lastSuccessfulTime", number: 5, ty: T::Time, go: "v1.Time", pointer: true, ..F },
] };

pub static JOB: Type = Type { name: "io.k8s.api.batch.v1.Job", go: "v1.Job", gvk: Some(("batch", "v1", "Job")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&batch_v1::JOB_SPEC), go: "v1.JobSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&batch_v1::JOB_STATUS), go: "v1.JobStatus", ..F },
] };

pub static JOB_CONDITION: Type = Type { name: "io.k8s.api.batch.v1.JobCondition", go: "v1.JobCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastProbeTime", number: 3, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "lastTransitionTime", number: 4, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.JobConditionType", required: true, omit: O::Never, ..F },
] };

pub static JOB_LIST: Type = Type { name: "io.k8s.api.batch.v1.JobList", go: "v1.JobList", gvk: Some(("batch", "v1", "JobList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&batch_v1::JOB)), go: "[]v1.Job", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static JOB_SPEC: Type = Type { name: "io.k8s.api.batch.v1.JobSpec", go: "v1.JobSpec", gvk: None, atomic: false, fields: &[
    Field { json: "activeDeadlineSeconds", number: 3, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "backoffLimit", number: 7, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "backoffLimitPerIndex", number: 12, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "completionMode", number: 9, ty: T::String, go: "v1.CompletionMode", pointer: true, enum_values: &["Indexed", "NonIndexed"], ..F },
    Field { json: "completions", number: 2, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "managedBy", number: 15, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "manualSelector", number: 5, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "maxFailedIndexes", number: 13, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "parallelism", number: 1, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "podFailurePolicy", number: 11, ty: T::Message(&batch_v1::POD_FAILURE_POLICY), go: "v1.PodFailurePolicy", pointer: true, ..F },
    Field { json: "podReplacementPolicy", number: 14, ty: T::String, go: "v1.PodReplacementPolicy", pointer: true, enum_values: &["Failed", "TerminatingOrFailed"], ..F },
    Field { json: "selector", number: 4, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "successPolicy", number: 16, ty: T::Message(&batch_v1::SUCCESS_POLICY), go: "v1.SuccessPolicy", pointer: true, ..F },
    Field { json: "suspend", number: 10, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "template", number: 6, ty: T::Message(&core_v1::POD_TEMPLATE_SPEC), go: "v1.PodTemplateSpec", required: true, omit: O::Never, ..F },
    Field { json: "ttlSecondsAfterFinished", number: 8, ty: T::Int32, go: "int32", pointer: true, ..F },
] };

pub static JOB_STATUS: Type = Type { name: "io.k8s.api.batch.v1.JobStatus", go: "v1.JobStatus", gvk: None, atomic: false, fields: &[
    Field { json: "active", number: 4, ty: T::Int32, go: "int32", ..F },
    Field { json: "completedIndexes", number: 7, ty: T::String, go: "string", ..F },
    Field { json: "completionTime", number: 3, ty: T::Time, go: "v1.Time", pointer: true, ..F },
    Field { json: "conditions", number: 1, ty: T::List(&T::Message(&batch_v1::JOB_CONDITION)), go: "[]v1.JobCondition", list: L::Atomic, patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "failed", number: 6, ty: T::Int32, go: "int32", ..F },
    Field { json: "failedIndexes", number: 10, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "ready", number: 9, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "startTime", number: 2, ty: T::Time, go: "v1.Time", pointer: true, ..F },
    Field { json: "succeeded", number: 5, ty: T::Int32, go: "int32", ..F },
    Field { json: "terminating", number: 11, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "uncountedTerminatedPods", number: 8, ty: T::Message(&batch_v1::UNCOUNTED_TERMINATED_PODS), go: "v1.UncountedTerminatedPods", pointer: true, ..F },
] };

pub static JOB_TEMPLATE_SPEC: Type = Type { name: "io.k8s.api.batch.v1.JobTemplateSpec", go: "v1.JobTemplateSpec", gvk: None, atomic: false, fields: &[
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&batch_v1::JOB_SPEC), go: "v1.JobSpec", ..F },
] };

pub static POD_FAILURE_POLICY: Type = Type { name: "io.k8s.api.batch.v1.PodFailurePolicy", go: "v1.PodFailurePolicy", gvk: None, atomic: false, fields: &[
    Field { json: "rules", number: 1, ty: T::List(&T::Message(&batch_v1::POD_FAILURE_POLICY_RULE)), go: "[]v1.PodFailurePolicyRule", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static POD_FAILURE_POLICY_ON_EXIT_CODES_REQUIREMENT: Type = Type { name: "io.k8s.api.batch.v1.PodFailurePolicyOnExitCodesRequirement", go: "v1.PodFailurePolicyOnExitCodesRequirement", gvk: None, atomic: false, fields: &[
    Field { json: "containerName", number: 1, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "operator", number: 2, ty: T::String, go: "v1.PodFailurePolicyOnExitCodesOperator", required: true, omit: O::Never, enum_values: &["In", "NotIn"], ..F },
    Field { json: "values", number: 3, ty: T::List(&T::Int32), go: "[]int32", list: L::Set, required: true, omit: O::Never, ..F },
] };

pub static POD_FAILURE_POLICY_ON_POD_CONDITIONS_PATTERN: Type = Type { name: "io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern", go: "v1.PodFailurePolicyOnPodConditionsPattern", gvk: None, atomic: false, fields: &[
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.PodConditionType", required: true, omit: O::Never, ..F },
] };

pub static POD_FAILURE_POLICY_RULE: Type = Type { name: "io.k8s.api.batch.v1.PodFailurePolicyRule", go: "v1.PodFailurePolicyRule", gvk: None, atomic: false, fields: &[
    Field { json: "action", number: 1, ty: T::String, go: "v1.PodFailurePolicyAction", required: true, omit: O::Never, enum_values: &["Count", "FailIndex", "FailJob", "Ignore"], ..F },
    Field { json: "onExitCodes", number: 2, ty: T::Message(&batch_v1::POD_FAILURE_POLICY_ON_EXIT_CODES_REQUIREMENT), go: "v1.PodFailurePolicyOnExitCodesRequirement", pointer: true, ..F },
    Field { json: "onPodConditions", number: 3, ty: T::List(&T::Message(&batch_v1::POD_FAILURE_POLICY_ON_POD_CONDITIONS_PATTERN)), go: "[]v1.PodFailurePolicyOnPodConditionsPattern", list: L::Atomic, ..F },
] };

pub static SUCCESS_POLICY: Type = Type { name: "io.k8s.api.batch.v1.SuccessPolicy", go: "v1.SuccessPolicy", gvk: None, atomic: false, fields: &[
    Field { json: "rules", number: 1, ty: T::List(&T::Message(&batch_v1::SUCCESS_POLICY_RULE)), go: "[]v1.SuccessPolicyRule", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static SUCCESS_POLICY_RULE: Type = Type { name: "io.k8s.api.batch.v1.SuccessPolicyRule", go: "v1.SuccessPolicyRule", gvk: None, atomic: false, fields: &[
    Field { json: "succeededCount", number: 2, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "succeededIndexes", number: 1, ty: T::String, go: "string", pointer: true, ..F },
] };

pub static UNCOUNTED_TERMINATED_PODS: Type = Type { name: "io.k8s.api.batch.v1.UncountedTerminatedPods", go: "v1.UncountedTerminatedPods", gvk: None, atomic: false, fields: &[
    Field { json: "failed", number: 2, ty: T::List(&T::String), go: "[]types.UID", list: L::Set, ..F },
    Field { json: "succeeded", number: 1, ty: T::List(&T::String), go: "[]types.UID", list: L::Set, ..F },
] };
