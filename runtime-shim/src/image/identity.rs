//! Identity tokens: refresh tokens of OAuth 2, which a registry's authorization server takes in exchange for an access token
//! (distribution: "OAuth2 Token Authentication").

use reqwest::StatusCode;
use reqwest::header::{HeaderValue, WWW_AUTHENTICATE};
use serde::Deserialize;

use super::auth::Auth;
use super::error::Cause;
use super::fetch::{self, chain};
use super::hosts::Endpoint;
use super::reference::Reference;

/// Most bytes of an authorization server's answer.
const MAX_ANSWER: u64 = 1 << 20;
/// How this client is called there.
const CLIENT: &str = "hydrofoil";

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    access_token: String,
    #[serde(default)]
    token: String,
}

/// What an access token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actions {
    /// Reading.
    Pull,
    /// Reading and writing.
    Push,
}

/// Of whom a registry takes tokens, and what it is called there.
#[derive(Debug, Default, PartialEq, Eq)]
struct Challenge {
    realm: String,
    service: String,
}

/// The credentials, with an identity token exchanged for an access token to the repository.
pub async fn exchanged(
    auth: Auth,
    endpoint: &Endpoint,
    reference: &Reference,
    actions: Actions,
) -> Result<Auth, Cause> {
    let Auth::Identity(token) = auth else {
        return Ok(auth);
    };
    let http = fetch::http(endpoint)?;
    let url = format!("{}/tags/list", fetch::base(endpoint, reference));
    let (project, name) = (&endpoint.project, reference.repository());
    let actions = match actions {
        Actions::Pull => "pull",
        Actions::Push => "pull,push",
    };
    let scope = format!("repository:{project}{name}:{actions}");
    exchange(&http, &url, &token, &scope)
        .await
        .map(Auth::Bearer)
}

/// Asks `url` of the registry for its authorization server, and that for an access token.
async fn exchange(
    http: &reqwest::Client,
    url: &str,
    identity: &str,
    scope: &str,
) -> Result<String, Cause> {
    let unreachable = |error: reqwest::Error| Cause::Unreachable(chain(&error));
    let refused = |what: &str| Cause::Unauthorized(format!("identity token: {what}"));
    let asked = http.get(url).send().await.map_err(unreachable)?;
    if asked.status() != StatusCode::UNAUTHORIZED {
        return Err(refused("the registry asks for none"));
    }
    let headers = asked.headers().get_all(WWW_AUTHENTICATE).into_iter();
    let challenge = headers
        .filter_map(challenge)
        .next()
        .ok_or_else(|| refused("the registry names no authorization server"))?;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", identity),
        ("client_id", CLIENT),
        ("service", &challenge.service),
        ("scope", scope),
    ];
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let answer = http
        .post(&challenge.realm)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .map_err(unreachable)?;
    let status = answer.status();
    if !status.is_success() {
        return Err(refused(&format!("{} answers {status}", challenge.realm)));
    }
    let text = fetch::bounded(answer, MAX_ANSWER, "the token").await?;
    // The text is a secret: an error does not show it.
    let parsed: Answer =
        serde_json::from_slice(&text).map_err(|_| refused("the answer is no token"))?;
    let tokens = [parsed.access_token, parsed.token];
    let found = tokens.into_iter().find(|token| !token.is_empty());
    found.ok_or_else(|| refused("the answer has no token"))
}

/// Reads `Bearer realm="…",service="…",scope="…"`.
fn challenge(header: &HeaderValue) -> Option<Challenge> {
    let text = header.to_str().ok()?;
    let (scheme, rest) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut challenge = Challenge::default();
    let mut rest = rest.trim();
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').unwrap_or((after, "")),
        };
        let place = match name.trim().to_ascii_lowercase().as_str() {
            "realm" => Some(&mut challenge.realm),
            "service" => Some(&mut challenge.service),
            _ => None,
        };
        if let Some(place) = place {
            value.clone_into(place);
        }
        rest = after.trim_start_matches([',', ' ']);
    }
    (!challenge.realm.is_empty()).then_some(challenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let of = |text: &str| challenge(&HeaderValue::from_str(text).unwrap());
        let whole = of(
            "Bearer realm=\"https://auth.example/token\",service=\"reg\",scope=\"repository:a:pull,push\"",
        );
        let expected = Challenge {
            realm: "https://auth.example/token".into(),
            service: "reg".into(),
        };
        assert_eq!(whole, Some(expected));
        let bare = of("bearer realm=https://a.example, service=x").unwrap();
        assert_eq!(
            (bare.realm.as_str(), bare.service.as_str()),
            ("https://a.example", "x")
        );
        assert_eq!(of("Basic realm=\"x\""), None);
        assert_eq!(of("Bearer service=\"x\""), None);
        assert_eq!(of("Bearer realm=\"x"), None);
    }
}
