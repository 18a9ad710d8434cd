//! Bytes to frames.
//!
//! Data is passed on in the pieces it comes in: a frame may be 16 MB, and nobody waits for its end.

use bytes::{Buf as _, Bytes, BytesMut};

use super::headers::{Headers, Reader};
use super::{
    FIN, GOAWAY, HEAD, HEADERS, MAX_CONTROL, PING, RST_STREAM, SYN_REPLY, SYN_STREAM, SpdyError,
    VERSION,
};

/// What the other side says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A stream is opened.
    Open {
        /// Which.
        stream: u32,
        /// What it is.
        headers: Headers,
        /// Nothing will come over it.
        last: bool,
    },
    /// A stream was taken.
    Reply {
        /// Which.
        stream: u32,
        /// Nothing will come over it.
        last: bool,
    },
    /// Bytes of a stream, as many as are there; an empty piece only with `last`.
    Data {
        /// Which.
        stream: u32,
        /// The bytes.
        bytes: Bytes,
        /// No more will come.
        last: bool,
    },
    /// A stream is over.
    Reset {
        /// Which.
        stream: u32,
        /// Why.
        status: u32,
    },
    /// Asks for the same back.
    Ping(u32),
    /// The other side takes no more streams.
    GoAway,
}

/// Reads the frames of one connection.
#[derive(Debug)]
pub struct Decoder {
    buffer: BytesMut,
    headers: Reader,
    data: Option<Rest>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            buffer: BytesMut::new(),
            headers: Reader::new(),
            data: None,
        }
    }
}

/// What is to come of a data frame.
#[derive(Clone, Copy, Debug)]
struct Rest {
    stream: u32,
    bytes: usize,
    last: bool,
}

impl Decoder {
    /// Takes bytes that came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next event; `None` until more bytes have come.
    ///
    /// # Errors
    /// [`SpdyError`], after which the connection is of no use.
    pub fn next_event(&mut self) -> Result<Option<Event>, SpdyError> {
        loop {
            if let Some(rest) = self.data {
                return Ok(self.data(rest));
            }
            let Some(head) = self.buffer.first_chunk::<HEAD>() else {
                return Ok(None);
            };
            let [a, b, c, d, flags, l1, l2, l3] = *head;
            let length = u32::from_be_bytes([0, l1, l2, l3]) as usize;
            let last = flags & FIN != 0;
            if a & 0x80 == 0 {
                self.buffer.advance(HEAD);
                self.data = Some(Rest {
                    stream: u32::from_be_bytes([a, b, c, d]),
                    bytes: length,
                    last,
                });
                continue;
            }
            let version = u16::from_be_bytes([a & 0x7f, b]);
            if version != VERSION {
                return Err(SpdyError::Version(version));
            }
            if length > MAX_CONTROL {
                return Err(SpdyError::TooLong(length));
            }
            if self.buffer.len() < HEAD + length {
                return Ok(None);
            }
            self.buffer.advance(HEAD);
            let content = self.buffer.split_to(length);
            if let Some(event) = self.control(u16::from_be_bytes([c, d]), last, content.freeze())? {
                return Ok(Some(event));
            }
        }
    }

    fn data(&mut self, rest: Rest) -> Option<Event> {
        let length = rest.bytes.min(self.buffer.len());
        if length == 0 && rest.bytes > 0 {
            return None;
        }
        let bytes = self.buffer.split_to(length).freeze();
        let left = rest.bytes - length;
        self.data = (left > 0).then_some(Rest {
            bytes: left,
            ..rest
        });
        let last = rest.last && left == 0;
        Some(Event::Data {
            stream: rest.stream,
            bytes,
            last,
        })
    }

