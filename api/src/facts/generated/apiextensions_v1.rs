//! The types of `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static CONVERSION_REQUEST: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ConversionRequest", go: "v1.ConversionRequest", gvk: None, atomic: false, fields: &[
    Field { json: "desiredAPIVersion", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "objects", number: 3, ty: T::List(&T::RawExtension), go: "[]runtime.RawExtension", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "uid", number: 1, ty: T::String, go: "types.UID", required: true, omit: O::Never, ..F },
] };

pub static CONVERSION_RESPONSE: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ConversionResponse", go: "v1.ConversionResponse", gvk: None, atomic: false, fields: &[
    Field { json: "convertedObjects", number: 2, ty: T::List(&T::RawExtension), go: "[]runtime.RawExtension", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "result", number: 3, ty: T::Message(&meta_v1::STATUS), go: "v1.Status", required: true, omit: O::Never, ..F },
    Field { json: "uid", number: 1, ty: T::String, go: "types.UID", required: true, omit: O::Never, ..F },
] };

pub static CONVERSION_REVIEW: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ConversionReview", go: "v1.ConversionReview", gvk: Some(("apiextensions.k8s.io", "v1", "ConversionReview")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "request", number: 1, ty: T::Message(&apiextensions_v1::CONVERSION_REQUEST), go: "v1.ConversionRequest", pointer: true, ..F },
    Field { json: "response", number: 2, ty: T::Message(&apiextensions_v1::CONVERSION_RESPONSE), go: "v1.ConversionResponse", pointer: true, ..F },
] };

pub static CUSTOM_RESOURCE_COLUMN_DEFINITION: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceColumnDefinition", go: "v1.CustomResourceColumnDefinition", gvk: None, atomic: false, fields: &[
    Field { json: "description", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "format", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "jsonPath", number: 6, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "priority", number: 5, ty: T::Int32, go: "int32", ..F },
    Field { json: "type", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static CUSTOM_RESOURCE_CONVERSION: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceConversion", go: "v1.CustomResourceConversion", gvk: None, atomic: false, fields: &[
    Field { json: "strategy", number: 1, ty: T::String, go: "v1.ConversionStrategyType", required: true, omit: O::Never, ..F },
    Field { json: "webhook", number: 2, ty: T::Message(&apiextensions_v1::WEBHOOK_CONVERSION), go: "v1.WebhookConversion", pointer: true, ..F },
] };

pub static CUSTOM_RESOURCE_DEFINITION: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition", go: "v1.CustomResourceDefinition", gvk: Some(("apiextensions.k8s.io", "v1", "CustomResourceDefinition")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&apiextensions_v1::CUSTOM_RESOURCE_DEFINITION_SPEC), go: "v1.CustomResourceDefinitionSpec", required: true, omit: O::Never, ..F },
    Field { json: "status", number: 3, ty: T::Message(&apiextensions_v1::CUSTOM_RESOURCE_DEFINITION_STATUS), go: "v1.CustomResourceDefinitionStatus", ..F },
] };

pub static CUSTOM_RESOURCE_DEFINITION_CONDITION: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionCondition", go: "v1.CustomResourceDefinitionCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastTransitionTime", number: 3, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "observedGeneration", number: 6, ty: T::Int64, go: "int64", ..F },
    Field { json: "reason", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.CustomResourceDefinitionConditionType", required: true, omit: O::Never, ..F },
] };

pub static CUSTOM_RESOURCE_DEFINITION_LIST: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionList", go: "v1.CustomResourceDefinitionList", gvk: Some(("apiextensions.k8s.io", "v1", "CustomResourceDefinitionList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&apiextensions_v1::CUSTOM_RESOURCE_DEFINITION)), go: "[]v1.CustomResourceDefinition", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static CUSTOM_RESOURCE_DEFINITION_NAMES: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionNames", go: "v1.CustomResourceDefinitionNames", gvk: None, atomic: false, fields: &[
    Field { json: "categories", number: 6, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "kind", number: 4, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "listKind", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "plural", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "shortNames", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "singular", number: 2, ty: T::String, go: "string", ..F },
] };

