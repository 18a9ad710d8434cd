//! `kubectl describe` of every kind that is served, and `kubectl get events`.

use anyhow::ensure;
use hydrofoil_tests::manifests::{configmap, deployment, pod_with};
use hydrofoil_tests::{Cluster, eventually};

#[test]
fn workloads() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("describe-workloads")?;
    let image = cluster.image("hello-http");
    kubectl.apply(&deployment("web", &image, 2))?;
    kubectl.run(&["expose", "deployment", "web", "--port=8080"])?;
    kubectl.run(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
    kubectl.eventually_shows(
        &["describe", "deployment", "web"],
        &[
            "Name: web",
            "Namespace: describe-workloads",
            "Selector: app=web",
            "Replicas: 2 desired | 2 updated | 2 total | 2 available | 0 unavailable",
            "StrategyType: RollingUpdate",
            "RollingUpdateStrategy: 25% max unavailable, 25% max surge",
            "Available True MinimumReplicasAvailable",
            "Progressing True NewReplicaSetAvailable",
            "NewReplicaSet: web-",
            "Normal ScalingReplicaSet",
            "deployment-controller Scaled up replica set web-",
        ],
    )?;
    kubectl.eventually_shows(
        &["describe", "replicasets"],
        &[
            "Controlled By: Deployment/web",
            "Replicas: 2 current / 2 desired",
            "Pods Status: 2 Running / 0 Waiting / 0 Succeeded / 0 Failed",
            "Normal SuccessfulCreate",
            "replicaset-controller Created pod: web-",
        ],
    )?;
    let pod = kubectl.run(&["get", "pods", "-o", "jsonpath={.items[0].metadata.name}"])?;
    kubectl.eventually_shows(
        &["describe", "pod", &pod],
        &[
            "Status: Running",
            &format!("IP: {}", cluster.pod_prefix()),
            "Controlled By: ReplicaSet/web-",
            "Container ID:",
            &format!("Image: {image}"),
            "Image ID:",
            "Port: 8080/TCP",
            "State: Running",
            "Started:",
            "Ready: True",
            "Restart Count: 0",
            "PodScheduled True",
            "Initialized True",
            "ContainersReady True",
            "QoS Class: BestEffort",
            "Normal Scheduled",
            "default-scheduler Successfully assigned describe-workloads/web-",
            "Normal Pulled",
            "kubelet",
            "Normal Created",
            "Normal Started",
        ],
    )?;
    kubectl.shows(
        &["describe", "service", "web"],
        &[
            "Selector: app=web",
            "Type: ClusterIP",
            "IP Family Policy: SingleStack",
            &format!("IP: {}", cluster.service_prefix()),
            "Port: <unset> 8080/TCP",
            "TargetPort: 8080/TCP",
            &format!("Endpoints: {}", cluster.pod_prefix()),
            "Session Affinity: None",
        ],
    )?;
    kubectl.shows(
        &["describe", "endpointslices"],
        &[
            "kubernetes.io/service-name=web",
            "AddressType: IPv4",
            "<unset> 8080 TCP",
            "Ready: true",
            "TargetRef: Pod/web-",
        ],
    )?;
    kubectl.shows(
        &["describe", "endpoints", "web"],
        &[
            &format!("Addresses: {}", cluster.pod_prefix()),
            "NotReadyAddresses: <none>",
            "<unset> 8080 TCP",
        ],
    )?;
    kubectl.run(&["scale", "deployment/web", "--replicas=0"])?;
    Ok(())
}

#[test]
fn jobs_and_their_pods() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("describe-job")?;
    kubectl.run(&[
        "create",
        "job",
        "count",
        "--image",
        &cluster.image("probe"),
        "--",
        "probe",
        "lines",
        "3",
    ])?;
    kubectl.run(&[
        "wait",
        "--for=condition=complete",
        "job/count",
        "--timeout=60s",
    ])?;
    kubectl.eventually_shows(
        &["describe", "job", "count"],
        &[
            "Parallelism: 1",
            "Completions: 1",
            "Completion Mode: NonIndexed",
            "Duration:",
            "Pods Statuses: 0 Active (0 Ready) / 1 Succeeded / 0 Failed",
            "Normal SuccessfulCreate",
            "job-controller Created pod: count-",
            "Normal Completed",
            "job-controller Job completed",
        ],
    )?;
    kubectl.shows(
        &["describe", "pods", "-l", "job-name=count"],
        &[
            "Status: Succeeded",
            "Controlled By: Job/count",
            "State: Terminated",
            "Reason: Completed",
            "Exit Code: 0",
        ],
    )?;
    Ok(())
}

#[test]
fn configuration_and_identity() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("describe-config")?;
    kubectl.apply(&configmap("settings", "color", "red"))?;
    kubectl.run(&[
        "create",
        "secret",
        "generic",
        "token",
        "--from-literal=word=sesame",
    ])?;
    kubectl.run(&["create", "serviceaccount", "robot"])?;
    kubectl.shows(
        &["describe", "configmap", "settings"],
        &["Name: settings", "Data", "color:", "red"],
    )?;
    let secret = kubectl.shows(
        &["describe", "secret", "token"],
        &["Type: Opaque", "word: 6 bytes"],
    )?;
    ensure!(!secret.contains("sesame"));
    kubectl.shows(
        &["describe", "serviceaccount", "robot"],
        &["Name: robot", "Image pull secrets: <none>"],
    )?;
    kubectl.shows(
        &["describe", "namespace", "describe-config"],
        &[
            "Labels: kubernetes.io/metadata.name=describe-config",
            "Status: Active",
        ],
    )?;
    Ok(())
}

