//! The fixed defaults of upstream's `SetDefaults_*` functions: type, then field and JSON. Sorted by type.
//!
//! A path of two names is a default that holds only below that parent (a Pod's, not a template's).

/// The defaults of one type.
pub(super) type Rule = (&'static str, &'static [(&'static str, &'static str)]);

/// The rules of a type; most have none.
pub(super) fn of(name: &str) -> &'static [(&'static str, &'static str)] {
    RULES
        .binary_search_by(|r| r.0.cmp(name))
        .map(|i| RULES[i].1)
        .unwrap_or_default()
}

#[rustfmt::skip]
pub(super) static RULES: &[Rule] = &[
    ("io.k8s.api.admissionregistration.v1.MatchResources", &[("matchPolicy", r#""Equivalent""#), ("namespaceSelector", "{}"), ("objectSelector", "{}")]),
    ("io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicySpec", &[("failurePolicy", r#""Fail""#)]),
    ("io.k8s.api.admissionregistration.v1.MutatingWebhook", &[("failurePolicy", r#""Fail""#), ("matchPolicy", r#""Equivalent""#), ("namespaceSelector", "{}"), ("objectSelector", "{}"), ("reinvocationPolicy", r#""Never""#), ("timeoutSeconds", "10")]),
    ("io.k8s.api.admissionregistration.v1.NamedRuleWithOperations", &[("scope", r#""*""#)]),
    ("io.k8s.api.admissionregistration.v1.RuleWithOperations", &[("scope", r#""*""#)]),
    ("io.k8s.api.admissionregistration.v1.ServiceReference", &[("port", "443")]),
    ("io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicySpec", &[("failurePolicy", r#""Fail""#)]),
    ("io.k8s.api.admissionregistration.v1.ValidatingWebhook", &[("failurePolicy", r#""Fail""#), ("matchPolicy", r#""Equivalent""#), ("namespaceSelector", "{}"), ("objectSelector", "{}"), ("timeoutSeconds", "10")]),
    ("io.k8s.api.apps.v1.DaemonSetSpec", &[("revisionHistoryLimit", "10")]),
    ("io.k8s.api.apps.v1.DaemonSetUpdateStrategy", &[("type", r#""RollingUpdate""#)]),
    ("io.k8s.api.apps.v1.DeploymentSpec", &[("progressDeadlineSeconds", "600"), ("replicas", "1"), ("revisionHistoryLimit", "10")]),
    ("io.k8s.api.apps.v1.DeploymentStrategy", &[("type", r#""RollingUpdate""#)]),
    ("io.k8s.api.apps.v1.ReplicaSetSpec", &[("replicas", "1")]),
    ("io.k8s.api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy", &[("whenDeleted", r#""Retain""#), ("whenScaled", r#""Retain""#)]),
    ("io.k8s.api.apps.v1.StatefulSetSpec", &[("persistentVolumeClaimRetentionPolicy", "{}"), ("podManagementPolicy", r#""OrderedReady""#), ("replicas", "1"), ("revisionHistoryLimit", "10")]),
    ("io.k8s.api.apps.v1.StatefulSetUpdateStrategy", &[("type", r#""RollingUpdate""#)]),
    ("io.k8s.api.authentication.v1.TokenRequestSpec", &[("expirationSeconds", "3600")]),
    ("io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec", &[("minReplicas", "1")]),
    ("io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec", &[("metrics", r#"[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}]"#), ("minReplicas", "1")]),
    ("io.k8s.api.batch.v1.CronJobSpec", &[("concurrencyPolicy", r#""Allow""#), ("failedJobsHistoryLimit", "1"), ("successfulJobsHistoryLimit", "3"), ("suspend", "false")]),
    ("io.k8s.api.batch.v1.JobSpec", &[("completionMode", r#""NonIndexed""#), ("suspend", "false")]),
    ("io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern", &[("status", r#""True""#)]),
    ("io.k8s.api.core.v1.ConfigMapVolumeSource", &[("defaultMode", "420")]),
    ("io.k8s.api.core.v1.Container", &[("terminationMessagePath", r#""/dev/termination-log""#), ("terminationMessagePolicy", r#""File""#)]),
    ("io.k8s.api.core.v1.DownwardAPIVolumeSource", &[("defaultMode", "420")]),
    ("io.k8s.api.core.v1.EndpointPort", &[("protocol", r#""TCP""#)]),
    ("io.k8s.api.core.v1.EphemeralContainer", &[("terminationMessagePath", r#""/dev/termination-log""#), ("terminationMessagePolicy", r#""File""#)]),
    ("io.k8s.api.core.v1.HTTPGetAction", &[("path", r#""/""#), ("scheme", r#""HTTP""#)]),
    ("io.k8s.api.core.v1.HostPathVolumeSource", &[("type", r#""""#)]),
    ("io.k8s.api.core.v1.NamespaceStatus", &[("phase", r#""Active""#)]),
    ("io.k8s.api.core.v1.ObjectFieldSelector", &[("apiVersion", r#""v1""#)]),
    ("io.k8s.api.core.v1.PersistentVolumeClaimSpec", &[("volumeMode", r#""Filesystem""#)]),
    ("io.k8s.api.core.v1.PersistentVolumeClaimStatus", &[("phase", r#""Pending""#)]),
    ("io.k8s.api.core.v1.PersistentVolumeSpec", &[("persistentVolumeReclaimPolicy", r#""Retain""#), ("volumeMode", r#""Filesystem""#)]),
    ("io.k8s.api.core.v1.PersistentVolumeStatus", &[("phase", r#""Pending""#)]),
    ("io.k8s.api.core.v1.Pod", &[("spec.enableServiceLinks", "true")]),
    ("io.k8s.api.core.v1.PodSpec", &[("dnsPolicy", r#""ClusterFirst""#), ("restartPolicy", r#""Always""#), ("schedulerName", r#""default-scheduler""#), ("securityContext", "{}"), ("terminationGracePeriodSeconds", "30")]),
    ("io.k8s.api.core.v1.Probe", &[("failureThreshold", "3"), ("periodSeconds", "10"), ("successThreshold", "1"), ("timeoutSeconds", "1")]),
    ("io.k8s.api.core.v1.ProjectedVolumeSource", &[("defaultMode", "420")]),
    ("io.k8s.api.core.v1.Secret", &[("type", r#""Opaque""#)]),
    ("io.k8s.api.core.v1.SecretVolumeSource", &[("defaultMode", "420")]),
    ("io.k8s.api.core.v1.ServiceAccountTokenProjection", &[("expirationSeconds", "3600")]),
    ("io.k8s.api.core.v1.ServiceSpec", &[("sessionAffinity", r#""None""#), ("type", r#""ClusterIP""#)]),
    ("io.k8s.api.discovery.v1.EndpointPort", &[("name", r#""""#), ("protocol", r#""TCP""#)]),
    ("io.k8s.api.flowcontrol.v1.ExemptPriorityLevelConfiguration", &[("lendablePercent", "0"), ("nominalConcurrencyShares", "0")]),
    ("io.k8s.api.flowcontrol.v1.FlowSchemaSpec", &[("matchingPrecedence", "1000")]),
    ("io.k8s.api.flowcontrol.v1.LimitedPriorityLevelConfiguration", &[("lendablePercent", "0"), ("nominalConcurrencyShares", "30")]),
    ("io.k8s.api.flowcontrol.v1.QueuingConfiguration", &[("handSize", "8"), ("queueLengthLimit", "50"), ("queues", "64")]),
    ("io.k8s.api.networking.v1.IngressClassParametersReference", &[("scope", r#""Cluster""#)]),
    ("io.k8s.api.networking.v1.NetworkPolicyPort", &[("protocol", r#""TCP""#)]),
    ("io.k8s.api.rbac.v1.RoleRef", &[("apiGroup", r#""rbac.authorization.k8s.io""#)]),
    ("io.k8s.api.resource.v1.DeviceSubRequest", &[("allocationMode", r#""ExactCount""#)]),
    ("io.k8s.api.resource.v1.ExactDeviceRequest", &[("allocationMode", r#""ExactCount""#)]),
    ("io.k8s.api.scheduling.v1.PriorityClass", &[("preemptionPolicy", r#""PreemptLowerPriority""#)]),
    ("io.k8s.api.storage.v1.CSIDriverSpec", &[("attachRequired", "true"), ("fsGroupPolicy", r#""ReadWriteOnceWithFSType""#), ("podInfoOnMount", "false"), ("requiresRepublish", "false"), ("seLinuxMount", "false"), ("storageCapacity", "false"), ("volumeLifecycleModes", r#"["Persistent"]"#)]),
    ("io.k8s.api.storage.v1.StorageClass", &[("reclaimPolicy", r#""Delete""#), ("volumeBindingMode", r#""Immediate""#)]),
    ("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec", &[("conversion", r#"{"strategy":"None"}"#)]),
    ("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference", &[("port", "443")]),
    ("io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference", &[("port", "443")]),
];
