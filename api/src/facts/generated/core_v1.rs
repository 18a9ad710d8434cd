//! The types of `k8s.io/api/core/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.AWSElasticBlockStoreVolumeSource", go: "v1.AWSElasticBlockStoreVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "partition", number: 3, ty: T::Int32, go: "int32", ..F },
    Field { json: "readOnly", number: 4, ty: T::Bool, go: "bool", ..F },
    Field { json: "volumeID", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static AFFINITY: Type = Type { name: "io.k8s.api.core.v1.Affinity", go: "v1.Affinity", gvk: None, atomic: false, fields: &[
    Field { json: "nodeAffinity", number: 1, ty: T::Message(&core_v1::NODE_AFFINITY), go: "v1.NodeAffinity", pointer: true, ..F },
    Field { json: "podAffinity", number: 2, ty: T::Message(&core_v1::POD_AFFINITY), go: "v1.PodAffinity", pointer: true, ..F },
    Field { json: "podAntiAffinity", number: 3, ty: T::Message(&core_v1::POD_ANTI_AFFINITY), go: "v1.PodAntiAffinity", pointer: true, ..F },
] };

pub static APP_ARMOR_PROFILE: Type = Type { name: "io.k8s.api.core.v1.AppArmorProfile", go: "v1.AppArmorProfile", gvk: None, atomic: false, fields: &[
    Field { json: "localhostProfile", number: 2, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.AppArmorProfileType", required: true, omit: O::Never, enum_values: &["Localhost", "RuntimeDefault", "Unconfined"], ..F },
] };

pub static ATTACHED_VOLUME: Type = Type { name: "io.k8s.api.core.v1.AttachedVolume", go: "v1.AttachedVolume", gvk: None, atomic: false, fields: &[
    Field { json: "devicePath", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "v1.UniqueVolumeName", required: true, omit: O::Never, ..F },
] };

pub static AVOID_PODS: Type = Type { name: "io.k8s.api.core.v1.AvoidPods", go: "v1.AvoidPods", gvk: None, atomic: false, fields: &[
    Field { json: "preferAvoidPods", number: 1, ty: T::List(&T::Message(&core_v1::PREFER_AVOID_PODS_ENTRY)), go: "[]v1.PreferAvoidPodsEntry", list: L::Atomic, ..F },
] };

pub static AZURE_DISK_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.AzureDiskVolumeSource", go: "v1.AzureDiskVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "cachingMode", number: 3, ty: T::String, go: "v1.AzureDataDiskCachingMode", pointer: true, default: Some("\"ReadWrite\""), enum_values: &["None", "ReadOnly", "ReadWrite"], ..F },
    Field { json: "diskName", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "diskURI", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "fsType", number: 4, ty: T::String, go: "string", pointer: true, default: Some("\"ext4\""), ..F },
    Field { json: "kind", number: 6, ty: T::String, go: "v1.AzureDataDiskKind", pointer: true, default: Some("\"Shared\""), enum_values: &["Dedicated", "Managed", "Shared"], ..F },
    Field { json: "readOnly", number: 5, ty: T::Bool, go: "bool", pointer: true, default: Some("false"), ..F },
] };

pub static AZURE_FILE_PERSISTENT_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.AzureFilePersistentVolumeSource", go: "v1.AzureFilePersistentVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "readOnly", number: 3, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretName", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "secretNamespace", number: 4, ty: T::String, go: "string", pointer: true, omit: O::Never, ..F },
    Field { json: "shareName", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static AZURE_FILE_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.AzureFileVolumeSource", go: "v1.AzureFileVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "readOnly", number: 3, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretName", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "shareName", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static BINDING: Type = Type { name: "io.k8s.api.core.v1.Binding", go: "v1.Binding", gvk: Some(("", "v1", "Binding")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "target", number: 2, ty: T::Message(&core_v1::OBJECT_REFERENCE), go: "v1.ObjectReference", required: true, omit: O::Never, ..F },
] };

pub static CSI_PERSISTENT_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.CSIPersistentVolumeSource", go: "v1.CSIPersistentVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "controllerExpandSecretRef", number: 9, ty: T::Message(&core_v1::SECRET_REFERENCE), go: "v1.SecretReference", pointer: true, ..F },
    Field { json: "controllerPublishSecretRef", number: 6, ty: T::Message(&core_v1::SECRET_REFERENCE), go: "v1.SecretReference", pointer: true, ..F },
    Field { json: "driver", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "fsType", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "nodeExpandSecretRef", number: 10, ty: T::Message(&core_v1::SECRET_REFERENCE), go: "v1.SecretReference", pointer: true, ..F },
    Field { json: "nodePublishSecretRef", number: 8, ty: T::Message(&core_v1::SECRET_REFERENCE), go: "v1.SecretReference", pointer: true, ..F },
    Field { json: "nodeStageSecretRef", number: 7, ty: T::Message(&core_v1::SECRET_REFERENCE), go: "v1.SecretReference", pointer: true, ..F },
    Field { json: "readOnly", number: 3, ty: T::Bool, go: "bool", ..F },
    Field { json: "volumeAttributes", number: 5, ty: T::Map(&T::String), go: "map[string]string", ..F },
    Field { json: "volumeHandle", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static CSI_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.CSIVolumeSource", go: "v1.CSIVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "driver", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "fsType", number: 3, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "nodePublishSecretRef", number: 5, ty: T::Message(&core_v1::LOCAL_OBJECT_REFERENCE), go: "v1.LocalObjectReference", pointer: true, ..F },
    Field { json: "readOnly", number: 2, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "volumeAttributes", number: 4, ty: T::Map(&T::String), go: "map[string]string", ..F },
] };

pub static CAPABILITIES: Type = Type { name: "io.k8s.api.core.v1.Capabilities", go: "v1.Capabilities", gvk: None, atomic: false, fields: &[
    Field { json: "add", number: 1, ty: T::List(&T::String), go: "[]v1.Capability", list: L::Atomic, ..F },
    Field { json: "drop", number: 2, ty: T::List(&T::String), go: "[]v1.Capability", list: L::Atomic, ..F },
] };

pub static CEPH_FS_PERSISTENT_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.CephFSPersistentVolumeSource", go: "v1.CephFSPersistentVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "monitors", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "path", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "readOnly", number: 6, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretFile", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "secretRef", number: 5, ty: T::Message(&core_v1::SECRET_REFERENCE), go: "v1.SecretReference", pointer: true, ..F },
    Field { json: "user", number: 3, ty: T::String, go: "string", ..F },
] };

pub static CEPH_FS_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.CephFSVolumeSource", go: "v1.CephFSVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "monitors", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "path", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "readOnly", number: 6, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretFile", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "secretRef", number: 5, ty: T::Message(&core_v1::LOCAL_OBJECT_REFERENCE), go: "v1.LocalObjectReference", pointer: true, ..F },
    Field { json: "user", number: 3, ty: T::String, go: "string", ..F },
] };

pub static CINDER_PERSISTENT_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.CinderPersistentVolumeSource", go: "v1.CinderPersistentVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "readOnly", number: 3, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretRef", number: 4, ty: T::Message(&core_v1::SECRET_REFERENCE), go: "v1.SecretReference", pointer: true, ..F },
    Field { json: "volumeID", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static CINDER_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.CinderVolumeSource", go: "v1.CinderVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "readOnly", number: 3, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretRef", number: 4, ty: T::Message(&core_v1::LOCAL_OBJECT_REFERENCE), go: "v1.LocalObjectReference", pointer: true, ..F },
    Field { json: "volumeID", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static CLIENT_IP_CONFIG: Type = Type { name: "io.k8s.api.core.v1.ClientIPConfig", go: "v1.ClientIPConfig", gvk: None, atomic: false, fields: &[
    Field { json: "timeoutSeconds", number: 1, ty: T::Int32, go: "int32", pointer: true, ..F },
] };

pub static CLUSTER_TRUST_BUNDLE_PROJECTION: Type = Type { name: "io.k8s.api.core.v1.ClusterTrustBundleProjection", go: "v1.ClusterTrustBundleProjection", gvk: None, atomic: false, fields: &[
    Field { json: "labelSelector", number: 3, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "optional", number: 5, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "path", number: 4, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "signerName", number: 2, ty: T::String, go: "string", pointer: true, ..F },
] };

pub static COMPONENT_CONDITION: Type = Type { name: "io.k8s.api.core.v1.ComponentCondition", go: "v1.ComponentCondition", gvk: None, atomic: false, fields: &[
    Field { json: "error", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "message", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.ComponentConditionType", required: true, omit: O::Never, ..F },
] };

pub static COMPONENT_STATUS: Type = Type { name: "io.k8s.api.core.v1.ComponentStatus", go: "v1.ComponentStatus", gvk: Some(("", "v1", "ComponentStatus")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "conditions", number: 2, ty: T::List(&T::Message(&core_v1::COMPONENT_CONDITION)), go: "[]v1.ComponentCondition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
] };

pub static COMPONENT_STATUS_LIST: Type = Type { name: "io.k8s.api.core.v1.ComponentStatusList", go: "v1.ComponentStatusList", gvk: Some(("", "v1", "ComponentStatusList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::COMPONENT_STATUS)), go: "[]v1.ComponentStatus", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static CONFIG_MAP: Type = Type { name: "io.k8s.api.core.v1.ConfigMap", go: "v1.ConfigMap", gvk: Some(("", "v1", "ConfigMap")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "binaryData", number: 3, ty: T::Map(&T::Bytes), go: "map[string][]uint8", ..F },
    Field { json: "data", number: 2, ty: T::Map(&T::String), go: "map[string]string", ..F },
    Field { json: "immutable", number: 4, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
] };

pub static CONFIG_MAP_ENV_SOURCE: Type = Type { name: "io.k8s.api.core.v1.ConfigMapEnvSource", go: "v1.ConfigMapEnvSource", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", through: &[1], default: Some("\"\""), ..F },
    Field { json: "optional", number: 2, ty: T::Bool, go: "bool", pointer: true, ..F },
] };

pub static CONFIG_MAP_KEY_SELECTOR: Type = Type { name: "io.k8s.api.core.v1.ConfigMapKeySelector", go: "v1.ConfigMapKeySelector", gvk: None, atomic: true, fields: &[
    Field { json: "key", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", through: &[1], default: Some("\"\""), ..F },
    Field { json: "optional", number: 3, ty: T::Bool, go: "bool", pointer: true, ..F },
] };

pub static CONFIG_MAP_LIST: Type = Type { name: "io.k8s.api.core.v1.ConfigMapList", go: "v1.ConfigMapList", gvk: Some(("", "v1", "ConfigMapList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::CONFIG_MAP)), go: "[]v1.ConfigMap", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static CONFIG_MAP_NODE_CONFIG_SOURCE: Type = Type { name: "io.k8s.api.core.v1.ConfigMapNodeConfigSource", go: "v1.ConfigMapNodeConfigSource", gvk: None, atomic: false, fields: &[
    Field { json: "kubeletConfigKey", number: 5, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "namespace", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "resourceVersion", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "uid", number: 3, ty: T::String, go: "types.UID", ..F },
] };

pub static CONFIG_MAP_PROJECTION: Type = Type { name: "io.k8s.api.core.v1.ConfigMapProjection", go: "v1.ConfigMapProjection", gvk: None, atomic: false, fields: &[
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::KEY_TO_PATH)), go: "[]v1.KeyToPath", list: L::Atomic, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", through: &[1], default: Some("\"\""), ..F },
    Field { json: "optional", number: 4, ty: T::Bool, go: "bool", pointer: true, ..F },
] };

pub static CONFIG_MAP_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.ConfigMapVolumeSource", go: "v1.ConfigMapVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "defaultMode", number: 3, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::KEY_TO_PATH)), go: "[]v1.KeyToPath", list: L::Atomic, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", through: &[1], default: Some("\"\""), ..F },
    Field { json: "optional", number: 4, ty: T::Bool, go: "bool", pointer: true, ..F },
] };

