//! The types of `k8s.io/api/networking/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static HTTP_INGRESS_PATH: Type = Type { name: "io.k8s.api.networking.v1.HTTPIngressPath", go: "v1.HTTPIngressPath", gvk: None, atomic: false, fields: &[
    Field { json: "backend", number: 2, ty: T::Message(&networking_v1::INGRESS_BACKEND), go: "v1.IngressBackend", required: true, omit: O::Never, ..F },
    Field { json: "path", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "pathType", number: 3, ty: T::String, go: "v1.PathType", required: true, pointer: true, omit: O::Never, ..F },
] };

pub static HTTP_INGRESS_RULE_VALUE: Type = Type { name: "io.k8s.api.networking.v1.HTTPIngressRuleValue", go: "v1.HTTPIngressRuleValue", gvk: None, atomic: false, fields: &[
    Field { json: "paths", number: 1, ty: T::List(&T::Message(&networking_v1::HTTP_INGRESS_PATH)), go: "[]v1.HTTPIngressPath", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static IP_ADDRESS: Type = Type { name: "io.k8s.api.networking.v1.IPAddress", go: "v1.IPAddress", gvk: Some(("networking.k8s.io", "v1", "IPAddress")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&networking_v1::IP_ADDRESS_SPEC), go: "v1.IPAddressSpec", required: true, ..F },
] };

pub static IP_ADDRESS_LIST: Type = Type { name: "io.k8s.api.networking.v1.IPAddressList", go: "v1.IPAddressList", gvk: Some(("networking.k8s.io", "v1", "IPAddressList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&networking_v1::IP_ADDRESS)), go: "[]v1.IPAddress", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static IP_ADDRESS_SPEC: Type = Type { name: "io.k8s.api.networking.v1.IPAddressSpec", go: "v1.IPAddressSpec", gvk: None, atomic: false, fields: &[
    Field { json: "parentRef", number: 1, ty: T::Message(&networking_v1::PARENT_REFERENCE), go: "v1.ParentReference", required: true, pointer: true, ..F },
] };

pub static IP_BLOCK: Type = Type { name: "io.k8s.api.networking.v1.IPBlock", go: "v1.IPBlock", gvk: None, atomic: false, fields: &[
    Field { json: "cidr", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "except", number: 2, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
] };

pub static INGRESS: Type = Type { name: "io.k8s.api.networking.v1.Ingress", go: "v1.Ingress", gvk: Some(("networking.k8s.io", "v1", "Ingress")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&networking_v1::INGRESS_SPEC), go: "v1.IngressSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&networking_v1::INGRESS_STATUS), go: "v1.IngressStatus", ..F },
] };

pub static INGRESS_BACKEND: Type = Type { name: "io.k8s.api.networking.v1.IngressBackend", go: "v1.IngressBackend", gvk: None, atomic: false, fields: &[
    Field { json: "resource", number: 3, ty: T::Message(&core_v1::TYPED_LOCAL_OBJECT_REFERENCE), go: "v1.TypedLocalObjectReference", pointer: true, ..F },
    Field { json: "service", number: 4, ty: T::Message(&networking_v1::INGRESS_SERVICE_BACKEND), go: "v1.IngressServiceBackend", pointer: true, ..F },
] };

pub static INGRESS_CLASS: Type = Type { name: "io.k8s.api.networking.v1.IngressClass", go: "v1.IngressClass", gvk: Some(("networking.k8s.io", "v1", "IngressClass")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&networking_v1::INGRESS_CLASS_SPEC), go: "v1.IngressClassSpec", ..F },
] };

pub static INGRESS_CLASS_LIST: Type = Type { name: "io.k8s.api.networking.v1.IngressClassList", go: "v1.IngressClassList", gvk: Some(("networking.k8s.io", "v1", "IngressClassList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&networking_v1::INGRESS_CLASS)), go: "[]v1.IngressClass", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static INGRESS_CLASS_PARAMETERS_REFERENCE: Type = Type { name: "io.k8s.api.networking.v1.IngressClassParametersReference", go: "v1.IngressClassParametersReference", gvk: None, atomic: false, fields: &[
    Field { json: "apiGroup", number: 1, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "kind", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "namespace", number: 5, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "scope", number: 4, ty: T::String, go: "string", pointer: true, omit: O::Never, ..F },
] };

pub static INGRESS_CLASS_SPEC: Type = Type { name: "io.k8s.api.networking.v1.IngressClassSpec", go: "v1.IngressClassSpec", gvk: None, atomic: false, fields: &[
    Field { json: "controller", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "parameters", number: 2, ty: T::Message(&networking_v1::INGRESS_CLASS_PARAMETERS_REFERENCE), go: "v1.IngressClassParametersReference", pointer: true, ..F },
] };

pub static INGRESS_LIST: Type = Type { name: "io.k8s.api.networking.v1.IngressList", go: "v1.IngressList", gvk: Some(("networking.k8s.io", "v1", "IngressList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&networking_v1::INGRESS)), go: "[]v1.Ingress", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static INGRESS_LOAD_BALANCER_INGRESS: Type = Type { name: "io.k8s.api.networking.v1.IngressLoadBalancerIngress", go: "v1.IngressLoadBalancerIngress", gvk: None, atomic: false, fields: &[
    Field { json: "hostname", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "ip", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "ports", number: 4, ty: T::List(&T::Message(&networking_v1::INGRESS_PORT_STATUS)), go: "[]v1.IngressPortStatus", list: L::Atomic, ..F },
] };

pub static INGRESS_LOAD_BALANCER_STATUS: Type = Type { name: "io.k8s.api.networking.v1.IngressLoadBalancerStatus", go: "v1.IngressLoadBalancerStatus", gvk: None, atomic: false, fields: &[
    Field { json: "ingress", number: 1, ty: T::List(&T::Message(&networking_v1::INGRESS_LOAD_BALANCER_INGRESS)), go: "[]v1.IngressLoadBalancerIngress", list: L::Atomic, ..F },
] };

pub static INGRESS_PORT_STATUS: Type = Type { name: "io.k8s.api.networking.v1.IngressPortStatus", go: "v1.IngressPortStatus", gvk: None, atomic: false, fields: &[
    Field { json: "error", number: 3, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "port", number: 1, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "protocol", number: 2, ty: T::String, go: "v1.Protocol", required: true, omit: O::Never, enum_values: &["SCTP", "TCP", "UDP"], ..F },
] };

pub static INGRESS_RULE: Type = Type { name: "io.k8s.api.networking.v1.IngressRule", go: "v1.IngressRule", gvk: None, atomic: false, fields: &[
    Field { json: "host", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "http", number: 1, ty: T::Message(&networking_v1::HTTP_INGRESS_RULE_VALUE), go: "v1.HTTPIngressRuleValue", through: &[2], pointer: true, ..F },
] };

pub static INGRESS_RULE_VALUE: Type = Type { name: "io.k8s.api.networking.v1.IngressRuleValue", go: "v1.IngressRuleValue", gvk: None, atomic: false, fields: &[
    Field { json: "http", number: 1, ty: T::Message(&networking_v1::HTTP_INGRESS_RULE_VALUE), go: "v1.HTTPIngressRuleValue", pointer: true, ..F },
] };

pub static INGRESS_SERVICE_BACKEND: Type = Type { name: "io.k8s.api.networking.v1.IngressServiceBackend", go: "v1.IngressServiceBackend", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "port", number: 2, ty: T::Message(&networking_v1::SERVICE_BACKEND_PORT), go: "v1.ServiceBackendPort", ..F },
] };

pub static INGRESS_SPEC: Type = Type { name: "io.k8s.api.networking.v1.IngressSpec", go: "v1.IngressSpec", gvk: None, atomic: false, fields: &[
    Field { json: "defaultBackend", number: 1, ty: T::Message(&networking_v1::INGRESS_BACKEND), go: "v1.IngressBackend", pointer: true, ..F },
    Field { json: "ingressClassName", number: 4, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "rules", number: 3, ty: T::List(&T::Message(&networking_v1::INGRESS_RULE)), go: "[]v1.IngressRule", list: L::Atomic, ..F },
    Field { json: "tls", number: 2, ty: T::List(&T::Message(&networking_v1::INGRESS_TLS)), go: "[]v1.IngressTLS", list: L::Atomic, ..F },
] };

pub static INGRESS_STATUS: Type = Type { name: "io.k8s.api.networking.v1.IngressStatus", go: "v1.IngressStatus", gvk: None, atomic: false, fields: &[
    Field { json: "loadBalancer", number: 1, ty: T::Message(&networking_v1::INGRESS_LOAD_BALANCER_STATUS), go: "v1.IngressLoadBalancerStatus", ..F },
] };

pub static INGRESS_TLS: Type = Type { name: "io.k8s.api.networking.v1.IngressTLS", go: "v1.IngressTLS", gvk: None, atomic: false, fields: &[
    Field { json: "hosts", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "secretName", number: 2, ty: T::String, go: "string", ..F },
] };

pub static NETWORK_POLICY: Type = Type { name: "io.k8s.api.networking.v1.NetworkPolicy", go: "v1.NetworkPolicy", gvk: Some(("networking.k8s.io", "v1", "NetworkPolicy")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&networking_v1::NETWORK_POLICY_SPEC), go: "v1.NetworkPolicySpec", ..F },
] };

pub static NETWORK_POLICY_EGRESS_RULE: Type = Type { name: "io.k8s.api.networking.v1.NetworkPolicyEgressRule", go: "v1.NetworkPolicyEgressRule", gvk: None, atomic: false, fields: &[
    Field { json: "ports", number: 1, ty: T::List(&T::Message(&networking_v1::NETWORK_POLICY_PORT)), go: "[]v1.NetworkPolicyPort", list: L::Atomic, ..F },
    Field { json: "to", number: 2, ty: T::List(&T::Message(&networking_v1::NETWORK_POLICY_PEER)), go: "[]v1.NetworkPolicyPeer", list: L::Atomic, ..F },
] };

pub static NETWORK_POLICY_INGRESS_RULE: Type = Type { name: "io.k8s.api.networking.v1.NetworkPolicyIngressRule", go: "v1.NetworkPolicyIngressRule", gvk: None, atomic: false, fields: &[
    Field { json: "from", number: 2, ty: T::List(&T::Message(&networking_v1::NETWORK_POLICY_PEER)), go: "[]v1.NetworkPolicyPeer", list: L::Atomic, ..F },
    Field { json: "ports", number: 1, ty: T::List(&T::Message(&networking_v1::NETWORK_POLICY_PORT)), go: "[]v1.NetworkPolicyPort", list: L::Atomic, ..F },
] };

pub static NETWORK_POLICY_LIST: Type = Type { name: "io.k8s.api.networking.v1.NetworkPolicyList", go: "v1.NetworkPolicyList", gvk: Some(("networking.k8s.io", "v1", "NetworkPolicyList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&networking_v1::NETWORK_POLICY)), go: "[]v1.NetworkPolicy", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static NETWORK_POLICY_PEER: Type = Type { name: "io.k8s.api.networking.v1.NetworkPolicyPeer", go: "v1.NetworkPolicyPeer", gvk: None, atomic: false, fields: &[
    Field { json: "ipBlock", number: 3, ty: T::Message(&networking_v1::IP_BLOCK), go: "v1.IPBlock", pointer: true, ..F },
    Field { json: "namespaceSelector", number: 2, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "podSelector", number: 1, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
] };

pub static NETWORK_POLICY_PORT: Type = Type { name: "io.k8s.api.networking.v1.NetworkPolicyPort", go: "v1.NetworkPolicyPort", gvk: None, atomic: false, fields: &[
    Field { json: "endPort", number: 3, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "port", number: 2, ty: T::IntOrString, go: "intstr.IntOrString", pointer: true, ..F },
    Field { json: "protocol", number: 1, ty: T::String, go: "v1.Protocol", pointer: true, enum_values: &["SCTP", "TCP", "UDP"], ..F },
] };

pub static NETWORK_POLICY_SPEC: Type = Type { name: "io.k8s.api.networking.v1.NetworkPolicySpec", go: "v1.NetworkPolicySpec", gvk: None, atomic: false, fields: &[
    Field { json: "egress", number: 3, ty: T::List(&T::Message(&networking_v1::NETWORK_POLICY_EGRESS_RULE)), go: "[]v1.NetworkPolicyEgressRule", list: L::Atomic, ..F },
    Field { json: "ingress", number: 2, ty: T::List(&T::Message(&networking_v1::NETWORK_POLICY_INGRESS_RULE)), go: "[]v1.NetworkPolicyIngressRule", list: L::Atomic, ..F },
    Field { json: "podSelector", number: 1, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", omit: O::Never, ..F },
    Field { json: "policyTypes", number: 4, ty: T::List(&T::String), go: "[]v1.PolicyType", list: L::Atomic, enum_values: &["Egress", "Ingress"], ..F },
] };

pub static PARENT_REFERENCE: Type = Type { name: "io.k8s.api.networking.v1.ParentReference", go: "v1.ParentReference", gvk: None, atomic: false, fields: &[
    Field { json: "group", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "name", number: 4, ty: T::String, go: "string", required: true, ..F },
    Field { json: "namespace", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "resource", number: 2, ty: T::String, go: "string", required: true, ..F },
] };

pub static SERVICE_BACKEND_PORT: Type = Type { name: "io.k8s.api.networking.v1.ServiceBackendPort", go: "v1.ServiceBackendPort", gvk: None, atomic: true, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "number", number: 2, ty: T::Int32, go: "int32", ..F },
] };

pub static SERVICE_CIDR: Type = Type { name: "io.k8s.api.networking.v1.ServiceCIDR", go: "v1.ServiceCIDR", gvk: Some(("networking.k8s.io", "v1", "ServiceCIDR")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&networking_v1::SERVICE_CIDR_SPEC), go: "v1.ServiceCIDRSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&networking_v1::SERVICE_CIDR_STATUS), go: "v1.ServiceCIDRStatus", ..F },
] };

pub static SERVICE_CIDR_LIST: Type = Type { name: "io.k8s.api.networking.v1.ServiceCIDRList", go: "v1.ServiceCIDRList", gvk: Some(("networking.k8s.io", "v1", "ServiceCIDRList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&networking_v1::SERVICE_CIDR)), go: "[]v1.ServiceCIDR", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static SERVICE_CIDR_SPEC: Type = Type { name: "io.k8s.api.networking.v1.ServiceCIDRSpec", go: "v1.ServiceCIDRSpec", gvk: None, atomic: false, fields: &[
    Field { json: "cidrs", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
] };

pub static SERVICE_CIDR_STATUS: Type = Type { name: "io.k8s.api.networking.v1.ServiceCIDRStatus", go: "v1.ServiceCIDRStatus", gvk: None, atomic: false, fields: &[
    Field { json: "conditions", number: 1, ty: T::List(&T::Message(&meta_v1::CONDITION)), go: "[]v1.Condition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
] };
