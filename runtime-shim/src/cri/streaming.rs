//! Exec, ExecSync, Attach, PortForward: what goes on beside a container while it runs, and how a client gets at it.
//!
//! A command in a Wasm container is another instance: of the container's own program, when it is called by the program's name, of one of
//! the program's exports, or of the toolbox. It has the container's files, environment, sockets and limits, and ends with it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hydrofoil_cri::v1::{
    AttachRequest, AttachResponse, ContainerState, ExecRequest, ExecResponse, ExecSyncRequest,
    ExecSyncResponse, PortForwardRequest, PortForwardResponse,
};
use tokio::net::{TcpSocket, TcpStream};

use super::{CriError, CriResult, Runtime};
use crate::guest::stdio::terminal::{Terminal, Typed, printed};
use crate::guest::{Pipe, Stdio};
use crate::network::PodAddress;
use crate::state::sandbox::Phase as SandboxPhase;
use crate::state::{Container, Sandbox};
use crate::streaming::{Incoming, Outcome, Outgoing, Remote, Target, Ticket, TicketsTaken};

/// Most bytes of a command's stdout, and of its stderr, that ExecSync gives back (CRI: `ExecSyncResponse`).
const MAX_OUTPUT: usize = 16 << 20;
/// What a command that was interrupted ends with: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// What a verb that is not there answers.
pub(super) fn not_yet(what: &str) -> CriError {
    CriError::Unimplemented(format!(
        "{what} is not available for WebAssembly containers"
    ))
}

impl From<TicketsTaken> for CriError {
    fn from(taken: TicketsTaken) -> Self {
        Self::Exhausted(taken.to_string())
    }
}

impl Runtime {
    /// The URL at which a client runs a command.
    pub async fn exec(self: &Arc<Self>, request: ExecRequest) -> CriResult<ExecResponse> {
        self.running(&request.container_id)?;
        if !(request.stdin || request.stdout || request.stderr) {
            return Err(CriError::Invalid(
                "one of `stdin`, `stdout`, or `stderr` must be set".to_owned(),
            ));
        }
        let url = self.streaming.url(Ticket::Exec(request))?;
        Ok(ExecResponse { url })
    }

    /// The URL at which a client joins a container's streams.
    pub async fn attach(self: &Arc<Self>, request: AttachRequest) -> CriResult<AttachResponse> {
        self.running(&request.container_id)?;
        if !(request.stdin || request.stdout || request.stderr) {
            return Err(CriError::Invalid(
                "one of `stdin`, `stdout`, and `stderr` must be set".to_owned(),
            ));
        }
        let url = self.streaming.url(Ticket::Attach(request))?;
        Ok(AttachResponse { url })
    }

    /// The URL at which a client reaches a pod's ports.
    pub async fn port_forward(
        self: &Arc<Self>,
        request: PortForwardRequest,
    ) -> CriResult<PortForwardResponse> {
        let sandbox = self.sandbox(&request.pod_sandbox_id)?;
        if sandbox.phase() != SandboxPhase::Ready {
            return Err(CriError::Precondition(format!(
                "sandbox container {:?} is not running",
                sandbox.id
            )));
        }
        let url = self.streaming.url(Ticket::PortForward(request))?;
        Ok(PortForwardResponse { url })
    }

    /// Runs a command to its end, or for as long as `timeout` says.
    pub async fn exec_sync(
        self: &Arc<Self>,
        request: ExecSyncRequest,
    ) -> CriResult<ExecSyncResponse> {
        let container = self.running(&request.container_id)?;
        let (stdout, stderr) = (Pipe::default(), Pipe::default());
        let stdio = Stdio {
            stdin: None,
            pipes: Some((stdout.clone(), stderr.clone())),
            terminal: false,
        };
        let command = self
            .command(&container, &request.cmd, stdio)
            .await
            .map_err(|words| CriError::Unknown(format!("failed to exec in container: {words}")))?;
        let kill = command.kill.clone();
        // Whoever asked is gone: nobody wants the rest.
        let _gone = kill.clone().drop_guard();
        let ended = async { tokio::join!(command.run(self), gather(&stdout), gather(&stderr)) };
        let (outcome, stdout, stderr) = match u64::try_from(request.timeout) {
            Ok(seconds @ 1..) => {
                let limit = Duration::from_secs(seconds);
                tokio::time::timeout(limit, ended).await.map_err(|_| {
                    CriError::Deadline(format!(
                        "failed to exec in container: timeout {seconds}s exceeded: context deadline exceeded"
                    ))
                })?
            }
            _ => ended.await,
        };
        match outcome {
            Outcome::Exited(exit_code) => Ok(ExecSyncResponse {
                stdout,
                stderr,
                exit_code,
            }),
            Outcome::Failed(words) => Err(CriError::Unknown(format!(
                "failed to exec in container: {words}"
            ))),
        }
    }

