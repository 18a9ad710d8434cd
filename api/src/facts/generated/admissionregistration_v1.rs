//! The types of `k8s.io/api/admissionregistration/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static APPLY_CONFIGURATION: Type = Type { name: "io.k8s.api.admissionregistration.v1.ApplyConfiguration", go: "v1.ApplyConfiguration", gvk: None, atomic: false, fields: &[
    Field { json: "expression", number: 1, ty: T::String, go: "string", ..F },
] };

pub static AUDIT_ANNOTATION: Type = Type { name: "io.k8s.api.admissionregistration.v1.AuditAnnotation", go: "v1.AuditAnnotation", gvk: None, atomic: false, fields: &[
    Field { json: "key", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "valueExpression", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static EXPRESSION_WARNING: Type = Type { name: "io.k8s.api.admissionregistration.v1.ExpressionWarning", go: "v1.ExpressionWarning", gvk: None, atomic: false, fields: &[
    Field { json: "fieldRef", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "warning", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static JSON_PATCH: Type = Type { name: "io.k8s.api.admissionregistration.v1.JSONPatch", go: "v1.JSONPatch", gvk: None, atomic: false, fields: &[
    Field { json: "expression", number: 1, ty: T::String, go: "string", ..F },
] };

pub static MATCH_CONDITION: Type = Type { name: "io.k8s.api.admissionregistration.v1.MatchCondition", go: "v1.MatchCondition", gvk: None, atomic: false, fields: &[
    Field { json: "expression", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static MATCH_RESOURCES: Type = Type { name: "io.k8s.api.admissionregistration.v1.MatchResources", go: "v1.MatchResources", gvk: None, atomic: true, fields: &[
    Field { json: "excludeResourceRules", number: 4, ty: T::List(&T::Message(&admissionregistration_v1::NAMED_RULE_WITH_OPERATIONS)), go: "[]v1.NamedRuleWithOperations", list: L::Atomic, ..F },
    Field { json: "matchPolicy", number: 7, ty: T::String, go: "v1.MatchPolicyType", pointer: true, enum_values: &["Equivalent", "Exact"], ..F },
    Field { json: "namespaceSelector", number: 1, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "objectSelector", number: 2, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "resourceRules", number: 3, ty: T::List(&T::Message(&admissionregistration_v1::NAMED_RULE_WITH_OPERATIONS)), go: "[]v1.NamedRuleWithOperations", list: L::Atomic, ..F },
] };

pub static MUTATING_ADMISSION_POLICY: Type = Type { name: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy", go: "v1.MutatingAdmissionPolicy", gvk: Some(("admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicy")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&admissionregistration_v1::MUTATING_ADMISSION_POLICY_SPEC), go: "v1.MutatingAdmissionPolicySpec", ..F },
] };

pub static MUTATING_ADMISSION_POLICY_BINDING: Type = Type { name: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding", go: "v1.MutatingAdmissionPolicyBinding", gvk: Some(("admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicyBinding")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&admissionregistration_v1::MUTATING_ADMISSION_POLICY_BINDING_SPEC), go: "v1.MutatingAdmissionPolicyBindingSpec", ..F },
] };

pub static MUTATING_ADMISSION_POLICY_BINDING_LIST: Type = Type { name: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBindingList", go: "v1.MutatingAdmissionPolicyBindingList", gvk: Some(("admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicyBindingList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&admissionregistration_v1::MUTATING_ADMISSION_POLICY_BINDING)), go: "[]v1.MutatingAdmissionPolicyBinding", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static MUTATING_ADMISSION_POLICY_BINDING_SPEC: Type = Type { name: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBindingSpec", go: "v1.MutatingAdmissionPolicyBindingSpec", gvk: None, atomic: false, fields: &[
    Field { json: "matchResources", number: 3, ty: T::Message(&admissionregistration_v1::MATCH_RESOURCES), go: "v1.MatchResources", pointer: true, ..F },
    Field { json: "paramRef", number: 2, ty: T::Message(&admissionregistration_v1::PARAM_REF), go: "v1.ParamRef", pointer: true, ..F },
    Field { json: "policyName", number: 1, ty: T::String, go: "string", ..F },
] };

pub static MUTATING_ADMISSION_POLICY_LIST: Type = Type { name: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyList", go: "v1.MutatingAdmissionPolicyList", gvk: Some(("admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicyList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&admissionregistration_v1::MUTATING_ADMISSION_POLICY)), go: "[]v1.MutatingAdmissionPolicy", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static MUTATING_ADMISSION_POLICY_SPEC: Type = Type { name: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicySpec", go: "v1.MutatingAdmissionPolicySpec", gvk: None, atomic: false, fields: &[
    Field { json: "failurePolicy", number: 5, ty: T::String, go: "v1.FailurePolicyType", pointer: true, enum_values: &["Fail", "Ignore"], ..F },
    Field { json: "matchConditions", number: 6, ty: T::List(&T::Message(&admissionregistration_v1::MATCH_CONDITION)), go: "[]v1.MatchCondition", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
    Field { json: "matchConstraints", number: 2, ty: T::Message(&admissionregistration_v1::MATCH_RESOURCES), go: "v1.MatchResources", pointer: true, ..F },
    Field { json: "mutations", number: 4, ty: T::List(&T::Message(&admissionregistration_v1::MUTATION)), go: "[]v1.Mutation", list: L::Atomic, ..F },
    Field { json: "paramKind", number: 1, ty: T::Message(&admissionregistration_v1::PARAM_KIND), go: "v1.ParamKind", pointer: true, ..F },
    Field { json: "reinvocationPolicy", number: 7, ty: T::String, go: "v1.ReinvocationPolicyType", enum_values: &["IfNeeded", "Never"], ..F },
    Field { json: "variables", number: 3, ty: T::List(&T::Message(&admissionregistration_v1::VARIABLE)), go: "[]v1.Variable", list: L::Atomic, ..F },
] };

pub static MUTATING_WEBHOOK: Type = Type { name: "io.k8s.api.admissionregistration.v1.MutatingWebhook", go: "v1.MutatingWebhook", gvk: None, atomic: false, fields: &[
    Field { json: "admissionReviewVersions", number: 8, ty: T::List(&T::String), go: "[]string", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "clientConfig", number: 2, ty: T::Message(&admissionregistration_v1::WEBHOOK_CLIENT_CONFIG), go: "v1.WebhookClientConfig", required: true, omit: O::Never, ..F },
    Field { json: "failurePolicy", number: 4, ty: T::String, go: "v1.FailurePolicyType", pointer: true, enum_values: &["Fail", "Ignore"], ..F },
    Field { json: "matchConditions", number: 12, ty: T::List(&T::Message(&admissionregistration_v1::MATCH_CONDITION)), go: "[]v1.MatchCondition", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
    Field { json: "matchPolicy", number: 9, ty: T::String, go: "v1.MatchPolicyType", pointer: true, enum_values: &["Equivalent", "Exact"], ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "namespaceSelector", number: 5, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "objectSelector", number: 11, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "reinvocationPolicy", number: 10, ty: T::String, go: "v1.ReinvocationPolicyType", pointer: true, enum_values: &["IfNeeded", "Never"], ..F },
    Field { json: "rules", number: 3, ty: T::List(&T::Message(&admissionregistration_v1::RULE_WITH_OPERATIONS)), go: "[]v1.RuleWithOperations", list: L::Atomic, ..F },
    Field { json: "sideEffects", number: 6, ty: T::String, go: "v1.SideEffectClass", required: true, pointer: true, omit: O::Never, enum_values: &["None", "NoneOnDryRun", "Some", "Unknown"], ..F },
    Field { json: "timeoutSeconds", number: 7, ty: T::Int32, go: "int32", pointer: true, ..F },
] };

pub static MUTATING_WEBHOOK_CONFIGURATION: Type = Type { name: "io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration", go: "v1.MutatingWebhookConfiguration", gvk: Some(("admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "webhooks", number: 2, ty: T::List(&T::Message(&admissionregistration_v1::MUTATING_WEBHOOK)), go: "[]v1.MutatingWebhook", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
] };

pub static MUTATING_WEBHOOK_CONFIGURATION_LIST: Type = Type { name: "io.k8s.api.admissionregistration.v1.MutatingWebhookConfigurationList", go: "v1.MutatingWebhookConfigurationList", gvk: Some(("admissionregistration.k8s.io", "v1", "MutatingWebhookConfigurationList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&admissionregistration_v1::MUTATING_WEBHOOK_CONFIGURATION)), go: "[]v1.MutatingWebhookConfiguration", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static MUTATION: Type = Type { name: "io.k8s.api.admissionregistration.v1.Mutation", go: "v1.Mutation", gvk: None, atomic: false, fields: &[
    Field { json: "applyConfiguration", number: 3, ty: T::Message(&admissionregistration_v1::APPLY_CONFIGURATION), go: "v1.ApplyConfiguration", pointer: true, ..F },
    Field { json: "jsonPatch", number: 4, ty: T::Message(&admissionregistration_v1::JSON_PATCH), go: "v1.JSONPatch", pointer: true, ..F },
    Field { json: "patchType", number: 2, ty: T::String, go: "v1.PatchType", required: true, omit: O::Never, enum_values: &["ApplyConfiguration", "JSONPatch"], ..F },
] };

pub static NAMED_RULE_WITH_OPERATIONS: Type = Type { name: "io.k8s.api.admissionregistration.v1.NamedRuleWithOperations", go: "v1.NamedRuleWithOperations", gvk: None, atomic: true, fields: &[
    Field { json: "apiGroups", number: 1, ty: T::List(&T::String), go: "[]string", through: &[2, 2], list: L::Atomic, ..F },
    Field { json: "apiVersions", number: 2, ty: T::List(&T::String), go: "[]string", through: &[2, 2], list: L::Atomic, ..F },
    Field { json: "operations", number: 1, ty: T::List(&T::String), go: "[]v1.OperationType", through: &[2], list: L::Atomic, enum_values: &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"], ..F },
    Field { json: "resourceNames", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "resources", number: 3, ty: T::List(&T::String), go: "[]string", through: &[2, 2], list: L::Atomic, ..F },
    Field { json: "scope", number: 4, ty: T::String, go: "v1.ScopeType", through: &[2, 2], pointer: true, enum_values: &["*", "Cluster", "Namespaced"], ..F },
] };

pub static PARAM_KIND: Type = Type { name: "io.k8s.api.admissionregistration.v1.ParamKind", go: "v1.ParamKind", gvk: None, atomic: true, fields: &[
    Field { json: "apiVersion", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 2, ty: T::String, go: "string", ..F },
] };

pub static PARAM_REF: Type = Type { name: "io.k8s.api.admissionregistration.v1.ParamRef", go: "v1.ParamRef", gvk: None, atomic: true, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "namespace", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "parameterNotFoundAction", number: 4, ty: T::String, go: "v1.ParameterNotFoundActionType", pointer: true, ..F },
    Field { json: "selector", number: 3, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
] };

pub static RULE: Type = Type { name: "io.k8s.api.admissionregistration.v1.Rule", go: "v1.Rule", gvk: None, atomic: false, fields: &[
    Field { json: "apiGroups", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "apiVersions", number: 2, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "resources", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "scope", number: 4, ty: T::String, go: "v1.ScopeType", pointer: true, enum_values: &["*", "Cluster", "Namespaced"], ..F },
] };

pub static RULE_WITH_OPERATIONS: Type = Type { name: "io.k8s.api.admissionregistration.v1.RuleWithOperations", go: "v1.RuleWithOperations", gvk: None, atomic: false, fields: &[
    Field { json: "apiGroups", number: 1, ty: T::List(&T::String), go: "[]string", through: &[2], list: L::Atomic, ..F },
    Field { json: "apiVersions", number: 2, ty: T::List(&T::String), go: "[]string", through: &[2], list: L::Atomic, ..F },
    Field { json: "operations", number: 1, ty: T::List(&T::String), go: "[]v1.OperationType", list: L::Atomic, enum_values: &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"], ..F },
    Field { json: "resources", number: 3, ty: T::List(&T::String), go: "[]string", through: &[2], list: L::Atomic, ..F },
    Field { json: "scope", number: 4, ty: T::String, go: "v1.ScopeType", through: &[2], pointer: true, enum_values: &["*", "Cluster", "Namespaced"], ..F },
] };

pub static SERVICE_REFERENCE: Type = Type { name: "io.k8s.api.admissionregistration.v1.ServiceReference", go: "v1.ServiceReference", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "namespace", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "path", number: 3, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "port", number: 4, ty: T::Int32, go: "int32", pointer: true, ..F },
] };

pub static TYPE_CHECKING: Type = Type { name: "io.k8s.api.admissionregistration.v1.TypeChecking", go: "v1.TypeChecking", gvk: None, atomic: false, fields: &[
    Field { json: "expressionWarnings", number: 1, ty: T::List(&T::Message(&admissionregistration_v1::EXPRESSION_WARNING)), go: "[]v1.ExpressionWarning", list: L::Atomic, ..F },
] };

pub static VALIDATING_ADMISSION_POLICY: Type = Type { name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy", go: "v1.ValidatingAdmissionPolicy", gvk: Some(("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&admissionregistration_v1::VALIDATING_ADMISSION_POLICY_SPEC), go: "v1.ValidatingAdmissionPolicySpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&admissionregistration_v1::VALIDATING_ADMISSION_POLICY_STATUS), go: "v1.ValidatingAdmissionPolicyStatus", ..F },
] };

pub static VALIDATING_ADMISSION_POLICY_BINDING: Type = Type { name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding", go: "v1.ValidatingAdmissionPolicyBinding", gvk: Some(("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&admissionregistration_v1::VALIDATING_ADMISSION_POLICY_BINDING_SPEC), go: "v1.ValidatingAdmissionPolicyBindingSpec", required: true, ..F },
] };

pub static VALIDATING_ADMISSION_POLICY_BINDING_LIST: Type = Type { name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBindingList", go: "v1.ValidatingAdmissionPolicyBindingList", gvk: Some(("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBindingList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&admissionregistration_v1::VALIDATING_ADMISSION_POLICY_BINDING)), go: "[]v1.ValidatingAdmissionPolicyBinding", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static VALIDATING_ADMISSION_POLICY_BINDING_SPEC: Type = Type { name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec", go: "v1.ValidatingAdmissionPolicyBindingSpec", gvk: None, atomic: false, fields: &[
    Field { json: "matchResources", number: 3, ty: T::Message(&admissionregistration_v1::MATCH_RESOURCES), go: "v1.MatchResources", pointer: true, ..F },
    Field { json: "paramRef", number: 2, ty: T::Message(&admissionregistration_v1::PARAM_REF), go: "v1.ParamRef", pointer: true, ..F },
    Field { json: "policyName", number: 1, ty: T::String, go: "string", required: true, ..F },
    Field { json: "validationActions", number: 4, ty: T::List(&T::String), go: "[]v1.ValidationAction", list: L::Set, required: true, enum_values: &["Audit", "Deny", "Warn"], ..F },
] };

