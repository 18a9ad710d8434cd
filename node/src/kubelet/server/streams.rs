//! Exec, attach and port-forward: the runtime says where they are served, and the client's connection is passed on to there (upstream:
//! `getExec`, `getAttach`, `getPortForward` and `proxyStream` of `pkg/kubelet/server`).

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri};
use hydrofoil_cri::v1::{
    AttachRequest, ExecRequest, ExecSyncRequest, ListPodSandboxRequest, PodSandboxFilter,
    PodSandboxState, PodSandboxStateValue, PortForwardRequest,
};
use hydrofoil_streams::proxy::{Upgrade, pass_on};
use hyper::upgrade::OnUpgrade;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Answers;
use crate::kubelet::cri::{CALL_TIMEOUT, call, go_error};
use crate::kubelet::labels;
use crate::kubelet::view::PodView;

/// Longest time to reach the runtime's streaming server.
const DIAL: Duration = Duration::from_secs(10);

/// A refusal, in the words and with the code of upstream.
struct Refusal(StatusCode, String);

impl Refusal {
    fn internal(text: impl Into<String>) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, text.into())
    }

    fn bad(text: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, text.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

impl From<tonic::Status> for Refusal {
    fn from(status: tonic::Status) -> Self {
        Self::internal(go_error(&status))
    }
}

/// The streams that a client asks for (upstream: `remotecommand.NewOptions`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Wanted {
    command: Vec<String>,
    ports: Vec<i32>,
    stdin: bool,
    stdout: bool,
    stderr: bool,
    tty: bool,
}

impl Wanted {
    fn parse(uri: &Uri) -> Self {
        let mut wanted = Self::default();
        let query = uri.query().unwrap_or_default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let yes = value == "1";
            match &*name {
                "command" => wanted.command.push(value.into_owned()),
                "port" => {
                    let ports = value.split(',').filter_map(|port| port.parse::<i32>().ok());
                    wanted.ports.extend(ports);
                }
                "input" => wanted.stdin = yes,
                "output" => wanted.stdout = yes,
                "error" => wanted.stderr = yes,
                "tty" => wanted.tty = yes,
                _ => {}
            }
        }
        // A terminal has one screen.
        wanted.stderr &= !wanted.tty;
        wanted
    }

    fn check(&self) -> Result<(), Refusal> {
        if self.stdin || self.stdout || self.stderr {
            return Ok(());
        }
        Err(Refusal::bad(
            "you must specify at least 1 of stdin, stdout, stderr",
        ))
    }
}

/// The last part of a path behind namespace and pod, before which clients may put the pod's uid.
fn parts(rest: &str) -> (Option<&str>, &str) {
    match rest.split_once('/') {
        Some((uid, container)) => (Some(uid), container),
        None => (None, rest),
    }
}

/// What is asked for, and of which of the runtime's containers.
fn asked_for(
    answers: &Answers,
    namespace: &str,
    pod: &str,
    rest: &str,
    uri: &Uri,
) -> Result<(Wanted, String), Refusal> {
    let wanted = Wanted::parse(uri);
    wanted.check()?;
    let id = container(answers, namespace, pod, rest)?;
    Ok((wanted, id))
}

