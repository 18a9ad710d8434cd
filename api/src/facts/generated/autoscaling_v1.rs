//! The types of `k8s.io/api/autoscaling/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static CONTAINER_RESOURCE_METRIC_SOURCE: Type = Type { name: "io.k8s.api.autoscaling.v1.ContainerResourceMetricSource", go: "v1.ContainerResourceMetricSource", gvk: None, atomic: false, fields: &[
    Field { json: "container", number: 5, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "v1.ResourceName", required: true, omit: O::Never, ..F },
    Field { json: "targetAverageUtilization", number: 2, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "targetAverageValue", number: 3, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
] };

pub static CONTAINER_RESOURCE_METRIC_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v1.ContainerResourceMetricStatus", go: "v1.ContainerResourceMetricStatus", gvk: None, atomic: false, fields: &[
    Field { json: "container", number: 4, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "currentAverageUtilization", number: 2, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "currentAverageValue", number: 3, ty: T::Quantity, go: "resource.Quantity", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "v1.ResourceName", required: true, omit: O::Never, ..F },
] };

pub static CROSS_VERSION_OBJECT_REFERENCE: Type = Type { name: "io.k8s.api.autoscaling.v1.CrossVersionObjectReference", go: "v1.CrossVersionObjectReference", gvk: None, atomic: true, fields: &[
    Field { json: "apiVersion", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static EXTERNAL_METRIC_SOURCE: Type = Type { name: "io.k8s.api.autoscaling.v1.ExternalMetricSource", go: "v1.ExternalMetricSource", gvk: None, atomic: false, fields: &[
    Field { json: "metricName", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "metricSelector", number: 2, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "targetAverageValue", number: 4, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
    Field { json: "targetValue", number: 3, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
] };

pub static EXTERNAL_METRIC_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v1.ExternalMetricStatus", go: "v1.ExternalMetricStatus", gvk: None, atomic: false, fields: &[
    Field { json: "currentAverageValue", number: 4, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
    Field { json: "currentValue", number: 3, ty: T::Quantity, go: "resource.Quantity", required: true, omit: O::Never, ..F },
    Field { json: "metricName", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "metricSelector", number: 2, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
] };

pub static HORIZONTAL_POD_AUTOSCALER: Type = Type { name: "io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler", go: "v1.HorizontalPodAutoscaler", gvk: Some(("autoscaling", "v1", "HorizontalPodAutoscaler")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&autoscaling_v1::HORIZONTAL_POD_AUTOSCALER_SPEC), go: "v1.HorizontalPodAutoscalerSpec", required: true, ..F },
    Field { json: "status", number: 3, ty: T::Message(&autoscaling_v1::HORIZONTAL_POD_AUTOSCALER_STATUS), go: "v1.HorizontalPodAutoscalerStatus", ..F },
] };

pub static HORIZONTAL_POD_AUTOSCALER_CONDITION: Type = Type { name: "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerCondition", go: "v1.HorizontalPodAutoscalerCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastTransitionTime", number: 3, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.HorizontalPodAutoscalerConditionType", required: true, omit: O::Never, ..F },
] };

pub static HORIZONTAL_POD_AUTOSCALER_LIST: Type = Type { name: "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerList", go: "v1.HorizontalPodAutoscalerList", gvk: Some(("autoscaling", "v1", "HorizontalPodAutoscalerList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&autoscaling_v1::HORIZONTAL_POD_AUTOSCALER)), go: "[]v1.HorizontalPodAutoscaler", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static HORIZONTAL_POD_AUTOSCALER_SPEC: Type = Type { name: "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec", go: "v1.HorizontalPodAutoscalerSpec", gvk: None, atomic: false, fields: &[
    Field { json: "maxReplicas", number: 3, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "minReplicas", number: 2, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "scaleTargetRef", number: 1, ty: T::Message(&autoscaling_v1::CROSS_VERSION_OBJECT_REFERENCE), go: "v1.CrossVersionObjectReference", required: true, omit: O::Never, ..F },
    Field { json: "targetCPUUtilizationPercentage", number: 4, ty: T::Int32, go: "int32", pointer: true, ..F },
] };

pub static HORIZONTAL_POD_AUTOSCALER_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerStatus", go: "v1.HorizontalPodAutoscalerStatus", gvk: None, atomic: false, fields: &[
    Field { json: "currentCPUUtilizationPercentage", number: 5, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "currentReplicas", number: 3, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "desiredReplicas", number: 4, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "lastScaleTime", number: 2, ty: T::Time, go: "v1.Time", pointer: true, ..F },
    Field { json: "observedGeneration", number: 1, ty: T::Int64, go: "int64", pointer: true, ..F },
] };

pub static METRIC_SPEC: Type = Type { name: "io.k8s.api.autoscaling.v1.MetricSpec", go: "v1.MetricSpec", gvk: None, atomic: false, fields: &[
    Field { json: "containerResource", number: 7, ty: T::Message(&autoscaling_v1::CONTAINER_RESOURCE_METRIC_SOURCE), go: "v1.ContainerResourceMetricSource", pointer: true, ..F },
    Field { json: "external", number: 5, ty: T::Message(&autoscaling_v1::EXTERNAL_METRIC_SOURCE), go: "v1.ExternalMetricSource", pointer: true, ..F },
    Field { json: "object", number: 2, ty: T::Message(&autoscaling_v1::OBJECT_METRIC_SOURCE), go: "v1.ObjectMetricSource", pointer: true, ..F },
    Field { json: "pods", number: 3, ty: T::Message(&autoscaling_v1::PODS_METRIC_SOURCE), go: "v1.PodsMetricSource", pointer: true, ..F },
    Field { json: "resource", number: 4, ty: T::Message(&autoscaling_v1::RESOURCE_METRIC_SOURCE), go: "v1.ResourceMetricSource", pointer: true, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.MetricSourceType", required: true, omit: O::Never, enum_values: &["ContainerResource", "External", "Object", "Pods", "Resource"], ..F },
] };

pub static METRIC_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v1.MetricStatus", go: "v1.MetricStatus", gvk: None, atomic: false, fields: &[
    Field { json: "containerResource", number: 7, ty: T::Message(&autoscaling_v1::CONTAINER_RESOURCE_METRIC_STATUS), go: "v1.ContainerResourceMetricStatus", pointer: true, ..F },
    Field { json: "external", number: 5, ty: T::Message(&autoscaling_v1::EXTERNAL_METRIC_STATUS), go: "v1.ExternalMetricStatus", pointer: true, ..F },
    Field { json: "object", number: 2, ty: T::Message(&autoscaling_v1::OBJECT_METRIC_STATUS), go: "v1.ObjectMetricStatus", pointer: true, ..F },
    Field { json: "pods", number: 3, ty: T::Message(&autoscaling_v1::PODS_METRIC_STATUS), go: "v1.PodsMetricStatus", pointer: true, ..F },
    Field { json: "resource", number: 4, ty: T::Message(&autoscaling_v1::RESOURCE_METRIC_STATUS), go: "v1.ResourceMetricStatus", pointer: true, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.MetricSourceType", required: true, omit: O::Never, enum_values: &["ContainerResource", "External", "Object", "Pods", "Resource"], ..F },
] };

pub static OBJECT_METRIC_SOURCE: Type = Type { name: "io.k8s.api.autoscaling.v1.ObjectMetricSource", go: "v1.ObjectMetricSource", gvk: None, atomic: false, fields: &[
    Field { json: "averageValue", number: 5, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
    Field { json: "metricName", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "selector", number: 4, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "target", number: 1, ty: T::Message(&autoscaling_v1::CROSS_VERSION_OBJECT_REFERENCE), go: "v1.CrossVersionObjectReference", required: true, omit: O::Never, ..F },
    Field { json: "targetValue", number: 3, ty: T::Quantity, go: "resource.Quantity", required: true, omit: O::Never, ..F },
] };

pub static OBJECT_METRIC_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v1.ObjectMetricStatus", go: "v1.ObjectMetricStatus", gvk: None, atomic: false, fields: &[
    Field { json: "averageValue", number: 5, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
    Field { json: "currentValue", number: 3, ty: T::Quantity, go: "resource.Quantity", required: true, omit: O::Never, ..F },
    Field { json: "metricName", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "selector", number: 4, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "target", number: 1, ty: T::Message(&autoscaling_v1::CROSS_VERSION_OBJECT_REFERENCE), go: "v1.CrossVersionObjectReference", required: true, omit: O::Never, ..F },
] };

pub static PODS_METRIC_SOURCE: Type = Type { name: "io.k8s.api.autoscaling.v1.PodsMetricSource", go: "v1.PodsMetricSource", gvk: None, atomic: false, fields: &[
    Field { json: "metricName", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "selector", number: 3, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "targetAverageValue", number: 2, ty: T::Quantity, go: "resource.Quantity", required: true, omit: O::Never, ..F },
] };

pub static PODS_METRIC_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v1.PodsMetricStatus", go: "v1.PodsMetricStatus", gvk: None, atomic: false, fields: &[
    Field { json: "currentAverageValue", number: 2, ty: T::Quantity, go: "resource.Quantity", required: true, omit: O::Never, ..F },
    Field { json: "metricName", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "selector", number: 3, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
] };