pub static VALIDATING_ADMISSION_POLICY_LIST: Type = Type { name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyList", go: "v1.ValidatingAdmissionPolicyList", gvk: Some(("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&admissionregistration_v1::VALIDATING_ADMISSION_POLICY)), go: "[]v1.ValidatingAdmissionPolicy", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static VALIDATING_ADMISSION_POLICY_SPEC: Type = Type { name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicySpec", go: "v1.ValidatingAdmissionPolicySpec", gvk: None, atomic: false, fields: &[
    Field { json: "auditAnnotations", number: 5, ty: T::List(&T::Message(&admissionregistration_v1::AUDIT_ANNOTATION)), go: "[]v1.AuditAnnotation", list: L::Atomic, ..F },
    Field { json: "failurePolicy", number: 4, ty: T::String, go: "v1.FailurePolicyType", pointer: true, enum_values: &["Fail", "Ignore"], ..F },
    Field { json: "matchConditions", number: 6, ty: T::List(&T::Message(&admissionregistration_v1::MATCH_CONDITION)), go: "[]v1.MatchCondition", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
    Field { json: "matchConstraints", number: 2, ty: T::Message(&admissionregistration_v1::MATCH_RESOURCES), go: "v1.MatchResources", pointer: true, ..F },
    Field { json: "paramKind", number: 1, ty: T::Message(&admissionregistration_v1::PARAM_KIND), go: "v1.ParamKind", pointer: true, ..F },
    Field { json: "validations", number: 3, ty: T::List(&T::Message(&admissionregistration_v1::VALIDATION)), go: "[]v1.Validation", list: L::Atomic, ..F },
    Field { json: "variables", number: 7, ty: T::List(&T::Message(&admissionregistration_v1::VARIABLE)), go: "[]v1.Variable", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
] };

pub static VALIDATING_ADMISSION_POLICY_STATUS: Type = Type { name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyStatus", go: "v1.ValidatingAdmissionPolicyStatus", gvk: None, atomic: false, fields: &[
    Field { json: "conditions", number: 3, ty: T::List(&T::Message(&meta_v1::CONDITION)), go: "[]v1.Condition", list: L::Map(&["type"]), ..F },
    Field { json: "observedGeneration", number: 1, ty: T::Int64, go: "int64", ..F },
    Field { json: "typeChecking", number: 2, ty: T::Message(&admissionregistration_v1::TYPE_CHECKING), go: "v1.TypeChecking", pointer: true, ..F },
] };