pub static CUSTOM_RESOURCE_DEFINITION_SPEC: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec", go: "v1.CustomResourceDefinitionSpec", gvk: None, atomic: false, fields: &[
    Field { json: "conversion", number: 9, ty: T::Message(&apiextensions_v1::CUSTOM_RESOURCE_CONVERSION), go: "v1.CustomResourceConversion", pointer: true, ..F },
    Field { json: "group", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "names", number: 3, ty: T::Message(&apiextensions_v1::CUSTOM_RESOURCE_DEFINITION_NAMES), go: "v1.CustomResourceDefinitionNames", required: true, omit: O::Never, ..F },
    Field { json: "preserveUnknownFields", number: 10, ty: T::Bool, go: "bool", ..F },
    Field { json: "scope", number: 4, ty: T::String, go: "v1.ResourceScope", required: true, omit: O::Never, ..F },
    Field { json: "versions", number: 7, ty: T::List(&T::Message(&apiextensions_v1::CUSTOM_RESOURCE_DEFINITION_VERSION)), go: "[]v1.CustomResourceDefinitionVersion", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static CUSTOM_RESOURCE_DEFINITION_STATUS: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionStatus", go: "v1.CustomResourceDefinitionStatus", gvk: None, atomic: false, fields: &[
    Field { json: "acceptedNames", number: 2, ty: T::Message(&apiextensions_v1::CUSTOM_RESOURCE_DEFINITION_NAMES), go: "v1.CustomResourceDefinitionNames", omit: O::Never, ..F },
    Field { json: "conditions", number: 1, ty: T::List(&T::Message(&apiextensions_v1::CUSTOM_RESOURCE_DEFINITION_CONDITION)), go: "[]v1.CustomResourceDefinitionCondition", list: L::Map(&["type"]), omit: O::Never, ..F },
    Field { json: "observedGeneration", number: 4, ty: T::Int64, go: "int64", ..F },
    Field { json: "storedVersions", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Atomic, omit: O::Never, ..F },
] };

pub static CUSTOM_RESOURCE_DEFINITION_VERSION: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion", go: "v1.CustomResourceDefinitionVersion", gvk: None, atomic: false, fields: &[
    Field { json: "additionalPrinterColumns", number: 6, ty: T::List(&T::Message(&apiextensions_v1::CUSTOM_RESOURCE_COLUMN_DEFINITION)), go: "[]v1.CustomResourceColumnDefinition", list: L::Atomic, ..F },
    Field { json: "deprecated", number: 7, ty: T::Bool, go: "bool", ..F },
    Field { json: "deprecationWarning", number: 8, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "schema", number: 4, ty: T::Message(&apiextensions_v1::CUSTOM_RESOURCE_VALIDATION), go: "v1.CustomResourceValidation", pointer: true, ..F },
    Field { json: "selectableFields", number: 9, ty: T::List(&T::Message(&apiextensions_v1::SELECTABLE_FIELD)), go: "[]v1.SelectableField", list: L::Atomic, ..F },
    Field { json: "served", number: 2, ty: T::Bool, go: "bool", required: true, omit: O::Never, ..F },
    Field { json: "storage", number: 3, ty: T::Bool, go: "bool", required: true, omit: O::Never, ..F },
    Field { json: "subresources", number: 5, ty: T::Message(&apiextensions_v1::CUSTOM_RESOURCE_SUBRESOURCES), go: "v1.CustomResourceSubresources", pointer: true, ..F },
] };

pub static CUSTOM_RESOURCE_SUBRESOURCE_SCALE: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceScale", go: "v1.CustomResourceSubresourceScale", gvk: None, atomic: false, fields: &[
    Field { json: "labelSelectorPath", number: 3, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "specReplicasPath", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "statusReplicasPath", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static CUSTOM_RESOURCE_SUBRESOURCE_STATUS: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceStatus", go: "v1.CustomResourceSubresourceStatus", gvk: None, atomic: false, fields: &[
] };

