//! The types of `k8s.io/api/autoscaling/v2`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static CONTAINER_RESOURCE_METRIC_SOURCE: Type = Type { name: "io.k8s.api.autoscaling.v2.ContainerResourceMetricSource", go: "v2.ContainerResourceMetricSource", gvk: None, atomic: false, fields: &[
    Field { json: "container", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "v1.ResourceName", required: true, omit: O::Never, ..F },
    Field { json: "target", number: 2, ty: T::Message(&autoscaling_v2::METRIC_TARGET), go: "v2.MetricTarget", required: true, omit: O::Never, ..F },
] };

pub static CONTAINER_RESOURCE_METRIC_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v2.ContainerResourceMetricStatus", go: "v2.ContainerResourceMetricStatus", gvk: None, atomic: false, fields: &[
    Field { json: "container", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "current", number: 2, ty: T::Message(&autoscaling_v2::METRIC_VALUE_STATUS), go: "v2.MetricValueStatus", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "v1.ResourceName", required: true, omit: O::Never, ..F },
] };

pub static CROSS_VERSION_OBJECT_REFERENCE: Type = Type { name: "io.k8s.api.autoscaling.v2.CrossVersionObjectReference", go: "v2.CrossVersionObjectReference", gvk: None, atomic: false, fields: &[
    Field { json: "apiVersion", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static EXTERNAL_METRIC_SOURCE: Type = Type { name: "io.k8s.api.autoscaling.v2.ExternalMetricSource", go: "v2.ExternalMetricSource", gvk: None, atomic: false, fields: &[
    Field { json: "metric", number: 1, ty: T::Message(&autoscaling_v2::METRIC_IDENTIFIER), go: "v2.MetricIdentifier", required: true, omit: O::Never, ..F },
    Field { json: "target", number: 2, ty: T::Message(&autoscaling_v2::METRIC_TARGET), go: "v2.MetricTarget", required: true, omit: O::Never, ..F },
] };

pub static EXTERNAL_METRIC_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v2.ExternalMetricStatus", go: "v2.ExternalMetricStatus", gvk: None, atomic: false, fields: &[
    Field { json: "current", number: 2, ty: T::Message(&autoscaling_v2::METRIC_VALUE_STATUS), go: "v2.MetricValueStatus", required: true, omit: O::Never, ..F },
    Field { json: "metric", number: 1, ty: T::Message(&autoscaling_v2::METRIC_IDENTIFIER), go: "v2.MetricIdentifier", required: true, omit: O::Never, ..F },
] };

pub static HPA_SCALING_POLICY: Type = Type { name: "io.k8s.api.autoscaling.v2.HPAScalingPolicy", go: "v2.HPAScalingPolicy", gvk: None, atomic: false, fields: &[
    Field { json: "periodSeconds", number: 3, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v2.HPAScalingPolicyType", required: true, omit: O::Never, ..F },
    Field { json: "value", number: 2, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
] };

pub static HPA_SCALING_RULES: Type = Type { name: "io.k8s.api.autoscaling.v2.HPAScalingRules", go: "v2.HPAScalingRules", gvk: None, atomic: false, fields: &[
    Field { json: "policies", number: 2, ty: T::List(&T::Message(&autoscaling_v2::HPA_SCALING_POLICY)), go: "[]v2.HPAScalingPolicy", list: L::Atomic, ..F },
    Field { json: "selectPolicy", number: 1, ty: T::String, go: "v2.ScalingPolicySelect", pointer: true, ..F },
    Field { json: "stabilizationWindowSeconds", number: 3, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "tolerance", number: 4, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
] };

pub static HORIZONTAL_POD_AUTOSCALER: Type = Type { name: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler", go: "v2.HorizontalPodAutoscaler", gvk: Some(("autoscaling", "v2", "HorizontalPodAutoscaler")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&autoscaling_v2::HORIZONTAL_POD_AUTOSCALER_SPEC), go: "v2.HorizontalPodAutoscalerSpec", required: true, ..F },
    Field { json: "status", number: 3, ty: T::Message(&autoscaling_v2::HORIZONTAL_POD_AUTOSCALER_STATUS), go: "v2.HorizontalPodAutoscalerStatus", ..F },
] };

pub static HORIZONTAL_POD_AUTOSCALER_BEHAVIOR: Type = Type { name: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior", go: "v2.HorizontalPodAutoscalerBehavior", gvk: None, atomic: false, fields: &[
    Field { json: "scaleDown", number: 2, ty: T::Message(&autoscaling_v2::HPA_SCALING_RULES), go: "v2.HPAScalingRules", pointer: true, ..F },
    Field { json: "scaleUp", number: 1, ty: T::Message(&autoscaling_v2::HPA_SCALING_RULES), go: "v2.HPAScalingRules", pointer: true, ..F },
] };

pub static HORIZONTAL_POD_AUTOSCALER_CONDITION: Type = Type { name: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerCondition", go: "v2.HorizontalPodAutoscalerCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastTransitionTime", number: 3, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v2.HorizontalPodAutoscalerConditionType", required: true, omit: O::Never, ..F },
] };

