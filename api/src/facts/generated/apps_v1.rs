//! The types of `k8s.io/api/apps/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static CONTROLLER_REVISION: Type = Type { name: "io.k8s.api.apps.v1.ControllerRevision", go: "v1.ControllerRevision", gvk: Some(("apps", "v1", "ControllerRevision")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "data", number: 2, ty: T::RawExtension, go: "runtime.RawExtension", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "revision", number: 3, ty: T::Int64, go: "int64", required: true, omit: O::Never, ..F },
] };

pub static CONTROLLER_REVISION_LIST: Type = Type { name: "io.k8s.api.apps.v1.ControllerRevisionList", go: "v1.ControllerRevisionList", gvk: Some(("apps", "v1", "ControllerRevisionList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&apps_v1::CONTROLLER_REVISION)), go: "[]v1.ControllerRevision", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static DAEMON_SET: Type = Type { name: "io.k8s.api.apps.v1.DaemonSet", go: "v1.DaemonSet", gvk: Some(("apps", "v1", "DaemonSet")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&apps_v1::DAEMON_SET_SPEC), go: "v1.DaemonSetSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&apps_v1::DAEMON_SET_STATUS), go: "v1.DaemonSetStatus", ..F },
] };

pub static DAEMON_SET_CONDITION: Type = Type { name: "io.k8s.api.apps.v1.DaemonSetCondition", go: "v1.DaemonSetCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastTransitionTime", number: 3, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.DaemonSetConditionType", required: true, omit: O::Never, ..F },
] };