pub static CUSTOM_RESOURCE_SUBRESOURCES: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresources", go: "v1.CustomResourceSubresources", gvk: None, atomic: false, fields: &[
    Field { json: "scale", number: 2, ty: T::Message(&apiextensions_v1::CUSTOM_RESOURCE_SUBRESOURCE_SCALE), go: "v1.CustomResourceSubresourceScale", pointer: true, ..F },
    Field { json: "status", number: 1, ty: T::Message(&apiextensions_v1::CUSTOM_RESOURCE_SUBRESOURCE_STATUS), go: "v1.CustomResourceSubresourceStatus", pointer: true, ..F },
] };

pub static CUSTOM_RESOURCE_VALIDATION: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceValidation", go: "v1.CustomResourceValidation", gvk: None, atomic: false, fields: &[
    Field { json: "openAPIV3Schema", number: 1, ty: T::Message(&apiextensions_v1::JSON_SCHEMA_PROPS), go: "v1.JSONSchemaProps", pointer: true, ..F },
] };

pub static EXTERNAL_DOCUMENTATION: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ExternalDocumentation", go: "v1.ExternalDocumentation", gvk: None, atomic: false, fields: &[
    Field { json: "description", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "url", number: 2, ty: T::String, go: "string", ..F },
] };

pub static JSON_SCHEMA_PROPS: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps", go: "v1.JSONSchemaProps", gvk: None, atomic: false, fields: &[
    Field { json: "$ref", number: 3, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "$schema", number: 2, ty: T::String, go: "v1.JSONSchemaURL", ..F },
    Field { json: "additionalItems", number: 33, ty: T::OrBool(&apiextensions_v1::JSON_SCHEMA_PROPS), go: "v1.JSONSchemaPropsOrBool", pointer: true, ..F },
    Field { json: "additionalProperties", number: 30, ty: T::OrBool(&apiextensions_v1::JSON_SCHEMA_PROPS), go: "v1.JSONSchemaPropsOrBool", pointer: true, ..F },
    Field { json: "allOf", number: 25, ty: T::List(&T::Message(&apiextensions_v1::JSON_SCHEMA_PROPS)), go: "[]v1.JSONSchemaProps", list: L::Atomic, ..F },
    Field { json: "anyOf", number: 27, ty: T::List(&T::Message(&apiextensions_v1::JSON_SCHEMA_PROPS)), go: "[]v1.JSONSchemaProps", list: L::Atomic, ..F },
    Field { json: "default", number: 8, ty: T::Json, go: "v1.JSON", pointer: true, ..F },
    Field { json: "definitions", number: 34, ty: T::Map(&T::Message(&apiextensions_v1::JSON_SCHEMA_PROPS)), go: "v1.JSONSchemaDefinitions", ..F },
    Field { json: "dependencies", number: 32, ty: T::Map(&T::OrStrings(&apiextensions_v1::JSON_SCHEMA_PROPS)), go: "v1.JSONSchemaDependencies", ..F },
    Field { json: "description", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "enum", number: 20, ty: T::List(&T::Json), go: "[]v1.JSON", list: L::Atomic, ..F },
    Field { json: "example", number: 36, ty: T::Json, go: "v1.JSON", pointer: true, ..F },
    Field { json: "exclusiveMaximum", number: 10, ty: T::Bool, go: "bool", ..F },
    Field { json: "exclusiveMinimum", number: 12, ty: T::Bool, go: "bool", ..F },
    Field { json: "externalDocs", number: 35, ty: T::Message(&apiextensions_v1::EXTERNAL_DOCUMENTATION), go: "v1.ExternalDocumentation", pointer: true, ..F },
    Field { json: "format", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "id", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 24, ty: T::OrArray(&apiextensions_v1::JSON_SCHEMA_PROPS), go: "v1.JSONSchemaPropsOrArray", pointer: true, ..F },
    Field { json: "maxItems", number: 16, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "maxLength", number: 13, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "maxProperties", number: 21, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "maximum", number: 9, ty: T::Double, go: "float64", pointer: true, ..F },
    Field { json: "minItems", number: 17, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "minLength", number: 14, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "minProperties", number: 22, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "minimum", number: 11, ty: T::Double, go: "float64", pointer: true, ..F },
    Field { json: "multipleOf", number: 19, ty: T::Double, go: "float64", pointer: true, ..F },
    Field { json: "not", number: 28, ty: T::Message(&apiextensions_v1::JSON_SCHEMA_PROPS), go: "v1.JSONSchemaProps", pointer: true, ..F },
    Field { json: "nullable", number: 37, ty: T::Bool, go: "bool", ..F },
    Field { json: "oneOf", number: 26, ty: T::List(&T::Message(&apiextensions_v1::JSON_SCHEMA_PROPS)), go: "[]v1.JSONSchemaProps", list: L::Atomic, ..F },
    Field { json: "pattern", number: 15, ty: T::String, go: "string", ..F },
    Field { json: "patternProperties", number: 31, ty: T::Map(&T::Message(&apiextensions_v1::JSON_SCHEMA_PROPS)), go: "map[string]v1.JSONSchemaProps", ..F },
    Field { json: "properties", number: 29, ty: T::Map(&T::Message(&apiextensions_v1::JSON_SCHEMA_PROPS)), go: "map[string]v1.JSONSchemaProps", ..F },
    Field { json: "required", number: 23, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "title", number: 7, ty: T::String, go: "string", ..F },
    Field { json: "type", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "uniqueItems", number: 18, ty: T::Bool, go: "bool", ..F },
    Field { json: "x-kubernetes-embedded-resource", number: 39, ty: T::Bool, go: "bool", ..F },
    Field { json: "x-kubernetes-int-or-string", number: 40, ty: T::Bool, go: "bool", ..F },
    Field { json: "x-kubernetes-list-map-keys", number: 41, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "x-kubernetes-list-type", number: 42, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "x-kubernetes-map-type", number: 43, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "x-kubernetes-preserve-unknown-fields", number: 38, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "x-kubernetes-validations", number: 44, ty: T::List(&T::Message(&apiextensions_v1::VALIDATION_RULE)), go: "v1.ValidationRules", list: L::Map(&["rule"]), patch: Patch { merge: true, merge_key: Some("rule"), ..P }, ..F },
] };

