//! The types of `k8s.io/api/flowcontrol/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static EXEMPT_PRIORITY_LEVEL_CONFIGURATION: Type = Type { name: "io.k8s.api.flowcontrol.v1.ExemptPriorityLevelConfiguration", go: "v1.ExemptPriorityLevelConfiguration", gvk: None, atomic: false, fields: &[
    Field { json: "lendablePercent", number: 2, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "nominalConcurrencyShares", number: 1, ty: T::Int32, go: "int32", pointer: true, ..F },
] };

pub static FLOW_DISTINGUISHER_METHOD: Type = Type { name: "io.k8s.api.flowcontrol.v1.FlowDistinguisherMethod", go: "v1.FlowDistinguisherMethod", gvk: None, atomic: false, fields: &[
    Field { json: "type", number: 1, ty: T::String, go: "v1.FlowDistinguisherMethodType", required: true, omit: O::Never, ..F },
] };

pub static FLOW_SCHEMA: Type = Type { name: "io.k8s.api.flowcontrol.v1.FlowSchema", go: "v1.FlowSchema", gvk: Some(("flowcontrol.apiserver.k8s.io", "v1", "FlowSchema")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&flowcontrol_v1::FLOW_SCHEMA_SPEC), go: "v1.FlowSchemaSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&flowcontrol_v1::FLOW_SCHEMA_STATUS), go: "v1.FlowSchemaStatus", ..F },
] };

pub static FLOW_SCHEMA_CONDITION: Type = Type { name: "io.k8s.api.flowcontrol.v1.FlowSchemaCondition", go: "v1.FlowSchemaCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastTransitionTime", number: 3, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.FlowSchemaConditionType", ..F },
] };

