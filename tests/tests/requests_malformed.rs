//! Requests that are wrong: each gets the `Status` that upstream gives, and nothing is stored.

use anyhow::{Context as _, ensure};
use hydrofoil_tests::raw::{Answer, Raw};
use hydrofoil_tests::{Cluster, Kubectl, kubectl::has};

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";

struct Bench {
    raw: Raw,
    kubectl: Kubectl,
}

impl Bench {
    fn new(name: &str) -> anyhow::Result<Self> {
        let cluster = Cluster::shared()?;
        Ok(Self {
            raw: Raw::new(cluster, name)?,
            kubectl: cluster.kubectl(name)?,
        })
    }

    fn configmaps(&self) -> String {
        format!("/api/v1/namespaces/{}/configmaps", self.kubectl.namespace())
    }

    fn create(&self, kind: &str, body: &str) -> anyhow::Result<Answer> {
        self.raw
            .send("POST", &self.configmaps(), kind, body.as_bytes())
    }

    /// The namespace holds nothing but what every namespace holds.
    fn nothing_stored(&self) -> anyhow::Result<()> {
        let names = self.kubectl.run(&["get", "configmaps", "-o", "name"])?;
        ensure!(
            names
                .lines()
                .all(|name| name == "configmap/kube-root-ca.crt"),
            "{names}"
        );
        Ok(())
    }
}

/// Checks a `Status`: code, reason and the parts of its message.
fn is(answer: &Answer, code: u16, reason: &str, message: &[&str]) -> anyhow::Result<()> {
    let status = answer.json()?;
    ensure!(answer.status == code, "{answer:?}");
    ensure!(
        status["kind"] == "Status"
            && status["apiVersion"] == "v1"
            && status["status"] == "Failure"
            && status["code"] == code
            && status["reason"] == reason,
        "{answer:?}"
    );
    has(
        "the message",
        status["message"].as_str().unwrap_or_default(),
        message,
    )
}

#[test]
fn malformed_json_and_yaml() -> anyhow::Result<()> {
    let bench = Bench::new("malformed-syntax")?;
    is(
        &bench.create(JSON, r#"{"kind":"ConfigMap","#)?,
        400,
        "BadRequest",
        &[
            "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error:",
        ],
    )?;
    is(&bench.create(JSON, "")?, 400, "BadRequest", &[])?;
    is(
        &bench.create(JSON, "[]")?,
        400,
        "BadRequest",
        &["the object provided is unrecognized (must be of type ConfigMap)"],
    )?;
    is(
        &bench.create(JSON, "\u{0}\u{1}\u{2}")?,
        400,
        "BadRequest",
        &[],
    )?;
    is(
        &bench.create(YAML, "kind: ConfigMap\n  data: [\n")?,
        400,
        "BadRequest",
        &["yaml:"],
    )?;
    let deep = format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","data":{}{}}}"#,
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    ensure!(bench.create(JSON, &deep)?.status == 400);
    let nested = format!("a: {}{}", "{b: ".repeat(20_000), "}".repeat(20_000));
    ensure!(bench.create(YAML, &nested)?.status == 400);
    // The well-known expansion attack: every level names the one before ten times.
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let before = format!("*a{}", level - 1);
        bomb.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            [before.as_str(); 10].join(", ")
        ));
    }
    ensure!(bench.create(YAML, &bomb)?.status == 400);
    bench.nothing_stored()
}

