//! `kubectl create`, `run`, `expose`, `scale`, `set`, `label`, `annotate` and `patch`.

use anyhow::ensure;
use hydrofoil_tests::kubectl::has;
use hydrofoil_tests::manifests::{configmap, deployment};
use hydrofoil_tests::{Cluster, eventually, raw};

#[test]
fn create_deployment_expose_and_scale() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("create-deployment")?;
    let image = cluster.image("hello-http");
    let created = kubectl.run(&[
        "create",
        "deployment",
        "web",
        "--image",
        &image,
        "--replicas=2",
        "--port=8080",
    ])?;
    ensure!(created == "deployment.apps/web created\n");
    kubectl.run(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
    kubectl.shows(
        &["get", "deployment", "web"],
        &["NAME READY UP-TO-DATE AVAILABLE AGE", "web 2/2 2 2"],
    )?;
    let exposed = kubectl.run(&[
        "expose",
        "deployment",
        "web",
        "--port=80",
        "--target-port=8080",
        "--name=front",
    ])?;
    ensure!(exposed == "service/front exposed\n");
    kubectl.shows(
        &["get", "service", "front"],
        &[
            &format!("front ClusterIP {}", cluster.service_prefix()),
            "80/TCP",
        ],
    )?;
    ensure!(
        kubectl.run(&["scale", "deployment/web", "--replicas=3"])?
            == "deployment.apps/web scaled\n"
    );
    kubectl.eventually_field("deployment/web", ".status.readyReplicas", "3")?;
    let refused = kubectl.fails(&[
        "scale",
        "deployment/web",
        "--replicas=5",
        "--current-replicas=1",
    ])?;
    has("scale", &refused, &["Expected replicas to be 1, was 3"])?;
    kubectl.run(&["scale", "deployment/web", "--replicas=0"])?;
    eventually(|| {
        ensure!(
            kubectl.run(&["get", "pods", "-o", "name"])?.is_empty(),
            "pods remain"
        );
        Ok(())
    })
}

#[test]
fn a_service_answers_on_its_cluster_address() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("create-service")?;
    kubectl.apply(&deployment("web", &cluster.image("hello-http"), 2))?;
    kubectl.run(&["expose", "deployment", "web", "--port=8080"])?;
    kubectl.run(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
    let address = kubectl.field("service/web", ".spec.clusterIP")?;
    eventually(|| {
        let answer = raw::http(&format!("http://{address}:8080/"))?;
        ensure!(
            answer.status == 200 && answer.body.starts_with("Hello from "),
            "{answer:?}"
        );
        Ok(())
    })?;
    kubectl.shows(
        &["get", "endpointslices"],
        &[&format!("IPv4 8080 {}", cluster.pod_prefix())],
    )?;
    kubectl.shows(
        &["get", "endpoints", "web"],
        &[&format!("web {}", cluster.pod_prefix())],
    )?;
    kubectl.run(&["scale", "deployment/web", "--replicas=0"])?;
    Ok(())
}

#[test]
fn run_makes_a_pod() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("create-run")?;
    let image = cluster.image("probe");
    let made = kubectl.run(&[
        "run",
        "one",
        "--image",
        &image,
        "--restart=Never",
        "--env=COLOR=red",
        "--labels=team=a",
        "--",
        "env",
        "COLOR",
    ])?;
    ensure!(made == "pod/one created\n");
    kubectl.eventually_field("pod/one", ".status.phase", "Succeeded")?;
    kubectl.eventually_shows(&["logs", "one"], &["COLOR=red"])?;
    kubectl.shows(
        &["get", "pod", "one", "--show-labels"],
        &["one 0/1 Completed 0", "team=a"],
    )?;
    let dry = kubectl.run(&[
        "run",
        "two",
        "--image",
        &image,
        "--dry-run=client",
        "-o",
        "yaml",
    ])?;
    has("a dry run", &dry, &["kind: Pod", "run: two"])?;
    kubectl.fails(&["get", "pod", "two"])?;
    Ok(())
}

