//! The operations of served resources, before they are written in either version of OpenAPI.

use crate::facts::{Resource, Subresource};

/// The media types of ordinary answers.
pub(super) const ANSWERS: &[&str] = &["application/json", "application/yaml"];
const WATCHED: &[&str] = &[
    "application/json",
    "application/yaml",
    "application/json;stream=watch",
];
const LOGS: &[&str] = &["text/plain", "application/json", "application/yaml"];
const ANY: &[&str] = &["*/*"];
const PATCHES: &[&str] = &[
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];

pub(super) const STATUS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
const DELETE_OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
const PATCH: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
const RESOURCE_LIST: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList";

/// A parameter of a path or an operation.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub name: &'static str,
    pub of_path: bool,
    pub ty: &'static str,
    pub description: String,
}

/// What a body or an answer holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    Schema(&'static str),
    Text,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub schema: &'static str,
    pub required: bool,
    pub media: &'static [&'static str],
}

/// One method of a path.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub method: &'static str,
    pub id: String,
    pub description: String,
    pub action: Option<&'static str>,
    pub kind: Option<(&'static str, &'static str, &'static str)>,
    pub parameters: Vec<Parameter>,
    pub body: Option<Body>,
    pub answers: Vec<(&'static str, &'static str, Content)>,
    pub produces: &'static [&'static str],
}

/// One path with its methods.
#[derive(Clone, Debug)]
pub(super) struct PathItem {
    pub path: String,
    pub tag: String,
    pub parameters: Vec<Parameter>,
    pub operations: Vec<Operation>,
}

fn query(name: &'static str, ty: &'static str, description: &str) -> Parameter {
    Parameter {
        name,
        of_path: false,
        ty,
        description: description.to_owned(),
    }
}

fn in_path(name: &'static str, description: String) -> Parameter {
    Parameter {
        name,
        of_path: true,
        ty: "string",
        description,
    }
}

fn pretty() -> Parameter {
    query(
        "pretty",
        "string",
        "If 'true', then the output is pretty printed.",
    )
}

fn dry_run() -> Parameter {
    query(
        "dryRun",
        "string",
        "When present, nothing is persisted. The one valid value is All: every stage is processed.",
    )
}

fn field_manager() -> Parameter {
    query(
        "fieldManager",
        "string",
        "The name of the actor that makes these changes; required for apply requests.",
    )
}

fn field_validation() -> Parameter {
    query(
        "fieldValidation",
        "string",
        "What to do about unknown or duplicate fields: Ignore drops them, Warn (the default) drops them with a warning, \
         Strict refuses the request.",
    )
}

fn selecting() -> Vec<Parameter> {
    vec![
        query(
            "continue",
            "string",
            "Continues a list where an earlier one with a limit ended.",
        ),
        query(
            "fieldSelector",
            "string",
            "Restricts the objects by their fields. Defaults to everything.",
        ),
        query(
            "labelSelector",
            "string",
            "Restricts the objects by their labels. Defaults to everything.",
        ),
        query("limit", "integer", "The most objects in one answer."),
        query(
            "resourceVersion",
            "string",
            "Constrains which resource versions the answer may be served from.",
        ),
        query(
            "resourceVersionMatch",
            "string",
            "How resourceVersion is applied to lists.",
        ),
        query(
            "sendInitialEvents",
            "boolean",
            "With watch: begin with the objects there are, then a bookmark.",
        ),
        query(
            "timeoutSeconds",
            "integer",
            "Ends the request after this time, whether or not there is activity.",
        ),
    ]
}

fn listing() -> Vec<Parameter> {
    let mut parameters = selecting();
    parameters.push(query(
        "allowWatchBookmarks",
        "boolean",
        "Asks for events of type BOOKMARK in a watch.",
    ));
    parameters.push(query(
        "watch",
        "boolean",
        "Watches for changes instead of listing.",
    ));
    parameters
}