pub static SELECTABLE_FIELD: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.SelectableField", go: "v1.SelectableField", gvk: None, atomic: false, fields: &[
    Field { json: "jsonPath", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static SERVICE_REFERENCE: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference", go: "v1.ServiceReference", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "namespace", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "path", number: 3, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "port", number: 4, ty: T::Int32, go: "int32", pointer: true, ..F },
] };

pub static VALIDATION_RULE: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ValidationRule", go: "v1.ValidationRule", gvk: None, atomic: false, fields: &[
    Field { json: "fieldPath", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "message", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "messageExpression", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "optionalOldSelf", number: 6, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "reason", number: 4, ty: T::String, go: "v1.FieldValueErrorReason", pointer: true, enum_values: &["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"], ..F },
    Field { json: "rule", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static WEBHOOK_CLIENT_CONFIG: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.WebhookClientConfig", go: "v1.WebhookClientConfig", gvk: None, atomic: false, fields: &[
    Field { json: "caBundle", number: 2, ty: T::Bytes, go: "[]uint8", ..F },
    Field { json: "service", number: 1, ty: T::Message(&apiextensions_v1::SERVICE_REFERENCE), go: "v1.ServiceReference", pointer: true, ..F },
    Field { json: "url", number: 3, ty: T::String, go: "string", pointer: true, ..F },
] };

pub static WEBHOOK_CONVERSION: Type = Type { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.WebhookConversion", go: "v1.WebhookConversion", gvk: None, atomic: false, fields: &[
    Field { json: "clientConfig", number: 2, ty: T::Message(&apiextensions_v1::WEBHOOK_CLIENT_CONFIG), go: "v1.WebhookClientConfig", pointer: true, ..F },
    Field { json: "conversionReviewVersions", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Atomic, required: true, omit: O::Never, ..F },
] };