pub static HORIZONTAL_POD_AUTOSCALER_LIST: Type = Type { name: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerList", go: "v2.HorizontalPodAutoscalerList", gvk: Some(("autoscaling", "v2", "HorizontalPodAutoscalerList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&autoscaling_v2::HORIZONTAL_POD_AUTOSCALER)), go: "[]v2.HorizontalPodAutoscaler", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static HORIZONTAL_POD_AUTOSCALER_SPEC: Type = Type { name: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec", go: "v2.HorizontalPodAutoscalerSpec", gvk: None, atomic: false, fields: &[
    Field { json: "behavior", number: 5, ty: T::Message(&autoscaling_v2::HORIZONTAL_POD_AUTOSCALER_BEHAVIOR), go: "v2.HorizontalPodAutoscalerBehavior", pointer: true, ..F },
    Field { json: "maxReplicas", number: 3, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "metrics", number: 4, ty: T::List(&T::Message(&autoscaling_v2::METRIC_SPEC)), go: "[]v2.MetricSpec", list: L::Atomic, ..F },
    Field { json: "minReplicas", number: 2, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "scaleTargetRef", number: 1, ty: T::Message(&autoscaling_v2::CROSS_VERSION_OBJECT_REFERENCE), go: "v2.CrossVersionObjectReference", required: true, omit: O::Never, ..F },
] };

pub static HORIZONTAL_POD_AUTOSCALER_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus", go: "v2.HorizontalPodAutoscalerStatus", gvk: None, atomic: false, fields: &[
    Field { json: "conditions", number: 6, ty: T::List(&T::Message(&autoscaling_v2::HORIZONTAL_POD_AUTOSCALER_CONDITION)), go: "[]v2.HorizontalPodAutoscalerCondition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "currentMetrics", number: 5, ty: T::List(&T::Message(&autoscaling_v2::METRIC_STATUS)), go: "[]v2.MetricStatus", list: L::Atomic, omit: O::Never, ..F },
    Field { json: "currentReplicas", number: 3, ty: T::Int32, go: "int32", ..F },
    Field { json: "desiredReplicas", number: 4, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "lastScaleTime", number: 2, ty: T::Time, go: "v1.Time", pointer: true, ..F },
    Field { json: "observedGeneration", number: 1, ty: T::Int64, go: "int64", pointer: true, ..F },
] };

pub static METRIC_IDENTIFIER: Type = Type { name: "io.k8s.api.autoscaling.v2.MetricIdentifier", go: "v2.MetricIdentifier", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "selector", number: 2, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
] };

pub static METRIC_SPEC: Type = Type { name: "io.k8s.api.autoscaling.v2.MetricSpec", go: "v2.MetricSpec", gvk: None, atomic: false, fields: &[
    Field { json: "containerResource", number: 7, ty: T::Message(&autoscaling_v2::CONTAINER_RESOURCE_METRIC_SOURCE), go: "v2.ContainerResourceMetricSource", pointer: true, ..F },
    Field { json: "external", number: 5, ty: T::Message(&autoscaling_v2::EXTERNAL_METRIC_SOURCE), go: "v2.ExternalMetricSource", pointer: true, ..F },
    Field { json: "object", number: 2, ty: T::Message(&autoscaling_v2::OBJECT_METRIC_SOURCE), go: "v2.ObjectMetricSource", pointer: true, ..F },
    Field { json: "pods", number: 3, ty: T::Message(&autoscaling_v2::PODS_METRIC_SOURCE), go: "v2.PodsMetricSource", pointer: true, ..F },
    Field { json: "resource", number: 4, ty: T::Message(&autoscaling_v2::RESOURCE_METRIC_SOURCE), go: "v2.ResourceMetricSource", pointer: true, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v2.MetricSourceType", required: true, omit: O::Never, ..F },
] };

pub static METRIC_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v2.MetricStatus", go: "v2.MetricStatus", gvk: None, atomic: false, fields: &[
    Field { json: "containerResource", number: 7, ty: T::Message(&autoscaling_v2::CONTAINER_RESOURCE_METRIC_STATUS), go: "v2.ContainerResourceMetricStatus", pointer: true, ..F },
    Field { json: "external", number: 5, ty: T::Message(&autoscaling_v2::EXTERNAL_METRIC_STATUS), go: "v2.ExternalMetricStatus", pointer: true, ..F },
    Field { json: "object", number: 2, ty: T::Message(&autoscaling_v2::OBJECT_METRIC_STATUS), go: "v2.ObjectMetricStatus", pointer: true, ..F },
    Field { json: "pods", number: 3, ty: T::Message(&autoscaling_v2::PODS_METRIC_STATUS), go: "v2.PodsMetricStatus", pointer: true, ..F },
    Field { json: "resource", number: 4, ty: T::Message(&autoscaling_v2::RESOURCE_METRIC_STATUS), go: "v2.ResourceMetricStatus", pointer: true, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v2.MetricSourceType", required: true, omit: O::Never, ..F },
] };

