//! etcd's protocol messages.
