//! Every kind from what a person writes to what is stored: decoded, defaulted, prepared, validated.

use hydrofoil_api::decode::{self, FieldValidation};
use hydrofoil_api::{defaults, facts};
use jiff::Timestamp;
use serde_json::Value;

use super::*;

/// The object as the server would store it, without what the core adds to its metadata but for the uid.
pub(super) fn stored(kind: &Kind, yaml: &str) -> Result<Value, String> {
    let resource = facts::resource(kind.group, kind.version, kind.plural).unwrap();
    let decoded = decode::yaml(yaml.as_bytes(), resource.ty, FieldValidation::Strict)
        .map_err(|error| error.message().to_owned())?;
    let mut object = decoded.value;
    fill(kind, &mut object);
    value::set(value::child(&mut object, "metadata"), "uid", "u-1");
    let context = Context {
        now: Timestamp::UNIX_EPOCH,
        user: "someone",
        dry_run: false,
    };
    (kind.create)(&mut object, &context);
    let mut errors = Errors::new();
    (kind.validate)(&object, &mut errors);
    match errors.first() {
        Some(error) => Err(error.to_string()),
        None => Ok(object),
    }
}

/// The canonical form with all defaults, those that are facts and those that are rules.
pub(crate) fn fill(kind: &Kind, object: &mut Value) {
    let resource = facts::resource(kind.group, kind.version, kind.plural).unwrap();
    *object = decode::canonical(object.take(), resource.ty);
    defaults::apply(object, resource.ty);
    (kind.default)(object);
}

fn kind(plural: &str) -> &'static Kind {
    KINDS.iter().find(|kind| kind.plural == plural).unwrap()
}

/// What is written becomes what is stored.
fn becomes(plural: &str, written: &str, expected: &str) {
    let object = stored(kind(plural), written).unwrap();
    let expected: Value = serde_yaml::from_str(expected).unwrap();
    assert_eq!(
        object,
        expected,
        "{plural} became\n{}",
        serde_yaml::to_string(&object).unwrap()
    );
    let mut again = object.clone();
    fill(kind(plural), &mut again);
    assert_eq!(
        again, object,
        "{plural}: filling it in twice changes nothing"
    );
}

#[test]
fn pods() {
    becomes(
        "pods",
        r"
apiVersion: v1
kind: Pod
metadata: {name: p, labels: {app: x}}
spec:
  containers:
  - name: c
    image: nginx
    ports: [{containerPort: 80}]
    env:
    - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
    - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
    livenessProbe: {httpGet: {port: 80}}
    resources: {limits: {cpu: 1000m, memory: 1Gi}}
  volumes:
  - name: scratch
  - {name: settings, configMap: {name: x}}
status: {phase: Running}
",
        r#"
apiVersion: v1
kind: Pod
metadata: {name: p, labels: {app: x}, uid: u-1}
spec:
  containers:
  - name: c
    image: nginx
    imagePullPolicy: Always
    ports: [{containerPort: 80, protocol: TCP}]
    env:
    - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: "0"}}}
    - {name: IP, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: status.podIP}}}
    livenessProbe:
      failureThreshold: 3
      httpGet: {path: /, port: 80, scheme: HTTP}
      periodSeconds: 10
      successThreshold: 1
      timeoutSeconds: 1
    resources: {limits: {cpu: "1", memory: 1Gi}, requests: {cpu: "1", memory: 1Gi}}
    terminationMessagePath: /dev/termination-log
    terminationMessagePolicy: File
  dnsPolicy: ClusterFirst
  enableServiceLinks: true
  restartPolicy: Always
  schedulerName: default-scheduler
  securityContext: {}
  terminationGracePeriodSeconds: 30
  volumes:
  - {name: scratch, emptyDir: {}}
  - {name: settings, configMap: {name: x, defaultMode: 420}}
status: {phase: Pending, qosClass: Guaranteed}
"#,
    );
}

#[test]
fn deployments_and_replica_sets() {
    let written = |kind: &str| {
        format!(
            r"
apiVersion: apps/v1
kind: {kind}
metadata: {{name: web}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: c, image: 'nginx:1'}}]}}
"
        )
    };
    let template = r"
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: c
        image: nginx:1
        imagePullPolicy: IfNotPresent
        resources: {}
        terminationMessagePath: /dev/termination-log
        terminationMessagePolicy: File
      dnsPolicy: ClusterFirst
      restartPolicy: Always
      schedulerName: default-scheduler
      securityContext: {}
      terminationGracePeriodSeconds: 30
";
    becomes(
        "deployments",
        &written("Deployment"),
        &format!(
            r"
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, uid: u-1}}
spec:
  progressDeadlineSeconds: 600
  replicas: 1
  revisionHistoryLimit: 10
  selector: {{matchLabels: {{app: web}}}}
  strategy: {{type: RollingUpdate, rollingUpdate: {{maxSurge: 25%, maxUnavailable: 25%}}}}
  template:{template}
status: {{}}
"
        ),
    );
    becomes(
        "replicasets",
        &written("ReplicaSet"),
        &format!(
            r"
apiVersion: apps/v1
kind: ReplicaSet
metadata: {{name: web, uid: u-1}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: web}}}}
  template:{template}
status: {{replicas: 0}}
"
        ),
    );
}