fn deleting() -> Vec<Parameter> {
    vec![
        dry_run(),
        query(
            "gracePeriodSeconds",
            "integer",
            "Seconds before the object is deleted; zero means at once.",
        ),
        query(
            "ignoreStoreReadErrorWithClusterBreakingPotential",
            "boolean",
            "Deletes an object that cannot be read, without its finalizers and preconditions.",
        ),
        query(
            "orphanDependents",
            "boolean",
            "Deprecated: use propagationPolicy.",
        ),
        query(
            "propagationPolicy",
            "string",
            "Whether and how dependents are collected: Orphan, Background, Foreground.",
        ),
    ]
}

/// `appsV1`'s beginning: the group in camel case without `.k8s.io`, then the version.
fn prefix(group: &str, version: &str) -> String {
    let group = if group.is_empty() {
        "core"
    } else {
        group.trim_end_matches(".k8s.io")
    };
    let mut words: Vec<&str> = group.split('.').collect();
    words.push(version);
    words.into_iter().map(capital).collect()
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|c| c.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

fn tag(group: &str, version: &str) -> String {
    let group = if group.is_empty() {
        "core"
    } else {
        group.trim_end_matches(".k8s.io")
    };
    let mut words = group.split('.');
    let first = words.next().unwrap_or_default().to_owned();
    let rest: String = words.map(capital).collect();
    format!("{first}{rest}_{version}")
}

/// `/api/v1` or `/apis/GROUP/VERSION`.
pub(super) fn root(group: &str, version: &str) -> String {
    if group.is_empty() {
        format!("/api/{version}")
    } else {
        format!("/apis/{group}/{version}")
    }
}

const UNAUTHORIZED: (&str, &str, Content) = ("401", "Unauthorized", Content::Text);

/// The paths of one group and version.
pub(super) fn of_version(
    group: &str,
    version: &str,
    resources: &[&'static Resource],
) -> Vec<PathItem> {
    let tag = tag(group, version);
    let own: Vec<_> = resources
        .iter()
        .filter(|r| r.group == group && r.version == version)
        .collect();
    let mut items = vec![PathItem {
        path: format!("{}/", root(group, version)),
        tag: tag.clone(),
        parameters: Vec::new(),
        operations: vec![Operation {
            method: "get",
            id: format!("get{}APIResources", prefix(group, version)),
            description: "get available resources".to_owned(),
            action: None,
            kind: None,
            parameters: Vec::new(),
            body: None,
            answers: vec![("200", "OK", Content::Schema(RESOURCE_LIST)), UNAUTHORIZED],
            produces: ANSWERS,
        }],
    }];
    for resource in own {
        Paths {
            resource,
            tag: &tag,
        }
        .write(&mut items);
    }
    items
}

struct Paths<'a> {
    resource: &'static Resource,
    tag: &'a str,
}

impl Paths<'_> {
    fn write(&self, items: &mut Vec<PathItem>) {
        let resource = self.resource;
        let root = root(resource.group, resource.version);
        let scope = if resource.namespaced {
            "/namespaces/{namespace}"
        } else {
            ""
        };
        let collection = format!("{root}{scope}/{}", resource.plural);
        self.collection(items, &collection);
        if resource.namespaced && resource.has_verb("list") {
            let path = format!("{root}/{}", resource.plural);
            let mut list = self.list();
            list.id = format!(
                "list{}{}ForAllNamespaces",
                prefix(resource.group, resource.version),
                resource.kind
            );
            items.push(self.item(path, vec![pretty()], vec![list]));
        }
        let object = format!("{collection}/{{name}}");
        self.object(items, &object);
        for subresource in resource.subresources {
            self.subresource(items, &object, subresource);
        }
    }

    fn item(
        &self,
        path: String,
        parameters: Vec<Parameter>,
        operations: Vec<Operation>,
    ) -> PathItem {
        PathItem {
            path,
            tag: self.tag.to_owned(),
            parameters,
            operations,
        }
    }

    /// The parameters of a path: the object's name if it has one, and the namespace.
    fn place(&self, named: bool) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        if named {
            parameters.push(in_path(
                "name",
                format!("name of the {}", self.resource.kind),
            ));
        }
        if self.resource.namespaced {
            parameters.push(in_path(
                "namespace",
                "object name and auth scope, such as for teams and projects".to_owned(),
            ));
        }
        parameters.push(pretty());
        parameters
    }

    /// `VERB + CoreV1 + Namespaced + Pod`.
    fn id(&self, verb: &str) -> String {
        let resource = self.resource;
        let scope = if resource.namespaced {
            "Namespaced"
        } else {
            ""
        };
        format!(
            "{verb}{}{scope}{}",
            prefix(resource.group, resource.version),
            resource.kind
        )
    }

    fn operation(
        &self,
        method: &'static str,
        action: &'static str,
        verb: &str,
        description: String,
    ) -> Operation {
        let resource = self.resource;
        Operation {
            method,
            id: self.id(verb),
            description,
            action: Some(action),
            kind: Some((resource.group, resource.version, resource.kind)),
            parameters: Vec::new(),
            body: None,
            answers: vec![
                ("200", "OK", Content::Schema(resource.ty.name)),
                UNAUTHORIZED,
            ],
            produces: ANSWERS,
        }
    }

    fn list(&self) -> Operation {
        let resource = self.resource;
        let name = format!("{}List", resource.ty.name);
        let schema = crate::facts::type_named(&name).map_or(STATUS, |t| t.name);
        let watched = if resource.has_verb("watch") {
            "list or watch"
        } else {
            "list"
        };
        Operation {
            parameters: listing(),
            answers: vec![("200", "OK", Content::Schema(schema)), UNAUTHORIZED],
            produces: WATCHED,
            ..self.operation(
                "get",
                "list",
                "list",
                format!("{watched} objects of kind {}", resource.kind),
            )
        }
    }

    fn collection(&self, items: &mut Vec<PathItem>, path: &str) {
        let resource = self.resource;
        let mut operations = Vec::new();
        if resource.has_verb("list") {
            operations.push(self.list());
        }
        if resource.has_verb("create") {
            let create = self.operation("post", "post", "create", article("create", resource.kind));
            operations.push(writing(create, resource.ty.name, &CREATED));
        }
        if resource.has_verb("deletecollection") {
            let description = format!("delete collection of {}", resource.kind);
            let mut delete = self.operation("delete", "deletecollection", "delete", description);
            let scope = if resource.namespaced {
                "Namespaced"
            } else {
                ""
            };
            delete.id = format!(
                "delete{}Collection{scope}{}",
                prefix(resource.group, resource.version),
                resource.kind
            );
            delete.parameters = [deleting(), selecting()].concat();
            delete.body = Some(Body {
                schema: DELETE_OPTIONS,
                required: false,
                media: ANY,
            });
            delete.answers = vec![("200", "OK", Content::Schema(STATUS)), UNAUTHORIZED];
            operations.push(delete);
        }
        items.push(self.item(path.to_owned(), self.place(false), operations));
    }

    fn object(&self, items: &mut Vec<PathItem>, path: &str) {
        let resource = self.resource;
        let mut operations = Vec::new();
        if resource.has_verb("get") {
            operations.push(self.operation(
                "get",
                "get",
                "read",
                format!("read the specified {}", resource.kind),
            ));
        }
        if resource.has_verb("update") {
            let description = format!("replace the specified {}", resource.kind);
            let replace = self.operation("put", "put", "replace", description);
            operations.push(writing(replace, resource.ty.name, &REPLACED));
        }
        if resource.has_verb("patch") {
            let description = format!("partially update the specified {}", resource.kind);
            operations.push(patching(self.operation(
                "patch",
                "patch",
                "patch",
                description,
            )));
        }
        if resource.has_verb("delete") {
            let mut delete = self.operation(
                "delete",
                "delete",
                "delete",
                article("delete", resource.kind),
            );
            let schema = Content::Schema(if resource.returns_deleted() {
                resource.ty.name
            } else {
                STATUS
            });
            delete.parameters = deleting();
            delete.body = Some(Body {
                schema: DELETE_OPTIONS,
                required: false,
                media: ANY,
            });
            delete.answers = vec![
                ("200", "OK", schema),
                ("202", "Accepted", schema),
                UNAUTHORIZED,
            ];
            operations.push(delete);
        }
        if !operations.is_empty() {
            items.push(self.item(path.to_owned(), self.place(true), operations));
        }
    }

    fn subresource(
        &self,
        items: &mut Vec<PathItem>,
        object: &str,
        subresource: &'static Subresource,
    ) {
        let path = format!("{object}/{}", subresource.name);
        let suffix = capital(subresource.name);
        let Some(ty) = subresource.ty else {
            return self.stream(items, path, subresource);
        };
        let (name, kind) = (subresource.name, self.resource.kind);
        let own = |operation: Operation| Operation {
            id: format!("{}{suffix}", operation.id),
            kind: Some(subresource.gvk),
            answers: vec![("200", "OK", Content::Schema(ty.name)), UNAUTHORIZED],
            ..operation
        };
        let mut operations = Vec::new();
        for verb in subresource.verbs {
            operations.push(match *verb {
                "get" => own(self.operation(
                    "get",
                    "get",
                    "read",
                    format!("read {name} of the specified {kind}"),
                )),
                "update" => {
                    let description = format!("replace {name} of the specified {kind}");
                    writing(
                        own(self.operation("put", "put", "replace", description)),
                        ty.name,
                        &REPLACED,
                    )
                }
                "patch" => {
                    let description = format!("partially update {name} of the specified {kind}");
                    patching(own(self.operation("patch", "patch", "patch", description)))
                }
                _ => {
                    let description = format!("create {name} of {}", with_article(kind));
                    writing(
                        own(self.operation("post", "post", "create", description)),
                        ty.name,
                        &CREATED,
                    )
                }
            });
        }
        items.push(self.item(path, self.place(true), operations));
    }

    /// Logs, and what is a stream or a proxy.
    fn stream(&self, items: &mut Vec<PathItem>, path: String, subresource: &'static Subresource) {
        let (name, kind) = (subresource.name, self.resource.kind);
        let suffix = capital(name);
        let text = vec![("200", "OK", Content::Text), UNAUTHORIZED];
        let mut parameters = self.place(true);
        if name != "log" {
            parameters.retain(|p| p.name != "pretty");
        }
        parameters.extend(stream_parameters(name));
        if name == "log" {
            let read = self.operation(
                "get",
                "get",
                "read",
                format!("read log of the specified {kind}"),
            );
            let read = Operation {
                id: format!("{}{suffix}", read.id),
                answers: text,
                produces: LOGS,
                ..read
            };
            items.push(self.item(path, parameters, vec![read]));
            return;
        }
        let methods: &[&str] = match name {
            "proxy" => &["get", "put", "post", "delete", "options", "head", "patch"],
            _ => &["get", "post"],
        };
        let operations = |ending: &str| -> Vec<Operation> {
            let one = |method: &&'static str| {
                let upper = method.to_uppercase();
                let description = format!("connect {upper} requests to {name} of {kind}");
                let connect = self.operation(method, "connect", "", description);
                // The method comes after the group: connectCoreV1GetNamespacedPodExec.
                let group = prefix(self.resource.group, self.resource.version);
                let rest = connect.id.strip_prefix(&group).unwrap_or(&connect.id);
                let id = format!("connect{group}{}{rest}", capital(method));
                Operation {
                    id: format!("{id}{suffix}{ending}"),
                    answers: text.clone(),
                    produces: ANY,
                    ..connect
                }
            };
            methods.iter().map(one).collect()
        };
        if name == "proxy" {
            let mut with_path = parameters.clone();
            with_path.push(in_path("path", "path to the resource".to_owned()));
            items.push(self.item(
                format!("{path}/{{path}}"),
                with_path,
                operations("WithPath"),
            ));
        }
        items.push(self.item(path, parameters, operations("")));
    }
}