    fn control(
        &mut self,
        kind: u16,
        last: bool,
        mut content: Bytes,
    ) -> Result<Option<Event>, SpdyError> {
        let mut number = || {
            content
                .try_get_u32()
                .map(|number| number & 0x7fff_ffff)
                .map_err(|_| SpdyError::Short(kind))
        };
        Ok(Some(match kind {
            SYN_STREAM => {
                let (stream, _associated) = (number()?, number()?);
                // Priority and credentials.
                let block = content.get(2..).ok_or(SpdyError::Short(kind))?;
                let headers = self.headers.read(block)?;
                Event::Open {
                    stream,
                    headers,
                    last,
                }
            }
            SYN_REPLY => {
                let stream = number()?;
                self.headers.read(&content)?;
                Event::Reply { stream, last }
            }
            RST_STREAM => Event::Reset {
                stream: number()?,
                status: number()?,
            },
            PING => Event::Ping(content.try_get_u32().map_err(|_| SpdyError::Short(kind))?),
            GOAWAY => Event::GoAway,
            HEADERS => {
                // Nobody means anything by them, but the compression goes through them.
                number()?;
                self.headers.read(&content)?;
                return Ok(None);
            }
            // Settings, windows, and what is not known.
            _ => return Ok(None),
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Encoder;
    use super::*;

    fn all(decoder: &mut Decoder) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = decoder.next_event().unwrap() {
            events.push(event);
        }
        events
    }

    /// A connection's bytes with what they say.
    fn conversation() -> (Vec<u8>, Vec<Event>) {
        let mut encoder = Encoder::default();
        let mut bytes = encoder.open(1, &[("streamtype", "error")]);
        bytes.extend(encoder.open(3, &[("streamtype", "stdin"), ("port", "80")]));
        bytes.extend(encoder.reply(1));
        bytes.extend(Encoder::data(3, 5, false));
        bytes.extend(b"hello");
        bytes.extend(Encoder::data(3, 0, false));
        bytes.extend(Encoder::data(3, 0, true));
        bytes.extend(Encoder::ping(7));
        bytes.extend(Encoder::reset(1, super::super::CANCEL));
        bytes.extend(Encoder::goaway(3));
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let data = |bytes: &'static str, last| Event::Data {
            stream: 3,
            bytes: Bytes::from_static(bytes.as_bytes()),
            last,
        };
        let events = vec![
            Event::Open {
                stream: 1,
                headers: vec![header("streamtype", "error")],
                last: false,
            },
            Event::Open {
                stream: 3,
                headers: vec![header("streamtype", "stdin"), header("port", "80")],
                last: false,
            },
            Event::Reply {
                stream: 1,
                last: false,
            },
            data("hello", false),
            data("", false),
            data("", true),
            Event::Ping(7),
            Event::Reset {
                stream: 1,
                status: 5,
            },
            Event::GoAway,
        ];
        (bytes, events)
    }

    #[test]
    fn frames_come_as_they_were_sent() {
        let (bytes, events) = conversation();
        let mut decoder = Decoder::default();
        decoder.push(&bytes);
        assert_eq!(all(&mut decoder), events);
    }

    #[test]
    fn a_frame_is_passed_on_before_its_end() {
        let mut decoder = Decoder::default();
        decoder.push(&Encoder::data(1, super::super::MAX_FRAME, true));
        assert_eq!(decoder.next_event().unwrap(), None);
        decoder.push(b"begin");
        let data = decoder.next_event().unwrap().unwrap();
        let bytes = Bytes::from_static(b"begin");
        let last = false;
        assert_eq!(
            data,
            Event::Data {
                stream: 1,
                bytes,
                last
            }
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        let after = |bytes: &[u8]| {
            let mut decoder = Decoder::default();
            decoder.push(bytes);
            decoder.next_event().unwrap_err()
        };
        assert_eq!(after(&[0x80, 2, 0, 1, 0, 0, 0, 0]), SpdyError::Version(2));
        assert_eq!(
            after(&[0x80, 3, 0, 1, 0, 255, 0, 0]),
            SpdyError::TooLong(255 << 16)
        );
        assert_eq!(
            after(&[0x80, 3, 0, 3, 0, 0, 0, 4, 0, 0, 0, 1]),
            SpdyError::Short(3)
        );
        assert_eq!(
            after(&[0x80, 3, 0, 1, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0]),
            SpdyError::Short(1)
        );
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(cuts in prop::collection::vec(0_usize..200, 0..20)) {
            let (bytes, events) = conversation();
            let mut decoder = Decoder::default();
            let mut told = Vec::new();
            let mut rest = bytes.as_slice();
            for cut in cuts {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                decoder.push(now);
                told.extend(all(&mut decoder));
                rest = later;
            }
            decoder.push(rest);
            told.extend(all(&mut decoder));
            // Data in pieces is the same data.
            let mut joined: Vec<Event> = Vec::new();
            for event in told {
                match (joined.last_mut(), event) {
                    (
                        Some(Event::Data { stream, bytes, last }),
                        Event::Data { stream: next, bytes: more, last: ends },
                    ) if *stream == next && bytes.len() < 5 && !bytes.is_empty() => {
                        *bytes = [bytes.as_ref(), &more].concat().into();
                        *last |= ends;
                    }
                    (_, event) => joined.push(event),
                }
            }
            prop_assert_eq!(joined, events);
        }

        #[test]
        fn noise_is_an_error_or_nothing(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut decoder = Decoder::default();
            decoder.push(&bytes);
            while let Ok(Some(_)) = decoder.next_event() {}
        }
    }
}
