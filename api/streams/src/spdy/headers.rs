//! Blocks of headers: their form, and the zlib streams they go through.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::{MAX_HEADERS, SpdyError, dictionary};

/// Names, in lower case, with their values. A name with several values is there several times.
pub type Headers = Vec<(String, String)>;

/// Bytes that are decompressed at a time.
const PIECE: usize = 4 << 10;
/// Window of the compressor, as a power of two.
const ZLIB: Compression = Compression::new(6);

/// Reads the blocks of one direction.
#[derive(Debug)]
pub struct Reader(Decompress);

impl Reader {
    pub fn new() -> Self {
        Self(Decompress::new(true))
    }

    pub fn read(&mut self, mut block: &[u8]) -> Result<Headers, SpdyError> {
        let broken = SpdyError::Headers("the compression is broken");
        let mut plain = Vec::new();
        loop {
            let before = self.0.total_in();
            plain.reserve(PIECE);
            let done = self
                .0
                .decompress_vec(block, &mut plain, FlushDecompress::Sync);
            let taken = usize::try_from(self.0.total_in() - before).unwrap_or(usize::MAX);
            block = block.get(taken..).ok_or_else(|| broken.clone())?;
            match done {
                Err(error) if error.needs_dictionary().is_some() => {
                    let set = self.0.set_dictionary(&dictionary::bytes());
                    set.map_err(|_| broken.clone())?;
                    continue;
                }
                Err(_) => return Err(broken),
                Ok(Status::StreamEnd) => return Err(broken),
                Ok(Status::Ok | Status::BufError) => {}
            }
            if plain.len() > MAX_HEADERS {
                return Err(SpdyError::Headers("they are too large"));
            }
            // Room that is left says that nothing more comes out.
            if block.is_empty() && plain.len() < plain.capacity() {
                return parse(&plain);
            }
            if taken == 0 && plain.len() < plain.capacity() {
                return Err(broken);
            }
        }
    }
}

/// Writes the blocks of one direction.
#[derive(Debug)]
pub struct Writer {
    zlib: Compress,
    begun: bool,
}

impl Writer {
    pub fn new() -> Self {
        Self {
            zlib: Compress::new(ZLIB, true),
            begun: false,
        }
    }

    pub fn write(&mut self, headers: &[(&str, &str)]) -> Vec<u8> {
        if !self.begun {
            self.begun = true;
            // Before the first byte it cannot be refused.
            let _ = self.zlib.set_dictionary(&dictionary::bytes());
        }
        let mut plain = Vec::new();
        let word = |plain: &mut Vec<u8>, word: &str| {
            plain.extend_from_slice(&(word.len() as u32).to_be_bytes());
            plain.extend_from_slice(word.as_bytes());
        };
        plain.extend_from_slice(&(headers.len() as u32).to_be_bytes());
        for (name, value) in headers {
            word(&mut plain, &name.to_ascii_lowercase());
            word(&mut plain, value);
        }
        let mut block = Vec::new();
        let mut rest = plain.as_slice();
        loop {
            let before = self.zlib.total_in();
            block.reserve(PIECE);
            // Memory is the one thing that it fails for, and `reserve` would have.
            let _ = self
                .zlib
                .compress_vec(rest, &mut block, FlushCompress::Sync);
            let taken = usize::try_from(self.zlib.total_in() - before).unwrap_or(0);
            rest = rest.get(taken..).unwrap_or_default();
            if rest.is_empty() && block.len() < block.capacity() {
                return block;
            }
        }
    }
}

fn parse(plain: &[u8]) -> Result<Headers, SpdyError> {
    let mut rest = plain;
    let count = number(&mut rest)?;
    let mut headers = Headers::new();
    for _ in 0..count {
        let name = word(&mut rest)?.to_ascii_lowercase();
        // Several values of a name are parted by a zero byte.
        for value in word(&mut rest)?.split('\0') {
            headers.push((name.clone(), value.to_owned()));
        }
    }
    Ok(headers)
}

fn number(rest: &mut &[u8]) -> Result<usize, SpdyError> {
    let (head, tail) = rest
        .split_first_chunk::<4>()
        .ok_or(SpdyError::Headers("they are cut short"))?;
    *rest = tail;
    Ok(u32::from_be_bytes(*head) as usize)
}

fn word<'a>(rest: &mut &'a [u8]) -> Result<&'a str, SpdyError> {
    let length = number(rest)?;
    let (word, tail) = rest
        .split_at_checked(length)
        .ok_or(SpdyError::Headers("they are cut short"))?;
    *rest = tail;
    std::str::from_utf8(word).map_err(|_| SpdyError::Headers("they are no text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_a_connection_share_what_was_said_before() {
        let (mut writer, mut reader) = (Writer::new(), Reader::new());
        let headers = [("streamType", "stdin"), ("x", ""), ("port", "8080")];
        let first = writer.write(&headers);
        let second = writer.write(&headers);
        assert!(second.len() < first.len());
        let read = [
            ("streamtype".to_owned(), "stdin".to_owned()),
            ("x".to_owned(), String::new()),
            ("port".to_owned(), "8080".to_owned()),
        ];
        assert_eq!(reader.read(&first).unwrap(), read);
        assert_eq!(reader.read(&second).unwrap(), read);
    }

    #[test]
    fn large_headers_go_through_and_larger_ones_are_refused() {
        let value = "a".repeat(MAX_HEADERS - 100);
        let block = Writer::new().write(&[("x", &value)]);
        assert_eq!(Reader::new().read(&block).unwrap()[0].1, value);
        let bomb = Writer::new().write(&[("x", &"a".repeat(50 << 20))]);
        assert_eq!(
            Reader::new().read(&bomb),
            Err(SpdyError::Headers("they are too large"))
        );
    }

    #[test]
    fn what_is_no_block_is_refused() {
        assert!(Reader::new().read(b"nonsense").is_err());
        assert!(Reader::new().read(b"").is_err());
        assert!(parse(&[0, 0, 0, 1, 0, 0, 0, 9, b'a']).is_err());
        assert!(parse(&[255; 12]).is_err());
    }
}