#[test]
fn create_knows_its_kinds() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("create-kinds")?;
    let image = cluster.image("probe");
    kubectl.run(&[
        "create",
        "configmap",
        "c",
        "--from-literal=a=1",
        "--from-literal=b=2",
    ])?;
    kubectl.run(&[
        "create",
        "secret",
        "generic",
        "s",
        "--from-literal=password=hunter2",
    ])?;
    kubectl.run(&["create", "serviceaccount", "robot"])?;
    kubectl.run(&["create", "service", "clusterip", "svc", "--tcp=80:8080"])?;
    kubectl.run(&[
        "create", "job", "j", "--image", &image, "--", "probe", "say", "done",
    ])?;
    ensure!(kubectl.field("secret/s", ".data.password")? == "aHVudGVyMg==");
    kubectl.run(&["wait", "--for=condition=complete", "job/j", "--timeout=60s"])?;
    kubectl.shows(
        &["get", "job", "j"],
        &["NAME STATUS COMPLETIONS DURATION AGE", "j Complete 1/1"],
    )?;
    kubectl.eventually_shows(&["logs", "job/j"], &["done"])?;
    let again = kubectl.fails(&["create", "configmap", "c"])?;
    has(
        "create",
        &again,
        &["error: failed to create configmap: configmaps \"c\" already exists"],
    )?;
    kubectl.run(&["get", "serviceaccount", "default"])?;
    kubectl.run(&["get", "configmap", "kube-root-ca.crt"])?;
    Ok(())
}

