//! Websockets: messages whose first byte is a channel, and SPDY in binary messages.

use std::collections::HashMap;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut as _, Bytes, BytesMut};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use hydrofoil_streams::channel;
use hydrofoil_streams::protocol::Abilities;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::remote::{Gone, Incoming};
use super::{LINGER, PIECE, PIECES};

/// Messages that wait to be written.
const MESSAGES: usize = 16;
/// Bytes between a websocket and the SPDY inside.
const TUNNEL: usize = 64 << 10;

/// What is to be written.
#[derive(Debug)]
enum Out {
    Data(u8, Bytes),
    Close,
}

/// The way to the client of one channel.
#[derive(Clone, Debug)]
pub struct Sink {
    channel: u8,
    queue: mpsc::Sender<Out>,
}

impl Sink {
    /// Sends bytes of the channel.
    pub async fn send(&self, bytes: Bytes) -> Result<(), Gone> {
        let data = Out::Data(self.channel, bytes);
        self.queue.send(data).await.map_err(|_| Gone)
    }

    /// Ends the connection once everything before is written.
    pub async fn close(self) {
        let _ = self.queue.send(Out::Close).await;
    }
}

/// A connection whose messages belong to channels.
#[derive(Debug)]
pub struct Channels {
    queue: mpsc::Sender<Out>,
    incoming: HashMap<u8, Incoming>,
    /// Cancelled when the client is gone.
    pub gone: CancellationToken,
}

impl Channels {
    /// Takes a connection; of the channels in `readable` messages are kept, others are dropped.
    pub fn new(socket: WebSocket, abilities: Abilities, readable: &[u8]) -> Self {
        let (queue, messages) = mpsc::channel(MESSAGES);
        let (mut incoming, mut senders) = (HashMap::new(), HashMap::new());
        for channel in readable {
            let (to, from) = mpsc::channel(PIECES);
            incoming.insert(*channel, from);
            senders.insert(*channel, to);
        }
        let gone = CancellationToken::new();
        let over = gone.clone().drop_guard();
        tokio::spawn(async move {
            let _over = over;
            drive(socket, abilities, senders, messages).await;
        });
        Self {
            queue,
            incoming,
            gone,
        }
    }

    /// What comes over a channel, once.
    pub fn incoming(&mut self, channel: u8) -> Option<Incoming> {
        self.incoming.remove(&channel)
    }

    /// The way to the client of a channel.
    pub fn sink(&self, channel: u8) -> Sink {
        Sink {
            channel,
            queue: self.queue.clone(),
        }
    }

    /// Writes an empty message, which says that the command has begun.
    pub async fn announce(&self, channel: u8) {
        let _ = self.queue.send(Out::Data(channel, Bytes::new())).await;
    }
}

async fn drive(
    socket: WebSocket,
    abilities: Abilities,
    senders: HashMap<u8, mpsc::Sender<Bytes>>,
    messages: mpsc::Receiver<Out>,
) {
    let (mut to, mut from) = socket.split();
    let written = tokio::select! {
        () = read(&mut from, abilities, senders) => return,
        written = write(&mut to, abilities, messages) => written,
    };
    if written.is_err() || to.send(farewell()).await.is_err() {
        return;
    }
    let rest = async { while let Some(Ok(_)) = from.next().await {} };
    let _ = tokio::time::timeout(LINGER, rest).await;
}

/// Clients take an end without a reason for an error.
const fn farewell() -> Message {
    Message::Close(Some(CloseFrame {
        code: close_code::NORMAL,
        reason: Utf8Bytes::from_static(""),
    }))
}

async fn write(
    to: &mut SplitSink<WebSocket, Message>,
    abilities: Abilities,
    mut messages: mpsc::Receiver<Out>,
) -> Result<(), axum::Error> {
    while let Some(Out::Data(channel, bytes)) = messages.recv().await {
        let message = if abilities.base64 {
            Message::text(format!("{channel}{}", STANDARD.encode(&bytes)))
        } else {
            let mut message = BytesMut::with_capacity(1 + bytes.len());
            message.put_u8(channel);
            message.put(bytes);
            Message::binary(message.freeze())
        };
        to.send(message).await?;
    }
    Ok(())
}

async fn read(
    from: &mut SplitStream<WebSocket>,
    abilities: Abilities,
    mut senders: HashMap<u8, mpsc::Sender<Bytes>>,
) {
    while let Some(Ok(message)) = from.next().await {
        let mut bytes = match message {
            Message::Binary(bytes) => bytes,
            Message::Text(text) => Bytes::from(text),
            Message::Close(_) => return,
            Message::Ping(_) | Message::Pong(_) => continue,
        };
        if bytes.is_empty() {
            continue;
        }
        let mut channel = bytes.split_to(1)[0];
        if abilities.base64 {
            channel = channel.wrapping_sub(b'0');
            let Ok(plain) = STANDARD.decode(&bytes) else {
                tracing::debug!("a websocket's message is not in base64");
                return;
            };
            bytes = plain.into();
        }
        if channel == channel::CLOSE && abilities.close {
            if let Some(closed) = bytes.first() {
                senders.remove(closed);
            }
        } else if let Some(to) = senders.get(&channel)
            && !bytes.is_empty()
        {
            // Nobody reads it any more: the other channels go on.
            let _ = to.send(bytes).await;
        }
    }
}

/// The bytes in a websocket's binary messages, as one stream both ways.
pub fn tunnel(socket: WebSocket) -> DuplexStream {
    let (inside, outside) = tokio::io::duplex(TUNNEL);
    tokio::spawn(async move {
        let (mut to, mut from) = socket.split();
        let (mut read, mut write) = tokio::io::split(outside);
        let inwards = async {
            while let Some(Ok(message)) = from.next().await {
                match message {
                    Message::Binary(bytes) => {
                        if write.write_all(&bytes).await.is_err() {
                            break;
                        }
                    }
                    Message::Close(_) => break,
                    Message::Text(_) | Message::Ping(_) | Message::Pong(_) => {}
                }
            }
            let _ = write.shutdown().await;
        };
        let outwards = async {
            let mut piece = BytesMut::with_capacity(PIECE);
            while read.read_buf(&mut piece).await.is_ok_and(|read| read > 0) {
                if to
                    .send(Message::binary(piece.split().freeze()))
                    .await
                    .is_err()
                {
                    return;
                }
                piece.reserve(PIECE);
            }
            let _ = to.send(farewell()).await;
        };
        tokio::pin!(inwards, outwards);
        // Each direction ends the other by the end that it leaves behind, if that is seen in time.
        tokio::select! {
            () = &mut inwards => drop(tokio::time::timeout(LINGER, outwards).await),
            () = &mut outwards => drop(tokio::time::timeout(LINGER, inwards).await),
        }
    });
    inside
}