/// `/exec/{namespace}/{pod}/[{uid}/]{container}`.
pub(super) async fn exec(
    State(answers): State<Arc<Answers>>,
    Path((namespace, pod, rest)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    let asked = asked_for(&answers, &namespace, &pod, &rest, request.uri());
    let url = async {
        let (wanted, id) = asked?;
        let asked = ExecRequest {
            container_id: id,
            cmd: wanted.command,
            tty: wanted.tty,
            stdin: wanted.stdin,
            stdout: wanted.stdout,
            stderr: wanted.stderr,
        };
        let answer = call(CALL_TIMEOUT, answers.cri.runtime().exec(asked)).await?;
        Ok(answer.url)
    };
    pass(url.await, request).await
}

/// `/attach/{namespace}/{pod}/[{uid}/]{container}`.
pub(super) async fn attach(
    State(answers): State<Arc<Answers>>,
    Path((namespace, pod, rest)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    let asked = asked_for(&answers, &namespace, &pod, &rest, request.uri());
    let url = async {
        let (wanted, id) = asked?;
        let asked = AttachRequest {
            container_id: id,
            stdin: wanted.stdin,
            tty: wanted.tty,
            stdout: wanted.stdout,
            stderr: wanted.stderr,
        };
        let answer = call(CALL_TIMEOUT, answers.cri.runtime().attach(asked)).await?;
        Ok(answer.url)
    };
    pass(url.await, request).await
}

/// `/portForward/{namespace}/{pod}`.
pub(super) async fn port_forward(
    State(answers): State<Arc<Answers>>,
    Path((namespace, pod)): Path<(String, String)>,
    request: Request,
) -> Response {
    forward(&answers, &namespace, &pod, None, request).await
}

/// `/portForward/{namespace}/{pod}/{uid}`.
pub(super) async fn port_forward_of(
    State(answers): State<Arc<Answers>>,
    Path((namespace, pod, uid)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    forward(&answers, &namespace, &pod, Some(&uid), request).await
}

async fn forward(
    answers: &Answers,
    namespace: &str,
    pod: &str,
    uid: Option<&str>,
    request: Request,
) -> Response {
    let wanted = Wanted::parse(request.uri());
    let url = async {
        let view = found(answers, namespace, pod, uid)?;
        let asked = PortForwardRequest {
            pod_sandbox_id: sandbox(answers, &view).await?,
            port: wanted.ports,
        };
        let answer = call(CALL_TIMEOUT, answers.cri.runtime().port_forward(asked)).await?;
        Ok(answer.url)
    };
    pass(url.await, request).await
}

/// `/run/{namespace}/{pod}/[{uid}/]{container}?cmd=…`: a command to its end, and what it printed.
pub(super) async fn run(
    State(answers): State<Arc<Answers>>,
    Path((namespace, pod, rest)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let command = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "cmd")
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default();
    let output = async {
        let id = container(&answers, &namespace, &pod, &rest)?;
        let asked = ExecSyncRequest {
            container_id: id,
            // As upstream: words are what spaces part.
            cmd: command.split(' ').map(ToOwned::to_owned).collect(),
            timeout: 0,
        };
        let answer = answers.cri.runtime().exec_sync(asked).await?.into_inner();
        if answer.exit_code != 0 {
            let text = format!("command {command:?} exited with {}", answer.exit_code);
            return Err(Refusal::internal(text));
        }
        Ok([answer.stdout, answer.stderr].concat())
    };
    match output.await {
        Ok(output) => output.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// The pod, which a client may name with its uid.
fn found(
    answers: &Answers,
    namespace: &str,
    pod: &str,
    uid: Option<&str>,
) -> Result<Arc<PodView>, Refusal> {
    let view = answers
        .view
        .get(namespace, pod)
        .filter(|view| uid.is_none() || view.pod.metadata.uid.as_deref() == uid);
    view.ok_or_else(|| Refusal(StatusCode::NOT_FOUND, "pod does not exist".to_owned()))
}

/// The runtime's identifier of a container that runs, or ran.
fn container(answers: &Answers, namespace: &str, pod: &str, rest: &str) -> Result<String, Refusal> {
    let (uid, name) = parts(rest);
    let view = found(answers, namespace, pod, uid)?;
    let id = view
        .container(name)
        .and_then(|status| status.container_id.as_deref())
        .and_then(|id| id.split_once("://"))
        .map(|(_, id)| id.to_owned());
    id.ok_or_else(|| Refusal::internal(format!("container not found ({name:?})")))
}

/// The runtime's identifier of a pod's sandbox.
async fn sandbox(answers: &Answers, view: &PodView) -> Result<String, Refusal> {
    let request = ListPodSandboxRequest {
        filter: Some(PodSandboxFilter {
            id: String::new(),
            state: Some(PodSandboxStateValue {
                state: PodSandboxState::SandboxReady.into(),
            }),
            label_selector: [(labels::POD_UID.to_owned(), view.uid().to_owned())].into(),
        }),
    };
    let found = call(
        CALL_TIMEOUT,
        answers.cri.runtime().list_pod_sandbox(request),
    )
    .await?;
    let newest = found
        .items
        .into_iter()
        .max_by_key(|sandbox| sandbox.created_at);
    newest.map(|sandbox| sandbox.id).ok_or_else(|| {
        let name = view.pod.metadata.name.as_deref().unwrap_or_default();
        let namespace = view.pod.metadata.namespace.as_deref().unwrap_or_default();
        Refusal::internal(format!(
            "failed to find sandbox for pod {:?}",
            format!("{name}_{namespace}")
        ))
    })
}

/// Passes the client's connection on to the URL.
async fn pass(url: Result<String, Refusal>, request: Request) -> Response {
    let url = match url {
        Ok(url) => url,
        Err(refusal) => return refusal.into_response(),
    };
    let (mut parts, _body) = request.into_parts();
    let upgrade = Upgrade {
        connection: parts.extensions.remove::<OnUpgrade>(),
        method: parts.method,
        headers: parts.headers,
    };
    let failed = |text: String| Refusal::internal(text).into_response();
    let uri: Uri = match url.parse() {
        Ok(uri) => uri,
        Err(_) => return failed("the runtime's streaming URL cannot be read".to_owned()),
    };
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let io = match timeout(DIAL, TcpStream::connect(&authority)).await {
        Ok(Ok(io)) => io,
        Ok(Err(error)) => return failed(format!("dial tcp {authority}: {error}")),
        Err(_) => return failed(format!("dial tcp {authority}: i/o timeout")),
    };
    let _ = io.set_nodelay(true);
    match pass_on(upgrade, io, &authority, path, ()).await {
        Ok(answer) => answer.map(Body::new),
        Err(error) => failed(format!("the runtime's streaming server: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_says_what_is_wanted() {
        let parse = |query: &str| Wanted::parse(&format!("/exec/n/p/c?{query}").parse().unwrap());
        let wanted = parse("command=ls&command=-l%20x&input=1&output=1&error=1&tty=1");
        assert_eq!(wanted.command, ["ls", "-l x"]);
        assert!(wanted.stdin && wanted.stdout && wanted.tty);
        assert!(!wanted.stderr, "a terminal has one screen");
        assert!(parse("output=true").check().is_err());
        assert_eq!(parse("port=80&port=90,91").ports, [80, 90, 91]);
    }

    #[test]
    fn a_path_may_have_the_pods_uid() {
        assert_eq!(parts("c"), (None, "c"));
        assert_eq!(parts("1-2/c"), (Some("1-2"), "c"));
    }
}