#[test]
fn jobs() {
    becomes(
        "jobs",
        r"
apiVersion: batch/v1
kind: Job
metadata: {name: j}
spec:
  template:
    metadata: {labels: {app: x}}
    spec: {restartPolicy: Never, containers: [{name: c, image: 'i:1'}]}
",
        r"
apiVersion: batch/v1
kind: Job
metadata: {name: j, uid: u-1, labels: {app: x}}
spec:
  backoffLimit: 6
  completionMode: NonIndexed
  completions: 1
  manualSelector: false
  parallelism: 1
  podReplacementPolicy: TerminatingOrFailed
  selector: {matchLabels: {batch.kubernetes.io/controller-uid: u-1}}
  suspend: false
  template:
    metadata:
      labels:
        app: x
        batch.kubernetes.io/controller-uid: u-1
        batch.kubernetes.io/job-name: j
        controller-uid: u-1
        job-name: j
    spec:
      containers:
      - name: c
        image: i:1
        imagePullPolicy: IfNotPresent
        resources: {}
        terminationMessagePath: /dev/termination-log
        terminationMessagePolicy: File
      dnsPolicy: ClusterFirst
      restartPolicy: Never
      schedulerName: default-scheduler
      securityContext: {}
      terminationGracePeriodSeconds: 30
status: {}
",
    );
}

#[test]
fn services_and_their_endpoints() {
    becomes(
        "services",
        "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {selector: {app: x}, ports: [{port: 80}]}}",
        r"
apiVersion: v1
kind: Service
metadata: {name: s, uid: u-1}
spec:
  internalTrafficPolicy: Cluster
  ports: [{port: 80, protocol: TCP, targetPort: 80}]
  selector: {app: x}
  sessionAffinity: None
  type: ClusterIP
status: {loadBalancer: {}}
",
    );
    becomes(
        "endpoints",
        "{apiVersion: v1, kind: Endpoints, metadata: {name: s}, subsets: [{addresses: [{ip: 1.2.3.4}], ports: [{port: 80}]}]}",
        "{apiVersion: v1, kind: Endpoints, metadata: {name: s, uid: u-1}, subsets: [{addresses: [{ip: 1.2.3.4}], ports: [{port: 80, protocol: TCP}]}]}",
    );
    becomes(
        "endpointslices",
        "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s}, addressType: IPv4, ports: [{port: 80}]}",
        "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s, uid: u-1}, addressType: IPv4, endpoints: null, ports: [{name: '', port: 80, protocol: TCP}]}",
    );
}

#[test]
fn small_kinds() {
    becomes(
        "secrets",
        "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: b}}",
        "{apiVersion: v1, kind: Secret, metadata: {name: s, uid: u-1}, type: Opaque, data: {a: Yg==}}",
    );
    becomes(
        "namespaces",
        "{apiVersion: v1, kind: Namespace, metadata: {name: n}}",
        "{apiVersion: v1, kind: Namespace, metadata: {name: n, uid: u-1, labels: {kubernetes.io/metadata.name: n}}, spec: {finalizers: [kubernetes]}, status: {phase: Active}}",
    );
    becomes(
        "leases",
        "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: l}, spec: {holderIdentity: a}}",
        "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: l, uid: u-1}, spec: {holderIdentity: a}}",
    );
    becomes(
        "runtimeclasses",
        "{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: w}, handler: wasm}",
        "{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: w, uid: u-1}, handler: wasm}",
    );
    becomes(
        "events",
        "{apiVersion: v1, kind: Event, metadata: {name: e, namespace: default}, involvedObject: {kind: Pod, name: p, namespace: default}, reason: R, message: m, type: Normal}",
        "{apiVersion: v1, kind: Event, metadata: {name: e, namespace: default, uid: u-1}, involvedObject: {kind: Pod, name: p, namespace: default}, reason: R, message: m, type: Normal, source: {}, reportingComponent: '', reportingInstance: '', eventTime: null, firstTimestamp: null, lastTimestamp: null}",
    );
}

#[test]
fn refusals_name_the_field() {
    let refused = |plural, written: &str| stored(kind(plural), written).unwrap_err();
    assert_eq!(
        refused(
            "pods",
            "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: []}}"
        ),
        "spec.containers: Required value"
    );
    assert_eq!(
        refused(
            "jobs",
            "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {containers: [{name: c, image: i}]}}}}"
        ),
        "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\""
    );
    assert_eq!(
        refused(
            "services",
            "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {}}"
        ),
        "spec.ports: Required value"
    );
}

#[test]
fn every_kind_is_whole() {
    let empty = Value::Object(serde_json::Map::new());
    for kind in KINDS {
        assert!(
            facts::resource(kind.group, kind.version, kind.plural).is_some(),
            "{} is a resource",
            kind.plural
        );
        assert_eq!(
            (kind.row)(&empty, Timestamp::UNIX_EPOCH).len(),
            kind.columns.len(),
            "{}: as many cells as columns",
            kind.plural
        );
        for (_, read) in kind.fields {
            read(&empty);
        }
        // Nothing an outsider can send makes a rule panic.
        for odd in [
            "{}",
            "{spec: 1, metadata: [], status: x}",
            "{spec: {containers: {a: 1}, ports: [1, null], template: []}}",
        ] {
            let mut object: Value = serde_yaml::from_str(odd).unwrap();
            let old = object.clone();
            let context = Context {
                now: Timestamp::UNIX_EPOCH,
                user: "",
                dry_run: false,
            };
            let mut errors = Errors::new();
            (kind.default)(&mut object);
            (kind.create)(&mut object, &context);
            (kind.validate)(&object, &mut errors);
            (kind.update)(&mut object, &old, &context);
            (kind.validate_update)(&object, &old, &mut errors);
            (kind.warnings)(&object);
            (kind.row)(&object, Timestamp::UNIX_EPOCH);
            if let Some(status) = &kind.status {
                (status.prepare)(&mut object, &old);
                (status.validate)(&object, &old, &mut errors);
            }
        }
    }
}
