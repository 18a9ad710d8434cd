//! Gathers the descriptions of types and fields for OpenAPI documents, from the schemas that k8s-openapi carries.
//!
//! Only the words are taken: what the types are is the facts table's business. The outcome is one compressed JSON file,
//! `{type: [description, {field: description}]}`, which `openapi::descriptions` includes.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use k8s_openapi::schemars::SchemaGenerator;
use k8s_openapi::{api, apiextensions_apiserver, apimachinery, kube_aggregator};
use serde_json::{Map, Value, json};
use std::io::Write;

/// Adds each type, and everything that it refers to.
macro_rules! gather {
    ($generator:expr, $($module:path { $($name:ident)* })*) => {
        $({
            use $module as module;
            $( $generator.subschema_for::<module::$name>(); )*
        })*
    };
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut generator = SchemaGenerator::default();
    roots(&mut generator);
    let mut out = Map::new();
    for (name, schema) in generator.take_definitions(true) {
        let fields: Map<String, Value> = schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(field, schema)| Some((field.clone(), schema.get("description")?.clone())))
            .collect();
        out.insert(name, json!([schema.get("description"), fields]));
    }
    let path = std::path::Path::new(&std::env::var("OUT_DIR")?).join("descriptions.z");
    let mut encoder = ZlibEncoder::new(std::fs::File::create(path)?, Compression::best());
    encoder.write_all(&serde_json::to_vec(&out)?)?;
    encoder.finish()?;
    Ok(())
}

fn roots(generator: &mut SchemaGenerator) {
    gather!(generator,
        api::admissionregistration::v1 {
            MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration
            ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration
        }
        api::apps::v1 { ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet }
        api::authentication::v1 { SelfSubjectReview TokenRequest TokenReview }
        api::authorization::v1 {
            LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview
        }
        api::autoscaling::v1 { HorizontalPodAutoscaler Scale }
        api::batch::v1 { CronJob Job }
        api::certificates::v1 { CertificateSigningRequest }
        api::coordination::v1 { Lease }
        api::core::v1 {
            Binding ComponentStatus ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume
            PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount
        }
        api::discovery::v1 { EndpointSlice }
        api::flowcontrol::v1 { FlowSchema PriorityLevelConfiguration }
        api::networking::v1 { IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR }
        api::node::v1 { RuntimeClass }
        api::policy::v1 { Eviction PodDisruptionBudget }
        api::rbac::v1 { ClusterRole ClusterRoleBinding Role RoleBinding }
        api::resource::v1 { DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice }
        api::scheduling::v1 { PriorityClass }
        api::storage::v1 {
            CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass
        }
        apiextensions_apiserver::pkg::apis::apiextensions::v1 { CustomResourceDefinition }
        apimachinery::pkg::apis::meta::v1 {
            APIGroup APIGroupList APIResourceList APIVersions Condition DeleteOptions LabelSelector ListMeta MicroTime
            ObjectMeta Patch Status Time
        }
        apimachinery::pkg::api::resource { Quantity }
        apimachinery::pkg::runtime { RawExtension }
        apimachinery::pkg::util::intstr { IntOrString }
        kube_aggregator::pkg::apis::apiregistration::v1 { APIService }
    );
    // These two share their names with types above.
    generator.subschema_for::<api::autoscaling::v2::HorizontalPodAutoscaler>();
    generator.subschema_for::<api::events::v1::Event>();
}