pub static VALIDATING_WEBHOOK: Type = Type { name: "io.k8s.api.admissionregistration.v1.ValidatingWebhook", go: "v1.ValidatingWebhook", gvk: None, atomic: false, fields: &[
    Field { json: "admissionReviewVersions", number: 8, ty: T::List(&T::String), go: "[]string", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "clientConfig", number: 2, ty: T::Message(&admissionregistration_v1::WEBHOOK_CLIENT_CONFIG), go: "v1.WebhookClientConfig", required: true, omit: O::Never, ..F },
    Field { json: "failurePolicy", number: 4, ty: T::String, go: "v1.FailurePolicyType", pointer: true, enum_values: &["Fail", "Ignore"], ..F },
    Field { json: "matchConditions", number: 11, ty: T::List(&T::Message(&admissionregistration_v1::MATCH_CONDITION)), go: "[]v1.MatchCondition", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
    Field { json: "matchPolicy", number: 9, ty: T::String, go: "v1.MatchPolicyType", pointer: true, enum_values: &["Equivalent", "Exact"], ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "namespaceSelector", number: 5, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "objectSelector", number: 10, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "rules", number: 3, ty: T::List(&T::Message(&admissionregistration_v1::RULE_WITH_OPERATIONS)), go: "[]v1.RuleWithOperations", list: L::Atomic, ..F },
    Field { json: "sideEffects", number: 6, ty: T::String, go: "v1.SideEffectClass", required: true, pointer: true, omit: O::Never, enum_values: &["None", "NoneOnDryRun", "Some", "Unknown"], ..F },
    Field { json: "timeoutSeconds", number: 7, ty: T::Int32, go: "int32", pointer: true, ..F },
] };

pub static VALIDATING_WEBHOOK_CONFIGURATION: Type = Type { name: "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration", go: "v1.ValidatingWebhookConfiguration", gvk: Some(("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "webhooks", number: 2, ty: T::List(&T::Message(&admissionregistration_v1::VALIDATING_WEBHOOK)), go: "[]v1.ValidatingWebhook", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
] };

pub static VALIDATING_WEBHOOK_CONFIGURATION_LIST: Type = Type { name: "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfigurationList", go: "v1.ValidatingWebhookConfigurationList", gvk: Some(("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfigurationList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&admissionregistration_v1::VALIDATING_WEBHOOK_CONFIGURATION)), go: "[]v1.ValidatingWebhookConfiguration", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static VALIDATION: Type = Type { name: "io.k8s.api.admissionregistration.v1.Validation", go: "v1.Validation", gvk: None, atomic: false, fields: &[
    Field { json: "expression", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "message", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "messageExpression", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 3, ty: T::String, go: "v1.StatusReason", pointer: true, ..F },
] };

pub static VARIABLE: Type = Type { name: "io.k8s.api.admissionregistration.v1.Variable", go: "v1.Variable", gvk: None, atomic: true, fields: &[
    Field { json: "expression", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static WEBHOOK_CLIENT_CONFIG: Type = Type { name: "io.k8s.api.admissionregistration.v1.WebhookClientConfig", go: "v1.WebhookClientConfig", gvk: None, atomic: false, fields: &[
    Field { json: "caBundle", number: 2, ty: T::Bytes, go: "[]uint8", ..F },
    Field { json: "service", number: 1, ty: T::Message(&admissionregistration_v1::SERVICE_REFERENCE), go: "v1.ServiceReference", pointer: true, ..F },
    Field { json: "url", number: 3, ty: T::String, go: "string", pointer: true, ..F },
] };
