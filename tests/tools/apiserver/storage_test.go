// Upstream's own storage suite (k8s.io/apiserver/pkg/storage/testing) over its own etcd3 storage, against a server that runs elsewhere:
// what a stock kube-apiserver of 1.36 asks of etcd and expects of the answers.
//
// Upstream's tests embed an etcd. These take the address of any server from STORE_ENDPOINT, and delete its keys before each test.
package apiserver

import (
	"context"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/kubernetes"
	"k8s.io/apimachinery/pkg/api/apitesting"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/etcd3"
	storagetesting "k8s.io/apiserver/pkg/storage/testing"
	"k8s.io/utils/clock"
)

const valuePrefix = "test!"

var (
	scheme = runtime.NewScheme()
	codecs = serializer.NewCodecFactory(scheme)
)

func init() {
	metav1.AddToGroupVersion(scheme, metav1.SchemeGroupVersion)
	utilruntime.Must(example.AddToScheme(scheme))
	utilruntime.Must(examplev1.AddToScheme(scheme))
}

// Reads the compacted revision from the server as the API server does, until it has seen it.
type compactor interface {
	CompactRevision() int64
}

type fixture struct {
	ctx       context.Context
	store     storage.Interface
	client    *kubernetes.Client
	codec     runtime.Codec
	compactor compactor
}