fn stream_parameters(name: &str) -> Vec<Parameter> {
    let container = || {
        query(
            "container",
            "string",
            "The container; needed when the pod has several.",
        )
    };
    match name {
        "log" => vec![
            container(),
            query("follow", "boolean", "Follow the log."),
            query(
                "insecureSkipTLSVerifyBackend",
                "boolean",
                "Do not check the kubelet's serving certificate.",
            ),
            query("limitBytes", "integer", "End after this many bytes."),
            query(
                "previous",
                "boolean",
                "The log of the container's previous run.",
            ),
            query(
                "sinceSeconds",
                "integer",
                "Only what was logged in the last so many seconds.",
            ),
            query("stream", "string", "Which stream: All, Stdout or Stderr."),
            query("tailLines", "integer", "Only so many lines of the end."),
            query("timestamps", "boolean", "Put the time before every line."),
        ],
        "exec" | "attach" => {
            let mut parameters = vec![
                container(),
                query("stderr", "boolean", "Send the standard error stream."),
                query("stdin", "boolean", "Take the standard input stream."),
                query("stdout", "boolean", "Send the standard output stream."),
                query("tty", "boolean", "Allocate a terminal."),
            ];
            if name == "exec" {
                parameters.push(query(
                    "command",
                    "string",
                    "The command, not run in a shell.",
                ));
            }
            parameters
        }
        "proxy" => vec![query(
            "path",
            "string",
            "The part of the URL that is asked for.",
        )],
        "portforward" => vec![query("ports", "integer", "The ports to forward.")],
        _ => Vec::new(),
    }
}

