//! The Watch service: ids, events, cancelling, progress, fragments, ends.

use std::time::Duration;

use hydrofoil_etcd_wire::{
    etcdserverpb::{watch_create_request::FilterType, watch_request::RequestUnion, *},
    mvccpb::event::EventType,
};
use hydrofoil_store_server::grpc::Limits;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status, Streaming};

use crate::{PATIENCE, Server, range};

/// A watch stream from its client's side.
pub struct Stream {
    requests: mpsc::Sender<WatchRequest>,
    responses: Streaming<WatchResponse>,
}

impl Stream {
    pub async fn open(server: &Server) -> Stream {
        Stream::with(server, |_| {}).await
    }

    pub async fn with(
        server: &Server,
        change: impl FnOnce(&mut Request<ReceiverStream<WatchRequest>>),
    ) -> Stream {
        let (requests, receiver) = mpsc::channel(16);
        let mut request = Request::new(ReceiverStream::new(receiver));
        change(&mut request);
        let responses = server.watch().watch(request).await.unwrap().into_inner();
        Stream {
            requests,
            responses,
        }
    }

    pub async fn send(&self, request: RequestUnion) {
        let request = WatchRequest {
            request_union: Some(request),
        };
        self.requests.send(request).await.unwrap();
    }

    pub async fn progress(&self) {
        self.send(RequestUnion::ProgressRequest(WatchProgressRequest {}))
            .await;
    }

    pub async fn receive(&mut self) -> Result<Option<WatchResponse>, Status> {
        tokio::time::timeout(PATIENCE, self.responses.message())
            .await
            .expect("nothing came")
    }

    pub async fn next(&mut self) -> WatchResponse {
        self.receive().await.unwrap().expect("the stream ended")
    }

    /// Asks for a watch and takes the first answer.
    pub async fn ask(&mut self, request: WatchCreateRequest) -> WatchResponse {
        self.send(RequestUnion::CreateRequest(request)).await;
        self.next().await
    }

    /// Begins a watch.
    pub async fn create(&mut self, request: WatchCreateRequest) -> i64 {
        let response = self.ask(request).await;
        assert!(response.created && !response.canceled, "{response:?}");
        assert!(response.events.is_empty());
        response.watch_id
    }
}

fn key(key: &'static str) -> WatchCreateRequest {
    WatchCreateRequest {
        key: key.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn each_watch_of_a_stream_gets_its_own_events() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server).await;
    assert_eq!(stream.create(key("a")).await, 0);
    assert_eq!(stream.create(key("b")).await, 1);
    let chosen = WatchCreateRequest {
        watch_id: 2,
        ..key("c")
    };
    assert_eq!(stream.create(chosen).await, 2);
    assert_eq!(
        stream.create(key("d")).await,
        3,
        "ids in use are passed over"
    );
    for (key, id) in [("a", 0), ("c", 2), ("d", 3), ("b", 1)] {
        let revision = server.revision_of_put(key, "v").await;
        let response = stream.next().await;
        assert_eq!(response.watch_id, id);
        assert_eq!(response.header.unwrap().revision, revision);
        let event = &response.events[0];
        assert_eq!(event.r#type(), EventType::Put);
        assert_eq!(event.kv.as_ref().unwrap().key, key);
    }
}

#[tokio::test]
async fn refused_watches_say_why_and_have_no_id() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server).await;
    stream
        .create(WatchCreateRequest {
            watch_id: 5,
            ..key("a")
        })
        .await;
    for (request, reason) in [
        (
            WatchCreateRequest {
                watch_id: 5,
                ..key("b")
            },
            "mvcc: duplicate watch ID provided on the WatchStream",
        ),
        (
            WatchCreateRequest {
                range_end: "a".into(),
                ..key("b")
            },
            "mvcc: watcher range is empty",
        ),
        (
            WatchCreateRequest {
                start_revision: -1,
                ..key("b")
            },
            "etcdserver: mvcc: required revision has been compacted",
        ),
    ] {
        let response = stream.ask(request).await;
        assert!(response.created && response.canceled);
        assert_eq!(
            (response.watch_id, response.cancel_reason.as_str()),
            (-1, reason)
        );
        assert!(response.header.unwrap().member_id > 0);
    }
    // The stream goes on.
    server.put("a", "1").await;
    assert_eq!(stream.next().await.watch_id, 5);
}

