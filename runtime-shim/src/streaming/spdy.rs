//! One SPDY connection: reads what the client sends into its streams, writes what they have for it.
//!
//! The one confusing thing: there is no flow control, so a stream that nobody reads holds up its whole connection, as it does with every
//! other server of this protocol. A connection serves one command or one client's ports.

use std::collections::HashMap;

use bytes::Bytes;
use hydrofoil_streams::spdy::{Decoder, Encoder, Event, Headers, REFUSED};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::remote::{Gone, Incoming};
use super::{LINGER, PIECE, PIECES};

/// Most streams of a connection at a time.
const MAX_STREAMS: usize = 1024;
/// Frames that wait to be written.
const FRAMES: usize = 16;

/// What is to be written.
#[derive(Debug)]
enum Out {
    Reply(u32),
    Data {
        stream: u32,
        bytes: Bytes,
        last: bool,
    },
    Refuse(u32),
    Ping(u32),
    Close,
}

/// A stream that the client has opened.
#[derive(Debug)]
pub struct Stream {
    /// What it is.
    pub headers: Headers,
    /// What comes over it.
    pub incoming: Incoming,
    /// Where answers go.
    pub sink: Sink,
}

impl Stream {
    /// A header's value, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }
}

/// The way to the client of one stream.
#[derive(Clone, Debug)]
pub struct Sink {
    stream: u32,
    queue: mpsc::Sender<Out>,
}

impl Sink {
    /// Sends bytes of the stream.
    pub async fn send(&self, bytes: Bytes) -> Result<(), Gone> {
        let stream = self.stream;
        let last = false;
        let data = Out::Data {
            stream,
            bytes,
            last,
        };
        self.queue.send(data).await.map_err(|_| Gone)
    }

    /// Says that nothing more comes.
    pub async fn finish(self) {
        let stream = self.stream;
        let (bytes, last) = (Bytes::new(), true);
        let data = Out::Data {
            stream,
            bytes,
            last,
        };
        // A client that is gone needs not be told.
        let _ = self.queue.send(data).await;
    }
}

/// Ends a connection once everything before is written.
#[derive(Clone, Debug)]
pub struct Closer(mpsc::Sender<Out>);

impl Closer {
    /// Writes what is left, says good-bye and hangs up.
    pub async fn close(self) {
        let _ = self.0.send(Out::Close).await;
    }
}

/// The server's end of a connection.
#[derive(Debug)]
pub struct Connection {
    /// Streams in the order of their opening.
    pub opened: mpsc::Receiver<Stream>,
    /// Cancelled when the client is gone.
    pub gone: CancellationToken,
    /// Ends it.
    pub closer: Closer,
}

impl Connection {
    /// Takes a connection over which SPDY is spoken from the first byte.
    pub fn new(io: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        let (queue, frames) = mpsc::channel(FRAMES);
        let (announce, opened) = mpsc::channel(PIECES);
        let gone = CancellationToken::new();
        let closer = Closer(queue.clone());
        let over = gone.clone().drop_guard();
        tokio::spawn(async move {
            let _over = over;
            drive(io, queue, frames, announce).await;
        });
        Self {
            opened,
            gone,
            closer,
        }
    }
}

async fn drive(
    io: impl AsyncRead + AsyncWrite,
    queue: mpsc::Sender<Out>,
    frames: mpsc::Receiver<Out>,
    announce: mpsc::Sender<Stream>,
) {
    let (mut from, mut to) = tokio::io::split(io);
    let last = tokio::select! {
        ended = read(&mut from, queue.downgrade(), announce) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a SPDY connection broke");
            }
            return;
        }
        written = async { drop(queue); write(&mut to, frames).await } => written,
    };
    if last.is_err() || to.shutdown().await.is_err() {
        return;
    }
    // Closing with unread bytes would take from the client what was written last.
    let rest = async {
        let mut sink = vec![0; PIECE];
        while from.read(&mut sink).await.is_ok_and(|read| read > 0) {}
    };
    let _ = tokio::time::timeout(LINGER, rest).await;
}

async fn write(
    to: &mut (impl AsyncWrite + Unpin),
    mut frames: mpsc::Receiver<Out>,
) -> std::io::Result<()> {
    let mut encoder = Encoder::default();
    while let Some(out) = frames.recv().await {
        match out {
            Out::Reply(stream) => to.write_all(&encoder.reply(stream)).await?,
            Out::Refuse(stream) => to.write_all(&Encoder::reset(stream, REFUSED)).await?,
            Out::Ping(id) => to.write_all(&Encoder::ping(id)).await?,
            Out::Data {
                stream,
                bytes,
                last,
            } => {
                to.write_all(&Encoder::data(stream, bytes.len(), last))
                    .await?;
                to.write_all(&bytes).await?;
            }
            Out::Close => {
                to.write_all(&Encoder::goaway(0)).await?;
                break;
            }
        }
        to.flush().await?;
    }
    to.flush().await
}

async fn read(
    from: &mut (impl AsyncRead + Unpin),
    queue: mpsc::WeakSender<Out>,
    announce: mpsc::Sender<Stream>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut decoder = Decoder::default();
    let mut streams: HashMap<u32, mpsc::Sender<Bytes>> = HashMap::new();
    let mut piece = vec![0; PIECE];
    loop {
        while let Some(event) = decoder.next_event()? {
            match event {
                Event::Open {
                    stream,
                    headers,
                    last,
                } => {
                    let Some(queue) = queue.upgrade() else {
                        return Ok(());
                    };
                    streams.retain(|_, to| !to.is_closed());
                    if streams.len() >= MAX_STREAMS || streams.contains_key(&stream) {
                        queue.send(Out::Refuse(stream)).await?;
                        continue;
                    }
                    queue.send(Out::Reply(stream)).await?;
                    let (to, incoming) = mpsc::channel(PIECES);
                    if !last {
                        streams.insert(stream, to);
                    }
                    let sink = Sink { stream, queue };
                    let opened = Stream {
                        headers,
                        incoming,
                        sink,
                    };
                    // Whoever takes streams may have all that it wants.
                    let _ = announce.send(opened).await;
                }
                Event::Data {
                    stream,
                    bytes,
                    last,
                } => {
                    if let Some(to) = streams.get(&stream)
                        && !bytes.is_empty()
                    {
                        // Nobody reads it any more: it is read here, for the others' sake.
                        let _ = to.send(bytes).await;
                    }
                    if last {
                        streams.remove(&stream);
                    }
                }
                Event::Reset { stream, .. } => {
                    streams.remove(&stream);
                }
                Event::Ping(id) => {
                    if let Some(queue) = queue.upgrade() {
                        queue.send(Out::Ping(id)).await?;
                    }
                }
                Event::Reply { .. } | Event::GoAway => {}
            }
        }
        let read = from.read(&mut piece).await?;
        if read == 0 {
            return Ok(());
        }
        decoder.push(piece.get(..read).unwrap_or_default());
    }
}
