//! Node ports of a Service, those of its ports and the one of health checks.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::status::ApiError;
use serde_json::Value;

use super::{Fault, Item, Reservation, health_port, invalid, node_ports};
use crate::kinds::service::{needs_health_check, needs_node_port};
use crate::kinds::value::{get, int_or_zero, items, items_mut, set};

fn port_fault(service: &Value, index: usize, port: i64, fault: &Fault) -> ApiError {
    let path = Path::new("spec")
        .child("ports")
        .index(index)
        .child("nodePort");
    invalid(service, FieldError::invalid(&path, port, fault.to_string()))
}

fn no_port(fault: &Fault) -> ApiError {
    ApiError::internal(format!("failed to allocate a nodePort: {fault}"))
}

/// Node ports of a new Service. One port of the service over several protocols has one node port.
pub(super) fn new_node_ports(
    service: &mut Value,
    reservation: &mut Reservation,
) -> Result<(), ApiError> {
    let automatic = needs_node_port(service);
    let mut given: Vec<(i64, i64)> = Vec::new();
    let mut chosen: Vec<i64> = Vec::new();
    let ports = items(get(service, "spec"), "ports");
    for (index, port) in ports.iter().enumerate() {
        let (number, asked) = (int_or_zero(port, "port"), int_or_zero(port, "nodePort"));
        if asked == 0 && !automatic {
            chosen.push(0);
            continue;
        }
        let known = given
            .iter()
            .find(|(service_port, _)| *service_port == number)
            .map(|(_, node)| *node);
        let node = match known {
            Some(node) if asked == 0 || asked == node => node,
            Some(_) => {
                take(service, reservation, index, asked)?;
                asked
            }
            None => {
                let wanted = ports
                    .iter()
                    .filter(|other| int_or_zero(other, "port") == number)
                    .map(|other| int_or_zero(other, "nodePort"))
                    .find(|&node| node != 0);
                let node = match wanted {
                    Some(node) => {
                        take(service, reservation, index, node)?;
                        node
                    }
                    None => i64::from(reservation.port(None).map_err(|fault| no_port(&fault))?),
                };
                given.push((number, node));
                node
            }
        };
        chosen.push(node);
    }
    write_node_ports(service, &chosen);
    Ok(())
}

/// Node ports of a changed Service: those it had it keeps without taking them again.
pub(super) fn changed_node_ports(
    new: &mut Value,
    old: &Value,
    reservation: &mut Reservation,
) -> Result<(), ApiError> {
    let automatic = needs_node_port(new);
    let had: Vec<u16> = node_ports(old).collect();
    let mut chosen: Vec<i64> = Vec::new();
    for (index, port) in items(get(new, "spec"), "ports").iter().enumerate() {
        let asked = int_or_zero(port, "nodePort");
        let node = if asked != 0 {
            let ours = had.iter().any(|&port| i64::from(port) == asked) || chosen.contains(&asked);
            if !ours {
                take(new, reservation, index, asked)?;
            }
            asked
        } else if automatic {
            i64::from(reservation.port(None).map_err(|fault| no_port(&fault))?)
        } else {
            0
        };
        chosen.push(node);
    }
    write_node_ports(new, &chosen);
    let left = had
        .into_iter()
        .filter(|&port| !chosen.contains(&i64::from(port)));
    reservation.released.extend(left.map(Item::Port));
    Ok(())
}

fn take(
    service: &Value,
    reservation: &mut Reservation,
    index: usize,
    node: i64,
) -> Result<(), ApiError> {
    let wanted = u16::try_from(node).map_err(|_| {
        let range = reservation.allocators.0.config.node_ports;
        port_fault(
            service,
            index,
            node,
            &Fault::PortOutside {
                first: range.0,
                last: range.1,
            },
        )
    })?;
    reservation
        .port(Some(wanted))
        .map(|_| ())
        .map_err(|fault| port_fault(service, index, node, &fault))
}

fn write_node_ports(service: &mut Value, chosen: &[i64]) {
    let Some(spec) = service.get_mut("spec") else {
        return;
    };
    for (port, &node) in items_mut(spec, "ports").zip(chosen) {
        if node != 0 {
            set(port, "nodePort", node);
        }
    }
}

pub(super) fn health_check_port(
    service: &mut Value,
    reservation: &mut Reservation,
) -> Result<(), ApiError> {
    let asked = int_or_zero(get(service, "spec"), "healthCheckNodePort");
    if asked != 0 {
        let taken = u16::try_from(asked)
            .map_err(|_| Fault::Full)
            .and_then(|port| reservation.port(Some(port)));
        return taken.map(|_| ()).map_err(|fault| {
            ApiError::internal(format!(
                "failed to allocate requested HealthCheck NodePort {asked}: {fault}"
            ))
        });
    }
    let given = reservation.port(None).map_err(|fault| {
        ApiError::internal(format!(
            "failed to allocate a HealthCheck NodePort 0: {fault}"
        ))
    })?;
    if let Some(spec) = service.get_mut("spec") {
        set(spec, "healthCheckNodePort", given);
    }
    Ok(())
}

pub(super) fn update_health_check(
    new: &mut Value,
    old: &Value,
    reservation: &mut Reservation,
) -> Result<(), ApiError> {
    match (needs_health_check(old), needs_health_check(new)) {
        (false, true) => health_check_port(new, reservation),
        (true, false) => {
            reservation
                .released
                .extend(health_port(old).map(Item::Port));
            Ok(())
        }
        _ => Ok(()),
    }
}