pub static FLOW_SCHEMA_LIST: Type = Type { name: "io.k8s.api.flowcontrol.v1.FlowSchemaList", go: "v1.FlowSchemaList", gvk: Some(("flowcontrol.apiserver.k8s.io", "v1", "FlowSchemaList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&flowcontrol_v1::FLOW_SCHEMA)), go: "[]v1.FlowSchema", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static FLOW_SCHEMA_SPEC: Type = Type { name: "io.k8s.api.flowcontrol.v1.FlowSchemaSpec", go: "v1.FlowSchemaSpec", gvk: None, atomic: false, fields: &[
    Field { json: "distinguisherMethod", number: 3, ty: T::Message(&flowcontrol_v1::FLOW_DISTINGUISHER_METHOD), go: "v1.FlowDistinguisherMethod", pointer: true, ..F },
    Field { json: "matchingPrecedence", number: 2, ty: T::Int32, go: "int32", omit: O::Never, ..F },
    Field { json: "priorityLevelConfiguration", number: 1, ty: T::Message(&flowcontrol_v1::PRIORITY_LEVEL_CONFIGURATION_REFERENCE), go: "v1.PriorityLevelConfigurationReference", required: true, omit: O::Never, ..F },
    Field { json: "rules", number: 4, ty: T::List(&T::Message(&flowcontrol_v1::POLICY_RULES_WITH_SUBJECTS)), go: "[]v1.PolicyRulesWithSubjects", list: L::Atomic, ..F },
] };

pub static FLOW_SCHEMA_STATUS: Type = Type { name: "io.k8s.api.flowcontrol.v1.FlowSchemaStatus", go: "v1.FlowSchemaStatus", gvk: None, atomic: false, fields: &[
    Field { json: "conditions", number: 1, ty: T::List(&T::Message(&flowcontrol_v1::FLOW_SCHEMA_CONDITION)), go: "[]v1.FlowSchemaCondition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
] };

pub static GROUP_SUBJECT: Type = Type { name: "io.k8s.api.flowcontrol.v1.GroupSubject", go: "v1.GroupSubject", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static LIMIT_RESPONSE: Type = Type { name: "io.k8s.api.flowcontrol.v1.LimitResponse", go: "v1.LimitResponse", gvk: None, atomic: false, fields: &[
    Field { json: "queuing", number: 2, ty: T::Message(&flowcontrol_v1::QUEUING_CONFIGURATION), go: "v1.QueuingConfiguration", pointer: true, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.LimitResponseType", required: true, omit: O::Never, ..F },
] };

pub static LIMITED_PRIORITY_LEVEL_CONFIGURATION: Type = Type { name: "io.k8s.api.flowcontrol.v1.LimitedPriorityLevelConfiguration", go: "v1.LimitedPriorityLevelConfiguration", gvk: None, atomic: false, fields: &[
    Field { json: "borrowingLimitPercent", number: 4, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "lendablePercent", number: 3, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "limitResponse", number: 2, ty: T::Message(&flowcontrol_v1::LIMIT_RESPONSE), go: "v1.LimitResponse", ..F },
    Field { json: "nominalConcurrencyShares", number: 1, ty: T::Int32, go: "int32", pointer: true, omit: O::Never, ..F },
] };

pub static NON_RESOURCE_POLICY_RULE: Type = Type { name: "io.k8s.api.flowcontrol.v1.NonResourcePolicyRule", go: "v1.NonResourcePolicyRule", gvk: None, atomic: false, fields: &[
    Field { json: "nonResourceURLs", number: 6, ty: T::List(&T::String), go: "[]string", list: L::Set, required: true, omit: O::Never, ..F },
    Field { json: "verbs", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Set, required: true, omit: O::Never, ..F },
] };

pub static POLICY_RULES_WITH_SUBJECTS: Type = Type { name: "io.k8s.api.flowcontrol.v1.PolicyRulesWithSubjects", go: "v1.PolicyRulesWithSubjects", gvk: None, atomic: false, fields: &[
    Field { json: "nonResourceRules", number: 3, ty: T::List(&T::Message(&flowcontrol_v1::NON_RESOURCE_POLICY_RULE)), go: "[]v1.NonResourcePolicyRule", list: L::Atomic, ..F },
    Field { json: "resourceRules", number: 2, ty: T::List(&T::Message(&flowcontrol_v1::RESOURCE_POLICY_RULE)), go: "[]v1.ResourcePolicyRule", list: L::Atomic, ..F },
    Field { json: "subjects", number: 1, ty: T::List(&T::Message(&flowcontrol_v1::SUBJECT)), go: "[]v1.Subject", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static PRIORITY_LEVEL_CONFIGURATION: Type = Type { name: "io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration", go: "v1.PriorityLevelConfiguration", gvk: Some(("flowcontrol.apiserver.k8s.io", "v1", "PriorityLevelConfiguration")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&flowcontrol_v1::PRIORITY_LEVEL_CONFIGURATION_SPEC), go: "v1.PriorityLevelConfigurationSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&flowcontrol_v1::PRIORITY_LEVEL_CONFIGURATION_STATUS), go: "v1.PriorityLevelConfigurationStatus", ..F },
] };

pub static PRIORITY_LEVEL_CONFIGURATION_CONDITION: Type = Type { name: "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationCondition", go: "v1.PriorityLevelConfigurationCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastTransitionTime", number: 3, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.PriorityLevelConfigurationConditionType", ..F },
] };

pub static PRIORITY_LEVEL_CONFIGURATION_LIST: Type = Type { name: "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationList", go: "v1.PriorityLevelConfigurationList", gvk: Some(("flowcontrol.apiserver.k8s.io", "v1", "PriorityLevelConfigurationList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&flowcontrol_v1::PRIORITY_LEVEL_CONFIGURATION)), go: "[]v1.PriorityLevelConfiguration", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static PRIORITY_LEVEL_CONFIGURATION_REFERENCE: Type = Type { name: "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationReference", go: "v1.PriorityLevelConfigurationReference", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static PRIORITY_LEVEL_CONFIGURATION_SPEC: Type = Type { name: "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationSpec", go: "v1.PriorityLevelConfigurationSpec", gvk: None, atomic: false, fields: &[
    Field { json: "exempt", number: 3, ty: T::Message(&flowcontrol_v1::EXEMPT_PRIORITY_LEVEL_CONFIGURATION), go: "v1.ExemptPriorityLevelConfiguration", pointer: true, ..F },
    Field { json: "limited", number: 2, ty: T::Message(&flowcontrol_v1::LIMITED_PRIORITY_LEVEL_CONFIGURATION), go: "v1.LimitedPriorityLevelConfiguration", pointer: true, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.PriorityLevelEnablement", required: true, omit: O::Never, ..F },
] };

pub static PRIORITY_LEVEL_CONFIGURATION_STATUS: Type = Type { name: "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationStatus", go: "v1.PriorityLevelConfigurationStatus", gvk: None, atomic: false, fields: &[
    Field { json: "conditions", number: 1, ty: T::List(&T::Message(&flowcontrol_v1::PRIORITY_LEVEL_CONFIGURATION_CONDITION)), go: "[]v1.PriorityLevelConfigurationCondition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
] };

pub static QUEUING_CONFIGURATION: Type = Type { name: "io.k8s.api.flowcontrol.v1.QueuingConfiguration", go: "v1.QueuingConfiguration", gvk: None, atomic: false, fields: &[
    Field { json: "handSize", number: 2, ty: T::Int32, go: "int32", omit: O::Never, ..F },
    Field { json: "queueLengthLimit", number: 3, ty: T::Int32, go: "int32", omit: O::Never, ..F },
    Field { json: "queues", number: 1, ty: T::Int32, go: "int32", omit: O::Never, ..F },
] };

pub static RESOURCE_POLICY_RULE: Type = Type { name: "io.k8s.api.flowcontrol.v1.ResourcePolicyRule", go: "v1.ResourcePolicyRule", gvk: None, atomic: false, fields: &[
    Field { json: "apiGroups", number: 2, ty: T::List(&T::String), go: "[]string", list: L::Set, required: true, omit: O::Never, ..F },
    Field { json: "clusterScope", number: 4, ty: T::Bool, go: "bool", ..F },
    Field { json: "namespaces", number: 5, ty: T::List(&T::String), go: "[]string", list: L::Set, omit: O::Never, ..F },
    Field { json: "resources", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Set, required: true, omit: O::Never, ..F },
    Field { json: "verbs", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Set, required: true, omit: O::Never, ..F },
] };

pub static SERVICE_ACCOUNT_SUBJECT: Type = Type { name: "io.k8s.api.flowcontrol.v1.ServiceAccountSubject", go: "v1.ServiceAccountSubject", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "namespace", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static SUBJECT: Type = Type { name: "io.k8s.api.flowcontrol.v1.Subject", go: "v1.Subject", gvk: None, atomic: false, fields: &[
    Field { json: "group", number: 3, ty: T::Message(&flowcontrol_v1::GROUP_SUBJECT), go: "v1.GroupSubject", pointer: true, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "v1.SubjectKind", required: true, omit: O::Never, ..F },
    Field { json: "serviceAccount", number: 4, ty: T::Message(&flowcontrol_v1::SERVICE_ACCOUNT_SUBJECT), go: "v1.ServiceAccountSubject", pointer: true, ..F },
    Field { json: "user", number: 2, ty: T::Message(&flowcontrol_v1::USER_SUBJECT), go: "v1.UserSubject", pointer: true, ..F },
] };

pub static USER_SUBJECT: Type = Type { name: "io.k8s.api.flowcontrol.v1.UserSubject", go: "v1.UserSubject", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };
