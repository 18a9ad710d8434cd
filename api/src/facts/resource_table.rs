//! Every resource that Kubernetes 1.36 serves by default, with its names, scope, verbs and subresources.
//!
//! Upstream says these in Go code (`pkg/registry/*/*/storage`), not in markers, so they are told here by hand. A test holds
//! them against the published OpenAPI document where that is at hand.

use super::generated::{
    admissionregistration_v1, apiextensions_v1, apiregistration_v1, apps_v1, authentication_v1,
    authorization_v1, autoscaling_v1, autoscaling_v2, batch_v1, certificates_v1, coordination_v1,
    core_v1, discovery_v1, events_v1, flowcontrol_v1, networking_v1, node_v1, policy_v1, rbac_v1,
    resource_v1, scheduling_v1, storage_v1,
};
use super::{Resource, Subresource, Type};

const ALL: &[&str] = &[
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];
const NO_COLLECTION: &[&str] = &[
    "create", "delete", "get", "list", "patch", "update", "watch",
];
const READ: &[&str] = &["get", "list"];
const CREATE: &[&str] = &["create"];
const GET: &[&str] = &["get"];
const UPDATE: &[&str] = &["update"];
const PART: &[&str] = &["get", "patch", "update"];
const STREAM: &[&str] = &["create", "get"];
const PROXY: &[&str] = &["create", "delete", "get", "patch", "update"];

type Gv = (&'static str, &'static str);

/// A resource with every verb and nothing special.
const fn all(
    gv: Gv,
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    ty: &'static Type,
) -> Resource {
    Resource {
        group: gv.0,
        version: gv.1,
        kind,
        plural,
        singular,
        short_names: &[],
        categories: &[],
        namespaced: true,
        verbs: ALL,
        ty,
        subresources: &[],
    }
}

/// A resource that can only be created: a question with its answer.
const fn review(
    gv: Gv,
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    ty: &'static Type,
) -> Resource {
    Resource {
        namespaced: false,
        verbs: CREATE,
        ..all(gv, kind, plural, singular, ty)
    }
}

/// A resource outside namespaces, with every verb.
const fn cluster(
    gv: Gv,
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    ty: &'static Type,
) -> Resource {
    Resource {
        namespaced: false,
        ..all(gv, kind, plural, singular, ty)
    }
}

/// A subresource that reads and writes a part of the object.
const fn part(name: &'static str, gv: Gv, kind: &'static str, ty: &'static Type) -> Subresource {
    Subresource {
        name,
        gvk: (gv.0, gv.1, kind),
        verbs: PART,
        ty: Some(ty),
    }
}

/// A subresource that is a stream or a proxy; its kind names the options in the query.
const fn connect(
    name: &'static str,
    kind: &'static str,
    verbs: &'static [&'static str],
) -> Subresource {
    Subresource {
        name,
        gvk: ("", "v1", kind),
        verbs,
        ty: None,
    }
}

const SCALE: Subresource = part(
    "scale",
    ("autoscaling", "v1"),
    "Scale",
    &autoscaling_v1::SCALE,
);

const CORE_V1: Gv = ("", "v1");
const ADMISSIONREGISTRATION_V1: Gv = ("admissionregistration.k8s.io", "v1");
const APIEXTENSIONS_V1: Gv = ("apiextensions.k8s.io", "v1");
const APIREGISTRATION_V1: Gv = ("apiregistration.k8s.io", "v1");
const APPS_V1: Gv = ("apps", "v1");
const AUTHENTICATION_V1: Gv = ("authentication.k8s.io", "v1");
const AUTHORIZATION_V1: Gv = ("authorization.k8s.io", "v1");
const AUTOSCALING_V1: Gv = ("autoscaling", "v1");
const AUTOSCALING_V2: Gv = ("autoscaling", "v2");
const BATCH_V1: Gv = ("batch", "v1");
const CERTIFICATES_V1: Gv = ("certificates.k8s.io", "v1");
const COORDINATION_V1: Gv = ("coordination.k8s.io", "v1");
const DISCOVERY_V1: Gv = ("discovery.k8s.io", "v1");
const EVENTS_V1: Gv = ("events.k8s.io", "v1");
const FLOWCONTROL_V1: Gv = ("flowcontrol.apiserver.k8s.io", "v1");
const NETWORKING_V1: Gv = ("networking.k8s.io", "v1");
const NODE_V1: Gv = ("node.k8s.io", "v1");
const POLICY_V1: Gv = ("policy", "v1");
const RBAC_V1: Gv = ("rbac.authorization.k8s.io", "v1");
const RESOURCE_V1: Gv = ("resource.k8s.io", "v1");
const SCHEDULING_V1: Gv = ("scheduling.k8s.io", "v1");
const STORAGE_V1: Gv = ("storage.k8s.io", "v1");

/// Every resource, by group, version and plural. A table: one line for each.
#[rustfmt::skip]
pub static RESOURCES: &[Resource] = &[
    // core/v1
    Resource { namespaced: true, ..review(CORE_V1, "Binding", "bindings", "binding", &core_v1::BINDING) },
    Resource { verbs: READ, short_names: &["cs"], ..cluster(CORE_V1, "ComponentStatus", "componentstatuses", "componentstatus", &core_v1::COMPONENT_STATUS) },
    Resource { short_names: &["cm"], ..all(CORE_V1, "ConfigMap", "configmaps", "configmap", &core_v1::CONFIG_MAP) },
    Resource { short_names: &["ep"], ..all(CORE_V1, "Endpoints", "endpoints", "endpoints", &core_v1::ENDPOINTS) },
    Resource { short_names: &["ev"], ..all(CORE_V1, "Event", "events", "event", &core_v1::EVENT) },
    Resource { short_names: &["limits"], ..all(CORE_V1, "LimitRange", "limitranges", "limitrange", &core_v1::LIMIT_RANGE) },
    Resource { verbs: NO_COLLECTION, short_names: &["ns"], subresources: &[Subresource { verbs: UPDATE, ..part("finalize", CORE_V1, "Namespace", &core_v1::NAMESPACE) }, part("status", CORE_V1, "Namespace", &core_v1::NAMESPACE)], ..cluster(CORE_V1, "Namespace", "namespaces", "namespace", &core_v1::NAMESPACE) },
    Resource { short_names: &["no"], subresources: &[connect("proxy", "NodeProxyOptions", PROXY), part("status", CORE_V1, "Node", &core_v1::NODE)], ..cluster(CORE_V1, "Node", "nodes", "node", &core_v1::NODE) },
    Resource { short_names: &["pvc"], subresources: &[part("status", CORE_V1, "PersistentVolumeClaim", &core_v1::PERSISTENT_VOLUME_CLAIM)], ..all(CORE_V1, "PersistentVolumeClaim", "persistentvolumeclaims", "persistentvolumeclaim", &core_v1::PERSISTENT_VOLUME_CLAIM) },
    Resource { short_names: &["pv"], subresources: &[part("status", CORE_V1, "PersistentVolume", &core_v1::PERSISTENT_VOLUME)], ..cluster(CORE_V1, "PersistentVolume", "persistentvolumes", "persistentvolume", &core_v1::PERSISTENT_VOLUME) },
    Resource { short_names: &["po"], categories: &["all"], subresources: &[connect("attach", "PodAttachOptions", STREAM), Subresource { verbs: CREATE, ..part("binding", CORE_V1, "Binding", &core_v1::BINDING) }, part("ephemeralcontainers", CORE_V1, "Pod", &core_v1::POD), Subresource { verbs: CREATE, ..part("eviction", POLICY_V1, "Eviction", &policy_v1::EVICTION) }, connect("exec", "PodExecOptions", STREAM), connect("log", "Pod", GET), connect("portforward", "PodPortForwardOptions", STREAM), connect("proxy", "PodProxyOptions", PROXY), part("resize", CORE_V1, "Pod", &core_v1::POD), part("status", CORE_V1, "Pod", &core_v1::POD)], ..all(CORE_V1, "Pod", "pods", "pod", &core_v1::POD) },
    all(CORE_V1, "PodTemplate", "podtemplates", "podtemplate", &core_v1::POD_TEMPLATE),
    Resource { short_names: &["rc"], categories: &["all"], subresources: &[SCALE, part("status", CORE_V1, "ReplicationController", &core_v1::REPLICATION_CONTROLLER)], ..all(CORE_V1, "ReplicationController", "replicationcontrollers", "replicationcontroller", &core_v1::REPLICATION_CONTROLLER) },
    Resource { short_names: &["quota"], subresources: &[part("status", CORE_V1, "ResourceQuota", &core_v1::RESOURCE_QUOTA)], ..all(CORE_V1, "ResourceQuota", "resourcequotas", "resourcequota", &core_v1::RESOURCE_QUOTA) },
    all(CORE_V1, "Secret", "secrets", "secret", &core_v1::SECRET),
    Resource { short_names: &["sa"], subresources: &[Subresource { verbs: CREATE, ..part("token", AUTHENTICATION_V1, "TokenRequest", &authentication_v1::TOKEN_REQUEST) }], ..all(CORE_V1, "ServiceAccount", "serviceaccounts", "serviceaccount", &core_v1::SERVICE_ACCOUNT) },
    Resource { short_names: &["svc"], categories: &["all"], subresources: &[connect("proxy", "ServiceProxyOptions", PROXY), part("status", CORE_V1, "Service", &core_v1::SERVICE)], ..all(CORE_V1, "Service", "services", "service", &core_v1::SERVICE) },
    // admissionregistration.k8s.io/v1
    Resource { categories: &["api-extensions"], ..cluster(ADMISSIONREGISTRATION_V1, "MutatingAdmissionPolicy", "mutatingadmissionpolicies", "mutatingadmissionpolicy", &admissionregistration_v1::MUTATING_ADMISSION_POLICY) },
    Resource { categories: &["api-extensions"], ..cluster(ADMISSIONREGISTRATION_V1, "MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings", "mutatingadmissionpolicybinding", &admissionregistration_v1::MUTATING_ADMISSION_POLICY_BINDING) },
    Resource { categories: &["api-extensions"], ..cluster(ADMISSIONREGISTRATION_V1, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", "mutatingwebhookconfiguration", &admissionregistration_v1::MUTATING_WEBHOOK_CONFIGURATION) },
    Resource { categories: &["api-extensions"], subresources: &[part("status", ADMISSIONREGISTRATION_V1, "ValidatingAdmissionPolicy", &admissionregistration_v1::VALIDATING_ADMISSION_POLICY)], ..cluster(ADMISSIONREGISTRATION_V1, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", "validatingadmissionpolicy", &admissionregistration_v1::VALIDATING_ADMISSION_POLICY) },
    Resource { categories: &["api-extensions"], ..cluster(ADMISSIONREGISTRATION_V1, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", "validatingadmissionpolicybinding", &admissionregistration_v1::VALIDATING_ADMISSION_POLICY_BINDING) },
    Resource { categories: &["api-extensions"], ..cluster(ADMISSIONREGISTRATION_V1, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", "validatingwebhookconfiguration", &admissionregistration_v1::VALIDATING_WEBHOOK_CONFIGURATION) },
    // apiextensions.k8s.io/v1
    Resource { short_names: &["crd", "crds"], categories: &["api-extensions"], subresources: &[part("status", APIEXTENSIONS_V1, "CustomResourceDefinition", &apiextensions_v1::CUSTOM_RESOURCE_DEFINITION)], ..cluster(APIEXTENSIONS_V1, "CustomResourceDefinition", "customresourcedefinitions", "customresourcedefinition", &apiextensions_v1::CUSTOM_RESOURCE_DEFINITION) },
    // apiregistration.k8s.io/v1
    Resource { categories: &["api-extensions"], subresources: &[part("status", APIREGISTRATION_V1, "APIService", &apiregistration_v1::API_SERVICE)], ..cluster(APIREGISTRATION_V1, "APIService", "apiservices", "apiservice", &apiregistration_v1::API_SERVICE) },
    // apps/v1
    all(APPS_V1, "ControllerRevision", "controllerrevisions", "controllerrevision", &apps_v1::CONTROLLER_REVISION),
    Resource { short_names: &["ds"], categories: &["all"], subresources: &[part("status", APPS_V1, "DaemonSet", &apps_v1::DAEMON_SET)], ..all(APPS_V1, "DaemonSet", "daemonsets", "daemonset", &apps_v1::DAEMON_SET) },
    Resource { short_names: &["deploy"], categories: &["all"], subresources: &[SCALE, part("status", APPS_V1, "Deployment", &apps_v1::DEPLOYMENT)], ..all(APPS_V1, "Deployment", "deployments", "deployment", &apps_v1::DEPLOYMENT) },
    Resource { short_names: &["rs"], categories: &["all"], subresources: &[SCALE, part("status", APPS_V1, "ReplicaSet", &apps_v1::REPLICA_SET)], ..all(APPS_V1, "ReplicaSet", "replicasets", "replicaset", &apps_v1::REPLICA_SET) },
    Resource { short_names: &["sts"], categories: &["all"], subresources: &[SCALE, part("status", APPS_V1, "StatefulSet", &apps_v1::STATEFUL_SET)], ..all(APPS_V1, "StatefulSet", "statefulsets", "statefulset", &apps_v1::STATEFUL_SET) },
    // authentication.k8s.io/v1
    review(AUTHENTICATION_V1, "SelfSubjectReview", "selfsubjectreviews", "selfsubjectreview", &authentication_v1::SELF_SUBJECT_REVIEW),
    review(AUTHENTICATION_V1, "TokenReview", "tokenreviews", "tokenreview", &authentication_v1::TOKEN_REVIEW),
    // authorization.k8s.io/v1
    Resource { namespaced: true, ..review(AUTHORIZATION_V1, "LocalSubjectAccessReview", "localsubjectaccessreviews", "localsubjectaccessreview", &authorization_v1::LOCAL_SUBJECT_ACCESS_REVIEW) },
    review(AUTHORIZATION_V1, "SelfSubjectAccessReview", "selfsubjectaccessreviews", "selfsubjectaccessreview", &authorization_v1::SELF_SUBJECT_ACCESS_REVIEW),
    review(AUTHORIZATION_V1, "SelfSubjectRulesReview", "selfsubjectrulesreviews", "selfsubjectrulesreview", &authorization_v1::SELF_SUBJECT_RULES_REVIEW),
    review(AUTHORIZATION_V1, "SubjectAccessReview", "subjectaccessreviews", "subjectaccessreview", &authorization_v1::SUBJECT_ACCESS_REVIEW),
    // autoscaling/v1
    Resource { short_names: &["hpa"], categories: &["all"], subresources: &[part("status", AUTOSCALING_V1, "HorizontalPodAutoscaler", &autoscaling_v1::HORIZONTAL_POD_AUTOSCALER)], ..all(AUTOSCALING_V1, "HorizontalPodAutoscaler", "horizontalpodautoscalers", "horizontalpodautoscaler", &autoscaling_v1::HORIZONTAL_POD_AUTOSCALER) },
    // autoscaling/v2
    Resource { short_names: &["hpa"], categories: &["all"], subresources: &[part("status", AUTOSCALING_V2, "HorizontalPodAutoscaler", &autoscaling_v2::HORIZONTAL_POD_AUTOSCALER)], ..all(AUTOSCALING_V2, "HorizontalPodAutoscaler", "horizontalpodautoscalers", "horizontalpodautoscaler", &autoscaling_v2::HORIZONTAL_POD_AUTOSCALER) },
    // batch/v1
    Resource { short_names: &["cj"], categories: &["all"], subresources: &[part("status", BATCH_V1, "CronJob", &batch_v1::CRON_JOB)], ..all(BATCH_V1, "CronJob", "cronjobs", "cronjob", &batch_v1::CRON_JOB) },
    Resource { categories: &["all"], subresources: &[part("status", BATCH_V1, "Job", &batch_v1::JOB)], ..all(BATCH_V1, "Job", "jobs", "job", &batch_v1::JOB) },
    // certificates.k8s.io/v1
    Resource { short_names: &["csr"], subresources: &[part("approval", CERTIFICATES_V1, "CertificateSigningRequest", &certificates_v1::CERTIFICATE_SIGNING_REQUEST), part("status", CERTIFICATES_V1, "CertificateSigningRequest", &certificates_v1::CERTIFICATE_SIGNING_REQUEST)], ..cluster(CERTIFICATES_V1, "CertificateSigningRequest", "certificatesigningrequests", "certificatesigningrequest", &certificates_v1::CERTIFICATE_SIGNING_REQUEST) },
    // coordination.k8s.io/v1
    all(COORDINATION_V1, "Lease", "leases", "lease", &coordination_v1::LEASE),
    // discovery.k8s.io/v1
    all(DISCOVERY_V1, "EndpointSlice", "endpointslices", "endpointslice", &discovery_v1::ENDPOINT_SLICE),
    // events.k8s.io/v1
    Resource { short_names: &["ev"], ..all(EVENTS_V1, "Event", "events", "event", &events_v1::EVENT) },
    // flowcontrol.apiserver.k8s.io/v1
    Resource { subresources: &[part("status", FLOWCONTROL_V1, "FlowSchema", &flowcontrol_v1::FLOW_SCHEMA)], ..cluster(FLOWCONTROL_V1, "FlowSchema", "flowschemas", "flowschema", &flowcontrol_v1::FLOW_SCHEMA) },
    Resource { subresources: &[part("status", FLOWCONTROL_V1, "PriorityLevelConfiguration", &flowcontrol_v1::PRIORITY_LEVEL_CONFIGURATION)], ..cluster(FLOWCONTROL_V1, "PriorityLevelConfiguration", "prioritylevelconfigurations", "prioritylevelconfiguration", &flowcontrol_v1::PRIORITY_LEVEL_CONFIGURATION) },
    // networking.k8s.io/v1
    cluster(NETWORKING_V1, "IngressClass", "ingressclasses", "ingressclass", &networking_v1::INGRESS_CLASS),
    Resource { short_names: &["ing"], subresources: &[part("status", NETWORKING_V1, "Ingress", &networking_v1::INGRESS)], ..all(NETWORKING_V1, "Ingress", "ingresses", "ingress", &networking_v1::INGRESS) },
    Resource { short_names: &["ip"], ..cluster(NETWORKING_V1, "IPAddress", "ipaddresses", "ipaddress", &networking_v1::IP_ADDRESS) },
    Resource { short_names: &["netpol"], ..all(NETWORKING_V1, "NetworkPolicy", "networkpolicies", "networkpolicy", &networking_v1::NETWORK_POLICY) },
    Resource { subresources: &[part("status", NETWORKING_V1, "ServiceCIDR", &networking_v1::SERVICE_CIDR)], ..cluster(NETWORKING_V1, "ServiceCIDR", "servicecidrs", "servicecidr", &networking_v1::SERVICE_CIDR) },
    // node.k8s.io/v1
    cluster(NODE_V1, "RuntimeClass", "runtimeclasses", "runtimeclass", &node_v1::RUNTIME_CLASS),
    // policy/v1
    Resource { short_names: &["pdb"], subresources: &[part("status", POLICY_V1, "PodDisruptionBudget", &policy_v1::POD_DISRUPTION_BUDGET)], ..all(POLICY_V1, "PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget", &policy_v1::POD_DISRUPTION_BUDGET) },
    // rbac.authorization.k8s.io/v1
    cluster(RBAC_V1, "ClusterRoleBinding", "clusterrolebindings", "clusterrolebinding", &rbac_v1::CLUSTER_ROLE_BINDING),
    cluster(RBAC_V1, "ClusterRole", "clusterroles", "clusterrole", &rbac_v1::CLUSTER_ROLE),
    all(RBAC_V1, "RoleBinding", "rolebindings", "rolebinding", &rbac_v1::ROLE_BINDING),
    all(RBAC_V1, "Role", "roles", "role", &rbac_v1::ROLE),
    // resource.k8s.io/v1
    cluster(RESOURCE_V1, "DeviceClass", "deviceclasses", "deviceclass", &resource_v1::DEVICE_CLASS),
    Resource { subresources: &[part("status", RESOURCE_V1, "ResourceClaim", &resource_v1::RESOURCE_CLAIM)], ..all(RESOURCE_V1, "ResourceClaim", "resourceclaims", "resourceclaim", &resource_v1::RESOURCE_CLAIM) },
    all(RESOURCE_V1, "ResourceClaimTemplate", "resourceclaimtemplates", "resourceclaimtemplate", &resource_v1::RESOURCE_CLAIM_TEMPLATE),
    cluster(RESOURCE_V1, "ResourceSlice", "resourceslices", "resourceslice", &resource_v1::RESOURCE_SLICE),
    // scheduling.k8s.io/v1
    Resource { short_names: &["pc"], ..cluster(SCHEDULING_V1, "PriorityClass", "priorityclasses", "priorityclass", &scheduling_v1::PRIORITY_CLASS) },
    // storage.k8s.io/v1
    cluster(STORAGE_V1, "CSIDriver", "csidrivers", "csidriver", &storage_v1::CSI_DRIVER),
    cluster(STORAGE_V1, "CSINode", "csinodes", "csinode", &storage_v1::CSI_NODE),
    all(STORAGE_V1, "CSIStorageCapacity", "csistoragecapacities", "csistoragecapacity", &storage_v1::CSI_STORAGE_CAPACITY),
    Resource { short_names: &["sc"], ..cluster(STORAGE_V1, "StorageClass", "storageclasses", "storageclass", &storage_v1::STORAGE_CLASS) },
    Resource { subresources: &[part("status", STORAGE_V1, "VolumeAttachment", &storage_v1::VOLUME_ATTACHMENT)], ..cluster(STORAGE_V1, "VolumeAttachment", "volumeattachments", "volumeattachment", &storage_v1::VOLUME_ATTACHMENT) },
    Resource { short_names: &["vac"], ..cluster(STORAGE_V1, "VolumeAttributesClass", "volumeattributesclasses", "volumeattributesclass", &storage_v1::VOLUME_ATTRIBUTES_CLASS) },
];