pub static CONTAINER: Type = Type { name: "io.k8s.api.core.v1.Container", go: "v1.Container", gvk: None, atomic: false, fields: &[
    Field { json: "args", number: 4, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "command", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "env", number: 7, ty: T::List(&T::Message(&core_v1::ENV_VAR)), go: "[]v1.EnvVar", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
    Field { json: "envFrom", number: 19, ty: T::List(&T::Message(&core_v1::ENV_FROM_SOURCE)), go: "[]v1.EnvFromSource", list: L::Atomic, ..F },
    Field { json: "image", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "imagePullPolicy", number: 14, ty: T::String, go: "v1.PullPolicy", enum_values: &["Always", "IfNotPresent", "Never"], ..F },
    Field { json: "lifecycle", number: 12, ty: T::Message(&core_v1::LIFECYCLE), go: "v1.Lifecycle", pointer: true, ..F },
    Field { json: "livenessProbe", number: 10, ty: T::Message(&core_v1::PROBE), go: "v1.Probe", pointer: true, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "ports", number: 6, ty: T::List(&T::Message(&core_v1::CONTAINER_PORT)), go: "[]v1.ContainerPort", list: L::Map(&["containerPort", "protocol"]), patch: Patch { merge: true, merge_key: Some("containerPort"), ..P }, ..F },
    Field { json: "readinessProbe", number: 11, ty: T::Message(&core_v1::PROBE), go: "v1.Probe", pointer: true, ..F },
    Field { json: "resizePolicy", number: 23, ty: T::List(&T::Message(&core_v1::CONTAINER_RESIZE_POLICY)), go: "[]v1.ContainerResizePolicy", list: L::Atomic, ..F },
    Field { json: "resources", number: 8, ty: T::Message(&core_v1::RESOURCE_REQUIREMENTS), go: "v1.ResourceRequirements", ..F },
    Field { json: "restartPolicy", number: 24, ty: T::String, go: "v1.ContainerRestartPolicy", pointer: true, ..F },
    Field { json: "restartPolicyRules", number: 25, ty: T::List(&T::Message(&core_v1::CONTAINER_RESTART_RULE)), go: "[]v1.ContainerRestartRule", list: L::Atomic, ..F },
    Field { json: "securityContext", number: 15, ty: T::Message(&core_v1::SECURITY_CONTEXT), go: "v1.SecurityContext", pointer: true, ..F },
    Field { json: "startupProbe", number: 22, ty: T::Message(&core_v1::PROBE), go: "v1.Probe", pointer: true, ..F },
    Field { json: "stdin", number: 16, ty: T::Bool, go: "bool", ..F },
    Field { json: "stdinOnce", number: 17, ty: T::Bool, go: "bool", ..F },
    Field { json: "terminationMessagePath", number: 13, ty: T::String, go: "string", ..F },
    Field { json: "terminationMessagePolicy", number: 20, ty: T::String, go: "v1.TerminationMessagePolicy", enum_values: &["FallbackToLogsOnError", "File"], ..F },
    Field { json: "tty", number: 18, ty: T::Bool, go: "bool", ..F },
    Field { json: "volumeDevices", number: 21, ty: T::List(&T::Message(&core_v1::VOLUME_DEVICE)), go: "[]v1.VolumeDevice", list: L::Map(&["devicePath"]), patch: Patch { merge: true, merge_key: Some("devicePath"), ..P }, ..F },
    Field { json: "volumeMounts", number: 9, ty: T::List(&T::Message(&core_v1::VOLUME_MOUNT)), go: "[]v1.VolumeMount", list: L::Map(&["mountPath"]), patch: Patch { merge: true, merge_key: Some("mountPath"), ..P }, ..F },
    Field { json: "workingDir", number: 5, ty: T::String, go: "string", ..F },
] };

pub static CONTAINER_EXTENDED_RESOURCE_REQUEST: Type = Type { name: "io.k8s.api.core.v1.ContainerExtendedResourceRequest", go: "v1.ContainerExtendedResourceRequest", gvk: None, atomic: false, fields: &[
    Field { json: "containerName", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "requestName", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "resourceName", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static CONTAINER_IMAGE: Type = Type { name: "io.k8s.api.core.v1.ContainerImage", go: "v1.ContainerImage", gvk: None, atomic: false, fields: &[
    Field { json: "names", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, omit: O::Never, ..F },
    Field { json: "sizeBytes", number: 2, ty: T::Int64, go: "int64", ..F },
] };

pub static CONTAINER_PORT: Type = Type { name: "io.k8s.api.core.v1.ContainerPort", go: "v1.ContainerPort", gvk: None, atomic: false, fields: &[
    Field { json: "containerPort", number: 3, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "hostIP", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "hostPort", number: 2, ty: T::Int32, go: "int32", ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "protocol", number: 4, ty: T::String, go: "v1.Protocol", default: Some("\"TCP\""), enum_values: &["SCTP", "TCP", "UDP"], ..F },
] };

pub static CONTAINER_RESIZE_POLICY: Type = Type { name: "io.k8s.api.core.v1.ContainerResizePolicy", go: "v1.ContainerResizePolicy", gvk: None, atomic: false, fields: &[
    Field { json: "resourceName", number: 1, ty: T::String, go: "v1.ResourceName", required: true, omit: O::Never, ..F },
    Field { json: "restartPolicy", number: 2, ty: T::String, go: "v1.ResourceResizeRestartPolicy", required: true, omit: O::Never, ..F },
] };

pub static CONTAINER_RESTART_RULE: Type = Type { name: "io.k8s.api.core.v1.ContainerRestartRule", go: "v1.ContainerRestartRule", gvk: None, atomic: false, fields: &[
    Field { json: "action", number: 1, ty: T::String, go: "v1.ContainerRestartRuleAction", required: true, ..F },
    Field { json: "exitCodes", number: 2, ty: T::Message(&core_v1::CONTAINER_RESTART_RULE_ON_EXIT_CODES), go: "v1.ContainerRestartRuleOnExitCodes", pointer: true, ..F },
] };

pub static CONTAINER_RESTART_RULE_ON_EXIT_CODES: Type = Type { name: "io.k8s.api.core.v1.ContainerRestartRuleOnExitCodes", go: "v1.ContainerRestartRuleOnExitCodes", gvk: None, atomic: false, fields: &[
    Field { json: "operator", number: 1, ty: T::String, go: "v1.ContainerRestartRuleOnExitCodesOperator", required: true, ..F },
    Field { json: "values", number: 2, ty: T::List(&T::Int32), go: "[]int32", list: L::Set, ..F },
] };

pub static CONTAINER_STATE: Type = Type { name: "io.k8s.api.core.v1.ContainerState", go: "v1.ContainerState", gvk: None, atomic: false, fields: &[
    Field { json: "running", number: 2, ty: T::Message(&core_v1::CONTAINER_STATE_RUNNING), go: "v1.ContainerStateRunning", pointer: true, ..F },
    Field { json: "terminated", number: 3, ty: T::Message(&core_v1::CONTAINER_STATE_TERMINATED), go: "v1.ContainerStateTerminated", pointer: true, ..F },
    Field { json: "waiting", number: 1, ty: T::Message(&core_v1::CONTAINER_STATE_WAITING), go: "v1.ContainerStateWaiting", pointer: true, ..F },
] };

pub static CONTAINER_STATE_RUNNING: Type = Type { name: "io.k8s.api.core.v1.ContainerStateRunning", go: "v1.ContainerStateRunning", gvk: None, atomic: false, fields: &[
    Field { json: "startedAt", number: 1, ty: T::Time, go: "v1.Time", ..F },
] };

pub static CONTAINER_STATE_TERMINATED: Type = Type { name: "io.k8s.api.core.v1.ContainerStateTerminated", go: "v1.ContainerStateTerminated", gvk: None, atomic: false, fields: &[
    Field { json: "containerID", number: 7, ty: T::String, go: "string", ..F },
    Field { json: "exitCode", number: 1, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "finishedAt", number: 6, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "signal", number: 2, ty: T::Int32, go: "int32", ..F },
    Field { json: "startedAt", number: 5, ty: T::Time, go: "v1.Time", ..F },
] };

pub static CONTAINER_STATE_WAITING: Type = Type { name: "io.k8s.api.core.v1.ContainerStateWaiting", go: "v1.ContainerStateWaiting", gvk: None, atomic: false, fields: &[
    Field { json: "message", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 1, ty: T::String, go: "string", ..F },
] };

pub static CONTAINER_STATUS: Type = Type { name: "io.k8s.api.core.v1.ContainerStatus", go: "v1.ContainerStatus", gvk: None, atomic: false, fields: &[
    Field { json: "allocatedResources", number: 10, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "allocatedResourcesStatus", number: 14, ty: T::List(&T::Message(&core_v1::RESOURCE_STATUS)), go: "[]v1.ResourceStatus", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
    Field { json: "containerID", number: 8, ty: T::String, go: "string", ..F },
    Field { json: "image", number: 6, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "imageID", number: 7, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "lastState", number: 3, ty: T::Message(&core_v1::CONTAINER_STATE), go: "v1.ContainerState", ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "ready", number: 4, ty: T::Bool, go: "bool", required: true, omit: O::Never, ..F },
    Field { json: "resources", number: 11, ty: T::Message(&core_v1::RESOURCE_REQUIREMENTS), go: "v1.ResourceRequirements", pointer: true, ..F },
    Field { json: "restartCount", number: 5, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "started", number: 9, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "state", number: 2, ty: T::Message(&core_v1::CONTAINER_STATE), go: "v1.ContainerState", ..F },
    Field { json: "stopSignal", number: 15, ty: T::String, go: "v1.Signal", pointer: true, enum_values: &["SIGABRT", "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCLD", "SIGCONT", "SIGFPE", "SIGHUP", "SIGILL", "SIGINT", "SIGIO", "SIGIOT", "SIGKILL", "SIGPIPE", "SIGPOLL", "SIGPROF", "SIGPWR", "SIGQUIT", "SIGRTMAX", "SIGRTMAX-1", "SIGRTMAX-10", "SIGRTMAX-11", "SIGRTMAX-12", "SIGRTMAX-13", "SIGRTMAX-14", "SIGRTMAX-2", "SIGRTMAX-3", "SIGRTMAX-4", "SIGRTMAX-5", "SIGRTMAX-6", "SIGRTMAX-7", "SIGRTMAX-8", "SIGRTMAX-9", "SIGRTMIN", "SIGRTMIN+1", "SIGRTMIN+10", "SIGRTMIN+11", "SIGRTMIN+12", "SIGRTMIN+13", "SIGRTMIN+14", "SIGRTMIN+15", "SIGRTMIN+2", "SIGRTMIN+3", "SIGRTMIN+4", "SIGRTMIN+5", "SIGRTMIN+6", "SIGRTMIN+7", "SIGRTMIN+8", "SIGRTMIN+9", "SIGSEGV", "SIGSTKFLT", "SIGSTOP", "SIGSYS", "SIGTERM", "SIGTRAP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGWINCH", "SIGXCPU", "SIGXFSZ"], ..F },
    Field { json: "user", number: 13, ty: T::Message(&core_v1::CONTAINER_USER), go: "v1.ContainerUser", pointer: true, ..F },
    Field { json: "volumeMounts", number: 12, ty: T::List(&T::Message(&core_v1::VOLUME_MOUNT_STATUS)), go: "[]v1.VolumeMountStatus", list: L::Map(&["mountPath"]), patch: Patch { merge: true, merge_key: Some("mountPath"), ..P }, ..F },
] };

pub static CONTAINER_USER: Type = Type { name: "io.k8s.api.core.v1.ContainerUser", go: "v1.ContainerUser", gvk: None, atomic: false, fields: &[
    Field { json: "linux", number: 1, ty: T::Message(&core_v1::LINUX_CONTAINER_USER), go: "v1.LinuxContainerUser", pointer: true, ..F },
] };

pub static DAEMON_ENDPOINT: Type = Type { name: "io.k8s.api.core.v1.DaemonEndpoint", go: "v1.DaemonEndpoint", gvk: None, atomic: false, fields: &[
    Field { json: "Port", number: 1, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
] };

pub static DOWNWARD_API_PROJECTION: Type = Type { name: "io.k8s.api.core.v1.DownwardAPIProjection", go: "v1.DownwardAPIProjection", gvk: None, atomic: false, fields: &[
    Field { json: "items", number: 1, ty: T::List(&T::Message(&core_v1::DOWNWARD_API_VOLUME_FILE)), go: "[]v1.DownwardAPIVolumeFile", list: L::Atomic, ..F },
] };

pub static DOWNWARD_API_VOLUME_FILE: Type = Type { name: "io.k8s.api.core.v1.DownwardAPIVolumeFile", go: "v1.DownwardAPIVolumeFile", gvk: None, atomic: false, fields: &[
    Field { json: "fieldRef", number: 2, ty: T::Message(&core_v1::OBJECT_FIELD_SELECTOR), go: "v1.ObjectFieldSelector", pointer: true, ..F },
    Field { json: "mode", number: 4, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "path", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "resourceFieldRef", number: 3, ty: T::Message(&core_v1::RESOURCE_FIELD_SELECTOR), go: "v1.ResourceFieldSelector", pointer: true, ..F },
] };

pub static DOWNWARD_API_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.DownwardAPIVolumeSource", go: "v1.DownwardAPIVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "defaultMode", number: 2, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "items", number: 1, ty: T::List(&T::Message(&core_v1::DOWNWARD_API_VOLUME_FILE)), go: "[]v1.DownwardAPIVolumeFile", list: L::Atomic, ..F },
] };

pub static EMPTY_DIR_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.EmptyDirVolumeSource", go: "v1.EmptyDirVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "medium", number: 1, ty: T::String, go: "v1.StorageMedium", ..F },
    Field { json: "sizeLimit", number: 2, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
] };

pub static ENDPOINT_ADDRESS: Type = Type { name: "io.k8s.api.core.v1.EndpointAddress", go: "v1.EndpointAddress", gvk: None, atomic: true, fields: &[
    Field { json: "hostname", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "ip", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "nodeName", number: 4, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "targetRef", number: 2, ty: T::Message(&core_v1::OBJECT_REFERENCE), go: "v1.ObjectReference", pointer: true, ..F },
] };

pub static ENDPOINT_PORT: Type = Type { name: "io.k8s.api.core.v1.EndpointPort", go: "v1.EndpointPort", gvk: None, atomic: true, fields: &[
    Field { json: "appProtocol", number: 4, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "port", number: 2, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "protocol", number: 3, ty: T::String, go: "v1.Protocol", enum_values: &["SCTP", "TCP", "UDP"], ..F },
] };

pub static ENDPOINT_SUBSET: Type = Type { name: "io.k8s.api.core.v1.EndpointSubset", go: "v1.EndpointSubset", gvk: None, atomic: false, fields: &[
    Field { json: "addresses", number: 1, ty: T::List(&T::Message(&core_v1::ENDPOINT_ADDRESS)), go: "[]v1.EndpointAddress", list: L::Atomic, ..F },
    Field { json: "notReadyAddresses", number: 2, ty: T::List(&T::Message(&core_v1::ENDPOINT_ADDRESS)), go: "[]v1.EndpointAddress", list: L::Atomic, ..F },
    Field { json: "ports", number: 3, ty: T::List(&T::Message(&core_v1::ENDPOINT_PORT)), go: "[]v1.EndpointPort", list: L::Atomic, ..F },
] };

pub static ENDPOINTS: Type = Type { name: "io.k8s.api.core.v1.Endpoints", go: "v1.Endpoints", gvk: Some(("", "v1", "Endpoints")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "subsets", number: 2, ty: T::List(&T::Message(&core_v1::ENDPOINT_SUBSET)), go: "[]v1.EndpointSubset", list: L::Atomic, ..F },
] };

pub static ENDPOINTS_LIST: Type = Type { name: "io.k8s.api.core.v1.EndpointsList", go: "v1.EndpointsList", gvk: Some(("", "v1", "EndpointsList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::ENDPOINTS)), go: "[]v1.Endpoints", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static ENV_FROM_SOURCE: Type = Type { name: "io.k8s.api.core.v1.EnvFromSource", go: "v1.EnvFromSource", gvk: None, atomic: false, fields: &[
    Field { json: "configMapRef", number: 2, ty: T::Message(&core_v1::CONFIG_MAP_ENV_SOURCE), go: "v1.ConfigMapEnvSource", pointer: true, ..F },
    Field { json: "prefix", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "secretRef", number: 3, ty: T::Message(&core_v1::SECRET_ENV_SOURCE), go: "v1.SecretEnvSource", pointer: true, ..F },
] };

pub static ENV_VAR: Type = Type { name: "io.k8s.api.core.v1.EnvVar", go: "v1.EnvVar", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "value", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "valueFrom", number: 3, ty: T::Message(&core_v1::ENV_VAR_SOURCE), go: "v1.EnvVarSource", pointer: true, ..F },
] };

pub static ENV_VAR_SOURCE: Type = Type { name: "io.k8s.api.core.v1.EnvVarSource", go: "v1.EnvVarSource", gvk: None, atomic: false, fields: &[
    Field { json: "configMapKeyRef", number: 3, ty: T::Message(&core_v1::CONFIG_MAP_KEY_SELECTOR), go: "v1.ConfigMapKeySelector", pointer: true, ..F },
    Field { json: "fieldRef", number: 1, ty: T::Message(&core_v1::OBJECT_FIELD_SELECTOR), go: "v1.ObjectFieldSelector", pointer: true, ..F },
    Field { json: "fileKeyRef", number: 5, ty: T::Message(&core_v1::FILE_KEY_SELECTOR), go: "v1.FileKeySelector", pointer: true, ..F },
    Field { json: "resourceFieldRef", number: 2, ty: T::Message(&core_v1::RESOURCE_FIELD_SELECTOR), go: "v1.ResourceFieldSelector", pointer: true, ..F },
    Field { json: "secretKeyRef", number: 4, ty: T::Message(&core_v1::SECRET_KEY_SELECTOR), go: "v1.SecretKeySelector", pointer: true, ..F },
] };

pub static EPHEMERAL_CONTAINER: Type = Type { name: "io.k8s.api.core.v1.EphemeralContainer", go: "v1.EphemeralContainer", gvk: None, atomic: false, fields: &[
    Field { json: "args", number: 4, ty: T::List(&T::String), go: "[]string", through: &[1], list: L::Atomic, ..F },
    Field { json: "command", number: 3, ty: T::List(&T::String), go: "[]string", through: &[1], list: L::Atomic, ..F },
    Field { json: "env", number: 7, ty: T::List(&T::Message(&core_v1::ENV_VAR)), go: "[]v1.EnvVar", through: &[1], list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
    Field { json: "envFrom", number: 19, ty: T::List(&T::Message(&core_v1::ENV_FROM_SOURCE)), go: "[]v1.EnvFromSource", through: &[1], list: L::Atomic, ..F },
    Field { json: "image", number: 2, ty: T::String, go: "string", through: &[1], ..F },
    Field { json: "imagePullPolicy", number: 14, ty: T::String, go: "v1.PullPolicy", through: &[1], enum_values: &["Always", "IfNotPresent", "Never"], ..F },
    Field { json: "lifecycle", number: 12, ty: T::Message(&core_v1::LIFECYCLE), go: "v1.Lifecycle", through: &[1], pointer: true, ..F },
    Field { json: "livenessProbe", number: 10, ty: T::Message(&core_v1::PROBE), go: "v1.Probe", through: &[1], pointer: true, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", through: &[1], required: true, omit: O::Never, ..F },
    Field { json: "ports", number: 6, ty: T::List(&T::Message(&core_v1::CONTAINER_PORT)), go: "[]v1.ContainerPort", through: &[1], list: L::Map(&["containerPort", "protocol"]), patch: Patch { merge: true, merge_key: Some("containerPort"), ..P }, ..F },
    Field { json: "readinessProbe", number: 11, ty: T::Message(&core_v1::PROBE), go: "v1.Probe", through: &[1], pointer: true, ..F },
    Field { json: "resizePolicy", number: 23, ty: T::List(&T::Message(&core_v1::CONTAINER_RESIZE_POLICY)), go: "[]v1.ContainerResizePolicy", through: &[1], list: L::Atomic, ..F },
    Field { json: "resources", number: 8, ty: T::Message(&core_v1::RESOURCE_REQUIREMENTS), go: "v1.ResourceRequirements", through: &[1], ..F },
    Field { json: "restartPolicy", number: 24, ty: T::String, go: "v1.ContainerRestartPolicy", through: &[1], pointer: true, ..F },
    Field { json: "restartPolicyRules", number: 25, ty: T::List(&T::Message(&core_v1::CONTAINER_RESTART_RULE)), go: "[]v1.ContainerRestartRule", through: &[1], list: L::Atomic, ..F },
    Field { json: "securityContext", number: 15, ty: T::Message(&core_v1::SECURITY_CONTEXT), go: "v1.SecurityContext", through: &[1], pointer: true, ..F },
    Field { json: "startupProbe", number: 22, ty: T::Message(&core_v1::PROBE), go: "v1.Probe", through: &[1], pointer: true, ..F },
    Field { json: "stdin", number: 16, ty: T::Bool, go: "bool", through: &[1], ..F },
    Field { json: "stdinOnce", number: 17, ty: T::Bool, go: "bool", through: &[1], ..F },
    Field { json: "targetContainerName", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "terminationMessagePath", number: 13, ty: T::String, go: "string", through: &[1], ..F },
    Field { json: "terminationMessagePolicy", number: 20, ty: T::String, go: "v1.TerminationMessagePolicy", through: &[1], enum_values: &["FallbackToLogsOnError", "File"], ..F },
    Field { json: "tty", number: 18, ty: T::Bool, go: "bool", through: &[1], ..F },
    Field { json: "volumeDevices", number: 21, ty: T::List(&T::Message(&core_v1::VOLUME_DEVICE)), go: "[]v1.VolumeDevice", through: &[1], list: L::Map(&["devicePath"]), patch: Patch { merge: true, merge_key: Some("devicePath"), ..P }, ..F },
    Field { json: "volumeMounts", number: 9, ty: T::List(&T::Message(&core_v1::VOLUME_MOUNT)), go: "[]v1.VolumeMount", through: &[1], list: L::Map(&["mountPath"]), patch: Patch { merge: true, merge_key: Some("mountPath"), ..P }, ..F },
    Field { json: "workingDir", number: 5, ty: T::String, go: "string", through: &[1], ..F },
] };

pub static EPHEMERAL_CONTAINER_COMMON: Type = Type { name: "io.k8s.api.core.v1.EphemeralContainerCommon", go: "v1.EphemeralContainerCommon", gvk: None, atomic: false, fields: &[
    Field { json: "args", number: 4, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "command", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "env", number: 7, ty: T::List(&T::Message(&core_v1::ENV_VAR)), go: "[]v1.EnvVar", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
    Field { json: "envFrom", number: 19, ty: T::List(&T::Message(&core_v1::ENV_FROM_SOURCE)), go: "[]v1.EnvFromSource", list: L::Atomic, ..F },
    Field { json: "image", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "imagePullPolicy", number: 14, ty: T::String, go: "v1.PullPolicy", enum_values: &["Always", "IfNotPresent", "Never"], ..F },
    Field { json: "lifecycle", number: 12, ty: T::Message(&core_v1::LIFECYCLE), go: "v1.Lifecycle", pointer: true, ..F },
    Field { json: "livenessProbe", number: 10, ty: T::Message(&core_v1::PROBE), go: "v1.Probe", pointer: true, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "ports", number: 6, ty: T::List(&T::Message(&core_v1::CONTAINER_PORT)), go: "[]v1.ContainerPort", list: L::Map(&["containerPort", "protocol"]), patch: Patch { merge: true, merge_key: Some("containerPort"), ..P }, ..F },
    Field { json: "readinessProbe", number: 11, ty: T::Message(&core_v1::PROBE), go: "v1.Probe", pointer: true, ..F },
    Field { json: "resizePolicy", number: 23, ty: T::List(&T::Message(&core_v1::CONTAINER_RESIZE_POLICY)), go: "[]v1.ContainerResizePolicy", list: L::Atomic, ..F },
    Field { json: "resources", number: 8, ty: T::Message(&core_v1::RESOURCE_REQUIREMENTS), go: "v1.ResourceRequirements", ..F },
    Field { json: "restartPolicy", number: 24, ty: T::String, go: "v1.ContainerRestartPolicy", pointer: true, ..F },
    Field { json: "restartPolicyRules", number: 25, ty: T::List(&T::Message(&core_v1::CONTAINER_RESTART_RULE)), go: "[]v1.ContainerRestartRule", list: L::Atomic, ..F },
    Field { json: "securityContext", number: 15, ty: T::Message(&core_v1::SECURITY_CONTEXT), go: "v1.SecurityContext", pointer: true, ..F },
    Field { json: "startupProbe", number: 22, ty: T::Message(&core_v1::PROBE), go: "v1.Probe", pointer: true, ..F },
    Field { json: "stdin", number: 16, ty: T::Bool, go: "bool", ..F },
    Field { json: "stdinOnce", number: 17, ty: T::Bool, go: "bool", ..F },
    Field { json: "terminationMessagePath", number: 13, ty: T::String, go: "string", ..F },
    Field { json: "terminationMessagePolicy", number: 20, ty: T::String, go: "v1.TerminationMessagePolicy", enum_values: &["FallbackToLogsOnError", "File"], ..F },
    Field { json: "tty", number: 18, ty: T::Bool, go: "bool", ..F },
    Field { json: "volumeDevices", number: 21, ty: T::List(&T::Message(&core_v1::VOLUME_DEVICE)), go: "[]v1.VolumeDevice", list: L::Map(&["devicePath"]), patch: Patch { merge: true, merge_key: Some("devicePath"), ..P }, ..F },
    Field { json: "volumeMounts", number: 9, ty: T::List(&T::Message(&core_v1::VOLUME_MOUNT)), go: "[]v1.VolumeMount", list: L::Map(&["mountPath"]), patch: Patch { merge: true, merge_key: Some("mountPath"), ..P }, ..F },
    Field { json: "workingDir", number: 5, ty: T::String, go: "string", ..F },
] };

pub static EPHEMERAL_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.EphemeralVolumeSource", go: "v1.EphemeralVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "volumeClaimTemplate", number: 1, ty: T::Message(&core_v1::PERSISTENT_VOLUME_CLAIM_TEMPLATE), go: "v1.PersistentVolumeClaimTemplate", pointer: true, ..F },
] };