#[test]
fn set_image_and_env_roll_a_deployment() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("create-set")?;
    kubectl.apply(&deployment("web", &cluster.image("hello-http"), 1))?;
    ensure!(
        kubectl.run(&["set", "env", "deployment/web", "GREETING=Hei"])?
            == "deployment.apps/web env updated\n"
    );
    kubectl.run(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
    let pod_address = || {
        kubectl.run(&[
            "get",
            "pods",
            "-l",
            "app=web",
            "-o",
            "jsonpath={.items[0].status.podIP}",
        ])
    };
    eventually(|| {
        let answer = raw::http(&format!("http://{}:8080/", pod_address()?))?;
        ensure!(answer.body.starts_with("Hei from "), "{answer:?}");
        Ok(())
    })?;
    kubectl.shows(
        &["set", "env", "deployment/web", "--list"],
        &["GREETING=Hei"],
    )?;
    let image = format!("main={}", cluster.image("echo-tcp"));
    ensure!(
        kubectl.run(&["set", "image", "deployment/web", &image])?
            == "deployment.apps/web image updated\n"
    );
    kubectl.run(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
    kubectl.shows(
        &["get", "replicasets", "-o", "wide"],
        &["echo-tcp:v1", "hello-http:v1"],
    )?;
    kubectl.run(&["set", "resources", "deployment/web", "--limits=memory=32Mi"])?;
    ensure!(
        kubectl.field(
            "deployment/web",
            ".spec.template.spec.containers[0].resources.limits.memory"
        )? == "32Mi"
    );
    kubectl.run(&["scale", "deployment/web", "--replicas=0"])?;
    Ok(())
}

#[test]
fn labels_and_annotations_come_and_go() -> anyhow::Result<()> {
    let kubectl = Cluster::shared()?.kubectl("create-label")?;
    kubectl.apply(&configmap("c", "k", "v"))?;
    ensure!(kubectl.run(&["label", "configmap", "c", "tier=front"])? == "configmap/c labeled\n");
    has(
        "label",
        &kubectl.fails(&["label", "configmap", "c", "tier=back"])?,
        &["'tier' already has a value (front), and --overwrite is false"],
    )?;
    kubectl.run(&["label", "configmap", "c", "tier=back", "--overwrite"])?;
    kubectl.shows(
        &["get", "configmaps", "-l", "tier=back", "-L", "tier"],
        &["NAME DATA AGE TIER", "c 1"],
    )?;
    ensure!(kubectl.run(&["label", "configmap", "c", "tier-"])? == "configmap/c unlabeled\n");
    ensure!(
        kubectl.run(&["annotate", "configmap", "c", "note=hello there"])?
            == "configmap/c annotated\n"
    );
    ensure!(kubectl.field("configmap/c", ".metadata.annotations.note")? == "hello there");
    kubectl.run(&["annotate", "configmap", "c", "note-"])?;
    ensure!(
        kubectl
            .field("configmap/c", ".metadata.annotations.note")?
            .is_empty()
    );
    has(
        "label",
        &kubectl.fails(&["label", "configmap", "c", "bad key=x"])?,
        &["name part must consist of alphanumeric characters"],
    )
}

#[test]
fn patches_of_three_types() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("create-patch")?;
    kubectl.apply(&deployment("web", &cluster.image("hello-http"), 0))?;
    let patch = |kind: &str, text: &str| {
        kubectl.run(&["patch", "deployment", "web", "--type", kind, "-p", text])
    };
    let strategic = r#"{"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"A","value":"1"}]}]}}}}"#;
    ensure!(patch("strategic", strategic)? == "deployment.apps/web patched\n");
    let containers = || kubectl.field("deployment/web", ".spec.template.spec.containers");
    has(
        "strategic merge",
        &containers()?,
        &["\"value\":\"1\"", "hello-http:v1"],
    )?;
    let json =
        r#"[{"op":"replace","path":"/spec/template/spec/containers/0/env/0/value","value":"2"}]"#;
    patch("json", json)?;
    has("JSON patch", &containers()?, &["\"value\":\"2\""])?;
    patch(
        "merge",
        r#"{"metadata":{"labels":{"app":null,"new":"yes"}}}"#,
    )?;
    ensure!(kubectl.field("deployment/web", ".metadata.labels")? == r#"{"new":"yes"}"#);
    ensure!(
        patch("merge", r#"{"metadata":{"labels":{"new":"yes"}}}"#)?
            == "deployment.apps/web patched (no change)\n"
    );
    let wrong = kubectl.fails(&[
        "patch",
        "deployment",
        "web",
        "--type",
        "json",
        "-p",
        r#"[{"op":"remove","path":"/spec/nothing"}]"#,
    ])?;
    has(
        "a patch of what is not there",
        &wrong,
        &["The request is invalid"],
    )?;
    let scale = kubectl.run(&[
        "patch",
        "deployment",
        "web",
        "--subresource=scale",
        "--type=merge",
        "-p",
        r#"{"spec":{"replicas":1}}"#,
    ])?;
    has("a patch of scale", &scale, &["patched"])?;
    ensure!(kubectl.field("deployment/web", ".spec.replicas")? == "1");
    kubectl.run(&["scale", "deployment/web", "--replicas=0"])?;
    Ok(())
}

#[test]
fn replace_needs_the_current_version() -> anyhow::Result<()> {
    let kubectl = Cluster::shared()?.kubectl("create-replace")?;
    kubectl.run(&["create", "configmap", "c", "--from-literal=a=1"])?;
    let first = kubectl.run(&["get", "configmap", "c", "-o", "yaml"])?;
    let changed = first.replace("a: \"1\"", "a: \"2\"");
    ensure!(kubectl.pipe(&["replace", "-f", "-"], &changed)? == "configmap/c replaced\n");
    let stale = kubectl.feed(
        &["replace", "-f", "-"],
        &changed.replace("a: \"2\"", "a: \"3\""),
    )?;
    has(
        "a stale replace",
        &stale.stderr,
        &[
            "Operation cannot be fulfilled on configmaps \"c\": the object has been modified; please apply your changes to the latest version and try again",
        ],
    )?;
    ensure!(kubectl.field("configmap/c", ".data.a")? == "2");
    Ok(())
}
