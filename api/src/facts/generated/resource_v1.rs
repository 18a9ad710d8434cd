//! The types of `k8s.io/api/resource/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static ALLOCATED_DEVICE_STATUS: Type = Type { name: "io.k8s.api.resource.v1.AllocatedDeviceStatus", go: "v1.AllocatedDeviceStatus", gvk: None, atomic: false, fields: &[
    Field { json: "conditions", number: 4, ty: T::List(&T::Message(&meta_v1::CONDITION)), go: "[]v1.Condition", list: L::Map(&["type"]), omit: O::Never, ..F },
    Field { json: "data", number: 5, ty: T::RawExtension, go: "runtime.RawExtension", pointer: true, ..F },
    Field { json: "device", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "driver", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "networkData", number: 6, ty: T::Message(&resource_v1::NETWORK_DEVICE_DATA), go: "v1.NetworkDeviceData", pointer: true, ..F },
    Field { json: "pool", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "shareID", number: 7, ty: T::String, go: "string", pointer: true, ..F },
] };

pub static ALLOCATION_RESULT: Type = Type { name: "io.k8s.api.resource.v1.AllocationResult", go: "v1.AllocationResult", gvk: None, atomic: false, fields: &[
    Field { json: "allocationTimestamp", number: 5, ty: T::Time, go: "v1.Time", pointer: true, ..F },
    Field { json: "devices", number: 1, ty: T::Message(&resource_v1::DEVICE_ALLOCATION_RESULT), go: "v1.DeviceAllocationResult", ..F },
    Field { json: "nodeSelector", number: 3, ty: T::Message(&core_v1::NODE_SELECTOR), go: "v1.NodeSelector", pointer: true, ..F },
] };