pub static EVENT: Type = Type { name: "io.k8s.api.core.v1.Event", go: "v1.Event", gvk: Some(("", "v1", "Event")), atomic: false, fields: &[
    Field { json: "action", number: 12, ty: T::String, go: "string", ..F },
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "count", number: 8, ty: T::Int32, go: "int32", ..F },
    Field { json: "eventTime", number: 10, ty: T::MicroTime, go: "v1.MicroTime", ..F },
    Field { json: "firstTimestamp", number: 6, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "involvedObject", number: 2, ty: T::Message(&core_v1::OBJECT_REFERENCE), go: "v1.ObjectReference", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "lastTimestamp", number: 7, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", required: true, omit: O::Never, ..F },
    Field { json: "reason", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "related", number: 13, ty: T::Message(&core_v1::OBJECT_REFERENCE), go: "v1.ObjectReference", pointer: true, ..F },
    Field { json: "reportingComponent", number: 14, ty: T::String, go: "string", omit: O::Never, ..F },
    Field { json: "reportingInstance", number: 15, ty: T::String, go: "string", omit: O::Never, ..F },
    Field { json: "series", number: 11, ty: T::Message(&core_v1::EVENT_SERIES), go: "v1.EventSeries", pointer: true, ..F },
    Field { json: "source", number: 5, ty: T::Message(&core_v1::EVENT_SOURCE), go: "v1.EventSource", ..F },
    Field { json: "type", number: 9, ty: T::String, go: "string", ..F },
] };

pub static EVENT_LIST: Type = Type { name: "io.k8s.api.core.v1.EventList", go: "v1.EventList", gvk: Some(("", "v1", "EventList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::EVENT)), go: "[]v1.Event", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static EVENT_SERIES: Type = Type { name: "io.k8s.api.core.v1.EventSeries", go: "v1.EventSeries", gvk: None, atomic: false, fields: &[
    Field { json: "count", number: 1, ty: T::Int32, go: "int32", ..F },
    Field { json: "lastObservedTime", number: 2, ty: T::MicroTime, go: "v1.MicroTime", ..F },
] };

pub static EVENT_SOURCE: Type = Type { name: "io.k8s.api.core.v1.EventSource", go: "v1.EventSource", gvk: None, atomic: false, fields: &[
    Field { json: "component", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "host", number: 2, ty: T::String, go: "string", ..F },
] };

pub static EXEC_ACTION: Type = Type { name: "io.k8s.api.core.v1.ExecAction", go: "v1.ExecAction", gvk: None, atomic: false, fields: &[
    Field { json: "command", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
] };

pub static FC_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.FCVolumeSource", go: "v1.FCVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "lun", number: 2, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "readOnly", number: 4, ty: T::Bool, go: "bool", ..F },
    Field { json: "targetWWNs", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "wwids", number: 5, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
] };

pub static FILE_KEY_SELECTOR: Type = Type { name: "io.k8s.api.core.v1.FileKeySelector", go: "v1.FileKeySelector", gvk: None, atomic: true, fields: &[
    Field { json: "key", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "optional", number: 4, ty: T::Bool, go: "bool", pointer: true, default: Some("false"), ..F },
    Field { json: "path", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "volumeName", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static FLEX_PERSISTENT_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.FlexPersistentVolumeSource", go: "v1.FlexPersistentVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "driver", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "fsType", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "options", number: 5, ty: T::Map(&T::String), go: "map[string]string", ..F },
    Field { json: "readOnly", number: 4, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretRef", number: 3, ty: T::Message(&core_v1::SECRET_REFERENCE), go: "v1.SecretReference", pointer: true, ..F },
] };

pub static FLEX_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.FlexVolumeSource", go: "v1.FlexVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "driver", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "fsType", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "options", number: 5, ty: T::Map(&T::String), go: "map[string]string", ..F },
    Field { json: "readOnly", number: 4, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretRef", number: 3, ty: T::Message(&core_v1::LOCAL_OBJECT_REFERENCE), go: "v1.LocalObjectReference", pointer: true, ..F },
] };

pub static FLOCKER_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.FlockerVolumeSource", go: "v1.FlockerVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "datasetName", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "datasetUUID", number: 2, ty: T::String, go: "string", ..F },
] };

pub static GCE_PERSISTENT_DISK_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.GCEPersistentDiskVolumeSource", go: "v1.GCEPersistentDiskVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "partition", number: 3, ty: T::Int32, go: "int32", ..F },
    Field { json: "pdName", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "readOnly", number: 4, ty: T::Bool, go: "bool", ..F },
] };

pub static GRPC_ACTION: Type = Type { name: "io.k8s.api.core.v1.GRPCAction", go: "v1.GRPCAction", gvk: None, atomic: false, fields: &[
    Field { json: "port", number: 1, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "service", number: 2, ty: T::String, go: "string", pointer: true, omit: O::Never, default: Some("\"\""), ..F },
] };

pub static GIT_REPO_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.GitRepoVolumeSource", go: "v1.GitRepoVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "directory", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "repository", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "revision", number: 2, ty: T::String, go: "string", ..F },
] };

pub static GLUSTERFS_PERSISTENT_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.GlusterfsPersistentVolumeSource", go: "v1.GlusterfsPersistentVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "endpoints", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "endpointsNamespace", number: 4, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "path", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "readOnly", number: 3, ty: T::Bool, go: "bool", ..F },
] };

pub static GLUSTERFS_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.GlusterfsVolumeSource", go: "v1.GlusterfsVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "endpoints", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "path", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "readOnly", number: 3, ty: T::Bool, go: "bool", ..F },
] };

pub static HTTP_GET_ACTION: Type = Type { name: "io.k8s.api.core.v1.HTTPGetAction", go: "v1.HTTPGetAction", gvk: None, atomic: false, fields: &[
    Field { json: "host", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "httpHeaders", number: 5, ty: T::List(&T::Message(&core_v1::HTTP_HEADER)), go: "[]v1.HTTPHeader", list: L::Atomic, ..F },
    Field { json: "path", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "port", number: 2, ty: T::IntOrString, go: "intstr.IntOrString", required: true, omit: O::Never, ..F },
    Field { json: "scheme", number: 4, ty: T::String, go: "v1.URIScheme", enum_values: &["HTTP", "HTTPS"], ..F },
] };