    /// A container that runs.
    fn running(&self, id: &str) -> CriResult<Arc<Container>> {
        let container = self.container(id)?;
        match container.state() {
            ContainerState::ContainerRunning => Ok(container),
            other => Err(CriError::Precondition(format!(
                "container {:?} is in {} state",
                container.id,
                other.as_str_name()
            ))),
        }
    }
}

/// All that comes out of a pipe, up to [`MAX_OUTPUT`].
async fn gather(pipe: &Pipe) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(bytes) = pipe.next().await {
        let room = MAX_OUTPUT - all.len();
        all.extend_from_slice(bytes.get(..room).unwrap_or(&bytes));
    }
    all
}

/// Does for the streaming server what its clients came for.
pub struct Sessions(pub Arc<Runtime>);

#[async_trait]
impl Target for Sessions {
    async fn exec(&self, request: ExecRequest, mut remote: Remote) {
        let outcome = self.run(&request, &mut remote).await;
        remote.end(&outcome).await;
    }

    async fn attach(&self, request: AttachRequest, mut remote: Remote) {
        let outcome = self.join(&request, &mut remote).await;
        remote.end(&outcome).await;
    }

    async fn connect(&self, sandbox_id: &str, port: u16) -> Result<TcpStream, String> {
        let sandbox = self
            .0
            .sandbox(sandbox_id)
            .map_err(|error| error.to_string())?;
        if sandbox.phase() != SandboxPhase::Ready {
            return Err(format!("sandbox container {sandbox_id:?} is not running"));
        }
        connect(&sandbox, port).await
    }
}

/// From the pod's own address: what a guest has bound to its loopback can be reached, too.
async fn connect(sandbox: &Sandbox, port: u16) -> Result<TcpStream, String> {
    let ip = match sandbox.address {
        PodAddress::Own(ip) => ip,
        PodAddress::Host => Ipv4Addr::LOCALHOST,
    };
    let to = SocketAddr::new(IpAddr::V4(ip), port);
    let connected = async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(IpAddr::V4(ip), 0))?;
        socket.connect(to).await
    };
    connected
        .await
        .map_err(|error: std::io::Error| format!("dial tcp4 {to}: connect: {}", words(&error)))
}

/// An error of the system's, as Go says it.
fn words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        std::io::ErrorKind::TimedOut => "connection timed out".to_owned(),
        _ => error.to_string(),
    }
}

impl Sessions {
    /// Runs a command for a client.
    async fn run(&self, request: &ExecRequest, remote: &mut Remote) -> Outcome {
        let failed = |words: String| {
            Outcome::Failed(format!("error executing command in container: {words}"))
        };
        let container = match self.0.running(&request.container_id) {
            Ok(container) => container,
            Err(error) => return failed(error.to_string()),
        };
        let stdin = request.stdin.then(Pipe::default);
        let (stdout, stderr) = match request.tty {
            // A terminal has one screen.
            true => {
                let screen = Pipe::default();
                (screen.clone(), screen)
            }
            false => (Pipe::default(), Pipe::default()),
        };
        let stdio = Stdio {
            stdin: stdin.clone(),
            pipes: Some((stdout.clone(), stderr.clone())),
            terminal: request.tty,
        };
        let command = match self.0.command(&container, &request.cmd, stdio).await {
            Ok(command) => command,
            Err(words) => return failed(words),
        };
        let kill = command.kill.clone();
        let typing = Typing {
            stdin,
            screen: remote.stdout.clone().filter(|_| request.tty),
            closes: true,
        };
        let typed = typing.feed(remote.stdin.take());
        // A client that is gone takes its command with it, as a terminal does that is hung up.
        let hung_up = async {
            remote.gone.cancelled().await;
            kill.cancel();
        };
        let ended = async {
            let shown = async {
                if request.tty {
                    show(&stdout, remote.stdout.as_ref(), true).await;
                } else {
                    tokio::join!(
                        show(&stdout, remote.stdout.as_ref(), false),
                        show(&stderr, remote.stderr.as_ref(), false)
                    );
                }
            };
            tokio::join!(command.run(&self.0), shown).0
        };
        tokio::pin!(ended, typed, hung_up);
        let mut interrupted = false;
        let (mut types, mut stays) = (true, true);
        loop {
            tokio::select! {
                outcome = &mut ended => return match outcome {
                    Outcome::Exited(_) if interrupted => Outcome::Exited(INTERRUPTED),
                    Outcome::Failed(words) => failed(words),
                    outcome => outcome,
                },
                stopped = &mut typed, if types => {
                    types = false;
                    interrupted = stopped;
                    if stopped {
                        kill.cancel();
                    }
                }
                () = &mut hung_up, if stays => stays = false,
            }
        }
    }