const CREATED: [(&str, &str); 3] = [("200", "OK"), ("201", "Created"), ("202", "Accepted")];
const REPLACED: [(&str, &str); 2] = [("200", "OK"), ("201", "Created")];

fn writing(
    operation: Operation,
    schema: &'static str,
    codes: &[(&'static str, &'static str)],
) -> Operation {
    let mut answers: Vec<_> = codes
        .iter()
        .map(|(code, words)| (*code, *words, Content::Schema(schema)))
        .collect();
    answers.push(UNAUTHORIZED);
    Operation {
        parameters: vec![dry_run(), field_manager(), field_validation()],
        body: Some(Body {
            schema,
            required: true,
            media: ANY,
        }),
        answers,
        ..operation
    }
}

fn patching(operation: Operation) -> Operation {
    let Some((_, _, Content::Schema(schema))) = operation.answers.first().copied() else {
        return operation;
    };
    let force = query(
        "force",
        "boolean",
        "Take over the fields that other managers own. For apply requests alone.",
    );
    let mut out = writing(operation, schema, &REPLACED);
    out.parameters.push(force);
    out.body = Some(Body {
        schema: PATCH,
        required: true,
        media: PATCHES,
    });
    out
}

fn with_article(kind: &str) -> String {
    if kind.ends_with('s') && !kind.ends_with("ss") {
        return kind.to_owned();
    }
    let article = if kind.starts_with(['A', 'E', 'I', 'O', 'U']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {kind}")
}

fn article(verb: &str, kind: &str) -> String {
    format!("{verb} {}", with_article(kind))
}

/// The paths above the versions: `/api/`, `/apis/`, each group, `/version/`.
pub(super) fn discovery(groups: &[&'static str]) -> Vec<PathItem> {
    let item =
        |path: String, tag: String, id: String, description: &str, schema: &'static str| PathItem {
            path,
            tag,
            parameters: Vec::new(),
            operations: vec![Operation {
                method: "get",
                id,
                description: description.to_owned(),
                action: None,
                kind: None,
                parameters: Vec::new(),
                body: None,
                answers: vec![("200", "OK", Content::Schema(schema)), UNAUTHORIZED],
                produces: ANSWERS,
            }],
        };
    let mut items = vec![
        item(
            "/api/".to_owned(),
            "core".to_owned(),
            "getCoreAPIVersions".to_owned(),
            "get available API versions",
            "io.k8s.apimachinery.pkg.apis.meta.v1.APIVersions",
        ),
        item(
            "/apis/".to_owned(),
            "apis".to_owned(),
            "getAPIVersions".to_owned(),
            "get available API versions",
            "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroupList",
        ),
        item(
            "/version/".to_owned(),
            "version".to_owned(),
            "getCodeVersion".to_owned(),
            "get the version information for this server",
            "io.k8s.apimachinery.pkg.version.Info",
        ),
    ];
    for group in groups.iter().filter(|g| !g.is_empty()) {
        let name = prefix(group, "");
        items.push(item(
            format!("/apis/{group}/"),
            tag(group, "").trim_end_matches('_').to_owned(),
            format!("get{name}APIGroup"),
            "get information of a group",
            "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup",
        ));
    }
    items
}
