//! What Services get, keep and give back.

use serde_json::{Value, json};

use super::*;
use crate::kinds::{Context, Kind};

fn allocators(ranges: &[&str]) -> Allocators {
    Allocators::new(Config {
        ranges: ranges.iter().map(|range| range.parse().unwrap()).collect(),
        node_ports: (30000, 32767),
        random: || 0,
    })
    .unwrap()
}

fn kind() -> &'static Kind {
    crate::kinds::KINDS
        .iter()
        .find(|kind| kind.plural == "services")
        .unwrap()
}

fn service(spec: Value) -> Value {
    let mut service = json!({"metadata": {"name": "s"}, "spec": spec});
    crate::kinds::tests::fill(kind(), &mut service);
    service
}

/// Creates as the server does, all rules of the kind included.
fn create(allocators: &Allocators, spec: Value) -> Result<Value, String> {
    let mut new = service(spec);
    let reservation = allocators
        .create(&mut new)
        .map_err(|error| error.message().to_owned())?;
    let context = Context {
        now: jiff::Timestamp::UNIX_EPOCH,
        user: "",
        dry_run: false,
    };
    (kind().create)(&mut new, &context);
    let mut errors = Vec::new();
    (kind().validate)(&new, &mut errors);
    if let Some(error) = errors.first() {
        return Err(error.to_string());
    }
    reservation.commit();
    Ok(new)
}

/// Updates as the server does.
fn update(
    allocators: &Allocators,
    old: &Value,
    change: impl FnOnce(&mut Value),
) -> Result<Value, String> {
    let mut new = old.clone();
    change(&mut new["spec"]);
    crate::kinds::tests::fill(kind(), &mut new);
    let reservation = allocators
        .update(&mut new, old)
        .map_err(|error| error.message().to_owned())?;
    let context = Context {
        now: jiff::Timestamp::UNIX_EPOCH,
        user: "",
        dry_run: false,
    };
    (kind().update)(&mut new, old, &context);
    let mut errors = Vec::new();
    (kind().validate)(&new, &mut errors);
    (kind().validate_update)(&new, old, &mut errors);
    if let Some(error) = errors.first() {
        return Err(error.to_string());
    }
    reservation.commit();
    Ok(new)
}

#[test]
fn an_ordinary_service_gets_one_address() {
    let allocators = allocators(&["10.96.0.0/16"]);
    let made = create(&allocators, json!({"ports": [{"port": 80}]})).unwrap();
    assert_eq!(
        made["spec"],
        json!({
            "clusterIP": "10.96.1.1", "clusterIPs": ["10.96.1.1"], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster", "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
            "sessionAffinity": "None", "type": "ClusterIP",
        })
    );
    assert_eq!(made["status"], json!({"loadBalancer": {}}));
}

#[test]
fn addresses_by_name_are_taken_once_and_given_back() {
    let allocators = allocators(&["10.96.0.0/16"]);
    let wanted = json!({"clusterIP": "10.96.0.10", "ports": [{"port": 80}]});
    let made = create(&allocators, wanted.clone()).unwrap();
    assert_eq!(
        create(&allocators, wanted.clone()).unwrap_err(),
        "Service \"s\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.0.10\"]: failed to allocate IP 10.96.0.10: provided IP is already allocated"
    );
    assert_eq!(
        create(
            &allocators,
            json!({"clusterIP": "10.97.0.1", "ports": [{"port": 80}]})
        )
        .unwrap_err(),
        "Service \"s\" is invalid: spec.clusterIPs: Invalid value: [\"10.97.0.1\"]: failed to allocate IP 10.97.0.1: the provided IP (10.97.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16"
    );
    allocators.delete(&made);
    create(&allocators, wanted).unwrap();
}