pub static CEL_DEVICE_SELECTOR: Type = Type { name: "io.k8s.api.resource.v1.CELDeviceSelector", go: "v1.CELDeviceSelector", gvk: None, atomic: false, fields: &[
    Field { json: "expression", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static CAPACITY_REQUEST_POLICY: Type = Type { name: "io.k8s.api.resource.v1.CapacityRequestPolicy", go: "v1.CapacityRequestPolicy", gvk: None, atomic: false, fields: &[
    Field { json: "default", number: 1, ty: T::Quantity, go: "resource.Quantity", pointer: true, omit: O::Never, ..F },
    Field { json: "validRange", number: 4, ty: T::Message(&resource_v1::CAPACITY_REQUEST_POLICY_RANGE), go: "v1.CapacityRequestPolicyRange", pointer: true, ..F },
    Field { json: "validValues", number: 3, ty: T::List(&T::Quantity), go: "[]resource.Quantity", list: L::Atomic, ..F },
] };

pub static CAPACITY_REQUEST_POLICY_RANGE: Type = Type { name: "io.k8s.api.resource.v1.CapacityRequestPolicyRange", go: "v1.CapacityRequestPolicyRange", gvk: None, atomic: false, fields: &[
    Field { json: "max", number: 2, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
    Field { json: "min", number: 1, ty: T::Quantity, go: "resource.Quantity", required: true, pointer: true, ..F },
    Field { json: "step", number: 3, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
] };

pub static CAPACITY_REQUIREMENTS: Type = Type { name: "io.k8s.api.resource.v1.CapacityRequirements", go: "v1.CapacityRequirements", gvk: None, atomic: false, fields: &[
    Field { json: "requests", number: 1, ty: T::Map(&T::Quantity), go: "map[v1.QualifiedName]resource.Quantity", ..F },
] };

pub static COUNTER: Type = Type { name: "io.k8s.api.resource.v1.Counter", go: "v1.Counter", gvk: None, atomic: false, fields: &[
    Field { json: "value", number: 1, ty: T::Quantity, go: "resource.Quantity", required: true, omit: O::Never, ..F },
] };

pub static COUNTER_SET: Type = Type { name: "io.k8s.api.resource.v1.CounterSet", go: "v1.CounterSet", gvk: None, atomic: false, fields: &[
    Field { json: "counters", number: 2, ty: T::Map(&T::Message(&resource_v1::COUNTER)), go: "map[string]v1.Counter", required: true, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static DEVICE: Type = Type { name: "io.k8s.api.resource.v1.Device", go: "v1.Device", gvk: None, atomic: false, fields: &[
    Field { json: "allNodes", number: 7, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "allowMultipleAllocations", number: 12, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "attributes", number: 2, ty: T::Map(&T::Message(&resource_v1::DEVICE_ATTRIBUTE)), go: "map[v1.QualifiedName]v1.DeviceAttribute", ..F },
    Field { json: "bindingConditions", number: 10, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "bindingFailureConditions", number: 11, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "bindsToNode", number: 9, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "capacity", number: 3, ty: T::Map(&T::Message(&resource_v1::DEVICE_CAPACITY)), go: "map[v1.QualifiedName]v1.DeviceCapacity", ..F },
    Field { json: "consumesCounters", number: 4, ty: T::List(&T::Message(&resource_v1::DEVICE_COUNTER_CONSUMPTION)), go: "[]v1.DeviceCounterConsumption", list: L::Atomic, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "nodeAllocatableResourceMappings", number: 13, ty: T::Map(&T::Message(&resource_v1::NODE_ALLOCATABLE_RESOURCE_MAPPING)), go: "map[v1.ResourceName]v1.NodeAllocatableResourceMapping", ..F },
    Field { json: "nodeName", number: 5, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "nodeSelector", number: 6, ty: T::Message(&core_v1::NODE_SELECTOR), go: "v1.NodeSelector", pointer: true, ..F },
    Field { json: "taints", number: 8, ty: T::List(&T::Message(&resource_v1::DEVICE_TAINT)), go: "[]v1.DeviceTaint", list: L::Atomic, ..F },
] };

pub static DEVICE_ALLOCATION_CONFIGURATION: Type = Type { name: "io.k8s.api.resource.v1.DeviceAllocationConfiguration", go: "v1.DeviceAllocationConfiguration", gvk: None, atomic: false, fields: &[
    Field { json: "opaque", number: 1, ty: T::Message(&resource_v1::OPAQUE_DEVICE_CONFIGURATION), go: "v1.OpaqueDeviceConfiguration", through: &[3], pointer: true, ..F },
    Field { json: "requests", number: 2, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "source", number: 1, ty: T::String, go: "v1.AllocationConfigSource", required: true, omit: O::Never, enum_values: &["FromClaim", "FromClass"], ..F },
] };

pub static DEVICE_ALLOCATION_RESULT: Type = Type { name: "io.k8s.api.resource.v1.DeviceAllocationResult", go: "v1.DeviceAllocationResult", gvk: None, atomic: false, fields: &[
    Field { json: "config", number: 2, ty: T::List(&T::Message(&resource_v1::DEVICE_ALLOCATION_CONFIGURATION)), go: "[]v1.DeviceAllocationConfiguration", list: L::Atomic, ..F },
    Field { json: "results", number: 1, ty: T::List(&T::Message(&resource_v1::DEVICE_REQUEST_ALLOCATION_RESULT)), go: "[]v1.DeviceRequestAllocationResult", list: L::Atomic, ..F },
] };

pub static DEVICE_ATTRIBUTE: Type = Type { name: "io.k8s.api.resource.v1.DeviceAttribute", go: "v1.DeviceAttribute", gvk: None, atomic: false, fields: &[
    Field { json: "bool", number: 3, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "bools", number: 7, ty: T::List(&T::Bool), go: "[]bool", list: L::Atomic, ..F },
    Field { json: "int", number: 2, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "ints", number: 6, ty: T::List(&T::Int64), go: "[]int64", list: L::Atomic, ..F },
    Field { json: "string", number: 4, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "strings", number: 8, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "version", number: 5, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "versions", number: 9, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
] };

pub static DEVICE_CAPACITY: Type = Type { name: "io.k8s.api.resource.v1.DeviceCapacity", go: "v1.DeviceCapacity", gvk: None, atomic: false, fields: &[
    Field { json: "requestPolicy", number: 2, ty: T::Message(&resource_v1::CAPACITY_REQUEST_POLICY), go: "v1.CapacityRequestPolicy", pointer: true, ..F },
    Field { json: "value", number: 1, ty: T::Quantity, go: "resource.Quantity", required: true, omit: O::Never, ..F },
] };

pub static DEVICE_CLAIM: Type = Type { name: "io.k8s.api.resource.v1.DeviceClaim", go: "v1.DeviceClaim", gvk: None, atomic: false, fields: &[
    Field { json: "config", number: 3, ty: T::List(&T::Message(&resource_v1::DEVICE_CLAIM_CONFIGURATION)), go: "[]v1.DeviceClaimConfiguration", list: L::Atomic, ..F },
    Field { json: "constraints", number: 2, ty: T::List(&T::Message(&resource_v1::DEVICE_CONSTRAINT)), go: "[]v1.DeviceConstraint", list: L::Atomic, ..F },
    Field { json: "requests", number: 1, ty: T::List(&T::Message(&resource_v1::DEVICE_REQUEST)), go: "[]v1.DeviceRequest", list: L::Atomic, omit: O::Never, ..F },
] };

pub static DEVICE_CLAIM_CONFIGURATION: Type = Type { name: "io.k8s.api.resource.v1.DeviceClaimConfiguration", go: "v1.DeviceClaimConfiguration", gvk: None, atomic: false, fields: &[
    Field { json: "opaque", number: 1, ty: T::Message(&resource_v1::OPAQUE_DEVICE_CONFIGURATION), go: "v1.OpaqueDeviceConfiguration", through: &[2], pointer: true, ..F },
    Field { json: "requests", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
] };

pub static DEVICE_CLASS: Type = Type { name: "io.k8s.api.resource.v1.DeviceClass", go: "v1.DeviceClass", gvk: Some(("resource.k8s.io", "v1", "DeviceClass")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&resource_v1::DEVICE_CLASS_SPEC), go: "v1.DeviceClassSpec", required: true, omit: O::Never, ..F },
] };

pub static DEVICE_CLASS_CONFIGURATION: Type = Type { name: "io.k8s.api.resource.v1.DeviceClassConfiguration", go: "v1.DeviceClassConfiguration", gvk: None, atomic: false, fields: &[
    Field { json: "opaque", number: 1, ty: T::Message(&resource_v1::OPAQUE_DEVICE_CONFIGURATION), go: "v1.OpaqueDeviceConfiguration", through: &[1], pointer: true, ..F },
] };

pub static DEVICE_CLASS_LIST: Type = Type { name: "io.k8s.api.resource.v1.DeviceClassList", go: "v1.DeviceClassList", gvk: Some(("resource.k8s.io", "v1", "DeviceClassList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&resource_v1::DEVICE_CLASS)), go: "[]v1.DeviceClass", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static DEVICE_CLASS_SPEC: Type = Type { name: "io.k8s.api.resource.v1.DeviceClassSpec", go: "v1.DeviceClassSpec", gvk: None, atomic: false, fields: &[
    Field { json: "config", number: 2, ty: T::List(&T::Message(&resource_v1::DEVICE_CLASS_CONFIGURATION)), go: "[]v1.DeviceClassConfiguration", list: L::Atomic, ..F },
    Field { json: "extendedResourceName", number: 4, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "selectors", number: 1, ty: T::List(&T::Message(&resource_v1::DEVICE_SELECTOR)), go: "[]v1.DeviceSelector", list: L::Atomic, ..F },
] };

pub static DEVICE_CONFIGURATION: Type = Type { name: "io.k8s.api.resource.v1.DeviceConfiguration", go: "v1.DeviceConfiguration", gvk: None, atomic: false, fields: &[
    Field { json: "opaque", number: 1, ty: T::Message(&resource_v1::OPAQUE_DEVICE_CONFIGURATION), go: "v1.OpaqueDeviceConfiguration", pointer: true, ..F },
] };

pub static DEVICE_CONSTRAINT: Type = Type { name: "io.k8s.api.resource.v1.DeviceConstraint", go: "v1.DeviceConstraint", gvk: None, atomic: false, fields: &[
    Field { json: "distinctAttribute", number: 3, ty: T::String, go: "v1.FullyQualifiedName", pointer: true, ..F },
    Field { json: "matchAttribute", number: 2, ty: T::String, go: "v1.FullyQualifiedName", pointer: true, ..F },
    Field { json: "requests", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
] };

pub static DEVICE_COUNTER_CONSUMPTION: Type = Type { name: "io.k8s.api.resource.v1.DeviceCounterConsumption", go: "v1.DeviceCounterConsumption", gvk: None, atomic: false, fields: &[
    Field { json: "counterSet", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "counters", number: 2, ty: T::Map(&T::Message(&resource_v1::COUNTER)), go: "map[string]v1.Counter", required: true, ..F },
] };

pub static DEVICE_REQUEST: Type = Type { name: "io.k8s.api.resource.v1.DeviceRequest", go: "v1.DeviceRequest", gvk: None, atomic: false, fields: &[
    Field { json: "exactly", number: 2, ty: T::Message(&resource_v1::EXACT_DEVICE_REQUEST), go: "v1.ExactDeviceRequest", pointer: true, ..F },
    Field { json: "firstAvailable", number: 3, ty: T::List(&T::Message(&resource_v1::DEVICE_SUB_REQUEST)), go: "[]v1.DeviceSubRequest", list: L::Atomic, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static DEVICE_REQUEST_ALLOCATION_RESULT: Type = Type { name: "io.k8s.api.resource.v1.DeviceRequestAllocationResult", go: "v1.DeviceRequestAllocationResult", gvk: None, atomic: false, fields: &[
    Field { json: "adminAccess", number: 5, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "bindingConditions", number: 7, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "bindingFailureConditions", number: 8, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "consumedCapacity", number: 10, ty: T::Map(&T::Quantity), go: "map[v1.QualifiedName]resource.Quantity", ..F },
    Field { json: "device", number: 4, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "driver", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "pool", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "request", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "shareID", number: 9, ty: T::String, go: "types.UID", pointer: true, ..F },
    Field { json: "tolerations", number: 6, ty: T::List(&T::Message(&resource_v1::DEVICE_TOLERATION)), go: "[]v1.DeviceToleration", list: L::Atomic, ..F },
] };

pub static DEVICE_SELECTOR: Type = Type { name: "io.k8s.api.resource.v1.DeviceSelector", go: "v1.DeviceSelector", gvk: None, atomic: false, fields: &[
    Field { json: "cel", number: 1, ty: T::Message(&resource_v1::CEL_DEVICE_SELECTOR), go: "v1.CELDeviceSelector", pointer: true, ..F },
] };

pub static DEVICE_SUB_REQUEST: Type = Type { name: "io.k8s.api.resource.v1.DeviceSubRequest", go: "v1.DeviceSubRequest", gvk: None, atomic: false, fields: &[
    Field { json: "allocationMode", number: 4, ty: T::String, go: "v1.DeviceAllocationMode", ..F },
    Field { json: "capacity", number: 7, ty: T::Message(&resource_v1::CAPACITY_REQUIREMENTS), go: "v1.CapacityRequirements", pointer: true, ..F },
    Field { json: "count", number: 5, ty: T::Int64, go: "int64", ..F },
    Field { json: "deviceClassName", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "selectors", number: 3, ty: T::List(&T::Message(&resource_v1::DEVICE_SELECTOR)), go: "[]v1.DeviceSelector", list: L::Atomic, ..F },
    Field { json: "tolerations", number: 6, ty: T::List(&T::Message(&resource_v1::DEVICE_TOLERATION)), go: "[]v1.DeviceToleration", list: L::Atomic, ..F },
] };

pub static DEVICE_TAINT: Type = Type { name: "io.k8s.api.resource.v1.DeviceTaint", go: "v1.DeviceTaint", gvk: None, atomic: false, fields: &[
    Field { json: "effect", number: 3, ty: T::String, go: "v1.DeviceTaintEffect", required: true, omit: O::Never, enum_values: &["NoExecute", "NoSchedule", "None"], ..F },
    Field { json: "key", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "timeAdded", number: 4, ty: T::Time, go: "v1.Time", pointer: true, ..F },
    Field { json: "value", number: 2, ty: T::String, go: "string", ..F },
] };

pub static DEVICE_TOLERATION: Type = Type { name: "io.k8s.api.resource.v1.DeviceToleration", go: "v1.DeviceToleration", gvk: None, atomic: false, fields: &[
    Field { json: "effect", number: 4, ty: T::String, go: "v1.DeviceTaintEffect", enum_values: &["NoExecute", "NoSchedule", "None"], ..F },
    Field { json: "key", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "operator", number: 2, ty: T::String, go: "v1.DeviceTolerationOperator", default: Some("\"Equal\""), enum_values: &["Equal", "Exists"], ..F },
    Field { json: "tolerationSeconds", number: 5, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "value", number: 3, ty: T::String, go: "string", ..F },
] };

pub static EXACT_DEVICE_REQUEST: Type = Type { name: "io.k8s.api.resource.v1.ExactDeviceRequest", go: "v1.ExactDeviceRequest", gvk: None, atomic: false, fields: &[
    Field { json: "adminAccess", number: 5, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "allocationMode", number: 3, ty: T::String, go: "v1.DeviceAllocationMode", ..F },
    Field { json: "capacity", number: 7, ty: T::Message(&resource_v1::CAPACITY_REQUIREMENTS), go: "v1.CapacityRequirements", pointer: true, ..F },
    Field { json: "count", number: 4, ty: T::Int64, go: "int64", ..F },
    Field { json: "deviceClassName", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "selectors", number: 2, ty: T::List(&T::Message(&resource_v1::DEVICE_SELECTOR)), go: "[]v1.DeviceSelector", list: L::Atomic, ..F },
    Field { json: "tolerations", number: 6, ty: T::List(&T::Message(&resource_v1::DEVICE_TOLERATION)), go: "[]v1.DeviceToleration", list: L::Atomic, ..F },
] };

pub static NETWORK_DEVICE_DATA: Type = Type { name: "io.k8s.api.resource.v1.NetworkDeviceData", go: "v1.NetworkDeviceData", gvk: None, atomic: false, fields: &[
    Field { json: "hardwareAddress", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "interfaceName", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "ips", number: 2, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
] };

pub static NODE_ALLOCATABLE_RESOURCE_MAPPING: Type = Type { name: "io.k8s.api.resource.v1.NodeAllocatableResourceMapping", go: "v1.NodeAllocatableResourceMapping", gvk: None, atomic: false, fields: &[
    Field { json: "allocationMultiplier", number: 2, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
    Field { json: "capacityKey", number: 1, ty: T::String, go: "v1.QualifiedName", pointer: true, ..F },
] };

pub static OPAQUE_DEVICE_CONFIGURATION: Type = Type { name: "io.k8s.api.resource.v1.OpaqueDeviceConfiguration", go: "v1.OpaqueDeviceConfiguration", gvk: None, atomic: false, fields: &[
    Field { json: "driver", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "parameters", number: 2, ty: T::RawExtension, go: "runtime.RawExtension", required: true, omit: O::Never, ..F },
] };

pub static RESOURCE_CLAIM: Type = Type { name: "io.k8s.api.resource.v1.ResourceClaim", go: "v1.ResourceClaim", gvk: Some(("resource.k8s.io", "v1", "ResourceClaim")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&resource_v1::RESOURCE_CLAIM_SPEC), go: "v1.ResourceClaimSpec", required: true, omit: O::Never, ..F },
    Field { json: "status", number: 3, ty: T::Message(&resource_v1::RESOURCE_CLAIM_STATUS), go: "v1.ResourceClaimStatus", ..F },
] };

pub static RESOURCE_CLAIM_CONSUMER_REFERENCE: Type = Type { name: "io.k8s.api.resource.v1.ResourceClaimConsumerReference", go: "v1.ResourceClaimConsumerReference", gvk: None, atomic: false, fields: &[
    Field { json: "apiGroup", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "name", number: 4, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "resource", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "uid", number: 5, ty: T::String, go: "types.UID", required: true, omit: O::Never, ..F },
] };

pub static RESOURCE_CLAIM_LIST: Type = Type { name: "io.k8s.api.resource.v1.ResourceClaimList", go: "v1.ResourceClaimList", gvk: Some(("resource.k8s.io", "v1", "ResourceClaimList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&resource_v1::RESOURCE_CLAIM)), go: "[]v1.ResourceClaim", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static RESOURCE_CLAIM_SPEC: Type = Type { name: "io.k8s.api.resource.v1.ResourceClaimSpec", go: "v1.ResourceClaimSpec", gvk: None, atomic: false, fields: &[
    Field { json: "devices", number: 1, ty: T::Message(&resource_v1::DEVICE_CLAIM), go: "v1.DeviceClaim", omit: O::Never, ..F },
] };

pub static RESOURCE_CLAIM_STATUS: Type = Type { name: "io.k8s.api.resource.v1.ResourceClaimStatus", go: "v1.ResourceClaimStatus", gvk: None, atomic: false, fields: &[
    Field { json: "allocation", number: 1, ty: T::Message(&resource_v1::ALLOCATION_RESULT), go: "v1.AllocationResult", pointer: true, ..F },
    Field { json: "devices", number: 4, ty: T::List(&T::Message(&resource_v1::ALLOCATED_DEVICE_STATUS)), go: "[]v1.AllocatedDeviceStatus", list: L::Map(&["driver", "device", "pool", "shareID"]), ..F },
    Field { json: "reservedFor", number: 2, ty: T::List(&T::Message(&resource_v1::RESOURCE_CLAIM_CONSUMER_REFERENCE)), go: "[]v1.ResourceClaimConsumerReference", list: L::Map(&["uid"]), patch: Patch { merge: true, merge_key: Some("uid"), ..P }, ..F },
] };

pub static RESOURCE_CLAIM_TEMPLATE: Type = Type { name: "io.k8s.api.resource.v1.ResourceClaimTemplate", go: "v1.ResourceClaimTemplate", gvk: Some(("resource.k8s.io", "v1", "ResourceClaimTemplate")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&resource_v1::RESOURCE_CLAIM_TEMPLATE_SPEC), go: "v1.ResourceClaimTemplateSpec", required: true, omit: O::Never, ..F },
] };

pub static RESOURCE_CLAIM_TEMPLATE_LIST: Type = Type { name: "io.k8s.api.resource.v1.ResourceClaimTemplateList", go: "v1.ResourceClaimTemplateList", gvk: Some(("resource.k8s.io", "v1", "ResourceClaimTemplateList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&resource_v1::RESOURCE_CLAIM_TEMPLATE)), go: "[]v1.ResourceClaimTemplate", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static RESOURCE_CLAIM_TEMPLATE_SPEC: Type = Type { name: "io.k8s.api.resource.v1.ResourceClaimTemplateSpec", go: "v1.ResourceClaimTemplateSpec", gvk: None, atomic: false, fields: &[
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&resource_v1::RESOURCE_CLAIM_SPEC), go: "v1.ResourceClaimSpec", required: true, omit: O::Never, ..F },
] };

pub static RESOURCE_POOL: Type = Type { name: "io.k8s.api.resource.v1.ResourcePool", go: "v1.ResourcePool", gvk: None, atomic: false, fields: &[
    Field { json: "generation", number: 2, ty: T::Int64, go: "int64", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "resourceSliceCount", number: 3, ty: T::Int64, go: "int64", required: true, omit: O::Never, ..F },
] };

pub static RESOURCE_SLICE: Type = Type { name: "io.k8s.api.resource.v1.ResourceSlice", go: "v1.ResourceSlice", gvk: Some(("resource.k8s.io", "v1", "ResourceSlice")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&resource_v1::RESOURCE_SLICE_SPEC), go: "v1.ResourceSliceSpec", required: true, omit: O::Never, ..F },
] };

pub static RESOURCE_SLICE_LIST: Type = Type { name: "io.k8s.api.resource.v1.ResourceSliceList", go: "v1.ResourceSliceList", gvk: Some(("resource.k8s.io", "v1", "ResourceSliceList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&resource_v1::RESOURCE_SLICE)), go: "[]v1.ResourceSlice", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static RESOURCE_SLICE_SPEC: Type = Type { name: "io.k8s.api.resource.v1.ResourceSliceSpec", go: "v1.ResourceSliceSpec", gvk: None, atomic: false, fields: &[
    Field { json: "allNodes", number: 5, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "devices", number: 6, ty: T::List(&T::Message(&resource_v1::DEVICE)), go: "[]v1.Device", list: L::Atomic, ..F },
    Field { json: "driver", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "nodeName", number: 3, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "nodeSelector", number: 4, ty: T::Message(&core_v1::NODE_SELECTOR), go: "v1.NodeSelector", pointer: true, ..F },
    Field { json: "perDeviceNodeSelection", number: 7, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "pool", number: 2, ty: T::Message(&resource_v1::RESOURCE_POOL), go: "v1.ResourcePool", required: true, omit: O::Never, ..F },
    Field { json: "sharedCounters", number: 8, ty: T::List(&T::Message(&resource_v1::COUNTER_SET)), go: "[]v1.CounterSet", list: L::Atomic, ..F },
] };