pub static HTTP_HEADER: Type = Type { name: "io.k8s.api.core.v1.HTTPHeader", go: "v1.HTTPHeader", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "value", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static HOST_ALIAS: Type = Type { name: "io.k8s.api.core.v1.HostAlias", go: "v1.HostAlias", gvk: None, atomic: false, fields: &[
    Field { json: "hostnames", number: 2, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "ip", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static HOST_IP: Type = Type { name: "io.k8s.api.core.v1.HostIP", go: "v1.HostIP", gvk: None, atomic: false, fields: &[
    Field { json: "ip", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static HOST_PATH_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.HostPathVolumeSource", go: "v1.HostPathVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "path", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 2, ty: T::String, go: "v1.HostPathType", pointer: true, enum_values: &["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"], ..F },
] };

pub static ISCSI_PERSISTENT_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.ISCSIPersistentVolumeSource", go: "v1.ISCSIPersistentVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "chapAuthDiscovery", number: 8, ty: T::Bool, go: "bool", ..F },
    Field { json: "chapAuthSession", number: 11, ty: T::Bool, go: "bool", ..F },
    Field { json: "fsType", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "initiatorName", number: 12, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "iqn", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "iscsiInterface", number: 4, ty: T::String, go: "string", default: Some("\"default\""), ..F },
    Field { json: "lun", number: 3, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "portals", number: 7, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "readOnly", number: 6, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretRef", number: 10, ty: T::Message(&core_v1::SECRET_REFERENCE), go: "v1.SecretReference", pointer: true, ..F },
    Field { json: "targetPortal", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static ISCSI_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.ISCSIVolumeSource", go: "v1.ISCSIVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "chapAuthDiscovery", number: 8, ty: T::Bool, go: "bool", ..F },
    Field { json: "chapAuthSession", number: 11, ty: T::Bool, go: "bool", ..F },
    Field { json: "fsType", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "initiatorName", number: 12, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "iqn", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "iscsiInterface", number: 4, ty: T::String, go: "string", default: Some("\"default\""), ..F },
    Field { json: "lun", number: 3, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "portals", number: 7, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "readOnly", number: 6, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretRef", number: 10, ty: T::Message(&core_v1::LOCAL_OBJECT_REFERENCE), go: "v1.LocalObjectReference", pointer: true, ..F },
    Field { json: "targetPortal", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static IMAGE_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.ImageVolumeSource", go: "v1.ImageVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "pullPolicy", number: 2, ty: T::String, go: "v1.PullPolicy", enum_values: &["Always", "IfNotPresent", "Never"], ..F },
    Field { json: "reference", number: 1, ty: T::String, go: "string", ..F },
] };

pub static IMAGE_VOLUME_STATUS: Type = Type { name: "io.k8s.api.core.v1.ImageVolumeStatus", go: "v1.ImageVolumeStatus", gvk: None, atomic: false, fields: &[
    Field { json: "imageRef", number: 1, ty: T::String, go: "string", required: true, ..F },
] };

pub static KEY_TO_PATH: Type = Type { name: "io.k8s.api.core.v1.KeyToPath", go: "v1.KeyToPath", gvk: None, atomic: false, fields: &[
    Field { json: "key", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "mode", number: 3, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "path", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static LIFECYCLE: Type = Type { name: "io.k8s.api.core.v1.Lifecycle", go: "v1.Lifecycle", gvk: None, atomic: false, fields: &[
    Field { json: "postStart", number: 1, ty: T::Message(&core_v1::LIFECYCLE_HANDLER), go: "v1.LifecycleHandler", pointer: true, ..F },
    Field { json: "preStop", number: 2, ty: T::Message(&core_v1::LIFECYCLE_HANDLER), go: "v1.LifecycleHandler", pointer: true, ..F },
    Field { json: "stopSignal", number: 3, ty: T::String, go: "v1.Signal", pointer: true, enum_values: &["SIGABRT", "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCLD", "SIGCONT", "SIGFPE", "SIGHUP", "SIGILL", "SIGINT", "SIGIO", "SIGIOT", "SIGKILL", "SIGPIPE", "SIGPOLL", "SIGPROF", "SIGPWR", "SIGQUIT", "SIGRTMAX", "SIGRTMAX-1", "SIGRTMAX-10", "SIGRTMAX-11", "SIGRTMAX-12", "SIGRTMAX-13", "SIGRTMAX-14", "SIGRTMAX-2", "SIGRTMAX-3", "SIGRTMAX-4", "SIGRTMAX-5", "SIGRTMAX-6", "SIGRTMAX-7", "SIGRTMAX-8", "SIGRTMAX-9", "SIGRTMIN", "SIGRTMIN+1", "SIGRTMIN+10", "SIGRTMIN+11", "SIGRTMIN+12", "SIGRTMIN+13", "SIGRTMIN+14", "SIGRTMIN+15", "SIGRTMIN+2", "SIGRTMIN+3", "SIGRTMIN+4", "SIGRTMIN+5", "SIGRTMIN+6", "SIGRTMIN+7", "SIGRTMIN+8", "SIGRTMIN+9", "SIGSEGV", "SIGSTKFLT", "SIGSTOP", "SIGSYS", "SIGTERM", "SIGTRAP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGWINCH", "SIGXCPU", "SIGXFSZ"], ..F },
] };

pub static LIFECYCLE_HANDLER: Type = Type { name: "io.k8s.api.core.v1.LifecycleHandler", go: "v1.LifecycleHandler", gvk: None, atomic: false, fields: &[
    Field { json: "exec", number: 1, ty: T::Message(&core_v1::EXEC_ACTION), go: "v1.ExecAction", pointer: true, ..F },
    Field { json: "httpGet", number: 2, ty: T::Message(&core_v1::HTTP_GET_ACTION), go: "v1.HTTPGetAction", pointer: true, ..F },
    Field { json: "sleep", number: 4, ty: T::Message(&core_v1::SLEEP_ACTION), go: "v1.SleepAction", pointer: true, ..F },
    Field { json: "tcpSocket", number: 3, ty: T::Message(&core_v1::TCP_SOCKET_ACTION), go: "v1.TCPSocketAction", pointer: true, ..F },
] };

pub static LIMIT_RANGE: Type = Type { name: "io.k8s.api.core.v1.LimitRange", go: "v1.LimitRange", gvk: Some(("", "v1", "LimitRange")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&core_v1::LIMIT_RANGE_SPEC), go: "v1.LimitRangeSpec", ..F },
] };

pub static LIMIT_RANGE_ITEM: Type = Type { name: "io.k8s.api.core.v1.LimitRangeItem", go: "v1.LimitRangeItem", gvk: None, atomic: false, fields: &[
    Field { json: "default", number: 4, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "defaultRequest", number: 5, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "max", number: 2, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "maxLimitRequestRatio", number: 6, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "min", number: 3, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.LimitType", required: true, omit: O::Never, ..F },
] };

pub static LIMIT_RANGE_LIST: Type = Type { name: "io.k8s.api.core.v1.LimitRangeList", go: "v1.LimitRangeList", gvk: Some(("", "v1", "LimitRangeList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::LIMIT_RANGE)), go: "[]v1.LimitRange", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static LIMIT_RANGE_SPEC: Type = Type { name: "io.k8s.api.core.v1.LimitRangeSpec", go: "v1.LimitRangeSpec", gvk: None, atomic: false, fields: &[
    Field { json: "limits", number: 1, ty: T::List(&T::Message(&core_v1::LIMIT_RANGE_ITEM)), go: "[]v1.LimitRangeItem", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static LINUX_CONTAINER_USER: Type = Type { name: "io.k8s.api.core.v1.LinuxContainerUser", go: "v1.LinuxContainerUser", gvk: None, atomic: false, fields: &[
    Field { json: "gid", number: 2, ty: T::Int64, go: "int64", required: true, omit: O::Never, ..F },
    Field { json: "supplementalGroups", number: 3, ty: T::List(&T::Int64), go: "[]int64", list: L::Atomic, ..F },
    Field { json: "uid", number: 1, ty: T::Int64, go: "int64", required: true, omit: O::Never, ..F },
] };

pub static LOAD_BALANCER_INGRESS: Type = Type { name: "io.k8s.api.core.v1.LoadBalancerIngress", go: "v1.LoadBalancerIngress", gvk: None, atomic: false, fields: &[
    Field { json: "hostname", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "ip", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "ipMode", number: 3, ty: T::String, go: "v1.LoadBalancerIPMode", pointer: true, ..F },
    Field { json: "ports", number: 4, ty: T::List(&T::Message(&core_v1::PORT_STATUS)), go: "[]v1.PortStatus", list: L::Atomic, ..F },
] };

pub static LOAD_BALANCER_STATUS: Type = Type { name: "io.k8s.api.core.v1.LoadBalancerStatus", go: "v1.LoadBalancerStatus", gvk: None, atomic: false, fields: &[
    Field { json: "ingress", number: 1, ty: T::List(&T::Message(&core_v1::LOAD_BALANCER_INGRESS)), go: "[]v1.LoadBalancerIngress", list: L::Atomic, ..F },
] };

pub static LOCAL_OBJECT_REFERENCE: Type = Type { name: "io.k8s.api.core.v1.LocalObjectReference", go: "v1.LocalObjectReference", gvk: None, atomic: true, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", default: Some("\"\""), ..F },
] };

pub static LOCAL_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.LocalVolumeSource", go: "v1.LocalVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 2, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "path", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static MODIFY_VOLUME_STATUS: Type = Type { name: "io.k8s.api.core.v1.ModifyVolumeStatus", go: "v1.ModifyVolumeStatus", gvk: None, atomic: false, fields: &[
    Field { json: "status", number: 2, ty: T::String, go: "v1.PersistentVolumeClaimModifyVolumeStatus", required: true, omit: O::Never, enum_values: &["InProgress", "Infeasible", "Pending"], ..F },
    Field { json: "targetVolumeAttributesClassName", number: 1, ty: T::String, go: "string", ..F },
] };

pub static NFS_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.NFSVolumeSource", go: "v1.NFSVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "path", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "readOnly", number: 3, ty: T::Bool, go: "bool", ..F },
    Field { json: "server", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static NAMESPACE: Type = Type { name: "io.k8s.api.core.v1.Namespace", go: "v1.Namespace", gvk: Some(("", "v1", "Namespace")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&core_v1::NAMESPACE_SPEC), go: "v1.NamespaceSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&core_v1::NAMESPACE_STATUS), go: "v1.NamespaceStatus", ..F },
] };

pub static NAMESPACE_CONDITION: Type = Type { name: "io.k8s.api.core.v1.NamespaceCondition", go: "v1.NamespaceCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastTransitionTime", number: 4, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.NamespaceConditionType", required: true, omit: O::Never, ..F },
] };

pub static NAMESPACE_LIST: Type = Type { name: "io.k8s.api.core.v1.NamespaceList", go: "v1.NamespaceList", gvk: Some(("", "v1", "NamespaceList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::NAMESPACE)), go: "[]v1.Namespace", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static NAMESPACE_SPEC: Type = Type { name: "io.k8s.api.core.v1.NamespaceSpec", go: "v1.NamespaceSpec", gvk: None, atomic: false, fields: &[
    Field { json: "finalizers", number: 1, ty: T::List(&T::String), go: "[]v1.FinalizerName", list: L::Atomic, ..F },
] };

pub static NAMESPACE_STATUS: Type = Type { name: "io.k8s.api.core.v1.NamespaceStatus", go: "v1.NamespaceStatus", gvk: None, atomic: false, fields: &[
    Field { json: "conditions", number: 2, ty: T::List(&T::Message(&core_v1::NAMESPACE_CONDITION)), go: "[]v1.NamespaceCondition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "phase", number: 1, ty: T::String, go: "v1.NamespacePhase", enum_values: &["Active", "Terminating"], ..F },
] };

pub static NODE: Type = Type { name: "io.k8s.api.core.v1.Node", go: "v1.Node", gvk: Some(("", "v1", "Node")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&core_v1::NODE_SPEC), go: "v1.NodeSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&core_v1::NODE_STATUS), go: "v1.NodeStatus", ..F },
] };

pub static NODE_ADDRESS: Type = Type { name: "io.k8s.api.core.v1.NodeAddress", go: "v1.NodeAddress", gvk: None, atomic: false, fields: &[
    Field { json: "address", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.NodeAddressType", required: true, omit: O::Never, ..F },
] };

pub static NODE_AFFINITY: Type = Type { name: "io.k8s.api.core.v1.NodeAffinity", go: "v1.NodeAffinity", gvk: None, atomic: false, fields: &[
    Field { json: "preferredDuringSchedulingIgnoredDuringExecution", number: 2, ty: T::List(&T::Message(&core_v1::PREFERRED_SCHEDULING_TERM)), go: "[]v1.PreferredSchedulingTerm", list: L::Atomic, ..F },
    Field { json: "requiredDuringSchedulingIgnoredDuringExecution", number: 1, ty: T::Message(&core_v1::NODE_SELECTOR), go: "v1.NodeSelector", pointer: true, ..F },
] };

pub static NODE_ALLOCATABLE_RESOURCE_CLAIM_STATUS: Type = Type { name: "io.k8s.api.core.v1.NodeAllocatableResourceClaimStatus", go: "v1.NodeAllocatableResourceClaimStatus", gvk: None, atomic: false, fields: &[
    Field { json: "containers", number: 2, ty: T::List(&T::String), go: "[]string", list: L::Set, ..F },
    Field { json: "resourceClaimName", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "resources", number: 3, ty: T::Map(&T::Quantity), go: "map[v1.ResourceName]resource.Quantity", required: true, omit: O::Never, ..F },
] };

pub static NODE_CONDITION: Type = Type { name: "io.k8s.api.core.v1.NodeCondition", go: "v1.NodeCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastHeartbeatTime", number: 3, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "lastTransitionTime", number: 4, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.NodeConditionType", required: true, omit: O::Never, ..F },
] };

pub static NODE_CONFIG_SOURCE: Type = Type { name: "io.k8s.api.core.v1.NodeConfigSource", go: "v1.NodeConfigSource", gvk: None, atomic: false, fields: &[
    Field { json: "configMap", number: 2, ty: T::Message(&core_v1::CONFIG_MAP_NODE_CONFIG_SOURCE), go: "v1.ConfigMapNodeConfigSource", pointer: true, ..F },
] };

pub static NODE_CONFIG_STATUS: Type = Type { name: "io.k8s.api.core.v1.NodeConfigStatus", go: "v1.NodeConfigStatus", gvk: None, atomic: false, fields: &[
    Field { json: "active", number: 2, ty: T::Message(&core_v1::NODE_CONFIG_SOURCE), go: "v1.NodeConfigSource", pointer: true, ..F },
    Field { json: "assigned", number: 1, ty: T::Message(&core_v1::NODE_CONFIG_SOURCE), go: "v1.NodeConfigSource", pointer: true, ..F },
    Field { json: "error", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "lastKnownGood", number: 3, ty: T::Message(&core_v1::NODE_CONFIG_SOURCE), go: "v1.NodeConfigSource", pointer: true, ..F },
] };

pub static NODE_DAEMON_ENDPOINTS: Type = Type { name: "io.k8s.api.core.v1.NodeDaemonEndpoints", go: "v1.NodeDaemonEndpoints", gvk: None, atomic: false, fields: &[
    Field { json: "kubeletEndpoint", number: 1, ty: T::Message(&core_v1::DAEMON_ENDPOINT), go: "v1.DaemonEndpoint", ..F },
] };

pub static NODE_FEATURES: Type = Type { name: "io.k8s.api.core.v1.NodeFeatures", go: "v1.NodeFeatures", gvk: None, atomic: false, fields: &[
    Field { json: "supplementalGroupsPolicy", number: 1, ty: T::Bool, go: "bool", pointer: true, ..F },
] };

pub static NODE_LIST: Type = Type { name: "io.k8s.api.core.v1.NodeList", go: "v1.NodeList", gvk: Some(("", "v1", "NodeList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::NODE)), go: "[]v1.Node", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static NODE_PROXY_OPTIONS: Type = Type { name: "io.k8s.api.core.v1.NodeProxyOptions", go: "v1.NodeProxyOptions", gvk: Some(("", "v1", "NodeProxyOptions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "path", number: 1, ty: T::String, go: "string", ..F },
] };

pub static NODE_RUNTIME_HANDLER: Type = Type { name: "io.k8s.api.core.v1.NodeRuntimeHandler", go: "v1.NodeRuntimeHandler", gvk: None, atomic: false, fields: &[
    Field { json: "features", number: 2, ty: T::Message(&core_v1::NODE_RUNTIME_HANDLER_FEATURES), go: "v1.NodeRuntimeHandlerFeatures", pointer: true, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", omit: O::Never, ..F },
] };

pub static NODE_RUNTIME_HANDLER_FEATURES: Type = Type { name: "io.k8s.api.core.v1.NodeRuntimeHandlerFeatures", go: "v1.NodeRuntimeHandlerFeatures", gvk: None, atomic: false, fields: &[
    Field { json: "recursiveReadOnlyMounts", number: 1, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "userNamespaces", number: 2, ty: T::Bool, go: "bool", pointer: true, ..F },
] };

pub static NODE_SELECTOR: Type = Type { name: "io.k8s.api.core.v1.NodeSelector", go: "v1.NodeSelector", gvk: None, atomic: true, fields: &[
    Field { json: "nodeSelectorTerms", number: 1, ty: T::List(&T::Message(&core_v1::NODE_SELECTOR_TERM)), go: "[]v1.NodeSelectorTerm", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static NODE_SELECTOR_REQUIREMENT: Type = Type { name: "io.k8s.api.core.v1.NodeSelectorRequirement", go: "v1.NodeSelectorRequirement", gvk: None, atomic: false, fields: &[
    Field { json: "key", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "operator", number: 2, ty: T::String, go: "v1.NodeSelectorOperator", required: true, omit: O::Never, enum_values: &["DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn"], ..F },
    Field { json: "values", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
] };

pub static NODE_SELECTOR_TERM: Type = Type { name: "io.k8s.api.core.v1.NodeSelectorTerm", go: "v1.NodeSelectorTerm", gvk: None, atomic: true, fields: &[
    Field { json: "matchExpressions", number: 1, ty: T::List(&T::Message(&core_v1::NODE_SELECTOR_REQUIREMENT)), go: "[]v1.NodeSelectorRequirement", list: L::Atomic, ..F },
    Field { json: "matchFields", number: 2, ty: T::List(&T::Message(&core_v1::NODE_SELECTOR_REQUIREMENT)), go: "[]v1.NodeSelectorRequirement", list: L::Atomic, ..F },
] };

pub static NODE_SPEC: Type = Type { name: "io.k8s.api.core.v1.NodeSpec", go: "v1.NodeSpec", gvk: None, atomic: false, fields: &[
    Field { json: "configSource", number: 6, ty: T::Message(&core_v1::NODE_CONFIG_SOURCE), go: "v1.NodeConfigSource", pointer: true, ..F },
    Field { json: "externalID", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "podCIDR", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "podCIDRs", number: 7, ty: T::List(&T::String), go: "[]string", list: L::Set, patch: Patch { merge: true, ..P }, ..F },
    Field { json: "providerID", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "taints", number: 5, ty: T::List(&T::Message(&core_v1::TAINT)), go: "[]v1.Taint", list: L::Atomic, ..F },
    Field { json: "unschedulable", number: 4, ty: T::Bool, go: "bool", ..F },
] };

pub static NODE_STATUS: Type = Type { name: "io.k8s.api.core.v1.NodeStatus", go: "v1.NodeStatus", gvk: None, atomic: false, fields: &[
    Field { json: "addresses", number: 5, ty: T::List(&T::Message(&core_v1::NODE_ADDRESS)), go: "[]v1.NodeAddress", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "allocatable", number: 2, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "capacity", number: 1, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "conditions", number: 4, ty: T::List(&T::Message(&core_v1::NODE_CONDITION)), go: "[]v1.NodeCondition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "config", number: 11, ty: T::Message(&core_v1::NODE_CONFIG_STATUS), go: "v1.NodeConfigStatus", pointer: true, ..F },
    Field { json: "daemonEndpoints", number: 6, ty: T::Message(&core_v1::NODE_DAEMON_ENDPOINTS), go: "v1.NodeDaemonEndpoints", ..F },
    Field { json: "declaredFeatures", number: 14, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "features", number: 13, ty: T::Message(&core_v1::NODE_FEATURES), go: "v1.NodeFeatures", pointer: true, ..F },
    Field { json: "images", number: 8, ty: T::List(&T::Message(&core_v1::CONTAINER_IMAGE)), go: "[]v1.ContainerImage", list: L::Atomic, ..F },
    Field { json: "nodeInfo", number: 7, ty: T::Message(&core_v1::NODE_SYSTEM_INFO), go: "v1.NodeSystemInfo", ..F },
    Field { json: "phase", number: 3, ty: T::String, go: "v1.NodePhase", enum_values: &["Pending", "Running", "Terminated"], ..F },
    Field { json: "runtimeHandlers", number: 12, ty: T::List(&T::Message(&core_v1::NODE_RUNTIME_HANDLER)), go: "[]v1.NodeRuntimeHandler", list: L::Atomic, ..F },
    Field { json: "volumesAttached", number: 10, ty: T::List(&T::Message(&core_v1::ATTACHED_VOLUME)), go: "[]v1.AttachedVolume", list: L::Atomic, ..F },
    Field { json: "volumesInUse", number: 9, ty: T::List(&T::String), go: "[]v1.UniqueVolumeName", list: L::Atomic, ..F },
] };

pub static NODE_SWAP_STATUS: Type = Type { name: "io.k8s.api.core.v1.NodeSwapStatus", go: "v1.NodeSwapStatus", gvk: None, atomic: false, fields: &[
    Field { json: "capacity", number: 1, ty: T::Int64, go: "int64", pointer: true, ..F },
] };

pub static NODE_SYSTEM_INFO: Type = Type { name: "io.k8s.api.core.v1.NodeSystemInfo", go: "v1.NodeSystemInfo", gvk: None, atomic: false, fields: &[
    Field { json: "architecture", number: 10, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "bootID", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "containerRuntimeVersion", number: 6, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "kernelVersion", number: 4, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "kubeProxyVersion", number: 8, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "kubeletVersion", number: 7, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "machineID", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "operatingSystem", number: 9, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "osImage", number: 5, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "swap", number: 11, ty: T::Message(&core_v1::NODE_SWAP_STATUS), go: "v1.NodeSwapStatus", pointer: true, ..F },
    Field { json: "systemUUID", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static OBJECT_FIELD_SELECTOR: Type = Type { name: "io.k8s.api.core.v1.ObjectFieldSelector", go: "v1.ObjectFieldSelector", gvk: None, atomic: true, fields: &[
    Field { json: "apiVersion", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "fieldPath", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static OBJECT_REFERENCE: Type = Type { name: "io.k8s.api.core.v1.ObjectReference", go: "v1.ObjectReference", gvk: None, atomic: true, fields: &[
    Field { json: "apiVersion", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "fieldPath", number: 7, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "name", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "namespace", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "resourceVersion", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "uid", number: 4, ty: T::String, go: "types.UID", ..F },
] };

pub static PERSISTENT_VOLUME: Type = Type { name: "io.k8s.api.core.v1.PersistentVolume", go: "v1.PersistentVolume", gvk: Some(("", "v1", "PersistentVolume")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&core_v1::PERSISTENT_VOLUME_SPEC), go: "v1.PersistentVolumeSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&core_v1::PERSISTENT_VOLUME_STATUS), go: "v1.PersistentVolumeStatus", ..F },
] };

pub static PERSISTENT_VOLUME_CLAIM: Type = Type { name: "io.k8s.api.core.v1.PersistentVolumeClaim", go: "v1.PersistentVolumeClaim", gvk: Some(("", "v1", "PersistentVolumeClaim")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&core_v1::PERSISTENT_VOLUME_CLAIM_SPEC), go: "v1.PersistentVolumeClaimSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&core_v1::PERSISTENT_VOLUME_CLAIM_STATUS), go: "v1.PersistentVolumeClaimStatus", ..F },
] };

pub static PERSISTENT_VOLUME_CLAIM_CONDITION: Type = Type { name: "io.k8s.api.core.v1.PersistentVolumeClaimCondition", go: "v1.PersistentVolumeClaimCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastProbeTime", number: 3, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "lastTransitionTime", number: 4, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.PersistentVolumeClaimConditionType", required: true, omit: O::Never, ..F },
] };

pub static PERSISTENT_VOLUME_CLAIM_LIST: Type = Type { name: "io.k8s.api.core.v1.PersistentVolumeClaimList", go: "v1.PersistentVolumeClaimList", gvk: Some(("", "v1", "PersistentVolumeClaimList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::PERSISTENT_VOLUME_CLAIM)), go: "[]v1.PersistentVolumeClaim", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static PERSISTENT_VOLUME_CLAIM_SPEC: Type = Type { name: "io.k8s.api.core.v1.PersistentVolumeClaimSpec", go: "v1.PersistentVolumeClaimSpec", gvk: None, atomic: false, fields: &[
    Field { json: "accessModes", number: 1, ty: T::List(&T::String), go: "[]v1.PersistentVolumeAccessMode", list: L::Atomic, enum_values: &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"], ..F },
    Field { json: "dataSource", number: 7, ty: T::Message(&core_v1::TYPED_LOCAL_OBJECT_REFERENCE), go: "v1.TypedLocalObjectReference", pointer: true, ..F },
    Field { json: "dataSourceRef", number: 8, ty: T::Message(&core_v1::TYPED_OBJECT_REFERENCE), go: "v1.TypedObjectReference", pointer: true, ..F },
    Field { json: "resources", number: 2, ty: T::Message(&core_v1::VOLUME_RESOURCE_REQUIREMENTS), go: "v1.VolumeResourceRequirements", ..F },
    Field { json: "selector", number: 4, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "storageClassName", number: 5, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "volumeAttributesClassName", number: 9, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "volumeMode", number: 6, ty: T::String, go: "v1.PersistentVolumeMode", pointer: true, enum_values: &["Block", "Filesystem"], ..F },
    Field { json: "volumeName", number: 3, ty: T::String, go: "string", ..F },
] };

pub static PERSISTENT_VOLUME_CLAIM_STATUS: Type = Type { name: "io.k8s.api.core.v1.PersistentVolumeClaimStatus", go: "v1.PersistentVolumeClaimStatus", gvk: None, atomic: false, fields: &[
    Field { json: "accessModes", number: 2, ty: T::List(&T::String), go: "[]v1.PersistentVolumeAccessMode", list: L::Atomic, enum_values: &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"], ..F },
    Field { json: "allocatedResourceStatuses", number: 7, ty: T::Map(&T::String), go: "map[v1.ResourceName]v1.ClaimResourceStatus", list: L::Granular, ..F },
    Field { json: "allocatedResources", number: 5, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "capacity", number: 3, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "conditions", number: 4, ty: T::List(&T::Message(&core_v1::PERSISTENT_VOLUME_CLAIM_CONDITION)), go: "[]v1.PersistentVolumeClaimCondition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "currentVolumeAttributesClassName", number: 8, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "modifyVolumeStatus", number: 9, ty: T::Message(&core_v1::MODIFY_VOLUME_STATUS), go: "v1.ModifyVolumeStatus", pointer: true, ..F },
    Field { json: "phase", number: 1, ty: T::String, go: "v1.PersistentVolumeClaimPhase", enum_values: &["Bound", "Lost", "Pending"], ..F },
] };

pub static PERSISTENT_VOLUME_CLAIM_TEMPLATE: Type = Type { name: "io.k8s.api.core.v1.PersistentVolumeClaimTemplate", go: "v1.PersistentVolumeClaimTemplate", gvk: None, atomic: false, fields: &[
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&core_v1::PERSISTENT_VOLUME_CLAIM_SPEC), go: "v1.PersistentVolumeClaimSpec", required: true, omit: O::Never, ..F },
] };

pub static PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.PersistentVolumeClaimVolumeSource", go: "v1.PersistentVolumeClaimVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "claimName", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "readOnly", number: 2, ty: T::Bool, go: "bool", ..F },
] };

pub static PERSISTENT_VOLUME_LIST: Type = Type { name: "io.k8s.api.core.v1.PersistentVolumeList", go: "v1.PersistentVolumeList", gvk: Some(("", "v1", "PersistentVolumeList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::PERSISTENT_VOLUME)), go: "[]v1.PersistentVolume", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static PERSISTENT_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.PersistentVolumeSource", go: "v1.PersistentVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "awsElasticBlockStore", number: 2, ty: T::Message(&core_v1::AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE), go: "v1.AWSElasticBlockStoreVolumeSource", pointer: true, ..F },
    Field { json: "azureDisk", number: 16, ty: T::Message(&core_v1::AZURE_DISK_VOLUME_SOURCE), go: "v1.AzureDiskVolumeSource", pointer: true, ..F },
    Field { json: "azureFile", number: 13, ty: T::Message(&core_v1::AZURE_FILE_PERSISTENT_VOLUME_SOURCE), go: "v1.AzureFilePersistentVolumeSource", pointer: true, ..F },
    Field { json: "cephfs", number: 9, ty: T::Message(&core_v1::CEPH_FS_PERSISTENT_VOLUME_SOURCE), go: "v1.CephFSPersistentVolumeSource", pointer: true, ..F },
    Field { json: "cinder", number: 8, ty: T::Message(&core_v1::CINDER_PERSISTENT_VOLUME_SOURCE), go: "v1.CinderPersistentVolumeSource", pointer: true, ..F },
    Field { json: "csi", number: 22, ty: T::Message(&core_v1::CSI_PERSISTENT_VOLUME_SOURCE), go: "v1.CSIPersistentVolumeSource", pointer: true, ..F },
    Field { json: "fc", number: 10, ty: T::Message(&core_v1::FC_VOLUME_SOURCE), go: "v1.FCVolumeSource", pointer: true, ..F },
    Field { json: "flexVolume", number: 12, ty: T::Message(&core_v1::FLEX_PERSISTENT_VOLUME_SOURCE), go: "v1.FlexPersistentVolumeSource", pointer: true, ..F },
    Field { json: "flocker", number: 11, ty: T::Message(&core_v1::FLOCKER_VOLUME_SOURCE), go: "v1.FlockerVolumeSource", pointer: true, ..F },
    Field { json: "gcePersistentDisk", number: 1, ty: T::Message(&core_v1::GCE_PERSISTENT_DISK_VOLUME_SOURCE), go: "v1.GCEPersistentDiskVolumeSource", pointer: true, ..F },
    Field { json: "glusterfs", number: 4, ty: T::Message(&core_v1::GLUSTERFS_PERSISTENT_VOLUME_SOURCE), go: "v1.GlusterfsPersistentVolumeSource", pointer: true, ..F },
    Field { json: "hostPath", number: 3, ty: T::Message(&core_v1::HOST_PATH_VOLUME_SOURCE), go: "v1.HostPathVolumeSource", pointer: true, ..F },
    Field { json: "iscsi", number: 7, ty: T::Message(&core_v1::ISCSI_PERSISTENT_VOLUME_SOURCE), go: "v1.ISCSIPersistentVolumeSource", pointer: true, ..F },
    Field { json: "local", number: 20, ty: T::Message(&core_v1::LOCAL_VOLUME_SOURCE), go: "v1.LocalVolumeSource", pointer: true, ..F },
    Field { json: "nfs", number: 5, ty: T::Message(&core_v1::NFS_VOLUME_SOURCE), go: "v1.NFSVolumeSource", pointer: true, ..F },
    Field { json: "photonPersistentDisk", number: 17, ty: T::Message(&core_v1::PHOTON_PERSISTENT_DISK_VOLUME_SOURCE), go: "v1.PhotonPersistentDiskVolumeSource", pointer: true, ..F },
    Field { json: "portworxVolume", number: 18, ty: T::Message(&core_v1::PORTWORX_VOLUME_SOURCE), go: "v1.PortworxVolumeSource", pointer: true, ..F },
    Field { json: "quobyte", number: 15, ty: T::Message(&core_v1::QUOBYTE_VOLUME_SOURCE), go: "v1.QuobyteVolumeSource", pointer: true, ..F },
    Field { json: "rbd", number: 6, ty: T::Message(&core_v1::RBD_PERSISTENT_VOLUME_SOURCE), go: "v1.RBDPersistentVolumeSource", pointer: true, ..F },
    Field { json: "scaleIO", number: 19, ty: T::Message(&core_v1::SCALE_IO_PERSISTENT_VOLUME_SOURCE), go: "v1.ScaleIOPersistentVolumeSource", pointer: true, ..F },
    Field { json: "storageos", number: 21, ty: T::Message(&core_v1::STORAGE_OS_PERSISTENT_VOLUME_SOURCE), go: "v1.StorageOSPersistentVolumeSource", pointer: true, ..F },
    Field { json: "vsphereVolume", number: 14, ty: T::Message(&core_v1::VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE), go: "v1.VsphereVirtualDiskVolumeSource", pointer: true, ..F },
] };

pub static PERSISTENT_VOLUME_SPEC: Type = Type { name: "io.k8s.api.core.v1.PersistentVolumeSpec", go: "v1.PersistentVolumeSpec", gvk: None, atomic: false, fields: &[
    Field { json: "accessModes", number: 3, ty: T::List(&T::String), go: "[]v1.PersistentVolumeAccessMode", list: L::Atomic, enum_values: &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"], ..F },
    Field { json: "awsElasticBlockStore", number: 2, ty: T::Message(&core_v1::AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE), go: "v1.AWSElasticBlockStoreVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "azureDisk", number: 16, ty: T::Message(&core_v1::AZURE_DISK_VOLUME_SOURCE), go: "v1.AzureDiskVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "azureFile", number: 13, ty: T::Message(&core_v1::AZURE_FILE_PERSISTENT_VOLUME_SOURCE), go: "v1.AzureFilePersistentVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "capacity", number: 1, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "cephfs", number: 9, ty: T::Message(&core_v1::CEPH_FS_PERSISTENT_VOLUME_SOURCE), go: "v1.CephFSPersistentVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "cinder", number: 8, ty: T::Message(&core_v1::CINDER_PERSISTENT_VOLUME_SOURCE), go: "v1.CinderPersistentVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "claimRef", number: 4, ty: T::Message(&core_v1::OBJECT_REFERENCE), go: "v1.ObjectReference", list: L::Granular, pointer: true, ..F },
    Field { json: "csi", number: 22, ty: T::Message(&core_v1::CSI_PERSISTENT_VOLUME_SOURCE), go: "v1.CSIPersistentVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "fc", number: 10, ty: T::Message(&core_v1::FC_VOLUME_SOURCE), go: "v1.FCVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "flexVolume", number: 12, ty: T::Message(&core_v1::FLEX_PERSISTENT_VOLUME_SOURCE), go: "v1.FlexPersistentVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "flocker", number: 11, ty: T::Message(&core_v1::FLOCKER_VOLUME_SOURCE), go: "v1.FlockerVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "gcePersistentDisk", number: 1, ty: T::Message(&core_v1::GCE_PERSISTENT_DISK_VOLUME_SOURCE), go: "v1.GCEPersistentDiskVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "glusterfs", number: 4, ty: T::Message(&core_v1::GLUSTERFS_PERSISTENT_VOLUME_SOURCE), go: "v1.GlusterfsPersistentVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "hostPath", number: 3, ty: T::Message(&core_v1::HOST_PATH_VOLUME_SOURCE), go: "v1.HostPathVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "iscsi", number: 7, ty: T::Message(&core_v1::ISCSI_PERSISTENT_VOLUME_SOURCE), go: "v1.ISCSIPersistentVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "local", number: 20, ty: T::Message(&core_v1::LOCAL_VOLUME_SOURCE), go: "v1.LocalVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "mountOptions", number: 7, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "nfs", number: 5, ty: T::Message(&core_v1::NFS_VOLUME_SOURCE), go: "v1.NFSVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "nodeAffinity", number: 9, ty: T::Message(&core_v1::VOLUME_NODE_AFFINITY), go: "v1.VolumeNodeAffinity", pointer: true, ..F },
    Field { json: "persistentVolumeReclaimPolicy", number: 5, ty: T::String, go: "v1.PersistentVolumeReclaimPolicy", enum_values: &["Delete", "Recycle", "Retain"], ..F },
    Field { json: "photonPersistentDisk", number: 17, ty: T::Message(&core_v1::PHOTON_PERSISTENT_DISK_VOLUME_SOURCE), go: "v1.PhotonPersistentDiskVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "portworxVolume", number: 18, ty: T::Message(&core_v1::PORTWORX_VOLUME_SOURCE), go: "v1.PortworxVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "quobyte", number: 15, ty: T::Message(&core_v1::QUOBYTE_VOLUME_SOURCE), go: "v1.QuobyteVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "rbd", number: 6, ty: T::Message(&core_v1::RBD_PERSISTENT_VOLUME_SOURCE), go: "v1.RBDPersistentVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "scaleIO", number: 19, ty: T::Message(&core_v1::SCALE_IO_PERSISTENT_VOLUME_SOURCE), go: "v1.ScaleIOPersistentVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "storageClassName", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "storageos", number: 21, ty: T::Message(&core_v1::STORAGE_OS_PERSISTENT_VOLUME_SOURCE), go: "v1.StorageOSPersistentVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "volumeAttributesClassName", number: 10, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "volumeMode", number: 8, ty: T::String, go: "v1.PersistentVolumeMode", pointer: true, enum_values: &["Block", "Filesystem"], ..F },
    Field { json: "vsphereVolume", number: 14, ty: T::Message(&core_v1::VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE), go: "v1.VsphereVirtualDiskVolumeSource", through: &[2], pointer: true, ..F },
] };

pub static PERSISTENT_VOLUME_STATUS: Type = Type { name: "io.k8s.api.core.v1.PersistentVolumeStatus", go: "v1.PersistentVolumeStatus", gvk: None, atomic: false, fields: &[
    Field { json: "lastPhaseTransitionTime", number: 4, ty: T::Time, go: "v1.Time", pointer: true, ..F },
    Field { json: "message", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "phase", number: 1, ty: T::String, go: "v1.PersistentVolumePhase", enum_values: &["Available", "Bound", "Failed", "Pending", "Released"], ..F },
    Field { json: "reason", number: 3, ty: T::String, go: "string", ..F },
] };

pub static PHOTON_PERSISTENT_DISK_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.PhotonPersistentDiskVolumeSource", go: "v1.PhotonPersistentDiskVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "pdID", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static POD: Type = Type { name: "io.k8s.api.core.v1.Pod", go: "v1.Pod", gvk: Some(("", "v1", "Pod")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&core_v1::POD_SPEC), go: "v1.PodSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&core_v1::POD_STATUS), go: "v1.PodStatus", ..F },
] };

pub static POD_AFFINITY: Type = Type { name: "io.k8s.api.core.v1.PodAffinity", go: "v1.PodAffinity", gvk: None, atomic: false, fields: &[
    Field { json: "preferredDuringSchedulingIgnoredDuringExecution", number: 2, ty: T::List(&T::Message(&core_v1::WEIGHTED_POD_AFFINITY_TERM)), go: "[]v1.WeightedPodAffinityTerm", list: L::Atomic, ..F },
    Field { json: "requiredDuringSchedulingIgnoredDuringExecution", number: 1, ty: T::List(&T::Message(&core_v1::POD_AFFINITY_TERM)), go: "[]v1.PodAffinityTerm", list: L::Atomic, ..F },
] };

pub static POD_AFFINITY_TERM: Type = Type { name: "io.k8s.api.core.v1.PodAffinityTerm", go: "v1.PodAffinityTerm", gvk: None, atomic: false, fields: &[
    Field { json: "labelSelector", number: 1, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "matchLabelKeys", number: 5, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "mismatchLabelKeys", number: 6, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "namespaceSelector", number: 4, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "namespaces", number: 2, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "topologyKey", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static POD_ANTI_AFFINITY: Type = Type { name: "io.k8s.api.core.v1.PodAntiAffinity", go: "v1.PodAntiAffinity", gvk: None, atomic: false, fields: &[
    Field { json: "preferredDuringSchedulingIgnoredDuringExecution", number: 2, ty: T::List(&T::Message(&core_v1::WEIGHTED_POD_AFFINITY_TERM)), go: "[]v1.WeightedPodAffinityTerm", list: L::Atomic, ..F },
    Field { json: "requiredDuringSchedulingIgnoredDuringExecution", number: 1, ty: T::List(&T::Message(&core_v1::POD_AFFINITY_TERM)), go: "[]v1.PodAffinityTerm", list: L::Atomic, ..F },
] };

pub static POD_ATTACH_OPTIONS: Type = Type { name: "io.k8s.api.core.v1.PodAttachOptions", go: "v1.PodAttachOptions", gvk: Some(("", "v1", "PodAttachOptions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "container", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "stderr", number: 3, ty: T::Bool, go: "bool", ..F },
    Field { json: "stdin", number: 1, ty: T::Bool, go: "bool", ..F },
    Field { json: "stdout", number: 2, ty: T::Bool, go: "bool", ..F },
    Field { json: "tty", number: 4, ty: T::Bool, go: "bool", ..F },
] };

pub static POD_CERTIFICATE_PROJECTION: Type = Type { name: "io.k8s.api.core.v1.PodCertificateProjection", go: "v1.PodCertificateProjection", gvk: None, atomic: false, fields: &[
    Field { json: "certificateChainPath", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "credentialBundlePath", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "keyPath", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "keyType", number: 2, ty: T::String, go: "string", required: true, ..F },
    Field { json: "maxExpirationSeconds", number: 3, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "signerName", number: 1, ty: T::String, go: "string", required: true, ..F },
    Field { json: "userAnnotations", number: 7, ty: T::Map(&T::String), go: "map[string]string", ..F },
] };

pub static POD_CONDITION: Type = Type { name: "io.k8s.api.core.v1.PodCondition", go: "v1.PodCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastProbeTime", number: 3, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "lastTransitionTime", number: 4, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "observedGeneration", number: 7, ty: T::Int64, go: "int64", ..F },
    Field { json: "reason", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.PodConditionType", required: true, omit: O::Never, ..F },
] };

pub static POD_DNS_CONFIG: Type = Type { name: "io.k8s.api.core.v1.PodDNSConfig", go: "v1.PodDNSConfig", gvk: None, atomic: false, fields: &[
    Field { json: "nameservers", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "options", number: 3, ty: T::List(&T::Message(&core_v1::POD_DNS_CONFIG_OPTION)), go: "[]v1.PodDNSConfigOption", list: L::Atomic, ..F },
    Field { json: "searches", number: 2, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
] };

pub static POD_DNS_CONFIG_OPTION: Type = Type { name: "io.k8s.api.core.v1.PodDNSConfigOption", go: "v1.PodDNSConfigOption", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "value", number: 2, ty: T::String, go: "string", pointer: true, ..F },
] };

pub static POD_EXEC_OPTIONS: Type = Type { name: "io.k8s.api.core.v1.PodExecOptions", go: "v1.PodExecOptions", gvk: Some(("", "v1", "PodExecOptions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "command", number: 6, ty: T::List(&T::String), go: "[]string", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "container", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "stderr", number: 3, ty: T::Bool, go: "bool", ..F },
    Field { json: "stdin", number: 1, ty: T::Bool, go: "bool", ..F },
    Field { json: "stdout", number: 2, ty: T::Bool, go: "bool", ..F },
    Field { json: "tty", number: 4, ty: T::Bool, go: "bool", ..F },
] };

pub static POD_EXTENDED_RESOURCE_CLAIM_STATUS: Type = Type { name: "io.k8s.api.core.v1.PodExtendedResourceClaimStatus", go: "v1.PodExtendedResourceClaimStatus", gvk: None, atomic: false, fields: &[
    Field { json: "requestMappings", number: 1, ty: T::List(&T::Message(&core_v1::CONTAINER_EXTENDED_RESOURCE_REQUEST)), go: "[]v1.ContainerExtendedResourceRequest", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "resourceClaimName", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static POD_IP: Type = Type { name: "io.k8s.api.core.v1.PodIP", go: "v1.PodIP", gvk: None, atomic: false, fields: &[
    Field { json: "ip", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static POD_LIST: Type = Type { name: "io.k8s.api.core.v1.PodList", go: "v1.PodList", gvk: Some(("", "v1", "PodList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::POD)), go: "[]v1.Pod", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static POD_LOG_OPTIONS: Type = Type { name: "io.k8s.api.core.v1.PodLogOptions", go: "v1.PodLogOptions", gvk: Some(("", "v1", "PodLogOptions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "container", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "follow", number: 2, ty: T::Bool, go: "bool", ..F },
    Field { json: "insecureSkipTLSVerifyBackend", number: 9, ty: T::Bool, go: "bool", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "limitBytes", number: 8, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "previous", number: 3, ty: T::Bool, go: "bool", ..F },
    Field { json: "sinceSeconds", number: 4, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "sinceTime", number: 5, ty: T::Time, go: "v1.Time", pointer: true, ..F },
    Field { json: "stream", number: 10, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "tailLines", number: 7, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "timestamps", number: 6, ty: T::Bool, go: "bool", ..F },
] };

pub static POD_OS: Type = Type { name: "io.k8s.api.core.v1.PodOS", go: "v1.PodOS", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "v1.OSName", required: true, omit: O::Never, ..F },
] };

pub static POD_PORT_FORWARD_OPTIONS: Type = Type { name: "io.k8s.api.core.v1.PodPortForwardOptions", go: "v1.PodPortForwardOptions", gvk: Some(("", "v1", "PodPortForwardOptions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "ports", number: 1, ty: T::List(&T::Int32), go: "[]int32", list: L::Atomic, ..F },
] };

pub static POD_PROXY_OPTIONS: Type = Type { name: "io.k8s.api.core.v1.PodProxyOptions", go: "v1.PodProxyOptions", gvk: Some(("", "v1", "PodProxyOptions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "path", number: 1, ty: T::String, go: "string", ..F },
] };

pub static POD_READINESS_GATE: Type = Type { name: "io.k8s.api.core.v1.PodReadinessGate", go: "v1.PodReadinessGate", gvk: None, atomic: false, fields: &[
    Field { json: "conditionType", number: 1, ty: T::String, go: "v1.PodConditionType", required: true, omit: O::Never, ..F },
] };

pub static POD_RESOURCE_CLAIM: Type = Type { name: "io.k8s.api.core.v1.PodResourceClaim", go: "v1.PodResourceClaim", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "resourceClaimName", number: 3, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "resourceClaimTemplateName", number: 4, ty: T::String, go: "string", pointer: true, ..F },
] };

pub static POD_RESOURCE_CLAIM_STATUS: Type = Type { name: "io.k8s.api.core.v1.PodResourceClaimStatus", go: "v1.PodResourceClaimStatus", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "resourceClaimName", number: 2, ty: T::String, go: "string", pointer: true, ..F },
] };

pub static POD_SCHEDULING_GATE: Type = Type { name: "io.k8s.api.core.v1.PodSchedulingGate", go: "v1.PodSchedulingGate", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static POD_SCHEDULING_GROUP: Type = Type { name: "io.k8s.api.core.v1.PodSchedulingGroup", go: "v1.PodSchedulingGroup", gvk: None, atomic: false, fields: &[
    Field { json: "podGroupName", number: 1, ty: T::String, go: "string", pointer: true, ..F },
] };

pub static POD_SECURITY_CONTEXT: Type = Type { name: "io.k8s.api.core.v1.PodSecurityContext", go: "v1.PodSecurityContext", gvk: None, atomic: false, fields: &[
    Field { json: "appArmorProfile", number: 11, ty: T::Message(&core_v1::APP_ARMOR_PROFILE), go: "v1.AppArmorProfile", pointer: true, ..F },
    Field { json: "fsGroup", number: 5, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "fsGroupChangePolicy", number: 9, ty: T::String, go: "v1.PodFSGroupChangePolicy", pointer: true, enum_values: &["Always", "OnRootMismatch"], ..F },
    Field { json: "runAsGroup", number: 6, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "runAsNonRoot", number: 3, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "runAsUser", number: 2, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "seLinuxChangePolicy", number: 13, ty: T::String, go: "v1.PodSELinuxChangePolicy", pointer: true, ..F },
    Field { json: "seLinuxOptions", number: 1, ty: T::Message(&core_v1::SE_LINUX_OPTIONS), go: "v1.SELinuxOptions", pointer: true, ..F },
    Field { json: "seccompProfile", number: 10, ty: T::Message(&core_v1::SECCOMP_PROFILE), go: "v1.SeccompProfile", pointer: true, ..F },
    Field { json: "supplementalGroups", number: 4, ty: T::List(&T::Int64), go: "[]int64", list: L::Atomic, ..F },
    Field { json: "supplementalGroupsPolicy", number: 12, ty: T::String, go: "v1.SupplementalGroupsPolicy", pointer: true, enum_values: &["Merge", "Strict"], ..F },
    Field { json: "sysctls", number: 7, ty: T::List(&T::Message(&core_v1::SYSCTL)), go: "[]v1.Sysctl", list: L::Atomic, ..F },
    Field { json: "windowsOptions", number: 8, ty: T::Message(&core_v1::WINDOWS_SECURITY_CONTEXT_OPTIONS), go: "v1.WindowsSecurityContextOptions", pointer: true, ..F },
] };

pub static POD_SIGNATURE: Type = Type { name: "io.k8s.api.core.v1.PodSignature", go: "v1.PodSignature", gvk: None, atomic: false, fields: &[
    Field { json: "podController", number: 1, ty: T::Message(&meta_v1::OWNER_REFERENCE), go: "v1.OwnerReference", pointer: true, ..F },
] };

pub static POD_SPEC: Type = Type { name: "io.k8s.api.core.v1.PodSpec", go: "v1.PodSpec", gvk: None, atomic: false, fields: &[
    Field { json: "activeDeadlineSeconds", number: 5, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "affinity", number: 18, ty: T::Message(&core_v1::AFFINITY), go: "v1.Affinity", pointer: true, ..F },
    Field { json: "automountServiceAccountToken", number: 21, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "containers", number: 2, ty: T::List(&T::Message(&core_v1::CONTAINER)), go: "[]v1.Container", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, required: true, omit: O::Never, ..F },
    Field { json: "dnsConfig", number: 26, ty: T::Message(&core_v1::POD_DNS_CONFIG), go: "v1.PodDNSConfig", pointer: true, ..F },
    Field { json: "dnsPolicy", number: 6, ty: T::String, go: "v1.DNSPolicy", enum_values: &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"], ..F },
    Field { json: "enableServiceLinks", number: 30, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "ephemeralContainers", number: 34, ty: T::List(&T::Message(&core_v1::EPHEMERAL_CONTAINER)), go: "[]v1.EphemeralContainer", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
    Field { json: "hostAliases", number: 23, ty: T::List(&T::Message(&core_v1::HOST_ALIAS)), go: "[]v1.HostAlias", list: L::Map(&["ip"]), patch: Patch { merge: true, merge_key: Some("ip"), ..P }, ..F },
    Field { json: "hostIPC", number: 13, ty: T::Bool, go: "bool", ..F },
    Field { json: "hostNetwork", number: 11, ty: T::Bool, go: "bool", ..F },
    Field { json: "hostPID", number: 12, ty: T::Bool, go: "bool", ..F },
    Field { json: "hostUsers", number: 37, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "hostname", number: 16, ty: T::String, go: "string", ..F },
    Field { json: "hostnameOverride", number: 41, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "imagePullSecrets", number: 15, ty: T::List(&T::Message(&core_v1::LOCAL_OBJECT_REFERENCE)), go: "[]v1.LocalObjectReference", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
    Field { json: "initContainers", number: 20, ty: T::List(&T::Message(&core_v1::CONTAINER)), go: "[]v1.Container", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
    Field { json: "nodeName", number: 10, ty: T::String, go: "string", ..F },
    Field { json: "nodeSelector", number: 7, ty: T::Map(&T::String), go: "map[string]string", list: L::Atomic, ..F },
    Field { json: "os", number: 36, ty: T::Message(&core_v1::POD_OS), go: "v1.PodOS", pointer: true, ..F },
    Field { json: "overhead", number: 32, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "preemptionPolicy", number: 31, ty: T::String, go: "v1.PreemptionPolicy", pointer: true, enum_values: &["Never", "PreemptLowerPriority"], ..F },
    Field { json: "priority", number: 25, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "priorityClassName", number: 24, ty: T::String, go: "string", ..F },
    Field { json: "readinessGates", number: 28, ty: T::List(&T::Message(&core_v1::POD_READINESS_GATE)), go: "[]v1.PodReadinessGate", list: L::Atomic, ..F },
    Field { json: "resourceClaims", number: 39, ty: T::List(&T::Message(&core_v1::POD_RESOURCE_CLAIM)), go: "[]v1.PodResourceClaim", list: L::Map(&["name"]), patch: Patch { merge: true, retain_keys: true, merge_key: Some("name"), ..P }, ..F },
    Field { json: "resources", number: 40, ty: T::Message(&core_v1::RESOURCE_REQUIREMENTS), go: "v1.ResourceRequirements", pointer: true, ..F },
    Field { json: "restartPolicy", number: 3, ty: T::String, go: "v1.RestartPolicy", enum_values: &["Always", "Never", "OnFailure"], ..F },
    Field { json: "runtimeClassName", number: 29, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "schedulerName", number: 19, ty: T::String, go: "string", ..F },
    Field { json: "schedulingGates", number: 38, ty: T::List(&T::Message(&core_v1::POD_SCHEDULING_GATE)), go: "[]v1.PodSchedulingGate", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
    Field { json: "schedulingGroup", number: 43, ty: T::Message(&core_v1::POD_SCHEDULING_GROUP), go: "v1.PodSchedulingGroup", pointer: true, ..F },
    Field { json: "securityContext", number: 14, ty: T::Message(&core_v1::POD_SECURITY_CONTEXT), go: "v1.PodSecurityContext", pointer: true, ..F },
    Field { json: "serviceAccount", number: 9, ty: T::String, go: "string", ..F },
    Field { json: "serviceAccountName", number: 8, ty: T::String, go: "string", ..F },
    Field { json: "setHostnameAsFQDN", number: 35, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "shareProcessNamespace", number: 27, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "subdomain", number: 17, ty: T::String, go: "string", ..F },
    Field { json: "terminationGracePeriodSeconds", number: 4, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "tolerations", number: 22, ty: T::List(&T::Message(&core_v1::TOLERATION)), go: "[]v1.Toleration", list: L::Atomic, ..F },
    Field { json: "topologySpreadConstraints", number: 33, ty: T::List(&T::Message(&core_v1::TOPOLOGY_SPREAD_CONSTRAINT)), go: "[]v1.TopologySpreadConstraint", list: L::Map(&["topologyKey", "whenUnsatisfiable"]), patch: Patch { merge: true, merge_key: Some("topologyKey"), ..P }, ..F },
    Field { json: "volumes", number: 1, ty: T::List(&T::Message(&core_v1::VOLUME)), go: "[]v1.Volume", list: L::Map(&["name"]), patch: Patch { merge: true, retain_keys: true, merge_key: Some("name"), ..P }, ..F },
] };

pub static POD_STATUS: Type = Type { name: "io.k8s.api.core.v1.PodStatus", go: "v1.PodStatus", gvk: None, atomic: false, fields: &[
    Field { json: "allocatedResources", number: 19, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "conditions", number: 2, ty: T::List(&T::Message(&core_v1::POD_CONDITION)), go: "[]v1.PodCondition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "containerStatuses", number: 8, ty: T::List(&T::Message(&core_v1::CONTAINER_STATUS)), go: "[]v1.ContainerStatus", list: L::Atomic, ..F },
    Field { json: "ephemeralContainerStatuses", number: 13, ty: T::List(&T::Message(&core_v1::CONTAINER_STATUS)), go: "[]v1.ContainerStatus", list: L::Atomic, ..F },
    Field { json: "extendedResourceClaimStatus", number: 18, ty: T::Message(&core_v1::POD_EXTENDED_RESOURCE_CLAIM_STATUS), go: "v1.PodExtendedResourceClaimStatus", pointer: true, ..F },
    Field { json: "hostIP", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "hostIPs", number: 16, ty: T::List(&T::Message(&core_v1::HOST_IP)), go: "[]v1.HostIP", list: L::Atomic, patch: Patch { merge: true, merge_key: Some("ip"), ..P }, ..F },
    Field { json: "initContainerStatuses", number: 10, ty: T::List(&T::Message(&core_v1::CONTAINER_STATUS)), go: "[]v1.ContainerStatus", list: L::Atomic, ..F },
    Field { json: "message", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "nodeAllocatableResourceClaimStatuses", number: 21, ty: T::List(&T::Message(&core_v1::NODE_ALLOCATABLE_RESOURCE_CLAIM_STATUS)), go: "[]v1.NodeAllocatableResourceClaimStatus", list: L::Atomic, ..F },
    Field { json: "nominatedNodeName", number: 11, ty: T::String, go: "string", ..F },
    Field { json: "observedGeneration", number: 17, ty: T::Int64, go: "int64", ..F },
    Field { json: "phase", number: 1, ty: T::String, go: "v1.PodPhase", enum_values: &["Failed", "Pending", "Running", "Succeeded", "Unknown"], ..F },
    Field { json: "podIP", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "podIPs", number: 12, ty: T::List(&T::Message(&core_v1::POD_IP)), go: "[]v1.PodIP", list: L::Map(&["ip"]), patch: Patch { merge: true, merge_key: Some("ip"), ..P }, ..F },
    Field { json: "qosClass", number: 9, ty: T::String, go: "v1.PodQOSClass", enum_values: &["BestEffort", "Burstable", "Guaranteed"], ..F },
    Field { json: "reason", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "resize", number: 14, ty: T::String, go: "v1.PodResizeStatus", ..F },
    Field { json: "resourceClaimStatuses", number: 15, ty: T::List(&T::Message(&core_v1::POD_RESOURCE_CLAIM_STATUS)), go: "[]v1.PodResourceClaimStatus", list: L::Map(&["name"]), patch: Patch { merge: true, retain_keys: true, merge_key: Some("name"), ..P }, ..F },
    Field { json: "resources", number: 20, ty: T::Message(&core_v1::RESOURCE_REQUIREMENTS), go: "v1.ResourceRequirements", pointer: true, ..F },
    Field { json: "startTime", number: 7, ty: T::Time, go: "v1.Time", pointer: true, ..F },
] };

pub static POD_STATUS_RESULT: Type = Type { name: "io.k8s.api.core.v1.PodStatusResult", go: "v1.PodStatusResult", gvk: Some(("", "v1", "PodStatusResult")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "status", number: 2, ty: T::Message(&core_v1::POD_STATUS), go: "v1.PodStatus", ..F },
] };

pub static POD_TEMPLATE: Type = Type { name: "io.k8s.api.core.v1.PodTemplate", go: "v1.PodTemplate", gvk: Some(("", "v1", "PodTemplate")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "template", number: 2, ty: T::Message(&core_v1::POD_TEMPLATE_SPEC), go: "v1.PodTemplateSpec", ..F },
] };

pub static POD_TEMPLATE_LIST: Type = Type { name: "io.k8s.api.core.v1.PodTemplateList", go: "v1.PodTemplateList", gvk: Some(("", "v1", "PodTemplateList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::POD_TEMPLATE)), go: "[]v1.PodTemplate", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static POD_TEMPLATE_SPEC: Type = Type { name: "io.k8s.api.core.v1.PodTemplateSpec", go: "v1.PodTemplateSpec", gvk: None, atomic: false, fields: &[
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&core_v1::POD_SPEC), go: "v1.PodSpec", ..F },
] };

pub static PORT_STATUS: Type = Type { name: "io.k8s.api.core.v1.PortStatus", go: "v1.PortStatus", gvk: None, atomic: false, fields: &[
    Field { json: "error", number: 3, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "port", number: 1, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "protocol", number: 2, ty: T::String, go: "v1.Protocol", required: true, omit: O::Never, enum_values: &["SCTP", "TCP", "UDP"], ..F },
] };

pub static PORTWORX_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.PortworxVolumeSource", go: "v1.PortworxVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "readOnly", number: 3, ty: T::Bool, go: "bool", ..F },
    Field { json: "volumeID", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static PRECONDITIONS: Type = Type { name: "io.k8s.api.core.v1.Preconditions", go: "v1.Preconditions", gvk: None, atomic: false, fields: &[
    Field { json: "uid", number: 1, ty: T::String, go: "types.UID", pointer: true, ..F },
] };

pub static PREFER_AVOID_PODS_ENTRY: Type = Type { name: "io.k8s.api.core.v1.PreferAvoidPodsEntry", go: "v1.PreferAvoidPodsEntry", gvk: None, atomic: false, fields: &[
    Field { json: "evictionTime", number: 2, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "podSignature", number: 1, ty: T::Message(&core_v1::POD_SIGNATURE), go: "v1.PodSignature", required: true, omit: O::Never, ..F },
    Field { json: "reason", number: 3, ty: T::String, go: "string", ..F },
] };

pub static PREFERRED_SCHEDULING_TERM: Type = Type { name: "io.k8s.api.core.v1.PreferredSchedulingTerm", go: "v1.PreferredSchedulingTerm", gvk: None, atomic: false, fields: &[
    Field { json: "preference", number: 2, ty: T::Message(&core_v1::NODE_SELECTOR_TERM), go: "v1.NodeSelectorTerm", required: true, omit: O::Never, ..F },
    Field { json: "weight", number: 1, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
] };

pub static PROBE: Type = Type { name: "io.k8s.api.core.v1.Probe", go: "v1.Probe", gvk: None, atomic: false, fields: &[
    Field { json: "exec", number: 1, ty: T::Message(&core_v1::EXEC_ACTION), go: "v1.ExecAction", through: &[1], pointer: true, ..F },
    Field { json: "failureThreshold", number: 6, ty: T::Int32, go: "int32", ..F },
    Field { json: "grpc", number: 4, ty: T::Message(&core_v1::GRPC_ACTION), go: "v1.GRPCAction", through: &[1], pointer: true, ..F },
    Field { json: "httpGet", number: 2, ty: T::Message(&core_v1::HTTP_GET_ACTION), go: "v1.HTTPGetAction", through: &[1], pointer: true, ..F },
    Field { json: "initialDelaySeconds", number: 2, ty: T::Int32, go: "int32", ..F },
    Field { json: "periodSeconds", number: 4, ty: T::Int32, go: "int32", ..F },
    Field { json: "successThreshold", number: 5, ty: T::Int32, go: "int32", ..F },
    Field { json: "tcpSocket", number: 3, ty: T::Message(&core_v1::TCP_SOCKET_ACTION), go: "v1.TCPSocketAction", through: &[1], pointer: true, ..F },
    Field { json: "terminationGracePeriodSeconds", number: 7, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "timeoutSeconds", number: 3, ty: T::Int32, go: "int32", ..F },
] };

pub static PROBE_HANDLER: Type = Type { name: "io.k8s.api.core.v1.ProbeHandler", go: "v1.ProbeHandler", gvk: None, atomic: false, fields: &[
    Field { json: "exec", number: 1, ty: T::Message(&core_v1::EXEC_ACTION), go: "v1.ExecAction", pointer: true, ..F },
    Field { json: "grpc", number: 4, ty: T::Message(&core_v1::GRPC_ACTION), go: "v1.GRPCAction", pointer: true, ..F },
    Field { json: "httpGet", number: 2, ty: T::Message(&core_v1::HTTP_GET_ACTION), go: "v1.HTTPGetAction", pointer: true, ..F },
    Field { json: "tcpSocket", number: 3, ty: T::Message(&core_v1::TCP_SOCKET_ACTION), go: "v1.TCPSocketAction", pointer: true, ..F },
] };

pub static PROJECTED_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.ProjectedVolumeSource", go: "v1.ProjectedVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "defaultMode", number: 2, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "sources", number: 1, ty: T::List(&T::Message(&core_v1::VOLUME_PROJECTION)), go: "[]v1.VolumeProjection", list: L::Atomic, omit: O::Never, ..F },
] };

pub static QUOBYTE_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.QuobyteVolumeSource", go: "v1.QuobyteVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "group", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "readOnly", number: 3, ty: T::Bool, go: "bool", ..F },
    Field { json: "registry", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "tenant", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "user", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "volume", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static RBD_PERSISTENT_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.RBDPersistentVolumeSource", go: "v1.RBDPersistentVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "image", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "keyring", number: 6, ty: T::String, go: "string", default: Some("\"/etc/ceph/keyring\""), ..F },
    Field { json: "monitors", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "pool", number: 4, ty: T::String, go: "string", default: Some("\"rbd\""), ..F },
    Field { json: "readOnly", number: 8, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretRef", number: 7, ty: T::Message(&core_v1::SECRET_REFERENCE), go: "v1.SecretReference", pointer: true, ..F },
    Field { json: "user", number: 5, ty: T::String, go: "string", default: Some("\"admin\""), ..F },
] };

pub static RBD_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.RBDVolumeSource", go: "v1.RBDVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "image", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "keyring", number: 6, ty: T::String, go: "string", default: Some("\"/etc/ceph/keyring\""), ..F },
    Field { json: "monitors", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "pool", number: 4, ty: T::String, go: "string", default: Some("\"rbd\""), ..F },
    Field { json: "readOnly", number: 8, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretRef", number: 7, ty: T::Message(&core_v1::LOCAL_OBJECT_REFERENCE), go: "v1.LocalObjectReference", pointer: true, ..F },
    Field { json: "user", number: 5, ty: T::String, go: "string", default: Some("\"admin\""), ..F },
] };

pub static RANGE_ALLOCATION: Type = Type { name: "io.k8s.api.core.v1.RangeAllocation", go: "v1.RangeAllocation", gvk: Some(("", "v1", "RangeAllocation")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "data", number: 3, ty: T::Bytes, go: "[]uint8", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "range", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static REPLICATION_CONTROLLER: Type = Type { name: "io.k8s.api.core.v1.ReplicationController", go: "v1.ReplicationController", gvk: Some(("", "v1", "ReplicationController")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&core_v1::REPLICATION_CONTROLLER_SPEC), go: "v1.ReplicationControllerSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&core_v1::REPLICATION_CONTROLLER_STATUS), go: "v1.ReplicationControllerStatus", ..F },
] };

pub static REPLICATION_CONTROLLER_CONDITION: Type = Type { name: "io.k8s.api.core.v1.ReplicationControllerCondition", go: "v1.ReplicationControllerCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastTransitionTime", number: 3, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.ReplicationControllerConditionType", required: true, omit: O::Never, ..F },
] };

pub static REPLICATION_CONTROLLER_LIST: Type = Type { name: "io.k8s.api.core.v1.ReplicationControllerList", go: "v1.ReplicationControllerList", gvk: Some(("", "v1", "ReplicationControllerList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::REPLICATION_CONTROLLER)), go: "[]v1.ReplicationController", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static REPLICATION_CONTROLLER_SPEC: Type = Type { name: "io.k8s.api.core.v1.ReplicationControllerSpec", go: "v1.ReplicationControllerSpec", gvk: None, atomic: false, fields: &[
    Field { json: "minReadySeconds", number: 4, ty: T::Int32, go: "int32", default: Some("0"), ..F },
    Field { json: "replicas", number: 1, ty: T::Int32, go: "int32", pointer: true, default: Some("1"), ..F },
    Field { json: "selector", number: 2, ty: T::Map(&T::String), go: "map[string]string", list: L::Atomic, ..F },
    Field { json: "template", number: 3, ty: T::Message(&core_v1::POD_TEMPLATE_SPEC), go: "v1.PodTemplateSpec", pointer: true, ..F },
] };

pub static REPLICATION_CONTROLLER_STATUS: Type = Type { name: "io.k8s.api.core.v1.ReplicationControllerStatus", go: "v1.ReplicationControllerStatus", gvk: None, atomic: false, fields: &[
    Field { json: "availableReplicas", number: 5, ty: T::Int32, go: "int32", ..F },
    Field { json: "conditions", number: 6, ty: T::List(&T::Message(&core_v1::REPLICATION_CONTROLLER_CONDITION)), go: "[]v1.ReplicationControllerCondition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "fullyLabeledReplicas", number: 2, ty: T::Int32, go: "int32", ..F },
    Field { json: "observedGeneration", number: 3, ty: T::Int64, go: "int64", ..F },
    Field { json: "readyReplicas", number: 4, ty: T::Int32, go: "int32", ..F },
    Field { json: "replicas", number: 1, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
] };

pub static RESOURCE_CLAIM: Type = Type { name: "io.k8s.api.core.v1.ResourceClaim", go: "v1.ResourceClaim", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "request", number: 2, ty: T::String, go: "string", ..F },
] };

pub static RESOURCE_FIELD_SELECTOR: Type = Type { name: "io.k8s.api.core.v1.ResourceFieldSelector", go: "v1.ResourceFieldSelector", gvk: None, atomic: true, fields: &[
    Field { json: "containerName", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "divisor", number: 3, ty: T::Quantity, go: "resource.Quantity", ..F },
    Field { json: "resource", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static RESOURCE_HEALTH: Type = Type { name: "io.k8s.api.core.v1.ResourceHealth", go: "v1.ResourceHealth", gvk: None, atomic: false, fields: &[
    Field { json: "health", number: 2, ty: T::String, go: "v1.ResourceHealthStatus", ..F },
    Field { json: "message", number: 6, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "resourceID", number: 1, ty: T::String, go: "v1.ResourceID", required: true, omit: O::Never, ..F },
] };

pub static RESOURCE_QUOTA: Type = Type { name: "io.k8s.api.core.v1.ResourceQuota", go: "v1.ResourceQuota", gvk: Some(("", "v1", "ResourceQuota")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&core_v1::RESOURCE_QUOTA_SPEC), go: "v1.ResourceQuotaSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&core_v1::RESOURCE_QUOTA_STATUS), go: "v1.ResourceQuotaStatus", ..F },
] };

pub static RESOURCE_QUOTA_LIST: Type = Type { name: "io.k8s.api.core.v1.ResourceQuotaList", go: "v1.ResourceQuotaList", gvk: Some(("", "v1", "ResourceQuotaList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::RESOURCE_QUOTA)), go: "[]v1.ResourceQuota", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static RESOURCE_QUOTA_SPEC: Type = Type { name: "io.k8s.api.core.v1.ResourceQuotaSpec", go: "v1.ResourceQuotaSpec", gvk: None, atomic: false, fields: &[
    Field { json: "hard", number: 1, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "scopeSelector", number: 3, ty: T::Message(&core_v1::SCOPE_SELECTOR), go: "v1.ScopeSelector", pointer: true, ..F },
    Field { json: "scopes", number: 2, ty: T::List(&T::String), go: "[]v1.ResourceQuotaScope", list: L::Atomic, enum_values: &["BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating", "VolumeAttributesClass"], ..F },
] };

pub static RESOURCE_QUOTA_STATUS: Type = Type { name: "io.k8s.api.core.v1.ResourceQuotaStatus", go: "v1.ResourceQuotaStatus", gvk: None, atomic: false, fields: &[
    Field { json: "hard", number: 1, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "used", number: 2, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
] };

pub static RESOURCE_REQUIREMENTS: Type = Type { name: "io.k8s.api.core.v1.ResourceRequirements", go: "v1.ResourceRequirements", gvk: None, atomic: false, fields: &[
    Field { json: "claims", number: 3, ty: T::List(&T::Message(&core_v1::RESOURCE_CLAIM)), go: "[]v1.ResourceClaim", list: L::Map(&["name"]), ..F },
    Field { json: "limits", number: 1, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "requests", number: 2, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
] };

pub static RESOURCE_STATUS: Type = Type { name: "io.k8s.api.core.v1.ResourceStatus", go: "v1.ResourceStatus", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "v1.ResourceName", required: true, omit: O::Never, ..F },
    Field { json: "resources", number: 2, ty: T::List(&T::Message(&core_v1::RESOURCE_HEALTH)), go: "[]v1.ResourceHealth", list: L::Map(&["resourceID"]), ..F },
] };

pub static SE_LINUX_OPTIONS: Type = Type { name: "io.k8s.api.core.v1.SELinuxOptions", go: "v1.SELinuxOptions", gvk: None, atomic: false, fields: &[
    Field { json: "level", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "role", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "type", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "user", number: 1, ty: T::String, go: "string", ..F },
] };

pub static SCALE_IO_PERSISTENT_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.ScaleIOPersistentVolumeSource", go: "v1.ScaleIOPersistentVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 9, ty: T::String, go: "string", default: Some("\"xfs\""), ..F },
    Field { json: "gateway", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "protectionDomain", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "readOnly", number: 10, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretRef", number: 3, ty: T::Message(&core_v1::SECRET_REFERENCE), go: "v1.SecretReference", required: true, pointer: true, omit: O::Never, ..F },
    Field { json: "sslEnabled", number: 4, ty: T::Bool, go: "bool", ..F },
    Field { json: "storageMode", number: 7, ty: T::String, go: "string", default: Some("\"ThinProvisioned\""), ..F },
    Field { json: "storagePool", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "system", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "volumeName", number: 8, ty: T::String, go: "string", ..F },
] };

pub static SCALE_IO_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.ScaleIOVolumeSource", go: "v1.ScaleIOVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 9, ty: T::String, go: "string", default: Some("\"xfs\""), ..F },
    Field { json: "gateway", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "protectionDomain", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "readOnly", number: 10, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretRef", number: 3, ty: T::Message(&core_v1::LOCAL_OBJECT_REFERENCE), go: "v1.LocalObjectReference", required: true, pointer: true, omit: O::Never, ..F },
    Field { json: "sslEnabled", number: 4, ty: T::Bool, go: "bool", ..F },
    Field { json: "storageMode", number: 7, ty: T::String, go: "string", default: Some("\"ThinProvisioned\""), ..F },
    Field { json: "storagePool", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "system", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "volumeName", number: 8, ty: T::String, go: "string", ..F },
] };

pub static SCOPE_SELECTOR: Type = Type { name: "io.k8s.api.core.v1.ScopeSelector", go: "v1.ScopeSelector", gvk: None, atomic: true, fields: &[
    Field { json: "matchExpressions", number: 1, ty: T::List(&T::Message(&core_v1::SCOPED_RESOURCE_SELECTOR_REQUIREMENT)), go: "[]v1.ScopedResourceSelectorRequirement", list: L::Atomic, ..F },
] };

pub static SCOPED_RESOURCE_SELECTOR_REQUIREMENT: Type = Type { name: "io.k8s.api.core.v1.ScopedResourceSelectorRequirement", go: "v1.ScopedResourceSelectorRequirement", gvk: None, atomic: false, fields: &[
    Field { json: "operator", number: 2, ty: T::String, go: "v1.ScopeSelectorOperator", required: true, omit: O::Never, enum_values: &["DoesNotExist", "Exists", "In", "NotIn"], ..F },
    Field { json: "scopeName", number: 1, ty: T::String, go: "v1.ResourceQuotaScope", required: true, omit: O::Never, enum_values: &["BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating", "VolumeAttributesClass"], ..F },
    Field { json: "values", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
] };

pub static SECCOMP_PROFILE: Type = Type { name: "io.k8s.api.core.v1.SeccompProfile", go: "v1.SeccompProfile", gvk: None, atomic: false, fields: &[
    Field { json: "localhostProfile", number: 2, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.SeccompProfileType", required: true, omit: O::Never, enum_values: &["Localhost", "RuntimeDefault", "Unconfined"], ..F },
] };

pub static SECRET: Type = Type { name: "io.k8s.api.core.v1.Secret", go: "v1.Secret", gvk: Some(("", "v1", "Secret")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "data", number: 2, ty: T::Map(&T::Bytes), go: "map[string][]uint8", ..F },
    Field { json: "immutable", number: 5, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "stringData", number: 4, ty: T::Map(&T::String), go: "map[string]string", ..F },
    Field { json: "type", number: 3, ty: T::String, go: "v1.SecretType", ..F },
] };

pub static SECRET_ENV_SOURCE: Type = Type { name: "io.k8s.api.core.v1.SecretEnvSource", go: "v1.SecretEnvSource", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", through: &[1], default: Some("\"\""), ..F },
    Field { json: "optional", number: 2, ty: T::Bool, go: "bool", pointer: true, ..F },
] };

pub static SECRET_KEY_SELECTOR: Type = Type { name: "io.k8s.api.core.v1.SecretKeySelector", go: "v1.SecretKeySelector", gvk: None, atomic: true, fields: &[
    Field { json: "key", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", through: &[1], default: Some("\"\""), ..F },
    Field { json: "optional", number: 3, ty: T::Bool, go: "bool", pointer: true, ..F },
] };

pub static SECRET_LIST: Type = Type { name: "io.k8s.api.core.v1.SecretList", go: "v1.SecretList", gvk: Some(("", "v1", "SecretList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::SECRET)), go: "[]v1.Secret", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static SECRET_PROJECTION: Type = Type { name: "io.k8s.api.core.v1.SecretProjection", go: "v1.SecretProjection", gvk: None, atomic: false, fields: &[
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::KEY_TO_PATH)), go: "[]v1.KeyToPath", list: L::Atomic, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", through: &[1], default: Some("\"\""), ..F },
    Field { json: "optional", number: 4, ty: T::Bool, go: "bool", pointer: true, ..F },
] };

pub static SECRET_REFERENCE: Type = Type { name: "io.k8s.api.core.v1.SecretReference", go: "v1.SecretReference", gvk: None, atomic: true, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "namespace", number: 2, ty: T::String, go: "string", ..F },
] };

pub static SECRET_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.SecretVolumeSource", go: "v1.SecretVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "defaultMode", number: 3, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::KEY_TO_PATH)), go: "[]v1.KeyToPath", list: L::Atomic, ..F },
    Field { json: "optional", number: 4, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "secretName", number: 1, ty: T::String, go: "string", ..F },
] };

pub static SECURITY_CONTEXT: Type = Type { name: "io.k8s.api.core.v1.SecurityContext", go: "v1.SecurityContext", gvk: None, atomic: false, fields: &[
    Field { json: "allowPrivilegeEscalation", number: 7, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "appArmorProfile", number: 12, ty: T::Message(&core_v1::APP_ARMOR_PROFILE), go: "v1.AppArmorProfile", pointer: true, ..F },
    Field { json: "capabilities", number: 1, ty: T::Message(&core_v1::CAPABILITIES), go: "v1.Capabilities", pointer: true, ..F },
    Field { json: "privileged", number: 2, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "procMount", number: 9, ty: T::String, go: "v1.ProcMountType", pointer: true, enum_values: &["Default", "Unmasked"], ..F },
    Field { json: "readOnlyRootFilesystem", number: 6, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "runAsGroup", number: 8, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "runAsNonRoot", number: 5, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "runAsUser", number: 4, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "seLinuxOptions", number: 3, ty: T::Message(&core_v1::SE_LINUX_OPTIONS), go: "v1.SELinuxOptions", pointer: true, ..F },
    Field { json: "seccompProfile", number: 11, ty: T::Message(&core_v1::SECCOMP_PROFILE), go: "v1.SeccompProfile", pointer: true, ..F },
    Field { json: "windowsOptions", number: 10, ty: T::Message(&core_v1::WINDOWS_SECURITY_CONTEXT_OPTIONS), go: "v1.WindowsSecurityContextOptions", pointer: true, ..F },
] };

pub static SERIALIZED_REFERENCE: Type = Type { name: "io.k8s.api.core.v1.SerializedReference", go: "v1.SerializedReference", gvk: Some(("", "v1", "SerializedReference")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "reference", number: 1, ty: T::Message(&core_v1::OBJECT_REFERENCE), go: "v1.ObjectReference", ..F },
] };

pub static SERVICE: Type = Type { name: "io.k8s.api.core.v1.Service", go: "v1.Service", gvk: Some(("", "v1", "Service")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&core_v1::SERVICE_SPEC), go: "v1.ServiceSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&core_v1::SERVICE_STATUS), go: "v1.ServiceStatus", ..F },
] };

pub static SERVICE_ACCOUNT: Type = Type { name: "io.k8s.api.core.v1.ServiceAccount", go: "v1.ServiceAccount", gvk: Some(("", "v1", "ServiceAccount")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "automountServiceAccountToken", number: 4, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "imagePullSecrets", number: 3, ty: T::List(&T::Message(&core_v1::LOCAL_OBJECT_REFERENCE)), go: "[]v1.LocalObjectReference", list: L::Atomic, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "secrets", number: 2, ty: T::List(&T::Message(&core_v1::OBJECT_REFERENCE)), go: "[]v1.ObjectReference", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, ..F },
] };

pub static SERVICE_ACCOUNT_LIST: Type = Type { name: "io.k8s.api.core.v1.ServiceAccountList", go: "v1.ServiceAccountList", gvk: Some(("", "v1", "ServiceAccountList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::SERVICE_ACCOUNT)), go: "[]v1.ServiceAccount", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static SERVICE_ACCOUNT_TOKEN_PROJECTION: Type = Type { name: "io.k8s.api.core.v1.ServiceAccountTokenProjection", go: "v1.ServiceAccountTokenProjection", gvk: None, atomic: false, fields: &[
    Field { json: "audience", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "expirationSeconds", number: 2, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "path", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static SERVICE_LIST: Type = Type { name: "io.k8s.api.core.v1.ServiceList", go: "v1.ServiceList", gvk: Some(("", "v1", "ServiceList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&core_v1::SERVICE)), go: "[]v1.Service", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static SERVICE_PORT: Type = Type { name: "io.k8s.api.core.v1.ServicePort", go: "v1.ServicePort", gvk: None, atomic: false, fields: &[
    Field { json: "appProtocol", number: 6, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "nodePort", number: 5, ty: T::Int32, go: "int32", ..F },
    Field { json: "port", number: 3, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "protocol", number: 2, ty: T::String, go: "v1.Protocol", default: Some("\"TCP\""), enum_values: &["SCTP", "TCP", "UDP"], ..F },
    Field { json: "targetPort", number: 4, ty: T::IntOrString, go: "intstr.IntOrString", ..F },
] };

pub static SERVICE_PROXY_OPTIONS: Type = Type { name: "io.k8s.api.core.v1.ServiceProxyOptions", go: "v1.ServiceProxyOptions", gvk: Some(("", "v1", "ServiceProxyOptions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "path", number: 1, ty: T::String, go: "string", ..F },
] };

pub static SERVICE_SPEC: Type = Type { name: "io.k8s.api.core.v1.ServiceSpec", go: "v1.ServiceSpec", gvk: None, atomic: false, fields: &[
    Field { json: "allocateLoadBalancerNodePorts", number: 20, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "clusterIP", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "clusterIPs", number: 18, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "externalIPs", number: 5, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "externalName", number: 10, ty: T::String, go: "string", ..F },
    Field { json: "externalTrafficPolicy", number: 11, ty: T::String, go: "v1.ServiceExternalTrafficPolicy", enum_values: &["Cluster", "Local"], ..F },
    Field { json: "healthCheckNodePort", number: 12, ty: T::Int32, go: "int32", ..F },
    Field { json: "internalTrafficPolicy", number: 22, ty: T::String, go: "v1.ServiceInternalTrafficPolicy", pointer: true, enum_values: &["Cluster", "Local"], ..F },
    Field { json: "ipFamilies", number: 19, ty: T::List(&T::String), go: "[]v1.IPFamily", list: L::Atomic, enum_values: &["", "IPv4", "IPv6"], ..F },
    Field { json: "ipFamilyPolicy", number: 17, ty: T::String, go: "v1.IPFamilyPolicy", pointer: true, enum_values: &["PreferDualStack", "RequireDualStack", "SingleStack"], ..F },
    Field { json: "loadBalancerClass", number: 21, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "loadBalancerIP", number: 8, ty: T::String, go: "string", ..F },
    Field { json: "loadBalancerSourceRanges", number: 9, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "ports", number: 1, ty: T::List(&T::Message(&core_v1::SERVICE_PORT)), go: "[]v1.ServicePort", list: L::Map(&["port", "protocol"]), patch: Patch { merge: true, merge_key: Some("port"), ..P }, ..F },
    Field { json: "publishNotReadyAddresses", number: 13, ty: T::Bool, go: "bool", ..F },
    Field { json: "selector", number: 2, ty: T::Map(&T::String), go: "map[string]string", list: L::Atomic, ..F },
    Field { json: "sessionAffinity", number: 7, ty: T::String, go: "v1.ServiceAffinity", enum_values: &["ClientIP", "None"], ..F },
    Field { json: "sessionAffinityConfig", number: 14, ty: T::Message(&core_v1::SESSION_AFFINITY_CONFIG), go: "v1.SessionAffinityConfig", pointer: true, ..F },
    Field { json: "trafficDistribution", number: 23, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "type", number: 4, ty: T::String, go: "v1.ServiceType", enum_values: &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], ..F },
] };

pub static SERVICE_STATUS: Type = Type { name: "io.k8s.api.core.v1.ServiceStatus", go: "v1.ServiceStatus", gvk: None, atomic: false, fields: &[
    Field { json: "conditions", number: 2, ty: T::List(&T::Message(&meta_v1::CONDITION)), go: "[]v1.Condition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "loadBalancer", number: 1, ty: T::Message(&core_v1::LOAD_BALANCER_STATUS), go: "v1.LoadBalancerStatus", ..F },
] };

pub static SESSION_AFFINITY_CONFIG: Type = Type { name: "io.k8s.api.core.v1.SessionAffinityConfig", go: "v1.SessionAffinityConfig", gvk: None, atomic: false, fields: &[
    Field { json: "clientIP", number: 1, ty: T::Message(&core_v1::CLIENT_IP_CONFIG), go: "v1.ClientIPConfig", pointer: true, ..F },
] };

pub static SLEEP_ACTION: Type = Type { name: "io.k8s.api.core.v1.SleepAction", go: "v1.SleepAction", gvk: None, atomic: false, fields: &[
    Field { json: "seconds", number: 1, ty: T::Int64, go: "int64", required: true, omit: O::Never, ..F },
] };

pub static STORAGE_OS_PERSISTENT_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.StorageOSPersistentVolumeSource", go: "v1.StorageOSPersistentVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "readOnly", number: 4, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretRef", number: 5, ty: T::Message(&core_v1::OBJECT_REFERENCE), go: "v1.ObjectReference", pointer: true, ..F },
    Field { json: "volumeName", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "volumeNamespace", number: 2, ty: T::String, go: "string", ..F },
] };

pub static STORAGE_OS_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.StorageOSVolumeSource", go: "v1.StorageOSVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "readOnly", number: 4, ty: T::Bool, go: "bool", ..F },
    Field { json: "secretRef", number: 5, ty: T::Message(&core_v1::LOCAL_OBJECT_REFERENCE), go: "v1.LocalObjectReference", pointer: true, ..F },
    Field { json: "volumeName", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "volumeNamespace", number: 2, ty: T::String, go: "string", ..F },
] };

pub static SYSCTL: Type = Type { name: "io.k8s.api.core.v1.Sysctl", go: "v1.Sysctl", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "value", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static TCP_SOCKET_ACTION: Type = Type { name: "io.k8s.api.core.v1.TCPSocketAction", go: "v1.TCPSocketAction", gvk: None, atomic: false, fields: &[
    Field { json: "host", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "port", number: 1, ty: T::IntOrString, go: "intstr.IntOrString", required: true, omit: O::Never, ..F },
] };

pub static TAINT: Type = Type { name: "io.k8s.api.core.v1.Taint", go: "v1.Taint", gvk: None, atomic: false, fields: &[
    Field { json: "effect", number: 3, ty: T::String, go: "v1.TaintEffect", required: true, omit: O::Never, enum_values: &["NoExecute", "NoSchedule", "PreferNoSchedule"], ..F },
    Field { json: "key", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "timeAdded", number: 4, ty: T::Time, go: "v1.Time", pointer: true, ..F },
    Field { json: "value", number: 2, ty: T::String, go: "string", ..F },
] };

pub static TOLERATION: Type = Type { name: "io.k8s.api.core.v1.Toleration", go: "v1.Toleration", gvk: None, atomic: false, fields: &[
    Field { json: "effect", number: 4, ty: T::String, go: "v1.TaintEffect", enum_values: &["NoExecute", "NoSchedule", "PreferNoSchedule"], ..F },
    Field { json: "key", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "operator", number: 2, ty: T::String, go: "v1.TolerationOperator", enum_values: &["Equal", "Exists", "Gt", "Lt"], ..F },
    Field { json: "tolerationSeconds", number: 5, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "value", number: 3, ty: T::String, go: "string", ..F },
] };

pub static TOPOLOGY_SELECTOR_LABEL_REQUIREMENT: Type = Type { name: "io.k8s.api.core.v1.TopologySelectorLabelRequirement", go: "v1.TopologySelectorLabelRequirement", gvk: None, atomic: false, fields: &[
    Field { json: "key", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "values", number: 2, ty: T::List(&T::String), go: "[]string", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static TOPOLOGY_SELECTOR_TERM: Type = Type { name: "io.k8s.api.core.v1.TopologySelectorTerm", go: "v1.TopologySelectorTerm", gvk: None, atomic: true, fields: &[
    Field { json: "matchLabelExpressions", number: 1, ty: T::List(&T::Message(&core_v1::TOPOLOGY_SELECTOR_LABEL_REQUIREMENT)), go: "[]v1.TopologySelectorLabelRequirement", list: L::Atomic, ..F },
] };

pub static TOPOLOGY_SPREAD_CONSTRAINT: Type = Type { name: "io.k8s.api.core.v1.TopologySpreadConstraint", go: "v1.TopologySpreadConstraint", gvk: None, atomic: false, fields: &[
    Field { json: "labelSelector", number: 4, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "matchLabelKeys", number: 8, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "maxSkew", number: 1, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "minDomains", number: 5, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "nodeAffinityPolicy", number: 6, ty: T::String, go: "v1.NodeInclusionPolicy", pointer: true, enum_values: &["Honor", "Ignore"], ..F },
    Field { json: "nodeTaintsPolicy", number: 7, ty: T::String, go: "v1.NodeInclusionPolicy", pointer: true, enum_values: &["Honor", "Ignore"], ..F },
    Field { json: "topologyKey", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "whenUnsatisfiable", number: 3, ty: T::String, go: "v1.UnsatisfiableConstraintAction", required: true, omit: O::Never, enum_values: &["DoNotSchedule", "ScheduleAnyway"], ..F },
] };

pub static TYPED_LOCAL_OBJECT_REFERENCE: Type = Type { name: "io.k8s.api.core.v1.TypedLocalObjectReference", go: "v1.TypedLocalObjectReference", gvk: None, atomic: true, fields: &[
    Field { json: "apiGroup", number: 1, ty: T::String, go: "string", pointer: true, omit: O::Never, ..F },
    Field { json: "kind", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static TYPED_OBJECT_REFERENCE: Type = Type { name: "io.k8s.api.core.v1.TypedObjectReference", go: "v1.TypedObjectReference", gvk: None, atomic: false, fields: &[
    Field { json: "apiGroup", number: 1, ty: T::String, go: "string", pointer: true, omit: O::Never, ..F },
    Field { json: "kind", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "namespace", number: 4, ty: T::String, go: "string", pointer: true, ..F },
] };

pub static VOLUME: Type = Type { name: "io.k8s.api.core.v1.Volume", go: "v1.Volume", gvk: None, atomic: false, fields: &[
    Field { json: "awsElasticBlockStore", number: 4, ty: T::Message(&core_v1::AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE), go: "v1.AWSElasticBlockStoreVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "azureDisk", number: 22, ty: T::Message(&core_v1::AZURE_DISK_VOLUME_SOURCE), go: "v1.AzureDiskVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "azureFile", number: 18, ty: T::Message(&core_v1::AZURE_FILE_VOLUME_SOURCE), go: "v1.AzureFileVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "cephfs", number: 14, ty: T::Message(&core_v1::CEPH_FS_VOLUME_SOURCE), go: "v1.CephFSVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "cinder", number: 13, ty: T::Message(&core_v1::CINDER_VOLUME_SOURCE), go: "v1.CinderVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "configMap", number: 19, ty: T::Message(&core_v1::CONFIG_MAP_VOLUME_SOURCE), go: "v1.ConfigMapVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "csi", number: 28, ty: T::Message(&core_v1::CSI_VOLUME_SOURCE), go: "v1.CSIVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "downwardAPI", number: 16, ty: T::Message(&core_v1::DOWNWARD_API_VOLUME_SOURCE), go: "v1.DownwardAPIVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "emptyDir", number: 2, ty: T::Message(&core_v1::EMPTY_DIR_VOLUME_SOURCE), go: "v1.EmptyDirVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "ephemeral", number: 29, ty: T::Message(&core_v1::EPHEMERAL_VOLUME_SOURCE), go: "v1.EphemeralVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "fc", number: 17, ty: T::Message(&core_v1::FC_VOLUME_SOURCE), go: "v1.FCVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "flexVolume", number: 12, ty: T::Message(&core_v1::FLEX_VOLUME_SOURCE), go: "v1.FlexVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "flocker", number: 15, ty: T::Message(&core_v1::FLOCKER_VOLUME_SOURCE), go: "v1.FlockerVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "gcePersistentDisk", number: 3, ty: T::Message(&core_v1::GCE_PERSISTENT_DISK_VOLUME_SOURCE), go: "v1.GCEPersistentDiskVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "gitRepo", number: 5, ty: T::Message(&core_v1::GIT_REPO_VOLUME_SOURCE), go: "v1.GitRepoVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "glusterfs", number: 9, ty: T::Message(&core_v1::GLUSTERFS_VOLUME_SOURCE), go: "v1.GlusterfsVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "hostPath", number: 1, ty: T::Message(&core_v1::HOST_PATH_VOLUME_SOURCE), go: "v1.HostPathVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "image", number: 30, ty: T::Message(&core_v1::IMAGE_VOLUME_SOURCE), go: "v1.ImageVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "iscsi", number: 8, ty: T::Message(&core_v1::ISCSI_VOLUME_SOURCE), go: "v1.ISCSIVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "nfs", number: 7, ty: T::Message(&core_v1::NFS_VOLUME_SOURCE), go: "v1.NFSVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "persistentVolumeClaim", number: 10, ty: T::Message(&core_v1::PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE), go: "v1.PersistentVolumeClaimVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "photonPersistentDisk", number: 23, ty: T::Message(&core_v1::PHOTON_PERSISTENT_DISK_VOLUME_SOURCE), go: "v1.PhotonPersistentDiskVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "portworxVolume", number: 24, ty: T::Message(&core_v1::PORTWORX_VOLUME_SOURCE), go: "v1.PortworxVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "projected", number: 26, ty: T::Message(&core_v1::PROJECTED_VOLUME_SOURCE), go: "v1.ProjectedVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "quobyte", number: 21, ty: T::Message(&core_v1::QUOBYTE_VOLUME_SOURCE), go: "v1.QuobyteVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "rbd", number: 11, ty: T::Message(&core_v1::RBD_VOLUME_SOURCE), go: "v1.RBDVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "scaleIO", number: 25, ty: T::Message(&core_v1::SCALE_IO_VOLUME_SOURCE), go: "v1.ScaleIOVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "secret", number: 6, ty: T::Message(&core_v1::SECRET_VOLUME_SOURCE), go: "v1.SecretVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "storageos", number: 27, ty: T::Message(&core_v1::STORAGE_OS_VOLUME_SOURCE), go: "v1.StorageOSVolumeSource", through: &[2], pointer: true, ..F },
    Field { json: "vsphereVolume", number: 20, ty: T::Message(&core_v1::VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE), go: "v1.VsphereVirtualDiskVolumeSource", through: &[2], pointer: true, ..F },
] };

pub static VOLUME_DEVICE: Type = Type { name: "io.k8s.api.core.v1.VolumeDevice", go: "v1.VolumeDevice", gvk: None, atomic: false, fields: &[
    Field { json: "devicePath", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static VOLUME_MOUNT: Type = Type { name: "io.k8s.api.core.v1.VolumeMount", go: "v1.VolumeMount", gvk: None, atomic: false, fields: &[
    Field { json: "mountPath", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "mountPropagation", number: 5, ty: T::String, go: "v1.MountPropagationMode", pointer: true, enum_values: &["Bidirectional", "HostToContainer", "None"], ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "readOnly", number: 2, ty: T::Bool, go: "bool", ..F },
    Field { json: "recursiveReadOnly", number: 7, ty: T::String, go: "v1.RecursiveReadOnlyMode", pointer: true, ..F },
    Field { json: "subPath", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "subPathExpr", number: 6, ty: T::String, go: "string", ..F },
] };

pub static VOLUME_MOUNT_STATUS: Type = Type { name: "io.k8s.api.core.v1.VolumeMountStatus", go: "v1.VolumeMountStatus", gvk: None, atomic: false, fields: &[
    Field { json: "mountPath", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "readOnly", number: 3, ty: T::Bool, go: "bool", ..F },
    Field { json: "recursiveReadOnly", number: 4, ty: T::String, go: "v1.RecursiveReadOnlyMode", pointer: true, ..F },
    Field { json: "volumeStatus", number: 5, ty: T::Message(&core_v1::VOLUME_STATUS), go: "v1.VolumeStatus", pointer: true, ..F },
] };

pub static VOLUME_NODE_AFFINITY: Type = Type { name: "io.k8s.api.core.v1.VolumeNodeAffinity", go: "v1.VolumeNodeAffinity", gvk: None, atomic: false, fields: &[
    Field { json: "required", number: 1, ty: T::Message(&core_v1::NODE_SELECTOR), go: "v1.NodeSelector", pointer: true, ..F },
] };

pub static VOLUME_PROJECTION: Type = Type { name: "io.k8s.api.core.v1.VolumeProjection", go: "v1.VolumeProjection", gvk: None, atomic: false, fields: &[
    Field { json: "clusterTrustBundle", number: 5, ty: T::Message(&core_v1::CLUSTER_TRUST_BUNDLE_PROJECTION), go: "v1.ClusterTrustBundleProjection", pointer: true, ..F },
    Field { json: "configMap", number: 3, ty: T::Message(&core_v1::CONFIG_MAP_PROJECTION), go: "v1.ConfigMapProjection", pointer: true, ..F },
    Field { json: "downwardAPI", number: 2, ty: T::Message(&core_v1::DOWNWARD_API_PROJECTION), go: "v1.DownwardAPIProjection", pointer: true, ..F },
    Field { json: "podCertificate", number: 6, ty: T::Message(&core_v1::POD_CERTIFICATE_PROJECTION), go: "v1.PodCertificateProjection", pointer: true, ..F },
    Field { json: "secret", number: 1, ty: T::Message(&core_v1::SECRET_PROJECTION), go: "v1.SecretProjection", pointer: true, ..F },
    Field { json: "serviceAccountToken", number: 4, ty: T::Message(&core_v1::SERVICE_ACCOUNT_TOKEN_PROJECTION), go: "v1.ServiceAccountTokenProjection", pointer: true, ..F },
] };

pub static VOLUME_RESOURCE_REQUIREMENTS: Type = Type { name: "io.k8s.api.core.v1.VolumeResourceRequirements", go: "v1.VolumeResourceRequirements", gvk: None, atomic: false, fields: &[
    Field { json: "limits", number: 1, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
    Field { json: "requests", number: 2, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
] };

pub static VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.VolumeSource", go: "v1.VolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "awsElasticBlockStore", number: 4, ty: T::Message(&core_v1::AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE), go: "v1.AWSElasticBlockStoreVolumeSource", pointer: true, ..F },
    Field { json: "azureDisk", number: 22, ty: T::Message(&core_v1::AZURE_DISK_VOLUME_SOURCE), go: "v1.AzureDiskVolumeSource", pointer: true, ..F },
    Field { json: "azureFile", number: 18, ty: T::Message(&core_v1::AZURE_FILE_VOLUME_SOURCE), go: "v1.AzureFileVolumeSource", pointer: true, ..F },
    Field { json: "cephfs", number: 14, ty: T::Message(&core_v1::CEPH_FS_VOLUME_SOURCE), go: "v1.CephFSVolumeSource", pointer: true, ..F },
    Field { json: "cinder", number: 13, ty: T::Message(&core_v1::CINDER_VOLUME_SOURCE), go: "v1.CinderVolumeSource", pointer: true, ..F },
    Field { json: "configMap", number: 19, ty: T::Message(&core_v1::CONFIG_MAP_VOLUME_SOURCE), go: "v1.ConfigMapVolumeSource", pointer: true, ..F },
    Field { json: "csi", number: 28, ty: T::Message(&core_v1::CSI_VOLUME_SOURCE), go: "v1.CSIVolumeSource", pointer: true, ..F },
    Field { json: "downwardAPI", number: 16, ty: T::Message(&core_v1::DOWNWARD_API_VOLUME_SOURCE), go: "v1.DownwardAPIVolumeSource", pointer: true, ..F },
    Field { json: "emptyDir", number: 2, ty: T::Message(&core_v1::EMPTY_DIR_VOLUME_SOURCE), go: "v1.EmptyDirVolumeSource", pointer: true, ..F },
    Field { json: "ephemeral", number: 29, ty: T::Message(&core_v1::EPHEMERAL_VOLUME_SOURCE), go: "v1.EphemeralVolumeSource", pointer: true, ..F },
    Field { json: "fc", number: 17, ty: T::Message(&core_v1::FC_VOLUME_SOURCE), go: "v1.FCVolumeSource", pointer: true, ..F },
    Field { json: "flexVolume", number: 12, ty: T::Message(&core_v1::FLEX_VOLUME_SOURCE), go: "v1.FlexVolumeSource", pointer: true, ..F },
    Field { json: "flocker", number: 15, ty: T::Message(&core_v1::FLOCKER_VOLUME_SOURCE), go: "v1.FlockerVolumeSource", pointer: true, ..F },
    Field { json: "gcePersistentDisk", number: 3, ty: T::Message(&core_v1::GCE_PERSISTENT_DISK_VOLUME_SOURCE), go: "v1.GCEPersistentDiskVolumeSource", pointer: true, ..F },
    Field { json: "gitRepo", number: 5, ty: T::Message(&core_v1::GIT_REPO_VOLUME_SOURCE), go: "v1.GitRepoVolumeSource", pointer: true, ..F },
    Field { json: "glusterfs", number: 9, ty: T::Message(&core_v1::GLUSTERFS_VOLUME_SOURCE), go: "v1.GlusterfsVolumeSource", pointer: true, ..F },
    Field { json: "hostPath", number: 1, ty: T::Message(&core_v1::HOST_PATH_VOLUME_SOURCE), go: "v1.HostPathVolumeSource", pointer: true, ..F },
    Field { json: "image", number: 30, ty: T::Message(&core_v1::IMAGE_VOLUME_SOURCE), go: "v1.ImageVolumeSource", pointer: true, ..F },
    Field { json: "iscsi", number: 8, ty: T::Message(&core_v1::ISCSI_VOLUME_SOURCE), go: "v1.ISCSIVolumeSource", pointer: true, ..F },
    Field { json: "nfs", number: 7, ty: T::Message(&core_v1::NFS_VOLUME_SOURCE), go: "v1.NFSVolumeSource", pointer: true, ..F },
    Field { json: "persistentVolumeClaim", number: 10, ty: T::Message(&core_v1::PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE), go: "v1.PersistentVolumeClaimVolumeSource", pointer: true, ..F },
    Field { json: "photonPersistentDisk", number: 23, ty: T::Message(&core_v1::PHOTON_PERSISTENT_DISK_VOLUME_SOURCE), go: "v1.PhotonPersistentDiskVolumeSource", pointer: true, ..F },
    Field { json: "portworxVolume", number: 24, ty: T::Message(&core_v1::PORTWORX_VOLUME_SOURCE), go: "v1.PortworxVolumeSource", pointer: true, ..F },
    Field { json: "projected", number: 26, ty: T::Message(&core_v1::PROJECTED_VOLUME_SOURCE), go: "v1.ProjectedVolumeSource", pointer: true, ..F },
    Field { json: "quobyte", number: 21, ty: T::Message(&core_v1::QUOBYTE_VOLUME_SOURCE), go: "v1.QuobyteVolumeSource", pointer: true, ..F },
    Field { json: "rbd", number: 11, ty: T::Message(&core_v1::RBD_VOLUME_SOURCE), go: "v1.RBDVolumeSource", pointer: true, ..F },
    Field { json: "scaleIO", number: 25, ty: T::Message(&core_v1::SCALE_IO_VOLUME_SOURCE), go: "v1.ScaleIOVolumeSource", pointer: true, ..F },
    Field { json: "secret", number: 6, ty: T::Message(&core_v1::SECRET_VOLUME_SOURCE), go: "v1.SecretVolumeSource", pointer: true, ..F },
    Field { json: "storageos", number: 27, ty: T::Message(&core_v1::STORAGE_OS_VOLUME_SOURCE), go: "v1.StorageOSVolumeSource", pointer: true, ..F },
    Field { json: "vsphereVolume", number: 20, ty: T::Message(&core_v1::VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE), go: "v1.VsphereVirtualDiskVolumeSource", pointer: true, ..F },
] };

pub static VOLUME_STATUS: Type = Type { name: "io.k8s.api.core.v1.VolumeStatus", go: "v1.VolumeStatus", gvk: None, atomic: false, fields: &[
    Field { json: "image", number: 1, ty: T::Message(&core_v1::IMAGE_VOLUME_STATUS), go: "v1.ImageVolumeStatus", pointer: true, ..F },
] };

pub static VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE: Type = Type { name: "io.k8s.api.core.v1.VsphereVirtualDiskVolumeSource", go: "v1.VsphereVirtualDiskVolumeSource", gvk: None, atomic: false, fields: &[
    Field { json: "fsType", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "storagePolicyID", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "storagePolicyName", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "volumePath", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static WEIGHTED_POD_AFFINITY_TERM: Type = Type { name: "io.k8s.api.core.v1.WeightedPodAffinityTerm", go: "v1.WeightedPodAffinityTerm", gvk: None, atomic: false, fields: &[
    Field { json: "podAffinityTerm", number: 2, ty: T::Message(&core_v1::POD_AFFINITY_TERM), go: "v1.PodAffinityTerm", required: true, omit: O::Never, ..F },
    Field { json: "weight", number: 1, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
] };

pub static WINDOWS_SECURITY_CONTEXT_OPTIONS: Type = Type { name: "io.k8s.api.core.v1.WindowsSecurityContextOptions", go: "v1.WindowsSecurityContextOptions", gvk: None, atomic: false, fields: &[
    Field { json: "gmsaCredentialSpec", number: 2, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "gmsaCredentialSpecName", number: 1, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "hostProcess", number: 4, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "runAsUserName", number: 3, ty: T::String, go: "string", pointer: true, ..F },
] };