#[test]
fn unknown_fields_and_wrong_types() -> anyhow::Result<()> {
    let bench = Bench::new("malformed-fields")?;
    let object = |rest: &str| {
        format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"x"}},{rest}}}"#)
    };
    let strict = format!("{}?fieldValidation=Strict", bench.configmaps());
    is(
        &bench.raw.send(
            "POST",
            &strict,
            JSON,
            object(r#""extra":1,"data":{"a":"1","a":"2"}"#).as_bytes(),
        )?,
        400,
        "BadRequest",
        &[
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error:",
            "unknown field \"extra\"",
            "duplicate field \"data.a\"",
        ],
    )?;
    is(
        &bench.create(JSON, &object(r#""data":5"#))?,
        400,
        "BadRequest",
        &[
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type map[string]string",
        ],
    )?;
    is(
        &bench.create(JSON, &object(r#""data":{"a":true}"#))?,
        400,
        "BadRequest",
        &["json: cannot unmarshal bool into Go struct field ConfigMap.data of type string"],
    )?;
    is(
        &bench.create(
            JSON,
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"}}"#,
        )?,
        400,
        "BadRequest",
        &["Secret in version \"v1\" cannot be handled as a ConfigMap"],
    )?;
    bench.nothing_stored()?;
    let refused = bench.kubectl.feed(
        &["create", "-f", "-"],
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\nextra: 1\n",
    )?;
    has(
        "kubectl create",
        &refused.stderr,
        &[
            "Error from server (BadRequest): error when creating \"STDIN\": ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"extra\"",
        ],
    )?;
    let warned = bench.kubectl.feed(
        &["create", "--validate=warn", "-f", "-"],
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: warned\nextra: 1\n",
    )?;
    ensure!(warned.ok(), "{warned:?}");
    has(
        "kubectl create",
        &warned.stderr,
        &["Warning: unknown field \"extra\""],
    )
}

#[test]
fn names_that_are_none() -> anyhow::Result<()> {
    let bench = Bench::new("malformed-names")?;
    let named = |name: &str| {
        format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}"}}}}"#)
    };
    for name in ["Upper", "under_score", "-dash", "a b", "ü"] {
        is(
            &bench.create(JSON, &named(name))?,
            422,
            "Invalid",
            &[&format!(
                "ConfigMap \"{name}\" is invalid: metadata.name: Invalid value: \"{name}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters"
            )],
        )?;
    }
    is(
        &bench.create(JSON, &named(&"a".repeat(254)))?,
        422,
        "Invalid",
        &["must be no more than 253 characters"],
    )?;
    is(
        &bench.create(
            JSON,
            r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}"#,
        )?,
        422,
        "Invalid",
        &["metadata.name: Required value: name or generateName is required"],
    )?;
    let namespace = r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a_b"}}"#;
    let answer = bench
        .raw
        .send("POST", "/api/v1/namespaces", JSON, namespace.as_bytes())?;
    is(
        &answer,
        422,
        "Invalid",
        &[
            "Namespace \"a_b\" is invalid: metadata.name: Invalid value: \"a_b\": a lowercase RFC 1123 label must consist of",
        ],
    )?;
    let cause = &answer.json()?["details"]["causes"][0];
    ensure!(
        cause["field"] == "metadata.name" && cause["reason"] == "FieldValueInvalid",
        "{cause}"
    );
    let service = format!("/api/v1/namespaces/{}/services", bench.kubectl.namespace());
    is(
        &bench.raw.send(
            "POST",
            &service,
            JSON,
            br#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"Web"},"spec":{"ports":[{"port":80}]}}"#,
        )?,
        422,
        "Invalid",
        &["Service \"Web\" is invalid: metadata.name: Invalid value: \"Web\": a lowercase RFC 1123 label must consist of"],
    )?;
    is(
        &bench.raw.send(
            "POST",
            "/api/v1/namespaces/nowhere/configmaps",
            JSON,
            named("x").as_bytes(),
        )?,
        404,
        "NotFound",
        &["namespaces \"nowhere\" not found"],
    )?;
    is(
        &bench.create(JSON, r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","namespace":"default"}}"#)?,
        400,
        "BadRequest",
        &["the namespace of the provided object does not match the namespace sent on the request"],
    )?;
    bench.nothing_stored()
}

#[test]
fn bodies_that_are_too_large() -> anyhow::Result<()> {
    let bench = Bench::new("malformed-size")?;
    let object = |bytes: usize| {
        format!(
            r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"big"}},"data":{{"k":"{}"}}}}"#,
            "x".repeat(bytes)
        )
    };
    is(
        &bench.create(JSON, &object(4 << 20))?,
        413,
        "RequestEntityTooLarge",
        &["Request entity too large: limit is 3145728"],
    )?;
    is(
        &bench.create(JSON, &object((1 << 20) + 1))?,
        422,
        "Invalid",
        &[
            "ConfigMap \"big\" is invalid:",
            "Too long: may not be more than 1048576 bytes",
        ],
    )?;
    bench.nothing_stored()
}

