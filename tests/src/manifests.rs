//! The manifests that many tests begin with, as YAML.

/// A Deployment of `image` with the label `app: NAME` and port 8080.
pub fn deployment(name: &str, image: &str, replicas: u32) -> String {
    format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels:
    app: {name}
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: {image}
        ports:
        - containerPort: 8080
"
    )
}

/// A Pod of `image` with arguments, which is not restarted.
pub fn pod(name: &str, image: &str, arguments: &[&str]) -> String {
    pod_with(name, image, arguments, "restartPolicy: Never")
}

/// A Pod of `image` with arguments and more lines of its spec.
pub fn pod_with(name: &str, image: &str, arguments: &[&str], spec: &str) -> String {
    format!(
        "\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  labels:
    app: {name}
spec:
  terminationGracePeriodSeconds: 1
{}
  containers:
  - name: main
    image: {image}
    args: {}
",
        indented(spec, 2),
        list(arguments)
    )
}

/// A ConfigMap with one key.
pub fn configmap(name: &str, key: &str, value: &str) -> String {
    format!(
        "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
data:
  {key}: {value:?}
"
    )
}

/// A YAML list on one line.
pub fn list(items: &[&str]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| format!("{item:?}")).collect();
    format!("[{}]", quoted.join(", "))
}

fn indented(text: &str, by: usize) -> String {
    let margin = " ".repeat(by);
    let lines: Vec<String> = text.lines().map(|line| format!("{margin}{line}")).collect();
    lines.join("\n")
}