#[test]
fn a_write_that_fails_takes_nothing() {
    let allocators = allocators(&["10.96.0.0/16"]);
    let wanted = json!({"clusterIP": "10.96.0.10", "type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]});
    drop(allocators.create(&mut service(wanted.clone())).unwrap());
    let mut invalid = wanted.clone();
    invalid["sessionAffinity"] = json!("Sometimes");
    assert!(create(&allocators, invalid).is_err());
    create(&allocators, wanted).unwrap();
}

#[test]
fn headless_and_external_names_take_nothing() {
    let allocators = allocators(&["10.96.0.0/16"]);
    let headless = create(
        &allocators,
        json!({"clusterIP": "None", "selector": {"a": "b"}, "ports": [{"port": 80}]}),
    )
    .unwrap();
    assert_eq!(headless["spec"]["clusterIPs"], json!(["None"]));
    assert_eq!(headless["spec"]["ipFamilies"], json!(["IPv4"]));
    let alone = create(&allocators, json!({"clusterIP": "None"})).unwrap();
    assert_eq!(alone["spec"]["ipFamilies"], json!(["IPv4", "IPv6"]));
    assert_eq!(alone["spec"]["ipFamilyPolicy"], "RequireDualStack");
    let name = create(
        &allocators,
        json!({"type": "ExternalName", "externalName": "a.b"}),
    )
    .unwrap();
    assert_eq!(name["spec"].get("clusterIP"), None);
}

#[test]
fn node_ports() {
    let allocators = allocators(&["10.96.0.0/16"]);
    let made = create(&allocators, json!({"type": "NodePort", "ports": [
        {"name": "a", "port": 53, "protocol": "TCP"}, {"name": "b", "port": 53, "protocol": "UDP"}, {"name": "c", "port": 80}]})).unwrap();
    let ports: Vec<i64> = made["spec"]["ports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|port| port["nodePort"].as_i64().unwrap())
        .collect();
    assert_eq!(
        ports,
        [30086, 30086, 30087],
        "one port over two protocols has one node port"
    );
    let taken = create(
        &allocators,
        json!({"type": "NodePort", "ports": [{"port": 1, "nodePort": 30086}]}),
    )
    .unwrap_err();
    assert_eq!(
        taken,
        "Service \"s\" is invalid: spec.ports[0].nodePort: Invalid value: 30086: provided port is already allocated"
    );
    let outside = create(
        &allocators,
        json!({"type": "NodePort", "ports": [{"port": 1, "nodePort": 80}]}),
    )
    .unwrap_err();
    assert_eq!(
        outside,
        "Service \"s\" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767"
    );
    let beyond = create(
        &allocators,
        json!({"type": "NodePort", "ports": [{"port": 1, "nodePort": 70000}]}),
    )
    .unwrap_err();
    assert!(beyond.contains("provided port is not in the valid range"));
}

#[test]
fn a_balancer_may_do_without_node_ports() {
    let allocators = allocators(&["10.96.0.0/16"]);
    let made = create(&allocators, json!({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false, "ports": [{"port": 80}]})).unwrap();
    assert_eq!(made["spec"]["ports"][0].get("nodePort"), None);
    let local = create(
        &allocators,
        json!({"type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": [{"port": 80}]}),
    )
    .unwrap();
    assert_eq!(local["spec"]["ports"][0]["nodePort"], 30086);
    assert_eq!(local["spec"]["healthCheckNodePort"], 30087);
}

#[test]
fn a_change_of_type_takes_and_gives_back() {
    let allocators = allocators(&["10.96.0.0/16"]);
    let plain = create(&allocators, json!({"ports": [{"port": 80}]})).unwrap();
    let open = update(&allocators, &plain, |spec| spec["type"] = json!("NodePort")).unwrap();
    assert_eq!(open["spec"]["ports"][0]["nodePort"], 30086);
    assert_eq!(open["spec"]["clusterIP"], plain["spec"]["clusterIP"]);
    let again = update(&allocators, &open, |spec| spec["type"] = json!("ClusterIP")).unwrap();
    assert_eq!(again["spec"]["ports"][0].get("nodePort"), None);
    create(
        &allocators,
        json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 30086}]}),
    )
    .unwrap();
    let ip = again["spec"]["clusterIP"].clone();
    let name = update(&allocators, &again, |spec| {
        spec["type"] = json!("ExternalName");
        spec["externalName"] = json!("a.b");
    })
    .unwrap();
    assert_eq!(name["spec"].get("clusterIP"), None);
    create(
        &allocators,
        json!({"clusterIP": ip, "ports": [{"port": 80}]}),
    )
    .unwrap();
    let back = update(&allocators, &name, |spec| spec["type"] = json!("ClusterIP")).unwrap();
    assert_eq!(back["spec"]["clusterIP"], "10.96.1.3");
}