pub static METRIC_TARGET: Type = Type { name: "io.k8s.api.autoscaling.v2.MetricTarget", go: "v2.MetricTarget", gvk: None, atomic: false, fields: &[
    Field { json: "averageUtilization", number: 4, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "averageValue", number: 3, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v2.MetricTargetType", required: true, omit: O::Never, ..F },
    Field { json: "value", number: 2, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
] };

pub static METRIC_VALUE_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v2.MetricValueStatus", go: "v2.MetricValueStatus", gvk: None, atomic: false, fields: &[
    Field { json: "averageUtilization", number: 3, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "averageValue", number: 2, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
    Field { json: "value", number: 1, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
] };

pub static OBJECT_METRIC_SOURCE: Type = Type { name: "io.k8s.api.autoscaling.v2.ObjectMetricSource", go: "v2.ObjectMetricSource", gvk: None, atomic: false, fields: &[
    Field { json: "describedObject", number: 1, ty: T::Message(&autoscaling_v2::CROSS_VERSION_OBJECT_REFERENCE), go: "v2.CrossVersionObjectReference", required: true, omit: O::Never, ..F },
    Field { json: "metric", number: 3, ty: T::Message(&autoscaling_v2::METRIC_IDENTIFIER), go: "v2.MetricIdentifier", required: true, omit: O::Never, ..F },
    Field { json: "target", number: 2, ty: T::Message(&autoscaling_v2::METRIC_TARGET), go: "v2.MetricTarget", required: true, omit: O::Never, ..F },
] };

pub static OBJECT_METRIC_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v2.ObjectMetricStatus", go: "v2.ObjectMetricStatus", gvk: None, atomic: false, fields: &[
    Field { json: "current", number: 2, ty: T::Message(&autoscaling_v2::METRIC_VALUE_STATUS), go: "v2.MetricValueStatus", required: true, omit: O::Never, ..F },
    Field { json: "describedObject", number: 3, ty: T::Message(&autoscaling_v2::CROSS_VERSION_OBJECT_REFERENCE), go: "v2.CrossVersionObjectReference", required: true, omit: O::Never, ..F },
    Field { json: "metric", number: 1, ty: T::Message(&autoscaling_v2::METRIC_IDENTIFIER), go: "v2.MetricIdentifier", required: true, omit: O::Never, ..F },
] };

pub static PODS_METRIC_SOURCE: Type = Type { name: "io.k8s.api.autoscaling.v2.PodsMetricSource", go: "v2.PodsMetricSource", gvk: None, atomic: false, fields: &[
    Field { json: "metric", number: 1, ty: T::Message(&autoscaling_v2::METRIC_IDENTIFIER), go: "v2.MetricIdentifier", required: true, omit: O::Never, ..F },
    Field { json: "target", number: 2, ty: T::Message(&autoscaling_v2::METRIC_TARGET), go: "v2.MetricTarget", required: true, omit: O::Never, ..F },
] };

pub static PODS_METRIC_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v2.PodsMetricStatus", go: "v2.PodsMetricStatus", gvk: None, atomic: false, fields: &[
    Field { json: "current", number: 2, ty: T::Message(&autoscaling_v2::METRIC_VALUE_STATUS), go: "v2.MetricValueStatus", required: true, omit: O::Never, ..F },
    Field { json: "metric", number: 1, ty: T::Message(&autoscaling_v2::METRIC_IDENTIFIER), go: "v2.MetricIdentifier", required: true, omit: O::Never, ..F },
] };

pub static RESOURCE_METRIC_SOURCE: Type = Type { name: "io.k8s.api.autoscaling.v2.ResourceMetricSource", go: "v2.ResourceMetricSource", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "v1.ResourceName", required: true, omit: O::Never, ..F },
    Field { json: "target", number: 2, ty: T::Message(&autoscaling_v2::METRIC_TARGET), go: "v2.MetricTarget", required: true, omit: O::Never, ..F },
] };

pub static RESOURCE_METRIC_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v2.ResourceMetricStatus", go: "v2.ResourceMetricStatus", gvk: None, atomic: false, fields: &[
    Field { json: "current", number: 2, ty: T::Message(&autoscaling_v2::METRIC_VALUE_STATUS), go: "v2.MetricValueStatus", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "v1.ResourceName", required: true, omit: O::Never, ..F },
] };
