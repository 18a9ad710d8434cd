//! Continue tokens: where the next page of a list begins, and at which revision. They mean the same after a restart.
//!
//! The form is upstream's (`apiserver/pkg/storage/continue.go`): base64url of JSON. A revision of -1 asks for whatever is there now.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hydrofoil_api::status::ApiError;
use serde::{Deserialize, Serialize};

/// Longest token that is read.
const MAX_TOKEN: usize = 4096;
const VERSION: &str = "meta.k8s.io/v1";

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    v: String,
    /// The revision of the first page; -1 for "whatever is there".
    pub rv: i64,
    /// The path of the first object of the next page is not less than this.
    pub start: String,
}

impl Token {
    /// A list at `rv` goes on after the object at `last`.
    pub fn after(rv: i64, last: &str) -> Token {
        Token {
            v: VERSION.to_owned(),
            rv,
            // The smallest path after this one.
            start: format!("{last}\0"),
        }
    }

    /// The same place, at whatever revision is there.
    pub fn inconsistent(&self) -> Token {
        Token {
            rv: -1,
            ..self.clone()
        }
    }

    /// The token's text.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a token.
    ///
    /// # Errors
    /// 400 for text that is none.
    pub fn decode(text: &str) -> Result<Token, ApiError> {
        let refuse = |why: &str| ApiError::bad_request(format!("continue key is not valid: {why}"));
        if text.len() > MAX_TOKEN {
            return Err(refuse("too long"));
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim_end_matches('='))
            .map_err(|error| refuse(&error.to_string()))?;
        let token: Token =
            serde_json::from_slice(&bytes).map_err(|error| refuse(&error.to_string()))?;
        if token.v != VERSION {
            return Err(refuse(&format!(
                "server does not recognize this encoded version {:?}",
                token.v
            )));
        }
        if token.rv == 0 || token.rv < -1 {
            return Err(refuse(
                "incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
            ));
        }
        if token
            .start
            .split('/')
            .any(|part| matches!(part, "." | ".."))
        {
            return Err(refuse("the start is no key"));
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back_and_rubbish_does_not() {
        let token = Token::after(7, "ns/a");
        assert_eq!(Token::decode(&token.encode()).unwrap(), token);
        assert_eq!(token.inconsistent().rv, -1);
        for bad in [
            "",
            "!!",
            "e30",
            &URL_SAFE_NO_PAD.encode(br#"{"v":"x","rv":1,"start":"a"}"#),
        ] {
            assert_eq!(Token::decode(bad).unwrap_err().code(), 400, "{bad}");
        }
        let zero = URL_SAFE_NO_PAD.encode(br#"{"v":"meta.k8s.io/v1","rv":0,"start":"a"}"#);
        assert!(Token::decode(&zero).is_err());
    }
}