func setup(t *testing.T) *fixture {
	t.Helper()
	endpoint := os.Getenv("STORE_ENDPOINT")
	if endpoint == "" {
		t.Fatal("STORE_ENDPOINT names no server")
	}
	client, err := kubernetes.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	client.Kubernetes = storagetesting.NewKubernetesRecorder(client.Kubernetes)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	if _, err := client.Client.Delete(ctx, "", clientv3.WithPrefix()); err != nil {
		t.Fatal(err)
	}
	compactor := etcd3.NewCompactor(client.Client, 0, clock.RealClock{}, nil)
	t.Cleanup(compactor.Stop)
	codec := apitesting.TestCodec(codecs, examplev1.SchemeGroupVersion)
	versioner := storage.APIObjectVersioner{}
	leases := etcd3.NewDefaultLeaseManagerConfig()
	leases.ReuseDurationSeconds = 1
	store, err := etcd3.New(
		client, compactor, codec,
		func() runtime.Object { return &example.Pod{} },
		func() runtime.Object { return &example.PodList{} },
		"", "/pods/", schema.GroupResource{Resource: "pods"},
		storagetesting.NewPrefixTransformer([]byte(valuePrefix), false),
		leases, etcd3.NewDefaultDecoder(codec, versioner), versioner,
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return &fixture{ctx, store, client, codec, compactor}
}

func (f *fixture) stored(ctx context.Context, t *testing.T, key string) {
	t.Helper()
	answer, err := f.client.Client.Get(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Kvs) != 1 {
		t.Fatalf("%d values at %s", len(answer.Kvs), key)
	}
	object, err := runtime.Decode(f.codec, answer.Kvs[0].Value[len(valuePrefix):])
	if err != nil {
		t.Fatal(err)
	}
	if revision := object.(*example.Pod).ResourceVersion; revision != "" {
		t.Errorf("%s is stored with the resource version %q", key, revision)
	}
}

func (f *fixture) increase(ctx context.Context, t *testing.T) int64 {
	t.Helper()
	answer, err := f.client.Client.Put(ctx, "increaseRV", "ok")
	if err != nil {
		t.Fatal(err)
	}
	return answer.Header.Revision
}

func (f *fixture) compact(ctx context.Context, t *testing.T, resourceVersion string) {
	t.Helper()
	revision, err := strconv.ParseInt(resourceVersion, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	version, _, _, err := etcd3.Compact(ctx, f.client.Client, 0, revision)
	if err != nil {
		// The first round learns the version that the key has.
		_, _, _, err = etcd3.Compact(ctx, f.client.Client, version, revision)
	}
	if err != nil {
		t.Fatal(err)
	}
	for f.compactor.CompactRevision() < revision {
		select {
		case <-ctx.Done():
			t.Fatalf("the compactor did not see %d", revision)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestStorage(t *testing.T) {
	plain := func(run func(context.Context, *testing.T, storage.Interface)) func(*fixture, *testing.T) {
		return func(f *fixture, t *testing.T) { run(f.ctx, t, f.store) }
	}
	tests := map[string]func(*fixture, *testing.T){
		"Create":                func(f *fixture, t *testing.T) { storagetesting.RunTestCreate(f.ctx, t, f.store, f.stored) },
		"CreateWithTTL":         plain(storagetesting.RunTestCreateWithTTL),
		"CreateWithKeyExist":    plain(storagetesting.RunTestCreateWithKeyExist),
		"Get":                   plain(storagetesting.RunTestGet),
		"UnconditionalDelete":   plain(storagetesting.RunTestUnconditionalDelete),
		"ConditionalDelete":     plain(storagetesting.RunTestConditionalDelete),
		"DeleteWithSuggestion":  plain(storagetesting.RunTestDeleteWithSuggestion),
		"DeleteSuggestConflict": plain(storagetesting.RunTestDeleteWithSuggestionAndConflict),
		"DeleteSuggestDeleted":  plain(storagetesting.RunTestDeleteWithSuggestionOfDeletedObject),
		"DeleteWithConflict":    plain(storagetesting.RunTestDeleteWithConflict),
		"DeleteValidate":        plain(storagetesting.RunTestValidateDeletionWithSuggestion),
		"DeletePrecondition":    plain(storagetesting.RunTestPreconditionalDeleteWithSuggestion),
		"UpdateWithTTL":         plain(storagetesting.RunTestGuaranteedUpdateWithTTL),
		"UpdateWithConflict":    plain(storagetesting.RunTestGuaranteedUpdateWithConflict),
		"UpdateSuggestConflict": plain(storagetesting.RunTestGuaranteedUpdateWithSuggestionAndConflict),
		"ListPaging":            plain(storagetesting.RunTestListPaging),
		"ListRecursivePrefix":   plain(storagetesting.RunTestGetListRecursivePrefix),
		"ListNamespaced":        plain(storagetesting.RunTestNamespaceScopedList),
		"KeySchema":             plain(storagetesting.RunTestKeySchema),
		"ListNonRecursive": func(f *fixture, t *testing.T) {
			storagetesting.RunTestGetListNonRecursive(f.ctx, t, f.increase, f.store)
		},
		"ConsistentList": func(f *fixture, t *testing.T) {
			storagetesting.RunTestConsistentList(f.ctx, t, f.store, f.increase, false, true, false)
		},
		"CompactRevision": func(f *fixture, t *testing.T) {
			storagetesting.RunTestCompactRevision(f.ctx, t, f.store, f.increase, f.compact)
		},
		"InconsistentContinue": func(f *fixture, t *testing.T) {
			storagetesting.RunTestListInconsistentContinuation(f.ctx, t, f.store, f.compact)
		},
		"Watch":                  plain(storagetesting.RunTestWatch),
		"WatchClusterScoped":     plain(storagetesting.RunTestClusterScopedWatch),
		"WatchNamespaced":        plain(storagetesting.RunTestNamespaceScopedWatch),
		"WatchDeleteTrigger":     plain(storagetesting.RunTestDeleteTriggerWatch),
		"WatchFromZero":          func(f *fixture, t *testing.T) { storagetesting.RunTestWatchFromZero(f.ctx, t, f.store, f.compact) },
		"WatchFromNonZero":       plain(storagetesting.RunTestWatchFromNonZero),
		"WatchDelayed":           plain(storagetesting.RunTestDelayedWatchDelivery),
		"WatchContextCancel":     plain(storagetesting.RunTestWatchContextCancel),
		"WatcherTimeout":         plain(storagetesting.RunTestWatcherTimeout),
		"WatchDeleteHasLatestRV": plain(storagetesting.RunTestWatchDeleteEventObjectHaveLatestRV),
		"WatchInitialization":    plain(storagetesting.RunTestWatchInitializationSignal),
		"WatchInitialEvents":     plain(storagetesting.RunSendInitialEventsBackwardCompatibility),
		"WatchListMatchSingle":   plain(storagetesting.RunWatchListMatchSingle),
	}
	names := slices.Sorted(maps.Keys(tests))
	for _, name := range names {
		run := tests[name]
		t.Run(name, func(t *testing.T) { run(setup(t), t) })
	}
}

// What the API server asks beside its storage: the current revision, its size for metrics, progress of a watch, its health.
func TestAround(t *testing.T) {
	f := setup(t)
	revision := f.increase(f.ctx, t)
	current, err := f.store.GetCurrentResourceVersion(f.ctx)
	if err != nil || current < uint64(revision) {
		t.Fatalf("current revision %d after %d: %v", current, revision, err)
	}
	status, err := f.client.Client.Status(f.ctx, os.Getenv("STORE_ENDPOINT"))
	if err != nil || status.DbSize <= 0 || status.Version == "" {
		t.Fatalf("status %v: %v", status, err)
	}
	if _, err := f.client.Client.Get(f.ctx, "/registry/health"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(clientv3.WithRequireLeader(f.ctx), 30*time.Second)
	defer cancel()
	watch := f.client.Client.Watch(ctx, "/registry/", clientv3.WithPrefix(), clientv3.WithRev(revision+1),
		clientv3.WithPrevKV(), clientv3.WithCreatedNotify(), clientv3.WithProgressNotify())
	if created := <-watch; !created.Created {
		t.Fatalf("not created: %v", created)
	}
	// A watch of a revision that is yet to come is told of no progress: the API server would take it for its own.
	if err := f.client.Client.RequestProgress(ctx); err != nil {
		t.Fatal(err)
	}
	select {
	case answer := <-watch:
		t.Fatalf("an answer at %d to a watch from %d", answer.Header.Revision, revision+1)
	case <-time.After(500 * time.Millisecond):
	}
	revision = f.increase(f.ctx, t)
	for {
		// A watch that has not caught up yet answers no request for progress: it is asked again, as the API server does.
		if err := f.client.Client.RequestProgress(ctx); err != nil {
			t.Fatal(err)
		}
		select {
		case answer := <-watch:
			if answer.IsProgressNotify() {
				if answer.Header.Revision < revision {
					t.Fatalf("progress %d after %d", answer.Header.Revision, revision)
				}
				return
			}
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("no progress")
		}
	}
}
