//! From a request's path to its method, and how a stream is served.

use std::{convert::Infallible, future::Future, sync::Arc};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use hydrofoil_etcd_wire::etcdserverpb::{
    RangeRequest, StatusRequest,
    auth_server::Auth as _,
    cluster_server::Cluster as _,
    lease_server::{Lease as _, LeaseServer},
    maintenance_server::{Maintenance as _, MaintenanceServer},
};
use prost::Message;
use tonic::{Code, Request, Response, Status};
use tower::{Service, ServiceExt as _, service_fn};

use super::{
    Answer, Grpc, Inner,
    body::{Body, BoxError, Ending, RequestBody, StreamBody},
    frame::Accepted,
    head::{Head, refusal},
    metrics::Method,
    unary,
    watch::WatchCodec,
};

/// One method of one of our services, served by a function of it.
macro_rules! to {
    ($call:ident, $service:ident.$method:ident) => {
        $call.unary(learner_never, |inner, request| async move {
            inner.$service.$method(request).await
        })
    };
    ($call:ident, $service:ident.$method:ident, $learner_may:expr) => {
        $call.unary($learner_may, |inner, request| async move {
            inner.$service.$method(request).await
        })
    };
}

fn learner_never<M>(_: &M) -> bool {
    false
}

/// Hands a request to its method.
pub fn dispatch<B>(grpc: &Grpc, request: http::Request<B>) -> Answer
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let head = match Head::read(&request) {
        Ok(head) => head,
        Err(refused) => return ready(refused.answer()),
    };
    let path = request.uri().path();
    let Some(method) = grpc.inner.metrics.method(path) else {
        return ready(refusal(unknown(path, grpc), &head.content_type));
    };
    let call = Call {
        inner: Arc::clone(&grpc.inner),
        method: Arc::clone(method),
        head,
        request,
    };
    match call.request.uri().path() {
        "/etcdserverpb.KV/Range" => to!(call, kv.range, |r: &RangeRequest| r.serializable),
        "/etcdserverpb.KV/Put" => to!(call, kv.put),
        "/etcdserverpb.KV/DeleteRange" => to!(call, kv.delete_range),
        "/etcdserverpb.KV/Txn" => to!(call, kv.txn),
        "/etcdserverpb.KV/Compact" => to!(call, kv.compact),
        "/etcdserverpb.Watch/Watch" => {
            let limit = call.inner.limits.receive_bytes();
            let watch = call.inner.watch.clone();
            let encodings = call.head.encoding.enabled();
            call.stream(service_fn(move |request| {
                let watch = watch.clone();
                let mut server = tonic::server::Grpc::new(WatchCodec)
                    .apply_compression_config(encodings, encodings)
                    .apply_max_message_size_config(Some(limit), None);
                async move { Ok::<_, Infallible>(server.streaming(watch, request).await) }
            }))
        }
        "/etcdserverpb.Lease/LeaseGrant" => to!(call, lease.lease_grant),
        "/etcdserverpb.Lease/LeaseRevoke" => to!(call, lease.lease_revoke),
        "/etcdserverpb.Lease/LeaseTimeToLive" => to!(call, lease.lease_time_to_live),
        "/etcdserverpb.Lease/LeaseLeases" => to!(call, lease.lease_leases),
        "/etcdserverpb.Lease/LeaseKeepAlive" => {
            let limit = call.inner.limits.receive_bytes();
            let mut service = LeaseServer::new(call.inner.lease.clone());
            if let Some(encoding) = call.head.encoding.generated() {
                service = service
                    .accept_compressed(encoding)
                    .send_compressed(encoding);
            }
            call.stream(service.max_decoding_message_size(limit))
        }
        "/etcdserverpb.Cluster/MemberAdd" => to!(call, cluster.member_add),
        "/etcdserverpb.Cluster/MemberRemove" => to!(call, cluster.member_remove),
        "/etcdserverpb.Cluster/MemberUpdate" => to!(call, cluster.member_update),
        "/etcdserverpb.Cluster/MemberList" => to!(call, cluster.member_list),
        "/etcdserverpb.Cluster/MemberPromote" => to!(call, cluster.member_promote),
        "/etcdserverpb.Maintenance/Status" => {
            to!(call, maintenance.status, |_: &StatusRequest| true)
        }
        "/etcdserverpb.Maintenance/Snapshot" => {
            let limit = call.inner.limits.receive_bytes();
            let mut service = MaintenanceServer::new(call.inner.maintenance.clone());
            if let Some(encoding) = call.head.encoding.generated() {
                service = service
                    .accept_compressed(encoding)
                    .send_compressed(encoding);
            }
            call.stream(service.max_decoding_message_size(limit))
        }
        "/etcdserverpb.Maintenance/Alarm" => to!(call, maintenance.alarm),
        "/etcdserverpb.Maintenance/Defragment" => to!(call, maintenance.defragment),
        "/etcdserverpb.Maintenance/Hash" => to!(call, maintenance.hash),
        "/etcdserverpb.Maintenance/HashKV" => to!(call, maintenance.hash_kv),
        "/etcdserverpb.Maintenance/MoveLeader" => to!(call, maintenance.move_leader),
        "/etcdserverpb.Maintenance/Downgrade" => to!(call, maintenance.downgrade),
        "/etcdserverpb.Auth/AuthEnable" => to!(call, auth.auth_enable),
        "/etcdserverpb.Auth/AuthDisable" => to!(call, auth.auth_disable),
        "/etcdserverpb.Auth/AuthStatus" => to!(call, auth.auth_status),
        "/etcdserverpb.Auth/Authenticate" => to!(call, auth.authenticate),
        "/etcdserverpb.Auth/UserAdd" => to!(call, auth.user_add),
        "/etcdserverpb.Auth/UserGet" => to!(call, auth.user_get),
        "/etcdserverpb.Auth/UserList" => to!(call, auth.user_list),
        "/etcdserverpb.Auth/UserDelete" => to!(call, auth.user_delete),
        "/etcdserverpb.Auth/UserChangePassword" => to!(call, auth.user_change_password),
        "/etcdserverpb.Auth/UserGrantRole" => to!(call, auth.user_grant_role),
        "/etcdserverpb.Auth/UserRevokeRole" => to!(call, auth.user_revoke_role),
        "/etcdserverpb.Auth/RoleAdd" => to!(call, auth.role_add),
        "/etcdserverpb.Auth/RoleGet" => to!(call, auth.role_get),
        "/etcdserverpb.Auth/RoleList" => to!(call, auth.role_list),
        "/etcdserverpb.Auth/RoleDelete" => to!(call, auth.role_delete),
        "/etcdserverpb.Auth/RoleGrantPermission" => to!(call, auth.role_grant_permission),
        "/etcdserverpb.Auth/RoleRevokePermission" => to!(call, auth.role_revoke_permission),
        _ => {
            let others = grpc.others.clone();
            call.stream(
                others.map_request(|request: http::Request<tonic::body::Body>| {
                    request.map(axum::body::Body::new)
                }),
            )
        }
    }
}

