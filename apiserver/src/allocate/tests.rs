//! Services in, Services out.

use super::*;
use serde_json::json;

fn allocator() -> Allocator {
    Allocator::new(&["10.96.0.0/16".parse().expect("a range")], 30000..=32767)
}

fn dual() -> Allocator {
    let ranges = ["10.96.0.0/16", "fd00::/108"].map(|r| r.parse().expect("a range"));
    Allocator::new(&ranges, 30000..=32767)
}

fn service(spec: Value) -> Value {
    json!({"metadata": {"name": "web", "namespace": "default"}, "spec": spec})
}

fn cluster_ip() -> Value {
    service(
        json!({"type": "ClusterIP", "selector": {"app": "web"}, "ports": [{"port": 80, "protocol": "TCP"}]}),
    )
}

fn refused(allocator: &Allocator, spec: Value) -> String {
    match allocator.reserve(&mut service(spec), None, (1, 1)) {
        Ok(_) => panic!("it should be refused"),
        Err(error) => error.message().to_owned(),
    }
}

#[test]
fn a_service_gets_an_address_of_the_clusters_family() {
    let mut new = cluster_ip();
    allocator()
        .reserve(&mut new, None, (7, 7))
        .expect("there is room")
        .keep();
    let spec = &new["spec"];
    assert_eq!(spec["ipFamilies"], json!(["IPv4"]));
    assert_eq!(spec["ipFamilyPolicy"], "SingleStack");
    assert_eq!(spec["clusterIPs"], json!([spec["clusterIP"]]));
    assert!(
        spec["clusterIP"]
            .as_str()
            .expect("an address")
            .starts_with("10.96.")
    );
    assert!(spec["ports"][0].get("nodePort").is_none());
}

#[test]
fn a_write_that_fails_gives_back_what_it_took() {
    let a = allocator();
    let chosen = json!({"type": "NodePort", "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"], "ports": [{"port": 80, "nodePort": 30080}]});
    drop(
        a.reserve(&mut service(chosen.clone()), None, (1, 1))
            .expect("free"),
    );
    a.reserve(&mut service(chosen.clone()), None, (1, 1))
        .expect("free again")
        .keep();
    assert_eq!(
        refused(&a, chosen),
        "Service \"web\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.0.9\"]: failed to allocate IP 10.96.0.9: provided IP is already allocated"
    );
}

