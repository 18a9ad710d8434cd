//! What messages hold, from the descriptors of the wire.

use std::{collections::HashMap, fmt};

use bytes::Bytes;
use http::uri::PathAndQuery;
use hydrofoil_etcd_wire::DESCRIPTORS;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use tonic::Status;

use super::routes::ROUTES;

/// The methods by their paths.
#[derive(Debug)]
pub struct Schema {
    methods: HashMap<String, Method>,
}

/// One method.
#[derive(Clone, Debug)]
pub struct Method {
    /// Where gRPC has it.
    pub grpc: PathAndQuery,
    /// What it takes.
    pub input: MessageDescriptor,
    /// What it answers.
    pub output: MessageDescriptor,
    /// Whether it takes many messages.
    pub streams_in: bool,
    /// Whether it answers many.
    pub streams_out: bool,
}

impl Schema {
    /// Reads the descriptors.
    ///
    /// # Errors
    /// A route whose method the descriptors do not have.
    pub fn new() -> Result<Schema, String> {
        let pool = DescriptorPool::decode(DESCRIPTORS).map_err(|error| error.to_string())?;
        let mut methods = HashMap::with_capacity(ROUTES.len());
        for (path, service, name) in ROUTES {
            let found = pool.get_service_by_name(service).and_then(|service| {
                let mut methods = service.methods();
                methods.find(|method| method.name() == name)
            });
            let method = found.ok_or_else(|| format!("the wire has no {service}/{name}"))?;
            let grpc = PathAndQuery::try_from(format!("/{service}/{name}"));
            let method = Method {
                grpc: grpc.map_err(|error| error.to_string())?,
                input: method.input(),
                output: method.output(),
                streams_in: method.is_client_streaming(),
                streams_out: method.is_server_streaming(),
            };
            methods.insert(format!("/v3/{path}"), method);
        }
        Ok(Schema { methods })
    }

    /// The method at a path.
    pub fn method(&self, path: &str) -> Option<&Method> {
        self.methods.get(path)
    }
}

impl Method {
    /// An answer as JSON.
    ///
    /// # Errors
    /// The answer is not what the descriptors say: a defect.
    pub fn json(&self, answer: &Bytes) -> Result<String, Status> {
        let broken = |error: &dyn fmt::Display| Status::internal(error.to_string());
        let message =
            DynamicMessage::decode(self.output.clone(), answer.clone()).map_err(|e| broken(&e))?;
        let options = SerializeOptions::new()
            .use_proto_field_name(true)
            .stringify_64_bit_integers(true)
            .skip_default_fields(true);
        let mut json = serde_json::Serializer::new(Vec::new());
        message
            .serialize_with_options(&mut json, &options)
            .map_err(|e| broken(&e))?;
        String::from_utf8(json.into_inner()).map_err(|e| broken(&e))
    }
}