pub static DAEMON_SET_LIST: Type = Type { name: "io.k8s.api.apps.v1.DaemonSetList", go: "v1.DaemonSetList", gvk: Some(("apps", "v1", "DaemonSetList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&apps_v1::DAEMON_SET)), go: "[]v1.DaemonSet", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static DAEMON_SET_SPEC: Type = Type { name: "io.k8s.api.apps.v1.DaemonSetSpec", go: "v1.DaemonSetSpec", gvk: None, atomic: false, fields: &[
    Field { json: "minReadySeconds", number: 4, ty: T::Int32, go: "int32", ..F },
    Field { json: "revisionHistoryLimit", number: 6, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "selector", number: 1, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", required: true, pointer: true, omit: O::Never, ..F },
    Field { json: "template", number: 2, ty: T::Message(&core_v1::POD_TEMPLATE_SPEC), go: "v1.PodTemplateSpec", required: true, omit: O::Never, ..F },
    Field { json: "updateStrategy", number: 3, ty: T::Message(&apps_v1::DAEMON_SET_UPDATE_STRATEGY), go: "v1.DaemonSetUpdateStrategy", ..F },
] };

pub static DAEMON_SET_STATUS: Type = Type { name: "io.k8s.api.apps.v1.DaemonSetStatus", go: "v1.DaemonSetStatus", gvk: None, atomic: false, fields: &[
    Field { json: "collisionCount", number: 9, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "conditions", number: 10, ty: T::List(&T::Message(&apps_v1::DAEMON_SET_CONDITION)), go: "[]v1.DaemonSetCondition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "currentNumberScheduled", number: 1, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "desiredNumberScheduled", number: 3, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "numberAvailable", number: 7, ty: T::Int32, go: "int32", ..F },
    Field { json: "numberMisscheduled", number: 2, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "numberReady", number: 4, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "numberUnavailable", number: 8, ty: T::Int32, go: "int32", ..F },
    Field { json: "observedGeneration", number: 5, ty: T::Int64, go: "int64", ..F },
    Field { json: "updatedNumberScheduled", number: 6, ty: T::Int32, go: "int32", ..F },
] };

pub static DAEMON_SET_UPDATE_STRATEGY: Type = Type { name: "io.k8s.api.apps.v1.DaemonSetUpdateStrategy", go: "v1.DaemonSetUpdateStrategy", gvk: None, atomic: false, fields: &[
    Field { json: "rollingUpdate", number: 2, ty: T::Message(&apps_v1::ROLLING_UPDATE_DAEMON_SET), go: "v1.RollingUpdateDaemonSet", pointer: true, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.DaemonSetUpdateStrategyType", enum_values: &["OnDelete", "RollingUpdate"], ..F },
] };

pub static DEPLOYMENT: Type = Type { name: "io.k8s.api.apps.v1.Deployment", go: "v1.Deployment", gvk: Some(("apps", "v1", "Deployment")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&apps_v1::DEPLOYMENT_SPEC), go: "v1.DeploymentSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&apps_v1::DEPLOYMENT_STATUS), go: "v1.DeploymentStatus", ..F },
] };

pub static DEPLOYMENT_CONDITION: Type = Type { name: "io.k8s.api.apps.v1.DeploymentCondition", go: "v1.DeploymentCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastTransitionTime", number: 7, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "lastUpdateTime", number: 6, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.DeploymentConditionType", required: true, omit: O::Never, ..F },
] };

pub static DEPLOYMENT_LIST: Type = Type { name: "io.k8s.api.apps.v1.DeploymentList", go: "v1.DeploymentList", gvk: Some(("apps", "v1", "DeploymentList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&apps_v1::DEPLOYMENT)), go: "[]v1.Deployment", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static DEPLOYMENT_SPEC: Type = Type { name: "io.k8s.api.apps.v1.DeploymentSpec", go: "v1.DeploymentSpec", gvk: None, atomic: false, fields: &[
    Field { json: "minReadySeconds", number: 5, ty: T::Int32, go: "int32", ..F },
    Field { json: "paused", number: 7, ty: T::Bool, go: "bool", ..F },
    Field { json: "progressDeadlineSeconds", number: 9, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "replicas", number: 1, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "revisionHistoryLimit", number: 6, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "selector", number: 2, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", required: true, pointer: true, omit: O::Never, ..F },
    Field { json: "strategy", number: 4, ty: T::Message(&apps_v1::DEPLOYMENT_STRATEGY), go: "v1.DeploymentStrategy", patch: Patch { retain_keys: true, ..P }, ..F },
    Field { json: "template", number: 3, ty: T::Message(&core_v1::POD_TEMPLATE_SPEC), go: "v1.PodTemplateSpec", required: true, omit: O::Never, ..F },
] };

pub static DEPLOYMENT_STATUS: Type = Type { name: "io.k8s.api.apps.v1.DeploymentStatus", go: "v1.DeploymentStatus", gvk: None, atomic: false, fields: &[
    Field { json: "availableReplicas", number: 4, ty: T::Int32, go: "int32", ..F },
    Field { json: "collisionCount", number: 8, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "conditions", number: 6, ty: T::List(&T::Message(&apps_v1::DEPLOYMENT_CONDITION)), go: "[]v1.DeploymentCondition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "observedGeneration", number: 1, ty: T::Int64, go: "int64", ..F },
    Field { json: "readyReplicas", number: 7, ty: T::Int32, go: "int32", ..F },
    Field { json: "replicas", number: 2, ty: T::Int32, go: "int32", ..F },
    Field { json: "terminatingReplicas", number: 9, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "unavailableReplicas", number: 5, ty: T::Int32, go: "int32", ..F },
    Field { json: "updatedReplicas", number: 3, ty: T::Int32, go: "int32", ..F },
] };

pub static DEPLOYMENT_STRATEGY: Type = Type { name: "io.k8s.api.apps.v1.DeploymentStrategy", go: "v1.DeploymentStrategy", gvk: None, atomic: false, fields: &[
    Field { json: "rollingUpdate", number: 2, ty: T::Message(&apps_v1::ROLLING_UPDATE_DEPLOYMENT), go: "v1.RollingUpdateDeployment", pointer: true, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.DeploymentStrategyType", enum_values: &["Recreate", "RollingUpdate"], ..F },
] };

pub static REPLICA_SET: Type = Type { name: "io.k8s.api.apps.v1.ReplicaSet", go: "v1.ReplicaSet", gvk: Some(("apps", "v1", "ReplicaSet")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&apps_v1::REPLICA_SET_SPEC), go: "v1.ReplicaSetSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&apps_v1::REPLICA_SET_STATUS), go: "v1.ReplicaSetStatus", ..F },
] };

pub static REPLICA_SET_CONDITION: Type = Type { name: "io.k8s.api.apps.v1.ReplicaSetCondition", go: "v1.ReplicaSetCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastTransitionTime", number: 3, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.ReplicaSetConditionType", required: true, omit: O::Never, ..F },
] };

pub static REPLICA_SET_LIST: Type = Type { name: "io.k8s.api.apps.v1.ReplicaSetList", go: "v1.ReplicaSetList", gvk: Some(("apps", "v1", "ReplicaSetList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&apps_v1::REPLICA_SET)), go: "[]v1.ReplicaSet", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static REPLICA_SET_SPEC: Type = Type { name: "io.k8s.api.apps.v1.ReplicaSetSpec", go: "v1.ReplicaSetSpec", gvk: None, atomic: false, fields: &[
    Field { json: "minReadySeconds", number: 4, ty: T::Int32, go: "int32", ..F },
    Field { json: "replicas", number: 1, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "selector", number: 2, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", required: true, pointer: true, omit: O::Never, ..F },
    Field { json: "template", number: 3, ty: T::Message(&core_v1::POD_TEMPLATE_SPEC), go: "v1.PodTemplateSpec", ..F },
] };

pub static REPLICA_SET_STATUS: Type = Type { name: "io.k8s.api.apps.v1.ReplicaSetStatus", go: "v1.ReplicaSetStatus", gvk: None, atomic: false, fields: &[
    Field { json: "availableReplicas", number: 5, ty: T::Int32, go: "int32", ..F },
    Field { json: "conditions", number: 6, ty: T::List(&T::Message(&apps_v1::REPLICA_SET_CONDITION)), go: "[]v1.ReplicaSetCondition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "fullyLabeledReplicas", number: 2, ty: T::Int32, go: "int32", ..F },
    Field { json: "observedGeneration", number: 3, ty: T::Int64, go: "int64", ..F },
    Field { json: "readyReplicas", number: 4, ty: T::Int32, go: "int32", ..F },
    Field { json: "replicas", number: 1, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "terminatingReplicas", number: 7, ty: T::Int32, go: "int32", pointer: true, ..F },
] };

pub static ROLLING_UPDATE_DAEMON_SET: Type = Type { name: "io.k8s.api.apps.v1.RollingUpdateDaemonSet", go: "v1.RollingUpdateDaemonSet", gvk: None, atomic: false, fields: &[
    Field { json: "maxSurge", number: 2, ty: T::IntOrString, go: "intstr.IntOrString", pointer: true, ..F },
    Field { json: "maxUnavailable", number: 1, ty: T::IntOrString, go: "intstr.IntOrString", pointer: true, ..F },
] };

pub static ROLLING_UPDATE_DEPLOYMENT: Type = Type { name: "io.k8s.api.apps.v1.RollingUpdateDeployment", go: "v1.RollingUpdateDeployment", gvk: None, atomic: false, fields: &[
    Field { json: "maxSurge", number: 2, ty: T::IntOrString, go: "intstr.IntOrString", pointer: true, ..F },
    Field { json: "maxUnavailable", number: 1, ty: T::IntOrString, go: "intstr.IntOrString", pointer: true, ..F },
] };

pub static ROLLING_UPDATE_STATEFUL_SET_STRATEGY: Type = Type { name: "io.k8s.api.apps.v1.RollingUpdateStatefulSetStrategy", go: "v1.RollingUpdateStatefulSetStrategy", gvk: None, atomic: false, fields: &[
    Field { json: "maxUnavailable", number: 2, ty: T::IntOrString, go: "intstr.IntOrString", pointer: true, ..F },
    Field { json: "partition", number: 1, ty: T::Int32, go: "int32", pointer: true, ..F },
] };

pub static STATEFUL_SET: Type = Type { name: "io.k8s.api.apps.v1.StatefulSet", go: "v1.StatefulSet", gvk: Some(("apps", "v1", "StatefulSet")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&apps_v1::STATEFUL_SET_SPEC), go: "v1.StatefulSetSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&apps_v1::STATEFUL_SET_STATUS), go: "v1.StatefulSetStatus", ..F },
] };

pub static STATEFUL_SET_CONDITION: Type = Type { name: "io.k8s.api.apps.v1.StatefulSetCondition", go: "v1.StatefulSetCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastTransitionTime", number: 3, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.StatefulSetConditionType", required: true, omit: O::Never, ..F },
] };

pub static STATEFUL_SET_LIST: Type = Type { name: "io.k8s.api.apps.v1.StatefulSetList", go: "v1.StatefulSetList", gvk: Some(("apps", "v1", "StatefulSetList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&apps_v1::STATEFUL_SET)), go: "[]v1.StatefulSet", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static STATEFUL_SET_ORDINALS: Type = Type { name: "io.k8s.api.apps.v1.StatefulSetOrdinals", go: "v1.StatefulSetOrdinals", gvk: None, atomic: false, fields: &[
    Field { json: "start", number: 1, ty: T::Int32, go: "int32", omit: O::Never, ..F },
] };

pub static STATEFUL_SET_PERSISTENT_VOLUME_CLAIM_RETENTION_POLICY: Type = Type { name: "io.k8s.api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy", go: "v1.StatefulSetPersistentVolumeClaimRetentionPolicy", gvk: None, atomic: false, fields: &[
    Field { json: "whenDeleted", number: 1, ty: T::String, go: "v1.PersistentVolumeClaimRetentionPolicyType", ..F },
    Field { json: "whenScaled", number: 2, ty: T::String, go: "v1.PersistentVolumeClaimRetentionPolicyType", ..F },
] };

pub static STATEFUL_SET_SPEC: Type = Type { name: "io.k8s.api.apps.v1.StatefulSetSpec", go: "v1.StatefulSetSpec", gvk: None, atomic: false, fields: &[
    Field { json: "minReadySeconds", number: 9, ty: T::Int32, go: "int32", ..F },
    Field { json: "ordinals", number: 11, ty: T::Message(&apps_v1::STATEFUL_SET_ORDINALS), go: "v1.StatefulSetOrdinals", pointer: true, ..F },
    Field { json: "persistentVolumeClaimRetentionPolicy", number: 10, ty: T::Message(&apps_v1::STATEFUL_SET_PERSISTENT_VOLUME_CLAIM_RETENTION_POLICY), go: "v1.StatefulSetPersistentVolumeClaimRetentionPolicy", pointer: true, ..F },
    Field { json: "podManagementPolicy", number: 6, ty: T::String, go: "v1.PodManagementPolicyType", enum_values: &["OrderedReady", "Parallel"], ..F },
    Field { json: "replicas", number: 1, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "revisionHistoryLimit", number: 8, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "selector", number: 2, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", required: true, pointer: true, omit: O::Never, ..F },
    Field { json: "serviceName", number: 5, ty: T::String, go: "string", omit: O::Never, ..F },
    Field { json: "template", number: 3, ty: T::Message(&core_v1::POD_TEMPLATE_SPEC), go: "v1.PodTemplateSpec", required: true, omit: O::Never, ..F },
    Field { json: "updateStrategy", number: 7, ty: T::Message(&apps_v1::STATEFUL_SET_UPDATE_STRATEGY), go: "v1.StatefulSetUpdateStrategy", ..F },
    Field { json: "volumeClaimTemplates", number: 4, ty: T::List(&T::Message(&core_v1::PERSISTENT_VOLUME_CLAIM)), go: "[]v1.PersistentVolumeClaim", list: L::Atomic, ..F },
] };

pub static STATEFUL_SET_STATUS: Type = Type { name: "io.k8s.api.apps.v1.StatefulSetStatus", go: "v1.StatefulSetStatus", gvk: None, atomic: false, fields: &[
    Field { json: "availableReplicas", number: 11, ty: T::Int32, go: "int32", omit: O::Never, ..F },
    Field { json: "collisionCount", number: 9, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "conditions", number: 10, ty: T::List(&T::Message(&apps_v1::STATEFUL_SET_CONDITION)), go: "[]v1.StatefulSetCondition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "currentReplicas", number: 4, ty: T::Int32, go: "int32", ..F },
    Field { json: "currentRevision", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "observedGeneration", number: 1, ty: T::Int64, go: "int64", ..F },
    Field { json: "readyReplicas", number: 3, ty: T::Int32, go: "int32", ..F },
    Field { json: "replicas", number: 2, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "updateRevision", number: 7, ty: T::String, go: "string", ..F },
    Field { json: "updatedReplicas", number: 5, ty: T::Int32, go: "int32", ..F },
] };

pub static STATEFUL_SET_UPDATE_STRATEGY: Type = Type { name: "io.k8s.api.apps.v1.StatefulSetUpdateStrategy", go: "v1.StatefulSetUpdateStrategy", gvk: None, atomic: false, fields: &[
    Field { json: "rollingUpdate", number: 2, ty: T::Message(&apps_v1::ROLLING_UPDATE_STATEFUL_SET_STRATEGY), go: "v1.RollingUpdateStatefulSetStrategy", pointer: true, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.StatefulSetUpdateStrategyType", enum_values: &["OnDelete", "RollingUpdate"], ..F },
] };
