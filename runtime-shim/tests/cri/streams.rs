//! The streaming server as clients of every protocol see it; `crictl` and `kubectl` are driven in the repository's own tests.

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use hydrofoil_cri::v1::*;
use hydrofoil_streams::spdy::{Decoder, Encoder, Event};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::guests::*;
use crate::node::{Node, PATIENCE};

async fn exec_url(node: &mut Node, id: &str, words: &[&str], tty: bool) -> String {
    let request = ExecRequest {
        container_id: id.to_owned(),
        cmd: words.iter().map(ToString::to_string).collect(),
        tty,
        stdin: true,
        stdout: true,
        stderr: !tty,
    };
    node.runtime.exec(request).await.unwrap().into_inner().url
}

/// A container that waits, in which the toolbox is.
async fn waiting(node: &mut Node) -> String {
    let pod = node.pod("streams").await;
    let image = node.image_of_text("waits", WAITS).await;
    node.run(&pod, &image, |_| {}).await
}

/// What a websocket's server says, to its end: of each channel all that came.
async fn websocket(
    url: &str,
    protocol: &str,
    messages: Vec<Message>,
) -> Result<[Vec<u8>; 4], Error> {
    let mut request = url.replace("http://", "ws://").into_client_request()?;
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol.parse().unwrap());
    let (mut socket, answer) = tokio_tungstenite::connect_async(request).await?;
    assert_eq!(answer.headers()["sec-websocket-protocol"], protocol);
    for message in messages {
        socket.send(message).await?;
    }
    let mut channels: [Vec<u8>; 4] = Default::default();
    let all = async {
        while let Some(Ok(message)) = socket.next().await {
            match message {
                Message::Binary(bytes) => {
                    channels[usize::from(bytes[0])].extend_from_slice(&bytes[1..]);
                }
                Message::Text(text) => {
                    use base64::Engine as _;
                    let plain = base64::engine::general_purpose::STANDARD.decode(&text[1..]);
                    let channel: usize = text[..1].parse().unwrap();
                    channels[channel].extend_from_slice(&plain.unwrap());
                }
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap();
    Ok(channels)
}

fn status(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

#[tokio::test]
async fn a_command_is_run_over_every_websocket_protocol() {
    let mut node = Node::start().await;
    let id = waiting(&mut node).await;
    let words = ["sh", "-c", "cat; nothing"];
    let binary = |bytes: &'static [u8]| Message::binary(Bytes::from_static(bytes));
    let closing = vec![binary(b"\0hello\n"), binary(&[255, 0])];
    let url = exec_url(&mut node, &id, &words, false).await;
    let [_, out, err, end] = websocket(&url, "v5.channel.k8s.io", closing).await.unwrap();
    assert_eq!(out, b"hello\n");
    assert_eq!(err, b"sh: nothing: not found\n");
    assert_eq!(status(&end)["reason"], "NonZeroExitCode");
    assert_eq!(status(&end)["details"]["causes"][0]["message"], "1");
    // Before version 5 the input has no end, so that a tool is told how much there is.
    let words = ["head", "-n", "1"];
    for (protocol, message) in [
        ("v4.channel.k8s.io", binary(b"\0hello\n")),
        ("v4.base64.channel.k8s.io", Message::text("0aGVsbG8K")),
        ("channel.k8s.io", binary(b"\0hello\n")),
        ("base64.channel.k8s.io", Message::text("0aGVsbG8K")),
    ] {
        let url = exec_url(&mut node, &id, &words, false).await;
        let [_, out, err, end] = websocket(&url, protocol, vec![message]).await.unwrap();
        assert_eq!((out, err), (b"hello\n".to_vec(), Vec::new()), "{protocol}");
        match protocol.starts_with("v4") {
            true => assert_eq!(status(&end)["status"], "Success"),
            false => assert!(end.is_empty()),
        }
    }
}

#[tokio::test]
async fn on_a_terminal_lines_are_edited_shown_and_interrupted() {
    let mut node = Node::start().await;
    let id = waiting(&mut node).await;
    let typed = vec![Message::binary(&b"\0hellx\x7fo\r\x04"[..])];
    let url = exec_url(&mut node, &id, &["cat"], true).await;
    let [_, screen, _, end] = websocket(&url, "v5.channel.k8s.io", typed).await.unwrap();
    assert_eq!(
        String::from_utf8(screen).unwrap(),
        "hellx\x08 \x08o\r\nhello\r\n"
    );
    assert_eq!(status(&end)["status"], "Success");
    let url = exec_url(&mut node, &id, &["sleep", "1h"], true).await;
    let interrupt = vec![Message::binary(&b"\0\x03"[..])];
    let [_, screen, _, end] = websocket(&url, "v5.channel.k8s.io", interrupt)
        .await
        .unwrap();
    assert_eq!(screen, b"^C");
    assert_eq!(status(&end)["details"]["causes"][0]["message"], "130");
    let url = exec_url(&mut node, &id, &["sh"], true).await;
    let typed = vec![Message::binary(&b"\0echo hi\rexit\r"[..])];
    let [_, screen, _, _] = websocket(&url, "v5.channel.k8s.io", typed).await.unwrap();
    let screen = String::from_utf8(screen).unwrap();
    assert!(
        screen.starts_with("/ # ") || screen.starts_with("echo hi"),
        "{screen:?}"
    );
    assert!(screen.contains("hi\r\n/ # "), "{screen:?}");
}

#[tokio::test]
async fn a_url_is_good_once_and_a_protocol_must_be_known() {
    let mut node = Node::start().await;
    let id = waiting(&mut node).await;
    let url = exec_url(&mut node, &id, &["true"], false).await;
    let code = |error: Error| match error {
        Error::Http(answer) => answer.status().as_u16(),
        other => panic!("{other}"),
    };
    let refused = websocket(&url, "v9.channel.k8s.io", Vec::new()).await;
    assert_eq!(code(refused.unwrap_err()), 403);
    let again = websocket(&url, "v5.channel.k8s.io", Vec::new()).await;
    assert_eq!(code(again.unwrap_err()), 404);
}

/// A SPDY connection to the URL, or the answer's first line.
async fn spdy(url: &str, protocol: &str) -> Result<TcpStream, String> {
    let (authority, path) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .unwrap();
    let mut stream = TcpStream::connect(authority).await.unwrap();
    let request = format!(
        "POST /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: {protocol}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let first = head.lines().next().unwrap();
    if first.contains("101") {
        assert!(
            head.to_lowercase()
                .contains(&format!("x-stream-protocol-version: {protocol}"))
        );
        Ok(stream)
    } else {
        Err(first.to_owned())
    }
}

#[tokio::test]
async fn a_command_is_run_over_spdy() {
    let mut node = Node::start().await;
    let id = waiting(&mut node).await;
    for (protocol, ends) in [
        (
            "v4.channel.k8s.io",
            "{\"metadata\":{},\"status\":\"Success\"}",
        ),
        ("channel.k8s.io", ""),
    ] {
        let url = exec_url(&mut node, &id, &["wc", "-c"], false).await;
        let mut stream = spdy(&url, protocol).await.unwrap();
        let mut encoder = Encoder::default();
        for (number, kind) in [(1, "error"), (3, "stdin"), (5, "stdout"), (7, "stderr")] {
            let frame = encoder.open(number, &[("streamType", kind)]);
            stream.write_all(&frame).await.unwrap();
        }
        // A frame larger than what is buffered anywhere.
        let input = vec![b'x'; 3 << 20];
        stream
            .write_all(&Encoder::data(3, input.len(), true))
            .await
            .unwrap();
        stream.write_all(&input).await.unwrap();
        stream.write_all(&Encoder::ping(9)).await.unwrap();
        let mut decoder = Decoder::default();
        let (mut out, mut end, mut replies, mut over, mut pinged) =
            (Vec::new(), Vec::new(), 0, Vec::new(), false);
        let all = async {
            let mut piece = vec![0; 4096];
            loop {
                while let Some(event) = decoder.next_event().unwrap() {
                    match event {
                        Event::Reply { .. } => replies += 1,
                        Event::Ping(9) => pinged = true,
                        Event::Data {
                            stream,
                            bytes,
                            last,
                        } => {
                            match stream {
                                5 => out.extend_from_slice(&bytes),
                                1 => end.extend_from_slice(&bytes),
                                other => assert!(bytes.is_empty(), "stream {other}"),
                            }
                            if last {
                                over.push(stream);
                            }
                        }
                        Event::GoAway => {}
                        other => panic!("{other:?}"),
                    }
                }
                match stream.read(&mut piece).await.unwrap() {
                    0 => break,
                    read => decoder.push(&piece[..read]),
                }
            }
        };
        tokio::time::timeout(PATIENCE, all).await.unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap().trim(),
            (3 << 20).to_string()
        );
        assert_eq!(String::from_utf8(end).unwrap(), ends);
        over.sort_unstable();
        assert_eq!(
            (replies, over.as_slice(), pinged),
            (4, &[1, 5, 7][..], true)
        );
    }
    let url = exec_url(&mut node, &id, &["true"], false).await;
    let refused = spdy(&url, "portforward.k8s.io").await.unwrap_err();
    assert!(refused.contains("403"), "{refused}");
}

#[tokio::test]
async fn a_command_ends_with_its_client() {
    let mut node = Node::start().await;
    let id = waiting(&mut node).await;
    let used = async |node: &mut Node| {
        let request = ContainerStatsRequest {
            container_id: id.clone(),
        };
        let stats = node.runtime.container_stats(request).await.unwrap();
        let memory = stats.into_inner().stats.unwrap().memory.unwrap();
        memory.usage_bytes.unwrap().value
    };
    let quiet = used(&mut node).await;
    let url = exec_url(&mut node, &id, &["sleep", "1h"], false).await;
    let mut request = url
        .replace("http://", "ws://")
        .into_client_request()
        .unwrap();
    let protocol = "v5.channel.k8s.io".parse().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let wait = async {
        while used(&mut node).await == quiet {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        drop(socket);
        while used(&mut node).await > quiet {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
}

#[tokio::test]
async fn who_attaches_hears_and_types() {
    let mut node = Node::start().await;
    let pod = node.pod("attach").await;
    let image = node.image("reads", &compiled("reading_guest.rs")).await;
    let id = node
        .run(&pod, &image, |c| {
            c.stdin = true;
            c.stdin_once = true;
        })
        .await;
    let request = AttachRequest {
        container_id: id.clone(),
        stdin: true,
        tty: false,
        stdout: true,
        stderr: true,
    };
    let url = node.runtime.attach(request.clone()).await.unwrap();
    let typed = vec![
        Message::binary(&b"\0one\ntwo\n"[..]),
        Message::binary(&[255, 0][..]),
    ];
    let [_, out, err, end] = websocket(&url.into_inner().url, "v5.channel.k8s.io", typed)
        .await
        .unwrap();
    assert_eq!(out, b"read one\nread two\n");
    assert_eq!(err, b"the end\n");
    assert_eq!(status(&end)["status"], "Success");
    assert_eq!(node.wait(&id).await.exit_code, 0);
    let log = node.log(&id).await;
    assert_eq!(
        log,
        ["stdout F read one", "stdout F read two", "stderr F the end"]
    );
    let late = node.runtime.attach(request).await.unwrap_err();
    assert_eq!(late.code(), tonic::Code::FailedPrecondition);
}