#[tokio::test]
async fn history_is_sent_first_with_previous_versions_and_without_what_is_filtered() {
    let server = Server::start().await;
    let first = server.revision_of_put("a", "1").await;
    server.put("a", "2").await;
    let delete = DeleteRangeRequest {
        key: "a".into(),
        ..Default::default()
    };
    server.kv().delete_range(delete).await.unwrap();
    server.put("b", "1").await;
    let mut stream = Stream::open(&server).await;
    let request = |filters: &[FilterType]| WatchCreateRequest {
        range_end: "\0".into(),
        start_revision: first,
        prev_kv: true,
        filters: filters.iter().map(|filter| *filter as i32).collect(),
        ..key("a")
    };
    for (filters, expected) in [
        (
            &[][..],
            vec![
                "put a from none",
                "put a from 1",
                "delete a from 2",
                "put b from none",
            ],
        ),
        (&[FilterType::Noput][..], vec!["delete a from 2"]),
        (
            &[FilterType::Nodelete][..],
            vec!["put a from none", "put a from 1", "put b from none"],
        ),
    ] {
        stream.create(request(filters)).await;
        let mut events = Vec::new();
        while events.len() < expected.len() {
            for event in stream.next().await.events {
                let kind = if event.r#type() == EventType::Put {
                    "put"
                } else {
                    "delete"
                };
                let before = event.prev_kv.map_or("none".into(), |kv| {
                    String::from_utf8_lossy(&kv.value).into_owned()
                });
                let kv = event.kv.unwrap();
                events.push(format!(
                    "{kind} {} from {before}",
                    String::from_utf8_lossy(&kv.key)
                ));
            }
        }
        assert_eq!(events, expected);
    }
}

#[tokio::test]
async fn a_watch_of_compacted_history_is_announced_and_canceled() {
    let server = Server::start().await;
    let first = server.revision_of_put("a", "1").await;
    let second = server.revision_of_put("a", "2").await;
    let compact = CompactionRequest {
        revision: second,
        physical: false,
    };
    server.kv().compact(compact).await.unwrap();
    let mut stream = Stream::open(&server).await;
    let id = stream
        .create(WatchCreateRequest {
            start_revision: first,
            ..key("a")
        })
        .await;
    let response = stream.next().await;
    assert_eq!((response.watch_id, response.canceled), (id, true));
    assert_eq!(response.compact_revision, second);
    assert!(!response.created && response.events.is_empty());
}

#[tokio::test]
async fn a_canceled_watch_is_silent_and_its_id_is_free() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server).await;
    let chosen = || WatchCreateRequest {
        watch_id: 9,
        ..key("a")
    };
    stream.create(chosen()).await;
    stream.create(key("z")).await;
    stream
        .send(RequestUnion::CancelRequest(WatchCancelRequest {
            watch_id: 9,
        }))
        .await;
    let response = stream.next().await;
    assert_eq!((response.watch_id, response.canceled), (9, true));
    assert_eq!(
        (response.compact_revision, response.cancel_reason.as_str()),
        (0, "")
    );
    server.put("a", "unseen").await;
    let seen = server.revision_of_put("z", "seen").await;
    let response = stream.next().await;
    assert_eq!(response.events[0].kv.as_ref().unwrap().mod_revision, seen);
    // No answer to cancelling what is not there; the next answer is another's.
    stream
        .send(RequestUnion::CancelRequest(WatchCancelRequest {
            watch_id: 9,
        }))
        .await;
    assert_eq!(stream.create(chosen()).await, 9);
}

#[tokio::test]
async fn a_watch_from_a_future_revision_waits_for_it() {
    let server = Server::start().await;
    let now = server.revision_of_put("a", "1").await;
    let mut stream = Stream::open(&server).await;
    stream
        .create(WatchCreateRequest {
            start_revision: now + 2,
            ..key("a")
        })
        .await;
    server.put("a", "2").await;
    server.put("a", "3").await;
    let events = stream.next().await.events;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].kv.as_ref().unwrap().value, "3");
}

#[tokio::test]
async fn progress_is_told_once_after_every_event_before_it() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server).await;
    for name in ["a", "b"] {
        stream.create(key(name)).await;
    }
    let mut last = 0;
    for n in 0..100 {
        last = server
            .revision_of_put(if n % 2 == 0 { "a" } else { "b" }, "v")
            .await;
    }
    stream.progress().await;
    let mut seen = 0;
    loop {
        let response = stream.next().await;
        if response.watch_id == -1 {
            assert!(response.events.is_empty());
            assert_eq!(response.header.unwrap().revision, last);
            break;
        }
        seen += response.events.len();
    }
    assert_eq!(seen, 100, "progress came before events");
}