#[test]
fn versions_that_are_wrong() -> anyhow::Result<()> {
    let bench = Bench::new("malformed-versions")?;
    bench
        .kubectl
        .run(&["create", "configmap", "c", "--from-literal=a=1"])?;
    let path = format!("{}/c", bench.configmaps());
    let mut object = bench.raw.get(&path)?.json()?;
    object["data"]["a"] = "2".into();
    object["metadata"]["resourceVersion"] = "1".into();
    let put = |object: &serde_json::Value| {
        bench
            .raw
            .send("PUT", &path, JSON, object.to_string().as_bytes())
    };
    is(
        &put(&object)?,
        409,
        "Conflict",
        &[
            "Operation cannot be fulfilled on configmaps \"c\": the object has been modified; please apply your changes to the latest version and try again",
        ],
    )?;
    object["metadata"]["resourceVersion"] = "not a number".into();
    ensure!((400..500).contains(&put(&object)?.status));
    object["metadata"]["name"] = "d".into();
    is(
        &put(&object)?,
        400,
        "BadRequest",
        &["the name of the object (d) does not match the name on the URL (c)"],
    )?;
    let mut other = bench.raw.get(&path)?.json()?;
    other["metadata"]["uid"] = "0c0ffee0-0000-4000-8000-000000000000".into();
    is(
        &put(&other)?,
        409,
        "Conflict",
        &[
            "Precondition failed: UID in precondition: 0c0ffee0-0000-4000-8000-000000000000, UID in object meta:",
        ],
    )?;
    let far = bench
        .raw
        .get(&format!("{}?resourceVersion=999999999", bench.configmaps()))?;
    is(
        &far,
        504,
        "Timeout",
        &["Too large resource version: 999999999, current:"],
    )?;
    ensure!(
        (400..500).contains(
            &bench
                .raw
                .get(&format!("{}?resourceVersion=x", bench.configmaps()))?
                .status
        )
    );
    ensure!(
        bench
            .raw
            .get(&format!("{}?limit=x", bench.configmaps()))?
            .status
            == 400
    );
    is(
        &bench
            .raw
            .get(&format!("{}?limit=1&continue=x", bench.configmaps()))?,
        400,
        "BadRequest",
        &["continue key is not valid"],
    )?;
    ensure!(bench.kubectl.field("configmap/c", ".data.a")? == "1");
    let delete =
        br#"{"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"resourceVersion":"1"}}"#;
    is(
        &bench.raw.send("DELETE", &path, JSON, delete)?,
        409,
        "Conflict",
        &[],
    )?;
    ensure!(bench.kubectl.field("configmap/c", ".data.a")? == "1");
    Ok(())
}

