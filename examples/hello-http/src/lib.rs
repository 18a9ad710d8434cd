//! A `wasi:http/proxy` component: greets whoever asks, and says which pod it was.
//!
//! The host calls `handle` once per request, each time in a fresh instance: nothing here outlives a request.

use std::io::Write as _;

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Hello;

wasip2::http::proxy::export!(Hello);

impl Guest for Hello {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        let (status, body) = answer(&request.method(), path);
        if path != "/healthz" {
            println!("{path} {status}");
        }
        respond(out, status, &body);
    }
}

fn answer(method: &Method, path: &str) -> (u16, String) {
    if !matches!(method, Method::Get | Method::Head) {
        return (405, "only GET is served here\n".to_owned());
    }
    match path {
        "/" => {
            let greeting = variable("GREETING", "Hello");
            let pod = variable("POD_NAME", "a pod without a name");
            (200, format!("{greeting} from {pod}\n"))
        }
        "/healthz" => (200, "ok\n".to_owned()),
        _ => (404, format!("there is nothing at {path}\n")),
    }
}

fn variable(name: &str, otherwise: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

fn respond(out: ResponseOutparam, status: u16, text: &str) {
    let headers = Fields::new();
    // A header that the host refuses is left out; the answer is still worth sending.
    let _ = headers.set("content-type", &[b"text/plain; charset=utf-8".to_vec()]);
    let response = OutgoingResponse::new(headers);
    let _ = response.set_status_code(status);
    let body = response.body();
    ResponseOutparam::set(out, Ok(response));
    let Ok(body) = body else { return };
    if let Ok(mut stream) = body.write() {
        // Whoever asked may have gone away meanwhile.
        let _ = stream.write_all(text.as_bytes());
        let _ = stream.flush();
    }
    let _ = OutgoingBody::finish(body, None);
}