/// A request on its way to its method.
struct Call<B> {
    inner: Arc<Inner>,
    method: Arc<Method>,
    head: Head,
    request: http::Request<B>,
}

impl<B> Call<B>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    /// Serves a method with one message each way.
    fn unary<M, R, F>(
        self,
        learner_may: fn(&M) -> bool,
        method: impl FnOnce(Arc<Inner>, Request<M>) -> F + Send + 'static,
    ) -> Answer
    where
        M: Message + Default + 'static,
        R: Message,
        F: Future<Output = Result<Response<R>, Status>> + Send,
    {
        Box::pin(async move {
            let inner = Arc::clone(&self.inner);
            let handler = move |request| method(inner, request);
            Ok(unary::serve(
                self.inner,
                self.method,
                self.head,
                self.request,
                learner_may,
                handler,
            )
            .await)
        })
    }

    /// Serves a method by a generated server.
    fn stream<S, C>(self, service: S) -> Answer
    where
        S: Service<
                http::Request<tonic::body::Body>,
                Response = http::Response<C>,
                Error = Infallible,
            > + Send
            + 'static,
        S::Future: Send,
        C: http_body::Body<Data = Bytes> + Send + 'static,
        C::Error: Into<BoxError>,
    {
        let Call {
            inner,
            method,
            head,
            request,
        } = self;
        Box::pin(async move {
            let mut ending = Ending::start(Arc::clone(&method));
            let path = request.uri().path();
            let cut = match inner.admit_stream(&method, path, request.headers()) {
                Ok(cut) => cut,
                Err(status) => {
                    ending.end(status.code());
                    return Ok(refusal(status, &head.content_type));
                }
            };
            let metrics = inner.metrics.clone();
            let accepted = Accepted {
                encoding: head.encoding,
                most: inner.limits.receive_bytes(),
            };
            let request = request.map(|body| {
                tonic::body::Body::new(RequestBody::new(body, accepted, method, metrics))
            });
            let mut response = service.oneshot(request).await?;
            response
                .headers_mut()
                .insert(CONTENT_TYPE, head.content_type.clone());
            // An error before the first message is in the headers. A service that nobody added is not found.
            let early = if response.status() == http::StatusCode::NOT_FOUND {
                let status = Status::new(Code::Unimplemented, "unknown service");
                ending.end(status.code());
                return Ok(refusal(status, &head.content_type));
            } else {
                Status::from_header_map(response.headers())
            };
            Ok(response.map(|body| match early {
                Some(status) => {
                    ending.end(status.code());
                    Body::Empty
                }
                None => {
                    let body = tonic::body::Body::new(body);
                    let metrics = inner.metrics.clone();
                    Body::Stream(Box::new(StreamBody::new(body, cut, ending, metrics)))
                }
            }))
        })
    }
}

fn ready(response: http::Response<Body>) -> Answer {
    Box::pin(async move { Ok(response) })
}

/// The words of Go's gRPC for a method that is not there.
fn unknown(path: &str, grpc: &Grpc) -> Status {
    let named = path
        .strip_prefix('/')
        .and_then(|named| named.rsplit_once('/'));
    let Some((service, method)) = named else {
        let text = format!("malformed method name: {path:?}");
        return Status::new(Code::Unimplemented, text);
    };
    let text = if grpc.inner.metrics.has_service(service) {
        format!("unknown method {method} for service {service}")
    } else {
        format!("unknown service {service}")
    };
    Status::new(Code::Unimplemented, text)
}