pub static RESOURCE_METRIC_SOURCE: Type = Type { name: "io.k8s.api.autoscaling.v1.ResourceMetricSource", go: "v1.ResourceMetricSource", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "v1.ResourceName", required: true, omit: O::Never, ..F },
    Field { json: "targetAverageUtilization", number: 2, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "targetAverageValue", number: 3, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
] };

pub static RESOURCE_METRIC_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v1.ResourceMetricStatus", go: "v1.ResourceMetricStatus", gvk: None, atomic: false, fields: &[
    Field { json: "currentAverageUtilization", number: 2, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "currentAverageValue", number: 3, ty: T::Quantity, go: "resource.Quantity", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "v1.ResourceName", required: true, omit: O::Never, ..F },
] };

pub static SCALE: Type = Type { name: "io.k8s.api.autoscaling.v1.Scale", go: "v1.Scale", gvk: Some(("autoscaling", "v1", "Scale")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&autoscaling_v1::SCALE_SPEC), go: "v1.ScaleSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&autoscaling_v1::SCALE_STATUS), go: "v1.ScaleStatus", ..F },
] };

pub static SCALE_SPEC: Type = Type { name: "io.k8s.api.autoscaling.v1.ScaleSpec", go: "v1.ScaleSpec", gvk: None, atomic: false, fields: &[
    Field { json: "replicas", number: 1, ty: T::Int32, go: "int32", default: Some("0"), ..F },
] };

pub static SCALE_STATUS: Type = Type { name: "io.k8s.api.autoscaling.v1.ScaleStatus", go: "v1.ScaleStatus", gvk: None, atomic: false, fields: &[
    Field { json: "replicas", number: 1, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "selector", number: 2, ty: T::String, go: "string", ..F },
] };
