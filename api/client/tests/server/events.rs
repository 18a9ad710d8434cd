//! What the recorder's sender does with a server: it counts on what is there, begins anew what is gone, and outlives refusals.

use hydrofoil_client::events::{EventType, Recorder};
use k8s_openapi::api::core::v1::ObjectReference;
use tokio_util::sync::CancellationToken;

use crate::api::Api;

const EVENTS: &str = "/api/v1/namespaces/ns/events";

fn about(name: &str) -> ObjectReference {
    ObjectReference {
        kind: Some("Pod".to_owned()),
        namespace: Some("ns".to_owned()),
        name: Some(name.to_owned()),
        uid: Some(format!("uid-{name}")),
        ..ObjectReference::default()
    }
}

fn recorder(api: &Api) -> (Recorder, CancellationToken) {
    let stop = CancellationToken::new();
    let recorder = Recorder::new(api.client(), "tester", None, stop.clone());
    (recorder, stop)
}

fn count(api: &Api) -> i64 {
    let events = api.below(EVENTS);
    events
        .first()
        .map_or(0, |event| event["count"].as_i64().unwrap())
}

#[tokio::test]
async fn what_repeats_is_counted_on_one_event() {
    let api = Api::new();
    let (recorder, _stop) = recorder(&api);
    for _ in 0..3 {
        recorder.event(&about("p"), EventType::Warning, "BackOff", "again");
    }
    api.until(|api| count(api) == 3).await;
    assert_eq!(api.methods(), ["POST", "PATCH", "PATCH"]);
    let events = api.below(EVENTS);
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(event["type"], "Warning");
    assert_eq!(event["reason"], "BackOff");
    assert_eq!(event["message"], "again");
    assert_eq!(event["involvedObject"]["uid"], "uid-p");
    assert_eq!(event["source"]["component"], "tester");
    assert!(event["firstTimestamp"].as_str() <= event["lastTimestamp"].as_str());
}

#[tokio::test]
async fn an_event_whose_time_was_over_begins_anew_with_its_count() {
    let api = Api::new();
    let (recorder, _stop) = recorder(&api);
    recorder.event(&about("p"), EventType::Normal, "Pulled", "m");
    api.until(|api| count(api) == 1).await;
    let name = api.below(EVENTS)[0]["metadata"]["name"].clone();
    api.remove(&format!("{EVENTS}/{}", name.as_str().unwrap()));
    recorder.event(&about("p"), EventType::Normal, "Pulled", "m");
    api.until(|api| count(api) == 2).await;
    assert_eq!(api.methods(), ["POST", "PATCH", "POST"]);
}

#[tokio::test]
async fn a_refusal_costs_one_event_and_not_the_next() {
    let api = Api::new();
    let (recorder, _stop) = recorder(&api);
    api.set_away(true);
    recorder.event(&about("lost"), EventType::Normal, "Made", "m");
    api.until(|api| api.methods().len() == 1).await;
    api.set_away(false);
    recorder.event(&about("kept"), EventType::Normal, "Made", "m");
    api.until(|api| count(api) == 1).await;
    let events = api.below(EVENTS);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["involvedObject"]["name"], "kept");
    assert_eq!(recorder.dropped(), 0);
}

#[tokio::test]
async fn after_the_end_events_are_dropped_and_counted() {
    let api = Api::new();
    let (recorder, stop) = recorder(&api);
    stop.cancel();
    // The queue closes when the sender has ended.
    while recorder.dropped() == 0 {
        recorder.event(&about("p"), EventType::Normal, "Late", "m");
        tokio::task::yield_now().await;
    }
}