    /// Joins a client to a container's streams until either of them ends.
    async fn join(&self, request: &AttachRequest, remote: &mut Remote) -> Outcome {
        let failed =
            |words: String| Outcome::Failed(format!("error attaching to container: {words}"));
        let container = match self.0.container(&request.container_id) {
            Ok(container) => container,
            Err(error) => return failed(error.to_string()),
        };
        let listener = container.log.listeners().join();
        let Some(runnable) = container.running() else {
            // Whoever joined after the end is not told of it.
            listener.close();
            let state = container.state().as_str_name();
            return failed(format!("container {:?} is in {state} state", container.id));
        };
        let typing = Typing {
            stdin: runnable.guest.stdio.stdin.clone(),
            screen: remote.stdout.clone().filter(|_| request.tty),
            closes: container.config.stdin_once,
        };
        drop(runnable);
        let typed = typing.feed(remote.stdin.take());
        let typed = async {
            if typed.await {
                container.control.kill.cancel();
            }
            std::future::pending::<()>().await;
        };
        let heard = async {
            tokio::join!(
                show(&listener.stdout, remote.stdout.as_ref(), request.tty),
                show(&listener.stderr, remote.stderr.as_ref(), request.tty)
            );
        };
        tokio::select! {
            () = heard => {}
            () = typed => {}
            () = remote.gone.cancelled() => {}
        }
        listener.close();
        Outcome::Exited(0)
    }
}

/// What a client types, on its way to a guest.
struct Typing {
    /// Where it goes, if the guest reads.
    stdin: Option<Pipe>,
    /// Where it is shown, on a terminal.
    screen: Option<Outgoing>,
    /// Whether the guest's input ends with the client's.
    closes: bool,
}

impl Typing {
    /// Passes on what is typed, to its end. Says whether the client interrupted the guest.
    async fn feed(self, incoming: Option<Incoming>) -> bool {
        let Some(mut incoming) = incoming else {
            return false;
        };
        let mut terminal = Terminal::default();
        while let Some(bytes) = incoming.recv().await {
            let typed = match &self.screen {
                None => Typed {
                    read: bytes.into(),
                    ..Typed::default()
                },
                Some(screen) => {
                    let mut typed = terminal.typed(&bytes);
                    let shown = std::mem::take(&mut typed.shown);
                    if screen.send(shown.into()).await.is_err() {
                        break;
                    }
                    typed
                }
            };
            if let Some(stdin) = &self.stdin
                && stdin.send(typed.read.into()).await.is_err()
            {
                break;
            }
            if typed.interrupted {
                return true;
            }
            if typed.ended {
                break;
            }
        }
        if let Some(stdin) = self.stdin.filter(|_| self.closes) {
            stdin.close();
        }
        false
    }
}

/// Passes on what a guest writes, to its end. A client that does not want it gets none of it.
async fn show(pipe: &Pipe, to: Option<&Outgoing>, terminal: bool) {
    while let Some(bytes) = pipe.next().await {
        let Some(to) = to else {
            continue;
        };
        let bytes = if terminal {
            printed(&bytes).into()
        } else {
            bytes
        };
        if to.send(bytes).await.is_err() {
            // The guest learns that nobody listens.
            pipe.close();
            return;
        }
    }
}
