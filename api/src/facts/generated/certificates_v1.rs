//! The types of `k8s.io/api/certificates/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static CERTIFICATE_SIGNING_REQUEST: Type = Type { name: "io.k8s.api.certificates.v1.CertificateSigningRequest", go: "v1.CertificateSigningRequest", gvk: Some(("certificates.k8s.io", "v1", "CertificateSigningRequest")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&certificates_v1::CERTIFICATE_SIGNING_REQUEST_SPEC), go: "v1.CertificateSigningRequestSpec", required: true, omit: O::Never, ..F },
    Field { json: "status", number: 3, ty: T::Message(&certificates_v1::CERTIFICATE_SIGNING_REQUEST_STATUS), go: "v1.CertificateSigningRequestStatus", ..F },
] };

pub static CERTIFICATE_SIGNING_REQUEST_CONDITION: Type = Type { name: "io.k8s.api.certificates.v1.CertificateSigningRequestCondition", go: "v1.CertificateSigningRequestCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastTransitionTime", number: 5, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "lastUpdateTime", number: 4, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 6, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.RequestConditionType", required: true, omit: O::Never, ..F },
] };

pub static CERTIFICATE_SIGNING_REQUEST_LIST: Type = Type { name: "io.k8s.api.certificates.v1.CertificateSigningRequestList", go: "v1.CertificateSigningRequestList", gvk: Some(("certificates.k8s.io", "v1", "CertificateSigningRequestList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&certificates_v1::CERTIFICATE_SIGNING_REQUEST)), go: "[]v1.CertificateSigningRequest", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static CERTIFICATE_SIGNING_REQUEST_SPEC: Type = Type { name: "io.k8s.api.certificates.v1.CertificateSigningRequestSpec", go: "v1.CertificateSigningRequestSpec", gvk: None, atomic: false, fields: &[
    Field { json: "expirationSeconds", number: 8, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "extra", number: 6, ty: T::Map(&T::List(&T::String)), go: "map[string]v1.ExtraValue", ..F },
    Field { json: "groups", number: 4, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "request", number: 1, ty: T::Bytes, go: "[]uint8", required: true, omit: O::Never, ..F },
    Field { json: "signerName", number: 7, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "uid", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "usages", number: 5, ty: T::List(&T::String), go: "[]v1.KeyUsage", list: L::Atomic, enum_values: &["any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping"], ..F },
    Field { json: "username", number: 2, ty: T::String, go: "string", ..F },
] };

pub static CERTIFICATE_SIGNING_REQUEST_STATUS: Type = Type { name: "io.k8s.api.certificates.v1.CertificateSigningRequestStatus", go: "v1.CertificateSigningRequestStatus", gvk: None, atomic: false, fields: &[
    Field { json: "certificate", number: 2, ty: T::Bytes, go: "[]uint8", ..F },
    Field { json: "conditions", number: 1, ty: T::List(&T::Message(&certificates_v1::CERTIFICATE_SIGNING_REQUEST_CONDITION)), go: "[]v1.CertificateSigningRequestCondition", list: L::Map(&["type"]), ..F },
] };