#[test]
fn methods_types_and_paths() -> anyhow::Result<()> {
    let bench = Bench::new("malformed-methods")?;
    let all = bench.configmaps();
    is(
        &bench.raw.send("PUT", &all, JSON, b"{}")?,
        405,
        "MethodNotAllowed",
        &["the server does not allow this method on the requested resource"],
    )?;
    is(
        &bench.raw.send("POST", &all, "text/plain", b"hello")?,
        415,
        "UnsupportedMediaType",
        &[
            "the body of the request was in an unknown format - accepted media types include: application/json",
        ],
    )?;
    is(
        &bench.raw.send("PATCH", &format!("{all}/x"), JSON, b"{}")?,
        415,
        "UnsupportedMediaType",
        &[
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/strategic-merge-patch+json",
        ],
    )?;
    let refused = bench
        .raw
        .send_with("GET", &all, &["Accept: text/html"], b"")?;
    // curl sends both headers; whichever the server reads, it must not answer in HTML.
    ensure!(
        matches!(refused.status, 200 | 406) && !refused.body.contains("<html"),
        "{refused:?}"
    );
    is(
        &bench.raw.get("/api/v1/namespaces/default/gizmos")?,
        404,
        "NotFound",
        &["the server could not find the requested resource"],
    )?;
    is(
        &bench.raw.get("/apis/example.com/v1/things")?,
        404,
        "NotFound",
        &[],
    )?;
    is(
        &bench.raw.get(&format!("{all}?labelSelector=a+in+("))?,
        400,
        "BadRequest",
        &["unable to parse requirement"],
    )?;
    let missing = bench.raw.get(&format!("{all}/missing"))?;
    is(
        &missing,
        404,
        "NotFound",
        &["configmaps \"missing\" not found"],
    )?;
    let details = &missing.json()?["details"];
    ensure!(
        details["name"] == "missing" && details["kind"] == "configmaps",
        "{details}"
    );
    bench.nothing_stored()
}

#[test]
fn objects_that_break_the_rules_of_their_kind() -> anyhow::Result<()> {
    let bench = Bench::new("malformed-rules")?;
    let namespace = bench.kubectl.namespace().to_owned();
    let deployment = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":-1,
        "selector":{"matchLabels":{"app":"a"}},
        "template":{"metadata":{"labels":{"app":"b"}},"spec":{"containers":[{"name":"Bad Name","image":""}],"restartPolicy":"Never"}}}}"#;
    let answer = bench.raw.send(
        "POST",
        &format!("/apis/apps/v1/namespaces/{namespace}/deployments"),
        JSON,
        deployment.as_bytes(),
    )?;
    is(
        &answer,
        422,
        "Invalid",
        &[
            "Deployment.apps \"d\" is invalid:",
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            "spec.template.metadata.labels: Invalid value:",
            "`selector` does not match template `labels`",
            "spec.template.spec.containers[0].name: Invalid value: \"Bad Name\"",
            "spec.template.spec.containers[0].image: Required value",
            "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"",
        ],
    )?;
    let causes = answer.json()?["details"]["causes"]
        .as_array()
        .map(Vec::len)
        .context("no causes")?;
    ensure!(causes >= 5, "{answer:?}");
    let pods = format!("/api/v1/namespaces/{namespace}/pods");
    is(
        &bench.raw.send(
            "POST",
            &pods,
            JSON,
            br#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{}}"#,
        )?,
        422,
        "Invalid",
        &["Pod \"p\" is invalid: spec.containers: Required value"],
    )?;
    let quantity = br#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"b","resources":{"limits":{"memory":"lots"}}}]}}"#;
    is(
        &bench.raw.send("POST", &pods, JSON, quantity)?,
        400,
        "BadRequest",
        &["quantities must match the regular expression"],
    )?;
    ensure!(
        bench
            .kubectl
            .run(&["get", "pods,deployments", "-o", "name"])?
            .is_empty()
    );

    bench
        .kubectl
        .run(&["create", "service", "clusterip", "fixed", "--tcp=80"])?;
    let moved = bench.kubectl.fails(&[
        "patch",
        "service",
        "fixed",
        "-p",
        &format!(
            r#"{{"spec":{{"clusterIP":"{}255.254"}}}}"#,
            Cluster::shared()?.service_prefix()
        ),
    ])?;
    has(
        "a changed address",
        &moved,
        &[
            "spec.clusterIPs[0]: Invalid value:",
            "may not change once set",
        ],
    )
}

#[test]
fn the_server_is_well_afterwards() -> anyhow::Result<()> {
    let bench = Bench::new("malformed-after")?;
    for path in [
        "/",
        "//",
        "/api/v1/../../etc/passwd",
        "/api/v1/namespaces/%00/pods",
    ] {
        let answer = bench.raw.get(path)?;
        ensure!(answer.status < 500, "{path}: {answer:?}");
    }
    ensure!(bench.raw.get("/readyz")?.body == "ok");
    Ok(())
}