#[test]
fn pods_with_volumes_and_environment() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("describe-pod")?;
    kubectl.apply(&configmap("settings", "color", "red"))?;
    kubectl.run(&[
        "create",
        "secret",
        "generic",
        "token",
        "--from-literal=word=sesame",
    ])?;
    let spec = "\
restartPolicy: Never
volumes:
- name: files
  configMap:
    name: settings";
    let manifest = pod_with(
        "full",
        &cluster.image("probe"),
        &["cat", "/etc/files/color"],
        spec,
    ) + "    env:
    - name: PLAIN
      value: text
    - name: WORD
      valueFrom:
        secretKeyRef:
          name: token
          key: word
    resources:
      limits:
        memory: 16Mi
    volumeMounts:
    - name: files
      mountPath: /etc/files
      readOnly: true
";
    kubectl.apply(&manifest)?;
    kubectl.eventually_field("pod/full", ".status.phase", "Succeeded")?;
    kubectl.eventually_shows(&["logs", "full"], &["red"])?;
    kubectl.shows(
        &["describe", "pod", "full"],
        &[
            "Args:",
            "cat",
            "Limits:",
            "memory: 16Mi",
            "PLAIN: text",
            "WORD: <set to the key 'word' in secret 'token'> Optional: false",
            "/etc/files from files (ro)",
            "Type: ConfigMap (a volume populated by a ConfigMap)",
            "QoS Class: Burstable",
        ],
    )?;
    Ok(())
}

#[test]
fn nodes_leases_and_runtime_classes() -> anyhow::Result<()> {
    let kubectl = Cluster::shared()?.kubectl("describe-cluster")?;
    let node = kubectl.field("nodes", ".items[0].metadata.name")?;
    kubectl.shows(
        &["describe", "node", &node],
        &[
            &format!("Name: {node}"),
            &format!("kubernetes.io/hostname={node}"),
            "Unschedulable: false",
            "MemoryPressure False",
            "KubeletReady",
            "kubelet is posting ready status",
            "Addresses:",
            "InternalIP:",
            "Capacity:",
            "pods: 11k",
            "Allocatable:",
            "Container Runtime Version:",
            "Non-terminated Pods:",
            "Allocated resources:",
        ],
    )?;
    kubectl.shows(
        &["describe", "lease", &node, "-n", "kube-node-lease"],
        &[&format!("Holder Identity: {node}"), "Renew Time:"],
    )?;
    Ok(())
}

#[test]
fn a_runtime_class_and_a_pod_that_names_it() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("describe-class")?;
    kubectl.apply(
        "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata:\n  name: fast\nhandler: wasm\n",
    )?;
    kubectl.shows(
        &["get", "runtimeclasses"],
        &["NAME HANDLER AGE", "fast wasm"],
    )?;
    kubectl.shows(
        &["describe", "runtimeclass", "fast"],
        &["Name: fast", "Handler: wasm"],
    )?;
    let spec = "restartPolicy: Never\nruntimeClassName: fast";
    kubectl.apply(&pod_with(
        "quick",
        &cluster.image("probe"),
        &["say", "x"],
        spec,
    ))?;
    kubectl.eventually_field("pod/quick", ".status.phase", "Succeeded")?;
    kubectl.shows(&["describe", "pod", "quick"], &["Runtime Class Name: fast"])?;
    let unknown = pod_with(
        "slow",
        &cluster.image("probe"),
        &[],
        "runtimeClassName: nobody",
    );
    let refused = kubectl.feed(&["create", "-f", "-"], &unknown)?;
    ensure!(
        refused.stderr.contains("RuntimeClass \"nobody\" not found"),
        "{refused:?}"
    );
    Ok(())
}

#[test]
fn events_in_order() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("describe-events")?;
    kubectl.run(&[
        "run",
        "one",
        "--image",
        &cluster.image("probe"),
        "--restart=Never",
        "--",
        "say",
        "x",
    ])?;
    kubectl.eventually_field("pod/one", ".status.phase", "Succeeded")?;
    let reasons = || {
        kubectl.run(&[
            "get",
            "events",
            "--sort-by=.metadata.creationTimestamp",
            "-o",
            "custom-columns=R:.reason",
            "--no-headers",
        ])
    };
    eventually(|| {
        let reasons = reasons()?;
        let order: Vec<&str> = reasons.split_whitespace().collect();
        ensure!(
            order.first() == Some(&"Scheduled") && order.last() == Some(&"Started"),
            "{order:?}"
        );
        Ok(())
    })?;
    kubectl.shows(
        &["get", "events"],
        &[
            "LAST SEEN TYPE REASON OBJECT MESSAGE",
            "Normal Scheduled pod/one",
        ],
    )?;
    kubectl.shows(&["events", "--for", "pod/one"], &["Scheduled", "Started"])?;
    kubectl.shows(
        &[
            "get",
            "events",
            "--field-selector",
            "reason=Started,involvedObject.name=one",
        ],
        &["Normal Started pod/one"],
    )?;
    let name = kubectl.run(&[
        "get",
        "events",
        "--field-selector",
        "reason=Scheduled",
        "-o",
        "jsonpath={.items[0].metadata.name}",
    ])?;
    kubectl.shows(
        &["describe", "event", &name],
        &["Reason: Scheduled", "Kind: Pod"],
    )?;
    Ok(())
}