#[test]
fn a_deleted_service_frees_all_it_had() {
    let a = allocator();
    let mut new = service(
        json!({"type": "NodePort", "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"],
        "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080}, {"port": 80, "protocol": "UDP", "nodePort": 30080}]}),
    );
    a.reserve(&mut new, None, (1, 1)).expect("free").keep();
    a.release(&new);
    a.reserve(&mut new, None, (1, 1))
        .expect("free again")
        .keep();
    assert!(
        refused(
            &a,
            json!({"type": "NodePort", "ports": [{"port": 1, "nodePort": 30080}]})
        )
        .contains("provided port is already allocated")
    );
}

#[test]
fn a_type_change_takes_and_frees_node_ports() {
    let a = allocator();
    let mut old = cluster_ip();
    a.reserve(&mut old, None, (1, 1)).expect("free").keep();
    let mut exposed = old.clone();
    exposed["spec"]["type"] = json!("NodePort");
    a.reserve(&mut exposed, Some(&old), (1, 1))
        .expect("free")
        .keep();
    let port = exposed["spec"]["ports"][0]["nodePort"]
        .as_i64()
        .expect("a node port");
    assert!((30000..=32767).contains(&port));
    assert_eq!(exposed["spec"]["clusterIP"], old["spec"]["clusterIP"]);
    let mut back = exposed.clone();
    back["spec"]["type"] = json!("ClusterIP");
    a.reserve(&mut back, Some(&exposed), (1, 1))
        .expect("less is needed")
        .keep();
    assert!(back["spec"]["ports"][0].get("nodePort").is_none());
    let again = json!({"type": "NodePort", "ports": [{"port": 1, "nodePort": port}]});
    a.reserve(&mut service(again), None, (1, 1))
        .expect("it is free again")
        .keep();
}

#[test]
fn an_update_that_does_not_name_its_node_port_keeps_it() {
    let a = allocator();
    let mut old = service(json!({"type": "NodePort", "ports": [{"port": 80, "protocol": "TCP"}]}));
    a.reserve(&mut old, None, (5, 5)).expect("free").keep();
    let mut new = old.clone();
    new["spec"]["ports"][0]
        .as_object_mut()
        .expect("a port")
        .remove("nodePort");
    a.reserve(&mut new, Some(&old), (9, 9))
        .expect("nothing is needed")
        .keep();
    assert_eq!(
        new["spec"]["ports"][0]["nodePort"],
        old["spec"]["ports"][0]["nodePort"]
    );
}

#[test]
fn an_external_name_has_nothing_and_frees_what_it_had() {
    let a = allocator();
    let mut old = cluster_ip();
    a.reserve(&mut old, None, (3, 3)).expect("free").keep();
    let mut new = service(json!({"type": "ExternalName", "externalName": "example.com"}));
    a.reserve(&mut new, Some(&old), (3, 3))
        .expect("nothing is needed")
        .keep();
    assert!(new["spec"].get("clusterIP").is_none());
    let chosen = json!({"type": "ClusterIP", "clusterIPs": [old["spec"]["clusterIP"]], "clusterIP": old["spec"]["clusterIP"]});
    a.reserve(&mut service(chosen), None, (3, 3))
        .expect("it is free")
        .keep();
}

#[test]
fn dual_stack_gives_one_address_of_each_family() {
    let mut new = service(json!({"type": "ClusterIP", "ipFamilyPolicy": "PreferDualStack"}));
    dual()
        .reserve(&mut new, None, (2, 2))
        .expect("there is room")
        .keep();
    assert_eq!(new["spec"]["ipFamilies"], json!(["IPv4", "IPv6"]));
    assert_eq!(new["spec"]["clusterIPs"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_the_cluster_lacks_is_refused_by_field() {
    let a = allocator();
    assert_eq!(
        refused(
            &a,
            json!({"type": "ClusterIP", "ipFamilyPolicy": "RequireDualStack"})
        ),
        "Service \"web\" is invalid: spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack services"
    );
    assert_eq!(
        refused(&a, json!({"type": "ClusterIP", "ipFamilies": ["IPv6"]})),
        "Service \"web\" is invalid: spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster"
    );
    assert!(
        refused(
            &a,
            json!({"type": "ClusterIP", "clusterIP": "192.0.2.1", "clusterIPs": ["192.0.2.1"]})
        )
        .contains("The range of valid IPs is 10.96.0.0/16")
    );
    assert!(
        refused(
            &a,
            json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 80}]})
        )
        .contains("The range of valid ports is 30000-32767")
    );
}

#[test]
fn headless_services_have_families_and_no_address() {
    let mut new = service(
        json!({"type": "ClusterIP", "clusterIP": "None", "clusterIPs": ["None"], "selector": {"app": "web"}}),
    );
    allocator()
        .reserve(&mut new, None, (1, 1))
        .expect("nothing is needed")
        .keep();
    assert_eq!(
        (
            new["spec"]["clusterIP"].as_str(),
            &new["spec"]["ipFamilies"]
        ),
        (Some("None"), &json!(["IPv4"]))
    );
    let mut bare =
        service(json!({"type": "ClusterIP", "clusterIP": "None", "clusterIPs": ["None"]}));
    allocator()
        .reserve(&mut bare, None, (1, 1))
        .expect("nothing is needed")
        .keep();
    assert_eq!(bare["spec"]["ipFamilies"], json!(["IPv4", "IPv6"]));
    assert_eq!(bare["spec"]["ipFamilyPolicy"], "RequireDualStack");
}

#[test]
fn stored_services_are_noted_at_start() {
    let a = allocator();
    let mut stored = cluster_ip();
    allocator()
        .reserve(&mut stored, None, (4, 4))
        .expect("free")
        .keep();
    a.note(&stored);
    let chosen = json!({"type": "ClusterIP", "clusterIP": stored["spec"]["clusterIP"], "clusterIPs": stored["spec"]["clusterIPs"]});
    assert!(refused(&a, chosen).contains("already allocated"));
}