#[test]
fn a_replacement_keeps_what_it_does_not_mention() {
    let allocators = allocators(&["10.96.0.0/16"]);
    let made = create(
        &allocators,
        json!({"type": "NodePort", "ports": [{"port": 80}]}),
    )
    .unwrap();
    let bare = update(&allocators, &made, |spec| {
        *spec = json!({"type": "NodePort", "ports": [{"port": 80}]})
    })
    .unwrap();
    assert_eq!(bare["spec"], made["spec"]);
    let moved = update(&allocators, &made, |spec| {
        spec["clusterIP"] = json!("10.96.0.9")
    })
    .unwrap_err();
    assert_eq!(
        moved,
        "spec.clusterIPs[0]: Invalid value: [\"10.96.0.9\"]: may not change once set"
    );
    let other = update(&allocators, &made, |spec| {
        spec["ports"][0]["nodePort"] = json!(31000)
    })
    .unwrap();
    assert_eq!(other["spec"]["ports"][0]["nodePort"], 31000);
    create(
        &allocators,
        json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 30086}]}),
    )
    .unwrap();
}

#[test]
fn two_families() {
    let both = allocators(&["10.96.0.0/16", "fd00::/108"]);
    let made = create(
        &both,
        json!({"ipFamilyPolicy": "PreferDualStack", "ports": [{"port": 80}]}),
    )
    .unwrap();
    assert_eq!(made["spec"]["ipFamilies"], json!(["IPv4", "IPv6"]));
    assert_eq!(
        made["spec"]["clusterIPs"],
        json!(["10.96.1.1", "fd00::101"])
    );
    let less = update(&both, &made, |spec| {
        spec["ipFamilyPolicy"] = json!("SingleStack")
    })
    .unwrap();
    assert_eq!(less["spec"]["clusterIPs"], json!(["10.96.1.1"]));
    assert_eq!(less["spec"]["ipFamilies"], json!(["IPv4"]));
    create(
        &both,
        json!({"clusterIP": "fd00::101", "ports": [{"port": 80}]}),
    )
    .unwrap();
    let more = update(&both, &less, |spec| {
        spec["ipFamilyPolicy"] = json!("RequireDualStack")
    })
    .unwrap();
    assert_eq!(
        more["spec"]["clusterIPs"],
        json!(["10.96.1.1", "fd00::102"])
    );
    let v6 = create(
        &both,
        json!({"ipFamilies": ["IPv6"], "ports": [{"port": 80}]}),
    )
    .unwrap();
    assert_eq!(v6["spec"]["clusterIP"], "fd00::103");

    let one = allocators(&["10.96.0.0/16"]);
    assert_eq!(
        create(
            &one,
            json!({"ipFamilyPolicy": "RequireDualStack", "ports": [{"port": 80}]})
        )
        .unwrap_err(),
        "Service \"s\" is invalid: spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack services"
    );
    assert_eq!(
        create(
            &one,
            json!({"ipFamilies": ["IPv6"], "ports": [{"port": 80}]})
        )
        .unwrap_err(),
        "Service \"s\" is invalid: spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster"
    );
    let prefers = create(
        &one,
        json!({"ipFamilyPolicy": "PreferDualStack", "ports": [{"port": 80}]}),
    )
    .unwrap();
    assert_eq!(prefers["spec"]["ipFamilies"], json!(["IPv4"]));
}

#[test]
fn what_is_stored_is_taken_after_a_restart() {
    let before = allocators(&["10.96.0.0/16"]);
    let first = create(
        &before,
        json!({"type": "NodePort", "ports": [{"port": 80}]}),
    )
    .unwrap();
    let elsewhere = json!({"spec": {"type": "ClusterIP", "clusterIPs": ["192.168.0.1"]}});
    let after = allocators(&["10.96.0.0/16"]);
    after.restore([&first, &elsewhere]);
    let second = create(&after, json!({"type": "NodePort", "ports": [{"port": 80}]})).unwrap();
    assert_ne!(second["spec"]["clusterIP"], first["spec"]["clusterIP"]);
    assert_ne!(
        second["spec"]["ports"][0]["nodePort"],
        first["spec"]["ports"][0]["nodePort"]
    );
}

#[test]
fn ranges_must_make_sense() {
    let config = |ranges: &[&str], node_ports| Config {
        ranges: ranges.iter().map(|range| range.parse().unwrap()).collect(),
        node_ports,
        random: || 0,
    };
    assert!(Allocators::new(config(&[], (1, 2))).is_err());
    assert!(Allocators::new(config(&["10.0.0.0/24", "10.0.1.0/24"], (1, 2))).is_err());
    assert!(Allocators::new(config(&["10.0.0.0/32"], (1, 2))).is_err());
    assert!(Allocators::new(config(&["10.0.0.0/24"], (2, 1))).is_err());
}