#[tokio::test]
async fn progress_is_not_told_to_a_stream_with_a_watch_that_begins_in_the_future() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server).await;
    stream.create(key("a")).await;
    let begins = server.store.revision() + 1;
    stream
        .create(WatchCreateRequest {
            start_revision: begins,
            ..key("b")
        })
        .await;
    // Requests of a stream are handled in order: what the next one is answered comes after any answer to this one.
    stream.progress().await;
    let created = stream.ask(key("c")).await;
    assert!(created.created, "{created:?}");
    assert_eq!(server.revision_of_put("elsewhere", "v").await, begins);
    stream.progress().await;
    let response = stream.next().await;
    assert_eq!(response.watch_id, -1);
    assert_eq!(response.header.unwrap().revision, begins);
}

#[tokio::test]
async fn silent_watches_tell_their_progress_when_asked_to_at_the_beginning() {
    let server = Server::with(Limits::default(), |config| {
        config.watch_progress_interval = Duration::from_millis(100);
    })
    .await;
    let mut stream = Stream::open(&server).await;
    let id = stream
        .create(WatchCreateRequest {
            progress_notify: true,
            ..key("a")
        })
        .await;
    let response = stream.next().await;
    assert_eq!((response.watch_id, response.events.len()), (id, 0));
    assert_eq!(response.header.unwrap().revision, server.store.revision());
}

#[tokio::test]
async fn large_responses_come_in_fragments_to_who_asked_for_them() {
    let limits = Limits {
        max_request_bytes: 64 << 10,
        ..Limits::default()
    };
    let server = Server::with(limits, |_| {}).await;
    let mut first = 0;
    for n in 0..40 {
        let put = server.put(&format!("k{n:02}"), vec![n; 32 << 10]).await;
        first = if n == 0 {
            put.header.unwrap().revision
        } else {
            first
        };
    }
    for fragment in [true, false] {
        let mut stream = Stream::open(&server).await;
        stream
            .create(WatchCreateRequest {
                range_end: "l".into(),
                start_revision: first,
                fragment,
                ..key("k")
            })
            .await;
        let (mut events, mut fragments) = (Vec::new(), 0);
        while events.len() < 40 {
            let response = stream.next().await;
            fragments += usize::from(response.fragment);
            events.extend(response.events);
        }
        assert_eq!(fragments > 0, fragment);
        let revisions: Vec<i64> = events
            .iter()
            .map(|e| e.kv.as_ref().unwrap().mod_revision)
            .collect();
        assert_eq!(revisions, (first..first + 40).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn streams_end_as_unavailable_when_the_server_does_so_that_clients_go_elsewhere() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server).await;
    stream.create(key("a")).await;
    let mut idle = Stream::open(&server).await;
    server.grpc.close();
    for stream in [&mut stream, &mut idle] {
        let status = stream.receive().await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(status.message(), "etcdserver: server stopped");
    }
    let server = Server::start().await;
    let mut stream = Stream::open(&server).await;
    stream.create(key("a")).await;
    server.store.clone().shutdown().await;
    let status = stream.receive().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test]
async fn a_client_that_does_not_read_loses_nothing() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server).await;
    stream
        .create(WatchCreateRequest {
            range_end: "b".into(),
            ..key("a")
        })
        .await;
    // More than windows, buffers and the store's inbox hold.
    const CHANGES: usize = 5_000;
    let mut puts = tokio::task::JoinSet::new();
    for worker in 0..50 {
        let mut kv = server.kv();
        puts.spawn(async move {
            for n in 0..CHANGES / 50 {
                let request = crate::put(&format!("a{worker}-{n}"), vec![7; 4 << 10]);
                kv.put(request).await.unwrap();
            }
        });
    }
    puts.join_all().await;
    let mut revisions = Vec::new();
    while revisions.len() < CHANGES {
        let response = stream.next().await;
        revisions.extend(
            response
                .events
                .iter()
                .map(|e| e.kv.as_ref().unwrap().mod_revision),
        );
    }
    assert!(revisions.windows(2).all(|pair| pair[1] == pair[0] + 1));
    let all = server
        .kv()
        .range(range("a", "b"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(all.count as usize, CHANGES);
}

#[tokio::test]
async fn a_stream_has_a_most_of_watches() {
    let limits = Limits {
        max_watches_per_stream: 2,
        ..Limits::default()
    };
    let server = Server::with(limits, |_| {}).await;
    let mut stream = Stream::open(&server).await;
    stream.create(key("a")).await;
    stream.create(key("b")).await;
    let response = stream.ask(key("c")).await;
    assert!(response.canceled);
    assert_eq!(
        response.cancel_reason,
        "etcdserver: too many watches on the stream"
    );
}
